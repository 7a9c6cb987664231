/* The guard timer only ever ends a test as failed; nothing here waits for time to pass. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/zworld.h"

#define GUARD_MS 30000

uint32_t zworld_lookup(void *ctx, const uint8_t key[JB_KEY_BYTES], const char *address)
{
    struct zworld *w = ctx;
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
    ((struct zworld *)timer->data)->expired = true;
}

struct jb_zsock_options zworld_fast_options(void)
{
    struct jb_zsock_options o;
    jb_zsock_options_default(&o);
    o.reconnect_min_ms = 20;
    o.reconnect_max_ms = 100;
    o.linger_ms = 0;
    return o;
}

struct jb_zsock_setup zworld_setup(struct zworld *w, struct side *side, const char *endpoint,
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

void zworld_bind(struct zworld *w, const char *endpoint, const struct jb_zsock_options *options)
{
    struct jb_fault fault;
    struct jb_zsock_setup setup = zworld_setup(w, &w->router, endpoint, options);
    setup.own = &w->broker.line;
    assert_int_equal(jb_router_bind(&setup, &w->router.z, &fault), JB_OK);
}

void zworld_connect(struct zworld *w, struct side *side, const struct jb_node_keys *keys,
                    const struct jb_zsock_options *options)
{
    struct jb_fault fault;
    struct jb_zsock_setup setup = zworld_setup(w, side, jb_zsock_endpoint(w->router.z), options);
    setup.own = &keys->line;
    setup.server_public = w->broker.line.public_key;
    assert_int_equal(jb_dealer_connect(&setup, &side->z, &fault), JB_OK);
}

void zworld_start_zap(struct zworld *w)
{
    assert_int_equal(jb_zctx_new(&w->zctx), JB_OK);
    assert_int_equal(jb_zap_start(w->zctx, &w->loop, zworld_lookup, w, &w->zap), JB_OK);
}

int zworld_set_up(void **state)
{
    struct zworld *w = calloc(1, sizeof *w);
    assert_non_null(w);
    assert_int_equal(jb_sign_init(), JB_OK);
    assert_int_equal(jb_keys_generate(JB_SUITE_ED25519, &w->broker, &(struct jb_fault){""}), JB_OK);
    assert_int_equal(jb_keys_generate(JB_SUITE_ED25519, &w->node, &(struct jb_fault){""}), JB_OK);
    w->known_as = 7;
    assert_int_equal(uv_loop_init(&w->loop), 0);
    assert_int_equal(uv_timer_init(&w->loop, &w->guard), 0);
    w->guard.data = w;
    uv_unref((uv_handle_t *)&w->guard);
    assert_int_equal(uv_timer_start(&w->guard, on_guard, GUARD_MS, 0), 0);
    zworld_start_zap(w);
    *state = w;
    return 0;
}

int zworld_tear_down(void **state)
{
    struct zworld *w = *state;
    jb_zsock_close(&w->router.z);
    jb_zsock_close(&w->dealer.z);
    jb_zsock_close(&w->other.z);
    jb_zap_stop(&w->zap);
    while (uv_loop_alive(&w->loop) && !w->expired)
        (void)uv_run(&w->loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&w->guard, NULL);
    (void)uv_run(&w->loop, UV_RUN_NOWAIT);
    assert_int_equal(uv_loop_close(&w->loop), 0);
    jb_zctx_free(&w->zctx);
    assert_null(w->zctx);
    free(w);
    return 0;
}

/* Run the loop until the counter has reached the value. */
void zworld_run_until(struct zworld *w, const uint64_t *counter, uint64_t value)
{
    while (*counter < value && !w->expired)
        (void)uv_run(&w->loop, UV_RUN_ONCE);
    assert_false(w->expired);
}

enum jb_err side_send(struct side *s, const char *text)
{
    struct jb_bytes to = {s->routing, s->routing_len};
    return jb_zsock_send(s->z, to, (const uint8_t *)text, strlen(text));
}

void side_assert_last(const struct side *s, const char *text)
{
    assert_int_equal(s->last_len, strlen(text));
    assert_memory_equal(s->last, text, strlen(text));
}

void zworld_join(struct zworld *w, struct side *side, const struct jb_zsock_options *options)
{
    zworld_connect(w, side, &w->node, options);
    zworld_run_until(w, &side->ups, 1);
}
