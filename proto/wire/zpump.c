/* The marriage of libzmq and libuv, and the library's context. Knows nothing of what is received.
 */
#include "proto/wire/zpump.h"

#include <errno.h>
#include <stdlib.h>

/* ---- the context ------------------------------------------------------------------------------
 */

enum jb_err jb_zctx_new(struct jb_zctx **out)
{
    struct jb_zctx *z = calloc(1, sizeof *z);
    if (z == NULL)
        return JB_NOMEM;
    z->library = zmq_ctx_new();
    if (z->library == NULL) {
        free(z);
        return JB_IO;
    }
    *out = z;
    return JB_OK;
}

void jb_zctx_free(struct jb_zctx **ctx)
{
    struct jb_zctx *z = *ctx;
    if (z == NULL)
        return;
    *ctx = NULL;
    if (z->open_sockets > 0)
        return; /* zmq_ctx_term would wait for ever */
    while (zmq_ctx_term(z->library) != 0 && errno == EINTR)
        ;
    free(z);
}

enum jb_err jb_zpump_err(int number)
{
    switch (number) {
    case ENOMEM:
        return JB_NOMEM;
    case EADDRINUSE:
        return JB_LOCKED;
    case EACCES:
    case EPERM:
        return JB_DENIED;
    case EINVAL:
    case ENODEV:
    case EPROTONOSUPPORT:
    case EADDRNOTAVAIL:
    case ENOCOMPATPROTO:
        return JB_CONFIG;
    default:
        return JB_IO;
    }
}

/* ---- setting up -------------------------------------------------------------------------------
 */

enum jb_err jb_zpump_open(struct jb_zpump *pump, struct jb_zctx *zctx, int type)
{
    pump->socket = zmq_socket(zctx->library, type);
    if (pump->socket == NULL)
        return errno == ENOMEM ? JB_NOMEM : JB_IO;
    pump->zctx = zctx;
    zctx->open_sockets++;
    return JB_OK;
}

enum jb_err jb_zpump_set(struct jb_zpump *pump, int option, int value)
{
    if (zmq_setsockopt(pump->socket, option, &value, sizeof value) != 0)
        return jb_zpump_err(errno);
    return JB_OK;
}

void jb_zpump_abandon(struct jb_zpump *pump)
{
    (void)zmq_close(pump->socket); /* fails only for what is no socket */
    pump->socket = NULL;
    pump->zctx->open_sockets--;
}

/* ---- events -----------------------------------------------------------------------------------
 */

/* Asking also clears the signal of the descriptor. */
static bool readable(struct jb_zpump *pump)
{
    int events = 0;
    size_t len = sizeof events;
    return zmq_getsockopt(pump->socket, ZMQ_EVENTS, &events, &len) == 0 &&
           (events & ZMQ_POLLIN) != 0;
}

/* Only ends the loop's sleep. */
static void on_poll(uv_poll_t *poll, int status, int events)
{
    (void)poll;
    (void)status;
    (void)events;
}

static void on_idle(uv_idle_t *idle)
{
    (void)idle;
}

static void on_prepare(uv_prepare_t *prepare)
{
    struct jb_zpump *pump = prepare->data;
    if (readable(pump) && !pump->paused)
        (void)uv_idle_start(&pump->idle, on_idle);
    else
        (void)uv_idle_stop(&pump->idle);
}

static void on_check(uv_check_t *check)
{
    struct jb_zpump *pump = check->data;
    if (readable(pump) && !pump->paused)
        pump->drain(pump);
}

void jb_zpump_wake(struct jb_zpump *pump)
{
    if (!pump->closing)
        (void)uv_idle_start(&pump->idle, on_idle);
}

bool jb_zpump_receiving(const struct jb_zpump *pump)
{
    return !pump->paused && !pump->closing;
}

enum jb_err jb_zpump_start(struct jb_zpump *pump, uv_loop_t *loop)
{
    int fd = -1;
    size_t len = sizeof fd;
    if (zmq_getsockopt(pump->socket, ZMQ_FD, &fd, &len) != 0)
        return JB_IO;
    if (uv_poll_init(loop, &pump->poll, fd) != 0)
        return JB_IO;
    /* None of these can fail. */
    (void)uv_prepare_init(loop, &pump->prepare);
    (void)uv_check_init(loop, &pump->check);
    (void)uv_idle_init(loop, &pump->idle);
    pump->poll.data = pump;
    pump->prepare.data = pump;
    pump->check.data = pump;
    pump->idle.data = pump;
    pump->open_handles = 4;
    (void)uv_poll_start(&pump->poll, UV_READABLE, on_poll);
    (void)uv_prepare_start(&pump->prepare, on_prepare);
    (void)uv_check_start(&pump->check, on_check);
    /* The poll handle alone keeps the loop alive. */
    uv_unref((uv_handle_t *)&pump->prepare);
    uv_unref((uv_handle_t *)&pump->check);
    uv_unref((uv_handle_t *)&pump->idle);
    return JB_OK;
}

/* The descriptor belongs to the socket: it may be closed only when nobody polls it any more. */
static void on_handle_closed(uv_handle_t *handle)
{
    struct jb_zpump *pump = handle->data;
    if (--pump->open_handles > 0)
        return;
    jb_zpump_abandon(pump);
    pump->closed(pump);
}

void jb_zpump_close(struct jb_zpump *pump)
{
    if (pump->closing)
        return;
    pump->closing = true;
    (void)uv_poll_stop(&pump->poll);
    uv_close((uv_handle_t *)&pump->poll, on_handle_closed);
    uv_close((uv_handle_t *)&pump->prepare, on_handle_closed);
    uv_close((uv_handle_t *)&pump->check, on_handle_closed);
    uv_close((uv_handle_t *)&pump->idle, on_handle_closed);
}

/* ---- receiving --------------------------------------------------------------------------------
 */

/* A frame that follows another is there already; only a signal can disturb. */
static bool receive_frame(struct jb_zpump *pump, zmq_msg_t *frame)
{
    int rc;
    (void)zmq_msg_init(frame); /* always 0 */
    do
        rc = zmq_msg_recv(frame, pump->socket, ZMQ_DONTWAIT);
    while (rc < 0 && errno == EINTR);
    if (rc < 0)
        (void)zmq_msg_close(frame);
    return rc >= 0;
}

/* Returns how many frames were thrown away. */
static int discard_frames(struct jb_zpump *pump)
{
    int n = 0;
    bool more = true;
    while (more) {
        zmq_msg_t frame;
        if (!receive_frame(pump, &frame))
            break;
        more = zmq_msg_more(&frame) != 0;
        (void)zmq_msg_close(&frame);
        n++;
    }
    return n;
}

int jb_zpump_receive(struct jb_zpump *pump, zmq_msg_t *frames, int max)
{
    int n = 0;
    bool more = true;
    while (more && n < max) {
        if (!receive_frame(pump, &frames[n]))
            return n;
        more = zmq_msg_more(&frames[n]) != 0;
        n++;
    }
    return more ? n + discard_frames(pump) : n;
}

void jb_zpump_release(zmq_msg_t *frames, int received, int max)
{
    for (int i = 0; i < received && i < max; i++)
        (void)zmq_msg_close(&frames[i]);
}
