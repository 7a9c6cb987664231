/* What the command line client shows of the rulebook: directives, dockets, proposals, delegations,
 * the day-by-day count, the policy's tables, the public query, and a case with all its parts. */
#include "tests/unit/cliworld.h"

#define DAY INT64_C(86400000)
#define NOV30 INT64_C(1796054400000) /* the end of 2026-11-30 */

/* ---- the stand-in ---------------------------------------------------------------------------- */

/* A directive with two receivers: one has it, one has answered. */
static struct orders {
    Jb__TargetView targets[2], *target_at[2];
    Jb__DirectiveView directive, *directive_at[1];
    Jb__DocketView docket, *docket_at[1];
} * orders(void)
{
    static struct orders o;
    Jb__DirectiveView *d = &o.directive;
    for (size_t i = 0; i < 2; i++) {
        jb__target_view__init(&o.targets[i]);
        o.target_at[i] = &o.targets[i];
        o.targets[i].node_name = cli_mutable(i == 0 ? "城关镇" : "县住建局");
        PUT(&o.targets[i], stored_at_ms, NOV30 - 5 * DAY);
        PUT(&o.targets[i], due_ms, NOV30);
    }
    PUT(&o.targets[0], state, JIAOBAN_TARGET_ISSUED);
    PUT(&o.targets[1], state, JIAOBAN_TARGET_ANSWERED);
    PUT(&o.targets[1], adopted, 1);
    PUT(&o.targets[1], answered_at_ms, NOV30 - DAY);
    jb__directive_view__init(d);
    d->number = cli_mutable(NUMBER);
    d->title = cli_mutable("关于\x1b[2J欠薪");
    PUT(d, directive_no, 4);
    PUT(d, power, JIAOBAN_POWER_RECOMMEND);
    PUT(d, recommendation, JIAOBAN_RECOMMEND_POLICY);
    d->issuer_name = cli_mutable("县信访局");
    PUT(d, status, JIAOBAN_DIRECTIVE_IN_FORCE);
    PUT(d, issued_at_ms, NOV30 - 6 * DAY);
    d->n_targets = 2;
    d->targets = o.target_at;
    o.directive_at[0] = d;
    jb__docket_view__init(&o.docket);
    o.docket.number = cli_mutable(NUMBER);
    o.docket.docket_no = cli_mutable("督〔2026〕3号");
    o.docket.node_name = cli_mutable("县住建局");
    PUT(&o.docket, step, JIAOBAN_STEP_LISTED);
    PUT(&o.docket, opened_at_ms, NOV30 - 20 * DAY);
    PUT(&o.docket, due_ms, NOV30);
    o.docket_at[0] = &o.docket;
    return &o;
}

static void send_directives(struct fake_peer *peer, uint64_t id)
{
    Jb__Reply reply = JB__REPLY__INIT;
    Jb__DirectiveList list = JB__DIRECTIVE_LIST__INIT;
    list.n_directives = 1;
    list.directives = orders()->directive_at;
    reply.body_case = JB__REPLY__BODY_DIRECTIVES;
    reply.directives = &list;
    cli_reply(peer, id, &reply);
}

static void send_dockets(struct fake_peer *peer, uint64_t id)
{
    Jb__Reply reply = JB__REPLY__INIT;
    Jb__DocketList list = JB__DOCKET_LIST__INIT;
    list.n_dockets = 1;
    list.dockets = orders()->docket_at;
    PUT(&list, more, true);
    reply.body_case = JB__REPLY__BODY_DOCKETS;
    reply.dockets = &list;
    cli_reply(peer, id, &reply);
}

