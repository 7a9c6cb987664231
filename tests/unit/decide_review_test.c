/* The second and third level, Art 35-36, each row named by its article: asking in time, the next
 * higher organ, the opinions, hearings, the end of the three levels. */
#include "tests/unit/rules_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static int64_t start_ms(void)
{
    return local("2026-03-02 10:00");
}

static const struct jb_act *ask_review(int64_t received_ms)
{
    static struct jb_act act;

    act = (struct jb_act){.kind = JB_ACT_REQUEST_REVIEW, .received_at_ms = received_ms};
    return &act;
}

static const struct jb_act *ask_recheck(int64_t received_ms)
{
    static struct jb_act act;

    act = (struct jb_act){.kind = JB_ACT_REQUEST_RECHECK, .received_at_ms = received_ms};
    return &act;
}

/* Answered by `handler` on 2 March, told on that day unless `untold`. */
static void bring_answered(struct world *w, uint32_t handler, int opinion, bool untold)
{
    w->now_ms = start_ms();
    world_bring(w, JB_STAGE_REGISTERED);
    world_do(w, OFFICE, ACT(FORWARD, .node = handler));
    world_do(w, handler, ACT(SIGN_FOR, .text = T("收到")));
    world_do(w, handler, ACT(ACCEPT, .told_at_ms = w->now_ms));
    world_do(
        w, handler,
        ACT(ANSWER, .opinion = opinion, .text = T("意见"), .told_at_ms = untold ? 0 : w->now_ms));
}

/* As world_bring, with the clock at its start. */
static void bring(struct world *w, enum jb_stage stage)
{
    w->now_ms = start_ms();
    world_bring(w, stage);
}

/* ---- in time -------------------------------------------------------------------------------- */

static const struct {
    const char *article, *what;
    enum jb_stage stage; /* REVIEWED: it is a recheck that is asked for */
    const char *received, *entered;
    enum jb_refusal wanted;
} in_time[] = {
    {"35", "at once", JB_STAGE_ANSWERED, "2026-03-02 11:00", "2026-03-02 11:00", JB_REFUSE_NONE},
    {"35", "on the last day", JB_STAGE_ANSWERED, "2026-04-01 23:59", "2026-04-01 23:59",
     JB_REFUSE_NONE},
    {"35", "on the last day, entered later", JB_STAGE_ANSWERED, "2026-04-01 23:59",
     "2026-04-07 09:00", JB_REFUSE_NONE},
    {"35", "a day late", JB_STAGE_ANSWERED, "2026-04-01 24:00", "2026-04-02 09:00",
     JB_REFUSE_REVIEW_LAPSED},
    {"35", "before the answer was told", JB_STAGE_ANSWERED, "2026-03-01 09:00", "2026-03-02 11:00",
     JB_REFUSE_VALUE_OUT_OF_RANGE},
    {"35", "tomorrow", JB_STAGE_ANSWERED, "2026-03-03 11:00", "2026-03-02 11:00",
     JB_REFUSE_CLOCK_IMPLAUSIBLE},
    {"35", "after the closing", JB_STAGE_CLOSED, "2026-03-20 09:00", "2026-03-20 09:00",
     JB_REFUSE_NONE},
    {"35", "after the closing, too late", JB_STAGE_CLOSED, "2026-04-02 09:00", "2026-04-02 09:00",
     JB_REFUSE_REVIEW_LAPSED},
    {"36", "on the last day", JB_STAGE_REVIEWED, "2026-04-01 23:59", "2026-04-01 23:59",
     JB_REFUSE_NONE},
    {"36", "a day late", JB_STAGE_REVIEWED, "2026-04-01 24:00", "2026-04-02 09:00",
     JB_REFUSE_REVIEW_LAPSED},
};

