/* Metrics for Prometheus: text over HTTP/1.0 on a loopback port. One answer for every request, then
 * the connection is closed; no case, no petitioner, no agency appears as a label. Counting cases
 * takes as long as there are many: the worker pool does it, with a connection of its own, and
 * whoever asked meanwhile gets the same figures. */
#include <arpa/inet.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/broker.h"
#include "proto/base/log.h"
#include "proto/base/self.h"

#define CONNECTIONS_MAX 16
#define REQUEST_MAX 4096
#define PATIENCE_MS 5000

struct scrape;

struct jb_metrics {
    struct jb_broker *b;
    uv_tcp_t server;
    int open;            /* connections */
    struct scrape *list; /* those that are not being closed */
    /* counting; its results belong to the worker while `counting` */
    bool counting;
    atomic_bool stopping; /* it ends early */
    uv_work_t work;
    char path[4096];
    int64_t now_ms;
    enum jb_err err;
    struct jb_totals totals;
};

struct scrape {                  /* one connection */
    struct scrape *next, **link; /* in the list; link NULL: not there */
    uv_tcp_t tcp;
    uv_timer_t timer;
    uv_write_t write;
    struct jb_metrics *m;
    int handles;  /* to be closed before free */
    bool asked;   /* the request is complete */
    size_t got;   /* bytes of the request; only counted */
    char tail[4]; /* its last bytes: the request ends with an empty line */
    char chunk[512];
    char *answer;
};

static void on_scrape_closed(uv_handle_t *handle)
{
    struct scrape *s = handle->data;
    if (--s->handles > 0)
        return;
    s->m->open--;
    free(s->answer);
    free(s);
}

static void list_add(struct jb_metrics *m, struct scrape *s)
{
    s->next = m->list;
    s->link = &m->list;
    if (s->next != NULL)
        s->next->link = &s->next;
    m->list = s;
}

static void list_remove(struct scrape *s)
{
    if (s->link == NULL)
        return;
    *s->link = s->next;
    if (s->next != NULL)
        s->next->link = s->link;
    s->link = NULL;
}

static void scrape_close(struct scrape *s)
{
    list_remove(s);
    if (!uv_is_closing((uv_handle_t *)&s->tcp)) {
        uv_close((uv_handle_t *)&s->tcp, on_scrape_closed);
        uv_close((uv_handle_t *)&s->timer, on_scrape_closed);
    }
}

static void on_patience(uv_timer_t *timer)
{
    scrape_close(timer->data);
}

static void on_written(uv_write_t *write, int status)
{
    (void)status;
    scrape_close(write->data);
}

static void print_gauge(FILE *out, const char *name, const char *help, double value)
{
    (void)fprintf(out, "# HELP jiaoband_%s %s.\n# TYPE jiaoband_%s gauge\njiaoband_%s %.17g\n",
                  name, help, name, name, value);
}

static void print_totals(const struct jb_totals *t, FILE *out)
{
    print_gauge(out, "cases", "Cases on record", (double)t->cases);
    print_gauge(out, "cases_open", "Cases not closed", (double)t->open_cases);
    print_gauge(out, "cases_overdue", "Open cases with a missed deadline", (double)t->red);
    print_gauge(out, "cases_warned", "Open cases near a deadline", (double)t->yellow);
    print_gauge(out, "objections_open", "Objections waiting for a ruling", (double)t->objections);
    print_gauge(out, "disputes_open", "Disputes over who handles", (double)t->disputes);
    print_gauge(out, "directives_open", "Directives not cleared", (double)t->directives);
    print_gauge(out, "dockets_open", "Supervision dockets not closed", (double)t->dockets);
    print_gauge(out, "handovers_undelivered",
                "Hand-overs not delivered by the alarm to their senders", (double)t->undelivered);
    print_gauge(out, "deadlines_provisional",
                "Open deadlines past the last day that the calendar knows", (double)t->provisional);
}

