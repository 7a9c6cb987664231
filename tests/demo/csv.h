/* Reading of CSV as RFC 4180 has it: quoted fields with commas, doubled quotes and line breaks; LF
 * or CR LF between records; a header in the first record. The whole file is held in memory. Never
 * guesses: a ragged record or a stray quote is an error with its line. */
#ifndef DEMO_CSV_H
#define DEMO_CSV_H

#include <stdbool.h>
#include <stddef.h>

struct csv {
    char *text;          /* owned; the fields point into it */
    const char **fields; /* owned; rows * columns, the header is row 0; NUL-terminated */
    size_t rows;         /* with the header */
    size_t columns;
};

/* Read a file of at most 16 MiB. False: the reason went to standard error, nothing to free. */
bool csv_read(struct csv *csv, const char *path);
/* The same from memory: `size` bytes with room for one more, allocated, owned by the csv from now
 * on, also when it fails. `name` stands in messages. */
bool csv_parse(struct csv *csv, char *text, size_t size, const char *name);
void csv_free(struct csv *csv);

/* Position of a column by its header, or (size_t)-1. */
size_t csv_column(const struct csv *csv, const char *name);
/* Field of a row (1 is the first after the header) in a column named in the header; NULL: no such
 * column. The text belongs to the csv. */
const char *csv_get(const struct csv *csv, size_t row, const char *name);

#endif
