/* The gate with the real library behind it: who gets in, what an attacker costs and gains. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/wire/zpump.h"
#include "tests/unit/gateworld.h"

#define KB 1024

/* Until the other end has closed it; what it said before is dropped. */
static void run_until_closed(struct zworld *w, int fd)
{
    char dropped[1000];
    ssize_t got = 1;
    while (!w->expired && got != 0) {
        got = recv(fd, dropped, sizeof dropped, MSG_DONTWAIT);
        if (got < 0 && errno != EAGAIN)
            break;
        (void)uv_run(&w->loop, UV_RUN_NOWAIT);
    }
    assert_false(w->expired);
    close(fd);
}

/* ---- what is read of the transport ---- */

static void the_gate_greets_as_the_library_does(void **state)
{
    struct zworld *w = *state;
    uint8_t said[JB_GREETING_BYTES];
    zworld_bind(w, ANY_PORT, NULL);
    int fd = gateworld_connect(jb_zsock_endpoint(w->router.z));
    assert_int_equal(send(fd, jb_gate_greeting, JB_GREETING_BYTES, MSG_NOSIGNAL),
                     JB_GREETING_BYTES);
    assert_int_equal(recv(fd, said, sizeof said, MSG_WAITALL), sizeof said);
    assert_memory_equal(said, jb_gate_greeting, sizeof said);
    close(fd);
}

/* ---- who gets in ---- */

static void a_node_talks_through_the_gate(void **state)
{
    struct zworld *w = *state;
    struct jb_gate_options o = gateworld_options();
    struct jb_zsock_options fast = zworld_fast_options();
    struct jb_gate_counts counts;
    uint8_t *big = calloc(1, 1024 * KB);
    struct jb_bytes nowhere = {NULL, 0};
    assert_non_null(big);
    gateworld_bind(w, &o);
    zworld_join(w, &w->dealer, &fast);
    assert_string_equal(w->address, "127.0.0.1"); /* the node's, not the one behind the gate */
    w->router.echoes = true;
    for (uint64_t i = 1; i <= 20; i++) {
        assert_int_equal(jb_zsock_send(w->dealer.z, nowhere, big, 1024 * KB), JB_OK);
        zworld_run_until(w, &w->dealer.messages, i);
    }
    jb_zsock_gate_counts(w->router.z, &counts);
    assert_int_equal(counts.unread_bytes, 0);
    assert_int_equal(counts.open, 1);
    assert_int_equal(counts.pending, 0);
    jb_zsock_close(&w->dealer.z);
    zworld_run_until(w, &gateworld_told.gone, 1);
    free(big);
}

static void nodes_come_over_ipv6_too(void **state)
{
    struct zworld *w = *state;
    struct jb_gate_options o = gateworld_options();
    struct jb_zsock_options fast = zworld_fast_options();
    gateworld_bind_at(w, &o, "tcp://[::1]:*");
    w->router.echoes = true;
    zworld_join(w, &w->dealer, &fast);
    assert_string_equal(w->address, "::1");
    assert_int_equal(side_send(&w->dealer, "hello"), JB_OK);
    zworld_run_until(w, &w->dealer.messages, 1);
}

static void without_a_key_check_nobody_gets_in(void **state)
{
    struct zworld *w = *state;
    struct jb_gate_options o = gateworld_options();
    struct jb_zsock_options fast = zworld_fast_options();
    o.handshake_ms = 200;
    gateworld_bind(w, &o);
    jb_zap_stop(&w->zap);
    zworld_connect(w, &w->dealer, &w->node, &fast);
    struct jb_gate_counts counts = {0};
    while (counts.accepted < 3 && !w->expired) {
        (void)uv_run(&w->loop, UV_RUN_ONCE);
        jb_zsock_gate_counts(w->router.z, &counts);
    }
    assert_false(w->expired);
    assert_int_equal(counts.open, 0);
    assert_int_equal(w->dealer.ups, 0);
    assert_int_equal(w->router.messages, 0);
}

