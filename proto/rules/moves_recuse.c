/* Recusal, Art 28(3): a person, or a whole agency, keeps out of a case. A recused person is kept
 * out by decide.c and by his agency's own agent; a recused agency leaves. What it owed passes to
 * whoever has to place the case; nothing is left without a duty-bearer. */
#include "proto/rules/moves_hand.h"

static uint32_t whose(const struct jb_move *m)
{
    return m->act->node != 0 ? m->act->node : m->q->node;
}

static bool is_whole(const struct jb_move *m)
{
    return m->act->person.len == 0;
}

/* The agency itself, one above it, an office of the case unless it stands below. */
static bool may_recuse(const struct jb_move *m, uint32_t node)
{
    const struct jb_node *n = jb_directory_find(m->book->directory, node);

    return node == m->q->node || jb_directory_below(m->book->directory, node, m->q->node) ||
           (jb_node_is_office(m->self) && n->level >= m->self->level);
}

static bool is_recused_already(const struct jb_move *m, uint32_t node)
{
    for (size_t i = 0; i < m->c->mark_count; i++) {
        const struct jb_mark *mark = &m->c->marks[i];

        if (mark->kind == JB_MARK_RECUSED && mark->node == node &&
            jb_text_equal(mark->text, m->act->person))
            return true;
    }
    return false;
}

/* Who cannot go, because nobody else could do what it has to do; and what to do instead. */
enum jb_refusal jb_check_agency_out(struct jb_move *m, uint32_t node)
{
    const struct jb_case *c = m->c;
    uint32_t reviewer = c->rechecker != 0 ? c->rechecker : c->reviewer;
    struct jb_arbiter other;

    if (node == c->registrar)
        return jb_detail_set(m->v->detail, JB_REFUSE_WRONG_PARTY,
                             "the registrar keeps the record: recuse its persons one by one");
    if (node == reviewer && (c->stage == JB_STAGE_REVIEW || c->stage == JB_STAGE_RECHECK))
        return jb_detail_set(m->v->detail, JB_REFUSE_WRONG_PARTY,
                             "it is reviewing the case: recuse its persons one by one");
    if (c->dispute_level != 0 && node == c->arbiter &&
        !jb_find_arbiter(m, c->dispute_level - 1, node, &other))
        return jb_detail_set(m->v->detail, JB_REFUSE_WRONG_PARTY,
                             "nobody else could settle the dispute: recuse its persons");
    if (node == c->host && c->stage > JB_STAGE_ACCEPTED)
        return jb_detail_set(m->v->detail, JB_REFUSE_WRONG_STAGE,
                             "it has decided the case: recuse its persons one by one");
    return JB_REFUSE_NONE;
}

enum jb_refusal jb_check_recuse(struct jb_move *m)
{
    uint32_t node = whose(m);

    if (jb_directory_find(m->book->directory, node) == NULL)
        return jb_detail_set(m->v->detail, JB_REFUSE_UNKNOWN_NODE, "node %u", (unsigned)node);
    if (!may_recuse(m, node))
        return jb_detail_set(m->v->detail, JB_REFUSE_WRONG_PARTY,
                             "for the agency itself, its superior, or an office of the case");
    if (m->act->reason.len == 0)
        return JB_REFUSE_REASON_REQUIRED;
    if (is_recused_already(m, node))
        return JB_REFUSE_ALREADY_DONE;
    return is_whole(m) ? jb_check_agency_out(m, node) : JB_REFUSE_NONE;
}

/* ---- a whole agency leaves ------------------------------------------------------------------ */

static bool has_open_receiver(const struct jb_case *c, uint32_t directive, uint32_t but)
{
    for (size_t i = 0; i < c->target_count; i++) {
        const struct jb_target *t = &c->targets[i];

        if (t->directive == directive && t->node != but && jb_target_is_open(t))
            return true;
    }
    return false;
}

static void draw_directives_over(struct jb_move *m, uint32_t node)
{
    struct jb_text nobody = {NULL, 0};

    for (size_t i = 0; i < m->c->target_count; i++) {
        const struct jb_target *t = &m->c->targets[i];

        if (t->node != node || !jb_target_is_open(t))
            continue;
        jb_draw_target_over(m, t, JB_TARGET_WITHDRAWN, JB_END_CANCELLED);
        if (!has_open_receiver(m->c, t->directive, node))
            jb_emit_directive_status(m, t->directive, JB_DIRECTIVE_ENDED, nobody);
    }
}

static void draw_dockets_over(struct jb_move *m, uint32_t node)
{
    for (size_t i = 0; i < m->c->docket_count; i++) {
        struct jb_docket d = m->c->dockets[i];

        if (d.node != node || d.closed_ms != 0)
            continue;
        d.closed_ms = m->q->now_ms;
        jb_emit_docket(m, &d);
    }
}

uint32_t jb_sender_beside(uint32_t host, uint32_t sender, uint32_t registrar)
{
    if (sender != host)
        return sender;
    return registrar != host ? registrar : 0;
}

/* What hangs on there being somebody who sent the case. */
static bool hangs_on_sender(const struct jb_move *m, const struct jb_deadline *d)
{
    (void)m;
    return strcmp(d->key, "object") == 0 || strcmp(d->key, "rule") == 0 ||
           strcmp(d->key, "deliver") == 0;
}

/* The registrar steps into the place of a sender who is gone: it rules, and may place the case
 * anew. The case is with the same host; no hop is counted. */
static void draw_sender_replaced(struct jb_move *m)
{
    const struct jb_case *c = m->c;
    uint32_t sender = jb_sender_beside(c->host, c->registrar, c->registrar);
    struct jb_effect *e;

    jb_emit_custody(m, c->host, c->authority, sender);
    e = &m->v->effects.at[m->v->effects.count - 1];
    e->hops = c->hops;
    if (sender == 0) {
        if (c->objection_open)
            jb_emit_objection(m, c->objector, false, 0);
        jb_draw_resumed(m);
        jb_draw_ended(m, hangs_on_sender, JB_END_CANCELLED);
    }
    for (size_t i = 0; i < c->deadline_count && sender != 0; i++) {
        const struct jb_deadline *d = &c->deadlines[i];

        if (d->end == JB_END_OPEN && d->node == c->sender && !jb_move_ended(m, d) &&
            (strcmp(d->key, "rule") == 0 || strcmp(d->key, "deliver") == 0))
            jb_draw_passed_on(m, d, sender);
    }
}

static bool is_the_recused_ones(const struct jb_move *m, const struct jb_deadline *d)
{
    return d->node == whose(m);
}

void jb_draw_agency_out(struct jb_move *m, uint32_t node)
{
    const struct jb_case *c = m->c;
    struct jb_arbiter other;

    draw_directives_over(m, node);
    draw_dockets_over(m, node);
    if (node == c->host)
        jb_draw_return(m);
    else if (node == c->sender && c->sender != 0 && c->host != 0)
        draw_sender_replaced(m);
    if (c->dispute_level != 0 && node == c->arbiter &&
        jb_find_arbiter(m, c->dispute_level - 1, node, &other))
        jb_draw_to_arbiter(m, &other);
    jb_draw_ended(m, is_the_recused_ones, JB_END_CANCELLED);
    if (jb_case_has(c, node))
        jb_emit_joined(m, node, JB_ROLE_LEFT);
}

void jb_draw_recuse(struct jb_move *m)
{
    const struct jb_mark mark = {.kind = JB_MARK_RECUSED, .node = whose(m), .text = m->act->person};

    jb_emit_mark(m, &mark, true);
    if (is_whole(m))
        jb_draw_agency_out(m, whose(m));
}
