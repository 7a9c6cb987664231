/* After a restore: submissions that came back from others' copies, and what nodes held that
 * returned too late. */
#include <assert.h>

#include "proto/ledger/db.h"
#include "proto/ledger/recovery.h"
#include "proto/wire/codec.h"
#include "proto/wire/frame.h"

enum jb_err jb_recovery_known(struct jb_ledger *l, uint32_t node, int64_t case_no,
                              uint64_t *entry_seq)
{
    int64_t seq = 0;
    enum jb_err err = jb_sql_number(
        l, JB_SQL_REDO_NEXT, JB_ROW(jb_int(node), jb_int(case_no), jb_u64(*entry_seq)), &seq);

    if (err == JB_OK)
        *entry_seq = (uint64_t)seq;
    return err;
}

enum jb_err jb_recovery_known_sent(struct jb_ledger *l, uint32_t node, uint64_t entry_seq,
                                   bool *sent)
{
    int64_t found = 0;
    enum jb_err err =
        jb_sql_number(l, JB_SQL_STREAM_HOLDS, JB_ROW(jb_int(node), jb_u64(entry_seq)), &found);

    *sent = err == JB_OK;
    return err == JB_NOT_FOUND ? JB_OK : err;
}

enum jb_err jb_recovery_known_drop(struct jb_ledger *l, uint32_t node, uint64_t entry_seq)
{
    assert(l->writing);
    return jb_sql_run(l, JB_SQL_REDO_DROP, JB_ROW(jb_int(node), jb_u64(entry_seq)));
}

/* ---- evidence ---- */

/* What a piece holds. Of an item that had to be erased nobody knows any more whether it was a
 * confirmation. */
static enum jb_err piece_count(struct jb_bytes body, struct jb_arena *scratch,
                               struct jb_recovery_returned *one)
{
    struct jb_frame f;
    struct jb_fault fault;

    jb_arena_reset(scratch);
    if (jb_frame_decode(body, scratch, &f, &fault) != JB_OK || f.kind != JB_FRAME_COPY)
        return scratch->overflowed ? JB_NOMEM : JB_CORRUPT;
    one->pieces++;
    one->items += f.item_count;
    for (size_t i = 0; i < f.item_count; i++) {
        struct jb_item item;
        if (f.items[i].body.len == 0)
            continue;
        if (jb_item_decode(f.items[i].body, scratch, &item, &fault) != JB_OK)
            return scratch->overflowed ? JB_NOMEM : JB_CORRUPT;
        one->confirmed += item.kind == JB_ITEM_ENTRY && item.settles != 0;
    }
    return JB_OK;
}

/* The one of this node, which is the last one or a new one. */
static struct jb_recovery_returned *of_node(struct jb_list *found, struct jb_arena *arena,
                                            const struct jb_recovery_returned *piece)
{
    struct jb_recovery_returned *list = found->at;

    if (found->count > 0 && list[found->count - 1].node == piece->node)
        return &list[found->count - 1];
    struct jb_recovery_returned *one = jb_list_push(found, arena);
    if (one != NULL)
        *one = *piece;
    return one;
}

enum jb_err jb_recovery_returned(struct jb_ledger *l, struct jb_arena *arena,
                                 struct jb_recovery_returned **list, size_t *count)
{
    enum jb_err err;
    struct jb_arena scratch;
    struct jb_list found = {.bytes = sizeof(struct jb_recovery_returned)};
    sqlite3_stmt *s =
        jb_sql_bind(l, JB_SQL_QUARANTINE_OF, JB_ROW(jb_text(jb_text_of(JB_RECOVERY_LATE))));

    jb_arena_init(&scratch, 16 * JB_FRAME_LIMIT_BYTES);
    while (jb_sql_next(l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, NULL);
        struct jb_recovery_returned piece = {.node = jb_get_u32(&r)};
        piece.first = jb_get_u64(&r);
        piece.at_ms = jb_get_i64(&r);
        struct jb_bytes body = jb_peek_blob(&r);
        struct jb_recovery_returned *one = of_node(&found, arena, &piece);
        err = one == NULL ? JB_NOMEM : r.err;
        if (err == JB_OK)
            err = piece_count(body, &scratch, one);
        if (err != JB_OK)
            break;
    }
    jb_sql_done(s);
    jb_arena_fini(&scratch);
    *list = found.at;
    *count = found.count;
    return err;
}
