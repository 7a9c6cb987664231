/* For the tests of how cases are kept: cases with a value in every field, and whether two are the
 * same. */
#ifndef JB_TESTS_CASESAME_H
#define JB_TESTS_CASESAME_H

#include "tests/unit/ledger_world.h"

/* Every number is different, so that a swapped column shows. In memory of its own, which the next
 * call fills again; all that can be dirty is. */
struct jb_case cs_full(void);
/* Any value in any field, none in many; between none and many deadlines, and none and a few of what
 * else a case has several of, in any order. In the arena; all that can be dirty is. */
struct jb_case cs_random(struct lw *w, int64_t case_no);

/* Asserts that all fields of both, and of all that belongs to them, are the same. What is dirty
 * does not matter. */
void cs_same(const struct jb_case *a, const struct jb_case *b);
/* Participants by node and role, receivers by directive and node, as they are loaded. */
void cs_sort(struct jb_case *c);

#endif
