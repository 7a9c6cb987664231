/* The broker's sense of time: what it follows, what it doubts, and how a doubt ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "daemon/keeper.h"

#define MINUTE INT64_C(60000)
#define DAY INT64_C(86400000)
#define YEAR (365 * DAY)
#define START INT64_C(1795399200000)

static int64_t wall_ms, mono_ms;

static struct jb_keeper keeper_at(int64_t wall, int64_t last)
{
    struct jb_keeper k = {.wall = jb_clock_fixed(&wall_ms),
                          .mono = jb_clock_fixed(&mono_ms),
                          .step_max_ms = 10 * MINUTE};

    wall_ms = wall;
    mono_ms = 1000;
    jb_keeper_start(&k, last, 30 * DAY);
    return k;
}

static void pass(int64_t ms)
{
    wall_ms += ms;
    mono_ms += ms;
}

static void time_that_passes_is_followed(void **state)
{
    struct jb_keeper k = keeper_at(START, 0);
    struct jb_keeper_step step;
    (void)state;

    for (int i = 0; i < 400; i++) {
        pass(DAY);
        assert_int_equal(jb_keeper_now(&k), wall_ms);
    }
    assert_int_equal(k.doubt, JB_DOUBT_NONE);
    assert_false(jb_keeper_step(&k, &step));
    assert_string_equal(jb_keeper_trouble(&k), "");
}

static void steps_are_followed_or_doubted(void **state)
{
    static const struct {
        int64_t by_ms;
        enum jb_doubt doubt;
        bool recorded;
    } rows[] = {
        {1000, JB_DOUBT_NONE, false},       {-1000, JB_DOUBT_NONE, false},
        {-5000, JB_DOUBT_NONE, false},      {5001, JB_DOUBT_NONE, true},
        {10 * MINUTE, JB_DOUBT_NONE, true}, {10 * MINUTE + 1, JB_DOUBT_FORWARD, true},
        {YEAR, JB_DOUBT_FORWARD, true},     {-5001, JB_DOUBT_BACKWARD, true},
        {-YEAR, JB_DOUBT_BACKWARD, true},
    };
    (void)state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct jb_keeper k = keeper_at(START, START - DAY);
        struct jb_keeper_step step = {0};
        pass(MINUTE);
        assert_int_equal(jb_keeper_now(&k), START + MINUTE);
        pass(MINUTE);
        wall_ms += rows[i].by_ms;
        int64_t expected = START + 2 * MINUTE;
        int64_t now = jb_keeper_now(&k);
        if (rows[i].doubt != JB_DOUBT_NONE)
            assert_int_equal(now, expected);
        else if (rows[i].by_ms > 0)
            assert_int_equal(now, wall_ms);
        assert_int_equal(k.doubt, rows[i].doubt);
        assert_int_equal(jb_keeper_step(&k, &step), rows[i].recorded);
        if (rows[i].recorded) {
            assert_int_equal(step.before_ms, expected);
            assert_int_equal(step.after_ms, wall_ms);
        }
        assert_false(jb_keeper_step(&k, &step)); /* once */
    }
}

static void in_doubt_time_goes_on_until_the_clock_comes_back(void **state)
{
    const int64_t jumps[] = {YEAR, -YEAR};
    (void)state;

    for (size_t i = 0; i < 2; i++) {
        struct jb_keeper k = keeper_at(START, START - DAY);
        struct jb_keeper_step step;
        wall_ms += jumps[i];
        for (int64_t minute = 1; minute <= 600; minute++) {
            pass(MINUTE);
            assert_int_equal(jb_keeper_now(&k), START + minute * MINUTE);
        }
        assert_true(jb_keeper_trouble(&k)[0] != '\0');
        assert_true(jb_keeper_step(&k, &step));
        assert_false(jb_keeper_step(&k, &step));
        wall_ms -= jumps[i];
        assert_int_equal(jb_keeper_now(&k), START + 600 * MINUTE);
        assert_int_equal(k.doubt, JB_DOUBT_NONE);
        assert_true(jb_keeper_step(&k, &step));
        pass(MINUTE);
        assert_int_equal(jb_keeper_now(&k), wall_ms);
    }
}

static void an_administrator_may_confirm_it(void **state)
{
    struct jb_keeper k = keeper_at(START, START - DAY);
    struct jb_keeper_step step;
    (void)state;

    assert_false(jb_keeper_confirm(&k));
    wall_ms += YEAR;
    assert_int_equal(jb_keeper_now(&k), START);
    assert_true(jb_keeper_confirm(&k));
    assert_int_equal(jb_keeper_now(&k), START + YEAR);
    assert_true(jb_keeper_step(&k, &step) && jb_keeper_step(&k, &step));
    assert_int_equal(step.before_ms, START);
    assert_int_equal(step.after_ms, START + YEAR);
    /* confirmed backward: the time so far was ahead; it goes on from the wall clock, else nothing
     * would fall due for a year */
    wall_ms -= YEAR;
    assert_int_equal(jb_keeper_now(&k), START + YEAR);
    assert_true(jb_keeper_confirm(&k));
    assert_int_equal(k.doubt, JB_DOUBT_NONE);
    assert_int_equal(jb_keeper_now(&k), START);
    pass(DAY);
    assert_int_equal(jb_keeper_now(&k), START + DAY);
}

