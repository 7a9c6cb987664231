/* A node's replica: taking the stream, leaving a case, evidence, case numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "proto/rules/caseno.h"
#include "tests/unit/casesame.h"
#include "tests/unit/ledger_pair.h"

/* ---- identity ---- */

static void node_and_epoch_are_learnt_once(void **state)
{
    struct lw *w = *state;
    uint8_t epoch[JB_EPOCH_BYTES] = {1};
    uint8_t other[JB_EPOCH_BYTES] = {2};
    struct jb_outbox_item item = {.body = {(const uint8_t *)"x", 1}};
    struct jb_ledger *l = lw_open(w, "r.db", JB_LEDGER_REPLICA);

    assert_int_equal(jb_ledger_begin(l), JB_OK);
    assert_int_equal(jb_replica_node(l), 0);
    assert_int_equal(jb_outbox_add(l, &item), JB_NOT_FOUND);
    assert_int_equal(jb_replica_down_epoch(l, epoch), JB_NOT_FOUND);
    assert_int_equal(jb_replica_node_set(l, 0), JB_RANGE);
    assert_int_equal(jb_replica_node_set(l, 100000), JB_RANGE);
    assert_int_equal(jb_replica_node_set(l, LP_NODE), JB_OK);
    jb_ledger_rollback(l);
    assert_int_equal(jb_replica_node(l), 0);
    assert_int_equal(jb_ledger_begin(l), JB_OK);
    assert_int_equal(jb_replica_node_set(l, LP_NODE), JB_OK);
    assert_int_equal(jb_replica_node_set(l, LP_NODE), JB_OK);
    assert_int_equal(jb_replica_node_set(l, LP_NODE + 1), JB_WRONG_NODE);
    assert_int_equal(jb_replica_down_epoch(l, epoch), JB_OK);
    assert_int_equal(jb_replica_down_epoch(l, epoch), JB_OK);
    assert_int_equal(jb_replica_down_epoch(l, other), JB_DIVERGED);
    assert_int_equal(jb_ledger_commit(l), JB_OK);
    struct jb_line_point down = jb_replica_down(l);
    lw_close(&l);
    l = lw_open(w, "r.db", JB_LEDGER_REPLICA);
    assert_int_equal(jb_replica_node(l), LP_NODE);
    struct jb_line_point again = jb_replica_down(l);
    assert_memory_equal(&down, &again, sizeof down);
    lw_close(&l);
}

/* ---- taking ---- */

static void only_the_next_item_is_taken(void **state)
{
    static const struct {
        uint64_t number;
        enum jb_err err;
    } rows[] = {{2, JB_GAP}, {1, JB_OK},     {1, JB_REPEAT}, {3, JB_GAP},
                {2, JB_OK},  {1, JB_REPEAT}, {3, JB_OK}};
    struct lw *w = *state;
    struct jb_applied applied;
    struct lp p = lp_open(w);

    for (int64_t i = 0; i < 3; i++)
        lp_told(w, &p, i, (struct jb_stream_add){0});
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t before = jb_replica_down(p.replica).number;
        assert_int_equal(lp_take(w, &p, rows[i].number, &applied), rows[i].err);
        if (rows[i].err == JB_OK) {
            assert_int_equal(applied.item.number, rows[i].number);
            assert_int_equal(applied.case_no, lw_case_no((int64_t)rows[i].number - 1));
            assert_int_equal(applied.entry.act.kind, JB_ACT_REGISTER);
        } else {
            assert_int_equal(jb_replica_down(p.replica).number, before);
            assert_true(w->fault.text[0] != '\0');
        }
    }
    struct jb_line_point down = jb_replica_down(p.replica);
    assert_memory_equal(&down, &jb_line_get(p.broker, LP_NODE)->down, sizeof down);
    lw_close(&p.replica);
    p.replica = lw_open(w, "r.db", JB_LEDGER_REPLICA);
    struct jb_line_point again = jb_replica_down(p.replica);
    assert_memory_equal(&down, &again, sizeof down);
    lp_close(&p);
}

