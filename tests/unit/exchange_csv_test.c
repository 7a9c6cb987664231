/* Reading CSV and JSON as tables: encodings, quotes, cells that cannot be taken, limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "clients/gateway/adapters/table.h"

#define AUTO ((struct jb_ex_csv){"auto", 0})

static enum jb_err read_bytes(struct jb_ex_table *t, const char *data, size_t len,
                              struct jb_ex_csv options)
{
    struct jb_fault fault = {""};
    jb_ex_table_init(t, 100, 1024 * 1024);
    enum jb_err err = jb_ex_csv_read(t, (struct jb_text){data, len}, &options, &fault);
    assert_true(err == JB_OK || fault.text[0] != '\0');
    return err;
}

static enum jb_err read_csv(struct jb_ex_table *t, const char *text)
{
    return read_bytes(t, text, strlen(text), AUTO);
}

static void cell_is(const struct jb_ex_table *t, size_t row, size_t column, const char *text)
{
    assert_true(row < t->row_count && column < t->rows[row].count);
    assert_string_equal(t->rows[row].cells[column], text);
}

static void rows_and_cells(void **state)
{
    struct jb_ex_table t;
    (void)state;
    assert_int_equal(read_csv(&t, "编号,标题\r\n1,甲\r\n\r\n2,\"a \"\"b\"\",\nc\"\n3,\n"), JB_OK);
    assert_int_equal(t.columns, 2);
    assert_int_equal(t.row_count, 3);
    assert_string_equal(t.headers[1], "标题");
    cell_is(&t, 0, 1, "甲");
    cell_is(&t, 1, 1, "a \"b\",\nc");
    cell_is(&t, 2, 1, "");
    assert_int_equal(t.rows[0].number, 2); /* lines of the file */
    assert_int_equal(t.rows[1].number, 4);
    assert_int_equal(t.rows[2].number, 6);
    jb_ex_table_fini(&t);
}

static void tabs_where_the_header_has_them(void **state)
{
    struct jb_ex_table t;
    (void)state;
    assert_int_equal(read_csv(&t, "a\tb\n1,5\t2\n"), JB_OK);
    cell_is(&t, 0, 0, "1,5");
    jb_ex_table_fini(&t);
}

static void encodings_are_told_apart(void **state)
{
    struct jb_ex_table t;
    static const char gbk[] = "\xb1\xe0\xba\xc5,x\n\xbc\xd7,1\n"; /* 编号, 甲 */
    static const char marked[] = "\xef\xbb\xbf编号\n甲\n";
    static const char four[] = "x,\xb1\xe0\n\x95\x32\x82\x36,1\n"; /* 𠀀: four bytes */
    (void)state;
    assert_int_equal(read_csv(&t, gbk), JB_OK);
    assert_string_equal(t.headers[0], "编号");
    cell_is(&t, 0, 0, "甲");
    jb_ex_table_fini(&t);
    assert_int_equal(read_csv(&t, marked), JB_OK);
    assert_string_equal(t.headers[0], "编号");
    jb_ex_table_fini(&t);
    assert_int_equal(read_csv(&t, four), JB_OK);
    cell_is(&t, 0, 0, "\xf0\xa0\x80\x80");
    jb_ex_table_fini(&t);
    /* what is said wins over what is guessed */
    assert_int_equal(read_bytes(&t, gbk, sizeof gbk - 1, (struct jb_ex_csv){"utf-8", 0}),
                     JB_MALFORMED);
    jb_ex_table_fini(&t);
}

static void one_bad_cell_is_the_affair_of_its_row(void **state)
{
    struct jb_ex_table t;
    static const char text[] = "编号,b\nx\0y,1\n\xff\xfe,2\nfine,3\n";
    char longer[160] = "a,b\n";
    (void)state;
    assert_int_equal(read_bytes(&t, text, sizeof text - 1, AUTO), JB_OK);
    assert_int_equal(t.row_count, 3);
    assert_int_equal(jb_ex_flaw_of(t.rows[0].cells[0]), JB_EX_FLAW_NUL);
    assert_int_equal(jb_ex_flaw_of(t.rows[1].cells[0]), JB_EX_FLAW_ENCODING);
    assert_int_equal(jb_ex_flaw_of(t.rows[2].cells[0]), JB_EX_FLAW_NONE);
    jb_ex_table_fini(&t);
    memset(longer + 4, 'x', 101);
    assert_int_equal(read_csv(&t, longer), JB_OK);
    assert_int_equal(jb_ex_flaw_of(t.rows[0].cells[0]), JB_EX_FLAW_LONG);
    jb_ex_table_fini(&t);
}

