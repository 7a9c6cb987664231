/* Appends effects to a verdict. Knows what each effect consists of, not when it is due. */
#include "proto/rules/moves.h"

struct jb_effect *jb_emit_push(struct jb_move *m, enum jb_effect_kind kind)
{
    struct jb_effects *effects = &m->v->effects;
    struct jb_effect *e = &m->spare;

    if (effects->count < JB_EFFECTS_MAX)
        e = &effects->at[effects->count++];
    else
        m->too_many = true;
    *e = (struct jb_effect){.kind = kind};
    return e;
}

void jb_emit_stage(struct jb_move *m, enum jb_stage stage)
{
    jb_emit_push(m, JB_EFFECT_STAGE_MOVED)->stage = (int)stage;
}

void jb_emit_custody(struct jb_move *m, uint32_t node, int authority, uint32_t sender)
{
    struct jb_effect *e = jb_emit_push(m, JB_EFFECT_CUSTODY_MOVED);

    e->node = node;
    e->custody = m->c->custody + 1;
    e->authority = (uint32_t)authority;
    e->sender = sender;
    e->hops = m->c->stage == JB_STAGE_NONE ? 0 : m->c->hops + 1;
}

void jb_emit_joined(struct jb_move *m, uint32_t node, enum jb_role role)
{
    struct jb_effect *e;

    if (jb_case_roles(m->c, node) & JB_ROLE_BIT(role))
        return;
    e = jb_emit_push(m, JB_EFFECT_JOINED);
    e->node = node;
    e->role = (int)role;
}

void jb_emit_fact(struct jb_move *m, enum jb_fact fact, int64_t at_ms)
{
    struct jb_effect *e = jb_emit_push(m, JB_EFFECT_FACT_SET);

    e->fact = (int)fact;
    e->at_ms = at_ms;
}

void jb_emit_fact_cleared(struct jb_move *m, enum jb_fact fact)
{
    if (m->c->facts_ms[fact] != 0)
        jb_emit_fact(m, fact, 0);
}

void jb_emit_objection(struct jb_move *m, uint32_t node, bool open, int ruling)
{
    struct jb_effect *e = jb_emit_push(m, JB_EFFECT_OBJECTION_SET);

    e->node = node;
    e->open = open;
    e->ruling = (uint32_t)ruling;
    e->reason = m->act->reason;
}

void jb_emit_opinion(struct jb_move *m, int opinion, int exit)
{
    struct jb_effect *e = jb_emit_push(m, JB_EFFECT_OPINION_SET);

    e->opinion = (uint32_t)opinion;
    e->exit = (uint32_t)exit;
}

void jb_emit_opinion_cleared(struct jb_move *m)
{
    if (m->c->opinion != 0 || m->c->exit != 0)
        jb_emit_push(m, JB_EFFECT_OPINION_SET)->cleared = true;
}

void jb_emit_matter(struct jb_move *m, int matter)
{
    jb_emit_push(m, JB_EFFECT_OPINION_SET)->matter = (uint32_t)matter;
}

/* ---- deadlines ------------------------------------------------------------------------------ */

/* The verdict's own copy of the steps: what effects point to must live as long as they do. */
struct jb_list64 jb_emit_warn_steps(struct jb_move *m, const int64_t steps[JB_WARN_MAX])
{
    struct jb_list64 list = {NULL, 0};
    int64_t *kept;

    if (m->v->warn_lists == JB_VERDICT_DEADLINES) {
        m->too_many = true;
        return list;
    }
    kept = m->v->warn_at_ms[m->v->warn_lists++];
    while (list.count < JB_WARN_MAX && steps[list.count] != 0) {
        kept[list.count] = steps[list.count];
        list.count++;
    }
    if (list.count > 0)
        list.at = kept;
    return list;
}

/* `key` must outlive the verdict; d->key is copied nowhere. */
static void set_deadline(struct jb_move *m, const struct jb_deadline *d, const char *key,
                         uint32_t node)
{
    struct jb_effect *e = jb_emit_push(m, JB_EFFECT_DEADLINE_SET);

    e->deadline_id = ++m->last_deadline_id;
    e->key = jb_text_of(key);
    e->node = node;
    e->trigger_ms = d->trigger_ms;
    e->limit = d->limit;
    e->unit = (int)d->unit;
    e->due_ms = d->due_ms;
    e->policy_version = d->policy_version;
    e->calendar_version = d->calendar_version;
    e->article = d->article;
    e->provisional = d->provisional;
    e->designated_bound = d->designated_bound;
    e->directive = d->directive;
    e->docket = d->docket;
    e->warn_at_ms = jb_emit_warn_steps(m, d->warn_at_ms);
}

/* Policy and calendar of whoever owes it; the version in force when it was triggered. */
static bool compute(struct jb_move *m, const char *key, uint32_t node, const struct jb_under *u,
                    struct jb_deadline *d)
{
    const struct jb_policy *p = jb_book_policy_at(m->book, node, u->trigger_ms);
    enum jb_err err = p == NULL ? JB_MISSING
                                : jb_deadline_compute(p, jb_book_calendar_of(m->book, node), key,
                                                      u->trigger_ms, u->designated_ms, d);

    if (err != JB_OK && m->deadline_err == JB_OK)
        m->deadline_err = err;
    d->directive = u->directive;
    d->docket = u->docket;
    return err == JB_OK;
}

uint32_t jb_emit_deadline_under(struct jb_move *m, const char *key, uint32_t node,
                                const struct jb_under *under)
{
    struct jb_deadline d;

    if (!compute(m, key, node, under, &d))
        return 0;
    set_deadline(m, &d, key, node);
    return m->last_deadline_id;
}

