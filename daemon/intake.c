/* Intake: what a node's frame adds to the batch that is being filled.
 *
 * Checks everything that can be checked without the case: who sent it (by key), epoch, numbers,
 * chain, signature. A frame that fails is answered and changes nothing. Decides nothing about
 * submissions: even one that cannot be read gets its number and its verdict in order. */
#include "daemon/blob.h"
#include "daemon/recover.h"

#include "proto/base/log.h"

static const struct jb_node *live_node(struct jb_broker *b, const struct jb_zmsg *msg)
{
    const struct jb_node *n = jb_directory_find(&b->directory, msg->node);
    bool in_force = n != NULL && n->has_agent && jb_node_valid(n, jb_broker_now(b));
    return in_force && jb_keys_tag(n->line_key) == msg->key_tag ? n : NULL;
}

/* ---- Submit ---- */

static void ask_again(struct jb_broker *b, const struct jb_zmsg *msg, const struct jb_peer *p,
                      enum jb_err err, const char *text)
{
    struct jb_frame resume = {.kind = JB_FRAME_RESUME,
                              .version = p->protocol,
                              .up = p->up_taken,
                              .error = (uint32_t)err,
                              .text = jb_text_of(text)};
    jb_answer(b, msg->routing_id, &resume);
}

/* Of the network's suite only: one key must never serve two algorithms. */
static enum jb_err check_signature(const struct jb_broker *b, const struct jb_node *n,
                                   const struct jb_line_claim *claim, const struct jb_frame *f)
{
    if (f->suite != b->keys.suite)
        return JB_UNSUPPORTED;
    return jb_line_verify(f->suite, n->sign_key, claim, f->signature);
}

/* The chain over the new items must end in the frame's head, and the node must have signed that. */
static enum jb_err check_chain(struct jb_broker *b, const struct jb_peer *p,
                               const struct jb_frame *f, size_t skip, struct jb_receipt *receipt)
{
    uint8_t head[JB_HASH_BYTES];
    uint8_t hash[JB_HASH_BYTES];
    memcpy(head, p->up_taken.head, sizeof head);
    for (size_t i = skip; i < f->item_count; i++) {
        jb_hash(b->keys.suite, f->items[i].body.data, f->items[i].body.len, hash);
        jb_chain_next(b->keys.suite, head, hash, head);
    }
    if (memcmp(head, f->head, sizeof head) != 0)
        return JB_DIVERGED;
    const struct jb_node *n = jb_directory_find(&b->directory, p->node);
    struct jb_line_claim claim =
        jb_line_claim_of(JB_LINE_UP, p->node, f->epoch, f->first + f->item_count - 1, f->head);
    enum jb_err err = check_signature(b, n, &claim, f);
    if (err != JB_OK)
        return err;
    *receipt = (struct jb_receipt){.node = p->node, .suite = f->suite, .at_ms = jb_broker_now(b)};
    memcpy(receipt->point.epoch, f->epoch, sizeof receipt->point.epoch);
    receipt->point.number = claim.number;
    memcpy(receipt->point.head, f->head, sizeof receipt->point.head);
    memcpy(receipt->signature, f->signature, sizeof receipt->signature);
    return JB_OK;
}

