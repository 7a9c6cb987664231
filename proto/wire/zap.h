/* Who may open a connection: answers the library's authentication requests (ZeroMQ RFC 27) from the
 * same loop, without a thread. Fails closed: no handler, a blocked loop or a malformed request
 * means that nobody gets in. It knows keys and node numbers only, nothing of rights. */
#ifndef JB_WIRE_ZAP_H
#define JB_WIRE_ZAP_H

#include <uv.h>

#include "proto/base/err.h"
#include "proto/wire/zsock.h"

/* The node that owns this line key, or 0: unknown, then the peer is refused. Called on the loop
 * thread during a handshake; must not block. `address` is the peer's IP address, for a log line. */
typedef uint32_t (*jb_zap_lookup)(void *ctx, const uint8_t key[JB_KEY_BYTES], const char *address);

struct jb_zap;

struct jb_zap_counts {
    uint64_t accepted;  /* handshakes of known keys */
    uint64_t denied;    /* handshakes refused: unknown key, other mechanism or domain */
    uint64_t malformed; /* requests that were no ZAP requests; not answered */
};

/* Take the context's authentication endpoint; before the first jb_router_bind. `ctx` is borrowed
 * until jb_zap_stop. JB_LOCKED: another handler has the endpoint; JB_NOMEM, JB_IO. */
JB_MUST enum jb_err jb_zap_start(struct jb_zctx *zctx, uv_loop_t *loop, jb_zap_lookup lookup,
                                 void *ctx, struct jb_zap **out);

void jb_zap_counts(const struct jb_zap *zap, struct jb_zap_counts *out);

/* Stop answering and set *zap to NULL; NULL is allowed. From now on every new connection is
 * refused; close the ROUTER first. The memory is freed in a later loop turn. */
void jb_zap_stop(struct jb_zap **zap);

#endif