static void send_proposals(struct fake_peer *peer, uint64_t id)
{
    Jb__Reply reply = JB__REPLY__INIT;
    Jb__ProposalList list = JB__PROPOSAL_LIST__INIT;
    Jb__ProposalView views[3];
    Jb__ProposalView *at[3];
    for (size_t i = 0; i < 3; i++) {
        jb__proposal_view__init(&views[i]);
        at[i] = &views[i];
        views[i].number = cli_mutable(NUMBER);
        views[i].node_name = cli_mutable("县住建局");
        PUT(&views[i], node, 12);
        views[i].reason = cli_mutable("missed");
        views[i].key = cli_mutable("handle");
        views[i].article = cli_mutable("39");
        PUT(&views[i], since_ms, NOV30);
    }
    PUT(&views[0], step, JIAOBAN_STEP_URGE);
    PUT(&views[1], step, JIAOBAN_STEP_TALK);
    views[1].docket_no = cli_mutable("督3");
    PUT(&views[2], step, JIAOBAN_STEP_SUPERVISE);
    list.n_proposals = 3;
    list.proposals = at;
    reply.body_case = JB__REPLY__BODY_PROPOSALS;
    reply.proposals = &list;
    cli_reply(peer, id, &reply);
}

static void send_delegations(struct fake_peer *peer, uint64_t id)
{
    Jb__Reply reply = JB__REPLY__INIT;
    Jb__DelegationList list = JB__DELEGATION_LIST__INIT;
    Jb__DelegationView view = JB__DELEGATION_VIEW__INIT;
    Jb__DelegationView *at[] = {&view};
    view.official = cli_mutable("赵县长");
    view.node_name = cli_mutable("县信访局");
    PUT(&view, valid_from_ms, NOV30 - 30 * DAY);
    PUT(&view, in_force, true);
    list.n_delegations = 1;
    list.delegations = at;
    reply.body_case = JB__REPLY__BODY_DELEGATIONS;
    reply.delegations = &list;
    cli_reply(peer, id, &reply);
}

static const struct {
    const char *kind, *name;
    uint32_t count;
} days[] = {
    {"start", "", 0},   {"counted", "", 1}, {"counted", "", 2},   {"weekend", "", 2},
    {"weekend", "", 2}, {"counted", "", 3}, {"off", "国庆节", 3}, {"off", "国庆节", 3},
    {"work", "", 4},    {"counted", "", 5},
};
#define DAYS (sizeof days / sizeof days[0])

static void send_explain(struct fake_peer *peer, uint64_t id)
{
    Jb__Reply reply = JB__REPLY__INIT;
    Jb__ExplainList list = JB__EXPLAIN_LIST__INIT;
    Jb__ExplainView view = JB__EXPLAIN_VIEW__INIT;
    Jb__ExplainView *at[] = {&view};
    Jb__DeadlineView deadline = JB__DEADLINE_VIEW__INIT;
    Jb__ExplainDayView day[DAYS];
    Jb__ExplainDayView *day_at[DAYS];
    Jb__ExplainMoveView move = JB__EXPLAIN_MOVE_VIEW__INIT;
    Jb__ExplainMoveView *move_at[] = {&move};
    for (size_t i = 0; i < DAYS; i++) {
        jb__explain_day_view__init(&day[i]);
        day_at[i] = &day[i];
        PUT(&day[i], day_ms, NOV30 - (int64_t)(DAYS - i) * DAY);
        PUT(&day[i], count, days[i].count);
        PUT(&day[i], known, true);
        day[i].kind = cli_mutable(days[i].kind);
        day[i].name = cli_mutable(days[i].name);
    }
    move.kind = cli_mutable("extended");
    move.text = cli_mutable("案情复杂");
    PUT(&move, old_due_ms, NOV30 - 3 * DAY);
    PUT(&move, due_ms, NOV30);
    PUT(&move, seq, 77);
    deadline.key = cli_mutable("object");
    deadline.key_text = cli_mutable("异议期限");
    deadline.article = cli_mutable("《信访工作条例》第二十三条第三款");
    deadline.policy_version = cli_mutable("2022-05-01.1");
    deadline.calendar_version = cli_mutable("2026.1");
    PUT(&deadline, deadline_id, 2);
    PUT(&deadline, limit, 5);
    PUT(&deadline, unit, JIAOBAN_WORKING_DAYS);
    PUT(&deadline, due_ms, NOV30);
    at[0]->deadline = &deadline;
    PUT(at[0], agrees, true);
    at[0]->n_days = DAYS;
    at[0]->days = day_at;
    at[0]->n_moves = 1;
    at[0]->moves = move_at;
    list.n_deadlines = 1;
    list.deadlines = at;
    reply.body_case = JB__REPLY__BODY_EXPLAIN;
    reply.explain = &list;
    cli_reply(peer, id, &reply);
}

