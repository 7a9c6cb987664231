/* Submissions: one act each, made once however often it is asked for. */
#include "clients/gateway/handlers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "clients/gateway/body.h"
#include "clients/gateway/idem.h"
#include "clients/gateway/params.h"
#include "clients/gateway/result.h"
#include "proto/base/log.h"

#define WAIT_MS 10000
#define REASON_BYTES 1024

struct acting { /* the state of such a request */
    struct jb_gw_idem *idem;
    struct jiaoban_json_act act; /* its text is the request's body */
    bool registers;
};

static void on_drop(struct jb_gw_request *r)
{
    struct acting *acting = r->state;
    if (acting->idem != NULL)
        jb_gw_idem_end(r, acting->idem);
}

/* ---- the answer ---- */

struct answer {
    unsigned status;
    const char *location; /* NULL: none */
    const char *body;
};

/* Keep it, then give it. That the act is made is certain: what cannot be kept is asked of the agent
 * again, by its token. */
static void keep_and_give(struct jb_gw_request *r, const struct answer *a)
{
    const struct acting *acting = r->state;
    if (acting->idem != NULL &&
        jb_gw_idem_store(r, acting->idem, a->status, a->location, a->body) != JB_OK)
        jb_log(JB_LOG_WARNING, "gateway", "answer.not_kept", "detail=\"%s\"",
               jb_gw_store_error(r->gw->store));
    if (a->location != NULL)
        jb_gw_header(r, "Location", a->location);
    jb_gw_reply_bytes(r, a->status,
                      a->status < 400 ? "application/json" : "application/problem+json", a->body,
                      strlen(a->body));
}

static void give_settled(struct jb_gw_request *r, const struct jiaoban_settled *s, const char *json)
{
    const struct acting *acting = r->state;
    char location[128] = "";
    struct answer a = {.status = acting->registers ? 201 : 200, .body = json};
    if (s->pending) {
        a.status = 202;
        (void)snprintf(location, sizeof location, "/v1/submissions/%" PRIu64, s->number);
    } else if (acting->registers) {
        (void)snprintf(location, sizeof location, "/v1/cases/%s", s->case_number);
    }
    a.location = location[0] != '\0' ? location : NULL;
    keep_and_give(r, &a);
}

static void give_refusal(struct jb_gw_request *r, const struct jiaoban_settled *s, const char *json)
{
    const struct jb_gw_problem p = {.kind = JB_GW_REFUSED,
                                    .detail = jb_gw_link_error(r->gw->link),
                                    .code = s->name,
                                    .refusal = json};
    struct answer a = {.status = jb_gw_problem_status(p.kind),
                       .body = jb_gw_problem_json(&p, &r->arena)};
    if (a.body == NULL)
        jb_gw_refuse_error(r, JB_NOMEM, "the refusal");
    else
        keep_and_give(r, &a);
}

/* Errors after which nothing was done, and that another request may mend. */
static bool was_wrong(enum jiaoban_status status)
{
    switch (jb_gw_problem_status(jb_gw_problem_of(status)) / 100) {
    case 4:
        return status != JIAOBAN_BUSY;
    default:
        return false;
    }
}

static void then_settled(struct jb_gw_request *r, enum jiaoban_status status,
                         struct jiaoban_result *result)
{
    const struct acting *acting = r->state;
    const struct jiaoban_settled *s = jiaoban_result_settled(result);
    const char *json = jiaoban_result_json(result, 0);
    bool answered = (status == JIAOBAN_OK || status == JIAOBAN_REFUSED) && s != NULL;
    if (answered && json == NULL) {
        jb_gw_refuse_error(r, JB_NOMEM, "the verdict");
    } else if (answered && status == JIAOBAN_REFUSED) {
        give_refusal(r, s, json);
    } else if (answered) {
        give_settled(r, s, json);
    } else {
        if (acting->idem != NULL && was_wrong(status))
            jb_gw_idem_forget(r, acting->idem);
        jb_gw_refuse_status(r, status);
    }
    jiaoban_result_free(result);
}

/* ---- the request ---- */

/* A token's scope is that of the act's own right. The kind is the member, or `kind`. */
static bool scope_good(struct jb_gw_request *r, const char *kind)
{
    char text[96];
    json_t *body = jb_gw_body(r);
    if (body == NULL)
        return false;
    const char *said = json_string_value(json_object_get(body, "kind"));
    if (kind == NULL)
        kind = said;
    enum jb_right right = kind != NULL ? jb_right_of_act(jb_act_kind_parse(kind)) : JB_RIGHT_NONE;
    json_decref(body);
    if (right == JB_RIGHT_NONE || (r->caller.scopes & jb_gw_scope(right)) != 0)
        return true; /* what is no act is refused by who reads acts */
    (void)snprintf(text, sizeof text, "the token has not the scope %s", jb_right_word(right));
    jb_gw_refuse(r, JB_GW_SCOPE, text);
    return false;
}

/* What would come of it: nothing is made, so there is nothing to make once only. */
static void try_out(struct jb_gw_request *r, const struct jiaoban_json_act *act)
{
    struct jiaoban_options options = {.size = sizeof options, .dry_run = true};
    jb_gw_submit(r, act, &options, jb_gw_then_show);
}

static void submit_now(struct jb_gw_request *r)
{
    const struct acting *acting = r->state;
    struct jiaoban_options options = {.size = sizeof options};
    options.token = acting->idem->token;
    options.wait_ms = (uint32_t)jb_gw_prefer_wait_ms(r, WAIT_MS);
    jb_gw_submit(r, &acting->act, &options, then_settled);
}

