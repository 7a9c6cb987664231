/* Token bucket: how much may be done now, and when more. Pure: the time is given. The level is kept
 * in thousandths of a unit times 60, so that a slow refill loses nothing to rounding. */
#ifndef JB_BASE_BUCKET_H
#define JB_BASE_BUCKET_H

#include <stdint.h>

struct jb_rate {
    int64_t per_minute; /* refill; 0: no limit at all */
    int64_t burst;      /* what may be done at once after a rest, 1 or more */
};

struct jb_bucket { /* all zero: full */
    int64_t used;  /* what is missing to the burst, in units * 60000 */
    int64_t at_ms; /* when `used` was true */
};

/* Milliseconds until `amount` can be taken, 0: now. More than the burst is let through when the
 * bucket is full, so that nothing waits for ever. Time that goes back counts as no time. */
int64_t jb_bucket_wait(struct jb_bucket *b, const struct jb_rate *rate, int64_t now_ms,
                       int64_t amount);

/* Take `amount`, which has happened already: the bucket may fall into debt. */
void jb_bucket_take(struct jb_bucket *b, const struct jb_rate *rate, int64_t now_ms,
                    int64_t amount);

#endif
