/* A test-only SQLite VFS, preloaded into broker and agents: what was written reaches the disk at
 * xSync and not before. So kill -9 is a power cut: everything that was not synced is gone. It also
 * makes syncs and writes fail, fills the disk and cuts the power, as told (control.h).
 *
 * Wrapped around the default VFS, which keeps locks and shared memory. Registered at the first
 * open, so that the program's own settings of the library come first. */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/chaos/control.h"
#include "tests/chaos/cutfile.h"

#define KEPT_BACK (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)

struct shim_file {
    sqlite3_file base;
    struct jb_cut_file *cut;
    bool writable;
    sqlite3_file *real; /* behind this struct, in the same memory */
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct jb_chaos_control nobody; /* when there is no driver */
static struct jb_chaos_control *control = &nobody;
static sqlite3_vfs *parent;
static sqlite3_vfs shim;

/* ---- orders ---- */

/* One of so many; false: none left. */
static bool take(jb_chaos_number *orders)
{
    int64_t left = atomic_load(orders);

    while (left > 0)
        if (atomic_compare_exchange_weak(orders, &left, left - 1))
            return true;
    return false;
}

static int64_t ordered(const jb_chaos_number *order)
{
    return atomic_load(order);
}

static int64_t count(jb_chaos_number *counter)
{
    return atomic_fetch_add(counter, 1) + 1;
}

static bool is_full(int len)
{
    if (ordered(&control->full) == 0)
        return false;
    return atomic_fetch_sub(&control->room, len) < len;
}

static void power_off(void)
{
    (void)raise(SIGKILL);
}

/* ---- one open file ---- */

static struct shim_file *of(sqlite3_file *file)
{
    return (struct shim_file *)file;
}

static sqlite3_file *real_of(sqlite3_file *file)
{
    return of(file)->real;
}

/* What the process wrote stays in the machine when it ends in order. */
static int shim_close(sqlite3_file *file)
{
    struct shim_file *f = of(file);

    (void)pthread_mutex_lock(&mutex);
    if (f->writable)
        (void)jb_cut_flush(f->cut, f->real, -1);
    jb_cut_close(f->cut);
    (void)pthread_mutex_unlock(&mutex);
    return f->real->pMethods->xClose(f->real);
}

static int shim_read(sqlite3_file *file, void *out, int len, sqlite3_int64 at)
{
    (void)pthread_mutex_lock(&mutex);
    int rc = jb_cut_read(of(file)->cut, real_of(file), out, len, at);
    (void)pthread_mutex_unlock(&mutex);
    return rc;
}

/* One piece in so many reaches the disk out of its order, also of what the program writes at once.
 * Not where a cut has not reached the disk: there no file system lets a write overtake it. */
static int leak(struct shim_file *f, const void *data, int len, sqlite3_int64 at)
{
    int64_t every = ordered(&control->leak_every);
    int rc = SQLITE_OK;

    for (int done = 0; done < len && rc == SQLITE_OK; done += JB_CUT_BLOCK) {
        int piece = len - done < JB_CUT_BLOCK ? len - done : JB_CUT_BLOCK;
        int64_t number = count(&control->writes);
        if (every > 0 && number % every == 0 && at + done + piece <= f->cut->valid)
            rc = f->real->pMethods->xWrite(f->real, (const char *)data + done, piece, at + done);
    }
    return rc;
}

static int shim_write(sqlite3_file *file, const void *data, int len, sqlite3_int64 at)
{
    struct shim_file *f = of(file);

    if (take(&control->fail_writes)) {
        (void)count(&control->failed_writes);
        return SQLITE_IOERR_WRITE;
    }
    if (is_full(len)) {
        (void)count(&control->full_writes);
        return SQLITE_FULL;
    }
    (void)pthread_mutex_lock(&mutex);
    int rc = jb_cut_write(f->cut, f->real, data, len, at);
    if (rc == SQLITE_OK)
        rc = leak(f, data, len, at);
    (void)pthread_mutex_unlock(&mutex);
    return rc;
}

static int shim_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    (void)pthread_mutex_lock(&mutex);
    jb_cut_truncate(of(file)->cut, size);
    (void)pthread_mutex_unlock(&mutex);
    return SQLITE_OK;
}

/* Is this the sync at which the power goes? */
static bool is_last(void)
{
    return take(&control->die_in) && ordered(&control->die_in) == 0;
}

static int sync_now(struct shim_file *f, int flags)
{
    int64_t how = ordered(&control->die_how);
    bool last = is_last();

    if (last && how == 1)
        (void)jb_cut_flush(f->cut, f->real, 2);
    if (last && how != 2)
        power_off();
    if (ordered(&control->skip_sync) != 0) {
        (void)count(&control->skipped_syncs);
        return SQLITE_OK;
    }
    if (take(&control->fail_syncs)) {
        jb_cut_give_up(f->cut);
        (void)count(&control->failed_syncs);
        return SQLITE_IOERR_FSYNC;
    }
    int rc = jb_cut_flush(f->cut, f->real, -1);
    if (rc == SQLITE_OK)
        rc = f->real->pMethods->xSync(f->real, flags);
    (void)count(&control->syncs);
    if (last)
        power_off();
    return rc;
}

