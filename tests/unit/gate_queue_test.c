/* The gate when many come at once: they queue, nobody is punished for it, and who only holds a
 * place gives way. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <sodium.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/wire/zpump.h"
#include "tests/unit/gateworld.h"

#define CROWD 40
#define FEW 4 /* may wait from one address */

static struct jb_gate_counts counts_of(const struct zworld *w)
{
    struct jb_gate_counts counts;
    jb_zsock_gate_counts(w->router.z, &counts);
    return counts;
}

static void run_until_accepted(struct zworld *w, uint64_t accepted)
{
    while (counts_of(w).accepted < accepted && !w->expired)
        (void)uv_run(&w->loop, UV_RUN_ONCE);
    assert_false(w->expired);
}

static void run_until_queued(struct zworld *w, int64_t queued)
{
    while (w->zctx->gate->queue.count != queued && !w->expired)
        (void)uv_run(&w->loop, UV_RUN_ONCE);
    assert_false(w->expired);
}

/* A greeting and a HELLO that the library finds good; what it answers is left unread. */
static int say_hello(struct zworld *w)
{
    uint8_t frame[JB_CURVE_HELLO_BYTES] = {4, JB_CURVE_HELLO_BYTES - 2};
    uint8_t nonce[crypto_box_NONCEBYTES] = "CurveZMQHELLO---";
    const uint8_t zeros[64] = {0};
    uint8_t secret[crypto_box_SECRETKEYBYTES];
    memcpy(frame + 2, "\5HELLO\1", 7);
    assert_int_equal(crypto_box_keypair(frame + 82, secret), 0);
    frame[121] = 1;
    memcpy(nonce + 16, frame + 114, 8);
    assert_int_equal(
        crypto_box_easy(frame + 122, zeros, sizeof zeros, nonce, w->broker.line.public_key, secret),
        0);
    int fd = gateworld_connect(jb_zsock_endpoint(w->router.z));
    assert_int_equal(send(fd, jb_gate_greeting, JB_GREETING_BYTES, MSG_NOSIGNAL),
                     JB_GREETING_BYTES);
    assert_int_equal(send(fd, frame, sizeof frame, MSG_NOSIGNAL), sizeof frame);
    return fd;
}

/* An office block after a power cut: more nodes behind one address than may wait from it. */
static void a_crowd_behind_one_address_gets_in(void **state)
{
    struct zworld *w = *state;
    struct jb_gate_options o = gateworld_options();
    void *context = zmq_ctx_new();
    void *nodes[CROWD];
    o.per_node = CROWD;
    o.pending_per_address = FEW;
    o.failures = (struct jb_rate){.per_minute = 1, .burst = 1};
    gateworld_bind(w, &o);
    for (int i = 0; i < CROWD; i++) {
        nodes[i] = gateworld_dealer(w, context, NULL);
        assert_int_equal(zmq_connect(nodes[i], jb_zsock_endpoint(w->router.z)), 0);
    }
    while (counts_of(w).open < CROWD && !w->expired)
        (void)uv_run(&w->loop, UV_RUN_ONCE);
    assert_false(w->expired);
    assert_int_equal(gateworld_told.cuts[JB_CUT_FAILING], 0);
    for (int i = 0; i < CROWD; i++)
        zmq_close(nodes[i]);
    zmq_ctx_term(context);
}

static void who_queues_is_not_late(void **state)
{
    struct zworld *w = *state;
    struct jb_gate_options o = gateworld_options();
    struct jb_zsock_options fast = zworld_fast_options();
    o.handshake_ms = 200;
    o.answers_max = 0; /* the library has no time */
    gateworld_bind(w, &o);
    zworld_connect(w, &w->dealer, &w->node, &fast);
    run_until_queued(w, 1);
    int silent = gateworld_connect(jb_zsock_endpoint(w->router.z)); /* comes later, and is late */
    zworld_run_until(w, &gateworld_told.cuts[JB_CUT_LATE], 1);
    assert_int_equal(counts_of(w).pending, 1);
    w->zctx->gate->options.answers_max = 1;
    zworld_run_until(w, &w->dealer.ups, 1);
    assert_int_equal(counts_of(w).accepted, 2);
    close(silent);
}

