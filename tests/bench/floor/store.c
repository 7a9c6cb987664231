/* See store.h. */
#include "tests/bench/floor/store.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LOG_BYTES ((size_t)1024 * 1024 * 1024) /* then it begins at its start again */
#define ZEROS ((size_t)1024 * 1024)
#define CASES 100000
#define DAY_S 86400
#define CHECKPOINT_PAGES 4000

enum statement {
    BEGIN,
    COMMIT,
    EVENT,
    MOVE,
    DEADLINE,
    SEEN,
    ACKNOWLEDGED,
    RECEIPT,
    STATEMENTS
};

static const char *const sql[STATEMENTS] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [EVENT] = "INSERT INTO event VALUES(?1, ?2, ?3, ?4, ?5)",
    [MOVE] = "INSERT OR REPLACE INTO kase VALUES(?1, ?2, ?3)",
    [DEADLINE] = "INSERT INTO deadline VALUES(?1, ?2)",
    [SEEN] = "INSERT INTO seen VALUES(?1, ?2)",
    [ACKNOWLEDGED] = "INSERT OR IGNORE INTO acknowledged VALUES(?1, ?2)",
    [RECEIPT] = "INSERT INTO receipt VALUES(NULL, ?1)",
};

static const char schema[] =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-65536;"
    "CREATE TABLE event(id INTEGER PRIMARY KEY, kase INTEGER, node INTEGER, at INTEGER, body BLOB);"
    "CREATE TABLE kase(number INTEGER PRIMARY KEY, node INTEGER, event INTEGER);"
    "CREATE TABLE deadline(due INTEGER, event INTEGER, PRIMARY KEY(due, event)) WITHOUT ROWID;"
    "CREATE TABLE seen(number INTEGER PRIMARY KEY, event INTEGER) WITHOUT ROWID;"
    "CREATE TABLE acknowledged(event INTEGER PRIMARY KEY, at INTEGER);"
    "CREATE TABLE receipt(number INTEGER PRIMARY KEY, proof BLOB);";

struct store {
    uint64_t events;
    time_t now;
    sqlite3 *db; /* rows */
    sqlite3_stmt *statements[STATEMENTS];
    int fd; /* log; -1: not */
    uint8_t *group;
    size_t used, capacity, offset;
};

static void fail(const struct store *s, const char *what)
{
    (void)fprintf(stderr, "store: %s: %s\n", what, s->db != NULL ? sqlite3_errmsg(s->db) : "");
    exit(1);
}

static void open_rows(struct store *s, const char *path)
{
    if (sqlite3_open(path, &s->db) != SQLITE_OK ||
        sqlite3_exec(s->db, schema, NULL, NULL, NULL) != SQLITE_OK)
        fail(s, path);
    (void)sqlite3_wal_autocheckpoint(s->db, CHECKPOINT_PAGES);
    for (int i = 0; i < STATEMENTS; i++)
        if (sqlite3_prepare_v2(s->db, sql[i], -1, &s->statements[i], NULL) != SQLITE_OK)
            fail(s, sql[i]);
}

static void open_lazy(struct store *s, const char *path)
{
    open_rows(s, path);
    if (sqlite3_exec(s->db, "PRAGMA synchronous=OFF", NULL, NULL, NULL) != SQLITE_OK)
        fail(s, path);
}

static void open_log(struct store *s, const char *path)
{
    uint8_t *zeros = calloc(1, ZEROS);
    s->fd = open(path, O_CREAT | O_RDWR | O_TRUNC | O_CLOEXEC, 0600);
    if (s->fd < 0 || zeros == NULL)
        fail(s, path);
    for (size_t i = 0; i < LOG_BYTES / ZEROS; i++)
        if (write(s->fd, zeros, ZEROS) != (ssize_t)ZEROS)
            fail(s, path);
    if (fsync(s->fd) != 0)
        fail(s, path);
    free(zeros);
}

struct store *store_open(const char *kind, const char *path)
{
    struct store *s = calloc(1, sizeof *s);
    if (s == NULL)
        exit(1);
    s->fd = -1;
    if (strcmp(kind, "rows") == 0)
        open_rows(s, path);
    else if (strcmp(kind, "lazy") == 0)
        open_lazy(s, path);
    else if (strcmp(kind, "log") == 0)
        open_log(s, path);
    return s;
}

/* Bind numbers and run. */
static void run(struct store *s, enum statement which, const int64_t *numbers, int count)
{
    sqlite3_stmt *p = s->statements[which];
    for (int i = 0; i < count; i++)
        (void)sqlite3_bind_int64(p, i + 1, numbers[i]);
    if (sqlite3_step(p) != SQLITE_DONE)
        fail(s, sql[which]);
    (void)sqlite3_reset(p);
}

void store_begin(struct store *s)
{
    s->now = time(NULL);
    s->used = 0;
    if (s->db != NULL)
        run(s, BEGIN, NULL, 0);
}

static void append(struct store *s, const void *data, size_t len)
{
    if (s->used + len > s->capacity) {
        s->capacity = (s->used + len) * 2;
        s->group = realloc(s->group, s->capacity);
        if (s->group == NULL)
            fail(s, "out of memory");
    }
    memcpy(s->group + s->used, data, len);
    s->used += len;
}

static void write_rows(struct store *s, uint64_t number, uint32_t node, const void *body,
                       size_t len)
{
    int64_t event = (int64_t)s->events;
    int64_t at = (int64_t)s->now;
    int64_t kase = (int64_t)((number * UINT64_C(2654435761) >> 7) % CASES);
    int64_t due = at + DAY_S * (1 + (int64_t)(number % 30));
    (void)sqlite3_bind_blob(s->statements[EVENT], 5, body, (int)len, SQLITE_STATIC);
    run(s, EVENT, (const int64_t[]){event, kase, node, at}, 4);
    run(s, MOVE, (const int64_t[]){kase, node, event}, 3);
    run(s, DEADLINE, (const int64_t[]){due, event}, 2);
    run(s, SEEN, (const int64_t[]){(int64_t)number, event}, 2);
}

uint64_t store_message(struct store *s, uint64_t number, uint32_t node, const void *body,
                       size_t len)
{
    uint64_t event = ++s->events;
    if (s->db != NULL)
        write_rows(s, number, node, body, len);
    if (s->fd >= 0) {
        const uint64_t head[] = {event, number, node, len};
        append(s, head, sizeof head);
        append(s, body, len);
    }
    return event;
}

void store_acknowledged(struct store *s, uint64_t event)
{
    const uint64_t record[] = {UINT64_MAX, event};
    if (s->db != NULL)
        run(s, ACKNOWLEDGED, (const int64_t[]){(int64_t)event, (int64_t)s->now}, 2);
    if (s->fd >= 0)
        append(s, record, sizeof record);
}

void store_receipt(struct store *s, const void *proof, size_t len)
{
    if (s->db != NULL) {
        (void)sqlite3_bind_blob(s->statements[RECEIPT], 1, proof, (int)len, SQLITE_STATIC);
        run(s, RECEIPT, NULL, 0);
    }
    if (s->fd >= 0)
        append(s, proof, len);
}

void store_commit(struct store *s)
{
    if (s->db != NULL)
        run(s, COMMIT, NULL, 0);
    if (s->fd < 0)
        return;
    if (s->offset + s->used > LOG_BYTES)
        s->offset = 0;
    if (pwrite(s->fd, s->group, s->used, (off_t)s->offset) != (ssize_t)s->used ||
        fdatasync(s->fd) != 0)
        fail(s, "log");
    s->offset += s->used;
}
