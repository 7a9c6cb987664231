/* A matter that comes again: reopened, recalled as an accusation, split, merged, referred by an
 * office that got it from another. Nothing of the round before counts, and no clock gets longer. */
#include "tests/unit/rules_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "proto/rules/caseno.h"

static void hold_clean(const struct world *w)
{
    for (int fact = JB_FACT_SIGNED; fact < JB_FACT_COUNT; fact++)
        assert_int_equal(w->c.facts_ms[fact], 0);
    assert_int_equal(w->c.opinion, 0);
    assert_int_equal(w->c.exit, 0);
    assert_int_equal(w->c.reviewer, 0);
    assert_int_equal(w->c.review_opinion, 0);
    assert_int_equal(w->c.last_ruling, 0);
    assert_int_equal(w->c.dispute_level, 0);
    assert_false(w->c.objection_open);
    assert_false(w->c.simple);
}

static void a_reopened_case_begins_anew(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_SIGNED);
    world_do(w, HOUSING, ACT(OBJECT, .reason = T("x")));
    world_do(w, OFFICE,
             ACT(RULE_ON_OBJECTION, .ruling = JB_RULING_REFUSED, .reason = T("属于你局职权")));
    world_do(w, HOUSING, ACT(ACCEPT, .told_at_ms = w->now_ms));
    world_do(w, LABOUR, ACT(ANSWER, .text = T("协办意见")));
    world_do(w, HOUSING,
             ACT(ANSWER, .opinion = JB_OPINION_EXPLAINED, .text = T("解释"), .report = T("报告"),
                 .told_at_ms = w->now_ms));
    world_do(w, OFFICE, ACT(CLOSE, .close_no = T("1")));
    world_do(w, OFFICE, ACT(REOPEN, .ground = JB_GROUND_NEW_FACTS, .reason = T("新证据")));
    hold_clean(w);
    /* Nobody is kept from a correction by an opinion that counts no more. */
    world_do(w, OFFICE, ACT(ASSIGN, .node = HOUSING));
    world_do(w, OFFICE,
             ACT(ISSUE_DIRECTIVE, .power = JB_POWER_SUPERVISE, .demand = JB_DEMAND_CORRECTION,
                 .node = HOUSING));
}

static void what_turned_out_no_accusation_begins_anew(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_REVIEWED);
    world_do(w, OFFICE,
             ACT(CLASSIFY, .matter = JB_MATTER_ACCUSATION, .countersigned_by = T("李强")));
    hold_clean(w);
    assert_int_equal(w->c.host, OFFICE);
    world_do(w, OFFICE, ACT(CLASSIFY, .matter = JB_MATTER_APPEAL, .countersigned_by = T("李强")));
    world_do(w, OFFICE, ACT(ASSIGN, .node = HOUSING));
    assert_true(world_runs(w, "notify"));
    world_do(w, HOUSING, ACT(SIGN_FOR, .text = T("收到")));
    world_refused(w, OFFICE, ACT(CLOSE, .close_no = T("1")), JB_REFUSE_WRONG_STAGE);
}

static void a_recommendation_to_the_discipline_organ_outlives_the_recall(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_ACCEPTED);
    world_do(w, OFFICE,
             ACT(ISSUE_DIRECTIVE, .power = JB_POWER_RECOMMEND, .node = DISCIPLINE,
                 .recommendation = JB_RECOMMEND_ACCOUNT, .text = T("追责建议")));
    world_do(w, OFFICE,
             ACT(CLASSIFY, .matter = JB_MATTER_ACCUSATION, .countersigned_by = T("李强")));
    assert_int_equal(jb_case_target(&w->c, 2, DISCIPLINE)->state, JB_TARGET_ISSUED);
    assert_int_equal(world_deadline(w, "recommend")->node, DISCIPLINE);
}

/* Rule 8.5: two persons, neither of them kept out of the case. */
static void the_second_person_is_another_one(void **state)
{
    struct world *w = *state;
    struct jb_act classify =
        *ACT(CLASSIFY, .matter = JB_MATTER_ACCUSATION, .countersigned_by = T("王芳"));

    world_bring(w, JB_STAGE_REGISTERED);
    w->user = T("系统/王芳");
    world_refused(w, OFFICE, &classify, JB_REFUSE_SECOND_PERSON_REQUIRED);
    classify.countersigned_by = T("李强");
    world_do(w, OFFICE, ACT(RECUSE, .person = T("李强"), .reason = T("有利害关系")));
    world_refused(w, OFFICE, &classify, JB_REFUSE_RECUSED);
    classify.countersigned_by = T("赵敏");
    world_do(w, OFFICE, &classify);
}

static void a_recused_head_approves_nothing(void **state)
{
    struct world *w = *state;
    struct jb_act extend = *ACT(EXTEND, .days = 10, .reason = T("复杂"), .approved_by = T("钱局长"),
                                .told_at_ms = w->now_ms);

    world_bring(w, JB_STAGE_ACCEPTED);
    world_do(w, HOUSING, ACT(RECUSE, .person = T("钱局长"), .reason = T("有利害关系")));
    world_refused(w, HOUSING, &extend, JB_REFUSE_RECUSED);
    extend.approved_by = T("孙副局长");
    world_do(w, HOUSING, &extend);
}

