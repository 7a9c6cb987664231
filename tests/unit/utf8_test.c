/* Text checks against the table of well-formed sequences, every code point, and the two helpers for
 * diagnoses. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <setjmp.h>
#include <cmocka.h>

#include "proto/base/utf8.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define BYTES(z) (z), sizeof(z) - 1

struct text_case {
    const char *bytes;
    size_t len;
    enum jb_err body; /* jb_text_check */
    enum jb_err line; /* jb_text_check_line */
};

static const struct text_case texts[] = {
    {NULL, 0, JB_OK, JB_OK},
    {BYTES(""), JB_OK, JB_OK},
    {BYTES("a"), JB_OK, JB_OK},
    {BYTES("住房和城乡建设局"), JB_OK, JB_OK},
    {BYTES("𠮷野家 😀"), JB_OK, JB_OK},
    {BYTES("one\r\n\ttwo"), JB_OK, JB_MALFORMED},
    {BYTES("\x1b[31m"), JB_OK, JB_MALFORMED},
    {BYTES("\x7f"), JB_OK, JB_MALFORMED},
    {BYTES("\xc2\x85"), JB_OK, JB_MALFORMED},
    {BYTES("\xc2\xa0"), JB_OK, JB_OK},
    {BYTES("\xe2\x80\xa8"), JB_OK, JB_MALFORMED},
    {BYTES("\xe2\x80\xa9"), JB_OK, JB_MALFORMED},
    {BYTES("a\0b"), JB_NUL_IN_TEXT, JB_NUL_IN_TEXT},
    {BYTES("\0"), JB_NUL_IN_TEXT, JB_NUL_IN_TEXT},
    {BYTES("\0\xff"), JB_NUL_IN_TEXT, JB_NUL_IN_TEXT},
    {BYTES("\xff\0"), JB_BAD_UTF8, JB_BAD_UTF8},
    {BYTES("\x80"), JB_BAD_UTF8, JB_BAD_UTF8},
    {BYTES("\xbf"), JB_BAD_UTF8, JB_BAD_UTF8},
    {BYTES("\xc0\x80"), JB_BAD_UTF8, JB_BAD_UTF8},
    {BYTES("\xc1\xbf"), JB_BAD_UTF8, JB_BAD_UTF8},
    {BYTES("\xe0\x80\xaf"), JB_BAD_UTF8, JB_BAD_UTF8},
    {BYTES("\xe0\x9f\xbf"), JB_BAD_UTF8, JB_BAD_UTF8},
    {BYTES("\xf0\x80\x80\xaf"), JB_BAD_UTF8, JB_BAD_UTF8},
    {BYTES("\xf0\x8f\xbf\xbf"), JB_BAD_UTF8, JB_BAD_UTF8},
    {BYTES("\xed\xa0\x80"), JB_BAD_UTF8, JB_BAD_UTF8},
    {BYTES("\xed\xbf\xbf"), JB_BAD_UTF8, JB_BAD_UTF8},
    {BYTES("\xed\x9f\xbf"), JB_OK, JB_OK},
    {BYTES("\xee\x80\x80"), JB_OK, JB_OK},
    {BYTES("\xf4\x8f\xbf\xbf"), JB_OK, JB_OK},
    {BYTES("\xf4\x90\x80\x80"), JB_BAD_UTF8, JB_BAD_UTF8},
    {BYTES("\xf5\x80\x80\x80"), JB_BAD_UTF8, JB_BAD_UTF8},
    {BYTES("\xf8\x88\x80\x80\x80"), JB_BAD_UTF8, JB_BAD_UTF8},
    {BYTES("\xfe"), JB_BAD_UTF8, JB_BAD_UTF8},
    {BYTES("\xe4\xb8"), JB_BAD_UTF8, JB_BAD_UTF8},
    {BYTES("\xe4\xb8z"), JB_BAD_UTF8, JB_BAD_UTF8},
    {BYTES("\xe4z\xad"), JB_BAD_UTF8, JB_BAD_UTF8},
    {BYTES("\xf0\x9f\x98"), JB_BAD_UTF8, JB_BAD_UTF8},
    {BYTES("abc\xe4"), JB_BAD_UTF8, JB_BAD_UTF8},
    {BYTES("\xb9\xfa\xbc\xd2"), JB_BAD_UTF8, JB_BAD_UTF8}, /* GB18030 */
};

static void checks_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        enum jb_err body = jb_text_check(texts[i].bytes, texts[i].len);
        enum jb_err line = jb_text_check_line(texts[i].bytes, texts[i].len);

        if (body != texts[i].body || line != texts[i].line)
            fail_msg("row %zu: %s, %s", i, jb_err_name(body), jb_err_name(line));
    }
}

static size_t encode(uint32_t code, size_t length, char out[4])
{
    static const uint8_t lead[] = {0, 0x00, 0xc0, 0xe0, 0xf0};

    for (size_t i = length; i-- > 1; code >>= 6)
        out[i] = (char)(0x80 | (code & 0x3f));
    out[0] = (char)(lead[length] | code);
    return length;
}

static size_t natural_length(uint32_t code)
{
    if (code < 0x80)
        return 1;
    if (code < 0x800)
        return 2;
    return code < 0x10000 ? 3 : 4;
}

