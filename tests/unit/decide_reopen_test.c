/* The way back, Art 36 and rule 8.7: new facts reopen a case, an order from above a closed one; it
 * begins again at its registrar's and keeps its history. */
#include "tests/unit/rules_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* CITY_OFFICE, CONFERENCE and LAND are told of the case. */
static void bring(struct world *w, enum jb_stage stage)
{
    struct jb_participant *more;

    w->now_ms = local("2026-03-02 10:00");
    world_bring(w, stage);
    if (stage == JB_STAGE_RECHECKED) {
        world_do(w, HOUSING, ACT(EXECUTE, .text = T("已落实")));
        world_do(w, OFFICE, ACT(CLOSE, .close_no = T("1")));
    }
    more = jb_arena_alloc(&w->arena, (w->c.participant_count + 3) * sizeof *more);
    assert_non_null(more);
    memcpy(more, w->c.participants, w->c.participant_count * sizeof *more);
    w->c.participants = more;
    more[w->c.participant_count++] =
        (struct jb_participant){.node = CITY_OFFICE, .role = JB_ROLE_INFORMED};
    more[w->c.participant_count++] =
        (struct jb_participant){.node = CONFERENCE, .role = JB_ROLE_INFORMED};
    more[w->c.participant_count++] =
        (struct jb_participant){.node = LAND, .role = JB_ROLE_INFORMED};
    w->now_ms = local("2026-05-06 09:00");
}

/* RECHECKED stands for a case that was closed after its recheck. */
static const struct {
    const char *rule, *what;
    enum jb_stage stage;
    uint32_t node;
    int ground;
    enum jb_refusal wanted;
} rows[] = {
    {"8.7", "closed: the registrar", JB_STAGE_CLOSED, OFFICE, JB_GROUND_NEW_FACTS, 0},
    {"8.7", "closed: the handler", JB_STAGE_CLOSED, HOUSING, JB_GROUND_NEW_FACTS, 0},
    {"8.7", "closed: another office", JB_STAGE_CLOSED, CITY_OFFICE, JB_GROUND_NEW_FACTS, 0},
    {"8.7", "closed: a co-handler", JB_STAGE_CLOSED, LABOUR, JB_GROUND_NEW_FACTS,
     JB_REFUSE_WRONG_PARTY},
    {"8.7", "closed: ordered by the conference", JB_STAGE_CLOSED, CONFERENCE, JB_GROUND_ORDERED, 0},
    {"8.7", "closed: ordered by a superior", JB_STAGE_CLOSED, CITY_OFFICE, JB_GROUND_ORDERED, 0},
    {"8.7", "closed: ordered by itself", JB_STAGE_CLOSED, OFFICE, JB_GROUND_ORDERED,
     JB_REFUSE_WRONG_PARTY},
    {"8.7", "closed: ordered by the handler", JB_STAGE_CLOSED, HOUSING, JB_GROUND_ORDERED,
     JB_REFUSE_WRONG_PARTY},
    {"8.7", "closed: no ground", JB_STAGE_CLOSED, OFFICE, 0, JB_REFUSE_FIELD_REQUIRED},
    {"36", "terminated: new facts", JB_STAGE_TERMINATED, OFFICE, JB_GROUND_NEW_FACTS, 0},
    {"36", "terminated: ordered", JB_STAGE_TERMINATED, CONFERENCE, JB_GROUND_ORDERED,
     JB_REFUSE_NEW_FACTS_REQUIRED},
    {"36", "closed after the recheck: ordered", JB_STAGE_RECHECKED, CONFERENCE, JB_GROUND_ORDERED,
     JB_REFUSE_NEW_FACTS_REQUIRED},
    {"36", "closed after the recheck: new facts", JB_STAGE_RECHECKED, OFFICE, JB_GROUND_NEW_FACTS,
     0},
    {"22", "referred: the registrar", JB_STAGE_REFERRED, OFFICE, JB_GROUND_NEW_FACTS, 0},
    {"22", "referred: who was told", JB_STAGE_REFERRED, CITY_OFFICE, JB_GROUND_NEW_FACTS,
     JB_REFUSE_WRONG_PARTY},
    {"22", "referred: ordered", JB_STAGE_REFERRED, CONFERENCE, JB_GROUND_ORDERED,
     JB_REFUSE_NEW_FACTS_REQUIRED},
    {"8.7", "answered: nothing is closed", JB_STAGE_ANSWERED, OFFICE, JB_GROUND_NEW_FACTS,
     JB_REFUSE_WRONG_STAGE},
};

static void who_reopens_on_which_ground(void **state)
{
    struct world *w = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct jb_act *act = ACT(REOPEN, .ground = rows[i].ground, .reason = T("新的证据"));
        uint32_t custody;

        print_message("%s: %s\n", rows[i].rule, rows[i].what);
        bring(w, rows[i].stage);
        custody = w->c.custody;
        world_refused(w, rows[i].node, act, rows[i].wanted);
        if (rows[i].wanted != JB_REFUSE_NONE)
            continue;
        world_do(w, rows[i].node, act);
        assert_int_equal(w->c.stage, JB_STAGE_REGISTERED);
        assert_int_equal(w->c.host, OFFICE);
        assert_int_equal(w->c.custody, custody + 1);
        assert_int_equal(w->c.hops, 0);
        assert_int_equal(world_deadline(w, "sort")->due_ms, local("2026-05-21 24:00"));
    }
}

