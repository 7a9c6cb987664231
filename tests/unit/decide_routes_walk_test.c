/* A random walk over the ways of a case: hand-overs, objections, disputes, recusal, successors,
 * classification, directives beside it. Whatever is accepted fits the case, and after each step
 * there is one host, every open duty has a bearer in the audience, and nobody knows of an
 * accusation who may not. The seed is fixed. */
#include "tests/unit/rules_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "proto/rules/confine.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define STEPS 40000
#define STEPS_PER_CASE 40

static uint64_t random_state = 20260503;

/* splitmix64: the same numbers on every run. */
static uint32_t below(uint32_t limit)
{
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((z ^ (z >> 31)) % limit);
}

static const enum jb_act_kind kinds[] = {
    JB_ACT_ASSIGN,
    JB_ACT_FORWARD,
    JB_ACT_HANDOVER,
    JB_ACT_DESIGNATE,
    JB_ACT_REFER,
    JB_ACT_SIGN_FOR,
    JB_ACT_ACCEPT,
    JB_ACT_DECLINE,
    JB_ACT_OBJECT,
    JB_ACT_OBJECT,
    JB_ACT_RULE_ON_OBJECTION,
    JB_ACT_RULE_ON_OBJECTION,
    JB_ACT_ESCALATE_DISPUTE,
    JB_ACT_ESCALATE_DISPUTE,
    JB_ACT_CLASSIFY,
    JB_ACT_RECUSE,
    JB_ACT_SUCCEED,
    JB_ACT_SUCCEED,
    JB_ACT_ISSUE_DIRECTIVE,
    JB_ACT_WITHDRAW_DIRECTIVE,
    JB_ACT_SIGN_DIRECTIVE,
    JB_ACT_ANSWER_DIRECTIVE,
    JB_ACT_CLEAR_DIRECTIVE,
    JB_ACT_OPEN_DOCKET,
    JB_ACT_START_SIMPLE,
    JB_ACT_REPORT_UP,
};
static const uint32_t nodes[] = {OFFICE, HOUSING,      HOUSING_UNIT, LABOUR,      LAND,
                                 TOWN,   TOWN_STATION, CONFERENCE,   CITY_OFFICE, COUNTY,
                                 CITY,   DISCIPLINE,   OTHER_DEPT,   CITY_DEPT};

static uint32_t any_node(void)
{
    return nodes[below(COUNT(nodes))];
}

/* Most acts come from one who can be expected to act. */
static uint32_t sender_of(const struct world *w, enum jb_act_kind kind)
{
    const uint32_t likely[] = {w->c.host, w->c.host, w->c.sender, w->c.arbiter, OFFICE, OFFICE};
    uint32_t node = likely[below(COUNT(likely))];

    if (kind == JB_ACT_SUCCEED)
        return BROKER;
    if (kind >= JB_ACT_SIGN_DIRECTIVE && kind <= JB_ACT_ANSWER_DIRECTIVE && w->c.target_count > 0)
        return w->c.targets[w->c.target_count - 1].node;
    return node != 0 && below(8) != 0 ? node : any_node();
}

static uint32_t receiver_of(const struct world *w, enum jb_act_kind kind)
{
    if (kind == JB_ACT_SUCCEED && w->c.participant_count > 0)
        return w->c.participants[below((uint32_t)w->c.participant_count)].node;
    if (kind == JB_ACT_ESCALATE_DISPUTE || kind == JB_ACT_REPORT_UP ||
        kind == JB_ACT_WITHDRAW_DIRECTIVE || kind == JB_ACT_CLEAR_DIRECTIVE)
        return 0;
    return any_node();
}

static struct jb_act random_act(const struct world *w, uint32_t list[2])
{
    struct jb_act act = {
        .kind = kinds[below(COUNT(kinds))],
        .reason = T("理由"),
        .text = T("内容"),
        .report = T("报告"),
        .basis = T("依据"),
        .docket_no = T("督1"),
        .countersigned_by = T("周书记"),
        .ruling = (int)below(2) + 1,
        .opinion = JB_OPINION_EXPLAINED,
        .power = JB_POWER_SUPERVISE,
        .demand = (int)below(4) + 1,
        .step = JB_STEP_URGE,
        .directive_no = below(2) == 0 ? w->c.directive_count : below(4) + 1,
        .told_at_ms = below(2) == 0 ? w->now_ms : 0,
    };

    act.node = receiver_of(w, act.kind);
    act.successor = any_node();
    list[0] = any_node();
    if (act.kind <= JB_ACT_FORWARD || act.kind == JB_ACT_DESIGNATE)
        act.co_handlers = (struct jb_list32){list, below(4) == 0};
    if (act.kind == JB_ACT_CLASSIFY) {
        act.matter = below(6) == 0 ? JB_MATTER_ACCUSATION : (int)below(2) * 2 + 1;
        act.accused = (struct jb_list32){list, act.matter == JB_MATTER_ACCUSATION};
    }
    if (act.kind == JB_ACT_RECUSE && below(2) == 0)
        act.person = T("李工");
    return act;
}

