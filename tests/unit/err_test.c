/* The error table is a contract with peers and scripts: numbers, exit codes and texts must hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/base/err.h"
#include "proto/base/utf8.h"

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
    {JB_KEY_UNFIT, 31, 9, "KEY_UNFIT"},
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
    const unsigned foreign[] = {32, 1000, UINT32_MAX, (unsigned)INT32_MAX};
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

/* Put `ascii` letters before `tail`, so that the cuts fall at every place in a character. */
static void whole_text_stays(size_t ascii, const char *tail)
{
    char want[2 * JB_FAULT_BYTES];
    char filler[JB_FAULT_BYTES + 1];
    struct jb_fault fault;
    memset(filler, 'a', sizeof filler);
    filler[ascii] = '\0';
    (void)snprintf(want, sizeof want, "%s%s", filler, tail);
    assert_int_equal(jb_fault_set(&fault, JB_IO, "%s%s", filler, tail), JB_IO);
    assert_string_equal(fault.text, want);
}

static void a_text_that_fits_is_not_touched(void **state)
{
    (void)state;
    whole_text_stays(JB_FAULT_BYTES - 1, "");
    whole_text_stays(JB_FAULT_BYTES - 4, "字");
    whole_text_stays(0, "");
}

/* A path of any length: what happened and what to do are both there, and only whole characters. */
static void a_long_fault_keeps_its_beginning_and_its_end(void **state)
{
    static char path[20000];
    struct jb_fault fault;
    (void)state;
    for (size_t shift = 0; shift < 7; shift++)
        for (size_t len = JB_FAULT_BYTES - 40; len < 6000; len += 1 + len / 37) {
            memset(path, 'x', shift);
            for (size_t i = shift; i + 3 <= len + shift; i += 3)
                memcpy(path + i, "密", 4);
            assert_int_equal(jb_fault_set(&fault, JB_IO, "钥匙文件 %s: 不存在。%s", path, "请放回"),
                             JB_IO);
            assert_true(strlen(fault.text) < sizeof fault.text);
            assert_int_equal(strncmp(fault.text, "钥匙文件 ", strlen("钥匙文件 ")), 0);
            const char *end = strstr(fault.text, ": 不存在。请放回");
            assert_non_null(end);
            assert_int_equal(strlen(end), strlen(": 不存在。请放回"));
            assert_int_equal(jb_text_check(fault.text, strlen(fault.text)), JB_OK);
            assert_int_equal(strstr(fault.text, JB_FAULT_GAP) != NULL,
                             strlen(path) + strlen("钥匙文件 : 不存在。请放回") >= JB_FAULT_BYTES);
        }
    memset(path, 'y', sizeof path - 1); /* longer than anything that is kept whole */
    path[sizeof path - 1] = '\0';
    (void)jb_fault_set(&fault, JB_IO, "a %s b", path);
    assert_int_equal(strlen(fault.text), sizeof fault.text - 1);
}

static const char *translated(const char *format)
{
    return strcmp(format, "file %s is missing") == 0 ? "没有文件 %s"
           : strcmp(format, "not found") == 0        ? "未找到"
                                                     : format;
}

static void faults_are_in_the_language_that_is_set(void **state)
{
    struct jb_fault fault;
    (void)state;
    jb_fault_language(translated);
    (void)jb_fault_set(&fault, JB_NOT_FOUND, "file %s is missing", "k");
    assert_string_equal(fault.text, "没有文件 k");
    assert_string_equal(jb_err_said(JB_NOT_FOUND), "未找到");
    assert_string_equal(jb_err_text(JB_NOT_FOUND), "not found");
    jb_fault_language(NULL);
    (void)jb_fault_set(&fault, JB_NOT_FOUND, "file %s is missing", "k");
    assert_string_equal(fault.text, "file k is missing");
    assert_string_equal(jb_err_said(JB_NOT_FOUND), "not found");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_names_and_exits_never_change),
        cmocka_unit_test(every_row_has_its_own_name_and_text),
        cmocka_unit_test(foreign_numbers_are_unknown),
        cmocka_unit_test(a_fault_is_formatted_and_passes_its_error_on),
        cmocka_unit_test(a_text_that_fits_is_not_touched),
        cmocka_unit_test(a_long_fault_keeps_its_beginning_and_its_end),
        cmocka_unit_test(faults_are_in_the_language_that_is_set),
    };
    return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
