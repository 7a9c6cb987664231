/* The appraisal of one case: what it contributes, and at which instant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/appraisal_world.h"

/* ---- Art 22, 23, 34 -------------------------------------------------------------------------- */

static void in_time_all_the_way(void **state)
{
    struct ap_world *w = *state;

    ap_assigned(w, ap_registered(w, 0), HOUSING, ap_day(3, 10));
    ap_accepted(w, HOUSING, ap_day(3, 20));
    ap_answered(w, HOUSING, ap_day(4, 20));
    ap_done(w);
    EXPECT(OFFICE_ACCEPT, OFFICE, true, ap_day(3, 18));
    EXPECT(HANDLER_ACCEPT, HOUSING, true, ap_day(4, 2)); /* 15 d + 15 d after registration */
    EXPECT(ON_TIME_ANSWER, HOUSING, true, ap_day(5, 1)); /* the earlier of the two counts */
    EXPECT(REPEAT, OFFICE, false, ap_day(3, 18));
    EXPECT(REPEAT, HOUSING, false, ap_day(3, 18));
    assert_true(ap_find(w, JB_INDICATOR_REPEAT, HOUSING)->again);
    assert_int_equal(w->out_count, 5);
}

/* Due on 17 March 24:00: the contribution lies in March, on the 17th. */
static void the_due_day_decides_the_period(void **state)
{
    struct ap_world *w = *state;

    ap_registered(w, 0);
    ap_done(w);
    EXPECT(OFFICE_ACCEPT, OFFICE, false, ap_day(3, 18));
    assert_int_equal(
        jb_date_compare(jb_date_of_instant(ap_find(w, JB_INDICATOR_OFFICE_ACCEPT, OFFICE)->last_ms),
                        jb_date_of_instant(ap_day(3, 17))),
        0);
}

static void late_and_never(void **state)
{
    struct ap_world *w = *state;

    ap_assigned(w, ap_registered(w, 0), HOUSING, ap_day(3, 10));
    ap_accepted(w, HOUSING, ap_day(4, 2)); /* the first instant that is too late */
    ap_answered(w, HOUSING, ap_day(5, 2));
    ap_done(w);
    EXPECT(HANDLER_ACCEPT, HOUSING, false, ap_day(4, 2));
    EXPECT(ON_TIME_ANSWER, HOUSING, false, ap_day(5, 1));
}

/* Later than its own fifteen days, but within the thirty from registration. */
static void the_thirty_days_are_counted_from_registration(void **state)
{
    struct ap_world *w = *state;

    ap_assigned(w, ap_registered(w, 0), HOUSING, ap_day(3, 10));
    ap_accepted(w, HOUSING, ap_day(3, 28));
    ap_done(w);
    EXPECT(HANDLER_ACCEPT, HOUSING, true, ap_day(4, 2));
}

/* Got the case late: its own fifteen days are not over when the thirty are. */
static void a_late_hand_over_is_not_the_handlers_fault(void **state)
{
    struct ap_world *w = *state;
    uint32_t sort = ap_registered(w, 0);

    ap_stage(w, JB_STAGE_SENT);
    ap_custody(w, HOUSING);
    ap_clock_end(w, sort, JB_END_MET_LATE, ap_day(4, 10));
    (void)ap_clock_set(w, "notify", HOUSING, ap_day(4, 26));
    ENTRY(FORWARD, OFFICE, ap_day(4, 10), .node = HOUSING);
    ap_accepted(w, HOUSING, ap_day(4, 20));
    ap_done(w);
    EXPECT(OFFICE_ACCEPT, OFFICE, false, ap_day(3, 18));
    EXPECT(HANDLER_ACCEPT, HOUSING, true, ap_day(4, 26));
}

static void came_to_the_handler_directly(void **state)
{
    struct ap_world *w = *state;

    ap_stage(w, JB_STAGE_REGISTERED);
    ap_custody(w, HOUSING);
    (void)ap_clock_set(w, "notify", HOUSING, ap_day(3, 18));
    ENTRY(REGISTER, HOUSING, ap_day(3, 2), .matter = JB_MATTER_APPEAL);
    ap_done(w);
    EXPECT(HANDLER_ACCEPT, HOUSING, false, ap_day(3, 18));
    EXPECT(REPEAT, HOUSING, false, ap_day(3, 18)); /* once, although it is both */
    NOTHING(OFFICE_ACCEPT, HOUSING);
}

