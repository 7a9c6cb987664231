/* What a node sends to the broker: frame, items, submissions, acts, attachments, copies; checked,
 * decided and written.
 *
 * First byte: which node sends, whether it has greeted, whether the frame is mended (epoch,
 * numbers, chain and signature made right, as a node with its keys would, or with the broker's),
 * whether several frames follow, each behind two bytes of length; whether the broker is one whose
 * record was restored (RESTORED), and is complete without the office (LATE). Then the frame as it
 * stands. */
#include "daemon/blob.h"
#include "proto/ledger/recovery.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzzblob.h"
#include "tests/fuzz/fuzzbroker.h"
#include "tests/fuzz/fuzzrestore.h"

#define MEND_ARENA_BYTES ((size_t)32 * 1024 * 1024)

enum {
    GREETED = 4,
    MENDED = 8,
    SEVERAL = 16,
    RESTORED = 32,
    LATE = 64
};

static const uint8_t up_epoch[JB_EPOCH_BYTES] = {7};

struct sender {
    struct fuzz_broker *f;
    struct jb_broker *b; /* f's, or one that was restored */
    uint32_t node;
    bool mended, restored;
    bool *forged; /* the broker's own key was used */
};

static uint64_t tag_of(const struct sender *s)
{
    const struct jb_node *n = jb_directory_find(&s->b->directory, s->node);

    return n != NULL ? jb_keys_tag(n->line_key) : 0;
}

static void send_frame(const struct sender *s, struct jb_bytes frame)
{
    static const uint8_t routing[5] = {0, 1, 2, 3, 4};
    struct jb_zmsg msg = {.routing_id = {routing, sizeof routing},
                          .body = frame,
                          .node = s->node,
                          .key_tag = tag_of(s)};

    if (s->b->router == NULL)
        return; /* it has stopped */
    jb_intake_message(s->b, &msg);
    if (s->restored)
        fuzz_restored_turn(s->b);
    else
        fuzz_broker_turn(s->f);
}

/* ---- as an honest node would ---- */

static void sign_as_node(const struct sender *s, uint8_t role, const struct jb_line_point *point,
                         struct jb_frame *frame)
{
    struct jb_line_claim claim =
        jb_line_claim_of(role, s->node, point->epoch, point->number, point->head);

    frame->suite = JB_SUITE_ED25519;
    FUZZ_MUST(jb_line_sign(frame->suite, s->f->sign_secret[s->node], &claim, frame->signature) ==
              JB_OK);
}

/* The head after the frame's items. */
static void chain(struct jb_frame *frame, const uint8_t head[JB_HASH_BYTES])
{
    uint8_t hash[JB_HASH_BYTES];

    memcpy(frame->head, head, sizeof frame->head);
    for (size_t i = 0; i < frame->item_count; i++) {
        const struct jb_frame_item *item = &frame->items[i];
        jb_hash(JB_SUITE_ED25519, item->body.data, item->body.len, hash);
        if (item->body.len == 0 && item->hash.len == sizeof hash)
            memcpy(hash, item->hash.data, sizeof hash);
        jb_chain_next(JB_SUITE_ED25519, frame->head, hash, frame->head);
    }
}

static void mend_submit(const struct sender *s, struct jb_frame *frame)
{
    const struct jb_peer *p = jb_broker_peer(s->b, s->node);

    memcpy(frame->epoch, p->up_taken.epoch, sizeof frame->epoch);
    frame->first = p->up_taken.number + 1;
    chain(frame, p->up_taken.head);
    struct jb_line_point end = fuzz_restore_end_of(frame);
    sign_as_node(s, JB_LINE_UP, &end, frame);
}

static void mend_ack(const struct sender *s, struct jb_frame *frame)
{
    const struct jb_peer *p = jb_broker_peer(s->b, s->node);
    struct jb_line_point point = {.number = frame->number};

    memcpy(frame->epoch, jb_ledger_epoch(s->b->reader), sizeof frame->epoch);
    if (point.number > p->sent)
        point.number = p->sent;
    FUZZ_MUST(jb_stream_head(s->b->reader, p->node, point.number, point.head) == JB_OK);
    frame->number = point.number;
    memcpy(frame->head, point.head, sizeof frame->head);
    memcpy(point.epoch, frame->epoch, sizeof point.epoch);
    sign_as_node(s, JB_LINE_DOWN_ACK, &point, frame);
}

