/* Files on their way in: what a person has sent of each, so that he can go on where the line broke.
 * No file is ever held here: at most one piece of it, until the agent has sealed that. Loop thread
 * only.
 *
 * An upload is known by the person, the case, and a name of the caller's choosing. The agent keeps
 * its contents; it and we forget what stood still for ten minutes, and what was finished and not
 * attached after an hour. */
#ifndef JB_CLIENTS_GATEWAY_UPLOAD_H
#define JB_CLIENTS_GATEWAY_UPLOAD_H

#include "clients/gateway/request.h"
#include "clients/lib/jiaoban_serve.h"
#include "proto/base/clock.h"

#define JB_GW_UPLOAD_NAME 65
#define JB_GW_UPLOAD_PIECE ((size_t)256 * 1024)
#define JB_GW_UPLOADS_OF_ONE 3 /* unfinished ones of a person: the agent takes eight of all */
#define JB_GW_UPLOADS_KEPT 16  /* complete ones of a person: an older one makes room */
#define JB_GW_UPLOADS_MAX 1024
#define JB_GW_HASH_BYTES 32

struct jb_gw_uploads;

struct jb_gw_upload_key {
    const char *user, *name;
    char number[JIAOBAN_TEXT]; /* of the case, as it is shown */
};

struct jb_gw_upload {
    struct jb_gw_upload *next;
    struct jb_gw_uploads *all;
    char *user; /* owned */
    char name[JB_GW_UPLOAD_NAME], number[JIAOBAN_TEXT];
    uint64_t handle;          /* at the agent; 0: not begun there */
    uint64_t received, total; /* received: what the agent holds */
    bool complete;
    uint8_t hash[JB_GW_HASH_BYTES]; /* of what is complete, for the act that attaches it */
    int64_t moved_ms;               /* monotonic */
    uint64_t ask;                   /* a piece that the agent has not answered; 0: none */
    struct jb_gw_request *writer;   /* who sends at the moment; NULL: nobody */
    uint8_t *piece;                 /* what came and is not at the agent; owned, while writer */
    size_t piece_len;
    bool at_end; /* of the writer's body */
    bool gone;   /* out of the list; freed with the answer to `ask` */
};

JB_MUST enum jb_err jb_gw_uploads_open(struct jb_gw *gw, struct jb_gw_uploads **out);
void jb_gw_uploads_close(struct jb_gw_uploads **all);
/* Forget what stood still for too long. */
void jb_gw_uploads_sweep(struct jb_gw_uploads *all);

/* NULL: there is none. */
struct jb_gw_upload *jb_gw_upload_find(const struct jb_gw_uploads *all,
                                       const struct jb_gw_upload_key *key);
/* A new one, in place of an older one of the same name. BUSY: too many of this person, or of all;
 * NOMEM. */
JB_MUST enum jb_err jb_gw_upload_new(struct jb_gw_uploads *all, const struct jb_gw_upload_key *key,
                                     uint64_t total, struct jb_gw_upload **out);
/* Forget it, here and at the agent. What is complete may be attached all the same. */
void jb_gw_upload_drop(struct jb_gw_upload *u);
/* What was sent with this request goes on with the upload, and its answer is told there. Another
 * request that still sends is given up. NOMEM; BUSY: its last piece is not answered yet. */
JB_MUST enum jb_err jb_gw_upload_write(struct jb_gw_upload *u, struct jb_gw_request *r);
/* ask_upload.c: answer with what there is of it. */
void jb_gw_reply_upload(struct jb_gw_request *r, const struct jb_gw_upload *u);

#endif
