/* Several deliveries in one turn: one transaction, one verified head for all of them, and of a bad
 * frame and those behind it nothing. */
#include "tests/unit/agentdesk.h"

#define FRAMES 3

static int setup(void **state)
{
    assert_int_equal(desk_setup(state), 0);
    struct desk *d = *state;
    assert_int_equal(uv_timer_init(&d->loop, &d->agent.line.retry), 0);
    assert_int_equal(uv_timer_init(&d->loop, &d->agent.line.pulse), 0);
    return 0;
}

static int teardown(void **state)
{
    struct desk *d = *state;
    uv_close((uv_handle_t *)&d->agent.line.retry, NULL);
    uv_close((uv_handle_t *)&d->agent.line.pulse, NULL);
    return desk_teardown(state);
}

enum flaw {
    NONE,
    WRONG_HEAD,
    WRONG_SIGNATURE
};

/* Item `number` of the stream alone, as a signed frame, gathered. */
static void gather_one(struct desk *d, uint64_t number, enum flaw flaw)
{
    struct jb_frame_item *items = NULL;
    struct jb_frame f = {.kind = JB_FRAME_DELIVER, .first = number, .suite = JB_SUITE_ED25519};
    struct jb_stream_read want = {
        .node = DESK_NODE, .from = number, .max_items = 1, .max_bytes = SIZE_MAX};
    struct jb_bytes bytes;
    assert_int_equal(jb_stream_read(d->broker, &want, &d->w->arena, &items, &f.item_count, f.head),
                     JB_OK);
    assert_int_equal(f.item_count, 1);
    f.items = items;
    f.head[0] ^= flaw == WRONG_HEAD;
    memcpy(f.epoch, jb_ledger_epoch(d->broker), sizeof f.epoch);
    struct jb_line_claim claim =
        jb_line_claim_of(JB_LINE_DOWN_HEAD, DESK_NODE, f.epoch, number, f.head);
    assert_int_equal(jb_line_sign(f.suite, d->broker_keys.sign_secret, &claim, f.signature), JB_OK);
    f.signature[0] ^= flaw == WRONG_SIGNATURE;
    assert_int_equal(jb_frame_encode(&f, &d->w->arena, &bytes), JB_OK);
    jb_agent_gather(&d->agent, bytes);
}

/* FRAMES frames at once, of which `bad` (1 is the first) has a flaw. */
static void deliver(struct desk *d, uint64_t bad, enum flaw flaw)
{
    uint64_t before = jb_replica_down(d->agent.ledger).number;
    for (uint64_t i = 1; i <= FRAMES; i++)
        (void)desk_register(d, (int64_t)(before + i), "漏水");
    for (uint64_t i = 1; i <= FRAMES; i++)
        gather_one(d, before + i, i == bad ? flaw : NONE);
    jb_agent_apply(&d->agent);
    assert_false(d->agent.stopping);
}

static int64_t count_of(struct desk *d, const char *table)
{
    char sql[64];
    int64_t count = 0;
    (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", table);
    assert_int_equal(jb_db_number(d->agent.ledger, sql, &count), JB_OK);
    return count;
}

static void one_head_stands_for_all(void **state)
{
    struct desk *d = *state;
    struct jb_check check;
    struct jb_check_keys keys = {.broker_sign = d->agent.broker.sign,
                                 .own_sign = d->agent.keys.sign_public};
    struct jb_fault fault = {""};
    deliver(d, 0, NONE);
    assert_int_equal(jb_replica_down(d->agent.ledger).number, FRAMES);
    assert_int_equal(count_of(d, "proof"), 1);
    assert_int_equal(count_of(d, "ack"), 1);
    assert_int_equal(jb_ledger_check(d->agent.ledger, &keys, &check, &fault), JB_OK);
    assert_true(check.chain_intact && check.tables_equal);
}

static void refused_from(struct desk *d, uint64_t bad, enum flaw flaw)
{
    uint64_t before = jb_replica_down(d->agent.ledger).number;
    struct jb_line_point acked = {.number = 0};
    uint8_t suite = 0;
    uint8_t signature[JB_SIGN_BYTES];
    d->agent.line.state = JB_AGENT_IN_SYNC;
    deliver(d, bad, flaw);
    assert_int_equal(jb_replica_down(d->agent.ledger).number, before + bad - 1);
    assert_int_equal(d->agent.line.state, JB_AGENT_RESYNC);
    enum jb_err err = jb_replica_ack_last(d->agent.ledger, &acked, &suite, signature);
    assert_true(err == JB_OK || (err == JB_NOT_FOUND && before + bad == 1));
    assert_int_equal(acked.number, before + bad - 1);
    desk_deliver(d); /* sent again, and as it should be */
}

static void what_stands_before_a_bad_frame_is_kept(void **state)
{
    for (uint64_t bad = 1; bad <= FRAMES; bad++)
        refused_from(*state, bad, WRONG_HEAD);
}

/* The last one is what the others stand on; without it each stands on its own. */
static void a_bad_signature_at_the_end_spoils_only_its_frame(void **state)
{
    refused_from(*state, FRAMES, WRONG_SIGNATURE);
    assert_int_equal(count_of(*state, "proof"), FRAMES);
}

static void a_good_signature_covers_those_before_it(void **state)
{
    struct desk *d = *state;
    deliver(d, 1, WRONG_SIGNATURE);
    assert_int_equal(jb_replica_down(d->agent.ledger).number, FRAMES);
}

/* A long run of frames has signed heads in between: a restored broker asks for pieces. */
static void heads_are_never_far_apart(void **state)
{
    struct desk *d = *state;
    for (uint64_t i = 1; i <= 600; i++)
        (void)desk_register(d, (int64_t)i, "漏水");
    for (uint64_t i = 1; i <= 600; i++)
        gather_one(d, i, NONE);
    jb_agent_apply(&d->agent);
    assert_int_equal(jb_replica_down(d->agent.ledger).number, 600);
    assert_int_equal(count_of(d, "proof"), 3); /* 256, 512, 600 */
    assert_int_equal(count_of(d, "ack"), 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(one_head_stands_for_all),
        CASE(what_stands_before_a_bad_frame_is_kept),
        CASE(a_bad_signature_at_the_end_spoils_only_its_frame),
        CASE(a_good_signature_covers_those_before_it),
        CASE(heads_are_never_far_apart),
    };
    return cmocka_run_group_tests_name("agent_apply", tests, NULL, NULL);
}
