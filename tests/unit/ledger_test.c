/* Files, transactions and derived tables: what is refused, what survives, what goes back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "proto/ledger/schema.h"
#include "tests/unit/ledger_world.h"

/* ---- opening ---- */

static enum jb_err try_open(struct lw *w, const char *name, struct jb_ledger_options options)
{
    struct jb_ledger *l = NULL;
    enum jb_err err = jb_ledger_open(lw_path(w, name), &options, &l, &w->fault);

    if (err == JB_OK)
        lw_close(&l);
    else
        assert_null(l);
    return err;
}

static void a_new_file_is_durable_and_keeps_its_epoch(void **state)
{
    struct lw *w = *state;
    uint8_t epoch[JB_EPOCH_BYTES];
    int64_t value = 0;
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);
    struct jb_ledger *other = lw_open(w, "b.db", JB_LEDGER_BROKER);

    memcpy(epoch, jb_ledger_epoch(l), sizeof epoch);
    assert_memory_not_equal(epoch, jb_ledger_epoch(other), sizeof epoch);
    assert_int_equal(jb_db_number(l, "PRAGMA synchronous", &value), JB_OK);
    assert_int_equal(value, 2);
    assert_int_equal(
        jb_db_number(l, "SELECT journal_mode = 'wal' FROM pragma_journal_mode", &value), JB_OK);
    assert_int_equal(value, 1);
    assert_int_equal(jb_db_number(l, "PRAGMA wal_autocheckpoint", &value), JB_OK);
    assert_int_equal(value, 0);
    assert_int_equal(jb_db_number(l, "PRAGMA secure_delete", &value), JB_OK);
    assert_int_equal(value, 1); /* erased keys leave no bytes in free pages */
    lw_close(&other);
    lw_close(&l);
    l = lw_open(w, "a.db", JB_LEDGER_BROKER);
    assert_memory_equal(epoch, jb_ledger_epoch(l), sizeof epoch);
    lw_close(&l);
    l = lw_open(w, "r.db", JB_LEDGER_REPLICA);
    assert_int_equal(jb_db_number(l, "PRAGMA secure_delete", &value), JB_OK);
    assert_int_equal(value, 1);
    lw_close(&l);
}

enum damage {
    NONE,
    TEXT,   /* a text in place of the database */
    ZEROES, /* over the middle of it */
    EMPTY,  /* no bytes */
    GONE,
};

struct refusal {
    const char *fresh; /* SQL that makes the file; NULL: a broker's ledger with some history */
    const char *sql;   /* run in it afterwards */
    enum damage damage;
    enum jb_ledger_role role;
    bool read_only, check;
    enum jb_err err;
    const char *says;
};

static void refusal_prepare(struct lw *w, const struct refusal *r)
{
    static const uint8_t zeroes[102400];
    const char *text = "this is no database, just a text of some length, longer than its header "
                       "would be: one hundred bytes";

    lw_remove(w, "t.db");
    w->cases = 0;
    w->nodes = 0;
    if (r->fresh == NULL) {
        struct jb_ledger *l = lw_open(w, "t.db", JB_LEDGER_BROKER);
        lw_history(w, l, 30);
        lw_close(&l);
    } else {
        lw_sql(w, "t.db", r->fresh);
    }
    if (r->sql != NULL)
        lw_sql(w, "t.db", r->sql);
    switch (r->damage) {
    case TEXT:
        lw_damage(w, "t.db", -1, (struct jb_bytes){(const uint8_t *)text, strlen(text)});
        break;
    case ZEROES:
        lw_damage(w, "t.db", 10240, (struct jb_bytes){zeroes, sizeof zeroes});
        break;
    case EMPTY:
        lw_damage(w, "t.db", -1, (struct jb_bytes){zeroes, 0});
        break;
    case GONE:
        lw_remove(w, "t.db");
        break;
    case NONE:
        break;
    }
}

