/* Files of every earlier schema version are brought up to the newest one: from the record, in one
 * transaction, whatever happens in the middle. The dumps in tests/data/ledger-vN were made by the
 * programs of that time. */
#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/ledger/backup.h"
#include "proto/ledger/owner.h"
#include "proto/ledger/schema.h"
#include "tests/unit/ledger_old.h"
#include "tests/unit/rounds.h"

static const struct old {
    const char *dump;
    int version;
    enum jb_ledger_role role;
    int64_t cases; /* that stand in the derived tables */
    int64_t left;  /* that were left */
    int64_t directives;
} rows[] = {
    {"tests/data/ledger-v1/broker.sql", 1, JB_LEDGER_BROKER, 4, 0, 0},
    {"tests/data/ledger-v1/xfj.sql", 1, JB_LEDGER_REPLICA, 4, 0, 0},
    {"tests/data/ledger-v1/zjj.sql", 1, JB_LEDGER_REPLICA, 2, 1, 0},
    {"tests/data/ledger-v2/broker.sql", 2, JB_LEDGER_BROKER, 5, 0, 6},
    {"tests/data/ledger-v2/xfj.sql", 2, JB_LEDGER_REPLICA, 5, 0, 6},
    {"tests/data/ledger-v2/zjj.sql", 2, JB_LEDGER_REPLICA, 2, 1, 3},
    {"tests/data/ledger-v3/broker.sql", 3, JB_LEDGER_BROKER, 5, 0, 6},
    {"tests/data/ledger-v3/xfj.sql", 3, JB_LEDGER_REPLICA, 5, 0, 6},
    {"tests/data/ledger-v3/zjj.sql", 3, JB_LEDGER_REPLICA, 2, 1, 3},
    {"tests/data/ledger-v4/broker.sql", 4, JB_LEDGER_BROKER, 3, 0, 4},
    {"tests/data/ledger-v4/xfj.sql", 4, JB_LEDGER_REPLICA, 3, 0, 4},
    {"tests/data/ledger-v4/zjj.sql", 4, JB_LEDGER_REPLICA, 2, 1, 3},
    {"tests/data/ledger-v5/broker.sql", 5, JB_LEDGER_BROKER, 3, 0, 4},
    {"tests/data/ledger-v5/xfj.sql", 5, JB_LEDGER_REPLICA, 3, 0, 4},
    {"tests/data/ledger-v5/zjj.sql", 5, JB_LEDGER_REPLICA, 2, 1, 3},
    {"tests/data/ledger-v6/broker.sql", 6, JB_LEDGER_BROKER, 3, 0, 3},
    {"tests/data/ledger-v6/xfj.sql", 6, JB_LEDGER_REPLICA, 3, 0, 3},
    {"tests/data/ledger-v6/zjj.sql", 6, JB_LEDGER_REPLICA, 2, 1, 2},
};
#define ROWS (sizeof rows / sizeof rows[0])

static int newest(void)
{
    return (int)jb_schema_known().count + 1;
}

/* A file as the programs of its version left it. */
static void make_old(struct lw *w, const char *name, const struct old *old)
{
    lo_make(w, name, old->dump, old->version);
}

static int64_t number(struct jb_ledger *l, const char *sql)
{
    int64_t value = -1;

    assert_int_equal(jb_db_number(l, sql, &value), JB_OK);
    return value;
}

static void copies_remove(struct lw *w)
{
    for (size_t i = 0; i < ROWS; i++) {
        char name[32];
        snprintf(name, sizeof name, "old.db.v%d", rows[i].version);
        lw_remove(w, name);
    }
}

static int64_t deadlines_of(const struct jb_case *c)
{
    return (int64_t)c->deadline_count;
}

static int64_t directives_of(const struct jb_case *c)
{
    return (int64_t)c->directive_count;
}

