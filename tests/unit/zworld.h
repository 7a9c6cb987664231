/* Broker and nodes in one loop, with counting hooks: the fixture of the zsock tests. */
#ifndef JB_TESTS_UNIT_ZWORLD_H
#define JB_TESTS_UNIT_ZWORLD_H

#include "proto/wire/sign.h"
#include "proto/wire/zap.h"
#include "proto/wire/zsock.h"

#define ANY_PORT "tcp://127.0.0.1:*"
#define ROUTING_MAX 16

struct side {
    struct jb_zsock *z;
    uint64_t messages;
    uint64_t bytes;
    uint64_t surplus;
    uint32_t node;    /* of the last message or surplus */
    uint64_t key_tag; /* of the last message */
    uint8_t last[64]; /* begin of the last body */
    size_t last_len;  /* of the whole body */
    uint8_t routing[ROUTING_MAX];
    size_t routing_len;
    uint64_t ups, downs, denials;
    bool echoes;          /* answers each message with its own body */
    uint64_t close_after; /* closes itself in the hook at this message; 0: never */
};

struct zworld {
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

/* The directory: knows `node` while known_as is not 0. */
uint32_t zworld_lookup(void *ctx, const uint8_t key[JB_KEY_BYTES], const char *address);
/* Quick reconnects, no lingering. */
struct jb_zsock_options zworld_fast_options(void);
/* Hooks and loop of the world; keys are left to the caller. */
struct jb_zsock_setup zworld_setup(struct zworld *w, struct side *side, const char *endpoint,
                                   const struct jb_zsock_options *options);
/* The broker's socket. */
void zworld_bind(struct zworld *w, const char *endpoint, const struct jb_zsock_options *options);
/* A DEALER towards the router. */
void zworld_connect(struct zworld *w, struct side *side, const struct jb_node_keys *keys,
                    const struct jb_zsock_options *options);
/* A new context with its key check. */
void zworld_start_zap(struct zworld *w);
/* cmocka fixtures. */
int zworld_set_up(void **state);
int zworld_tear_down(void **state);
/* Run the loop until the counter has reached the value; the guard fails the test. */
void zworld_run_until(struct zworld *w, const uint64_t *counter, uint64_t value);
/* To the peer heard last. */
enum jb_err side_send(struct side *s, const char *text);
void side_assert_last(const struct side *s, const char *text);
/* Connect as `node` and wait for the handshake. */
void zworld_join(struct zworld *w, struct side *side, const struct jb_zsock_options *options);

#endif
