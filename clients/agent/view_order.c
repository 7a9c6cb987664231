/* What stands beside stage, custody and clocks of a case: directives, dockets, the levels of
 * review, links, ratings, marks. */
#include "clients/agent/views.h"

#define ROWS_MAX 1000

enum jb_err jb_agent_receipts_load(const struct jb_agent_views *v, int64_t case_no,
                                   struct jb_agent_receipts *out)
{
    struct jb_deadline_filter filter = {.case_no = case_no, .limit = ROWS_MAX};
    struct jb_deadline_row *rows = NULL;
    size_t count = 0;
    bool more = false;
    enum jb_err err = jb_query_deadlines(v->agent->ledger, &filter, v->arena, &rows, &count, &more);
    if (err == JB_OK)
        *out = (struct jb_agent_receipts){rows, count};
    return err;
}

int64_t jb_agent_receipt_of(const struct jb_agent_receipts *r, uint32_t deadline_id)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->rows[i].d.id == deadline_id)
            return r->rows[i].stored_ms;
    return 0;
}

/* ---- directives ---- */

/* When the receiver's agent signed for the directive; 0: not on record here. */
static int64_t stored_at(const struct jb_directive_row *stored, uint32_t node)
{
    for (size_t i = 0; stored != NULL && i < stored->target_count; i++)
        if (stored->targets[i].t.node == node)
            return stored->targets[i].stored_ms;
    return 0;
}

static bool target_over(const struct jb_target *t)
{
    return t->state == JB_TARGET_CLEARED || t->state == JB_TARGET_WITHDRAWN ||
           t->state == JB_TARGET_SUPERSEDED;
}

/* A deadline's own, while it runs; a receiver that owes nothing more is done. */
static Jb__Light target_light(const struct jb_agent_views *v, const struct jb_target *t,
                              const struct jb_deadline *due)
{
    if (target_over(t))
        return JB__LIGHT__LIGHT_DONE;
    if (due == NULL || due->end != JB_END_OPEN)
        return JB__LIGHT__LIGHT_GREEN;
    return (Jb__Light)jb_deadline_light(due, v->now_ms);
}

static void put_target(const struct jb_agent_views *v, const struct jb_case *c,
                       const struct jb_target *t, Jb__TargetView *w)
{
    const struct jb_deadline *due =
        t->deadline_id != 0 ? jb_case_deadline(c, t->deadline_id) : NULL;
    jb__target_view__init(w);
    JB_PUT(w, node, t->node);
    JB_PUT(w, state, (uint32_t)t->state);
    JB_PUT(w, signed_at_ms, t->signed_ms);
    JB_PUT(w, answered_at_ms, t->answered_ms);
    JB_PUT(w, ended_at_ms, t->ended_ms);
    JB_PUT(w, adopted, t->adopted);
    JB_PUT(w, deadline_id, t->deadline_id);
    if (due != NULL) {
        JB_PUT(w, due_ms, due->due_ms);
        JB_PUT(w, missed_at_ms, due->missed_ms);
    }
    JB_PUT(w, light, target_light(v, t, due));
    w->node_name = jb_agent_view_node_name(v, t->node);
}

/* Receivers with their states; the directive shows the worst of their lights. */
static bool put_targets(const struct jb_agent_views *v, const struct jb_case *c,
                        const struct jb_directive *d, const struct jb_directive_row *stored,
                        Jb__DirectiveView *w)
{
    Jb__Light worst =
        d->status == JB_DIRECTIVE_ENDED ? JB__LIGHT__LIGHT_DONE : JB__LIGHT__LIGHT_GREEN;
    w->targets = jb_agent_view_array(v->arena, c->target_count);
    if (w->targets == NULL)
        return false;
    for (size_t i = 0; i < c->target_count; i++) {
        const struct jb_target *t = &c->targets[i];
        if (t->directive != d->id)
            continue;
        Jb__TargetView *one = jb_arena_alloc(v->arena, sizeof *one);
        if (one == NULL)
            return false;
        put_target(v, c, t, one);
        JB_PUT(one, stored_at_ms, stored_at(stored, t->node));
        if (one->light != JB__LIGHT__LIGHT_DONE && worst != JB__LIGHT__LIGHT_DONE &&
            one->light > worst)
            worst = one->light;
        w->targets[w->n_targets++] = one;
    }
    JB_PUT(w, light, worst);
    return true;
}

