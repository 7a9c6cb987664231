/* Configuration of jiaoband (deploy/config/jiaoband.conf.example is printed from the same table).
 */
#ifndef JB_DAEMON_CONFIG_H
#define JB_DAEMON_CONFIG_H

#include "proto/base/config.h"

enum jb_admin_duty { /* of administration: see duty.h */
    JB_DUTY_SYSTEM,
    JB_DUTY_SECURITY,
    JB_DUTY_AUDIT,
    JB_DUTY_COUNT
};

struct jb_broker_config {
    char *data;         /* folder: ledger and lock */
    char *listen;       /* ZeroMQ endpoint for the nodes */
    char *key;          /* key file */
    char *key_former;   /* the one before it; "" none */
    char *admin;        /* Unix socket for administrators */
    int64_t admin_mode; /* its permissions, octal written in decimal digits: 660 */
    char *policy;       /* policy file, installed when its version is new; "" none */
    char *calendar;     /* calendar file, likewise */
    char *log_level;
    int64_t clock_step_max_ms; /* a larger step forward puts the wall clock in doubt */
    int64_t clock_gap_max_ms;  /* so does a start so long after the last entry */
    int64_t cache_bytes;
    int64_t reserve_bytes;                    /* kept taken for when the disk is full; 0: none */
    int64_t blob_bytes;                       /* quota of attachments */
    int64_t window_items, window_bytes;       /* unacknowledged items under way to one node */
    int64_t batch_items, batch_bytes;         /* intake pauses above this */
    int64_t pending_max, pending_per_address; /* connections that are not authenticated */
    int64_t login_failures;                   /* of one address, per minute */
    int64_t quota_submissions, quota_bytes, quota_frames; /* of one node, per minute; 0: none */
    int64_t attached_per_day, attached_in_all;            /* bytes of one node; 0: no limit */
    char *quota_nodes;                                    /* "CODE=FACTOR, ..."; see quota.h */
    int64_t quota_patience_ms, quota_penalty_ms;
    int64_t session_timeout_ms;  /* silence after which a node counts as away */
    int64_t protocol_max;        /* highest version of the line that is offered */
    char *metrics_listen;        /* HOST:PORT on loopback; "" none */
    char *admins[JB_DUTY_COUNT]; /* who has each duty: lists as in proto/wire/people.h */
    bool single_admin;           /* one account may have several */
    int64_t audit_keep_ms;       /* rows of the audit log; 0: for ever */
};

extern const struct jb_config_table jb_broker_config_table;

#endif
