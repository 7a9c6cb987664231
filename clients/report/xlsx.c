/* A workbook for spreadsheets, by libxlsxwriter: texts are texts there, never formulas. */
#include "clients/report/sheet.h"

#include <errno.h>
#include <string.h>
#include <xlsxwriter.h>

#define COLUMN_WIDTH 18.0

struct book {
    lxw_workbook *workbook;
    lxw_worksheet *sheet;
    lxw_format *head, *rate;
    lxw_error error; /* the first one */
};

static void note(struct book *b, lxw_error error)
{
    if (b->error == LXW_NO_ERROR)
        b->error = error;
}

static void put_cell(struct book *b, size_t row, size_t column, const struct jb_cell *cell)
{
    lxw_row_t r = (lxw_row_t)row;
    lxw_col_t k = (lxw_col_t)column;

    if (cell->kind == JB_CELL_TEXT)
        note(b, worksheet_write_string(b->sheet, r, k, cell->text, NULL));
    else
        note(b, worksheet_write_number(b->sheet, r, k, cell->number,
                                       cell->kind == JB_CELL_RATE ? b->rate : NULL));
}

static void put_sheet(struct book *b, const struct jb_sheet *s)
{
    for (size_t i = 0; i < s->columns; i++)
        note(b, worksheet_write_string(b->sheet, 0, (lxw_col_t)i, s->names[i], b->head));
    for (size_t i = 0, row = 1, column = 0; i < s->used; i++) {
        put_cell(b, row, column, &s->cells[i]);
        if (++column >= s->columns) {
            row++;
            column = 0;
        }
    }
    note(b, worksheet_set_column(b->sheet, 0, (lxw_col_t)(s->columns - 1), COLUMN_WIDTH, NULL));
    worksheet_freeze_panes(b->sheet, 1, 0);
}

const char *jb_sheet_write_xlsx(const struct jb_sheet *s, const char *path)
{
    FILE *probe = fopen(path, "wbe"); /* the library finds out only at the end, in its own words */
    struct book b = {.error = LXW_NO_ERROR};

    if (probe == NULL || fclose(probe) != 0)
        return strerror(errno);
    b.workbook = workbook_new(path);
    if (b.workbook == NULL)
        return strerror(ENOMEM);
    b.sheet = workbook_add_worksheet(b.workbook, s->title);
    b.head = workbook_add_format(b.workbook);
    b.rate = workbook_add_format(b.workbook);
    if (b.sheet == NULL || b.head == NULL || b.rate == NULL) {
        lxw_workbook_free(b.workbook);
        return strerror(ENOMEM);
    }
    format_set_bold(b.head);
    format_set_num_format(b.rate, "0.0%");
    put_sheet(&b, s);
    note(&b, workbook_close(b.workbook)); /* frees it as well */
    return b.error == LXW_NO_ERROR ? NULL : lxw_strerror(b.error);
}
