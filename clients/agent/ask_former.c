/* What had been accepted in a history that the record did not keep: listing it, submitting it
 * again as it was made, striking it off. */
#include "clients/agent/former.h"
#include "clients/agent/submitting.h"

#include <inttypes.h>

#include "proto/base/log.h"
#include "proto/base/utf8.h"

/* ---- listing ---- */

static const char *state_word(const struct jb_agent *a, uint64_t number)
{
    const struct jb_agent_former_row *row = &a->former->rows[number - 1];
    if (row->state == JB_AGENT_FORMER_HELD)
        return "held";
    if (row->state == JB_AGENT_FORMER_DISMISSED)
        return "dismissed";
    if (!jb_agent_former_open(a, number))
        return "again";
    if (row->state == JB_AGENT_FORMER_AGAIN)
        return "refused";
    return a->former->compared ? "lacking" : "comparing";
}

static Jb__PendingView *view(struct jb_agent_request *r, uint64_t number,
                             const Jb__FormerItem *item)
{
    struct jb_agent_views v = jb_agent_request_views(r);
    struct jb_submission s;
    struct jb_bytes body = {item->body.data, item->body.len};
    Jb__PendingView *w = jb_arena_alloc(r->arena, sizeof *w);
    if (w == NULL || jb_submission_decode(body, r->arena, &s, &r->fault) != JB_OK)
        return NULL;
    jb__pending_view__init(w);
    JB_PUT(w, number, number);
    JB_PUT(w, case_no, item->case_no);
    JB_PUT(w, made_at_ms, s.made_at_ms);
    JB_PUT(w, accepted_at_ms, item->accepted_at_ms);
    JB_PUT(w, again, item->again);
    JB_PUT(w, ended_at_ms, item->ended_at_ms);
    w->kind = jb_agent_view_text(&v, jb_text_of(jb_act_kind_name((enum jb_act_kind)item->kind)));
    w->user = jb_agent_view_text(&v, s.user);
    w->state = jb_agent_view_text(&v, jb_text_of(state_word(r->agent, number)));
    w->by = jb_agent_view_text(&v, jb_text_of(item->by));
    w->reason = jb_agent_view_text(&v, jb_text_of(item->reason));
    return w;
}

enum jb_err jb_agent_former_list(struct jb_agent_request *r, const Jb__GetPending *q,
                                 Jb__PendingList *list)
{
    struct jb_agent *a = r->agent;
    size_t count = a->former != NULL ? a->former->count : 0;
    size_t max = jb_agent_rows_wanted(q->has_limit, q->limit);
    list->items = jb_agent_view_array(r->arena, count < max ? count : max);
    if (list->items == NULL)
        return JB_NOMEM;
    for (uint64_t i = q->after; i++ < count;) {
        Jb__FormerItem *item = NULL;
        bool hidden = false;
        if (!q->all && !jb_agent_former_open(a, i))
            continue;
        enum jb_err err = jb_agent_former_get(a->ledger, i, r->arena, &item);
        if (err == JB_OK)
            err = jb_agent_reader_hides(a, r->user, item->case_no, &hidden);
        if (err != JB_OK)
            return err;
        if (hidden)
            continue;
        bool much = list->n_items > 0 && r->arena->used_bytes > JB_AGENT_REQUEST_BYTES / 4;
        if (list->n_items == max || much) {
            JB_PUT(list, more, true);
            break;
        }
        if ((list->items[list->n_items] = view(r, i, item)) == NULL)
            return r->arena->overflowed ? JB_NOMEM : JB_CORRUPT;
        list->n_items++;
    }
    return JB_OK;
}

/* ---- doing something about one ---- */

/* An open row, whose kind of act he who asks may submit. */
static enum jb_err find(struct jb_agent_request *r, uint64_t number, Jb__FormerItem **item)
{
    struct jb_agent *a = r->agent;
    bool hidden = false;
    enum jb_err err = JB_NOT_FOUND;
    if (a->former != NULL && number > 0 && number <= a->former->count)
        err = jb_agent_former_get(a->ledger, number, r->arena, item);
    if (err == JB_OK)
        err = jb_agent_reader_hides(a, r->user, (*item)->case_no, &hidden);
    if (err == JB_NOT_FOUND || hidden) {
        (void)jb_fault_set(&r->fault, JB_NOT_FOUND,
                           "nothing with this number was accepted before the restore: see "
                           "jiaoban pending");
        return JB_NOT_FOUND;
    }
    if (err != JB_OK)
        return err;
    enum jb_act_kind kind = (enum jb_act_kind)(*item)->kind;
    err = jb_agent_rights_need(r, jb_right_of_act(kind), jb_act_kind_name(kind));
    if (err == JB_OK && !a->former->compared)
        return jb_fault_set(&r->fault, JB_BUSY,
                            "it is not known yet whether the record has it: wait until the agent "
                            "is in sync");
    if (err == JB_OK && !jb_agent_former_open(a, number))
        return jb_fault_set(&r->fault, JB_EXISTS, "nothing is to be done about it any more");
    return err;
}

