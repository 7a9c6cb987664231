/* What gathers of a WAL goes out in few writes, before anybody is told of it, and is read where it
 * is; what cannot be written spoils its own transaction only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/ledger/walfile.h"
#include "tests/unit/faults.h"

static long writes_before;
static long syncs_before;

static void begin_counting(void)
{
    writes_before = faults_wal_writes();
    syncs_before = faults_wal_syncs();
}

static long wal_writes(void)
{
    return faults_wal_writes() - writes_before;
}

static long wal_syncs(void)
{
    return faults_wal_syncs() - syncs_before;
}

/* ---- a database ---- */

static char folder[64];
static char path[96];

static int run(sqlite3 *db, const char *sql)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

static int64_t number(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *s = NULL;

    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    int64_t n = sqlite3_column_int64(s, 0);
    assert_int_equal(sqlite3_finalize(s), SQLITE_OK);
    return n;
}

static sqlite3 *open_db(const char *vfs)
{
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs),
                     SQLITE_OK);
    assert_int_equal(run(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                             "PRAGMA wal_autocheckpoint = 0"),
                     SQLITE_OK);
    return db;
}

/* So many rows of a page each. */
static int add(sqlite3 *db, int rows)
{
    char sql[256];

    (void)snprintf(sql, sizeof sql,
                   "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
                   " INSERT INTO t (body) SELECT randomblob (3900) FROM n",
                   rows);
    return run(db, sql);
}

static int make(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "%s/jb-walfile-XXXXXX",
                   getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp");
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/t.db", folder);
    sqlite3 *db = open_db(JB_WAL_VFS);
    assert_int_equal(run(db, "CREATE TABLE t (id INTEGER PRIMARY KEY, body BLOB)"), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return 0;
}

static int drop(void **state)
{
    static const char *const endings[] = {"", "-wal", "-shm"};
    char name[128];

    (void)state;
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        (void)snprintf(name, sizeof name, "%s%s", path, endings[i]);
        (void)unlink(name);
    }
    return rmdir(folder);
}

/* ---- tests ---- */

