/* Of the stand-in for the agent: directives, dockets, proposals, explanations, rules, figures. */
#include "tests/unit/clientworld.h"

#define GIVE(view, field, value) ((view)->has_##field = true, (view)->field = (value))
#define TEXT(z) ((char[]){z})

static void answer_directives(Jb__Reply *reply, struct fake_peer *peer)
{
    Jb__DirectiveList list = JB__DIRECTIVE_LIST__INIT;
    Jb__DirectiveView d = JB__DIRECTIVE_VIEW__INIT;
    Jb__DirectiveView *at[] = {&d};
    Jb__TargetView t = JB__TARGET_VIEW__INIT;
    Jb__TargetView *targets[] = {&t};
    GIVE(&d, directive_no, 3);
    GIVE(&d, power, JIAOBAN_POWER_SUPERVISE);
    GIVE(&d, demand, JIAOBAN_DEMAND_SUMMONS);
    d.official = TEXT("王副县长");
    GIVE(&t, node, 8);
    GIVE(&t, state, JIAOBAN_TARGET_SIGNED);
    GIVE(&t, due_ms, 1795968000000);
    d.n_targets = 1;
    d.targets = targets;
    list.n_directives = 1;
    list.directives = at;
    GIVE(&list, more, true);
    reply->body_case = JB__REPLY__BODY_DIRECTIVES;
    reply->directives = &list;
    fake_send(peer, reply);
}

static void answer_dockets(Jb__Reply *reply, struct fake_peer *peer)
{
    Jb__DocketList list = JB__DOCKET_LIST__INIT;
    Jb__DocketView d = JB__DOCKET_VIEW__INIT;
    Jb__DocketView *at[] = {&d};
    d.docket_no = TEXT("督2026-7");
    GIVE(&d, step, JIAOBAN_STEP_TALK);
    list.n_dockets = 1;
    list.dockets = at;
    reply->body_case = JB__REPLY__BODY_DOCKETS;
    reply->dockets = &list;
    fake_send(peer, reply);
}

static void answer_proposals(Jb__Reply *reply, struct fake_peer *peer)
{
    Jb__ProposalList list = JB__PROPOSAL_LIST__INIT;
    Jb__ProposalView p = JB__PROPOSAL_VIEW__INIT;
    Jb__ProposalView *at[] = {&p};
    GIVE(&p, step, JIAOBAN_STEP_URGE);
    p.reason = TEXT("overdue");
    p.key = TEXT("handle");
    list.n_proposals = 1;
    list.proposals = at;
    reply->body_case = JB__REPLY__BODY_PROPOSALS;
    reply->proposals = &list;
    fake_send(peer, reply);
}

static void answer_delegations(Jb__Reply *reply, struct fake_peer *peer)
{
    Jb__DelegationList list = JB__DELEGATION_LIST__INIT;
    Jb__DelegationView d = JB__DELEGATION_VIEW__INIT;
    Jb__DelegationView *at[] = {&d};
    d.official = TEXT("王副县长");
    GIVE(&d, in_force, true);
    list.n_delegations = 1;
    list.delegations = at;
    reply->body_case = JB__REPLY__BODY_DELEGATIONS;
    reply->delegations = &list;
    fake_send(peer, reply);
}

static void answer_explain(Jb__Reply *reply, struct fake_peer *peer)
{
    Jb__ExplainList list = JB__EXPLAIN_LIST__INIT;
    Jb__ExplainView x = JB__EXPLAIN_VIEW__INIT;
    Jb__ExplainView *at[] = {&x};
    Jb__ExplainDayView day = JB__EXPLAIN_DAY_VIEW__INIT;
    Jb__ExplainDayView *days[] = {&day, &day};
    Jb__ExplainMoveView move = JB__EXPLAIN_MOVE_VIEW__INIT;
    Jb__ExplainMoveView *moves[] = {&move};
    Jb__DeadlineView deadline = JB__DEADLINE_VIEW__INIT;
    GIVE(&deadline, directive, 3);
    GIVE(&deadline, paused_from_ms, 5);
    day.kind = TEXT("off");
    day.name = TEXT("春节");
    move.kind = TEXT("set");
    x.deadline = &deadline;
    x.days = days;
    x.n_days = 2;
    x.moves = moves;
    x.n_moves = 1;
    GIVE(&x, agrees, true);
    list.n_deadlines = 1;
    list.deadlines = at;
    reply->body_case = JB__REPLY__BODY_EXPLAIN;
    reply->explain = &list;
    fake_send(peer, reply);
}

