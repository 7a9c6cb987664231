/* A node's stream as it holds it, for a broker whose backup lacks it: pieces that end where the
 * broker signed. */
#include "proto/ledger/db.h"
#include "proto/ledger/replica.h"

struct gathering {
    struct jb_arena *arena;
    struct jb_list list; /* of struct jb_frame_item */
    size_t bytes, max_bytes;
    struct jb_replica_piece *out;
};

/* A row of ITEM_COPIES; the last columns are NULL where the broker did not sign. */
static enum jb_err row_take(struct gathering *g, sqlite3_stmt *s, bool *is_signed)
{
    struct jb_reader r = jb_reader_of(s, g->arena);
    struct jb_frame_item *item = jb_list_push(&g->list, g->arena);
    struct jb_replica_piece *p = g->out;

    if (item == NULL)
        return JB_NOMEM;
    *item = (struct jb_frame_item){.body = {NULL, 0}};
    uint64_t number = jb_get_u64(&r);
    item->body = jb_get_blob(&r);
    item->case_key = jb_get_blob(&r);
    if (item->body.len == 0) { /* the case was left: what is still known of it */
        item->hash = jb_get_blob(&r);
        item->at_ms = jb_get_i64(&r);
        item->settles = jb_get_u64(&r);
        item->history = jb_get_i64(&r) != 0;
        item->entry_seq = jb_get_u64(&r);
        item->case_no = jb_get_i64(&r);
    }
    r.column = 9;
    *is_signed = sqlite3_column_type(s, r.column) != SQLITE_NULL;
    if (*is_signed) {
        p->suite = (uint8_t)jb_get_int(&r);
        jb_get_fixed(&r, p->end.epoch, JB_EPOCH_BYTES);
        jb_get_fixed(&r, p->end.head, JB_HASH_BYTES);
        jb_get_fixed(&r, p->signature, JB_SIGN_BYTES);
        p->end.number = number;
        p->count = g->list.count;
    }
    g->bytes += item->body.len + 128;
    return r.err;
}

enum jb_err jb_replica_copies(struct jb_ledger *l, uint64_t first, size_t max_bytes,
                              struct jb_arena *arena, struct jb_replica_piece *out)
{
    enum jb_err err = JB_OK;
    bool is_signed = false;
    struct gathering g = {.arena = arena,
                          .list = {.bytes = sizeof(struct jb_frame_item)},
                          .max_bytes = max_bytes,
                          .out = out};
    sqlite3_stmt *s =
        jb_sql_bind(l, JB_SQL_ITEM_COPIES, JB_ROW(jb_u64(first), jb_int(JB_FRAME_ITEMS_MAX)));

    *out = (struct jb_replica_piece){.items = NULL};
    while ((out->count == 0 || g.bytes < max_bytes) && jb_sql_next(l, s, &err)) {
        err = row_take(&g, s, &is_signed);
        if (err != JB_OK)
            break;
    }
    jb_sql_done(s);
    out->items = g.list.at;
    if (err == JB_OK && out->count == 0)
        err = JB_NOT_FOUND;
    return err;
}

enum jb_err jb_replica_head(struct jb_ledger *l, uint64_t number, uint8_t head[JB_HASH_BYTES])
{
    if (number == 0) {
        jb_chain_start(l->suite, l->heads.node, l->origin, head);
        return JB_OK;
    }
    return jb_sql_head(l, jb_sql_bind(l, JB_SQL_ITEM_HEAD, JB_ROW(jb_u64(number))), head);
}
