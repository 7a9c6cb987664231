/* Degraded: nothing is taken in, because what came would not get onto the disk.
 *
 *   serving --batch failed--> degraded --probe succeeded--> serving
 *
 * On the way in memory is set back to the disk: what gathered is dropped (nodes keep it in their
 * outboxes, administrators are told), numbers, directory and rulebook are read again. When the disk
 * is full the reserve is given free and the failed batch is decided and committed once more, so
 * that what nodes have handed over gets its verdicts. While it lasts, streams are delivered and
 * everything that only reads is answered; every few seconds a small transaction tries the disk. On
 * the way out every session ends: the nodes greet again at once, and both directions go on by
 * number. */
#include "daemon/broker.h"

#include <string.h>

#include "proto/base/log.h"

bool jb_degraded(const struct jb_broker *b)
{
    return b->strain.why != JB_OK;
}

static struct jb_bytes address_of(const struct jb_peer *p)
{
    return (struct jb_bytes){p->routing_id, p->routing_len};
}

void jb_degraded_tell(struct jb_broker *b, const struct jb_peer *p)
{
    /* BUSY: a node sends again some time later, not at once */
    struct jb_frame resume = {.kind = JB_FRAME_RESUME,
                              .version = p->protocol,
                              .up = p->up_taken,
                              .error = JB_BUSY,
                              .text = jb_text_of(b->strain.text)};
    jb_arena_reset(&b->frame_arena);
    jb_answer(b, address_of(p), &resume);
}

static void tell_all(struct jb_broker *b)
{
    for (size_t i = 0; i < b->peer_capacity && b->router != NULL; i++)
        if (b->peers[i] != NULL && b->peers[i]->greeted) {
            const struct jb_peer *p = jb_broker_peer(b, b->peers[i]->node);
            if (p != NULL)
                jb_degraded_tell(b, p);
        }
}

/* ---- memory is set back ---- */

static void uncount(struct jb_counters *c, const struct jb_counters *lost)
{
#define X(name, help) c->name -= lost->name;
    JB_BROKER_COUNTERS(X)
#undef X
}

/* Nothing of it is on disk. */
static void lose(struct jb_broker *b, struct jb_batch *t)
{
    for (size_t i = 0; i < t->item_count; i++)
        if ((t->items[i].source == JB_FROM_ADMIN || t->items[i].source == JB_FROM_AUDIT) &&
            t->items[i].waiter != 0)
            jb_admin_lost(b, t->items[i].waiter, b->strain.why, b->strain.text);
    uncount(&b->count, &t->counted);
    if (t->tells_clock)
        b->keeper = t->keeper; /* what it noticed is noticed again */
    jb_due_clear(&b->due);     /* what fell is still due */
    jb_batch_reset(t);
}

/* As after a start, from the same tables. */
static enum jb_err read_again(struct jb_broker *b)
{
    struct jb_fault fault = {""};
    for (size_t i = 0; i < b->peer_capacity; i++)
        if (b->peers[i] != NULL)
            b->peers[i]->stale = true;
    b->committed_seq = jb_log_last_seq(b->ledger);
    b->clock_pending = false;
    jb_sweep_recount(b);
    jb_sweep_succeed(b);
    enum jb_err err = jb_ledger_directory_load(b->reader, &b->directory);
    return err == JB_OK ? jb_broker_book_load(b, &fault) : err;
}

/* ---- in ---- */

static void on_probe(uv_timer_t *timer);

static void begin_strain(struct jb_broker *b, enum jb_err why, const char *detail)
{
    bool told = b->strain.why == why;
    if (!jb_degraded(b))
        b->count.degraded++;
    jb_strain_begin(&b->strain, why, detail, b->config->data, jb_clock_read(&b->clock));
    if (!told)
        jb_log(JB_LOG_ERROR, NULL, "degraded", "reason=%s text=\"%s\" detail=\"%s\"",
               jb_strain_word(why), b->strain.text, b->strain.detail);
    jb_house_status(b, b->strain.text);
    (void)uv_timer_start(&b->probe_timer, on_probe, JB_STRAIN_PROBE_MS, JB_STRAIN_PROBE_MS);
}

/* What does not pass by itself. */
static void give_up(struct jb_broker *b, enum jb_err err, const char *detail)
{
    const char *advice =
        err == JB_CORRUPT ? "; see jiaoband --verify, and restore a good copy" : "";
    (void)jb_fault_set(&b->trouble, err, "%s%s: %s", jb_err_text(err), advice, detail);
    jb_log(JB_LOG_ERROR, NULL, "failed", "error=%s text=\"%s\"", jb_err_name(err), b->trouble.text);
    jb_house_status(b, b->trouble.text);
    jb_broker_stop(b, jb_err_exit(err));
}

void jb_degraded_enter(struct jb_broker *b, enum jb_err err, const char *detail)
{
    enum jb_err why = jb_strain_of(err);
    if (why == JB_OK || b->stopping) {
        give_up(b, err, detail);
        return;
    }
    begin_strain(b, why, detail);
    lose(b, b->fill);
    if (b->ready) /* decided while the tables followed, and never written */
        lose(b, b->busy);
    b->ready = false;
    if (read_again(b) != JB_OK) /* once more on the way out, which it holds up */
        jb_log(JB_LOG_ERROR, NULL, "degraded.blind", "detail=\"%s\"", jb_ledger_error(b->reader));
    tell_all(b);
}

