/* The broker's record after a restore: what the backup lacks is collected from the nodes' copies of
 * their streams, each part checked against the broker's own signature, and put back in its place.
 *
 * The record that was restored begins a new epoch; where the former ones ended is kept, so that a
 * node that follows one of them is recognised. While the record is being completed nothing is
 * decided. Loop thread, or offline; transactions are the caller's where it is said. */
#ifndef JB_LEDGER_RECOVERY_H
#define JB_LEDGER_RECOVERY_H

#include "proto/ledger/brokerlog.h"
#include "proto/ledger/replica.h"

struct jb_recovery {
    bool active;         /* the record is not complete yet */
    uint64_t seq;        /* last entry of the log that the backup held */
    int64_t restored_ms; /* when it was restored */
    int64_t backup_ms;   /* when the backup was made; 0: not known */
};

/* Begin a new epoch on a record that was read from a backup: nothing that follows can be mistaken
 * for what was lost. Inside a transaction. */
enum jb_err jb_recovery_begin(struct jb_ledger *l, int64_t now_ms, int64_t backup_ms) JB_MUST;
enum jb_err jb_recovery_state(struct jb_ledger *l, struct jb_recovery *out) JB_MUST;

/* Where a former epoch of the record ended for a node's stream (node 0: the log). NOT_FOUND. */
enum jb_err jb_recovery_former(struct jb_ledger *l, const uint8_t epoch[JB_EPOCH_BYTES],
                               uint32_t node, struct jb_line_point *end) JB_MUST;

/* What has been collected from one node. */
struct jb_recovery_line {
    uint32_t node;
    bool done;                 /* it has reported everything, or was left out */
    struct jb_line_point have; /* last item collected or in the backup; epoch not set */
    char reason[256];          /* left out: why; else "" */
};
enum jb_err jb_recovery_line(struct jb_ledger *l, uint32_t node,
                             struct jb_recovery_line *out) JB_MUST;

/* A piece of a node's stream, as the node holds it. */
struct jb_recovery_piece {
    uint32_t node;
    uint8_t epoch[JB_EPOCH_BYTES]; /* that the node follows: one in which the record ended */
    uint64_t first;
    const struct jb_frame_item *items;
    size_t count;
    uint8_t head[JB_HASH_BYTES]; /* after the last item */
    uint8_t suite;
    uint8_t signature[JB_SIGN_BYTES]; /* the broker's, over that head, as it was delivered */
};
/* Keep it, if it goes on where the last one ended, its chain leads to its head, and the broker
 * itself signed that: nobody can make up an item. GAP, REPEAT, DIVERGED, BAD_SIGNATURE, MALFORMED:
 * nothing is kept. Inside a transaction. */
enum jb_err jb_recovery_take(struct jb_ledger *l, const struct jb_recovery_piece *p,
                             const uint8_t broker_sign[JB_KEY_BYTES], struct jb_arena *arena,
                             struct jb_fault *fault) JB_MUST;
/* The node has no more. `settled`: its last submission whose verdict it holds, as it signed it.
 * Inside a transaction. */
enum jb_err jb_recovery_done(struct jb_ledger *l, uint32_t node,
                             const struct jb_line_point *settled) JB_MUST;
/* Go on without what this node may hold. Inside a transaction. */
enum jb_err jb_recovery_leave_out(struct jb_ledger *l, uint32_t node,
                                  struct jb_text reason) JB_MUST;
/* Entries that were collected, in the order of the log, each once. `each` as in jb_log_each. */
enum jb_err jb_recovery_each(struct jb_ledger *l, jb_log_each each, void *ctx) JB_MUST;

struct jb_recovery_report {
    uint64_t entries;  /* put back into the log */
    uint64_t lost;     /* numbers of the log that no node holds */
    uint64_t items;    /* put back into streams */
    uint64_t blank;    /* of those: only their hash is known any more */
    uint64_t appended; /* items that their nodes had never received */
    uint64_t differ;   /* entries of which two nodes hold different bytes: kept as evidence */
    uint64_t last;     /* number of the last entry that was put back */
};
/* Put back what was collected: log, derived tables, streams, where every line stands; then the
 * entry that tells of the restore. All in one transaction of its own; afterwards the ledger has to
 * be opened anew. CORRUPT: something does not fit; nothing was changed, the fault says what. */
enum jb_err jb_recovery_complete(struct jb_ledger *l, int64_t now_ms,
                                 struct jb_recovery_report *out, struct jb_fault *fault) JB_MUST;

/* Entries about a case (0: about none) that this node submitted and that came back from others'
 * copies: the next one after entry `*entry_seq` (0: the first). NOT_FOUND: no more. Whether a
 * submission is the same one, its bytes say, not its number: the node's file may be a new one. */
enum jb_err jb_recovery_known(struct jb_ledger *l, uint32_t node, int64_t case_no,
                              uint64_t *entry_seq) JB_MUST;
/* Has the entry gone into the node's stream already? */
enum jb_err jb_recovery_known_sent(struct jb_ledger *l, uint32_t node, uint64_t entry_seq,
                                   bool *sent) JB_MUST;
/* Its verdict has been sent. Inside a transaction. */
enum jb_err jb_recovery_known_drop(struct jb_ledger *l, uint32_t node, uint64_t entry_seq) JB_MUST;

/* ---- a node that comes back after the record was completed without it ---- */

/* What it holds of a former epoch beyond `former`, the point where that ended for it, is kept as
 * evidence and changes nothing: each piece as it came, with the broker's signature, in
 * `quarantine`. */
#define JB_RECOVERY_LATE "returned after the record was completed"

/* How far that has come: `have` is `former` at first. */
enum jb_err jb_recovery_late(struct jb_ledger *l, uint32_t node, const struct jb_line_point *former,
                             struct jb_recovery_line *out) JB_MUST;
/* May the piece be kept? As jb_recovery_take, but writes nothing. */
enum jb_err jb_recovery_late_check(struct jb_ledger *l, const struct jb_recovery_piece *p,
                                   const struct jb_line_point *former,
                                   const uint8_t broker_sign[JB_KEY_BYTES],
                                   struct jb_fault *fault) JB_MUST;
/* Keep a piece that was checked: `frame` is its frame `copy`, without the keys of cases. A piece
 * that is not the next one is left alone. Inside a transaction. */
enum jb_err jb_recovery_late_keep(struct jb_ledger *l, const struct jb_recovery_piece *p,
                                  const struct jb_line_point *former, struct jb_bytes frame,
                                  int64_t now_ms) JB_MUST;
/* The node has no more. Inside a transaction. */
enum jb_err jb_recovery_late_done(struct jb_ledger *l, uint32_t node,
                                  const struct jb_line_point *former) JB_MUST;

struct jb_recovery_returned { /* one node's evidence */
    uint32_t node;
    uint64_t pieces;
    uint64_t items;
    uint64_t confirmed; /* of those: its own submissions that had been accepted */
    uint64_t first;     /* number of its first item */
    int64_t at_ms;      /* when the first piece came */
};
/* Into the arena, by node. Reads all of it. CORRUPT: a piece is no frame. */
enum jb_err jb_recovery_returned(struct jb_ledger *l, struct jb_arena *arena,
                                 struct jb_recovery_returned **list, size_t *count) JB_MUST;

#endif
