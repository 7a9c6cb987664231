/* The history of one case: its entries in order, and whose receipt covers each. */
#include "proto/ledger/db.h"
#include "proto/ledger/query.h"
#include "proto/ledger/replica.h"

struct timeline { /* grows in the arena */
    struct jb_ledger *l;
    struct jb_arena *arena;
    struct jb_timeline_row *rows;
    size_t count, capacity;
};

static enum jb_err row_push(struct timeline *t, const struct jb_timeline_row *row)
{
    if (t->count == t->capacity) {
        size_t more = t->capacity == 0 ? 16 : t->capacity * 2;
        struct jb_timeline_row *grown = jb_arena_alloc(t->arena, more * sizeof *grown);
        if (grown == NULL)
            return JB_NOMEM;
        if (t->count > 0)
            memcpy(grown, t->rows, t->count * sizeof *grown);
        t->rows = grown;
        t->capacity = more;
    }
    t->rows[t->count++] = *row;
    return JB_OK;
}

/* Decode an entry from the body of a row: at the broker it is the entry, in a replica the item
 * around it. The body must live as long as the entry. */
static enum jb_err entry_open(const struct jb_ledger *l, struct jb_bytes body,
                              struct jb_arena *arena, struct jb_entry *entry)
{
    struct jb_fault fault;
    struct jb_item item;

    if (l->role == JB_LEDGER_REPLICA) {
        enum jb_err err = jb_item_decode(body, arena, &item, &fault);
        if (err != JB_OK)
            return err;
        body = item.entry;
    }
    return jb_entry_decode(body, arena, entry, &fault);
}

static enum jb_err entries_read(struct timeline *t, sqlite3_stmt *s)
{
    enum jb_err err;

    while (jb_sql_next(t->l, s, &err)) {
        struct jb_timeline_row row = {0};
        struct jb_reader r = jb_reader_of(s, t->arena);
        uint64_t number = jb_get_u64(&r);
        struct jb_bytes body = jb_get_blob(&r);
        err = r.err;
        if (err == JB_OK)
            err = entry_open(t->l, body, t->arena, &row.entry);
        if (t->l->role == JB_LEDGER_REPLICA)
            row.number = number;
        if (err == JB_OK)
            err = row_push(t, &row);
        if (err != JB_OK)
            break;
    }
    jb_sql_done(s);
    return err;
}

struct receipts {
    uint32_t *nodes;
    int64_t *at_ms;
    size_t count, capacity;
};

static enum jb_err receipt_push(struct receipts *list, struct jb_arena *arena, uint32_t node,
                                int64_t at_ms)
{
    if (list->count == list->capacity) {
        size_t more = list->capacity == 0 ? 4 : list->capacity * 2;
        uint32_t *nodes = jb_arena_alloc(arena, more * sizeof *nodes);
        int64_t *instants = jb_arena_alloc(arena, more * sizeof *instants);
        if (nodes == NULL || instants == NULL)
            return JB_NOMEM;
        if (list->count > 0) {
            memcpy(nodes, list->nodes, list->count * sizeof *nodes);
            memcpy(instants, list->at_ms, list->count * sizeof *instants);
        }
        list->nodes = nodes;
        list->at_ms = instants;
        list->capacity = more;
    }
    list->nodes[list->count] = node;
    list->at_ms[list->count++] = at_ms;
    return JB_OK;
}

static enum jb_err own_receipt_add(struct timeline *t, uint64_t seq, struct receipts *list)
{
    int64_t at_ms = 0;

    if (t->l->role != JB_LEDGER_REPLICA)
        return JB_OK;
    for (size_t i = 0; i < list->count; i++)
        if (list->nodes[i] == t->l->heads.node)
            return JB_OK;
    enum jb_err err = jb_replica_stored_at(t->l, seq, &at_ms);
    if (err == JB_OK)
        err = receipt_push(list, t->arena, t->l->heads.node, at_ms);
    return err == JB_NOT_FOUND ? JB_OK : err;
}

static enum jb_err receipts_fill(struct timeline *t, int64_t case_no, struct jb_timeline_row *row)
{
    enum jb_err err;
    struct receipts list = {0};
    sqlite3_stmt *s =
        jb_sql_bind(t->l, JB_SQL_STORED_OF_ENTRY, JB_ROW(jb_int(case_no), jb_u64(row->entry.seq)));

    while (jb_sql_next(t->l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, t->arena);
        uint32_t node = jb_get_u32(&r);
        err = receipt_push(&list, t->arena, node, jb_get_i64(&r));
        if (err != JB_OK)
            break;
    }
    jb_sql_done(s);
    if (err == JB_OK)
        err = own_receipt_add(t, row->entry.seq, &list);
    row->stored_by = (struct jb_list32){list.nodes, list.count};
    row->stored_at = (struct jb_list64){list.at_ms, list.count};
    return err;
}

enum jb_err jb_query_timeline(struct jb_ledger *l, int64_t case_no, struct jb_arena *arena,
                              struct jb_timeline_row **rows, size_t *count)
{
    struct timeline t = {.l = l, .arena = arena};
    bool mine;
    enum jb_err err = jb_sql_snapshot(l, &mine);

    if (err != JB_OK)
        return err;
    err = entries_read(
        &t, l->role == JB_LEDGER_BROKER
                ? jb_sql_bind(l, JB_SQL_ENTRY_OF_CASE, JB_ROW(jb_int(case_no), jb_int(INT64_MAX)))
                : jb_sql_bind(l, JB_SQL_ITEM_OF_CASE, JB_ROW(jb_int(case_no))));
    for (size_t i = 0; i < t.count && err == JB_OK; i++)
        err = receipts_fill(&t, case_no, &t.rows[i]);
    jb_sql_snapshot_end(l, mine);
    if (err != JB_OK)
        return err;
    *rows = t.rows;
    *count = t.count;
    return JB_OK;
}

enum jb_err jb_query_register(struct jb_ledger *l, int64_t case_no, struct jb_arena *arena,
                              struct jb_entry *entry)
{
    enum jb_err err;
    enum jb_sql id = l->role == JB_LEDGER_BROKER ? JB_SQL_REGISTER_ENTRY : JB_SQL_REGISTER_ITEM;
    struct jb_bytes body = {NULL, 0};
    sqlite3_stmt *s = jb_sql_bind(l, id, JB_ROW(jb_int(case_no)));

    if (jb_sql_next(l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, arena);
        body = jb_get_blob(&r);
        err = r.err;
    } else if (err == JB_OK) {
        err = JB_NOT_FOUND;
    }
    jb_sql_done(s);
    if (err == JB_OK)
        err = entry_open(l, body, arena, entry);
    return err;
}