static void files_that_do_not_fit_are_refused_with_a_reason(void **state)
{
    static const struct refusal rows[] = {
        {"CREATE TABLE t (a)", NULL, NONE, JB_LEDGER_BROKER, false, false, JB_CORRUPT,
         "not a jiaoban"},
        {"PRAGMA application_id = 7; CREATE TABLE t (a)", NULL, NONE, JB_LEDGER_BROKER, false,
         false, JB_CORRUPT, "not a jiaoban"},
        {NULL, NULL, NONE, JB_LEDGER_REPLICA, false, false, JB_CORRUPT, "not an agency's replica"},
        {NULL, NULL, TEXT, JB_LEDGER_BROKER, false, false, JB_CORRUPT, "not a database"},
        {NULL, "PRAGMA user_version = 99", NONE, JB_LEDGER_BROKER, false, false, JB_VERSION, "99"},
        {NULL, "PRAGMA user_version = 0", NONE, JB_LEDGER_BROKER, false, false, JB_CORRUPT,
         "no schema version"},
        {NULL, "DELETE FROM meta", NONE, JB_LEDGER_BROKER, false, false, JB_CORRUPT,
         "a broker's record"},
        {NULL, "UPDATE meta SET value = x'00' WHERE key = '.epoch'", NONE, JB_LEDGER_BROKER, false,
         false, JB_CORRUPT, "epoch"},
        {NULL, "DROP TABLE participant", NONE, JB_LEDGER_BROKER, false, false, JB_CORRUPT,
         "no such table"},
        {NULL, NULL, ZEROES, JB_LEDGER_BROKER, false, true, JB_CORRUPT, "t.db"},
        {NULL, NULL, EMPTY, JB_LEDGER_BROKER, true, false, JB_CORRUPT, "is empty"},
        {NULL, NULL, EMPTY, JB_LEDGER_BROKER, false, false, JB_CORRUPT, "restore"},
        {"VACUUM", NULL, NONE, JB_LEDGER_BROKER, false, false, JB_CORRUPT, "is empty"},
        {NULL, NULL, GONE, JB_LEDGER_BROKER, true, false, JB_NOT_FOUND, "no record"},
        {NULL, NULL, GONE, JB_LEDGER_BROKER, false, false, JB_NOT_FOUND, "no record"},
    };
    struct lw *w = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        refusal_prepare(w, &rows[i]);
        enum jb_err err = try_open(w, "t.db",
                                   (struct jb_ledger_options){.role = rows[i].role,
                                                              .read_only = rows[i].read_only,
                                                              .check = rows[i].check});
        if (err != rows[i].err || strstr(w->fault.text, rows[i].says) == NULL)
            fail_msg("row %zu: %s, %s", i, jb_err_name(err), w->fault.text);
    }
}

static void another_writer_locks_the_file(void **state)
{
    struct lw *w = *state;
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);
    struct jb_ledger_options options = {.role = JB_LEDGER_BROKER};

    assert_int_equal(jb_ledger_begin(l), JB_OK);
    assert_int_equal(try_open(w, "a.db", options), JB_LOCKED);
    options.read_only = true;
    assert_int_equal(try_open(w, "a.db", options), JB_OK);
    jb_ledger_rollback(l);
    options.read_only = false;
    assert_int_equal(try_open(w, "a.db", options), JB_OK);
    lw_close(&l);
}

static void a_read_only_ledger_sees_commits_and_cannot_write(void **state)
{
    struct lw *w = *state;
    struct jb_case c;
    struct jb_ledger *reader = NULL;
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);
    struct jb_ledger_options options = {.role = JB_LEDGER_BROKER, .read_only = true};

    assert_int_equal(jb_ledger_open(lw_path(w, "a.db"), &options, &reader, &w->fault), JB_OK);
    assert_int_equal(jb_ledger_begin(l), JB_OK);
    struct jb_entry e = lw_register(w, l, lw_case_no(0), "供暖");
    (void)lw_log(w, l, &e);
    assert_int_equal(jb_ledger_case_load(reader, lw_case_no(0), &w->arena, &c), JB_OK);
    assert_int_equal(c.stage, JB_STAGE_NONE);
    assert_int_equal(jb_ledger_commit(l), JB_OK);
    assert_int_equal(jb_ledger_case_load(reader, lw_case_no(0), &w->arena, &c), JB_OK);
    assert_int_equal(c.stage, JB_STAGE_REGISTERED);
    assert_int_equal(jb_ledger_begin(reader), JB_DENIED);
    lw_close(&reader);
    lw_close(&l);
}

/* ---- migrations ---- */

static const struct jb_schema_step steps_good[] = {
    {.all = "CREATE TABLE extra (a INTEGER) STRICT",
     .broker = "INSERT INTO extra VALUES (1)",
     .replica = "INSERT INTO extra VALUES (2)"},
    {.all = "ALTER TABLE extra ADD COLUMN b TEXT", .replay = true},
};
static const struct jb_schema_step steps_bad[] = {
    {.all = "CREATE TABLE extra (a INTEGER) STRICT", .replay = true},
    {.all = "CREATE TABLE more (a INTEGER) STRICT", .broker = "INSERT INTO nowhere VALUES (1)"},
};

/* The version of this program. */
static size_t present(void)
{
    return jb_schema_known().count + 1;
}

