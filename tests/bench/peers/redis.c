/* Redis streams: one stream and one consumer group a node. A sender pipelines XADD, whose replies
 * come in order and, with appendfsync always, after the sync. A receiver reads with XREADGROUP and
 * acknowledges a whole batch with one XACK, whose reply it waits for. */
#include <errno.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/bench/load/load.h"

struct client {
    redisContext *redis;
    int index;       /* of the sender */
    char key[32];    /* of the receiver's stream */
    long *in_flight; /* the sender's, in the order of sending: a ring */
    size_t first, count, capacity;
};

static struct client *client_open(int index)
{
    struct client *c = load_zeroed(1, sizeof *c);
    c->redis = redisConnect("127.0.0.1", load.port);
    if (c->redis == NULL || c->redis->err != 0)
        load_die("cannot connect: %s", c->redis != NULL ? c->redis->errstr : "out of memory");
    c->index = index;
    return c;
}

static const redisReply *checked(const struct client *c, const redisReply *reply)
{
    if (reply == NULL)
        load_die("connection: %s", c->redis->errstr);
    if (reply->type == REDIS_REPLY_ERROR)
        load_die("%s", reply->str);
    return reply;
}

/* ---- receivers ---- */

static void *receiver_open(int node)
{
    struct client *c = client_open(node);
    (void)snprintf(c->key, sizeof c->key, "node:%d", node);
    redisReply *r = redisCommand(c->redis, "XGROUP CREATE %s g $ MKSTREAM", c->key);
    (void)checked(c, r);
    freeReplyObject(r);
    return c;
}

/* One entry: id, then fields and values: "b", the body. */
static void take(struct load_batch *batch, const redisReply *entry)
{
    const redisReply *id = entry->element[0];
    const redisReply *body = entry->element[1]->element[1];
    char *rest = NULL;
    uint64_t ms = strtoull(id->str, &rest, 10);
    uint64_t more = strtoull(rest + 1, NULL, 10);
    struct load_item *item = load_batch_add(batch, body->str, body->len);
    item->tag = (ms << 20) | more; /* both fit: milliseconds take 41 bits */
    item->key = (int64_t)item->tag;
}

static void fetch(void *receiver, struct load_batch *batch, int wait_ms)
{
    struct client *c = receiver;
    redisReply *r = redisCommand(c->redis, "XREADGROUP GROUP g c COUNT %d BLOCK %d STREAMS %s >",
                                 LOAD_BATCH_MAX, wait_ms, c->key);
    (void)checked(c, r);
    if (r->type == REDIS_REPLY_ARRAY && r->elements == 1) {
        const redisReply *entries = r->element[0]->element[1];
        for (size_t i = 0; i < entries->elements; i++)
            take(batch, entries->element[i]);
    }
    freeReplyObject(r);
}

static void acknowledge(void *receiver, struct load_batch *batch)
{
    struct client *c = receiver;
    size_t count = batch->count + 3;
    const char **words = load_zeroed(count, sizeof *words);
    char(*ids)[48] = load_zeroed(batch->count, sizeof *ids);
    words[0] = "XACK";
    words[1] = c->key;
    words[2] = "g";
    for (size_t i = 0; i < batch->count; i++) {
        uint64_t tag = batch->items[i].tag;
        (void)snprintf(ids[i], sizeof ids[i], "%llu-%llu", (unsigned long long)(tag >> 20),
                       (unsigned long long)(tag & 0xfffff));
        words[i + 3] = ids[i];
    }
    redisReply *r = redisCommandArgv(c->redis, (int)count, words, NULL);
    (void)checked(c, r);
    freeReplyObject(r);
    free(words);
    free(ids);
}

/* ---- senders ---- */

static void *sender_open(int sender)
{
    struct client *c = client_open(sender);
    c->capacity = (size_t)load.window;
    c->in_flight = load_zeroed(c->capacity, sizeof *c->in_flight);
    return c;
}

static void send_one(void *sender, long number, int node, const char *body, size_t len)
{
    struct client *c = sender;
    if (redisAppendCommand(c->redis, "XADD node:%d * b %b", node, body, len) != REDIS_OK)
        load_die("%s", c->redis->errstr);
    c->in_flight[(c->first + c->count++) % c->capacity] = number;
}

static void flush(struct client *c)
{
    for (int done = 0; !done;)
        if (redisBufferWrite(c->redis, &done) != REDIS_OK)
            load_die("%s", c->redis->errstr);
}

static void poll_replies(void *sender, long wait_us)
{
    struct client *c = sender;
    struct pollfd p = {.fd = c->redis->fd, .events = POLLIN};
    struct timespec t = {wait_us / 1000000, wait_us % 1000000 * 1000};
    flush(c);
    if (ppoll(&p, 1, &t, NULL) <= 0)
        return;
    if (redisBufferRead(c->redis) != REDIS_OK)
        load_die("%s", c->redis->errstr);
    for (;;) {
        void *reply = NULL;
        if (redisGetReplyFromReader(c->redis, &reply) != REDIS_OK)
            load_die("%s", c->redis->errstr);
        if (reply == NULL)
            return;
        (void)checked(c, reply);
        load_confirmed(c->index, c->in_flight[c->first]);
        c->first = (c->first + 1) % c->capacity;
        c->count--;
        freeReplyObject(reply);
    }
}

const struct load_system load_system = {.name = "redis",
                                        .receiver_open = receiver_open,
                                        .sender_open = sender_open,
                                        .fetch = fetch,
                                        .acknowledge = acknowledge,
                                        .send = send_one,
                                        .poll = poll_replies};
