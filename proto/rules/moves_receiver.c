/* A directive at its receivers: signed for, answered, objected to; cleared or withdrawn by the
 * agency that issued it. An objection neither stops the receiver's clock nor releases it (P4.3).
 * Orders of the power ASSIGN are not dealt with here: they follow the case (sign_for, object,
 * answer, close), but for being withdrawn. */
#include "proto/rules/receivers.h"

/* ---- states --------------------------------------------------------------------------------- */

/* What a receiver may do in which state of its part; NONE: it may. */
static const struct {
    enum jb_refusal sign, answer, object;
} permits[JB_TARGET_STATE_END] = {
    [JB_TARGET_ISSUED] = {JB_REFUSE_NONE, JB_REFUSE_DIRECTIVE_OVER, JB_REFUSE_DIRECTIVE_OVER},
    [JB_TARGET_SIGNED] = {JB_REFUSE_ALREADY_DONE, JB_REFUSE_NONE, JB_REFUSE_NONE},
    [JB_TARGET_OBJECTED] = {JB_REFUSE_ALREADY_DONE, JB_REFUSE_NONE, JB_REFUSE_ALREADY_DONE},
    [JB_TARGET_ANSWERED] = {JB_REFUSE_ALREADY_DONE, JB_REFUSE_ALREADY_DONE,
                            JB_REFUSE_DIRECTIVE_OVER},
    [JB_TARGET_CLEARED] = {JB_REFUSE_DIRECTIVE_OVER, JB_REFUSE_DIRECTIVE_OVER,
                           JB_REFUSE_DIRECTIVE_OVER},
    [JB_TARGET_WITHDRAWN] = {JB_REFUSE_DIRECTIVE_OVER, JB_REFUSE_DIRECTIVE_OVER,
                             JB_REFUSE_DIRECTIVE_OVER},
    [JB_TARGET_SUPERSEDED] = {JB_REFUSE_DIRECTIVE_OVER, JB_REFUSE_DIRECTIVE_OVER,
                              JB_REFUSE_DIRECTIVE_OVER},
};

static void emit_state(struct jb_move *m, const struct jb_target *t, enum jb_target_state state,
                       uint32_t adopted)
{
    const struct jb_target now = {
        .directive = t->directive, .node = t->node, .state = state, .adopted = adopted};

    jb_emit_target(m, &now);
}

/* ---- the receiver's acts -------------------------------------------------------------------- */

static const struct jb_directive *act_directive(const struct jb_move *m)
{
    return jb_case_directive(m->c, (uint32_t)m->act->directive_no);
}

static const struct jb_target *own_target(const struct jb_move *m)
{
    return jb_case_target(m->c, (uint32_t)m->act->directive_no, m->q->node);
}

static enum jb_refusal no_such_directive(struct jb_move *m)
{
    return jb_detail_set(m->v->detail, JB_REFUSE_NO_SUCH_DIRECTIVE, "directive %llu",
                         (unsigned long long)m->act->directive_no);
}

/* One that waits for its countersignature is not there yet for its receivers. */
static enum jb_refusal check_receiver(struct jb_move *m)
{
    const struct jb_directive *d = act_directive(m);

    if (d == NULL || (d->status == JB_DIRECTIVE_WAITING && d->issuer != m->q->node))
        return no_such_directive(m);
    if (own_target(m) == NULL)
        return JB_REFUSE_NOT_A_RECEIVER;
    if (d->power == JB_POWER_ASSIGN)
        return jb_detail_set(m->v->detail, JB_REFUSE_VALUE_OUT_OF_RANGE,
                             "an assignment follows its case: sign_for, answer, object");
    return d->status == JB_DIRECTIVE_WAITING ? no_such_directive(m) : JB_REFUSE_NONE;
}

static enum jb_refusal permitted(struct jb_move *m, enum jb_refusal refusal)
{
    if (refusal == JB_REFUSE_NONE)
        return refusal;
    return jb_detail_set(m->v->detail, refusal, "the directive is %s here",
                         jb_target_state_name(own_target(m)->state));
}

enum jb_refusal jb_check_sign_directive(struct jb_move *m)
{
    enum jb_refusal refusal = check_receiver(m);

    return refusal != JB_REFUSE_NONE ? refusal : permitted(m, permits[own_target(m)->state].sign);
}

