/* What the supervision ladder proposes. The replica knows which cases may call for it; each of them
 * is looked at, a slice in one turn of the loop: where few of many call, nobody else waits. */
#include "clients/agent/overlay.h"
#include "clients/agent/requests.h"

#include <stdlib.h>

#include "proto/rules/proposal.h"

#define CASES_AT_ONCE 100 /* looked at in one turn */
#define ASKED_MAX 64      /* that go on at the same time */
#define CASE_BYTES ((size_t)32 * 1024 * 1024)

struct jb_agent_proposing {
    struct jb_agent_proposing *next;
    struct jb_agent_request r; /* r.client NULL: has gone */
    Jb__ProposalList *list;    /* r.arena */
    int64_t after_case_no;
    size_t limit, capacity;
    bool more;
    /* of one that goes on */
    Jb__Request request;
    struct jb_arena arena;
    char user[JB_AGENT_USER_BYTES + 1];
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
static enum jb_err propose(struct jb_agent_proposing *p, const struct jb_case *c)
{
    struct jb_agent *a = p->r.agent;
    struct jb_agent_views v = jb_agent_request_views(&p->r);
    struct jb_proposal found[JB_PROPOSALS_MAX];
    if (jb_agent_reader_barred(a, p->r.user, c))
        return JB_OK;
    size_t count = jb_proposals(c, jb_agent_book(a), p->r.now_ms, found, JB_PROPOSALS_MAX);
    for (size_t i = 0; i < count && p->list->n_proposals < p->capacity; i++) {
        if (found[i].node == jb_replica_node(a->ledger)) /* nobody urges himself */
            continue;
        Jb__ProposalView *w = proposal_view(&v, c, &found[i]);
        if (w == NULL)
            return JB_NOMEM;
        p->list->proposals[p->list->n_proposals++] = w;
    }
    return JB_OK;
}

static enum jb_err propose_one(struct jb_agent_proposing *p, int64_t case_no)
{
    struct jb_agent *a = p->r.agent;
    struct jb_agent_overlay_maker m = jb_agent_overlay_maker(a);
    struct jb_agent_overlay o;
    bool waits = jb_agent_pendings_of_case(&a->pending, case_no) > 0;
    enum jb_err err = jb_agent_overlay_load(&m, case_no, waits, p->r.arena, &o);
    if (err != JB_OK)
        return err;
    if (o.c.stage == JB_STAGE_NONE || jb_agent_reader_barred(a, p->r.user, &o.c))
        return jb_fault_set(&p->r.fault, JB_NOT_FOUND, "no case with this number is known here");
    return propose(p, &o.c);
}

/* The next cases; p->more: there are others behind, or may be. */
static enum jb_err propose_some(struct jb_agent_proposing *p)
{
    struct jb_ledger *l = p->r.agent->ledger;
    int64_t numbers[CASES_AT_ONCE];
    size_t count = 0;
    size_t done = 0;
    struct jb_arena one;
    enum jb_err err =
        jb_query_calling(l, p->after_case_no, p->r.now_ms, CASES_AT_ONCE, numbers, &count);
    jb_arena_init(&one, CASE_BYTES);
    for (; done < count && err == JB_OK && p->list->n_proposals < p->limit; done++) {
        struct jb_case c;
        jb_arena_reset(&one);
        p->after_case_no = numbers[done];
        err = jb_ledger_case_load(l, numbers[done], &one, &c);
        if (err == JB_OK)
            err = propose(p, &c);
    }
    p->more = done < count || count == CASES_AT_ONCE;
    jb_arena_fini(&one);
    return err;
}

static bool is_done(const struct jb_agent_proposing *p, enum jb_err err)
{
    return err != JB_OK || !p->more || p->list->n_proposals >= p->limit;
}

static enum jb_err list_make(struct jb_agent_proposing *p)
{
    p->list = jb_arena_alloc(p->r.arena, sizeof *p->list);
    if (p->list == NULL)
        return JB_NOMEM;
    jb__proposal_list__init(p->list);
    p->list->proposals = jb_agent_view_array(p->r.arena, p->capacity);
    return p->list->proposals != NULL ? JB_OK : JB_NOMEM;
}

static void put_list(const struct jb_agent_proposing *p, Jb__Reply *reply)
{
    JB_PUT(p->list, more, p->more);
    reply->body_case = JB__REPLY__BODY_PROPOSALS;
    reply->proposals = p->list;
}

/* ---- those that take more than one turn ---- */

static void proposing_free(struct jb_agent_proposing *p)
{
    jb_arena_fini(&p->arena);
    free(p);
}

static void answer(struct jb_agent_proposing *p, enum jb_err err)
{
    Jb__Reply reply = JB__REPLY__INIT;
    reply.has_id = true;
    reply.id = p->request.id;
    if (err == JB_OK)
        put_list(p, &reply);
    jb_agent_request_answer(&p->r, err, &reply);
}

/* Behind those that wait. */
static void append(struct jb_agent *a, struct jb_agent_proposing *p)
{
    struct jb_agent_proposing **at = &a->proposing;
    while (*at != NULL)
        at = &(*at)->next;
    p->next = NULL;
    *at = p;
}

/* A slice of the one that has waited longest. */
static void on_turn(uv_timer_t *timer)
{
    struct jb_agent *a = timer->data;
    struct jb_agent_proposing *p = a->proposing;
    if (p == NULL || a->stopping)
        return;
    a->proposing = p->next;
    enum jb_err err = p->r.client != NULL ? propose_some(p) : JB_CLOSED;
    if (!is_done(p, err)) {
        append(a, p);
    } else {
        if (p->r.client != NULL)
            answer(p, err);
        proposing_free(p);
    }
    jb_agent_house_busy(a);
    if (a->proposing != NULL && !a->stopping)
        (void)uv_timer_start(timer, on_turn, 0, 0);
}

static size_t going_on(const struct jb_agent *a)
{
    size_t count = 0;
    for (const struct jb_agent_proposing *p = a->proposing; p != NULL; p = p->next)
        count++;
    return count;
}

/* From the request's memory, which ends with it, into memory of its own: what was found is looked
 * for again, which is little. */
static enum jb_err go_on(struct jb_agent_request *r, const struct jb_agent_proposing *first)
{
    struct jb_agent *a = r->agent;
    if (going_on(a) >= ASKED_MAX)
        return jb_fault_set(&r->fault, JB_BUSY, "others ask for proposals: try again later");
    struct jb_agent_proposing *p = calloc(1, sizeof *p);
    if (p == NULL)
        return JB_NOMEM;
    jb__request__init(&p->request);
    p->request.id = r->request->id;
    p->request.body_case = r->request->body_case;
    jb_arena_init(&p->arena, JB_AGENT_REQUEST_BYTES);
    size_t len = r->user.len < JB_AGENT_USER_BYTES ? r->user.len : JB_AGENT_USER_BYTES;
    if (len > 0)
        memcpy(p->user, r->user.data, len);
    p->r = (struct jb_agent_request){.agent = a,
                                     .client = r->client,
                                     .request = &p->request,
                                     .arena = &p->arena,
                                     .now_ms = r->now_ms,
                                     .user = {p->user, len},
                                     .roles = r->roles};
    p->after_case_no = r->request->proposals->after_case_no;
    p->limit = first->limit;
    p->capacity = first->capacity;
    enum jb_err err = list_make(p);
    if (err != JB_OK) {
        proposing_free(p);
        return err;
    }
    append(a, p);
    a->propose_timer.data = a;
    r->later = true;
    return uv_timer_start(&a->propose_timer, on_turn, 0, 0) == 0 ? JB_OK : JB_IO;
}

enum jb_err jb_agent_get_proposals(struct jb_agent_request *r, Jb__Reply *reply)
{
    const Jb__GetProposals *q = r->request->proposals;
    struct jb_agent_proposing p = {.r = *r,
                                   .after_case_no = q->after_case_no,
                                   .limit = jb_agent_rows_wanted(q->has_limit, q->limit)};
    p.capacity = p.limit + JB_PROPOSALS_MAX;
    enum jb_err err = list_make(&p);
    if (err == JB_OK)
        err = q->case_no != 0 ? propose_one(&p, q->case_no) : propose_some(&p);
    r->fault = p.r.fault;
    if (!is_done(&p, err))
        return go_on(r, &p);
    if (err == JB_OK)
        put_list(&p, reply);
    return err;
}

void jb_agent_proposals_forget(struct jb_agent *a, const struct jb_agent_client *client)
{
    for (struct jb_agent_proposing *p = a->proposing; p != NULL; p = p->next)
        if (p->r.client == client)
            p->r.client = NULL;
}

enum jb_err jb_agent_proposals_start(struct jb_agent *a)
{
    return uv_timer_init(a->loop, &a->propose_timer) == 0 ? JB_OK : JB_IO;
}

void jb_agent_proposals_stop(struct jb_agent *a)
{
    uv_handle_t *handle = (uv_handle_t *)&a->propose_timer;
    while (a->proposing != NULL) {
        struct jb_agent_proposing *p = a->proposing;
        a->proposing = p->next;
        proposing_free(p);
    }
    if (handle->type != UV_UNKNOWN_HANDLE && !uv_is_closing(handle))
        uv_close(handle, NULL);
}
