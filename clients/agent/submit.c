/* A client's submission on its way into the outbox.
 *
 * Completes it (case number, custody, seal, who acts), refuses at once what the rules here already
 * refuse, and answers only when it is on the disk or needs no disk. Nothing is written before all
 * this is decided, so that several can share a transaction (group.c). Never talks to the broker. */
#include "clients/agent/submitting.h"

#include <stdio.h>

#include "proto/base/mutant.h"
#include "proto/base/utf8.h"

/* An entry carries its submission and the effects: room for these. */
#define SUBMISSION_BYTES (JB_ITEM_LIMIT_BYTES - (size_t)64 * 1024)

/* ---- the rules here ---- */

/* What this node cannot judge is left to the broker: before the first delivery there is neither a
 * directory nor a policy here. */
static void judge(struct jb_agent_submitting *s)
{
    struct jb_agent *a = s->r->agent;
    uint32_t node = jb_replica_node(a->ledger);
    struct jb_question q = {.act = &s->act,
                            .node = node,
                            .user = s->r->user,
                            .now_ms = s->r->now_ms,
                            .others = s->others.at,
                            .other_count = s->others.count};
    s->refusal = jb_act_check(&s->act, s->detail);
    if (s->refusal != JB_REFUSE_NONE || jb_directory_find(&a->directory, node) == NULL)
        return;
    if (jb_act_is_common(s->act.kind))
        jb_decide_directory(&a->directory, &q, &a->verdict);
    else
        jb_decide(jb_agent_book(a), &s->overlay.c, &q, &a->verdict);
    if (a->verdict.refusal == JB_REFUSE_POLICY_MISSING ||
        jb_agent_others_excuse(&s->others, a->verdict.refusal))
        return;
    s->decided = true;
    s->refusal = a->verdict.refusal;
    (void)snprintf(s->detail, sizeof s->detail, "%s", a->verdict.detail);
}

/* Another person's signature: what is known here of who issued the directive. */
static enum jb_err check_countersigned(struct jb_agent_submitting *s)
{
    static const struct jb_text nobody = {"", 0};
    const struct jb_directive *d = jb_case_directive(&s->overlay.c, (uint32_t)s->act.directive_no);
    return jb_agent_rights_countersign(s->r, &s->act, d != NULL ? d->issued_by : nobody);
}

enum jb_err jb_agent_submit_judge(struct jb_agent_submitting *s)
{
    enum jb_err err = check_countersigned(s);
    if (err == JB_OK)
        judge(s);
    return err;
}

/* ---- into the outbox ---- */

static enum jb_err encode(struct jb_agent_submitting *s)
{
    struct jb_submission sub = {.user = s->r->user, .made_at_ms = s->r->now_ms};
    enum jb_err err = jb_act_encode(&s->act, s->r->arena, &sub.act_bytes);
    if (err == JB_OK)
        err = jb_submission_encode(&sub, s->r->arena, &s->item.body);
    if (err == JB_OK && s->item.body.len > SUBMISSION_BYTES)
        err = jb_fault_set(&s->r->fault, JB_TOO_LARGE, "the submission has %zu bytes, over %zu",
                           s->item.body.len, SUBMISSION_BYTES);
    return err;
}

/* Number, key and submission, or nothing of it. A failure spoils the transaction. */
static enum jb_err store(struct jb_agent_submitting *s)
{
    struct jb_agent *a = s->r->agent;
    enum jb_err err = JB_OK;
    if (s->opens)
        err = jb_replica_case_seq_issue(a->ledger, s->today, s->case_seq);
    if (err == JB_OK && s->sealed)
        err = jb_ledger_case_key_put(a->ledger, s->act.case_no, s->case_key);
    if (err == JB_OK)
        err = jb_outbox_add(a->ledger, &s->item);
    if (err == JB_OK && s->token.len > 0)
        err = jb_agent_token_add(a, s->r->user, s->token, s->r->now_ms, s->item.number);
    if (err == JB_OK)
        jb_agent_pendings_add(&a->pending, (struct jb_agent_pending){.number = s->item.number,
                                                                     .case_no = s->item.case_no,
                                                                     .kind = s->item.kind});
    if (err == JB_FULL)
        err = jb_fault_set(&s->r->fault, err, "the submission cannot be stored");
    return err;
}

/* All that can be wrong with it, up to the bytes that are to be stored. */
static enum jb_err prepare(struct jb_agent_submitting *s)
{
    enum jb_err err = jb_agent_submit_complete(s);
    if (err == JB_OK)
        err = jb_agent_submit_judge(s);
    if (err != JB_OK || s->refusal != JB_REFUSE_NONE)
        return err;
    err = encode(s);
    if (err == JB_OK)
        err = jb_agent_pendings_reserve(&s->r->agent->pending, 1);
    s->item.made_at_ms = s->r->now_ms;
    s->item.kind = s->act.kind;
    s->item.case_no = s->act.case_no;
    s->item.user = s->r->user;
    if (s->sealed)
        s->item.case_key = (struct jb_bytes){s->case_key, sizeof s->case_key};
    return err;
}

/* ---- answers ---- */

