/* The gate as a whole: listening, finding, limits that need a clock. */
#include "proto/wire/gateint.h"

#include <netdb.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/wire/endpoint.h"

#define BACKLOG 1024 /* a whole county reconnects at once */
#define TICK_MS 100
#define TICKS_OF_ROUND 10
#define ACCEPTS_PER_TICK 400 /* 4,000 a second: what a flood of connects can cost */

#define X(id, name, text) [JB_CUT_##id] = #name,
static const char *const cut_names[JB_GATE_CUT_COUNT] = {JB_GATE_CUTS(X)};
#undef X
#define X(id, name, text) [JB_CUT_##id] = text,
static const char *const cut_texts[JB_GATE_CUT_COUNT] = {JB_GATE_CUTS(X)};
#undef X

const char *jb_gate_cut_name(enum jb_gate_cut cut)
{
    return cut_names[cut];
}

const char *jb_gate_cut_text(enum jb_gate_cut cut)
{
    return cut_texts[cut];
}

void jb_gate_options_default(struct jb_gate_options *options)
{
    *options = (struct jb_gate_options){
        .pending_max = 1024,
        .pending_per_address = 64,
        .per_node = 4,
        .connections_max = 8192,
        .answers_max = 64,
        .failures = {.per_minute = 300, .burst = 60},
        .handshake_ms = 5000,
        .stall_ms = 5000,
        .silent_ms = 120000,
        .end_ms = 1000,
        .unread_bytes = (size_t)4 * 1024 * 1024,
        .frame_max = (size_t)1024 * 1024 + 64,
    };
}

/* ---- finding, judging ---- */

int64_t jb_gate_now(void)
{
    return (int64_t)(uv_hrtime() / 1000000);
}

struct jb_gate_conn *jb_gate_find(struct jb_gate *g, const char *loopback)
{
    struct in_addr address;
    if (loopback == NULL || uv_inet_pton(AF_INET, loopback, &address) != 0)
        return NULL;
    uint32_t index = ntohl(address.s_addr) - JB_GATE_LOOPBACK;
    struct jb_gate_conn *c = index < g->slot_count ? g->slots[index] : NULL;
    return c != NULL && c->phase != JB_GATE_CLOSED ? c : NULL;
}

/* The new connection of a node is the one that it uses: an old one goes. */
static void limit_node(struct jb_gate *g, uint32_t node)
{
    struct jb_gate_conn *oldest = NULL;
    int64_t count = 0;
    if (g->open_of[node % JB_GATE_SOURCES] <= g->options.per_node)
        return; /* with thousands of nodes nobody looks through all of them for each */
    for (struct jb_gate_conn *c = g->open.first; c != NULL; c = c->next)
        if (c->node == node && count++ == 0)
            oldest = c;
    if (count > g->options.per_node)
        jb_gate_conn_cut(oldest, JB_CUT_SURPLUS);
}

bool jb_gate_admit(struct jb_gate_conn *c, uint32_t node)
{
    struct jb_gate *g = c->gate;
    if (c->phase != JB_GATE_JUDGED)
        return false;
    c->node = node;
    jb_gate_list_move(c, &g->open);
    c->phase = JB_GATE_OPEN;
    c->since_ms = g->now_ms;
    c->heard_ms = g->now_ms;
    limit_node(g, node);
    jb_gate_queue_owe(c, false);
    jb_gate_conn_update(c);
    return true;
}

void jb_gate_heard(struct jb_gate *g, const char *loopback, uint32_t node,
                   struct jb_bytes routing_id, size_t body_len)
{
    struct jb_gate_conn *c = jb_gate_find(g, loopback);
    if (c == NULL || c->node != node)
        return;
    c->heard_ms = g->now_ms;
    if (c->routing_len == 0 && routing_id.len <= sizeof c->routing_id) {
        memcpy(c->routing_id, routing_id.data, routing_id.len);
        c->routing_len = routing_id.len;
    }
    size_t before = c->unread.bytes;
    jb_unread_take(&c->unread, body_len);
    g->counts.unread_bytes -= before - c->unread.bytes;
    jb_gate_conn_update(c);
}

void jb_gate_cut_at(struct jb_gate *g, const char *loopback, enum jb_gate_cut why)
{
    struct jb_gate_conn *c = jb_gate_find(g, loopback);
    if (c != NULL)
        jb_gate_conn_cut(c, why);
}

