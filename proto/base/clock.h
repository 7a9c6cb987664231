/* Where "now" comes from. Rules and ledger never ask: the daemons read a clock once per loop turn
 * and pass `now_ms` down. Never reads the environment or any configuration. */
#ifndef JB_BASE_CLOCK_H
#define JB_BASE_CLOCK_H

#include <stdint.h>

/* Milliseconds since 1970-01-01 00:00 UTC by the machine's wall clock. It can jump either way. */
int64_t jb_clock_now_ms(void);
/* Milliseconds since some fixed point; never goes back, knows nothing of dates, stands still while
 * the machine sleeps. For time-outs. */
int64_t jb_clock_mono_ms(void);
/* The same, going on while the machine sleeps. For noticing that the wall clock was set. */
int64_t jb_clock_boot_ms(void);

/* A wall clock that can be replaced: by tests, by the demo. Copy it freely. */
struct jb_clock {
    int64_t (*now_ms)(void *ctx); /* never NULL */
    void *ctx;                    /* borrowed; outlives the clock */
};

static inline int64_t jb_clock_read(const struct jb_clock *clock)
{
    return clock->now_ms(clock->ctx);
}

/* The machine's clock. */
struct jb_clock jb_clock_wall(void);
/* What the wall clock is held against, as one that can be replaced: jb_clock_boot_ms, since a
 * machine that slept was not set. */
struct jb_clock jb_clock_mono(void);
/* The machine's clock plus *offset_ms (read on each call; the caller may change it between calls,
 * from the thread that reads the clock). Saturates instead of overflowing. */
struct jb_clock jb_clock_offset(int64_t *offset_ms);
/* A clock that stands still at *now_ms until the caller moves it. */
struct jb_clock jb_clock_fixed(int64_t *now_ms);

#endif