static void who_gives_up_in_the_queue_has_not_failed(void **state)
{
    struct zworld *w = *state;
    struct jb_gate_options o = gateworld_options();
    struct jb_zsock_options fast = zworld_fast_options();
    o.answers_max = 0;
    o.failures = (struct jb_rate){.per_minute = 1, .burst = 1};
    gateworld_bind(w, &o);
    int fds[FEW];
    for (int i = 0; i < FEW; i++)
        fds[i] = say_hello(w);
    run_until_queued(w, FEW);
    for (int i = 0; i < FEW; i++)
        close(fds[i]);
    run_until_queued(w, 0);
    w->zctx->gate->options.answers_max = 1;
    zworld_join(w, &w->dealer, &fast);
    assert_int_equal(gateworld_told.cuts[JB_CUT_FAILING], 0);
}

static void a_handshake_that_is_left_half_done_is_a_failure(void **state)
{
    struct zworld *w = *state;
    struct jb_gate_options o = gateworld_options();
    o.handshake_ms = 200;
    o.failures = (struct jb_rate){.per_minute = 1, .burst = 2};
    gateworld_bind(w, &o);
    int first = say_hello(w);
    int second = say_hello(w);
    zworld_run_until(w, &gateworld_told.cuts[JB_CUT_LATE], 2);
    int third = say_hello(w);
    run_until_accepted(w, 3);
    zworld_run_until(w, &gateworld_told.cuts[JB_CUT_FAILING], 1);
    close(first);
    close(second);
    close(third);
}

/* Half of what its address may have is held by handshakes that nobody goes on with. */
static void who_dawdles_gives_way_to_a_neighbour(void **state)
{
    struct zworld *w = *state;
    struct jb_gate_options o = gateworld_options();
    struct jb_zsock_options fast = zworld_fast_options();
    o.handshake_ms = 3000;
    o.pending_per_address = FEW;
    gateworld_bind(w, &o);
    int fds[FEW / 2];
    for (int i = 0; i < FEW / 2; i++)
        fds[i] = say_hello(w);
    while (w->zctx->gate->underway.count < FEW / 2 && !w->expired)
        (void)uv_run(&w->loop, UV_RUN_ONCE);
    zworld_join(w, &w->dealer, &fast);
    assert_true(gateworld_told.cuts[JB_CUT_CROWDED] >= 1);
    for (int i = 0; i < FEW / 2; i++)
        close(fds[i]);
}

/* Nor does a flood of them keep out who comes from elsewhere, or would be in the way of itself. */
static void half_done_handshakes_give_way_when_there_is_no_room(void **state)
{
    enum {
        STRANGERS = 30
    };
    struct zworld *w = *state;
    struct jb_gate_options o = gateworld_options();
    struct jb_zsock_options fast = zworld_fast_options();
    int fds[STRANGERS];
    o.pending_max = FEW;
    o.handshake_ms = 600000;
    gateworld_bind(w, &o);
    for (int i = 0; i < STRANGERS; i++) {
        fds[i] = say_hello(w);
        run_until_accepted(w, (uint64_t)i + 1);
    }
    zworld_join(w, &w->dealer, &fast);
    assert_int_equal(gateworld_told.cuts[JB_CUT_LATE], 0);
    assert_true(counts_of(w).pending <= FEW);
    for (int i = 0; i < STRANGERS; i++)
        close(fds[i]);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, zworld_set_up, zworld_tear_down)
    const struct CMUnitTest tests[] = {
        T(a_crowd_behind_one_address_gets_in),
        T(who_queues_is_not_late),
        T(who_gives_up_in_the_queue_has_not_failed),
        T(a_handshake_that_is_left_half_done_is_a_failure),
        T(who_dawdles_gives_way_to_a_neighbour),
        T(half_done_handshakes_give_way_when_there_is_no_room),
    };
#undef T
    return cmocka_run_group_tests_name("gate_queue", tests, NULL, NULL);
}
