/* See sqlpool.h. */
#include "tests/fuzz/sqlpool.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "proto/ledger/casebroker.h"
#include "proto/ledger/replay.h"
#include "proto/ledger/schema.h"

#define MEMORY ":memory:"
#define PAGE_BYTES 4096
#define PATH_BYTES 256
#define CONNECTIONS 16
#define FILES 8
#define STATEMENTS 1024      /* of one connection; a power of two */
#define INDEX_HEAD_BYTES 136 /* of the WAL's index: two headers and the state of checkpoints */

struct kept { /* a statement */
    sqlite3_stmt *s;
    const char *at; /* where its text stands that lasts; NULL: it was put together: */
    char *sql;      /* owned */
    bool lent;
};

struct connection {
    char path[PATH_BYTES];
    int kind; /* flags of opening; in memory: the role */
    sqlite3 *db;
    bool lent;
    char *settings;                        /* that are in force, as SQL; owned */
    bool functions;                        /* ours are known to it */
    struct kept statements[STATEMENTS];    /* by a hash of their text, or of its place */
    struct kept *by_statement[STATEMENTS]; /* by a hash of the statement's place */
    size_t count;
};

struct file {
    char path[PATH_BYTES];
    int db, wal, index; /* descriptors, -1: not open yet; never closed before the end: a process
                         * that closes one loses SQLite's locks */
    uint8_t *pages;     /* of db, mapped */
    size_t size;
};

static struct connection connections[CONNECTIONS];
static size_t connection_count;
static struct file files[FILES];
static size_t file_count;
static int memory_role; /* of the ledger in memory that is being opened; 0: none */

int real_open_v2(const char *path, sqlite3 **db, int flags,
                 const char *vfs) __asm__("__real_sqlite3_open_v2");
int pool_open_v2(const char *path, sqlite3 **db, int flags,
                 const char *vfs) __asm__("__wrap_sqlite3_open_v2");
int real_close(sqlite3 *db) __asm__("__real_sqlite3_close");
int pool_close(sqlite3 *db) __asm__("__wrap_sqlite3_close");
int real_prepare_v3(sqlite3 *db, const char *sql, int len, unsigned flags, sqlite3_stmt **s,
                    const char **tail) __asm__("__real_sqlite3_prepare_v3");
int pool_prepare_v3(sqlite3 *db, const char *sql, int len, unsigned flags, sqlite3_stmt **s,
                    const char **tail) __asm__("__wrap_sqlite3_prepare_v3");
int pool_prepare_v2(sqlite3 *db, const char *sql, int len, sqlite3_stmt **s,
                    const char **tail) __asm__("__wrap_sqlite3_prepare_v2");
int real_exec(sqlite3 *db, const char *sql, int (*row)(void *, int, char **, char **), void *ctx,
              char **error) __asm__("__real_sqlite3_exec");
int pool_exec(sqlite3 *db, const char *sql, int (*row)(void *, int, char **, char **), void *ctx,
              char **error) __asm__("__wrap_sqlite3_exec");
enum jb_err real_functions(struct jb_ledger *l) __asm__("__real_jb_case_functions_add");
enum jb_err pool_functions(struct jb_ledger *l) __asm__("__wrap_jb_case_functions_add");
int real_finalize(sqlite3_stmt *s) __asm__("__real_sqlite3_finalize");
int pool_finalize(sqlite3_stmt *s) __asm__("__wrap_sqlite3_finalize");
enum jb_err real_shadow(enum jb_ledger_role role, struct jb_ledger **out,
                        struct jb_fault *fault) __asm__("__real_jb_replay_shadow");
enum jb_err pool_shadow(enum jb_ledger_role role, struct jb_ledger **out,
                        struct jb_fault *fault) __asm__("__wrap_jb_replay_shadow");
enum jb_err real_reset(struct jb_ledger *l) __asm__("__real_jb_schema_derived_reset");
enum jb_err pool_reset(struct jb_ledger *l) __asm__("__wrap_jb_schema_derived_reset");

/* ---- connections ---- */

