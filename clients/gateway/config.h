/* Configuration of jiaoban-gateway (deploy/config/jiaoban-gateway.conf.example is printed from the
 * same table). */
#ifndef JB_CLIENTS_GATEWAY_CONFIG_H
#define JB_CLIENTS_GATEWAY_CONFIG_H

#include "proto/base/config.h"

struct jb_gw_config {
    char *data;           /* folder of the gateway's own file */
    char *agent;          /* the agent's Unix socket */
    char *console;        /* folder of the console's built assets; "" none */
    int64_t inbox_files;  /* that one inbox may hold */
    char *inboxes;        /* folder of drop folders that records are pushed into; "" none */
    char *log_level;      /* */
    char *listen;         /* list: 127.0.0.1:8480, [::1]:8480, unix:/run/... */
    int64_t socket_mode;  /* permissions of Unix sockets, octal written in decimal digits */
    bool beyond_loopback; /* other addresses than loopback are allowed */
    char *hosts;          /* list of names by which the site is called */
    bool https;           /* people reach it by https (a proxy does that) */
    int64_t connections;  /* at once */
    int64_t body_bytes;   /* of a request, but for attachments */
    int64_t header_timeout_ms, body_timeout_ms, answer_timeout_ms;
    int64_t streams;     /* readers of events at once */
    char *window_listen; /* list, as `listen`; "" no window */
    bool window_beyond_loopback;
    char *window_hosts; /* names by which petitioners call it */
    int64_t window_connections;
    bool window_forwarded;                            /* a proxy before it says for whom it asks */
    int64_t window_burst, window_each_ms;             /* questions of one address */
    int64_t window_wrong_burst, window_wrong_each_ms; /* wrong names with one code */
    int64_t session_idle_ms, session_longest_ms;
    int64_t lock_after; /* wrong passwords in a row */
    int64_t lock_first_ms, lock_longest_ms;
    int64_t login_rows; /* kept of the record of log-ins */
    char *hook_targets; /* list: NAME ACCOUNT URL; "" no webhooks */
    char *hook_secrets; /* folder with a file for each */
    char *hook_ca;      /* certificates that receivers' are signed with; "" the system's */
    int64_t hook_attempts, hook_first_ms, hook_longest_ms, hook_timeout_ms;
    char *admin_broker;      /* the broker's admin socket; "" none */
    bool admin_installs;     /* files may be installed, not only tried */
    char *admin_backup;      /* the backup's file; "" none */
    int64_t admin_backup_ms; /* older than that it is overdue */
    char *proxy_header;      /* names the person; "" no such proxy */
    char *proxy_peers;       /* list: unix:ACCOUNT, 127.0.0.1, ::1 */
    char *proxy_secret;      /* file with the secret that a proxy on a loopback address sends */
};

extern const struct jb_config_table jb_gw_config_table;

/* What the table cannot check. JB_CONFIG; the fault names the key. */
JB_MUST enum jb_err jb_gw_config_check(const struct jb_gw_config *c, struct jb_fault *fault);

/* Go through a list with commas: the next member into `out`, without blanks around it. false: there
 * is none. A member that does not fit is cut: the check has refused it. */
bool jb_gw_list_next(const char **list, char *out, size_t size);

#endif
