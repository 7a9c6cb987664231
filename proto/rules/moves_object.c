/* Objection and ruling, Art 23(3): receive first, object after. An objection releases nobody until
 * the sender agrees, and stops no clock unless the policy lets it stop the notice. */
#include "proto/rules/moves_hand.h"
#include "proto/rules/moves_life.h"

enum jb_refusal jb_check_object(struct jb_move *m)
{
    const struct jb_case *c = m->c;
    const struct jb_deadline *d = jb_case_open_deadline(c, "object");

    if (c->stage == JB_STAGE_ACCEPTED && m->policy->object_before_acceptance_only)
        return jb_detail_set(m->v->detail, JB_REFUSE_WRONG_STAGE,
                             "accepted: an objection comes before acceptance");
    if (c->authority == JB_AUTHORITY_JOINT_CONFERENCE && m->policy->no_return_after_designation)
        return JB_REFUSE_NO_RETURN;
    if (c->objection_open)
        return JB_REFUSE_OBJECTION_OPEN;
    if (d == NULL && c->objector == c->host && c->last_ruling == JB_RULING_REFUSED)
        return jb_detail_set(m->v->detail, JB_REFUSE_ALREADY_DONE,
                             "the objection was refused: escalate the dispute");
    if (d == NULL || m->q->now_ms >= d->due_ms)
        return JB_REFUSE_OBJECTION_TOO_LATE;
    return JB_REFUSE_NONE;
}

void jb_draw_object(struct jb_move *m)
{
    const struct jb_deadline *notify = jb_case_open_deadline(m->c, "notify");

    jb_emit_objection(m, m->q->node, true, 0);
    jb_draw_order_state(m, JB_TARGET_OBJECTED);
    jb_emit_met(m, "object");
    jb_emit_end_all(m, "silence", JB_END_CANCELLED); /* it has spoken */
    jb_emit_deadline(m, "rule", m->c->sender, m->q->now_ms, 0);
    if (!m->policy->receive_first && notify != NULL && notify->node == m->q->node &&
        notify->paused_from_ms == 0 && m->q->now_ms < notify->due_ms)
        jb_emit_pause(m, notify, m->q->now_ms);
}

enum jb_refusal jb_check_rule_on_objection(struct jb_move *m)
{
    return m->c->objection_open ? JB_REFUSE_NONE : JB_REFUSE_NO_OBJECTION;
}

/* ---- the case goes back --------------------------------------------------------------------- */

static uint32_t back_to(const struct jb_move *m)
{
    return m->c->sender != 0 ? m->c->sender : m->c->registrar;
}

static bool is_office(const struct jb_move *m, uint32_t node)
{
    return jb_node_is_office(jb_directory_find(m->book->directory, node));
}

static bool is_short(const struct jb_deadline *d)
{
    return strncmp(d->key, "simple-", strlen("simple-")) == 0;
}

/* A notice that an objection held up runs again; false: it did not stand still. */
static bool draw_clock_resumed(struct jb_move *m, const struct jb_deadline *d,
                               struct jb_deadline *now)
{
    const struct jb_policy_row *row = jb_book_row_of(m->book, d);

    if (d->end != JB_END_OPEN || d->paused_from_ms == 0 || strcmp(d->key, "notify") != 0 ||
        row == NULL ||
        jb_deadline_resumed(row, jb_book_calendar_of(m->book, d->node), d, m->q->now_ms, now) !=
            JB_OK)
        return false;
    jb_emit_resume(m, now, m->q->now_ms);
    return true;
}

/* The host's clocks end with its duty. Those of the statute go back to a handler who had handed the
 * case over; an office starts the notice anew with its next hand-over, but sixty days that ran
 * before the host got the case run on. */
static void draw_clock_back(struct jb_move *m, const struct jb_deadline *d, uint32_t to)
{
    bool handle = strcmp(d->key, "handle") == 0;
    bool statute = handle || strcmp(d->key, "notify") == 0;
    bool came_with_the_case = d->set_seq == m->c->sent_seq;
    struct jb_deadline running;

    if (!((!is_office(m, to) && statute) || (handle && came_with_the_case))) {
        jb_emit_end(m, d, JB_END_CANCELLED);
        return;
    }
    if (draw_clock_resumed(m, d, &running))
        jb_draw_passed_on(m, &running, to);
    else
        jb_draw_passed_on(m, d, to);
}

/* What others owe because the case was with this host. */
static bool hangs_on_host(const struct jb_move *m, const struct jb_deadline *d)
{
    if (strcmp(d->key, "co-answer") == 0)
        return is_office(m, back_to(m));
    return strcmp(d->key, "deliver") == 0 || strcmp(d->key, "rule") == 0;
}

