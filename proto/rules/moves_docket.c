/* Supervision dockets and what belongs to them: the ladder from urging to the recommendation to
 * hold to account (Art 39, 40), informal reminders, plans and commitments. A docket has its own
 * number, period and closing, and outlives the closing of its case. */
#include "proto/rules/moves.h"

#define SKEW_MS INT64_C(300000) /* a node's clock may be this far ahead of the broker's */

/* From the talk on a step is the joint conference's act; an office takes it by naming the
 * conference's decision. */
static enum jb_refusal check_step(struct jb_move *m, int step)
{
    if (step < JB_STEP_TALK || m->self->kind == JB_NODE_JOINT_CONFERENCE || m->act->basis.len > 0)
        return JB_REFUSE_NONE;
    return jb_detail_set(m->v->detail, JB_REFUSE_CONFERENCE_ONLY,
                         "an office names the conference's decision in basis");
}

static enum jb_refusal check_due(struct jb_move *m)
{
    return m->act->due_ms != 0 && m->act->due_ms <= m->q->now_ms ? JB_REFUSE_DUE_IN_THE_PAST
                                                                 : JB_REFUSE_NONE;
}

/* Sets the period of a docket and records it; d->id 0: a new docket. */
static void draw_docket(struct jb_move *m, struct jb_docket *d)
{
    const struct jb_under under = {
        .docket = d->id != 0 ? d->id : m->last_docket_id + 1,
        .trigger_ms = m->q->now_ms,
        .designated_ms = m->act->due_ms,
    };

    d->deadline_id = jb_draw_clock_under(m, "docket", d->node, &under);
    (void)jb_emit_docket(m, d);
}

static void end_period(struct jb_move *m, const struct jb_docket *docket, enum jb_deadline_end end)
{
    const struct jb_deadline *d = jb_case_deadline(m->c, docket->deadline_id);

    if (d == NULL || d->end != JB_END_OPEN)
        return;
    if (end == JB_END_MET)
        jb_emit_met_now(m, d);
    else
        jb_emit_end(m, d, end);
}

/* ---- open ----------------------------------------------------------------------------------- */

static uint32_t concerned(const struct jb_move *m)
{
    return m->act->node != 0 ? m->act->node : m->c->host;
}

static int first_step(const struct jb_act *act)
{
    return act->step != 0 ? act->step : JB_STEP_SUPERVISE;
}

static enum jb_refusal check_concerned(struct jb_move *m)
{
    uint32_t node = concerned(m);
    enum jb_refusal refusal;

    if (node == 0 || (m->act->node == 0 && node == m->q->node))
        return jb_detail_set(m->v->detail, JB_REFUSE_FIELD_REQUIRED,
                             "node: whom the docket concerns");
    refusal = jb_reach_target(m, node);
    return refusal != JB_REFUSE_NONE ? refusal : jb_reach_directive(m, node, JB_POWER_SUPERVISE);
}

enum jb_refusal jb_check_open_docket(struct jb_move *m)
{
    const struct jb_case *c = m->c;
    enum jb_refusal refusal;

    if (!jb_node_is_office(m->self) || !jb_node_valid(m->self, m->q->now_ms))
        return JB_REFUSE_NOT_A_HOLDER;
    if (c->stage == JB_STAGE_NONE && m->act->title.len == 0)
        return jb_detail_set(m->v->detail, JB_REFUSE_FIELD_REQUIRED,
                             "title: a file of its own needs one");
    if (c->stage == JB_STAGE_REFERRED || c->stage == JB_STAGE_MERGED)
        return jb_detail_set(m->v->detail, JB_REFUSE_WRONG_STAGE, "the case is %s",
                             jb_stage_name(c->stage));
    if (jb_case_docket(c, m->act->docket_no) != NULL)
        return JB_REFUSE_DOCKET_NUMBER_TAKEN;
    refusal = check_step(m, first_step(m->act));
    if (refusal == JB_REFUSE_NONE)
        refusal = check_concerned(m);
    return refusal != JB_REFUSE_NONE ? refusal : check_due(m);
}

void jb_draw_open_docket(struct jb_move *m)
{
    struct jb_docket d = {
        .docket_no = m->act->docket_no,
        .step = (uint32_t)first_step(m->act),
        .node = concerned(m),
        .opener = m->q->node,
    };

    if (m->c->stage == JB_STAGE_NONE)
        jb_draw_file(m);
    jb_emit_joined(m, d.node, JB_ROLE_ORDERED);
    draw_docket(m, &d);
}

/* ---- step, close ---------------------------------------------------------------------------- */

/* The open docket that the act names, for its opener or the joint conference. */
static enum jb_refusal check_docket(struct jb_move *m)
{
    const struct jb_docket *d = jb_case_docket(m->c, m->act->docket_no);

    if (d == NULL || d->closed_ms != 0)
        return JB_REFUSE_NO_SUCH_DOCKET;
    if (jb_stand_in(m, d->opener) != m->q->node && m->self->kind != JB_NODE_JOINT_CONFERENCE)
        return jb_detail_set(m->v->detail, JB_REFUSE_WRONG_PARTY,
                             "a docket is its opener's, or the joint conference's");
    return JB_REFUSE_NONE;
}

