/* Lines as they are on disk: for the read-only ledger, whose memory does not follow the writer's.
 */
#include "proto/ledger/db.h"

enum jb_err jb_line_read(struct jb_ledger *l, uint32_t node, struct jb_line_state *out)
{
    enum jb_err err;
    struct jb_line_state state = {.node = node};

    memcpy(state.down.epoch, l->epoch, JB_EPOCH_BYTES);
    jb_chain_start(l->suite, node, l->origin, state.down.head);
    state.acked = state.down;
    sqlite3_stmt *s = jb_sql_bind(l, JB_SQL_LINE_OF_NODE, JB_ROW(jb_int(node)));
    if (jb_sql_next(l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, NULL);
        jb_line_row(&r, &state);
        err = r.err;
    }
    jb_sql_done(s);
    if (err == JB_OK)
        *out = state;
    return err;
}

enum jb_err jb_stream_end(struct jb_ledger *l, uint32_t node, uint64_t *number,
                          uint8_t head[JB_HASH_BYTES])
{
    struct jb_line_state state;
    enum jb_err err = jb_line_read(l, node, &state);

    if (err != JB_OK)
        return err;
    *number = state.down.number;
    memcpy(head, state.down.head, JB_HASH_BYTES);
    return JB_OK;
}
