/* Private to the blob store: the layout of one file.
 *
 *   offset  bytes  content
 *        0      8  "JBBLOB1\0"
 *        8      4  length of the manifest, big endian
 *       12      -  manifest
 *    32768      -  chunk 0, chunk 1 ... each at 32768 + index * chunk_bytes */
#ifndef JB_LEDGER_BLOBFILE_H
#define JB_LEDGER_BLOBFILE_H

#include "proto/ledger/blobstore.h"

#define JB_BLOBFILE_DATA 32768
#define JB_BLOBFILE_PATH 4200

enum jb_err jb_blobfile_error(int code); /* of errno */
/* All of it, or an error; EINTR is gone over. JB_CORRUPT: the file ends before. */
enum jb_err jb_blobfile_pread(int fd, void *into, size_t len, int64_t offset) JB_MUST;
enum jb_err jb_blobfile_pwrite(int fd, const void *from, size_t len, int64_t offset) JB_MUST;
/* Header and manifest into the arena. JB_CORRUPT. */
enum jb_err jb_blobfile_manifest(int fd, struct jb_arena *arena, struct jb_bytes *manifest) JB_MUST;
enum jb_err jb_blobfile_begin(int fd, struct jb_bytes manifest) JB_MUST;
/* The folder's entries are on disk. */
enum jb_err jb_blobfile_sync_folder(const char *folder) JB_MUST;

/* ---- the index, blobindex.c ---- */

struct jb_blob {
    uint8_t hash[JB_HASH_BYTES];
    uint64_t size_bytes;
    uint32_t chunk_bytes, total, here;
    uint8_t *present; /* a bit for each chunk; owned; NULL: all of them are here */
};

struct jb_blobs {
    char *folder;       /* owned */
    struct jb_blob *at; /* ascending by hash; owned */
    size_t count, capacity;
    uint64_t used, quota;
    unsigned spools;
    uint8_t suite; /* of the network */
};

struct jb_blob *jb_blob_find(const struct jb_blobs *s, const uint8_t hash[JB_HASH_BYTES]);
/* Adds it, with nothing here; NULL: no memory. Takes no room by itself. */
struct jb_blob *jb_blob_insert(struct jb_blobs *s, const uint8_t hash[JB_HASH_BYTES],
                               const struct jb_blob_manifest *m);
/* Takes it out and gives its room back. */
void jb_blob_forget(struct jb_blobs *s, struct jb_blob *b);
bool jb_blob_has(const struct jb_blob *b, uint32_t index);

/* ---- for the spool, which adds finished blobs ---- */
const char *jb_blobs_folder(const struct jb_blobs *s);
/* Reserve room; JB_FULL. */
enum jb_err jb_blobs_reserve(struct jb_blobs *s, uint64_t bytes) JB_MUST;
void jb_blobs_release(struct jb_blobs *s, uint64_t bytes);
/* The file has got its final name. Its bytes are reserved already. */
enum jb_err jb_blobs_adopt(struct jb_blobs *s, const uint8_t hash[JB_HASH_BYTES],
                           const struct jb_blob_manifest *m) JB_MUST;
unsigned jb_blobs_next_spool(struct jb_blobs *s);

#endif
