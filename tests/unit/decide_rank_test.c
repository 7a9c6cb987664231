/* Hand-overs that meet: who goes before whom, which clocks go on, who stays answerable. */
#include "tests/unit/rules_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "proto/rules/caseno.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

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

static void forward(struct world *w)
{
    world_bring(w, JB_STAGE_REGISTERED);
    world_do(w, OFFICE, ACT(FORWARD, .node = HOUSING));
}

static void back_to_monday(struct world *w)
{
    w->now_ms = local("2026-03-02 10:00");
}

/* Nobody else owes anything, but the sender that the case arrives. */
static void hold_only(const struct world *w, uint32_t node)
{
    for (size_t i = 0; i < w->c.deadline_count; i++) {
        const struct jb_deadline *d = &w->c.deadlines[i];

        if (d->end == JB_END_OPEN)
            assert_int_equal(d->node, strcmp(d->key, "deliver") == 0 ? w->c.sender : node);
    }
}

/* ---- who goes before whom ------------------------------------------------------------------- */

static void an_assignment_supersedes_a_hand_over(void **state)
{
    struct world *w = *state;

    forward(w);
    world_do(w, HOUSING, ACT(HANDOVER, .node = LAND, .reason = T("用地问题")));
    world_do(w, LAND, ACT(OBJECT, .reason = T("x")));
    world_do(w, OFFICE, ACT(ASSIGN, .node = LABOUR));
    assert_int_equal(w->c.host, LABOUR);
    assert_false(w->c.objection_open);
    assert_int_equal(last_deadline(w, "rule")->end, JB_END_SUPERSEDED);
    assert_int_equal(jb_case_roles(&w->c, LAND), 1U << JB_ROLE_LEFT);
    assert_int_equal(jb_case_roles(&w->c, HOUSING), 1U << JB_ROLE_LEFT);
    hold_only(w, LABOUR);
    world_refused(w, LAND, ACT(SIGN_FOR, .custody = 3), JB_REFUSE_STALE_CUSTODY);
    assert_non_null(strstr(w->v.detail, "县人力资源和社会保障局"));
}

static void the_sixty_days_go_on_through_every_hand_over(void **state)
{
    struct world *w = *state;
    struct jb_deadline before, after;

    forward(w);
    world_do(w, HOUSING, ACT(SIGN_FOR, .text = T("x")));
    world_do(w, HOUSING, ACT(ACCEPT, .told_at_ms = w->now_ms));
    before = *world_deadline(w, "handle");
    w->now_ms += 3 * JB_DAY_MS;
    world_do(w, HOUSING, ACT(HANDOVER, .node = LAND));
    world_do(w, OFFICE, ACT(ASSIGN, .node = LABOUR));
    after = *world_deadline(w, "handle");
    assert_int_equal(w->c.stage, JB_STAGE_SENT);
    assert_int_equal(w->c.facts_ms[JB_FACT_SIGNED], 0); /* a fact of the former holder */
    assert_int_not_equal(w->c.facts_ms[JB_FACT_ACCEPTED], 0);
    assert_int_equal(after.node, LABOUR);
    assert_int_equal(after.trigger_ms, before.trigger_ms);
    assert_int_equal(after.due_ms, before.due_ms);
    assert_int_equal(jb_case_deadline(&w->c, before.id)->end, JB_END_SUPERSEDED);
    assert_false(is_open(w, "notify")); /* the petitioner has been told */
    world_do(w, LABOUR, ACT(SIGN_FOR, .text = T("x")));
    world_do(w, LABOUR, ACT(ACCEPT, .exit = JB_EXIT_RESIDUE));
    assert_int_equal(world_deadline(w, "handle")->id, after.id);
    back_to_monday(w);
}

static void a_decline_after_a_told_acceptance_must_be_told_itself(void **state)
{
    struct world *w = *state;

    forward(w);
    world_do(w, HOUSING, ACT(SIGN_FOR, .text = T("x")));
    world_do(w, HOUSING, ACT(ACCEPT, .told_at_ms = w->now_ms));
    world_do(w, HOUSING, ACT(HANDOVER, .node = LAND));
    world_do(w, LAND, ACT(SIGN_FOR, .text = T("x")));
    world_do(w, LAND, ACT(DECLINE, .reason = T("x")));
    assert_int_equal(w->c.facts_ms[JB_FACT_TOLD], 0);
    world_refused(w, OFFICE, ACT(CLOSE, .close_no = T("1")), JB_REFUSE_NOT_TOLD);
    world_do(w, LAND, ACT(NOTIFY, .told_at_ms = w->now_ms));
    world_do(w, OFFICE, ACT(CLOSE, .close_no = T("1")));
}

