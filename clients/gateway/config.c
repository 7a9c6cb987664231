/* The table behind clients/gateway/config.h, and the checks that a table cannot express. */
#include "clients/gateway/config.h"

#include <stddef.h>
#include <stdio.h>

#include "clients/gateway/hookconf.h"
#include "clients/gateway/listener.h"
#include "proto/base/log.h"

#define ROW_IN(sec, name, field, t, fl, lo, hi, def, text)                                         \
    {                                                                                              \
        .section = sec, .key = name, .type = JB_CONFIG_##t, .flags = fl, .min = lo, .max = hi,     \
        .preset = def, .help = text, .offset = offsetof(struct jb_gw_config, field)                \
    }
#define GATEWAY(...) ROW_IN("gateway", __VA_ARGS__)
#define HTTP(...) ROW_IN("http", __VA_ARGS__)
#define WINDOW(...) ROW_IN("window", __VA_ARGS__)
#define SESSION(...) ROW_IN("session", __VA_ARGS__)
#define HOOKS(...) ROW_IN("webhooks", __VA_ARGS__)
#define ADMIN(...) ROW_IN("admin", __VA_ARGS__)
#define PROXY(...) ROW_IN("proxy", __VA_ARGS__)
#define MINUTE_MS INT64_C(60000)
#define DAY_MS (1440 * MINUTE_MS)
#define NAME_BYTES 256

