/* A client's submission on its way into the outbox.
 *
 * Completes it (case number, custody, seal, who acts), refuses at once what the rules here already
 * refuse, and answers only when it is on the disk or needs no disk. Never talks to the broker. */
#include "clients/agent/requests.h"

#include <inttypes.h>
#include <stdio.h>

#include "proto/base/log.h"
#include "proto/base/utf8.h"
#include "proto/wire/seal.h"

#define USER_BYTES 256
/* An entry carries its submission and the effects: room for these. */
#define SUBMISSION_BYTES (JB_ITEM_LIMIT_BYTES - (size_t)64 * 1024)

struct submitting {
    struct jb_agent_request *r;
    const Jb__DoSubmit *asked;
    struct jb_act act;
    struct jb_text user;
    uint8_t case_key[JB_KEY_BYTES];
    bool sealed;
    struct jb_agent_overlay overlay;
    struct jb_outbox_item item;
    enum jb_refusal refusal; /* by the rules here */
    char detail[JB_DETAIL_BYTES];
};

struct jb_bytes jb_agent_seal_place(int64_t case_no, char digits[24])
{
    int len = snprintf(digits, 24, "%" PRId64, case_no);
    return (struct jb_bytes){(const uint8_t *)digits, (size_t)len};
}

/* "account" or "account/person". */
static enum jb_err name_user(struct submitting *s)
{
    const char *account = jb_local_peer_identity(s->r->client->peer)->user;
    const char *person = s->asked->on_behalf_of != NULL ? s->asked->on_behalf_of : "";
    size_t size = strlen(account) + strlen(person) + 2;
    char *user = jb_arena_alloc(s->r->arena, size);
    if (user == NULL)
        return JB_NOMEM;
    (void)snprintf(user, size, person[0] != '\0' ? "%s/%s" : "%s%s", account, person);
    s->user = jb_text_of(user);
    if (s->user.len > USER_BYTES)
        return jb_fault_set(&s->r->fault, JB_TOO_LARGE,
                            "on_behalf_of: over %d bytes with the account", USER_BYTES);
    enum jb_err err = jb_text_check_line(user, s->user.len);
    return err == JB_OK ? JB_OK
                        : jb_fault_set(&s->r->fault, err, "on_behalf_of: not one line of text");
}

/* ---- registration ---- */

static enum jb_err number_case(struct submitting *s)
{
    struct jb_agent *a = s->r->agent;
    struct jb_date today = jb_date_of_instant(s->r->now_ms);
    uint32_t seq = 0;
    if (s->act.case_no != 0)
        return jb_fault_set(&s->r->fault, JB_MALFORMED,
                            "register: the agent issues the case number");
    enum jb_err err = jb_replica_case_seq(a->ledger, today, s->r->now_ms, &seq);
    if (err == JB_OK)
        err = jb_caseno_make(today, jb_replica_node(a->ledger), seq, &s->act.case_no);
    if (err == JB_RANGE)
        return jb_fault_set(&s->r->fault, err, "all case numbers of this day are used up");
    return err;
}

/* key id || nonce || ciphertext || tag, tied to the case number. */
static enum jb_err seal_persons(struct submitting *s)
{
    struct jb_bytes plain = {s->asked->petitioners.data, s->asked->petitioners.len};
    struct jb_persons persons;
    char digits[24];
    if (!s->asked->has_petitioners || plain.len == 0)
        return JB_OK;
    if (s->act.sealed.len > 0)
        return jb_fault_set(&s->r->fault, JB_MALFORMED, "petitioners: already sealed in the act");
    enum jb_err err = jb_persons_decode(plain, s->r->arena, &persons, &s->r->fault);
    if (err != JB_OK)
        return err;
    size_t len = JB_SEAL_KEY_ID_BYTES + JB_SEAL_EXTRA_BYTES + plain.len;
    uint8_t *box = jb_arena_alloc(s->r->arena, len);
    if (box == NULL)
        return JB_NOMEM;
    jb_seal_key_new(s->case_key);
    jb_seal_key_id(s->case_key, box);
    jb_seal(s->case_key, plain, jb_agent_seal_place(s->act.case_no, digits),
            box + JB_SEAL_KEY_ID_BYTES);
    s->act.sealed = (struct jb_bytes){box, len};
    s->sealed = true;
    return jb_ledger_case_key_put(s->r->agent->ledger, s->act.case_no, s->case_key);
}