static void the_librarys_own_port_lets_nobody_in(void **state)
{
    struct zworld *w = *state;
    struct jb_gate_options o = gateworld_options();
    struct jb_zap_counts zap = {0};
    char inner[64];
    void *context = zmq_ctx_new();
    uint64_t denied = 0;
    gateworld_bind(w, &o);
    const struct sockaddr_in *a = (const struct sockaddr_in *)(const void *)&w->zctx->gate->inner;
    assert_int_equal(a->sin_addr.s_addr, htonl(INADDR_LOOPBACK));
    snprintf(inner, sizeof inner, "tcp://127.0.0.1:%u", (unsigned)ntohs(a->sin_port));
    void *raw = gateworld_dealer(w, context, NULL);
    assert_int_equal(zmq_connect(raw, inner), 0);
    (void)zmq_send(raw, "hello", 5, ZMQ_DONTWAIT);
    while (denied == 0 && !w->expired) {
        (void)uv_run(&w->loop, UV_RUN_ONCE);
        jb_zap_counts(w->zap, &zap);
        denied = zap.denied;
    }
    assert_int_equal(zap.accepted, 0); /* although its key is a node's */
    assert_int_equal(w->router.messages, 0);
    zmq_close(raw);
    zmq_ctx_term(context);
}

static void other_mechanisms_do_not_reach_the_library(void **state)
{
    static const char *const mechanisms[] = {"NULL", "PLAIN", "GSSAPI", "CURVE2", ""};
    struct zworld *w = *state;
    struct jb_gate_options o = gateworld_options();
    struct jb_zap_counts zap;
    gateworld_bind(w, &o);
    for (size_t i = 0; i < sizeof mechanisms / sizeof mechanisms[0]; i++) {
        uint8_t greeting[JB_GREETING_BYTES];
        memcpy(greeting, jb_gate_greeting, sizeof greeting);
        memset(greeting + 12, 0, 20);
        memcpy(greeting + 12, mechanisms[i], strlen(mechanisms[i]));
        int fd = gateworld_connect(jb_zsock_endpoint(w->router.z));
        (void)send(fd, greeting, sizeof greeting, MSG_NOSIGNAL);
        run_until_closed(w, fd);
        assert_int_equal(gateworld_told.cuts[JB_CUT_GREETING], i + 1);
    }
    jb_zap_counts(w->zap, &zap);
    assert_int_equal(zap.accepted + zap.denied + zap.malformed, 0);
}

static void a_routing_id_of_ones_own_gains_nothing(void **state)
{
    struct zworld *w = *state;
    struct jb_gate_options o = gateworld_options();
    struct jb_zsock_counts counts;
    void *context = zmq_ctx_new();
    gateworld_bind(w, &o);
    void *raw = gateworld_dealer(w, context, "xfj");
    assert_int_equal(zmq_connect(raw, jb_zsock_endpoint(w->router.z)), 0);
    assert_int_equal(zmq_send(raw, "hello", 5, 0), 5);
    zworld_run_until(w, &gateworld_told.cuts[JB_CUT_PARTS], 1);
    assert_int_equal(gateworld_told.node, 7);
    jb_zsock_counts(w->router.z, &counts);
    assert_int_equal(counts.foreign, 1);
    assert_int_equal(w->router.messages, 0);
    zmq_close(raw);
    zmq_ctx_term(context);
}

/* ---- what an attacker costs ---- */

static void half_open_connections_give_way_to_a_node(void **state)
{
    enum {
        STRANGERS = 40,
        ALLOWED = 4
    };
    struct zworld *w = *state;
    struct jb_gate_options o = gateworld_options();
    struct jb_zsock_options fast = zworld_fast_options();
    struct jb_gate_counts counts;
    int fds[STRANGERS];
    o.pending_per_address = ALLOWED;
    gateworld_bind(w, &o);
    for (int i = 0; i < STRANGERS; i++) {
        fds[i] = gateworld_connect(jb_zsock_endpoint(w->router.z));
        (void)send(fds[i], jb_gate_greeting, (size_t)(i % 2) * 32, MSG_NOSIGNAL);
    }
    zworld_run_until(w, &gateworld_told.cuts[JB_CUT_CROWDED], STRANGERS - ALLOWED);
    zworld_join(w, &w->dealer, &fast);
    jb_zsock_gate_counts(w->router.z, &counts);
    assert_true(counts.pending <= ALLOWED);
    assert_int_equal(gateworld_told.node, 0);
    for (int i = 0; i < STRANGERS; i++)
        close(fds[i]);
}

