/* What follows from accepted acts: the ways of a case and its audience, objections. */
#include "tests/unit/rules_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "proto/rules/caseno.h"

static const struct jb_deadline *last_deadline(struct world *w, const char *key)
{
    for (size_t i = w->c.deadline_count; i > 0; i--) {
        if (strcmp(w->c.deadlines[i - 1].key, key) == 0)
            return &w->c.deadlines[i - 1];
    }
    fail_msg("there never was a deadline \"%s\"", key);
    return NULL;
}

static bool is_open(struct world *w, const char *key)
{
    return jb_case_open_deadline(&w->c, key) != NULL;
}

static uint32_t role(struct world *w, uint32_t node, enum jb_role r)
{
    return jb_case_roles(&w->c, node) & 1U << r;
}

static void forward(struct world *w)
{
    world_bring(w, JB_STAGE_REGISTERED);
    world_do(w, OFFICE, ACT(FORWARD, .node = HOUSING));
}

static void back_to_monday(struct world *w)
{
    w->now_ms = local("2026-03-02 10:00");
}

/* ---- the whole way -------------------------------------------------------------------------- */

static void an_assigned_appeal_from_register_to_close(void **state)
{
    struct world *w = *state;
    static const uint32_t helper[] = {LABOUR};

    back_to_monday(w);
    world_forget_case(w);
    world_do(w, OFFICE, world_register_act());
    w->now_ms = local("2026-03-03 09:00");
    world_do(w, OFFICE, ACT(ASSIGN, .node = HOUSING, .co_handlers = {helper, 1}));
    assert_int_equal(w->c.host, HOUSING);
    assert_int_equal(w->c.custody, 2);
    assert_int_equal(w->c.hops, 1);
    assert_int_equal(last_deadline(w, "sort")->end, JB_END_MET);
    assert_int_equal(world_deadline(w, "notify")->due_ms, local("2026-03-18 24:00"));
    assert_int_equal(world_deadline(w, "object")->due_ms, local("2026-03-10 24:00"));
    assert_int_equal(world_deadline(w, "assigned")->due_ms, local("2026-05-02 24:00"));
    assert_true(role(w, OFFICE, JB_ROLE_REGISTRAR) && role(w, OFFICE, JB_ROLE_ASSIGNER));
    assert_true(role(w, HOUSING, JB_ROLE_HOST) && role(w, LABOUR, JB_ROLE_CO_HANDLER));
    world_do(w, HOUSING, ACT(SIGN_FOR, .text = T("收到")));
    assert_int_equal(w->c.facts_ms[JB_FACT_SIGNED], w->now_ms);
    assert_int_equal(w->c.facts_ms[JB_FACT_ACCEPTED], 0);
    w->now_ms = local("2026-03-06 16:00");
    world_do(w, HOUSING, ACT(ACCEPT, .notice_no = T("受理2026-8")));
    assert_int_equal(w->c.exit, JB_EXIT_RESIDUE);
    assert_int_equal(w->c.facts_ms[JB_FACT_TOLD], 0);
    assert_true(is_open(w, "notify"));
    assert_false(is_open(w, "object"));
    assert_int_equal(world_deadline(w, "handle")->due_ms, local("2026-05-05 24:00"));
    w->now_ms = local("2026-03-09 09:00");
    world_do(w, HOUSING, ACT(NOTIFY, .told_at_ms = local("2026-03-08 15:00")));
    assert_int_equal(w->c.facts_ms[JB_FACT_TOLD], local("2026-03-08 15:00"));
    assert_int_equal(last_deadline(w, "notify")->end, JB_END_MET);
    world_do(w, LABOUR, ACT(ANSWER, .text = T("已核查")));
    world_do(w, HOUSING,
             ACT(ANSWER, .opinion = JB_OPINION_SUPPORTED, .text = T("意见"), .report = T("报告")));
    assert_int_equal(last_deadline(w, "handle")->end, JB_END_MET);
    assert_int_equal(last_deadline(w, "assigned")->end, JB_END_MET);
    world_do(w, HOUSING, ACT(NOTIFY, .told_at_ms = w->now_ms));
    world_do(w, HOUSING, ACT(EXECUTE, .text = T("已落实")));
    world_do(w, OFFICE, ACT(CLOSE, .close_no = T("1")));
    assert_int_equal(w->c.stage, JB_STAGE_CLOSED);
    /* The petitioner's rights outlive it. */
    for (size_t i = 0; i < w->c.deadline_count; i++) {
        const struct jb_deadline *d = &w->c.deadlines[i];

        assert_int_equal(d->end == JB_END_OPEN, strcmp(d->key, "ask-review") == 0);
    }
}

