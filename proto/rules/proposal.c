/* Looks at a case for what calls for supervision, and names the rung of the ladder that is next.
 * Takes no step: that is for a person. */
#include "proto/rules/proposal.h"

#include "proto/rules/moves.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define ARTICLE_SUPERVISE "39"
#define ARTICLE_RECOMMEND "40"

struct looking {
    const struct jb_case *c;
    const struct jb_rulebook *book;
    int64_t now_ms;
    struct jb_proposal *out;
    size_t count, max;
};

/* ---- the rung ------------------------------------------------------------------------------- */

/* The open docket about this agency that has come furthest. */
static const struct jb_docket *docket_about(const struct jb_case *c, uint32_t node)
{
    const struct jb_docket *best = NULL;

    for (size_t i = 0; i < c->docket_count; i++) {
        const struct jb_docket *d = &c->dockets[i];

        if (d->node == node && d->closed_ms == 0 && (best == NULL || d->step > best->step))
            best = d;
    }
    return best;
}

/* A step that was taken after the trigger has its period first. */
static bool has_time(const struct looking *l, const struct jb_docket *docket, int64_t since_ms)
{
    const struct jb_deadline *d = jb_case_deadline(l->c, docket->deadline_id);

    if (since_ms > docket->stepped_ms)
        return false;
    return d == NULL || (d->end == JB_END_OPEN && d->due_ms > l->now_ms);
}

/* Keeps the earliest, in the order of their instants. */
static void keep(struct looking *l, const struct jb_proposal *p)
{
    size_t at = l->count;

    while (at > 0 && l->out[at - 1].since_ms > p->since_ms)
        at--;
    if (at == l->max)
        return;
    if (l->count == l->max)
        l->count--;
    memmove(&l->out[at + 1], &l->out[at], (l->count - at) * sizeof l->out[0]);
    l->out[at] = *p;
    l->count++;
}

static void propose(struct looking *l, const char *reason, const char *key, uint32_t node,
                    int64_t since_ms)
{
    const struct jb_docket *docket = docket_about(l->c, node);
    struct jb_proposal p = {
        .node = node,
        .step = docket == NULL ? JB_STEP_URGE : (int)docket->step + 1,
        .reason = reason,
        .key = key,
        .since_ms = since_ms,
        .article = ARTICLE_SUPERVISE,
    };

    if (docket != NULL)
        p.docket_no = docket->docket_no;
    if (node == 0 || p.step > JB_STEP_HOLD_TO_ACCOUNT ||
        (docket != NULL && has_time(l, docket, since_ms)))
        return;
    if (p.step == JB_STEP_HOLD_TO_ACCOUNT)
        p.article = ARTICLE_RECOMMEND;
    keep(l, &p);
}

/* ---- triggers: clocks ----------------------------------------------------------------------- */

static const struct {
    const char *key, *reason;
} clocks[] = {
    {"sort", "overdue"},           {"notify", "overdue"},
    {"handle", "overdue"},         {"assigned", "overdue"},
    {"recommend", "overdue"},      {"co-answer", "not_fed_back"},
    {"supervise", "not_fed_back"}, {"investigate", "not_fed_back"},
    {"execute", "not_executed"},   {"sign", "silent"},
};

static void look_at_clocks(struct looking *l)
{
    for (size_t i = 0; i < l->c->deadline_count; i++) {
        const struct jb_deadline *d = &l->c->deadlines[i];

        if (d->end != JB_END_OPEN || d->due_ms > l->now_ms)
            continue;
        for (size_t k = 0; k < COUNT(clocks); k++) {
            if (strcmp(d->key, clocks[k].key) == 0)
                propose(l, clocks[k].reason, clocks[k].key, d->node, d->due_ms);
        }
    }
}

/* ---- triggers: what the case itself tells ---------------------------------------------------- */

/* Is the host somebody who handles? */
static bool with_handler(const struct looking *l)
{
    return l->c->host != 0 && !jb_node_is_office(jb_directory_find(l->book->directory, l->c->host));
}

/* The end of the period that the host has by this policy key, counted from `from_ms`; false: it has
 * not come, or there is no such period. */
static bool period_over(const struct looking *l, const char *key, int64_t from_ms, int64_t *end_ms)
{
    const struct jb_policy *p = jb_book_policy_at(l->book, l->c->host, from_ms);
    struct jb_deadline d;

    if (from_ms == 0 || p == NULL ||
        jb_deadline_compute(p, jb_book_calendar_of(l->book, l->c->host), key, from_ms, 0, &d) !=
            JB_OK)
        return false;
    *end_ms = d.due_ms;
    return d.due_ms <= l->now_ms;
}

