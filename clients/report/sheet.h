/* A sheet of cells, and how it becomes CSV or a workbook. Any thread, one at a time for a sheet. */
#ifndef JB_CLIENTS_REPORT_SHEET_H
#define JB_CLIENTS_REPORT_SHEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum jb_cell_kind {
    JB_CELL_TEXT,
    JB_CELL_NUMBER,
    JB_CELL_RATE /* 0.0 to 1.0, shown as a percentage */
};

struct jb_cell {
    enum jb_cell_kind kind;
    const char *text; /* TEXT: as somebody wrote it; borrowed */
    double number;    /* NUMBER (whole), RATE */
};

struct jb_sheet {
    const char *title; /* of the sheet in a workbook */
    const char *names[8];
    size_t columns; /* names: of the columns, translated; borrowed */
    struct jb_cell *cells;
    size_t used, capacity; /* cells, row by row; owned */
    bool failed;           /* out of memory on the way: the sheet is not whole */
};

/* The next cell, row by row. */
void jb_sheet_text(struct jb_sheet *s, const char *text);
void jb_sheet_number(struct jb_sheet *s, uint64_t number);
/* `no_data`: the text where the denominator is 0. */
void jb_sheet_rate(struct jb_sheet *s, uint64_t numerator, uint64_t denominator,
                   const char *no_data);
void jb_sheet_free(struct jb_sheet *s);

struct jb_unmapped { /* what GB18030 has no code for; written as [U+XXXX] */
    size_t characters;
    char first[16]; /* "U+XXXX" of the first of them */
};

/* CSV as RFC 4180 has it, CR LF between records: UTF-8 with a byte order mark, or GB18030. A text
 * that a spreadsheet would take for a formula gets an apostrophe before it. False: this system
 * cannot write GB18030. Whether all was written tells ferror after fflush. */
bool jb_sheet_write_csv(const struct jb_sheet *s, FILE *out, bool gb18030,
                        struct jb_unmapped *unmapped);
/* A workbook with this one sheet, as the file `path`, which is made or replaced. NULL: done; else
 * why not; static. */
const char *jb_sheet_write_xlsx(const struct jb_sheet *s, const char *path);

#endif
