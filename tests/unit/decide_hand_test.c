/* What every hand-over brings with it: the order behind it, its clocks, who countersigns, and which
 * matters an office does not send about at all. Named by article and precedence rule. */
#include "tests/unit/rules_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "proto/rules/caseno.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const struct jb_target *target(struct world *w, uint32_t directive, uint32_t node)
{
    const struct jb_target *t = jb_case_target(&w->c, directive, node);

    if (t == NULL)
        fail_msg("directive %u is not addressed to %u", (unsigned)directive, (unsigned)node);
    return t;
}

static void registered_with(struct world *w, uint32_t flags, uint32_t people)
{
    struct jb_act act = *world_register_act();

    act.flags = flags;
    act.people = people;
    world_forget_case(w);
    world_do(w, OFFICE, &act);
}

/* ---- clocks --------------------------------------------------------------------------------- */

static void rule_8_8_each_hand_over_is_signed_for_and_delivered(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_SENT);
    assert_int_equal(world_deadline(w, "sign")->node, HOUSING);
    assert_int_equal(world_deadline(w, "silence")->node, HOUSING);
    assert_int_equal(world_deadline(w, "deliver")->node, OFFICE);
    assert_int_equal(world_deadline(w, "deliver")->due_ms,
                     w->now_ms + (world_deadline(w, "notify")->due_ms - w->now_ms) / 100 * 50);
    assert_int_equal(world_deadline(w, "co-answer")->node, LABOUR);
    /* Between handlers as well; the statute's clock is half over for the next one, too. */
    world_bring(w, JB_STAGE_REGISTERED);
    world_do(w, OFFICE, ACT(FORWARD, .node = HOUSING));
    w->now_ms += 4 * JB_DAY_MS;
    world_do(w, HOUSING, ACT(HANDOVER, .node = LAND));
    assert_int_equal(world_deadline(w, "sign")->node, LAND);
    assert_int_equal(world_deadline(w, "silence")->node, LAND);
    assert_int_equal(world_deadline(w, "deliver")->node, HOUSING);
    assert_int_equal(world_deadline(w, "deliver")->due_ms,
                     w->now_ms + (world_deadline(w, "notify")->due_ms - w->now_ms) / 100 * 50);
}

static void co_handlers_answer_by_the_designated_day(void **state)
{
    struct world *w = *state;
    static const uint32_t both[] = {LABOUR, LAND}, one[] = {LAND};
    int64_t due_ms = local("2026-03-20 18:00");
    size_t open = 0;

    world_bring(w, JB_STAGE_REGISTERED);
    world_do(w, OFFICE, ACT(ASSIGN, .node = HOUSING, .co_handlers = {both, 2}, .due_ms = due_ms));
    for (size_t i = 0; i < w->c.deadline_count; i++) {
        if (strcmp(w->c.deadlines[i].key, "co-answer") != 0)
            continue;
        assert_int_equal(w->c.deadlines[i].due_ms, due_ms);
        open++;
    }
    assert_int_equal(open, 2);
    world_do(w, OFFICE, ACT(ASSIGN, .node = HOUSING, .co_handlers = {one, 1}));
    assert_int_equal(world_deadline(w, "co-answer")->node, LAND);
    assert_int_equal(world_deadline(w, "co-answer")->due_ms, due_ms); /* nobody gets more time */
    assert_false(jb_case_has(&w->c, LABOUR));
}

/* Rule 8.2: a case always has a host, also when the agency is about to be abolished. */
static void rule_8_2_nothing_goes_to_an_agency_that_ends_without_a_successor(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_REGISTERED);
    world_node(w, HOUSING)->valid_to_ms = w->now_ms + 30 * JB_DAY_MS;
    world_refused(w, OFFICE, ACT(FORWARD, .node = HOUSING), JB_REFUSE_NODE_NOT_VALID);
    world_node(w, HOUSING)->successor = LAND;
    world_do(w, OFFICE, ACT(FORWARD, .node = HOUSING));
}

static void a_clock_that_was_missed_is_missed_once(void **state)
{
    struct world *w = *state;
    const struct jb_deadline *d;

    world_bring(w, JB_STAGE_REGISTERED);
    world_do(w, OFFICE, ACT(FORWARD, .node = HOUSING));
    world_do(w, HOUSING, ACT(SIGN_FOR, .text = T("x")));
    w->now_ms = world_deadline(w, "notify")->due_ms + JB_DAY_MS;
    world_tick(w);
    assert_int_not_equal(world_deadline(w, "notify")->missed_ms, 0);
    world_do(w, HOUSING, ACT(HANDOVER, .node = LAND));
    d = world_deadline(w, "notify");
    assert_int_equal(d->node, LAND);
    assert_int_equal(d->missed_ms, d->due_ms);
    world_refused(w, BROKER, ACT(MISS, .deadline_id = d->id), JB_REFUSE_ALREADY_DONE);
}