static enum jb_err answer_refused(struct jb_agent_submitting *s, Jb__Reply *reply)
{
    struct jb_agent_views v = jb_agent_request_views(s->r);
    struct jb_applied none = {.case_no = s->opens ? 0 : s->act.case_no};
    none.item.kind = JB_ITEM_REFUSAL;
    none.item.at_ms = s->r->now_ms;
    none.item.refusal = (struct jb_refused){.code = (uint32_t)s->refusal,
                                            .name = jb_text_of(jb_refusal_name(s->refusal)),
                                            .article = jb_text_of(jb_refusal_article(s->refusal)),
                                            .detail = jb_text_of(s->detail)};
    if (s->refusal == JB_REFUSE_STALE_CUSTODY)
        none.item.refusal.holder = s->overlay.c.host;
    struct jb_agent_pending was = {.case_no = none.case_no, .kind = s->act.kind};
    reply->body_case = JB__REPLY__BODY_SETTLED;
    reply->settled = jb_agent_view_verdict(&v, &none, &was);
    return reply->settled != NULL ? JB_OK : JB_NOMEM;
}

/* A verdict can only come while there is a line. */
static bool worth_waiting(const struct jb_agent *a)
{
    enum jb_agent_state state = a->line.state;
    return a->line.up && (state == JB_AGENT_GREETING || state == JB_AGENT_CATCHING_UP ||
                          state == JB_AGENT_IN_SYNC);
}

/* With the verdict, when it comes in time, else that it is safe. */
static enum jb_err answer_number(struct jb_agent_submitting *s, uint64_t number, Jb__Reply *reply)
{
    struct jb_agent *a = s->r->agent;
    if (s->asked->wait_ms > 0 && worth_waiting(a) &&
        jb_agent_pendings_find(&a->pending, number) != NULL &&
        jb_agent_wait(s->r, number, s->asked->wait_ms, s->query_code) == JB_OK) {
        s->r->later = true;
        return JB_OK;
    }
    struct jb_agent_views v = jb_agent_request_views(s->r);
    reply->body_case = JB__REPLY__BODY_SETTLED;
    enum jb_err err = jb_agent_view_settled(&v, number, &reply->settled);
    if (err == JB_OK)
        jb_agent_view_query_code(&v, reply->settled, s->query_code);
    return err;
}

/* ---- a repeat ---- */

static enum jb_err read_token(struct jb_agent_submitting *s)
{
    s->token = jb_text_of(s->asked->token);
    if (s->token.len > JB_AGENT_TOKEN_BYTES)
        return jb_fault_set(&s->r->fault, JB_TOO_LARGE, "token: over %d bytes",
                            JB_AGENT_TOKEN_BYTES);
    enum jb_err err = jb_text_check_line(s->token.data, s->token.len);
    return err == JB_OK ? JB_OK : jb_fault_set(&s->r->fault, err, "token: not one line of text");
}

/* The number of the submission that this one repeats; 0: it is the first. */
static enum jb_err find_first(struct jb_agent_submitting *s, uint64_t *number)
{
    *number = 0;
    enum jb_err err = read_token(s);
    if (err != JB_OK || s->token.len == 0)
        return err;
    err = jb_agent_token_find(s->r->agent, s->r->user, s->token, s->r->now_ms, number);
    return err == JB_NOT_FOUND ? JB_OK : err;
}

static enum jb_err take(struct jb_agent_submitting *s, bool *spoilt)
{
    struct jb_bytes bytes = {s->asked->act.data, s->asked->act.len};
    enum jb_err err = find_first(s, &s->first);
    if (err != JB_OK || s->first != 0)
        return err;
    err = jb_act_decode(bytes, s->r->arena, &s->act, &s->r->fault);
    if (err == JB_OK)
        err =
            jb_agent_rights_need(s->r, jb_right_of_act(s->act.kind), jb_act_kind_name(s->act.kind));
    if (err == JB_OK)
        err = prepare(s);
    if (err != JB_OK || s->refusal != JB_REFUSE_NONE)
        return err;
    err = store(s);
    *spoilt = err != JB_OK;
    return err;
}

enum jb_err jb_agent_submit_take(struct jb_agent_request *r, struct jb_agent_submitting **out,
                                 bool *spoilt)
{
    struct jb_agent_submitting *s = jb_arena_alloc(r->arena, sizeof *s);
    *out = s;
    if (s == NULL)
        return JB_NOMEM;
    s->r = r;
    s->asked = r->request->submit;
    return take(s, spoilt);
}

/* The key of what is sealed in it was brought along when the replica was made. */
static enum jb_err find_key(struct jb_agent_submitting *s)
{
    bool carries = s->act.kind == JB_ACT_REGISTER || s->act.kind == JB_ACT_ATTACH;
    enum jb_err err = carries
                          ? jb_ledger_case_key_get(s->r->agent->ledger, s->act.case_no, s->case_key)
                          : JB_NOT_FOUND;
    if (err == JB_OK)
        s->item.case_key = (struct jb_bytes){s->case_key, sizeof s->case_key};
    return err == JB_NOT_FOUND ? JB_OK : err;
}

