/* Statements, values and error codes of one SQLite connection.
 *
 * Decides how SQLite's codes become ours. Never decides what is stored: see schema.c and the files
 * named after the tables. */
#include "proto/ledger/db.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

#define N_(text) text

/* ---- errors ---- */

static const struct {
    int code; /* primary or extended; the extended ones stand first */
    enum jb_err err;
} codes[] = {
    {SQLITE_IOERR_NOMEM, JB_NOMEM},
    {SQLITE_IOERR_SHMSIZE, JB_FULL}, /* the index of the WAL could not grow */
    {SQLITE_CONSTRAINT_PRIMARYKEY, JB_EXISTS},
    {SQLITE_CONSTRAINT_ROWID, JB_EXISTS},
    {SQLITE_CONSTRAINT_UNIQUE, JB_EXISTS},
    {SQLITE_FULL, JB_FULL},
    {SQLITE_IOERR, JB_IO},
    {SQLITE_CANTOPEN, JB_IO},
    {SQLITE_NOMEM, JB_NOMEM},
    {SQLITE_BUSY, JB_BUSY},
    {SQLITE_LOCKED, JB_BUSY},
    {SQLITE_READONLY, JB_DENIED},
    {SQLITE_PERM, JB_DENIED},
    {SQLITE_TOOBIG, JB_TOO_LARGE},
    {SQLITE_INTERRUPT, JB_CLOSED},
};

/* To SQLite only ENOSPC is a full disk; a user's quota and a limit on the size of files are one as
 * well: they pass when somebody makes room. */
static bool is_quota(const struct jb_ledger *l, int rc)
{
    /* a sync that failed is never only that: what was written may be gone or not */
    if ((rc & 0xff) != SQLITE_IOERR || rc == SQLITE_IOERR_FSYNC || rc == SQLITE_IOERR_DIR_FSYNC)
        return false;
    int code = sqlite3_system_errno(l->db); /* 0 when it was a COMMIT that failed */
    if (code == 0)
        code = errno;
    return code == ENOSPC || code == EDQUOT || code == EFBIG;
}

/* What people meet at a console. */
const char *jb_db_words(const char *words)
{
    static const char *const met[] = {
        N_("unable to open database file"), N_("attempt to write a readonly database"),
        N_("file is not a database"),       N_("database disk image is malformed"),
        N_("database or disk is full"),     N_("disk I/O error"),
        N_("database is locked"),
    };
    for (size_t i = 0; i < sizeof met / sizeof met[0]; i++)
        if (strcmp(words, met[i]) == 0)
            return jb_said(met[i]);
    return words;
}

enum jb_err jb_db_fail(struct jb_ledger *l, int rc)
{
    snprintf(l->error, sizeof l->error, "%s (%d)", jb_db_words(sqlite3_errmsg(l->db)), rc);
    if (is_quota(l, rc))
        return JB_FULL;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (codes[i].code == rc || codes[i].code == (rc & 0xff))
            return codes[i].err;
    return JB_CORRUPT; /* CORRUPT, NOTADB, and a schema that is not what we made */
}

void jb_db_note(struct jb_ledger *l, const char *text)
{
    snprintf(l->error, sizeof l->error, "%s", text);
}

enum jb_err jb_db_damaged(const char *path, const char *how, struct jb_fault *fault)
{
    return jb_fault_set(fault, JB_CORRUPT,
                        "%s: damaged, or no record (%s). Keep the file. A broker's record comes "
                        "back with jiaoband restore; an agency's replica, when the file is moved "
                        "aside, from the broker",
                        path, how);
}

enum jb_err jb_db_exec(struct jb_ledger *l, const char *sql)
{
    errno = 0;
    int rc = sqlite3_exec(l->db, sql, NULL, NULL, NULL);

    return rc == SQLITE_OK ? JB_OK : jb_db_fail(l, rc);
}

enum jb_err jb_db_number(struct jb_ledger *l, const char *sql, int64_t *out)
{
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(l->db, sql, -1, &s, NULL);

    if (rc == SQLITE_OK) {
        rc = sqlite3_step(s);
        *out = rc == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
    }
    enum jb_err err = rc == SQLITE_ROW || rc == SQLITE_DONE ? JB_OK : jb_db_fail(l, rc);
    sqlite3_finalize(s);
    return err;
}

/* ---- statements ---- */

/* A failed bind (out of memory, too large) leaves NULL behind, which NOT NULL columns refuse; the
 * sizes of what is bound here are bounded long before. */
static void bind_one(sqlite3_stmt *s, int index, const struct jb_bind *v)
{
    const void *data = v->len > 0 ? v->data : ""; /* a null pointer would mean NULL */

    switch (v->type) {
    case JB_BIND_INT:
        (void)sqlite3_bind_int64(s, index, v->number);
        break;
    case JB_BIND_TEXT:
        (void)sqlite3_bind_text64(s, index, data, v->len, SQLITE_STATIC, SQLITE_UTF8);
        break;
    case JB_BIND_BLOB:
        (void)sqlite3_bind_blob64(s, index, data, v->len, SQLITE_STATIC);
        break;
    case JB_BIND_NULL:
        (void)sqlite3_bind_null(s, index);
        break;
    }
}

void jb_sql_bind_to(sqlite3_stmt *s, struct jb_row row)
{
    for (size_t i = 0; i < row.count; i++)
        bind_one(s, (int)i + 1, &row.at[i]);
}