static void art_25_an_urgent_matter_is_reported_at_once(void **state)
{
    struct world *w = *state;

    registered_with(w, JB_FLAG_URGENT, 1);
    assert_int_equal(world_deadline(w, "urgent")->node, OFFICE);
    assert_int_equal(world_deadline(w, "urgent")->due_ms, w->now_ms + INT64_C(4) * 3600 * 1000);
    world_bring(w, JB_STAGE_REGISTERED);
    assert_false(world_runs(w, "urgent"));
}

/* ---- the order behind it, rules 1 and 2 ----------------------------------------------------- */

static void an_order_is_a_directive_with_its_own_life(void **state)
{
    struct world *w = *state;
    const struct jb_directive *order;

    world_bring(w, JB_STAGE_SENT);
    order = jb_case_order(&w->c);
    assert_non_null(order);
    assert_int_equal(order->power, JB_POWER_ASSIGN);
    assert_int_equal(order->issuer, OFFICE);
    assert_int_equal(order->authority, JB_AUTHORITY_FIRST_ASSIGNMENT);
    assert_int_equal(order->level, JB_LEVEL_COUNTY);
    assert_int_equal(target(w, order->id, HOUSING)->state, JB_TARGET_ISSUED);
    assert_int_equal(target(w, order->id, HOUSING)->deadline_id, world_deadline(w, "assigned")->id);
    assert_int_equal(world_deadline(w, "assigned")->directive, order->id);
    world_do(w, OFFICE, ACT(ASSIGN, .node = LAND));
    assert_int_equal(target(w, 1, HOUSING)->state, JB_TARGET_SUPERSEDED);
    assert_int_equal(w->c.directives[0].status, JB_DIRECTIVE_ENDED);
    assert_int_equal(jb_case_order(&w->c)->id, 2);
    assert_int_equal(target(w, 2, LAND)->state, JB_TARGET_ISSUED);
}

static void passed_down_an_assignment_stays_with_its_receiver(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_SENT);
    world_do(w, HOUSING, ACT(HANDOVER, .node = HOUSING_UNIT));
    assert_int_equal(w->c.directive_count, 1); /* a hand-over is no directive */
    assert_int_equal(target(w, 1, HOUSING)->state, JB_TARGET_ISSUED);
    assert_int_equal(world_deadline(w, "assigned")->node, HOUSING);
    /* What was only forwarded goes over to the peer. */
    world_bring(w, JB_STAGE_REGISTERED);
    world_do(w, OFFICE, ACT(FORWARD, .node = HOUSING));
    world_do(w, HOUSING, ACT(HANDOVER, .node = LAND));
    assert_int_equal(target(w, 1, HOUSING)->state, JB_TARGET_SUPERSEDED);
    assert_null(jb_case_order(&w->c));
}

