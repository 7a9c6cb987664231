/* Explains one deadline: the count day by day, the moves that brought it where it stands, and
 * whether counting again from what is stored gives the stored date.
 *
 * Reads nothing but its arguments: the stored deadline, its policy row, its calendar, and the
 * entries of its case. The same code serves broker, agent and tests. Decides nothing, shows
 * nothing: a caller gets days and moves one by one. Pure; any thread. */
#ifndef JB_RULES_EXPLAIN_H
#define JB_RULES_EXPLAIN_H

#include "proto/rules/policy.h"

/* What a civil day is to the count. The names are those of ExplainDayView.kind. */
enum jb_count_day {
    JB_COUNT_START = 1, /* "start": the trigger's own day, never counted */
    JB_COUNT_DAY,       /* "counted" */
    JB_COUNT_WORK,      /* "work": counted, a weekend day made a working day by notice */
    JB_COUNT_WEEKEND,   /* "weekend": not counted, working days only */
    JB_COUNT_OFF,       /* "off": not counted, a holiday by notice */
    JB_COUNT_PAUSED,    /* "paused": not counted, a hearing was held */
    JB_COUNT_EXTENSION, /* "extension": counted, a calendar day of the extension */
    JB_COUNT_CLOCK      /* "clock": hours and minutes; `count` is how many have run by 24:00 */
};
const char *jb_count_day_name(enum jb_count_day kind); /* "counted"; "unknown" */

struct jb_explain_day {
    struct jb_date date;
    enum jb_count_day kind;
    uint32_t count;       /* so far, this day included; days of an extension count on */
    const char *occasion; /* 春节; "" if none; the calendar's */
    bool known;           /* false: provisional, no notice covers the day */
};

/* The names are those of ExplainMoveView.kind. */
enum jb_deadline_move {
    JB_MOVE_SET = 1,   /* "set" */
    JB_MOVE_EXTENDED,  /* "extended"; text: the reason */
    JB_MOVE_RECEIVED,  /* "received": counted from receipt, later than the hand-over */
    JB_MOVE_PAUSED,    /* "paused": the hearing's first day */
    JB_MOVE_RESUMED,   /* "resumed": its last day */
    JB_MOVE_RECOUNTED, /* "recounted" with a newer calendar; text: the calendar's version */
    JB_MOVE_PASSED_ON, /* "passed_on": another agency owes it now; node: which */
    JB_MOVE_MISSED,    /* "missed" */
    JB_MOVE_ENDED,     /* "ended"; text: "met", "met_late", "cancelled" or "superseded" */
    JB_MOVE_MOVED      /* "moved" by any other act; text: the reason */
};
const char *jb_deadline_move_name(enum jb_deadline_move kind); /* "extended"; "unknown" */
const char *jb_deadline_end_name(enum jb_deadline_end end);    /* "met_late"; "unknown" */

struct jb_explain_move {
    enum jb_deadline_move kind;
    uint64_t seq;        /* log number of the entry */
    int64_t at_ms;       /* when it took effect: decided, received, paused, fallen due, ended */
    int64_t old_due_ms;  /* 0: there was none */
    int64_t due_ms;      /* the same as before where nothing moved */
    uint32_t node;       /* whose act it was; PASSED_ON, SET: who owes it from then on */
    struct jb_text text; /* see the kinds; else "" */
};

struct jb_explain_question {
    const struct jb_deadline *d;
    const struct jb_policy_row *row; /* jb_book_row_of; NULL: unknown, then d's own fields count */
    /* Of version d->calendar_version if it is still there, else the present one; NULL: none. */
    const struct jb_calendar *calendar;
    const struct jb_entry *entries; /* of the case, ascending seq; of whatever kinds */
    size_t entry_count;
    /* Either may be NULL. What they get is valid during the call only; texts as long as the
     * entries. */
    void (*day)(void *ctx, const struct jb_explain_day *day);
    void (*move)(void *ctx, const struct jb_explain_move *move);
    void *ctx;
};

struct jb_explanation {
    bool agrees;        /* the date counted again is the stored one */
    bool complete;      /* the entry that set the deadline is among the entries */
    bool same_rule;     /* limit and unit are those of the row; true where there is none */
    bool same_calendar; /* the calendar is the one that the deadline was counted with; true where
                           none is needed */
    int64_t counted_due_ms;
    uint32_t paused_days;   /* that were taken out of the count */
    uint32_t extended_days; /* by all extensions together */
    bool provisional;       /* a day on the way is not covered by the calendar */
};

/* Gives the moves in their order, then the days in theirs: START first, the due day last; hours and
 * minutes have only CLOCK days. A designated day is counted like calendar days; its deadline is due
 * at the designated instant. A clock that was passed on is followed back to where it was first set.
 * A pause that is not over has moved nothing yet, so its days are counted.
 * JB_MISSING: working days without a calendar; JB_RANGE: the count leaves the years 1970-9999;
 * JB_TOO_LARGE: more than JB_EXPLAIN_MAX pauses, or agencies that it was passed on to. `out` is
 * then unset, and moves and days may have been given. */
#define JB_EXPLAIN_MAX 128
enum jb_err jb_explain(const struct jb_explain_question *q, struct jb_explanation *out) JB_MUST;

#endif
