/* Reading XLSX: what spreadsheets write, and what attackers do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <xlsxwriter.h>
#include <zip.h>

#include "clients/gateway/adapters/table.h"

#define CELL_BYTES 1000
#define UNPACKED (4 * 1024 * 1024)

static enum jb_err read_file(struct jb_ex_table *t, struct jb_bytes file, const char *sheet,
                             struct jb_fault *fault)
{
    const struct jb_ex_xlsx options = {sheet, UNPACKED};
    jb_ex_table_init(t, CELL_BYTES, (size_t)2 * UNPACKED);
    return jb_ex_xlsx_read(t, file, &options, fault);
}

/* ---- by a library that writes them as Excel does ---- */

static void what_a_spreadsheet_writes(void **state)
{
    char path[] = "/tmp/jbxlsx.XXXXXX";
    static uint8_t data[65536];
    struct jb_ex_table t;
    struct jb_fault fault = {""};
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    lxw_workbook *book = workbook_new(path);
    lxw_worksheet *first = workbook_add_worksheet(book, "登记表");
    lxw_worksheet *other = workbook_add_worksheet(book, "other");
    (void)state;
    worksheet_write_string(first, 0, 0, "编号", NULL);
    worksheet_write_string(first, 0, 1, "标题 ", NULL);
    worksheet_write_string(first, 0, 3, "日期", NULL);
    worksheet_write_number(first, 1, 0, 13800000000.0, NULL);
    worksheet_write_string(first, 1, 1, "第一行\r\n第二行", NULL);
    worksheet_write_number(first, 1, 3, 46000.375, NULL);
    worksheet_write_formula_str(first, 3, 0, "=A2&\"x\"", NULL, "=cmd");
    worksheet_write_boolean(first, 3, 1, 1, NULL);
    worksheet_write_string(other, 0, 0, "elsewhere", NULL);
    assert_int_equal(workbook_close(book), LXW_NO_ERROR);
    (void)close(fd); /* the library made a new file of that name */
    FILE *written = fopen(path, "re");
    assert_non_null(written);
    size_t len = fread(data, 1, sizeof data, written);
    (void)fclose(written);
    assert_int_equal(unlink(path), 0);
    const struct jb_bytes file = {data, len};
    assert_int_equal(read_file(&t, file, NULL, &fault), JB_OK);
    assert_int_equal(t.columns, 4);
    assert_string_equal(t.headers[1], "标题");
    assert_int_equal(t.row_count, 2);
    assert_string_equal(t.rows[0].cells[0], "13800000000");
    assert_string_equal(t.rows[0].cells[1], "第一行\r\n第二行");
    assert_string_equal(t.rows[0].cells[2], "");
    assert_string_equal(t.rows[0].cells[3], "46000.375");
    assert_int_equal(t.rows[1].number, 4);
    assert_string_equal(t.rows[1].cells[0], "=cmd"); /* what was saved, as text: never computed */
    assert_string_equal(t.rows[1].cells[1], "1");
    jb_ex_table_fini(&t);
    assert_int_equal(read_file(&t, file, "other", &fault), JB_OK);
    assert_string_equal(t.headers[0], "elsewhere");
    jb_ex_table_fini(&t);
    assert_int_equal(read_file(&t, file, "none", &fault), JB_NOT_FOUND);
    jb_ex_table_fini(&t);
    for (size_t cut = 0; cut < len; cut += len / 40 + 1) { /* not all of it has come */
        assert_int_not_equal(read_file(&t, (struct jb_bytes){file.data, cut}, NULL, &fault), JB_OK);
        jb_ex_table_fini(&t);
    }
}

/* ---- by hand ---- */

#define BOOK                                                                                       \
    "<workbook xmlns:r='r'><sheets><sheet name='s' sheetId='1' r:id='rId1'/></sheets></workbook>"
