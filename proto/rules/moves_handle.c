/* The handler takes a case on: sign for, accept or decline. Signed for is not accepted, accepted is
 * not told: each is a fact of its own. Co-handlers sign for themselves and move nothing. */
#include "proto/rules/moves_hand.h"
#include "proto/rules/moves_life.h"

bool jb_case_routed(const struct jb_case *c)
{
    return c->matter == JB_MATTER_APPEAL && c->exit >= JB_EXIT_LITIGATION &&
           c->exit < JB_EXIT_RESIDUE;
}

/* A protective duty, the fifth, is performed by the handler itself and may be answered. */
bool jb_case_exit_taken(const struct jb_case *c)
{
    return jb_case_routed(c) && c->exit != JB_EXIT_PROTECTIVE_DUTY;
}

/* ---- shared --------------------------------------------------------------------------------- */

static void end_by(struct jb_move *m, const char *key, uint32_t node, bool met)
{
    for (size_t i = 0; i < m->c->deadline_count; i++) {
        const struct jb_deadline *d = &m->c->deadlines[i];

        if (d->end != JB_END_OPEN || d->node != node || strcmp(d->key, key) != 0)
            continue;
        if (!met)
            jb_emit_end(m, d, JB_END_CANCELLED);
        else
            jb_emit_met_now(m, d);
    }
}

void jb_emit_met_then(struct jb_move *m, const char *key, int64_t at_ms)
{
    for (size_t i = 0; i < m->c->deadline_count; i++) {
        const struct jb_deadline *d = &m->c->deadlines[i];

        if (d->end == JB_END_OPEN && strcmp(d->key, key) == 0)
            jb_emit_met_at(m, d, at_ms);
    }
}

void jb_emit_met_by(struct jb_move *m, const char *key, uint32_t node)
{
    end_by(m, key, node, true);
}

/* Only forward: an answer is not undone by a later receipt. */
static bool advances(enum jb_target_state from, enum jb_target_state to)
{
    if (to == JB_TARGET_SIGNED)
        return from == JB_TARGET_ISSUED;
    return from == JB_TARGET_ISSUED || from == JB_TARGET_SIGNED || from == JB_TARGET_OBJECTED;
}

static bool is_running_order(const struct jb_case *c, uint32_t directive)
{
    const struct jb_directive *d = jb_case_directive(c, directive);

    return d != NULL && d->power == JB_POWER_ASSIGN && d->status == JB_DIRECTIVE_IN_FORCE;
}

static void emit_receiver(struct jb_move *m, const struct jb_target *t, enum jb_target_state state)
{
    struct jb_target now = *t;

    if (!is_running_order(m->c, t->directive) || !advances(t->state, state))
        return;
    now.state = state;
    jb_emit_target(m, &now);
}

void jb_draw_receiver(struct jb_move *m, uint32_t node, enum jb_target_state state)
{
    for (size_t i = 0; i < m->c->target_count; i++) {
        if (m->c->targets[i].node == node)
            emit_receiver(m, &m->c->targets[i], state);
    }
}

static bool answers_for_itself(const struct jb_case *c, uint32_t node)
{
    return c->host != node && (jb_case_roles(c, node) & JB_ROLE_BIT(JB_ROLE_CO_HANDLER));
}

void jb_draw_orders_answered(struct jb_move *m)
{
    for (size_t i = 0; i < m->c->target_count; i++) {
        if (!answers_for_itself(m->c, m->c->targets[i].node))
            emit_receiver(m, &m->c->targets[i], JB_TARGET_ANSWERED);
    }
}

/* ---- sign for ------------------------------------------------------------------------------- */

static const struct jb_participant *co_handler(const struct jb_case *c, uint32_t node)
{
    for (size_t i = 0; i < c->participant_count; i++) {
        if (c->participants[i].node == node && c->participants[i].role == JB_ROLE_CO_HANDLER)
            return &c->participants[i];
    }
    return NULL;
}

enum jb_refusal jb_check_sign_for(struct jb_move *m)
{
    const struct jb_case *c = m->c;
    const struct jb_participant *co = co_handler(c, m->q->node);

    if (c->host != m->q->node)
        return co != NULL && co->signed_ms != 0 ? JB_REFUSE_ALREADY_DONE : JB_REFUSE_NONE;
    if (c->stage == JB_STAGE_REGISTERED && jb_node_is_office(m->self))
        return jb_detail_set(m->v->detail, JB_REFUSE_WRONG_STAGE,
                             "registered: an office assigns, forwards or refers it");
    if (c->stage != JB_STAGE_REGISTERED && c->stage != JB_STAGE_SENT)
        return jb_detail_set(m->v->detail, JB_REFUSE_WRONG_STAGE, "the case is %s",
                             jb_stage_name(c->stage));
    return JB_REFUSE_NONE;
}

/* Was it opened because the host was silent, and for nothing that went before? */
static bool disputed_for_silence(const struct jb_case *c)
{
    const struct jb_deadline *silence = jb_case_open_deadline(c, "silence");

    if (c->dispute_level == 0 || silence == NULL || silence->missed_ms == 0)
        return false;
    for (size_t i = 0; i < c->deadline_count; i++) {
        const struct jb_deadline *d = &c->deadlines[i];

        if (d->set_seq > c->sent_seq && d->trigger_ms < silence->missed_ms &&
            strcmp(d->key, "settle") == 0)
            return false;
    }
    return true;
}

