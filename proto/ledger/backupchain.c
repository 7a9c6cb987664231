/* See backupchain.h. The hashes are made from the bytes that are on the disk; nothing that was
 * remembered from writing them is believed. */
#include "proto/ledger/backupchain.h"

#include "proto/ledger/replay.h"

struct following {
    struct jb_ledger *l;
    struct jb_chain_report *out;
    struct jb_fault *fault;
    struct jb_arena arena;
};

static enum jb_err broken(struct following *f, const char *what, uint32_t node, uint64_t number)
{
    if (node == 0)
        return jb_fault_set(f->fault, JB_CORRUPT, "%s %llu: the chain is broken", what,
                            (unsigned long long)number);
    return jb_fault_set(f->fault, JB_CORRUPT, "%s %llu of node %u: the chain is broken", what,
                        (unsigned long long)number, node);
}

/* ---- the log ---- */

static enum jb_err log_start(struct following *f, uint64_t after)
{
    jb_chain_start(f->l->suite, 0, f->l->origin, f->out->head);
    if (after == 0)
        return JB_OK;
    return jb_sql_head(f->l, jb_sql_bind(f->l, JB_SQL_ENTRY_HEAD, JB_ROW(jb_u64(after))),
                       f->out->head);
}

static enum jb_err log_follow(struct following *f, uint64_t after)
{
    enum jb_err err = log_start(f, after);
    uint64_t next = after + 1;

    if (err != JB_OK)
        return broken(f, jb_said("entry"), 0, after);
    sqlite3_stmt *s = jb_sql_bind(f->l, JB_SQL_ENTRY_PAGE, JB_ROW(jb_u64(after), jb_int(-1)));
    while (jb_sql_next(f->l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, NULL);
        uint8_t hash[JB_HASH_BYTES];
        uint64_t seq = jb_get_u64(&r);
        struct jb_bytes head = jb_peek_blob(&r);
        struct jb_bytes body = jb_peek_blob(&r);
        jb_hash(f->l->suite, body.data, body.len, hash);
        jb_chain_next(f->l->suite, f->out->head, hash, f->out->head);
        if (seq != next++ || head.len != JB_HASH_BYTES ||
            memcmp(head.data, f->out->head, JB_HASH_BYTES) != 0) {
            err = broken(f, jb_said("entry"), 0, seq);
            break;
        }
        f->out->entries++;
        jb_breathe(f->l->breath);
    }
    jb_sql_done(s);
    return err;
}

/* ---- the streams ---- */

/* Where a stream's new part begins: after what this file held when it was opened. */
static struct jb_line_point stream_start(const struct following *f, uint32_t node, bool all)
{
    struct jb_line_point p = {.number = 0};

    jb_chain_start(f->l->suite, node, f->l->origin, p.head);
    for (size_t i = 0; i < f->l->line_count && !all; i++)
        if (f->l->lines[i]->now.node == node)
            p = f->l->lines[i]->now.down;
    return p;
}

static enum jb_err page_follow(struct following *f, uint32_t node, struct jb_line_point *at,
                               size_t *count)
{
    struct jb_stream_read want = {.node = node,
                                  .from = at->number + 1,
                                  .max_items = JB_FRAME_ITEMS_MAX,
                                  .max_bytes = JB_FRAME_LIMIT_BYTES};
    struct jb_frame_item *items = NULL;
    uint8_t end[JB_HASH_BYTES];

    *count = 0;
    jb_arena_reset(&f->arena);
    enum jb_err err = jb_stream_read(f->l, &want, &f->arena, &items, count, end);
    if (err == JB_CORRUPT)
        return broken(f, jb_said("item"), node, want.from);
    for (size_t i = 0; i < *count && err == JB_OK; i++) {
        uint8_t hash[JB_HASH_BYTES];
        jb_hash(f->l->suite, items[i].body.data, items[i].body.len, hash);
        jb_chain_next(f->l->suite, at->head, hash, at->head);
        at->number++;
    }
    if (err == JB_OK && *count > 0 && memcmp(end, at->head, sizeof end) != 0)
        return broken(f, jb_said("item"), node, at->number);
    f->out->items += *count;
    jb_breathe(f->l->breath);
    return err;
}

static enum jb_err stream_follow(struct following *f, const struct jb_line_state *line, bool all)
{
    struct jb_line_point at = stream_start(f, line->node, all);
    size_t count = 0;
    enum jb_err err;

    do {
        err = page_follow(f, line->node, &at, &count);
    } while (err == JB_OK && count > 0);
    if (err == JB_OK &&
        (at.number != line->down.number || memcmp(at.head, line->down.head, sizeof at.head) != 0))
        return broken(f, jb_said("item"), line->node, line->down.number);
    return err;
}

static enum jb_err streams_follow(struct following *f, bool all)
{
    enum jb_err err = JB_OK;
    sqlite3_stmt *s = jb_sql_bind(f->l, JB_SQL_LINES, JB_NO_ROW);

    while (jb_sql_next(f->l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, NULL);
        struct jb_line_state line = {0};
        jb_line_row(&r, &line);
        err = r.err == JB_OK ? stream_follow(f, &line, all) : r.err;
        if (err != JB_OK)
            break;
    }
    jb_sql_done(s);
    return err;
}

enum jb_err jb_backup_chains(struct jb_ledger *l, uint64_t after, struct jb_chain_report *out,
                             struct jb_fault *fault)
{
    struct following f = {.l = l, .out = out, .fault = fault};
    bool mine = false;

    *out = (struct jb_chain_report){0};
    jb_arena_init(&f.arena, JB_REPLAY_ARENA_BYTES);
    enum jb_err err = jb_sql_snapshot(l, &mine);
    if (err == JB_OK)
        err = log_follow(&f, after);
    if (err == JB_OK)
        err = streams_follow(&f, after == 0);
    jb_sql_snapshot_end(l, mine);
    jb_arena_fini(&f.arena);
    if (err != JB_OK && fault->text[0] == '\0')
        (void)jb_fault_set(fault, err, "reading what was written: %s", l->error);
    return err;
}
