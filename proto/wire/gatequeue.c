/* Who waits at the gate, in which order the library hears of them, and who gives way when there is
 * no room. Everybody begins among the early; who has said all of its HELLO queues until the library
 * has time; then it is under way until its key has been judged. */
#include "proto/wire/gateint.h"

#define DAWDLING 5 /* of the time for a step: then it gives way to others of its address */

/* ---- lists ---- */

void jb_gate_list_init(struct jb_gate_list *list)
{
    list->first = NULL;
    list->last = &list->first;
    list->count = 0;
}

/* One more or less (`by`) at the source of this one. */
static void count(const struct jb_gate_conn *c, int by)
{
    struct jb_gate *g = c->gate;
    uint16_t *waiting = &g->waiting[c->source];
    uint16_t *trying = &g->trying[c->source];
    if (c->list != &g->open)
        *waiting = (uint16_t)(*waiting + by);
    if (c->list == &g->underway)
        *trying = (uint16_t)(*trying + by);
    if (c->list == &g->open)
        g->open_of[c->node % JB_GATE_SOURCES] += by;
}

static void leave(struct jb_gate_conn *c)
{
    count(c, -1);
    *c->link = c->next;
    if (c->next != NULL)
        c->next->link = c->link;
    else
        c->list->last = c->link;
    c->list->count--;
    c->link = NULL;
    c->list = NULL;
}

void jb_gate_list_move(struct jb_gate_conn *c, struct jb_gate_list *list)
{
    if (c->list != NULL)
        leave(c);
    if (list == NULL)
        return;
    c->next = NULL;
    c->link = list->last;
    *list->last = c;
    list->last = &c->next;
    list->count++;
    c->list = list;
    count(c, 1);
}

int64_t jb_gate_pending(const struct jb_gate *g)
{
    return g->early.count + g->queue.count + g->underway.count;
}

/* ---- the queue ---- */

/* One address has half of its room under way at most: then there is always somebody who can give
 * way without anything being lost, and its own crowd does not count as failures. */
static bool has_its_share(const struct jb_gate *g, uint32_t source)
{
    return g->trying[source] >= g->options.pending_per_address / 2;
}

static struct jb_gate_conn *next_in_queue(const struct jb_gate *g)
{
    struct jb_gate_conn *c = g->queue.first;
    while (c != NULL && has_its_share(g, c->source))
        c = c->next;
    return c;
}

void jb_gate_queue_go(struct jb_gate *g)
{
    struct jb_gate_conn *c = NULL;
    if (g->letting_in)
        return; /* who fails at once makes room for the next: the loop below sees to it */
    g->letting_in = true;
    while (g->owed < g->options.answers_max && (c = next_in_queue(g)) != NULL)
        jb_gate_conn_let_in(c);
    g->letting_in = false;
}

void jb_gate_queue_owe(struct jb_gate_conn *c, bool owed)
{
    struct jb_gate *g = c->gate;
    if (c->owed == owed)
        return;
    c->owed = owed;
    g->owed += owed ? 1 : -1;
    if (!owed && !g->ending)
        jb_gate_queue_go(g);
}

/* ---- room ---- */

/* The first but the newcomer itself; `own`: of its address. */
static struct jb_gate_conn *first_of(const struct jb_gate_list *list,
                                     const struct jb_gate_conn *newcomer, bool own)
{
    struct jb_gate_conn *c = list->first;
    while (c != NULL && (c == newcomer || (own && c->source != newcomer->source)))
        c = c->next;
    return c;
}

static struct jb_gate_conn *older(struct jb_gate_conn *a, struct jb_gate_conn *b)
{
    if (a == NULL || b == NULL)
        return a != NULL ? a : b;
    return a->since_ms <= b->since_ms ? a : b;
}

/* A handshake under way is nearly done, and the library has worked for it: it gives way only when
 * there are so many of them that who comes new would have no room. */
void jb_gate_queue_make_room(struct jb_gate *g, const struct jb_gate_conn *newcomer)
{
    bool own = g->waiting[newcomer->source] > g->options.pending_per_address;
    if (!own && jb_gate_pending(g) <= g->options.pending_max)
        return;
    int64_t most = own ? g->options.pending_per_address : g->options.pending_max;
    int64_t trying = own ? g->trying[newcomer->source] : g->underway.count;
    struct jb_gate_conn *tries = first_of(&g->underway, newcomer, own);
    struct jb_gate_conn *other =
        older(first_of(&g->early, newcomer, own), first_of(&g->queue, newcomer, own));
    struct jb_gate_conn *oldest = other == NULL || trying > most / 2 ? tries : other;
    if (oldest != NULL)
        jb_gate_conn_cut(oldest, JB_CUT_CROWDED);
}

/* ---- the clock ---- */

/* It keeps others of its address waiting, and does nothing itself. */
static bool dawdles(const struct jb_gate *g, const struct jb_gate_conn *c)
{
    return !c->owed && has_its_share(g, c->source) &&
           g->waiting[c->source] > g->trying[c->source] &&
           g->now_ms - c->since_ms >= g->options.handshake_ms / DAWDLING;
}

static void look_at(struct jb_gate *g, const struct jb_gate_list *list)
{
    struct jb_gate_conn *next = NULL;
    for (struct jb_gate_conn *c = list->first; c != NULL; c = next) {
        next = c->next;
        bool late = g->now_ms - c->since_ms >= g->options.handshake_ms;
        c->blameless = c->blameless || (late && c->owed);
        if (late)
            jb_gate_conn_cut(c, JB_CUT_LATE);
        else if (list == &g->underway && dawdles(g, c))
            jb_gate_conn_cut(c, JB_CUT_CROWDED);
    }
}

/* Who queues waits for us, as long as it likes. */
void jb_gate_queue_look(struct jb_gate *g)
{
    look_at(g, &g->early);
    look_at(g, &g->underway);
    jb_gate_queue_go(g);
}