static void answer_rules(Jb__Reply *reply, struct fake_peer *peer)
{
    Jb__RuleList list = JB__RULE_LIST__INIT;
    Jb__RuleView rule = JB__RULE_VIEW__INIT;
    Jb__RuleView *at[] = {&rule};
    uint32_t warn[] = {5, 3, 1};
    rule.section = TEXT("deadline");
    rule.key = TEXT("handle");
    rule.warn_days = warn;
    rule.n_warn_days = 3;
    list.version = TEXT("2022-05-01.1");
    list.n_rules = 1;
    list.rules = at;
    reply->body_case = JB__REPLY__BODY_RULES;
    reply->rules = &list;
    fake_send(peer, reply);
}

static void answer_public(Jb__Reply *reply, struct fake_peer *peer)
{
    Jb__PublicView view = JB__PUBLIC_VIEW__INIT;
    Jb__PublicRowView row = JB__PUBLIC_ROW_VIEW__INIT;
    Jb__PublicRowView *rows[] = {&row};
    row.what = TEXT("answered");
    row.document = TEXT("意见〔2026〕7号");
    view.rows = rows;
    view.n_rows = 1;
    reply->body_case = JB__REPLY__BODY_PUBLIC_VIEW;
    reply->public_view = &view;
    fake_send(peer, reply);
}

static void answer_report(Jb__Reply *reply, struct fake_peer *peer, const Jb__GetReport *q)
{
    Jb__ReportView view = JB__REPORT_VIEW__INIT;
    Jb__FigureView f = JB__FIGURE_VIEW__INIT;
    Jb__FigureView *figures[] = {&f};
    int64_t cases[] = {INT64_C(2026112300007000429), 7};
    char *numbers[] = {TEXT("20261123-00007-00042-9")}; /* one is missing: it is not shown */
    protobuf_c_boolean counted[] = {1, 0};
    f.indicator = TEXT("on_time");
    GIVE(&f, numerator, 1);
    GIVE(&f, denominator, 2);
    f.case_nos = cases;
    f.n_case_nos = 2;
    f.numbers = numbers;
    f.n_numbers = 1;
    f.counted = counted;
    f.n_counted = 2;
    GIVE(&view, from_ms, q->from_ms);
    GIVE(&view, to_ms, q->to_ms);
    view.figures = figures;
    view.n_figures = 1;
    reply->body_case = JB__REPLY__BODY_REPORT;
    reply->report = &view;
    fake_send(peer, reply);
}

bool world_answer_orders(struct fake_peer *peer, const Jb__Request *r)
{
    Jb__Reply reply = JB__REPLY__INIT;
    reply.id = r->id;
    if (r->body_case == JB__REQUEST__BODY_DIRECTIVES)
        answer_directives(&reply, peer);
    else if (r->body_case == JB__REQUEST__BODY_DOCKETS)
        answer_dockets(&reply, peer);
    else if (r->body_case == JB__REQUEST__BODY_PROPOSALS)
        answer_proposals(&reply, peer);
    else if (r->body_case == JB__REQUEST__BODY_DELEGATIONS)
        answer_delegations(&reply, peer);
    else if (r->body_case == JB__REQUEST__BODY_EXPLAIN)
        answer_explain(&reply, peer);
    else if (r->body_case == JB__REQUEST__BODY_RULES)
        answer_rules(&reply, peer);
    else if (r->body_case == JB__REQUEST__BODY_PUBLIC_QUERY)
        answer_public(&reply, peer);
    else if (r->body_case == JB__REQUEST__BODY_REPORT)
        answer_report(&reply, peer, r->report);
    else
        return false;
    return true;
}
