/* The appraisal of one case: who is charged when it was handed on, objected to, taken away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/appraisal_world.h"

/* ---- who is charged -------------------------------------------------------------------------- */

static void objected(struct ap_world *w, int64_t at_ms)
{
    ap_objection(w, HOUSING, true, 0);
    ENTRY(OBJECT, HOUSING, at_ms, .reason = jb_text_of("not ours"));
}

static void an_agreed_objection_leaves_no_trace(void **state)
{
    struct ap_world *w = *state;
    uint32_t notify = ap_assigned(w, ap_registered(w, 0), HOUSING, ap_day(3, 10));

    objected(w, ap_day(3, 12));
    ap_objection(w, HOUSING, false, JB_RULING_AGREED);
    ap_stage(w, JB_STAGE_REGISTERED);
    ap_custody(w, OFFICE);
    /* Agreed to after all was late: even so. */
    ap_clock_end(w, notify, JB_END_CANCELLED, ap_day(6, 1));
    ap_clock_end(w, notify + 1, JB_END_CANCELLED, ap_day(6, 1));
    ENTRY(RULE_ON_OBJECTION, OFFICE, ap_day(6, 1), .ruling = JB_RULING_AGREED);
    ap_done(w);
    NOTHING(HANDLER_ACCEPT, HOUSING);
    NOTHING(ON_TIME_ANSWER, HOUSING);
    NOTHING(REPEAT, HOUSING);
}

static void a_refused_objection_changes_nothing(void **state)
{
    struct ap_world *w = *state;

    ap_assigned(w, ap_registered(w, 0), HOUSING, ap_day(3, 10));
    objected(w, ap_day(3, 12));
    ap_objection(w, HOUSING, false, JB_RULING_REFUSED);
    ENTRY(RULE_ON_OBJECTION, OFFICE, ap_day(3, 14), .ruling = JB_RULING_REFUSED);
    ap_done(w);
    EXPECT(HANDLER_ACCEPT, HOUSING, false, ap_day(4, 2));
    EXPECT(ON_TIME_ANSWER, HOUSING, false, ap_day(5, 1));
}

/* Somebody else is designated while the objection is open: the objector was right. */
static void a_designation_settles_the_objection(void **state)
{
    struct ap_world *w = *state;
    uint32_t notify = ap_assigned(w, ap_registered(w, 0), HOUSING, ap_day(3, 10));

    objected(w, ap_day(3, 12));
    ap_stage(w, JB_STAGE_SENT);
    ap_custody(w, LABOUR);
    ap_clock_end(w, notify, JB_END_SUPERSEDED, ap_day(6, 1));
    ap_clock_end(w, notify + 1, JB_END_SUPERSEDED, ap_day(6, 1));
    (void)ap_clock_set(w, "notify", LABOUR, ap_day(6, 17));
    ap_objection(w, HOUSING, false, 0);
    ENTRY(DESIGNATE, LOWER_OFFICE, ap_day(6, 1), .node = LABOUR);
    ap_done(w);
    NOTHING(HANDLER_ACCEPT, HOUSING);
    NOTHING(ON_TIME_ANSWER, HOUSING);
    EXPECT(HANDLER_ACCEPT, LABOUR, false, ap_day(6, 17));
}

/* A higher hand-over took it away: before it was late nobody is charged, afterwards he is. */
static void superseded_before_and_after_it_was_late(void **state)
{
    static const struct {
        int64_t days_into_april;
        bool charged;
    } rows[] = {{1, false}, {2, true}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ap_world *w = NULL;
        uint32_t notify;
        int64_t at_ms = ap_day(4, (int)rows[i].days_into_april);

        ap_setup((void **)&w);
        notify = ap_assigned(w, ap_registered(w, 0), HOUSING, ap_day(3, 10));
        ap_stage(w, JB_STAGE_SENT);
        ap_custody(w, LAND);
        ap_clock_end(w, notify, JB_END_SUPERSEDED, at_ms);
        ap_clock_end(w, notify + 1, JB_END_SUPERSEDED, at_ms);
        (void)ap_clock_set(w, "notify", LAND, at_ms + 16 * JB_DAY_MS);
        ENTRY(ASSIGN, OFFICE, at_ms, .node = LAND);
        ap_done(w);
        if (rows[i].charged)
            EXPECT(HANDLER_ACCEPT, HOUSING, false, ap_day(4, 2));
        else
            NOTHING(HANDLER_ACCEPT, HOUSING);
        NOTHING(ON_TIME_ANSWER, HOUSING);
        EXPECT(HANDLER_ACCEPT, LAND, false, at_ms + 16 * JB_DAY_MS);
        ap_teardown((void **)&w);
    }
    (void)state;
}

