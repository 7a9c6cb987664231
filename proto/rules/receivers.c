/* The receivers of a directive: who they are, what reaches them when it comes into force, and how
 * the part of one of them ends. Decides nothing about who may do it. */
#include "proto/rules/receivers.h"

#define SUCCESSORS_MAX 8

uint32_t jb_stand_in(const struct jb_move *m, uint32_t node)
{
    for (int i = 0; i < SUCCESSORS_MAX && !jb_case_has(m->c, node); i++) {
        const struct jb_node *n = jb_directory_find(m->book->directory, node);

        if (n == NULL || n->successor == 0 || jb_node_valid(n, m->q->now_ms))
            break;
        node = n->successor;
    }
    return jb_case_has(m->c, node) ? node : m->c->registrar;
}

bool jb_target_is_open(const struct jb_target *t)
{
    return t->state == JB_TARGET_ISSUED || t->state == JB_TARGET_SIGNED ||
           t->state == JB_TARGET_OBJECTED || t->state == JB_TARGET_ANSWERED;
}

void jb_draw_target_clock_end(struct jb_move *m, const struct jb_target *t,
                              enum jb_deadline_end end)
{
    const struct jb_deadline *d = jb_case_deadline(m->c, t->deadline_id);

    if (d == NULL || d->end != JB_END_OPEN)
        return;
    if (end == JB_END_MET)
        jb_emit_met_now(m, d);
    else
        jb_emit_end(m, d, end);
}

void jb_draw_target_over(struct jb_move *m, const struct jb_target *t, enum jb_target_state state,
                         enum jb_deadline_end end)
{
    const struct jb_target now = {.directive = t->directive, .node = t->node, .state = state};

    jb_emit_target(m, &now);
    jb_draw_target_clock_end(m, t, end);
}

bool jb_receivers_have(const struct jb_receivers *r, uint32_t node)
{
    for (size_t i = 0; i < r->count; i++) {
        if (r->at[i] == node)
            return true;
    }
    return false;
}

static void add_receiver(struct jb_receivers *r, uint32_t node)
{
    if (node != 0 && r->count < JB_RECEIVERS_MAX && !jb_receivers_have(r, node))
        r->at[r->count++] = node;
}

/* Whom it binds, who helps, who hears of it: each one once. */
void jb_receivers_of_act(const struct jb_act *act, struct jb_receivers *r)
{
    r->count = 0;
    add_receiver(r, act->node);
    for (size_t i = 0; i < act->co_handlers.count; i++)
        add_receiver(r, act->co_handlers.at[i]);
    for (size_t i = 0; i < act->audience.count; i++)
        add_receiver(r, act->audience.at[i]);
}

void jb_receivers_of_directive(const struct jb_case *c, uint32_t id, struct jb_receivers *r)
{
    r->count = 0;
    for (size_t i = 0; i < c->target_count; i++) {
        if (c->targets[i].directive == id && jb_target_is_open(&c->targets[i]))
            add_receiver(r, c->targets[i].node);
    }
}

uint32_t jb_draw_clock_under(struct jb_move *m, const char *key, uint32_t node,
                             const struct jb_under *under)
{
    const struct jb_policy *p = jb_book_policy_at(m->book, node, under->trigger_ms);
    const struct jb_policy_row *row = p != NULL ? jb_policy_row(p, key) : NULL;

    if (row == NULL || (row->limit == 0 && under->designated_ms == 0))
        return 0;
    return jb_emit_deadline_under(m, key, node, under);
}

static const char *clock_of(const struct jb_directive *d)
{
    static const char *const keys[] = {
        [JB_POWER_INVESTIGATE] = "investigate", [JB_POWER_COORDINATE] = "coordinate",
        [JB_POWER_SUPERVISE] = "supervise",     [JB_POWER_CIRCULATE] = "circulate",
        [JB_POWER_RECOMMEND] = "recommend",
    };

    return jb_directive_is_summons(d->power, d->demand) ? "summon" : keys[d->power];
}

/* Now it is the receiver's. */
static void draw_receiver(struct jb_move *m, const struct jb_directive *d, uint32_t node)
{
    const struct jb_under under = {
        .directive = d->id, .trigger_ms = m->q->now_ms, .designated_ms = d->due_ms};
    struct jb_target t = {.directive = d->id, .node = node, .state = JB_TARGET_ISSUED};

    jb_emit_joined(m, node, JB_ROLE_ORDERED);
    t.deadline_id = jb_draw_clock_under(m, clock_of(d), node, &under);
    jb_emit_target(m, &t);
}

/* Higher level before lower one; at the same level the joint conference's decision before the first
 * assignment (P4.2). */
static bool goes_before(const struct jb_move *m, const struct jb_directive *d,
                        const struct jb_directive *other)
{
    if (d->level != other->level && m->policy->level_outranks)
        return d->level < other->level;
    return d->authority > other->authority;
}

/* An earlier directive of the same power and lower authority ends at the receivers of both, unless
 * they have answered it. */
static void draw_superseded(struct jb_move *m, const struct jb_directive *earlier,
                            const struct jb_receivers *r)
{
    const struct jb_text nobody = {NULL, 0};
    size_t ended = 0, left = 0;

    for (size_t i = 0; i < m->c->target_count; i++) {
        const struct jb_target *t = &m->c->targets[i];

        if (t->directive != earlier->id || !jb_target_is_open(t))
            continue;
        if (jb_receivers_have(r, t->node) && t->state != JB_TARGET_ANSWERED) {
            jb_draw_target_over(m, t, JB_TARGET_SUPERSEDED, JB_END_SUPERSEDED);
            ended++;
        } else {
            left++;
        }
    }
    if (ended > 0 && left == 0)
        jb_emit_directive_status(m, earlier->id, JB_DIRECTIVE_ENDED, nobody);
}

void jb_draw_in_force(struct jb_move *m, const struct jb_directive *d, const struct jb_receivers *r)
{
    for (size_t i = 0; i < m->c->directive_count; i++) {
        const struct jb_directive *other = &m->c->directives[i];

        if (other->power == d->power && other->status == JB_DIRECTIVE_IN_FORCE &&
            goes_before(m, d, other))
            draw_superseded(m, other, r);
    }
    for (size_t i = 0; i < r->count; i++)
        draw_receiver(m, d, r->at[i]);
}