/* As a later program knows them: two more. */
static struct jb_schema_steps later(const struct jb_schema_step two[2])
{
    static struct jb_schema_step steps[64];
    size_t known = present() - 1;

    assert_true(known + 2 <= sizeof steps / sizeof steps[0]);
    memset(steps, 0, sizeof steps);
    memcpy(steps + known, two, 2 * sizeof *two);
    return (struct jb_schema_steps){steps, known + 2};
}

static int64_t version_of(struct jb_ledger *l)
{
    int64_t version = 0;

    assert_int_equal(jb_db_number(l, "PRAGMA user_version", &version), JB_OK);
    return version;
}

static void older_files_are_migrated_step_by_step(void **state)
{
    struct lw *w = *state;
    int64_t value = 0;
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_REPLICA);
    char path[160];

    snprintf(path, sizeof path, "%s", lw_path(w, "a.db"));
    assert_int_equal(jb_schema_migrate(l, path, later(steps_good), &w->fault), JB_OK);
    assert_int_equal(version_of(l), present() + 2);
    assert_int_equal(jb_db_number(l, "SELECT a FROM extra WHERE b IS NULL", &value), JB_OK);
    assert_int_equal(value, 2);
    lw_close(&l);
    /* what was there before stands beside it, and is complete */
    char copy[32];
    snprintf(copy, sizeof copy, "a.db.v%zu", present());
    lw_copy_file(w, copy, "old.db");
    l = lw_open(w, "old.db", JB_LEDGER_REPLICA);
    assert_int_equal(version_of(l), present());
    assert_int_equal(
        jb_db_number(l, "SELECT count(*) FROM sqlite_schema WHERE name = 'extra'", &value), JB_OK);
    assert_int_equal(value, 0);
    lw_close(&l);
    /* and this program, which knows no such version, refuses the new one */
    assert_int_equal(try_open(w, "a.db", (struct jb_ledger_options){.role = JB_LEDGER_REPLICA}),
                     JB_VERSION);
}

static void a_failed_migration_leaves_the_file_as_it_was(void **state)
{
    struct lw *w = *state;
    int64_t value = 0;
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);
    char path[160];

    snprintf(path, sizeof path, "%s", lw_path(w, "a.db"));
    char wanted[32];
    snprintf(wanted, sizeof wanted, "version %zu", present() + 2);
    assert_int_equal(jb_schema_migrate(l, path, later(steps_bad), &w->fault), JB_CORRUPT);
    assert_non_null(strstr(w->fault.text, wanted));
    assert_int_equal(version_of(l), present());
    assert_int_equal(
        jb_db_number(l, "SELECT count(*) FROM sqlite_schema WHERE name IN ('extra', 'more')",
                     &value),
        JB_OK);
    assert_int_equal(value, 0);
    lw_close(&l);
}

/* ---- facts beside the record ---- */

static void facts_and_keys_go_back_with_a_rollback(void **state)
{
    struct lw *w = *state;
    struct jb_bytes value;
    uint8_t key[JB_KEY_BYTES] = {1, 2, 3};
    uint8_t back[JB_KEY_BYTES];
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);

    assert_int_equal(jb_ledger_meta_get(l, "pin", &w->arena, &value), JB_NOT_FOUND);
    assert_int_equal(jb_ledger_case_key_get(l, 5, back), JB_NOT_FOUND);
    for (int keep = 0; keep < 2; keep++) {
        assert_int_equal(jb_ledger_begin(l), JB_OK);
        assert_int_equal(jb_ledger_meta_set(l, "pin", (struct jb_bytes){(const uint8_t *)"abc", 3}),
                         JB_OK);
        assert_int_equal(jb_ledger_meta_set(l, "empty", (struct jb_bytes){NULL, 0}), JB_OK);
        assert_int_equal(jb_ledger_case_key_put(l, 5, key), JB_OK);
        if (keep)
            assert_int_equal(jb_ledger_commit(l), JB_OK);
        else
            jb_ledger_rollback(l);
        assert_int_equal(jb_ledger_meta_get(l, "pin", &w->arena, &value),
                         keep ? JB_OK : JB_NOT_FOUND);
        assert_int_equal(jb_ledger_case_key_get(l, 5, back), keep ? JB_OK : JB_NOT_FOUND);
    }
    assert_int_equal(value.len, 3);
    assert_memory_equal(value.data, "abc", 3);
    assert_memory_equal(back, key, sizeof key);
    assert_int_equal(jb_ledger_meta_get(l, "empty", &w->arena, &value), JB_OK);
    assert_int_equal(value.len, 0);
    lw_close(&l);
}

/* ---- the suite ---- */

