/* See store.h. */
#include "clients/gateway/store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_NAME "gateway.db"
#define APPLICATION_ID 0x6a626777 /* "jbgw" */
#define BUSY_MS 2000              /* for the commands that run beside the gateway */

struct jb_gw_store {
    sqlite3 *db;
    int lock_fd; /* -1: none */
    char error[256];
    sqlite3_stmt *statements[JB_GW_SQL_COUNT];
};

static const char *const texts[] = {
#define X(name, sql) sql,
    JB_GW_STATEMENTS(X)
#undef X
};

/* Step n makes version n + 1. */
static const char *const migrations[] = {
    "CREATE TABLE account (name TEXT PRIMARY KEY, display_name TEXT NOT NULL, hash TEXT, "
    "disabled INTEGER NOT NULL, must_change INTEGER NOT NULL, created_ms INTEGER NOT NULL, "
    "changed_ms INTEGER NOT NULL, login_ms INTEGER NOT NULL, version INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE session (hash BLOB PRIMARY KEY, user TEXT NOT NULL, method INTEGER NOT NULL, "
    "created_ms INTEGER NOT NULL, seen_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX session_user ON session (user);"
    "CREATE TABLE token (name TEXT PRIMARY KEY, hash BLOB NOT NULL UNIQUE, account TEXT NOT NULL, "
    "scopes TEXT NOT NULL, created_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL, "
    "used_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE login (number INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, "
    "user TEXT NOT NULL, address TEXT NOT NULL, method INTEGER NOT NULL, "
    "outcome INTEGER NOT NULL) STRICT;"
    "CREATE TABLE failure (key TEXT NOT NULL UNIQUE, count INTEGER NOT NULL, "
    "until_ms INTEGER NOT NULL, at_ms INTEGER NOT NULL) STRICT;"
    "CREATE TABLE idem (hash BLOB PRIMARY KEY, fingerprint BLOB NOT NULL, token TEXT NOT NULL, "
    "at_ms INTEGER NOT NULL, status INTEGER NOT NULL, sealed BLOB) STRICT, WITHOUT ROWID;"
    "CREATE INDEX idem_at ON idem (at_ms);",
    "CREATE TABLE template (kind TEXT PRIMARY KEY, title TEXT NOT NULL, body TEXT NOT NULL, "
    "changed_ms INTEGER NOT NULL, changed_by TEXT NOT NULL, version INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;",
    "CREATE TABLE hook (target TEXT PRIMARY KEY, epoch TEXT NOT NULL, number INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE delivery (id INTEGER PRIMARY KEY AUTOINCREMENT, target TEXT NOT NULL, "
    "event_id TEXT NOT NULL, number INTEGER NOT NULL, made_ms INTEGER NOT NULL, "
    "next_ms INTEGER NOT NULL, attempts INTEGER NOT NULL, dead INTEGER NOT NULL, "
    "status INTEGER NOT NULL, error TEXT NOT NULL, UNIQUE (target, event_id)) STRICT;"
    "CREATE INDEX delivery_next ON delivery (target, next_ms, id) WHERE dead = 0;",
    /* alarms: a target that was served before begins with the next one */
    ("ALTER TABLE hook ADD COLUMN alarm INTEGER NOT NULL DEFAULT -1;"
     "ALTER TABLE delivery ADD COLUMN alarm INTEGER NOT NULL DEFAULT 0;"),
};
#define VERSION_NOW ((int)(sizeof migrations / sizeof migrations[0]))

/* ---- errors ---- */

static enum jb_err failed(struct jb_gw_store *store, int rc)
{
    (void)snprintf(store->error, sizeof store->error, "%s (%d)", sqlite3_errmsg(store->db), rc);
    switch (rc & 0xff) {
    case SQLITE_CONSTRAINT:
        return JB_EXISTS;
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
    case SQLITE_TOOBIG:
        return JB_TOO_LARGE;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
        return JB_IO;
    default:
        return JB_CORRUPT;
    }
}

const char *jb_gw_store_error(const struct jb_gw_store *store)
{
    return store->error;
}

