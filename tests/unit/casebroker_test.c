/* What a broker searches its packed cases by, row by row: who only owes something, the first of
 * several deadlines, rows that cannot be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/ledger_world.h"

#define DAY INT64_C(86400000)

/* ---- who only owes something ---- */

#define OPENER 20 /* of a docket: has no part in the case */

static void log_one(struct lw *w, struct jb_ledger *l, enum jb_act_kind kind,
                    struct jb_effect effect)
{
    struct jb_entry e = lw_entry(w, l, kind, lw_case_no(0));

    assert_int_equal(jb_ledger_begin(l), JB_OK);
    lw_effects(&e, &w->arena, &effect, 1);
    (void)lw_log(w, l, &e);
    assert_int_equal(jb_ledger_commit(l), JB_OK);
}

static struct jb_effect supervise(const struct lw *w, uint32_t id)
{
    return (struct jb_effect){.kind = JB_EFFECT_DEADLINE_SET,
                              .deadline_id = id,
                              .key = jb_text_of("supervise"),
                              .node = OPENER,
                              .trigger_ms = w->now_ms,
                              .limit = 15,
                              .unit = JB_UNIT_CALENDAR_DAYS,
                              .due_ms = w->now_ms + 15 * DAY};
}

static struct jb_effect ended(uint32_t id)
{
    return (struct jb_effect){
        .kind = JB_EFFECT_DEADLINE_ENDED, .deadline_id = id, .end = JB_END_MET};
}

/* `rows`: of the opener, `without`: of these with role 0. */
static void expect(struct jb_ledger *l, size_t cases, uint64_t duties, int64_t rows,
                   int64_t without)
{
    int64_t found[2];
    size_t count = 9;
    uint64_t told = 9;
    int64_t value = -1;

    assert_int_equal(jb_ledger_node_cases(l, OPENER, 0, found, 2, &count), JB_OK);
    assert_int_equal(count, cases);
    assert_true(count == 0 || found[0] == lw_case_no(0));
    assert_int_equal(jb_ledger_node_duties(l, OPENER, &told), JB_OK);
    assert_int_equal(told, duties);
    assert_int_equal(jb_db_number(l, "SELECT count(*) FROM participant WHERE node = 20", &value),
                     JB_OK);
    assert_int_equal(value, rows);
    assert_int_equal(
        jb_db_number(l, "SELECT count(*) FROM participant WHERE node = 20 AND role = 0", &value),
        JB_OK);
    assert_int_equal(value, without);
}

static void who_only_owes_is_found_until_it_ends(void **state)
{
    struct lw *w = *state;
    uint8_t before[JB_HASH_BYTES];
    uint8_t after[JB_HASH_BYTES];
    struct jb_ledger *l = lw_open(w, "b.db", JB_LEDGER_BROKER);

    assert_int_equal(jb_ledger_begin(l), JB_OK);
    struct jb_entry e = lw_register(w, l, lw_case_no(0), "供暖");
    (void)lw_log(w, l, &e);
    assert_int_equal(jb_ledger_commit(l), JB_OK);
    expect(l, 0, 0, 0, 0);
    log_one(w, l, JB_ACT_OPEN_DOCKET, supervise(w, 2));
    expect(l, 1, 1, 1, 1);
    log_one(w, l, JB_ACT_STEP_DOCKET, supervise(w, 3));
    expect(l, 1, 2, 1, 1);
    log_one(w, l, JB_ACT_STEP_DOCKET, ended(2));
    expect(l, 1, 1, 1, 1);
    /* also when the case is over */
    log_one(w, l, JB_ACT_CLOSE,
            (struct jb_effect){.kind = JB_EFFECT_STAGE_MOVED, .stage = JB_STAGE_CLOSED});
    expect(l, 1, 1, 1, 1);
    log_one(w, l, JB_ACT_STEP_DOCKET, ended(3));
    expect(l, 0, 0, 0, 0);
    /* its part in the case takes the place of that, and stays when nothing is owed any more */
    log_one(w, l, JB_ACT_REOPEN,
            (struct jb_effect){.kind = JB_EFFECT_STAGE_MOVED, .stage = JB_STAGE_SENT});
    log_one(w, l, JB_ACT_OPEN_DOCKET, supervise(w, 4));
    expect(l, 1, 1, 1, 1);
    log_one(w, l, JB_ACT_ASSIGN,
            (struct jb_effect){.kind = JB_EFFECT_JOINED, .node = OPENER, .role = JB_ROLE_INFORMED});
    expect(l, 1, 1, 1, 0);
    log_one(w, l, JB_ACT_STEP_DOCKET, ended(4));
    expect(l, 1, 0, 1, 0);
    assert_int_equal(jb_ledger_digest(l, before), JB_OK);
    assert_int_equal(jb_ledger_rebuild(l, &w->fault), JB_OK);
    assert_int_equal(jb_ledger_digest(l, after), JB_OK);
    assert_memory_equal(before, after, sizeof before);
    lw_close(&l);
}

/* ---- what is due ---- */

static void save(struct jb_ledger *l, struct jb_case *c)
{
    assert_int_equal(jb_ledger_begin(l), JB_OK);
    assert_int_equal(jb_ledger_case_save(l, c), JB_OK);
    assert_int_equal(jb_ledger_commit(l), JB_OK);
}

