/* Directives, dockets, proposals of the supervision ladder, delegations. Lists come from the
 * replica's tables; each row is shown as the outbox will leave its case, and only to who may see
 * the case. */
#include "clients/agent/requests.h"

#include "proto/rules/proposal.h"

#define CASES_PAGE 200 /* loaded at once while proposals are looked for */
#define PAGE_BYTES ((size_t)64 * 1024 * 1024)

/* The case of the row in hand; rows of one case stand together. */
struct case_cache {
    struct jb_agent_request *r;
    int64_t case_no; /* 0: none yet */
    bool hidden;
    struct jb_agent_overlay o;
};

static enum jb_err cache_load(struct case_cache *k, int64_t case_no)
{
    struct jb_agent *a = k->r->agent;
    struct jb_agent_overlay_maker m = jb_agent_overlay_maker(a);
    if (k->case_no == case_no)
        return JB_OK;
    bool waits = jb_agent_pendings_of_case(&a->pending, case_no) > 0;
    enum jb_err err = jb_agent_overlay_load(&m, case_no, waits, k->r->arena, &k->o);
    if (err != JB_OK)
        return err;
    k->case_no = case_no;
    k->hidden = k->o.c.stage == JB_STAGE_NONE || jb_agent_reader_barred(a, k->r->user, &k->o.c);
    return JB_OK;
}

/* ---- directives ---- */

static struct jb_directive_filter directive_filter(const struct jb_agent_request *r)
{
    const Jb__GetDirectives *q = r->request->directives;
    uint32_t own = jb_replica_node(r->agent->ledger);
    return (struct jb_directive_filter){.case_no = q->case_no,
                                        .receiver = q->mine ? own : 0,
                                        .issuer = q->issued ? own : 0,
                                        .power = q->power,
                                        .demand = q->demand,
                                        .open_only = q->open_only,
                                        .after_case_no = q->after_case_no,
                                        .after_id = q->after_no < UINT32_MAX ? (uint32_t)q->after_no
                                                                             : UINT32_MAX,
                                        .limit = jb_agent_rows_wanted(q->has_limit, q->limit)};
}

static enum jb_err put_directive(struct case_cache *k, const struct jb_directive_row *row,
                                 Jb__DirectiveList *list)
{
    struct jb_agent_views v = jb_agent_request_views(k->r);
    enum jb_err err = cache_load(k, row->case_no);
    if (err != JB_OK || k->hidden)
        return err;
    const struct jb_directive *d = jb_case_directive(&k->o.c, row->d.id);
    if (d == NULL || (k->r->request->directives->open_only && d->status == JB_DIRECTIVE_ENDED))
        return JB_OK;
    Jb__DirectiveView *w = jb_agent_view_directive(&v, &k->o.c, d, row);
    if (w == NULL)
        return JB_NOMEM;
    list->directives[list->n_directives++] = w;
    return JB_OK;
}

enum jb_err jb_agent_get_directives(struct jb_agent_request *r, Jb__Reply *reply)
{
    struct jb_directive_filter filter = directive_filter(r);
    struct jb_directive_row *rows = NULL;
    size_t count = 0;
    bool more = false;
    struct case_cache k = {.r = r};
    Jb__DirectiveList *list = jb_arena_alloc(r->arena, sizeof *list);
    if (list == NULL)
        return JB_NOMEM;
    jb__directive_list__init(list);
    enum jb_err err =
        jb_query_directives(r->agent->ledger, &filter, r->arena, &rows, &count, &more);
    list->directives = jb_agent_view_array(r->arena, count);
    if (err == JB_OK && list->directives == NULL)
        err = JB_NOMEM;
    for (size_t i = 0; i < count && err == JB_OK; i++)
        err = put_directive(&k, &rows[i], list);
    JB_PUT(list, more, more);
    reply->body_case = JB__REPLY__BODY_DIRECTIVES;
    reply->directives = list;
    return err;
}

/* ---- dockets ---- */

