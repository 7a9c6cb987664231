/* The greeting: who is it, do both ends hold the same history, where does each sequence go on?
 * A difference is a visible refusal, never a silent stall and never overwriting. */
#include "daemon/blob.h"
#include "daemon/recover.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/base/log.h"
#include "proto/base/mutant.h"
#include "proto/ledger/recovery.h"

void jb_answer(struct jb_broker *b, struct jb_bytes routing_id, const struct jb_frame *frame)
{
    struct jb_bytes bytes;
    if (jb_frame_encode(frame, &b->frame_arena, &bytes) != JB_OK)
        return;
    if (jb_zsock_send(b->router, routing_id, bytes.data, bytes.len) != JB_OK)
        jb_log(JB_LOG_DEBUG, NULL, "answer.lost", "frame=%s", jb_frame_name(frame->kind));
}

void jb_reject(struct jb_broker *b, const struct jb_zmsg *msg, const struct jb_frame *frame,
               enum jb_err err, bool closing, const char *text)
{
    b->count.bad_frames++;
    struct jb_frame reject = {.kind = JB_FRAME_REJECT,
                              .error = (uint32_t)err,
                              .closing = closing,
                              .text = jb_text_of(text),
                              .frame_kind = (uint32_t)frame->kind};
    const struct jb_peer *p = msg->node < b->peer_capacity ? b->peers[msg->node] : NULL;
    if (p != NULL && !p->stale)
        reject.up = p->up_taken;
    if (p != NULL)
        reject.version = p->protocol;
    if (p != NULL && err == JB_DIVERGED && p->differs.known)
        reject.down = p->differs.here;
    jb_answer(b, msg->routing_id, &reject);
    char node[16];
    (void)snprintf(node, sizeof node, "%u", msg->node);
    jb_log(JB_LOG_WARNING, node, "frame.rejected", "frame=%s error=%s detail=\"%s\"",
           jb_frame_name(frame->kind), jb_err_name(err), text);
}

void jb_peer_differs(struct jb_peer *p, struct jb_differs differs)
{
    char ours[2 * JB_HASH_BYTES + 1];
    char theirs[2 * JB_HASH_BYTES + 1];
    char node[16];
    p->differs = differs;
    (void)sodium_bin2hex(ours, sizeof ours, differs.here.head, JB_HASH_BYTES);
    (void)sodium_bin2hex(theirs, sizeof theirs, differs.there.head, JB_HASH_BYTES);
    (void)snprintf(node, sizeof node, "%u", p->node);
    jb_log(JB_LOG_WARNING, node, "node.differs",
           "number=%llu broker_head=%s own_number=%llu own_head=%s",
           (unsigned long long)differs.here.number, ours, (unsigned long long)differs.there.number,
           theirs);
}