/* What holds of every migrated file. */
static void check_new(struct lw *w, struct jb_ledger *l, size_t row)
{
    uint8_t before[JB_HASH_BYTES];
    uint8_t after[JB_HASH_BYTES];
    struct jb_check check;
    struct jb_totals totals;

    assert_int_equal(number(l, "PRAGMA user_version"), newest());
    assert_int_equal(number(l, "SELECT count(*) FROM case_file"), rows[row].cases);
    assert_int_equal(number(l, "SELECT count(*) FROM left_case"), rows[row].left);
    assert_true(lo_sum(w, l, deadlines_of) > 0);
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
    assert_int_equal(lo_sum(w, l, directives_of), rows[row].directives);
}

/* The copy that a migration leaves. */
static const char *copy_of(struct lw *w, const struct old *old)
{
    char name[32];

    snprintf(name, sizeof name, "old.db.v%d", old->version);
    return lw_path(w, name);
}

static void files_of_earlier_versions_open(void **state)
{
    struct lw *w = *state;

    for (size_t i = 0; i < ROWS; i++) {
        make_old(w, "old.db", &rows[i]);
        struct jb_ledger *l = lw_open(w, "old.db", rows[i].role);
        check_new(w, l, i);
        lw_close(&l);
        assert_int_equal(access(copy_of(w, &rows[i]), R_OK) == 0, rows[i].version < newest());
        l = lw_open(w, "old.db", rows[i].role); /* a second time there is nothing to do */
        check_new(w, l, i);
        lw_close(&l);
        /* a copy of a replica would keep what the replica has to forget */
        bool kept = access(copy_of(w, &rows[i]), R_OK) == 0;
        assert_int_equal(kept, rows[i].role == JB_LEDGER_BROKER && rows[i].version < newest());
        copies_remove(w);
    }
}

/* Every table of the file as it was, but for what is derived: names, columns and rows, in
 * order, in one text. */
static char *record_text(sqlite3 *shape, sqlite3 *db)
{
    size_t len = 0;
    char *text = NULL;
    sqlite3_stmt *tables = NULL;
    FILE *out = open_memstream(&text, &len);

    assert_non_null(out);
    assert_int_equal(
        sqlite3_prepare_v2(shape,
                           "SELECT m.name, group_concat('quote(' || c.name || ')', '||')"
                           " FROM sqlite_schema m, pragma_table_info(m.name) c"
                           " WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%'"
                           " GROUP BY m.name ORDER BY m.name",
                           -1, &tables, NULL),
        SQLITE_OK);
    while (sqlite3_step(tables) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(tables, 0);
        char sql[1024];
        sqlite3_stmt *s = NULL;
        bool derived = false;
        for (const struct jb_schema_table *t = jb_schema_derived; t->name != NULL; t++)
            derived = derived || strcmp(t->name, name) == 0;
        if (derived)
            continue;
        snprintf(sql, sizeof sql, "SELECT %s AS line FROM %s ORDER BY line",
                 (const char *)sqlite3_column_text(tables, 1), name);
        assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
        fprintf(out, "%s\n", name);
        while (sqlite3_step(s) == SQLITE_ROW)
            fprintf(out, "%s\n", (const char *)sqlite3_column_text(s, 0));
        sqlite3_finalize(s);
    }
    sqlite3_finalize(tables);
    assert_int_equal(fclose(out), 0);
    return text;
}

/* What was said, signed and kept is the same afterwards, byte for byte. */
static void the_record_keeps_every_byte(void **state)
{
    struct lw *w = *state;

    for (size_t i = 0; i < ROWS; i++) {
        sqlite3 *before = NULL;
        make_old(w, "before.db", &rows[i]);
        make_old(w, "old.db", &rows[i]);
        assert_int_equal(sqlite3_open(lw_path(w, "before.db"), &before), SQLITE_OK);
        struct jb_ledger *l = lw_open(w, "old.db", rows[i].role);
        char *was = record_text(before, before);
        char *is = record_text(before, l->db);
        assert_true(strlen(was) > 10000);
        assert_string_equal(was, is);
        free(was);
        free(is);
        lw_close(&l);
        assert_int_equal(sqlite3_close(before), SQLITE_OK);
        lw_remove(w, "before.db");
        copies_remove(w);
    }
}

