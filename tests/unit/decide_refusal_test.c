/* Each reason for which decide refuses, one by one; the last test fails if one was never given. */
#include "tests/unit/rules_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "proto/rules/caseno.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const uint32_t two_helpers[] = {LABOUR, LAND};

/* ---- registering ---------------------------------------------------------------------------- */

static void a_number_must_be_the_nodes_own(void **state)
{
    struct world *w = *state;
    struct jb_act act = *world_register_act();

    world_forget_case(w);
    act.case_no = w->case_no;
    world_refused(w, HOUSING, &act, JB_REFUSE_BAD_CASE_NUMBER);
    act.case_no = w->case_no + 1;
    world_refused(w, OFFICE, &act, JB_REFUSE_BAD_CASE_NUMBER);
    act.case_no = -5;
    world_refused(w, OFFICE, &act, JB_REFUSE_BAD_CASE_NUMBER);
    act.case_no = w->case_no;
    world_do(w, OFFICE, &act);
    world_refused(w, OFFICE, &act, JB_REFUSE_DUPLICATE_CASE);
    /* Another node learns nothing about the number. */
    world_refused(w, HOUSING, &act, JB_REFUSE_BAD_CASE_NUMBER);
}

static void registering_needs_its_fields(void **state)
{
    struct world *w = *state;
    struct jb_act act;

    world_forget_case(w);
    act = *world_register_act();
    act.title = (struct jb_text){NULL, 0};
    world_refused(w, OFFICE, &act, JB_REFUSE_FIELD_REQUIRED);
    act = *world_register_act();
    act.matter = 9;
    world_refused(w, OFFICE, &act, JB_REFUSE_VALUE_OUT_OF_RANGE);
    act = *world_register_act();
    act.title = T("两\n行");
    world_refused(w, OFFICE, &act, JB_REFUSE_TEXT_INVALID);
    act = *world_register_act();
    act.content = T("坏\xff字节");
    world_refused(w, OFFICE, &act, JB_REFUSE_TEXT_INVALID);
    act = *world_register_act();
    act.received_at_ms = w->now_ms + 2 * JB_DAY_MS;
    world_refused(w, OFFICE, &act, JB_REFUSE_CLOCK_IMPLAUSIBLE);
    act.received_at_ms = w->now_ms - 400 * JB_DAY_MS;
    world_do(w, OFFICE, &act);
    assert_int_equal(w->c.registrar, OFFICE);
    assert_int_equal(w->c.host, OFFICE);
    assert_int_equal(w->c.custody, 1);
    assert_int_equal(world_deadline(w, "sort")->node, OFFICE);
    assert_int_equal(world_deadline(w, "sort")->due_ms, local("2026-03-17 24:00"));
}

static void text_over_the_limit_is_refused_not_cut(void **state)
{
    struct world *w = *state;
    static char text[JB_LIMIT_TEXT + 1];
    struct jb_act act = *world_register_act();

    memset(text, 'a', sizeof text);
    world_forget_case(w);
    act.content = (struct jb_text){text, JB_LIMIT_TEXT + 1};
    world_refused(w, OFFICE, &act, JB_REFUSE_CONTENT_TOO_LARGE);
    act.content.len--;
    assert_int_equal(world_ask(w, OFFICE, &act), JB_REFUSE_NONE);
    act.title = (struct jb_text){text, JB_LIMIT_LINE + 1};
    world_refused(w, OFFICE, &act, JB_REFUSE_CONTENT_TOO_LARGE);
}

static void without_a_policy_no_clock_can_start(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_REGISTERED);
    w->book.policy = NULL;
    world_refused(w, OFFICE, ACT(ASSIGN, .node = HOUSING), JB_REFUSE_POLICY_MISSING);
    assert_int_equal(world_ask(w, OFFICE, ACT(NOTE, .text = T("x"))), JB_REFUSE_NONE);
    w->book.policy = w->policy;
    w->book.calendar = NULL;
    world_refused(w, OFFICE, ACT(ASSIGN, .node = HOUSING), JB_REFUSE_POLICY_MISSING);
    w->book.calendar = &w->calendar;
    /* The table of deadlines is not what the rules need. */
    memcpy(w->policy->rows[1].key, "nothing", sizeof "nothing");
    world_refused(w, OFFICE, ACT(ASSIGN, .node = HOUSING), JB_REFUSE_POLICY_MISSING);
    memcpy(w->policy->rows[1].key, "notify", sizeof "notify");
    world_do(w, OFFICE, ACT(ASSIGN, .node = HOUSING));
}

