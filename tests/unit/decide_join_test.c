/* Cases that belong together: links, merged repeats, split matters. No duty gets more time by it,
 * and nobody learns of a case in which he takes no part. */
#include "tests/unit/rules_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "proto/rules/caseno.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static bool has_link(const struct jb_case *c, int64_t other_case_no, uint32_t kind)
{
    for (size_t i = 0; i < c->mark_count; i++) {
        if (c->marks[i].kind == JB_MARK_LINK && c->marks[i].other_case_no == other_case_no &&
            c->marks[i].value == kind)
            return true;
    }
    return false;
}

/* The first case is at this stage, a minute later comes the second. Returns the first one's number.
 */
static int64_t two_cases(struct world *w, enum jb_stage first)
{
    int64_t first_no;

    world_bring(w, first);
    first_no = w->c.case_no;
    (void)world_put_aside(w);
    w->now_ms += 60000;
    world_register(w, OFFICE, 2, JB_MATTER_APPEAL);
    return first_no;
}

/* ---- link ----------------------------------------------------------------------------------- */

static void links_are_made_by_who_knows_both(void **state)
{
    struct world *w = *state;
    int64_t first = two_cases(w, JB_STAGE_SENT);
    int64_t second = w->c.case_no;

    world_refused(w, OFFICE, ACT(LINK, .other_case_no = second, .link_kind = JB_LINK_RELATED),
                  JB_REFUSE_NOT_LINKABLE);
    world_refused(w, OFFICE, ACT(LINK, .other_case_no = first, .link_kind = JB_LINK_SPLIT_OF),
                  JB_REFUSE_VALUE_OUT_OF_RANGE);
    world_refused(w, OFFICE, ACT(LINK, .other_case_no = first, .link_kind = JB_LINK_MERGED_FROM),
                  JB_REFUSE_VALUE_OUT_OF_RANGE);
    world_refused(w, BROKER, ACT(LINK, .other_case_no = first, .link_kind = JB_LINK_RELATED),
                  JB_REFUSE_VALUE_OUT_OF_RANGE);
    world_do(w, OFFICE, ACT(LINK, .other_case_no = first, .link_kind = JB_LINK_RELATED));
    assert_true(has_link(&w->c, first, JB_LINK_RELATED));
    assert_int_equal(w->c.flags & JB_FLAG_REPEAT, 0);
    world_refused(w, OFFICE, ACT(LINK, .other_case_no = first, .link_kind = JB_LINK_RELATED),
                  JB_REFUSE_ALREADY_DONE);
    world_do(w, OFFICE, ACT(LINK, .other_case_no = first, .link_kind = JB_LINK_REPEAT));
    assert_int_not_equal(w->c.flags & JB_FLAG_REPEAT, 0);
    /* LAND gets the second one and knows nothing of the first. */
    w->kept[0].stage = JB_STAGE_CLOSED;
    world_do(w, OFFICE, ACT(FORWARD, .node = LAND));
    world_refused(w, LAND, ACT(LINK, .other_case_no = first, .link_kind = JB_LINK_REVIEW_OF),
                  JB_REFUSE_OTHER_CASE_UNKNOWN);
    assert_string_equal(w->v.detail, "");
    world_refused(w, LAND, ACT(LINK, .other_case_no = 77, .link_kind = JB_LINK_REVIEW_OF),
                  JB_REFUSE_OTHER_CASE_UNKNOWN);
    assert_string_equal(w->v.detail, "");
}

static void a_repeat_is_the_later_one(void **state)
{
    struct world *w = *state;
    int64_t second;

    (void)two_cases(w, JB_STAGE_REGISTERED);
    second = w->c.case_no;
    world_take_up(w, 0);
    world_refused(w, OFFICE, ACT(LINK, .other_case_no = second, .link_kind = JB_LINK_REPEAT),
                  JB_REFUSE_NOT_LINKABLE);
    world_refused(w, OFFICE, ACT(MERGE, .other_case_no = second), JB_REFUSE_NOT_LINKABLE);
}

/* ---- merge ---------------------------------------------------------------------------------- */

