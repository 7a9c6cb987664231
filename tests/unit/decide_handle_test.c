/* The handler's own acts, Art 22-34, each row named by its article: signing, the six exits,
 * declining, telling, answering, executing, closing. */
#include "tests/unit/rules_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "proto/rules/caseno.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static int64_t start_ms(void)
{
    return local("2026-03-02 10:00");
}

/* Registered by OFFICE, forwarded to HOUSING and signed for. */
static void bring_forwarded(struct world *w, int matter, uint32_t flags)
{
    struct jb_act act = *world_register_act();

    w->now_ms = start_ms();
    world_forget_case(w);
    act.matter = matter;
    act.flags = flags;
    world_do(w, OFFICE, &act);
    world_do(w, OFFICE, ACT(FORWARD, .node = HOUSING));
    world_do(w, HOUSING, ACT(SIGN_FOR, .text = T("收到")));
}

/* ---- Art 31: six exits ---------------------------------------------------------------------- */

static const struct {
    const char *article;
    int exit;
    bool sixty_days;
    enum jb_refusal answer, close;
} exits[] = {
    {"31(1)", JB_EXIT_LITIGATION, false, JB_REFUSE_EXIT_TAKEN, JB_REFUSE_NONE},
    {"31(2)", JB_EXIT_ARBITRATION, false, JB_REFUSE_EXIT_TAKEN, JB_REFUSE_NONE},
    {"31(3)", JB_EXIT_PARTY_APPEAL, false, JB_REFUSE_EXIT_TAKEN, JB_REFUSE_NONE},
    {"31(4)", JB_EXIT_ADMIN_REVIEW, false, JB_REFUSE_EXIT_TAKEN, JB_REFUSE_NONE},
    {"31(5)", JB_EXIT_PROTECTIVE_DUTY, false, JB_REFUSE_NONE, JB_REFUSE_NONE},
    {"31(6)", JB_EXIT_RESIDUE, true, JB_REFUSE_NONE, JB_REFUSE_WRONG_STAGE},
    {"31(6), by default", 0, true, JB_REFUSE_NONE, JB_REFUSE_WRONG_STAGE},
};

static void six_exits(void **state)
{
    struct world *w = *state;

    for (size_t i = 0; i < COUNT(exits); i++) {
        print_message("Art %s\n", exits[i].article);
        bring_forwarded(w, JB_MATTER_APPEAL, 0);
        world_do(w, HOUSING, ACT(ACCEPT, .exit = exits[i].exit, .notice_no = T("1")));
        assert_int_equal(w->c.exit, exits[i].exit != 0 ? exits[i].exit : JB_EXIT_RESIDUE);
        assert_int_equal(world_runs(w, "handle"), exits[i].sixty_days);
        /* Accepted is not told: the matter cannot be closed before. */
        world_refused(w, HOUSING, ACT(CLOSE, .close_no = T("1")),
                      exits[i].sixty_days ? JB_REFUSE_WRONG_STAGE : JB_REFUSE_NOT_TOLD);
        if (!exits[i].sixty_days)
            assert_non_null(strstr(w->v.detail, "Art 31"));
        world_do(w, HOUSING, ACT(NOTIFY, .told_at_ms = w->now_ms, .how = T("当面")));
        world_refused(w, HOUSING, ACT(ANSWER, .opinion = JB_OPINION_EXPLAINED, .text = T("意见")),
                      exits[i].answer);
        world_refused(w, HOUSING, ACT(CLOSE, .close_no = T("1")), exits[i].close);
    }
}

