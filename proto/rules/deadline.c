/* Computes a deadline from what is stored with it, and nothing else: policy row, calendar, trigger
 * and designated day; again after a pause, and with a newer calendar. Never sees a case or a
 * clock. */
#include "proto/rules/policy.h"

#define HOUR_MS INT64_C(3600000)
#define MINUTE_MS INT64_C(60000)

static enum jb_err end_of_calendar_days(int64_t trigger_ms, uint32_t days, int64_t *due_ms)
{
    struct jb_date last;
    enum jb_err err = jb_date_add(jb_date_of_instant(trigger_ms), days, &last);

    if (err == JB_OK)
        *due_ms = jb_date_end_ms(last);
    return err;
}

static enum jb_err end_of_working_days(const struct jb_calendar *cal, struct jb_deadline *d)
{
    struct jb_date last;
    enum jb_err err;

    if (cal == NULL)
        return JB_MISSING;
    if (d->limit > JB_WORKDAYS_MAX)
        return JB_RANGE;
    err = jb_calendar_add_workdays(cal, jb_date_of_instant(d->trigger_ms), (int32_t)d->limit, &last,
                                   &d->provisional);
    if (err != JB_OK)
        return err;
    d->due_ms = jb_date_end_ms(last);
    d->calendar_version = jb_text_of(cal->version);
    return JB_OK;
}

static enum jb_err statutory(const struct jb_calendar *cal, struct jb_deadline *d)
{
    switch (d->unit) {
    case JB_UNIT_CALENDAR_DAYS:
        return end_of_calendar_days(d->trigger_ms, d->limit, &d->due_ms);
    case JB_UNIT_WORKING_DAYS:
        return end_of_working_days(cal, d);
    case JB_UNIT_HOURS:
        d->due_ms = d->trigger_ms + d->limit * HOUR_MS;
        return JB_OK;
    case JB_UNIT_MINUTES:
        d->due_ms = d->trigger_ms + d->limit * MINUTE_MS;
        return JB_OK;
    case JB_UNIT_DESIGNATED:
        break;
    }
    return JB_MISSING;
}

static void bind_to_designated(struct jb_deadline *d, int64_t designated_ms)
{
    struct jb_text none = {NULL, 0};

    d->unit = JB_UNIT_DESIGNATED;
    d->limit = 0;
    d->due_ms = designated_ms;
    d->designated_bound = true;
    d->provisional = false;
    d->calendar_version = none;
}

size_t jb_deadline_warn_steps(const struct jb_policy_row *row, int64_t trigger_ms, int64_t due_ms,
                              int64_t out[JB_WARN_MAX])
{
    size_t count = 0;

    memset(out, 0, JB_WARN_MAX * sizeof out[0]);
    for (size_t i = 0; i < JB_WARN_MAX && row->warn_days[i] != 0; i++) {
        int64_t at_ms = due_ms - row->warn_days[i] * JB_DAY_MS;

        if (at_ms > trigger_ms)
            out[count++] = at_ms;
    }
    return count;
}

enum jb_err jb_deadline_compute(const struct jb_policy *p, const struct jb_calendar *cal,
                                const char *key, int64_t trigger_ms, int64_t designated_ms,
                                struct jb_deadline *d)
{
    const struct jb_policy_row *row = jb_policy_row(p, key);
    struct jb_deadline made = {.trigger_ms = trigger_ms};
    enum jb_err err = JB_OK;

    if (row == NULL)
        return JB_NOT_FOUND;
    if (!jb_instant_valid(trigger_ms))
        return JB_RANGE;
    if (row->limit == 0 && designated_ms == 0)
        return JB_MISSING;
    memcpy(made.key, row->key, sizeof made.key);
    made.limit = row->limit;
    made.unit = row->unit;
    made.article = row->article;
    made.policy_version = p->version;
    if (row->limit != 0)
        err = statutory(cal, &made);
    if (err != JB_OK)
        return err;
    if (designated_ms != 0 &&
        (row->limit == 0 || designated_ms < made.due_ms || !p->never_lengthen))
        bind_to_designated(&made, designated_ms);
    if (!jb_instant_valid(made.due_ms))
        return JB_RANGE;
    made.first_due_ms = made.due_ms;
    jb_deadline_warn_steps(row, trigger_ms, made.due_ms, made.warn_at_ms);
    *d = made;
    return JB_OK;
}

/* ---- pauses --------------------------------------------------------------------------------- */

