/* Civil dates: a day-by-day walk over all 8030 years, known days, and both written forms. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <setjmp.h>
#include <cmocka.h>

#include "proto/rules/civil.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static bool leap(int y)
{
    return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
}

static void check_day(struct jb_ymd ymd, int32_t days, int weekday)
{
    struct jb_date date = {-5};
    struct jb_ymd back;

    if (jb_date_make(ymd, &date) != JB_OK || date.days != days)
        fail_msg("%d-%d-%d gives %d", ymd.year, ymd.month, ymd.day, date.days);
    back = jb_date_split(date);
    if (back.year != ymd.year || back.month != ymd.month || back.day != ymd.day)
        fail_msg("%d gives %d-%d-%d", days, back.year, back.month, back.day);
    if (jb_date_weekday(date) != weekday)
        fail_msg("%d-%d-%d: weekday", ymd.year, ymd.month, ymd.day);
}

/* Count days one at a time and compare every one in both directions. */
static void every_day_there_and_back(void **state)
{
    static const int month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int32_t days = 0;

    (void)state;
    for (int month = 0; month < 8030 * 12; month++) {
        struct jb_ymd ymd = {1970 + month / 12, month % 12 + 1, 1};
        int last = month_days[ymd.month - 1] + (ymd.month == 2 && leap(ymd.year));
        struct jb_date none;

        for (; ymd.day <= last; ymd.day++, days++)
            check_day(ymd, days, (days + 3) % 7 + 1);
        assert_int_equal(jb_date_make(ymd, &none), JB_RANGE);
    }
    assert_int_equal(days - 1, JB_DATE_DAYS_MAX);
}

/* Known from a wall calendar, not from the formula. */
static void known_weekdays(void **state)
{
    static const struct {
        struct jb_ymd ymd;
        int weekday;
    } cases[] = {
        {{1970, 1, 1}, 4},   {{2000, 2, 29}, 2},  {{2022, 5, 1}, 7},
        {{2024, 2, 29}, 4},  {{2026, 2, 14}, 6},  {{2026, 2, 16}, 1},
        {{2026, 10, 10}, 6}, {{2026, 11, 23}, 1}, {{9999, 12, 31}, 5},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct jb_date date = {0};

        assert_int_equal(jb_date_make(cases[i].ymd, &date), JB_OK);
        assert_int_equal(jb_date_weekday(date), cases[i].weekday);
    }
}

static void impossible_days(void **state)
{
    static const struct jb_ymd cases[] = {
        {1969, 12, 31}, {10000, 1, 1}, {2026, 0, 1},  {2026, 13, 1},      {2026, 1, 0},
        {2026, 1, 32},  {2026, 4, 31}, {2026, 2, 29}, {2100, 2, 29},      {2024, 2, 30},
        {-1, 1, 1},     {2026, -1, 1}, {2026, 1, -1}, {2147483647, 1, 1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct jb_date date = {77};

        assert_int_equal(jb_date_make(cases[i], &date), JB_RANGE);
        assert_int_equal(date.days, 77);
    }
}

static void adds_days(void **state)
{
    static const struct {
        int32_t from;
        int64_t days;
        enum jb_err err;
        int32_t to;
    } cases[] = {
        {0, 0, JB_OK, 0},
        {10, -10, JB_OK, 0},
        {10, -11, JB_RANGE, 0},
        {0, JB_DATE_DAYS_MAX, JB_OK, JB_DATE_DAYS_MAX},
        {1, JB_DATE_DAYS_MAX, JB_RANGE, 0},
        {1, INT64_MAX, JB_RANGE, 0},
        {1, INT64_MIN, JB_RANGE, 0},
        {20000, 60, JB_OK, 20060},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct jb_date out = {0};

        assert_int_equal(jb_date_add((struct jb_date){cases[i].from}, cases[i].days, &out),
                         cases[i].err);
        assert_int_equal(out.days, cases[i].to);
    }
}

/* Instants checked with another implementation: seconds are those of date(1) for UTC+8. */
static void instants_fall_on_local_days(void **state)
{
    static const struct {
        int64_t ms;
        const char *date, *minute, *due;
    } cases[] = {
        {0, "1970-01-01", "1970-01-01 08:00", "1970-01-01 08:00"},
        {JB_INSTANT_MIN_MS, "1970-01-01", "1970-01-01 00:00", "1970-01-01 00:00"},
        {INT64_C(1795363199999), "2026-11-22", "2026-11-22 23:59", "2026-11-22 23:59"},
        {INT64_C(1795363200000), "2026-11-23", "2026-11-23 00:00", "2026-11-22 24:00"},
        {INT64_C(1795413900000), "2026-11-23", "2026-11-23 14:05", "2026-11-23 14:05"},
        {INT64_C(1709136000000), "2024-02-29", "2024-02-29 00:00", "2024-02-28 24:00"},
        {JB_INSTANT_MAX_MS - 1, "9999-12-31", "9999-12-31 23:59", "9999-12-31 23:59"},
        {JB_INSTANT_MAX_MS, "9999-12-31", "9999-12-31 23:59", "9999-12-31 24:00"},
        {INT64_MIN, "1970-01-01", "1970-01-01 00:00", "1970-01-01 00:00"},
        {INT64_MAX, "9999-12-31", "9999-12-31 23:59", "9999-12-31 23:59"},
    };
    char text[JB_DATE_TEXT];
    char minute[JB_INSTANT_TEXT];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        jb_date_format(jb_date_of_instant(cases[i].ms), text);
        assert_string_equal(text, cases[i].date);
        jb_instant_format(cases[i].ms, minute);
        assert_string_equal(minute, cases[i].minute);
        jb_instant_format_due(cases[i].ms, minute);
        assert_string_equal(minute, cases[i].due);
    }
    assert_true(jb_instant_valid(JB_INSTANT_MIN_MS));
    assert_true(jb_instant_valid(JB_INSTANT_MAX_MS));
    assert_false(jb_instant_valid(JB_INSTANT_MIN_MS - 1));
    assert_false(jb_instant_valid(JB_INSTANT_MAX_MS + 1));
}

