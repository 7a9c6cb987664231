/* A node that an administrator left out comes back, with more than the record was completed with.
 *
 * Its items were signed by this broker and are part of no history any more. They are collected
 * piece by piece, with the frames and checks of a recovery, and kept as evidence; nothing in the
 * record changes. Then the node is told that its copy is kept and what has to be done there. Work
 * with the other nodes goes on meanwhile: what is written goes through the batch. */
#include "daemon/recover.h"

#include "proto/base/log.h"
#include "proto/ledger/recovery.h"

/* The agent then begins a new replica by itself; one of before that needs its administrator. */
#define LATE_TEXT                                                                                  \
    "the record was restored without this replica; its copy is kept as evidence, a new replica "   \
    "begins (older agents: --follow-new-history)"

struct jb_late { /* of an intake item; all of it in the batch's arena */
    struct jb_line_point former;
    int64_t at_ms;
    bool done; /* the node has no more; else: */
    struct jb_recovery_piece piece;
    struct jb_bytes frame;
};

static void ask(struct jb_broker *b, struct jb_bytes routing_id, const struct jb_peer *p,
                const struct jb_line_point *have)
{
    struct jb_frame want = {
        .kind = JB_FRAME_COPY_WANT, .version = JB_PROTOCOL_COPY, .first = have->number + 1};
    memcpy(want.epoch, p->former.epoch, sizeof want.epoch);
    memcpy(want.head, have->head, sizeof want.head);
    jb_answer(b, routing_id, &want);
}

static enum jb_err read_line(struct jb_broker *b, const struct jb_peer *p,
                             struct jb_recovery_line *line, struct jb_fault *fault)
{
    enum jb_err err = jb_recovery_late(b->reader, p->node, &p->former, line);
    return err == JB_OK ? JB_OK : jb_fault_set(fault, err, "%s", jb_ledger_error(b->reader));
}

enum jb_err jb_late_greet(struct jb_broker *b, const struct jb_zmsg *msg, struct jb_peer *p,
                          const struct jb_frame *hello, const struct jb_line_point *former,
                          struct jb_fault *fault)
{
    struct jb_recovery_line line;
    p->former = *former;
    if (jb_degraded(b))
        return jb_fault_set(fault, JB_BUSY, "%s", b->strain.text);
    enum jb_err err = read_line(b, p, &line, fault);
    if (err != JB_OK)
        return err;
    struct jb_frame w = {.kind = JB_FRAME_WELCOME,
                         .version = JB_PROTOCOL_COPY,
                         .protocol = JB_PROTOCOL_COPY,
                         .node = p->node,
                         .recovering = true,
                         .former = *former,
                         .now_ms = jb_broker_now(b),
                         .max_frame_bytes = (uint32_t)JB_FRAME_LIMIT_BYTES,
                         .suite = b->keys.suite,
                         .software = jb_text_of("jiaoband " JB_VERSION_TEXT)};
    memcpy(w.sign_key, b->keys.sign_public, sizeof w.sign_key);
    memcpy(w.down.epoch, jb_ledger_epoch(b->reader), sizeof w.down.epoch);
    jb_answer(b, msg->routing_id, &w);
    ask(b, msg->routing_id, p, &line.have);
    jb_log(JB_LOG_WARNING, NULL, "late.returned", "node=%u items=%llu record_goes_on_after=%llu",
           p->node, (unsigned long long)hello->down.number, (unsigned long long)former->number);
    return JB_OK;
}

/* ---- what comes ---- */

static enum jb_err check_piece(struct jb_broker *b, const struct jb_peer *p,
                               const struct jb_recovery_piece *piece, struct jb_fault *fault)
{
    enum jb_err err =
        jb_recovery_late_check(b->reader, piece, &p->former, b->keys.sign_public, fault);
    if (err == JB_BAD_SIGNATURE && b->config->key_former[0] != '\0') /* from before its new keys */
        err = jb_recovery_late_check(b->reader, piece, &p->former, b->former.sign_public, fault);
    return err;
}

