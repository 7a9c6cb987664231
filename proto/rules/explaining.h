/* Inside jb_explain: what the history of a deadline (explain.c) hands to the count of its days
 * (explain_days.c). */
#ifndef JB_RULES_EXPLAINING_H
#define JB_RULES_EXPLAINING_H

#include "proto/rules/explain.h"

struct jb_span { /* civil days that a hearing took, both included */
    struct jb_date first, last;
};

struct jb_history {
    const struct jb_explain_question *q;
    uint32_t ids[JB_EXPLAIN_MAX]; /* the deadline, and those that it was passed on from */
    size_t id_count;
    const struct jb_effect *root; /* the effect that set the first of them; NULL: not there */
    struct jb_span pauses[JB_EXPLAIN_MAX];
    size_t pause_count;
    int64_t paused_from_ms; /* of a pause that runs */
    int64_t due_ms;         /* so far */
    uint32_t extended_days;
    enum jb_err err;
};

/* Count again, day by day; fills counted_due_ms, paused_days and provisional. Wants
 * out->extended_days. Errors as jb_explain. */
enum jb_err jb_explain_count(const struct jb_history *h, struct jb_explanation *out) JB_MUST;

#endif
