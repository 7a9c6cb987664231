/* Precedence rule 5: assigner, common superior, joint conference; the case is never ownerless while
 * it is disputed. Rule 3: receive first, object after. */
#include "tests/unit/rules_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static enum jb_target_state order_state(struct world *w, uint32_t node)
{
    for (size_t i = w->c.target_count; i > 0; i--) {
        if (w->c.targets[i - 1].node == node)
            return w->c.targets[i - 1].state;
    }
    fail_msg("nothing was ever ordered of %u", (unsigned)node);
    return JB_TARGET_STATE_END;
}

static void object_in_vain(struct world *w, uint32_t host, uint32_t sender)
{
    world_do(w, host, ACT(OBJECT, .reason = T("不属于职权")));
    world_do(w, sender,
             ACT(RULE_ON_OBJECTION, .ruling = JB_RULING_REFUSED, .reason = T("属于职权")));
}

static void hold_host(struct world *w, uint32_t host)
{
    assert_int_equal(w->c.host, host);
    assert_int_equal(world_deadline(w, "notify")->node, host);
}

/* ---- rule 3 --------------------------------------------------------------------------------- */

static void an_objection_is_part_of_the_orders_life(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_SENT);
    world_do(w, HOUSING, ACT(OBJECT, .reason = T("x")));
    assert_int_equal(order_state(w, HOUSING), JB_TARGET_OBJECTED);
    assert_false(world_runs(w, "silence"));
    world_do(w, OFFICE, ACT(RULE_ON_OBJECTION, .ruling = JB_RULING_REFUSED, .reason = T("x")));
    assert_int_equal(order_state(w, HOUSING), JB_TARGET_ISSUED);
    world_bring(w, JB_STAGE_SIGNED);
    object_in_vain(w, HOUSING, OFFICE);
    assert_int_equal(order_state(w, HOUSING), JB_TARGET_SIGNED);
    world_refused(w, HOUSING, ACT(OBJECT, .reason = T("x")), JB_REFUSE_ALREADY_DONE);
    assert_non_null(strstr(w->v.detail, "escalate"));
    world_bring(w, JB_STAGE_SIGNED);
    world_do(w, HOUSING, ACT(OBJECT, .reason = T("x")));
    world_do(w, OFFICE, ACT(RULE_ON_OBJECTION, .ruling = JB_RULING_AGREED));
    assert_int_equal(order_state(w, HOUSING), JB_TARGET_WITHDRAWN);
    assert_int_equal(w->c.directives[0].status, JB_DIRECTIVE_ENDED);
    assert_int_equal(world_last_deadline(w, "co-answer")->end, JB_END_CANCELLED);
    assert_int_equal(w->c.hops, 2); /* the way back counts */
}

/* Rule 3's switch: without it the notice waits for the ruling. */
static void without_receive_first_an_objection_holds_the_notice_up(void **state)
{
    struct world *w = *state;
    int64_t due_ms;

    w->policy->receive_first = false;
    world_bring(w, JB_STAGE_SIGNED);
    due_ms = world_deadline(w, "notify")->due_ms;
    world_do(w, HOUSING, ACT(OBJECT, .reason = T("x")));
    assert_int_equal(world_deadline(w, "notify")->paused_from_ms, w->now_ms);
    w->now_ms += 2 * JB_DAY_MS;
    world_do(w, OFFICE, ACT(RULE_ON_OBJECTION, .ruling = JB_RULING_REFUSED, .reason = T("x")));
    assert_int_equal(world_deadline(w, "notify")->paused_from_ms, 0);
    assert_true(world_deadline(w, "notify")->due_ms > due_ms);
    world_bring(w, JB_STAGE_SIGNED);
    world_do(w, HOUSING, ACT(OBJECT, .reason = T("x")));
    world_do(w, OFFICE, ACT(ESCALATE_DISPUTE, .reason = T("x")));
    assert_int_equal(world_deadline(w, "notify")->paused_from_ms, 0);
    w->policy->receive_first = true;
    world_bring(w, JB_STAGE_SIGNED);
    world_do(w, HOUSING, ACT(OBJECT, .reason = T("x")));
    assert_int_equal(world_deadline(w, "notify")->paused_from_ms, 0);
}

/* ---- rule 5 --------------------------------------------------------------------------------- */

