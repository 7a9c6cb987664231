/* What mechanisms of the rulebook do to each other: disputes and silence, directives and those who
 * issued them, successors, recusal, objections. No duty gets lost in between, and none gets more
 * time. */
#include "tests/unit/rules_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define EXPLAIN .power = JB_POWER_SUPERVISE, .demand = JB_DEMAND_EXPLANATION

static const uint32_t two_helpers[] = {LABOUR, LAND};

static void object(struct world *w)
{
    world_do(w, HOUSING, ACT(OBJECT, .reason = T("不属于本机关职权")));
}

static bool owes(const struct world *w, uint32_t node, const char *key)
{
    for (size_t i = 0; i < w->c.deadline_count; i++) {
        const struct jb_deadline *d = &w->c.deadlines[i];

        if (d->end == JB_END_OPEN && d->node == node && (key == NULL || strcmp(d->key, key) == 0))
            return true;
    }
    return false;
}

/* The agency is abolished, and its successor takes its place in the case. */
static void abolish(struct world *w, uint32_t node, uint32_t successor)
{
    world_node(w, node)->valid_to_ms = w->now_ms - 1;
    world_node(w, node)->successor = successor;
    world_do(w, BROKER, ACT(SUCCEED, .node = node, .successor = successor));
}

/* ---- disputes ------------------------------------------------------------------------------- */

static void what_the_superior_does_not_settle_goes_to_the_conference(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_SIGNED);
    object(w);
    world_do(w, OFFICE,
             ACT(RULE_ON_OBJECTION, .ruling = JB_RULING_REFUSED, .reason = T("属于你局职权")));
    world_do(w, HOUSING, ACT(ESCALATE_DISPUTE, .reason = T("争议")));
    assert_int_equal(w->c.arbiter, COUNTY);
    w->now_ms = local("2026-03-10 00:00");
    world_tick(w);
    assert_int_equal(w->c.dispute_level, 2);
    assert_int_equal(w->c.arbiter, CONFERENCE);
    assert_true(owes(w, CONFERENCE, "settle"));
    assert_false(owes(w, COUNTY, "settle"));
    assert_int_equal(w->c.host, HOUSING);
    /* There is nobody above it: it goes on owing the settlement. */
    w->now_ms = local("2026-03-18 00:00");
    world_tick(w);
    assert_int_equal(w->c.arbiter, CONFERENCE);
    assert_int_not_equal(world_deadline(w, "settle")->missed_ms, 0);
}

static void a_signature_ends_the_dispute_that_silence_began(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_SENT);
    w->now_ms = local("2026-03-10 00:00");
    world_tick(w);
    assert_int_equal(w->c.arbiter, COUNTY);
    world_do(w, HOUSING, ACT(SIGN_FOR, .text = T("收到")));
    assert_int_equal(w->c.dispute_level, 0);
    assert_false(world_runs(w, "settle"));
    assert_true(jb_case_has(&w->c, COUNTY));
    /* One that the sender began before that is about something else. */
    w->now_ms = local("2026-03-02 10:00");
    world_bring(w, JB_STAGE_SENT);
    world_do(w, OFFICE, ACT(ESCALATE_DISPUTE, .reason = T("归属不清")));
    w->now_ms = local("2026-03-10 00:00");
    world_tick(w);
    world_do(w, HOUSING, ACT(SIGN_FOR, .text = T("收到")));
    assert_int_not_equal(w->c.dispute_level, 0);
    assert_true(world_runs(w, "settle"));
}

static void who_gets_no_ruling_need_not_wait_for_it(void **state)
{
    struct world *w = *state;
    struct jb_act escalate = *ACT(ESCALATE_DISPUTE, .reason = T("逾期未裁定"));

    world_bring(w, JB_STAGE_SIGNED);
    object(w);
    world_refused(w, HOUSING, &escalate, JB_REFUSE_NO_DISPUTE);
    world_refused(w, HOUSING, ACT(ACCEPT, .told_at_ms = w->now_ms), JB_REFUSE_OBJECTION_OPEN);
    w->now_ms = world_deadline(w, "rule")->due_ms;
    world_do(w, HOUSING, &escalate);
    assert_int_equal(w->c.dispute_level, 1);
    assert_false(w->c.objection_open);
    assert_false(world_runs(w, "rule"));
}

