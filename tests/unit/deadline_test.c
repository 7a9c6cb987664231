/* Deadlines against published vectors and against a plain day-by-day count. */
#include "tests/unit/rules_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

struct vector {
    const char *key, *trigger, *due;
    bool provisional;
};

static const struct vector vectors[] = {
    /* The start day does not count; due is 24:00 of the last day, whatever day that is. */
    {"sort", "2026-03-02 10:00", "2026-03-17 24:00", false},
    {"sort", "2026-03-02 00:00", "2026-03-17 24:00", false},
    {"sort", "2026-03-02 23:59", "2026-03-17 24:00", false},
    {"sort", "2026-03-02 24:00", "2026-03-18 24:00", false},
    {"sort", "2026-09-20 09:00", "2026-10-05 24:00", false}, /* a holiday: no roll-over */
    {"handle", "2026-01-31 12:00", "2026-04-01 24:00", false},
    {"handle", "2028-01-01 12:00", "2028-03-01 24:00", false}, /* leap year; no calendar needed */
    /* Working days by the notices of the State Council. */
    {"object", "2026-09-24 09:00", "2026-10-09 24:00", false},
    {"object", "2026-02-13 09:00", "2026-02-27 24:00", false}, /* 14 and 28 Feb are worked */
    {"object", "2026-03-06 17:00", "2026-03-13 24:00", false},
    {"object", "2026-03-07 17:00", "2026-03-13 24:00", false}, /* received on a Saturday */
    {"rule", "2025-09-26 09:00", "2025-09-30 24:00", false},   /* Sunday 28 Sep is worked */
    {"object", "2026-12-28 09:00", "2027-01-04 24:00", true},  /* nobody knows 2027 yet */
    {"object", "2026-12-24 09:00", "2026-12-31 24:00", false},
    {"urgent", "2026-03-02 22:30", "2026-03-03 02:30", false},
    {"summon", "2026-03-02 10:00", "2026-03-02 10:30", false}, /* minutes, to the instant */
    {"summon", "2026-12-31 23:45", "2027-01-01 00:15", false},
};

static void published_vectors(void **state)
{
    struct world *w = *state;

    for (size_t i = 0; i < COUNT(vectors); i++) {
        struct jb_deadline d;

        assert_int_equal(jb_deadline_compute(w->policy, &w->calendar, vectors[i].key,
                                             local(vectors[i].trigger), 0, &d),
                         JB_OK);
        if (d.due_ms != local(vectors[i].due) || d.provisional != vectors[i].provisional)
            fail_msg("%s from %s: not %s", vectors[i].key, vectors[i].trigger, vectors[i].due);
        assert_int_equal(d.first_due_ms, d.due_ms);
        assert_string_equal(d.key, vectors[i].key);
        assert_true(jb_text_equal(d.policy_version, w->policy->version));
        assert_int_equal(d.calendar_version.len != 0, d.unit == JB_UNIT_WORKING_DAYS);
    }
}

/* Walk day by day from the trigger's day and count those that count. */
static int64_t plain_count(const struct world *w, const struct jb_policy_row *row,
                           int64_t trigger_ms)
{
    struct jb_date day = jb_date_of_instant(trigger_ms);
    uint32_t counted = 0;

    while (counted < row->limit) {
        day.days++;
        counted +=
            row->unit == JB_UNIT_CALENDAR_DAYS || jb_calendar_is_workday(&w->calendar, day, NULL);
    }
    return (day.days + INT64_C(1)) * JB_DAY_MS + JB_INSTANT_MIN_MS;
}

static void every_day_of_four_years_by_plain_counting(void **state)
{
    struct world *w = *state;
    static const char *const keys[] = {"sort", "object", "rule", "handle", "simple-answer"};
    int64_t start_ms = local("2023-01-01 00:00");

    for (int64_t day = 0; day < 4 * 365; day++) {
        int64_t trigger_ms = start_ms + day * JB_DAY_MS + day % 24 * 3600 * 1000;

        for (size_t i = 0; i < COUNT(keys); i++) {
            const struct jb_policy_row *row = jb_policy_row(w->policy, keys[i]);
            struct jb_deadline d;

            assert_int_equal(
                jb_deadline_compute(w->policy, &w->calendar, keys[i], trigger_ms, 0, &d), JB_OK);
            assert_int_equal(d.due_ms, plain_count(w, row, trigger_ms));
            assert_true(d.due_ms > trigger_ms);
        }
    }
}

