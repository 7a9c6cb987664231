/* See fuzzblob.h. Chunks need not be sealed contents: nobody opens them on the way. */
#include "tests/fuzz/fuzzblob.h"

#include <dirent.h>
#include <unistd.h>

#include "proto/ledger/blobstore.h"
#include "tests/fuzz/fuzz.h"

#define QUOTA ((int64_t)64 * 1024 * 1024)
#define SMALL 600
#define CHUNKS 3
#define PATH_BYTES 512

const uint8_t fuzz_blob_key[JB_KEY_BYTES] = "the key of the case of blobs ...";

static struct fuzz_blob blobs[FUZZ_BLOBS];
static uint8_t hashes[FUZZ_BLOBS][CHUNKS * JB_HASH_BYTES];
static struct jb_arena arena; /* of the manifests */

static size_t number_of(const struct fuzz_blob *b)
{
    return (size_t)(b - blobs);
}

struct jb_bytes fuzz_blob_chunk(const struct fuzz_blob *b, uint32_t index)
{
    static uint8_t chunk[JB_BLOB_CHUNK_MIN_BYTES];
    uint32_t size = jb_blob_chunk_size(&b->manifest, index);

    FUZZ_MUST(size <= sizeof chunk);
    for (uint32_t i = 0; i < size; i++)
        chunk[i] = (uint8_t)(i * 7 + index + number_of(b) * 31);
    return (struct jb_bytes){chunk, size};
}

static void make(struct fuzz_blob *b, bool small)
{
    uint8_t *chunk_hashes = hashes[number_of(b)];
    struct jb_blob_manifest *m = &b->manifest;

    *m = (struct jb_blob_manifest){.suite = JB_SUITE_ED25519,
                                   .chunk_bytes = JB_BLOB_CHUNK_MIN_BYTES,
                                   .count = small ? 1 : CHUNKS,
                                   .hashes = chunk_hashes};
    m->size_bytes = (m->count - 1) * (uint64_t)m->chunk_bytes + SMALL;
    jb_seal_key_id(fuzz_blob_key, m->key_id);
    for (uint32_t i = 0; i < m->count; i++)
        jb_blob_hash(m->suite, fuzz_blob_chunk(b, i), chunk_hashes + (size_t)i * JB_HASH_BYTES);
    FUZZ_MUST(jb_blob_manifest_encode(m, &arena, &b->manifest_bytes) == JB_OK);
    jb_blob_hash(m->suite, b->manifest_bytes, b->hash);
}

static void unmake(void)
{
    jb_arena_fini(&arena);
}

const struct fuzz_blob *fuzz_blobs(void)
{
    if (blobs[0].manifest.count != 0)
        return blobs;
    jb_arena_init(&arena, (size_t)1024 * 1024);
    FUZZ_MUST(atexit(unmake) == 0);
    for (size_t i = 0; i < FUZZ_BLOBS; i++)
        make(&blobs[i], i % 2 == 0);
    return blobs;
}

struct jb_bytes fuzz_blob_label(void)
{
    static uint8_t label[JB_SEAL_KEY_ID_BYTES + JB_SEAL_EXTRA_BYTES + 8];

    jb_seal_key_id(fuzz_blob_key, label);
    memset(label + JB_SEAL_KEY_ID_BYTES, 0x55, sizeof label - JB_SEAL_KEY_ID_BYTES);
    return (struct jb_bytes){label, sizeof label};
}

/* ---- the store ---- */

static void put(struct jb_blobs *store, const struct fuzz_blob *b)
{
    struct jb_fault fault = {""};
    bool complete = false;

    FUZZ_MUST(jb_blobs_begin(store, b->hash, b->manifest_bytes, &fault) == JB_OK);
    for (uint32_t i = 0; i < b->manifest.count; i++) {
        FUZZ_MUST(jb_blobs_write(store, b->hash, b->manifest.chunk_bytes, i,
                                 fuzz_blob_chunk(b, i)) == JB_OK);
        FUZZ_MUST(jb_blobs_wrote(store, b->hash, i, &complete) == JB_OK);
    }
    FUZZ_MUST(complete);
}

void fuzz_blobs_put(const char *data)
{
    struct jb_blobs *store = NULL;
    struct jb_fault fault = {""};

    (void)fuzz_blobs();
    FUZZ_MUST(jb_blobs_open(data, QUOTA, JB_SUITE_ED25519, &store, &fault) == JB_OK);
    for (size_t i = 0; i < FUZZ_BLOBS_HERE; i++)
        if (!jb_blobs_complete(store, blobs[i].hash))
            put(store, &blobs[i]);
    jb_blobs_close(&store);
}

static bool is_here(const char *file, const struct fuzz_blob *b)
{
    char name[JB_BLOB_HASH_TEXT];

    jb_blob_hash_text(b->hash, name);
    return strncmp(file, name, strlen(name)) == 0 && strcmp(file + strlen(name), ".blob") == 0;
}

static bool is_any_here(const char *file)
{
    for (size_t i = 0; i < FUZZ_BLOBS_HERE; i++)
        if (is_here(file, &blobs[i]))
            return true;
    return false;
}

static int no_hidden(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

void fuzz_blobs_restore(const char *data)
{
    struct dirent **entries = NULL;
    char path[PATH_BYTES];
    size_t here = 0;

    (void)snprintf(path, sizeof path, "%s/blobs", data);
    int count = scandir(path, &entries, no_hidden, alphasort);
    FUZZ_MUST(count >= 0);
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        (void)snprintf(path, sizeof path, "%s/blobs/%s", data, name);
        if (is_any_here(name))
            here++;
        else
            FUZZ_MUST(unlink(path) == 0);
        free(entries[i]);
    }
    free(entries);
    if (here != FUZZ_BLOBS_HERE)
        fuzz_blobs_put(data);
}

/* ---- frames ---- */

void fuzz_blob_mend(struct jb_frame *f)
{
    const struct fuzz_blob *b = &fuzz_blobs()[f->blob_hash[0] % FUZZ_BLOBS];

    if (f->blob_hash[1] != 0) /* as it is: one that nobody knows */
        return;
    memcpy(f->blob_hash, b->hash, sizeof f->blob_hash);
    if (f->kind == JB_FRAME_BLOB_OFFER && f->manifest.len == 0)
        f->manifest = b->manifest_bytes;
    if (f->kind == JB_FRAME_BLOB_CHUNK && f->body.len == 0 && f->index < b->manifest.count)
        f->body = fuzz_blob_chunk(b, f->index);
}
