/* Real CURVE sockets on loopback: who gets in, what an endpoint must look like, and that a node
 * comes back after a refusal and after a restart of the broker. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>

#include "tests/unit/zworld.h"

/* ---- getting in -------------------------------------------------------------------------------
 */

static void a_known_key_gets_in(void **state)
{
    struct zworld *w = *state;
    struct jb_zsock_options o = zworld_fast_options();
    struct jb_zap_counts zap;

    zworld_bind(w, ANY_PORT, &o);
    zworld_connect(w, &w->dealer, &w->node, &o);
    assert_int_equal(side_send(&w->dealer, "too early"), JB_BUSY);
    zworld_run_until(w, &w->dealer.ups, 1);

    assert_int_equal(side_send(&w->dealer, "hello"), JB_OK);
    zworld_run_until(w, &w->router.messages, 1);
    side_assert_last(&w->router, "hello");
    assert_int_equal(w->router.node, 7);
    assert_true(w->router.key_tag == jb_keys_tag(w->node.line.public_key));
    assert_int_equal(w->router.routing_len, 5);
    assert_string_equal(w->address, "127.0.0.1");

    struct jb_bytes to = {w->router.routing, w->router.routing_len};
    struct jb_bytes head = {(const uint8_t *)"wel", 3};
    struct jb_bytes tail = {(const uint8_t *)"come", 4};
    assert_int_equal(jb_zsock_send2(w->router.z, to, head, tail), JB_OK);
    zworld_run_until(w, &w->dealer.messages, 1);
    side_assert_last(&w->dealer, "welcome");
    assert_int_equal(w->dealer.node, 0);
    assert_int_equal(w->dealer.routing_len, 0);

    jb_zap_counts(w->zap, &zap);
    assert_int_equal(zap.accepted, 1);
    assert_int_equal(zap.denied, 0);
}

/* A node that starts before it is enrolled must get in afterwards without being restarted. */
static void an_unknown_key_is_refused_until_enrolled(void **state)
{
    struct zworld *w = *state;
    struct jb_zsock_options o = zworld_fast_options();
    struct jb_zap_counts zap;

    w->known_as = 0;
    zworld_bind(w, ANY_PORT, &o);
    zworld_connect(w, &w->dealer, &w->node, &o);
    zworld_run_until(w, &w->dealer.denials, 1);
    assert_int_equal(side_send(&w->dealer, "let me in"), JB_BUSY);
    assert_int_equal(w->dealer.ups, 0);
    jb_zap_counts(w->zap, &zap);
    assert_true(zap.denied >= 1);
    assert_int_equal(zap.accepted, 0);
    assert_int_equal(w->router.messages, 0);

    w->known_as = 9;
    zworld_run_until(w, &w->dealer.ups, 1);
    assert_int_equal(w->dealer.denials, 1); /* said once, not at every attempt */
    assert_int_equal(side_send(&w->dealer, "thanks"), JB_OK);
    zworld_run_until(w, &w->router.messages, 1);
    assert_int_equal(w->router.node, 9);
}

/* A node that expects another broker never talks to this one. */
static void a_wrong_server_key_never_connects(void **state)
{
    struct zworld *w = *state;
    struct jb_zsock_options o = zworld_fast_options();
    struct jb_node_keys stranger;
    struct jb_fault fault;

    assert_int_equal(jb_keys_generate(JB_SUITE_ED25519, &stranger, &(struct jb_fault){""}), JB_OK);
    zworld_bind(w, ANY_PORT, &o);
    struct jb_zsock_setup setup = zworld_setup(w, &w->other, jb_zsock_endpoint(w->router.z), &o);
    setup.own = &w->node.line;
    setup.server_public = stranger.line.public_key;
    assert_int_equal(jb_dealer_connect(&setup, &w->other.z, &fault), JB_OK);

    /* Long enough for many attempts: the right one makes 200 round trips meanwhile. */
    w->router.echoes = true;
    zworld_join(w, &w->dealer, &o);
    for (uint64_t i = 1; i <= 200; i++) {
        assert_int_equal(side_send(&w->dealer, "ping"), JB_OK);
        zworld_run_until(w, &w->dealer.messages, i);
    }
    assert_int_equal(w->other.ups, 0);
    assert_int_equal(side_send(&w->other, "secret"), JB_BUSY);
    assert_int_equal(w->router.messages, 200);
}