static void warn_steps_lie_before_the_due_instant(void **state)
{
    struct world *w = *state;
    struct jb_deadline d;

    assert_int_equal(
        jb_deadline_compute(w->policy, &w->calendar, "handle", local("2026-03-02 10:00"), 0, &d),
        JB_OK);
    assert_int_equal(d.warn_at_ms[0], local("2026-04-16 24:00"));
    assert_int_equal(d.warn_at_ms[1], local("2026-04-24 24:00"));
    assert_int_equal(d.warn_at_ms[2], local("2026-04-28 24:00"));
    assert_int_equal(d.warn_at_ms[3], local("2026-04-30 24:00"));
    /* A short period: what would fall at or before the trigger is left out. */
    assert_int_equal(jb_deadline_compute(w->policy, &w->calendar, "assigned",
                                         local("2026-03-02 10:00"), local("2026-03-05 10:00"), &d),
                     JB_OK);
    assert_int_equal(d.warn_at_ms[0], local("2026-03-04 10:00"));
    assert_int_equal(d.warn_at_ms[1], 0);
}

static void the_earlier_of_designated_and_statutory_counts(void **state)
{
    struct world *w = *state;
    int64_t trigger_ms = local("2026-03-02 10:00");
    struct jb_deadline d;

    assert_int_equal(jb_deadline_compute(w->policy, &w->calendar, "assigned", trigger_ms,
                                         local("2026-03-10 12:00"), &d),
                     JB_OK);
    assert_int_equal(d.due_ms, local("2026-03-10 12:00"));
    assert_true(d.designated_bound);
    assert_int_equal(jb_deadline_compute(w->policy, &w->calendar, "assigned", trigger_ms,
                                         local("2026-09-01 12:00"), &d),
                     JB_OK);
    assert_int_equal(d.due_ms, local("2026-05-01 24:00"));
    assert_false(d.designated_bound);
    assert_int_equal(d.unit, JB_UNIT_CALENDAR_DAYS);
    assert_int_equal(d.limit, 60);
}

static void what_cannot_be_computed(void **state)
{
    struct world *w = *state;
    int64_t now_ms = local("2026-03-02 10:00");
    struct jb_deadline d = {.id = 7};

    assert_int_equal(jb_deadline_compute(w->policy, &w->calendar, "none", now_ms, 0, &d),
                     JB_NOT_FOUND);
    assert_int_equal(jb_deadline_compute(w->policy, &w->calendar, "rate", now_ms, 0, &d),
                     JB_MISSING);
    assert_int_equal(jb_deadline_compute(w->policy, NULL, "object", now_ms, 0, &d), JB_MISSING);
    assert_int_equal(jb_deadline_compute(w->policy, NULL, "sort", now_ms, 0, &d), JB_OK);
    d = (struct jb_deadline){.id = 7};
    assert_int_equal(jb_deadline_compute(w->policy, &w->calendar, "sort", INT64_MAX, 0, &d),
                     JB_RANGE);
    assert_int_equal(
        jb_deadline_compute(w->policy, &w->calendar, "sort", local("9999-12-30 00:00"), 0, &d),
        JB_RANGE);
    assert_int_equal(
        jb_deadline_compute(w->policy, &w->calendar, "assigned", now_ms, INT64_MIN, &d), JB_RANGE);
    assert_int_equal(d.id, 7); /* untouched */
}

