/* Private to the ledger: how many cases a replica has, how many of them are open, red, warned. Kept
 * along with the cases, in the same transaction, and stored with them, so that nobody who asks has
 * the cases counted. Lights change with time alone: the cases that turned since the last instant
 * are found by index. Not kept by a broker, nor by who only reads: they count. */
#ifndef JB_LEDGER_COUNTS_H
#define JB_LEDGER_COUNTS_H

#include "proto/rules/case.h"

struct jb_ledger;

struct jb_counts {
    bool known;    /* else they are counted when somebody asks */
    int64_t at_ms; /* instant of the lights */
    int64_t cases, open, objections, red;
    int64_t warned; /* red ones as well */
};

/* What one case counts, at the instant of the ledger's counts; STAGE_NONE: nothing. */
struct jb_counts jb_counts_of(const struct jb_ledger *l, const struct jb_case *c);
/* A case counted `before` and counts as it is now. Inside a transaction. */
void jb_counts_change(struct jb_ledger *l, const struct jb_counts *before,
                      const struct jb_case *now);
/* The rows of a case are about to go. Inside a transaction. */
enum jb_err jb_counts_drop(struct jb_ledger *l, int64_t case_no) JB_MUST;
/* There are no cases. */
void jb_counts_reset(struct jb_ledger *l);
/* When the file is opened, after the heads; part of a commit. */
enum jb_err jb_counts_load(struct jb_ledger *l) JB_MUST;
enum jb_err jb_counts_store(struct jb_ledger *l) JB_MUST;

#endif
