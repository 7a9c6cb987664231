/* One ZeroMQ socket in a libuv loop: ROUTER at the broker, DEALER at a node, CURVE always.
 *
 * Decides how messages enter and leave a process: exactly one body frame each, bounded in size,
 * received in one place with a budget per loop turn, so that a flood never starves timers or the
 * commit. It never looks into a body and never drops a message that was accepted for sending while
 * the connection lives; what is lost with a connection is resumed by number one layer above.
 * Nothing outside proto/wire sees <zmq.h>. Loop thread only, every function. */
#ifndef JB_WIRE_ZSOCK_H
#define JB_WIRE_ZSOCK_H

#include <uv.h>

#include "proto/base/bytes.h"
#include "proto/base/err.h"
#include "proto/wire/gate.h"
#include "proto/wire/keys.h"

/* The library's context: one I/O thread. Make it before any thread that could fork. */
struct jb_zctx;

/* JB_NOMEM, JB_IO (no file descriptors left). Free with jb_zctx_free. */
JB_MUST enum jb_err jb_zctx_new(struct jb_zctx **out);

/* Wait for the I/O thread to end and set *ctx to NULL; NULL is allowed. Every socket and the ZAP
 * handler must have been closed and the loop run until their handles are gone; then this takes at
 * most the sockets' linger_ms. With sockets still open the context is abandoned, not ended: a leak
 * at exit is better than a process that never ends. */
void jb_zctx_free(struct jb_zctx **ctx);

struct jb_zsock;

/* One received message. All memory is borrowed from the library and valid only during the hook. */
struct jb_zmsg {
    struct jb_bytes
        routing_id;       /* ROUTER: where the answer goes, 5 bytes, chosen here; DEALER: empty */
    struct jb_bytes body; /* at most max_frame_bytes; may be empty */
    /* ROUTER: the node whose key opened the connection, and jb_keys_tag of that key; DEALER: 0. A
     * connection outlives a replaced or withdrawn key: compare the tag with the key in force
     * before trusting `node`. */
    uint32_t node;
    uint64_t key_tag;
};

/* What a DEALER's connection does. A hint from the I/O thread: it is not ordered with messages
 * (just after JB_LINK_DOWN a send may still be answered JB_OK, and is lost with the old
 * connection), and several changes between two loop turns arrive one after the other. */
enum jb_link {
    JB_LINK_DOWN,   /* lost, or an attempt failed; the library tries again by itself */
    JB_LINK_UP,     /* handshake done: greet now */
    JB_LINK_DENIED, /* the broker refused our key (not enrolled, replaced, or out of validity) */
};

struct jb_zsock_hooks {
    void (*on_message)(void *ctx, const struct jb_zmsg *msg); /* required; may send, pause, close */
    void (*on_surplus)(void *ctx, uint32_t node);  /* a message of more than one body frame, or over
                                                    * the size limit, was dropped; may be NULL */
    void (*on_link)(void *ctx, enum jb_link link); /* DEALER only; may be NULL */
    void *ctx;                                     /* borrowed, outlives the socket */
};

struct jb_zsock_options {
    size_t max_frame_bytes; /* of a body, both directions; larger ones cut the connection */
    int budget;             /* messages received per loop turn, 1 or more */
    int hwm;                /* messages per peer and direction: a safety net, never flow control */
    int heartbeat_ms;       /* idle time after which the library pings; 0: never */
    int linger_ms;          /* after close: how long unsent messages are still offered */
    int reconnect_min_ms;   /* DEALER: first pause; a random part of the same size is added */
    int reconnect_max_ms;   /* DEALER: the pause doubles up to this */
};

/* 1 MiB frames, budget 128, hwm 1000, no heartbeats, linger 500 ms, reconnect 500 ms - 30 s.
 */
void jb_zsock_options_default(struct jb_zsock_options *options);

