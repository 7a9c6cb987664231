/* After a restore: collect from the agents what the backup lacks, then go on in a new epoch.
 *
 * While the record is being completed nothing is decided: greetings are answered, each agent is
 * asked for what it holds beyond the backup, piece by piece, and each piece is on the disk before
 * the next is asked for. When every agency with an agent has reported, or was left out by an
 * administrator, the record is put together, read again, and normal work begins. */
#include "daemon/blob.h"
#include "daemon/recover.h"

#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>

#include "proto/base/log.h"
#include "proto/ledger/recovery.h"
#include "proto/wire/codec.h"

#define RECOVERING_TEXT "the record was restored from a backup and is being completed"

/* ---- who is awaited ---- */

/* Agencies whose agents have not reported. */
static enum jb_err count_awaited(struct jb_broker *b)
{
    enum jb_err err = JB_OK;
    size_t awaited = 0;
    for (size_t i = 0; i < b->directory.count && err == JB_OK; i++) {
        const struct jb_node *n = &b->directory.nodes[i];
        struct jb_recovery_line line = {0};
        if (!n->has_agent || !jb_node_valid(n, jb_broker_now(b)))
            continue;
        err = jb_recovery_line(b->ledger, n->node, &line);
        awaited += !line.done;
    }
    b->recover_awaited = awaited;
    return err;
}

static void tell_state(struct jb_broker *b)
{
    char text[160];
    (void)snprintf(text, sizeof text, RECOVERING_TEXT ": %zu agencies have not reported yet",
                   b->recover_awaited);
    jb_house_status(b, text);
    jb_log(JB_LOG_NOTICE, NULL, "recover.awaits", "agencies=%zu", b->recover_awaited);
}

const char *jb_recover_trouble(const struct jb_broker *b)
{
    return b->recovering ? RECOVERING_TEXT : NULL;
}

/* ---- the directory of after the backup ---- */

/* Who was enrolled or got new keys after the backup may connect as soon as one agent has brought
 * the entry. */
static enum jb_err learn_entry(void *ctx, uint64_t seq, struct jb_bytes bytes)
{
    struct jb_broker *b = ctx;
    struct jb_arena arena;
    struct jb_entry entry;
    struct jb_fault fault;
    if (seq <= b->recover_learnt)
        return JB_OK;
    jb_arena_init(&arena, 8 * JB_FRAME_LIMIT_BYTES);
    enum jb_err err = jb_entry_decode(bytes, &arena, &entry, &fault);
    if (err == JB_OK && jb_act_is_common(entry.act.kind)) {
        err = jb_directory_apply(&b->directory, &entry);
        b->recover_learnt = seq;
    }
    jb_arena_fini(&arena);
    return err;
}

/* ---- the end ---- */

static void greet_again(struct jb_broker *b)
{
    const struct jb_frame again = {.kind = JB_FRAME_REJECT,
                                   .error = JB_CLOSED,
                                   .closing = true,
                                   .text = jb_text_of("the record is complete: greet again")};
    for (size_t i = 0; i < b->peer_capacity && b->router != NULL; i++)
        if (b->peers[i] != NULL && b->peers[i]->greeted) {
            jb_arena_reset(&b->frame_arena);
            jb_answer(b, (struct jb_bytes){b->peers[i]->routing_id, b->peers[i]->routing_len},
                      &again);
        }
}

static void stop_with(struct jb_broker *b, enum jb_err err, const struct jb_fault *fault)
{
    b->trouble = *fault;
    jb_log(JB_LOG_ERROR, NULL, "recover.failed", "reason=\"%s\"", fault->text);
    jb_house_status(b, fault->text);
    jb_broker_stop(b, jb_err_exit(err));
}

/* What is in memory was read before the record was put together. */
static enum jb_err complete(struct jb_broker *b, struct jb_fault *fault)
{
    struct jb_recovery_report r = {0};
    enum jb_err err = jb_recovery_complete(b->ledger, jb_broker_now(b), &r, fault);
    if (err != JB_OK)
        return err;
    jb_log(JB_LOG_NOTICE, NULL, "recover.complete",
           "entries=%llu items=%llu lost=%llu blank=%llu appended=%llu differ=%llu",
           (unsigned long long)r.entries, (unsigned long long)r.items, (unsigned long long)r.lost,
           (unsigned long long)r.blank, (unsigned long long)r.appended,
           (unsigned long long)r.differ);
    b->recovering = false;
    return jb_broker_read_again(b, fault);
}

/* Everybody has reported: nothing is waited for any longer. */
static void look(struct jb_broker *b)
{
    struct jb_fault fault = {""};
    enum jb_err err = count_awaited(b);
    if (err == JB_OK && b->recover_awaited > 0) {
        tell_state(b);
        return;
    }
    if (err == JB_OK) {
        greet_again(b);
        err = complete(b, &fault);
    }
    if (err == JB_OK)
        err = jb_blob_read_again(b);
    if (err != JB_OK) {
        if (fault.text[0] == '\0')
            (void)jb_fault_set(&fault, err, "%s", jb_err_text(err));
        stop_with(b, err, &fault);
        return;
    }
    jb_house_status(b, "serving");
    jb_clockwork_look(b);
}