static void a_slow_handshake_ends(void **state)
{
    struct zworld *w = *state;
    struct jb_gate_options o = gateworld_options();
    o.handshake_ms = 200;
    gateworld_bind(w, &o);
    int silent = gateworld_connect(jb_zsock_endpoint(w->router.z));
    int half = gateworld_connect(jb_zsock_endpoint(w->router.z));
    (void)send(half, jb_gate_greeting, 40, MSG_NOSIGNAL);
    run_until_closed(w, silent);
    run_until_closed(w, half);
    assert_int_equal(gateworld_told.cuts[JB_CUT_LATE], 2);
}

static void wrong_keys_in_a_loop_are_turned_away(void **state)
{
    struct zworld *w = *state;
    struct jb_gate_options o = gateworld_options();
    struct jb_zsock_options fast = zworld_fast_options();
    struct jb_node_keys stranger;
    o.failures = (struct jb_rate){.per_minute = 1, .burst = 3};
    assert_int_equal(jb_keys_generate(JB_SUITE_ED25519, &stranger, &(struct jb_fault){""}), JB_OK);
    gateworld_bind(w, &o);
    zworld_connect(w, &w->other, &stranger, &fast);
    zworld_run_until(w, &gateworld_told.cuts[JB_CUT_FAILING], 5);
    struct jb_zap_counts zap;
    jb_zap_counts(w->zap, &zap);
    assert_int_equal(zap.denied, 3);
    assert_int_equal(w->other.ups, 0);
}

static void a_silent_connection_ends(void **state)
{
    struct zworld *w = *state;
    struct jb_gate_options o = gateworld_options();
    struct jb_zsock_options fast = zworld_fast_options();
    fast.heartbeat_ms = 20; /* heartbeats are no message */
    o.silent_ms = 300;
    gateworld_bind(w, &o);
    zworld_join(w, &w->dealer, &fast);
    zworld_run_until(w, &gateworld_told.cuts[JB_CUT_SILENT], 1);
    assert_int_equal(gateworld_told.node, 7);
    zworld_run_until(w, &w->dealer.ups, 2); /* and may come again */
}

static void one_node_has_few_connections(void **state)
{
    struct zworld *w = *state;
    struct jb_gate_options o = gateworld_options();
    struct jb_gate_counts counts;
    void *context = zmq_ctx_new();
    void *raw[6];
    o.per_node = 2;
    gateworld_bind(w, &o);
    for (int i = 0; i < 6; i++) {
        raw[i] = gateworld_dealer(w, context, NULL);
        assert_int_equal(zmq_connect(raw[i], jb_zsock_endpoint(w->router.z)), 0);
    }
    zworld_run_until(w, &gateworld_told.cuts[JB_CUT_SURPLUS], 4);
    jb_zsock_gate_counts(w->router.z, &counts);
    assert_int_equal(counts.open, 2);
    for (int i = 0; i < 6; i++)
        zmq_close(raw[i]);
    zmq_ctx_term(context);
}

static void a_node_is_cut_off_at_once(void **state)
{
    struct zworld *w = *state;
    struct jb_gate_options o = gateworld_options();
    struct jb_zsock_options fast = zworld_fast_options();
    gateworld_bind(w, &o);
    zworld_join(w, &w->dealer, &fast);
    w->known_as = 0; /* its key has been withdrawn */
    jb_zsock_cut_node(w->router.z, 7);
    assert_int_equal(gateworld_told.cuts[JB_CUT_REVOKED], 1);
    zworld_run_until(w, &w->dealer.downs, 1);
    zworld_run_until(w, &w->dealer.denials, 1);
    assert_int_equal(w->dealer.ups, 1);
}

