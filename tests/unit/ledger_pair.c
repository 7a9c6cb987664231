#include "tests/unit/ledger_pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

struct lp lp_open(struct lw *w)
{
    struct lp p = {.broker = lw_open(w, "b.db", JB_LEDGER_BROKER)};

    p.replica = lw_replica(w, "r.db", p.broker, LP_NODE);
    return p;
}

void lp_close(struct lp *p)
{
    lw_close(&p->replica);
    lw_close(&p->broker);
}

void lp_told(struct lw *w, struct lp *p, int64_t index, struct jb_stream_add to)
{
    to.node = LP_NODE;
    assert_int_equal(jb_ledger_begin(p->broker), JB_OK);
    struct jb_entry e = lw_register(w, p->broker, lw_case_no(index), "供暖");
    (void)lw_log_to(w, p->broker, &e, to);
    assert_int_equal(jb_ledger_commit(p->broker), JB_OK);
}

void lp_told_left(struct lw *w, struct lp *p, int64_t index, uint64_t settles)
{
    struct jb_item left = {.kind = JB_ITEM_LEFT,
                           .left_case_no = lw_case_no(index),
                           .left_reason = jb_text_of("recused")};
    struct jb_stream_add to = {.node = LP_NODE,
                               .at_ms = w->now_ms,
                               .settles = settles,
                               .case_no = lw_case_no(index),
                               .other = &left};

    assert_int_equal(jb_ledger_begin(p->broker), JB_OK);
    assert_int_equal(jb_stream_append(p->broker, &to, NULL), JB_OK);
    assert_int_equal(jb_ledger_commit(p->broker), JB_OK);
}

struct jb_outbox_item lp_submit(struct lw *w, struct jb_ledger *l, int64_t case_no)
{
    struct jb_outbox_item item = {.made_at_ms = w->now_ms,
                                  .kind = JB_ACT_NOTE,
                                  .case_no = case_no,
                                  .user = jb_text_of("李强"),
                                  .body = {(const uint8_t *)"a submission", 12}};

    assert_int_equal(jb_ledger_begin(l), JB_OK);
    assert_int_equal(jb_outbox_add(l, &item), JB_OK);
    assert_int_equal(jb_ledger_commit(l), JB_OK);
    return item;
}

enum jb_err lp_take(struct lw *w, struct lp *p, uint64_t number, struct jb_applied *applied)
{
    struct jb_frame_item *items;
    size_t count;
    uint8_t head[JB_HASH_BYTES];
    struct jb_stream_read want = {.node = LP_NODE, .from = number, .max_items = 1, .max_bytes = 1};

    assert_int_equal(jb_stream_read(p->broker, &want, &w->arena, &items, &count, head), JB_OK);
    assert_int_equal(count, 1);
    assert_int_equal(jb_ledger_begin(p->replica), JB_OK);
    enum jb_err err = jb_replica_take(p->replica, &items[0], &w->arena, applied, &w->fault);
    if (err == JB_OK)
        assert_int_equal(jb_ledger_commit(p->replica), JB_OK);
    else
        jb_ledger_rollback(p->replica);
    return err;
}
