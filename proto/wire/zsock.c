/* ROUTER and DEALER: sending, receiving, life. What the library's options are for stands in
 * zopts.c; how the loop is served is in zpump.c, how a lost line comes back in zlink.c. */
#include "proto/wire/zsock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/wire/endpoint.h"
#include "proto/wire/gateint.h"
#include "proto/wire/zlink.h"
#include "proto/wire/zopts.h"
#include "proto/wire/zpump.h"

struct jb_zsock {
    struct jb_zpump pump;
    struct jb_zlink link; /* DEALER only */
    int open_parts;       /* pump and link, not yet closed */
    bool router;
    struct jb_zsock_options options;
    struct jb_zsock_hooks hooks;
    struct jb_zsock_counts counts;
    char endpoint[JB_ENDPOINT_MAX_BYTES];
    struct jb_gate *gate; /* ROUTER; NULL: the library listens itself */
};

static struct jb_zsock *zsock_of(struct jb_zpump *pump)
{
    return (struct jb_zsock *)(void *)((char *)pump - offsetof(struct jb_zsock, pump));
}

void jb_zsock_options_default(struct jb_zsock_options *options)
{
    *options = (struct jb_zsock_options){
        .max_frame_bytes = (size_t)1024 * 1024,
        .budget = 128,
        .hwm = 1000,
        .linger_ms = 500,
        .reconnect_min_ms = 500,
        .reconnect_max_ms = 30000,
    };
}

/* ---- receiving --------------------------------------------------------------------------------
 */

/* "17:0123456789abcdef" (see zap.c) in the metadata of a body frame. false: not there. */
static bool read_user_id(zmq_msg_t *frame, struct jb_zmsg *msg)
{
    const char *text = zmq_msg_gets(frame, "User-Id");
    char *end = NULL;
    if (text == NULL)
        return false;
    unsigned long node = strtoul(text, &end, 10);
    if (end == text || *end != ':' || node == 0 || node > UINT32_MAX)
        return false;
    msg->node = (uint32_t)node;
    msg->key_tag = strtoull(end + 1, NULL, 16);
    return true;
}

static struct jb_bytes bytes_of(zmq_msg_t *frame)
{
    size_t len = zmq_msg_size(frame);
    struct jb_bytes b = {len > 0 ? zmq_msg_data(frame) : NULL, len};
    return b;
}

static void drop(struct jb_zsock *z, uint64_t *counter, uint32_t node)
{
    (*counter)++;
    if (z->hooks.on_surplus != NULL)
        z->hooks.on_surplus(z->hooks.ctx, node);
}

/* "A binary zero and four bytes" is how the library names a peer that has not named itself. */
static bool chosen_here(const zmq_msg_t *address)
{
    zmq_msg_t *frame = (zmq_msg_t *)(uintptr_t)address;
    return zmq_msg_size(frame) == 5 && *(const uint8_t *)zmq_msg_data(frame) == 0;
}

/* No node of ours sends that: the connection ends. */
static void cut_sender(struct jb_zsock *z, zmq_msg_t *frames, int n)
{
    if (z->gate != NULL && n >= 2)
        jb_gate_cut_at(z->gate, zmq_msg_gets(&frames[1], "Peer-Address"), JB_CUT_PARTS);
}

static bool foreign_id(struct jb_zsock *z, zmq_msg_t *frames, int n)
{
    if (!z->router || n < 1 || chosen_here(&frames[0]))
        return false;
    z->counts.foreign++;
    cut_sender(z, frames, n);
    return true;
}

