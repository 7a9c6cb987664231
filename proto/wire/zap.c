/* The ZAP handler (ZeroMQ RFC 27): a ROUTER on the context's authentication endpoint, served by the
 * loop. The connection waits for the answer, the library's I/O thread does not.
 *
 * Only 200 and 400 are answered. 400 lets the node know that its key is refused, so that its
 * operator sees "not enrolled" rather than "no connection". */
#include "proto/wire/zap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/wire/gateint.h"
#include "proto/wire/zpump.h"

#define REQUESTS_PER_TURN 64
#define ADDRESS_MAX_BYTES 64

/* Frames of a CURVE request; the reply begins with the first four of them. */
enum request {
    REQ_ROUTE,
    REQ_EMPTY,
    REQ_VERSION,
    REQ_ID,
    REQ_DOMAIN,
    REQ_ADDRESS,
    REQ_IDENTITY,
    REQ_MECHANISM,
    REQ_KEY,
    REQ_FRAMES
};

struct jb_zap {
    struct jb_zpump pump;
    jb_zap_lookup lookup;
    void *ctx; /* borrowed */
    struct jb_zap_counts counts;
};

static struct jb_zap *zap_of(struct jb_zpump *pump)
{
    return (struct jb_zap *)(void *)((char *)pump - offsetof(struct jb_zap, pump));
}

static bool frame_is(zmq_msg_t *frame, const char *text)
{
    size_t len = strlen(text);
    return zmq_msg_size(frame) == len && memcmp(zmq_msg_data(frame), text, len) == 0;
}

/* The node of a request, and behind a gate its admission there. Whoever comes to the library's own
 * port past the gate is refused. */
static uint32_t find_node(struct jb_zap *zap, zmq_msg_t *frames)
{
    char address[ADDRESS_MAX_BYTES] = "";
    size_t len = zmq_msg_size(&frames[REQ_ADDRESS]);
    struct jb_gate *gate = zap->pump.zctx->gate;

    if (!frame_is(&frames[REQ_DOMAIN], JB_ZAP_DOMAIN) ||
        !frame_is(&frames[REQ_MECHANISM], "CURVE") ||
        zmq_msg_size(&frames[REQ_KEY]) != JB_KEY_BYTES)
        return 0;
    if (len < sizeof address) {
        memcpy(address, zmq_msg_data(&frames[REQ_ADDRESS]), len);
        address[len] = '\0';
    }
    if (gate == NULL)
        return zap->lookup(zap->ctx, zmq_msg_data(&frames[REQ_KEY]), address);
    struct jb_gate_conn *c = jb_gate_find(gate, address);
    if (c == NULL)
        return 0;
    uint32_t node = zap->lookup(zap->ctx, zmq_msg_data(&frames[REQ_KEY]), c->address);
    if (node != 0 && jb_gate_admit(c, node))
        return node;
    jb_gate_conn_refuse(c);
    return 0;
}

/* Nothing is done about failures: the connection has gone meanwhile, or it gets no answer and ends.
 */
static void reply(struct jb_zap *zap, zmq_msg_t *frames, const char *status, const char *text,
                  const char *user)
{
    void *socket = zap->pump.socket;
    for (int i = REQ_ROUTE; i <= REQ_ID; i++)
        (void)zmq_msg_send(&frames[i], socket, ZMQ_SNDMORE | ZMQ_DONTWAIT);
    (void)zmq_send(socket, status, strlen(status), ZMQ_SNDMORE | ZMQ_DONTWAIT);
    (void)zmq_send(socket, text, strlen(text), ZMQ_SNDMORE | ZMQ_DONTWAIT);
    (void)zmq_send(socket, user, strlen(user), ZMQ_SNDMORE | ZMQ_DONTWAIT);
    (void)zmq_send(socket, "", 0, ZMQ_DONTWAIT); /* no metadata of ours */
}

static void answer(struct jb_zap *zap, zmq_msg_t *frames, int n)
{
    char user[64];

    if (n != REQ_FRAMES || zmq_msg_size(&frames[REQ_EMPTY]) != 0 ||
        !frame_is(&frames[REQ_VERSION], "1.0")) {
        zap->counts.malformed++;
        return;
    }
    uint32_t node = find_node(zap, frames);
    if (node == 0) {
        zap->counts.denied++;
        reply(zap, frames, "400", "unknown key", "");
        return;
    }
    zap->counts.accepted++;
    snprintf(user, sizeof user, "%lu:%016llx", (unsigned long)node,
             (unsigned long long)jb_keys_tag(zmq_msg_data(&frames[REQ_KEY])));
    reply(zap, frames, "200", "OK", user);
}

static void drain(struct jb_zpump *pump)
{
    struct jb_zap *zap = zap_of(pump);
    zmq_msg_t frames[REQ_FRAMES];

    for (int i = 0; i < REQUESTS_PER_TURN && jb_zpump_receiving(pump); i++) {
        int n = jb_zpump_receive(pump, frames, REQ_FRAMES);
        if (n == 0)
            return;
        answer(zap, frames, n);
        jb_zpump_release(frames, n, REQ_FRAMES);
    }
}

static void on_pump_closed(struct jb_zpump *pump)
{
    free(zap_of(pump));
}

enum jb_err jb_zap_start(struct jb_zctx *zctx, uv_loop_t *loop, jb_zap_lookup lookup, void *ctx,
                         struct jb_zap **out)
{
    struct jb_zap *zap = calloc(1, sizeof *zap);
    if (zap == NULL)
        return JB_NOMEM;
    zap->lookup = lookup;
    zap->ctx = ctx;
    zap->pump.drain = drain;
    zap->pump.closed = on_pump_closed;
    enum jb_err err = jb_zpump_open(&zap->pump, zctx, ZMQ_ROUTER);
    if (err != JB_OK) {
        free(zap);
        return err;
    }
    err = jb_zpump_set(&zap->pump, ZMQ_LINGER, 0);
    if (err == JB_OK && zmq_bind(zap->pump.socket, JB_ZAP_ENDPOINT) != 0)
        err = jb_zpump_err(errno);
    if (err == JB_OK)
        err = jb_zpump_start(&zap->pump, loop);
    if (err != JB_OK) {
        jb_zpump_abandon(&zap->pump);
        free(zap);
        return err;
    }
    zctx->zap_running = true;
    *out = zap;
    return JB_OK;
}

void jb_zap_counts(const struct jb_zap *zap, struct jb_zap_counts *out)
{
    *out = zap->counts;
}

void jb_zap_stop(struct jb_zap **zap)
{
    struct jb_zap *z = *zap;
    if (z == NULL)
        return;
    *zap = NULL;
    z->pump.zctx->zap_running = false;
    jb_zpump_close(&z->pump);
}