#define RELS(target) "<Relationships><Relationship Id='rId1' Target='" target "'/></Relationships>"
#define SHEET(rows) "<worksheet><sheetData>" rows "</sheetData></worksheet>"
#define HEAD "<row r='1'><c r='A1' t='inlineStr'><is><t>a</t></is></c></row>"

struct parts {
    const char *rels, *strings, *sheet; /* NULL: it is not there */
    size_t sheet_bytes;                 /* 0: its length */
};

static void add(zip_t *zip, const char *name, const char *text, size_t len)
{
    zip_source_t *source =
        text != NULL ? zip_source_buffer(zip, text, len > 0 ? len : strlen(text), 0) : NULL;
    if (source != NULL)
        assert_true(zip_file_add(zip, name, source, ZIP_FL_ENC_UTF_8) >= 0);
}

/* The archive; the caller frees data. */
static struct jb_bytes archive(const struct parts *p)
{
    zip_error_t error;
    zip_stat_t stat;
    zip_error_init(&error);
    zip_source_t *target = zip_source_buffer_create(NULL, 0, 0, &error);
    zip_source_keep(target);
    zip_t *zip = zip_open_from_source(target, ZIP_TRUNCATE, &error);
    assert_non_null(zip);
    add(zip, "xl/workbook.xml", BOOK, 0);
    add(zip, "xl/_rels/workbook.xml.rels",
        p->rels != NULL ? p->rels : RELS("worksheets/sheet1.xml"), 0);
    add(zip, "xl/sharedStrings.xml", p->strings, 0);
    add(zip, "xl/worksheets/sheet1.xml", p->sheet, p->sheet_bytes);
    assert_int_equal(zip_close(zip), 0);
    assert_int_equal(zip_source_open(target), 0);
    assert_int_equal(zip_source_stat(target, &stat), 0);
    uint8_t *data = malloc(stat.size);
    assert_int_equal(zip_source_read(target, data, stat.size), (zip_int64_t)stat.size);
    (void)zip_source_close(target);
    zip_source_free(target);
    zip_error_fini(&error);
    return (struct jb_bytes){data, stat.size};
}

static enum jb_err read_parts(struct jb_ex_table *t, const struct parts *p)
{
    struct jb_fault fault = {""};
    struct jb_bytes file = archive(p);
    enum jb_err err = read_file(t, file, NULL, &fault);
    assert_true(err == JB_OK || fault.text[0] != '\0');
    free((void *)(uintptr_t)file.data);
    return err;
}

static void odd_but_right(void **state)
{
    struct jb_ex_table t;
    const struct parts p = {
        .rels = RELS("/xl/worksheets/sheet1.xml"),
        .strings = "<sst><si><r><t>甲</t></r><r><t>乙</t></r><rPh><t>jia</t></rPh></si>"
                   "<si><t>x_x000D_y_x0041_</t></si><si><t>n_x0000_l</t></si></sst>",
        .sheet = SHEET(HEAD "<row><c t='s'><v>0</v></c></row><row><c t='s'><v>1</v></c></row>"
                            "<row><c t='s'><v>2</v></c></row><row><c><v>6.1E+17</v></c></row>"
                            "<row><c t='e'><v>#REF!</v></c></row>"
                            "<row><c t='str'><f>1+1</f><v>2</v></c></row><row/>")};
    (void)state;
    assert_int_equal(read_parts(&t, &p), JB_OK);
    assert_int_equal(t.row_count, 6);
    assert_string_equal(t.rows[0].cells[0], "甲乙");
    assert_string_equal(t.rows[1].cells[0], "x\ryA");
    assert_int_equal(jb_ex_flaw_of(t.rows[2].cells[0]), JB_EX_FLAW_NUL);
    assert_int_equal(jb_ex_flaw_of(t.rows[3].cells[0]), JB_EX_FLAW_ROUNDED);
    assert_int_equal(jb_ex_flaw_of(t.rows[4].cells[0]), JB_EX_FLAW_ERROR);
    assert_string_equal(t.rows[5].cells[0], "2");
    jb_ex_table_fini(&t);
}

