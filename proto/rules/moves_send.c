/* Sending a case on: register, assign, forward, hand over, designate, refer. Decides who becomes
 * host, which clocks start, go on or end with a hand-over, and who stays in the audience. */
#include "proto/rules/moves.h"

/* One hand-over. */
struct hand {
    uint32_t node; /* new host */
    int authority;
    struct jb_list32 co_handlers;
    bool order;    /* by an office or superior: starts the leg anew; otherwise between handlers */
    bool assigned; /* sets the "assigned" clock */
    bool no_return;
    int64_t due_ms; /* designated; 0: none */
};

static bool in_list(struct jb_list32 list, uint32_t node)
{
    for (size_t i = 0; i < list.count; i++) {
        if (list.at[i] == node)
            return true;
    }
    return false;
}

/* ---- effects common to all hand-overs ------------------------------------------------------- */

/* Who owes a superior's closing report goes on owing it when he passes the case down; a new order
 * over his head releases him. */
static bool assigned_stays(const struct jb_move *m, const struct hand *h,
                           const struct jb_deadline *d)
{
    return !h->order || d->node == m->q->node || !jb_reaches(m->book->directory, m->self, d->node);
}

static bool owes_kept_report(const struct jb_move *m, const struct hand *h, uint32_t node)
{
    for (size_t i = 0; i < m->c->deadline_count; i++) {
        const struct jb_deadline *d = &m->c->deadlines[i];

        if (d->end == JB_END_OPEN && d->node == node && strcmp(d->key, "assigned") == 0 &&
            assigned_stays(m, h, d))
            return true;
    }
    return false;
}

static bool stays(const struct jb_move *m, const struct hand *h, uint32_t node)
{
    uint32_t roles = jb_case_roles(m->c, node);

    if (node == h->node || node == m->q->node || in_list(h->co_handlers, node))
        return true;
    if (roles & (JB_ROLE_BIT(JB_ROLE_REGISTRAR) | JB_ROLE_BIT(JB_ROLE_INFORMED)))
        return true;
    if (!h->order && roles & JB_ROLE_BIT(JB_ROLE_CO_HANDLER))
        return true;
    return (roles & JB_ROLE_BIT(JB_ROLE_ASSIGNER)) &&
           (jb_node_is_office(jb_directory_find(m->book->directory, node)) ||
            owes_kept_report(m, h, node));
}

static bool seen_before(const struct jb_case *c, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (c->participants[i].node == c->participants[at].node)
            return true;
    }
    return false;
}

static void emit_audience(struct jb_move *m, const struct hand *h)
{
    const struct jb_case *c = m->c;

    jb_emit_joined(m, h->node, JB_ROLE_HOST);
    jb_emit_joined(m, m->q->node, JB_ROLE_ASSIGNER);
    for (size_t i = 0; i < h->co_handlers.count; i++)
        jb_emit_joined(m, h->co_handlers.at[i], JB_ROLE_CO_HANDLER);
    for (size_t i = 0; i < c->participant_count; i++) {
        uint32_t node = c->participants[i].node;

        if (!seen_before(c, i) && !stays(m, h, node))
            jb_emit_joined(m, node, JB_ROLE_LEFT);
    }
}

/* Sorted by who owed it; a superior who acts over its head releases it. */
static void emit_sorted(struct jb_move *m, const struct jb_deadline *d)
{
    bool late = d->missed_ms != 0 || m->q->now_ms >= d->due_ms;

    if (d->node != m->q->node)
        jb_emit_end(m, d, JB_END_SUPERSEDED);
    else
        jb_emit_end(m, d, late ? JB_END_MET_LATE : JB_END_MET);
}

/* What becomes of one clock that runs. */
static void emit_clock(struct jb_move *m, const struct hand *h, const struct jb_deadline *d)
{
    bool is_notify = strcmp(d->key, "notify") == 0;

    if (strcmp(d->key, "sort") == 0 || strcmp(d->key, "resort") == 0) {
        emit_sorted(m, d);
        return;
    }
    /* Clocks of the statute: a hand-over between handlers never resets them. */
    if (strcmp(d->key, "handle") == 0 || (is_notify && !h->order)) {
        jb_emit_deadline_passed_on(m, d, h->node);
        return;
    }
    if (is_notify || strcmp(d->key, "object") == 0 || strcmp(d->key, "rule") == 0 ||
        (strcmp(d->key, "assigned") == 0 && !assigned_stays(m, h, d)))
        jb_emit_end(m, d, JB_END_SUPERSEDED);
}