static void a_route_is_the_result_of_an_assignment(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_SIGNED);
    world_do(w, HOUSING, ACT(ACCEPT, .exit = JB_EXIT_LITIGATION, .told_at_ms = w->now_ms));
    assert_int_equal(world_last_deadline(w, "assigned")->end, JB_END_MET);
    assert_false(world_runs(w, "co-answer"));
    world_refused(w, LABOUR, ACT(ANSWER, .text = T("意见")), JB_REFUSE_EXIT_TAKEN);
    world_refused(w, HOUSING, ACT(CLOSE, .close_no = T("1")), JB_REFUSE_WRONG_PARTY);
    world_do(w, OFFICE, ACT(CLOSE, .close_no = T("1")));
    assert_int_equal(w->c.stage, JB_STAGE_CLOSED);
}

static void another_route_after_an_acceptance_ends_the_sixty_days(void **state)
{
    struct world *w = *state;

    bring_forwarded(w, JB_MATTER_APPEAL, 0);
    world_do(w, HOUSING, ACT(ACCEPT, .told_at_ms = w->now_ms));
    assert_true(world_runs(w, "handle"));
    world_do(w, HOUSING, ACT(HANDOVER, .node = LAND));
    world_do(w, LAND, ACT(SIGN_FOR, .text = T("收到")));
    assert_int_equal(world_deadline(w, "handle")->node, LAND);
    world_do(w, LAND, ACT(ACCEPT, .exit = JB_EXIT_ADMIN_REVIEW, .told_at_ms = w->now_ms));
    assert_false(world_runs(w, "handle"));
}

static void a_suggestion_has_no_day_limit_and_gets_a_reply(void **state)
{
    struct world *w = *state;

    bring_forwarded(w, JB_MATTER_SUGGESTION, 0);
    world_refused(w, HOUSING, ACT(ACCEPT, .exit = JB_EXIT_RESIDUE), JB_REFUSE_VALUE_OUT_OF_RANGE);
    world_do(w, HOUSING, ACT(ACCEPT, .told_at_ms = w->now_ms));
    assert_false(world_runs(w, "handle"));
    world_refused(w, HOUSING, ACT(CLOSE, .close_no = T("1")), JB_REFUSE_WRONG_STAGE);
    world_do(w, HOUSING, ACT(ANSWER, .text = T("已采纳"), .told_at_ms = w->now_ms));
    assert_false(world_runs(w, "ask-review"));
    world_do(w, HOUSING, ACT(CLOSE, .close_no = T("1")));
}

/* ---- Art 23: decline ------------------------------------------------------------------------ */

static void a_decline_after_a_told_acceptance_is_told_anew(void **state)
{
    struct world *w = *state;
    int64_t told_ms;

    bring_forwarded(w, JB_MATTER_APPEAL, 0);
    world_do(w, HOUSING, ACT(ACCEPT, .told_at_ms = w->now_ms));
    world_do(w, HOUSING, ACT(HANDOVER, .node = LAND));
    world_do(w, LAND, ACT(SIGN_FOR, .text = T("收到")));
    assert_false(world_runs(w, "notify"));
    w->now_ms = local("2026-03-09 09:00");
    world_do(w, LAND, ACT(DECLINE, .reason = T("已有生效判决")));
    assert_int_equal(w->c.facts_ms[JB_FACT_TOLD], 0);
    assert_int_equal(world_deadline(w, "notify")->node, LAND);
    assert_int_equal(world_deadline(w, "notify")->due_ms, local("2026-03-24 24:00"));
    assert_false(world_runs(w, "handle"));
    world_refused(w, OFFICE, ACT(CLOSE, .close_no = T("1")), JB_REFUSE_NOT_TOLD);
    assert_string_equal(w->v.detail, "Art 23: of the decline");
    told_ms = local("2026-03-09 09:00");
    world_do(w, LAND, ACT(NOTIFY, .told_at_ms = told_ms, .how = T("邮寄")));
    assert_int_equal(world_last_deadline(w, "notify")->end, JB_END_MET);
    world_do(w, OFFICE, ACT(CLOSE, .close_no = T("1")));
    /* Told with the decline itself, nothing is left to run. */
    bring_forwarded(w, JB_MATTER_APPEAL, 0);
    world_do(w, HOUSING, ACT(ACCEPT, .told_at_ms = w->now_ms));
    world_do(w, HOUSING, ACT(HANDOVER, .node = LAND));
    world_do(w, LAND, ACT(SIGN_FOR, .text = T("收到")));
    world_do(w, LAND, ACT(DECLINE, .reason = T("已有生效判决"), .told_at_ms = w->now_ms));
    assert_false(world_runs(w, "notify"));
    assert_int_equal(w->c.facts_ms[JB_FACT_TOLD], w->now_ms);
}

