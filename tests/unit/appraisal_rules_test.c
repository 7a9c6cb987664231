/* The appraisal of what the rules really decide: whole ways of a case, from the acts to the
 * figures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "proto/rules/appraisal.h"
#include "tests/unit/rules_world.h"

static struct jb_appraisal a;
static struct jb_contribution *out;
static size_t out_count;

static int setup(void **state)
{
    int rc = world_open(state);
    struct world *w = *state;

    jb_appraisal_start(&a, w->case_no, &w->arena);
    return rc;
}

/* As world_do, and the appraisal sees the entry. */
static void did(struct world *w, uint32_t node, const struct jb_act *act)
{
    struct jb_entry entry = {.node = node, .at_ms = w->now_ms, .user = T("王芳")};

    entry.act = *act;
    entry.act.case_no = w->case_no;
    entry.act.custody = w->c.custody;
    if (world_ask(w, node, &entry.act) != JB_REFUSE_NONE)
        fail_msg("%s by %u: %s: %s", jb_act_kind_name(act->kind), (unsigned)node,
                 jb_refusal_name(w->v.refusal), w->v.detail);
    entry.seq = ++w->seq;
    entry.effects = w->v.effects.at;
    entry.effect_count = w->v.effects.count;
    assert_int_equal(jb_appraisal_take(&a, &entry), JB_OK);
    assert_int_equal(jb_case_apply(&w->c, &entry, &w->arena), JB_OK);
}

static void until(struct world *w, const char *text)
{
    struct jb_act acts[8];
    size_t count;

    w->now_ms = local(text);
    while ((count = jb_clock_acts(&w->c, w->now_ms, acts, 8)) > 0) {
        for (size_t i = 0; i < count; i++)
            did(w, BROKER, &acts[i]);
    }
}

static const struct jb_contribution *find(enum jb_indicator i, uint32_t node)
{
    const struct jb_contribution *found = NULL;

    assert_int_equal(jb_appraisal_end(&a, &out, &out_count), JB_OK);
    for (size_t k = 0; k < out_count; k++) {
        if (out[k].indicator == i && out[k].node == node)
            found = &out[k];
    }
    return found;
}

static void expect(enum jb_indicator i, uint32_t node, bool counted, const char *last_day)
{
    const struct jb_contribution *k = find(i, node);
    char day[JB_DATE_TEXT];

    assert_non_null(k);
    jb_date_format(jb_date_of_instant(k->last_ms), day);
    assert_string_equal(day, last_day);
    assert_int_equal(k->counted, counted);
}
#define EXPECT(i, node, counted, day) expect(JB_INDICATOR_##i, node, counted, day)
#define NOTHING(i, node) assert_null(find(JB_INDICATOR_##i, node))

/* Registered on 2 March: sorted by 17 March, accepted by 1 April. */
static void answered_in_sixty_days(void **state)
{
    struct world *w = *state;

    did(w, OFFICE, world_register_act());
    until(w, "2026-03-10 09:00");
    did(w, OFFICE, ACT(FORWARD, .node = HOUSING));
    until(w, "2026-03-12 09:00");
    did(w, HOUSING, ACT(SIGN_FOR, .text = T("收到")));
    did(w, HOUSING, ACT(ACCEPT, .told_at_ms = w->now_ms));
    until(w, "2026-05-11 23:59");
    did(w, HOUSING,
        ACT(ANSWER, .opinion = JB_OPINION_EXPLAINED, .text = T("说明"), .told_at_ms = w->now_ms));
    EXPECT(OFFICE_ACCEPT, OFFICE, true, "2026-03-17");
    EXPECT(HANDLER_ACCEPT, HOUSING, true, "2026-04-01");
    EXPECT(ON_TIME_ANSWER, HOUSING, true, "2026-05-11");
    EXPECT(REPEAT, OFFICE, false, "2026-03-17");
}

static void extended_it_counts_by_the_new_day(void **state)
{
    struct world *w = *state;

    did(w, OFFICE, world_register_act());
    did(w, OFFICE, ACT(FORWARD, .node = HOUSING));
    did(w, HOUSING, ACT(SIGN_FOR, .text = T("收到")));
    did(w, HOUSING, ACT(ACCEPT, .told_at_ms = w->now_ms));
    until(w, "2026-04-20 09:00");
    did(w, HOUSING,
        ACT(EXTEND, .days = 30, .reason = T("需要鉴定"), .approved_by = T("局长"),
            .told_at_ms = w->now_ms));
    until(w, "2026-05-20 09:00");
    did(w, HOUSING,
        ACT(ANSWER, .opinion = JB_OPINION_EXPLAINED, .text = T("说明"), .told_at_ms = w->now_ms));
    EXPECT(ON_TIME_ANSWER, HOUSING, true, "2026-05-31");
}