/* The node's own greeting, for a new file that has made nothing yet. It holds what `f` has sent. */
static void mend_hello(const struct sender *s, struct jb_frame *frame)
{
    const struct jb_node *n = jb_directory_find(&s->b->directory, s->node);
    struct jb_ledger *l = s->f->w->b.reader;
    struct jb_line_point end = {.number = 0};

    if (frame->protocol_max == 0)
        frame->protocol_max = JB_PROTOCOL_MAX;
    frame->protocol_min = JB_PROTOCOL_MIN;
    frame->code = jb_text_of(n->code);
    memcpy(frame->sign_key, n->sign_key, sizeof frame->sign_key);
    if (frame->up.epoch[0] == 0)
        memcpy(frame->up.epoch, up_epoch, sizeof frame->up.epoch);
    if (!s->restored)
        return;
    FUZZ_MUST(jb_stream_end(l, s->node, &end.number, end.head) == JB_OK);
    frame->down.number = end.number - frame->down.number % (end.number + 1);
    memcpy(frame->down.epoch, jb_ledger_epoch(l), sizeof frame->down.epoch);
    FUZZ_MUST(jb_stream_head(l, s->node, frame->down.number, frame->down.head) == JB_OK);
}

static bool is_genuine(const struct sender *s, const struct jb_frame *copy)
{
    struct jb_line_point end = fuzz_restore_end_of(copy);
    struct jb_line_claim claim =
        jb_line_claim_of(JB_LINE_DOWN_HEAD, s->node, end.epoch, end.number, end.head);

    return copy->suite == JB_SUITE_ED25519 &&
           jb_line_verify(copy->suite, s->b->keys.sign_public, &claim, copy->signature) == JB_OK;
}

/* Behind what the broker has of it, as if it had signed these very items. What it did sign stays as
 * it is. */
static void mend_copy(const struct sender *s, struct jb_frame *frame)
{
    if (is_genuine(s, frame))
        return;
    const struct jb_peer *p = jb_broker_peer(s->b, s->node);
    struct jb_recovery_line line;
    enum jb_err err = s->b->recovering ? jb_recovery_line(s->b->ledger, s->node, &line)
                                       : jb_recovery_late(s->b->reader, s->node, &p->former, &line);

    FUZZ_MUST(err == JB_OK);
    memcpy(frame->epoch, jb_ledger_epoch(s->f->w->b.reader), sizeof frame->epoch);
    frame->first = line.have.number + 1;
    if (frame->item_count == 0)
        return;
    chain(frame, line.have.head);
    struct jb_line_point end = fuzz_restore_end_of(frame);
    frame->suite = JB_SUITE_ED25519;
    fuzz_broker_sign(s->f, s->node, &end, frame->signature);
    *s->forged = true;
}

static void mend_done(const struct sender *s, struct jb_frame *frame)
{
    sign_as_node(s, JB_LINE_UP, &frame->settled, frame);
}

static void mend_have(const struct sender *s, struct jb_frame *frame)
{
    fuzz_blob_mend(frame);
    frame->suite = JB_SUITE_ED25519;
    FUZZ_MUST(jb_blob_sign(frame->suite, s->f->sign_secret[s->node], s->node, frame->blob_hash,
                           frame->signature) == JB_OK);
}

static void mend_blob(const struct sender *s, struct jb_frame *frame)
{
    (void)s;
    fuzz_blob_mend(frame);
}

