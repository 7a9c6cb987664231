/* The other derived tables: directory, delegations, policies and calendars come back; what is due
 * is found by index. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/ledger_world.h"

static void text_same(struct jb_text a, struct jb_text b)
{
    assert_int_equal(a.len, b.len);
    if (a.len > 0)
        assert_memory_equal(a.data, b.data, a.len);
}

static void delegations_same(const struct jb_directory *x, const struct jb_directory *y)
{
    assert_int_equal(x->delegation_count, y->delegation_count);
    assert_true(x->delegation_count > 0);
    for (size_t i = 0; i < x->delegation_count; i++) {
        const struct jb_delegation *a = &x->delegations[i];
        const struct jb_delegation *b = &y->delegations[i];
        assert_string_equal(a->official, b->official);
        int64_t as[] = {a->node, a->power, a->valid_from_ms, a->valid_to_ms, (int64_t)a->seq};
        int64_t bs[] = {b->node, b->power, b->valid_from_ms, b->valid_to_ms, (int64_t)b->seq};
        assert_memory_equal(as, bs, sizeof as);
    }
}

static void directory_policies_and_calendars_come_back(void **state)
{
    struct lw *w = *state;
    struct jb_directory d;
    struct jb_directory replayed;
    struct jb_text text;
    static const char *const bodies[] = {"first", "second", "third", "later"};
    static const int64_t from[] = {100, 200, 200, 900};
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);

    jb_directory_init(&d);
    jb_directory_init(&replayed);
    assert_int_equal(jb_ledger_begin(l), JB_OK);
    for (size_t i = 0; i < 200; i++) {
        struct jb_entry e = lw_random_entry(w, l);
        if (e.act.kind == JB_ACT_INSTALL_POLICY || e.act.kind == JB_ACT_INSTALL_CALENDAR)
            continue;
        (void)lw_log(w, l, &e);
        assert_int_equal(jb_directory_apply(&replayed, &e), JB_OK);
    }
    for (size_t i = 0; i < 4; i++) {
        struct jb_entry e = lw_entry(w, l, JB_ACT_INSTALL_POLICY, 0);
        e.act.effective_from_ms = from[i];
        e.act.body = (struct jb_bytes){(const uint8_t *)bodies[i], strlen(bodies[i])};
        (void)lw_log(w, l, &e);
        e.seq++; /* one for a region alone is not in force everywhere */
        e.act.region = jb_text_of("610000");
        e.act.body = (struct jb_bytes){(const uint8_t *)"regional", 8};
        (void)lw_log(w, l, &e);
        e = lw_entry(w, l, JB_ACT_INSTALL_CALENDAR, 0);
        e.act.region = jb_text_of(i % 2 ? "CN" : "CN-61");
        e.act.body = (struct jb_bytes){(const uint8_t *)bodies[i], strlen(bodies[i])};
        (void)lw_log(w, l, &e);
    }
    assert_int_equal(jb_ledger_commit(l), JB_OK);

    assert_int_equal(jb_ledger_directory_load(l, &d), JB_OK);
    assert_int_equal(d.count, replayed.count);
    assert_true(d.count > 3);
    for (size_t i = 0; i < d.count; i++) {
        assert_int_equal(d.nodes[i].node, replayed.nodes[i].node);
        assert_string_equal(d.nodes[i].code, replayed.nodes[i].code);
        assert_string_equal(d.nodes[i].name, replayed.nodes[i].name);
        assert_memory_equal(d.nodes[i].sign_key, replayed.nodes[i].sign_key, JB_KEY_BYTES);
        assert_int_equal(d.nodes[i].former_count, replayed.nodes[i].former_count);
        if (d.nodes[i].former_count > 0)
            assert_memory_equal(d.nodes[i].former, replayed.nodes[i].former,
                                d.nodes[i].former_count * sizeof *d.nodes[i].former);
    }
    delegations_same(&d, &replayed);
    static const struct {
        int64_t at_ms;
        const char *body; /* NULL: none in force */
    } times[] = {{99, NULL},     {100, "first"}, {199, "first"},
                 {200, "third"}, {899, "third"}, {900, "later"}};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        enum jb_err err = jb_ledger_policy_at(l, times[i].at_ms, &w->arena, &text);
        assert_int_equal(err, times[i].body != NULL ? JB_OK : JB_NOT_FOUND);
        if (times[i].body != NULL)
            text_same(text, jb_text_of(times[i].body));
    }
    assert_int_equal(jb_ledger_calendar_last(l, jb_text_of("CN"), &w->arena, &text), JB_OK);
    text_same(text, jb_text_of("later"));
    assert_int_equal(jb_ledger_calendar_last(l, jb_text_of("CN-61"), &w->arena, &text), JB_OK);
    text_same(text, jb_text_of("third"));
    assert_int_equal(jb_ledger_calendar_last(l, jb_text_of("XX"), &w->arena, &text), JB_NOT_FOUND);
    jb_directory_fini(&d);
    jb_directory_fini(&replayed);
    lw_close(&l);
}

