/* Files that leave as answers: their names in headers, and ranges of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "clients/gateway/disposition.h"
#include "clients/gateway/range.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct jb_arena arena;

static int setup(void **state)
{
    (void)state;
    jb_arena_init(&arena, 1 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    jb_arena_fini(&arena);
    return 0;
}

static void names_are_kept_as_far_as_they_are_safe(void **state)
{
    static const struct {
        const char *name, *plain, *encoded;
    } cases[] = {
        {"photo.jpg", "photo.jpg", "photo.jpg"},
        {"材料 1.pdf", "__ 1.pdf", "%E6%9D%90%E6%96%99%201.pdf"},
        {"a\"b.txt", "a_b.txt", "a%22b.txt"},
        {"a;b='c'.txt", "a;b='c'.txt", "a%3Bb%3D%27c%27.txt"},
        {"50%41.txt", "50_41.txt", "50%2541.txt"},
        {"/etc/passwd", "passwd", "passwd"},
        {"..\\..\\x.exe", "x.exe", "x.exe"},
        {"a\r\nSet-Cookie: b=c", "a__Set-Cookie: b=c", "a__Set-Cookie%3A%20b%3Dc"},
        {"a\x7f\xc2\x85.txt", "a__.txt", "a__.txt"},
        /* NOLINTNEXTLINE(misc-misleading-bidirectional): such a name is what is tried */
        {"x\xe2\x80\xaegpj.exe", "x_gpj.exe", "x_gpj.exe"},
        {"\xf0\xa0\xae\xb7.txt", "_.txt", "%F0%A0%AE%B7.txt"},
        {"a\xe2\x80", "a__", "a__"}, /* broken off, and a lone byte */
        {"\xff.txt", "_.txt", "_.txt"},
        {"", "attachment-1", "attachment-1"},
        {"dir/", "attachment-1", "attachment-1"},
        {"..", "attachment-1", "attachment-1"},
        {" . ", "attachment-1", "attachment-1"},
        {".hidden", ".hidden", ".hidden"},
    };
    char wanted[256];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        (void)snprintf(wanted, sizeof wanted, "attachment; filename=\"%s\"; filename*=UTF-8''%s",
                       cases[i].plain, cases[i].encoded);
        assert_string_equal(jb_gw_disposition(cases[i].name, "attachment-1", &arena), wanted);
    }
}

static void no_byte_of_a_name_ends_the_header_or_the_quotes(void **state)
{
    char name[4] = "a?b";

    (void)state;
    for (unsigned byte = 1; byte < 256; byte++) {
        name[1] = (char)byte;
        const char *text = jb_gw_disposition(name, "x", &arena);
        const char *inside = strchr(text, '"') + 1;
        const char *quote = strchr(inside, '"');
        assert_int_equal(strncmp(quote, "\"; filename*=UTF-8''", 20), 0);
        assert_null(strchr(quote + 1, '"'));
        for (const char *at = text; *at != '\0'; at++)
            assert_true(*at >= ' ' && *at <= '~');
    }
}

static void one_range_is_read_and_what_is_odd_is_all(void **state)
{
    static const struct {
        const char *header;
        bool good, given;
        uint64_t begin, end;
    } cases[] = {
        {NULL, true, false, 0, 100},
        {"bytes=0-", true, true, 0, 100},
        {"bytes=0-0", true, true, 0, 1},
        {"bytes=99-99", true, true, 99, 100},
        {"bytes=50-1000", true, true, 50, 100},
        {"bytes=-1", true, true, 99, 100},
        {"bytes=-1000", true, true, 0, 100},
        {"bytes=100-", false, true, 100, 100},
        {"bytes=-0", false, true, 100, 100},
        {"bytes=7-6", true, false, 0, 100},
        {"bytes=0-1,3-4", true, false, 0, 100},
        {"bytes=", true, false, 0, 100},
        {"bytes=-", true, false, 0, 100},
        {"items=0-1", true, false, 0, 100},
        {"bytes=0x1-", true, false, 0, 100},
        {"bytes=9999999999999999999-", true, false, 0, 100},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct jb_gw_range r;
        assert_int_equal(jb_gw_range_read(cases[i].header, 100, &r), cases[i].good);
        assert_int_equal(r.given, cases[i].given);
        assert_int_equal(r.begin, cases[i].begin);
        assert_int_equal(r.end, cases[i].end);
    }
}

static void a_part_is_as_long_as_its_length_says(void **state)
{
    static const struct {
        const char *header;
        uint64_t length;
        bool good;
    } cases[] = {
        {NULL, 5, true},
        {"bytes 0-4/5", 5, true},
        {"bytes 5-9/10", 5, true},
        {"bytes 5-9/10", 4, false},
        {"bytes 5-9/9", 5, false},
        {"bytes 9-5/10", 5, false},
        {"bytes 0-4/*", 5, false},
        {"bytes */5", 5, false},
        {"bytes 0-4/5,", 5, false},
        {"0-4/5", 5, false},
        {"", 0, false},
        {"bytes 0-18446744073709551615/18446744073709551615", 0, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct jb_gw_range r;
        assert_int_equal(jb_gw_content_range_read(cases[i].header, cases[i].length, &r),
                         cases[i].good);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(names_are_kept_as_far_as_they_are_safe, setup, teardown),
        cmocka_unit_test_setup_teardown(no_byte_of_a_name_ends_the_header_or_the_quotes, setup,
                                        teardown),
        cmocka_unit_test(one_range_is_read_and_what_is_odd_is_all),
        cmocka_unit_test(a_part_is_as_long_as_its_length_says),
    };
    return cmocka_run_group_tests_name("gateway_file", tests, NULL, NULL);
}