/* A record from the future: the first clock was a year ahead. */
static void a_start_before_the_record_can_be_confirmed(void **state)
{
    struct jb_keeper k = keeper_at(START, START + YEAR);
    (void)state;

    assert_int_equal(k.doubt, JB_DOUBT_BEFORE);
    pass(MINUTE);
    assert_int_equal(jb_keeper_now(&k), START + YEAR + MINUTE);
    assert_true(jb_keeper_confirm(&k));
    pass(MINUTE);
    assert_int_equal(jb_keeper_now(&k), START + 2 * MINUTE);
}

static void instants_never_go_backward_by_themselves(void **state)
{
    struct jb_keeper k = keeper_at(START, START - DAY);
    uint64_t seed = 7;
    int64_t last = 0;
    (void)state;

    for (int i = 0; i < 20000; i++) {
        seed = seed * UINT64_C(6364136223846793005) + 1;
        pass((int64_t)(seed >> 40) % 5000);
        if (seed >> 61 == 0)
            wall_ms += (int64_t)((seed >> 33) % (uint64_t)(2 * YEAR)) - YEAR;
        if (seed >> 60 == 9 && k.doubt != JB_DOUBT_BACKWARD && jb_keeper_confirm(&k))
            last = k.said_ms;
        int64_t now = jb_keeper_now(&k);
        assert_true(now >= last);
        last = now;
    }
}

static void a_start_is_held_against_the_record(void **state)
{
    static const struct {
        int64_t after_last_ms; /* the wall clock */
        enum jb_doubt doubt;
    } rows[] = {
        {0, JB_DOUBT_NONE},           {3 * DAY, JB_DOUBT_NONE}, {30 * DAY, JB_DOUBT_NONE},
        {30 * DAY + 1, JB_DOUBT_GAP}, {YEAR, JB_DOUBT_GAP},     {-5000, JB_DOUBT_NONE},
        {-5001, JB_DOUBT_BEFORE},     {-YEAR, JB_DOUBT_BEFORE},
    };
    (void)state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct jb_keeper k = keeper_at(START + rows[i].after_last_ms, START);
        struct jb_keeper_step step;
        assert_int_equal(k.doubt, rows[i].doubt);
        pass(MINUTE);
        if (rows[i].doubt != JB_DOUBT_NONE) {
            assert_int_equal(jb_keeper_now(&k), START + MINUTE);
            assert_true(jb_keeper_step(&k, &step));
        } else {
            assert_true(jb_keeper_now(&k) >= START);
        }
    }
    /* an empty record says nothing about the time */
    struct jb_keeper k = keeper_at(START + 9 * YEAR, 0);
    assert_int_equal(k.doubt, JB_DOUBT_NONE);
}

/* As entries have it: their instant, where the clock should have stood, where it stood. */
static void a_step_on_record_tells_whether_the_clock_is_trusted_since(void **state)
{
    static const struct {
        int64_t at_ms, before_ms, after_ms;
        bool doubted;
    } rows[] = {
        {1000000, 1000000, 9000000, true},   /* jumped ahead */
        {1000003, 1000000, -9000000, true},  /* jumped back */
        {1000000, 1000000, 1005001, true},   /* the least jump that is doubted at a start */
        {1000000, 1000000, 999999, false},   /* came back, a millisecond behind */
        {1000000, 1000000, 995000, false},   /* came back, as far behind as may be */
        {1004000, 1000000, 1004000, false},  /* came back, ahead: followed */
        {1500000, 1000000, 1500000, false},  /* a small step was followed */
        {9000000, 1000000, 9000000, false},  /* confirmed */
        {-9000000, 1000000, -9000000, false} /* confirmed, although it went back */
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(jb_keeper_began_doubt(rows[i].at_ms, rows[i].before_ms, rows[i].after_ms),
                         rows[i].doubted);
}

static void a_doubt_that_ended_while_it_was_down_goes_on_record(void **state)
{
    struct jb_keeper_step step;
    struct jb_keeper k = keeper_at(START, START - MINUTE);
    (void)state;
    jb_keeper_came_back(&k, START - MINUTE);
    assert_true(jb_keeper_step(&k, &step));
    assert_int_equal(step.before_ms, START - MINUTE);
    assert_int_equal(step.after_ms, START);
    assert_false(jb_keeper_began_doubt(jb_keeper_now(&k), step.before_ms, step.after_ms));

    /* still in doubt: the start has said so already */
    k = keeper_at(START - YEAR, START);
    jb_keeper_came_back(&k, START);
    assert_true(jb_keeper_step(&k, &step));
    assert_true(jb_keeper_began_doubt(jb_keeper_now(&k), step.before_ms, step.after_ms));
    assert_false(jb_keeper_step(&k, &step));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_that_passes_is_followed),
        cmocka_unit_test(steps_are_followed_or_doubted),
        cmocka_unit_test(in_doubt_time_goes_on_until_the_clock_comes_back),
        cmocka_unit_test(a_step_on_record_tells_whether_the_clock_is_trusted_since),
        cmocka_unit_test(a_doubt_that_ended_while_it_was_down_goes_on_record),
        cmocka_unit_test(an_administrator_may_confirm_it),
        cmocka_unit_test(a_start_before_the_record_can_be_confirmed),
        cmocka_unit_test(instants_never_go_backward_by_themselves),
        cmocka_unit_test(a_start_is_held_against_the_record),
    };

    return cmocka_run_group_tests_name("keeper", tests, NULL, NULL);
}
