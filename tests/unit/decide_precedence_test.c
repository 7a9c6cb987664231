/* The seven precedence rules of the first assignment authority, each with its policy switch on and
 * off. P4.n is rule n. */
#include "tests/unit/rules_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define ISSUE(...) ACT(ISSUE_DIRECTIVE, __VA_ARGS__)
#define DEMAND(d) .power = JB_POWER_SUPERVISE, .demand = JB_DEMAND_##d
#define SWITCH(name) offsetof(struct jb_policy, name)

static bool *switch_at(struct world *w, size_t offset)
{
    return (bool *)((char *)w->policy + offset);
}

/* ---- situations ----------------------------------------------------------------------------- */

static void accepted(struct world *w)
{
    world_bring(w, JB_STAGE_ACCEPTED);
    world_join(w, CITY_OFFICE, JB_ROLE_ASSIGNER);
    world_join(w, CONFERENCE, JB_ROLE_ASSIGNER);
}

/* An ordinary assignment by the office is in force. */
static void assigned(struct world *w)
{
    world_bring(w, JB_STAGE_REGISTERED);
    world_do(w, OFFICE, ACT(ASSIGN, .node = HOUSING, .authority = JB_AUTHORITY_ASSIGN));
    world_join(w, CITY_OFFICE, JB_ROLE_ASSIGNER);
    world_join(w, CONFERENCE, JB_ROLE_ASSIGNER);
}

static void decided_by_the_conference(struct world *w)
{
    assigned(w);
    world_do(w, CONFERENCE, ACT(DESIGNATE, .node = LAND));
}

static void not_supported(struct world *w)
{
    accepted(w);
    world_do(w, LABOUR, ACT(ANSWER, .text = T("协办意见")));
    world_do(w, HOUSING,
             ACT(ANSWER, .opinion = JB_OPINION_NOT_SUPPORTED, .text = T("不予支持"),
                 .report = T("办结报告"), .told_at_ms = w->now_ms));
}

static void supervised(struct world *w)
{
    accepted(w);
    world_do(w, OFFICE, ISSUE(DEMAND(PROGRESS), .node = HOUSING));
}

static void land_is_recused(struct world *w)
{
    accepted(w);
    world_do(w, OFFICE, ACT(RECUSE, .node = LAND, .reason = T("与本案有利害关系")));
}

static void mass(struct world *w)
{
    struct jb_act act = *world_register_act();

    world_forget_case(w);
    act.people = 50;
    world_do(w, OFFICE, &act);
}

static void registered(struct world *w)
{
    world_bring(w, JB_STAGE_REGISTERED);
    world_join(w, CITY_OFFICE, JB_ROLE_ASSIGNER);
}

/* ---- what is allowed ------------------------------------------------------------------------ */