static void due_cases_come_in_order_and_once(void **state)
{
    struct lw *w = *state;
    struct jb_due found[8];
    size_t count = 9;
    int64_t next = 0;
    const int64_t day = INT64_C(86400000);
    int64_t due[3];
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);

    assert_int_equal(jb_ledger_due(l, INT64_MAX - 1, found, 8, &count, &next), JB_OK);
    assert_int_equal(count, 0);
    assert_int_equal(next, INT64_MAX);
    assert_int_equal(jb_ledger_begin(l), JB_OK);
    for (int64_t i = 2; i >= 0; i--) { /* the highest number is due first */
        struct jb_entry e = lw_register(w, l, lw_case_no(i), "x");
        (void)lw_log(w, l, &e);
        due[i] = w->now_ms + 15 * day;
        w->now_ms += day;
    }
    assert_int_equal(jb_ledger_commit(l), JB_OK);
    assert_int_equal(jb_ledger_due(l, due[2] - 3 * day - 1, found, 8, &count, &next), JB_OK);
    assert_int_equal(count, 0);
    assert_int_equal(next, due[2] - 3 * day);
    assert_int_equal(jb_ledger_due(l, due[1] - 3 * day, found, 8, &count, &next), JB_OK);
    assert_int_equal(count, 2);
    assert_int_equal(found[0].case_no, lw_case_no(2));
    assert_int_equal(found[0].fell_ms, due[2] - 3 * day);
    assert_int_equal(found[1].case_no, lw_case_no(1));
    assert_int_equal(next, due[0] - 3 * day);
    /* of several steps that fell the highest one counts: now the order is that of what fell last */
    assert_int_equal(jb_ledger_due(l, due[2] - day, found, 2, &count, &next), JB_OK);
    assert_int_equal(count, 2);
    assert_int_equal(found[0].case_no, lw_case_no(1));
    assert_int_equal(found[0].fell_ms, due[1] - 3 * day);
    assert_int_equal(found[1].case_no, lw_case_no(2));
    assert_int_equal(found[1].fell_ms, due[2] - day);
    assert_int_equal(jb_ledger_due(l, due[0], found, 2, &count, &next), JB_OK);
    assert_int_equal(found[0].fell_ms, due[2]);
    assert_int_equal(found[1].fell_ms, due[1]);
    assert_int_equal(count, 2);
    lw_close(&l);
}