static bool is_kept(const char *path)
{
    if (strcmp(path, MEMORY) == 0)
        return memory_role != 0 && file_count > 0;
    for (size_t i = 0; i < file_count; i++)
        if (strcmp(files[i].path, path) == 0)
            return true;
    return false;
}

static struct connection *connection_of(const sqlite3 *db)
{
    for (size_t i = 0; i < connection_count; i++)
        if (connections[i].db == db)
            return &connections[i];
    return NULL;
}

/* One that waits, or a new one for `open` to fill. */
static struct connection *connection_for(const char *path, int kind)
{
    for (size_t i = 0; i < connection_count; i++) {
        struct connection *c = &connections[i];
        if (!c->lent && c->kind == kind && strcmp(c->path, path) == 0)
            return c;
    }
    FUZZ_MUST(connection_count < CONNECTIONS);
    struct connection *c = &connections[connection_count];
    c->kind = kind;
    (void)snprintf(c->path, sizeof c->path, "%s", path);
    return c;
}

int pool_open_v2(const char *path, sqlite3 **db, int flags, const char *vfs)
{
    if (!is_kept(path))
        return real_open_v2(path, db, flags, vfs);
    struct connection *c = connection_for(path, memory_role != 0 ? memory_role : flags);
    if (c->db == NULL) {
        FUZZ_MUST(real_open_v2(path, &c->db, flags, vfs) == SQLITE_OK);
        connection_count++;
    }
    c->lent = true;
    *db = c->db;
    return SQLITE_OK;
}

/* Once: adding them again would have every statement prepared again. */
enum jb_err pool_functions(struct jb_ledger *l)
{
    struct connection *c = connection_of(l->db);
    enum jb_err err = c == NULL || !c->functions ? real_functions(l) : JB_OK;

    if (c != NULL)
        c->functions = c->functions || err == JB_OK;
    return err;
}

/* As SQLite would: not while a statement is out; a transaction that was left open is undone. */
int pool_close(sqlite3 *db)
{
    struct connection *c = connection_of(db);

    if (c == NULL)
        return real_close(db);
    for (size_t i = 0; i < STATEMENTS; i++)
        FUZZ_MUST(!c->statements[i].lent);
    if (sqlite3_get_autocommit(db) == 0)
        (void)real_exec(db, "ROLLBACK", NULL, NULL, NULL);
    (void)sqlite3_wal_hook(db, NULL, NULL);
    sqlite3_progress_handler(db, 0, NULL, NULL);
    c->lent = false;
    return SQLITE_OK;
}

enum jb_err pool_shadow(enum jb_ledger_role role, struct jb_ledger **out, struct jb_fault *fault)
{
    memory_role = (int)role;
    enum jb_err err = real_shadow(role, out, fault);
    memory_role = 0;
    return err;
}

/* ---- statements ---- */

static size_t place_of(uint64_t h)
{
    h *= UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(h >> 32) % STATEMENTS;
}

static size_t place_of_pointer(const void *p)
{
    return place_of((uint64_t)(uintptr_t)p);
}

static size_t place_of_text(const char *sql, size_t len)
{
    uint64_t h = len;

    for (size_t i = 0; i < len; i++)
        h = h * 31 + (uint8_t)sql[i];
    return place_of(h);
}

/* SQLite runs a pragma once only. */
static bool is_worth_keeping(const char *sql)
{
    return strncmp(sql, "PRAGMA", 6) != 0;
}

static bool is_same(const struct kept *k, const char *sql, size_t len, bool lasts)
{
    if (lasts || k->at != NULL)
        return k->at == sql;
    return strncmp(k->sql, sql, len) == 0 && k->sql[len] == '\0';
}

/* The statement of this text that waits, or an empty place; NULL: none is left. */
static struct kept *statement_for(struct connection *c, const char *sql, size_t len, bool lasts)
{
    size_t first = lasts ? place_of_pointer(sql) : place_of_text(sql, len);

    for (size_t i = 0; i < STATEMENTS && c->count < STATEMENTS / 2; i++) {
        struct kept *k = &c->statements[(first + i) % STATEMENTS];
        if (k->s == NULL || (!k->lent && is_same(k, sql, len, lasts)))
            return k;
    }
    return NULL;
}