static void each_rule_with_its_switch(void **state)
{
    struct world *w = *state;
    const struct {
        const char *rule;
        size_t policy_switch;
        void (*bring)(struct world *w);
        uint32_t node;
        const struct jb_act *act;
        enum jb_refusal on, off;
    } rows[] = {
        {"P4.1", SWITCH(first_assignment_outranks), assigned, CONFERENCE,
         ACT(ASSIGN, .node = LAND, .authority = JB_AUTHORITY_FIRST_ASSIGNMENT), JB_REFUSE_NONE,
         JB_REFUSE_OUTRANKED},
        {"P4.2", SWITCH(level_outranks), decided_by_the_conference, CITY_OFFICE,
         ACT(ASSIGN, .node = HOUSING), JB_REFUSE_NONE, JB_REFUSE_OUTRANKED},
        {"P4.2 same level", SWITCH(level_outranks), decided_by_the_conference, OFFICE,
         ACT(ASSIGN, .node = HOUSING), JB_REFUSE_OUTRANKED, JB_REFUSE_OUTRANKED},
        {"P4.3 receive first", SWITCH(receive_first), supervised, HOUSING,
         ACT(OBJECT_DIRECTIVE, .directive_no = 2, .reason = T("x")), JB_REFUSE_DIRECTIVE_OVER,
         JB_REFUSE_NONE},
        {"P4.3 no return", SWITCH(no_return_after_designation), decided_by_the_conference, LAND,
         ACT(OBJECT, .reason = T("x")), JB_REFUSE_NO_RETURN, JB_REFUSE_OBJECTION_TOO_LATE},
        {"P4.6 skip, assigned", SWITCH(countersign_skip), registered, CITY_OFFICE,
         ACT(ASSIGN, .node = TOWN), JB_REFUSE_COUNTERSIGN_REQUIRED, JB_REFUSE_NONE},
        {"P4.6 no skip", SWITCH(countersign_skip), registered, CITY_OFFICE,
         ACT(ASSIGN, .node = HOUSING), JB_REFUSE_NONE, JB_REFUSE_NONE},
        {"P4.6 mass, assigned", SWITCH(countersign_mass), mass, OFFICE,
         ACT(ASSIGN, .node = HOUSING), JB_REFUSE_COUNTERSIGN_REQUIRED, JB_REFUSE_NONE},
        {"P4.6 own tree", SWITCH(sub_assign_within_tree), assigned, HOUSING,
         ACT(HANDOVER, .node = LAND), JB_REFUSE_OUTRANKED, JB_REFUSE_NONE},
        {"P4.6 own tree, down", SWITCH(sub_assign_within_tree), assigned, HOUSING,
         ACT(HANDOVER, .node = HOUSING_UNIT), JB_REFUSE_NONE, JB_REFUSE_NONE},
        {"P4.7 discipline", SWITCH(limits_of_authority), accepted, OFFICE,
         ISSUE(DEMAND(CORRECTION), .node = DISCIPLINE), JB_REFUSE_BEYOND_POWERS, JB_REFUSE_NONE},
        {"P4.7 court", SWITCH(limits_of_authority), accepted, OFFICE,
         ISSUE(.power = JB_POWER_INVESTIGATE, .node = COURT), JB_REFUSE_BEYOND_POWERS,
         JB_REFUSE_NONE},
        {"P4.7 opinion", SWITCH(limits_of_authority), not_supported, OFFICE,
         ISSUE(DEMAND(CORRECTION), .node = HOUSING), JB_REFUSE_BEYOND_POWERS, JB_REFUSE_NONE},
        {"P4.7 opinion, explained", SWITCH(limits_of_authority), not_supported, OFFICE,
         ISSUE(DEMAND(EXPLANATION), .node = HOUSING), JB_REFUSE_NONE, JB_REFUSE_NONE},
        {"P4.7 new host", SWITCH(limits_of_authority), not_supported, OFFICE,
         ISSUE(.power = JB_POWER_COORDINATE, .node = LAND), JB_REFUSE_BEYOND_POWERS,
         JB_REFUSE_NONE},
        {"P4.7 recused", SWITCH(limits_of_authority), land_is_recused, OFFICE,
         ISSUE(DEMAND(EXPLANATION), .node = LAND), JB_REFUSE_BEYOND_POWERS,
         JB_REFUSE_RECUSED}, /* Art 28(3), whatever the switch says */
    };

    for (size_t i = 0; i < 2 * COUNT(rows); i++) {
        bool on = i % 2 == 0;
        bool *policy_switch = switch_at(w, rows[i / 2].policy_switch);
        enum jb_refusal wanted = on ? rows[i / 2].on : rows[i / 2].off;

        rows[i / 2].bring(w);
        assert_true(*policy_switch); /* the shipped policy has them all */
        *policy_switch = on;
        if (world_ask(w, rows[i / 2].node, rows[i / 2].act) != wanted)
            fail_msg("%s %s: %s instead of %s: %s", rows[i / 2].rule, on ? "on" : "off",
                     jb_refusal_name(w->v.refusal), jb_refusal_name(wanted), w->v.detail);
        *policy_switch = true;
    }
}

