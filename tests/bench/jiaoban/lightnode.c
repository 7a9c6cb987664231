/* See lightnode.h. */
#include "tests/bench/jiaoban/lightnode.h"

#include <poll.h>
#include <stdlib.h>

#include "proto/base/clock.h"
#include "proto/wire/codec.h"
#include "proto/wire/sign.h"
#include "tests/bench/load/base.h"

#define SOFTWARE "jiaoban-bench 1"
#define FRAME_ITEMS 256 /* of one Submit */
#define FRAME_BYTES ((size_t)256 * 1024)
#define ARENA_BYTES ((size_t)16 * JB_FRAME_LIMIT_BYTES)
#define MESSAGES_PER_TURN 256

struct lightnode {
    struct lightnode_setup setup;
    struct jb_zctx *zctx;
    uv_loop_t *loop, own_loop;
    struct jb_zsock *dealer;
    uv_timer_t beat;
    struct jb_arena in, out;
    bool ready;
    uint8_t protocol;
    uint32_t number;
    uint64_t target, acked;
    unsigned unacked_frames;
    struct jb_line_point up, down;
    struct jb_frame_item pending[FRAME_ITEMS];
    size_t pending_count, pending_bytes;
};

static void must(enum jb_err err, const struct lightnode *n, const char *what)
{
    if (err != JB_OK)
        load_die("node %s: %s: %s", n->setup.code, what, jb_err_text(err));
}

/* The arena is the caller's to reset: pending items live in `out`. */
static void send_frame(struct lightnode *n, struct jb_frame *frame, struct jb_arena *arena)
{
    struct jb_bytes bytes = {NULL, 0};
    frame->version = n->protocol;
    must(jb_frame_encode(frame, arena, &bytes), n, "encoding a frame");
    enum jb_err err = jb_zsock_send(n->dealer, (struct jb_bytes){NULL, 0}, bytes.data, bytes.len);
    if (err != JB_OK && err != JB_BUSY && err != JB_CLOSED) /* else the greeting finds the place */
        must(err, n, "sending");
    if (err != JB_OK && frame->kind == JB_FRAME_SUBMIT)
        must(err, n, "sending a submission");
}

static void sign(const struct lightnode *n, enum jb_line_role role,
                 const struct jb_line_point *point, struct jb_frame *frame)
{
    struct jb_line_claim claim =
        jb_line_claim_of(role, n->number, point->epoch, point->number, point->head);
    frame->suite = n->setup.keys->suite;
    memcpy(frame->epoch, point->epoch, sizeof frame->epoch);
    memcpy(frame->head, point->head, sizeof frame->head);
    must(jb_line_sign(frame->suite, n->setup.keys->sign_secret, &claim, frame->signature), n,
         "signing");
}

/* ---- what comes in ---- */

static void greet(struct lightnode *n)
{
    struct jb_frame hello = {.kind = JB_FRAME_HELLO,
                             .suite = n->setup.keys->suite,
                             .protocol_min = JB_PROTOCOL_MIN,
                             .protocol_max = 1, /* no attachments here */
                             .code = jb_text_of(n->setup.code),
                             .software = jb_text_of(SOFTWARE),
                             .up = n->up,
                             .settled = n->up,
                             .down = n->down,
                             .window_items = n->setup.window_items,
                             .window_bytes = n->setup.window_bytes,
                             .now_ms = jb_clock_now_ms()};
    memcpy(hello.sign_key, n->setup.keys->sign_public, sizeof hello.sign_key);
    n->ready = false;
    n->protocol = 0;
    jb_arena_reset(&n->in);
    send_frame(n, &hello, &n->in);
}

static void welcome(struct lightnode *n, const struct jb_frame *w)
{
    uint8_t suite = n->setup.keys->suite;
    n->protocol = (uint8_t)w->protocol;
    n->target = w->down.number;
    if (w->node != n->number)
        load_die("node %s: the broker takes it for number %u", n->setup.code, w->node);
    if (n->down.number == 0) {
        memcpy(n->down.epoch, w->down.epoch, sizeof n->down.epoch);
        jb_chain_start(suite, n->number, n->down.epoch, n->down.head);
    }
    if (n->up.number == 0)
        jb_chain_start(suite, n->number, n->up.epoch, n->up.head);
    if (w->up.number != n->up.number)
        load_die("node %s: the broker holds %llu submissions, %llu were made", n->setup.code,
                 (unsigned long long)w->up.number, (unsigned long long)n->up.number);
    n->ready = true;
    n->acked = 0; /* the last receipt again: the broker skips what it has */
    if (n->down.number > 0)
        lightnode_acknowledge(n);
}

