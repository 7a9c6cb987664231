/* Directives of the six powers: what each asks of its receivers, whom it reaches, the life of a
 * receiver's part as a whole matrix. */
#include "tests/unit/rules_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define TO(...)                                                                                    \
    .audience = {(const uint32_t[]){__VA_ARGS__},                                                  \
                 sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t)}
#define ISSUE(...) ACT(ISSUE_DIRECTIVE, __VA_ARGS__)
#define DEMAND(d) .power = JB_POWER_SUPERVISE, .demand = JB_DEMAND_##d

static const struct jb_target *target(struct world *w, uint32_t directive, uint32_t node)
{
    const struct jb_target *t = jb_case_target(&w->c, directive, node);

    if (t == NULL)
        fail_msg("directive %u has no receiver %u", (unsigned)directive, (unsigned)node);
    return t;
}

/* The number of the directive issued last. */
static uint32_t last_directive(const struct world *w)
{
    assert_true(w->c.directive_count > 0);
    return w->c.directives[w->c.directive_count - 1].id;
}

/* ---- per power ------------------------------------------------------------------------------ */

static void each_power_asks_its_own_of_its_receivers(void **state)
{
    struct world *w = *state;
    const struct {
        const struct jb_act *act;
        const char *key;
        int64_t length_ms; /* of calendar days, from the end of the first day on; 0: working */
    } powers[] = {
        {ISSUE(.power = JB_POWER_INVESTIGATE, .node = HOUSING), "investigate", 30},
        {ISSUE(.power = JB_POWER_COORDINATE, .node = HOUSING, TO(LAND)), "coordinate", 0},
        {ISSUE(DEMAND(EXPLANATION), .node = HOUSING), "supervise", 15},
        {ISSUE(DEMAND(PROGRESS), TO(HOUSING)), "supervise", 15},
        {ISSUE(DEMAND(ON_SITE), TO(HOUSING, TOWN)), "supervise", 15},
        {ISSUE(DEMAND(CORRECTION), .node = HOUSING), "supervise", 15},
        {ISSUE(.power = JB_POWER_RECOMMEND, .recommendation = JB_RECOMMEND_POLICY, .node = HOUSING,
               .text = T("完善维修资金使用办法")),
         "recommend", 30},
    };

    for (size_t i = 0; i < COUNT(powers); i++) {
        const struct jb_directive *d;
        const struct jb_deadline *clock;

        world_bring(w, JB_STAGE_ACCEPTED);
        world_do(w, OFFICE, powers[i].act);
        d = jb_case_directive(&w->c, last_directive(w));
        assert_int_equal(d->power, powers[i].act->power);
        assert_int_equal(d->demand, powers[i].act->demand);
        assert_int_equal(d->issuer, OFFICE);
        assert_int_equal(d->authority, JB_AUTHORITY_FIRST_ASSIGNMENT);
        assert_int_equal(d->level, JB_LEVEL_COUNTY);
        assert_int_equal(d->status, JB_DIRECTIVE_IN_FORCE);
        assert_int_equal(target(w, d->id, HOUSING)->state, JB_TARGET_ISSUED);
        assert_true(jb_case_roles(&w->c, HOUSING) & 1U << JB_ROLE_ORDERED);
        clock = jb_case_deadline(&w->c, target(w, d->id, HOUSING)->deadline_id);
        assert_non_null(clock);
        assert_string_equal(clock->key, powers[i].key);
        assert_int_equal(clock->node, HOUSING);
        assert_int_equal(clock->directive, d->id);
        if (powers[i].length_ms != 0)
            assert_int_equal(clock->due_ms,
                             local("2026-03-03 00:00") + powers[i].length_ms * JB_DAY_MS);
        assert_int_equal(w->c.host, HOUSING); /* one host at any instant */
    }
    assert_int_equal(w->c.custody, 2);
}

static void an_assignment_is_no_directive_of_its_own(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_ACCEPTED);
    world_refused(w, OFFICE, ISSUE(.power = JB_POWER_ASSIGN, .node = LAND),
                  JB_REFUSE_VALUE_OUT_OF_RANGE);
    assert_non_null(strstr(w->v.detail, "assign and forward"));
}

