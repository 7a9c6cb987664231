/* See load.h. One thread for each sender and each receiver; the main thread starts them, watches
 * the clock and prints one line of JSON. */
#include "tests/bench/load/load.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/load/inbox.h"
#include "tests/bench/load/outcome.h"
#include "tests/bench/load/syncs.h"

#define BURST 64         /* sent before confirmations are looked for */
#define FETCH_MS 100     /* a receiver looks so often whether it is over */
#define PATIENCE_S 10    /* without progress: what is missing is lost */
#define SETTLE_US 300000 /* between connecting and the first hand-over */
#define STACK_BYTES ((size_t)512 * 1024)

struct sent { /* one hand-over */
    _Atomic uint64_t at_ns;
    uint64_t syncs; /* of the broker, begun when it was sent */
    bool confirmed, stored;
    atomic_bool durable;
};

struct sender {
    int index;
    void *context;
    pthread_t thread;
    struct sent *sent;
    long most, count;
    atomic_long confirmed;
    struct series latency;
    long outran; /* confirmed without a sync since they were sent */
};

struct receiver {
    int index;
    void *context;
    pthread_t thread;
    struct inbox *inbox;
    struct load_batch batch;
    struct series latency;
    pthread_mutex_t lock; /* of latency: full agents have one thread for all */
};

struct load_options load = {.nodes = 1,
                            .senders = 1,
                            .window = 1,
                            .seconds = 2,
                            .most = 100000,
                            .body_bytes = 1024,
                            .receivers_sync = true,
                            .mode = "",
                            .variant = ""};

static struct sender *senders;
static struct receiver *receivers;
static struct syncs *broker_syncs, *own_syncs;
static atomic_long durable_count, stored_count, repeats, commits;
static atomic_bool sending_over, receiving_over;
static _Atomic uint64_t began_ns, last_ns; /* of sending; of the last acknowledgement */

/* ---- what happened to a hand-over ---- */

void load_confirmed(int sender, long number)
{
    struct sender *s = &senders[sender];
    struct sent *m = &s->sent[number];
    if (m->confirmed)
        return;
    m->confirmed = true;
    series_add(&s->latency, load_now_ns() - m->at_ns);
    /* A sync that began after this one was sent, and is complete: what began before may not have
     * covered it. */
    if (broker_syncs != NULL && atomic_load(&broker_syncs->latest) <= m->syncs)
        s->outran++;
    atomic_fetch_add(&s->confirmed, 1);
}

void load_stored(int sender, long number)
{
    struct sent *m = &senders[sender].sent[number];
    if (m->stored)
        return;
    m->stored = true;
    atomic_store(&last_ns, load_now_ns());
    atomic_fetch_add(&stored_count, 1);
}

static void durable(struct receiver *r, int sender, long number, uint64_t at_ns)
{
    if (sender >= load.senders || number >= senders[sender].count)
        load_die("receiver %d got hand-over %ld of sender %d, which was never sent", r->index,
                 number, sender);
    struct sent *m = &senders[sender].sent[number];
    if (atomic_exchange(&m->durable, true)) {
        atomic_fetch_add(&repeats, 1);
        return;
    }
    series_add(&r->latency, at_ns - m->at_ns);
    atomic_fetch_add(&durable_count, 1);
}

void load_durable(int sender, long number, uint64_t at_ns)
{
    struct receiver *r = &receivers[0];
    (void)pthread_mutex_lock(&r->lock);
    durable(r, sender, number, at_ns);
    (void)pthread_mutex_unlock(&r->lock);
}

/* ---- senders ---- */

/* Spread over the nodes without order, the same in every run. */
static int node_of(int sender, long number)
{
    uint64_t x = (uint64_t)load_key(sender, number) + 12345;
    x = (x ^ (x >> 33)) * UINT64_C(0xff51afd7ed558ccd);
    x = (x ^ (x >> 33)) * UINT64_C(0xc4ceb9fe1a85ec53);
    return (int)((x ^ (x >> 33)) % (uint64_t)load.nodes);
}