static void deliver(struct lightnode *n, const struct jb_frame *d)
{
    uint8_t hash[JB_HASH_BYTES];
    uint8_t suite = n->setup.keys->suite;
    n->unacked_frames++;
    if (d->first > n->down.number + 1)
        load_die("node %s: gap in the stream before %llu", n->setup.code,
                 (unsigned long long)d->first);
    for (size_t i = 0; i < d->item_count; i++) {
        if (d->first + i <= n->down.number)
            continue; /* a repeat */
        jb_hash(suite, d->items[i].body.data, d->items[i].body.len, hash);
        jb_chain_next(suite, n->down.head, hash, n->down.head);
        n->down.number++;
        n->setup.on_item(n->setup.data, n->down.number, d->items[i].body);
    }
    if (memcmp(n->down.head, d->head, sizeof d->head) != 0)
        load_die("node %s: the broker's head at %llu is another one", n->setup.code,
                 (unsigned long long)n->down.number);
}

static void refused(const struct lightnode *n, const struct jb_frame *f)
{
    load_die("node %s: the broker answers %s: %s %.*s", n->setup.code, jb_frame_name(f->kind),
             jb_err_name((enum jb_err)f->error), (int)f->text.len,
             f->text.len > 0 ? f->text.data : "");
}

static void on_message(void *ctx, const struct jb_zmsg *msg)
{
    struct lightnode *n = ctx;
    struct jb_frame frame = {0};
    struct jb_fault fault = {""};
    jb_arena_reset(&n->in);
    if (jb_frame_decode(msg->body, &n->in, &frame, &fault) != JB_OK)
        load_die("node %s: %s", n->setup.code, fault.text);
    if (frame.kind == JB_FRAME_DELIVER)
        deliver(n, &frame);
    else if (frame.kind == JB_FRAME_WELCOME)
        welcome(n, &frame);
    else if (frame.kind == JB_FRAME_REJECT && frame.error == JB_CLOSED)
        greet(n);
    else if (frame.kind == JB_FRAME_REJECT || frame.kind == JB_FRAME_RESUME)
        refused(n, &frame);
}

static void on_link(void *ctx, enum jb_link link)
{
    struct lightnode *n = ctx;
    n->ready = false;
    if (link == JB_LINK_UP)
        greet(n);
    else if (link == JB_LINK_DENIED)
        load_die("node %s: the broker refuses the key", n->setup.code);
}

static void on_beat(uv_timer_t *timer)
{
    struct lightnode *n = timer->data;
    struct jb_frame beat = {
        .kind = JB_FRAME_BEAT, .now_ms = jb_clock_now_ms(), .up = n->up, .down = n->down};
    if (!n->ready)
        return;
    jb_arena_reset(&n->in);
    send_frame(n, &beat, &n->in);
}

/* ---- life ---- */

static void connect_line(struct lightnode *n)
{
    struct jb_zsock_options options;
    struct jb_fault fault = {""};
    jb_zsock_options_default(&options);
    options.max_frame_bytes = JB_FRAME_LIMIT_BYTES;
    options.budget = MESSAGES_PER_TURN;
    struct jb_zsock_setup setup = {
        .zctx = n->zctx,
        .loop = n->loop,
        .endpoint = n->setup.endpoint,
        .own = &n->setup.keys->line,
        .server_public = n->setup.broker.line,
        .options = &options,
        .hooks = {.on_message = on_message, .on_link = on_link, .ctx = n}};
    if (jb_dealer_connect(&setup, &n->dealer, &fault) != JB_OK)
        load_die("node %s: %s", n->setup.code, fault.text);
}