static void only_holders_issue(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_ACCEPTED);
    world_refused(w, HOUSING, ISSUE(DEMAND(PROGRESS), .node = HOUSING_UNIT),
                  JB_REFUSE_NOT_A_HOLDER);
    /* For an office that takes no part the case is not there. */
    world_refused(w, CITY_OFFICE, ISSUE(DEMAND(PROGRESS), .node = HOUSING), JB_REFUSE_UNKNOWN_CASE);
    world_refused(w, OFFICE, ISSUE(DEMAND(PROGRESS), .node = HOUSING, .level = JB_LEVEL_CITY),
                  JB_REFUSE_NO_AUTHORITY);
    world_refused(w, OFFICE,
                  ISSUE(DEMAND(PROGRESS), .node = HOUSING, .authority = JB_AUTHORITY_ASSIGN),
                  JB_REFUSE_VALUE_OUT_OF_RANGE);
    world_refused(
        w, OFFICE,
        ISSUE(DEMAND(PROGRESS), .node = HOUSING, .authority = JB_AUTHORITY_JOINT_CONFERENCE),
        JB_REFUSE_FIELD_REQUIRED);
    world_do(w, OFFICE,
             ISSUE(DEMAND(PROGRESS), .node = HOUSING, .authority = JB_AUTHORITY_JOINT_CONFERENCE,
                   .basis = T("县联席会议2026年第3次会议纪要")));
}

static void downward_and_beside_never_upward(void **state)
{
    struct world *w = *state;
    const struct {
        uint32_t issuer, receiver;
        int power;
        enum jb_refusal wanted;
    } rows[] = {
        {OFFICE, LAND, JB_POWER_SUPERVISE, JB_REFUSE_NONE},
        {OFFICE, TOWN, JB_POWER_SUPERVISE, JB_REFUSE_NONE},
        {OFFICE, TOWN_STATION, JB_POWER_INVESTIGATE, JB_REFUSE_NONE},
        {OFFICE, HOUSING_UNIT, JB_POWER_SUPERVISE, JB_REFUSE_NONE},
        {OFFICE, CITY_DEPT, JB_POWER_SUPERVISE, JB_REFUSE_NO_AUTHORITY},
        {OFFICE, COUNTY, JB_POWER_SUPERVISE, JB_REFUSE_NO_AUTHORITY},
        {OFFICE, OTHER_DEPT, JB_POWER_SUPERVISE, JB_REFUSE_NO_AUTHORITY},
        {OFFICE, OTHER_COUNTY, JB_POWER_RECOMMEND, JB_REFUSE_NO_AUTHORITY},
        {OFFICE, BROKER, JB_POWER_SUPERVISE, JB_REFUSE_UNKNOWN_NODE},
        {OFFICE, RETIRED, JB_POWER_SUPERVISE, JB_REFUSE_NODE_NOT_VALID},
        {OFFICE, OFFICE, JB_POWER_SUPERVISE, JB_REFUSE_SAME_NODE},
        {OFFICE, CONFERENCE, JB_POWER_SUPERVISE, JB_REFUSE_NO_AUTHORITY},
        {OFFICE, CONFERENCE, JB_POWER_RECOMMEND, JB_REFUSE_NONE},
        {OFFICE, COUNTY, JB_POWER_RECOMMEND, JB_REFUSE_NONE}, /* its own government, no order */
        {OFFICE, CITY, JB_POWER_RECOMMEND, JB_REFUSE_NO_AUTHORITY},
        {OFFICE, DISCIPLINE, JB_POWER_RECOMMEND, JB_REFUSE_NONE},
        {CONFERENCE, OFFICE, JB_POWER_SUPERVISE, JB_REFUSE_NONE},
        {CITY_OFFICE, OFFICE, JB_POWER_SUPERVISE, JB_REFUSE_NONE},
        {CITY_OFFICE, CONFERENCE, JB_POWER_COORDINATE, JB_REFUSE_NO_AUTHORITY},
        {CITY_OFFICE, CONFERENCE, JB_POWER_SUPERVISE, JB_REFUSE_NONE},
        {CITY_OFFICE, OTHER_DEPT, JB_POWER_SUPERVISE, JB_REFUSE_NONE},
        {CITY_OFFICE, TOWN, JB_POWER_SUPERVISE, JB_REFUSE_NONE},
    };

    world_bring(w, JB_STAGE_ACCEPTED);
    world_join(w, CITY_OFFICE, JB_ROLE_ASSIGNER);
    world_join(w, CONFERENCE, JB_ROLE_ASSIGNER);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct jb_act act =
            *ISSUE(.power = rows[i].power, .node = rows[i].receiver, .text = T("x"));

        if (act.power == JB_POWER_SUPERVISE)
            act.demand = JB_DEMAND_PROGRESS;
        if (act.power == JB_POWER_RECOMMEND)
            act.recommendation = JB_RECOMMEND_WORK;
        if (world_ask(w, rows[i].issuer, &act) != rows[i].wanted)
            fail_msg("row %zu: %s instead of %s: %s", i, jb_refusal_name(w->v.refusal),
                     jb_refusal_name(rows[i].wanted), w->v.detail);
    }
}

