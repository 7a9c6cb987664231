/* See hook.h. */
#include "clients/gateway/hook.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "clients/gateway/feed.h"
#include "clients/gateway/hooksend.h"
#include "proto/base/log.h"

#define LOOK_MS 500
#define RIGHTS_MS 60000
#define WAITING_MAX 100000 /* deliveries of one target; what comes then waits in the stream */

enum phase {
    IDLE,
    FETCHING, /* the event is asked of the agent */
    SENDING
};

struct hook { /* one target */
    struct jb_gw_hooks *all;
    struct jb_gw_hook_target target;
    struct jb_gw_hook_secret secret;
    struct jb_gw_cursor_row cursor;
    struct jb_gw_page taking, fetching;
    enum jb_err batch; /* of what is being taken */
    bool paging, in_batch;
    enum phase phase;
    struct jb_gw_delivery d; /* in hand */
    char *json, *body;       /* owned */
    char signature[JB_GW_SIGNATURE];
    struct jb_gw_post post;
    uint64_t rights_ask;
    int64_t asked_ms;     /* monotonic; 0: never */
    bool allowed, alarms; /* to be told anything; alarms too */
    int64_t delivered_ms;
    char error[JB_GW_HOOK_ERROR];
};

struct jb_gw_hooks {
    struct jb_gw *gw;
    struct jb_gw_sender *sender;
    struct jb_gw_follower follower;
    uv_timer_t timer;
    size_t count;
    struct hook hooks[JB_GW_HOOKS];
};

static void look(struct hook *h);

static void failed(const struct hook *h, const char *what, enum jb_err err)
{
    jb_log(JB_LOG_WARNING, "gateway", "webhook.failed",
           "target=%s what=\"%s\" error=%s detail=\"%s\"", h->target.name, what, jb_err_name(err),
           jb_gw_store_error(h->all->gw->store));
}

/* ---- may it be told anything? ---- */

static bool account_good(const struct hook *h)
{
    struct jb_gw_account account;
    struct jb_arena arena;
    jb_arena_init(&arena, 65536);
    enum jb_err err = jb_gw_account_get(h->all->gw->store, h->target.account, &arena, &account);
    bool good = err == JB_OK && !account.disabled;
    jb_arena_fini(&arena);
    return good;
}

static bool may(const struct jiaoban_result *rights, const char *right)
{
    for (size_t i = 0; i < jiaoban_result_count(rights); i++) {
        const struct jiaoban_right *row = jiaoban_result_right(rights, i);
        if (row != NULL && row->mine && strcmp(row->right, right) == 0)
            return true;
    }
    return false;
}

static void on_rights(struct jiaoban *j, uint64_t id, enum jiaoban_status status,
                      struct jiaoban_result *result, void *data)
{
    struct hook *h = data;
    (void)j;
    (void)id;
    h->rights_ask = 0;
    if (status == JIAOBAN_OK || status == JIAOBAN_DENIED) {
        bool allowed = status == JIAOBAN_OK && may(result, "look") && account_good(h);
        if (allowed != h->allowed)
            jb_log(allowed ? JB_LOG_NOTICE : JB_LOG_WARNING, "gateway",
                   allowed ? "webhook.allowed" : "webhook.not_allowed", "target=%s account=\"%s\"",
                   h->target.name, h->target.account);
        h->allowed = allowed;
        h->alarms = allowed && may(result, "alarms");
    } else {
        h->asked_ms = 0; /* the agent is away: ask again */
    }
    jiaoban_result_free(result);
    if (h->allowed)
        look(h);
}

static void ask_rights(struct hook *h)
{
    struct jiaoban_query q = {.size = sizeof q, .on_behalf_of = h->target.account};
    int64_t now_ms = jb_clock_mono_ms();
    if (h->rights_ask != 0 || (h->asked_ms != 0 && now_ms - h->asked_ms < RIGHTS_MS))
        return;
    h->asked_ms = now_ms;
    if (jiaoban_request_async(jb_gw_link_handle(h->all->gw->link), "rights", &q, on_rights, h,
                              &h->rights_ask) != JIAOBAN_OK) {
        h->rights_ask = 0;
        h->asked_ms = 0;
    }
}

/* ---- taking: from the stream into rows ---- */

static enum jb_err batch_begin(struct hook *h)
{
    if (h->in_batch)
        return JB_OK;
    enum jb_err err = jb_gw_store_begin(h->all->gw->store);
    h->in_batch = err == JB_OK;
    return err;
}

