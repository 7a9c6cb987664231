/* See blobstore.h. The index in memory is small: of a finished blob only its name and sizes;
 * chunks' hashes are read from the file when they are needed. */
#include "proto/ledger/blobstore.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/base/log.h"
#include "proto/ledger/blobfile.h"

#define ARENA_BYTES ((size_t)2 * 1024 * 1024)

/* ---- files ---- */

static void path_of(const struct jb_blobs *s, const uint8_t hash[JB_HASH_BYTES], bool part,
                    char path[JB_BLOBFILE_PATH])
{
    char text[JB_BLOB_HASH_TEXT];

    jb_blob_hash_text(hash, text);
    (void)snprintf(path, JB_BLOBFILE_PATH, "%s/%s.%s", s->folder, text, part ? "part" : "blob");
}

static int open_blob(const struct jb_blobs *s, const struct jb_blob *b)
{
    char path[JB_BLOBFILE_PATH];

    path_of(s, b->hash, b->present != NULL, path);
    return open(path, O_RDONLY | O_CLOEXEC);
}

static int64_t chunk_at(uint32_t chunk_bytes, uint32_t index)
{
    return JB_BLOBFILE_DATA + (int64_t)index * chunk_bytes;
}

/* The manifest of an open file, held against the blob's name. */
static enum jb_err manifest_read(const struct jb_blobs *s, int fd,
                                 const uint8_t hash[JB_HASH_BYTES], struct jb_arena *arena,
                                 struct jb_bytes *bytes, struct jb_blob_manifest *m)
{
    uint8_t found[JB_HASH_BYTES];
    struct jb_fault fault;
    enum jb_err err = jb_blobfile_manifest(fd, arena, bytes);

    if (err == JB_OK && jb_blob_manifest_decode(*bytes, s->suite, arena, m, &fault) != JB_OK)
        err = JB_CORRUPT;
    if (err != JB_OK)
        return err;
    jb_blob_hash(m->suite, *bytes, found);
    return memcmp(found, hash, sizeof found) == 0 ? JB_OK : JB_CORRUPT;
}

static enum jb_err chunk_read(int fd, const struct jb_blob_manifest *m, uint32_t index,
                              struct jb_arena *arena, struct jb_bytes *body)
{
    uint8_t found[JB_HASH_BYTES];
    uint32_t size = jb_blob_chunk_size(m, index);
    uint8_t *bytes = jb_arena_alloc(arena, size);

    if (bytes == NULL)
        return JB_NOMEM;
    enum jb_err err = jb_blobfile_pread(fd, bytes, size, chunk_at(m->chunk_bytes, index));
    if (err != JB_OK)
        return err;
    *body = (struct jb_bytes){bytes, size};
    jb_blob_hash(m->suite, *body, found);
    return memcmp(found, m->hashes + (size_t)index * JB_HASH_BYTES, sizeof found) == 0 ? JB_OK
                                                                                       : JB_CORRUPT;
}

/* ---- opening ---- */

static bool name_read(const char *name, uint8_t hash[JB_HASH_BYTES], bool *part)
{
    static const char digits[] = "0123456789abcdef";

    if (strlen(name) != 2 * JB_HASH_BYTES + 5)
        return false;
    for (size_t i = 0; i < 2 * JB_HASH_BYTES; i++) {
        const char *at = name[i] != '\0' ? strchr(digits, name[i]) : NULL;
        if (at == NULL)
            return false;
        uint8_t value = (uint8_t)(at - digits);
        hash[i / 2] = (uint8_t)(i % 2 == 0 ? value << 4 : hash[i / 2] | value);
    }
    *part = strcmp(name + 2 * JB_HASH_BYTES, ".part") == 0;
    return *part || strcmp(name + 2 * JB_HASH_BYTES, ".blob") == 0;
}

/* Which chunks of an unfinished file have their hash. */
static enum jb_err present_find(struct jb_blob *b, int fd, const struct jb_blob_manifest *m,
                                struct jb_arena *arena)
{
    b->present = calloc(m->count / 8 + 1, 1);
    if (b->present == NULL)
        return JB_NOMEM;
    for (uint32_t i = 0; i < m->count; i++) {
        struct jb_arena one;
        struct jb_bytes body;
        jb_arena_init(&one, ARENA_BYTES);
        enum jb_err err = chunk_read(fd, m, i, &one, &body);
        jb_arena_fini(&one);
        if (err == JB_NOMEM || err == JB_IO)
            return err;
        if (err == JB_OK) {
            b->present[i / 8] |= (uint8_t)(1U << (i % 8));
            b->here++;
        }
    }
    (void)arena;
    return JB_OK;
}

