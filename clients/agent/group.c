/* Submissions of local clients that wait when the loop turns share a transaction: one sync for all
 * of them, and what comes during that sync is the next group. Each is decided as if those before it
 * were stored, which they are, and answered after the commit. When the disk or the memory does not
 * take a group, each has a transaction of its own: one too many does not spoil the others. */
#include <stdlib.h>

#include "clients/agent/requests.h"

#define GROUP_COUNT 256
#define GROUP_BYTES ((size_t)2 * 1024 * 1024) /* as they came; stored at once beyond this */

struct jb_agent_grouped {
    struct jb_agent_grouped *next;
    struct jb_arena arena;
    struct jb_agent_request r;
    struct jb_agent_submitting *s;
    enum jb_err err;
};

static void one_free(struct jb_agent_grouped *g)
{
    jb_arena_fini(&g->arena);
    free(g);
}

/* Take the list out of the agent: answering may bring the next one. */
static struct jb_agent_grouped *group_detach(struct jb_agent *a)
{
    struct jb_agent_grouped *first = a->group.first;
    a->group = (struct jb_agent_group){.first = NULL};
    return first;
}

bool jb_agent_group_add(struct jb_agent_request *r, size_t bytes)
{
    struct jb_agent *a = r->agent;
    struct jb_agent_group *group = &a->group;
    struct jb_agent_grouped *g = calloc(1, sizeof *g);
    if (g == NULL)
        return false;
    g->arena = *r->arena;
    g->r = *r;
    g->r.arena = &g->arena;
    if (group->first == NULL)
        group->last = &group->first;
    *group->last = g;
    group->last = &g->next;
    group->count++;
    group->bytes += bytes;
    if (group->count >= GROUP_COUNT || group->bytes >= GROUP_BYTES)
        jb_agent_group_take(a);
    return true;
}

void jb_agent_group_drop(struct jb_agent *a)
{
    struct jb_agent_grouped *g = group_detach(a);
    while (g != NULL) {
        struct jb_agent_grouped *next = g->next;
        one_free(g);
        g = next;
    }
}

/* After such an error the transaction may be gone already. */
static bool ends_group(enum jb_err err)
{
    return err == JB_CORRUPT || err == JB_BUSY || jb_strain_of(err) != JB_OK;
}

/* All of them, or nothing of any; `err` of each is its own fault. */
static enum jb_err group_store(struct jb_agent *a, struct jb_agent_grouped *first)
{
    uint64_t made = jb_outbox_made(a->ledger).number;
    enum jb_err err = jb_ledger_begin(a->ledger);
    if (err != JB_OK)
        return err;
    for (struct jb_agent_grouped *g = first; g != NULL && err == JB_OK; g = g->next) {
        bool spoilt = false; /* then it is such an error as well */
        g->err = jb_agent_request_check(&g->r);
        if (g->err == JB_OK)
            g->err = jb_agent_submit_ready(&g->r);
        if (g->err == JB_OK)
            g->err = jb_agent_submit_take(&g->r, &g->s, &spoilt);
        if (spoilt || ends_group(g->err))
            err = g->err;
    }
    return jb_agent_submit_end(a, err, made);
}

static void answer(struct jb_agent_grouped *g, bool stored)
{
    Jb__Reply reply = JB__REPLY__INIT;
    reply.has_id = true;
    reply.id = g->r.request->id;
    enum jb_err err = g->err;
    if (stored && g->s != NULL)
        err = jb_agent_submit_answer(&g->r, g->s, err, &reply);
    if (!stored) {
        jb_agent_submit_forget(g->s);
        g->r.fault.text[0] = '\0';
        err = jb_agent_request_check(&g->r);
    }
    if (!stored && err == JB_OK)
        err = jb_agent_do_submit(&g->r, &reply);
    jb_agent_request_answer(&g->r, err, &reply);
}

void jb_agent_group_take(struct jb_agent *a)
{
    bool several = a->group.count > 1;
    struct jb_agent_grouped *g = group_detach(a);
    if (a->stopping || g == NULL)
        return; /* what is left was dropped by the stop */
    bool stored = several && group_store(a, g) == JB_OK;
    while (g != NULL) {
        struct jb_agent_grouped *next = g->next;
        if (!a->stopping)
            answer(g, stored);
        one_free(g);
        g = next;
    }
}
