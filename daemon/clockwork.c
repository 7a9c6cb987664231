/* The deadline clock: one more source of submissions, from the broker's own node.
 *
 * Absolute instants, asked from an index, checked again at every wake-up: a wall clock that was
 * set, a machine that slept or an outage of days makes nothing fire early and skips nothing. What
 * fell due is decided and logged like any other act. */
#include "daemon/broker.h"

#include "proto/base/log.h"

#define CASES_AT_ONCE 512
#define LOOK_AT_LEAST_EVERY_MS 30000
#define STEP_TOLERANCE_MS 5000

static void on_timer(uv_timer_t *timer)
{
    jb_clockwork_look(timer->data);
}

/* The wall clock against the monotonic one: a difference is a step, and goes on record. */
static void notice_step(struct jb_broker *b, int64_t now_ms)
{
    int64_t mono = jb_clock_mono_ms();
    int64_t expected = b->last_wall_ms + (mono - b->last_mono_ms);
    int64_t step = now_ms - expected;
    b->last_wall_ms = now_ms;
    b->last_mono_ms = mono;
    if (step > -STEP_TOLERANCE_MS && step < STEP_TOLERANCE_MS)
        return;
    b->count.clock_steps++;
    jb_log(JB_LOG_WARNING, NULL, "clock.step", "by_ms=%lld", (long long)step);
    struct jb_act *act = jb_arena_alloc(&b->fill->arena, sizeof *act);
    struct jb_intake_item *item = act != NULL ? jb_batch_item(b->fill) : NULL;
    if (item == NULL)
        return;
    *act = (struct jb_act){.kind = JB_ACT_CLOCK_STEP, .before_ms = expected, .after_ms = now_ms};
    item->source = JB_FROM_ADMIN;
    item->act = act;
    item->user = jb_text_of("clock");
}

static void queue_due(struct jb_broker *b, const int64_t *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct jb_intake_item *item = jb_batch_item(b->fill);
        if (item == NULL)
            return; /* they are still due at the next look */
        item->source = JB_FROM_CLOCK;
        item->node = JB_NODE_BROKER_NUMBER;
        item->case_no = cases[i];
    }
    b->clock_pending = count > 0;
}

void jb_clockwork_look(struct jb_broker *b)
{
    if (b->stopping || b->clock_pending || b->committing)
        return; /* looked at again when the commit returns */
    int64_t now_ms = jb_broker_now(b);
    int64_t cases[CASES_AT_ONCE];
    size_t count = 0;
    int64_t next_ms = INT64_MAX;
    notice_step(b, now_ms);
    if (jb_date_compare(jb_date_of_instant(now_ms), (struct jb_date){(int32_t)b->book_day}) != 0) {
        struct jb_fault fault = {""};
        if (jb_broker_book_load(b, &fault) != JB_OK)
            jb_log(JB_LOG_ERROR, NULL, "book.unreadable", "%s", fault.text);
    }
    enum jb_err err =
        jb_ledger_due_cases(b->reader, now_ms, cases, CASES_AT_ONCE, &count, &next_ms);
    if (err != JB_OK) {
        jb_log(JB_LOG_ERROR, NULL, "clock.blind", "error=%s detail=\"%s\"", jb_err_name(err),
               jb_ledger_error(b->reader));
        count = 0;
    }
    queue_due(b, cases, count);
    int64_t wait = next_ms - now_ms;
    if (wait > LOOK_AT_LEAST_EVERY_MS || next_ms == INT64_MAX)
        wait = LOOK_AT_LEAST_EVERY_MS;
    (void)uv_timer_start(&b->clock_timer, on_timer, wait > 1 ? (uint64_t)wait : 1, 0);
}

enum jb_err jb_clockwork_start(struct jb_broker *b)
{
    b->last_wall_ms = jb_broker_now(b);
    b->last_mono_ms = jb_clock_mono_ms();
    b->clock_timer.data = b;
    if (uv_timer_init(b->loop, &b->clock_timer) != 0 ||
        uv_timer_start(&b->clock_timer, on_timer, 1, 0) != 0)
        return JB_NOMEM;
    return JB_OK;
}
