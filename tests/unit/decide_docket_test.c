/* Supervision dockets: the ladder, who takes which step, the period, the closing that outlives the
 * case; reminders, plans, commitments. */
#include "tests/unit/rules_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define NO T("督办2026-1")

static const struct jb_docket *docket(struct world *w)
{
    const struct jb_docket *d = jb_case_docket(&w->c, NO);

    assert_non_null(d);
    return d;
}

static const struct jb_deadline *period(struct world *w)
{
    const struct jb_deadline *d = jb_case_deadline(&w->c, docket(w)->deadline_id);

    assert_non_null(d);
    return d;
}

static void bring_docket(struct world *w, int step)
{
    world_bring(w, JB_STAGE_ACCEPTED);
    world_join(w, CONFERENCE, JB_ROLE_ASSIGNER);
    world_do(w, CONFERENCE, ACT(OPEN_DOCKET, .docket_no = NO, .step = step));
}

/* ---- open ----------------------------------------------------------------------------------- */

static void a_docket_has_its_own_number_and_period(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_ACCEPTED);
    world_do(w, OFFICE, ACT(OPEN_DOCKET, .docket_no = NO, .text = T("请加快办理")));
    assert_int_equal(docket(w)->step, JB_STEP_SUPERVISE);
    assert_int_equal(docket(w)->node, HOUSING); /* the host */
    assert_int_equal(docket(w)->opener, OFFICE);
    assert_int_equal(docket(w)->closed_ms, 0);
    assert_string_equal(period(w)->key, "docket");
    assert_int_equal(period(w)->node, HOUSING);
    assert_int_equal(period(w)->docket, docket(w)->id);
    assert_int_equal(period(w)->due_ms, local("2026-04-02 00:00"));
    world_refused(w, OFFICE, ACT(OPEN_DOCKET, .docket_no = NO), JB_REFUSE_DOCKET_NUMBER_TAKEN);
    world_do(w, OFFICE,
             ACT(OPEN_DOCKET, .docket_no = T("督办2026-2"), .node = LAND,
                 .due_ms = local("2026-03-10 18:00")));
    assert_int_equal(w->c.dockets[1].id, 2);
    assert_true(jb_case_roles(&w->c, LAND) & 1U << JB_ROLE_ORDERED);
    assert_int_equal(jb_case_deadline(&w->c, w->c.dockets[1].deadline_id)->due_ms,
                     local("2026-03-10 18:00"));
}

static void who_opens_a_docket_about_whom(void **state)
{
    struct world *w = *state;
    const struct {
        uint32_t node;
        const struct jb_act *act;
        enum jb_refusal wanted;
    } rows[] = {
        {HOUSING, ACT(OPEN_DOCKET, .docket_no = NO, .node = LAND), JB_REFUSE_NOT_A_HOLDER},
        {CITY_OFFICE, ACT(OPEN_DOCKET, .docket_no = NO), JB_REFUSE_UNKNOWN_CASE},
        {OFFICE, ACT(OPEN_DOCKET, .docket_no = NO, .node = CITY_DEPT), JB_REFUSE_NO_AUTHORITY},
        {OFFICE, ACT(OPEN_DOCKET, .docket_no = NO, .node = DISCIPLINE), JB_REFUSE_BEYOND_POWERS},
        {OFFICE, ACT(OPEN_DOCKET, .docket_no = NO, .node = RETIRED), JB_REFUSE_NODE_NOT_VALID},
        {OFFICE, ACT(OPEN_DOCKET, .docket_no = NO, .node = OFFICE), JB_REFUSE_SAME_NODE},
        {OFFICE, ACT(OPEN_DOCKET, .step = JB_STEP_URGE), JB_REFUSE_FIELD_REQUIRED},
        {OFFICE, ACT(OPEN_DOCKET, .docket_no = NO, .due_ms = local("2026-03-02 10:00")),
         JB_REFUSE_DUE_IN_THE_PAST},
        {OFFICE, ACT(OPEN_DOCKET, .docket_no = NO, .step = JB_STEP_URGE), JB_REFUSE_NONE},
        {OFFICE, ACT(OPEN_DOCKET, .docket_no = NO, .step = JB_STEP_TALK),
         JB_REFUSE_CONFERENCE_ONLY},
        {OFFICE,
         ACT(OPEN_DOCKET, .docket_no = NO, .step = JB_STEP_TALK, .basis = T("联席会议第5次会议")),
         JB_REFUSE_NONE},
    };

    world_bring(w, JB_STAGE_ACCEPTED);
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (world_ask(w, rows[i].node, rows[i].act) != rows[i].wanted)
            fail_msg("row %zu: %s instead of %s: %s", i, jb_refusal_name(w->v.refusal),
                     jb_refusal_name(rows[i].wanted), w->v.detail);
    }
    /* With the office itself there is nobody to supervise yet. */
    world_bring(w, JB_STAGE_REGISTERED);
    world_refused(w, OFFICE, ACT(OPEN_DOCKET, .docket_no = NO), JB_REFUSE_FIELD_REQUIRED);
    world_bring(w, JB_STAGE_REFERRED);
    world_refused(w, OFFICE, ACT(OPEN_DOCKET, .docket_no = NO, .node = LAND),
                  JB_REFUSE_WRONG_STAGE);
}

