/* Private to the ledger: putting back what was collected after a restore, in two parts. */
#ifndef JB_LEDGER_MERGE_H
#define JB_LEDGER_MERGE_H

#include "proto/ledger/db.h"
#include "proto/ledger/recovery.h"

/* Something that a node's stream still has to be told. */
struct jb_missing {
    struct jb_missing *next;
    uint32_t node;
    uint64_t seq;
    int64_t case_no;
    int64_t at_ms;
    bool joins, reads, leaves, enrolled, duty, own;
    bool left_out; /* the node was: see jb_recovery_leave_out */
};

struct jb_merge {
    struct jb_ledger *l;
    struct jb_recovery state;
    struct jb_recovery_report *out;
    struct jb_fault *fault;
    int64_t now_ms;
    int64_t at_ms;         /* of the last entry */
    struct jb_arena arena; /* of one entry or item */
    struct jb_arena lasting;
    struct jb_missing *first, **last;
};

/* Every stream as its node holds it, where each line stands, where the former epochs ended. Inside
 * the transaction that has put back the log. */
enum jb_err jb_merge_streams(struct jb_merge *m) JB_MUST;

#endif