/* `n` frames were received; those expected are an address (ROUTER only) and a body. */
static void dispatch(struct jb_zsock *z, zmq_msg_t *frames, int n)
{
    int expected = z->router ? 2 : 1;
    struct jb_zmsg msg = {{NULL, 0}, {NULL, 0}, 0, 0};

    if (foreign_id(z, frames, n))
        return;
    /* Asked on a body frame: on the address frame the library has no metadata. */
    bool identified = !z->router || (n >= 2 && read_user_id(&frames[1], &msg));
    if (n != expected) {
        drop(z, &z->counts.surplus, msg.node);
        cut_sender(z, frames, n);
        return;
    }
    if (!identified) {
        z->counts.unidentified++;
        return;
    }
    if (z->router)
        msg.routing_id = bytes_of(&frames[0]);
    msg.body = bytes_of(&frames[expected - 1]);
    if (z->gate != NULL)
        jb_gate_heard(z->gate, zmq_msg_gets(&frames[1], "Peer-Address"), msg.node, msg.routing_id,
                      msg.body.len);
    if (msg.body.len > z->options.max_frame_bytes) {
        drop(z, &z->counts.oversize, msg.node);
        return;
    }
    z->counts.received++;
    z->hooks.on_message(z->hooks.ctx, &msg);
}

static void drain(struct jb_zpump *pump)
{
    struct jb_zsock *z = zsock_of(pump);
    zmq_msg_t frames[2];

    for (int i = 0; i < z->options.budget && jb_zpump_receiving(pump); i++) {
        int n = jb_zpump_receive(pump, frames, 2);
        if (n == 0)
            return;
        dispatch(z, frames, n);
        jb_zpump_release(frames, n, 2);
    }
}

void jb_zsock_pause(struct jb_zsock *z)
{
    z->pump.paused = true;
    if (z->gate != NULL)
        jb_gate_hold(z->gate, true);
}

void jb_zsock_resume(struct jb_zsock *z)
{
    z->pump.paused = false;
    if (z->gate != NULL)
        jb_gate_hold(z->gate, false);
    jb_zpump_wake(&z->pump);
}

/* ---- sending ----------------------------------------------------------------------------------
 */

/* The first frame decides whether a message can go: after a refusal nothing may follow, or the body
 * would be taken for an address. */
static enum jb_err send_address(struct jb_zsock *z, struct jb_bytes routing_id)
{
    int flags = ZMQ_SNDMORE | ZMQ_DONTWAIT;
    while (zmq_send(z->pump.socket, routing_id.data, routing_id.len, flags) < 0) {
        if (errno == EINTR)
            continue;
        if (errno == EHOSTUNREACH)
            return JB_CLOSED;
        return errno == EAGAIN ? JB_BUSY : JB_IO;
    }
    return JB_OK;
}

static enum jb_err send_body(struct jb_zsock *z, zmq_msg_t *body)
{
    while (zmq_msg_send(body, z->pump.socket, ZMQ_DONTWAIT) < 0) {
        if (errno != EINTR)
            return errno == EAGAIN ? JB_BUSY : JB_IO;
    }
    return JB_OK;
}

static void put(uint8_t *out, struct jb_bytes part)
{
    if (part.len > 0)
        memcpy(out, part.data, part.len);
}

enum jb_err jb_zsock_send2(struct jb_zsock *z, struct jb_bytes routing_id, struct jb_bytes head,
                           struct jb_bytes tail)
{
    zmq_msg_t body;
    enum jb_err err = JB_OK;

    if (z->pump.closing || (z->router && routing_id.len == 0))
        return JB_CLOSED;
    if (head.len > z->options.max_frame_bytes || tail.len > z->options.max_frame_bytes - head.len)
        return JB_TOO_LARGE;
    if (zmq_msg_init_size(&body, head.len + tail.len) != 0)
        return JB_NOMEM;
    put(zmq_msg_data(&body), head);
    put((uint8_t *)zmq_msg_data(&body) + head.len, tail);

    if (z->router)
        err = send_address(z, routing_id);
    if (err == JB_OK)
        err = send_body(z, &body);
    if (err != JB_OK)
        (void)zmq_msg_close(&body); /* a message that was sent is emptied by the library */
    z->counts.sent += err == JB_OK;
    z->counts.would_block += err == JB_BUSY;
    z->counts.unroutable += err == JB_CLOSED;
    jb_zpump_wake(&z->pump);
    return err;
}

