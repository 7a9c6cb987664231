/* The tail: what was confirmed last, in memory, for the loop thread.
 *
 * A tick (proto/ledger/tick.h) stands here from its commit until its tables have it, and then as
 * long as there is room: new items are sent, and acknowledgements checked, without a look at the
 * disk. What is not here any more is in the tables. Filled and emptied on the loop thread while the
 * worker does not have the ledger; read on the loop thread at any time. */
#ifndef JB_DAEMON_TAIL_H
#define JB_DAEMON_TAIL_H

#include "proto/ledger/tick.h"

struct jb_broker;

struct jb_tail_link { /* one item of a node's stream */
    struct jb_tick *tick;
    struct jb_tick_item *item;
    struct jb_tail_link *next; /* of this node */
};

struct jb_tail_case { /* a case as it is after a tick */
    const struct jb_tick *tick;
    const struct jb_case *c;
    struct jb_tail_case *older; /* in the same bucket, the newest first */
};

struct jb_tail_block {    /* one tick */
    struct jb_tick *tick; /* held */
    struct jb_tail_block *next;
    struct jb_tail_case *cases;  /* one for each of its cases */
    bool has_keys;               /* with one of its items the key of a case travels */
    struct jb_tail_link links[]; /* one for each of its items */
};

struct jb_tail_node {
    struct jb_tail_link *first, *last;
    struct jb_tail_link *sent, *acked, *told; /* where the last look of each kind ended: the next
                                               * one goes on there */
    struct jb_line_state line;                /* as on disk; valid if `known` */
    bool known;
};

#define JB_TAIL_BUCKETS 4096 /* a power of two */

struct jb_tail {
    struct jb_tail_block *first, *last;
    struct jb_tail_block *waiting; /* the first that the tables lacked at the last look */
    size_t bytes;                  /* of all ticks */
    struct jb_tail_node *nodes;
    size_t node_capacity;
    struct jb_tail_case *cases[JB_TAIL_BUCKETS];
};

/* ---- filling ---- */

/* Room for nodes up to `node`. Before a batch is committed: afterwards nothing may fail. */
enum jb_err jb_tail_room(struct jb_tail *t, uint32_t node) JB_MUST;
/* For a tick that is being written; any thread. Holds it. NULL: out of memory. */
struct jb_tail_block *jb_tail_block_new(struct jb_tick *tick);
void jb_tail_block_free(struct jb_tail_block **block);
/* It is on disk. The block is the tail's from now on. */
void jb_tail_publish(struct jb_tail *t, struct jb_tail_block *block);
/* Let go of the oldest ticks that the tables have, until the rest is small. */
void jb_tail_trim(struct jb_tail *t);
/* Everything is in the tables, or memory is read from them again. */
void jb_tail_clear(struct jb_tail *t);
void jb_tail_fini(struct jb_tail *t);
/* Is something here that the tables lack? */
bool jb_tail_waits(const struct jb_tail *t);

/* ---- reading: from here, or from the tables by b->reader ---- */

/* The node's line as it is on disk. NOMEM, or the row cannot be read. */
enum jb_err jb_tail_line(struct jb_broker *b, uint32_t node, struct jb_line_state *out) JB_MUST;
/* As jb_stream_head. */
enum jb_err jb_tail_head(struct jb_broker *b, uint32_t node, uint64_t number,
                         uint8_t head[JB_HASH_BYTES]) JB_MUST;
/* As jb_stream_read; the bytes are good until the loop turns. */
enum jb_err jb_tail_read(struct jb_broker *b, const struct jb_stream_read *want,
                         struct jb_arena *arena, struct jb_frame_item **items, size_t *count,
                         uint8_t head[JB_HASH_BYTES]) JB_MUST;
/* The case as it was confirmed last. As jb_ledger_case_load. */
enum jb_err jb_tail_case(struct jb_broker *b, int64_t case_no, struct jb_arena *arena,
                         struct jb_case *c) JB_MUST;
/* As jb_stream_duties. */
enum jb_err jb_tail_duties(struct jb_broker *b, uint32_t node, uint64_t after, uint64_t upto,
                           struct jb_arena *arena, struct jb_stored_items *out) JB_MUST;

#endif
