/* What reaches a socket and must not harm it or others, and that nothing stalls under load. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

#include "tests/unit/gateworld.h"

/* ---- what must not harm others ----------------------------------------------------------------
 */

static void garbage_bytes_harm_nobody(void **state)
{
    static const char *const garbage[] = {
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        "\x16\x03\x01\x02\x01\x01\xfc\x03\x03",
        "\x01",
    };
    struct zworld *w = *state;
    struct jb_zsock_options o = zworld_fast_options();
    int fds[sizeof garbage / sizeof garbage[0]];

    zworld_bind(w, ANY_PORT, &o);
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        size_t len = strlen(garbage[i]);
        fds[i] = gateworld_connect(jb_zsock_endpoint(w->router.z));
        assert_int_equal(send(fds[i], garbage[i], len, MSG_NOSIGNAL), len);
    }
    zworld_join(w, &w->dealer, &o);
    assert_int_equal(side_send(&w->dealer, "still here?"), JB_OK);
    zworld_run_until(w, &w->router.messages, 1);
    side_assert_last(&w->router, "still here?");
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
        close(fds[i]);
}

static void an_oversized_frame_cuts_only_its_sender(void **state)
{
    struct zworld *w = *state;
    struct jb_zsock_options small = zworld_fast_options();
    struct jb_zsock_options large = zworld_fast_options();
    uint8_t *big = calloc(1, 100000);
    struct jb_bytes nowhere = {NULL, 0};
    struct jb_zsock_counts counts;

    assert_non_null(big);
    small.max_frame_bytes = 1000;
    zworld_bind(w, ANY_PORT, &small);
    zworld_join(w, &w->other, &small);
    zworld_join(w, &w->dealer, &large);
    assert_int_equal(jb_zsock_send(w->other.z, nowhere, big, 1001), JB_TOO_LARGE);
    assert_int_equal(jb_zsock_send(w->other.z, nowhere, big, 1000), JB_OK);
    zworld_run_until(w, &w->router.messages, 1);

    /* By little: passes the transport, dropped and counted here, the connection lives. */
    assert_int_equal(jb_zsock_send(w->dealer.z, nowhere, big, 1001), JB_OK);
    zworld_run_until(w, &w->router.surplus, 1);
    assert_int_equal(w->router.node, 7);
    /* By much: the connection is cut, then made anew. */
    assert_int_equal(jb_zsock_send(w->dealer.z, nowhere, big, 100000), JB_OK);
    zworld_run_until(w, &w->dealer.ups, 2);
    assert_int_equal(side_send(&w->dealer, "small again"), JB_OK);
    zworld_run_until(w, &w->router.messages, 2);
    side_assert_last(&w->router, "small again");
    assert_int_equal(side_send(&w->other, "never noticed"), JB_OK);
    zworld_run_until(w, &w->router.messages, 3);
    assert_int_equal(w->other.ups, 1);

    jb_zsock_counts(w->router.z, &counts);
    assert_int_equal(counts.oversize, 1);
    assert_int_equal(counts.received, 3);
    free(big);
}

/* A broker that breaks our limit must not end the node's wish to reconnect (the library's does). */
static void a_dealer_survives_an_oversized_answer(void **state)
{
    struct zworld *w = *state;
    struct jb_zsock_options small = zworld_fast_options();
    struct jb_zsock_options large = zworld_fast_options();
    uint8_t *big = calloc(1, 100000);
    struct jb_bytes to;

    assert_non_null(big);
    small.max_frame_bytes = 1000;
    zworld_bind(w, ANY_PORT, &large);
    zworld_join(w, &w->dealer, &small);
    assert_int_equal(side_send(&w->dealer, "hello"), JB_OK);
    zworld_run_until(w, &w->router.messages, 1);
    to = (struct jb_bytes){w->router.routing, w->router.routing_len};
    assert_int_equal(jb_zsock_send(w->router.z, to, big, 100000), JB_OK);
    zworld_run_until(w, &w->dealer.downs, 1);
    zworld_run_until(w, &w->dealer.ups, 2);
    assert_int_equal(side_send(&w->dealer, "again"), JB_OK);
    zworld_run_until(w, &w->router.messages, 2);
    assert_int_equal(w->dealer.messages, 0);
    free(big);
}

/* A DEALER of the library itself, to send what ours never would. */
static void *raw_dealer(struct zworld *w, void *context)
{
    void *s = gateworld_dealer(w, context, NULL);

    assert_int_equal(zmq_connect(s, jb_zsock_endpoint(w->router.z)), 0);
    return s;
}

static void send_frames(void *socket, const char *text, int count)
{
    for (int i = 1; i <= count; i++)
        assert_int_equal(zmq_send(socket, text, strlen(text), i < count ? ZMQ_SNDMORE : 0),
                         strlen(text));
}

static void surplus_frames_shift_no_later_message(void **state)
{
    struct zworld *w = *state;
    struct jb_zsock_options o = zworld_fast_options();
    void *context = zmq_ctx_new();
    struct jb_zsock_counts counts;

    zworld_bind(w, ANY_PORT, &o);
    void *raw = raw_dealer(w, context);
    send_frames(raw, "one", 1);
    send_frames(raw, "two", 2);
    send_frames(raw, "", 2);
    send_frames(raw, "many", 50);
    send_frames(raw, "last", 1);
    zworld_run_until(w, &w->router.messages, 2);
    side_assert_last(&w->router, "last");
    assert_int_equal(w->router.surplus, 3);
    assert_int_equal(w->router.node, 7);
    jb_zsock_counts(w->router.z, &counts);
    assert_int_equal(counts.surplus, 3);
    assert_int_equal(counts.received, 2);
    assert_int_equal(zmq_close(raw), 0);
    assert_int_equal(zmq_ctx_term(context), 0);
}

