/* See gateworld.h. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/unit/gateworld.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "proto/wire/zpump.h"

struct gateworld_told gateworld_told;

static void on_cut(void *ctx, uint32_t node, const char *address, enum jb_gate_cut why)
{
    struct gateworld_told *t = ctx;
    t->cuts[why]++;
    t->node = node;
    assert_string_equal(address, "127.0.0.1");
}

static void on_gone(void *ctx, uint32_t node, struct jb_bytes routing_id)
{
    ((struct gateworld_told *)ctx)->gone++;
    (void)node;
    (void)routing_id;
}

static int64_t on_read(void *ctx, uint32_t node, size_t bytes, unsigned frames)
{
    struct gateworld_told *t = ctx;
    assert_int_equal(node, 7);
    assert_true(bytes > 0 && bytes <= JB_GATE_CHUNK_BYTES && frames <= bytes);
    t->reads++;
    return t->wait_ms;
}

struct jb_gate_options gateworld_options(void)
{
    struct jb_gate_options o;
    jb_gate_options_default(&o);
    gateworld_told = (struct gateworld_told){0};
    o.hooks = (struct jb_gate_hooks){on_cut, on_gone, on_read, &gateworld_told};
    return o;
}

void gateworld_bind_with(struct zworld *w, const struct jb_gate_options *gate, const char *endpoint,
                         int linger_ms)
{
    struct jb_fault fault;
    struct jb_zsock_options o = zworld_fast_options();
    o.linger_ms = linger_ms;
    struct jb_zsock_setup setup = zworld_setup(w, &w->router, endpoint, &o);
    setup.own = &w->broker.line;
    setup.gate = gate;
    assert_int_equal(jb_router_bind(&setup, &w->router.z, &fault), JB_OK);
}

void gateworld_bind_at(struct zworld *w, const struct jb_gate_options *gate, const char *endpoint)
{
    gateworld_bind_with(w, gate, endpoint, 0);
}

void gateworld_bind(struct zworld *w, const struct jb_gate_options *gate)
{
    gateworld_bind_at(w, gate, ANY_PORT);
}

int gateworld_connect(const char *endpoint)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    a.sin_port = htons((uint16_t)strtol(strrchr(endpoint, ':') + 1, NULL, 10));
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    return fd;
}

void *gateworld_dealer(struct zworld *w, void *context, const char *routing_id)
{
    int linger = 0;
    void *s = zmq_socket(context, ZMQ_DEALER);
    assert_non_null(s);
    assert_int_equal(zmq_setsockopt(s, ZMQ_LINGER, &linger, sizeof linger), 0);
    assert_int_equal(zmq_setsockopt(s, ZMQ_CURVE_SERVERKEY, w->broker.line.public_key, 32), 0);
    assert_int_equal(zmq_setsockopt(s, ZMQ_CURVE_PUBLICKEY, w->node.line.public_key, 32), 0);
    assert_int_equal(zmq_setsockopt(s, ZMQ_CURVE_SECRETKEY, w->node.line.secret_key, 32), 0);
    if (routing_id != NULL)
        assert_int_equal(zmq_setsockopt(s, ZMQ_ROUTING_ID, routing_id, strlen(routing_id)), 0);
    return s;
}
