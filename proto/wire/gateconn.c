/* One relayed connection: from its first byte to its end. Bytes go straight from one socket to the
 * other; memory is taken only for what a socket does not accept at once, and then nothing more is
 * read for it. */
#include "proto/wire/gateint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BACKEND_BUFFER (256 * 1024)
#define FLAGS_ALLOWED 6 /* LONG, COMMAND; parts are marked inside the box */

/* ---- the end ---- */

/* Told only now, in a phase of the loop behind the one that receives: what it said last has come
 * out of the library before. */
static void on_closed(uv_handle_t *handle)
{
    struct jb_gate_conn *c = handle->data;
    struct jb_gate *g = c->gate;
    const struct jb_gate_hooks *hooks = &g->options.hooks;
    if (--c->handles > 0)
        return;
    if (c->node != 0 && hooks->on_gone != NULL)
        hooks->on_gone(hooks->ctx, c->node, (struct jb_bytes){c->routing_id, c->routing_len});
    g->slots[c->index] = NULL;
    free(c->up.kept);
    free(c->down.kept);
    jb_unread_fini(&c->unread);
    free(c);
    jb_gate_handle_closed(g);
}

void jb_gate_conn_resume_at(struct jb_gate_conn *c, int64_t at_ms)
{
    c->gate->held_back += (at_ms > 0) - (c->resume_ms > 0);
    c->resume_ms = at_ms;
}

static void leave_list(struct jb_gate_conn *c)
{
    struct jb_gate *g = c->gate;
    jb_gate_conn_resume_at(c, 0);
    jb_gate_list_move(c, NULL);
    jb_gate_queue_owe(c, false);
    if (c->node != 0)
        g->counts.unread_bytes -= c->unread.bytes;
    else if (c->connected && !c->blameless) /* the library has worked for it in vain */
        jb_bucket_take(&g->failures[c->source], &g->options.failures, g->now_ms, 1);
}

void jb_gate_conn_refuse(struct jb_gate_conn *c)
{
    if (c->phase != JB_GATE_JUDGED || c->refused)
        return;
    c->refused = true;
    c->blameless = true; /* from here on: it is counted now */
    jb_gate_queue_owe(c, false);
    jb_bucket_take(&c->gate->failures[c->source], &c->gate->options.failures, c->gate->now_ms, 1);
    jb_gate_conn_update(c);
}

void jb_gate_conn_close(struct jb_gate_conn *c)
{
    if (c->phase == JB_GATE_CLOSED)
        return;
    c->phase = JB_GATE_CLOSED;
    leave_list(c);
    uv_close((uv_handle_t *)&c->client, on_closed);
    if (c->handles == 2)
        uv_close((uv_handle_t *)&c->backend, on_closed);
}

void jb_gate_conn_cut(struct jb_gate_conn *c, enum jb_gate_cut why)
{
    const struct jb_gate_hooks *hooks = &c->gate->options.hooks;
    if (c->phase == JB_GATE_CLOSED)
        return;
    c->gate->counts.cut[why]++;
    if (hooks->on_cut != NULL)
        hooks->on_cut(hooks->ctx, c->node, c->address, why);
    jb_gate_conn_close(c);
}

/* The client has ended. What it said last is on its way: close only when the library has had it. */
static void end_client(struct jb_gate_conn *c)
{
    if (c->phase != JB_GATE_OPEN || c->gate->ending) {
        jb_gate_conn_close(c);
        return;
    }
    c->phase = JB_GATE_ENDING;
    c->since_ms = c->gate->now_ms;
    jb_gate_conn_update(c);
    if (uv_shutdown(&c->end, (uv_stream_t *)&c->backend, NULL) != 0)
        jb_gate_conn_close(c);
}

/* ---- writing ---- */

static void on_written(uv_write_t *write, int status)
{
    struct jb_gate_conn *c = write->data;
    struct jb_gate_pipe *pipe = write == &c->up.write ? &c->up : &c->down;
    free(pipe->kept);
    pipe->kept = NULL;
    pipe->busy = false;
    if (status != 0)
        jb_gate_conn_close(c);
    else
        jb_gate_conn_update(c);
}

