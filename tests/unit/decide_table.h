/* For tests with tables of what each kind of act comes to: a well-formed act of every kind, and
 * short words for refusals and stages. */
#ifndef TESTS_UNIT_DECIDE_TABLE_H
#define TESTS_UNIT_DECIDE_TABLE_H

#include "tests/unit/rules_world.h"

/* A well-formed act of this kind, fit for the case that world_bring makes. */
struct jb_act table_act(const struct world *w, enum jb_act_kind kind);
/* The meaning of the n-th word of a row: the name of a refusal or stage. */
const char *table_cell(const char *cells, size_t n);
/* Fail, naming `where`, unless the last act was refused for this reason, or led to this stage. */
void table_expect(const char *where, const struct world *w, const char *wanted);

#endif
