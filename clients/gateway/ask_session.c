/* Signing in and out, and who is signed in. */
#include "clients/gateway/handlers.h"

#include <inttypes.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "clients/gateway/account.h"
#include "clients/gateway/body.h"
#include "clients/gateway/cookie.h"
#include "clients/gateway/http.h"
#include "clients/gateway/lockout.h"
#include "clients/gateway/login.h"
#include "clients/gateway/password.h"
#include "clients/gateway/result.h"
#include "clients/gateway/route.h"

#define HASH_MS 60000

static void record(struct jb_gw_request *r, const char *user, enum jb_gw_method method,
                   enum jb_gw_outcome outcome)
{
    const struct jb_gw_login row = {.at_ms = jb_gw_now(r->gw),
                                    .user = user,
                                    .address = r->caller.address,
                                    .method = method,
                                    .outcome = outcome};
    enum jb_err err = jb_gw_login_add(r->gw->store, &row);
    if (err != JB_OK)
        jb_gw_refuse_error(r, err, "the record of log-ins"); /* nobody comes in unrecorded */
}

/* ---- the session as JSON ---- */

static int put_i64(json_t *object, const char *name, int64_t value)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%" PRId64, value);
    return json_object_set_new(object, name, json_string(text));
}

static json_t *roles_of(const struct jiaoban_result *result)
{
    const struct jiaoban_rights *rights = jiaoban_result_rights(result);
    json_t *list = json_array();
    for (size_t i = 0; rights != NULL && i < rights->role_count; i++)
        if (rights->roles[i]->mine)
            (void)json_array_append_new(list, json_string(rights->roles[i]->role));
    return list;
}

static json_t *rights_of(const struct jb_gw_request *r, const struct jiaoban_result *result)
{
    json_t *list = json_array();
    for (size_t i = 0; i < jiaoban_result_count(result); i++) {
        const struct jiaoban_right *row = jiaoban_result_right(result, i);
        enum jb_right right =
            row != NULL && row->mine ? jb_gw_scope_parse(row->right) : JB_RIGHT_NONE;
        if (right != JB_RIGHT_NONE && (r->caller.scopes & jb_gw_scope(right)) != 0)
            (void)json_array_append_new(list, json_string(row->right));
    }
    return list;
}

static json_t *session_of(const struct jb_gw_request *r, const struct jiaoban_result *rights)
{
    const struct jb_gw_agency *agency = jb_gw_link_agency(r->gw->link);
    json_t *object =
        json_pack("{s:s, s:s, s:{s:I, s:s, s:s}, s:o, s:o}", "user", r->caller.user, "method",
                  jb_gw_method_word(r->caller.method), "agency", "node", (json_int_t)agency->node,
                  "code", agency->code, "name", agency->name != NULL ? agency->name : "", "roles",
                  roles_of(rights), "rights", rights_of(r, rights));
    int rc = object == NULL;
    if (rc == 0 && agency->level != 0)
        rc = json_object_update_new(json_object_get(object, "agency"),
                                    json_pack("{s:I, s:I}", "level", (json_int_t)agency->level,
                                              "node_kind", (json_int_t)agency->node_kind));
    if (rc == 0 && r->caller.display_name[0] != '\0')
        rc = json_object_set_new(object, "display_name", json_string(r->caller.display_name));
    if (rc == 0 && r->caller.csrf != NULL)
        rc = json_object_set_new(object, "csrf_token", json_string(r->caller.csrf));
    if (rc == 0 && r->caller.expires_ms != 0)
        rc = put_i64(object, "expires_at_ms", r->caller.expires_ms);
    if (rc == 0 && r->caller.must_change)
        rc = json_object_set_new(object, "must_change_password", json_true());
    if (rc == 0)
        return object;
    json_decref(object);
    return NULL;
}

static void show_session(struct jb_gw_request *r, unsigned status,
                         const struct jiaoban_result *rights)
{
    json_t *object = session_of(r, rights);
    char *text = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
    jb_gw_reply_json(r, status, text);
    free(text);
    json_decref(object);
}