static void given_back_by_its_sub_unit_a_case_stays_under_its_assignment(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_SENT);
    world_do(w, HOUSING, ACT(HANDOVER, .node = HOUSING_UNIT));
    world_do(w, HOUSING_UNIT, ACT(OBJECT, .reason = T("x")));
    world_do(w, HOUSING, ACT(RULE_ON_OBJECTION, .ruling = JB_RULING_AGREED));
    assert_int_equal(w->c.host, HOUSING);
    world_refused(w, HOUSING, ACT(HANDOVER, .node = LAND), JB_REFUSE_OUTRANKED);
    assert_int_equal(world_deadline(w, "assigned")->node, HOUSING);
}

static void notify_keeps_its_day_between_handlers(void **state)
{
    struct world *w = *state;
    int64_t due_ms;

    forward(w);
    due_ms = world_deadline(w, "notify")->due_ms;
    w->now_ms += 4 * JB_DAY_MS;
    world_do(w, HOUSING, ACT(HANDOVER, .node = LAND));
    assert_int_equal(world_deadline(w, "notify")->due_ms, due_ms);
    assert_int_equal(world_deadline(w, "notify")->node, LAND);
    assert_int_equal(world_deadline(w, "object")->trigger_ms, w->now_ms); /* one for each holder */
    assert_true(jb_case_has(&w->c, HOUSING));
    world_do(w, LAND, ACT(HANDOVER, .node = LABOUR));
    assert_false(jb_case_has(&w->c, HOUSING));
    back_to_monday(w);
}

struct rank_row {
    uint32_t first;
    int first_authority; /* FORWARD: forwarded */
    uint32_t second;
    int second_authority;
    enum jb_refusal wanted;
};

/* CITY_OFFICE has the case as registrar, OFFICE as co-handler. */
static const struct rank_row ranks[] = {
    {CITY_OFFICE, JB_AUTHORITY_FORWARD, CITY_OFFICE, JB_AUTHORITY_ASSIGN, JB_REFUSE_NONE},
    {CITY_OFFICE, JB_AUTHORITY_ASSIGN, CITY_OFFICE, JB_AUTHORITY_FORWARD, JB_REFUSE_OUTRANKED},
    {CITY_OFFICE, JB_AUTHORITY_ASSIGN, CITY_OFFICE, JB_AUTHORITY_ASSIGN, JB_REFUSE_NONE},
    {CITY_OFFICE, JB_AUTHORITY_ASSIGN, CITY_OFFICE, JB_AUTHORITY_FIRST_ASSIGNMENT, JB_REFUSE_NONE},
    {CITY_OFFICE, JB_AUTHORITY_FORWARD, OFFICE, JB_AUTHORITY_FIRST_ASSIGNMENT,
     JB_REFUSE_OUTRANKED}, /* the lower level */
    {CITY_OFFICE, JB_AUTHORITY_FIRST_ASSIGNMENT, CITY_OFFICE, JB_AUTHORITY_ASSIGN,
     JB_REFUSE_OUTRANKED},
};

static enum jb_refusal send(struct world *w, uint32_t node, int authority, uint32_t to)
{
    static const uint32_t helper[] = {OFFICE};
    struct jb_act act = {.kind = JB_ACT_ASSIGN, .node = to, .co_handlers = {helper, 1}};

    if (authority == JB_AUTHORITY_FORWARD)
        act.kind = JB_ACT_FORWARD;
    else
        act.authority = authority;
    if (node == OFFICE)
        act.co_handlers.count = 0;
    return world_try(w, node, &act);
}

static void register_at_city(struct world *w)
{
    struct jb_act act = *world_register_act();

    world_forget_case(w);
    assert_int_equal(jb_caseno_make(jb_date_of_instant(w->now_ms), CITY_OFFICE, 1, &act.case_no),
                     JB_OK);
    w->case_no = act.case_no;
    world_do(w, CITY_OFFICE, &act);
}

static void an_extension_is_used_up_whoever_holds_the_case(void **state)
{
    struct world *w = *state;
    int64_t due_ms;

    forward(w);
    world_do(w, HOUSING, ACT(SIGN_FOR, .text = T("x")));
    world_do(w, HOUSING, ACT(ACCEPT, .told_at_ms = w->now_ms));
    world_do(w, HOUSING,
             ACT(EXTEND, .days = 10, .reason = T("x"), .approved_by = T("局长"),
                 .told_at_ms = w->now_ms));
    due_ms = world_deadline(w, "handle")->due_ms;
    world_do(w, HOUSING, ACT(HANDOVER, .node = LAND));
    world_refused(w, LAND, ACT(EXTEND, .days = 1, .reason = T("x"), .approved_by = T("局长")),
                  JB_REFUSE_EXTENDED_ALREADY);
    world_do(w, OFFICE, ACT(ASSIGN, .node = LABOUR));
    world_refused(w, LABOUR, ACT(EXTEND, .days = 1, .reason = T("x"), .approved_by = T("局长")),
                  JB_REFUSE_EXTENDED_ALREADY);
    assert_int_equal(world_deadline(w, "handle")->due_ms, due_ms);
}

