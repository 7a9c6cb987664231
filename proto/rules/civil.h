/* Civil dates of Asia/Shanghai, by arithmetic: UTC+8, always.
 *
 * No time zone database and no libc conversions: a deadline must come out the same on every
 * machine, whatever TZ or tzdata is there. There has been no summer time since 1991; days of
 * 1986-1991 that had it are off by an hour here and lie before anything a petition deadline can
 * refer to. Gregorian calendar, years 1970-9999. Pure, any thread. */
#ifndef JB_RULES_CIVIL_H
#define JB_RULES_CIVIL_H

#include "proto/base/bytes.h"
#include "proto/base/err.h"

#define JB_DAY_MS INT64_C(86400000)
#define JB_DATE_DAYS_MAX 2932896 /* 9999-12-31 */
/* Local 1970-01-01 00:00 and 9999-12-31 24:00. */
#define JB_INSTANT_MIN_MS INT64_C(-28800000)
#define JB_INSTANT_MAX_MS (JB_INSTANT_MIN_MS + (JB_DATE_DAYS_MAX + INT64_C(1)) * JB_DAY_MS)

#define JB_DATE_TEXT 24    /* bytes that hold any formatted date, with NUL */
#define JB_INSTANT_TEXT 24 /* the same for an instant */

/* One local day. */
struct jb_date {
    int32_t
        days; /* since 1970-01-01; 0..JB_DATE_DAYS_MAX in every date that these functions give */
};

struct jb_ymd {
    int year;  /* 1970..9999 */
    int month; /* 1..12 */
    int day;   /* 1..31 */
};

static inline int jb_date_compare(struct jb_date a, struct jb_date b)
{
    return (a.days > b.days) - (a.days < b.days);
}

/* JB_RANGE: no such day, or outside 1970-9999. */
JB_MUST enum jb_err jb_date_make(struct jb_ymd ymd, struct jb_date *out);
struct jb_ymd jb_date_split(struct jb_date date);
/* `days` later (or earlier, if negative). JB_RANGE as above. */
JB_MUST enum jb_err jb_date_add(struct jb_date date, int64_t days, struct jb_date *out);
/* 1 = Monday ... 7 = Sunday. */
int jb_date_weekday(struct jb_date date);

/* The local day that an instant falls on. Instants outside JB_INSTANT_MIN_MS..MAX_MS give the first
 * or last day: check instants from outside with jb_instant_valid first. */
struct jb_date jb_date_of_instant(int64_t instant_ms);
bool jb_instant_valid(int64_t instant_ms);
/* 00:00 of that day; and 24:00, which is the first instant that is no longer in it: something due
 * on that day is late when now_ms >= jb_date_end_ms(day). */
int64_t jb_date_start_ms(struct jb_date date);
int64_t jb_date_end_ms(struct jb_date date);

/* "2026-11-23" and "2026年11月23日" (no leading zeros in the Chinese form). */
void jb_date_format(struct jb_date date, char out[JB_DATE_TEXT]);
void jb_date_format_zh(struct jb_date date, char out[JB_DATE_TEXT]);
/* Reads both forms (month and day of the Chinese one with or without leading zero); the whole text
 * must be the date. JB_MALFORMED: not of that form. JB_RANGE: no such day. */
JB_MUST enum jb_err jb_date_parse(struct jb_text text, struct jb_date *out);

/* Local time "2026-11-23 14:05"; seconds are dropped. Out-of-range instants as in
 * jb_date_of_instant. */
void jb_instant_format(int64_t instant_ms, char out[JB_INSTANT_TEXT]);
/* The same, with a midnight written as the end of the day before: "2026-11-23 24:00". For due
 * times. */
void jb_instant_format_due(int64_t instant_ms, char out[JB_INSTANT_TEXT]);
/* Reads a date in either form, then a blank or "T", then HH:MM or HH:MM:SS; 24:00 is allowed. Local
 * time. Errors as jb_date_parse. */
JB_MUST enum jb_err jb_instant_parse(struct jb_text text, int64_t *out_ms);

#endif
