/* Two ratings of a case, G11 (国信发〔2022〕11号): the window is a setting that has to be made,
 * what was cast stays sealed until it is over, and who did not rate counts as unrated. */
#include "tests/unit/rules_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const uint8_t code_hash[JB_HASH_BYTES] = {0x7f, 0x00, 0xa5, 1, 2, 3};
static const uint8_t other_hash[JB_HASH_BYTES] = {0x7f, 0x00, 0xa5, 1, 2, 4};
static const uint8_t box[48] = {9};

/* Most tests: fifteen days. */
static int with_window(void **state)
{
    int failed = world_open(state);

    if (failed == 0)
        (void)world_set_limit(*state, "rate", 15);
    return failed;
}

static const struct jb_act *rate_act(int party)
{
    static struct jb_act act;

    act = (struct jb_act){.kind = JB_ACT_RATE,
                          .rated_party = party,
                          .sealed = {box, sizeof box},
                          .query_code_hash = {code_hash, sizeof code_hash}};
    return &act;
}

/* Answered on 2 March; told, unless `told_ms` is 0. */
static void bring_answered(struct world *w, int64_t told_ms)
{
    struct jb_act act = *world_register_act();

    w->now_ms = local("2026-03-02 10:00");
    act.query_code_hash = (struct jb_bytes){code_hash, sizeof code_hash};
    world_forget_case(w);
    world_do(w, OFFICE, &act);
    world_do(w, OFFICE, ACT(FORWARD, .node = HOUSING));
    world_do(w, HOUSING, ACT(SIGN_FOR, .text = T("收到")));
    world_do(w, HOUSING, ACT(ACCEPT, .told_at_ms = w->now_ms));
    world_do(
        w, HOUSING,
        ACT(ANSWER, .opinion = JB_OPINION_EXPLAINED, .text = T("意见"), .told_at_ms = told_ms));
}

static void bring_told(struct world *w)
{
    bring_answered(w, local("2026-03-02 10:00"));
}

static const struct jb_rating *rating(struct world *w, int party)
{
    return &w->c.ratings[party - 1];
}

/* ---- rate ----------------------------------------------------------------------------------- */

static void a_window_opens_when_the_answer_is_told(void **state)
{
    struct world *w = *state;

    bring_answered(w, 0);
    assert_false(world_runs(w, "rate"));
    assert_int_equal(rating(w, JB_RATED_OFFICE)->state, JB_RATING_NONE);
    world_refused(w, OFFICE, rate_act(JB_RATED_OFFICE), JB_REFUSE_RATING_CLOSED);
    w->now_ms = local("2026-03-09 10:00");
    world_do(w, OFFICE,
             ACT(RECORD_DELIVERY, .how = T("邮寄"), .told_at_ms = local("2026-03-08 10:00")));
    assert_int_equal(world_deadline(w, "rate")->due_ms, local("2026-03-23 24:00"));
    assert_int_equal(world_deadline(w, "rate")->node, OFFICE);
    assert_int_equal(rating(w, JB_RATED_OFFICE)->state, JB_RATING_WAITING);
    assert_int_equal(rating(w, JB_RATED_HANDLER)->state, JB_RATING_WAITING);
}

static void who_may_rate_and_how(void **state)
{
    struct world *w = *state;
    struct jb_act open = *rate_act(JB_RATED_HANDLER), unsealed = open, nobody = open;
    struct jb_act wrong = open, no_code = open;
    const struct {
        const char *what;
        uint32_t node;
        const struct jb_act *act;
        enum jb_refusal wanted;
    } rows[] = {
        {"in the open", OFFICE, &open, JB_REFUSE_VALUE_OUT_OF_RANGE},
        {"nothing sealed", OFFICE, &unsealed, JB_REFUSE_FIELD_REQUIRED},
        {"of nobody", OFFICE, &nobody, JB_REFUSE_FIELD_REQUIRED},
        {"no code", OFFICE, &no_code, JB_REFUSE_FIELD_REQUIRED},
        {"wrong code", OFFICE, &wrong, JB_REFUSE_QUERY_CODE_WRONG},
        {"the handler itself", HOUSING, rate_act(JB_RATED_HANDLER), JB_REFUSE_WRONG_PARTY},
    };

    open.satisfaction = JB_SATISFIED;
    unsealed.sealed.len = 0;
    nobody.rated_party = 0;
    no_code.query_code_hash.len = 0;
    wrong.query_code_hash.data = other_hash;
    wrong.query_code_hash.len = sizeof other_hash;
    bring_told(w);
    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("%s\n", rows[i].what);
        world_refused(w, rows[i].node, rows[i].act, rows[i].wanted);
    }
    world_do(w, OFFICE, rate_act(JB_RATED_HANDLER));
    assert_int_equal(rating(w, JB_RATED_HANDLER)->state, JB_RATING_CAST);
    assert_int_equal(rating(w, JB_RATED_HANDLER)->satisfaction, 0);
    assert_int_equal(rating(w, JB_RATED_OFFICE)->state, JB_RATING_WAITING);
    world_refused(w, OFFICE, rate_act(JB_RATED_HANDLER), JB_REFUSE_ALREADY_DONE);
    world_do(w, OFFICE, rate_act(JB_RATED_OFFICE));
}

static void the_window_survives_the_closing_and_ends(void **state)
{
    struct world *w = *state;

    bring_told(w);
    world_do(w, HOUSING, ACT(CLOSE, .close_no = T("1")));
    w->now_ms = local("2026-03-17 23:59");
    world_do(w, OFFICE, rate_act(JB_RATED_OFFICE));
    w->now_ms = local("2026-03-17 24:00");
    world_refused(w, OFFICE, rate_act(JB_RATED_HANDLER), JB_REFUSE_RATING_CLOSED);
}