/* Of several deadlines of one case the one that fell first; of its steps the last that fell. */
static void the_first_of_several_deadlines_counts(void **state)
{
    struct lw *w = *state;
    struct jb_ledger *l = lw_open(w, "b.db", JB_LEDGER_BROKER);
    struct jb_deadline three[] = {
        {.id = 1, .due_ms = 900, .warn_at_ms = {300, 600}},
        {.id = 2, .due_ms = 400, .end = JB_END_MET},
        {.id = 3, .due_ms = 700, .warn_at_ms = {200, 350, 500, 650}, .warned = 1},
    };
    struct jb_deadline one[] = {{.id = 1, .due_ms = 450}};
    struct jb_case first = {
        .case_no = 1, .stage = JB_STAGE_SENT, .deadlines = three, .deadline_count = 3};
    struct jb_case second = {
        .case_no = 2, .stage = JB_STAGE_CLOSED, .deadlines = one, .deadline_count = 1};
    static const struct {
        int64_t now_ms;
        size_t max, count;
        struct jb_due due[2];
        int64_t next_ms;
    } rows[] = {
        {299, 9, 0, {{0}}, 300},
        {300, 9, 1, {{1, 300}}, 450},
        {350, 9, 1, {{1, 300}}, 450},
        {449, 9, 1, {{1, 300}}, 450},
        {450, 9, 2, {{1, 300}, {2, 450}}, INT64_MAX},
        {450, 1, 1, {{1, 300}}, INT64_MAX},
        {600, 9, 2, {{2, 450}, {1, 500}}, INT64_MAX},
        {600, 1, 1, {{2, 450}}, INT64_MAX},
        {650, 9, 2, {{2, 450}, {1, 600}}, INT64_MAX},
        {900, 9, 2, {{2, 450}, {1, 700}}, INT64_MAX},
    };

    save(l, &first);
    save(l, &second);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct jb_due found[9];
        size_t count = 0;
        int64_t next_ms = 0;
        assert_int_equal(jb_ledger_due(l, rows[i].now_ms, found, rows[i].max, &count, &next_ms),
                         JB_OK);
        if (count != rows[i].count || next_ms != rows[i].next_ms)
            fail_msg("row %zu: %zu cases, next at %lld", i, count, (long long)next_ms);
        for (size_t k = 0; k < count; k++)
            if (found[k].case_no != rows[i].due[k].case_no ||
                found[k].fell_ms != rows[i].due[k].fell_ms)
                fail_msg("row %zu: %lld at %lld", i, (long long)found[k].case_no,
                         (long long)found[k].fell_ms);
    }
    lw_close(&l);
}

/* ---- rows that were damaged ---- */

/* What cannot be read is said, never taken for a case that owes nothing. */
static void a_damaged_row_is_said(void **state)
{
    static const char *const damages[] = {
        "x'ff'", "x''", "substr(packed, 1, 20)",
        "CAST(substr(packed, 1, 1) || x'7f' || substr(packed, 3) AS BLOB)"};
    struct lw *w = *state;

    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        struct jb_ledger *l = lw_open(w, "b.db", JB_LEDGER_BROKER);
        struct jb_deadline d = {
            .id = 1, .key = "supervise", .node = OPENER, .due_ms = 100, .provisional = true};
        struct jb_participant p = {.node = 12, .role = JB_ROLE_HOST};
        struct jb_case c = {.case_no = 1,
                            .stage = JB_STAGE_SENT,
                            .host = 12,
                            .participants = &p,
                            .participant_count = 1,
                            .participants_dirty = true,
                            .deadlines = &d,
                            .deadline_count = 1};
        char sql[160];
        struct jb_due due[2];
        struct jb_deadline_id provisional[2];
        int64_t cases[2];
        int64_t next_ms;
        uint64_t duties;
        size_t count;

        save(l, &c);
        (void)snprintf(sql, sizeof sql, "UPDATE case_file SET packed = %s", damages[i]);
        assert_int_equal(sqlite3_exec(l->db, sql, NULL, NULL, NULL), SQLITE_OK);
#define SAID(call)                                                                                 \
    do {                                                                                           \
        l->error[0] = '\0';                                                                        \
        assert_int_equal(call, JB_CORRUPT);                                                        \
        assert_non_null(strstr(jb_ledger_error(l), "packed case"));                                \
    } while (0)
        SAID(jb_ledger_case_load(l, 1, &w->arena, &c));
        SAID(jb_ledger_due(l, 200, due, 2, &count, &next_ms));
        SAID(jb_ledger_provisional(l, (struct jb_deadline_id){0, 0}, provisional, 2, &count));
        SAID(jb_ledger_node_cases(l, OPENER, 0, cases, 2, &count));
        SAID(jb_ledger_node_duties(l, OPENER, &duties));
#undef SAID
        lw_close(&l);
        lw_remove(w, "b.db");
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, lw_setup, lw_teardown)
    const struct CMUnitTest tests[] = {
        T(who_only_owes_is_found_until_it_ends),
        T(the_first_of_several_deadlines_counts),
        T(a_damaged_row_is_said),
    };
#undef T

    return cmocka_run_group_tests_name("casebroker", tests, NULL, NULL);
}