static void draw_clocks_back(struct jb_move *m, uint32_t to)
{
    const struct jb_case *c = m->c;

    for (size_t i = 0; i < c->deadline_count; i++) {
        const struct jb_deadline *d = &c->deadlines[i];

        if (d->end != JB_END_OPEN || d->node != c->host || jb_move_ended(m, d) || is_short(d) ||
            jb_deadline_stands_alone(c, d))
            continue;
        draw_clock_back(m, d, to);
    }
    jb_draw_ended(m, hangs_on_host, JB_END_CANCELLED);
}

static bool has_other_role(const struct jb_case *c, uint32_t node)
{
    return (jb_case_roles(c, node) & ~(JB_ROLE_BIT(JB_ROLE_HOST) | JB_ROLE_BIT(JB_ROLE_LEFT))) != 0;
}

static void draw_audience_back(struct jb_move *m, uint32_t to)
{
    const struct jb_case *c = m->c;

    jb_emit_joined(m, to, JB_ROLE_HOST);
    if (!has_other_role(c, c->host))
        jb_emit_joined(m, c->host, JB_ROLE_LEFT);
}

/* Under whose order `node` still holds the case once it is back there; 0: under none. */
static int authority_over(const struct jb_case *c, uint32_t node)
{
    int authority = 0;

    for (size_t i = 0; i < c->target_count; i++) {
        const struct jb_target *t = &c->targets[i];
        const struct jb_directive *d = jb_case_directive(c, t->directive);

        if (t->node == node && jb_is_order(d) && jb_target_is_open(t))
            authority = (int)d->authority;
    }
    return authority;
}

static int authority_back(const struct jb_move *m, uint32_t to)
{
    /* A handler that got the case by assignment is still bound by it. */
    return is_office(m, to) ? authority_over(m->c, to) : m->c->authority;
}

void jb_draw_return(struct jb_move *m)
{
    const struct jb_case *c = m->c;
    uint32_t to = back_to(m);
    bool to_office = is_office(m, to);

    jb_emit_stage(m, JB_STAGE_REGISTERED);
    jb_emit_custody(m, to, authority_back(m, to), 0);
    draw_audience_back(m, to);
    jb_draw_simple_over(m);
    if (c->objection_open && m->act->kind != JB_ACT_RULE_ON_OBJECTION)
        jb_emit_objection(m, c->objector, false, 0);
    jb_draw_dispute_ends(m, JB_END_CANCELLED);
    draw_clocks_back(m, to);
    jb_emit_fact_cleared(m, JB_FACT_SIGNED);
    /* Only what the host itself did: an earlier holder's acceptance binds whoever is next. */
    if (to_office && c->stage == JB_STAGE_ACCEPTED) {
        jb_emit_fact_cleared(m, JB_FACT_ACCEPTED);
        jb_emit_fact_cleared(m, JB_FACT_TOLD);
    }
    jb_emit_deadline(m, "resort", to, m->q->now_ms, 0);
}

/* ---- the ruling ----------------------------------------------------------------------------- */

static void draw_order_withdrawn(struct jb_move *m)
{
    const struct jb_directive *order = jb_case_order(m->c);
    const struct jb_target *t = order != NULL ? jb_case_target(m->c, order->id, m->c->host) : NULL;

    if (t != NULL && jb_target_is_open(t))
        jb_draw_order_over(m, t, JB_TARGET_WITHDRAWN);
}

void jb_draw_resumed(struct jb_move *m)
{
    struct jb_deadline now;

    for (size_t i = 0; i < m->c->deadline_count; i++)
        (void)draw_clock_resumed(m, &m->c->deadlines[i], &now);
}

static void draw_host_keeps(struct jb_move *m)
{
    bool has_signed = m->c->facts_ms[JB_FACT_SIGNED] != 0;

    jb_draw_order_state(m, has_signed ? JB_TARGET_SIGNED : JB_TARGET_ISSUED);
    jb_draw_resumed(m);
}

void jb_draw_rule_on_objection(struct jb_move *m)
{
    bool agreed = m->act->ruling == JB_RULING_AGREED;

    jb_emit_objection(m, m->c->objector, false, m->act->ruling);
    jb_emit_met(m, "rule");
    /* Sent about too often: it does not go back once more, a superior says whose it is. */
    if (!agreed || (m->c->hops >= m->policy->hops_max && jb_draw_dispute(m))) {
        draw_host_keeps(m);
        return;
    }
    draw_order_withdrawn(m);
    jb_draw_return(m);
}
