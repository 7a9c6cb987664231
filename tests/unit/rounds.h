/* How much of a long loop over like rounds runs: all of it, or with JB_PART=n in the environment
 * about one round in n. `tests/run valgrind` sets it, where an instruction costs thirty: what the
 * loop finds is the plain run's to find, and where memory is misused a part of the rounds shows.
 *
 * Every case of a test runs either way and looks at the same, less often. */
#ifndef JB_TESTS_ROUNDS_H
#define JB_TESTS_ROUNDS_H

#include <stddef.h>

/* Of `all` rounds; never fewer than `least`. What chance has to reach is asked for in proportion.
 */
size_t rounds_of(size_t all, size_t least);
/* The round after the n-th, of a loop that goes on by `step`: the first eight are never left out.
 */
long rounds_next(long n, long step);

#endif