static void print_gate(const struct jb_broker *b, FILE *out)
{
    struct jb_gate_counts g = {0};
    if (b->router != NULL)
        jb_zsock_gate_counts(b->router, &g);
    print_gauge(out, "connections_pending", "Connections that are not authenticated yet",
                (double)g.pending);
    print_gauge(out, "connections_open", "Authenticated connections", (double)g.open);
    print_gauge(out, "unread_bytes", "Sent by nodes and not yet come out as whole messages",
                (double)g.unread_bytes);
    print_gauge(out, "nodes_over_quota", "Nodes that send more than their quota or are turned away",
                (double)jb_gatekeeper_trouble(b, NULL, 0));
    (void)fprintf(out,
                  "# HELP jiaoband_connections_total Connections taken.\n"
                  "# TYPE jiaoband_connections_total counter\njiaoband_connections_total %llu\n"
                  "# HELP jiaoband_connections_cut_total Connections that the broker ended.\n"
                  "# TYPE jiaoband_connections_cut_total counter\n",
                  (unsigned long long)g.accepted);
    for (int i = 0; i < JB_GATE_CUT_COUNT; i++)
        (void)fprintf(out, "jiaoband_connections_cut_total{reason=\"%s\"} %llu\n",
                      jb_gate_cut_name((enum jb_gate_cut)i), (unsigned long long)g.cut[i]);
}

