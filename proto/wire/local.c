/* The server side of local sockets: accepting, reading with limits, writing with a bounded queue.
 *
 * Reads and writes with recv and sendmsg under uv_poll rather than uv_pipe, so that no SIGPIPE is
 * raised whatever the process has set, and so that a frame is received straight into its buffer.
 * Nothing is freed in a call of a hook: closing ends in the loop's closing phase. */
#include "proto/wire/local.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/wire/localpath.h"

#define DEFAULT_QUEUE_BYTES ((size_t)32 * 1024 * 1024)
#define DEFAULT_CONNECTIONS 64
#define DEFAULT_PARTIAL_MS 10000
#define ACCEPTS_PER_TURN 16
#define FRAMES_PER_TURN 32
#define TICK_MAX_MS 1000 /* how late a time limit may be noticed */

/* Bytes that could not leave at once. */
struct chunk {
    struct chunk *next;
    size_t len;  /* of data */
    size_t sent; /* of these */
    uint8_t data[];
};

struct jb_local_peer {
    struct jb_local_server *server;
    struct jb_local_peer *prev, *next; /* the server's list */
    int fd;                            /* owned */
    uv_poll_t poll;
    struct jb_local_identity identity;
    struct jb_local_frame frame; /* being received */
    uint64_t since_ms;           /* loop time: when the incomplete frame, or finishing, began */
    struct chunk *head, *tail;   /* being sent; owned */
    size_t queued_bytes;
    bool closing;    /* uv_close was called; `why` is final */
    bool finishing;  /* reads no more, closes when everything has left */
    enum jb_err why; /* for on_close */
    void *data;      /* the user's */
};

struct jb_local_server {
    uv_loop_t *loop;
    uv_poll_t poll;           /* the listening socket */
    uv_timer_t timer;         /* runs only while something has a time limit */
    int open_handles;         /* of these two */
    int fd;                   /* listening; owned */
    struct jb_localpath path; /* the socket file */
    struct jb_local_config config;
    struct jb_local_hooks hooks;
    struct jb_local_counts counts;
    struct jb_local_peer *peers; /* newest first; owned */
    bool accept_held;            /* out of file descriptors: tries again at the next tick */
    bool stopping;
};

static void on_tick(uv_timer_t *timer);

/* ---- closing ----------------------------------------------------------------------------------
 */

static void server_free_if_done(struct jb_local_server *s)
{
    if (s->stopping && s->open_handles == 0 && s->peers == NULL)
        free(s);
}

static void peer_unlink(struct jb_local_peer *p)
{
    if (p->prev != NULL)
        p->prev->next = p->next;
    else
        p->server->peers = p->next;
    if (p->next != NULL)
        p->next->prev = p->prev;
}

static void peer_free(struct jb_local_peer *p)
{
    while (p->head != NULL) {
        struct chunk *c = p->head;
        p->head = c->next;
        free(c);
    }
    jb_local_frame_fini(&p->frame);
    close(p->fd);
    free(p);
}

static void on_peer_closed(uv_handle_t *handle)
{
    struct jb_local_peer *p = handle->data;
    struct jb_local_server *s = p->server;

    if (s->hooks.on_close != NULL)
        s->hooks.on_close(s->hooks.ctx, p, p->why);
    peer_unlink(p);
    s->counts.open--;
    peer_free(p);
    server_free_if_done(s);
}

static void peer_close(struct jb_local_peer *p, enum jb_err why)
{
    if (p->closing)
        return;
    p->closing = true;
    p->why = why;
    if (why != JB_OK && why != JB_CLOSED)
        p->server->counts.cut++;
    (void)uv_poll_stop(&p->poll);
    uv_close((uv_handle_t *)&p->poll, on_peer_closed);
}

void jb_local_close(struct jb_local_peer *peer)
{
    peer_close(peer, JB_OK);
}

/* ---- time limits ------------------------------------------------------------------------------
 */

