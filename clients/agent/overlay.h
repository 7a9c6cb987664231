/* A case as it will look once the outbox is settled: the replica's case with the waiting
 * submissions decided and applied in memory by the same rules that the broker has. Changes nothing
 * on disk; the broker's verdict stays the only one that counts. Loop thread only. */
#ifndef JB_CLIENTS_AGENT_OVERLAY_H
#define JB_CLIENTS_AGENT_OVERLAY_H

#include "proto/ledger/replica.h"
#include "proto/rules/decide.h"

struct jb_agent_overlay {
    struct jb_case c;                /* stage NONE: no such case here */
    uint32_t pending;                /* submissions about it that wait */
    uint32_t unlikely;               /* of these: what the rules here would refuse by now */
    bool stored;                     /* the case is in the replica, not only in the outbox */
    struct jb_outbox_item *items;    /* the waiting ones, in order; arena */
    const struct jb_act *registered; /* the act that opens it, if that waits; arena */
};

/* What a decision here needs. */
struct jb_agent_overlay_maker {
    struct jb_ledger *ledger;
    const struct jb_rulebook *book;
    struct jb_verdict *verdict; /* scratch */
    uint32_t node;              /* own number */
};

/* The other cases that a decision looks at, as far as they are here. */
struct jb_agent_others {
    const struct jb_case **at; /* arena */
    size_t count;
    bool missing; /* some are not here: what the rules say about them counts for nothing */
};
/* Those that `act` names or `c` is linked to; one that is not stored yet as what waits about it
 * will make it. NOMEM, IO, CORRUPT. */
enum jb_err jb_agent_others_load(const struct jb_agent_overlay_maker *m, const struct jb_act *act,
                                 const struct jb_case *c, struct jb_arena *arena,
                                 struct jb_agent_others *out) JB_MUST;
/* Does this refusal rest on a case that is not here? Then only the broker can tell. */
bool jb_agent_others_excuse(const struct jb_agent_others *others, enum jb_refusal refusal);

/* Load and apply. `has_pending`: false spares looking into the outbox. Everything is in the arena.
 * NOMEM, IO, CORRUPT. */
enum jb_err jb_agent_overlay_load(const struct jb_agent_overlay_maker *m, int64_t case_no,
                                  bool has_pending, struct jb_arena *arena,
                                  struct jb_agent_overlay *out) JB_MUST;

/* Decide one more act on the overlay at `now_ms` and apply it if the rules here accept it; the
 * verdict is in m->verdict. Its texts must live as long as the arena. NOMEM. */
struct jb_agent_overlay_act {
    const struct jb_act *act;
    struct jb_text user;
    int64_t now_ms;
};
enum jb_err jb_agent_overlay_act(const struct jb_agent_overlay_maker *m, struct jb_agent_overlay *o,
                                 const struct jb_agent_overlay_act *what,
                                 struct jb_arena *arena) JB_MUST;

#endif
