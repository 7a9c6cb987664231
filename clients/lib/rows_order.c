/* Directives, dockets, proposals, explanations, rules and figures -> public rows. */
#include "clients/lib/client.h"

static enum jiaoban_light light_of(bool given, Jb__Light light)
{
    return given ? (enum jiaoban_light)light : (enum jiaoban_light)0;
}

/* ---- directives and dockets ------------------------------------------------------------------ */

static const struct jiaoban_target *target_row(struct jb_arena *a, const Jb__TargetView *v)
{
    struct jiaoban_target *t = jb_arena_alloc(a, sizeof *t);
    if (t == NULL)
        return NULL;
    *t = (struct jiaoban_target){
        .node = v->node,
        .node_name = jb_client_text(v->node_name),
        .state = (enum jiaoban_target_state)v->state,
        .stored_at_ms = v->stored_at_ms,
        .signed_at_ms = v->signed_at_ms,
        .answered_at_ms = v->answered_at_ms,
        .ended_at_ms = v->ended_at_ms,
        .adopted = (int)v->adopted,
        .deadline_id = v->deadline_id,
        .due_ms = v->due_ms,
        .missed_at_ms = v->missed_at_ms,
        .light = light_of(v->has_light, v->light),
    };
    return t;
}

const struct jiaoban_directive *jb_client_directive(struct jb_arena *a, const Jb__DirectiveView *v)
{
    struct jiaoban_directive *d = jb_arena_alloc(a, sizeof *d);
    const struct jiaoban_target **targets = jb_client_pointers(a, v->n_targets);
    if (d == NULL || targets == NULL)
        return NULL;
    for (size_t i = 0; i < v->n_targets; i++)
        if ((targets[i] = target_row(a, v->targets[i])) == NULL)
            return NULL;
    *d = (struct jiaoban_directive){
        .case_no = v->case_no,
        .number = jb_client_text(v->number),
        .title = jb_client_text(v->title),
        .directive_no = v->directive_no,
        .power = (int)v->power,
        .demand = (int)v->demand,
        .recommendation = (int)v->recommendation,
        .issuer = v->issuer,
        .issuer_name = jb_client_text(v->issuer_name),
        .authority = (int)v->authority,
        .level = (int)v->level,
        .flags = v->flags,
        .people = v->people,
        .status = (enum jiaoban_directive_status)v->status,
        .issued_at_ms = v->issued_at_ms,
        .due_ms = v->due_ms,
        .official = jb_client_text(v->official),
        .countersigned_by = jb_client_text(v->countersigned_by),
        .targets = targets,
        .target_count = v->n_targets,
        .light = light_of(v->has_light, v->light),
    };
    return d;
}

const struct jiaoban_docket *jb_client_docket(struct jb_arena *a, const Jb__DocketView *v)
{
    struct jiaoban_docket *d = jb_arena_alloc(a, sizeof *d);
    if (d == NULL)
        return NULL;
    *d = (struct jiaoban_docket){
        .case_no = v->case_no,
        .number = jb_client_text(v->number),
        .title = jb_client_text(v->title),
        .docket_no = jb_client_text(v->docket_no),
        .step = (enum jiaoban_step)v->step,
        .node = v->node,
        .node_name = jb_client_text(v->node_name),
        .opener = v->opener,
        .opener_name = jb_client_text(v->opener_name),
        .opened_at_ms = v->opened_at_ms,
        .stepped_at_ms = v->stepped_at_ms,
        .closed_at_ms = v->closed_at_ms,
        .due_ms = v->due_ms,
        .light = light_of(v->has_light, v->light),
    };
    return d;
}

