/* What must always hold (the nine rules at the end of the casework rules), as checks that fail the
 * test. */
#ifndef JB_TEST_INVARIANTS_H
#define JB_TEST_INVARIANTS_H

#include "tests/model/modelworld.h"

/* One case as the broker has it; `before`: as it was before this step. */
void model_hold_case(struct model *m, const struct jb_case *before, const struct jb_case *now);
/* Each agency in the audience sees the same case as the broker, each other one sees nothing. */
void model_hold_replicas(struct model *m, const struct jb_case *now);
/* Every deadline of the case, counted again from what is stored with it, gives the same dates. */
void model_hold_dates(struct model *m, const struct jb_case *now);
/* The derived tables of every ledger are those that its own record gives, chains included. */
void model_hold_ledgers(struct model *m);

#endif
