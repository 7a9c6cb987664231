/* A simulated clock for end-to-end tests: the machine's clocks plus what a file says.
 *
 * The file holds one line, "PASSED_MS [SET_MS]". PASSED_MS is time that has gone by besides the
 * real time: wall clock and monotonic clock move by it together. SET_MS is by how much somebody
 * set the wall clock wrong: it moves that one alone. Both may be negative; absent is 0. Only a
 * command line option brings it in, never a configuration. */
#ifndef JB_BASE_TESTCLOCK_H
#define JB_BASE_TESTCLOCK_H

#include "proto/base/clock.h"
#include "proto/base/err.h"

#define JB_TESTCLOCK_LOOK_MS 50 /* how often a process under test looks at the time */

struct jb_testclock {
    const char *path;  /* borrowed */
    int64_t passed_ms; /* as last read */
    int64_t set_ms;
    int64_t read_ms; /* real monotonic instant of the last reading */
};

/* Take the file at `path` (borrowed). JB_NOT_FOUND, JB_IO, JB_MALFORMED. */
JB_MUST enum jb_err jb_testclock_open(struct jb_testclock *t, const char *path,
                                      struct jb_fault *fault);

/* Clocks that read the file again, at most once in a real millisecond, at each look; a file that
 * cannot be read leaves the last values. `t` outlives them. One thread. */
struct jb_clock jb_testclock_wall(struct jb_testclock *t);
struct jb_clock jb_testclock_mono(struct jb_testclock *t);

#endif
