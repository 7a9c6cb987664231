/* See keeper.h. */
#include "daemon/keeper.h"

#include <stddef.h>
#include <stdlib.h>

#define TOLERANCE_MS 5000 /* what time services and a busy machine move it by is no step */

static const char came_back[] = "the wall clock came back: it is trusted again";

static void note(struct jb_keeper *k, int64_t before_ms, int64_t after_ms, const char *text)
{
    unsigned at = k->step_count < JB_KEEPER_STEPS ? k->step_count++ : JB_KEEPER_STEPS - 1;

    k->steps[at] = (struct jb_keeper_step){before_ms, after_ms, text};
}

static int64_t say(struct jb_keeper *k)
{
    if (k->trusted_ms > k->said_ms)
        k->said_ms = k->trusted_ms;
    return k->said_ms;
}

static void begin_doubt(struct jb_keeper *k, enum jb_doubt why, int64_t at_ms)
{
    k->doubt = why;
    k->trusted_ms = at_ms;
    note(k, at_ms, k->wall_ms, jb_keeper_trouble(k));
}

void jb_keeper_start(struct jb_keeper *k, int64_t last_ms, int64_t gap_max_ms)
{
    k->wall_ms = jb_clock_read(&k->wall);
    k->trusted_ms = k->wall_ms;
    k->said_ms = last_ms;
    k->doubt = JB_DOUBT_NONE;
    k->step_count = 0;
    if (k->mono.now_ms == NULL)
        return;
    k->mono_ms = jb_clock_read(&k->mono);
    if (last_ms == 0)
        return;
    if (k->wall_ms < last_ms - TOLERANCE_MS)
        begin_doubt(k, JB_DOUBT_BEFORE, last_ms);
    else if (k->wall_ms - last_ms > gap_max_ms)
        begin_doubt(k, JB_DOUBT_GAP, last_ms);
}

/* Else every later start would be held to the narrow limit of one in doubt: the next outage over a
 * weekend would stop the clock for a doubt that was over long before. */
void jb_keeper_came_back(struct jb_keeper *k, int64_t last_ms)
{
    if (k->doubt == JB_DOUBT_NONE)
        note(k, last_ms, k->wall_ms, came_back);
}

int64_t jb_keeper_now(struct jb_keeper *k)
{
    int64_t mono_ms;
    int64_t expected;
    int64_t step;

    k->wall_ms = jb_clock_read(&k->wall);
    if (k->mono.now_ms == NULL)
        return k->wall_ms;
    mono_ms = jb_clock_read(&k->mono);
    expected = k->trusted_ms + (mono_ms - k->mono_ms);
    k->mono_ms = mono_ms;
    step = k->wall_ms - expected;
    if (step >= -TOLERANCE_MS && step <= k->step_max_ms) {
        if (k->doubt != JB_DOUBT_NONE)
            note(k, expected, k->wall_ms, came_back);
        else if (step > TOLERANCE_MS)
            note(k, expected, k->wall_ms, "a small step was followed");
        k->doubt = JB_DOUBT_NONE;
        k->trusted_ms = k->wall_ms;
    } else if (k->doubt == JB_DOUBT_NONE) {
        begin_doubt(k, step > 0 ? JB_DOUBT_FORWARD : JB_DOUBT_BACKWARD, expected);
    } else {
        k->trusted_ms = expected;
    }
    return say(k);
}

bool jb_keeper_confirm(struct jb_keeper *k)
{
    int64_t now_ms = jb_keeper_now(k);

    if (k->doubt == JB_DOUBT_NONE)
        return false;
    note(k, now_ms, k->wall_ms, "confirmed: the wall clock is right");
    k->doubt = JB_DOUBT_NONE;
    k->trusted_ms = k->wall_ms;
    k->said_ms = k->wall_ms;
    return true;
}

bool jb_keeper_step(struct jb_keeper *k, struct jb_keeper_step *out)
{
    if (k->step_count == 0)
        return false;
    *out = k->steps[0];
    k->step_count--;
    for (unsigned i = 0; i < k->step_count; i++)
        k->steps[i] = k->steps[i + 1];
    return true;
}

/* A clock that came back may stand a little behind the expected time, with which the entry was then
 * decided. Else: decided with the time of before the step, it was doubted; with that of after it,
 * it is trusted. */
bool jb_keeper_began_doubt(int64_t at_ms, int64_t before_ms, int64_t after_ms)
{
    if (llabs(after_ms - before_ms) <= TOLERANCE_MS)
        return false;
    return llabs(at_ms - before_ms) < llabs(at_ms - after_ms);
}

const char *jb_keeper_trouble(const struct jb_keeper *k)
{
    static const char *const texts[] = {
        [JB_DOUBT_NONE] = "",
        [JB_DOUBT_FORWARD] = "the wall clock jumped ahead; confirm it, or set it right",
        [JB_DOUBT_BACKWARD] = "the wall clock jumped back; confirm it, or set it right",
        [JB_DOUBT_GAP] =
            "the wall clock stands very long after the last entry; confirm it, or set it right",
        [JB_DOUBT_BEFORE] =
            "the wall clock stands before the last entry; confirm it, or set it right",
    };

    return texts[k->doubt];
}