static void an_office_refers_what_it_was_sent(void **state)
{
    struct world *w = *state;
    int64_t own_number = w->case_no;

    for (int i = 0; i < 2; i++) {
        world_register(w, CITY_OFFICE, 1, JB_MATTER_APPEAL);
        world_do(w, CITY_OFFICE,
                 i == 0 ? ACT(FORWARD, .node = OFFICE) : ACT(ASSIGN, .node = OFFICE));
        world_do(w, OFFICE, ACT(SIGN_FOR, .text = T("收到")));
        world_do(w, OFFICE, ACT(OBJECT, .reason = T("x")));
        world_do(w, OFFICE, ACT(REFER, .node = COURT));
        assert_int_equal(w->c.stage, JB_STAGE_REFERRED);
        assert_false(w->c.objection_open);
        assert_int_equal(jb_case_directive(&w->c, 1)->status, JB_DIRECTIVE_ENDED);
        assert_int_equal(jb_case_target(&w->c, 1, OFFICE)->state, JB_TARGET_CLEARED);
        for (size_t d = 0; d < w->c.deadline_count; d++)
            assert_int_not_equal(w->c.deadlines[d].end, JB_END_OPEN);
    }
    /* A handler does not. */
    w->case_no = own_number;
    world_bring(w, JB_STAGE_SIGNED);
    world_refused(w, HOUSING, ACT(REFER, .node = COURT), JB_REFUSE_WRONG_PARTY);
}

static void a_part_has_the_sixty_days_of_the_whole(void **state)
{
    struct world *w = *state;
    int64_t accepted_ms = w->now_ms, whole;
    struct jb_act part = *world_register_act();

    world_bring(w, JB_STAGE_ACCEPTED);
    whole = w->c.case_no;
    (void)world_put_aside(w);
    w->now_ms = local("2026-03-20 10:00");
    part.other_case_no = whole;
    assert_int_equal(jb_caseno_make(jb_date_of_instant(w->now_ms), OFFICE, 7, &w->case_no), JB_OK);
    world_do(w, OFFICE, &part);
    world_do(w, OFFICE, ACT(FORWARD, .node = LAND));
    world_do(w, LAND, ACT(SIGN_FOR, .text = T("收到")));
    world_do(w, LAND, ACT(ACCEPT, .told_at_ms = w->now_ms));
    assert_int_equal(world_deadline(w, "handle")->trigger_ms, accepted_ms);
}

static void ratings_that_are_being_cast_outlive_a_merge(void **state)
{
    struct world *w = *state;
    int64_t earlier;

    (void)world_set_limit(w, "rate", 30);
    world_bring(w, JB_STAGE_REGISTERED);
    earlier = w->c.case_no;
    (void)world_put_aside(w);
    w->now_ms = local("2026-03-03 10:00");
    assert_int_equal(jb_caseno_make(jb_date_of_instant(w->now_ms), OFFICE, 2, &w->case_no), JB_OK);
    world_bring(w, JB_STAGE_CLOSED);
    world_do(w, OFFICE, ACT(REOPEN, .ground = JB_GROUND_NEW_FACTS, .reason = T("新证据")));
    world_do(w, OFFICE, ACT(MERGE, .other_case_no = earlier, .reason = T("同一事项")));
    assert_int_equal(w->c.stage, JB_STAGE_MERGED);
    w->now_ms = world_deadline(w, "rate")->due_ms;
    world_tick(w);
    assert_int_equal(w->c.ratings[0].state, JB_RATING_UNRATED);
    assert_false(world_runs(w, "rate"));
}

/* Nobody has placed it yet: that is for the conference, whoever registered it. */
static void what_a_handler_registers_across_boundaries_is_the_conferences(void **state)
{
    struct world *w = *state;
    struct jb_act act = *world_register_act();

    assert_int_equal(jb_caseno_make(jb_date_of_instant(w->now_ms), HOUSING, 1, &w->case_no), JB_OK);
    act.flags = JB_FLAG_CROSS_BOUNDARY;
    world_do(w, HOUSING, &act);
    world_refused(w, HOUSING, ACT(HANDOVER, .node = LAND, .reason = T("x")),
                  JB_REFUSE_CONFERENCE_LEADS);
    world_do(w, HOUSING, ACT(ESCALATE_DISPUTE, .reason = T("三跨三分离")));
    assert_int_equal(w->c.arbiter, CONFERENCE);
    assert_int_equal(w->c.dispute_level, 2);
    assert_int_equal(w->c.host, HOUSING);
    world_do(w, CONFERENCE, ACT(DESIGNATE, .node = LAND));
    world_forget_case(w);
    act.flags = JB_FLAG_LITIGATION;
    world_do(w, HOUSING, &act);
    world_refused(w, HOUSING, ACT(HANDOVER, .node = LAND, .reason = T("x")), JB_REFUSE_EXIT_TAKEN);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_open, world_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_reopened_case_begins_anew),
        TEST(what_turned_out_no_accusation_begins_anew),
        TEST(a_recommendation_to_the_discipline_organ_outlives_the_recall),
        TEST(the_second_person_is_another_one),
        TEST(a_recused_head_approves_nothing),
        TEST(an_office_refers_what_it_was_sent),
        TEST(a_part_has_the_sixty_days_of_the_whole),
        TEST(ratings_that_are_being_cast_outlive_a_merge),
        TEST(what_a_handler_registers_across_boundaries_is_the_conferences),
    };

    return cmocka_run_group_tests_name("decide_round", tests, NULL, NULL);
}
