/* The workload on jiaoban: what is handed over are registered cases, by `assign`. Senders are
 * petition offices, receivers are departments, all of them light nodes on the real line. The
 * offices register their cases before the measurement begins. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/lib/jiaoban.h"
#include "proto/base/clock.h"
#include "proto/rules/caseno.h"
#include "proto/wire/codec.h"
#include "proto/wire/sign.h"
#include "tests/bench/jiaoban/lightnode.h"
#include "tests/bench/load/load.h"

#define NODES_OF_CONTEXT 200 /* libzmq allows 1,023 sockets, a node needs three */
#define REGISTER_WINDOW 2048
#define OFFICE_WINDOW 65536
#define OFFICE_ACK_FRAMES 16 /* an office acknowledges its own stream so often */
#define DUE_DAYS 30

struct office {
    int sender;
    struct jb_node_keys keys;
    struct lightnode *node;
    int64_t *cases;        /* by number of the hand-over */
    uint64_t first_assign; /* number of the submission of hand-over 0 */
    uint64_t settled;      /* submissions */
    struct jb_arena arena;
};

struct department {
    struct jb_node_keys keys;
    struct lightnode *node;
    struct load_batch *batch; /* while it fetches */
};

static struct jiaoban *admin;
static struct jb_public_keys broker_keys;
static struct jb_zctx *contexts[64];
static int node_count; /* in the directory, opened here */
static uint32_t county, *departments;

/* ---- enrolment ---- */

static uint32_t enrol(const char *code, int kind, const struct jb_node_keys *keys)
{
    char line[JB_KEYS_PUBLIC_TEXT_BYTES];
    struct jiaoban_node_args args = {.size = sizeof args,
                                     .code = code,
                                     .name = code,
                                     .level = JB_LEVEL_COUNTY,
                                     .kind = kind,
                                     .parent = county};
    struct jiaoban_result *result = NULL;
    if (keys != NULL) {
        struct jb_public_keys public;
        jb_keys_public(keys, &public);
        jb_keys_public_text(&public, line);
        args.public_keys = line;
    }
    if (jiaoban_node_enrol(admin, &args, &result) != JIAOBAN_OK)
        load_die("enrolling %s: %s", code, jiaoban_error_text(admin));
    uint32_t node = jiaoban_result_done(result)->node;
    jiaoban_result_free(result);
    return node;
}

static struct jb_zctx *context(void)
{
    size_t i = (size_t)node_count++ / NODES_OF_CONTEXT;
    if (i >= sizeof contexts / sizeof contexts[0])
        load_die("too many nodes");
    if (contexts[i] == NULL && jb_zctx_new(&contexts[i]) != JB_OK)
        load_die("no ZeroMQ context");
    return contexts[i];
}

static void prepare(void)
{
    struct jb_fault fault = {""};
    if (jb_sign_init() != JB_OK)
        load_die("no cryptography");
    if (load.mode[0] == '\0' || load.endpoint == NULL || load.admin == NULL)
        load_die("--mode (the broker's public keys), --endpoint and --admin are needed");
    if (jb_keys_public_parse(load.mode, &broker_keys, &fault) != JB_OK)
        load_die("%s", fault.text);
    if (jiaoban_open_admin(load.admin, &admin) != JIAOBAN_OK)
        load_die("%s", jiaoban_error_text(admin));
    departments = load_zeroed((size_t)load.nodes, sizeof *departments);
    county = enrol("county", JB_NODE_GOVERNMENT, NULL);
}

static void keys_make(struct jb_node_keys *keys)
{
    struct jb_fault fault = {""};
    if (jb_keys_generate(1, keys, &fault) != JB_OK)
        load_die("%s", fault.text);
}

static struct lightnode *node_open(const char *code, const struct jb_node_keys *keys,
                                   lightnode_item_fn on_item, void *data)
{
    struct lightnode_setup setup = {.endpoint = load.endpoint,
                                    .broker = broker_keys,
                                    .keys = keys,
                                    .window_items = OFFICE_WINDOW,
                                    .window_bytes = 64U * 1024 * 1024,
                                    .on_item = on_item,
                                    .data = data};
    (void)snprintf(setup.code, sizeof setup.code, "%s", code);
    return lightnode_open(&setup, context(), NULL);
}

static void wait_ready(struct lightnode *n)
{
    while (!lightnode_ready(n) || lightnode_received(n) < lightnode_target(n))
        lightnode_turn(n, 10000);
    lightnode_acknowledge(n);
}

/* ---- receivers ---- */

static void department_item(void *data, uint64_t number, struct jb_bytes body)
{
    struct department *d = data;
    if (d->batch == NULL)
        return; /* before the run: the directory, policy and calendar */
    load_batch_add(d->batch, body.data, body.len)->key = (int64_t)number;
}

static void *receiver_open(int node)
{
    struct department *d = load_zeroed(1, sizeof *d);
    char code[40];
    keys_make(&d->keys);
    (void)snprintf(code, sizeof code, "d%04d", node);
    departments[node] = enrol(code, JB_NODE_DEPARTMENT, &d->keys);
    d->node = node_open(code, &d->keys, department_item, d);
    wait_ready(d->node);
    return d;
}

static void fetch(void *receiver, struct load_batch *batch, int wait_ms)
{
    struct department *d = receiver;
    d->batch = batch;
    lightnode_turn(d->node, wait_ms * 1000L);
    d->batch = NULL;
}

static void acknowledge(void *receiver, struct load_batch *batch)
{
    const struct department *d = receiver;
    (void)batch;
    lightnode_acknowledge(d->node); /* the next fetch turns the loop */
}

