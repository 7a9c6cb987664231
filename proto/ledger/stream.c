/* The streams: what each node is told, numbered and chained, node by node.
 *
 * Of an entry only its place in the stream is stored; the item's bytes are built again from the log
 * whenever they are sent, and must come out the same, since the chain runs over their hash. */
#include <assert.h>
#include <sodium.h>

#include "proto/ledger/behind.h"
#include "proto/wire/codec.h"

/* ---- append ---- */

static enum jb_err item_build(const struct jb_stream_add *add, uint64_t number,
                              struct jb_arena *arena, struct jb_bytes *bytes)
{
    struct jb_item item = {.kind = JB_ITEM_ENTRY, .entry = add->entry};

    assert(add->entry_seq != 0 || add->other != NULL);
    if (add->entry_seq == 0)
        item = *add->other;
    item.number = number;
    item.at_ms = add->at_ms;
    item.settles = add->settles;
    item.history = add->history;
    return jb_item_encode(&item, arena, bytes);
}

/* Into the tick that is being made. The bytes are in its memory. */
static enum jb_err item_keep(struct jb_tick *t, const struct jb_stream_add *add,
                             const struct jb_line_point *point, struct jb_bytes bytes)
{
    struct jb_tick_item *to = jb_tick_more(t, &t->items, &t->item_count, sizeof *to);

    if (to == NULL)
        return JB_NOMEM;
    *to = (struct jb_tick_item){.node = add->node,
                                .history = add->history,
                                .duty = add->duty,
                                .act_kind = add->act_kind,
                                .number = point->number,
                                .at_ms = add->at_ms,
                                .entry_seq = add->entry_seq,
                                .settles = add->settles,
                                .case_no = add->case_no,
                                .body = bytes};
    memcpy(to->head, point->head, JB_HASH_BYTES);
    return JB_OK;
}

static enum jb_err row_write(struct jb_ledger *l, const struct jb_stream_add *add,
                             const struct jb_line_point *point, struct jb_bytes bytes)
{
    struct jb_bytes body = add->entry_seq == 0 ? bytes : (struct jb_bytes){NULL, 0};

    return jb_sql_run(l, JB_SQL_STREAM_ADD,
                      JB_ROW(jb_int(add->node), jb_u64(point->number), jb_int(add->at_ms),
                             jb_u64(add->entry_seq), jb_u64(add->settles), jb_int(add->history),
                             jb_int(add->duty), jb_int(add->case_no),
                             jb_fixed(point->head, JB_HASH_BYTES), jb_optional(body)));
}

enum jb_err jb_stream_append(struct jb_ledger *l, const struct jb_stream_add *add, uint64_t *number)
{
    uint8_t hash[JB_HASH_BYTES];
    struct jb_bytes bytes;
    struct jb_line_state *s = jb_line_touch(l, add->node);

    if (s == NULL)
        return JB_NOMEM;
    struct jb_line_point next = s->down;
    next.number++;
    struct jb_tick *t = l->behind.fresh;
    jb_arena_reset(&l->scratch);
    enum jb_err err = item_build(add, next.number, t != NULL ? &t->arena : &l->scratch, &bytes);
    if (err != JB_OK)
        return err;
    jb_hash(l->suite, bytes.data, bytes.len, hash);
    jb_chain_next(l->suite, s->down.head, hash, next.head);
    err = t != NULL ? item_keep(t, add, &next, bytes) : row_write(l, add, &next, bytes);
    if (err != JB_OK)
        return err;
    s->down = next;
    if (number != NULL)
        *number = next.number;
    return JB_OK;
}

/* ---- back-fill ---- */

struct backfill {
    struct jb_ledger *l;
    struct jb_stream_add add; /* but for the entry */
};

static enum jb_err backfill_one(void *ctx, const struct jb_tick_entry *e)
{
    struct backfill *b = ctx;

    b->add.entry_seq = e->seq;
    b->add.entry = e->bytes;
    b->add.act_kind = e->kind;
    return jb_stream_append(b->l, &b->add, NULL);
}

/* Rows of (seq, body, kind). */
static enum jb_err backfill_rows(struct backfill *b, sqlite3_stmt *s)
{
    enum jb_err err;

    while (jb_sql_next(b->l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, NULL);
        struct jb_tick_entry e = {.seq = jb_get_u64(&r)};
        e.bytes = jb_peek_blob(&r);
        e.kind = jb_get_int(&r);
        err = backfill_one(b, &e);
        if (err != JB_OK)
            break;
    }
    jb_sql_done(s);
    return err;
}

