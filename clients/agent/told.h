/* The receipts for attachments that were sent to the broker last. Nobody answers a receipt and
 * nobody asks for one, so one that may not have got onto the broker's disk is sent again, for as
 * long as there is trouble; the broker keeps the first. One thread. */
#ifndef JB_CLIENTS_AGENT_TOLD_H
#define JB_CLIENTS_AGENT_TOLD_H

#include "proto/base/bytes.h"
#include "proto/base/err.h"

#define JB_TOLD_MAX 1024        /* more are forgotten, the oldest first */
#define JB_TOLD_ONCE 32         /* said again at a time */
#define JB_TOLD_KEEP_MS 3600000 /* so long without trouble: it has arrived */

struct jb_told {
    struct jb_told_one {
        uint8_t hash[JB_HASH_BYTES];
        int64_t at_mono_ms; /* when it was sent, or trouble was last seen after that */
        bool sent;
        bool again;
    } at[JB_TOLD_MAX]; /* ring */
    size_t next;
};

void jb_told_sent(struct jb_told *t, const uint8_t hash[JB_HASH_BYTES], int64_t now_mono_ms);
/* Now and then. `well`: the line is up, and the broker takes what comes. */
void jb_told_tick(struct jb_told *t, int64_t now_mono_ms, bool well);
/* The broker has rejected one, or the line broke: which of the last ones it took is not known. */
void jb_told_doubt(struct jb_told *t);
/* Say those that are in doubt again, at most JB_TOLD_ONCE. `say`: JB_OK: it was sent; JB_NOT_FOUND:
 * it is not to be said any more; else it stays in doubt. True: some are in doubt still. */
bool jb_told_again(struct jb_told *t, int64_t now_mono_ms,
                   enum jb_err (*say)(void *ctx, const uint8_t hash[JB_HASH_BYTES]), void *ctx);

#endif
