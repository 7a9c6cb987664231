/* Shared by the moves on the life of a case in its handler's hands and above it (moves_handle.c,
 * moves_answer.c, moves_tell.c, moves_review.c, moves_reopen.c, moves_track.c, moves_extend.c).
 * Nobody else includes this. */
#ifndef JB_RULES_MOVES_LIFE_H
#define JB_RULES_MOVES_LIFE_H

#include "proto/rules/moves.h"

/* ---- moves_tell.c: what the petitioner has to be told --------------------------------------- */

/* An instant that a clerk gives for something done (0: not given): not in the future
 * (CLOCK_IMPLAUSIBLE), not before the day of registration (VALUE_OUT_OF_RANGE). `field` names it.
 */
enum jb_refusal jb_check_done_at(struct jb_move *m, const char *field, int64_t at_ms);
/* A node's clock may run a little ahead of the broker's; facts never do. */
int64_t jb_at_most_now(const struct jb_move *m, int64_t at_ms);
/* What the petitioner is told, or would have been told last, in this stage. */
enum jb_fact jb_fact_to_tell(const struct jb_case *c);
/* NOT_TOLD, with what it is that he has not been told and the article that demands it. */
enum jb_refusal jb_not_told(struct jb_move *m, enum jb_fact fact);
/* The petitioner was told at `told_at_ms`; 0: not yet, nothing follows. From then on run his rights
 * to a review or recheck, and the window for his ratings. */
void jb_draw_told(struct jb_move *m, enum jb_fact fact, int64_t told_at_ms);

/* ---- moves_handle.c ------------------------------------------------------------------------- */

/* As jb_emit_met, but as of the instant at which it was done. */
void jb_emit_met_then(struct jb_move *m, const char *key, int64_t at_ms);
/* As jb_emit_met, but only what this node owes. */
void jb_emit_met_by(struct jb_move *m, const char *key, uint32_t node);
/* The orders under which the case is handled (directives with power ASSIGN in force): the receiver
 * `node` has signed or answered. A receiver who is past that state stays as he is. */
void jb_draw_receiver(struct jb_move *m, uint32_t node, enum jb_target_state state);
/* The host's result is that of all receivers but the co-handlers, who answer for themselves. */
void jb_draw_orders_answered(struct jb_move *m);
/* Art 31(1)-(4): another statutory route has the matter, no petition answer is given. */
bool jb_case_exit_taken(const struct jb_case *c);
/* Art 31(1)-(5): another statutory procedure, without the sixty days. */
bool jb_case_routed(const struct jb_case *c);

/* ---- moves_answer.c ------------------------------------------------------------------------- */

/* Has any of the three levels supported the petitioner? Then it has to be carried out, Art 32. */
bool jb_case_supported(const struct jb_case *c);
/* Does, or did in this round, a handler owe a superior the closing report of an assignment? */
bool jb_case_report_owed(const struct jb_case *c);
/* A final stage: the case's own clocks are cancelled, rights of the petitioner, the execution and
 * what is owed under directives and dockets run on; an objection and a dispute end, the orders that
 * brought it here are cleared. */
void jb_draw_case_over(struct jb_move *m);
/* Does this clock belong to a docket, or to a directive that does not hand the case over? Such
 * ones have a life of their own. */
bool jb_deadline_stands_alone(const struct jb_case *c, const struct jb_deadline *d);

/* ---- moves_reopen.c ------------------------------------------------------------------------- */

/* What has happened so far counts no more: facts, opinions, reviews, an objection and its ruling, a
 * dispute, the short track. The log keeps it. */
void jb_draw_round_over(struct jb_move *m);

#endif
