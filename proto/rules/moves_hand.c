/* What all hand-overs have in common: who becomes host, who stays in the audience, which clocks
 * start, go on or end, and the order that stands behind the hand-over. Refuses nothing. */
#include "proto/rules/moves_hand.h"

#include "proto/rules/moves_life.h"

static bool in_list(struct jb_list32 list, uint32_t node)
{
    for (size_t i = 0; i < list.count; i++) {
        if (list.at[i] == node)
            return true;
    }
    return false;
}

/* ---- clocks that go on or end --------------------------------------------------------------- */

bool jb_move_ended(const struct jb_move *m, const struct jb_deadline *d)
{
    const struct jb_effects *effects = &m->v->effects;

    for (size_t i = 0; i < effects->count; i++) {
        if (effects->at[i].kind == JB_EFFECT_DEADLINE_ENDED && effects->at[i].deadline_id == d->id)
            return true;
    }
    return false;
}

void jb_draw_ended(struct jb_move *m,
                   bool (*ends)(const struct jb_move *m, const struct jb_deadline *d),
                   enum jb_deadline_end end)
{
    for (size_t i = 0; i < m->c->deadline_count; i++) {
        const struct jb_deadline *d = &m->c->deadlines[i];

        if (d->end == JB_END_OPEN && ends(m, d) && !jb_move_ended(m, d))
            jb_emit_end(m, d, end);
    }
}

static bool marked_missed(const struct jb_move *m, uint32_t id)
{
    const struct jb_effects *effects = &m->v->effects;

    for (size_t i = 0; i < effects->count; i++) {
        if (effects->at[i].kind == JB_EFFECT_DEADLINE_MISSED && effects->at[i].deadline_id == id)
            return true;
    }
    return false;
}

void jb_draw_passed_on(struct jb_move *m, const struct jb_deadline *d, uint32_t node)
{
    struct jb_effect *e;

    jb_emit_deadline_passed_on(m, d, node);
    if ((d->missed_ms == 0 && !marked_missed(m, d->id)) || marked_missed(m, m->last_deadline_id))
        return;
    e = jb_emit_push(m, JB_EFFECT_DEADLINE_MISSED);
    e->deadline_id = m->last_deadline_id;
    e->at_ms = d->due_ms;
}

/* ---- orders --------------------------------------------------------------------------------- */

bool jb_is_order(const struct jb_directive *d)
{
    return d != NULL && d->power == JB_POWER_ASSIGN && d->status == JB_DIRECTIVE_IN_FORCE;
}

static void emit_target(struct jb_move *m, uint32_t directive, uint32_t node,
                        enum jb_target_state state, uint32_t deadline_id)
{
    const struct jb_target t = {
        .directive = directive, .node = node, .state = state, .deadline_id = deadline_id};

    jb_emit_target(m, &t);
}

void jb_draw_order_over(struct jb_move *m, const struct jb_target *t, enum jb_target_state state)
{
    struct jb_text none = {NULL, 0};

    emit_target(m, t->directive, t->node, state, 0);
    jb_emit_directive_status(m, t->directive, JB_DIRECTIVE_ENDED, none);
}

void jb_draw_order_state(struct jb_move *m, enum jb_target_state state)
{
    const struct jb_directive *order = jb_case_order(m->c);

    if (order != NULL)
        emit_target(m, order->id, m->c->host, state, 0);
}

/* Who answers to a superior goes on doing so when he passes the case on; a new order over his head
 * releases him. */
static bool stays_answerable(const struct jb_move *m, const struct jb_hand *h, uint32_t node)
{
    if (node == m->q->node)
        return true;
    return jb_case_roles(m->c, node) & JB_ROLE_BIT(JB_ROLE_ASSIGNER) &&
           (!h->order || !jb_reaches(m->book->directory, m->self, node));
}

/* A forwarded case that goes on to a peer is that peer's alone. */
static bool order_stays(const struct jb_move *m, const struct jb_hand *h,
                        const struct jb_directive *d, const struct jb_target *t)
{
    if (!h->order && d->authority <= JB_AUTHORITY_FORWARD)
        return false;
    /* By forwarding what was only forwarded to it an office has done its part. */
    if (h->order && t->node == m->q->node && d->authority <= JB_AUTHORITY_FORWARD)
        return false;
    /* What comes back to it by hand is still under its order; a new order takes the place of it. */
    if (t->node == h->node)
        return !h->order;
    return stays_answerable(m, h, t->node);
}

