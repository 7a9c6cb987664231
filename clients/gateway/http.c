/* See http.h. */
#include "clients/gateway/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "clients/gateway/gate.h"
#include "clients/gateway/link.h"
#include "clients/gateway/route.h"
#include "proto/base/log.h"
#include "proto/base/utf8.h"

#define SWEEP_MS 500
#define POOL_BYTES ((size_t)48 * 1024) /* of one connection, twice the head */
#define IDLE_SECONDS 300u              /* the library's own limit, if ours should fail */
#define ARENA_BYTES ((size_t)64 * 1024 * 1024)

enum side { /* each with its own listeners, gate and count of connections */
    INSIDE,
    WINDOW, /* the public one */
    SIDES
};

struct side_state {
    struct jb_gw_http *http;
    struct jb_gw_gate *gate;
    struct jb_gw_listener listeners[JB_GW_LISTENERS];
    size_t listener_count;
    size_t connections; /* beyond the gate */
};

struct jb_gw_http {
    struct jb_gw *gw;
    struct MHD_Daemon *daemon;
    struct side_state sides[SIDES];
    unsigned char *side_of; /* by descriptor, while it is open */
    size_t side_room;
    uv_poll_t poll;          /* the library's epoll descriptor */
    uv_timer_t timer, sweep; /* its time-outs and kicks; ours */
    size_t handles;          /* not closed yet */
    struct jb_gw_request *requests;
    size_t request_count;
    bool running;
};

/* ---- running the library ---- */

static void on_timer(uv_timer_t *timer);

static void run(struct jb_gw_http *http)
{
    MHD_UNSIGNED_LONG_LONG ms = 0;
    http->running = true;
    (void)MHD_run(http->daemon);
    http->running = false;
    if (MHD_get_timeout(http->daemon, &ms) == MHD_YES)
        (void)uv_timer_start(&http->timer, on_timer, ms, 0);
    else
        (void)uv_timer_stop(&http->timer);
}

static void on_timer(uv_timer_t *timer)
{
    run(timer->data);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    run(poll->data);
}

void jb_gw_http_kick(struct jb_gw_http *http)
{
    if (http != NULL && http->daemon != NULL)
        (void)uv_timer_start(&http->timer, on_timer, 0, 0);
}

/* ---- waiting ---- */

void jb_gw_suspend(struct jb_gw_request *r, int64_t ms)
{
    r->until_ms = jb_clock_mono_ms() + ms;
    if (!r->suspended)
        MHD_suspend_connection(r->connection);
    r->suspended = true;
}

void jb_gw_resume(struct jb_gw_request *r)
{
    if (!r->suspended)
        return;
    r->suspended = false;
    MHD_resume_connection(r->connection);
    jb_gw_http_kick(r->gw->http);
}

/* ---- which side a connection came to ---- */

static bool side_note(struct jb_gw_http *http, int fd, enum side side)
{
    size_t wanted = (size_t)fd + 1;
    if (wanted > http->side_room) {
        size_t room = wanted + 256;
        unsigned char *grown = realloc(http->side_of, room);
        if (grown == NULL)
            return false;
        memset(grown + http->side_room, INSIDE, room - http->side_room);
        http->side_of = grown;
        http->side_room = room;
    }
    http->side_of[fd] = (unsigned char)side;
    return true;
}

static enum side side_of(const struct jb_gw_http *http, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    bool known =
        info != NULL && info->connect_fd >= 0 && (size_t)info->connect_fd < http->side_room;
    return known ? (enum side)http->side_of[info->connect_fd] : WINDOW; /* the one with less */
}

/* ---- a request begins and ends ---- */

/* The raw target comes first of all. */
static void *on_target(void *cls, const char *target, struct MHD_Connection *connection)
{
    struct jb_gw_http *http = cls;
    struct jb_gw_request *r = calloc(1, sizeof *r);
    if (r == NULL)
        return NULL;
    jb_arena_init(&r->arena, ARENA_BYTES);
    r->gw = http->gw;
    r->connection = connection;
    r->window = side_of(http, connection) == WINDOW;
    r->began_ms = jb_clock_mono_ms();
    r->until_ms = r->began_ms + http->gw->config->header_timeout_ms;
    r->raw_target = jb_arena_strndup(&r->arena, target, strlen(target));
    r->next = http->requests;
    r->link = &http->requests;
    if (r->next != NULL)
        r->next->link = &r->next;
    http->requests = r;
    http->request_count++;
    http->gw->counts.requests++;
    return r;
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **context,
                         enum MHD_RequestTerminationCode code)
{
    struct jb_gw_http *http = cls;
    struct jb_gw_request *r = *context;
    (void)connection;
    (void)code;
    if (r == NULL)
        return;
    *context = NULL;
    jb_gw_ask_cancel(r);
    if (r->drop != NULL)
        r->drop(r);
    if (r->response != NULL)
        MHD_destroy_response(r->response);
    *r->link = r->next;
    if (r->next != NULL)
        r->next->link = r->link;
    http->request_count--;
    if (r->body != NULL)
        explicit_bzero(r->body, r->body_room);
    free(r->body);
    jb_arena_fini(&r->arena);
    free(r);
}