const struct jiaoban_proposal *jb_client_proposal(struct jb_arena *a, const Jb__ProposalView *v)
{
    struct jiaoban_proposal *p = jb_arena_alloc(a, sizeof *p);
    if (p == NULL)
        return NULL;
    *p = (struct jiaoban_proposal){
        .case_no = v->case_no,
        .number = jb_client_text(v->number),
        .title = jb_client_text(v->title),
        .node = v->node,
        .node_name = jb_client_text(v->node_name),
        .step = (enum jiaoban_step)v->step,
        .reason = jb_client_text(v->reason),
        .key = jb_client_text(v->key),
        .since_ms = v->since_ms,
        .docket_no = jb_client_text(v->docket_no),
        .article = jb_client_text(v->article),
    };
    return p;
}

const struct jiaoban_delegation *jb_client_delegation(struct jb_arena *a,
                                                      const Jb__DelegationView *v)
{
    struct jiaoban_delegation *d = jb_arena_alloc(a, sizeof *d);
    if (d == NULL)
        return NULL;
    *d = (struct jiaoban_delegation){
        .node = v->node,
        .node_name = jb_client_text(v->node_name),
        .official = jb_client_text(v->official),
        .power = (int)v->power,
        .valid_from_ms = v->valid_from_ms,
        .valid_to_ms = v->valid_to_ms,
        .in_force = v->in_force,
    };
    return d;
}

/* ---- how a deadline was counted -------------------------------------------------------------- */

static const struct jiaoban_explain_day *day_row(struct jb_arena *a, const Jb__ExplainDayView *v)
{
    struct jiaoban_explain_day *d = jb_arena_alloc(a, sizeof *d);
    if (d == NULL)
        return NULL;
    *d = (struct jiaoban_explain_day){.day_ms = v->day_ms,
                                      .count = v->count,
                                      .kind = jb_client_text(v->kind),
                                      .name = jb_client_text(v->name),
                                      .known = v->known};
    return d;
}

static const struct jiaoban_explain_move *move_row(struct jb_arena *a, const Jb__ExplainMoveView *v)
{
    struct jiaoban_explain_move *m = jb_arena_alloc(a, sizeof *m);
    if (m == NULL)
        return NULL;
    *m = (struct jiaoban_explain_move){.at_ms = v->at_ms,
                                       .seq = v->seq,
                                       .kind = jb_client_text(v->kind),
                                       .old_due_ms = v->old_due_ms,
                                       .due_ms = v->due_ms,
                                       .text = jb_client_text(v->text),
                                       .node = v->node,
                                       .node_name = jb_client_text(v->node_name)};
    return m;
}

static bool explain_lists(struct jb_arena *a, const Jb__ExplainView *v, struct jiaoban_explain *e)
{
    const struct jiaoban_explain_day **days = jb_client_pointers(a, v->n_days);
    const struct jiaoban_explain_move **moves = jb_client_pointers(a, v->n_moves);
    if (days == NULL || moves == NULL)
        return false;
    for (size_t i = 0; i < v->n_days; i++)
        if ((days[i] = day_row(a, v->days[i])) == NULL)
            return false;
    for (size_t i = 0; i < v->n_moves; i++)
        if ((moves[i] = move_row(a, v->moves[i])) == NULL)
            return false;
    e->days = days;
    e->day_count = v->n_days;
    e->moves = moves;
    e->move_count = v->n_moves;
    return true;
}

const struct jiaoban_explain *jb_client_explain(struct jb_arena *a, const Jb__ExplainView *v)
{
    static const Jb__DeadlineView none = JB__DEADLINE_VIEW__INIT;
    struct jiaoban_explain *e = jb_arena_alloc(a, sizeof *e);
    if (e == NULL)
        return NULL;
    *e = (struct jiaoban_explain){
        .deadline = jb_client_deadline(a, v->deadline != NULL ? v->deadline : &none),
        .agrees = v->agrees,
        .policy_name = jb_client_text(v->policy_name),
        .calendar_until = jb_client_text(v->calendar_until),
        .text = jb_client_text(v->text),
    };
    return e->deadline != NULL && explain_lists(a, v, e) ? e : NULL;
}

/* ---- the running policy ---------------------------------------------------------------------- */

