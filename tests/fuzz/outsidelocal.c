/* A local socket without a socket: whoever wants to be its client calls the hooks that the agent,
 * or the broker for its administrators, listens with. See outsideline.c. */
#include "proto/schema/local.pb-c.h"
#include "proto/wire/local.h"
#include "proto/wire/message.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzzline.h"
#include "tests/fuzz/jsoncheck.h"

#define JSON_ARENA_BYTES ((size_t)64 * 1024 * 1024)

static int a_server, a_peer;
static struct jb_local_hooks hooks;
static const struct jb_local_identity *who;
static void *peer_data;
static bool closed;

enum jb_err outside_listen(uv_loop_t *loop, const struct jb_local_config *config,
                           const struct jb_local_hooks *wanted, struct jb_local_server **out,
                           struct jb_fault *fault) __asm__("__wrap_jb_local_listen");
void outside_stop(struct jb_local_server **server) __asm__("__wrap_jb_local_stop");
enum jb_err outside_reply(struct jb_local_peer *peer,
                          struct jb_bytes frame) __asm__("__wrap_jb_local_send");
void outside_close(struct jb_local_peer *peer) __asm__("__wrap_jb_local_close");
size_t outside_queued(const struct jb_local_peer *peer) __asm__("__wrap_jb_local_peer_queued");
const struct jb_local_identity *outside_identity(const struct jb_local_peer *peer) __asm__(
    "__wrap_jb_local_peer_identity");
void outside_set_data(struct jb_local_peer *peer,
                      void *data) __asm__("__wrap_jb_local_peer_set_data");
void *outside_data(const struct jb_local_peer *peer) __asm__("__wrap_jb_local_peer_data");

/* ---- for targets ---- */

void fuzz_local_open(const struct jb_local_identity *identity)
{
    who = identity;
    closed = false;
    if (hooks.on_open != NULL)
        hooks.on_open(hooks.ctx, (struct jb_local_peer *)(void *)&a_peer);
}

void fuzz_local_frame(struct jb_bytes frame)
{
    if (!closed)
        hooks.on_frame(hooks.ctx, (struct jb_local_peer *)(void *)&a_peer, frame);
}

void fuzz_local_close(void)
{
    hooks.on_close(hooks.ctx, (struct jb_local_peer *)(void *)&a_peer, JB_CLOSED);
    FUZZ_MUST(peer_data == NULL);
}

/* What a client gets can be read, and shown as JSON. */
static void look_at_reply(struct jb_bytes frame)
{
    struct jb_arena arena;
    struct jb_fault fault = {""};
    ProtobufCMessage *reply = NULL;
    struct jb_text json;

    jb_arena_init(&arena, JSON_ARENA_BYTES);
    FUZZ_MUST(jb_message_decode(&jb__reply__descriptor, frame, &arena, &reply, &fault) == JB_OK);
    FUZZ_MUST(jb_message_json(reply, 0, &arena, &json) == JB_OK);
    FUZZ_MUST(json_valid(json.data, json.len));
    jb_arena_fini(&arena);
}

/* ---- instead of the socket ---- */

enum jb_err outside_listen(uv_loop_t *loop, const struct jb_local_config *config,
                           const struct jb_local_hooks *wanted, struct jb_local_server **out,
                           struct jb_fault *fault)
{
    (void)loop;
    (void)config;
    (void)fault;
    hooks = *wanted;
    *out = (struct jb_local_server *)(void *)&a_server;
    return JB_OK;
}

void outside_stop(struct jb_local_server **server)
{
    *server = NULL;
}

enum jb_err outside_reply(struct jb_local_peer *peer, struct jb_bytes frame)
{
    FUZZ_MUST(peer != NULL);
    look_at_reply(frame);
    return JB_OK;
}

void outside_close(struct jb_local_peer *peer)
{
    FUZZ_MUST(peer != NULL);
    closed = true;
}

size_t outside_queued(const struct jb_local_peer *peer)
{
    (void)peer;
    return 0;
}

/* Unless a target says otherwise: somebody with an account and no rights of his own. */
const struct jb_local_identity *outside_identity(const struct jb_local_peer *peer)
{
    static const struct jb_local_identity clerk = {.uid = 1001, .gid = 1001, .user = "clerk"};

    (void)peer;
    return who != NULL ? who : &clerk;
}

void outside_set_data(struct jb_local_peer *peer, void *data)
{
    (void)peer;
    peer_data = data;
}

void *outside_data(const struct jb_local_peer *peer)
{
    (void)peer;
    return peer_data;
}
