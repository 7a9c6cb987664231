/* PostgreSQL as a queue: a table, INSERT with NOTIFY, SELECT ... FOR UPDATE SKIP LOCKED and UPDATE
 * in one transaction at the receiver. --mode "single": every hand-over is a transaction of its own,
 * on as many connections as the window allows (64 at most, of all senders); "batch": what waits
 * goes into one transaction, by a pipeline on one connection. */
#include <arpa/inet.h>
#include <endian.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/bench/load/load.h"

#define LANES_MAX 64 /* with 1,024 of them two processors do nothing but change processes */

struct lane { /* one connection of a sender, with what it has in flight */
    PGconn *connection;
    long *numbers;
    int count;
};

struct waiting { /* handed to `send`, no lane was free */
    long number;
    int node;
    char body[LOAD_BODY_MAX];
    size_t len;
};

struct sender {
    int index, lane_count;
    struct lane lanes[LANES_MAX];
    struct waiting *queue; /* a ring as large as the window */
    size_t first, count;
};

static bool batched(void)
{
    return strcmp(load.mode, "batch") == 0;
}

/* Connections of one sender: all senders share those that there may be. */
static int lanes_each(void)
{
    int most = batched() || load.senders > LANES_MAX ? 1 : LANES_MAX / load.senders;
    return load.window < most ? load.window : most;
}

static PGconn *open_connection(void)
{
    char where[128];
    (void)snprintf(where, sizeof where, "host=127.0.0.1 port=%d user=postgres dbname=postgres",
                   load.port);
    PGconn *c = PQconnectdb(where);
    if (PQstatus(c) != CONNECTION_OK)
        load_die("%s", PQerrorMessage(c));
    return c;
}

static void done(PGconn *c, PGresult *r)
{
    ExecStatusType status = PQresultStatus(r);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        load_die("%s", PQerrorMessage(c));
    PQclear(r);
}

static void run(PGconn *c, const char *sql)
{
    done(c, PQexec(c, sql));
}

static void prepare(void)
{
    PGconn *c = open_connection();
    run(c, "CREATE TABLE queue(id bigserial PRIMARY KEY, node int NOT NULL, body bytea NOT NULL,"
           " taken boolean NOT NULL DEFAULT false, sent timestamptz NOT NULL DEFAULT now(),"
           " acknowledged timestamptz)");
    run(c, "CREATE INDEX queue_open ON queue(node, id) WHERE NOT taken");
    PQfinish(c);
}

/* ---- receivers ---- */

struct receiver {
    PGconn *connection;
    char node[16];
};

static void *receiver_open(int node)
{
    struct receiver *r = load_zeroed(1, sizeof *r);
    char sql[64];
    r->connection = open_connection();
    (void)snprintf(r->node, sizeof r->node, "%d", node);
    (void)snprintf(sql, sizeof sql, "LISTEN node_%d", node);
    run(r->connection, sql);
    done(r->connection, PQprepare(r->connection, "take",
                                  "SELECT id, body FROM queue WHERE node = $1 AND NOT taken"
                                  " ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED",
                                  0, NULL));
    done(r->connection, PQprepare(r->connection, "done",
                                  "UPDATE queue SET taken = true, acknowledged = now()"
                                  " WHERE id = ANY($1::bigint[])",
                                  0, NULL));
    return r;
}

static void wait_notice(PGconn *c, int wait_ms)
{
    struct pollfd p = {.fd = PQsocket(c), .events = POLLIN};
    bool noticed = false;
    for (int i = 0; i < 2; i++) {
        PGnotify *n = NULL;
        (void)PQconsumeInput(c);
        while ((n = PQnotifies(c)) != NULL) {
            noticed = true;
            PQfreemem(n);
        }
        if (noticed || i == 1)
            return;
        (void)poll(&p, 1, wait_ms);
    }
}

/* The transaction stays open until `acknowledge`. */
static void fetch(void *receiver, struct load_batch *batch, int wait_ms)
{
    struct receiver *r = receiver;
    char limit[16];
    const char *values[] = {r->node, limit};
    (void)snprintf(limit, sizeof limit, "%d", LOAD_BATCH_MAX);
    run(r->connection, "BEGIN");
    PGresult *rows = PQexecPrepared(r->connection, "take", 2, values, NULL, NULL, 1);
    if (PQresultStatus(rows) != PGRES_TUPLES_OK)
        load_die("%s", PQerrorMessage(r->connection));
    for (int i = 0; i < PQntuples(rows); i++) {
        uint64_t id = 0;
        memcpy(&id, PQgetvalue(rows, i, 0), sizeof id);
        struct load_item *item =
            load_batch_add(batch, PQgetvalue(rows, i, 1), (size_t)PQgetlength(rows, i, 1));
        item->tag = be64toh(id);
        item->key = (int64_t)item->tag;
    }
    PQclear(rows);
    if (batch->count > 0)
        return;
    run(r->connection, "COMMIT");
    wait_notice(r->connection, wait_ms);
}

