/* Working days: the shipped calendar against the published vectors, the counting against a
 * day-by-day oracle, and everything that a calendar text can get wrong. Run from the top of the
 * source tree. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <setjmp.h>
#include <cmocka.h>

#include "proto/rules/calendar.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define ARENA_BYTES (1024 * 1024)
#define CALENDAR_FILE "deploy/calendar/cn.ini"

static struct jb_arena arena;
static struct jb_calendar cn;

static uint64_t random_state = 20261123;

/* splitmix64: the same numbers on every run. */
static uint32_t random_below(uint32_t limit)
{
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((z ^ (z >> 31)) % limit);
}

static int load_cn(void **state)
{
    struct jb_fault fault = {{0}};
    FILE *file = fopen(CALENDAR_FILE, "r");
    static char text[256 * 1024];
    size_t len;

    (void)state;
    if (file == NULL)
        return -1;
    len = fread(text, 1, sizeof text, file);
    (void)fclose(file);
    jb_arena_init(&arena, ARENA_BYTES);
    if (jb_calendar_parse((struct jb_text){text, len}, CALENDAR_FILE, &arena, &cn, &fault) !=
        JB_OK) {
        print_error("%s\n", fault.text);
        return -1;
    }
    memset(text, '?', sizeof text); /* the calendar must not point into its text */
    return 0;
}

static int drop_cn(void **state)
{
    (void)state;
    jb_arena_fini(&arena);
    return 0;
}

static struct jb_date on(const char *text)
{
    struct jb_date date = {0};

    if (jb_date_parse(jb_text_of(text), &date) != JB_OK)
        fail_msg("%s", text);
    return date;
}

static void the_shipped_calendar(void **state)
{
    (void)state;
    assert_string_equal(cn.version, "cn-2026.1");
    assert_string_equal(cn.region, "CN");
    assert_int_equal(cn.covers_from.days, on("2004-01-01").days);
    assert_int_equal(cn.covers_to.days, on("2026-12-31").days);
    assert_int_equal(cn.day_count, 619 + 150);
    for (size_t i = 1; i < cn.day_count; i++)
        assert_true(cn.days[i - 1].date.days < cn.days[i].date.days);
}

