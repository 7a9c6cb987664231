/* An agent without a network for targets: a replica of some cases, the broker's keys in hand. What
 * an input puts into the replica is taken back. */
#ifndef JB_TESTS_FUZZDESK_H
#define JB_TESTS_FUZZDESK_H

#include "tests/unit/agentdesk.h"

#define FUZZ_DESK_CASES 3

/* Made at the first call, as it was at each later one. */
struct desk *fuzz_desk(void);
/* Turns of the loop and of the thread pool, until nothing is left to do now. */
void fuzz_desk_turn(struct desk *d);
/* Ask one question as a clerk; a reply is encoded and shown. */
void fuzz_desk_ask(struct desk *d, const Jb__Request *request);

#endif
