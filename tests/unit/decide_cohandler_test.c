/* Several agencies on one case, Art 22: each co-handler signs and answers for itself, the host
 * collects. Nothing that a co-handler does moves the case. */
#include "tests/unit/rules_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static int64_t start_ms(void)
{
    return local("2026-03-02 10:00");
}

static const struct jb_participant *co_handler(struct world *w, uint32_t node)
{
    for (size_t i = 0; i < w->c.participant_count; i++) {
        const struct jb_participant *p = &w->c.participants[i];

        if (p->node == node && p->role == JB_ROLE_CO_HANDLER)
            return p;
    }
    fail_msg("%u is no co-handler", (unsigned)node);
    return NULL;
}

/* LABOUR and LAND help HOUSING. */
static void bring_two(struct world *w, enum jb_stage stage)
{
    static const uint32_t helpers[] = {LABOUR, LAND};

    w->now_ms = start_ms();
    world_bring(w, JB_STAGE_REGISTERED);
    world_do(w, OFFICE, ACT(ASSIGN, .node = HOUSING, .co_handlers = {helpers, 2}));
    if (stage >= JB_STAGE_SIGNED)
        world_do(w, HOUSING, ACT(SIGN_FOR, .text = T("收到")));
    if (stage >= JB_STAGE_ACCEPTED)
        world_do(w, HOUSING, ACT(ACCEPT, .told_at_ms = w->now_ms));
    assert_int_equal(w->c.stage, stage);
}

/* ---- signing -------------------------------------------------------------------------------- */

static void a_co_handler_signs_in_every_open_stage(void **state)
{
    struct world *w = *state;
    static const struct {
        enum jb_stage stage;
        enum jb_refusal wanted;
    } rows[] = {
        {JB_STAGE_SENT, JB_REFUSE_NONE},
        {JB_STAGE_SIGNED, JB_REFUSE_NONE},
        {JB_STAGE_ACCEPTED, JB_REFUSE_NONE},
        {JB_STAGE_DECLINED, JB_REFUSE_NONE},
        {JB_STAGE_ANSWERED, JB_REFUSE_NONE},
        {JB_STAGE_REVIEW, JB_REFUSE_NONE},
        {JB_STAGE_REVIEWED, JB_REFUSE_NONE},
        {JB_STAGE_RECHECK, JB_REFUSE_NONE},
        {JB_STAGE_RECHECKED, JB_REFUSE_NONE},
        {JB_STAGE_CLOSED, JB_REFUSE_WRONG_STAGE},
        {JB_STAGE_TERMINATED, JB_REFUSE_WRONG_STAGE},
    };

    w->now_ms = start_ms();
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t host_signed_ms;

        world_bring(w, rows[i].stage);
        host_signed_ms = w->c.facts_ms[JB_FACT_SIGNED];
        world_refused(w, LABOUR, ACT(SIGN_FOR, .text = T("收到")), rows[i].wanted);
        if (rows[i].wanted != JB_REFUSE_NONE)
            continue;
        world_do(w, LABOUR, ACT(SIGN_FOR, .text = T("收到")));
        assert_int_equal(w->c.stage, rows[i].stage);
        assert_int_equal(w->c.facts_ms[JB_FACT_SIGNED], host_signed_ms);
        assert_int_equal(co_handler(w, LABOUR)->signed_ms, w->now_ms);
        world_refused(w, LABOUR, ACT(SIGN_FOR, .text = T("收到")), JB_REFUSE_ALREADY_DONE);
    }
}

static void the_host_signs_once_and_ends_the_silence(void **state)
{
    struct world *w = *state;
    uint32_t sign = world_set_limit(w, "sign", 3), silence = world_set_limit(w, "silence", 5);
    const struct jb_directive *order;

    bring_two(w, JB_STAGE_SENT);
    order = jb_case_order(&w->c);
    assert_non_null(order);
    assert_int_equal(jb_case_target(&w->c, order->id, HOUSING)->state, JB_TARGET_ISSUED);
    assert_true(world_runs(w, "silence"));
    world_do(w, LABOUR, ACT(SIGN_FOR, .text = T("收到")));
    assert_true(world_runs(w, "sign") && world_runs(w, "silence") && world_runs(w, "deliver"));
    world_do(w, HOUSING, ACT(SIGN_FOR, .text = T("收到")));
    assert_int_equal(world_last_deadline(w, "sign")->end, JB_END_MET);
    assert_int_equal(world_last_deadline(w, "silence")->end, JB_END_CANCELLED);
    assert_int_equal(world_last_deadline(w, "deliver")->end, JB_END_MET);
    order = jb_case_order(&w->c);
    assert_int_equal(jb_case_target(&w->c, order->id, HOUSING)->state, JB_TARGET_SIGNED);
    assert_int_equal(jb_case_target(&w->c, order->id, HOUSING)->signed_ms, w->now_ms);
    world_refused(w, HOUSING, ACT(SIGN_FOR, .text = T("收到")), JB_REFUSE_WRONG_STAGE);
    (void)world_set_limit(w, "sign", sign);
    (void)world_set_limit(w, "silence", silence);
}

/* ---- answering ------------------------------------------------------------------------------ */