static void send_rules(struct fake_peer *peer, uint64_t id)
{
    static const struct {
        const char *section, *key, *name, *value, *unit, *article;
    } rows[] = {
        {"deadline", "handle", "办理期限", "60", "d", "《信访工作条例》第三十四条"},
        {"deadline", "object", "异议期限", "5", "wd", "《信访工作条例》第二十三条第三款"},
        {"switch", "never_lengthen", "", "yes", "", "P4.4"},
        {"mass-visit", "county", "", "50", "", "P5"},
        {"ladder", "listed", "", "5", "", "39"},
    };
    enum {
        COUNT = sizeof rows / sizeof rows[0]
    };
    Jb__Reply reply = JB__REPLY__INIT;
    Jb__RuleList list = JB__RULE_LIST__INIT;
    Jb__RuleView views[COUNT];
    Jb__RuleView *at[COUNT];
    uint32_t warn[] = {15, 7, 3};
    for (size_t i = 0; i < COUNT; i++) {
        jb__rule_view__init(&views[i]);
        at[i] = &views[i];
        views[i].section = cli_mutable(rows[i].section);
        views[i].key = cli_mutable(rows[i].key);
        views[i].name = cli_mutable(rows[i].name);
        views[i].value = cli_mutable(rows[i].value);
        views[i].unit = cli_mutable(rows[i].unit);
        views[i].article = cli_mutable(rows[i].article);
    }
    PUT(&views[0], extension_days, 30);
    views[0].n_warn_days = 3;
    views[0].warn_days = warn;
    PUT(&views[1], right, true);
    list.n_rules = COUNT;
    list.rules = at;
    list.version = cli_mutable("2022-05-01.1");
    reply.body_case = JB__REPLY__BODY_RULES;
    reply.rules = &list;
    cli_reply(peer, id, &reply);
}

static void send_public(struct fake_peer *peer, uint64_t id)
{
    Jb__Reply reply = JB__REPLY__INIT;
    Jb__PublicView view = JB__PUBLIC_VIEW__INIT;
    Jb__PublicRowView row = JB__PUBLIC_ROW_VIEW__INIT;
    Jb__PublicRowView *at[] = {&row};
    row.what = cli_mutable("answered");
    row.document = cli_mutable("处〔2026〕8号");
    PUT(&row, day_ms, NOV30 - DAY);
    view.number = cli_mutable(NUMBER);
    view.n_rows = 1;
    view.rows = at;
    reply.body_case = JB__REPLY__BODY_PUBLIC_VIEW;
    reply.public_view = &view;
    cli_reply(peer, id, &reply);
}

static void send_case(struct fake_peer *peer, uint64_t id)
{
    Jb__Reply reply = JB__REPLY__INIT;
    Jb__CaseView view = JB__CASE_VIEW__INIT;
    Jb__LinkView link = JB__LINK_VIEW__INIT;
    Jb__LinkView *links[] = {&link};
    Jb__RatingView rating = JB__RATING_VIEW__INIT;
    Jb__RatingView *ratings[] = {&rating};
    Jb__ParticipantView co = JB__PARTICIPANT_VIEW__INIT;
    Jb__ParticipantView *participants[] = {&co};
    char *recused[] = {cli_mutable("王五")};
    view.number = cli_mutable(NUMBER);
    view.title = cli_mutable("修路");
    PUT(&view, stage, JIAOBAN_STAGE_RECHECK);
    PUT(&view, simple, true);
    view.lead_official = cli_mutable("赵县长");
    PUT(&view, dispute_level, 2);
    view.arbiter_name = cli_mutable("县联席办");
    PUT(&view, reviewer, 12);
    view.reviewer_name = cli_mutable("县政府");
    PUT(&view, review_opinion, JIAOBAN_EXPLAINED);
    PUT(&link, kind, JIAOBAN_LINK_SPLIT_OF);
    links[0]->number = cli_mutable("20261101-00007-00001-8");
    view.n_links = 1;
    view.links = links;
    PUT(&rating, party, JIAOBAN_RATED_HANDLER);
    PUT(&rating, state, JIAOBAN_RATING_OPENED);
    PUT(&rating, satisfaction, JIAOBAN_BASICALLY_SATISFIED);
    view.n_ratings = 1;
    view.ratings = ratings;
    PUT(&co, role, JIAOBAN_CO_HANDLER);
    participants[0]->node_name = cli_mutable("县财政局");
    PUT(&co, signed_at_ms, NOV30 - 3 * DAY);
    PUT(&co, answered_at_ms, NOV30 - DAY);
    view.n_participants = 1;
    view.participants = participants;
    view.n_recused = 1;
    view.recused = recused;
    view.n_directives = 1;
    view.directives = orders()->directive_at;
    view.n_dockets = 1;
    view.dockets = orders()->docket_at;
    reply.body_case = JB__REPLY__BODY_CASE_FILE;
    reply.case_file = &view;
    cli_reply(peer, id, &reply);
}

