/* Grows a broker's record by ordinary casework over the line: an office registers and assigns,
 * departments sign for, accept and note, ten acts a case.
 *
 *   grow ENDPOINT ADMIN BROKER-KEYS STATE RECORD ENTRIES
 *
 * Goes on where it ended with the same STATE, until the log has ENTRIES entries. Every second one
 * line of JSON: the log's last number, entries a second since the line before, bytes of the file
 * RECORD; at the end another one: how many entries in how many seconds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <uv.h>

#include "proto/wire/codec.h"
#include "tests/bench/jiaoban/county.h"
#include "tests/bench/load/base.h"

#define DEPARTMENTS 50
#define CASES_OPEN 512 /* under way at once */
#define NOTES 3        /* of each side */
#define ACK_FRAMES 8
#define TURN_US 10000
#define REPORT_NS UINT64_C(1000000000)

struct worker {
    struct member *member;
    bool office;
    uint64_t settled, made;
    uint64_t ends[CASES_OPEN * 2]; /* ring: submissions that end a case here */
    size_t first, count;
};

static struct worker office, departments[DEPARTMENTS];
static struct jb_arena arena;
static uint64_t last_seq, begun, ended; /* cases */
static const char *record;

static void submit(struct worker *w, const struct jb_act *act)
{
    lightnode_submit(w->member->node, act, &w->made);
}

static void notes(struct worker *w, int64_t case_no)
{
    const struct jb_act note = {
        .kind = JB_ACT_NOTE,
        .case_no = case_no,
        .text = jb_text_of("已与物业公司联系,现场查看了三号楼外墙,约定三日内提出维修方案。")};
    for (int i = 0; i < NOTES; i++)
        submit(w, &note);
}

/* What people write about, with its class; the last one is rare. */
static const struct {
    const char *title, *class_code;
} matters[] = {
    {"反映小区外墙渗水,物业多次推诿", "城乡建设"},
    {"小区供暖温度不达标", "城乡建设"},
    {"拖欠农民工工资", "劳动和社会保障"},
    {"工伤认定迟迟没有结果", "劳动和社会保障"},
    {"夜间施工噪声扰民", "生态环境"},
    {"河道垃圾无人清理", "生态环境"},
    {"征地补偿款未到位", "自然资源"},
    {"学区划分不合理", "教育"},
    {"村道路面塌陷", "交通运输"},
};
#define MATTERS (sizeof matters / sizeof matters[0])

static void begin_case(void)
{
    int64_t no = county_case(office.member);
    size_t matter = begun % 1000 == 999 ? MATTERS - 1 : begun % (MATTERS - 1);
    const struct jb_act reg = {.kind = JB_ACT_REGISTER,
                               .case_no = no,
                               .matter = JB_MATTER_APPEAL,
                               .channel = JB_CHANNEL_ONLINE,
                               .title = jb_text_of(matters[matter].title),
                               .class_code = jb_text_of(matters[matter].class_code),
                               .content = jb_text_of("三号楼外墙渗水,请求督促维修,书面答复。")};
    const struct jb_act assign = {.kind = JB_ACT_ASSIGN,
                                  .case_no = no,
                                  .custody = 1,
                                  .node = departments[begun % DEPARTMENTS].member->number,
                                  .text =
                                      jb_text_of("请依法按期办理,书面答复信访人,并报送办结报告。")};
    submit(&office, &reg);
    submit(&office, &assign);
    notes(&office, no);
    begun++;
}

/* The department has got a case. */
static void work_on(struct worker *w, int64_t case_no)
{
    const struct jb_act sign = {.kind = JB_ACT_SIGN_FOR, .case_no = case_no, .custody = 2};
    const struct jb_act accept = {.kind = JB_ACT_ACCEPT, .case_no = case_no, .custody = 2};
    submit(w, &sign);
    submit(w, &accept);
    notes(w, case_no);
    if (w->count == CASES_OPEN * 2)
        load_die("more cases at one department than were begun");
    w->ends[(w->first + w->count++) % (CASES_OPEN * 2)] = w->made;
}

