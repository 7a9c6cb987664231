/* Private to the ledger: cases as a broker keeps them, one packed row each.
 *
 * Beside the packed case (casepack.h) its row has what a broker searches by, made from the case
 * when it is written:
 *   standing     enum jb_standing
 *   next_ms      the first instant at which one of its clocks has something to say
 *   warned_ms    from then on it is yellow or red; red_ms: red
 *   provisional  so many open deadlines have a date that is not known for sure
 *   undelivered  so many hand-overs did not arrive in time
 *   directives   so many are in force or wait; dockets: so many are open
 * An instant that never comes is INT64_MAX. `participant` says in which cases a node has which
 * role; role 0: none, but something waits for it there. `mark` is as in a replica. */
#ifndef JB_LEDGER_CASEBROKER_H
#define JB_LEDGER_CASEBROKER_H

#include "proto/ledger/db.h"

enum jb_standing {
    JB_STANDING_OVER = 0,
    JB_STANDING_OPEN = 1,
    JB_STANDING_FILE = 2 /* no case */
};

#define JB_PACKED_WRONG "a packed case cannot be read"

/* The functions that the statements call; before these are prepared. */
enum jb_err jb_case_functions_add(struct jb_ledger *l) JB_MUST;

/* No such case: *c stays of stage NONE. CORRUPT: the row is damaged. */
enum jb_err jb_packed_case_load(struct jb_ledger *l, struct jb_case *c,
                                struct jb_arena *arena) JB_MUST;
/* The row; roles and marks as far as they are dirty. */
enum jb_err jb_packed_case_write(struct jb_ledger *l, const struct jb_case *c) JB_MUST;

#endif
