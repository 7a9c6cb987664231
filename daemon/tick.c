/* The tick: decide what has gathered, hand it to the worker, and when it is on disk deliver and
 * begin again. Batches grow with the load by themselves; no timer delays anyone. */
#include "daemon/blob.h"
#include "daemon/recover.h"

#include "proto/base/log.h"

#define HOLD_MS 3
#define HOLD_ITEMS 64
#define EARLY_ITEMS 16 /* fewer are decided in no time, and more may come */

static void begin(struct jb_broker *b);
static void commit(struct jb_broker *b);
static bool held_back(struct jb_broker *b);

static void on_hold(uv_timer_t *timer)
{
    struct jb_broker *b = timer->data;
    b->held = true; /* the prepare phase of this turn begins */
}

/* A key that is no longer in force must not be spoken to any more, at once. */
static void cut_off(struct jb_broker *b, const struct jb_act *act)
{
    if (act->kind != JB_ACT_REPLACE_KEYS && act->kind != JB_ACT_RETIRE_NODE)
        return;
    struct jb_peer *p = act->node < b->peer_capacity ? b->peers[act->node] : NULL;
    if (p != NULL)
        jb_peer_drop(b, p, "keys replaced or node retired");
    if (b->router != NULL)
        jb_zsock_cut_node(b->router, act->node);
}

/* Answer those who wait at the admin socket, and look at every node whose stream grew. */
static void release_effects(struct jb_broker *b, struct jb_batch *t)
{
    bool book_changed = false;
    bool retired = false;
    bool attached = false;
    b->committed_seq = t->next_seq - 1;
    for (size_t i = 0; i < t->op_count; i++) {
        const struct jb_op *op = &t->ops[i];
        if (op->kind == JB_OP_ENTRY) {
            b->count.stream_items += op->audience_count;
            cut_off(b, &op->entry->act);
            b->forget = b->forget || op->entry->act.kind == JB_ACT_ERASE_KEY;
            attached = attached || op->entry->act.kind == JB_ACT_ATTACH ||
                       op->entry->act.kind == JB_ACT_ERASE_KEY;
        }
        if (op->kind == JB_OP_ENTRY && (op->entry->act.kind == JB_ACT_INSTALL_POLICY ||
                                        op->entry->act.kind == JB_ACT_INSTALL_CALENDAR))
            book_changed = true;
        retired = retired || (op->kind == JB_OP_ENTRY && op->entry->act.kind == JB_ACT_RETIRE_NODE);
        if (op->kind == JB_OP_LATE)
            jb_late_written(b, op->item);
        if (op->kind == JB_OP_AUDIT && op->item->waiter != 0)
            jb_admin_recorded(b, op->item->waiter);
        if (op->item != NULL && op->item->source == JB_FROM_ADMIN && op->item->waiter != 0)
            jb_admin_settled(b, op->item->waiter, op);
    }
    struct jb_fault fault = {""};
    enum jb_err err = book_changed ? jb_broker_book_load(b, &fault) : JB_OK;
    if (err != JB_OK) /* to decide by the old rules would be wrong */
        jb_degraded_enter(b, err, fault.text[0] != '\0' ? fault.text : "loading the rulebook");
    if (book_changed)
        jb_sweep_recount(b);
    if (retired)
        jb_sweep_succeed(b);
    for (size_t i = 0; i < t->touched_count; i++) {
        uint32_t node = t->touched[i];
        struct jb_peer *p = node < b->peer_capacity ? b->peers[node] : NULL;
        if (p != NULL && p->greeted)
            p->wants_delivery = true;
    }
    for (size_t i = 0; i < t->touched_count; i++) {
        uint32_t node = t->touched[i];
        struct jb_peer *p = node < b->peer_capacity ? b->peers[node] : NULL;
        if (p != NULL && p->wants_delivery) {
            p->wants_delivery = false;
            jb_deliver(b, p);
        }
    }
    for (size_t i = 0; i < t->op_count && attached; i++) /* behind the entries themselves */
        if (t->ops[i].kind == JB_OP_ENTRY)
            jb_blob_committed(b, t->ops[i].entry);
}

/* What is in memory now, and from when on the clock has something to say. */
static void publish(struct jb_broker *b, struct jb_batch *t)
{
    if (t->block == NULL) { /* all of it is in the tables */
        jb_tail_clear(&b->tail);
        jb_due_clear(&b->due);
        b->falls_ms = 0;
        return;
    }
    const struct jb_tick *tick = t->block->tick;
    for (size_t i = 0; i < tick->case_count; i++)
        jb_clockwork_changed(b, tick->cases[i].c);
    jb_tail_publish(&b->tail, t->block);
    t->block = NULL;
    jb_follow_later(b);
}

void jb_tick_take_on(struct jb_broker *b)
{
    if (b->paused && !b->stopping) {
        b->paused = false;
        jb_zsock_resume(b->router);
    }
    if (b->stopping) {
        jb_broker_stop(b, b->exit_status);
        return;
    }
    if (b->committing)
        return;
    if (b->ready) {
        b->ready = false;
        commit(b);
        return;
    }
    b->clock_pending = false;
    if (jb_degraded(b))
        return;
    jb_clockwork_look(b); /* may have the tables follow first */
    bool batch_first = b->follow.let_through && b->fill->item_count > 0 && !held_back(b);
    if (b->committing || (!batch_first && jb_follow_begin(b)))
        return;
    if (b->fill->item_count > 0 && !held_back(b))
        begin(b);
}

