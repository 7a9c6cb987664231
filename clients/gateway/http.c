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
#define DRAIN_BYTES                                                                                \
    ((uint64_t)4 * 1024 * 1024) /* a body of so much is read although it is refused */
#define BYTES_A_SECOND 65536    /* at least, of bodies and answers */

struct jb_gw_http {
    struct jb_gw *gw;
    struct MHD_Daemon *daemon;
    struct jb_gw_gate *gate;
    struct jb_gw_listener listeners[JB_GW_LISTENERS];
    size_t listener_count;
    uv_poll_t poll;          /* the library's epoll descriptor */
    uv_timer_t timer, sweep; /* its time-outs and kicks; ours */
    size_t handles;          /* not closed yet */
    struct jb_gw_request *requests;
    size_t request_count, connections;
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
    r->until_ms = jb_clock_mono_ms() + http->gw->config->header_timeout_ms;
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

static void on_connection(void *cls, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct jb_gw_http *http = cls;
    (void)connection;
    (void)context;
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        http->connections++;
    else
        http->connections--;
}

/* ---- its body, its answer ---- */

static int64_t time_for(int64_t ms, uint64_t bytes)
{
    return ms + (int64_t)(bytes / BYTES_A_SECOND) * 1000;
}

static enum MHD_Result send_answer(struct jb_gw_request *r)
{
    const struct jb_gw_config *c = r->gw->config;
    r->phase = JB_GW_SENDING;
    r->until_ms = jb_clock_mono_ms() + time_for(c->answer_timeout_ms, 50u * 1024 * 1024);
    unsigned digit = r->status / 100;
    r->gw->counts.answered[digit < 6 ? digit : 0]++;
    enum MHD_Result result = MHD_queue_response(r->connection, r->status, r->response);
    MHD_destroy_response(r->response);
    r->response = NULL;
    return result;
}

static void body_grow(struct jb_gw_request *r, size_t more)
{
    size_t room = r->body_room == 0 ? 4096 : r->body_room;
    while (room < r->body_len + more + 1)
        room *= 2;
    if (room == r->body_room)
        return;
    char *body = malloc(room);
    if (body == NULL) {
        jb_gw_refuse_error(r, JB_NOMEM, "the body");
        return;
    }
    if (r->body_len > 0)
        memcpy(body, r->body, r->body_len);
    if (r->body != NULL)
        explicit_bzero(r->body, r->body_room);
    free(r->body);
    r->body = body;
    r->body_room = room;
}

static void take_piece(struct jb_gw_request *r, const char *data, size_t len)
{
    if (r->response != NULL)
        r->phase = JB_GW_DRAINING;
    if (r->phase == JB_GW_DRAINING)
        return;
    if (r->on_piece != NULL) {
        r->on_piece(r, data, len);
        return;
    }
    body_grow(r, len);
    if (r->response != NULL)
        return;
    memcpy(r->body + r->body_len, data, len);
    r->body_len += len;
    r->body[r->body_len] = '\0';
}

static enum MHD_Result begin(struct jb_gw_request *r, const char *method)
{
    if (r->raw_target == NULL)
        return MHD_NO;
    jb_gw_dispatch_begin(r, method);
    r->until_ms = jb_clock_mono_ms() + time_for(r->gw->config->body_timeout_ms, r->length);
    if (r->response == NULL) {
        r->phase = JB_GW_BODY;
        return MHD_YES;
    }
    if (r->length > DRAIN_BYTES)
        return send_answer(r);
    r->phase = JB_GW_DRAINING;
    return MHD_YES;
}

static enum MHD_Result on_access(void *cls, struct MHD_Connection *connection, const char *url,
                                 const char *method, const char *version, const char *data,
                                 size_t *size, void **context)
{
    struct jb_gw_request *r = *context;
    (void)cls;
    (void)connection;
    (void)url;
    (void)version;
    if (r == NULL)
        return MHD_NO;
    if (r->phase == JB_GW_NEW)
        return begin(r, method);
    if (*size > 0) {
        take_piece(r, data, *size);
        *size = 0;
        return MHD_YES;
    }
    if (r->phase == JB_GW_BODY && r->response == NULL) {
        r->phase = JB_GW_HANDLING;
        jb_gw_dispatch_end(r);
    }
    if (r->response != NULL)
        return send_answer(r);
    return MHD_YES; /* it waits */
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
        jb_gw_refuse(r, JB_GW_AGENT_SLOW,
                     "the agent did not answer in time; a submission may be in its outbox all the "
                     "same: ask again with the same Idempotency-Key");
    }
}

/* ---- life cycle ---- */

static bool on_take(void *ctx, int fd, const struct sockaddr *peer, socklen_t len)
{
    struct jb_gw_http *http = ctx;
    if (MHD_add_connection(http->daemon, fd, peer, len) != MHD_YES)
        return true; /* it has closed the descriptor itself */
    jb_gw_http_kick(http);
    return true;
}

static size_t on_open(void *ctx)
{
    const struct jb_gw_http *http = ctx;
    return http->connections;
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

static enum jb_err daemon_start(struct jb_gw_http *http)
{
    http->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ERROR_LOG, 0,
        NULL, NULL, on_access, http, MHD_OPTION_EXTERNAL_LOGGER, on_library_log, NULL,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, POOL_BYTES, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)http->gw->config->connections + 8, MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS,
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

enum jb_err jb_gw_http_open(struct jb_gw *gw, struct jb_gw_http **out, struct jb_fault *fault)
{
    struct jb_gw_http *http = calloc(1, sizeof *http);
    *out = http;
    if (http == NULL)
        return JB_NOMEM;
    const struct jb_gw_gate_hooks hooks = {.take = on_take, .open = on_open, .ctx = http};
    http->gw = gw;
    enum jb_err err = jb_gw_listen(gw->config, http->listeners, &http->listener_count, fault);
    if (err != JB_OK)
        http->listener_count = 0;
    if (err == JB_OK)
        err = daemon_start(http);
    if (err == JB_OK)
        err = loop_join(http);
    if (err == JB_OK)
        err = jb_gw_gate_open(gw->loop, gw->config, http->listeners, http->listener_count, &hooks,
                              &http->gate);
    return err;
}

static void on_closed(uv_handle_t *handle)
{
    struct jb_gw_http *http = handle->data;
    if (--http->handles == 0)
        free(http);
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
    jb_gw_gate_close(&h->gate);
    for (size_t i = 0; i < h->listener_count; i++)
        jb_gw_listen_close(&h->listeners[i]);
    if (h->daemon != NULL) {
        end_requests(h);
        (void)MHD_run(h->daemon);
        if (h->handles == 3)
            (void)uv_poll_stop(&h->poll);
        MHD_stop_daemon(h->daemon);
        h->daemon = NULL;
    }
    if (h->handles == 0) {
        free(h);
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
    for (size_t i = 0; i < http->listener_count && used < size; i++) {
        int n =
            snprintf(out + used, size - used, "%s%s", i > 0 ? " " : "", http->listeners[i].text);
        used += n > 0 ? (size_t)n : 0;
    }
}

void jb_gw_http_state(const struct jb_gw_http *http, struct jb_gw_http_state *out)
{
    struct jb_gw_gate_counts gate;
    jb_gw_gate_counts(http->gate, &gate);
    *out = (struct jb_gw_http_state){.connections = http->connections,
                                     .requests = http->request_count,
                                     .waiting = gate.waiting,
                                     .refused = gate.refused,
                                     .late = gate.late,
                                     .full = gate.full};
}
