/* Administration: accounts, API tokens, the record of log-ins. The dispatcher has asked the agent
 * whether the caller has the right. */
#include "clients/gateway/handlers.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "clients/gateway/account.h"
#include "clients/gateway/body.h"
#include "clients/gateway/lockout.h"
#include "clients/gateway/login.h"
#include "clients/gateway/params.h"
#include "clients/gateway/password.h"
#include "proto/base/log.h"

#define LIST_MAX 1000
#define PAGE_DEFAULT 100
#define HASH_MS 60000

/* ---- JSON ---- */

static int put_i64(json_t *object, const char *name, int64_t value)
{
    char text[32];
    if (value == 0)
        return 0;
    (void)snprintf(text, sizeof text, "%" PRId64, value);
    return json_object_set_new(object, name, json_string(text));
}

static json_t *account_json(struct jb_gw *gw, const struct jb_gw_account *a)
{
    int64_t until_ms = 0;
    if (jb_gw_lock_until(gw->store, a->name, jb_gw_now(gw), &until_ms) != JB_OK)
        return NULL;
    json_t *object = json_pack("{s:s, s:s, s:b, s:b, s:b}", "name", a->name, "display_name",
                               a->display_name, "disabled", a->disabled, "has_password",
                               a->hash != NULL, "must_change_password", a->must_change);
    if (object != NULL && put_i64(object, "created_at_ms", a->created_ms) == 0 &&
        put_i64(object, "changed_at_ms", a->changed_ms) == 0 &&
        put_i64(object, "last_login_at_ms", a->login_ms) == 0 &&
        put_i64(object, "locked_until_ms", until_ms) == 0)
        return object;
    json_decref(object);
    return NULL;
}

static json_t *token_json(const struct jb_gw_token *t)
{
    json_t *scopes = json_array();
    for (enum jb_right right = JB_RIGHT_ANYONE; right < JB_RIGHT_COUNT; right++)
        if ((t->scopes & jb_gw_scope(right)) != 0)
            (void)json_array_append_new(scopes, json_string(jb_right_word(right)));
    json_t *object =
        json_pack("{s:s, s:s, s:o}", "name", t->name, "account", t->account, "scopes", scopes);
    if (object != NULL && put_i64(object, "created_at_ms", t->created_ms) == 0 &&
        put_i64(object, "expires_at_ms", t->expires_ms) == 0 &&
        put_i64(object, "last_used_at_ms", t->used_ms) == 0)
        return object;
    json_decref(object);
    return NULL;
}

/* Takes the object over. */
static void show(struct jb_gw_request *r, unsigned status, json_t *object)
{
    char *text = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
    jb_gw_reply_json(r, status, text);
    free(text);
    json_decref(object);
}

/* ---- accounts ---- */

void jb_gw_get_accounts(struct jb_gw_request *r)
{
    size_t count = LIST_MAX;
    struct jb_gw_account *rows = jb_arena_alloc(&r->arena, count * sizeof *rows);
    enum jb_err err =
        rows == NULL ? JB_NOMEM : jb_gw_account_list(r->gw->store, "", &r->arena, rows, &count);
    json_t *list = json_array();
    for (size_t i = 0; err == JB_OK && i < count; i++)
        if (json_array_append_new(list, account_json(r->gw, &rows[i])) != 0)
            err = JB_NOMEM;
    if (err == JB_OK) {
        show(r, 200, json_pack("{s:o}", "accounts", list));
        return;
    }
    json_decref(list);
    jb_gw_refuse_error(r, err, "accounts");
}

static void show_account(struct jb_gw_request *r, unsigned status, const struct jb_gw_account *a)
{
    char etag[32];
    (void)snprintf(etag, sizeof etag, "\"%" PRId64 "\"", a->version);
    jb_gw_header(r, "ETag", etag);
    show(r, status, account_json(r->gw, a));
}

