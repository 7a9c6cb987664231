/* What the ladder proposes: one row per trigger, then which rung is next and when there is none. */
#include "proto/rules/proposal.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/unit/rules_world.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static struct jb_proposal found[JB_PROPOSALS_MAX];

static size_t look(struct world *w)
{
    size_t count = jb_proposals(&w->c, &w->book, w->now_ms, found, COUNT(found));
    bool overdue = false;

    for (size_t i = 0; i < w->c.deadline_count; i++)
        overdue = overdue ||
                  (w->c.deadlines[i].end == JB_END_OPEN && w->c.deadlines[i].due_ms <= w->now_ms);
    /* what a replica keeps to find them by */
    assert_true(count == 0 || overdue || jb_proposals_may_come(&w->c));
    return count;
}

/* The proposal with this reason and key; fails the test if there is none. */
static const struct jb_proposal *proposal(struct world *w, const char *reason, const char *key)
{
    size_t count = look(w);

    for (size_t i = 0; i < count; i++) {
        if (strcmp(found[i].reason, reason) == 0 && strcmp(found[i].key, key) == 0)
            return &found[i];
    }
    fail_msg("no proposal \"%s\" for \"%s\" among %zu", reason, key, count);
    return NULL;
}

/* ---- situations: what happened before, and how many days later it calls for supervision ------ */

static void nothing_sorted(struct world *w)
{
    world_bring(w, JB_STAGE_REGISTERED);
}

static void nothing_signed(struct world *w)
{
    world_bring(w, JB_STAGE_SENT);
}

static void in_hand(struct world *w)
{
    world_bring(w, JB_STAGE_ACCEPTED);
}

static void recommended(struct world *w)
{
    in_hand(w);
    world_do(w, OFFICE,
             ACT(ISSUE_DIRECTIVE, .power = JB_POWER_RECOMMEND, .recommendation = JB_RECOMMEND_WORK,
                 .node = LAND, .text = T("建议")));
}

static void asked_to_explain(struct world *w)
{
    in_hand(w);
    world_do(w, OFFICE,
             ACT(ISSUE_DIRECTIVE, .power = JB_POWER_SUPERVISE, .demand = JB_DEMAND_EXPLANATION,
                 .node = LAND));
}

static void answered_but_not_told(struct world *w)
{
    in_hand(w);
    world_do(w, LABOUR, ACT(ANSWER, .text = T("协办意见")));
    world_do(w, HOUSING,
             ACT(ANSWER, .opinion = JB_OPINION_EXPLAINED, .text = T("答复"), .report = T("报告")));
}

static void supported_but_not_executed(struct world *w)
{
    world_bring(w, JB_STAGE_ANSWERED);
}

static void rated_by(struct world *w, int party)
{
    world_bring(w, JB_STAGE_CLOSED);
    w->c.ratings[party - 1] = (struct jb_rating){
        .state = JB_RATING_OPENED, .satisfaction = JB_NOT_SATISFIED, .at_ms = w->now_ms};
}

static void office_disliked(struct world *w)
{
    rated_by(w, JB_RATED_OFFICE);
}

static void handler_disliked(struct world *w)
{
    rated_by(w, JB_RATED_HANDLER);
}

static void came_again(struct world *w)
{
    in_hand(w);
    w->c.flags |= JB_FLAG_REPEAT;
}

static void signed_in_silence(struct world *w)
{
    struct jb_act act = *world_register_act();

    world_forget_case(w);
    act.flags = JB_FLAG_UNREACHABLE; /* no clock for a notice runs */
    world_do(w, OFFICE, &act);
    world_do(w, OFFICE, ACT(FORWARD, .node = HOUSING));
    world_do(w, HOUSING, ACT(SIGN_FOR, .text = T("收到")));
}

static const struct {
    void (*bring)(struct world *w);
    const char *from; /* the first instant at which it is proposed; NULL: at once */
    const char *reason, *key;
    uint32_t node;
} triggers[] = {
    {nothing_sorted, "2026-03-18 00:00", "overdue", "sort", OFFICE},
    {nothing_signed, "2026-03-18 00:00", "overdue", "notify", HOUSING},
    {in_hand, "2026-05-02 00:00", "overdue", "handle", HOUSING},
    {in_hand, "2026-05-02 00:00", "overdue", "assigned", HOUSING},
    {recommended, "2026-04-02 00:00", "overdue", "recommend", LAND},
    {asked_to_explain, "2026-03-18 00:00", "not_fed_back", "supervise", LAND},
    {in_hand, "2026-04-02 00:00", "not_fed_back", "co-answer", LABOUR},
    {answered_but_not_told, "2026-03-18 00:00", "not_fed_back", "notify", HOUSING},
    {supported_but_not_executed, "2026-05-02 00:00", "not_executed", "execute", HOUSING},
    {office_disliked, NULL, "not_satisfied", "rate", OFFICE},
    {handler_disliked, NULL, "not_satisfied", "rate", HOUSING},
    {came_again, NULL, "repeat", "", HOUSING},
    {nothing_signed, "2026-03-06 00:00", "silent", "sign", HOUSING},
    {signed_in_silence, "2026-03-18 00:00", "silent", "notify", HOUSING},
};

static bool proposes(struct world *w, const char *reason, const char *key)
{
    size_t count = look(w);

    for (size_t i = 0; i < count; i++) {
        if (strcmp(found[i].reason, reason) == 0 && strcmp(found[i].key, key) == 0)
            return true;
    }
    return false;
}