/* ---- the rules here ---- */

static bool is_directory_kind(enum jb_act_kind kind)
{
    return kind >= JB_ACT_ENROL_NODE && kind <= JB_ACT_INSTALL_CALENDAR;
}

static enum jb_err load_overlay(struct submitting *s)
{
    struct jb_agent *a = s->r->agent;
    struct jb_agent_overlay_maker m = jb_agent_overlay_maker(a);
    bool waits = jb_agent_pendings_of_case(&a->pending, s->act.case_no) > 0;
    if (s->act.case_no == 0)
        return JB_OK;
    enum jb_err err = jb_agent_overlay_load(&m, s->act.case_no, waits, s->r->arena, &s->overlay);
    if (err == JB_OK && s->act.custody == 0 && s->act.kind != JB_ACT_REGISTER)
        s->act.custody = s->overlay.c.custody;
    return err;
}

/* What this node cannot judge is left to the broker: before the first delivery there is neither a
 * directory nor a policy here. */
static void judge(struct submitting *s)
{
    struct jb_agent *a = s->r->agent;
    uint32_t node = jb_replica_node(a->ledger);
    struct jb_question q = {.act = &s->act, .node = node, .user = s->user, .now_ms = s->r->now_ms};
    s->refusal = jb_act_check(&s->act, s->detail);
    if (s->refusal != JB_REFUSE_NONE || jb_directory_find(&a->directory, node) == NULL)
        return;
    if (is_directory_kind(s->act.kind))
        jb_decide_directory(&a->directory, &q, &a->verdict);
    else
        jb_decide(jb_agent_book(a), &s->overlay.c, &q, &a->verdict);
    if (a->verdict.refusal == JB_REFUSE_POLICY_MISSING)
        return;
    s->refusal = a->verdict.refusal;
    (void)snprintf(s->detail, sizeof s->detail, "%s", a->verdict.detail);
}

/* ---- into the outbox ---- */

static enum jb_err encode(struct submitting *s)
{
    struct jb_submission sub = {.user = s->user, .made_at_ms = s->r->now_ms};
    enum jb_err err = jb_act_encode(&s->act, s->r->arena, &sub.act_bytes);
    if (err == JB_OK)
        err = jb_submission_encode(&sub, s->r->arena, &s->item.body);
    if (err == JB_OK && s->item.body.len > SUBMISSION_BYTES)
        err = jb_fault_set(&s->r->fault, JB_TOO_LARGE, "the submission has %zu bytes, over %zu",
                           s->item.body.len, SUBMISSION_BYTES);
    return err;
}

static enum jb_err complete(struct submitting *s)
{
    enum jb_err err = JB_OK;
    if (s->act.kind == JB_ACT_REGISTER) {
        err = number_case(s);
        if (err == JB_OK)
            err = seal_persons(s);
    } else if (s->asked->has_petitioners && s->asked->petitioners.len > 0) {
        err = jb_fault_set(&s->r->fault, JB_MALFORMED, "petitioners: only with a registration");
    }
    return err == JB_OK ? load_overlay(s) : err;
}

static enum jb_err store(struct submitting *s)
{
    struct jb_agent *a = s->r->agent;
    enum jb_err err = encode(s);
    if (err == JB_OK)
        err = jb_agent_pendings_reserve(&a->pending);
    s->item.made_at_ms = s->r->now_ms;
    s->item.kind = s->act.kind;
    s->item.case_no = s->act.case_no;
    s->item.user = s->user;
    if (s->sealed)
        s->item.case_key = (struct jb_bytes){s->case_key, sizeof s->case_key};
    if (err == JB_OK)
        err = jb_outbox_add(a->ledger, &s->item);
    return err;
}