static void ones_own_government_only_at_ones_own_level(void **state)
{
    struct world *w = *state;
    const struct jb_act *act =
        ISSUE(.power = JB_POWER_RECOMMEND, .recommendation = JB_RECOMMEND_POLICY, .node = COUNTY,
              .text = T("x"));

    world_bring(w, JB_STAGE_ACCEPTED);
    assert_int_equal(world_ask(w, OFFICE, act), JB_REFUSE_NONE);
    world_node(w, OFFICE)->level = JB_LEVEL_TOWNSHIP;
    assert_int_equal(world_ask(w, OFFICE, act), JB_REFUSE_NO_AUTHORITY);
    world_node(w, OFFICE)->level = JB_LEVEL_COUNTY;
}

/* Neither now nor when it is countersigned later: Art 30. */
static void accusations_are_confined(void **state)
{
    struct world *w = *state;
    struct jb_act accusation = *world_register_act();
    static const uint32_t accused[] = {LAND};

    world_forget_case(w);
    accusation.matter = JB_MATTER_ACCUSATION;
    accusation.accused = (struct jb_list32){accused, 1};
    world_do(w, OFFICE, &accusation);
    world_refused(w, OFFICE, ISSUE(DEMAND(EXPLANATION), .node = LAND),
                  JB_REFUSE_ACCUSATION_CONFINED);
    world_refused(w, OFFICE, ISSUE(DEMAND(EXPLANATION), .node = LAND, .people = 50),
                  JB_REFUSE_ACCUSATION_CONFINED);
    world_refused(w, OFFICE, ACT(OPEN_DOCKET, .docket_no = T("督1"), .node = LAND),
                  JB_REFUSE_ACCUSATION_CONFINED);
}

/* ---- the life of a receiver's part ---------------------------------------------------------- */

enum situation {
    WAITING,
    ISSUED,
    SIGNED,
    OBJECTED,
    ANSWERED,
    CLEARED,
    WITHDRAWN,
    SUPERSEDED,
    SITUATIONS
};

static void bring_directive(struct world *w, enum situation to)
{
    struct jb_act issue = *ISSUE(DEMAND(EXPLANATION), .node = HOUSING, .people = 80);

    world_bring(w, JB_STAGE_ACCEPTED);
    world_join(w, CONFERENCE, JB_ROLE_ASSIGNER);
    if (to != WAITING)
        issue.countersigned_by = T("李县长");
    world_do(w, OFFICE, &issue);
    assert_int_equal(last_directive(w), 2); /* the assignment is the first */
    if (to == SIGNED || to == OBJECTED || to == ANSWERED)
        world_do(w, HOUSING, ACT(SIGN_DIRECTIVE, .directive_no = 2));
    if (to == OBJECTED)
        world_do(w, HOUSING, ACT(OBJECT_DIRECTIVE, .directive_no = 2, .reason = T("非本局承办")));
    if (to == ANSWERED)
        world_do(w, HOUSING, ACT(ANSWER_DIRECTIVE, .directive_no = 2, .text = T("情况说明")));
    if (to == CLEARED)
        world_do(w, OFFICE, ACT(CLEAR_DIRECTIVE, .directive_no = 2, .text = T("已当面说明")));
    if (to == WITHDRAWN)
        world_do(w, OFFICE, ACT(WITHDRAW_DIRECTIVE, .directive_no = 2, .reason = T("发错对象")));
    if (to == SUPERSEDED)
        world_do(w, CONFERENCE, ISSUE(DEMAND(CORRECTION), .node = HOUSING));
}