/* Copies go into the batch first; only when all of them fit are the items added. */
static enum jb_err take_items(struct jb_broker *b, const struct jb_zmsg *msg, struct jb_peer *p,
                              const struct jb_frame *f, const struct jb_receipt *receipt)
{
    struct jb_batch *t = b->fill;
    size_t rollback = t->item_count;
    size_t skip = (size_t)(p->up_taken.number + 1 - f->first); /* taken before */
    struct jb_line_point point = p->up_taken;
    struct jb_receipt *kept = jb_arena_memdup(&t->arena, receipt, sizeof *receipt);
    if (kept == NULL)
        return JB_NOMEM;
    for (size_t i = skip; i < f->item_count; i++) {
        const struct jb_frame_item *in = &f->items[i];
        struct jb_intake_item *item = jb_batch_item(t);
        if (item == NULL)
            break;
        uint8_t hash[JB_HASH_BYTES];
        jb_hash(b->keys.suite, in->body.data, in->body.len, hash);
        jb_chain_next(b->keys.suite, point.head, hash, point.head);
        point.number++;
        item->source = JB_FROM_LINE;
        item->node = p->node;
        item->key_tag = msg->key_tag;
        item->number = point.number;
        item->raw = (struct jb_bytes){jb_arena_memdup(&t->arena, in->body.data, in->body.len),
                                      in->body.len};
        item->case_key = (struct jb_bytes){
            jb_arena_memdup(&t->arena, in->case_key.data, in->case_key.len), in->case_key.len};
        memcpy(item->head, point.head, sizeof item->head);
        if (i + 1 == f->item_count)
            item->signature = kept;
    }
    if (t->arena.overflowed || point.number != f->first + f->item_count - 1) {
        t->item_count = rollback;
        return JB_NOMEM;
    }
    p->up_taken = point;
    jb_gatekeeper_submissions(b, p, f->item_count - skip);
    return JB_OK;
}

static void take_submit(struct jb_broker *b, const struct jb_zmsg *msg, struct jb_peer *p,
                        const struct jb_frame *f)
{
    if (memcmp(f->epoch, p->up_taken.epoch, sizeof f->epoch) != 0) {
        jb_reject(b, msg, f, JB_OLD, true, "submissions of another epoch; greet again");
        return;
    }
    if (f->first == 0 || f->first > UINT64_MAX - f->item_count) {
        jb_reject(b, msg, f, JB_RANGE, false, "numbers of submissions start at 1");
        return;
    }
    if (f->first > p->up_taken.number + 1) {
        b->count.gaps++;
        ask_again(b, msg, p, JB_GAP, "a submission was skipped");
        return;
    }
    if (jb_degraded(b)) {
        jb_degraded_tell(b, p);
        return;
    }
    uint64_t old = p->up_taken.number + 1 - f->first; /* so many were taken before */
    size_t skip = old < f->item_count ? (size_t)old : f->item_count;
    b->count.repeats += skip;
    if (skip == f->item_count)
        return; /* their verdicts are in the stream, or on their way */
    struct jb_receipt receipt;
    enum jb_err err = check_chain(b, p, f, skip, &receipt);
    if (err == JB_BAD_SIGNATURE)
        b->count.bad_signatures++;
    if (err == JB_OK)
        err = take_items(b, msg, p, f, &receipt);
    if (err == JB_NOMEM) {
        ask_again(b, msg, p, JB_BUSY, "the broker is short of memory; send again later");
        return;
    }
    if (err != JB_OK)
        jb_reject(b, msg, f, err, true, "submissions do not continue what was received before");
    jb_tick_kick(b);
}

/* ---- Ack ---- */

static enum jb_err check_ack(struct jb_broker *b, const struct jb_peer *p, const struct jb_frame *f)
{
    if (memcmp(f->epoch, jb_ledger_epoch(b->reader), sizeof f->epoch) != 0)
        return JB_OLD;
    if (f->number > p->sent)
        return JB_RANGE; /* acknowledges what was never sent */
    uint8_t head[JB_HASH_BYTES];
    enum jb_err err = jb_tail_head(b, p->node, f->number, head);
    if (err != JB_OK)
        return err;
    if (memcmp(head, f->head, sizeof head) != 0)
        return JB_DIVERGED;
    const struct jb_node *n = jb_directory_find(&b->directory, p->node);
    struct jb_line_claim claim =
        jb_line_claim_of(JB_LINE_DOWN_ACK, p->node, f->epoch, f->number, f->head);
    return check_signature(b, n, &claim, f);
}