/* ---- what always holds ---------------------------------------------------------------------- */

static void hold_audience(const struct world *w)
{
    const struct jb_case *c = &w->c;
    struct jb_text whole = {NULL, 0};
    size_t hosts = 0;

    for (size_t i = 0; i < c->participant_count; i++) {
        const struct jb_participant *p = &c->participants[i];

        hosts += p->role == JB_ROLE_HOST && p->node == c->host;
        if (p->role == JB_ROLE_LEFT) {
            assert_int_equal(jb_case_roles(c, p->node), 1U << JB_ROLE_LEFT);
            continue;
        }
        assert_false(jb_case_recused(c, p->node, whole));
        assert_true(jb_confine_may_know(c, &w->directory, p->node));
    }
    assert_int_equal(hosts, 1);
    assert_true(jb_case_has(c, c->host) && jb_case_has(c, c->registrar));
    assert_true(c->sender == 0 || jb_case_has(c, c->sender));
    assert_true(c->dispute_level == 0 || jb_case_has(c, c->arbiter));
}

static void hold_clocks(const struct jb_case *c)
{
    static const char *const once[] = {"sort",    "notify",  "handle", "object", "sign",
                                       "silence", "deliver", "settle", "rule",   "resort"};
    size_t open[COUNT(once)] = {0};

    for (size_t i = 0; i < c->deadline_count; i++) {
        const struct jb_deadline *d = &c->deadlines[i];

        if (d->end != JB_END_OPEN)
            continue;
        if (!jb_case_has(c, d->node))
            fail_msg("%s is owed by %u, who has left", d->key, (unsigned)d->node);
        for (size_t k = 0; k < COUNT(once); k++)
            open[k] += strcmp(d->key, once[k]) == 0;
    }
    for (size_t k = 0; k < COUNT(once); k++) {
        if (open[k] > 1)
            fail_msg("%s runs %zu times", once[k], open[k]);
    }
    assert_int_equal(open[7], c->dispute_level != 0);
    assert_int_equal(open[8], c->objection_open);
}

/* A directive in force has somebody whom it binds, and he can see it. */
static void hold_directives(const struct jb_case *c)
{
    for (size_t i = 0; i < c->target_count; i++) {
        const struct jb_target *t = &c->targets[i];
        const struct jb_directive *d = jb_case_directive(c, t->directive);
        bool ended = t->state == JB_TARGET_CLEARED || t->state == JB_TARGET_WITHDRAWN ||
                     t->state == JB_TARGET_SUPERSEDED;

        if (!ended && (d->status == JB_DIRECTIVE_ENDED || !jb_case_has(c, t->node)))
            fail_msg("directive %u is %s at %u", (unsigned)d->id, jb_target_state_name(t->state),
                     (unsigned)t->node);
    }
}

static void hold(const struct world *w)
{
    if (w->c.stage == JB_STAGE_NONE)
        return;
    hold_audience(w);
    hold_clocks(&w->c);
    hold_directives(&w->c);
}

struct tally {
    bool kinds[256];
    bool disputes[3];
    size_t accepted, accusations;
};

static void step(struct world *w, struct tally *tally)
{
    uint32_t list[2];
    struct jb_act act = random_act(w, list);
    struct jb_case before = w->c;

    if ((act.kind == JB_ACT_SUCCEED || act.kind == JB_ACT_REFER) && below(8) != 0)
        return;

    if (world_try(w, sender_of(w, act.kind), &act) != JB_REFUSE_NONE) {
        assert_memory_equal(&before, &w->c, sizeof before);
        return;
    }
    hold(w);
    tally->accepted++;
    tally->kinds[act.kind] = true;
    tally->disputes[w->c.dispute_level] = true;
    tally->accusations += jb_confined(&w->c);
}

static void many_ways(void **state)
{
    struct world *w = *state;
    struct jb_arena cases, world = w->arena;
    struct tally tally = {0};

    world_delegate(w, OFFICE, "周书记", 0);
    world_delegate(w, CITY_OFFICE, "周书记", 0);
    jb_arena_init(&cases, (size_t)64 * 1024 * 1024);
    w->arena = cases;
    for (size_t i = 0; i < STEPS; i++) {
        if (i % STEPS_PER_CASE == 0) {
            jb_arena_reset(&w->arena);
            w->policy->receive_first = below(2) == 0;
            w->policy->dispute_to_superior = below(4) != 0;
            world_forget_case(w);
            world_do(w, OFFICE, world_register_act());
        }
        w->now_ms += (int64_t)below(30) * 3600 * 1000;
        world_tick(w);
        hold(w);
        step(w, &tally);
    }
    jb_arena_fini(&w->arena);
    w->arena = world;
    assert_true(tally.accepted > STEPS / 10);
    assert_true(tally.accusations > 100);
    assert_true(tally.disputes[1] && tally.disputes[2]);
    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (!tally.kinds[kinds[i]])
            fail_msg("%s was never accepted", jb_act_kind_name(kinds[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(many_ways, world_open, world_close),
    };
    return cmocka_run_group_tests_name("decide_routes_walk", tests, NULL, NULL);
}
