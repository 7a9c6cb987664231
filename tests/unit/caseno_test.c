/* Case numbers: what the check digit finds, what people may type, and what they are told. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <setjmp.h>
#include <cmocka.h>

#include "proto/rules/caseno.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define DIGITS 19
#define SAMPLES 2000

static uint64_t random_state = 20261123;

/* splitmix64: the same numbers on every run. */
static uint32_t random_below(uint32_t limit)
{
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((z ^ (z >> 31)) % limit);
}

static struct jb_date day(int year, int month, int d)
{
    struct jb_date date = {0};

    assert_int_equal(jb_date_make((struct jb_ymd){year, month, d}, &date), JB_OK);
    return date;
}

static int64_t sample(void)
{
    struct jb_date date = {(int32_t)(day(2020, 1, 1).days + (int32_t)random_below(20000))};
    int64_t no = 0;

    assert_int_equal(jb_caseno_make(date, 1 + random_below(JB_CASENO_NODE_MAX),
                                    1 + random_below(JB_CASENO_SEQ_MAX), &no),
                     JB_OK);
    return no;
}

static void plain(int64_t no, char out[DIGITS + 1])
{
    (void)snprintf(out, DIGITS + 1, "%019lld", (long long)no);
}

/* The check digits were computed by a separate program from the definition in ISO 7064. */
static void known_numbers(void **state)
{
    static const struct {
        int year, month, day;
        uint32_t node, seq;
        const char *text;
    } cases[] = {
        {2026, 11, 23, 7, 42, "20261123-00007-00042-9"},
        {1970, 1, 1, 1, 1, "19700101-00001-00001-8"},
        {9222, 12, 31, 99999, 99999, "92221231-99999-99999-5"},
        {2024, 2, 29, 12345, 67890, "20240229-12345-67890-0"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[JB_CASENO_TEXT];
        struct jb_fault fault = {{0}};
        int64_t parsed = 0;
        int64_t no = 0;
        struct jb_date date = day(cases[i].year, cases[i].month, cases[i].day);

        assert_int_equal(jb_caseno_make(date, cases[i].node, cases[i].seq, &no), JB_OK);
        jb_caseno_format(no, text);
        assert_string_equal(text, cases[i].text);
        assert_int_equal(jb_caseno_check(no), JB_OK);
        assert_int_equal(jb_caseno_date(no).days, date.days);
        assert_int_equal(jb_caseno_node(no), cases[i].node);
        assert_int_equal(jb_caseno_seq(no), cases[i].seq);
        assert_int_equal(jb_caseno_parse(jb_text_of(text), &parsed, &fault), JB_OK);
        assert_int_equal(parsed, no);
    }
}

static void impossible_parts(void **state)
{
    static const struct {
        int32_t days;
        uint32_t node, seq;
    } cases[] = {
        {20000, 0, 1},
        {20000, 100000, 1},
        {20000, 1, 0},
        {20000, 1, 100000},
        {20000, UINT32_MAX, 1},
        {20000, 1, UINT32_MAX},
        {JB_DATE_DAYS_MAX, 1, 1},
        {2649104, 1, 1}, /* 9223-01-01 */
    };
    int64_t no = 5;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(
            jb_caseno_make((struct jb_date){cases[i].days}, cases[i].node, cases[i].seq, &no),
            JB_RANGE);
        assert_int_equal(no, 5);
    }
    assert_int_equal(jb_caseno_make((struct jb_date){2649103}, 1, 1, &no), JB_OK);
}

static void numbers_sort_by_issue(void **state)
{
    struct jb_date today = day(2026, 11, 23);
    int64_t a = 0, b = 0, c = 0, d = 0;

    (void)state;
    assert_int_equal(jb_caseno_make(today, 7, 42, &a), JB_OK);
    assert_int_equal(jb_caseno_make(today, 7, 43, &b), JB_OK);
    assert_int_equal(jb_caseno_make(today, 8, 1, &c), JB_OK);
    assert_int_equal(jb_caseno_make((struct jb_date){today.days + 1}, 1, 1, &d), JB_OK);
    assert_true(a < b && b < c && c < d);
}

/* Does any other digit at this place pass? What does not fit an int64_t cannot be typed in either.
 */
static bool a_wrong_digit_passes(int64_t no, int64_t weight)
{
    int digit = (int)(no / weight % 10);

    for (int wrong = 0; wrong <= 9; wrong++) {
        int64_t other;

        if (wrong == digit || __builtin_mul_overflow(weight, wrong - digit, &other) ||
            __builtin_add_overflow(no, other, &other))
            continue;
        if (jb_caseno_check(other) == JB_OK)
            return true;
    }
    return false;
}

/* Every wrong digit at every place of many numbers. */
static void finds_every_single_wrong_digit(void **state)
{
    (void)state;
    for (int i = 0; i < SAMPLES; i++) {
        int64_t no = sample();
        int64_t weight = 1;

        assert_int_equal(jb_caseno_check(no), JB_OK);
        for (int place = 1; place <= DIGITS; place++) {
            if (a_wrong_digit_passes(no, weight))
                fail_msg("%lld, place %d", (long long)no, place);
            if (place < DIGITS)
                weight *= 10;
        }
    }
}

/* MOD 11,10 lets a few swaps through (about one in fifty of those tried here). */
static void finds_nearly_every_swap(void **state)
{
    int swaps = 0;
    int missed = 0;

    (void)state;
    for (int i = 0; i < SAMPLES; i++) {
        char text[DIGITS + 1];

        plain(sample(), text);
        for (int place = 0; place + 1 < DIGITS; place++) {
            char swapped[DIGITS + 1];
            struct jb_fault fault = {{0}};
            int64_t no = 0;

            if (text[place] == text[place + 1])
                continue;
            memcpy(swapped, text, sizeof swapped);
            swapped[place] = text[place + 1];
            swapped[place + 1] = text[place];
            swaps++;
            missed += jb_caseno_parse(jb_text_of(swapped), &no, &fault) == JB_OK;
        }
    }
    assert_true(swaps > SAMPLES * 12);
    assert_true(missed * 40 < swaps);
}

