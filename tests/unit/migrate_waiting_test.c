/* What is not only in tables when a file of an earlier version is opened: batches that waited for
 * them when the broker was killed, facts that were not on record then, the pairs of characters that
 * a replica did not have. The dumps are those of migrate_test.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "proto/ledger/owner.h"
#include "tests/unit/ledger_old.h"

#define CLERKS_WORDS "欠薪" /* in titles of most of them */

static const struct {
    const char *dump;
    int version;
    int64_t cases; /* in the tables */
} waiting[] = {
    {"tests/data/ledger-v4/waiting.sql", 4, 3},
    {"tests/data/ledger-v5/waiting.sql", 5, 3},
    {"tests/data/ledger-v6/waiting.sql", 6, 3},
    {"tests/data/ledger-v7/waiting.sql", 7, 8},
};
#define WAITING (sizeof waiting / sizeof waiting[0])

static int64_t number_in(struct lw *w, const char *name, const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *s = NULL;

    assert_int_equal(sqlite3_open(lw_path(w, name), &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    int64_t value = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return value;
}

static void check_good(struct lw *w, struct jb_ledger *l, const char *dump)
{
    struct jb_check check;
    uint8_t before[JB_HASH_BYTES];
    uint8_t after[JB_HASH_BYTES];

    if (jb_ledger_check(l, NULL, &check, &w->fault) != JB_OK || !check.chain_intact ||
        !check.tables_equal || !check.signatures_good)
        fail_msg("%s: %s", dump, w->fault.text);
    assert_int_equal(jb_ledger_digest(l, before), JB_OK);
    assert_int_equal(jb_ledger_rebuild(l, &w->fault), JB_OK);
    assert_int_equal(jb_ledger_digest(l, after), JB_OK);
    assert_memory_equal(before, after, sizeof before);
}

/* Rows that came, and none that went: of what is only ever added to. */
static void check_kept(struct lw *w, struct jb_ledger *l, const char *before)
{
    static const struct {
        const char *table;
        int64_t came; /* -1: some */
    } tables[] = {
        {"entry", 0},    {"case_key", 0}, {"audit", 0},       {"audit_end", 0}, {"stream", -1},
        {"receipt", -1}, {"refused", 0},  {"up_receipt", -1}, {"stored", -1},   {"blob_receipt", 0},
        {"policy", 0},   {"calendar", 0}, {"delegation", 0},
    };
    char sql[256];

    snprintf(sql, sizeof sql, "ATTACH '%s' AS b", lw_path(w, before));
    assert_int_equal(jb_db_exec(l, sql), JB_OK);
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        const char *t = tables[i].table;
        snprintf(sql, sizeof sql,
                 "SELECT count(*) FROM (SELECT * FROM b.%s EXCEPT SELECT * FROM main.%s)", t, t);
        if (lo_number(l, sql) != 0)
            fail_msg("%s: %lld rows are gone", t, (long long)lo_number(l, sql));
        snprintf(sql, sizeof sql,
                 "SELECT (SELECT count(*) FROM main.%s) - (SELECT count(*) FROM b.%s)", t, t);
        if (tables[i].came >= 0 ? lo_number(l, sql) != tables[i].came : lo_number(l, sql) <= 0)
            fail_msg("%s: %lld rows came", t, (long long)lo_number(l, sql));
    }
    assert_int_equal(jb_db_exec(l, "DETACH b"), JB_OK);
}

/* A registration with sealed data and its assignment were confirmed, and the broker was
 * killed before its tables had them. */
static void what_waited_for_the_tables_gets_there(void **state)
{
    struct lw *w = *state;

    for (size_t i = 0; i < WAITING; i++) {
        char copy[32];
        struct jb_case c;
        lo_make(w, "before.db", waiting[i].dump, waiting[i].version);
        lo_make(w, "old.db", waiting[i].dump, waiting[i].version);
        assert_true(number_in(w, "old.db", "SELECT count(*) FROM tick") >= 3);
        assert_int_equal(number_in(w, "old.db", "SELECT count(*) FROM case_file"),
                         waiting[i].cases);
        struct jb_ledger *l = lw_open(w, "old.db", JB_LEDGER_BROKER);
        assert_int_equal(jb_ledger_behind(l), 0);
        assert_int_equal(lo_number(l, "SELECT count(*) FROM tick"), 0);
        assert_int_equal(lo_number(l, "SELECT count(*) FROM case_file"), waiting[i].cases + 1);
        assert_int_equal(jb_ledger_case_load(l, lo_number(l, "SELECT max(case_no) FROM case_file"),
                                             &w->arena, &c),
                         JB_OK);
        assert_int_equal(c.custody, 2); /* assigned */
        check_kept(w, l, "before.db");
        check_good(w, l, waiting[i].dump);
        lw_close(&l);
        l = lw_open(w, "old.db", JB_LEDGER_BROKER);
        check_good(w, l, waiting[i].dump);
        lw_close(&l);
        lw_remove(w, "before.db");
        snprintf(copy, sizeof copy, "old.db.v%d", waiting[i].version);
        assert_true(number_in(w, copy, "SELECT count(*) FROM tick") >= 3); /* the way back */
        lw_remove(w, copy);
    }
}

/* How far the tables reach: not on record, so nothing is checked; from the first work on it is. */
static void how_far_the_tables_reach_is_on_record_from_then_on(void **state)
{
    static const char *const dumps[] = {
        "tests/data/ledger-v1/broker.sql", "tests/data/ledger-v2/broker.sql",
        "tests/data/ledger-v3/broker.sql", "tests/data/ledger-v4/broker.sql",
        "tests/data/ledger-v5/broker.sql",
    };
    static const char says[] = "SELECT count(*) FROM meta WHERE key = '.applied_seq'";
    struct lw *w = *state;

    for (int version = 1; version <= 5; version++) {
        struct jb_ledger *l = NULL;
        struct jb_ledger_options options = {.role = JB_LEDGER_BROKER};
        char copy[32];
        lo_make(w, "old.db", dumps[version - 1], version);
        assert_int_equal(number_in(w, "old.db", says), 0);
        l = lw_open(w, "old.db", JB_LEDGER_BROKER);
        assert_int_equal(jb_ledger_begin(l), JB_OK);
        assert_int_equal(jb_ledger_commit(l), JB_OK);
        lw_close(&l);
        assert_int_equal(number_in(w, "old.db", says), 1);
        l = lw_open(w, "old.db", JB_LEDGER_BROKER);
        check_good(w, l, dumps[version - 1]);
        lw_close(&l);
        /* an entry behind it that no table and no batch has: noticed */
        lw_sql(w, "old.db",
               "INSERT INTO entry SELECT seq + 2, at_ms, node, case_no, kind, head,"
               " body FROM entry ORDER BY seq DESC LIMIT 1");
        assert_int_equal(jb_ledger_open(lw_path(w, "old.db"), &options, &l, &w->fault), JB_CORRUPT);
        snprintf(copy, sizeof copy, "old.db.v%d", version);
        lw_remove(w, copy);
    }
}

static char *pairs_text(struct jb_ledger *l)
{
    char *text = NULL;
    size_t len = 0;
    sqlite3_stmt *s = NULL;
    FILE *out = open_memstream(&text, &len);

    assert_non_null(out);
    assert_int_equal(sqlite3_prepare_v2(l->db, "SELECT gram, case_no FROM case_gram", -1, &s, NULL),
                     SQLITE_OK);
    while (sqlite3_step(s) == SQLITE_ROW)
        fprintf(out, "%lld %lld\n", (long long)sqlite3_column_int64(s, 0),
                (long long)sqlite3_column_int64(s, 1));
    sqlite3_finalize(s);
    assert_int_equal(fclose(out), 0);
    return text;
}

static size_t found(struct lw *w, struct jb_ledger *l, const char *text)
{
    struct jb_case_filter f = {.text = jb_text_of(text), .limit = 100};
    struct jb_case *cases = NULL;
    size_t count = 0;
    bool more = false;

    assert_int_equal(jb_query_cases(l, &f, w->now_ms, &w->arena, &cases, &count, &more), JB_OK);
    assert_false(more);
    return count;
}

/* Found before the index is there, while it is made, and by it; it is what a rebuild makes. */
static void an_older_replica_gets_the_pairs_of_its_titles(void **state)
{
    struct lw *w = *state;
    size_t some = 0;

    for (const struct lo_dump *d = lo_dumps; d->path != NULL; d++) {
        if (d->role != JB_LEDGER_REPLICA)
            continue;
        lo_make(w, "old.db", d->path, d->version);
        struct jb_ledger *l = lw_open(w, "old.db", JB_LEDGER_REPLICA);
        int64_t want =
            lo_number(l, "SELECT count(*) FROM case_file WHERE instr(title, '" CLERKS_WORDS "')");
        some += want > 0;
        bool done = false;
        /* else made by replay, or there already */
        assert_int_equal(l->grams_left != 0, d->version >= 3 && d->version < 6);
        for (int steps = 0; !done; steps++) {
            assert_true(steps < 20);
            assert_int_equal(found(w, l, CLERKS_WORDS), want);
            assert_int_equal(jb_ledger_titles_index(l, 1, &done), JB_OK);
        }
        assert_int_equal(found(w, l, CLERKS_WORDS), want);
        char *was = pairs_text(l);
        assert_int_equal(jb_ledger_rebuild(l, &w->fault), JB_OK);
        char *is = pairs_text(l);
        assert_true(strlen(was) > 100);
        assert_string_equal(was, is);
        free(was);
        free(is);
        lw_close(&l);
        lw_remove(w, "old.db");
    }
    assert_true(some >= 5);
}

/* Whose record it is: known of a file that does not name its keys by who signed its access log. */
static void foreign_keys_do_not_get_an_older_record(void **state)
{
    struct lw *w = *state;

    for (size_t i = 0; i < WAITING; i++) {
        struct jb_owner_claim claim = {.own = {.suite = JB_SUITE_ED25519}};
        struct jb_owner_found owner;
        lo_make(w, "old.db", waiting[i].dump, waiting[i].version);
        jb_owner_look(lw_path(w, "old.db"), &claim, &owner);
        assert_int_equal(owner.owner, JB_OWNER_FOREIGN);
        assert_int_equal(owner.named, waiting[i].version >= 5);
        if (owner.named) {
            claim.own = owner.record;
            jb_owner_look(lw_path(w, "old.db"), &claim, &owner);
            assert_int_equal(owner.owner, JB_OWNER_SAME);
        }
        lw_remove(w, "old.db");
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, lw_setup, lw_teardown)
    const struct CMUnitTest tests[] = {
        T(what_waited_for_the_tables_gets_there),
        T(how_far_the_tables_reach_is_on_record_from_then_on),
        T(an_older_replica_gets_the_pairs_of_its_titles),
        T(foreign_keys_do_not_get_an_older_record),
    };
#undef T

    return cmocka_run_group_tests_name("migrate_waiting", tests, NULL, NULL);
}