static void thirty_days_to_ask(void **state)
{
    struct world *w = *state;

    for (size_t i = 0; i < COUNT(in_time); i++) {
        bool second = in_time[i].stage == JB_STAGE_REVIEWED;
        const char *right = second ? "ask-recheck" : "ask-review";
        const struct jb_act *act;

        print_message("Art %s: %s\n", in_time[i].article, in_time[i].what);
        bring(w, in_time[i].stage);
        w->now_ms = local(in_time[i].entered);
        world_tick(w);
        act = second ? ask_recheck(local(in_time[i].received))
                     : ask_review(local(in_time[i].received));
        world_refused(w, OFFICE, act, in_time[i].wanted);
        if (in_time[i].wanted != JB_REFUSE_NONE) {
            assert_int_equal(w->c.stage, in_time[i].stage); /* it stays as it was */
            continue;
        }
        world_do(w, OFFICE, act);
        assert_int_not_equal(world_last_deadline(w, right)->end, JB_END_OPEN);
        assert_int_not_equal(world_last_deadline(w, right)->end, JB_END_MET_LATE);
        assert_int_equal(world_last_deadline(w, right)->missed_ms, 0);
        assert_int_equal(world_deadline(w, second ? "recheck" : "review")->trigger_ms,
                         local(in_time[i].received));
    }
}

static void what_can_be_reviewed(void **state)
{
    struct world *w = *state;
    struct jb_act act = *world_register_act();

    bring_answered(w, HOUSING, JB_OPINION_EXPLAINED, true);
    world_refused(w, OFFICE, ask_review(w->now_ms), JB_REFUSE_NOT_TOLD);
    assert_string_equal(w->v.detail, "Art 34: of the answer");
    world_refused(w, OFFICE, ACT(REQUEST_REVIEW, .node = COUNTY), JB_REFUSE_FIELD_REQUIRED);
    world_do(w, HOUSING, ACT(NOTIFY, .told_at_ms = w->now_ms));
    world_refused(w, OFFICE, ask_recheck(w->now_ms), JB_REFUSE_WRONG_STAGE);
    world_refused(w, OFFICE, ask_review(w->now_ms), JB_REFUSE_NONE);
    /* A suggestion, a declined matter, and one that took the fifth exit. */
    world_forget_case(w);
    act.matter = JB_MATTER_SUGGESTION;
    world_do(w, OFFICE, &act);
    world_do(w, OFFICE, ACT(FORWARD, .node = HOUSING));
    world_do(w, HOUSING, ACT(SIGN_FOR, .text = T("收到")));
    world_do(w, HOUSING, ACT(ACCEPT, .told_at_ms = w->now_ms));
    world_do(w, HOUSING, ACT(ANSWER, .text = T("已采纳"), .told_at_ms = w->now_ms));
    world_refused(w, OFFICE, ask_review(w->now_ms), JB_REFUSE_WRONG_STAGE);
    bring(w, JB_STAGE_DECLINED);
    world_do(w, HOUSING, ACT(NOTIFY, .told_at_ms = w->now_ms));
    world_do(w, OFFICE, ACT(CLOSE, .close_no = T("1")));
    world_refused(w, OFFICE, ask_review(w->now_ms), JB_REFUSE_WRONG_STAGE);
    bring(w, JB_STAGE_REGISTERED);
    world_do(w, OFFICE, ACT(FORWARD, .node = HOUSING));
    world_do(w, HOUSING, ACT(SIGN_FOR, .text = T("收到")));
    world_do(w, HOUSING, ACT(ACCEPT, .exit = JB_EXIT_PROTECTIVE_DUTY, .told_at_ms = w->now_ms));
    world_do(
        w, HOUSING,
        ACT(ANSWER, .opinion = JB_OPINION_EXPLAINED, .text = T("意见"), .told_at_ms = w->now_ms));
    assert_false(world_runs(w, "ask-review"));
    world_refused(w, OFFICE, ask_review(w->now_ms), JB_REFUSE_WRONG_STAGE);
}

/* ---- the next higher organ ------------------------------------------------------------------ */

