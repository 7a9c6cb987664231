/* The broker of brokerworld.h with a loop: its ticks run as in the daemon, with the worker, and
 * what follows a failed one. Still without sockets. */
#ifndef JB_TEST_BROKERLOOP_H
#define JB_TEST_BROKERLOOP_H

#include "tests/unit/brokerworld.h"

struct looped {
    struct world *w;
    uv_loop_t loop;
};

/* cmocka fixtures: *state is a struct looped. */
int looped_setup(void **state);
int looped_teardown(void **state);

/* Decide and commit what has gathered; returns when nothing is under way any more. */
void looped_tick(struct jb_broker *b);
/* What the clock and the sweeps queued meanwhile is dropped. */
void looped_forget(struct jb_broker *b);
/* The time of the probe has come, and it finds all well. */
void looped_recover(struct jb_broker *b);

#endif