static void without_a_window_nothing_is_rated(void **state)
{
    struct world *w = *state;

    (void)world_set_limit(w, "rate", 0);
    bring_told(w);
    assert_false(world_runs(w, "rate"));
    assert_int_equal(rating(w, JB_RATED_OFFICE)->state, JB_RATING_NONE);
    world_refused(w, OFFICE, rate_act(JB_RATED_OFFICE), JB_REFUSE_RATING_NOT_SET_UP);
    (void)world_set_limit(w, "rate", 15);
}

static void a_case_without_a_code_cannot_be_rated(void **state)
{
    struct world *w = *state;

    w->now_ms = local("2026-03-02 10:00");
    world_bring(w, JB_STAGE_ANSWERED);
    world_refused(w, OFFICE, rate_act(JB_RATED_OFFICE), JB_REFUSE_QUERY_CODE_WRONG);
}

/* ---- open ----------------------------------------------------------------------------------- */

static const struct {
    const char *what;
    int cast_office, cast_handler;   /* was it cast */
    int found_office, found_handler; /* what the broker found in the box; 0: nothing */
    enum jb_rating_state office, handler;
    enum jb_deadline_end end;
} openings[] = {
    {"both rated", 1, 1, JB_SATISFIED, JB_NOT_SATISFIED, JB_RATING_OPENED, JB_RATING_OPENED,
     JB_END_MET},
    {"the office only", 1, 0, JB_BASICALLY_SATISFIED, 0, JB_RATING_OPENED, JB_RATING_UNRATED,
     JB_END_MET},
    {"the handler only", 0, 1, 0, JB_SATISFIED, JB_RATING_UNRATED, JB_RATING_OPENED, JB_END_MET},
    {"neither", 0, 0, 0, 0, JB_RATING_UNRATED, JB_RATING_UNRATED, JB_END_CANCELLED},
    {"a box that does not open", 1, 0, 0, 0, JB_RATING_UNRATED, JB_RATING_UNRATED,
     JB_END_CANCELLED},
};

static void what_was_cast_is_opened_when_the_window_is_over(void **state)
{
    struct world *w = *state;

    for (size_t i = 0; i < COUNT(openings); i++) {
        const struct jb_act *office = ACT(OPEN_RATING, .rated_party = JB_RATED_OFFICE,
                                          .satisfaction = openings[i].found_office);
        const struct jb_act *handler = ACT(OPEN_RATING, .rated_party = JB_RATED_HANDLER,
                                           .satisfaction = openings[i].found_handler);

        print_message("%s\n", openings[i].what);
        bring_told(w);
        if (openings[i].cast_office)
            world_do(w, OFFICE, rate_act(JB_RATED_OFFICE));
        if (openings[i].cast_handler)
            world_do(w, OFFICE, rate_act(JB_RATED_HANDLER));
        world_refused(w, BROKER, office, JB_REFUSE_VALUE_OUT_OF_RANGE);
        w->now_ms = world_deadline(w, "rate")->due_ms;
        world_refused(w, OFFICE, office, JB_REFUSE_BROKER_ONLY);
        world_do(w, BROKER, office);
        assert_true(world_runs(w, "rate"));
        assert_int_equal(rating(w, JB_RATED_OFFICE)->state, openings[i].office);
        assert_int_equal(rating(w, JB_RATED_OFFICE)->satisfaction, openings[i].found_office);
        world_refused(w, BROKER, office, JB_REFUSE_ALREADY_DONE);
        world_do(w, BROKER, handler);
        assert_int_equal(rating(w, JB_RATED_HANDLER)->state, openings[i].handler);
        assert_int_equal(world_last_deadline(w, "rate")->end, openings[i].end);
        assert_int_equal(world_last_deadline(w, "rate")->missed_ms, 0);
        world_refused(w, BROKER, handler, JB_REFUSE_ALREADY_DONE);
        world_refused(w, OFFICE, rate_act(JB_RATED_OFFICE), JB_REFUSE_RATING_CLOSED);
    }
}

static void nothing_comes_out_that_was_not_cast(void **state)
{
    struct world *w = *state;
    const struct jb_act *act =
        ACT(OPEN_RATING, .rated_party = JB_RATED_OFFICE, .satisfaction = JB_SATISFIED);

    bring_answered(w, 0);
    world_refused(w, BROKER, act, JB_REFUSE_RATING_CLOSED);
    bring_told(w);
    w->now_ms = world_deadline(w, "rate")->due_ms;
    world_refused(w, BROKER, act, JB_REFUSE_VALUE_OUT_OF_RANGE);
    world_refused(w, BROKER, ACT(OPEN_RATING, .satisfaction = JB_SATISFIED),
                  JB_REFUSE_FIELD_REQUIRED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_window_opens_when_the_answer_is_told),
        cmocka_unit_test(who_may_rate_and_how),
        cmocka_unit_test(the_window_survives_the_closing_and_ends),
        cmocka_unit_test(without_a_window_nothing_is_rated),
        cmocka_unit_test(a_case_without_a_code_cannot_be_rated),
        cmocka_unit_test(what_was_cast_is_opened_when_the_window_is_over),
        cmocka_unit_test(nothing_comes_out_that_was_not_cast),
    };
    return cmocka_run_group_tests_name("decide_rating", tests, with_window, world_close);
}
