/* The gate before the HTTP library: it accepts connections, waits until a request's head has come,
 * judges it (scan.h), and only then hands the connection on. Whoever says nothing, too much or
 * something odd is answered with a problem here, and costs a descriptor and a few hundred bytes.
 *
 * One connection carries one request (`Connection: close`): so every request passes. What is looked
 * at stays in the socket (MSG_PEEK), the library reads it again. Loop thread only. */
#ifndef JB_CLIENTS_GATEWAY_GATE_H
#define JB_CLIENTS_GATEWAY_GATE_H

#include <sys/socket.h>
#include <uv.h>

#include "clients/gateway/listener.h"

struct jb_gw_gate;

struct jb_gw_gate_hooks {
    /* A connection whose first request has a sound head; takes the descriptor. false: there is no
     * room for it, and the gate keeps the descriptor. */
    bool (*take)(void *ctx, int fd, const struct sockaddr *peer, socklen_t len);
    /* Connections beyond the gate. */
    size_t (*open)(void *ctx);
    void *ctx;
};

struct jb_gw_gate_counts {
    uint64_t accepted, passed, refused, late, full;
    size_t waiting; /* now */
};

struct jb_gw_gate_limits {
    const char *hosts;  /* names that Host may have; borrowed */
    size_t connections; /* before the gate, and beyond it */
    int64_t header_timeout_ms;
};

/* Serve the listeners (borrowed, at most JB_GW_LISTENERS). JB_NOMEM, JB_IO. */
JB_MUST enum jb_err jb_gw_gate_open(uv_loop_t *loop, const struct jb_gw_gate_limits *limits,
                                    struct jb_gw_listener *listeners, size_t count,
                                    const struct jb_gw_gate_hooks *hooks, struct jb_gw_gate **out);
/* Stop listening and close what waits; memory is freed in later turns of the loop. */
void jb_gw_gate_close(struct jb_gw_gate **gate);
void jb_gw_gate_counts(const struct jb_gw_gate *gate, struct jb_gw_gate_counts *out);

#endif
