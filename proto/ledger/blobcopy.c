/* See blobcopy.h. A copy is written beside its name and gets it when it is on the disk, so that
 * what has the name is whole. */
#include "proto/ledger/blobcopy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARENA_BYTES ((size_t)2 * 1024 * 1024)
#define NAME_DIGITS (2 * (size_t)JB_HASH_BYTES)
#define SYNC_CHUNKS 8 /* written between two syncs: what gathers holds up everybody's */

static void path_make(const char *folder, const uint8_t hash[JB_HASH_BYTES], const char *ending,
                      char path[JB_BLOBFILE_PATH])
{
    char text[JB_BLOB_HASH_TEXT];

    jb_blob_hash_text(hash, text);
    (void)snprintf(path, JB_BLOBFILE_PATH, "%s/%s.%s", folder, text, ending);
}

/* ---- names ---- */

static bool name_take(const char *name, uint8_t hash[JB_HASH_BYTES])
{
    const char *end = NULL;
    size_t len = 0;

    return strlen(name) == NAME_DIGITS + 5 && strcmp(name + NAME_DIGITS, ".blob") == 0 &&
           sodium_hex2bin(hash, JB_HASH_BYTES, name, NAME_DIGITS, NULL, &len, &end) == 0 &&
           len == JB_HASH_BYTES;
}

/* Of a copy that was not finished. */
static bool is_left(const char *name)
{
    return strlen(name) == NAME_DIGITS + 5 && strcmp(name + NAME_DIGITS, ".copy") == 0 &&
           strspn(name, "0123456789abcdef") == NAME_DIGITS;
}

static enum jb_err name_push(struct jb_blob_names *names, const uint8_t hash[JB_HASH_BYTES])
{
    if (names->count == names->capacity) {
        size_t wanted = names->capacity == 0 ? 256 : names->capacity * 2;
        uint8_t(*bigger)[JB_HASH_BYTES] = reallocarray(names->at, wanted, sizeof *bigger);
        if (bigger == NULL)
            return JB_NOMEM;
        names->at = bigger;
        names->capacity = wanted;
    }
    memcpy(names->at[names->count++], hash, JB_HASH_BYTES);
    return JB_OK;
}

static int by_hash(const void *a, const void *b)
{
    return memcmp(a, b, JB_HASH_BYTES);
}

enum jb_err jb_blob_names_read(const char *folder, struct jb_blob_names *out,
                               struct jb_fault *fault)
{
    enum jb_err err = JB_OK;
    uint8_t hash[JB_HASH_BYTES];
    DIR *dir = opendir(folder);

    *out = (struct jb_blob_names){NULL, 0, 0};
    if (dir == NULL && errno == ENOENT)
        return JB_OK;
    if (dir == NULL)
        return jb_fault_set(fault, jb_blobfile_error(errno), "%s: %s", folder, strerror(errno));
    while (err == JB_OK) {
        errno = 0;
        const struct dirent *e = readdir(dir);
        if (e == NULL) {
            err = errno != 0 ? jb_blobfile_error(errno) : JB_OK;
            break;
        }
        if (name_take(e->d_name, hash))
            err = name_push(out, hash);
    }
    (void)closedir(dir);
    if (err != JB_OK)
        return jb_fault_set(fault, err, "%s: %s", folder, jb_err_text(err));
    if (out->count > 0)
        qsort(out->at, out->count, JB_HASH_BYTES, by_hash);
    return JB_OK;
}

bool jb_blob_names_has(const struct jb_blob_names *names, const uint8_t hash[JB_HASH_BYTES])
{
    return names->count > 0 &&
           bsearch(hash, names->at, names->count, JB_HASH_BYTES, by_hash) != NULL;
}

void jb_blob_names_free(struct jb_blob_names *names)
{
    free(names->at);
    *names = (struct jb_blob_names){NULL, 0, 0};
}

/* ---- one blob ---- */

struct copying {
    const struct jb_blob_copying *how;
    int from, to; /* to: -1: only look */
    struct jb_bytes bytes;
    struct jb_blob_manifest m;
};

static enum jb_err head_copy(struct copying *c, const uint8_t hash[JB_HASH_BYTES],
                             struct jb_arena *arena)
{
    uint8_t found[JB_HASH_BYTES];
    struct jb_fault why;
    enum jb_err err = jb_blobfile_manifest(c->from, arena, &c->bytes);

