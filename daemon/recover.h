/* After a restore: the record is completed from the agents' copies, and what a node holds that
 * returned too late is kept as evidence. Loop thread, but where it is said. */
#ifndef JB_DAEMON_RECOVER_H
#define JB_DAEMON_RECOVER_H

#include "daemon/broker.h"

/* recover.c: after a restore */
enum jb_err jb_recover_start(struct jb_broker *b, struct jb_fault *fault) JB_MUST;
/* Why nothing is taken; NULL: there is nothing to recover. */
const char *jb_recover_trouble(const struct jb_broker *b);
/* Answer a greeting whose node is known, and ask for what the backup lacks. */
enum jb_err jb_recover_greet(struct jb_broker *b, const struct jb_zmsg *msg, struct jb_peer *p,
                             const struct jb_frame *hello, struct jb_fault *fault) JB_MUST;
void jb_recover_copy(struct jb_broker *b, const struct jb_zmsg *msg, struct jb_peer *p,
                     const struct jb_frame *f);
void jb_recover_done(struct jb_broker *b, const struct jb_zmsg *msg, struct jb_peer *p,
                     const struct jb_frame *f);

/* late.c: a node returns after the record was completed without it */
/* Ask for what it holds beyond `former`; when all of it is here, for nothing more: its answer to
 * that is told what to do next. */
enum jb_err jb_late_greet(struct jb_broker *b, const struct jb_zmsg *msg, struct jb_peer *p,
                          const struct jb_frame *hello, const struct jb_line_point *former,
                          struct jb_fault *fault) JB_MUST;
void jb_late_copy(struct jb_broker *b, const struct jb_zmsg *msg, struct jb_peer *p,
                  const struct jb_frame *f);
void jb_late_done(struct jb_broker *b, const struct jb_zmsg *msg, struct jb_peer *p,
                  const struct jb_frame *f);
/* That a piece is to be written; with the last one the entry by which the offices hear of it. */
enum jb_err jb_decide_late(struct jb_broker *b, struct jb_batch *t,
                           const struct jb_intake_item *item) JB_MUST;
/* How much evidence there is, for status and metrics. Reads all of it. */
void jb_late_count(struct jb_broker *b);
/* Commit's thread; inside its transaction. */
enum jb_err jb_late_write(struct jb_ledger *l, const struct jb_intake_item *item) JB_MUST;
/* It is on the disk: ask for the next piece, or say what is to be done. */
void jb_late_written(struct jb_broker *b, const struct jb_intake_item *item);

#endif
