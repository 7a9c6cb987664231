/* The streams after a restore: see merge.h. Nothing is believed but what has the hash that was
 * signed; the log's entry gives the item, or it stays known by its hash alone. */
#include "proto/ledger/merge.h"
#include "proto/rules/decide.h"
#include "proto/wire/codec.h"

struct held { /* a row of COPY_ALL */
    struct jb_stream_add add;
    uint64_t number;
    uint8_t hash[JB_HASH_BYTES];
    uint8_t head[JB_HASH_BYTES];
    struct jb_bytes body;
};

static enum jb_err held_read(sqlite3_stmt *s, struct jb_arena *arena, struct held *h)
{
    struct jb_reader r = jb_reader_of(s, arena);

    *h = (struct held){.add = {.node = jb_get_u32(&r)}};
    h->number = jb_get_u64(&r);
    h->add.at_ms = jb_get_i64(&r);
    h->add.settles = jb_get_u64(&r);
    h->add.history = jb_get_i64(&r) != 0;
    h->add.entry_seq = jb_get_u64(&r);
    h->add.case_no = jb_get_i64(&r);
    jb_get_fixed(&r, h->hash, JB_HASH_BYTES);
    jb_get_fixed(&r, h->head, JB_HASH_BYTES);
    h->body = jb_get_blob(&r);
    return r.err;
}

/* Does the item that the log's entry gives have the hash that was signed? Then it is this one. */
static enum jb_err matches(struct jb_merge *m, struct held *h, bool *same)
{
    struct jb_entry entry;
    struct jb_bytes body;
    uint8_t hash[JB_HASH_BYTES];

    *same = false;
    enum jb_err err = jb_log_read(m->l, h->add.entry_seq, &m->arena, &h->add.entry);
    if (err != JB_OK)
        return err == JB_NOT_FOUND ? JB_OK : err;
    struct jb_item item = {.number = h->number,
                           .at_ms = h->add.at_ms,
                           .settles = h->add.settles,
                           .history = h->add.history,
                           .kind = JB_ITEM_ENTRY,
                           .entry = h->add.entry};
    err = jb_item_encode(&item, &m->arena, &body);
    if (err == JB_OK)
        err = jb_entry_decode(h->add.entry, &m->arena, &entry, m->fault);
    if (err != JB_OK)
        return err;
    jb_hash(m->l->suite, body.data, body.len, hash);
    *same = memcmp(hash, h->hash, sizeof hash) == 0;
    h->add.duty = *same && !item.history && jb_entry_is_duty(&entry, h->add.node);
    return JB_OK;
}

static enum jb_err held_write(struct jb_merge *m, struct held *h)
{
    bool same = false;
    struct jb_line_state *line = jb_line_touch(m->l, h->add.node);

    if (line == NULL)
        return JB_NOMEM;
    if (h->number <= line->down.number)
        return JB_OK;
    enum jb_err err = h->add.entry_seq != 0 ? matches(m, h, &same) : JB_OK;
    if (err != JB_OK)
        return err;
    if (!same)
        h->add.entry_seq = 0;
    if (!same && h->body.len == 0)
        m->out->blank++;
    err = jb_sql_run(m->l, JB_SQL_STREAM_ADD,
                     JB_ROW(jb_int(h->add.node), jb_u64(h->number), jb_int(h->add.at_ms),
                            jb_u64(h->add.entry_seq), jb_u64(h->add.settles),
                            jb_int(h->add.history), jb_int(h->add.duty), jb_int(h->add.case_no),
                            jb_fixed(h->head, JB_HASH_BYTES),
                            same ? jb_optional((struct jb_bytes){NULL, 0}) : jb_optional(h->body)));
    line->down.number = h->number;
    memcpy(line->down.head, h->head, JB_HASH_BYTES);
    m->out->items++;
    return err;
}

static enum jb_err streams_restore(struct jb_merge *m)
{
    enum jb_err err;
    sqlite3_stmt *s = jb_sql_bind(m->l, JB_SQL_COPY_ALL, JB_NO_ROW);

    while (jb_sql_next(m->l, s, &err)) {
        struct held h;
        jb_arena_reset(&m->arena);
        err = held_read(s, &m->arena, &h);
        if (err == JB_OK)
            err = held_write(m, &h);
        if (err != JB_OK)
            break;
    }
    jb_sql_done(s);
    return err;
}

/* What the node has of its submissions' verdicts: as it signed it. */
static enum jb_err ups_restore(struct jb_merge *m)
{
    enum jb_err err;
    static const uint8_t none[JB_EPOCH_BYTES];
    sqlite3_stmt *s = jb_sql_bind(m->l, JB_SQL_COPY_UPS, JB_NO_ROW);

    while (jb_sql_next(m->l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, NULL);
        struct jb_line_point up = {.number = 0};
        uint32_t node = jb_get_u32(&r);
        jb_get_fixed(&r, up.epoch, JB_EPOCH_BYTES);
        up.number = jb_get_u64(&r);
        jb_get_fixed(&r, up.head, JB_HASH_BYTES);
        err = r.err;
        struct jb_line_state *line = err == JB_OK ? jb_line_touch(m->l, node) : NULL;
        if (line == NULL) {
            err = err == JB_OK ? JB_NOMEM : err;
            break;
        }
        bool newer =
            memcmp(line->up.epoch, up.epoch, sizeof up.epoch) != 0 || up.number > line->up.number;
        if (memcmp(up.epoch, none, sizeof none) != 0 && newer)
            line->up = up;
    }
    jb_sql_done(s);
    return err;
}

/* Where the former epochs ended after all: at what their nodes hold. */
static enum jb_err ends_move(struct jb_merge *m)
{
    enum jb_err err = JB_OK;

    for (size_t i = 0; i < m->l->line_count && err == JB_OK; i++) {
        const struct jb_line *line = m->l->lines[i];
        uint64_t number = 0;
        uint8_t head[JB_HASH_BYTES];
        err = jb_stream_end(m->l, line->now.node, &number, head); /* before this transaction */
        if (err == JB_OK)
            err = jb_sql_run(m->l, JB_SQL_LINEAGE_MOVE,
                             JB_ROW(jb_int(line->now.node), jb_u64(number),
                                    jb_u64(line->now.down.number),
                                    jb_fixed(line->now.down.head, JB_HASH_BYTES)));
        if (err == JB_OK)
            err = jb_sql_run(m->l, JB_SQL_LINEAGE_JOIN,
                             JB_ROW(jb_int(line->now.node), jb_u64(line->now.down.number),
                                    jb_fixed(line->now.down.head, JB_HASH_BYTES),
                                    jb_u64(m->state.seq)));
    }
    return err;
}

enum jb_err jb_merge_streams(struct jb_merge *m)
{
    enum jb_err err = streams_restore(m);

    if (err == JB_OK)
        err = ends_move(m);
    if (err == JB_OK)
        err = ups_restore(m);
    return err;
}
