/* Real CURVE sockets on loopback, broker and nodes in one loop: who gets in, what is dropped without
 * harm to others, and that nothing stalls. The guard timer only ever ends a test as failed. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

#include "proto/wire/sign.h"
#include "proto/wire/zap.h"
#include "proto/wire/zsock.h"

#define GUARD_MS 30000
#define ANY_PORT "tcp://127.0.0.1:*"
#define ROUTING_MAX 16

struct side {
    struct jb_zsock *z;
    uint64_t messages;
    uint64_t bytes;
    uint64_t surplus;
    uint32_t node;        /* of the last message or surplus */
    uint64_t key_tag;     /* of the last message */
    uint8_t last[64];     /* begin of the last body */
    size_t last_len;      /* of the whole body */
    uint8_t routing[ROUTING_MAX];
    size_t routing_len;
    uint64_t ups, downs, denials;
    bool echoes;          /* answers each message with its own body */
    uint64_t close_after; /* closes itself in the hook at this message; 0: never */
};

struct world {
    uv_loop_t loop;
    uv_timer_t guard;
    bool expired;
    struct jb_zctx *zctx;
    struct jb_zap *zap;
    struct jb_node_keys broker;
    struct jb_node_keys node;
    uint32_t known_as; /* the number of `node`; 0: not enrolled */
    char address[64];  /* last one given to the lookup */
    struct side router;
    struct side dealer;
    struct side other;
};

static uint32_t lookup(void *ctx, const uint8_t key[JB_KEY_BYTES], const char *address)
{
    struct world *w = ctx;
    snprintf(w->address, sizeof w->address, "%s", address);
    return memcmp(key, w->node.line.public_key, JB_KEY_BYTES) == 0 ? w->known_as : 0;
}

static void on_message(void *ctx, const struct jb_zmsg *msg)
{
    struct side *s = ctx;
    s->messages++;
    s->bytes += msg->body.len;
    s->node = msg->node;
    s->key_tag = msg->key_tag;
    s->last_len = msg->body.len;
    if (msg->body.len > 0)
        memcpy(s->last, msg->body.data,
               msg->body.len < sizeof s->last ? msg->body.len : sizeof s->last);
    assert_true(msg->routing_id.len <= ROUTING_MAX);
    if (msg->routing_id.len > 0)
        memcpy(s->routing, msg->routing_id.data, msg->routing_id.len);
    s->routing_len = msg->routing_id.len;
    if (s->echoes)
        assert_int_equal(jb_zsock_send(s->z, msg->routing_id, msg->body.data, msg->body.len),
                         JB_OK);
    if (s->messages == s->close_after)
        jb_zsock_close(&s->z);
}

static void on_surplus(void *ctx, uint32_t node)
{
    struct side *s = ctx;
    s->surplus++;
    s->node = node;
}

static void on_link(void *ctx, enum jb_link link)
{
    struct side *s = ctx;
    s->ups += link == JB_LINK_UP;
    s->downs += link == JB_LINK_DOWN;
    s->denials += link == JB_LINK_DENIED;
}

static void on_guard(uv_timer_t *timer)
{
    ((struct world *)timer->data)->expired = true;
}

static struct jb_zsock_options fast_options(void)
{
    struct jb_zsock_options o;
    jb_zsock_options_default(&o);
    o.reconnect_min_ms = 20;
    o.reconnect_max_ms = 100;
    o.linger_ms = 0;
    return o;
}

static struct jb_zsock_setup setup_of(struct world *w, struct side *side, const char *endpoint,
                                      const struct jb_zsock_options *options)
{
    return (struct jb_zsock_setup){
        .zctx = w->zctx,
        .loop = &w->loop,
        .endpoint = endpoint,
        .options = options,
        .hooks = {on_message, on_surplus, on_link, side},
    };
}

static void bind_router(struct world *w, const char *endpoint,
                        const struct jb_zsock_options *options)
{
    struct jb_fault fault;
    struct jb_zsock_setup setup = setup_of(w, &w->router, endpoint, options);
    setup.own = &w->broker.line;
    assert_int_equal(jb_router_bind(&setup, &w->router.z, &fault), JB_OK);
}

