/* NATS JetStream: one stream with a subject a node. A sender publishes with a reply subject that
 * holds the hand-over's number, so that confirmations may come in any order. A receiver has a
 * durable pull consumer and acknowledges each message. */
#include <nats/nats.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/bench/load/load.h"

#define ACK_WAIT_NS INT64_C(60000000000)
#define REQUEST_MS 20000

struct client {
    natsConnection *connection;
    jsCtx *stream;
    natsSubscription *subscription;
    int index;
    char inbox[64];
    /* a sender's: confirmations come on a thread of the library's */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    long confirmed, seen;
};

static void must(natsStatus status, const char *what)
{
    if (status != NATS_OK)
        load_die("%s: %s", what, natsStatus_GetText(status));
}

static struct client *client_open(int index)
{
    struct client *c = load_zeroed(1, sizeof *c);
    natsOptions *options = NULL;
    jsOptions stream;
    char url[64];
    c->index = index;
    (void)snprintf(url, sizeof url, "nats://127.0.0.1:%d", load.port);
    must(natsOptions_Create(&options), "options");
    must(natsOptions_SetURL(options, url), "options");
    /* Otherwise a thread of the library gathers what is to be sent for a while. */
    must(natsOptions_SetSendAsap(options, load.window == 1 || load.rate > 0), "options");
    must(natsConnection_Connect(&c->connection, options), "connect");
    natsOptions_Destroy(options);
    must(jsOptions_Init(&stream), "options");
    stream.Wait = REQUEST_MS;
    must(natsConnection_JetStream(&c->stream, c->connection, &stream), "stream");
    return c;
}

static void prepare(void)
{
    struct client *c = client_open(0);
    const char *subjects[] = {"node.*"};
    jsStreamConfig config;
    must(jsStreamConfig_Init(&config), "stream");
    config.Name = "HANDOVERS";
    config.Subjects = subjects;
    config.SubjectsLen = 1;
    config.Storage = js_FileStorage;
    must(js_AddStream(NULL, c->stream, &config, NULL, NULL), "stream");
    natsConnection_Close(c->connection);
}

/* ---- receivers ---- */

static void *receiver_open(int node)
{
    struct client *c = client_open(node);
    char subject[32];
    char durable[32];
    jsSubOptions options;
    (void)snprintf(subject, sizeof subject, "node.%d", node);
    (void)snprintf(durable, sizeof durable, "n%d", node);
    must(jsSubOptions_Init(&options), "subscription");
    options.Stream = "HANDOVERS";
    options.Config.AckPolicy = js_AckExplicit;
    options.Config.AckWait = ACK_WAIT_NS;
    options.Config.MaxAckPending = 10000;
    options.ManualAck = true;
    must(js_PullSubscribe(&c->subscription, c->stream, subject, durable, NULL, &options, NULL),
         "subscription");
    return c;
}

static void fetch(void *receiver, struct load_batch *batch, int wait_ms)
{
    struct client *c = receiver;
    natsMsgList list = {0};
    natsStatus status =
        natsSubscription_Fetch(&list, c->subscription, LOAD_BATCH_MAX, wait_ms, NULL);
    if (status == NATS_TIMEOUT || status == NATS_NOT_FOUND)
        return;
    must(status, "fetch");
    for (int i = 0; i < list.Count; i++) {
        natsMsg *m = list.Msgs[i];
        int sender = 0;
        long number = 0;
        struct load_item *item =
            load_batch_add(batch, natsMsg_GetData(m), (size_t)natsMsg_GetDataLength(m));
        if (!load_mark_find(load_body(batch, item), item->len, &sender, &number))
            load_die("a message without mark");
        item->key = load_key(sender, number);
        item->tag = (uint64_t)(uintptr_t)m;
        list.Msgs[i] = NULL; /* ours until it is acknowledged */
    }
    natsMsgList_Destroy(&list);
}

static void acknowledge(void *receiver, struct load_batch *batch)
{
    (void)receiver;
    for (size_t i = 0; i < batch->count; i++) {
        natsMsg *m = (natsMsg *)(uintptr_t)batch->items[i].tag;
        must(natsMsg_Ack(m, NULL), "ack");
        natsMsg_Destroy(m);
    }
}

/* ---- senders ---- */

static void on_confirmed(natsConnection *connection, natsSubscription *subscription, natsMsg *m,
                         void *data)
{
    struct client *c = data;
    const char *answer = natsMsg_GetData(m);
    (void)connection;
    (void)subscription;
    if (answer == NULL || strstr(answer, "\"seq\"") == NULL)
        load_die("not stored: %s", answer != NULL ? answer : "nobody answers");
    load_confirmed(c->index, strtol(natsMsg_GetSubject(m) + strlen(c->inbox), NULL, 10));
    natsMsg_Destroy(m);
    (void)pthread_mutex_lock(&c->lock);
    c->confirmed++;
    (void)pthread_cond_signal(&c->changed);
    (void)pthread_mutex_unlock(&c->lock);
}

static void *sender_open(int sender)
{
    struct client *c = client_open(sender);
    char all[80];
    (void)pthread_mutex_init(&c->lock, NULL);
    (void)pthread_cond_init(&c->changed, NULL);
    (void)snprintf(c->inbox, sizeof c->inbox, "_INBOX.sender%d.", sender);
    (void)snprintf(all, sizeof all, "%s*", c->inbox);
    must(natsConnection_Subscribe(&c->subscription, c->connection, all, on_confirmed, c), "inbox");
    must(natsSubscription_SetPendingLimits(c->subscription, -1, -1), "inbox");
    must(natsConnection_Flush(c->connection), "inbox");
    return c;
}

static void send_one(void *sender, long number, int node, const char *body, size_t len)
{
    struct client *c = sender;
    char subject[32];
    char reply[96];
    (void)snprintf(subject, sizeof subject, "node.%d", node);
    (void)snprintf(reply, sizeof reply, "%s%ld", c->inbox, number);
    must(natsConnection_PublishRequest(c->connection, subject, reply, body, (int)len), "publish");
}

static void poll_confirmed(void *sender, long wait_us)
{
    struct client *c = sender;
    struct timespec until;
    if (wait_us <= 0)
        return;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += wait_us / 1000000;
    until.tv_nsec += wait_us % 1000000 * 1000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    (void)pthread_mutex_lock(&c->lock);
    if (c->confirmed == c->seen)
        (void)pthread_cond_timedwait(&c->changed, &c->lock, &until);
    c->seen = c->confirmed;
    (void)pthread_mutex_unlock(&c->lock);
}

const struct load_system load_system = {.name = "nats",
                                        .prepare = prepare,
                                        .receiver_open = receiver_open,
                                        .sender_open = sender_open,
                                        .fetch = fetch,
                                        .acknowledge = acknowledge,
                                        .send = send_one,
                                        .poll = poll_confirmed};