    if (err == JB_OK &&
        jb_blob_manifest_decode(c->bytes, c->how->suite, arena, &c->m, &why) != JB_OK)
        err = JB_CORRUPT;
    if (err != JB_OK)
        return err;
    jb_blob_hash(c->m.suite, c->bytes, found);
    if (memcmp(found, hash, sizeof found) != 0)
        return JB_CORRUPT;
    return c->to >= 0 ? jb_blobfile_begin(c->to, c->bytes) : JB_OK;
}

static enum jb_err chunks_copy(struct copying *c, uint8_t *buffer)
{
    uint8_t found[JB_HASH_BYTES];
    enum jb_err err = JB_OK;

    for (uint32_t i = 0; i < c->m.count && err == JB_OK; i++) {
        uint32_t size = jb_blob_chunk_size(&c->m, i);
        int64_t at = JB_BLOBFILE_DATA + (int64_t)i * c->m.chunk_bytes;
        err = jb_blobfile_pread(c->from, buffer, size, at);
        if (err != JB_OK)
            break;
        jb_blob_hash(c->m.suite, (struct jb_bytes){buffer, size}, found);
        if (memcmp(found, c->m.hashes + (size_t)i * JB_HASH_BYTES, sizeof found) != 0)
            err = JB_CORRUPT;
        else if (c->to >= 0)
            err = jb_blobfile_pwrite(c->to, buffer, size, at);
        if (err == JB_OK && c->to >= 0 && i % SYNC_CHUNKS == SYNC_CHUNKS - 1 &&
            fdatasync(c->to) != 0)
            err = jb_blobfile_error(errno);
        jb_breathe(c->how->breath);
    }
    if (err == JB_OK && c->to >= 0 && fsync(c->to) != 0)
        err = jb_blobfile_error(errno);
    return err;
}

static enum jb_err all_copy(struct copying *c, const uint8_t hash[JB_HASH_BYTES])
{
    struct jb_arena arena;

    jb_arena_init(&arena, ARENA_BYTES);
    enum jb_err err = head_copy(c, hash, &arena);
    uint8_t *buffer = err == JB_OK ? jb_arena_alloc(&arena, JB_BLOB_CHUNK_MAX_BYTES) : NULL;
    if (err == JB_OK)
        err = buffer != NULL ? chunks_copy(c, buffer) : JB_NOMEM;
    jb_arena_fini(&arena);
    return err;
}

enum jb_err jb_blob_copy(const struct jb_blob_copying *how, const uint8_t hash[JB_HASH_BYTES],
                         uint64_t *bytes)
{
    char path[JB_BLOBFILE_PATH];
    char part[JB_BLOBFILE_PATH] = "";
    struct copying c = {.how = how, .to = -1};

    path_make(how->from, hash, "blob", path);
    c.from = open(path, O_RDONLY | O_CLOEXEC);
    if (c.from < 0)
        return jb_blobfile_error(errno);
    enum jb_err err = JB_OK;
    if (how->to != NULL) {
        path_make(how->to, hash, "copy", part);
        path_make(how->to, hash, "blob", path);
        c.to = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        err = c.to >= 0 ? JB_OK : jb_blobfile_error(errno);
    }
    if (err == JB_OK)
        err = all_copy(&c, hash);
    *bytes = c.m.size_bytes;
    (void)close(c.from);
    if (c.to < 0)
        return err;
    (void)close(c.to);
    if (err == JB_OK && rename(part, path) != 0)
        err = jb_blobfile_error(errno);
    if (err != JB_OK)
        (void)unlink(part);
    return err;
}

enum jb_err jb_blob_remove(const char *folder, const uint8_t hash[JB_HASH_BYTES])
{
    char path[JB_BLOBFILE_PATH];

    path_make(folder, hash, "blob", path);
    return unlink(path) == 0 || errno == ENOENT ? JB_OK : jb_blobfile_error(errno);
}

enum jb_err jb_blob_copies_clear(const char *folder)
{
    enum jb_err err = JB_OK;
    DIR *dir = opendir(folder);

    if (dir == NULL)
        return errno == ENOENT ? JB_OK : jb_blobfile_error(errno);
    while (err == JB_OK) {
        errno = 0;
        const struct dirent *e = readdir(dir);
        if (e == NULL) {
            err = errno != 0 ? jb_blobfile_error(errno) : JB_OK;
            break;
        }
        if (is_left(e->d_name) && unlinkat(dirfd(dir), e->d_name, 0) != 0 && errno != ENOENT)
            err = jb_blobfile_error(errno);
    }
    (void)closedir(dir);
    return err;
}