/* Handed on between peers the clocks go along; what was assigned stays, and any answer meets it. */
static void clocks_passed_on_to_a_peer(void **state)
{
    struct ap_world *w = *state;
    uint32_t notify = ap_assigned(w, ap_registered(w, 0), HOUSING, ap_day(3, 10));

    ap_stage(w, JB_STAGE_SENT);
    ap_custody(w, LABOUR);
    ap_clock_end(w, notify, JB_END_SUPERSEDED, ap_day(3, 14));
    (void)ap_clock_set(w, "notify", LABOUR, ap_day(3, 26));
    ENTRY(HANDOVER, HOUSING, ap_day(3, 14), .node = LABOUR);
    ap_accepted(w, LABOUR, ap_day(3, 20));
    ap_answered(w, LABOUR, ap_day(5, 10));
    ap_done(w);
    NOTHING(HANDLER_ACCEPT, HOUSING);
    EXPECT(HANDLER_ACCEPT, LABOUR, true, ap_day(4, 2));
    EXPECT(ON_TIME_ANSWER, HOUSING, false, ap_day(5, 1));
    EXPECT(ON_TIME_ANSWER, LABOUR, true, ap_day(5, 20));
}

static void co_handlers_owe_their_own_answer(void **state)
{
    struct ap_world *w = *state;
    uint32_t share;

    ap_assigned(w, ap_registered(w, 0), HOUSING, ap_day(3, 10));
    share = ap_clock_set(w, "co-answer", LAND, ap_day(4, 10));
    ENTRY(NOTE, OFFICE, ap_day(3, 10), .text = jb_text_of("co-handler"));
    ap_clock_end(w, share, JB_END_MET_LATE, ap_day(4, 12));
    ENTRY(ANSWER, LAND, ap_day(4, 12), .opinion = JB_OPINION_EXPLAINED);
    ap_answered(w, HOUSING, ap_day(4, 20));
    ap_done(w);
    EXPECT(ON_TIME_ANSWER, LAND, false, ap_day(4, 10));
    EXPECT(ON_TIME_ANSWER, HOUSING, true, ap_day(5, 1));
}

/* The short track was given up: its clock is no duty, the ordinary one is. */
static void simple_handling_turns_ordinary(void **state)
{
    struct ap_world *w = *state;
    uint32_t notify = ap_assigned(w, ap_registered(w, 0), HOUSING, ap_day(3, 10)), brief;

    ap_clock_end(w, notify, JB_END_CANCELLED, ap_day(3, 11));
    (void)ap_clock_set(w, "simple-accept", HOUSING, ap_day(3, 16));
    brief = ap_clock_set(w, "simple-answer", HOUSING, ap_day(3, 25));
    ENTRY(START_SIMPLE, HOUSING, ap_day(3, 11), .reason = jb_text_of("plain"));
    ap_clock_end(w, brief - 1, JB_END_MET, ap_day(3, 12));
    ap_accepted(w, HOUSING, ap_day(3, 12));
    ap_clock_end(w, brief, JB_END_CANCELLED, ap_day(3, 25));
    ENTRY(TURN_ORDINARY, HOUSING, ap_day(3, 25), .reason = jb_text_of("not so plain"));
    ap_answered(w, HOUSING, ap_day(4, 20));
    ap_done(w);
    EXPECT(HANDLER_ACCEPT, HOUSING, true, ap_day(4, 2));
    EXPECT(ON_TIME_ANSWER, HOUSING, true, ap_day(5, 1));
}

static void reopened_it_is_owed_anew(void **state)
{
    struct ap_world *w = *state;
    size_t answers = 0;

    ap_assigned(w, ap_registered(w, 0), HOUSING, ap_day(3, 10));
    ap_answered(w, HOUSING, ap_day(4, 20));
    ap_stage(w, JB_STAGE_ACCEPTED);
    ap_fact(w, JB_FACT_ANSWERED, 0);
    (void)ap_clock_set(w, "handle", HOUSING, ap_day(8, 1));
    ENTRY(REOPEN, OFFICE, ap_day(6, 1), .ground = JB_GROUND_NEW_FACTS);
    ap_done(w);
    for (size_t i = 0; i < w->out_count; i++)
        answers += w->out[i].indicator == JB_INDICATOR_ON_TIME_ANSWER;
    assert_int_equal(answers, 2);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, ap_setup, ap_teardown)
    const struct CMUnitTest tests[] = {
        TEST(an_agreed_objection_leaves_no_trace), TEST(a_refused_objection_changes_nothing),
        TEST(a_designation_settles_the_objection), TEST(superseded_before_and_after_it_was_late),
        TEST(clocks_passed_on_to_a_peer),          TEST(co_handlers_owe_their_own_answer),
        TEST(simple_handling_turns_ordinary),      TEST(reopened_it_is_owed_anew),
    };
#undef TEST

    return cmocka_run_group_tests_name("appraisal_charge", tests, NULL, NULL);
}