const struct jiaoban_rule *jb_client_rule(struct jb_arena *a, const Jb__RuleView *v)
{
    struct jiaoban_rule *r = jb_arena_alloc(a, sizeof *r);
    if (r == NULL)
        return NULL;
    *r = (struct jiaoban_rule){
        .section = jb_client_text(v->section),
        .key = jb_client_text(v->key),
        .name = jb_client_text(v->name),
        .value = jb_client_text(v->value),
        .unit = jb_client_text(v->unit),
        .extension_days = v->extension_days,
        .warn_days = v->warn_days,
        .warn_count = v->n_warn_days,
        .article = jb_client_text(v->article),
        .proposal = v->proposal,
        .right = v->right,
    };
    return r;
}

const struct jiaoban_rulebook *jb_client_rulebook(struct jb_arena *a, const Jb__RuleList *v)
{
    struct jiaoban_rulebook *b = jb_arena_alloc(a, sizeof *b);
    if (b == NULL)
        return NULL;
    *b = (struct jiaoban_rulebook){
        .version = jb_client_text(v->version),
        .source = jb_client_text(v->source),
        .calendar_version = jb_client_text(v->calendar_version),
        .effective_from_ms = v->effective_from_ms,
    };
    return b;
}

/* ---- what a petitioner may see --------------------------------------------------------------- */

static const struct jiaoban_public_fact *fact_row(struct jb_arena *a, const Jb__PublicRowView *v)
{
    struct jiaoban_public_fact *f = jb_arena_alloc(a, sizeof *f);
    if (f == NULL)
        return NULL;
    *f = (struct jiaoban_public_fact){.day_ms = v->day_ms,
                                      .what = jb_client_text(v->what),
                                      .document = jb_client_text(v->document)};
    return f;
}

const struct jiaoban_public *jb_client_public(struct jb_arena *a, const Jb__PublicView *v)
{
    struct jiaoban_public *p = jb_arena_alloc(a, sizeof *p);
    const struct jiaoban_public_fact **facts = jb_client_pointers(a, v->n_rows);
    if (p == NULL || facts == NULL)
        return NULL;
    for (size_t i = 0; i < v->n_rows; i++)
        if ((facts[i] = fact_row(a, v->rows[i])) == NULL)
            return NULL;
    *p = (struct jiaoban_public){
        .number = jb_client_text(v->number), .facts = facts, .fact_count = v->n_rows};
    return p;
}

/* ---- appraisal ------------------------------------------------------------------------------- */

/* The three lists of a drill-down, as long as the shortest of them. */
static size_t drill_count(const Jb__FigureView *v)
{
    size_t count = v->n_case_nos < v->n_numbers ? v->n_case_nos : v->n_numbers;
    return count < v->n_counted ? count : v->n_counted;
}

const struct jiaoban_figure *jb_client_figure(struct jb_arena *a, const Jb__FigureView *v)
{
    struct jiaoban_figure *f = jb_arena_alloc(a, sizeof *f);
    size_t count = drill_count(v);
    bool *counted = jb_arena_alloc(a, count * sizeof *counted);
    if (f == NULL || counted == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++)
        counted[i] = v->counted[i] != 0;
    *f = (struct jiaoban_figure){
        .indicator = jb_client_text(v->indicator),
        .node = v->node,
        .node_name = jb_client_text(v->node_name),
        .numerator = v->numerator,
        .denominator = v->denominator,
        .no_data = v->no_data,
        .people = v->people,
        .key = jb_client_text(v->key),
        .case_nos = v->case_nos,
        .numbers = (const char *const *)v->numbers,
        .counted = counted,
        .case_count = count,
        .article = jb_client_text(v->article),
        .more = v->more,
    };
    return f;
}

const struct jiaoban_report *jb_client_report(struct jb_arena *a, const Jb__ReportView *v)
{
    struct jiaoban_report *r = jb_arena_alloc(a, sizeof *r);
    if (r == NULL)
        return NULL;
    *r = (struct jiaoban_report){.from_ms = v->from_ms, .to_ms = v->to_ms, .log_seq = v->log_seq};
    return r;
}