static void an_unknown_registrar_is_refused(void **state)
{
    struct world *w = *state;
    struct jb_act act = *world_register_act();

    world_forget_case(w);
    assert_int_equal(jb_caseno_make(jb_date_of_instant(w->now_ms), 777, 1, &act.case_no), JB_OK);
    world_refused(w, 777, &act, JB_REFUSE_UNKNOWN_NODE);
}

/* ---- whom an assignment reaches ------------------------------------------------------------- */

struct reach_row {
    uint32_t sender, target;
    enum jb_refusal wanted;
};

static const struct reach_row reach[] = {
    {OFFICE, HOUSING, JB_REFUSE_NONE},
    {OFFICE, HOUSING_UNIT, JB_REFUSE_NONE},
    {OFFICE, TOWN, JB_REFUSE_NONE},
    {OFFICE, TOWN_STATION, JB_REFUSE_NONE}, /* skipping a level */
    {OFFICE, OFFICE, JB_REFUSE_SAME_NODE},
    {OFFICE, COUNTY, JB_REFUSE_NO_AUTHORITY},
    {OFFICE, CITY, JB_REFUSE_NO_AUTHORITY},
    {OFFICE, CITY_DEPT, JB_REFUSE_NO_AUTHORITY},
    {OFFICE, OTHER_DEPT, JB_REFUSE_NO_AUTHORITY},
    {OFFICE, CONFERENCE, JB_REFUSE_NO_AUTHORITY},
    {OFFICE, DISCIPLINE, JB_REFUSE_NO_AUTHORITY},
    {OFFICE, COURT, JB_REFUSE_NO_AUTHORITY},
    {OFFICE, RETIRED, JB_REFUSE_NODE_NOT_VALID},
    {OFFICE, 4711, JB_REFUSE_UNKNOWN_NODE},
    {CITY_OFFICE, CITY_DEPT, JB_REFUSE_NONE},
    {CITY_OFFICE, OFFICE, JB_REFUSE_NONE},
    {CITY_OFFICE, HOUSING, JB_REFUSE_NONE},
    {CITY_OFFICE, OTHER_DEPT, JB_REFUSE_NONE},
    {CITY_OFFICE, CITY, JB_REFUSE_NO_AUTHORITY},
};

static void register_at(struct world *w, uint32_t node)
{
    struct jb_act act = *world_register_act();

    world_forget_case(w);
    assert_int_equal(jb_caseno_make(jb_date_of_instant(w->now_ms), node, 1, &act.case_no), JB_OK);
    world_do(w, node, &act);
}

static void an_assignment_reaches_what_is_below_the_senders_government(void **state)
{
    struct world *w = *state;
    int64_t usual = w->case_no;

    for (size_t i = 0; i < COUNT(reach); i++) {
        register_at(w, reach[i].sender);
        w->case_no = w->c.case_no;
        world_refused(w, reach[i].sender, ACT(ASSIGN, .node = reach[i].target), reach[i].wanted);
        world_refused(w, reach[i].sender, ACT(FORWARD, .node = reach[i].target), reach[i].wanted);
    }
    w->case_no = usual;
}

static void an_office_without_parent_reaches_what_is_below_itself(void **state)
{
    struct world *w = *state;

    world_node(w, OFFICE)->parent = 0;
    world_node(w, LAND)->parent = OFFICE;
    world_bring(w, JB_STAGE_REGISTERED);
    world_refused(w, OFFICE, ACT(ASSIGN, .node = LAND), JB_REFUSE_NONE);
    world_refused(w, OFFICE, ACT(ASSIGN, .node = HOUSING), JB_REFUSE_NO_AUTHORITY);
    world_node(w, OFFICE)->parent = COUNTY;
    world_node(w, LAND)->parent = COUNTY;
    /* Never upward, wherever the node hangs in the tree. */
    world_node(w, LAND)->level = JB_LEVEL_CITY;
    world_refused(w, OFFICE, ACT(ASSIGN, .node = LAND), JB_REFUSE_NO_AUTHORITY);
    world_node(w, LAND)->level = JB_LEVEL_COUNTY;
}