static const struct jb_config_row rows[] = {
    GATEWAY(
        "data", data, PATH, JB_CONFIG_REQUIRED, 0, 0, "/var/lib/jiaoban-gateway",
        "Folder of the gateway's own file: accounts, sessions, tokens, log-ins, stored answers.\n"
        "No casework is in it."),
    GATEWAY(
        "agent", agent, PATH, JB_CONFIG_REQUIRED, 0, 0, "/run/jiaoban/agent.sock",
        "The agent's socket. In the agent's configuration this gateway's account must have the\n"
        "role gateway ([roles] gateway = jiaoban-gateway), and people be named as\n"
        "jiaoban-gateway/NAME."),
    GATEWAY(
        "console", console, PATH, 0, 0, 0, JB_DATADIR "/console",
        "Folder of the web console's files, read at the start. Empty: no console, the interface\n"
        "alone."),
    GATEWAY("inboxes", inboxes, PATH, 0, 0, 0, "",
            "Folder with one folder per system that pushes records: POST /v1/inboxes/NAME makes a\n"
            "file in NAME there, which is the drop folder ([folder] path) of a jiaoban-exchange.\n"
            "Empty: nobody may push."),
    GATEWAY("inbox_files", inbox_files, INT, JB_CONFIG_RELOADABLE, 1, 1000000, "10000",
            "Files that one inbox may hold before its exchange has taken some: more are refused\n"
            "(507), and the other system sends them later."),
    GATEWAY("log_level", log_level, STRING, JB_CONFIG_RELOADABLE, 0, 0, "info",
            "error, warning, notice, info or debug."),

    HTTP("listen", listen, STRING, JB_CONFIG_REQUIRED, 1, 1024, "127.0.0.1:8480",
         "Where it is served, with commas between: 127.0.0.1:8480, [::1]:8480,\n"
         "unix:/run/jiaoban-gateway/http.sock. TLS is a reverse proxy's affair."),
    HTTP("socket_mode", socket_mode, INT, 0, 600, 777, "660",
         "Permissions of Unix sockets, as octal digits."),
    HTTP("beyond_loopback", beyond_loopback, BOOL, 0, 0, 0, "no",
         "Allow other addresses than loopback in `listen`: passwords then travel in plain."),
    HTTP("hosts", hosts, STRING, 0, 1, 1024, "localhost, 127.0.0.1, [::1]",
         "Names by which people call this site, without port: requests for others are refused."),
    HTTP("https", https, BOOL, 0, 0, 0, "yes",
         "People reach the site by https, so cookies are marked Secure. `no` only for trials on "
         "one\n"
         "machine."),
    HTTP("connections", connections, INT, 0, 8, 10000, "512", "At once; more are turned away."),
    HTTP("body", body_bytes, BYTES, 0, 1024, 4194304, "2M",
         "Largest body of a request. Attachments have their own limit of 50 MiB."),
    HTTP("header_timeout", header_timeout_ms, DURATION_MS, 0, 100, 5 * MINUTE_MS, "10s",
         "A request's head that is not complete by then is given up."),
    HTTP("body_timeout", body_timeout_ms, DURATION_MS, 0, 100, 60 * MINUTE_MS, "30s",
         "The same of its body. One second more for each 64 KiB of it."),
    HTTP("answer_timeout", answer_timeout_ms, DURATION_MS, 0, 100, 60 * MINUTE_MS, "60s",
         "A reader who has not taken the answer by then is cut. One second more for each 64 KiB."),
    HTTP("streams", streams, INT, 0, 1, 4096, "256", "Readers of events at once."),

    WINDOW(
        "listen", window_listen, STRING, 0, 0, 1024, "",
        "Where petitioners ask about their cases and rate, for example 127.0.0.1:8481: a listener\n"
        "of its own that serves nothing else. Empty: there is no window. TLS is a reverse proxy's\n"
        "affair."),
    WINDOW("beyond_loopback", window_beyond_loopback, BOOL, 0, 0, 0, "no",
           "Allow other addresses than loopback: names and codes then travel in plain."),
    WINDOW("hosts", window_hosts, STRING, 0, 1, 1024, "localhost, 127.0.0.1, [::1]",
           "Names by which petitioners call it, without port."),
    WINDOW("connections", window_connections, INT, 0, 4, 10000, "64",
           "At once, beside those of the inside; more are turned away."),
    WINDOW("forwarded", window_forwarded, BOOL, 0, 0, 0, "no",
           "A reverse proxy on this machine says in X-Forwarded-For who asks (its last address).\n"
           "Without it all that it passes on counts as one address."),
    WINDOW("burst", window_burst, INT, 0, 1, 10000, "10",
           "Questions of one address at once; a wrong one counts twice. IPv6: of one /64."),
    WINDOW("each", window_each_ms, DURATION_MS, 0, 10, 60 * MINUTE_MS, "30s",
           "And one more after each such time."),
    WINDOW(
        "wrong_burst", window_wrong_burst, INT, 0, 1, 1000, "5",
        "Wrong names with one query code before it has to wait. Whoever asked rightly before from\n"
        "the same address has not."),
    WINDOW("wrong_each", window_wrong_each_ms, DURATION_MS, 0, 10, 10 * MINUTE_MS, "1m",
           "How long it waits for one more; at most wrong_burst times as long."),

    SESSION("idle", session_idle_ms, DURATION_MS, 0, MINUTE_MS, DAY_MS, "30m",
            "A session ends when nothing was asked for so long."),
    SESSION("longest", session_longest_ms, DURATION_MS, 0, MINUTE_MS, 30 * DAY_MS, "12h",
            "And in any case after this."),
    SESSION(
        "lock_after", lock_after, INT, 0, 1, 100, "5",
        "After so many wrong passwords in a row a name is locked for a while, for everybody who\n"
        "tries it from the same address; after four times as many, for everybody."),
    SESSION("lock_first", lock_first_ms, DURATION_MS, 0, 1000, DAY_MS, "30s",
            "How long at first; doubled with each further one."),
    SESSION("lock_longest", lock_longest_ms, DURATION_MS, 0, 1000, DAY_MS, "15m", "At most."),
    SESSION("login_rows", login_rows, INT, 0, 1000, INT64_C(100000000), "1000000",
            "Rows kept of the record of log-ins; older ones are dropped."),

    HOOKS(
        "targets", hook_targets, STRING, 0, 0, 8192, "",
        "Who is told what happens, as it happens, with commas between: NAME ACCOUNT URL, for\n"
        "example  oa oa-bridge https://oa.example/jiaoban  (https, or http to this machine).\n"
        "A receiver is told what ACCOUNT, an account of this gateway with a role at the agency, "
        "may\n"
        "see. The service's IPAddressAllow has to let the gateway out to it. Empty: no webhooks."),
    HOOKS(
        "secrets", hook_secrets, PATH, 0, 0, 0, "/etc/jiaoban/webhooks",
        "Folder with a file NAME for each, mode 0600: whsec_ and 24 to 64 random bytes in base64.\n"
        "Signed as Standard Webhooks has it; receivers check it with the same."),
    HOOKS("ca", hook_ca, PATH, 0, 0, 0, "",
          "File with the certificates that receivers' are signed with, in place of the system's.\n"
          "Empty: the system's."),
    HOOKS("attempts", hook_attempts, INT, 0, 1, 100, "15",
          "After so many a delivery is given up, and waits until an administrator replays it."),
    HOOKS("first", hook_first_ms, DURATION_MS, 0, 10, DAY_MS, "5s",
          "How long after the first failure; three times as long after each further one, with a\n"
          "quarter by chance."),
    HOOKS("longest", hook_longest_ms, DURATION_MS, 0, 10, DAY_MS, "6h", "At most."),
    HOOKS("timeout", hook_timeout_ms, DURATION_MS, 0, 100, 5 * MINUTE_MS, "15s",
          "A receiver that has not answered by then has failed."),

    ADMIN("broker", admin_broker, PATH, 0, 0, 0, "",
          "The broker's admin socket, where the broker runs on this machine and names this "
          "gateway's\n"
          "account in [admins]: the agency's administrators then see the lines of all agencies.\n"
          "Empty: the gateway knows nothing of the broker."),
    ADMIN(
        "installs", admin_installs, BOOL, 0, 0, 0, "no",
        "Administrators may also install policy and calendar files. In the broker's own log that\n"
        "is this gateway's account; the person stands in the gateway's. Without it they can only\n"
        "try what would change."),
    ADMIN("backup", admin_backup, PATH, 0, 0, 0, "",
          "The file of the broker's backup, to tell when it was last written. Empty: nothing is "
          "told."),
    ADMIN(
        "backup_within", admin_backup_ms, DURATION_MS, 0, MINUTE_MS, 400 * DAY_MS, "26h",
        "A backup older than that, or none, is overdue: administrators are told at every sign-in.\n"
        "The default is for one a day; jiaoband-backup.timer makes one an hour."),

    PROXY("header", proxy_header, STRING, 0, 0, 64, "",
          "Name of the header in which a single sign-on proxy says who is signed in, for example\n"
          "X-Remote-User. Empty: there is no such proxy, and the header means nothing."),
    PROXY("peers", proxy_peers, STRING, 0, 0, 1024, "",
          "Who may send it, with commas between: unix:ACCOUNT (over a Unix socket, by that "
          "account),\n"
          "127.0.0.1, ::1 (with the secret below: any local program could connect from there).\n"
          "The proxy must remove the header from what it gets from outside."),
    PROXY("secret", proxy_secret, PATH, 0, 0, 0, "",
          "File with the secret that the proxy sends as X-Proxy-Secret. Mode 0600; at least 16\n"
          "characters."),
};
#undef GATEWAY
#undef HTTP
#undef WINDOW
#undef SESSION
#undef HOOKS
#undef ADMIN
#undef PROXY
#undef ROW_IN