void jb_draw_sign_directive(struct jb_move *m)
{
    const struct jb_directive *d = act_directive(m);
    const struct jb_target *t = own_target(m);

    emit_state(m, t, JB_TARGET_SIGNED, 0);
    /* A circular asks for nothing but being read; a summons for being heard at once. */
    if (d->power == JB_POWER_CIRCULATE)
        emit_state(m, t, JB_TARGET_ANSWERED, 0);
    if (d->power == JB_POWER_CIRCULATE || d->demand == JB_DEMAND_SUMMONS)
        jb_draw_target_clock_end(m, t, JB_END_MET);
}

enum jb_refusal jb_check_answer_directive(struct jb_move *m)
{
    enum jb_refusal refusal = check_receiver(m);

    return refusal != JB_REFUSE_NONE ? refusal : permitted(m, permits[own_target(m)->state].answer);
}

void jb_draw_answer_directive(struct jb_move *m)
{
    const struct jb_directive *d = act_directive(m);
    uint32_t adopted = 0;

    if (d->power == JB_POWER_RECOMMEND)
        adopted = m->act->adopted ? 1 : 2;
    emit_state(m, own_target(m), JB_TARGET_ANSWERED, adopted);
    jb_draw_target_clock_end(m, own_target(m), JB_END_MET);
}

/* The period for an objection counts from receipt. */
static enum jb_refusal check_in_time(struct jb_move *m)
{
    const struct jb_target *t = own_target(m);
    int64_t from_ms = t->signed_ms != 0 ? t->signed_ms : act_directive(m)->issued_ms;
    struct jb_deadline d;

    if (jb_deadline_compute(m->policy, m->calendar, "object", from_ms, 0, &d) != JB_OK)
        return jb_detail_set(m->v->detail, JB_REFUSE_POLICY_MISSING, "deadline object");
    return m->q->now_ms >= d.due_ms ? JB_REFUSE_OBJECTION_TOO_LATE : JB_REFUSE_NONE;
}

enum jb_refusal jb_check_object_directive(struct jb_move *m)
{
    enum jb_refusal refusal = check_receiver(m);
    enum jb_target_state state;

    if (refusal != JB_REFUSE_NONE)
        return refusal;
    state = own_target(m)->state;
    /* Receive first, object after, P4.3. */
    if (m->policy->receive_first || state != JB_TARGET_ISSUED)
        refusal = permitted(m, permits[state].object);
    return refusal != JB_REFUSE_NONE ? refusal : check_in_time(m);
}

void jb_draw_object_directive(struct jb_move *m)
{
    const struct jb_target *t = own_target(m);

    emit_state(m, t, JB_TARGET_OBJECTED, 0);
    if (!m->policy->receive_first)
        jb_draw_target_clock_end(m, t, JB_END_CANCELLED);
}

/* ---- the issuer's acts ---------------------------------------------------------------------- */

static enum jb_refusal check_own_directive(struct jb_move *m)
{
    const struct jb_directive *d = act_directive(m);

    if (d == NULL || (d->status == JB_DIRECTIVE_WAITING && jb_stand_in(m, d->issuer) != m->q->node))
        return no_such_directive(m);
    if (jb_stand_in(m, d->issuer) != m->q->node)
        return jb_detail_set(m->v->detail, JB_REFUSE_WRONG_PARTY,
                             "this is for the agency that issued the directive");
    return d->status == JB_DIRECTIVE_ENDED ? JB_REFUSE_DIRECTIVE_OVER : JB_REFUSE_NONE;
}

/* Is this receiver's part to be ended by the act? */
static bool is_meant(const struct jb_move *m, const struct jb_target *t)
{
    return t->directive == m->act->directive_no && jb_target_is_open(t) &&
           (m->act->node == 0 || m->act->node == t->node);
}

/* What was not answered is waived with a reason only; a co-ordination ends with its minute. */
static enum jb_refusal check_clearing_text(struct jb_move *m)
{
    char name[JB_NODE_TEXT];