static void co_handlers_are_checked(void **state)
{
    struct world *w = *state;
    static const uint32_t host[] = {LAND, HOUSING}, twice[] = {LAND, LAND}, nobody[] = {0},
                          far[] = {OTHER_DEPT}, unknown[] = {4711}, sender[] = {OFFICE};
    static uint32_t many[65];

    for (uint32_t i = 0; i < 65; i++)
        many[i] = 100 + i;
    world_bring(w, JB_STAGE_REGISTERED);
    world_refused(w, OFFICE, ACT(ASSIGN, .node = HOUSING, .co_handlers = {host, 2}),
                  JB_REFUSE_HOST_IS_CO_HANDLER);
    world_refused(w, OFFICE, ACT(ASSIGN, .node = HOUSING, .co_handlers = {twice, 2}),
                  JB_REFUSE_VALUE_OUT_OF_RANGE);
    world_refused(w, OFFICE, ACT(ASSIGN, .node = HOUSING, .co_handlers = {nobody, 1}),
                  JB_REFUSE_VALUE_OUT_OF_RANGE);
    world_refused(w, OFFICE, ACT(ASSIGN, .node = HOUSING, .co_handlers = {far, 1}),
                  JB_REFUSE_NO_AUTHORITY);
    world_refused(w, OFFICE, ACT(ASSIGN, .node = HOUSING, .co_handlers = {unknown, 1}),
                  JB_REFUSE_UNKNOWN_NODE);
    world_refused(w, OFFICE, ACT(ASSIGN, .node = HOUSING, .co_handlers = {sender, 1}),
                  JB_REFUSE_SAME_NODE);
    world_refused(w, OFFICE, ACT(ASSIGN, .node = HOUSING, .co_handlers = {many, 65}),
                  JB_REFUSE_TOO_MANY_CO_HANDLERS);
    world_do(w, OFFICE, ACT(ASSIGN, .node = HOUSING, .co_handlers = {two_helpers, 2}));
    assert_true(jb_case_has(&w->c, LABOUR) && jb_case_has(&w->c, LAND));
}

static void a_designated_day_may_shorten_but_never_lengthen(void **state)
{
    struct world *w = *state;
    const struct jb_deadline *d;

    world_bring(w, JB_STAGE_REGISTERED);
    world_refused(w, OFFICE, ACT(ASSIGN, .node = HOUSING, .due_ms = w->now_ms),
                  JB_REFUSE_DUE_IN_THE_PAST);
    world_refused(w, OFFICE, ACT(ASSIGN, .node = HOUSING, .due_ms = local("2026-05-02 00:01")),
                  JB_REFUSE_LENGTHENS_STATUTORY);
    world_refused(w, OFFICE, ACT(ASSIGN, .node = HOUSING, .due_ms = local("2026-05-01 24:00")),
                  JB_REFUSE_NONE);
    world_do(w, OFFICE, ACT(ASSIGN, .node = HOUSING, .due_ms = local("2026-03-20 18:00")));
    d = world_deadline(w, "assigned");
    assert_int_equal(d->due_ms, local("2026-03-20 18:00"));
    assert_true(d->designated_bound);
    assert_int_equal(d->unit, JB_UNIT_DESIGNATED);
    w->policy->never_lengthen = false;
    world_do(w, OFFICE, ACT(ASSIGN, .node = HOUSING, .due_ms = local("2026-08-01 00:00")));
    w->policy->never_lengthen = true;
    assert_int_equal(world_deadline(w, "assigned")->due_ms, local("2026-08-01 00:00"));
}

