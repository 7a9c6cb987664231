/* See feed.h. */
#include "clients/gateway/feed.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/base/log.h"

#define KEPT_EVENTS 4096
#define KEPT_BYTES ((size_t)16 * 1024 * 1024)
#define PAGE_EVENTS 64

struct jb_gw_feed {
    struct jb_gw *gw;
    uint64_t ask; /* at the agent; 0: none */
    bool running; /* the first answer has come */
    char *why;    /* it is not; owned, NULL: not asked yet */
    char *epoch;  /* owned; NULL: not known yet */
    uint64_t number, alarm;
    char *state;                            /* owned; NULL: none yet */
    struct jb_gw_event events[KEPT_EVENTS]; /* at index modulo their number */
    uint64_t first, next;
    uint64_t base;       /* everything after this number is kept */
    uint64_t alarm_base; /* every alarm after this one */
    size_t secret_count; /* of the kept ones: are kept from somebody */
    size_t bytes;
    struct jb_gw_follower *followers;
};

/* ---- events ---- */

static void event_free(struct jb_gw_event *e)
{
    for (size_t i = 0; i < e->hidden_count; i++)
        free(e->hidden_from[i]);
    free(e->hidden_from);
    free(e->json);
    *e = (struct jb_gw_event){.json = NULL};
}

static enum jb_gw_event_kind kind_of(const struct jiaoban_news *n)
{
    if (n->alarm != NULL)
        return JB_GW_EVENT_ALARM;
    return n->state != NULL ? JB_GW_EVENT_STATE : JB_GW_EVENT_ITEM;
}

/* A copy of one row; false: no memory. */
static bool event_copy(struct jiaoban_result *result, size_t i, struct jb_gw_event *out)
{
    const struct jiaoban_feed *row = jiaoban_result_feed(result, i);
    const char *json = jiaoban_result_feed_json(result, i);
    if (row == NULL || json == NULL)
        return false;
    *out = (struct jb_gw_event){.kind = kind_of(row->news),
                                .number = row->news->stream_number,
                                .alarm = row->news->alarm != NULL ? row->news->alarm->id : 0,
                                .case_no = row->news->case_no,
                                .json = strdup(json),
                                .hidden_from_all = row->hidden_from_all};
    out->hidden_from = calloc(row->hidden_count + 1, sizeof *out->hidden_from);
    bool good = out->json != NULL && out->hidden_from != NULL;
    for (size_t k = 0; good && k < row->hidden_count; k++) {
        out->hidden_from[k] = strdup(row->hidden_from[k]);
        good = out->hidden_from[k] != NULL;
        out->hidden_count += good;
    }
    if (!good)
        event_free(out);
    return good;
}

static bool is_secret(const struct jb_gw_event *e)
{
    return e->hidden_count > 0 || e->hidden_from_all;
}

static void drop_first(struct jb_gw_feed *feed)
{
    struct jb_gw_event *e = &feed->events[feed->first % KEPT_EVENTS];
    if (e->number > feed->base)
        feed->base = e->number;
    if (e->alarm > feed->alarm_base)
        feed->alarm_base = e->alarm;
    feed->bytes -= strlen(e->json);
    feed->secret_count -= is_secret(e);
    event_free(e);
    feed->first++;
}

static void add(struct jb_gw_feed *feed, struct jb_gw_event *e)
{
    size_t bytes = strlen(e->json);
    while (feed->next - feed->first >= KEPT_EVENTS ||
           (feed->first < feed->next && feed->bytes + bytes > KEPT_BYTES))
        drop_first(feed);
    feed->events[feed->next % KEPT_EVENTS] = *e;
    feed->next++;
    feed->bytes += bytes;
    feed->secret_count += is_secret(e);
    if (e->number > feed->number)
        feed->number = e->number;
    if (e->alarm > feed->alarm)
        feed->alarm = e->alarm;
}

static void wake_all(struct jb_gw_feed *feed)
{
    struct jb_gw_follower *next;
    for (struct jb_gw_follower *f = feed->followers; f != NULL; f = next) {
        next = f->next;
        f->wake(f->data);
    }
}

/* Out of memory for an event: nothing after it may be told as if it had been. */
static void give_up(struct jb_gw_feed *feed, const char *why)
{
    if (feed->ask != 0)
        jiaoban_cancel(jb_gw_link_handle(feed->gw->link), feed->ask);
    feed->ask = 0;
    feed->running = false;
    free(feed->why);
    feed->why = strdup(why);
    jb_log(JB_LOG_WARNING, "gateway", "feed.stopped", "text=\"%s\"", why);
}