static void draw_orders_over(struct jb_move *m, const struct jb_hand *h)
{
    for (size_t i = 0; i < m->c->target_count; i++) {
        const struct jb_target *t = &m->c->targets[i];
        const struct jb_directive *d = jb_case_directive(m->c, t->directive);

        if (jb_is_order(d) && jb_target_is_open(t) && !order_stays(m, h, d, t))
            jb_draw_order_over(m, t, JB_TARGET_SUPERSEDED);
    }
}

/* ---- the audience --------------------------------------------------------------------------- */

static bool owes_kept_report(const struct jb_move *m, const struct jb_hand *h, uint32_t node)
{
    for (size_t i = 0; i < m->c->deadline_count; i++) {
        const struct jb_deadline *d = &m->c->deadlines[i];

        if (d->end == JB_END_OPEN && d->node == node && strcmp(d->key, "assigned") == 0 &&
            stays_answerable(m, h, node))
            return true;
    }
    return false;
}

/* Who issued a directive or opened a docket that runs sees it through. */
static bool has_order_running(const struct jb_case *c, uint32_t node)
{
    for (size_t i = 0; i < c->directive_count; i++) {
        const struct jb_directive *d = &c->directives[i];

        if (d->issuer == node && d->status != JB_DIRECTIVE_ENDED && d->power != JB_POWER_ASSIGN)
            return true;
    }
    for (size_t i = 0; i < c->docket_count; i++) {
        if (c->dockets[i].opener == node && c->dockets[i].closed_ms == 0)
            return true;
    }
    return false;
}

#define STAY                                                                                       \
    (JB_ROLE_BIT(JB_ROLE_REGISTRAR) | JB_ROLE_BIT(JB_ROLE_INFORMED) |                              \
     JB_ROLE_BIT(JB_ROLE_ORDERED) | JB_ROLE_BIT(JB_ROLE_REVIEWER))

