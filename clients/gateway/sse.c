/* See sse.h. */
#include "clients/gateway/sse.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "clients/gateway/feed.h"
#include "clients/gateway/handlers.h"
#include "clients/gateway/http.h"
#include "clients/gateway/params.h"
#include "clients/gateway/result.h"
#include "proto/base/log.h"

#define LOOK_MS 5000
#define PING_MS 15000     /* a comment after so much silence */
#define RIGHTS_MS 60000   /* roles may have changed */
#define BLOCK_BYTES 16384 /* asked of a stream at once */
#define AHEAD_BYTES 65536 /* prepared for a stream at once */
#define STREAMS_OF_ONE 16
#define ID_BYTES 64

struct stream {
    struct jb_gw_request *request;
    struct stream *next, **link;
    struct jb_gw_follower follower;
    struct jb_gw_page page; /* while what is to be told is older than what is kept */
    bool paging;
    uint64_t index;  /* next one of the feed */
    uint64_t number; /* last one told or looked at */
    uint64_t alarm;  /* likewise; UINT64_MAX: it is told none */
    char epoch[ID_BYTES];
    bool over;
    char *text; /* for the reader; owned */
    size_t len, room, sent;
    int64_t told_ms, asked_ms; /* monotonic */
    uint64_t rights_ask;
};

struct jb_gw_streams {
    struct jb_gw *gw;
    struct stream *all;
    size_t count;
    uv_timer_t timer;
};

/* ---- text ---- */

static void end(struct stream *s)
{
    s->over = true;
    jb_gw_resume(s->request);
}

static void put(struct stream *s, const char *text)
{
    size_t len = strlen(text);
    size_t room = s->room == 0 ? 4096 : s->room;
    if (s->sent == s->len)
        s->sent = s->len = 0;
    while (room < s->len + len)
        room *= 2;
    char *grown = room != s->room ? realloc(s->text, room) : s->text;
    if (grown == NULL) {
        s->over = true; /* the reader comes back with its last id */
        return;
    }
    s->text = grown;
    s->room = room;
    memcpy(s->text + s->len, text, len);
    s->len += len;
    s->told_ms = jb_clock_mono_ms();
}

static bool told_alarms(const struct stream *s)
{
    return s->alarm != UINT64_MAX;
}

/* The id says how far the reader is: in the stream, and for who is told alarms in those too. */
static void put_event(struct stream *s, const char *type, bool with_id, const char *json)
{
    char line[2 * ID_BYTES];
    if (with_id && told_alarms(s)) {
        (void)snprintf(line, sizeof line, "id: %s-%" PRIu64 ".%" PRIu64 "\n", s->epoch, s->number,
                       s->alarm);
        put(s, line);
    } else if (with_id) {
        (void)snprintf(line, sizeof line, "id: %s-%" PRIu64 "\n", s->epoch, s->number);
        put(s, line);
    }
    (void)snprintf(line, sizeof line, "event: %s\ndata: ", type);
    put(s, line);
    put(s, json);
    put(s, "\n\n");
}

/* States are told to whoever is there; an item or alarm once. */
static bool is_new(const struct stream *s, const struct jb_gw_event *e)
{
    switch (e->kind) {
    case JB_GW_EVENT_ITEM:
        return e->number > s->number;
    case JB_GW_EVENT_ALARM:
        return e->alarm > s->alarm;
    default:
        return true;
    }
}

static void tell(struct stream *s, const struct jb_gw_event *e)
{
    static const char *const types[] = {"item", "alarm", "state"};
    if (!is_new(s, e))
        return;
    if (e->number > s->number)
        s->number = e->number;
    if (e->alarm > s->alarm)
        s->alarm = e->alarm;
    if (!jb_gw_event_hidden(s->request->gw->feed, e, s->request->caller.user))
        put_event(s, types[e->kind], e->kind != JB_GW_EVENT_STATE, e->json);
}

/* ---- where it goes on ---- */

static size_t waiting(const struct stream *s)
{
    return s->len - s->sent;
}

static void epoch_copy(struct stream *s)
{
    (void)snprintf(s->epoch, sizeof s->epoch, "%s", jb_gw_feed_epoch(s->request->gw->feed));
}