static struct kept **place_of_statement(struct connection *c, const sqlite3_stmt *s)
{
    size_t first = place_of_pointer(s);
    size_t i = first;

    while (c->by_statement[i] != NULL && c->by_statement[i]->s != s)
        i = (i + 1) % STATEMENTS;
    return &c->by_statement[i];
}

static int statement_make(struct connection *c, struct kept *k, const char *sql, int len)
{
    int rc = real_prepare_v3(c->db, sql, len, SQLITE_PREPARE_PERSISTENT, &k->s, NULL);

    if (rc != SQLITE_OK)
        return rc;
    FUZZ_MUST(k->s != NULL);
    *place_of_statement(c, k->s) = k;
    c->count++;
    return rc;
}

/* Texts of statements that are prepared to last are constants of the program. */
int pool_prepare_v3(sqlite3 *db, const char *sql, int len, unsigned flags, sqlite3_stmt **s,
                    const char **tail)
{
    struct connection *c = tail == NULL && is_worth_keeping(sql) ? connection_of(db) : NULL;
    bool lasts = flags == SQLITE_PREPARE_PERSISTENT && len < 0;
    size_t bytes = lasts ? 0 : len < 0 ? strlen(sql) : strnlen(sql, (size_t)len);
    struct kept *k = c != NULL ? statement_for(c, sql, bytes, lasts) : NULL;

    if (k == NULL)
        return real_prepare_v3(db, sql, len, flags, s, tail);
    if (k->s == NULL) {
        int rc = statement_make(c, k, sql, len);
        if (rc != SQLITE_OK)
            return rc;
        if (lasts)
            k->at = sql;
        else
            k->sql = strndup(sql, bytes);
        FUZZ_MUST(k->at != NULL || k->sql != NULL);
    }
    k->lent = true;
    *s = k->s;
    return SQLITE_OK;
}

int pool_prepare_v2(sqlite3 *db, const char *sql, int len, sqlite3_stmt **s, const char **tail)
{
    return pool_prepare_v3(db, sql, len, 0, s, tail);
}

int pool_finalize(sqlite3_stmt *s)
{
    struct connection *c = s != NULL ? connection_of(sqlite3_db_handle(s)) : NULL;
    struct kept *k = c != NULL ? *place_of_statement(c, s) : NULL;

    if (k == NULL)
        return real_finalize(s);
    FUZZ_MUST(k->lent);
    int rc = sqlite3_reset(s);
    (void)sqlite3_clear_bindings(s);
    k->lent = false;
    return rc;
}

/* The settings of a connection, given again, would only make its statements expire. */
int pool_exec(sqlite3 *db, const char *sql, int (*row)(void *, int, char **, char **), void *ctx,
              char **error)
{
    static const char settings[] = "PRAGMA trusted_schema";
    struct connection *c =
        strncmp(sql, settings, sizeof settings - 1) == 0 ? connection_of(db) : NULL;

    if (c == NULL)
        return real_exec(db, sql, row, ctx, error);
    if (c->settings != NULL && strcmp(c->settings, sql) == 0)
        return SQLITE_OK;
    free(c->settings);
    c->settings = strdup(sql);
    FUZZ_MUST(c->settings != NULL);
    return real_exec(db, sql, row, ctx, error);
}

/* Emptied instead of dropped and made again: the statements stay as they are. */
enum jb_err pool_reset(struct jb_ledger *l)
{
    char sql[64];

    if (connection_of(l->db) == NULL)
        return real_reset(l);
    for (const struct jb_schema_table *t = jb_schema_derived; t->name != NULL; t++) {
        sqlite3_stmt *s = NULL;
        if (t->role != 0 && t->role != (int)l->role)
            continue;
        (void)snprintf(sql, sizeof sql, "DELETE FROM %s", t->name);
        int rc = pool_prepare_v2(l->db, sql, -1, &s, NULL);
        if (rc == SQLITE_OK)
            rc = sqlite3_step(s);
        enum jb_err err = rc == SQLITE_DONE ? JB_OK : jb_db_fail(l, rc);
        (void)pool_finalize(s);
        if (err != JB_OK)
            return err;
    }
    return JB_OK;
}