bool jb_hand_keeps(const struct jb_move *m, const struct jb_hand *h, uint32_t node)
{
    uint32_t roles = jb_case_roles(m->c, node);

    if (node == h->node || node == m->q->node || in_list(h->co_handlers, node))
        return true;
    if (roles & STAY || has_order_running(m->c, node))
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

static void draw_audience(struct jb_move *m, const struct jb_hand *h)
{
    const struct jb_case *c = m->c;

    jb_emit_joined(m, h->node, JB_ROLE_HOST);
    jb_emit_joined(m, m->q->node, JB_ROLE_ASSIGNER);
    for (size_t i = 0; i < h->co_handlers.count; i++)
        jb_emit_joined(m, h->co_handlers.at[i], JB_ROLE_CO_HANDLER);
    for (size_t i = 0; i < c->participant_count; i++) {
        uint32_t node = c->participants[i].node;

        if (seen_before(c, i))
            continue;
        if (!jb_hand_keeps(m, h, node))
            jb_emit_joined(m, node, JB_ROLE_LEFT);
        else if (node == c->host && has_order_running(c, node))
            jb_emit_joined(m, node, JB_ROLE_INFORMED); /* it is host no more */
    }
}

/* ---- what becomes of each clock that runs --------------------------------------------------- */

/* Done by who owed it; a superior who acts over its head releases it. */
static void done_by_sender(struct jb_move *m, const struct jb_hand *h, const struct jb_deadline *d)
{
    (void)h;
    if (d->node != m->q->node)
        jb_emit_end(m, d, JB_END_SUPERSEDED);
    else
        jb_emit_met_now(m, d);
}

static void superseded(struct jb_move *m, const struct jb_hand *h, const struct jb_deadline *d)
{
    (void)h;
    jb_emit_end(m, d, JB_END_SUPERSEDED);
}

/* A clock of the statute: no hand-over resets it. */
static void goes_on(struct jb_move *m, const struct jb_hand *h, const struct jb_deadline *d)
{
    if (d->node != h->node)
        jb_draw_passed_on(m, d, h->node);
}

/* The notice is owed anew by whom an order brings the case, but nobody gets more time for having
 * it ordered twice. */
static void notice(struct jb_move *m, const struct jb_hand *h, const struct jb_deadline *d)
{
    if (h->order && d->node != h->node)
        jb_emit_end(m, d, JB_END_SUPERSEDED);
    else
        goes_on(m, h, d);
}

static void report(struct jb_move *m, const struct jb_hand *h, const struct jb_deadline *d)
{
    if (h->order ? d->node == h->node || !stays_answerable(m, h, d->node)
                 : d->node != h->node && !stays_answerable(m, h, d->node))
        jb_emit_end(m, d, JB_END_SUPERSEDED);
}

/* Named again, and not for an earlier day: nobody gets more than the policy's time for being asked
 * twice. A day that the former order had named is the new one's to change. */
static bool is_asked_twice(const struct jb_hand *h, const struct jb_deadline *d)
{
    return d->end == JB_END_OPEN && !d->designated_bound && strcmp(d->key, "co-answer") == 0 &&
           in_list(h->co_handlers, d->node) && (h->due_ms == 0 || h->due_ms >= d->due_ms);
}

static void co_answer(struct jb_move *m, const struct jb_hand *h, const struct jb_deadline *d)
{
    if ((h->order && !is_asked_twice(h, d)) || d->node == h->node)
        jb_emit_end(m, d, JB_END_SUPERSEDED);
}

/* What belongs to none of these: it ends for those who leave, unless it has a life of its own. */
static void other_clock(struct jb_move *m, const struct jb_hand *h, const struct jb_deadline *d)
{
    if (!jb_hand_keeps(m, h, d->node) && !jb_deadline_stands_alone(m->c, d))
        jb_emit_end(m, d, JB_END_SUPERSEDED);
}

static const struct {
    const char *key;
    void (*fate)(struct jb_move *m, const struct jb_hand *h, const struct jb_deadline *d);
} fates[] = {
    {"sort", done_by_sender}, {"resort", done_by_sender}, {"settle", done_by_sender},
    {"handle", goes_on},      {"notify", notice},         {"assigned", report},
    {"object", superseded},   {"rule", superseded},       {"sign", superseded},
    {"silence", superseded},  {"deliver", superseded},    {"co-answer", co_answer},
};

static void draw_clock(struct jb_move *m, const struct jb_hand *h, const struct jb_deadline *d)
{
    for (size_t i = 0; i < sizeof fates / sizeof fates[0]; i++) {
        if (strcmp(fates[i].key, d->key) == 0) {
            fates[i].fate(m, h, d);
            return;
        }
    }
    other_clock(m, h, d);
}

/* ---- clocks that start ---------------------------------------------------------------------- */

static bool keeps_notice(const struct jb_move *m, const struct jb_hand *h)
{
    const struct jb_deadline *d = jb_case_open_deadline(m->c, "notify");

    return d != NULL && d->node == h->node;
}

/* An office sorts what reaches it (Art 22), a handler tells the petitioner (Art 23). */
static void draw_first_clock(struct jb_move *m, const struct jb_hand *h)
{
    const struct jb_case *c = m->c;

    if (jb_node_is_office(jb_directory_find(m->book->directory, h->node)))
        jb_emit_deadline(m, "sort", h->node, m->q->now_ms, 0);
    else if (!(c->flags & JB_FLAG_UNREACHABLE) && c->facts_ms[JB_FACT_TOLD] == 0 &&
             !keeps_notice(m, h))
        jb_emit_deadline(m, "notify", h->node, m->q->now_ms, 0);
}

/* The end of what the new host has to do first; 0: nothing has an end. */
static int64_t first_due_ms(const struct jb_move *m, const struct jb_hand *h)
{
    static const char *const keys[] = {"sort", "notify", "assigned", "handle", "object"};
    const struct jb_effects *effects = &m->v->effects;

    if (keeps_notice(m, h))
        return jb_case_open_deadline(m->c, "notify")->due_ms;
    for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
        for (size_t i = 0; i < effects->count; i++) {
            const struct jb_effect *e = &effects->at[i];

            if (e->kind == JB_EFFECT_DEADLINE_SET && e->node == h->node &&
                jb_text_equal(e->key, jb_text_of(keys[k])))
                return e->due_ms;
        }
    }
    return 0;
}

