/* An agency has been abolished: its successor takes its place in a case. Every role, the custody,
 * each clock with its own trigger, its part in directives and dockets; what has happened stays as
 * it is. A successor that is recused from the case takes no place in it: the case goes back to who
 * sent it. */
#include "proto/rules/confine.h"
#include "proto/rules/moves_hand.h"

static bool is_kept_out(const struct jb_move *m)
{
    struct jb_text whole_agency = {NULL, 0};

    return jb_case_recused(m->c, m->act->successor, whole_agency);
}

enum jb_refusal jb_check_succeed(struct jb_move *m)
{
    const struct jb_node *to = jb_directory_find(m->book->directory, m->act->successor);

    if (jb_directory_find(m->book->directory, m->act->node) == NULL || to == NULL)
        return jb_detail_set(m->v->detail, JB_REFUSE_UNKNOWN_NODE, "node %u",
                             (unsigned)(to == NULL ? m->act->successor : m->act->node));
    if (m->act->node == m->act->successor)
        return JB_REFUSE_SAME_NODE;
    if (!jb_node_valid(to, m->q->now_ms))
        return jb_detail_set(m->v->detail, JB_REFUSE_NODE_NOT_VALID, "node %u",
                             (unsigned)m->act->successor);
    if (!jb_case_has(m->c, m->act->node))
        return JB_REFUSE_ALREADY_DONE;
    /* The record of an accusation does not go to the accused. */
    if (jb_confined(m->c) && jb_confine_accused(m->c, m->book->directory, m->act->successor))
        return JB_REFUSE_ACCUSATION_CONFINED;
    return is_kept_out(m) ? jb_check_agency_out(m, m->act->node) : JB_REFUSE_NONE;
}

static bool is_heir(const struct jb_move *m, uint32_t node)
{
    return node != 0 && node == m->act->node;
}

static uint32_t heir_of(const struct jb_move *m, uint32_t node)
{
    return is_heir(m, node) ? m->act->successor : node;
}

static uint32_t sender_after(const struct jb_move *m)
{
    const struct jb_case *c = m->c;

    return jb_sender_beside(heir_of(m, c->host), heir_of(m, c->sender), heir_of(m, c->registrar));
}

/* Would the host settle its own dispute? */
static bool is_party_arbiter(const struct jb_move *m)
{
    return m->c->dispute_level != 0 && heir_of(m, m->c->arbiter) == heir_of(m, m->c->host);
}

/* Then somebody else does, or, if there is nobody, it is over. */
static void draw_arbiter(struct jb_move *m)
{
    struct jb_arbiter other;

    if (!is_party_arbiter(m))
        return;
    if (jb_find_arbiter(m, m->c->dispute_level - 1, m->c->arbiter, &other) &&
        other.node != m->act->successor)
        jb_draw_to_arbiter(m, &other);
    else
        jb_draw_dispute_ends(m, JB_END_CANCELLED);
}

/* The custody number rises, so that nothing based on the former holder's passes for the new one's.
 * It is no hand-over: no hop is counted. */
static void draw_custody(struct jb_move *m)
{
    const struct jb_case *c = m->c;
    struct jb_effect *e;

    if (!is_heir(m, c->host) && !is_heir(m, c->sender))
        return;
    jb_emit_custody(m, heir_of(m, c->host), c->authority, c->sender != 0 ? sender_after(m) : 0);
    e = &m->v->effects.at[m->v->effects.count - 1];
    e->hops = c->hops;
    /* What the abolished agency received is not counted again from its successor's receipt. */
    if (is_heir(m, c->host) && c->facts_ms[JB_FACT_SENT] != 0)
        jb_emit_fact(m, JB_FACT_SENT, m->q->now_ms);
}

static const struct jb_participant *co_handler(const struct jb_case *c, uint32_t node)
{
    for (size_t i = 0; i < c->participant_count; i++) {
        if (c->participants[i].node == node && c->participants[i].role == JB_ROLE_CO_HANDLER)
            return &c->participants[i];
    }
    return NULL;
}

/* A successor that helps already has what it did itself; what the other one still owed it owes. */
static void draw_participant(struct jb_move *m, const struct jb_participant *p)
{
    uint32_t heir = m->act->successor;
    const struct jb_participant *own = co_handler(m->c, heir);

    jb_emit_joined(m, heir, p->role);
    if (p->role != JB_ROLE_CO_HANDLER)
        return;
    if (own != NULL && own->answered_ms != 0 && p->answered_ms == 0)
        jb_emit_participant_fact(m, heir, JB_FACT_ANSWERED, 0);
    if (own == NULL && p->signed_ms != 0)
        jb_emit_participant_fact(m, heir, JB_FACT_SIGNED, p->signed_ms);
    if (own == NULL && p->answered_ms != 0)
        jb_emit_participant_fact(m, heir, JB_FACT_ANSWERED, p->answered_ms);
}

/* A role in an accusation that its successor may not have ends with the agency. */
static bool may_follow(const struct jb_move *m)
{
    return is_heir(m, m->c->registrar) || jb_confine_allows(m, m->act->successor);
}

static void draw_roles(struct jb_move *m)
{
    const struct jb_case *c = m->c;

    for (size_t i = 0; i < c->participant_count; i++) {
        if (is_heir(m, c->participants[i].node) && may_follow(m))
            draw_participant(m, &c->participants[i]);
    }
    jb_emit_joined(m, m->act->node, JB_ROLE_LEFT);
    if (is_heir(m, c->reviewer))
        jb_emit_review(m, 1, m->act->successor, c->review_opinion);
    if (is_heir(m, c->rechecker))
        jb_emit_review(m, 2, m->act->successor, c->recheck_opinion);
    if (c->dispute_level != 0 && is_heir(m, c->arbiter) && !is_party_arbiter(m))
        jb_emit_dispute(m, c->dispute_level, m->act->successor);
}