static bool all_zero(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

struct greeting {
    const struct jb_node *node;
    const struct jb_frame *hello;
    uint64_t key_tag;            /* of its connection */
    bool new_epoch;              /* the node's file was (re-)created */
    struct jb_line_point former; /* where the epoch ended that its replica follows */
    bool late;                   /* it holds more than that: see late.c */
    struct jb_fault fault;       /* why not */
};

/* Keys of another suite would give heads and signatures that nobody here can follow. */
static enum jb_err check_suite(const struct jb_broker *b, struct greeting *g)
{
    uint8_t theirs = g->hello->suite != 0 ? g->hello->suite : JB_SUITE_ED25519;
    if (theirs == b->keys.suite)
        return JB_OK;
    return jb_fault_set(&g->fault, JB_UNSUPPORTED,
                        "this network signs with suite %s, the node with suite %s: make its keys "
                        "with --keygen FILE --suite %s and have them enrolled",
                        jb_suite_name(b->keys.suite), jb_suite_name(theirs),
                        jb_suite_name(b->keys.suite));
}

static enum jb_err check_identity(const struct jb_broker *b, struct greeting *g)
{
    const struct jb_frame *h = g->hello;
    int highest = (int)b->config->protocol_max;
    if (h->protocol_max < JB_PROTOCOL_MIN || h->protocol_min > (uint32_t)highest)
        return jb_fault_set(&g->fault, JB_VERSION, "node speaks protocol %u to %u, broker %d to %d",
                            h->protocol_min, h->protocol_max, JB_PROTOCOL_MIN, highest);
    if (!jb_text_equal(h->code, jb_text_of(g->node->code)))
        return jb_fault_set(&g->fault, JB_WRONG_NODE,
                            "this key belongs to \"%s\", the greeting says \"%.*s\"", g->node->code,
                            (int)(h->code.len < 64 ? h->code.len : 64), h->code.data);
    enum jb_err err = check_suite(b, g);
    if (err != JB_OK)
        return err;
    if (memcmp(h->sign_key, g->node->sign_key, JB_KEY_BYTES) != 0)
        return jb_fault_set(&g->fault, JB_DENIED, "the signing key is not the enrolled one");
    return JB_OK;
}

/* A file that a newer one has replaced is back: its numbers would be decided a second time. */
static enum jb_err check_epoch_is_new(struct jb_broker *b, struct greeting *g)
{
    bool seen = false;
    enum jb_err err = jb_line_up_epoch_seen(b->reader, g->node->node, g->hello->up.epoch, &seen);
    if (err != JB_OK)
        return jb_fault_set(&g->fault, err, "the line cannot be read: %s",
                            jb_ledger_error(b->reader));
    if (seen)
        return jb_fault_set(&g->fault, JB_DIVERGED,
                            "the node's file was replaced by a newer one: its submissions are of "
                            "an incarnation that has ended");
    return JB_OK;
}

/* The node's submissions against what the broker has taken. */
static enum jb_err check_up(struct jb_broker *b, const struct jb_peer *p, struct greeting *g)
{
    const struct jb_line_point *theirs = &g->hello->up;
    if (all_zero(theirs->epoch, JB_EPOCH_BYTES))
        return jb_fault_set(&g->fault, JB_MALFORMED, "up.epoch is missing");
    g->new_epoch = memcmp(theirs->epoch, p->up_taken.epoch, JB_EPOCH_BYTES) != 0;
    if (g->new_epoch)
        return check_epoch_is_new(b, g);
    if (theirs->number < p->up_taken.number)
        return jb_fault_set(&g->fault, JB_DIVERGED,
                            "node has made %llu submissions, the broker holds %llu: its file is an "
                            "older copy",
                            (unsigned long long)theirs->number,
                            (unsigned long long)p->up_taken.number);
    if (theirs->number == p->up_taken.number && theirs->number > 0 &&
        memcmp(theirs->head, p->up_taken.head, JB_HASH_BYTES) != 0)
        return jb_fault_set(&g->fault, JB_DIVERGED, "submissions up to %llu differ",
                            (unsigned long long)theirs->number);
    return JB_OK;
}

/* The replica follows an epoch that ended with a restore: it can go on in the present one if that
 * branched off at or after what it holds. */
static enum jb_err check_former(struct jb_broker *b, struct greeting *g)
{
    const struct jb_line_point *theirs = &g->hello->down;
    enum jb_err err = jb_recovery_former(b->reader, theirs->epoch, g->node->node, &g->former);
    if (err == JB_NOT_FOUND)
        return jb_fault_set(&g->fault, JB_DIVERGED,
                            "the replica follows another incarnation of the broker's record");
    if (err != JB_OK)
        return jb_fault_set(&g->fault, err, "the record's lineage cannot be read: %s",
                            jb_ledger_error(b->reader));
    if (g->hello->protocol_max < JB_PROTOCOL_COPY)
        return jb_fault_set(&g->fault, JB_DIVERGED,
                            "the record was restored and goes on in a new epoch, of which a node "
                            "of protocol %u knows nothing: update it",
                            g->hello->protocol_max);
    g->late = theirs->number > g->former.number;
    return JB_OK;
}

/* A replica that begins: the chains of a record that was restored start with its first epoch. */
static void name_origin(const struct jb_broker *b, struct greeting *g)
{
    const uint8_t *origin = jb_ledger_origin(b->reader);
    if (memcmp(origin, jb_ledger_epoch(b->reader), JB_EPOCH_BYTES) == 0)
        return;
    memcpy(g->former.epoch, origin, sizeof g->former.epoch);
    jb_chain_start(b->keys.suite, g->node->node, origin, g->former.head);
}

/* The node's replica against the broker's stream. */
static enum jb_err check_down(struct jb_broker *b, struct greeting *g)
{
    const struct jb_line_point *theirs = &g->hello->down;
    if (theirs->number == 0) {
        name_origin(b, g);
        return JB_OK;
    }
    if (memcmp(theirs->epoch, jb_ledger_epoch(b->reader), JB_EPOCH_BYTES) != 0) {
        enum jb_err former = check_former(b, g);
        if (former != JB_OK || g->late)
            return former;
    }
    uint8_t head[JB_HASH_BYTES];
    enum jb_err err = jb_tail_head(b, g->node->node, theirs->number, head);
    if (err == JB_NOT_FOUND)
        return jb_fault_set(
            &g->fault, JB_DIVERGED,
            "the replica holds %llu items, more than the broker: the broker's file is "
            "an older copy",
            (unsigned long long)theirs->number);
    if (err != JB_OK)
        return jb_fault_set(&g->fault, err, "the stream cannot be read: %s",
                            jb_ledger_error(b->reader));
    if (memcmp(head, theirs->head, sizeof head) != 0)
        return jb_fault_set(&g->fault, JB_DIVERGED, "the histories differ at item %llu or before",
                            (unsigned long long)theirs->number);
    return JB_OK;
}

/* Both heads, for people: ours where the replica ends, or where our stream does before that. */
static void tell_difference(struct jb_broker *b, struct jb_peer *p, const struct greeting *g)
{
    struct jb_differs d = {.known = true, .there = g->hello->down};
    struct jb_line_state line;
    d.here.number = d.there.number;
    enum jb_err err = jb_tail_head(b, p->node, d.here.number, d.here.head);
    if (err == JB_NOT_FOUND && (err = jb_tail_line(b, p->node, &line)) == JB_OK)
        d.here = line.down;
    if (err == JB_OK)
        jb_peer_differs(p, d);
}

/* The new incarnation goes into the batch in order: after what is under way of the old one. */
static enum jb_err begin_epoch(struct jb_broker *b, struct jb_peer *p, struct greeting *g)
{
    if (jb_degraded(b))
        return jb_fault_set(&g->fault, JB_BUSY, "%s", b->strain.text);
    struct jb_intake_item *item = jb_batch_item(b->fill);
    if (item == NULL)
        return jb_fault_set(&g->fault, JB_NOMEM, "the broker is out of memory");
    item->source = JB_FROM_EPOCH;
    item->node = p->node;
    item->key_tag = g->key_tag;
    memcpy(item->epoch, g->hello->up.epoch, sizeof item->epoch);
    memcpy(p->up_taken.epoch, g->hello->up.epoch, sizeof p->up_taken.epoch);
    p->up_taken.number = 0;
    jb_chain_start(b->keys.suite, p->node, p->up_taken.epoch, p->up_taken.head);
    return JB_OK;
}

static uint32_t smaller(int64_t ours, uint32_t theirs)
{
    return theirs == 0 || (int64_t)theirs > ours ? (uint32_t)ours : theirs;
}

void jb_peer_window(const struct jb_broker *b, struct jb_peer *p, const struct jb_frame *f)
{
    p->window_items = smaller(b->config->window_items, f->window_items);
    p->window_bytes = smaller(b->config->window_bytes, f->window_bytes);
}

static uint8_t highest_in_common(const struct jb_broker *b, const struct jb_frame *hello)
{
    uint32_t ours = (uint32_t)b->config->protocol_max;
    return (uint8_t)(hello->protocol_max < ours ? hello->protocol_max : ours);
}

static void remember(struct jb_broker *b, struct jb_peer *p, const struct jb_zmsg *msg,
                     const struct jb_frame *hello)
{
    if (p->greeted)
        b->count.displaced++;
    p->greeted = true;
    p->late = false;
    p->protocol = highest_in_common(b, hello);
    p->routing_len =
        msg->routing_id.len < sizeof p->routing_id ? msg->routing_id.len : sizeof p->routing_id;
    memcpy(p->routing_id, msg->routing_id.data, p->routing_len);
    p->last_seen_ms = jb_broker_now(b);
    p->last_seen_mono_ms = jb_clock_mono_ms();
    p->skew_ms = hello->now_ms - p->last_seen_ms;
    free(p->software);
    p->software =
        strndup(hello->software.data != NULL ? hello->software.data : "", hello->software.len);
    jb_peer_window(b, p, hello);
    p->sent = hello->down.number;
    p->acked = hello->down.number;
    p->inflight_count = 0;
    p->inflight_bytes = 0;
    b->count.greetings++;
}

static enum jb_err welcome(struct jb_broker *b, const struct jb_zmsg *msg, struct jb_peer *p,
                           const struct greeting *g)
{
    struct jb_frame w = {.kind = JB_FRAME_WELCOME,
                         .version = p->protocol,
                         .protocol = p->protocol,
                         .node = p->node,
                         .up = p->up_taken,
                         .former = g->former,
                         .window_items = (uint32_t)b->config->window_items,
                         .window_bytes = (uint32_t)b->config->window_bytes,
                         .now_ms = jb_broker_now(b),
                         .max_frame_bytes = (uint32_t)JB_FRAME_LIMIT_BYTES,
                         .suite = b->keys.suite,
                         .software = jb_text_of("jiaoband " JB_VERSION_TEXT)};
    memcpy(w.sign_key, b->keys.sign_public, sizeof w.sign_key);
    struct jb_line_state line;
    enum jb_err err = jb_tail_line(b, p->node, &line);
    if (err != JB_OK)
        return err;
    w.down = line.down;
    jb_answer(b, msg->routing_id, &w);
    return JB_OK;
}

static enum jb_err greet(struct jb_broker *b, const struct jb_zmsg *msg, struct greeting *g)
{
    enum jb_err err = check_identity(b, g);
    if (err != JB_OK)
        return err;
    struct jb_peer *p = jb_broker_peer(b, msg->node);
    if (p == NULL)
        return jb_fault_set(&g->fault, JB_NOMEM, "the broker is out of memory");
    if (jb_gatekeeper_turns_away(p))
        return jb_fault_set(&g->fault, JB_BUSY, "this node sends more than its quota; greet later");
    p->differs.known = false;
    if (b->recovering) {
        err = jb_recover_greet(b, msg, p, g->hello, &g->fault);
        if (err == JB_DIVERGED)
            tell_difference(b, p, g);
        if (err == JB_OK)
            remember(b, p, msg, g->hello);
        return err;
    }
    err = check_up(b, p, g);
    if (err == JB_OK && (err = check_down(b, g)) == JB_DIVERGED)
        tell_difference(b, p, g);
    if (err == JB_OK && g->late) {
        err = jb_late_greet(b, msg, p, g->hello, &g->former, &g->fault);
        if (err == JB_OK)
            remember(b, p, msg, g->hello);
        p->late = err == JB_OK;
        return err;
    }
    if (err == JB_OK && g->new_epoch)
        err = begin_epoch(b, p, g);
    if (err != JB_OK)
        return err;
    if (JB_MUTANT == JB_MUTANT_FORGET_DEDUPE && g->hello->settled.number > 0)
        p->up_taken = g->hello->settled;
    remember(b, p, msg, g->hello);
    err = welcome(b, msg, p, g);
    if (err == JB_OK && jb_degraded(b))
        jb_degraded_tell(b, p);
    jb_deliver_later(b, p);
    if (err == JB_OK)
        jb_blob_greeted(b, p);
    return err;
}

void jb_greet(struct jb_broker *b, const struct jb_zmsg *msg, const struct jb_frame *hello)
{
    struct greeting g = {.node = jb_directory_find(&b->directory, msg->node),
                         .hello = hello,
                         .key_tag = msg->key_tag};
    enum jb_err err = greet(b, msg, &g);
    if (err == JB_DIVERGED)
        b->count.diverged++;
    if (err != JB_OK) {
        jb_reject(b, msg, hello, err, true,
                  g.fault.text[0] != '\0' ? g.fault.text : jb_err_text(err));
        return;
    }
    char node[16];
    (void)snprintf(node, sizeof node, "%u", msg->node);
    jb_log(JB_LOG_INFO, node, "node.greeted", "code=%s up=%llu down=%llu%s", g.node->code,
           (unsigned long long)hello->up.number, (unsigned long long)hello->down.number,
           g.new_epoch ? " epoch=new" : "");
}
