/* Before anything is done: what would come of an act, which acts are possible, what is to be done.
 * Judged by the code that judges submissions; nothing is written or sent. */
#include "clients/agent/submitting.h"

/* ---- a trial ---- */

static enum jb_err put_effects(const struct jb_agent_views *v, const struct jb_effects *effects,
                               Jb__TrialView *w)
{
    w->effects = jb_agent_view_array(v->arena, effects->count);
    if (w->effects == NULL)
        return JB_NOMEM;
    for (size_t i = 0; i < effects->count; i++) {
        w->effects[i] = jb_agent_view_effect(v, &effects->at[i]);
        if (w->effects[i] == NULL)
            return JB_NOMEM;
        w->n_effects++;
    }
    return JB_OK;
}

static void put_refusal(const struct jb_agent_views *v, const struct jb_agent_submitting *s,
                        Jb__TrialView *w)
{
    JB_PUT(w, code, (uint32_t)s->refusal);
    w->name = jb_agent_view_text(v, jb_text_of(jb_refusal_name(s->refusal)));
    w->article = jb_agent_view_text(v, jb_text_of(jb_refusal_article(s->refusal)));
    w->detail = jb_agent_view_text(v, jb_text_of(s->detail));
    if (s->refusal != JB_REFUSE_STALE_CUSTODY)
        return;
    JB_PUT(w, holder, s->overlay.c.host);
    w->holder_name = jb_agent_view_node_name(v, s->overlay.c.host);
}

static enum jb_err trial_view(const struct jb_agent_submitting *s, Jb__TrialView **out)
{
    struct jb_agent_views v = jb_agent_request_views(s->r);
    Jb__TrialView *w = jb_arena_alloc(s->r->arena, sizeof *w);
    *out = w;
    if (w == NULL)
        return JB_NOMEM;
    jb__trial_view__init(w);
    w->has_dry_run = w->has_accepted = true;
    w->dry_run = true;
    w->accepted = s->refusal == JB_REFUSE_NONE;
    w->kind = jb_agent_view_text(&v, jb_text_of(jb_act_kind_name(s->act.kind)));
    if (!s->opens) /* the number of a new one is not issued by a trial */
        w->case_number = jb_agent_view_number(&v, s->act.case_no);
    JB_PUT(w, unsure, w->accepted && !s->decided);
    if (!w->accepted)
        put_refusal(&v, s, w);
    return w->accepted && s->decided ? put_effects(&v, &s->r->agent->verdict.effects, w) : JB_OK;
}

static enum jb_err read_act(struct jb_agent_submitting *s)
{
    struct jb_agent_request *r = s->r;
    struct jb_bytes bytes = {s->asked->act.data, s->asked->act.len};
    enum jb_err err = jb_act_decode(bytes, r->arena, &s->act, &r->fault);
    if (err == JB_OK)
        err = jb_agent_rights_need(r, jb_right_of_act(s->act.kind), jb_act_kind_name(s->act.kind));
    if (err == JB_OK && s->act.kind == JB_ACT_ATTACH)
        err = jb_fault_set(&r->fault, JB_UNSUPPORTED,
                           "attach: an attachment is judged when its contents are here");
    return err;
}

enum jb_err jb_agent_do_trial(struct jb_agent_request *r, Jb__Reply *reply)
{
    struct jb_agent_submitting *s = jb_arena_alloc(r->arena, sizeof *s);
    if (s == NULL)
        return JB_NOMEM;
    s->r = r;
    s->asked = r->request->trial;
    if (jb_replica_node(r->agent->ledger) == 0)
        return jb_fault_set(&r->fault, JB_OFFLINE,
                            "this node must greet the broker once before its first submission");
    enum jb_err err = read_act(s);
    if (err == JB_OK)
        err = jb_agent_submit_complete(s);
    if (err == JB_OK)
        err = jb_agent_submit_judge(s);
    if (err == JB_OK)
        err = trial_view(s, &reply->trial);
    jb_agent_submit_forget(s);
    reply->body_case = JB__REPLY__BODY_TRIAL;
    return err;
}

/* ---- which acts are possible ---- */

static const enum jb_act_kind kinds[] = {
#define X(name, field, number) JB_ACT_##name,
    JB_ACT_KINDS(X)
#undef X
};
#define KINDS (sizeof kinds / sizeof kinds[0])

struct offering {
    struct jb_agent_request *r;
    struct jb_agent_overlay overlay;
    Jb__ActionList *list;
};