/* As it came, but the keys of sealed cases: evidence must not bring back what may be erased. */
static enum jb_err frame_keep(const struct jb_frame *f, struct jb_arena *arena,
                              struct jb_bytes *frame)
{
    struct jb_frame bare = *f;
    struct jb_frame_item *items = jb_arena_memdup(arena, f->items, f->item_count * sizeof *items);
    if (items == NULL)
        return JB_NOMEM;
    for (size_t i = 0; i < f->item_count; i++)
        items[i].case_key = (struct jb_bytes){NULL, 0};
    bare.items = items;
    return jb_frame_encode(&bare, arena, frame);
}

static enum jb_err queue(struct jb_broker *b, const struct jb_peer *p, const struct jb_late *what)
{
    struct jb_late *late = jb_arena_memdup(&b->fill->arena, what, sizeof *what);
    struct jb_intake_item *item = late != NULL ? jb_batch_item(b->fill) : NULL;
    if (item == NULL)
        return JB_NOMEM;
    item->source = JB_FROM_LATE;
    item->node = p->node;
    item->late = late;
    jb_tick_kick(b);
    return JB_OK;
}

static void refuse(struct jb_broker *b, const struct jb_zmsg *msg, const struct jb_frame *f,
                   enum jb_err err, const struct jb_fault *fault)
{
    if (err == JB_BAD_SIGNATURE)
        b->count.bad_signatures++;
    b->count.diverged += err == JB_DIVERGED || err == JB_BAD_SIGNATURE;
    jb_reject(b, msg, f, err, true, fault->text[0] != '\0' ? fault->text : jb_err_text(err));
}

void jb_late_copy(struct jb_broker *b, const struct jb_zmsg *msg, struct jb_peer *p,
                  const struct jb_frame *f)
{
    struct jb_fault fault = {""};
    struct jb_recovery_line line;
    struct jb_late late = {.former = p->former,
                           .at_ms = jb_broker_now(b),
                           .piece = {.node = p->node,
                                     .first = f->first,
                                     .items = f->items,
                                     .count = f->item_count,
                                     .suite = f->suite}};
    if (!p->late) {
        jb_reject(b, msg, f, JB_UNKNOWN_KIND, false, "nothing is being recovered");
        return;
    }
    memcpy(late.piece.epoch, f->epoch, sizeof late.piece.epoch);
    memcpy(late.piece.head, f->head, sizeof late.piece.head);
    memcpy(late.piece.signature, f->signature, sizeof late.piece.signature);
    enum jb_err err = check_piece(b, p, &late.piece, &fault);
    if (err == JB_REPEAT || err == JB_GAP) { /* from where it really goes on */
        err = read_line(b, p, &line, &fault);
        if (err == JB_OK) {
            ask(b, msg->routing_id, p, &line.have);
            return;
        }
    }
    if (err == JB_OK)
        err = frame_keep(f, &b->fill->arena, &late.frame);
    late.piece.items = NULL; /* the frame's: gone when it is written */
    if (err == JB_OK)
        err = queue(b, p, &late);
    if (err != JB_OK)
        refuse(b, msg, f, err, &fault);
}

void jb_late_done(struct jb_broker *b, const struct jb_zmsg *msg, struct jb_peer *p,
                  const struct jb_frame *f)
{
    struct jb_fault fault = {""};
    struct jb_late late = {.former = p->former, .done = true, .piece = {.node = p->node}};
    if (!p->late) {
        jb_reject(b, msg, f, JB_UNKNOWN_KIND, false, "nothing is being recovered");
        return;
    }
    enum jb_err err = JB_OK;
    if (f->error != 0)
        err = jb_fault_set(&fault, JB_DIVERGED,
                           "the item after which the record goes on is another one than the "
                           "node's");
    if (err == JB_OK)
        err = queue(b, p, &late);
    if (err != JB_OK)
        refuse(b, msg, f, err, &fault);
}

/* ---- into the record ---- */