static void a_file_belongs_to_one_suite(void **state)
{
    static const uint8_t suites[] = {JB_SUITE_ED25519, JB_SUITE_SM2_SM3};
    struct lw *w = *state;
    for (size_t i = 0; i < 2; i++) {
        const char *name = i == 0 ? "a.db" : "b.db";
        struct jb_ledger_options options = {
            .role = JB_LEDGER_BROKER, .suite = suites[i], .make = JB_LEDGER_ANEW};
        struct jb_ledger *l = NULL;
        assert_int_equal(jb_ledger_open(lw_path(w, name), &options, &l, &w->fault), JB_OK);
        assert_int_equal(jb_ledger_suite(l), suites[i]);
        lw_close(&l);
        options.suite = 0; /* whatever the file has */
        assert_int_equal(jb_ledger_open(lw_path(w, name), &options, &l, &w->fault), JB_OK);
        assert_int_equal(jb_ledger_suite(l), suites[i]);
        lw_close(&l);
        options.suite = suites[1 - i];
        assert_int_equal(jb_ledger_open(lw_path(w, name), &options, &l, &w->fault), JB_UNSUPPORTED);
        assert_non_null(strstr(w->fault.text, name));
        assert_non_null(strstr(w->fault.text, jb_suite_name(suites[1 - i])));
    }
}

/* Of before there was a second suite, and of one that comes after us. */
static void the_suite_of_older_and_newer_files(void **state)
{
    struct lw *w = *state;
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);
    struct jb_ledger_options options = {.role = JB_LEDGER_BROKER};
    assert_int_equal(jb_db_exec(l, "DELETE FROM meta WHERE key = '.suite'"), JB_OK);
    lw_close(&l);
    l = lw_open(w, "a.db", JB_LEDGER_BROKER);
    assert_int_equal(jb_ledger_suite(l), JB_SUITE_ED25519);
    assert_int_equal(jb_db_exec(l, "INSERT INTO meta VALUES ('.suite', x'03')"), JB_OK);
    lw_close(&l);
    assert_int_equal(jb_ledger_open(lw_path(w, "a.db"), &options, &l, &w->fault), JB_UNSUPPORTED);
    assert_non_null(strstr(w->fault.text, "not known"));
}

/* ---- the disk ---- */

static void a_full_disk_leaves_nothing_half_done(void **state)
{
    struct lw *w = *state;
    uint8_t digest[JB_HASH_BYTES];
    uint8_t after[JB_HASH_BYTES];
    struct jb_check check;
    struct jb_ledger *l = NULL;
    struct jb_ledger_options options = {
        .role = JB_LEDGER_BROKER, .max_pages = 120, .make = JB_LEDGER_ANEW};
    uint64_t seq = 0;
    struct jb_line_state line = {0};
    enum jb_err err = JB_OK;

    assert_int_equal(jb_ledger_open(lw_path(w, "a.db"), &options, &l, &w->fault), JB_OK);
    for (size_t batch = 0; batch < 200 && err == JB_OK; batch++) {
        seq = jb_log_last_seq(l);
        line = *jb_line_get(l, 12);
        digest[0] = 0;
        assert_int_equal(jb_ledger_digest(l, digest), JB_OK);
        assert_int_equal(jb_ledger_begin(l), JB_OK);
        for (size_t i = 0; i < 20 && err == JB_OK; i++) {
            struct jb_bytes bytes;
            struct jb_entry e = lw_register(w, l, lw_case_no(w->cases++), "供暖");
            assert_int_equal(jb_entry_encode(&e, &w->arena, &bytes), JB_OK);
            err = jb_log_append(l, &e, bytes);
            if (err == JB_OK)
                err = jb_ledger_apply(l, &e, &w->arena);
            struct jb_stream_add to = {
                .node = 12, .at_ms = e.at_ms, .entry_seq = e.seq, .entry = bytes};
            if (err == JB_OK)
                err = jb_stream_append(l, &to, NULL);
        }
        if (err == JB_OK)
            err = jb_ledger_commit(l);
        else
            jb_ledger_rollback(l);
    }
    assert_int_equal(err, JB_FULL);
    assert_true(seq > 0);
    assert_int_equal(jb_log_last_seq(l), seq);
    assert_memory_equal(jb_line_get(l, 12), &line, sizeof line);
    assert_int_equal(jb_ledger_digest(l, after), JB_OK);
    assert_memory_equal(digest, after, sizeof digest);
    /* there is room again: it goes on with the next number */
    (void)sqlite3_exec(l->db, "PRAGMA max_page_count = 100000", NULL, NULL, NULL);
    assert_int_equal(jb_ledger_begin(l), JB_OK);
    struct jb_entry e = lw_register(w, l, lw_case_no(w->cases++), "供暖");
    (void)lw_log_to(w, l, &e, (struct jb_stream_add){.node = 12});
    assert_int_equal(jb_ledger_commit(l), JB_OK);
    assert_int_equal(jb_log_last_seq(l), seq + 1);
    assert_int_equal(jb_ledger_check(l, NULL, &check, &w->fault), JB_OK);
    assert_string_equal(w->fault.text, "");
    lw_close(&l);
}