static enum jb_err ended(struct jb_agent_request *r, uint64_t number, Jb__FormerItem *item,
                         enum jb_agent_former_state state)
{
    struct jb_agent_views v = jb_agent_request_views(r);
    item->has_state = item->has_ended_at_ms = true;
    item->state = (uint32_t)state;
    item->ended_at_ms = r->now_ms;
    item->by = jb_agent_view_text(&v, r->user);
    return item->by != NULL ? jb_agent_former_put(r->agent->ledger, number, item, r->arena)
                            : JB_NOMEM;
}

/* Memory as the disk has it; who did it is on the access log. */
static enum jb_err settled(struct jb_agent_request *r, const char *what, uint64_t number,
                           const Jb__FormerItem *item)
{
    jb_log(JB_LOG_NOTICE, r->agent->config->code, what, "user=%s number=%" PRIu64, r->user.data,
           number);
    jb_agent_former_keep(r->agent, number, item);
    return jb_agent_access_note(r, item->case_no, JB_AUDIT_NOTHING);
}

/* One transaction for the submission and the row that tells of it. */
static enum jb_err again(struct jb_agent_request *r, uint64_t number, Jb__FormerItem *item,
                         struct jb_agent_submitting **s)
{
    struct jb_agent *a = r->agent;
    Jb__DoSubmit *asked = jb_arena_alloc(r->arena, sizeof *asked);
    uint64_t made = jb_outbox_made(a->ledger).number;
    bool spoilt = false;
    if (asked == NULL)
        return JB_NOMEM;
    jb__do_submit__init(asked);
    asked->has_wait_ms = true;
    asked->wait_ms = r->request->resubmit->wait_ms;
    enum jb_err err = jb_ledger_begin(a->ledger);
    if (err != JB_OK)
        return err;
    struct jb_bytes body = {item->body.data, item->body.len};
    err = jb_agent_submit_again(r, asked, body, s, &spoilt);
    if (err == JB_OK && jb_agent_submit_stored(*s)) {
        item->has_again = true;
        item->again = (*s)->item.number;
        err = ended(r, number, item, JB_AGENT_FORMER_AGAIN);
        return jb_agent_submit_end(a, err, made);
    }
    jb_ledger_rollback(a->ledger);
    jb_agent_pendings_cut(&a->pending, made);
    return err;
}

enum jb_err jb_agent_do_resubmit(struct jb_agent_request *r, Jb__Reply *reply)
{
    uint64_t number = r->request->resubmit->number;
    struct jb_agent_submitting *s = NULL;
    Jb__FormerItem *item = NULL;
    enum jb_err err = jb_agent_submit_ready(r);
    if (err == JB_OK)
        err = find(r, number, &item);
    if (err != JB_OK)
        return err;
    err = again(r, number, item, &s);
    if (err == JB_OK && jb_agent_submit_stored(s))
        err = settled(r, "former.again", number, item);
    return jb_agent_submit_answer(r, s, err, reply);
}

enum jb_err jb_agent_do_dismiss(struct jb_agent_request *r, Jb__Reply *reply)
{
    const Jb__DoDismiss *q = r->request->dismiss;
    struct jb_agent_views v = jb_agent_request_views(r);
    struct jb_text reason = jb_text_of(q->reason);
    Jb__FormerItem *item = NULL;
    Jb__Done *done = jb_arena_alloc(r->arena, sizeof *done);
    if (done == NULL)
        return JB_NOMEM;
    if (reason.len == 0)
        return jb_fault_set(&r->fault, JB_MISSING, "a reason is asked for: it is kept with it");
    if (reason.len > JB_LIMIT_LINE || jb_text_check_line(reason.data, reason.len) != JB_OK)
        return jb_fault_set(&r->fault, JB_MALFORMED, "reason: not one line of text");
    enum jb_err err = jb_agent_submit_ready(r);
    if (err == JB_OK)
        err = find(r, q->number, &item);
    if (err == JB_OK)
        err = jb_ledger_begin(r->agent->ledger);
    if (err != JB_OK)
        return err;
    item->reason = q->reason;
    err = ended(r, q->number, item, JB_AGENT_FORMER_DISMISSED);
    if (err == JB_OK)
        err = jb_ledger_commit(r->agent->ledger);
    else
        jb_ledger_rollback(r->agent->ledger);
    if (err == JB_OK)
        err = settled(r, "former.dismissed", q->number, item);
    if (err != JB_OK)
        return err;
    jb__done__init(done);
    done->text = jb_agent_view_text(&v, jb_text_of("struck off"));
    reply->body_case = JB__REPLY__BODY_DONE;
    reply->done = done;
    return JB_OK;
}