static void a_merged_repeat_goes_on_in_the_first_case(void **state)
{
    struct world *w = *state;
    int64_t first = two_cases(w, JB_STAGE_SIGNED);
    int64_t second = w->c.case_no;
    struct jb_act follow;

    world_do(w, OFFICE, ACT(MERGE, .other_case_no = first, .reason = T("重复信访")));
    assert_int_equal(w->v.follow_count, 1);
    follow = w->v.follow[0];
    assert_int_equal(w->c.stage, JB_STAGE_MERGED);
    assert_true(has_link(&w->c, first, JB_LINK_MERGED_INTO));
    assert_int_equal(world_last_deadline(w, "sort")->end, JB_END_SUPERSEDED);
    assert_true(jb_case_roles(&w->c, HOUSING) & 1U << JB_ROLE_CO_HANDLER);
    assert_false(world_runs(w, "co-answer"));
    world_refused(w, OFFICE, ACT(FORWARD, .node = LAND), JB_REFUSE_WRONG_STAGE);
    world_take_up(w, 0);
    world_do(w, BROKER, &follow);
    assert_true(has_link(&w->c, second, JB_LINK_MERGED_FROM));
    assert_int_equal(w->c.host, HOUSING);
}

struct time_row {
    enum jb_stage first; /* where the first case stands */
    bool forwarded;      /* the second one has been forwarded */
    bool assigned;       /* or assigned */
    int64_t later_days;  /* the first one's clocks are this much later */
    enum jb_refusal wanted;
};

static const struct time_row times[] = {
    {JB_STAGE_REGISTERED, false, false, 0, JB_REFUSE_NONE},
    {JB_STAGE_REGISTERED, false, false, 1, JB_REFUSE_NOT_LINKABLE}, /* sorted later */
    {JB_STAGE_REGISTERED, true, false, 0, JB_REFUSE_NOT_LINKABLE},  /* its notice would be lost */
    {JB_STAGE_SENT, true, false, 0, JB_REFUSE_NONE},
    {JB_STAGE_SENT, true, false, 1, JB_REFUSE_NOT_LINKABLE},
    {JB_STAGE_SENT, false, true, 0, JB_REFUSE_NONE},
    {JB_STAGE_ACCEPTED, true, false, 1, JB_REFUSE_NONE}, /* told already */
    {JB_STAGE_CLOSED, false, false, 0, JB_REFUSE_NOT_LINKABLE},
    {JB_STAGE_REFERRED, false, false, 0, JB_REFUSE_NOT_LINKABLE},
};

static void no_duty_gets_more_time_by_a_merge(void **state)
{
    struct world *w = *state;

    for (size_t i = 0; i < COUNT(times); i++) {
        int64_t first;

        w->kept_count = 0;
        assert_int_equal(jb_caseno_make(jb_date_of_instant(w->now_ms), OFFICE, 1, &w->case_no),
                         JB_OK);
        first = two_cases(w, times[i].first);
        if (times[i].forwarded)
            world_do(w, OFFICE, ACT(FORWARD, .node = LAND));
        if (times[i].assigned)
            world_do(w, OFFICE, ACT(ASSIGN, .node = LAND));
        for (size_t d = 0; d < w->kept[0].deadline_count; d++)
            w->kept[0].deadlines[d].due_ms += times[i].later_days * JB_DAY_MS;
        if (world_ask(w, OFFICE, ACT(MERGE, .other_case_no = first)) != times[i].wanted)
            fail_msg("row %zu: %s: %s", i, jb_refusal_name(w->v.refusal), w->v.detail);
    }
}

static void a_merge_ends_what_the_handler_had(void **state)
{
    struct world *w = *state;
    int64_t first = two_cases(w, JB_STAGE_SENT);

    world_do(w, OFFICE, ACT(ASSIGN, .node = LAND));
    world_do(w, LAND, ACT(OBJECT, .reason = T("x")));
    world_do(w, OFFICE, ACT(MERGE, .other_case_no = first));
    assert_false(w->c.objection_open);
    assert_int_equal(w->c.targets[0].state, JB_TARGET_SUPERSEDED);
    for (size_t i = 0; i < w->c.deadline_count; i++)
        assert_int_not_equal(w->c.deadlines[i].end, JB_END_OPEN);
}

static void what_is_ordered_beside_a_case_is_not_merged_away(void **state)
{
    struct world *w = *state;
    int64_t first = two_cases(w, JB_STAGE_SENT);

    world_do(w, OFFICE,
             ACT(OPEN_DOCKET, .docket_no = T("督1"), .step = JB_STEP_URGE, .node = LAND,
                 .text = T("x")));
    world_refused(w, OFFICE, ACT(MERGE, .other_case_no = first), JB_REFUSE_NOT_LINKABLE);
    assert_non_null(strstr(w->v.detail, "clear it first"));
    world_do(w, OFFICE, ACT(CLOSE_DOCKET, .docket_no = T("督1"), .text = T("x")));
    world_do(w, OFFICE, ACT(MERGE, .other_case_no = first));
}