static void a_gone_peer_is_reported(void **state)
{
    struct zworld *w = *state;
    struct jb_zsock_counts counts;
    uint8_t nobody[5] = {0, 1, 2, 3, 4};
    struct jb_bytes to = {nobody, sizeof nobody};
    struct jb_bytes missing = {NULL, 0};

    zworld_bind(w, ANY_PORT, NULL);
    assert_int_equal(jb_zsock_send(w->router.z, to, nobody, 5), JB_CLOSED);
    assert_int_equal(jb_zsock_send(w->router.z, missing, nobody, 5), JB_CLOSED);
    jb_zsock_counts(w->router.z, &counts);
    assert_int_equal(counts.unroutable, 1);
    assert_int_equal(counts.sent, 0);
    /* The refused body was not taken for an address: the next message arrives. */
    zworld_join(w, &w->dealer, NULL);
    w->router.echoes = true;
    assert_int_equal(side_send(&w->dealer, "echo"), JB_OK);
    zworld_run_until(w, &w->dealer.messages, 1);
    side_assert_last(&w->dealer, "echo");
}

/* ---- flow -------------------------------------------------------------------------------------
 */

#define FLOOD 50000

struct flood {
    struct zworld *w;
    uint64_t sent;
};

/* Sends from outside the receive hook: these swallow wake-ups if nobody looks again. */
static void on_flood(uv_timer_t *timer)
{
    struct flood *f = timer->data;
    while (f->sent < FLOOD && side_send(&f->w->dealer, "0123456789") == JB_OK)
        f->sent++;
    if (f->sent == FLOOD)
        (void)uv_timer_stop(timer);
}

static void fifty_thousand_messages_do_not_stall(void **state)
{
    struct zworld *w = *state;
    struct jb_zsock_options o = zworld_fast_options();
    struct flood flood = {w, 0};
    uv_timer_t timer;

    o.hwm = 100000;
    zworld_bind(w, ANY_PORT, &o);
    zworld_join(w, &w->dealer, &o);
    w->router.echoes = true;
    assert_int_equal(uv_timer_init(&w->loop, &timer), 0);
    timer.data = &flood;
    assert_int_equal(uv_timer_start(&timer, on_flood, 0, 1), 0);
    zworld_run_until(w, &w->dealer.messages, FLOOD);
    assert_int_equal(flood.sent, FLOOD);
    assert_int_equal(w->router.messages, FLOOD);
    assert_int_equal(w->dealer.bytes, 10 * FLOOD);
    uv_close((uv_handle_t *)&timer, NULL);
    (void)uv_run(&w->loop, UV_RUN_NOWAIT); /* closed when this returns */
}

static void a_paused_socket_keeps_its_messages(void **state)
{
    struct zworld *w = *state;
    struct jb_zsock_options o = zworld_fast_options();

    zworld_bind(w, ANY_PORT, &o);
    zworld_join(w, &w->dealer, &o);
    jb_zsock_pause(w->router.z);
    for (int i = 0; i < 100; i++)
        assert_int_equal(side_send(&w->dealer, "waiting"), JB_OK);
    for (int i = 0; i < 100; i++)
        (void)uv_run(&w->loop, UV_RUN_NOWAIT);
    assert_int_not_equal(uv_backend_timeout(&w->loop), 0); /* and the loop may sleep */
    assert_int_equal(w->router.messages, 0);
    jb_zsock_resume(w->router.z);
    zworld_run_until(w, &w->router.messages, 100);
    side_assert_last(&w->router, "waiting");
}

static void a_hook_may_close_its_socket(void **state)
{
    struct zworld *w = *state;
    struct jb_zsock_options o = zworld_fast_options();

    zworld_bind(w, ANY_PORT, &o);
    zworld_join(w, &w->dealer, &o);
    w->router.close_after = 3;
    for (int i = 0; i < 10; i++)
        assert_int_equal(side_send(&w->dealer, "close"), JB_OK);
    zworld_run_until(w, &w->dealer.downs, 1);
    assert_int_equal(w->router.messages, 3);
    assert_null(w->router.z);
}

/* With everything closed the loop has nothing left to wait for: no handle is forgotten. */
static void a_closed_socket_leaves_the_loop(void **state)
{
    struct zworld *w = *state;
    zworld_bind(w, ANY_PORT, NULL);
    zworld_connect(w, &w->dealer, &w->node, NULL);
    assert_true(uv_loop_alive(&w->loop));
    jb_zsock_close(&w->dealer.z);
    jb_zsock_close(&w->dealer.z);
    jb_zsock_close(&w->router.z);
    jb_zap_stop(&w->zap);
    (void)uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_false(uv_loop_alive(&w->loop));
    assert_false(w->expired);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, zworld_set_up, zworld_tear_down)
    const struct CMUnitTest tests[] = {
        T(garbage_bytes_harm_nobody),
        T(an_oversized_frame_cuts_only_its_sender),
        T(a_dealer_survives_an_oversized_answer),
        T(surplus_frames_shift_no_later_message),
        T(a_gone_peer_is_reported),
        T(fifty_thousand_messages_do_not_stall),
        T(a_paused_socket_keeps_its_messages),
        T(a_hook_may_close_its_socket),
        T(a_closed_socket_leaves_the_loop),
    };
#undef T
    return cmocka_run_group_tests_name("zsock_flow", tests, NULL, NULL);
}
