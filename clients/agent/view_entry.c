/* History lines, what waits, and verdicts as views. */
#include "clients/agent/views.h"

/* ---- history ---- */

Jb__TimelineItem *jb_agent_view_entry(const struct jb_agent_views *v, const struct jb_entry *e,
                                      uint64_t number)
{
    Jb__TimelineItem *t = jb_arena_alloc(v->arena, sizeof *t);
    char **effects = jb_agent_view_array(v->arena, e->effect_count);
    if (t == NULL || effects == NULL)
        return NULL;
    jb__timeline_item__init(t);
    JB_PUT(t, seq, e->seq);
    JB_PUT(t, at_ms, e->at_ms);
    JB_PUT(t, made_at_ms, e->made_at_ms);
    JB_PUT(t, node, e->node);
    JB_PUT(t, up_number, e->up_number);
    JB_PUT(t, number, number);
    t->node_name = jb_agent_view_node_name(v, e->node);
    t->user = jb_agent_view_text(v, e->user);
    t->kind = jb_agent_view_text(v, jb_text_of(jb_act_kind_name(e->act.kind)));
    t->has_act = e->act_bytes.len > 0;
    t->act.data = jb_arena_memdup(v->arena, e->act_bytes.data, e->act_bytes.len);
    t->act.len = e->act_bytes.len;
    for (size_t i = 0; i < e->effect_count; i++)
        if ((effects[i] = jb_agent_view_effect(v, &e->effects[i])) == NULL)
            return NULL;
    t->effects = effects;
    t->n_effects = e->effect_count;
    return t->act.data != NULL && t->kind != NULL ? t : NULL;
}

/* Every agency on which the entry lays a duty, ourselves aside, has signed for it. */
static bool all_stored(const struct jb_agent_views *v, const struct jb_timeline_row *row)
{
    uint32_t own = jb_replica_node(v->agent->ledger);
    bool any = false;
    for (size_t i = 0; i < row->entry.effect_count; i++) {
        uint32_t node = row->entry.effects[i].node;
        bool there = node == own;
        if (node == 0 || !jb_entry_is_duty(&row->entry, node))
            continue;
        any = true;
        for (size_t k = 0; k < row->stored_by.count && !there; k++)
            there = row->stored_by.at[k] == node;
        if (!there)
            return false;
    }
    return any;
}

void jb_agent_view_stored(const struct jb_agent_views *v, const struct jb_timeline_row *row,
                          Jb__TimelineItem *t)
{
    t->stored_by = jb_agent_view_array(v->arena, row->stored_by.count);
    for (size_t i = 0; t->stored_by != NULL && i < row->stored_by.count; i++) {
        char *name = jb_agent_view_node_name(v, row->stored_by.at[i]);
        if (name != NULL)
            t->stored_by[t->n_stored_by++] = name;
    }
    JB_PUT(t, stored_by_all, all_stored(v, row));
}

Jb__TimelineItem *jb_agent_view_waiting(const struct jb_agent_views *v,
                                        const struct jb_outbox_item *item)
{
    struct jb_submission s;
    struct jb_fault fault = {""};
    if (jb_submission_decode(item->body, v->arena, &s, &fault) != JB_OK)
        return NULL;
    struct jb_entry e = {.node = jb_replica_node(v->agent->ledger),
                         .user = s.user,
                         .made_at_ms = s.made_at_ms,
                         .up_number = item->number,
                         .act = {.kind = item->kind},
                         .act_bytes = s.act_bytes};
    Jb__TimelineItem *t = jb_agent_view_entry(v, &e, 0);
    if (t != NULL)
        JB_PUT(t, pending, true);
    return t;
}

/* ---- verdicts ---- */

static void put_refusal(const struct jb_agent_views *v, Jb__SettledView *s,
                        const struct jb_refused *r)
{
    JB_PUT(s, code, r->code);
    JB_PUT(s, holder, r->holder);
    s->name = jb_agent_view_text(v, r->name);
    s->article = jb_agent_view_text(v, r->article);
    s->detail = jb_agent_view_text(v, r->detail);
    s->holder_name = jb_agent_view_node_name(v, r->holder);
}

Jb__SettledView *jb_agent_view_verdict(const struct jb_agent_views *v,
                                       const struct jb_applied *verdict,
                                       const struct jb_agent_pending *was)
{
    Jb__SettledView *s = jb_arena_alloc(v->arena, sizeof *s);
    bool entry = verdict->item.kind == JB_ITEM_ENTRY;
    /* who left the case by this very act is told no more than that */
    bool accepted = entry || verdict->item.kind == JB_ITEM_LEFT;
    int64_t case_no = was != NULL && was->case_no != 0 ? was->case_no : verdict->case_no;
    enum jb_act_kind kind = was != NULL ? was->kind : JB_ACT_NONE;
    if (s == NULL)
        return NULL;
    if (entry)
        kind = verdict->entry.act.kind;
    jb__settled_view__init(s);
    JB_PUT(s, number, verdict->item.settles);
    JB_PUT(s, case_no, case_no);
    JB_PUT(s, at_ms, verdict->item.at_ms);
    s->has_accepted = true; /* said in any case */
    s->accepted = accepted;
    s->case_number = jb_agent_view_number(v, case_no);
    if (kind != JB_ACT_NONE)
        s->kind = jb_agent_view_text(v, jb_text_of(jb_act_kind_name(kind)));
    if (entry)
        JB_PUT(s, seq, verdict->entry.seq);
    if (!accepted)
        put_refusal(v, s, &verdict->item.refusal);
    return s;
}

static Jb__SettledView *pending_view(const struct jb_agent_views *v,
                                     const struct jb_agent_pending *p)
{
    Jb__SettledView *s = jb_arena_alloc(v->arena, sizeof *s);
    if (s == NULL)
        return NULL;
    jb__settled_view__init(s);
    JB_PUT(s, number, p->number);
    JB_PUT(s, case_no, p->case_no);
    JB_PUT(s, pending, true);
    s->case_number = jb_agent_view_number(v, p->case_no);
    s->kind = jb_agent_view_text(v, jb_text_of(jb_act_kind_name(p->kind)));
    return s;
}

enum jb_err jb_agent_view_settled(const struct jb_agent_views *v, uint64_t number,
                                  Jb__SettledView **out)
{
    const struct jb_agent_pending *pending = jb_agent_pendings_find(&v->agent->pending, number);
    struct jb_applied verdict = {0};
    enum jb_err err = jb_outbox_verdict(v->agent->ledger, number, v->arena, &verdict);
    if (err == JB_OK)
        *out = jb_agent_view_verdict(v, &verdict, pending);
    else if (err == JB_NOT_FOUND && pending != NULL)
        *out = pending_view(v, pending);
    else
        return err;
    return *out != NULL ? JB_OK : JB_NOMEM;
}

void jb_agent_view_query_code(const struct jb_agent_views *v, Jb__SettledView *settled,
                              const char *code)
{
    if (settled->accepted || settled->pending)
        settled->query_code = jb_agent_view_text(v, jb_text_of(code));
}
