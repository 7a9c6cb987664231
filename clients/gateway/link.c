/* See link.h. */
#include "clients/gateway/link.h"

#include <stdio.h>
#include <stdlib.h>

#include "clients/gateway/feed.h"
#include "clients/gateway/http.h"
#include "clients/lib/jiaoban_serve.h"
#include "clients/lib/jiaoban_uv.h"
#include "proto/base/log.h"

#define LOOK_MS 5000       /* is the agent there? */
#define ANSWER_MS 30000    /* beyond what a submission waits for its verdict */
#define NO_ANSWER_MS 15000 /* of its state: the connection is given up */

struct jb_gw_link {
    struct jb_gw *gw;
    struct jiaoban *j;
    struct jiaoban_uv *glue;
    uv_timer_t timer;
    struct jb_gw_agency agency;
    bool here;
    uint64_t state_ask, node_ask; /* 0: not asked */
    int64_t asked_ms;
};

/* ---- is it there? ---- */

static void agency_take(struct jb_gw_link *link, const struct jiaoban_state *s)
{
    char *name = strdup(s->name);
    char *epoch = strdup(s->epoch_hex);
    if (name == NULL || epoch == NULL) {
        free(name);
        free(epoch);
        return;
    }
    free(link->agency.name);
    free(link->agency.epoch);
    link->agency.name = name;
    link->agency.epoch = epoch;
    link->agency.node = s->node;
    (void)snprintf(link->agency.code, sizeof link->agency.code, "%s", s->code);
}

static void set_here(struct jb_gw_link *link, bool here, const char *why)
{
    if (link->here == here)
        return;
    link->here = here;
    jb_log(here ? JB_LOG_NOTICE : JB_LOG_WARNING, "gateway", here ? "agent.here" : "agent.away",
           "text=\"%s\"", why);
}

static void on_nodes(struct jiaoban *j, uint64_t id, enum jiaoban_status status,
                     struct jiaoban_result *result, void *data)
{
    struct jb_gw_link *link = data;
    (void)j;
    (void)id;
    link->node_ask = 0;
    for (size_t i = 0; status == JIAOBAN_OK && i < jiaoban_result_count(result); i++) {
        const struct jiaoban_node *n = jiaoban_result_node(result, i);
        if (n == NULL || n->node != link->agency.node)
            continue;
        link->agency.level = (uint32_t)n->level;
        link->agency.node_kind = (uint32_t)n->kind;
    }
    jiaoban_result_free(result);
}

/* What it is in the directory hardly changes; it is asked each time all the same, by its code. */
static void look_up(struct jb_gw_link *link)
{
    struct jiaoban_query q = {.size = sizeof q, .text = link->agency.code};
    if (link->node_ask == 0 && link->agency.node != 0 &&
        jiaoban_request_async(link->j, "nodes", &q, on_nodes, link, &link->node_ask) != JIAOBAN_OK)
        link->node_ask = 0;
}

static void on_state(struct jiaoban *j, uint64_t id, enum jiaoban_status status,
                     struct jiaoban_result *result, void *data)
{
    struct jb_gw_link *link = data;
    (void)id;
    link->state_ask = 0;
    const struct jiaoban_state *state = jiaoban_result_state(result);
    if (status == JIAOBAN_OK && state != NULL)
        agency_take(link, state);
    if (status == JIAOBAN_OK)
        look_up(link);
    set_here(link, status == JIAOBAN_OK, status == JIAOBAN_OK ? "" : jiaoban_error_text(j));
    jiaoban_result_free(result);
    jb_gw_feed_agent(link->gw->feed, link->here);
}

static void look(struct jb_gw_link *link)
{
    enum jiaoban_status status = JIAOBAN_OK;
    if (link->state_ask == 0) {
        link->asked_ms = jb_clock_mono_ms();
        status = jiaoban_request_async(link->j, "state", NULL, on_state, link, &link->state_ask);
    }
    if (status != JIAOBAN_OK)
        set_here(link, false, jiaoban_error_text(link->j));
    else if (jb_clock_mono_ms() - link->asked_ms > NO_ANSWER_MS)
        set_here(link, false, "it does not answer");
}

static void on_timer(uv_timer_t *timer)
{
    look(timer->data);
}

/* ---- life cycle ---- */

enum jb_err jb_gw_link_open(struct jb_gw *gw, struct jb_gw_link **out)
{
    struct jb_gw_link *link = calloc(1, sizeof *link);
    if (link == NULL)
        return JB_NOMEM;
    link->gw = gw;
    link->timer.data = link;
    if (uv_timer_init(gw->loop, &link->timer) != 0) {
        free(link);
        return JB_IO;
    }
    *out = link;
    enum jiaoban_status status = jiaoban_open(gw->config->agent, &link->j);
    if (status != JIAOBAN_OK)
        jb_log(JB_LOG_WARNING, "gateway", "agent.away", "text=\"%s\"", jiaoban_error_text(link->j));
    if (link->j == NULL || jiaoban_uv_attach(gw->loop, link->j, &link->glue) != JIAOBAN_OK)
        return JB_NOMEM;
    look(link);
    return uv_timer_start(&link->timer, on_timer, LOOK_MS, LOOK_MS) == 0 ? JB_OK : JB_IO;
}

static void on_closed(uv_handle_t *handle)
{
    struct jb_gw_link *link = handle->data;
    free(link->agency.name);
    free(link->agency.epoch);
    free(link);
}