static void authority_is_named_and_plausible(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_REGISTERED);
    world_refused(w, OFFICE, ACT(ASSIGN, .node = HOUSING, .authority = JB_AUTHORITY_PEER),
                  JB_REFUSE_VALUE_OUT_OF_RANGE);
    world_refused(w, OFFICE,
                  ACT(ASSIGN, .node = HOUSING, .authority = JB_AUTHORITY_JOINT_CONFERENCE),
                  JB_REFUSE_FIELD_REQUIRED);
    world_do(w, OFFICE, ACT(ASSIGN, .node = HOUSING));
    assert_int_equal(w->c.authority, JB_AUTHORITY_FIRST_ASSIGNMENT);
    assert_int_equal(w->c.sender, OFFICE);
    assert_int_equal(w->c.sent_seq, w->seq);
}

/* ---- the rest of the reasons ---------------------------------------------------------------- */

static void between_handlers(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_SENT);
    world_refused(w, HOUSING, ACT(HANDOVER, .node = LAND), JB_REFUSE_OUTRANKED);
    world_bring(w, JB_STAGE_REGISTERED);
    world_do(w, OFFICE, ACT(FORWARD, .node = HOUSING));
    world_refused(w, HOUSING, ACT(HANDOVER, .node = HOUSING), JB_REFUSE_SAME_NODE);
    world_refused(w, HOUSING, ACT(HANDOVER, .node = 4711), JB_REFUSE_UNKNOWN_NODE);
    world_refused(w, HOUSING, ACT(HANDOVER, .node = RETIRED), JB_REFUSE_NODE_NOT_VALID);
    world_refused(w, HOUSING, ACT(HANDOVER, .node = OTHER_DEPT), JB_REFUSE_NO_AUTHORITY);
    world_refused(w, HOUSING, ACT(HANDOVER, .node = TOWN_STATION), JB_REFUSE_NO_AUTHORITY);
    world_refused(w, HOUSING, ACT(HANDOVER, .node = OFFICE), JB_REFUSE_NO_AUTHORITY);
    world_refused(w, HOUSING, ACT(HANDOVER, .node = COURT), JB_REFUSE_NO_AUTHORITY);
    world_refused(w, HOUSING, ACT(HANDOVER, .reason = T("没有对象")), JB_REFUSE_FIELD_REQUIRED);
    world_do(w, HOUSING, ACT(OBJECT, .reason = T("不属于职权")));
    world_refused(w, HOUSING, ACT(HANDOVER, .node = LAND), JB_REFUSE_OBJECTION_OPEN);
}

static void too_many_hand_overs(void **state)
{
    struct world *w = *state;
    static const uint32_t ring[] = {HOUSING, LAND, LABOUR, TOWN};
    size_t at = 0;

    world_bring(w, JB_STAGE_REGISTERED);
    world_do(w, OFFICE, ACT(FORWARD, .node = HOUSING));
    for (; w->c.hops < w->policy->hops_max; at++)
        world_do(w, ring[at % 4], ACT(HANDOVER, .node = ring[(at + 1) % 4]));
    assert_int_equal(at, w->policy->hops_max - 1);
    /* It stays, in dispute. */
    world_do(w, w->c.host, ACT(HANDOVER, .node = ring[(at + 1) % 4]));
    assert_int_equal(w->c.dispute_level, 1);
    world_refused(w, w->c.host, ACT(HANDOVER, .node = ring[(at + 1) % 4]), JB_REFUSE_TOO_MANY_HOPS);
    /* The office is not held up by it. */
    world_do(w, OFFICE, ACT(ASSIGN, .node = ring[(at + 1) % 4]));
}

