/* Private to the ledger: the light of every open case of a replica, kept in a table, so that a list
 * of red ones reads no more than it shows.
 *
 * Lights change with time alone. A row holds the light at an instant from `from_ms` to `to_ms`;
 * whoever asks adds what turned after from_ms, which an index gives, and jb_ledger_lights_turn
 * brings the rows nearer between other work. Kept by a replica that is written, not by a broker nor
 * by who only reads. */
#ifndef JB_LEDGER_LIGHTS_H
#define JB_LEDGER_LIGHTS_H

#include "proto/rules/case.h"

struct jb_ledger;

struct jb_lights {
    int64_t from_ms; /* every row has at least the light of this instant */
    int64_t to_ms;   /* and none that comes later; >= from_ms */
    int64_t left;    /* cases below this number may lack a row; 0: nothing is lacking */
};

#define JB_LIGHTS_KINDS 2 /* what is warned, what is due */
struct jb_lights_place {  /* how far a turn from from_ms to to_ms has come; zero: nowhere yet */
    int64_t ms, case_no;
};

/* Can lists be made of the rows at this instant? Else (an older file that is being filled, a clock
 * that was set back) from the deadlines. */
bool jb_lights_usable(const struct jb_ledger *l, int64_t now_ms);
/* The row of a case as it is now; goes when it is not open. Inside a transaction. */
enum jb_err jb_lights_put(struct jb_ledger *l, const struct jb_case *c) JB_MUST;
/* The rows of a case are about to go. Inside a transaction. */
enum jb_err jb_lights_drop(struct jb_ledger *l, int64_t case_no) JB_MUST;
/* There are no cases. */
void jb_lights_reset(struct jb_ledger *l);
/* When the file is opened, after the heads; part of a commit. */
enum jb_err jb_lights_load(struct jb_ledger *l) JB_MUST;
enum jb_err jb_lights_store(struct jb_ledger *l) JB_MUST;

#endif