static void what_a_superior_ordered_is_not_merged_away(void **state)
{
    struct world *w = *state;
    static const uint32_t helper[] = {OFFICE};
    int64_t first;

    world_register(w, CITY_OFFICE, 1, JB_MATTER_APPEAL);
    world_do(w, CITY_OFFICE, ACT(ASSIGN, .node = HOUSING, .co_handlers = {helper, 1}));
    first = w->c.case_no;
    (void)world_put_aside(w);
    w->now_ms += 60000;
    world_register(w, CITY_OFFICE, 2, JB_MATTER_APPEAL);
    world_do(w, CITY_OFFICE, ACT(ASSIGN, .node = LAND, .co_handlers = {helper, 1}));
    world_refused(w, OFFICE, ACT(MERGE, .other_case_no = first), JB_REFUSE_OUTRANKED);
    world_do(w, CITY_OFFICE, ACT(MERGE, .other_case_no = first));
}

/* ---- split ---------------------------------------------------------------------------------- */

static enum jb_refusal register_part(struct world *w, uint32_t node, int64_t whole, int matter)
{
    struct jb_act act = *world_register_act();

    act.matter = matter;
    act.other_case_no = whole;
    assert_int_equal(jb_caseno_make(jb_date_of_instant(w->now_ms), node, 9, &act.case_no), JB_OK);
    w->case_no = act.case_no;
    world_forget_case(w);
    return world_try(w, node, &act);
}

static void a_part_counts_from_where_the_whole_did(void **state)
{
    struct world *w = *state;
    int64_t whole, trigger_ms, part;

    world_bring(w, JB_STAGE_SENT);
    whole = w->c.case_no;
    trigger_ms = w->now_ms;
    (void)world_put_aside(w);
    w->now_ms += 3 * JB_DAY_MS;
    assert_int_equal(register_part(w, LAND, whole, JB_MATTER_APPEAL), JB_REFUSE_OTHER_CASE_UNKNOWN);
    assert_int_equal(register_part(w, LABOUR, whole, JB_MATTER_APPEAL), JB_REFUSE_WRONG_PARTY);
    assert_int_equal(register_part(w, OFFICE, whole, JB_MATTER_ACCUSATION), JB_REFUSE_NOT_LINKABLE);
    assert_int_equal(register_part(w, HOUSING, whole, JB_MATTER_APPEAL), JB_REFUSE_NONE);
    assert_int_equal(world_deadline(w, "notify")->trigger_ms, trigger_ms);
    assert_int_equal(register_part(w, OFFICE, whole, JB_MATTER_APPEAL), JB_REFUSE_NONE);
    assert_int_equal(world_deadline(w, "sort")->trigger_ms, trigger_ms);
    assert_true(has_link(&w->c, whole, JB_LINK_SPLIT_OF));
    part = w->c.case_no;
    world_take_up(w, 0);
    world_do(w, OFFICE, ACT(SPLIT, .other_case_nos = {&part, 1}));
    assert_true(has_link(&w->c, part, JB_LINK_SPLIT_INTO));
    world_refused(w, OFFICE, ACT(SPLIT, .other_case_nos = {&part, 1}), JB_REFUSE_ALREADY_DONE);
    world_refused(w, HOUSING, ACT(SPLIT, .other_case_nos = {&part, 1}),
                  JB_REFUSE_OTHER_CASE_UNKNOWN);
}

static void only_registered_parts_can_be_named(void **state)
{
    struct world *w = *state;
    int64_t first = two_cases(w, JB_STAGE_SENT);

    world_refused(w, OFFICE, ACT(SPLIT, .other_case_nos = {&first, 1}), JB_REFUSE_NOT_LINKABLE);
    w->kept[0].stage = JB_STAGE_CLOSED;
    assert_int_equal(register_part(w, OFFICE, first, JB_MATTER_APPEAL), JB_REFUSE_NOT_LINKABLE);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_open, world_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(links_are_made_by_who_knows_both),
        TEST(a_repeat_is_the_later_one),
        TEST(a_merged_repeat_goes_on_in_the_first_case),
        TEST(no_duty_gets_more_time_by_a_merge),
        TEST(a_merge_ends_what_the_handler_had),
        TEST(what_is_ordered_beside_a_case_is_not_merged_away),
        TEST(what_a_superior_ordered_is_not_merged_away),
        TEST(a_part_counts_from_where_the_whole_did),
        TEST(only_registered_parts_can_be_named),
    };
    return cmocka_run_group_tests_name("decide_join", tests, NULL, NULL);
}