/* The days that a pause takes out of the count; count 0: none. */
struct pause {
    struct jb_date first, last;
    int32_t days;
};

static struct jb_date last_day_of(int64_t due_ms)
{
    return jb_date_of_instant(due_ms - 1);
}

static struct jb_date later_of(struct jb_date a, struct jb_date b)
{
    return jb_date_compare(a, b) > 0 ? a : b;
}

static struct pause pause_of(const struct jb_deadline *d, int64_t until_ms)
{
    struct jb_date after_start = {jb_date_of_instant(d->trigger_ms).days + 1};
    struct pause p = {later_of(jb_date_of_instant(d->paused_from_ms), after_start),
                      jb_date_of_instant(until_ms), 0};

    if (d->paused_to_ms != 0)
        p.first = later_of(p.first, jb_date_of_instant(d->paused_to_ms));
    if (jb_date_compare(p.first, p.last) <= 0 &&
        jb_date_compare(p.first, last_day_of(d->due_ms)) <= 0)
        p.days = p.last.days - p.first.days + 1;
    return p;
}

/* What was left of the working days is counted after the pause; extensions follow behind. */
static enum jb_err resume_working_days(const struct jb_calendar *cal, const struct pause *p,
                                       struct jb_deadline *now)
{
    struct jb_date last = {last_day_of(now->due_ms).days - (int32_t)now->extended_days};
    struct jb_date before = {p->first.days - 1};
    bool provisional;
    int32_t left;
    enum jb_err err;

    if (cal == NULL)
        return JB_MISSING;
    left = jb_calendar_count_workdays(cal, before, last);
    if (left <= 0) { /* it fell into the days of an extension */
        now->due_ms += p->days * JB_DAY_MS;
        return JB_OK;
    }
    err = jb_calendar_add_workdays(cal, p->last, left, &last, &provisional);
    if (err != JB_OK)
        return err;
    now->due_ms = jb_date_end_ms(last) + now->extended_days * JB_DAY_MS;
    now->provisional = now->provisional || provisional;
    now->calendar_version = jb_text_of(cal->version);
    return JB_OK;
}

static void set_warn_steps(const struct jb_policy_row *row, struct jb_deadline *d)
{
    memset(d->warn_at_ms, 0, sizeof d->warn_at_ms);
    if (row != NULL)
        jb_deadline_warn_steps(row, d->trigger_ms, d->due_ms, d->warn_at_ms);
}

enum jb_err jb_deadline_resumed(const struct jb_policy_row *row, const struct jb_calendar *cal,
                                const struct jb_deadline *d, int64_t until_ms,
                                struct jb_deadline *now)
{
    struct jb_deadline made = *d;
    struct pause p;
    enum jb_err err = JB_OK;

    if (d->paused_from_ms == 0)
        return JB_MISSING;
    if (until_ms < d->paused_from_ms || !jb_instant_valid(until_ms))
        return JB_RANGE;
    p = pause_of(d, until_ms);
    if (p.days > 0 && d->unit == JB_UNIT_WORKING_DAYS)
        err = resume_working_days(cal, &p, &made);
    else
        made.due_ms += p.days * JB_DAY_MS;
    if (err != JB_OK)
        return err;
    if (!jb_instant_valid(made.due_ms))
        return JB_RANGE;
    made.paused_from_ms = 0;
    made.paused_ms += p.days * JB_DAY_MS;
    if (jb_date_end_ms(p.last) > made.paused_to_ms)
        made.paused_to_ms = jb_date_end_ms(p.last);
    set_warn_steps(row, &made);
    *now = made;
    return JB_OK;
}

/* ---- a newer calendar ----------------------------------------------------------------------- */

enum jb_err jb_deadline_recounted(const struct jb_policy_row *row, const struct jb_calendar *cal,
                                  const struct jb_deadline *d, struct jb_deadline *now)
{
    struct jb_deadline made = *d;
    enum jb_err err;

    if (!d->provisional || d->unit != JB_UNIT_WORKING_DAYS)
        return JB_NOT_FOUND;
    if (d->paused_to_ms != 0 || d->paused_from_ms != 0)
        return JB_RANGE;
    err = end_of_working_days(cal, &made);
    if (err != JB_OK)
        return err;
    made.due_ms += made.extended_days * JB_DAY_MS;
    if (!jb_instant_valid(made.due_ms))
        return JB_RANGE;
    set_warn_steps(row, &made);
    *now = made;
    return JB_OK;
}