static void nobody_is_owed_a_notice_who_cannot_be_reached(void **state)
{
    struct world *w = *state;

    bring_forwarded(w, JB_MATTER_APPEAL, JB_FLAG_UNREACHABLE);
    world_do(w, HOUSING, ACT(ACCEPT, .told_at_ms = w->now_ms));
    world_do(w, HOUSING, ACT(HANDOVER, .node = LAND));
    world_do(w, LAND, ACT(SIGN_FOR, .text = T("收到")));
    world_do(w, LAND, ACT(DECLINE, .reason = T("已有生效判决")));
    assert_false(world_runs(w, "notify"));
}

/* ---- four facts, never merged --------------------------------------------------------------- */

static void four_facts_stay_apart(void **state)
{
    struct world *w = *state;
    static const enum jb_fact facts[] = {JB_FACT_SIGNED,   JB_FACT_ACCEPTED,    JB_FACT_TOLD,
                                         JB_FACT_ANSWERED, JB_FACT_ANSWER_TOLD, JB_FACT_EXECUTED,
                                         JB_FACT_CLOSED};
    const struct {
        const char *article;
        uint32_t node;
        const struct jb_act *act;
        size_t happened; /* of `facts` */
    } steps[] = {
        {"22", HOUSING, ACT(SIGN_FOR, .text = T("收到")), 1},
        {"23", HOUSING, ACT(ACCEPT, .notice_no = T("1")), 2},
        {"23", HOUSING, ACT(NOTIFY, .told_at_ms = w->now_ms), 3},
        {"34", HOUSING, ACT(ANSWER, .opinion = JB_OPINION_SUPPORTED, .text = T("意见")), 4},
        {"34", HOUSING, ACT(RECORD_DELIVERY, .told_at_ms = w->now_ms, .how = T("邮寄")), 5},
        {"32", HOUSING, ACT(EXECUTE, .text = T("已落实")), 6},
        {"34", OFFICE, ACT(CLOSE, .close_no = T("1")), 7},
    };

    w->now_ms = start_ms();
    world_bring(w, JB_STAGE_REGISTERED);
    world_do(w, OFFICE, ACT(FORWARD, .node = HOUSING));
    for (size_t i = 0; i < COUNT(steps); i++) {
        print_message("Art %s: %s\n", steps[i].article, jb_act_kind_name(steps[i].act->kind));
        world_do(w, steps[i].node, steps[i].act);
        for (size_t f = 0; f < COUNT(facts); f++)
            assert_int_equal(w->c.facts_ms[facts[f]] != 0, f < steps[i].happened);
    }
}

/* ---- telling, and the record of a delivery -------------------------------------------------- */