/* Until it has arrived, a hand-over is its sender's duty (rule 8.8). */
static void draw_deliver(struct jb_move *m, const struct jb_hand *h)
{
    int64_t length_ms = first_due_ms(m, h) - m->q->now_ms;
    int64_t at_ms = m->q->now_ms + length_ms / 100 * m->policy->deliver_percent;

    if (at_ms > m->q->now_ms)
        jb_emit_deadline_if_set(m, "deliver", m->q->node, m->q->now_ms, at_ms);
}

static bool needs_no_clock(const struct jb_case *c, const struct jb_hand *h, uint32_t co_handler)
{
    for (size_t i = 0; i < c->deadline_count; i++) {
        if (c->deadlines[i].node == co_handler && is_asked_twice(h, &c->deadlines[i]))
            return true;
    }
    for (size_t i = 0; i < c->participant_count; i++) {
        const struct jb_participant *p = &c->participants[i];

        if (p->node == co_handler && p->role == JB_ROLE_CO_HANDLER)
            return p->answered_ms != 0;
    }
    return false;
}

static void draw_clocks(struct jb_move *m, const struct jb_hand *h)
{
    int64_t now_ms = m->q->now_ms;

    for (size_t i = 0; i < m->c->deadline_count; i++) {
        const struct jb_deadline *d = &m->c->deadlines[i];

        if (d->end == JB_END_OPEN && !jb_move_ended(m, d))
            draw_clock(m, h, d);
    }
    if (h->order)
        draw_first_clock(m, h);
    if (!h->no_return)
        jb_emit_deadline(m, "object", h->node, now_ms, 0);
    jb_emit_deadline_if_set(m, "sign", h->node, now_ms, 0);
    jb_emit_deadline_if_set(m, "silence", h->node, now_ms, 0);
    for (size_t i = 0; i < h->co_handlers.count; i++) {
        if (!needs_no_clock(m->c, h, h->co_handlers.at[i]))
            jb_emit_deadline_if_set(m, "co-answer", h->co_handlers.at[i], now_ms, h->due_ms);
    }
}

/* The order itself, and the report that is owed under it. */
static void draw_order(struct jb_move *m, const struct jb_hand *h)
{
    const struct jb_directive made = {
        .power = JB_POWER_ASSIGN,
        .issuer = m->q->node,
        .authority = (uint32_t)h->order_authority,
        .level = m->self != NULL ? (uint32_t)m->self->level : 0,
        .flags = m->c->flags & (JB_FLAG_URGENT | JB_FLAG_SECRET),
        .people = m->c->people,
        .status = JB_DIRECTIVE_IN_FORCE,
        .due_ms = h->due_ms,
        .countersigned_by = m->act->countersigned_by,
    };
    struct jb_under under = {.trigger_ms = m->q->now_ms, .designated_ms = h->due_ms};
    uint32_t deadline_id = 0;

    under.directive = jb_emit_directive(m, &made);
    if (h->assigned)
        deadline_id = jb_emit_deadline_under(m, "assigned", h->node, &under);
    emit_target(m, under.directive, h->node, JB_TARGET_ISSUED, deadline_id);
}

void jb_draw_hand(struct jb_move *m, const struct jb_hand *h)
{
    const struct jb_case *c = m->c;

    jb_emit_stage(m, JB_STAGE_SENT);
    jb_emit_custody(m, h->node, h->authority, m->q->node);
    draw_audience(m, h);
    jb_emit_fact(m, JB_FACT_SENT, m->q->now_ms);
    jb_emit_fact_cleared(m, JB_FACT_SIGNED);
    if (c->objection_open)
        jb_draw_resumed(m);
    /* What was ruled of a former host binds no later one. */
    if (c->objection_open || c->last_ruling != 0)
        jb_emit_objection(m, c->objector, false, 0);
    if (c->dispute_level != 0)
        jb_emit_dispute(m, 0, 0);
    jb_draw_simple_over(m);
    draw_orders_over(m, h);
    draw_clocks(m, h);
    if (h->order)
        draw_order(m, h);
    draw_deliver(m, h);
}
