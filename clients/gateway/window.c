/* See window.h. */
#include "clients/gateway/window.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "clients/gateway/limiter.h"
#include "clients/lib/jiaoban_serve.h"

#define GRID_MS 400                          /* wrong questions are answered at such instants */
#define KNOWN_MS (INT64_C(24) * 3600 * 1000) /* who asked rightly is remembered so long */
#define HELD_MS 30000                        /* longer than any answer is held */

struct held { /* an answer that waits for its instant; in the arena of its request */
    struct jb_gw_request *request;
    struct held *next, **link;
    int64_t at_ms;
};

struct jb_gw_window {
    struct jb_gw *gw;
    struct jb_gw_limiter *limiter;
    struct held *held;
    uv_timer_t timer;
};

/* ---- who asks ---- */

static struct jb_gw_rate address_rate(const struct jb_gw_config *c)
{
    return (struct jb_gw_rate){c->window_burst, c->window_each_ms};
}

static struct jb_gw_rate code_rate(const struct jb_gw_config *c)
{
    return (struct jb_gw_rate){c->window_wrong_burst, c->window_wrong_each_ms};
}

/* A household has a whole /64. */
static void address_of(const struct jb_gw_request *r, char out[JB_GW_ASKED_BYTES])
{
    struct in6_addr six;
    if (inet_pton(AF_INET6, r->caller.address, &six) == 1)
        (void)sodium_bin2hex(out, JB_GW_ASKED_BYTES, six.s6_addr, 8);
    else
        (void)snprintf(out, JB_GW_ASKED_BYTES, "%s", r->caller.address);
}

/* The pair, for what is remembered of it. */
static struct jb_text pair_of(const struct jb_gw_asked *asked, char *out, size_t size)
{
    (void)snprintf(out, size, "%s %s", asked->address, asked->code);
    return jb_text_of(out);
}

/* ---- how often ---- */

static bool refuse_for(struct jb_gw_request *r, int64_t wait_ms)
{
    jb_gw_reply_problem(r, &(struct jb_gw_problem){.kind = JB_GW_BUSY,
                                                   .detail = "asked too often: try again later",
                                                   .retry_after_ms = wait_ms});
    return false;
}

bool jb_gw_window_admit(struct jb_gw_request *r, const char *query_code, struct jb_gw_asked *asked)
{
    struct jb_gw_limiter *limiter = r->gw->window->limiter;
    struct jb_gw_rate address = address_rate(r->gw->config), code = code_rate(r->gw->config);
    char pair[4 * JB_GW_ASKED_BYTES];
    int64_t now_ms = jb_clock_mono_ms();
    int64_t wait_ms = 0;
    address_of(r, asked->address);
    (void)jiaoban_query_code_key(query_code, asked->code); /* what is no code: "" */
    jb_gw_limit_try(limiter, "address", jb_text_of(asked->address), &address, now_ms, &wait_ms);
    if (wait_ms > 0)
        return refuse_for(r, wait_ms);
    if (asked->code[0] == '\0' ||
        jb_gw_limit_noted(limiter, "known", pair_of(asked, pair, sizeof pair), now_ms))
        return true;
    jb_gw_limit_try(limiter, "code", jb_text_of(asked->code), &code, now_ms, &wait_ms);
    return wait_ms == 0 || refuse_for(r, wait_ms);
}

void jb_gw_window_right(struct jb_gw_request *r, const struct jb_gw_asked *asked)
{
    struct jb_gw_limiter *limiter = r->gw->window->limiter;
    struct jb_gw_rate code = code_rate(r->gw->config);
    char pair[4 * JB_GW_ASKED_BYTES];
    int64_t now_ms = jb_clock_mono_ms();
    struct jb_text both = pair_of(asked, pair, sizeof pair);
    if (!jb_gw_limit_noted(limiter, "known", both, now_ms)) /* it was counted as wrong, then */
        jb_gw_limit_refund(limiter, "code", jb_text_of(asked->code), &code, now_ms);
    jb_gw_limit_note(limiter, "known", both, now_ms, now_ms + KNOWN_MS);
}

/* ---- when ---- */

static void on_timer(uv_timer_t *timer);

/* Look again when the first one is due. */
static void timer_set(struct jb_gw_window *w)
{
    int64_t now_ms = jb_clock_mono_ms();
    int64_t first_ms = INT64_MAX;
    for (const struct held *h = w->held; h != NULL; h = h->next)
        if (h->at_ms < first_ms)
            first_ms = h->at_ms;
    if (w->held == NULL)
        (void)uv_timer_stop(&w->timer);
    else
        (void)uv_timer_start(&w->timer, on_timer,
                             first_ms > now_ms ? (uint64_t)(first_ms - now_ms) : 0, 0);
}

static void let_go(struct held *h)
{
    if (h->link == NULL)
        return;
    *h->link = h->next;
    if (h->next != NULL)
        h->next->link = h->link;
    h->link = NULL;
}

static void on_timer(uv_timer_t *timer)
{
    struct jb_gw_window *w = timer->data;
    int64_t now_ms = jb_clock_mono_ms();
    struct held *next;
    for (struct held *h = w->held; h != NULL; h = next) {
        next = h->next;
        if (h->at_ms > now_ms)
            continue;
        let_go(h);
        jb_gw_refuse(h->request, JB_GW_NOT_FOUND, "name and query code do not fit");
    }
    timer_set(w);
}

static void on_drop(struct jb_gw_request *r)
{
    struct held *h = r->state;
    if (h != NULL)
        let_go(h);
}

void jb_gw_window_wrong(struct jb_gw_request *r, const struct jb_gw_asked *asked)
{
    struct jb_gw_window *w = r->gw->window;
    struct jb_gw_rate address = address_rate(r->gw->config);
    int64_t now_ms = jb_clock_mono_ms();
    struct held *h = jb_arena_alloc(&r->arena, sizeof *h);
    jb_gw_limit_charge(w->limiter, "address", jb_text_of(asked->address), &address, now_ms);
    if (h == NULL) {
        jb_gw_refuse_error(r, JB_NOMEM, "the question");
        return;
    }
    int64_t since_ms = now_ms - r->began_ms;
    *h = (struct held){.request = r, .next = w->held, .link = &w->held};
    h->at_ms = r->began_ms + (since_ms / GRID_MS + 1) * GRID_MS;
    if (h->next != NULL)
        h->next->link = &h->next;
    w->held = h;
    r->state = h;
    r->drop = on_drop;
    jb_gw_suspend(r, HELD_MS);
    timer_set(w);
}

/* ---- life cycle ---- */

enum jb_err jb_gw_window_open(struct jb_gw *gw, struct jb_gw_window **out)
{
    struct jb_gw_window *w = calloc(1, sizeof *w);
    if (w == NULL)
        return JB_NOMEM;
    w->gw = gw;
    w->timer.data = w;
    enum jb_err err = jb_gw_limiter_new(&w->limiter);
    if (err == JB_OK && uv_timer_init(gw->loop, &w->timer) != 0)
        err = JB_IO;
    if (err == JB_OK) {
        *out = w;
        return JB_OK;
    }
    jb_gw_limiter_free(&w->limiter);
    free(w);
    return err;
}

static void on_closed(uv_handle_t *handle)
{
    struct jb_gw_window *w = handle->data;
    jb_gw_limiter_free(&w->limiter);
    free(w);
}

void jb_gw_window_close(struct jb_gw_window **window)
{
    struct jb_gw_window *w = *window;
    if (w == NULL)
        return;
    *window = NULL;
    while (w->held != NULL)
        let_go(w->held);
    uv_close((uv_handle_t *)&w->timer, on_closed);
}