static void then_session(struct jb_gw_request *r, enum jiaoban_status status,
                         struct jiaoban_result *result)
{
    if (status == JIAOBAN_OK)
        show_session(r, r->route->verb == JB_GW_POST ? 201 : 200, result);
    else
        jb_gw_refuse_status(r, status);
    jiaoban_result_free(result);
}

void jb_gw_get_session(struct jb_gw_request *r)
{
    jb_gw_ask(r, "rights", NULL, JB_GW_ANSWER_MS, then_session);
}

/* ---- signing in ---- */

struct signing {                   /* outlives the request, if need be */
    struct jb_gw_request *request; /* NULL: it is gone */
    bool known, usable;
    char name[JB_GW_NAME_BYTES + 1];
};

static void forget_signing(struct jb_gw_request *r)
{
    struct signing *s = r->state;
    if (s != NULL)
        s->request = NULL;
}

/* The name is whose the password was. */
static enum jb_err session_begin(struct jb_gw_request *r, const struct signing *s)
{
    char secret[JB_GW_SECRET_TEXT], csrf[JB_GW_SECRET_TEXT];
    struct jb_gw_account account;
    int64_t now_ms = jb_gw_now(r->gw);
    enum jb_err err = jb_gw_lock_clear(r->gw->store, s->name, r->caller.address);
    if (err == JB_OK && r->caller.user[0] != '\0' && r->caller.method == JB_GW_BY_PASSWORD)
        err = jb_gw_session_end(r->gw->store, r->caller.session); /* whatever came with it */
    if (err == JB_OK)
        err = jb_gw_session_new(r->gw->store, s->name, now_ms, secret);
    if (err == JB_OK)
        err = jb_gw_account_get(r->gw->store, s->name, &r->arena, &account);
    if (err == JB_OK)
        err = jb_gw_sql_run(r->gw->store, JB_GW_SQL_ACCOUNT_LOGIN,
                            JB_GW_VALUES(jb_gw_text(s->name), jb_gw_int(now_ms)), NULL);
    if (err != JB_OK)
        return err;
    jb_gw_csrf_of(secret, s->name, csrf);
    r->caller.method = JB_GW_BY_PASSWORD;
    r->caller.user = account.name;
    r->caller.display_name = account.display_name;
    r->caller.must_change = account.must_change;
    r->caller.scopes = UINT64_MAX;
    r->caller.expires_ms = now_ms + r->gw->config->session_longest_ms;
    r->caller.csrf = jb_arena_strndup(&r->arena, csrf, strlen(csrf));
    jb_gw_cookie_set(r, secret);
    sodium_memzero(secret, sizeof secret);
    return r->caller.csrf != NULL ? JB_OK : JB_NOMEM;
}

static void sign_in(struct jb_gw_request *r, const struct signing *s, bool good)
{
    if (!good || !s->usable) {
        r->gw->counts.logins_denied++;
        record(r, s->name, JB_GW_BY_PASSWORD,
               !s->known ? JB_GW_LOGIN_UNKNOWN
               : good    ? JB_GW_LOGIN_DISABLED
                         : JB_GW_LOGIN_WRONG_PASSWORD);
        jb_gw_refuse(r, JB_GW_WRONG_PASSWORD, "after several wrong ones the name is locked");
        return;
    }
    record(r, s->name, JB_GW_BY_PASSWORD, JB_GW_LOGIN_SIGNED_IN);
    enum jb_err err = r->response == NULL ? session_begin(r, s) : JB_OK;
    if (err != JB_OK)
        jb_gw_refuse_error(r, err, "the session");
    if (r->response != NULL)
        return;
    r->gw->counts.logins++;
    jb_gw_ask(r, "rights", NULL, JB_GW_ANSWER_MS, then_session);
}

