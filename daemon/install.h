/* Installing policy and calendar files: see install.c. */
#ifndef JB_DAEMON_INSTALL_H
#define JB_DAEMON_INSTALL_H

#include "daemon/broker.h"

#define JB_INSTALL_LIMIT_BYTES ((size_t)512 * 1024) /* of a policy or calendar file */

struct jb_install {
    struct jb_text text; /* the file; borrowed */
    struct jb_text user; /* who installs; borrowed until the batch is committed */
    uint64_t waiter;     /* admin request to answer; 0: none */
    bool dry_run;        /* check only */
};

#define JB_FORECAST_ROWS 20
struct jb_forecast { /* what a calendar would do to the deadlines that run */
    uint64_t looked; /* open provisional deadlines */
    uint64_t moved;  /* those whose date would be another */
    struct {
        int64_t case_no;
        char key[JB_KEY_MAX];
        int64_t old_due_ms, due_ms;
    } rows[JB_FORECAST_ROWS]; /* the first of them */
};
/* forecast.c: by the same decision that is made after an installation. Changes nothing. Looks at
 * every provisional deadline: for the worker pool, with a connection of its own. */
enum jb_err jb_forecast_calendar(struct jb_ledger *l, struct jb_text text, int64_t now_ms,
                                 struct jb_forecast *out, struct jb_fault *fault) JB_MUST;

/* Parse a file into its INSTALL act. The act borrows from `text` and `arena`. */
enum jb_err jb_install_act(bool is_policy, struct jb_text text, struct jb_arena *arena,
                           struct jb_act *act, struct jb_fault *fault) JB_MUST;
/* Check, and queue unless the same file is installed already (then *queued is false). EXISTS: the
 * version is installed with other contents. */
enum jb_err jb_install_queue(struct jb_broker *b, bool is_policy, const struct jb_install *in,
                             bool *queued, struct jb_fault *fault) JB_MUST;

#endif
