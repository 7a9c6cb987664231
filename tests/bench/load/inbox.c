/* See inbox.h. */
#include "tests/bench/load/inbox.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

struct inbox {
    sqlite3 *db;
    sqlite3_stmt *begin, *insert, *commit;
};

static void run(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        load_die("inbox: %s: %s", sql, sqlite3_errmsg(db));
}

static sqlite3_stmt *prepared(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *s = NULL;
    if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &s, NULL) != SQLITE_OK)
        load_die("inbox: %s: %s", sql, sqlite3_errmsg(db));
    return s;
}

static void step(struct inbox *box, sqlite3_stmt *s)
{
    if (sqlite3_step(s) != SQLITE_DONE)
        load_die("inbox: %s: %s", sqlite3_sql(s), sqlite3_errmsg(box->db));
    (void)sqlite3_reset(s);
}

struct inbox *inbox_open(int node)
{
    struct inbox *box = load_zeroed(1, sizeof *box);
    char path[512];
    (void)snprintf(path, sizeof path, "%s/node%d.db", load.folder, node);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(path, &box->db, flags, NULL) != SQLITE_OK)
        load_die("inbox: %s: %s", path, sqlite3_errmsg(box->db));
    /* Made without waiting for the disk: only what is measured has to. */
    run(box->db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"
                 "CREATE TABLE IF NOT EXISTS inbox(key INTEGER PRIMARY KEY, body BLOB)");
    run(box->db, load.receivers_sync ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=OFF");
    box->begin = prepared(box->db, "BEGIN IMMEDIATE");
    box->insert = prepared(box->db, "INSERT OR IGNORE INTO inbox VALUES(?,?)");
    box->commit = prepared(box->db, "COMMIT");
    return box;
}

void inbox_commit(struct inbox *box, struct load_batch *batch)
{
    step(box, box->begin);
    for (size_t i = 0; i < batch->count; i++) {
        struct load_item *item = &batch->items[i];
        (void)sqlite3_bind_int64(box->insert, 1, item->key);
        (void)sqlite3_bind_blob(box->insert, 2, load_body(batch, item), (int)item->len,
                                SQLITE_STATIC);
        step(box, box->insert);
        item->fresh = sqlite3_changes(box->db) > 0;
    }
    step(box, box->commit);
}