static void acknowledge(void *receiver, struct load_batch *batch)
{
    struct receiver *r = receiver;
    char *list = malloc(batch->count * 24 + 3);
    size_t used = 0;
    for (size_t i = 0; i < batch->count; i++)
        used += (size_t)sprintf(list + used, "%s%llu", i == 0 ? "{" : ",",
                                (unsigned long long)batch->items[i].tag);
    memcpy(list + used, "}", 2);
    const char *values[] = {list};
    done(r->connection, PQexecPrepared(r->connection, "done", 1, values, NULL, NULL, 0));
    run(r->connection, "COMMIT");
    free(list);
}

/* ---- senders ---- */

static void *sender_open(int index)
{
    struct sender *s = load_zeroed(1, sizeof *s);
    s->index = index;
    s->lane_count = lanes_each();
    s->queue = load_zeroed((size_t)load.window, sizeof *s->queue);
    for (int i = 0; i < s->lane_count; i++) {
        struct lane *l = &s->lanes[i];
        l->connection = open_connection();
        l->numbers = load_zeroed((size_t)load.window, sizeof *l->numbers);
        done(l->connection, PQprepare(l->connection, "send",
                                      "WITH i AS (INSERT INTO queue(node, body) VALUES($1, $2)"
                                      " RETURNING 1) SELECT pg_notify('node_' || $1::int, '')"
                                      " FROM i",
                                      0, NULL));
        if (batched() && PQenterPipelineMode(l->connection) != 1)
            load_die("no pipeline mode");
    }
    return s;
}

static void send_one(void *sender, long number, int node, const char *body, size_t len)
{
    struct sender *s = sender;
    struct waiting *w = &s->queue[(s->first + s->count++) % (size_t)load.window];
    w->number = number;
    w->node = node;
    w->len = len;
    memcpy(w->body, body, len);
}

static void lane_send(struct sender *s, struct lane *l)
{
    const struct waiting *w = &s->queue[s->first];
    uint32_t node = htonl((uint32_t)w->node);
    const char *values[] = {(const char *)&node, w->body};
    const int lengths[] = {4, (int)w->len};
    const int formats[] = {1, 1};
    if (PQsendQueryPrepared(l->connection, "send", 2, values, lengths, formats, 0) != 1)
        load_die("%s", PQerrorMessage(l->connection));
    l->numbers[l->count++] = w->number;
    s->first = (s->first + 1) % (size_t)load.window;
    s->count--;
}

static void fill_lanes(struct sender *s)
{
    for (int i = 0; i < s->lane_count && s->count > 0; i++) {
        struct lane *l = &s->lanes[i];
        if (l->count > 0)
            continue; /* its transaction is under way */
        lane_send(s, l);
        while (batched() && s->count > 0)
            lane_send(s, l);
        if (batched() && PQpipelineSync(l->connection) != 1)
            load_die("%s", PQerrorMessage(l->connection));
        if (PQflush(l->connection) < 0)
            load_die("%s", PQerrorMessage(l->connection));
    }
}

static void settle(struct sender *s, struct lane *l)
{
    for (int i = 0; i < l->count; i++)
        load_confirmed(s->index, l->numbers[i]);
    l->count = 0;
}

/* Whatever the server has said. In a pipeline one NULL follows every statement; the transaction is
 * over with the answer to the sync. */
static void lane_read(struct sender *s, struct lane *l)
{
    if (PQconsumeInput(l->connection) != 1)
        load_die("%s", PQerrorMessage(l->connection));
    while (l->count > 0 && PQisBusy(l->connection) == 0) {
        PGresult *r = PQgetResult(l->connection);
        if (r == NULL) {
            if (!batched())
                settle(s, l);
            continue;
        }
        if (PQresultStatus(r) == PGRES_PIPELINE_SYNC) {
            PQclear(r);
            settle(s, l);
        } else {
            done(l->connection, r);
        }
    }
}

static void poll_lanes(void *sender, long wait_us)
{
    struct sender *s = sender;
    struct pollfd polls[LANES_MAX];
    struct timespec t = {wait_us / 1000000, wait_us % 1000000 * 1000};
    fill_lanes(s);
    for (int i = 0; i < s->lane_count; i++) {
        bool more = PQflush(s->lanes[i].connection) == 1;
        polls[i] = (struct pollfd){.fd = PQsocket(s->lanes[i].connection),
                                   .events = (short)(POLLIN | (more ? POLLOUT : 0))};
    }
    if (ppoll(polls, (nfds_t)s->lane_count, &t, NULL) <= 0)
        return;
    for (int i = 0; i < s->lane_count; i++)
        if (polls[i].revents != 0)
            lane_read(s, &s->lanes[i]);
    fill_lanes(s);
}

const struct load_system load_system = {.name = "postgres",
                                        .prepare = prepare,
                                        .receiver_open = receiver_open,
                                        .sender_open = sender_open,
                                        .fetch = fetch,
                                        .acknowledge = acknowledge,
                                        .send = send_one,
                                        .poll = poll_lanes};