/* All that was taken and how far that was, or nothing of it. */
static enum jb_err batch_end(struct hook *h, enum jb_err err, const struct jb_gw_cursor_row *next)
{
    struct jb_gw_store *store = h->all->gw->store;
    if (err == JB_OK)
        err = batch_begin(h);
    if (err == JB_OK)
        err = jb_gw_hook_cursor_set(store, h->target.name, next);
    if (err == JB_OK)
        err = jb_gw_store_commit(store);
    else if (h->in_batch)
        jb_gw_store_rollback(store);
    h->in_batch = false;
    if (err == JB_OK)
        h->cursor = *next;
    else
        failed(h, "taking events", err);
    return err;
}

static enum jb_err row_add(struct hook *h, const char *epoch, uint64_t number, uint64_t alarm)
{
    struct jb_gw_delivery d = {.number = number, .alarm = alarm, .made_ms = jb_gw_now(h->all->gw)};
    if (alarm != 0)
        (void)snprintf(d.event_id, sizeof d.event_id, "%s-alarm-%" PRIu64, epoch, alarm);
    else if (number != 0)
        (void)snprintf(d.event_id, sizeof d.event_id, "%s-%" PRIu64, epoch, number);
    else
        (void)snprintf(d.event_id, sizeof d.event_id, "%s-reset", epoch);
    enum jb_err err = batch_begin(h);
    return err == JB_OK ? jb_gw_delivery_add(h->all->gw->store, h->target.name, &d) : err;
}

static void on_taken(void *data, const struct jb_gw_event *e, enum jiaoban_status status)
{
    struct hook *h = data;
    struct jb_gw_cursor_row next = h->cursor;
    if (e != NULL) {
        if (h->batch == JB_OK && e->kind != JB_GW_EVENT_STATE &&
            !jb_gw_event_hidden(h->all->gw->feed, e, h->target.account))
            h->batch = row_add(h, h->cursor.epoch, e->number, e->alarm);
        return;
    }
    h->paging = false;
    if (status != JIAOBAN_OK && h->batch == JB_OK)
        h->batch = JB_CLOSED; /* the agent went: nothing of this page counts */
    if (h->taking.alarms)
        next.alarm = (int64_t)h->taking.after;
    else
        next.number = h->taking.after;
    bool more = next.number > h->cursor.number || next.alarm > h->cursor.alarm;
    if (batch_end(h, h->batch, &next) == JB_OK && more)
        look(h);
}

/* A new target begins with what happens from now on; one whose stream was made anew is told so, and
 * then all alarms of the new copy: that the former one was lost is the first. */
static void begin_anew(struct hook *h, const char *epoch)
{
    const struct jb_gw_feed *feed = h->all->gw->feed;
    bool served = h->cursor.epoch[0] != '\0';
    struct jb_gw_cursor_row next = {.number = jb_gw_feed_number(feed),
                                    .alarm = served ? 0 : (int64_t)jb_gw_feed_alarm(feed)};
    (void)snprintf(next.epoch, sizeof next.epoch, "%s", epoch);
    enum jb_err err = served ? row_add(h, epoch, 0, 0) : JB_OK;
    (void)batch_end(h, err, &next);
}

static bool has_room(const struct hook *h)
{
    int64_t waiting = 0, dead = 0;
    return jb_gw_delivery_count(h->all->gw->store, h->target.name, &waiting, &dead) == JB_OK &&
           waiting + dead < WAITING_MAX;
}

static void take(struct hook *h)
{
    struct jb_gw_feed *feed = h->all->gw->feed;
    const char *epoch = jb_gw_feed_epoch(feed);
    if (h->paging || epoch[0] == '\0')
        return;
    if (strcmp(h->cursor.epoch, epoch) != 0) {
        begin_anew(h, epoch);
        return;
    }
    if (h->cursor.alarm < 0) {
        struct jb_gw_cursor_row next = h->cursor;
        next.alarm = (int64_t)jb_gw_feed_alarm(feed);
        (void)batch_end(h, JB_OK, &next);
        return;
    }
    bool alarms = h->alarms && (uint64_t)h->cursor.alarm < jb_gw_feed_alarm(feed);
    if ((!alarms && h->cursor.number >= jb_gw_feed_number(feed)) || !has_room(h))
        return;
    h->taking = (struct jb_gw_page){.alarms = alarms,
                                    .after = alarms ? (uint64_t)h->cursor.alarm : h->cursor.number,
                                    .fn = on_taken,
                                    .data = h};
    h->batch = JB_OK;
    h->paging = jb_gw_feed_page(feed, &h->taking) == JIAOBAN_OK;
}

/* ---- delivering: from rows to the receiver ---- */

static void put_down(struct hook *h)
{
    free(h->json);
    free(h->body);
    h->json = h->body = NULL;
    h->phase = IDLE;
}

