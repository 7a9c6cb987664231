/* Art 28(3): who is recused keeps out, and no duty is lost by it. */
#include "tests/unit/rules_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static void who_may_recuse_whom(void **state)
{
    struct world *w = *state;
    static const struct {
        uint32_t by, whom;
        enum jb_refusal wanted;
    } rows[] = {
        {HOUSING, 0, JB_REFUSE_NONE}, /* oneself */
        {HOUSING, HOUSING, JB_REFUSE_NONE},
        {OFFICE, HOUSING, JB_REFUSE_NONE},
        {OFFICE, LAND, JB_REFUSE_NONE}, /* before it gets the case */
        {LABOUR, HOUSING, JB_REFUSE_WRONG_PARTY},
        {HOUSING, HOUSING_UNIT, JB_REFUSE_NONE}, /* its superior */
        {HOUSING, OFFICE, JB_REFUSE_WRONG_PARTY},
        {OFFICE, 4711, JB_REFUSE_UNKNOWN_NODE},
        {LAND, LAND, JB_REFUSE_UNKNOWN_CASE},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        world_bring(w, JB_STAGE_SIGNED);
        if (world_ask(w, rows[i].by,
                      ACT(RECUSE, .node = rows[i].whom, .person = T("李工"),
                          .reason = T("与信访人有亲属关系"))) != rows[i].wanted)
            fail_msg("row %zu: %s", i, jb_refusal_name(w->v.refusal));
    }
    world_refused(w, HOUSING, ACT(RECUSE, .person = T("李工")), JB_REFUSE_REASON_REQUIRED);
}

static void a_recused_person_does_nothing_more(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_SIGNED);
    world_do(w, HOUSING, ACT(RECUSE, .person = T("王芳"), .reason = T("x")));
    world_refused(w, HOUSING, ACT(ACCEPT, .exit = JB_EXIT_RESIDUE), JB_REFUSE_RECUSED);
    assert_int_equal(world_ask(w, OFFICE, ACT(NOTE, .text = T("x"))), JB_REFUSE_NONE);
    w->user = T("陈明");
    world_refused(w, HOUSING, ACT(RECUSE, .person = T("王芳"), .reason = T("x")),
                  JB_REFUSE_ALREADY_DONE);
    world_do(w, HOUSING, ACT(ACCEPT, .exit = JB_EXIT_RESIDUE));
}

static void a_recused_co_handler_leaves(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_SIGNED);
    world_do(w, OFFICE, ACT(RECUSE, .node = LABOUR, .reason = T("x")));
    assert_false(jb_case_has(&w->c, LABOUR));
    assert_int_equal(world_last_deadline(w, "co-answer")->end, JB_END_CANCELLED);
    assert_int_equal(w->c.host, HOUSING);
    world_do(w, HOUSING, ACT(ACCEPT, .told_at_ms = w->now_ms));
    world_do(w, HOUSING,
             ACT(ANSWER, .opinion = JB_OPINION_EXPLAINED, .text = T("x"), .report = T("x")));
}

static void what_was_ordered_of_a_recused_agency_ends(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_SIGNED);
    world_do(w, OFFICE,
             ACT(ISSUE_DIRECTIVE, .power = JB_POWER_SUPERVISE, .demand = JB_DEMAND_PROGRESS,
                 .node = LABOUR, .text = T("x")));
    world_do(w, OFFICE,
             ACT(OPEN_DOCKET, .docket_no = T("督1"), .step = JB_STEP_URGE, .node = LABOUR,
                 .text = T("x")));
    world_do(w, OFFICE, ACT(RECUSE, .node = LABOUR, .reason = T("x")));
    assert_int_equal(jb_case_target(&w->c, 2, LABOUR)->state, JB_TARGET_WITHDRAWN);
    assert_int_equal(jb_case_directive(&w->c, 2)->status, JB_DIRECTIVE_ENDED);
    assert_int_not_equal(w->c.dockets[0].closed_ms, 0);
    for (size_t i = 0; i < w->c.deadline_count; i++)
        assert_true(w->c.deadlines[i].end != JB_END_OPEN || w->c.deadlines[i].node != LABOUR);
}

