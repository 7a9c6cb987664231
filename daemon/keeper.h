/* The broker's sense of time: the wall clock, held against the monotonic one.
 *
 * Small steps are followed. A forward step larger than the limit, or a step backward, puts the wall
 * clock in doubt: time goes on from the last trusted instant with the monotonic clock, until the
 * wall clock comes back to where it should be or an administrator says that it is right. So a wall
 * clock that jumps makes nothing fire early and skips nothing. Instants that were handed out never
 * go backward, but for one case: an administrator confirms that the time so far was ahead. To stand
 * still instead, perhaps for a year, would make every duty silently late. Loop thread. */
#ifndef JB_DAEMON_KEEPER_H
#define JB_DAEMON_KEEPER_H

#include <stdbool.h>

#include "proto/base/clock.h"

enum jb_doubt {
    JB_DOUBT_NONE = 0,
    JB_DOUBT_FORWARD,  /* it jumped ahead */
    JB_DOUBT_BACKWARD, /* it jumped back */
    JB_DOUBT_GAP,      /* at start: too long after the last entry of the log */
    JB_DOUBT_BEFORE    /* at start: before the last entry of the log */
};

struct jb_keeper_step { /* something that goes on record */
    int64_t before_ms;  /* where the clock should have stood */
    int64_t after_ms;   /* where it stood */
    const char *text;   /* what came of it; static */
};
#define JB_KEEPER_STEPS 8 /* not yet on record; the last one is overwritten when there are more */

struct jb_keeper {
    struct jb_clock wall;
    struct jb_clock mono;     /* now_ms NULL: nothing to hold it against, the wall clock is right */
    int64_t step_max_ms;      /* a larger step forward is doubted */
    int64_t trusted_ms;       /* at the last look */
    int64_t mono_ms, wall_ms; /* likewise */
    int64_t said_ms;          /* highest instant handed out */
    enum jb_doubt doubt;
    struct jb_keeper_step steps[JB_KEEPER_STEPS];
    unsigned step_count;
};

/* Begin: `last_ms` is the instant of the log's last entry (0: none). A wall clock that stands
 * before it, or more than gap_max_ms after it, is in doubt from the start, at that instant. `wall`,
 * `mono` and step_max_ms have been set. */
void jb_keeper_start(struct jb_keeper *k, int64_t last_ms, int64_t gap_max_ms);
/* After a start: the record says that it was in doubt when the broker stopped. If it is not any
 * more, that goes on record as well. */
void jb_keeper_came_back(struct jb_keeper *k, int64_t last_ms);
/* The time to decide with. */
int64_t jb_keeper_now(struct jb_keeper *k);
/* The wall clock is right although it jumped. false: it is not in doubt. */
bool jb_keeper_confirm(struct jb_keeper *k);
/* The next step that has to go on record; false: none. */
bool jb_keeper_step(struct jb_keeper *k, struct jb_keeper_step *out);
/* Did the wall clock come into doubt with this step, as it stands on record with the instant of its
 * entry? Otherwise it is trusted since. */
bool jb_keeper_began_doubt(int64_t at_ms, int64_t before_ms, int64_t after_ms);
/* Why the clock is in doubt, in English; "" when it is not. */
const char *jb_keeper_trouble(const struct jb_keeper *k);

#endif
