/* Deadlines, agencies, outbox, status. */
#include "clients/agent/requests.h"
#include "clients/agent/verify.h"

/* ---- deadlines ---- */

static struct jb_deadline_filter deadline_filter(const struct jb_agent_request *r)
{
    const Jb__GetDeadlines *q = r->request->deadlines;
    struct jb_deadline_filter f = {.case_no = q->case_no,
                                   .node = q->node,
                                   .open_only = q->open_only,
                                   .missed_only = q->missed_only,
                                   .due_before_ms = q->due_before_ms,
                                   .after_due_ms = q->after_due_ms,
                                   .after_case_no = q->after_case_no,
                                   .limit = jb_agent_rows_wanted(q->has_limit, q->limit)};
    if (f.after_case_no != 0)
        f.after_id =
            UINT32_MAX; /* the key of the last row has no number: go on with the next case */
    if (q->mine)
        f.node = jb_replica_node(r->agent->ledger);
    return f;
}

/* The deadline as the outbox will leave it. *shown false: it ends there, and open ones are wanted;
 * or the case is none for who asks. */
static enum jb_err lay_over(struct jb_agent_request *r, struct jb_deadline_row *row, bool *shown)
{
    struct jb_agent *a = r->agent;
    struct jb_agent_overlay_maker m = jb_agent_overlay_maker(a);
    struct jb_agent_overlay o;
    bool waits = jb_agent_pendings_of_case(&a->pending, row->case_no) > 0;
    enum jb_err err = jb_agent_overlay_load(&m, row->case_no, waits, r->arena, &o);
    if (err != JB_OK)
        return err;
    const struct jb_deadline *d = waits ? jb_case_deadline(&o.c, row->d.id) : NULL;
    if (d != NULL)
        row->d = *d;
    *shown = (!waits || !r->request->deadlines->open_only || row->d.end == JB_END_OPEN) &&
             !jb_agent_reader_barred(a, r->user, &o.c);
    return JB_OK;
}

static enum jb_err put_deadlines(struct jb_agent_request *r, struct jb_deadline_row *rows,
                                 size_t count, Jb__DeadlineList *list)
{
    struct jb_agent_views v = jb_agent_request_views(r);
    list->deadlines = jb_agent_view_array(r->arena, count);
    if (list->deadlines == NULL)
        return JB_NOMEM;
    for (size_t i = 0; i < count; i++) {
        bool shown = true;
        enum jb_err err = lay_over(r, &rows[i], &shown);
        if (err != JB_OK)
            return err;
        if (!shown)
            continue;
        struct jb_case c = {.case_no = rows[i].case_no, .title = rows[i].title};
        Jb__DeadlineView *w = jb_agent_view_deadline(&v, &c, &rows[i].d, rows[i].stored_ms);
        if (w == NULL)
            return JB_NOMEM;
        list->deadlines[list->n_deadlines++] = w;
    }
    return JB_OK;
}

static bool same_place(const struct jb_deadline_row *a, const struct jb_deadline_row *b)
{
    return a->case_no == b->case_no && a->d.due_ms == b->d.due_ms;
}

/* The next page begins with another case or instant: what this one cannot show whole goes there. */
static size_t whole_places(const struct jb_deadline_row *rows, size_t count)
{
    size_t whole = count;
    while (whole > 0 && same_place(&rows[whole - 1], &rows[count - 1]))
        whole--;
    return whole > 0 ? whole : count;
}

enum jb_err jb_agent_get_deadlines(struct jb_agent_request *r, Jb__Reply *reply)
{
    struct jb_deadline_filter filter = deadline_filter(r);
    struct jb_deadline_row *rows = NULL;
    size_t count = 0;
    bool more = false;
    reply->body_case = JB__REPLY__BODY_DEADLINES;
    reply->deadlines = jb_arena_alloc(r->arena, sizeof *reply->deadlines);
    if (reply->deadlines == NULL)
        return JB_NOMEM;
    jb__deadline_list__init(reply->deadlines);
    enum jb_err err = jb_query_deadlines(r->agent->ledger, &filter, r->arena, &rows, &count, &more);
    if (err != JB_OK)
        return err;
    JB_PUT(reply->deadlines, more, more);
    if (more)
        count = whole_places(rows, count);
    return put_deadlines(r, rows, count, reply->deadlines);
}

/* ---- agencies ---- */