static void a_day_ends_where_the_next_begins(void **state)
{
    static const int32_t days[] = {0, 1, 19999, 20780, JB_DATE_DAYS_MAX};

    (void)state;
    for (size_t i = 0; i < COUNT(days); i++) {
        struct jb_date date = {days[i]};
        int64_t start = jb_date_start_ms(date);
        int64_t end = jb_date_end_ms(date);

        assert_int_equal(end - start, 86400000);
        assert_int_equal(jb_date_of_instant(start).days, days[i]);
        assert_int_equal(jb_date_of_instant(end - 1).days, days[i]);
        if (days[i] < JB_DATE_DAYS_MAX)
            assert_int_equal(jb_date_of_instant(end).days, days[i] + 1);
    }
    assert_int_equal(jb_date_end_ms((struct jb_date){JB_DATE_DAYS_MAX}), JB_INSTANT_MAX_MS);
    assert_true(jb_date_compare((struct jb_date){1}, (struct jb_date){2}) < 0);
    assert_true(jb_date_compare((struct jb_date){2}, (struct jb_date){1}) > 0);
    assert_int_equal(jb_date_compare((struct jb_date){2}, (struct jb_date){2}), 0);
}

static void reads_and_writes_dates(void **state)
{
    static const struct {
        const char *text;
        enum jb_err err;
        const char *iso, *chinese;
    } cases[] = {
        {"2026-11-23", JB_OK, "2026-11-23", "2026年11月23日"},
        {"2026年11月23日", JB_OK, "2026-11-23", "2026年11月23日"},
        {"2026年1月3日", JB_OK, "2026-01-03", "2026年1月3日"},
        {"2026年01月03日", JB_OK, "2026-01-03", "2026年1月3日"},
        {"1970-01-01", JB_OK, "1970-01-01", "1970年1月1日"},
        {"9999-12-31", JB_OK, "9999-12-31", "9999年12月31日"},
        {"2024-02-29", JB_OK, "2024-02-29", "2024年2月29日"},
        {"2026-02-29", JB_RANGE, NULL, NULL},
        {"2026-00-10", JB_RANGE, NULL, NULL},
        {"1969-12-31", JB_RANGE, NULL, NULL},
        {"2026年13月1日", JB_RANGE, NULL, NULL},
        {"", JB_MALFORMED, NULL, NULL},
        {"2026", JB_MALFORMED, NULL, NULL},
        {"2026-11", JB_MALFORMED, NULL, NULL},
        {"2026-11-", JB_MALFORMED, NULL, NULL},
        {"2026-1-3", JB_MALFORMED, NULL, NULL},
        {"2026-11-231", JB_MALFORMED, NULL, NULL},
        {"2026-11-23 ", JB_MALFORMED, NULL, NULL},
        {" 2026-11-23", JB_MALFORMED, NULL, NULL},
        {"2026/11/23", JB_MALFORMED, NULL, NULL},
        {"20261123", JB_MALFORMED, NULL, NULL},
        {"26-11-23", JB_MALFORMED, NULL, NULL},
        {"-026-11-23", JB_MALFORMED, NULL, NULL},
        {"2026-11-2x", JB_MALFORMED, NULL, NULL},
        {"2026年11月23", JB_MALFORMED, NULL, NULL},
        {"2026年11月23号", JB_MALFORMED, NULL, NULL},
        {"2026年月23日", JB_MALFORMED, NULL, NULL},
        {"2026年011月23日", JB_MALFORMED, NULL, NULL},
        {"2026-11-23日", JB_MALFORMED, NULL, NULL},
    };
    char text[JB_DATE_TEXT];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct jb_date date = {-7};
        enum jb_err err = jb_date_parse(jb_text_of(cases[i].text), &date);

        if (err != cases[i].err)
            fail_msg("%s: %s", cases[i].text, jb_err_name(err));
        if (err != JB_OK) {
            assert_int_equal(date.days, -7);
            continue;
        }
        jb_date_format(date, text);
        assert_string_equal(text, cases[i].iso);
        jb_date_format_zh(date, text);
        assert_string_equal(text, cases[i].chinese);
    }
    /* The text is a run of bytes: what stands behind it does not matter. */
    assert_int_equal(jb_date_parse((struct jb_text){"2026-11-23x", 10}, &(struct jb_date){0}),
                     JB_OK);
}

