/* Backups of the record: everything that is not derived, only what is new, and nothing that was
 * erased. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "proto/ledger/backup.h"
#include "proto/ledger/backuprows.h"
#include "proto/ledger/blobrows.h"
#include "proto/ledger/schema.h"
#include "tests/unit/ledger_world.h"

/* A table that a later version adds is neither forgotten nor copied as if it were record. */
static void every_table_is_derived_or_in_the_backup(void **state)
{
    struct lw *w = *state;
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);
    sqlite3_stmt *s = NULL;

    assert_int_equal(sqlite3_prepare_v2(l->db,
                                        "SELECT name FROM sqlite_schema WHERE type = 'table'"
                                        " AND name NOT LIKE 'sqlite%'",
                                        -1, &s, NULL),
                     SQLITE_OK);
    while (sqlite3_step(s) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(s, 0);
        int found = 0;
        for (const struct jb_schema_table *t = jb_schema_derived; t->name != NULL; t++)
            found += strcmp(t->name, name) == 0;
        for (const struct jb_backup_table *t = jb_backup_tables; t->name != NULL; t++)
            found += strcmp(t->name, name) == 0;
        if (found != 1)
            fail_msg("table %s: add it to jb_backup_tables or to jb_schema_derived", name);
    }
    sqlite3_finalize(s);
    lw_close(&l);
}

static enum jb_err back_up(struct lw *w, struct jb_backup_report *r)
{
    char source[160];
    struct jb_backup_order order = {.source = source, .now_ms = w->now_ms, .rest_percent = 1};

    snprintf(source, sizeof source, "%s", lw_path(w, "a.db"));
    order.dest = lw_path(w, "b.jbk");
    return jb_backup_run(&order, r, &w->fault);
}

static void only_what_is_new_is_copied(void **state)
{
    struct lw *w = *state;
    struct jb_backup_report r;
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);

    lw_history(w, l, 50);
    assert_int_equal(back_up(w, &r), JB_OK);
    assert_true(r.first && r.entries == 50 && r.seq == 50);
    lw_history(w, l, 7);
    assert_int_equal(back_up(w, &r), JB_OK);
    assert_true(!r.first && r.entries == 7 && r.seq == 57);
    assert_memory_equal(r.head, l->heads.log_head, sizeof r.head);
    assert_int_equal(jb_backup_check(lw_path(w, "b.jbk"), &r, &w->fault), JB_OK);
    assert_int_equal(r.entries, 57);
    lw_close(&l);
}

static void an_erased_key_vanishes_from_the_backup(void **state)
{
    struct lw *w = *state;
    struct jb_backup_report r;
    static const uint8_t key[JB_KEY_BYTES] = "a key that must not stay anywher";
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);

    assert_int_equal(jb_ledger_begin(l), JB_OK);
    struct jb_entry e = lw_register(w, l, lw_case_no(0), "x");
    (void)lw_log(w, l, &e);
    assert_int_equal(jb_ledger_case_key_put(l, lw_case_no(0), key), JB_OK);
    assert_int_equal(jb_ledger_commit(l), JB_OK);
    assert_int_equal(back_up(w, &r), JB_OK);
    assert_true(lw_file_contains(w, "b.jbk", "a key that must not stay"));
    assert_int_equal(jb_ledger_begin(l), JB_OK);
    e = lw_entry(w, l, JB_ACT_ERASE_KEY, lw_case_no(0));
    (void)lw_log(w, l, &e);
    assert_int_equal(jb_ledger_commit(l), JB_OK);
    assert_int_equal(back_up(w, &r), JB_OK);
    assert_int_equal(r.keys_erased, 1);
    assert_false(lw_file_contains(w, "b.jbk", "a key that must not stay"));
    lw_close(&l);
}

/* A case may have been registered, and backed up, before it gets a key. */
static void a_key_that_comes_with_an_attachment_is_in_the_next_backup(void **state)
{
    struct lw *w = *state;
    struct jb_backup_report r;
    static const uint8_t key[JB_KEY_BYTES] = "a key that came with a picture..";
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);

    assert_int_equal(jb_ledger_begin(l), JB_OK);
    struct jb_entry e = lw_register(w, l, lw_case_no(0), "x");
    (void)lw_log(w, l, &e);
    assert_int_equal(jb_ledger_commit(l), JB_OK);
    assert_int_equal(back_up(w, &r), JB_OK);
    assert_int_equal(jb_ledger_begin(l), JB_OK);
    e = lw_entry(w, l, JB_ACT_ATTACH, lw_case_no(0));
    e.act.content_hash = (struct jb_bytes){key, sizeof key}; /* any will do */
    (void)lw_log(w, l, &e);
    assert_int_equal(jb_ledger_case_key_put(l, lw_case_no(0), key), JB_OK);
    assert_int_equal(jb_ledger_commit(l), JB_OK);
    assert_int_equal(back_up(w, &r), JB_OK);
    assert_true(lw_file_contains(w, "b.jbk", "a key that came with a picture"));
    lw_close(&l);
}

