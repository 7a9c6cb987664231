/* The strict reader: what it passes on, and that nothing is skipped, joined or cut in silence. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <setjmp.h>
#include <cmocka.h>

#include "proto/base/initext.h"
#include "proto/base/utf8.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define BYTES(z)                                                                                   \
    {                                                                                              \
        (z), sizeof(z) - 1                                                                         \
    }

/* What was read, as "line:[section]" and "line:section/key=value", one after the other. */
struct record {
    char text[1024];
    size_t len;
    const char *refuse; /* this key is refused */
};

static enum jb_err note(void *ctx, const struct jb_initext_row *row, struct jb_fault *fault)
{
    struct record *r = ctx;
    char *at = r->text + r->len;
    size_t room = sizeof r->text - r->len;
    int n;

    if (row->key == NULL) {
        assert_null(row->value);
        n = snprintf(at, room, "%u:[%s]|", row->line, row->section);
    } else {
        n = snprintf(at, room, "%u:%s/%s=%s|", row->line, row->section, row->key, row->value);
    }
    assert_true(n > 0 && (size_t)n < room);
    r->len += (size_t)n;
    if (r->refuse != NULL && row->key != NULL && strcmp(r->refuse, row->key) == 0)
        return row->value[0] != '\0' ? jb_fault_set(fault, JB_DENIED, "no %s here", row->key)
                                     : JB_EXISTS;
    return JB_OK;
}