static void connect_as(struct world *w, struct side *side, const struct jb_node_keys *keys,
                       const struct jb_zsock_options *options)
{
    struct jb_fault fault;
    struct jb_zsock_setup setup =
        setup_of(w, side, jb_zsock_endpoint(w->router.z), options);
    setup.own = &keys->line;
    setup.server_public = w->broker.line.public_key;
    assert_int_equal(jb_dealer_connect(&setup, &side->z, &fault), JB_OK);
}

static void start_zap(struct world *w)
{
    assert_int_equal(jb_zctx_new(&w->zctx), JB_OK);
    assert_int_equal(jb_zap_start(w->zctx, &w->loop, lookup, w, &w->zap), JB_OK);
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    assert_int_equal(jb_sign_init(), JB_OK);
    assert_int_equal(jb_keys_generate(&w->broker), JB_OK);
    assert_int_equal(jb_keys_generate(&w->node), JB_OK);
    w->known_as = 7;
    assert_int_equal(uv_loop_init(&w->loop), 0);
    assert_int_equal(uv_timer_init(&w->loop, &w->guard), 0);
    w->guard.data = w;
    uv_unref((uv_handle_t *)&w->guard);
    assert_int_equal(uv_timer_start(&w->guard, on_guard, GUARD_MS, 0), 0);
    start_zap(w);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    jb_zsock_close(&w->router.z);
    jb_zsock_close(&w->dealer.z);
    jb_zsock_close(&w->other.z);
    jb_zap_stop(&w->zap);
    if (!uv_is_closing((uv_handle_t *)&w->guard))
        uv_close((uv_handle_t *)&w->guard, NULL);
    assert_int_equal(uv_run(&w->loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&w->loop), 0);
    jb_zctx_free(&w->zctx);
    assert_null(w->zctx);
    free(w);
    return 0;
}

/* Run the loop until the counter has reached the value. */
static void run_until(struct world *w, const uint64_t *counter, uint64_t value)
{
    while (*counter < value && !w->expired)
        (void)uv_run(&w->loop, UV_RUN_ONCE);
    assert_false(w->expired);
}

static enum jb_err send_text(struct side *s, const char *text)
{
    struct jb_bytes to = {s->routing, s->routing_len};
    return jb_zsock_send(s->z, to, (const uint8_t *)text, strlen(text));
}

static void assert_last(const struct side *s, const char *text)
{
    assert_int_equal(s->last_len, strlen(text));
    assert_memory_equal(s->last, text, strlen(text));
}

static void join(struct world *w, struct side *side, const struct jb_zsock_options *options)
{
    connect_as(w, side, &w->node, options);
    run_until(w, &side->ups, 1);
}

/* ---- getting in ------------------------------------------------------------------------------- */

static void a_known_key_gets_in(void **state)
{
    struct world *w = *state;
    struct jb_zsock_options o = fast_options();
    struct jb_zap_counts zap;

    bind_router(w, ANY_PORT, &o);
    connect_as(w, &w->dealer, &w->node, &o);
    assert_int_equal(send_text(&w->dealer, "too early"), JB_BUSY);
    run_until(w, &w->dealer.ups, 1);

    assert_int_equal(send_text(&w->dealer, "hello"), JB_OK);
    run_until(w, &w->router.messages, 1);
    assert_last(&w->router, "hello");
    assert_int_equal(w->router.node, 7);
    assert_true(w->router.key_tag == jb_keys_tag(w->node.line.public_key));
    assert_int_equal(w->router.routing_len, 5);
    assert_string_equal(w->address, "127.0.0.1");

    struct jb_bytes to = {w->router.routing, w->router.routing_len};
    struct jb_bytes head = {(const uint8_t *)"wel", 3};
    struct jb_bytes tail = {(const uint8_t *)"come", 4};
    assert_int_equal(jb_zsock_send2(w->router.z, to, head, tail), JB_OK);
    run_until(w, &w->dealer.messages, 1);
    assert_last(&w->dealer, "welcome");
    assert_int_equal(w->dealer.node, 0);
    assert_int_equal(w->dealer.routing_len, 0);

    jb_zap_counts(w->zap, &zap);
    assert_int_equal(zap.accepted, 1);
    assert_int_equal(zap.denied, 0);
}

