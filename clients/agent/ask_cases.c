/* Listing of cases: what the replica holds, with the outbox laid over it.
 *
 * Cases with something waiting are taken out of the replica's listing and put back as they will
 * look, if they then still fit the filter; so a case that exists only in the outbox is shown as
 * well. */
#include "clients/agent/requests.h"

#include <stdlib.h>

struct listing {
    struct jb_agent_request *r;
    struct jb_case_filter filter;
    struct jb_case *stored; /* page of the replica, newest first; arena */
    size_t stored_count;
    bool more;
    struct jb_agent_overlay *laid; /* fitting cases with something waiting, newest first; arena */
    size_t laid_count;
};

static struct jb_case_filter filter_of(const struct jb_agent_request *r)
{
    const Jb__GetCases *q = r->request->cases;
    struct jb_case_filter f = {.stage = (enum jb_stage)q->stage,
                               .host = q->host,
                               .registrar = q->registrar,
                               .matter = (int)q->matter,
                               .open_only = q->open_only,
                               .objections = q->objections,
                               .text = jb_text_of(q->text),
                               .class_code = jb_text_of(q->class_code),
                               .place_code = jb_text_of(q->place_code),
                               .flags = q->flags,
                               .registered_from_ms = q->registered_from_ms,
                               .registered_to_ms = q->registered_to_ms,
                               .after_case_no = q->after_case_no,
                               .limit = jb_agent_rows_wanted(q->has_limit, q->limit)};
    if (q->has_light)
        f.light = (enum jb_light)q->light;
    if (q->mine)
        f.host = jb_replica_node(r->agent->ledger);
    return f;
}

static bool contains(struct jb_text text, struct jb_text part)
{
    return part.len == 0 ||
           (text.len >= part.len && memmem(text.data, text.len, part.data, part.len) != NULL);
}

static bool fits_text(const struct jb_case *c, struct jb_text part)
{
    char number[JB_CASENO_TEXT] = "";
    if (jb_caseno_check(c->case_no) == JB_OK)
        jb_caseno_format(c->case_no, number);
    return contains(c->title, part) || contains(jb_text_of(number), part);
}

/* The filter of jb_query_cases on a case in memory. */
static bool fits(const struct jb_case *c, const struct jb_case_filter *f, int64_t now_ms)
{
    bool ok = f->after_case_no == 0 || c->case_no < f->after_case_no;
    ok = ok && (f->stage == JB_STAGE_NONE ? c->stage != JB_STAGE_FILE : c->stage == f->stage);
    ok = ok && (f->host == 0 || c->host == f->host);
    ok = ok && (f->registrar == 0 || c->registrar == f->registrar);
    ok = ok && (f->matter == 0 || c->matter == f->matter);
    ok = ok && (!f->open_only || !jb_stage_is_final(c->stage));
    ok = ok && (!f->objections || c->objection_open);
    ok = ok && (f->class_code.len == 0 || jb_text_equal(f->class_code, c->class_code));
    ok = ok && (f->place_code.len == 0 || jb_text_equal(f->place_code, c->place_code));
    ok = ok && (c->flags & f->flags) == f->flags;
    ok = ok && (f->registered_from_ms == 0 || c->registered_ms >= f->registered_from_ms);
    ok = ok && (f->registered_to_ms == 0 || c->registered_ms < f->registered_to_ms);
    ok = ok && (f->light == 0 || jb_case_light(c, now_ms) == f->light);
    return ok && fits_text(c, f->text);
}

static int newest_first(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x < y) - (x > y);
}

/* Numbers of the cases that have something waiting, each once, newest first. */
static enum jb_err waiting_cases(struct listing *l, int64_t **numbers, size_t *count)
{
    const struct jb_agent_pendings *p = &l->r->agent->pending;
    int64_t *all = jb_arena_alloc(l->r->arena, p->count * sizeof *all);
    size_t n = 0;
    size_t kept = 0;
    if (all == NULL)
        return JB_NOMEM;
    for (size_t i = 0; i < p->count; i++)
        if (jb_agent_pendings_at(p, i)->case_no != 0)
            all[n++] = jb_agent_pendings_at(p, i)->case_no;
    qsort(all, n, sizeof *all, newest_first);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || all[i] != all[i - 1])
            all[kept++] = all[i];
    *numbers = all;
    *count = kept;
    return JB_OK;
}

