/* After a restore: submissions that came back from others' copies, and what nodes held that
 * returned too late. */
#include <assert.h>

#include "proto/ledger/db.h"
#include "proto/ledger/recovery.h"

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

enum jb_err jb_recovery_returned(struct jb_ledger *l, struct jb_arena *arena,
                                 struct jb_recovery_returned **list, size_t *count)
{
    enum jb_err err;
    struct jb_list found = {.bytes = sizeof(struct jb_recovery_returned)};
    sqlite3_stmt *s =
        jb_sql_bind(l, JB_SQL_QUARANTINE_OF, JB_ROW(jb_text(jb_text_of(JB_RECOVERY_LATE))));

    while (jb_sql_next(l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, arena);
        struct jb_recovery_returned *one = jb_list_push(&found, arena);
        if (one == NULL) {
            err = JB_NOMEM;
            break;
        }
        one->node = jb_get_u32(&r);
        one->pieces = jb_get_u64(&r);
        one->first = jb_get_u64(&r);
        one->at_ms = jb_get_i64(&r);
        err = r.err;
        if (err != JB_OK)
            break;
    }
    jb_sql_done(s);
    *list = found.at;
    *count = found.count;
    return err;
}