/* Rule 8.8: no limit of its own, the instant is named by whoever sets it. */
static void a_row_without_limit_takes_the_named_instant(void **state)
{
    struct world *w = *state;
    int64_t trigger_ms = local("2026-03-02 10:00"), half_ms = local("2026-03-10 05:00");
    struct jb_deadline d;

    assert_int_equal(
        jb_deadline_compute(w->policy, &w->calendar, "deliver", trigger_ms, half_ms, &d), JB_OK);
    assert_int_equal(d.due_ms, half_ms);
    assert_int_equal(d.unit, JB_UNIT_DESIGNATED);
    assert_int_equal(d.warn_at_ms[0], 0);
    assert_int_equal(jb_deadline_compute(w->policy, &w->calendar, "plan", trigger_ms, half_ms, &d),
                     JB_OK);
    assert_int_equal(d.warn_at_ms[0], half_ms - 3 * JB_DAY_MS);
}

/* ---- hearings (Art 36) ---------------------------------------------------------------------- */

struct hearing {
    const char *from, *until, *due;
    int32_t days; /* taken out of the count */
};

/* One after the other, of a recheck asked for on 2026-03-02 and so due at the end of 04-01. */
static const struct hearing hearings[] = {
    {"2026-03-02 11:00", "2026-03-02 15:00", "2026-04-01 24:00",
     0}, /* the start day never counts */
    {"2026-03-02 16:00", "2026-03-03 09:00", "2026-04-02 24:00", 1},
    {"2026-03-03 14:00", "2026-03-03 15:00", "2026-04-02 24:00", 0}, /* that day is out already */
    {"2026-03-03 16:00", "2026-03-05 09:00", "2026-04-04 24:00", 2},
    {"2026-03-10 23:59", "2026-03-10 24:00", "2026-04-06 24:00", 2}, /* ends in the next day */
    {"2026-04-06 23:00", "2026-04-06 23:30", "2026-04-07 24:00", 1}, /* on the last day */
    {"2026-04-08 00:00", "2026-04-20 00:00", "2026-04-07 24:00", 0}, /* it was over before */
};

static void days_of_hearings_are_not_counted(void **state)
{
    struct world *w = *state;
    const struct jb_policy_row *row = jb_policy_row(w->policy, "recheck");
    struct jb_deadline d, now;

    assert_int_equal(
        jb_deadline_compute(w->policy, NULL, "recheck", local("2026-03-02 10:00"), 0, &d), JB_OK);
    for (size_t i = 0; i < COUNT(hearings); i++) {
        d.paused_from_ms = local(hearings[i].from);
        assert_int_equal(jb_deadline_resumed(row, NULL, &d, local(hearings[i].until), &now), JB_OK);
        if (now.due_ms != local(hearings[i].due))
            fail_msg("hearing %zu: not due %s", i, hearings[i].due);
        assert_int_equal(now.paused_ms - d.paused_ms, hearings[i].days * JB_DAY_MS);
        assert_int_equal(now.paused_from_ms, 0);
        assert_int_equal(now.warn_at_ms[2], now.due_ms - JB_DAY_MS);
        assert_int_equal(now.first_due_ms, local("2026-04-01 24:00"));
        d = now;
    }
}

static void what_cannot_be_resumed(void **state)
{
    struct world *w = *state;
    const struct jb_policy_row *row = jb_policy_row(w->policy, "object");
    struct jb_deadline d, now = {.id = 7};

    assert_int_equal(
        jb_deadline_compute(w->policy, &w->calendar, "object", local("2026-09-24 09:00"), 0, &d),
        JB_OK);
    assert_int_equal(jb_deadline_resumed(row, &w->calendar, &d, local("2026-09-28 09:00"), &now),
                     JB_MISSING); /* not paused */
    d.paused_from_ms = local("2026-09-28 09:00");
    assert_int_equal(jb_deadline_resumed(row, &w->calendar, &d, d.paused_from_ms - 1, &now),
                     JB_RANGE);
    assert_int_equal(jb_deadline_resumed(row, &w->calendar, &d, INT64_MAX, &now), JB_RANGE);
    assert_int_equal(jb_deadline_resumed(row, NULL, &d, d.paused_from_ms, &now), JB_MISSING);
    assert_int_equal(now.id, 7); /* untouched */
    /* One of the five is taken out: 28 September; the count ends on a Saturday that is worked. */
    assert_int_equal(jb_deadline_resumed(NULL, &w->calendar, &d, d.paused_from_ms, &now), JB_OK);
    assert_int_equal(now.due_ms, local("2026-10-10 24:00"));
    assert_int_equal(now.warn_at_ms[0], 0); /* without its row */
}

