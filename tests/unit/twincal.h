/* Calendars in two views, for the oracle of deadlines: one mark for each day, and as the rules
 * parse them. The shipped one, random small ones, and such with a region's own laid over them. */
#ifndef TESTS_UNIT_TWINCAL_H
#define TESTS_UNIT_TWINCAL_H

#include "proto/rules/calendar.h"

#define TWIN_FIRST_DAY 12418 /* 2004-01-01 */
#define TWIN_LAST_DAY 22279  /* 2030-12-31 */
#define TWIN_DAYS_END 26000  /* no count goes so far */
#define TWIN_SMALL 40        /* random calendars; as many with a regional one laid over */
#define TWIN_COUNT (2 * (1 + 2 * TWIN_SMALL))

struct plain {                 /* the oracle's view */
    char marks[TWIN_DAYS_END]; /* 'o' off, 'w' work, 0 ordinary */
    int32_t from, to;
};

struct twin {
    struct plain plain;
    struct jb_calendar calendar; /* the view of the rules */
};

/* The same numbers in every run. */
uint64_t twin_chance(void);
int32_t twin_between(int32_t low, int32_t high);
bool twin_one_in(int32_t n);

/* TWIN_COUNT of them: [2 * k + 1] is [2 * k] with a year more of notices, the first one is shipped.
 * Fails the test when a calendar cannot be parsed. Everything lives until twins_free. */
struct twin *twins_make(struct jb_arena *arena);
void twins_free(struct twin *twins);

#endif
