/* Art 30 and rule 8.5: nothing of an accusation reaches the accused unit, what is below it, or
 * anybody else than the registrar and discipline organs outside of it. */
#include "tests/unit/rules_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "proto/rules/caseno.h"
#include "proto/rules/confine.h"
#include "proto/rules/moves.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static void accuse(struct world *w, uint32_t registrar, uint32_t accused)
{
    struct jb_act act = *world_register_act();

    act.matter = JB_MATTER_ACCUSATION;
    act.accused = (struct jb_list32){&accused, accused != 0};
    assert_int_equal(jb_caseno_make(jb_date_of_instant(w->now_ms), registrar, 1, &act.case_no),
                     JB_OK);
    world_forget_case(w);
    w->case_no = act.case_no;
    world_do(w, registrar, &act);
}

/* ---- who may ever know ---------------------------------------------------------------------- */

struct know_row {
    uint32_t accused; /* 0: not named */
    uint32_t node;
    bool may;
};

static const struct know_row knows[] = {
    {0, OFFICE, true}, /* the registrar */
    {0, DISCIPLINE, true},
    {0, HOUSING, false},
    {0, COUNTY, false},
    {0, CITY, false},
    {0, CITY_OFFICE, false},
    {0, CONFERENCE, false},
    {0, COURT, false},
    {0, BROKER, false},
    {0, 4711, false},
    {HOUSING, DISCIPLINE, true},
    {HOUSING, HOUSING, false},
    {HOUSING, HOUSING_UNIT, false},
    {DISCIPLINE, DISCIPLINE, false},
    {DISCIPLINE, OFFICE, true},
    {COUNTY, DISCIPLINE, false}, /* below the accused */
    {CITY, DISCIPLINE, false},
    {COUNTY, OFFICE, true},
    {OTHER_COUNTY, DISCIPLINE, true},
};

static void art_30_who_may_know(void **state)
{
    struct world *w = *state;

    for (size_t i = 0; i < COUNT(knows); i++) {
        accuse(w, OFFICE, knows[i].accused);
        assert_true(jb_confined(&w->c));
        if (jb_confine_may_know(&w->c, &w->directory, knows[i].node) != knows[i].may)
            fail_msg("row %zu: node %u", i, (unsigned)knows[i].node);
    }
    world_bring(w, JB_STAGE_SENT);
    assert_false(jb_confined(&w->c));
    assert_true(jb_confine_may_know(&w->c, &w->directory, HOUSING));
}

static void art_30_no_way_leads_to_those_who_may_not(void **state)
{
    struct world *w = *state;
    static const uint32_t discipline[] = {DISCIPLINE};

    for (size_t i = 0; i < COUNT(knows); i++) {
        uint32_t node = knows[i].node;

        if (knows[i].may || node == BROKER || node == 4711)
            continue;
        accuse(w, OFFICE, knows[i].accused);
        world_refused(w, OFFICE, ACT(FORWARD, .node = node), JB_REFUSE_ACCUSATION_CONFINED);
        world_refused(w, OFFICE, ACT(ASSIGN, .node = node), JB_REFUSE_ACCUSATION_CONFINED);
        world_refused(w, OFFICE, ACT(REFER, .node = node), JB_REFUSE_ACCUSATION_CONFINED);
        assert_string_equal(w->v.detail, "");
    }
    accuse(w, OFFICE, HOUSING);
    world_refused(w, OFFICE,
                  ACT(ISSUE_DIRECTIVE, .power = JB_POWER_SUPERVISE, .demand = JB_DEMAND_EXPLANATION,
                      .node = HOUSING, .text = T("x")),
                  JB_REFUSE_ACCUSATION_CONFINED);
    assert_int_equal(w->c.participant_count, 2);
    world_do(w, OFFICE, ACT(REFER, .node = DISCIPLINE));
    assert_true(jb_case_has(&w->c, DISCIPLINE));
    /* The gate is asked about every node, also one that is only named beside others. */
    accuse(w, OFFICE, 0);
    world_refused(w, OFFICE, ACT(ASSIGN, .node = TOWN, .co_handlers = {discipline, 1}),
                  JB_REFUSE_ACCUSATION_CONFINED);
}

/* ---- registering, Art 43 -------------------------------------------------------------------- */

