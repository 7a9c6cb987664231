/* What the rules refuse of the clock's own acts, and looks that find nothing to do: neither holds
 * up what is due elsewhere, and the clock goes on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/brokerworld.h"

#define HOUR INT64_C(3600000)

static uint32_t next_id(struct world *w, int64_t no)
{
    struct jb_case c = load_case(w, no);
    return c.deadlines[c.deadline_count - 1].id + 1;
}

static struct jb_effect clock_set(uint32_t id, const char *key, uint32_t node, int64_t due_ms)
{
    return (struct jb_effect){.kind = JB_EFFECT_DEADLINE_SET,
                              .deadline_id = id,
                              .key = jb_text_of(key),
                              .node = node,
                              .limit = 1,
                              .trigger_ms = due_ms - DAY_MS,
                              .due_ms = due_ms};
}

/* A case with a clock whose act the rules refuse: of two hand-overs to be delivered they know the
 * first. */
static int64_t stuck_case(struct world *w, int64_t due_ms)
{
    int64_t no = register_case(w);
    run_tick(w);
    next_tick(w);
    const struct jb_effect set[] = {
        clock_set(next_id(w, no), "deliver", OFFICE, due_ms),
        clock_set(next_id(w, no) + 1, "deliver", OFFICE, due_ms),
    };
    accept_effects(w, no, set, 2);
    return no;
}

/* More of them than one look takes, all before the others. */
static void what_is_refused_holds_up_nobody(void **state)
{
    struct world *w = *state;
    int64_t stuck[12];
    int64_t due_ms = w->now_ms + HOUR;
    for (size_t i = 0; i < 12; i++)
        stuck[i] = stuck_case(w, due_ms);
    int64_t good = register_case(w);
    run_tick(w);
    next_tick(w);
    const struct jb_effect mine = clock_set(next_id(w, stuck[0]), "plan", OFFICE, due_ms + HOUR);
    accept_effects(w, stuck[0], &mine, 1);
    w->now_ms += 30 * DAY_MS;
    for (int i = 0; i < 40; i++) {
        int64_t next_ms = 0;
        size_t count = 0;
        assert_int_equal(jb_clockwork_queue(&w->b, w->now_ms, 4, &count, &next_ms), JB_OK);
        run_tick(w);
        next_tick(w);
        if (i == 39)
            assert_int_equal(count, 0); /* not asked again and again */
    }
    struct jb_case c = load_case(w, good);
    assert_non_null(jb_case_open_deadline(&c, "sort"));
    assert_int_not_equal(jb_case_open_deadline(&c, "sort")->missed_ms, 0);
    c = load_case(w, stuck[0]);
    assert_int_not_equal(jb_case_open_deadline(&c, "sort")->missed_ms, 0);
    assert_int_not_equal(jb_case_open_deadline(&c, "plan")->missed_ms, 0);
    /* after a while it is tried again */
    w->now_ms += HOUR;
    int64_t next_ms = 0;
    size_t count = 0;
    assert_int_equal(jb_clockwork_queue(&w->b, w->now_ms, 4, &count, &next_ms), JB_OK);
    assert_true(count > 0);
    run_tick(w);
    next_tick(w);
}

static void nothing(uv_timer_t *timer)
{
    (void)timer;
}

/* Provisional dates that no calendar moves: pieces of the sweep without an entry. */
static void a_sweep_that_finds_nothing_leaves_the_clock_running(void **state)
{
    struct world *w = *state;
    uv_loop_t loop;
    uv_timer_t others; /* what else a broker's loop wakes for */
    w->now_ms += 36 * DAY_MS;
    for (size_t i = 0; i < 60; i++) {
        assign(w, register_case(w), 1, HOUSING);
        run_tick(w);
        next_tick(w);
    }
    uint64_t before = jb_log_last_seq(w->b.ledger);
    jb_batch_init(&w->b.batches[1]);
    w->b.busy = &w->b.batches[1];
    w->b.loop = &loop;
    w->b.look_ms = 1;
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(uv_timer_init(&loop, &others), 0);
    assert_int_equal(uv_timer_start(&others, nothing, 10, 10), 0);
    assert_int_equal(jb_tick_start(&w->b), JB_OK);
    assert_int_equal(jb_clockwork_start(&w->b), JB_OK);
    for (int i = 0; i < 100; i++)
        (void)uv_run(&loop, UV_RUN_ONCE);
    assert_false(jb_sweep_running(&w->b));
    assert_int_equal(jb_log_last_seq(w->b.ledger), before);
    w->now_ms += 30 * DAY_MS;
    for (int i = 0; i < 300 && w->b.count.missed < 60; i++)
        (void)uv_run(&loop, UV_RUN_ONCE);
    assert_true(w->b.count.missed >= 60);
    w->b.stopping = true;
    uv_close((uv_handle_t *)&others, NULL);
    uv_close((uv_handle_t *)&w->b.clock_timer, NULL);
    uv_close((uv_handle_t *)&w->b.tick, NULL);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    jb_batch_fini(&w->b.batches[0]);
    w->b.batches[0] = w->b.batches[1];
    w->b.fill = &w->b.batches[0];
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        T(what_is_refused_holds_up_nobody),
        T(a_sweep_that_finds_nothing_leaves_the_clock_running),
    };
#undef T
    return cmocka_run_group_tests_name("broker_stuck", tests, NULL, NULL);
}
