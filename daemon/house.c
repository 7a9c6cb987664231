/* Housekeeping: liveness of sessions, checkpoints, what systemd is told. */
#include "daemon/blob.h"
#include "daemon/recover.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>

#include "proto/base/log.h"

#define TICK_MS 1000
#define STUCK_COMMIT_MS 60000
#define QUIET_TICKS 2    /* then memory goes back */
#define WORK_WORTH_IT 64 /* commits and connections; less leaves little behind */

/* Silence is measured by the clock that nobody sets. */
static void drop_silent(struct jb_broker *b)
{
    int64_t now_ms = jb_clock_mono_ms();

    for (size_t i = 0; i < b->peer_capacity; i++) {
        struct jb_peer *p = b->peers[i];
        if (p != NULL && p->greeted &&
            now_ms - p->last_seen_mono_ms > b->config->session_timeout_ms)
            jb_peer_drop(b, p, "silent");
    }
}

/* Do connections wait because no descriptor is left for them? Those that are open go on. */
static void look_at_descriptors(struct jb_broker *b)
{
    struct jb_gate_counts g = {0};
    if (b->router == NULL)
        return;
    jb_zsock_gate_counts(b->router, &g);
    bool crowded = g.cut[JB_CUT_FULL] > b->turned_away;
    b->turned_away = g.cut[JB_CUT_FULL];
    if (crowded != b->crowded)
        jb_log(crowded ? JB_LOG_ERROR : JB_LOG_NOTICE, NULL,
               crowded ? "descriptors.used-up" : "descriptors.left", "open=%llu pending=%llu",
               (unsigned long long)g.open, (unsigned long long)g.pending);
    b->crowded = crowded;
}

const char *jb_house_trouble(const struct jb_broker *b)
{
    if (b->keeper.doubt != JB_DOUBT_NONE)
        return jb_keeper_trouble(&b->keeper);
    if (b->crowded)
        return "new connections wait: no descriptor is left for them (LimitNOFILE)";
    return "";
}

/* Who looks at the service must see what is wrong with it. */
static void tell_state(struct jb_broker *b)
{
    const char *trouble = jb_house_trouble(b);
    if (b->told == trouble || jb_degraded(b))
        return;
    b->told = trouble;
    jb_house_status(b, trouble[0] != '\0' ? trouble : "serving");
}

/* systemd restarts us when the loop hangs, and also when a commit never returns. */
static void feed_watchdog(struct jb_broker *b)
{
    bool stuck = b->committing && jb_clock_mono_ms() - b->commit_started_mono_ms > STUCK_COMMIT_MS;
    if (b->watchdog_ms > 0 && !stuck)
        (void)sd_notify(0, "WATCHDOG=1");
}

/* Under load the worker does it, seldom (follow.c): a page that is written again and again is moved
 * once. */
static void trim_log(struct jb_broker *b)
{
    bool idle = b->count.commits == b->commits_seen;
    b->commits_seen = b->count.commits;
    if (b->committing || b->stopping)
        return;
    bool large = jb_ledger_wal_bytes(b->ledger) > JB_WAL_TRIM_BYTES;
    if (idle || large)
        jb_ledger_checkpoint(b->ledger, large);
}

/* What a crowd or a burst took goes back once it is quiet. */
static void rest(struct jb_broker *b)
{
    struct jb_gate_counts g = {0};
    if (b->router == NULL)
        return;
    jb_zsock_gate_counts(b->router, &g);
    uint64_t work = b->count.commits + g.accepted;
    b->quiet_ticks = work == b->work_seen && !b->committing ? b->quiet_ticks + 1 : 0;
    b->work_seen = work;
    if (b->quiet_ticks < QUIET_TICKS || work - b->work_rested < WORK_WORTH_IT)
        return;
    b->work_rested = work;
    (void)malloc_trim(0);
}

static void on_tick(uv_timer_t *timer)
{
    struct jb_broker *b = timer->data;
    drop_silent(b);
    (void)jb_broker_now(b); /* a step is noticed although nobody asks for the time */
    if (b->keeper.step_count > 0)
        jb_clockwork_look(b); /* at once on record: a restart has to know of it */
    look_at_descriptors(b);
    tell_state(b);
    jb_blob_tick(b);
    feed_watchdog(b);
    if (b->forget && !b->committing && !b->stopping)
        b->forget = !jb_ledger_forget(b->ledger);
    trim_log(b);
    rest(b);
}

enum jb_err jb_house_start(struct jb_broker *b)
{
    uint64_t us = 0;
    if (sd_watchdog_enabled(0, &us) > 0)
        b->watchdog_ms = us / 2000;
    uint64_t every = TICK_MS;
    if (b->watchdog_ms > 0 && b->watchdog_ms < every)
        every = b->watchdog_ms;
    b->house_timer.data = b;
    if (uv_timer_init(b->loop, &b->house_timer) != 0 ||
        uv_timer_start(&b->house_timer, on_tick, every, every) != 0)
        return JB_NOMEM;
    return JB_OK;
}

void jb_house_ready(struct jb_broker *b)
{
    if (jb_degraded(b))
        (void)sd_notifyf(0, "READY=1\nSTATUS=%s", b->strain.text);
    else
        (void)sd_notifyf(0, "READY=1\nSTATUS=serving at %s", jb_zsock_endpoint(b->router));
    if (jb_recover_trouble(b) != NULL)
        jb_house_status(b, jb_recover_trouble(b));
    jb_log(JB_LOG_NOTICE, NULL, "ready", "endpoint=%s log=%llu nodes=%zu",
           jb_zsock_endpoint(b->router), (unsigned long long)b->committed_seq, b->directory.count);
}

void jb_house_status(struct jb_broker *b, const char *status)
{
    (void)b;
    (void)sd_notifyf(0, "STATUS=%s", status);
}
