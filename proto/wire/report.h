/* Reports on the local protocol, the same at the broker and at an agent. */
#ifndef JB_WIRE_REPORT_H
#define JB_WIRE_REPORT_H

#include "proto/rules/directory.h"
#include "proto/rules/report.h"
#include "proto/wire/message.h"

/* What is asked for. The period ends now at the latest: what is not due yet has no place in a
 * figure. Texts are borrowed from the request; reader and user are the caller's to fill in.
 * MISSING: no end of the period; RANGE: an empty one, or both an indicator and counts;
 * UNKNOWN_KIND: an indicator or a count that is none. The fault says which. */
enum jb_err jb_report_query_read(const Jb__GetReport *request, int64_t now_ms,
                                 struct jb_report_query *q, struct jb_fault *fault) JB_MUST;

/* The reply's view, in the arena, with the names of agencies. NULL: out of memory. */
Jb__ReportView *jb_report_view(const struct jb_report *r, const struct jb_report_query *q,
                               const struct jb_directory *d, struct jb_arena *arena);

#endif
