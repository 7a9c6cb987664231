/* See blobfile.h. */
#include "proto/ledger/blobfile.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static const char magic[8] = "JBBLOB1";

#define HEADER_BYTES 12

enum jb_err jb_blobfile_error(int code)
{
    switch (code) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return JB_FULL;
    case ENOENT:
        return JB_NOT_FOUND;
    case EACCES:
    case EPERM:
    case EROFS:
        return JB_DENIED;
    case ENOMEM:
        return JB_NOMEM;
    default:
        return JB_IO;
    }
}

enum jb_err jb_blobfile_pread(int fd, void *into, size_t len, int64_t offset)
{
    uint8_t *at = into;

    while (len > 0) {
        ssize_t n = pread(fd, at, len, offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return jb_blobfile_error(errno);
        if (n == 0)
            return JB_CORRUPT;
        at += n;
        offset += n;
        len -= (size_t)n;
    }
    return JB_OK;
}

enum jb_err jb_blobfile_pwrite(int fd, const void *from, size_t len, int64_t offset)
{
    const uint8_t *at = from;

    while (len > 0) {
        ssize_t n = pwrite(fd, at, len, offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return jb_blobfile_error(errno);
        at += n;
        offset += n;
        len -= (size_t)n;
    }
    return JB_OK;
}

enum jb_err jb_blobfile_manifest(int fd, struct jb_arena *arena, struct jb_bytes *manifest)
{
    uint8_t head[HEADER_BYTES];
    enum jb_err err = jb_blobfile_pread(fd, head, sizeof head, 0);

    if (err != JB_OK)
        return err;
    size_t len = (size_t)head[8] << 24 | (size_t)head[9] << 16 | (size_t)head[10] << 8 | head[11];
    if (memcmp(head, magic, sizeof magic) != 0 || len == 0 || len > JB_BLOB_MANIFEST_MAX_BYTES)
        return JB_CORRUPT;
    uint8_t *bytes = jb_arena_alloc(arena, len);
    if (bytes == NULL)
        return JB_NOMEM;
    *manifest = (struct jb_bytes){bytes, len};
    return jb_blobfile_pread(fd, bytes, len, HEADER_BYTES);
}

enum jb_err jb_blobfile_begin(int fd, struct jb_bytes manifest)
{
    uint8_t head[HEADER_BYTES];

    memcpy(head, magic, sizeof magic);
    for (int i = 0; i < 4; i++)
        head[8 + i] = (uint8_t)(manifest.len >> (24 - 8 * i));
    enum jb_err err = jb_blobfile_pwrite(fd, manifest.data, manifest.len, HEADER_BYTES);
    if (err == JB_OK)
        err = jb_blobfile_pwrite(fd, head, sizeof head, 0);
    return err == JB_OK && fsync(fd) != 0 ? jb_blobfile_error(errno) : err;
}

enum jb_err jb_blobfile_sync_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return jb_blobfile_error(errno);
    enum jb_err err = fsync(fd) == 0 ? JB_OK : jb_blobfile_error(errno);
    (void)close(fd);
    return err;
}