static void art_43_only_what_cannot_be_recorded_is_refused(void **state)
{
    struct world *w = *state;
    static const uint32_t unknown[] = {HOUSING, 4711}, known[] = {HOUSING, LAND};
    struct jb_act act = *world_register_act();

    world_forget_case(w);
    act.matter = JB_MATTER_ACCUSATION;
    act.accused = (struct jb_list32){unknown, 2};
    act.case_no = w->case_no;
    world_refused(w, OFFICE, &act, JB_REFUSE_VALUE_OUT_OF_RANGE);
    act.accused = (struct jb_list32){known, 2};
    act.matter = JB_MATTER_APPEAL;
    world_refused(w, OFFICE, &act, JB_REFUSE_VALUE_OUT_OF_RANGE);
    act.matter = JB_MATTER_ACCUSATION;
    world_do(w, OFFICE, &act);
    assert_non_null(jb_case_mark(&w->c, JB_MARK_ACCUSED, HOUSING, 0));
    assert_non_null(jb_case_mark(&w->c, JB_MARK_ACCUSED, LAND, 0));
    assert_true(jb_confine_accused(&w->c, &w->directory, HOUSING_UNIT));
    assert_false(jb_confine_accused(&w->c, &w->directory, LABOUR));
    /* Registered by the accused unit itself: never refused, and it gets it out of its hands. */
    accuse(w, HOUSING, HOUSING);
    world_do(w, HOUSING, ACT(REFER, .node = DISCIPLINE));
}

/* ---- classifying ---------------------------------------------------------------------------- */

static void rule_8_5_a_change_takes_two_persons(void **state)
{
    struct world *w = *state;
    const struct jb_act *to[] = {ACT(CLASSIFY, .matter = JB_MATTER_ACCUSATION),
                                 ACT(CLASSIFY, .matter = JB_MATTER_APPEAL)};

    for (size_t i = 0; i < COUNT(to); i++) {
        struct jb_act act = *to[i];

        if (i == 0)
            world_bring(w, JB_STAGE_SENT);
        else
            accuse(w, OFFICE, HOUSING);
        world_refused(w, OFFICE, &act, JB_REFUSE_SECOND_PERSON_REQUIRED);
        act.countersigned_by = T("王芳"); /* the acting person */
        world_refused(w, OFFICE, &act, JB_REFUSE_SECOND_PERSON_REQUIRED);
        act.countersigned_by = T("赵主任");
        world_do(w, OFFICE, &act);
        assert_int_equal(w->c.matter, act.matter);
    }
    assert_null(jb_case_mark(&w->c, JB_MARK_ACCUSED, 0, 0));
    world_do(w, OFFICE, ACT(FORWARD, .node = HOUSING));
    world_refused(w, OFFICE, ACT(CLASSIFY, .matter = JB_MATTER_APPEAL), JB_REFUSE_ALREADY_DONE);
    world_do(w, OFFICE, ACT(CLASSIFY, .class_code = T("土地征用")));
    assert_true(jb_text_equal(w->c.class_code, T("土地征用")));
}

static void become_accusation(struct world *w, uint32_t by, uint32_t accused)
{
    world_do(w, by,
             ACT(CLASSIFY, .matter = JB_MATTER_ACCUSATION, .countersigned_by = T("赵主任"),
                 .accused = {&accused, 1}));
}

static void whoever_may_not_know_leaves(void **state)
{
    struct world *w = *state;
    static const enum jb_stage stages[] = {JB_STAGE_SENT,     JB_STAGE_SIGNED,   JB_STAGE_ACCEPTED,
                                           JB_STAGE_DECLINED, JB_STAGE_ANSWERED, JB_STAGE_REVIEW};

    for (size_t i = 0; i < COUNT(stages); i++) {
        uint32_t custody;

        world_bring(w, stages[i]);
        custody = w->c.custody;
        become_accusation(w, OFFICE, HOUSING);
        assert_int_equal(w->c.stage, JB_STAGE_REGISTERED);
        assert_int_equal(w->c.host, OFFICE);
        assert_int_equal(w->c.custody, custody + 1);
        for (uint32_t node = CITY; node < NODES_END; node++)
            assert_int_equal(jb_case_has(&w->c, node), node == OFFICE);
        for (size_t d = 0; d < w->c.deadline_count; d++)
            assert_true(w->c.deadlines[d].end != JB_END_OPEN ||
                        strcmp(w->c.deadlines[d].key, "sort") == 0);
        assert_int_equal(world_deadline(w, "sort")->node, OFFICE);
        assert_int_equal(world_deadline(w, "sort")->trigger_ms, w->now_ms);
        assert_null(jb_case_order(&w->c));
        for (size_t t = 0; t < w->c.target_count; t++)
            assert_int_equal(w->c.targets[t].state, JB_TARGET_WITHDRAWN);
        world_do(w, OFFICE, ACT(REFER, .node = DISCIPLINE));
    }
}