static enum jb_err file_take(struct jb_blobs *s, const char *name)
{
    char path[JB_BLOBFILE_PATH];
    uint8_t hash[JB_HASH_BYTES] = {0};
    bool part = false;
    struct jb_arena arena;
    struct jb_bytes bytes;
    struct jb_blob_manifest m = {0};

    (void)snprintf(path, sizeof path, "%s/%s", s->folder, name);
    if (strncmp(name, "put-", 4) == 0) { /* an upload that was not finished */
        (void)unlink(path);
        return JB_OK;
    }
    if (!name_read(name, hash, &part) || jb_blob_find(s, hash) != NULL)
        return JB_OK;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return jb_blobfile_error(errno);
    jb_arena_init(&arena, ARENA_BYTES);
    enum jb_err err = manifest_read(s, fd, hash, &arena, &bytes, &m);
    struct jb_blob *b = err == JB_OK ? jb_blob_insert(s, hash, &m) : NULL;
    if (b != NULL) {
        s->used += b->size_bytes;
        b->here = part ? 0 : b->total;
        if (part)
            err = present_find(b, fd, &m, &arena);
    } else if (err == JB_OK) {
        err = JB_NOMEM;
    }
    jb_arena_fini(&arena);
    (void)close(fd);
    if (err != JB_CORRUPT)
        return err;
    jb_log(JB_LOG_WARNING, NULL, "blob.unreadable",
           "file=%s: its head is damaged: removed, to be fetched again", name);
    (void)unlink(path);
    return JB_OK;
}

static enum jb_err folder_scan(struct jb_blobs *s, struct jb_fault *fault)
{
    DIR *dir = opendir(s->folder);
    enum jb_err err = JB_OK;

    if (dir == NULL)
        return jb_fault_set(fault, jb_blobfile_error(errno), "%s: %s", s->folder,
                            jb_errno_said(errno));
    for (struct dirent *e = readdir(dir); e != NULL && err == JB_OK; e = readdir(dir)) {
        err = e->d_name[0] != '.' ? file_take(s, e->d_name) : JB_OK;
        if (err != JB_OK)
            (void)jb_fault_set(fault, err, "%s/%s: %s", s->folder, e->d_name, jb_err_text(err));
    }
    (void)closedir(dir);
    return err;
}

enum jb_err jb_blobs_open(const char *data, int64_t quota_bytes, uint8_t suite,
                          struct jb_blobs **out, struct jb_fault *fault)
{
    struct jb_blobs *s = calloc(1, sizeof *s);

    if (s == NULL || asprintf(&s->folder, "%s/blobs", data) < 0) {
        free(s);
        return jb_fault_set(fault, JB_NOMEM, "blobs: out of memory");
    }
    s->quota = (uint64_t)quota_bytes;
    s->suite = suite;
    enum jb_err err = JB_OK;
    if (strlen(s->folder) > JB_BLOBFILE_PATH - 2 * JB_BLOB_HASH_TEXT)
        err = jb_fault_set(fault, JB_CONFIG, "%s: the path is too long", s->folder);
    else if (mkdir(s->folder, 0700) != 0 && errno != EEXIST)
        err = jb_fault_set(fault, jb_blobfile_error(errno), "%s: %s", s->folder,
                           jb_errno_said(errno));
    if (err == JB_OK)
        err = folder_scan(s, fault);
    if (err == JB_OK)
        *out = s;
    else
        jb_blobs_close(&s);
    return err;
}

void jb_blobs_close(struct jb_blobs **store)
{
    struct jb_blobs *s = *store;

    if (s == NULL)
        return;
    for (size_t i = 0; i < s->count; i++)
        free(s->at[i].present);
    free(s->at);
    free(s->folder);
    free(s);
    *store = NULL;
}

/* ---- receiving ---- */

static enum jb_err file_begin(const struct jb_blobs *s, const uint8_t hash[JB_HASH_BYTES],
                              struct jb_bytes manifest)
{
    char path[JB_BLOBFILE_PATH];

