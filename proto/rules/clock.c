/* What the clock has to say about a case, and whom an entry binds. */
#include "proto/rules/decide.h"

/* What one deadline may say at once: a window of ratings is over for both parties. */
#define ACTS_MAX JB_RATED_PARTIES

static size_t warn_act(const struct jb_deadline *d, int64_t now_ms, struct jb_act *act)
{
    uint32_t step = d->warned;

    while (step < JB_WARN_MAX && d->warn_at_ms[step] != 0 && d->warn_at_ms[step] <= now_ms)
        step++;
    if (step == d->warned)
        return 0;
    *act = (struct jb_act){.kind = JB_ACT_WARN,
                           .deadline_id = d->id,
                           .step_no = step,
                           .fell_ms = d->warn_at_ms[step - 1]};
    return 1;
}

static size_t miss_act(const struct jb_case *c, const struct jb_deadline *d, struct jb_act *acts)
{
    (void)c;
    acts[0] = (struct jb_act){.kind = JB_ACT_MISS, .deadline_id = d->id, .fell_ms = d->due_ms};
    return 1;
}

static size_t undelivered_act(const struct jb_case *c, const struct jb_deadline *d,
                              struct jb_act *acts)
{
    acts[0] = (struct jb_act){.kind = JB_ACT_UNDELIVERED, .node = c->host, .fell_ms = d->due_ms};
    return 1;
}

/* One for each rating that is still waiting or sealed; a window over nothing just lapses. */
static size_t rating_acts(const struct jb_case *c, const struct jb_deadline *d, struct jb_act *acts)
{
    size_t count = 0;

    for (int party = JB_RATED_OFFICE; party <= JB_RATED_PARTIES; party++) {
        enum jb_rating_state state = c->ratings[party - 1].state;

        if (state == JB_RATING_WAITING || state == JB_RATING_CAST)
            acts[count++] = (struct jb_act){
                .kind = JB_ACT_OPEN_RATING, .rated_party = party, .fell_ms = d->due_ms};
    }
    return count > 0 ? count : miss_act(c, d, acts);
}

static const struct {
    const char *key;
    size_t (*acts)(const struct jb_case *c, const struct jb_deadline *d, struct jb_act *acts);
} due_rows[] = {
    {"rate", rating_acts},
    {"deliver", undelivered_act},
};

static size_t due_acts(const struct jb_case *c, const struct jb_deadline *d, struct jb_act *acts)
{
    for (size_t i = 0; i < sizeof due_rows / sizeof due_rows[0]; i++) {
        if (strcmp(due_rows[i].key, d->key) == 0)
            return due_rows[i].acts(c, d, acts);
    }
    return miss_act(c, d, acts);
}

/* A clock that stands still has nothing to say. */
static size_t clock_acts(const struct jb_case *c, const struct jb_deadline *d, int64_t now_ms,
                         struct jb_act acts[ACTS_MAX])
{
    if (d->end != JB_END_OPEN || d->missed_ms != 0 || d->paused_from_ms != 0)
        return 0;
    return d->due_ms <= now_ms ? due_acts(c, d, acts) : warn_act(d, now_ms, acts);
}

/* Keep the earliest `max` acts, in the order of their instants; equal ones in the order of
 * deadlines. */
static size_t insert(struct jb_act *acts, size_t count, size_t max, const struct jb_act *act)
{
    size_t at = count;

    while (at > 0 && acts[at - 1].fell_ms > act->fell_ms)
        at--;
    if (at == max)
        return count;
    if (count == max)
        count--;
    memmove(&acts[at + 1], &acts[at], (count - at) * sizeof acts[0]);
    acts[at] = *act;
    return count + 1;
}

size_t jb_clock_acts(const struct jb_case *c, int64_t now_ms, struct jb_act *acts, size_t max)
{
    size_t count = 0;

    for (size_t i = 0; i < c->deadline_count; i++) {
        struct jb_act said[ACTS_MAX];
        size_t said_count = clock_acts(c, &c->deadlines[i], now_ms, said);

        for (size_t k = 0; k < said_count; k++) {
            said[k].case_no = c->case_no;
            count = insert(acts, count, max, &said[k]);
        }
    }
    return count;
}

/* The delivery of one's own hand-over is no duty that somebody else laid on one. */
static bool lays_duty(const struct jb_effect *e)
{
    return (e->kind == JB_EFFECT_DEADLINE_SET && !jb_text_equal(e->key, jb_text_of("deliver"))) ||
           (e->kind == JB_EFFECT_CUSTODY_MOVED && e->sender != 0) ||
           (e->kind == JB_EFFECT_TARGET_SET && e->target == JB_TARGET_ISSUED);
}

bool jb_entry_is_duty(const struct jb_entry *entry, uint32_t node)
{
    for (size_t i = 0; i < entry->effect_count; i++) {
        const struct jb_effect *e = &entry->effects[i];

        if (e->node == node && lays_duty(e))
            return true;
    }
    return false;
}
