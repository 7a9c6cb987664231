/* See faults.h. */
#include "tests/unit/faults.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

const char *const fault_names[FAULT_COUNT] = {"our memory", "SQLite's memory", "a write",
                                              "a full disk", "a sync"};

/* The commit runs on another thread. */
static atomic_int armed = -1;
static atomic_long left;
static atomic_bool fired;
static atomic_long database_syncs;
static atomic_long wal_writes;
static atomic_long wal_syncs;

void fault_arm(enum fault kind, long n)
{
    atomic_store(&fired, false);
    atomic_store(&left, n);
    atomic_store(&armed, (int)kind);
}

bool fault_disarm(void)
{
    atomic_store(&armed, -1);
    return atomic_load(&fired);
}

long faults_database_syncs(void)
{
    return atomic_load(&database_syncs);
}

long faults_wal_writes(void)
{
    return atomic_load(&wal_writes);
}

long faults_wal_syncs(void)
{
    return atomic_load(&wal_syncs);
}

static bool fails(enum fault kind)
{
    if (atomic_load(&armed) != (int)kind || atomic_fetch_sub(&left, 1) != 1)
        return false;
    atomic_store(&fired, true);
    errno = kind == FAULT_FULL ? ENOSPC : EIO;
    return true;
}

/* ---- our memory: --wrap gives us these names ---- */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_reallocarray(void *old, size_t count, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t len);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t len);

void *__wrap_malloc(size_t size)
{
    return fails(FAULT_OUR_MEMORY) ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails(FAULT_OUR_MEMORY) ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails(FAULT_OUR_MEMORY) ? NULL : __real_realloc(old, size);
}

void *__wrap_reallocarray(void *old, size_t count, size_t size)
{
    return fails(FAULT_OUR_MEMORY) ? NULL : __real_reallocarray(old, count, size);
}

char *__wrap_strdup(const char *text)
{
    return fails(FAULT_OUR_MEMORY) ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t len)
{
    return fails(FAULT_OUR_MEMORY) ? NULL : __real_strndup(text, len);
}

/* ---- SQLite's memory ---- */

static sqlite3_mem_methods memory;

static void *sqlite_malloc(int size)
{
    return fails(FAULT_SQLITE_MEMORY) ? NULL : memory.xMalloc(size);
}

static void *sqlite_realloc(void *old, int size)
{
    return fails(FAULT_SQLITE_MEMORY) ? NULL : memory.xRealloc(old, size);
}

/* ---- files ---- */

struct file {
    sqlite3_file base;
    bool database;
    bool wal;
    sqlite3_file *real; /* behind this struct */
};

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct file *)(void *)file)->real;
}

#define PASS(name, parameters, arguments)                                                          \
    static int file_##name parameters                                                              \
    {                                                                                              \
        return real_of(f)->pMethods->x##name arguments;                                            \
    }

PASS(Close, (sqlite3_file * f), (real_of(f)))
PASS(Read, (sqlite3_file * f, void *data, int len, sqlite3_int64 at), (real_of(f), data, len, at))
PASS(Truncate, (sqlite3_file * f, sqlite3_int64 size), (real_of(f), size))
PASS(FileSize, (sqlite3_file * f, sqlite3_int64 *size), (real_of(f), size))
PASS(Lock, (sqlite3_file * f, int level), (real_of(f), level))
PASS(Unlock, (sqlite3_file * f, int level), (real_of(f), level))
PASS(CheckReservedLock, (sqlite3_file * f, int *out), (real_of(f), out))
PASS(FileControl, (sqlite3_file * f, int op, void *arg), (real_of(f), op, arg))
PASS(SectorSize, (sqlite3_file * f), (real_of(f)))
PASS(DeviceCharacteristics, (sqlite3_file * f), (real_of(f)))
PASS(ShmMap, (sqlite3_file * f, int page, int size, int extend, void volatile **out),
     (real_of(f), page, size, extend, out))
PASS(ShmLock, (sqlite3_file * f, int from, int count, int flags), (real_of(f), from, count, flags))
PASS(ShmUnmap, (sqlite3_file * f, int drop), (real_of(f), drop))

static void file_ShmBarrier(sqlite3_file *f)
{
    real_of(f)->pMethods->xShmBarrier(real_of(f));
}

static int file_Write(sqlite3_file *f, const void *data, int len, sqlite3_int64 at)
{
    if (((struct file *)(void *)f)->wal)
        atomic_fetch_add(&wal_writes, 1);
    if (fails(FAULT_WRITE))
        return SQLITE_IOERR_WRITE;
    if (fails(FAULT_FULL))
        return SQLITE_FULL;
    return real_of(f)->pMethods->xWrite(real_of(f), data, len, at);
}

/* What was written stays in the cache, as after a real one. One that succeeds does nothing either:
 * nobody cuts the power of a test, and thousands would take their time. */
static int file_Sync(sqlite3_file *f, int flags)
{
    if (((struct file *)(void *)f)->database)
        atomic_fetch_add(&database_syncs, 1);
    if (((struct file *)(void *)f)->wal)
        atomic_fetch_add(&wal_syncs, 1);
    (void)flags;
    return fails(FAULT_SYNC) ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_Close,
    .xRead = file_Read,
    .xWrite = file_Write,
    .xTruncate = file_Truncate,
    .xSync = file_Sync,
    .xFileSize = file_FileSize,
    .xLock = file_Lock,
    .xUnlock = file_Unlock,
    .xCheckReservedLock = file_CheckReservedLock,
    .xFileControl = file_FileControl,
    .xSectorSize = file_SectorSize,
    .xDeviceCharacteristics = file_DeviceCharacteristics,
    .xShmMap = file_ShmMap,
    .xShmLock = file_ShmLock,
    .xShmBarrier = file_ShmBarrier,
    .xShmUnmap = file_ShmUnmap,
};

static sqlite3_vfs *system_files;

static int files_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out)
{
    struct file *file = (struct file *)(void *)f;
    (void)vfs;
    memset(file, 0, sizeof *file);
    file->real = (sqlite3_file *)(void *)(file + 1);
    file->database = (flags & SQLITE_OPEN_MAIN_DB) != 0;
    file->wal = (flags & SQLITE_OPEN_WAL) != 0;
    int rc = system_files->xOpen(system_files, name, file->real, flags, out);
    if (rc == SQLITE_OK)
        f->pMethods = &methods;
    return rc;
}

void faults_install(void)
{
    static sqlite3_mem_methods ours;
    static sqlite3_vfs files;
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &memory), SQLITE_OK);
    ours = memory;
    ours.xMalloc = sqlite_malloc;
    ours.xRealloc = sqlite_realloc;
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &ours), SQLITE_OK);
    assert_int_equal(sqlite3_initialize(), SQLITE_OK);
    system_files = sqlite3_vfs_find(NULL);
    files = *system_files;
    files.zName = "faults";
    files.szOsFile = (int)sizeof(struct file) + system_files->szOsFile;
    files.xOpen = files_open;
    assert_int_equal(sqlite3_vfs_register(&files, 1), SQLITE_OK);
}
