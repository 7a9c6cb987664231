/* The end of the three levels, and the way back. After the recheck the same facts are closed for
 * good (Art 36); what is reopened goes back to its registrar as at the beginning. What was before
 * stays in the log. */
#include "proto/rules/moves_hand.h"
#include "proto/rules/moves_life.h"

#define SUCCESSORS_MAX 8

enum jb_refusal jb_check_terminate(struct jb_move *m)
{
    const struct jb_case *c = m->c;

    if (c->facts_ms[JB_FACT_RECHECK_TOLD] == 0 && !(c->flags & JB_FLAG_UNREACHABLE))
        return jb_not_told(m, JB_FACT_RECHECK_TOLD);
    return JB_REFUSE_NONE;
}

void jb_draw_terminate(struct jb_move *m)
{
    jb_emit_stage(m, JB_STAGE_TERMINATED);
    jb_emit_fact(m, JB_FACT_TERMINATED, m->q->now_ms);
    jb_draw_case_over(m);
}

/* ---- reopen: whether ------------------------------------------------------------------------ */

/* The joint conference, a government above, or an office with power over the registrar that is not
 * a colleague of its level. */
static bool orders_from_above(const struct jb_move *m)
{
    const struct jb_directory *d = m->book->directory;
    const struct jb_node *registrar = jb_directory_find(d, m->c->registrar);

    if (m->self == NULL || registrar == NULL || m->self == registrar)
        return false;
    if (m->self->kind == JB_NODE_JOINT_CONFERENCE ||
        jb_directory_below(d, registrar->node, m->self->node))
        return true;
    return m->self->kind == JB_NODE_OFFICE && jb_reaches(d, m->self, registrar->node) &&
           !(jb_node_is_office(registrar) && registrar->level == m->self->level);
}

static bool new_facts_only(const struct jb_case *c)
{
    return c->stage != JB_STAGE_CLOSED || c->facts_ms[JB_FACT_RECHECKED] != 0;
}

enum jb_refusal jb_check_reopen(struct jb_move *m)
{
    const struct jb_case *c = m->c;
    bool registrar = (jb_case_roles(c, m->q->node) & JB_ROLE_BIT(JB_ROLE_REGISTRAR)) != 0;

    if (m->act->ground == JB_GROUND_ORDERED) {
        if (new_facts_only(c))
            return JB_REFUSE_NEW_FACTS_REQUIRED;
        if (!orders_from_above(m))
            return jb_detail_set(m->v->detail, JB_REFUSE_WRONG_PARTY,
                                 "ordered: by the joint conference or a superior");
        return JB_REFUSE_NONE;
    }
    if (c->stage == JB_STAGE_REFERRED && !registrar)
        return jb_detail_set(m->v->detail, JB_REFUSE_WRONG_PARTY,
                             "a referred matter is its registrar's to take up again");
    if (!registrar && m->q->node != c->host && !jb_node_is_office(m->self))
        return jb_detail_set(m->v->detail, JB_REFUSE_WRONG_PARTY,
                             "new facts: for the registrar, an office or the handler");
    return JB_REFUSE_NONE;
}

/* ---- reopen: what follows ------------------------------------------------------------------- */

/* An abolished registrar's cases are its successor's. */
static uint32_t keeper(const struct jb_move *m)
{
    const struct jb_directory *d = m->book->directory;
    uint32_t node = m->c->registrar;

    for (int i = 0; i < SUCCESSORS_MAX; i++) {
        const struct jb_node *n = jb_directory_find(d, node);

        if (n == NULL || n->successor == 0 || jb_node_valid(n, m->q->now_ms))
            return node;
        node = n->successor;
    }
    return m->c->registrar;
}

/* A new round counts its hand-overs anew. */
static void draw_custody(struct jb_move *m, uint32_t node)
{
    const struct jb_case *c = m->c;
    uint32_t host_alone = JB_ROLE_BIT(JB_ROLE_HOST);
    struct jb_effect *e = jb_emit_push(m, JB_EFFECT_CUSTODY_MOVED);

    e->node = node;
    e->custody = c->custody + 1;
    jb_emit_joined(m, node, JB_ROLE_HOST);
    if (c->host != node && (jb_case_roles(c, c->host) & ~host_alone) == 0)
        jb_emit_joined(m, c->host, JB_ROLE_LEFT);
}

static void draw_co_handlers_anew(struct jb_move *m)
{
    const struct jb_case *c = m->c;

    for (size_t i = 0; i < c->participant_count; i++) {
        const struct jb_participant *p = &c->participants[i];

        if (p->role != JB_ROLE_CO_HANDLER)
            continue;
        if (p->signed_ms != 0)
            jb_emit_participant_fact(m, p->node, JB_FACT_SIGNED, 0);
        if (p->answered_ms != 0)
            jb_emit_participant_fact(m, p->node, JB_FACT_ANSWERED, 0);
    }
}

void jb_draw_round_over(struct jb_move *m)
{
    const struct jb_case *c = m->c;

    for (int fact = JB_FACT_SIGNED; fact < JB_FACT_COUNT; fact++)
        jb_emit_fact_cleared(m, (enum jb_fact)fact);
    draw_co_handlers_anew(m);
    jb_emit_opinion_cleared(m);
    if (c->reviewer != 0)
        jb_emit_review(m, 1, 0, 0);
    if (c->rechecker != 0)
        jb_emit_review(m, 2, 0, 0);
    if (c->objection_open || c->last_ruling != 0)
        jb_emit_objection(m, c->objector, false, 0);
    jb_draw_simple_over(m);
    jb_draw_dispute_ends(m, JB_END_CANCELLED);
}

/* The window of ratings that are being cast stays open. */
static bool ends_with_round(const struct jb_move *m, const struct jb_deadline *d)
{
    return strcmp(d->key, "rate") != 0 && !jb_deadline_stands_alone(m->c, d);
}

static void draw_clocks(struct jb_move *m, uint32_t node)
{
    jb_draw_ended(m, ends_with_round, JB_END_CANCELLED);
    if (jb_node_is_office(jb_directory_find(m->book->directory, node)))
        jb_emit_deadline(m, "sort", node, m->q->now_ms, 0);
    else if (!(m->c->flags & JB_FLAG_UNREACHABLE))
        jb_emit_deadline(m, "notify", node, m->q->now_ms, 0);
}

void jb_draw_reopen(struct jb_move *m)
{
    uint32_t node = keeper(m);

    jb_emit_stage(m, JB_STAGE_REGISTERED);
    draw_custody(m, node);
    jb_draw_round_over(m);
    draw_clocks(m, node);
}