static void reads_instants(void **state)
{
    static const struct {
        const char *text;
        enum jb_err err;
        int64_t ms;
    } cases[] = {
        {"2026-11-23 14:05", JB_OK, INT64_C(1795413900000)},
        {"2026-11-23T14:05", JB_OK, INT64_C(1795413900000)},
        {"2026-11-23 14:05:09", JB_OK, INT64_C(1795413909000)},
        {"2026年11月23日 14:05", JB_OK, INT64_C(1795413900000)},
        {"2026-11-22 24:00", JB_OK, INT64_C(1795363200000)},
        {"2026-11-23 00:00", JB_OK, INT64_C(1795363200000)},
        {"9999-12-31 24:00", JB_OK, JB_INSTANT_MAX_MS},
        {"2026-11-23 24:01", JB_RANGE, 0},
        {"2026-11-23 24:00:01", JB_RANGE, 0},
        {"2026-11-23 25:00", JB_RANGE, 0},
        {"2026-11-23 14:60", JB_RANGE, 0},
        {"2026-11-23 14:05:60", JB_RANGE, 0},
        {"2026-11-31 14:05", JB_RANGE, 0},
        {"2026-11-23", JB_MALFORMED, 0},
        {"2026-11-23 ", JB_MALFORMED, 0},
        {"2026-11-23 14", JB_MALFORMED, 0},
        {"2026-11-23 1:05", JB_MALFORMED, 0},
        {"2026-11-23 14:5", JB_MALFORMED, 0},
        {"2026-11-23 14:05:", JB_MALFORMED, 0},
        {"2026-11-23 14:05Z", JB_MALFORMED, 0},
        {"2026-11-23  14:05", JB_MALFORMED, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t ms = 0;
        enum jb_err err = jb_instant_parse(jb_text_of(cases[i].text), &ms);

        if (err != cases[i].err || ms != cases[i].ms)
            fail_msg("%s: %s %lld", cases[i].text, jb_err_name(err), (long long)ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_there_and_back),
        cmocka_unit_test(known_weekdays),
        cmocka_unit_test(impossible_days),
        cmocka_unit_test(adds_days),
        cmocka_unit_test(instants_fall_on_local_days),
        cmocka_unit_test(a_day_ends_where_the_next_begins),
        cmocka_unit_test(reads_and_writes_dates),
        cmocka_unit_test(reads_instants),
    };

    return cmocka_run_group_tests_name("civil", tests, NULL, NULL);
}