static void passes_rows_on(void **state)
{
    static const struct {
        const char *text, *rows;
    } cases[] = {
        {"", ""},
        {"\n\n", ""},
        {"\xef\xbb\xbf", ""},
        {"\xef\xbb\xbf[a]\nb=c\n", "1:[a]|2:a/b=c|"},
        {"[a]\r\nb = c\r\n", "1:[a]|2:a/b=c|"},
        {"x=1", "1:/x=1|"},
        {"[a]\nx=1\n[b]\n[a]\ny=2", "1:[a]|2:a/x=1|3:[b]|4:[a]|5:a/y=2|"},
        {"# c\n; c\n  # c\n[a]\nx=1", "4:[a]|5:a/x=1|"},
        {"  [ a b ]  \n\tx\t=\t1 2\t\n", "1:[a b]|2:a b/x=1 2|"},
        {"x=", "1:/x=|"},
        {"x==y=z", "1:/x==y=z|"},
        {"x=a ; b # c", "1:/x=a ; b # c|"},
        {"x=tcp://*:7000", "1:/x=tcp://*:7000|"},
        {"x=\"quoted\"", "1:/x=\"quoted\"|"},
        {"x=1\n  y=2\n", "1:/x=1|2:/y=2|"},
        {"标题=县信访局", "1:/标题=县信访局|"},
        {"x=1\nx=2", "1:/x=1|2:/x=2|"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct record r = {{0}, 0, NULL};
        struct jb_fault fault = {{0}};

        if (jb_initext_read(jb_text_of(cases[i].text), "t", note, &r, &fault) != JB_OK)
            fail_msg("row %zu: %s", i, fault.text);
        assert_string_equal(r.text, cases[i].rows);
    }
}

static void refuses(void **state)
{
    static const struct {
        struct jb_text text;
        enum jb_err err;
        const char *message;
    } cases[] = {
        {BYTES("x=1\nnonsense\ny=2"), JB_MALFORMED,
         "t:2: expected [section], key = value or # comment"},
        {BYTES("=1"), JB_MALFORMED, "t:1: expected [section], key = value or # comment"},
        {BYTES("x=1\n  continued\n"), JB_MALFORMED,
         "t:2: expected [section], key = value or # comment"},
        {BYTES("x: 1"), JB_MALFORMED, "t:1: expected [section], key = value or # comment"},
        {BYTES("x:y = 1"), JB_MALFORMED, "t:1: a key must not contain a colon"},
        {BYTES("[a"), JB_MALFORMED, "t:1: a section stands alone on its line: [name]"},
        {BYTES("["), JB_MALFORMED, "t:1: a section stands alone on its line: [name]"},
        {BYTES("[a] x=1"), JB_MALFORMED, "t:1: a section stands alone on its line: [name]"},
        {BYTES("[]"), JB_MALFORMED, "t:1: a section's name has 1 to 49 bytes"},
        {BYTES("[ ]"), JB_MALFORMED, "t:1: a section's name has 1 to 49 bytes"},
        {BYTES("[aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]"), JB_MALFORMED,
         "t:1: a section's name has 1 to 49 bytes"},
        {BYTES("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=1"), JB_MALFORMED,
         "t:1: a key has at most 49 bytes"},
        {BYTES("x=1\n\ny=\xff"), JB_BAD_UTF8, "t:3: text is not valid UTF-8"},
        {BYTES("x=1\ny=a\0b"), JB_NUL_IN_TEXT, "t:2: text contains a NUL character"},
        {BYTES("x=\x1b[0m"), JB_MALFORMED, "t:1: the line contains a control character"},
        {BYTES("x=a\rb"), JB_MALFORMED, "t:1: the line contains a control character"},
        {BYTES("# \x07"), JB_MALFORMED, "t:1: the line contains a control character"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct record r = {{0}, 0, NULL};
        struct jb_fault fault = {{0}};
        enum jb_err err = jb_initext_read(cases[i].text, "t", note, &r, &fault);

        assert_string_equal(fault.text, cases[i].message);
        assert_int_equal(err, cases[i].err);
        assert_null(strstr(r.text, "y="));
    }
}

static void names_of_49_bytes_are_whole(void **state)
{
    struct record r = {{0}, 0, NULL};
    struct jb_fault fault = {{0}};

    (void)state;
    assert_int_equal(
        jb_initext_read(jb_text_of("[sssssssssssssssssssssssssssssssssssssssssssssssss]\n"
                                   "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk=1"),
                        "t", note, &r, &fault),
        JB_OK);
    assert_string_equal(r.text, "1:[sssssssssssssssssssssssssssssssssssssssssssssssss]|"
                                "2:sssssssssssssssssssssssssssssssssssssssssssssssss/"
                                "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk=1|");
}

struct length_check {
    size_t value_len;
    int rows;
};

static enum jb_err measure(void *ctx, const struct jb_initext_row *row, struct jb_fault *fault)
{
    struct length_check *check = ctx;

    (void)fault;
    check->value_len = strlen(row->value);
    check->rows++;
    return JB_OK;
}

static void long_lines_are_whole_or_refused(void **state)
{
    static const struct {
        size_t line;
        enum jb_err err;
    } cases[] = {
        {197, JB_OK},  {198, JB_OK},  {200, JB_OK},         {201, JB_OK},
        {1000, JB_OK}, {4000, JB_OK}, {4001, JB_TOO_LARGE}, {5000, JB_TOO_LARGE},
    };
    char text[6000];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct length_check check = {0, 0};
        struct jb_fault fault = {{0}};

        memset(text, 'v', sizeof text);
        memcpy(text, "k=", 2);
        text[cases[i].line] = '\n';
        assert_int_equal(jb_initext_read((struct jb_text){text, cases[i].line + 1}, "t", measure,
                                         &check, &fault),
                         cases[i].err);
        assert_int_equal(check.rows, cases[i].err == JB_OK);
        if (cases[i].err == JB_OK)
            assert_int_equal(check.value_len, cases[i].line - 2);
        else
            assert_string_equal(fault.text, "t:1: the line is longer than 4000 bytes");
    }
}

static void large_texts_are_refused(void **state)
{
    struct jb_text text = {NULL, JB_INITEXT_MAX_BYTES + 1};
    char *lines = malloc(JB_INITEXT_MAX_BYTES + 1);
    struct length_check check = {0, 0};
    struct jb_fault fault = {{0}};

    (void)state;
    assert_non_null(lines);
    for (size_t i = 0; i <= JB_INITEXT_MAX_BYTES; i++)
        lines[i] = "k=v\n"[i % 4];
    text.data = lines;
    assert_int_equal(jb_initext_read(text, "t", measure, &check, &fault), JB_TOO_LARGE);
    assert_string_equal(fault.text, "t: larger than 1 MiB");
    assert_int_equal(check.rows, 0);
    text.len--;
    assert_int_equal(jb_initext_read(text, "t", measure, &check, &fault), JB_OK);
    assert_int_equal(check.rows, JB_INITEXT_MAX_BYTES / 4);
    free(lines);
}

static void the_first_refusal_ends_it(void **state)
{
    static const struct {
        const char *text, *rows, *message;
        enum jb_err err;
    } cases[] = {
        {"a=1\nbad=2\nc=3\nnonsense", "1:/a=1|2:/bad=2|", "t:2: no bad here", JB_DENIED},
        {"a=1\nbad=\nc=3", "1:/a=1|2:/bad=|", "t:2: exists already", JB_EXISTS},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct record r = {{0}, 0, "bad"};
        struct jb_fault fault = {{0}};

        assert_int_equal(jb_initext_read(jb_text_of(cases[i].text), "t", note, &r, &fault),
                         cases[i].err);
        assert_string_equal(fault.text, cases[i].message);
        assert_string_equal(r.text, cases[i].rows);
    }
}

/* Neither the name nor the reason behind it is cut. */
static void long_names_leave_room_for_the_reason(void **state)
{
    struct record r = {{0}, 0, NULL};
    struct jb_fault fault = {{0}};
    char name[601];

    (void)state;
    for (size_t i = 0; i < 600; i += 3)
        memcpy(name + i, "长", 3);
    name[600] = '\0';
    assert_int_equal(jb_initext_read(jb_text_of("x"), name, note, &r, &fault), JB_MALFORMED);
    assert_non_null(strstr(fault.text, ":1: expected [section], key = value or # comment"));
    assert_int_equal(strncmp(fault.text, name, strlen(name)), 0);
    assert_int_equal(jb_text_check(fault.text, strlen(fault.text)), JB_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passes_rows_on),
        cmocka_unit_test(refuses),
        cmocka_unit_test(names_of_49_bytes_are_whole),
        cmocka_unit_test(long_lines_are_whole_or_refused),
        cmocka_unit_test(large_texts_are_refused),
        cmocka_unit_test(the_first_refusal_ends_it),
        cmocka_unit_test(long_names_leave_room_for_the_reason),
    };

    return cmocka_run_group_tests_name("initext", tests, NULL, NULL);
}
