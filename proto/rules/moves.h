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
    uint32_t last_deadline_id;          /* counts on with each deadline that is set */
    bool too_many;                      /* more effects than one entry holds */
    enum jb_err deadline_err;           /* the first deadline that could not be computed */
    struct jb_effect spare;             /* takes the effects that no longer fit */
    const struct jb_policy *policy;     /* for what q->node does now; NULL: none */
    const struct jb_calendar *calendar; /* likewise */
    uint32_t last_directive_id;         /* count on like last_deadline_id */
    uint32_t last_docket_id;
    enum jb_refusal late_refusal; /* set by a draw through jb_move_refuse */
};

/* The case `case_no` among q->others; NULL: not known here, or not given. */
const struct jb_case *jb_move_other(const struct jb_move *m, int64_t case_no);
/* A draw found that it cannot be: the act is refused after all. Only for what shows itself while
 * drawing (the confinement of accusations, too many effects). */
void jb_move_refuse(struct jb_move *m, enum jb_refusal why);

struct jb_under { /* what a deadline hangs on */
    uint32_t directive, docket;
    int64_t trigger_ms, designated_ms; /* designated 0: none */
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

/* For emit_order.c: a new effect; the verdict's own copy of warn steps. */
struct jb_effect *jb_emit_push(struct jb_move *m, enum jb_effect_kind kind);
struct jb_list64 jb_emit_warn_steps(struct jb_move *m, const int64_t steps[JB_WARN_MAX]);

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
/* The same for this one, which must be open. */
void jb_emit_met_now(struct jb_move *m, const struct jb_deadline *d);
void jb_emit_deadline_moved(struct jb_move *m, const struct jb_deadline *old,
                            const struct jb_deadline *now, struct jb_text reason, bool extension);
/* Warned, missed, acknowledged, according to `kind`. */
void jb_emit_deadline_mark(struct jb_move *m, enum jb_effect_kind kind, uint32_t id);
void jb_emit_objection(struct jb_move *m, uint32_t node, bool open, int ruling);
void jb_emit_opinion(struct jb_move *m, int opinion, int exit);
/* No opinion and no exit any more; nothing if there is none. */
void jb_emit_opinion_cleared(struct jb_move *m);
void jb_emit_matter(struct jb_move *m, int matter);

/* ---- emit_order.c: one effect each, of what stands beside stage, custody and clocks -----------
 */

/* A deadline that belongs to a directive or a docket of the case (0: to none). Returns its number,
 * 0 when it could not be computed (the act is refused then). */
uint32_t jb_emit_deadline_under(struct jb_move *m, const char *key, uint32_t node,
                                const struct jb_under *under);
/* A clock of a policy row with limit 0 is not set at all: nothing is emitted. */
void jb_emit_deadline_if_set(struct jb_move *m, const char *key, uint32_t node, int64_t trigger_ms,
                             int64_t designated_ms);
void jb_emit_pause(struct jb_move *m, const struct jb_deadline *d, int64_t from_ms);
/* The clock runs again: due and warn steps are those of `now`. */
void jb_emit_resume(struct jb_move *m, const struct jb_deadline *now, int64_t until_ms);
void jb_emit_participant_fact(struct jb_move *m, uint32_t node, enum jb_fact fact, int64_t at_ms);
void jb_emit_flags(struct jb_move *m, uint32_t flags);
void jb_emit_class(struct jb_move *m, struct jb_text class_code);
void jb_emit_mark(struct jb_move *m, const struct jb_mark *mark, bool set);
/* Numbers it (d->id is ignored) and returns the number. Issued by the acting person. */
uint32_t jb_emit_directive(struct jb_move *m, const struct jb_directive *d);
void jb_emit_directive_status(struct jb_move *m, uint32_t directive,
                              enum jb_directive_status status, struct jb_text countersigned_by);
/* t->directive, node, state, adopted, deadline_id; the instant is now. */
void jb_emit_target(struct jb_move *m, const struct jb_target *t);
/* d->id 0: a new one, which is numbered; returns the number. d->closed_ms 0: open. */
uint32_t jb_emit_docket(struct jb_move *m, const struct jb_docket *d);
void jb_emit_rating(struct jb_move *m, int party, enum jb_rating_state state, int satisfaction);
void jb_emit_lead(struct jb_move *m, struct jb_text official);
/* level 0: the dispute is over. */
void jb_emit_dispute(struct jb_move *m, int level, uint32_t arbiter);
void jb_emit_track(struct jb_move *m, bool simple);
void jb_emit_review(struct jb_move *m, int round, uint32_t organ, int opinion);

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
enum jb_refusal jb_check_record_delivery(struct jb_move *m);
void jb_draw_record_delivery(struct jb_move *m);
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

/* moves_review.c */
enum jb_refusal jb_check_request_review(struct jb_move *m);
void jb_draw_request_review(struct jb_move *m);
enum jb_refusal jb_check_give_review(struct jb_move *m);
void jb_draw_give_review(struct jb_move *m);
enum jb_refusal jb_check_request_recheck(struct jb_move *m);
void jb_draw_request_recheck(struct jb_move *m);
enum jb_refusal jb_check_give_recheck(struct jb_move *m);
void jb_draw_give_recheck(struct jb_move *m);
enum jb_refusal jb_check_start_hearing(struct jb_move *m);
void jb_draw_start_hearing(struct jb_move *m);
enum jb_refusal jb_check_end_hearing(struct jb_move *m);
void jb_draw_end_hearing(struct jb_move *m);
/* moves_reopen.c */
enum jb_refusal jb_check_terminate(struct jb_move *m);
void jb_draw_terminate(struct jb_move *m);
enum jb_refusal jb_check_reopen(struct jb_move *m);
void jb_draw_reopen(struct jb_move *m);
/* moves_track.c */
enum jb_refusal jb_check_start_simple(struct jb_move *m);
void jb_draw_start_simple(struct jb_move *m);
enum jb_refusal jb_check_turn_ordinary(struct jb_move *m);
void jb_draw_turn_ordinary(struct jb_move *m);
enum jb_refusal jb_check_report_up(struct jb_move *m);
void jb_draw_report_up(struct jb_move *m);
/* moves_rating.c */
enum jb_refusal jb_check_rate(struct jb_move *m);
void jb_draw_rate(struct jb_move *m);
enum jb_refusal jb_check_open_rating(struct jb_move *m);
void jb_draw_open_rating(struct jb_move *m);
/* moves_join.c */
enum jb_refusal jb_check_link(struct jb_move *m);
void jb_draw_link(struct jb_move *m);
enum jb_refusal jb_check_merge(struct jb_move *m);
void jb_draw_merge(struct jb_move *m);
enum jb_refusal jb_check_split(struct jb_move *m);
void jb_draw_split(struct jb_move *m);
/* moves_dispute.c */
enum jb_refusal jb_check_escalate_dispute(struct jb_move *m);
void jb_draw_escalate_dispute(struct jb_move *m);
enum jb_refusal jb_check_recuse(struct jb_move *m);
void jb_draw_recuse(struct jb_move *m);
enum jb_refusal jb_check_classify(struct jb_move *m);
void jb_draw_classify(struct jb_move *m);
enum jb_refusal jb_check_succeed(struct jb_move *m);
void jb_draw_succeed(struct jb_move *m);
/* moves_directive.c */
enum jb_refusal jb_check_issue_directive(struct jb_move *m);
void jb_draw_issue_directive(struct jb_move *m);
enum jb_refusal jb_check_countersign_directive(struct jb_move *m);
void jb_draw_countersign_directive(struct jb_move *m);
enum jb_refusal jb_check_sign_directive(struct jb_move *m);
void jb_draw_sign_directive(struct jb_move *m);
enum jb_refusal jb_check_answer_directive(struct jb_move *m);
void jb_draw_answer_directive(struct jb_move *m);
enum jb_refusal jb_check_clear_directive(struct jb_move *m);
void jb_draw_clear_directive(struct jb_move *m);
enum jb_refusal jb_check_object_directive(struct jb_move *m);
void jb_draw_object_directive(struct jb_move *m);
enum jb_refusal jb_check_withdraw_directive(struct jb_move *m);
void jb_draw_withdraw_directive(struct jb_move *m);
/* moves_attach.c */
enum jb_refusal jb_check_attach(struct jb_move *m);
/* moves_erase.c */
enum jb_refusal jb_check_erase_key(struct jb_move *m);
void jb_draw_erase_key(struct jb_move *m);
/* moves_docket.c */
enum jb_refusal jb_check_open_docket(struct jb_move *m);
void jb_draw_open_docket(struct jb_move *m);
enum jb_refusal jb_check_step_docket(struct jb_move *m);
void jb_draw_step_docket(struct jb_move *m);
enum jb_refusal jb_check_close_docket(struct jb_move *m);
void jb_draw_close_docket(struct jb_move *m);
enum jb_refusal jb_check_urge(struct jb_move *m);
enum jb_refusal jb_check_set_plan(struct jb_move *m);
void jb_draw_set_plan(struct jb_move *m);
enum jb_refusal jb_check_fulfil(struct jb_move *m);
void jb_draw_fulfil(struct jb_move *m);
/* moves_clock.c */
enum jb_refusal jb_check_recount(struct jb_move *m);
void jb_draw_recount(struct jb_move *m);
enum jb_refusal jb_check_undelivered(struct jb_move *m);
void jb_draw_undelivered(struct jb_move *m);

/* confine.c: the one place that keeps accusations from the accused, Art 30 and rule 8.5. May `node`
 * come into the audience of the case as it will be after the effects drawn so far? Called for every
 * node that joins or gets the case, whatever the act. */
bool jb_confine_allows(const struct jb_move *m, uint32_t node);

/* ---- directives and dockets ------------------------------------------------------------------ */

/* reach.c: may this sender address a directive of this power to that node? Orders go to lower
 * levels and to departments of the same one; a circular or a recommendation also to organs that
 * take no orders; a recommendation also to the sender's own government. */
enum jb_refusal jb_reach_directive(struct jb_move *m, uint32_t node, int power);
/* moves_countersign.c: COUNTERSIGN_REQUIRED when the policy wants a named leader behind an
 * assignment by this sender to `node` (levels skipped, or so many people) and
 * act->countersigned_by is none (P4.6). */
enum jb_refusal jb_check_countersign(struct jb_move *m, uint32_t node, uint32_t people);
/* moves_directive.c: a file of its own comes into being: stage, custody, registrar. */
void jb_draw_file(struct jb_move *m);
/* receivers.c: a clock under a directive or docket; 0: the policy does not set it. */
uint32_t jb_draw_clock_under(struct jb_move *m, const char *key, uint32_t node,
                             const struct jb_under *under);
/* receivers.c: who acts for `node`, which issued a directive or opened a docket: itself; when it
 * has been abolished, its successor; otherwise, when it takes no part in the case any more, the
 * registrar. */
uint32_t jb_stand_in(const struct jb_move *m, uint32_t node);
/* receivers.c: has this receiver's part not ended yet? */
bool jb_target_is_open(const struct jb_target *t);
/* The receiver's part comes to `state`, its clock ends with it: MET (or MET_LATE), CANCELLED,
 * SUPERSEDED. */
void jb_draw_target_over(struct jb_move *m, const struct jb_target *t, enum jb_target_state state,
                         enum jb_deadline_end end);

/* moves_track.c: a case on the short track becomes an ordinary one; its two short clocks end.
 * Nothing if it is not on it, or if this act has said so already. */
void jb_draw_simple_over(struct jb_move *m);

/* emit.c: one deadline was met at `at_ms`, which may lie before now: too late only if it was then.
 * A miss that is on record already stays there. */
void jb_emit_met_at(struct jb_move *m, const struct jb_deadline *d, int64_t at_ms);

/* ---- how a case travels: moves_object.c, moves_dispute.c ------------------------------------ */

/* The case goes back to who sent it: stage REGISTERED, clock "resort"; the host's clocks end or go
 * back with it, the host leaves. The order's own state is for the caller to draw. */
void jb_draw_return(struct jb_move *m);
/* Opens a dispute over who handles, or takes an open one to the joint conference: DISPUTE_SET, the
 * arbiter joins, clock "settle". The host keeps the case and its duties. false: there is nobody to
 * settle it, nothing was drawn. */
bool jb_draw_dispute(struct jb_move *m);
/* ACCUSED of the act: only of an accusation (`matter` after the act), and agencies that the
 * directory knows: one that is not known cannot be kept out. */
enum jb_refusal jb_check_accused(struct jb_move *m, int matter);

#endif
