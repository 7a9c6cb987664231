/* GetReport -> a query, and a report -> its view. Knows field names, not what a figure means. */
#include "proto/wire/report.h"

#include "proto/rules/caseno.h"

#define CASES_OF_ONE JB_REPORT_CASES_MAX /* named behind each figure of one agency */
#define CASES_OF_MANY 100                /* ... when all agencies are asked for */

#define PUT(view, field, value) ((view)->has_##field = true, (view)->field = (value))

static enum jb_err read_names(const Jb__GetReport *request, struct jb_report_query *q,
                              struct jb_fault *fault)
{
    const char *indicator = request->indicator != NULL ? request->indicator : "";
    const char *counts = request->counts != NULL ? request->counts : "";

    q->indicator = jb_indicator_parse(jb_text_of(indicator));
    q->counts = jb_count_parse(jb_text_of(counts));
    if (indicator[0] != '\0' && q->indicator == JB_INDICATOR_NONE)
        return jb_fault_set(fault, JB_UNKNOWN_KIND, "no such indicator: \"%.64s\"", indicator);
    if (counts[0] != '\0' && q->counts == JB_COUNT_NONE)
        return jb_fault_set(fault, JB_UNKNOWN_KIND,
                            "counts are by class, place, channel or matter, not by \"%.64s\"",
                            counts);
    if (q->indicator != JB_INDICATOR_NONE && q->counts != JB_COUNT_NONE)
        return jb_fault_set(fault, JB_RANGE, "an indicator or counts, not both");
    return JB_OK;
}

enum jb_err jb_report_query_read(const Jb__GetReport *request, int64_t now_ms,
                                 struct jb_report_query *q, struct jb_fault *fault)
{
    *q = (struct jb_report_query){
        .from_ms = request->from_ms, .to_ms = request->to_ms, .node = request->node};
    if (!request->has_to_ms)
        return jb_fault_set(fault, JB_MISSING, "to_ms: the end of the period");
    if (q->to_ms > now_ms)
        q->to_ms = now_ms;
    if (q->to_ms <= q->from_ms)
        return jb_fault_set(fault, JB_RANGE, "the period is empty, or has not begun yet");
    if (request->cases)
        q->cases = q->node != 0 ? CASES_OF_ONE : CASES_OF_MANY;
    return read_names(request, q, fault);
}

static char *text_copy(struct jb_arena *arena, struct jb_text text)
{
    return text.len > 0 ? jb_arena_strndup(arena, text.data, text.len) : NULL;
}

static bool put_cases(Jb__FigureView *v, const struct jb_figure *f, struct jb_arena *arena)
{
    char number[JB_CASENO_TEXT];
    size_t n = f->case_count;

    v->case_nos = jb_arena_memdup(arena, f->case_nos, n * sizeof *v->case_nos);
    v->counted = jb_arena_alloc(arena, n * sizeof *v->counted);
    v->numbers = jb_arena_alloc(arena, n * sizeof *v->numbers);
    if (v->case_nos == NULL || v->counted == NULL || v->numbers == NULL)
        return false;
    for (size_t i = 0; i < n; i++) {
        jb_caseno_format(f->case_nos[i], number);
        v->numbers[i] = jb_arena_strndup(arena, number, strlen(number));
        v->counted[i] = f->counted[i];
        if (v->numbers[i] == NULL)
            return false;
    }
    v->n_case_nos = v->n_counted = v->n_numbers = n;
    if (f->more)
        PUT(v, more, true);
    return true;
}

static Jb__FigureView *figure_view(const struct jb_figure *f, const struct jb_directory *d,
                                   struct jb_arena *arena)
{
    Jb__FigureView *v = jb_arena_alloc(arena, sizeof *v);
    const struct jb_node *n = jb_directory_find(d, f->node);
    bool is_count = f->indicator == JB_INDICATOR_NONE;

    if (v == NULL)
        return NULL;
    jb__figure_view__init(v);
    PUT(v, node, f->node);
    PUT(v, numerator, f->numerator);
    PUT(v, denominator, f->denominator);
    PUT(v, no_data, f->denominator == 0);
    if (n != NULL)
        v->node_name = text_copy(arena, jb_text_of(n->name));
    if (is_count) {
        PUT(v, people, f->people);
        v->key = text_copy(arena, f->key);
    } else {
        v->indicator = text_copy(arena, jb_text_of(jb_indicator_name(f->indicator)));
        v->article = text_copy(arena, jb_text_of(jb_indicator_article(f->indicator)));
    }
    if (f->case_count > 0 && !put_cases(v, f, arena))
        return NULL;
    return arena->overflowed ? NULL : v;
}

Jb__ReportView *jb_report_view(const struct jb_report *r, const struct jb_report_query *q,
                               const struct jb_directory *d, struct jb_arena *arena)
{
    Jb__ReportView *view = jb_arena_alloc(arena, sizeof *view);

    if (view == NULL)
        return NULL;
    jb__report_view__init(view);
    PUT(view, from_ms, q->from_ms);
    PUT(view, to_ms, q->to_ms);
    PUT(view, log_seq, r->seq);
    view->figures = jb_arena_alloc(arena, (r->count + 1) * sizeof(Jb__FigureView *));
    if (view->figures == NULL)
        return NULL;
    for (size_t i = 0; i < r->count; i++) {
        view->figures[i] = figure_view(&r->figures[i], d, arena);
        if (view->figures[i] == NULL)
            return NULL;
    }
    view->n_figures = r->count;
    return view;
}
