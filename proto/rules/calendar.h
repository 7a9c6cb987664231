/* Working days: which days count, from a calendar that is data (deploy/calendar/cn.ini).
 *
 * A day is one of three: *off* (a holiday by notice), *work* (made a working day by notice), or
 * ordinary: then Monday to Friday are worked. The calendar says from when to when it knows the
 * notices; outside, only ordinary days exist, and every answer that rests on such a day is marked
 * provisional. Reads no files, knows no deadlines; calendar days need no calendar. Pure; a parsed
 * calendar is read-only, any thread. */
#ifndef JB_RULES_CALENDAR_H
#define JB_RULES_CALENDAR_H

#include "proto/base/arena.h"
#include "proto/base/err.h"
#include "proto/rules/civil.h"

#define JB_WORKDAYS_MAX 36500 /* largest count that jb_calendar_add_workdays accepts */

enum jb_day_kind {
    JB_DAY_ORDINARY, /* no notice about it: the weekday decides */
    JB_DAY_OFF,      /* holiday */
    JB_DAY_WORK      /* make-up working day */
};

struct jb_calendar_day {
    struct jb_date date;
    enum jb_day_kind kind; /* OFF or WORK */
    int32_t shift;         /* working days gained (+) or lost (-) by all rows up to this one */
    const char *name;      /* the occasion: 春节 */
};

/* Lives in the arena that it was parsed into. */
struct jb_calendar {
    const char *version;        /* stored with every deadline that was counted with it */
    const char *region;         /* CN, or a division code */
    const char *source;         /* where the days come from; "" if not said */
    struct jb_date covers_from; /* first and last day whose notices it knows */
    struct jb_date covers_to;
    const struct jb_calendar_day *days; /* by date, no date twice */
    size_t day_count;
};

/* Read a calendar from INI text:
 *     [calendar]  version, covers_from, covers_to (required), region, source
 *     [off]       2026-01-01 = 元旦
 *     [work]      2026-02-14 = 春节
 * `name` stands in messages. Everything is allocated in `arena` (about 40 bytes per line of text).
 * JB_CONFIG (unknown or repeated key, bad date, row outside the covered time, a day both off and
 * work), JB_NOMEM, or an error of jb_initext_read; `fault` names line and value. */
JB_MUST enum jb_err jb_calendar_parse(struct jb_text text, const char *name, struct jb_arena *arena,
                                      struct jb_calendar *out, struct jb_fault *fault);

/* Join the national calendar and a region's own: where both speak of a day, the regional row wins.
 * Covers the time that both cover; its version is "national+regional". `out` borrows names from
 * both. JB_NOMEM; JB_RANGE: no common time. */
JB_MUST enum jb_err jb_calendar_overlay(const struct jb_calendar *national,
                                        const struct jb_calendar *regional, struct jb_arena *arena,
                                        struct jb_calendar *out);

/* What the calendar says about a day, for showing a count step by step. `name` (may be NULL) is set
 * to the occasion, or "" for an ordinary day. */
enum jb_day_kind jb_calendar_day_kind(const struct jb_calendar *cal, struct jb_date date,
                                      const char **name);
/* Does the calendar know the notices for this day? */
bool jb_calendar_knows(const struct jb_calendar *cal, struct jb_date date);
/* Is the day worked? `known` (may be NULL) tells whether a notice could still change that. */
bool jb_calendar_is_workday(const struct jb_calendar *cal, struct jb_date date, bool *known);

/* The n-th working day after `start`; the start day itself is not counted. `provisional` (may be
 * NULL): a counted day or one skipped on the way lies outside the covered time. JB_RANGE: n is
 * not 1..JB_WORKDAYS_MAX, or the result would be after 9999. */
JB_MUST enum jb_err jb_calendar_add_workdays(const struct jb_calendar *cal, struct jb_date start,
                                             int32_t n, struct jb_date *out, bool *provisional);

/* Working days after `from`, up to and including `to`; negative (those after `to` up to `from`)
 * when `to` is the earlier one. */
int32_t jb_calendar_count_workdays(const struct jb_calendar *cal, struct jb_date from,
                                   struct jb_date to);

#endif
