/* Contents that come in plain: cut, sealed and written chunk by chunk. Nothing in plain ever
 * reaches the disk. */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "proto/ledger/blobfile.h"

struct jb_blob_spool {
    struct jb_blobs *store;
    char path[JB_BLOBFILE_PATH];
    int fd;
    uint8_t suite;
    uint8_t key[JB_KEY_BYTES];
    int64_t case_no;
    uint64_t bytes;                     /* plain, taken */
    uint64_t reserved;                  /* of the store's quota */
    uint8_t begun[JB_BLOB_CHUNK_PLAIN]; /* chunk that is not full yet */
    size_t begun_len;
    uint32_t count; /* chunks written */
    uint8_t hashes[JB_BLOB_CHUNKS_MAX * JB_HASH_BYTES];
};

enum jb_err jb_blob_spool_open(struct jb_blobs *s, const uint8_t key[JB_KEY_BYTES], int64_t case_no,
                               struct jb_blob_spool **out)
{
    struct jb_blob_spool *p = calloc(1, sizeof *p);

    if (p == NULL)
        return JB_NOMEM;
    p->store = s;
    p->suite = s->suite;
    p->case_no = case_no;
    memcpy(p->key, key, sizeof p->key);
    (void)snprintf(p->path, sizeof p->path, "%s/put-%u", jb_blobs_folder(s),
                   jb_blobs_next_spool(s));
    p->fd = open(p->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (p->fd >= 0) {
        *out = p;
        return JB_OK;
    }
    enum jb_err err = jb_blobfile_error(errno);
    sodium_memzero(p, sizeof *p);
    free(p);
    return err;
}

uint64_t jb_blob_spool_bytes(const struct jb_blob_spool *p)
{
    return p->bytes;
}

static enum jb_err chunk_write(struct jb_blob_spool *p)
{
    static const size_t extra = JB_SEAL_EXTRA_BYTES;
    uint8_t sealed[JB_BLOB_CHUNK_BYTES];
    struct jb_bytes body = {sealed, p->begun_len + extra};
    enum jb_err err = jb_blobs_reserve(p->store, body.len);

    if (err != JB_OK)
        return err;
    p->reserved += body.len;
    jb_blob_chunk_seal(p->key, p->case_no, p->count, (struct jb_bytes){p->begun, p->begun_len},
                       sealed);
    jb_blob_hash(p->suite, body, p->hashes + (size_t)p->count * JB_HASH_BYTES);
    err = jb_blobfile_pwrite(p->fd, sealed, body.len,
                             JB_BLOBFILE_DATA + (int64_t)p->count * JB_BLOB_CHUNK_BYTES);
    p->count++;
    p->begun_len = 0;
    return err;
}

enum jb_err jb_blob_spool_add(struct jb_blob_spool *p, struct jb_bytes plain)
{
    enum jb_err err = JB_OK;
    uint32_t before = p->count;

    if (plain.len > JB_BLOB_PLAIN_MAX_BYTES || p->bytes > JB_BLOB_PLAIN_MAX_BYTES - plain.len)
        return JB_TOO_LARGE;
    while (plain.len > 0 && err == JB_OK) {
        size_t room = sizeof p->begun - p->begun_len;
        size_t n = plain.len < room ? plain.len : room;
        memcpy(p->begun + p->begun_len, plain.data, n);
        p->begun_len += n;
        p->bytes += n;
        plain.data += n;
        plain.len -= n;
        if (p->begun_len == sizeof p->begun)
            err = chunk_write(p);
    }
    if (err == JB_OK && p->count > before && fdatasync(p->fd) != 0)
        err = jb_blobfile_error(errno);
    return err;
}

/* Header, everything on disk, and its final name. */
static enum jb_err name_it(struct jb_blob_spool *p, const struct jb_blob_manifest *m,
                           struct jb_bytes manifest, const uint8_t hash[JB_HASH_BYTES])
{
    char text[JB_BLOB_HASH_TEXT];
    char path[JB_BLOBFILE_PATH];
    enum jb_err err = jb_blobfile_begin(p->fd, manifest);

    if (err != JB_OK || jb_blobs_complete(p->store, hash))
        return err; /* the same contents are here already */
    jb_blobs_drop(p->store, hash);
    jb_blob_hash_text(hash, text);
    (void)snprintf(path, sizeof path, "%s/%s.blob", jb_blobs_folder(p->store), text);
    if (rename(p->path, path) != 0)
        return jb_blobfile_error(errno);
    p->path[0] = '\0';
    err = jb_blobfile_sync_folder(jb_blobs_folder(p->store));
    if (err == JB_OK)
        err = jb_blobs_adopt(p->store, hash, m);
    if (err == JB_OK)
        p->reserved = 0; /* they are the blob's now */
    return err;
}

enum jb_err jb_blob_spool_finish(struct jb_blob_spool *p, uint8_t hash[JB_HASH_BYTES])
{
    struct jb_arena arena;
    struct jb_bytes manifest;
    struct jb_blob_manifest m = {
        .suite = p->suite, .chunk_bytes = JB_BLOB_CHUNK_BYTES, .hashes = p->hashes};
    enum jb_err err = p->begun_len > 0 ? chunk_write(p) : JB_OK;

    if (err != JB_OK || p->count == 0)
        return err != JB_OK ? err : JB_MISSING;
    m.count = p->count;
    m.size_bytes = p->bytes + (uint64_t)p->count * JB_SEAL_EXTRA_BYTES;
    jb_seal_key_id(p->key, m.key_id);
    jb_arena_init(&arena, (size_t)256 * 1024);
    err = jb_blob_manifest_encode(&m, &arena, &manifest);
    if (err == JB_OK) {
        jb_blob_hash(p->suite, manifest, hash);
        err = name_it(p, &m, manifest, hash);
    }
    jb_arena_fini(&arena);
    return err;
}

void jb_blob_spool_close(struct jb_blob_spool **spool)
{
    struct jb_blob_spool *p = *spool;

    if (p == NULL)
        return;
    (void)close(p->fd);
    if (p->path[0] != '\0')
        (void)unlink(p->path);
    jb_blobs_release(p->store, p->reserved);
    sodium_memzero(p, sizeof *p);
    free(p);
    *spool = NULL;
}