static const struct {
    const char *article, *what;
    uint32_t handler, named; /* 0: nobody is named */
    uint32_t reviewer;       /* 0: refused */
    enum jb_refusal wanted;
} organs[] = {
    {"35", "a department's government", HOUSING, 0, COUNTY, JB_REFUSE_NONE},
    {"35", "named", HOUSING, COUNTY, COUNTY, JB_REFUSE_NONE},
    {"35", "a township's county", TOWN, 0, COUNTY, JB_REFUSE_NONE},
    {"35", "a unit's department", HOUSING_UNIT, 0, HOUSING, JB_REFUSE_NONE},
    {"35", "a unit's government", HOUSING_UNIT, COUNTY, COUNTY, JB_REFUSE_NONE},
    {"35", "a station's township", TOWN_STATION, 0, TOWN, JB_REFUSE_NONE},
    {"35", "not two levels up", HOUSING, CITY, 0, JB_REFUSE_WRONG_REVIEWER},
    {"35", "not another city department", HOUSING, CITY_DEPT, 0, JB_REFUSE_WRONG_REVIEWER},
    {"35", "not a peer", HOUSING, LAND, 0, JB_REFUSE_WRONG_REVIEWER},
    {"35", "not the office", HOUSING, OFFICE, 0, JB_REFUSE_WRONG_REVIEWER},
    {"35", "not itself", HOUSING, HOUSING, 0, JB_REFUSE_WRONG_REVIEWER},
    {"35", "not nobody", HOUSING, 4711, 0, JB_REFUSE_UNKNOWN_NODE},
};

static void the_next_higher_organ_reviews(void **state)
{
    struct world *w = *state;

    for (size_t i = 0; i < COUNT(organs); i++) {
        struct jb_act act = *ask_review(start_ms());

        print_message("Art %s: %s\n", organs[i].article, organs[i].what);
        bring_answered(w, organs[i].handler, JB_OPINION_EXPLAINED, false);
        act.node = organs[i].named;
        world_refused(w, OFFICE, &act, organs[i].wanted);
        if (organs[i].wanted != JB_REFUSE_NONE)
            continue;
        world_do(w, OFFICE, &act);
        assert_int_equal(w->c.stage, JB_STAGE_REVIEW);
        assert_int_equal(w->c.reviewer, organs[i].reviewer);
        assert_true(jb_case_roles(&w->c, organs[i].reviewer) & 1U << JB_ROLE_REVIEWER);
        assert_int_equal(world_deadline(w, "review")->node, organs[i].reviewer);
        assert_int_equal(world_deadline(w, "review")->due_ms, local("2026-04-01 24:00"));
        assert_int_equal(w->c.host, organs[i].handler);
    }
}

static void nobody_above_or_nobody_there(void **state)
{
    struct world *w = *state;
    struct jb_node *county = world_node(w, COUNTY);

    bring_answered(w, HOUSING, JB_OPINION_EXPLAINED, false);
    world_node(w, HOUSING)->parent = 0;
    world_refused(w, OFFICE, ask_review(w->now_ms), JB_REFUSE_WRONG_REVIEWER);
    world_node(w, HOUSING)->parent = COUNTY;
    county->valid_to_ms = local("2026-01-01 00:00");
    world_refused(w, OFFICE, ask_review(w->now_ms), JB_REFUSE_NODE_NOT_VALID);
    county->valid_to_ms = 0;
}

/* ---- the opinions --------------------------------------------------------------------------- */

