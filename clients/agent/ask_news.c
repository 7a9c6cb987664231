/* Everybody's watching in one, for a gateway that tells many people: each event once, with those
 * from whom it is kept. Recusal (Art 28(3)) is decided here; the gateway only obeys. */
#include "clients/agent/requests.h"

#define PAGE_MAX 256
#define SCRATCH_BYTES ((size_t)16 * 1024 * 1024)

/* The person behind this account that a mark means; length 0: none of this account's. */
static struct jb_text person_of(struct jb_text mark, const char *account)
{
    const char *slash = memchr(mark.data, '/', mark.len);
    size_t len = slash != NULL ? (size_t)(slash - mark.data) : 0;
    if (slash == NULL)
        return mark;
    if (!jb_text_equal((struct jb_text){mark.data, len}, jb_text_of(account)))
        return (struct jb_text){NULL, 0};
    return (struct jb_text){slash + 1, mark.len - len - 1};
}

static enum jb_err put_hidden(struct jb_agent *a, const struct jb_case *c, const char *account,
                              Jb__NewsView *w, struct jb_arena *arena)
{
    w->hidden_from = jb_agent_view_array(arena, c->mark_count);
    if (w->hidden_from == NULL)
        return JB_NOMEM;
    for (size_t i = 0; i < c->mark_count; i++) {
        const struct jb_mark *mark = &c->marks[i];
        if (mark->kind != JB_MARK_RECUSED || mark->node != jb_replica_node(a->ledger))
            continue;
        struct jb_text person = person_of(mark->text, account);
        if (mark->text.len == 0 || jb_text_equal(mark->text, jb_text_of(account)))
            JB_PUT(w, hidden_from_all, true);
        if (person.len == 0)
            continue;
        w->hidden_from[w->n_hidden_from] = jb_arena_strndup(arena, person.data, person.len);
        if (w->hidden_from[w->n_hidden_from++] == NULL)
            return JB_NOMEM;
    }
    return JB_OK;
}

/* Who keeps out of the case, with what waits in the outbox; nobody is told when that cannot be
 * found out. */
static enum jb_err hide(struct jb_agent *a, const char *account, Jb__NewsView *w,
                        struct jb_arena *arena)
{
    struct jb_agent_overlay_maker m = jb_agent_overlay_maker(a);
    struct jb_agent_overlay o;
    struct jb_arena scratch;
    int64_t case_no = w->event->case_no;
    if (case_no == 0)
        return JB_OK;
    jb_arena_init(&scratch, SCRATCH_BYTES);
    bool waits = jb_agent_pendings_of_case(&a->pending, case_no) > 0;
    enum jb_err err = jb_agent_overlay_load(&m, case_no, waits, &scratch, &o);
    if (err == JB_OK)
        err = put_hidden(a, &o.c, account, w, arena);
    else
        JB_PUT(w, hidden_from_all, true);
    jb_arena_fini(&scratch);
    return err == JB_NOMEM && arena->overflowed ? err : JB_OK;
}

static Jb__NewsView *view(struct jb_agent *a, const char *account, Jb__WatchEvent *event,
                          struct jb_arena *arena)
{
    Jb__NewsView *w = jb_arena_alloc(arena, sizeof *w);
    if (w == NULL)
        return NULL;
    jb__news_view__init(w);
    w->event = event;
    return hide(a, account, w, arena) == JB_OK ? w : NULL;
}

Jb__NewsList *jb_agent_news_of(struct jb_agent *a, const struct jb_agent_client *gateway,
                               Jb__WatchEvent *event, struct jb_arena *arena)
{
    Jb__NewsList *list = jb_arena_alloc(arena, sizeof *list);
    if (list == NULL)
        return NULL;
    jb__news_list__init(list);
    list->news = jb_agent_view_array(arena, 1);
    if (list->news == NULL)
        return NULL;
    list->news[0] = view(a, gateway->watcher, event, arena);
    list->n_news = list->news[0] != NULL;
    JB_PUT(list, number, event->stream_number);
    return list->n_news == 1 ? list : NULL;
}

/* ---- the request ---- */

static size_t page_rows(const Jb__GetNews *asked)
{
    size_t wanted = jb_agent_rows_wanted(asked->has_limit, asked->limit);
    return wanted < PAGE_MAX ? wanted : PAGE_MAX;
}

