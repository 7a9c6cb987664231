/* Accusations: nobody but the registering agency and a discipline organ gets to hold one, or learns
 * that there is one. */
#include "tests/unit/rules_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "proto/rules/caseno.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static void accuse(struct world *w, uint32_t node)
{
    struct jb_act act = *world_register_act();

    act.matter = JB_MATTER_ACCUSATION;
    world_forget_case(w);
    assert_int_equal(jb_caseno_make(jb_date_of_instant(w->now_ms), node, 1, &act.case_no), JB_OK);
    w->case_no = act.case_no;
    world_do(w, node, &act);
}

static void it_is_not_sent_to_agencies(void **state)
{
    struct world *w = *state;
    static const uint32_t others[] = {HOUSING, TOWN, COURT, TOWN_STATION};
    static const uint32_t helper[] = {HOUSING};

    accuse(w, OFFICE);
    for (size_t i = 0; i < COUNT(others); i++) {
        world_refused(w, OFFICE, ACT(FORWARD, .node = others[i]), JB_REFUSE_ACCUSATION_CONFINED);
        world_refused(w, OFFICE, ACT(ASSIGN, .node = others[i]), JB_REFUSE_ACCUSATION_CONFINED);
        world_refused(w, OFFICE, ACT(REFER, .node = others[i]), JB_REFUSE_ACCUSATION_CONFINED);
    }
    world_refused(w, OFFICE, ACT(ASSIGN, .node = TOWN, .co_handlers = {helper, 1}),
                  JB_REFUSE_ACCUSATION_CONFINED);
    world_refused(w, OFFICE, ACT(ASSIGN, .node = DISCIPLINE), JB_REFUSE_NO_AUTHORITY);
    assert_string_equal(jb_refusal_article(JB_REFUSE_ACCUSATION_CONFINED), "30");
    accuse(w, HOUSING);
    world_refused(w, HOUSING, ACT(HANDOVER, .node = HOUSING_UNIT), JB_REFUSE_ACCUSATION_CONFINED);
    world_refused(w, HOUSING, ACT(HANDOVER, .node = LAND), JB_REFUSE_ACCUSATION_CONFINED);
    assert_int_equal(w->c.participant_count, 2); /* registrar and host: the same agency */
}

static void for_others_it_does_not_exist(void **state)
{
    struct world *w = *state;

    accuse(w, OFFICE);
    world_refused(w, HOUSING, ACT(NOTE, .text = T("x")), JB_REFUSE_UNKNOWN_CASE);
    assert_string_equal(w->v.detail, "");
    world_refused(w, CONFERENCE, ACT(DESIGNATE, .node = LAND), JB_REFUSE_UNKNOWN_CASE);
    assert_string_equal(w->v.detail, "");
}

static void it_is_referred_to_discipline(void **state)
{
    struct world *w = *state;

    accuse(w, OFFICE);
    world_do(w, OFFICE, ACT(REFER, .node = DISCIPLINE));
    assert_int_equal(w->c.stage, JB_STAGE_REFERRED);
    assert_int_equal(jb_case_roles(&w->c, DISCIPLINE), 1U << JB_ROLE_INFORMED);
    accuse(w, OFFICE);
    world_do(w, OFFICE, ACT(REFER, .organ = T("上级纪检监察机关"))); /* that is no node */
    assert_int_equal(w->c.participant_count, 2);
    accuse(w, HOUSING); /* a handler that was approached directly can get it out of its hands */
    world_do(w, HOUSING, ACT(REFER, .node = DISCIPLINE));
    assert_int_equal(w->c.stage, JB_STAGE_REFERRED);
}

static void a_handler_refers_nothing_else(void **state)
{
    struct world *w = *state;
    struct jb_act act = *world_register_act();

    world_forget_case(w);
    assert_int_equal(jb_caseno_make(jb_date_of_instant(w->now_ms), HOUSING, 1, &act.case_no),
                     JB_OK);
    w->case_no = act.case_no;
    world_do(w, HOUSING, &act);
    world_refused(w, HOUSING, ACT(REFER, .node = DISCIPLINE), JB_REFUSE_WRONG_PARTY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_not_sent_to_agencies),
        cmocka_unit_test(for_others_it_does_not_exist),
        cmocka_unit_test(it_is_referred_to_discipline),
        cmocka_unit_test(a_handler_refers_nothing_else),
    };
    return cmocka_run_group_tests_name("decide_accusation", tests, world_open, world_close);
}
