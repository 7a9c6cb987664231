/* Blobs on disk: one file each in a folder beside the ledger, so that large contents never wait in
 * its transactions nor it for them.
 *
 * Only sealed chunks are stored. A file is named by the blob's hash; while chunks are missing it
 * ends in ".part". Which chunks are there is never written down: after a crash each chunk of a
 * ".part" is held against its hash again. A chunk is on disk (fdatasync) when its write returns.
 * What all blobs take, whole size of unfinished ones included, stays within a quota. One thread,
 * but for jb_blobs_write. */
#ifndef JB_LEDGER_BLOBSTORE_H
#define JB_LEDGER_BLOBSTORE_H

#include "proto/wire/blob.h"

struct jb_blobs;

struct jb_blob_state {
    uint64_t size_bytes; /* sealed */
    uint32_t chunk_bytes;
    uint32_t here, total; /* chunks */
};

/* Open the folder `blobs` in `data`, made when missing. Checks what unfinished files hold, removes
 * what uploads left behind. JB_IO, JB_DENIED, JB_NOMEM; the fault names the file. A foreign or
 * unreadable file is left alone and logged. */
enum jb_err jb_blobs_open(const char *data, int64_t quota_bytes, uint8_t suite,
                          struct jb_blobs **out, struct jb_fault *fault) JB_MUST;
void jb_blobs_close(struct jb_blobs **store); /* NULL is allowed */

/* False: nothing of it is here. */
bool jb_blobs_state(const struct jb_blobs *s, const uint8_t hash[JB_HASH_BYTES],
                    struct jb_blob_state *out);
uint8_t jb_blobs_suite(const struct jb_blobs *s); /* of the network */
bool jb_blobs_complete(const struct jb_blobs *s, const uint8_t hash[JB_HASH_BYTES]);
uint64_t jb_blobs_used(const struct jb_blobs *s); /* bytes */
size_t jb_blobs_count(const struct jb_blobs *s);
const uint8_t *jb_blobs_at(const struct jb_blobs *s,
                           size_t i); /* hash; ascending; until a change */

/* Begin to receive it; JB_OK as well when some or all is here. JB_CORRUPT: the manifest does not
 * have this hash; JB_FULL: the quota, or the disk; errors of jb_blob_manifest_decode; JB_IO. */
enum jb_err jb_blobs_begin(struct jb_blobs *s, const uint8_t hash[JB_HASH_BYTES],
                           struct jb_bytes manifest, struct jb_fault *fault) JB_MUST;
/* The manifest's bytes, into the arena. JB_NOT_FOUND, JB_CORRUPT, JB_IO, JB_NOMEM. */
enum jb_err jb_blobs_manifest(const struct jb_blobs *s, const uint8_t hash[JB_HASH_BYTES],
                              struct jb_arena *arena, struct jb_bytes *manifest) JB_MUST;
/* The first chunk from `from` on that is not here; UINT32_MAX: there is none. */
uint32_t jb_blobs_missing(const struct jb_blobs *s, const uint8_t hash[JB_HASH_BYTES],
                          uint32_t from);
/* Is this a chunk that is missing? JB_NOT_FOUND, JB_REPEAT, JB_RANGE, JB_CORRUPT: not its hash. */
enum jb_err jb_blobs_check(const struct jb_blobs *s, const uint8_t hash[JB_HASH_BYTES],
                           uint32_t index, struct jb_bytes body) JB_MUST;
/* Put a checked chunk on disk. Any thread, one write of a blob at a time; changes no memory.
 * JB_NOT_FOUND: it was dropped meanwhile; JB_FULL, JB_IO. */
enum jb_err jb_blobs_write(const struct jb_blobs *s, const uint8_t hash[JB_HASH_BYTES],
                           uint32_t chunk_bytes, uint32_t index, struct jb_bytes body) JB_MUST;
/* It is there. *complete: it was the last one. */
enum jb_err jb_blobs_wrote(struct jb_blobs *s, const uint8_t hash[JB_HASH_BYTES], uint32_t index,
                           bool *complete) JB_MUST;
/* One chunk, held against its hash, into the arena. JB_NOT_FOUND: not here; JB_CORRUPT: the file
 * was changed: the chunk counts as missing from here on. JB_IO, JB_NOMEM. */
enum jb_err jb_blobs_read(struct jb_blobs *s, const uint8_t hash[JB_HASH_BYTES], uint32_t index,
                          struct jb_arena *arena, struct jb_bytes *body) JB_MUST;
void jb_blobs_drop(struct jb_blobs *s, const uint8_t hash[JB_HASH_BYTES]);

/* ---- contents that come in plain, piece by piece ----------------------------------------------
 */

struct jb_blob_spool; /* sealed chunks in a file without a name yet */

/* JB_FULL, JB_IO, JB_NOMEM. */
enum jb_err jb_blob_spool_open(struct jb_blobs *s, const uint8_t key[JB_KEY_BYTES], int64_t case_no,
                               struct jb_blob_spool **out) JB_MUST;
uint64_t jb_blob_spool_bytes(const struct jb_blob_spool *p); /* plain bytes taken so far */
/* Take what follows; on disk when it returns, but for the begun chunk, which waits in memory.
 * JB_TOO_LARGE: over 50 MiB; JB_FULL, JB_IO. After an error only close. */
enum jb_err jb_blob_spool_add(struct jb_blob_spool *p, struct jb_bytes plain) JB_MUST;
/* That was all: it becomes a blob of the store. JB_MISSING: nothing was given. */
enum jb_err jb_blob_spool_finish(struct jb_blob_spool *p, uint8_t hash[JB_HASH_BYTES]) JB_MUST;
void jb_blob_spool_close(struct jb_blob_spool **spool); /* removes what was not finished */

#endif
