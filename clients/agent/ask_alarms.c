/* Alarms: the newest, or all of them in their order, for people and for gateways. */
#include "clients/agent/requests.h"

/* What is to be shown of a page of alarms; the cases that somebody keeps out of are the caller's
 * to hide. */
static enum jb_err shown_only(struct jb_agent *a, struct jb_alarm *alarms, size_t *count)
{
    size_t kept = 0;
    for (size_t i = 0; i < *count; i++) {
        bool shown = false;
        enum jb_err err = jb_agent_alarm_shown(a, &alarms[i], &shown);
        if (err != JB_OK)
            return err;
        if (shown)
            alarms[kept++] = alarms[i];
    }
    *count = kept;
    return JB_OK;
}

/* Numbers whose alarms went with their cases are behind the last row: they count as looked at. */
enum jb_err jb_agent_alarm_page(struct jb_agent *a, uint64_t after, size_t max,
                                struct jb_arena *arena, struct jb_agent_alarms *out)
{
    uint64_t end = 0;
    size_t count = 0;
    enum jb_err err = jb_alarm_last(a->ledger, &end);
    if (err == JB_OK)
        err = jb_alarm_after(a->ledger, after, max, arena, &out->alarms, &count);
    if (err != JB_OK)
        return err;
    out->last = end > after ? end : after;
    out->more = false;
    if (count == max && count > 0) {
        out->last = out->alarms[count - 1].id;
        out->more = out->last < end;
    }
    out->count = count;
    return shown_only(a, out->alarms, &out->count);
}

static enum jb_err find(struct jb_agent_request *r, struct jb_agent_alarms *out)
{
    const Jb__GetAlarms *q = r->request->alarms;
    size_t max = jb_agent_rows_wanted(q->has_limit, q->limit);
    *out = (struct jb_agent_alarms){.count = 0};
    if (q->all)
        return jb_agent_alarm_page(r->agent, q->after, max, r->arena, out);
    enum jb_err err = jb_alarm_list(r->agent->ledger, max, r->arena, &out->alarms, &out->count);
    return err == JB_OK ? shown_only(r->agent, out->alarms, &out->count) : err;
}

enum jb_err jb_agent_get_alarms(struct jb_agent_request *r, Jb__Reply *reply)
{
    struct jb_agent_views v = jb_agent_request_views(r);
    struct jb_agent_alarms found;
    Jb__AlarmList *list = jb_arena_alloc(r->arena, sizeof *list);
    if (list == NULL)
        return JB_NOMEM;
    jb__alarm_list__init(list);
    enum jb_err err = find(r, &found);
    list->alarms = jb_agent_view_array(r->arena, found.count);
    if (err != JB_OK || list->alarms == NULL)
        return err != JB_OK ? err : JB_NOMEM;
    for (size_t i = 0; i < found.count; i++) {
        bool hidden = false;
        err = jb_agent_reader_hides(r->agent, r->user, found.alarms[i].case_no, &hidden);
        if (err != JB_OK)
            return err;
        if (hidden)
            continue;
        Jb__AlarmView *w = jb_agent_view_alarm(&v, &found.alarms[i]);
        if (w == NULL)
            return JB_NOMEM;
        list->alarms[list->n_alarms++] = w;
    }
    if (r->request->alarms->all) {
        JB_PUT(list, more, found.more);
        JB_PUT(list, last, found.last);
    }
    reply->body_case = JB__REPLY__BODY_ALARMS;
    reply->alarms = list;
    return JB_OK;
}