static void art_22_an_office_that_forwards_what_was_assigned_to_it_owes_the_report(void **state)
{
    struct world *w = *state;

    world_register(w, CITY_OFFICE, 1, JB_MATTER_APPEAL);
    world_do(w, CITY_OFFICE, ACT(ASSIGN, .node = OFFICE));
    world_do(w, OFFICE, ACT(FORWARD, .node = HOUSING));
    assert_int_equal(world_deadline(w, "assigned")->node, OFFICE);
    assert_int_equal(target(w, 1, OFFICE)->state, JB_TARGET_ISSUED);
    assert_int_equal(jb_case_order(&w->c)->authority, JB_AUTHORITY_FORWARD);
    /* It is still a case under an assignment: it goes down its handler's tree only, and its
     * handler does not close it. */
    assert_int_equal(w->c.authority, JB_AUTHORITY_FIRST_ASSIGNMENT);
    world_refused(w, HOUSING, ACT(HANDOVER, .node = LAND), JB_REFUSE_OUTRANKED);
    world_do(w, HOUSING, ACT(SIGN_FOR, .text = T("x")));
    world_do(w, HOUSING, ACT(ACCEPT, .told_at_ms = w->now_ms));
    world_refused(w, HOUSING, ACT(ANSWER, .opinion = JB_OPINION_EXPLAINED, .text = T("x")),
                  JB_REFUSE_REPORT_REQUIRED);
    world_do(w, HOUSING,
             ACT(ANSWER, .opinion = JB_OPINION_EXPLAINED, .text = T("x"), .report = T("x"),
                 .told_at_ms = w->now_ms));
    world_refused(w, HOUSING, ACT(CLOSE, .close_no = T("1")), JB_REFUSE_WRONG_PARTY);
    world_do(w, CITY_OFFICE, ACT(CLOSE, .close_no = T("1")));
    /* Given back to it, it is again the one who was assigned it. */
    world_register(w, CITY_OFFICE, 2, JB_MATTER_APPEAL);
    world_do(w, CITY_OFFICE, ACT(ASSIGN, .node = OFFICE, .authority = JB_AUTHORITY_ASSIGN));
    world_do(w, OFFICE, ACT(FORWARD, .node = HOUSING));
    assert_int_equal(w->c.authority, JB_AUTHORITY_ASSIGN);
    world_do(w, HOUSING, ACT(OBJECT, .reason = T("x")));
    world_do(w, OFFICE, ACT(RULE_ON_OBJECTION, .ruling = JB_RULING_AGREED));
    assert_int_equal(w->c.authority, JB_AUTHORITY_ASSIGN);
    assert_int_equal(world_deadline(w, "assigned")->node, OFFICE);
    world_do(w, OFFICE, ACT(FORWARD, .node = LAND));
    assert_int_equal(world_deadline(w, "assigned")->node, OFFICE);
}

static void rule_6_a_handler_passes_on_in_its_own_tree_only(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_SENT);
    world_refused(w, HOUSING, ACT(HANDOVER, .node = LAND), JB_REFUSE_OUTRANKED);
    w->policy->sub_assign_within_tree = false;
    world_do(w, HOUSING, ACT(HANDOVER, .node = LAND));
    assert_int_equal(w->c.authority, JB_AUTHORITY_FIRST_ASSIGNMENT);
    assert_int_equal(world_deadline(w, "assigned")->node, HOUSING);
}

/* ---- countersignature, rule 6 --------------------------------------------------------------- */

struct sign_row {
    uint32_t sender, target, helper;
    uint32_t people;
    bool needed;
};

static const struct sign_row signs[] = {
    {CITY_OFFICE, HOUSING, 0, 1, false}, /* one level down */
    {CITY_OFFICE, TOWN, 0, 1, true},     {CITY_OFFICE, HOUSING, TOWN, 1, true},
    {OFFICE, TOWN_STATION, 0, 1, false}, {OFFICE, HOUSING, 0, 49, false},
    {OFFICE, HOUSING, 0, 50, true}, /* a mass matter in a county */
    {CITY_OFFICE, HOUSING, 0, 30, true},
};

static void rule_6_a_leader_countersigns(void **state)
{
    struct world *w = *state;

    for (size_t i = 0; i < COUNT(signs); i++) {
        struct jb_act act = *ACT(ASSIGN, .node = signs[i].target);

        act.co_handlers = (struct jb_list32){&signs[i].helper, signs[i].helper != 0};
        world_register(w, signs[i].sender, 1, JB_MATTER_APPEAL);
        w->c.people = signs[i].people;
        if (world_ask(w, signs[i].sender, &act) !=
            (signs[i].needed ? JB_REFUSE_COUNTERSIGN_REQUIRED : JB_REFUSE_NONE))
            fail_msg("row %zu: %s", i, jb_refusal_name(w->v.refusal));
        world_delegate(w, signs[i].sender, "周书记", JB_POWER_ASSIGN);
        act.countersigned_by = T("周书记");
        world_do(w, signs[i].sender, &act);
        assert_true(jb_text_equal(jb_case_order(&w->c)->countersigned_by, T("周书记")));
        assert_int_equal(jb_case_order(&w->c)->people, signs[i].people);
    }
}

static void who_has_answered_is_not_asked_again(void **state)
{
    struct world *w = *state;
    static const uint32_t both[] = {LABOUR, TOWN};

    world_bring(w, JB_STAGE_ACCEPTED);
    world_do(w, LABOUR, ACT(ANSWER, .text = T("x")));
    world_do(w, OFFICE, ACT(ASSIGN, .node = LAND, .co_handlers = {both, 2}));
    assert_int_equal(world_deadline(w, "co-answer")->node, TOWN);
}

