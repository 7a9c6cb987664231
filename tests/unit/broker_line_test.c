/* The broker's end of a line where it is unkind: an incarnation that comes back, an acknowledgement
 * that many senders wait for, a window that a node would like to have, a check that must end early.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "proto/wire/seal.h"
#include "tests/unit/brokerworld.h"

/* ---- incarnations ---- */

static const uint8_t first_epoch[JB_EPOCH_BYTES] = {7};
static const uint8_t second_epoch[JB_EPOCH_BYTES] = {8};

static void begin_epoch(struct world *w, uint32_t node, const uint8_t epoch[JB_EPOCH_BYTES])
{
    struct jb_intake_item *item = jb_batch_item(w->b.fill);
    assert_non_null(item);
    item->source = JB_FROM_EPOCH;
    item->node = node;
    item->key_tag = key_tag_of(w, node);
    memcpy(item->epoch, epoch, JB_EPOCH_BYTES);
    w->made[node] = 0;
}

/* A submission that is refused, with the signature that came with its frame. */
static void submit_bad(struct world *w, uint32_t node, const uint8_t epoch[JB_EPOCH_BYTES])
{
    static struct jb_receipt receipt;
    submit_bytes(w, node, (struct jb_bytes){(const uint8_t *)"\xff", 1});
    receipt = (struct jb_receipt){
        .node = node, .suite = JB_SUITE_ED25519, .at_ms = w->now_ms, .point.number = w->made[node]};
    memcpy(receipt.point.epoch, epoch, JB_EPOCH_BYTES);
    w->b.fill->items[w->b.fill->item_count - 1].signature = &receipt;
}

static void an_incarnation_with_submissions_is_remembered(void **state)
{
    struct world *w = *state;
    bool seen = true;
    begin_epoch(w, OFFICE, first_epoch);
    run_tick(w);
    next_tick(w);
    assert_int_equal(jb_line_up_epoch_seen(w->b.reader, OFFICE, first_epoch, &seen), JB_OK);
    assert_false(seen); /* nothing of it was taken yet: it may begin again */
    submit_bad(w, OFFICE, first_epoch);
    run_tick(w);
    next_tick(w);
    begin_epoch(w, OFFICE, second_epoch);
    run_tick(w);
    next_tick(w);
    assert_int_equal(jb_line_up_epoch_seen(w->b.reader, OFFICE, first_epoch, &seen), JB_OK);
    assert_true(seen);
    assert_int_equal(jb_line_up_epoch_seen(w->b.reader, OFFICE, second_epoch, &seen), JB_OK);
    assert_false(seen);
    assert_int_equal(jb_line_up_epoch_seen(w->b.reader, HOUSING, first_epoch, &seen), JB_OK);
    assert_false(seen);
}

/* In one burst, before the first is on disk, a node may still switch back: its own confusion, not
 * the end of the broker. */
static void a_refusal_of_the_same_number_again_does_not_stop_the_broker(void **state)
{
    struct world *w = *state;
    begin_epoch(w, OFFICE, first_epoch);
    submit_bad(w, OFFICE, first_epoch);
    begin_epoch(w, OFFICE, second_epoch);
    begin_epoch(w, OFFICE, first_epoch);
    submit_bad(w, OFFICE, first_epoch);
    run_tick(w); /* fails when the commit fails */
    next_tick(w);
}

/* ---- one acknowledgement, many senders ---- */

#define SENDERS 70