/* false: the connection has been closed. */
static bool pass(struct jb_gate_conn *c, struct jb_gate_pipe *pipe, const void *bytes, size_t len)
{
    uv_stream_t *to = (uv_stream_t *)(pipe == &c->up ? &c->backend : &c->client);
    uv_buf_t buf = uv_buf_init((char *)(uintptr_t)bytes, (unsigned)len);
    int sent = pipe->busy || len == 0 ? 0 : uv_try_write(to, &buf, 1);
    if (sent == UV_EAGAIN)
        sent = 0;
    if (sent < 0) {
        jb_gate_conn_close(c);
        return false;
    }
    size_t left = len - (size_t)sent;
    if (left == 0)
        return true;
    pipe->kept = malloc(left);
    pipe->write.data = c;
    if (pipe->kept == NULL) {
        jb_gate_conn_cut(c, JB_CUT_FULL);
        return false;
    }
    memcpy(pipe->kept, (const char *)bytes + sent, left);
    buf = uv_buf_init(pipe->kept, (unsigned)left);
    pipe->busy = true;
    if (uv_write(&pipe->write, to, &buf, 1, on_written) != 0) {
        jb_gate_conn_close(c);
        return false;
    }
    jb_gate_conn_update(c);
    return true;
}

/* ---- from the library to the client ---- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct jb_gate_conn *c = handle->data;
    (void)suggested;
    *buf = uv_buf_init(c->gate->chunk, sizeof c->gate->chunk);
}

/* The next step of the handshake: the clock begins anew, for the library or for the client. */
static void step(struct jb_gate_conn *c, enum jb_gate_phase phase, bool owed)
{
    c->phase = phase;
    c->since_ms = c->gate->now_ms;
    jb_gate_list_move(c, &c->gate->underway);
    jb_gate_queue_owe(c, owed);
}

/* The gate has greeted with the library's words already: they must be the same. */
static size_t swallow_greeting(struct jb_gate_conn *c, const char *bytes, size_t len)
{
    size_t part = len < c->swallow ? len : c->swallow;
    size_t at = JB_GREETING_BYTES - c->swallow;
    if (memcmp(bytes, jb_gate_greeting + at, part) != 0) {
        jb_gate_conn_cut(c, JB_CUT_TRANSPORT);
        return len;
    }
    c->swallow -= part;
    return part;
}

static void on_backend_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf)
{
    struct jb_gate_conn *c = stream->data;
    if (got < 0)
        jb_gate_conn_close(c);
    if (got <= 0 || c->phase == JB_GATE_CLOSED || c->phase == JB_GATE_ENDING)
        return;
    size_t skip = swallow_greeting(c, buf->base, (size_t)got);
    if (c->phase == JB_GATE_CLOSED || skip == (size_t)got)
        return;
    if (c->phase == JB_GATE_INITIATE && c->owed)
        step(c, JB_GATE_INITIATE, false);
    (void)pass(c, &c->down, buf->base + skip, (size_t)got - skip);
}

/* ---- from the client to the library ---- */

/* The frames in these bytes. false: the connection has been cut. */
static bool count_frames(struct jb_gate_conn *c, const uint8_t *bytes, size_t len, unsigned *frames)
{
    int64_t most =
        c->phase == JB_GATE_OPEN ? (int64_t)c->gate->options.frame_max : JB_INITIATE_MAX_BYTES;
    for (size_t at = 0; at < len;) {
        int64_t size;
        uint8_t flags;
        at += jb_frame_scan(&c->scan, bytes + at, len - at, &size, &flags);
        if (size < 0)
            continue;
        (*frames)++;
        if (size > most || size < JB_CURVE_OVERHEAD_BYTES || (flags & ~FLAGS_ALLOWED) != 0) {
            jb_gate_conn_cut(c, JB_CUT_TRANSPORT);
            return false;
        }
        if (c->phase != JB_GATE_OPEN)
            continue;
        if (!jb_unread_add(&c->unread, (uint32_t)size)) {
            jb_gate_conn_cut(c, JB_CUT_UNFINISHED);
            return false;
        }
        c->gate->counts.unread_bytes += (uint64_t)size;
    }
    return true;
}

static void take_initiate(struct jb_gate_conn *c, const uint8_t *bytes, size_t len)
{
    unsigned frames = 0;
    if (!count_frames(c, bytes, len, &frames))
        return;
    c->early_len += len;
    bool whole = c->scan.body_left == 0 && c->scan.head_len == 0;
    if (frames > 1 || c->early_len > JB_EARLY_BYTES + JB_INITIATE_MAX_BYTES) {
        jb_gate_conn_cut(c, JB_CUT_GREETING);
        return;
    }
    if (whole)
        step(c, JB_GATE_JUDGED, true);
    if (pass(c, &c->up, bytes, len))
        jb_gate_conn_update(c);
}