    if (m->act->text.len > 0)
        return JB_REFUSE_NONE;
    if (act_directive(m)->power == JB_POWER_COORDINATE)
        return jb_detail_set(m->v->detail, JB_REFUSE_FIELD_REQUIRED, "text: the minute");
    for (size_t i = 0; i < m->c->target_count; i++) {
        const struct jb_target *t = &m->c->targets[i];

        if (is_meant(m, t) && t->state != JB_TARGET_ANSWERED)
            return jb_detail_set(m->v->detail, JB_REFUSE_REASON_REQUIRED,
                                 "text: %s has not answered",
                                 jb_node_text(m->book->directory, t->node, name));
    }
    return JB_REFUSE_NONE;
}

enum jb_refusal jb_check_clear_directive(struct jb_move *m)
{
    const struct jb_directive *d = act_directive(m);
    enum jb_refusal refusal = check_own_directive(m);
    const struct jb_target *t;

    if (refusal != JB_REFUSE_NONE)
        return refusal;
    if (d->status == JB_DIRECTIVE_WAITING)
        return jb_detail_set(m->v->detail, JB_REFUSE_DIRECTIVE_OVER,
                             "it waits for its countersignature");
    if (d->power == JB_POWER_ASSIGN)
        return jb_detail_set(m->v->detail, JB_REFUSE_VALUE_OUT_OF_RANGE,
                             "an assignment is cleared by closing its case");
    t = m->act->node != 0 ? jb_case_target(m->c, d->id, m->act->node) : NULL;
    if (m->act->node != 0 && t == NULL)
        return jb_detail_set(m->v->detail, JB_REFUSE_NOT_A_RECEIVER, "node %u",
                             (unsigned)m->act->node);
    if (t != NULL && !jb_target_is_open(t))
        return JB_REFUSE_DIRECTIVE_OVER;
    return check_clearing_text(m);
}

static void end_meant(struct jb_move *m, enum jb_target_state state, enum jb_deadline_end end)
{
    const struct jb_text nobody = {NULL, 0};
    bool left = false;

    for (size_t i = 0; i < m->c->target_count; i++) {
        const struct jb_target *t = &m->c->targets[i];

        if (is_meant(m, t))
            jb_draw_target_over(m, t, state, end);
        else if (t->directive == m->act->directive_no && jb_target_is_open(t))
            left = true;
    }
    if (!left)
        jb_emit_directive_status(m, (uint32_t)m->act->directive_no, JB_DIRECTIVE_ENDED, nobody);
}

void jb_draw_clear_directive(struct jb_move *m)
{
    end_meant(m, JB_TARGET_CLEARED, JB_END_MET);
}

/* The case comes back, so it has to be with the one who got it under this order. */
static enum jb_refusal check_order_withdrawn(struct jb_move *m, const struct jb_directive *d)
{
    const struct jb_case *c = m->c;
    bool with_handler =
        c->stage == JB_STAGE_SENT || c->stage == JB_STAGE_SIGNED || c->stage == JB_STAGE_ACCEPTED;

    if (!with_handler)
        return jb_detail_set(m->v->detail, JB_REFUSE_WRONG_STAGE, "the case is %s",
                             jb_stage_name(c->stage));
    return jb_case_order(c) == d && c->sender == m->q->node ? JB_REFUSE_NONE
                                                            : JB_REFUSE_DIRECTIVE_OVER;
}

enum jb_refusal jb_check_withdraw_directive(struct jb_move *m)
{
    const struct jb_directive *d = act_directive(m);
    enum jb_refusal refusal = check_own_directive(m);

    if (refusal == JB_REFUSE_NONE && d->power == JB_POWER_ASSIGN)
        refusal = check_order_withdrawn(m, d);
    return refusal;
}

/* The clocks of the case end, or go back, with the case. */
static void draw_order_withdrawn(struct jb_move *m, const struct jb_directive *d)
{
    const struct jb_text nobody = {NULL, 0};

    for (size_t i = 0; i < m->c->target_count; i++) {
        if (is_meant(m, &m->c->targets[i]))
            emit_state(m, &m->c->targets[i], JB_TARGET_WITHDRAWN, 0);
    }
    jb_emit_directive_status(m, d->id, JB_DIRECTIVE_ENDED, nobody);
    jb_draw_return(m);
}

void jb_draw_withdraw_directive(struct jb_move *m)
{
    const struct jb_directive *d = act_directive(m);

    if (d->power == JB_POWER_ASSIGN)
        draw_order_withdrawn(m, d);
    else
        end_meant(m, JB_TARGET_WITHDRAWN, JB_END_CANCELLED);
}
