/* jiaoban-agent: attachments. Contents come in from local programs, go up to the broker, and come
 * down from it when others attached them; on this disk they are sealed chunks. */
#ifndef JB_CLIENTS_AGENT_BLOB_H
#define JB_CLIENTS_AGENT_BLOB_H

#include "clients/agent/agent.h"
#include "proto/ledger/blobline.h"

struct jb_agent_blobs;

/* Open the store; drop what no case needs any more. */
enum jb_err jb_agent_blobs_start(struct jb_agent *a, struct jb_fault *fault) JB_MUST;
void jb_agent_blobs_stop(struct jb_agent *a); /* closes its handles */
void jb_agent_blobs_fini(struct jb_agent *a);
struct jb_blobs *jb_agent_blob_store(struct jb_agent *a);

/* The next ones do nothing while the store is not open. */
/* The broker has welcomed us: fetch what is missing here, offer what it has not signed for. */
void jb_agent_blobs_welcomed(struct jb_agent *a);
void jb_agent_blob_frame(struct jb_agent *a, const struct jb_frame *f);
/* The broker rejected a frame about attachments with BUSY: whatever it may have been is said again
 * after a while. */
void jb_agent_blob_put_off(struct jb_agent *a);
/* What a committed delivery means for attachments. */
void jb_agent_blobs_news(struct jb_agent *a, const struct jb_agent_news *news);
/* Nothing else waits to be sent: an attachment's turn. */
void jb_agent_blobs_pump(struct jb_agent *a);
/* Now and then. */
void jb_agent_blobs_tick(struct jb_agent *a);
/* Get it from the broker, if it can be had now. */
void jb_agent_blob_fetch(struct jb_agent *a, const uint8_t hash[JB_HASH_BYTES]);

/* ---- contents from a local program, piece by piece (ask_blob.c) ---- */

#define JB_AGENT_UPLOADS 8 /* at a time */

struct jb_agent_upload {
    uint64_t handle; /* 0: free */
    struct jb_agent_client *client;
    int64_t case_no;
    int64_t moved_mono_ms; /* when something of it last came */
    struct jb_blob_spool *spool;
};
struct jb_agent_upload *jb_agent_uploads(struct jb_agent *a);
/* Finished, and not attached yet: kept for an hour, or until it is attached. */
void jb_agent_blob_fresh(struct jb_agent *a, const uint8_t hash[JB_HASH_BYTES]);
/* A program has gone: what it had not finished is dropped. So is what stood still for ten minutes.
 */
void jb_agent_uploads_forget(struct jb_agent *a, const struct jb_agent_client *client);

#endif