static void nobody_binds_without_a_key_check(void **state)
{
    struct zworld *w = *state;
    struct jb_fault fault;
    struct jb_zap *second = NULL;
    struct jb_zsock *z = NULL;
    struct jb_zsock_setup setup = zworld_setup(w, &w->router, ANY_PORT, NULL);
    setup.own = &w->broker.line;

    assert_int_equal(jb_zap_start(w->zctx, &w->loop, zworld_lookup, w, &second), JB_LOCKED);
    assert_null(second);
    jb_zap_stop(&w->zap);
    assert_int_equal(jb_router_bind(&setup, &z, &fault), JB_CONFIG);
    assert_null(z);
}

static void a_bad_endpoint_is_named(void **state)
{
    static const char *const bad[] = {
        "tcp://127.0.0.1",         "tcp://127.0.0.1:65536",
        "tcp://127.0.0.1:0",       "tcp://127.0.0.1:47x0",
        "tcp://127.0.0.1:",        "tcp://:4700",
        "tcp://a b:4700",          "tcp://[::1:4700",
        "carrier-pigeon://roof:1", "",
        "tcp://192.0.2.1:4700", /* not an address of this machine */
    };
    struct zworld *w = *state;
    struct jb_zsock *z = NULL;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct jb_fault fault;
        struct jb_zsock_setup setup = zworld_setup(w, &w->router, bad[i], NULL);
        setup.own = &w->broker.line;
        assert_int_equal(jb_router_bind(&setup, &z, &fault), JB_CONFIG);
        assert_non_null(strstr(fault.text, bad[i]));
    }
    struct jb_fault fault;
    zworld_bind(w, ANY_PORT, NULL);
    struct jb_zsock_setup setup = zworld_setup(w, &w->other, jb_zsock_endpoint(w->router.z), NULL);
    setup.own = &w->broker.line;
    assert_int_equal(jb_router_bind(&setup, &z, &fault), JB_LOCKED);
    setup.server_public = w->broker.line.public_key;
    setup.endpoint = "tcp://127.0.0.1:*"; /* only for binding */
    assert_int_equal(jb_dealer_connect(&setup, &z, &fault), JB_CONFIG);
    setup.endpoint = "tcp://*:4700";
    assert_int_equal(jb_dealer_connect(&setup, &z, &fault), JB_CONFIG);
    assert_null(z);
}

/* The nodes come back by themselves when the broker does, on the same port. */
static void nodes_reconnect_to_a_restarted_broker(void **state)
{
    struct zworld *w = *state;
    struct jb_zsock_options o = zworld_fast_options();
    struct jb_zctx *node_zctx = NULL;
    char endpoint[128];
    struct jb_fault fault;

    zworld_bind(w, ANY_PORT, &o);
    snprintf(endpoint, sizeof endpoint, "%s", jb_zsock_endpoint(w->router.z));
    assert_int_equal(jb_zctx_new(&node_zctx), JB_OK);
    struct jb_zsock_setup setup = zworld_setup(w, &w->dealer, endpoint, &o);
    setup.zctx = node_zctx;
    setup.own = &w->node.line;
    setup.server_public = w->broker.line.public_key;
    assert_int_equal(jb_dealer_connect(&setup, &w->dealer.z, &fault), JB_OK);
    for (uint64_t round = 1; round <= 3; round++) {
        zworld_run_until(w, &w->dealer.ups, round);
        assert_int_equal(side_send(&w->dealer, "hello"), JB_OK);
        zworld_run_until(w, &w->router.messages, round);
        jb_zsock_close(&w->router.z);
        jb_zap_stop(&w->zap);
        zworld_run_until(w, &w->dealer.downs, round);
        jb_zctx_free(&w->zctx); /* the port is free when this returns */
        zworld_start_zap(w);
        zworld_bind(w, endpoint, &o);
    }
    jb_zsock_close(&w->dealer.z);
    jb_zsock_close(&w->router.z);
    jb_zap_stop(&w->zap);
    (void)uv_run(&w->loop, UV_RUN_DEFAULT);
    jb_zctx_free(&node_zctx);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, zworld_set_up, zworld_tear_down)
    const struct CMUnitTest tests[] = {
        T(a_known_key_gets_in),
        T(an_unknown_key_is_refused_until_enrolled),
        T(a_wrong_server_key_never_connects),
        T(nobody_binds_without_a_key_check),
        T(a_bad_endpoint_is_named),
        T(nodes_reconnect_to_a_restarted_broker),
    };
#undef T
    return cmocka_run_group_tests_name("zsock", tests, NULL, NULL);
}