/* What it knows is of no use any more. */
static void reset(struct stream *s)
{
    const struct jb_gw_feed *feed = s->request->gw->feed;
    epoch_copy(s);
    s->number = jb_gw_feed_number(feed);
    if (told_alarms(s))
        s->alarm = jb_gw_feed_alarm(feed);
    s->index = jb_gw_feed_next(feed);
    put_event(s, "reset", true, "{}");
}

static void on_page(void *data, const struct jb_gw_event *e, enum jiaoban_status status);

static void page(struct stream *s)
{
    bool alarms = s->alarm < jb_gw_feed_alarms_base(s->request->gw->feed);
    s->page = (struct jb_gw_page){
        .alarms = alarms, .after = alarms ? s->alarm : s->number, .fn = on_page, .data = s};
    s->paging = true;
    if (jb_gw_feed_page(s->request->gw->feed, &s->page) != JIAOBAN_OK)
        s->over = true; /* the agent is away: the reader comes back */
}

/* More into the text, as long as there is some and the reader takes it. */
static void fill(struct stream *s)
{
    const struct jb_gw_feed *feed = s->request->gw->feed;
    const char *why;
    if (s->over || s->paging || !jb_gw_feed_running(feed, &why))
        return;
    if (strcmp(s->epoch, jb_gw_feed_epoch(feed)) != 0)
        reset(s);
    if (s->index < jb_gw_feed_first(feed) || s->index == JB_GW_FEED_OLDER)
        s->index = jb_gw_feed_index_after(feed, s->number, s->alarm); /* too slow, or come back */
    if (s->index == JB_GW_FEED_OLDER || s->alarm < jb_gw_feed_alarms_base(feed)) {
        page(s);
        return;
    }
    while (!s->over && waiting(s) < AHEAD_BYTES && s->index < jb_gw_feed_next(feed)) {
        const struct jb_gw_event *e = jb_gw_feed_at(feed, s->index++);
        if (e != NULL)
            tell(s, e);
    }
}

static void on_page(void *data, const struct jb_gw_event *e, enum jiaoban_status status)
{
    struct stream *s = data;
    if (e != NULL) {
        tell(s, e);
        return;
    }
    uint64_t *reached = s->page.alarms ? &s->alarm : &s->number;
    s->paging = false;
    if (status != JIAOBAN_OK)
        s->over = true;
    else if (s->page.after > *reached)
        *reached = s->page.after;
    jb_gw_resume(s->request);
}

static void on_wake(void *data)
{
    struct stream *s = data;
    if (!s->paging)
        jb_gw_resume(s->request);
}

/* ---- the HTTP library asks ---- */

static ssize_t on_read(void *cls, uint64_t position, char *out, size_t max)
{
    struct stream *s = cls;
    (void)position;
    if (waiting(s) == 0)
        fill(s);
    if (waiting(s) == 0 && (s->over || s->request->gw->stopping))
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (waiting(s) == 0) {
        jb_gw_suspend(s->request, 0);
        return 0;
    }
    size_t n = waiting(s) < max ? waiting(s) : max;
    memcpy(out, s->text + s->sent, n);
    s->sent += n;
    return (ssize_t)n;
}

/* ---- begin and end ---- */

static void stream_free(struct jb_gw_request *r)
{
    struct stream *s = r->state;
    if (s == NULL)
        return;
    r->state = NULL;
    jb_gw_feed_page_cancel(r->gw->feed, &s->page);
    if (s->rights_ask != 0 && r->gw->link != NULL)
        jiaoban_cancel(jb_gw_link_handle(r->gw->link), s->rights_ask);
    jb_gw_feed_unfollow(&s->follower);
    *s->link = s->next;
    if (s->next != NULL)
        s->next->link = s->link;
    r->gw->streams->count--;
    free(s->text);
    free(s);
}

/* "EPOCH-NUMBER" or "EPOCH-NUMBER.ALARM" of the last event that was seen; false: it is none of this
 * copy's. */