static void objections(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_SENT);
    world_refused(w, HOUSING, ACT(OBJECT, .text = T("没有理由")), JB_REFUSE_REASON_REQUIRED);
    world_refused(w, OFFICE, ACT(RULE_ON_OBJECTION, .ruling = JB_RULING_AGREED),
                  JB_REFUSE_NO_OBJECTION);
    world_do(w, HOUSING, ACT(OBJECT, .reason = T("不属于职权")));
    world_refused(w, HOUSING, ACT(OBJECT, .reason = T("再说一遍")), JB_REFUSE_OBJECTION_OPEN);
    world_refused(w, OFFICE, ACT(RULE_ON_OBJECTION, .reason = T("没有结论")),
                  JB_REFUSE_FIELD_REQUIRED);
    world_refused(w, OFFICE, ACT(RULE_ON_OBJECTION, .ruling = JB_RULING_REFUSED),
                  JB_REFUSE_REASON_REQUIRED);
    world_do(w, HOUSING, ACT(SIGN_FOR, .text = T("收到")));
    world_refused(w, HOUSING, ACT(ACCEPT, .exit = JB_EXIT_RESIDUE), JB_REFUSE_OBJECTION_OPEN);
    world_refused(w, HOUSING, ACT(DECLINE, .reason = T("x")), JB_REFUSE_OBJECTION_OPEN);
    world_do(w, OFFICE,
             ACT(RULE_ON_OBJECTION, .ruling = JB_RULING_REFUSED, .reason = T("属于职权")));
    world_refused(w, HOUSING, ACT(OBJECT, .reason = T("再说一遍")), JB_REFUSE_ALREADY_DONE);
}

static void an_objection_comes_within_five_working_days(void **state)
{
    struct world *w = *state;
    int64_t start_ms = w->now_ms;

    world_bring(w, JB_STAGE_SENT);
    w->now_ms = local("2026-03-09 23:59");
    assert_int_equal(world_ask(w, HOUSING, ACT(OBJECT, .reason = T("x"))), JB_REFUSE_NONE);
    w->now_ms = local("2026-03-09 24:00");
    world_refused(w, HOUSING, ACT(OBJECT, .reason = T("x")), JB_REFUSE_OBJECTION_TOO_LATE);
    world_tick(w);
    world_refused(w, HOUSING, ACT(OBJECT, .reason = T("x")), JB_REFUSE_OBJECTION_TOO_LATE);
    w->now_ms = start_ms;
}

static void no_return_after_designation(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_REGISTERED);
    world_do(w, OFFICE,
             ACT(ASSIGN, .node = HOUSING, .authority = JB_AUTHORITY_JOINT_CONFERENCE,
                 .basis = T("联席会议纪要第3号")));
    world_refused(w, HOUSING, ACT(OBJECT, .reason = T("x")), JB_REFUSE_NO_RETURN);
    w->policy->no_return_after_designation = false;
    world_do(w, OFFICE,
             ACT(ASSIGN, .node = LAND, .authority = JB_AUTHORITY_JOINT_CONFERENCE,
                 .basis = T("联席会议纪要第3号")));
    world_do(w, LAND, ACT(OBJECT, .reason = T("x")));
    w->policy->no_return_after_designation = true;
}

static void extending(void **state)
{
    struct world *w = *state;
    int64_t start_ms = w->now_ms;
    struct jb_act act = *ACT(EXTEND, .days = 30, .reason = T("复杂"), .approved_by = T("李局长"));

    world_bring(w, JB_STAGE_ACCEPTED);
    act.days = 0;
    world_refused(w, HOUSING, &act, JB_REFUSE_FIELD_REQUIRED);
    act.days = 31;
    world_refused(w, HOUSING, &act, JB_REFUSE_EXTENSION_TOO_LONG);
    act.days = 30;
    act.reason.len = 0;
    world_refused(w, HOUSING, &act, JB_REFUSE_REASON_REQUIRED);
    act.reason = T("复杂");
    act.approved_by.len = 0;
    world_refused(w, HOUSING, &act, JB_REFUSE_APPROVAL_REQUIRED);
    act.approved_by = T("李局长");
    act.deadline_id = 99;
    world_refused(w, HOUSING, &act, JB_REFUSE_NO_SUCH_DEADLINE);
    act.deadline_id = 1; /* sort: ended */
    world_refused(w, HOUSING, &act, JB_REFUSE_NO_SUCH_DEADLINE);
    act.deadline_id = world_deadline(w, "assigned")->id;
    world_refused(w, HOUSING, &act, JB_REFUSE_WRONG_PARTY);
    act.deadline_id = 0;
    world_refused(w, OFFICE, &act, JB_REFUSE_DEADLINE_OF_ANOTHER);
    w->now_ms = world_deadline(w, "handle")->due_ms;
    world_refused(w, HOUSING, &act, JB_REFUSE_EXTENSION_TOO_LATE);
    w->now_ms = start_ms;
    world_refused(w, HOUSING, &act, JB_REFUSE_NOT_TOLD);
    act.told_at_ms = w->now_ms;
    world_do(w, HOUSING, &act);
    world_refused(w, HOUSING, &act, JB_REFUSE_EXTENDED_ALREADY);
    world_bring(w, JB_STAGE_SENT);
    act.deadline_id = world_deadline(w, "notify")->id;
    world_refused(w, HOUSING, &act, JB_REFUSE_NOT_EXTENDABLE);
}

