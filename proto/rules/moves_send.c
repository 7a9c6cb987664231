/* Sending a case on: assign, forward, designate, hand over between handlers, refer. Decides who may
 * send what to whom; what follows is moves_hand.c's. */
#include "proto/rules/confine.h"
#include "proto/rules/moves_hand.h"
#include "proto/rules/moves_life.h"

/* ---- orders: assign, forward, designate ----------------------------------------------------- */

/* May this agency get the case at all? */
static enum jb_refusal check_receiver(struct jb_move *m, uint32_t node)
{
    struct jb_text nobody = {NULL, 0};
    enum jb_refusal refusal = jb_reach_target(m, node);
    char name[JB_NODE_TEXT];

    if (refusal != JB_REFUSE_NONE)
        return refusal;
    if (!jb_confine_allows(m, node))
        return JB_REFUSE_ACCUSATION_CONFINED;
    if (jb_case_recused(m->c, node, nobody))
        return jb_detail_set(m->v->detail, JB_REFUSE_RECUSED, "%s",
                             jb_node_text(m->book->directory, node, name));
    return JB_REFUSE_NONE;
}

static enum jb_refusal check_co_handlers(struct jb_move *m)
{
    for (size_t i = 0; i < m->act->co_handlers.count; i++) {
        uint32_t node = m->act->co_handlers.at[i];
        enum jb_refusal refusal = check_receiver(m, node);

        if (refusal != JB_REFUSE_NONE)
            return refusal;
        if (m->self == NULL || !jb_reaches(m->book->directory, m->self, node))
            return jb_detail_set(m->v->detail, JB_REFUSE_NO_AUTHORITY, "co-handler %u",
                                 (unsigned)node);
    }
    return JB_REFUSE_NONE;
}

/* The dispute was put into its hands: whoever's hand-over is in force, it decides. */
static bool is_arbiter(const struct jb_move *m)
{
    return m->c->dispute_level != 0 && m->c->arbiter == m->q->node;
}

static enum jb_refusal check_order(struct jb_move *m, int authority)
{
    enum jb_refusal refusal = check_receiver(m, m->act->node);

    if (refusal == JB_REFUSE_NONE)
        refusal = jb_reach_order(m, m->act->node);
    if (refusal == JB_REFUSE_NONE)
        refusal = check_co_handlers(m);
    if (refusal == JB_REFUSE_NONE && !is_arbiter(m))
        refusal = jb_reach_rank(m, authority);
    return refusal;
}

/* When the same agency is ordered once more, its report is due no later than before, as long as
 * that day has not gone by; 0: nothing of the kind runs. */
static int64_t due_before(const struct jb_move *m)
{
    const struct jb_deadline *d = jb_case_open_deadline(m->c, "assigned");

    if (d == NULL || d->node != m->act->node || m->c->host != m->act->node ||
        d->due_ms <= m->q->now_ms || !m->policy->never_lengthen)
        return 0;
    return d->due_ms;
}

/* The designated instant of an order: the act's, or the earlier one that runs already. */
static int64_t due_of_order(const struct jb_move *m)
{
    int64_t before_ms = due_before(m);

    return m->act->due_ms == 0 || (before_ms != 0 && before_ms < m->act->due_ms) ? before_ms
                                                                                 : m->act->due_ms;
}

static enum jb_refusal check_due(struct jb_move *m)
{
    struct jb_deadline d;
    int64_t due_ms = m->act->due_ms;

    if (due_ms == 0)
        return JB_REFUSE_NONE;
    if (due_ms <= m->q->now_ms)
        return JB_REFUSE_DUE_IN_THE_PAST;
    if (!m->policy->never_lengthen)
        return JB_REFUSE_NONE;
    if (jb_deadline_compute(m->policy, m->calendar, "assigned", m->q->now_ms, 0, &d) != JB_OK)
        return jb_detail_set(m->v->detail, JB_REFUSE_POLICY_MISSING, "deadline assigned");
    if (due_ms > d.due_ms)
        return jb_detail_set(m->v->detail, JB_REFUSE_LENGTHENS_STATUTORY,
                             "at most %u days from today", (unsigned)d.limit);
    if (due_before(m) != 0 && due_ms > due_before(m))
        return jb_detail_set(m->v->detail, JB_REFUSE_LENGTHENS_STATUTORY,
                             "its period by the order before ends earlier: extend that one");
    return JB_REFUSE_NONE;
}

