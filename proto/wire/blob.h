/* Attachments in bytes: the manifest that names a blob, its sealed chunks, the receipt for it.
 *
 * A blob is named by its contents: the hash of its manifest, which holds the hash of every chunk as
 * it travels. So a chunk proves itself, whoever sent it. Chunks are sealed under the key of the
 * case and tied to case and place. Pure functions, any thread, after jb_sign_init. */
#ifndef JB_WIRE_BLOB_H
#define JB_WIRE_BLOB_H

#include "proto/base/arena.h"
#include "proto/wire/frame.h"
#include "proto/wire/seal.h"

#define JB_BLOB_PLAIN_MAX_BYTES UINT64_C(52428800) /* 50 MiB of contents in plain */
#define JB_BLOB_CHUNK_MIN_BYTES 65536              /* of a chunk as it travels */
#define JB_BLOB_CHUNK_MAX_BYTES 262144
#define JB_BLOB_CHUNK_BYTES 131072 /* that we make */
#define JB_BLOB_CHUNK_PLAIN (JB_BLOB_CHUNK_BYTES - JB_SEAL_EXTRA_BYTES)
#define JB_BLOB_CHUNKS_MAX 801 /* of the largest blob in the smallest chunks */
#define JB_BLOB_MANIFEST_MAX_BYTES 32000
#define JB_BLOB_HASH_TEXT (2 * JB_HASH_BYTES + 1)

struct jb_blob_manifest {
    uint8_t suite;
    uint64_t size_bytes;   /* of all chunks together, sealed */
    uint32_t chunk_bytes;  /* every chunk but the last has this size */
    uint32_t count;        /* of chunks, at least 1 */
    const uint8_t *hashes; /* count * JB_HASH_BYTES; borrowed or arena */
    uint8_t key_id[JB_SEAL_KEY_ID_BYTES];
};

/* The hash of the suite over a manifest's bytes, or over a chunk. */
void jb_blob_hash(uint8_t suite, struct jb_bytes bytes, uint8_t out[JB_HASH_BYTES]);

/* Into arena memory. JB_NOMEM; JB_TOO_LARGE. */
enum jb_err jb_blob_manifest_encode(const struct jb_blob_manifest *m, struct jb_arena *arena,
                                    struct jb_bytes *bytes) JB_MUST;
/* JB_MALFORMED (also: not the one encoding that it has), JB_TOO_LARGE, JB_RANGE, JB_UNSUPPORTED
 * (not of this suite, the network's), JB_NOMEM; the fault says what. */
enum jb_err jb_blob_manifest_decode(struct jb_bytes bytes, uint8_t suite, struct jb_arena *arena,
                                    struct jb_blob_manifest *m, struct jb_fault *fault) JB_MUST;
/* Of all of it in plain. */
uint64_t jb_blob_plain_bytes(const struct jb_blob_manifest *m);
/* Size of this chunk as it travels; 0: there is none with this index. */
uint32_t jb_blob_chunk_size(const struct jb_blob_manifest *m, uint32_t index);

/* Seal one chunk: writes plain.len + JB_SEAL_EXTRA_BYTES bytes. */
void jb_blob_chunk_seal(const uint8_t key[JB_KEY_BYTES], int64_t case_no, uint32_t index,
                        struct jb_bytes plain, uint8_t *sealed);
/* Errors as jb_unseal. */
enum jb_err jb_blob_chunk_open(const uint8_t key[JB_KEY_BYTES], int64_t case_no, uint32_t index,
                               struct jb_bytes sealed, uint8_t *plain) JB_MUST;

/* The receipt "all of it is on my disk": node number (4, big endian) || blob hash, with the purpose
 * "blob". Errors as jb_sign, jb_sign_verify. */
enum jb_err jb_blob_sign(uint8_t suite, const uint8_t secret[JB_SIGN_SECRET_BYTES], uint32_t node,
                         const uint8_t hash[JB_HASH_BYTES], uint8_t sig[JB_SIGN_BYTES]) JB_MUST;
enum jb_err jb_blob_verify(uint8_t suite, const uint8_t public_key[JB_KEY_BYTES], uint32_t node,
                           const uint8_t hash[JB_HASH_BYTES],
                           const uint8_t sig[JB_SIGN_BYTES]) JB_MUST;

/* 64 hexadecimal digits. */
void jb_blob_hash_text(const uint8_t hash[JB_HASH_BYTES], char out[JB_BLOB_HASH_TEXT]);

#endif
