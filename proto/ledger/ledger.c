/* Closing, transactions, and the small facts in `meta`. Opening: see open.c. */
#include "proto/ledger/ledger.h"

#include <assert.h>
#include <stdlib.h>

#include "proto/ledger/behind.h"

void jb_ledger_close(struct jb_ledger **ledger)
{
    struct jb_ledger *l = *ledger;

    if (l == NULL)
        return;
    jb_ledger_rollback(l);
    (void)!jb_ledger_catch_up(l); /* else the next one that opens the file does it */
    for (size_t i = 0; i < JB_SQL_COUNT; i++)
        sqlite3_finalize(l->statements[i]);
    int rc = sqlite3_close(l->db); /* checkpoints when it is the last connection */
    assert(rc == SQLITE_OK);
    (void)rc;
    jb_lines_free(l);
    jb_behind_free(l);
    jb_arena_fini(&l->scratch);
    jb_arena_fini(&l->packing);
    jb_arena_fini(&l->cases);
    free(l);
    *ledger = NULL;
}

/* ---- transactions ---- */

enum jb_err jb_transaction_begin(struct jb_ledger *l)
{
    assert(!l->writing);
    if (l->read_only)
        return JB_DENIED;
    if (sqlite3_get_autocommit(l->db) == 0) { /* a rollback had no memory to run */
        enum jb_err left = jb_sql_run(l, JB_SQL_ROLLBACK, JB_NO_ROW);
        if (left != JB_OK)
            return left;
    }
    enum jb_err err = jb_sql_run(l, JB_SQL_BEGIN, JB_NO_ROW);
    if (err != JB_OK)
        return err;
    l->writing = true;
    l->committed = l->heads;
    return JB_OK;
}

enum jb_err jb_ledger_begin(struct jb_ledger *l)
{
    enum jb_err err = jb_transaction_begin(l);

    if (err != JB_OK)
        return err;
    err = jb_behind_apply(l);
    if (err != JB_OK)
        jb_ledger_rollback(l);
    return err;
}

enum jb_err jb_ledger_commit(struct jb_ledger *l)
{
    assert(l->writing);
    bool tick = l->behind.fresh != NULL;
    enum jb_err err = tick ? jb_behind_write(l) : jb_lines_flush(l);
    err = err == JB_OK ? jb_held_write(l) : err;
    if (err == JB_OK && !tick)
        err = jb_behind_mark(l);
    err = err == JB_OK ? jb_numbers_store(l) : err;
    if (err == JB_OK)
        err = jb_sql_run(l, JB_SQL_COMMIT, JB_NO_ROW);
    if (err != JB_OK) {
        jb_ledger_rollback(l);
        return err;
    }
    if (!tick)
        jb_behind_marked(l);
    jb_behind_applied(l);
    jb_held_end(l);
    jb_lines_keep(l);
    if (tick)
        jb_behind_committed(l);
    l->writing = false;
    return JB_OK;
}

void jb_ledger_rollback(struct jb_ledger *l)
{
    if (!l->writing)
        return;
    /* FULL, IOERR and NOMEM may have rolled back already. */
    if (sqlite3_get_autocommit(l->db) == 0) {
        char error[sizeof l->error];
        memcpy(error, l->error, sizeof error); /* the reason is worth more than what follows */
        (void)!jb_sql_run(l, JB_SQL_ROLLBACK, JB_NO_ROW);
        memcpy(l->error, error, sizeof error);
    }
    l->heads = l->committed;
    jb_lines_restore(l);
    jb_held_end(l);
    jb_behind_dropped(l);
    l->writing = false;
}

void jb_ledger_rest(struct jb_ledger *l)
{
    assert(!l->writing);
    (void)sqlite3_db_release_memory(l->db);
    jb_arena_fini(&l->scratch);
    jb_arena_fini(&l->packing);
    jb_arena_fini(&l->cases);
}

const char *jb_ledger_error(const struct jb_ledger *l)
{
    return l->error;
}

uint8_t jb_ledger_suite(const struct jb_ledger *l)
{
    return l->suite;
}

const uint8_t *jb_ledger_origin(const struct jb_ledger *l)
{
    return l->origin;
}

const uint8_t *jb_ledger_epoch(const struct jb_ledger *l)
{
    return l->epoch;
}

/* ---- meta and case keys ---- */

enum jb_err jb_ledger_meta_set(struct jb_ledger *l, const char *key, struct jb_bytes value)
{
    assert(l->writing);
    return jb_sql_run(l, JB_SQL_META_SET, JB_ROW(jb_text(jb_text_of(key)), jb_blob(value)));
}

enum jb_err jb_ledger_meta_get(struct jb_ledger *l, const char *key, struct jb_arena *arena,
                               struct jb_bytes *value)
{
    return jb_sql_blob(l, jb_sql_bind(l, JB_SQL_META_GET, JB_ROW(jb_text(jb_text_of(key)))), arena,
                       value);
}

enum jb_err jb_ledger_case_key_put(struct jb_ledger *l, int64_t case_no,
                                   const uint8_t key[JB_KEY_BYTES])
{
    assert(l->writing);
    return jb_sql_run(l, JB_SQL_CASE_KEY_PUT, JB_ROW(jb_int(case_no), jb_fixed(key, JB_KEY_BYTES)));
}

enum jb_err jb_ledger_case_key_get(struct jb_ledger *l, int64_t case_no, uint8_t key[JB_KEY_BYTES])
{
    enum jb_err err;
    sqlite3_stmt *s = jb_sql_bind(l, JB_SQL_CASE_KEY_GET, JB_ROW(jb_int(case_no)));

    if (jb_sql_next(l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, NULL);
        jb_get_fixed(&r, key, JB_KEY_BYTES);
        err = r.err;
    } else if (err == JB_OK) {
        err = JB_NOT_FOUND;
    }
    jb_sql_done(s);
    return err;
}
