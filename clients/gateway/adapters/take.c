/* One record becomes acts. See desk.h.
 *
 *     row with a token on the disk -> submission -> verdict on the disk
 *
 * A crash after any arrow is mended by going the same way again: under the same token the agent
 * answers with the verdict of the first time. It keeps tokens for 24 hours; after that the step is
 * looked for in the record itself (recall.c). */
#include <sodium.h>
#include <stdio.h>

#include "clients/gateway/adapters/desk.h"
#include "clients/gateway/adapters/lang.h"
#include "proto/base/utf8.h"
#include "proto/rules/staff.h"

#define WAIT_MS 10000
#define TOKEN_GOOD_MS INT64_C(82800000) /* an hour less than the agent keeps it */
#define RECORD_MEMORY (4 * 1024 * 1024)

struct taking {
    struct jb_ex_desk *desk;
    const struct jb_ex_origin *origin;
    struct jb_ex_result *result;
    struct jb_fault *fault;
};

static void detail_set(struct jb_ex_taken *t, const char *text)
{
    size_t len = jb_text_cut(text, strlen(text), sizeof t->detail - 1);
    memcpy(t->detail, text, len);
    t->detail[len] = '\0';
}

static void token_new(char token[JB_EX_TOKEN_TEXT])
{
    uint8_t random[16];
    randombytes_buf(random, sizeof random);
    (void)sodium_bin2hex(token, JB_EX_TOKEN_TEXT, random, sizeof random);
}

/* ---- one step ---- */

/* Nothing was done and the record is wrong: waiting would not mend it. */
static bool is_wrong(enum jiaoban_status status)
{
    switch (status) {
    case JIAOBAN_TOO_LARGE:
    case JIAOBAN_TOO_DEEP:
    case JIAOBAN_MALFORMED:
    case JIAOBAN_BAD_UTF8:
    case JIAOBAN_NUL_IN_TEXT:
    case JIAOBAN_MISSING:
    case JIAOBAN_RANGE:
    case JIAOBAN_NOT_FOUND:
    case JIAOBAN_OVERFLOW:
        return true;
    default:
        return false;
    }
}

static void verdict_read(struct taking *k, const struct jiaoban_settled *s, struct jb_ex_taken *t)
{
    char text[JB_EX_DETAIL_BYTES];
    bool codes = k->desk->config->query_codes && s->query_code[0] != '\0';
    t->state = s->pending ? JB_EX_QUEUED : s->accepted ? JB_EX_DONE : JB_EX_REFUSED;
    t->submission = s->number;
    t->detail[0] = '\0';
    (void)snprintf(t->case_number, sizeof t->case_number, "%s",
                   t->state == JB_EX_REFUSED ? "" : s->case_number);
    if (codes)
        (void)snprintf(t->query_code, sizeof t->query_code, "%s", s->query_code);
    if (t->state == JB_EX_REFUSED) {
        (void)snprintf(text, sizeof text, _("refused by a rule: %s (%s) %s"), s->name, s->article,
                       s->detail);
        detail_set(t, text);
    }
    k->desk->wait_ms = s->pending ? 0 : WAIT_MS;
}

static enum jb_err submit(struct taking *k, const struct jb_ex_key *key,
                          const struct jiaoban_act *act, struct jb_ex_taken *t)
{
    struct jb_ex_desk *d = k->desk;
    struct jiaoban_result *result = NULL;
    const struct jiaoban_options options = {.size = sizeof options,
                                            .wait_ms = d->wait_ms,
                                            .on_behalf_of = d->account,
                                            .token = t->token};
    enum jiaoban_status status = jiaoban_submit(d->j, key->step, act, &options, &result);
    const struct jiaoban_settled *s = jiaoban_result_settled(result);
    jb_ex_point(d);
    enum jb_err err = JB_OK;
    if (s != NULL && (status == JIAOBAN_OK || status == JIAOBAN_REFUSED)) {
        verdict_read(k, s, t);
        err = jb_ex_taken_put(d->store, key, t);
    } else if (is_wrong(status)) {
        t->state = JB_EX_NEW;
        detail_set(t, jiaoban_error_text(d->j));
        err = jb_ex_taken_drop(d->store, key);
    } else {
        err = jb_ex_answered(d, status, k->fault);
    }
    jiaoban_result_free(result);
    jb_ex_point(d);
    return err;
}