static void on_committed(uv_work_t *work, int status)
{
    (void)status; /* never cancelled: see jb_broker_stop */
    struct jb_broker *b = work->data;
    struct jb_batch *t = b->busy;
    b->committing = false;
    b->follow.let_through = false;
    if (t->result == JB_OK) {
        b->count.commits++;
        publish(b, t);
        (void)jb_follow_begin(b); /* the worker has its slice while this thread tells */
        release_effects(b, t);
        jb_batch_reset(t);
        if (jb_degraded(b))
            jb_degraded_saved(b);
    } else {
        jb_degraded_failed(b, t);
        if (b->committing) /* once more, with the reserve given free */
            return;
    }
    jb_tick_take_on(b);
}

static void on_work(uv_work_t *work)
{
    struct jb_broker *b = work->data;
    jb_commit_batch(b->ledger, b->busy);
    atomic_store(&b->working, false);
}

static struct jb_counters counted_since(const struct jb_counters *now,
                                        const struct jb_counters *before)
{
    struct jb_counters c;
#define X(name, help) c.name = now->name - before->name;
    JB_BROKER_COUNTERS(X)
#undef X
    return c;
}

/* False: there is nothing to write, repeats only. */
static bool decide(struct jb_broker *b)
{
    struct jb_batch *t = b->busy;
    const struct jb_counters before = b->count;
    t->result = jb_decide_batch(b, t);
    t->counted = counted_since(&b->count, &before);
    if (t->result == JB_OK && t->op_count == 0) {
        jb_batch_reset(t);
        return false;
    }
    return true;
}

static void commit(struct jb_broker *b)
{
    struct jb_batch *t = b->busy;
    if (t->result == JB_OK)
        t->result = jb_tail_room(&b->tail, b->directory.count > 0
                                               ? b->directory.nodes[b->directory.count - 1].node
                                               : JB_NODE_BROKER_NUMBER);
    if (t->result == JB_OK) {
        b->committing = true;
        atomic_store(&b->working, true);
        b->commit_started_mono_ms = jb_clock_mono_ms();
        b->work.data = b;
        if (uv_queue_work(b->loop, &b->work, on_work, on_committed) == 0)
            return;
        b->committing = false;
        atomic_store(&b->working, false);
        t->result = jb_fault_set(&t->fault, JB_NOMEM, "the commit could not be queued");
    }
    jb_degraded_failed(b, t);
}

void jb_tick_commit(struct jb_broker *b)
{
    if (decide(b)) {
        commit(b);
        return;
    }
    b->clock_pending = false;
    jb_clockwork_look(b); /* its timer may have run out while this was pending */
}

static void swap(struct jb_broker *b)
{
    struct jb_batch *t = b->fill;
    b->fill = b->busy;
    b->busy = t;
}

static void begin(struct jb_broker *b)
{
    b->held = false;
    (void)uv_timer_stop(&b->hold);
    swap(b);
    jb_tick_commit(b);
}

/* Acknowledgements alone wait a little: nobody's confirmation hangs on them, and with the next
 * submissions they cost no sync of their own. */
static bool held_back(struct jb_broker *b)
{
    const struct jb_batch *t = b->fill;
    bool alone = t->item_count < HOLD_ITEMS && !b->held;
    for (size_t i = 0; i < t->item_count && alone; i++)
        alone = t->items[i].source == JB_FROM_ACK;
    if (alone && !uv_is_active((uv_handle_t *)&b->hold))
        alone = uv_timer_start(&b->hold, on_hold, HOLD_MS, 0) == 0;
    return alone;
}

/* While the tables follow: what has come over the line is decided already, if it is worth it. All
 * else wants tables that are up to date. */
static bool decides_early(const struct jb_broker *b)
{
    const struct jb_batch *t = b->fill;
    if (!b->follow.under_way || b->ready || t->item_count < EARLY_ITEMS || jb_degraded(b) ||
        jb_record_restored(b))
        return false;
    for (size_t i = 0; i < t->item_count; i++)
        if (t->items[i].source != JB_FROM_LINE && t->items[i].source != JB_FROM_ACK)
            return false;
    return true;
}

/* Before each sleep of the loop: all that has arrived in this turn is one batch. */
static void on_prepare(uv_prepare_t *handle)
{
    struct jb_broker *b = handle->data;
    if (b->fill->item_count == 0 && b->fill->arena.used_bytes > 0)
        jb_batch_reset(b->fill); /* what was refused before it became an item */
    if (b->stopping || b->recovering || b->fill->item_count == 0)
        return;
    if (b->committing) {
        if (decides_early(b)) {
            swap(b);
            b->ready = decide(b);
        }
        return;
    }
    if (jb_degraded(b))
        jb_degraded_drop(b);
    else if (!held_back(b))
        begin(b);
}

enum jb_err jb_tick_start(struct jb_broker *b)
{
    b->tick.data = b;
    b->hold.data = b;
    if (uv_timer_init(b->loop, &b->hold) != 0 || uv_prepare_init(b->loop, &b->tick) != 0 ||
        uv_prepare_start(&b->tick, on_prepare) != 0)
        return JB_NOMEM;
    uv_unref((uv_handle_t *)&b->tick);
    return JB_OK;
}

void jb_tick_kick(struct jb_broker *b)
{
    /* the prepare phase of this very turn begins the tick; only the intake limit is checked here */
    const struct jb_batch *t = b->fill;
    bool full = t->item_count >= (size_t)b->config->batch_items ||
                t->arena.used_bytes >= (size_t)b->config->batch_bytes;
    if (full && !b->paused && b->committing && b->router != NULL) {
        b->paused = true;
        jb_zsock_pause(b->router);
    }
}