const struct jb_config_table jb_gw_config_table = {
    .title = "jiaoban-gateway: the casework of an agency over HTTP",
    .rows = rows,
    .row_count = sizeof rows / sizeof rows[0],
    .values_bytes = sizeof(struct jb_gw_config),
};

bool jb_gw_list_next(const char **list, char *out, size_t size)
{
    const char *at = *list + strspn(*list, " \t,");
    size_t len = strcspn(at, ",");
    *list = at + len;
    while (len > 0 && (at[len - 1] == ' ' || at[len - 1] == '\t'))
        len--;
    (void)snprintf(out, size, "%.*s", (int)(len < size ? len : size - 1), at);
    return len > 0;
}

/* ---- checks ---- */

static enum jb_err check_list(const char *key, const char *list, struct jb_fault *fault)
{
    const char *at = list;
    while (*at != '\0') {
        size_t len = strcspn(at, ",");
        if (len >= NAME_BYTES)
            return jb_fault_set(fault, JB_CONFIG, "%s: a member is longer than %d bytes", key,
                                NAME_BYTES - 1);
        at += len + (at[len] == ',');
    }
    return JB_OK;
}

/* A header's name: a token, and none that means something else already. */
static enum jb_err check_proxy_header(const char *name, struct jb_fault *fault)
{
    static const char *const taken[] = {"Host",   "Cookie",          "Authorization",
                                        "Origin", "Content-Length",  "X-CSRF-Token",
                                        "Expect", "Idempotency-Key", "X-Proxy-Secret"};
    static const char token[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    if (name[strspn(name, token)] != '\0')
        return jb_fault_set(fault, JB_CONFIG, "[proxy] header = %s: not the name of a header",
                            name);
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++)
        if (strcasecmp(taken[i], name) == 0)
            return jb_fault_set(fault, JB_CONFIG, "[proxy] header = %s: has another meaning", name);
    return JB_OK;
}