static void a_transaction_goes_out_in_few_writes_before_it_is_told(void **state)
{
    (void)state;
    sqlite3 *plain = open_db("faults");
    assert_int_equal(add(plain, 10), SQLITE_OK); /* the WAL has begun */
    begin_counting();
    assert_int_equal(add(plain, 100), SQLITE_OK);
    long one_by_one = wal_writes();
    assert_true(one_by_one > 200);
    assert_int_equal(wal_syncs(), 1);

    sqlite3 *db = open_db(JB_WAL_VFS);
    assert_int_equal(number(db, "SELECT count(*) FROM t"), 110);
    begin_counting();
    assert_int_equal(add(db, 100), SQLITE_OK);
    assert_true(wal_writes() * 40 < one_by_one);
    assert_int_equal(wal_syncs(), 1);
    assert_int_equal(number(plain, "SELECT count(*) FROM t"), 210);
    assert_int_equal(number(plain, "SELECT count(*) FROM pragma_integrity_check"
                                   " WHERE integrity_check <> 'ok'"),
                     0);
    assert_int_equal(sqlite3_close(plain), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* A transaction larger than the cache goes to the WAL in the middle, is read back from there and
 * written once more. */
static void what_has_gathered_is_read_back(void **state)
{
    (void)state;
    sqlite3 *db = open_db(JB_WAL_VFS);
    sqlite3 *other = open_db("faults");
    assert_int_equal(run(db, "PRAGMA cache_size = 5; BEGIN"), SQLITE_OK);
    for (int i = 0; i < 30; i++) {
        assert_int_equal(add(db, 10), SQLITE_OK);
        assert_int_equal(run(db, "UPDATE t SET body = zeroblob (3900) WHERE id % 7 = 0"),
                         SQLITE_OK);
        assert_int_equal(number(db, "SELECT count(*) FROM t WHERE length(body) = 3900"),
                         (i + 1) * 10);
    }
    assert_int_equal(number(other, "SELECT count(*) FROM t"), 0);
    assert_int_equal(run(db, "COMMIT"), SQLITE_OK);
    assert_int_equal(number(other, "SELECT count(*) FROM t WHERE body = zeroblob (3900)"), 300 / 7);
    /* one that is taken back leaves nothing, and the next one stands in its place */
    assert_int_equal(run(db, "BEGIN"), SQLITE_OK);
    assert_int_equal(add(db, 60), SQLITE_OK);
    assert_int_equal(run(db, "ROLLBACK"), SQLITE_OK);
    assert_int_equal(add(db, 5), SQLITE_OK);
    assert_int_equal(number(other, "SELECT count(*) FROM t"), 305);
    assert_int_equal(
        number(other, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"),
        1);
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void a_lazy_sync_writes_and_does_not_wait(void **state)
{
    (void)state;
    sqlite3 *db = open_db(JB_WAL_VFS);
    sqlite3 *other = open_db("faults");
    assert_int_equal(add(db, 1), SQLITE_OK);
    begin_counting();
    jb_walfile_lazy(db, true);
    assert_int_equal(add(db, 20), SQLITE_OK);
    assert_int_equal(add(db, 20), SQLITE_OK);
    assert_int_equal(wal_syncs(), 0);
    assert_int_equal(number(other, "SELECT count(*) FROM t"), 41); /* others see it all the same */
    jb_walfile_lazy(db, false);
    assert_int_equal(add(db, 1), SQLITE_OK);
    assert_int_equal(wal_syncs(), 1); /* with it what came before */
    /* the WAL begins anew: never unsynced */
    assert_int_equal(sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL),
                     SQLITE_OK);
    begin_counting();
    jb_walfile_lazy(db, true);
    assert_int_equal(add(db, 20), SQLITE_OK);
    assert_true(wal_syncs() > 0);
    begin_counting();
    assert_int_equal(add(db, 20), SQLITE_OK);
    assert_int_equal(wal_syncs(), 0);
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void what_cannot_be_written_spoils_its_own_transaction_only(void **state)
{
    (void)state;
    sqlite3 *db = open_db(JB_WAL_VFS);
    sqlite3 *other = open_db("faults");
    int64_t rows = 0;
    int failed = 0;
    for (long n = 1; n <= 8; n++) {
        for (int lazy = 0; lazy < 2; lazy++) {
            jb_walfile_lazy(db, lazy == 1);
            fault_arm(FAULT_FULL, n);
            int rc = add(db, 100); /* four writes */
            bool hit = fault_disarm();
            assert_int_equal(rc, hit ? SQLITE_FULL : SQLITE_OK);
            failed += hit;
            rows += hit ? 0 : 100;
            assert_int_equal(number(other, "SELECT count(*) FROM t"), rows);
            assert_int_equal(add(db, 3), SQLITE_OK);
            rows += 3;
            assert_int_equal(number(other, "SELECT count(*) FROM t"), rows);
        }
    }
    assert_true(failed >= 6 && failed < 16);
    assert_int_equal(
        number(other, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"),
        1);
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void without_such_a_wal_nothing_is_lazy(void **state)
{
    (void)state;
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open_v2(":memory:", &db, SQLITE_OPEN_READWRITE, JB_WAL_VFS),
                     SQLITE_OK);
    jb_walfile_lazy(db, true);
    assert_int_equal(run(db, "CREATE TABLE t (body)"), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    db = open_db("faults");
    assert_int_equal(add(db, 1), SQLITE_OK);
    begin_counting();
    jb_walfile_lazy(db, true);
    assert_int_equal(add(db, 1), SQLITE_OK);
    assert_int_equal(wal_syncs(), 1);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_transaction_goes_out_in_few_writes_before_it_is_told,
                                        make, drop),
        cmocka_unit_test_setup_teardown(what_has_gathered_is_read_back, make, drop),
        cmocka_unit_test_setup_teardown(a_lazy_sync_writes_and_does_not_wait, make, drop),
        cmocka_unit_test_setup_teardown(what_cannot_be_written_spoils_its_own_transaction_only,
                                        make, drop),
        cmocka_unit_test_setup_teardown(without_such_a_wal_nothing_is_lazy, make, drop),
    };
    faults_install();
    if (jb_walfile_register() != SQLITE_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
