/* Cases that stay in memory while a replica takes many items: the tables end as they do when each
 * item is taken by itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/ledger/db.h"
#include "proto/ledger/replica.h"
#include "tests/unit/ledger_pair.h"

static int64_t count_of(struct jb_ledger *l, const char *sql)
{
    int64_t n = -1;

    assert_int_equal(jb_db_number(l, sql, &n), JB_OK);
    return n;
}

static void take_one_by_one(struct lw *w, struct lp *p)
{
    struct jb_applied applied;
    uint64_t last = jb_line_get(p->broker, LP_NODE)->down.number;

    for (uint64_t n = jb_replica_down(p->replica).number + 1; n <= last; n++)
        if (lp_take(w, p, n, &applied) != JB_OK)
            fail_msg("%s", w->fault.text);
}

static void assert_equal(struct jb_ledger *left, struct jb_ledger *right)
{
    char *a = lw_dump(left);
    char *b = lw_dump(right);

    assert_string_equal(a, b);
    free(a);
    free(b);
}

/* Some of them leave, and some of these come back with their history. */
static void they_end_as_one_by_one(void **state)
{
    struct lw *w = *state;
    struct lp p = lp_open(w);
    struct lp other = {p.broker, lw_replica(w, "other.db", p.broker, LP_NODE)};

    for (int round = 0; round < 4; round++) {
        assert_int_equal(jb_ledger_begin(p.broker), JB_OK);
        for (size_t i = 0; i < 70; i++) {
            struct jb_entry e = lw_random_entry(w, p.broker);
            (void)lw_log_to(w, p.broker, &e, (struct jb_stream_add){.node = LP_NODE});
        }
        assert_int_equal(jb_ledger_commit(p.broker), JB_OK);
        if (round == 2) { /* and back again, in the same delivery */
            for (int64_t i = 0; i < 8; i++)
                lp_told_left(w, &p, i, 0);
            assert_int_equal(jb_ledger_begin(p.broker), JB_OK);
            for (int64_t i = 0; i < 8; i++)
                assert_int_equal(
                    jb_stream_backfill(p.broker, LP_NODE, lw_case_no(i), UINT32_MAX, w->now_ms),
                    JB_OK);
            assert_int_equal(jb_ledger_commit(p.broker), JB_OK);
        }
        lw_deliver(w, p.broker, p.replica);
        take_one_by_one(w, &other);
        assert_equal(p.replica, other.replica);
    }
    assert_true(count_of(p.replica, "SELECT count(*) FROM case_file") > 10);
    lw_close(&other.replica);
    lp_close(&p);
}

static void take(struct lw *w, struct lp *p, uint64_t first, size_t count)
{
    struct jb_frame_item *items;
    uint8_t head[JB_HASH_BYTES];
    struct jb_applied applied;
    size_t found;
    struct jb_stream_read want = {
        .node = LP_NODE, .from = first, .max_items = count, .max_bytes = SIZE_MAX};

    assert_int_equal(jb_stream_read(p->broker, &want, &w->arena, &items, &found, head), JB_OK);
    assert_int_equal(found, count);
    for (size_t i = 0; i < count; i++)
        if (jb_replica_take(p->replica, &items[i], &w->arena, &applied, &w->fault) != JB_OK)
            fail_msg("%s", w->fault.text);
}

static void register_some(struct lw *w, struct lp *p, int64_t count, const char *title)
{
    assert_int_equal(jb_ledger_begin(p->broker), JB_OK);
    for (int64_t i = 0; i < count; i++) {
        struct jb_entry e = lw_register(w, p->broker, lw_case_no(i), title);
        (void)lw_log_to(w, p->broker, &e, (struct jb_stream_add){.node = LP_NODE});
    }
    assert_int_equal(jb_ledger_commit(p->broker), JB_OK);
}

static void a_case_is_seen_while_it_is_held(void **state)
{
    struct lw *w = *state;
    struct jb_case c;
    struct lp p = lp_open(w);

    register_some(w, &p, 100, "供暖");
    assert_int_equal(jb_ledger_begin(p.replica), JB_OK);
    jb_replica_hold(p.replica);
    take(w, &p, 1, 100);
    assert_int_equal(count_of(p.replica, "SELECT count(*) FROM case_file"), 0);
    for (int64_t i = 0; i < 100; i++) {
        assert_int_equal(jb_ledger_case_load(p.replica, lw_case_no(i), &w->arena, &c), JB_OK);
        assert_int_equal(c.stage, JB_STAGE_REGISTERED);
        assert_int_equal(c.case_no, lw_case_no(i));
    }
    c.participants[0].node = 99; /* the reader's own copy */
    assert_int_equal(jb_ledger_case_load(p.replica, lw_case_no(99), &w->arena, &c), JB_OK);
    assert_int_not_equal(c.participants[0].node, 99);
    assert_int_equal(jb_ledger_commit(p.replica), JB_OK);
    assert_int_equal(count_of(p.replica, "SELECT count(*) FROM case_file"), 100);
    lp_close(&p);
}

