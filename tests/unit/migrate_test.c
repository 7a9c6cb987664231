/* Files of every earlier schema version are brought up to the newest one: from the record, in one
 * transaction; migrate_killed_test.c: whatever happens in the middle. The dumps in
 * tests/data/ledger-vN were made by the programs of that time. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/ledger/backup.h"
#include "proto/ledger/owner.h"
#include "proto/ledger/schema.h"
#include "tests/unit/casesame.h"
#include "tests/unit/ledger_old.h"

/* The copy that a migration leaves. */
static const char *copy_of(struct lw *w, const struct lo_dump *old)
{
    char name[32];

    snprintf(name, sizeof name, "old.db.v%d", old->version);
    return lw_path(w, name);
}

static void files_of_earlier_versions_open(void **state)
{
    struct lw *w = *state;

    for (const struct lo_dump *d = lo_dumps; d->path != NULL; d++) {
        lo_make(w, "old.db", d->path, d->version);
        struct jb_ledger *l = lw_open(w, "old.db", d->role);
        lo_check(w, l, d);
        lw_close(&l);
        assert_int_equal(access(copy_of(w, d), R_OK) == 0, d->version < lo_newest());
        l = lw_open(w, "old.db", d->role); /* a second time there is nothing to do */
        lo_check(w, l, d);
        lw_close(&l);
        /* a copy of a replica would keep what the replica has to forget */
        bool kept = access(copy_of(w, d), R_OK) == 0;
        assert_int_equal(kept, d->role == JB_LEDGER_BROKER && d->version < lo_newest());
        lo_copies_remove(w, "old.db");
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

    for (const struct lo_dump *d = lo_dumps; d->path != NULL; d++) {
        sqlite3 *before = NULL;
        lo_make(w, "before.db", d->path, d->version);
        lo_make(w, "old.db", d->path, d->version);
        assert_int_equal(sqlite3_open(lw_path(w, "before.db"), &before), SQLITE_OK);
        struct jb_ledger *l = lw_open(w, "old.db", d->role);
        char *was = record_text(before, before);
        char *is = record_text(before, l->db);
        assert_true(strlen(was) > 10000);
        assert_string_equal(was, is);
        free(was);
        free(is);
        lw_close(&l);
        assert_int_equal(sqlite3_close(before), SQLITE_OK);
        lw_remove(w, "before.db");
        lo_copies_remove(w, "old.db");
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

    for (const struct lo_dump *d = lo_dumps; d->path != NULL; d++) {
        int64_t before[sizeof questions / sizeof questions[0]];
        lo_make(w, "old.db", d->path, d->version);
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
        struct jb_ledger *l = lw_open(w, "old.db", d->role);
        for (size_t k = 0; k < sizeof questions / sizeof questions[0]; k++) {
            int64_t after = questions[k].of != NULL ? lo_sum(w, l, questions[k].of)
                                                    : lo_number(l, questions[k].sql);
            if (after != before[k])
                fail_msg("%s: %s: %lld, was %lld", d->path, questions[k].sql, (long long)after,
                         (long long)before[k]);
        }
        lw_close(&l);
        lo_copies_remove(w, "old.db");
    }
}

/* Who registered all cases was told all of them: its replica, whose columns a step to 8 leaves as
 * they were, says of each what the broker's packed row says. */
static void a_broker_packs_what_its_offices_columns_say(void **state)
{
    static const char *const dumps[] = {"tests/data/ledger-v7/broker.sql",
                                        "tests/data/ledger-v7/xfj.sql"};
    struct lw *w = *state;
    sqlite3_stmt *s = NULL;
    int64_t count = 0;

    lo_make(w, "old.db", dumps[0], 7);
    lo_make(w, "office.db", dumps[1], 7);
    struct jb_ledger *broker = lw_open(w, "old.db", JB_LEDGER_BROKER);
    struct jb_ledger *office = lw_open(w, "office.db", JB_LEDGER_REPLICA);
    assert_int_equal(sqlite3_prepare_v2(office->db, "SELECT case_no FROM case_file", -1, &s, NULL),
                     SQLITE_OK);
    for (; sqlite3_step(s) == SQLITE_ROW; count++) {
        struct jb_case packed, columns;
        int64_t case_no = sqlite3_column_int64(s, 0);
        assert_int_equal(jb_ledger_case_load(broker, case_no, &w->arena, &packed), JB_OK);
        assert_int_equal(jb_ledger_case_load(office, case_no, &w->arena, &columns), JB_OK);
        cs_sort(&packed);
        cs_sort(&columns);
        cs_same(&packed, &columns);
    }
    sqlite3_finalize(s);
    assert_int_equal(count, lo_number(broker, "SELECT count(*) FROM case_file"));
    lw_close(&broker);
    lw_close(&office);
    lw_remove(w, "office.db");
    lo_copies_remove(w, "old.db");
}

/* A new file and a migrated one have the same tables and indexes. */
static void the_schema_is_that_of_a_new_file(void **state)
{
    struct lw *w = *state;

    for (const struct lo_dump *d = lo_dumps; d->path != NULL; d++) {
        char sql[512];
        lo_make(w, "old.db", d->path, d->version);
        struct jb_ledger *fresh = lw_open(w, "new.db", d->role);
        lw_close(&fresh);
        struct jb_ledger *l = lw_open(w, "old.db", d->role);
        snprintf(sql, sizeof sql, "ATTACH '%s' AS n", lw_path(w, "new.db"));
        assert_int_equal(jb_db_exec(l, sql), JB_OK);
        assert_int_equal(lo_number(l, "SELECT count(*) FROM (SELECT name, sql FROM n.sqlite_schema"
                                      " WHERE name NOT LIKE 'sqlite_%'"
                                      " EXCEPT SELECT name, sql FROM main.sqlite_schema)"),
                         0);
        assert_int_equal(lo_number(l,
                                   "SELECT count(*) FROM (SELECT name, sql FROM main.sqlite_schema"
                                   " WHERE name NOT LIKE 'sqlite_%'"
                                   " EXCEPT SELECT name, sql FROM n.sqlite_schema)"),
                         0);
        lw_close(&l);
        lw_remove(w, "new.db");
        lo_copies_remove(w, "old.db");
    }
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

    for (const struct lo_dump *d = lo_dumps; d->path != NULL; d++) {
        if (d->role != JB_LEDGER_BROKER)
            continue;
        lo_make(w, "old.db", d->path, d->version);
        snprintf(source, sizeof source, "%s", lw_path(w, "old.db"));
        struct jb_public_keys owner = owner_of(w, "old.db");
        lw_copy_file(w, "old.db", "new.db.restore.v1.part"); /* a killed one's */
        if (jb_backup_restore(source, lw_path(w, "new.db"), owner.sign, w->now_ms, &report,
                              &w->fault) != JB_OK)
            fail_msg("%s: %s", d->path, w->fault.text);
        lw_remove(w, "old.db");
        assert_int_equal(files_in(w), 1);
        struct jb_ledger *l = lw_open(w, "new.db", JB_LEDGER_BROKER);
        assert_int_equal(lo_number(l, "SELECT count(*) FROM case_file"), d->cases);
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

    lo_make(w, "old.db", lo_dumps[0].path, lo_dumps[0].version);
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
        T(a_broker_packs_what_its_offices_columns_say),
        T(the_schema_is_that_of_a_new_file),
        T(a_restore_of_one_leaves_no_copy),
        T(a_restore_that_cannot_migrate_says_of_which_file),
    };
#undef T

    return cmocka_run_group_tests_name("migrate", tests, NULL, NULL);
}