static void send_one(struct sender *s, char *body, uint64_t at_ns)
{
    struct sent *m = &s->sent[s->count];
    m->at_ns = at_ns;
    m->syncs = broker_syncs != NULL ? atomic_load(&broker_syncs->started) : 0;
    load_mark_write(body, s->index, s->count);
    long number = s->count++;
    load_system.send(s->context, number, node_of(s->index, number), body, (size_t)load.body_bytes);
}

static bool may_send(const struct sender *s)
{
    return !atomic_load(&sending_over) && s->count < s->most &&
           s->count - atomic_load(&s->confirmed) < load.window;
}

/* As many as the window takes now. Paced: those whose time has come; their time counts as the time
 * of sending, also if they had to wait for the window. Nanoseconds to the next one, or -1. */
static int64_t send_some(struct sender *s, char *body, uint64_t *next_ns, uint64_t every_ns)
{
    for (int burst = 0; burst < BURST && may_send(s); burst++) {
        uint64_t now = load_now_ns();
        if (every_ns > 0 && now < *next_ns)
            return (int64_t)(*next_ns - now);
        send_one(s, body, every_ns > 0 ? *next_ns : now);
        *next_ns += every_ns;
    }
    return may_send(s) ? 0 : -1;
}

static void *send_all(void *data)
{
    struct sender *s = data;
    char *body = malloc(LOAD_BODY_MAX);
    load_body_make(body, (size_t)load.body_bytes);
    while (atomic_load(&began_ns) == 0)
        load_sleep_us(200);
    uint64_t every = load.rate > 0 ? (uint64_t)(1e9 * load.senders / load.rate) : 0;
    uint64_t next = began_ns + every * (uint64_t)s->index / (uint64_t)load.senders;
    while (!atomic_load(&receiving_over)) {
        int64_t wait_ns = send_some(s, body, &next, every);
        load_system.poll(s->context, wait_ns < 0 ? 100000 : (long)(wait_ns / 1000));
    }
    free(body);
    return NULL;
}

/* ---- receivers ---- */

static void receive_batch(struct receiver *r)
{
    int sender = 0;
    long number = 0;
    long handed = 0;
    inbox_commit(r->inbox, &r->batch);
    uint64_t now = load_now_ns();
    atomic_fetch_add(&commits, 1);
    for (size_t i = 0; i < r->batch.count; i++) {
        const struct load_item *item = &r->batch.items[i];
        if (!load_mark_find(load_body(&r->batch, item), item->len, &sender, &number))
            continue;
        durable(r, sender, number, now);
        handed += item->fresh;
    }
    load_system.acknowledge(r->context, &r->batch);
    if (handed == 0 || load_system.tells_stored)
        return;
    atomic_store(&last_ns, load_now_ns());
    atomic_fetch_add(&stored_count, handed);
}

static void *receive_all(void *data)
{
    struct receiver *r = data;
    while (!atomic_load(&receiving_over)) {
        r->batch.count = 0;
        r->batch.used = 0;
        load_system.fetch(r->context, &r->batch, FETCH_MS);
        if (r->batch.count > 0)
            receive_batch(r);
    }
    return NULL;
}

/* ---- the run ---- */

static void start_receivers(pthread_attr_t *attributes)
{
    for (int i = 0; i < load.nodes; i++) {
        struct receiver *r = &receivers[i];
        r->index = i;
        (void)pthread_mutex_init(&r->lock, NULL);
        r->context = load_system.receiver_open(i);
        if (load_system.fetch == NULL)
            continue; /* real agents: nothing to do here */
        r->inbox = inbox_open(i);
    }
    for (int i = 0; i < load.nodes && load_system.fetch != NULL; i++)
        if (pthread_create(&receivers[i].thread, attributes, receive_all, &receivers[i]) != 0)
            load_die("no thread for receiver %d", i);
}

static void start_senders(pthread_attr_t *attributes)
{
    for (int i = 0; i < load.senders; i++) {
        struct sender *s = &senders[i];
        s->index = i;
        s->most = load.most / load.senders;
        s->sent = load_zeroed((size_t)s->most + 1, sizeof *s->sent);
    }
    for (int i = 0; i < load.senders; i++)
        senders[i].context = load_system.sender_open(i);
    for (int i = 0; i < load.senders; i++)
        if (pthread_create(&senders[i].thread, attributes, send_all, &senders[i]) != 0)
            load_die("no thread for sender %d", i);
}

