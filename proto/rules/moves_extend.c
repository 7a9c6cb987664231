/* What the debtor of a deadline, or whoever set it, does about it: extend, acknowledge. */
#include "proto/rules/moves_life.h"

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

static enum jb_refusal deadline_of_another(struct jb_move *m, const struct jb_deadline *d)
{
    char name[JB_NODE_TEXT];

    return jb_detail_set(m->v->detail, JB_REFUSE_DEADLINE_OF_ANOTHER, "owed by %s",
                         jb_node_text(m->book->directory, d->node, name));
}

/* ---- extend --------------------------------------------------------------------------------- */

/* Who laid it on the debtor: issuer of the directive, opener of the docket; 0: the law, or nobody
 * that is known. */
static uint32_t set_by(const struct jb_move *m, const struct jb_deadline *d)
{
    const struct jb_case *c = m->c;
    const struct jb_directive *directive = jb_case_directive(c, d->directive);

    if (d->directive != 0 && directive != NULL)
        return jb_stand_in(m, directive->issuer);
    for (size_t i = 0; d->docket != 0 && i < c->docket_count; i++) {
        if (c->dockets[i].id == d->docket)
            return jb_stand_in(m, c->dockets[i].opener);
    }
    return 0;
}

static bool is_assigner(const struct jb_move *m)
{
    uint32_t roles = jb_case_roles(m->c, m->q->node);

    return m->c->sender == m->q->node ||
           ((roles & JB_ROLE_BIT(JB_ROLE_ASSIGNER)) && jb_node_is_office(m->self));
}

/* A period that somebody set is his to extend, every other limit its debtor's. */
static enum jb_refusal check_extender(struct jb_move *m, const struct jb_deadline *d)
{
    bool own = d->node == m->q->node;
    bool assigned = strcmp(d->key, "assigned") == 0;
    uint32_t setter = set_by(m, d);

    if (setter != 0 && setter != m->q->node)
        return jb_detail_set(m->v->detail, JB_REFUSE_WRONG_PARTY,
                             "the period of %s is extended by whoever set it",
                             assigned ? "an assignment" : d->key);
    if (setter == 0 && assigned && (own || !is_assigner(m)))
        return jb_detail_set(m->v->detail, JB_REFUSE_WRONG_PARTY,
                             "the period of an assignment is extended by the assigner");
    if (setter == 0 && !assigned && !own)
        return deadline_of_another(m, d);
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

/* Art 34: the petitioner is told the reasons why his matter takes longer. */
static enum jb_refusal check_reasons_told(struct jb_move *m, const struct jb_deadline *d)
{
    bool unreachable = (m->c->flags & JB_FLAG_UNREACHABLE) != 0;

    if (strcmp(d->key, "handle") == 0 && m->act->told_at_ms == 0 && !unreachable)
        return jb_detail_set(m->v->detail, JB_REFUSE_NOT_TOLD,
                             "told_at_ms: when the reasons of the extension were told");
    return jb_check_done_at(m, "told_at_ms", m->act->told_at_ms);
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
    row = jb_book_row_of(m->book, d);
    if (row == NULL || row->extension_days == 0)
        return jb_detail_set(m->v->detail, JB_REFUSE_NOT_EXTENDABLE, "%s", d->key);
    if (jb_case_recused(m->c, m->q->node, m->act->approved_by))
        return jb_detail_set(m->v->detail, JB_REFUSE_RECUSED, "%s", "approved_by");
    if (was_extended(m->c, d))
        return JB_REFUSE_EXTENDED_ALREADY;
    if (m->q->now_ms >= d->due_ms)
        return JB_REFUSE_EXTENSION_TOO_LATE;
    if (m->act->days > row->extension_days)
        return jb_detail_set(m->v->detail, JB_REFUSE_EXTENSION_TOO_LONG, "%u days, at most %u",
                             (unsigned)m->act->days, (unsigned)row->extension_days);
    return check_reasons_told(m, d);
}

void jb_draw_extend(struct jb_move *m)
{
    const struct jb_deadline *d = act_deadline(m);
    struct jb_deadline now = *d;

    now.due_ms += m->act->days * JB_DAY_MS;
    jb_deadline_warn_steps(jb_book_row_of(m->book, d), d->trigger_ms, now.due_ms, now.warn_at_ms);
    jb_emit_deadline_moved(m, d, &now, m->act->reason, true);
}

/* ---- acknowledge ---------------------------------------------------------------------------- */

enum jb_refusal jb_check_acknowledge(struct jb_move *m)
{
    const struct jb_deadline *d = act_deadline(m);

    if (d == NULL || d->end != JB_END_OPEN)
        return no_such_deadline(m);
    if (d->node != m->q->node)
        return deadline_of_another(m, d);
    return d->acked_node != 0 ? JB_REFUSE_ALREADY_DONE : JB_REFUSE_NONE;
}

void jb_draw_acknowledge(struct jb_move *m)
{
    jb_emit_deadline_mark(m, JB_EFFECT_DEADLINE_ACKNOWLEDGED, m->act->deadline_id);
}