enum jb_err jb_recover_start(struct jb_broker *b, struct jb_fault *fault)
{
    struct jb_recovery state;
    enum jb_err err = jb_recovery_state(b->ledger, &state);
    jb_late_count(b);
    b->recovering = err == JB_OK && state.active;
    if (!b->recovering)
        return err;
    b->recover_learnt = state.seq;
    err = jb_recovery_each(b->ledger, learn_entry, b);
    if (err == JB_OK)
        err = count_awaited(b);
    if (err == JB_OK && b->recover_awaited > 0)
        tell_state(b);
    else if (err == JB_OK)
        err = complete(b, fault);
    return err;
}

/* ---- asking ---- */

static void ask(struct jb_broker *b, const struct jb_zmsg *msg, const struct jb_peer *p)
{
    struct jb_recovery_line line;
    struct jb_frame want = {.kind = JB_FRAME_COPY_WANT, .version = JB_PROTOCOL_COPY};
    if (jb_recovery_line(b->ledger, p->node, &line) != JB_OK) {
        jb_log(JB_LOG_ERROR, NULL, "recover.unread", "node=%u detail=\"%s\"", p->node,
               jb_ledger_error(b->ledger));
        return;
    }
    memcpy(want.epoch, p->follows, sizeof want.epoch);
    want.first = line.have.number + 1;
    memcpy(want.head, line.have.head, sizeof want.head);
    jb_answer(b, msg->routing_id, &want);
}

/* May the items of this greeting's epoch belong behind the backup? */
static enum jb_err check_epoch(struct jb_broker *b, const struct jb_frame *hello,
                               struct jb_fault *fault)
{
    struct jb_line_point end;
    if (hello->down.number == 0)
        return JB_OK; /* it holds nothing */
    enum jb_err err = jb_recovery_former(b->ledger, hello->down.epoch, 0, &end);
    if (err == JB_NOT_FOUND)
        err = jb_fault_set(fault, JB_DIVERGED,
                           "the replica follows another incarnation of the broker's record than "
                           "the one from which the backup is");
    return err;
}

enum jb_err jb_recover_greet(struct jb_broker *b, const struct jb_zmsg *msg, struct jb_peer *p,
                             const struct jb_frame *hello, struct jb_fault *fault)
{
    if (hello->protocol_max < JB_PROTOCOL_COPY)
        return jb_fault_set(fault, JB_BUSY,
                            RECOVERING_TEXT "; a node of protocol %u cannot help: update it, or "
                                            "wait",
                            hello->protocol_max);
    enum jb_err err = check_epoch(b, hello, fault);
    if (err != JB_OK)
        return err;
    memcpy(p->follows, hello->down.epoch, sizeof p->follows);
    struct jb_frame w = {.kind = JB_FRAME_WELCOME,
                         .version = JB_PROTOCOL_COPY,
                         .protocol = JB_PROTOCOL_COPY,
                         .node = p->node,
                         .recovering = true,
                         .suite = b->keys.suite,
                         .now_ms = jb_broker_now(b),
                         .max_frame_bytes = (uint32_t)JB_FRAME_LIMIT_BYTES,
                         .software = jb_text_of("jiaoband " JB_VERSION_TEXT)};
    memcpy(w.sign_key, b->keys.sign_public, sizeof w.sign_key);
    memcpy(w.down.epoch, jb_ledger_epoch(b->reader), sizeof w.down.epoch);
    jb_answer(b, msg->routing_id, &w);
    ask(b, msg, p);
    return JB_OK;
}

/* ---- what comes ---- */

static enum jb_err take_signed(struct jb_broker *b, const struct jb_recovery_piece *piece,
                               const uint8_t sign_key[JB_KEY_BYTES], struct jb_fault *fault)
{
    enum jb_err err = jb_ledger_begin(b->ledger);
    if (err != JB_OK)
        return err;
    err = jb_recovery_take(b->ledger, piece, sign_key, &b->frame_arena, fault);
    if (err == JB_OK)
        err = jb_ledger_commit(b->ledger);
    else
        jb_ledger_rollback(b->ledger);
    return err;
}

static enum jb_err keep_piece(struct jb_broker *b, const struct jb_peer *p,
                              const struct jb_frame *f, struct jb_fault *fault)
{
    struct jb_recovery_piece piece = {.node = p->node,
                                      .first = f->first,
                                      .items = f->items,
                                      .count = f->item_count,
                                      .suite = f->suite};
    memcpy(piece.epoch, f->epoch, sizeof piece.epoch);
    memcpy(piece.head, f->head, sizeof piece.head);
    memcpy(piece.signature, f->signature, sizeof piece.signature);
    enum jb_err err = take_signed(b, &piece, b->keys.sign_public, fault);
    if (err == JB_BAD_SIGNATURE && b->config->key_former[0] != '\0') /* from before its new keys */
        err = take_signed(b, &piece, b->former.sign_public, fault);
    return err;
}

