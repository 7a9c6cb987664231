/* Inside the rules: what the table of decide.c and its checks and consequences share. Nobody
 * outside proto/rules includes this.
 *
 * One kind of act = one row in decide.c: who may do it when, a check that may refuse and has no
 * effects, and a draw function that lists the effects and may not refuse. To put a kind in force,
 * add a row and, if needed, the two functions here. */
#ifndef JB_RULES_MOVES_H
#define JB_RULES_MOVES_H

#include "proto/rules/decide.h"

/* One decision in progress. */
struct jb_move {
    const struct jb_rulebook *book;
    const struct jb_case *c;
    const struct jb_act *act;
    const struct jb_question *q;
    const struct jb_node *self; /* the directory's entry of q->node; NULL: it has none */
    struct jb_verdict *v;
    uint32_t last_deadline_id; /* counts on with each deadline that is set */
    bool too_many;             /* more effects than one entry holds */
    enum jb_err deadline_err;  /* the first deadline that could not be computed */
    struct jb_effect spare;    /* takes the effects that no longer fit */
};

#define JB_ROLE_BIT(role) (1U << (role))

/* Write the detail, cut between characters, and return `refusal`. */
enum jb_refusal jb_detail_set(char detail[JB_DETAIL_BYTES], enum jb_refusal refusal,
                              const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Name of a node for details: the name, or "node 7". Static storage is not used: `out` holds it. */
#define JB_NODE_TEXT 96
const char *jb_node_text(const struct jb_directory *d, uint32_t node, char out[JB_NODE_TEXT]);

bool jb_node_is_office(const struct jb_node *n); /* petition office or joint conference; NULL: no */

/* ---- emit.c: one effect each, appended to the verdict --------------------------------------- */

void jb_emit_stage(struct jb_move *m, enum jb_stage stage);
/* The case goes to `node`; custody and hops count on. */
void jb_emit_custody(struct jb_move *m, uint32_t node, int authority, uint32_t sender);
/* Nothing if the node has that role already. */
void jb_emit_joined(struct jb_move *m, uint32_t node, enum jb_role role);
void jb_emit_fact(struct jb_move *m, enum jb_fact fact, int64_t at_ms);
/* Nothing if the fact has not happened. */
void jb_emit_fact_cleared(struct jb_move *m, enum jb_fact fact);
/* A new deadline from the policy's row; designated_ms 0: none. */
void jb_emit_deadline(struct jb_move *m, const char *key, uint32_t node, int64_t trigger_ms,
                      int64_t designated_ms);
/* The same clock goes on for another node: `d` is superseded, a copy with its trigger is set. */
void jb_emit_deadline_passed_on(struct jb_move *m, const struct jb_deadline *d, uint32_t node);
/* End an open deadline; if its due instant has gone by unrecorded, it is also marked as missed. */
void jb_emit_end(struct jb_move *m, const struct jb_deadline *d, enum jb_deadline_end end);
/* End every open deadline with this key. */
void jb_emit_end_all(struct jb_move *m, const char *key, enum jb_deadline_end end);
/* The same as done: MET, or MET_LATE when it was too late. */
void jb_emit_met(struct jb_move *m, const char *key);
void jb_emit_deadline_moved(struct jb_move *m, const struct jb_deadline *old,
                            const struct jb_deadline *now, struct jb_text reason, bool extension);
/* Warned, missed, acknowledged, according to `kind`. */
void jb_emit_deadline_mark(struct jb_move *m, enum jb_effect_kind kind, uint32_t id);
void jb_emit_objection(struct jb_move *m, uint32_t node, bool open, int ruling);
void jb_emit_opinion(struct jb_move *m, int opinion, int exit);

/* ---- reach.c: whom may a sender reach, and does it outrank the present hand-over? ----------- */

/* Is the target there, in force, and not the sender itself? */
enum jb_refusal jb_reach_target(struct jb_move *m, uint32_t node);
/* Below the sender's government (or below a root sender itself), and not of a higher level. */
bool jb_reaches(const struct jb_directory *d, const struct jb_node *sender, uint32_t node);
/* May this sender order that node to handle a case? NO_AUTHORITY with the reason. */
enum jb_refusal jb_reach_order(struct jb_move *m, uint32_t node);
/* OUTRANKED unless this sender with this authority goes before the hand-over in force. */
enum jb_refusal jb_reach_rank(struct jb_move *m, int authority);

/* ---- checks: may refuse, no effects; draws: effects, may not refuse ------------------------- */

enum jb_refusal jb_check_register(struct jb_move *m);
void jb_draw_register(struct jb_move *m);
enum jb_refusal jb_check_assign(struct jb_move *m);
void jb_draw_assign(struct jb_move *m);
enum jb_refusal jb_check_forward(struct jb_move *m);
void jb_draw_forward(struct jb_move *m);
enum jb_refusal jb_check_handover(struct jb_move *m);
void jb_draw_handover(struct jb_move *m);
enum jb_refusal jb_check_designate(struct jb_move *m);
void jb_draw_designate(struct jb_move *m);
enum jb_refusal jb_check_refer(struct jb_move *m);
void jb_draw_refer(struct jb_move *m);

enum jb_refusal jb_check_sign_for(struct jb_move *m);
void jb_draw_sign_for(struct jb_move *m);
enum jb_refusal jb_check_accept(struct jb_move *m);
void jb_draw_accept(struct jb_move *m);
enum jb_refusal jb_check_decline(struct jb_move *m);
void jb_draw_decline(struct jb_move *m);
enum jb_refusal jb_check_notify(struct jb_move *m);
void jb_draw_notify(struct jb_move *m);
enum jb_refusal jb_check_answer(struct jb_move *m);
void jb_draw_answer(struct jb_move *m);
enum jb_refusal jb_check_execute(struct jb_move *m);
void jb_draw_execute(struct jb_move *m);
enum jb_refusal jb_check_close(struct jb_move *m);
void jb_draw_close(struct jb_move *m);

enum jb_refusal jb_check_object(struct jb_move *m);
void jb_draw_object(struct jb_move *m);
enum jb_refusal jb_check_rule_on_objection(struct jb_move *m);
void jb_draw_rule_on_objection(struct jb_move *m);

enum jb_refusal jb_check_extend(struct jb_move *m);
void jb_draw_extend(struct jb_move *m);
enum jb_refusal jb_check_acknowledge(struct jb_move *m);
void jb_draw_acknowledge(struct jb_move *m);
enum jb_refusal jb_check_received(struct jb_move *m);
void jb_draw_received(struct jb_move *m);
enum jb_refusal jb_check_warn(struct jb_move *m);
void jb_draw_warn(struct jb_move *m);
enum jb_refusal jb_check_miss(struct jb_move *m);
void jb_draw_miss(struct jb_move *m);

#endif
