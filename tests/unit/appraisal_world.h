/* For the tests of the appraisal: the entries of one case, made by hand, so that each test says in
 * full what the log holds. */
#ifndef TESTS_UNIT_APPRAISAL_WORLD_H
#define TESTS_UNIT_APPRAISAL_WORLD_H

#include "proto/rules/appraisal.h"
#include "proto/rules/civil.h"

enum {
    OFFICE = 3,
    LOWER_OFFICE = 4,
    HOUSING = 10,
    LABOUR = 11,
    LAND = 12
};

#define CASE_NO INT64_C(2026030200003000017)
#define EFFECTS_MAX 16

struct ap_world {
    struct jb_arena arena;
    struct jb_appraisal a;
    uint64_t seq;
    uint32_t last_deadline;
    struct jb_effect effects[EFFECTS_MAX]; /* of the entry being made */
    size_t count;
    struct jb_contribution *out;
    size_t out_count;
};

/* cmocka fixtures: *state is a struct ap_world *. */
int ap_setup(void **state);
int ap_teardown(void **state);
/* 00:00 of a day of 2026, in China. */
int64_t ap_day(int month, int of_month);
struct jb_effect *ap_add(struct ap_world *w, enum jb_effect_kind kind);
void ap_stage(struct ap_world *w, enum jb_stage to);
void ap_custody(struct ap_world *w, uint32_t node);
/* Due at the end of the day before `due_ms`; returns its number. */
uint32_t ap_clock_set(struct ap_world *w, const char *key, uint32_t node, int64_t due_ms);
void ap_clock_end(struct ap_world *w, uint32_t id, enum jb_deadline_end how, int64_t at_ms);
void ap_fact(struct ap_world *w, enum jb_fact what, int64_t at_ms);
void ap_objection(struct ap_world *w, uint32_t node, bool open, uint32_t ruling);
void ap_rating(struct ap_world *w, uint32_t party, enum jb_rating_state to, uint32_t value);
/* The entry with the effects added since the last one. */
void ap_entry(struct ap_world *w, const struct jb_act *act, uint32_t node, int64_t at_ms);
uint32_t ap_registered(struct ap_world *w, uint32_t flags);
/* Sent on the 10th: notice due after the 25th, assigned until the end of April. */
uint32_t ap_assigned(struct ap_world *w, uint32_t sort, uint32_t node, int64_t at_ms);
void ap_accepted(struct ap_world *w, uint32_t node, int64_t at_ms);
void ap_answered(struct ap_world *w, uint32_t node, int64_t at_ms);
void ap_done(struct ap_world *w);
const struct jb_contribution *ap_find(const struct ap_world *w, enum jb_indicator i, uint32_t node);
void ap_expect(const struct ap_world *w, enum jb_indicator i, uint32_t node, bool counted,
               int64_t due_ms);

#define ENTRY(k, node, at, ...)                                                                    \
    ap_entry(w, &(struct jb_act){.kind = JB_ACT_##k, __VA_ARGS__}, node, at)
#define EXPECT(i, node, counted, due) ap_expect(w, JB_INDICATOR_##i, node, counted, due)
#define NOTHING(i, node) assert_null(ap_find(w, JB_INDICATOR_##i, node))

#endif