static void a_new_round_begins_without_the_facts_of_the_old_one(void **state)
{
    struct world *w = *state;
    size_t deadlines;

    bring(w, JB_STAGE_TERMINATED);
    world_refused(w, OFFICE, ACT(REOPEN, .ground = JB_GROUND_NEW_FACTS), JB_REFUSE_REASON_REQUIRED);
    deadlines = w->c.deadline_count;
    world_do(w, OFFICE, ACT(REOPEN, .ground = JB_GROUND_NEW_FACTS, .reason = T("新的证据")));
    for (int fact = JB_FACT_SIGNED; fact < JB_FACT_COUNT; fact++)
        assert_int_equal(w->c.facts_ms[fact], 0);
    assert_int_equal(w->c.reviewer, 0);
    assert_int_equal(w->c.rechecker, 0);
    assert_int_equal(w->c.review_opinion, 0);
    assert_int_equal(jb_case_roles(&w->c, HOUSING), 1U << JB_ROLE_LEFT);
    assert_int_equal(w->c.deadline_count, deadlines + 1); /* the old ones are kept */
    for (size_t i = 0; i < deadlines; i++)
        assert_int_not_equal(w->c.deadlines[i].end, JB_END_OPEN);
    for (size_t i = 0; i < w->c.participant_count; i++) {
        assert_int_equal(w->c.participants[i].signed_ms, 0);
        assert_int_equal(w->c.participants[i].answered_ms, 0);
    }
}

static void the_second_round_goes_all_the_way(void **state)
{
    struct world *w = *state;
    static const uint32_t helper[] = {LABOUR};

    bring(w, JB_STAGE_CLOSED);
    world_do(w, OFFICE, ACT(REOPEN, .ground = JB_GROUND_NEW_FACTS, .reason = T("新的证据")));
    world_do(w, OFFICE, ACT(ASSIGN, .node = LAND, .co_handlers = {helper, 1}));
    world_do(w, LAND, ACT(SIGN_FOR, .text = T("收到")));
    world_do(w, LABOUR, ACT(SIGN_FOR, .text = T("收到")));
    world_do(w, LAND, ACT(ACCEPT, .told_at_ms = w->now_ms));
    world_refused(w, LAND, ACT(EXECUTE, .text = T("x")), JB_REFUSE_WRONG_STAGE);
    world_do(w, LABOUR, ACT(ANSWER, .text = T("已核查")));
    world_do(w, LAND,
             ACT(ANSWER, .opinion = JB_OPINION_EXPLAINED, .text = T("意见"), .report = T("x"),
                 .told_at_ms = w->now_ms));
    assert_int_equal(world_deadline(w, "ask-review")->due_ms, local("2026-06-05 24:00"));
    world_do(w, OFFICE, ACT(CLOSE, .close_no = T("2")));
    world_do(w, OFFICE, ACT(REQUEST_REVIEW, .received_at_ms = w->now_ms));
    assert_int_equal(w->c.reviewer, COUNTY);
}

static void ratings_under_way_are_not_taken_back(void **state)
{
    struct world *w = *state;
    uint32_t days = world_set_limit(w, "rate", 90);

    bring(w, JB_STAGE_CLOSED);
    assert_true(world_runs(w, "rate"));
    world_do(w, OFFICE, ACT(REOPEN, .ground = JB_GROUND_NEW_FACTS, .reason = T("新的证据")));
    assert_true(world_runs(w, "rate"));
    assert_int_equal(w->c.ratings[0].state, JB_RATING_WAITING);
    (void)world_set_limit(w, "rate", days);
}

static void an_abolished_registrars_case_goes_to_its_successor(void **state)
{
    struct world *w = *state;
    struct jb_node *office = world_node(w, OFFICE);

    bring(w, JB_STAGE_CLOSED);
    office->valid_to_ms = local("2026-04-01 00:00");
    office->successor = CITY_OFFICE;
    world_do(w, CITY_OFFICE, ACT(REOPEN, .ground = JB_GROUND_NEW_FACTS, .reason = T("新的证据")));
    assert_int_equal(w->c.host, CITY_OFFICE);
    assert_int_equal(world_deadline(w, "sort")->node, CITY_OFFICE);
    office->valid_to_ms = 0;
    office->successor = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_reopens_on_which_ground),
        cmocka_unit_test(a_new_round_begins_without_the_facts_of_the_old_one),
        cmocka_unit_test(the_second_round_goes_all_the_way),
        cmocka_unit_test(ratings_under_way_are_not_taken_back),
        cmocka_unit_test(an_abolished_registrars_case_goes_to_its_successor),
    };
    return cmocka_run_group_tests_name("decide_reopen", tests, world_open, world_close);
}