/* The account of the path; false: refused. */
static bool find(struct jb_gw_request *r, struct jb_gw_account *a)
{
    enum jb_err err = jb_gw_account_get(r->gw->store, r->numbers[0], &r->arena, a);
    if (err == JB_NOT_FOUND)
        jb_gw_refuse(r, JB_GW_NOT_FOUND, "there is no such account");
    else if (err != JB_OK)
        jb_gw_refuse_error(r, err, "accounts");
    return err == JB_OK;
}

void jb_gw_get_account(struct jb_gw_request *r)
{
    struct jb_gw_account a;
    if (find(r, &a))
        show_account(r, 200, &a);
}

/* Is this the version that the caller has seen? */
static bool version_fits(struct jb_gw_request *r, const char *if_match, int64_t version)
{
    char etag[32];
    (void)snprintf(etag, sizeof etag, "\"%" PRId64 "\"", version);
    if (strcmp(if_match, "*") == 0 || strcmp(if_match, etag) == 0)
        return true;
    jb_gw_refuse(r, JB_GW_CHANGED, "it has changed since: look again");
    return false;
}

struct putting {                   /* of an account; outlives the request if need be */
    struct jb_gw_request *request; /* NULL: it is gone */
    struct jb_gw_account account;  /* in its arena */
    bool makes;
    bool ends_sessions;
};

static void forget_putting(struct jb_gw_request *r)
{
    struct putting *p = r->state;
    if (p != NULL)
        p->request = NULL;
}

static void put_now(struct jb_gw_request *r, const struct putting *p)
{
    struct jb_gw_account now;
    enum jb_err err = p->makes ? jb_gw_account_add(r->gw->store, &p->account, jb_gw_now(r->gw))
                               : jb_gw_account_set(r->gw->store, &p->account, p->ends_sessions,
                                                   NULL, jb_gw_now(r->gw));
    if (err == JB_OK) {
        jb_log(JB_LOG_NOTICE, "gateway", p->makes ? "account.made" : "account.changed", "by=\"%s\"",
               r->caller.user);
        err = jb_gw_account_get(r->gw->store, p->account.name, &r->arena, &now);
    }
    if (err == JB_EXISTS || err == JB_OLD)
        jb_gw_refuse(r, JB_GW_CHANGED, "it has changed since: look again");
    else if (err != JB_OK)
        jb_gw_refuse_error(r, err, "accounts");
    else
        show_account(r, p->makes ? 201 : 200, &now);
}

static void on_hashed(void *data, bool good, const char *hash)
{
    struct putting *p = data;
    struct jb_gw_request *r = p->request;
    if (r != NULL) {
        r->state = NULL;
        p->account.hash = hash;
        if (good)
            put_now(r, p);
        else
            jb_gw_refuse_error(r, JB_NOMEM, "the password");
    }
    free(p);
}

/* What the body says, over what there is. */
static bool account_read(struct jb_gw_request *r, struct putting *p, const char **password)
{
    struct jb_gw_account *a = &p->account;
    struct jb_fault fault = {""};
    json_t *body = jb_gw_body(r);
    bool was_disabled = a->disabled;
    bool good =
        body != NULL &&
        jb_gw_members_known(r, body, "display_name password disabled must_change_password") &&
        jb_gw_member_text(r, body, "display_name", JB_GW_DISPLAY_BYTES, false, &a->display_name) &&
        jb_gw_member_text(r, body, "password", JB_GW_PASSWORD_BYTES, false, password) &&
        jb_gw_member_bool(r, body, "disabled", &a->disabled) &&
        jb_gw_member_bool(r, body, "must_change_password", &a->must_change);
    json_decref(body);
    if (good && *password != NULL && jb_gw_password_check(*password, a->name, &fault) != JB_OK) {
        jb_gw_refuse_field(r, "password", fault.text);
        good = false;
    }
    p->ends_sessions = *password != NULL || (a->disabled && !was_disabled);
    return good;
}

static void put_account(struct jb_gw_request *r, const struct putting *p, const char *password)
{
    if (password == NULL) {
        put_now(r, p);
        return;
    }
    struct putting *kept = malloc(sizeof *kept);
    enum jb_err err = JB_NOMEM;
    if (kept != NULL) {
        *kept = *p;
        kept->request = r;
        err = jb_gw_password_make(r->gw->loop, password, on_hashed, kept);
    }
    if (err != JB_OK) {
        free(kept);
        jb_gw_refuse_error(r, err, "the password");
        return;
    }
    r->state = kept;
    r->drop = forget_putting;
    jb_gw_suspend(r, HASH_MS);
}