static void an_answer_in_hand_starts_the_right_to_a_review(void **state)
{
    struct world *w = *state;

    bring_forwarded(w, JB_MATTER_APPEAL, 0);
    world_do(w, HOUSING, ACT(ACCEPT, .notice_no = T("1")));
    world_do(w, HOUSING, ACT(ANSWER, .opinion = JB_OPINION_EXPLAINED, .text = T("意见")));
    assert_false(world_runs(w, "ask-review")); /* Art 35: from receipt */
    assert_true(world_runs(w, "notify"));
    world_refused(w, HOUSING, ACT(CLOSE, .close_no = T("1")), JB_REFUSE_NOT_TOLD);
    assert_string_equal(w->v.detail, "Art 34: of the answer");
    w->now_ms = local("2026-03-10 09:00");
    world_refused(w, OFFICE, ACT(RECORD_DELIVERY, .how = T("邮寄")), JB_REFUSE_FIELD_REQUIRED);
    world_refused(w, OFFICE, ACT(RECORD_DELIVERY, .told_at_ms = w->now_ms),
                  JB_REFUSE_FIELD_REQUIRED);
    world_refused(w, OFFICE,
                  ACT(RECORD_DELIVERY, .how = T("邮寄"), .told_at_ms = w->now_ms + JB_DAY_MS),
                  JB_REFUSE_CLOCK_IMPLAUSIBLE);
    world_do(w, OFFICE,
             ACT(RECORD_DELIVERY, .how = T("邮寄"), .person = T("邮递员李某"),
                 .told_at_ms = local("2026-03-08 15:00")));
    assert_int_equal(w->c.facts_ms[JB_FACT_ANSWER_TOLD], local("2026-03-08 15:00"));
    assert_int_equal(world_deadline(w, "ask-review")->due_ms, local("2026-04-07 24:00"));
    assert_int_equal(world_deadline(w, "ask-review")->node, HOUSING);
    assert_int_equal(world_last_deadline(w, "notify")->end, JB_END_CANCELLED);
    /* A second copy changes nothing. */
    world_do(w, HOUSING, ACT(RECORD_DELIVERY, .how = T("当面"), .told_at_ms = w->now_ms));
    assert_int_equal(w->v.effects.count, 0);
    world_refused(w, HOUSING, ACT(NOTIFY, .told_at_ms = w->now_ms), JB_REFUSE_ALREADY_DONE);
}

static void nothing_is_delivered_before_something_was_decided(void **state)
{
    struct world *w = *state;
    const struct jb_act *act = ACT(RECORD_DELIVERY, .how = T("当面"), .told_at_ms = start_ms());

    w->now_ms = start_ms();
    world_bring(w, JB_STAGE_SIGNED);
    world_refused(w, HOUSING, act, JB_REFUSE_WRONG_STAGE);
    world_do(w, HOUSING, ACT(ACCEPT, .notice_no = T("1")));
    world_refused(w, LABOUR, act, JB_REFUSE_WRONG_PARTY);
    world_do(w, OFFICE, act);
    assert_int_equal(world_last_deadline(w, "notify")->end, JB_END_MET);
}

/* ---- Art 32: execution ---------------------------------------------------------------------- */

static void a_supported_claim_is_carried_out(void **state)
{
    struct world *w = *state;
    uint32_t days = world_set_limit(w, "execute", 60);

    bring_forwarded(w, JB_MATTER_APPEAL, 0);
    world_do(w, HOUSING, ACT(ACCEPT, .told_at_ms = w->now_ms));
    world_do(
        w, HOUSING,
        ACT(ANSWER, .opinion = JB_OPINION_SUPPORTED, .text = T("意见"), .told_at_ms = w->now_ms));
    assert_int_equal(world_deadline(w, "execute")->node, HOUSING);
    assert_int_equal(world_deadline(w, "execute")->due_ms, local("2026-05-01 24:00"));
    world_refused(w, OFFICE, ACT(CLOSE, .close_no = T("1")), JB_REFUSE_EXECUTION_OUTSTANDING);
    world_do(w, HOUSING, ACT(EXECUTE, .done_at_ms = w->now_ms));
    assert_int_equal(world_last_deadline(w, "execute")->end, JB_END_MET);
    world_refused(w, HOUSING, ACT(EXECUTE, .text = T("再次")), JB_REFUSE_ALREADY_DONE);
    bring_forwarded(w, JB_MATTER_APPEAL, 0);
    world_do(w, HOUSING, ACT(ACCEPT, .told_at_ms = w->now_ms));
    world_do(w, HOUSING, ACT(ANSWER, .opinion = JB_OPINION_EXPLAINED, .text = T("意见")));
    assert_false(world_runs(w, "execute"));
    world_refused(w, HOUSING, ACT(EXECUTE, .text = T("x")), JB_REFUSE_WRONG_STAGE);
    (void)world_set_limit(w, "execute", days);
}