/* The last rung is recorded here; the recommendation itself is a directive of that power. */
enum jb_refusal jb_check_step_docket(struct jb_move *m)
{
    const struct jb_docket *d = jb_case_docket(m->c, m->act->docket_no);
    enum jb_refusal refusal = check_docket(m);

    if (refusal == JB_REFUSE_NONE && (uint32_t)m->act->step <= d->step)
        refusal = JB_REFUSE_LADDER_ORDER;
    if (refusal == JB_REFUSE_NONE)
        refusal = check_step(m, m->act->step);
    return refusal != JB_REFUSE_NONE ? refusal : check_due(m);
}

void jb_draw_step_docket(struct jb_move *m)
{
    const struct jb_docket *before = jb_case_docket(m->c, m->act->docket_no);
    struct jb_docket d = *before;

    d.step = (uint32_t)m->act->step;
    end_period(m, before, JB_END_SUPERSEDED);
    draw_docket(m, &d);
}

enum jb_refusal jb_check_close_docket(struct jb_move *m)
{
    return check_docket(m);
}

void jb_draw_close_docket(struct jb_move *m)
{
    struct jb_docket d = *jb_case_docket(m->c, m->act->docket_no);

    d.closed_ms = m->q->now_ms;
    end_period(m, &d, JB_END_MET);
    (void)jb_emit_docket(m, &d);
}

/* ---- urge ----------------------------------------------------------------------------------- */

/* A reminder is recorded and changes nothing. It goes to somebody who takes part. */
enum jb_refusal jb_check_urge(struct jb_move *m)
{
    uint32_t node = concerned(m);
    char name[JB_NODE_TEXT];

    if (m->c->stage == JB_STAGE_REFERRED || m->c->stage == JB_STAGE_MERGED)
        return jb_detail_set(m->v->detail, JB_REFUSE_WRONG_STAGE, "the case is %s",
                             jb_stage_name(m->c->stage));
    if (node == m->q->node)
        return JB_REFUSE_SAME_NODE;
    if (!jb_case_has(m->c, node))
        return jb_detail_set(m->v->detail, JB_REFUSE_NOT_IN_AUDIENCE, "%s takes no part in it",
                             jb_node_text(m->book->directory, node, name));
    if (jb_node_is_office(m->self) || m->c->sender == m->q->node || m->c->host == m->q->node ||
        jb_directory_below(m->book->directory, node, m->q->node))
        return JB_REFUSE_NONE;
    return jb_detail_set(m->v->detail, JB_REFUSE_NOT_A_HOLDER,
                         "an office, the sender, the host or a superior urges");
}

/* ---- plans and commitments ------------------------------------------------------------------ */

#define OWNERS                                                                                     \
    (JB_ROLE_BIT(JB_ROLE_HOST) | JB_ROLE_BIT(JB_ROLE_CO_HANDLER) | JB_ROLE_BIT(JB_ROLE_ORDERED))

/* An office sets a plan for the host; a handler, or the receiver of a directive, for itself. */
static uint32_t plan_owner(const struct jb_move *m)
{
    return (jb_case_roles(m->c, m->q->node) & OWNERS) != 0 ? m->q->node : m->c->host;
}

enum jb_refusal jb_check_set_plan(struct jb_move *m)
{
    if (!jb_node_is_office(m->self) && plan_owner(m) != m->q->node)
        return jb_detail_set(m->v->detail, JB_REFUSE_WRONG_PARTY,
                             "a plan is the handlers', or an office's to set");
    return check_due(m);
}

void jb_draw_set_plan(struct jb_move *m)
{
    const struct jb_under under = {.trigger_ms = m->q->now_ms, .designated_ms = m->act->due_ms};

    if (m->act->official.len > 0)
        jb_emit_lead(m, m->act->official);
    if (m->act->due_ms != 0)
        (void)jb_draw_clock_under(m, "plan", plan_owner(m), &under);
}

enum jb_refusal jb_check_fulfil(struct jb_move *m)
{
    const struct jb_deadline *d = jb_case_deadline(m->c, m->act->deadline_id);
    char name[JB_NODE_TEXT];

    if (d == NULL || d->end != JB_END_OPEN)
        return jb_detail_set(m->v->detail, JB_REFUSE_NO_SUCH_DEADLINE, "deadline %u",
                             (unsigned)m->act->deadline_id);
    if (d->node != m->q->node)
        return jb_detail_set(m->v->detail, JB_REFUSE_DEADLINE_OF_ANOTHER, "owed by %s",
                             jb_node_text(m->book->directory, d->node, name));
    if (strcmp(d->key, "plan") != 0 && strcmp(d->key, "docket") != 0)
        return jb_detail_set(m->v->detail, JB_REFUSE_NO_SUCH_DEADLINE,
                             "%s is met by an act of its own", d->key);
    if (m->act->done_at_ms > m->q->now_ms + SKEW_MS)
        return jb_detail_set(m->v->detail, JB_REFUSE_CLOCK_IMPLAUSIBLE,
                             "done_at_ms lies in the future");
    return JB_REFUSE_NONE;
}

void jb_draw_fulfil(struct jb_move *m)
{
    jb_emit_met_now(m, jb_case_deadline(m->c, m->act->deadline_id));
}