static void what_is_not_owed_is_not_set(void **state)
{
    struct world *w = *state;
    struct jb_act act = *world_register_act();

    back_to_monday(w);
    world_forget_case(w);
    act.flags = JB_FLAG_UNREACHABLE;
    act.matter = JB_MATTER_SUGGESTION;
    world_do(w, OFFICE, &act);
    world_do(w, OFFICE, ACT(FORWARD, .node = HOUSING));
    assert_false(is_open(w, "notify"));
    assert_false(is_open(w, "assigned"));
    world_do(w, HOUSING, ACT(SIGN_FOR, .text = T("x")));
    world_refused(w, HOUSING, ACT(ACCEPT, .exit = JB_EXIT_RESIDUE), JB_REFUSE_VALUE_OUT_OF_RANGE);
    world_do(w, HOUSING, ACT(ACCEPT, .notice_no = T("1")));
    assert_false(is_open(w, "handle"));
    world_do(w, HOUSING, ACT(ANSWER, .text = T("已采纳")));
    /* Nobody could be told, nobody need be; the host closes what was only forwarded. */
    world_do(w, HOUSING, ACT(CLOSE, .close_no = T("1")));
}

static void another_exit_has_no_sixty_days(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_SIGNED);
    world_do(w, HOUSING, ACT(ACCEPT, .exit = JB_EXIT_ADMIN_REVIEW));
    assert_int_equal(w->c.exit, JB_EXIT_ADMIN_REVIEW);
    assert_false(is_open(w, "handle"));
}

static void a_direct_matter_is_its_handlers_own(void **state)
{
    struct world *w = *state;
    struct jb_act act = *world_register_act();
    int64_t usual = w->case_no;

    world_forget_case(w);
    assert_int_equal(jb_caseno_make(jb_date_of_instant(w->now_ms), LAND, 1, &act.case_no), JB_OK);
    w->case_no = act.case_no;
    world_do(w, LAND, &act);
    assert_false(is_open(w, "sort"));
    assert_int_equal(world_deadline(w, "notify")->node, LAND);
    world_do(w, LAND, ACT(SIGN_FOR, .text = T("x")));
    world_refused(w, LAND, ACT(OBJECT, .reason = T("x")), JB_REFUSE_OBJECTION_TOO_LATE);
    world_do(w, LAND, ACT(ACCEPT, .told_at_ms = w->now_ms));
    world_do(w, LAND,
             ACT(ANSWER, .opinion = JB_OPINION_EXPLAINED, .text = T("x"), .told_at_ms = w->now_ms));
    world_do(w, LAND, ACT(CLOSE, .close_no = T("1")));
    w->case_no = usual;
}

static void referring_leaves_a_pointer(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_REFERRED);
    assert_true(role(w, DISCIPLINE, JB_ROLE_INFORMED));
    assert_int_equal(last_deadline(w, "sort")->end, JB_END_MET);
    assert_int_not_equal(w->c.facts_ms[JB_FACT_REFERRED], 0);
}

static void what_was_done_offline_may_lie_before_the_registration(void **state)
{
    struct world *w = *state;

    w->now_ms = local("2026-03-07 10:00"); /* the number was issued on the second */
    world_bring(w, JB_STAGE_SIGNED);
    world_refused(w, HOUSING, ACT(ACCEPT, .told_at_ms = local("2026-03-01 23:59")),
                  JB_REFUSE_VALUE_OUT_OF_RANGE);
    world_do(w, HOUSING, ACT(ACCEPT, .told_at_ms = local("2026-03-02 00:00")));
    back_to_monday(w);
}

static void done_too_late_is_met_late_and_missed(void **state)
{
    struct world *w = *state;
    struct jb_deadline sort;

    back_to_monday(w);
    world_bring(w, JB_STAGE_REGISTERED);
    w->now_ms = local("2026-03-18 08:00"); /* the clock has not spoken yet */
    world_do(w, OFFICE, ACT(ASSIGN, .node = HOUSING));
    sort = *last_deadline(w, "sort");
    assert_int_equal(sort.end, JB_END_MET_LATE);
    assert_int_equal(sort.missed_ms, sort.due_ms);
    back_to_monday(w);
}

/* ---- objection ------------------------------------------------------------------------------ */

static void an_agreed_objection_gives_the_case_back(void **state)
{
    struct world *w = *state;

    back_to_monday(w);
    world_bring(w, JB_STAGE_SIGNED);
    world_do(w, HOUSING, ACT(OBJECT, .reason = T("属自然资源局职权")));
    assert_true(w->c.objection_open);
    assert_int_equal(last_deadline(w, "object")->end, JB_END_MET);
    assert_int_equal(world_deadline(w, "rule")->node, OFFICE);
    assert_int_equal(world_deadline(w, "rule")->due_ms, local("2026-03-05 24:00"));
    assert_true(is_open(w, "notify") && is_open(w, "assigned")); /* no clock stops */
    assert_int_equal(w->c.host, HOUSING);
    world_do(w, OFFICE, ACT(RULE_ON_OBJECTION, .ruling = JB_RULING_AGREED));
    assert_int_equal(w->c.stage, JB_STAGE_REGISTERED);
    assert_int_equal(w->c.host, OFFICE);
    assert_int_equal(w->c.custody, 3);
    assert_int_equal(w->c.last_ruling, JB_RULING_AGREED);
    assert_int_equal(jb_case_roles(&w->c, HOUSING), 1U << JB_ROLE_LEFT);
    assert_int_equal(last_deadline(w, "assigned")->end, JB_END_CANCELLED);
    assert_int_equal(last_deadline(w, "notify")->end, JB_END_CANCELLED);
    assert_int_equal(world_deadline(w, "resort")->node, OFFICE);
    world_do(w, OFFICE, ACT(ASSIGN, .node = LAND));
    assert_int_equal(last_deadline(w, "resort")->end, JB_END_MET);
    assert_int_equal(w->c.hops, 3);
}

