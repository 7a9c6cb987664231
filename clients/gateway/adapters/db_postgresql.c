/* The exchange table in PostgreSQL. Parameters go apart from the statement, as texts; each
 * statement commits by itself. See dbtable.h. */
#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>

#include "clients/gateway/adapters/dbtable.h"
#include "clients/gateway/adapters/lang.h"
#include "proto/base/utf8.h"

#define SQL_MEMORY 65536
#define OPTIONS "-c statement_timeout=30000" /* milliseconds of the server, for one statement */

/* Its messages have several lines, and must not name what is in the row. */
static enum jb_err failed(const struct jb_ex_database *db, const PGresult *result,
                          struct jb_fault *fault)
{
    const char *state = result != NULL ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    const char *text = result != NULL ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    bool lost = PQstatus(db->connection) != CONNECTION_OK;
    /* 42: no such table or column, no permission; 53: no room; 40, 55, 57: conflicts, locks, ends
     */
    enum jb_err err = lost || state == NULL          ? JB_OFFLINE
                      : strncmp(state, "42", 2) == 0 ? JB_CONFIG
                      : strncmp(state, "53", 2) == 0 ? JB_FULL
                                                     : JB_BUSY;
    if (text == NULL)
        text = PQerrorMessage(db->connection);
    return jb_fault_set(fault, err, "PostgreSQL, %s: %.*s", db->config->table,
                        (int)strcspn(text, "\r\n"), text);
}

static void close_db(struct jb_ex_database *db)
{
    PQfinish(db->connection);
    db->connection = NULL;
}

static enum jb_err open_db(struct jb_ex_database *db, struct jb_fault *fault)
{
    const char *const keywords[] = {"dbname",          "client_encoding", "application_name",
                                    "connect_timeout", "options",         NULL};
    const char *const values[] = {
        db->config->database, "UTF8", "jiaoban-exchange", "10", OPTIONS, NULL};
    db->connection = PQconnectdbParams(keywords, values, 1);
    if (db->connection == NULL)
        return JB_NOMEM;
    return PQstatus(db->connection) == CONNECTION_OK ? JB_OK : failed(db, NULL, fault);
}

/* ---- reading ---- */

static const char *cell(struct jb_ex_table *t, const PGresult *result, int row, int column)
{
    const char *text = PQgetvalue(result, row, column);
    size_t len = (size_t)PQgetlength(result, row, column);
    if (PQgetisnull(result, row, column))
        return "";
    if (len > t->cell_bytes)
        return jb_ex_flawed(JB_EX_FLAW_LONG);
    if (jb_text_check(text, len) != JB_OK)
        return jb_ex_flawed(JB_EX_FLAW_ENCODING);
    return jb_arena_strndup(&t->arena, text, len);
}

/* Row -1: the headers. */
static enum jb_err row_add(struct jb_ex_table *t, const PGresult *result, int row,
                           struct jb_fault *fault)
{
    const char *cells[JB_EX_COLUMNS];
    int count = PQnfields(result);
    if (count > JB_EX_COLUMNS)
        return jb_fault_set(fault, JB_OVERFLOW, _("over %d columns"), JB_EX_COLUMNS);
    for (int i = 0; i < count; i++) {
        const char *name = PQfname(result, i);
        cells[i] = row < 0 ? jb_ex_column_name(&t->arena, name) : cell(t, result, row, i);
        if (cells[i] == NULL)
            return jb_fault_set(fault, JB_NOMEM, _("larger than the limit of memory"));
    }
    return jb_ex_table_add(t, (size_t)row + 1, cells, (size_t)count, fault);
}

static enum jb_err untaken(struct jb_ex_database *db, const struct jb_ex_page *page,
                           struct jb_ex_table *t, struct jb_fault *fault)
{
    const char *sql = jb_ex_sql_untaken(db->config, '$', page, &t->arena);
    if (sql == NULL)
        return JB_NOMEM;
    PGresult *result = PQexec(db->connection, sql);
    enum jb_err err = PQresultStatus(result) == PGRES_TUPLES_OK ? JB_OK : failed(db, result, fault);
    if (err == JB_OK)
        err = row_add(t, result, -1, fault);
    for (int i = 0; err == JB_OK && i < PQntuples(result); i++)
        err = row_add(t, result, i, fault);
    PQclear(result);
    return err;
}

/* ---- writing ---- */

static enum jb_err run(struct jb_ex_database *db, const char *sql, const char *const *values,
                       size_t count, struct jb_fault *fault)
{
    static const Oid types[JB_EX_RESULTS + 2]; /* 0: as the column has it */
    if (sql == NULL)
        return JB_NOMEM;
    PGresult *result = PQexecParams(db->connection, sql, (int)count, types, values, NULL, NULL, 0);
    enum jb_err err =
        PQresultStatus(result) == PGRES_COMMAND_OK ? JB_OK : failed(db, result, fault);
    PQclear(result);
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
        run(db, jb_ex_sql_mark(db->config, '$', v->place != NULL, &arena), values, 4, fault);
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
        run(db, jb_ex_sql_tell(db->config, '$', facts, &arena), values, facts->count + 2, fault);
    jb_arena_fini(&arena);
    return err;
}

const struct jb_ex_driver jb_ex_postgresql = {open_db, close_db, untaken, mark, tell};