    path_of(s, hash, true, path);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return jb_blobfile_error(errno);
    enum jb_err err = jb_blobfile_begin(fd, manifest);
    (void)close(fd);
    if (err == JB_OK)
        err = jb_blobfile_sync_folder(s->folder);
    if (err != JB_OK)
        (void)unlink(path);
    return err;
}

static enum jb_err begin_new(struct jb_blobs *s, const uint8_t hash[JB_HASH_BYTES],
                             struct jb_bytes manifest, const struct jb_blob_manifest *m,
                             struct jb_fault *fault)
{
    enum jb_err err = jb_blobs_reserve(s, m->size_bytes);

    if (err != JB_OK)
        return jb_fault_set(fault, err,
                            "attachments take %llu of %llu bytes: no room for %llu more",
                            (unsigned long long)s->used, (unsigned long long)s->quota,
                            (unsigned long long)m->size_bytes);
    err = file_begin(s, hash, manifest);
    struct jb_blob *b = err == JB_OK ? jb_blob_insert(s, hash, m) : NULL;
    if (b == NULL) {
        jb_blobs_release(s, m->size_bytes);
        return jb_fault_set(fault, err == JB_OK ? JB_NOMEM : err, "the blob cannot be stored");
    }
    b->present = calloc(m->count / 8 + 1, 1);
    if (b->present != NULL)
        return JB_OK;
    jb_blobs_drop(s, hash);
    return jb_fault_set(fault, JB_NOMEM, "the blob cannot be stored");
}

enum jb_err jb_blobs_begin(struct jb_blobs *s, const uint8_t hash[JB_HASH_BYTES],
                           struct jb_bytes manifest, struct jb_fault *fault)
{
    struct jb_arena arena;
    struct jb_blob_manifest m;
    uint8_t found[JB_HASH_BYTES];

    if (jb_blob_find(s, hash) != NULL)
        return JB_OK;
    jb_arena_init(&arena, ARENA_BYTES);
    enum jb_err err = jb_blob_manifest_decode(manifest, s->suite, &arena, &m, fault);
    if (err == JB_OK) {
        jb_blob_hash(m.suite, manifest, found);
        if (memcmp(found, hash, sizeof found) != 0)
            err = jb_fault_set(fault, JB_CORRUPT, "the manifest does not have the blob's hash");
    }
    if (err == JB_OK)
        err = begin_new(s, hash, manifest, &m, fault);
    jb_arena_fini(&arena);
    return err;
}

enum jb_err jb_blobs_manifest(const struct jb_blobs *s, const uint8_t hash[JB_HASH_BYTES],
                              struct jb_arena *arena, struct jb_bytes *manifest)
{
    const struct jb_blob *b = jb_blob_find(s, hash);
    struct jb_blob_manifest m;

    if (b == NULL)
        return JB_NOT_FOUND;
    int fd = open_blob(s, b);
    if (fd < 0)
        return jb_blobfile_error(errno);
    enum jb_err err = manifest_read(s, fd, hash, arena, manifest, &m);
    (void)close(fd);
    return err;
}

static enum jb_err check_body(const struct jb_blobs *s, const struct jb_blob *b, uint32_t index,
                              struct jb_bytes body)
{
    struct jb_arena arena;
    struct jb_bytes bytes;
    struct jb_blob_manifest m;
    uint8_t found[JB_HASH_BYTES];
    int fd = open_blob(s, b);

    if (fd < 0)
        return jb_blobfile_error(errno);
    jb_arena_init(&arena, ARENA_BYTES);
    enum jb_err err = manifest_read(s, fd, b->hash, &arena, &bytes, &m);
    if (err == JB_OK) {
        jb_blob_hash(m.suite, body, found);
        if (body.len != jb_blob_chunk_size(&m, index) ||
            memcmp(found, m.hashes + (size_t)index * JB_HASH_BYTES, sizeof found) != 0)
            err = JB_CORRUPT;
    }
    jb_arena_fini(&arena);
    (void)close(fd);
    return err;
}

enum jb_err jb_blobs_check(const struct jb_blobs *s, const uint8_t hash[JB_HASH_BYTES],
                           uint32_t index, struct jb_bytes body)
{
    const struct jb_blob *b = jb_blob_find(s, hash);

    if (b == NULL)
        return JB_NOT_FOUND;
    if (index >= b->total)
        return JB_RANGE;
    return jb_blob_has(b, index) ? JB_REPEAT : check_body(s, b, index, body);
}