/* By the person's rights, then by the rules. */
static void put_reason(const struct offering *o, enum jb_right right, const struct jb_act *act,
                       Jb__ActionView *w)
{
    struct jb_agent *a = o->r->agent;
    struct jb_agent_views v = jb_agent_request_views(o->r);
    struct jb_question q = {
        .act = act, .node = jb_replica_node(a->ledger), .user = o->r->user, .now_ms = o->r->now_ms};
    enum jb_refusal refusal;
    if (jb_agent_rights_need(o->r, right, jb_act_kind_name(act->kind)) != JB_OK) {
        w->name = jb_agent_view_text(&v, jb_text_of(jb_err_name(JB_DENIED)));
        w->detail = jb_agent_view_text(&v, jb_text_of(o->r->fault.text));
        JB_PUT(w, code, (uint32_t)JB_DENIED);
        o->r->fault.text[0] = '\0';
        return;
    }
    jb_decide_kind(jb_agent_book(a), &o->overlay.c, &q, &a->verdict);
    refusal = a->verdict.refusal;
    w->allowed = refusal == JB_REFUSE_NONE || refusal == JB_REFUSE_POLICY_MISSING;
    if (w->allowed)
        return;
    JB_PUT(w, code, (uint32_t)refusal);
    w->name = jb_agent_view_text(&v, jb_text_of(jb_refusal_name(refusal)));
    w->article = jb_agent_view_text(&v, jb_text_of(jb_refusal_article(refusal)));
    w->detail = jb_agent_view_text(&v, jb_text_of(a->verdict.detail));
}

static enum jb_err put_action(struct offering *o, enum jb_act_kind kind)
{
    enum jb_right right = jb_right_of_act(kind);
    struct jb_agent_views v = jb_agent_request_views(o->r);
    struct jb_act act = {
        .kind = kind, .case_no = o->overlay.c.case_no, .custody = o->overlay.c.custody};
    if (right == JB_RIGHT_NONE || right == JB_RIGHT_SYSTEM || kind == JB_ACT_REGISTER ||
        jb_act_is_common(kind))
        return JB_OK;
    Jb__ActionView *w = jb_arena_alloc(o->r->arena, sizeof *w);
    if (w == NULL)
        return JB_NOMEM;
    jb__action_view__init(w);
    w->has_allowed = true;
    w->kind = jb_agent_view_text(&v, jb_text_of(jb_act_kind_name(kind)));
    w->right = jb_agent_view_text(&v, jb_text_of(jb_right_word(right)));
    put_reason(o, right, &act, w);
    o->list->actions[o->list->n_actions++] = w;
    return JB_OK;
}

enum jb_err jb_agent_get_actions(struct jb_agent_request *r, Jb__Reply *reply)
{
    struct jb_agent *a = r->agent;
    struct offering o = {.r = r};
    struct jb_agent_overlay_maker m = jb_agent_overlay_maker(a);
    int64_t case_no = r->request->actions->case_no;
    bool waits = jb_agent_pendings_of_case(&a->pending, case_no) > 0;
    enum jb_err err = jb_agent_overlay_load(&m, case_no, waits, r->arena, &o.overlay);
    if (err != JB_OK)
        return err;
    if (o.overlay.c.stage == JB_STAGE_NONE || jb_agent_reader_barred(a, r->user, &o.overlay.c))
        return jb_fault_set(&r->fault, JB_NOT_FOUND, "no case with this number is known here");
    o.list = jb_arena_alloc(r->arena, sizeof *o.list);
    if (o.list == NULL)
        return JB_NOMEM;
    jb__action_list__init(o.list);
    o.list->actions = jb_agent_view_array(r->arena, KINDS);
    if (o.list->actions == NULL)
        return JB_NOMEM;
    for (size_t i = 0; i < KINDS && err == JB_OK; i++)
        err = put_action(&o, kinds[i]);
    reply->body_case = JB__REPLY__BODY_ACTIONS;
    reply->actions = o.list;
    return err;
}

/* ---- what is to be done ---- */

static uint32_t cut(uint64_t number)
{
    return number < JB_TODAY_MOST ? (uint32_t)number : JB_TODAY_MOST;
}

enum jb_err jb_agent_get_today(struct jb_agent_request *r, Jb__Reply *reply)
{
    struct jb_agent *a = r->agent;
    struct jb_today_question q = {
        .node = jb_replica_node(a->ledger), .user = r->user, .now_ms = r->now_ms};
    struct jb_today t;
    Jb__TodayView *w = jb_arena_alloc(r->arena, sizeof *w);
    enum jb_err err = w == NULL ? JB_NOMEM : jb_query_today(a->ledger, &q, r->arena, &t);
    if (err != JB_OK)
        return err;
    jb__today_view__init(w);
#define PUT(field, number)                                                                         \
    do {                                                                                           \
        w->has_##field = true; /* a zero is told too */                                            \
        w->field = cut(number);                                                                    \
    } while (0)
    PUT(red, t.red);
    PUT(yellow, t.yellow);
    PUT(due_today, t.due_today);
    PUT(overdue_mine, t.overdue);
    PUT(unsigned_, t.unsigned_cases);
    PUT(undelivered, t.undelivered);
    PUT(objections, t.objections);
    PUT(summons, t.summons);
    PUT(pending, a->pending.count);
    PUT(refused, a->refused);
#undef PUT
    reply->body_case = JB__REPLY__BODY_TODAY;
    reply->today = w;
    return JB_OK;
}
