/* The replay of real cases: read them, let each travel on its real dates through the rules and a
 * real ledger under a simulated clock, print what came of it and where it differs from the source.
 *
 *   story.c   the two data sets -> stories; what is odd in the source, by reason
 *   record.c  a broker's ledger: decide, log, apply; the deadline clock
 *   play.c    stories -> acts in the order of their instants
 *   result.c  what the ledger holds afterwards, by agency
 *   expect.c  the same from the stories alone, by arithmetic on dates
 *   table.c   printing, and a JSON file for the test
 */
#ifndef TESTS_REPLAY_REPLAY_H
#define TESTS_REPLAY_REPLAY_H

#include "proto/ledger/appraisal.h"
#include "proto/rules/book.h"
#include "proto/rules/civil.h"
#include "proto/rules/decide.h"
#include "tests/demo/csv.h"

/* ---- stories ----------------------------------------------------------------------------------
 */

enum { /* nodes of the directory; agencies follow from FIRST_AGENCY on */
    GOVERNMENT = 2,
    OFFICE = 3,
    FIRST_AGENCY = 4
};

/* Where the replay differs from the source, or the source is odd. */
#define ODDITIES(X)                                                                                \
    X(NO_RECEIPT, "no date of receipt: the case cannot travel")                                    \
    X(NO_DATE, "a reply without a date: taken as not given")                                       \
    X(YEAR_MISTYPED, "a reply dated a year before its letter: the year is taken as mistyped")      \
    X(BEFORE_RECEIPT, "a date before the receipt: left out")                                       \
    X(NOT_SENT, "never sent on, never replied to: stays with the office")                          \
    X(SENT_ASSUMED, "no forward in the source: taken as sent on the day of receipt")               \
    X(BY_THE_OFFICE, "replied in the office's own name: as an agency of that name")                \
    X(OTHER_NAME, "replied under another name than it was sent to: charged to whom it was sent")   \
    X(TWO_AGENCIES, "two agencies: the first is host, the other co-handler")                       \
    X(ONE_REPLY, "two agencies, but one reply: it counts for both")                                \
    X(DECLINED, "the reply says \"not within our powers\": travels as a decline")                  \
    X(TOO_LATE_TO_DECLINE, "... which was accepted before: travels as an answer")                  \
    X(LATE_NOTE, "an acknowledgement after the answer: left out")                                  \
    X(DELAY_DIFFERS,                                                                               \
      "the source counts its days to another reply than the answer (often the forward)")           \
    X(OTHER_CHOSEN, "the petitioner had chosen another agency than it was assigned to")            \
    X(NEVER_REPLIED, "marked as handled, but without any reply: unanswered")                       \
    X(CLEANED, "control characters in the text: each replaced by a blank")                         \
    X(REFUSED, "an act that the rules refuse: see below")

enum oddity {
#define X(name, text) ODD_##name,
    ODDITIES(X)
#undef X
    ODDITY_COUNT
};

struct story { /* instants: 0 is "not in the source" */
    const char *id;
    char *title, *content, *reply; /* owned, cleaned */
    const char *class_code;
    int matter;
    int64_t received_ms, sent_ms, accepted_ms, answered_ms, closed_ms;
    int64_t due_ms;         /* designated */
    uint32_t host, co;      /* nodes */
    int64_t co_answered_ms; /* of the co-handler */
    bool declined;
    bool travels;
    long source_days; /* -1: not in the source */
    int64_t case_no;  /* set when it is registered */
};

struct stories {
    const char *name; /* of the data set */
    const char *government, *office;
    struct csv cases, more; /* the fields point into them */
    struct story *all;      /* owned */
    size_t count;
    char **agencies; /* names; node FIRST_AGENCY + i; owned */
    size_t agency_count;
    size_t odd[ODDITY_COUNT];
    char odd_ids[ODDITY_COUNT][256]; /* the first ones */
};

/* Read the sets that a folder holds. False: the reason went to standard error. */
bool stories_shangluo(struct stories *s, const char *dir);
bool stories_sichuan(struct stories *s, const char *dir);
void stories_free(struct stories *s);
void odd(struct stories *s, enum oddity what, const char *id);
const char *oddity_text(enum oddity what);
const char *oddity_name(enum oddity what); /* "NO_RECEIPT" */
const char *agency_name(const struct stories *s, uint32_t node);

/* ---- the record -------------------------------------------------------------------------------
 */

#define REFUSALS_MAX 16

struct record {
    char dir[64], path[80];
    struct jb_ledger *l;
    struct jb_arena arena, book_arena;
    struct jb_directory directory;
    struct jb_policy *policy;
    struct jb_calendar calendar;
    struct jb_rulebook book;
    struct jb_verdict verdict;
    int64_t now_ms;
    size_t in_batch;
    size_t acts, clock_acts;
    struct { /* what the rules refused, by kind and reason */
        enum jb_act_kind kind;
        enum jb_refusal why;
        size_t count;
        char detail[JB_DETAIL_BYTES];
    } refusals[REFUSALS_MAX];
    size_t refusal_count;
};

/* A new ledger in a private folder, with policy, calendar and the agencies. */
bool record_open(struct record *r, const struct stories *s, int64_t now_ms);
void record_close(struct record *r);
/* Let the clock speak at every instant up to `to_ms`. */
bool record_until(struct record *r, int64_t to_ms);
/* Decide, log and apply. NONE: it became an entry. custody is filled in. False: the ledger failed.
 */
bool record_act(struct record *r, uint32_t node, struct jb_act *act, enum jb_refusal *why);
bool record_commit(struct record *r);
bool record_case(struct record *r, int64_t case_no, struct jb_case *c); /* until the next call */

/* ---- play, results ----------------------------------------------------------------------------
 */

#define AFTERWARDS_DAYS 120 /* so long the clock runs on after the last date in the source */

/* *end_ms: where the clock stopped. */
bool play(struct record *r, struct stories *s, int64_t *end_ms);
int64_t play_begins(const struct stories *s);

struct agency_result {
    uint32_t node;
    size_t parts; /* cases that it had as host or co-handler */
    size_t in_time, late, unanswered, declined;
    int *days; /* from receipt to answer, ascending; owned */
    size_t day_count;
};
struct indicator_result {
    uint64_t numerator, denominator;
};
struct result {
    struct agency_result *agencies;                          /* [node]; owned */
    struct indicator_result (*indicators)[JB_INDICATOR_END]; /* [node]; node 0: all; owned */
    size_t nodes;
    struct { /* by host: each case once */
        size_t cases, in_time, late, unanswered, not_sent;
    } total;
};

bool result_new(struct result *x, const struct stories *s);
void result_free(struct result *x);
/* One (case, agency). days -1: not answered. */
bool result_add(struct result *x, uint32_t node, int days, bool in_time, bool declined);
void result_sort(struct result *x);
/* Nearest rank: the smallest value that at least `percent` of all do not exceed; -1: none. */
int percentile(const struct agency_result *a, int percent);

bool result_of_record(struct result *x, struct record *r, const struct stories *s, int64_t end_ms);
bool result_of_stories(struct result *x, const struct stories *s, const struct jb_policy *p);
/* Print every difference; how many there are. */
size_t result_compare(const struct result *got, const struct result *expected,
                      const struct stories *s);

void table_print(const struct result *x, const struct stories *s);
void clocks_print(struct record *r, const struct stories *s);
void odd_print(const struct stories *s, const struct record *r);
bool json_write(const char *path, const struct result *x, const struct stories *s);

#endif
