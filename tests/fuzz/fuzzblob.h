/* Attachments for targets, the same in every run: at either end two are on the disk and two are
 * lacking, of each a small one and one of three chunks. */
#ifndef JB_TESTS_FUZZBLOB_H
#define JB_TESTS_FUZZBLOB_H

#include "proto/wire/blob.h"

#define FUZZ_BLOBS 4
#define FUZZ_BLOBS_HERE 2 /* the first ones */

struct fuzz_blob {
    uint8_t hash[JB_HASH_BYTES];
    struct jb_blob_manifest manifest;
    struct jb_bytes manifest_bytes;
};

extern const uint8_t fuzz_blob_key[JB_KEY_BYTES]; /* of the case that they are attached to */

const struct fuzz_blob *fuzz_blobs(void);
/* Room for one chunk, filled: good until the next call. */
struct jb_bytes fuzz_blob_chunk(const struct fuzz_blob *b, uint32_t index);
/* The sealed label of an act that attaches; good until the next call. */
struct jb_bytes fuzz_blob_label(void);
/* Those that are here, into the store of a data folder, and nothing else in it. Nobody has it
 * open. */
void fuzz_blobs_put(const char *data);
void fuzz_blobs_restore(const char *data);

/* A frame about attachments that names one of them, has its manifest, its chunk: as an honest end
 * would, where the input's own fields say so. Signatures are the caller's. */
void fuzz_blob_mend(struct jb_frame *f);

#endif