/* Only if the case is still the one that the person saw. A repeat of what may have been made
 * already is not held against what it has changed itself. */
static void then_matched(struct jb_gw_request *r, enum jiaoban_status status,
                         struct jiaoban_result *result)
{
    struct acting *acting = r->state;
    char etag[JB_GW_ETAG_TEXT] = "";
    const struct jiaoban_case *c = jiaoban_result_case(result, 0);
    if (c != NULL)
        jb_gw_case_etag(c, etag);
    bool same = c != NULL && strstr(jb_gw_request_header(r, "If-Match"), etag) != NULL;
    jiaoban_result_free(result);
    if (!jb_gw_idem_begin(r, &acting->idem))
        return;
    if (same || !acting->idem->fresh) {
        submit_now(r);
        return;
    }
    jb_gw_idem_forget(r, acting->idem);
    if (status != JIAOBAN_OK)
        jb_gw_refuse_status(r, status);
    else
        jb_gw_refuse(r, JB_GW_CHANGED, "the case has changed since it was shown: look again");
}

static void submit(struct jb_gw_request *r, const struct jiaoban_json_act *act, bool registers)
{
    struct acting *acting = jb_arena_alloc(&r->arena, sizeof *acting);
    struct jiaoban_query q = {.size = sizeof q, .case_number = r->numbers[0]};
    bool trial = false;
    if (acting == NULL) {
        jb_gw_refuse_error(r, JB_NOMEM, "the act");
        return;
    }
    if (!jb_gw_param_bool(r, "dry_run", &trial) || !scope_good(r, act->kind))
        return;
    if (trial) {
        try_out(r, act);
        return;
    }
    acting->registers = registers;
    acting->act = *act;
    r->state = acting;
    r->drop = on_drop;
    const char *wanted = jb_gw_request_header(r, "If-Match");
    if (r->numbers[0] != NULL && wanted != NULL && strcmp(wanted, "*") != 0)
        jb_gw_ask(r, "case", &q, JB_GW_ANSWER_MS, then_matched);
    else if (jb_gw_idem_begin(r, &acting->idem))
        submit_now(r);
}

static struct jiaoban_json_act act_of(const struct jb_gw_request *r)
{
    return (struct jiaoban_json_act){.size = sizeof(struct jiaoban_json_act),
                                     .text = r->body != NULL ? r->body : "",
                                     .bytes = r->body_len};
}

void jb_gw_post_case(struct jb_gw_request *r)
{
    struct jiaoban_json_act act = act_of(r);
    act.kind = "register";
    submit(r, &act, true);
}

void jb_gw_post_act(struct jb_gw_request *r)
{
    struct jiaoban_json_act act = act_of(r);
    act.case_number = r->numbers[0];
    submit(r, &act, false);
}

void jb_gw_post_free_act(struct jb_gw_request *r)
{
    struct jiaoban_json_act act = act_of(r);
    submit(r, &act, false);
}

/* ---- what a restored record lacks ---- */

static void then_dismissed(struct jb_gw_request *r, enum jiaoban_status status,
                           struct jiaoban_result *result)
{
    const char *json = status == JIAOBAN_OK ? jiaoban_result_json(result, 0) : NULL;
    if (json != NULL) {
        keep_and_give(r, &(struct answer){.status = 200, .body = json});
        jiaoban_result_free(result);
    } else {
        then_settled(r, status, result);
    }
}

/* The agent asks for the right of the act that it was. A token has no scope for what is not known
 * before, so people decide it. A repeat whose first answer was lost finds nothing to be done. */
static void settle_former(struct jb_gw_request *r, const char *reason, jb_gw_answer_fn then)
{
    struct acting *acting = jb_arena_alloc(&r->arena, sizeof *acting);
    struct jiaoban_options options = {.size = sizeof options};
    uint64_t number = 0;
    if (acting == NULL) {
        jb_gw_refuse_error(r, JB_NOMEM, "the act");
    } else if (r->caller.method == JB_GW_BY_TOKEN) {
        jb_gw_refuse(r, JB_GW_SCOPE, "people decide this: sign in, no token has a scope for it");
    } else if (!jb_gw_u64_read(r->numbers[0], &number) || number == 0) {
        jb_gw_refuse_field(r, "former", "must be a number of GET /v1/former");
    } else {
        r->state = acting;
        r->drop = on_drop;
        if (reason == NULL)
            options.wait_ms = (uint32_t)jb_gw_prefer_wait_ms(r, WAIT_MS);
        if (jb_gw_idem_begin(r, &acting->idem))
            jb_gw_settle_former(r, number, reason, &options, then);
    }
}

void jb_gw_post_resubmission(struct jb_gw_request *r)
{
    settle_former(r, NULL, then_settled);
}

void jb_gw_post_dismissal(struct jb_gw_request *r)
{
    const char *reason = "";
    json_t *body = jb_gw_body(r);
    if (body == NULL)
        return;
    bool good = jb_gw_members_known(r, body, "reason") &&
                jb_gw_member_text(r, body, "reason", REASON_BYTES, true, &reason);
    json_decref(body);
    if (good && reason[0] == '\0')
        jb_gw_refuse_field(r, "reason", "say why: it is kept with it");
    else if (good)
        settle_former(r, reason, then_dismissed);
}
