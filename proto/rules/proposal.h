/* What the supervision ladder (Art 39, 40) proposes about a case: every step is proposed by the
 * system and taken by a person. Seen from the case alone; pure, any thread.
 *
 * A trigger that no step has followed yet asks for the next rung: the first one (urge) when no
 * docket is open about the agency concerned, otherwise the rung above the docket's. A docket whose
 * period still runs has been given its time: nothing is proposed until the period is over or the
 * trigger fell after the docket's last step. */
#ifndef JB_RULES_PROPOSAL_H
#define JB_RULES_PROPOSAL_H

#include "proto/rules/book.h"

#define JB_PROPOSALS_MAX 32 /* of one case; enough for what a person can read */

struct jb_proposal {
    uint32_t node;      /* whom the step concerns */
    int step;           /* JB_STEP_*; from JB_STEP_TALK on it is the joint conference's to take */
    const char *reason; /* the trigger: "overdue", "not_fed_back", "not_executed", "not_satisfied",
                           "repeat", "silent"; static */
    const char *key;    /* policy key of the clock behind it, "" if none; static */
    int64_t since_ms;   /* when the trigger fell: due instant, rating, link ... */
    struct jb_text docket_no; /* the docket to step, of the case; "": open one, or urge */
    const char *article;      /* as in refusals: "39", "40"; static */
};

/* The proposals for `c` at now_ms, longest standing first; at most `max` are filled in, returns how
 * many. The policy of the book gives the periods after which silence counts. A case that was
 * referred or merged has none; a closed one, or a file, only what its clocks and ratings say. */
size_t jb_proposals(const struct jb_case *c, const struct jb_rulebook *b, int64_t now_ms,
                    struct jb_proposal *out, size_t max);

/* Can there be proposals for `c`, at whatever instant, while no clock of it is overdue? Never false
 * when there are; needs no policy. Replicas keep it with the case: when it changes, a step of the
 * ledger's schema has to have it made anew. */
bool jb_proposals_may_come(const struct jb_case *c);

#endif
