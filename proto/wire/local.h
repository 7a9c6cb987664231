/* A Unix stream socket that serves local clients in a libuv loop: the agent's local endpoint and
 * the broker's admin socket.
 *
 * Decides who is connected (the kernel says which user), and bounds what one client can cost: frame
 * size, connections, time for a frame, bytes waiting for a slow reader. Knows no message.
 * Loop thread only. The blocking client side is in localio.h. */
#ifndef JB_WIRE_LOCAL_H
#define JB_WIRE_LOCAL_H

#include <sys/types.h>
#include <uv.h>

#include "proto/base/bytes.h"
#include "proto/base/err.h"
#include "proto/wire/localio.h"

struct jb_local_server;
struct jb_local_peer;

struct jb_local_config {
    const char *path;       /* borrowed during jb_local_listen; at most 107 bytes */
    mode_t mode;            /* permissions of the socket, e.g. 0660 */
    size_t max_frame_bytes; /* of a request; 0 = JB_LOCAL_REQUEST_LIMIT */
    size_t max_queue_bytes; /* unsent bytes of one client, over this it is cut; 0 = 32 MiB */
    int max_connections;    /* further clients are closed at once; 0 = 64. One account has at most
                               three quarters of them: it cannot lock the others out */
    int partial_timeout_ms; /* an incomplete frame older than this is cut; 0 = 10 s */
};

struct jb_local_hooks {
    void (*on_open)(void *ctx, struct jb_local_peer *peer); /* may be NULL */
    /* Required. `frame` is borrowed. What a client sent before it went away still arrives, until a
     * reply to it fails. */
    void (*on_frame)(void *ctx, struct jb_local_peer *peer, struct jb_bytes frame);
    /* The last call for this peer, always from the loop, never from within another call.
     * JB_OK or JB_CLOSED: ended regularly; JB_TOO_LARGE, JB_MALFORMED (incomplete frame), JB_BUSY
     * (frame took too long), JB_OVERFLOW (reads too slowly), JB_IO, JB_NOMEM. May be NULL. */
    void (*on_close)(void *ctx, struct jb_local_peer *peer, enum jb_err why);
    void *ctx; /* borrowed, outlives the server */
};

struct jb_local_counts {
    uint64_t accepted; /* connections */
    uint64_t refused;  /* closed at once: too many, or no credentials */
    uint64_t cut;      /* closed by us for breaking a limit */
    int open;          /* now */
};

/* Create the socket and serve it. A socket file on which nobody answers is removed; anything else
 * that has the name is left alone: JB_LOCKED (somebody answers), JB_EXISTS (not a socket). The
 * caller holds the lock on its data folder already, so that two starters do not meet here. The file
 * has its final mode before the first client can connect. JB_CONFIG: path too long; JB_DENIED,
 * JB_NOT_FOUND (folder), JB_NOMEM, JB_IO. The fault names the path. */
JB_MUST enum jb_err jb_local_listen(uv_loop_t *loop, const struct jb_local_config *config,
                                    const struct jb_local_hooks *hooks,
                                    struct jb_local_server **out, struct jb_fault *fault);

/* Close every client (on_close follows for each with JB_CLOSED), remove the socket file if it is
 * still ours, set *server to NULL; NULL is allowed. Memory is freed in later loop turns. */
void jb_local_stop(struct jb_local_server **server);

void jb_local_counts(const struct jb_local_server *server, struct jb_local_counts *out);

/* Send one frame; copied when it cannot leave at once. JB_CLOSED: the peer is being closed;
 * JB_OVERFLOW: it reads too slowly and is closed now; JB_NOMEM: closed as well, since a reply that
 * is missing without a sign is worse; JB_TOO_LARGE: over JB_LOCAL_REPLY_LIMIT, nothing sent. */
JB_MUST enum jb_err jb_local_send(struct jb_local_peer *peer, struct jb_bytes frame);

/* Close now, or once everything queued has left. on_close follows with JB_OK. No on_frame any more.
 */
void jb_local_close(struct jb_local_peer *peer);
void jb_local_finish(struct jb_local_peer *peer);

/* Valid until on_close returns. */
const struct jb_local_identity *jb_local_peer_identity(const struct jb_local_peer *peer);

/* Bytes that wait to be sent: for those who send as fast as the client reads. */
size_t jb_local_peer_queued(const struct jb_local_peer *peer);

/* A pointer of the user's own per client, NULL at first. */
void jb_local_peer_set_data(struct jb_local_peer *peer, void *data);
void *jb_local_peer_data(const struct jb_local_peer *peer);

#endif
