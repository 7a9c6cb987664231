/* The key of a case comes beside its entries, outside of what is chained and signed: what a replica
 * keeps of that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "proto/wire/seal.h"
#include "tests/unit/ledger_pair.h"

/* Under `key`, as far as a ledger can see. */
static void seal_under(struct jb_entry *e, const uint8_t key[JB_KEY_BYTES], uint8_t out[64])
{
    memset(out, 7, 64);
    jb_seal_key_id(key, out);
    e->act.sealed = (struct jb_bytes){out, 64};
}

static bool key_is(struct jb_ledger *l, int64_t case_no, const uint8_t want[JB_KEY_BYTES])
{
    uint8_t got[JB_KEY_BYTES];
    return jb_ledger_case_key_get(l, case_no, got) == JB_OK && memcmp(got, want, sizeof got) == 0;
}

/* The next item, with this key beside it, whatever the broker would send. */
static bool fits(struct lw *w, struct lp *p, const uint8_t key[JB_KEY_BYTES])
{
    struct jb_frame_item *items;
    size_t count;
    uint8_t head[JB_HASH_BYTES];
    struct jb_applied applied;
    struct jb_stream_read want = {.node = LP_NODE,
                                  .from = jb_replica_down(p->replica).number + 1,
                                  .max_items = 1,
                                  .max_bytes = 1};

    assert_int_equal(jb_stream_read(p->broker, &want, &w->arena, &items, &count, head), JB_OK);
    assert_int_equal(count, 1);
    items[0].case_key = (struct jb_bytes){key, JB_KEY_BYTES};
    assert_int_equal(jb_ledger_begin(p->replica), JB_OK);
    assert_int_equal(jb_replica_take(p->replica, &items[0], &w->arena, &applied, &w->fault), JB_OK);
    assert_int_equal(jb_ledger_commit(p->replica), JB_OK);
    bool unfit = false;
    assert_int_equal(jb_replica_key_unfit(p->replica, applied.case_no, &unfit), JB_OK);
    assert_int_equal(unfit, applied.key_unfit); /* kept, and gone with the next that fits */
    return !applied.key_unfit;
}

/* Registered, and twice more told as history. */
static void told_three_times(struct lw *w, struct lp *p, struct jb_entry *e)
{
    const uint8_t some[JB_KEY_BYTES] = {9}; /* who has no key is told nothing again */

    assert_int_equal(jb_ledger_begin(p->broker), JB_OK);
    (void)lw_log_to(w, p->broker, e, (struct jb_stream_add){.node = LP_NODE});
    assert_int_equal(jb_ledger_case_key_put(p->broker, e->act.case_no, some), JB_OK);
    for (int i = 0; i < 2; i++)
        assert_int_equal(jb_stream_backfill_register(p->broker, LP_NODE, e->act.case_no, e->at_ms),
                         JB_OK);
    assert_int_equal(jb_ledger_commit(p->broker), JB_OK);
}

/* A key that somebody put into the broker's table: the stream goes on, the key is not kept, and one
 * that is here already is not lost. */
static void a_key_that_does_not_fit_is_not_kept(void **state)
{
    struct lw *w = *state;
    const uint8_t right[JB_KEY_BYTES] = {1};
    const uint8_t wrong[JB_KEY_BYTES] = {2};
    uint8_t sealed[64];
    uint8_t back[JB_KEY_BYTES];
    struct lp p = lp_open(w);
    struct jb_entry e = lw_register(w, p.broker, lw_case_no(0), "供暖");

    seal_under(&e, right, sealed);
    told_three_times(w, &p, &e);
    assert_false(fits(w, &p, wrong));
    assert_int_equal(jb_ledger_case_key_get(p.replica, lw_case_no(0), back), JB_NOT_FOUND);
    assert_true(fits(w, &p, right));
    assert_false(fits(w, &p, wrong));
    assert_true(key_is(p.replica, lw_case_no(0), right));
    lp_close(&p);
}

/* A case that got its key with an attachment: nothing in its register tells which. */
static void a_key_that_is_here_is_not_replaced_by_one_that_proves_nothing(void **state)
{
    struct lw *w = *state;
    const uint8_t first[JB_KEY_BYTES] = {1};
    const uint8_t other[JB_KEY_BYTES] = {2};
    struct lp p = lp_open(w);
    struct jb_entry e = lw_register(w, p.broker, lw_case_no(0), "供暖");

    told_three_times(w, &p, &e);
    assert_true(fits(w, &p, first));
    assert_false(fits(w, &p, other));
    assert_true(fits(w, &p, first));
    assert_true(key_is(p.replica, lw_case_no(0), first));
    lp_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_key_that_does_not_fit_is_not_kept, lw_setup, lw_teardown),
        cmocka_unit_test_setup_teardown(
            a_key_that_is_here_is_not_replaced_by_one_that_proves_nothing, lw_setup, lw_teardown),
    };
    return cmocka_run_group_tests_name("casekey", tests, NULL, NULL);
}
