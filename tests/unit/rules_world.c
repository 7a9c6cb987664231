#include "tests/unit/rules_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "proto/rules/caseno.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define ARENA_BYTES (256 * 1024 * 1024)

struct agency {
    uint32_t node;
    const char *code, *name;
    int level, kind;
    uint32_t parent;
};

static const struct agency agencies[] = {
    {CITY, "city", "市人民政府", JB_LEVEL_CITY, JB_NODE_GOVERNMENT, 0},
    {CITY_OFFICE, "city-xfj", "市信访局", JB_LEVEL_CITY, JB_NODE_OFFICE, CITY},
    {CITY_DEPT, "city-zjj", "市住房和城乡建设局", JB_LEVEL_CITY, JB_NODE_DEPARTMENT, CITY},
    {COUNTY, "county", "县人民政府", JB_LEVEL_COUNTY, JB_NODE_GOVERNMENT, CITY},
    {OFFICE, "xfj", "县信访局", JB_LEVEL_COUNTY, JB_NODE_OFFICE, COUNTY},
    {CONFERENCE, "lxh", "县信访工作联席会议办公室", JB_LEVEL_COUNTY, JB_NODE_JOINT_CONFERENCE,
     COUNTY},
    {HOUSING, "zjj", "县住房和城乡建设局", JB_LEVEL_COUNTY, JB_NODE_DEPARTMENT, COUNTY},
    {HOUSING_UNIT, "zjj.fgs", "县房管所", JB_LEVEL_COUNTY, JB_NODE_ENTERPRISE, HOUSING},
    {LABOUR, "rsj", "县人力资源和社会保障局", JB_LEVEL_COUNTY, JB_NODE_DEPARTMENT, COUNTY},
    {LAND, "zrzyj", "县自然资源局", JB_LEVEL_COUNTY, JB_NODE_DEPARTMENT, COUNTY},
    {DISCIPLINE, "jw", "县纪委监委", JB_LEVEL_COUNTY, JB_NODE_DISCIPLINE, COUNTY},
    {COURT, "fy", "县人民法院", JB_LEVEL_COUNTY, JB_NODE_POLITICAL_LEGAL, COUNTY},
    {RETIRED, "old", "县房产局", JB_LEVEL_COUNTY, JB_NODE_DEPARTMENT, COUNTY},
    {TOWN, "town", "城关镇人民政府", JB_LEVEL_TOWNSHIP, JB_NODE_GOVERNMENT, COUNTY},
    {TOWN_STATION, "town-xfz", "城关镇服务站", JB_LEVEL_TOWNSHIP, JB_NODE_DEPARTMENT, TOWN},
    {OTHER_COUNTY, "county2", "邻县人民政府", JB_LEVEL_COUNTY, JB_NODE_GOVERNMENT, CITY},
    {OTHER_DEPT, "county2-zjj", "邻县住房和城乡建设局", JB_LEVEL_COUNTY, JB_NODE_DEPARTMENT,
     OTHER_COUNTY},
};

static bool seen[1024];

static struct jb_text read_file(struct jb_arena *arena, const char *path)
{
    FILE *file = fopen(path, "r");
    size_t cap = (size_t)256 * 1024;
    char *text = jb_arena_alloc(arena, cap);
    size_t len;

    assert_non_null(file);
    assert_non_null(text);
    len = fread(text, 1, cap, file);
    (void)fclose(file);
    assert_in_range(len, 1, cap - 1);
    return (struct jb_text){text, len};
}

int64_t local(const char *text)
{
    int64_t ms;

    assert_int_equal(jb_instant_parse(jb_text_of(text), &ms), JB_OK);
    return ms;
}

static void enrol(struct world *w, const struct agency *a)
{
    struct jb_entry entry = {.seq = a->node};

    entry.act = (struct jb_act){
        .kind = JB_ACT_ENROL_NODE,
        .node = a->node,
        .code = jb_text_of(a->code),
        .name = jb_text_of(a->name),
        .level = a->level,
        .node_kind = a->kind,
        .parent = a->parent,
        .valid_from_ms = local("2020-01-01 00:00"),
        .valid_to_ms = a->node == RETIRED ? local("2024-01-01 00:00") : 0,
    };
    assert_int_equal(jb_directory_apply(&w->directory, &entry), JB_OK);
}

int world_open(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct jb_fault fault = {{0}};
    struct jb_date day;

    assert_non_null(w);
    jb_arena_init(&w->arena, ARENA_BYTES);
    jb_directory_init(&w->directory);
    for (size_t i = 0; i < COUNT(agencies); i++)
        enrol(w, &agencies[i]);
    if (jb_policy_parse(read_file(&w->arena, "deploy/policy/cn-2022.ini"), &w->arena, &w->policy,
                        &fault) != JB_OK ||
        jb_calendar_parse(read_file(&w->arena, "deploy/calendar/cn.ini"), "cn.ini", &w->arena,
                          &w->calendar, &fault) != JB_OK)
        fail_msg("%s", fault.text);
    w->book = (struct jb_rulebook){
        .directory = &w->directory, .policy = w->policy, .calendar = &w->calendar};
    w->now_ms = local("2026-03-02 10:00");
    day = jb_date_of_instant(w->now_ms);
    assert_int_equal(jb_caseno_make(day, OFFICE, 1, &w->case_no), JB_OK);
    *state = w;
    return 0;
}