static void only_a_refused_objection_or_the_sender_begins_a_dispute(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_SIGNED);
    world_refused(w, HOUSING, ACT(ESCALATE_DISPUTE, .reason = T("x")), JB_REFUSE_NO_DISPUTE);
    world_refused(w, LABOUR, ACT(ESCALATE_DISPUTE, .reason = T("x")), JB_REFUSE_WRONG_PARTY);
    world_do(w, HOUSING, ACT(OBJECT, .reason = T("x")));
    world_refused(w, HOUSING, ACT(ESCALATE_DISPUTE, .reason = T("x")), JB_REFUSE_NO_DISPUTE);
    /* The sender leaves to the superior what it does not want to rule on. */
    world_do(w, OFFICE, ACT(ESCALATE_DISPUTE, .reason = T("x")));
    assert_false(w->c.objection_open);
    assert_int_equal(world_last_deadline(w, "rule")->end, JB_END_SUPERSEDED);
    hold_host(w, HOUSING);
}

static void from_the_superior_to_the_joint_conference(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_SIGNED);
    object_in_vain(w, HOUSING, OFFICE);
    world_do(w, HOUSING, ACT(ESCALATE_DISPUTE, .reason = T("x")));
    assert_int_equal(w->c.dispute_level, 1);
    assert_int_equal(w->c.arbiter, COUNTY);
    assert_int_equal(world_deadline(w, "settle")->node, COUNTY);
    assert_true(jb_case_roles(&w->c, COUNTY) & 1U << JB_ROLE_ARBITER);
    hold_host(w, HOUSING);
    /* He has his five working days. */
    world_refused(w, HOUSING, ACT(ESCALATE_DISPUTE, .reason = T("x")), JB_REFUSE_ALREADY_DONE);
    assert_non_null(strstr(w->v.detail, "县人民政府"));
    world_refused(w, HOUSING, ACT(HANDOVER, .node = HOUSING_UNIT), JB_REFUSE_TOO_MANY_HOPS);
    w->now_ms = world_deadline(w, "settle")->due_ms;
    world_refused(w, HOUSING, ACT(ESCALATE_DISPUTE, .node = CITY, .reason = T("x")),
                  JB_REFUSE_NO_AUTHORITY); /* one superior is enough */
    world_do(w, HOUSING, ACT(ESCALATE_DISPUTE, .reason = T("逾期未裁决")));
    assert_int_equal(w->c.dispute_level, 2);
    assert_int_equal(w->c.arbiter, CONFERENCE);
    assert_int_equal(world_deadline(w, "settle")->node, CONFERENCE);
    world_refused(w, HOUSING, ACT(ESCALATE_DISPUTE, .reason = T("x")), JB_REFUSE_ALREADY_DONE);
    world_do(w, CONFERENCE, ACT(DESIGNATE, .node = LAND));
    assert_int_equal(w->c.dispute_level, 0);
    assert_int_equal(w->c.arbiter, 0);
    assert_int_equal(world_last_deadline(w, "settle")->end, JB_END_MET);
    assert_int_equal(order_state(w, HOUSING), JB_TARGET_SUPERSEDED);
    world_refused(w, LAND, ACT(OBJECT, .reason = T("x")), JB_REFUSE_NO_RETURN);
    world_refused(w, LAND, ACT(ESCALATE_DISPUTE, .reason = T("x")), JB_REFUSE_NO_RETURN);
    assert_false(jb_case_has(&w->c, COUNTY));
}

static void the_superior_settles_or_passes_it_on_himself(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_SIGNED);
    object_in_vain(w, HOUSING, OFFICE);
    world_do(w, HOUSING, ACT(ESCALATE_DISPUTE, .reason = T("x")));
    world_do(w, COUNTY, ACT(DESIGNATE, .node = HOUSING)); /* it stays where it is */
    hold_host(w, HOUSING);
    assert_int_equal(w->c.dispute_level, 0);
    assert_int_equal(w->c.authority, JB_AUTHORITY_JOINT_CONFERENCE);
    assert_int_equal(world_deadline(w, "notify")->id, 2); /* and gets no more time for it */
    world_bring(w, JB_STAGE_SIGNED);
    object_in_vain(w, HOUSING, OFFICE);
    world_do(w, HOUSING, ACT(ESCALATE_DISPUTE, .reason = T("x")));
    world_do(w, COUNTY, ACT(ESCALATE_DISPUTE, .reason = T("x")));
    assert_int_equal(w->c.arbiter, CONFERENCE);
    assert_int_equal(world_last_deadline(w, "settle")->node, CONFERENCE);
}

