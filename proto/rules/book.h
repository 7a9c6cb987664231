/* The rulebook: the policies and calendars that are installed, and which of them counts.
 *
 * A case keeps the version of the policy that was in force when a clock was triggered; which policy
 * and calendar apply depends on the region of the agency that owes the deadline. Pure; one thread
 * at a time. */
#ifndef JB_RULES_BOOK_H
#define JB_RULES_BOOK_H

#include "proto/rules/directory.h"
#include "proto/rules/policy.h"

struct jb_book_calendar {
    const char *region;                 /* division code; "CN": the national one */
    const struct jb_calendar *calendar; /* a region's own days laid over the national ones */
};

/* What a decision may look at besides the case. */
struct jb_rulebook {
    const struct jb_directory *directory;
    /* In force everywhere at the instant of the decision; NULL: POLICY_MISSING. */
    const struct jb_policy *policy;
    const struct jb_calendar *calendar; /* the national one; NULL: none yet */
    /* All that are installed, for older triggers and for regions; may be empty. A later one of the
     * same version and region replaces the earlier one. */
    const struct jb_policy *const *policies;
    size_t policy_count;
    const struct jb_book_calendar *calendars; /* the last installed one of each region */
    size_t calendar_count;
};

/* The policy for what `node` owes, triggered at `at_ms`: of the versions effective by then the
 * latest, the most specific region first (511002, 511000, 510000, everywhere). Falls back to
 * book->policy. NULL: none is installed. */
const struct jb_policy *jb_book_policy_at(const struct jb_rulebook *b, uint32_t node,
                                          int64_t at_ms);
/* The installed policy with this version; NULL: unknown. */
const struct jb_policy *jb_book_policy_version(const struct jb_rulebook *b, struct jb_text version);
/* The calendar of the node's region, most specific first; falls back to book->calendar. */
const struct jb_calendar *jb_book_calendar_of(const struct jb_rulebook *b, uint32_t node);
/* The row that a stored deadline was computed from: of the version stored with it; of the one in
 * force when that is unknown. NULL: there is no such row. */
const struct jb_policy_row *jb_book_row_of(const struct jb_rulebook *b,
                                           const struct jb_deadline *d);

#endif