static void published_vectors(void **state)
{
    static const struct {
        const char *date;
        bool workday;
        enum jb_day_kind kind;
        const char *name;
    } cases[] = {
        {"2026-02-14", true, JB_DAY_WORK, "春节"},
        {"2026-10-10", true, JB_DAY_WORK, "国庆节"},
        {"2026-02-16", false, JB_DAY_OFF, "春节"},
        {"2025-09-28", true, JB_DAY_WORK, "国庆节"},
        {"2025-10-06", false, JB_DAY_OFF, "中秋"},
        {"2023-01-03", true, JB_DAY_ORDINARY, ""},
        {"2023-01-02", false, JB_DAY_OFF, "元旦"},
        {"2026-01-01", false, JB_DAY_OFF, "元旦"},
        {"2026-11-23", true, JB_DAY_ORDINARY, ""},
        {"2026-11-22", false, JB_DAY_ORDINARY, ""},
        {"2015-09-03", false, JB_DAY_OFF, "中国人民抗日战争暨世界反法西斯战争胜利70周年纪念日"},
        {"2020-01-31", false, JB_DAY_OFF, "春节"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct jb_date date = on(cases[i].date);
        const char *name = NULL;
        bool known = false;

        if (jb_calendar_is_workday(&cn, date, &known) != cases[i].workday || !known)
            fail_msg("%s", cases[i].date);
        assert_int_equal(jb_calendar_is_workday(&cn, date, NULL), cases[i].workday);
        assert_int_equal(jb_calendar_day_kind(&cn, date, &name), cases[i].kind);
        assert_string_equal(name, cases[i].name);
        assert_int_equal(jb_calendar_day_kind(&cn, date, NULL), cases[i].kind);
    }
}

static void working_days_of_a_year(void **state)
{
    static const struct {
        int year;
        int32_t days;
    } cases[] = {{2023, 249}, {2024, 251}, {2025, 248}, {2026, 248}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct jb_date from = {0};
        struct jb_date to = {0};

        assert_int_equal(jb_date_make((struct jb_ymd){cases[i].year - 1, 12, 31}, &from), JB_OK);
        assert_int_equal(jb_date_make((struct jb_ymd){cases[i].year, 12, 31}, &to), JB_OK);
        assert_int_equal(jb_calendar_count_workdays(&cn, from, to), cases[i].days);
    }
}

static void deadlines(void **state)
{
    static const struct {
        const char *start;
        int32_t n;
        const char *due;
        bool provisional;
    } cases[] = {
        {"2026-09-24", 5, "2026-10-09", false}, /* Mid-Autumn and National Day on the way */
        {"2026-11-23", 5, "2026-11-30", false},
        {"2026-11-23", 1, "2026-11-24", false},
        {"2026-11-20", 1, "2026-11-23", false}, /* Friday to Monday */
        {"2026-11-21", 1, "2026-11-23", false}, /* a Saturday is a start like any other */
        {"2026-10-09", 1, "2026-10-10", false}, /* to a make-up Saturday */
        {"2026-02-13", 1, "2026-02-14", false},
        {"2026-02-13", 2, "2026-02-24", false},
        {"2025-12-31", 1, "2026-01-04", false}, /* a make-up Sunday */
        {"2026-12-30", 1, "2026-12-31", false},
        {"2026-12-31", 1, "2027-01-01", true}, /* nobody has said yet that this is a holiday */
        {"2026-12-24", 5, "2026-12-31", false},
        {"2026-12-25", 5, "2027-01-01", true},
        {"2003-12-30", 1, "2003-12-31", true}, /* before the first notice that it knows */
        {"2003-12-31", 1, "2004-01-02", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct jb_date due = {0};
        bool provisional = !cases[i].provisional;
        char text[JB_DATE_TEXT];

        assert_int_equal(
            jb_calendar_add_workdays(&cn, on(cases[i].start), cases[i].n, &due, &provisional),
            JB_OK);
        jb_date_format(due, text);
        assert_string_equal(text, cases[i].due);
        if (provisional != cases[i].provisional)
            fail_msg("%s + %d: provisional", cases[i].start, cases[i].n);
    }
}

static void coverage(void **state)
{
    static const struct {
        const char *date;
        bool known, workday;
    } cases[] = {
        {"2003-12-31", false, true}, {"2004-01-01", true, false},  {"2026-12-31", true, true},
        {"2027-01-01", false, true}, {"2027-01-02", false, false}, {"2027-01-04", false, true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        bool known = !cases[i].known;

        assert_int_equal(jb_calendar_is_workday(&cn, on(cases[i].date), &known), cases[i].workday);
        assert_int_equal(known, cases[i].known);
        assert_int_equal(jb_calendar_knows(&cn, on(cases[i].date)), known);
    }
}

static void limits(void **state)
{
    static const struct {
        int32_t start, n;
        enum jb_err err;
    } cases[] = {
        {20000, 0, JB_RANGE},
        {20000, -1, JB_RANGE},
        {20000, INT32_MIN, JB_RANGE},
        {20000, JB_WORKDAYS_MAX, JB_OK},
        {20000, JB_WORKDAYS_MAX + 1, JB_RANGE},
        {0, 1, JB_OK},
        {JB_DATE_DAYS_MAX, 1, JB_RANGE},
        {JB_DATE_DAYS_MAX - 1, 1, JB_OK}, /* 9999-12-31 is a Friday */
        {JB_DATE_DAYS_MAX - 1, 2, JB_RANGE},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct jb_date out = {-9};

        assert_int_equal(
            jb_calendar_add_workdays(&cn, (struct jb_date){cases[i].start}, cases[i].n, &out, NULL),
            cases[i].err);
        assert_int_equal(out.days == -9, cases[i].err != JB_OK);
    }
}

/* ---- the oracle: one day after the other, one row after the other ---- */

static bool slow_is_workday(const struct jb_calendar *cal, struct jb_date date)
{
    for (size_t i = 0; i < cal->day_count; i++) {
        if (cal->days[i].date.days == date.days)
            return cal->days[i].kind == JB_DAY_WORK;
    }
    return jb_date_weekday(date) <= 5;
}

static int32_t slow_count(const struct jb_calendar *cal, struct jb_date from, struct jb_date to)
{
    int32_t count = 0;

    for (int32_t day = from.days + 1; day <= to.days; day++)
        count += slow_is_workday(cal, (struct jb_date){day});
    return count;
}

static struct jb_date slow_add(const struct jb_calendar *cal, struct jb_date date, int32_t n,
                               bool *provisional)
{
    *provisional = false;
    while (n > 0) {
        date.days++;
        n -= slow_is_workday(cal, date);
        *provisional |= date.days < cal->covers_from.days || date.days > cal->covers_to.days;
    }
    return date;
}

static struct jb_date random_start(void)
{
    int32_t first = on("2003-06-01").days;

    return (struct jb_date){first +
                            (int32_t)random_below((uint32_t)(on("2027-06-30").days - first))};
}

static void compare_with_oracle(const struct jb_calendar *cal, int rounds)
{
    for (int i = 0; i < rounds; i++) {
        struct jb_date start = random_start();
        int32_t n = 1 + (int32_t)random_below(90);
        struct jb_date to = {start.days + (int32_t)random_below(200)};
        bool provisional = false;
        bool slow_provisional = false;
        struct jb_date slow = slow_add(cal, start, n, &slow_provisional);
        struct jb_date due = {0};
        int32_t count = slow_count(cal, start, to);

        assert_int_equal(jb_calendar_add_workdays(cal, start, n, &due, &provisional), JB_OK);
        if (due.days != slow.days || provisional != slow_provisional)
            fail_msg("%d + %d: %d, not %d", start.days, n, due.days, slow.days);
        if (jb_calendar_count_workdays(cal, start, to) != count ||
            jb_calendar_count_workdays(cal, to, start) != -count)
            fail_msg("%d to %d", start.days, to.days);
        if (jb_calendar_is_workday(cal, start, NULL) != slow_is_workday(cal, start))
            fail_msg("%d", start.days);
        assert_int_equal(jb_calendar_count_workdays(cal, start, due), n);
    }
}

static void counting_agrees_with_the_oracle(void **state)
{
    (void)state;
    compare_with_oracle(&cn, 4000);
}

/* A calendar of random rows, also ones that repeat what the weekday says. */
static void random_calendars_agree_too(void **state)
{
    (void)state;
    for (int round = 0; round < 40; round++) {
        static char text[64 * 1024];
        struct jb_fault fault = {{0}};
        struct jb_calendar cal;
        struct jb_arena own;
        int32_t day = on("2004-01-01").days;
        size_t at = (size_t)snprintf(text, sizeof text,
                                     "[calendar]\nversion=%d\ncovers_from=2004-01-01\n"
                                     "covers_to=2026-12-31\n",
                                     round);

        for (int32_t i = 0; i < 300 && day < on("2026-12-01").days; i++) {
            char date[JB_DATE_TEXT];

            day += 1 + (int32_t)random_below(round < 20 ? 3 : 50);
            if (day > on("2026-12-31").days)
                break;
            jb_date_format((struct jb_date){day}, date);
            at += (size_t)snprintf(text + at, sizeof text - at, "[%s]\n%s=x\n",
                                   random_below(2) != 0 ? "off" : "work", date);
        }
        jb_arena_init(&own, ARENA_BYTES);
        assert_int_equal(
            jb_calendar_parse((struct jb_text){text, at}, "random", &own, &cal, &fault), JB_OK);
        compare_with_oracle(&cal, 100);
        jb_arena_fini(&own);
    }
}

/* ---- regions ---- */

static enum jb_err parse(const char *text, struct jb_calendar *cal, struct jb_fault *fault)
{
    return jb_calendar_parse(jb_text_of(text), "x.ini", &arena, cal, fault);
}

static void regional_rows_win(void **state)
{
    struct jb_calendar regional;
    struct jb_calendar both;
    struct jb_fault fault = {{0}};
    static const struct {
        const char *date;
        bool workday;
        const char *name;
    } cases[] = {
        {"2026-03-20", false, "肉孜节"}, /* a local holiday */
        {"2026-02-14", false, "停班"},   /* nationally a make-up day */
        {"2026-10-01", true, "值班"},    /* nationally a holiday */
        {"2026-10-10", true, "国庆节"},  /* national, untouched */
        {"2026-02-16", false, "春节"},   /* the same */
        {"2026-03-23", true, ""},
    };

    (void)state;
    assert_int_equal(parse("[calendar]\nversion = xj-1\nregion = 650000\n"
                           "covers_from = 2025-01-01\ncovers_to = 2026-11-30\n"
                           "[off]\n2026-03-20 = 肉孜节\n2026-02-14 = 停班\n"
                           "[work]\n2026-10-01 = 值班\n",
                           &regional, &fault),
                     JB_OK);
    assert_int_equal(jb_calendar_overlay(&cn, &regional, &arena, &both), JB_OK);
    assert_string_equal(both.version, "cn-2026.1+xj-1");
    assert_string_equal(both.region, "650000");
    assert_int_equal(both.day_count, cn.day_count + 1);
    assert_int_equal(both.covers_from.days, on("2025-01-01").days);
    assert_int_equal(both.covers_to.days, on("2026-11-30").days);
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *name = NULL;

        (void)jb_calendar_day_kind(&both, on(cases[i].date), &name);
        assert_string_equal(name, cases[i].name);
        assert_int_equal(jb_calendar_is_workday(&both, on(cases[i].date), NULL), cases[i].workday);
    }
    assert_int_equal(jb_calendar_count_workdays(&both, on("2025-12-31"), on("2026-12-31")),
                     248 - 1 - 1 + 1);
    compare_with_oracle(&both, 1000);
    assert_false(jb_calendar_is_workday(&cn, on("2026-10-01"), NULL)); /* left as it was */
}

static void overlays_need_common_time_and_memory(void **state)
{
    struct jb_calendar later;
    struct jb_calendar out = {.version = "untouched"};
    struct jb_fault fault = {{0}};
    struct jb_arena small;

    (void)state;
    assert_int_equal(parse("[calendar]\nversion=b\ncovers_from=2027-01-01\ncovers_to=2027-12-31\n",
                           &later, &fault),
                     JB_OK);
    assert_int_equal(jb_calendar_overlay(&cn, &later, &arena, &out), JB_RANGE);
    jb_arena_init(&small, 0);
    assert_int_equal(jb_calendar_overlay(&cn, &cn, &small, &out), JB_NOMEM);
    jb_arena_fini(&small);
    jb_arena_init(&small, 1024);
    assert_int_equal(jb_calendar_overlay(&cn, &cn, &small, &out), JB_NOMEM);
    jb_arena_fini(&small);
    assert_string_equal(out.version, "untouched");
    assert_int_equal(jb_calendar_overlay(&cn, &cn, &arena, &out), JB_OK);
    assert_int_equal(out.day_count, cn.day_count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_shipped_calendar),
        cmocka_unit_test(published_vectors),
        cmocka_unit_test(working_days_of_a_year),
        cmocka_unit_test(deadlines),
        cmocka_unit_test(coverage),
        cmocka_unit_test(limits),
        cmocka_unit_test(counting_agrees_with_the_oracle),
        cmocka_unit_test(random_calendars_agree_too),
        cmocka_unit_test(regional_rows_win),
        cmocka_unit_test(overlays_need_common_time_and_memory),
    };

    return cmocka_run_group_tests_name("calendar", tests, load_cn, drop_cn);
}
