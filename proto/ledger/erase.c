/* Erasing keys: what remembers them beside the row itself.
 *
 * That a key is to go is an entry of the record (apply.c); here is what follows for the file: keys
 * that a copy brought back, the write-ahead log, copies that migrations made. */
#include <assert.h>

#include "proto/ledger/db.h"
#include "proto/ledger/schema.h"

enum jb_err jb_ledger_erased_cases(struct jb_ledger *l, int64_t after, int64_t *out, size_t max,
                                   size_t *count)
{
    enum jb_err err;
    sqlite3_stmt *s = jb_sql_bind(l, JB_SQL_ERASED_CASES, JB_ROW(jb_int(after), jb_u64(max)));

    *count = 0;
    while (jb_sql_next(l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, NULL);
        out[(*count)++] = jb_get_i64(&r);
        if (*count == max)
            break;
    }
    jb_sql_done(s);
    return err;
}

enum jb_err jb_ledger_erase_again(struct jb_ledger *l)
{
    enum jb_err err = jb_ledger_begin(l);

    if (err != JB_OK)
        return err;
    err = jb_sql_run(l, JB_SQL_ERASED_KEYS_DROP, JB_NO_ROW);
    if (err == JB_OK)
        return jb_ledger_commit(l);
    jb_ledger_rollback(l);
    return err;
}

bool jb_ledger_forget(struct jb_ledger *l)
{
    int left = 0;
    int done = 0;

    assert(!l->writing);
    if (l->memory || l->read_only)
        return true;
    if (sqlite3_wal_checkpoint_v2(l->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, &left, &done) !=
        SQLITE_OK)
        return false;
    l->wal_bytes = 0;
    jb_schema_copies_drop(sqlite3_db_filename(l->db, "main"), jb_schema_known().count + 1);
    return true;
}