/* A row that says what will be done, before it is done. */
static enum jb_err intend(struct taking *k, const struct jb_ex_key *key, struct jb_ex_taken *t)
{
    *t = (struct jb_ex_taken){.state = JB_EX_INTENT,
                              .made_ms = jb_ex_desk_now(k->desk),
                              .file = k->origin->file,
                              .row = k->origin->row};
    token_new(t->token);
    enum jb_err err = jb_ex_taken_put(k->desk->store, key, t);
    jb_ex_point(k->desk);
    return err;
}

static bool may(struct taking *k, const char *step)
{
    enum jb_right right = jb_right_of_act(jb_act_kind_parse(step));
    bool good = right != JB_RIGHT_NONE && (k->desk->scopes & jb_gw_scope(right)) != 0;
    if (!good)
        (void)jb_fault_set(k->fault, JB_DENIED, "%s: the token has not the scope %s",
                           k->desk->config->token, jb_right_word(right));
    return good;
}

/* Do a step unless it is done. */
static enum jb_err step(struct taking *k, const struct jb_ex_key *key,
                        const struct jiaoban_act *act, struct jb_ex_taken *t)
{
    enum jb_err err = jb_ex_taken_get(k->desk->store, key, t);
    if (err != JB_OK && err != JB_NOT_FOUND)
        return jb_fault_set(k->fault, err, "%s", jb_ex_store_error(k->desk->store));
    if (t->state == JB_EX_DONE || t->state == JB_EX_QUEUED)
        return JB_OK;
    if (!may(k, key->step))
        return JB_DENIED;
    err = JB_OK;
    bool old = t->state == JB_EX_INTENT && jb_ex_desk_now(k->desk) - t->made_ms > TOKEN_GOOD_MS;
    if (old) {
        err = jb_ex_recall(k->desk, key, t, k->fault);
        if (err == JB_OK)
            return jb_ex_taken_put(k->desk->store, key, t);
    }
    if (err == JB_NOT_FOUND || t->state != JB_EX_INTENT)
        err = intend(k, key, t);
    return err == JB_OK ? submit(k, key, act, t) : err;
}

/* ---- the record ---- */

static void bad(struct taking *k, const char *column, const char *text)
{
    k->result->outcome = JB_EX_ROW_BAD;
    (void)snprintf(k->result->column, sizeof k->result->column, "%s", column);
    detail_set(&k->result->taken, text);
}

/* Hand it on; that this cannot be done takes nothing away from the registration. */
static enum jb_err hand_on(struct taking *k, const struct jb_ex_draft *draft, const char *number)
{
    struct jb_ex_desk *d = k->desk;
    struct jb_ex_taken *registered = &k->result->taken;
    struct jb_ex_taken handed;
    struct jiaoban_act act = {.size = sizeof act,
                              .case_number = registered->case_number,
                              .text = draft->send_text[0] != '\0' ? draft->send_text : NULL};
    const struct jb_ex_key key = {d->map.system, number, d->map.assign ? "assign" : "forward"};
    char text[JB_EX_DETAIL_BYTES];
    enum jb_err err = jb_ex_taken_get(d->store, &key, &handed);
    if (err == JB_OK && (handed.state == JB_EX_DONE || handed.state == JB_EX_QUEUED))
        return JB_OK;
    enum jiaoban_status status = jiaoban_find_node(d->j, draft->send_to, &act.node);
    if (status == JIAOBAN_NOT_FOUND || status == JIAOBAN_RANGE) {
        (void)snprintf(text, sizeof text, _("registered, but not handed on: no one agency \"%s\""),
                       draft->send_to);
        detail_set(registered, text);
        return JB_OK;
    }
    err = jb_ex_answered(d, status, k->fault);
    if (d->map.assign)
        act.due_ms = draft->due_ms;
    if (err == JB_OK)
        err = step(k, &key, &act, &handed);
    if (err == JB_OK && (handed.state == JB_EX_REFUSED || handed.state == JB_EX_NEW)) {
        (void)snprintf(text, sizeof text, _("registered, but not handed on: %.400s"),
                       handed.detail);
        detail_set(registered, text);
    }
    return err;
}

