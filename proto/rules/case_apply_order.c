/* Applies what stands beside stage, custody and clocks: marks, directives and their receivers,
 * dockets, ratings, the review chain, disputes, pauses. The passes are those of case_apply.c. */
#include "proto/rules/applying.h"
#include "proto/rules/civil.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* ---- marks ---------------------------------------------------------------------------------- */

static bool fits_marked(struct jb_applying *a, const struct jb_effect *e)
{
    (void)a;
    return e->mark >= JB_MARK_LINK && e->mark < JB_MARK_END &&
           (e->mark == JB_MARK_LINK ? e->other_case_no != 0 && e->value <= JB_LINK_SPLIT_INTO
                                    : e->node != 0);
}

static bool same_mark(const struct jb_mark *mark, const struct jb_effect *e)
{
    return mark->kind == (enum jb_mark_kind)e->mark && mark->node == e->node &&
           mark->other_case_no == e->other_case_no && mark->value == e->value &&
           jb_text_equal(mark->text, e->text);
}

static void apply_marked(struct jb_applying *a, const struct jb_effect *e)
{
    struct jb_case *c = a->c;
    size_t kept = 0;

    for (size_t i = 0; i < c->mark_count; i++) {
        if (!same_mark(&c->marks[i], e))
            c->marks[kept++] = c->marks[i];
    }
    c->mark_count = kept;
    c->marks_dirty = true;
    if (e->open)
        c->marks[c->mark_count++] = (struct jb_mark){
            .kind = (enum jb_mark_kind)e->mark,
            .node = e->node,
            .other_case_no = e->other_case_no,
            .value = e->value,
            .text = jb_apply_keep(a, e->text),
            .at_ms = e->at_ms,
        };
}

/* ---- directives ----------------------------------------------------------------------------- */

static bool fits_directive_set(struct jb_applying *a, const struct jb_effect *e)
{
    if (e->directive != a->directive + 1 || e->power < JB_POWER_ASSIGN ||
        e->power > JB_POWER_RECOMMEND || e->node == 0 || e->status < JB_DIRECTIVE_WAITING ||
        e->status > JB_DIRECTIVE_ENDED)
        return false;
    a->directive = e->directive;
    return true;
}

static void apply_directive_set(struct jb_applying *a, const struct jb_effect *e)
{
    a->c->directives[a->c->directive_count++] = (struct jb_directive){
        .id = e->directive,
        .power = e->power,
        .demand = e->demand,
        .recommendation = e->recommendation,
        .issuer = e->node,
        .authority = e->authority,
        .level = e->level,
        .flags = e->flags,
        .people = e->people,
        .status = (enum jb_directive_status)e->status,
        .due_ms = e->due_ms,
        .issued_ms = a->entry->at_ms,
        .seq = a->entry->seq,
        .official = jb_apply_keep(a, e->official),
        .countersigned_by = jb_apply_keep(a, e->countersigned_by),
        .issued_by = jb_apply_keep(a, e->user),
        .dirty = true,
    };
}

static bool known_directive(const struct jb_applying *a, uint32_t id)
{
    return id != 0 && id <= a->directive;
}

static bool fits_directive_moved(struct jb_applying *a, const struct jb_effect *e)
{
    return known_directive(a, e->directive) && e->status >= JB_DIRECTIVE_WAITING &&
           e->status <= JB_DIRECTIVE_ENDED;
}

static void apply_directive_moved(struct jb_applying *a, const struct jb_effect *e)
{
    for (size_t i = 0; i < a->c->directive_count; i++) {
        struct jb_directive *d = &a->c->directives[i];

        if (d->id != e->directive)
            continue;
        if (d->status == JB_DIRECTIVE_WAITING && e->status == JB_DIRECTIVE_IN_FORCE)
            d->seq = a->entry->seq;
        d->status = (enum jb_directive_status)e->status;
        if (e->countersigned_by.len > 0)
            d->countersigned_by = jb_apply_keep(a, e->countersigned_by);
        d->dirty = true;
    }
}

static bool fits_target_set(struct jb_applying *a, const struct jb_effect *e)
{
    return known_directive(a, e->directive) && e->node != 0 && e->target >= JB_TARGET_ISSUED &&
           e->target < JB_TARGET_STATE_END && e->adopted <= 2;
}

static struct jb_target *target_of(struct jb_case *c, const struct jb_effect *e)
{
    for (size_t i = 0; i < c->target_count; i++) {
        if (c->targets[i].directive == e->directive && c->targets[i].node == e->node)
            return &c->targets[i];
    }
    c->targets[c->target_count] = (struct jb_target){.directive = e->directive, .node = e->node};
    return &c->targets[c->target_count++];
}