struct named_row {
    bool superior_first;
    uint32_t node;
    enum jb_refusal wanted;
    uint32_t arbiter;
};

static const struct named_row named[] = {
    {true, 0, JB_REFUSE_NONE, COUNTY},
    {true, CITY, JB_REFUSE_NONE, CITY},
    {true, CONFERENCE, JB_REFUSE_NONE, CONFERENCE},
    {true, LAND, JB_REFUSE_NO_AUTHORITY, 0},
    {true, OTHER_COUNTY, JB_REFUSE_NO_AUTHORITY, 0},
    {true, 4711, JB_REFUSE_NO_AUTHORITY, 0},
    {true, OFFICE, JB_REFUSE_NO_AUTHORITY, 0}, /* a side of it */
    {false, 0, JB_REFUSE_NONE, CONFERENCE},
    {false, COUNTY, JB_REFUSE_NO_AUTHORITY, 0},
};

static void the_arbiter_may_be_named_if_he_is_one(void **state)
{
    struct world *w = *state;

    for (size_t i = 0; i < COUNT(named); i++) {
        w->policy->dispute_to_superior = named[i].superior_first;
        world_bring(w, JB_STAGE_SIGNED);
        object_in_vain(w, HOUSING, OFFICE);
        if (world_try(w, HOUSING, ACT(ESCALATE_DISPUTE, .node = named[i].node, .reason = T("x"))) !=
                named[i].wanted ||
            w->c.arbiter != named[i].arbiter)
            fail_msg("row %zu: %s, arbiter %u", i, jb_refusal_name(w->v.refusal),
                     (unsigned)w->c.arbiter);
    }
}

static void nobody_settles_his_own_dispute(void **state)
{
    struct world *w = *state;

    w->policy->no_return_after_designation = false;
    world_bring(w, JB_STAGE_SIGNED);
    world_join(w, CONFERENCE, JB_ROLE_INFORMED);
    world_do(w, CONFERENCE, ACT(DESIGNATE, .node = LAND));
    object_in_vain(w, LAND, CONFERENCE);
    world_refused(w, LAND, ACT(ESCALATE_DISPUTE, .node = CONFERENCE, .reason = T("x")),
                  JB_REFUSE_NO_AUTHORITY);
    world_do(w, LAND, ACT(ESCALATE_DISPUTE, .reason = T("x")));
    assert_int_equal(w->c.arbiter, COUNTY);
}

/* A lower conference than the sender's level may settle what has been put into its hands. */
static void the_arbiter_decides_whoever_sent_it(void **state)
{
    struct world *w = *state;

    w->policy->dispute_to_superior = false;
    world_register(w, CITY_OFFICE, 1, JB_MATTER_APPEAL);
    world_do(w, CITY_OFFICE, ACT(ASSIGN, .node = HOUSING));
    object_in_vain(w, HOUSING, CITY_OFFICE);
    world_do(w, HOUSING, ACT(ESCALATE_DISPUTE, .reason = T("x")));
    assert_int_equal(w->c.arbiter, CONFERENCE);
    world_do(w, CONFERENCE, ACT(DESIGNATE, .node = LAND));
    assert_int_equal(w->c.host, LAND);
}

static void with_nobody_to_settle_there_is_no_dispute(void **state)
{
    struct world *w = *state;

    w->policy->dispute_to_superior = false;
    world_node(w, CONFERENCE)->valid_to_ms = w->now_ms;
    world_bring(w, JB_STAGE_SIGNED);
    object_in_vain(w, HOUSING, OFFICE);
    world_refused(w, HOUSING, ACT(ESCALATE_DISPUTE, .reason = T("x")), JB_REFUSE_NO_DISPUTE);
    assert_int_equal(w->c.dispute_level, 0);
    hold_host(w, HOUSING);
}

/* ---- too many hops -------------------------------------------------------------------------- */

static void pass_about(struct world *w)
{
    static const uint32_t ring[] = {HOUSING, LAND, LABOUR, TOWN};

    world_bring(w, JB_STAGE_REGISTERED);
    world_do(w, OFFICE, ACT(FORWARD, .node = HOUSING));
    for (size_t at = 0; w->c.hops < w->policy->hops_max; at++)
        world_do(w, ring[at % 4], ACT(HANDOVER, .node = ring[(at + 1) % 4]));
}

