/* See store.h. */
#include "clients/gateway/adapters/storesql.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define APPLICATION_ID 0x6a626578 /* "jbex" */
#define BUSY_MS 2000

/* Step n makes version n + 1. */
static const char *const migrations[] = {
    "CREATE TABLE taken (system TEXT NOT NULL, number TEXT NOT NULL, step TEXT NOT NULL, "
    "state INTEGER NOT NULL, token TEXT NOT NULL, made_ms INTEGER NOT NULL, file INTEGER NOT NULL, "
    "row INTEGER NOT NULL, submission INTEGER NOT NULL, case_number TEXT NOT NULL, "
    "query_code TEXT NOT NULL, detail TEXT NOT NULL, version INTEGER NOT NULL, "
    "told TEXT NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (system, number, step)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX taken_waiting ON taken (system, state) WHERE state IN (1, 2);"
    "CREATE INDEX taken_open ON taken (system, last, number) WHERE step = 'register';"
    "CREATE TABLE file (id INTEGER PRIMARY KEY AUTOINCREMENT, digest BLOB NOT NULL, "
    "name TEXT NOT NULL, state INTEGER NOT NULL, verdict TEXT NOT NULL, begun_ms INTEGER NOT NULL, "
    "ended_ms INTEGER NOT NULL) STRICT;"
    "CREATE INDEX file_digest ON file (digest);"
    "CREATE INDEX file_state ON file (state, id) WHERE state < 2;"
    "CREATE TABLE line (file INTEGER NOT NULL, row INTEGER NOT NULL, outcome INTEGER NOT NULL, "
    "number TEXT NOT NULL, case_number TEXT NOT NULL, column_name TEXT NOT NULL, "
    "detail TEXT NOT NULL, query_code TEXT NOT NULL, PRIMARY KEY (file, row)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE cursor (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;",
};
#define VERSION_NOW ((int)(sizeof migrations / sizeof migrations[0]))

/* ---- errors and statements ---- */

static enum jb_err failed(struct jb_ex_store *s, int rc)
{
    (void)snprintf(s->error, sizeof s->error, "exchange.db: %s (%d)", sqlite3_errmsg(s->db), rc);
    switch (rc & 0xff) {
    case SQLITE_FULL:
        return JB_FULL;
    case SQLITE_NOMEM:
        return JB_NOMEM;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return JB_BUSY;
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return JB_DENIED;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
        return JB_IO;
    default:
        return JB_CORRUPT;
    }
}

const char *jb_ex_store_error(const struct jb_ex_store *store)
{
    return store->error;
}

static enum jb_err exec(struct jb_ex_store *s, const char *sql)
{
    int rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? JB_OK : failed(s, rc);
}

static enum jb_err pragma(struct jb_ex_store *s, const char *sql, int64_t *out)
{
    sqlite3_stmt *q = NULL;
    int rc = sqlite3_prepare_v2(s->db, sql, -1, &q, NULL);
    rc = rc == SQLITE_OK ? sqlite3_step(q) : rc;
    *out = rc == SQLITE_ROW ? sqlite3_column_int64(q, 0) : 0;
    enum jb_err err = rc == SQLITE_ROW ? JB_OK : failed(s, rc);
    (void)sqlite3_finalize(q);
    return err;
}

static sqlite3_stmt *keyed(struct jb_ex_store *s, enum jb_ex_statement id,
                           const struct jb_ex_key *key)
{
    sqlite3_stmt *q = s->statements[id];
    jb_ex_sql_text(q, 1, key->system);
    jb_ex_sql_text(q, 2, key->number);
    jb_ex_sql_text(q, 3, key->step);
    return q;
}

void jb_ex_sql_done(sqlite3_stmt *q)
{
    (void)sqlite3_reset(q);
    (void)sqlite3_clear_bindings(q);
}

enum jb_err jb_ex_sql_run(struct jb_ex_store *s, sqlite3_stmt *q)
{
    int rc = sqlite3_step(q);
    enum jb_err err = rc == SQLITE_DONE ? JB_OK : failed(s, rc);
    jb_ex_sql_done(q);
    return err;
}

enum jb_err jb_ex_sql_first(struct jb_ex_store *s, sqlite3_stmt *q)
{
    int rc = sqlite3_step(q);
    if (rc == SQLITE_ROW)
        return JB_OK;
    enum jb_err err = rc == SQLITE_DONE ? JB_NOT_FOUND : failed(s, rc);
    jb_ex_sql_done(q);
    return err;
}

void jb_ex_sql_column(sqlite3_stmt *q, int at, char *out, size_t size)
{
    const char *value = (const char *)sqlite3_column_text(q, at);
    (void)snprintf(out, size, "%s", value != NULL ? value : "");
}

