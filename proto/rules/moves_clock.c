/* Acts on a deadline that runs: extend, acknowledge, and the broker's own: received, warn, miss. */
#include "proto/rules/moves.h"

static const struct jb_deadline *act_deadline(const struct jb_move *m)
{
    if (m->act->kind == JB_ACT_EXTEND && m->act->deadline_id == 0)
        return jb_case_open_deadline(m->c, "handle");
    return jb_case_deadline(m->c, m->act->deadline_id);
}

static enum jb_refusal no_such_deadline(struct jb_move *m)
{
    return jb_detail_set(m->v->detail, JB_REFUSE_NO_SUCH_DEADLINE, "deadline %u",
                         (unsigned)m->act->deadline_id);
}

/* ---- extend --------------------------------------------------------------------------------- */

static bool is_assigner(const struct jb_move *m)
{
    uint32_t roles = jb_case_roles(m->c, m->q->node);

    return m->c->sender == m->q->node ||
           ((roles & JB_ROLE_BIT(JB_ROLE_ASSIGNER)) && jb_node_is_office(m->self));
}

/* The period of an assignment is the assigner's, every other limit its debtor's to extend. */
static enum jb_refusal check_extender(struct jb_move *m, const struct jb_deadline *d)
{
    bool own = d->node == m->q->node;
    bool assigned = strcmp(d->key, "assigned") == 0;
    char name[JB_NODE_TEXT];

    if (assigned && (own || !is_assigner(m)))
        return jb_detail_set(m->v->detail, JB_REFUSE_WRONG_PARTY,
                             "the period of an assignment is extended by the assigner");
    if (!assigned && !own)
        return jb_detail_set(m->v->detail, JB_REFUSE_DEADLINE_OF_ANOTHER, "owed by %s",
                             jb_node_text(m->book->directory, d->node, name));
    return JB_REFUSE_NONE;
}

/* A clock that was passed on to another holder has a new number there, but the same trigger: its
 * one extension has gone with it. */
static bool was_extended(const struct jb_case *c, const struct jb_deadline *d)
{
    for (size_t i = 0; i < c->deadline_count; i++) {
        const struct jb_deadline *other = &c->deadlines[i];

        if (other->extensions > 0 && other->trigger_ms == d->trigger_ms &&
            strcmp(other->key, d->key) == 0 && (other == d || other->end == JB_END_SUPERSEDED))
            return true;
    }
    return false;
}

enum jb_refusal jb_check_extend(struct jb_move *m)
{
    const struct jb_deadline *d = act_deadline(m);
    const struct jb_policy_row *row;
    enum jb_refusal refusal;

    if (d == NULL || d->end != JB_END_OPEN)
        return no_such_deadline(m);
    refusal = check_extender(m, d);
    if (refusal != JB_REFUSE_NONE)
        return refusal;
    row = jb_policy_row(m->book->policy, d->key);
    if (row == NULL || row->extension_days == 0)
        return jb_detail_set(m->v->detail, JB_REFUSE_NOT_EXTENDABLE, "%s", d->key);
    if (was_extended(m->c, d))
        return JB_REFUSE_EXTENDED_ALREADY;
    if (m->q->now_ms >= d->due_ms)
        return JB_REFUSE_EXTENSION_TOO_LATE;
    if (m->act->days > row->extension_days)
        return jb_detail_set(m->v->detail, JB_REFUSE_EXTENSION_TOO_LONG, "%u days, at most %u",
                             (unsigned)m->act->days, (unsigned)row->extension_days);
    return JB_REFUSE_NONE;
}

void jb_draw_extend(struct jb_move *m)
{
    const struct jb_deadline *d = act_deadline(m);
    struct jb_deadline now = *d;

    now.due_ms += m->act->days * JB_DAY_MS;
    jb_deadline_warn_steps(jb_policy_row(m->book->policy, d->key), d->trigger_ms, now.due_ms,
                           now.warn_at_ms);
    jb_emit_deadline_moved(m, d, &now, m->act->reason, true);
}

/* ---- acknowledge ---------------------------------------------------------------------------- */

enum jb_refusal jb_check_acknowledge(struct jb_move *m)
{
    const struct jb_deadline *d = act_deadline(m);
    char name[JB_NODE_TEXT];

    if (d == NULL || d->end != JB_END_OPEN)
        return no_such_deadline(m);
    if (d->node != m->q->node)
        return jb_detail_set(m->v->detail, JB_REFUSE_DEADLINE_OF_ANOTHER, "owed by %s",
                             jb_node_text(m->book->directory, d->node, name));
    return d->acked_node != 0 ? JB_REFUSE_ALREADY_DONE : JB_REFUSE_NONE;
}

void jb_draw_acknowledge(struct jb_move *m)
{
    jb_emit_deadline_mark(m, JB_EFFECT_DEADLINE_ACKNOWLEDGED, m->act->deadline_id);
}

/* ---- received: the five working days count from receipt ------------------------------------- */

