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

/* Parse a file into its INSTALL act. The act borrows from `text` and `arena`. */
enum jb_err jb_install_act(bool is_policy, struct jb_text text, struct jb_arena *arena,
                           struct jb_act *act, struct jb_fault *fault) JB_MUST;
/* Check, and queue unless the same file is installed already (then *queued is false). EXISTS: the
 * version is installed with other contents. */
enum jb_err jb_install_queue(struct jb_broker *b, bool is_policy, const struct jb_install *in,
                             bool *queued, struct jb_fault *fault) JB_MUST;

#endif
