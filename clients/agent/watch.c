/* Watchers: clients that are told everything as it happens. A slow one is cut by the endpoint, and
 * nobody waits for it. Who names the last number that it has seen is first told what came after it,
 * out of the replica and no faster than it reads. */
#include "clients/agent/requests.h"

#define BEHIND_ITEMS 64   /* told at once */
#define BEHIND_WAIT_MS 50 /* until it is looked again whether a client has read */

static struct jb_agent_views views_of(struct jb_agent *a, struct jb_arena *arena)
{
    return (struct jb_agent_views){.agent = a, .arena = arena, .now_ms = jb_agent_now(a)};
}

static bool anybody_watches(const struct jb_agent *a)
{
    for (const struct jb_agent_client *c = a->clients; c != NULL; c = c->next)
        if (c->watching)
            return true;
    return false;
}

static void push_one(struct jb_agent *a, struct jb_agent_client *client, Jb__WatchEvent *event,
                     struct jb_arena *arena)
{
    Jb__Reply reply = JB__REPLY__INIT;
    reply.has_id = true;
    reply.id = client->watch_id;
    if (client->feeding) {
        reply.body_case = JB__REPLY__BODY_NEWS;
        reply.news = jb_agent_news_of(a, client, event, arena); /* NULL: the arena says so */
    } else {
        reply.body_case = JB__REPLY__BODY_EVENT;
        reply.event = event;
    }
    jb_agent_reply(client, &reply, arena);
}

/* Who keeps out of the case that it is about is not told; nor anybody when that cannot be found
 * out. */
static bool may_see(struct jb_agent *a, const struct jb_agent_client *c, int64_t case_no)
{
    bool hidden = false;
    if (c->feeding)
        return true;
    enum jb_err err = jb_agent_reader_hides(a, jb_text_of(c->watcher), case_no, &hidden);
    return err == JB_OK && !hidden;
}

static void push(struct jb_agent *a, Jb__WatchEvent *event, struct jb_arena *arena)
{
    for (struct jb_agent_client *c = a->clients; c != NULL; c = c->next)
        if (c->watching && (event->alarm == NULL || c->watch_alarms) &&
            may_see(a, c, event->case_no))
            push_one(a, c, event, arena);
}

/* Those who are behind are told in their turn. */
static void push_item(struct jb_agent *a, Jb__WatchEvent *event, struct jb_arena *arena)
{
    for (struct jb_agent_client *c = a->clients; c != NULL; c = c->next)
        if (c->watching && !c->behind && may_see(a, c, event->case_no))
            push_one(a, c, event, arena);
}

/* Title of the case as it is now; the line says what happened to it. */
static void put_case(const struct jb_agent_views *v, Jb__WatchEvent *event, int64_t case_no)
{
    struct jb_case c;
    JB_PUT(event, case_no, case_no);
    event->number = jb_agent_view_number(v, case_no);
    if (case_no != 0 && jb_ledger_case_load(v->agent->ledger, case_no, v->arena, &c) == JB_OK)
        event->title = jb_agent_view_text(v, c.title);
}

/* History of a case that we join is no news: its present state comes as news of its own. */
static bool is_news(const struct jb_item *item)
{
    return item->kind != 0 && !item->history;
}

/* `settled`: the submission that it settles, if still known. */
static void put_item(const struct jb_agent_views *v, Jb__WatchEvent *event,
                     const struct jb_applied *applied, const struct jb_agent_pending *settled)
{
    int64_t case_no = applied->case_no;
    if (case_no == 0 && settled != NULL)
        case_no = settled->case_no;
    put_case(v, event, case_no);
    JB_PUT(event, stream_number, applied->item.number);
    if (applied->item.kind == JB_ITEM_ENTRY)
        event->item = jb_agent_view_entry(v, &applied->entry, applied->item.number);
    if (applied->item.settles != 0)
        event->settled = jb_agent_view_verdict(v, applied, settled);
}

bool jb_agent_watch_event(const struct jb_agent_views *v, const struct jb_applied *applied,
                          Jb__WatchEvent *event)
{
    jb__watch_event__init(event);
    if (!is_news(&applied->item))
        return false;
    put_item(v, event, applied, NULL);
    return true;
}

void jb_agent_watch_item(struct jb_agent *a, const struct jb_agent_news *news)
{
    if (!is_news(&news->applied.item) || !anybody_watches(a))
        return;
    struct jb_arena arena;
    jb_arena_init(&arena, JB_AGENT_REQUEST_BYTES);
    struct jb_agent_views v = views_of(a, &arena);
    Jb__WatchEvent event = JB__WATCH_EVENT__INIT;
    put_item(&v, &event, &news->applied, news->settled.number != 0 ? &news->settled : NULL);
    push_item(a, &event, &arena);
    jb_arena_fini(&arena);
}

/* ---- those who are behind ---- */

static void tell_again(struct jb_agent *a, struct jb_agent_client *c,
                       const struct jb_applied *applied)
{
    struct jb_arena arena;
    jb_arena_init(&arena, JB_AGENT_REQUEST_BYTES);
    struct jb_agent_views v = views_of(a, &arena);
    Jb__WatchEvent event = JB__WATCH_EVENT__INIT;
    put_item(&v, &event, applied, NULL);
    if (may_see(a, c, event.case_no))
        push_one(a, c, &event, &arena);
    jb_arena_fini(&arena);
}