static void (*const menders[])(const struct sender *, struct jb_frame *) = {
    [JB_FRAME_HELLO] = mend_hello,    [JB_FRAME_SUBMIT] = mend_submit,
    [JB_FRAME_ACK] = mend_ack,        [JB_FRAME_BLOB_OFFER] = mend_blob,
    [JB_FRAME_BLOB_WANT] = mend_blob, [JB_FRAME_BLOB_CHUNK] = mend_blob,
    [JB_FRAME_BLOB_HAVE] = mend_have, [JB_FRAME_BLOB_GONE] = mend_blob,
    [JB_FRAME_COPY] = mend_copy,      [JB_FRAME_COPY_DONE] = mend_done,
};

static void mend_and_send(const struct sender *s, struct jb_frame *frame, struct jb_arena *arena)
{
    size_t kind = (size_t)frame->kind;
    struct jb_peer *p = jb_broker_peer(s->b, s->node);
    struct jb_bytes bytes;

    FUZZ_MUST(p != NULL);
    if (p->protocol != 0)
        frame->version = p->protocol;
    if (kind < sizeof menders / sizeof menders[0] && menders[kind] != NULL)
        menders[kind](s, frame);
    if (jb_frame_encode(frame, arena, &bytes) == JB_OK)
        send_frame(s, bytes);
}

/* ---- the input ---- */

static void take(const struct sender *s, struct jb_bytes bytes)
{
    uint8_t *exact = fuzz_exact(bytes);
    struct jb_frame frame;
    struct jb_arena arena;
    struct jb_fault fault = {""};

    bytes.data = exact;
    if (!s->mended) {
        send_frame(s, bytes);
    } else {
        jb_arena_init(&arena, MEND_ARENA_BYTES);
        if (jb_frame_decode(bytes, &arena, &frame, &fault) == JB_OK)
            mend_and_send(s, &frame, &arena);
        jb_arena_fini(&arena);
    }
    free(exact);
}

static void take_all(const struct sender *s, uint8_t how, struct fuzz_in *in)
{
    struct jb_arena arena;

    jb_arena_init(&arena, MEND_ARENA_BYTES);
    if ((how & GREETED) != 0 && s->node != GOV) {
        struct jb_frame hello = {.kind = JB_FRAME_HELLO};
        mend_and_send(s, &hello, &arena);
    }
    jb_arena_fini(&arena);
    if ((how & SEVERAL) == 0)
        take(s, fuzz_take(in, in->left));
    while (in->left > 0 && s->b->router != NULL)
        take(s, fuzz_part(in));
}

/* Only what its own key has signed can make a broker stop. A record that comes out complete is
 * one. */
static void take_restored(struct sender *s, uint8_t how, struct fuzz_in *in)
{
    enum fuzz_restore which = (how & LATE) != 0   ? FUZZ_RESTORE_LATE
                              : s->node == OFFICE ? FUZZ_RESTORE_OFFICE
                                                  : FUZZ_RESTORE_ALL;
    struct jb_check check;
    struct jb_fault fault = {""};

    s->b = fuzz_restored(s->f, which);
    bool was = s->b->recovering;
    take_all(s, how, in);
    if (s->b->stopping && !*s->forged)
        fprintf(stderr, "%s\n", s->b->trouble.text);
    FUZZ_MUST(*s->forged || !s->b->stopping);
    if (was && !s->b->recovering && !*s->forged) {
        FUZZ_MUST(jb_ledger_check(s->b->reader, NULL, &check, &fault) == JB_OK);
        FUZZ_MUST(check.chain_intact && check.tables_equal);
    }
    fuzz_restored_end(s->b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint32_t nodes[] = {OFFICE, HOUSING, LABOUR, GOV};
    struct fuzz_in in = {data, size};
    uint8_t how = fuzz_byte(&in);
    bool forged = false;
    struct sender s = {.f = fuzz_broker(),
                       .node = nodes[how % 4],
                       .mended = (how & MENDED) != 0 && how % 4 != 3, /* GOV has no line */
                       .restored = (how & RESTORED) != 0,
                       .forged = &forged};

    s.b = &s.f->w->b;
    if (s.restored) {
        take_restored(&s, how, &in);
        return 0;
    }
    take_all(&s, how, &in);
    jb_blob_tick(s.b);
    fuzz_broker_turn(s.f);
    fuzz_broker_decide(s.f);
    return 0;
}