/* Who stands accused, or recused, does so under his new name as well. */
static void draw_marks(struct jb_move *m)
{
    for (size_t i = 0; i < m->c->mark_count; i++) {
        struct jb_mark mark = m->c->marks[i];

        if (mark.kind == JB_MARK_LINK || mark.kind == JB_MARK_ERASED || !is_heir(m, mark.node))
            continue;
        mark.node = m->act->successor;
        jb_emit_mark(m, &mark, true);
    }
}

/* Has the successor a part of its own in the directive? Then it answers once. */
static bool has_own_part(const struct jb_move *m, uint32_t directive)
{
    const struct jb_target *t = jb_case_target(m->c, directive, m->act->successor);

    return t != NULL && jb_target_is_open(t);
}

/* Of two helpers that become one, the earlier clock counts. */
static bool answers_earlier(const struct jb_move *m, const struct jb_deadline *d)
{
    uint32_t other = is_heir(m, d->node) ? m->act->successor : m->act->node;

    if (d->node != m->act->node && d->node != m->act->successor)
        return false;
    for (size_t i = 0; i < m->c->deadline_count; i++) {
        const struct jb_deadline *o = &m->c->deadlines[i];
        bool earlier = o->due_ms != d->due_ms ? o->due_ms < d->due_ms : o->id < d->id;

        if (o->end == JB_END_OPEN && o->node == other && earlier && strcmp(o->key, d->key) == 0)
            return true;
    }
    return false;
}

/* Who owes the clock from now on; 0: nobody. The host answers for the whole case, and nobody rules
 * on an objection of his own. */
static uint32_t debtor_after(const struct jb_move *m, const struct jb_deadline *d)
{
    const struct jb_case *c = m->c;
    uint32_t host = heir_of(m, c->host);
    bool to_sender = strcmp(d->key, "rule") == 0 || strcmp(d->key, "deliver") == 0;

    if (to_sender && d->node == c->sender)
        return sender_after(m);
    if (strcmp(d->key, "object") == 0 && c->sender != 0 && sender_after(m) == 0)
        return 0;
    if (strcmp(d->key, "settle") == 0 && is_party_arbiter(m))
        return d->node;
    if (strcmp(d->key, "co-answer") == 0 && (heir_of(m, d->node) == host || answers_earlier(m, d)))
        return 0;
    if (d->directive != 0 && is_heir(m, d->node) && has_own_part(m, d->directive))
        return 0;
    return heir_of(m, d->node);
}

/* The number under which a clock goes on; 0: it does not. Clocks are passed on in the order of
 * their numbers. */
static uint32_t passed_number(const struct jb_move *m, uint32_t first, uint32_t id)
{
    uint32_t number = first;

    for (size_t i = 0; i < m->c->deadline_count; i++) {
        const struct jb_deadline *d = &m->c->deadlines[i];
        uint32_t node = debtor_after(m, d);

        if (d->end != JB_END_OPEN || node == d->node || node == 0)
            continue;
        number++;
        if (d->id == id)
            return number;
    }
    return 0;
}

static void draw_clocks(struct jb_move *m)
{
    for (size_t i = 0; i < m->c->deadline_count; i++) {
        const struct jb_deadline *d = &m->c->deadlines[i];
        uint32_t node = debtor_after(m, d);

        if (d->end != JB_END_OPEN || node == d->node)
            continue;
        if (node != 0)
            jb_draw_passed_on(m, d, node);
        else
            jb_emit_end(m, d, JB_END_SUPERSEDED);
    }
}

static void draw_targets(struct jb_move *m, uint32_t first)
{
    for (size_t i = 0; i < m->c->target_count; i++) {
        struct jb_target t = m->c->targets[i];
        struct jb_target old = t;

        if (!is_heir(m, t.node) || !jb_target_is_open(&t))
            continue;
        t.node = m->act->successor;
        t.deadline_id = passed_number(m, first, t.deadline_id);
        old.state = JB_TARGET_SUPERSEDED;
        old.deadline_id = 0;
        jb_emit_target(m, &old);
        if (!has_own_part(m, t.directive))
            jb_emit_target(m, &t);
    }
}

static void draw_dockets(struct jb_move *m, uint32_t first)
{
    for (size_t i = 0; i < m->c->docket_count; i++) {
        struct jb_docket d = m->c->dockets[i];

        if (!is_heir(m, d.node) || d.closed_ms != 0)
            continue;
        d.node = m->act->successor;
        d.deadline_id = passed_number(m, first, d.deadline_id);
        jb_emit_docket(m, &d);
    }
}

/* An objection goes on with the successor; there has to be somebody to rule on it. */
static void draw_objection(struct jb_move *m)
{
    const struct jb_case *c = m->c;
    bool open = c->objection_open && sender_after(m) != 0;

    if (is_heir(m, c->objector) || open != c->objection_open)
        jb_emit_objection(m, heir_of(m, c->objector), open, c->last_ruling);
}

void jb_draw_succeed(struct jb_move *m)
{
    uint32_t first = m->last_deadline_id;

    if (is_kept_out(m)) {
        jb_draw_agency_out(m, m->act->node);
        return;
    }
    draw_custody(m);
    draw_marks(m);
    draw_roles(m);
    draw_objection(m);
    draw_clocks(m);
    draw_targets(m, first);
    draw_dockets(m, first);
    draw_arbiter(m);
}