static void an_agreed_objection_does_not_start_the_sixty_days_anew(void **state)
{
    struct world *w = *state;
    int64_t due_ms, accepted_ms;

    forward(w);
    world_do(w, HOUSING, ACT(SIGN_FOR, .text = T("x")));
    world_do(w, HOUSING, ACT(ACCEPT, .told_at_ms = w->now_ms));
    due_ms = world_deadline(w, "handle")->due_ms;
    accepted_ms = w->c.facts_ms[JB_FACT_ACCEPTED];
    w->now_ms += 3 * JB_DAY_MS;
    world_do(w, OFFICE, ACT(ASSIGN, .node = LAND));
    world_do(w, LAND, ACT(OBJECT, .reason = T("x")));
    world_do(w, OFFICE, ACT(RULE_ON_OBJECTION, .ruling = JB_RULING_AGREED));
    assert_int_equal(world_deadline(w, "handle")->due_ms, due_ms);
    assert_int_equal(world_deadline(w, "handle")->node, OFFICE);
    assert_int_equal(w->c.facts_ms[JB_FACT_ACCEPTED], accepted_ms);
    assert_int_not_equal(w->c.facts_ms[JB_FACT_TOLD], 0);
    world_do(w, OFFICE, ACT(ASSIGN, .node = LABOUR));
    assert_int_equal(world_deadline(w, "handle")->due_ms, due_ms);
    assert_int_equal(world_deadline(w, "handle")->node, LABOUR);
    back_to_monday(w);
}

static void level_and_authority_decide(void **state)
{
    struct world *w = *state;
    int64_t usual = w->case_no;

    for (size_t i = 0; i < COUNT(ranks); i++) {
        register_at_city(w);
        assert_int_equal(send(w, ranks[i].first, ranks[i].first_authority, HOUSING),
                         JB_REFUSE_NONE);
        if (send(w, ranks[i].second, ranks[i].second_authority, LAND) != ranks[i].wanted)
            fail_msg("row %zu: %s", i, jb_refusal_name(w->v.refusal));
    }
    w->policy->level_outranks = false;
    register_at_city(w);
    assert_int_equal(send(w, CITY_OFFICE, JB_AUTHORITY_FORWARD, HOUSING), JB_REFUSE_NONE);
    assert_int_equal(send(w, OFFICE, JB_AUTHORITY_FIRST_ASSIGNMENT, LAND), JB_REFUSE_NONE);
    /* Equal rank: only the sender itself, or one who stands above it. */
    register_at_city(w);
    assert_int_equal(send(w, CITY_OFFICE, JB_AUTHORITY_FIRST_ASSIGNMENT, HOUSING), JB_REFUSE_NONE);
    assert_int_equal(send(w, OFFICE, JB_AUTHORITY_FIRST_ASSIGNMENT, LAND), JB_REFUSE_OUTRANKED);
    assert_non_null(strstr(w->v.detail, "市信访局"));
    w->policy->level_outranks = true;
    w->case_no = usual;
}

static void without_its_switch_a_first_assignment_outranks_nothing(void **state)
{
    struct world *w = *state;
    int64_t usual = w->case_no;

    w->policy->first_assignment_outranks = false;
    w->policy->level_outranks = false;
    register_at_city(w);
    assert_int_equal(send(w, CITY_OFFICE, JB_AUTHORITY_FORWARD, HOUSING), JB_REFUSE_NONE);
    assert_int_equal(send(w, OFFICE, JB_AUTHORITY_FIRST_ASSIGNMENT, LAND), JB_REFUSE_OUTRANKED);
    w->policy->first_assignment_outranks = true;
    w->policy->level_outranks = true;
    w->case_no = usual;
}