/* The same at its end as at its start, when its descriptor may be closed already. */
static struct side_state *context_side(struct jb_gw_http *http, struct MHD_Connection *connection,
                                       void **context, enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        *context = &http->sides[side_of(http, connection)];
    return *context;
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct jb_gw_http *http = cls;
    struct side_state *side = context_side(http, connection, context, code);
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        side->connections++;
    else
        side->connections--;
}

static enum MHD_Result on_access(void *cls, struct MHD_Connection *connection, const char *url,
                                 const char *method, const char *version, const char *data,
                                 size_t *size, void **context)
{
    (void)cls;
    (void)connection;
    (void)url;
    (void)version;
    return *context != NULL ? jb_gw_receive(*context, method, data, size) : MHD_NO;
}

/* ---- what takes too long ---- */

int jb_gw_request_fd(const struct jb_gw_request *r)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info != NULL ? info->connect_fd : -1;
}

/* Nothing of an answer has left yet when the body was late: so it can be answered in one go. */
static void cut(struct jb_gw_request *r)
{
    char text[1024];
    int fd = jb_gw_request_fd(r);
    r->gw->counts.cut++;
    r->until_ms = INT64_MAX;
    if (fd < 0)
        return;
    if (r->phase != JB_GW_SENDING) {
        size_t len = jb_gw_problem_raw(408, "the request did not come in time", text, sizeof text);
        (void)send(fd, text, len, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    (void)shutdown(fd, SHUT_RDWR); /* the library notices */
}

static void on_sweep(uv_timer_t *timer)
{
    struct jb_gw_http *http = timer->data;
    int64_t now_ms = jb_clock_mono_ms();
    for (struct jb_gw_request *r = http->requests; r != NULL; r = r->next) {
        if (r->endless || now_ms < r->until_ms)
            continue;
        if (!r->suspended) {
            cut(r);
            continue;
        }
        jb_gw_ask_cancel(r);
        if (r->phase == JB_GW_SENDING) { /* what follows does not come: it ends there */
            jb_gw_resume(r);
            continue;
        }
        jb_gw_refuse(r, JB_GW_AGENT_SLOW,
                     "the agent did not answer in time; a submission may be in its outbox all the "
                     "same: ask again with the same Idempotency-Key");
    }
}

/* ---- life cycle ---- */

static bool on_take(void *ctx, int fd, const struct sockaddr *peer, socklen_t len)
{
    struct side_state *side = ctx;
    struct jb_gw_http *http = side->http;
    if (!side_note(http, fd, (enum side)(side - http->sides)))
        return false;
    if (MHD_add_connection(http->daemon, fd, peer, len) != MHD_YES)
        return true; /* it has closed the descriptor itself */
    jb_gw_http_kick(http);
    return true;
}

static size_t on_open(void *ctx)
{
    const struct side_state *side = ctx;
    return side->connections;
}

static void on_library_log(void *cls, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
static void on_library_log(void *cls, const char *format, va_list arguments)
{
    char text[256], shown[512];
    (void)cls;
    (void)vsnprintf(text, sizeof text, format, arguments);
    text[strcspn(text, "\n")] = '\0';
    (void)jb_text_escape(text, strlen(text), shown, sizeof shown);
    jb_log(JB_LOG_DEBUG, "gateway", "http.library", "text=\"%s\"", shown);
}

static unsigned connections_of(const struct jb_gw_config *c)
{
    return (unsigned)(c->connections + c->window_connections);
}

static enum jb_err daemon_start(struct jb_gw_http *http)
{
    http->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ERROR_LOG, 0,
        NULL, NULL, on_access, http, MHD_OPTION_EXTERNAL_LOGGER, on_library_log, NULL,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, POOL_BYTES, MHD_OPTION_CONNECTION_LIMIT,
        connections_of(http->gw->config) + 8, MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS,
        MHD_OPTION_URI_LOG_CALLBACK, on_target, http, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
        http, MHD_OPTION_NOTIFY_CONNECTION, on_connection, http, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
    return http->daemon != NULL ? JB_OK : JB_IO;
}

static enum jb_err loop_join(struct jb_gw_http *http)
{
    uv_loop_t *loop = http->gw->loop;
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    http->timer.data = http->sweep.data = http->poll.data = http;
    if (uv_timer_init(loop, &http->timer) != 0)
        return JB_IO;
    http->handles++;
    if (uv_timer_init(loop, &http->sweep) != 0)
        return JB_IO;
    http->handles++;
    if (info == NULL || uv_poll_init(loop, &http->poll, info->epoll_fd) != 0)
        return JB_IO;
    http->handles++;
    (void)uv_timer_start(&http->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
    return uv_poll_start(&http->poll, UV_READABLE, on_poll) == 0 ? JB_OK : JB_IO;
}

static enum jb_err side_listen(struct side_state *side, const struct jb_gw_listen *where,
                               struct jb_fault *fault)
{
    enum jb_err err = jb_gw_listen(where, side->listeners, &side->listener_count, fault);
    if (err != JB_OK)
        side->listener_count = 0;
    return err;
}

static enum jb_err side_open(struct side_state *side, const struct jb_gw_gate_limits *limits)
{
    const struct jb_gw_gate_hooks hooks = {.take = on_take, .open = on_open, .ctx = side};
    return side->listener_count == 0
               ? JB_OK
               : jb_gw_gate_open(side->http->gw->loop, limits, side->listeners,
                                 side->listener_count, &hooks, &side->gate);
}

enum jb_err jb_gw_http_open(struct jb_gw *gw, struct jb_gw_http **out, struct jb_fault *fault)
{
    const struct jb_gw_config *c = gw->config;
    const struct jb_gw_listen inside = jb_gw_listen_inside(c), window = jb_gw_listen_window(c);
    struct jb_gw_http *http = calloc(1, sizeof *http);
    *out = http;
    if (http == NULL)
        return JB_NOMEM;
    http->gw = gw;
    http->sides[INSIDE].http = http->sides[WINDOW].http = http;
    enum jb_err err = side_listen(&http->sides[INSIDE], &inside, fault);
    if (err == JB_OK)
        err = side_listen(&http->sides[WINDOW], &window, fault);
    if (err == JB_OK)
        err = daemon_start(http);
    if (err == JB_OK)
        err = loop_join(http);
    if (err == JB_OK)
        err = side_open(
            &http->sides[INSIDE],
            &(struct jb_gw_gate_limits){c->hosts, (size_t)c->connections, c->header_timeout_ms});
    if (err == JB_OK)
        err = side_open(&http->sides[WINDOW],
                        &(struct jb_gw_gate_limits){c->window_hosts, (size_t)c->window_connections,
                                                    c->header_timeout_ms});
    return err;
}

static void http_free(struct jb_gw_http *http)
{
    free(http->side_of);
    free(http);
}

static void on_closed(uv_handle_t *handle)
{
    struct jb_gw_http *http = handle->data;
    if (--http->handles == 0)
        http_free(http);
}

static void end_requests(struct jb_gw_http *http)
{
    for (struct jb_gw_request *r = http->requests; r != NULL; r = r->next) {
        if (!r->suspended)
            continue;
        jb_gw_ask_cancel(r);
        if (r->phase == JB_GW_SENDING)
            jb_gw_resume(r); /* a stream: its callback ends it */
        else
            jb_gw_refuse(r, JB_GW_OVERLOADED, "the gateway is stopping: try again");
    }
}

void jb_gw_http_close(struct jb_gw_http **http)
{
    struct jb_gw_http *h = *http;
    if (h == NULL)
        return;
    *http = NULL;
    for (size_t s = 0; s < SIDES; s++) {
        jb_gw_gate_close(&h->sides[s].gate);
        for (size_t i = 0; i < h->sides[s].listener_count; i++)
            jb_gw_listen_close(&h->sides[s].listeners[i]);
    }
    if (h->daemon != NULL) {
        end_requests(h);
        (void)MHD_run(h->daemon);
        if (h->handles == 3)
            (void)uv_poll_stop(&h->poll);
        MHD_stop_daemon(h->daemon);
        h->daemon = NULL;
    }
    if (h->handles == 0) {
        http_free(h);
        return;
    }
    uv_handle_t *const handles[] = {(uv_handle_t *)&h->timer, (uv_handle_t *)&h->sweep,
                                    (uv_handle_t *)&h->poll};
    size_t count = h->handles;
    for (size_t i = 0; i < count && i < sizeof handles / sizeof handles[0]; i++)
        uv_close(handles[i], on_closed);
}

void jb_gw_http_addresses(const struct jb_gw_http *http, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t s = 0; s < SIDES; s++)
        for (size_t i = 0; i < http->sides[s].listener_count && used < size; i++) {
            int n = snprintf(out + used, size - used, "%s%s%s", used > 0 ? " " : "",
                             s == WINDOW ? "window=" : "", http->sides[s].listeners[i].text);
            used += n > 0 ? (size_t)n : 0;
        }
}

void jb_gw_http_state(const struct jb_gw_http *http, struct jb_gw_http_state *out)
{
    *out = (struct jb_gw_http_state){.requests = http->request_count};
    for (size_t s = 0; s < SIDES; s++) {
        struct jb_gw_gate_counts gate = {0};
        if (http->sides[s].gate != NULL)
            jb_gw_gate_counts(http->sides[s].gate, &gate);
        out->connections += http->sides[s].connections;
        out->waiting += gate.waiting;
        out->refused += gate.refused;
        out->late += gate.late;
        out->full += gate.full;
    }
}
