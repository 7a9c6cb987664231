/* Blobs over a line: the frames 10 to 14, the same for both ends.
 *
 * Driven by who needs: it asks for the offer (BlobWant without chunks), gets the manifest
 * (BlobOffer), asks for a few chunks at a time (BlobWant), and asks on when they are on its disk.
 * So a transfer goes on where it stopped, whatever happened between. One blob is received at a time
 * on a line; the sender only remembers which chunks it was just asked for. A chunk is sent when its
 * owner says that nothing else is to be sent (jb_blobline_pump). One thread. */
#ifndef JB_LEDGER_BLOBLINE_H
#define JB_LEDGER_BLOBLINE_H

#include "proto/ledger/blobstore.h"

#define JB_BLOB_WINDOW 4  /* chunks under way in one direction */
#define JB_BLOB_WANTED 64 /* blobs that wait for their turn; more are asked for later */
#define JB_BLOB_BAD_MAX 3 /* chunks of one transfer that did not have their hash */

struct jb_blobline;

/* What the two ends do in their own ways. */
struct jb_blobline_hooks {
    /* JB_BUSY: not now, nothing was sent; JB_CLOSED ... */
    enum jb_err (*send)(void *ctx, struct jb_frame *frame);
    /* May the other end have (give) this blob? *case_no: a case that it belongs to. */
    bool (*allowed)(void *ctx, const uint8_t hash[JB_HASH_BYTES], int64_t *case_no);
    /* Does an entry say that it has so many bytes in plain? */
    bool (*fits)(void *ctx, const uint8_t hash[JB_HASH_BYTES], uint64_t plain_bytes);
    /* Write a checked chunk; then jb_blobline_stored, at once or later. `body` is borrowed. */
    void (*write)(void *ctx, const uint8_t hash[JB_HASH_BYTES], uint32_t chunk_bytes,
                  uint32_t index, struct jb_bytes body);
    /* All of it is on disk: sign (suite and signature of `have`). */
    enum jb_err (*complete)(void *ctx, const uint8_t hash[JB_HASH_BYTES], struct jb_frame *have);
    /* The other end's receipt: verify and keep. */
    enum jb_err (*received)(void *ctx, const struct jb_frame *have);
    void (*trouble)(void *ctx, const uint8_t hash[JB_HASH_BYTES], enum jb_err err,
                    const char *text); /* for log and counters */
};

struct jb_blobline {
    struct jb_blobs *store; /* borrowed */
    const struct jb_blobline_hooks *hooks;
    void *ctx;
    /* sending */
    struct jb_blob_piece {
        uint8_t hash[JB_HASH_BYTES];
        uint32_t index;
    } queue[JB_BLOB_WINDOW];
    unsigned queued;
    /* receiving */
    uint8_t wanted[JB_BLOB_WANTED][JB_HASH_BYTES]; /* [0] is the one in hand when `busy` */
    unsigned wanted_count;
    bool busy;                      /* asked for an offer or for chunks of wanted[0] */
    bool receiving;                 /* its manifest is here */
    unsigned bad;                   /* chunks of it that were not what they must be */
    uint32_t asked[JB_BLOB_WINDOW]; /* indices under way */
    unsigned asked_count;
    unsigned writing;      /* chunks handed to `write` and not stored yet */
    int64_t moved_mono_ms; /* when something of it last came */
};

void jb_blobline_init(struct jb_blobline *l, struct jb_blobs *store,
                      const struct jb_blobline_hooks *hooks, void *ctx);
/* The connection is new or gone: forget what was under way. */
void jb_blobline_reset(struct jb_blobline *l);
/* Get this blob from the other end, when its turn comes. False: no room to remember it. */
bool jb_blobline_fetch(struct jb_blobline *l, const uint8_t hash[JB_HASH_BYTES]);
/* Tell the other end that it can have this one. */
void jb_blobline_offer(struct jb_blobline *l, const uint8_t hash[JB_HASH_BYTES]);
/* A frame of kind BLOB_*. Anything but JB_OK: reject it with this error, `fault` says why. */
enum jb_err jb_blobline_take(struct jb_blobline *l, const struct jb_frame *f,
                             struct jb_fault *fault) JB_MUST;
void jb_blobline_stored(struct jb_blobline *l, const uint8_t hash[JB_HASH_BYTES], uint32_t index,
                        enum jb_err err);
/* Nothing else is to be sent now: send one chunk, if one was asked for. True: one was sent. */
bool jb_blobline_pump(struct jb_blobline *l);
/* The other end may not have taken what was asked for: a transfer of which nothing has come for so
 * long is begun anew. */
void jb_blobline_ask_again(struct jb_blobline *l, int64_t still_ms);
/* Now and then: a transfer that does not move is begun anew. */
void jb_blobline_tick(struct jb_blobline *l);

#endif