/* ---- answers ---- */

/* Numbers of another copy mean something else: what is kept goes. */
static bool epoch_set(struct jb_gw_feed *feed, const char *epoch, uint64_t number)
{
    bool same = feed->epoch != NULL && strcmp(feed->epoch, epoch) == 0 && feed->number <= number;
    if (same)
        return true;
    char *copy = strdup(epoch);
    if (copy == NULL)
        return false;
    while (feed->first < feed->next)
        drop_first(feed);
    free(feed->epoch);
    feed->epoch = copy;
    feed->number = feed->base = number;
    feed->alarm = feed->alarm_base = 0;
    return true;
}

/* What was raised while nobody was connected is not told again: it is asked for in pages. */
static void alarms_missed(struct jb_gw_feed *feed, uint64_t last)
{
    if (last > feed->alarm)
        feed->alarm = feed->alarm_base = last;
}

static bool state_set(struct jb_gw_feed *feed, const char *json)
{
    char *copy = strdup(json);
    if (copy == NULL)
        return false;
    free(feed->state);
    feed->state = copy;
    return true;
}

static bool take_row(struct jb_gw_feed *feed, struct jiaoban_result *result, size_t i)
{
    struct jb_gw_event e;
    const struct jiaoban_feed *row = jiaoban_result_feed(result, i);
    if (row == NULL || !event_copy(result, i, &e))
        return false;
    const struct jiaoban_state *state = row->news->state;
    bool good = state == NULL || state_set(feed, e.json);
    if (good && state != NULL && !feed->running)
        good = epoch_set(feed, state->epoch_hex, state->down_number);
    if (good && state != NULL && feed->number == 0) /* nothing before this was asked for */
        feed->number = feed->base = state->down_number;
    if (good && state != NULL && !feed->running)
        alarms_missed(feed, jiaoban_result_feed_alarm(result));
    bool old = feed->running && ((e.number != 0 && e.number <= feed->number) ||
                                 (e.alarm != 0 && e.alarm <= feed->alarm));
    if (!good || old) {
        event_free(&e); /* told before the connection was lost */
        return good;
    }
    add(feed, &e);
    return true;
}

static void on_feed(struct jiaoban *j, uint64_t id, enum jiaoban_status status,
                    struct jiaoban_result *result, void *data)
{
    struct jb_gw_feed *feed = data;
    bool good = true;
    (void)id;
    if (status != JIAOBAN_OK) {
        give_up(feed, jiaoban_error_text(j));
        feed->ask = 0;
        jiaoban_result_free(result);
        return;
    }
    for (size_t i = 0; good && i < jiaoban_result_count(result); i++)
        good = take_row(feed, result, i);
    jiaoban_result_free(result);
    if (!good) {
        give_up(feed, "out of memory for an event");
        return;
    }
    feed->running = true;
    wake_all(feed);
}

static void begin(struct jb_gw_feed *feed)
{
    struct jiaoban_query q = {.size = sizeof q, .number = feed->number};
    enum jiaoban_status status = jiaoban_request_async(jb_gw_link_handle(feed->gw->link), "feed",
                                                       &q, on_feed, feed, &feed->ask);
    if (status != JIAOBAN_OK)
        feed->ask = 0;
}

void jb_gw_feed_agent(struct jb_gw_feed *feed, bool here)
{
    if (feed != NULL && here && feed->ask == 0)
        begin(feed);
}

/* ---- life cycle ---- */

enum jb_err jb_gw_feed_open(struct jb_gw *gw, struct jb_gw_feed **out)
{
    struct jb_gw_feed *feed = calloc(1, sizeof *feed);
    *out = feed;
    if (feed == NULL)
        return JB_NOMEM;
    feed->gw = gw;
    return JB_OK;
}

void jb_gw_feed_close(struct jb_gw_feed **feed)
{
    struct jb_gw_feed *f = *feed;
    if (f == NULL)
        return;
    *feed = NULL;
    if (f->ask != 0 && f->gw->link != NULL)
        jiaoban_cancel(jb_gw_link_handle(f->gw->link), f->ask);
    while (f->first < f->next)
        drop_first(f);
    free(f->why);
    free(f->epoch);
    free(f->state);
    free(f);
}

/* ---- reading ---- */

bool jb_gw_feed_running(const struct jb_gw_feed *feed, const char **why)
{
    *why = feed->why != NULL ? feed->why : "the agent has not been reached yet";
    return feed->running;
}