static void a_docket_in_a_file_of_its_own(void **state)
{
    struct world *w = *state;

    world_forget_case(w);
    world_refused(w, OFFICE, ACT(OPEN_DOCKET, .docket_no = NO, .node = HOUSING),
                  JB_REFUSE_FIELD_REQUIRED);
    world_refused(w, OFFICE, ACT(OPEN_DOCKET, .docket_no = NO, .title = T("年度督办")),
                  JB_REFUSE_FIELD_REQUIRED);
    world_do(w, OFFICE, ACT(OPEN_DOCKET, .docket_no = NO, .title = T("年度督办"), .node = HOUSING));
    assert_int_equal(w->c.stage, JB_STAGE_FILE);
    assert_int_equal(w->c.registrar, OFFICE);
    assert_int_equal(w->c.host, OFFICE);
    assert_int_equal(docket(w)->node, HOUSING);
}

/* ---- the ladder ----------------------------------------------------------------------------- */

/* From each rung to each rung, by the conference: up only. */
static void the_ladder_is_climbed_never_descended(void **state)
{
    struct world *w = *state;

    for (int from = JB_STEP_URGE; from <= JB_STEP_HOLD_TO_ACCOUNT; from++) {
        bring_docket(w, from);
        for (int to = JB_STEP_URGE; to <= JB_STEP_HOLD_TO_ACCOUNT; to++)
            assert_int_equal(
                world_ask(w, CONFERENCE, ACT(STEP_DOCKET, .docket_no = NO, .step = to)),
                to > from ? JB_REFUSE_NONE : JB_REFUSE_LADDER_ORDER);
    }
}

static void from_the_talk_on_the_conference_steps(void **state)
{
    struct world *w = *state;

    for (int to = JB_STEP_SUPERVISE; to <= JB_STEP_HOLD_TO_ACCOUNT; to++) {
        enum jb_refusal without_basis =
            to < JB_STEP_TALK ? JB_REFUSE_NONE : JB_REFUSE_CONFERENCE_ONLY;

        world_bring(w, JB_STAGE_ACCEPTED);
        world_join(w, CONFERENCE, JB_ROLE_INFORMED);
        world_join(w, CITY_OFFICE, JB_ROLE_INFORMED);
        world_do(w, OFFICE, ACT(OPEN_DOCKET, .docket_no = NO, .step = JB_STEP_URGE));
        assert_int_equal(world_ask(w, OFFICE, ACT(STEP_DOCKET, .docket_no = NO, .step = to)),
                         without_basis);
        assert_int_equal(
            world_ask(w, OFFICE,
                      ACT(STEP_DOCKET, .docket_no = NO, .step = to, .basis = T("联席会议决定"))),
            JB_REFUSE_NONE);
        assert_int_equal(world_ask(w, CONFERENCE, ACT(STEP_DOCKET, .docket_no = NO, .step = to)),
                         JB_REFUSE_NONE);
        assert_int_equal(world_ask(w, CITY_OFFICE,
                                   ACT(STEP_DOCKET, .docket_no = NO, .step = to, .basis = T("x"))),
                         JB_REFUSE_WRONG_PARTY);
        assert_int_equal(world_ask(w, HOUSING, ACT(STEP_DOCKET, .docket_no = NO, .step = to)),
                         JB_REFUSE_WRONG_PARTY);
    }
}

