/* See fuzzdesk.h. */
#include "tests/fuzz/fuzzdesk.h"

#include <sodium.h>

#include "clients/agent/blob.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzzblob.h"
#include "tests/fuzz/fuzzline.h"
#include "tests/fuzz/jsoncheck.h"
#include "tests/fuzz/sqlpool.h"

#define HISTORY 24
#define TURNS_MAX 1000
#define JSON_ARENA_BYTES ((size_t)64 * 1024 * 1024)

void outside_fail(struct jb_agent *a, enum jb_err err,
                  const char *what) __asm__("__wrap_jb_agent_fail");

/* Whatever the broker or a client sends, the agent goes on. */
void outside_fail(struct jb_agent *a, enum jb_err err, const char *what)
{
    fprintf(stderr, "the agent stops: %s: %s (%s)\n", what, jb_err_name(err),
            jb_ledger_error(a->ledger));
    abort();
}

static struct desk *the_desk;

static void blobs_end(struct desk *d)
{
    jb_agent_blobs_stop(&d->agent);
    (void)uv_run(&d->loop, UV_RUN_NOWAIT); /* its handle is closed */
    jb_agent_blobs_fini(&d->agent);
}

static void unmake(void)
{
    void *state = the_desk;
    struct jb_agent *a = &the_desk->agent;

    fuzz_undo = false;
    fuzz_pool_fini();
    blobs_end(the_desk);
    jb_agent_local_stop(a);
    jb_agent_line_stop(a);
    uv_close((uv_handle_t *)&a->wait_timer, NULL);
    jb_arena_fini(&a->line.in);
    jb_arena_fini(&a->line.out);
    jb_directory_fini(&a->directory);
    free(a->ledger_path);
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

static void make_config(struct desk *d)
{
    struct jb_agent_config *c = &d->config;

    c->data = d->w->dir;
    c->blob_bytes = INT64_C(64) * 1024 * 1024;
    c->protocol_max = JB_PROTOCOL_MAX;
    c->window_items = 64;
    c->window_bytes = 1 << 20;
    c->socket_mode = 600;
}

/* The blobs are attached to the first case, whose key is here. */
static void attach_blobs(struct desk *d)
{
    for (size_t i = 0; i < FUZZ_BLOBS; i++) {
        const struct fuzz_blob *b = &fuzz_blobs()[i];
        struct jb_entry e = desk_entry(d, JB_ACT_ATTACH, lw_case_no(0));
        e.act.content_hash = (struct jb_bytes){b->hash, sizeof b->hash};
        e.act.size_bytes = b->manifest.size_bytes;
        e.act.sealed = fuzz_blob_label();
        desk_log(d, &e, NULL, 0);
    }
}

/* Cases that the office has in hand, and whatever else a broker's log may hold. */
static void make_history(struct desk *d)
{
    for (int64_t i = 0; i < FUZZ_DESK_CASES; i++)
        (void)desk_register(d, i, "屋面漏水");
    d->w->cases = FUZZ_DESK_CASES;
    for (int i = 0; i < HISTORY; i++) {
        struct jb_entry e = lw_random_entry(d->w, d->broker);
        desk_log(d, &e, NULL, 0);
    }
    attach_blobs(d);
    desk_deliver(d);
    FUZZ_MUST(jb_ledger_begin(d->agent.ledger) == JB_OK);
    FUZZ_MUST(jb_ledger_case_key_put(d->agent.ledger, lw_case_no(0), fuzz_blob_key) == JB_OK);
    FUZZ_MUST(jb_ledger_commit(d->agent.ledger) == JB_OK);
    for (int64_t i = 0; i < 2; i++) { /* and something waits for its verdict */
        struct jb_act note = {
            .kind = JB_ACT_NOTE, .case_no = lw_case_no(i), .text = jb_text_of("已联系")};
        FUZZ_MUST(desk_submit(d, "clerk", &note, NULL) == JB_OK);
    }
}

static void make(struct desk *d)
{
    struct jb_fault fault = {""};
    struct jb_agent *a = &d->agent;

    fixed_keys(&d->broker_keys, 0x40);
    fixed_keys(&a->keys, 0x60);
    make_config(d);
    jb_keys_public(&d->broker_keys, &a->broker);
    a->pins.at[0] = a->broker;
    memcpy(a->pins.signs[0], a->broker.sign, sizeof a->pins.signs[0]);
    a->pins.count = 1;
    make_history(d);
    a->ledger_path = strdup(lw_path(d->w, "r.db"));
    FUZZ_MUST(a->ledger_path != NULL);
    fuzz_pool_keep(a->ledger_path); /* for who reads it beside the agent */
    fuzz_blobs_put(d->w->dir);
    FUZZ_MUST(jb_agent_line_start(a, &fault) == JB_OK);
    FUZZ_MUST(jb_agent_local_start(a, &fault) == JB_OK);
}

/* As after a start: not connected yet, nothing sent, nobody waits. */
static void forget_line(struct jb_agent *a)
{
    struct jb_agent_line *line = &a->line;

    jb_agent_line_break(a, JB_AGENT_OFFLINE, INT32_MAX, "no connection to the broker");
    line->pause_ms = 0;
    line->protocol = 0;
    line->recovering = false;
    line->held[0] = '\0';
    line->target = 0;
    line->in_sync_ms = 0;
    line->skew_ms = 0;
    line->stall_down = 0;
    line->stall_up = 0;
    jb_agent_pump_rewind(a, 0);
    a->pump_wanted = false;
}

static void forget_blobs(struct desk *d)
{
    struct jb_fault fault = {""};

    if (d->agent.blobs != NULL)
        blobs_end(d);
    fuzz_blobs_restore(d->w->dir);
    FUZZ_MUST(jb_agent_blobs_start(&d->agent, &fault) == JB_OK);
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
    fuzz_random_again(0);
    forget_line(a);
    FUZZ_MUST(jb_agent_pending_load(a) == JB_OK);
    memset(a->wrong_codes_ms, 0, sizeof a->wrong_codes_ms);
    a->wrong_next = 0;
    jb_directory_fini(&a->directory);
    jb_directory_init(&a->directory);
    FUZZ_MUST(jb_ledger_directory_load(a->ledger, &a->directory) == JB_OK);
    jb_arena_reset(&the_desk->w->arena);
    forget_blobs(the_desk);
    return the_desk;
}

/* What the agent does before its loop sleeps. */
static void tick(struct jb_agent *a)
{
    jb_agent_apply(a);
    jb_agent_group_take(a);
    if (a->pump_wanted) {
        a->pump_wanted = false;
        jb_agent_pump(a);
    }
}

void fuzz_desk_turn(struct desk *d)
{
    for (int i = 0; i < TURNS_MAX; i++) {
        bool worked = fuzz_work_run();
        tick(&d->agent);
        (void)uv_run(&d->loop, UV_RUN_NOWAIT);
        if (!worked && uv_backend_timeout(&d->loop) != 0)
            return;
    }
    FUZZ_MUST(false); /* it comes to rest */
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
    [JB__REQUEST__BODY_RECEIPTS] = jb_agent_get_receipts,
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