static enum jb_err exec(struct jb_gw_store *store, const char *sql)
{
    int rc = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? JB_OK : failed(store, rc);
}

static enum jb_err number(struct jb_gw_store *store, const char *sql, int64_t *out)
{
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(store->db, sql, -1, &s, NULL);
    if (rc == SQLITE_OK) {
        rc = sqlite3_step(s);
        *out = rc == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
    }
    enum jb_err err = rc == SQLITE_ROW || rc == SQLITE_DONE ? JB_OK : failed(store, rc);
    (void)sqlite3_finalize(s);
    return err;
}

/* ---- statements ---- */

sqlite3_stmt *jb_gw_sql_bind(struct jb_gw_store *store, enum jb_gw_sql id,
                             struct jb_gw_values values)
{
    sqlite3_stmt *s = store->statements[id];
    assert((int)values.count == sqlite3_bind_parameter_count(s));
    for (size_t i = 0; i < values.count; i++) {
        const struct jb_gw_value *v = &values.at[i];
        int at = (int)i + 1;
        if (v->type == JB_GW_INT)
            (void)sqlite3_bind_int64(s, at, v->number);
        else if (v->data == NULL)
            (void)sqlite3_bind_null(s, at);
        else if (v->type == JB_GW_TEXT)
            (void)sqlite3_bind_text64(s, at, v->data, v->len, SQLITE_STATIC, SQLITE_UTF8);
        else
            (void)sqlite3_bind_blob64(s, at, v->data, v->len, SQLITE_STATIC);
    }
    return s;
}

bool jb_gw_sql_next(struct jb_gw_store *store, sqlite3_stmt *s, enum jb_err *err)
{
    int rc = sqlite3_step(s);
    *err = rc == SQLITE_ROW || rc == SQLITE_DONE ? JB_OK : failed(store, rc);
    return rc == SQLITE_ROW;
}

void jb_gw_sql_done(sqlite3_stmt *s)
{
    (void)sqlite3_reset(s); /* repeats the error that step has reported */
    (void)sqlite3_clear_bindings(s);
}

const char *jb_gw_sql_text(sqlite3_stmt *s, int column, struct jb_arena *arena)
{
    const char *text = (const char *)sqlite3_column_text(s, column);
    return text != NULL ? jb_arena_strndup(arena, text, (size_t)sqlite3_column_bytes(s, column))
                        : NULL;
}

enum jb_err jb_gw_sql_run(struct jb_gw_store *store, enum jb_gw_sql id, struct jb_gw_values values,
                          int *changed)
{
    sqlite3_stmt *s = jb_gw_sql_bind(store, id, values);
    int rc = sqlite3_step(s);
    enum jb_err err = rc == SQLITE_DONE ? JB_OK : failed(store, rc);
    if (changed != NULL)
        *changed = err == JB_OK ? sqlite3_changes(store->db) : 0;
    jb_gw_sql_done(s);
    return err;
}

enum jb_err jb_gw_store_begin(struct jb_gw_store *store)
{
    return exec(store, "BEGIN IMMEDIATE");
}

enum jb_err jb_gw_store_commit(struct jb_gw_store *store)
{
    enum jb_err err = exec(store, "COMMIT");
    if (err != JB_OK)
        jb_gw_store_rollback(store);
    return err;
}