/* Does it take anything in, and what holds it up? */
static void print_health(const struct jb_broker *b, FILE *out)
{
    print_gauge(out, "ready", "1 while submissions are taken in", !jb_degraded(b) && !b->stopping);
    (void)fprintf(out, "# HELP jiaoband_degraded Why nothing is taken in.\n"
                       "# TYPE jiaoband_degraded gauge\n");
#define X(name, word)                                                                              \
    (void)fprintf(out, "jiaoband_degraded{reason=\"" word "\"} %d\n", b->strain.why == JB_##name);
    JB_STRAINS(X)
#undef X
    print_gauge(out, "degraded_seconds", "Since when nothing is taken in",
                (double)jb_strain_seconds(&b->strain));
    uint64_t files_open = 0;
    uint64_t files_max = 0;
    jb_self_files(&files_open, &files_max);
    print_gauge(out, "files_open", "Descriptors in use; 0 not known", (double)files_open);
    print_gauge(out, "files_max", "Descriptors allowed", (double)files_max);
    print_gauge(out, "connections_wait", "1 while no descriptor is left for new connections",
                b->crowded);
    print_gauge(out, "disk_free_bytes", "Room in the file system of the ledger; -1 not known",
                (double)jb_disk_free_bytes(b->config->data));
    print_gauge(out, "reserve_bytes", "Room that is kept for the end of what is under way",
                atomic_load(&b->reserve.held) ? (double)b->reserve.size_bytes : 0);
}

static void print_gauges(const struct jb_metrics *m, FILE *out)
{
    struct jb_broker *b = m->b;
    struct jb_zap_counts zap = {0};
    uint64_t connected = 0;
    for (size_t i = 0; i < b->peer_capacity; i++)
        connected += b->peers[i] != NULL && b->peers[i]->greeted;
    print_health(b, out);
    if (m->err == JB_OK)
        print_totals(&m->totals, out);
    print_gauge(out, "clock_in_doubt", "1 while the wall clock is not trusted",
                b->keeper.doubt != JB_DOUBT_NONE);
    if (b->zap != NULL)
        jb_zap_counts(b->zap, &zap);
    print_gauge(out, "nodes_connected", "Nodes that greeted and are not silent", (double)connected);
    print_gauge(out, "nodes", "Nodes in the directory", (double)b->directory.count);
    print_gauge(out, "logins_denied", "Connections refused because of their key",
                (double)zap.denied);
    print_gauge(out, "recovering", "1 while the record is completed after a restore",
                b->recovering ? 1 : 0);
    print_gauge(out, "recovering_agencies", "Agencies that have not reported yet after a restore",
                b->recovering ? (double)b->recover_awaited : 0);
    print_gauge(out, "kept_agencies",
                "Agencies whose copies are kept as evidence: the record was restored without them",
                (double)b->kept_nodes);
    print_gauge(out, "kept_items", "Items in those copies, which the record may lack",
                (double)b->kept_items);
    print_gauge(out, "log_entries", "Number of the last log entry", (double)b->committed_seq);
    print_gauge(out, "intake_items", "Items waiting for the next batch",
                (double)b->fill->item_count);
    print_gate(b, out);
    print_gauge(out, "start_time_seconds", "When this process started",
                (double)b->started_ms / 1000);
}

static char *render(const struct jb_metrics *m)
{
    const struct jb_broker *b = m->b;
    char *body = NULL;
    size_t body_len = 0;
    char *answer = NULL;
    size_t answer_len = 0;
    FILE *out = open_memstream(&body, &body_len);
    if (out == NULL)
        return NULL;
#define X(name, help)                                                                              \
    (void)fprintf(out,                                                                             \
                  "# HELP jiaoband_%s_total %s.\n# TYPE jiaoband_%s_total counter\n"               \
                  "jiaoband_%s_total %llu\n",                                                      \
                  #name, help, #name, #name, (unsigned long long)b->count.name);
    JB_BROKER_COUNTERS(X)
#undef X
    print_gauges(m, out);
    if (fclose(out) == 0 && (out = open_memstream(&answer, &answer_len)) != NULL) {
        (void)fprintf(out,
                      "HTTP/1.0 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\n"
                      "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
                      body_len, body);
        (void)fclose(out);
    }
    free(body);
    return answer;
}

/* ---- counting ---- */

static void run_count(uv_work_t *work)
{
    struct jb_metrics *m = work->data;
    struct jb_ledger *l = NULL;
    struct jb_fault fault;
    struct jb_ledger_options options = {
        .role = JB_LEDGER_BROKER, .read_only = true, .cancel = &m->stopping};
    m->err = jb_ledger_open(m->path, &options, &l, &fault);
    if (m->err == JB_OK)
        m->err = jb_query_totals(l, m->now_ms, &m->totals);
    jb_ledger_close(&l);
}

static void send_answer(struct scrape *s)
{
    s->answer = render(s->m);
    if (s->answer == NULL) {
        scrape_close(s);
        return;
    }
    uv_buf_t out = uv_buf_init(s->answer, (unsigned)strlen(s->answer));
    s->asked = false;
    s->write.data = s;
    if (uv_write(&s->write, (uv_stream_t *)&s->tcp, &out, 1, on_written) != 0)
        scrape_close(s);
}

static void on_counted(uv_work_t *work, int status)
{
    struct jb_metrics *m = work->data;
    struct scrape *next = NULL;
    m->counting = false;
    if (status != 0)
        m->err = JB_CLOSED;
    for (struct scrape *s = m->list; s != NULL; s = next) {
        next = s->next;
        if (s->asked)
            send_answer(s);
    }
}

/* Without the figures that need counting when there is no worker. */
static void count_and_answer(struct scrape *s)
{
    struct jb_metrics *m = s->m;
    s->asked = true;
    if (m->counting)
        return;
    m->work.data = m;
    m->now_ms = jb_broker_now(m->b);
    m->counting = uv_queue_work(m->b->loop, &m->work, run_count, on_counted) == 0;
    if (m->counting)
        return;
    m->err = JB_NOMEM;
    send_answer(s);
}

/* ---- connections ---- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct scrape *s = handle->data;
    (void)suggested;
    *buf = uv_buf_init(s->chunk, sizeof s->chunk);
}

/* The empty line that ends an HTTP request, also when it arrives in pieces. */
static bool request_complete(struct scrape *s, const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        memmove(s->tail, s->tail + 1, 3);
        s->tail[3] = data[i];
        if (memcmp(s->tail, "\r\n\r\n", 4) == 0 || memcmp(s->tail + 2, "\n\n", 2) == 0)
            return true;
    }
    return false;
}

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf)
{
    struct scrape *s = stream->data;
    if (got < 0) {
        scrape_close(s);
        return;
    }
    s->got += (size_t)got;
    if (!request_complete(s, buf->base, (size_t)got)) {
        if (s->got > REQUEST_MAX)
            scrape_close(s);
        return;
    }
    (void)uv_read_stop(stream);
    count_and_answer(s);
}