/* With the room that was kept for it. False: it is lost. */
static bool try_again(struct jb_broker *b, struct jb_batch *t)
{
    if (t->result != JB_FULL || !jb_reserve_free(&b->reserve) || read_again(b) != JB_OK)
        return false;
    uncount(&b->count, &t->counted);
    jb_batch_undecide(t);
    jb_tick_commit(b);
    return true;
}

void jb_degraded_failed(struct jb_broker *b, struct jb_batch *t)
{
    enum jb_err err = t->result;
    const struct jb_fault fault = t->fault;
    b->count.commits_failed++;
    jb_log(JB_LOG_ERROR, NULL, "commit.failed", "items=%zu error=%s reason=\"%s\"", t->item_count,
           jb_err_name(err), fault.text);
    if (jb_strain_of(err) == JB_OK || b->stopping) {
        give_up(b, err, fault.text);
        return;
    }
    begin_strain(b, jb_strain_of(err), fault.text);
    lose(b, b->fill);
    if (try_again(b, t)) {
        if (!b->committing) /* there was nothing to write, or it is lost as well */
            tell_all(b);
        return;
    }
    lose(b, t);
    jb_degraded_enter(b, err, fault.text);
}

void jb_degraded_saved(struct jb_broker *b)
{
    jb_degraded_enter(b, b->strain.why, b->strain.detail);
}

void jb_degraded_drop(struct jb_broker *b)
{
    lose(b, b->fill);
}

/* ---- out ---- */

static void end_sessions(struct jb_broker *b)
{
    struct jb_frame again = {.kind = JB_FRAME_REJECT,
                             .error = JB_CLOSED,
                             .closing = true,
                             .text = jb_text_of("the broker goes on; greet again")};
    for (size_t i = 0; i < b->peer_capacity && b->router != NULL; i++) {
        struct jb_peer *p = b->peers[i];
        if (p == NULL || !p->greeted)
            continue;
        again.version = p->protocol;
        jb_arena_reset(&b->frame_arena);
        jb_answer(b, address_of(p), &again);
        jb_peer_drop(b, p, "the broker was degraded");
    }
}

static void leave(struct jb_broker *b)
{
    struct jb_fault fault = {""};
    jb_log(JB_LOG_NOTICE, NULL, "recovered", "reason=%s seconds=%lld",
           jb_strain_word(b->strain.why), (long long)jb_strain_seconds(&b->strain));
    jb_strain_end(&b->strain);
    (void)uv_timer_stop(&b->probe_timer);
    b->told = NULL; /* whatever else is wrong is told anew */
    jb_house_status(b, "serving");
    end_sessions(b);
    if (jb_broker_install_files(b, &fault) != JB_OK) /* what was queued may have got lost */
        jb_log(JB_LOG_ERROR, NULL, "install.failed", "%s", fault.text);
    jb_clockwork_look(b);
}

static void on_probed(uv_work_t *work, int status)
{
    struct jb_broker *b = work->data;
    (void)status;
    b->committing = false;
    if (b->stopping) {
        jb_broker_stop(b, b->exit_status);
        return;
    }
    enum jb_err err = b->probed == JB_OK ? read_again(b) : b->probed;
    if (err == JB_OK) {
        leave(b);
    } else if (jb_strain_of(err) == b->strain.why) {
        jb_strain_renew(&b->strain, b->config->data);
        jb_house_status(b, b->strain.text);
    } else if (jb_strain_of(err) != JB_OK) {
        begin_strain(b, jb_strain_of(err), jb_ledger_error(b->ledger));
    } else {
        give_up(b, err, jb_ledger_error(b->ledger));
    }
}

/* On the worker: a disk that hangs must not hold up the loop. Where the reserve finds no room,
 * there is none for the next batch. */
static void probe(uv_work_t *work)
{
    struct jb_broker *b = work->data;
    b->probed = jb_reserve_fill(&b->reserve);
    if (b->probed != JB_FULL)
        b->probed = jb_ledger_probe(b->ledger);
}

static void on_probe(uv_timer_t *timer)
{
    struct jb_broker *b = timer->data;
    if (b->committing || b->stopping)
        return;
    b->work.data = b;
    b->commit_started_mono_ms = jb_clock_mono_ms();
    b->committing = uv_queue_work(b->loop, &b->work, probe, on_probed) == 0;
}

enum jb_err jb_degraded_start(struct jb_broker *b)
{
    b->probe_timer.data = b;
    if (uv_timer_init(b->loop, &b->probe_timer) != 0)
        return JB_NOMEM;
    enum jb_err err = jb_reserve_fill(&b->reserve);
    if (err == JB_FULL)
        begin_strain(b, JB_FULL, "no room for the reserve");
    else if (err != JB_OK)
        jb_log(JB_LOG_WARNING, b->reserve.path, "reserve.missing", "error=%s", jb_err_name(err));
    return JB_OK;
}

void jb_degraded_stop(struct jb_broker *b)
{
    uv_handle_t *handle = (uv_handle_t *)&b->probe_timer;
    if (handle->type != UV_UNKNOWN_HANDLE && !uv_is_closing(handle))
        uv_close(handle, NULL);
}
