/* The write-ahead log: when it is moved into the file, and whether the disk can be trusted with it.
 */
#include <stdio.h>
#include <sys/statvfs.h>

#include "proto/ledger/db.h"

/* Everything that can be read here is written once more and synced before anybody is told of it.
 *
 * A process that was killed between writing to the WAL and syncing it leaves a transaction that the
 * next one finds whole, and a failed fsync leaves pages that the kernel holds for clean although
 * the disk never got them. Both look good out of the page cache and would be gone after the next
 * power cut: to confirm them would be a lie. A checkpoint copies every page of the WAL into the
 * database file, where it is dirty anew, and syncs that file; only when this succeeds does it count
 * the pages as moved. What the cache has lost meanwhile fails its checksum and was never seen.
 * Within one process nothing of the kind can be seen: a commit whose sync failed is not put into
 * the index of the WAL, and the next commit overwrites it. */
enum jb_err jb_wal_settle(struct jb_ledger *l)
{
    int left = 0;
    int done = 0;

    if (l->memory || l->read_only)
        return JB_OK;
    int rc = sqlite3_wal_checkpoint_v2(l->db, NULL, SQLITE_CHECKPOINT_FULL, &left, &done);
    if (rc != SQLITE_OK)
        return jb_db_fail(l, rc);
    return left == done ? JB_OK : JB_BUSY;
}

#define LAY_BYTES 65536
#define LAY_FREE 64 /* only where so many times as much is free */

/* Behind what it holds: frames of zeros have no valid checksum, nobody reads them. */
void jb_ledger_wal_lay_out(struct jb_ledger *l, int64_t bytes)
{
    static const uint8_t zeros[LAY_BYTES];
    sqlite3_file *wal = NULL;
    sqlite3_int64 at = 0;
    struct statvfs disk;

    if (l->memory || l->read_only || statvfs(sqlite3_db_filename(l->db, "main"), &disk) != 0 ||
        disk.f_bavail / LAY_FREE < (uint64_t)bytes / disk.f_frsize)
        return;
    if (sqlite3_file_control(l->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal) != SQLITE_OK ||
        wal == NULL || wal->pMethods == NULL || wal->pMethods->xFileSize(wal, &at) != SQLITE_OK)
        return;
    int rc = SQLITE_OK;
    for (; at < bytes && rc == SQLITE_OK; at += LAY_BYTES)
        rc = wal->pMethods->xWrite(wal, zeros, LAY_BYTES, at);
    if (rc == SQLITE_OK)
        (void)wal->pMethods->xSync(wal, SQLITE_SYNC_NORMAL);
}

/* One page is written again as it is: page 1, which holds the version of the schema. */
enum jb_err jb_ledger_probe(struct jb_ledger *l)
{
    char sql[64];
    int64_t version = 0;
    enum jb_err err = jb_db_number(l, "PRAGMA user_version", &version);

    (void)snprintf(sql, sizeof sql, "PRAGMA user_version = %lld", (long long)version);
    if (err == JB_OK)
        err = jb_ledger_begin(l);
    if (err != JB_OK)
        return err;
    err = jb_db_exec(l, sql);
    if (err == JB_OK)
        err = jb_ledger_commit(l);
    else
        jb_ledger_rollback(l);
    if (err == JB_OK)
        err = jb_wal_settle(l);
    return err == JB_BUSY ? JB_OK : err; /* a reader only puts the settling off */
}

void jb_ledger_checkpoint(struct jb_ledger *l, bool all)
{
    int left = 0;
    int done = 0;

    if (l->memory || l->read_only || l->writing)
        return;
    int mode = all ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
    if (sqlite3_wal_checkpoint_v2(l->db, NULL, mode, &left, &done) != SQLITE_OK)
        return; /* a reader holds it up: the next one will do */
    if (left == done)
        l->wal_bytes = 0; /* the next commit writes from its start again */
}

bool jb_wal_move(const char *path)
{
    sqlite3 *db = NULL;
    int left = 0;
    int done = 0;
    int rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, "PRAGMA wal_autocheckpoint = 0; PRAGMA user_version", NULL, NULL,
                          NULL); /* to read something opens the WAL */
    if (rc == SQLITE_OK)
        rc = sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE, &left, &done);
    (void)sqlite3_close(db);
    return rc == SQLITE_OK && done > 0;
}

int64_t jb_ledger_wal_bytes(const struct jb_ledger *l)
{
    return l->wal_bytes;
}
