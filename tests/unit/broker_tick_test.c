/* One tick of the broker without sockets: items in, decide, commit, what stands in log and streams.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/brokerworld.h"

static void a_new_node_gets_directory_policy_and_calendar(void **state)
{
    struct world *w = *state;
    struct seen s;
    read_stream(w, LABOUR, 1, &s);
    assert_int_equal(s.count, 6);
    assert_int_equal(s.entries[0].act.kind, JB_ACT_INSTALL_POLICY);
    assert_int_equal(s.entries[1].act.kind, JB_ACT_INSTALL_CALENDAR);
    assert_true(s.items[0].history);
    assert_int_equal(s.entries[5].act.kind, JB_ACT_ENROL_NODE);
    assert_int_equal(s.entries[5].act.node, LABOUR);
    assert_false(s.items[5].history);
}

static void a_joining_node_gets_the_history_first(void **state)
{
    struct world *w = *state;
    struct seen s;
    uint64_t before = stream_end(w, HOUSING);
    int64_t no = register_case(w);
    run_tick(w);
    next_tick(w);
    assert_int_equal(stream_end(w, HOUSING), before); /* not its business yet */
    assign(w, no, 1, HOUSING);
    run_tick(w);
    next_tick(w);
    read_stream(w, HOUSING, before + 1, &s);
    assert_int_equal(s.count, 2);
    assert_int_equal(s.entries[0].act.kind, JB_ACT_REGISTER);
    assert_true(s.items[0].history);
    assert_int_equal(s.entries[1].act.kind, JB_ACT_ASSIGN);
    assert_false(s.items[1].history);
    assert_int_equal(s.items[1].settles, 0);
}

static void register_and_assign_in_one_batch_travel_together(void **state)
{
    struct world *w = *state;
    struct seen s;
    uint64_t before = stream_end(w, HOUSING);
    int64_t no = register_case(w);
    assign(w, no, 1, HOUSING);
    run_tick(w);
    next_tick(w);
    read_stream(w, HOUSING, before + 1, &s);
    assert_int_equal(s.count, 2);
    assert_int_equal(s.entries[0].act.kind, JB_ACT_REGISTER);
    assert_int_equal(s.entries[1].act.kind, JB_ACT_ASSIGN);
}

static void bad_submissions_spoil_only_themselves(void **state)
{
    struct world *w = *state;
    struct seen s;
    uint64_t before = stream_end(w, OFFICE);
    int64_t good = register_case(w);
    submit_bytes(w, OFFICE, (struct jb_bytes){(const uint8_t *)"\xff\xff\xff", 3});
    struct jb_act nul = {.kind = JB_ACT_NOTE, .case_no = good, .text = {"a\0b", 3}};
    struct jb_submission raw = {.user = jb_text_of("clerk"), .made_at_ms = w->now_ms};
    struct jb_bytes act_bytes = {NULL, 0};
    struct jb_bytes bytes = {NULL, 0};
    nul.text = jb_text_of("aXb");
    assert_int_equal(jb_act_encode(&nul, &w->arena, &act_bytes), JB_OK);
    uint8_t *patched = jb_arena_memdup(&w->arena, act_bytes.data, act_bytes.len);
    *(uint8_t *)memchr(patched, 'X', act_bytes.len) = 0;
    raw.act_bytes = (struct jb_bytes){patched, act_bytes.len};
    assert_int_equal(jb_submission_encode(&raw, &w->arena, &bytes), JB_OK);
    submit_bytes(w, OFFICE, bytes);
    assign(w, good, 1, HOUSING);
    run_tick(w);
    next_tick(w);
    read_stream(w, OFFICE, before + 1, &s);
    assert_int_equal(s.count, 4);
    for (uint64_t i = 0; i < 4; i++)
        assert_int_equal(s.items[i].settles, i + 1);
    assert_int_equal(s.items[0].kind, JB_ITEM_ENTRY);
    assert_int_equal(s.items[1].kind, JB_ITEM_REFUSAL);
    assert_int_equal(s.items[1].refusal.code, JB_MALFORMED);
    assert_int_equal(s.items[2].kind, JB_ITEM_REFUSAL);
    assert_int_equal(s.items[2].refusal.code, JB_NUL_IN_TEXT);
    assert_int_equal(s.items[3].kind, JB_ITEM_ENTRY);
}

