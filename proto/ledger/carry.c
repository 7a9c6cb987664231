/* From a replica that is set aside into the one that takes its place: see jb_replica_carry. The old
 * file is only read; whatever is settled there stays there. */
#include <assert.h>

#include "proto/ledger/db.h"
#include "proto/ledger/replica.h"

#define PAGE 64

static enum jb_err item_carry(struct jb_ledger *to, const struct jb_outbox_item *item)
{
    struct jb_outbox_item copy = *item;
    enum jb_err err = jb_outbox_add(to, &copy);

    if (err == JB_OK && item->case_key.len == JB_KEY_BYTES)
        err = jb_ledger_case_key_put(to, item->case_no, item->case_key.data);
    return err;
}

static enum jb_err outbox_carry(struct jb_ledger *from, struct jb_ledger *to)
{
    struct jb_arena arena;
    enum jb_err err = JB_OK;
    uint64_t next = jb_outbox_settled(from).number + 1;
    uint64_t last = jb_outbox_made(from).number;

    jb_arena_init(&arena, (size_t)64 * 1024 * 1024);
    while (err == JB_OK && next <= last) {
        struct jb_outbox_item *items = NULL;
        size_t count = 0;
        jb_arena_reset(&arena);
        err = jb_outbox_read(from, next, PAGE, JB_FRAME_LIMIT_BYTES, &arena, &items, &count);
        if (err == JB_OK && count == 0)
            err = JB_CORRUPT;
        for (size_t i = 0; i < count && err == JB_OK; i++)
            err = item_carry(to, &items[i]);
        next += count;
    }
    jb_arena_fini(&arena);
    return err;
}

/* A number that was issued is not issued again. */
static enum jb_err counters_carry(struct jb_ledger *from, struct jb_ledger *to)
{
    enum jb_err err;
    sqlite3_stmt *s = jb_sql_bind(from, JB_SQL_COUNTER_ALL, JB_NO_ROW);

    while (jb_sql_next(from, s, &err)) {
        struct jb_reader r = jb_reader_of(s, NULL);
        int64_t day = jb_get_i64(&r);
        int64_t last = jb_get_i64(&r);
        err = r.err;
        if (err == JB_OK)
            err = jb_sql_run(to, JB_SQL_COUNTER_SEEN, JB_ROW(jb_int(day), jb_int(last)));
        if (err != JB_OK)
            break;
    }
    jb_sql_done(s);
    return err;
}

enum jb_err jb_replica_carry(struct jb_ledger *from, struct jb_ledger *to)
{
    assert(to->writing);
    enum jb_err err = jb_replica_node_set(to, jb_replica_node(from));
    if (err == JB_OK)
        err = outbox_carry(from, to);
    return err == JB_OK ? counters_carry(from, to) : err;
}
