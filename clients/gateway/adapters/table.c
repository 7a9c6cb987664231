/* See table.h. */
#include "clients/gateway/adapters/table.h"

#include <string.h>

#include "clients/gateway/adapters/lang.h"

#define ROWS_FIRST 256

static const char flaws[JB_EX_FLAW_COUNT][1] = {{0}};

const char *jb_ex_flawed(enum jb_ex_flaw flaw)
{
    return flaw == JB_EX_FLAW_NONE ? "" : flaws[flaw];
}

enum jb_ex_flaw jb_ex_flaw_of(const char *cell)
{
    for (enum jb_ex_flaw flaw = JB_EX_FLAW_NUL; flaw < JB_EX_FLAW_COUNT; flaw++)
        if (cell == flaws[flaw])
            return flaw;
    return JB_EX_FLAW_NONE;
}

const char *jb_ex_flaw_text(enum jb_ex_flaw flaw)
{
    static const char *const texts[JB_EX_FLAW_COUNT] = {
        [JB_EX_FLAW_NONE] = "",
        [JB_EX_FLAW_NUL] = N_("holds a NUL character: remove it"),
        [JB_EX_FLAW_ENCODING] = N_("is not text in the file's encoding: save the file as UTF-8"),
        [JB_EX_FLAW_LONG] = N_("is longer than the limit of a cell"),
        [JB_EX_FLAW_ROUNDED] =
            N_("is a number that the spreadsheet has rounded: format the column as text"),
        [JB_EX_FLAW_ERROR] = N_("is an error of a formula: put the value in its place"),
        [JB_EX_FLAW_NESTED] = N_("is an object or a list: a text is expected"),
    };
    return flaw == JB_EX_FLAW_NONE ? "" : _(texts[flaw]);
}

void jb_ex_table_init(struct jb_ex_table *t, size_t cell_bytes, size_t total_bytes)
{
    *t = (struct jb_ex_table){.cell_bytes = cell_bytes};
    jb_arena_init(&t->arena, total_bytes);
}

void jb_ex_table_fini(struct jb_ex_table *t)
{
    jb_arena_fini(&t->arena);
    *t = (struct jb_ex_table){.headers = NULL};
}

/* ---- headers ---- */

static enum jb_err header_bad(const char *const *cells, size_t at, struct jb_fault *fault)
{
    const char *name = cells[at];
    enum jb_ex_flaw flaw = jb_ex_flaw_of(name);
    if (flaw != JB_EX_FLAW_NONE)
        return jb_fault_set(fault, JB_MALFORMED, _("header of column %zu: %s"), at + 1,
                            jb_ex_flaw_text(flaw));
    if (strlen(name) > JB_EX_HEADER_BYTES)
        return jb_fault_set(fault, JB_MALFORMED, _("header of column %zu: over %d bytes"), at + 1,
                            JB_EX_HEADER_BYTES);
    for (size_t i = 0; i < at && name[0] != '\0'; i++)
        if (strcmp(cells[i], name) == 0)
            return jb_fault_set(fault, JB_MALFORMED, _("two columns have the header \"%s\""), name);
    return JB_OK;
}

/* Blanks around a name belong to nobody. */
static const char *trimmed(struct jb_arena *arena, const char *name)
{
    size_t len = strlen(name);
    size_t from = strspn(name, " \t\r\n");
    while (len > from && strchr(" \t\r\n", name[len - 1]) != NULL)
        len--;
    return jb_arena_strndup(arena, name + from, len - from);
}

static enum jb_err headers_add(struct jb_ex_table *t, const char **cells, size_t count,
                               struct jb_fault *fault)
{
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        if (jb_ex_flaw_of(cells[i]) == JB_EX_FLAW_NONE)
            cells[i] = trimmed(&t->arena, cells[i]);
        if (cells[i] == NULL)
            return jb_fault_set(fault, JB_NOMEM, _("larger than the limit of memory"));
        enum jb_err err = header_bad(cells, i, fault);
        if (err != JB_OK)
            return err;
        any = any || cells[i][0] != '\0';
    }
    if (!any)
        return jb_fault_set(fault, JB_MALFORMED, _("the first row must hold the headers"));
    t->headers = cells;
    t->columns = count;
    return JB_OK;
}

/* ---- rows ---- */

static bool room_for_one(struct jb_ex_table *t)
{
    if (t->row_count < t->row_room)
        return true;
    size_t room = t->row_room == 0 ? ROWS_FIRST : t->row_room * 2;
    struct jb_ex_row *rows = jb_arena_alloc(&t->arena, room * sizeof *rows);
    if (rows == NULL)
        return false;
    if (t->row_count > 0)
        memcpy(rows, t->rows, t->row_count * sizeof *rows);
    t->rows = rows;
    t->row_room = room;
    return true;
}

enum jb_err jb_ex_table_add(struct jb_ex_table *t, size_t number, const char *const *cells,
                            size_t count, struct jb_fault *fault)
{
    if (count > JB_EX_COLUMNS || t->row_count == JB_EX_ROWS)
        return jb_fault_set(fault, JB_OVERFLOW, _("row %zu: over %d columns or %d rows"), number,
                            JB_EX_COLUMNS, JB_EX_ROWS);
    const char **copy = jb_arena_memdup(&t->arena, cells, count * sizeof *cells);
    if (copy == NULL || (t->headers != NULL && !room_for_one(t)))
        return jb_fault_set(fault, JB_NOMEM, _("larger than the limit of memory"));
    if (t->headers == NULL)
        return headers_add(t, copy, count, fault);
    t->rows[t->row_count++] = (struct jb_ex_row){number, copy, count};
    return JB_OK;
}

const char *jb_ex_record_get(const struct jb_ex_record *r, const char *name)
{
    for (size_t i = 0; i < r->count; i++)
        if (strcmp(r->names[i], name) == 0)
            return r->values[i];
    return NULL;
}