const char *jb_ex_sql_kept(sqlite3_stmt *q, int at, struct jb_arena *arena)
{
    const char *value = (const char *)sqlite3_column_text(q, at);
    return value != NULL ? jb_arena_strndup(arena, value, strlen(value)) : NULL;
}

/* ---- opening ---- */

static enum jb_err migrate(struct jb_ex_store *s, struct jb_fault *fault)
{
    int64_t id = 0, version = 0;
    char sql[64];
    enum jb_err err = pragma(s, "PRAGMA application_id", &id);
    if (err == JB_OK)
        err = pragma(s, "PRAGMA user_version", &version);
    if (err == JB_OK && id != 0 && id != APPLICATION_ID)
        return jb_fault_set(fault, JB_CORRUPT, "exchange.db: not a file of jiaoban-exchange");
    if (err == JB_OK && version > VERSION_NOW)
        return jb_fault_set(fault, JB_VERSION, "exchange.db: made by a newer version");
    for (; err == JB_OK && version < VERSION_NOW; version++) {
        err = exec(s, "BEGIN IMMEDIATE");
        if (err == JB_OK)
            err = exec(s, migrations[version]);
        (void)snprintf(sql, sizeof sql, "PRAGMA application_id = %d", APPLICATION_ID);
        if (err == JB_OK)
            err = exec(s, sql);
        (void)snprintf(sql, sizeof sql, "PRAGMA user_version = %d", (int)version + 1);
        if (err == JB_OK)
            err = exec(s, sql);
        if (err == JB_OK)
            err = exec(s, "COMMIT");
    }
    return err;
}

static enum jb_err prepare(struct jb_ex_store *s)
{
    static const char *const texts[] = {
#define X(name, sql) sql,
        JB_EX_STATEMENTS(X)
#undef X
    };
    for (size_t i = 0; i < JB_EX_SQL_COUNT; i++) {
        int rc = sqlite3_prepare_v3(s->db, texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                                    &s->statements[i], NULL);
        if (rc != SQLITE_OK)
            return failed(s, rc);
    }
    return JB_OK;
}

