/* The workload on jiaoban as it is deployed: every sender is an office's real agent with its
 * durable outbox, driven through libjiaoban, every receiver a department's real agent with its
 * replica; they are started by the driver, --mode names the folder of their sockets.
 *
 * Confirmed: the verdict is on the office's disk. Durable: the department's agent has told a
 * watcher of the item, which is after its commit. Acknowledged: the broker's administration says
 * that it has stored the department's receipt for that item of its stream. */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clients/lib/jiaoban.h"
#include "tests/bench/load/load.h"
#include "tests/bench/load/syncs.h"

#define WAIT_MS 60000
#define REGISTER_WINDOW 512
#define LOOK_US 20000 /* between two looks at the broker's receipts */
#define DUE_MS INT64_C(2592000000)

struct office {
    int sender;
    struct jiaoban *j;
    char (*cases)[JIAOBAN_TEXT]; /* by number of the hand-over */
    long answered, registered;
};

struct call { /* one submission under way */
    struct office *office;
    long index;
    bool assigns;
};

struct waiting { /* durable, its receipt is not on record yet */
    int sender;
    long number;
    uint64_t item; /* of the department's stream */
};

struct department {
    int node;
    uint32_t number;
    struct jiaoban *j;
    struct syncs *syncs;
    struct waiting *waiting; /* a queue, in the order of the stream */
    size_t first, count, capacity;
};

static struct department *departments;
static struct jiaoban *admin;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of the queues */
static _Atomic uint64_t **syncs_when_sent;               /* by sender, then number */

static struct jiaoban *agent_open(const char *name)
{
    char path[512];
    struct jiaoban *j = NULL;
    (void)snprintf(path, sizeof path, "%s/%s.sock", load.mode, name);
    if (jiaoban_open(path, &j) != JIAOBAN_OK)
        load_die("%s: %s", path, jiaoban_error_text(j));
    return j;
}

static void turn(struct jiaoban *j, long wait_us)
{
    unsigned wants = jiaoban_wants(j);
    struct pollfd p = {.fd = jiaoban_fd(j),
                       .events = (short)(((wants & JIAOBAN_READ) != 0 ? POLLIN : 0) |
                                         ((wants & JIAOBAN_WRITE) != 0 ? POLLOUT : 0))};
    struct timespec t = {wait_us / 1000000, wait_us % 1000000 * 1000};
    if (ppoll(&p, 1, &t, NULL) > 0 && jiaoban_process(j) != JIAOBAN_OK)
        load_die("%s", jiaoban_error_text(j));
}

/* ---- receivers ---- */

static void remember(struct department *d, const struct waiting *w)
{
    (void)pthread_mutex_lock(&lock);
    if (d->first + d->count == d->capacity) {
        if (d->count > 0)
            memmove(d->waiting, d->waiting + d->first, d->count * sizeof *d->waiting);
        d->first = 0;
        if (d->count * 2 >= d->capacity) {
            d->capacity = d->capacity * 2 + 256;
            d->waiting = realloc(d->waiting, d->capacity * sizeof *d->waiting);
            if (d->waiting == NULL)
                load_die("out of memory");
        }
    }
    d->waiting[d->first + d->count++] = *w;
    (void)pthread_mutex_unlock(&lock);
}

static void on_news(struct jiaoban *j, uint64_t id, enum jiaoban_status status,
                    struct jiaoban_result *result, void *data)
{
    struct department *d = data;
    const struct jiaoban_news *news = result != NULL ? jiaoban_result_news(result) : NULL;
    struct waiting w = {0};
    uint64_t now = load_now_ns();
    (void)id;
    if (status != JIAOBAN_OK || news == NULL)
        load_die("watching department %d: %s", d->node, jiaoban_error_text(j));
    const char *text =
        news->event != NULL && news->event->act != NULL ? news->event->act->text : NULL;
    if (text != NULL && load_mark_find((const uint8_t *)text, strlen(text), &w.sender, &w.number)) {
        if (d->syncs != NULL &&
            atomic_load(&d->syncs->latest) <= syncs_when_sent[w.sender][w.number])
            load_die("REFUSED: department %d shows an item without a sync since it was sent",
                     d->node);
        load_durable(w.sender, w.number, now);
        w.item = news->event->number;
        remember(d, &w);
    }
    jiaoban_result_free(result);
}

static void *watch_all(void *data)
{
    struct pollfd *p = load_zeroed((size_t)load.nodes, sizeof *p);
    (void)data;
    for (int i = 0; i < load.nodes; i++)
        p[i] = (struct pollfd){.fd = jiaoban_fd(departments[i].j), .events = POLLIN};
    for (;;) {
        (void)poll(p, (nfds_t)load.nodes, 1000);
        for (int i = 0; i < load.nodes; i++)
            if (p[i].revents != 0 && jiaoban_process(departments[i].j) != JIAOBAN_OK)
                load_die("department %d: %s", i, jiaoban_error_text(departments[i].j));
    }
    return NULL;
}

static void receipts_of(uint32_t node, uint64_t acked)
{
    for (int i = 0; i < load.nodes; i++) {
        struct department *d = &departments[i];
        if (d->number != node)
            continue;
        while (d->count > 0 && d->waiting[d->first].item <= acked) {
            load_stored(d->waiting[d->first].sender, d->waiting[d->first].number);
            d->first++;
            d->count--;
        }
    }
}

