/* Whom an accepted entry goes to, and what they get besides: those who join a case its history,
 * those who may read what is sealed from now on its key, those who leave it a word of that. */
#include "daemon/broker.h"

struct audience {
    struct jb_audience *at;
    size_t count;
};

struct before { /* the case as it was */
    uint32_t host;
    const struct jb_participant *participants;
    size_t count;
};

static bool listed(const struct audience *to, uint32_t node)
{
    for (size_t i = 0; i < to->count; i++)
        if (to->at[i].node == node)
            return true;
    return false;
}

static enum jb_err add(struct jb_batch *t, struct audience *to, struct jb_audience one)
{
    if (listed(to, one.node))
        return JB_OK;
    to->at[to->count++] = one;
    return jb_batch_touch(t, one.node);
}

static bool was_in(const struct before *b, uint32_t node)
{
    for (size_t i = 0; i < b->count; i++)
        if (b->participants[i].node == node && b->participants[i].role != JB_ROLE_LEFT)
            return true;
    return false;
}

/* Who may read what is sealed: the same roles as in the ledger's STREAM_KEY. */
static bool reading_role(enum jb_role role)
{
    return role == JB_ROLE_REGISTRAR || role == JB_ROLE_HOST || role == JB_ROLE_CO_HANDLER ||
           role == JB_ROLE_REVIEWER;
}

static bool reads(uint32_t host, const struct jb_participant *p, size_t count, uint32_t node)
{
    if (host == node)
        return true;
    for (size_t i = 0; i < count; i++)
        if (p[i].node == node && reading_role(p[i].role))
            return true;
    return false;
}

bool jb_audience_reads(const struct jb_case *c, uint32_t node)
{
    for (size_t i = 0; i < c->participant_count; i++)
        if (c->participants[i].node == node && c->participants[i].role == JB_ROLE_LEFT)
            return false;
    return c->registrar == node || reads(c->host, c->participants, c->participant_count, node);
}

/* Everybody in the case after the act; those who were not there before join with the history, those
 * who are no longer there get a LEFT item. */
static enum jb_err case_audience(struct jb_batch *t, const struct jb_accepted *a,
                                 const struct before *b, struct audience *out)
{
    const struct jb_case *c = a->c;
    out->at = jb_arena_alloc(&t->arena, (c->participant_count + b->count + 1) * sizeof *out->at);
    if (out->at == NULL)
        return JB_NOMEM;
    for (size_t i = 0; i < c->participant_count; i++) {
        uint32_t node = c->participants[i].node;
        if (c->participants[i].role == JB_ROLE_LEFT)
            continue;
        struct jb_audience one = {.node = node, .duty = jb_entry_is_duty(a->entry, node)};
        one.joins = b->count > 0 && !was_in(b, node);
        one.reads = b->count > 0 && !one.joins &&
                    !reads(b->host, b->participants, b->count, node) &&
                    reads(c->host, c->participants, c->participant_count, node);
        enum jb_err err = add(t, out, one);
        if (err != JB_OK)
            return err;
    }
    for (size_t i = 0; i < b->count; i++) {
        uint32_t node = b->participants[i].node;
        if (b->participants[i].role == JB_ROLE_LEFT || jb_case_has(c, node))
            continue;
        enum jb_err err = add(t, out, (struct jb_audience){.node = node, .leaves = true});
        if (err != JB_OK)
            return err;
    }
    return JB_OK;
}

/* Directory, delegations, policy, calendar: every node. */
static enum jb_err common_audience(struct jb_broker *b, struct jb_batch *t,
                                   const struct jb_entry *entry, struct audience *out)
{
    out->at = jb_arena_alloc(&t->arena, (b->directory.count + 1) * sizeof *out->at);
    if (out->at == NULL)
        return JB_NOMEM;
    for (size_t i = 0; i < b->directory.count; i++) {
        uint32_t node = b->directory.nodes[i].node;
        if (node == JB_NODE_BROKER_NUMBER)
            continue;
        struct jb_audience one = {.node = node};
        one.joins = entry->act.kind == JB_ACT_ENROL_NODE && entry->act.node == node;
        enum jb_err err = add(t, out, one);
        if (err != JB_OK)
            return err;
    }
    return JB_OK;
}

static enum jb_err single_audience(struct jb_batch *t, uint32_t node, struct audience *out)
{
    out->at = jb_arena_alloc(&t->arena, sizeof *out->at);
    if (out->at == NULL)
        return JB_NOMEM;
    return add(t, out, (struct jb_audience){.node = node});
}

/* What an agency has to look after, and those that watch over it. */
static enum jb_err office_audience(struct jb_broker *b, struct jb_batch *t, uint32_t node,
                                   struct audience *out)
{
    out->at = jb_arena_alloc(&t->arena, (b->directory.count + 1) * sizeof *out->at);
    if (out->at == NULL)
        return JB_NOMEM;
    enum jb_err err = add(t, out, (struct jb_audience){.node = node});
    for (size_t i = 0; i < b->directory.count && err == JB_OK; i++) {
        const struct jb_node *n = &b->directory.nodes[i];
        if (n->kind == JB_NODE_OFFICE && n->has_agent && jb_node_valid(n, t->now_ms))
            err = add(t, out, (struct jb_audience){.node = n->node});
    }
    return err;
}

static enum jb_err of_case(struct jb_batch *t, struct jb_accepted *a, struct audience *out)
{
    struct before before = {.host = a->c->host, .count = a->c->participant_count};
    before.participants =
        jb_arena_memdup(&t->arena, a->c->participants, before.count * sizeof *before.participants);
    if (before.participants == NULL)
        return JB_NOMEM;
    enum jb_err err = jb_case_apply(a->c, a->entry, &t->arena);
    if (err == JB_OK)
        err = case_audience(t, a, &before, out);
    /* the submitter's verdict travels in its own stream, whatever its part in the case is */
    if (err == JB_OK && a->item != NULL && a->item->source == JB_FROM_LINE)
        err = add(t, out, (struct jb_audience){.node = a->item->node});
    return err;
}

static enum jb_err find(struct jb_broker *b, struct jb_batch *t, struct jb_accepted *a,
                        struct audience *out)
{
    enum jb_err err = JB_OK;
    if (a->c != NULL && a->only == 0)
        return of_case(t, a, out);
    if (a->c != NULL)
        err = jb_case_apply(a->c, a->entry, &t->arena);
    if (err != JB_OK || a->nobody)
        return err;
    if (a->offices)
        return office_audience(b, t, a->only, out);
    if (a->only != 0)
        return single_audience(t, a->only, out);
    err = jb_directory_apply(&b->directory, a->entry);
    return err == JB_OK ? common_audience(b, t, a->entry, out) : err;
}

enum jb_err jb_audience_find(struct jb_broker *b, struct jb_batch *t, struct jb_accepted *a,
                             struct jb_audience **out, size_t *count)
{
    struct audience found = {NULL, 0};
    enum jb_err err = find(b, t, a, &found);
    if (err != JB_OK)
        return err;
    *out = found.at;
    *count = found.count;
    return JB_OK;
}
