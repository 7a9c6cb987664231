/* The policy: every number of the rulebook, with its article, read from a versioned file
 * (deploy/policy/). A case keeps the version that was in force when its clock started. Parsing is
 * pure: text in, tables out. */
#ifndef JB_RULES_POLICY_H
#define JB_RULES_POLICY_H

#include "proto/rules/calendar.h"
#include "proto/rules/case.h"

#define JB_POLICY_ROWS_MAX 64

struct jb_policy_row { /* one [deadline KEY] section */
    char key[JB_KEY_MAX];
    struct jb_text name; /* Chinese name, e.g. 受理告知 */
    uint32_t limit;
    enum jb_unit unit;
    uint32_t extension_days;         /* at most, once; 0: cannot be extended */
    uint32_t warn_days[JB_WARN_MAX]; /* before the due day: 5, 3, 1 ... descending; 0 unused */
    struct jb_text article;          /* e.g. 《信访工作条例》第二十二条 */
    bool proposal;                   /* (P): set by this system, not by law */
    bool right; /* a right that lapses at its due instant, not a duty that is missed */
};

struct jb_policy {
    struct jb_text version; /* e.g. 2022-05-01.1 */
    struct jb_text source;  /* which rules the numbers come from */
    int64_t effective_from_ms;
    struct jb_policy_row rows[JB_POLICY_ROWS_MAX];
    size_t row_count;
    /* [switch] section: precedence and other switches, see policy.c's table */
    bool first_assignment_outranks;     /* §4 rule 1 */
    bool level_outranks;                /* rule 2 */
    bool no_return_after_designation;   /* rule 3 */
    bool never_lengthen;                /* rule 4 */
    bool object_before_acceptance_only; /* an accepted case cannot be objected to */
    uint32_t hops_max;                  /* after so many hand-overs: to the common superior */
};

/* Parse a policy file. Everything points into `arena` (the text is copied). Faults name the line.
 * JB_CONFIG: unknown section or key, missing row, bad number; JB_NOMEM. */
enum jb_err jb_policy_parse(struct jb_text text, struct jb_arena *arena, struct jb_policy **out,
                            struct jb_fault *fault) JB_MUST;
/* NULL: no such row. */
const struct jb_policy_row *jb_policy_row(const struct jb_policy *p, const char *key);

/* Compute due instant, warn steps and `provisional` of a new deadline from stored inputs alone.
 * `designated_ms` 0: none; otherwise the earlier of the two counts (policy rule 4).
 * Start day not counted; due at the end of the last day, 24:00 Asia/Shanghai, which is the first
 * instant that is too late; no roll-over for calendar days. A designated day that is the earlier
 * one (or counts although it is later, without the switch never_lengthen) gives unit DESIGNATED,
 * limit 0. `cal` is needed, and calendar_version filled, only where working days are counted.
 * JB_NOT_FOUND: no such row; JB_MISSING: the row has no limit, or working days without a calendar;
 * JB_RANGE: the count leaves the years 1970-9999. Texts point into policy and calendar. Fills
 * d->{limit,unit,due_ms,first_due_ms,
 * warn_at_ms,provisional,designated_bound,article,policy_version,calendar_version,key,trigger_ms}.
 */
enum jb_err jb_deadline_compute(const struct jb_policy *p, const struct jb_calendar *cal,
                                const char *key, int64_t trigger_ms, int64_t designated_ms,
                                struct jb_deadline *d) JB_MUST;

/* The warn-before steps of a row for this due instant, ascending; those that would fall at or
 * before the trigger are left out, unused places are 0. Returns how many there are. */
size_t jb_deadline_warn_steps(const struct jb_policy_row *row, int64_t trigger_ms, int64_t due_ms,
                              int64_t out[JB_WARN_MAX]);

#endif