static void each_trigger_from_its_first_instant_on(void **state)
{
    struct world *w = *state;
    int64_t start_ms = w->now_ms;

    for (size_t i = 0; i < COUNT(triggers); i++) {
        const struct jb_proposal *p;

        w->now_ms = start_ms;
        triggers[i].bring(w);
        if (triggers[i].from != NULL) {
            w->now_ms = local(triggers[i].from) - 1;
            if (proposes(w, triggers[i].reason, triggers[i].key))
                fail_msg("%s %s: too early", triggers[i].reason, triggers[i].key);
            w->now_ms = local(triggers[i].from);
        }
        p = proposal(w, triggers[i].reason, triggers[i].key);
        assert_int_equal(p->node, triggers[i].node);
        assert_int_equal(p->step, JB_STEP_URGE);
        assert_int_equal(p->docket_no.len, 0);
        assert_string_equal(p->article, "39");
        if (triggers[i].from != NULL)
            assert_int_equal(p->since_ms, local(triggers[i].from));
    }
    w->now_ms = start_ms;
}

static void nothing_is_proposed_for_a_case_in_order(void **state)
{
    struct world *w = *state;

    for (int stage = JB_STAGE_REGISTERED; stage <= JB_STAGE_CLOSED; stage++) {
        world_bring(w, (enum jb_stage)stage);
        assert_int_equal(look(w), 0);
    }
    rated_by(w, JB_RATED_HANDLER);
    w->c.ratings[JB_RATED_HANDLER - 1].satisfaction = JB_BASICALLY_SATISFIED;
    assert_int_equal(look(w), 0);
    w->c.ratings[JB_RATED_HANDLER - 1].satisfaction = JB_NOT_SATISFIED;
    assert_int_equal(look(w), 1);
    w->c.stage = JB_STAGE_MERGED;
    assert_int_equal(look(w), 0);
    world_forget_case(w);
    assert_int_equal(look(w), 0);
}

/* ---- the next rung -------------------------------------------------------------------------- */

static void the_rung_above_the_dockets(void **state)
{
    struct world *w = *state;
    int64_t start_ms = w->now_ms;

    for (int step = JB_STEP_URGE; step <= JB_STEP_HOLD_TO_ACCOUNT; step++) {
        in_hand(w);
        world_join(w, CONFERENCE, JB_ROLE_INFORMED);
        world_do(w, CONFERENCE, ACT(OPEN_DOCKET, .docket_no = T("督1"), .step = step));
        w->now_ms = local("2026-05-02 00:00"); /* the docket's period is over, too */
        if (step == JB_STEP_HOLD_TO_ACCOUNT) {
            assert_false(proposes(w, "overdue", "handle"));
        } else {
            const struct jb_proposal *p = proposal(w, "overdue", "handle");

            assert_int_equal(p->step, step + 1);
            assert_true(jb_text_equal(p->docket_no, T("督1")));
            assert_string_equal(p->article, step + 1 == JB_STEP_HOLD_TO_ACCOUNT ? "40" : "39");
        }
        w->now_ms = start_ms;
    }
}

static void a_step_that_was_taken_gets_its_time(void **state)
{
    struct world *w = *state;
    int64_t start_ms = w->now_ms;

    in_hand(w);
    w->now_ms = local("2026-05-02 00:00");
    assert_int_equal(proposal(w, "overdue", "handle")->step, JB_STEP_URGE);
    world_do(w, OFFICE,
             ACT(OPEN_DOCKET, .docket_no = T("督1"), .due_ms = local("2026-05-08 00:00")));
    assert_false(proposes(w, "overdue", "handle"));
    w->now_ms = local("2026-05-08 00:00");
    assert_int_equal(proposal(w, "overdue", "handle")->step, JB_STEP_TALK);
    /* Another agency's troubles are another ladder's. */
    assert_int_equal(proposal(w, "not_fed_back", "co-answer")->step, JB_STEP_URGE);
    world_do(w, OFFICE, ACT(CLOSE_DOCKET, .docket_no = T("督1")));
    assert_int_equal(proposal(w, "overdue", "handle")->step, JB_STEP_URGE);
    w->now_ms = start_ms;
}

/* What falls after the docket's last step does not wait for its period. */
static void a_new_trigger_does_not_wait(void **state)
{
    struct world *w = *state;
    int64_t start_ms = w->now_ms;

    in_hand(w);
    w->now_ms = local("2026-05-01 10:00");
    world_do(w, OFFICE, ACT(OPEN_DOCKET, .docket_no = T("督1")));
    w->now_ms = local("2026-05-02 00:00");
    assert_int_equal(proposal(w, "overdue", "handle")->step, JB_STEP_TALK);
    w->now_ms = start_ms;
}

static void longest_standing_first_and_no_more_than_fit(void **state)
{
    struct world *w = *state;
    int64_t start_ms = w->now_ms;
    struct jb_proposal two[2];
    size_t count;

    recommended(w);
    w->now_ms = local("2026-06-01 00:00");
    count = look(w);
    assert_true(count > 2);
    for (size_t i = 1; i < count; i++)
        assert_true(found[i - 1].since_ms <= found[i].since_ms);
    assert_int_equal(jb_proposals(&w->c, &w->book, w->now_ms, two, 2), 2);
    for (size_t i = 0; i < 2; i++)
        assert_string_equal(two[i].key, found[i].key);
    assert_int_equal(jb_proposals(&w->c, &w->book, w->now_ms, two, 0), 0);
    w->now_ms = start_ms;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_trigger_from_its_first_instant_on),
        cmocka_unit_test(nothing_is_proposed_for_a_case_in_order),
        cmocka_unit_test(the_rung_above_the_dockets),
        cmocka_unit_test(a_step_that_was_taken_gets_its_time),
        cmocka_unit_test(a_new_trigger_does_not_wait),
        cmocka_unit_test(longest_standing_first_and_no_more_than_fit),
    };

    return cmocka_run_group_tests_name("proposal", tests, world_open, world_close);
}
