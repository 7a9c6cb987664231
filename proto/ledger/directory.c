/* Directory, policies and calendars in the tables.
 *
 * How a directory entry changes a node is decided by jb_directory_apply alone: here the one row is
 * loaded, handed to it, and written back. */
#include <stdlib.h>

#include "proto/ledger/db.h"

static char *text_own(struct jb_reader *r)
{
    struct jb_bytes bytes = jb_peek_blob(r);
    char *copy = malloc(bytes.len + 1);

    if (copy == NULL) {
        r->err = JB_NOMEM;
        return NULL;
    }
    if (bytes.len > 0)
        memcpy(copy, bytes.data, bytes.len);
    copy[bytes.len] = '\0';
    return copy;
}

/* Former keys stand one after the other in one blob. */
static void former_read(struct jb_reader *r, struct jb_node *n)
{
    struct jb_bytes all = jb_peek_blob(r);

    if (all.len % sizeof *n->former != 0)
        r->err = JB_CORRUPT;
    if (r->err != JB_OK || all.len == 0)
        return;
    n->former = malloc(all.len);
    if (n->former == NULL) {
        r->err = JB_NOMEM;
        return;
    }
    memcpy(n->former, all.data, all.len);
    n->former_count = all.len / sizeof *n->former;
}

/* Texts and keys are owned by the node also after an error. */
static void node_read(struct jb_reader *r, struct jb_node *n)
{
    n->node = jb_get_u32(r);
    n->code = text_own(r);
    n->name = text_own(r);
    n->region = text_own(r);
    n->credit_code = text_own(r);
    n->level = jb_get_int(r);
    n->kind = jb_get_int(r);
    n->parent = jb_get_u32(r);
    n->successor = jb_get_u32(r);
    n->valid_from_ms = jb_get_i64(r);
    n->valid_to_ms = jb_get_i64(r);
    n->has_agent = jb_get_i64(r) != 0;
    jb_get_fixed(r, n->line_key, JB_KEY_BYTES);
    jb_get_fixed(r, n->sign_key, JB_KEY_BYTES);
    former_read(r, n);
}

static enum jb_err node_push(struct jb_directory *d, sqlite3_stmt *s)
{
    if (d->count == d->capacity) {
        size_t more = d->capacity == 0 ? 16 : d->capacity * 2;
        struct jb_node *grown = realloc(d->nodes, more * sizeof *grown);
        if (grown == NULL)
            return JB_NOMEM;
        d->nodes = grown;
        d->capacity = more;
    }
    struct jb_reader r = jb_reader_of(s, NULL);
    struct jb_node *n = &d->nodes[d->count++];
    *n = (struct jb_node){0};
    node_read(&r, n);
    return r.err;
}

/* Nodes `from` to `to` in an initialised, empty directory. */
static enum jb_err nodes_load(struct jb_ledger *l, uint32_t from, uint32_t to,
                              struct jb_directory *d)
{
    enum jb_err err;
    sqlite3_stmt *s = jb_sql_bind(l, JB_SQL_NODES, JB_ROW(jb_int(from), jb_int(to)));

    while (jb_sql_next(l, s, &err)) {
        err = node_push(d, s);
        if (err != JB_OK)
            break;
    }
    jb_sql_done(s);
    return err;
}

/* ---- delegations ---- */

static enum jb_err delegation_push(struct jb_directory *d, sqlite3_stmt *s)
{
    if (d->delegation_count == d->delegation_capacity) {
        size_t more = d->delegation_capacity == 0 ? 8 : d->delegation_capacity * 2;
        struct jb_delegation *grown = realloc(d->delegations, more * sizeof *grown);
        if (grown == NULL)
            return JB_NOMEM;
        d->delegations = grown;
        d->delegation_capacity = more;
    }
    struct jb_reader r = jb_reader_of(s, NULL);
    struct jb_delegation *g = &d->delegations[d->delegation_count];
    *g = (struct jb_delegation){.seq = jb_get_u64(&r)};
    g->node = jb_get_u32(&r);
    g->official = text_own(&r);
    g->power = jb_get_int(&r);
    g->valid_from_ms = jb_get_i64(&r);
    g->valid_to_ms = jb_get_i64(&r);
    if (r.err == JB_OK)
        d->delegation_count++;
    return r.err;
}

/* Of nodes `from` to `to`, in the order given. */
static enum jb_err delegations_load(struct jb_ledger *l, uint32_t from, uint32_t to,
                                    struct jb_directory *d)
{
    enum jb_err err;
    sqlite3_stmt *s = jb_sql_bind(l, JB_SQL_DELEGATIONS, JB_ROW(jb_int(from), jb_int(to)));