static void row_drop(const struct hook *h)
{
    enum jb_err err = jb_gw_delivery_drop(h->all->gw->store, h->d.id);
    if (err != JB_OK) /* it comes once more, under the same id */
        failed(h, "forgetting a delivery", err);
}

/* Later, or never again by itself. */
static void row_put_off(struct hook *h, long status, const char *error, int64_t wait_ms)
{
    const struct jb_gw_config *c = h->all->gw->config;
    struct jb_gw_delivery *d = &h->d;
    d->attempts++;
    d->status = status;
    (void)snprintf(d->error, sizeof d->error, "%s", error);
    d->dead = d->attempts >= c->hook_attempts || status == 410; /* 410: it wants no more of this */
    int64_t later_ms = jb_gw_hook_backoff_ms(d->attempts, c->hook_first_ms, c->hook_longest_ms,
                                             randombytes_uniform(65536));
    d->next_ms = jb_gw_now(h->all->gw) + (wait_ms > later_ms ? wait_ms : later_ms);
    jb_log(d->dead ? JB_LOG_ERROR : JB_LOG_WARNING, "gateway",
           d->dead ? "webhook.given_up" : "webhook.put_off",
           "target=%s id=%s attempts=%" PRId64 " status=%ld error=\"%s\"", h->target.name,
           d->event_id, d->attempts, status, error);
    enum jb_err err = jb_gw_delivery_set(h->all->gw->store, d);
    if (err != JB_OK)
        failed(h, "putting a delivery off", err);
}

static void on_sent(void *data, long status, const char *error, int64_t wait_ms)
{
    struct hook *h = data;
    bool good = status >= 200 && status < 300;
    if (good) {
        h->delivered_ms = jb_gw_now(h->all->gw);
        row_drop(h);
    } else {
        row_put_off(h, status, error, wait_ms);
    }
    if (good || error[0] != '\0')
        (void)snprintf(h->error, sizeof h->error, "%s", error);
    else
        (void)snprintf(h->error, sizeof h->error, "status %ld", status);
    put_down(h);
    look(h);
}

static void send_now(struct hook *h)
{
    const struct jb_gw_agency *agency = jb_gw_link_agency(h->all->gw->link);
    int64_t at_s = jb_gw_now(h->all->gw) / 1000;
    h->body = jb_gw_hook_body(agency->code, &h->d, h->json != NULL ? h->json : "");
    if (h->body == NULL) {
        put_down(h);
        return;
    }
    jb_gw_hook_sign(&h->secret, h->d.event_id, at_s, h->body, h->signature);
    h->post = (struct jb_gw_post){.url = h->target.url,
                                  .id = h->d.event_id,
                                  .signature = h->signature,
                                  .body = h->body,
                                  .at_s = at_s,
                                  .done = on_sent,
                                  .data = h};
    h->phase = SENDING;
    if (jb_gw_post_begin(h->all->sender, &h->post) != JB_OK)
        put_down(h);
}

static void on_fetched(void *data, const struct jb_gw_event *e, enum jiaoban_status status)
{
    struct hook *h = data;
    if (e != NULL) {
        if (e->number == h->d.number && e->alarm == h->d.alarm && h->json == NULL &&
            !jb_gw_event_hidden(h->all->gw->feed, e, h->target.account))
            h->json = strdup(e->json);
        return;
    }
    if (status != JIAOBAN_OK) {
        put_down(h); /* the agent is away: that is no attempt */
    } else if (h->json == NULL) {
        row_drop(h); /* left, erased, or kept from the account by now: nothing to be told */
        put_down(h);
        look(h);
    } else {
        send_now(h);
    }
}

/* Numbers of another copy mean something else. */
static bool is_of_now(const struct hook *h)
{
    size_t len = strlen(h->cursor.epoch);
    return strncmp(h->d.event_id, h->cursor.epoch, len) == 0 && h->d.event_id[len] == '-';
}

static void deliver(struct hook *h)
{
    enum jb_err err = jb_gw_delivery_next(h->all->gw->store, h->target.name, &h->d);
    if (err != JB_OK || h->d.next_ms > jb_gw_now(h->all->gw))
        return;
    if (!is_of_now(h)) {
        row_drop(h);
    } else if (h->d.number == 0 && h->d.alarm == 0) {
        send_now(h);
    } else {
        bool alarm = h->d.alarm != 0;
        h->fetching = (struct jb_gw_page){.alarms = alarm,
                                          .after = (alarm ? h->d.alarm : h->d.number) - 1,
                                          .limit = 1,
                                          .fn = on_fetched,
                                          .data = h};
        if (jb_gw_feed_page(h->all->gw->feed, &h->fetching) == JIAOBAN_OK)
            h->phase = FETCHING;
    }
}

