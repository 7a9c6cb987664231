/* Objection and ruling, Art 23(3): receive first, object after. An objection stops no clock and
 * releases nobody until the sender agrees. */
#include "proto/rules/moves.h"

enum jb_refusal jb_check_object(struct jb_move *m)
{
    const struct jb_case *c = m->c;
    const struct jb_deadline *d = jb_case_open_deadline(c, "object");

    if (c->stage == JB_STAGE_ACCEPTED && m->book->policy->object_before_acceptance_only)
        return jb_detail_set(m->v->detail, JB_REFUSE_WRONG_STAGE,
                             "accepted: an objection comes before acceptance");
    if (c->authority == JB_AUTHORITY_JOINT_CONFERENCE &&
        m->book->policy->no_return_after_designation)
        return JB_REFUSE_NO_RETURN;
    if (c->objection_open)
        return JB_REFUSE_OBJECTION_OPEN;
    if (d == NULL && c->objector == c->host && c->last_ruling == JB_RULING_REFUSED)
        return jb_detail_set(m->v->detail, JB_REFUSE_ALREADY_DONE, "the objection was refused");
    if (d == NULL || m->q->now_ms >= d->due_ms)
        return JB_REFUSE_OBJECTION_TOO_LATE;
    return JB_REFUSE_NONE;
}

void jb_draw_object(struct jb_move *m)
{
    jb_emit_objection(m, m->q->node, true, 0);
    jb_emit_met(m, "object");
    jb_emit_deadline(m, "rule", m->c->sender, m->q->now_ms, 0);
}

enum jb_refusal jb_check_rule_on_objection(struct jb_move *m)
{
    return m->c->objection_open ? JB_REFUSE_NONE : JB_REFUSE_NO_OBJECTION;
}

/* The host's clocks end with its duty. Those of the statute go back to a handler who had handed the
 * case over; an office starts the notice anew with its next hand-over, but sixty days that ran
 * before the host got the case run on. */
static void emit_clocks_back(struct jb_move *m, bool to_handler)
{
    const struct jb_case *c = m->c;

    for (size_t i = 0; i < c->deadline_count; i++) {
        const struct jb_deadline *d = &c->deadlines[i];
        bool handle = strcmp(d->key, "handle") == 0;
        bool statute = handle || strcmp(d->key, "notify") == 0;
        bool came_with_the_case = d->set_seq == c->sent_seq;

        if (d->end != JB_END_OPEN || d->node != c->host)
            continue;
        if ((to_handler && statute) || (handle && came_with_the_case))
            jb_emit_deadline_passed_on(m, d, c->sender);
        else
            jb_emit_end(m, d, JB_END_CANCELLED);
    }
}

static bool has_other_role(const struct jb_case *c, uint32_t node)
{
    return (jb_case_roles(c, node) & ~(JB_ROLE_BIT(JB_ROLE_HOST) | JB_ROLE_BIT(JB_ROLE_LEFT))) != 0;
}

static void emit_return(struct jb_move *m)
{
    const struct jb_case *c = m->c;
    bool to_handler = !jb_node_is_office(jb_directory_find(m->book->directory, c->sender));

    jb_emit_stage(m, JB_STAGE_REGISTERED);
    /* A handler that got the case by assignment is still bound by it. */
    jb_emit_custody(m, c->sender, to_handler ? c->authority : 0, 0);
    jb_emit_joined(m, c->sender, JB_ROLE_HOST);
    if (!has_other_role(c, c->host))
        jb_emit_joined(m, c->host, JB_ROLE_LEFT);
    emit_clocks_back(m, to_handler);
    jb_emit_fact_cleared(m, JB_FACT_SIGNED);
    /* Only what the host itself did: an earlier holder's acceptance binds whoever is next. */
    if (!to_handler && c->stage == JB_STAGE_ACCEPTED) {
        jb_emit_fact_cleared(m, JB_FACT_ACCEPTED);
        jb_emit_fact_cleared(m, JB_FACT_TOLD);
    }
    jb_emit_deadline(m, "resort", c->sender, m->q->now_ms, 0);
}

void jb_draw_rule_on_objection(struct jb_move *m)
{
    jb_emit_objection(m, m->c->objector, false, m->act->ruling);
    jb_emit_met(m, "rule");
    if (m->act->ruling == JB_RULING_AGREED)
        emit_return(m);
}