static void on_verified(void *data, bool good, const char *hash)
{
    struct signing *s = data;
    struct jb_gw_request *r = s->request;
    (void)hash;
    if (r != NULL) {
        r->state = NULL;
        sign_in(r, s, good);
    }
    free(s);
}

/* Begin to look at the password. */
static void verify(struct jb_gw_request *r, const char *name, const char *password)
{
    struct jb_gw_account account = {.name = name};
    struct signing *s = calloc(1, sizeof *s);
    enum jb_err err =
        s == NULL ? JB_NOMEM : jb_gw_account_get(r->gw->store, name, &r->arena, &account);
    if (err == JB_OK || err == JB_NOT_FOUND) {
        s->known = err == JB_OK;
        s->usable = s->known && !account.disabled && account.hash != NULL;
        s->request = r;
        (void)snprintf(s->name, sizeof s->name, "%s", name);
        err = jb_gw_password_verify(r->gw->loop, password, account.hash, on_verified, s);
    }
    if (err != JB_OK) {
        free(s);
        if (err == JB_BUSY)
            jb_gw_refuse(r, JB_GW_OVERLOADED, "too many people sign in at once: try again");
        else
            jb_gw_refuse_error(r, err, "signing in");
        return;
    }
    r->state = s;
    r->drop = forget_signing;
    jb_gw_suspend(r, HASH_MS);
}

void jb_gw_post_session(struct jb_gw_request *r)
{
    struct jb_fault fault = {""};
    const char *name = NULL, *password = NULL;
    int64_t wait_ms = 0;
    json_t *body = jb_gw_body(r);
    bool good = body != NULL && jb_gw_members_known(r, body, "user password") &&
                jb_gw_member_text(r, body, "user", JB_GW_NAME_BYTES, true, &name) &&
                jb_gw_member_text(r, body, "password", JB_GW_PASSWORD_BYTES, true, &password);
    json_decref(body);
    if (!good)
        return;
    if (jb_gw_name_check(name, &fault) != JB_OK) {
        jb_gw_refuse_field(r, "user", fault.text);
        return;
    }
    enum jb_err err = jb_gw_lock_try(r->gw->store, r->gw->config, name, r->caller.address,
                                     jb_gw_now(r->gw), &wait_ms);
    if (err != JB_OK) {
        jb_gw_refuse_error(r, err, "signing in");
    } else if (wait_ms > 0) {
        r->gw->counts.logins_denied++;
        record(r, name, JB_GW_BY_PASSWORD, JB_GW_LOGIN_LOCKED_OUT);
        jb_gw_reply_problem(r, &(struct jb_gw_problem){.kind = JB_GW_LOCKED,
                                                       .detail = "try again later",
                                                       .retry_after_ms = wait_ms});
    } else {
        verify(r, name, password);
    }
}

void jb_gw_delete_session(struct jb_gw_request *r)
{
    enum jb_err err = JB_OK;
    if (r->caller.method == JB_GW_BY_PASSWORD) {
        record(r, r->caller.user, r->caller.method, JB_GW_LOGIN_SIGNED_OUT);
        err = jb_gw_session_end(r->gw->store, r->caller.session);
        jb_gw_cookie_set(r, NULL);
    }
    if (err != JB_OK)
        jb_gw_refuse_error(r, err, "the session");
    else
        jb_gw_reply_empty(r, 204);
}

/* ---- another password ---- */

struct changing {
    struct jb_gw_request *request; /* NULL: it is gone */
    struct jb_gw_account account;  /* in its arena */
    char *new_password;            /* wiped and freed with this */
};

static void changing_end(struct changing *c)
{
    if (c->new_password != NULL) {
        sodium_memzero(c->new_password, strlen(c->new_password));
        free(c->new_password);
    }
    free(c);
}

static void forget_changing(struct jb_gw_request *r)
{
    struct changing *c = r->state;
    if (c != NULL)
        c->request = NULL;
}

