/* See blob.h. */
#include "proto/wire/blob.h"

#include <inttypes.h>
#include <stdio.h>

#include "proto/schema/blob.pb-c.h"
#include "proto/wire/pack.h"
#include "proto/wire/sign.h"

#define PURPOSE "blob"
#define PLACE_BYTES (19 + 4)
#define STATEMENT_BYTES (4 + JB_HASH_BYTES)

void jb_blob_hash(uint8_t suite, struct jb_bytes bytes, uint8_t out[JB_HASH_BYTES])
{
    jb_hash(suite, bytes.data, bytes.len, out);
}

/* ---- manifests ---- */

enum jb_err jb_blob_manifest_encode(const struct jb_blob_manifest *m, struct jb_arena *arena,
                                    struct jb_bytes *bytes)
{
    Jb__BlobManifest w = JB__BLOB_MANIFEST__INIT;
    ProtobufCBinaryData *list = jb_arena_alloc(arena, m->count * sizeof *list);

    if (list == NULL)
        return JB_NOMEM;
    for (uint32_t i = 0; i < m->count; i++)
        list[i] =
            (ProtobufCBinaryData){JB_HASH_BYTES, (uint8_t *)m->hashes + (size_t)i * JB_HASH_BYTES};
    w.has_suite = true;
    w.suite = m->suite;
    w.has_size_bytes = true;
    w.size_bytes = m->size_bytes;
    w.has_chunk_bytes = true;
    w.chunk_bytes = m->chunk_bytes;
    w.n_chunk_hashes = m->count;
    w.chunk_hashes = list;
    w.has_key_id = true;
    w.key_id = (ProtobufCBinaryData){JB_SEAL_KEY_ID_BYTES, (uint8_t *)m->key_id};
    return jb_pack(&w.base, (struct jb_bytes){NULL, 0}, JB_BLOB_MANIFEST_MAX_BYTES, arena, bytes);
}

static enum jb_err check_sizes(const Jb__BlobManifest *w, uint8_t suite, struct jb_fault *fault)
{
    if (w->suite != suite)
        return jb_fault_set(fault, JB_UNSUPPORTED, "manifest: suite %u, the network has %u",
                            w->suite, (unsigned)suite);
    if (w->chunk_bytes < JB_BLOB_CHUNK_MIN_BYTES || w->chunk_bytes > JB_BLOB_CHUNK_MAX_BYTES)
        return jb_fault_set(fault, JB_RANGE, "manifest: chunks of %u bytes", w->chunk_bytes);
    if (w->size_bytes <= JB_SEAL_EXTRA_BYTES ||
        w->size_bytes >
            JB_BLOB_PLAIN_MAX_BYTES + (uint64_t)JB_BLOB_CHUNKS_MAX * JB_SEAL_EXTRA_BYTES)
        return jb_fault_set(fault, JB_TOO_LARGE, "manifest: %" PRIu64 " bytes", w->size_bytes);
    uint64_t count = (w->size_bytes + w->chunk_bytes - 1) / w->chunk_bytes;
    if (count != w->n_chunk_hashes || count > JB_BLOB_CHUNKS_MAX)
        return jb_fault_set(fault, JB_MALFORMED, "manifest: %zu hashes, %" PRIu64 " chunks",
                            w->n_chunk_hashes, count);
    if (w->key_id.len != JB_SEAL_KEY_ID_BYTES)
        return jb_fault_set(fault, JB_MALFORMED, "manifest: key_id has %zu bytes", w->key_id.len);
    return JB_OK;
}

static enum jb_err hashes_read(const Jb__BlobManifest *w, struct jb_arena *arena,
                               struct jb_blob_manifest *m, struct jb_fault *fault)
{
    uint8_t *hashes = jb_arena_alloc(arena, w->n_chunk_hashes * JB_HASH_BYTES);

    if (hashes == NULL)
        return JB_NOMEM;
    for (size_t i = 0; i < w->n_chunk_hashes; i++) {
        if (w->chunk_hashes[i].len != JB_HASH_BYTES)
            return jb_fault_set(fault, JB_MALFORMED, "manifest: hash %zu has %zu bytes", i,
                                w->chunk_hashes[i].len);
        memcpy(hashes + i * JB_HASH_BYTES, w->chunk_hashes[i].data, JB_HASH_BYTES);
    }
    m->hashes = hashes;
    m->count = (uint32_t)w->n_chunk_hashes;
    return JB_OK;
}