static void what_is_over_the_quota_comes_later_and_whole(void **state)
{
    const unsigned messages = 30;
    struct zworld *w = *state;
    struct jb_gate_options o = gateworld_options();
    struct jb_zsock_options fast = zworld_fast_options();
    static uint8_t body[JB_GATE_CHUNK_BYTES];
    struct jb_bytes nowhere = {NULL, 0};
    gateworld_bind(w, &o);
    zworld_join(w, &w->dealer, &fast);
    gateworld_told.wait_ms = 1;
    for (unsigned i = 0; i < messages; i++)
        assert_int_equal(jb_zsock_send(w->dealer.z, nowhere, body, sizeof body - i), JB_OK);
    zworld_run_until(w, &w->router.messages, 2);
    assert_true(gateworld_told.reads < messages);
    zworld_run_until(w, &w->router.messages, messages);
    assert_int_equal(w->router.last_len, sizeof body - messages + 1);
    assert_true(gateworld_told.reads >= messages);
}

/* The next message of a socket outside the loop, which meanwhile turns. */
static size_t next_of(struct zworld *w, void *raw, char *message, size_t size)
{
    int len = -1;
    while (len < 0 && !w->expired) {
        (void)uv_run(&w->loop, UV_RUN_NOWAIT);
        len = zmq_recv(raw, message, size, ZMQ_DONTWAIT);
    }
    assert_false(w->expired);
    return (size_t)len;
}

/* To a client of the library as it is: an agent's is told to queue nothing while there is no
 * connection, and then drops what has arrived and was not yet read when the connection ends. */
static void a_goodbye_gets_through_when_the_broker_stops(void **state)
{
    struct zworld *w = *state;
    struct jb_gate_options o = gateworld_options();
    char heard[16];
    void *context = zmq_ctx_new();
    void *raw = gateworld_dealer(w, context, NULL);
    void *end = zmq_socket(context, ZMQ_PAIR);
    o.end_ms = 600000;
    gateworld_bind_with(w, &o, ANY_PORT,
                        30000); /* with none what was not yet sent may be dropped */
    w->router.echoes = true;
    assert_int_equal(zmq_socket_monitor(raw, "inproc://end", ZMQ_EVENT_DISCONNECTED), 0);
    assert_int_equal(zmq_connect(end, "inproc://end"), 0);
    assert_int_equal(zmq_connect(raw, jb_zsock_endpoint(w->router.z)), 0);
    assert_int_equal(zmq_send(raw, "hello", 5, 0), 5);
    assert_int_equal(next_of(w, raw, heard, sizeof heard), 5);
    assert_int_equal(side_send(&w->router, "bye"), JB_OK);
    jb_zsock_close(&w->router.z);
    assert_int_equal(next_of(w, raw, heard, sizeof heard), 3);
    assert_memory_equal(heard, "bye", 3);
    (void)next_of(w, end, heard, sizeof heard); /* it ends, long before end_ms */
    zmq_close(end);
    zmq_close(raw);
    zmq_ctx_term(context);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, zworld_set_up, zworld_tear_down)
    const struct CMUnitTest tests[] = {
        T(the_gate_greets_as_the_library_does),
        T(a_node_talks_through_the_gate),
        T(nodes_come_over_ipv6_too),
        T(without_a_key_check_nobody_gets_in),
        T(the_librarys_own_port_lets_nobody_in),
        T(other_mechanisms_do_not_reach_the_library),
        T(a_routing_id_of_ones_own_gains_nothing),
        T(half_open_connections_give_way_to_a_node),
        T(a_slow_handshake_ends),
        T(wrong_keys_in_a_loop_are_turned_away),
        T(a_silent_connection_ends),
        T(one_node_has_few_connections),
        T(a_node_is_cut_off_at_once),
        T(what_is_over_the_quota_comes_later_and_whole),
        T(a_goodbye_gets_through_when_the_broker_stops),
    };
#undef T
    return cmocka_run_group_tests_name("gate", tests, NULL, NULL);
}
