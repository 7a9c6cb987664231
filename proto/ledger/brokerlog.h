/* The broker's record: the log of entries, the streams of the nodes, the state of the lines,
 * receipts. Threading and transactions as in ledger.h. Numbers and chain heads are kept in memory
 * beside the tables and go back with a rollback. */
#ifndef JB_LEDGER_BROKERLOG_H
#define JB_LEDGER_BROKERLOG_H

#include "proto/ledger/ledger.h"
#include "proto/wire/frame.h"

/* ---- log ---- */

uint64_t jb_log_last_seq(const struct jb_ledger *l);
/* Instant of the last entry; 0: the log is empty. */
enum jb_err jb_log_last_at(struct jb_ledger *l, int64_t *at_ms) JB_MUST;
/* Encoded bytes of the last CLOCK_STEP into the arena; NOT_FOUND. */
enum jb_err jb_log_last_clock_step(struct jb_ledger *l, struct jb_arena *arena,
                                   struct jb_bytes *bytes) JB_MUST;
/* Append one entry: entry->seq must be last + 1. Stores the encoded bytes (`bytes`, made with
 * jb_entry_encode by the caller) and the log's chain head. */
enum jb_err jb_log_append(struct jb_ledger *l, const struct jb_entry *entry,
                          struct jb_bytes bytes) JB_MUST;
/* Encoded bytes of one entry into the arena; NOT_FOUND. */
enum jb_err jb_log_read(struct jb_ledger *l, uint64_t seq, struct jb_arena *arena,
                        struct jb_bytes *bytes) JB_MUST;
/* Entries of one case in order, `each` is called with the encoded bytes (borrowed during the call);
 * stops at its first error and returns it. */
typedef enum jb_err (*jb_log_each)(void *ctx, uint64_t seq, struct jb_bytes bytes);
enum jb_err jb_log_each_of_case(struct jb_ledger *l, int64_t case_no, jb_log_each each,
                                void *ctx) JB_MUST;

/* ---- lines ---- */

struct jb_line_state { /* one node's line as the broker has it on disk */
    uint32_t node;
    struct jb_line_point up;    /* last submission decided; epoch all zero before the first Hello */
    struct jb_line_point down;  /* end of the node's stream */
    struct jb_line_point acked; /* last signed acknowledgement (epoch of down) */
    int64_t acked_at_ms;
};
/* The line of a node; a new one (all zero, down.epoch = the ledger's epoch, down.head =
 * jb_chain_start) when there is none yet. Kept in memory: cheap; on a read-only ledger read anew
 * each time. Valid until the ledger is closed. NULL only when out of memory (read-only: or the row
 * cannot be read). */
const struct jb_line_state *jb_line_get(struct jb_ledger *l, uint32_t node);
/* The same from disk into *out, for the read-only ledger, whose memory does not follow the
 * writer's. */
enum jb_err jb_line_read(struct jb_ledger *l, uint32_t node, struct jb_line_state *out) JB_MUST;
/* One submission decided: up.number + 1, head as given. `raw` is the submission's bytes when it was
 * refused (kept: nothing that was sent is lost), empty when it became an entry. */
struct jb_line_decided {
    uint32_t node;
    uint64_t number;
    uint8_t head[JB_HASH_BYTES];
    int64_t at_ms;
    uint32_t refusal; /* 0: accepted */
    struct jb_bytes raw;
};
enum jb_err jb_line_up_decided(struct jb_ledger *l, const struct jb_line_decided *d) JB_MUST;
/* The node's signature over its up chain (one per Submit frame). */
struct jb_receipt {
    uint32_t node;
    struct jb_line_point point;
    uint8_t suite;
    uint8_t signature[JB_SIGN_BYTES];
    int64_t at_ms;
};
enum jb_err jb_line_up_signed(struct jb_ledger *l, const struct jb_receipt *r) JB_MUST;
/* A node began a new incarnation of its up sequence (its file was re-created): number 0 of `epoch`.
 */
enum jb_err jb_line_up_epoch(struct jb_ledger *l, uint32_t node,
                             const uint8_t epoch[JB_EPOCH_BYTES]) JB_MUST;
/* Were submissions of this incarnation ever taken? One that came to an end may not begin again: its
 * numbers would be decided a second time. */