static bool id_read(struct stream *s, const char *id)
{
    const struct jb_gw_feed *feed = s->request->gw->feed;
    const char *epoch = jb_gw_feed_epoch(feed);
    size_t len = strlen(epoch);
    char first[ID_BYTES] = "";
    uint64_t number = 0;
    uint64_t alarm = jb_gw_feed_alarm(feed);
    if (strncmp(id, epoch, len) != 0 || id[len] != '-')
        return false;
    id += len + 1;
    size_t digits = strcspn(id, ".");
    if (digits < sizeof first)
        memcpy(first, id, digits);
    if (!jb_gw_u64_read(first, &number) || number > jb_gw_feed_number(feed) ||
        (id[digits] == '.' &&
         (!jb_gw_u64_read(id + digits + 1, &alarm) || alarm > jb_gw_feed_alarm(feed))))
        return false;
    s->number = number;
    if (told_alarms(s))
        s->alarm = alarm;
    return true;
}

static bool alarms_wanted(struct jb_gw_request *r)
{
    const char *alarms = jb_gw_param(&r->target, "alarms");
    return alarms != NULL && strcmp(alarms, "true") == 0 &&
           (r->caller.scopes & jb_gw_scope(JB_RIGHT_ALARMS)) != 0;
}

static void begin(struct jb_gw_request *r, const char *id, bool alarms)
{
    struct jb_gw_streams *all = r->gw->streams;
    struct stream *s = calloc(1, sizeof *s);
    struct MHD_Response *response =
        s == NULL
            ? NULL
            : MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, on_read, s, NULL);
    if (response == NULL) {
        free(s);
        jb_gw_refuse_error(r, JB_NOMEM, "the stream");
        return;
    }
    *s = (struct stream){.request = r,
                         .next = all->all,
                         .link = &all->all,
                         .number = jb_gw_feed_number(r->gw->feed),
                         .alarm = alarms ? jb_gw_feed_alarm(r->gw->feed) : UINT64_MAX,
                         .index = jb_gw_feed_next(r->gw->feed),
                         .asked_ms = jb_clock_mono_ms()};
    if (s->next != NULL)
        s->next->link = &s->next;
    all->all = s;
    all->count++;
    r->state = s;
    r->drop = stream_free;
    r->endless = true;
    s->follower = (struct jb_gw_follower){.wake = on_wake, .data = s};
    jb_gw_feed_follow(r->gw->feed, &s->follower);
    epoch_copy(s);
    if (id != NULL && id_read(s, id)) {
        put_event(s, "state", true, jb_gw_feed_state(r->gw->feed));
        s->index = JB_GW_FEED_OLDER; /* until it is looked for */
    } else if (id != NULL) {
        reset(s);
    } else {
        put_event(s, "state", true, jb_gw_feed_state(r->gw->feed));
    }
    jb_gw_header(r, "Content-Type", "text/event-stream");
    jb_gw_header(r, "X-Accel-Buffering", "no"); /* nginx passes it on as it comes */
    jb_gw_reply_response(r, 200, response);
}

/* A reader that has closed its end: while its connection is suspended the library does not notice.
 */
