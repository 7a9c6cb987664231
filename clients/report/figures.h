/* The answer to a question for a report as a sheet: the same cells from the command line client and
 * from the gateway. */
#ifndef JB_CLIENTS_REPORT_FIGURES_H
#define JB_CLIENTS_REPORT_FIGURES_H

#include "clients/lib/jiaoban.h"
#include "clients/report/sheet.h"
#include "clients/report/words.h"

/* Who a figure is of, and the value counted, in words where it is a code of ours; kept by `t`. */
const char *jb_figure_agency(struct jb_tongue *t, const struct jiaoban_figure *f);
const char *jb_figure_value(struct jb_tongue *t, const struct jiaoban_query *q,
                            const struct jiaoban_figure *f);
/* What it is of: the value counted, or the indicator. */
const char *jb_figure_name(struct jb_tongue *t, const struct jiaoban_query *q,
                           const struct jiaoban_figure *f);

/* The figures of `r`, the answer to `q`: indicators; with q->counts counts; with q->cases a row for
 * each case behind them. The sheet borrows from both `t` and `r`; the caller frees it. Look at
 * `failed`. */
struct jb_sheet jb_report_sheet(struct jb_tongue *t, const struct jiaoban_query *q,
                                const struct jiaoban_result *r);

#endif
