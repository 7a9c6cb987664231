/* A bare broker, to know what the disk, SQLite and ZeroMQ allow: no rules, no chains, no receipts,
 * and every client is believed. One thread for the ROUTER, one that writes what has gathered as one
 * group.
 *
 *   floor-broker PORT rows|log|none|lazy plain|curve|signed FILE
 *
 * "signed": encrypted, and with chains and signatures: see floor.h. */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <zmq.h>

#include "tests/bench/floor/floor.h"
#include "tests/bench/floor/store.h"

#define NAME_BYTES 16
#define RECEIVE_MAX 256 /* before what is written is looked after */

struct work { /* one received message */
    char sender[NAME_BYTES];
    size_t sender_len;
    uint64_t number, event;
    uint32_t node;
    zmq_msg_t message;
};

struct queue {
    struct work *at;
    size_t count, capacity;
};

static struct queue incoming, written; /* under the lock */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t arrived = PTHREAD_COND_INITIALIZER;
static int wake; /* eventfd: `written` has something */

#define NODES_MAX 4096
static bool proving; /* "signed" */
static struct floor_signer signer;
static struct chain { /* of what goes to a node */
    unsigned char head[FLOOR_CHAIN_BYTES];
    bool moved;
} chains[NODES_MAX];

_Noreturn static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void add(struct queue *q, const struct work *w)
{
    if (q->count == q->capacity) {
        q->capacity = q->capacity == 0 ? 1024 : q->capacity * 2;
        q->at = realloc(q->at, q->capacity * sizeof *q->at);
        if (q->at == NULL)
            fail("memory");
    }
    q->at[q->count++] = *w;
}

static void swap(struct queue *a, struct queue *b)
{
    struct queue t = *a;
    *a = *b;
    *b = t;
}

static const char *bytes(struct work *w)
{
    return zmq_msg_data(&w->message);
}

/* ---- the writer ---- */

static void write_group(struct store *s, struct queue *group)
{
    size_t kept = 0;
    store_begin(s);
    for (size_t i = 0; i < group->count; i++) {
        struct work *w = &group->at[i];
        size_t len = zmq_msg_size(&w->message);
        if (bytes(w)[0] == 'S') {
            w->event =
                store_message(s, w->number, w->node, bytes(w) + FLOOR_HEAD, len - FLOOR_HEAD);
            group->at[kept++] = *w;
            continue;
        }
        len -= proving ? FLOOR_SIGNED_BYTES : 0;
        for (size_t at = 1; at + 8 <= len; at += 8) {
            uint64_t event = 0;
            memcpy(&event, bytes(w) + at, sizeof event);
            store_acknowledged(s, event);
        }
        if (proving)
            store_receipt(s, bytes(w) + len, FLOOR_SIGNED_BYTES);
        (void)zmq_msg_close(&w->message);
    }
    store_commit(s);
    group->count = kept;
}

static void *write_all(void *data)
{
    struct store *s = data;
    struct queue group = {0};
    const uint64_t one = 1;
    for (;;) {
        (void)pthread_mutex_lock(&lock);
        while (incoming.count == 0)
            (void)pthread_cond_wait(&arrived, &lock);
        swap(&group, &incoming);
        (void)pthread_mutex_unlock(&lock);
        write_group(s, &group);
        (void)pthread_mutex_lock(&lock);
        for (size_t i = 0; i < group.count; i++)
            add(&written, &group.at[i]);
        (void)pthread_mutex_unlock(&lock);
        group.count = 0;
        if (write(wake, &one, sizeof one) < 0)
            fail("eventfd");
    }
    return NULL;
}

/* ---- the ROUTER ---- */

static bool same_sender(const struct work *a, const struct work *b)
{
    return a->sender_len == b->sender_len && memcmp(a->sender, b->sender, a->sender_len) == 0;
}

/* One frame with the numbers of a run of submissions of one sender; how many. */
static size_t confirm_run(void *router, const struct work *from, size_t most)
{
    static char frame[1 + 8 * 65536];
    size_t count = 0;
    frame[0] = 'C';
    for (; count < most && count < 65536 && same_sender(from, from + count); count++)
        memcpy(frame + 1 + 8 * count, &from[count].number, 8);
    (void)zmq_send(router, from->sender, from->sender_len, ZMQ_SNDMORE);
    (void)zmq_send(router, frame, 1 + 8 * count, 0);
    return count;
}

static void deliver(void *router, struct work *w)
{
    char name[NAME_BYTES];
    char *p = zmq_msg_data(&w->message);
    int len = snprintf(name, sizeof name, "n%u", w->node);
    if (proving) {
        struct chain *c = &chains[w->node % NODES_MAX];
        floor_chain(c->head, p + FLOOR_HEAD, zmq_msg_size(&w->message) - FLOOR_HEAD);
        c->moved = true;
    }
    p[0] = 'D'; /* the frame that came in goes out again */
    memcpy(p + 1, &w->event, 8);
    (void)zmq_send(router, name, (size_t)len, ZMQ_SNDMORE);
    if (zmq_msg_send(&w->message, router, 0) < 0)
        (void)zmq_msg_close(&w->message);
}