static void what_is_ordered_beside_it_ends_as_well(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_REGISTERED);
    world_do(w, OFFICE,
             ACT(ISSUE_DIRECTIVE, .power = JB_POWER_SUPERVISE, .demand = JB_DEMAND_EXPLANATION,
                 .node = HOUSING, .text = T("说明情况")));
    assert_true(jb_case_has(&w->c, HOUSING));
    world_do(w, OFFICE,
             ACT(OPEN_DOCKET, .docket_no = T("督1"), .step = JB_STEP_URGE, .node = HOUSING,
                 .text = T("x")));
    become_accusation(w, OFFICE, HOUSING);
    assert_false(jb_case_has(&w->c, HOUSING));
    assert_int_not_equal(w->c.dockets[0].closed_ms, 0);
    assert_int_equal(w->c.targets[0].state, JB_TARGET_WITHDRAWN);
    assert_int_equal(w->c.directives[0].status, JB_DIRECTIVE_ENDED);
    assert_int_equal(world_deadline(w, "sort")->id, 1); /* nothing was started anew */
}

static void a_handler_that_sees_what_it_is_gives_it_back(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_SIGNED);
    become_accusation(w, HOUSING, LAND);
    assert_int_equal(w->c.host, OFFICE);
    assert_false(jb_case_has(&w->c, HOUSING));
    /* The registrar's own case goes back to its beginning. */
    world_register(w, HOUSING, 2, JB_MATTER_APPEAL);
    world_do(w, HOUSING, ACT(SIGN_FOR, .text = T("x")));
    become_accusation(w, HOUSING, LAND);
    assert_int_equal(w->c.stage, JB_STAGE_REGISTERED);
    world_do(w, HOUSING, ACT(REFER, .node = DISCIPLINE));
    /* Handed on and back: nobody who has left is its sender. */
    world_register(w, HOUSING, 3, JB_MATTER_APPEAL);
    world_do(w, HOUSING, ACT(HANDOVER, .node = LAND));
    world_do(w, LAND, ACT(HANDOVER, .node = HOUSING));
    become_accusation(w, HOUSING, LAND);
    assert_int_equal(w->c.sender, 0);
    assert_false(jb_case_has(&w->c, LAND));
}

static void art_31_a_change_of_matter_changes_its_clocks(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_ACCEPTED);
    world_refused(w, HOUSING, ACT(CLASSIFY, .matter = JB_MATTER_SUGGESTION), JB_REFUSE_WRONG_PARTY);
    world_do(w, OFFICE, ACT(CLASSIFY, .matter = JB_MATTER_SUGGESTION));
    assert_false(world_runs(w, "handle"));
    w->now_ms += JB_DAY_MS;
    world_do(w, HOUSING, ACT(CLASSIFY, .matter = JB_MATTER_APPEAL));
    assert_int_equal(world_deadline(w, "handle")->trigger_ms, w->c.facts_ms[JB_FACT_ACCEPTED]);
    w->now_ms -= JB_DAY_MS;
}

/* ---- error texts ---------------------------------------------------------------------------- */

static const enum jb_act_kind all_kinds[] = {
#define X(name, field, number) JB_ACT_##name,
    JB_ACT_KINDS(X)
#undef X
};

/* For a former handler, and for one who never had anything to do with it, the accusation is not
 * there: word for word. */
static void outsiders_cannot_tell_that_there_is_one(void **state)
{
    struct world *w = *state;
    static const uint32_t outsiders[] = {HOUSING, LABOUR, LAND, CITY_OFFICE, COUNTY};
    struct jb_verdict absent;

    for (size_t i = 0; i < COUNT(all_kinds) * COUNT(outsiders); i++) {
        uint32_t node = outsiders[i % COUNT(outsiders)];
        struct jb_act act = {.kind = all_kinds[i / COUNT(outsiders)], .node = TOWN, .custody = 2};

        if (act.kind == JB_ACT_PURGED)
            continue;
        world_forget_case(w);
        (void)world_ask(w, node, &act);
        absent.refusal = w->v.refusal;
        memcpy(absent.detail, w->v.detail, sizeof absent.detail);
        world_bring(w, JB_STAGE_SIGNED);
        become_accusation(w, OFFICE, HOUSING);
        act.custody = 2;
        (void)world_ask(w, node, &act);
        if (w->v.refusal != absent.refusal || strcmp(w->v.detail, absent.detail) != 0)
            fail_msg("%s by %u: %s %s", jb_act_kind_name(act.kind), (unsigned)node,
                     jb_refusal_name(w->v.refusal), w->v.detail);
    }
    /* Only the receipt for having purged it still comes through. */
    world_do(w, HOUSING, ACT(PURGED, .number = 1));
}