static void accepting_telling_answering_closing(void **state)
{
    struct world *w = *state;
    int64_t early_ms = local("2026-03-01 12:00"), late_ms = w->now_ms + JB_DAY_MS;

    world_bring(w, JB_STAGE_SIGNED);
    world_refused(w, HOUSING, ACT(ACCEPT, .told_at_ms = late_ms), JB_REFUSE_CLOCK_IMPLAUSIBLE);
    world_refused(w, HOUSING, ACT(ACCEPT, .told_at_ms = early_ms), JB_REFUSE_VALUE_OUT_OF_RANGE);
    world_refused(w, HOUSING, ACT(DECLINE, .told_at_ms = w->now_ms), JB_REFUSE_REASON_REQUIRED);
    world_do(w, HOUSING, ACT(ACCEPT, .exit = JB_EXIT_RESIDUE));
    world_do(w, LABOUR, ACT(ANSWER, .text = T("已核查")));
    world_refused(w, HOUSING, ACT(NOTIFY, .how = T("邮寄")), JB_REFUSE_FIELD_REQUIRED);
    world_refused(w, HOUSING, ACT(ANSWER, .text = T("意见"), .report = T("报告")),
                  JB_REFUSE_FIELD_REQUIRED);
    world_refused(w, HOUSING, ACT(ANSWER, .opinion = JB_OPINION_EXPLAINED, .report = T("报告")),
                  JB_REFUSE_FIELD_REQUIRED);
    world_refused(w, HOUSING, ACT(ANSWER, .opinion = JB_OPINION_EXPLAINED, .text = T("意见")),
                  JB_REFUSE_REPORT_REQUIRED);
    world_do(w, HOUSING,
             ACT(ANSWER, .opinion = JB_OPINION_EXPLAINED, .text = T("意见"), .report = T("报告")));
    world_refused(w, HOUSING, ACT(EXECUTE, .text = T("x")), JB_REFUSE_WRONG_STAGE);
    world_refused(w, OFFICE, ACT(CLOSE, .close_no = T("1")), JB_REFUSE_NOT_TOLD);
    world_do(w, HOUSING, ACT(NOTIFY, .told_at_ms = w->now_ms));
    world_do(w, OFFICE, ACT(CLOSE, .close_no = T("1")));
    world_bring(w, JB_STAGE_ANSWERED);
    world_refused(w, OFFICE, ACT(CLOSE, .close_no = T("1")), JB_REFUSE_EXECUTION_OUTSTANDING);
    world_do(w, HOUSING, ACT(EXECUTE, .done_at_ms = w->now_ms));
    world_refused(w, HOUSING, ACT(EXECUTE, .done_at_ms = w->now_ms), JB_REFUSE_ALREADY_DONE);
}

static void acknowledging(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_REGISTERED);
    world_refused(w, OFFICE, ACT(ACKNOWLEDGE, .text = T("哪个")), JB_REFUSE_FIELD_REQUIRED);
    world_refused(w, OFFICE, ACT(ACKNOWLEDGE, .deadline_id = 5), JB_REFUSE_NO_SUCH_DEADLINE);
    world_do(w, OFFICE, ACT(ASSIGN, .node = HOUSING));
    world_refused(w, OFFICE, ACT(ACKNOWLEDGE, .deadline_id = world_deadline(w, "notify")->id),
                  JB_REFUSE_DEADLINE_OF_ANOTHER);
    world_do(w, HOUSING, ACT(ACKNOWLEDGE, .deadline_id = world_deadline(w, "notify")->id));
    world_refused(w, HOUSING, ACT(ACKNOWLEDGE, .deadline_id = world_deadline(w, "notify")->id),
                  JB_REFUSE_ALREADY_DONE);
    assert_int_equal(world_deadline(w, "notify")->acked_node, HOUSING);
    assert_true(jb_text_equal(world_deadline(w, "notify")->acked_by, T("王芳")));
}