static void a_co_handler_gives_its_own_answer(void **state)
{
    struct world *w = *state;
    const struct {
        const char *what;
        const struct jb_act *act;
        enum jb_refusal wanted;
    } rows[] = {
        {"no text", ACT(ANSWER, .report = T("x")), JB_REFUSE_FIELD_REQUIRED},
        {"an opinion", ACT(ANSWER, .opinion = JB_OPINION_SUPPORTED, .text = T("意见")),
         JB_REFUSE_VALUE_OUT_OF_RANGE},
        {"told", ACT(ANSWER, .told_at_ms = start_ms(), .text = T("意见")),
         JB_REFUSE_VALUE_OUT_OF_RANGE},
        {"its part", ACT(ANSWER, .text = T("已核查")), JB_REFUSE_NONE},
    };
    static const enum jb_stage stages[] = {JB_STAGE_SENT, JB_STAGE_SIGNED, JB_STAGE_ACCEPTED};

    for (size_t s = 0; s < COUNT(stages); s++) {
        bring_two(w, stages[s]);
        for (size_t i = 0; i < COUNT(rows); i++) {
            print_message("%s: %s\n", jb_stage_name(stages[s]), rows[i].what);
            world_refused(w, LABOUR, rows[i].act, rows[i].wanted);
        }
        world_do(w, LABOUR, ACT(ANSWER, .text = T("已核查")));
        assert_int_equal(w->c.stage, stages[s]);
        assert_int_equal(w->c.facts_ms[JB_FACT_ANSWERED], 0);
        assert_int_equal(w->c.opinion, 0);
        assert_int_equal(co_handler(w, LABOUR)->answered_ms, w->now_ms);
        assert_int_equal(co_handler(w, LAND)->answered_ms, 0);
        world_refused(w, LABOUR, ACT(ANSWER, .text = T("再次")), JB_REFUSE_ALREADY_DONE);
    }
}

static const struct jb_deadline *co_answer_of(struct world *w, uint32_t node)
{
    for (size_t i = 0; i < w->c.deadline_count; i++) {
        const struct jb_deadline *d = &w->c.deadlines[i];

        if (d->node == node && strcmp(d->key, "co-answer") == 0)
            return d;
    }
    fail_msg("%u owes no answer of its own", (unsigned)node);
    return NULL;
}

static void the_host_collects(void **state)
{
    struct world *w = *state;
    const struct jb_act *answer = ACT(ANSWER, .opinion = JB_OPINION_EXPLAINED, .text = T("意见"),
                                      .report = T("办结报告"), .told_at_ms = start_ms());

    bring_two(w, JB_STAGE_ACCEPTED);
    world_refused(w, HOUSING, answer, JB_REFUSE_CO_ANSWERS_OUTSTANDING);
    assert_non_null(strstr(w->v.detail, "县人力资源和社会保障局"));
    world_do(w, LABOUR, ACT(ANSWER, .text = T("已核查")));
    assert_int_equal(co_answer_of(w, LABOUR)->end, JB_END_MET);
    assert_int_equal(co_answer_of(w, LAND)->end, JB_END_OPEN);
    world_refused(w, HOUSING, answer, JB_REFUSE_CO_ANSWERS_OUTSTANDING);
    assert_non_null(strstr(w->v.detail, "县自然资源局"));
    /* After its time nobody waits for a co-handler any longer. */
    w->now_ms = co_answer_of(w, LAND)->due_ms;
    world_refused(w, HOUSING, answer, JB_REFUSE_NONE);
    world_tick(w);
    assert_int_not_equal(co_answer_of(w, LAND)->missed_ms, 0);
    world_do(w, HOUSING, answer);
    assert_int_equal(co_answer_of(w, LAND)->end, JB_END_CANCELLED);
    assert_int_equal(w->c.stage, JB_STAGE_ANSWERED);
    world_refused(w, LAND, ACT(ANSWER, .text = T("迟了")), JB_REFUSE_WRONG_STAGE);
}

static void a_policy_may_let_the_host_go_ahead(void **state)
{
    struct world *w = *state;
    const struct jb_directive *order;
    uint32_t id;

    bring_two(w, JB_STAGE_ACCEPTED);
    order = jb_case_order(&w->c);
    id = order->id;
    w->policy->host_collects = false;
    world_do(w, HOUSING,
             ACT(ANSWER, .opinion = JB_OPINION_EXPLAINED, .text = T("意见"), .report = T("x"),
                 .told_at_ms = w->now_ms));
    w->policy->host_collects = true;
    assert_int_equal(jb_case_target(&w->c, id, HOUSING)->state, JB_TARGET_ANSWERED);
    world_do(w, OFFICE, ACT(CLOSE, .close_no = T("1")));
    assert_int_equal(jb_case_target(&w->c, id, HOUSING)->state, JB_TARGET_CLEARED);
    assert_int_equal(jb_case_directive(&w->c, id)->status, JB_DIRECTIVE_ENDED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_co_handler_signs_in_every_open_stage),
        cmocka_unit_test(the_host_signs_once_and_ends_the_silence),
        cmocka_unit_test(a_co_handler_gives_its_own_answer),
        cmocka_unit_test(the_host_collects),
        cmocka_unit_test(a_policy_may_let_the_host_go_ahead),
    };
    return cmocka_run_group_tests_name("decide_cohandler", tests, world_open, world_close);
}