static enum jb_err put_alarms(struct jb_agent_request *r, Jb__NewsList *list)
{
    const Jb__GetNews *asked = r->request->news;
    struct jb_agent_views v = jb_agent_request_views(r);
    struct jb_agent_alarms found = {.count = 0};
    enum jb_err err =
        jb_agent_alarm_page(r->agent, asked->after_number, page_rows(asked), r->arena, &found);
    if (err != JB_OK)
        return err;
    list->news = jb_agent_view_array(r->arena, found.count);
    JB_PUT(list, number, found.last);
    JB_PUT(list, more, found.more);
    for (size_t i = 0; list->news != NULL && i < found.count; i++) {
        Jb__WatchEvent *event = jb_arena_alloc(r->arena, sizeof *event);
        if (event == NULL || !jb_agent_watch_alarm_event(&v, &found.alarms[i], event))
            return JB_NOMEM;
        list->news[list->n_news] = view(r->agent, r->user.data, event, r->arena);
        if (list->news[list->n_news++] == NULL)
            return JB_NOMEM;
    }
    return list->news != NULL ? JB_OK : JB_NOMEM;
}

static enum jb_err put_page(struct jb_agent_request *r, Jb__NewsList *list)
{
    const Jb__GetNews *asked = r->request->news;
    struct jb_agent_views v = jb_agent_request_views(r);
    struct jb_applied *items = NULL;
    size_t count = 0;
    enum jb_err err = jb_replica_items(r->agent->ledger, asked->after_number, page_rows(asked),
                                       r->arena, &items, &count);
    if (err != JB_OK)
        return err;
    list->news = jb_agent_view_array(r->arena, count);
    JB_PUT(list, number, count > 0 ? items[count - 1].item.number : asked->after_number);
    JB_PUT(list, more, count > 0 && list->number < jb_replica_down(r->agent->ledger).number);
    for (size_t i = 0; list->news != NULL && i < count; i++) {
        Jb__WatchEvent *event = jb_arena_alloc(r->arena, sizeof *event);
        if (event == NULL)
            return JB_NOMEM;
        if (!jb_agent_watch_event(&v, &items[i], event))
            continue;
        list->news[list->n_news] = view(r->agent, r->user.data, event, r->arena);
        if (list->news[list->n_news++] == NULL)
            return JB_NOMEM;
    }
    return list->news != NULL ? JB_OK : JB_NOMEM;
}

/* The first of those that keep coming is the present state. */
static enum jb_err put_state(struct jb_agent_request *r, Jb__NewsList *list)
{
    struct jb_agent_views v = jb_agent_request_views(r);
    Jb__WatchEvent *event = jb_arena_alloc(r->arena, sizeof *event);
    list->news = jb_agent_view_array(r->arena, 1);
    if (event == NULL || list->news == NULL)
        return JB_NOMEM;
    jb__watch_event__init(event);
    event->status = jb_agent_view_status(&v);
    list->news[0] = view(r->agent, r->user.data, event, r->arena);
    if (event->status == NULL || list->news[0] == NULL)
        return JB_NOMEM;
    list->n_news = 1;
    uint64_t alarm = 0;
    enum jb_err err = jb_alarm_last(r->agent->ledger, &alarm);
    JB_PUT(list, number, jb_replica_down(r->agent->ledger).number);
    JB_PUT(list, alarm, alarm);
    return err;
}

enum jb_err jb_agent_get_news(struct jb_agent_request *r, Jb__Reply *reply)
{
    const Jb__GetNews *asked = r->request->news;
    Jb__NewsList *list = jb_arena_alloc(r->arena, sizeof *list);
    if (list == NULL)
        return JB_NOMEM;
    jb__news_list__init(list);
    enum jb_err err = JB_OK;
    if (asked->follow)
        err = put_state(r, list);
    else
        err = asked->alarms ? put_alarms(r, list) : put_page(r, list);
    if (err != JB_OK)
        return err;
    if (asked->follow)
        jb_agent_feed_begin(r, asked->after_number);
    reply->body_case = JB__REPLY__BODY_NEWS;
    reply->news = list;
    return JB_OK;
}