static void queue_ack(struct jb_broker *b, const struct jb_zmsg *msg, const struct jb_peer *p,
                      const struct jb_frame *f)
{
    if (jb_degraded(b))
        return; /* the node greets again when it is over */
    struct jb_receipt *r = jb_arena_alloc(&b->fill->arena, sizeof *r);
    struct jb_intake_item *item = r != NULL ? jb_batch_item(b->fill) : NULL;
    if (item == NULL)
        return; /* the node sends its last acknowledgement again after each greeting */
    r->node = p->node;
    r->suite = f->suite;
    r->at_ms = jb_broker_now(b);
    r->point.number = f->number;
    memcpy(r->point.epoch, f->epoch, sizeof r->point.epoch);
    memcpy(r->point.head, f->head, sizeof r->point.head);
    memcpy(r->signature, f->signature, sizeof r->signature);
    item->source = JB_FROM_ACK;
    item->node = p->node;
    item->key_tag = msg->key_tag;
    item->signature = r;
}

static void take_ack(struct jb_broker *b, const struct jb_zmsg *msg, struct jb_peer *p,
                     const struct jb_frame *f)
{
    if (f->window_items > 0 && f->window_bytes > 0)
        jb_peer_window(b, p, f);
    if (f->number == 0)
        return; /* credit only */
    enum jb_err err = check_ack(b, p, f);
    if (err != JB_OK) {
        if (err == JB_BAD_SIGNATURE)
            b->count.bad_signatures++;
        jb_reject(b, msg, f, err, true, "the acknowledgement does not fit the stream");
        return;
    }
    queue_ack(b, msg, p, f);
    jb_tick_kick(b);
    jb_deliver_acked(p, f->number);
    jb_deliver(b, p);
}

/* ---- Beat, Bye ---- */

/* While nothing happens the end of a stream stays where it is, and so does the signature over it.
 */
static enum jb_err sign_end(struct jb_broker *b, struct jb_peer *p, struct jb_frame *beat)
{
    struct jb_receipt *end = &p->end;
    bool same = end->suite == beat->suite && end->point.number == beat->down.number &&
                memcmp(end->point.head, beat->down.head, JB_HASH_BYTES) == 0 &&
                memcmp(end->point.epoch, beat->down.epoch, JB_EPOCH_BYTES) == 0;
    if (!same) {
        struct jb_line_claim claim = jb_line_claim_of(JB_LINE_DOWN_HEAD, p->node, beat->down.epoch,
                                                      beat->down.number, beat->down.head);
        *end = (struct jb_receipt){.suite = 0};
        enum jb_err err = jb_line_sign(beat->suite, b->keys.sign_secret, &claim, end->signature);
        if (err != JB_OK)
            return err;
        end->suite = beat->suite;
        end->point = beat->down;
    }
    memcpy(beat->signature, end->signature, sizeof beat->signature);
    return JB_OK;
}

static void take_beat(struct jb_broker *b, const struct jb_zmsg *msg, struct jb_peer *p,
                      const struct jb_frame *f)
{
    p->skew_ms = f->now_ms - jb_broker_now(b);
    struct jb_frame beat = {.kind = JB_FRAME_BEAT,
                            .version = p->protocol,
                            .now_ms = jb_broker_now(b),
                            .up = p->up_taken};
    beat.suite = b->keys.suite;
    struct jb_line_state line;
    enum jb_err err = jb_tail_line(b, p->node, &line);
    if (err == JB_OK) {
        beat.down = line.down;
        err = sign_end(b, p, &beat);
    }
    if (err == JB_OK)
        jb_answer(b, msg->routing_id, &beat);
    jb_deliver(b, p);
}

static void take_bye(struct jb_broker *b, const struct jb_zmsg *msg, struct jb_peer *p,
                     const struct jb_frame *f)
{
    (void)msg;
    (void)f;
    jb_peer_drop(b, p, "bye");
}

/* A node may refuse a frame of ours; that is for a person to look at. */
static void take_reject(struct jb_broker *b, const struct jb_zmsg *msg, struct jb_peer *p,
                        const struct jb_frame *f)
{
    (void)msg;
    char node[16];
    (void)snprintf(node, sizeof node, "%u", p->node);
    jb_log(JB_LOG_WARNING, node, "line.rejected", "error=%u frame=%u", f->error, f->frame_kind);
    if (f->closing)
        jb_peer_drop(b, p, "rejected by the node");
}