static void bombs_and_tricks_are_refused(void **state)
{
    static const struct {
        struct parts parts;
        enum jb_err err;
    } rows[] = {
        {{.sheet = NULL}, JB_NOT_FOUND},
        {{.sheet = "<worksheet>"}, JB_MALFORMED},
        {{.sheet = SHEET("")}, JB_MALFORMED}, /* no header */
        {{.rels = RELS("../../etc/passwd"), .sheet = SHEET(HEAD)}, JB_MALFORMED},
        {{.rels = RELS("/etc/passwd"), .sheet = SHEET(HEAD)}, JB_MALFORMED},
        {{.sheet = "<!DOCTYPE w [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]><worksheet>&b;"
                   "</worksheet>"},
         JB_MALFORMED},
        {{.sheet = "<!DOCTYPE w SYSTEM 'file:///etc/passwd'><worksheet/>"}, JB_MALFORMED},
        {{.sheet = SHEET("<row r='2'><c r='A2'/></row><row r='1'/>")}, JB_MALFORMED},
        {{.sheet = SHEET("<row r='1'><c r='ZZZ1'/></row>")}, JB_OVERFLOW},
        {{.sheet = SHEET("<row r='1'><c r='B1'/><c r='A1'/></row>")}, JB_OVERFLOW},
        {{.sheet = SHEET("<row r='99999999999'/>")}, JB_MALFORMED},
        {{.sheet = SHEET("<row r='1'><c r='A1' t='s'><v>7</v></c></row>")}, JB_MALFORMED},
        {{.sheet = SHEET("<row r='1'><c r='A1' t='s'><v>-1</v></c></row>")}, JB_MALFORMED},
    };
    struct jb_ex_table t;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(read_parts(&t, &rows[i].parts), rows[i].err);
        jb_ex_table_fini(&t);
    }
}

static void what_unpacks_without_end_is_not_unpacked(void **state)
{
    size_t len = (size_t)64 * 1024 * 1024;
    char *zeros = malloc(len);
    struct jb_ex_table t;
    (void)state;
    assert_non_null(zeros);
    memset(zeros, ' ', len);
    const char *const begin = "<worksheet>";
    memcpy(zeros, begin, strlen(begin));
    const struct parts p = {.sheet = zeros, .sheet_bytes = len};
    assert_int_equal(read_parts(&t, &p), JB_TOO_LARGE);
    assert_true(t.arena.used_bytes < 2 * UNPACKED);
    jb_ex_table_fini(&t);
    free(zeros);
}

static void nesting_and_cells_have_limits(void **state)
{
    char deep[40 * 4 + 32] = "<worksheet>";
    char sheet[CELL_BYTES + 300];
    char text[CELL_BYTES + 2];
    struct jb_ex_table t;
    (void)state;
    for (size_t i = 0; i < 40; i++)
        memcpy(deep + 11 + 3 * i, "<x>", 3);
    const struct parts p = {.sheet = deep};
    assert_int_equal(read_parts(&t, &p), JB_TOO_DEEP);
    jb_ex_table_fini(&t);
    memset(text, 'x', CELL_BYTES + 1);
    text[CELL_BYTES + 1] = '\0';
    (void)snprintf(sheet, sizeof sheet,
                   SHEET(HEAD "<row><c t='inlineStr'><is><t>%s</t></is></c></row>"), text);
    const struct parts q = {.sheet = sheet};
    assert_int_equal(read_parts(&t, &q), JB_OK);
    assert_int_equal(jb_ex_flaw_of(t.rows[0].cells[0]), JB_EX_FLAW_LONG);
    jb_ex_table_fini(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_spreadsheet_writes),
        cmocka_unit_test(odd_but_right),
        cmocka_unit_test(bombs_and_tricks_are_refused),
        cmocka_unit_test(what_unpacks_without_end_is_not_unpacked),
        cmocka_unit_test(nesting_and_cells_have_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
