/* The library's options of ROUTER and DEALER, each with its reason. */
#include "proto/wire/zopts.h"

#include <errno.h>
#include <sodium.h>

#define HANDSHAKE_MS 5000 /* half-open connections hold descriptors */
/* A broker to which a whole county comes back lets them queue: who gave up while it waits would
 * begin anew at the end. */
#define PATIENCE_MS 30000
#define BACKLOG 1024 /* a whole county reconnects at once */
#define ENFORCE_DOMAIN                                                                             \
    93 /* ZMQ_ZAP_ENFORCE_DOMAIN: in the library, but not in the stable header                     \
        */
/* A host that is gone is found out by the kernel, which costs nobody anything while all is well: 40
 * s without a word, or 20 s in which what was sent does not arrive. A program that hangs is found
 * out by its unanswered beats. */
#define KEEPALIVE_IDLE_S 20
#define KEEPALIVE_EVERY_S 5
#define KEEPALIVE_COUNT 4
#define UNDELIVERED_MS 20000

struct option {
    int name;
    int value;
};

static enum jb_err set_options(struct jb_zpump *pump, const struct option *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        enum jb_err err = jb_zpump_set(pump, rows[i].name, rows[i].value);
        if (err != JB_OK)
            return err;
    }
    return JB_OK;
}

static enum jb_err set_bytes(struct jb_zpump *pump, int name, const void *value, size_t len)
{
    return zmq_setsockopt(pump->socket, name, value, len) == 0 ? JB_OK : jb_zpump_err(errno);
}

enum jb_err jb_zopts_common(struct jb_zpump *pump, const struct jb_zsock_options *o,
                            const struct jb_zsock_setup *setup)
{
    const struct option rows[] = {
        {ZMQ_LINGER, o->linger_ms},
        {ZMQ_SNDHWM, o->hwm},
        {ZMQ_RCVHWM, o->hwm},
        {ZMQ_HEARTBEAT_IVL, o->heartbeat_ms},
        /* behind a gate the library listens at 127.0.0.1 */
        {ZMQ_IPV6, setup->gate == NULL && strchr(setup->endpoint, '[') != NULL},
    };
    int64_t max_bytes = (int64_t)o->max_frame_bytes + JB_TRANSPORT_SLACK_BYTES;

    enum jb_err err = set_options(pump, rows, sizeof rows / sizeof rows[0]);
    if (err == JB_OK)
        err = set_bytes(pump, ZMQ_MAXMSGSIZE, &max_bytes, sizeof max_bytes);
    if (err == JB_OK)
        err = set_bytes(pump, ZMQ_CURVE_SECRETKEY, setup->own->secret_key, JB_KEY_BYTES);
    return err;
}

enum jb_err jb_zopts_router(struct jb_zpump *pump)
{
    const struct option rows[] = {
        {ZMQ_CURVE_SERVER, 1},
        {ZMQ_ROUTER_MANDATORY, 1}, /* else what cannot be delivered vanishes */
        {ZMQ_BACKLOG, BACKLOG},
        {ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS},
    };
    int enforced = 1;

    enum jb_err err = set_options(pump, rows, sizeof rows / sizeof rows[0]);
    if (err == JB_OK)
        err = set_bytes(pump, ZMQ_ZAP_DOMAIN, JB_ZAP_DOMAIN, sizeof JB_ZAP_DOMAIN - 1);
    /* Without this a missing ZAP handler would let every key in. */
    if (err == JB_OK && set_bytes(pump, ENFORCE_DOMAIN, &enforced, sizeof enforced) != JB_OK)
        err = JB_UNSUPPORTED;
    return err;
}

/* The base is jittered here, so that a county does not reconnect in step. */
enum jb_err jb_zopts_dealer(struct jb_zpump *pump, const struct jb_zsock_options *o,
                            const struct jb_zsock_setup *setup)
{
    int min_ms = o->reconnect_min_ms;
    int jitter_ms = min_ms > 0 ? (int)randombytes_uniform((uint32_t)min_ms) : 0;
    const struct option rows[] = {
        {ZMQ_HANDSHAKE_IVL, PATIENCE_MS},
        {ZMQ_IMMEDIATE, 1}, /* queue nothing for a connection that does not exist */
        {ZMQ_RECONNECT_IVL, min_ms + jitter_ms},
        {ZMQ_RECONNECT_IVL_MAX, o->reconnect_max_ms},
        {ZMQ_TCP_KEEPALIVE, 1},
        {ZMQ_TCP_KEEPALIVE_IDLE, KEEPALIVE_IDLE_S},
        {ZMQ_TCP_KEEPALIVE_INTVL, KEEPALIVE_EVERY_S},
        {ZMQ_TCP_KEEPALIVE_CNT, KEEPALIVE_COUNT},
        {ZMQ_TCP_MAXRT, UNDELIVERED_MS},
    };

    enum jb_err err = set_options(pump, rows, sizeof rows / sizeof rows[0]);
    if (err == JB_OK)
        err = set_bytes(pump, ZMQ_CURVE_PUBLICKEY, setup->own->public_key, JB_KEY_BYTES);
    if (err == JB_OK)
        err = set_bytes(pump, ZMQ_CURVE_SERVERKEY, setup->server_public, JB_KEY_BYTES);
    return err;
}
