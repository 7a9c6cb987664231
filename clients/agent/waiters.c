/* Clients that wait for the verdict on a submission. Nobody else waits for them. */
#include "clients/agent/requests.h"

#include <stdio.h>
#include <stdlib.h>

#define WAITERS_MAX 4096
#define WAIT_MAX_MS 600000

static void arm(struct jb_agent *a);

/* Answer with the verdict, or that it is still pending. */
static void answer(struct jb_agent *a, const struct jb_agent_waiter *w)
{
    struct jb_arena arena;
    jb_arena_init(&arena, JB_AGENT_REQUEST_BYTES);
    Jb__Reply reply = JB__REPLY__INIT;
    struct jb_agent_views v = {.agent = a, .arena = &arena, .now_ms = jb_agent_now(a)};
    reply.id = w->request_id;
    reply.has_id = true;
    reply.body_case = JB__REPLY__BODY_SETTLED;
    enum jb_err err = jb_agent_view_settled(&v, w->number, &reply.settled);
    if (err == JB_OK) {
        jb_agent_view_query_code(&v, reply.settled, w->query_code);
        jb_agent_reply(w->client, &reply, &arena);
    } else {
        jb_agent_reply_error(w->client, w->request_id, err, jb_err_text(err));
    }
    jb_arena_fini(&arena);
}

bool jb_agent_waited_for(const struct jb_agent *a, uint64_t number)
{
    for (const struct jb_agent_waiter *w = a->waiters; w != NULL; w = w->next)
        if (w->number == number)
            return true;
    return false;
}

/* Take those that fit out of the list and answer them: answering may cut a client, which changes
 * the list. */
static void release(struct jb_agent *a, bool (*fits)(const struct jb_agent_waiter *, uint64_t),
                    uint64_t bound)
{
    struct jb_agent_waiter **at = &a->waiters;
    struct jb_agent_waiter *ready = NULL;
    while (*at != NULL) {
        struct jb_agent_waiter *w = *at;
        if (!fits(w, bound)) {
            at = &w->next;
            continue;
        }
        *at = w->next;
        w->next = ready;
        ready = w;
        a->waiter_count--;
    }
    while (ready != NULL) {
        struct jb_agent_waiter *w = ready;
        ready = w->next;
        answer(a, w);
        explicit_bzero(w->query_code, sizeof w->query_code);
        free(w);
    }
    arm(a);
}

static bool is_settled(const struct jb_agent_waiter *w, uint64_t number)
{
    return w->number <= number;
}

static bool is_over(const struct jb_agent_waiter *w, uint64_t now_mono_ms)
{
    return w->until_mono_ms <= (int64_t)now_mono_ms;
}

static void on_time(uv_timer_t *timer)
{
    release(timer->data, is_over, (uint64_t)jb_clock_mono_ms());
}

static void arm_at(struct jb_agent *a, int64_t mono_ms)
{
    int64_t wait = mono_ms - jb_clock_mono_ms();
    a->wait_first_ms = mono_ms;
    (void)uv_timer_start(&a->wait_timer, on_time, wait > 0 ? (uint64_t)wait : 0, 0);
}

/* Set the timer for the first that runs out. */
static void arm(struct jb_agent *a)
{
    int64_t first = INT64_MAX;
    for (const struct jb_agent_waiter *w = a->waiters; w != NULL; w = w->next)
        if (w->until_mono_ms < first)
            first = w->until_mono_ms;
    if (first == INT64_MAX)
        (void)uv_timer_stop(&a->wait_timer);
    else
        arm_at(a, first);
}

enum jb_err jb_agent_wait(struct jb_agent_request *r, uint64_t number, uint32_t wait_ms,
                          const char *query_code)
{
    struct jb_agent *a = r->agent;
    if (a->waiter_count >= WAITERS_MAX)
        return jb_fault_set(&r->fault, JB_BUSY, "too many requests wait for a verdict");
    struct jb_agent_waiter *w = calloc(1, sizeof *w);
    if (w == NULL)
        return JB_NOMEM;
    w->client = r->client;
    w->request_id = r->request->id;
    w->number = number;
    (void)snprintf(w->query_code, sizeof w->query_code, "%s", query_code);
    w->until_mono_ms = jb_clock_mono_ms() + (wait_ms < WAIT_MAX_MS ? wait_ms : WAIT_MAX_MS);
    w->next = a->waiters;
    a->waiters = w;
    a->waiter_count++;
    if (w->next == NULL || w->until_mono_ms < a->wait_first_ms)
        arm_at(a, w->until_mono_ms);
    return JB_OK;
}

void jb_agent_wait_settled(struct jb_agent *a, uint64_t number)
{
    if (a->waiters != NULL)
        release(a, is_settled, number);
}

static void forget(struct jb_agent *a, const struct jb_agent_client *client)
{
    struct jb_agent_waiter **at = &a->waiters;
    while (*at != NULL) {
        struct jb_agent_waiter *w = *at;
        if (client != NULL && w->client != client) {
            at = &w->next;
            continue;
        }
        *at = w->next;
        free(w);
        a->waiter_count--;
    }
}

void jb_agent_wait_forget(struct jb_agent *a, const struct jb_agent_client *client)
{
    forget(a, client);
    if (!a->stopping)
        arm(a);
}

void jb_agent_wait_stop(struct jb_agent *a)
{
    forget(a, NULL);
    if (a->wait_timer.type != UV_UNKNOWN_HANDLE && !uv_is_closing((uv_handle_t *)&a->wait_timer))
        uv_close((uv_handle_t *)&a->wait_timer, NULL);
}

/* ---- asked by number ---- */

/* What is about a case that the asking person keeps out of is not there for him. */
static enum jb_err check_settled(struct jb_agent_request *r, const Jb__SettledView *settled)
{
    bool hidden = false;
    enum jb_err err = jb_agent_reader_hides(r->agent, r->user, settled->case_no, &hidden);
    return err == JB_OK && hidden ? JB_NOT_FOUND : err;
}

enum jb_err jb_agent_get_settled(struct jb_agent_request *r, Jb__Reply *reply)
{
    const Jb__GetSettled *asked = r->request->settled;
    struct jb_agent_views v = jb_agent_request_views(r);
    reply->body_case = JB__REPLY__BODY_SETTLED;
    enum jb_err err = jb_agent_view_settled(&v, asked->number, &reply->settled);
    if (err == JB_OK)
        err = check_settled(r, reply->settled);
    if (err == JB_NOT_FOUND)
        return jb_fault_set(&r->fault, err, "no submission with this number");
    if (err != JB_OK || !reply->settled->pending || asked->wait_ms == 0)
        return err;
    err = jb_agent_wait(r, asked->number, asked->wait_ms, "");
    r->later = err == JB_OK;
    return err;
}
