/* See gate.h. */
#include "clients/gateway/gate.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "clients/gateway/problem.h"
#include "clients/gateway/scan.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"

#define ACCEPTS_A_TURN 32
#define LOOK_MS 50        /* heads that come in pieces are looked at so often */
#define LINGER_MS 1000    /* a refusal is given so long to be read */
#define LINGER_BYTES 8192 /* of what still comes, a time */

enum state {
    WAITING,  /* for the first or the next piece of the head */
    LINGERING /* answered; what still comes is thrown away so that the answer is not */
};

struct guest {
    struct jb_gw_gate *gate;
    struct guest *next, **link;
    uv_poll_t poll;
    int fd;
    enum state state;
    bool polling;     /* waits for the first piece */
    int64_t until_ms; /* given up then */
    struct sockaddr_storage peer;
    socklen_t peer_len;
};

struct jb_gw_gate {
    uv_loop_t *loop;
    struct jb_gw_gate_limits limits;
    struct jb_gw_gate_hooks hooks;
    struct jb_gw_listener *listeners;
    uv_poll_t listen_polls[JB_GW_LISTENERS];
    size_t listener_count, handles; /* handles: not closed yet */
    struct guest *guests;
    size_t guest_count;
    uv_timer_t timer;
    bool paused; /* no descriptor is left: listening goes on later */
    struct jb_gw_gate_counts counts;
};

/* ---- guests ---- */

static void on_guest_closed(uv_handle_t *handle)
{
    free(handle->data);
}

/* Forget it; its descriptor is closed unless somebody took it. */
static void guest_end(struct guest *g, bool close_fd)
{
    *g->link = g->next;
    if (g->next != NULL)
        g->next->link = g->link;
    g->gate->guest_count--;
    (void)uv_poll_stop(&g->poll);
    if (close_fd)
        (void)close(g->fd);
    uv_close((uv_handle_t *)&g->poll, on_guest_closed);
}

static void timer_run(struct jb_gw_gate *gate);

/* Answer with a problem, and take in a while longer what the other end still sends: closing with
 * unread bytes would reset the connection, and the answer with it. */
static void guest_refuse(struct guest *g, unsigned status, const char *detail)
{
    char text[1024];
    size_t len = jb_gw_problem_raw(status, detail, text, sizeof text);
    g->gate->counts.refused++;
    (void)send(g->fd, text, len, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)shutdown(g->fd, SHUT_WR);
    g->state = LINGERING;
    g->until_ms = jb_clock_mono_ms() + LINGER_MS;
    timer_run(g->gate);
}

static void guest_pass(struct guest *g)
{
    struct jb_gw_gate *gate = g->gate;
    int fd = g->fd;
    struct sockaddr_storage peer = g->peer;
    socklen_t len = g->peer_len;
    if (gate->hooks.open(gate->hooks.ctx) >= gate->limits.connections) {
        gate->counts.full++;
        guest_refuse(g, 503, "too many connections are open: try again");
        return;
    }
    guest_end(g, false); /* nobody polls it any more when the library begins to */
    gate->counts.passed++;
    if (gate->hooks.take(gate->hooks.ctx, fd, (struct sockaddr *)&peer, len))
        return;
    char text[1024];
    size_t bytes = jb_gw_problem_raw(503, "out of memory: try again", text, sizeof text);
    (void)send(fd, text, bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)close(fd);
}

/* What is there of the head now? */
static void guest_look(struct guest *g)
{
    static char head[JB_GW_HEAD_BYTES]; /* for one look; the loop has one thread */
    ssize_t n = recv(g->fd, head, sizeof head, MSG_PEEK | MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
        guest_end(g, true);
        return;
    }
    if (n < 0)
        return;
    struct jb_gw_verdict verdict = jb_gw_scan(head, (size_t)n, g->gate->limits.hosts);
    if (verdict.status != 0)
        guest_refuse(g, verdict.status, verdict.detail);
    else if (verdict.complete)
        guest_pass(g);
}