static enum jb_err learn_items(struct jb_broker *b, const struct jb_frame *f)
{
    enum jb_err err = JB_OK;
    for (size_t i = 0; i < f->item_count && err == JB_OK; i++) {
        struct jb_item item;
        struct jb_entry entry = {0};
        struct jb_fault fault;
        if (f->items[i].body.len == 0)
            continue;
        err = jb_item_decode(f->items[i].body, &b->frame_arena, &item, &fault);
        if (err == JB_OK && item.kind == JB_ITEM_ENTRY)
            err = jb_entry_decode(item.entry, &b->frame_arena, &entry, &fault);
        if (err == JB_OK && item.kind == JB_ITEM_ENTRY)
            err = learn_entry(b, entry.seq, item.entry);
    }
    return err;
}

/* Bytes that this broker never signed: of use to nobody, but somebody should hear of it. */
static bool own_fault(enum jb_err err)
{
    return err == JB_NOMEM || err == JB_IO || err == JB_FULL || err == JB_LOCKED || err == JB_BUSY;
}

static void refuse_piece(struct jb_broker *b, const struct jb_zmsg *msg, const struct jb_frame *f,
                         enum jb_err err, const struct jb_fault *fault)
{
    if (own_fault(err)) {
        stop_with(b, err, fault);
        return;
    }
    if (err == JB_BAD_SIGNATURE)
        b->count.bad_signatures++;
    b->count.diverged++;
    jb_reject(b, msg, f, err, true, fault->text);
}

void jb_recover_copy(struct jb_broker *b, const struct jb_zmsg *msg, struct jb_peer *p,
                     const struct jb_frame *f)
{
    struct jb_fault fault = {""};
    if (!b->recovering) {
        jb_late_copy(b, msg, p, f);
        return;
    }
    enum jb_err err = keep_piece(b, p, f, &fault);
    if (err == JB_OK)
        err = learn_items(b, f);
    if (err != JB_OK && err != JB_REPEAT && err != JB_GAP) {
        refuse_piece(b, msg, f, err, &fault);
        return;
    }
    ask(b, msg, p); /* after a repeat or a gap: from where it really goes on */
}

/* The node's own word on how far its submissions are settled: it binds only itself. */
static bool settled_signed(const struct jb_broker *b, const struct jb_peer *p,
                           const struct jb_frame *f)
{
    const struct jb_node *n = jb_directory_find(&b->directory, p->node);
    struct jb_line_claim claim =
        jb_line_claim_of(JB_LINE_UP, p->node, f->settled.epoch, f->settled.number, f->settled.head);
    return f->settled.number == 0 ||
           (n != NULL && jb_line_verify(f->suite, n->sign_key, &claim, f->signature) == JB_OK);
}

/* The statement takes the place of those that the backup lacks: it covers what they did. */
static enum jb_err keep_done(struct jb_broker *b, const struct jb_peer *p, const struct jb_frame *f)
{
    static const struct jb_line_point none;
    struct jb_receipt r = {
        .node = p->node, .point = f->settled, .suite = f->suite, .at_ms = jb_broker_now(b)};
    enum jb_err err = jb_ledger_begin(b->ledger);
    if (err != JB_OK)
        return err;
    memcpy(r.signature, f->signature, sizeof r.signature);
    err = jb_recovery_done(b->ledger, p->node, f->settled.number > 0 ? &f->settled : &none);
    if (err == JB_OK && f->settled.number > 0)
        err = jb_line_up_signed(b->ledger, &r);
    if (err == JB_OK)
        err = jb_ledger_commit(b->ledger);
    else
        jb_ledger_rollback(b->ledger);
    return err;
}

void jb_recover_done(struct jb_broker *b, const struct jb_zmsg *msg, struct jb_peer *p,
                     const struct jb_frame *f)
{
    struct jb_recovery_line line;
    struct jb_fault fault = {""};
    if (!b->recovering) {
        jb_late_done(b, msg, p, f);
        return;
    }
    enum jb_err err = jb_recovery_line(b->ledger, p->node, &line);
    if (err == JB_OK && f->error != 0) {
        jb_peer_differs(p, (struct jb_differs){true, line.have, f->down});
        err = jb_fault_set(&fault, JB_DIVERGED,
                           "the backup's item %llu is another one than the node's",
                           (unsigned long long)line.have.number);
    }
    if (err == JB_OK && !settled_signed(b, p, f))
        err = jb_fault_set(&fault, JB_BAD_SIGNATURE, "settled: not signed by this node");
    if (err == JB_OK)
        err = keep_done(b, p, f);
    if (err != JB_OK) {
        if (fault.text[0] == '\0')
            (void)jb_fault_set(&fault, err, "%s", jb_ledger_error(b->ledger));
        refuse_piece(b, msg, f, err, &fault);
        return;
    }
    jb_log(JB_LOG_NOTICE, NULL, "recover.reported", "node=%u items=%llu settled=%llu", p->node,
           (unsigned long long)line.have.number, (unsigned long long)f->settled.number);
    look(b);
}
