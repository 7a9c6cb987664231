/* A broker's ledger and the replica of one node, for the tests of what travels between them. */
#ifndef JB_TESTS_LEDGER_PAIR_H
#define JB_TESTS_LEDGER_PAIR_H

#include "tests/unit/ledger_world.h"

#define LP_NODE 12

struct lp {
    struct jb_ledger *broker, *replica;
};

struct lp lp_open(struct lw *w);
void lp_close(struct lp *p);
/* A registration that LP_NODE is told. */
void lp_told(struct lw *w, struct lp *p, int64_t index, struct jb_stream_add to);
/* It leaves the case. */
void lp_told_left(struct lw *w, struct lp *p, int64_t index, uint64_t settles);
/* Twelve bytes into the outbox. */
struct jb_outbox_item lp_submit(struct lw *w, struct jb_ledger *l, int64_t case_no);
/* One item of the broker's stream, given to the replica in a transaction of its own. */
enum jb_err lp_take(struct lw *w, struct lp *p, uint64_t number, struct jb_applied *applied);

#endif
