/* Where the rows of a database file lie, and which of its pages hold its schema. Read from the file
 * format as SQLite documents it (fileformat2.html), of files that are whole. */
#ifndef JB_TESTS_LEDGERCELLS_H
#define JB_TESTS_LEDGERCELLS_H

#include "tests/fuzz/fuzz.h"

#define LEDGER_PAGE ((size_t)4096)

struct ledger_cell { /* a row's bytes, header and values, as far as they are on its page */
    size_t offset, len;
};

struct ledger_cells {
    struct ledger_cell *at; /* owned */
    size_t count;
    bool *schema; /* by page; owned */
    size_t pages;
};

/* Of tables and indices, but not of the schema. */
void ledger_cells_read(struct ledger_cells *cells, const char *path, struct jb_bytes image);
void ledger_cells_fini(struct ledger_cells *cells);
/* Do they differ in a page that the schema, or where it stands, is read from? Both of the size of
 * the image that was read. */
bool ledger_cells_schema_changed(const struct ledger_cells *cells, const uint8_t *one,
                                 const uint8_t *other);
/* The offset itself, or the same place on the next page that is not of the schema. */
size_t ledger_cells_spare_schema(const struct ledger_cells *cells, size_t offset);

#endif
