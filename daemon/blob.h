/* jiaoband: attachments. The broker keeps sealed chunks, takes them from whoever attached them and
 * gives them to the nodes that may read the case's key. */
#ifndef JB_DAEMON_BLOB_H
#define JB_DAEMON_BLOB_H

#include "daemon/broker.h"

struct jb_blob_service; /* what the broker holds for them */

/* Open the store, drop what no case refers to, find what is missing; the latter two not before a
 * restored record is complete. */
enum jb_err jb_blob_start(struct jb_broker *b, struct jb_fault *fault) JB_MUST;
/* The record is complete again after a restore. */
enum jb_err jb_blob_read_again(struct jb_broker *b) JB_MUST;
void jb_blob_stop(struct jb_broker *b); /* closes its handle; what is being written is finished */
void jb_blob_fini(struct jb_broker *b);

/* The next ones do nothing while the store is not open. */
/* A peer has greeted: ask it for what is missing here and what it may have. */
void jb_blob_greeted(struct jb_broker *b, struct jb_peer *p);
/* A frame about attachments. */
void jb_blob_frame(struct jb_broker *b, const struct jb_zmsg *msg, struct jb_peer *p,
                   const struct jb_frame *f);
/* An entry is on disk: one that attaches, or one that erases. */
void jb_blob_committed(struct jb_broker *b, const struct jb_entry *entry);
/* Once a second. */
void jb_blob_tick(struct jb_broker *b);

/* Is the attachment sealed under the key of its case, as this batch knows it? A first one brings
 * the key of a case that has none yet. */
enum jb_err jb_blob_key_fits(struct jb_broker *b, const struct jb_batch *t,
                             const struct jb_intake_item *item, const struct jb_act *act,
                             bool *fits) JB_MUST;

#endif