/* ---- dispatch ---- */

typedef void (*take_fn)(struct jb_broker *, const struct jb_zmsg *, struct jb_peer *,
                        const struct jb_frame *);
static const take_fn takers[] = {
    [JB_FRAME_SUBMIT] = take_submit,
    [JB_FRAME_ACK] = take_ack,
    [JB_FRAME_BEAT] = take_beat,
    [JB_FRAME_BYE] = take_bye,
    [JB_FRAME_REJECT] = take_reject,
    [JB_FRAME_COPY] = jb_recover_copy,
    [JB_FRAME_COPY_DONE] = jb_recover_done,
    [JB_FRAME_BLOB_OFFER] = jb_blob_frame,
    [JB_FRAME_BLOB_WANT] = jb_blob_frame,
    [JB_FRAME_BLOB_CHUNK] = jb_blob_frame,
    [JB_FRAME_BLOB_HAVE] = jb_blob_frame,
    [JB_FRAME_BLOB_GONE] = jb_blob_frame,
};

/* While the record is being completed, only what helps with that is taken. */
static bool waits(const struct jb_broker *b, const struct jb_peer *p, enum jb_frame_kind kind)
{
    return (b->recovering || p->late) &&
           (kind == JB_FRAME_SUBMIT || kind == JB_FRAME_ACK || kind == JB_FRAME_BEAT);
}

static bool same_connection(const struct jb_peer *p, const struct jb_zmsg *msg)
{
    return p->greeted && p->routing_len == msg->routing_id.len &&
           memcmp(p->routing_id, msg->routing_id.data, p->routing_len) == 0;
}

static void dispatch(struct jb_broker *b, const struct jb_zmsg *msg, const struct jb_frame *f)
{
    if (f->kind == JB_FRAME_HELLO) {
        jb_greet(b, msg, f);
        return;
    }
    size_t kinds = sizeof takers / sizeof takers[0];
    take_fn take = (size_t)f->kind < kinds ? takers[f->kind] : NULL;
    struct jb_peer *p = jb_broker_peer(b, msg->node);
    if (take == NULL)
        jb_reject(b, msg, f, JB_UNKNOWN_KIND, false, "a node does not send this kind of frame");
    else if (p == NULL)
        jb_reject(b, msg, f, JB_NOMEM, true, "the broker is out of memory");
    else if (jb_gatekeeper_turns_away(p))
        jb_reject(b, msg, f, JB_BUSY, true, "this node sends more than its quota; greet later");
    else if (!same_connection(p, msg))
        jb_reject(b, msg, f, JB_CLOSED, true, "greet first (HELLO) on this connection");
    else if (waits(b, p, f->kind))
        jb_reject(b, msg, f, JB_BUSY, false,
                  b->recovering ? jb_recover_trouble(b) : "this replica follows a former epoch");
    else {
        p->last_seen_ms = jb_broker_now(b);
        p->last_seen_mono_ms = jb_clock_mono_ms();
        take(b, msg, p, f);
    }
}

void jb_intake_message(void *broker, const struct jb_zmsg *msg)
{
    struct jb_broker *b = broker;
    struct jb_frame f = {0};
    struct jb_fault fault = {""};
    jb_arena_reset(&b->frame_arena);
    if (live_node(b, msg) == NULL) { /* key replaced or node retired since it connected */
        jb_reject(b, msg, &f, JB_DENIED, true, "this key is not in force");
        return;
    }
    enum jb_err err = jb_frame_decode(msg->body, &b->frame_arena, &f, &fault);
    if (err != JB_OK)
        jb_reject(b, msg, &f, err, false, fault.text);
    else
        dispatch(b, msg, &f);
}

void jb_intake_surplus(void *broker, uint32_t node)
{
    struct jb_broker *b = broker;
    b->count.bad_frames++;
    char text[16];
    (void)snprintf(text, sizeof text, "%u", node);
    jb_log(JB_LOG_WARNING, text, "frame.dropped",
           "reason=\"not exactly one body frame, or too large\"");
}