static void apply_target_set(struct jb_applying *a, const struct jb_effect *e)
{
    struct jb_target *t = target_of(a->c, e);

    t->state = (enum jb_target_state)e->target;
    t->dirty = true;
    if (e->deadline_id != 0)
        t->deadline_id = e->deadline_id;
    if (e->adopted != 0)
        t->adopted = e->adopted;
    if (e->target == JB_TARGET_SIGNED)
        t->signed_ms = e->at_ms;
    else if (e->target == JB_TARGET_ANSWERED)
        t->answered_ms = e->at_ms;
    else if (e->target == JB_TARGET_CLEARED || e->target == JB_TARGET_WITHDRAWN ||
             e->target == JB_TARGET_SUPERSEDED)
        t->ended_ms = e->at_ms;
}

/* ---- dockets -------------------------------------------------------------------------------- */

static bool fits_docket_set(struct jb_applying *a, const struct jb_effect *e)
{
    if (e->docket == 0 || e->docket > a->docket + 1 || e->node == 0 || e->step < JB_STEP_URGE ||
        e->step > JB_STEP_HOLD_TO_ACCOUNT)
        return false;
    if (e->docket == a->docket + 1)
        a->docket = e->docket;
    return true;
}

static void apply_docket_set(struct jb_applying *a, const struct jb_effect *e)
{
    struct jb_case *c = a->c;
    struct jb_docket *d = NULL;

    for (size_t i = 0; i < c->docket_count; i++) {
        if (c->dockets[i].id == e->docket)
            d = &c->dockets[i];
    }
    if (d == NULL) {
        d = &c->dockets[c->docket_count++];
        *d = (struct jb_docket){.id = e->docket,
                                .docket_no = jb_apply_keep(a, e->docket_no),
                                .opener = e->sender,
                                .opened_ms = e->at_ms};
    }
    d->node = e->node;
    if (d->step != e->step)
        d->stepped_ms = e->at_ms;
    d->step = e->step;
    if (e->deadline_id != 0)
        d->deadline_id = e->deadline_id;
    d->closed_ms = e->open ? 0 : e->at_ms;
    d->dirty = true;
}

/* ---- facts about one participant, the register, the review chain ----------------------------- */

static bool fits_participant_fact(struct jb_applying *a, const struct jb_effect *e)
{
    (void)a;
    return e->node != 0 && (e->fact == JB_FACT_SIGNED || e->fact == JB_FACT_ANSWERED);
}

static void apply_participant_fact(struct jb_applying *a, const struct jb_effect *e)
{
    struct jb_case *c = a->c;

    for (size_t i = 0; i < c->participant_count; i++) {
        struct jb_participant *p = &c->participants[i];

        if (p->node != e->node || p->role != JB_ROLE_CO_HANDLER)
            continue;
        if (e->fact == JB_FACT_SIGNED)
            p->signed_ms = e->at_ms;
        else
            p->answered_ms = e->at_ms;
        c->participants_dirty = true;
    }
}

static bool fits_always(struct jb_applying *a, const struct jb_effect *e)
{
    (void)a;
    (void)e;
    return true;
}

static void apply_flags(struct jb_applying *a, const struct jb_effect *e)
{
    a->c->flags = e->flags;
}

static void apply_class(struct jb_applying *a, const struct jb_effect *e)
{
    a->c->class_code = jb_apply_keep(a, e->class_code);
}

static void apply_lead(struct jb_applying *a, const struct jb_effect *e)
{
    a->c->lead_official = jb_apply_keep(a, e->official);
}

static void apply_track(struct jb_applying *a, const struct jb_effect *e)
{
    a->c->simple = e->simple;
}

static bool fits_dispute(struct jb_applying *a, const struct jb_effect *e)
{
    (void)a;
    return e->dispute_level <= 2 && (!e->open || e->node != 0);
}

static void apply_dispute(struct jb_applying *a, const struct jb_effect *e)
{
    a->c->dispute_level = e->open ? (int)e->dispute_level : 0;
    a->c->arbiter = e->open ? e->node : 0;
}

static bool fits_rating(struct jb_applying *a, const struct jb_effect *e)
{
    (void)a;
    return e->party >= JB_RATED_OFFICE && e->party <= JB_RATED_HANDLER &&
           e->rating >= JB_RATING_WAITING && e->rating <= JB_RATING_UNRATED &&
           e->satisfaction <= JB_NOT_SATISFIED;
}

static void apply_rating(struct jb_applying *a, const struct jb_effect *e)
{
    a->c->ratings[e->party - 1] = (struct jb_rating){
        .state = (enum jb_rating_state)e->rating,
        .satisfaction = e->satisfaction,
        .at_ms = e->at_ms,
    };
}