static void a_recused_host_gives_the_case_back(void **state)
{
    struct world *w = *state;
    static const uint32_t helper[] = {HOUSING};

    world_bring(w, JB_STAGE_ACCEPTED);
    world_do(w, OFFICE, ACT(RECUSE, .node = HOUSING, .reason = T("被反映单位")));
    assert_int_equal(w->c.host, OFFICE);
    assert_int_equal(w->c.stage, JB_STAGE_REGISTERED);
    assert_int_equal(jb_case_roles(&w->c, HOUSING), 1U << JB_ROLE_LEFT);
    assert_int_equal(world_deadline(w, "resort")->node, OFFICE);
    for (size_t i = 0; i < w->c.deadline_count; i++)
        assert_true(w->c.deadlines[i].end != JB_END_OPEN || w->c.deadlines[i].node == OFFICE);
    assert_null(jb_case_order(&w->c));
    /* It does not get it again, in no role. */
    world_refused(w, OFFICE, ACT(ASSIGN, .node = HOUSING), JB_REFUSE_RECUSED);
    world_refused(w, OFFICE, ACT(FORWARD, .node = HOUSING), JB_REFUSE_RECUSED);
    world_refused(w, OFFICE, ACT(ASSIGN, .node = LAND, .co_handlers = {helper, 1}),
                  JB_REFUSE_RECUSED);
    w->policy->limits_of_authority = false; /* whatever the powers may be */
    world_refused(w, OFFICE,
                  ACT(ISSUE_DIRECTIVE, .power = JB_POWER_SUPERVISE, .demand = JB_DEMAND_EXPLANATION,
                      .node = HOUSING, .text = T("x")),
                  JB_REFUSE_RECUSED);
    world_do(w, OFFICE, ACT(ASSIGN, .node = LAND));
}

/* Nor does the clock bring anybody in who is recused, and it is not held up by it. */
static void the_clock_tells_no_recused_superior(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_SENT);
    world_do(w, OFFICE, ACT(RECUSE, .node = COUNTY, .reason = T("x")));
    w->now_ms = world_deadline(w, "silence")->due_ms + JB_DAY_MS;
    world_tick(w);
    assert_false(jb_case_has(&w->c, COUNTY));
    assert_int_not_equal(world_deadline(w, "sign")->missed_ms, 0);
    assert_int_equal(w->c.arbiter, CONFERENCE);
}

static void the_registrar_as_a_whole_stays(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_SENT);
    world_refused(w, OFFICE, ACT(RECUSE, .node = OFFICE, .reason = T("x")), JB_REFUSE_WRONG_PARTY);
    assert_non_null(strstr(w->v.detail, "one by one"));
    world_bring(w, JB_STAGE_ANSWERED);
    world_refused(w, OFFICE, ACT(RECUSE, .node = HOUSING, .reason = T("x")), JB_REFUSE_WRONG_STAGE);
}

/* The hand-over needs somebody who rules on objections to it. */
static void the_registrar_steps_into_a_recused_senders_place(void **state)
{
    struct world *w = *state;

    world_register(w, CITY_OFFICE, 1, JB_MATTER_APPEAL);
    world_do(w, CITY_OFFICE, ACT(FORWARD, .node = OFFICE));
    world_do(w, OFFICE, ACT(ASSIGN, .node = HOUSING));
    world_do(w, HOUSING, ACT(OBJECT, .reason = T("x")));
    world_do(w, CITY_OFFICE, ACT(RECUSE, .node = OFFICE, .reason = T("x")));
    assert_false(jb_case_has(&w->c, OFFICE));
    assert_int_equal(w->c.host, HOUSING);
    assert_int_equal(w->c.sender, CITY_OFFICE);
    assert_int_equal(w->c.hops, 2);
    assert_int_equal(world_deadline(w, "rule")->node, CITY_OFFICE);
    world_do(w, CITY_OFFICE, ACT(RULE_ON_OBJECTION, .ruling = JB_RULING_AGREED));
    assert_int_equal(w->c.host, CITY_OFFICE);
}

static void another_one_settles_for_a_recused_arbiter(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_SIGNED);
    world_do(w, OFFICE, ACT(ESCALATE_DISPUTE, .reason = T("x")));
    assert_int_equal(w->c.arbiter, COUNTY);
    world_do(w, OFFICE, ACT(RECUSE, .node = COUNTY, .reason = T("x")));
    assert_int_equal(w->c.arbiter, CONFERENCE);
    assert_int_equal(world_deadline(w, "settle")->node, CONFERENCE);
    assert_false(jb_case_has(&w->c, COUNTY));
    world_refused(w, OFFICE, ACT(RECUSE, .node = CONFERENCE, .reason = T("x")),
                  JB_REFUSE_WRONG_PARTY);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_open, world_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_may_recuse_whom),
        TEST(a_recused_person_does_nothing_more),
        TEST(a_recused_co_handler_leaves),
        TEST(what_was_ordered_of_a_recused_agency_ends),
        TEST(a_recused_host_gives_the_case_back),
        TEST(the_clock_tells_no_recused_superior),
        TEST(the_registrar_as_a_whole_stays),
        TEST(the_registrar_steps_into_a_recused_senders_place),
        TEST(another_one_settles_for_a_recused_arbiter),
    };
    return cmocka_run_group_tests_name("decide_recuse", tests, NULL, NULL);
}