void jb_gw_link_close(struct jb_gw_link **link)
{
    struct jb_gw_link *l = *link;
    if (l == NULL)
        return;
    *link = NULL;
    jiaoban_uv_detach(l->glue);
    jiaoban_close(l->j);
    uv_close((uv_handle_t *)&l->timer, on_closed);
}

const struct jb_gw_agency *jb_gw_link_agency(const struct jb_gw_link *link)
{
    return &link->agency;
}

bool jb_gw_link_here(const struct jb_gw_link *link)
{
    return link->here;
}

struct jiaoban *jb_gw_link_handle(struct jb_gw_link *link)
{
    return link->j;
}

const char *jb_gw_link_error(const struct jb_gw_link *link)
{
    return jiaoban_error_text(link->j);
}

/* ---- asking ---- */

struct asked { /* in the arena of the request */
    struct jb_gw_request *request;
    jb_gw_answer_fn then;
};

static void on_answer(struct jiaoban *j, uint64_t id, enum jiaoban_status status,
                      struct jiaoban_result *result, void *data)
{
    const struct asked *asked = data;
    struct jb_gw_request *r = asked->request;
    (void)j;
    (void)id;
    r->ask = 0;
    asked->then(r, status, result);
}

static struct asked *asked_new(struct jb_gw_request *r, jb_gw_answer_fn then)
{
    struct asked *asked = jb_arena_alloc(&r->arena, sizeof *asked);
    if (asked == NULL) {
        jb_gw_refuse_error(r, JB_NOMEM, "the question");
        return NULL;
    }
    *asked = (struct asked){r, then};
    return asked;
}

void jb_gw_ask(struct jb_gw_request *r, const char *what, const struct jiaoban_query *q, int64_t ms,
               jb_gw_answer_fn then)
{
    struct jiaoban_query ours = {.size = sizeof ours};
    struct asked *asked = asked_new(r, then);
    if (asked == NULL)
        return;
    if (q != NULL)
        ours = *q;
    ours.on_behalf_of = r->caller.user;
    r->asked = r->gw->link->j;
    enum jiaoban_status status =
        jiaoban_request_async(r->gw->link->j, what, &ours, on_answer, asked, &r->ask);
    if (status == JIAOBAN_OK)
        jb_gw_suspend(r, ms);
    else
        jb_gw_refuse_status(r, status);
}

void jb_gw_submit(struct jb_gw_request *r, const struct jiaoban_json_act *act,
                  const struct jiaoban_options *options, jb_gw_answer_fn then)
{
    struct jiaoban_options ours = *options;
    struct asked *asked = asked_new(r, then);
    if (asked == NULL)
        return;
    ours.on_behalf_of = r->caller.user;
    r->asked = r->gw->link->j;
    enum jiaoban_status status =
        jiaoban_submit_json_async(r->gw->link->j, act, &ours, on_answer, asked, &r->ask);
    if (status == JIAOBAN_OK)
        jb_gw_suspend(r, (int64_t)ours.wait_ms + ANSWER_MS);
    else
        then(r, status, NULL);
}

void jb_gw_settle_former(struct jb_gw_request *r, uint64_t number, const char *reason,
                         const struct jiaoban_options *options, jb_gw_answer_fn then)
{
    struct jiaoban_options ours = *options;
    struct asked *asked = asked_new(r, then);
    struct jiaoban *j = r->gw->link->j;
    if (asked == NULL)
        return;
    ours.on_behalf_of = r->caller.user;
    r->asked = j;
    enum jiaoban_status status =
        reason != NULL ? jiaoban_dismiss_async(j, number, reason, &ours, on_answer, asked, &r->ask)
                       : jiaoban_resubmit_async(j, number, &ours, on_answer, asked, &r->ask);
    if (status == JIAOBAN_OK)
        jb_gw_suspend(r, (int64_t)ours.wait_ms + ANSWER_MS);
    else
        then(r, status, NULL);
}

enum jiaoban_status jb_gw_get_part(struct jb_gw_request *r, const struct jiaoban_get_args *args,
                                   int64_t ms, jb_gw_answer_fn then)
{
    struct jiaoban_get_args ours = *args;
    struct asked *asked = jb_arena_alloc(&r->arena, sizeof *asked);
    if (asked == NULL)
        return JIAOBAN_NOMEM;
    *asked = (struct asked){r, then};
    ours.on_behalf_of = r->caller.user;
    r->asked = r->gw->link->j;
    enum jiaoban_status status =
        jiaoban_get_async(r->gw->link->j, &ours, on_answer, asked, &r->ask);
    if (status == JIAOBAN_OK)
        jb_gw_suspend(r, ms);
    return status;
}

void jb_gw_ask_cancel(struct jb_gw_request *r)
{
    if (r->ask != 0 && r->gw->link != NULL)
        jiaoban_cancel(r->asked, r->ask);
    r->ask = 0;
}

void jb_gw_refuse_status(struct jb_gw_request *r, enum jiaoban_status status)
{
    /* what the agent is and where it is, is nothing for the public */
    const char *detail = r->window ? "the agency's system cannot be reached: try again later"
                                   : jb_gw_link_error(r->gw->link);
    const struct jb_gw_problem p = {.kind = jb_gw_problem_of(status),
                                    .detail = detail,
                                    .code = jiaoban_status_name(status),
                                    .retry_after_ms = status == JIAOBAN_BUSY ? 5000 : 0};
    jb_gw_reply_problem(r, &p);
}
