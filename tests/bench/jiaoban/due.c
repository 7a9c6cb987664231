/* Many deadlines in one second: an office hands CASES cases to departments, all due at the same
 * instant; then time goes by (the broker lives by a simulated clock) while the office goes on
 * submitting.
 *
 *   due ENDPOINT ADMIN BROKER-KEYS CLOCK CASES
 *
 * CLOCK: the file that the broker was started with (--test-clock). One line of JSON: seconds from
 * the instant until every one of the misses has reached the office and the department that owes it;
 * p99 of a submission before and during. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "proto/base/clock.h"
#include "proto/wire/codec.h"
#include "tests/bench/jiaoban/county.h"
#include "tests/bench/load/base.h"
#include "tests/bench/load/figures.h"

#define DEPARTMENTS 50
#define WINDOW 2048 /* while the cases are made */
#define ACK_FRAMES 8
#define DUE_MS 3600000 /* after the start, by the simulated clock */
#define TURN_US 2000
#define PROBES 2000                /* submissions before the instant: what is normal */
#define PROBE_NS UINT64_C(1000000) /* between two of them */
#define PATIENCE_S 300

static struct member *office, *departments[DEPARTMENTS];
static struct jb_arena arena;
static uint64_t made, settled, misses_office, misses_departments;
static uint64_t probe_at_ns, probe_number; /* the one under way; 0: none */
static struct series probes;
static int64_t due_ms;
static const char *clock_path;

/* ---- what comes ---- */

static bool is_our_miss(struct jb_bytes bytes)
{
    struct jb_entry entry = {0};
    struct jb_fault fault = {""};
    if (jb_entry_decode(bytes, &arena, &entry, &fault) != JB_OK)
        load_die("%s", fault.text);
    return entry.act.kind == JB_ACT_MISS;
}

static void on_item(void *data, uint64_t number, struct jb_bytes body)
{
    const struct member *m = data;
    struct jb_item item = {0};
    struct jb_fault fault = {""};
    jb_arena_reset(&arena);
    if (jb_item_decode(body, &arena, &item, &fault) != JB_OK)
        load_die("item %llu: %s", (unsigned long long)number, fault.text);
    if (item.kind == JB_ITEM_REFUSAL)
        load_die("submission %llu is refused: %.*s: %.*s", (unsigned long long)item.settles,
                 (int)item.refusal.name.len, item.refusal.name.data, (int)item.refusal.detail.len,
                 item.refusal.detail.len > 0 ? item.refusal.detail.data : "");
    if (m == office && item.settles > 0) {
        settled = item.settles;
        if (probe_number > 0 && settled >= probe_number) {
            series_add(&probes, load_now_ns() - probe_at_ns);
            probe_number = 0;
        }
    } else if (item.kind == JB_ITEM_ENTRY && !item.history && is_our_miss(item.entry)) {
        if (m == office)
            misses_office++;
        else
            misses_departments++;
    }
}

/* ---- what is done ---- */

static void flush(struct member *m, bool all)
{
    lightnode_flush(m->node);
    if (all || lightnode_unacked_frames(m->node) >= ACK_FRAMES)
        lightnode_acknowledge(m->node);
}

static void turn(uv_loop_t *loop, bool acknowledge)
{
    lightnode_turn_loop(loop, TURN_US);
    flush(office, acknowledge);
    for (int i = 0; i < DEPARTMENTS; i++)
        flush(departments[i], acknowledge);
}

static int64_t register_one(void)
{
    const struct jb_act act = {.kind = JB_ACT_REGISTER,
                               .case_no = county_case(office),
                               .matter = JB_MATTER_APPEAL,
                               .channel = JB_CHANNEL_ONLINE,
                               .title = jb_text_of("反映小区外墙渗水,物业多次推诿")};
    lightnode_submit(office->node, &act, &made);
    return act.case_no;
}

