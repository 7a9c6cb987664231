/* Random acts, legal and illegal, that get somewhere: half of the time what usually comes next, by
 * somebody who can be expected to do it. */
#ifndef JB_TEST_RANDOMACT_H
#define JB_TEST_RANDOMACT_H

#include "tests/model/modelworld.h"

struct model_act {
    struct jb_act act;
    uint32_t node;
    const char *user;
};

/* The next act about this case as it stands. Lists live in the step's arena. */
struct model_act model_random_act(struct model *m, const struct jb_case *c);
/* A registration by some office or handler: every matter, flags, accused agencies. */
struct model_act model_random_register(struct model *m);

#endif