static void take_open(struct jb_gate_conn *c, const uint8_t *bytes, size_t len)
{
    const struct jb_gate_hooks *hooks = &c->gate->options.hooks;
    unsigned frames = 0;
    if (!count_frames(c, bytes, len, &frames))
        return;
    int64_t wait_ms = hooks->on_read != NULL ? hooks->on_read(hooks->ctx, c->node, len, frames) : 0;
    if (c->phase == JB_GATE_CLOSED)
        return;
    jb_gate_conn_resume_at(c, wait_ms > 0 ? c->gate->now_ms + wait_ms : 0);
    if (pass(c, &c->up, bytes, len))
        jb_gate_conn_update(c);
}

/* The library accepts it: everything that was held back goes there. */
static void on_connected(uv_connect_t *connect, int status)
{
    struct jb_gate_conn *c = connect->data;
    if (status == UV_ECANCELED)
        return;
    if (status != 0) {
        jb_gate_conn_cut(c, JB_CUT_FULL);
        return;
    }
    c->connected = true;
    c->swallow = JB_GREETING_BYTES;
    (void)uv_tcp_nodelay(&c->backend, 1);
    if (pass(c, &c->up, c->early, c->early_len))
        jb_gate_conn_update(c);
}

void jb_gate_conn_let_in(struct jb_gate_conn *c)
{
    struct sockaddr_in own = {.sin_family = AF_INET,
                              .sin_addr.s_addr = htonl(JB_GATE_LOOPBACK + c->index)};
    int size = BACKEND_BUFFER;
    step(c, JB_GATE_INITIATE, true);
    c->backend.data = c;
    c->connect.data = c;
    if (uv_tcp_init(c->gate->loop, &c->backend) != 0) {
        jb_gate_conn_cut(c, JB_CUT_FULL);
        return;
    }
    c->handles = 2;
    if (uv_tcp_bind(&c->backend, (const struct sockaddr *)&own, 0) != 0 ||
        uv_send_buffer_size((uv_handle_t *)&c->backend, &size) != 0 ||
        uv_tcp_connect(&c->connect, &c->backend, (const struct sockaddr *)&c->gate->inner,
                       on_connected) != 0) {
        jb_gate_conn_cut(c, JB_CUT_FULL);
        return;
    }
    jb_gate_conn_update(c);
}

static void queue_up(struct jb_gate_conn *c)
{
    c->phase = JB_GATE_QUEUED;
    jb_gate_list_move(c, &c->gate->queue);
    jb_gate_queue_go(c->gate);
}

static void take_early(struct jb_gate_conn *c, const uint8_t *bytes, size_t len)
{
    size_t room = sizeof c->early - c->early_len;
    if (len > room) {
        jb_gate_conn_cut(c, JB_CUT_GREETING);
        return;
    }
    memcpy(c->early + c->early_len, bytes, len);
    c->early_len += len;
    if (!jb_gate_early_fits(c->early, c->early_len))
        jb_gate_conn_cut(c, JB_CUT_GREETING);
    else if (c->early_len == sizeof c->early)
        queue_up(c);
    jb_gate_conn_update(c);
}

static void on_client_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf)
{
    static void (*const takers[])(struct jb_gate_conn *, const uint8_t *,
                                  size_t) = {[JB_GATE_EARLY] = take_early,
                                             [JB_GATE_INITIATE] = take_initiate,
                                             [JB_GATE_OPEN] = take_open};
    struct jb_gate_conn *c = stream->data;
    if (got < 0)
        end_client(c);
    else if (got > 0 && (c->phase == JB_GATE_JUDGED || c->phase == JB_GATE_QUEUED))
        jb_gate_conn_cut(c, JB_CUT_GREETING);
    else if (got > 0 && c->phase <= JB_GATE_OPEN)
        takers[c->phase](c, (const uint8_t *)buf->base, (size_t)got);
}

