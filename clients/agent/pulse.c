/* See pulse.h. */
#include "clients/agent/pulse.h"

#include "proto/wire/frame.h"

#define LEAST_MS 1000 /* between two looks at the clock */

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* The first instant at which there is something to do. */
static int64_t next_ms(const struct jb_pulse *p)
{
    if (p->recovering || !p->welcomed)
        return p->greeted_ms + JB_ANSWER_MS;
    int64_t beat = p->sent_ms + JB_BEAT_MS;
    int64_t other =
        p->beat_awaited ? later(p->beat_ms, p->heard_ms) + JB_ANSWER_MS : p->heard_ms + JB_BEAT_MS;
    return beat < other ? beat : other;
}

enum jb_pulse_act jb_pulse_act(const struct jb_pulse *p, int64_t now_ms)
{
    if (now_ms < next_ms(p))
        return JB_PULSE_NOTHING;
    if (p->recovering)
        return JB_PULSE_GREET;
    if (!p->welcomed)
        return JB_PULSE_UNANSWERED;
    if (p->beat_awaited && now_ms >= later(p->beat_ms, p->heard_ms) + JB_ANSWER_MS)
        return JB_PULSE_SILENT;
    return JB_PULSE_BEAT;
}

int64_t jb_pulse_wait_ms(const struct jb_pulse *p, int64_t now_ms)
{
    return later(next_ms(p) - now_ms, LEAST_MS);
}
