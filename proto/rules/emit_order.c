/* Appends effects about what stands beside stage, custody and clocks. Knows what each effect
 * consists of, not when it is due. */
#include "proto/rules/moves.h"

void jb_emit_pause(struct jb_move *m, const struct jb_deadline *d, int64_t from_ms)
{
    struct jb_effect *e = jb_emit_push(m, JB_EFFECT_CLOCK_PAUSED);

    e->deadline_id = d->id;
    e->at_ms = from_ms;
}

void jb_emit_resume(struct jb_move *m, const struct jb_deadline *now, int64_t until_ms)
{
    struct jb_effect *e = jb_emit_push(m, JB_EFFECT_CLOCK_RESUMED);

    e->deadline_id = now->id;
    e->at_ms = until_ms;
    e->due_ms = now->due_ms;
    e->paused_ms = now->paused_ms;
    e->calendar_version = now->calendar_version;
    e->provisional = now->provisional;
    e->warn_at_ms = jb_emit_warn_steps(m, now->warn_at_ms);
}

void jb_emit_participant_fact(struct jb_move *m, uint32_t node, enum jb_fact fact, int64_t at_ms)
{
    struct jb_effect *e = jb_emit_push(m, JB_EFFECT_PARTICIPANT_FACT_SET);

    e->node = node;
    e->fact = (int)fact;
    e->at_ms = at_ms;
}

void jb_emit_flags(struct jb_move *m, uint32_t flags)
{
    jb_emit_push(m, JB_EFFECT_FLAGS_SET)->flags = flags;
}

void jb_emit_class(struct jb_move *m, struct jb_text class_code)
{
    jb_emit_push(m, JB_EFFECT_CLASS_SET)->class_code = class_code;
}

void jb_emit_mark(struct jb_move *m, const struct jb_mark *mark, bool set)
{
    struct jb_effect *e = jb_emit_push(m, JB_EFFECT_MARKED);

    e->mark = (int)mark->kind;
    e->node = mark->node;
    e->other_case_no = mark->other_case_no;
    e->value = mark->value;
    e->text = mark->text;
    e->at_ms = m->q->now_ms;
    e->open = set;
}

uint32_t jb_emit_directive(struct jb_move *m, const struct jb_directive *d)
{
    struct jb_effect *e = jb_emit_push(m, JB_EFFECT_DIRECTIVE_SET);

    e->directive = ++m->last_directive_id;
    e->power = d->power;
    e->demand = d->demand;
    e->recommendation = d->recommendation;
    e->node = d->issuer;
    e->authority = d->authority;
    e->level = d->level;
    e->flags = d->flags;
    e->people = d->people;
    e->official = d->official;
    e->countersigned_by = d->countersigned_by;
    e->due_ms = d->due_ms;
    e->status = (int)d->status;
    e->user = m->q->user;
    return e->directive;
}

void jb_emit_directive_status(struct jb_move *m, uint32_t directive,
                              enum jb_directive_status status, struct jb_text countersigned_by)
{
    struct jb_effect *e = jb_emit_push(m, JB_EFFECT_DIRECTIVE_MOVED);

    e->directive = directive;
    e->status = (int)status;
    e->countersigned_by = countersigned_by;
}

void jb_emit_target(struct jb_move *m, const struct jb_target *t)
{
    struct jb_effect *e = jb_emit_push(m, JB_EFFECT_TARGET_SET);

    e->directive = t->directive;
    e->node = t->node;
    e->target = (int)t->state;
    e->at_ms = m->q->now_ms;
    e->adopted = t->adopted;
    e->deadline_id = t->deadline_id;
}

uint32_t jb_emit_docket(struct jb_move *m, const struct jb_docket *d)
{
    struct jb_effect *e = jb_emit_push(m, JB_EFFECT_DOCKET_SET);

    e->docket = d->id != 0 ? d->id : ++m->last_docket_id;
    e->docket_no = d->docket_no;
    e->step = d->step;
    e->node = d->node;
    e->sender = d->opener;
    e->at_ms = m->q->now_ms;
    e->open = d->closed_ms == 0;
    e->deadline_id = d->deadline_id;
    return e->docket;
}

void jb_emit_rating(struct jb_move *m, int party, enum jb_rating_state state, int satisfaction)
{
    struct jb_effect *e = jb_emit_push(m, JB_EFFECT_RATING_SET);

    e->party = (uint32_t)party;
    e->rating = (int)state;
    e->satisfaction = (uint32_t)satisfaction;
    e->at_ms = m->q->now_ms;
}

void jb_emit_lead(struct jb_move *m, struct jb_text official)
{
    jb_emit_push(m, JB_EFFECT_LEAD_SET)->official = official;
}

void jb_emit_dispute(struct jb_move *m, int level, uint32_t arbiter)
{
    struct jb_effect *e = jb_emit_push(m, JB_EFFECT_DISPUTE_SET);

    e->dispute_level = (uint32_t)level;
    e->node = arbiter;
    e->open = level != 0;
}

void jb_emit_track(struct jb_move *m, bool simple)
{
    jb_emit_push(m, JB_EFFECT_TRACK_SET)->simple = simple;
}

void jb_emit_review(struct jb_move *m, int round, uint32_t organ, int opinion)
{
    struct jb_effect *e = jb_emit_push(m, JB_EFFECT_REVIEW_SET);

    e->round = (uint32_t)round;
    e->node = organ;
    e->opinion = (uint32_t)opinion;
}
