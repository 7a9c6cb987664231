/* Configuration of jiaoban-agent (deploy/config/jiaoban-agent.conf.example is printed from the same
 * table). */
#ifndef JB_CLIENTS_AGENT_CONFIG_H
#define JB_CLIENTS_AGENT_CONFIG_H

#include <sys/types.h>

#include "proto/base/config.h"
#include "proto/rules/staff.h"
#include "proto/wire/keys.h"

struct jb_agent_config {
    char *data;            /* folder: replica and lock */
    char *key;             /* key file */
    char *code;            /* the agency's directory code */
    char *broker;          /* ZeroMQ endpoint of the broker */
    char *broker_key;      /* its public keys, "jbk1:..." */
    char *broker_key_also; /* further ones, while the broker changes its keys; see pins.h */
    char *socket;          /* Unix socket for local clients */
    int64_t socket_mode;   /* its permissions, octal written in decimal digits: 660 */
    char *hook;            /* program started for each alarm; "" none */
    int64_t hook_timeout_ms;
    char *office_hours;     /* "08:30-18:00"; "" always */
    int64_t alarm_check_ms; /* the clock is looked at no less often than this */
    char *log_level;
    int64_t cache_bytes;
    int64_t check_bytes;                /* a larger replica is checked beside the work */
    int64_t reserve_bytes;              /* kept taken for when the disk is full; 0: none */
    int64_t blob_bytes;                 /* quota of attachments */
    int64_t window_items, window_bytes; /* credit given to the broker */
    int64_t protocol_max;               /* highest version of the line that is offered */
    int64_t access_keep_ms;             /* rows of the access log; 0: for ever */
    int64_t access_rows;                /* more are refused, and with them the reads; 0: no limit */
    char *roles[JB_STAFF_COUNT];        /* who holds each role: lists as in proto/wire/people.h */
};

extern const struct jb_config_table jb_agent_config_table;

/* What the table cannot check: the broker's keys, the directory code, the log level, the socket's
 * permissions, the roles. JB_CONFIG; the fault names the key. */
JB_MUST enum jb_err jb_agent_config_check(const struct jb_agent_config *c,
                                          struct jb_public_keys *broker, struct jb_fault *fault);

/* The lists of people, and that nobody holds two roles that exclude each other. JB_CONFIG; the
 * fault names the key. For a configuration that is about to come into force. */
JB_MUST enum jb_err jb_agent_config_check_roles(const struct jb_agent_config *c,
                                                struct jb_fault *fault);

/* 660 -> 0660. false: a digit is not octal. */
bool jb_agent_config_mode(int64_t digits, mode_t *mode);

#endif
