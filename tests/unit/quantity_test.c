/* Numbers as people write them: every unit, the ends of the range, and what is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "proto/base/quantity.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

typedef enum jb_err (*parse_fn)(struct jb_text text, int64_t *out);
typedef void (*format_fn)(int64_t value, char out[JB_QUANTITY_TEXT]);

struct quantity_case {
    const char *text;
    enum jb_err err;
    int64_t value;
};

static void run(parse_fn parse, const struct quantity_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int64_t value = 0;
        enum jb_err err = parse(jb_text_of(cases[i].text), &value);

        if (err != cases[i].err || value != cases[i].value)
            fail_msg("\"%s\": %s %lld", cases[i].text, jb_err_name(err), (long long)value);
    }
}

static void integers(void **state)
{
    static const struct quantity_case cases[] = {
        {"0", JB_OK, 0},
        {"-0", JB_OK, 0},
        {"42", JB_OK, 42},
        {"-7", JB_OK, -7},
        {"007", JB_OK, 7},
        {"9223372036854775807", JB_OK, INT64_MAX},
        {"-9223372036854775808", JB_OK, INT64_MIN},
        {"9223372036854775808", JB_RANGE, 0},
        {"-9223372036854775809", JB_RANGE, 0},
        {"99999999999999999999999", JB_RANGE, 0},
        {"", JB_MALFORMED, 0},
        {"-", JB_MALFORMED, 0},
        {"--1", JB_MALFORMED, 0},
        {"+1", JB_MALFORMED, 0},
        {" 1", JB_MALFORMED, 0},
        {"1 ", JB_MALFORMED, 0},
        {"1.5", JB_MALFORMED, 0},
        {"0x10", JB_MALFORMED, 0},
        {"１", JB_MALFORMED, 0},
    };

    (void)state;
    run(jb_int_parse, cases, COUNT(cases));
}

static void truths(void **state)
{
    static const struct quantity_case cases[] = {
        {"yes", JB_OK, 1},         {"no", JB_OK, 0},       {"true", JB_OK, 1},
        {"false", JB_OK, 0},       {"on", JB_OK, 1},       {"off", JB_OK, 0},
        {"1", JB_OK, 1},           {"0", JB_OK, 0},        {"", JB_MALFORMED, 0},
        {"YES", JB_MALFORMED, 0},  {"2", JB_MALFORMED, 0}, {"ye", JB_MALFORMED, 0},
        {"yess", JB_MALFORMED, 0},
    };

    (void)state;
    run(jb_bool_parse, cases, COUNT(cases));
}

static void durations(void **state)
{
    static const struct quantity_case cases[] = {
        {"0", JB_OK, 0},
        {"0s", JB_OK, 0},
        {"500ms", JB_OK, 500},
        {"30s", JB_OK, 30000},
        {"15m", JB_OK, 900000},
        {"4h", JB_OK, 14400000},
        {"7d", JB_OK, 604800000},
        {"106751991167d", JB_OK, INT64_C(9223372036828800000)},
        {"106751991168d", JB_RANGE, 0},
        {"9223372036854775807ms", JB_OK, INT64_MAX},
        {"9223372036854775808ms", JB_RANGE, 0},
        {"5", JB_MALFORMED, 0},
        {"", JB_MALFORMED, 0},
        {"s", JB_MALFORMED, 0},
        {"-5s", JB_MALFORMED, 0},
        {"5 s", JB_MALFORMED, 0},
        {"5sec", JB_MALFORMED, 0},
        {"5S", JB_MALFORMED, 0},
        {"1h30m", JB_MALFORMED, 0},
        {"1.5h", JB_MALFORMED, 0},
        {"0x", JB_MALFORMED, 0},
    };

    (void)state;
    run(jb_duration_parse, cases, COUNT(cases));
}

static void sizes(void **state)
{
    static const struct quantity_case cases[] = {
        {"0", JB_OK, 0},
        {"512", JB_OK, 512},
        {"64k", JB_OK, 65536},
        {"64K", JB_OK, 65536},
        {"1M", JB_OK, 1048576},
        {"1m", JB_OK, 1048576},
        {"2G", JB_OK, INT64_C(2147483648)},
        {"2g", JB_OK, INT64_C(2147483648)},
        {"8589934591G", JB_OK, INT64_C(9223372035781033984)},
        {"8589934592G", JB_RANGE, 0},
        {"", JB_MALFORMED, 0},
        {"k", JB_MALFORMED, 0},
        {"1T", JB_MALFORMED, 0},
        {"1kB", JB_MALFORMED, 0},
        {"-1k", JB_MALFORMED, 0},
    };

    (void)state;
    run(jb_size_parse, cases, COUNT(cases));
}

static void formats_what_it_reads_back(void **state)
{
    static const struct {
        format_fn format;
        parse_fn parse;
        int64_t value;
        const char *text;
    } cases[] = {
        {jb_int_format, jb_int_parse, INT64_MIN, "-9223372036854775808"},
        {jb_bool_format, jb_bool_parse, 1, "yes"},
        {jb_bool_format, jb_bool_parse, 0, "no"},
        {jb_duration_format, jb_duration_parse, 0, "0"},
        {jb_duration_format, jb_duration_parse, 1, "1ms"},
        {jb_duration_format, jb_duration_parse, 90000, "90s"},
        {jb_duration_format, jb_duration_parse, 3600000, "1h"},
        {jb_duration_format, jb_duration_parse, 172800000, "2d"},
        {jb_duration_format, jb_duration_parse, INT64_MAX, "9223372036854775807ms"},
        {jb_size_format, jb_size_parse, 0, "0"},
        {jb_size_format, jb_size_parse, 1000, "1000"},
        {jb_size_format, jb_size_parse, 1024, "1k"},
        {jb_size_format, jb_size_parse, 1536 * 1024, "1536k"},
        {jb_size_format, jb_size_parse, INT64_C(4) << 30, "4G"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[JB_QUANTITY_TEXT];
        int64_t back = -1;

        cases[i].format(cases[i].value, text);
        assert_string_equal(text, cases[i].text);
        assert_int_equal(cases[i].parse(jb_text_of(text), &back), JB_OK);
        assert_int_equal(back, cases[i].value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers),
        cmocka_unit_test(truths),
        cmocka_unit_test(durations),
        cmocka_unit_test(sizes),
        cmocka_unit_test(formats_what_it_reads_back),
    };

    return cmocka_run_group_tests_name("quantity", tests, NULL, NULL);
}