static void look(struct hook *h)
{
    const char *why;
    if (h->all->gw->stopping || !jb_gw_link_here(h->all->gw->link) ||
        !jb_gw_feed_running(h->all->gw->feed, &why))
        return;
    ask_rights(h);
    if (!h->allowed)
        return;
    take(h);
    if (h->phase == IDLE && strcmp(h->cursor.epoch, jb_gw_feed_epoch(h->all->gw->feed)) == 0)
        deliver(h);
}

void jb_gw_hooks_kick(struct jb_gw_hooks *hooks)
{
    for (size_t i = 0; hooks != NULL && i < hooks->count; i++)
        look(&hooks->hooks[i]);
}

static void on_wake(void *data)
{
    jb_gw_hooks_kick(data);
}

static void on_timer(uv_timer_t *timer)
{
    jb_gw_hooks_kick(timer->data);
}

/* ---- life cycle ---- */

static enum jb_err targets_read(struct jb_gw_hooks *all, struct jb_fault *fault)
{
    const struct jb_gw_config *c = all->gw->config;
    const char *list = c->hook_targets;
    char names[JB_GW_HOOKS * (JB_GW_HOOK_NAME + 2) + 2] = " ";
    enum jb_err err = JB_OK;
    while (err == JB_OK && all->count < JB_GW_HOOKS) {
        struct hook *h = &all->hooks[all->count];
        if (!jb_gw_hook_next(&list, &h->target))
            break;
        h->all = all;
        size_t used = strlen(names);
        (void)snprintf(names + used, sizeof names - used, "%s ", h->target.name);
        err = jb_gw_hook_secret_load(c->hook_secrets, h->target.name, &h->secret, fault);
        if (err == JB_OK)
            err = jb_gw_hook_cursor_get(all->gw->store, h->target.name, &h->cursor);
        all->count += err == JB_OK;
    }
    return err == JB_OK ? jb_gw_hook_sweep(all->gw->store, names) : err;
}

enum jb_err jb_gw_hooks_open(struct jb_gw *gw, struct jb_gw_hooks **out, struct jb_fault *fault)
{
    if (gw->config->hook_targets[strspn(gw->config->hook_targets, " \t,")] == '\0')
        return JB_OK;
    struct jb_gw_hooks *all = calloc(1, sizeof *all);
    if (all == NULL)
        return JB_NOMEM;
    all->gw = gw;
    all->timer.data = all;
    if (uv_timer_init(gw->loop, &all->timer) != 0) {
        free(all);
        return JB_IO;
    }
    *out = all;
    enum jb_err err = targets_read(all, fault);
    if (err == JB_OK)
        err = jb_gw_sender_open(gw->loop, gw->config->hook_ca, gw->config->hook_timeout_ms,
                                &all->sender);
    if (err != JB_OK)
        return err;
    all->follower = (struct jb_gw_follower){.wake = on_wake, .data = all};
    jb_gw_feed_follow(gw->feed, &all->follower);
    return uv_timer_start(&all->timer, on_timer, LOOK_MS, LOOK_MS) == 0 ? JB_OK : JB_IO;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void jb_gw_hooks_close(struct jb_gw_hooks **hooks)
{
    struct jb_gw_hooks *all = *hooks;
    if (all == NULL)
        return;
    *hooks = NULL;
    jb_gw_feed_unfollow(&all->follower);
    for (size_t i = 0; i < all->count; i++) {
        struct hook *h = &all->hooks[i];
        jb_gw_feed_page_cancel(all->gw->feed, &h->taking);
        jb_gw_feed_page_cancel(all->gw->feed, &h->fetching);
        if (h->rights_ask != 0 && all->gw->link != NULL)
            jiaoban_cancel(jb_gw_link_handle(all->gw->link), h->rights_ask);
        if (all->sender != NULL)
            jb_gw_post_cancel(all->sender, &h->post);
        put_down(h);
        sodium_memzero(&h->secret, sizeof h->secret);
    }
    jb_gw_sender_close(&all->sender);
    uv_close((uv_handle_t *)&all->timer, on_closed);
}

size_t jb_gw_hooks_count(const struct jb_gw_hooks *hooks)
{
    return hooks != NULL ? hooks->count : 0;
}

struct jb_gw_hook_state jb_gw_hooks_at(const struct jb_gw_hooks *hooks, size_t i)
{
    const struct hook *h = &hooks->hooks[i];
    return (struct jb_gw_hook_state){.target = &h->target,
                                     .allowed = h->allowed,
                                     .number = h->cursor.number,
                                     .delivered_ms = h->delivered_ms,
                                     .error = h->error};
}
