/* Everything that a calendar text can get right or wrong. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "proto/rules/calendar.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define HEAD "[calendar]\nversion = v1\ncovers_from = 2026-01-01\ncovers_to = 2026-12-31\n"

static struct jb_arena arena;

static int open_arena(void **state)
{
    (void)state;
    jb_arena_init(&arena, 64 * 1024);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    jb_arena_fini(&arena);
    return 0;
}

static enum jb_err parse(const char *text, struct jb_calendar *cal, struct jb_fault *fault)
{
    return jb_calendar_parse(jb_text_of(text), "x.ini", &arena, cal, fault);
}

static void refuses_bad_texts(void **state)
{
    static const struct {
        const char *text;
        enum jb_err err;
        const char *message;
    } cases[] = {
        {"", JB_CONFIG, "x.ini: [calendar] needs version, covers_from and covers_to"},
        {"[calendar]\nversion = 1\n", JB_CONFIG,
         "x.ini: [calendar] needs version, covers_from and covers_to"},
        {"[calendar]\ncovers_from = 2026-01-01\ncovers_to = 2026-12-31\n", JB_CONFIG,
         "x.ini: [calendar] needs version, covers_from and covers_to"},
        {"[calendar]\nversion =\n", JB_CONFIG, "x.ini:2: version must not be empty"},
        {"[calendar]\nversion = 1\nversion = 1\n", JB_CONFIG,
         "x.ini:3: version stands here a second time"},
        {"[calendar]\ncovers_to = 2026-12-31\ncovers_to = 2026-12-31\n", JB_CONFIG,
         "x.ini:3: covers_to stands here a second time"},
        {"[calendar]\ncovers_to = 2026\n", JB_CONFIG,
         "x.ini:2: covers_to: 2026 is not a date like 2026-12-31"},
        {"[calendar]\ncolour = red\n", JB_CONFIG,
         "x.ini:2: unknown key colour in section [calendar]"},
        {"[calendar]\nversion = 1\ncovers_from = 2026-12-31\ncovers_to = 2026-01-01\n", JB_CONFIG,
         "x.ini: covers_from is after covers_to"},
        {HEAD "[holiday]\n", JB_CONFIG, "x.ini:5: unknown section [holiday]"},
        {"version = 1\n", JB_CONFIG, "x.ini:1: unknown section []"},
        {"[off]\n2026-01-01 = 元旦\n", JB_CONFIG,
         "x.ini:2: section [calendar] with covers_from and covers_to comes first"},
        {HEAD "[off]\n2026-02-30 = 春节\n", JB_CONFIG,
         "x.ini:6: 2026-02-30 is not a date like 2026-01-01"},
        {HEAD "[off]\n2027-01-01 = 元旦\n", JB_CONFIG,
         "x.ini:6: 2027-01-01 is not between covers_from and covers_to"},
        {HEAD "[work]\n2025-12-31 = 元旦\n", JB_CONFIG,
         "x.ini:6: 2025-12-31 is not between covers_from and covers_to"},
        {HEAD "[off]\n2026-01-01 =\n", JB_CONFIG, "x.ini:6: 2026-01-01: the occasion is missing"},
        {HEAD "[off]\n2026-01-01 = a\n2026-01-02 = a\n2026-01-01 = b\n", JB_CONFIG,
         "x.ini: 2026-01-01 is listed twice"},
        {HEAD "[off]\n2026-01-04 = a\n[work]\n2026-01-04 = a\n", JB_CONFIG,
         "x.ini: 2026-01-04 is listed twice"},
        {HEAD "[off]\n2026-01-01\n", JB_MALFORMED,
         "x.ini:6: expected [section], key = value or # comment"},
        {HEAD "[off]\n2026-01-01 = \xff\n", JB_BAD_UTF8, "x.ini:6: text is not valid UTF-8"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct jb_calendar cal = {.version = "untouched"};
        struct jb_fault fault = {{0}};
        enum jb_err err = parse(cases[i].text, &cal, &fault);

        assert_string_equal(fault.text, cases[i].message);
        assert_int_equal(err, cases[i].err);
        assert_string_equal(cal.version, "untouched");
    }
}

static void accepts_any_order_and_blanks(void **state)
{
    struct jb_calendar cal;
    struct jb_fault fault = {{0}};

    (void)state;
    assert_int_equal(parse("\xef\xbb\xbf# a comment\r\n; another\r\n" HEAD
                           "\n[ work ]\n  2026-02-14=春节\n[off]\n2026-10-01 = 国庆节 # 七天\n"
                           "\t2026-01-01\t=\t元旦\t\n[calendar]\nsource = a; b\nregion = 611000",
                           &cal, &fault),
                     JB_OK);
    assert_int_equal(cal.day_count, 3);
    assert_string_equal(cal.days[0].name, "元旦");
    assert_int_equal(cal.days[1].kind, JB_DAY_WORK);
    assert_string_equal(cal.days[2].name, "国庆节 # 七天");
    assert_string_equal(cal.source, "a; b");
    assert_string_equal(cal.region, "611000");
    assert_int_equal(cal.days[2].shift, -1);
    assert_int_equal(parse(HEAD, &cal, &fault), JB_OK);
    assert_int_equal(cal.day_count, 0);
    assert_string_equal(cal.region, "CN");
    assert_string_equal(cal.source, "");
    assert_true(jb_calendar_is_workday(&cal, cal.covers_from, NULL));
}

/* Every limit from nothing to enough: a clean JB_NOMEM, then success. */
static void runs_out_of_memory_cleanly(void **state)
{
    static const char text[] = HEAD "[off]\n2026-01-01 = 元旦\n2026-10-01 = 国庆节\n";
    bool succeeded = false;

    (void)state;
    for (size_t limit = 0; limit < 1024 && !succeeded; limit += 8) {
        struct jb_arena small;
        struct jb_calendar cal = {0};
        struct jb_fault fault = {{0}};
        enum jb_err err;

        jb_arena_init(&small, limit);
        err = jb_calendar_parse(jb_text_of(text), "x.ini", &small, &cal, &fault);
        succeeded = err == JB_OK;
        if (!succeeded) {
            assert_int_equal(err, JB_NOMEM);
            assert_true(small.overflowed);
            assert_non_null(strstr(fault.text, "x.ini:"));
            assert_null(cal.days);
        }
        jb_arena_fini(&small);
    }
    assert_true(succeeded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(refuses_bad_texts, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(accepts_any_order_and_blanks, open_arena, close_arena),
        cmocka_unit_test(runs_out_of_memory_cleanly),
    };

    return cmocka_run_group_tests_name("calendar text", tests, NULL, NULL);
}
