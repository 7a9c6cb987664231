/* The same results from the stories alone, by arithmetic on their days: no log, no case, no clock
 * of the rules, only the limits that the policy file names. */
#include "tests/replay/replay.h"

struct limits { /* days */
    int sort, notify, assigned, co_answer;
};

struct expecting {
    struct result *x;
    struct limits limit;
};

static int day(int64_t at_ms)
{
    return jb_date_of_instant(at_ms).days;
}

static void figure(struct expecting *e, uint32_t node, enum jb_indicator i, bool counted,
                   bool again)
{
    e->x->indicators[node][i].denominator++;
    e->x->indicators[node][i].numerator += counted;
    if (!again) {
        e->x->indicators[0][i].denominator++;
        e->x->indicators[0][i].numerator += counted;
    }
}

static int days_until(const struct story *t, int64_t at_ms)
{
    return at_ms != 0 ? day(at_ms) - day(t->received_ms) : -1;
}

/* The designated day, if it is the earlier one. */
static bool answered_within(const struct story *t, int64_t at_ms, int limit)
{
    return at_ms != 0 && day(at_ms) <= day(t->sent_ms) + limit &&
           (t->due_ms == 0 || at_ms < t->due_ms);
}

static bool expect_host(struct expecting *e, const struct story *t)
{
    int64_t said_ms = t->accepted_ms != 0 ? t->accepted_ms : t->answered_ms;
    int notice_day = day(t->received_ms) + e->limit.sort + e->limit.notify;
    bool in_time = answered_within(t, t->answered_ms, e->limit.assigned);

    if (notice_day < day(t->sent_ms) + e->limit.notify)
        notice_day = day(t->sent_ms) + e->limit.notify;
    figure(e, t->host, JB_INDICATOR_HANDLER_ACCEPT, said_ms != 0 && day(said_ms) <= notice_day,
           false);
    figure(e, t->host, JB_INDICATOR_ON_TIME_ANSWER, in_time, false);
    figure(e, t->host, JB_INDICATOR_REPEAT, false, true);
    e->x->total.unanswered += t->answered_ms == 0;
    e->x->total.in_time += t->answered_ms != 0 && in_time;
    e->x->total.late += t->answered_ms != 0 && !in_time;
    return result_add(e->x, t->host, days_until(t, t->answered_ms), in_time, t->declined);
}

static bool expect_co_handler(struct expecting *e, const struct story *t)
{
    bool in_time = answered_within(t, t->co_answered_ms, e->limit.co_answer);

    figure(e, t->co, JB_INDICATOR_ON_TIME_ANSWER, in_time, false);
    return result_add(e->x, t->co, days_until(t, t->co_answered_ms), in_time, false);
}

static bool expect_case(struct expecting *e, const struct story *t)
{
    bool sorted = t->sent_ms != 0 && day(t->sent_ms) <= day(t->received_ms) + e->limit.sort;

    e->x->total.cases++;
    figure(e, OFFICE, JB_INDICATOR_OFFICE_ACCEPT, sorted, false);
    figure(e, OFFICE, JB_INDICATOR_REPEAT, false, false);
    if (t->sent_ms == 0) {
        e->x->total.not_sent++;
        return true;
    }
    return expect_host(e, t) && (t->co == 0 || expect_co_handler(e, t));
}

static int limit_of(const struct jb_policy *p, const char *key)
{
    const struct jb_policy_row *row = jb_policy_row(p, key);
    return row != NULL ? (int)row->limit : 0;
}

bool result_of_stories(struct result *x, const struct stories *s, const struct jb_policy *p)
{
    struct expecting e = {.x = x,
                          .limit = {.sort = limit_of(p, "sort"),
                                    .notify = limit_of(p, "notify"),
                                    .assigned = limit_of(p, "assigned"),
                                    .co_answer = limit_of(p, "co-answer")}};

    if (!result_new(x, s))
        return false;
    for (size_t i = 0; i < s->count; i++)
        if (s->all[i].travels && !expect_case(&e, &s->all[i]))
            return false;
    result_sort(x);
    return true;
}
