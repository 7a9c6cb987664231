/* When the connection to the broker is greeted again, beats, or is given up: pure, by instants of
 * the monotonic clock, all in ms. A host that is gone is found by the kernel; a broker that hangs
 * is found here, by what it leaves unanswered. */
#ifndef JB_AGENT_PULSE_H
#define JB_AGENT_PULSE_H

#include <stdbool.h>
#include <stdint.h>

#define JB_ANSWER_MS 30000 /* for a greeting, and for a beat */

struct jb_pulse { /* of a connection that is there */
    bool recovering, welcomed;
    bool beat_awaited;                              /* a beat was sent and not answered */
    int64_t greeted_ms, heard_ms, sent_ms, beat_ms; /* last of each; heard: anything */
};

enum jb_pulse_act {
    JB_PULSE_NOTHING,
    JB_PULSE_GREET,      /* a broker that recovers: how far is it? */
    JB_PULSE_UNANSWERED, /* the greeting was not answered: give up */
    JB_PULSE_SILENT,     /* a beat was not answered, nor anything else heard: give up */
    JB_PULSE_BEAT        /* nothing sent, or nothing heard, for JB_BEAT_MS */
};

enum jb_pulse_act jb_pulse_act(const struct jb_pulse *p, int64_t now_ms);
/* After that: how long until the next look, at least a second. */
int64_t jb_pulse_wait_ms(const struct jb_pulse *p, int64_t now_ms);

#endif