static void the_wrong_agency_is_left_out(void **state)
{
    struct world *w = *state;

    did(w, OFFICE, world_register_act());
    did(w, OFFICE, ACT(ASSIGN, .node = HOUSING));
    until(w, "2026-03-04 09:00");
    did(w, HOUSING, ACT(OBJECT, .reason = T("不属于本机关职权")));
    did(w, OFFICE, ACT(RULE_ON_OBJECTION, .ruling = JB_RULING_AGREED));
    did(w, OFFICE, ACT(ASSIGN, .node = LABOUR));
    until(w, "2026-06-01 09:00");
    NOTHING(HANDLER_ACCEPT, HOUSING);
    NOTHING(ON_TIME_ANSWER, HOUSING);
    NOTHING(REPEAT, HOUSING);
    EXPECT(HANDLER_ACCEPT, LABOUR, false, "2026-04-01");
    EXPECT(ON_TIME_ANSWER, LABOUR, false, "2026-05-03");
}

static void passed_down_its_own_tree(void **state)
{
    struct world *w = *state;

    did(w, OFFICE, world_register_act());
    did(w, OFFICE, ACT(ASSIGN, .node = HOUSING));
    did(w, HOUSING, ACT(SIGN_FOR, .text = T("收到")));
    did(w, HOUSING, ACT(HANDOVER, .node = HOUSING_UNIT, .reason = T("由你所办理")));
    did(w, HOUSING_UNIT, ACT(SIGN_FOR, .text = T("收到")));
    did(w, HOUSING_UNIT, ACT(ACCEPT, .told_at_ms = w->now_ms));
    until(w, "2026-05-04 00:01");
    did(w, HOUSING_UNIT,
        ACT(ANSWER, .opinion = JB_OPINION_EXPLAINED, .text = T("说明"), .report = T("报告"),
            .told_at_ms = w->now_ms));
    NOTHING(HANDLER_ACCEPT, HOUSING);
    EXPECT(HANDLER_ACCEPT, HOUSING_UNIT, true, "2026-04-01");
    EXPECT(ON_TIME_ANSWER, HOUSING, false, "2026-05-01");
}

static void simple_handling(void **state)
{
    struct world *w = *state;

    did(w, OFFICE, world_register_act());
    did(w, OFFICE, ACT(FORWARD, .node = HOUSING));
    did(w, HOUSING, ACT(SIGN_FOR, .text = T("收到")));
    did(w, HOUSING, ACT(START_SIMPLE, .reason = T("事实清楚")));
    did(w, HOUSING, ACT(ACCEPT, .told_at_ms = w->now_ms));
    until(w, "2026-03-06 09:00");
    did(w, HOUSING,
        ACT(ANSWER, .opinion = JB_OPINION_EXPLAINED, .text = T("说明"), .told_at_ms = w->now_ms));
    EXPECT(HANDLER_ACCEPT, HOUSING, true, "2026-04-01");
    assert_true(find(JB_INDICATOR_ON_TIME_ANSWER, HOUSING)->counted);
}

/* Ten working days were not kept: the ordinary sixty days are what counts. */
static void simple_handling_that_turns_ordinary(void **state)
{
    struct world *w = *state;

    did(w, OFFICE, world_register_act());
    did(w, OFFICE, ACT(FORWARD, .node = HOUSING));
    did(w, HOUSING, ACT(SIGN_FOR, .text = T("收到")));
    did(w, HOUSING, ACT(START_SIMPLE, .reason = T("事实清楚")));
    did(w, HOUSING, ACT(ACCEPT, .told_at_ms = w->now_ms));
    until(w, "2026-04-20 09:00");
    assert_false(w->c.simple);
    did(w, HOUSING,
        ACT(ANSWER, .opinion = JB_OPINION_EXPLAINED, .text = T("说明"), .told_at_ms = w->now_ms));
    EXPECT(HANDLER_ACCEPT, HOUSING, true, "2026-04-01");
    EXPECT(ON_TIME_ANSWER, HOUSING, true, "2026-05-01");
}

static void an_accusation_for_nobody(void **state)
{
    struct world *w = *state;
    struct jb_act act = *world_register_act();

    act.matter = JB_MATTER_ACCUSATION;
    did(w, OFFICE, &act);
    until(w, "2026-04-20 09:00");
    assert_null(find(JB_INDICATOR_OFFICE_ACCEPT, OFFICE));
    assert_int_equal(out_count, 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, world_close)
    const struct CMUnitTest tests[] = {
        TEST(answered_in_sixty_days),
        TEST(extended_it_counts_by_the_new_day),
        TEST(the_wrong_agency_is_left_out),
        TEST(passed_down_its_own_tree),
        TEST(simple_handling),
        TEST(simple_handling_that_turns_ordinary),
        TEST(an_accusation_for_nobody),
    };
#undef TEST

    return cmocka_run_group_tests_name("appraisal_rules", tests, NULL, NULL);
}
