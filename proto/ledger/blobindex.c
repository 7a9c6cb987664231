/* The blob store's index in memory: what is here, and how much room it takes. Touches no file. */
#include <stdlib.h>

#include "proto/ledger/blobfile.h"

static size_t place_of(const struct jb_blobs *s, const uint8_t hash[JB_HASH_BYTES])
{
    size_t low = 0;
    size_t high = s->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(s->at[middle].hash, hash, JB_HASH_BYTES) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct jb_blob *jb_blob_find(const struct jb_blobs *s, const uint8_t hash[JB_HASH_BYTES])
{
    size_t i = place_of(s, hash);

    return i < s->count && memcmp(s->at[i].hash, hash, JB_HASH_BYTES) == 0 ? &s->at[i] : NULL;
}

struct jb_blob *jb_blob_insert(struct jb_blobs *s, const uint8_t hash[JB_HASH_BYTES],
                               const struct jb_blob_manifest *m)
{
    if (s->count == s->capacity) {
        size_t wanted = s->capacity == 0 ? 64 : s->capacity * 2;
        struct jb_blob *bigger = reallocarray(s->at, wanted, sizeof *bigger);
        if (bigger == NULL)
            return NULL;
        s->at = bigger;
        s->capacity = wanted;
    }
    size_t i = place_of(s, hash);
    memmove(&s->at[i + 1], &s->at[i], (s->count - i) * sizeof s->at[0]);
    s->count++;
    s->at[i] = (struct jb_blob){
        .size_bytes = m->size_bytes, .chunk_bytes = m->chunk_bytes, .total = m->count};
    memcpy(s->at[i].hash, hash, JB_HASH_BYTES);
    return &s->at[i];
}

void jb_blob_forget(struct jb_blobs *s, struct jb_blob *b)
{
    size_t i = (size_t)(b - s->at);

    s->used -= b->size_bytes < s->used ? b->size_bytes : s->used;
    free(b->present);
    memmove(&s->at[i], &s->at[i + 1], (s->count - i - 1) * sizeof s->at[0]);
    s->count--;
}

bool jb_blob_has(const struct jb_blob *b, uint32_t index)
{
    return b->present == NULL || (b->present[index / 8] >> (index % 8) & 1) != 0;
}

bool jb_blobs_state(const struct jb_blobs *s, const uint8_t hash[JB_HASH_BYTES],
                    struct jb_blob_state *out)
{
    const struct jb_blob *b = jb_blob_find(s, hash);

    if (b == NULL)
        return false;
    *out = (struct jb_blob_state){b->size_bytes, b->chunk_bytes, b->here, b->total};
    return true;
}

uint8_t jb_blobs_suite(const struct jb_blobs *s)
{
    return s->suite;
}

bool jb_blobs_complete(const struct jb_blobs *s, const uint8_t hash[JB_HASH_BYTES])
{
    const struct jb_blob *b = jb_blob_find(s, hash);

    return b != NULL && b->present == NULL;
}

uint64_t jb_blobs_used(const struct jb_blobs *s)
{
    return s->used;
}

size_t jb_blobs_count(const struct jb_blobs *s)
{
    return s->count;
}

const uint8_t *jb_blobs_at(const struct jb_blobs *s, size_t i)
{
    return s->at[i].hash;
}

uint32_t jb_blobs_missing(const struct jb_blobs *s, const uint8_t hash[JB_HASH_BYTES],
                          uint32_t from)
{
    const struct jb_blob *b = jb_blob_find(s, hash);

    for (uint32_t i = from; b != NULL && i < b->total; i++)
        if (!jb_blob_has(b, i))
            return i;
    return UINT32_MAX;
}

enum jb_err jb_blobs_reserve(struct jb_blobs *s, uint64_t bytes)
{
    if (bytes > s->quota || s->used > s->quota - bytes)
        return JB_FULL;
    s->used += bytes;
    return JB_OK;
}

void jb_blobs_release(struct jb_blobs *s, uint64_t bytes)
{
    s->used -= bytes < s->used ? bytes : s->used;
}

const char *jb_blobs_folder(const struct jb_blobs *s)
{
    return s->folder;
}

unsigned jb_blobs_next_spool(struct jb_blobs *s)
{
    return ++s->spools;
}

enum jb_err jb_blobs_adopt(struct jb_blobs *s, const uint8_t hash[JB_HASH_BYTES],
                           const struct jb_blob_manifest *m)
{
    struct jb_blob *b = jb_blob_insert(s, hash, m);

    if (b == NULL)
        return JB_NOMEM;
    b->here = b->total;
    return JB_OK;
}
