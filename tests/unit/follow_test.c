/* What comes over the line while the tables follow is decided at once, on what was confirmed and
 * not on what the tables say just then, and written as soon as the slice is over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "proto/ledger/check.h"
#include "proto/ledger/db.h"
#include "tests/unit/brokerloop.h"

#define CASES 24

static struct looped *looped;
static uv_prepare_t look; /* runs right behind the tick's own, and keeps the loop alive */
static size_t seen_ready;

static void on_look(uv_prepare_t *handle)
{
    const struct jb_broker *b = handle->data;
    seen_ready += b->ready;
}

/* One turn, whose prepare phase begins the tick; then until nothing is under way. */
static void work_off(struct jb_broker *b)
{
    (void)uv_run(b->loop, UV_RUN_NOWAIT);
    while (b->committing)
        (void)uv_run(b->loop, UV_RUN_ONCE);
}

static int follow_setup(void **state)
{
    int rc = looped_setup(state);
    looped = *state;
    struct jb_broker *b = &looped->w->b;
    looped->w->lets_wait = true;
    seen_ready = 0;
    look.data = b;
    assert_int_equal(uv_prepare_init(b->loop, &look), 0);
    assert_int_equal(uv_prepare_start(&look, on_look), 0); /* the one started last runs first */
    assert_int_equal(jb_tick_start(b), JB_OK);
    /* without its timer: a slice begins when the test says so; the first looks of clock and sweep
     * are over */
    for (int i = 0; i < 3; i++) {
        (void)register_case(looped->w);
        work_off(b);
    }
    assert_int_equal(jb_ledger_catch_up(b->ledger), JB_OK);
    return rc;
}

static int follow_teardown(void **state)
{
    struct jb_broker *b = &looped->w->b;
    uv_close((uv_handle_t *)&look, NULL);
    uv_close((uv_handle_t *)&b->tick, NULL);
    uv_close((uv_handle_t *)&b->hold, NULL);
    return looped_teardown(state);
}

static void register_many(struct world *w, int64_t cases[CASES])
{
    for (size_t i = 0; i < CASES; i++)
        cases[i] = register_case(w);
    work_off(&w->b);
}

static void begin_slice(struct jb_broker *b)
{
    assert_true(jb_ledger_behind(b->ledger) >= CASES);
    b->follow.due = true;
    assert_true(jb_follow_begin(b));
    assert_true(b->follow.under_way);
}

static void assert_good(struct jb_broker *b)
{
    struct jb_check check;
    struct jb_fault fault = {""};
    uint8_t before[JB_HASH_BYTES];
    uint8_t after[JB_HASH_BYTES];
    assert_int_equal(jb_ledger_catch_up(b->ledger), JB_OK);
    assert_int_equal(jb_ledger_check(b->ledger, NULL, &check, &fault), JB_OK);
    if (!check.chain_intact || !check.tables_equal)
        fail_msg("%s", fault.text);
    assert_int_equal(jb_ledger_digest(b->ledger, before), JB_OK);
    assert_int_equal(jb_ledger_rebuild(b->ledger, &fault), JB_OK);
    assert_int_equal(jb_ledger_digest(b->ledger, after), JB_OK);
    assert_memory_equal(before, after, sizeof before);
}

static void a_batch_is_decided_while_they_follow(void **state)
{
    struct world *w = ((struct looped *)*state)->w;
    struct jb_broker *b = &w->b;
    int64_t cases[CASES];
    struct jb_case c;
    register_many(w, cases);
    uint64_t commits = b->count.commits;
    for (size_t i = 0; i < CASES; i++)
        assign(w, cases[i], 1, HOUSING);
    begin_slice(b);
    work_off(b);
    assert_true(seen_ready > 0);
    assert_false(b->ready);
    assert_int_equal(b->count.commits, commits + 1);
    assert_int_equal(b->count.refusals, 0); /* no table had the cases when they were decided */
    for (size_t i = 0; i < CASES; i++) {
        assert_int_equal(jb_tail_case(b, cases[i], &w->arena, &c), JB_OK);
        assert_int_equal(c.host, HOUSING);
        assert_int_equal(c.custody, 2);
    }
    /* the same once more, on cases that the tables have and the tail still holds */
    assert_int_equal(jb_ledger_catch_up(b->ledger), JB_OK);
    assert_int_equal(jb_tail_case(b, cases[0], &w->arena, &c), JB_OK);
    for (size_t i = 0; i < c.deadline_count; i++)
        assert_false(c.deadlines[i].dirty);
    for (size_t i = 0; i < CASES; i++)
        assign(w, cases[i], 2, LABOUR);
    work_off(b);
    assert_int_equal(load_case(w, cases[CASES - 1]).host, LABOUR);
    assert_good(b);
}