static void a_ruling_binds_no_later_order(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_SIGNED);
    object(w);
    world_do(w, OFFICE,
             ACT(RULE_ON_OBJECTION, .ruling = JB_RULING_REFUSED, .reason = T("属于你局职权")));
    world_do(w, OFFICE, ACT(ASSIGN, .node = LAND));
    assert_int_equal(w->c.last_ruling, 0);
    world_do(w, OFFICE, ACT(ASSIGN, .node = HOUSING));
    world_refused(w, HOUSING, ACT(ESCALATE_DISPUTE, .reason = T("x")), JB_REFUSE_NO_DISPUTE);
    object(w);
}

static void a_case_closes_without_its_dispute(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_SIGNED);
    world_do(w, HOUSING, ACT(ACCEPT, .exit = JB_EXIT_LITIGATION, .told_at_ms = w->now_ms));
    world_do(w, OFFICE, ACT(ESCALATE_DISPUTE, .reason = T("归属不清")));
    world_do(w, OFFICE, ACT(CLOSE, .close_no = T("1")));
    assert_int_equal(w->c.dispute_level, 0);
    assert_false(world_runs(w, "settle"));
}

/* A receipt that comes late asks nobody for a signature that has been given. */
static void a_late_receipt_revives_no_silence(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_SENT);
    w->now_ms = local("2026-03-10 00:00");
    world_tick(w);
    world_do(w, HOUSING, ACT(SIGN_FOR, .text = T("收到")));
    world_do(w, BROKER, ACT(RECEIVED, .node = HOUSING, .at_ms = w->now_ms));
    assert_false(world_runs(w, "silence"));
    assert_true(world_runs(w, "object")); /* a right that lapsed before it could be used */
}

/* A notice that an objection held up does not stand still for ever when the case goes back. */
static void what_goes_back_runs_again(void **state)
{
    struct world *w = *state;
    const struct jb_deadline *notify;

    w->policy->receive_first = false;
    world_bring(w, JB_STAGE_REGISTERED);
    world_do(w, OFFICE, ACT(FORWARD, .node = LAND));
    world_do(w, LAND, ACT(HANDOVER, .node = HOUSING, .reason = T("属于住建")));
    object(w);
    assert_int_not_equal(world_deadline(w, "notify")->paused_from_ms, 0);
    world_do(w, LAND, ACT(RULE_ON_OBJECTION, .ruling = JB_RULING_AGREED));
    notify = world_deadline(w, "notify");
    assert_int_equal(notify->node, LAND);
    assert_int_equal(notify->paused_from_ms, 0);
    /* Nor when the same agency gets it again by an order from above. */
    world_bring(w, JB_STAGE_REGISTERED);
    world_do(w, OFFICE, ACT(FORWARD, .node = HOUSING));
    object(w);
    world_do(w, OFFICE, ACT(ASSIGN, .node = HOUSING));
    assert_int_equal(world_deadline(w, "notify")->paused_from_ms, 0);
}

/* ---- whoever issued it ---------------------------------------------------------------------- */

/* CITY_OFFICE has HOUSING explain itself, and opens a docket about it. */
static void supervised(struct world *w)
{
    world_bring(w, JB_STAGE_ACCEPTED);
    world_join(w, CITY_OFFICE, JB_ROLE_INFORMED);
    world_do(w, CITY_OFFICE, ACT(ISSUE_DIRECTIVE, EXPLAIN, .node = HOUSING));
    world_do(w, CITY_OFFICE, ACT(OPEN_DOCKET, .docket_no = T("督1"), .node = HOUSING));
}

