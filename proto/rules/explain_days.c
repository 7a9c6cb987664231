/* Counts a deadline again, one civil day at a time, and says of each day what it is to the count.
 * Shares no counting with deadline.c: it is a second opinion on the stored date. */
#include "proto/rules/explaining.h"

#define HOUR_MS INT64_C(3600000)
#define MINUTE_MS INT64_C(60000)

struct walk {
    const struct jb_history *h;
    struct jb_explanation *out;
    struct jb_date day;
    uint32_t count;
    bool working;
};

/* `certain`: no notice can change what this day is to the count. */
static void show(struct walk *w, enum jb_count_day kind, const char *occasion, bool certain)
{
    const struct jb_explain_question *q = w->h->q;
    bool known = certain || !w->working || jb_calendar_knows(q->calendar, w->day);
    struct jb_explain_day day = {w->day, kind, w->count, occasion, known};

    if (!known)
        w->out->provisional = true;
    if (q->day != NULL)
        q->day(q->ctx, &day);
}

static bool is_paused(const struct walk *w)
{
    for (size_t i = 0; i < w->h->pause_count; i++) {
        const struct jb_span *span = &w->h->pauses[i];

        if (jb_date_compare(w->day, span->first) >= 0 && jb_date_compare(w->day, span->last) <= 0)
            return true;
    }
    return false;
}

static enum jb_count_day kind_of(const struct walk *w, const char **occasion)
{
    enum jb_day_kind notice;

    *occasion = "";
    if (is_paused(w))
        return JB_COUNT_PAUSED;
    if (!w->working)
        return JB_COUNT_DAY;
    notice = jb_calendar_day_kind(w->h->q->calendar, w->day, occasion);
    if (notice == JB_DAY_OFF)
        return JB_COUNT_OFF;
    if (jb_date_weekday(w->day) >= 6)
        return notice == JB_DAY_WORK ? JB_COUNT_WORK : JB_COUNT_WEEKEND;
    return JB_COUNT_DAY;
}

/* One day on; `extension`: it counts whatever the weekday. */
static bool step(struct walk *w, bool extension)
{
    const char *occasion;
    enum jb_count_day kind;

    if (w->day.days >= JB_DATE_DAYS_MAX)
        return false;
    w->day.days++;
    kind = kind_of(w, &occasion);
    if (kind == JB_COUNT_PAUSED)
        w->out->paused_days++;
    else if (extension)
        kind = JB_COUNT_EXTENSION;
    if (kind == JB_COUNT_DAY || kind == JB_COUNT_WORK || kind == JB_COUNT_EXTENSION)
        w->count++;
    show(w, kind, occasion, extension);
    return true;
}

static enum jb_err walk_days(struct walk *w, uint32_t limit)
{
    show(w, JB_COUNT_START, "", true);
    while (w->count < limit) {
        if (!step(w, false))
            return JB_RANGE;
    }
    while (w->count < limit + w->out->extended_days) {
        if (!step(w, true))
            return JB_RANGE;
    }
    return JB_OK;
}

static void walk_clock(struct walk *w, int64_t unit_ms, int64_t due_ms)
{
    int64_t trigger_ms = w->h->q->d->trigger_ms;

    for (;; w->day.days++) {
        int64_t until_ms = jb_date_end_ms(w->day);
        bool last = until_ms >= due_ms;

        w->count = (uint32_t)(((last ? due_ms : until_ms) - trigger_ms) / unit_ms);
        show(w, JB_COUNT_CLOCK, "", true);
        if (last)
            return;
    }
}

static enum jb_err by_the_clock(struct walk *w, uint32_t limit, int64_t unit_ms)
{
    int64_t due_ms = w->h->q->d->trigger_ms + limit * unit_ms + w->out->extended_days * JB_DAY_MS;

    if (!jb_instant_valid(due_ms))
        return JB_RANGE;
    walk_clock(w, unit_ms, due_ms);
    w->out->counted_due_ms = due_ms;
    return JB_OK;
}

static enum jb_err by_days(struct walk *w, uint32_t limit)
{
    enum jb_err err = walk_days(w, limit);

    w->out->counted_due_ms = jb_date_end_ms(w->day);
    return err;
}

/* Up to the designated instant; pauses and extensions move it by whole days. */
static enum jb_err by_designation(struct walk *w, int64_t designated_ms)
{
    int32_t days = jb_date_of_instant(designated_ms - 1).days - w->day.days;
    enum jb_err err = walk_days(w, days > 0 ? (uint32_t)days : 0);

    w->out->counted_due_ms =
        designated_ms + (w->out->paused_days + (int64_t)w->out->extended_days) * JB_DAY_MS;
    return err;
}

enum jb_err jb_explain_count(const struct jb_history *h, struct jb_explanation *out)
{
    const struct jb_deadline *d = h->q->d;
    struct walk w = {.h = h, .out = out, .day = jb_date_of_instant(d->trigger_ms)};

    w.working = d->unit == JB_UNIT_WORKING_DAYS;
    switch (d->unit) {
    case JB_UNIT_WORKING_DAYS:
        return h->q->calendar != NULL ? by_days(&w, d->limit) : JB_MISSING;
    case JB_UNIT_CALENDAR_DAYS:
        return by_days(&w, d->limit);
    case JB_UNIT_HOURS:
        return by_the_clock(&w, d->limit, HOUR_MS);
    case JB_UNIT_MINUTES:
        return by_the_clock(&w, d->limit, MINUTE_MS);
    case JB_UNIT_DESIGNATED:
        break;
    }
    return by_designation(&w, h->root != NULL ? h->root->due_ms : d->first_due_ms);
}