/* ---- closing -------------------------------------------------------------------------------- */

static void rights_outlive_the_closing(void **state)
{
    struct world *w = *state;
    uint32_t days = world_set_limit(w, "rate", 15);

    w->now_ms = start_ms();
    world_bring(w, JB_STAGE_CLOSED);
    assert_true(world_runs(w, "ask-review") && world_runs(w, "rate"));
    for (size_t i = 0; i < w->c.deadline_count; i++) {
        const struct jb_deadline *d = &w->c.deadlines[i];

        if (strcmp(d->key, "ask-review") != 0 && strcmp(d->key, "rate") != 0)
            assert_int_not_equal(d->end, JB_END_OPEN);
    }
    (void)world_set_limit(w, "rate", days);
}

/* A city's assignment that the county's office only forwards: the city waits for the report. */
static void a_report_to_a_superior_keeps_the_handler_from_closing(void **state)
{
    struct world *w = *state;
    const struct jb_act *answer = ACT(ANSWER, .opinion = JB_OPINION_EXPLAINED, .text = T("意见"),
                                      .report = T("办结报告"), .told_at_ms = start_ms());
    struct jb_act act = *world_register_act();
    int64_t usual = w->case_no;

    w->now_ms = start_ms();
    assert_int_equal(jb_caseno_make(jb_date_of_instant(w->now_ms), CITY_OFFICE, 1, &act.case_no),
                     JB_OK);
    w->case_no = act.case_no;
    world_forget_case(w);
    world_do(w, CITY_OFFICE, &act);
    world_do(w, CITY_OFFICE, ACT(ASSIGN, .node = OFFICE));
    world_do(w, OFFICE, ACT(FORWARD, .node = HOUSING));
    world_do(w, HOUSING, ACT(SIGN_FOR, .text = T("收到")));
    world_do(w, HOUSING, ACT(ACCEPT, .told_at_ms = w->now_ms));
    assert_int_equal(world_deadline(w, "assigned")->node, OFFICE);
    world_do(w, HOUSING, answer);
    assert_int_equal(world_last_deadline(w, "assigned")->end, JB_END_MET);
    world_refused(w, HOUSING, ACT(CLOSE, .close_no = T("1")), JB_REFUSE_WRONG_PARTY);
    world_do(w, CITY_OFFICE, ACT(CLOSE, .close_no = T("1")));
    w->case_no = usual;
    /* Without such a report the handler closes what was only forwarded. */
    bring_forwarded(w, JB_MATTER_APPEAL, 0);
    world_do(w, HOUSING, ACT(ACCEPT, .told_at_ms = w->now_ms));
    world_do(w, HOUSING, answer);
    world_do(w, HOUSING, ACT(CLOSE, .close_no = T("1")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(six_exits),
        cmocka_unit_test(a_route_is_the_result_of_an_assignment),
        cmocka_unit_test(another_route_after_an_acceptance_ends_the_sixty_days),
        cmocka_unit_test(a_suggestion_has_no_day_limit_and_gets_a_reply),
        cmocka_unit_test(a_decline_after_a_told_acceptance_is_told_anew),
        cmocka_unit_test(nobody_is_owed_a_notice_who_cannot_be_reached),
        cmocka_unit_test(four_facts_stay_apart),
        cmocka_unit_test(an_answer_in_hand_starts_the_right_to_a_review),
        cmocka_unit_test(nothing_is_delivered_before_something_was_decided),
        cmocka_unit_test(a_supported_claim_is_carried_out),
        cmocka_unit_test(rights_outlive_the_closing),
        cmocka_unit_test(a_report_to_a_superior_keeps_the_handler_from_closing),
    };
    return cmocka_run_group_tests_name("decide_handle", tests, world_open, world_close);
}
