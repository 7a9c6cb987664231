/* How deadlines were counted, from what is stored alone: the case's entries, the policy row and the
 * calendar of the versions that stand in the deadline. The count itself is the rules'. */
#include "clients/agent/requests.h"

#include "proto/rules/explain.h"

struct explaining {
    struct jb_agent_request *r;
    struct jb_agent_views v;
    struct jb_agent_overlay o;
    const struct jb_entry *entries; /* of the case; arena */
    size_t entry_count;
    /* the calendar last looked up; deadlines of a case mostly share it */
    struct jb_text calendar_version;
    const struct jb_calendar *calendar;
    /* the deadline in hand */
    Jb__ExplainView *view;
    size_t day_capacity, move_capacity;
};

/* ---- the calendar of a version ---- */

static enum jb_err calendar_parse(struct explaining *x, struct jb_text version,
                                  struct jb_calendar **out)
{
    struct jb_text text;
    struct jb_fault fault = {""};
    struct jb_ledger *l = x->r->agent->ledger;
    enum jb_err err = jb_ledger_calendar_version(l, version, x->r->arena, &text);
    if (err != JB_OK)
        return err;
    *out = jb_arena_alloc(x->r->arena, sizeof **out);
    if (*out == NULL)
        return JB_NOMEM;
    return jb_calendar_parse(text, "calendar", x->r->arena, *out, &fault);
}

/* "national", or "national+regional": the region's days laid over the national ones. */
static enum jb_err calendar_of_version(struct explaining *x, struct jb_text version,
                                       const struct jb_calendar **out)
{
    struct jb_calendar *base = NULL;
    struct jb_calendar *region = NULL;
    const char *plus = version.len > 0 ? memchr(version.data, '+', version.len) : NULL;
    size_t len = plus != NULL ? (size_t)(plus - version.data) : version.len;
    enum jb_err err = calendar_parse(x, (struct jb_text){version.data, len}, &base);
    *out = base;
    if (err != JB_OK || plus == NULL)
        return err;
    err = calendar_parse(x, (struct jb_text){plus + 1, version.len - len - 1}, &region);
    if (err != JB_OK)
        return err;
    struct jb_calendar *both = jb_arena_alloc(x->r->arena, sizeof *both);
    if (both == NULL)
        return JB_NOMEM;
    *out = both;
    return jb_calendar_overlay(base, region, x->r->arena, both);
}

/* The stored version's; one that is no longer there is replaced by the present one, which
 * jb_explain then says. */
static enum jb_err calendar_find(struct explaining *x, const struct jb_deadline *d)
{
    const struct jb_calendar *found = NULL;
    if (x->calendar != NULL && jb_text_equal(x->calendar_version, d->calendar_version))
        return JB_OK;
    enum jb_err err = d->calendar_version.len > 0
                          ? calendar_of_version(x, d->calendar_version, &found)
                          : JB_NOT_FOUND;
    if (err == JB_NOMEM || err == JB_IO)
        return err;
    if (err != JB_OK)
        found = jb_book_calendar_of(jb_agent_book(x->r->agent), d->node);
    x->calendar = found;
    x->calendar_version = d->calendar_version;
    return JB_OK;
}

/* ---- days and moves ---- */

/* Room for one more pointer; false: out of memory, which the arena remembers. */
static bool grow(struct jb_arena *arena, void ***list, size_t count, size_t *capacity)
{
    if (count < *capacity)
        return true;
    size_t more = *capacity == 0 ? 64 : *capacity * 2;
    void **bigger = jb_arena_alloc(arena, more * sizeof *bigger);
    if (bigger == NULL)
        return false;
    if (count > 0)
        memcpy(bigger, *list, count * sizeof *bigger);
    *list = bigger;
    *capacity = more;
    return true;
}

static void on_day(void *ctx, const struct jb_explain_day *day)
{
    struct explaining *x = ctx;
    void **list = (void **)x->view->days;
    Jb__ExplainDayView *w = jb_arena_alloc(x->r->arena, sizeof *w);
    if (w == NULL || !grow(x->r->arena, &list, x->view->n_days, &x->day_capacity))
        return;
    jb__explain_day_view__init(w);
    JB_PUT(w, day_ms, jb_date_start_ms(day->date));
    JB_PUT(w, count, day->count);
    JB_PUT(w, known, day->known);
    w->kind = jb_agent_view_text(&x->v, jb_text_of(jb_count_day_name(day->kind)));
    w->name = jb_agent_view_text(&x->v, jb_text_of(day->occasion));
    list[x->view->n_days++] = w;
    x->view->days = (Jb__ExplainDayView **)list;
}

static void on_move(void *ctx, const struct jb_explain_move *move)
{
    struct explaining *x = ctx;
    void **list = (void **)x->view->moves;
    Jb__ExplainMoveView *w = jb_arena_alloc(x->r->arena, sizeof *w);
    if (w == NULL || !grow(x->r->arena, &list, x->view->n_moves, &x->move_capacity))
        return;
    jb__explain_move_view__init(w);
    JB_PUT(w, at_ms, move->at_ms);
    JB_PUT(w, seq, move->seq);
    JB_PUT(w, old_due_ms, move->old_due_ms);
    JB_PUT(w, due_ms, move->due_ms);
    JB_PUT(w, node, move->node);
    w->kind = jb_agent_view_text(&x->v, jb_text_of(jb_deadline_move_name(move->kind)));
    w->text = jb_agent_view_text(&x->v, move->text);
    w->node_name = jb_agent_view_node_name(&x->v, move->node);
    list[x->view->n_moves++] = w;
    x->view->moves = (Jb__ExplainMoveView **)list;
}