static void *look_all(void *data)
{
    const struct jiaoban_query all = {.size = sizeof all, .limit = 100000};
    (void)data;
    for (;;) {
        struct jiaoban_result *r = NULL;
        load_sleep_us(LOOK_US);
        if (jiaoban_get_nodes(admin, &all, &r) != JIAOBAN_OK)
            load_die("broker: %s", jiaoban_error_text(admin));
        (void)pthread_mutex_lock(&lock);
        for (size_t i = 0; i < jiaoban_result_count(r); i++) {
            const struct jiaoban_node *n = jiaoban_result_node(r, i);
            receipts_of(n->node, n->acked_number);
        }
        (void)pthread_mutex_unlock(&lock);
        jiaoban_result_free(r);
    }
    return NULL;
}

static void prepare(void)
{
    departments = load_zeroed((size_t)load.nodes, sizeof *departments);
    syncs_when_sent = load_zeroed((size_t)load.senders, sizeof *syncs_when_sent);
    if (jiaoban_open_admin(load.admin, &admin) != JIAOBAN_OK)
        load_die("%s", jiaoban_error_text(admin));
}

static void *receiver_open(int node)
{
    struct department *d = &departments[node];
    const struct jiaoban_query query = {.size = sizeof query};
    char name[64];
    char path[512];
    (void)snprintf(name, sizeof name, "d%04d", node);
    (void)snprintf(path, sizeof path, "%s/%s.syncs", load.mode, name);
    d->node = node;
    d->syncs = syncs_map(path);
    d->j = agent_open(name);
    if (jiaoban_find_node(d->j, name, &d->number) != JIAOBAN_OK ||
        jiaoban_request_async(d->j, "watch", &query, on_news, d, NULL) != JIAOBAN_OK)
        load_die("%s: %s", name, jiaoban_error_text(d->j));
    turn(d->j, 0);
    return d;
}

/* ---- senders ---- */

static void on_answer(struct jiaoban *j, uint64_t id, enum jiaoban_status status,
                      struct jiaoban_result *result, void *data)
{
    struct call *call = data;
    struct office *o = call->office;
    const struct jiaoban_settled *s = result != NULL ? jiaoban_result_settled(result) : NULL;
    (void)id;
    if (status != JIAOBAN_OK || s == NULL || s->pending)
        load_die("office %d: %s", o->sender, jiaoban_error_text(j));
    if (call->assigns)
        load_confirmed(o->sender, call->index);
    else
        (void)snprintf(o->cases[call->index], JIAOBAN_TEXT, "%s", s->case_number);
    o->answered++;
    jiaoban_result_free(result);
    free(call);
}

static void submit(struct office *o, const char *kind, long index, const struct jiaoban_act *act)
{
    const struct jiaoban_options options = {.size = sizeof options, .wait_ms = WAIT_MS};
    struct call *call = malloc(sizeof *call);
    *call = (struct call){o, index, strcmp(kind, "assign") == 0};
    if (jiaoban_submit_async(o->j, kind, act, &options, on_answer, call, NULL) != JIAOBAN_OK)
        load_die("%s: %s", kind, jiaoban_error_text(o->j));
}

static void *sender_open(int sender)
{
    struct office *o = load_zeroed(1, sizeof *o);
    char name[64];
    pthread_t thread;
    long count = load.most / load.senders;
    o->cases = load_zeroed((size_t)count, sizeof *o->cases);
    syncs_when_sent[sender] = load_zeroed((size_t)count, sizeof **syncs_when_sent);
    if (sender == 0 && (pthread_create(&thread, NULL, watch_all, NULL) != 0 ||
                        pthread_create(&thread, NULL, look_all, NULL) != 0))
        load_die("no thread");
    o->sender = sender;
    (void)snprintf(name, sizeof name, "office%d", sender);
    o->j = agent_open(name);
    for (long i = 0; o->answered < count; turn(o->j, 100000))
        for (; i < count && i - o->answered < REGISTER_WINDOW; i++) {
            const struct jiaoban_act act = {.size = sizeof act,
                                            .title = "反映小区外墙渗水,物业多次推诿",
                                            .content = "三号楼外墙渗水,请求督促维修,书面答复。",
                                            .matter = JIAOBAN_APPEAL,
                                            .channel = JIAOBAN_ONLINE};
            submit(o, "register", i, &act);
        }
    return o;
}

static void send_one(void *sender, long number, int node, const char *body, size_t len)
{
    struct office *o = sender;
    const struct department *d = &departments[node];
    char text[LOAD_BODY_MAX + 1];
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    memcpy(text, body, len);
    text[len] = '\0';
    syncs_when_sent[o->sender][number] = d->syncs != NULL ? atomic_load(&d->syncs->started) : 0;
    const struct jiaoban_act act = {.size = sizeof act,
                                    .case_number = o->cases[number],
                                    .node = d->number,
                                    .due_ms = (int64_t)now.tv_sec * 1000 + DUE_MS,
                                    .text = text};
    submit(o, "assign", number, &act);
}

static void poll_answers(void *sender, long wait_us)
{
    struct office *o = sender;
    turn(o->j, wait_us);
}

const struct load_system load_system = {.name = "agents",
                                        .prepare = prepare,
                                        .receiver_open = receiver_open,
                                        .sender_open = sender_open,
                                        .send = send_one,
                                        .poll = poll_answers,
                                        .tells_stored = true};