Jb__DirectiveView *jb_agent_view_directive(const struct jb_agent_views *v, const struct jb_case *c,
                                           const struct jb_directive *d,
                                           const struct jb_directive_row *stored)
{
    Jb__DirectiveView *w = jb_arena_alloc(v->arena, sizeof *w);
    if (w == NULL)
        return NULL;
    jb__directive_view__init(w);
    JB_PUT(w, case_no, c->case_no);
    JB_PUT(w, directive_no, d->id);
    JB_PUT(w, power, d->power);
    JB_PUT(w, demand, d->demand);
    JB_PUT(w, recommendation, d->recommendation);
    JB_PUT(w, issuer, d->issuer);
    JB_PUT(w, authority, d->authority);
    JB_PUT(w, level, d->level);
    JB_PUT(w, flags, d->flags);
    JB_PUT(w, people, d->people);
    JB_PUT(w, status, (uint32_t)d->status);
    JB_PUT(w, issued_at_ms, d->issued_ms);
    JB_PUT(w, due_ms, d->due_ms);
    w->number = jb_agent_view_number(v, c->case_no);
    w->title = jb_agent_view_text(v, c->title);
    w->issuer_name = jb_agent_view_node_name(v, d->issuer);
    w->official = jb_agent_view_text(v, d->official);
    w->countersigned_by = jb_agent_view_text(v, d->countersigned_by);
    return put_targets(v, c, d, stored, w) ? w : NULL;
}

/* ---- dockets ---- */

Jb__DocketView *jb_agent_view_docket(const struct jb_agent_views *v, const struct jb_case *c,
                                     const struct jb_docket *d)
{
    const struct jb_deadline *due =
        d->deadline_id != 0 ? jb_case_deadline(c, d->deadline_id) : NULL;
    Jb__DocketView *w = jb_arena_alloc(v->arena, sizeof *w);
    if (w == NULL)
        return NULL;
    jb__docket_view__init(w);
    JB_PUT(w, case_no, c->case_no);
    JB_PUT(w, step, d->step);
    JB_PUT(w, node, d->node);
    JB_PUT(w, opener, d->opener);
    JB_PUT(w, opened_at_ms, d->opened_ms);
    JB_PUT(w, stepped_at_ms, d->stepped_ms);
    JB_PUT(w, closed_at_ms, d->closed_ms);
    JB_PUT(w, due_ms, due != NULL ? due->due_ms : 0);
    Jb__Light light = due != NULL && due->end == JB_END_OPEN
                          ? (Jb__Light)jb_deadline_light(due, v->now_ms)
                          : JB__LIGHT__LIGHT_GREEN;
    JB_PUT(w, light, d->closed_ms != 0 ? JB__LIGHT__LIGHT_DONE : light);
    w->number = jb_agent_view_number(v, c->case_no);
    w->title = jb_agent_view_text(v, c->title);
    w->docket_no = jb_agent_view_text(v, d->docket_no);
    w->node_name = jb_agent_view_node_name(v, d->node);
    w->opener_name = jb_agent_view_node_name(v, d->opener);
    return w;
}

static const struct jb_directive_row *row_of(const struct jb_directive_row *rows, size_t count,
                                             uint32_t id)
{
    for (size_t i = 0; i < count; i++)
        if (rows[i].d.id == id)
            return &rows[i];
    return NULL;
}

enum jb_err jb_agent_view_orders(const struct jb_agent_views *v, const struct jb_case *c,
                                 Jb__CaseView *w)
{
    struct jb_directive_filter filter = {.case_no = c->case_no, .limit = ROWS_MAX};
    struct jb_directive_row *rows = NULL;
    size_t count = 0;
    bool more = false;
    enum jb_err err = JB_OK;
    if (c->directive_count > 0)
        err = jb_query_directives(v->agent->ledger, &filter, v->arena, &rows, &count, &more);
    w->directives = jb_agent_view_array(v->arena, c->directive_count);
    w->dockets = jb_agent_view_array(v->arena, c->docket_count);
    if (err != JB_OK || w->directives == NULL || w->dockets == NULL)
        return err != JB_OK ? err : JB_NOMEM;
    for (size_t i = 0; i < c->directive_count; i++) {
        const struct jb_directive *d = &c->directives[i];
        w->directives[i] = jb_agent_view_directive(v, c, d, row_of(rows, count, d->id));
        if (w->directives[i] == NULL)
            return JB_NOMEM;
        w->n_directives++;
    }
    for (size_t i = 0; i < c->docket_count; i++) {
        w->dockets[i] = jb_agent_view_docket(v, c, &c->dockets[i]);
        if (w->dockets[i] == NULL)
            return JB_NOMEM;
        w->n_dockets++;
    }
    return JB_OK;
}

/* ---- levels, links, ratings, marks ---- */