/* ---- one deadline ---- */

/* What a reader has to know beside the count; codes, not sentences. */
static const char *remark_of(const struct jb_explanation *e, enum jb_err err)
{
    if (err == JB_MISSING)
        return "no_calendar";
    if (err != JB_OK)
        return "uncountable";
    if (!e->complete)
        return "incomplete"; /* the entry that set it is not here */
    if (!e->same_calendar)
        return "other_calendar";
    return e->provisional ? "provisional" : "";
}

static enum jb_err explain_one(struct explaining *x, const struct jb_deadline *d)
{
    const struct jb_rulebook *book = jb_agent_book(x->r->agent);
    struct jb_explanation e = {.agrees = false};
    enum jb_err err = calendar_find(x, d);
    Jb__ExplainView *w = jb_arena_alloc(x->r->arena, sizeof *w);
    if (err != JB_OK || w == NULL)
        return err != JB_OK ? err : JB_NOMEM;
    jb__explain_view__init(w);
    x->view = w;
    x->day_capacity = 0;
    x->move_capacity = 0;
    struct jb_explain_question q = {.d = d,
                                    .row = jb_book_row_of(book, d),
                                    .calendar = x->calendar,
                                    .entries = x->entries,
                                    .entry_count = x->entry_count,
                                    .day = on_day,
                                    .move = on_move,
                                    .ctx = x};
    err = jb_explain(&q, &e);
    w->has_agrees = true; /* said in any case */
    w->agrees = err == JB_OK && e.agrees;
    w->deadline = jb_agent_view_deadline(&x->v, &x->o.c, d, 0);
    w->policy_name = q.row != NULL ? jb_agent_view_text(&x->v, q.row->name) : NULL;
    w->text = jb_agent_view_text(&x->v, jb_text_of(remark_of(&e, err)));
    if (x->calendar != NULL) {
        char day[JB_DATE_TEXT];
        jb_date_format(x->calendar->covers_to, day);
        w->calendar_until = jb_agent_view_text(&x->v, jb_text_of(day));
    }
    return w->deadline != NULL && !x->r->arena->overflowed ? JB_OK : JB_NOMEM;
}

static enum jb_err load_entries(struct explaining *x)
{
    struct jb_timeline_row *rows = NULL;
    size_t count = 0;
    enum jb_err err =
        jb_query_timeline(x->r->agent->ledger, x->o.c.case_no, x->r->arena, &rows, &count);
    if (err != JB_OK)
        return err;
    struct jb_entry *entries = jb_arena_alloc(x->r->arena, count * sizeof *entries);
    if (entries == NULL)
        return JB_NOMEM;
    for (size_t i = 0; i < count; i++)
        entries[i] = rows[i].entry;
    x->entries = entries;
    x->entry_count = count;
    return JB_OK;
}

/* What waits in the outbox has not been counted by anybody yet: the stored case alone. */
static enum jb_err load_case(struct explaining *x, int64_t case_no)
{
    struct jb_agent_overlay_maker m = jb_agent_overlay_maker(x->r->agent);
    bool hidden = false;
    enum jb_err err = jb_agent_overlay_load(&m, case_no, false, x->r->arena, &x->o);
    if (err == JB_OK)
        err = jb_agent_reader_hides(x->r->agent, x->r->user, case_no, &hidden);
    if (err == JB_OK && (hidden || x->o.c.stage == JB_STAGE_NONE))
        return jb_fault_set(&x->r->fault, JB_NOT_FOUND, "no case with this number is known here");
    return err == JB_OK ? load_entries(x) : err;
}

enum jb_err jb_agent_get_explain(struct jb_agent_request *r, Jb__Reply *reply)
{
    const Jb__GetExplain *q = r->request->explain;
    struct explaining x = {.r = r, .v = jb_agent_request_views(r)};
    Jb__ExplainList *list = jb_arena_alloc(r->arena, sizeof *list);
    if (list == NULL)
        return JB_NOMEM;
    jb__explain_list__init(list);
    enum jb_err err = load_case(&x, q->case_no);
    if (err != JB_OK)
        return err;
    list->deadlines = jb_agent_view_array(r->arena, x.o.c.deadline_count);
    if (list->deadlines == NULL)
        return JB_NOMEM;
    for (size_t i = 0; i < x.o.c.deadline_count && err == JB_OK; i++) {
        const struct jb_deadline *d = &x.o.c.deadlines[i];
        if (q->deadline_id != 0 && d->id != q->deadline_id)
            continue;
        err = explain_one(&x, d);
        list->deadlines[list->n_deadlines++] = x.view;
    }
    if (err == JB_OK && q->deadline_id != 0 && list->n_deadlines == 0)
        err = jb_fault_set(&r->fault, JB_NOT_FOUND, "the case has no deadline %u", q->deadline_id);
    reply->body_case = JB__REPLY__BODY_EXPLAIN;
    reply->explain = list;
    return err;
}