static int shim_sync(sqlite3_file *file, int flags)
{
    (void)pthread_mutex_lock(&mutex);
    int rc = sync_now(of(file), flags);
    (void)pthread_mutex_unlock(&mutex);
    return rc;
}

static int shim_size(sqlite3_file *file, sqlite3_int64 *size)
{
    (void)pthread_mutex_lock(&mutex);
    *size = of(file)->cut->size;
    (void)pthread_mutex_unlock(&mutex);
    return SQLITE_OK;
}

/* ---- what goes to the VFS below ---- */

static int shim_lock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int shim_unlock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int shim_check_lock(sqlite3_file *file, int *out)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), out);
}

/* A hint of the size that is to come would lengthen the file on the disk. */
static int shim_control(sqlite3_file *file, int op, void *arg)
{
    if (op == SQLITE_FCNTL_SIZE_HINT || op == SQLITE_FCNTL_CHUNK_SIZE)
        return SQLITE_OK;
    return real_of(file)->pMethods->xFileControl(real_of(file), op, arg);
}

static int shim_sector(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int shim_traits(sqlite3_file *file)
{
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static int shim_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out)
{
    return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, out);
}

static int shim_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
    return real_of(file)->pMethods->xShmLock(real_of(file), offset, n, flags);
}

static void shim_shm_barrier(sqlite3_file *file)
{
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int shim_shm_unmap(sqlite3_file *file, int delete_flag)
{
    return real_of(file)->pMethods->xShmUnmap(real_of(file), delete_flag);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2, /* without memory mapped reading, which would not see what is kept back */
    .xClose = shim_close,
    .xRead = shim_read,
    .xWrite = shim_write,
    .xTruncate = shim_truncate,
    .xSync = shim_sync,
    .xFileSize = shim_size,
    .xLock = shim_lock,
    .xUnlock = shim_unlock,
    .xCheckReservedLock = shim_check_lock,
    .xFileControl = shim_control,
    .xSectorSize = shim_sector,
    .xDeviceCharacteristics = shim_traits,
    .xShmMap = shim_shm_map,
    .xShmLock = shim_shm_lock,
    .xShmBarrier = shim_shm_barrier,
    .xShmUnmap = shim_shm_unmap,
};

static int shim_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    struct shim_file *f = of(file);
    int opened = 0;

    (void)vfs;
    if (name == NULL || (flags & KEPT_BACK) == 0)
        return parent->xOpen(parent, name, file, flags, out);
    memset(f, 0, sizeof *f);
    f->real = (sqlite3_file *)(void *)(f + 1);
    int rc = parent->xOpen(parent, name, f->real, flags, &opened);
    if (rc != SQLITE_OK)
        return rc;
    (void)pthread_mutex_lock(&mutex);
    f->cut = jb_cut_open(name, f->real);
    (void)pthread_mutex_unlock(&mutex);
    if (f->cut == NULL) {
        (void)f->real->pMethods->xClose(f->real);
        return SQLITE_NOMEM;
    }
    f->writable = (opened & SQLITE_OPEN_READWRITE) != 0;
    f->base.pMethods = &methods;
    if (out != NULL)
        *out = opened;
    return SQLITE_OK;
}

/* ---- into the process ---- */

static void map_control(void)
{
    const char *path = getenv(JB_CHAOS_ENV);
    int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;

    if (path == NULL)
        return;
    void *at = fd < 0 ? MAP_FAILED
                      : mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED)
        abort(); /* a test without its orders proves nothing */
    (void)close(fd);
    control = at;
}

static void start(void)
{
    map_control();
    parent = sqlite3_vfs_find(NULL);
    if (parent == NULL)
        abort();
    shim = *parent; /* everything but opening */
    shim.pNext = NULL;
    shim.zName = "powercut";
    shim.szOsFile = (int)sizeof(struct shim_file) + parent->szOsFile;
    shim.xOpen = shim_open;
    if (sqlite3_vfs_register(&shim, 1) != SQLITE_OK)
        abort();
}

typedef int (*open_fn)(const char *, sqlite3 **, int, const char *);

/* Stands before the library's own, because this one is preloaded. */
int sqlite3_open_v2(const char *name, sqlite3 **db, int flags, const char *vfs)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    open_fn next;
    void *symbol = dlsym(RTLD_NEXT, "sqlite3_open_v2");

    if (symbol == NULL)
        abort();
    memcpy(&next, &symbol, sizeof next);
    (void)pthread_once(&once, start);
    return next(name, db, flags, vfs);
}