static void the_whole_chain(void **state)
{
    struct world *w = *state;

    bring_answered(w, HOUSING, JB_OPINION_NOT_SUPPORTED, false);
    w->now_ms = local("2026-03-10 09:00");
    world_do(w, OFFICE, ask_review(w->now_ms));
    assert_int_equal(world_last_deadline(w, "ask-review")->end, JB_END_MET);
    world_refused(w, HOUSING, ACT(CLOSE, .close_no = T("1")), JB_REFUSE_WRONG_STAGE);
    world_refused(w, HOUSING, ACT(GIVE_REVIEW, .opinion = 2, .text = T("x")),
                  JB_REFUSE_WRONG_PARTY);
    world_refused(w, COUNTY, ACT(GIVE_REVIEW, .text = T("x")), JB_REFUSE_FIELD_REQUIRED);
    world_refused(w, COUNTY, ACT(GIVE_REVIEW, .opinion = 2), JB_REFUSE_FIELD_REQUIRED);
    w->now_ms = local("2026-03-20 09:00");
    world_do(w, COUNTY,
             ACT(GIVE_REVIEW, .opinion = JB_OPINION_NOT_SUPPORTED, .text = T("维持"),
                 .opinion_no = T("复查1号")));
    assert_int_equal(w->c.stage, JB_STAGE_REVIEWED);
    assert_int_equal(w->c.review_opinion, JB_OPINION_NOT_SUPPORTED);
    assert_int_equal(w->c.opinion, JB_OPINION_NOT_SUPPORTED);
    assert_int_equal(world_last_deadline(w, "review")->end, JB_END_MET);
    assert_false(world_runs(w, "ask-recheck") || world_runs(w, "execute"));
    world_refused(w, OFFICE, ACT(CLOSE, .close_no = T("1")), JB_REFUSE_NOT_TOLD);
    assert_string_equal(w->v.detail, "Art 35: of the review's opinion");
    world_refused(w, OFFICE, ask_recheck(w->now_ms), JB_REFUSE_NOT_TOLD);
    world_refused(w, HOUSING, ACT(NOTIFY, .told_at_ms = w->now_ms), JB_REFUSE_WRONG_PARTY);
    world_do(w, COUNTY, ACT(NOTIFY, .told_at_ms = w->now_ms));
    assert_int_equal(w->c.facts_ms[JB_FACT_REVIEW_TOLD], w->now_ms);
    assert_int_equal(world_deadline(w, "ask-recheck")->due_ms, local("2026-04-19 24:00"));
    w->now_ms = local("2026-04-01 09:00");
    world_do(w, OFFICE, ask_recheck(w->now_ms));
    assert_int_equal(w->c.rechecker, CITY);
    assert_int_equal(world_deadline(w, "recheck")->node, CITY);
    world_refused(w, COUNTY, ACT(GIVE_RECHECK, .opinion = 2, .text = T("x")),
                  JB_REFUSE_WRONG_PARTY);
    w->now_ms = local("2026-04-20 09:00");
    world_do(w, CITY, ACT(GIVE_RECHECK, .opinion = JB_OPINION_SUPPORTED, .text = T("支持")));
    assert_int_equal(w->c.stage, JB_STAGE_RECHECKED);
    assert_int_equal(world_deadline(w, "execute")->node, HOUSING);
    world_refused(w, OFFICE, ACT(TERMINATE, .text = T("x")), JB_REFUSE_NOT_TOLD);
    assert_string_equal(w->v.detail, "Art 36: of the recheck's opinion");
    world_do(w, OFFICE, ACT(RECORD_DELIVERY, .how = T("送达"), .told_at_ms = w->now_ms));
    assert_int_equal(w->c.facts_ms[JB_FACT_RECHECK_TOLD], w->now_ms);
    world_refused(w, OFFICE, ACT(CLOSE, .close_no = T("1")), JB_REFUSE_EXECUTION_OUTSTANDING);
    world_do(w, OFFICE, ACT(TERMINATE, .text = T("三级终结")));
    assert_int_equal(w->c.stage, JB_STAGE_TERMINATED);
    assert_int_equal(w->c.facts_ms[JB_FACT_TERMINATED], w->now_ms);
    /* What was granted is still to be carried out. */
    assert_true(world_runs(w, "execute"));
    world_do(w, HOUSING, ACT(EXECUTE, .text = T("已落实")));
    assert_false(world_runs(w, "execute"));
}

