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
    uint32_t warn_days[JB_WARN_MAX]; /* before the due day: 5, 3, 1 ... descending; 0 unused;
                                        none in rows of hours and minutes */
    struct jb_text article;          /* e.g. 《信访工作条例》第二十二条 */
    bool proposal;                   /* (P): set by this system, not by law */
    bool right; /* a right that lapses at its due instant, not a duty that is missed */
};

enum jb_silence { /* what happens when nobody has signed by the last step */
    JB_SILENCE_NOTHING = 0,
    JB_SILENCE_DISPUTE /* to the common superior, as a dispute over who handles */
};

struct jb_policy {
    struct jb_text version; /* e.g. 2022-05-01.1 */
    struct jb_text region;  /* division code that it is for; "": everywhere */
    struct jb_text source;  /* which rules the numbers come from */
    int64_t effective_from_ms;
    struct jb_policy_row rows[JB_POLICY_ROWS_MAX];
    size_t row_count;
    /* [switch]: precedence and other switches. These six must be given. */
    bool first_assignment_outranks;     /* section 4, rule 1 */
    bool level_outranks;                /* rule 2 */
    bool no_return_after_designation;   /* rule 3 */
    bool never_lengthen;                /* rule 4 */
    bool object_before_acceptance_only; /* an accepted case cannot be objected to */
    uint32_t hops_max;                  /* after so many hand-overs: to the common superior */
    /* The rest of [switch] may be left out: then yes, 50 and "repeat". */
    bool receive_first;          /* rule 3: an objection neither stops a clock nor releases */
    bool dispute_to_superior;    /* rule 5: the common superior before the joint conference */
    bool countersign_skip;       /* rule 6: a leader countersigns when levels are skipped */
    bool countersign_mass;       /* rule 6: and when a mass matter is concerned */
    bool sub_assign_within_tree; /* rule 6: under it a handler passes on only down its own tree */
    bool limits_of_authority;    /* rule 7: what the authority cannot do */
    bool host_collects;          /* the host answers after its co-handlers, or their time */
    bool conference_leads_cross; /* cross-boundary matters are the joint conference's to place */
    uint32_t deliver_percent;    /* alarm when a hand-over is undelivered after so much of its
                                    limit; 0: never */
    uint32_t simple_flags_excluded; /* JB_FLAG_* that keep a matter off the short track */
    /* [mass-visit]: visitors at once from which heads are summoned; else 50, 30, 10 */
    uint32_t mass_county, mass_city, mass_province;
    enum jb_silence silence; /* [silence] last: the last step; else dispute */
};

/* The switches and numbers of the policy beside its deadlines, for showing them. */
struct jb_policy_setting {
    const char *section, *key; /* as in the file: "switch", "hops_max" */
    const char *article;       /* the rule behind it, as in refusals: "P4.3" */
    const char *text;          /* English, one line */
};
/* Setting number i and its value as in the file ("yes", "50", "repeat,old"); false: past the last.
 * All of [switch], [mass-visit] and [silence], in the order of the file. `value` has room for
 * JB_SETTING_VALUE bytes. Texts are static. */
#define JB_SETTING_VALUE 128
bool jb_policy_setting_at(const struct jb_policy *p, size_t i, struct jb_policy_setting *out,
                          char value[JB_SETTING_VALUE]);

/* Parse a policy file. Everything points into `arena` (the text is copied). Faults name the line.
 * JB_CONFIG: unknown section or key, missing row, bad number, warn_days in a row of hours or
 * minutes, "recheck" in working days (hearing days are taken out of calendar days); JB_NOMEM. */
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

/* The clock runs again after a hearing (d->paused_from_ms .. until_ms). Its civil days, the first
 * and the last included, are not counted, each once: not those that an earlier pause took, nor the
 * trigger's own, which never counts; and none when it began after the due day. `now` becomes `d`
 * with new due instant and warn steps, running, paused_ms and paused_to_ms brought forward.
 * Calendar days move on with the pause; of working days those that were left are counted after it
 * with `cal`. `row` NULL: no warn steps. JB_MISSING: `d` is not paused, or working days without a
 * calendar; JB_RANGE: `until_ms` lies before the pause, or the count leaves the years 1970-9999. */
enum jb_err jb_deadline_resumed(const struct jb_policy_row *row, const struct jb_calendar *cal,
                                const struct jb_deadline *d, int64_t until_ms,
                                struct jb_deadline *now) JB_MUST;
/* Count a provisional clock of working days again with a newer calendar. The days of its extensions
 * (d->extended_days) stay added; trigger and limit stay. `now` becomes `d` with new due instant,
 * warn steps, provisional and calendar version (which points into `cal`). JB_NOT_FOUND: `d` is not
 * provisional or counts no working days; JB_MISSING: no calendar; JB_RANGE: it had a pause, or the
 * count leaves the years 1970-9999. */
enum jb_err jb_deadline_recounted(const struct jb_policy_row *row, const struct jb_calendar *cal,
                                  const struct jb_deadline *d, struct jb_deadline *now) JB_MUST;

#endif