/* ---- what follows --------------------------------------------------------------------------- */

static const struct jb_target *target(struct world *w, uint32_t directive, uint32_t node)
{
    const struct jb_target *t = jb_case_target(&w->c, directive, node);

    assert_non_null(t);
    return t;
}

static enum jb_deadline_end clock_end(struct world *w, uint32_t directive, uint32_t node)
{
    const struct jb_deadline *d = jb_case_deadline(&w->c, target(w, directive, node)->deadline_id);

    assert_non_null(d);
    return d->end;
}

/* P4.1: the open hand-over closes as superseded, its history stays. */
static void p4_1_the_hand_over_before_is_superseded(void **state)
{
    struct world *w = *state;

    assigned(w);
    world_do(w, CONFERENCE, ACT(ASSIGN, .node = LAND));
    assert_int_equal(w->c.host, LAND);
    assert_int_equal(target(w, 1, HOUSING)->state, JB_TARGET_SUPERSEDED);
    assert_int_equal(jb_case_directive(&w->c, 1)->status, JB_DIRECTIVE_ENDED);
    assert_int_equal(jb_case_order(&w->c)->id, 2);
}

/* P4.2: of the same power and receiver only the highest stays. */
static void p4_2_directives_of_lower_authority_are_superseded(void **state)
{
    struct world *w = *state;
    const struct {
        uint32_t second;
        bool level_outranks;
        enum jb_target_state first_becomes;
    } rows[] = {
        {CITY_OFFICE, true, JB_TARGET_SUPERSEDED}, {CITY_OFFICE, false, JB_TARGET_ISSUED},
        {CONFERENCE, true, JB_TARGET_SUPERSEDED},  {CONFERENCE, false, JB_TARGET_SUPERSEDED},
        {OFFICE, true, JB_TARGET_ISSUED},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        supervised(w);
        w->policy->level_outranks = rows[i].level_outranks;
        world_do(w, rows[i].second, ISSUE(.power = JB_POWER_INVESTIGATE, .node = HOUSING));
        assert_int_equal(target(w, 2, HOUSING)->state, JB_TARGET_ISSUED); /* another power */
        world_do(w, rows[i].second, ISSUE(DEMAND(CORRECTION), .node = LAND));
        assert_int_equal(target(w, 2, HOUSING)->state, JB_TARGET_ISSUED); /* another receiver */
        world_do(w, rows[i].second, ISSUE(DEMAND(CORRECTION), .node = HOUSING));
        assert_int_equal(target(w, 2, HOUSING)->state, rows[i].first_becomes);
        assert_int_equal(clock_end(w, 2, HOUSING), rows[i].first_becomes == JB_TARGET_ISSUED
                                                       ? JB_END_OPEN
                                                       : JB_END_SUPERSEDED);
        w->policy->level_outranks = true;
    }
}

static void p4_2_what_is_answered_or_lower_supersedes_nothing(void **state)
{
    struct world *w = *state;

    supervised(w);
    world_do(w, HOUSING, ACT(SIGN_DIRECTIVE, .directive_no = 2));
    world_do(w, HOUSING, ACT(ANSWER_DIRECTIVE, .directive_no = 2, .text = T("x")));
    world_do(w, CITY_OFFICE, ISSUE(DEMAND(PROGRESS), .node = HOUSING));
    assert_int_equal(target(w, 2, HOUSING)->state, JB_TARGET_ANSWERED);
    world_do(w, OFFICE, ISSUE(DEMAND(ON_SITE), .node = HOUSING));
    assert_int_equal(target(w, 3, HOUSING)->state, JB_TARGET_ISSUED);
}

