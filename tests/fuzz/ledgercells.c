/* See ledgercells.h. */
#include "tests/fuzz/ledgercells.h"

#include "proto/ledger/db.h"

#define TABLE_LEAF 0x0d
#define INDEX_LEAF 0x0a
#define LEAF_HEADER 8

static size_t number16(const uint8_t *at)
{
    return (size_t)at[0] << 8 | at[1];
}

/* Bytes that a number of variable length takes. */
static size_t varint_len(const uint8_t *at)
{
    size_t len = 1;

    while (len < 9 && (at[len - 1] & 0x80) != 0)
        len++;
    return len;
}

/* Its value, as far as a page can hold so many bytes. */
static size_t varint(const uint8_t *at)
{
    size_t value = 0;

    for (size_t i = 0; i < varint_len(at); i++)
        value = value << 7 | (at[i] & 0x7f);
    return value;
}

static void add(struct ledger_cells *cells, size_t offset, size_t len)
{
    struct ledger_cell *grown = realloc(cells->at, (cells->count + 1) * sizeof *grown);

    FUZZ_MUST(grown != NULL);
    cells->at = grown;
    cells->at[cells->count++] = (struct ledger_cell){offset, len};
}

/* What does not fit goes on elsewhere: then the row ends with the page, for us. */
static void read_leaf(struct ledger_cells *cells, const uint8_t *image, size_t page)
{
    const uint8_t *p = image + page * LEDGER_PAGE;
    size_t count = number16(p + 3);

    for (size_t i = 0; i < count && LEAF_HEADER + 2 * i + 2 <= LEDGER_PAGE; i++) {
        size_t at = number16(p + LEAF_HEADER + 2 * i);
        if (at + 20 > LEDGER_PAGE)
            continue;
        size_t len = varint(p + at);
        size_t payload = at + varint_len(p + at);
        if (p[0] == TABLE_LEAF)
            payload += varint_len(p + payload); /* its key */
        if (len > LEDGER_PAGE - payload)
            len = LEDGER_PAGE - payload;
        if (len > 0)
            add(cells, page * LEDGER_PAGE + payload, len);
    }
}

static void read_schema(struct ledger_cells *cells, const char *path)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *s = NULL;

    FUZZ_MUST(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK);
    FUZZ_MUST(sqlite3_prepare_v2(db, "SELECT pageno FROM dbstat WHERE name = 'sqlite_schema'", -1,
                                 &s, NULL) == SQLITE_OK);
    while (sqlite3_step(s) == SQLITE_ROW)
        cells->schema[(size_t)sqlite3_column_int64(s, 0) - 1] = true;
    FUZZ_MUST(sqlite3_finalize(s) == SQLITE_OK && sqlite3_close(db) == SQLITE_OK);
    FUZZ_MUST(cells->schema[0]);
}

void ledger_cells_read(struct ledger_cells *cells, const char *path, struct jb_bytes image)
{
    FUZZ_MUST(image.len % LEDGER_PAGE == 0 && number16(image.data + 16) == LEDGER_PAGE);
    *cells = (struct ledger_cells){.pages = image.len / LEDGER_PAGE};
    cells->schema = calloc(cells->pages, sizeof *cells->schema);
    FUZZ_MUST(cells->schema != NULL);
    read_schema(cells, path);
    for (size_t page = 1; page < cells->pages; page++) {
        uint8_t type = image.data[page * LEDGER_PAGE];
        if (!cells->schema[page] && (type == TABLE_LEAF || type == INDEX_LEAF))
            read_leaf(cells, image.data, page);
    }
    FUZZ_MUST(cells->count > 0);
}

void ledger_cells_fini(struct ledger_cells *cells)
{
    free(cells->at);
    free(cells->schema);
    *cells = (struct ledger_cells){.at = NULL};
}

bool ledger_cells_schema_changed(const struct ledger_cells *cells, const uint8_t *one,
                                 const uint8_t *other)
{
    for (size_t page = 0; page < cells->pages; page++)
        if (cells->schema[page] &&
            memcmp(one + page * LEDGER_PAGE, other + page * LEDGER_PAGE, LEDGER_PAGE) != 0)
            return true;
    return false;
}

size_t ledger_cells_spare_schema(const struct ledger_cells *cells, size_t offset)
{
    size_t page = offset / LEDGER_PAGE;

    while (cells->schema[page])
        page = (page + 1) % cells->pages;
    return page * LEDGER_PAGE + offset % LEDGER_PAGE;
}
