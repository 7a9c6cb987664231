/* What came of the cases, by agency: from the ledger's tables and from the appraisal of the log. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/replay/replay.h"

#define REPORT_BYTES ((size_t)64 * 1024 * 1024)

bool result_new(struct result *x, const struct stories *s)
{
    *x = (struct result){.nodes = FIRST_AGENCY + s->agency_count};
    x->agencies = calloc(x->nodes, sizeof *x->agencies);
    x->indicators = calloc(x->nodes, sizeof *x->indicators);
    for (size_t i = 0; x->agencies != NULL && i < x->nodes; i++)
        x->agencies[i].node = (uint32_t)i;
    return x->agencies != NULL && x->indicators != NULL;
}

void result_free(struct result *x)
{
    for (size_t i = 0; x->agencies != NULL && i < x->nodes; i++)
        free(x->agencies[i].days);
    free(x->agencies);
    free(x->indicators);
}

bool result_add(struct result *x, uint32_t node, int days, bool in_time, bool declined)
{
    struct agency_result *a = &x->agencies[node];

    a->parts++;
    a->declined += declined;
    if (days < 0) {
        a->unanswered++;
        return true;
    }
    if (in_time)
        a->in_time++;
    else
        a->late++;
    int *more = realloc(a->days, (a->day_count + 1) * sizeof *more);
    if (more == NULL)
        return false;
    a->days = more;
    a->days[a->day_count++] = days;
    return true;
}

static int by_days(const void *x, const void *y)
{
    return *(const int *)x - *(const int *)y;
}

void result_sort(struct result *x)
{
    for (size_t i = 0; i < x->nodes; i++)
        if (x->agencies[i].day_count > 0)
            qsort(x->agencies[i].days, x->agencies[i].day_count, sizeof(int), by_days);
}

int percentile(const struct agency_result *a, int percent)
{
    size_t rank = (a->day_count * (size_t)percent + 99) / 100;
    return rank > 0 ? a->days[rank - 1] : -1;
}

/* ---- from the ledger --------------------------------------------------------------------------
 */

static int days_between(int64_t from_ms, int64_t to_ms)
{
    return jb_date_of_instant(to_ms).days - jb_date_of_instant(from_ms).days;
}

/* The clock that the agency owes the answer by; NULL: none was set. */
static const struct jb_deadline *clock_of(const struct jb_case *c, uint32_t node, const char *key)
{
    for (size_t i = 0; i < c->deadline_count; i++)
        if (c->deadlines[i].node == node && strcmp(c->deadlines[i].key, key) == 0)
            return &c->deadlines[i];
    return NULL;
}

static int64_t co_answered_ms(const struct jb_case *c, uint32_t node)
{
    for (size_t i = 0; i < c->participant_count; i++)
        if (c->participants[i].node == node && c->participants[i].role == JB_ROLE_CO_HANDLER)
            return c->participants[i].answered_ms;
    return 0;
}

static bool add_host(struct result *x, const struct jb_case *c)
{
    bool declined = c->facts_ms[JB_FACT_DECLINED] != 0;
    int64_t answered_ms = declined ? c->facts_ms[JB_FACT_DECLINED] : c->facts_ms[JB_FACT_ANSWERED];
    const struct jb_deadline *d = clock_of(c, c->host, "assigned");
    bool in_time = d != NULL && d->end == JB_END_MET;

    x->total.unanswered += answered_ms == 0;
    x->total.in_time += answered_ms != 0 && in_time;
    x->total.late += answered_ms != 0 && !in_time;
    return result_add(x, c->host,
                      answered_ms != 0 ? days_between(c->registered_ms, answered_ms) : -1, in_time,
                      declined);
}

static bool add_co_handler(struct result *x, const struct jb_case *c, uint32_t node)
{
    int64_t answered_ms = co_answered_ms(c, node);
    const struct jb_deadline *d = clock_of(c, node, "co-answer");

    return result_add(x, node, answered_ms != 0 ? days_between(c->registered_ms, answered_ms) : -1,
                      d != NULL && d->end == JB_END_MET, false);
}

