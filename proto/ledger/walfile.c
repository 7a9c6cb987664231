/* See walfile.h. */
#include "proto/ledger/walfile.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_BYTES                                                                                 \
    ((size_t)31 * (24 + 4096)) /* frames; SQLite's unix files take less than 128 KiB at once */
#define REAL_BYTES 1024        /* at most, of the system's own file */

struct wal_file {
    sqlite3_file base;
    uint8_t *room;    /* ROOM_BYTES; what has gathered */
    size_t len;       /* of it */
    sqlite3_int64 at; /* where it belongs in the file */
    bool lazy;        /* a sync need not wait */
    bool begun;       /* the WAL's header was written and not synced yet */
    uint64_t real[REAL_BYTES / sizeof(uint64_t)]; /* SQLite aligns its files to eight bytes */
};

static struct wal_file *file_of(sqlite3_file *f)
{
    return (struct wal_file *)(void *)f;
}

static sqlite3_file *real_of(struct wal_file *w)
{
    return (sqlite3_file *)(void *)w->real;
}

/* What cannot be written is dropped: the transaction that it belongs to fails, and the next one
 * writes in its place. */
static int flush(struct wal_file *w)
{
    size_t len = w->len;

    w->len = 0;
    if (len == 0)
        return SQLITE_OK;
    return real_of(w)->pMethods->xWrite(real_of(w), w->room, (int)len, w->at);
}

static int wal_close(sqlite3_file *f)
{
    struct wal_file *w = file_of(f);
    int rc = flush(w);
    int closed = real_of(w)->pMethods->xClose(real_of(w));

    free(w->room);
    w->room = NULL;
    return rc != SQLITE_OK ? rc : closed;
}

static bool overlaps(const struct wal_file *w, sqlite3_int64 at, int len)
{
    return at < w->at + (sqlite3_int64)w->len && w->at < at + len;
}

static int wal_read(sqlite3_file *f, void *data, int len, sqlite3_int64 at)
{
    struct wal_file *w = file_of(f);
    int rc = overlaps(w, at, len) ? flush(w) : SQLITE_OK;

    return rc == SQLITE_OK ? real_of(w)->pMethods->xRead(real_of(w), data, len, at) : rc;
}

static int wal_write(sqlite3_file *f, const void *data, int len, sqlite3_int64 at)
{
    struct wal_file *w = file_of(f);
    size_t bytes = (size_t)len;
    int rc = SQLITE_OK;

    w->begun = w->begun || at == 0;
    if (at != w->at + (sqlite3_int64)w->len || w->len + bytes > ROOM_BYTES)
        rc = flush(w);
    if (rc != SQLITE_OK || bytes > ROOM_BYTES)
        return rc == SQLITE_OK ? real_of(w)->pMethods->xWrite(real_of(w), data, len, at) : rc;
    if (w->len == 0)
        w->at = at;
    memcpy(w->room + w->len, data, bytes);
    w->len += bytes;
    return SQLITE_OK;
}

static int wal_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    struct wal_file *w = file_of(f);
    int rc = flush(w);

    return rc == SQLITE_OK ? real_of(w)->pMethods->xTruncate(real_of(w), size) : rc;
}

static int wal_sync(sqlite3_file *f, int flags)
{
    struct wal_file *w = file_of(f);
    int rc = flush(w);

    if (rc != SQLITE_OK || (w->lazy && !w->begun))
        return rc;
    rc = real_of(w)->pMethods->xSync(real_of(w), flags);
    if (rc == SQLITE_OK)
        w->begun = false;
    return rc;
}

static int wal_size(sqlite3_file *f, sqlite3_int64 *size)
{
    struct wal_file *w = file_of(f);
    int rc = flush(w);

    return rc == SQLITE_OK ? real_of(w)->pMethods->xFileSize(real_of(w), size) : rc;
}

static int wal_lock(sqlite3_file *f, int level)
{
    return real_of(file_of(f))->pMethods->xLock(real_of(file_of(f)), level);
}

static int wal_unlock(sqlite3_file *f, int level)
{
    return real_of(file_of(f))->pMethods->xUnlock(real_of(file_of(f)), level);
}

static int wal_reserved(sqlite3_file *f, int *held)
{
    return real_of(file_of(f))->pMethods->xCheckReservedLock(real_of(file_of(f)), held);
}

static int wal_control(sqlite3_file *f, int op, void *arg)
{
    return real_of(file_of(f))->pMethods->xFileControl(real_of(file_of(f)), op, arg);
}

static int wal_sector(sqlite3_file *f)
{
    return real_of(file_of(f))->pMethods->xSectorSize(real_of(file_of(f)));
}

static int wal_device(sqlite3_file *f)
{
    return real_of(file_of(f))->pMethods->xDeviceCharacteristics(real_of(file_of(f)));
}

static const sqlite3_io_methods methods = {
    .iVersion = 1, /* shared memory belongs to the database's file, not to this one */
    .xClose = wal_close,
    .xRead = wal_read,
    .xWrite = wal_write,
    .xTruncate = wal_truncate,
    .xSync = wal_sync,
    .xFileSize = wal_size,
    .xLock = wal_lock,
    .xUnlock = wal_unlock,
    .xCheckReservedLock = wal_reserved,
    .xFileControl = wal_control,
    .xSectorSize = wal_sector,
    .xDeviceCharacteristics = wal_device,
};

/* Files by the system's own way, whatever that is now; only a WAL is wrapped. */
static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out)
{
    struct wal_file *w = file_of(f);
    sqlite3_vfs *system = sqlite3_vfs_find(NULL);

    (void)vfs;
    f->pMethods = NULL;
    if (system == NULL || system->szOsFile > REAL_BYTES)
        return SQLITE_CANTOPEN;
    if ((flags & SQLITE_OPEN_WAL) == 0)
        return system->xOpen(system, name, f, flags, out);
    memset(w, 0, sizeof *w);
    w->room = malloc(ROOM_BYTES);
    if (w->room == NULL)
        return SQLITE_NOMEM;
    int rc = system->xOpen(system, name, real_of(w), flags, out);
    if (rc == SQLITE_OK) {
        f->pMethods = &methods;
        return rc;
    }
    free(w->room);
    w->room = NULL;
    return rc;
}

int jb_walfile_register(void)
{
    static sqlite3_vfs ours;
    const sqlite3_vfs *system = sqlite3_vfs_find(NULL);

    if (system == NULL)
        return SQLITE_ERROR;
    ours = *system;
    ours.pNext = NULL;
    ours.zName = JB_WAL_VFS;
    ours.szOsFile = (int)sizeof(struct wal_file);
    ours.xOpen = open_file;
    return sqlite3_vfs_register(&ours, 0);
}

void jb_walfile_lazy(sqlite3 *db, bool lazy)
{
    sqlite3_file *f = NULL;

    if (sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &f) == SQLITE_OK &&
        f != NULL && f->pMethods == &methods)
        file_of(f)->lazy = lazy;
}
