/* Private to the ledger: giving a record to `apply` again, row by row. */
#ifndef JB_LEDGER_REPLAY_H
#define JB_LEDGER_REPLAY_H

#include "proto/ledger/db.h"

#define JB_REPLAY_ARENA_BYTES ((size_t)128 * 1024 * 1024) /* one entry with its case */

struct jb_replay {
    struct jb_ledger *to;  /* its derived tables are changed; inside a transaction */
    struct jb_arena arena; /* for one row */
};

/* One row of the record: an entry (broker) or a stream item (replica; empty when it was erased).
 * `number` is what it must be. The fault names it. */
enum jb_err jb_replay_one(struct jb_replay *p, uint64_t number, struct jb_bytes body,
                          struct jb_fault *fault) JB_MUST;

/* The record into its own derived tables, which are empty: all of it but what waits in ticks and
 * follows from there (behind.h). Inside a transaction. */
enum jb_err jb_replay_record(struct jb_ledger *l, struct jb_fault *fault) JB_MUST;

/* An empty ledger of the same role in memory, inside a transaction. */
enum jb_err jb_replay_shadow(enum jb_ledger_role role, struct jb_ledger **out,
                             struct jb_fault *fault) JB_MUST;

#endif
