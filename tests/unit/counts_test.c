/* What a replica counts along with its cases is what a plain count gives: through random histories,
 * clocks that go back, rollbacks, rebuilds, cases that are left, and files that lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/ledger_world.h"
#include "tests/unit/rounds.h"

#define NODE 12
#define DAY INT64_C(86400000)

struct kept { /* a broker, its replica, and how much of it the replica has */
    struct lw *w;
    struct jb_ledger *broker, *replica;
    size_t compared, red, yellow, objections;
};

static struct kept kept_open(struct lw *w)
{
    struct kept k = {.w = w, .broker = lw_open(w, "b.db", JB_LEDGER_BROKER)};
    k.replica = lw_replica(w, "r.db", k.broker, NODE);
    return k;
}

static void kept_close(struct kept *k)
{
    lw_close(&k->replica);
    lw_close(&k->broker);
}

/* Who only reads does not keep them: counts all. */
static void same_as_counted(struct kept *k, int64_t now_ms)
{
    struct jb_ledger_options options = {.role = JB_LEDGER_REPLICA, .read_only = true};
    struct jb_ledger *reader = NULL;
    struct jb_totals kept = {0};
    struct jb_totals counted = {0};

    assert_int_equal(jb_ledger_open(lw_path(k->w, "r.db"), &options, &reader, &k->w->fault), JB_OK);
    assert_int_equal(jb_query_totals(reader, now_ms, &counted), JB_OK);
    assert_false(reader->heads.counts.known);
    lw_close(&reader);
    assert_int_equal(jb_query_lights(k->replica, now_ms, &kept), JB_OK);
    assert_true(k->replica->heads.counts.known);
    assert_int_equal(kept.cases, counted.cases);
    assert_int_equal(kept.open_cases, counted.open_cases);
    assert_int_equal(kept.objections, counted.objections);
    assert_int_equal(kept.red, counted.red);
    assert_int_equal(kept.yellow, counted.yellow);
    k->compared++;
    k->red += counted.red > 0;
    k->yellow += counted.yellow > 0;
    k->objections += counted.objections > 0;
}

/* Some entries. */
static void goes_on(struct kept *k, size_t entries)
{
    struct lw *w = k->w;

    jb_arena_reset(&w->arena);
    assert_int_equal(jb_ledger_begin(k->broker), JB_OK);
    for (size_t i = 0; i < entries; i++) {
        struct jb_entry entry = lw_random_entry(w, k->broker);
        (void)lw_log_to(w, k->broker, &entry, (struct jb_stream_add){.node = NODE});
        w->now_ms += (int64_t)lw_random(w, DAY / 8);
    }
    assert_int_equal(jb_ledger_commit(k->broker), JB_OK);
}

/* The replica leaves a case; `back`: and joins it again. */
static void leaves(struct kept *k, int64_t case_no, bool back)
{
    struct jb_item left = {
        .kind = JB_ITEM_LEFT, .left_reason = {"recused", 7}, .left_case_no = case_no};
    struct jb_stream_add to = {
        .node = NODE, .at_ms = k->w->now_ms, .case_no = case_no, .other = &left};

    assert_int_equal(jb_ledger_begin(k->broker), JB_OK);
    assert_int_equal(jb_stream_append(k->broker, &to, NULL), JB_OK);
    if (back)
        assert_int_equal(jb_stream_backfill(k->broker, NODE, case_no,
                                            jb_log_last_seq(k->broker) + 1, k->w->now_ms),
                         JB_OK);
    assert_int_equal(jb_ledger_commit(k->broker), JB_OK);
}

static void again(struct kept *k)
{
    lw_close(&k->replica);
    k->replica = lw_open(k->w, "r.db", JB_LEDGER_REPLICA);
}

static void a_walk_keeps_what_a_plain_count_gives(void **state)
{
    struct kept k = kept_open(*state);

    for (size_t turn = 0; turn < rounds_of(150, 1); turn++) {
        goes_on(&k, 1 + lw_random(k.w, 6));
        if (turn % 7 == 3)
            leaves(&k, lw_case_no((int64_t)lw_random(k.w, (uint64_t)k.w->cases)), true);
        lw_deliver(k.w, k.broker, k.replica);
        if (turn % 11 == 5)
            again(&k);
        if (turn % 37 == 20)
            assert_int_equal(jb_ledger_rebuild(k.replica, &k.w->fault), JB_OK);
        if (turn % 3 != 0) /* to and fro; changes in between count at the instant last asked for */
            same_as_counted(&k,
                            k.w->now_ms + (int64_t)lw_random(k.w, (uint64_t)(40 * DAY)) - 10 * DAY);
    }
    for (int64_t i = 0; i < k.w->cases; i++) {
        leaves(&k, lw_case_no(i), false);
        lw_deliver(k.w, k.broker, k.replica);
        same_as_counted(&k, k.w->now_ms + i * DAY);
    }
    assert_int_equal(k.replica->heads.counts.cases, 0);
    assert_true(k.compared >= rounds_of(100, 1));
    assert_true(k.red > rounds_of(20, 1) && k.yellow > rounds_of(20, 1) &&
                k.objections > rounds_of(20, 1));
    kept_close(&k);
}