static void hold_stands_in(struct world *w, uint32_t node)
{
    uint32_t deadline = world_deadline(w, "supervise")->id;

    world_do(w, node,
             ACT(EXTEND, .deadline_id = deadline, .days = 5, .reason = T("案情复杂"),
                 .approved_by = T("主任")));
    world_do(
        w, node,
        ACT(STEP_DOCKET, .docket_no = T("督1"), .step = JB_STEP_TALK, .basis = T("联席会议决定")));
    world_do(w, node, ACT(CLEAR_DIRECTIVE, .directive_no = 2, .text = T("不再需要")));
    world_do(w, node, ACT(CLOSE_DOCKET, .docket_no = T("督1")));
    assert_false(world_runs(w, "supervise"));
    assert_false(world_runs(w, "docket"));
}

static void an_abolished_issuers_successor_goes_on_with_it(void **state)
{
    struct world *w = *state;

    supervised(w);
    world_refused(w, OFFICE, ACT(CLEAR_DIRECTIVE, .directive_no = 2, .text = T("x")),
                  JB_REFUSE_WRONG_PARTY);
    abolish(w, CITY_OFFICE, OFFICE);
    hold_stands_in(w, OFFICE);
}

static void the_registrar_goes_on_for_an_issuer_who_is_gone(void **state)
{
    struct world *w = *state;

    supervised(w);
    /* Nobody keeps his superior out. */
    world_refused(w, OFFICE, ACT(RECUSE, .node = CITY_OFFICE, .reason = T("x")),
                  JB_REFUSE_WRONG_PARTY);
    world_do(w, CITY_OFFICE, ACT(RECUSE, .node = CITY_OFFICE, .reason = T("有利害关系")));
    hold_stands_in(w, OFFICE);
}

static void whose_directive_runs_sees_it_through(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_SENT);
    world_join(w, CONFERENCE, JB_ROLE_ARBITER);
    world_join(w, COUNTY, JB_ROLE_ARBITER);
    world_do(w, CONFERENCE, ACT(ISSUE_DIRECTIVE, EXPLAIN, .node = HOUSING));
    world_do(w, OFFICE, ACT(ASSIGN, .node = LAND));
    assert_true(jb_case_has(&w->c, CONFERENCE));
    assert_false(jb_case_has(&w->c, COUNTY));
    /* Nor does a host that is host no more. */
    world_register(w, CITY_OFFICE, 1, JB_MATTER_APPEAL);
    world_do(w, CITY_OFFICE, ACT(ASSIGN, .node = OFFICE));
    world_do(w, OFFICE, ACT(ISSUE_DIRECTIVE, EXPLAIN, .node = HOUSING));
    world_do(w, CITY_OFFICE, ACT(ASSIGN, .node = HOUSING));
    assert_true(jb_case_has(&w->c, OFFICE));
    world_do(w, OFFICE, ACT(CLEAR_DIRECTIVE, .directive_no = 2, .text = T("不再需要")));
}

static void the_second_signature_is_another_persons(void **state)
{
    struct world *w = *state;
    struct jb_act summon = *ACT(ISSUE_DIRECTIVE, .power = JB_POWER_SUPERVISE,
                                .demand = JB_DEMAND_SUMMONS, .people = 60, .node = TOWN);

    world_bring(w, JB_STAGE_ACCEPTED);
    world_delegate(w, OFFICE, "王芳", 0);
    world_delegate(w, OFFICE, "赵县长", 0);
    w->user = T("系统/王芳");
    summon.countersigned_by = T("王芳");
    world_refused(w, OFFICE, &summon, JB_REFUSE_COUNTERSIGN_REQUIRED);
    summon.countersigned_by = T("");
    world_do(w, OFFICE, &summon);
    w->user = T("李强");
    world_refused(w, OFFICE,
                  ACT(COUNTERSIGN_DIRECTIVE, .directive_no = 2, .countersigned_by = T("王芳")),
                  JB_REFUSE_COUNTERSIGN_REQUIRED);
    world_do(w, OFFICE, ACT(RECUSE, .person = T("赵县长"), .reason = T("有利害关系")));
    world_refused(w, OFFICE,
                  ACT(COUNTERSIGN_DIRECTIVE, .directive_no = 2, .countersigned_by = T("赵县长")),
                  JB_REFUSE_RECUSED);
}