sqlite3_stmt *jb_sql_bind(struct jb_ledger *l, enum jb_sql id, struct jb_row row)
{
    sqlite3_stmt *s = l->statements[id];

    assert(s != NULL); /* a statement of the other role */
    assert(row.count == (size_t)sqlite3_bind_parameter_count(s));
    jb_sql_bind_to(s, row);
    return s;
}

bool jb_sql_next(struct jb_ledger *l, sqlite3_stmt *s, enum jb_err *err)
{
    errno = 0;
    int rc = sqlite3_step(s);

    *err = rc == SQLITE_ROW || rc == SQLITE_DONE ? JB_OK : jb_db_fail(l, rc);
    return rc == SQLITE_ROW;
}

void jb_sql_done(sqlite3_stmt *s)
{
    (void)sqlite3_reset(s); /* repeats the error that step has reported */
    (void)sqlite3_clear_bindings(s);
}

enum jb_err jb_sql_run(struct jb_ledger *l, enum jb_sql id, struct jb_row row)
{
    sqlite3_stmt *s = jb_sql_bind(l, id, row);
    errno = 0;
    int rc = sqlite3_step(s);
    enum jb_err err = rc == SQLITE_DONE ? JB_OK : jb_db_fail(l, rc);

    jb_sql_done(s);
    return err;
}

enum jb_err jb_sql_number(struct jb_ledger *l, enum jb_sql id, struct jb_row row, int64_t *out)
{
    enum jb_err err;
    sqlite3_stmt *s = jb_sql_bind(l, id, row);

    if (jb_sql_next(l, s, &err))
        *out = sqlite3_column_int64(s, 0);
    else if (err == JB_OK)
        err = JB_NOT_FOUND;
    jb_sql_done(s);
    return err;
}

void *jb_list_push(struct jb_list *list, struct jb_arena *arena)
{
    if (list->count == list->capacity) {
        size_t more = list->capacity == 0 ? 4 : list->capacity * 2;
        void *grown = jb_arena_alloc(arena, more * list->bytes);
        if (grown == NULL)
            return NULL;
        if (list->count > 0)
            memcpy(grown, list->at, list->count * list->bytes);
        list->at = grown;
        list->capacity = more;
    }
    return (char *)list->at + list->count++ * list->bytes;
}

enum jb_err jb_sql_blob(struct jb_ledger *l, sqlite3_stmt *s, struct jb_arena *arena,
                        struct jb_bytes *out)
{
    enum jb_err err;

    if (jb_sql_next(l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, arena);
        struct jb_bytes found = jb_get_blob(&r);
        err = r.err;
        if (err == JB_OK)
            *out = found;
    } else if (err == JB_OK) {
        err = JB_NOT_FOUND;
    }
    jb_sql_done(s);
    return err;
}

enum jb_err jb_sql_head(struct jb_ledger *l, sqlite3_stmt *s, uint8_t head[JB_HASH_BYTES])
{
    enum jb_err err;

    if (jb_sql_next(l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, NULL);
        jb_get_fixed(&r, head, JB_HASH_BYTES);
        err = r.err;
    } else if (err == JB_OK) {
        err = JB_NOT_FOUND;
    }
    jb_sql_done(s);
    return err;
}

enum jb_err jb_sql_snapshot(struct jb_ledger *l, bool *mine)
{
    *mine = false;
    if (sqlite3_get_autocommit(l->db) == 0)
        return JB_OK;
    enum jb_err err = jb_sql_run(l, JB_SQL_SNAPSHOT, JB_NO_ROW);
    *mine = err == JB_OK;
    return err;
}

void jb_sql_snapshot_end(struct jb_ledger *l, bool mine)
{
    /* Nothing was written: neither can lose anything, and rollback cannot fail. */
    if (mine && sqlite3_get_autocommit(l->db) == 0)
        (void)!jb_sql_run(l, JB_SQL_ROLLBACK, JB_NO_ROW);
}

/* ---- reading ---- */

int64_t jb_get_i64(struct jb_reader *r)
{
    return sqlite3_column_int64(r->s, r->column++);
}

uint64_t jb_get_u64(struct jb_reader *r)
{
    return (uint64_t)jb_get_i64(r);
}

uint32_t jb_get_u32(struct jb_reader *r)
{
    return (uint32_t)jb_get_i64(r);
}

int jb_get_int(struct jb_reader *r)
{
    return (int)jb_get_i64(r);
}

struct jb_bytes jb_peek_blob(struct jb_reader *r)
{
    struct jb_bytes out;

    out.data = sqlite3_column_blob(r->s, r->column);
    out.len = (size_t)sqlite3_column_bytes(r->s, r->column);
    r->column++;
    return out;
}

struct jb_bytes jb_get_blob(struct jb_reader *r)
{
    struct jb_bytes out = jb_peek_blob(r);

    if (out.len == 0)
        return (struct jb_bytes){NULL, 0};
    out.data = jb_arena_memdup(r->arena, out.data, out.len);
    if (out.data != NULL)
        return out;
    r->err = JB_NOMEM;
    return (struct jb_bytes){NULL, 0};
}

struct jb_text jb_get_text(struct jb_reader *r)
{
    struct jb_bytes bytes = jb_get_blob(r); /* the file is in UTF-8: no conversion */

    return (struct jb_text){(const char *)bytes.data, bytes.len};
}

void jb_get_fixed(struct jb_reader *r, uint8_t *out, size_t len)
{
    struct jb_bytes bytes = jb_peek_blob(r);

    if (bytes.len == len)
        memcpy(out, bytes.data, len);
    else
        r->err = JB_CORRUPT;
}
