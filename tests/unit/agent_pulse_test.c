/* A connection as its agent sees it, second by second: when it says that it is there, and when it
 * gives the broker up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "clients/agent/pulse.h"
#include "proto/wire/frame.h"

#define S 1000
#define BEAT_S (JB_BEAT_MS / S)
#define ANSWER_S (JB_ANSWER_MS / S)

struct story {
    struct jb_pulse p;
    int hangs_s;       /* the broker says nothing from then on */
    int submits_s;     /* the agent submits every so many seconds; 0: never */
    int mute_s;        /* the broker answers no beat, but delivers every so many seconds; 0: no */
    int beats, greets; /* seen */
    int gave_up_s;     /* 0: never */
    enum jb_pulse_act why;
};

/* The broker answers in the second in which it was asked. */
static void act(struct story *s, enum jb_pulse_act act, int at_s)
{
    int64_t now = (int64_t)at_s * S;
    bool there = at_s < s->hangs_s;
    if (act == JB_PULSE_GREET) {
        s->greets++;
        s->p.greeted_ms = s->p.sent_ms = now;
        s->p.heard_ms = now;
    } else if (act == JB_PULSE_BEAT) {
        s->beats++;
        s->p.sent_ms = s->p.beat_ms = now;
        s->p.beat_awaited = !there || s->mute_s > 0;
        s->p.heard_ms = s->p.beat_awaited ? s->p.heard_ms : now;
    } else if (act != JB_PULSE_NOTHING) {
        s->gave_up_s = at_s;
        s->why = act;
    }
}

/* Looks come only when they were asked for. */
static void runs(struct story *s, int until_s)
{
    int64_t look_ms = jb_pulse_wait_ms(&s->p, 0);
    for (int at_s = 1; at_s <= until_s && s->gave_up_s == 0; at_s++) {
        int64_t now = (int64_t)at_s * S;
        bool there = at_s < s->hangs_s;
        if (s->submits_s > 0 && at_s % s->submits_s == 0) {
            s->p.sent_ms = now;
            s->p.heard_ms = there ? now : s->p.heard_ms;
        }
        if (s->mute_s > 0 && there && at_s % s->mute_s == 0)
            s->p.heard_ms = now;
        if (now < look_ms)
            continue;
        act(s, jb_pulse_act(&s->p, now), at_s);
        look_ms = now + jb_pulse_wait_ms(&s->p, now);
        assert_true(look_ms >= now + S);
    }
}

static void an_idle_line_beats_and_stays(void **state)
{
    struct story s = {.p = {.welcomed = true}, .hangs_s = 1000000};
    (void)state;
    runs(&s, 10 * BEAT_S);
    assert_int_equal(s.gave_up_s, 0);
    assert_int_equal(s.beats, 10);
}

static void who_submits_needs_no_beats(void **state)
{
    struct story s = {.p = {.welcomed = true}, .hangs_s = 1000000, .submits_s = BEAT_S / 2};
    (void)state;
    runs(&s, 10 * BEAT_S);
    assert_int_equal(s.gave_up_s, 0);
    assert_int_equal(s.beats, 0);
}

static void a_broker_that_hangs_is_given_up(void **state)
{
    const struct {
        int hangs_s, submits_s, latest_s;
    } rows[] = {
        {1, 0, BEAT_S + ANSWER_S + 1},
        {BEAT_S + 5, 0, 2 * BEAT_S + ANSWER_S + 1},
        {100, 7, 100 + BEAT_S + ANSWER_S + 1}, /* its own words keep nothing alive */
        {100, 1, 100 + BEAT_S + ANSWER_S + 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct story s = {
            .p = {.welcomed = true}, .hangs_s = rows[i].hangs_s, .submits_s = rows[i].submits_s};
        runs(&s, 1000);
        assert_int_equal(s.why, JB_PULSE_SILENT);
        assert_true(s.gave_up_s > rows[i].hangs_s && s.gave_up_s <= rows[i].latest_s);
    }
}

/* A long delivery is on its way and the answer behind it. */
static void whoever_is_heard_is_not_given_up(void **state)
{
    struct story s = {.p = {.welcomed = true}, .hangs_s = 1000000, .mute_s = ANSWER_S - 1};
    (void)state;
    runs(&s, 20 * BEAT_S);
    assert_int_equal(s.gave_up_s, 0);
    assert_true(s.beats > 10);
}

static void a_greeting_is_answered_in_time_or_not(void **state)
{
    struct story s = {.hangs_s = 1};
    (void)state;
    runs(&s, 1000);
    assert_int_equal(s.why, JB_PULSE_UNANSWERED);
    assert_int_equal(s.gave_up_s, ANSWER_S);
}

static void a_broker_that_recovers_is_asked_how_far_it_is(void **state)
{
    struct story s = {.p = {.recovering = true}, .hangs_s = 1000000};
    (void)state;
    runs(&s, 10 * ANSWER_S);
    assert_int_equal(s.gave_up_s, 0);
    assert_int_equal(s.greets, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_idle_line_beats_and_stays),
        cmocka_unit_test(who_submits_needs_no_beats),
        cmocka_unit_test(a_broker_that_hangs_is_given_up),
        cmocka_unit_test(whoever_is_heard_is_not_given_up),
        cmocka_unit_test(a_greeting_is_answered_in_time_or_not),
        cmocka_unit_test(a_broker_that_recovers_is_asked_how_far_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
