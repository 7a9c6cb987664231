/* Webhooks for administrators: how they go, what was given up, and once more. */
#include "clients/gateway/handlers.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "clients/gateway/body.h"
#include "clients/gateway/hook.h"
#include "clients/gateway/params.h"
#include "proto/base/log.h"

#define LIST_DEFAULT 100
#define LIST_MAX 1000

/* Takes the object. */
static void show(struct jb_gw_request *r, json_t *object)
{
    char *text = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
    jb_gw_reply_json(r, 200, text);
    free(text);
    json_decref(object);
}

static json_t *digits(int64_t number)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%" PRId64, number);
    return json_string(text);
}

static json_t *target_json(struct jb_gw_request *r, const struct jb_gw_hook_state *s,
                           enum jb_err *err)
{
    int64_t waiting = 0, dead = 0;
    *err = jb_gw_delivery_count(r->gw->store, s->target->name, &waiting, &dead);
    json_t *object =
        json_pack("{s:s, s:s, s:s, s:b, s:o, s:I, s:I, s:s}", "name", s->target->name, "account",
                  s->target->account, "url", s->target->url, "allowed", (int)s->allowed, "number",
                  digits((int64_t)s->number), "waiting", (json_int_t)waiting, "given_up",
                  (json_int_t)dead, "error", s->error);
    if (object != NULL && s->delivered_ms != 0)
        (void)json_object_set_new(object, "delivered_at_ms", digits(s->delivered_ms));
    return object;
}

void jb_gw_get_webhooks(struct jb_gw_request *r)
{
    enum jb_err err = JB_OK;
    json_t *list = json_array();
    for (size_t i = 0; err == JB_OK && i < jb_gw_hooks_count(r->gw->hooks); i++) {
        struct jb_gw_hook_state s = jb_gw_hooks_at(r->gw->hooks, i);
        if (json_array_append_new(list, target_json(r, &s, &err)) != 0)
            err = JB_NOMEM;
    }
    if (err == JB_OK) {
        show(r, json_pack("{s:o}", "webhooks", list));
        return;
    }
    json_decref(list);
    jb_gw_refuse_error(r, err, "webhooks");
}

static bool target_known(struct jb_gw_request *r)
{
    for (size_t i = 0; i < jb_gw_hooks_count(r->gw->hooks); i++)
        if (strcmp(jb_gw_hooks_at(r->gw->hooks, i).target->name, r->numbers[0]) == 0)
            return true;
    jb_gw_refuse(r, JB_GW_NOT_FOUND, "there is no such target: see [webhooks]");
    return false;
}

static json_t *delivery_json(const struct jb_gw_delivery *d)
{
    return json_pack("{s:o, s:s, s:b, s:I, s:o, s:o, s:I, s:s}", "number", digits(d->id),
                     "event_id", d->event_id, "given_up", (int)d->dead, "attempts",
                     (json_int_t)d->attempts, "made_at_ms", digits(d->made_ms), "next_at_ms",
                     digits(d->next_ms), "status", (json_int_t)d->status, "error", d->error);
}

static bool limit_read(struct jb_gw_request *r, uint32_t *limit)
{
    if (!jb_gw_param_u32(r, "limit", limit))
        return false;
    if (*limit >= 1 && *limit <= LIST_MAX)
        return true;
    jb_gw_refuse_field(r, "limit", "must be 1 to 1000");
    return false;
}

static json_t *page_json(const struct jb_gw_delivery *rows, size_t count, bool more)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        if (json_array_append_new(list, delivery_json(&rows[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    json_t *object = json_pack("{s:o}", "deliveries", list);
    if (object != NULL && more && count > 0)
        (void)json_object_set_new(object, "next", digits(rows[count - 1].id));
    return object;
}

void jb_gw_get_deliveries(struct jb_gw_request *r)
{
    bool given_up = false;
    uint32_t limit = LIST_DEFAULT;
    struct jb_gw_cursor after;
    if (!target_known(r) || !jb_gw_param_bool(r, "given_up", &given_up) || !limit_read(r, &limit) ||
        !jb_gw_param_cursor(r, 1, false, &after))
        return;
    size_t count = (size_t)limit + 1;
    struct jb_gw_delivery *rows = jb_arena_alloc(&r->arena, count * sizeof *rows);
    enum jb_err err = rows == NULL ? JB_NOMEM
                                   : jb_gw_delivery_list(r->gw->store, r->numbers[0], given_up,
                                                         after.first, rows, &count);
    if (err != JB_OK)
        jb_gw_refuse_error(r, err, "webhooks");
    else
        show(r, page_json(rows, count > limit ? limit : count, count > limit));
}

void jb_gw_post_replay(struct jb_gw_request *r)
{
    int64_t number = 0;
    int count = 0;
    json_t *body = target_known(r) ? jb_gw_body(r) : NULL;
    bool good = body != NULL && jb_gw_members_known(r, body, "number") &&
                jb_gw_member_i64(r, body, "number", &number);
    json_decref(body);
    if (!good)
        return;
    enum jb_err err =
        jb_gw_delivery_replay(r->gw->store, r->numbers[0], number, jb_gw_now(r->gw), &count);
    if (err != JB_OK) {
        jb_gw_refuse_error(r, err, "webhooks");
        return;
    }
    jb_log(JB_LOG_NOTICE, "gateway", "webhook.replayed", "target=%s count=%d by=\"%s\"",
           r->numbers[0], count, r->caller.user);
    show(r, json_pack("{s:i}", "replayed", count));
    jb_gw_hooks_kick(r->gw->hooks);
}