enum jb_err jb_stream_backfill(struct jb_ledger *l, uint32_t node, int64_t case_no,
                               uint64_t before_seq, int64_t at_ms)
{
    struct backfill b = {l, {.node = node, .at_ms = at_ms, .history = true, .case_no = case_no}};

    assert(l->writing);
    enum jb_err err = backfill_rows(
        &b, jb_sql_bind(l, JB_SQL_ENTRY_OF_CASE, JB_ROW(jb_int(case_no), jb_u64(before_seq))));
    return err == JB_OK ? jb_behind_each(l, case_no, before_seq, backfill_one, &b) : err;
}

enum jb_err jb_stream_backfill_register(struct jb_ledger *l, uint32_t node, int64_t case_no,
                                        int64_t at_ms)
{
    struct backfill b = {l, {.node = node, .at_ms = at_ms, .history = true, .case_no = case_no}};
    uint8_t key[JB_KEY_BYTES];

    assert(l->writing && l->behind.fresh == NULL);
    enum jb_err err = jb_ledger_case_key_get(l, case_no, key);
    if (err != JB_OK)
        return err == JB_NOT_FOUND ? JB_OK : err;
    sodium_memzero(key, sizeof key);
    return backfill_rows(&b, jb_sql_bind(l, JB_SQL_REGISTER_ROW, JB_ROW(jb_int(case_no))));
}

enum jb_err jb_stream_backfill_common(struct jb_ledger *l, uint32_t node, uint64_t before_seq,
                                      int64_t at_ms)
{
    struct backfill b = {l, {.node = node, .at_ms = at_ms, .history = true}};

    assert(l->writing && l->behind.fresh == NULL);
    return backfill_rows(&b, jb_sql_bind(l, JB_SQL_ENTRY_COMMON, JB_ROW(jb_u64(before_seq))));
}

/* ---- read ---- */

struct stream_row { /* one row of STREAM_READ; blobs valid until the next step */
    uint64_t number, settles, entry_seq;
    int64_t at_ms, case_no;
    bool history;
    uint8_t head[JB_HASH_BYTES];
    struct jb_bytes body; /* REFUSAL and LEFT items */
    int kind;             /* of the act of the entry */
    struct jb_bytes entry;
};

static enum jb_err row_read(sqlite3_stmt *s, struct stream_row *row)
{
    struct jb_reader r = jb_reader_of(s, NULL);

    row->number = jb_get_u64(&r);
    row->at_ms = jb_get_i64(&r);
    row->settles = jb_get_u64(&r);
    row->history = jb_get_i64(&r) != 0;
    row->entry_seq = jb_get_u64(&r);
    row->case_no = jb_get_i64(&r);
    jb_get_fixed(&r, row->head, JB_HASH_BYTES);
    row->body = jb_peek_blob(&r);
    row->kind = jb_get_int(&r);
    row->entry = jb_peek_blob(&r);
    if (row->entry_seq != 0 && row->entry.len == 0)
        return JB_CORRUPT; /* the log lost it */
    return r.err;
}

/* The item's bytes as they were hashed, into the arena. */
static enum jb_err row_body(const struct stream_row *row, struct jb_arena *arena,
                            struct jb_bytes *body)
{
    if (row->entry_seq == 0) {
        body->data = jb_arena_memdup(arena, row->body.data, row->body.len);
        body->len = row->body.len;
        return body->data != NULL ? JB_OK : JB_NOMEM;
    }
    struct jb_item item = {.number = row->number,
                           .at_ms = row->at_ms,
                           .settles = row->settles,
                           .history = row->history,
                           .kind = JB_ITEM_ENTRY,
                           .entry = row->entry};
    return jb_item_encode(&item, arena, body);
}

/* The key of a case travels beside the act that opened it and beside its attachments, to those who
 * may read it. */
static enum jb_err row_key(struct jb_ledger *l, uint32_t node, const struct stream_row *row,
                           struct jb_arena *arena, struct jb_bytes *key)
{
    if (!jb_act_may_open((enum jb_act_kind)row->kind) && row->kind != JB_ACT_ATTACH)
        return JB_OK;
    return jb_stream_key(l, node, row->case_no, arena, key);
}

enum jb_err jb_stream_key(struct jb_ledger *l, uint32_t node, int64_t case_no,
                          struct jb_arena *arena, struct jb_bytes *key)
{
    enum jb_err err;
    sqlite3_stmt *s = jb_sql_bind(l, JB_SQL_STREAM_KEY, JB_ROW(jb_int(case_no), jb_int(node)));