/* Once: what came is kept, and somebody has to look whether the record has what the node was told.
 * An entry, so that it is in the replicas of the offices and of the node whatever comes after. */
static enum jb_err tell_offices(struct jb_broker *b, struct jb_batch *t,
                                const struct jb_intake_item *item)
{
    struct jb_recovery_line line;
    const struct jb_line_point *former = &item->late->former;
    enum jb_err err = jb_recovery_late(b->ledger, item->node, former, &line);
    if (err != JB_OK || line.done || line.have.number <= former->number)
        return err;
    struct jb_entry *entry = jb_batch_own_entry(t, jb_text_of("line"));
    if (entry == NULL)
        return JB_NOMEM;
    entry->act = (struct jb_act){.kind = JB_ACT_QUARANTINE,
                                 .node = item->node,
                                 .number = line.have.number - former->number,
                                 .reason = jb_text_of(JB_RECOVERY_LATE)};
    struct jb_accepted a = {.entry = entry, .only = item->node, .offices = true};
    return jb_decide_accept(b, t, &a);
}

enum jb_err jb_decide_late(struct jb_broker *b, struct jb_batch *t,
                           const struct jb_intake_item *item)
{
    struct jb_op *op = jb_batch_op(t);
    if (op == NULL)
        return JB_NOMEM;
    op->kind = JB_OP_LATE;
    op->item = item;
    return item->late->done ? tell_offices(b, t, item) : JB_OK;
}

/* ---- how much there is ---- */

void jb_late_count(struct jb_broker *b)
{
    struct jb_arena arena;
    struct jb_recovery_returned *list = NULL;
    size_t count = 0;
    jb_arena_init(&arena, (size_t)16 * 1024 * 1024);
    enum jb_err err = jb_recovery_returned(b->reader, &arena, &list, &count);
    if (err == JB_OK) {
        b->kept_nodes = count;
        b->kept_items = 0;
        for (size_t i = 0; i < count; i++)
            b->kept_items += list[i].items;
    } else { /* evidence, not the record: work goes on */
        jb_log(JB_LOG_ERROR, NULL, "late.uncounted", "error=%s detail=\"%s\"", jb_err_name(err),
               jb_ledger_error(b->reader));
    }
    jb_arena_fini(&arena);
}

/* ---- on the disk ---- */

enum jb_err jb_late_write(struct jb_ledger *l, const struct jb_intake_item *item)
{
    const struct jb_late *late = item->late;
    if (late->done)
        return jb_recovery_late_done(l, item->node, &late->former);
    return jb_recovery_late_keep(l, &late->piece, &late->former, late->frame, late->at_ms);
}

void jb_late_written(struct jb_broker *b, const struct jb_intake_item *item)
{
    const struct jb_late *late = item->late;
    struct jb_fault fault = {""};
    struct jb_recovery_line line;
    struct jb_peer *p = item->node < b->peer_capacity ? b->peers[item->node] : NULL;
    if (late->done)
        jb_late_count(b);
    if (p == NULL || !p->greeted || !p->late || b->router == NULL)
        return; /* it goes on with its next greeting */
    struct jb_bytes routing_id = {p->routing_id, p->routing_len};
    jb_arena_reset(&b->frame_arena);
    if (!late->done) {
        if (read_line(b, p, &line, &fault) == JB_OK)
            ask(b, routing_id, p, &line.have);
        else
            jb_log(JB_LOG_ERROR, NULL, "late.unread", "detail=\"%s\"", fault.text);
        return;
    }
    const struct jb_frame told = {.kind = JB_FRAME_REJECT,
                                  .error = JB_DIVERGED,
                                  .closing = true,
                                  .text = jb_text_of(LATE_TEXT),
                                  .frame_kind = JB_FRAME_COPY_DONE};
    jb_answer(b, routing_id, &told);
    jb_log(JB_LOG_WARNING, NULL, "late.kept", "node=%u after=%llu", item->node,
           (unsigned long long)late->former.number);
}