/* Clocks that the host's receipt starts. One that was handed over with its old trigger does not. */
static const char *const from_receipt[] = {"sort", "notify", "object"};

/* The clock that the present hand-over started, running or lapsed unused before the case arrived.
 */
static const struct jb_deadline *started_by_sending(const struct jb_move *m, const char *key)
{
    for (size_t i = m->c->deadline_count; i > 0; i--) {
        const struct jb_deadline *d = &m->c->deadlines[i - 1];

        if (strcmp(d->key, key) == 0 && d->node == m->act->node &&
            d->trigger_ms == m->c->facts_ms[JB_FACT_SENT])
            return d;
    }
    return NULL;
}

static bool lapsed_unused(const struct jb_move *m, const struct jb_deadline *d)
{
    return d->end == JB_END_CANCELLED && d->ended_ms >= d->due_ms &&
           (m->c->stage == JB_STAGE_SENT || m->c->stage == JB_STAGE_SIGNED);
}

/* What the deadline becomes when it counts from receipt; false: it stays. */
static bool recount(const struct jb_move *m, const char *key, const struct jb_deadline **old,
                    struct jb_deadline *now)
{
    const struct jb_deadline *d = started_by_sending(m, key);

    if (d == NULL || (d->end != JB_END_OPEN && !lapsed_unused(m, d)) ||
        jb_case_open_deadline(m->c, key) != (d->end == JB_END_OPEN ? d : NULL))
        return false;
    if (jb_deadline_compute(m->book->policy, m->book->calendar, key, m->act->at_ms, 0, now) !=
        JB_OK)
        return false;
    *old = d;
    return now->due_ms > d->due_ms;
}

enum jb_refusal jb_check_received(struct jb_move *m)
{
    const struct jb_deadline *old;
    struct jb_deadline now;

    if (m->act->at_ms > m->q->now_ms)
        return jb_detail_set(m->v->detail, JB_REFUSE_VALUE_OUT_OF_RANGE,
                             "at_ms lies in the future");
    if (m->c->host != m->act->node || (m->act->log_seq != 0 && m->act->log_seq != m->c->sent_seq))
        return jb_detail_set(m->v->detail, JB_REFUSE_ALREADY_DONE, "the case has gone on since");
    for (size_t i = 0; i < sizeof from_receipt / sizeof from_receipt[0]; i++) {
        if (recount(m, from_receipt[i], &old, &now))
            return JB_REFUSE_NONE;
    }
    return JB_REFUSE_ALREADY_DONE;
}

void jb_draw_received(struct jb_move *m)
{
    const struct jb_deadline *old;
    struct jb_deadline now;

    for (size_t i = 0; i < sizeof from_receipt / sizeof from_receipt[0]; i++) {
        if (!recount(m, from_receipt[i], &old, &now))
            continue;
        if (old->end == JB_END_OPEN)
            jb_emit_deadline_moved(m, old, &now, jb_text_of("receipt"), false);
        else
            jb_emit_deadline(m, from_receipt[i], m->act->node, m->act->at_ms, 0);
    }
}

/* ---- warn, miss ----------------------------------------------------------------------------- */

enum jb_refusal jb_check_warn(struct jb_move *m)
{
    const struct jb_deadline *d = act_deadline(m);
    uint32_t step = m->act->step_no;

    if (d == NULL)
        return no_such_deadline(m);
    if (d->end != JB_END_OPEN || d->missed_ms != 0 || step <= d->warned)
        return JB_REFUSE_ALREADY_DONE;
    if (d->warn_at_ms[step - 1] == 0 || d->warn_at_ms[step - 1] > m->q->now_ms)
        return jb_detail_set(m->v->detail, JB_REFUSE_VALUE_OUT_OF_RANGE, "step %u has not fallen",
                             (unsigned)step);
    return JB_REFUSE_NONE;
}

void jb_draw_warn(struct jb_move *m)
{
    jb_emit_deadline_mark(m, JB_EFFECT_DEADLINE_WARNED, m->act->deadline_id);
}

enum jb_refusal jb_check_miss(struct jb_move *m)
{
    const struct jb_deadline *d = act_deadline(m);

    if (d == NULL)
        return no_such_deadline(m);
    if (d->end != JB_END_OPEN || d->missed_ms != 0)
        return JB_REFUSE_ALREADY_DONE;
    if (d->due_ms > m->q->now_ms)
        return jb_detail_set(m->v->detail, JB_REFUSE_VALUE_OUT_OF_RANGE, "not due yet");
    return JB_REFUSE_NONE;
}

void jb_draw_miss(struct jb_move *m)
{
    const struct jb_deadline *d = act_deadline(m);
    const struct jb_policy_row *row = jb_policy_row(m->book->policy, d->key);

    /* A right that was not used lapses; nobody is late. */
    if (row != NULL && row->right)
        jb_emit_end(m, d, JB_END_CANCELLED);
    else
        jb_emit_deadline_mark(m, JB_EFFECT_DEADLINE_MISSED, d->id);
}
