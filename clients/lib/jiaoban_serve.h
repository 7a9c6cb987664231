/* For programs that serve others, such as jiaoban-gateway: what they need beyond jiaoban.h, all of
 * it without blocking. Threads, errors and callbacks as there. */
#ifndef JIAOBAN_SERVE_H
#define JIAOBAN_SERVE_H

#include "jiaoban.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The act as JSON, in the form in which jiaoban_result_json shows acts: one object with its "kind",
 * "custody" if it is based on a known one, and the fields of that kind; 64-bit integers as digits
 * in strings or as numbers, enums as words, case numbers in any spelling. Beside them "persons" of
 * a registration, "query_code" of a rating. A field that the kind does not have is refused (RANGE,
 * or UNKNOWN_KIND, MISSING of the kind itself); what a rule misses, the rule refuses. */
struct jiaoban_json_act {
    size_t size;
    const char *text; /* need not end in NUL */
    size_t bytes;
    const char *kind;        /* NULL: as "kind" says */
    const char *case_number; /* NULL: as "case_no" says; else it must say the same, or nothing */
};
JIAOBAN_API enum jiaoban_status jiaoban_submit_json_async(struct jiaoban *j,
                                                          const struct jiaoban_json_act *act,
                                                          const struct jiaoban_options *options,
                                                          jiaoban_answer_fn fn, void *data,
                                                          uint64_t *id);

#ifdef __cplusplus
}
#endif

#endif