static void a_decline_is_an_acceptance_in_time(void **state)
{
    struct ap_world *w = *state;
    uint32_t notify = ap_assigned(w, ap_registered(w, 0), HOUSING, ap_day(3, 10));

    ap_stage(w, JB_STAGE_DECLINED);
    ap_fact(w, JB_FACT_DECLINED, ap_day(3, 15));
    ap_clock_end(w, notify, JB_END_MET, ap_day(3, 15));
    ap_clock_end(w, notify + 1, JB_END_MET, ap_day(3, 15));
    ENTRY(DECLINE, HOUSING, ap_day(3, 15), .reason = jb_text_of("no"));
    ap_done(w);
    EXPECT(HANDLER_ACCEPT, HOUSING, true, ap_day(4, 2));
    EXPECT(ON_TIME_ANSWER, HOUSING, true, ap_day(5, 1));
}

static void an_extension_moves_the_due_day(void **state)
{
    struct ap_world *w = *state;
    struct jb_effect *e;

    ap_assigned(w, ap_registered(w, 0), HOUSING, ap_day(3, 10));
    e = ap_add(w, JB_EFFECT_DEADLINE_MOVED);
    e->deadline_id = 3;
    e->due_ms = ap_day(5, 31);
    e->old_due_ms = ap_day(5, 1);
    e->extension = true;
    ENTRY(EXTEND, OFFICE, ap_day(4, 1), .days = 30);
    ap_answered(w, HOUSING, ap_day(5, 15));
    ap_done(w);
    EXPECT(ON_TIME_ANSWER, HOUSING, true, ap_day(5, 31));
}

/* ---- ratings, repeats, what is left out ------------------------------------------------------ */

static void ratings_belong_to_office_and_answerer(void **state)
{
    struct ap_world *w = *state;

    ap_assigned(w, ap_registered(w, 0), HOUSING, ap_day(3, 10));
    ap_answered(w, HOUSING, ap_day(4, 20));
    ap_rating(w, JB_RATED_OFFICE, JB_RATING_CAST, 0);
    ap_rating(w, JB_RATED_HANDLER, JB_RATING_WAITING, 0);
    (void)ap_clock_set(w, "rate", OFFICE, ap_day(5, 21));
    ENTRY(RATE, OFFICE, ap_day(4, 21), .rated_party = JB_RATED_OFFICE);
    ap_done(w);
    NOTHING(PARTICIPATION, OFFICE); /* sealed */
    NOTHING(PARTICIPATION, HOUSING);
    ap_rating(w, JB_RATED_OFFICE, JB_RATING_OPENED, JB_BASICALLY_SATISFIED);
    ap_rating(w, JB_RATED_HANDLER, JB_RATING_UNRATED, 0);
    ENTRY(OPEN_RATING, 1, ap_day(5, 21), .rated_party = JB_RATED_OFFICE);
    ap_done(w);
    EXPECT(PARTICIPATION, OFFICE, true, ap_day(5, 21));
    EXPECT(SATISFACTION, OFFICE, true, ap_day(5, 21));
    EXPECT(PARTICIPATION, HOUSING, false, ap_day(5, 21));
    NOTHING(SATISFACTION, HOUSING);
}

static void a_repeat_by_flag_or_by_link(void **state)
{
    struct ap_world *w = *state;
    struct jb_effect *e;

    ap_registered(w, 0);
    ap_done(w);
    EXPECT(REPEAT, OFFICE, false, ap_day(3, 18));
    e = ap_add(w, JB_EFFECT_MARKED);
    e->mark = JB_MARK_LINK;
    e->other_case_no = CASE_NO - 10;
    e->value = JB_LINK_REPEAT;
    e->open = true;
    ENTRY(LINK, OFFICE, ap_day(3, 3), .link_kind = JB_LINK_REPEAT);
    ap_done(w);
    EXPECT(REPEAT, OFFICE, true, ap_day(3, 18));
}

static void a_merged_case_counts_in_the_other_one(void **state)
{
    struct ap_world *w = *state;
    uint32_t sort = ap_registered(w, JB_FLAG_REPEAT);

    ap_stage(w, JB_STAGE_MERGED);
    ap_clock_end(w, sort, JB_END_CANCELLED, ap_day(3, 5));
    ENTRY(MERGE, OFFICE, ap_day(3, 5), .other_case_no = CASE_NO - 10);
    ap_done(w);
    assert_int_equal(w->out_count, 0);
    assert_true(jb_appraisal_counts(&w->a.c)); /* it was received all the same */
}