static void make_cases(uv_loop_t *loop, uint64_t cases)
{
    for (uint64_t i = 0; i < cases; i++) {
        struct jb_act act = {.kind = JB_ACT_ASSIGN,
                             .case_no = register_one(),
                             .custody = 1,
                             .node = departments[i % DEPARTMENTS]->number,
                             .due_ms = due_ms,
                             .text = jb_text_of("请依法按期办理,书面答复信访人。")};
        lightnode_submit(office->node, &act, &made);
        while (made - settled >= WINDOW)
            turn(loop, false);
    }
    while (settled < made)
        turn(loop, true);
    for (int i = 0; i < 1000; i++) /* what was received is acknowledged, and its senders told */
        turn(loop, true);
}

/* One submission at a time, paced; returns when `count` were answered, or all misses are there. */
static void probe(uv_loop_t *loop, uint64_t count, uint64_t misses)
{
    uint64_t end_ns = load_now_ns() + (uint64_t)PATIENCE_S * 1000000000U;
    while (probes.count < count &&
           (misses == 0 || misses_office < misses || misses_departments < misses)) {
        uint64_t now = load_now_ns();
        if (now > end_ns)
            load_die("after %d s: %llu misses at the office, %llu at departments", PATIENCE_S,
                     (unsigned long long)misses_office, (unsigned long long)misses_departments);
        if (probe_number == 0 && now - probe_at_ns >= PROBE_NS) {
            probe_at_ns = now;
            (void)register_one();
            probe_number = made;
            lightnode_flush(office->node);
        }
        turn(loop, false);
    }
}

static void set_clock(int64_t passed_ms)
{
    char part[1024];
    (void)snprintf(part, sizeof part, "%s.part", clock_path);
    FILE *file = fopen(part, "we");
    if (file == NULL || fprintf(file, "%lld 0\n", (long long)passed_ms) < 0 || fclose(file) != 0 ||
        rename(part, clock_path) != 0)
        load_die("%s: cannot be written", clock_path);
}

static void connect_all(uv_loop_t *loop)
{
    char code[40];
    office = county_member("office0", JB_NODE_OFFICE);
    county_connect(office, loop, on_item, office);
    for (int i = 0; i < DEPARTMENTS; i++) {
        (void)snprintf(code, sizeof code, "d%04d", i);
        departments[i] = county_member(code, JB_NODE_DEPARTMENT);
        county_connect(departments[i], loop, on_item, departments[i]);
    }
    for (int i = 0; i < DEPARTMENTS;)
        if (lightnode_ready(departments[i]->node) && lightnode_ready(office->node))
            i++;
        else
            turn(loop, false);
}

int main(int argc, char **argv)
{
    uv_loop_t loop;
    if (argc != 6) {
        (void)fprintf(stderr, "usage: due ENDPOINT ADMIN BROKER-KEYS CLOCK CASES\n");
        return 2;
    }
    clock_path = argv[4];
    uint64_t cases = strtoull(argv[5], NULL, 10);
    jb_arena_init(&arena, (size_t)16 * JB_FRAME_LIMIT_BYTES);
    if (uv_loop_init(&loop) != 0)
        load_die("no loop");
    county_open(argv[1], argv[2], argv[3], NULL);
    connect_all(&loop);
    due_ms = jb_clock_now_ms() + DUE_MS;
    due_ms -= due_ms % 1000;
    make_cases(&loop, cases);
    probe(&loop, PROBES, 0);
    series_sort(&probes);
    double normal = series_ms(&probes, .99);
    probes.count = 0;
    uint64_t began = load_now_ns();
    set_clock(due_ms - jb_clock_now_ms());
    probe(&loop, SIZE_MAX, cases);
    double seconds = (double)(load_now_ns() - began) / 1e9;
    series_sort(&probes);
    printf("{\"deadlines\":%llu,\"seconds\":%.2f,\"normal_p99_ms\":%.2f,\"during_p99_ms\":%.2f,"
           "\"during_count\":%zu}\n",
           (unsigned long long)cases, seconds, normal, series_ms(&probes, .99), probes.count);
    return 0;
}
