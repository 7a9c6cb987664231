/* Directives, dockets, delegations. Lists come from the
 * replica's tables; each row is shown as the outbox will leave its case, and only to who may see
 * the case. */
#include "clients/agent/requests.h"

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