const char *jb_gw_feed_epoch(const struct jb_gw_feed *feed)
{
    return feed->epoch != NULL ? feed->epoch : "";
}

uint64_t jb_gw_feed_number(const struct jb_gw_feed *feed)
{
    return feed->number;
}

const char *jb_gw_feed_state(const struct jb_gw_feed *feed)
{
    return feed->state != NULL ? feed->state : "";
}

uint64_t jb_gw_feed_first(const struct jb_gw_feed *feed)
{
    return feed->first;
}

uint64_t jb_gw_feed_next(const struct jb_gw_feed *feed)
{
    return feed->next;
}

const struct jb_gw_event *jb_gw_feed_at(const struct jb_gw_feed *feed, uint64_t index)
{
    return index >= feed->first && index < feed->next ? &feed->events[index % KEPT_EVENTS] : NULL;
}

uint64_t jb_gw_feed_alarm(const struct jb_gw_feed *feed)
{
    return feed->alarm;
}

uint64_t jb_gw_feed_alarms_base(const struct jb_gw_feed *feed)
{
    return feed->alarm_base;
}

uint64_t jb_gw_feed_index_after(const struct jb_gw_feed *feed, uint64_t number, uint64_t alarm)
{
    if (number < feed->base || alarm < feed->alarm_base)
        return JB_GW_FEED_OLDER;
    for (uint64_t i = feed->first; i < feed->next; i++) {
        const struct jb_gw_event *e = &feed->events[i % KEPT_EVENTS];
        if (e->number > number || e->alarm > alarm)
            return i;
    }
    return feed->next;
}

/* The newest kept event about the same case; the event itself when there is none. */
static const struct jb_gw_event *latest_of_case(const struct jb_gw_feed *feed,
                                                const struct jb_gw_event *event)
{
    for (uint64_t i = feed->next; i > feed->first; i--) {
        const struct jb_gw_event *e = &feed->events[(i - 1) % KEPT_EVENTS];
        if (e->case_no == event->case_no && e->number >= event->number)
            return e;
    }
    return event;
}

bool jb_gw_event_hidden(const struct jb_gw_feed *feed, const struct jb_gw_event *event,
                        const char *person)
{
    if (feed->secret_count > 0 && event->case_no != 0)
        event = latest_of_case(feed, event);
    for (size_t i = 0; i < event->hidden_count; i++)
        if (strcmp(event->hidden_from[i], person) == 0)
            return true;
    return event->hidden_from_all;
}

void jb_gw_feed_follow(struct jb_gw_feed *feed, struct jb_gw_follower *f)
{
    f->next = feed->followers;
    f->link = &feed->followers;
    if (f->next != NULL)
        f->next->link = &f->next;
    feed->followers = f;
}

void jb_gw_feed_unfollow(struct jb_gw_follower *f)
{
    if (f->link == NULL)
        return;
    *f->link = f->next;
    if (f->next != NULL)
        f->next->link = f->link;
    f->link = NULL;
}

/* ---- pages ---- */

static void on_page(struct jiaoban *j, uint64_t id, enum jiaoban_status status,
                    struct jiaoban_result *result, void *data)
{
    struct jb_gw_page *page = data;
    (void)j;
    (void)id;
    page->ask = 0;
    for (size_t i = 0; status == JIAOBAN_OK && i < jiaoban_result_count(result); i++) {
        struct jb_gw_event e;
        if (!event_copy(result, i, &e)) {
            status = JIAOBAN_NOMEM;
            break;
        }
        page->fn(page->data, &e, JIAOBAN_OK);
        page->after = page->alarms ? e.alarm : e.number;
        event_free(&e);
    }
    if (status == JIAOBAN_OK)
        page->after = jiaoban_result_feed_number(result);
    jiaoban_result_free(result);
    page->fn(page->data, NULL, status);
}

enum jiaoban_status jb_gw_feed_page(struct jb_gw_feed *feed, struct jb_gw_page *page)
{
    struct jiaoban_query q = {.size = sizeof q, .number = page->after, .alarms = page->alarms};
    q.limit = page->limit != 0 ? page->limit : PAGE_EVENTS;
    return jiaoban_request_async(jb_gw_link_handle(feed->gw->link), "news", &q, on_page, page,
                                 &page->ask);
}

void jb_gw_feed_page_cancel(struct jb_gw_feed *feed, struct jb_gw_page *page)
{
    if (page->ask != 0 && feed != NULL && feed->gw->link != NULL)
        jiaoban_cancel(jb_gw_link_handle(feed->gw->link), page->ask);
    page->ask = 0;
}
