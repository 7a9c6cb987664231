/* The parts of `jiaoban report`: a sheet of cells, and who writes it to a file. */
#ifndef JB_CLIENTS_CLI_REPORT_H
#define JB_CLIENTS_CLI_REPORT_H

#include "clients/cli/cli.h"

enum report_cell_kind {
    REPORT_TEXT,
    REPORT_NUMBER,
    REPORT_RATE /* 0.0 to 1.0, shown as a percentage */
};

struct report_cell {
    enum report_cell_kind kind;
    const char *text; /* TEXT: as somebody wrote it; borrowed */
    double number;    /* NUMBER (whole), RATE */
};

struct report_sheet {
    const char *title;        /* of the sheet in a workbook */
    const char *const *names; /* of the columns, translated */
    size_t columns;
    struct report_cell *cells; /* rows * columns; owned */
    size_t rows, used, capacity;
    bool failed; /* out of memory on the way */
};

/* The next cell, row by row. */
void report_put_text(struct report_sheet *s, const char *text);
void report_put_number(struct report_sheet *s, uint64_t number);
void report_put_rate(struct report_sheet *s, uint64_t numerator, uint64_t denominator);
void report_sheet_free(struct report_sheet *s);

/* Write CSV as RFC 4180 has it, CR LF between records, to `path` (NULL: standard output): UTF-8
 * with a byte order mark, or GB18030. A text that a spreadsheet would take for a formula gets an
 * apostrophe before it. What GB18030 has no code for is written as [U+XXXX] and told on standard
 * error. Both return the exit code. */
int report_write_csv(struct cli *c, const struct report_sheet *s, const char *path, bool gb18030);
/* A workbook with this one sheet. */
int report_write_xlsx(struct cli *c, const struct report_sheet *s, const char *path);

/* Say that a file cannot be written, and why; returns the exit code. */
int report_write_failed(const char *path, const char *why);

#endif
