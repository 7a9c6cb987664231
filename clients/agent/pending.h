/* The unsettled part of the outbox in memory, without bodies: which cases have something waiting.
 * Numbers are contiguous. Loop thread only. */
#ifndef JB_CLIENTS_AGENT_PENDING_H
#define JB_CLIENTS_AGENT_PENDING_H

#include <stddef.h>
#include <stdint.h>

#include "proto/base/err.h"
#include "proto/rules/act.h"

struct jb_agent_pending {
    uint64_t number; /* of the submission; 0: none */
    int64_t case_no; /* 0: not about a case */
    enum jb_act_kind kind;
};

struct jb_agent_pendings {
    struct jb_agent_pending *at; /* at[first .. first + count), ascending number; owned */
    size_t first, count, capacity;
};

void jb_agent_pendings_fini(struct jb_agent_pendings *p);
/* Make room for so many more, whose adds then cannot fail. NOMEM: unchanged. */
enum jb_err jb_agent_pendings_reserve(struct jb_agent_pendings *p, size_t more) JB_MUST;
/* After a reserve; the number follows the last one. */
void jb_agent_pendings_add(struct jb_agent_pendings *p, struct jb_agent_pending one);
/* NULL: not pending. Valid until the next call. */
const struct jb_agent_pending *jb_agent_pendings_find(const struct jb_agent_pendings *p,
                                                      uint64_t number);
/* Forget everything up to `number`. */
void jb_agent_pendings_settle(struct jb_agent_pendings *p, uint64_t number);
/* Forget everything after `number`: it was not stored after all. */
void jb_agent_pendings_cut(struct jb_agent_pendings *p, uint64_t number);
/* How many are about this case. */
uint32_t jb_agent_pendings_of_case(const struct jb_agent_pendings *p, int64_t case_no);
/* The i-th, oldest first. */
const struct jb_agent_pending *jb_agent_pendings_at(const struct jb_agent_pendings *p, size_t i);

#endif