/* The page's place is named by the docket's own number. */
static enum jb_err docket_filter(struct case_cache *k, struct jb_docket_filter *f)
{
    const Jb__GetDockets *q = k->r->request->dockets;
    *f = (struct jb_docket_filter){.case_no = q->case_no,
                                   .open_only = q->open_only,
                                   .after_case_no = q->after_case_no,
                                   .limit = jb_agent_rows_wanted(q->has_limit, q->limit)};
    if (q->after_case_no == 0 || q->after_no == NULL)
        return JB_OK;
    enum jb_err err = cache_load(k, q->after_case_no);
    if (err != JB_OK)
        return err;
    const struct jb_docket *d = jb_case_docket(&k->o.c, jb_text_of(q->after_no));
    f->after_id = d != NULL ? d->id : 0;
    return JB_OK;
}

static enum jb_err put_docket(struct case_cache *k, const struct jb_docket_row *row,
                              Jb__DocketList *list)
{
    struct jb_agent_views v = jb_agent_request_views(k->r);
    enum jb_err err = cache_load(k, row->case_no);
    if (err != JB_OK || k->hidden)
        return err;
    const struct jb_docket *d = jb_case_docket(&k->o.c, row->d.docket_no);
    if (d == NULL || (k->r->request->dockets->open_only && d->closed_ms != 0))
        return JB_OK;
    Jb__DocketView *w = jb_agent_view_docket(&v, &k->o.c, d);
    if (w == NULL)
        return JB_NOMEM;
    list->dockets[list->n_dockets++] = w;
    return JB_OK;
}

enum jb_err jb_agent_get_dockets(struct jb_agent_request *r, Jb__Reply *reply)
{
    struct jb_docket_filter filter;
    struct jb_docket_row *rows = NULL;
    size_t count = 0;
    bool more = false;
    struct case_cache k = {.r = r};
    Jb__DocketList *list = jb_arena_alloc(r->arena, sizeof *list);
    if (list == NULL)
        return JB_NOMEM;
    jb__docket_list__init(list);
    enum jb_err err = docket_filter(&k, &filter);
    if (err == JB_OK)
        err = jb_query_dockets(r->agent->ledger, &filter, r->arena, &rows, &count, &more);
    list->dockets = jb_agent_view_array(r->arena, count);
    if (err == JB_OK && list->dockets == NULL)
        err = JB_NOMEM;
    for (size_t i = 0; i < count && err == JB_OK; i++)
        err = put_docket(&k, &rows[i], list);
    JB_PUT(list, more, more);
    reply->body_case = JB__REPLY__BODY_DOCKETS;
    reply->dockets = list;
    return err;
}

/* ---- proposals ---- */

struct proposing {
    struct jb_agent_request *r;
    Jb__ProposalList *list;
    size_t limit, capacity;
};

static Jb__ProposalView *proposal_view(const struct jb_agent_views *v, const struct jb_case *c,
                                       const struct jb_proposal *p)
{
    Jb__ProposalView *w = jb_arena_alloc(v->arena, sizeof *w);
    if (w == NULL)
        return NULL;
    jb__proposal_view__init(w);
    JB_PUT(w, case_no, c->case_no);
    JB_PUT(w, node, p->node);
    JB_PUT(w, step, (uint32_t)p->step);
    JB_PUT(w, since_ms, p->since_ms);
    w->number = jb_agent_view_number(v, c->case_no);
    w->title = jb_agent_view_text(v, c->title);
    w->node_name = jb_agent_view_node_name(v, p->node);
    w->reason = jb_agent_view_text(v, jb_text_of(p->reason));
    w->key = jb_agent_view_text(v, jb_text_of(p->key));
    w->docket_no = jb_agent_view_text(v, p->docket_no);
    w->article = jb_agent_view_text(v, jb_text_of(p->article));
    return w;
}

/* All of one case: the next page begins with another one. */
static enum jb_err propose(struct proposing *p, const struct jb_case *c)
{
    struct jb_agent_views v = jb_agent_request_views(p->r);
    struct jb_proposal found[JB_PROPOSALS_MAX];
    if (jb_agent_reader_barred(p->r->agent, p->r->user, c))
        return JB_OK;
    size_t count =
        jb_proposals(c, jb_agent_book(p->r->agent), p->r->now_ms, found, JB_PROPOSALS_MAX);
    for (size_t i = 0; i < count && p->list->n_proposals < p->capacity; i++) {
        if (found[i].node == jb_replica_node(p->r->agent->ledger)) /* nobody urges himself */
            continue;
        Jb__ProposalView *w = proposal_view(&v, c, &found[i]);
        if (w == NULL)
            return JB_NOMEM;
        p->list->proposals[p->list->n_proposals++] = w;
    }
    return JB_OK;
}