/* A node that starts before it is enrolled must get in afterwards without being restarted. */
static void an_unknown_key_is_refused_until_enrolled(void **state)
{
    struct world *w = *state;
    struct jb_zsock_options o = fast_options();
    struct jb_zap_counts zap;

    w->known_as = 0;
    bind_router(w, ANY_PORT, &o);
    connect_as(w, &w->dealer, &w->node, &o);
    run_until(w, &w->dealer.denials, 1);
    assert_int_equal(send_text(&w->dealer, "let me in"), JB_BUSY);
    assert_int_equal(w->dealer.ups, 0);
    jb_zap_counts(w->zap, &zap);
    assert_true(zap.denied >= 1);
    assert_int_equal(zap.accepted, 0);
    assert_int_equal(w->router.messages, 0);

    w->known_as = 9;
    run_until(w, &w->dealer.ups, 1);
    assert_int_equal(w->dealer.denials, 1); /* said once, not at every attempt */
    assert_int_equal(send_text(&w->dealer, "thanks"), JB_OK);
    run_until(w, &w->router.messages, 1);
    assert_int_equal(w->router.node, 9);
}

/* A node that expects another broker never talks to this one. */
static void a_wrong_server_key_never_connects(void **state)
{
    struct world *w = *state;
    struct jb_zsock_options o = fast_options();
    struct jb_node_keys stranger;
    struct jb_fault fault;

    assert_int_equal(jb_keys_generate(&stranger), JB_OK);
    bind_router(w, ANY_PORT, &o);
    struct jb_zsock_setup setup =
        setup_of(w, &w->other, jb_zsock_endpoint(w->router.z), &o);
    setup.own = &w->node.line;
    setup.server_public = stranger.line.public_key;
    assert_int_equal(jb_dealer_connect(&setup, &w->other.z, &fault), JB_OK);

    /* Long enough for many attempts: the right one makes 200 round trips meanwhile. */
    w->router.echoes = true;
    join(w, &w->dealer, &o);
    for (uint64_t i = 1; i <= 200; i++) {
        assert_int_equal(send_text(&w->dealer, "ping"), JB_OK);
        run_until(w, &w->dealer.messages, i);
    }
    assert_int_equal(w->other.ups, 0);
    assert_int_equal(send_text(&w->other, "secret"), JB_BUSY);
    assert_int_equal(w->router.messages, 200);
}

static void nobody_binds_without_a_key_check(void **state)
{
    struct world *w = *state;
    struct jb_fault fault;
    struct jb_zap *second = NULL;
    struct jb_zsock *z = NULL;
    struct jb_zsock_setup setup = setup_of(w, &w->router, ANY_PORT, NULL);
    setup.own = &w->broker.line;

    assert_int_equal(jb_zap_start(w->zctx, &w->loop, lookup, w, &second), JB_LOCKED);
    assert_null(second);
    jb_zap_stop(&w->zap);
    assert_int_equal(jb_router_bind(&setup, &z, &fault), JB_CONFIG);
    assert_null(z);
}

static void a_bad_endpoint_is_named(void **state)
{
    static const struct {
        const char *endpoint;
        enum jb_err err;
    } cases[] = {
        {"tcp://127.0.0.1", JB_CONFIG},
        {"tcp://127.0.0.1:99999", JB_CONFIG},
        {"carrier-pigeon://roof:1", JB_CONFIG},
        {"", JB_CONFIG},
        {"tcp://192.0.2.1:4700", JB_CONFIG}, /* not an address of this machine */
    };
    struct world *w = *state;
    struct jb_zsock *z = NULL;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct jb_fault fault;
        struct jb_zsock_setup setup = setup_of(w, &w->router, cases[i].endpoint, NULL);
        setup.own = &w->broker.line;
        assert_int_equal(jb_router_bind(&setup, &z, &fault), cases[i].err);
        assert_non_null(strstr(fault.text, cases[i].endpoint));
    }
    struct jb_fault fault;
    bind_router(w, ANY_PORT, NULL);
    struct jb_zsock_setup setup = setup_of(w, &w->other, jb_zsock_endpoint(w->router.z), NULL);
    setup.own = &w->broker.line;
    assert_int_equal(jb_router_bind(&setup, &z, &fault), JB_LOCKED);
    setup.endpoint = "tcp://127.0.0.1:port";
    setup.server_public = w->broker.line.public_key;
    assert_int_equal(jb_dealer_connect(&setup, &z, &fault), JB_CONFIG);
    assert_null(z);
}