static void every_state_and_every_act(void **state)
{
    struct world *w = *state;
    enum {
        OK = JB_REFUSE_NONE,
        OVER = JB_REFUSE_DIRECTIVE_OVER,
        DONE = JB_REFUSE_ALREADY_DONE
    };
    enum {
        NO_SUCH = JB_REFUSE_NO_SUCH_DIRECTIVE,
        WHY = JB_REFUSE_REASON_REQUIRED
    };
    const struct jb_act *acts[] = {
        ACT(SIGN_DIRECTIVE, .directive_no = 2),
        ACT(ANSWER_DIRECTIVE, .directive_no = 2, .text = T("x")),
        ACT(OBJECT_DIRECTIVE, .directive_no = 2, .reason = T("x")),
        ACT(CLEAR_DIRECTIVE, .directive_no = 2),
        ACT(CLEAR_DIRECTIVE, .directive_no = 2, .text = T("x")),
        ACT(WITHDRAW_DIRECTIVE, .directive_no = 2, .reason = T("x")),
        ACT(COUNTERSIGN_DIRECTIVE, .directive_no = 2, .countersigned_by = T("李县长")),
    };
    static const int wanted[SITUATIONS][COUNT(acts)] = {
        /* sign, answer, object, clear, clear with reasons, withdraw, countersign */
        [WAITING] = {NO_SUCH, NO_SUCH, NO_SUCH, OVER, OVER, OK, OK},
        [ISSUED] = {OK, OVER, OVER, WHY, OK, OK, DONE},
        [SIGNED] = {DONE, OK, OK, WHY, OK, OK, DONE},
        [OBJECTED] = {DONE, OK, DONE, WHY, OK, OK, DONE},
        [ANSWERED] = {DONE, DONE, OVER, OK, OK, OK, DONE},
        [CLEARED] = {OVER, OVER, OVER, OVER, OVER, OVER, OVER},
        [WITHDRAWN] = {OVER, OVER, OVER, OVER, OVER, OVER, OVER},
        [SUPERSEDED] = {OVER, OVER, OVER, OVER, OVER, OVER, OVER},
    };

    for (int s = WAITING; s < SITUATIONS; s++) {
        bring_directive(w, (enum situation)s);
        for (size_t i = 0; i < COUNT(acts); i++) {
            uint32_t by = i < 3 ? HOUSING : OFFICE;

            if ((int)world_ask(w, by, acts[i]) != wanted[s][i])
                fail_msg("state %d, %s (%zu): %s: %s", s, jb_act_kind_name(acts[i]->kind), i,
                         jb_refusal_name(w->v.refusal), w->v.detail);
        }
    }
}

static void who_may_do_it(void **state)
{
    struct world *w = *state;

    bring_directive(w, SIGNED);
    world_refused(w, LABOUR, ACT(SIGN_DIRECTIVE, .directive_no = 2), JB_REFUSE_NOT_A_RECEIVER);
    world_refused(w, HOUSING, ACT(SIGN_DIRECTIVE, .directive_no = 9), JB_REFUSE_NO_SUCH_DIRECTIVE);
    world_refused(w, CONFERENCE, ACT(CLEAR_DIRECTIVE, .directive_no = 2, .text = T("x")),
                  JB_REFUSE_WRONG_PARTY);
    world_refused(w, CONFERENCE, ACT(WITHDRAW_DIRECTIVE, .directive_no = 2, .reason = T("x")),
                  JB_REFUSE_WRONG_PARTY);
    world_refused(w, OFFICE, ACT(CLEAR_DIRECTIVE, .directive_no = 2, .node = LAND, .text = T("x")),
                  JB_REFUSE_NOT_A_RECEIVER);
    /* An assignment follows its case. */
    world_refused(w, HOUSING, ACT(ANSWER_DIRECTIVE, .directive_no = 1, .text = T("x")),
                  JB_REFUSE_VALUE_OUT_OF_RANGE);
    world_refused(w, OFFICE, ACT(CLEAR_DIRECTIVE, .directive_no = 1, .text = T("x")),
                  JB_REFUSE_VALUE_OUT_OF_RANGE);
}