static void answer(struct fake_peer *peer, const Jb__Request *r, void *data)
{
    static const struct {
        Jb__Request__BodyCase body;
        void (*send)(struct fake_peer *peer, uint64_t id);
    } rows[] = {
        {JB__REQUEST__BODY_DIRECTIVES, send_directives},
        {JB__REQUEST__BODY_DOCKETS, send_dockets},
        {JB__REQUEST__BODY_PROPOSALS, send_proposals},
        {JB__REQUEST__BODY_DELEGATIONS, send_delegations},
        {JB__REQUEST__BODY_EXPLAIN, send_explain},
        {JB__REQUEST__BODY_RULES, send_rules},
        {JB__REQUEST__BODY_PUBLIC_QUERY, send_public},
        {JB__REQUEST__BODY_CASE_FILE, send_case},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].body == r->body_case) {
            rows[i].send(peer, r->id);
            return;
        }
    world_answer(peer, r, data);
}

static int set_up(void **state)
{
    return cli_world_set_up(state, answer);
}

/* ---- listings -------------------------------------------------------------------------------- */

static void test_directives(void **state)
{
    struct world *w = *state;
    assert_int_equal(RUN(w, "directives", "--mine"), 0);
    cli_says(cli_output, "建议权：完善政策");
    cli_says(cli_output, "县信访局");
    cli_says(cli_output, "已送达");
    cli_says(cli_output, "已回复，已采纳");
    cli_says(cli_output, "11月30日");
    assert_null(strchr(cli_output, '\x1b'));
    assert_int_equal(RUN(w, "directives", NUMBER, "--lang=en", "--power", "recommend"), 0);
    cli_says(cli_output, "replied, adopted");
    assert_int_equal(RUN(w, "directives", "--json"), 0);
    cli_says(cli_output, "\"directive_no\": \"4\"");
    assert_int_equal(RUN(w, "directives", "--after", "nonsense"), 2);
    assert_int_equal(RUN(w, "directives", "--power", "fly"), 5);
}

static void test_dockets(void **state)
{
    struct world *w = *state;
    assert_int_equal(RUN(w, "dockets", "--lang=zh"), 0);
    cli_says(cli_output, "督〔2026〕3号");
    cli_says(cli_output, "挂牌督办");
    cli_says(cli_output, "县住建局");
    cli_says(cli_output, "还有更多");
}

/* The command that takes the step stands there, ready to be copied. */
static void test_proposals(void **state)
{
    struct world *w = *state;
    assert_int_equal(RUN(w, "proposals", "--lang=zh"), 0);
    cli_says(cli_output, "建议措施：催办，对象：县住建局");
    cli_says(cli_output, "事由：逾期未办：办理期限");
    cli_says(cli_output, "依据：《信访工作条例》第三十九条");
    cli_says(cli_output, "jiaoban urge " NUMBER " zrzy");
    cli_says(cli_output, "jiaoban docket step " NUMBER " 督3 talk");
    cli_says(cli_output, "jiaoban docket open " NUMBER " 编号 supervise zrzy");
}