static enum jb_err check_proxy(const struct jb_gw_config *c, struct jb_fault *fault)
{
    char peer[NAME_BYTES];
    const char *at = c->proxy_peers;
    enum jb_err err = check_proxy_header(c->proxy_header, fault);
    if (err != JB_OK || c->proxy_header[0] == '\0')
        return err;
    if (c->proxy_peers[strspn(c->proxy_peers, " ,")] == '\0')
        return jb_fault_set(fault, JB_CONFIG, "[proxy] peers: who may send the header?");
    while (jb_gw_list_next(&at, peer, sizeof peer)) {
        bool unix_peer = strncmp(peer, "unix:", 5) == 0;
        bool loopback = strcmp(peer, "127.0.0.1") == 0 || strcmp(peer, "::1") == 0;
        if (!unix_peer && !loopback)
            return jb_fault_set(fault, JB_CONFIG,
                                "[proxy] peers: %s: must be unix:ACCOUNT, 127.0.0.1 or ::1", peer);
        if (loopback && c->proxy_secret[0] == '\0')
            return jb_fault_set(fault, JB_CONFIG,
                                "[proxy] secret: a proxy at %s has to send one: any local program "
                                "can connect from there",
                                peer);
    }
    return JB_OK;
}

static enum jb_err check_listen(const struct jb_gw_config *c, struct jb_fault *fault)
{
    const struct jb_gw_listen inside = jb_gw_listen_inside(c), window = jb_gw_listen_window(c);
    if (inside.list[strspn(inside.list, " ,")] == '\0')
        return jb_fault_set(fault, JB_CONFIG, "%s: nowhere", inside.key);
    enum jb_err err = jb_gw_listen_check(&inside, fault);
    return err == JB_OK ? jb_gw_listen_check(&window, fault) : err;
}

enum jb_err jb_gw_config_check(const struct jb_gw_config *c, struct jb_fault *fault)
{
    enum jb_log_level level;
    if (!jb_log_level_parse(c->log_level, &level))
        return jb_fault_set(fault, JB_CONFIG,
                            "[gateway] log_level = %s: must be error, warning, notice, info or "
                            "debug",
                            c->log_level);
    enum jb_err err = check_list("[http] listen", c->listen, fault);
    if (err == JB_OK)
        err = check_list("[http] hosts", c->hosts, fault);
    if (err == JB_OK)
        err = check_list("[window] listen", c->window_listen, fault);
    if (err == JB_OK)
        err = check_list("[window] hosts", c->window_hosts, fault);
    if (err == JB_OK)
        err = check_list("[proxy] peers", c->proxy_peers, fault);
    if (err == JB_OK)
        err = check_listen(c, fault);
    if (err == JB_OK)
        err = jb_gw_hooks_check(c->hook_targets, fault);
    if (err == JB_OK && c->session_idle_ms > c->session_longest_ms)
        err = jb_fault_set(fault, JB_CONFIG, "[session] idle is longer than longest");
    if (err == JB_OK && c->lock_first_ms > c->lock_longest_ms)
        err = jb_fault_set(fault, JB_CONFIG, "[session] lock_first is longer than lock_longest");
    return err == JB_OK ? check_proxy(c, fault) : err;
}