static void tick_start(struct jb_local_server *s)
{
    uint64_t tick_ms = (uint64_t)s->config.partial_timeout_ms / 4;
    if (tick_ms < 1)
        tick_ms = 1;
    if (tick_ms > TICK_MAX_MS)
        tick_ms = TICK_MAX_MS;
    if (!s->stopping && !uv_is_active((const uv_handle_t *)&s->timer))
        (void)uv_timer_start(&s->timer, on_tick, tick_ms, 0);
}

/* A client that does not read its replies is not read either, until half of the queue has left. */
static bool peer_held(const struct jb_local_peer *p)
{
    return p->queued_bytes > p->server->config.max_queue_bytes / 2;
}

static bool peer_limited(const struct jb_local_peer *p)
{
    if (p->closing)
        return false;
    return p->finishing || (jb_local_frame_partial(&p->frame) && !peer_held(p));
}

/* ---- reading and writing ----------------------------------------------------------------------
 */

static void on_peer_poll(uv_poll_t *poll, int status, int events);

static void peer_watch(struct jb_local_peer *p)
{
    int events = 0;
    if (p->closing)
        return;
    if (p->head != NULL)
        events |= UV_WRITABLE;
    if (!p->finishing && !peer_held(p))
        events |= UV_READABLE;
    if (events == 0) {
        peer_close(p, JB_OK); /* finishing, and nothing is left to send */
        return;
    }
    (void)uv_poll_start(&p->poll, events, on_peer_poll); /* fails only for a closing handle */
}

static void peer_flush(struct jb_local_peer *p)
{
    while (p->head != NULL) {
        struct chunk *c = p->head;
        struct jb_bytes rest = {c->data + c->sent, c->len - c->sent};
        struct jb_bytes none = {NULL, 0};
        size_t sent = 0;
        enum jb_err err = jb_local_write(p->fd, rest, none, &sent);
        if (err == JB_BUSY)
            return;
        if (err != JB_OK) {
            peer_close(p, err);
            return;
        }
        c->sent += sent;
        p->queued_bytes -= sent;
        if (c->sent < c->len)
            return;
        p->head = c->next;
        if (p->head == NULL)
            p->tail = NULL;
        free(c);
    }
}

/* Frames that have arrived, at most FRAMES_PER_TURN; the rest stays in the socket. */
static void peer_read(struct jb_local_peer *p)
{
    struct jb_local_server *s = p->server;
    bool was_partial = jb_local_frame_partial(&p->frame);

    for (int i = 0; i < FRAMES_PER_TURN; i++) {
        enum jb_err err = jb_local_frame_read(p->fd, s->config.max_frame_bytes, &p->frame);
        if (err == JB_BUSY)
            break;
        if (err != JB_OK) {
            peer_close(p, err);
            return;
        }
        struct jb_bytes frame = {p->frame.len > 0 ? p->frame.data : NULL, p->frame.len};
        s->hooks.on_frame(s->hooks.ctx, p, frame);
        jb_local_frame_reset(&p->frame);
        was_partial = false;
        if (p->closing || p->finishing || peer_held(p))
            return;
    }
    if (jb_local_frame_partial(&p->frame) && !was_partial) {
        p->since_ms = uv_now(s->loop);
        tick_start(s);
    }
}

static void on_peer_poll(uv_poll_t *poll, int status, int events)
{
    struct jb_local_peer *p = poll->data;
    bool was_held = peer_held(p);

    if (status < 0 && (was_held || p->finishing)) {
        peer_close(p, JB_CLOSED);
        return;
    }
    if (status < 0)
        events = UV_READABLE; /* gone, but what it had sent before is still to be read */
    if ((events & UV_WRITABLE) != 0)
        peer_flush(p);
    if (was_held && !peer_held(p)) {
        p->since_ms = uv_now(p->server->loop); /* its time starts again */
        tick_start(p->server);
    }
    if ((events & UV_READABLE) != 0 && !p->closing && !p->finishing)
        peer_read(p);
    peer_watch(p);
}

/* Keep what did not leave: the part of prefix and frame after `sent`. */
static enum jb_err peer_enqueue(struct jb_local_peer *p, struct jb_bytes prefix,
                                struct jb_bytes frame, size_t sent)
{
    size_t rest = prefix.len + frame.len - sent;
    size_t of_prefix = sent < prefix.len ? prefix.len - sent : 0;

