/* Inside the rules: what the files about directives share (moves_directive.c, moves_countersign.c,
 * moves_receiver.c). */
#ifndef JB_RULES_RECEIVERS_H
#define JB_RULES_RECEIVERS_H

#include "proto/rules/moves.h"

#define JB_RECEIVERS_MAX 256 /* more than the lists of one act hold */

struct jb_receivers {
    uint32_t at[JB_RECEIVERS_MAX];
    size_t count;
};

/* ---- receivers.c ----------------------------------------------------------------------- */

/* Whom it binds, who helps, who hears of it: each one once. */
void jb_receivers_of_act(const struct jb_act *act, struct jb_receivers *r);
/* Those of a directive of the case whose part has not ended. */
void jb_receivers_of_directive(const struct jb_case *c, uint32_t id, struct jb_receivers *r);
bool jb_receivers_have(const struct jb_receivers *r, uint32_t node);
/* The directive (its number, power, demand, level, authority, due_ms count) reaches its receivers:
 * they join, their clocks start, directives that it goes before end with them. */
void jb_draw_in_force(struct jb_move *m, const struct jb_directive *d,
                      const struct jb_receivers *r);

/* End the receiver's clock if it runs; JB_END_MET becomes MET_LATE when it is too late. */
void jb_draw_target_clock_end(struct jb_move *m, const struct jb_target *t,
                              enum jb_deadline_end end);

/* ---- moves_countersign.c -------------------------------------------------------------------- */

bool jb_directive_is_summons(uint32_t power, uint32_t demand);
/* Visitors from which it is a mass matter at this level; 0: no such number is set. */
uint32_t jb_mass_threshold(const struct jb_policy *p, int level);
/* Must a named leader countersign the directive that the act issues to these receivers? */
bool jb_needs_countersign(const struct jb_move *m, const struct jb_receivers *r);
/* NOT_DELEGATED unless `official` is empty or a named leader of the acting node for this power. */
enum jb_refusal jb_check_leader(struct jb_move *m, const char *field, struct jb_text official,
                                int power);
/* The same for the act's countersigned_by, who must be somebody else than the acting person. */
enum jb_refusal jb_check_countersigner(struct jb_move *m, int power);

#endif