enum jb_err jb_line_up_epoch_seen(struct jb_ledger *l, uint32_t node,
                                  const uint8_t epoch[JB_EPOCH_BYTES], bool *seen) JB_MUST;
/* A signed acknowledgement: stored for ever as evidence, and the line's `acked` moves up. The
 * caller has checked signature, number and head. */
enum jb_err jb_line_down_acked(struct jb_ledger *l, const struct jb_receipt *r) JB_MUST;
/* Number of receipts stored for a node. */
enum jb_err jb_line_receipt_count(struct jb_ledger *l, uint32_t node, uint64_t *count) JB_MUST;

/* ---- streams ---- */

struct jb_stream_add { /* one item to append to a node's stream */
    uint32_t node;
    int64_t at_ms;
    uint64_t settles; /* 0: none */
    bool history;
    bool duty;             /* lays a duty on the node: its receipt is reported to the sender */
    int64_t case_no;       /* 0: none */
    uint64_t entry_seq;    /* ENTRY items: log number; 0: `body` is given */
    struct jb_bytes entry; /* ENTRY items: the encoded entry (not stored again) */
    int act_kind;          /* of the entry; needed only in a tick */
    const struct jb_item *other; /* REFUSAL and LEFT items: number is filled in here; stored */
};
/* Append: numbers it, builds the item's bytes, moves the chain head. *number may be NULL. */
enum jb_err jb_stream_append(struct jb_ledger *l, const struct jb_stream_add *add,
                             uint64_t *number) JB_MUST;
/* Append the whole history of a case (entries up to before_seq, exclusive) for a node that joins.
 * Entries are marked `history`. */
enum jb_err jb_stream_backfill(struct jb_ledger *l, uint32_t node, int64_t case_no,
                               uint64_t before_seq, int64_t at_ms) JB_MUST;
/* Its registration alone, when the case has a sealed part: for a node that may read it from now on
 * and gets the key beside it. */
enum jb_err jb_stream_backfill_register(struct jb_ledger *l, uint32_t node, int64_t case_no,
                                        int64_t at_ms) JB_MUST;
/* Likewise all directory, delegation, policy and calendar entries so far, for a node that has just
 * been enrolled. */
enum jb_err jb_stream_backfill_common(struct jb_ledger *l, uint32_t node, uint64_t before_seq,
                                      int64_t at_ms) JB_MUST;

struct jb_stream_read {
    uint32_t node;
    uint64_t from; /* first number wanted */
    size_t max_items;
    size_t max_bytes; /* of item bodies; at least one item is given if there is one */
};
/* Items ready to be sent, with case keys where the node may have them (REGISTER of a sealed case,
 * node is registrar, host, co-handler or reviewer). Into the arena. `head`: chain head after the
 * last one. Works on a read-only ledger as well. */
enum jb_err jb_stream_read(struct jb_ledger *l, const struct jb_stream_read *want,
                           struct jb_arena *arena, struct jb_frame_item **items, size_t *count,
                           uint8_t head[JB_HASH_BYTES]) JB_MUST;
/* The key of a sealed case, if the tables say that this node may read it now; else empty. */
enum jb_err jb_stream_key(struct jb_ledger *l, uint32_t node, int64_t case_no,
                          struct jb_arena *arena, struct jb_bytes *key) JB_MUST;
/* Chain head after item `number` of a node's stream (0: the start); NOT_FOUND. */
enum jb_err jb_stream_head(struct jb_ledger *l, uint32_t node, uint64_t number,
                           uint8_t head[JB_HASH_BYTES]) JB_MUST;
/* Last number and head of a node's stream, read from disk: for the read-only ledger, whose line
 * states in memory do not follow the writer's. Number 0 and the starting head for an unknown node.
 */
enum jb_err jb_stream_end(struct jb_ledger *l, uint32_t node, uint64_t *number,
                          uint8_t head[JB_HASH_BYTES]) JB_MUST;
/* Duties among the items (after, upto] of a node's stream. */
enum jb_err jb_stream_duties(struct jb_ledger *l, uint32_t node, uint64_t after, uint64_t upto,
                             struct jb_arena *arena, struct jb_stored_items *out) JB_MUST;

#endif