static void blob_receipts_add(struct jb_ledger *l, uint8_t first, uint8_t count)
{
    struct jb_blob_receipt r = {.node = 2, .suite = 1, .at_ms = 1000};

    assert_int_equal(jb_ledger_begin(l), JB_OK);
    for (uint8_t i = 0; i < count; i++) {
        r.hash[0] = (uint8_t)(255 - first - i); /* not in the order in which they come */
        assert_int_equal(jb_blob_receipt_put(l, &r), JB_OK);
    }
    assert_int_equal(jb_ledger_commit(l), JB_OK);
}

/* What a run costs must not depend on how many there are. */
static void receipts_for_attachments_are_copied_once(void **state)
{
    struct lw *w = *state;
    struct jb_backup_report r;
    int64_t at_ms = 0;
    uint8_t hash[JB_HASH_BYTES] = {255 - 102};
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);

    lw_history(w, l, 3);
    assert_int_equal(back_up(w, &r), JB_OK);
    assert_int_equal(back_up(w, &r), JB_OK);
    uint64_t idle = r.rows;
    blob_receipts_add(l, 0, 100);
    assert_int_equal(back_up(w, &r), JB_OK);
    assert_int_equal(r.rows, idle + 100);
    blob_receipts_add(l, 99, 4); /* one of them came before: the first one stands */
    assert_int_equal(back_up(w, &r), JB_OK);
    assert_int_equal(r.rows, idle + 3);
    lw_close(&l);
    l = lw_open(w, "b.jbk", JB_LEDGER_BROKER);
    assert_int_equal(jb_blob_receipt_at(l, hash, 2, &at_ms), JB_OK);
    assert_int_equal(at_ms, 1000);
    lw_close(&l);
}

static void registered(struct lw *w, struct jb_ledger *l, int64_t count)
{
    assert_int_equal(jb_ledger_begin(l), JB_OK);
    for (int64_t i = 0; i < count; i++) {
        struct jb_entry e = lw_register(w, l, lw_case_no(i), "x");
        (void)lw_log(w, l, &e);
    }
    assert_int_equal(jb_ledger_commit(l), JB_OK);
}

static void a_backup_of_another_history_is_not_gone_on_with(void **state)
{
    struct lw *w = *state;
    struct jb_backup_report r;
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);

    registered(w, l, 5);
    assert_int_equal(back_up(w, &r), JB_OK);
    lw_close(&l);
    lw_remove(w, "a.db");
    l = lw_open(w, "a.db", JB_LEDGER_BROKER);
    registered(w, l, 9);
    assert_int_equal(back_up(w, &r), JB_DIVERGED);
    assert_non_null(strstr(w->fault.text, "another history"));
    assert_int_equal(jb_backup_check(lw_path(w, "b.jbk"), &r, &w->fault), JB_OK);
    lw_close(&l);
}

/* And the last whole backup stays. */
static void a_damaged_source_is_noticed_before_it_counts(void **state)
{
    struct lw *w = *state;
    struct jb_backup_report r;
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);

    lw_history(w, l, 10);
    assert_int_equal(back_up(w, &r), JB_OK);
    lw_history(w, l, 10);
    lw_sql(w, "a.db", "UPDATE entry SET body = zeroblob(9) WHERE seq = 15");
    assert_int_equal(back_up(w, &r), JB_CORRUPT);
    assert_non_null(strstr(w->fault.text, "entry 15"));
    assert_int_equal(jb_backup_check(lw_path(w, "b.jbk"), &r, &w->fault), JB_OK);
    assert_int_equal(r.seq, 10);
    lw_close(&l);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, lw_setup, lw_teardown)
    const struct CMUnitTest tests[] = {
        T(every_table_is_derived_or_in_the_backup),
        T(only_what_is_new_is_copied),
        T(an_erased_key_vanishes_from_the_backup),
        T(a_key_that_comes_with_an_attachment_is_in_the_next_backup),
        T(receipts_for_attachments_are_copied_once),
        T(a_backup_of_another_history_is_not_gone_on_with),
        T(a_damaged_source_is_noticed_before_it_counts),
    };
#undef T

    return cmocka_run_group_tests_name("backup", tests, NULL, NULL);
}
