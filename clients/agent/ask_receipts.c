/* `receipts`: who had what when. The proofs are the ledger's question; here it is decided who may
 * ask, and what is shown. Nothing sealed is opened: who may see the case may see them. */
#include "clients/agent/requests.h"

#include "proto/ledger/proofs.h"

/* The wire's words are the ledger's numbers. */
_Static_assert((int)JB__PROOF__PROOF_PROVEN == (int)JB_PROOF_PROVEN &&
                   (int)JB__PROOF__PROOF_BROKEN == (int)JB_PROOF_BROKEN &&
                   (int)JB__PROOF__PROOF_UNPROVEN == (int)JB_PROOF_UNPROVEN &&
                   (int)JB__PROOF__PROOF_WAITING == (int)JB_PROOF_WAITING &&
                   (int)JB__PROOF__PROOF_UNTOLD == (int)JB_PROOF_UNTOLD,
               "enum Proof");

static Jb__ReceiptView *receipt_view(const struct jb_agent_views *v, const struct jb_proof_row *p)
{
    Jb__ReceiptView *w = jb_arena_alloc(v->arena, sizeof *w);
    if (w == NULL)
        return NULL;
    jb__receipt_view__init(w);
    JB_PUT(w, node, p->node);
    JB_PUT(w, state, (Jb__Proof)p->state);
    JB_PUT(w, at_ms, p->at_ms);
    JB_PUT(w, own, p->node == jb_replica_node(v->agent->ledger));
    w->node_name = jb_agent_view_node_name(v, p->node);
    if (p->point.number == 0)
        return w;
    JB_PUT(w, number, p->point.number);
    JB_PUT(w, suite, p->suite);
    w->epoch_hex = jb_agent_view_hex(v, p->point.epoch, JB_EPOCH_BYTES);
    w->head_hex = jb_agent_view_hex(v, p->point.head, JB_HASH_BYTES);
    w->signature_hex = jb_agent_view_hex(v, p->signature, JB_SIGN_BYTES);
    w->key_hex = p->key != NULL ? jb_agent_view_hex(v, p->key, JB_KEY_BYTES) : NULL;
    return w->epoch_hex != NULL && w->head_hex != NULL && w->signature_hex != NULL ? w : NULL;
}

static uint64_t directive_of(const struct jb_entry *e)
{
    for (size_t i = 0; i < e->effect_count; i++)
        if (e->effects[i].kind == JB_EFFECT_DIRECTIVE_SET ||
            e->effects[i].kind == JB_EFFECT_DIRECTIVE_MOVED)
            return e->effects[i].directive;
    return e->act.directive_no;
}

static Jb__EntryReceiptsView *entry_view(const struct jb_agent_views *v,
                                         const struct jb_had_row *row)
{
    Jb__EntryReceiptsView *w = jb_arena_alloc(v->arena, sizeof *w);
    if (w == NULL)
        return NULL;
    jb__entry_receipts_view__init(w);
    JB_PUT(w, seq, row->entry.seq);
    JB_PUT(w, number, row->number);
    JB_PUT(w, at_ms, row->entry.at_ms);
    JB_PUT(w, put_at_ms, row->put_ms);
    JB_PUT(w, node, row->entry.node);
    JB_PUT(w, directive_no, directive_of(&row->entry));
    w->node_name = jb_agent_view_node_name(v, row->entry.node);
    w->user = jb_agent_view_text(v, row->entry.user);
    w->kind = jb_agent_view_text(v, jb_text_of(jb_act_kind_name(row->entry.act.kind)));
    w->sent = receipt_view(v, &row->sent);
    w->receipts = jb_agent_view_array(v->arena, row->had_count);
    if (w->sent == NULL || w->receipts == NULL)
        return NULL;
    for (size_t i = 0; i < row->had_count; i++)
        if ((w->receipts[w->n_receipts++] = receipt_view(v, &row->had[i])) == NULL)
            return NULL;
    return w;
}

/* Known here, and to be seen by who asks? */
static enum jb_err load_case(struct jb_agent_request *r, int64_t case_no, struct jb_case *c)
{
    enum jb_err err = jb_ledger_case_load(r->agent->ledger, case_no, r->arena, c);
    if (err != JB_OK)
        return err;
    if (c->stage == JB_STAGE_NONE || jb_agent_reader_barred(r->agent, r->user, c))
        return jb_fault_set(&r->fault, JB_NOT_FOUND, "no case with this number is known here");
    return JB_OK;
}

enum jb_err jb_agent_get_receipts(struct jb_agent_request *r, Jb__Reply *reply)
{
    struct jb_agent *a = r->agent;
    const Jb__GetReceipts *wish = r->request->receipts;
    struct jb_agent_views v = jb_agent_request_views(r);
    struct jb_case c;
    struct jb_check_keys keys = {.suite = a->pins.at[0].suite,
                                 .broker_sign = a->pins.signs[0],
                                 .own_sign = a->keys.sign_public,
                                 .broker_also = a->pins.signs[1],
                                 .broker_also_count = a->pins.count - 1};
    struct jb_had_question q = {.case_no = wish->case_no,
                                .after = wish->after_number,
                                .limit = jb_agent_rows_wanted(wish->has_limit, wish->limit),
                                .keys = &keys,
                                .directory = &a->directory,
                                .c = &c};
    struct jb_had_row *rows = NULL;
    size_t count = 0;
    bool more = false;
    Jb__ReceiptList *list = jb_arena_alloc(r->arena, sizeof *list);
    enum jb_err err = list == NULL ? JB_NOMEM : load_case(r, wish->case_no, &c);
    if (err != JB_OK)
        return err;
    q.limit = q.limit < JB_HAD_MOST ? q.limit : JB_HAD_MOST;
    err = jb_query_had(a->ledger, &q, r->arena, &rows, &count, &more);
    if (err != JB_OK)
        return err;
    jb__receipt_list__init(list);
    list->entries = jb_agent_view_array(r->arena, count);
    JB_PUT(list, more, more);
    for (size_t i = 0; list->entries != NULL && i < count; i++)
        if ((list->entries[list->n_entries++] = entry_view(&v, &rows[i])) == NULL)
            return JB_NOMEM;
    reply->body_case = JB__REPLY__BODY_RECEIPTS;
    reply->receipts = list;
    return list->entries != NULL ? JB_OK : JB_NOMEM;
}