static enum jb_err act_on(struct taking *k, struct jb_ex_draft *draft, const char *number)
{
    struct jb_ex_taken before;
    struct jb_ex_taken *t = &k->result->taken;
    const struct jb_ex_key key = {k->desk->map.system, number, "register"};
    draft->act.foreign_system = key.system;
    draft->act.foreign_number = number;
    enum jb_err err = jb_ex_taken_get(k->desk->store, &key, &before);
    if (err == JB_OK || err == JB_NOT_FOUND)
        err = step(k, &key, &draft->act, t);
    if (err != JB_OK)
        return err;
    bool ours = t->file == k->origin->file && t->row == k->origin->row;
    bool was_there = before.state == JB_EX_DONE || before.state == JB_EX_QUEUED;
    switch (t->state) {
    case JB_EX_DONE:
        k->result->outcome = was_there && !ours ? JB_EX_ROW_KNOWN : JB_EX_ROW_TAKEN;
        break;
    case JB_EX_QUEUED:
        k->result->outcome = was_there && !ours ? JB_EX_ROW_KNOWN : JB_EX_ROW_QUEUED;
        break;
    case JB_EX_REFUSED:
        k->result->outcome = JB_EX_ROW_REFUSED;
        return JB_OK;
    case JB_EX_NEW:
    case JB_EX_INTENT:
        k->result->outcome = JB_EX_ROW_BAD;
        return JB_OK;
    }
    return draft->send_to[0] != '\0' ? hand_on(k, draft, number) : JB_OK;
}

enum jb_err jb_ex_take(struct jb_ex_desk *d, const struct jb_ex_record *r, const char *number,
                       const struct jb_ex_origin *origin, struct jb_ex_result *result,
                       struct jb_fault *fault)
{
    struct taking k = {d, origin, result, fault};
    struct jb_ex_draft draft;
    struct jb_arena arena;
    struct jb_fault why = {""};
    jb_arena_init(&arena, RECORD_MEMORY);
    *result = (struct jb_ex_result){.outcome = JB_EX_ROW_BAD};
    enum jb_err err = jb_ex_draft_read(&d->map, r, &arena, &draft, &why);
    if (err != JB_OK && err != JB_NOMEM) {
        bad(&k, draft.column, why.text);
        err = JB_OK;
    } else if (err == JB_OK) {
        err = act_on(&k, &draft, number != NULL ? number : draft.number);
    }
    if (err != JB_OK && fault->text[0] == '\0')
        (void)jb_fault_set(fault, err, "%s", jb_err_text(err));
    jb_arena_fini(&arena);
    return err;
}

/* ---- the outbox ---- */

static enum jb_err settle_one(struct jb_ex_desk *d, const struct jb_ex_listed *listed,
                              struct jb_fault *fault)
{
    const struct jb_ex_key key = {d->map.system, listed->number, listed->step};
    const struct jiaoban_query q = {
        .size = sizeof q, .number = listed->submission, .on_behalf_of = d->account};
    struct jb_ex_origin nowhere = {0, 0};
    struct jb_ex_result result;
    struct taking k = {d, &nowhere, &result, fault};
    struct jb_ex_taken t;
    struct jiaoban_result *answer = NULL;
    enum jiaoban_status status = jiaoban_get_settled(d->j, &q, &answer);
    const struct jiaoban_settled *s = jiaoban_result_settled(answer);
    enum jb_err err = JB_OK;
    if (s == NULL) {
        err = status == JIAOBAN_NOT_FOUND ? JB_OK : jb_ex_answered(d, status, fault);
    } else if (!s->pending) {
        err = jb_ex_taken_get(d->store, &key, &t);
        if (err == JB_OK)
            verdict_read(&k, s, &t);
        /* the line first: once the record is settled nobody asks again */
        if (err == JB_OK && t.file != 0 && strcmp(key.step, "register") == 0)
            err = jb_ex_line_settle(d->store, &t);
        jb_ex_point(d);
        if (err == JB_OK)
            err = jb_ex_taken_put(d->store, &key, &t);
        jb_ex_point(d);
    }
    jiaoban_result_free(answer);
    return err;
}

enum jb_err jb_ex_settle(struct jb_ex_desk *d, struct jb_fault *fault)
{
    struct jb_ex_listed listed;
    char after[JB_EX_NUMBER_BYTES + 32] = "";
    enum jb_err err = JB_OK;
    d->wait_ms = WAIT_MS;
    while (err == JB_OK && !*d->stop) {
        struct jb_arena arena;
        jb_arena_init(&arena, 16384);
        err = jb_ex_queued_next(d->store, d->map.system, after, &arena, &listed);
        if (err == JB_OK) {
            (void)snprintf(after, sizeof after, "%s\t%s", listed.number, listed.step);
            err = settle_one(d, &listed, fault);
        }
        jb_arena_fini(&arena);
    }
    return err == JB_NOT_FOUND ? JB_OK : err;
}