/* ---- matters that are not sent about -------------------------------------------------------- */

static void litigation_related_matters_are_referred(void **state)
{
    struct world *w = *state;

    registered_with(w, JB_FLAG_LITIGATION, 1);
    world_refused(w, OFFICE, ACT(FORWARD, .node = HOUSING), JB_REFUSE_EXIT_TAKEN);
    world_refused(w, OFFICE, ACT(ASSIGN, .node = HOUSING), JB_REFUSE_EXIT_TAKEN);
    assert_non_null(strstr(w->v.detail, "refer it"));
    assert_int_equal(world_ask(w, OFFICE, ACT(REFER, .node = COURT)), JB_REFUSE_NONE);
    /* What proves to be none is classified anew. */
    world_do(w, OFFICE, ACT(CLASSIFY, .matter = JB_MATTER_APPEAL, .reason = T("未进入诉讼")));
    assert_int_equal(w->c.flags, 0);
    world_do(w, OFFICE, ACT(FORWARD, .node = HOUSING));
}

/* A superior's designation is the decision that a cross-boundary matter needs; the office that got
 * it goes on to sort it, and its handler may still object to the office. */
static void what_was_designated_to_an_office_goes_on(void **state)
{
    struct world *w = *state;

    world_register(w, CITY_OFFICE, 1, JB_MATTER_APPEAL);
    w->c.flags = JB_FLAG_CROSS_BOUNDARY;
    world_join(w, CITY, JB_ROLE_INFORMED);
    world_do(w, CITY, ACT(DESIGNATE, .node = OFFICE));
    world_do(w, OFFICE, ACT(FORWARD, .node = HOUSING));
    assert_int_equal(w->c.authority, JB_AUTHORITY_FIRST_ASSIGNMENT);
    assert_int_equal(world_deadline(w, "assigned")->node, OFFICE);
    world_do(w, HOUSING, ACT(OBJECT, .reason = T("x")));
}

static void art_19_a_repeat_is_not_sent_about_beside_the_first(void **state)
{
    struct world *w = *state;
    int64_t first_no;
    size_t first;

    world_bring(w, JB_STAGE_SIGNED);
    first_no = w->c.case_no;
    first = world_put_aside(w);
    w->now_ms += 60000;
    world_register(w, OFFICE, 2, JB_MATTER_APPEAL);
    world_do(w, OFFICE, ACT(LINK, .other_case_no = first_no, .link_kind = JB_LINK_REPEAT));
    world_refused(w, OFFICE, ACT(FORWARD, .node = LAND), JB_REFUSE_IN_HAND_ELSEWHERE);
    world_refused(w, OFFICE, ACT(ASSIGN, .node = LAND), JB_REFUSE_IN_HAND_ELSEWHERE);
    assert_non_null(strstr(w->v.detail, "merge"));
    w->kept[first].matter = JB_MATTER_ACCUSATION; /* then it is mentioned nowhere */
    assert_int_equal(world_ask(w, OFFICE, ACT(FORWARD, .node = LAND)), JB_REFUSE_NONE);
    w->kept[first].matter = JB_MATTER_APPEAL;
    w->kept[first].stage = JB_STAGE_CLOSED; /* it is over: a new matter */
    world_do(w, OFFICE, ACT(FORWARD, .node = LAND));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_open, world_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rule_8_8_each_hand_over_is_signed_for_and_delivered),
        TEST(co_handlers_answer_by_the_designated_day),
        TEST(rule_8_2_nothing_goes_to_an_agency_that_ends_without_a_successor),
        TEST(a_clock_that_was_missed_is_missed_once),
        TEST(art_25_an_urgent_matter_is_reported_at_once),
        TEST(an_order_is_a_directive_with_its_own_life),
        TEST(passed_down_an_assignment_stays_with_its_receiver),
        TEST(art_22_an_office_that_forwards_what_was_assigned_to_it_owes_the_report),
        TEST(rule_6_a_handler_passes_on_in_its_own_tree_only),
        TEST(rule_6_a_leader_countersigns),
        TEST(who_has_answered_is_not_asked_again),
        TEST(what_was_designated_to_an_office_goes_on),
        TEST(litigation_related_matters_are_referred),
        TEST(art_19_a_repeat_is_not_sent_about_beside_the_first),
    };
    return cmocka_run_group_tests_name("decide_hand", tests, NULL, NULL);
}