static void who_may_ask_at_all(void **state)
{
    struct world *w = *state;

    world_bring(w, JB_STAGE_SENT);
    world_refused(w, OFFICE, ACT(RECEIVED, .node = HOUSING), JB_REFUSE_BROKER_ONLY);
    world_refused(w, OFFICE, ACT(SIGN_FOR, .text = T("x")), JB_REFUSE_WRONG_PARTY);
    world_refused(w, HOUSING, ACT(FORWARD, .node = LAND), JB_REFUSE_NOT_A_HOLDER);
    world_refused(w, OTHER_DEPT, ACT(NOTE, .text = T("x")), JB_REFUSE_UNKNOWN_CASE);
    w->c.matter = JB_MATTER_ACCUSATION;
    world_refused(w, OFFICE, ACT(ASSIGN, .node = LAND), JB_REFUSE_ACCUSATION_CONFINED);
    w->c.matter = JB_MATTER_APPEAL;
    world_refused(w, OFFICE, ACT(REPLAY, .reason = T("x")), JB_REFUSE_NOT_IN_FORCE);
    world_refused(w, OFFICE, ACT(ASSIGN, .node = LAND, .custody = 1), JB_REFUSE_STALE_CUSTODY);
    world_do(w, OFFICE, ACT(ASSIGN, .node = LAND));
    world_refused(w, HOUSING, ACT(NOTE, .text = T("x")), JB_REFUSE_NOT_IN_AUDIENCE);
    world_refused(w, HOUSING, ACT(SIGN_FOR, .custody = 2), JB_REFUSE_STALE_CUSTODY);
}

static const enum jb_refusal all_reasons[] = {
#define X(name, number, article, text) JB_REFUSE_##name,
    JB_REFUSALS(X)
#undef X
};

/* decide never gives these: they belong to administrators and to the wire. */
static bool is_foreign(enum jb_refusal r)
{
    return r == JB_REFUSE_ADMIN_ONLY || r == JB_REFUSE_CODE_TAKEN || r == JB_REFUSE_KEY_TAKEN ||
           r == JB_REFUSE_PARENT_LOOP || r == JB_REFUSE_MALFORMED_ACT;
}

static void the_last_test_saw_every_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(all_reasons); i++) {
        /* Those after it belong to rules with tests of their own. */
        if (all_reasons[i] > JB_REFUSE_ACCUSATION_CONFINED)
            continue;
        if (world_has_seen(all_reasons[i]) == is_foreign(all_reasons[i]))
            fail_msg("%s: %s", jb_refusal_name(all_reasons[i]),
                     is_foreign(all_reasons[i]) ? "given by decide" : "never given");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_must_be_the_nodes_own),
        cmocka_unit_test(registering_needs_its_fields),
        cmocka_unit_test(text_over_the_limit_is_refused_not_cut),
        cmocka_unit_test(without_a_policy_no_clock_can_start),
        cmocka_unit_test(an_unknown_registrar_is_refused),
        cmocka_unit_test(an_assignment_reaches_what_is_below_the_senders_government),
        cmocka_unit_test(an_office_without_parent_reaches_what_is_below_itself),
        cmocka_unit_test(co_handlers_are_checked),
        cmocka_unit_test(a_designated_day_may_shorten_but_never_lengthen),
        cmocka_unit_test(authority_is_named_and_plausible),
        cmocka_unit_test(between_handlers),
        cmocka_unit_test(too_many_hand_overs),
        cmocka_unit_test(objections),
        cmocka_unit_test(an_objection_comes_within_five_working_days),
        cmocka_unit_test(no_return_after_designation),
        cmocka_unit_test(extending),
        cmocka_unit_test(accepting_telling_answering_closing),
        cmocka_unit_test(acknowledging),
        cmocka_unit_test(who_may_ask_at_all),
        cmocka_unit_test(the_last_test_saw_every_reason),
    };
    return cmocka_run_group_tests_name("decide_refusal", tests, world_open, world_close);
}