/* ---- what must not harm others ---------------------------------------------------------------- */

static int raw_connection(const char *endpoint)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    to.sin_port = htons((uint16_t)strtoul(strrchr(endpoint, ':') + 1, NULL, 10));
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static void garbage_bytes_harm_nobody(void **state)
{
    static const char *const garbage[] = {
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        "\x16\x03\x01\x02\x01\x01\xfc\x03\x03",
        "\x01",
    };
    struct world *w = *state;
    struct jb_zsock_options o = fast_options();
    int fds[sizeof garbage / sizeof garbage[0]];

    bind_router(w, ANY_PORT, &o);
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        size_t len = strlen(garbage[i]);
        fds[i] = raw_connection(jb_zsock_endpoint(w->router.z));
        assert_int_equal(send(fds[i], garbage[i], len, MSG_NOSIGNAL), len);
    }
    join(w, &w->dealer, &o);
    assert_int_equal(send_text(&w->dealer, "still here?"), JB_OK);
    run_until(w, &w->router.messages, 1);
    assert_last(&w->router, "still here?");
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
        close(fds[i]);
}

static void an_oversized_frame_cuts_only_its_sender(void **state)
{
    struct world *w = *state;
    struct jb_zsock_options small = fast_options();
    struct jb_zsock_options large = fast_options();
    uint8_t *big = calloc(1, 100000);
    struct jb_bytes nowhere = {NULL, 0};
    struct jb_zsock_counts counts;

    assert_non_null(big);
    small.max_frame_bytes = 1000;
    bind_router(w, ANY_PORT, &small);
    join(w, &w->other, &small);
    join(w, &w->dealer, &large);
    assert_int_equal(jb_zsock_send(w->other.z, nowhere, big, 1001), JB_TOO_LARGE);
    assert_int_equal(jb_zsock_send(w->other.z, nowhere, big, 1000), JB_OK);
    run_until(w, &w->router.messages, 1);

    /* By little: passes the transport, dropped and counted here, the connection lives. */
    assert_int_equal(jb_zsock_send(w->dealer.z, nowhere, big, 1001), JB_OK);
    run_until(w, &w->router.surplus, 1);
    assert_int_equal(w->router.node, 7);
    /* By much: the connection is cut, then made anew. */
    assert_int_equal(jb_zsock_send(w->dealer.z, nowhere, big, 100000), JB_OK);
    run_until(w, &w->dealer.ups, 2);
    assert_int_equal(send_text(&w->dealer, "small again"), JB_OK);
    run_until(w, &w->router.messages, 2);
    assert_last(&w->router, "small again");
    assert_int_equal(send_text(&w->other, "never noticed"), JB_OK);
    run_until(w, &w->router.messages, 3);
    assert_int_equal(w->other.ups, 1);

    jb_zsock_counts(w->router.z, &counts);
    assert_int_equal(counts.oversize, 1);
    assert_int_equal(counts.received, 3);
    free(big);
}

/* A broker that breaks our limit must not end the node's wish to reconnect (the library's does). */
static void a_dealer_survives_an_oversized_answer(void **state)
{
    struct world *w = *state;
    struct jb_zsock_options small = fast_options();
    struct jb_zsock_options large = fast_options();
    uint8_t *big = calloc(1, 100000);
    struct jb_bytes to;

    assert_non_null(big);
    small.max_frame_bytes = 1000;
    bind_router(w, ANY_PORT, &large);
    join(w, &w->dealer, &small);
    assert_int_equal(send_text(&w->dealer, "hello"), JB_OK);
    run_until(w, &w->router.messages, 1);
    to = (struct jb_bytes){w->router.routing, w->router.routing_len};
    assert_int_equal(jb_zsock_send(w->router.z, to, big, 100000), JB_OK);
    run_until(w, &w->dealer.downs, 1);
    run_until(w, &w->dealer.ups, 2);
    assert_int_equal(send_text(&w->dealer, "again"), JB_OK);
    run_until(w, &w->router.messages, 2);
    assert_int_equal(w->dealer.messages, 0);
    free(big);
}

