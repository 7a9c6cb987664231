/* The deadline clock: one more source of submissions, from the broker's own node.
 *
 * Absolute instants, asked from an index, checked again at every wake-up: a wall clock that was
 * set, a machine that slept or an outage of days makes nothing fire early and skips nothing. What
 * fell due is decided and logged like any other act, in the order of its instants. */
#include "daemon/broker.h"

#include "proto/base/log.h"
#include "proto/base/mutant.h"

#define CASES_AT_ONCE 64 /* who submits something meanwhile waits for so many */
#define PUT_OFF_MS 600000
#define LOOK_AT_LEAST_EVERY_MS 30000
#define AGAIN_MS 100 /* when the worker could not be asked */

static void on_timer(uv_timer_t *timer)
{
    struct jb_broker *b = timer->data;
    b->falls_ms = 0;
    jb_clockwork_look(b);
}

/* ---- steps of the wall clock go on record ---- */

static bool queue_step(struct jb_broker *b, const struct jb_keeper_step *step,
                       const struct jb_clock_witness *by, bool last)
{
    struct jb_act *act = jb_arena_alloc(&b->fill->arena, sizeof *act);
    struct jb_intake_item *item = act != NULL ? jb_batch_item(b->fill) : NULL;
    if (item == NULL)
        return false;
    *act = (struct jb_act){.kind = JB_ACT_CLOCK_STEP,
                           .before_ms = step->before_ms,
                           .after_ms = step->after_ms,
                           .text = jb_text_of(step->text)};
    if (last && by->reason.len > 0)
        act->text = by->reason;
    item->source = JB_FROM_ADMIN;
    item->act = act;
    item->user = by->user;
    item->waiter = last ? by->waiter : 0;
    return true;
}

bool jb_clockwork_record(struct jb_broker *b, const struct jb_clock_witness *by)
{
    struct jb_keeper_step step;
    bool queued = false;
    if (b->keeper.step_count > 0 && !b->fill->tells_clock) {
        b->fill->tells_clock = true;
        b->fill->keeper = by->before != NULL ? *by->before : b->keeper;
    }
    while (jb_keeper_step(&b->keeper, &step)) {
        b->count.clock_steps++;
        jb_log(JB_LOG_WARNING, NULL, "clock.step", "expected_ms=%lld wall_ms=%lld text=\"%s\"",
               (long long)step.before_ms, (long long)step.after_ms, step.text);
        queued = queue_step(b, &step, by, b->keeper.step_count == 0);
    }
    return queued;
}

/* ---- what fell due ---- */

/* The one that waits longest gives way when there is no room. */
void jb_clockwork_put_off(struct jb_broker *b, int64_t case_no, int64_t now_ms)
{
    struct jb_put_off *at = &b->put_off[0];
    for (size_t i = 0; i < JB_PUT_OFF_MAX; i++) {
        struct jb_put_off *p = &b->put_off[i];
        if (p->case_no == case_no) {
            at = p;
            break;
        }
        if (p->until_ms < at->until_ms)
            at = p;
    }
    *at = (struct jb_put_off){case_no, now_ms + PUT_OFF_MS};
}

/* A time that went back would put it off for longer. */
static bool is_put_off(const struct jb_broker *b, int64_t case_no, int64_t now_ms)
{
    for (size_t i = 0; i < JB_PUT_OFF_MAX; i++)
        if (b->put_off[i].case_no == case_no)
            return now_ms < b->put_off[i].until_ms && now_ms >= b->put_off[i].until_ms - PUT_OFF_MS;
    return false;
}

struct look {
    const struct jb_broker *b;
    int64_t now_ms;
};

static bool leave_out(const void *ctx, const struct jb_due *due)
{
    const struct look *look = ctx;
    return is_put_off(look->b, due->case_no, look->now_ms) ||
           (JB_MUTANT == JB_MUTANT_SKIP_OVERDUE && due->fell_ms <= look->now_ms - 3600000);
}

enum jb_err jb_clockwork_queue(struct jb_broker *b, int64_t now_ms, size_t max, size_t *count,
                               int64_t *next_ms)
{
    struct jb_due due[CASES_AT_ONCE];
    const struct look look = {b, now_ms};
    int64_t horizon_ms = 0;
    enum jb_err err = JB_OK;
    *count = 0;
    if (b->due.count == 0)
        err = jb_due_look(&b->due, b->reader, now_ms, jb_log_last_seq(b->ledger) + 1, leave_out,
                          &look);
    if (err != JB_OK)
        return err;
    size_t found =
        jb_due_take(&b->due, due, max < CASES_AT_ONCE ? max : CASES_AT_ONCE, &horizon_ms);
    *next_ms = b->due.count > 0 ? now_ms : b->due.next_ms;
    for (; *count < found; ++*count) {
        struct jb_intake_item *item = jb_batch_item(b->fill);
        if (item == NULL) {
            jb_due_clear(&b->due); /* they are still due at the next look */
            return JB_NOMEM;
        }
        item->source = JB_FROM_CLOCK;
        item->node = JB_NODE_BROKER_NUMBER;
        item->case_no = due[*count].case_no;
        item->horizon_ms = horizon_ms;
    }
    return JB_OK;
}