enum jb_err jb_agent_submit_again(struct jb_agent_request *r, const Jb__DoSubmit *asked,
                                  struct jb_bytes body, struct jb_agent_submitting **out,
                                  bool *spoilt)
{
    struct jb_submission sub;
    struct jb_agent_submitting *s = jb_arena_alloc(r->arena, sizeof *s);
    *out = s;
    if (s == NULL)
        return JB_NOMEM;
    s->r = r;
    s->asked = asked;
    enum jb_err err = jb_submission_decode(body, r->arena, &sub, &r->fault);
    if (err == JB_OK)
        err = jb_act_decode(sub.act_bytes, r->arena, &s->act, &r->fault);
    if (err == JB_OK)
        err = jb_agent_submit_overlay(s);
    if (err == JB_OK)
        err = jb_agent_submit_judge(s);
    if (err == JB_OK && s->refusal == JB_REFUSE_NONE)
        err = find_key(s);
    if (err == JB_OK && s->refusal == JB_REFUSE_NONE)
        err = jb_agent_pendings_reserve(&r->agent->pending, 1);
    if (err != JB_OK || s->refusal != JB_REFUSE_NONE)
        return err;
    s->item.body = body;
    s->item.made_at_ms = sub.made_at_ms;
    s->item.kind = s->act.kind;
    s->item.case_no = s->act.case_no;
    s->item.user = sub.user;
    err = store(s);
    *spoilt = err != JB_OK;
    return err;
}

bool jb_agent_submit_stored(const struct jb_agent_submitting *s)
{
    return s != NULL && s->item.number != 0;
}

enum jb_err jb_agent_submit_end(struct jb_agent *a, enum jb_err err, uint64_t made)
{
    if (err == JB_OK)
        err = jb_ledger_commit(a->ledger);
    else
        jb_ledger_rollback(a->ledger);
    if (JB_MUTANT == JB_MUTANT_TELL_ANYWAY)
        err = JB_OK;
    if (err != JB_OK)
        jb_agent_pendings_cut(&a->pending, made);
    return err;
}

/* A full or failing disk, not only this one request: the client must know that nothing was kept. */
static enum jb_err refuse_degraded(struct jb_agent_request *r)
{
    const struct jb_agent *a = r->agent;
    /* A sync that failed may still come to the disk, if the agent is killed before the next one. */
    const char *fate = a->strain.why == JB_IO
                           ? "not confirmed; once the agent goes on, repeat it with its token"
                           : "the submission was NOT kept";
    return jb_fault_set(&r->fault, a->strain.why, "%s: %s", fate, a->strain.text);
}

enum jb_err jb_agent_submit_ready(struct jb_agent_request *r)
{
    if (jb_agent_degraded(r->agent))
        return refuse_degraded(r);
    if (jb_replica_node(r->agent->ledger) == 0)
        return jb_fault_set(&r->fault, JB_OFFLINE,
                            "this node must greet the broker once before its first submission");
    return JB_OK;
}

void jb_agent_submit_forget(struct jb_agent_submitting *s)
{
    if (s == NULL)
        return;
    explicit_bzero(s->case_key, sizeof s->case_key);
    explicit_bzero(s->query_code, sizeof s->query_code);
}

static enum jb_err answer(struct jb_agent_submitting *s, Jb__Reply *reply)
{
    if (s->refusal != JB_REFUSE_NONE)
        return answer_refused(s, reply);
    if (s->first != 0)
        return answer_number(s, s->first, reply);
    s->r->agent->pump_wanted = true;
    return answer_number(s, s->item.number, reply);
}

enum jb_err jb_agent_submit_answer(struct jb_agent_request *r, struct jb_agent_submitting *s,
                                   enum jb_err err, Jb__Reply *reply)
{
    if (err == JB_OK)
        err = answer(s, reply);
    jb_agent_submit_forget(s);
    if (err == JB_CORRUPT)
        jb_agent_fail(r->agent, err, "storing a submission");
    else if (jb_strain_of(err) != JB_OK &&
             jb_agent_try_disk(r->agent, "storing a submission") != JB_OK)
        err = refuse_degraded(r);
    return err;
}

/* One transaction for this one alone. */
static enum jb_err transact(struct jb_agent_request *r, struct jb_agent_submitting **s)
{
    struct jb_agent *a = r->agent;
    uint64_t made = jb_outbox_made(a->ledger).number;
    bool spoilt = false;
    enum jb_err err = jb_ledger_begin(a->ledger);
    if (err != JB_OK)
        return err;
    err = jb_agent_submit_take(r, s, &spoilt);
    if (err == JB_OK && jb_agent_submit_stored(*s))
        return jb_agent_submit_end(a, JB_OK, made);
    jb_ledger_rollback(a->ledger);
    jb_agent_pendings_cut(&a->pending, made);
    return err;
}

enum jb_err jb_agent_do_submit(struct jb_agent_request *r, Jb__Reply *reply)
{
    struct jb_agent_submitting *s = NULL;
    enum jb_err err = jb_agent_submit_ready(r);
    if (err != JB_OK)
        return err;
    err = transact(r, &s);
    return jb_agent_submit_answer(r, s, err, reply);
}