static int assign_authority(const struct jb_act *act)
{
    return act->authority != 0 ? act->authority : JB_AUTHORITY_FIRST_ASSIGNMENT;
}

static bool no_return(const struct jb_move *m, int authority)
{
    return authority == JB_AUTHORITY_JOINT_CONFERENCE && m->policy->no_return_after_designation;
}

/* ---- matters that are not an office's to place ---------------------------------------------- */

/* Its place has been found already: the conference's decision is in force, and its host passes it
 * on. */
static bool placed_by_conference(const struct jb_move *m)
{
    return m->c->authority == JB_AUTHORITY_JOINT_CONFERENCE && m->c->host == m->q->node;
}

static enum jb_refusal check_cross_boundary(struct jb_move *m, int authority)
{
    if (!(m->c->flags & JB_FLAG_CROSS_BOUNDARY) || !m->policy->conference_leads_cross)
        return JB_REFUSE_NONE;
    if (m->self->kind == JB_NODE_JOINT_CONFERENCE || authority == JB_AUTHORITY_JOINT_CONFERENCE ||
        placed_by_conference(m))
        return JB_REFUSE_NONE;
    return jb_detail_set(m->v->detail, JB_REFUSE_CONFERENCE_LEADS,
                         "escalate it to the joint conference, or name its decision as the basis");
}

static enum jb_refusal check_litigation(struct jb_move *m)
{
    const struct jb_node *to = jb_directory_find(m->book->directory, m->act->node);

    if (!(m->c->flags & JB_FLAG_LITIGATION) || to == NULL || jb_node_is_office(to))
        return JB_REFUSE_NONE;
    return jb_detail_set(m->v->detail, JB_REFUSE_EXIT_TAKEN,
                         "litigation-related: refer it, or classify it anew");
}

/* Art 19(3). An accusation is nowhere mentioned, not even here. */
static enum jb_refusal check_repeat(struct jb_move *m)
{
    for (size_t i = 0; i < m->c->mark_count; i++) {
        const struct jb_mark *mark = &m->c->marks[i];
        const struct jb_case *other;

        if (mark->kind != JB_MARK_LINK || mark->value != JB_LINK_REPEAT)
            continue;
        other = jb_move_other(m, mark->other_case_no);
        if (other != NULL && !jb_stage_is_final(other->stage) && !jb_confined(other))
            return jb_detail_set(m->v->detail, JB_REFUSE_IN_HAND_ELSEWHERE,
                                 "case %lld: merge this one into it, or close it",
                                 (long long)mark->other_case_no);
    }
    return JB_REFUSE_NONE;
}

static enum jb_refusal check_placing(struct jb_move *m, int authority)
{
    enum jb_refusal refusal = check_cross_boundary(m, authority);

    if (refusal == JB_REFUSE_NONE)
        refusal = check_litigation(m);
    return refusal != JB_REFUSE_NONE ? refusal : check_repeat(m);
}

/* ---- assign --------------------------------------------------------------------------------- */

/* Rule 6: a named leader stands behind an assignment that skips levels or concerns a mass matter.
 */
static enum jb_refusal check_countersigned(struct jb_move *m)
{
    enum jb_refusal refusal = jb_check_countersign(m, m->act->node, m->c->people);

    for (size_t i = 0; i < m->act->co_handlers.count && refusal == JB_REFUSE_NONE; i++)
        refusal = jb_check_countersign(m, m->act->co_handlers.at[i], m->c->people);
    return refusal;
}

static enum jb_refusal check_authority(struct jb_move *m, int authority)
{
    if (authority < JB_AUTHORITY_ASSIGN)
        return jb_detail_set(m->v->detail, JB_REFUSE_VALUE_OUT_OF_RANGE,
                             "authority of an assignment: assign, first_assignment or "
                             "joint_conference");
    /* An office may carry out the conference's decision, but must name it. */
    if (authority == JB_AUTHORITY_JOINT_CONFERENCE && m->self->kind != JB_NODE_JOINT_CONFERENCE &&
        m->act->basis.len == 0)
        return jb_detail_set(m->v->detail, JB_REFUSE_FIELD_REQUIRED,
                             "basis: the joint conference's decision must be named");
    return JB_REFUSE_NONE;
}