enum jb_err jb_zsock_send(struct jb_zsock *z, struct jb_bytes routing_id, const uint8_t *body,
                          size_t len)
{
    struct jb_bytes whole = {body, len};
    struct jb_bytes none = {NULL, 0};
    return jb_zsock_send2(z, routing_id, whole, none);
}

/* ---- life -------------------------------------------------------------------------------------
 */

static void part_closed(struct jb_zsock *z)
{
    if (--z->open_parts == 0)
        free(z);
}

static void on_pump_closed(struct jb_zpump *pump)
{
    part_closed(zsock_of(pump));
}

static void on_link_closed(struct jb_zlink *link)
{
    part_closed((struct jb_zsock *)(void *)((char *)link - offsetof(struct jb_zsock, link)));
}

static struct jb_zsock *zsock_new(const struct jb_zsock_setup *setup, bool router)
{
    struct jb_zsock *z = calloc(1, sizeof *z);
    if (z == NULL)
        return NULL;
    z->router = router;
    z->hooks = setup->hooks;
    if (setup->options != NULL)
        z->options = *setup->options;
    else
        jb_zsock_options_default(&z->options);
    if (z->options.budget < 1)
        z->options.budget = 1;
    z->pump.drain = drain;
    z->pump.closed = on_pump_closed;
    snprintf(z->endpoint, sizeof z->endpoint, "%s", setup->endpoint);
    return z;
}

/* `format`: of the endpoint and the reason. */
__attribute__((format(printf, 3, 0))) static enum jb_err setup_fault(
    struct jb_fault *fault, enum jb_err err, const char *format, const struct jb_zsock_setup *setup)
{
    return jb_fault_set(fault, err, format, setup->endpoint, jb_err_said(err));
}

/* The gate takes the endpoint, the library a port on loopback behind it. */
static enum jb_err open_gate(struct jb_zsock *z, const struct jb_zsock_setup *setup)
{
    struct jb_gate_options options = *setup->gate;
    options.frame_max = z->options.max_frame_bytes + JB_TRANSPORT_SLACK_BYTES;
    enum jb_err err = jb_gate_open(setup->loop, setup->endpoint, z->endpoint, &options, &z->gate);
    if (err != JB_OK)
        return err;
    (void)snprintf(z->endpoint, sizeof z->endpoint, "%s", z->gate->endpoint);
    setup->zctx->gate = z->gate;
    return JB_OK;
}

static enum jb_err bind_endpoint(struct jb_zsock *z)
{
    size_t len = sizeof z->endpoint;
    if (zmq_bind(z->pump.socket, z->endpoint) != 0)
        return jb_zpump_err(errno);
    if (zmq_getsockopt(z->pump.socket, ZMQ_LAST_ENDPOINT, z->endpoint, &len) != 0)
        return JB_IO;
    return JB_OK;
}

enum jb_err jb_router_bind(const struct jb_zsock_setup *setup, struct jb_zsock **out,
                           struct jb_fault *fault)
{
    if (!setup->zctx->zap_running)
        return jb_fault_set(fault, JB_CONFIG, "cannot bind %s: nobody checks keys yet",
                            setup->endpoint);
    enum jb_err err = jb_endpoint_check(setup->endpoint, true, fault);
    if (err != JB_OK)
        return err;
    struct jb_zsock *z = zsock_new(setup, true);
    if (z == NULL)
        return setup_fault(fault, JB_NOMEM, "cannot bind %s: %s", setup);
    err = jb_zpump_open(&z->pump, setup->zctx, ZMQ_ROUTER);
    if (err != JB_OK) {
        free(z);
        return setup_fault(fault, err, "cannot bind %s: %s", setup);
    }
    err = jb_zopts_common(&z->pump, &z->options, setup);
    if (err == JB_OK)
        err = jb_zopts_router(&z->pump);
    if (setup->gate != NULL)
        (void)snprintf(z->endpoint, sizeof z->endpoint, "tcp://127.0.0.1:*");
    if (err == JB_OK)
        err = bind_endpoint(z);
    if (err == JB_OK && setup->gate != NULL)
        err = open_gate(z, setup);
    if (err == JB_OK)
        err = jb_zpump_start(&z->pump, setup->loop);
    if (err != JB_OK) {
        setup->zctx->gate = NULL;
        jb_gate_close(&z->gate);
        jb_zpump_abandon(&z->pump);
        free(z);
        return setup_fault(fault, err, "cannot bind %s: %s", setup);
    }
    z->open_parts = 1;
    *out = z;
    return JB_OK;
}

