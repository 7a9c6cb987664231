/* Quotas: how much one node may send. What is more is not lost and not refused: it is read later,
 * so that it waits in the network and at last at the node itself. Only a node that goes on and on
 * is turned away for a while. An administrator hears of both (log, metrics, status). */
#ifndef JB_DAEMON_QUOTA_H
#define JB_DAEMON_QUOTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/bucket.h"
#include "proto/base/err.h"

struct jb_broker_config;

enum jb_quota_kind {
    JB_QUOTA_SUBMISSIONS,
    JB_QUOTA_BYTES,
    JB_QUOTA_FRAMES,
    JB_QUOTA_KINDS
};

struct jb_quota { /* one node's; all zero: nothing used. Times by the clock that nobody sets */
    struct jb_bucket used[JB_QUOTA_KINDS];
    int64_t over_since_ms;    /* it has been over a quota without a break since; 0: it is not */
    int64_t turned_away_ms;   /* until then; 0: it is not */
    enum jb_quota_kind worst; /* which one it was over last */
};

struct jb_quota_limits {
    struct jb_rate rates[JB_QUOTA_KINDS]; /* a minute's worth at once */
    int64_t patience_ms;                  /* over for so long: turned away */
    int64_t penalty_ms;                   /* so long */
};

enum jb_quota_change {
    JB_QUOTA_SAME,
    JB_QUOTA_EXCEEDED, /* begins to be over */
    JB_QUOTA_KEPT,     /* within again */
    JB_QUOTA_TURNED_AWAY
};

/* The limits of one node: those of the configuration times its factor in line.quota_nodes. */
void jb_quota_limits(const struct jb_broker_config *config, const char *code,
                     struct jb_quota_limits *out);

/* Factor of one node in a list "CODE=FACTOR, ..."; 1: it is not in it. */
int64_t jb_quota_factor(const char *list, const char *code);
/* A limit times a factor, as far as there are numbers; 0, no limit, stays so. */
int64_t jb_quota_times(int64_t limit, int64_t factor);

/* Is line.quota_nodes a list "CODE=FACTOR, ..."? JB_CONFIG: the fault names what is not. */
JB_MUST enum jb_err jb_quota_check(const char *list, struct jb_fault *fault);

/* Count what a node has sent. */
void jb_quota_take(struct jb_quota *q, const struct jb_quota_limits *limits, int64_t now_ms,
                   enum jb_quota_kind kind, int64_t amount);

/* After counting: milliseconds until more should be read from it, 0 at once; *change says what
 * somebody should be told. Pure. */
int64_t jb_quota_wait(struct jb_quota *q, const struct jb_quota_limits *limits, int64_t now_ms,
                      enum jb_quota_change *change);

/* Is it turned away now? */
bool jb_quota_turned_away(const struct jb_quota *q, int64_t now_ms);

/* "submissions", "bytes", "frames" */
const char *jb_quota_name(enum jb_quota_kind kind);

#endif