static void every_sender_learns_of_one_receipt(void **state)
{
    struct world *w = *state;
    static uint8_t keys[SENDERS][JB_KEY_BYTES];
    static char codes[SENDERS][16];
    struct jb_stored_items duties = {NULL, 0};
    uint64_t seq = 0;
    for (size_t i = 0; i < SENDERS; i++) {
        uint32_t node = (uint32_t)w->b.directory.count + 2;
        memset(keys[i], 0x40 + (int)i, JB_KEY_BYTES);
        (void)snprintf(codes[i], sizeof codes[i], "t%zu", i);
        struct jb_intake_item *item = jb_batch_item(w->b.fill);
        struct jb_act *act = jb_arena_alloc(&w->b.fill->arena, sizeof *act);
        assert_non_null(act);
        *act = (struct jb_act){.kind = JB_ACT_ENROL_NODE,
                               .node = node,
                               .code = jb_text_of(codes[i]),
                               .name = jb_text_of(codes[i]),
                               .level = JB_LEVEL_COUNTY,
                               .node_kind = JB_NODE_OFFICE,
                               .parent = GOV,
                               .line_key = {keys[i], JB_KEY_BYTES},
                               .sign_key = {keys[i], JB_KEY_BYTES}};
        item->source = JB_FROM_ADMIN;
        item->act = act;
        item->user = jb_text_of("admin:test");
        run_tick(w);
        next_tick(w);
        assert_non_null(jb_directory_find(&w->b.directory, node));
    }
    uint32_t last = (uint32_t)w->b.directory.count + 1;
    for (uint32_t node = last - SENDERS + 1; node <= last; node++) {
        struct jb_act act = {.kind = JB_ACT_REGISTER,
                             .matter = JB_MATTER_APPEAL,
                             .channel = JB_CHANNEL_LETTER,
                             .title = jb_text_of("题"),
                             .content = jb_text_of("文")};
        struct jb_act hand = {.kind = JB_ACT_ASSIGN,
                              .custody = 1,
                              .node = HOUSING,
                              .authority = JB_AUTHORITY_FIRST_ASSIGNMENT,
                              .text = jb_text_of("请办理")};
        act.case_no = hand.case_no = new_case_no(w, node);
        w->made[6] = 0; /* its line begins */
        for (int k = 0; k < 2; k++) {
            struct jb_submission s = {.user = jb_text_of("clerk"), .made_at_ms = w->now_ms};
            struct jb_bytes raw;
            assert_int_equal(jb_act_encode(k == 0 ? &act : &hand, &w->arena, &s.act_bytes), JB_OK);
            assert_int_equal(jb_submission_encode(&s, &w->arena, &raw), JB_OK);
            submit_bytes(w, 6, raw); /* chained as node 6's, taken as this one's */
            w->b.fill->items[w->b.fill->item_count - 1].node = node;
            w->b.fill->items[w->b.fill->item_count - 1].key_tag = key_tag_of(w, node);
        }
        run_tick(w);
        next_tick(w);
    }
    assert_int_equal(
        jb_stream_duties(w->b.ledger, HOUSING, 0, stream_end(w, HOUSING), &w->arena, &duties),
        JB_OK);
    assert_int_equal(duties.count, SENDERS);
    acknowledge(w, HOUSING);
    run_tick(w);
    seq = w->b.fill->next_seq;
    assert_int_equal(w->b.fill->op_count, 1 + SENDERS); /* the receipt, and one entry for each */
    assert_true(seq > SENDERS);
    for (size_t i = 1; i < w->b.fill->op_count; i++) {
        assert_int_equal(w->b.fill->ops[i].entry->act.kind, JB_ACT_STORED);
        assert_int_equal(w->b.fill->ops[i].entry->act.items.count, 1);
        assert_int_equal(w->b.fill->ops[i].audience[0].node, last - SENDERS + i);
    }
    next_tick(w);
}

/* ---- credit ---- */

static void a_node_cannot_widen_the_brokers_window(void **state)
{
    struct world *w = *state;
    struct jb_peer p = {0};
    w->config.window_items = 512;
    w->config.window_bytes = 2 << 20;
    const struct {
        uint32_t items, bytes, want_items, want_bytes;
    } rows[] = {
        {0, 0, 512, 2 << 20},
        {16, 4096, 16, 4096},
        {UINT32_MAX, UINT32_MAX, 512, 2 << 20},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct jb_frame f = {
            .kind = JB_FRAME_ACK, .window_items = rows[i].items, .window_bytes = rows[i].bytes};
        jb_peer_window(&w->b, &p, &f);
        assert_int_equal(p.window_items, rows[i].want_items);
        assert_int_equal(p.window_bytes, rows[i].want_bytes);
    }
}

/* ---- a check that must end early ---- */

static void a_check_can_be_ended_from_another_thread(void **state)
{
    struct world *w = *state;
    char path[128];
    atomic_bool cancel = false;
    struct jb_ledger *l = NULL;
    struct jb_check check = {0};
    struct jb_fault fault = {""};
    struct jb_ledger_options options = {
        .role = JB_LEDGER_BROKER, .read_only = true, .cancel = &cancel};
    for (int i = 0; i < 50; i++)
        (void)register_case(w);
    run_tick(w);
    next_tick(w);
    (void)snprintf(path, sizeof path, "%s/broker.db", w->folder);
    assert_int_equal(jb_ledger_open(path, &options, &l, &fault), JB_OK);
    assert_int_equal(jb_ledger_check(l, NULL, &check, &fault), JB_OK);
    assert_int_equal(check.items, w->b.ledger != NULL ? jb_log_last_seq(w->b.ledger) : 0);
    atomic_store(&cancel, true);
    assert_int_equal(jb_ledger_check(l, NULL, &check, &fault), JB_CLOSED);
    assert_true(check.items < jb_log_last_seq(w->b.ledger));
    jb_ledger_close(&l);
}