static bool fits_review(struct jb_applying *a, const struct jb_effect *e)
{
    (void)a;
    return (e->round == 1 || e->round == 2) && e->opinion <= JB_OPINION_NOT_SUPPORTED;
}

static void apply_review(struct jb_applying *a, const struct jb_effect *e)
{
    struct jb_case *c = a->c;

    if (e->round == 1) {
        c->reviewer = e->node;
        c->review_opinion = (int)e->opinion;
    } else {
        c->rechecker = e->node;
        c->recheck_opinion = (int)e->opinion;
    }
}

/* ---- a clock that stands still --------------------------------------------------------------- */

static bool fits_clock(struct jb_applying *a, const struct jb_effect *e)
{
    return jb_apply_running(a, e->deadline_id);
}

static bool fits_resumed(struct jb_applying *a, const struct jb_effect *e)
{
    return jb_apply_running(a, e->deadline_id) && jb_apply_is_due(e->due_ms);
}

static void apply_paused(struct jb_applying *a, const struct jb_effect *e)
{
    jb_apply_changed(a, e)->paused_from_ms = e->at_ms;
}

static void apply_resumed(struct jb_applying *a, const struct jb_effect *e)
{
    struct jb_deadline *d = jb_apply_changed(a, e);

    d->paused_from_ms = 0;
    d->paused_ms = e->paused_ms;
    if (jb_date_end_ms(jb_date_of_instant(e->at_ms)) > d->paused_to_ms)
        d->paused_to_ms = jb_date_end_ms(jb_date_of_instant(e->at_ms));
    d->due_ms = e->due_ms;
    d->provisional = e->provisional;
    if (e->calendar_version.len > 0)
        d->calendar_version = jb_apply_keep(a, e->calendar_version);
    if (e->due_ms > a->entry->at_ms)
        d->missed_ms = 0;
    jb_apply_warn_steps(d, e, a->entry->at_ms);
}

/* ---- the table ------------------------------------------------------------------------------- */

static const struct jb_apply_row rows[] = {
    [JB_EFFECT_PARTICIPANT_FACT_SET] = {fits_participant_fact, apply_participant_fact},
    [JB_EFFECT_FLAGS_SET] = {fits_always, apply_flags},
    [JB_EFFECT_CLASS_SET] = {fits_always, apply_class},
    [JB_EFFECT_MARKED] = {fits_marked, apply_marked},
    [JB_EFFECT_DIRECTIVE_SET] = {fits_directive_set, apply_directive_set},
    [JB_EFFECT_DIRECTIVE_MOVED] = {fits_directive_moved, apply_directive_moved},
    [JB_EFFECT_TARGET_SET] = {fits_target_set, apply_target_set},
    [JB_EFFECT_DOCKET_SET] = {fits_docket_set, apply_docket_set},
    [JB_EFFECT_RATING_SET] = {fits_rating, apply_rating},
    [JB_EFFECT_LEAD_SET] = {fits_always, apply_lead},
    [JB_EFFECT_DISPUTE_SET] = {fits_dispute, apply_dispute},
    [JB_EFFECT_TRACK_SET] = {fits_always, apply_track},
    [JB_EFFECT_CLOCK_PAUSED] = {fits_clock, apply_paused},
    [JB_EFFECT_CLOCK_RESUMED] = {fits_resumed, apply_resumed},
    [JB_EFFECT_REVIEW_SET] = {fits_review, apply_review},
};

struct jb_apply_row jb_apply_order_row(enum jb_effect_kind kind)
{
    static const struct jb_apply_row none = {NULL, NULL};

    return (unsigned)kind < COUNT(rows) ? rows[kind] : none;
}

bool jb_apply_order_room(struct jb_applying *a)
{
    struct jb_case *c = a->c;
    void *marks = c->marks, *directives = c->directives;
    void *targets = c->targets, *dockets = c->dockets;
    size_t more[JB_EFFECT_REVIEW_SET + 1] = {0};

    for (size_t i = 0; i < a->entry->effect_count; i++)
        more[a->entry->effects[i].kind]++;
    if (!jb_apply_grow(a->arena, &marks, c->mark_count, more[JB_EFFECT_MARKED],
                       sizeof c->marks[0]) ||
        !jb_apply_grow(a->arena, &directives, c->directive_count, more[JB_EFFECT_DIRECTIVE_SET],
                       sizeof c->directives[0]) ||
        !jb_apply_grow(a->arena, &targets, c->target_count, more[JB_EFFECT_TARGET_SET],
                       sizeof c->targets[0]) ||
        !jb_apply_grow(a->arena, &dockets, c->docket_count, more[JB_EFFECT_DOCKET_SET],
                       sizeof c->dockets[0]))
        return false;
    c->marks = marks;
    c->directives = directives;
    c->targets = targets;
    c->dockets = dockets;
    return true;
}
