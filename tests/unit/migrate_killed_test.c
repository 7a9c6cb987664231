/* Whatever happens in the middle of a migration, the file is the old one or the new one, and opens:
 * no room, killed, a record that cannot be read. A broker's first version, and the one that kept
 * cases in columns, also with batches that waited for its tables. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/ledger_old.h"
#include "tests/unit/rounds.h"

static const struct lo_dump brokers[] = {
    {"tests/data/ledger-v1/broker.sql", 1, JB_LEDGER_BROKER, 4, 0, 0, 0, 4},
    {"tests/data/ledger-v7/broker.sql", 7, JB_LEDGER_BROKER, 8, 1, 0, 8, 5},
    {"tests/data/ledger-v7/waiting.sql", 7, JB_LEDGER_BROKER, 9, 1, 0, 9, 5},
};
#define BROKERS (sizeof brokers / sizeof brokers[0])

static void make(struct lw *w, const struct lo_dump *d)
{
    lo_make(w, "old.db", d->path, d->version);
}

/* The copy of before is whole once the file is the new one. */
static void check_opens(struct lw *w, const struct lo_dump *d)
{
    int64_t version = lo_version(w, "old.db");
    char copy[32];

    assert_true(version == d->version || version == lo_newest());
    struct jb_ledger *l = lw_open(w, "old.db", d->role);
    lo_check(w, l, d);
    lw_close(&l);
    snprintf(copy, sizeof copy, "old.db.v%d", d->version);
    assert_int_equal(lo_version(w, copy), d->version);
    lo_copies_remove(w, "old.db");
}

/* ---- no room ---- */

/* One page more each time: whatever the migration was doing, the file is the old one. */
static void a_full_database_changes_nothing(void **state)
{
    struct lw *w = *state;
    const struct lo_dump *d = &brokers[0];
    size_t failures = 0;

    make(w, d);
    for (uint64_t pages = 20;; pages += 1 + pages / 8) {
        struct jb_ledger_options options = {.role = d->role, .max_pages = pages};
        struct jb_ledger *l = NULL;
        enum jb_err err = jb_ledger_open(lw_path(w, "old.db"), &options, &l, &w->fault);
        if (err == JB_OK) {
            lo_check(w, l, d);
            lw_close(&l);
            break;
        }
        failures++;
        assert_int_equal(lo_version(w, "old.db"), d->version);
        assert_true(failures < 200);
    }
    assert_true(failures > 0);
    lo_copies_remove(w, "old.db");
}

/* In a process of its own. `most`: no file may get longer than this; 0: any length. */
static pid_t migrate(struct lw *w, const struct lo_dump *d, rlim_t most)
{
    pid_t child = fork();

    assert_true(child >= 0);
    if (child != 0)
        return child;
    const struct rlimit limit = {most, most};
    struct jb_ledger_options options = {.role = d->role};
    struct jb_ledger *l = NULL;
    (void)signal(SIGXFSZ, SIG_IGN);
    if (most != 0 && setrlimit(RLIMIT_FSIZE, &limit) != 0)
        _exit(2);
    enum jb_err err = jb_ledger_open(lw_path(w, "old.db"), &options, &l, &w->fault);
    jb_ledger_close(&l);
    _exit(err == JB_OK ? 0 : 1);
}

/* For the copy, for what the migration writes, or for what follows it. */
static void on_a_full_disk_it_is_the_old_one_or_the_new_one(void **state)
{
    struct lw *w = *state;

    for (size_t i = 0; i < BROKERS; i++) {
        size_t old = 0;
        int status = -1;
        make(w, &brokers[i]);
        for (rlim_t most = 4096; status != 0; most += most / 4) {
            assert_true(waitpid(migrate(w, &brokers[i], most), &status, 0) > 0);
            assert_true(WIFEXITED(status) && WEXITSTATUS(status) <= 1);
            int64_t version = lo_version(w, "old.db");
            assert_true(version == brokers[i].version || version == lo_newest());
            old += version == brokers[i].version;
            assert_true(old < 100);
        }
        assert_true(old > 10);
        check_opens(w, &brokers[i]);
    }
}

/* ---- killed ---- */

static void killed_in_the_middle_it_opens(void **state)
{
    struct lw *w = *state;

    for (size_t i = 0; i < BROKERS; i++) {
        size_t old = 0;
        const int64_t window_us = 24000;
        const int64_t step_us = window_us / (int64_t)rounds_of(30, 1);
        for (int64_t after_us = 0; after_us < window_us; after_us += step_us) {
            make(w, &brokers[i]);
            pid_t child = migrate(w, &brokers[i], 0);
            struct timespec pause = {0, after_us * 1000};
            (void)nanosleep(&pause, NULL);
            (void)kill(child, SIGKILL);
            assert_int_equal(waitpid(child, NULL, 0), child);
            old += lo_version(w, "old.db") == brokers[i].version;
            check_opens(w, &brokers[i]);
        }
        assert_true(old > 0);
    }
}

/* ---- damaged ---- */

/* A damaged record is not thrown away for a half-filled table. */
static void a_record_that_cannot_be_read_stops_it(void **state)
{
    struct lw *w = *state;

    for (size_t i = 0; i < BROKERS; i++) {
        make(w, &brokers[i]);
        lw_sql(w, "old.db", "UPDATE entry SET body = x'ff' WHERE seq = 9");
        struct jb_ledger_options options = {.role = brokers[i].role};
        struct jb_ledger *l = NULL;
        assert_int_not_equal(jb_ledger_open(lw_path(w, "old.db"), &options, &l, &w->fault), JB_OK);
        assert_non_null(strstr(w->fault.text, "entry 9"));
        assert_int_equal(lo_version(w, "old.db"), brokers[i].version);
        lo_copies_remove(w, "old.db");
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, lw_setup, lw_teardown)
    const struct CMUnitTest tests[] = {
        T(a_full_database_changes_nothing),
        T(on_a_full_disk_it_is_the_old_one_or_the_new_one),
        T(killed_in_the_middle_it_opens),
        T(a_record_that_cannot_be_read_stops_it),
    };
#undef T

    return cmocka_run_group_tests_name("migrate_killed", tests, NULL, NULL);
}