static int64_t fields(const struct jb_case *c)
{
    return (int64_t)c->stage * 7 + c->host * 3 + c->custody + c->hops + c->registrar;
}

static int64_t deadlines(const struct jb_case *c)
{
    int64_t sum = 0;

    for (size_t i = 0; i < c->deadline_count; i++) {
        const struct jb_deadline *d = &c->deadlines[i];
        sum += d->due_ms % 1000003 + (int64_t)d->end * 11 + d->warned + d->extensions + d->node;
    }
    return sum;
}

static int64_t participants(const struct jb_case *c)
{
    int64_t sum = 0;

    for (size_t i = 0; i < c->participant_count; i++)
        sum += c->participants[i].node * 5 + (int64_t)c->participants[i].role;
    return sum;
}

static int64_t characters(struct jb_text text)
{
    int64_t count = 0;

    for (size_t i = 0; i < text.len; i++)
        count += ((unsigned char)text.data[i] & 0xc0) != 0x80;
    return count;
}

static int64_t texts(const struct jb_case *c)
{
    return characters(c->title) + characters(c->class_code);
}

/* Values that the old tables held come out the same: the record alone made them. */
static void the_same_comes_out(void **state)
{
    static const struct {
        const char *sql;                       /* of the old file */
        int64_t (*of)(const struct jb_case *); /* the same of its cases; NULL: by the same SQL */
    } questions[] = {
        {"SELECT sum(stage * 7 + host * 3 + custody + hops + registrar) FROM case_file", fields},
        {"SELECT sum(due_ms % 1000003 + ended_how * 11 + warned + extensions + node) FROM deadline",
         deadlines},
        {"SELECT sum(node * 5 + role) FROM participant", participants},
        {"SELECT sum(log_seq + node) FROM stored", NULL},
        {"SELECT sum(length(body)) FROM policy", NULL},
        {"SELECT sum(length(title) + length(class_code)) FROM case_file", texts},
        {"SELECT max(seq) FROM policy", NULL},
    };
    struct lw *w = *state;

    for (size_t i = 0; i < ROWS; i++) {
        int64_t before[sizeof questions / sizeof questions[0]];
        make_old(w, "old.db", &rows[i]);
        sqlite3 *db = NULL;
        assert_int_equal(sqlite3_open(lw_path(w, "old.db"), &db), SQLITE_OK);
        for (size_t k = 0; k < sizeof questions / sizeof questions[0]; k++) {
            sqlite3_stmt *s = NULL;
            assert_int_equal(sqlite3_prepare_v2(db, questions[k].sql, -1, &s, NULL), SQLITE_OK);
            assert_int_equal(sqlite3_step(s), SQLITE_ROW);
            before[k] = sqlite3_column_int64(s, 0);
            sqlite3_finalize(s);
        }
        assert_int_equal(sqlite3_close(db), SQLITE_OK);
        struct jb_ledger *l = lw_open(w, "old.db", rows[i].role);
        for (size_t k = 0; k < sizeof questions / sizeof questions[0]; k++) {
            int64_t after = questions[k].of != NULL ? lo_sum(w, l, questions[k].of)
                                                    : number(l, questions[k].sql);
            if (after != before[k])
                fail_msg("%s: %s: %lld, was %lld", rows[i].dump, questions[k].sql, (long long)after,
                         (long long)before[k]);
        }
        lw_close(&l);
        copies_remove(w);
    }
}