/* Every code point up to a little above the end, in every length that can hold it. */
static void accepts_exactly_the_code_points(void **state)
{
    static const uint32_t limit[] = {0, 0x80, 0x800, 0x10000, 0x200000};

    (void)state;
    for (uint32_t code = 1; code < 0x120000; code++) {
        bool scalar = code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);

        for (size_t length = 1; length <= 4; length++) {
            bool good = scalar && length == natural_length(code);
            char bytes[4];

            if (code >= limit[length])
                continue;
            encode(code, length, bytes);
            if ((jb_text_check(bytes, length) == JB_OK) != good)
                fail_msg("U+%04X in %zu bytes", code, length);
        }
    }
}

static void cuts_between_characters(void **state)
{
    static const struct {
        const char *text;
        size_t limit, cut;
    } cases[] = {
        {"", 0, 0},
        {"abc", 0, 0},
        {"abc", 2, 2},
        {"abc", 3, 3},
        {"abc", 9, 3},
        {"信访", 6, 6},
        {"信访", 5, 3},
        {"信访", 4, 3},
        {"信访", 3, 3},
        {"信访", 2, 0},
        {"信访", 1, 0},
        {"a信b", 3, 1},
        {"a信b", 4, 4},
        {"😀😀", 7, 4},
        {"😀😀", 3, 0},
        {"\xff\xff\xff", 2, 2},
        {"ab\xe4x", 3, 3},
        {"长长长长长长", 17, 15},
        {"长长长长长长", 16, 15},
        {"aaaaaaaaé", 9, 8},
        {"\x80\x80\x80\x80\x80\x80\x80\x80\x80", 7, 7},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t cut = jb_text_cut(cases[i].text, strlen(cases[i].text), cases[i].limit);

        if (cut != cases[i].cut)
            fail_msg("row %zu: %zu", i, cut);
    }
}

static void escapes(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *escaped, *printable;
    } cases[] = {
        {BYTES(""), "", ""},
        {BYTES("plain text"), "plain text", "plain text"},
        {BYTES("信访 😀"), "信访 😀", "信访 😀"},
        {BYTES("a\nb\tc\r"), "a\\x0ab\\x09c\\x0d", "a\\x0ab\\x09c\\x0d"},
        {BYTES("\x1b[2J"), "\\x1b[2J", "\\x1b[2J"},
        {BYTES("\0\x7f"), "\\x00\\x7f", "\\x00\\x7f"},
        {BYTES("\"'\\"), "\\x22\\x27\\x5c", "\"'\\"},
        {BYTES("\xff\xe4\xb8"), "\\xff\\xe4\\xb8", "\\xff\\xe4\\xb8"},
        {BYTES("\xc2\x9b"), "\\xc2\\x9b", "\\xc2\\x9b"},
        {BYTES("\xe2\x80\x8b!"), "\\xe2\\x80\\x8b!", "\\xe2\\x80\\x8b!"},
        {BYTES("\xe2\x80\xa8"), "\\xe2\\x80\\xa8", "\\xe2\\x80\\xa8"},
    };
    char out[64];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t n = jb_text_escape(cases[i].bytes, cases[i].len, out, sizeof out);

        assert_string_equal(out, cases[i].escaped);
        assert_int_equal(n, strlen(out));
        n = jb_text_printable(cases[i].bytes, cases[i].len, out, sizeof out);
        assert_string_equal(out, cases[i].printable);
        assert_int_equal(n, strlen(out));
    }
}

/* U+202A-202E and U+2066-2069 turn the reading direction, so that a line shows what it is not. */
static void escapes_direction_overrides(void **state)
{
    static const uint8_t last[][2] = {{0x80, 0xaa}, {0x80, 0xae}, {0x81, 0xa6}, {0x81, 0xa9}};

    (void)state;
    for (size_t i = 0; i < COUNT(last); i++) {
        char bytes[3] = {(char)0xe2, (char)last[i][0], (char)last[i][1]};
        char expected[16];
        char out[16];

        (void)snprintf(expected, sizeof expected, "\\xe2\\x%02x\\x%02x", last[i][0], last[i][1]);
        (void)jb_text_printable(bytes, sizeof bytes, out, sizeof out);
        assert_string_equal(out, expected);
    }
}

/* Whatever the room: terminated, inside it, valid, and a prefix of the whole escape plus dots. */
static void escape_fits_any_room(void **state)
{
    static const char text[] = "a信\n\"😀\xff访b\x1b长";
    char whole[128];
    size_t whole_len = jb_text_escape(text, sizeof text - 1, whole, sizeof whole);

    (void)state;
    for (size_t cap = 0; cap <= whole_len + 2; cap++) {
        char out[128];
        size_t n;
        size_t kept;

        memset(out, '#', sizeof out);
        n = jb_text_escape(text, sizeof text - 1, out, cap);
        assert_int_equal(out[cap], '#');
        if (cap == 0) {
            assert_int_equal(n, 0);
            continue;
        }
        assert_true(n < cap);
        assert_int_equal(out[n], '\0');
        assert_int_equal(n, strlen(out));
        assert_int_equal(jb_text_check(out, n), JB_OK);
        if (cap > whole_len) {
            assert_string_equal(out, whole);
            continue;
        }
        kept = n < 3 ? 0 : n - 3;
        assert_memory_equal(out, whole, kept);
        assert_memory_equal(out + kept, "...", n - kept);
        if (cap > 16)
            assert_true(n + 8 > cap - 4); /* the room is used: at most one character is lost */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checks_text),
        cmocka_unit_test(accepts_exactly_the_code_points),
        cmocka_unit_test(cuts_between_characters),
        cmocka_unit_test(escapes),
        cmocka_unit_test(escapes_direction_overrides),
        cmocka_unit_test(escape_fits_any_room),
    };

    return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