static void send_proofs(void *router)
{
    unsigned char frame[1 + FLOOR_SIGNED_BYTES] = {'G'};
    for (unsigned node = 0; node < NODES_MAX; node++) {
        char name[NAME_BYTES];
        if (!chains[node].moved)
            continue;
        chains[node].moved = false;
        floor_sign(&signer, chains[node].head, frame + 1);
        int len = snprintf(name, sizeof name, "n%u", node);
        (void)zmq_send(router, name, (size_t)len, ZMQ_SNDMORE);
        (void)zmq_send(router, frame, sizeof frame, 0);
    }
}

static void send_written(void *router, struct queue *ready)
{
    uint64_t count = 0;
    if (read(wake, &count, sizeof count) < 0)
        return;
    (void)pthread_mutex_lock(&lock);
    swap(ready, &written);
    (void)pthread_mutex_unlock(&lock);
    for (size_t i = 0; i < ready->count;)
        i += confirm_run(router, &ready->at[i], ready->count - i);
    for (size_t i = 0; i < ready->count; i++)
        deliver(router, &ready->at[i]);
    if (proving)
        send_proofs(router);
    ready->count = 0;
}

static bool proven(zmq_msg_t *message)
{
    size_t len = zmq_msg_size(message);
    const unsigned char *p = zmq_msg_data(message);
    return !proving ||
           (len > FLOOR_SIGNED_BYTES && floor_verify(&signer, p + len - FLOOR_SIGNED_BYTES) == 0);
}

/* False: nothing there. */
static bool receive_one(void *router, struct queue *taken)
{
    struct work w = {0};
    zmq_msg_t name;
    (void)zmq_msg_init(&name);
    (void)zmq_msg_init(&w.message);
    bool there = zmq_msg_recv(&name, router, ZMQ_DONTWAIT) >= 0 &&
                 zmq_msg_recv(&w.message, router, 0) > 0 && zmq_msg_size(&name) <= NAME_BYTES;
    if (!there) {
        (void)zmq_msg_close(&name);
        (void)zmq_msg_close(&w.message);
        return false;
    }
    w.sender_len = zmq_msg_size(&name);
    memcpy(w.sender, zmq_msg_data(&name), w.sender_len);
    (void)zmq_msg_close(&name);
    if (bytes(&w)[0] == 'S' && zmq_msg_size(&w.message) >= FLOOR_HEAD) {
        memcpy(&w.number, bytes(&w) + 1, 8);
        memcpy(&w.node, bytes(&w) + 9, 4);
    } else if (bytes(&w)[0] != 'A' || !proven(&w.message)) {
        (void)zmq_send(router, w.sender, w.sender_len, ZMQ_SNDMORE);
        (void)zmq_send(router, "H", 1, 0);
        (void)zmq_msg_close(&w.message);
        return true;
    }
    add(taken, &w);
    return true;
}

static void receive(void *router, struct queue *taken)
{
    for (int i = 0; i < RECEIVE_MAX && receive_one(router, taken); i++)
        ;
    if (taken->count == 0)
        return;
    (void)pthread_mutex_lock(&lock);
    for (size_t i = 0; i < taken->count; i++)
        add(&incoming, &taken->at[i]);
    (void)pthread_cond_signal(&arrived);
    (void)pthread_mutex_unlock(&lock);
    taken->count = 0;
}

static void *bind_router(const char *port, bool curve)
{
    char endpoint[64];
    const int none = 0;
    const int on = 1;
    void *router = zmq_socket(zmq_ctx_new(), ZMQ_ROUTER);
    if (router == NULL)
        fail("socket");
    (void)zmq_setsockopt(router, ZMQ_SNDHWM, &none, sizeof none);
    (void)zmq_setsockopt(router, ZMQ_RCVHWM, &none, sizeof none);
    if (curve && (zmq_setsockopt(router, ZMQ_CURVE_SERVER, &on, sizeof on) != 0 ||
                  zmq_setsockopt(router, ZMQ_CURVE_SECRETKEY, FLOOR_SERVER_SECRET, 40) != 0))
        fail("curve");
    (void)snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%s", port);
    if (zmq_bind(router, endpoint) != 0)
        fail(endpoint);
    return router;
}

int main(int argc, char **argv)
{
    pthread_t thread;
    struct queue taken = {0};
    struct queue ready = {0};
    if (argc != 5) {
        (void)fprintf(stderr, "usage: floor-broker PORT rows|log|none|lazy "
                              "plain|curve|signed FILE\n");
        return 2;
    }
    proving = strcmp(argv[3], "signed") == 0;
    signer = floor_signer_make();
    wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    struct store *s = store_open(argv[2], argv[4]);
    if (wake < 0 || pthread_create(&thread, NULL, write_all, s) != 0)
        fail("start");
    void *router = bind_router(argv[1], strcmp(argv[3], "plain") != 0);
    zmq_pollitem_t items[] = {{.socket = router, .events = ZMQ_POLLIN},
                              {.fd = wake, .events = ZMQ_POLLIN}};
    for (;;) {
        (void)zmq_poll(items, 2, -1);
        if (items[1].revents != 0)
            send_written(router, &ready);
        if (items[0].revents != 0)
            receive(router, &taken);
    }
}
