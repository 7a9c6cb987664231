/* An agency is abolished: its successor takes its place, with every duty and its own trigger. */
#include "tests/unit/rules_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "proto/rules/confine.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define CLOCKS_MAX 64

static void succeed(struct world *w, uint32_t node, uint32_t successor)
{
    world_do(w, BROKER, ACT(SUCCEED, .node = node, .successor = successor));
}

/* What ran against the abolished agency runs against its successor: key, trigger, due, directive.
 */
static void hold_clocks(const struct jb_case *before, const struct jb_case *after, uint32_t node,
                        uint32_t successor)
{
    size_t passed = 0, new_ones = after->deadline_count - before->deadline_count;

    for (size_t i = 0; i < before->deadline_count; i++) {
        const struct jb_deadline *old = &before->deadlines[i];
        const struct jb_deadline *now;

        if (old->end != JB_END_OPEN || old->node != node)
            continue;
        now = &after->deadlines[before->deadline_count + passed++];
        assert_int_equal(after->deadlines[i].end, JB_END_SUPERSEDED);
        assert_string_equal(now->key, old->key);
        assert_int_equal(now->node, successor);
        assert_int_equal(now->trigger_ms, old->trigger_ms);
        assert_int_equal(now->due_ms, old->due_ms);
        assert_int_equal(now->directive, old->directive);
    }
    assert_int_equal(passed, new_ones);
    for (size_t i = 0; i < after->deadline_count; i++)
        assert_true(after->deadlines[i].end != JB_END_OPEN || after->deadlines[i].node != node);
}

static void every_role_passes_on_in_every_stage(void **state)
{
    struct world *w = *state;
    static const uint32_t who[] = {HOUSING, LABOUR, OFFICE};
    static const enum jb_stage stages[] = {JB_STAGE_REGISTERED, JB_STAGE_SENT,     JB_STAGE_SIGNED,
                                           JB_STAGE_ACCEPTED,   JB_STAGE_DECLINED, JB_STAGE_REVIEW,
                                           JB_STAGE_ANSWERED,   JB_STAGE_CLOSED};

    for (size_t i = 0; i < COUNT(who) * COUNT(stages); i++) {
        uint32_t node = who[i % COUNT(who)], roles;
        struct jb_case before;
        static struct jb_deadline clocks[CLOCKS_MAX];

        world_bring(w, stages[i / COUNT(who)]);
        before = w->c;
        assert_in_range(before.deadline_count, 1, CLOCKS_MAX);
        memcpy(clocks, before.deadlines, before.deadline_count * sizeof clocks[0]);
        before.deadlines = clocks;
        roles = jb_case_roles(&w->c, node);
        if (roles == 0)
            continue;
        succeed(w, node, LAND);
        assert_int_equal(jb_case_roles(&w->c, LAND), roles);
        assert_int_equal(jb_case_roles(&w->c, node), 1U << JB_ROLE_LEFT);
        assert_int_equal(w->c.stage, before.stage);
        assert_int_equal(w->c.hops, before.hops);
        assert_int_equal(w->c.host, before.host == node ? LAND : before.host);
        assert_int_equal(w->c.sender, before.sender == node ? LAND : before.sender);
        assert_int_equal(w->c.registrar, before.registrar == node ? LAND : before.registrar);
        assert_int_equal(w->c.custody,
                         before.custody + (before.host == node || before.sender == node));
        hold_clocks(&before, &w->c, node, LAND);
    }
}

static void the_successor_goes_on_where_the_agency_was(void **state)
{
    struct world *w = *state;
    uint32_t custody;

    world_bring(w, JB_STAGE_SIGNED);
    custody = w->c.custody;
    w->now_ms += 60000;
    succeed(w, HOUSING, LAND);
    assert_int_equal(jb_case_order(&w->c)->id, 1);
    assert_int_equal(jb_case_target(&w->c, 1, LAND)->state, JB_TARGET_SIGNED);
    assert_int_equal(jb_case_target(&w->c, 1, LAND)->deadline_id,
                     world_deadline(w, "assigned")->id);
    assert_int_equal(jb_case_target(&w->c, 1, HOUSING)->state, JB_TARGET_SUPERSEDED);
    world_refused(w, HOUSING, ACT(ACCEPT, .custody = custody), JB_REFUSE_STALE_CUSTODY);
    /* Its receipt of the news starts nothing anew. */
    w->now_ms += 2 * JB_DAY_MS;
    world_refused(w, BROKER,
                  ACT(RECEIVED, .node = LAND, .at_ms = w->now_ms, .log_seq = w->c.sent_seq),
                  JB_REFUSE_ALREADY_DONE);
    world_do(w, LAND, ACT(ACCEPT, .told_at_ms = w->now_ms));
}

