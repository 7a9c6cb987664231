/* Reports: the figures of the appraisal and the counts of what was received, from the record alone.
 *
 * Reads the entries of every case that is here, case by case (broker: the log; replica: the
 * stream's items), never a derived table. What a figure means and who is charged stands in
 * proto/rules/appraisal.h. A replica reports on the cases that it knows, and for those it says what
 * the broker says. Read only; one view of the record from beginning to end; memory grows with the
 * number of agencies, not with that of cases. */
#ifndef JB_LEDGER_APPRAISAL_H
#define JB_LEDGER_APPRAISAL_H

#include "proto/ledger/ledger.h"
#include "proto/rules/report.h"

/* Every agency that has any figure gets all six (or the one asked for), and so do the one asked for
 * and the sum, with denominator 0 where there is no data. RANGE: the period is empty; TOO_LARGE:
 * too many different values to count by; CORRUPT: a case does not fit together (the fault names
 * it); NOMEM, IO, CLOSED. Everything lives in the arena. */
enum jb_err jb_report_make(struct jb_ledger *l, const struct jb_report_query *q,
                           struct jb_arena *arena, struct jb_report *out,
                           struct jb_fault *fault) JB_MUST;

#endif
