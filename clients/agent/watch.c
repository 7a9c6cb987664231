/* Watchers: clients that are told everything as it happens. A slow one is cut by the endpoint, and
 * nobody waits for it. */
#include "clients/agent/requests.h"

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

static void push_one(struct jb_agent_client *client, Jb__WatchEvent *event, struct jb_arena *arena)
{
    Jb__Reply reply = JB__REPLY__INIT;
    reply.has_id = true;
    reply.id = client->watch_id;
    reply.body_case = JB__REPLY__BODY_EVENT;
    reply.event = event;
    jb_agent_reply(client, &reply, arena);
}

static void push(struct jb_agent *a, Jb__WatchEvent *event, struct jb_arena *arena)
{
    for (struct jb_agent_client *c = a->clients; c != NULL; c = c->next)
        if (c->watching && (event->alarm == NULL || c->watch_alarms))
            push_one(c, event, arena);
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

void jb_agent_watch_item(struct jb_agent *a, const struct jb_agent_news *news)
{
    const struct jb_item *item = &news->applied.item;
    if (item->history || !anybody_watches(a))
        return; /* history of a case that we join: its present state comes as news of its own */
    struct jb_arena arena;
    jb_arena_init(&arena, JB_AGENT_REQUEST_BYTES);
    struct jb_agent_views v = views_of(a, &arena);
    Jb__WatchEvent event = JB__WATCH_EVENT__INIT;
    int64_t case_no = news->applied.case_no != 0 ? news->applied.case_no : news->settled.case_no;
    put_case(&v, &event, case_no);
    if (item->kind == JB_ITEM_ENTRY)
        event.item = jb_agent_view_entry(&v, &news->applied.entry, item->number);
    if (item->settles != 0)
        event.settled = jb_agent_view_verdict(&v, &news->applied,
                                              news->settled.number != 0 ? &news->settled : NULL);
    push(a, &event, &arena);
    jb_arena_fini(&arena);
}

void jb_agent_watch_alarm(struct jb_agent *a, const struct jb_alarm *alarm)
{
    if (!anybody_watches(a))
        return;
    struct jb_arena arena;
    jb_arena_init(&arena, JB_AGENT_REQUEST_BYTES);
    struct jb_agent_views v = views_of(a, &arena);
    Jb__WatchEvent event = JB__WATCH_EVENT__INIT;
    put_case(&v, &event, alarm->case_no);
    event.alarm = jb_agent_view_alarm(&v, alarm);
    if (event.alarm != NULL)
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

/* The first event is the present state: a watcher that comes back sees by its number what it
 * missed. */
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
    r->client->watching = true;
    r->client->watch_alarms = r->request->watch->alarms;
    r->client->watch_id = r->request->id;
    reply->body_case = JB__REPLY__BODY_EVENT;
    reply->event = event;
    return JB_OK;
}
