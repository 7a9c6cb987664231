#include "proto/base/clock.h"

#include <stddef.h>
#include <time.h>

static int64_t read_clock_ms(clockid_t id)
{
    struct timespec ts = {0, 0};

    /* Both clocks exist on every Linux; a failure would leave 0, which no caller takes for today.
     */
    (void)clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t jb_clock_now_ms(void)
{
    return read_clock_ms(CLOCK_REALTIME);
}

int64_t jb_clock_mono_ms(void)
{
    return read_clock_ms(CLOCK_MONOTONIC);
}

int64_t jb_clock_boot_ms(void)
{
    return read_clock_ms(CLOCK_BOOTTIME);
}

static int64_t wall_now_ms(void *ctx)
{
    (void)ctx;
    return jb_clock_now_ms();
}

static int64_t boot_now_ms(void *ctx)
{
    (void)ctx;
    return jb_clock_boot_ms();
}

static int64_t offset_now_ms(void *ctx)
{
    const int64_t *offset_ms = ctx;
    int64_t sum;

    if (__builtin_add_overflow(jb_clock_now_ms(), *offset_ms, &sum))
        return *offset_ms > 0 ? INT64_MAX : INT64_MIN;
    return sum;
}

static int64_t fixed_now_ms(void *ctx)
{
    const int64_t *now_ms = ctx;

    return *now_ms;
}

struct jb_clock jb_clock_wall(void)
{
    return (struct jb_clock){wall_now_ms, NULL};
}

struct jb_clock jb_clock_mono(void)
{
    return (struct jb_clock){boot_now_ms, NULL};
}

struct jb_clock jb_clock_offset(int64_t *offset_ms)
{
    return (struct jb_clock){offset_now_ms, offset_ms};
}

struct jb_clock jb_clock_fixed(int64_t *now_ms)
{
    return (struct jb_clock){fixed_now_ms, now_ms};
}
