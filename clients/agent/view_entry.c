/* History lines, what waits, and verdicts as views. */
#include "clients/agent/views.h"

#include <stdio.h>

/* ---- effects in words ---- */

static const char *const fact_names[JB_FACT_COUNT] = {
    [JB_FACT_SIGNED] = "signed",     [JB_FACT_ACCEPTED] = "accepted",
    [JB_FACT_DECLINED] = "declined", [JB_FACT_TOLD] = "told",
    [JB_FACT_ANSWERED] = "answered", [JB_FACT_ANSWER_TOLD] = "answer_told",
    [JB_FACT_EXECUTED] = "executed", [JB_FACT_CLOSED] = "closed",
    [JB_FACT_REFERRED] = "referred", [JB_FACT_SENT] = "sent",
};
static const char *const end_names[] = {"open", "met", "met_late", "cancelled", "superseded"};

struct words {
    char text[192]; /* a diagnosis: over-long names are cut */
};

/* The last day on which a deadline can still be met. */
static void last_day(int64_t due_ms, char out[JB_DATE_TEXT])
{
    jb_date_format(jb_date_of_instant(due_ms - 1), out);
}

static const char *name_of(const struct jb_agent_views *v, uint32_t node)
{
    const struct jb_node *n = jb_directory_find(&v->agent->directory, node);
    return n != NULL ? n->code : "?";
}

typedef int (*word_fn)(const struct jb_agent_views *v, const struct jb_effect *e, struct words *w);
#define SAY(w, ...) snprintf((w)->text, sizeof(w)->text, __VA_ARGS__)

static int say_stage(const struct jb_agent_views *v, const struct jb_effect *e, struct words *w)
{
    (void)v;
    return SAY(w, "%s", jb_stage_name((enum jb_stage)e->stage));
}
static int say_custody(const struct jb_agent_views *v, const struct jb_effect *e, struct words *w)
{
    return SAY(w, "%u %s", e->custody, name_of(v, e->node));
}
static int say_joined(const struct jb_agent_views *v, const struct jb_effect *e, struct words *w)
{
    return SAY(w, "%s %s", name_of(v, e->node), jb_role_name((enum jb_role)e->role));
}
static int say_fact(const struct jb_agent_views *v, const struct jb_effect *e, struct words *w)
{
    char at[JB_INSTANT_TEXT];
    bool known = e->fact > 0 && e->fact < JB_FACT_COUNT;
    (void)v;
    jb_instant_format(e->at_ms, at);
    return SAY(w, "%s %s", known ? fact_names[e->fact] : "?", at);
}
static int say_deadline_set(const struct jb_agent_views *v, const struct jb_effect *e,
                            struct words *w)
{
    char day[JB_DATE_TEXT];
    last_day(e->due_ms, day);
    return SAY(w, "%u %.*s %s %s", e->deadline_id, (int)e->key.len, e->key.data, day,
               name_of(v, e->node));
}
static int say_deadline_ended(const struct jb_agent_views *v, const struct jb_effect *e,
                              struct words *w)
{
    bool known = e->end >= 0 && (size_t)e->end < sizeof end_names / sizeof end_names[0];
    (void)v;
    return SAY(w, "%u %s", e->deadline_id, known ? end_names[e->end] : "?");
}
static int say_deadline_moved(const struct jb_agent_views *v, const struct jb_effect *e,
                              struct words *w)
{
    char day[JB_DATE_TEXT];
    (void)v;
    last_day(e->due_ms, day);
    return SAY(w, "%u %s", e->deadline_id, day);
}
static int say_deadline_warned(const struct jb_agent_views *v, const struct jb_effect *e,
                               struct words *w)
{
    (void)v;
    return SAY(w, "%u %u", e->deadline_id, e->step_no);
}
static int say_deadline(const struct jb_agent_views *v, const struct jb_effect *e, struct words *w)
{
    (void)v;
    return SAY(w, "%u", e->deadline_id);
}
static int say_objection(const struct jb_agent_views *v, const struct jb_effect *e, struct words *w)
{
    const char *what = e->open ? "open" : e->ruling == JB_RULING_AGREED ? "agreed" : "refused";
    return SAY(w, "%s %s", name_of(v, e->node), what);
}
static int say_opinion(const struct jb_agent_views *v, const struct jb_effect *e, struct words *w)
{
    (void)v;
    return SAY(w, "opinion=%u exit=%u matter=%u", e->opinion, e->exit, e->matter);
}
#undef SAY

static const word_fn sayers[] = {
    [JB_EFFECT_STAGE_MOVED] = say_stage,
    [JB_EFFECT_CUSTODY_MOVED] = say_custody,
    [JB_EFFECT_JOINED] = say_joined,
    [JB_EFFECT_FACT_SET] = say_fact,
    [JB_EFFECT_DEADLINE_SET] = say_deadline_set,
    [JB_EFFECT_DEADLINE_ENDED] = say_deadline_ended,
    [JB_EFFECT_DEADLINE_MOVED] = say_deadline_moved,
    [JB_EFFECT_DEADLINE_WARNED] = say_deadline_warned,
    [JB_EFFECT_DEADLINE_MISSED] = say_deadline,
    [JB_EFFECT_DEADLINE_ACKNOWLEDGED] = say_deadline,
    [JB_EFFECT_OBJECTION_SET] = say_objection,
    [JB_EFFECT_OPINION_SET] = say_opinion,
};

static char *effect_text(const struct jb_agent_views *v, const struct jb_effect *e)
{
    struct words w = {""};
    size_t kinds = sizeof sayers / sizeof sayers[0];
    if ((size_t)e->kind < kinds && sayers[e->kind] != NULL)
        (void)sayers[e->kind](v, e, &w);
    const char *name = jb_effect_name(e->kind);
    size_t size = strlen(name) + sizeof w.text + 2;
    char *text = jb_arena_alloc(v->arena, size);
    if (text != NULL)
        (void)snprintf(text, size, "%s %s", name, w.text);
    return text;
}

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
        if ((effects[i] = effect_text(v, &e->effects[i])) == NULL)
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
    bool accepted = verdict->item.kind == JB_ITEM_ENTRY;
    int64_t case_no = was != NULL && was->case_no != 0 ? was->case_no : verdict->case_no;
    enum jb_act_kind kind = was != NULL ? was->kind : JB_ACT_NONE;
    if (s == NULL)
        return NULL;
    if (accepted)
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
    if (accepted)
        JB_PUT(s, seq, verdict->entry.seq);
    else
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
