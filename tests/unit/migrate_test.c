/* Files of the first schema version are brought up to the newest one: from the record, in one
 * transaction, whatever happens in the middle. The dumps in tests/data/ledger-v1 were made by the
 * programs of that time. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/ledger/schema.h"
#include "tests/unit/ledger_world.h"

static const struct {
    const char *dump;
    enum jb_ledger_role role;
    int64_t cases; /* that stand in the derived tables */
    int64_t left;  /* that were left */
} rows[] = {
    {"tests/data/ledger-v1/broker.sql", JB_LEDGER_BROKER, 4, 0},
    {"tests/data/ledger-v1/xfj.sql", JB_LEDGER_REPLICA, 4, 0},
    {"tests/data/ledger-v1/zjj.sql", JB_LEDGER_REPLICA, 2, 1},
};
#define ROWS (sizeof rows / sizeof rows[0])

static char *file_text(const char *path)
{
    FILE *in = fopen(path, "rb");
    size_t size = 1 << 20;
    char *text = malloc(size);

    assert_non_null(in);
    assert_non_null(text);
    size_t len = fread(text, 1, size - 1, in);
    assert_true(len > 1000 && len < size - 1);
    assert_int_equal(fclose(in), 0);
    text[len] = '\0';
    return text;
}

/* A file as the programs of the first version left it. */
static void make_old(struct lw *w, const char *name, const char *dump)
{
    char *text = file_text(dump);
    char pragmas[128];

    lw_remove(w, name);
    lw_sql(w, name, text);
    snprintf(pragmas, sizeof pragmas, "PRAGMA application_id = %d; PRAGMA user_version = 1",
             JB_LEDGER_APPLICATION_ID);
    lw_sql(w, name, pragmas);
    free(text);
}

static int64_t number(struct jb_ledger *l, const char *sql)
{
    int64_t value = -1;

    assert_int_equal(jb_db_number(l, sql, &value), JB_OK);
    return value;
}

/* What holds of every migrated file. */
static void check_new(struct lw *w, struct jb_ledger *l, size_t row)
{
    uint8_t before[JB_HASH_BYTES];
    uint8_t after[JB_HASH_BYTES];
    struct jb_check check;
    struct jb_totals totals;

    assert_int_equal(number(l, "PRAGMA user_version"), 2);
    assert_int_equal(number(l, "SELECT count(*) FROM case_file"), rows[row].cases);
    assert_int_equal(number(l, "SELECT count(*) FROM left_case"), rows[row].left);
    assert_true(number(l, "SELECT count(*) FROM deadline") > 0);
    assert_int_equal(number(l, "SELECT count(*) FROM node"), 4);
    assert_int_equal(jb_ledger_digest(l, before), JB_OK);
    if (jb_ledger_check(l, NULL, &check, &w->fault) != JB_OK || !check.chain_intact ||
        !check.tables_equal || !check.signatures_good)
        fail_msg("%s: %s", rows[row].dump, w->fault.text);
    assert_int_equal(jb_ledger_rebuild(l, &w->fault), JB_OK);
    assert_int_equal(jb_ledger_digest(l, after), JB_OK);
    assert_memory_equal(before, after, sizeof before);
    assert_int_equal(jb_query_totals(l, w->now_ms, &totals), JB_OK);
    assert_int_equal(totals.cases, rows[row].cases);
    assert_int_equal(totals.directives, 0);
}

static void files_of_the_first_version_open(void **state)
{
    struct lw *w = *state;

    for (size_t i = 0; i < ROWS; i++) {
        make_old(w, "old.db", rows[i].dump);
        struct jb_ledger *l = lw_open(w, "old.db", rows[i].role);
        check_new(w, l, i);
        lw_close(&l);
        assert_int_equal(access(lw_path(w, "old.db.v1"), R_OK), 0);
        l = lw_open(w, "old.db", rows[i].role); /* a second time there is nothing to do */
        check_new(w, l, i);
        lw_close(&l);
        /* a copy of a replica would keep what the replica has to forget */
        bool kept = access(lw_path(w, "old.db.v1"), R_OK) == 0;
        assert_int_equal(kept, rows[i].role == JB_LEDGER_BROKER);
        lw_remove(w, "old.db.v1");
    }
}

/* Values that the old tables held come out the same: the record alone made them. */
static void the_same_comes_out(void **state)
{
    static const char *const questions[] = {
        "SELECT sum(stage * 7 + host * 3 + custody + hops + registrar) FROM case_file",
        "SELECT sum(due_ms % 1000003 + ended_how * 11 + warned + extensions + node) FROM deadline",
        "SELECT sum(node * 5 + role) FROM participant",
        "SELECT sum(log_seq + node) FROM stored",
        "SELECT sum(length(body)) FROM policy",
        "SELECT sum(length(title) + length(class_code)) FROM case_file",
        "SELECT max(seq) FROM policy",
    };
    struct lw *w = *state;

    for (size_t i = 0; i < ROWS; i++) {
        int64_t before[sizeof questions / sizeof questions[0]];
        make_old(w, "old.db", rows[i].dump);
        sqlite3 *db = NULL;
        assert_int_equal(sqlite3_open(lw_path(w, "old.db"), &db), SQLITE_OK);
        for (size_t k = 0; k < sizeof questions / sizeof questions[0]; k++) {
            sqlite3_stmt *s = NULL;
            assert_int_equal(sqlite3_prepare_v2(db, questions[k], -1, &s, NULL), SQLITE_OK);
            assert_int_equal(sqlite3_step(s), SQLITE_ROW);
            before[k] = sqlite3_column_int64(s, 0);
            sqlite3_finalize(s);
        }
        assert_int_equal(sqlite3_close(db), SQLITE_OK);
        struct jb_ledger *l = lw_open(w, "old.db", rows[i].role);
        for (size_t k = 0; k < sizeof questions / sizeof questions[0]; k++)
            if (number(l, questions[k]) != before[k])
                fail_msg("%s: %s: %lld, was %lld", rows[i].dump, questions[k],
                         (long long)number(l, questions[k]), (long long)before[k]);
        lw_close(&l);
        lw_remove(w, "old.db.v1");
    }
}