/* An office sorts what reaches it (Art 22), a handler tells the petitioner (Art 23). */
static void emit_first_clock(struct jb_move *m, const struct hand *h)
{
    const struct jb_case *c = m->c;

    if (jb_node_is_office(jb_directory_find(m->book->directory, h->node)))
        jb_emit_deadline(m, "sort", h->node, m->q->now_ms, 0);
    else if (!(c->flags & JB_FLAG_UNREACHABLE) && c->facts_ms[JB_FACT_TOLD] == 0)
        jb_emit_deadline(m, "notify", h->node, m->q->now_ms, 0);
}

static void emit_clocks(struct jb_move *m, const struct hand *h)
{
    const struct jb_case *c = m->c;
    int64_t now_ms = m->q->now_ms;

    for (size_t i = 0; i < c->deadline_count; i++) {
        if (c->deadlines[i].end == JB_END_OPEN)
            emit_clock(m, h, &c->deadlines[i]);
    }
    if (h->order)
        emit_first_clock(m, h);
    if (!h->no_return)
        jb_emit_deadline(m, "object", h->node, now_ms, 0);
    if (h->assigned)
        jb_emit_deadline(m, "assigned", h->node, now_ms, h->due_ms);
}

static void emit_hand(struct jb_move *m, const struct hand *h)
{
    jb_emit_stage(m, JB_STAGE_SENT);
    jb_emit_custody(m, h->node, h->authority, m->q->node);
    emit_audience(m, h);
    jb_emit_fact(m, JB_FACT_SENT, m->q->now_ms);
    jb_emit_fact_cleared(m, JB_FACT_SIGNED);
    if (m->c->objection_open)
        jb_emit_objection(m, m->c->objector, false, 0);
    emit_clocks(m, h);
}

/* ---- register ------------------------------------------------------------------------------- */

enum jb_refusal jb_check_register(struct jb_move *m)
{
    if (m->self == NULL)
        return jb_detail_set(m->v->detail, JB_REFUSE_UNKNOWN_NODE, "node %u", (unsigned)m->q->node);
    if (m->act->received_at_ms > m->q->now_ms + JB_DAY_MS)
        return jb_detail_set(m->v->detail, JB_REFUSE_CLOCK_IMPLAUSIBLE,
                             "received_at_ms lies in the future");
    return JB_REFUSE_NONE;
}

void jb_draw_register(struct jb_move *m)
{
    uint32_t node = m->q->node;

    jb_emit_stage(m, JB_STAGE_REGISTERED);
    jb_emit_custody(m, node, 0, 0);
    jb_emit_joined(m, node, JB_ROLE_REGISTRAR);
    /* An office owes the sorting; a handler that was approached directly owes the notice. */
    if (jb_node_is_office(m->self))
        jb_emit_deadline(m, "sort", node, m->q->now_ms, 0);
    else if (!(m->act->flags & JB_FLAG_UNREACHABLE))
        jb_emit_deadline(m, "notify", node, m->q->now_ms, 0);
}

/* ---- accusations ---------------------------------------------------------------------------- */

/* Neither content nor existence of an accusation may reach the accused (Art 30), and whom it is
 * against stands nowhere that the rules could look: so it goes to discipline organs or nowhere. */
static enum jb_refusal check_confined(struct jb_move *m, uint32_t to)
{
    const struct jb_node *n = jb_directory_find(m->book->directory, to);

    if (m->c->matter != JB_MATTER_ACCUSATION || (n != NULL && n->kind == JB_NODE_DISCIPLINE))
        return JB_REFUSE_NONE;
    return JB_REFUSE_ACCUSATION_CONFINED;
}

/* ---- orders: assign, forward, designate ----------------------------------------------------- */

static enum jb_refusal check_co_handlers(struct jb_move *m)
{
    for (size_t i = 0; i < m->act->co_handlers.count; i++) {
        uint32_t node = m->act->co_handlers.at[i];
        enum jb_refusal refusal = jb_reach_target(m, node);

        if (refusal != JB_REFUSE_NONE)
            return refusal;
        if (m->self == NULL || !jb_reaches(m->book->directory, m->self, node))
            return jb_detail_set(m->v->detail, JB_REFUSE_NO_AUTHORITY, "co-handler %u",
                                 (unsigned)node);
    }
    return JB_REFUSE_NONE;
}