    if (jb_sql_next(l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, arena);
        *key = jb_get_blob(&r);
        err = r.err;
    }
    jb_sql_done(s);
    return err;
}

struct reading {
    struct jb_ledger *l;
    const struct jb_stream_read *want;
    struct jb_arena *arena;
    struct jb_frame_item *items;
    size_t count, bytes;
    uint8_t head[JB_HASH_BYTES];
};

/* *full: this one no longer fits. */
static enum jb_err item_take(struct reading *g, sqlite3_stmt *s, bool *full)
{
    struct stream_row row;
    struct jb_frame_item item = {.body = {NULL, 0}};
    enum jb_err err = row_read(s, &row);

    if (err == JB_OK && row.number != g->want->from + g->count)
        err = JB_CORRUPT;
    if (err != JB_OK)
        return err;
    *full = g->count > 0 && g->bytes + row.entry.len + row.body.len > g->want->max_bytes;
    if (*full)
        return JB_OK;
    err = row_body(&row, g->arena, &item.body);
    if (err == JB_OK)
        err = row_key(g->l, g->want->node, &row, g->arena, &item.case_key);
    if (err != JB_OK)
        return err;
    g->items[g->count++] = item;
    g->bytes += item.body.len;
    memcpy(g->head, row.head, JB_HASH_BYTES);
    return JB_OK;
}

static enum jb_err items_take(struct reading *g)
{
    enum jb_err err;
    bool full = false;
    sqlite3_stmt *s = jb_sql_bind(
        g->l, JB_SQL_STREAM_READ,
        JB_ROW(jb_int(g->want->node), jb_u64(g->want->from), jb_u64(g->want->max_items)));

    while (!full && jb_sql_next(g->l, s, &err)) {
        err = item_take(g, s, &full);
        if (err != JB_OK)
            break;
    }
    jb_sql_done(s);
    return err;
}

enum jb_err jb_stream_read(struct jb_ledger *l, const struct jb_stream_read *want,
                           struct jb_arena *arena, struct jb_frame_item **items, size_t *count,
                           uint8_t head[JB_HASH_BYTES])
{
    struct reading g = {.l = l, .want = want, .arena = arena};
    bool mine;

    if (want->from == 0 || want->max_items > JB_FRAME_ITEMS_MAX)
        return JB_RANGE;
    g.items = jb_arena_alloc(arena, want->max_items * sizeof *g.items);
    if (g.items == NULL)
        return JB_NOMEM;
    enum jb_err err = jb_sql_snapshot(l, &mine);
    if (err == JB_OK)
        err = items_take(&g);
    if (err == JB_OK && g.count == 0)
        err = jb_stream_head(l, want->node, want->from - 1, g.head);
    jb_sql_snapshot_end(l, mine);
    if (err != JB_OK)
        return err;
    *items = g.items;
    *count = g.count;
    memcpy(head, g.head, JB_HASH_BYTES);
    return JB_OK;
}

enum jb_err jb_stream_head(struct jb_ledger *l, uint32_t node, uint64_t number,
                           uint8_t head[JB_HASH_BYTES])
{
    if (number == 0) {
        jb_chain_start(l->suite, node, l->origin, head);
        return JB_OK;
    }
    return jb_sql_head(l, jb_sql_bind(l, JB_SQL_STREAM_HEAD, JB_ROW(jb_int(node), jb_u64(number))),
                       head);
}

enum jb_err jb_stream_duties(struct jb_ledger *l, uint32_t node, uint64_t after, uint64_t upto,
                             struct jb_arena *arena, struct jb_stored_items *out)
{
    enum jb_err err;
    struct jb_stored_item *items = NULL;
    size_t count = 0;
    size_t capacity = 0;
    sqlite3_stmt *s =
        jb_sql_bind(l, JB_SQL_STREAM_DUTIES, JB_ROW(jb_int(node), jb_u64(after), jb_u64(upto)));

    while (jb_sql_next(l, s, &err)) {
        if (count == capacity) {
            capacity = capacity == 0 ? 16 : capacity * 2;
            struct jb_stored_item *grown = jb_arena_alloc(arena, capacity * sizeof *grown);
            if (grown == NULL) {
                err = JB_NOMEM;
                break;
            }
            if (count > 0)
                memcpy(grown, items, count * sizeof *grown);
            items = grown;
        }
        struct jb_reader r = jb_reader_of(s, NULL);
        items[count].case_no = jb_get_i64(&r);
        items[count++].log_seq = jb_get_u64(&r);
    }
    jb_sql_done(s);
    if (err == JB_OK)
        *out = (struct jb_stored_items){items, count};
    return err;
}