void jb_draw_sign_for(struct jb_move *m)
{
    jb_emit_met_by(m, "sign", m->q->node);
    jb_draw_receiver(m, m->q->node, JB_TARGET_SIGNED);
    if (m->c->host != m->q->node) {
        jb_emit_participant_fact(m, m->q->node, JB_FACT_SIGNED, m->q->now_ms);
        return;
    }
    jb_emit_stage(m, JB_STAGE_SIGNED);
    jb_emit_fact(m, JB_FACT_SIGNED, m->q->now_ms);
    jb_emit_met(m, "resort");
    jb_emit_met(m, "deliver");
    if (disputed_for_silence(m->c))
        jb_draw_dispute_ends(m, JB_END_CANCELLED);
    end_by(m, "silence", m->q->node, false);
}

/* ---- accept --------------------------------------------------------------------------------- */

enum jb_refusal jb_check_accept(struct jb_move *m)
{
    if (m->c->objection_open && m->policy->object_before_acceptance_only)
        return JB_REFUSE_OBJECTION_OPEN;
    if (m->act->exit != 0 && m->c->matter != JB_MATTER_APPEAL)
        return jb_detail_set(m->v->detail, JB_REFUSE_VALUE_OUT_OF_RANGE,
                             "exit: only an appeal has one");
    return jb_check_done_at(m, "told_at_ms", m->act->told_at_ms);
}

/* When the sixty days of this case began, in its present round; 0: not yet. */
static int64_t sixty_days_from(const struct jb_case *c)
{
    for (size_t i = c->deadline_count; i > 0 && c->facts_ms[JB_FACT_ACCEPTED] != 0; i--) {
        const struct jb_deadline *d = &c->deadlines[i - 1];

        if (d->end != JB_END_CANCELLED && strcmp(d->key, "handle") == 0)
            return d->trigger_ms;
    }
    return 0;
}

/* Splitting a matter gives nobody more time: a part's sixty days are those of the whole. */
static int64_t handle_trigger_ms(const struct jb_move *m)
{
    for (size_t i = 0; i < m->c->mark_count; i++) {
        const struct jb_mark *mark = &m->c->marks[i];
        const struct jb_case *whole;

        if (mark->kind != JB_MARK_LINK || mark->value != JB_LINK_SPLIT_OF)
            continue;
        whole = jb_move_other(m, mark->other_case_no);
        if (whole != NULL && sixty_days_from(whole) != 0)
            return sixty_days_from(whole);
    }
    return m->q->now_ms;
}

/* The petition procedure: sixty days, unless they run since an earlier holder's acceptance. */
static void draw_residue(struct jb_move *m)
{
    if (jb_case_open_deadline(m->c, "handle") == NULL)
        jb_emit_deadline(m, "handle", m->q->node, handle_trigger_ms(m), 0);
}

/* Art 31(1)-(5): no sixty days and no short track. From (1)-(4) on the route is the result of the
 * assignment, and there is nothing left to answer. */
static void draw_routed(struct jb_move *m, int exit)
{
    jb_emit_end_all(m, "handle", JB_END_CANCELLED);
    jb_draw_simple_over(m);
    if (exit == JB_EXIT_PROTECTIVE_DUTY)
        return;
    jb_emit_met(m, "assigned");
    jb_emit_end_all(m, "co-answer", JB_END_CANCELLED);
    jb_draw_orders_answered(m);
}

void jb_draw_accept(struct jb_move *m)
{
    bool appeal = m->c->matter == JB_MATTER_APPEAL;
    int exit = appeal && m->act->exit == 0 ? JB_EXIT_RESIDUE : m->act->exit;

    jb_emit_stage(m, JB_STAGE_ACCEPTED);
    jb_emit_fact(m, JB_FACT_ACCEPTED, m->q->now_ms);
    if (appeal)
        jb_emit_opinion(m, 0, exit);
    jb_draw_told(m, JB_FACT_TOLD, m->act->told_at_ms);
    if (m->policy->object_before_acceptance_only)
        jb_emit_end_all(m, "object", JB_END_CANCELLED);
    jb_emit_met(m, "simple-accept");
    jb_draw_dispute_ends(m, JB_END_CANCELLED);
    if (exit == JB_EXIT_RESIDUE)
        draw_residue(m);
    else if (appeal)
        draw_routed(m, exit);
}

/* ---- decline -------------------------------------------------------------------------------- */

enum jb_refusal jb_check_decline(struct jb_move *m)
{
    if (m->c->objection_open)
        return JB_REFUSE_OBJECTION_OPEN;
    return jb_check_done_at(m, "told_at_ms", m->act->told_at_ms);
}

/* What a former holder told was an acceptance: the decline has to be told anew, Art 23. */
static void draw_untold(struct jb_move *m)
{
    jb_emit_fact_cleared(m, JB_FACT_TOLD);
    if (m->c->facts_ms[JB_FACT_TOLD] != 0 && !(m->c->flags & JB_FLAG_UNREACHABLE) &&
        jb_case_open_deadline(m->c, "notify") == NULL)
        jb_emit_deadline(m, "notify", m->q->node, m->q->now_ms, 0);
}

void jb_draw_decline(struct jb_move *m)
{
    static const char *const pointless[] = {"object", "handle", "co-answer", "simple-answer"};

    jb_emit_stage(m, JB_STAGE_DECLINED);
    jb_emit_fact(m, JB_FACT_DECLINED, m->q->now_ms);
    if (m->act->told_at_ms == 0)
        draw_untold(m);
    jb_draw_told(m, JB_FACT_TOLD, m->act->told_at_ms);
    jb_emit_met(m, "assigned");
    jb_emit_met(m, "simple-accept");
    for (size_t i = 0; i < sizeof pointless / sizeof pointless[0]; i++)
        jb_emit_end_all(m, pointless[i], JB_END_CANCELLED);
    jb_draw_orders_answered(m);
    jb_draw_dispute_ends(m, JB_END_CANCELLED);
}