static bool put_link(const struct jb_agent_views *v, const struct jb_mark *mark, Jb__CaseView *w)
{
    Jb__LinkView *link = jb_arena_alloc(v->arena, sizeof *link);
    if (link == NULL)
        return false;
    jb__link_view__init(link);
    JB_PUT(link, case_no, mark->other_case_no);
    JB_PUT(link, kind, mark->value);
    link->number = jb_agent_view_number(v, mark->other_case_no);
    w->links[w->n_links++] = link;
    return true;
}

/* A person's name, or that of the whole agency. */
static bool put_recused(const struct jb_agent_views *v, const struct jb_mark *mark, Jb__CaseView *w)
{
    char *who = mark->text.len > 0 ? jb_agent_view_text(v, mark->text)
                                   : jb_agent_view_node_name(v, mark->node);
    if (who == NULL) /* an agency that the directory does not have */
        return !v->arena->overflowed;
    w->recused[w->n_recused++] = who;
    return true;
}

/* By whom: the agency, and the person there. */
static bool put_erased(const struct jb_agent_views *v, const struct jb_mark *mark, Jb__CaseView *w)
{
    const char *node = jb_agent_node_name(v->agent, mark->node);
    size_t len = strlen(node) + mark->text.len + 4;
    char *who = jb_arena_alloc(v->arena, len);
    if (who == NULL)
        return false;
    (void)snprintf(who, len, "%s (%.*s)", node, (int)mark->text.len, mark->text.data);
    JB_PUT(w, erased_at_ms, mark->at_ms);
    w->erased_by = who;
    return true;
}

static bool put_marks(const struct jb_agent_views *v, const struct jb_case *c, Jb__CaseView *w)
{
    w->links = jb_agent_view_array(v->arena, c->mark_count);
    w->recused = jb_agent_view_array(v->arena, c->mark_count);
    w->accused = jb_arena_alloc(v->arena, c->mark_count * sizeof *w->accused);
    if (w->links == NULL || w->recused == NULL || w->accused == NULL)
        return false;
    for (size_t i = 0; i < c->mark_count; i++) {
        const struct jb_mark *mark = &c->marks[i];
        if (mark->kind == JB_MARK_LINK && !put_link(v, mark, w))
            return false;
        if (mark->kind == JB_MARK_RECUSED && !put_recused(v, mark, w))
            return false;
        if (mark->kind == JB_MARK_ERASED && !put_erased(v, mark, w))
            return false;
        if (mark->kind == JB_MARK_ACCUSED)
            w->accused[w->n_accused++] = mark->node;
    }
    return true;
}

static bool put_ratings(const struct jb_agent_views *v, const struct jb_case *c, Jb__CaseView *w)
{
    Jb__RatingView *all = jb_arena_alloc(v->arena, JB_RATED_PARTIES * sizeof *all);
    w->ratings = jb_agent_view_array(v->arena, JB_RATED_PARTIES);
    if (all == NULL || w->ratings == NULL)
        return false;
    for (size_t i = 0; i < JB_RATED_PARTIES; i++) {
        const struct jb_rating *rating = &c->ratings[i];
        if (rating->state == JB_RATING_NONE)
            continue;
        jb__rating_view__init(&all[i]);
        JB_PUT(&all[i], party, (uint32_t)i + 1);
        JB_PUT(&all[i], state, (uint32_t)rating->state);
        JB_PUT(&all[i], satisfaction, rating->satisfaction);
        JB_PUT(&all[i], at_ms, rating->at_ms);
        w->ratings[w->n_ratings++] = &all[i];
    }
    return true;
}

bool jb_agent_view_levels(const struct jb_agent_views *v, const struct jb_case *c, Jb__CaseView *w)
{
    JB_PUT(w, exit, (uint32_t)c->exit);
    JB_PUT(w, simple, c->simple);
    JB_PUT(w, dispute_level, (uint32_t)c->dispute_level);
    JB_PUT(w, arbiter, c->arbiter);
    JB_PUT(w, reviewer, c->reviewer);
    JB_PUT(w, rechecker, c->rechecker);
    JB_PUT(w, review_opinion, (uint32_t)c->review_opinion);
    JB_PUT(w, recheck_opinion, (uint32_t)c->recheck_opinion);
    w->lead_official = jb_agent_view_text(v, c->lead_official);
    w->arbiter_name = jb_agent_view_node_name(v, c->arbiter);
    w->reviewer_name = jb_agent_view_node_name(v, c->reviewer);
    w->rechecker_name = jb_agent_view_node_name(v, c->rechecker);
    return put_marks(v, c, w) && put_ratings(v, c, w);
}