/* An exact or unique match alone, else all whose name or code has the text in it. */
static bool node_wanted(const struct jb_agent *a, const struct jb_node *n, const char *find)
{
    bool many = false;
    if (find == NULL || find[0] == '\0')
        return true;
    const struct jb_node *one = jb_directory_lookup(&a->directory, jb_text_of(find), &many);
    if (one != NULL || !many)
        return n == one;
    return strstr(n->name, find) != NULL || strstr(n->code, find) != NULL;
}

enum jb_err jb_agent_get_nodes(struct jb_agent_request *r, Jb__Reply *reply)
{
    const struct jb_directory *d = &r->agent->directory;
    struct jb_agent_views v = jb_agent_request_views(r);
    Jb__NodeList *list = jb_arena_alloc(r->arena, sizeof *list);
    if (list == NULL)
        return JB_NOMEM;
    jb__node_list__init(list);
    list->nodes = jb_agent_view_array(r->arena, d->count);
    if (list->nodes == NULL)
        return JB_NOMEM;
    for (size_t i = 0; i < d->count; i++) {
        if (!node_wanted(r->agent, &d->nodes[i], r->request->nodes->find))
            continue;
        Jb__NodeView *w = jb_agent_view_node(&v, &d->nodes[i]);
        if (w == NULL)
            return JB_NOMEM;
        list->nodes[list->n_nodes++] = w;
    }
    reply->body_case = JB__REPLY__BODY_NODES;
    reply->nodes = list;
    return JB_OK;
}

/* ---- the outbox ---- */

static Jb__PendingView *pending_view(const struct jb_agent_views *v,
                                     const struct jb_outbox_item *item)
{
    Jb__PendingView *w = jb_arena_alloc(v->arena, sizeof *w);
    if (w == NULL)
        return NULL;
    jb__pending_view__init(w);
    JB_PUT(w, number, item->number);
    JB_PUT(w, case_no, item->case_no);
    JB_PUT(w, made_at_ms, item->made_at_ms);
    w->kind = jb_agent_view_text(v, jb_text_of(jb_act_kind_name(item->kind)));
    w->user = jb_agent_view_text(v, item->user);
    return w;
}

enum jb_err jb_agent_get_pending(struct jb_agent_request *r, Jb__Reply *reply)
{
    const Jb__GetPending *q = r->request->pending;
    struct jb_agent_views v = jb_agent_request_views(r);
    struct jb_ledger *l = r->agent->ledger;
    struct jb_outbox_item *items = NULL;
    size_t count = 0;
    Jb__PendingList *list = jb_arena_alloc(r->arena, sizeof *list);
    if (list == NULL)
        return JB_NOMEM;
    jb__pending_list__init(list);
    reply->body_case = JB__REPLY__BODY_PENDING;
    reply->pending = list;
    if (q->former)
        return jb_agent_former_list(r, q, list);
    enum jb_err err = JB_OK;
    if (r->agent->pending.count > 0)
        err = jb_outbox_read(l, q->after + 1, jb_agent_rows_wanted(q->has_limit, q->limit),
                             JB_AGENT_REQUEST_BYTES / 4, r->arena, &items, &count);
    list->items = jb_agent_view_array(r->arena, count);
    if (err != JB_OK || list->items == NULL)
        return err != JB_OK ? err : JB_NOMEM;
    for (size_t i = 0; i < count; i++) {
        bool hidden = false;
        err = jb_agent_reader_hides(r->agent, r->user, items[i].case_no, &hidden);
        Jb__PendingView *w = err == JB_OK && !hidden ? pending_view(&v, &items[i]) : NULL;
        if (err != JB_OK || (w == NULL && !hidden))
            return err != JB_OK ? err : JB_NOMEM;
        if (!hidden)
            list->items[list->n_items++] = w;
    }
    JB_PUT(list, more, count > 0 && items[count - 1].number < jb_outbox_made(l).number);
    return JB_OK;
}

/* ---- status, verify ---- */

enum jb_err jb_agent_get_status(struct jb_agent_request *r, Jb__Reply *reply)
{
    struct jb_agent_views v = jb_agent_request_views(r);
    reply->body_case = JB__REPLY__BODY_STATUS;
    reply->status = jb_agent_view_status(&v);
    return reply->status != NULL ? JB_OK : JB_NOMEM;
}

enum jb_err jb_agent_do_verify(struct jb_agent_request *r, Jb__Reply *reply)
{
    (void)reply;
    enum jb_err err = jb_agent_verify_start(r, r->request->verify->ask_broker);
    r->later = err == JB_OK;
    return err;
}
