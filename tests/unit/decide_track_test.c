/* The short track (简易办理办法) with what is excluded from it, and the report upward of major and
 * urgent matters, Art 25. */
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

static void register_with(struct world *w, int matter, uint32_t flags)
{
    struct jb_act act = *world_register_act();

    w->now_ms = start_ms();
    world_forget_case(w);
    act.matter = matter;
    act.flags = flags;
    world_do(w, OFFICE, &act);
}

static void bring_forwarded(struct world *w)
{
    register_with(w, JB_MATTER_APPEAL, 0);
    world_do(w, OFFICE, ACT(FORWARD, .node = HOUSING));
}

static const struct jb_act *simple(void)
{
    static const struct jb_act act = {
        .kind = JB_ACT_START_SIMPLE,
        .reason = {"事实清楚", sizeof "事实清楚" - 1},
    };

    return &act;
}

/* ---- simple handling ------------------------------------------------------------------------ */

static void the_short_clocks_run_beside_the_ordinary_ones(void **state)
{
    struct world *w = *state;

    bring_forwarded(w);
    w->now_ms = local("2026-03-03 09:00");
    world_do(w, HOUSING, simple());
    assert_true(w->c.simple);
    assert_int_equal(world_deadline(w, "simple-accept")->trigger_ms, start_ms());
    assert_int_equal(world_deadline(w, "simple-accept")->due_ms, local("2026-03-05 24:00"));
    assert_int_equal(world_deadline(w, "simple-answer")->due_ms, local("2026-03-16 24:00"));
    assert_int_equal(world_deadline(w, "notify")->due_ms, local("2026-03-17 24:00"));
    world_refused(w, HOUSING, simple(), JB_REFUSE_ALREADY_DONE);
    world_do(w, HOUSING, ACT(SIGN_FOR, .text = T("收到")));
    world_do(w, HOUSING, ACT(ACCEPT, .told_at_ms = w->now_ms));
    assert_int_equal(world_last_deadline(w, "simple-accept")->end, JB_END_MET);
    assert_true(world_runs(w, "simple-answer") && world_runs(w, "handle"));
    world_do(
        w, HOUSING,
        ACT(ANSWER, .opinion = JB_OPINION_EXPLAINED, .text = T("意见"), .told_at_ms = w->now_ms));
    assert_int_equal(world_last_deadline(w, "simple-answer")->end, JB_END_MET);
    assert_int_equal(world_last_deadline(w, "handle")->end, JB_END_MET);
}

static void a_decline_is_a_decision_in_time(void **state)
{
    struct world *w = *state;

    bring_forwarded(w);
    world_do(w, HOUSING, simple());
    world_do(w, HOUSING, ACT(SIGN_FOR, .text = T("收到")));
    world_do(w, HOUSING, ACT(DECLINE, .reason = T("已有生效判决")));
    assert_int_equal(world_last_deadline(w, "simple-accept")->end, JB_END_MET);
    assert_int_equal(world_last_deadline(w, "simple-answer")->end, JB_END_CANCELLED);
}

/* How the case came to HOUSING (or LAND, the direct one), and why it stays off the short track. */
enum how {
    FORWARDED,
    ASSIGNED,
    HELPED,
    DISCIPLINED,
    PASSED_ON,
    LATE
};
static const struct {
    const char *rule, *why;
    int matter;
    uint32_t flags;
    enum how how;
} excluded[] = {
    {"assigned by a superior", "assigned", JB_MATTER_APPEAL, 0, ASSIGNED},
    {"several handlers", "several handlers", JB_MATTER_APPEAL, 0, HELPED},
    {"accusation", "accusation", JB_MATTER_ACCUSATION, 0, DISCIPLINED},
    {"31(1)-(5)", "31(1)-(5)", JB_MATTER_APPEAL, 0, PASSED_ON},
    {"repeat", "repeat", JB_MATTER_APPEAL, JB_FLAG_REPEAT, FORWARDED},
    {"three working days", "days", JB_MATTER_APPEAL, 0, LATE},
};

