/* A tick: what one batch of the broker decided, as it is confirmed.
 *
 * On disk a batch is its entries and one packed row with all the rest: places in streams, states of
 * lines, receipts, refusals. Their own tables follow when the tick is applied (behind.h); until
 * then the tick stands in memory as well, with the bytes of its entries and items and with the
 * cases as they are after it. Once it is committed nothing in it changes but what is said of
 * `may_read` and `applied`. Held by whoever needs it: any thread may drop its hold. */
#ifndef JB_LEDGER_TICK_H
#define JB_LEDGER_TICK_H

#include <stdatomic.h>

#include "proto/ledger/brokerlog.h"

struct jb_tick_entry { /* not in the packed row: the log has it */
    uint64_t seq;
    int64_t case_no;
    int kind;
    struct jb_bytes bytes;
};

struct jb_tick_item { /* one item of a node's stream */
    uint32_t node;
    bool history, duty;
    bool may_read; /* kept by the daemon: the node may have the key of the case */
    int act_kind;  /* of the entry; not in the packed row */
    uint64_t number;
    int64_t at_ms;
    uint64_t entry_seq; /* 0: a refusal, or word that the case was left */
    uint64_t settles;
    int64_t case_no;
    uint8_t head[JB_HASH_BYTES]; /* of the stream after it */
    struct jb_bytes body; /* as sent; unpacked: only where there is no entry to make it from */
};

struct jb_tick_refused {
    struct jb_line_decided decided;
    uint8_t epoch[JB_EPOCH_BYTES];
};

struct jb_tick_case { /* not in the packed row: follows from the entries */
    int64_t case_no;
    struct jb_case *c;
    uint64_t superseded_by; /* the next tick that holds it as well; 0: none */
};

struct jb_tick {
    atomic_int holders;
    atomic_bool applied; /* the tables have all of it */
    struct jb_arena arena;
    uint64_t number;    /* 1, 2, 3 ... */
    uint64_t first_seq; /* of its entries */
    uint64_t seq_count; /* how many there are in the log */
    bool unpacked;      /* read from its row: entries and cases are not here */
    struct jb_tick_entry *entries;
    size_t entry_count;
    struct jb_tick_item *items;
    size_t item_count;
    struct jb_line_state *lines; /* of all nodes that it touched, as they are after it */
    size_t line_count;
    struct jb_receipt *receipts; /* acknowledgements of nodes */
    size_t receipt_count;
    struct jb_receipt *up_receipts; /* signatures over submissions */
    size_t up_receipt_count;
    struct jb_tick_refused *refused;
    size_t refused_count;
    struct jb_tick_case *cases;
    size_t case_count;
};

/* An empty one, held once. NULL: out of memory. */
struct jb_tick *jb_tick_new(void);
void jb_tick_hold(struct jb_tick *t);
/* The last one frees it. NULL is allowed. */
void jb_tick_drop(struct jb_tick **t);

/* Room for one more in the list that stands at *list with *count elements of `bytes`; zeroed, in
 * the tick's arena. NULL: out of memory. Use: jb_tick_more (t, (void **)&t->items, ...). */
void *jb_tick_more(struct jb_tick *t, void *list, size_t *count, size_t bytes);

/* To and from one row. The row ends with a checksum over all before it. Unpacking is bounded;
 * CORRUPT: the fault says what is wrong; NOMEM. `t` is a new one. */
enum jb_err jb_tick_pack(const struct jb_tick *t, struct jb_arena *arena,
                         struct jb_bytes *row) JB_MUST;
enum jb_err jb_tick_unpack(struct jb_bytes row, struct jb_tick *t, struct jb_fault *fault) JB_MUST;

#endif