static void what_a_failed_transaction_held_is_gone(void **state)
{
    struct lw *w = *state;
    struct jb_case c;
    struct lp p = lp_open(w);

    register_some(w, &p, 20, "供暖");
    char *before = lw_dump(p.replica);
    assert_int_equal(jb_ledger_begin(p.replica), JB_OK);
    jb_replica_hold(p.replica);
    take(w, &p, 1, 20);
    jb_ledger_rollback(p.replica);
    char *after = lw_dump(p.replica);
    assert_string_equal(before, after);
    free(before);
    free(after);
    assert_int_equal(jb_ledger_case_load(p.replica, lw_case_no(3), &w->arena, &c), JB_OK);
    assert_int_equal(c.stage, JB_STAGE_NONE);
    /* nothing is held that nobody asked for */
    assert_int_equal(jb_ledger_begin(p.replica), JB_OK);
    take(w, &p, 1, 1);
    assert_int_equal(count_of(p.replica, "SELECT count(*) FROM case_file"), 1);
    assert_int_equal(jb_ledger_commit(p.replica), JB_OK);
    lp_close(&p);
}

/* Whatever place it had among the others. */
static void a_case_that_leaves_is_not_written(void **state)
{
    struct lw *w = *state;
    struct jb_case c;
    struct lp p = lp_open(w);

    register_some(w, &p, 60, "供暖");
    for (int64_t i = 0; i < 60; i += 3)
        lp_told_left(w, &p, i, 0);
    assert_int_equal(jb_ledger_begin(p.replica), JB_OK);
    jb_replica_hold(p.replica);
    take(w, &p, 1, 80);
    for (int64_t i = 0; i < 60; i++) {
        assert_int_equal(jb_ledger_case_load(p.replica, lw_case_no(i), &w->arena, &c), JB_OK);
        assert_int_equal(c.stage, i % 3 == 0 ? JB_STAGE_NONE : JB_STAGE_REGISTERED);
    }
    assert_int_equal(jb_ledger_commit(p.replica), JB_OK);
    assert_int_equal(count_of(p.replica, "SELECT count(*) FROM case_file"), 40);
    assert_int_equal(count_of(p.replica, "SELECT count(*) FROM left_case"), 20);
    lp_close(&p);
}

/* As if the cases so far were long ones. */
static void much_that_is_held_goes_to_the_tables_before_the_end(void **state)
{
    struct lw *w = *state;
    struct lp p = lp_open(w);
    struct lp other = {p.broker, lw_replica(w, "other.db", p.broker, LP_NODE)};

    register_some(w, &p, 60, "供暖");
    assert_int_equal(jb_ledger_begin(p.replica), JB_OK);
    jb_replica_hold(p.replica);
    take(w, &p, 1, 30);
    assert_int_equal(count_of(p.replica, "SELECT count(*) FROM case_file"), 0);
    assert_non_null(jb_arena_alloc(&p.replica->cases, (size_t)7 * 1024 * 1024));
    take(w, &p, 31, 1);
    assert_int_equal(count_of(p.replica, "SELECT count(*) FROM case_file"), 31);
    take(w, &p, 32, 29);
    assert_int_equal(count_of(p.replica, "SELECT count(*) FROM case_file"), 31);
    assert_int_equal(jb_ledger_commit(p.replica), JB_OK);
    take_one_by_one(w, &other);
    assert_equal(p.replica, other.replica);
    lw_close(&other.replica);
    lp_close(&p);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, lw_setup, lw_teardown)
    const struct CMUnitTest tests[] = {
        T(they_end_as_one_by_one),
        T(a_case_is_seen_while_it_is_held),
        T(what_a_failed_transaction_held_is_gone),
        T(a_case_that_leaves_is_not_written),
        T(much_that_is_held_goes_to_the_tables_before_the_end),
    };
#undef T
    return cmocka_run_group_tests_name("held", tests, NULL, NULL);
}