static bool is_gone(const struct stream *s)
{
    char byte;
    int fd = jb_gw_request_fd(s->request);
    ssize_t n = fd < 0 ? 0 : recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

/* ---- who may ---- */

static bool may(const struct jiaoban_result *rights, enum jb_right right)
{
    for (size_t i = 0; i < jiaoban_result_count(rights); i++) {
        const struct jiaoban_right *row = jiaoban_result_right(rights, i);
        if (row != NULL && row->mine && strcmp(row->right, jb_right_word(right)) == 0)
            return true;
    }
    return false;
}

/* Alarms are for who may see them; others are told what happens all the same. */
static bool may_all(const struct stream *s, const struct jiaoban_result *rights)
{
    return may(rights, JB_RIGHT_LOOK) && (!told_alarms(s) || may(rights, JB_RIGHT_ALARMS));
}

static void then_begin(struct jb_gw_request *r, enum jiaoban_status status,
                       struct jiaoban_result *result)
{
    const char *why;
    const char *id = jb_gw_request_header(r, "Last-Event-ID");
    if (id == NULL)
        id = jb_gw_param(&r->target, "after");
    if (status != JIAOBAN_OK)
        jb_gw_refuse_status(r, status);
    else if (!may(result, JB_RIGHT_LOOK))
        jb_gw_reply_problem(r, &(struct jb_gw_problem){.kind = JB_GW_FORBIDDEN,
                                                       .detail = "this takes the right look",
                                                       .code = "DENIED"});
    else if (!jb_gw_feed_running(r->gw->feed, &why))
        jb_gw_reply_problem(r, &(struct jb_gw_problem){
                                   .kind = JB_GW_AWAY, .detail = why, .retry_after_ms = LOOK_MS});
    else
        begin(r, id, alarms_wanted(r) && may(result, JB_RIGHT_ALARMS));
    jiaoban_result_free(result);
}

/* Those that are gone do not count. */
static size_t streams_of(const struct jb_gw_streams *all, const char *user)
{
    size_t count = 0;
    for (const struct stream *s = all->all; s != NULL; s = s->next)
        count += strcmp(s->request->caller.user, user) == 0 && !s->over && !is_gone(s);
    return count;
}

void jb_gw_get_events(struct jb_gw_request *r)
{
    const struct jb_gw_streams *all = r->gw->streams;
    bool alarms = false;
    if (!jb_gw_param_bool(r, "alarms", &alarms))
        return;
    if (all->count >= (size_t)r->gw->config->streams ||
        streams_of(all, r->caller.user) >= STREAMS_OF_ONE) {
        jb_gw_reply_problem(r, &(struct jb_gw_problem){.kind = JB_GW_BUSY,
                                                       .detail = "too many readers of events",
                                                       .retry_after_ms = LOOK_MS});
        return;
    }
    jb_gw_ask(r, "rights", NULL, JB_GW_ANSWER_MS, then_begin);
}

/* ---- now and then ---- */

static void on_rights(struct jiaoban *j, uint64_t id, enum jiaoban_status status,
                      struct jiaoban_result *result, void *data)
{
    struct stream *s = data;
    (void)j;
    (void)id;
    s->rights_ask = 0;
    if (status == JIAOBAN_OK && !may_all(s, result))
        end(s); /* it may come back, for what it may be told by now */
    jiaoban_result_free(result);
}

static void look_at(struct stream *s, int64_t now_ms)
{
    struct jiaoban_query q = {.size = sizeof q, .on_behalf_of = s->request->caller.user};
    if (is_gone(s) || !jb_gw_caller_still(s->request)) {
        end(s);
        return;
    }
    if (now_ms - s->asked_ms >= RIGHTS_MS && s->rights_ask == 0) {
        s->asked_ms = now_ms;
        if (jiaoban_request_async(jb_gw_link_handle(s->request->gw->link), "rights", &q, on_rights,
                                  s, &s->rights_ask) != JIAOBAN_OK)
            s->rights_ask = 0;
    }
    if (now_ms - s->told_ms >= PING_MS && waiting(s) == 0 && !s->paging) {
        put(s, ": ping\n\n"); /* a reader that is gone is found out by this */
        jb_gw_resume(s->request);
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct jb_gw_streams *all = timer->data;
    int64_t now_ms = jb_clock_mono_ms();
    for (struct stream *s = all->all; s != NULL; s = s->next)
        look_at(s, now_ms);
}

enum jb_err jb_gw_streams_open(struct jb_gw *gw, struct jb_gw_streams **out)
{
    struct jb_gw_streams *all = calloc(1, sizeof *all);
    if (all == NULL)
        return JB_NOMEM;
    all->gw = gw;
    all->timer.data = all;
    if (uv_timer_init(gw->loop, &all->timer) != 0) {
        free(all);
        return JB_IO;
    }
    *out = all;
    return uv_timer_start(&all->timer, on_timer, LOOK_MS, LOOK_MS) == 0 ? JB_OK : JB_IO;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void jb_gw_streams_close(struct jb_gw_streams **streams)
{
    struct jb_gw_streams *all = *streams;
    if (all == NULL)
        return;
    *streams = NULL;
    uv_close((uv_handle_t *)&all->timer, on_closed);
}

size_t jb_gw_streams_count(const struct jb_gw_streams *streams)
{
    return streams->count;
}