static void clocks_end_with_the_receivers_part(void **state)
{
    struct world *w = *state;
    int64_t start_ms = w->now_ms;
    const struct {
        enum situation to;
        int64_t days_later;
        enum jb_deadline_end end;
    } rows[] = {
        {ISSUED, 0, JB_END_OPEN},           {SIGNED, 0, JB_END_OPEN},
        {OBJECTED, 0, JB_END_OPEN},         {ANSWERED, 0, JB_END_MET},
        {CLEARED, 0, JB_END_MET},           {WITHDRAWN, 0, JB_END_CANCELLED},
        {SUPERSEDED, 0, JB_END_SUPERSEDED},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        bring_directive(w, rows[i].to);
        assert_int_equal(jb_case_deadline(&w->c, target(w, 2, HOUSING)->deadline_id)->end,
                         rows[i].end);
    }
    bring_directive(w, SIGNED);
    w->now_ms += 20 * JB_DAY_MS;
    world_do(w, HOUSING, ACT(ANSWER_DIRECTIVE, .directive_no = 2, .text = T("迟复")));
    assert_int_equal(jb_case_deadline(&w->c, target(w, 2, HOUSING)->deadline_id)->end,
                     JB_END_MET_LATE);
    w->now_ms = start_ms;
}

static void several_receivers_end_one_by_one(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_ACCEPTED);
    world_do(w, OFFICE, ISSUE(DEMAND(ON_SITE), .node = LAND, TO(LAND, LABOUR, TOWN)));
    assert_int_equal(w->c.directives[1].id, 2);
    world_do(w, LAND, ACT(SIGN_DIRECTIVE, .directive_no = 2));
    world_do(w, LAND, ACT(ANSWER_DIRECTIVE, .directive_no = 2, .text = T("已到现场")));
    world_do(w, OFFICE, ACT(CLEAR_DIRECTIVE, .directive_no = 2, .node = LAND));
    assert_int_equal(jb_case_directive(&w->c, 2)->status, JB_DIRECTIVE_IN_FORCE);
    world_refused(w, OFFICE, ACT(CLEAR_DIRECTIVE, .directive_no = 2, .node = LAND),
                  JB_REFUSE_DIRECTIVE_OVER);
    world_refused(w, OFFICE, ACT(CLEAR_DIRECTIVE, .directive_no = 2), JB_REFUSE_REASON_REQUIRED);
    world_do(w, OFFICE, ACT(CLEAR_DIRECTIVE, .directive_no = 2, .text = T("合并到现场")));
    assert_int_equal(jb_case_directive(&w->c, 2)->status, JB_DIRECTIVE_ENDED);
    assert_int_equal(target(w, 2, TOWN)->state, JB_TARGET_CLEARED);
}

static void a_recommendation_is_adopted_or_not(void **state)
{
    struct world *w = *state;
    const struct {
        bool adopted;
        uint32_t stored;
    } rows[] = {{true, 1}, {false, 2}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        world_bring(w, JB_STAGE_ACCEPTED);
        world_do(w, OFFICE,
                 ISSUE(.power = JB_POWER_RECOMMEND, .recommendation = JB_RECOMMEND_WORK,
                       .node = HOUSING, .text = T("建议改进电梯维保监管")));
        world_do(w, HOUSING, ACT(SIGN_DIRECTIVE, .directive_no = 2));
        world_refused(w, HOUSING, ACT(ANSWER_DIRECTIVE, .directive_no = 2, .adopted = true),
                      JB_REFUSE_FIELD_REQUIRED);
        world_do(w, HOUSING,
                 ACT(ANSWER_DIRECTIVE, .directive_no = 2, .text = T("书面反馈"),
                     .adopted = rows[i].adopted));
        assert_int_equal(target(w, 2, HOUSING)->adopted, rows[i].stored);
    }
}