static enum jb_err lock(struct jb_ex_store *s, const char *folder, struct jb_fault *fault)
{
    s->lock_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->lock_fd < 0)
        return jb_fault_set(fault, errno == EACCES ? JB_DENIED : JB_IO, "%s: %s", folder,
                            strerror(errno));
    if (flock(s->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return jb_fault_set(fault, JB_LOCKED, "%s: another jiaoban-exchange works here", folder);
    return JB_OK;
}

static enum jb_err open_file(struct jb_ex_store *s, const char *folder, struct jb_fault *fault)
{
    char path[4096];
    if ((size_t)snprintf(path, sizeof path, "%s/exchange.db", folder) >= sizeof path)
        return jb_fault_set(fault, JB_TOO_LARGE, "%s: too long a path", folder);
    int rc = sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
    if (s->db == NULL)
        return JB_NOMEM;
    if (rc != SQLITE_OK)
        return failed(s, rc);
    (void)sqlite3_extended_result_codes(s->db, 1);
    (void)sqlite3_busy_timeout(s->db, BUSY_MS);
    enum jb_err err = exec(s, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; "
                              "PRAGMA trusted_schema = OFF;");
    if (err == JB_OK)
        err = migrate(s, fault);
    return err == JB_OK ? prepare(s) : err;
}

enum jb_err jb_ex_store_open(const char *folder, struct jb_ex_store **out, struct jb_fault *fault)
{
    struct jb_ex_store *s = calloc(1, sizeof *s);
    *out = NULL;
    if (s == NULL)
        return JB_NOMEM;
    s->lock_fd = -1;
    enum jb_err err = lock(s, folder, fault);
    if (err == JB_OK)
        err = open_file(s, folder, fault);
    if (err == JB_OK) {
        *out = s;
        return JB_OK;
    }
    if (fault->text[0] == '\0')
        (void)jb_fault_set(fault, err, "%s", s->error[0] != '\0' ? s->error : jb_err_text(err));
    jb_ex_store_close(&s);
    return err;
}

void jb_ex_store_close(struct jb_ex_store **store)
{
    struct jb_ex_store *s = *store;
    if (s == NULL)
        return;
    *store = NULL;
    for (size_t i = 0; i < JB_EX_SQL_COUNT; i++)
        (void)sqlite3_finalize(s->statements[i]);
    (void)sqlite3_close(s->db);
    if (s->lock_fd >= 0)
        (void)close(s->lock_fd);
    free(s);
}

/* ---- records ---- */

enum jb_err jb_ex_taken_get(struct jb_ex_store *s, const struct jb_ex_key *key,
                            struct jb_ex_taken *out)
{
    sqlite3_stmt *q = keyed(s, JB_EX_SQL_TAKEN_GET, key);
    *out = (struct jb_ex_taken){.state = JB_EX_NEW};
    enum jb_err err = jb_ex_sql_first(s, q);
    if (err != JB_OK)
        return err;
    out->state = (enum jb_ex_state)sqlite3_column_int(q, 0);
    jb_ex_sql_column(q, 1, out->token, sizeof out->token);
    out->made_ms = sqlite3_column_int64(q, 2);
    out->file = sqlite3_column_int64(q, 3);
    out->row = sqlite3_column_int64(q, 4);
    out->submission = (uint64_t)sqlite3_column_int64(q, 5);
    jb_ex_sql_column(q, 6, out->case_number, sizeof out->case_number);
    jb_ex_sql_column(q, 7, out->query_code, sizeof out->query_code);
    jb_ex_sql_column(q, 8, out->detail, sizeof out->detail);
    jb_ex_sql_done(q);
    return JB_OK;
}

enum jb_err jb_ex_taken_put(struct jb_ex_store *s, const struct jb_ex_key *key,
                            const struct jb_ex_taken *t)
{
    sqlite3_stmt *q = keyed(s, JB_EX_SQL_TAKEN_PUT, key);
    jb_ex_sql_number(q, 4, t->state);
    jb_ex_sql_text(q, 5, t->token);
    jb_ex_sql_number(q, 6, t->made_ms);
    jb_ex_sql_number(q, 7, t->file);
    jb_ex_sql_number(q, 8, t->row);
    jb_ex_sql_number(q, 9, (int64_t)t->submission);
    jb_ex_sql_text(q, 10, t->case_number);
    jb_ex_sql_text(q, 11, t->query_code);
    jb_ex_sql_text(q, 12, t->detail);
    return jb_ex_sql_run(s, q);
}

enum jb_err jb_ex_taken_drop(struct jb_ex_store *s, const struct jb_ex_key *key)
{
    return jb_ex_sql_run(s, keyed(s, JB_EX_SQL_TAKEN_DROP, key));
}

static enum jb_err listed(struct jb_ex_store *s, sqlite3_stmt *q, struct jb_arena *arena,
                          struct jb_ex_listed *out)
{
    enum jb_err err = jb_ex_sql_first(s, q);
    if (err != JB_OK)
        return err;
    *out = (struct jb_ex_listed){.number = jb_ex_sql_kept(q, 0, arena),
                                 .step = jb_ex_sql_kept(q, 1, arena),
                                 .case_number = jb_ex_sql_kept(q, 2, arena),
                                 .told = jb_ex_sql_kept(q, 3, arena),
                                 .submission = (uint64_t)sqlite3_column_int64(q, 4),
                                 .version = (uint64_t)sqlite3_column_int64(q, 5)};
    jb_ex_sql_done(q);
    return arena->overflowed ? JB_NOMEM : JB_OK;
}

enum jb_err jb_ex_queued_next(struct jb_ex_store *s, const char *system, const char *after,
                              struct jb_arena *arena, struct jb_ex_listed *out)
{
    sqlite3_stmt *q = s->statements[JB_EX_SQL_TAKEN_NEXT];
    jb_ex_sql_text(q, 1, system);
    jb_ex_sql_number(q, 2, JB_EX_QUEUED);
    jb_ex_sql_text(q, 3, after);
    return listed(s, q, arena, out);
}

enum jb_err jb_ex_untold_next(struct jb_ex_store *s, const char *system, enum jb_ex_last last,
                              const char *after, struct jb_arena *arena, struct jb_ex_listed *out)
{
    sqlite3_stmt *q = s->statements[JB_EX_SQL_TAKEN_OPEN];
    jb_ex_sql_text(q, 1, system);
    jb_ex_sql_text(q, 2, after);
    jb_ex_sql_number(q, 3, last);
    return listed(s, q, arena, out);
}

enum jb_err jb_ex_told_put(struct jb_ex_store *s, const struct jb_ex_key *key, uint64_t version,
                           const char *told, enum jb_ex_last last)
{
    sqlite3_stmt *q = keyed(s, JB_EX_SQL_TOLD_PUT, key);
    jb_ex_sql_number(q, 4, (int64_t)version);
    jb_ex_sql_text(q, 5, told);
    jb_ex_sql_number(q, 6, last);
    return jb_ex_sql_run(s, q);
}