/* A new file and a migrated one have the same tables and indexes. */
static void the_schema_is_that_of_a_new_file(void **state)
{
    struct lw *w = *state;

    for (size_t i = 0; i < ROWS; i++) {
        char sql[512];
        make_old(w, "old.db", &rows[i]);
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
        copies_remove(w);
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

    make_old(w, "old.db", &rows[0]);
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

/* Killed at some instant of the migration, the file is the old one or the new one and opens. */
static void killed_in_the_middle_it_opens(void **state)
{
    struct lw *w = *state;
    size_t old = 0;

    const int64_t step_us = 12000 / (int64_t)rounds_of(30, 1);
    for (int64_t after_us = 0; after_us < 12000; after_us += step_us) {
        make_old(w, "old.db", &rows[0]);
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
        assert_true(version == 1 || version == newest());
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

    make_old(w, "old.db", &rows[0]);
    lw_sql(w, "old.db", "UPDATE entry SET body = x'ff' WHERE seq = 9");
    struct jb_ledger_options options = {.role = rows[0].role};
    struct jb_ledger *l = NULL;
    assert_int_not_equal(jb_ledger_open(lw_path(w, "old.db"), &options, &l, &w->fault), JB_OK);
    assert_non_null(strstr(w->fault.text, "entry 9"));
    assert_int_equal(version_of_file(w, "old.db"), 1);
    lw_remove(w, "old.db.v1");
}

static struct jb_public_keys owner_of(struct lw *w, const char *name)
{
    struct jb_owner_claim claim = {.has_former = false};
    struct jb_owner_found found;

    jb_owner_look(lw_path(w, name), &claim, &found);
    return found.record;
}

static size_t files_in(const struct lw *w)
{
    struct dirent **found = NULL;
    int count = scandir(w->dir, &found, NULL, alphasort);

    assert_true(count >= 2);
    for (int i = 0; i < count; i++)
        free(found[i]);
    free(found);
    return (size_t)count - 2;
}

/* The copy of before holds keys of cases that may be erased since, and nobody would remove it. */
static void a_restore_of_one_leaves_no_copy(void **state)
{
    struct lw *w = *state;
    char source[sizeof w->path];
    struct jb_backup_report report;

    for (size_t i = 0; i < ROWS; i++) {
        if (rows[i].role != JB_LEDGER_BROKER)
            continue;
        make_old(w, "old.db", &rows[i]);
        snprintf(source, sizeof source, "%s", lw_path(w, "old.db"));
        struct jb_public_keys owner = owner_of(w, "old.db");
        lw_copy_file(w, "old.db", "new.db.restore.v1.part"); /* a killed one's */
        if (jb_backup_restore(source, lw_path(w, "new.db"), owner.sign, w->now_ms, &report,
                              &w->fault) != JB_OK)
            fail_msg("%s: %s", rows[i].dump, w->fault.text);
        lw_remove(w, "old.db");
        assert_int_equal(files_in(w), 1);
        struct jb_ledger *l = lw_open(w, "new.db", JB_LEDGER_BROKER);
        assert_int_equal(number(l, "SELECT count(*) FROM case_file"), rows[i].cases);
        lw_close(&l);
        lw_remove(w, "new.db");
    }
}

/* By the name that was given. */
static void a_restore_that_cannot_migrate_says_of_which_file(void **state)
{
    struct lw *w = *state;
    char source[sizeof w->path];
    uint8_t owner[JB_KEY_BYTES] = {0};
    struct jb_backup_report report;

    make_old(w, "old.db", &rows[0]);
    lw_sql(w, "old.db", "UPDATE entry SET body = x'ff' WHERE seq = 9");
    snprintf(source, sizeof source, "%s", lw_path(w, "old.db"));
    assert_int_not_equal(
        jb_backup_restore(source, lw_path(w, "new.db"), owner, w->now_ms, &report, &w->fault),
        JB_OK);
    assert_non_null(strstr(w->fault.text, "entry 9"));
    assert_ptr_equal(strstr(w->fault.text, source), w->fault.text);
    assert_null(strstr(w->fault.text, ".restore"));
    assert_int_equal(files_in(w), 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, lw_setup, lw_teardown)
    const struct CMUnitTest tests[] = {
        T(files_of_earlier_versions_open),
        T(the_record_keeps_every_byte),
        T(the_same_comes_out),
        T(the_schema_is_that_of_a_new_file),
        T(a_full_disk_changes_nothing),
        T(killed_in_the_middle_it_opens),
        T(a_record_that_cannot_be_read_stops_it),
        T(a_restore_of_one_leaves_no_copy),
        T(a_restore_that_cannot_migrate_says_of_which_file),
    };
#undef T

    return cmocka_run_group_tests_name("migrate", tests, NULL, NULL);
}
