/* Turns the library's monitor events into three states, and connects anew when nobody else does. */
#include "proto/wire/zlink.h"

#include <sodium.h>
#include <stdio.h>

#define EVENTS_PER_TURN 64
#define MONITOR_FRAMES 2 /* event and value; address */
#define MONITOR_BYTES 6  /* uint16 event, uint32 value, in the machine's order */
#define PAUSE_LEAST_MS 50

#define WATCHED                                                                                    \
    (ZMQ_EVENT_CONNECTED | ZMQ_EVENT_CONNECT_DELAYED | ZMQ_EVENT_CONNECT_RETRIED |                 \
     ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |    \
     ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL)

static struct jb_zlink *link_of(struct jb_zpump *pump)
{
    return (struct jb_zlink *)(void *)((char *)pump - offsetof(struct jb_zlink, pump));
}

static void report(struct jb_zlink *link, enum jb_link now)
{
    if (link->link == now)
        return;
    link->link = now;
    if (link->on_link != NULL)
        link->on_link(link->ctx, now);
}

static void on_retry(uv_timer_t *timer)
{
    struct jb_zlink *link = timer->data;
    /* What is left of the old attempt, if anything; ENOENT is the usual answer. */
    (void)zmq_disconnect(link->dealer, link->endpoint);
    if (zmq_connect(link->dealer, link->endpoint) != 0)
        (void)uv_timer_start(&link->retry, on_retry, (uint64_t)link->max_ms, 0);
}

/* Give the library a pause in which to show that it tries again. */
static void expect_retry(struct jb_zlink *link)
{
    if (uv_is_active((const uv_handle_t *)&link->retry))
        return;
    int pause_ms = link->pause_ms < PAUSE_LEAST_MS ? PAUSE_LEAST_MS : link->pause_ms;
    uint64_t random_ms = randombytes_uniform((uint32_t)pause_ms);
    link->pause_ms = pause_ms > link->max_ms / 2 ? link->max_ms : 2 * pause_ms;
    (void)uv_timer_start(&link->retry, on_retry, (uint64_t)pause_ms + random_ms, 0);
}

static void on_up(struct jb_zlink *link)
{
    (void)uv_timer_stop(&link->retry);
    link->pause_ms = link->min_ms;
    report(link, JB_LINK_UP);
}

static void on_lost(struct jb_zlink *link)
{
    expect_retry(link);
    if (link->link == JB_LINK_UP) /* "denied" stays until a connection succeeds */
        report(link, JB_LINK_DOWN);
}

static void on_denied(struct jb_zlink *link)
{
    expect_retry(link);
    report(link, JB_LINK_DENIED);
}

static void on_trying(struct jb_zlink *link)
{
    (void)uv_timer_stop(&link->retry);
}

static void act_on(struct jb_zlink *link, uint16_t event)
{
    static const struct {
        uint16_t event;
        void (*act)(struct jb_zlink *link);
    } acts[] = {
        {ZMQ_EVENT_HANDSHAKE_SUCCEEDED, on_up},
        {ZMQ_EVENT_DISCONNECTED, on_lost},
        {ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL, on_lost},
        {ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL, on_lost},
        {ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, on_denied},
        {ZMQ_EVENT_CONNECTED, on_trying},
        {ZMQ_EVENT_CONNECT_DELAYED, on_trying},
        {ZMQ_EVENT_CONNECT_RETRIED, on_trying},
    };
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++)
        if (acts[i].event == event)
            acts[i].act(link);
}

static void drain(struct jb_zpump *pump)
{
    struct jb_zlink *link = link_of(pump);
    zmq_msg_t frames[MONITOR_FRAMES];

    for (int i = 0; i < EVENTS_PER_TURN && jb_zpump_receiving(pump); i++) {
        int n = jb_zpump_receive(pump, frames, MONITOR_FRAMES);
        if (n == 0)
            return;
        uint16_t event = 0;
        if (n == MONITOR_FRAMES && zmq_msg_size(&frames[0]) == MONITOR_BYTES)
            memcpy(&event, zmq_msg_data(&frames[0]), sizeof event);
        jb_zpump_release(frames, n, MONITOR_FRAMES);
        act_on(link, event);
    }
}

static void part_closed(struct jb_zlink *link)
{
    if (--link->open_parts == 0)
        link->closed(link);
}

static void on_pump_closed(struct jb_zpump *pump)
{
    part_closed(link_of(pump));
}

static void on_timer_closed(uv_handle_t *handle)
{
    part_closed(handle->data);
}

enum jb_err jb_zlink_start(struct jb_zlink *link, struct jb_zctx *zctx, uv_loop_t *loop)
{
    char name[64];
    snprintf(name, sizeof name, "inproc://jiaoban.link.%u", ++zctx->links);

    link->link = JB_LINK_DOWN;
    link->pause_ms = link->min_ms;
    link->pump.drain = drain;
    link->pump.closed = on_pump_closed;
    if (zmq_socket_monitor(link->dealer, name, WATCHED) != 0)
        return jb_zpump_err(errno);
    enum jb_err err = jb_zpump_open(&link->pump, zctx, ZMQ_PAIR);
    if (err != JB_OK)
        return err;
    err = jb_zpump_set(&link->pump, ZMQ_LINGER, 0);
    if (err == JB_OK && zmq_connect(link->pump.socket, name) != 0)
        err = jb_zpump_err(errno);
    if (err == JB_OK)
        err = jb_zpump_start(&link->pump, loop);
    if (err != JB_OK) {
        jb_zpump_abandon(&link->pump);
        return err;
    }
    (void)uv_timer_init(loop, &link->retry); /* always 0 */
    link->retry.data = link;
    link->open_parts = 2;
    return JB_OK;
}

void jb_zlink_close(struct jb_zlink *link)
{
    (void)zmq_socket_monitor(link->dealer, NULL, 0);
    jb_zpump_close(&link->pump);
    uv_close((uv_handle_t *)&link->retry, on_timer_closed);
}
