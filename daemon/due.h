/* What the deadline clock has still to say: the cases of one look at the tables, handed out in
 * pieces in the order of the instants at which they fell.
 *
 * After an outage, or when a holiday ends, thousands fall at once. The tables are asked once for
 * all of them; between two pieces whoever submits something is let through. A case that says more
 * comes back in its place (jb_due_again). What falls after the look is for the next one, when this
 * one is used up: all of it fell later. On the thread of the loop only. */
#ifndef JB_DAEMON_DUE_H
#define JB_DAEMON_DUE_H

#include "proto/ledger/ledger.h"

struct jb_due_list {     /* all zero: empty */
    struct jb_due *heap; /* the earliest first; equal instants in the order of case numbers */
    size_t count, capacity;
    int64_t until_ms;   /* what fell later is for the next look */
    int64_t next_ms;    /* the first instant after the look; INT64_MAX: none */
    uint64_t first_seq; /* entries from here on were decided after the look */
};

/* Cases of whose clocks the rules refused something: looked at again after a while, so that they
 * hold up neither other cases nor the sweeps. */
#define JB_PUT_OFF_MAX 64
struct jb_put_off {
    int64_t case_no; /* 0: free */
    int64_t until_ms;
};

/* Is this case to be left out of a look? */
typedef bool jb_due_skip(const void *ctx, const struct jb_due *due);

/* Ask the tables, which must be up to date, for what fell by now_ms; what `skip` names is left out.
 * `first_seq`: the number that the next entry will get. JB_NOMEM, or errors of the ledger: the list
 * is empty then. */
enum jb_err jb_due_look(struct jb_due_list *d, struct jb_ledger *l, int64_t now_ms,
                        uint64_t first_seq, jb_due_skip *skip, const void *ctx) JB_MUST;
/* Take out the earliest, at most `max` different cases, into `out`; how many. *horizon_ms: what
 * fell after this instant must wait for its turn. */
size_t jb_due_take(struct jb_due_list *d, struct jb_due *out, size_t max, int64_t *horizon_ms);
/* A case has more to say, of `fell_ms`: back in its place. Nothing happens when the list is used up
 * or when it fell after the look: the next look finds it. Without memory the list is dropped, and
 * the next look finds all that was in it. */
void jb_due_again(struct jb_due_list *d, int64_t case_no, int64_t fell_ms);
/* Forget all of it: the next look begins anew. Frees the memory. */
void jb_due_clear(struct jb_due_list *d);

#endif
