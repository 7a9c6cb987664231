/* The receipts for attachments that were sent to the broker last. Nobody answers a receipt and
 * nobody asks for one, so one that may not have got onto the broker's disk is sent again; the
 * broker keeps the first. One thread. */
#ifndef JB_CLIENTS_AGENT_TOLD_H
#define JB_CLIENTS_AGENT_TOLD_H

#include "proto/base/bytes.h"
#include "proto/base/err.h"

#define JB_TOLD_MAX 32          /* more are forgotten, the oldest first */
#define JB_TOLD_DOUBT_MS 120000 /* what is older has arrived */

struct jb_told {
    struct jb_told_one {
        uint8_t hash[JB_HASH_BYTES];
        int64_t at_mono_ms;
        bool sent;
        bool again;
    } at[JB_TOLD_MAX]; /* ring */
    size_t next;
};

void jb_told_sent(struct jb_told *t, const uint8_t hash[JB_HASH_BYTES], int64_t now_mono_ms);
/* The broker has rejected one, or the line broke: which of the last ones it took is not known. */
void jb_told_doubt(struct jb_told *t, int64_t now_mono_ms);
/* Say all that are in doubt again. `say`: JB_OK: it was sent; JB_NOT_FOUND: it is not to be said
 * any more; else it stays in doubt. */
void jb_told_again(struct jb_told *t, int64_t now_mono_ms,
                   enum jb_err (*say)(void *ctx, const uint8_t hash[JB_HASH_BYTES]), void *ctx);

#endif