static bool may_see(const struct listing *l, const struct jb_case *c)
{
    return !jb_agent_reader_barred(l->r->agent, l->r->user, c);
}

static bool is_waiting(const int64_t *numbers, size_t count, int64_t case_no)
{
    return bsearch(&case_no, numbers, count, sizeof *numbers, newest_first) != NULL;
}

static enum jb_err lay_over(struct listing *l, const int64_t *numbers, size_t count)
{
    struct jb_agent_overlay_maker m = jb_agent_overlay_maker(l->r->agent);
    enum jb_err err = JB_OK;
    l->laid = jb_arena_alloc(l->r->arena, count * sizeof *l->laid);
    if (l->laid == NULL)
        return JB_NOMEM;
    for (size_t i = 0; i < count && err == JB_OK; i++) {
        struct jb_agent_overlay *o = &l->laid[l->laid_count];
        if (l->filter.after_case_no != 0 && numbers[i] >= l->filter.after_case_no)
            continue;
        err = jb_agent_overlay_load(&m, numbers[i], true, l->r->arena, o);
        if (err == JB_OK && o->c.stage != JB_STAGE_NONE && may_see(l, &o->c) &&
            fits(&o->c, &l->filter, l->r->now_ms))
            l->laid_count++;
    }
    return err;
}

static enum jb_err load(struct listing *l)
{
    int64_t *numbers = NULL;
    size_t count = 0;
    enum jb_err err = jb_query_cases(l->r->agent->ledger, &l->filter, l->r->now_ms, l->r->arena,
                                     &l->stored, &l->stored_count, &l->more);
    int64_t last = l->more && l->stored_count > 0 ? l->stored[l->stored_count - 1].case_no : 0;
    if (err == JB_OK)
        err = waiting_cases(l, &numbers, &count);
    size_t kept = 0;
    for (size_t i = 0; err == JB_OK && i < l->stored_count; i++)
        if (!is_waiting(numbers, count, l->stored[i].case_no) && may_see(l, &l->stored[i]))
            l->stored[kept++] = l->stored[i];
    l->stored_count = kept;
    while (count > 0 && numbers[count - 1] < last)
        count--; /* belongs to a later page */
    return err == JB_OK ? lay_over(l, numbers, count) : err;
}

/* Merge both, newest first, up to the limit. */
static enum jb_err show(struct listing *l, Jb__CaseList *list)
{
    struct jb_agent_views v = jb_agent_request_views(l->r);
    size_t i = 0;
    size_t k = 0;
    size_t total = l->stored_count + l->laid_count;
    size_t wanted = total < l->filter.limit ? total : l->filter.limit;
    list->cases = jb_agent_view_array(l->r->arena, wanted);
    if (list->cases == NULL)
        return JB_NOMEM;
    while (list->n_cases < wanted) {
        bool laid = i == l->stored_count ||
                    (k < l->laid_count && l->laid[k].c.case_no > l->stored[i].case_no);
        const struct jb_case *c = laid ? &l->laid[k].c : &l->stored[i];
        Jb__CaseView *view = jb_agent_view_case(&v, c, laid ? l->laid[k].pending : 0);
        if (view == NULL)
            return JB_NOMEM;
        list->cases[list->n_cases++] = view;
        k += laid;
        i += !laid;
    }
    JB_PUT(list, more, l->more || wanted < total);
    return JB_OK;
}

enum jb_err jb_agent_get_cases(struct jb_agent_request *r, Jb__Reply *reply)
{
    struct listing l = {.r = r, .filter = filter_of(r)};
    if (l.filter.stage < JB_STAGE_NONE || l.filter.stage >= JB_STAGE_COUNT)
        return jb_fault_set(&r->fault, JB_RANGE, "cases.stage: no such stage");
    reply->body_case = JB__REPLY__BODY_CASES;
    reply->cases = jb_arena_alloc(r->arena, sizeof *reply->cases);
    if (reply->cases == NULL)
        return JB_NOMEM;
    jb__case_list__init(reply->cases);
    enum jb_err err = load(&l);
    return err == JB_OK ? show(&l, reply->cases) : err;
}
