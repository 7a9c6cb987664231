/* See reserve.h. */
#include "proto/ledger/reserve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum jb_err jb_reserve_init(struct jb_reserve *r, const char *folder, int64_t size_bytes)
{
    r->size_bytes = size_bytes;
    atomic_store(&r->held, false);
    if (asprintf(&r->path, "%s/reserve", folder) >= 0)
        return JB_OK;
    r->path = NULL;
    return JB_NOMEM;
}

void jb_reserve_fini(struct jb_reserve *r)
{
    free(r->path);
    r->path = NULL;
}

static enum jb_err os_error(int code)
{
    switch (code) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG: /* a limit on the size of files */
        return JB_FULL;
    case ENOMEM:
        return JB_NOMEM;
    case EACCES:
    case EPERM:
        return JB_DENIED;
    default:
        return JB_IO;
    }
}

/* A file that has its length already may have holes: its blocks are asked for again all the same,
 * which costs nothing when they are there. */
static enum jb_err take(int fd, int64_t size_bytes)
{
    int rc = posix_fallocate(fd, 0, size_bytes);

    if (rc == 0)
        return ftruncate(fd, size_bytes) == 0 ? JB_OK : os_error(errno);
    (void)!ftruncate(fd, 0); /* a piece of it is of no use, and others need the room */
    return os_error(rc);
}

enum jb_err jb_reserve_fill(struct jb_reserve *r)
{
    if (r->path == NULL || atomic_load(&r->held))
        return JB_OK;
    if (r->size_bytes == 0)
        return unlink(r->path) == 0 || errno == ENOENT ? JB_OK : os_error(errno);
    int fd = open(r->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return os_error(errno);
    enum jb_err err = take(fd, r->size_bytes);
    (void)close(fd);
    atomic_store(&r->held, err == JB_OK);
    return err;
}

bool jb_reserve_free(struct jb_reserve *r)
{
    struct stat st;

    if (r->path == NULL)
        return false;
    int fd = open(r->path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return false;
    /* Some file systems hand out what was given free only after it is on record. */
    bool freed = fstat(fd, &st) == 0 && st.st_size > 0 && ftruncate(fd, 0) == 0 && fsync(fd) == 0;
    (void)close(fd);
    atomic_store(&r->held, false);
    return freed;
}

int64_t jb_disk_free_bytes(const char *folder)
{
    struct statvfs fs;

    if (statvfs(folder, &fs) != 0)
        return -1;
    return (int64_t)(fs.f_bavail * fs.f_frsize);
}