    if (rest > p->server->config.max_queue_bytes - p->queued_bytes)
        return JB_OVERFLOW;
    struct chunk *c = malloc(sizeof *c + rest);
    if (c == NULL)
        return JB_NOMEM;
    *c = (struct chunk){.len = rest};
    memcpy(c->data, prefix.data + prefix.len - of_prefix, of_prefix);
    if (rest > of_prefix)
        memcpy(c->data + of_prefix, frame.data + frame.len - (rest - of_prefix), rest - of_prefix);
    if (p->tail != NULL)
        p->tail->next = c;
    else
        p->head = c;
    p->tail = c;
    p->queued_bytes += rest;
    return JB_OK;
}

enum jb_err jb_local_send(struct jb_local_peer *peer, struct jb_bytes frame)
{
    uint8_t header[JB_LOCAL_HEADER_BYTES];
    struct jb_bytes prefix = {header, sizeof header};
    size_t sent = 0;
    enum jb_err err = JB_OK;

    if (peer->closing || peer->finishing)
        return JB_CLOSED;
    if (frame.len > JB_LOCAL_REPLY_LIMIT)
        return JB_TOO_LARGE;
    jb_local_header(frame.len, header);
    if (peer->head == NULL)
        err = jb_local_write(peer->fd, prefix, frame, &sent);
    if (err == JB_BUSY)
        err = JB_OK;
    if (err == JB_OK && sent < prefix.len + frame.len)
        err = peer_enqueue(peer, prefix, frame, sent);
    if (err != JB_OK)
        peer_close(peer, err);
    else
        peer_watch(peer);
    return err;
}

void jb_local_finish(struct jb_local_peer *peer)
{
    if (peer->closing || peer->finishing)
        return;
    peer->finishing = true;
    peer->since_ms = uv_now(peer->server->loop);
    tick_start(peer->server);
    peer_watch(peer);
}

/* ---- accepting --------------------------------------------------------------------------------
 */

/* A quarter of the connections is not for the account that has all the others. */
static bool has_its_share(const struct jb_local_server *s, uid_t uid)
{
    int its = 0;
    for (const struct jb_local_peer *p = s->peers; p != NULL; p = p->next)
        its += p->identity.uid == uid;
    return its >= s->config.max_connections - s->config.max_connections / 4;
}

/* Takes over fd. NULL: refused, fd is closed. */
static struct jb_local_peer *peer_new(struct jb_local_server *s, int fd)
{
    struct jb_local_peer *p = calloc(1, sizeof *p);
    if (p == NULL || s->counts.open >= s->config.max_connections ||
        !jb_local_identify(fd, &p->identity) || has_its_share(s, p->identity.uid) ||
        uv_poll_init(s->loop, &p->poll, fd) != 0) {
        free(p);
        close(fd);
        return NULL;
    }
    p->poll.data = p;
    p->server = s;
    p->fd = fd;
    p->next = s->peers;
    if (s->peers != NULL)
        s->peers->prev = p;
    s->peers = p;
    s->counts.open++;
    return p;
}

static void accept_one(struct jb_local_server *s, int fd)
{
    struct jb_local_peer *p = peer_new(s, fd);
    if (p == NULL) {
        s->counts.refused++;
        return;
    }
    s->counts.accepted++;
    if (s->hooks.on_open != NULL)
        s->hooks.on_open(s->hooks.ctx, p);
    peer_watch(p);
}

static void on_listen_poll(uv_poll_t *poll, int status, int events)
{
    struct jb_local_server *s = poll->data;
    (void)status;
    (void)events;

    for (int i = 0; i < ACCEPTS_PER_TURN && !s->stopping; i++) {
        /* cppcheck-suppress nullPointer ; NULL is allowed: nobody asks for the address */
        int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            accept_one(s, fd);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            /* The connection stays in the queue: polling on would spin. */
            s->accept_held = true;
            (void)uv_poll_stop(&s->poll);
            tick_start(s);
        }
        return;
    }
}