    while (jb_sql_next(l, s, &err)) {
        err = delegation_push(d, s);
        if (err != JB_OK)
            break;
    }
    jb_sql_done(s);
    return err;
}

static enum jb_err delegation_write(struct jb_ledger *l, const struct jb_delegation *g)
{
    return jb_sql_run(l, JB_SQL_DELEGATION_SAVE,
                      JB_ROW(jb_u64(g->seq), jb_int(g->node), jb_text(jb_text_of(g->official)),
                             jb_int(g->power), jb_int(g->valid_from_ms), jb_int(g->valid_to_ms)));
}

enum jb_err jb_delegation_entry_apply(struct jb_ledger *l, const struct jb_entry *entry)
{
    struct jb_directory d;

    jb_directory_init(&d);
    enum jb_err err = delegations_load(l, entry->node, entry->node, &d);
    if (err == JB_OK)
        err = jb_directory_apply(&d, entry);
    for (size_t i = 0; i < d.delegation_count && err == JB_OK; i++)
        err = delegation_write(l, &d.delegations[i]);
    jb_directory_fini(&d);
    return err;
}

enum jb_err jb_ledger_directory_load(struct jb_ledger *l, struct jb_directory *d)
{
    struct jb_directory loaded;

    jb_directory_init(&loaded);
    enum jb_err err = nodes_load(l, 0, UINT32_MAX, &loaded);
    if (err == JB_OK)
        err = delegations_load(l, 0, UINT32_MAX, &loaded);
    if (err != JB_OK) {
        jb_directory_fini(&loaded);
        return err;
    }
    jb_directory_fini(d);
    *d = loaded;
    return JB_OK;
}

static enum jb_err node_write(struct jb_ledger *l, const struct jb_node *n)
{
    struct jb_bytes former = {(const uint8_t *)n->former, n->former_count * sizeof *n->former};

    return jb_sql_run(l, JB_SQL_NODE_SAVE,
                      JB_ROW(jb_int(n->node), jb_text(jb_text_of(n->code)),
                             jb_text(jb_text_of(n->name)), jb_text(jb_text_of(n->region)),
                             jb_text(jb_text_of(n->credit_code)), jb_int(n->level), jb_int(n->kind),
                             jb_int(n->parent), jb_int(n->successor), jb_int(n->valid_from_ms),
                             jb_int(n->valid_to_ms), jb_int(n->has_agent),
                             jb_fixed(n->line_key, JB_KEY_BYTES),
                             jb_fixed(n->sign_key, JB_KEY_BYTES), jb_optional(former)));
}

enum jb_err jb_directory_entry_apply(struct jb_ledger *l, const struct jb_entry *entry)
{
    struct jb_directory d;

    jb_directory_init(&d);
    enum jb_err err = nodes_load(l, entry->act.node, entry->act.node, &d);
    if (err == JB_OK)
        err = jb_directory_apply(&d, entry);
    for (size_t i = 0; i < d.count && err == JB_OK; i++)
        err = node_write(l, &d.nodes[i]);
    jb_directory_fini(&d);
    return err;
}

static enum jb_err body_read(struct jb_ledger *l, sqlite3_stmt *s, struct jb_arena *arena,
                             struct jb_text *text)
{
    enum jb_err err;

    if (jb_sql_next(l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, arena);
        struct jb_text found = jb_get_text(&r);
        err = r.err;
        if (err == JB_OK)
            *text = found;
    } else if (err == JB_OK) {
        err = JB_NOT_FOUND;
    }
    jb_sql_done(s);
    return err;
}

enum jb_err jb_ledger_policy_at(struct jb_ledger *l, int64_t at_ms, struct jb_arena *arena,
                                struct jb_text *text)
{
    return body_read(l, jb_sql_bind(l, JB_SQL_POLICY_AT, JB_ROW(jb_int(at_ms))), arena, text);
}

enum jb_err jb_ledger_calendar_last(struct jb_ledger *l, struct jb_text region,
                                    struct jb_arena *arena, struct jb_text *text)
{
    return body_read(l, jb_sql_bind(l, JB_SQL_CALENDAR_LAST, JB_ROW(jb_text(region))), arena, text);
}

enum jb_err jb_ledger_policy_version(struct jb_ledger *l, struct jb_text version,
                                     struct jb_arena *arena, struct jb_text *text)
{
    return body_read(l, jb_sql_bind(l, JB_SQL_POLICY_VERSION, JB_ROW(jb_text(version))), arena,
                     text);
}

enum jb_err jb_ledger_calendar_version(struct jb_ledger *l, struct jb_text version,
                                       struct jb_arena *arena, struct jb_text *text)
{
    return body_read(l, jb_sql_bind(l, JB_SQL_CALENDAR_VERSION, JB_ROW(jb_text(version))), arena,
                     text);
}
