/* Private to the ledger: copying finished blobs from one folder to another, each held against its
 * hashes on the way. Needs no open store: the folders may be in use. Any thread. */
#ifndef JB_LEDGER_BLOBCOPY_H
#define JB_LEDGER_BLOBCOPY_H

#include "proto/ledger/blobfile.h"
#include "proto/ledger/breath.h"

struct jb_blob_names {
    uint8_t (*at)[JB_HASH_BYTES]; /* ascending; owned */
    size_t count, capacity;
};

/* The finished blobs of a folder; none when there is no such folder. IO, DENIED, NOMEM. */
enum jb_err jb_blob_names_read(const char *folder, struct jb_blob_names *out,
                               struct jb_fault *fault) JB_MUST;
bool jb_blob_names_has(const struct jb_blob_names *names, const uint8_t hash[JB_HASH_BYTES]);
void jb_blob_names_free(struct jb_blob_names *names);

struct jb_blob_copying {
    const char *from, *to; /* folders; `to` NULL: it is only read */
    uint8_t suite;
    struct jb_breath *breath; /* NULL: without a rest */
};

/* Read a finished blob from its first byte to its last and, unless `to` is NULL, write it there:
 * on the disk and under its name when this returns. *bytes: of its contents. NOT_FOUND; CORRUPT:
 * what is in `from` does not have its hashes, nothing was written; FULL, IO, DENIED, NOMEM. */
enum jb_err jb_blob_copy(const struct jb_blob_copying *how, const uint8_t hash[JB_HASH_BYTES],
                         uint64_t *bytes) JB_MUST;
/* Not being there is fine. */
enum jb_err jb_blob_remove(const char *folder, const uint8_t hash[JB_HASH_BYTES]) JB_MUST;
/* Remove what copies into `folder` left that were killed; for whoever is alone to copy there. No
 * such folder is fine. IO, DENIED. */
enum jb_err jb_blob_copies_clear(const char *folder) JB_MUST;

#endif