static void test_delegations(void **state)
{
    struct world *w = *state;
    assert_int_equal(RUN(w, "delegations", "--lang=zh"), 0);
    cli_says(cli_output, "赵县长");
    cli_says(cli_output, "全部权力");
    cli_says(cli_output, "有效");
}

/* ---- looking things up ----------------------------------------------------------------------- */

static void test_explain(void **state)
{
    struct world *w = *state;
    assert_int_equal(RUN(w, "explain", NUMBER, "2", "--lang=zh"), 0);
    cli_says(cli_output, "异议期限");
    cli_says(cli_output, "5 个工作日，《信访工作条例》第二十三条第三款");
    cli_says(cli_output, "2022-05-01.1");
    cli_says(cli_output, "2026.1");
    cli_says(cli_output, "11月21日  起算日，不计");
    cli_says(cli_output, "11月22日至11月23日  计入：第 1 至 2 日");
    cli_says(cli_output, "11月24日至11月25日  周末，不计");
    cli_says(cli_output, "放假，不计，国庆节");
    cli_says(cli_output, "调休上班，计入：第 4 日");
    cli_says(cli_output, "延期，到期日 11月30日（原为 11月27日）：案情复杂（日志第 77 号）");
    cli_says(cli_output, "结果一致");
    assert_int_equal(RUN(w, "explain", NUMBER, "--full", "--lang=zh"), 0);
    cli_says(cli_output, "11月23日  计入：第 2 日");
    assert_int_equal(RUN(w, "explain", NUMBER, "--lang=en"), 0);
    cli_says(cli_output, "5 working days, Regulations, Art. 23, paragraph 3");
    cli_says(cli_output, "counted: 1 to 2");
}

static void test_rules(void **state)
{
    struct world *w = *state;
    assert_int_equal(RUN(w, "rules", "--lang=zh"), 0);
    cli_says(cli_output, "办理期限");
    cli_says(cli_output, "60 日");
    cli_says(cli_output, "15,7,3");
    cli_says(cli_output, "可延长一次，至多 30 日");
    cli_says(cli_output, "5 个工作日");
    cli_says(cli_output, "权利，逾期失效");
    cli_says(cli_output, "指定期限只可缩短、不可延长法定期限");
    cli_says(cli_output, "多人来访");
    cli_says(cli_output, "挂牌督办");
    assert_int_equal(RUN(w, "rules", "--lang=en"), 0);
    cli_says(cli_output, "Regulations, Art. 34");
    cli_says(cli_output, "handling");
    assert_int_equal(RUN(w, "rules", "switch"), 0);
    assert_null(strstr(cli_output, "handle"));
    assert_int_equal(RUN(w, "rules", "nothing-of-the-kind"), 5);
}

static void test_query(void **state)
{
    struct world *w = *state;
    assert_int_equal(RUN(w, "query", "张三", "7K3M-X2QP-9DHT", "--lang=zh"), 0);
    cli_says(cli_output, NUMBER);
    cli_says(cli_output, "11月30日  已答复  处〔2026〕8号");
    assert_int_equal(RUN(w, "query", "张三"), 2);
}

static void test_show(void **state)
{
    static const char *const parts[] = {
        "复核中",
        "程序：简易办理",
        "包案领导：赵县长",
        "办理责任争议：由联席会议裁定，县联席办",
        "复查机关：县政府，解释说明",
        "分自：20261101-00007-00001-8",
        "对责任单位的评价：基本满意",
        "回避：王五",
        "县财政局：协办，已签收 11月28日 00:00，已答复 11月30日 00:00",
        "建议权：完善政策",
        "督〔2026〕3号",
    };
    struct world *w = *state;
    assert_int_equal(RUN(w, "show", NUMBER, "--lang=zh"), 0);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        cli_says(cli_output, parts[i]);
    assert_int_equal(RUN(w, "show", NUMBER, "--lang=en"), 0);
    cli_says(cli_output, "was split from: 20261101-00007-00001-8");
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_directives), T(test_dockets), T(test_proposals), T(test_delegations),
        T(test_explain),    T(test_rules),   T(test_query),     T(test_show),
    };
    return cmocka_run_group_tests_name("cli_look", tests, cli_world_catalogues, NULL);
}
