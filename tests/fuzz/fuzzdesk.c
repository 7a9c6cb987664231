/* See fuzzdesk.h. */
#include "tests/fuzz/fuzzdesk.h"

#include <sodium.h>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/jsoncheck.h"

#define HISTORY 24
#define JSON_ARENA_BYTES ((size_t)64 * 1024 * 1024)

void outside_fail(struct jb_agent *a, enum jb_err err,
                  const char *what) __asm__("__wrap_jb_agent_fail");
void outside_break(struct jb_agent *a, enum jb_agent_state state, int64_t pause_ms,
                   const char *text) __asm__("__wrap_jb_agent_line_break");
const struct jb_local_identity *outside_identity(const struct jb_local_peer *peer) __asm__(
    "__wrap_jb_local_peer_identity");

/* Whatever the broker or a client sends, the agent goes on. */
void outside_fail(struct jb_agent *a, enum jb_err err, const char *what)
{
    fprintf(stderr, "the agent stops: %s: %s (%s)\n", what, jb_err_name(err),
            jb_ledger_error(a->ledger));
    abort();
}

/* There is no connection to give up. */
void outside_break(struct jb_agent *a, enum jb_agent_state state, int64_t pause_ms,
                   const char *text)
{
    (void)pause_ms;
    FUZZ_MUST(text[0] != '\0');
    a->line.state = state;
}

/* Who asks: somebody with an account and no rights of his own. */
const struct jb_local_identity *outside_identity(const struct jb_local_peer *peer)
{
    static const struct jb_local_identity clerk = {.uid = 1001, .gid = 1001, .user = "clerk"};

    (void)peer;
    return &clerk;
}

static struct desk *the_desk;

static void unmake(void)
{
    void *state = the_desk;

    fuzz_undo = false;
    (void)desk_teardown(&state);
}

static void fixed_keys(struct jb_node_keys *keys, uint8_t fill)
{
    uint8_t seed[crypto_sign_SEEDBYTES];

    keys->suite = JB_SUITE_ED25519;
    memset(seed, fill, sizeof seed);
    memset(keys->line.secret_key, fill, JB_KEY_BYTES);
    FUZZ_MUST(crypto_scalarmult_base(keys->line.public_key, keys->line.secret_key) == 0);
    FUZZ_MUST(crypto_sign_seed_keypair(keys->sign_public, keys->sign_secret, seed) == 0);
}

/* Cases that the office has in hand, and whatever else a broker's log may hold. */
static void make(struct desk *d)
{
    fixed_keys(&d->broker_keys, 0x41);
    fixed_keys(&d->agent.keys, 0x61);
    d->config.data = d->w->dir;
    jb_keys_public(&d->broker_keys, &d->agent.broker);
    for (int64_t i = 0; i < FUZZ_DESK_CASES; i++)
        (void)desk_register(d, i, "屋面漏水");
    d->w->cases = FUZZ_DESK_CASES;
    for (int i = 0; i < HISTORY; i++) {
        struct jb_entry e = lw_random_entry(d->w, d->broker);
        desk_log(d, &e, NULL, 0);
    }
    desk_deliver(d);
}

struct desk *fuzz_desk(void)
{
    void *state = NULL;

    if (the_desk == NULL) {
        FUZZ_MUST(desk_setup(&state) == 0);
        the_desk = state;
        make(the_desk);
        fuzz_undo = true;
        FUZZ_MUST(atexit(unmake) == 0);
    }
    struct jb_agent *a = &the_desk->agent;
    jb_agent_gather_drop(a);
    jb_agent_pendings_fini(&a->pending);
    memset(a->wrong_codes_ms, 0, sizeof a->wrong_codes_ms);
    jb_directory_fini(&a->directory);
    jb_directory_init(&a->directory);
    FUZZ_MUST(jb_ledger_directory_load(a->ledger, &a->directory) == JB_OK);
    jb_arena_reset(&the_desk->w->arena);
    return the_desk;
}

/* The handlers that need no connection. */
static const jb_agent_handler handlers[] = {
    [JB__REQUEST__BODY_SUBMIT] = jb_agent_do_submit,
    [JB__REQUEST__BODY_CASES] = jb_agent_get_cases,
    [JB__REQUEST__BODY_CASE_FILE] = jb_agent_get_case,
    [JB__REQUEST__BODY_DEADLINES] = jb_agent_get_deadlines,
    [JB__REQUEST__BODY_NODES] = jb_agent_get_nodes,
    [JB__REQUEST__BODY_PENDING] = jb_agent_get_pending,
    [JB__REQUEST__BODY_SETTLED] = jb_agent_get_settled,
    [JB__REQUEST__BODY_STATUS] = jb_agent_get_status,
    [JB__REQUEST__BODY_ALARMS] = jb_agent_get_alarms,
    [JB__REQUEST__BODY_DIRECTIVES] = jb_agent_get_directives,
    [JB__REQUEST__BODY_DOCKETS] = jb_agent_get_dockets,
    [JB__REQUEST__BODY_PROPOSALS] = jb_agent_get_proposals,
    [JB__REQUEST__BODY_DELEGATIONS] = jb_agent_get_delegations,
    [JB__REQUEST__BODY_EXPLAIN] = jb_agent_get_explain,
    [JB__REQUEST__BODY_RULES] = jb_agent_get_rules,
    [JB__REQUEST__BODY_PUBLIC_QUERY] = jb_agent_get_public,
};

static void show(const Jb__Reply *reply)
{
    struct jb_arena arena;
    struct jb_text json;
    struct jb_bytes bytes;

    jb_arena_init(&arena, JSON_ARENA_BYTES);
    FUZZ_MUST(jb_message_encode(&reply->base, &arena, &bytes) == JB_OK);
    FUZZ_MUST(jb_message_json(&reply->base, 0, &arena, &json) == JB_OK);
    FUZZ_MUST(json_valid(json.data, json.len));
    jb_arena_fini(&arena);
}

void fuzz_desk_ask(struct desk *d, const Jb__Request *request)
{
    size_t kind = (size_t)request->body_case;

    if (kind >= sizeof handlers / sizeof handlers[0] || handlers[kind] == NULL)
        return;
    enum jb_err err = desk_ask(d, "clerk", request, handlers[kind]);
    FUZZ_MUST(err != JB_IO && err != JB_CORRUPT); /* the agent would stop */
    if (err == JB_OK && !d->r.later && !d->arena.overflowed)
        show(&d->reply);
}