static void a_refused_objection_leaves_everything(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_SIGNED);
    world_do(w, HOUSING, ACT(OBJECT, .reason = T("x")));
    world_do(w, OFFICE, ACT(RULE_ON_OBJECTION, .ruling = JB_RULING_REFUSED, .reason = T("属本职")));
    assert_int_equal(w->c.host, HOUSING);
    assert_int_equal(w->c.stage, JB_STAGE_SIGNED);
    assert_int_equal(w->c.custody, 2);
    assert_false(w->c.objection_open);
    assert_int_equal(last_deadline(w, "rule")->end, JB_END_MET);
    assert_true(is_open(w, "notify") && is_open(w, "assigned"));
    world_do(w, HOUSING, ACT(ACCEPT, .exit = JB_EXIT_RESIDUE));
}

static void a_policy_may_allow_objections_after_acceptance(void **state)
{
    struct world *w = *state;

    w->policy->object_before_acceptance_only = false;
    world_bring(w, JB_STAGE_ACCEPTED);
    world_do(w, LABOUR, ACT(ANSWER, .text = T("已核查")));
    world_do(w, HOUSING, ACT(OBJECT, .reason = T("x")));
    world_do(w, HOUSING,
             ACT(ANSWER, .opinion = JB_OPINION_EXPLAINED, .text = T("x"), .report = T("x")));
    assert_false(w->c.objection_open);
    assert_int_equal(last_deadline(w, "rule")->end, JB_END_CANCELLED);
    world_bring(w, JB_STAGE_ACCEPTED);
    world_do(w, HOUSING, ACT(OBJECT, .reason = T("x")));
    world_do(w, OFFICE, ACT(RULE_ON_OBJECTION, .ruling = JB_RULING_AGREED));
    assert_int_equal(w->c.facts_ms[JB_FACT_ACCEPTED], 0);
    assert_int_equal(w->c.facts_ms[JB_FACT_TOLD], 0);
    assert_int_equal(last_deadline(w, "handle")->end, JB_END_CANCELLED);
    w->policy->object_before_acceptance_only = true;
}

static void an_objection_between_handlers_goes_back_to_the_handler(void **state)
{
    struct world *w = *state;
    int64_t trigger_ms;

    forward(w);
    trigger_ms = world_deadline(w, "notify")->trigger_ms;
    w->now_ms += JB_DAY_MS;
    world_do(w, HOUSING, ACT(HANDOVER, .node = LAND));
    world_do(w, LAND, ACT(OBJECT, .reason = T("x")));
    world_refused(w, OFFICE, ACT(RULE_ON_OBJECTION, .ruling = JB_RULING_AGREED),
                  JB_REFUSE_WRONG_PARTY);
    world_do(w, HOUSING, ACT(RULE_ON_OBJECTION, .ruling = JB_RULING_AGREED));
    assert_int_equal(w->c.host, HOUSING);
    assert_int_equal(w->c.stage, JB_STAGE_REGISTERED);
    assert_int_equal(world_deadline(w, "notify")->node, HOUSING);
    assert_int_equal(world_deadline(w, "notify")->trigger_ms, trigger_ms);
    world_do(w, HOUSING, ACT(SIGN_FOR, .text = T("x")));
    assert_int_equal(last_deadline(w, "resort")->end, JB_END_MET);
    back_to_monday(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_assigned_appeal_from_register_to_close),
        cmocka_unit_test(what_is_not_owed_is_not_set),
        cmocka_unit_test(another_exit_has_no_sixty_days),
        cmocka_unit_test(a_direct_matter_is_its_handlers_own),
        cmocka_unit_test(referring_leaves_a_pointer),
        cmocka_unit_test(what_was_done_offline_may_lie_before_the_registration),
        cmocka_unit_test(done_too_late_is_met_late_and_missed),
        cmocka_unit_test(an_agreed_objection_gives_the_case_back),
        cmocka_unit_test(a_refused_objection_leaves_everything),
        cmocka_unit_test(a_policy_may_allow_objections_after_acceptance),
        cmocka_unit_test(an_objection_between_handlers_goes_back_to_the_handler),
    };
    return cmocka_run_group_tests_name("decide_path", tests, world_open, world_close);
}
