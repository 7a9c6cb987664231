/* The table behind clients/agent/config.h, and the checks that a table cannot express. */
#include "clients/agent/agent.h"

#include <stddef.h>

#include "proto/base/log.h"
#include "proto/wire/endpoint.h"
#include "proto/wire/frame.h"
#include "proto/wire/people.h"

#define DIGITS(number) #number
#define DIGITS_OF(macro) DIGITS(macro)
#define ROW_IN(sec, name, field, t, fl, lo, hi, def, text)                                         \
    {                                                                                              \
        .section = sec, .key = name, .type = JB_CONFIG_##t, .flags = fl, .min = lo, .max = hi,     \
        .preset = def, .help = text, .offset = offsetof(struct jb_agent_config, field)             \
    }
#define ROW(...) ROW_IN("agent", __VA_ARGS__)
#define PEOPLE(word, role, text)                                                                   \
    ROW_IN("roles", word, roles[JB_STAFF_##role], STRING, JB_CONFIG_RELOADABLE, 0,                 \
           JB_PEOPLE_BYTES, "", text)

static const struct jb_config_row rows[] = {
    ROW("data", data, PATH, JB_CONFIG_REQUIRED, 0, 0, "/var/lib/jiaoban-agent",
        "Folder of the replica. Only one agent may use it at a time."),
    ROW("key", key, PATH, JB_CONFIG_REQUIRED, 0, 0, "/etc/jiaoban/agent.key",
        "Key file, made by: jiaoban-agent --keygen FILE. Mode 0600."),
    ROW("code", code, STRING, JB_CONFIG_REQUIRED, 1, 32, "",
        "This agency's code in the directory, as it was enrolled at the broker."),
    ROW("broker", broker, STRING, JB_CONFIG_REQUIRED, 0, 0, "",
        "Where the broker listens, for example tcp://broker.example.cn:7700."),
    ROW("broker_key", broker_key, STRING, JB_CONFIG_REQUIRED, 0, 0, "",
        "The broker's public keys, the line that jiaoband --public-key prints (jbk1: or "
        "jbk2:...).\n"
        "Nothing that is signed with other keys is believed."),
    ROW("broker_key_also", broker_key_also, STRING, 0, 0, 0, "",
        "Further lines of the broker, with commas between them: the next one before the broker\n"
        "changes its keys, the former one afterwards, so that older signatures still verify."),
    ROW("socket", socket, PATH, JB_CONFIG_REQUIRED, 0, 0, "/run/jiaoban/agent.sock",
        "Unix socket for this machine's clients."),
    ROW("socket_mode", socket_mode, INT, 0, 600, 777, "660",
        "Permissions of that socket, as octal digits. 660 lets the group in."),
    ROW("hook", hook, PATH, JB_CONFIG_RELOADABLE, 0, 0, "",
        "Program started for each alarm, without a shell, with five arguments:\n"
        "kind (warn, overdue, missed, silent, undelivered, directive_missed, directive,\n"
        "summons, dispute), case number, deadline number, deadline key, due time.\n"
        "Empty: none."),
    ROW("hook_timeout", hook_timeout_ms, DURATION_MS, JB_CONFIG_RELOADABLE, 1000, 3600000, "30s",
        "A hook that runs longer is killed."),
    ROW("alarm_check", alarm_check_ms, DURATION_MS, JB_CONFIG_RELOADABLE, 1000, 3600000, "60s",
        "While deadlines run, the wall clock is looked at no less often than this."),
    ROW("office_hours", office_hours, STRING, JB_CONFIG_RELOADABLE, 0, 32, "",
        "Reminders before a deadline wait for these hours of a working day, for example\n"
        "08:30-18:00. What is overdue or urgent is told at once. Empty: always."),
    ROW("log_level", log_level, STRING, JB_CONFIG_RELOADABLE, 0, 0, "info",
        "error, warning, notice, info or debug."),
    ROW("cache_bytes", cache_bytes, BYTES, 0, 65536, INT64_C(1073741824), "8M",
        "Page cache of the replica while there is work; given back when nothing has happened for\n"
        "two seconds."),
    ROW("check_at_once", check_bytes, BYTES, 0, 0, INT64_C(1125899906842624), "16M",
        "A replica up to this size is checked for damage before the agent is ready, a larger one\n"
        "while it works, which then stops it if there is any."),
    ROW("reserve", reserve_bytes, BYTES, 0, 0, INT64_C(1073741824), "4M",
        "Room that a file in the data folder keeps taken. When the disk is full it is given free, "
        "so\n"
        "that what has arrived is stored and acknowledged. 0: none."),
    ROW("blob_bytes", blob_bytes, BYTES, 0, 0, INT64_C(1125899906842624), "10G",
        "What attachments may take on disk, in the folder blobs beside the replica. What is more\n"
        "stays at the broker and is fetched later."),
    ROW("window_items", window_items, INT, 0, 1, 65536, "256",
        "Items that the broker may have under way to this node without acknowledgement."),
    ROW("window_bytes", window_bytes, BYTES, 0, 65536, 67108864, "1M", "The same in bytes."),
    ROW("protocol_max", protocol_max, INT, 0, JB_PROTOCOL_MIN, JB_PROTOCOL_MAX,
        DIGITS_OF(JB_PROTOCOL_MAX),
        "Highest version of the protocol that is spoken. Lower it for a roll-out in steps: first "
        "new\n"
        "programs everywhere, then the new version."),
    ROW("access_keep", access_keep_ms, DURATION_MS, JB_CONFIG_RELOADABLE, 0, INT64_C(3155760000000),
        "0",
        "Rows of the access log (who read sealed data) older than this are dropped. 0: never."),
    ROW("access_rows", access_rows, INT, JB_CONFIG_RELOADABLE, 0, INT64_C(1000000000000),
        "10000000",
        "Its size: with so many rows (about 1.5 GB) nothing sealed is opened any more until\n"
        "access_keep lets old ones go. 0: no limit."),
    PEOPLE(
        "clerk", CLERK,
        "Who holds which role at this agency: names with commas between them, for example\n"
        "clerk = @jiaoban, li. An account's login name, @group, uid:1005, or account/person for\n"
        "somebody in whose name a gateway asks. With none of these keys set, this agent's own\n"
        "account (and root) may do everything, and whoever else may open the socket is clerk\n"
        "and supervisor. `jiaoban rights` shows what each role may do."),
    PEOPLE("supervisor", SUPERVISOR,
           "Clerks' work, directives and dockets, rulings, the appraisal; the access log of cases\n"
           "that this agency holds."),
    PEOPLE("leader", LEADER,
           "Directives and rulings, delegations, countersignatures of other people's directives,\n"
           "erasing. Name leaders here also as the directory names them."),
    PEOPLE("auditor", AUDITOR, "The access log and verification; may hold no other role."),
    PEOPLE("administrator", ADMINISTRATOR, "Reload, verification and status; sees no case."),
    PEOPLE("gateway", GATEWAY,
           "Programs' accounts that may name the person for whom they ask, and ask petitioners'\n"
           "questions; may hold no other role."),
};
#undef PEOPLE
#undef ROW
#undef DIGITS_OF
#undef DIGITS
#undef ROW_IN

const struct jb_config_table jb_agent_config_table = {
    .title = "jiaoban-agent: an agency's node of jiaoban",
    .rows = rows,
    .row_count = sizeof rows / sizeof rows[0],
    .values_bytes = sizeof(struct jb_agent_config),
};

bool jb_agent_config_mode(int64_t digits, mode_t *mode)
{
    mode_t bits = 0;
    for (int64_t scale = 100; scale > 0; scale /= 10) {
        int64_t digit = digits / scale % 10;
        if (digit > 7)
            return false;
        bits = (bits << 3) | (mode_t)digit;
    }
    *mode = bits;
    return digits >= 0 && digits <= 777;
}

/* As the directory has it: [a-z0-9][a-z0-9.-]{0,31}. */
static bool code_valid(const char *code)
{
    static const char first[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    static const char others[] = "abcdefghijklmnopqrstuvwxyz0123456789.-";
    size_t len = strlen(code);
    return len >= 1 && len <= 32 && strchr(first, code[0]) != NULL && strspn(code, others) == len;
}

/* Two roles that exclude each other given to one account. */
static enum jb_err check_clash(const struct jb_agent_config *c, unsigned one, unsigned other,
                               struct jb_fault *fault)
{
    char name[JB_PEOPLE_NAME_BYTES];
    enum jb_staff role, clash;
    if (!jb_staff_clash(1U << one | 1U << other, &role, &clash) ||
        !jb_people_shared(c->roles[one], c->roles[other], name))
        return JB_OK;
    return jb_fault_set(fault, JB_CONFIG, "[roles] %s, %s: %s cannot hold both",
                        jb_staff_word((enum jb_staff)one), jb_staff_word((enum jb_staff)other),
                        name);
}

enum jb_err jb_agent_config_check_roles(const struct jb_agent_config *c, struct jb_fault *fault)
{
    enum jb_err err = JB_OK;
    for (unsigned i = 0; i < JB_STAFF_COUNT && err == JB_OK; i++) {
        struct jb_fault why = {""};
        if (jb_people_check(c->roles[i], &why) != JB_OK)
            err = jb_fault_set(fault, JB_CONFIG, "[roles] %s: %s", jb_staff_word((enum jb_staff)i),
                               why.text);
    }
    for (unsigned i = 0; i < JB_STAFF_COUNT; i++)
        for (unsigned k = 0; k < i && err == JB_OK; k++)
            err = check_clash(c, k, i, fault);
    return err;
}

enum jb_err jb_agent_config_check(const struct jb_agent_config *c, struct jb_public_keys *broker,
                                  struct jb_fault *fault)
{
    enum jb_log_level level;
    struct jb_agent_hours hours;
    mode_t mode;
    struct jb_fault why = {""};
    if (!code_valid(c->code))
        return jb_fault_set(fault, JB_CONFIG,
                            "[agent] code = %s: not a directory code (a-z, 0-9, dot, dash)",
                            c->code);
    if (jb_endpoint_check(c->broker, false, &why) != JB_OK)
        return jb_fault_set(fault, JB_CONFIG, "[agent] broker: %s", why.text);
    if (jb_keys_public_parse(c->broker_key, broker, &why) != JB_OK)
        return jb_fault_set(fault, JB_CONFIG, "[agent] broker_key: %s", why.text);
    if (!jb_log_level_parse(c->log_level, &level))
        return jb_fault_set(fault, JB_CONFIG,
                            "[agent] log_level = %s: must be error, warning, notice, info or debug",
                            c->log_level);
    if (jb_agent_hours_parse(c->office_hours, &hours) != JB_OK)
        return jb_fault_set(fault, JB_CONFIG, "[agent] office_hours = %s: must be like 08:30-18:00",
                            c->office_hours);
    if (!jb_agent_config_mode(c->socket_mode, &mode))
        return jb_fault_set(fault, JB_CONFIG, "[agent] socket_mode = %d: not octal digits",
                            (int)c->socket_mode);
    return jb_agent_config_check_roles(c, fault);
}