static uint32_t bring_excluded(struct world *w, size_t row)
{
    static const uint32_t helper[] = {LABOUR};

    register_with(w, excluded[row].matter, excluded[row].flags);
    switch (excluded[row].how) {
    case ASSIGNED:
        world_do(w, OFFICE, ACT(ASSIGN, .node = HOUSING));
        return HOUSING;
    case HELPED:
        world_do(w, OFFICE, ACT(FORWARD, .node = HOUSING, .co_handlers = {helper, 1}));
        return HOUSING;
    case DISCIPLINED:
        w->c.host = DISCIPLINE; /* as if it had been approached directly */
        w->c.participants[0].node = DISCIPLINE;
        return DISCIPLINE;
    case PASSED_ON:
        world_do(w, OFFICE, ACT(FORWARD, .node = HOUSING));
        world_do(w, HOUSING, ACT(SIGN_FOR, .text = T("收到")));
        world_do(w, HOUSING, ACT(ACCEPT, .exit = JB_EXIT_LITIGATION, .told_at_ms = w->now_ms));
        world_do(w, HOUSING, ACT(HANDOVER, .node = LAND));
        return LAND;
    case LATE:
        world_do(w, OFFICE, ACT(FORWARD, .node = HOUSING));
        w->now_ms = local("2026-03-05 24:00");
        return HOUSING;
    case FORWARDED:
        world_do(w, OFFICE, ACT(FORWARD, .node = HOUSING));
        break;
    }
    return HOUSING;
}

