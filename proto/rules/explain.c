/* Follows the history of one deadline through the entries of its case: where it comes from, what
 * moved it, which days were taken out of its count. */
#include "proto/rules/explaining.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* ---- names ---------------------------------------------------------------------------------- */

static const char *name_at(const char *const *names, size_t count, unsigned at)
{
    return at < count && names[at] != NULL ? names[at] : "unknown";
}

const char *jb_count_day_name(enum jb_count_day kind)
{
    static const char *const names[] = {
        [JB_COUNT_START] = "start",
        [JB_COUNT_DAY] = "counted",
        [JB_COUNT_WORK] = "work",
        [JB_COUNT_WEEKEND] = "weekend",
        [JB_COUNT_OFF] = "off",
        [JB_COUNT_PAUSED] = "paused",
        [JB_COUNT_EXTENSION] = "extension",
        [JB_COUNT_CLOCK] = "clock",
    };

    return name_at(names, COUNT(names), (unsigned)kind);
}

const char *jb_deadline_move_name(enum jb_deadline_move kind)
{
    static const char *const names[] = {
        [JB_MOVE_SET] = "set",
        [JB_MOVE_EXTENDED] = "extended",
        [JB_MOVE_RECEIVED] = "received",
        [JB_MOVE_PAUSED] = "paused",
        [JB_MOVE_RESUMED] = "resumed",
        [JB_MOVE_RECOUNTED] = "recounted",
        [JB_MOVE_PASSED_ON] = "passed_on",
        [JB_MOVE_MISSED] = "missed",
        [JB_MOVE_ENDED] = "ended",
        [JB_MOVE_MOVED] = "moved",
    };

    return name_at(names, COUNT(names), (unsigned)kind);
}

const char *jb_deadline_end_name(enum jb_deadline_end end)
{
    static const char *const names[] = {"open", "met", "met_late", "cancelled", "superseded"};

    return name_at(names, COUNT(names), (unsigned)end);
}

/* ---- where it comes from -------------------------------------------------------------------- */

struct place {
    const struct jb_entry *entry;
    size_t effect;
};

static bool find_set(const struct jb_history *h, uint32_t id, struct place *out)
{
    for (size_t i = 0; i < h->q->entry_count; i++) {
        const struct jb_entry *entry = &h->q->entries[i];

        for (size_t k = 0; k < entry->effect_count; k++) {
            if (entry->effects[k].kind != JB_EFFECT_DEADLINE_SET ||
                entry->effects[k].deadline_id != id)
                continue;
            *out = (struct place){entry, k};
            return true;
        }
    }
    return false;
}

/* Its trigger after all moves. */
static int64_t trigger_of(const struct jb_history *h, uint32_t id, int64_t trigger_ms)
{
    for (size_t i = 0; i < h->q->entry_count; i++) {
        const struct jb_entry *entry = &h->q->entries[i];

        for (size_t k = 0; k < entry->effect_count; k++) {
            const struct jb_effect *e = &entry->effects[k];

            if (e->kind == JB_EFFECT_DEADLINE_MOVED && e->deadline_id == id)
                trigger_ms = e->trigger_ms;
        }
    }
    return trigger_ms;
}

/* The deadline that this one continues: superseded just before it was set, same key, same trigger.
 * 0: it is the first. */
static uint32_t passed_on_from(const struct jb_history *h, const struct place *set)
{
    const struct jb_effect *now = &set->entry->effects[set->effect];
    const struct jb_effect *ended = now - 1;
    const struct jb_effect *before;
    struct place place;

    if (set->effect == 0 || ended->kind != JB_EFFECT_DEADLINE_ENDED ||
        ended->end != JB_END_SUPERSEDED || !find_set(h, ended->deadline_id, &place))
        return 0;
    before = &place.entry->effects[place.effect];
    if (!jb_text_equal(before->key, now->key) ||
        trigger_of(h, ended->deadline_id, before->trigger_ms) != now->trigger_ms)
        return 0;
    return ended->deadline_id;
}

static void trace(struct jb_history *h)
{
    struct place set;

    for (uint32_t id = h->q->d->id; id != 0;) {
        if (h->id_count == JB_EXPLAIN_MAX) {
            h->err = JB_TOO_LARGE;
            return;
        }
        h->ids[h->id_count++] = id;
        h->root = NULL;
        if (!find_set(h, id, &set))
            return;
        h->root = &set.entry->effects[set.effect];
        id = passed_on_from(h, &set);
    }
}

/* ---- moves ---------------------------------------------------------------------------------- */

static void tell(struct jb_history *h, const struct jb_explain_move *move)
{
    if (h->q->move != NULL)
        h->q->move(h->q->ctx, move);
    h->due_ms = move->due_ms;
}

static void on_set(struct jb_history *h, const struct jb_effect *e, struct jb_explain_move *move)
{
    move->kind = e->deadline_id == h->ids[h->id_count - 1] ? JB_MOVE_SET : JB_MOVE_PASSED_ON;
    move->node = e->node;
    move->due_ms = e->due_ms;
}

static void on_moved(struct jb_history *h, const struct jb_effect *e, struct jb_explain_move *move)
{
    move->due_ms = e->due_ms;
    move->text = e->reason;
    if (e->extension) {
        move->kind = JB_MOVE_EXTENDED;
        h->extended_days += (uint32_t)((e->due_ms - e->old_due_ms) / JB_DAY_MS);
    } else if (move->kind == JB_MOVE_RECEIVED) {
        move->at_ms = e->trigger_ms;
    }
}

