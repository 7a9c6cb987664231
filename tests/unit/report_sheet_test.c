/* What becomes of a report: its sheet as CSV and as a workbook; quoting, formulas, encodings, a
 * disk that is full. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "clients/report/sheet.h"

struct fixture {
    char dir[32], path[48];
    struct jb_sheet sheet;
    struct jb_unmapped lost;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    memcpy(f->dir, "/tmp/jbreport.XXXXXX", sizeof "/tmp/jbreport.XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    (void)snprintf(f->path, sizeof f->path, "%s/out", f->dir);
    f->sheet =
        (struct jb_sheet){.title = "report", .names = {"单位", "比率", "件次"}, .columns = 3};
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    jb_sheet_free(&f->sheet);
    (void)unlink(f->path);
    (void)rmdir(f->dir);
    free(f);
    return 0;
}

static void row(struct fixture *f, const char *text, uint64_t numerator, uint64_t denominator)
{
    jb_sheet_text(&f->sheet, text);
    jb_sheet_rate(&f->sheet, numerator, denominator, "no data");
    jb_sheet_number(&f->sheet, denominator);
}

/* What the file holds; static. */
static const char *held(struct fixture *f, size_t *len)
{
    static char text[4096];
    FILE *in = fopen(f->path, "rb");

    assert_non_null(in);
    *len = fread(text, 1, sizeof text - 1, in);
    text[*len] = '\0';
    (void)fclose(in);
    return text;
}

/* True: written. */
static bool write_csv(struct fixture *f, const char *path, bool gb18030)
{
    FILE *out = fopen(path, "wb");

    if (out == NULL)
        return false;
    assert_true(jb_sheet_write_csv(&f->sheet, out, gb18030, &f->lost));
    bool failed = fflush(out) != 0 || ferror(out) != 0;
    return fclose(out) == 0 && !failed;
}

static void expect_csv(struct fixture *f, bool gb18030, const char *wanted)
{
    size_t len;

    assert_true(write_csv(f, f->path, gb18030));
    assert_string_equal(held(f, &len), wanted);
    assert_int_equal(len, strlen(wanted));
}

#define BOM "\xEF\xBB\xBF"
#define HEAD BOM "单位,比率,件次\r\n"

static void rates_numbers_and_no_data(void **state)
{
    struct fixture *f = *state;

    row(f, "住建局", 2, 3);
    row(f, "人社局", 0, 0);
    expect_csv(f, false, HEAD "住建局,66.67%,3\r\n人社局,no data,0\r\n");
}

static void quoting_as_rfc_4180(void **state)
{
    struct fixture *f = *state;

    row(f, "甲,乙", 1, 1);
    row(f, "所谓\"专班\"", 1, 1);
    row(f, "两\r\n行", 1, 1);
    row(f, "", 1, 1);
    expect_csv(f, false,
               HEAD "\"甲,乙\",100.00%,1\r\n\"所谓\"\"专班\"\"\",100.00%,1\r\n"
                    "\"两\r\n行\",100.00%,1\r\n,100.00%,1\r\n");
}

static void formulas_are_guarded(void **state)
{
    struct fixture *f = *state;
    static const char *const texts[] = {"=1+1", "+8613800000000", "-2", "@SUM(A1)", "\tx", "a=b"};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        row(f, texts[i], 1, 2);
    row(f, "=\"x\",1", 1, 2);
    expect_csv(f, false,
               HEAD "'=1+1,50.00%,2\r\n'+8613800000000,50.00%,2\r\n'-2,50.00%,2\r\n"
                    "'@SUM(A1),50.00%,2\r\n'\tx,50.00%,2\r\na=b,50.00%,2\r\n"
                    "\"'=\"\"x\"\",1\",50.00%,2\r\n");
}

static void gb18030_has_no_byte_order_mark(void **state)
{
    struct fixture *f = *state;

    row(f, "县", 1, 2);
    expect_csv(f, true,
               "\xB5\xA5\xCE\xBB,\xB1\xC8\xC2\xCA,\xBC\xFE\xB4\xCE\r\n\xCF\xD8,50.00%,2\r\n");
}

/* Of private use: valid UTF-8 without a code in GB18030. */
static void what_gb18030_cannot_say_is_spelt_out(void **state)
{
    struct fixture *f = *state;

    row(f, "a\xEE\x9E\x8Dz", 1, 2);
    expect_csv(f, true,
               "\xB5\xA5\xCE\xBB,\xB1\xC8\xC2\xCA,\xBC\xFE\xB4\xCE\r\na[U+E78D]z,50.00%,2\r\n");
    assert_int_equal(f->lost.characters, 1);
    assert_string_equal(f->lost.first, "U+E78D");
}

/* Longer than one piece of the converter. */
static void long_texts_are_converted_whole(void **state)
{
    struct fixture *f = *state;
    static char text[3 * 3000 + 1];
    size_t len;

    f->sheet.columns = 1;
    for (size_t i = 0; i < 3000; i++)
        memcpy(text + 3 * i, "县", 3);
    jb_sheet_text(&f->sheet, text);
    assert_true(write_csv(f, f->path, true));
    (void)held(f, &len);
    FILE *in = fopen(f->path, "rb");
    assert_non_null(in);
    assert_int_equal(fseek(in, 0, SEEK_END), 0);
    assert_int_equal(ftell(in), 4 + 2 + 6000 + 2);
    (void)fclose(in);
}

static void a_file_that_cannot_be_written(void **state)
{
    struct fixture *f = *state;

    row(f, "县", 1, 2);
    assert_false(write_csv(f, "/dev/full", false));
    assert_non_null(jb_sheet_write_xlsx(&f->sheet, "/nowhere/at/all"));
}

static void a_workbook_is_a_zip_file(void **state)
{
    struct fixture *f = *state;
    size_t len;

    row(f, "=1+1", 1, 2);
    assert_null(jb_sheet_write_xlsx(&f->sheet, f->path));
    assert_memory_equal(held(f, &len), "PK\003\004", 4);
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(rates_numbers_and_no_data),
        TEST(quoting_as_rfc_4180),
        TEST(formulas_are_guarded),
        TEST(gb18030_has_no_byte_order_mark),
        TEST(what_gb18030_cannot_say_is_spelt_out),
        TEST(long_texts_are_converted_whole),
        TEST(a_file_that_cannot_be_written),
        TEST(a_workbook_is_a_zip_file),
    };
#undef TEST

    return cmocka_run_group_tests_name("report_sheet", tests, NULL, NULL);
}