struct lightnode *lightnode_open(const struct lightnode_setup *setup, struct jb_zctx *zctx,
                                 uv_loop_t *loop)
{
    struct lightnode *n = load_zeroed(1, sizeof *n);
    if (loop == NULL && uv_loop_init(&n->own_loop) != 0)
        load_die("no loop");
    n->setup = *setup;
    n->zctx = zctx;
    n->loop = loop != NULL ? loop : &n->own_loop;
    n->number = setup->number;
    n->up = setup->up;
    n->down = setup->down;
    jb_arena_init(&n->in, ARENA_BYTES);
    jb_arena_init(&n->out, ARENA_BYTES);
    n->beat.data = n;
    if (uv_timer_init(n->loop, &n->beat) != 0 ||
        uv_timer_start(&n->beat, on_beat, JB_BEAT_MS, JB_BEAT_MS) != 0)
        load_die("no timer");
    connect_line(n);
    return n;
}

void lightnode_reconnect(struct lightnode *n)
{
    jb_zsock_close(&n->dealer);
    n->ready = false;
    connect_line(n);
}

bool lightnode_ready(const struct lightnode *n)
{
    return n->ready;
}

uint64_t lightnode_target(const struct lightnode *n)
{
    return n->target;
}

uint64_t lightnode_received(const struct lightnode *n)
{
    return n->down.number;
}

unsigned lightnode_unacked_frames(const struct lightnode *n)
{
    return n->unacked_frames;
}

void lightnode_points(const struct lightnode *n, struct jb_line_point *up,
                      struct jb_line_point *down)
{
    *up = n->up;
    *down = n->down;
}

void lightnode_turn(struct lightnode *n, long wait_us)
{
    lightnode_turn_loop(n->loop, wait_us);
}

void lightnode_turn_loop(uv_loop_t *loop, long wait_us)
{
    (void)uv_run(loop, UV_RUN_NOWAIT);
    if (wait_us <= 0)
        return;
    /* libuv waits in whole milliseconds; paced senders need less. */
    int timeout_ms = uv_backend_timeout(loop);
    long loop_us = timeout_ms < 0 ? wait_us : timeout_ms * 1000L;
    long us = wait_us < loop_us ? wait_us : loop_us;
    struct timespec t = {us / 1000000, us % 1000000 * 1000};
    struct pollfd p = {.fd = uv_backend_fd(loop), .events = POLLIN};
    if (us > 0)
        (void)ppoll(&p, 1, &t, NULL);
    (void)uv_run(loop, UV_RUN_NOWAIT);
}

/* ---- what goes out ---- */

void lightnode_acknowledge(struct lightnode *n)
{
    if (!n->ready || n->down.number == n->acked)
        return;
    struct jb_frame ack = {.kind = JB_FRAME_ACK, .number = n->down.number};
    sign(n, JB_LINE_DOWN_ACK, &n->down, &ack);
    jb_arena_reset(&n->in);
    send_frame(n, &ack, &n->in);
    n->acked = n->down.number;
    n->unacked_frames = 0;
}

void lightnode_flush(struct lightnode *n)
{
    if (n->pending_count == 0)
        return;
    struct jb_frame submit = {.kind = JB_FRAME_SUBMIT,
                              .first = n->up.number - n->pending_count + 1,
                              .items = n->pending,
                              .item_count = n->pending_count};
    sign(n, JB_LINE_UP, &n->up, &submit);
    send_frame(n, &submit, &n->out);
    n->pending_count = 0;
    n->pending_bytes = 0;
    jb_arena_reset(&n->out);
}

void lightnode_submit(struct lightnode *n, const struct jb_act *act, uint64_t *made)
{
    struct jb_submission s = {.user = jb_text_of("王芳"), .made_at_ms = jb_clock_now_ms()};
    struct jb_bytes body = {NULL, 0};
    uint8_t hash[JB_HASH_BYTES];
    uint8_t suite = n->setup.keys->suite;
    must(jb_act_encode(act, &n->out, &s.act_bytes), n, "encoding an act");
    must(jb_submission_encode(&s, &n->out, &body), n, "encoding a submission");
    jb_hash(suite, body.data, body.len, hash);
    jb_chain_next(suite, n->up.head, hash, n->up.head);
    *made = ++n->up.number;
    n->pending[n->pending_count++] = (struct jb_frame_item){.body = body};
    n->pending_bytes += body.len;
    if (n->pending_count == FRAME_ITEMS || n->pending_bytes >= FRAME_BYTES)
        lightnode_flush(n);
}
