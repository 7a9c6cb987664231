/* Templates of documents: who may look at cases reads them, an administrator changes them. */
#include "clients/gateway/handlers.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "clients/gateway/body.h"
#include "clients/gateway/template.h"
#include "proto/base/log.h"

#define ETAG_TEXT 32

static void etag_of(const struct jb_gw_template *t, char out[ETAG_TEXT])
{
    (void)snprintf(out, ETAG_TEXT, "\"%" PRIx64 "\"", (uint64_t)t->version);
}

static json_t *json_of(const struct jb_gw_template *t)
{
    char at[32];
    (void)snprintf(at, sizeof at, "%" PRId64, t->changed_ms);
    return json_pack("{s:s, s:s, s:s, s:s, s:s}", "kind", t->kind, "title", t->title, "body",
                     t->body, "changed_at_ms", at, "changed_by", t->changed_by);
}

/* Takes the object. */
static void show(struct jb_gw_request *r, unsigned status, json_t *object)
{
    char *text = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
    jb_gw_reply_json(r, status, text);
    free(text);
    json_decref(object);
}

static void show_one(struct jb_gw_request *r, unsigned status, const struct jb_gw_template *t)
{
    char etag[ETAG_TEXT];
    etag_of(t, etag);
    jb_gw_header(r, "ETag", etag);
    show(r, status, json_of(t));
}

static bool find(struct jb_gw_request *r, struct jb_gw_template *t)
{
    enum jb_err err = jb_gw_template_get(r->gw->store, r->numbers[0], &r->arena, t);
    if (err == JB_NOT_FOUND)
        jb_gw_refuse(r, JB_GW_NOT_FOUND, "this template has not been changed here");
    else if (err != JB_OK)
        jb_gw_refuse_error(r, err, "templates");
    return err == JB_OK;
}

void jb_gw_get_templates(struct jb_gw_request *r)
{
    size_t count = JB_GW_TEMPLATES;
    struct jb_gw_template *rows = jb_arena_alloc(&r->arena, count * sizeof *rows);
    enum jb_err err =
        rows == NULL ? JB_NOMEM : jb_gw_template_list(r->gw->store, &r->arena, rows, &count);
    json_t *list = json_array();
    for (size_t i = 0; err == JB_OK && i < count; i++)
        if (json_array_append_new(list, json_of(&rows[i])) != 0)
            err = JB_NOMEM;
    if (err == JB_OK) {
        show(r, 200, json_pack("{s:o}", "templates", list));
        return;
    }
    json_decref(list);
    jb_gw_refuse_error(r, err, "templates");
}

void jb_gw_get_template(struct jb_gw_request *r)
{
    struct jb_gw_template t;
    if (find(r, &t))
        show_one(r, 200, &t);
}

static bool version_fits(struct jb_gw_request *r, const struct jb_gw_template *t)
{
    char etag[ETAG_TEXT];
    const char *wanted = jb_gw_request_header(r, "If-Match");
    etag_of(t, etag);
    if (wanted != NULL && (strcmp(wanted, "*") == 0 || strcmp(wanted, etag) == 0))
        return true;
    jb_gw_refuse(r, wanted == NULL ? JB_GW_PRECONDITION : JB_GW_CHANGED,
                 wanted == NULL ? "If-Match is needed" : "it has changed since: look again");
    return false;
}

static bool read_body(struct jb_gw_request *r, struct jb_gw_template *t)
{
    json_t *body = jb_gw_body(r);
    bool good = body != NULL && jb_gw_members_known(r, body, "title body") &&
                jb_gw_member_text(r, body, "title", JB_GW_TEMPLATE_TITLE, true, &t->title) &&
                jb_gw_member_text(r, body, "body", JB_GW_TEMPLATE_BODY, true, &t->body);
    json_decref(body);
    t->kind = r->numbers[0];
    t->changed_ms = jb_gw_now(r->gw);
    t->changed_by = r->caller.user;
    return good;
}

/* Is there room for one more? */
static enum jb_err count_check(struct jb_gw_request *r)
{
    size_t count = JB_GW_TEMPLATES;
    struct jb_gw_template *rows = jb_arena_alloc(&r->arena, count * sizeof *rows);
    enum jb_err err =
        rows == NULL ? JB_NOMEM : jb_gw_template_list(r->gw->store, &r->arena, rows, &count);
    return err == JB_OK && count == JB_GW_TEMPLATES ? JB_FULL : err;
}

static void write_one(struct jb_gw_request *r, struct jb_gw_template *t, bool makes)
{
    int64_t seen = t->version;
    if (!read_body(r, t))
        return;
    enum jb_err err = makes ? count_check(r) : JB_OK;
    if (err == JB_OK)
        err =
            makes ? jb_gw_template_add(r->gw->store, t) : jb_gw_template_set(r->gw->store, t, seen);
    if (err == JB_EXISTS || err == JB_OLD) {
        jb_gw_refuse(r, JB_GW_CHANGED, "it has changed since: look again");
        return;
    }
    if (err != JB_OK) {
        jb_gw_refuse_error(r, err, "templates");
        return;
    }
    jb_log(JB_LOG_NOTICE, "gateway", "template.written", "kind=%s by=\"%s\"", t->kind,
           r->caller.user);
    if (find(r, t))
        show_one(r, makes ? 201 : 200, t);
}

void jb_gw_put_template(struct jb_gw_request *r)
{
    const char *if_none = jb_gw_request_header(r, "If-None-Match");
    struct jb_gw_template t = {.version = 0};
    if (!jb_gw_template_kind_good(r->numbers[0]))
        jb_gw_refuse_field(r, "kind", "must be 1 to 40 lower-case letters and dashes");
    else if (if_none != NULL && strcmp(if_none, "*") == 0)
        write_one(r, &t, true);
    else if (jb_gw_request_header(r, "If-Match") == NULL)
        jb_gw_refuse(r, JB_GW_PRECONDITION, "If-None-Match: * makes one, If-Match changes one");
    else if (find(r, &t) && version_fits(r, &t))
        write_one(r, &t, false);
}

void jb_gw_delete_template(struct jb_gw_request *r)
{
    struct jb_gw_template t;
    if (!find(r, &t) || !version_fits(r, &t))
        return;
    enum jb_err err = jb_gw_template_drop(r->gw->store, t.kind, t.version);
    if (err == JB_OLD) {
        jb_gw_refuse(r, JB_GW_CHANGED, "it has changed since: look again");
    } else if (err != JB_OK) {
        jb_gw_refuse_error(r, err, "templates");
    } else {
        jb_log(JB_LOG_NOTICE, "gateway", "template.dropped", "kind=%s by=\"%s\"", t.kind,
               r->caller.user);
        jb_gw_reply_empty(r, 204);
    }
}