static enum jb_refusal check_order(struct jb_move *m, int authority)
{
    enum jb_refusal refusal = jb_reach_target(m, m->act->node);

    if (refusal == JB_REFUSE_NONE)
        refusal = check_confined(m, m->act->node);
    if (refusal == JB_REFUSE_NONE)
        refusal = jb_reach_order(m, m->act->node);
    if (refusal == JB_REFUSE_NONE)
        refusal = check_co_handlers(m);
    if (refusal == JB_REFUSE_NONE)
        refusal = jb_reach_rank(m, authority);
    return refusal;
}

static enum jb_refusal check_due(struct jb_move *m)
{
    struct jb_deadline d;
    int64_t due_ms = m->act->due_ms;

    if (due_ms == 0)
        return JB_REFUSE_NONE;
    if (due_ms <= m->q->now_ms)
        return JB_REFUSE_DUE_IN_THE_PAST;
    if (!m->book->policy->never_lengthen)
        return JB_REFUSE_NONE;
    if (jb_deadline_compute(m->book->policy, m->book->calendar, "assigned", m->q->now_ms, 0, &d) !=
        JB_OK)
        return jb_detail_set(m->v->detail, JB_REFUSE_POLICY_MISSING, "deadline assigned");
    if (due_ms > d.due_ms)
        return jb_detail_set(m->v->detail, JB_REFUSE_LENGTHENS_STATUTORY,
                             "at most %u days from today", (unsigned)d.limit);
    return JB_REFUSE_NONE;
}

static int assign_authority(const struct jb_act *act)
{
    return act->authority != 0 ? act->authority : JB_AUTHORITY_FIRST_ASSIGNMENT;
}

static bool no_return(const struct jb_move *m, int authority)
{
    return authority == JB_AUTHORITY_JOINT_CONFERENCE &&
           m->book->policy->no_return_after_designation;
}

enum jb_refusal jb_check_assign(struct jb_move *m)
{
    int authority = assign_authority(m->act);
    enum jb_refusal refusal;

    if (authority < JB_AUTHORITY_ASSIGN)
        return jb_detail_set(m->v->detail, JB_REFUSE_VALUE_OUT_OF_RANGE,
                             "authority of an assignment: assign, first_assignment or "
                             "joint_conference");
    /* An office may carry out the conference's decision, but must name it. */
    if (authority == JB_AUTHORITY_JOINT_CONFERENCE && m->self->kind != JB_NODE_JOINT_CONFERENCE &&
        m->act->basis.len == 0)
        return jb_detail_set(m->v->detail, JB_REFUSE_FIELD_REQUIRED,
                             "basis: the joint conference's decision must be named");
    refusal = check_order(m, authority);
    return refusal != JB_REFUSE_NONE ? refusal : check_due(m);
}

void jb_draw_assign(struct jb_move *m)
{
    int authority = assign_authority(m->act);
    struct hand h = {
        .node = m->act->node,
        .authority = authority,
        .co_handlers = m->act->co_handlers,
        .order = true,
        .assigned = true,
        .no_return = no_return(m, authority),
        .due_ms = m->act->due_ms,
    };

    emit_hand(m, &h);
}

enum jb_refusal jb_check_forward(struct jb_move *m)
{
    return check_order(m, JB_AUTHORITY_FORWARD);
}

void jb_draw_forward(struct jb_move *m)
{
    struct hand h = {
        .node = m->act->node,
        .authority = JB_AUTHORITY_FORWARD,
        .co_handlers = m->act->co_handlers,
        .order = true,
    };

    emit_hand(m, &h);
}

enum jb_refusal jb_check_designate(struct jb_move *m)
{
    const struct jb_directory *d = m->book->directory;
    enum jb_refusal refusal;

    if (m->self == NULL)
        return JB_REFUSE_NOT_A_HOLDER;
    if (m->self->kind == JB_NODE_JOINT_CONFERENCE) {
        refusal = check_order(m, JB_AUTHORITY_JOINT_CONFERENCE);
        return refusal != JB_REFUSE_NONE ? refusal : check_due(m);
    }
    refusal = jb_reach_target(m, m->act->node);
    if (refusal != JB_REFUSE_NONE)
        return refusal;
    if (!jb_directory_below(d, m->c->host, m->q->node) ||
        !jb_directory_below(d, m->act->node, m->q->node))
        return jb_detail_set(m->v->detail, JB_REFUSE_NOT_A_HOLDER,
                             "designation is for the joint conference or a common superior");
    refusal = check_order(m, JB_AUTHORITY_JOINT_CONFERENCE);
    return refusal != JB_REFUSE_NONE ? refusal : check_due(m);
}