static void nothing_comes_into_force_in_a_case_that_is_elsewhere(void **state)
{
    struct world *w = *state;

    world_delegate(w, OFFICE, "赵县长", 0);
    world_bring(w, JB_STAGE_REGISTERED);
    world_do(w, OFFICE,
             ACT(ISSUE_DIRECTIVE, .power = JB_POWER_SUPERVISE, .demand = JB_DEMAND_SUMMONS,
                 .people = 60, .node = TOWN));
    world_do(w, OFFICE, ACT(REFER, .node = COURT));
    world_refused(w, OFFICE,
                  ACT(COUNTERSIGN_DIRECTIVE, .directive_no = 1, .countersigned_by = T("赵县长")),
                  JB_REFUSE_WRONG_STAGE);
}

/* ---- successors ----------------------------------------------------------------------------- */

static void nobody_rules_on_his_own_objection(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_REGISTERED);
    world_do(w, OFFICE, ACT(FORWARD, .node = LAND));
    world_do(w, LAND, ACT(HANDOVER, .node = HOUSING, .reason = T("属于住建")));
    object(w);
    abolish(w, LAND, HOUSING);
    assert_int_equal(w->c.host, HOUSING);
    assert_int_equal(w->c.sender, OFFICE);
    assert_true(owes(w, OFFICE, "rule"));
    assert_true(owes(w, OFFICE, "deliver"));
    world_do(w, OFFICE, ACT(RULE_ON_OBJECTION, .ruling = JB_RULING_AGREED));
    assert_int_equal(w->c.host, OFFICE);
    assert_false(owes(w, HOUSING, NULL));
}

static void a_registrar_that_was_sent_its_own_case_has_nobody_to_object_to(void **state)
{
    struct world *w = *state;

    for (int by_recusal = 0; by_recusal < 2; by_recusal++) {
        world_bring(w, JB_STAGE_REGISTERED);
        world_join(w, CITY_OFFICE, JB_ROLE_INFORMED);
        world_do(w, CITY_OFFICE, ACT(ASSIGN, .node = OFFICE));
        world_do(w, OFFICE, ACT(OBJECT, .reason = T("x")));
        if (by_recusal)
            world_do(w, CITY_OFFICE, ACT(RECUSE, .node = CITY_OFFICE, .reason = T("x")));
        else
            world_do(w, BROKER, ACT(SUCCEED, .node = CITY_OFFICE, .successor = OFFICE));
        assert_int_equal(w->c.host, OFFICE);
        assert_int_equal(w->c.sender, 0);
        assert_false(w->c.objection_open);
        assert_false(world_runs(w, "object"));
        assert_false(world_runs(w, "rule"));
        assert_false(world_runs(w, "deliver"));
        assert_true(owes(w, OFFICE, "sort"));
        world_do(w, OFFICE, ACT(ASSIGN, .node = HOUSING));
    }
}

static void a_recused_successor_takes_no_place(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_SIGNED);
    world_do(w, OFFICE, ACT(RECUSE, .node = LAND, .reason = T("与本案有利害关系")));
    abolish(w, HOUSING, LAND);
    assert_int_equal(w->c.stage, JB_STAGE_REGISTERED);
    assert_int_equal(w->c.host, OFFICE);
    assert_true(owes(w, OFFICE, "resort"));
    assert_false(jb_case_has(&w->c, HOUSING));
    assert_false(jb_case_has(&w->c, LAND));
    assert_false(owes(w, HOUSING, NULL));
}