static void whole_files_are_refused(void **state)
{
    static const char *const bad[] = {"",      "\n\n",     ",\n1,2\n",
                                      "a,a\n", "a\n\"x\n", "a\n\"x\"y\n1\n"};
    struct jb_ex_table t;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(read_csv(&t, bad[i]), JB_MALFORMED);
        jb_ex_table_fini(&t);
    }
}

static void memory_and_columns_have_limits(void **state)
{
    struct jb_ex_table t;
    struct jb_fault fault = {""};
    char wide[JB_EX_COLUMNS * 8 + 16] = "";
    (void)state;
    for (int i = 0; i <= JB_EX_COLUMNS; i++)
        (void)snprintf(wide + strlen(wide), 16, "c%d,", i);
    assert_int_equal(read_csv(&t, wide), JB_OVERFLOW);
    jb_ex_table_fini(&t);
    char *many = calloc(1, 100001);
    memcpy(many, "a\n", 2);
    for (size_t i = 2; i < 100000; i += 2)
        memcpy(many + i, "1\n", 2);
    jb_ex_table_init(&t, 100, 4096);
    assert_int_equal(jb_ex_csv_read(&t, (struct jb_text){many, 100000}, &AUTO, &fault), JB_NOMEM);
    jb_ex_table_fini(&t);
    free(many);
}

/* ---- JSON ---- */

static enum jb_err read_json(struct jb_ex_table *t, const char *text, const char *path)
{
    struct jb_fault fault = {""};
    jb_ex_table_init(t, 100, 1024 * 1024);
    return jb_ex_json_read(t, (struct jb_text){text, strlen(text)}, path, &fault);
}

static void json_objects_are_rows(void **state)
{
    struct jb_ex_table t;
    (void)state;
    assert_int_equal(
        read_json(&t, "{\"d\":{\"l\":[{\"a\":1,\"p\":{\"n\":\"甲\"}},{\"b\":true,\"a\":null}]}}",
                  "d.l"),
        JB_OK);
    assert_int_equal(t.columns, 3);
    assert_string_equal(t.headers[1], "p.n");
    cell_is(&t, 0, 0, "1");
    cell_is(&t, 0, 1, "甲");
    cell_is(&t, 0, 2, "");
    cell_is(&t, 1, 0, "");
    cell_is(&t, 1, 2, "true");
    jb_ex_table_fini(&t);
    assert_int_equal(read_json(&t, "{\"a\":[1]}", ""), JB_OK);
    assert_int_equal(jb_ex_flaw_of(t.rows[0].cells[0]), JB_EX_FLAW_NESTED);
    jb_ex_table_fini(&t);
    assert_int_equal(read_json(&t, "[{\"a\":\"x\\u0000y\"}]", ""), JB_OK);
    assert_int_equal(jb_ex_flaw_of(t.rows[0].cells[0]), JB_EX_FLAW_NUL);
    jb_ex_table_fini(&t);
    assert_int_equal(read_json(&t, "[]", ""), JB_OK);
    assert_int_equal(t.row_count, 0);
    jb_ex_table_fini(&t);
}

static void json_that_is_none_is_refused(void **state)
{
    static const char *const bad[] = {"",  "[1]", "{\"a\":1,\"a\":2}",
                                      "7", "[{}", "[{\"a\":\"\xff\"}]"};
    struct jb_ex_table t;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(read_json(&t, bad[i], ""), JB_MALFORMED);
        jb_ex_table_fini(&t);
    }
    assert_int_equal(read_json(&t, "{\"d\":7}", "d"), JB_MALFORMED);
    jb_ex_table_fini(&t);
    /* deeper than the limit: the rest is a flaw, nothing recurses further */
    assert_int_equal(read_json(&t,
                               "[{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":"
                               "{\"a\":1}}}}}}}}}}]",
                               ""),
                     JB_OK);
    assert_int_equal(jb_ex_flaw_of(t.rows[0].cells[0]), JB_EX_FLAW_NESTED);
    jb_ex_table_fini(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_and_cells),
        cmocka_unit_test(tabs_where_the_header_has_them),
        cmocka_unit_test(encodings_are_told_apart),
        cmocka_unit_test(one_bad_cell_is_the_affair_of_its_row),
        cmocka_unit_test(whole_files_are_refused),
        cmocka_unit_test(memory_and_columns_have_limits),
        cmocka_unit_test(json_objects_are_rows),
        cmocka_unit_test(json_that_is_none_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