static void on_connection(uv_stream_t *server, int status)
{
    struct jb_metrics *m = server->data;
    struct scrape *s = status == 0 ? calloc(1, sizeof *s) : NULL;
    if (s == NULL)
        return;
    s->m = m;
    s->handles = 2;
    m->open++;
    (void)uv_tcp_init(m->b->loop, &s->tcp);
    (void)uv_timer_init(m->b->loop, &s->timer);
    s->tcp.data = s;
    s->timer.data = s;
    list_add(m, s);
    if (uv_accept(server, (uv_stream_t *)&s->tcp) != 0 || m->open > CONNECTIONS_MAX ||
        uv_timer_start(&s->timer, on_patience, PATIENCE_MS, 0) != 0 ||
        uv_read_start((uv_stream_t *)&s->tcp, on_alloc, on_read) != 0)
        scrape_close(s);
}

/* "127.0.0.1:7701" or "[::1]:7701"; only loopback. */
static enum jb_err parse_listen(const char *text, struct sockaddr_storage *address,
                                struct jb_fault *fault)
{
    char host[64];
    int port = -1;
    const char *colon = strrchr(text, ':');
    size_t len = colon != NULL ? (size_t)(colon - text) : sizeof host;
    if (len < sizeof host) {
        memcpy(host, text, len);
        host[len] = '\0';
        char *end = NULL;
        long value = strtol(colon + 1, &end, 10);
        if (end != colon + 1 && *end == '\0' && value >= 0 && value <= 65535)
            port = (int)value;
    }
    if (port >= 0 && strcmp(host, "127.0.0.1") == 0 &&
        uv_ip4_addr(host, port, (struct sockaddr_in *)address) == 0)
        return JB_OK;
    if (port >= 0 && strcmp(host, "[::1]") == 0 &&
        uv_ip6_addr("::1", port, (struct sockaddr_in6 *)address) == 0)
        return JB_OK;
    return jb_fault_set(fault, JB_CONFIG,
                        "metrics.listen: \"%s\" is not 127.0.0.1:PORT or [::1]:PORT", text);
}

enum jb_err jb_metrics_start(struct jb_broker *b, struct jb_fault *fault)
{
    if (b->config->metrics_listen == NULL || b->config->metrics_listen[0] == '\0')
        return JB_OK;
    struct sockaddr_storage address = {0};
    enum jb_err err = parse_listen(b->config->metrics_listen, &address, fault);
    if (err != JB_OK)
        return err;
    struct jb_metrics *m = calloc(1, sizeof *m);
    if (m == NULL)
        return JB_NOMEM;
    m->b = b;
    (void)snprintf(m->path, sizeof m->path, "%s/broker.db", b->config->data);
    m->server.data = m;
    b->metrics = m;
    (void)uv_tcp_init(b->loop, &m->server);
    int rc = uv_tcp_bind(&m->server, (const struct sockaddr *)&address, 0);
    if (rc == 0)
        rc = uv_listen((uv_stream_t *)&m->server, 16, on_connection);
    if (rc != 0)
        return jb_fault_set(fault, JB_LOCKED, "metrics.listen %s: %s", b->config->metrics_listen,
                            uv_strerror(rc));
    jb_log(JB_LOG_INFO, b->config->metrics_listen, "metrics.listening", NULL);
    return JB_OK;
}

static void on_server_closed(uv_handle_t *handle)
{
    /* scrapes under way still point here: freed with the broker */
    (void)handle;
}

void jb_metrics_stop(struct jb_broker *b)
{
    struct jb_metrics *m = b->metrics;
    if (m == NULL)
        return;
    atomic_store(&m->stopping, true);
    if (!uv_is_closing((uv_handle_t *)&m->server))
        uv_close((uv_handle_t *)&m->server, on_server_closed);
    while (m->list != NULL)
        scrape_close(m->list); /* a slow reader must not hold up the end */
}

void jb_metrics_fini(struct jb_broker *b)
{
    free(b->metrics);
    b->metrics = NULL;
}