/* P4.3: with the switch an objection neither stops the clock nor releases; without, it does. */
static void p4_3_receive_first_object_after(void **state)
{
    struct world *w = *state;
    int64_t start_ms = w->now_ms;

    for (int on = 1; on >= 0; on--) {
        supervised(w);
        w->policy->receive_first = on;
        if (on)
            world_do(w, HOUSING, ACT(SIGN_DIRECTIVE, .directive_no = 2));
        world_do(w, HOUSING, ACT(OBJECT_DIRECTIVE, .directive_no = 2, .reason = T("x")));
        assert_int_equal(target(w, 2, HOUSING)->state, JB_TARGET_OBJECTED);
        assert_int_equal(clock_end(w, 2, HOUSING), on ? JB_END_OPEN : JB_END_CANCELLED);
        w->policy->receive_first = true;
    }
    /* Five working days from receipt: Monday to the next Monday, 24:00. */
    supervised(w);
    world_do(w, HOUSING, ACT(SIGN_DIRECTIVE, .directive_no = 2));
    w->now_ms = local("2026-03-09 23:59");
    assert_int_equal(
        world_ask(w, HOUSING, ACT(OBJECT_DIRECTIVE, .directive_no = 2, .reason = T("x"))),
        JB_REFUSE_NONE);
    w->now_ms = local("2026-03-10 00:00");
    world_refused(w, HOUSING, ACT(OBJECT_DIRECTIVE, .directive_no = 2, .reason = T("x")),
                  JB_REFUSE_OBJECTION_TOO_LATE);
    w->now_ms = start_ms;
}

