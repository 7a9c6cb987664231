/* What a DEALER's connection does, and its supervisor. Internal to proto/wire.
 *
 * libzmq reconnects by itself after a lost connection, but gives up for ever when the other end
 * breaks the protocol or refuses the key. A node must not: it may be enrolled tomorrow. The
 * supervisor connects anew when the library has shown that it does not. */
#ifndef JB_WIRE_ZLINK_H
#define JB_WIRE_ZLINK_H

#include "proto/wire/zpump.h"

struct jb_zlink {
    struct jb_zpump pump; /* receives the library's reports about the DEALER */
    uv_timer_t retry;     /* runs while the library has not yet shown that it tries again */
    void *dealer;         /* libzmq's socket; borrowed */
    const char *endpoint; /* borrowed */
    enum jb_link link;    /* last reported */
    int min_ms;           /* first pause before connecting anew */
    int max_ms;           /* the pause doubles up to this */
    int pause_ms;         /* the next one */
    int open_parts;       /* pump and timer, not yet closed */
    void (*on_link)(void *ctx, enum jb_link link); /* may be NULL */
    void (*closed)(struct jb_zlink *link);         /* all handles are closed */
    void *ctx;                                     /* for on_link */
};

/* Watch a DEALER before it connects; fields endpoint, dealer, min_ms, max_ms, on_link, closed and
 * ctx are set before. JB_NOMEM, JB_IO: nothing is left to close. */
JB_MUST enum jb_err jb_zlink_start(struct jb_zlink *link, struct jb_zctx *zctx, uv_loop_t *loop);

/* Before the DEALER is closed. `closed` follows in a later loop turn. */
void jb_zlink_close(struct jb_zlink *link);

#endif