enum jb_refusal jb_check_assign(struct jb_move *m)
{
    int authority = assign_authority(m->act);
    enum jb_refusal refusal = check_authority(m, authority);

    if (refusal == JB_REFUSE_NONE)
        refusal = check_order(m, authority);
    if (refusal == JB_REFUSE_NONE)
        refusal = check_placing(m, authority);
    if (refusal == JB_REFUSE_NONE)
        refusal = check_due(m);
    return refusal != JB_REFUSE_NONE ? refusal : check_countersigned(m);
}

void jb_draw_assign(struct jb_move *m)
{
    int authority = assign_authority(m->act);
    struct jb_hand h = {
        .node = m->act->node,
        .authority = authority,
        .order_authority = authority,
        .co_handlers = m->act->co_handlers,
        .order = true,
        .assigned = true,
        .no_return = no_return(m, authority),
        .due_ms = due_of_order(m),
    };

    jb_draw_hand(m, &h);
}

/* ---- forward -------------------------------------------------------------------------------- */

enum jb_refusal jb_check_forward(struct jb_move *m)
{
    enum jb_refusal refusal = check_order(m, JB_AUTHORITY_FORWARD);

    return refusal != JB_REFUSE_NONE ? refusal : check_placing(m, JB_AUTHORITY_FORWARD);
}

/* An office that forwards what was assigned to it still owes its superior the report: the case
 * stays under an assignment, whose result it needs. */
static int forward_authority(const struct jb_move *m)
{
    const struct jb_directive *order = m->c->host == m->q->node ? jb_case_order(m->c) : NULL;

    if (order == NULL || order->authority < JB_AUTHORITY_ASSIGN)
        return JB_AUTHORITY_FORWARD;
    return order->authority < JB_AUTHORITY_FIRST_ASSIGNMENT ? (int)order->authority
                                                            : JB_AUTHORITY_FIRST_ASSIGNMENT;
}

void jb_draw_forward(struct jb_move *m)
{
    struct jb_hand h = {
        .node = m->act->node,
        .authority = forward_authority(m),
        .order_authority = JB_AUTHORITY_FORWARD,
        .co_handlers = m->act->co_handlers,
        .order = true,
    };

    jb_draw_hand(m, &h);
}

/* ---- designate ------------------------------------------------------------------------------ */

enum jb_refusal jb_check_designate(struct jb_move *m)
{
    const struct jb_directory *d = m->book->directory;
    enum jb_refusal refusal;

    if (m->self == NULL)
        return JB_REFUSE_NOT_A_HOLDER;
    if (m->self->kind != JB_NODE_JOINT_CONFERENCE) {
        refusal = jb_reach_target(m, m->act->node);
        if (refusal != JB_REFUSE_NONE)
            return refusal;
        if (!jb_directory_below(d, m->c->host, m->q->node) ||
            !jb_directory_below(d, m->act->node, m->q->node))
            return jb_detail_set(m->v->detail, JB_REFUSE_NOT_A_HOLDER,
                                 "designation is for the joint conference or a common superior");
    }
    refusal = check_order(m, JB_AUTHORITY_JOINT_CONFERENCE);
    return refusal != JB_REFUSE_NONE ? refusal : check_due(m);
}

void jb_draw_designate(struct jb_move *m)
{
    struct jb_hand h = {
        .node = m->act->node,
        .authority = JB_AUTHORITY_JOINT_CONFERENCE,
        .order_authority = JB_AUTHORITY_JOINT_CONFERENCE,
        .co_handlers = m->act->co_handlers,
        .order = true,
        .assigned = true,
        .no_return = no_return(m, JB_AUTHORITY_JOINT_CONFERENCE),
        .due_ms = due_of_order(m),
    };

    jb_draw_hand(m, &h);
}

/* ---- between handlers ----------------------------------------------------------------------- */