/* The next items for one client, when it has read those before. false: it has not. */
static bool catch_up(struct jb_agent *a, struct jb_agent_client *c)
{
    struct jb_applied *items = NULL;
    struct jb_arena arena;
    size_t count = 0;
    if (jb_local_peer_queued(c->peer) > 0)
        return false;
    jb_arena_init(&arena, JB_AGENT_REQUEST_BYTES);
    enum jb_err err = jb_replica_items(a->ledger, c->caught, BEHIND_ITEMS, &arena, &items, &count);
    for (size_t i = 0; err == JB_OK && i < count; i++) {
        if (is_news(&items[i].item))
            tell_again(a, c, &items[i]);
        c->caught = items[i].item.number;
    }
    jb_arena_fini(&arena);
    if (err != JB_OK) {
        c->watching = false;
        jb_agent_reply_error(c, c->watch_id, err, jb_err_text(err));
    }
    c->behind = err == JB_OK && count > 0 && c->caught < jb_replica_down(a->ledger).number;
    return true;
}

static void on_behind(uv_timer_t *timer)
{
    struct jb_agent *a = timer->data;
    bool again = false;
    bool moved = false;
    for (struct jb_agent_client *c = a->clients; c != NULL; c = c->next) {
        if (c->behind)
            moved = catch_up(a, c) || moved;
        again = again || c->behind;
    }
    if (again) /* other clients and the line have their turn in between */
        (void)uv_timer_start(timer, on_behind, moved ? 1 : BEHIND_WAIT_MS, 0);
}

enum jb_err jb_agent_watch_start(struct jb_agent *a)
{
    a->watch_timer.data = a;
    return uv_timer_init(a->loop, &a->watch_timer) == 0 ? JB_OK : JB_IO;
}

void jb_agent_watch_stop(struct jb_agent *a)
{
    uv_handle_t *handle = (uv_handle_t *)&a->watch_timer;
    if (handle->type != UV_UNKNOWN_HANDLE && !uv_is_closing(handle))
        uv_close(handle, NULL);
}

bool jb_agent_watch_alarm_event(const struct jb_agent_views *v, const struct jb_alarm *alarm,
                                Jb__WatchEvent *event)
{
    jb__watch_event__init(event);
    put_case(v, event, alarm->case_no);
    event->alarm = jb_agent_view_alarm(v, alarm);
    return event->alarm != NULL;
}

void jb_agent_watch_alarm(struct jb_agent *a, const struct jb_alarm *alarm)
{
    if (!anybody_watches(a))
        return;
    struct jb_arena arena;
    jb_arena_init(&arena, JB_AGENT_REQUEST_BYTES);
    struct jb_agent_views v = views_of(a, &arena);
    Jb__WatchEvent event = JB__WATCH_EVENT__INIT;
    if (jb_agent_watch_alarm_event(&v, alarm, &event))
        push(a, &event, &arena);
    jb_arena_fini(&arena);
}

void jb_agent_watch_line(struct jb_agent *a)
{
    if (a->stopping || !anybody_watches(a))
        return;
    struct jb_arena arena;
    jb_arena_init(&arena, JB_AGENT_REQUEST_BYTES);
    struct jb_agent_views v = views_of(a, &arena);
    Jb__WatchEvent event = JB__WATCH_EVENT__INIT;
    event.status = jb_agent_view_status(&v);
    push(a, &event, &arena);
    jb_arena_fini(&arena);
}

/* From now on this client is told what happens, and before that what came after the number. */
static void begin(struct jb_agent_request *r, uint64_t after)
{
    struct jb_agent_client *c = r->client;
    c->watching = true;
    c->watch_id = r->request->id;
    memcpy(c->watcher, r->user.data, r->user.len);
    c->watcher[r->user.len] = '\0';
    c->caught = after;
    c->behind = after != 0 && after < jb_replica_down(r->agent->ledger).number;
    if (c->behind)
        (void)uv_timer_start(&r->agent->watch_timer, on_behind, 0, 0);
}

void jb_agent_feed_begin(struct jb_agent_request *r, uint64_t after)
{
    r->client->feeding = true;
    r->client->watch_alarms = true;
    begin(r, after);
}

/* The first event is the present state; then what came after the number that was named. */
enum jb_err jb_agent_do_watch(struct jb_agent_request *r, Jb__Reply *reply)
{
    struct jb_agent_views v = jb_agent_request_views(r);
    Jb__WatchEvent *event = jb_arena_alloc(r->arena, sizeof *event);
    if (event == NULL)
        return JB_NOMEM;
    jb__watch_event__init(event);
    event->status = jb_agent_view_status(&v);
    if (event->status == NULL)
        return JB_NOMEM;
    r->client->feeding = false;
    r->client->watch_alarms = r->request->watch->alarms;
    begin(r, r->request->watch->after_number);
    reply->body_case = JB__REPLY__BODY_EVENT;
    reply->event = event;
    return JB_OK;
}