/* A DEALER of the library itself, to send what ours never would. */
static void *raw_dealer(struct world *w, void *context)
{
    int linger = 0;
    void *s = zmq_socket(context, ZMQ_DEALER);
    assert_non_null(s);
    assert_int_equal(zmq_setsockopt(s, ZMQ_LINGER, &linger, sizeof linger), 0);
    assert_int_equal(zmq_setsockopt(s, ZMQ_CURVE_SERVERKEY, w->broker.line.public_key, 32), 0);
    assert_int_equal(zmq_setsockopt(s, ZMQ_CURVE_PUBLICKEY, w->node.line.public_key, 32), 0);
    assert_int_equal(zmq_setsockopt(s, ZMQ_CURVE_SECRETKEY, w->node.line.secret_key, 32), 0);
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
    struct world *w = *state;
    struct jb_zsock_options o = fast_options();
    void *context = zmq_ctx_new();
    struct jb_zsock_counts counts;

    bind_router(w, ANY_PORT, &o);
    void *raw = raw_dealer(w, context);
    send_frames(raw, "one", 1);
    send_frames(raw, "two", 2);
    send_frames(raw, "", 2);
    send_frames(raw, "many", 50);
    send_frames(raw, "last", 1);
    run_until(w, &w->router.messages, 2);
    assert_last(&w->router, "last");
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
    struct world *w = *state;
    struct jb_zsock_counts counts;
    uint8_t nobody[5] = {0, 1, 2, 3, 4};
    struct jb_bytes to = {nobody, sizeof nobody};
    struct jb_bytes missing = {NULL, 0};

    bind_router(w, ANY_PORT, NULL);
    assert_int_equal(jb_zsock_send(w->router.z, to, nobody, 5), JB_CLOSED);
    assert_int_equal(jb_zsock_send(w->router.z, missing, nobody, 5), JB_CLOSED);
    jb_zsock_counts(w->router.z, &counts);
    assert_int_equal(counts.unroutable, 1);
    assert_int_equal(counts.sent, 0);
    /* The refused body was not taken for an address: the next message arrives. */
    join(w, &w->dealer, NULL);
    w->router.echoes = true;
    assert_int_equal(send_text(&w->dealer, "echo"), JB_OK);
    run_until(w, &w->dealer.messages, 1);
    assert_last(&w->dealer, "echo");
}

/* ---- flow ------------------------------------------------------------------------------------- */

#define FLOOD 50000

struct flood {
    struct world *w;
    uint64_t sent;
};

/* Sends from outside the receive hook: these swallow wake-ups if nobody looks again. */
static void on_flood(uv_timer_t *timer)
{
    struct flood *f = timer->data;
    while (f->sent < FLOOD && send_text(&f->w->dealer, "0123456789") == JB_OK)
        f->sent++;
    if (f->sent == FLOOD)
        (void)uv_timer_stop(timer);
}

static void fifty_thousand_messages_do_not_stall(void **state)
{
    struct world *w = *state;
    struct jb_zsock_options o = fast_options();
    struct flood flood = {w, 0};
    uv_timer_t timer;

    o.hwm = 100000;
    bind_router(w, ANY_PORT, &o);
    join(w, &w->dealer, &o);
    w->router.echoes = true;
    assert_int_equal(uv_timer_init(&w->loop, &timer), 0);
    timer.data = &flood;
    assert_int_equal(uv_timer_start(&timer, on_flood, 0, 1), 0);
    run_until(w, &w->dealer.messages, FLOOD);
    assert_int_equal(flood.sent, FLOOD);
    assert_int_equal(w->router.messages, FLOOD);
    assert_int_equal(w->dealer.bytes, 10 * FLOOD);
    uv_close((uv_handle_t *)&timer, NULL);
}