static void a_coordination_ends_with_its_minute(void **state)
{
    struct world *w = *state;
    static const uint32_t helpers[] = {LAND};

    world_bring(w, JB_STAGE_ACCEPTED);
    world_do(w, OFFICE,
             ISSUE(.power = JB_POWER_COORDINATE, .node = LABOUR, .co_handlers = {helpers, 1},
                   TO(HOUSING)));
    assert_int_equal(w->c.host, HOUSING); /* placing the host is an act of its own */
    for (size_t i = 0; i < 3; i++) {
        static const uint32_t called[] = {LABOUR, LAND, HOUSING};

        world_do(w, called[i], ACT(SIGN_DIRECTIVE, .directive_no = 2));
        world_do(w, called[i], ACT(ANSWER_DIRECTIVE, .directive_no = 2, .text = T("到会")));
    }
    world_refused(w, OFFICE, ACT(CLEAR_DIRECTIVE, .directive_no = 2), JB_REFUSE_FIELD_REQUIRED);
    world_do(w, OFFICE, ACT(CLEAR_DIRECTIVE, .directive_no = 2, .text = T("会议纪要：……")));
    assert_int_equal(jb_case_directive(&w->c, 2)->status, JB_DIRECTIVE_ENDED);
}

static void an_assignment_is_withdrawn_with_its_case(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_SENT);
    assert_int_equal(jb_case_order(&w->c)->id, 1);
    world_do(w, OFFICE, ACT(WITHDRAW_DIRECTIVE, .directive_no = 1, .reason = T("交办有误")));
    assert_int_equal(w->c.stage, JB_STAGE_REGISTERED);
    assert_int_equal(w->c.host, OFFICE);
    assert_int_equal(target(w, 1, HOUSING)->state, JB_TARGET_WITHDRAWN);
    assert_int_equal(jb_case_directive(&w->c, 1)->status, JB_DIRECTIVE_ENDED);
    assert_int_equal(world_deadline(w, "resort")->node, OFFICE);
    for (size_t i = 0; i < w->c.deadline_count; i++)
        assert_true(w->c.deadlines[i].end != JB_END_OPEN || w->c.deadlines[i].node == OFFICE);
    world_bring(w, JB_STAGE_ANSWERED);
    world_refused(w, OFFICE, ACT(WITHDRAW_DIRECTIVE, .directive_no = 1, .reason = T("x")),
                  JB_REFUSE_WRONG_STAGE);
}

/* ---- the frame ------------------------------------------------------------------------------ */

static int open_world(void **state)
{
    struct world *w;

    if (world_open(state) != 0)
        return -1;
    w = *state;
    world_delegate(w, OFFICE, "李县长", 0);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_power_asks_its_own_of_its_receivers),
        cmocka_unit_test(an_assignment_is_no_directive_of_its_own),
        cmocka_unit_test(only_holders_issue),
        cmocka_unit_test(downward_and_beside_never_upward),
        cmocka_unit_test(ones_own_government_only_at_ones_own_level),
        cmocka_unit_test(accusations_are_confined),
        cmocka_unit_test(every_state_and_every_act),
        cmocka_unit_test(who_may_do_it),
        cmocka_unit_test(clocks_end_with_the_receivers_part),
        cmocka_unit_test(several_receivers_end_one_by_one),
        cmocka_unit_test(a_recommendation_is_adopted_or_not),
        cmocka_unit_test(a_coordination_ends_with_its_minute),
        cmocka_unit_test(an_assignment_is_withdrawn_with_its_case),
    };

    return cmocka_run_group_tests_name("decide_directive", tests, open_world, world_close);
}
