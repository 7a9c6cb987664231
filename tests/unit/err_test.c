/* The error table is a contract with peers and scripts: numbers, exit codes and texts must hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/base/err.h"

struct known {
    enum jb_err err;
    int wire;
    int exit_code;
    const char *name;
};

/* Written out by hand on purpose: a changed number in the table must fail here. */
static const struct known known[] = {
    {JB_OK, 0, 0, "OK"},
    {JB_NOMEM, 1, 8, "NOMEM"},
    {JB_IO, 2, 8, "IO"},
    {JB_FULL, 3, 8, "FULL"},
    {JB_CORRUPT, 4, 9, "CORRUPT"},
    {JB_TOO_LARGE, 5, 5, "TOO_LARGE"},
    {JB_TOO_DEEP, 6, 5, "TOO_DEEP"},
    {JB_MALFORMED, 7, 5, "MALFORMED"},
    {JB_BAD_UTF8, 8, 5, "BAD_UTF8"},
    {JB_NUL_IN_TEXT, 9, 5, "NUL_IN_TEXT"},
    {JB_UNKNOWN_KIND, 10, 5, "UNKNOWN_KIND"},
    {JB_MISSING, 11, 5, "MISSING"},
    {JB_RANGE, 12, 5, "RANGE"},
    {JB_VERSION, 13, 7, "VERSION"},
    {JB_NOT_FOUND, 14, 4, "NOT_FOUND"},
    {JB_EXISTS, 15, 4, "EXISTS"},
    {JB_DENIED, 16, 6, "DENIED"},
    {JB_WRONG_NODE, 17, 6, "WRONG_NODE"},
    {JB_BAD_SIGNATURE, 18, 9, "BAD_SIGNATURE"},
    {JB_GAP, 19, 7, "GAP"},
    {JB_REPEAT, 20, 0, "REPEAT"},
    {JB_OLD, 21, 7, "OLD"},
    {JB_DIVERGED, 22, 9, "DIVERGED"},
    {JB_OFFLINE, 23, 7, "OFFLINE"},
    {JB_BUSY, 24, 7, "BUSY"},
    {JB_CONFIG, 25, 2, "CONFIG"},
    {JB_LOCKED, 26, 8, "LOCKED"},
    {JB_CLOSED, 27, 7, "CLOSED"},
    {JB_UNSUPPORTED, 28, 5, "UNSUPPORTED"},
    {JB_REFUSED, 29, 3, "REFUSED"},
    {JB_OVERFLOW, 30, 5, "OVERFLOW"},
};

static void numbers_names_and_exits_never_change(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        const struct known *k = &known[i];
        assert_int_equal(k->err, k->wire);
        assert_string_equal(jb_err_name(k->err), k->name);
        assert_int_equal(jb_err_exit(k->err), k->exit_code);
    }
}

static void every_row_has_its_own_name_and_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        const char *text = jb_err_text(known[i].err);
        assert_true(strlen(text) > 1);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(jb_err_name(known[j].err), jb_err_name(known[i].err));
            assert_string_not_equal(jb_err_text(known[j].err), text);
        }
    }
}

static void foreign_numbers_are_unknown(void **state)
{
    (void)state;
    const unsigned foreign[] = {31, 1000, UINT32_MAX, (unsigned)INT32_MAX};
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        enum jb_err err = (enum jb_err)foreign[i];
        assert_string_equal(jb_err_name(err), "UNKNOWN");
        assert_string_equal(jb_err_text(err), "unknown error");
        assert_int_not_equal(jb_err_exit(err), 0);
    }
}

static void a_fault_is_formatted_and_passes_its_error_on(void **state)
{
    (void)state;
    struct jb_fault fault;
    enum jb_err err = jb_fault_set(&fault, JB_RANGE, "%s:%d: \"%s\"", "jiaoband.conf", 7, "端口");
    assert_int_equal(err, JB_RANGE);
    assert_string_equal(fault.text, "jiaoband.conf:7: \"端口\"");
}

/* Put `ascii` letters before `tail`, so that the end of the buffer falls at every place in it. */
static void cut_at(size_t ascii, const char *tail, size_t want_len)
{
    char filler[sizeof((struct jb_fault *)0)->text + 1];
    struct jb_fault fault;
    memset(filler, 'a', sizeof filler);
    filler[ascii] = '\0';
    enum jb_err err = jb_fault_set(&fault, JB_IO, "%s%s", filler, tail);
    assert_int_equal(err, JB_IO);
    assert_int_equal(strlen(fault.text), want_len);
    assert_memory_equal(fault.text, filler, ascii < want_len ? ascii : want_len);
}

static void a_long_fault_is_cut_between_characters(void **state)
{
    (void)state;
    cut_at(255, "", 255);             /* exactly full: nothing is cut */
    cut_at(256, "", 255);             /* one byte over */
    cut_at(252, "字", 255);           /* fits exactly */
    cut_at(253, "字", 253);           /* two of three bytes would fit */
    cut_at(254, "字", 254);           /* one of three */
    cut_at(252, "字字", 255);         /* the first stays whole */
    cut_at(251, "字字", 254);         /* cut right after the lead byte of the second */
    cut_at(250, "字字", 253);         /* cut after two of its bytes */
    cut_at(254, "é", 254);            /* two-byte character */
    cut_at(252, "𠮷", 252);           /* three of four bytes would fit */
    cut_at(251, "𠮷字", 255);         /* four bytes, complete */
    cut_at(253, "\x80\x80\x80", 255); /* stray bytes are not ours to judge */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_names_and_exits_never_change),
        cmocka_unit_test(every_row_has_its_own_name_and_text),
        cmocka_unit_test(foreign_numbers_are_unknown),
        cmocka_unit_test(a_fault_is_formatted_and_passes_its_error_on),
        cmocka_unit_test(a_long_fault_is_cut_between_characters),
    };
    return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