/* One that was passed on while it stood still is paused again at once: the same pause. */
static void on_paused(struct jb_history *h, const struct jb_effect *e, struct jb_explain_move *move)
{
    move->kind = h->paused_from_ms == 0 ? JB_MOVE_PAUSED : 0;
    move->at_ms = e->at_ms;
    h->paused_from_ms = e->at_ms;
}

static void on_resumed(struct jb_history *h, const struct jb_effect *e,
                       struct jb_explain_move *move)
{
    struct jb_span span = {jb_date_of_instant(h->paused_from_ms), jb_date_of_instant(e->at_ms)};

    move->kind = JB_MOVE_RESUMED;
    move->at_ms = e->at_ms;
    move->due_ms = e->due_ms;
    if (h->paused_from_ms == 0)
        return;
    h->paused_from_ms = 0;
    if (h->pause_count == JB_EXPLAIN_MAX)
        h->err = JB_TOO_LARGE;
    else
        h->pauses[h->pause_count++] = span;
}

static void on_missed(struct jb_history *h, const struct jb_effect *e, struct jb_explain_move *move)
{
    (void)h;
    move->kind = JB_MOVE_MISSED;
    move->at_ms = e->at_ms;
}

static void on_ended(struct jb_history *h, const struct jb_effect *e, struct jb_explain_move *move)
{
    move->kind = e->deadline_id == h->q->d->id ? JB_MOVE_ENDED : 0;
    move->at_ms = e->at_ms;
    move->text = jb_text_of(jb_deadline_end_name((enum jb_deadline_end)e->end));
}

static const struct {
    enum jb_effect_kind kind;
    void (*take)(struct jb_history *h, const struct jb_effect *e, struct jb_explain_move *move);
} takers[] = {
    {JB_EFFECT_DEADLINE_SET, on_set},       {JB_EFFECT_DEADLINE_MOVED, on_moved},
    {JB_EFFECT_CLOCK_PAUSED, on_paused},    {JB_EFFECT_CLOCK_RESUMED, on_resumed},
    {JB_EFFECT_DEADLINE_MISSED, on_missed}, {JB_EFFECT_DEADLINE_ENDED, on_ended},
};

static enum jb_deadline_move move_of(enum jb_act_kind act)
{
    switch (act) {
    case JB_ACT_EXTEND:
        return JB_MOVE_EXTENDED;
    case JB_ACT_RECEIVED:
        return JB_MOVE_RECEIVED;
    case JB_ACT_RECOUNT:
        return JB_MOVE_RECOUNTED;
    default:
        return JB_MOVE_MOVED;
    }
}

static bool is_ours(const struct jb_history *h, uint32_t id)
{
    for (size_t i = 0; i < h->id_count; i++) {
        if (h->ids[i] == id)
            return true;
    }
    return false;
}

static void take(struct jb_history *h, const struct jb_entry *entry, const struct jb_effect *e)
{
    struct jb_explain_move move = {
        .kind = move_of(entry->act.kind),
        .seq = entry->seq,
        .at_ms = entry->at_ms,
        .old_due_ms = h->due_ms,
        .due_ms = h->due_ms,
        .node = entry->node,
        .text = {"", 0},
    };

    for (size_t i = 0; i < COUNT(takers); i++) {
        if (takers[i].kind != e->kind || !is_ours(h, e->deadline_id))
            continue;
        takers[i].take(h, e, &move);
        if (move.kind != 0)
            tell(h, &move);
    }
}

static void take_entries(struct jb_history *h)
{
    for (size_t i = 0; i < h->q->entry_count; i++) {
        const struct jb_entry *entry = &h->q->entries[i];

        for (size_t k = 0; k < entry->effect_count; k++)
            take(h, entry, &entry->effects[k]);
    }
}

/* ---- both ----------------------------------------------------------------------------------- */

/* Entries that are not there leave what the deadline itself tells: how long, not when. */
static void fill_gaps(const struct jb_history *h, struct jb_explanation *out)
{
    const struct jb_deadline *d = h->q->d;

    if (h->root != NULL)
        return;
    if (out->extended_days < d->extended_days)
        out->extended_days = d->extended_days;
}

static void compare(const struct jb_history *h, struct jb_explanation *out)
{
    const struct jb_explain_question *q = h->q;
    const struct jb_deadline *d = q->d;

    if (h->root == NULL && h->pause_count == 0) {
        out->counted_due_ms += d->paused_ms;
        out->paused_days = (uint32_t)(d->paused_ms / JB_DAY_MS);
    }
    out->agrees = out->counted_due_ms == d->due_ms;
    out->complete = h->root != NULL;
    out->same_rule = q->row == NULL || d->unit == JB_UNIT_DESIGNATED ||
                     (q->row->limit == d->limit && q->row->unit == d->unit);
    out->same_calendar = d->unit != JB_UNIT_WORKING_DAYS ||
                         jb_text_equal(jb_text_of(q->calendar->version), d->calendar_version);
}

enum jb_err jb_explain(const struct jb_explain_question *q, struct jb_explanation *out)
{
    struct jb_history h = {.q = q};
    struct jb_explanation made = {0};
    enum jb_err err;

    if (!jb_instant_valid(q->d->trigger_ms))
        return JB_RANGE;
    trace(&h);
    if (h.err == JB_OK)
        take_entries(&h);
    if (h.err != JB_OK)
        return h.err;
    made.extended_days = h.extended_days;
    fill_gaps(&h, &made);
    err = jb_explain_count(&h, &made);
    if (err != JB_OK)
        return err;
    compare(&h, &made);
    *out = made;
    return JB_OK;
}