/* The same instant for both: what an administrator did first is in force for what comes behind it
 * in the same batch. What was not taken comes again with the new key, from the same number. */
static void a_replaced_key_has_no_say_in_the_same_batch(void **state)
{
    static uint8_t key[JB_KEY_BYTES] = {99};
    struct world *w = *state;
    struct jb_peer *p = jb_broker_peer(&w->b, OFFICE);
    struct jb_act replace = {.kind = JB_ACT_REPLACE_KEYS,
                             .node = OFFICE,
                             .line_key = {key, sizeof key},
                             .sign_key = {key, sizeof key},
                             .reason = jb_text_of("遗失")};
    assert_non_null(p);
    (void)register_case(w);
    run_tick(w);
    next_tick(w);
    struct jb_line_point taken = p->up_decided;
    uint64_t log = jb_log_last_seq(w->b.ledger);
    assert_int_equal(taken.number, w->made[OFFICE]);

    struct jb_bytes raw = {(const uint8_t *)"\xff", 1};
    admin(w, &replace);
    submit_bytes(w, OFFICE, raw); /* with the tag of the key that is in force until then */
    submit_bytes(w, OFFICE, raw);
    p->up_taken.number = w->made[OFFICE];
    run_tick(w);
    next_tick(w);
    assert_int_equal(jb_log_last_seq(w->b.ledger), log + 1); /* the replacement */
    assert_int_equal(w->b.count.overtaken, 2);
    assert_int_equal(w->b.count.malformed, 0);
    assert_int_equal(p->up_taken.number, taken.number);
    assert_memory_equal(p->up_taken.head, taken.head, JB_HASH_BYTES);

    w->made[OFFICE] = taken.number;
    memcpy(w->heads[OFFICE], taken.head, JB_HASH_BYTES);
    (void)register_case(w);
    run_tick(w);
    next_tick(w);
    assert_int_equal(jb_log_last_seq(w->b.ledger), log + 2);
    assert_int_equal(p->up_decided.number, taken.number + 1);
}

/* The broker's keys were changed between the rating and the end of its window. */
static void a_rating_sealed_to_the_former_key_is_opened(void **state)
{
    struct world *w = *state;
    struct jb_node_keys stranger;
    struct jb_fault fault;
    struct jb_act act = {.kind = JB_ACT_RATE,
                         .case_no = INT64_C(202611230000300049),
                         .rated_party = JB_RATED_OFFICE};
    assert_int_equal(jb_keys_generate(JB_SUITE_ED25519, &w->b.keys, &fault), JB_OK);
    assert_int_equal(jb_keys_generate(JB_SUITE_ED25519, &stranger, &fault), JB_OK);
    assert_int_equal(jb_rating_seal(stranger.line.public_key, act.case_no, JB_RATED_OFFICE, 2,
                                    &w->arena, &act.sealed),
                     JB_OK);
    assert_false(jb_rating_is_good(&w->b, &act));
    w->b.former = stranger; /* no stranger's: the one before */
    assert_true(jb_rating_is_good(&w->b, &act));
    assert_int_equal(jb_rating_seal(w->b.keys.line.public_key, act.case_no, JB_RATED_OFFICE, 2,
                                    &w->arena, &act.sealed),
                     JB_OK);
    assert_true(jb_rating_is_good(&w->b, &act));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_rating_sealed_to_the_former_key_is_opened, world_setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(a_replaced_key_has_no_say_in_the_same_batch, world_setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(an_incarnation_with_submissions_is_remembered, world_setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(a_refusal_of_the_same_number_again_does_not_stop_the_broker,
                                        world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(every_sender_learns_of_one_receipt, world_setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(a_node_cannot_widen_the_brokers_window, world_setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(a_check_can_be_ended_from_another_thread, world_setup,
                                        world_teardown),
    };
    return cmocka_run_group_tests_name("broker_line", tests, NULL, NULL);
}
