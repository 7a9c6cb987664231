/* See agentline.h. */
#include "tests/fuzz/agentline.h"

#include "clients/agent/blob.h"
#include "tests/fuzz/fuzzblob.h"
#include "tests/fuzz/fuzzline.h"

#define MEND_ARENA_BYTES ((size_t)32 * 1024 * 1024)

/* ---- as an honest broker would ---- */

static void sign_head(const struct desk *d, const struct jb_line_point *point,
                      struct jb_frame *frame)
{
    struct jb_line_claim claim =
        jb_line_claim_of(JB_LINE_DOWN_HEAD, DESK_NODE, point->epoch, point->number, point->head);

    frame->suite = JB_SUITE_ED25519;
    FUZZ_MUST(jb_line_sign(frame->suite, d->broker_keys.sign_secret, &claim, frame->signature) ==
              JB_OK);
}

/* Where the node's submissions stand: the last one, or one before it. */
static void mend_up(struct desk *d, struct jb_line_point *up)
{
    struct jb_line_point made = jb_outbox_made(d->agent.ledger);

    up->number = made.number - up->number % (made.number + 1);
    memcpy(up->epoch, jb_ledger_epoch(d->agent.ledger), sizeof up->epoch);
    FUZZ_MUST(jb_outbox_head(d->agent.ledger, up->number, up->head) == JB_OK);
}

/* The end of the stream: what is here, or something further. */
static void mend_down(struct desk *d, struct jb_line_point *down)
{
    struct jb_line_point own = jb_replica_down(d->agent.ledger);

    memcpy(down->epoch, own.epoch, sizeof down->epoch);
    if (down->number <= own.number)
        *down = own;
}

static void mend_welcome(struct desk *d, struct jb_frame *f)
{
    if (f->protocol == 0)
        f->protocol = JB_PROTOCOL_MAX;
    f->suite = JB_SUITE_ED25519;
    f->node = DESK_NODE;
    memcpy(f->sign_key, d->broker_keys.sign_public, sizeof f->sign_key);
    mend_up(d, &f->up);
    mend_down(d, &f->down);
}

static void mend_beat(struct desk *d, struct jb_frame *f)
{
    mend_down(d, &f->down);
    sign_head(d, &f->down, f);
}

static void mend_resume(struct desk *d, struct jb_frame *f)
{
    mend_up(d, &f->up);
}

static void mend_deliver(struct desk *d, struct jb_frame *f)
{
    struct jb_line_point end = jb_replica_down(d->agent.ledger);
    uint8_t hash[JB_HASH_BYTES];

    memcpy(f->epoch, end.epoch, sizeof f->epoch);
    f->first = end.number + 1;
    for (size_t i = 0; i < f->item_count; i++) {
        jb_hash(JB_SUITE_ED25519, f->items[i].body.data, f->items[i].body.len, hash);
        jb_chain_next(JB_SUITE_ED25519, end.head, hash, end.head);
    }
    end.number += f->item_count;
    memcpy(f->head, end.head, sizeof f->head);
    sign_head(d, &end, f);
}

/* A point of this replica's stream: the broker has it and asks for what follows. */
static void mend_copy_want(struct desk *d, struct jb_frame *f)
{
    struct jb_line_point own = jb_replica_down(d->agent.ledger);

    memcpy(f->epoch, own.epoch, sizeof f->epoch);
    f->first = f->first % (own.number + 2);
    if (f->first > 0)
        (void)!jb_replica_head(d->agent.ledger, f->first - 1, f->head);
}

static void mend_blob(struct desk *d, struct jb_frame *f)
{
    (void)d;
    fuzz_blob_mend(f);
}

static void mend_have(struct desk *d, struct jb_frame *f)
{
    fuzz_blob_mend(f);
    f->suite = JB_SUITE_ED25519;
    FUZZ_MUST(jb_blob_sign(f->suite, d->broker_keys.sign_secret, JB_NODE_BROKER_NUMBER,
                           f->blob_hash, f->signature) == JB_OK);
}

static void (*const menders[])(struct desk *, struct jb_frame *) = {
    [JB_FRAME_WELCOME] = mend_welcome, [JB_FRAME_DELIVER] = mend_deliver,
    [JB_FRAME_BEAT] = mend_beat,       [JB_FRAME_RESUME] = mend_resume,
    [JB_FRAME_BLOB_OFFER] = mend_blob, [JB_FRAME_BLOB_WANT] = mend_blob,
    [JB_FRAME_BLOB_CHUNK] = mend_blob, [JB_FRAME_BLOB_HAVE] = mend_have,
    [JB_FRAME_BLOB_GONE] = mend_blob,  [JB_FRAME_COPY_WANT] = mend_copy_want,
};

/* ---- the connection ---- */

static void give(struct desk *d, struct jb_bytes bytes)
{
    const struct jb_zsock_hooks *hooks = fuzz_dealer_hooks();
    struct jb_zmsg msg = {.body = bytes};

    if (d->agent.line.dealer == NULL)
        return; /* the agent has ended it */
    hooks->on_message(hooks->ctx, &msg);
    fuzz_desk_turn(d);
}

static void mend_and_give(struct desk *d, struct jb_frame *f, struct jb_arena *arena)
{
    size_t kind = (size_t)f->kind;
    struct jb_bytes bytes;

    f->version = JB_PROTOCOL_MAX;
    if (kind < sizeof menders / sizeof menders[0] && menders[kind] != NULL)
        menders[kind](d, f);
    if (jb_frame_encode(f, arena, &bytes) == JB_OK)
        give(d, bytes);
}

static void take(struct desk *d, bool mended, struct jb_bytes bytes)
{
    uint8_t *exact = fuzz_exact(bytes);
    struct jb_frame frame;
    struct jb_arena arena;
    struct jb_fault fault = {""};

    bytes.data = exact;
    jb_arena_init(&arena, MEND_ARENA_BYTES);
    if (!mended)
        give(d, bytes);
    else if (jb_frame_decode(bytes, &arena, &frame, &fault) == JB_OK)
        mend_and_give(d, &frame, &arena);
    jb_arena_fini(&arena);
    free(exact);
}

static void welcome(struct desk *d, uint8_t how)
{
    struct jb_arena arena;
    struct jb_frame w = {.kind = JB_FRAME_WELCOME, .recovering = (how & 6) != 0};

    if ((how & AGENT_LINE_LEFT_OUT) != 0) {
        w.former = jb_replica_down(d->agent.ledger);
        w.former.number /= 2;
    }
    jb_arena_init(&arena, MEND_ARENA_BYTES);
    mend_and_give(d, &w, &arena);
    jb_arena_fini(&arena);
}

void agent_line(struct desk *d, struct fuzz_in *in)
{
    struct jb_agent *a = &d->agent;
    uint8_t how = fuzz_byte(in);

    jb_agent_line_again(a); /* it connects */
    fuzz_desk_turn(d);
    FUZZ_MUST(a->line.dealer != NULL);
    fuzz_dealer_hooks()->on_link(a, JB_LINK_UP);
    if ((how & AGENT_LINE_WELCOMED) != 0)
        welcome(d, how);
    while (in->left > 0)
        take(d, (how & AGENT_LINE_MENDED) != 0, fuzz_part(in));
    jb_agent_blobs_tick(a);
    fuzz_desk_turn(d);
}