void jb_gw_store_rollback(struct jb_gw_store *store)
{
    if (sqlite3_get_autocommit(store->db) == 0)
        (void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
}

/* ---- opening ---- */

static enum jb_err migrate(struct jb_gw_store *store, const char *path, struct jb_fault *fault)
{
    int64_t version = 0, application = 0;
    char sql[96];
    enum jb_err err = number(store, "PRAGMA user_version", &version);
    if (err == JB_OK)
        err = number(store, "PRAGMA application_id", &application);
    if (err == JB_OK && version > VERSION_NOW)
        return jb_fault_set(fault, JB_VERSION, "%s: made by a newer version (%d, this one is %d)",
                            path, (int)version, VERSION_NOW);
    if (err == JB_OK && version > 0 && application != APPLICATION_ID)
        return jb_fault_set(fault, JB_CORRUPT, "%s: is no file of a gateway", path);
    for (; err == JB_OK && version < VERSION_NOW; version++) {
        (void)snprintf(sql, sizeof sql, "PRAGMA application_id = %d; PRAGMA user_version = %d",
                       APPLICATION_ID, (int)version + 1);
        err = jb_gw_store_begin(store);
        if (err == JB_OK)
            err = exec(store, migrations[version]);
        if (err == JB_OK)
            err = exec(store, sql);
        if (err == JB_OK)
            err = jb_gw_store_commit(store);
        else
            jb_gw_store_rollback(store);
    }
    return err;
}

static enum jb_err prepare(struct jb_gw_store *store)
{
    for (size_t i = 0; i < JB_GW_SQL_COUNT; i++) {
        int rc = sqlite3_prepare_v3(store->db, texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                                    &store->statements[i], NULL);
        if (rc != SQLITE_OK)
            return failed(store, rc);
    }
    return JB_OK;
}

static bool has_wal(struct jb_gw_store *store)
{
    sqlite3_stmt *s = NULL;
    bool wal = sqlite3_prepare_v2(store->db, "PRAGMA journal_mode", -1, &s, NULL) == SQLITE_OK &&
               sqlite3_step(s) == SQLITE_ROW &&
               strcmp((const char *)sqlite3_column_text(s, 0), "wal") == 0;
    (void)sqlite3_finalize(s);
    return wal;
}

static enum jb_err open_file(struct jb_gw_store *store, const char *path, struct jb_fault *fault)
{
    int rc = sqlite3_open_v2(
        path, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc != SQLITE_OK)
        return store->db != NULL ? failed(store, rc) : JB_NOMEM;
    (void)sqlite3_extended_result_codes(store->db, 1);
    (void)sqlite3_busy_timeout(store->db, BUSY_MS);
    enum jb_err err = exec(store, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                                  "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF");
    if (err == JB_OK && !has_wal(store))
        err = jb_fault_set(fault, JB_IO, "%s: cannot be used with a write-ahead log", path);
    if (err == JB_OK)
        err = migrate(store, path, fault);
    return err == JB_OK ? prepare(store) : err;
}

static enum jb_err lock_folder(struct jb_gw_store *store, const char *folder,
                               struct jb_fault *fault)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/lock", folder);
    store->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (store->lock_fd < 0)
        return jb_fault_set(fault, errno == EACCES ? JB_DENIED : JB_IO, "%s: %s", path,
                            strerror(errno));
    if (flock(store->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return jb_fault_set(fault, JB_LOCKED, "%s: another gateway is using it", folder);
    return JB_OK;
}

enum jb_err jb_gw_store_open(const char *folder, bool lock, struct jb_gw_store **out,
                             struct jb_fault *fault)
{
    char path[4096];
    struct jb_gw_store *store = calloc(1, sizeof *store);
    *out = NULL;
    if (store == NULL)
        return JB_NOMEM;
    store->lock_fd = -1;
    enum jb_err err = JB_OK;
    if (snprintf(path, sizeof path, "%s/%s", folder, FILE_NAME) >= (int)sizeof path)
        err = jb_fault_set(fault, JB_CONFIG, "[gateway] data: the path is too long");
    if (err == JB_OK && lock)
        err = lock_folder(store, folder, fault);
    if (err == JB_OK)
        err = open_file(store, path, fault);
    if (err != JB_OK) {
        if (fault->text[0] == '\0')
            (void)jb_fault_set(fault, err, "%s: %s", path,
                               store->error[0] != '\0' ? store->error : jb_err_text(err));
        jb_gw_store_close(&store);
        return err;
    }
    *out = store;
    return JB_OK;
}

void jb_gw_store_close(struct jb_gw_store **store)
{
    struct jb_gw_store *s = *store;
    if (s == NULL)
        return;
    *store = NULL;
    for (size_t i = 0; i < JB_GW_SQL_COUNT; i++)
        (void)sqlite3_finalize(s->statements[i]);
    (void)sqlite3_close(s->db);
    if (s->lock_fd >= 0)
        (void)close(s->lock_fd);
    free(s);
}