static bool answered_untold(const struct looking *l)
{
    const struct jb_case *c = l->c;

    return c->stage == JB_STAGE_ANSWERED && !(c->flags & JB_FLAG_UNREACHABLE) &&
           c->facts_ms[JB_FACT_ANSWER_TOLD] == 0;
}

/* Answered, but the petitioner has not been told within the time that a notice may take. */
static bool not_fed_back(const struct looking *l, int64_t *since_ms)
{
    return answered_untold(l) &&
           period_over(l, "notify", l->c->facts_ms[JB_FACT_ANSWERED], since_ms);
}

/* Signed for, and neither accepted nor declined since. The clock for the notice tells it, where the
 * petitioner can be told. */
static bool silent_after_sign(const struct looking *l, int64_t *since_ms)
{
    return l->c->stage == JB_STAGE_SIGNED && jb_case_open_deadline(l->c, "notify") == NULL &&
           with_handler(l) && period_over(l, "notify", l->c->facts_ms[JB_FACT_SIGNED], since_ms);
}

static bool came_again(const struct looking *l, int64_t *since_ms)
{
    const struct jb_case *c = l->c;
    bool found = c->flags & JB_FLAG_REPEAT;

    *since_ms = c->registered_ms;
    for (size_t i = 0; i < c->mark_count; i++) {
        if (c->marks[i].kind != JB_MARK_LINK || c->marks[i].value != JB_LINK_REPEAT)
            continue;
        *since_ms = c->marks[i].at_ms;
        found = true;
    }
    return found;
}

/* The petitioner came again with what is still in hand. */
static bool repeated(const struct looking *l, int64_t *since_ms)
{
    return came_again(l, since_ms) && !jb_stage_is_final(l->c->stage) && with_handler(l);
}

static bool not_satisfied(const struct looking *l, int party, int64_t *since_ms)
{
    const struct jb_rating *r = &l->c->ratings[party - 1];

    *since_ms = r->at_ms;
    return r->state == JB_RATING_OPENED && r->satisfaction == JB_NOT_SATISFIED;
}

static bool office_not_satisfied(const struct looking *l, int64_t *since_ms)
{
    return not_satisfied(l, JB_RATED_OFFICE, since_ms);
}

static bool handler_not_satisfied(const struct looking *l, int64_t *since_ms)
{
    return not_satisfied(l, JB_RATED_HANDLER, since_ms);
}

static const struct {
    const char *reason, *key;
    bool registrar; /* concerns the registering office, otherwise the host */
    bool (*holds)(const struct looking *l, int64_t *since_ms);
} states[] = {
    {"not_fed_back", "notify", false, not_fed_back},
    {"silent", "notify", false, silent_after_sign},
    {"repeat", "", false, repeated},
    {"not_satisfied", "rate", true, office_not_satisfied},
    {"not_satisfied", "rate", false, handler_not_satisfied},
};

static void look_at_case(struct looking *l)
{
    int64_t since_ms = 0;

    for (size_t i = 0; i < COUNT(states); i++) {
        if (states[i].holds(l, &since_ms))
            propose(l, states[i].reason, states[i].key,
                    states[i].registrar ? l->c->registrar : l->c->host, since_ms);
    }
}

size_t jb_proposals(const struct jb_case *c, const struct jb_rulebook *b, int64_t now_ms,
                    struct jb_proposal *out, size_t max)
{
    struct looking l = {.c = c, .book = b, .now_ms = now_ms, .out = out, .max = max};

    if (c->stage == JB_STAGE_NONE || c->stage == JB_STAGE_REFERRED || c->stage == JB_STAGE_MERGED)
        return 0;
    look_at_clocks(&l);
    if (c->stage != JB_STAGE_FILE)
        look_at_case(&l);
    return l.count;
}

/* Every state above, without what only the policy and the time can tell. */
bool jb_proposals_may_come(const struct jb_case *c)
{
    const struct looking l = {.c = c};
    int64_t since_ms = 0;
    bool silent = c->stage == JB_STAGE_SIGNED && jb_case_open_deadline(c, "notify") == NULL;

    return silent || answered_untold(&l) || came_again(&l, &since_ms) ||
           office_not_satisfied(&l, &since_ms) || handler_not_satisfied(&l, &since_ms);
}