/* A new file and a migrated one have the same tables and indexes. */
static void the_schema_is_that_of_a_new_file(void **state)
{
    struct lw *w = *state;

    for (size_t i = 0; i < ROWS; i++) {
        char sql[512];
        make_old(w, "old.db", rows[i].dump);
        struct jb_ledger *fresh = lw_open(w, "new.db", rows[i].role);
        lw_close(&fresh);
        struct jb_ledger *l = lw_open(w, "old.db", rows[i].role);
        snprintf(sql, sizeof sql, "ATTACH '%s' AS n", lw_path(w, "new.db"));
        assert_int_equal(jb_db_exec(l, sql), JB_OK);
        assert_int_equal(number(l, "SELECT count(*) FROM (SELECT name, sql FROM n.sqlite_schema"
                                   " WHERE name NOT LIKE 'sqlite_%'"
                                   " EXCEPT SELECT name, sql FROM main.sqlite_schema)"),
                         0);
        assert_int_equal(number(l, "SELECT count(*) FROM (SELECT name, sql FROM main.sqlite_schema"
                                   " WHERE name NOT LIKE 'sqlite_%'"
                                   " EXCEPT SELECT name, sql FROM n.sqlite_schema)"),
                         0);
        lw_close(&l);
        lw_remove(w, "new.db");
        lw_remove(w, "old.db.v1");
    }
}

static int64_t version_of_file(struct lw *w, const char *name)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *s = NULL;

    assert_int_equal(sqlite3_open(lw_path(w, name), &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    int64_t version = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return version;
}

/* One page more each time: whatever the migration was doing, the file is the old one. */
static void a_full_disk_changes_nothing(void **state)
{
    struct lw *w = *state;
    size_t failures = 0;

    make_old(w, "old.db", rows[0].dump);
    for (uint64_t pages = 20;; pages += 1 + pages / 8) {
        struct jb_ledger_options options = {.role = rows[0].role, .max_pages = pages};
        struct jb_ledger *l = NULL;
        enum jb_err err = jb_ledger_open(lw_path(w, "old.db"), &options, &l, &w->fault);
        if (err == JB_OK) {
            check_new(w, l, 0);
            lw_close(&l);
            break;
        }
        failures++;
        assert_int_equal(version_of_file(w, "old.db"), 1);
        assert_true(failures < 200);
    }
    assert_true(failures > 0);
    lw_remove(w, "old.db.v1");
}

/* Killed at some instant of the migration, the file is of version 1 or 2 and opens. */
static void killed_in_the_middle_it_opens(void **state)
{
    struct lw *w = *state;
    size_t old = 0;

    for (int64_t after_us = 0; after_us < 12000; after_us += 400) {
        make_old(w, "old.db", rows[0].dump);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            struct jb_ledger_options options = {.role = rows[0].role};
            struct jb_ledger *l = NULL;
            (void)!jb_ledger_open(lw_path(w, "old.db"), &options, &l, &w->fault);
            _exit(0);
        }
        struct timespec pause = {0, after_us * 1000};
        (void)nanosleep(&pause, NULL);
        (void)kill(child, SIGKILL);
        assert_int_equal(waitpid(child, NULL, 0), child);
        int64_t version = version_of_file(w, "old.db");
        assert_true(version == 1 || version == 2);
        old += version == 1;
        struct jb_ledger *l = lw_open(w, "old.db", rows[0].role);
        check_new(w, l, 0);
        lw_close(&l);
        lw_remove(w, "old.db.v1");
        lw_remove(w, "old.db.v1.part");
    }
    assert_true(old > 0);
}

/* A damaged record is not thrown away for a half-filled table. */
static void a_record_that_cannot_be_read_stops_it(void **state)
{
    struct lw *w = *state;

    make_old(w, "old.db", rows[0].dump);
    lw_sql(w, "old.db", "UPDATE entry SET body = x'ff' WHERE seq = 9");
    struct jb_ledger_options options = {.role = rows[0].role};
    struct jb_ledger *l = NULL;
    assert_int_not_equal(jb_ledger_open(lw_path(w, "old.db"), &options, &l, &w->fault), JB_OK);
    assert_non_null(strstr(w->fault.text, "entry 9"));
    assert_int_equal(version_of_file(w, "old.db"), 1);
    lw_remove(w, "old.db.v1");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, lw_setup, lw_teardown)
    const struct CMUnitTest tests[] = {
        T(files_of_the_first_version_open),  T(the_same_comes_out),
        T(the_schema_is_that_of_a_new_file), T(a_full_disk_changes_nothing),
        T(killed_in_the_middle_it_opens),    T(a_record_that_cannot_be_read_stops_it),
    };
#undef T

    return cmocka_run_group_tests_name("migrate", tests, NULL, NULL);
}
