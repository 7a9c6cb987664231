/* The table behind daemon/config.h. */
#include "daemon/config.h"

#include <stddef.h>

#include "proto/wire/frame.h"
#include "proto/wire/people.h"

#define DIGITS(number) #number
#define DIGITS_OF(macro) DIGITS(macro)
#define ROW(sec, name, field, t, fl, lo, hi, def, text)                                            \
    {                                                                                              \
        .section = sec, .key = name, .type = JB_CONFIG_##t, .flags = fl, .min = lo, .max = hi,     \
        .preset = def, .offset = offsetof(struct jb_broker_config, field), .help = text            \
    }

static const struct jb_config_row rows[] = {
    ROW("broker", "data", data, PATH, JB_CONFIG_REQUIRED, 0, 0, "/var/lib/jiaoband",
        "Folder of the ledger. Only one broker may use it at a time."),
    ROW("broker", "listen", listen, STRING, JB_CONFIG_REQUIRED, 0, 0, "tcp://0.0.0.0:7700",
        "Where the agencies' nodes connect (ZeroMQ endpoint; tcp://127.0.0.1:* takes a free "
        "port)."),
    ROW("broker", "key", key, PATH, JB_CONFIG_REQUIRED, 0, 0, "/etc/jiaoban/jiaoband.key",
        "Key file, made by: jiaoband --keygen FILE. Mode 0600."),
    ROW("broker", "key_former", key_former, PATH, 0, 0, 0, "",
        "Key file that was in force before. Ratings that were sealed to it can still be opened."),
    ROW("broker", "admin", admin, PATH, JB_CONFIG_REQUIRED, 0, 0, "/run/jiaoban/admin.sock",
        "Unix socket for administrators (jiaoban node ..., jiaoban install ...)."),
    ROW("broker", "admin_mode", admin_mode, INT, 0, 600, 666, "600",
        "Permissions of that socket, as octal digits. 660 lets the group in."),
    ROW("broker", "policy", policy, PATH, JB_CONFIG_RELOADABLE, 0, 0, "",
        "Policy file (deadlines with their articles). Installed at start and on SIGHUP when its\n"
        "version is new."),
    ROW("broker", "calendar", calendar, PATH, JB_CONFIG_RELOADABLE, 0, 0, "",
        "Calendar file (holidays and make-up working days). Installed like the policy."),
    ROW("broker", "log_level", log_level, STRING, JB_CONFIG_RELOADABLE, 0, 0, "info",
        "error, warning, notice, info or debug."),
    ROW("broker", "clock_step_max", clock_step_max_ms, DURATION_MS, 0, 10000, 86400000, "10m",
        "A larger step of the wall clock forward, or one backward, puts it in doubt: time goes on\n"
        "without it until it comes back, or an administrator confirms it (jiaoban confirm-clock)."),
    ROW("broker", "clock_gap_max", clock_gap_max_ms, DURATION_MS, 0, 86400000,
        INT64_C(315360000000), "30d",
        "A start so long after the last entry of the record, or before it, puts it in doubt too."),
    ROW("broker", "cache_bytes", cache_bytes, BYTES, 0, 65536, INT64_C(8589934592), "64M",
        "Page cache of the ledger."),
    ROW("broker", "reserve", reserve_bytes, BYTES, 0, 0, INT64_C(8589934592), "16M",
        "Room that a file in the data folder keeps taken. When the disk is full it is given free, "
        "so\n"
        "that what is under way gets its verdicts and receipts. 0: none."),
    ROW("broker", "blob_bytes", blob_bytes, BYTES, 0, 0, INT64_C(1125899906842624), "100G",
        "What attachments may take on disk, in the folder blobs beside the ledger. What is more "
        "is\n"
        "not taken: it stays with the agency that attached it, and is asked for again later."),
    ROW("line", "window_items", window_items, INT, JB_CONFIG_RELOADABLE, 1, 65536, "512",
        "Items under way to one node without acknowledgement. A slow node costs no more memory."),
    ROW("line", "window_bytes", window_bytes, BYTES, JB_CONFIG_RELOADABLE, 65536, 67108864, "2M",
        "The same in bytes."),
    ROW("line", "batch_items", batch_items, INT, JB_CONFIG_RELOADABLE, 16, 65536, "4096",
        "Submissions gathered while the previous batch is being written; more wait in the "
        "network."),
    ROW("line", "batch_bytes", batch_bytes, BYTES, JB_CONFIG_RELOADABLE, 1048576, 268435456, "16M",
        "The same in bytes."),
    ROW("line", "session_timeout", session_timeout_ms, DURATION_MS, JB_CONFIG_RELOADABLE, 240000,
        3600000, "360s",
        "A node that was silent for so long counts as away. Nodes say something every two "
        "minutes."),
    ROW("line", "protocol_max", protocol_max, INT, 0, JB_PROTOCOL_MIN, JB_PROTOCOL_MAX,
        DIGITS_OF(JB_PROTOCOL_MAX),
        "Highest version of the protocol that is spoken. Lower it for a roll-out in steps: first "
        "new\n"
        "programs everywhere, then the new version."),
    ROW("line", "pending_max", pending_max, INT, 0, 16, 65536, "1024",
        "Connections that have not proved who they are, in all. The oldest gives way to the "
        "newest,\n"
        "so a flood of them keeps nobody out."),
    ROW("line", "pending_per_address", pending_per_address, INT, 0, 4, 65536, "64",
        "The same from one address. Nodes behind one address (NAT) share it."),
    ROW("line", "login_failures", login_failures, INT, 0, 1, 1000000, "300",
        "Failed handshakes per minute from one address; after that it is turned away at once."),
    ROW("line", "submissions_per_minute", quota_submissions, INT, JB_CONFIG_RELOADABLE, 0,
        INT64_C(1000000000), "60000",
        "What one node may send. A minute's worth may come at once; what is more is not lost but\n"
        "read later. 0: no limit."),
    ROW("line", "bytes_per_minute", quota_bytes, BYTES, JB_CONFIG_RELOADABLE, 0,
        INT64_C(1099511627776), "512M", "The same in bytes, as they are on the wire."),
    ROW("line", "frames_per_minute", quota_frames, INT, JB_CONFIG_RELOADABLE, 0,
        INT64_C(1000000000), "120000", "The same in frames, heartbeats included."),
    ROW("line", "attachments_per_day", attached_per_day, BYTES, JB_CONFIG_RELOADABLE, 0,
        INT64_C(1125899906842624), "20G",
        "What one node may attach in a day, in bytes. What is more is refused before anything of "
        "it\n"
        "is transferred; the refusal names the limit. 0: no limit."),
    ROW("line", "attachments_in_all", attached_in_all, BYTES, JB_CONFIG_RELOADABLE, 0,
        INT64_C(1125899906842624), "0",
        "The same in all. What is erased counts no more. 0: no limit."),
    ROW("line", "quota_nodes", quota_nodes, STRING, JB_CONFIG_RELOADABLE, 0, 0, "",
        "Nodes with another quota: CODE=FACTOR, ... for example xfj=10, dbj=0 (0: no limit)."),
    ROW("line", "quota_patience", quota_patience_ms, DURATION_MS, JB_CONFIG_RELOADABLE, 1000,
        86400000, "10m",
        "A node that was over its quota for so long without a break is turned away."),
    ROW("line", "quota_penalty", quota_penalty_ms, DURATION_MS, JB_CONFIG_RELOADABLE, 1000,
        86400000, "1m", "So long. What it has not sent stays in its outbox."),
    ROW("admins", "system", admins[JB_DUTY_SYSTEM], STRING, JB_CONFIG_RELOADABLE, 0,
        JB_PEOPLE_BYTES, "",
        "Who administers: names with commas between them (login name, @group, uid:1005); the\n"
        "socket's permissions must let them in (admin_mode). The system administrator enrols,\n"
        "changes and retires nodes, installs policy and calendar, sees to the clock.\n"
        "With none of the three set, the broker's own account (and root) has all duties."),
    ROW("admins", "security", admins[JB_DUTY_SECURITY], STRING, JB_CONFIG_RELOADABLE, 0,
        JB_PEOPLE_BYTES, "",
        "The security administrator gives nodes their keys and replaces them."),
    ROW("admins", "audit", admins[JB_DUTY_AUDIT], STRING, JB_CONFIG_RELOADABLE, 0, JB_PEOPLE_BYTES,
        "", "The audit administrator reads the audit log, verifies, and changes nothing."),
    ROW("admins", "audit_keep", audit_keep_ms, DURATION_MS, JB_CONFIG_RELOADABLE, 0,
        INT64_C(3155760000000), "0",
        "Rows of the audit log (what administrators asked for) older than this are dropped.\n"
        "0: never."),
    ROW("admins", "single_admin", single_admin, BOOL, JB_CONFIG_RELOADABLE, 0, 0, "no",
        "Allow one account several of these duties: for a tiny installation. Status shows it."),
    ROW("metrics", "listen", metrics_listen, STRING, 0, 0, 0, "",
        "HOST:PORT for Prometheus, for example 127.0.0.1:7701. Only loopback. Empty: none."),
};

const struct jb_config_table jb_broker_config_table = {
    .title = "jiaoband: the broker of jiaoban",
    .rows = rows,
    .row_count = sizeof rows / sizeof rows[0],
    .values_bytes = sizeof(struct jb_broker_config),
};