void jb_gw_put_account(struct jb_gw_request *r)
{
    const char *if_match = jb_gw_request_header(r, "If-Match");
    const char *if_none = jb_gw_request_header(r, "If-None-Match");
    const char *password = NULL;
    struct jb_fault fault = {""};
    struct putting p = {.makes = if_none != NULL && strcmp(if_none, "*") == 0};
    if (!p.makes && if_match == NULL) {
        jb_gw_refuse(r, JB_GW_PRECONDITION, "If-None-Match: * makes one, If-Match changes one");
    } else if (p.makes && jb_gw_name_check(r->numbers[0], &fault) != JB_OK) {
        jb_gw_refuse_field(r, "account", fault.text);
    } else if (p.makes) {
        p.account = (struct jb_gw_account){.name = r->numbers[0], .display_name = ""};
        if (account_read(r, &p, &password))
            put_account(r, &p, password);
    } else if (find(r, &p.account) && version_fits(r, if_match, p.account.version) &&
               account_read(r, &p, &password)) {
        put_account(r, &p, password);
    }
}

void jb_gw_delete_account(struct jb_gw_request *r)
{
    struct jb_gw_account a;
    const char *if_match = jb_gw_request_header(r, "If-Match");
    if (if_match == NULL) {
        jb_gw_refuse(r, JB_GW_PRECONDITION, "If-Match is needed");
        return;
    }
    if (!find(r, &a) || !version_fits(r, if_match, a.version))
        return;
    enum jb_err err = jb_gw_account_drop(r->gw->store, a.name, a.version);
    if (err == JB_OLD)
        jb_gw_refuse(r, JB_GW_CHANGED, "it has changed since: look again");
    else if (err != JB_OK)
        jb_gw_refuse_error(r, err, "accounts");
    else
        jb_gw_reply_empty(r, 204);
}

/* ---- tokens ---- */

void jb_gw_get_tokens(struct jb_gw_request *r)
{
    size_t count = LIST_MAX;
    struct jb_gw_token *rows = jb_arena_alloc(&r->arena, count * sizeof *rows);
    enum jb_err err =
        rows == NULL ? JB_NOMEM : jb_gw_token_list(r->gw->store, "", &r->arena, rows, &count);
    json_t *list = json_array();
    for (size_t i = 0; err == JB_OK && i < count; i++)
        if (json_array_append_new(list, token_json(&rows[i])) != 0)
            err = JB_NOMEM;
    if (err == JB_OK) {
        show(r, 200, json_pack("{s:o}", "tokens", list));
        return;
    }
    json_decref(list);
    jb_gw_refuse_error(r, err, "API tokens");
}

static bool scopes_read(struct jb_gw_request *r, const json_t *list, uint64_t *out)
{
    size_t i;
    json_t *word;
    json_array_foreach((json_t *)(uintptr_t)list, i, word)
    {
        enum jb_right right =
            json_is_string(word) ? jb_gw_scope_parse(json_string_value(word)) : JB_RIGHT_NONE;
        if (right == JB_RIGHT_NONE) {
            jb_gw_refuse_field(r, "scopes", "holds what is no right");
            return false;
        }
        *out |= jb_gw_scope(right);
    }
    if (*out == 0)
        jb_gw_refuse_field(r, "scopes", "must be a list with at least one right");
    return *out != 0;
}

static bool token_read(struct jb_gw_request *r, struct jb_gw_token *t)
{
    struct jb_gw_account account;
    json_t *body = jb_gw_body(r);
    bool good = body != NULL && jb_gw_members_known(r, body, "account scopes expires_at_ms") &&
                jb_gw_member_text(r, body, "account", JB_GW_NAME_BYTES, true, &t->account) &&
                jb_gw_member_i64(r, body, "expires_at_ms", &t->expires_ms) &&
                scopes_read(r, json_object_get(body, "scopes"), &t->scopes);
    json_decref(body);
    if (!good)
        return false;
    enum jb_err err = jb_gw_account_get(r->gw->store, t->account, &r->arena, &account);
    if (err == JB_NOT_FOUND)
        jb_gw_refuse_field(r, "account", "there is no such account");
    else if (err != JB_OK)
        jb_gw_refuse_error(r, err, "accounts");
    return err == JB_OK;
}

