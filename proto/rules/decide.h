/* The decision: may this node do this to this case now, and what follows from it?
 *
 * Pure. The same code runs in the broker (where it is binding) and in an agent (to refuse at once
 * what the broker would refuse, and to show what waits in the outbox). The rules are rows: act
 * kind, stages, parties, custody needed, check, consequences (see decide.c and moves.c). */
#ifndef JB_RULES_DECIDE_H
#define JB_RULES_DECIDE_H

#include "proto/rules/book.h"
#include "proto/rules/refusal.h"

struct jb_question {
    const struct jb_act *act;
    uint32_t node; /* whose act */
    struct jb_text user;
    int64_t now_ms;     /* the broker's clock: deadlines are counted from here */
    bool administrator; /* came through the broker's admin socket */
    /* Cases that the act names (jb_act_other_cases), or that c is linked to, as far as they are
     * known here; the case itself is not among them. */
    const struct jb_case *const *others;
    size_t other_count;
    uint64_t open_duties; /* RETIRE_NODE: cases and deadlines that the node still answers for */
};

#define JB_DETAIL_BYTES 160
#define JB_VERDICT_DEADLINES 160 /* set or moved by one act */
#define JB_FOLLOW_MAX 4
#define JB_OTHERS_MAX 32 /* other cases that one decision may look at */

/* The effects point into the verdict itself: pass it by pointer, never copy it. */
struct jb_verdict {
    enum jb_refusal refusal;      /* NONE: accepted */
    char detail[JB_DETAIL_BYTES]; /* what and where, English, for logs and clerks; "" if the code
                                     says it all */
    struct jb_effects effects;    /* when accepted; texts borrowed from question, policy, case */
    int64_t warn_at_ms[JB_VERDICT_DEADLINES]
                      [JB_WARN_MAX]; /* what warn_at_ms of effects points to */
    size_t warn_lists;               /* of these in use */
    /* The broker's own acts on other cases that follow from this one; decided right after it. */
    struct jb_act follow[JB_FOLLOW_MAX];
    size_t follow_count;
};

/* Decide on an act about a case. `c` is the present state (stage NONE: not known). Never changes
 * the case: the caller applies the entry that it makes from the effects (jb_case_apply). Act kinds
 * about the directory or policy go to jb_decide_directory. */
void jb_decide(const struct jb_rulebook *book, const struct jb_case *c, const struct jb_question *q,
               struct jb_verdict *verdict);

/* Could an act of this kind be made at all now? Looks at everything that does not depend on what
 * the act will say: q->act needs kind, case number and custody only. verdict->refusal NONE: it
 * could; whether it is depends on its contents. A kind that is refused here is refused whatever it
 * says. No effects. Not for kinds about the directory or policy. */
void jb_decide_kind(const struct jb_rulebook *book, const struct jb_case *c,
                    const struct jb_question *q, struct jb_verdict *verdict);

/* The other cases that a decision on this act about `c` looks at: named by the act, or linked to.
 * Fills at most JB_OTHERS_MAX numbers, returns how many; never the case itself, none twice. The
 * caller loads those that it has. */
size_t jb_act_other_cases(const struct jb_act *act, const struct jb_case *c,
                          int64_t out[JB_OTHERS_MAX]);

/* Directory acts and delegations: administrator only (delegations: a holder for itself); checks
 * codes, keys, parents, dates, successor. */
void jb_decide_directory(const struct jb_directory *d, const struct jb_question *q,
                         struct jb_verdict *verdict);

/* Check a decoded act's own fields: required ones present, enum values known, lengths, list sizes,
 * one-line texts free of control characters, dates plausible. Also called by clients. */
enum jb_refusal jb_act_check(const struct jb_act *act, char detail[JB_DETAIL_BYTES]);

/* The clock's acts for one case at now_ms: fills `acts` (WARN steps and MISS of open deadlines that
 * fell due, in order of their instants; missed steps of one deadline coalesced into the highest
 * one) and returns how many (at most `max`). The caller decides them one after another as the
 * broker. Clocks that stand still say nothing. In place of a MISS comes for a due "deliver"
 * UNDELIVERED (to be replaced by RECEIVED when the receipt is on record), and for a due "rate" an
 * OPEN_RATING for each party whose rating is not out (to be given its satisfaction). */
size_t jb_clock_acts(const struct jb_case *c, int64_t now_ms, struct jb_act *acts, size_t max);

/* Does this entry lay a duty on `node` (hand-over to it, or a deadline that it owes)? Such an
 * entry's receipt is reported to the sender. */
bool jb_entry_is_duty(const struct jb_entry *entry, uint32_t node);

#endif
