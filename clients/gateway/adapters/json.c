/* See table.h: a list of JSON objects as a table. Columns are all paths that occur. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "clients/gateway/adapters/lang.h"
#include "clients/gateway/adapters/table.h"

#define DEPTH_MAX 8
#define PATH_BYTES 256

struct names {
    const char *at[JB_EX_COLUMNS];
    size_t count;
    struct jb_ex_table *table;
};

/* Where a column of that name is; it is made if need be. -1: no room. */
static int column_of(struct names *n, const char *path)
{
    for (size_t i = 0; i < n->count; i++)
        if (strcmp(n->at[i], path) == 0)
            return (int)i;
    if (n->count == JB_EX_COLUMNS)
        return -1;
    const char *copy = jb_arena_strndup(&n->table->arena, path, strlen(path));
    if (copy == NULL)
        return -1;
    n->at[n->count] = copy;
    return (int)n->count++;
}

/* NULL: no memory. */
static const char *text_of(struct jb_ex_table *t, const json_t *v)
{
    char number[64];
    if (json_is_null(v))
        return "";
    if (json_is_boolean(v))
        return json_is_true(v) ? "true" : "false";
    if (json_is_integer(v) || json_is_real(v)) {
        if (json_is_integer(v))
            (void)snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
        else
            (void)snprintf(number, sizeof number, "%.17g", json_real_value(v));
        return jb_arena_strndup(&t->arena, number, strlen(number));
    }
    if (!json_is_string(v))
        return jb_ex_flawed(JB_EX_FLAW_NESTED);
    size_t len = json_string_length(v);
    if (len > t->cell_bytes)
        return jb_ex_flawed(JB_EX_FLAW_LONG);
    if (memchr(json_string_value(v), '\0', len) != NULL)
        return jb_ex_flawed(JB_EX_FLAW_NUL);
    return jb_arena_strndup(&t->arena, json_string_value(v), len);
}

struct flattening {
    struct names *names;
    const char *cells[JB_EX_COLUMNS];
    char path[PATH_BYTES];
};

static bool put(struct flattening *f, json_t *v)
{
    int column = column_of(f->names, f->path);
    const char *text = column >= 0 ? text_of(f->names->table, v) : NULL;
    if (text == NULL)
        return false;
    f->cells[column] = text;
    return true;
}

/* Objects inside of objects, to a depth that does not depend on the sender. */
// NOLINTNEXTLINE(misc-no-recursion)
static bool flatten(struct flattening *f, json_t *object, size_t used, unsigned depth)
{
    const char *key = NULL;
    json_t *v = NULL;
    json_object_foreach(object, key, v)
    {
        int n = snprintf(f->path + used, PATH_BYTES - used, "%s%s", used > 0 ? "." : "", key);
        if (n < 0 || (size_t)n >= PATH_BYTES - used)
            return false;
        bool deeper = json_is_object(v) && depth < DEPTH_MAX;
        if (!(deeper ? flatten(f, v, used + (size_t)n, depth + 1) : put(f, v)))
            return false;
    }
    return true;
}

static enum jb_err object_add(struct names *names, json_t *object, size_t number,
                              struct jb_fault *fault)
{
    struct flattening f = {.names = names, .path = ""};
    for (size_t i = 0; i < JB_EX_COLUMNS; i++)
        f.cells[i] = "";
    if (!json_is_object(object))
        return jb_fault_set(fault, JB_MALFORMED, _("member %zu of the list is no object"), number);
    if (!flatten(&f, object, 0, 0))
        return jb_fault_set(fault, JB_OVERFLOW,
                            _("member %zu of the list: over %d members, or too large"), number,
                            JB_EX_COLUMNS);
    return jb_ex_table_add(names->table, number, f.cells, names->count, fault);
}

/* The list itself: at the path, or the whole; one object is a list of one. */
static const json_t *list_at(json_t *root, const char *path)
{
    char name[PATH_BYTES];
    while (path[0] != '\0' && root != NULL) {
        size_t len = strcspn(path, ".");
        (void)snprintf(name, sizeof name, "%.*s", (int)len, path);
        root = json_object_get(root, name);
        path += len + (path[len] == '.');
    }
    return root;
}

/* Objects that were read before a name occurred for the first time do not have it. */
static bool fill_up(struct jb_ex_table *t)
{
    for (size_t i = 0; i < t->row_count; i++) {
        struct jb_ex_row *row = &t->rows[i];
        const char **cells = jb_arena_alloc(&t->arena, (t->columns + 1) * sizeof *cells);
        if (cells == NULL)
            return false;
        for (size_t c = 0; c < t->columns; c++)
            cells[c] = c < row->count ? row->cells[c] : "";
        row->cells = cells;
        row->count = t->columns;
    }
    return true;
}

static enum jb_err read_list(struct names *names, const json_t *list, struct jb_fault *fault)
{
    struct jb_ex_table *t = names->table;
    const char *placeholder = "";
    size_t i = 0;
    json_t *v = NULL;
    t->headers = &placeholder; /* rows come first: which columns there are is known at the end */
    enum jb_err err = JB_OK;
    json_array_foreach(list, i, v)
    {
        err = object_add(names, v, i + 1, fault);
        if (err != JB_OK)
            break;
    }
    t->headers = jb_arena_memdup(&t->arena, names->at, names->count * sizeof *names->at);
    t->columns = names->count;
    return err == JB_OK && (t->headers == NULL || !fill_up(t)) ? JB_NOMEM : err;
}

enum jb_err jb_ex_json_read(struct jb_ex_table *t, struct jb_text text, const char *path,
                            struct jb_fault *fault)
{
    json_error_t error;
    struct names names = {.table = t};
    json_t *root = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    if (root == NULL)
        return jb_fault_set(fault, JB_MALFORMED, _("line %d, column %d: %s"), error.line,
                            error.column, error.text);
    const json_t *list = list_at(root, path);
    enum jb_err err = JB_OK;
    if (json_is_array(list)) {
        err = read_list(&names, list, fault);
    } else if (json_is_object(list)) {
        json_t *one = json_pack("[O]", list);
        err = one != NULL ? read_list(&names, one, fault) : JB_NOMEM;
        json_decref(one);
    } else {
        err = jb_fault_set(fault, JB_MALFORMED, _("there is no list at \"%s\""), path);
    }
    json_decref(root);
    return err;
}