/* P4.4: a designated day shortens; it lengthens only without the switch. */
static void p4_4_never_lengthens(void **state)
{
    struct world *w = *state;
    const struct {
        bool never_lengthen;
        const char *designated, *due;
    } rows[] = {
        {true, "2026-03-06 18:00", "2026-03-06 18:00"},
        {true, "2026-05-01 00:00", "2026-03-18 00:00"}, /* fifteen days */
        {false, "2026-03-06 18:00", "2026-03-06 18:00"},
        {false, "2026-05-01 00:00", "2026-05-01 00:00"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        accepted(w);
        w->policy->never_lengthen = rows[i].never_lengthen;
        world_do(w, OFFICE,
                 ISSUE(DEMAND(PROGRESS), .node = HOUSING, .due_ms = local(rows[i].designated)));
        assert_int_equal(jb_case_deadline(&w->c, target(w, 2, HOUSING)->deadline_id)->due_ms,
                         local(rows[i].due));
        w->policy->never_lengthen = true;
    }
    world_refused(w, OFFICE,
                  ISSUE(DEMAND(PROGRESS), .node = HOUSING, .due_ms = local("2026-03-02 09:00")),
                  JB_REFUSE_DUE_IN_THE_PAST);
}

/* P4.5: assigner, common superior, joint conference; the host stays meanwhile. */
static void p4_5_a_dispute_goes_up_and_the_host_stays(void **state)
{
    struct world *w = *state;
    const struct {
        bool to_superior;
        int level;
        uint32_t arbiter;
    } rows[] = {{true, 1, COUNTY}, {false, 2, CONFERENCE}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        assigned(w);
        w->policy->dispute_to_superior = rows[i].to_superior;
        world_do(w, HOUSING, ACT(OBJECT, .reason = T("不属本局职权")));
        world_do(w, OFFICE,
                 ACT(RULE_ON_OBJECTION, .ruling = JB_RULING_REFUSED, .reason = T("属住建职责")));
        world_do(w, HOUSING, ACT(ESCALATE_DISPUTE, .reason = T("仍有争议")));
        assert_int_equal(w->c.dispute_level, rows[i].level);
        assert_int_equal(w->c.arbiter, rows[i].arbiter);
        assert_int_equal(w->c.host, HOUSING);
        w->policy->dispute_to_superior = true;
    }
}

/* ---- P4.6: countersignature ----------------------------------------------------------------- */

static void p4_6_it_waits_for_its_countersignature(void **state)
{
    struct world *w = *state;
    const struct {
        size_t policy_switch;
        uint32_t issuer, receiver, people;
    } rows[] = {
        {SWITCH(countersign_skip), CITY_OFFICE, TOWN, 0},
        {SWITCH(countersign_mass), OFFICE, LAND, 50},
    };

    for (size_t i = 0; i < 2 * COUNT(rows); i++) {
        bool on = i % 2 == 0;
        uint32_t receiver = rows[i / 2].receiver;

        accepted(w);
        *switch_at(w, rows[i / 2].policy_switch) = on;
        world_do(w, rows[i / 2].issuer,
                 ISSUE(DEMAND(PROGRESS), .node = receiver, .people = rows[i / 2].people));
        *switch_at(w, rows[i / 2].policy_switch) = true;
        assert_int_equal(jb_case_directive(&w->c, 2)->status,
                         on ? JB_DIRECTIVE_WAITING : JB_DIRECTIVE_IN_FORCE);
        assert_int_equal(jb_case_has(&w->c, receiver), !on);
        assert_int_equal(target(w, 2, receiver)->deadline_id == 0, on);
    }
}

static void p4_6_a_named_leader_puts_it_in_force(void **state)
{
    struct world *w = *state;
    int64_t start_ms = w->now_ms;

    accepted(w);
    world_do(w, CITY_OFFICE, ISSUE(DEMAND(PROGRESS), .node = TOWN));
    world_refused(w, TOWN, ACT(SIGN_DIRECTIVE, .directive_no = 2), JB_REFUSE_UNKNOWN_CASE);
    world_refused(w, HOUSING, ACT(SIGN_DIRECTIVE, .directive_no = 2), JB_REFUSE_NO_SUCH_DIRECTIVE);
    world_refused(w, CITY_OFFICE,
                  ACT(COUNTERSIGN_DIRECTIVE, .directive_no = 2, .countersigned_by = T("赵某")),
                  JB_REFUSE_NOT_DELEGATED);
    world_refused(w, CITY_OFFICE,
                  ACT(COUNTERSIGN_DIRECTIVE, .directive_no = 2, .countersigned_by = T("王芳")),
                  JB_REFUSE_COUNTERSIGN_REQUIRED); /* who acts countersigns nothing */
    world_refused(w, OFFICE,
                  ACT(COUNTERSIGN_DIRECTIVE, .directive_no = 2, .countersigned_by = T("李县长")),
                  JB_REFUSE_WRONG_PARTY);
    w->now_ms += JB_DAY_MS;
    world_do(w, CITY_OFFICE,
             ACT(COUNTERSIGN_DIRECTIVE, .directive_no = 2, .countersigned_by = T("周市长")));
    assert_int_equal(jb_case_directive(&w->c, 2)->status, JB_DIRECTIVE_IN_FORCE);
    assert_true(jb_text_equal(jb_case_directive(&w->c, 2)->countersigned_by, T("周市长")));
    assert_true(jb_case_has(&w->c, TOWN));
    assert_int_equal(jb_case_deadline(&w->c, target(w, 2, TOWN)->deadline_id)->trigger_ms,
                     w->now_ms); /* its time counts from now on */
    world_do(w, TOWN, ACT(SIGN_DIRECTIVE, .directive_no = 2));
    w->now_ms = start_ms;
}

static void p4_6_a_designated_day_that_went_by_meanwhile(void **state)
{
    struct world *w = *state;
    int64_t start_ms = w->now_ms;

    accepted(w);
    world_do(w, CITY_OFFICE,
             ISSUE(DEMAND(PROGRESS), .node = TOWN, .due_ms = w->now_ms + 2 * JB_DAY_MS));
    w->now_ms += 2 * JB_DAY_MS;
    world_refused(w, CITY_OFFICE,
                  ACT(COUNTERSIGN_DIRECTIVE, .directive_no = 2, .countersigned_by = T("周市长")),
                  JB_REFUSE_DUE_IN_THE_PAST);
    w->now_ms = start_ms;
}

static void p4_6_named_leaders_only(void **state)
{
    struct world *w = *state;
    struct jb_act issue = *ISSUE(DEMAND(PROGRESS), .node = TOWN, .official = T("周市长"),
                                 .countersigned_by = T("周市长"));

    accepted(w);
    world_do(w, CITY_OFFICE, &issue);
    assert_int_equal(jb_case_directive(&w->c, 2)->status, JB_DIRECTIVE_IN_FORCE);
    issue.official = T("赵某");
    world_refused(w, CITY_OFFICE, &issue, JB_REFUSE_NOT_DELEGATED);
    issue.official = T("李县长"); /* another agency's leader */
    world_refused(w, CITY_OFFICE, &issue, JB_REFUSE_NOT_DELEGATED);
    issue.official = T("周市长");
    issue.countersigned_by = T("王芳");
    world_refused(w, CITY_OFFICE, &issue, JB_REFUSE_COUNTERSIGN_REQUIRED);
}

static void p4_6_who_countersigns_an_assignment(void **state)
{
    struct world *w = *state;
    struct jb_act assign = *ACT(ASSIGN, .node = TOWN, .countersigned_by = T("周市长"));

    registered(w);
    world_refused(w, CITY_OFFICE, &assign, JB_REFUSE_COUNTERSIGN_REQUIRED); /* not for this power */
    world_delegate(w, CITY_OFFICE, "王芳", JB_POWER_ASSIGN);
    assign.countersigned_by = T("王芳");
    world_refused(w, CITY_OFFICE, &assign, JB_REFUSE_COUNTERSIGN_REQUIRED); /* who acts */
    world_delegate(w, CITY_OFFICE, "孙副市长", JB_POWER_ASSIGN);
    assign.countersigned_by = T("孙副市长");
    world_do(w, CITY_OFFICE, &assign);
    assert_int_equal(w->c.host, TOWN);
}

/* P4.7: whatever is ordered, the petitioner's rights and the opinion stay as they are. */
static void p4_7_rights_and_opinion_stay(void **state)
{
    struct world *w = *state;
    struct jb_deadline right;

    not_supported(w);
    right = *world_deadline(w, "ask-review");
    world_do(w, OFFICE,
             ISSUE(DEMAND(EXPLANATION), .node = HOUSING, .due_ms = w->now_ms + JB_DAY_MS));
    world_do(w, CITY_OFFICE, ISSUE(.power = JB_POWER_INVESTIGATE, .node = HOUSING));
    assert_int_equal(world_deadline(w, "ask-review")->id, right.id);
    assert_int_equal(world_deadline(w, "ask-review")->due_ms, right.due_ms);
    assert_int_equal(w->c.opinion, JB_OPINION_NOT_SUPPORTED);
    assert_int_equal(w->c.stage, JB_STAGE_ANSWERED);
}

static int open_world(void **state)
{
    struct world *w;

    if (world_open(state) != 0)
        return -1;
    w = *state;
    world_delegate(w, OFFICE, "李县长", 0);
    world_delegate(w, CITY_OFFICE, "周市长", JB_POWER_SUPERVISE);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rule_with_its_switch),
        cmocka_unit_test(p4_1_the_hand_over_before_is_superseded),
        cmocka_unit_test(p4_2_directives_of_lower_authority_are_superseded),
        cmocka_unit_test(p4_2_what_is_answered_or_lower_supersedes_nothing),
        cmocka_unit_test(p4_3_receive_first_object_after),
        cmocka_unit_test(p4_4_never_lengthens),
        cmocka_unit_test(p4_5_a_dispute_goes_up_and_the_host_stays),
        cmocka_unit_test(p4_6_it_waits_for_its_countersignature),
        cmocka_unit_test(p4_6_a_named_leader_puts_it_in_force),
        cmocka_unit_test(p4_6_a_designated_day_that_went_by_meanwhile),
        cmocka_unit_test(p4_6_named_leaders_only),
        cmocka_unit_test(p4_6_who_countersigns_an_assignment),
        cmocka_unit_test(p4_7_rights_and_opinion_stay),
    };

    return cmocka_run_group_tests_name("decide_precedence", tests, open_world, world_close);
}