void jb_emit_deadline(struct jb_move *m, const char *key, uint32_t node, int64_t trigger_ms,
                      int64_t designated_ms)
{
    struct jb_under none = {.trigger_ms = trigger_ms, .designated_ms = designated_ms};

    (void)jb_emit_deadline_under(m, key, node, &none);
}

void jb_emit_deadline_if_set(struct jb_move *m, const char *key, uint32_t node, int64_t trigger_ms,
                             int64_t designated_ms)
{
    const struct jb_policy *p = jb_book_policy_at(m->book, node, trigger_ms);
    const struct jb_policy_row *row = p != NULL ? jb_policy_row(p, key) : NULL;

    if (row != NULL && (row->limit != 0 || designated_ms != 0))
        jb_emit_deadline(m, key, node, trigger_ms, designated_ms);
}

void jb_emit_deadline_passed_on(struct jb_move *m, const struct jb_deadline *d, uint32_t node)
{
    jb_emit_end(m, d, JB_END_SUPERSEDED);
    set_deadline(m, d, jb_case_deadline(m->c, d->id)->key, node); /* d may be a passing copy */
    if (d->paused_from_ms != 0) {
        struct jb_deadline passed = {.id = m->last_deadline_id};

        jb_emit_pause(m, &passed, d->paused_from_ms);
    }
}

static bool is_right(const struct jb_move *m, const struct jb_deadline *d)
{
    const struct jb_policy_row *row = jb_book_row_of(m->book, d);

    return row != NULL && row->right;
}

/* Has the deadline run out by then? A clock that stands still does not go on past its pause. */
static bool is_over(const struct jb_deadline *d, int64_t at_ms)
{
    int64_t stood_ms = jb_date_start_ms(jb_date_of_instant(d->paused_from_ms));

    if (d->paused_from_ms != 0 && stood_ms < at_ms)
        at_ms = stood_ms;
    return at_ms >= d->due_ms;
}

static bool marked_missed(const struct jb_move *m, uint32_t id)
{
    for (size_t i = 0; i < m->v->effects.count; i++) {
        const struct jb_effect *e = &m->v->effects.at[i];

        if (e->kind == JB_EFFECT_DEADLINE_MISSED && e->deadline_id == id)
            return true;
    }
    return false;
}

static void emit_end_at(struct jb_move *m, const struct jb_deadline *d, enum jb_deadline_end end,
                        int64_t at_ms)
{
    struct jb_effect *e;

    if (is_over(d, at_ms) && d->missed_ms == 0 && !is_right(m, d) && !marked_missed(m, d->id))
        jb_emit_deadline_mark(m, JB_EFFECT_DEADLINE_MISSED, d->id);
    e = jb_emit_push(m, JB_EFFECT_DEADLINE_ENDED);
    e->deadline_id = d->id;
    e->end = (int)end;
    e->at_ms = at_ms;
}

void jb_emit_end(struct jb_move *m, const struct jb_deadline *d, enum jb_deadline_end end)
{
    emit_end_at(m, d, end, m->q->now_ms);
}

void jb_emit_end_all(struct jb_move *m, const char *key, enum jb_deadline_end end)
{
    for (size_t i = 0; i < m->c->deadline_count; i++) {
        const struct jb_deadline *d = &m->c->deadlines[i];

        if (d->end == JB_END_OPEN && strcmp(d->key, key) == 0)
            jb_emit_end(m, d, end);
    }
}

void jb_emit_met_at(struct jb_move *m, const struct jb_deadline *d, int64_t at_ms)
{
    bool late = is_over(d, at_ms);

    emit_end_at(m, d, late ? JB_END_MET_LATE : JB_END_MET, at_ms);
}

void jb_emit_met_now(struct jb_move *m, const struct jb_deadline *d)
{
    bool late = d->missed_ms != 0 || is_over(d, m->q->now_ms);

    jb_emit_end(m, d, late ? JB_END_MET_LATE : JB_END_MET);
}

void jb_emit_met(struct jb_move *m, const char *key)
{
    for (size_t i = 0; i < m->c->deadline_count; i++) {
        const struct jb_deadline *d = &m->c->deadlines[i];

        if (d->end == JB_END_OPEN && strcmp(d->key, key) == 0)
            jb_emit_met_now(m, d);
    }
}

void jb_emit_deadline_moved(struct jb_move *m, const struct jb_deadline *old,
                            const struct jb_deadline *now, struct jb_text reason, bool extension)
{
    struct jb_effect *e = jb_emit_push(m, JB_EFFECT_DEADLINE_MOVED);

    e->deadline_id = old->id;
    e->due_ms = now->due_ms;
    e->old_due_ms = old->due_ms;
    e->reason = reason;
    e->trigger_ms = now->trigger_ms;
    e->calendar_version = now->calendar_version;
    e->provisional = now->provisional;
    e->extension = extension;
    e->warn_at_ms = jb_emit_warn_steps(m, now->warn_at_ms);
}

void jb_emit_deadline_mark(struct jb_move *m, enum jb_effect_kind kind, uint32_t id)
{
    const struct jb_deadline *d = jb_case_deadline(m->c, id);
    struct jb_effect *e = jb_emit_push(m, kind);

    e->deadline_id = id;
    if (kind == JB_EFFECT_DEADLINE_WARNED)
        e->step_no = m->act->step_no;
    if (kind == JB_EFFECT_DEADLINE_MISSED)
        e->at_ms = d->due_ms;
    if (kind == JB_EFFECT_DEADLINE_ACKNOWLEDGED) {
        e->node = m->q->node;
        e->user = m->q->user;
        e->at_ms = m->q->now_ms;
    }
}
