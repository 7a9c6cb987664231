/* Cases in the tables: what was written comes back whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/casesame.h"

/* In the packed row of a broker and in the columns of a replica. */
static const enum jb_ledger_role both[] = {JB_LEDGER_BROKER, JB_LEDGER_REPLICA};
static const char *const names[] = {"b.db", "r.db"};

static void a_case_comes_back_field_by_field(void **state)
{
    struct lw *w = *state;

    for (size_t i = 0; i < 2; i++) {
        struct jb_case c = cs_full();
        struct jb_case back;
        struct jb_ledger *l = lw_open(w, names[i], both[i]);

        assert_int_equal(jb_ledger_begin(l), JB_OK);
        assert_int_equal(jb_ledger_case_save(l, &c), JB_OK);
        assert_false(c.participants_dirty || c.deadlines[0].dirty || c.marks_dirty ||
                     c.directives[0].dirty || c.targets[0].dirty || c.dockets[0].dirty);
        assert_int_equal(jb_ledger_case_load(l, c.case_no, &w->arena, &back), JB_OK);
        assert_int_equal(jb_ledger_commit(l), JB_OK);
        cs_same(&c, &back);
        assert_false(back.participants_dirty || back.deadlines[0].dirty);
        lw_close(&l);
    }
}

static void a_case_that_is_not_there_has_no_stage(void **state)
{
    struct lw *w = *state;
    struct jb_case c;
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);

    assert_int_equal(jb_ledger_case_load(l, 42, &w->arena, &c), JB_OK);
    assert_int_equal(c.stage, JB_STAGE_NONE);
    assert_int_equal(c.case_no, 42);
    lw_close(&l);
}

/* Exhaustion at any point of a load is an error, never a case with a part missing. */
static void a_full_arena_is_an_error_at_every_point(void **state)
{
    struct lw *w = *state;

    for (size_t i = 0; i < 2; i++) {
        struct jb_case c = cs_full();
        struct jb_ledger *l = lw_open(w, names[i], both[i]);
        size_t refused = 0;

        assert_int_equal(jb_ledger_begin(l), JB_OK);
        assert_int_equal(jb_ledger_case_save(l, &c), JB_OK);
        assert_int_equal(jb_ledger_commit(l), JB_OK);
        for (size_t limit = 0;; limit += 16) {
            struct jb_arena small;
            struct jb_case back;
            jb_arena_init(&small, limit);
            enum jb_err err = jb_ledger_case_load(l, c.case_no, &small, &back);
            if (err == JB_OK)
                cs_same(&c, &back);
            jb_arena_fini(&small);
            if (err == JB_OK)
                break;
            assert_int_equal(err, JB_NOMEM);
            refused++;
        }
        assert_true(refused > 10);
        lw_close(&l);
    }
}

/* In a replica a mark that goes goes from the table, and rows that are not dirty are not written.
 * Of a case that is dropped none stays. */
static void what_changed_is_written(void **state)
{
    static const char *const tables[] = {"case_file", "participant", "deadline", "mark",
                                         "directive", "target",      "docket"};
    struct lw *w = *state;
    struct jb_case c = cs_full();
    struct jb_case back;
    struct jb_ledger *l = lw_open(w, "r.db", JB_LEDGER_REPLICA);

    assert_int_equal(jb_ledger_begin(l), JB_OK);
    assert_int_equal(jb_ledger_case_save(l, &c), JB_OK);
    c.mark_count = 0;
    c.marks_dirty = true;
    c.dockets[0].step = 99; /* not marked: not written */
    c.targets[1].state = JB_TARGET_SIGNED;
    c.targets[1].dirty = true;
    assert_int_equal(jb_ledger_case_save(l, &c), JB_OK);
    assert_int_equal(jb_ledger_case_load(l, c.case_no, &w->arena, &back), JB_OK);
    assert_int_equal(back.mark_count, 0);
    assert_int_equal(back.dockets[0].step, 81);
    assert_int_equal(back.targets[1].state, JB_TARGET_SIGNED);
    assert_int_equal(jb_case_rows_drop(l, c.case_no), JB_OK);
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        char sql[64];
        int64_t rows = 1;
        snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", tables[i]);
        assert_int_equal(jb_db_number(l, sql, &rows), JB_OK);
        assert_int_equal(rows, 0);
    }
    assert_int_equal(jb_ledger_commit(l), JB_OK);
    lw_close(&l);
}

static int64_t marks_in_table(struct jb_ledger *l)
{
    int64_t rows = -1;

    assert_int_equal(jb_db_number(l, "SELECT count(*) FROM mark", &rows), JB_OK);
    return rows;
}

/* A broker writes the whole case; its marks also stand in rows, which others look up. */
static void a_broker_writes_all_of_a_case(void **state)
{
    struct lw *w = *state;
    struct jb_case c = cs_full();
    struct jb_case back;
    struct jb_ledger *l = lw_open(w, "b.db", JB_LEDGER_BROKER);

    assert_int_equal(jb_ledger_begin(l), JB_OK);
    assert_int_equal(jb_ledger_case_save(l, &c), JB_OK);
    assert_int_equal(marks_in_table(l), 2);
    c.mark_count = 1;
    c.marks_dirty = true;
    c.dockets[0].step = 99;
    assert_int_equal(jb_ledger_case_save(l, &c), JB_OK);
    assert_int_equal(jb_ledger_case_load(l, c.case_no, &w->arena, &back), JB_OK);
    cs_same(&c, &back);
    assert_int_equal(marks_in_table(l), 1);
    assert_int_equal(jb_ledger_commit(l), JB_OK);
    lw_close(&l);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, lw_setup, lw_teardown)
    const struct CMUnitTest tests[] = {
        T(a_case_comes_back_field_by_field),        T(a_case_that_is_not_there_has_no_stage),
        T(a_full_arena_is_an_error_at_every_point), T(what_changed_is_written),
        T(a_broker_writes_all_of_a_case),
    };
#undef T

    return cmocka_run_group_tests_name("casefile", tests, NULL, NULL);
}
