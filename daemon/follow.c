/* The tables follow the record (proto/ledger/behind.h): when they do.
 *
 * Many batches later, since a page that all of them touch is then written once; but never long
 * after, so that a start after a crash has little to do. What has gathered follows in slices, and
 * between two of them a batch that waits is let through: nobody's confirmation waits for more than
 * one slice. Who reads the tables before that has them caught up first. */
#include "daemon/broker.h"

#include <stdio.h>
#include <time.h>

#include "proto/base/log.h"

#define FOLLOW_MS 200
#define FOLLOW_COUNT 512 /* entries and batches that are worth a round */
#define SLICE_COUNT 96   /* of them in one slice: a few milliseconds */

static void on_followed(uv_work_t *work, int status);

static void on_work(uv_work_t *work)
{
    struct jb_broker *b = work->data;
    b->follow.err = jb_ledger_catch_up_some(b->ledger, b->follow.all ? SIZE_MAX : SLICE_COUNT);
    if (b->follow.err != JB_OK)
        (void)jb_fault_set(&b->follow.fault, b->follow.err, "tables: %s (%s)",
                           jb_err_text(b->follow.err), jb_ledger_error(b->ledger));
    else if (b->follow.settle)
        jb_ledger_checkpoint(b->ledger, false);
    atomic_store(&b->working, false);
}

static bool ask_worker(struct jb_broker *b)
{
    b->committing = true;
    b->follow.under_way = true;
    b->follow.settle = b->follow.moved;
    b->follow.moved = false;
    b->commit_started_mono_ms = jb_clock_mono_ms();
    b->work.data = b;
    atomic_store(&b->working, true);
    if (uv_queue_work(b->loop, &b->work, on_work, on_followed) == 0)
        return true;
    atomic_store(&b->working, false); /* at the next look */
    b->committing = false;
    b->follow.under_way = false;
    return false;
}

/* ---- the WAL into the file: beside the work of the worker, and only its end in a slice ---- */

static void on_move(uv_work_t *work)
{
    const struct jb_broker *b = work->data;
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/broker.db", b->config->data);
    (void)jb_wal_move(path); /* else the slice has more to do */
}

static void on_moved(uv_work_t *work, int status)
{
    struct jb_broker *b = work->data;
    (void)status;
    b->follow.moving = false;
    b->follow.moved = true;
}

/* Between two slices. A reader may have held up the last one: not again and again. */
static void look_at_wal(struct jb_broker *b)
{
    int64_t bytes = jb_ledger_wal_bytes(b->ledger);
    if (b->follow.settle)
        b->follow.move_at = bytes + JB_WAL_BYTES;
    if (b->follow.moving || b->follow.moved || b->stopping ||
        bytes < (b->follow.move_at > 0 ? b->follow.move_at : JB_WAL_BYTES))
        return;
    b->follow.move.data = b;
    b->follow.moving = uv_queue_work(b->loop, &b->follow.move, on_move, on_moved) == 0;
}

/* What was confirmed is in the record. With a full disk the room that was kept is given to the
 * tables, so that whoever reads them sees it; the broker takes nothing in either way. */
static void on_followed(uv_work_t *work, int status)
{
    struct jb_broker *b = work->data;
    (void)status;
    b->committing = false;
    b->follow.under_way = false;
    b->follow.let_through = true;
    if (b->follow.err == JB_FULL && !b->stopping && !b->follow.full &&
        jb_reserve_free(&b->reserve)) {
        b->follow.full = true;
        b->follow.all = true;
        if (ask_worker(b))
            return;
    }
    size_t done = b->follow.behind - jb_ledger_behind(b->ledger);
    b->follow.left = b->follow.err == JB_OK && b->follow.left > done ? b->follow.left - done : 0;
    b->follow.all = false;
    if (b->follow.err == JB_OK) {
        jb_tail_trim(&b->tail);
        look_at_wal(b);
    }
    if ((b->follow.err != JB_OK || b->follow.full) && !b->stopping)
        jb_degraded_enter(b, b->follow.full ? JB_FULL : b->follow.err, b->follow.fault.text);
    b->follow.full = false;
    jb_tick_take_on(b);
}

bool jb_follow_all(struct jb_broker *b)
{
    b->follow.due = true;
    b->follow.all = true;
    return jb_follow_begin(b);
}

bool jb_follow_begin(struct jb_broker *b)
{
    if (b->committing || b->stopping || jb_degraded(b) || b->recovering)
        return false;
    size_t behind = jb_ledger_behind(b->ledger);
    if (b->follow.left > behind) /* somebody brought them up to date in between */
        b->follow.left = behind;
    if (behind == 0 || (b->follow.left == 0 && !b->follow.due && behind < FOLLOW_COUNT))
        return false;
    if (b->follow.left == 0)
        b->follow.left = behind; /* a round: what waits now */
    b->follow.behind = behind;
    b->follow.due = false;
    return ask_worker(b);
}

static void on_timer(uv_timer_t *timer)
{
    struct jb_broker *b = timer->data;
    b->follow.due = true;
    (void)jb_follow_begin(b);
}

void jb_follow_later(struct jb_broker *b)
{
    if (b->follow.timer.data != NULL && !uv_is_active((uv_handle_t *)&b->follow.timer) &&
        !uv_is_closing((uv_handle_t *)&b->follow.timer))
        (void)uv_timer_start(&b->follow.timer, on_timer, FOLLOW_MS, 0);
}

/* It tells nobody while it works: is it done, or by then? Who gets here asks rarely. */
static bool worker_is_done(struct jb_broker *b, int64_t until_ms)
{
    const struct timespec pause = {.tv_nsec = 200000};
    while (atomic_load(&b->working)) {
        if (jb_clock_mono_ms() >= until_ms)
            return false;
        (void)nanosleep(&pause, NULL);
    }
    return true;
}

void jb_follow_wait(struct jb_broker *b)
{
    if (b->follow.under_way) /* when the disk hangs so does all else, and the watchdog is not fed */
        (void)worker_is_done(b, INT64_MAX);
}

bool jb_follow_stuck(struct jb_broker *b)
{
    return atomic_load(&b->working) &&
           jb_clock_mono_ms() - b->commit_started_mono_ms >= JB_FOLLOW_PATIENCE_MS;
}

bool jb_follow_now(struct jb_broker *b)
{
    if (!jb_tail_waits(&b->tail))
        return true; /* what is being committed was not told to anybody yet */
    if (!worker_is_done(b, b->commit_started_mono_ms + JB_FOLLOW_PATIENCE_MS))
        return false;
    enum jb_err err = jb_ledger_catch_up(b->ledger);
    if (err != JB_OK) /* the next batch or look says so in its own way */
        jb_log(JB_LOG_WARNING, NULL, "follow.failed", "error=%s detail=\"%s\"", jb_err_name(err),
               jb_ledger_error(b->ledger));
    return err == JB_OK;
}

enum jb_err jb_follow_start(struct jb_broker *b)
{
    if (uv_timer_init(b->loop, &b->follow.timer) != 0)
        return JB_NOMEM;
    b->follow.timer.data = b;
    return JB_OK;
}