static void a_paused_socket_keeps_its_messages(void **state)
{
    struct world *w = *state;
    struct jb_zsock_options o = fast_options();

    bind_router(w, ANY_PORT, &o);
    join(w, &w->dealer, &o);
    join(w, &w->other, &o);
    w->other.echoes = false;
    jb_zsock_pause(w->router.z);
    for (int i = 0; i < 100; i++)
        assert_int_equal(send_text(&w->dealer, "waiting"), JB_OK);
    /* A paused socket lets the loop sleep: nothing is due, so a turn without waiting does nothing. */
    for (int i = 0; i < 100; i++)
        (void)uv_run(&w->loop, UV_RUN_NOWAIT);
    assert_int_equal(w->router.messages, 0);
    jb_zsock_resume(w->router.z);
    run_until(w, &w->router.messages, 100);
    assert_last(&w->router, "waiting");
}

/* The nodes come back by themselves when the broker does, on the same port. */
static void nodes_reconnect_to_a_restarted_broker(void **state)
{
    struct world *w = *state;
    struct world *node_side = NULL;
    struct jb_zsock_options o = fast_options();
    struct jb_zctx *node_zctx = NULL;
    char endpoint[128];
    struct jb_fault fault;

    (void)node_side;
    bind_router(w, ANY_PORT, &o);
    snprintf(endpoint, sizeof endpoint, "%s", jb_zsock_endpoint(w->router.z));
    assert_int_equal(jb_zctx_new(&node_zctx), JB_OK);
    struct jb_zsock_setup setup = setup_of(w, &w->dealer, endpoint, &o);
    setup.zctx = node_zctx;
    setup.own = &w->node.line;
    setup.server_public = w->broker.line.public_key;
    assert_int_equal(jb_dealer_connect(&setup, &w->dealer.z, &fault), JB_OK);
    for (uint64_t round = 1; round <= 3; round++) {
        run_until(w, &w->dealer.ups, round);
        assert_int_equal(send_text(&w->dealer, "hello"), JB_OK);
        run_until(w, &w->router.messages, round);
        jb_zsock_close(&w->router.z);
        jb_zap_stop(&w->zap);
        run_until(w, &w->dealer.downs, round);
        assert_int_equal(send_text(&w->dealer, "offline"), JB_BUSY);
        jb_zctx_free(&w->zctx); /* the port is free when this returns */
        start_zap(w);
        bind_router(w, endpoint, &o);
    }
    jb_zsock_close(&w->dealer.z);
    jb_zsock_close(&w->router.z);
    jb_zap_stop(&w->zap);
    (void)uv_run(&w->loop, UV_RUN_DEFAULT);
    jb_zctx_free(&node_zctx);
}

static void a_hook_may_close_its_socket(void **state)
{
    struct world *w = *state;
    struct jb_zsock_options o = fast_options();

    bind_router(w, ANY_PORT, &o);
    join(w, &w->dealer, &o);
    w->router.close_after = 3;
    for (int i = 0; i < 10; i++)
        assert_int_equal(send_text(&w->dealer, "close"), JB_OK);
    run_until(w, &w->dealer.downs, 1);
    assert_int_equal(w->router.messages, 3);
    assert_null(w->router.z);
}

/* With everything closed the loop has nothing left to wait for: no handle is forgotten. */
static void a_closed_socket_leaves_the_loop(void **state)
{
    struct world *w = *state;
    bind_router(w, ANY_PORT, NULL);
    connect_as(w, &w->dealer, &w->node, NULL);
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
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(a_known_key_gets_in),
        T(an_unknown_key_is_refused_until_enrolled),
        T(a_wrong_server_key_never_connects),
        T(nobody_binds_without_a_key_check),
        T(a_bad_endpoint_is_named),
        T(garbage_bytes_harm_nobody),
        T(an_oversized_frame_cuts_only_its_sender),
        T(a_dealer_survives_an_oversized_answer),
        T(surplus_frames_shift_no_later_message),
        T(a_gone_peer_is_reported),
        T(fifty_thousand_messages_do_not_stall),
        T(a_paused_socket_keeps_its_messages),
        T(nodes_reconnect_to_a_restarted_broker),
        T(a_hook_may_close_its_socket),
        T(a_closed_socket_leaves_the_loop),
    };
#undef T
    return cmocka_run_group_tests_name("zsock", tests, NULL, NULL);
}