static bool may_read(const struct jb_gate_conn *c)
{
    if (c->phase == JB_GATE_EARLY || c->phase == JB_GATE_QUEUED)
        return true; /* also to hear that it gives up */
    if (c->phase == JB_GATE_INITIATE)
        return c->connected && !c->up.busy;
    if (c->phase == JB_GATE_JUDGED)
        return c->refused; /* it is told so, and ends */
    return c->phase == JB_GATE_OPEN && !c->up.busy && c->resume_ms == 0 &&
           c->unread.bytes < c->gate->options.unread_bytes &&
           c->unread.count < JB_UNREAD_FRAMES / 2;
}

/* Read or do not; what is the case already is left alone. */
static void set_reading(struct jb_gate_conn *c, bool *now, bool wanted, uv_tcp_t *from,
                        uv_read_cb take)
{
    if (c->phase == JB_GATE_CLOSED || *now == wanted)
        return;
    *now = wanted;
    if (!wanted)
        (void)uv_read_stop((uv_stream_t *)from);
    else if (uv_read_start((uv_stream_t *)from, on_alloc, take) != 0)
        jb_gate_conn_close(c);
}

void jb_gate_conn_update(struct jb_gate_conn *c)
{
    set_reading(c, &c->reading_up, may_read(c), &c->client, on_client_read);
    set_reading(c, &c->reading_down, c->connected && !c->down.busy, &c->backend, on_backend_read);
}

/* ---- the beginning ---- */

static uint32_t free_slot(struct jb_gate *g)
{
    for (uint32_t i = 0; i < g->slot_count; i++) {
        uint32_t at = g->slot_next;
        g->slot_next = at + 1 < g->slot_count ? at + 1 : 1;
        if (g->slots[at] == NULL)
            return at;
    }
    return 0;
}

static uint32_t source_of(const struct jb_gate *g, const struct sockaddr_storage *address)
{
    uint64_t key = 0;
    const struct in6_addr *six = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    if (address->ss_family == AF_INET)
        key = ((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr;
    else if (IN6_IS_ADDR_V4MAPPED(six))
        memcpy(&key, six->s6_addr + 12, 4);
    else
        memcpy(&key, six, sizeof key);
    key = (key ^ g->secret) * UINT64_C(0x9e3779b97f4a7c15);
    key = (key ^ key >> 29 ^ g->secret) * UINT64_C(0xbf58476d1ce4e5b9);
    return (uint32_t)(key >> 40) % JB_GATE_SOURCES;
}

static void name_it(struct jb_gate_conn *c)
{
    struct sockaddr_storage address = {0};
    int len = sizeof address;
    char host[INET6_ADDRSTRLEN] = "?";
    (void)uv_tcp_getpeername(&c->client, (struct sockaddr *)&address, &len);
    if (address.ss_family == AF_INET)
        (void)uv_ip4_name((const struct sockaddr_in *)(const void *)&address, host, sizeof host);
    else
        (void)uv_ip6_name((const struct sockaddr_in6 *)(const void *)&address, host, sizeof host);
    (void)snprintf(c->address, sizeof c->address, "%s", host);
    c->source = source_of(c->gate, &address);
}

static void begin(struct jb_gate_conn *c)
{
    struct jb_gate *g = c->gate;
    if (jb_bucket_wait(&g->failures[c->source], &g->options.failures, g->now_ms, 1) > 0) {
        jb_gate_conn_cut(c, JB_CUT_FAILING);
        return;
    }
    jb_gate_queue_make_room(g, c);
    (void)uv_tcp_nodelay(&c->client, 1);
    if (pass(c, &c->down, jb_gate_greeting, sizeof jb_gate_greeting))
        jb_gate_conn_update(c);
}

void jb_gate_conn_accept(struct jb_gate *g)
{
    struct jb_gate_conn *c = calloc(1, sizeof *c);
    uint32_t index = free_slot(g);
    if (c == NULL || index == 0 || uv_tcp_init(g->loop, &c->client) != 0) {
        free(c);
        g->counts.cut[JB_CUT_FULL]++;
        g->accept_waits = true; /* tried again by the timer; the kernel keeps the others waiting */
        return;
    }
    c->gate = g;
    c->index = index;
    c->handles = 1;
    c->client.data = c;
    c->since_ms = g->now_ms;
    g->slots[index] = c;
    g->handles++;
    g->counts.accepted++;
    int rc = uv_accept((uv_stream_t *)&g->server, (uv_stream_t *)&c->client);
    name_it(c);
    jb_gate_list_move(c, &g->early);
    if (rc != 0)
        jb_gate_conn_close(c);
    else
        begin(c);
}
