/* What the ledger knows of blobs: which entries name them, who may read them, who has signed for
 * them. Threading and transactions as in ledger.h. */
#ifndef JB_LEDGER_BLOBROWS_H
#define JB_LEDGER_BLOBROWS_H

#include "proto/ledger/ledger.h"

/* A case with this attachment whose key was not erased and that `node` (0: anybody) may read.
 * JB_NOT_FOUND: there is none. */
enum jb_err jb_blob_case(struct jb_ledger *l, const uint8_t hash[JB_HASH_BYTES], uint32_t node,
                         int64_t *case_no) JB_MUST;
/* Blobs that are to be had, after `after` in the order of their hashes, at most `max`. */
enum jb_err jb_blob_hashes(struct jb_ledger *l, const uint8_t after[JB_HASH_BYTES],
                           uint8_t (*out)[JB_HASH_BYTES], size_t max, size_t *count) JB_MUST;
/* Those of one case, erased or not, into the arena. */
enum jb_err jb_blobs_of_case(struct jb_ledger *l, int64_t case_no, struct jb_arena *arena,
                             uint8_t (**out)[JB_HASH_BYTES], size_t *count) JB_MUST;
/* Nodes that may read it, ascending, into the arena. */
enum jb_err jb_blob_readers(struct jb_ledger *l, const uint8_t hash[JB_HASH_BYTES],
                            struct jb_arena *arena, struct jb_list32 *out) JB_MUST;
/* Does an entry attach this blob with so many bytes in plain? NOT_FOUND: none does. */
enum jb_err jb_blob_size_fits(struct jb_ledger *l, const uint8_t hash[JB_HASH_BYTES],
                              uint64_t size_bytes) JB_MUST;

struct jb_blob_sum { /* what one node has attached, in plain bytes */
    uint32_t node;
    uint64_t all, since;
};
/* The broker's record: by node, of cases that were not erased; `since` an instant. Into the arena.
 */
enum jb_err jb_blob_sums(struct jb_ledger *l, int64_t since_ms, struct jb_arena *arena,
                         struct jb_blob_sum **out, size_t *count) JB_MUST;
/* Of one case, erased or not; nothing in `since`. */
enum jb_err jb_blob_sums_of_case(struct jb_ledger *l, int64_t case_no, struct jb_arena *arena,
                                 struct jb_blob_sum **out, size_t *count) JB_MUST;

struct jb_blob_receipt {
    uint8_t hash[JB_HASH_BYTES];
    uint32_t node; /* who signed */
    uint8_t suite;
    uint8_t signature[JB_SIGN_BYTES];
    int64_t at_ms;
};
/* Inside a transaction; the caller has verified the signature. */
enum jb_err jb_blob_receipt_put(struct jb_ledger *l, const struct jb_blob_receipt *r) JB_MUST;
/* When it went on record; JB_NOT_FOUND. */
enum jb_err jb_blob_receipt_at(struct jb_ledger *l, const uint8_t hash[JB_HASH_BYTES],
                               uint32_t node, int64_t *at_ms) JB_MUST;

#endif
