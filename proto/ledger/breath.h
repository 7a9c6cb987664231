/* Private to the ledger: work that leaves the machine to others now and then.
 *
 * A long copy would hold up whoever waits for the same disk: every commit waits behind what was
 * written before it. So it goes in small steps, and between them rests in proportion to what they
 * took: on a disk that is slow, or busy with others, longer. One thread. */
#ifndef JB_LEDGER_BREATH_H
#define JB_LEDGER_BREATH_H

#include <stdint.h>

struct jb_breath {
    unsigned rest_percent; /* of the time that was worked; 0: no rest */
    int64_t since_ns;      /* worked since; 0: not begun */
};

/* Between two steps: rests when enough was worked since the last time. NULL: never rests. */
void jb_breathe(struct jb_breath *b);

#endif
