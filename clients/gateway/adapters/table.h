/* What was read from outside: a header and rows of cells, all texts in one arena with a limit.
 *
 * A cell that cannot be taken as text is one of the flaws below, by its address: the row is then
 * refused where that cell is wanted, and nowhere else. One thread at a time. */
#ifndef JB_EX_TABLE_H
#define JB_EX_TABLE_H

#include <stdbool.h>

#include "proto/base/arena.h"
#include "proto/base/err.h"

#define JB_EX_COLUMNS 256  /* at most */
#define JB_EX_ROWS 1000000 /* at most */
#define JB_EX_HEADER_BYTES 256

enum jb_ex_flaw {
    JB_EX_FLAW_NONE,
    JB_EX_FLAW_NUL,      /* a NUL character in it */
    JB_EX_FLAW_ENCODING, /* not of the file's encoding */
    JB_EX_FLAW_LONG,     /* over the limit of a cell */
    JB_EX_FLAW_ROUNDED,  /* a number that the spreadsheet has rounded */
    JB_EX_FLAW_ERROR,    /* a formula's error, such as #REF! */
    JB_EX_FLAW_NESTED,   /* JSON: an object or a list where a text is expected */
    JB_EX_FLAW_COUNT
};
/* The cell that stands for a flaw; NONE gives "". */
const char *jb_ex_flawed(enum jb_ex_flaw flaw);
/* Which flaw is this cell? */
enum jb_ex_flaw jb_ex_flaw_of(const char *cell);
/* In the language of the program. */
const char *jb_ex_flaw_text(enum jb_ex_flaw flaw);

struct jb_ex_row {
    size_t number;      /* as people count: the line of a CSV file, the row of a sheet */
    const char **cells; /* never NULL */
    size_t count;
};

struct jb_ex_table {
    const char **headers;
    size_t columns;
    struct jb_ex_row *rows; /* in the arena */
    size_t row_count, row_room;
    size_t cell_bytes; /* limit of one cell */
    struct jb_arena arena;
};

/* Limits: bytes of one cell, and of all texts together. */
void jb_ex_table_init(struct jb_ex_table *t, size_t cell_bytes, size_t total_bytes);
void jb_ex_table_fini(struct jb_ex_table *t);
/* Add a row, or the headers if there are none yet. The cells' pointers are copied, texts must be in
 * the arena (or be flaws). JB_OVERFLOW: too many rows or columns; JB_MALFORMED: a header that is
 * empty everywhere, double or flawed; JB_NOMEM. */
JB_MUST enum jb_err jb_ex_table_add(struct jb_ex_table *t, size_t number, const char *const *cells,
                                    size_t count, struct jb_fault *fault);

struct jb_ex_record { /* one of them, as names with values; borrowed */
    const char *const *names;
    const char *const *values;
    size_t count;
};
/* The value of a name; NULL: there is no such name. */
const char *jb_ex_record_get(const struct jb_ex_record *r, const char *name);

/* ---- readers: `fault` says what and where; the table holds what was read before an error ------
 */

/* How cells of a CSV file are encoded: "auto", "utf-8" or "gb18030" (which holds GBK and GB 2312).
 * auto: a byte order mark or a header that is UTF-8 makes it UTF-8, else it is GB18030. */
struct jb_ex_csv {
    const char *encoding;
    char separator; /* 0: comma, or tab when the header has tabs and no comma */
};
JB_MUST enum jb_err jb_ex_csv_read(struct jb_ex_table *t, struct jb_text text,
                                   const struct jb_ex_csv *options, struct jb_fault *fault);

/* The first sheet of an XLSX file, or the one of that name (NULL: the first). `unpacked_bytes`: so
 * much is unpacked at most. Formulas are never computed: the value that was saved with one counts.
 */
struct jb_ex_xlsx {
    const char *sheet;
    size_t unpacked_bytes;
};
JB_MUST enum jb_err jb_ex_xlsx_read(struct jb_ex_table *t, struct jb_bytes file,
                                    const struct jb_ex_xlsx *options, struct jb_fault *fault);

/* A list of objects, found at `path` ("data.items"; "" the whole): names are paths of members
 * ("person.name"), texts of numbers and booleans as JSON writes them, null is "". */
JB_MUST enum jb_err jb_ex_json_read(struct jb_ex_table *t, struct jb_text text, const char *path,
                                    struct jb_fault *fault);

#endif