/* A disk that hangs: whoever asks waits once for a while, and then nobody does. */
static void a_disk_that_hangs_holds_nobody_up_again(void **state)
{
    struct world *w = ((struct looped *)*state)->w;
    struct jb_broker *b = &w->b;
    int64_t cases[CASES];
    register_many(w, cases);
    assert_true(jb_ledger_behind(b->ledger) >= CASES);
    atomic_store(&b->working, true); /* as if the worker were at something that does not end */
    b->commit_started_mono_ms = jb_clock_mono_ms() - JB_FOLLOW_PATIENCE_MS + 100;
    assert_false(jb_follow_stuck(b));
    assert_false(jb_follow_now(b));
    assert_true(jb_follow_stuck(b));
    int64_t before_ms = jb_clock_mono_ms();
    for (int i = 0; i < 1000; i++)
        assert_false(jb_follow_now(b));
    assert_true(jb_clock_mono_ms() - before_ms < JB_FOLLOW_PATIENCE_MS); /* not even once more */
    assert_true(jb_ledger_behind(b->ledger) >= CASES);
    atomic_store(&b->working, false); /* it answers again */
    assert_false(jb_follow_stuck(b));
    assert_true(jb_follow_now(b));
    assert_int_equal(jb_ledger_behind(b->ledger), 0);
    assert_good(b);
}

/* Few items wait for more; and what is not of the line wants tables that are up to date. */
static void few_or_others_wait_for_the_tables(void **state)
{
    struct world *w = ((struct looped *)*state)->w;
    struct jb_broker *b = &w->b;
    struct jb_act act = {.kind = JB_ACT_CHANGE_NODE, .node = LABOUR, .name = jb_text_of("人社局")};
    int64_t cases[CASES];
    register_many(w, cases);
    assign(w, cases[0], 1, HOUSING);
    begin_slice(b);
    work_off(b);
    assert_int_equal(seen_ready, 0);
    assert_int_equal(load_case(w, cases[0]).host, HOUSING);
    register_many(w, cases);
    struct jb_intake_item *item = jb_batch_item(b->fill);
    assert_non_null(item);
    item->source = JB_FROM_ADMIN;
    item->act = &act;
    item->user = jb_text_of("admin:test");
    for (size_t i = 0; i < CASES; i++)
        assign(w, cases[i], 1, HOUSING);
    begin_slice(b);
    work_off(b);
    assert_int_equal(seen_ready, 0);
    assert_int_equal(load_case(w, cases[CASES - 1]).host, HOUSING);
    assert_good(b);
}

/* The slice finds no room: what was decided meanwhile is not written, and comes again. */
static void a_slice_that_fails_takes_what_was_decided_with_it(void **state)
{
    struct world *w = ((struct looped *)*state)->w;
    struct jb_broker *b = &w->b;
    int64_t cases[CASES];
    int64_t pages = 0;
    char sql[64];
    for (size_t i = 0; i < 4; i++)
        register_many(w, cases);
    struct jb_counters before = b->count;
    uint64_t seq = jb_log_last_seq(b->ledger);
    assert_int_equal(jb_db_number(b->ledger, "PRAGMA page_count", &pages), JB_OK);
    (void)snprintf(sql, sizeof sql, "PRAGMA max_page_count = %lld", (long long)pages);
    assert_int_equal(jb_db_exec(b->ledger, sql), JB_OK);
    for (size_t i = 0; i < CASES; i++)
        assign(w, cases[i], 1, HOUSING);
    begin_slice(b);
    work_off(b);
    assert_true(seen_ready > 0);
    assert_true(jb_degraded(b));
    assert_false(b->ready);
    assert_int_equal(b->busy->item_count, 0);
    assert_int_equal(b->count.submissions, before.submissions);
    assert_int_equal(b->count.commits, before.commits);
    assert_int_equal(jb_log_last_seq(b->ledger), seq);
    assert_int_equal(jb_broker_peer(b, OFFICE)->up_taken.number,
                     jb_line_get(b->ledger, OFFICE)->up.number);
    assert_int_equal(jb_db_exec(b->ledger, "PRAGMA max_page_count = 1000000"), JB_OK);
    looped_recover(b);
    w->made[OFFICE] = jb_line_get(b->ledger, OFFICE)->up.number;
    memcpy(w->heads[OFFICE], jb_line_get(b->ledger, OFFICE)->up.head, JB_HASH_BYTES);
    assign(w, cases[0], 1, HOUSING); /* once more, as the agency's outbox would */
    work_off(b);
    assert_int_equal(load_case(w, cases[0]).host, HOUSING);
    assert_good(b);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, follow_setup, follow_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_batch_is_decided_while_they_follow),
        CASE(few_or_others_wait_for_the_tables),
        CASE(a_disk_that_hangs_holds_nobody_up_again),
        CASE(a_slice_that_fails_takes_what_was_decided_with_it),
    };
    return cmocka_run_group_tests_name("follow", tests, NULL, NULL);
}