static void an_outsider_learns_nothing(void **state)
{
    struct world *w = *state;
    struct seen s;
    int64_t no = register_case(w);
    assign(w, no, 1, HOUSING);
    run_tick(w);
    next_tick(w);
    uint64_t before = stream_end(w, LABOUR);
    struct jb_act note = {.kind = JB_ACT_NOTE, .case_no = no, .text = jb_text_of("?")};
    submit(w, LABOUR, &note);
    note.case_no = new_case_no(w, OFFICE); /* does not exist */
    submit(w, LABOUR, &note);
    run_tick(w);
    next_tick(w);
    read_stream(w, LABOUR, before + 1, &s);
    assert_int_equal(s.count, 2);
    assert_int_equal(s.items[0].refusal.code, JB_REFUSE_UNKNOWN_CASE);
    assert_int_equal(s.items[1].refusal.code, JB_REFUSE_UNKNOWN_CASE);
    assert_true(jb_text_equal(s.items[0].refusal.name, s.items[1].refusal.name));
    assert_int_equal(s.items[0].refusal.holder, 0);
}

static void an_agreed_objection_makes_the_agency_leave(void **state)
{
    struct world *w = *state;
    struct seen s;
    int64_t no = register_case(w);
    assign(w, no, 1, HOUSING);
    struct jb_act object = {.kind = JB_ACT_OBJECT,
                            .case_no = no,
                            .custody = 2,
                            .reason = jb_text_of("不属于本单位职权")};
    submit(w, HOUSING, &object);
    struct jb_act rule = {
        .kind = JB_ACT_RULE_ON_OBJECTION, .case_no = no, .custody = 2, .ruling = JB_RULING_AGREED};
    submit(w, OFFICE, &rule);
    run_tick(w);
    next_tick(w);
    uint64_t end = stream_end(w, HOUSING);
    read_stream(w, HOUSING, end, &s);
    assert_int_equal(s.count, 1);
    assert_int_equal(s.items[0].kind, JB_ITEM_LEFT);
    assert_int_equal(s.items[0].left_case_no, no);
    struct jb_case c;
    assert_int_equal(jb_ledger_case_load(w->b.ledger, no, &w->arena, &c), JB_OK);
    assert_int_equal(c.host, OFFICE);
    assert_int_equal(c.custody, 3);
    assert_true(jb_case_has(&c, OFFICE));
    assert_false(jb_case_has(&c, HOUSING));
}

static void the_sender_learns_of_the_signed_receipt(void **state)
{
    struct world *w = *state;
    struct seen s;
    int64_t no = register_case(w);
    assign(w, no, 1, HOUSING);
    run_tick(w);
    uint64_t assign_seq = w->b.fill->next_seq - 1;
    next_tick(w);
    uint64_t before = stream_end(w, OFFICE);
    acknowledge(w, HOUSING);
    acknowledge(w, HOUSING); /* twice in one batch: told once */
    run_tick(w);
    next_tick(w);
    read_stream(w, OFFICE, before + 1, &s);
    assert_int_equal(s.count, 1);
    assert_int_equal(s.entries[0].act.kind, JB_ACT_STORED);
    assert_int_equal(s.entries[0].act.node, HOUSING);
    assert_int_equal(s.entries[0].act.items.count, 1);
    assert_int_equal(s.entries[0].act.items.at[0].case_no, no);
    assert_int_equal(s.entries[0].act.items.at[0].log_seq, assign_seq);
    acknowledge(w, HOUSING); /* a repeat tells nobody anything */
    run_tick(w);
    assert_int_equal(w->b.fill->op_count, 0);
    next_tick(w);
}