void jb_gw_put_token(struct jb_gw_request *r)
{
    struct jb_fault fault = {""};
    char secret[JB_GW_TOKEN_TEXT];
    struct jb_gw_token t = {.name = r->numbers[0]};
    if (jb_gw_name_check(t.name, &fault) != JB_OK) {
        jb_gw_refuse_field(r, "token", fault.text);
        return;
    }
    if (!token_read(r, &t))
        return;
    t.created_ms = jb_gw_now(r->gw);
    enum jb_err err = jb_gw_token_new(r->gw->store, &t, t.created_ms, secret);
    if (err == JB_EXISTS) {
        jb_gw_refuse(r, JB_GW_TAKEN, "there is a token of this name: remove it first");
    } else if (err != JB_OK) {
        jb_gw_refuse_error(r, err, "API tokens");
    } else {
        json_t *object = token_json(&t);
        if (object != NULL)
            (void)json_object_set_new(object, "token", json_string(secret));
        jb_log(JB_LOG_NOTICE, "gateway", "token.made", "by=\"%s\"", r->caller.user);
        show(r, 201, object);
    }
    explicit_bzero(secret, sizeof secret);
}

void jb_gw_delete_token(struct jb_gw_request *r)
{
    enum jb_err err = jb_gw_token_drop(r->gw->store, r->numbers[0]);
    if (err == JB_NOT_FOUND)
        jb_gw_refuse(r, JB_GW_NOT_FOUND, "there is no such token");
    else if (err != JB_OK)
        jb_gw_refuse_error(r, err, "API tokens");
    else
        jb_gw_reply_empty(r, 204);
}

/* ---- log-ins ---- */

static json_t *login_json(const struct jb_gw_login *l)
{
    json_t *object =
        json_pack("{s:s, s:s, s:s, s:s}", "user", l->user, "address", l->address, "method",
                  jb_gw_method_word(l->method), "outcome", jb_gw_outcome_word(l->outcome));
    if (object != NULL && put_i64(object, "number", l->number) == 0 &&
        put_i64(object, "at_ms", l->at_ms) == 0)
        return object;
    json_decref(object);
    return NULL;
}

void jb_gw_get_logins(struct jb_gw_request *r)
{
    uint32_t limit = PAGE_DEFAULT;
    struct jb_gw_cursor before = {.first = 0};
    char next[JB_GW_CURSOR_TEXT] = "";
    if (!jb_gw_param_u32(r, "limit", &limit) || !jb_gw_param_cursor(r, 1, false, &before))
        return;
    size_t count = limit > 0 && limit < LIST_MAX ? limit : LIST_MAX;
    size_t wanted = count;
    struct jb_gw_login *rows = jb_arena_alloc(&r->arena, count * sizeof *rows);
    enum jb_err err =
        rows == NULL ? JB_NOMEM
                     : jb_gw_login_list(r->gw->store, before.first > 0 ? before.first : INT64_MAX,
                                        &r->arena, rows, &count);
    json_t *list = json_array();
    for (size_t i = 0; err == JB_OK && i < count; i++)
        if (json_array_append_new(list, login_json(&rows[i])) != 0)
            err = JB_NOMEM;
    if (err != JB_OK) {
        json_decref(list);
        jb_gw_refuse_error(r, err, "the record of log-ins");
        return;
    }
    json_t *object = json_pack("{s:o}", "logins", list);
    if (object != NULL && count == wanted && rows[count - 1].number > 1) {
        jb_gw_cursor_text(&(struct jb_gw_cursor){.first = rows[count - 1].number}, 1, next);
        (void)json_object_set_new(object, "next", json_string(next));
    }
    show(r, 200, object);
}
