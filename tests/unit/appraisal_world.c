#include "tests/unit/appraisal_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

int ap_setup(void **state)
{
    struct ap_world *w = calloc(1, sizeof *w);

    assert_non_null(w);
    jb_arena_init(&w->arena, (size_t)16 << 20);
    jb_appraisal_start(&w->a, CASE_NO, &w->arena);
    *state = w;
    return 0;
}

int ap_teardown(void **state)
{
    struct ap_world *w = *state;

    jb_arena_fini(&w->arena);
    free(w);
    return 0;
}

/* 00:00 of a day of 2026, in China. */
int64_t ap_day(int month, int of_month)
{
    struct jb_date date;

    assert_int_equal(jb_date_make((struct jb_ymd){2026, month, of_month}, &date), JB_OK);
    return jb_date_start_ms(date);
}

/* ---- effects and entries --------------------------------------------------------------------- */

struct jb_effect *ap_add(struct ap_world *w, enum jb_effect_kind kind)
{
    struct jb_effect *e;

    assert_true(w->count < EFFECTS_MAX);
    e = &w->effects[w->count++];
    *e = (struct jb_effect){.kind = kind};
    return e;
}

void ap_stage(struct ap_world *w, enum jb_stage to)
{
    ap_add(w, JB_EFFECT_STAGE_MOVED)->stage = (int)to;
}

void ap_custody(struct ap_world *w, uint32_t node)
{
    struct jb_effect *e = ap_add(w, JB_EFFECT_CUSTODY_MOVED);

    e->node = node;
    e->custody = w->a.c.custody + 1;
    e->sender = w->a.c.host;
}

/* Due at the end of the day before `due_ms`; returns its number. */
uint32_t ap_clock_set(struct ap_world *w, const char *key, uint32_t node, int64_t due_ms)
{
    struct jb_effect *e = ap_add(w, JB_EFFECT_DEADLINE_SET);

    e->deadline_id = ++w->last_deadline;
    e->key = jb_text_of(key);
    e->node = node;
    e->trigger_ms = 1;
    e->limit = 15;
    e->unit = JB_UNIT_CALENDAR_DAYS;
    e->due_ms = due_ms;
    return e->deadline_id;
}

void ap_clock_end(struct ap_world *w, uint32_t id, enum jb_deadline_end how, int64_t at_ms)
{
    struct jb_effect *e = ap_add(w, JB_EFFECT_DEADLINE_ENDED);

    e->deadline_id = id;
    e->end = (int)how;
    e->at_ms = at_ms;
}

void ap_fact(struct ap_world *w, enum jb_fact what, int64_t at_ms)
{
    struct jb_effect *e = ap_add(w, JB_EFFECT_FACT_SET);

    e->fact = (int)what;
    e->at_ms = at_ms;
}

void ap_objection(struct ap_world *w, uint32_t node, bool open, uint32_t ruling)
{
    struct jb_effect *e = ap_add(w, JB_EFFECT_OBJECTION_SET);

    e->node = node;
    e->open = open;
    e->ruling = ruling;
}

void ap_rating(struct ap_world *w, uint32_t party, enum jb_rating_state to, uint32_t value)
{
    struct jb_effect *e = ap_add(w, JB_EFFECT_RATING_SET);

    e->party = party;
    e->rating = (int)to;
    e->satisfaction = value;
}

/* The entry with the effects added since the last one. */
void ap_entry(struct ap_world *w, const struct jb_act *act, uint32_t node, int64_t at_ms)
{
    struct jb_entry e = {.seq = ++w->seq,
                         .at_ms = at_ms,
                         .node = node,
                         .act = *act,
                         .effects = w->effects,
                         .effect_count = w->count};

    e.act.case_no = CASE_NO;
    assert_int_equal(jb_appraisal_take(&w->a, &e), JB_OK);
    w->count = 0;
}

uint32_t ap_registered(struct ap_world *w, uint32_t flags)
{
    uint32_t sort;

    ap_stage(w, JB_STAGE_REGISTERED);
    ap_custody(w, OFFICE);
    sort = ap_clock_set(w, "sort", OFFICE, ap_day(3, 18));
    ENTRY(REGISTER, OFFICE, ap_day(3, 2), .matter = JB_MATTER_APPEAL, .flags = flags, .people = 3,
          .channel = JB_CHANNEL_VISIT);
    return sort;
}

/* Sent on the 10th: notice due after the 25th, assigned until the end of April. */
uint32_t ap_assigned(struct ap_world *w, uint32_t sort, uint32_t node, int64_t at_ms)
{
    uint32_t notify;

    ap_stage(w, JB_STAGE_SENT);
    ap_custody(w, node);
    ap_clock_end(w, sort, JB_END_MET, at_ms);
    notify = ap_clock_set(w, "notify", node, ap_day(3, 26));
    (void)ap_clock_set(w, "assigned", node, ap_day(5, 1));
    ENTRY(ASSIGN, OFFICE, at_ms, .node = node);
    return notify;
}

void ap_accepted(struct ap_world *w, uint32_t node, int64_t at_ms)
{
    ap_stage(w, JB_STAGE_ACCEPTED);
    ap_fact(w, JB_FACT_ACCEPTED, at_ms);
    (void)ap_clock_set(w, "handle", node, ap_day(5, 20));
    ENTRY(ACCEPT, node, at_ms, .exit = JB_EXIT_RESIDUE);
}

void ap_answered(struct ap_world *w, uint32_t node, int64_t at_ms)
{
    ap_stage(w, JB_STAGE_ANSWERED);
    ap_fact(w, JB_FACT_ANSWERED, at_ms);
    for (size_t i = 0; i < w->a.c.deadline_count; i++) {
        const struct jb_deadline *d = &w->a.c.deadlines[i];

        if (d->end != JB_END_OPEN || strcmp(d->key, "sort") == 0)
            continue;
        if (strcmp(d->key, "notify") == 0)
            ap_clock_end(w, d->id, JB_END_CANCELLED, at_ms);
        else
            ap_clock_end(w, d->id, at_ms < d->due_ms ? JB_END_MET : JB_END_MET_LATE, at_ms);
    }
    ENTRY(ANSWER, node, at_ms, .opinion = JB_OPINION_EXPLAINED);
}

/* ---- what came of it ------------------------------------------------------------------------- */

void ap_done(struct ap_world *w)
{
    assert_int_equal(jb_appraisal_end(&w->a, &w->out, &w->out_count), JB_OK);
}

const struct jb_contribution *ap_find(const struct ap_world *w, enum jb_indicator i, uint32_t node)
{
    const struct jb_contribution *found = NULL;

    for (size_t k = 0; k < w->out_count; k++) {
        if (w->out[k].indicator != i || w->out[k].node != node)
            continue;
        assert_null(found); /* one of a kind for each agency, in these stories */
        found = &w->out[k];
    }
    return found;
}

void ap_expect(const struct ap_world *w, enum jb_indicator i, uint32_t node, bool counted,
               int64_t due_ms)
{
    const struct jb_contribution *k = ap_find(w, i, node);

    assert_non_null(k);
    assert_int_equal(k->counted, counted);
    assert_int_equal(k->last_ms, due_ms - 1);
}
