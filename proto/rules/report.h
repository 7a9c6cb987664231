/* What a report is asked for and what it says: the figures of the appraisal, or counts of what was
 * received. Made by proto/ledger/appraisal.c, shown by proto/wire/report.c. Data only. */
#ifndef JB_RULES_REPORT_H
#define JB_RULES_REPORT_H

#include "proto/rules/appraisal.h"

#define JB_REPORT_CASES_MAX 1000 /* behind one figure; `more` tells of others */

struct jb_report_query {
    /* Duties that fell due, or cases received, in [from_ms, to_ms). to_ms at most the present
     * instant: what is not due yet has no place in a figure. */
    int64_t from_ms, to_ms;
    uint32_t node;               /* one agency; 0: all, with their sum */
    enum jb_indicator indicator; /* NONE: all */
    enum jb_count counts;        /* counts in place of indicators */
    size_t cases;                /* cases behind each figure: at most so many are named; 0: none */
    /* Who asks: cases of which he is recused are in the figures, but not named. 0: no agency. */
    uint32_t reader;
    struct jb_text user;
};

struct jb_figure {
    enum jb_indicator indicator; /* NONE: a count */
    struct jb_text key;          /* counts: the value counted, "" unknown */
    uint32_t node;               /* 0: the sum of all agencies; counts: that of the query */
    uint64_t numerator;          /* counts: cases */
    uint64_t denominator;        /* 0: no data; counts: all cases received */
    uint64_t people;             /* counts */
    int64_t *case_nos;           /* in ascending order */
    bool *counted;               /* which of them are in the numerator */
    size_t case_count;
    bool more; /* there are other cases */
};

struct jb_report {
    struct jb_figure *figures; /* arena; by node (the sum first) and indicator, or by key */
    size_t count;
    uint64_t seq;   /* last entry of the log that it covers; replica: last item of the stream */
    uint64_t cases; /* that are here at all */
};

#endif
