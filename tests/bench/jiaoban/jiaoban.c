/* The workload on jiaoban: what is handed over are registered cases, by `assign`. Senders are
 * petition offices, receivers are departments, all of them light nodes on the real line. The
 * offices register their cases before the measurement begins; with --variant register each is
 * registered just before it is handed over, and a hand-over is two submissions. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/clock.h"
#include "proto/rules/civil.h"
#include "proto/wire/codec.h"
#include "tests/bench/jiaoban/county.h"
#include "tests/bench/load/load.h"

#define REGISTER_WINDOW 2048
#define OFFICE_ACK_FRAMES 16 /* an office acknowledges its own stream so often */
#define DUE_DAYS 30

struct office {
    int sender;
    struct member *member;
    int64_t *cases;         /* by number of the hand-over, ascending */
    uint64_t made, settled; /* submissions */
    uint64_t first, each;   /* first submission of hand-over 0 (0: not yet), submissions of each */
    struct jb_arena arena;
};

struct department {
    struct member *member;
    struct load_batch *batch; /* while it fetches */
};

static struct member **departments; /* by receiver */

static void prepare(void)
{
    county_open(load.endpoint, load.admin, load.mode, load.state);
    departments = load_zeroed((size_t)load.nodes, sizeof(struct member *));
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
    (void)snprintf(code, sizeof code, "d%04d", node);
    d->member = departments[node] = county_member(code, JB_NODE_DEPARTMENT);
    county_connect(d->member, NULL, department_item, d);
    county_wait(d->member);
    return d;
}

static void fetch(void *receiver, struct load_batch *batch, int wait_ms)
{
    struct department *d = receiver;
    d->batch = batch;
    lightnode_turn(d->member->node, wait_ms * 1000L);
    d->batch = NULL;
}

static void acknowledge(void *receiver, struct load_batch *batch)
{
    const struct department *d = receiver;
    (void)batch;
    lightnode_acknowledge(d->member->node); /* the next fetch turns the loop */
}

/* ---- senders ---- */

static void take_verdict(struct office *o, const struct jb_item *item)
{
    if (item->kind == JB_ITEM_REFUSAL)
        load_die("submission %llu is refused: %.*s: %.*s", (unsigned long long)item->settles,
                 (int)item->refusal.name.len, item->refusal.name.data,
                 (int)item->refusal.detail.len, item->refusal.detail.data);
    o->settled = item->settles;
    if (o->first == 0 || item->settles < o->first)
        return;
    uint64_t done = item->settles - o->first + 1;
    if (done % o->each == 0)
        load_confirmed(o->sender, (long)(done / o->each) - 1);
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
    else if (item.kind == JB_ITEM_ENTRY && o->first > 0)
        take_stored(o, item.entry);
}

static void office_turn(struct office *o, long wait_us)
{
    lightnode_flush(o->member->node);
    lightnode_turn(o->member->node, wait_us);
    if (lightnode_unacked_frames(o->member->node) >= OFFICE_ACK_FRAMES)
        lightnode_acknowledge(o->member->node);
}

static void register_one(struct office *o, long index)
{
    struct jb_act act = {.kind = JB_ACT_REGISTER,
                         .case_no = o->cases[index],
                         .matter = JB_MATTER_APPEAL,
                         .channel = JB_CHANNEL_ONLINE,
                         .title = jb_text_of("反映小区外墙渗水,物业多次推诿"),
                         .content = jb_text_of("三号楼外墙渗水,请求督促维修,书面答复。")};
    lightnode_submit(o->member->node, &act, &o->made);
}

static void register_all(struct office *o, long count)
{
    for (long i = 0; i < count; i++) {
        register_one(o, i);
        while (o->made - o->settled >= REGISTER_WINDOW)
            office_turn(o, 10000);
    }
    while (o->settled < o->made)
        office_turn(o, 10000);
    lightnode_acknowledge(o->member->node);
}

static void *sender_open(int sender)
{
    struct office *o = load_zeroed(1, sizeof *o);
    char code[40];
    long count = load.most / load.senders;
    bool registers = strcmp(load.variant, "register") == 0;
    o->sender = sender;
    o->cases = load_zeroed((size_t)count, sizeof *o->cases);
    jb_arena_init(&o->arena, (size_t)16 * JB_FRAME_LIMIT_BYTES);
    (void)snprintf(code, sizeof code, "office%d", sender);
    o->member = county_member(code, JB_NODE_OFFICE);
    county_connect(o->member, NULL, office_item, o);
    county_wait(o->member);
    o->made = o->settled = o->member->up.number;
    for (long i = 0; i < count; i++)
        o->cases[i] = county_case(o->member);
    if (!registers)
        register_all(o, count);
    o->first = o->made + 1;
    o->each = registers ? 2 : 1;
    return o;
}

static void send_one(void *sender, long number, int node, const char *body, size_t len)
{
    struct office *o = sender;
    struct jb_date due = jb_date_of_instant(jb_clock_now_ms() + DUE_DAYS * JB_DAY_MS);
    struct jb_act act = {.kind = JB_ACT_ASSIGN,
                         .case_no = o->cases[number],
                         .custody = 1,
                         .node = departments[node]->number,
                         .due_ms = jb_date_end_ms(due),
                         .text = {body, len}};
    if (o->each == 2)
        register_one(o, number);
    lightnode_submit(o->member->node, &act, &o->made);
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
                                        .finish = county_save,
                                        .tells_stored = true};