static void after_the_last_hop_the_superior_says_whose_it_is(void **state)
{
    struct world *w = *state;
    uint32_t host, custody;

    pass_about(w);
    host = w->c.host;
    custody = w->c.custody;
    world_do(w, host, ACT(HANDOVER, .node = host == LAND ? HOUSING : LAND));
    hold_host(w, host);
    assert_int_equal(w->c.custody, custody);
    assert_int_equal(w->c.dispute_level, 1);
    assert_int_equal(w->c.arbiter, COUNTY);
    world_do(w, COUNTY, ACT(DESIGNATE, .node = TOWN));
    assert_int_equal(w->c.host, TOWN);
}

static void after_the_last_hop_an_agreed_objection_gives_nothing_back(void **state)
{
    struct world *w = *state;
    uint32_t host;

    pass_about(w);
    host = w->c.host;
    world_do(w, host, ACT(OBJECT, .reason = T("x")));
    world_do(w, w->c.sender, ACT(RULE_ON_OBJECTION, .ruling = JB_RULING_AGREED));
    hold_host(w, host);
    assert_int_equal(w->c.dispute_level, 1);
    assert_int_equal(world_last_deadline(w, "rule")->end, JB_END_MET);
    assert_false(w->c.objection_open);
}

static void with_nobody_to_settle_the_last_hop_is_refused(void **state)
{
    struct world *w = *state;

    w->policy->dispute_to_superior = false;
    pass_about(w);
    world_node(w, CONFERENCE)->valid_to_ms = w->now_ms;
    world_refused(w, w->c.host, ACT(HANDOVER, .node = w->c.host == LAND ? HOUSING : LAND),
                  JB_REFUSE_TOO_MANY_HOPS);
}

/* ---- cross-boundary ------------------------------------------------------------------------- */

static void cross_boundary(struct world *w)
{
    struct jb_act act = *world_register_act();

    act.flags = JB_FLAG_CROSS_BOUNDARY;
    world_forget_case(w);
    world_do(w, OFFICE, &act);
}

static void a_cross_boundary_case_is_the_conferences_to_place(void **state)
{
    struct world *w = *state;

    cross_boundary(w);
    world_refused(w, OFFICE, ACT(FORWARD, .node = HOUSING), JB_REFUSE_CONFERENCE_LEADS);
    world_refused(w, OFFICE, ACT(ASSIGN, .node = HOUSING), JB_REFUSE_CONFERENCE_LEADS);
    world_do(w, OFFICE, ACT(ESCALATE_DISPUTE, .reason = T("跨区域")));
    assert_int_equal(w->c.dispute_level, 2);
    assert_int_equal(w->c.arbiter, CONFERENCE);
    assert_int_equal(w->c.host, OFFICE);
    assert_int_equal(world_deadline(w, "sort")->node, OFFICE); /* until it is placed */
    world_do(w, CONFERENCE, ACT(DESIGNATE, .node = HOUSING));
    assert_int_equal(w->c.host, HOUSING);
    assert_int_equal(world_last_deadline(w, "settle")->end, JB_END_MET);
    cross_boundary(w);
    world_do(w, OFFICE,
             ACT(ASSIGN, .node = HOUSING, .authority = JB_AUTHORITY_JOINT_CONFERENCE,
                 .basis = T("联席会议纪要第3号")));
    w->policy->conference_leads_cross = false;
    cross_boundary(w);
    world_do(w, OFFICE, ACT(FORWARD, .node = HOUSING));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_open, world_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_objection_is_part_of_the_orders_life),
        TEST(without_receive_first_an_objection_holds_the_notice_up),
        TEST(only_a_refused_objection_or_the_sender_begins_a_dispute),
        TEST(from_the_superior_to_the_joint_conference),
        TEST(the_superior_settles_or_passes_it_on_himself),
        TEST(the_arbiter_may_be_named_if_he_is_one),
        TEST(nobody_settles_his_own_dispute),
        TEST(the_arbiter_decides_whoever_sent_it),
        TEST(with_nobody_to_settle_there_is_no_dispute),
        TEST(after_the_last_hop_the_superior_says_whose_it_is),
        TEST(after_the_last_hop_an_agreed_objection_gives_nothing_back),
        TEST(with_nobody_to_settle_the_last_hop_is_refused),
        TEST(a_cross_boundary_case_is_the_conferences_to_place),
    };
    return cmocka_run_group_tests_name("decide_dispute", tests, NULL, NULL);
}