static bool is_handler(const struct jb_node *n)
{
    return n->kind == JB_NODE_GOVERNMENT || n->kind == JB_NODE_DEPARTMENT ||
           n->kind == JB_NODE_ENTERPRISE;
}

/* Down the own tree, or to an agency under the same parent; under an assignment down only. */
static enum jb_refusal check_peer(struct jb_move *m, const struct jb_node *to)
{
    bool downward = jb_directory_below(m->book->directory, to->node, m->q->node);
    bool sideways = m->self->parent != 0 && to->parent == m->self->parent;

    if (m->c->authority >= JB_AUTHORITY_ASSIGN && !downward && m->policy->sub_assign_within_tree)
        return jb_detail_set(m->v->detail, JB_REFUSE_OUTRANKED,
                             "under an assignment a case goes only down the handler's own tree");
    if (!downward && !sideways)
        return jb_detail_set(m->v->detail, JB_REFUSE_NO_AUTHORITY,
                             "not under the same parent as the sender, nor below it");
    return JB_REFUSE_NONE;
}

static bool too_many_hops(const struct jb_move *m)
{
    return m->c->hops >= m->policy->hops_max;
}

enum jb_refusal jb_check_handover(struct jb_move *m)
{
    const struct jb_node *to = jb_directory_find(m->book->directory, m->act->node);
    enum jb_refusal refusal = check_receiver(m, m->act->node);
    struct jb_arbiter arbiter;
    char name[JB_NODE_TEXT];

    if (refusal != JB_REFUSE_NONE)
        return refusal;
    if (m->self == NULL || !is_handler(to))
        return jb_detail_set(m->v->detail, JB_REFUSE_NO_AUTHORITY,
                             "hand-overs go between handlers; object to give a case back");
    refusal = check_peer(m, to);
    if (refusal == JB_REFUSE_NONE)
        refusal = check_cross_boundary(m, JB_AUTHORITY_PEER);
    if (refusal == JB_REFUSE_NONE)
        refusal = check_litigation(m);
    if (refusal != JB_REFUSE_NONE)
        return refusal;
    if (m->c->objection_open)
        return JB_REFUSE_OBJECTION_OPEN;
    if (m->c->dispute_level != 0)
        return jb_detail_set(m->v->detail, JB_REFUSE_TOO_MANY_HOPS, "in dispute, before %s",
                             jb_node_text(m->book->directory, m->c->arbiter, name));
    if (too_many_hops(m) && !jb_find_arbiter(m, 0, 0, &arbiter))
        return jb_detail_set(m->v->detail, JB_REFUSE_TOO_MANY_HOPS, "%u hand-overs",
                             (unsigned)m->c->hops);
    return JB_REFUSE_NONE;
}

void jb_draw_handover(struct jb_move *m)
{
    /* Passed down under an assignment it stays under that assignment. */
    bool under = m->c->authority >= JB_AUTHORITY_ASSIGN;
    struct jb_hand h = {
        .node = m->act->node,
        .authority = under ? m->c->authority : JB_AUTHORITY_PEER,
        .no_return = no_return(m, m->c->authority),
    };

    /* Sent about too often: the case stays, and a superior says whose it is. */
    if (too_many_hops(m) && jb_draw_dispute(m))
        return;
    jb_draw_hand(m, &h);
}

/* ---- refer ---------------------------------------------------------------------------------- */

enum jb_refusal jb_check_refer(struct jb_move *m)
{
    if (!jb_node_is_office(m->self) && !jb_confined(m->c))
        return jb_detail_set(m->v->detail, JB_REFUSE_WRONG_PARTY,
                             "a handler refers accusations only");
    return m->act->node != 0 ? check_receiver(m, m->act->node) : JB_REFUSE_NONE;
}

void jb_draw_refer(struct jb_move *m)
{
    jb_emit_stage(m, JB_STAGE_REFERRED);
    jb_emit_fact(m, JB_FACT_REFERRED, m->q->now_ms);
    if (m->act->node != 0)
        jb_emit_joined(m, m->act->node, JB_ROLE_INFORMED);
    jb_emit_met(m, "sort");
    jb_emit_met(m, "resort");
    jb_draw_case_over(m);
}