static void an_office_passes_on_what_a_higher_one_assigned_and_stays_answerable(void **state)
{
    struct world *w = *state;
    int64_t usual = w->case_no;
    const struct jb_deadline *report;

    register_at_city(w);
    assert_int_equal(send(w, CITY_OFFICE, JB_AUTHORITY_FIRST_ASSIGNMENT, LAND), JB_REFUSE_NONE);
    world_do(w, CITY_OFFICE, ACT(ASSIGN, .node = OFFICE));
    report = world_deadline(w, "assigned");
    assert_int_equal(report->node, OFFICE);
    world_do(w, OFFICE, ACT(ASSIGN, .node = HOUSING));
    assert_int_equal(w->c.host, HOUSING);
    assert_int_equal(world_deadline(w, "assigned")->node, OFFICE); /* the first of two */
    world_do(w, HOUSING, ACT(HANDOVER, .node = HOUSING_UNIT));     /* down its own tree */
    assert_int_equal(w->c.authority, JB_AUTHORITY_FIRST_ASSIGNMENT);
    world_refused(w, HOUSING_UNIT, ACT(HANDOVER, .node = LAND), JB_REFUSE_OUTRANKED);
    world_do(w, OFFICE, ACT(ASSIGN, .node = LAND)); /* its own order, over the sub-unit */
    assert_int_equal(world_deadline(w, "assigned")->node, OFFICE);
    assert_false(jb_case_has(&w->c, HOUSING));
    world_do(w, CITY_OFFICE, ACT(ASSIGN, .node = LABOUR));
    hold_only(w, LABOUR);
    w->case_no = usual;
}

/* An office accepts nothing: what reaches it must be sorted, Art 22. */
static void an_office_owes_the_sorting_of_what_reaches_it(void **state)
{
    struct world *w = *state;
    int64_t usual = w->case_no;
    size_t sorted = 0;

    register_at_city(w);
    world_do(w, CITY_OFFICE, ACT(FORWARD, .node = OFFICE));
    assert_false(is_open(w, "notify"));
    assert_int_equal(world_deadline(w, "sort")->node, OFFICE);
    w->now_ms += JB_DAY_MS;
    world_do(w, BROKER, ACT(RECEIVED, .node = OFFICE, .at_ms = w->now_ms));
    assert_int_equal(world_deadline(w, "sort")->trigger_ms, w->now_ms);
    world_do(w, OFFICE, ACT(FORWARD, .node = HOUSING));
    assert_int_equal(last_deadline(w, "sort")->end, JB_END_MET);
    assert_int_equal(world_deadline(w, "notify")->node, HOUSING);
    back_to_monday(w);
    register_at_city(w);
    world_do(w, CITY_OFFICE, ACT(FORWARD, .node = OFFICE));
    world_do(w, CITY_OFFICE, ACT(ASSIGN, .node = HOUSING)); /* over its head */
    for (size_t i = 0; i < w->c.deadline_count; i++) {
        const struct jb_deadline *d = &w->c.deadlines[i];

        if (strcmp(d->key, "sort") != 0)
            continue;
        sorted++;
        assert_int_equal(d->end, d->node == OFFICE ? JB_END_SUPERSEDED : JB_END_MET);
    }
    assert_int_equal(sorted, 2);
    w->case_no = usual;
}

static void the_conference_designates(void **state)
{
    struct world *w = *state;
    static const uint32_t helper[] = {CONFERENCE};

    world_bring(w, JB_STAGE_REGISTERED);
    world_do(w, OFFICE, ACT(FORWARD, .node = HOUSING, .co_handlers = {helper, 1}));
    world_refused(w, HOUSING, ACT(DESIGNATE, .node = LAND), JB_REFUSE_NOT_A_HOLDER);
    world_do(w, CONFERENCE, ACT(DESIGNATE, .node = LAND));
    assert_int_equal(w->c.authority, JB_AUTHORITY_JOINT_CONFERENCE);
    assert_false(is_open(w, "object"));
    assert_true(is_open(w, "assigned"));
    world_refused(w, LAND, ACT(OBJECT, .reason = T("x")), JB_REFUSE_NO_RETURN);
    world_refused(w, OFFICE, ACT(ASSIGN, .node = LABOUR), JB_REFUSE_OUTRANKED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_assignment_supersedes_a_hand_over),
        cmocka_unit_test(the_sixty_days_go_on_through_every_hand_over),
        cmocka_unit_test(a_decline_after_a_told_acceptance_must_be_told_itself),
        cmocka_unit_test(given_back_by_its_sub_unit_a_case_stays_under_its_assignment),
        cmocka_unit_test(notify_keeps_its_day_between_handlers),
        cmocka_unit_test(an_extension_is_used_up_whoever_holds_the_case),
        cmocka_unit_test(an_agreed_objection_does_not_start_the_sixty_days_anew),
        cmocka_unit_test(level_and_authority_decide),
        cmocka_unit_test(without_its_switch_a_first_assignment_outranks_nothing),
        cmocka_unit_test(an_office_passes_on_what_a_higher_one_assigned_and_stays_answerable),
        cmocka_unit_test(an_office_owes_the_sorting_of_what_reaches_it),
        cmocka_unit_test(the_conference_designates),
    };
    return cmocka_run_group_tests_name("decide_rank", tests, world_open, world_close);
}