/* From here on handles exist: what fails is closed through the loop. */
static enum jb_err start_dealer(struct jb_zsock *z, const struct jb_zsock_setup *setup)
{
    z->link.dealer = z->pump.socket;
    z->link.endpoint = z->endpoint;
    z->link.min_ms = z->options.reconnect_min_ms;
    z->link.max_ms = z->options.reconnect_max_ms;
    z->link.on_link = z->hooks.on_link;
    z->link.ctx = z->hooks.ctx;
    z->link.closed = on_link_closed;
    enum jb_err err = jb_zlink_start(&z->link, setup->zctx, setup->loop);
    if (err != JB_OK)
        return err;
    z->open_parts = 2;
    if (zmq_connect(z->pump.socket, z->endpoint) != 0)
        return jb_zpump_err(errno);
    return JB_OK;
}

enum jb_err jb_dealer_connect(const struct jb_zsock_setup *setup, struct jb_zsock **out,
                              struct jb_fault *fault)
{
    enum jb_err err = jb_endpoint_check(setup->endpoint, false, fault);
    if (err != JB_OK)
        return err;
    struct jb_zsock *z = zsock_new(setup, false);
    if (z == NULL)
        return setup_fault(fault, JB_NOMEM, "cannot connect to %s: %s", setup);
    err = jb_zpump_open(&z->pump, setup->zctx, ZMQ_DEALER);
    if (err != JB_OK) {
        free(z);
        return setup_fault(fault, err, "cannot connect to %s: %s", setup);
    }
    err = jb_zopts_common(&z->pump, &z->options, setup);
    if (err == JB_OK)
        err = jb_zopts_dealer(&z->pump, &z->options, setup);
    if (err == JB_OK)
        err = jb_zpump_start(&z->pump, setup->loop);
    if (err != JB_OK) {
        jb_zpump_abandon(&z->pump);
        free(z);
        return setup_fault(fault, err, "cannot connect to %s: %s", setup);
    }
    z->open_parts = 1;
    err = start_dealer(z, setup);
    if (err != JB_OK) {
        jb_zsock_close(&z);
        return setup_fault(fault, err, "cannot connect to %s: %s", setup);
    }
    *out = z;
    return JB_OK;
}

void jb_zsock_close(struct jb_zsock **z)
{
    struct jb_zsock *s = *z;
    if (s == NULL)
        return;
    *z = NULL;
    if (s->gate != NULL)
        s->pump.zctx->gate = NULL; /* from now on the key check refuses everybody */
    jb_gate_close(&s->gate);
    if (s->open_parts > 1)
        jb_zlink_close(&s->link);
    jb_zpump_close(&s->pump);
}

const char *jb_zsock_endpoint(const struct jb_zsock *z)
{
    return z->endpoint;
}

void jb_zsock_counts(const struct jb_zsock *z, struct jb_zsock_counts *out)
{
    *out = z->counts;
}

void jb_zsock_cut_node(struct jb_zsock *z, uint32_t node)
{
    if (z->gate != NULL)
        jb_gate_cut_node(z->gate, node, JB_CUT_REVOKED);
}

void jb_zsock_gate_counts(const struct jb_zsock *z, struct jb_gate_counts *out)
{
    *out = (struct jb_gate_counts){0};
    if (z->gate == NULL)
        return;
    *out = z->gate->counts;
    out->pending = (uint64_t)jb_gate_pending(z->gate);
    out->open = (uint64_t)z->gate->open.count;
}