/* Everything one socket is made from; the pointers are borrowed during the call only. */
struct jb_zsock_setup {
    struct jb_zctx *zctx;
    uv_loop_t *loop;
    const char *endpoint;         /* "tcp://0.0.0.0:4700", "tcp://127.0.0.1:*" (any port) */
    const struct jb_keypair *own; /* this side's line key */
    const uint8_t *server_public; /* DEALER: 32 bytes, the broker's line key; ROUTER: NULL */
    const struct jb_zsock_options *options; /* NULL: the defaults */
    const struct jb_gate_options *gate;     /* ROUTER: listen through a gate with these limits (its
                                             * frame_max is set from options); NULL: without one */
    struct jb_zsock_hooks hooks;            /* copied */
};

/* Bind the broker's socket. Fails closed: JB_CONFIG unless jb_zap_start succeeded before on this
 * context, and JB_UNSUPPORTED when the library cannot enforce it. JB_LOCKED: address in use;
 * JB_CONFIG: endpoint or key not understood; JB_NOMEM, JB_IO. The fault names the endpoint. */
JB_MUST enum jb_err jb_router_bind(const struct jb_zsock_setup *setup, struct jb_zsock **out,
                                   struct jb_fault *fault);

/* Start connecting to a broker; returns at once. The connection is made, and made anew for as long
 * as the socket is open, whatever ended it: a refused key too, since the node may be enrolled
 * tomorrow. JB_CONFIG: endpoint or key not understood (a host name is looked up at each attempt);
 * JB_NOMEM, JB_IO. After a failure the loop must still be run before jb_zctx_free. */
JB_MUST enum jb_err jb_dealer_connect(const struct jb_zsock_setup *setup, struct jb_zsock **out,
                                      struct jb_fault *fault);

/* Queue one message; the bytes are copied. routing_id: from jb_zmsg (ROUTER), empty (DEALER).
 * JB_BUSY: would block: the peer's high-water mark, or a DEALER without a connection; nothing was
 * queued. JB_CLOSED: that peer is gone (ROUTER), or the socket is being closed. JB_TOO_LARGE: over
 * max_frame_bytes. JB_NOMEM. JB_OK promises nothing but that it was queued. */
JB_MUST enum jb_err jb_zsock_send(struct jb_zsock *z, struct jb_bytes routing_id,
                                  const uint8_t *body, size_t len);

/* The same with the body in two pieces (a header, then a stored entry), without joining them first.
 */
JB_MUST enum jb_err jb_zsock_send2(struct jb_zsock *z, struct jb_bytes routing_id,
                                   struct jb_bytes head, struct jb_bytes tail);

/* The endpoint really bound (the port chosen for '*') or connected to; valid until close. */
const char *jb_zsock_endpoint(const struct jb_zsock *z);

/* Stop and go on receiving: back-pressure while the intake is full. Sending stays possible; peers
 * block at their own high-water mark. May be called from on_message. */
void jb_zsock_pause(struct jb_zsock *z);
void jb_zsock_resume(struct jb_zsock *z);

/* Behind a gate: end every connection of a node at once, in the middle of a frame if need be. What
 * the library has received from it before may still come to on_message. */
void jb_zsock_cut_node(struct jb_zsock *z, uint32_t node);
/* All zero without a gate. */
void jb_zsock_gate_counts(const struct jb_zsock *z, struct jb_gate_counts *out);

/* Counters since the start, for metrics. */
struct jb_zsock_counts {
    uint64_t received;     /* messages given to on_message */
    uint64_t sent;         /* messages queued */
    uint64_t surplus;      /* dropped: more than one body frame, or none */
    uint64_t oversize;     /* dropped: over the limit by less than the transport's slack */
    uint64_t unidentified; /* ROUTER, dropped: without a User-Id (cannot happen behind ZAP) */
    uint64_t foreign;      /* ROUTER, dropped: with a routing id that the sender has chosen */
    uint64_t would_block;  /* sends answered JB_BUSY */
    uint64_t unroutable;   /* sends answered JB_CLOSED */
};
void jb_zsock_counts(const struct jb_zsock *z, struct jb_zsock_counts *out);

/* Stop at once and set *z to NULL; NULL is allowed. No hook is called any more. The handles are
 * closed and the memory is freed in later turns of the loop, which must still be run. May be called
 * from a hook of the same socket. */
void jb_zsock_close(struct jb_zsock **z);

#endif