static void a_review_that_supports_is_carried_out_anew(void **state)
{
    struct world *w = *state;
    const struct jb_act *supported = ACT(GIVE_REVIEW, .opinion = JB_OPINION_SUPPORTED,
                                         .text = T("支持"), .told_at_ms = start_ms());

    bring_answered(w, HOUSING, JB_OPINION_SUPPORTED, false);
    world_do(w, HOUSING, ACT(EXECUTE, .text = T("已落实")));
    world_do(w, HOUSING, ACT(CLOSE, .close_no = T("1")));
    world_do(w, OFFICE, ask_review(w->now_ms));
    assert_int_equal(w->c.facts_ms[JB_FACT_CLOSED], 0);
    world_do(w, COUNTY, supported);
    assert_int_equal(w->c.facts_ms[JB_FACT_EXECUTED], 0);
    world_refused(w, OFFICE, ACT(CLOSE, .close_no = T("1")), JB_REFUSE_EXECUTION_OUTSTANDING);
    world_do(w, HOUSING, ACT(EXECUTE, .text = T("已按复查意见落实")));
    world_do(w, OFFICE, ACT(CLOSE, .close_no = T("2")));
    assert_true(world_runs(w, "ask-recheck"));
    world_refused(w, OFFICE, ask_review(w->now_ms), JB_REFUSE_ALREADY_DONE);
    world_refused(w, OFFICE, ask_recheck(w->now_ms), JB_REFUSE_NONE);
    /* One that has not been carried out has one clock, not two. */
    bring_answered(w, HOUSING, JB_OPINION_SUPPORTED, false);
    world_do(w, OFFICE, ask_review(w->now_ms));
    world_do(w, COUNTY, supported);
    world_do(w, HOUSING, ACT(EXECUTE, .text = T("已落实")));
    assert_false(world_runs(w, "execute"));
}

static void after_the_recheck_the_same_facts_are_closed(void **state)
{
    struct world *w = *state;

    bring(w, JB_STAGE_RECHECKED);
    world_do(w, HOUSING, ACT(EXECUTE, .text = T("已落实")));
    world_do(w, OFFICE, ACT(CLOSE, .close_no = T("1")));
    world_refused(w, OFFICE, ask_review(w->now_ms), JB_REFUSE_TERMINATED);
    world_refused(w, OFFICE, ask_recheck(w->now_ms), JB_REFUSE_TERMINATED);
    bring(w, JB_STAGE_TERMINATED);
    world_refused(w, OFFICE, ask_review(w->now_ms), JB_REFUSE_WRONG_STAGE);
}

/* ---- hearings ------------------------------------------------------------------------------- */

static const struct {
    const char *what, *from, *until, *due;
} hearings[] = {
    {"one day", "2026-03-10 09:00", "2026-03-10 17:00", "2026-04-02 24:00"},
    {"three days, first and last included", "2026-03-10 14:00", "2026-03-12 09:00",
     "2026-04-04 24:00"},
    {"on the last day", "2026-04-01 09:00", "2026-04-01 17:00", "2026-04-02 24:00"},
    {"over a month's end", "2026-03-31 09:00", "2026-04-01 10:00", "2026-04-03 24:00"},
};

static void a_hearing_is_not_counted(void **state)
{
    struct world *w = *state;

    for (size_t i = 0; i < COUNT(hearings); i++) {
        print_message("Art 36: %s\n", hearings[i].what);
        bring(w, JB_STAGE_RECHECK);
        assert_int_equal(world_deadline(w, "recheck")->due_ms, local("2026-04-01 24:00"));
        world_refused(w, CITY, ACT(END_HEARING, .until_ms = w->now_ms), JB_REFUSE_HEARING_STATE);
        w->now_ms = local(hearings[i].from);
        world_do(w, CITY, ACT(START_HEARING, .from_ms = w->now_ms));
        assert_int_equal(world_deadline(w, "recheck")->paused_from_ms, w->now_ms);
        world_refused(w, CITY, ACT(START_HEARING, .from_ms = w->now_ms), JB_REFUSE_HEARING_STATE);
        world_refused(w, CITY, ACT(GIVE_RECHECK, .opinion = 2, .text = T("x")),
                      JB_REFUSE_HEARING_STATE);
        world_refused(w, CITY, ACT(END_HEARING, .until_ms = w->now_ms - JB_DAY_MS),
                      JB_REFUSE_VALUE_OUT_OF_RANGE);
        w->now_ms = local(hearings[i].until);
        world_tick(w); /* says nothing while it stands still */
        world_do(w, CITY, ACT(END_HEARING, .until_ms = w->now_ms));
        assert_int_equal(world_deadline(w, "recheck")->paused_from_ms, 0);
        assert_int_equal(world_deadline(w, "recheck")->due_ms, local(hearings[i].due));
        assert_int_equal(world_deadline(w, "recheck")->missed_ms, 0);
    }
}