static void nothing_of_it_shows_in_another_case(void **state)
{
    struct world *w = *state;
    int64_t secret_no;
    struct jb_act part = *world_register_act();

    accuse(w, OFFICE, HOUSING);
    secret_no = w->c.case_no;
    (void)world_put_aside(w);
    world_register(w, OFFICE, 2, JB_MATTER_APPEAL);
    world_refused(w, OFFICE, ACT(LINK, .other_case_no = secret_no, .link_kind = JB_LINK_RELATED),
                  JB_REFUSE_NOT_LINKABLE);
    world_refused(w, OFFICE, ACT(MERGE, .other_case_no = secret_no), JB_REFUSE_NOT_LINKABLE);
    world_refused(w, OFFICE, ACT(SPLIT, .other_case_nos = {&secret_no, 1}), JB_REFUSE_NOT_LINKABLE);
    world_do(w, OFFICE, ACT(FORWARD, .node = HOUSING));
    world_refused(w, HOUSING, ACT(LINK, .other_case_no = secret_no, .link_kind = JB_LINK_RELATED),
                  JB_REFUSE_OTHER_CASE_UNKNOWN);
    assert_string_equal(w->v.detail, "");
    world_refused(w, HOUSING, ACT(LINK, .other_case_no = 1, .link_kind = JB_LINK_RELATED),
                  JB_REFUSE_OTHER_CASE_UNKNOWN);
    assert_string_equal(w->v.detail, "");
    world_forget_case(w);
    part.other_case_no = secret_no;
    world_refused(w, OFFICE, &part, JB_REFUSE_NOT_LINKABLE);
}

/* The gate itself, whatever kind of act it is that names the other case. */
static void what_names_an_accusation_reaches_nobody_who_may_not_know(void **state)
{
    struct world *w = *state;
    struct jb_act act = {.kind = JB_ACT_NOTE};
    const struct jb_case *others[1];
    struct jb_question q = {.act = &act, .node = OFFICE, .others = others, .other_count = 1};
    struct jb_move m = {.book = &w->book, .c = &w->c, .act = &act, .q = &q, .v = &w->v};

    accuse(w, OFFICE, HOUSING);
    act.other_case_no = w->c.case_no;
    others[0] = &w->kept[world_put_aside(w)];
    world_register(w, OFFICE, 2, JB_MATTER_APPEAL);
    w->v.effects.count = 0;
    assert_false(jb_confine_allows(&m, HOUSING));
    assert_false(jb_confine_allows(&m, LAND));
    assert_true(jb_confine_allows(&m, DISCIPLINE));
    q.node = LAND; /* who takes no part in it names a number like any other */
    assert_true(jb_confine_allows(&m, HOUSING));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(art_30_who_may_know, world_open, world_close),
        cmocka_unit_test_setup_teardown(art_30_no_way_leads_to_those_who_may_not, world_open,
                                        world_close),
        cmocka_unit_test_setup_teardown(art_43_only_what_cannot_be_recorded_is_refused, world_open,
                                        world_close),
        cmocka_unit_test_setup_teardown(rule_8_5_a_change_takes_two_persons, world_open,
                                        world_close),
        cmocka_unit_test_setup_teardown(whoever_may_not_know_leaves, world_open, world_close),
        cmocka_unit_test_setup_teardown(what_is_ordered_beside_it_ends_as_well, world_open,
                                        world_close),
        cmocka_unit_test_setup_teardown(a_handler_that_sees_what_it_is_gives_it_back, world_open,
                                        world_close),
        cmocka_unit_test_setup_teardown(art_31_a_change_of_matter_changes_its_clocks, world_open,
                                        world_close),
        cmocka_unit_test_setup_teardown(outsiders_cannot_tell_that_there_is_one, world_open,
                                        world_close),
        cmocka_unit_test_setup_teardown(what_names_an_accusation_reaches_nobody_who_may_not_know,
                                        world_open, world_close),
        cmocka_unit_test_setup_teardown(nothing_of_it_shows_in_another_case, world_open,
                                        world_close),
    };
    return cmocka_run_group_tests_name("decide_confine", tests, NULL, NULL);
}