static long sent_in_all(void)
{
    long n = 0;
    for (int i = 0; i < load.senders; i++)
        n += senders[i].count;
    return n;
}

static long confirmed_in_all(void)
{
    long n = 0;
    for (int i = 0; i < load.senders; i++)
        n += atomic_load(&senders[i].confirmed);
    return n;
}

/* Until everything that was sent is acknowledged, or nothing moves any more; seconds of sending. */
static double watch(void)
{
    uint64_t limit = began_ns + (uint64_t)(load.seconds * 1e9);
    uint64_t over_ns = 0;
    uint64_t moved_ns = began_ns;
    long before = -1;
    for (;;) {
        load_sleep_us(1000);
        uint64_t now = load_now_ns();
        if (over_ns == 0 &&
            (now >= limit || sent_in_all() >= load.most / load.senders * load.senders)) {
            atomic_store(&sending_over, true);
            over_ns = now;
        }
        long stored = atomic_load(&stored_count);
        if (stored != before)
            moved_ns = now;
        before = stored;
        if (over_ns != 0 && confirmed_in_all() == sent_in_all() && stored >= sent_in_all())
            break;
        if (now - moved_ns > (uint64_t)PATIENCE_S * 1000000000U)
            break;
    }
    return (double)(over_ns - began_ns) / 1e9;
}

static struct syncs *map_or_die(const char *path)
{
    struct syncs *s = path != NULL ? syncs_map(path) : NULL;
    if (path != NULL && s == NULL)
        load_die("%s: cannot be mapped", path);
    return s;
}

static void make_all(void)
{
    pthread_attr_t attributes;
    (void)pthread_attr_init(&attributes);
    (void)pthread_attr_setstacksize(&attributes, STACK_BYTES);
    senders = load_zeroed((size_t)load.senders, sizeof *senders);
    receivers = load_zeroed((size_t)load.nodes, sizeof *receivers);
    if (load_system.prepare != NULL)
        load_system.prepare();
    start_receivers(&attributes);
    start_senders(&attributes);
    (void)pthread_attr_destroy(&attributes);
}

static void join_all(void)
{
    atomic_store(&receiving_over, true);
    for (int i = 0; i < load.senders; i++)
        (void)pthread_join(senders[i].thread, NULL);
    for (int i = 0; i < load.nodes && load_system.fetch != NULL; i++)
        (void)pthread_join(receivers[i].thread, NULL);
}

/* After join_all: nobody else writes. */
static void gather(struct outcome *o)
{
    o->sent = sent_in_all();
    o->confirmed = confirmed_in_all();
    o->durable = atomic_load(&durable_count);
    o->stored = atomic_load(&stored_count);
    o->repeats = atomic_load(&repeats);
    o->all_s = last_ns > began_ns ? (double)(last_ns - began_ns) / 1e9 : 1;
    for (int i = 0; i < load.senders; i++) {
        series_join(&o->confirm_ns, &senders[i].latency);
        o->outran += senders[i].outran;
    }
    for (int i = 0; i < load.nodes; i++)
        series_join(&o->durable_ns, &receivers[i].latency);
}

static struct spent look(void)
{
    struct spent s = spent_now();
    s.commits = (uint64_t)atomic_load(&commits);
    s.broker_syncs = broker_syncs != NULL ? atomic_load(&broker_syncs->completed) : 0;
    s.own_syncs = own_syncs != NULL ? atomic_load(&own_syncs->completed) : 0;
    return s;
}

int load_run(void)
{
    struct outcome o = {0};
    (void)signal(SIGPIPE, SIG_IGN);
    broker_syncs = map_or_die(load.broker_syncs);
    own_syncs = map_or_die(load.own_syncs);
    make_all();
    load_sleep_us(SETTLE_US);
    o.before = look();
    (void)puts("measuring");
    (void)fflush(stdout);
    atomic_store(&began_ns, load_now_ns());
    o.send_s = watch();
    o.after = look();
    join_all();
    if (load_system.finish != NULL)
        load_system.finish();
    gather(&o);
    outcome_print(&o);
    outcome_judge(&o);
    return 0;
}
