/* The exchange table in an SQLite file, which other programs write too. See dbtable.h. */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "clients/gateway/adapters/dbtable.h"
#include "clients/gateway/adapters/lang.h"
#include "proto/base/utf8.h"

#define BUSY_MS 10000
#define SQL_MEMORY 65536

static enum jb_err failed(const struct jb_ex_database *db, int rc, struct jb_fault *fault)
{
    enum jb_err err = JB_IO;
    switch (rc & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        err = JB_BUSY;
        break;
    case SQLITE_FULL:
        err = JB_FULL;
        break;
    case SQLITE_NOMEM:
        err = JB_NOMEM;
        break;
    case SQLITE_ERROR: /* no such table, no such column */
        err = JB_CONFIG;
        break;
    default:
        break;
    }
    return jb_fault_set(fault, err, "%s, %s: %s", db->config->database, db->config->table,
                        db->connection != NULL ? sqlite3_errmsg(db->connection)
                                               : sqlite3_errstr(rc));
}

static void close_db(struct jb_ex_database *db)
{
    (void)sqlite3_close(db->connection);
    db->connection = NULL;
}

static enum jb_err open_db(struct jb_ex_database *db, struct jb_fault *fault)
{
    sqlite3 *connection = NULL;
    int rc = sqlite3_open_v2(db->config->database, &connection, SQLITE_OPEN_READWRITE, NULL);
    db->connection = connection;
    if (rc != SQLITE_OK)
        return failed(db, rc, fault);
    (void)sqlite3_busy_timeout(connection, BUSY_MS);
    /* Another's file: nothing of its schema is run. */
    rc = sqlite3_exec(connection, "PRAGMA trusted_schema = OFF; PRAGMA synchronous = FULL;", NULL,
                      NULL, NULL);
    return rc == SQLITE_OK ? JB_OK : failed(db, rc, fault);
}

/* ---- reading ---- */

static const char *cell(struct jb_ex_table *t, sqlite3_stmt *q, int at)
{
    const char *text = (const char *)sqlite3_column_text(q, at);
    size_t len = (size_t)sqlite3_column_bytes(q, at);
    if (text == NULL)
        return "";
    if (len > t->cell_bytes)
        return jb_ex_flawed(JB_EX_FLAW_LONG);
    if (memchr(text, '\0', len) != NULL)
        return jb_ex_flawed(JB_EX_FLAW_NUL);
    if (jb_text_check(text, len) != JB_OK)
        return jb_ex_flawed(JB_EX_FLAW_ENCODING);
    return jb_arena_strndup(&t->arena, text, len);
}

static enum jb_err row_add(struct jb_ex_table *t, sqlite3_stmt *q, size_t number, bool header,
                           struct jb_fault *fault)
{
    const char *cells[JB_EX_COLUMNS];
    int count = sqlite3_column_count(q);
    if (count > JB_EX_COLUMNS)
        return jb_fault_set(fault, JB_OVERFLOW, _("over %d columns"), JB_EX_COLUMNS);
    for (int i = 0; i < count; i++) {
        const char *name = sqlite3_column_name(q, i);
        cells[i] = !header        ? cell(t, q, i)
                   : name != NULL ? jb_ex_column_name(&t->arena, name)
                                  : NULL;
        if (cells[i] == NULL)
            return jb_fault_set(fault, JB_NOMEM, _("larger than the limit of memory"));
    }
    return jb_ex_table_add(t, number, cells, (size_t)count, fault);
}

static enum jb_err untaken(struct jb_ex_database *db, const struct jb_ex_page *page,
                           struct jb_ex_table *t, struct jb_fault *fault)
{
    sqlite3_stmt *q = NULL;
    const char *sql = jb_ex_sql_untaken(db->config, '?', page, &t->arena);
    if (sql == NULL)
        return JB_NOMEM;
    int rc = sqlite3_prepare_v2(db->connection, sql, -1, &q, NULL);
    if (rc != SQLITE_OK)
        return failed(db, rc, fault);
    enum jb_err err = row_add(t, q, 0, true, fault);
    for (size_t i = 1; err == JB_OK && (rc = sqlite3_step(q)) == SQLITE_ROW; i++)
        err = row_add(t, q, i, false, fault);
    if (err == JB_OK && rc != SQLITE_DONE)
        err = failed(db, rc, fault);
    (void)sqlite3_finalize(q);
    return err;
}

/* ---- writing ---- */

static enum jb_err run(struct jb_ex_database *db, const char *sql, const char *const *values,
                       size_t count, struct jb_fault *fault)
{
    sqlite3_stmt *q = NULL;
    if (sql == NULL)
        return JB_NOMEM;
    int rc = sqlite3_prepare_v2(db->connection, sql, -1, &q, NULL);
    for (size_t i = 0; rc == SQLITE_OK && i < count; i++)
        rc = sqlite3_bind_text(q, (int)i + 1, values[i], -1, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(q);
    enum jb_err err = rc == SQLITE_DONE ? JB_OK : failed(db, rc, fault);
    (void)sqlite3_finalize(q);
    return err;
}

static enum jb_err mark(struct jb_ex_database *db, const struct jb_ex_verdict *v,
                        struct jb_fault *fault)
{
    const char *values[] = {v->taken ? "1" : "2", v->case_number, v->error,
                            v->place != NULL ? v->place : v->number};
    struct jb_arena arena;
    jb_arena_init(&arena, SQL_MEMORY);
    enum jb_err err =
        run(db, jb_ex_sql_mark(db->config, '?', v->place != NULL, &arena), values, 4, fault);
    jb_arena_fini(&arena);
    return err;
}

static enum jb_err tell(struct jb_ex_database *db, const char *number,
                        const struct jb_ex_facts *facts, struct jb_fault *fault)
{
    const char *values[JB_EX_RESULTS + 2];
    char version[24];
    struct jb_arena arena;
    (void)snprintf(version, sizeof version, "%llu", (unsigned long long)facts->version);
    values[0] = number;
    values[1] = version;
    for (size_t i = 0; i < facts->count; i++)
        values[i + 2] = facts->values[i];
    jb_arena_init(&arena, SQL_MEMORY);
    enum jb_err err =
        run(db, jb_ex_sql_tell(db->config, '?', facts, &arena), values, facts->count + 2, fault);
    jb_arena_fini(&arena);
    return err;
}

const struct jb_ex_driver jb_ex_sqlite = {open_db, close_db, untaken, mark, tell};