/* A clerk gives days: each is the day's first instant. */
static void a_hearing_on_the_day_of_the_request_ends_on_it(void **state)
{
    struct world *w = *state;
    int64_t day_ms = local("2026-03-02 00:00");

    bring(w, JB_STAGE_RECHECK);
    world_do(w, CITY, ACT(START_HEARING, .from_ms = day_ms));
    world_do(w, CITY, ACT(END_HEARING, .until_ms = day_ms));
    assert_int_equal(world_deadline(w, "recheck")->due_ms, local("2026-04-01 24:00"));
    w->now_ms = local("2026-03-05 10:00");
    world_do(w, CITY, ACT(START_HEARING, .from_ms = w->now_ms));
    world_do(w, CITY, ACT(END_HEARING, .until_ms = local("2026-03-05 00:00")));
    assert_int_equal(world_deadline(w, "recheck")->due_ms, local("2026-04-02 24:00"));
    /* The same day again is not left out a second time. */
    world_do(w, CITY, ACT(START_HEARING, .from_ms = w->now_ms));
    world_do(w, CITY, ACT(END_HEARING, .until_ms = w->now_ms));
    assert_int_equal(world_deadline(w, "recheck")->due_ms, local("2026-04-02 24:00"));
}

static void only_the_recheck_pauses(void **state)
{
    struct world *w = *state;

    bring(w, JB_STAGE_REVIEW);
    world_refused(w, COUNTY, ACT(START_HEARING, .from_ms = w->now_ms), JB_REFUSE_WRONG_STAGE);
    bring(w, JB_STAGE_RECHECK);
    world_refused(w, COUNTY, ACT(START_HEARING, .from_ms = w->now_ms), JB_REFUSE_WRONG_PARTY);
    world_refused(w, CITY, ACT(START_HEARING, .from_ms = w->now_ms + JB_DAY_MS),
                  JB_REFUSE_CLOCK_IMPLAUSIBLE);
    world_refused(w, CITY, ACT(START_HEARING, .from_ms = w->now_ms - JB_DAY_MS),
                  JB_REFUSE_VALUE_OUT_OF_RANGE);
    w->now_ms = local("2026-04-02 09:00");
    world_refused(w, CITY, ACT(START_HEARING, .from_ms = w->now_ms), JB_REFUSE_HEARING_STATE);
    /* One that took place in time may be entered afterwards. */
    world_tick(w);
    world_do(w, CITY, ACT(START_HEARING, .from_ms = local("2026-03-31 09:00")));
    world_do(w, CITY, ACT(END_HEARING, .until_ms = local("2026-03-31 17:00")));
    assert_int_equal(world_deadline(w, "recheck")->due_ms, local("2026-04-02 24:00"));
    assert_int_equal(world_deadline(w, "recheck")->missed_ms, 0);
}

/* ---- Art 28(3) ------------------------------------------------------------------------------ */

static void a_recused_agency_does_not_review(void **state)
{
    struct world *w = *state;
    struct jb_mark mark = {.kind = JB_MARK_RECUSED, .node = COUNTY};

    bring_answered(w, HOUSING, JB_OPINION_EXPLAINED, false);
    w->c.marks = &mark;
    w->c.mark_count = 1;
    world_refused(w, OFFICE, ask_review(w->now_ms), JB_REFUSE_RECUSED);
    w->c.mark_count = 0;
    world_refused(w, OFFICE, ask_review(w->now_ms), JB_REFUSE_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thirty_days_to_ask),
        cmocka_unit_test(what_can_be_reviewed),
        cmocka_unit_test(the_next_higher_organ_reviews),
        cmocka_unit_test(nobody_above_or_nobody_there),
        cmocka_unit_test(the_whole_chain),
        cmocka_unit_test(a_review_that_supports_is_carried_out_anew),
        cmocka_unit_test(after_the_recheck_the_same_facts_are_closed),
        cmocka_unit_test(a_hearing_is_not_counted),
        cmocka_unit_test(a_hearing_on_the_day_of_the_request_ends_on_it),
        cmocka_unit_test(only_the_recheck_pauses),
        cmocka_unit_test(a_recused_agency_does_not_review),
    };
    return cmocka_run_group_tests_name("decide_review", tests, world_open, world_close);
}
