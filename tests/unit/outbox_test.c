/* What a node submits: numbered, chained, settled by verdicts in order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/ledger_pair.h"

/* ---- outbox ---- */

static void the_outbox_is_chained_and_settled_in_order(void **state)
{
    struct lw *w = *state;
    struct jb_applied applied;
    struct jb_outbox_item *items;
    size_t count;
    uint8_t expected[JB_HASH_BYTES];
    uint8_t hash[JB_HASH_BYTES];
    uint8_t head[JB_HASH_BYTES];
    struct jb_item refusal = {.kind = JB_ITEM_REFUSAL,
                              .refusal = {.code = 106, .name = jb_text_of("STALE_CUSTODY")}};
    struct lp p = lp_open(w);

    jb_chain_start(JB_SUITE_ED25519, LP_NODE, jb_ledger_epoch(p.replica), expected);
    for (uint64_t i = 1; i <= 3; i++) {
        struct jb_outbox_item item = lp_submit(w, p.replica, lw_case_no((int64_t)i % 2));
        jb_hash(JB_SUITE_ED25519, item.body.data, item.body.len, hash);
        jb_chain_next(JB_SUITE_ED25519, expected, hash, expected);
        assert_int_equal(item.number, i);
        assert_memory_equal(item.head, expected, sizeof expected);
        assert_int_equal(jb_outbox_head(p.replica, i, head), JB_OK);
        assert_memory_equal(head, expected, sizeof expected);
    }
    assert_int_equal(jb_outbox_made(p.replica).number, 3);
    assert_int_equal(jb_outbox_settled(p.replica).number, 0);
    assert_int_equal(jb_outbox_head(p.replica, 4, head), JB_NOT_FOUND);
    assert_int_equal(jb_outbox_read(p.replica, 1, 9, 13, &w->arena, &items, &count), JB_OK);
    assert_int_equal(count, 1); /* 12 bytes each: the second no longer fits */
    assert_int_equal(jb_outbox_of_case(p.replica, lw_case_no(1), &w->arena, &items, &count), JB_OK);
    assert_int_equal(count, 2);
    assert_int_equal(items[1].number, 3);

    lp_told(w, &p, 0, (struct jb_stream_add){.settles = 1});
    struct jb_stream_add no = {.node = LP_NODE, .at_ms = 9, .settles = 2, .other = &refusal};
    assert_int_equal(jb_ledger_begin(p.broker), JB_OK);
    assert_int_equal(jb_stream_append(p.broker, &no, NULL), JB_OK);
    assert_int_equal(jb_ledger_commit(p.broker), JB_OK);
    lw_deliver(w, p.broker, p.replica);
    assert_int_equal(jb_outbox_settled(p.replica).number, 2);
    assert_int_equal(jb_outbox_head(p.replica, 2, head), JB_OK);
    assert_memory_equal(jb_outbox_settled(p.replica).head, head, sizeof head);
    assert_int_equal(jb_outbox_read(p.replica, 1, 9, SIZE_MAX, &w->arena, &items, &count), JB_OK);
    assert_int_equal(count, 1);
    assert_int_equal(items[0].number, 3);
    assert_int_equal(items[0].body.len, 12);
    assert_int_equal(jb_outbox_verdict(p.replica, 1, &w->arena, &applied), JB_OK);
    assert_int_equal(applied.entry.act.kind, JB_ACT_REGISTER);
    assert_int_equal(jb_outbox_verdict(p.replica, 2, &w->arena, &applied), JB_OK);
    assert_int_equal(applied.item.refusal.code, 106);
    assert_int_equal(jb_outbox_verdict(p.replica, 3, &w->arena, &applied), JB_NOT_FOUND);
    lw_close(&p.replica);
    p.replica = lw_open(w, "r.db", JB_LEDGER_REPLICA);
    assert_int_equal(jb_outbox_made(p.replica).number, 3);
    assert_memory_equal(jb_outbox_made(p.replica).head, expected, sizeof expected);
    assert_int_equal(jb_outbox_settled(p.replica).number, 2);
    assert_memory_equal(jb_outbox_settled(p.replica).head, head, sizeof head);
    lp_close(&p);
}

static void verdicts_out_of_order_are_a_divergence(void **state)
{
    static const uint64_t wrong[] = {2, 3, 9};
    struct lw *w = *state;
    struct jb_applied applied;

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char broker[] = "b0.db";
        char replica[] = "r0.db";
        broker[1] = replica[1] = (char)('0' + i);
        struct lp p = {.broker = lw_open(w, broker, JB_LEDGER_BROKER)};
        p.replica = lw_replica(w, replica, p.broker, LP_NODE);
        (void)lp_submit(w, p.replica, 0);
        (void)lp_submit(w, p.replica, 0);
        lp_told(w, &p, 0, (struct jb_stream_add){.settles = wrong[i]});
        assert_int_equal(lp_take(w, &p, 1, &applied), JB_DIVERGED);
        assert_int_equal(jb_outbox_settled(p.replica).number, 0);
        lp_close(&p);
    }
}

/* A node whose file was lost starts a new one: verdicts on what the old one sent settle nothing. */
static void verdicts_on_an_earlier_files_submissions_settle_nothing(void **state)
{
    struct lw *w = *state;
    struct jb_applied applied;
    struct lp p = lp_open(w);

    lp_told(w, &p, 0, (struct jb_stream_add){.settles = 1});
    lp_told(w, &p, 1, (struct jb_stream_add){.settles = 2});
    assert_int_equal(jb_ledger_begin(p.replica), JB_OK);
    assert_int_equal(jb_replica_settles_after(p.replica, 2), JB_OK);
    assert_int_equal(jb_ledger_commit(p.replica), JB_OK);
    (void)lp_submit(w, p.replica, lw_case_no(0));
    lw_close(&p.replica);
    p.replica = lw_open(w, "r.db", JB_LEDGER_REPLICA);
    lp_told(w, &p, 2, (struct jb_stream_add){.settles = 1});
    assert_int_equal(lp_take(w, &p, 1, &applied), JB_OK);
    assert_int_equal(lp_take(w, &p, 2, &applied), JB_OK);
    assert_int_equal(jb_outbox_settled(p.replica).number, 0);
    assert_int_equal(lp_take(w, &p, 3, &applied), JB_OK);
    assert_int_equal(jb_outbox_settled(p.replica).number, 1);
    assert_int_equal(jb_outbox_verdict(p.replica, 1, &w->arena, &applied), JB_OK);
    assert_int_equal(applied.item.number, 3);
    lp_close(&p);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, lw_setup, lw_teardown)
    const struct CMUnitTest tests[] = {
        T(the_outbox_is_chained_and_settled_in_order),
        T(verdicts_out_of_order_are_a_divergence),
        T(verdicts_on_an_earlier_files_submissions_settle_nothing),
    };
#undef T

    return cmocka_run_group_tests_name("outbox", tests, NULL, NULL);
}