static void on_tick(uv_timer_t *timer)
{
    struct jb_local_server *s = timer->data;
    uint64_t limit_ms = (uint64_t)s->config.partial_timeout_ms;
    bool again = false;

    uv_update_time(s->loop);
    for (struct jb_local_peer *p = s->peers; p != NULL; p = p->next) {
        if (!peer_limited(p))
            continue;
        if (uv_now(s->loop) - p->since_ms >= limit_ms)
            peer_close(p, JB_BUSY);
        else
            again = true;
    }
    if (s->accept_held) {
        s->accept_held = false;
        (void)uv_poll_start(&s->poll, UV_READABLE, on_listen_poll);
    }
    if (again)
        tick_start(s);
}

/* ---- life -------------------------------------------------------------------------------------
 */

static void config_copy(struct jb_local_server *s, const struct jb_local_config *config)
{
    s->config = *config;
    s->config.path = NULL; /* borrowed from the caller; ours is s->path */
    if (s->config.max_frame_bytes == 0)
        s->config.max_frame_bytes = JB_LOCAL_REQUEST_LIMIT;
    if (s->config.max_queue_bytes == 0)
        s->config.max_queue_bytes = DEFAULT_QUEUE_BYTES;
    if (s->config.max_connections <= 0)
        s->config.max_connections = DEFAULT_CONNECTIONS;
    if (s->config.partial_timeout_ms <= 0)
        s->config.partial_timeout_ms = DEFAULT_PARTIAL_MS;
}

enum jb_err jb_local_listen(uv_loop_t *loop, const struct jb_local_config *config,
                            const struct jb_local_hooks *hooks, struct jb_local_server **out,
                            struct jb_fault *fault)
{
    struct jb_local_server *s = calloc(1, sizeof *s);
    if (s == NULL)
        return jb_fault_set(fault, JB_NOMEM, "out of memory for %s", config->path);
    s->loop = loop;
    s->hooks = *hooks;
    config_copy(s, config);

    enum jb_err err = jb_localpath_open(&s->path, config->path, config->mode, &s->fd, fault);
    if (err != JB_OK) {
        free(s);
        return err;
    }
    if (uv_poll_init(loop, &s->poll, s->fd) != 0) {
        jb_localpath_remove(&s->path);
        close(s->fd);
        free(s);
        return jb_fault_set(fault, JB_IO, "cannot watch %s", config->path);
    }
    (void)uv_timer_init(loop, &s->timer); /* always 0 */
    s->poll.data = s;
    s->timer.data = s;
    s->open_handles = 2;
    (void)uv_poll_start(&s->poll, UV_READABLE, on_listen_poll);
    *out = s;
    return JB_OK;
}

static void on_server_handle_closed(uv_handle_t *handle)
{
    struct jb_local_server *s = handle->data;
    if (--s->open_handles == 0)
        close(s->fd);
    server_free_if_done(s);
}

void jb_local_stop(struct jb_local_server **server)
{
    struct jb_local_server *s = *server;
    if (s == NULL)
        return;
    *server = NULL;
    s->stopping = true;
    jb_localpath_remove(&s->path);
    for (struct jb_local_peer *p = s->peers; p != NULL; p = p->next)
        peer_close(p, JB_CLOSED);
    uv_close((uv_handle_t *)&s->poll, on_server_handle_closed);
    uv_close((uv_handle_t *)&s->timer, on_server_handle_closed);
}

void jb_local_counts(const struct jb_local_server *server, struct jb_local_counts *out)
{
    *out = server->counts;
}

const struct jb_local_identity *jb_local_peer_identity(const struct jb_local_peer *peer)
{
    return &peer->identity;
}

size_t jb_local_peer_queued(const struct jb_local_peer *peer)
{
    return peer->queued_bytes;
}

void jb_local_peer_set_data(struct jb_local_peer *peer, void *data)
{
    peer->data = data;
}

void *jb_local_peer_data(const struct jb_local_peer *peer)
{
    return peer->data;
}