int world_close(void **state)
{
    struct world *w = *state;

    jb_directory_fini(&w->directory);
    jb_arena_fini(&w->arena);
    free(w);
    return 0;
}

struct jb_node *world_node(struct world *w, uint32_t node)
{
    for (size_t i = 0; i < w->directory.count; i++) {
        if (w->directory.nodes[i].node == node)
            return &w->directory.nodes[i];
    }
    fail_msg("no node %u", (unsigned)node);
    return NULL;
}

static struct jb_act completed(const struct world *w, const struct jb_act *act)
{
    struct jb_act whole = *act;

    if (whole.case_no == 0)
        whole.case_no = w->case_no;
    if (whole.custody == 0)
        whole.custody = w->c.custody;
    else if (whole.custody == NO_CUSTODY)
        whole.custody = 0;
    return whole;
}

static void ask(struct world *w, uint32_t node, const struct jb_act *act)
{
    const struct jb_case *others[COUNT(w->kept)];
    struct jb_question q = {.act = act,
                            .node = node,
                            .user = w->user.len > 0 ? w->user : T("王芳"),
                            .now_ms = w->now_ms,
                            .others = others,
                            .other_count = w->kept_count};

    for (size_t i = 0; i < w->kept_count; i++)
        others[i] = &w->kept[i];

    jb_decide(&w->book, &w->c, &q, &w->v);
    assert_true((size_t)w->v.refusal < COUNT(seen));
    seen[w->v.refusal] = true;
    assert_true(strlen(w->v.detail) < sizeof w->v.detail);
    if (w->v.refusal != JB_REFUSE_NONE)
        assert_int_equal(w->v.effects.count, 0);
}

enum jb_refusal world_ask(struct world *w, uint32_t node, const struct jb_act *act)
{
    struct jb_act whole = completed(w, act);

    ask(w, node, &whole);
    return w->v.refusal;
}

enum jb_refusal world_try(struct world *w, uint32_t node, const struct jb_act *act)
{
    struct jb_entry entry = {.node = node, .at_ms = w->now_ms, .user = T("王芳")};

    entry.act = completed(w, act);
    ask(w, node, &entry.act);
    if (w->v.refusal != JB_REFUSE_NONE)
        return w->v.refusal;
    entry.seq = ++w->seq;
    entry.effects = w->v.effects.at;
    entry.effect_count = w->v.effects.count;
    assert_int_equal(jb_case_apply(&w->c, &entry, &w->arena), JB_OK);
    return JB_REFUSE_NONE;
}

void world_do(struct world *w, uint32_t node, const struct jb_act *act)
{
    if (world_try(w, node, act) != JB_REFUSE_NONE)
        fail_msg("%s by %u: %s: %s", jb_act_kind_name(act->kind), (unsigned)node,
                 jb_refusal_name(w->v.refusal), w->v.detail);
}

void world_refused(struct world *w, uint32_t node, const struct jb_act *act, enum jb_refusal why)
{
    if (world_ask(w, node, act) != why)
        fail_msg("%s by %u: %s instead of %s: %s", jb_act_kind_name(act->kind), (unsigned)node,
                 jb_refusal_name(w->v.refusal), jb_refusal_name(why), w->v.detail);
}

bool world_has_seen(enum jb_refusal why)
{
    return seen[why];
}

void world_forget_case(struct world *w)
{
    w->c = (struct jb_case){0};
}

const struct jb_act *world_register_act(void)
{
    static const struct jb_act act = {
        .kind = JB_ACT_REGISTER,
        .matter = JB_MATTER_APPEAL,
        .channel = JB_CHANNEL_VISIT,
        .people = 1,
        .title = {"反映小区电梯长期停运", sizeof "反映小区电梯长期停运" - 1},
        .class_code = {"城乡建设", sizeof "城乡建设" - 1},
    };

    return &act;
}

/* The second and third level, until this stage is reached. */
static void bring_up(struct world *w, enum jb_stage stage)
{
    const struct {
        uint32_t node;
        const struct jb_act *act;
    } steps[] = {
        {OFFICE, ACT(REQUEST_REVIEW, .received_at_ms = w->now_ms)},
        {COUNTY, ACT(GIVE_REVIEW, .opinion = JB_OPINION_EXPLAINED, .text = T("维持原处理意见"),
                     .told_at_ms = w->now_ms)},
        {OFFICE, ACT(REQUEST_RECHECK, .received_at_ms = w->now_ms)},
        {CITY, ACT(GIVE_RECHECK, .opinion = JB_OPINION_EXPLAINED, .text = T("维持复查意见"),
                   .told_at_ms = w->now_ms)},
        {OFFICE, ACT(TERMINATE, .text = T("三级终结"))},
    };

    for (size_t i = 0; i < COUNT(steps) && w->c.stage != stage; i++)
        world_do(w, steps[i].node, steps[i].act);
}