static void on_made(void *data, bool good, const char *hash)
{
    struct changing *c = data;
    struct jb_gw_request *r = c->request;
    if (r != NULL) {
        r->state = NULL;
        c->account.hash = hash;
        c->account.must_change = false;
        enum jb_err err = good ? jb_gw_account_set(r->gw->store, &c->account, true,
                                                   r->caller.session, jb_gw_now(r->gw))
                               : JB_NOMEM;
        if (err == JB_OK)
            record(r, c->account.name, r->caller.method, JB_GW_LOGIN_PASSWORD_CHANGED);
        if (err == JB_OLD)
            jb_gw_refuse(r, JB_GW_CHANGED, "the account has changed meanwhile: try again");
        else if (err != JB_OK)
            jb_gw_refuse_error(r, err, "the password");
        else
            jb_gw_reply_empty(r, 204);
    }
    changing_end(c);
}

static void on_old_verified(void *data, bool good, const char *hash)
{
    struct changing *c = data;
    struct jb_gw_request *r = c->request;
    (void)hash;
    if (r == NULL) {
        changing_end(c);
        return;
    }
    enum jb_err err = JB_OK;
    if (good)
        err = jb_gw_lock_clear(r->gw->store, c->account.name, r->caller.address);
    if (good && err == JB_OK)
        err = jb_gw_password_make(r->gw->loop, c->new_password, on_made, c);
    if (good && err == JB_OK)
        return;
    r->state = NULL;
    if (good)
        jb_gw_refuse_error(r, err, "the password");
    else {
        record(r, c->account.name, r->caller.method, JB_GW_LOGIN_WRONG_PASSWORD);
        jb_gw_refuse_field(r, "old", "is not the present password");
    }
    changing_end(c);
}

/* The old one is tried like a log-in: it is locked after several wrong ones. */
static void change(struct jb_gw_request *r, const char *old, const char *new_password)
{
    int64_t wait_ms = 0;
    struct changing *c = calloc(1, sizeof *c);
    enum jb_err err = c == NULL
                          ? JB_NOMEM
                          : jb_gw_account_get(r->gw->store, r->caller.user, &r->arena, &c->account);
    if (err == JB_OK)
        err = jb_gw_lock_try(r->gw->store, r->gw->config, r->caller.user, r->caller.address,
                             jb_gw_now(r->gw), &wait_ms);
    if (err == JB_OK && wait_ms > 0) {
        changing_end(c);
        jb_gw_reply_problem(r, &(struct jb_gw_problem){.kind = JB_GW_LOCKED,
                                                       .detail = "try again later",
                                                       .retry_after_ms = wait_ms});
        return;
    }
    if (err == JB_OK) {
        c->request = r;
        c->new_password = strdup(new_password);
        err = c->new_password == NULL
                  ? JB_NOMEM
                  : jb_gw_password_verify(r->gw->loop, old, c->account.hash, on_old_verified, c);
    }
    if (err != JB_OK) {
        if (c != NULL)
            changing_end(c);
        jb_gw_refuse_error(r, err, "the password");
        return;
    }
    r->state = c;
    r->drop = forget_changing;
    jb_gw_suspend(r, HASH_MS);
}

void jb_gw_put_password(struct jb_gw_request *r)
{
    struct jb_fault fault = {""};
    const char *old = NULL, *new_password = NULL;
    if (r->caller.method != JB_GW_BY_PASSWORD) {
        jb_gw_refuse(r, JB_GW_FORBIDDEN, "this caller has no password here");
        return;
    }
    json_t *body = jb_gw_body(r);
    bool good = body != NULL && jb_gw_members_known(r, body, "old new") &&
                jb_gw_member_text(r, body, "old", JB_GW_PASSWORD_BYTES, true, &old) &&
                jb_gw_member_text(r, body, "new", JB_GW_PASSWORD_BYTES, true, &new_password);
    json_decref(body);
    if (!good)
        return;
    if (jb_gw_password_check(new_password, r->caller.user, &fault) != JB_OK)
        jb_gw_refuse_field(r, "new", fault.text);
    else
        change(r, old, new_password);
}
