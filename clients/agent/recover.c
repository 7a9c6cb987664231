/* The broker was restored from a backup: it asks for what this replica holds beyond that.
 *
 * The replica is only read. What is sent is what was delivered once, with the broker's own
 * signature over it; of items whose case was left, their hashes. Nothing is submitted meanwhile. */
#include "clients/agent/agent.h"

#include "proto/base/log.h"

#define PIECE_BYTES ((size_t)512 * 1024)
#define LEFT_OUT_TEXT                                                                              \
    "the record was restored without this replica; the broker takes what is here as evidence"
#define RECOVERING_TEXT                                                                            \
    "the broker was restored and collects what its backup lacks; what is submitted waits here"

/* The record was completed without what is here, and goes on after item `former`: kept on the disk
 * for whoever has this node follow it. */
static enum jb_err left_out_keep(struct jb_agent *a, const struct jb_line_point *former)
{
    enum jb_err err = jb_ledger_begin(a->ledger);
    if (err != JB_OK)
        return err;
    err = jb_agent_left_out_set(a->ledger, former);
    if (err == JB_OK)
        return jb_ledger_commit(a->ledger);
    jb_ledger_rollback(a->ledger);
    return err;
}

void jb_agent_recovering(struct jb_agent *a, const struct jb_frame *w)
{
    struct jb_line_point own = jb_replica_down(a->ledger);
    bool left_out =
        memcmp(w->former.epoch, own.epoch, sizeof own.epoch) == 0 && w->former.number < own.number;
    if (left_out) {
        enum jb_err err = left_out_keep(a, &w->former);
        if (err != JB_OK) {
            jb_agent_fail(a, err, "storing where the record goes on");
            return;
        }
    }
    a->line.recovering = true;
    jb_agent_line_set(a, JB_AGENT_RESYNC, left_out ? LEFT_OUT_TEXT : RECOVERING_TEXT);
}

/* This node's word on how far its submissions are settled. */
static enum jb_err sign_settled(const struct jb_agent *a, struct jb_frame *done)
{
    done->settled = jb_outbox_settled(a->ledger);
    memcpy(done->settled.epoch, jb_ledger_epoch(a->ledger), sizeof done->settled.epoch);
    struct jb_line_claim claim =
        jb_line_claim_of(JB_LINE_UP, jb_replica_node(a->ledger), done->settled.epoch,
                         done->settled.number, done->settled.head);
    done->suite = a->keys.suite;
    return jb_line_sign(done->suite, a->keys.sign_secret, &claim, done->signature);
}

static void send_done(struct jb_agent *a, enum jb_err why)
{
    struct jb_frame done = {.kind = JB_FRAME_COPY_DONE,
                            .version = JB_PROTOCOL_COPY,
                            .down = jb_replica_down(a->ledger),
                            .error = (uint32_t)why};
    enum jb_err err = sign_settled(a, &done);
    if (err == JB_OK)
        err = jb_agent_line_send(a, &done);
    a->line.reported = err == JB_OK && why == JB_OK;
    jb_log(JB_LOG_NOTICE, a->config->code, "recover.done", "down=%llu settled=%llu result=%s",
           (unsigned long long)done.down.number, (unsigned long long)done.settled.number,
           jb_err_name(err != JB_OK ? err : why));
}

static enum jb_err send_piece(struct jb_agent *a, const struct jb_frame *want)
{
    struct jb_replica_piece piece = {.items = NULL};
    struct jb_arena arena;
    jb_arena_init(&arena, 8 * JB_FRAME_LIMIT_BYTES);
    enum jb_err err = jb_replica_copies(a->ledger, want->first, PIECE_BYTES, &arena, &piece);
    if (err == JB_OK) {
        struct jb_frame copy = {.kind = JB_FRAME_COPY,
                                .version = JB_PROTOCOL_COPY,
                                .first = want->first,
                                .items = piece.items,
                                .item_count = piece.count,
                                .suite = piece.suite};
        memcpy(copy.epoch, piece.end.epoch, sizeof copy.epoch);
        memcpy(copy.head, piece.end.head, sizeof copy.head);
        memcpy(copy.signature, piece.signature, sizeof copy.signature);
        err = jb_agent_line_send(a, &copy);
    }
    jb_arena_fini(&arena);
    return err;
}

/* Does the broker's point lie in our stream? One that lies beyond it is not ours to judge. */
static enum jb_err place_check(struct jb_agent *a, const struct jb_frame *want)
{
    struct jb_line_point own = jb_replica_down(a->ledger);
    uint8_t head[JB_HASH_BYTES];
    if (own.number < want->first)
        return JB_NOT_FOUND; /* there is nothing to send */
    if (memcmp(own.epoch, want->epoch, sizeof own.epoch) != 0)
        return JB_DIVERGED;
    enum jb_err err = jb_replica_head(a->ledger, want->first - 1, head);
    if (err == JB_OK && memcmp(head, want->head, sizeof head) != 0)
        err = JB_DIVERGED;
    return err;
}

void jb_agent_copy_wanted(struct jb_agent *a, const struct jb_frame *want)
{
    if (!a->line.recovering || want->first == 0)
        return;
    a->line.greeted_mono_ms = jb_clock_mono_ms(); /* it goes on: nobody gives up */
    enum jb_err err = place_check(a, want);
    if (err == JB_OK)
        err = send_piece(a, want);
    if (err == JB_NOT_FOUND || err == JB_DIVERGED)
        send_done(a, err == JB_NOT_FOUND ? JB_OK : err);
    else if (err != JB_OK && err != JB_BUSY && err != JB_CLOSED)
        jb_log(JB_LOG_ERROR, a->config->code, "recover.unread", "error=%s", jb_err_name(err));
}