static void clocks_that_start_at_receipt_are_counted_again(void **state)
{
    struct world *w = *state;
    struct jb_case c;
    int64_t no = register_case(w);
    assign(w, no, 1, HOUSING);
    run_tick(w);
    next_tick(w);
    assert_int_equal(jb_ledger_case_load(w->b.ledger, no, &w->arena, &c), JB_OK);
    int64_t notify = jb_case_open_deadline(&c, "notify")->due_ms;
    int64_t assigned = jb_case_open_deadline(&c, "assigned")->due_ms;
    w->now_ms += 2 * DAY_MS; /* the agency was cut off for two days */
    acknowledge(w, HOUSING);
    run_tick(w);
    next_tick(w);
    assert_int_equal(jb_ledger_case_load(w->b.ledger, no, &w->arena, &c), JB_OK);
    assert_int_equal(jb_case_open_deadline(&c, "notify")->due_ms, notify + 2 * DAY_MS);
    assert_int_equal(jb_case_open_deadline(&c, "assigned")->due_ms, assigned);
}

static void the_clock_fires_once_with_the_true_instant(void **state)
{
    struct world *w = *state;
    struct jb_case c;
    int64_t no = register_case(w);
    run_tick(w);
    next_tick(w);
    assert_int_equal(jb_ledger_case_load(w->b.ledger, no, &w->arena, &c), JB_OK);
    int64_t due = jb_case_open_deadline(&c, "sort")->due_ms;
    w->now_ms =
        due + 3 * DAY_MS; /* the broker was off: warnings and the due instant have gone by */
    for (int round = 0; round < 2; round++) {
        size_t count = 0;
        int64_t next = 0;
        assert_int_equal(jb_clockwork_queue(&w->b, w->now_ms, 4, &count, &next), JB_OK);
        assert_int_equal(count, round == 0 ? 1 : 0);
        run_tick(w);
        next_tick(w);
    }
    assert_int_equal(w->b.count.missed, 1);
    assert_int_equal(jb_ledger_case_load(w->b.ledger, no, &w->arena, &c), JB_OK);
    assert_int_equal(jb_case_open_deadline(&c, "sort")->missed_ms, due);
}

static void a_rebuild_gives_the_same_tables(void **state)
{
    struct world *w = *state;
    uint8_t before[JB_HASH_BYTES];
    uint8_t after[JB_HASH_BYTES];
    struct jb_fault fault = {""};
    for (int i = 0; i < 5; i++) {
        int64_t no = register_case(w);
        assign(w, no, 1, i % 2 == 0 ? HOUSING : LABOUR);
    }
    run_tick(w);
    next_tick(w);
    acknowledge(w, HOUSING);
    run_tick(w);
    next_tick(w);
    assert_int_equal(jb_ledger_digest(w->b.ledger, before), JB_OK);
    assert_int_equal(jb_ledger_rebuild(w->b.ledger, &fault), JB_OK);
    assert_int_equal(jb_ledger_digest(w->b.ledger, after), JB_OK);
    assert_memory_equal(before, after, sizeof before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_new_node_gets_directory_policy_and_calendar, world_setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(a_joining_node_gets_the_history_first, world_setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(register_and_assign_in_one_batch_travel_together,
                                        world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(bad_submissions_spoil_only_themselves, world_setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(an_outsider_learns_nothing, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(an_agreed_objection_makes_the_agency_leave, world_setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(the_sender_learns_of_the_signed_receipt, world_setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(clocks_that_start_at_receipt_are_counted_again, world_setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(the_clock_fires_once_with_the_true_instant, world_setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(a_rebuild_gives_the_same_tables, world_setup,
                                        world_teardown),
    };
    return cmocka_run_group_tests_name("broker_tick", tests, NULL, NULL);
}