static void an_item_that_does_not_fit_changes_nothing(void **state)
{
    static const uint8_t short_key[3] = {1, 2, 3};
    struct lw *w = *state;
    struct jb_applied applied;
    struct jb_frame_item *items;
    struct jb_frame_item bad;
    size_t count;
    uint8_t head[JB_HASH_BYTES];
    struct jb_stream_read want = {
        .node = LP_NODE, .from = 1, .max_items = 9, .max_bytes = SIZE_MAX};
    struct lp p = lp_open(w);

    /* an effect on a case that was never registered here */
    assert_int_equal(jb_ledger_begin(p.broker), JB_OK);
    struct jb_entry e = lw_register(w, p.broker, lw_case_no(0), "供暖");
    (void)lw_log(w, p.broker, &e);
    struct jb_effect fact = {.kind = JB_EFFECT_FACT_SET, .fact = JB_FACT_SIGNED, .at_ms = 7};
    e = lw_entry(w, p.broker, JB_ACT_SIGN_FOR, lw_case_no(0));
    lw_effects(&e, &w->arena, &fact, 1);
    (void)lw_log_to(w, p.broker, &e, (struct jb_stream_add){.node = LP_NODE});
    assert_int_equal(jb_ledger_commit(p.broker), JB_OK);
    char *before = lw_dump(p.replica);
    assert_int_equal(lp_take(w, &p, 1, &applied), JB_CORRUPT);
    assert_non_null(strstr(w->fault.text, "sign_for"));

    assert_int_equal(jb_stream_read(p.broker, &want, &w->arena, &items, &count, head), JB_OK);
    struct jb_bytes good = items[0].body;
    const struct {
        struct jb_bytes body, key;
        enum jb_err err;
    } rows[] = {
        {{good.data, good.len - 5}, {NULL, 0}, JB_MALFORMED},
        {{short_key, 3}, {NULL, 0}, JB_MALFORMED},
        {good, {short_key, 3}, JB_MALFORMED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bad = (struct jb_frame_item){.body = rows[i].body, .case_key = rows[i].key};
        assert_int_equal(jb_ledger_begin(p.replica), JB_OK);
        assert_int_equal(jb_replica_take(p.replica, &bad, &w->arena, &applied, &w->fault),
                         rows[i].err);
        jb_ledger_rollback(p.replica);
        assert_int_equal(jb_replica_down(p.replica).number, 0);
    }
    char *after = lw_dump(p.replica);
    assert_string_equal(before, after);
    free(before);
    free(after);
    lp_close(&p);
}

/* What both have, in the same columns. */
static char *shared_tables(struct jb_ledger *l)
{
    static const char *const own[] = {"case_file", "participant", "deadline",  "directive",
                                      "target",    "docket",      "case_entry"};
    char *dump = lw_dump(l);
    char *kept = dump;
    char *table = dump;

    do {
        char *next = strstr(table + 1, "== ");
        size_t len = next != NULL ? (size_t)(next - table) : strlen(table);
        bool is_own = false;
        for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
            is_own = is_own || strncmp(table + 3, own[i], strcspn(table + 3, "\n")) == 0;
        if (!is_own)
            kept = (char *)memmove(kept, table, len) + len;
        table = next;
    } while (table != NULL);
    *kept = '\0';
    return dump;
}

/* The same history at both ends gives the same cases, and the same of what both keep in tables. */
static void a_replica_that_is_told_everything_equals_the_broker(void **state)
{
    struct lw *w = *state;
    struct lp p = lp_open(w);

    assert_int_equal(jb_ledger_begin(p.broker), JB_OK);
    for (size_t i = 0; i < 300; i++) {
        struct jb_entry e = lw_random_entry(w, p.broker);
        (void)lw_log_to(w, p.broker, &e, (struct jb_stream_add){.node = LP_NODE});
    }
    /* history that comes a second time is known already */
    assert_int_equal(jb_stream_backfill(p.broker, LP_NODE, lw_case_no(0), 301, w->now_ms), JB_OK);
    assert_int_equal(jb_ledger_commit(p.broker), JB_OK);
    lw_deliver(w, p.broker, p.replica);
    assert_true(w->cases > 20);
    for (int64_t i = 0; i < w->cases; i++) {
        struct jb_case a;
        struct jb_case b;
        assert_int_equal(jb_ledger_case_load(p.broker, lw_case_no(i), &w->arena, &a), JB_OK);
        assert_int_equal(jb_ledger_case_load(p.replica, lw_case_no(i), &w->arena, &b), JB_OK);
        assert_true(a.stage != JB_STAGE_NONE && a.deadline_count > 0);
        cs_sort(&a);
        cs_same(&a, &b);
    }
    char *a = shared_tables(p.broker);
    char *b = shared_tables(p.replica);
    assert_string_equal(a, b);
    free(a);
    free(b);
    lp_close(&p);
}

static void case_keys_are_kept_beside(void **state)
{
    struct lw *w = *state;
    uint8_t key[JB_KEY_BYTES] = {5, 6};
    uint8_t back[JB_KEY_BYTES];
    struct jb_ledger *b = lw_open(w, "b.db", JB_LEDGER_BROKER);
    struct lp p = {b, lw_replica(w, "r.db", b, LW_OFFICE)};

    assert_int_equal(jb_ledger_begin(b), JB_OK);
    struct jb_entry e = lw_register(w, b, lw_case_no(0), "供暖");
    (void)lw_log_to(w, b, &e, (struct jb_stream_add){.node = LW_OFFICE});
    assert_int_equal(jb_ledger_case_key_put(b, lw_case_no(0), key), JB_OK);
    assert_int_equal(jb_ledger_commit(b), JB_OK);
    lw_deliver(w, b, p.replica);
    assert_int_equal(jb_ledger_case_key_get(p.replica, lw_case_no(0), back), JB_OK);
    assert_memory_equal(back, key, sizeof key);
    lp_close(&p);
}

/* ---- leaving ---- */

static int64_t count_of(struct jb_ledger *l, const char *sql)
{
    int64_t n = -1;

    assert_int_equal(jb_db_number(l, sql, &n), JB_OK);
    return n;
}

static void leaving_a_case_purges_it_and_nothing_else(void **state)
{
    struct lw *w = *state;
    struct jb_case c;
    struct jb_applied applied;
    uint8_t key[JB_KEY_BYTES] = {1};
    struct lp p = lp_open(w);

    (void)lp_submit(w, p.replica, lw_case_no(0));
    (void)lp_submit(w, p.replica, lw_case_no(1));
    (void)lp_submit(w, p.replica, lw_case_no(0)); /* still under way when the case is left */
    lp_told(w, &p, 0, (struct jb_stream_add){.settles = 1});
    lp_told(w, &p, 1, (struct jb_stream_add){.settles = 2});
    lw_deliver(w, p.broker, p.replica);
    assert_int_equal(jb_ledger_begin(p.replica), JB_OK);
    assert_int_equal(jb_ledger_case_key_put(p.replica, lw_case_no(0), key), JB_OK);
    assert_int_equal(jb_ledger_commit(p.replica), JB_OK);
    lp_told_left(w, &p, 0, 0);
    lw_deliver(w, p.broker, p.replica);
    assert_int_equal(jb_ledger_case_load(p.replica, lw_case_no(0), &w->arena, &c), JB_OK);
    assert_int_equal(c.stage, JB_STAGE_NONE);
    assert_int_equal(jb_ledger_case_load(p.replica, lw_case_no(1), &w->arena, &c), JB_OK);
    assert_int_equal(c.stage, JB_STAGE_REGISTERED);
    assert_int_equal(jb_ledger_case_key_get(p.replica, lw_case_no(0), key), JB_NOT_FOUND);
    assert_int_equal(count_of(p.replica, "SELECT count(*) FROM item WHERE body IS NULL"), 1);
    assert_int_equal(count_of(p.replica, "SELECT count(*) FROM outbox WHERE body IS NULL"), 1);
    assert_int_equal(count_of(p.replica, "SELECT number FROM left_case WHERE reason = 'recused'"),
                     3);
    /* the verdict is still known, without its text */
    assert_int_equal(jb_outbox_verdict(p.replica, 1, &w->arena, &applied), JB_OK);
    assert_int_equal(applied.item.kind, JB_ITEM_ENTRY);
    assert_int_equal(applied.case_no, lw_case_no(0));
    assert_int_equal(applied.entry.seq, 0);
    /* the refusal of what was under way takes that text away too */
    struct jb_item refusal = {.kind = JB_ITEM_REFUSAL, .refusal = {.code = 103}};
    struct jb_stream_add no = {.node = LP_NODE, .at_ms = 9, .settles = 3, .other = &refusal};
    assert_int_equal(jb_ledger_begin(p.broker), JB_OK);
    assert_int_equal(jb_stream_append(p.broker, &no, NULL), JB_OK);
    assert_int_equal(jb_ledger_commit(p.broker), JB_OK);
    lw_deliver(w, p.broker, p.replica);
    assert_int_equal(count_of(p.replica, "SELECT count(*) FROM outbox WHERE body IS NULL"), 2);
    lp_close(&p);
}

static void what_is_purged_is_overwritten_in_the_file(void **state)
{
    struct lw *w = *state;
    struct lp p = lp_open(w);

    assert_int_equal(jb_ledger_begin(p.broker), JB_OK);
    struct jb_entry e = lw_register(w, p.broker, lw_case_no(0), "UNIQUE-TITLE-OF-THE-CASE");
    (void)lw_log_to(w, p.broker, &e, (struct jb_stream_add){.node = LP_NODE});
    assert_int_equal(jb_ledger_commit(p.broker), JB_OK);
    lw_deliver(w, p.broker, p.replica);
    jb_ledger_checkpoint(p.replica, true);
    assert_true(lw_file_contains(w, "r.db", "UNIQUE-TITLE"));
    lp_told_left(w, &p, 0, 0);
    lw_deliver(w, p.broker, p.replica);
    jb_ledger_checkpoint(p.replica, true);
    assert_false(lw_file_contains(w, "r.db", "UNIQUE-TITLE"));
    lp_close(&p);
}

static void items_are_read_again_in_order(void **state)
{
    struct lw *w = *state;
    struct jb_applied *items = NULL;
    size_t count = 9;
    struct lp p = lp_open(w);

    (void)lp_submit(w, p.replica, lw_case_no(1));
    assert_int_equal(jb_replica_items(p.replica, 0, 9, &w->arena, &items, &count), JB_OK);
    assert_int_equal(count, 0);
    lp_told(w, &p, 0, (struct jb_stream_add){0});
    lp_told(w, &p, 1, (struct jb_stream_add){.settles = 1});
    lp_told_left(w, &p, 0, 0);
    lw_deliver(w, p.broker, p.replica);
    assert_int_equal(jb_replica_items(p.replica, 0, 9, &w->arena, &items, &count), JB_OK);
    assert_int_equal(count, 3);
    assert_int_equal(items[0].item.number, 1);
    assert_int_equal(items[0].item.kind, 0); /* its text is gone */
    assert_int_equal(items[1].item.kind, JB_ITEM_ENTRY);
    assert_int_equal(items[1].entry.act.kind, JB_ACT_REGISTER);
    assert_int_equal(items[1].item.settles, 1);
    assert_int_equal(items[1].case_no, lw_case_no(1));
    assert_int_equal(items[2].item.kind, JB_ITEM_LEFT);
    assert_int_equal(items[2].case_no, lw_case_no(0));
    assert_int_equal(jb_replica_items(p.replica, 1, 1, &w->arena, &items, &count), JB_OK);
    assert_int_equal(count, 1);
    assert_int_equal(items[0].item.number, 2);
    assert_int_equal(jb_replica_items(p.replica, 3, 9, &w->arena, &items, &count), JB_OK);
    assert_int_equal(count, 0);
    assert_int_equal(jb_replica_items(p.replica, UINT64_MAX, 9, &w->arena, &items, &count), JB_OK);
    assert_int_equal(count, 0);
    lp_close(&p);
}

/* ---- evidence ---- */

static void the_last_acknowledgement_is_repeated_exactly(void **state)
{
    struct lw *w = *state;
    uint8_t first[JB_SIGN_BYTES] = {1};
    uint8_t second[JB_SIGN_BYTES] = {2};
    uint8_t back[JB_SIGN_BYTES];
    uint8_t suite = 0;
    int64_t at_ms = 0;
    struct jb_line_point point;
    struct lp p = lp_open(w);

    assert_int_equal(jb_replica_ack_last(p.replica, &point, &suite, back), JB_NOT_FOUND);
    for (int64_t i = 0; i < 4; i++) {
        lp_told(w, &p, i, (struct jb_stream_add){0});
        lw_deliver(w, p.broker, p.replica);
        if (i % 2 == 0)
            continue;
        struct jb_line_point down = jb_replica_down(p.replica);
        assert_int_equal(jb_ledger_begin(p.replica), JB_OK);
        assert_int_equal(jb_replica_ack_add(p.replica, &down, 1, i == 1 ? first : second, 100 + i),
                         JB_OK);
        /* made once: another one for the same point does not replace it */
        assert_int_equal(jb_replica_ack_add(p.replica, &down, 1, first, 999), JB_OK);
        assert_int_equal(jb_ledger_commit(p.replica), JB_OK);
    }
    assert_int_equal(jb_replica_ack_last(p.replica, &point, &suite, back), JB_OK);
    assert_int_equal(point.number, 4);
    assert_int_equal(suite, 1);
    assert_memory_equal(back, second, sizeof back);
    struct jb_line_point down = jb_replica_down(p.replica);
    assert_memory_equal(&point, &down, sizeof point);
    static const struct {
        uint64_t seq;
        int64_t at_ms; /* 0: not acknowledged */
    } rows[] = {{1, 101}, {2, 101}, {3, 103}, {4, 103}, {5, 0}, {0, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum jb_err err = jb_replica_stored_at(p.replica, rows[i].seq, &at_ms);
        assert_int_equal(err, rows[i].at_ms != 0 ? JB_OK : JB_NOT_FOUND);
        if (err == JB_OK)
            assert_int_equal(at_ms, rows[i].at_ms);
    }
    lp_close(&p);
}

/* ---- case numbers ---- */

static void case_numbers_count_by_day(void **state)
{
    struct lw *w = *state;
    uint32_t seq = 0;
    struct jb_ledger *l = lw_open(w, "r.db", JB_LEDGER_REPLICA);
    struct jb_date day = jb_date_of_instant(LW_START_MS);
    struct jb_date next;
    int64_t noon = jb_date_start_ms(day) + 12 * 3600 * 1000 + 999;

    assert_int_equal(jb_date_add(day, 1, &next), JB_OK);
    const struct {
        struct jb_date date;
        uint32_t seq;
        bool keep;
    } rows[] = {
        {day, 43201, true}, {day, 43202, false}, {day, 43202, true},
        {next, 1, true},    {next, 2, true},     {day, 43203, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(jb_ledger_begin(l), JB_OK);
        assert_int_equal(jb_replica_case_seq(l, rows[i].date, noon, &seq), JB_OK);
        assert_int_equal(seq, rows[i].seq);
        assert_int_equal(jb_replica_case_seq_issue(l, rows[i].date, seq), JB_OK);
        if (rows[i].keep)
            assert_int_equal(jb_ledger_commit(l), JB_OK);
        else
            jb_ledger_rollback(l);
    }
    assert_int_equal(sqlite3_exec(l->db, "UPDATE case_counter SET last = 99998", NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(jb_ledger_begin(l), JB_OK);
    assert_int_equal(jb_replica_case_seq(l, day, noon, &seq), JB_OK);
    assert_int_equal(seq, 99999);
    assert_int_equal(jb_replica_case_seq_issue(l, day, seq), JB_OK);
    assert_int_equal(jb_replica_case_seq(l, day, noon, &seq), JB_RANGE);
    assert_int_equal(jb_ledger_commit(l), JB_OK);
    lw_close(&l);
}

static void a_new_file_goes_on_after_the_numbers_that_come_back(void **state)
{
    struct lw *w = *state;
    struct lp p = lp_open(w);
    struct jb_applied applied;
    struct jb_date day = jb_date_of_instant(LW_START_MS);
    int64_t noon = jb_date_start_ms(day) + 12 * 3600 * 1000;
    int64_t issued = 0;
    uint32_t seq = 0;

    /* an earlier file of this node issued number 50,000 today, and the stream brings it back */
    assert_int_equal(jb_caseno_make(day, LP_NODE, 50000, &issued), JB_OK);
    assert_int_equal(jb_ledger_begin(p.broker), JB_OK);
    struct jb_entry e = lw_register(w, p.broker, issued, "供暖");
    (void)lw_log_to(w, p.broker, &e, (struct jb_stream_add){.node = LP_NODE});
    assert_int_equal(jb_ledger_commit(p.broker), JB_OK);
    assert_int_equal(lp_take(w, &p, 1, &applied), JB_OK);

    assert_int_equal(jb_ledger_begin(p.replica), JB_OK);
    assert_int_equal(jb_replica_case_seq(p.replica, day, noon, &seq), JB_OK);
    assert_int_equal(jb_ledger_commit(p.replica), JB_OK);
    assert_int_equal(seq, 50001);
    lp_close(&p);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, lw_setup, lw_teardown)
    const struct CMUnitTest tests[] = {
        T(node_and_epoch_are_learnt_once),
        T(only_the_next_item_is_taken),
        T(an_item_that_does_not_fit_changes_nothing),
        T(a_replica_that_is_told_everything_equals_the_broker),
        T(case_keys_are_kept_beside),
        T(leaving_a_case_purges_it_and_nothing_else),
        T(what_is_purged_is_overwritten_in_the_file),
        T(items_are_read_again_in_order),
        T(the_last_acknowledgement_is_repeated_exactly),
        T(case_numbers_count_by_day),
        T(a_new_file_goes_on_after_the_numbers_that_come_back),
    };
#undef T

    return cmocka_run_group_tests_name("replica", tests, NULL, NULL);
}