static enum jb_err propose_one(struct proposing *p, int64_t case_no)
{
    struct case_cache k = {.r = p->r};
    enum jb_err err = cache_load(&k, case_no);
    if (err == JB_OK && k.hidden)
        return jb_fault_set(&p->r->fault, JB_NOT_FOUND, "no case with this number is known here");
    return err == JB_OK ? propose(p, &k.o.c) : err;
}

/* One page of open cases; `filter` goes on to the next. */
static enum jb_err propose_page(struct proposing *p, struct jb_case_filter *filter, bool *more)
{
    struct jb_case *cases = NULL;
    size_t count = 0;
    struct jb_arena page;
    jb_arena_init(&page, PAGE_BYTES);
    enum jb_err err =
        jb_query_cases(p->r->agent->ledger, filter, p->r->now_ms, &page, &cases, &count, more);
    size_t done = 0;
    for (; done < count && err == JB_OK && p->list->n_proposals < p->limit; done++) {
        filter->after_case_no = cases[done].case_no;
        err = propose(p, &cases[done]);
    }
    *more = *more || done < count;
    jb_arena_fini(&page);
    return err;
}

enum jb_err jb_agent_get_proposals(struct jb_agent_request *r, Jb__Reply *reply)
{
    const Jb__GetProposals *q = r->request->proposals;
    struct proposing p = {.r = r, .limit = jb_agent_rows_wanted(q->has_limit, q->limit)};
    struct jb_case_filter filter = {
        .open_only = true, .after_case_no = q->after_case_no, .limit = CASES_PAGE};
    bool more = q->case_no == 0;
    enum jb_err err = JB_OK;
    p.capacity = p.limit + JB_PROPOSALS_MAX;
    p.list = jb_arena_alloc(r->arena, sizeof *p.list);
    if (p.list == NULL)
        return JB_NOMEM;
    jb__proposal_list__init(p.list);
    p.list->proposals = jb_agent_view_array(r->arena, p.capacity);
    if (p.list->proposals == NULL)
        return JB_NOMEM;
    if (q->case_no != 0)
        err = propose_one(&p, q->case_no);
    while (err == JB_OK && more && p.list->n_proposals < p.limit)
        err = propose_page(&p, &filter, &more);
    JB_PUT(p.list, more, more);
    reply->body_case = JB__REPLY__BODY_PROPOSALS;
    reply->proposals = p.list;
    return err;
}

/* ---- delegations ---- */

enum jb_err jb_agent_get_delegations(struct jb_agent_request *r, Jb__Reply *reply)
{
    const struct jb_directory *dir = &r->agent->directory;
    struct jb_agent_views v = jb_agent_request_views(r);
    Jb__DelegationList *list = jb_arena_alloc(r->arena, sizeof *list);
    Jb__DelegationView *all = jb_arena_alloc(r->arena, dir->delegation_count * sizeof *all);
    if (list == NULL || all == NULL)
        return JB_NOMEM;
    jb__delegation_list__init(list);
    list->delegations = jb_agent_view_array(r->arena, dir->delegation_count);
    if (list->delegations == NULL)
        return JB_NOMEM;
    for (size_t i = 0; i < dir->delegation_count; i++) {
        const struct jb_delegation *d = &dir->delegations[i];
        Jb__DelegationView *w = &all[i];
        jb__delegation_view__init(w);
        JB_PUT(w, node, d->node);
        JB_PUT(w, power, (uint32_t)d->power);
        JB_PUT(w, valid_from_ms, d->valid_from_ms);
        JB_PUT(w, valid_to_ms, d->valid_to_ms);
        JB_PUT(w, in_force,
               d->valid_from_ms <= r->now_ms &&
                   (d->valid_to_ms == 0 || r->now_ms < d->valid_to_ms));
        w->node_name = jb_agent_view_node_name(&v, d->node);
        w->official = jb_agent_view_text(&v, jb_text_of(d->official));
        list->delegations[list->n_delegations++] = w;
    }
    reply->body_case = JB__REPLY__BODY_DELEGATIONS;
    reply->delegations = list;
    return JB_OK;
}