/* ---- a newer calendar ----------------------------------------------------------------------- */

static void only_provisional_dates_are_counted_again(void **state)
{
    static struct jb_calendar_day off = {.kind = JB_DAY_OFF, .shift = -1, .name = "元旦"};
    struct world *w = *state;
    const struct jb_policy_row *row = jb_policy_row(w->policy, "object");
    struct jb_calendar cal = w->calendar;
    struct jb_deadline d, now = {.id = 7};

    off.date = jb_date_of_instant(local("2027-01-01 00:00"));
    cal.version = "cn-2027.1";
    cal.days = &off;
    cal.day_count = 1;
    cal.covers_to = jb_date_of_instant(local("2027-12-31 00:00"));
    assert_int_equal(
        jb_deadline_compute(w->policy, &w->calendar, "object", local("2026-12-24 09:00"), 0, &d),
        JB_OK);
    assert_int_equal(jb_deadline_recounted(row, &cal, &d, &now), JB_NOT_FOUND);
    assert_int_equal(
        jb_deadline_compute(w->policy, &w->calendar, "object", local("2026-12-28 09:00"), 0, &d),
        JB_OK);
    assert_int_equal(jb_deadline_recounted(row, NULL, &d, &now), JB_MISSING);
    d.paused_to_ms = 1;
    assert_int_equal(jb_deadline_recounted(row, &cal, &d, &now), JB_RANGE);
    assert_int_equal(now.id, 7);
    d.paused_to_ms = 0;
    d.extended_days = 4; /* they stay added */
    d.due_ms += 4 * JB_DAY_MS;
    assert_int_equal(jb_deadline_recounted(row, &cal, &d, &now), JB_OK);
    assert_int_equal(now.due_ms, local("2027-01-09 24:00"));
    assert_int_equal(now.warn_at_ms[0], local("2027-01-08 24:00"));
    assert_false(now.provisional);
    assert_true(jb_text_equal(now.calendar_version, T("cn-2027.1")));
    assert_int_equal(now.trigger_ms, d.trigger_ms);
}

static void what_a_deadline_has_to_say_next(void **state)
{
    struct jb_deadline d = {.due_ms = 100, .warn_at_ms = {50, 80}};

    (void)state;
    assert_int_equal(jb_deadline_next_ms(&d), 50);
    d.warned = 1;
    assert_int_equal(jb_deadline_next_ms(&d), 80);
    d.warned = 2;
    assert_int_equal(jb_deadline_next_ms(&d), 100);
    d.warned = JB_WARN_MAX;
    assert_int_equal(jb_deadline_next_ms(&d), 100);
    d.missed_ms = 100;
    assert_int_equal(jb_deadline_next_ms(&d), INT64_MAX);
    d.missed_ms = 0;
    d.end = JB_END_MET;
    assert_int_equal(jb_deadline_next_ms(&d), INT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_vectors),
        cmocka_unit_test(every_day_of_four_years_by_plain_counting),
        cmocka_unit_test(warn_steps_lie_before_the_due_instant),
        cmocka_unit_test(the_earlier_of_designated_and_statutory_counts),
        cmocka_unit_test(what_cannot_be_computed),
        cmocka_unit_test(a_row_without_limit_takes_the_named_instant),
        cmocka_unit_test(days_of_hearings_are_not_counted),
        cmocka_unit_test(what_cannot_be_resumed),
        cmocka_unit_test(only_provisional_dates_are_counted_again),
        cmocka_unit_test(what_a_deadline_has_to_say_next),
    };
    return cmocka_run_group_tests_name("deadline", tests, world_open, world_close);
}
