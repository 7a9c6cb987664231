/* What the clock has still to say, handed out in pieces: in order, each once, nothing left behind,
 * whatever is decided between two pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/brokerworld.h"

#define HOUR INT64_C(3600000)
#define MANY 300 /* more than a usual look has room for */

static bool nobody(const void *ctx, const struct jb_due *due)
{
    (void)ctx;
    (void)due;
    return false;
}

static bool this_case(const void *ctx, const struct jb_due *due)
{
    return due->case_no == *(const int64_t *)ctx;
}

static void make_cases(struct world *w, int64_t *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        numbers[i] = register_case(w);
        run_tick(w);
        next_tick(w);
        w->now_ms += HOUR;
    }
}

static void look(struct world *w, jb_due_skip *skip, const void *ctx)
{
    assert_int_equal(
        jb_due_look(&w->b.due, w->b.reader, w->now_ms, jb_log_last_seq(w->b.ledger) + 1, skip, ctx),
        JB_OK);
}

static void a_look_of_many_is_handed_out_in_order(void **state)
{
    struct world *w = *state;
    int64_t numbers[MANY];
    struct jb_due piece[7];
    struct jb_due last = {0, 0};
    int64_t horizon_ms = 0;
    size_t taken = 0;
    size_t count;
    make_cases(w, numbers, MANY);
    w->now_ms += 60 * DAY_MS;
    look(w, nobody, NULL);
    assert_int_equal(w->b.due.count, MANY);
    while ((count = jb_due_take(&w->b.due, piece, 7, &horizon_ms)) > 0) {
        for (size_t i = 0; i < count; i++) {
            assert_true(piece[i].fell_ms >= last.fell_ms && piece[i].fell_ms <= horizon_ms);
            assert_int_equal(piece[i].case_no, numbers[taken++]); /* as they were registered */
            last = piece[i];
        }
        if (w->b.due.count > 0)
            assert_true(horizon_ms < w->now_ms);
    }
    assert_int_equal(taken, MANY);
    assert_int_equal(horizon_ms, w->now_ms);
    look(w, this_case, &numbers[5]);
    assert_int_equal(w->b.due.count, MANY - 1);
    jb_due_clear(&w->b.due);
    assert_int_equal(jb_due_take(&w->b.due, piece, 7, &horizon_ms), 0);
}

static void what_says_more_comes_back_in_its_place(void **state)
{
    struct world *w = *state;
    int64_t numbers[9];
    struct jb_due all[9];
    struct jb_due rest[16];
    int64_t horizon_ms = 0;
    size_t place = 6;
    make_cases(w, numbers, 9);
    w->now_ms += 60 * DAY_MS;
    look(w, nobody, NULL);
    assert_int_equal(jb_due_take(&w->b.due, all, 9, &horizon_ms), 9);
    look(w, nobody, NULL);
    assert_int_equal(jb_due_take(&w->b.due, rest, 2, &horizon_ms), 2);
    while (place > 2 && all[place - 1].fell_ms == all[place].fell_ms)
        place--; /* of equal instants the lower number comes first */
    jb_due_again(&w->b.due, numbers[1], all[place].fell_ms);
    jb_due_again(&w->b.due, numbers[0], all[place].fell_ms);
    jb_due_again(&w->b.due, numbers[2], w->now_ms + 1); /* the next look finds it */
    for (int i = 0; i < 300; i++)                       /* more than there was room for */
        jb_due_again(&w->b.due, numbers[8], all[8].fell_ms);
    assert_int_equal(jb_due_take(&w->b.due, rest, 16, &horizon_ms), 9);
    for (size_t i = 0, at = 2; i < 9; i++) {
        bool again = i == place - 2 || i == place - 1;
        assert_int_equal(rest[i].case_no, again ? numbers[i - (place - 2)] : numbers[at++]);
    }
    jb_due_again(&w->b.due, numbers[0], all[0].fell_ms); /* it is used up: the next look */
    assert_int_equal(w->b.due.count, 0);
}

static size_t queue(struct world *w, size_t max)
{
    int64_t next_ms = 0;
    size_t count = 0;
    assert_int_equal(jb_clockwork_queue(&w->b, w->now_ms, max, &count, &next_ms), JB_OK);
    assert_true(w->b.due.count == 0 || next_ms == w->now_ms); /* ask again at once */
    return count;
}

/* It is not taken for one that the tables name and the rules do not: that would wait for minutes.
 */
static void what_was_settled_between_two_pieces_is_not_put_off(void **state)
{
    struct world *w = *state;
    int64_t numbers[6];
    make_cases(w, numbers, 6);
    w->now_ms += 60 * DAY_MS;
    assert_int_equal(queue(w, 2), 2);
    run_tick(w);
    next_tick(w);
    assert_true(w->b.due.count > 0);
    assign(w, numbers[5], 1, HOUSING); /* its clock ends, others begin */
    run_tick(w);
    next_tick(w);
    struct jb_case c = load_case(w, numbers[5]);
    assert_null(jb_case_open_deadline(&c, "sort"));
    (void)run_clock(w, 2);
    for (size_t i = 0; i < JB_PUT_OFF_MAX; i++)
        assert_int_equal(w->b.put_off[i].case_no, 0);
    assert_int_equal(w->b.count.missed, 5);
    w->now_ms += 60 * DAY_MS;
    assert_true(run_clock(w, 2) > 0);
    c = load_case(w, numbers[5]);
    bool missed = false;
    for (size_t i = 0; i < c.deadline_count; i++)
        missed = missed || c.deadlines[i].missed_ms != 0;
    assert_true(missed);
}

static void a_clock_set_in_the_past_comes_before_what_fell_later(void **state)
{
    struct world *w = *state;
    int64_t numbers[6];
    struct jb_due piece[2];
    int64_t horizon_ms = 0;
    make_cases(w, numbers, 6);
    w->now_ms += 60 * DAY_MS;
    struct jb_case first = load_case(w, numbers[0]);
    look(w, nobody, NULL);
    assert_int_equal(jb_due_take(&w->b.due, piece, 2, &horizon_ms), 2);
    w->b.falls_ms = INT64_MAX;
    jb_clockwork_changed(&w->b, &first); /* as if an act had set what fell first of all */
    assert_true(w->b.falls_ms <= w->now_ms);
    assert_int_equal(jb_due_take(&w->b.due, piece, 2, &horizon_ms), 2);
    assert_int_equal(piece[0].case_no, numbers[0]);
    assert_int_equal(piece[1].case_no, numbers[2]);
    jb_clockwork_put_off(&w->b, numbers[0], w->now_ms); /* refused: not because it was written */
    jb_clockwork_changed(&w->b, &first);
    assert_int_equal(jb_due_take(&w->b.due, piece, 2, &horizon_ms), 2);
    assert_int_equal(piece[0].case_no, numbers[3]);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        T(a_look_of_many_is_handed_out_in_order),
        T(what_says_more_comes_back_in_its_place),
        T(what_was_settled_between_two_pieces_is_not_put_off),
        T(a_clock_set_in_the_past_comes_before_what_fell_later),
    };
#undef T
    return cmocka_run_group_tests_name("due", tests, NULL, NULL);
}