/* ---- senders ---- */

static void take_verdict(struct office *o, const struct jb_item *item)
{
    if (item->kind == JB_ITEM_REFUSAL)
        load_die("submission %llu is refused: %.*s: %.*s", (unsigned long long)item->settles,
                 (int)item->refusal.name.len, item->refusal.name.data,
                 (int)item->refusal.detail.len, item->refusal.detail.data);
    o->settled = item->settles;
    if (o->first_assign > 0 && item->settles >= o->first_assign)
        load_confirmed(o->sender, (long)(item->settles - o->first_assign));
}

/* The receipts of receivers that the broker has on record. */
static void take_stored(struct office *o, struct jb_bytes bytes)
{
    struct jb_entry entry = {0};
    struct jb_fault fault = {""};
    if (jb_entry_decode(bytes, &o->arena, &entry, &fault) != JB_OK)
        load_die("%s", fault.text);
    if (entry.act.kind != JB_ACT_STORED)
        return;
    for (size_t i = 0; i < entry.act.items.count; i++) {
        int64_t no = entry.act.items.at[i].case_no;
        long count = load.most / load.senders;
        long low = 0;
        long high = count;
        while (low < high) { /* they are in order */
            long middle = (low + high) / 2;
            if (o->cases[middle] < no)
                low = middle + 1;
            else
                high = middle;
        }
        if (low < count && o->cases[low] == no)
            load_stored(o->sender, low);
    }
}

static void office_item(void *data, uint64_t number, struct jb_bytes body)
{
    struct office *o = data;
    struct jb_item item = {0};
    struct jb_fault fault = {""};
    jb_arena_reset(&o->arena);
    if (jb_item_decode(body, &o->arena, &item, &fault) != JB_OK)
        load_die("item %llu: %s", (unsigned long long)number, fault.text);
    if (item.settles > 0)
        take_verdict(o, &item);
    else if (item.kind == JB_ITEM_ENTRY && o->first_assign > 0)
        take_stored(o, item.entry);
}

static void office_turn(struct office *o, long wait_us)
{
    lightnode_flush(o->node);
    lightnode_turn(o->node, wait_us);
    if (lightnode_unacked_frames(o->node) >= OFFICE_ACK_FRAMES)
        lightnode_acknowledge(o->node);
}

/* Numbers ascend: a day has 99,999 of an agency, the days before today's have as many. */
static int64_t case_number(const struct office *o, long index)
{
    int64_t no = 0;
    long days = load.most / load.senders / JB_CASENO_SEQ_MAX;
    struct jb_date date = jb_date_of_instant(jb_clock_now_ms());
    if (jb_date_add(date, index / JB_CASENO_SEQ_MAX - days, &date) != JB_OK ||
        jb_caseno_make(date, lightnode_number(o->node), (uint32_t)(index % JB_CASENO_SEQ_MAX) + 1,
                       &no) != JB_OK)
        load_die("no number for case %ld", index);
    return no;
}

static void register_cases(struct office *o)
{
    uint64_t made = 0;
    long count = load.most / load.senders;
    for (long i = 0; i < count; i++) {
        struct jb_act act = {.kind = JB_ACT_REGISTER,
                             .case_no = case_number(o, i),
                             .matter = JB_MATTER_APPEAL,
                             .channel = JB_CHANNEL_ONLINE,
                             .title = jb_text_of("反映小区外墙渗水,物业多次推诿"),
                             .content = jb_text_of("三号楼外墙渗水,请求督促维修,书面答复。")};
        o->cases[i] = act.case_no;
        lightnode_submit(o->node, &act, &made);
        while (made - o->settled >= REGISTER_WINDOW)
            office_turn(o, 10000);
    }
    while (o->settled < made)
        office_turn(o, 10000);
    lightnode_acknowledge(o->node);
    o->first_assign = made + 1;
}

static void *sender_open(int sender)
{
    struct office *o = load_zeroed(1, sizeof *o);
    char code[40];
    o->sender = sender;
    o->cases = load_zeroed((size_t)(load.most / load.senders), sizeof *o->cases);
    jb_arena_init(&o->arena, (size_t)16 * JB_FRAME_LIMIT_BYTES);
    keys_make(&o->keys);
    (void)snprintf(code, sizeof code, "office%d", sender);
    (void)enrol(code, JB_NODE_OFFICE, &o->keys);
    o->node = node_open(code, &o->keys, office_item, o);
    wait_ready(o->node);
    register_cases(o);
    return o;
}

static void send_one(void *sender, long number, int node, const char *body, size_t len)
{
    struct office *o = sender;
    uint64_t made = 0;
    struct jb_date due = jb_date_of_instant(jb_clock_now_ms() + DUE_DAYS * JB_DAY_MS);
    struct jb_act act = {.kind = JB_ACT_ASSIGN,
                         .case_no = o->cases[number],
                         .custody = 1,
                         .node = departments[node],
                         .due_ms = jb_date_end_ms(due),
                         .text = {body, len}};
    lightnode_submit(o->node, &act, &made);
}

static void poll_office(void *sender, long wait_us)
{
    office_turn(sender, wait_us);
}

const struct load_system load_system = {.name = "jiaoban",
                                        .prepare = prepare,
                                        .receiver_open = receiver_open,
                                        .sender_open = sender_open,
                                        .fetch = fetch,
                                        .acknowledge = acknowledge,
                                        .send = send_one,
                                        .poll = poll_office,
                                        .tells_stored = true};