static void what_is_beside_the_case_passes_on_as_well(void **state)
{
    struct world *w = *state;
    uint32_t docket_clock;

    world_bring(w, JB_STAGE_ACCEPTED);
    world_do(w, LABOUR, ACT(ANSWER, .text = T("x")));
    world_do(w, OFFICE,
             ACT(OPEN_DOCKET, .docket_no = T("督1"), .step = JB_STEP_URGE, .node = LABOUR,
                 .text = T("x")));
    world_do(w, OFFICE, ACT(RECUSE, .node = LABOUR, .person = T("李工"), .reason = T("x")));
    docket_clock = w->c.dockets[0].deadline_id;
    succeed(w, LABOUR, LAND);
    assert_true(jb_case_recused(&w->c, LAND, T("李工")));
    assert_int_equal(w->c.dockets[0].node, LAND);
    assert_int_equal(w->c.dockets[0].closed_ms, 0);
    assert_int_not_equal(w->c.dockets[0].deadline_id, docket_clock);
    assert_int_equal(jb_case_deadline(&w->c, w->c.dockets[0].deadline_id)->node, LAND);
    /* Its answer is the successor's: the host need not wait. */
    for (size_t i = 0; i < w->c.participant_count; i++)
        assert_true(w->c.participants[i].role != JB_ROLE_CO_HANDLER ||
                    w->c.participants[i].answered_ms == w->now_ms);
    world_do(w, HOUSING,
             ACT(ANSWER, .opinion = JB_OPINION_EXPLAINED, .text = T("x"), .report = T("x")));
}

static void an_open_objection_and_a_dispute_go_on(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_SIGNED);
    world_do(w, HOUSING, ACT(OBJECT, .reason = T("x")));
    succeed(w, HOUSING, LAND);
    assert_true(w->c.objection_open);
    assert_int_equal(w->c.objector, LAND);
    world_do(w, OFFICE, ACT(RULE_ON_OBJECTION, .ruling = JB_RULING_REFUSED, .reason = T("x")));
    world_do(w, LAND, ACT(ESCALATE_DISPUTE, .reason = T("x")));
    assert_int_equal(w->c.arbiter, COUNTY);
    succeed(w, COUNTY, OTHER_COUNTY);
    assert_int_equal(w->c.arbiter, OTHER_COUNTY);
    assert_int_equal(w->c.dispute_level, 1);
    assert_int_equal(world_deadline(w, "settle")->node, OTHER_COUNTY);
}

static void a_miss_stays_the_abolished_agencys(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_SIGNED);
    w->now_ms = world_deadline(w, "notify")->due_ms;
    world_tick(w);
    succeed(w, HOUSING, LAND);
    assert_int_equal(world_deadline(w, "notify")->missed_ms, world_deadline(w, "notify")->due_ms);
    world_refused(w, BROKER, ACT(MISS, .deadline_id = world_deadline(w, "notify")->id),
                  JB_REFUSE_ALREADY_DONE);
}

static void what_is_refused(void **state)
{
    struct world *w = *state;
    static const struct {
        uint32_t by, node, successor;
        enum jb_refusal wanted;
    } rows[] = {
        {OFFICE, HOUSING, LAND, JB_REFUSE_BROKER_ONLY},
        {BROKER, HOUSING, HOUSING, JB_REFUSE_SAME_NODE},
        {BROKER, HOUSING, 4711, JB_REFUSE_UNKNOWN_NODE},
        {BROKER, 4711, LAND, JB_REFUSE_UNKNOWN_NODE},
        {BROKER, HOUSING, RETIRED, JB_REFUSE_NODE_NOT_VALID},
        {BROKER, TOWN, LAND, JB_REFUSE_ALREADY_DONE}, /* takes no part */
    };

    world_bring(w, JB_STAGE_SENT);
    for (size_t i = 0; i < COUNT(rows); i++)
        world_refused(w, rows[i].by,
                      ACT(SUCCEED, .node = rows[i].node, .successor = rows[i].successor),
                      rows[i].wanted);
}

/* Rule 8.5 holds for successors: of the accused, of the registrar, of the discipline organ. */
static void an_accusation_stays_confined(void **state)
{
    struct world *w = *state;
    static const uint32_t accused[] = {HOUSING};
    struct jb_act act = *world_register_act();

    act.matter = JB_MATTER_ACCUSATION;
    act.accused = (struct jb_list32){accused, 1};
    world_do(w, OFFICE, &act);
    world_refused(w, BROKER, ACT(SUCCEED, .node = OFFICE, .successor = HOUSING_UNIT),
                  JB_REFUSE_ACCUSATION_CONFINED);
    world_do(w, OFFICE, ACT(REFER, .node = DISCIPLINE));
    succeed(w, DISCIPLINE, LAND); /* no discipline organ: the role ends */
    assert_false(jb_case_has(&w->c, DISCIPLINE) || jb_case_has(&w->c, LAND));
    succeed(w, OFFICE, CITY_OFFICE);
    assert_int_equal(w->c.registrar, CITY_OFFICE);
    assert_true(jb_confine_may_know(&w->c, &w->directory, CITY_OFFICE));
    assert_false(jb_confine_may_know(&w->c, &w->directory, OFFICE));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_open, world_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_role_passes_on_in_every_stage),
        TEST(the_successor_goes_on_where_the_agency_was),
        TEST(what_is_beside_the_case_passes_on_as_well),
        TEST(an_open_objection_and_a_dispute_go_on),
        TEST(a_miss_stays_the_abolished_agencys),
        TEST(what_is_refused),
        TEST(an_accusation_stays_confined),
    };
    return cmocka_run_group_tests_name("decide_succeed", tests, NULL, NULL);
}