static void each_step_has_its_own_period(void **state)
{
    struct world *w = *state;
    int64_t start_ms = w->now_ms;
    uint32_t first;

    bring_docket(w, JB_STEP_SUPERVISE);
    first = docket(w)->deadline_id;
    w->now_ms += 40 * JB_DAY_MS;
    world_tick(w);
    world_do(w, CONFERENCE,
             ACT(STEP_DOCKET, .docket_no = NO, .step = JB_STEP_RECTIFY,
                 .due_ms = w->now_ms + 10 * JB_DAY_MS));
    assert_int_equal(jb_case_deadline(&w->c, first)->end, JB_END_SUPERSEDED);
    assert_int_not_equal(jb_case_deadline(&w->c, first)->missed_ms, 0);
    assert_int_equal(period(w)->due_ms, w->now_ms + 10 * JB_DAY_MS);
    assert_int_equal(period(w)->docket, docket(w)->id);
    assert_int_equal(docket(w)->stepped_ms, w->now_ms);
    assert_int_equal(docket(w)->opened_ms, start_ms);
    assert_int_equal(w->c.docket_count, 1);
    w->now_ms = start_ms;
}

/* ---- closing -------------------------------------------------------------------------------- */

static void a_docket_is_closed_by_its_opener_or_the_conference(void **state)
{
    struct world *w = *state;

    for (size_t i = 0; i < 2; i++) {
        const uint32_t closers[] = {OFFICE, CONFERENCE};

        world_bring(w, JB_STAGE_ACCEPTED);
        world_join(w, CONFERENCE, JB_ROLE_INFORMED);
        world_join(w, CITY_OFFICE, JB_ROLE_INFORMED);
        world_do(w, OFFICE, ACT(OPEN_DOCKET, .docket_no = NO));
        world_refused(w, CITY_OFFICE, ACT(CLOSE_DOCKET, .docket_no = NO), JB_REFUSE_WRONG_PARTY);
        world_refused(w, HOUSING, ACT(CLOSE_DOCKET, .docket_no = NO), JB_REFUSE_WRONG_PARTY);
        world_refused(w, OFFICE, ACT(CLOSE_DOCKET, .docket_no = T("无此号")),
                      JB_REFUSE_NO_SUCH_DOCKET);
        world_do(w, closers[i], ACT(CLOSE_DOCKET, .docket_no = NO, .text = T("督办办结")));
        assert_int_equal(docket(w)->closed_ms, w->now_ms);
        assert_int_equal(period(w)->end, JB_END_MET);
        world_refused(w, OFFICE, ACT(CLOSE_DOCKET, .docket_no = NO), JB_REFUSE_NO_SUCH_DOCKET);
        world_refused(w, OFFICE, ACT(STEP_DOCKET, .docket_no = NO, .step = JB_STEP_TALK),
                      JB_REFUSE_NO_SUCH_DOCKET);
        world_refused(w, OFFICE, ACT(OPEN_DOCKET, .docket_no = NO), JB_REFUSE_DOCKET_NUMBER_TAKEN);
    }
}

/* Closed is not supervision closed. */
static void a_docket_outlives_its_case(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_ANSWERED);
    world_do(w, OFFICE, ACT(OPEN_DOCKET, .docket_no = NO));
    world_do(w, HOUSING, ACT(EXECUTE, .text = T("已恢复")));
    world_do(w, OFFICE, ACT(CLOSE, .close_no = T("销号2026-9")));
    assert_int_equal(w->c.stage, JB_STAGE_CLOSED);
    assert_int_equal(docket(w)->closed_ms, 0);
    assert_int_equal(period(w)->end, JB_END_OPEN);
    world_do(w, OFFICE,
             ACT(STEP_DOCKET, .docket_no = NO, .step = JB_STEP_LISTED, .basis = T("联席会议决定")));
    world_do(w, OFFICE, ACT(CLOSE_DOCKET, .docket_no = NO));
    assert_int_not_equal(docket(w)->closed_ms, 0);
    assert_int_equal(w->c.stage, JB_STAGE_CLOSED);
}

/* ---- reminders ------------------------------------------------------------------------------ */

static void a_reminder_changes_nothing(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_ACCEPTED);
    assert_int_equal(world_ask(w, OFFICE, ACT(URGE, .text = T("请尽快办理"))), JB_REFUSE_NONE);
    assert_int_equal(w->v.effects.count, 0);
    assert_int_equal(world_ask(w, HOUSING, ACT(URGE, .node = LABOUR)),
                     JB_REFUSE_NONE); /* the host */
    world_refused(w, OFFICE, ACT(URGE, .node = LAND), JB_REFUSE_NOT_IN_AUDIENCE);
    assert_non_null(strstr(w->v.detail, "县自然资源局"));
    world_refused(w, OFFICE, ACT(URGE, .node = OFFICE), JB_REFUSE_SAME_NODE);
    world_refused(w, LABOUR, ACT(URGE, .node = HOUSING), JB_REFUSE_NOT_A_HOLDER);
    world_join(w, COUNTY, JB_ROLE_INFORMED);
    assert_int_equal(world_ask(w, COUNTY, ACT(URGE, .node = HOUSING)), JB_REFUSE_NONE);
}