/* ---- files ---- */

void fuzz_pool_keep(const char *path)
{
    FUZZ_MUST(file_count < FILES && strlen(path) < PATH_BYTES);
    struct file *f = &files[file_count++];
    *f = (struct file){.db = -1, .wal = -1, .index = -1};
    (void)snprintf(f->path, sizeof f->path, "%s", path);
}

/* One of the three that make up a database; -1: it is not there yet. */
static int part_open(const struct file *f, const char *end, int flags)
{
    char path[PATH_BYTES + 8];

    (void)snprintf(path, sizeof path, "%s%s", f->path, end);
    return open(path, flags, 0600);
}

/* Whoever finds an index without a header makes it anew and forgets what pages it remembers. Each
 * connection must find it so: two such headers are equal. */
static void forget_pages(const struct file *f, struct connection *c)
{
    static const uint8_t zero[INDEX_HEAD_BYTES];

    FUZZ_MUST(f->index >= 0 && pwrite(f->index, zero, sizeof zero, 0) == (ssize_t)sizeof zero);
    FUZZ_MUST(real_exec(c->db, "PRAGMA user_version", NULL, NULL, NULL) == SQLITE_OK);
}

/* The file of the size that it has from now on. */
static void file_open(struct file *f, size_t size)
{
    f->db = part_open(f, "", O_RDWR | O_CREAT | O_CLOEXEC);
    FUZZ_MUST(f->db >= 0 && ftruncate(f->db, (off_t)size) == 0);
    void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, f->db, 0);
    FUZZ_MUST(pages != MAP_FAILED);
    f->pages = pages;
    f->size = size;
}

void fuzz_pool_file(const char *path, struct jb_bytes image)
{
    struct file *f = NULL;

    for (size_t i = 0; i < connection_count; i++)
        FUZZ_MUST(!connections[i].lent || strcmp(connections[i].path, path) != 0);
    for (size_t i = 0; i < file_count; i++)
        if (strcmp(files[i].path, path) == 0)
            f = &files[i];
    FUZZ_MUST(f != NULL);
    if (f->pages == NULL)
        file_open(f, image.len);
    FUZZ_MUST(image.len == f->size && ftruncate(f->db, (off_t)f->size) == 0);
    for (size_t at = 0; at < image.len; at += PAGE_BYTES)
        if (memcmp(f->pages + at, image.data + at, PAGE_BYTES) != 0)
            memcpy(f->pages + at, image.data + at, PAGE_BYTES);
    if (f->wal < 0)
        f->wal = part_open(f, "-wal", O_RDWR | O_CLOEXEC);
    if (f->index < 0)
        f->index = part_open(f, "-shm", O_RDWR | O_CLOEXEC);
    FUZZ_MUST(f->wal < 0 || ftruncate(f->wal, 0) == 0);
    for (size_t i = 0; i < connection_count; i++)
        if (strcmp(connections[i].path, path) == 0)
            forget_pages(f, &connections[i]);
}

void fuzz_pool_fini(void)
{
    for (size_t i = 0; i < connection_count; i++) {
        struct connection *c = &connections[i];
        for (size_t k = 0; k < STATEMENTS; k++) {
            (void)real_finalize(c->statements[k].s);
            free(c->statements[k].sql);
        }
        FUZZ_MUST(real_close(c->db) == SQLITE_OK);
        free(c->settings);
        *c = (struct connection){.kind = 0};
    }
    connection_count = 0;
    for (size_t i = 0; i < file_count; i++) {
        if (files[i].pages != NULL)
            (void)munmap(files[i].pages, files[i].size);
        const int fds[] = {files[i].db, files[i].wal, files[i].index};
        for (size_t k = 0; k < sizeof fds / sizeof fds[0]; k++)
            if (fds[k] >= 0)
                (void)close(fds[k]);
    }
    file_count = 0;
}
