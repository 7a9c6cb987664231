/* See breath.h. */
#include "proto/ledger/breath.h"

#include <stddef.h>
#include <time.h>

#define STEP_NS INT64_C(5000000)       /* shorter ones are not worth a rest */
#define REST_MAX_NS INT64_C(500000000) /* a step that hung must not double that */

static int64_t now_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void jb_breathe(struct jb_breath *b)
{
    if (b == NULL || b->rest_percent == 0)
        return;
    int64_t now = now_ns();
    int64_t worked = b->since_ns != 0 ? now - b->since_ns : 0;
    if (b->since_ns != 0 && worked < STEP_NS)
        return;
    int64_t rest = worked * (int64_t)b->rest_percent / 100;
    if (rest > REST_MAX_NS)
        rest = REST_MAX_NS;
    struct timespec pause = {.tv_sec = 0, .tv_nsec = rest};
    if (rest > 0)
        (void)nanosleep(&pause, NULL); /* a signal ends it early: no harm */
    b->since_ns = now_ns();
}