void jb_draw_designate(struct jb_move *m)
{
    struct hand h = {
        .node = m->act->node,
        .authority = JB_AUTHORITY_JOINT_CONFERENCE,
        .co_handlers = m->act->co_handlers,
        .order = true,
        .assigned = true,
        .no_return = no_return(m, JB_AUTHORITY_JOINT_CONFERENCE),
        .due_ms = m->act->due_ms,
    };

    emit_hand(m, &h);
}

/* ---- between handlers ----------------------------------------------------------------------- */

static bool is_handler(const struct jb_node *n)
{
    return n->kind == JB_NODE_GOVERNMENT || n->kind == JB_NODE_DEPARTMENT ||
           n->kind == JB_NODE_ENTERPRISE;
}

enum jb_refusal jb_check_handover(struct jb_move *m)
{
    const struct jb_directory *d = m->book->directory;
    enum jb_refusal refusal = jb_reach_target(m, m->act->node);
    const struct jb_node *to = jb_directory_find(d, m->act->node);
    bool downward, sideways;

    if (refusal == JB_REFUSE_NONE)
        refusal = check_confined(m, m->act->node);
    if (refusal != JB_REFUSE_NONE)
        return refusal;
    if (m->self == NULL || !is_handler(to))
        return jb_detail_set(m->v->detail, JB_REFUSE_NO_AUTHORITY,
                             "hand-overs go between handlers; object to give a case back");
    downward = jb_directory_below(d, m->act->node, m->q->node);
    sideways = m->self->parent != 0 && to->parent == m->self->parent;
    if (m->c->authority >= JB_AUTHORITY_ASSIGN && !downward)
        return jb_detail_set(m->v->detail, JB_REFUSE_OUTRANKED,
                             "under an assignment a case goes only down the handler's own tree");
    if (!downward && !sideways)
        return jb_detail_set(m->v->detail, JB_REFUSE_NO_AUTHORITY,
                             "not under the same parent as the sender, nor below it");
    if (m->c->objection_open)
        return JB_REFUSE_OBJECTION_OPEN;
    if (m->c->hops >= m->book->policy->hops_max)
        return jb_detail_set(m->v->detail, JB_REFUSE_TOO_MANY_HOPS, "%u hand-overs",
                             (unsigned)m->c->hops);
    return JB_REFUSE_NONE;
}

void jb_draw_handover(struct jb_move *m)
{
    /* Passed down under an assignment it stays under that assignment. */
    bool under = m->c->authority >= JB_AUTHORITY_ASSIGN;
    struct hand h = {
        .node = m->act->node,
        .authority = under ? m->c->authority : JB_AUTHORITY_PEER,
        .no_return = no_return(m, m->c->authority),
    };

    emit_hand(m, &h);
}

/* ---- refer ---------------------------------------------------------------------------------- */

enum jb_refusal jb_check_refer(struct jb_move *m)
{
    enum jb_refusal refusal = JB_REFUSE_NONE;

    if (!jb_node_is_office(m->self) && m->c->matter != JB_MATTER_ACCUSATION)
        return jb_detail_set(m->v->detail, JB_REFUSE_WRONG_PARTY,
                             "a handler refers accusations only");
    if (m->act->node != 0)
        refusal = jb_reach_target(m, m->act->node);
    if (refusal == JB_REFUSE_NONE && m->act->node != 0)
        refusal = check_confined(m, m->act->node);
    return refusal;
}

void jb_draw_refer(struct jb_move *m)
{
    const struct jb_case *c = m->c;

    jb_emit_stage(m, JB_STAGE_REFERRED);
    jb_emit_fact(m, JB_FACT_REFERRED, m->q->now_ms);
    if (m->act->node != 0)
        jb_emit_joined(m, m->act->node, JB_ROLE_INFORMED);
    jb_emit_met(m, "sort");
    jb_emit_met(m, "resort");
    for (size_t i = 0; i < c->deadline_count; i++) {
        const struct jb_deadline *d = &c->deadlines[i];

        if (d->end == JB_END_OPEN && strcmp(d->key, "sort") != 0 && strcmp(d->key, "resort") != 0)
            jb_emit_end(m, d, JB_END_CANCELLED);
    }
}