static void who_becomes_host_owes_no_answer_as_a_helper(void **state)
{
    struct world *w = *state;

    for (int i = 0; i < 3; i++) {
        world_bring(w, i == 2 ? JB_STAGE_REGISTERED : JB_STAGE_SIGNED);
        if (i == 0) {
            world_do(w, BROKER, ACT(SUCCEED, .node = HOUSING, .successor = LABOUR));
        } else if (i == 1) {
            world_do(w, BROKER, ACT(SUCCEED, .node = LABOUR, .successor = HOUSING));
        } else {
            world_do(w, OFFICE, ACT(FORWARD, .node = HOUSING, .co_handlers = {two_helpers, 1}));
            world_do(w, HOUSING, ACT(HANDOVER, .node = LABOUR, .reason = T("属于人社")));
        }
        assert_int_equal(w->c.host, i == 1 ? HOUSING : LABOUR);
        assert_false(world_runs(w, "co-answer"));
    }
}

static void nobody_gets_more_time_for_being_asked_twice(void **state)
{
    struct world *w = *state;
    struct jb_act assign = *ACT(ASSIGN, .node = HOUSING, .co_handlers = {two_helpers, 1});
    int64_t due_ms;

    world_bring(w, JB_STAGE_SENT);
    due_ms = world_deadline(w, "co-answer")->due_ms;
    w->now_ms = local("2026-03-20 10:00");
    world_do(w, OFFICE, &assign);
    assert_int_equal(world_deadline(w, "co-answer")->due_ms, due_ms);
    due_ms = world_deadline(w, "assigned")->due_ms;
    world_do(w, OFFICE, &assign);
    assert_int_equal(world_deadline(w, "assigned")->due_ms, due_ms);
    assign.due_ms = local("2026-03-25 00:00");
    world_do(w, OFFICE, &assign);
    assert_int_equal(world_deadline(w, "co-answer")->due_ms, assign.due_ms);
    assert_int_equal(world_deadline(w, "assigned")->due_ms, assign.due_ms);
    assign.due_ms = local("2026-03-28 00:00");
    world_refused(w, OFFICE, &assign, JB_REFUSE_LENGTHENS_STATUTORY);
    assign.due_ms = 0;
    world_do(w, OFFICE, &assign);
    assert_int_equal(world_deadline(w, "assigned")->due_ms, local("2026-03-25 00:00"));
}

static void a_helper_answers_for_the_one_it_succeeds(void **state)
{
    struct world *w = *state;

    for (int i = 0; i < 2; i++) {
        uint32_t answered = i == 0 ? LABOUR : LAND;

        world_bring(w, JB_STAGE_REGISTERED);
        world_do(w, OFFICE, ACT(ASSIGN, .node = HOUSING, .co_handlers = {two_helpers, 2}));
        world_do(w, answered, ACT(ANSWER, .text = T("协办意见")));
        world_do(w, BROKER, ACT(SUCCEED, .node = LABOUR, .successor = LAND));
        assert_true(owes(w, LAND, "co-answer"));
        world_do(w, LAND, ACT(ANSWER, .text = T("协办意见")));
        assert_false(world_runs(w, "co-answer"));
    }
}

/* The case came back to the agency that was ordered to handle it. */
static void what_comes_back_by_hand_is_still_under_its_order(void **state)
{
    struct world *w = *state;

    w->policy->sub_assign_within_tree = false;
    world_bring(w, JB_STAGE_SIGNED);
    world_do(w, HOUSING, ACT(HANDOVER, .node = LAND, .reason = T("属于自然资源")));
    world_do(w, LAND, ACT(HANDOVER, .node = HOUSING, .reason = T("属于住建")));
    assert_true(owes(w, HOUSING, "assigned"));
    assert_int_equal(jb_case_target(&w->c, 1, HOUSING)->state, JB_TARGET_SIGNED);
    assert_int_equal(jb_case_directive(&w->c, 1)->status, JB_DIRECTIVE_IN_FORCE);
}

