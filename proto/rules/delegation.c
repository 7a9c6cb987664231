/* Named leaders through whom an agency exercises its powers: given for a time, ended by name. */
#include "proto/rules/delegation.h"

#include <stdlib.h>

void jb_delegations_fini(struct jb_directory *d)
{
    for (size_t i = 0; i < d->delegation_count; i++)
        free(d->delegations[i].official);
    free(d->delegations);
    d->delegations = NULL;
    d->delegation_count = 0;
    d->delegation_capacity = 0;
}

static bool same_official(const struct jb_delegation *g, struct jb_text official)
{
    return jb_text_equal(jb_text_of(g->official), official);
}

static enum jb_err delegate(struct jb_directory *d, const struct jb_entry *entry)
{
    const struct jb_act *act = &entry->act;
    char *official;

    if (d->delegation_count == d->delegation_capacity) {
        size_t capacity = d->delegation_capacity == 0 ? 4 : 2 * d->delegation_capacity;
        struct jb_delegation *grown = realloc(d->delegations, capacity * sizeof *grown);
        if (grown == NULL)
            return JB_NOMEM;
        d->delegations = grown;
        d->delegation_capacity = capacity;
    }
    official = strndup(act->official.len > 0 ? act->official.data : "", act->official.len);
    if (official == NULL)
        return JB_NOMEM;
    d->delegations[d->delegation_count++] = (struct jb_delegation){
        .node = entry->node,
        .official = official,
        .power = act->power,
        .valid_from_ms = act->valid_from_ms != 0 ? act->valid_from_ms : entry->at_ms,
        .valid_to_ms = act->valid_to_ms,
        .seq = entry->seq,
    };
    return JB_OK;
}

/* All that this official holds of this agency end now; what was valid before stays on record. */
static void end_delegation(struct jb_directory *d, const struct jb_entry *entry)
{
    for (size_t i = 0; i < d->delegation_count; i++) {
        struct jb_delegation *g = &d->delegations[i];

        if (g->node == entry->node && same_official(g, entry->act.official) &&
            (g->valid_to_ms == 0 || g->valid_to_ms > entry->at_ms))
            g->valid_to_ms = entry->at_ms;
    }
}

enum jb_err jb_delegations_apply(struct jb_directory *d, const struct jb_entry *entry)
{
    if (entry->act.kind == JB_ACT_DELEGATE)
        return delegate(d, entry);
    if (entry->act.kind == JB_ACT_END_DELEGATION)
        end_delegation(d, entry);
    return JB_OK;
}

bool jb_directory_delegated(const struct jb_directory *d, uint32_t node, struct jb_text official,
                            int power, int64_t now_ms)
{
    for (size_t i = 0; i < d->delegation_count; i++) {
        const struct jb_delegation *g = &d->delegations[i];

        if (g->node == node && (g->power == 0 || g->power == power) && g->valid_from_ms <= now_ms &&
            (g->valid_to_ms == 0 || now_ms < g->valid_to_ms) && same_official(g, official))
            return true;
    }
    return false;
}