/* Nothing was counted for it: the numbers came with the file. */
static void a_restart_does_not_count(void **state)
{
    struct kept k = kept_open(*state);

    goes_on(&k, 60);
    lw_deliver(k.w, k.broker, k.replica);
    same_as_counted(&k, k.w->now_ms + 13 * DAY);
    again(&k);
    assert_true(k.replica->heads.counts.known);
    same_as_counted(&k, k.w->now_ms + 14 * DAY);
    kept_close(&k);
}

static void a_rollback_takes_them_back(void **state)
{
    struct kept k = kept_open(*state);
    struct lw *w = k.w;

    goes_on(&k, 60);
    lw_deliver(w, k.broker, k.replica);
    same_as_counted(&k, w->now_ms);
    struct jb_counts before = k.replica->heads.counts;
    assert_int_equal(jb_ledger_begin(k.replica), JB_OK);
    for (int64_t i = 0; i < w->cases; i++)
        assert_int_equal(jb_ledger_case_purge(k.replica, lw_case_no(i)), JB_OK);
    assert_int_equal(k.replica->heads.counts.cases, 0);
    assert_int_equal(k.replica->heads.counts.red, 0);
    assert_int_equal(k.replica->heads.counts.warned, 0);
    jb_ledger_rollback(k.replica);
    assert_true(before.cases > 0);
    assert_int_equal(k.replica->heads.counts.cases, before.cases);
    same_as_counted(&k, w->now_ms);
    kept_close(&k);
}

/* Files of software that does not keep them: none there, or some that stand after another item. */
static void what_others_left_is_counted_again(void **state)
{
    struct kept k = kept_open(*state);

    goes_on(&k, 60);
    lw_deliver(k.w, k.broker, k.replica);
    lw_close(&k.replica);
    lw_sql(k.w, "r.db", "DELETE FROM meta WHERE key = '.counts'");
    k.replica = lw_open(k.w, "r.db", JB_LEDGER_REPLICA);
    assert_false(k.replica->heads.counts.known);
    same_as_counted(&k, k.w->now_ms);

    goes_on(&k, 30);
    lw_deliver(k.w, k.broker, k.replica);
    same_as_counted(&k, k.w->now_ms);
    lw_close(&k.replica);
    lw_sql(
        k.w, "r.db",
        "UPDATE meta SET value = CAST(substr(value, 1, 55) || x'01' || substr(value, 57) AS BLOB)"
        " WHERE key = '.counts'");
    k.replica = lw_open(k.w, "r.db", JB_LEDGER_REPLICA);
    assert_false(k.replica->heads.counts.known);
    same_as_counted(&k, k.w->now_ms);
    kept_close(&k);
}

/* Numbers that nobody can have counted, in a file that was damaged. */
static void what_cannot_be_is_counted_again(void **state)
{
    struct kept k = kept_open(*state);

    goes_on(&k, 60);
    lw_deliver(k.w, k.broker, k.replica);
    same_as_counted(&k, k.w->now_ms);
    for (int number = 1; number <= 5; number++) { /* cases, open, objections, red, warned */
        char sql[200];
        (void)snprintf(sql, sizeof sql,
                       "UPDATE meta SET value = CAST(substr(value, 1, %d) || x'c3c3c3c3c3c3c3c3'"
                       " || substr(value, %d) AS BLOB) WHERE key = '.counts'",
                       8 * number, 8 * number + 9);
        lw_close(&k.replica);
        lw_sql(k.w, "r.db", sql);
        k.replica = lw_open(k.w, "r.db", JB_LEDGER_REPLICA);
        assert_false(k.replica->heads.counts.known);
        same_as_counted(&k, k.w->now_ms + number);
        goes_on(&k, 1);
        lw_deliver(k.w, k.broker, k.replica); /* stored again */
    }
    kept_close(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_walk_keeps_what_a_plain_count_gives, lw_setup,
                                        lw_teardown),
        cmocka_unit_test_setup_teardown(a_restart_does_not_count, lw_setup, lw_teardown),
        cmocka_unit_test_setup_teardown(a_rollback_takes_them_back, lw_setup, lw_teardown),
        cmocka_unit_test_setup_teardown(what_others_left_is_counted_again, lw_setup, lw_teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_is_counted_again, lw_setup, lw_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
