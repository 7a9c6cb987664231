/* What the node has submitted: numbered, chained, kept until its verdict is here and after that as
 * evidence. Never decides whether something may be submitted. */
#include <assert.h>

#include "proto/ledger/db.h"
#include "proto/ledger/replica.h"

struct jb_line_point jb_outbox_made(const struct jb_ledger *l)
{
    return l->heads.made;
}

struct jb_line_point jb_outbox_settled(const struct jb_ledger *l)
{
    return l->heads.settled;
}

enum jb_err jb_outbox_add(struct jb_ledger *l, struct jb_outbox_item *item)
{
    uint8_t hash[JB_HASH_BYTES];
    struct jb_line_point next = l->heads.made;

    assert(l->writing);
    if (l->heads.node == 0)
        return JB_NOT_FOUND;
    if (item->case_key.len != 0 && item->case_key.len != JB_KEY_BYTES)
        return JB_MALFORMED;
    next.number++;
    jb_hash(l->suite, item->body.data, item->body.len, hash);
    jb_chain_next(l->suite, l->heads.made.head, hash, next.head);
    enum jb_err err =
        jb_sql_run(l, JB_SQL_OUTBOX_ADD,
                   JB_ROW(jb_u64(next.number), jb_int(item->made_at_ms), jb_int(item->kind),
                          jb_int(item->case_no), jb_text(item->user), jb_fixed(hash, sizeof hash),
                          jb_fixed(next.head, sizeof next.head), jb_optional(item->case_key),
                          jb_blob(item->body)));
    if (err != JB_OK)
        return err;
    l->heads.made = next;
    item->number = next.number;
    memcpy(item->head, next.head, sizeof next.head);
    return JB_OK;
}

static enum jb_err item_get(sqlite3_stmt *s, struct jb_arena *arena, struct jb_outbox_item *item)
{
    struct jb_reader r = jb_reader_of(s, arena);

    item->number = jb_get_u64(&r);
    item->made_at_ms = jb_get_i64(&r);
    item->kind = (enum jb_act_kind)jb_get_int(&r);
    item->case_no = jb_get_i64(&r);
    item->user = jb_get_text(&r);
    jb_get_fixed(&r, item->head, JB_HASH_BYTES);
    item->case_key = jb_get_blob(&r);
    item->body = jb_get_blob(&r);
    return r.err;
}

struct items { /* grows in the arena */
    struct jb_arena *arena;
    struct jb_outbox_item *at;
    size_t count, capacity, bytes;
    size_t max_bytes; /* 0: no limit */
};

static enum jb_err items_push(struct items *list, const struct jb_outbox_item *item)
{
    if (list->count == list->capacity) {
        size_t more = list->capacity == 0 ? 16 : list->capacity * 2;
        struct jb_outbox_item *grown = jb_arena_alloc(list->arena, more * sizeof *grown);
        if (grown == NULL)
            return JB_NOMEM;
        if (list->count > 0)
            memcpy(grown, list->at, list->count * sizeof *grown);
        list->at = grown;
        list->capacity = more;
    }
    list->at[list->count++] = *item;
    list->bytes += item->body.len;
    return JB_OK;
}

/* The size of the row's body, the last column, before it is copied. */
static bool items_full(const struct items *list, sqlite3_stmt *s)
{
    size_t more = (size_t)sqlite3_column_bytes(s, 7);

    return list->max_bytes != 0 && list->count > 0 && list->bytes + more > list->max_bytes;
}

static enum jb_err items_read(struct jb_ledger *l, sqlite3_stmt *s, struct items *list)
{
    enum jb_err err;

    while (jb_sql_next(l, s, &err) && !items_full(list, s)) {
        struct jb_outbox_item item = {0};
        err = item_get(s, list->arena, &item);
        if (err == JB_OK)
            err = items_push(list, &item);
        if (err != JB_OK)
            break;
    }
    jb_sql_done(s);
    return err;
}

enum jb_err jb_outbox_read(struct jb_ledger *l, uint64_t from, size_t max_items, size_t max_bytes,
                           struct jb_arena *arena, struct jb_outbox_item **items, size_t *count)
{
    struct items list = {.arena = arena, .max_bytes = max_bytes};
    uint64_t first = l->heads.settled.number + 1;

    enum jb_err err =
        items_read(l,
                   jb_sql_bind(l, JB_SQL_OUTBOX_READ,
                               JB_ROW(jb_u64(from > first ? from : first), jb_u64(max_items))),
                   &list);
    if (err == JB_OK) {
        *items = list.at;
        *count = list.count;
    }
    return err;
}

enum jb_err jb_outbox_of_case(struct jb_ledger *l, int64_t case_no, struct jb_arena *arena,
                              struct jb_outbox_item **items, size_t *count)
{
    struct items list = {.arena = arena};
    enum jb_err err =
        items_read(l,
                   jb_sql_bind(l, JB_SQL_OUTBOX_OF_CASE,
                               JB_ROW(jb_u64(l->heads.settled.number), jb_int(case_no))),
                   &list);

    if (err == JB_OK) {
        *items = list.at;
        *count = list.count;
    }
    return err;
}

enum jb_err jb_outbox_head(struct jb_ledger *l, uint64_t number, uint8_t head[JB_HASH_BYTES])
{
    if (number == 0) {
        jb_chain_start(l->suite, l->heads.node, l->epoch, head);
        return l->heads.node != 0 ? JB_OK : JB_NOT_FOUND;
    }
    return jb_sql_head(l, jb_sql_bind(l, JB_SQL_OUTBOX_HEAD, JB_ROW(jb_u64(number))), head);
}

/* ---- verdicts ---- */

/* A purged item still says what it was, but no longer its text. */
static enum jb_err verdict_read(sqlite3_stmt *s, uint64_t settles, struct jb_arena *arena,
                                struct jb_applied *v)
{
    struct jb_fault fault;
    struct jb_reader r = jb_reader_of(s, arena);

    v->item.number = jb_get_u64(&r);
    v->item.at_ms = jb_get_i64(&r);
    v->item.kind = (enum jb_item_kind)jb_get_int(&r);
    v->item.settles = settles;
    v->case_no = jb_get_i64(&r);
    struct jb_bytes body = jb_get_blob(&r);
    if (r.err != JB_OK || body.len == 0)
        return r.err;
    enum jb_err err = jb_item_decode(body, arena, &v->item, &fault);
    if (err == JB_OK && v->item.kind == JB_ITEM_ENTRY)
        err = jb_entry_decode(v->item.entry, arena, &v->entry, &fault);
    return err;
}

enum jb_err jb_outbox_verdict(struct jb_ledger *l, uint64_t number, struct jb_arena *arena,
                              struct jb_applied *verdict)
{
    enum jb_err err;
    struct jb_applied found = {0};
    sqlite3_stmt *s = jb_sql_bind(l, JB_SQL_ITEM_SETTLES, JB_ROW(jb_u64(number)));

    if (jb_sql_next(l, s, &err))
        err = verdict_read(s, number, arena, &found);
    else if (err == JB_OK)
        err = JB_NOT_FOUND;
    jb_sql_done(s);
    if (err == JB_OK)
        *verdict = found;
    return err;
}