enum jb_err jb_blobs_write(const struct jb_blobs *s, const uint8_t hash[JB_HASH_BYTES],
                           uint32_t chunk_bytes, uint32_t index, struct jb_bytes body)
{
    char path[JB_BLOBFILE_PATH];

    path_of(s, hash, true, path);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return jb_blobfile_error(errno);
    enum jb_err err = jb_blobfile_pwrite(fd, body.data, body.len, chunk_at(chunk_bytes, index));
    if (err == JB_OK && fdatasync(fd) != 0)
        err = jb_blobfile_error(errno);
    (void)close(fd);
    return err;
}

enum jb_err jb_blobs_wrote(struct jb_blobs *s, const uint8_t hash[JB_HASH_BYTES], uint32_t index,
                           bool *complete)
{
    struct jb_blob *b = jb_blob_find(s, hash);
    char from[JB_BLOBFILE_PATH];
    char to[JB_BLOBFILE_PATH];

    *complete = false;
    if (b == NULL || index >= b->total)
        return JB_NOT_FOUND;
    if (jb_blob_has(b, index))
        return JB_OK;
    b->present[index / 8] |= (uint8_t)(1U << (index % 8));
    if (++b->here < b->total)
        return JB_OK;
    path_of(s, hash, true, from);
    path_of(s, hash, false, to);
    enum jb_err err = rename(from, to) == 0 ? JB_OK : jb_blobfile_error(errno);
    if (err == JB_OK)
        err = jb_blobfile_sync_folder(s->folder);
    if (err != JB_OK)
        return err;
    free(b->present);
    b->present = NULL;
    *complete = true;
    return JB_OK;
}

/* ---- reading ---- */

/* The file does not hold what it must: this chunk is to be fetched again. */
static enum jb_err take_back(struct jb_blobs *s, struct jb_blob *b, uint32_t index)
{
    char from[JB_BLOBFILE_PATH];
    char to[JB_BLOBFILE_PATH];
    uint8_t *present = b->present != NULL ? b->present : malloc(b->total / 8 + 1);

    if (present == NULL)
        return JB_NOMEM;
    if (b->present == NULL) {
        memset(present, 0xff, b->total / 8 + 1);
        path_of(s, b->hash, false, from);
        path_of(s, b->hash, true, to);
        if (rename(from, to) != 0) {
            free(present);
            return jb_blobfile_error(errno);
        }
        b->present = present;
    }
    if (jb_blob_has(b, index)) {
        present[index / 8] &= (uint8_t) ~(1U << (index % 8));
        b->here--;
    }
    return JB_CORRUPT;
}

enum jb_err jb_blobs_read(struct jb_blobs *s, const uint8_t hash[JB_HASH_BYTES], uint32_t index,
                          struct jb_arena *arena, struct jb_bytes *body)
{
    struct jb_blob *b = jb_blob_find(s, hash);
    struct jb_bytes bytes;
    struct jb_blob_manifest m;

    if (b == NULL || index >= b->total || !jb_blob_has(b, index))
        return JB_NOT_FOUND;
    int fd = open_blob(s, b);
    enum jb_err err = fd >= 0 ? JB_OK : jb_blobfile_error(errno);
    bool head = true; /* is it the head that is damaged? */
    if (err == JB_OK)
        err = manifest_read(s, fd, hash, arena, &bytes, &m);
    if (err == JB_OK) {
        head = false;
        err = chunk_read(fd, &m, index, arena, body);
    }
    if (fd >= 0)
        (void)close(fd);
    if (err != JB_CORRUPT && err != JB_NOT_FOUND)
        return err;
    if (!head)
        return take_back(s, b, index);
    jb_blobs_drop(s, hash);
    return JB_CORRUPT;
}

void jb_blobs_drop(struct jb_blobs *s, const uint8_t hash[JB_HASH_BYTES])
{
    struct jb_blob *b = jb_blob_find(s, hash);
    char path[JB_BLOBFILE_PATH];

    if (b == NULL)
        return;
    path_of(s, hash, b->present != NULL, path);
    if (unlink(path) != 0 && errno != ENOENT)
        jb_log(JB_LOG_ERROR, NULL, "blob.undeleted", "file=%s reason=\"%s\"", path,
               jb_errno_said(errno));
    jb_blob_forget(s, b);
}