/* One transaction: number, key and submission, or nothing of it. */
static enum jb_err transact(struct submitting *s)
{
    struct jb_agent *a = s->r->agent;
    enum jb_err err = jb_ledger_begin(a->ledger);
    if (err != JB_OK)
        return err;
    err = complete(s);
    if (err == JB_OK)
        judge(s);
    if (err == JB_OK && s->refusal == JB_REFUSE_NONE)
        err = store(s);
    if (err != JB_OK || s->refusal != JB_REFUSE_NONE) {
        jb_ledger_rollback(a->ledger);
        return err;
    }
    err = jb_ledger_commit(a->ledger);
    if (err == JB_OK)
        jb_agent_pendings_add(&a->pending, (struct jb_agent_pending){.number = s->item.number,
                                                                     .case_no = s->item.case_no,
                                                                     .kind = s->item.kind});
    return err;
}

/* ---- answers ---- */

static enum jb_err answer_refused(struct submitting *s, Jb__Reply *reply)
{
    struct jb_agent_views v = jb_agent_request_views(s->r);
    struct jb_applied none = {.case_no = s->act.kind == JB_ACT_REGISTER ? 0 : s->act.case_no};
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

static enum jb_err answer_stored(struct submitting *s, Jb__Reply *reply)
{
    struct jb_agent *a = s->r->agent;
    a->pump_wanted = true;
    if (s->asked->wait_ms > 0 && worth_waiting(a) &&
        jb_agent_wait(s->r, s->item.number, s->asked->wait_ms) == JB_OK) {
        s->r->later = true;
        return JB_OK;
    }
    struct jb_agent_views v = jb_agent_request_views(s->r);
    reply->body_case = JB__REPLY__BODY_SETTLED;
    return jb_agent_view_settled(&v, s->item.number, &reply->settled);
}

enum jb_err jb_agent_do_submit(struct jb_agent_request *r, Jb__Reply *reply)
{
    const Jb__DoSubmit *asked = r->request->submit;
    struct submitting s = {.r = r, .asked = asked};
    struct jb_bytes bytes = {asked->act.data, asked->act.len};
    if (jb_replica_node(r->agent->ledger) == 0)
        return jb_fault_set(&r->fault, JB_OFFLINE,
                            "this node must greet the broker once before its first submission");
    enum jb_err err = jb_act_decode(bytes, r->arena, &s.act, &r->fault);
    if (err == JB_OK)
        err = name_user(&s);
    if (err == JB_OK)
        err = transact(&s);
    explicit_bzero(s.case_key, sizeof s.case_key);
    if (err != JB_OK) {
        if (err == JB_IO || err == JB_FULL || err == JB_CORRUPT)
            jb_log(JB_LOG_ERROR, r->agent->config->code, "submit.failed", "error=%s detail=\"%s\"",
                   jb_err_name(err), jb_ledger_error(r->agent->ledger));
        return err;
    }
    return s.refusal != JB_REFUSE_NONE ? answer_refused(&s, reply) : answer_stored(&s, reply);
}

enum jb_err jb_agent_get_settled(struct jb_agent_request *r, Jb__Reply *reply)
{
    const Jb__GetSettled *asked = r->request->settled;
    struct jb_agent_views v = jb_agent_request_views(r);
    reply->body_case = JB__REPLY__BODY_SETTLED;
    enum jb_err err = jb_agent_view_settled(&v, asked->number, &reply->settled);
    if (err == JB_NOT_FOUND)
        return jb_fault_set(&r->fault, err, "no submission with this number");
    if (err != JB_OK || !reply->settled->pending || asked->wait_ms == 0)
        return err;
    err = jb_agent_wait(r, asked->number, asked->wait_ms);
    r->later = err == JB_OK;
    return err;
}
