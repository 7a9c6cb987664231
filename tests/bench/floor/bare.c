/* The floor without any network: senders and receivers hand over through memory to one thread that
 * writes what has gathered as one group. What SQLite (--mode "rows") or a plain file ("log") allow
 * on this disk, and nothing else. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/bench/floor/store.h"
#include "tests/bench/load/load.h"

struct message {
    int sender, node;
    long number;
    uint64_t event; /* 0: not stored yet; node -1: an acknowledgement of it */
    size_t len;
    char *body; /* owned */
};

struct box {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct message *at;
    size_t count, capacity;
};

static struct box incoming, *nodes, *senders;
static struct store *store;

static void box_init(struct box *b)
{
    (void)pthread_mutex_init(&b->lock, NULL);
    (void)pthread_cond_init(&b->changed, NULL);
}

static void box_put(struct box *b, const struct message *m)
{
    (void)pthread_mutex_lock(&b->lock);
    if (b->count == b->capacity) {
        b->capacity = b->capacity == 0 ? 256 : b->capacity * 2;
        b->at = realloc(b->at, b->capacity * sizeof *b->at);
        if (b->at == NULL)
            load_die("out of memory");
    }
    b->at[b->count++] = *m;
    (void)pthread_cond_signal(&b->changed);
    (void)pthread_mutex_unlock(&b->lock);
}

/* All that is there, into an empty box of the caller's, waiting for the first. */
static void box_take(struct box *b, struct box *into, long wait_us)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += wait_us % 1000000 * 1000;
    until.tv_sec += wait_us / 1000000 + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    (void)pthread_mutex_lock(&b->lock);
    if (b->count == 0 && wait_us > 0)
        (void)pthread_cond_timedwait(&b->changed, &b->lock, &until);
    struct message *at = into->at;
    size_t capacity = into->capacity;
    into->at = b->at;
    into->count = b->count;
    into->capacity = b->capacity;
    b->at = at;
    b->capacity = capacity;
    b->count = 0;
    (void)pthread_mutex_unlock(&b->lock);
}

static void *write_all(void *data)
{
    struct box group = {0};
    (void)data;
    for (;;) {
        box_take(&incoming, &group, 1000000);
        if (group.count == 0)
            continue;
        store_begin(store);
        for (size_t i = 0; i < group.count; i++) {
            struct message *m = &group.at[i];
            if (m->node < 0)
                store_acknowledged(store, m->event);
            else
                m->event = store_message(store, (uint64_t)load_key(m->sender, m->number),
                                         (uint32_t)m->node, m->body, m->len);
        }
        store_commit(store);
        for (size_t i = 0; i < group.count; i++) {
            if (group.at[i].node < 0)
                continue;
            box_put(&senders[group.at[i].sender], &group.at[i]);
            box_put(&nodes[group.at[i].node], &group.at[i]);
        }
        group.count = 0;
    }
    return NULL;
}

static void prepare(void)
{
    char path[512];
    pthread_t thread;
    (void)snprintf(path, sizeof path, "%s/bare", load.folder);
    store = store_open(load.mode, path);
    nodes = load_zeroed((size_t)load.nodes, sizeof *nodes);
    senders = load_zeroed((size_t)load.senders, sizeof *senders);
    box_init(&incoming);
    if (pthread_create(&thread, NULL, write_all, NULL) != 0)
        load_die("no thread");
}

static void *receiver_open(int node)
{
    box_init(&nodes[node]);
    return &nodes[node];
}

static void fetch(void *receiver, struct load_batch *batch, int wait_ms)
{
    struct box got = {0};
    box_take(receiver, &got, wait_ms * 1000L);
    for (size_t i = 0; i < got.count; i++) {
        struct load_item *item = load_batch_add(batch, got.at[i].body, got.at[i].len);
        item->tag = got.at[i].event;
        item->key = (int64_t)item->tag;
        free(got.at[i].body);
    }
    free(got.at);
}

static void acknowledge(void *receiver, struct load_batch *batch)
{
    (void)receiver;
    for (size_t i = 0; i < batch->count; i++) {
        struct message m = {.node = -1, .event = batch->items[i].tag};
        box_put(&incoming, &m);
    }
}

static void *sender_open(int sender)
{
    box_init(&senders[sender]);
    return &senders[sender];
}

static void send_one(void *sender, long number, int node, const char *body, size_t len)
{
    struct message m = {.sender = (int)((struct box *)sender - senders),
                        .node = node,
                        .number = number,
                        .len = len,
                        .body = malloc(len)};
    if (m.body == NULL)
        load_die("out of memory");
    memcpy(m.body, body, len);
    box_put(&incoming, &m);
}

static void poll_confirms(void *sender, long wait_us)
{
    struct box got = {0};
    box_take(sender, &got, wait_us);
    for (size_t i = 0; i < got.count; i++)
        load_confirmed(got.at[i].sender, got.at[i].number);
    free(got.at);
}

const struct load_system load_system = {.name = "bare",
                                        .prepare = prepare,
                                        .receiver_open = receiver_open,
                                        .sender_open = sender_open,
                                        .fetch = fetch,
                                        .acknowledge = acknowledge,
                                        .send = send_one,
                                        .poll = poll_confirms};
