/* What the clock has to say about a case, and whom an entry binds. */
#include "proto/rules/decide.h"

static bool clock_act(const struct jb_deadline *d, int64_t now_ms, struct jb_act *act)
{
    uint32_t step = d->warned;

    if (d->end != JB_END_OPEN || d->missed_ms != 0)
        return false;
    *act = (struct jb_act){.kind = JB_ACT_MISS, .deadline_id = d->id, .fell_ms = d->due_ms};
    if (d->due_ms <= now_ms)
        return true;
    while (step < JB_WARN_MAX && d->warn_at_ms[step] != 0 && d->warn_at_ms[step] <= now_ms)
        step++;
    if (step == d->warned)
        return false;
    act->kind = JB_ACT_WARN;
    act->step_no = step;
    act->fell_ms = d->warn_at_ms[step - 1];
    return true;
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
        struct jb_act act;

        if (!clock_act(&c->deadlines[i], now_ms, &act))
            continue;
        act.case_no = c->case_no;
        count = insert(acts, count, max, &act);
    }
    return count;
}

bool jb_entry_is_duty(const struct jb_entry *entry, uint32_t node)
{
    for (size_t i = 0; i < entry->effect_count; i++) {
        const struct jb_effect *e = &entry->effects[i];

        if (e->node == node && (e->kind == JB_EFFECT_DEADLINE_SET ||
                                (e->kind == JB_EFFECT_CUSTODY_MOVED && e->sender != 0)))
            return true;
    }
    return false;
}
