/* What a node sends to the broker: frame, items, submissions, acts; checked, decided and written.
 *
 * First byte: which node sends, whether it has greeted, whether the frame is mended (epoch,
 * numbers, chain and signature made right, as a node with its keys would), whether several frames
 * follow, each behind two bytes of length. Then the frame as it stands. */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzzbroker.h"

#define MEND_ARENA_BYTES ((size_t)32 * 1024 * 1024)

enum {
    GREETED = 4,
    MENDED = 8,
    SEVERAL = 16
};

static const uint8_t up_epoch[JB_EPOCH_BYTES] = {7};

static void send_frame(struct fuzz_broker *f, uint32_t node, struct jb_bytes frame)
{
    static const uint8_t routing[5] = {0, 1, 2, 3, 4};
    struct jb_zmsg msg = {.routing_id = {routing, sizeof routing},
                          .body = frame,
                          .node = node,
                          .key_tag = key_tag_of(f->w, node)};
    jb_intake_message(&f->w->b, &msg);
    fuzz_broker_turn(f);
}

static void mend_submit(const struct fuzz_broker *f, const struct jb_peer *p,
                        struct jb_frame *frame)
{
    uint8_t hash[JB_HASH_BYTES];

    memcpy(frame->epoch, p->up_taken.epoch, sizeof frame->epoch);
    memcpy(frame->head, p->up_taken.head, sizeof frame->head);
    frame->first = p->up_taken.number + 1;
    for (size_t i = 0; i < frame->item_count; i++) {
        jb_hash(JB_SUITE_ED25519, frame->items[i].body.data, frame->items[i].body.len, hash);
        jb_chain_next(JB_SUITE_ED25519, frame->head, hash, frame->head);
    }
    struct jb_line_claim claim = jb_line_claim_of(
        JB_LINE_UP, p->node, frame->epoch, frame->first + frame->item_count - 1, frame->head);
    frame->suite = JB_SUITE_ED25519;
    FUZZ_MUST(jb_line_sign(frame->suite, f->sign_secret[p->node], &claim, frame->signature) ==
              JB_OK);
}

static void mend_ack(const struct fuzz_broker *f, const struct jb_peer *p, struct jb_frame *frame)
{
    struct jb_ledger *l = f->w->b.reader;

    memcpy(frame->epoch, jb_ledger_epoch(l), sizeof frame->epoch);
    if (frame->number > p->sent)
        frame->number = p->sent;
    FUZZ_MUST(jb_stream_head(l, p->node, frame->number, frame->head) == JB_OK);
    struct jb_line_claim claim =
        jb_line_claim_of(JB_LINE_DOWN_ACK, p->node, frame->epoch, frame->number, frame->head);
    frame->suite = JB_SUITE_ED25519;
    FUZZ_MUST(jb_line_sign(frame->suite, f->sign_secret[p->node], &claim, frame->signature) ==
              JB_OK);
}

/* The node's own greeting, for a new file that has seen nothing yet. */
static void mend_hello(const struct fuzz_broker *f, uint32_t node, struct jb_frame *frame)
{
    const struct jb_node *n = jb_directory_find(&f->w->b.directory, node);

    frame->protocol_min = JB_PROTOCOL_MIN;
    frame->protocol_max = JB_PROTOCOL_MAX;
    frame->code = jb_text_of(n->code);
    memcpy(frame->sign_key, n->sign_key, sizeof frame->sign_key);
    if (frame->up.epoch[0] == 0)
        memcpy(frame->up.epoch, up_epoch, sizeof frame->up.epoch);
}

static void mend_and_send(struct fuzz_broker *f, uint32_t node, struct jb_frame *frame,
                          struct jb_arena *arena)
{
    struct jb_peer *p = jb_broker_peer(&f->w->b, node);
    struct jb_bytes bytes;

    FUZZ_MUST(p != NULL);
    if (frame->kind == JB_FRAME_HELLO)
        mend_hello(f, node, frame);
    else if (frame->kind == JB_FRAME_SUBMIT)
        mend_submit(f, p, frame);
    else if (frame->kind == JB_FRAME_ACK)
        mend_ack(f, p, frame);
    if (jb_frame_encode(frame, arena, &bytes) == JB_OK)
        send_frame(f, node, bytes);
}

static void take(struct fuzz_broker *f, uint32_t node, bool mended, struct jb_bytes bytes)
{
    uint8_t *exact = fuzz_exact(bytes);
    struct jb_frame frame;
    struct jb_arena arena;
    struct jb_fault fault = {""};

    bytes.data = exact;
    if (!mended) {
        send_frame(f, node, bytes);
    } else {
        jb_arena_init(&arena, MEND_ARENA_BYTES);
        if (jb_frame_decode(bytes, &arena, &frame, &fault) == JB_OK)
            mend_and_send(f, node, &frame, &arena);
        jb_arena_fini(&arena);
    }
    free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint32_t nodes[] = {OFFICE, HOUSING, LABOUR, GOV};
    struct fuzz_broker *f = fuzz_broker();
    struct fuzz_in in = {data, size};
    uint8_t how = fuzz_byte(&in);
    uint32_t node = nodes[how % 4];
    struct jb_arena arena;

    jb_arena_init(&arena, MEND_ARENA_BYTES);
    if ((how & GREETED) != 0 && node != GOV) {
        struct jb_frame hello = {.kind = JB_FRAME_HELLO};
        mend_and_send(f, node, &hello, &arena);
    }
    jb_arena_fini(&arena);
    bool mended = (how & MENDED) != 0 && node != GOV; /* which has no line */
    if ((how & SEVERAL) == 0)
        take(f, node, mended, fuzz_take(&in, size));
    while (in.left > 0)
        take(f, node, mended, fuzz_part(&in));
    fuzz_broker_decide(f);
    return 0;
}