enum jb_err jb_blob_manifest_decode(struct jb_bytes bytes, uint8_t suite, struct jb_arena *arena,
                                    struct jb_blob_manifest *m, struct jb_fault *fault)
{
    static const struct jb_bounds bounds = {64, 64, JB_BLOB_CHUNKS_MAX};
    ProtobufCMessage *message;
    struct jb_bytes again;

    if (bytes.len > JB_BLOB_MANIFEST_MAX_BYTES)
        return jb_fault_set(fault, JB_TOO_LARGE, "manifest: %zu bytes", bytes.len);
    enum jb_err err =
        jb_unpack(&jb__blob_manifest__descriptor, &bounds, bytes, arena, &message, fault);
    if (err != JB_OK)
        return err;
    const Jb__BlobManifest *w = (const Jb__BlobManifest *)message;
    err = check_sizes(w, suite, fault);
    if (err != JB_OK)
        return err;
    *m = (struct jb_blob_manifest){
        .suite = (uint8_t)w->suite, .size_bytes = w->size_bytes, .chunk_bytes = w->chunk_bytes};
    memcpy(m->key_id, w->key_id.data, sizeof m->key_id);
    err = hashes_read(w, arena, m, fault);
    if (err == JB_OK)
        err = jb_blob_manifest_encode(m, arena, &again);
    if (err == JB_OK && (again.len != bytes.len || memcmp(again.data, bytes.data, again.len) != 0))
        err = jb_fault_set(fault, JB_MALFORMED, "manifest: another encoding than the one it has");
    return err;
}

uint64_t jb_blob_plain_bytes(const struct jb_blob_manifest *m)
{
    return m->size_bytes - (uint64_t)m->count * JB_SEAL_EXTRA_BYTES;
}

uint32_t jb_blob_chunk_size(const struct jb_blob_manifest *m, uint32_t index)
{
    uint64_t before = (uint64_t)index * m->chunk_bytes;

    if (index >= m->count)
        return 0;
    return m->size_bytes - before < m->chunk_bytes ? (uint32_t)(m->size_bytes - before)
                                                   : m->chunk_bytes;
}

/* ---- chunks ---- */

static struct jb_bytes chunk_place(int64_t case_no, uint32_t index, uint8_t place[PLACE_BYTES + 1])
{
    (void)snprintf((char *)place, PLACE_BYTES + 1, "%019" PRId64, case_no);
    for (int i = 0; i < 4; i++)
        place[19 + i] = (uint8_t)(index >> (24 - 8 * i));
    return (struct jb_bytes){place, PLACE_BYTES};
}

void jb_blob_chunk_seal(const uint8_t key[JB_KEY_BYTES], int64_t case_no, uint32_t index,
                        struct jb_bytes plain, uint8_t *sealed)
{
    uint8_t place[PLACE_BYTES + 1];

    jb_seal(key, plain, chunk_place(case_no, index, place), sealed);
}

enum jb_err jb_blob_chunk_open(const uint8_t key[JB_KEY_BYTES], int64_t case_no, uint32_t index,
                               struct jb_bytes sealed, uint8_t *plain)
{
    uint8_t place[PLACE_BYTES + 1];

    return jb_unseal(key, sealed, chunk_place(case_no, index, place), plain);
}

/* ---- receipts ---- */

static void statement(uint32_t node, const uint8_t hash[JB_HASH_BYTES], uint8_t *out)
{
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(node >> (24 - 8 * i));
    memcpy(out + 4, hash, JB_HASH_BYTES);
}

enum jb_err jb_blob_sign(uint8_t suite, const uint8_t secret[JB_SIGN_SECRET_BYTES], uint32_t node,
                         const uint8_t hash[JB_HASH_BYTES], uint8_t sig[JB_SIGN_BYTES])
{
    uint8_t said[STATEMENT_BYTES];

    statement(node, hash, said);
    return jb_sign(suite, secret, PURPOSE, (struct jb_bytes){said, sizeof said}, sig);
}

enum jb_err jb_blob_verify(uint8_t suite, const uint8_t public_key[JB_KEY_BYTES], uint32_t node,
                           const uint8_t hash[JB_HASH_BYTES], const uint8_t sig[JB_SIGN_BYTES])
{
    uint8_t said[STATEMENT_BYTES];

    statement(node, hash, said);
    return jb_sign_verify(suite, public_key, PURPOSE, (struct jb_bytes){said, sizeof said}, sig);
}

void jb_blob_hash_text(const uint8_t hash[JB_HASH_BYTES], char out[JB_BLOB_HASH_TEXT])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < JB_HASH_BYTES; i++) {
        out[2 * i] = digits[hash[i] >> 4];
        out[2 * i + 1] = digits[hash[i] & 15];
    }
    out[2 * JB_HASH_BYTES] = '\0';
}