static void on_item(void *data, uint64_t number, struct jb_bytes body)
{
    struct worker *w = data;
    struct jb_item item = {0};
    struct jb_entry entry = {0};
    struct jb_fault fault = {""};
    jb_arena_reset(&arena);
    if (jb_item_decode(body, &arena, &item, &fault) != JB_OK)
        load_die("item %llu: %s", (unsigned long long)number, fault.text);
    if (item.kind == JB_ITEM_REFUSAL)
        load_die("%s: submission %llu is refused: %.*s", w->member->code,
                 (unsigned long long)item.settles, (int)item.refusal.name.len,
                 item.refusal.name.data);
    if (item.settles > 0)
        w->settled = item.settles;
    while (w->count > 0 && w->ends[w->first] <= w->settled) {
        w->first = (w->first + 1) % (CASES_OPEN * 2);
        w->count--;
        ended++;
    }
    if (item.kind != JB_ITEM_ENTRY || item.history)
        return;
    if (jb_entry_decode(item.entry, &arena, &entry, &fault) != JB_OK)
        load_die("item %llu: %s", (unsigned long long)number, fault.text);
    if (entry.seq > last_seq)
        last_seq = entry.seq;
    if (!w->office && entry.act.kind == JB_ACT_ASSIGN && item.settles == 0)
        work_on(w, entry.act.case_no);
}

static void report(uint64_t *then_ns, uint64_t *then_seq)
{
    struct stat st = {.st_size = 0};
    uint64_t now = load_now_ns();
    if (now - *then_ns < REPORT_NS)
        return;
    (void)stat(record, &st);
    printf("{\"entries\":%llu,\"entries_per_s\":%.0f,\"cases\":%llu,\"record_bytes\":%llu}\n",
           (unsigned long long)last_seq,
           (double)(last_seq - *then_seq) / ((double)(now - *then_ns) / 1e9),
           (unsigned long long)office.member->cases, (unsigned long long)st.st_size);
    (void)fflush(stdout);
    *then_ns = now;
    *then_seq = last_seq;
}

static void open_worker(struct worker *w, uv_loop_t *loop, const char *code, int kind)
{
    w->member = county_member(code, kind);
    w->office = kind == JB_NODE_OFFICE;
    w->made = w->settled = w->member->up.number;
    county_connect(w->member, loop, on_item, w);
}

static bool caught_up(const struct worker *w)
{
    return lightnode_ready(w->member->node) &&
           lightnode_received(w->member->node) >= lightnode_target(w->member->node);
}

static void flush(struct worker *w)
{
    lightnode_flush(w->member->node);
    if (lightnode_unacked_frames(w->member->node) >= ACK_FRAMES || begun == ended)
        lightnode_acknowledge(w->member->node);
}

static void turn(uv_loop_t *loop)
{
    lightnode_turn_loop(loop, TURN_US);
    flush(&office);
    for (int i = 0; i < DEPARTMENTS; i++)
        flush(&departments[i]);
}

static void work(uv_loop_t *loop, uint64_t wanted)
{
    uint64_t then_ns = load_now_ns();
    uint64_t then_seq = last_seq;
    while (last_seq < wanted || ended < begun || office.settled < office.made) {
        while (last_seq < wanted && begun - ended < CASES_OPEN &&
               office.made - office.settled < (uint64_t)CASES_OPEN * 5)
            begin_case();
        turn(loop);
        report(&then_ns, &then_seq);
    }
}

int main(int argc, char **argv)
{
    uv_loop_t loop;
    char code[40];
    if (argc != 7) {
        (void)fprintf(stderr, "usage: grow ENDPOINT ADMIN BROKER-KEYS STATE RECORD ENTRIES\n");
        return 2;
    }
    record = argv[5];
    uint64_t wanted = strtoull(argv[6], NULL, 10);
    jb_arena_init(&arena, (size_t)16 * JB_FRAME_LIMIT_BYTES);
    if (uv_loop_init(&loop) != 0)
        load_die("no loop");
    county_open(argv[1], argv[2], argv[3], argv[4]);
    open_worker(&office, &loop, "office0", JB_NODE_OFFICE);
    for (int i = 0; i < DEPARTMENTS; i++) {
        (void)snprintf(code, sizeof code, "d%04d", i);
        open_worker(&departments[i], &loop, code, JB_NODE_DEPARTMENT);
    }
    for (int i = 0; i < DEPARTMENTS;)
        if (caught_up(&office) && caught_up(&departments[i]))
            i++;
        else
            turn(&loop);
    uint64_t began_ns = load_now_ns();
    uint64_t began_seq = last_seq;
    work(&loop, wanted);
    printf("{\"grown\":%llu,\"seconds\":%.3f}\n", (unsigned long long)(last_seq - began_seq),
           (double)(load_now_ns() - began_ns) / 1e9);
    for (int i = 0; i < 50; i++) /* the last acknowledgements leave */
        turn(&loop);
    county_save();
    return 0;
}