/* Who takes the arbiter's place settles nothing of its own. */
static void no_host_settles_its_own_dispute(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_SENT);
    world_do(w, OFFICE, ACT(ESCALATE_DISPUTE, .reason = T("归属不清")));
    assert_int_equal(w->c.arbiter, COUNTY);
    world_do(w, BROKER, ACT(SUCCEED, .node = COUNTY, .successor = HOUSING));
    assert_int_equal(w->c.arbiter, CONFERENCE);
    assert_true(owes(w, CONFERENCE, "settle"));
    assert_false(owes(w, COUNTY, NULL));
    world_do(w, BROKER, ACT(SUCCEED, .node = CONFERENCE, .successor = HOUSING));
    assert_int_equal(w->c.dispute_level, 0);
    assert_false(world_runs(w, "settle"));
}

static void two_receivers_that_become_one_answer_once(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_ACCEPTED);
    world_do(w, OFFICE, ACT(ISSUE_DIRECTIVE, EXPLAIN, .audience = {two_helpers, 2}));
    world_do(w, LAND, ACT(SIGN_DIRECTIVE, .directive_no = 2));
    world_do(w, LAND, ACT(ANSWER_DIRECTIVE, .directive_no = 2, .text = T("说明")));
    world_do(w, BROKER, ACT(SUCCEED, .node = LABOUR, .successor = LAND));
    assert_int_equal(jb_case_target(&w->c, 2, LAND)->state, JB_TARGET_ANSWERED);
    assert_int_equal(jb_case_target(&w->c, 2, LABOUR)->state, JB_TARGET_SUPERSEDED);
    assert_false(world_runs(w, "supervise"));
}

static void no_successor_gets_the_short_track_anew(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_REGISTERED);
    world_do(w, OFFICE, ACT(FORWARD, .node = HOUSING));
    w->now_ms = local("2026-03-06 09:00");
    world_refused(w, HOUSING, ACT(START_SIMPLE, .reason = T("x")), JB_REFUSE_SIMPLE_EXCLUDED);
    abolish(w, HOUSING, LAND);
    world_refused(w, LAND, ACT(START_SIMPLE, .reason = T("x")), JB_REFUSE_SIMPLE_EXCLUDED);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_open, world_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_the_superior_does_not_settle_goes_to_the_conference),
        TEST(a_signature_ends_the_dispute_that_silence_began),
        TEST(who_gets_no_ruling_need_not_wait_for_it),
        TEST(a_ruling_binds_no_later_order),
        TEST(a_case_closes_without_its_dispute),
        TEST(a_late_receipt_revives_no_silence),
        TEST(what_goes_back_runs_again),
        TEST(an_abolished_issuers_successor_goes_on_with_it),
        TEST(the_registrar_goes_on_for_an_issuer_who_is_gone),
        TEST(whose_directive_runs_sees_it_through),
        TEST(the_second_signature_is_another_persons),
        TEST(nothing_comes_into_force_in_a_case_that_is_elsewhere),
        TEST(nobody_rules_on_his_own_objection),
        TEST(a_registrar_that_was_sent_its_own_case_has_nobody_to_object_to),
        TEST(a_recused_successor_takes_no_place),
        TEST(who_becomes_host_owes_no_answer_as_a_helper),
        TEST(nobody_gets_more_time_for_being_asked_twice),
        TEST(a_helper_answers_for_the_one_it_succeeds),
        TEST(what_comes_back_by_hand_is_still_under_its_order),
        TEST(no_host_settles_its_own_dispute),
        TEST(two_receivers_that_become_one_answer_once),
        TEST(no_successor_gets_the_short_track_anew),
    };

    return cmocka_run_group_tests_name("decide_between", tests, NULL, NULL);
}
