/* Private to the broker's attachments (blob.c, blobask.c): what they hold. */
#ifndef JB_DAEMON_BLOBSERVICE_H
#define JB_DAEMON_BLOBSERVICE_H

#include "daemon/blob.h"
#include "daemon/lacking.h"
#include "proto/ledger/blobline.h"

struct jb_blob_job; /* a chunk on its way to the disk */

struct jb_blob_link { /* to one node */
    struct jb_blob_service *service;
    uint32_t node;
    uint8_t asked[JB_HASH_BYTES]; /* for what is lacking up to here it was asked */
    bool asked_all;
    struct jb_blobline line;
};

struct jb_blob_service {
    struct jb_broker *broker;
    struct jb_blobs *store;
    struct jb_blob_link **links; /* by node number; owned */
    size_t link_capacity;
    struct jb_lacking lacking;
    size_t ask_first;                  /* link that is looked at first next time */
    struct jb_blob_job *first, **last; /* the first one is being written */
    bool writing;
    uv_work_t work;
    uv_timer_t pump;
};

/* ---- blob.c ---- */

/* NULL: no line to this node since the broker started. */
struct jb_blob_link *jb_blob_link_of(struct jb_blob_service *s, uint32_t node);

/* ---- blobask.c: what is missing here, and from whom it is asked ---- */

/* It is not here, or not whole any more: whoever greets is asked for it. */
void jb_blob_lack(struct jb_blob_service *s, const uint8_t hash[JB_HASH_BYTES]);
/* What is lacking is asked for once more, in time, over this line; NULL: over every line. */
void jb_blob_ask_again(struct jb_blob_service *s, struct jb_blob_link *from);
/* Everything that the record names, cases of nobody left out. */
enum jb_err jb_blob_lacking_find(struct jb_blob_service *s) JB_MUST;
/* Remove it unless a case refers to it whose key is still there. */
void jb_blob_drop_unless_needed(struct jb_blob_service *s, const uint8_t hash[JB_HASH_BYTES]);
/* The same for everything that is here. */
void jb_blob_collect(struct jb_blob_service *s);
/* A new connection: it is asked from the beginning. */
void jb_blob_ask_anew(struct jb_blob_service *s, struct jb_blob_link *k);
/* Now and then: idle lines are asked for what is lacking. */
void jb_blob_ask_idle(struct jb_blob_service *s);

#endif