void jb_gate_cut_node(struct jb_gate *g, uint32_t node, enum jb_gate_cut why)
{
    struct jb_gate_conn *next = NULL;
    for (struct jb_gate_conn *c = g->open.first; c != NULL; c = next) {
        next = c->next;
        if (c->node == node)
            jb_gate_conn_cut(c, why);
    }
}

void jb_gate_hold(struct jb_gate *g, bool held)
{
    g->held = held;
}

/* ---- the clock ---- */

/* While nothing is received from the library nothing can come out: that is not the node's fault. */
static void look_at_open(struct jb_gate *g, struct jb_gate_conn *c)
{
    if (g->held)
        c->heard_ms = g->now_ms;
    int64_t quiet_ms = g->now_ms - c->heard_ms;
    bool full =
        c->unread.bytes >= g->options.unread_bytes || c->unread.count >= JB_UNREAD_FRAMES / 2;
    if (c->phase == JB_GATE_ENDING) {
        if (g->now_ms - c->since_ms > g->options.end_ms)
            jb_gate_conn_close(c);
    } else if (full && quiet_ms > g->options.stall_ms) {
        jb_gate_conn_cut(c, JB_CUT_UNFINISHED);
    } else if (quiet_ms > g->options.silent_ms) {
        jb_gate_conn_cut(c, JB_CUT_SILENT);
    } else if (c->resume_ms > 0 && g->now_ms >= c->resume_ms) {
        jb_gate_conn_resume_at(c, 0);
        jb_gate_conn_update(c);
    }
}

static void end_list(const struct jb_gate_list *list)
{
    while (list->first != NULL)
        jb_gate_conn_close(list->first);
}

static void end_pending(struct jb_gate *g)
{
    end_list(&g->early);
    end_list(&g->queue);
    end_list(&g->underway);
}

static void accept_waiting(struct jb_gate *g)
{
    g->accepts_left = ACCEPTS_PER_TICK;
    if (!g->accept_waits || g->ending)
        return;
    g->accept_waits = false;
    g->accepts_left--;
    jb_gate_conn_accept(g); /* and the library of the loop goes on with those behind it */
}

/* Everybody is looked at once a second; more often only while somebody is held back for a moment.
 */
static void look_round(struct jb_gate *g)
{
    bool all = g->held || g->held_back > 0;
    uint32_t count = all ? g->slot_count : g->slot_count / TICKS_OF_ROUND + 1;
    for (uint32_t i = 0; i < count; i++) {
        g->slot_seen = g->slot_seen + 1 < g->slot_count ? g->slot_seen + 1 : 0;
        struct jb_gate_conn *c = g->slots[g->slot_seen];
        if (c != NULL && c->node != 0 && c->phase != JB_GATE_CLOSED)
            look_at_open(g, c);
    }
}

static void on_tick(uv_timer_t *timer)
{
    struct jb_gate *g = timer->data;
    g->now_ms = jb_gate_now();
    if (g->ending) { /* the library has had its time to say goodbye */
        end_pending(g);
        end_list(&g->open);
        return;
    }
    jb_gate_queue_look(g);
    look_round(g);
    accept_waiting(g);
}

/* ---- life ---- */

static void on_handle_closed(uv_handle_t *handle)
{
    jb_gate_handle_closed(handle->data);
}

void jb_gate_handle_closed(struct jb_gate *g)
{
    g->handles--;
    if (g->ending && g->handles == 1)
        uv_close((uv_handle_t *)&g->timer, on_handle_closed);
    if (g->handles > 0)
        return;
    free(g->slots);
    free(g);
}

static void on_connection(uv_stream_t *server, int status)
{
    struct jb_gate *g = server->data;
    if (status != 0)
        return; /* no descriptor left: the loop has turned them away */
    if (g->accepts_left <= 0) {
        g->accept_waits = true; /* the loop listens no more until it is accepted */
        return;
    }
    g->accepts_left--;
    g->now_ms = jb_gate_now();
    jb_gate_conn_accept(g);
}