void jb_clockwork_changed(struct jb_broker *b, const struct jb_case *c)
{
    int64_t first_ms = INT64_MAX;
    struct jb_act act;
    for (size_t k = 0; k < c->deadline_count; k++) {
        int64_t next_ms = jb_deadline_next_ms(&c->deadlines[k]);
        if (c->deadlines[k].end == JB_END_OPEN && next_ms < first_ms)
            first_ms = next_ms;
    }
    if (first_ms < b->falls_ms)
        b->falls_ms = first_ms;
    /* an act of a past day may set a clock that has fallen already: before what fell later */
    if (b->due.count > 0 && first_ms <= b->due.until_ms &&
        !is_put_off(b, c->case_no, b->due.until_ms) &&
        jb_clock_acts(c, b->due.until_ms, &act, 1) > 0)
        jb_due_again(&b->due, c->case_no, act.fell_ms);
}

static void refresh_book(struct jb_broker *b, int64_t now_ms)
{
    struct jb_fault fault = {""};
    if (!jb_ledger_book_stale(&b->shelf, now_ms))
        return;
    if (jb_broker_book_load(b, &fault) != JB_OK)
        jb_log(JB_LOG_ERROR, NULL, "book.unreadable", "%s", fault.text);
    jb_sweep_recount(b); /* another policy or calendar may count from today */
    jb_sweep_succeed(b);
}

/* How long until the next look. */
static uint64_t patience(const struct jb_broker *b, int64_t now_ms, int64_t next_ms)
{
    int64_t wait = next_ms == INT64_MAX ? LOOK_AT_LEAST_EVERY_MS : next_ms - now_ms;
    int64_t most = b->look_ms != 0 ? (int64_t)b->look_ms : LOOK_AT_LEAST_EVERY_MS;
    if (wait > most)
        wait = most;
    return wait > 1 ? (uint64_t)wait : 1;
}

void jb_clockwork_look(struct jb_broker *b)
{
    if (b->stopping || b->clock_pending || b->committing || b->recovering || jb_degraded(b))
        return; /* looked at again when the commit returns, or when the disk is good again */
    int64_t now_ms = jb_broker_now(b);
    int64_t next_ms = INT64_MAX;
    size_t count = 0;
    size_t swept = 0;
    static const struct jb_clock_witness nobody = {.user = {"clock", 5}};
    (void)jb_clockwork_record(b, &nobody);
    refresh_book(b, now_ms);
    if (b->due.count == 0 && now_ms < b->falls_ms && !jb_sweep_wanted(b, now_ms))
        return;                                                 /* the timer runs */
    if (b->due.count == 0 && jb_ledger_behind(b->ledger) > 0) { /* then from up to date tables */
        if (!jb_follow_all(b))
            (void)uv_timer_start(&b->clock_timer, on_timer, AGAIN_MS, 0);
        return;
    }
    enum jb_err err = jb_clockwork_queue(b, now_ms, CASES_AT_ONCE, &count, &next_ms);
    b->falls_ms = err == JB_OK ? next_ms : 0;
    if (err != JB_OK)
        jb_log(JB_LOG_ERROR, NULL, "clock.blind", "error=%s detail=\"%s\"", jb_err_name(err),
               jb_ledger_error(b->reader));
    if (count == 0) /* what fell due goes first */
        swept = jb_sweep_queue(b, now_ms);
    b->clock_pending = count > 0 || swept > 0;
    if (b->clock_pending)
        b->falls_ms = 0;
    if (jb_sweep_running(b) || b->clock_pending)
        next_ms = now_ms; /* nobody else may wake the loop for what was queued */
    (void)uv_timer_start(&b->clock_timer, on_timer, patience(b, now_ms, next_ms), 0);
}

enum jb_err jb_clockwork_start(struct jb_broker *b)
{
    jb_sweep_recount(b);
    jb_sweep_succeed(b);
    b->clock_timer.data = b;
    if (uv_timer_init(b->loop, &b->clock_timer) != 0 ||
        uv_timer_start(&b->clock_timer, on_timer, 1, 0) != 0)
        return JB_NOMEM;
    return JB_OK;
}