static void guest_drain(struct guest *g)
{
    char away[LINGER_BYTES];
    ssize_t n = recv(g->fd, away, sizeof away, MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        guest_end(g, true);
}

/* The first piece: usually all. A level-triggered poll would go on and on while it lies there, so
 * what is incomplete is looked at by the timer from then on. */
static void on_guest(uv_poll_t *poll, int status, int events)
{
    struct guest *g = poll->data;
    struct jb_gw_gate *gate = g->gate;
    (void)status;
    (void)events;
    (void)uv_poll_stop(poll);
    g->polling = false;
    guest_look(g);
    timer_run(gate);
}

static void guest_timed(struct guest *g, int64_t now_ms)
{
    if (now_ms >= g->until_ms && g->state == LINGERING) {
        guest_end(g, true);
    } else if (now_ms >= g->until_ms) {
        g->gate->counts.late++;
        guest_refuse(g, 408, "the request's head was not complete in time");
    } else if (g->state == LINGERING) {
        guest_drain(g);
    } else if (!g->polling) {
        guest_look(g);
    }
}

static void on_listen(uv_poll_t *poll, int status, int events);

static void listen_run(struct jb_gw_gate *gate)
{
    for (size_t i = 0; i < gate->listener_count; i++)
        (void)uv_poll_start(&gate->listen_polls[i], UV_READABLE, on_listen);
    gate->paused = false;
}

static void on_timer(uv_timer_t *timer)
{
    struct jb_gw_gate *gate = timer->data;
    int64_t now_ms = jb_clock_mono_ms();
    struct guest *next;
    if (gate->paused)
        listen_run(gate);
    for (struct guest *g = gate->guests; g != NULL; g = next) {
        next = g->next;
        guest_timed(g, now_ms);
    }
    timer_run(gate);
}

static void timer_run(struct jb_gw_gate *gate)
{
    bool wanted = gate->guest_count > 0 || gate->paused;
    if (!wanted)
        (void)uv_timer_stop(&gate->timer);
    else if (!uv_is_active((uv_handle_t *)&gate->timer))
        (void)uv_timer_start(&gate->timer, on_timer, LOOK_MS, 0);
}

/* ---- accepting ---- */

static void guest_new(struct jb_gw_gate *gate, int fd, const struct sockaddr_storage *peer,
                      socklen_t len)
{
    struct guest *g = malloc(sizeof *g);
    if (g != NULL)
        *g = (struct guest){.gate = gate,
                            .next = gate->guests,
                            .link = &gate->guests,
                            .fd = fd,
                            .polling = true,
                            .until_ms = jb_clock_mono_ms() + gate->limits.header_timeout_ms,
                            .peer = *peer,
                            .peer_len = len};
    if (g == NULL || uv_poll_init(gate->loop, &g->poll, fd) != 0) {
        (void)close(fd);
        free(g);
        return;
    }
    g->poll.data = g;
    if (g->next != NULL)
        g->next->link = &g->next;
    gate->guests = g;
    gate->guest_count++;
    (void)uv_poll_start(&g->poll, UV_READABLE, on_guest);
    timer_run(gate);
}

/* Of those who have sent nothing the one that came first makes room for who comes now. */
static void make_room(struct jb_gw_gate *gate)
{
    struct guest *oldest = NULL;
    if (gate->guest_count < gate->limits.connections)
        return;
    for (struct guest *g = gate->guests; g != NULL; g = g->next)
        oldest = g; /* new ones are put in front */
    gate->counts.full++;
    if (oldest != NULL)
        guest_end(oldest, true);
}

static void no_descriptor(struct jb_gw_gate *gate)
{
    jb_log(JB_LOG_ERROR, "gateway", "http.no_descriptor", NULL);
    for (size_t i = 0; i < gate->listener_count; i++)
        (void)uv_poll_stop(&gate->listen_polls[i]);
    gate->paused = true;
    timer_run(gate);
}

static void on_listen(uv_poll_t *poll, int status, int events)
{
    struct jb_gw_gate *gate = poll->data;
    size_t which = (size_t)(poll - gate->listen_polls);
    (void)status;
    (void)events;
    for (int i = 0; i < ACCEPTS_A_TURN; i++) {
        struct sockaddr_storage peer = {0};
        socklen_t len = sizeof peer;
        int fd = accept4(gate->listeners[which].fd, (struct sockaddr *)&peer, &len,
                         SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM))
            no_descriptor(gate);
        if (fd < 0)
            return;
        gate->counts.accepted++;
        make_room(gate);
        guest_new(gate, fd, &peer, len);
    }
}

/* ---- life cycle ---- */

enum jb_err jb_gw_gate_open(uv_loop_t *loop, const struct jb_gw_gate_limits *limits,
                            struct jb_gw_listener *listeners, size_t count,
                            const struct jb_gw_gate_hooks *hooks, struct jb_gw_gate **out)
{
    struct jb_gw_gate *gate = calloc(1, sizeof *gate);
    if (gate == NULL)
        return JB_NOMEM;
    *gate = (struct jb_gw_gate){
        .loop = loop, .limits = *limits, .hooks = *hooks, .listeners = listeners};
    gate->timer.data = gate;
    if (uv_timer_init(loop, &gate->timer) != 0) {
        free(gate);
        return JB_IO;
    }
    gate->handles = 1;
    *out = gate;
    for (; gate->listener_count < count; gate->listener_count++) {
        uv_poll_t *poll = &gate->listen_polls[gate->listener_count];
        if (uv_poll_init(loop, poll, listeners[gate->listener_count].fd) != 0)
            return JB_IO; /* the caller closes what there is */
        poll->data = gate;
        gate->handles++;
    }
    listen_run(gate);
    return JB_OK;
}

static void on_closed(uv_handle_t *handle)
{
    struct jb_gw_gate *gate = handle->data;
    if (--gate->handles == 0)
        free(gate);
}

void jb_gw_gate_close(struct jb_gw_gate **gate)
{
    struct jb_gw_gate *g = *gate;
    if (g == NULL)
        return;
    *gate = NULL;
    while (g->guests != NULL)
        guest_end(g->guests, true);
    for (size_t i = 0; i < g->listener_count; i++)
        uv_close((uv_handle_t *)&g->listen_polls[i], on_closed);
    uv_close((uv_handle_t *)&g->timer, on_closed);
}

void jb_gw_gate_counts(const struct jb_gw_gate *gate, struct jb_gw_gate_counts *out)
{
    *out = gate->counts;
    out->waiting = gate->guest_count;
}
