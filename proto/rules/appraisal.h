/* Appraisal: what the entries of one case say about the agencies that had it.
 *
 * Folds the entries of one case, in their order and from an empty case, with jb_case_apply, and
 * keeps beside it which agency held what for how long. No derived table is looked at, so the same
 * record gives the same figures at the broker, in a replica and after a rebuild. Decides nothing
 * about the case and never about a petitioner: figures are about agencies and matters.
 *
 * The indicators (domain rules, section 6). Each case gives contributions; a contribution belongs
 * to one agency and one instant: the last one that was still in time (so a duty due on 30 November,
 * 24:00, belongs to November). A figure is the sum over a period: contributions counted in the
 * numerator over all contributions.
 *
 *   OFFICE_ACCEPT   Art 22. An office that has a case to sort (its own registration, or one sent to
 *                   it): forwarded, assigned or referred by the end of that clock. The office does
 *                   not accept in the sense of Art 23; sending it on in time is its part.
 *   HANDLER_ACCEPT  Art 23. An agency that owes the notice: accepted, declined or already answered
 *                   within the office's days and its own, counted from registration (15 + 15 = 30),
 *                   but never before its own clock is over: who got the case late is not late for
 *                   it. A matter that came to the handler directly has only the handler's days. The
 *                   days are those of the clocks in the log, whatever policy they came from.
 *   ON_TIME_ANSWER  Art 22(3), 34. Host or co-handler: all clocks of one answer (sixty days, the
 *                   assigned period, the short track, a co-handler's share) are one duty, due at
 * the earliest of them, and in time when each was met in time. An extension and a count from
 * receipt move the instant. Review and recheck are other duties. PARTICIPATION   Opened ratings
 * over opened and overdue ones, at the end of the window. The office part is the registering
 * office's, the handler part belongs to whom gave the answer (or had the case last). A sealed
 * rating is none yet. SATISFACTION    Satisfied and basically satisfied over opened ratings. REPEAT
 * Repeat petitions over all, at the instant of the first clock of the case. Both the registering
 * office and the handler that has it are told; the sum of all agencies counts the case once. A
 * merged case is not counted: it goes on in the other one, which counts once, as a repeat if it is
 * marked as one itself.
 *
 * Who is charged:
 *   - Whoever owed the duty when it fell due. A duty that was taken away before that (superseded by
 *     a higher hand-over, handed on, referred, withdrawn, merged, closed) is no contribution; one
 *     that was taken away when it was already late is, and is late.
 *   - An agreed objection leaves the objector without any contribution from that hand-over, early
 *     or late. So does a designation of somebody else while its objection was open, or disputed.
 *   - A dispute changes nothing: the host keeps the case and its clocks run on.
 *   - A handler that passes a case on between peers passes the clocks on; what it was assigned
 * stays with it, and the answer of whoever has the case meets it.
 *   - The short track: a clock of it that ended by turning ordinary is no duty; the ordinary one
 * is.
 *   - Who need not tell the petitioner (name or address unclear, Art 23) is not in HANDLER_ACCEPT,
 *     suggestions without a day limit are not in ON_TIME_ANSWER.
 *   - An accusation (jb_confined) and a file that is no case give nothing, to nobody. */
#ifndef JB_RULES_APPRAISAL_H
#define JB_RULES_APPRAISAL_H

#include "proto/rules/case.h"

enum jb_indicator {
    JB_INDICATOR_NONE = 0,
    JB_INDICATOR_OFFICE_ACCEPT,
    JB_INDICATOR_HANDLER_ACCEPT,
    JB_INDICATOR_ON_TIME_ANSWER,
    JB_INDICATOR_PARTICIPATION,
    JB_INDICATOR_SATISFACTION,
    JB_INDICATOR_REPEAT,
    JB_INDICATOR_END
};

/* "office-accept", and the rule behind it as in refusals ("22"). Static storage. "unknown", "" for
 * a number that is none. jb_indicator_parse: NONE for an unknown name. */
const char *jb_indicator_name(enum jb_indicator i);
const char *jb_indicator_article(enum jb_indicator i);
enum jb_indicator jb_indicator_parse(struct jb_text name);

struct jb_contribution {
    enum jb_indicator indicator;
    uint32_t node;
    bool counted;    /* in the numerator */
    bool again;      /* the case is in this figure already: not in the sum of all agencies */
    int64_t last_ms; /* the last instant that was in time: the period it belongs to */
};

struct jb_duty; /* what one agency owed: private */

struct jb_appraisal {
    struct jb_case c; /* as far as it was told; readable */
    struct jb_arena *arena;
    struct jb_duty *duties;
    size_t duty_count, duty_capacity;
    uint32_t round;      /* times that the case was reopened */
    uint32_t answerer;   /* who gave the last answer as host; 0: nobody */
    uint32_t marks_seen; /* deadlines looked at so far */
};

/* Begin with one case. Everything lives in the arena, which the caller resets between cases. */
void jb_appraisal_start(struct jb_appraisal *a, int64_t case_no, struct jb_arena *arena);
/* The next entry of the case. Its texts must live as long as the arena's. NOMEM, CORRUPT as
 * jb_case_apply. */
enum jb_err jb_appraisal_take(struct jb_appraisal *a, const struct jb_entry *entry) JB_MUST;
/* What the case contributes, when all entries were taken: into the arena, in the order of
 * indicators. NOMEM. */
enum jb_err jb_appraisal_end(struct jb_appraisal *a, struct jb_contribution **out,
                             size_t *count) JB_MUST;

/* Does the case count among those received (JB_COUNT_*)? Accusations, files, and parts that were
 * split off do not; merged ones do: they were received. */
bool jb_appraisal_counts(const struct jb_case *c);

/* What received cases are counted by. */
enum jb_count {
    JB_COUNT_NONE = 0,
    JB_COUNT_MATTER,
    JB_COUNT_CLASS,
    JB_COUNT_PLACE, /* the six digits of county or district */
    JB_COUNT_CHANNEL,
    JB_COUNT_END
};
enum jb_count jb_count_parse(struct jb_text name); /* "matter"; NONE: unknown */
/* The case's value: a code ("appeal", "visit"), or the text as registered; "" if none is known.
 * Borrowed from the case, or static. */
struct jb_text jb_count_key(enum jb_count by, const struct jb_case *c);

#endif
