/* See pending.h. An array with a moving start: settled entries fall off the front. */
#include "clients/agent/pending.h"

#include <stdlib.h>
#include <string.h>

void jb_agent_pendings_fini(struct jb_agent_pendings *p)
{
    free(p->at);
    memset(p, 0, sizeof *p);
}

enum jb_err jb_agent_pendings_reserve(struct jb_agent_pendings *p, size_t more)
{
    if (p->first + p->count + more <= p->capacity)
        return JB_OK;
    if (p->first > p->count &&
        p->count + more <=
            p->capacity) { /* moving costs less than what was settled since the last time */
        memmove(p->at, p->at + p->first, p->count * sizeof *p->at);
        p->first = 0;
        return JB_OK;
    }
    size_t wanted = p->capacity == 0 ? 64 : p->capacity * 2;
    if (wanted < p->first + p->count + more)
        wanted = p->first + p->count + more;
    struct jb_agent_pending *bigger = reallocarray(p->at, wanted, sizeof *bigger);
    if (bigger == NULL)
        return JB_NOMEM;
    p->at = bigger;
    p->capacity = wanted;
    return JB_OK;
}

void jb_agent_pendings_add(struct jb_agent_pendings *p, struct jb_agent_pending one)
{
    p->at[p->first + p->count++] = one;
}

const struct jb_agent_pending *jb_agent_pendings_at(const struct jb_agent_pendings *p, size_t i)
{
    return i < p->count ? &p->at[p->first + i] : NULL;
}

const struct jb_agent_pending *jb_agent_pendings_find(const struct jb_agent_pendings *p,
                                                      uint64_t number)
{
    if (p->count == 0 || number < p->at[p->first].number)
        return NULL;
    uint64_t i = number - p->at[p->first].number;
    return i < p->count ? &p->at[p->first + i] : NULL;
}

void jb_agent_pendings_settle(struct jb_agent_pendings *p, uint64_t number)
{
    while (p->count > 0 && p->at[p->first].number <= number) {
        p->first++;
        p->count--;
    }
    if (p->count == 0)
        p->first = 0;
}

void jb_agent_pendings_cut(struct jb_agent_pendings *p, uint64_t number)
{
    while (p->count > 0 && p->at[p->first + p->count - 1].number > number)
        p->count--;
}

uint32_t jb_agent_pendings_of_case(const struct jb_agent_pendings *p, int64_t case_no)
{
    uint32_t count = 0;
    for (size_t i = 0; i < p->count; i++)
        count += p->at[p->first + i].case_no == case_no;
    return count;
}
