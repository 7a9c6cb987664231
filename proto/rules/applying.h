/* Inside the rules: what the two files that apply effects share. See case_apply.c. */
#ifndef JB_RULES_APPLYING_H
#define JB_RULES_APPLYING_H

#include "proto/rules/case.h"

struct jb_applying {
    struct jb_case *c;
    const struct jb_entry *entry;
    struct jb_arena *arena;
    size_t at;          /* index of the effect in hand */
    uint32_t last_id;   /* of the deadlines so far, those set by earlier effects included */
    uint32_t custody;   /* after the earlier effects */
    uint32_t directive; /* last number of a directive so far, that of earlier effects included */
    uint32_t docket;    /* likewise */
    bool nomem;         /* a copy failed */
};

/* One effect's two passes: does it fit the case as it will be by then; change the case. */
struct jb_apply_row {
    bool (*fits)(struct jb_applying *a, const struct jb_effect *e);
    void (*apply)(struct jb_applying *a, const struct jb_effect *e);
};

/* Of marks, directives, receivers and dockets, of ratings and the review chain; both functions NULL
 * for a kind that belongs to case_apply.c. */
struct jb_apply_row jb_apply_order_row(enum jb_effect_kind kind);
/* Room in the case's arrays for what the entry's effects add to marks, directives, receivers and
 * dockets; false: out of memory. */
bool jb_apply_order_room(struct jb_applying *a);

/* Is this deadline there and running when the effect in hand is applied? */
bool jb_apply_running(const struct jb_applying *a, uint32_t id);
/* Can something be due, or have been missed, then? */
bool jb_apply_is_due(int64_t ms);
/* The deadline that an effect changes, marked for the ledger. */
struct jb_deadline *jb_apply_changed(struct jb_applying *a, const struct jb_effect *e);
/* A copy in the arena; a failure is noted in a->nomem. */
struct jb_text jb_apply_keep(struct jb_applying *a, struct jb_text text);
void jb_apply_warn_steps(struct jb_deadline *d, const struct jb_effect *e, int64_t now_ms);
/* Replace *array by a copy with room for `more` rows. */
bool jb_apply_grow(struct jb_arena *arena, void **array, size_t count, size_t more,
                   size_t row_bytes);

#endif