static void accepts_what_people_type(void **state)
{
    static const char *const forms[] = {
        "20261123-00007-00042-@",
        "202611230000700042@",
        "20261123 00007 00042 @",
        "  2026-11-23  00007-00042-@\t",
        "２０２６１１２３－００００７－０００４２－@",
        "20261123–00007—00042−@",
        "2026\u00a01123\u300000007\u201000042\u2011@",
    };
    char check[JB_CASENO_TEXT];
    int64_t expected = 0;

    (void)state;
    assert_int_equal(jb_caseno_make(day(2026, 11, 23), 7, 42, &expected), JB_OK);
    jb_caseno_format(expected, check);
    for (size_t i = 0; i < COUNT(forms); i++) {
        char text[128];
        struct jb_fault fault = {{0}};
        int64_t no = 0;
        char *at;

        (void)snprintf(text, sizeof text, "%s", forms[i]);
        at = strchr(text, '@');
        *at = check[strlen(check) - 1];
        if (jb_caseno_parse(jb_text_of(text), &no, &fault) != JB_OK)
            fail_msg("%s: %s", text, fault.text);
        assert_int_equal(no, expected);
    }
}

static void says_what_is_wrong(void **state)
{
    static const struct {
        const char *text;
        enum jb_err err;
        const char *message;
    } cases[] = {
        {"", JB_MALFORMED, "case number: 0 digits instead of 19"},
        {"20261123-00007-00042", JB_MALFORMED, "case number: 18 digits instead of 19"},
        {"20261123-00007-00042-55", JB_MALFORMED, "case number: 20 digits instead of 19"},
        {"2026112300007000425555555555555555555555", JB_MALFORMED,
         "case number: 40 digits instead of 19"},
        {"20261123-00007-O0042-5", JB_MALFORMED,
         "case number: character 16 is neither a digit nor a dash"},
        {"２０x", JB_MALFORMED, "case number: character 3 is neither a digit nor a dash"},
        {"\xef\xbc", JB_MALFORMED, "case number: character 1 is neither a digit nor a dash"},
        {"\xff", JB_MALFORMED, "case number: character 1 is neither a digit nor a dash"},
        {"20261323-00007-00042-5", JB_RANGE, "case number: there is no day 20261323"},
        {"20260229-00007-00042-5", JB_RANGE, "case number: there is no day 20260229"},
        {"00000000-00007-00042-5", JB_RANGE, "case number: there is no day 00000000"},
        {"92230101-00007-00042-5", JB_RANGE, "case number: there is no day 92230101"},
        {"99991231-00007-00042-5", JB_RANGE, "case number: the year is after 9222"},
        {"20261123-00000-00042-5", JB_RANGE,
         "case number: the node (digits 9 to 13) starts at 00001"},
        {"20261123-00007-00000-5", JB_RANGE,
         "case number: the count (digits 14 to 18) starts at 00001"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct jb_fault fault = {{0}};
        int64_t no = -3;
        enum jb_err err = jb_caseno_parse(jb_text_of(cases[i].text), &no, &fault);

        assert_string_equal(fault.text, cases[i].message);
        assert_int_equal(err, cases[i].err);
        assert_int_equal(no, -3);
    }
}

/* A hint is given when it helps; then the right number is mostly among its one or two. */
static void hints_at_swapped_neighbours(void **state)
{
    int hints = 0;
    int right = 0;

    (void)state;
    for (int i = 0; i < SAMPLES; i++) {
        int64_t good = sample();
        char text[DIGITS + 1];
        char shown[JB_CASENO_TEXT];
        struct jb_fault fault = {{0}};
        int64_t no = 0;
        int place = 8 + (int)random_below(9);
        char kept;

        plain(good, text);
        jb_caseno_format(good, shown);
        kept = text[place];
        text[place] = text[place + 1];
        text[place + 1] = kept;
        if (jb_caseno_parse(jb_text_of(text), &no, &fault) == JB_OK)
            continue;
        if (strstr(fault.text, "swapped") == NULL)
            continue;
        hints++;
        right += strstr(fault.text, shown) != NULL;
        assert_null(strstr(fault.text, "digit is wrong"));
    }
    assert_true(hints > SAMPLES / 2);
    assert_int_equal(right, hints);
}

static void check_tells_range_from_digit(void **state)
{
    static const struct {
        int64_t no;
        enum jb_err err;
    } cases[] = {
        {0, JB_RANGE}, {-1, JB_RANGE}, {INT64_MIN, JB_RANGE}, {INT64_MAX, JB_RANGE}, {42, JB_RANGE},
    };
    int malformed = 0;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(jb_caseno_check(cases[i].no), cases[i].err);
    for (int digit = 0; digit <= 9; digit++)
        malformed += jb_caseno_check(INT64_C(2026112300007000420) + digit) == JB_MALFORMED;
    assert_int_equal(malformed, 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_numbers),
        cmocka_unit_test(impossible_parts),
        cmocka_unit_test(numbers_sort_by_issue),
        cmocka_unit_test(finds_every_single_wrong_digit),
        cmocka_unit_test(finds_nearly_every_swap),
        cmocka_unit_test(accepts_what_people_type),
        cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(hints_at_swapped_neighbours),
        cmocka_unit_test(check_tells_range_from_digit),
    };

    return cmocka_run_group_tests_name("caseno", tests, NULL, NULL);
}