static void the_clock_and_the_listings_use_their_indexes(void **state)
{
    static const struct {
        enum jb_ledger_role role;
        enum jb_sql id;
        const char *index;
    } rows[] = {
        {JB_LEDGER_BROKER, JB_SQL_DUE, "USING INDEX case_next (next_ms<?)"},
        {JB_LEDGER_BROKER, JB_SQL_PROVISIONAL, "USING INDEX case_provisional (case_no>?)"},
        {JB_LEDGER_BROKER, JB_SQL_CASE_BY_QUERY, "INDEX case_query (query_hash=?)"},
        {JB_LEDGER_BROKER, JB_SQL_CASES_LINKED, "INDEX mark_link (other_case_no=?)"},
        {JB_LEDGER_BROKER, JB_SQL_NODE_CASES, "INDEX participant_node (node=? AND case_no>?)"},
        {JB_LEDGER_BROKER, JB_SQL_NODE_CASES, "SEARCH c USING INTEGER PRIMARY KEY (rowid=?)"},
        {JB_LEDGER_BROKER, JB_SQL_NODE_DUTIES, "INDEX participant_node (node=?)"},
        {JB_LEDGER_BROKER, JB_SQL_NODE_DUTIES, "SEARCH c USING INTEGER PRIMARY KEY (rowid=?)"},
        {JB_LEDGER_BROKER, JB_SQL_PACKED_DIRECTIVES, "USING COVERING INDEX case_directives"},
        {JB_LEDGER_BROKER, JB_SQL_PACKED_DOCKETS, "USING COVERING INDEX case_dockets"},
        {JB_LEDGER_BROKER, JB_SQL_TOTAL_DISPUTES, "INDEX case_dispute"},
        {JB_LEDGER_BROKER, JB_SQL_PACKED_UNDELIVERED, "USING COVERING INDEX case_undelivered"},
        {JB_LEDGER_BROKER, JB_SQL_PACKED_PROVISIONAL, "USING COVERING INDEX case_provisional"},
        {JB_LEDGER_BROKER, JB_SQL_DUE_NEXT, "USING COVERING INDEX case_next (next_ms>?)"},
        {JB_LEDGER_BROKER, JB_SQL_ENTRY_OF_CASE,
         "SEARCH c USING PRIMARY KEY (case_no=? AND seq<?)"},
        {JB_LEDGER_BROKER, JB_SQL_ENTRY_COMMON, "INDEX entry_common"},
        {JB_LEDGER_BROKER, JB_SQL_LOG_LAST_CLOCK, "INDEX entry_clock"},
        {JB_LEDGER_BROKER, JB_SQL_STREAM_READ, "SEARCH s USING PRIMARY KEY (node=? AND number>?)"},
        {JB_LEDGER_BROKER, JB_SQL_STREAM_DUTIES, "PRIMARY KEY (node=? AND number>? AND number<?)"},
        {JB_LEDGER_BROKER, JB_SQL_TOTAL_OBJECTIONS, "COVERING INDEX case_objection"},
        {JB_LEDGER_BROKER, JB_SQL_PACKED_CASES, "USING COVERING INDEX case_standing"},
        {JB_LEDGER_BROKER, JB_SQL_PACKED_OPEN, "USING COVERING INDEX case_standing (standing=?)"},
        {JB_LEDGER_BROKER, JB_SQL_PACKED_RED, "USING COVERING INDEX case_warned (warned_ms<?)"},
        {JB_LEDGER_BROKER, JB_SQL_PACKED_WARNED, "USING COVERING INDEX case_warned (warned_ms<?)"},
        {JB_LEDGER_BROKER, JB_SQL_PACKED_WARNED,
         "COVERING INDEX case_objection (objection_open=? AND standing=? AND warned_ms>?)"},
        {JB_LEDGER_REPLICA, JB_SQL_TOTAL_DIRECTIVES, "INDEX directive_open"},
        {JB_LEDGER_REPLICA, JB_SQL_TOTAL_DOCKETS, "INDEX docket_open"},
        {JB_LEDGER_REPLICA, JB_SQL_TOTAL_DISPUTES, "INDEX case_dispute"},
        {JB_LEDGER_REPLICA, JB_SQL_TOTAL_UNDELIVERED, "INDEX deadline_unserved"},
        {JB_LEDGER_REPLICA, JB_SQL_TOTAL_PROVISIONAL, "INDEX deadline_provisional"},
        {JB_LEDGER_REPLICA, JB_SQL_TOTAL_CASES, "COVERING INDEX"},
        {JB_LEDGER_REPLICA, JB_SQL_TOTAL_OPEN, "INDEX case_open"},
        {JB_LEDGER_REPLICA, JB_SQL_TOTAL_OBJECTIONS, "COVERING INDEX case_objection"},
        {JB_LEDGER_REPLICA, JB_SQL_TOTAL_RED, "COVERING INDEX deadline_due"},
        {JB_LEDGER_REPLICA, JB_SQL_TOTAL_WARNED, "COVERING INDEX deadline_due"},
        {JB_LEDGER_REPLICA, JB_SQL_ITEM_OF_CASE, "INDEX item_case (case_no=?)"},
        {JB_LEDGER_REPLICA, JB_SQL_ITEM_SETTLES, "INDEX item_settles (settles=?)"},
        {JB_LEDGER_REPLICA, JB_SQL_STORED_AT, "COVERING INDEX item_entry (entry_seq=?)"},
        /* the index alone finds the place: else a look would read all that ever came due */
        {JB_LEDGER_REPLICA, JB_SQL_ALARM_DUE,
         "USING INDEX deadline_due ((due_ms,case_no,id)>(?,?,?)"},
        {JB_LEDGER_REPLICA, JB_SQL_ALARM_DUE_1,
         "USING INDEX deadline_first ((first_ms,case_no,id)>(?,?,?)"},
        {JB_LEDGER_REPLICA, JB_SQL_ALARM_DUE_2,
         "USING INDEX deadline_warn2 ((warn2_ms,case_no,id)>(?,?,?)"},
        {JB_LEDGER_REPLICA, JB_SQL_ALARM_DUE_3,
         "USING INDEX deadline_warn3 ((warn3_ms,case_no,id)>(?,?,?)"},
        {JB_LEDGER_REPLICA, JB_SQL_ALARM_DUE_4,
         "USING INDEX deadline_warn4 ((warn4_ms,case_no,id)>(?,?,?)"},
        {JB_LEDGER_REPLICA, JB_SQL_ALARM_NEXT, "INDEX deadline_due (due_ms>?)"},
        {JB_LEDGER_REPLICA, JB_SQL_ALARM_NEXT_1, "INDEX deadline_first (first_ms>?)"},
        {JB_LEDGER_REPLICA, JB_SQL_ALARM_NEXT_2, "INDEX deadline_warn2 (warn2_ms>?)"},
        {JB_LEDGER_REPLICA, JB_SQL_ALARM_NEXT_3, "INDEX deadline_warn3 (warn3_ms>?)"},
        {JB_LEDGER_REPLICA, JB_SQL_ALARM_NEXT_4, "INDEX deadline_warn4 (warn4_ms>?)"},
        {JB_LEDGER_REPLICA, JB_SQL_OUTBOX_OF_CASE, "INDEX outbox_case (case_no=? AND number>?)"},
    };
    struct lw *w = *state;
    struct jb_ledger *broker = lw_open(w, "b.db", JB_LEDGER_BROKER);
    struct jb_ledger *replica = lw_open(w, "r.db", JB_LEDGER_REPLICA);

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *plan = lw_plan(rows[i].role == JB_LEDGER_BROKER ? broker : replica, rows[i].id);
        if (strstr(plan, rows[i].index) == NULL)
            fail_msg("row %zu: %s", i, plan);
        free(plan);
    }
    lw_close(&broker);
    lw_close(&replica);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, lw_setup, lw_teardown)
    const struct CMUnitTest tests[] = {
        T(directory_policies_and_calendars_come_back),
        T(due_cases_come_in_order_and_once),
        T(the_clock_and_the_listings_use_their_indexes),
    };
#undef T

    return cmocka_run_group_tests_name("tables", tests, NULL, NULL);
}