/* ---- plans ---------------------------------------------------------------------------------- */

static void plans_and_commitments(void **state)
{
    struct world *w = *state;
    const struct jb_act *plan = ACT(SET_PLAN, .official = T("王副县长"), .text = T("工作方案：……"),
                                    .due_ms = local("2026-03-20 18:00"));
    uint32_t first;

    world_bring(w, JB_STAGE_ACCEPTED);
    world_join(w, LAND, JB_ROLE_INFORMED);
    world_refused(w, LAND, plan, JB_REFUSE_WRONG_PARTY);
    world_refused(w, HOUSING, ACT(SET_PLAN, .reason = T("x")), JB_REFUSE_FIELD_REQUIRED);
    world_refused(w, HOUSING, ACT(SET_PLAN, .text = T("x"), .due_ms = local("2026-03-01 10:00")),
                  JB_REFUSE_DUE_IN_THE_PAST);
    world_do(w, OFFICE, plan);
    assert_true(jb_text_equal(w->c.lead_official, T("王副县长")));
    first = world_deadline(w, "plan")->id;
    assert_int_equal(world_deadline(w, "plan")->node,
                     HOUSING); /* an office's plan binds the host */
    assert_int_equal(world_deadline(w, "plan")->due_ms, local("2026-03-20 18:00"));
    world_do(w, LABOUR, ACT(SET_PLAN, .text = T("配合方案"), .due_ms = local("2026-03-10 18:00")));
    assert_int_equal(w->c.deadlines[w->c.deadline_count - 1].node, LABOUR);
    assert_true(jb_text_equal(w->c.lead_official, T("王副县长")));
    world_refused(w, LABOUR, ACT(FULFIL, .deadline_id = first), JB_REFUSE_DEADLINE_OF_ANOTHER);
    world_refused(w, HOUSING, ACT(FULFIL, .deadline_id = world_deadline(w, "handle")->id),
                  JB_REFUSE_NO_SUCH_DEADLINE);
    world_refused(w, HOUSING, ACT(FULFIL, .deadline_id = 99), JB_REFUSE_NO_SUCH_DEADLINE);
    world_refused(w, HOUSING,
                  ACT(FULFIL, .deadline_id = first, .done_at_ms = w->now_ms + JB_DAY_MS),
                  JB_REFUSE_CLOCK_IMPLAUSIBLE);
    world_do(w, HOUSING, ACT(FULFIL, .deadline_id = first, .text = T("已完成")));
    assert_int_equal(jb_case_deadline(&w->c, first)->end, JB_END_MET);
    world_refused(w, HOUSING, ACT(FULFIL, .deadline_id = first), JB_REFUSE_NO_SUCH_DEADLINE);
}

static void a_docket_period_is_fulfilled_by_who_owes_it(void **state)
{
    struct world *w = *state;
    int64_t start_ms = w->now_ms;

    for (int late = 0; late <= 1; late++) {
        bring_docket(w, JB_STEP_RECTIFY);
        w->now_ms += late * 31 * JB_DAY_MS;
        world_do(w, HOUSING, ACT(FULFIL, .deadline_id = period(w)->id, .text = T("整改完成")));
        assert_int_equal(period(w)->end, late ? JB_END_MET_LATE : JB_END_MET);
        assert_int_equal(docket(w)->closed_ms, 0); /* closing is the opener's act */
        w->now_ms = start_ms;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_docket_has_its_own_number_and_period),
        cmocka_unit_test(who_opens_a_docket_about_whom),
        cmocka_unit_test(a_docket_in_a_file_of_its_own),
        cmocka_unit_test(the_ladder_is_climbed_never_descended),
        cmocka_unit_test(from_the_talk_on_the_conference_steps),
        cmocka_unit_test(each_step_has_its_own_period),
        cmocka_unit_test(a_docket_is_closed_by_its_opener_or_the_conference),
        cmocka_unit_test(a_docket_outlives_its_case),
        cmocka_unit_test(a_reminder_changes_nothing),
        cmocka_unit_test(plans_and_commitments),
        cmocka_unit_test(a_docket_period_is_fulfilled_by_who_owes_it),
    };

    return cmocka_run_group_tests_name("decide_docket", tests, world_open, world_close);
}