/* "tcp://HOST:PORT", checked by jb_endpoint_check; '*' for all addresses or any port. */
static enum jb_err resolve(const char *endpoint, struct sockaddr_storage *out)
{
    char host[JB_ENDPOINT_MAX_BYTES];
    (void)snprintf(host, sizeof host, "%s", endpoint + sizeof "tcp://" - 1);
    char *colon = strrchr(host, ':');
    char *name = host;
    if (colon == NULL)
        return JB_CONFIG;
    *colon = '\0';
    if (*name == '[') {
        name++;
        name[strlen(name) - 1] = '\0';
    }
    const char *port = colon[1] == '*' ? "0" : colon + 1;
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    if (getaddrinfo(strcmp(name, "*") == 0 ? "0.0.0.0" : name, port, &hints, &found) != 0)
        return JB_CONFIG;
    memcpy(out, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return JB_OK;
}

static enum jb_err listen_err(int rc)
{
    switch (rc) {
    case 0:
        return JB_OK;
    case UV_EADDRINUSE:
        return JB_LOCKED;
    case UV_EADDRNOTAVAIL:
        return JB_CONFIG;
    case UV_EACCES:
        return JB_DENIED;
    default:
        return JB_IO;
    }
}

/* The port that was chosen for '*' stands in the endpoint afterwards. */
static enum jb_err listen_at(struct jb_gate *g, const char *endpoint)
{
    struct sockaddr_storage address = {0};
    int len = sizeof address;
    enum jb_err err = resolve(endpoint, &address);
    if (err != JB_OK)
        return err;
    int rc = uv_tcp_bind(&g->server, (const struct sockaddr *)&address, 0);
    if (rc == 0)
        rc = uv_listen((uv_stream_t *)&g->server, BACKLOG, on_connection);
    if (rc == 0)
        rc = uv_tcp_getsockname(&g->server, (struct sockaddr *)&address, &len);
    if (rc != 0)
        return listen_err(rc);
    in_port_t port = address.ss_family == AF_INET6
                         ? ((const struct sockaddr_in6 *)(const void *)&address)->sin6_port
                         : ((const struct sockaddr_in *)(const void *)&address)->sin_port;
    size_t host_len = (size_t)(strrchr(endpoint, ':') - endpoint);
    (void)snprintf(g->endpoint, sizeof g->endpoint, "%.*s:%u", (int)host_len, endpoint,
                   (unsigned)ntohs(port));
    return JB_OK;
}

static struct jb_gate *gate_new(uv_loop_t *loop, const struct jb_gate_options *options)
{
    struct jb_gate *g = calloc(1, sizeof *g);
    if (g == NULL)
        return NULL;
    g->loop = loop;
    g->options = *options;
    g->slot_count = (uint32_t)options->connections_max + 1; /* number 0 is nobody's */
    g->slot_next = 1;
    g->slots = calloc(g->slot_count, sizeof(struct jb_gate_conn *));
    if (g->slots == NULL) {
        free(g);
        return NULL;
    }
    jb_gate_list_init(&g->early);
    jb_gate_list_init(&g->queue);
    jb_gate_list_init(&g->underway);
    jb_gate_list_init(&g->open);
    g->accepts_left = ACCEPTS_PER_TICK;
    g->now_ms = jb_gate_now();
    randombytes_buf(&g->secret, sizeof g->secret);
    return g;
}

enum jb_err jb_gate_open(uv_loop_t *loop, const char *endpoint, const char *inner,
                         const struct jb_gate_options *options, struct jb_gate **out)
{
    struct jb_gate *g = gate_new(loop, options);
    if (g == NULL)
        return JB_NOMEM;
    enum jb_err err = resolve(inner, &g->inner);
    if (err != JB_OK || uv_tcp_init(loop, &g->server) != 0) {
        free(g->slots);
        free(g);
        return err != JB_OK ? err : JB_IO;
    }
    (void)uv_timer_init(loop, &g->timer); /* cannot fail */
    g->server.data = g;
    g->timer.data = g;
    g->handles = 2;
    err = listen_at(g, endpoint);
    (void)uv_timer_start(&g->timer, on_tick, TICK_MS, TICK_MS);
    uv_unref((uv_handle_t *)&g->timer); /* the sockets keep the loop alive */
    if (err != JB_OK)
        jb_gate_close(&g);
    *out = g;
    return err;
}

void jb_gate_close(struct jb_gate **gate)
{
    struct jb_gate *g = *gate;
    if (g == NULL)
        return;
    *gate = NULL;
    g->ending = true;
    g->options.hooks = (struct jb_gate_hooks){0};
    end_pending(g);
    (void)uv_timer_start(&g->timer, on_tick, (uint64_t)g->options.end_ms,
                         (uint64_t)g->options.end_ms);
    uv_close((uv_handle_t *)&g->server, on_handle_closed);
}