static void accusations_and_files_give_nothing(void **state)
{
    struct ap_world *w = *state;

    ap_assigned(w, ap_registered(w, 0), HOUSING, ap_day(3, 10));
    ap_add(w, JB_EFFECT_OPINION_SET)->matter = JB_MATTER_ACCUSATION;
    ENTRY(CLASSIFY, OFFICE, ap_day(3, 11), .matter = JB_MATTER_ACCUSATION);
    ap_done(w);
    assert_int_equal(w->out_count, 0);
    assert_false(jb_appraisal_counts(&w->a.c));

    jb_appraisal_start(&w->a, CASE_NO, &w->arena);
    ap_stage(w, JB_STAGE_FILE);
    ENTRY(ISSUE_DIRECTIVE, OFFICE, ap_day(3, 11), .power = JB_POWER_CIRCULATE);
    ap_done(w);
    assert_int_equal(w->out_count, 0);
    assert_false(jb_appraisal_counts(&w->a.c));
}

/* ---- reading ----------------------------------------------------------------------------------
 */

static void history_given_twice_is_taken_once(void **state)
{
    struct ap_world *w = *state;
    uint32_t sort = ap_registered(w, 0);

    ap_clock_end(w, sort, JB_END_MET, ap_day(3, 5));
    ENTRY(FORWARD, OFFICE, ap_day(3, 5), .node = HOUSING);
    w->seq = 1; /* the second entry again */
    ap_clock_end(w, sort, JB_END_MET, ap_day(3, 5));
    ENTRY(FORWARD, OFFICE, ap_day(3, 5), .node = HOUSING);
    ap_done(w);
    EXPECT(OFFICE_ACCEPT, OFFICE, true, ap_day(3, 18));
}

static void names_are_read_back(void **state)
{
    (void)state;
    for (unsigned i = 1; i < JB_INDICATOR_END; i++)
        assert_int_equal(jb_indicator_parse(jb_text_of(jb_indicator_name((enum jb_indicator)i))),
                         i);
    assert_int_equal(jb_indicator_parse(jb_text_of("unknown")), JB_INDICATOR_NONE);
    assert_string_equal(jb_indicator_name((enum jb_indicator)99), "unknown");
    assert_int_equal(jb_count_parse(jb_text_of("place")), JB_COUNT_PLACE);
    assert_int_equal(jb_count_parse(jb_text_of("")), JB_COUNT_NONE);
}

static void values_to_count_by(void **state)
{
    struct jb_case c = {.matter = JB_MATTER_SUGGESTION,
                        .channel = JB_CHANNEL_PHONE,
                        .class_code = jb_text_of("城乡建设"),
                        .place_code = jb_text_of("511002001003")};
    static const struct {
        enum jb_count by;
        const char *key;
    } rows[] = {{JB_COUNT_MATTER, "suggestion"},
                {JB_COUNT_CHANNEL, "phone"},
                {JB_COUNT_CLASS, "城乡建设"},
                {JB_COUNT_PLACE, "511002"},
                {JB_COUNT_NONE, ""}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_true(jb_text_equal(jb_count_key(rows[i].by, &c), jb_text_of(rows[i].key)));
    c.channel = 99;
    assert_int_equal(jb_count_key(JB_COUNT_CHANNEL, &c).len, 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, ap_setup, ap_teardown)
    const struct CMUnitTest tests[] = {
        TEST(in_time_all_the_way),
        TEST(the_due_day_decides_the_period),
        TEST(late_and_never),
        TEST(the_thirty_days_are_counted_from_registration),
        TEST(a_late_hand_over_is_not_the_handlers_fault),
        TEST(came_to_the_handler_directly),
        TEST(a_decline_is_an_acceptance_in_time),
        TEST(an_extension_moves_the_due_day),
        TEST(ratings_belong_to_office_and_answerer),
        TEST(a_repeat_by_flag_or_by_link),
        TEST(a_merged_case_counts_in_the_other_one),
        TEST(accusations_and_files_give_nothing),
        TEST(history_given_twice_is_taken_once),
        TEST(names_are_read_back),
        TEST(values_to_count_by),
    };
#undef TEST

    return cmocka_run_group_tests_name("appraisal", tests, NULL, NULL);
}
