/* Private to the ledger: the numbers of the cases that a list shows. */
#ifndef JB_LEDGER_QUERYCASES_H
#define JB_LEDGER_QUERYCASES_H

#include "proto/ledger/db.h"
#include "proto/ledger/query.h"

/* What fits the filter, newest first: at most `limit` + 1 of them in `numbers`. Inside a snapshot.
 * TOO_LARGE: the text. */
enum jb_err jb_cases_numbers(struct jb_ledger *l, const struct jb_case_filter *f, int64_t now_ms,
                             struct jb_arena *arena, int64_t *numbers, size_t *count) JB_MUST;

/* A pattern of LIKE for what has this text in it, escaped by a backslash. Arena; NOMEM. */
enum jb_err jb_cases_pattern(struct jb_text text, struct jb_arena *arena,
                             struct jb_text *out) JB_MUST;
/* The digits of a piece of a case number as people write it ("00007-00042"); *out is left alone if
 * the text is no such piece. Arena; NOMEM. */
enum jb_err jb_cases_digits(struct jb_text text, struct jb_arena *arena,
                            struct jb_text *out) JB_MUST;
/* Are they a whole case number? */
bool jb_cases_whole_number(struct jb_text digits, int64_t *case_no);
/* The largest number from 1 on below `below` in which these digits stand one behind the
 * other; -1: there is none. `digits`: 1 or more of 0 to 9. Pure. */
int64_t jb_cases_number_below(int64_t below, struct jb_text digits);

#endif