void world_bring(struct world *w, enum jb_stage stage)
{
    static const uint32_t helpers[] = {LABOUR};

    world_forget_case(w);
    world_do(w, OFFICE, world_register_act());
    if (stage == JB_STAGE_REFERRED)
        world_do(w, OFFICE, ACT(REFER, .node = DISCIPLINE));
    if (w->c.stage == stage)
        return;
    world_do(w, OFFICE, ACT(ASSIGN, .node = HOUSING, .co_handlers = {helpers, 1}));
    if (w->c.stage == stage)
        return;
    world_do(w, HOUSING, ACT(SIGN_FOR, .text = T("收到")));
    if (stage == JB_STAGE_DECLINED)
        world_do(w, HOUSING, ACT(DECLINE, .reason = T("不属于信访受理范围")));
    if (w->c.stage == stage)
        return;
    world_do(w, HOUSING, ACT(ACCEPT, .told_at_ms = w->now_ms));
    if (w->c.stage == stage)
        return;
    world_do(w, LABOUR, ACT(ANSWER, .text = T("已配合核查维保人员")));
    world_do(w, HOUSING,
             ACT(ANSWER, .opinion = JB_OPINION_SUPPORTED, .text = T("三日内恢复运行"),
                 .report = T("办结报告"), .told_at_ms = w->now_ms));
    if (stage != JB_STAGE_CLOSED)
        bring_up(w, stage);
    if (w->c.stage == stage)
        return;
    world_do(w, HOUSING, ACT(EXECUTE, .text = T("电梯已恢复运行")));
    world_do(w, OFFICE, ACT(CLOSE, .close_no = T("销号2026-1")));
    assert_int_equal(w->c.stage, stage);
}

const struct jb_deadline *world_deadline(struct world *w, const char *key)
{
    const struct jb_deadline *d = jb_case_open_deadline(&w->c, key);

    if (d == NULL)
        fail_msg("no open deadline \"%s\"", key);
    return d;
}

const struct jb_deadline *world_last_deadline(struct world *w, const char *key)
{
    for (size_t i = w->c.deadline_count; i > 0; i--) {
        if (strcmp(w->c.deadlines[i - 1].key, key) == 0)
            return &w->c.deadlines[i - 1];
    }
    fail_msg("there never was a deadline \"%s\"", key);
    return NULL;
}

bool world_runs(struct world *w, const char *key)
{
    return jb_case_open_deadline(&w->c, key) != NULL;
}

uint32_t world_set_limit(struct world *w, const char *key, uint32_t limit)
{
    for (size_t i = 0; i < w->policy->row_count; i++) {
        struct jb_policy_row *row = &w->policy->rows[i];
        uint32_t before = row->limit;

        if (strcmp(row->key, key) != 0)
            continue;
        row->limit = limit;
        return before;
    }
    fail_msg("the policy has no row \"%s\"", key);
    return 0;
}

void world_tick(struct world *w)
{
    struct jb_act acts[8];
    size_t count;

    while ((count = jb_clock_acts(&w->c, w->now_ms, acts, COUNT(acts))) > 0) {
        for (size_t i = 0; i < count; i++)
            world_do(w, BROKER, &acts[i]);
    }
}

void world_delegate(struct world *w, uint32_t node, const char *official, int power)
{
    struct jb_entry entry = {.node = node, .at_ms = w->now_ms};

    entry.act =
        (struct jb_act){.kind = JB_ACT_DELEGATE, .official = jb_text_of(official), .power = power};
    assert_int_equal(jb_directory_apply(&w->directory, &entry), JB_OK);
}

void world_join(struct world *w, uint32_t node, enum jb_role role)
{
    const struct jb_effect joined = {.kind = JB_EFFECT_JOINED, .node = node, .role = (int)role};
    struct jb_entry entry = {.node = BROKER, .at_ms = w->now_ms, .seq = ++w->seq};

    entry.act = (struct jb_act){.kind = JB_ACT_NOTE, .case_no = w->c.case_no};
    entry.effects = &joined;
    entry.effect_count = 1;
    assert_int_equal(jb_case_apply(&w->c, &entry, &w->arena), JB_OK);
}

size_t world_put_aside(struct world *w)
{
    assert_true(w->kept_count < COUNT(w->kept));
    w->kept[w->kept_count++] = w->c;
    world_forget_case(w);
    return w->kept_count - 1;
}

void world_take_up(struct world *w, size_t at)
{
    struct jb_case other = w->kept[at];

    w->kept[at] = w->c;
    w->c = other;
    w->case_no = other.case_no;
}

void world_register(struct world *w, uint32_t node, uint32_t n, int matter)
{
    struct jb_act act = *world_register_act();

    act.matter = matter;
    assert_int_equal(jb_caseno_make(jb_date_of_instant(w->now_ms), node, n, &act.case_no), JB_OK);
    w->case_no = act.case_no;
    world_forget_case(w);
    world_do(w, node, &act);
}
