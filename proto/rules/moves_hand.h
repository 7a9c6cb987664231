/* Shared by the moves on how a case travels (moves_register.c, moves_send.c, moves_object.c,
 * moves_dispute.c, moves_recuse.c, moves_succeed.c, moves_classify.c, moves_join.c). Nobody else
 * includes this. */
#ifndef JB_RULES_MOVES_HAND_H
#define JB_RULES_MOVES_HAND_H

#include "proto/rules/moves.h"

/* One hand-over. */
struct jb_hand {
    uint32_t node;       /* new host */
    int authority;       /* under which the case is with it from now on */
    int order_authority; /* an order: the sender's own; it may be lower than the one that stays */
    struct jb_list32 co_handlers;
    bool order;     /* by an office or superior: starts the leg anew; otherwise between handlers */
    bool assigned;  /* sets the "assigned" clock */
    bool no_return; /* sets no "object" clock */
    int64_t due_ms; /* designated; 0: none */
};

/* ---- moves_hand.c --------------------------------------------------------------------------- */

/* Everything that follows from the hand-over `h` by m->q->node. */
void jb_draw_hand(struct jb_move *m, const struct jb_hand *h);
/* Does `node` stay in the audience after this hand-over? */
bool jb_hand_keeps(const struct jb_move *m, const struct jb_hand *h, uint32_t node);
/* The clock goes on for another node. One that has been missed stays the former node's miss: it is
 * not missed a second time. A pause goes on as well. */
void jb_draw_passed_on(struct jb_move *m, const struct jb_deadline *d, uint32_t node);
/* Has an effect of this act ended the clock already? */
bool jb_move_ended(const struct jb_move *m, const struct jb_deadline *d);
/* End every open clock for which `ends` says so and that no effect has ended yet. */
void jb_draw_ended(struct jb_move *m,
                   bool (*ends)(const struct jb_move *m, const struct jb_deadline *d),
                   enum jb_deadline_end end);
/* Is this directive an order under which a case was handed over, and in force? */
bool jb_is_order(const struct jb_directive *d);
/* Its receiver's part is over, and with it the order. Its clock is left alone. */
void jb_draw_order_over(struct jb_move *m, const struct jb_target *t, enum jb_target_state state);
/* The order under which the host holds the case, if any, comes to `state` at the host. */
void jb_draw_order_state(struct jb_move *m, enum jb_target_state state);

/* ---- moves_recuse.c -------------------------------------------------------------------------- */

/* A whole agency goes (act->node, or who acts): its part in directives and dockets ends, what it
 * held goes back or on to somebody else. Who cannot go: why not, and what to do instead. */
enum jb_refusal jb_check_agency_out(struct jb_move *m, uint32_t node);
void jb_draw_agency_out(struct jb_move *m, uint32_t node);
/* Whose hand-over is in force when the case is with `host`, it was sent by `sender` and registered
 * by `registrar`: nobody rules on his own objection. 0: nobody's. */
uint32_t jb_sender_beside(uint32_t host, uint32_t sender, uint32_t registrar);

/* ---- moves_object.c -------------------------------------------------------------------------- */

/* An objection ends and the host keeps the case: the notice that it held up runs again. */
void jb_draw_resumed(struct jb_move *m);

/* ---- moves_dispute.c ------------------------------------------------------------------------ */

struct jb_arbiter {
    uint32_t node;
    int level; /* 1: superior, 2: joint conference */
};

/* Who settles a dispute over who handles that has got to `level` without result (0: it begins);
 * `but` is out of the question. false: nobody. */
bool jb_find_arbiter(const struct jb_move *m, int level, uint32_t but, struct jb_arbiter *out);
/* The dispute goes to this arbiter. */
void jb_draw_to_arbiter(struct jb_move *m, const struct jb_arbiter *arbiter);
/* No dispute is open any more; what its arbiter owed ends like this. */
void jb_draw_dispute_ends(struct jb_move *m, enum jb_deadline_end end);

#endif