static void what_is_excluded(void **state)
{
    struct world *w = *state;

    for (size_t i = 0; i < COUNT(excluded); i++) {
        uint32_t handler = bring_excluded(w, i);

        print_message("%s\n", excluded[i].rule);
        world_refused(w, handler, simple(), JB_REFUSE_SIMPLE_EXCLUDED);
        if (strstr(w->v.detail, excluded[i].why) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", w->v.detail, excluded[i].why);
    }
    w->now_ms = start_ms();
}

static void which_flags_are_excluded_is_policy(void **state)
{
    struct world *w = *state;
    uint32_t before = w->policy->simple_flags_excluded;

    w->policy->simple_flags_excluded = JB_FLAG_JOINT_SIGNATURE;
    register_with(w, JB_MATTER_APPEAL, JB_FLAG_JOINT_SIGNATURE);
    world_do(w, OFFICE, ACT(FORWARD, .node = HOUSING));
    world_refused(w, HOUSING, simple(), JB_REFUSE_SIMPLE_EXCLUDED);
    assert_string_equal(w->v.detail, "joint signature");
    register_with(w, JB_MATTER_APPEAL, JB_FLAG_REPEAT);
    world_do(w, OFFICE, ACT(FORWARD, .node = HOUSING));
    world_refused(w, HOUSING, simple(), JB_REFUSE_NONE);
    w->policy->simple_flags_excluded = before;
}

static void a_direct_matter_counts_from_its_registration(void **state)
{
    struct world *w = *state;
    struct jb_act act = *world_register_act();
    int64_t usual = w->case_no;

    w->now_ms = start_ms();
    world_forget_case(w);
    assert_int_equal(jb_caseno_make(jb_date_of_instant(w->now_ms), LAND, 1, &act.case_no), JB_OK);
    w->case_no = act.case_no;
    world_do(w, LAND, &act);
    w->now_ms = local("2026-03-04 09:00");
    world_do(w, LAND, simple());
    assert_int_equal(world_deadline(w, "simple-accept")->due_ms, local("2026-03-05 24:00"));
    w->case_no = usual;
}

static void it_turns_ordinary(void **state)
{
    struct world *w = *state;

    bring_forwarded(w);
    world_refused(w, HOUSING, ACT(TURN_ORDINARY, .reason = T("情况复杂")), JB_REFUSE_NOT_SIMPLE);
    world_do(w, HOUSING, simple());
    world_do(w, HOUSING, ACT(TURN_ORDINARY, .reason = T("情况复杂")));
    assert_false(w->c.simple);
    assert_int_equal(world_last_deadline(w, "simple-accept")->end, JB_END_CANCELLED);
    assert_int_equal(world_last_deadline(w, "simple-answer")->end, JB_END_CANCELLED);
    assert_true(world_runs(w, "notify"));
    /* By itself when a short day goes by. */
    bring_forwarded(w);
    world_do(w, HOUSING, simple());
    w->now_ms = local("2026-03-06 00:00");
    world_tick(w);
    assert_false(w->c.simple);
    assert_int_not_equal(world_last_deadline(w, "simple-accept")->missed_ms, 0);
    assert_int_equal(world_last_deadline(w, "simple-answer")->end, JB_END_CANCELLED);
    assert_int_equal(world_last_deadline(w, "simple-answer")->missed_ms, 0);
    /* And when another statutory route takes the matter. */
    bring_forwarded(w);
    world_do(w, HOUSING, simple());
    world_do(w, HOUSING, ACT(SIGN_FOR, .text = T("收到")));
    world_do(w, HOUSING, ACT(ACCEPT, .exit = JB_EXIT_ARBITRATION, .told_at_ms = w->now_ms));
    assert_false(w->c.simple);
    assert_int_equal(world_last_deadline(w, "simple-accept")->end, JB_END_MET);
    assert_int_equal(world_last_deadline(w, "simple-answer")->end, JB_END_CANCELLED);
}

/* ---- Art 25: report up ---------------------------------------------------------------------- */

static const struct {
    const char *what;
    uint32_t reporter, node, wanted_node; /* who is told */
    enum jb_refusal wanted;
} reports[] = {
    {"by default to its government's office", HOUSING, 0, OFFICE, JB_REFUSE_NONE},
    {"an office to the next one above", OFFICE, 0, CITY_OFFICE, JB_REFUSE_NONE},
    {"to its government", OFFICE, COUNTY, COUNTY, JB_REFUSE_NONE},
    {"to the government above that", OFFICE, CITY, CITY, JB_REFUSE_NONE},
    {"to the joint conference", OFFICE, CONFERENCE, CONFERENCE, JB_REFUSE_NONE},
    {"not downward", OFFICE, TOWN, 0, JB_REFUSE_VALUE_OUT_OF_RANGE},
    {"not sideways", OFFICE, LAND, 0, JB_REFUSE_VALUE_OUT_OF_RANGE},
    {"not to another county", OFFICE, OTHER_COUNTY, 0, JB_REFUSE_VALUE_OUT_OF_RANGE},
    {"not to itself", OFFICE, OFFICE, 0, JB_REFUSE_SAME_NODE},
    {"not to nobody", OFFICE, 4711, 0, JB_REFUSE_UNKNOWN_NODE},
};

static void a_matter_is_reported_up(void **state)
{
    struct world *w = *state;

    for (size_t i = 0; i < COUNT(reports); i++) {
        const struct jb_act *act = ACT(REPORT_UP, .node = reports[i].node, .text = T("急报"));

        print_message("Art 25: %s\n", reports[i].what);
        bring_forwarded(w);
        world_refused(w, reports[i].reporter, act, reports[i].wanted);
        if (reports[i].wanted != JB_REFUSE_NONE)
            continue;
        world_do(w, reports[i].reporter, act);
        assert_true(jb_case_has(&w->c, reports[i].wanted_node));
        assert_int_equal(w->c.host, HOUSING);
        assert_int_equal(w->c.stage, JB_STAGE_SENT);
    }
}

static void only_its_debtor_has_made_the_urgent_report(void **state)
{
    struct world *w = *state;

    register_with(w, JB_MATTER_APPEAL, JB_FLAG_URGENT);
    assert_int_equal(world_deadline(w, "urgent")->node, OFFICE);
    world_do(w, OFFICE, ACT(FORWARD, .node = HOUSING));
    world_do(w, HOUSING, ACT(REPORT_UP, .text = T("急报")));
    assert_true(world_runs(w, "urgent"));
    w->now_ms += 3600 * 1000;
    world_do(w, OFFICE, ACT(REPORT_UP, .text = T("急报")));
    assert_int_equal(world_last_deadline(w, "urgent")->end, JB_END_MET);
    assert_int_equal(jb_case_roles(&w->c, CITY_OFFICE), 1U << JB_ROLE_INFORMED);
    w->now_ms = start_ms();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_short_clocks_run_beside_the_ordinary_ones),
        cmocka_unit_test(a_decline_is_a_decision_in_time),
        cmocka_unit_test(what_is_excluded),
        cmocka_unit_test(which_flags_are_excluded_is_policy),
        cmocka_unit_test(a_direct_matter_counts_from_its_registration),
        cmocka_unit_test(it_turns_ordinary),
        cmocka_unit_test(a_matter_is_reported_up),
        cmocka_unit_test(only_its_debtor_has_made_the_urgent_report),
    };
    return cmocka_run_group_tests_name("decide_track", tests, world_open, world_close);
}