/* A commit that fails sets the memory back by itself. */
static void a_commit_that_fails_takes_the_memory_back(void **state)
{
    struct lw *w = *state;
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);

    lw_history(w, l, 20);
    uint64_t seq = jb_log_last_seq(l);
    assert_int_equal(jb_ledger_begin(l), JB_OK);
    struct jb_entry e = lw_register(w, l, lw_case_no(w->cases++), "供暖");
    (void)lw_log_to(w, l, &e, (struct jb_stream_add){.node = 12});
    /* as SQLite does by itself after some errors */
    assert_int_equal(sqlite3_exec(l->db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    assert_int_not_equal(jb_ledger_commit(l), JB_OK);
    assert_int_equal(jb_log_last_seq(l), seq);
    assert_int_equal(jb_line_get(l, 12)->down.number, 0);
    assert_int_equal(jb_ledger_begin(l), JB_OK);
    jb_ledger_rollback(l);
    lw_close(&l);
}

/* The files as a killed process leaves them, at many moments. */
static void killed_at_any_moment_it_opens_at_the_last_commit(void **state)
{
    struct lw *w = *state;
    struct jb_check check;
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);

    for (size_t i = 0; i < 12; i++) {
        lw_history(w, l, 17);
        uint64_t committed = jb_log_last_seq(l);
        if (i == 5)
            jb_ledger_checkpoint(l, false);
        assert_int_equal(jb_ledger_begin(l), JB_OK);
        for (size_t k = 0; k < i; k++) {
            struct jb_entry e = lw_random_entry(w, l);
            (void)lw_log_to(w, l, &e, (struct jb_stream_add){.node = 12});
        }
        assert_int_equal(sqlite3_db_cacheflush(l->db), SQLITE_OK); /* spilled, not committed */
        lw_copy_file(w, "a.db", "k.db");
        lw_copy_file(w, "a.db-wal", "k.db-wal");
        struct jb_ledger *killed = lw_open(w, "k.db", JB_LEDGER_BROKER);
        assert_int_equal(jb_log_last_seq(killed), committed);
        assert_int_equal(jb_ledger_check(killed, NULL, &check, &w->fault), JB_OK);
        assert_string_equal(w->fault.text, "");
        assert_int_equal(check.items, committed);
        lw_close(&killed);
        assert_int_equal(jb_ledger_commit(l), JB_OK);
    }
    lw_close(&l);
}

static void the_wal_is_measured_and_shrinks(void **state)
{
    struct lw *w = *state;
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);

    lw_history(w, l, 100);
    assert_true(jb_ledger_wal_bytes(l) > 4096 * 10);
    jb_ledger_checkpoint(l, false);
    assert_int_equal(jb_ledger_wal_bytes(l), 0);
    lw_history(w, l, 5);
    assert_true(jb_ledger_wal_bytes(l) > 0);
    assert_true(jb_ledger_wal_bytes(l) < 4096 * 100); /* it began again at its start */
    jb_ledger_checkpoint(l, true);
    assert_int_equal(jb_ledger_wal_bytes(l), 0);
    FILE *wal = fopen(lw_path(w, "a.db-wal"), "rb");
    assert_non_null(wal);
    assert_int_equal(fgetc(wal), EOF);
    fclose(wal);
    lw_close(&l);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, lw_setup, lw_teardown)
    const struct CMUnitTest tests[] = {
        T(a_new_file_is_durable_and_keeps_its_epoch),
        T(files_that_do_not_fit_are_refused_with_a_reason),
        T(another_writer_locks_the_file),
        T(a_read_only_ledger_sees_commits_and_cannot_write),
        T(older_files_are_migrated_step_by_step),
        T(a_failed_migration_leaves_the_file_as_it_was),
        T(facts_and_keys_go_back_with_a_rollback),
        T(a_file_belongs_to_one_suite),
        T(the_suite_of_older_and_newer_files),
        T(a_full_disk_leaves_nothing_half_done),
        T(a_commit_that_fails_takes_the_memory_back),
        T(killed_at_any_moment_it_opens_at_the_last_commit),
        T(the_wal_is_measured_and_shrinks),
    };
#undef T

    return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