static bool add_case(struct result *x, struct record *r, const struct story *t)
{
    struct jb_case c;

    if (!record_case(r, t->case_no, &c))
        return false;
    if (c.stage == JB_STAGE_NONE)
        return true; /* its registration was refused */
    x->total.cases++;
    if (c.sender == 0) {
        x->total.not_sent++;
        return true;
    }
    return add_host(x, &c) && (t->co == 0 || add_co_handler(x, &c, t->co));
}

/* The figures of the appraisal: from the log, and again after a rebuild. */
static bool add_figures(struct result *x, struct record *r, int64_t end_ms)
{
    struct jb_report_query q = {.from_ms = 0, .to_ms = end_ms};
    struct jb_report report;
    struct jb_arena arena;
    struct jb_fault fault = {""};

    jb_arena_init(&arena, REPORT_BYTES);
    enum jb_err err = jb_report_make(r->l, &q, &arena, &report, &fault);
    for (size_t i = 0; err == JB_OK && i < report.count; i++) {
        const struct jb_figure *f = &report.figures[i];

        if (f->node < x->nodes)
            x->indicators[f->node][f->indicator] =
                (struct indicator_result){f->numerator, f->denominator};
    }
    jb_arena_fini(&arena);
    if (err != JB_OK)
        fprintf(stderr, "replay: %s\n", fault.text);
    return err == JB_OK;
}

bool result_of_record(struct result *x, struct record *r, const struct stories *s, int64_t end_ms)
{
    if (!result_new(x, s))
        return false;
    for (size_t i = 0; i < s->count; i++)
        if (s->all[i].travels && !add_case(x, r, &s->all[i]))
            return false;
    result_sort(x);
    return add_figures(x, r, end_ms);
}

/* ---- comparing --------------------------------------------------------------------------------
 */

static size_t differ(const char *what, const char *agency, long long got, long long expected)
{
    if (got == expected)
        return 0;
    printf("DIFFERS  %s, %s: %lld, expected %lld\n", agency, what, got, expected);
    return 1;
}

static size_t compare_agency(const struct agency_result *a, const struct agency_result *b,
                             const char *name)
{
    return differ("cases", name, (long long)a->parts, (long long)b->parts) +
           differ("in time", name, (long long)a->in_time, (long long)b->in_time) +
           differ("late", name, (long long)a->late, (long long)b->late) +
           differ("unanswered", name, (long long)a->unanswered, (long long)b->unanswered) +
           differ("declined", name, (long long)a->declined, (long long)b->declined) +
           differ("median", name, percentile(a, 50), percentile(b, 50)) +
           differ("90th percentile", name, percentile(a, 90), percentile(b, 90));
}

size_t result_compare(const struct result *got, const struct result *expected,
                      const struct stories *s)
{
    size_t found = 0;

    for (uint32_t node = 0; node < got->nodes; node++) {
        const char *name = node == 0 ? "all agencies" : agency_name(s, node);

        found += compare_agency(&got->agencies[node], &expected->agencies[node], name);
        for (int i = 1; i < JB_INDICATOR_END; i++) {
            const struct indicator_result *a = &got->indicators[node][i];
            const struct indicator_result *b = &expected->indicators[node][i];
            const char *what = jb_indicator_name((enum jb_indicator)i);

            found += differ(what, name, (long long)a->numerator, (long long)b->numerator) +
                     differ(what, name, (long long)a->denominator, (long long)b->denominator);
        }
    }
    return found +
           differ("cases", "total", (long long)got->total.cases, (long long)expected->total.cases) +
           differ("in time", "total", (long long)got->total.in_time,
                  (long long)expected->total.in_time) +
           differ("late", "total", (long long)got->total.late, (long long)expected->total.late) +
           differ("unanswered", "total", (long long)got->total.unanswered,
                  (long long)expected->total.unanswered) +
           differ("not sent", "total", (long long)got->total.not_sent,
                  (long long)expected->total.not_sent);
}
