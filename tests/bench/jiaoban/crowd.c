/* clang-format off */
/* Many agents that have nothing to do: light nodes that are connected, greet, and say something now
 * and then.
 *
 *   crowd enrol ENDPOINT ADMIN BROKER-KEYS STATE COUNT    all of them into the directory
 *   crowd look ENDPOINT ADMIN BROKER-KEYS STATE RECORD    they hold what their streams hold now
 *   crowd key ENDPOINT ADMIN BROKER-KEYS STATE CODE FILE  the keys of one, for a real agent
 *   crowd hold ENDPOINT ADMIN BROKER-KEYS STATE FIRST COUNT  be so many of them
 *
 * `hold` prints "ready SECONDS" whenever all of them have been welcomed, "lost" when one no longer
 * is, and after the line "submit" on standard input makes one submission each and prints "settled"
 * when all verdicts are there. It ends with its input. Descriptors: eight a node. */
/* clang-format on */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/ledger/brokerlog.h"
#include "proto/wire/codec.h"
#include "tests/bench/jiaoban/county.h"
#include "tests/bench/jiaoban/loops.h"
#include "tests/bench/load/base.h"

#define TURN_MS 50
#define STEADY_NS UINT64_C(1000000000)
#define COUNT_MAX 10000

struct agent {
    struct member *member;
    uint64_t wanted, settled; /* submissions */
};

static struct agent agents[COUNT_MAX];
static size_t agent_count;
static struct jb_arena arena;

static void agent_code(size_t i, char code[40])
{
    (void)snprintf(code, 40, "a%05zu", i);
}

static struct member *agent_member(size_t i)
{
    char code[40];
    agent_code(i, code);
    return county_member(code, JB_NODE_DEPARTMENT);
}

static void on_item(void *data, uint64_t number, struct jb_bytes body)
{
    struct agent *a = data;
    struct jb_item item = {0};
    struct jb_fault fault = {""};
    jb_arena_reset(&arena);
    if (jb_item_decode(body, &arena, &item, &fault) != JB_OK || item.kind == JB_ITEM_REFUSAL)
        load_die("item %llu: %s", (unsigned long long)number, fault.text);
    if (item.settles > 0)
        a->settled = item.settles;
}

static void look(const char *path)
{
    struct jb_ledger_options options = {.role = JB_LEDGER_BROKER, .read_only = true};
    struct jb_ledger *l = NULL;
    struct jb_fault fault = {""};
    if (jb_ledger_open(path, &options, &l, &fault) != JB_OK)
        load_die("%s", fault.text);
    for (size_t i = 0; i < county_size(); i++) {
        struct member *m = county_at(i);
        if (jb_stream_end(l, m->number, &m->down.number, m->down.head) != JB_OK)
            load_die("%s: no stream", m->code);
        memcpy(m->down.epoch, jb_ledger_epoch(l), sizeof m->down.epoch);
    }
    jb_ledger_close(&l);
}

static void save_key(const char *code, const char *path)
{
    struct jb_fault fault = {""};
    if (jb_keys_save(&county_member(code, JB_NODE_OFFICE)->keys, path, &fault) != JB_OK)
        load_die("%s", fault.text);
}

static size_t ready_count(void)
{
    size_t n = 0;
    for (size_t i = 0; i < agent_count; i++)
        n += lightnode_ready(agents[i].member->node);
    return n;
}

static size_t settled_count(void)
{
    size_t n = 0;
    for (size_t i = 0; i < agent_count; i++)
        n += agents[i].settled >= agents[i].wanted;
    return n;
}

static void submit_all(void)
{
    for (size_t i = 0; i < agent_count; i++) {
        struct agent *a = &agents[i];
        const struct jb_act act = {.kind = JB_ACT_REGISTER,
                                   .case_no = county_case(a->member),
                                   .title = jb_text_of("来访登记")};
        lightnode_submit(a->member->node, &act, &a->wanted);
        lightnode_flush(a->member->node);
    }
}

static void acknowledge_all(void)
{
    for (size_t i = 0; i < agent_count; i++)
        if (lightnode_unacked_frames(agents[i].member->node) > 0)
            lightnode_acknowledge(agents[i].member->node);
}

/* False: the input has ended. */
static bool commanded(bool *submit)
{
    char text[64];
    ssize_t n = read(STDIN_FILENO, text, sizeof text);
    *submit = *submit || (n > 0 && text[0] == 's');
    return n != 0;
}

static void say(const char *what, uint64_t from_ns, uint64_t to_ns)
{
    printf("%s %.3f\n", what, (double)(to_ns - from_ns) / 1e9);
    (void)fflush(stdout);
}

/* Are all there? It takes a moment until one hears that its connection has ended: they are when it
 * has been so for a second. `*from_ns`: since when. */
static bool all_ready(uint64_t *from_ns)
{
    uint64_t now = load_now_ns();
    if (ready_count() != agent_count)
        *from_ns = 0;
    else if (*from_ns == 0)
        *from_ns = now;
    return *from_ns != 0 && now - *from_ns >= STEADY_NS;
}

static void hold(void)
{
    bool all = false;
    bool submit = false;
    bool waiting = false; /* for verdicts */
    uint64_t since = load_now_ns();
    uint64_t ready_from = 0;
    (void)fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
    loops_watch(STDIN_FILENO);
    while (commanded(&submit)) {
        loops_turn(TURN_MS);
        acknowledge_all();
        bool now_all = all_ready(&ready_from);
        if (now_all != all) {
            uint64_t at = now_all ? ready_from : load_now_ns();
            say(now_all ? "ready" : "lost", since, at);
            since = at;
        }
        all = now_all;
        if (submit && all) {
            submit_all();
            submit = false;
            waiting = true;
        }
        if (waiting && settled_count() == agent_count) {
            say("settled", since, load_now_ns());
            waiting = false;
        }
    }
}

int main(int argc, char **argv)
{
    if (argc < 7) {
        (void)fprintf(stderr, "usage: see tests/bench/jiaoban/crowd.c\n");
        return 2;
    }
    jb_arena_init(&arena, (size_t)16 * JB_FRAME_LIMIT_BYTES);
    county_open(argv[2], argv[3], argv[4], argv[5]);
    size_t number = strtoull(argv[6], NULL, 10);
    if (strcmp(argv[1], "enrol") == 0)
        county_members(number, agent_code, JB_NODE_DEPARTMENT);
    if (strcmp(argv[1], "look") == 0)
        look(argv[6]);
    if (strcmp(argv[1], "key") == 0 && argc == 8)
        save_key(argv[6], argv[7]);
    if (strcmp(argv[1], "hold") != 0) {
        county_save();
        return 0;
    }
    agent_count = argc == 8 ? strtoull(argv[7], NULL, 10) : 0;
    if (agent_count == 0 || agent_count > COUNT_MAX)
        load_die("how many?");
    for (size_t i = 0; i < agent_count; i++) {
        agents[i].member = agent_member(number + i);
        county_connect(agents[i].member, loops_add(), on_item, &agents[i]);
        loops_turn(1); /* not all in the same instant */
    }
    hold();
    return 0;
}
