/* A new record begins only where nothing of a former one is left, and whole or not at all. */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/faults.h"
#include "tests/unit/ledger_world.h"
#include "tests/unit/rounds.h"

/* ---- steps at which a process dies: --wrap gives us these names ---- */

static int die_in; /* of a child: at the n-th of them; 0: never */

static void step(void)
{
    if (die_in > 0 && --die_in == 0)
        _exit(0);
}

int __real_rename(const char *from, const char *to);
int __real_fsync(int fd);
int __real_unlink(const char *path);
int __wrap_rename(const char *from, const char *to);
int __wrap_fsync(int fd);
int __wrap_unlink(const char *path);

int __wrap_rename(const char *from, const char *to)
{
    step();
    return __real_rename(from, to);
}

int __wrap_fsync(int fd)
{
    step();
    return __real_fsync(fd);
}

int __wrap_unlink(const char *path)
{
    step();
    return __real_unlink(path);
}

/* ---- the folder ---- */

static enum jb_err open_as(struct lw *w, enum jb_ledger_make make)
{
    struct jb_ledger_options options = {.role = JB_LEDGER_BROKER, .make = make};
    struct jb_ledger *l = NULL;
    enum jb_err err = jb_ledger_open(lw_path(w, "a.db"), &options, &l, &w->fault);

    jb_ledger_close(&l);
    return err;
}

static void put_file(struct lw *w, const char *name, const char *text)
{
    FILE *f = fopen(lw_path(w, name), "wb");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

/* Names and sizes, as they sort: "a.db 0, b 7, ". */
static void listing(const struct lw *w, char *out, size_t size)
{
    struct dirent **names = NULL;
    int count = scandir(w->dir, &names, NULL, alphasort);
    size_t at = 0;

    assert_true(count >= 2);
    out[0] = '\0';
    for (int i = 0; i < count; i++) {
        char path[400];
        struct stat st;
        (void)snprintf(path, sizeof path, "%s/%s", w->dir, names[i]->d_name);
        assert_int_equal(lstat(path, &st), 0);
        if (names[i]->d_name[0] != '.')
            at += (size_t)snprintf(out + at, size - at, "%s %lld, ", names[i]->d_name,
                                   S_ISREG(st.st_mode) ? (long long)st.st_size : -1LL);
        free(names[i]);
    }
    free(names);
    assert_true(at < size);
}

static void clear(struct lw *w)
{
    struct dirent **names = NULL;
    int count = scandir(w->dir, &names, NULL, alphasort);

    assert_true(count >= 2);
    for (int i = 0; i < count; i++) {
        if (names[i]->d_name[0] != '.' && remove(lw_path(w, names[i]->d_name)) != 0)
            fail_msg("%s", w->path);
        free(names[i]);
    }
    free(names);
}

/* Whole, with an epoch, and alone. */
static void check_whole(struct lw *w)
{
    char names[1024];

    assert_int_equal(open_as(w, JB_LEDGER_KEEP), JB_OK);
    listing(w, names, sizeof names);
    assert_int_equal(strncmp(names, "a.db ", 5), 0);
    assert_int_equal(strchr(names, ',')[2], '\0');
}

/* ---- what is beside ---- */

enum kind {
    A_FILE,
    NO_BYTES,
    A_FOLDER,
    A_LINK,
};

static const struct beside {
    const char *name;
    enum kind kind;
    enum jb_err first; /* how JB_LEDGER_FIRST opens */
    const char *says;
} rows[] = {
    {"a.db", NO_BYTES, JB_CORRUPT, "a.db: is empty"},
    {"a.db", A_LINK, JB_CORRUPT, "is a link"},
    {"a.db-wal", A_FILE, JB_CORRUPT, "although a.db-wal"},
    {"a.db-wal", NO_BYTES, JB_CORRUPT, "although a.db-wal"},
    {"a.db-shm", A_FILE, JB_CORRUPT, "although a.db-shm"},
    {"a.db-journal", A_FILE, JB_CORRUPT, "although a.db-journal"},
    {"a.db.v17", A_FILE, JB_CORRUPT, "although a.db.v17"},
    {"a.db.restore", A_FILE, JB_CORRUPT, "although a.db.restore"},
    {"a.db.epoch-0123", A_FILE, JB_CORRUPT, "although a.db.epoch-0123"},
    {"blobs", A_FOLDER, JB_CORRUPT, "although blobs"},
    {"reserve", A_FILE, JB_CORRUPT, "although reserve"},
    {"lock", A_FILE, JB_OK, ""},
    {"jiaoband.conf", A_FILE, JB_OK, ""},
    {"a.dbx", A_FILE, JB_OK, ""},
    {"b.db-wal", A_FILE, JB_OK, ""},
    {"a.db.begin", NO_BYTES, JB_OK, ""},
    {"a.db.begin", A_FILE, JB_OK, ""},
    {"a.db.begin-wal", A_FILE, JB_OK, ""},
    {"a.db.begin-journal", A_FILE, JB_OK, ""},
};
#define ROWS (sizeof rows / sizeof rows[0])

static void put(struct lw *w, const struct beside *row)
{
    if (row->kind == A_FOLDER)
        assert_int_equal(mkdir(lw_path(w, row->name), 0700), 0);
    else if (row->kind == A_LINK)
        assert_int_equal(symlink("/nowhere/at/all", lw_path(w, row->name)), 0);
    else
        put_file(w, row->name, row->kind == A_FILE ? "not empty" : "");
}

static void a_record_that_was_lost_is_never_begun_anew(void **state)
{
    struct lw *w = *state;
    char before[1024];
    char after[1024];

    for (size_t i = 0; i < ROWS; i++) {
        clear(w);
        put(w, &rows[i]);
        listing(w, before, sizeof before);
        struct jb_fault fault = {""};
        enum jb_err looked = jb_ledger_look(lw_path(w, "a.db"), &fault);
        enum jb_err err = open_as(w, JB_LEDGER_FIRST);
        if (looked != (rows[i].first == JB_OK ? JB_NOT_FOUND : JB_CORRUPT) || err != rows[i].first)
            fail_msg("%s: %s, %s: %s", rows[i].name, jb_err_name(looked), jb_err_name(err),
                     w->fault.text);
        if (err == JB_OK) {
            assert_int_equal(open_as(w, JB_LEDGER_KEEP), JB_OK);
            continue;
        }
        assert_non_null(strstr(w->fault.text, rows[i].says));
        assert_string_equal(w->fault.text, fault.text);
        listing(w, after, sizeof after);
        assert_string_equal(after, before);
    }
    clear(w);
}

static void whoever_only_works_on_a_record_makes_none(void **state)
{
    struct lw *w = *state;
    char before[1024];
    char after[1024];

    for (size_t i = 0; i < ROWS; i++) {
        clear(w);
        put(w, &rows[i]);
        listing(w, before, sizeof before);
        assert_int_equal(open_as(w, JB_LEDGER_KEEP),
                         rows[i].first == JB_OK ? JB_NOT_FOUND : JB_CORRUPT);
        listing(w, after, sizeof after);
        assert_string_equal(after, before);
    }
    clear(w);
    assert_int_equal(open_as(w, JB_LEDGER_KEEP), JB_NOT_FOUND);
    (void)snprintf(w->path, sizeof w->path, "%s/nowhere/a.db", w->dir);
    assert_int_equal(jb_ledger_look(w->path, &w->fault), JB_NOT_FOUND);
    listing(w, after, sizeof after);
    assert_string_equal(after, "");
}

/* A replica, which the broker has: the WAL of the lost one must not be read into the new one. */
static void what_can_be_had_again_begins_anew_without_the_old_log(void **state)
{
    struct lw *w = *state;
    int64_t entries = -1;

    for (int empty = 0; empty < 2; empty++) {
        clear(w);
        w->cases = 0;
        w->nodes = 0;
        struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);
        lw_history(w, l, 30);
        lw_copy_file(w, "a.db-wal", "kept");
        lw_close(&l);
        lw_remove(w, "a.db");
        lw_copy_file(w, "kept", "a.db-wal");
        if (empty)
            put_file(w, "a.db", "");
        assert_int_equal(unlink(lw_path(w, "kept")), 0);
        assert_int_equal(open_as(w, JB_LEDGER_FIRST), JB_CORRUPT);
        assert_int_equal(open_as(w, JB_LEDGER_ANEW), JB_OK);
        check_whole(w);
        l = lw_open(w, "a.db", JB_LEDGER_BROKER);
        assert_int_equal(jb_db_number(l, "SELECT count(*) FROM entry", &entries), JB_OK);
        assert_int_equal(entries, 0);
        lw_close(&l);
    }
}

/* ---- faults and deaths ---- */

static void a_beginning_that_fails_leaves_nothing(void **state)
{
    struct lw *w = *state;
    char names[1024];

    for (int kind = 0; kind < FAULT_COUNT; kind++) {
        bool failed = true;
        int refused = 0;
        for (long n = 1; failed;
             n = rounds_next(n, 1 + n / 8)) { /* thousands of allocations of SQLite's */
            clear(w);
            fault_arm((enum fault)kind, n);
            enum jb_err err = open_as(w, JB_LEDGER_FIRST);
            failed = fault_disarm();
            assert_true(err == JB_OK || (failed && w->fault.text[0] != '\0'));
            listing(w, names, sizeof names);
            /* once it has its name it stays: then it was using it that failed */
            if (names[0] != '\0')
                check_whole(w);
            assert_true(err != JB_OK || names[0] != '\0');
            assert_int_equal(open_as(w, JB_LEDGER_FIRST), JB_OK);
            check_whole(w);
            refused += err != JB_OK;
        }
        print_message("%s: refused %d times\n", fault_names[kind], refused);
        assert_true(refused >= 2);
    }
    clear(w);
}

static bool dies_at(struct lw *w, int at, enum jb_ledger_make make)
{
    int status = 0;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        die_in = at;
        (void)!open_as(w, make);
        _exit(1); /* alive to the end */
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status) == 0;
}

static void killed_at_any_step_there_is_none_or_a_whole_one(void **state)
{
    struct lw *w = *state;
    struct stat st;
    int begun = 0;
    int at = 1;

    for (at = 1; clear(w), dies_at(w, at, JB_LEDGER_FIRST); at++) {
        bool there = stat(lw_path(w, "a.db"), &st) == 0;
        begun += stat(lw_path(w, "a.db.begin"), &st) == 0;
        assert_int_equal(open_as(w, JB_LEDGER_KEEP), there ? JB_OK : JB_NOT_FOUND);
        assert_int_equal(open_as(w, JB_LEDGER_FIRST), JB_OK); /* it is begun again, or gone on */
        check_whole(w);
    }
    assert_true(at > 4 && begun > 0);
    for (at = 1;; at++) { /* over what an earlier one has left */
        clear(w);
        put_file(w, "a.db.begin", "half of it");
        put_file(w, "a.db.begin-wal", "and its log");
        put_file(w, "a.db-wal", "and the log of a former one");
        if (!dies_at(w, at, JB_LEDGER_ANEW))
            break;
        assert_int_equal(open_as(w, JB_LEDGER_ANEW), JB_OK);
        check_whole(w);
    }
    assert_true(at > 6);
    clear(w);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, lw_setup, lw_teardown)
    const struct CMUnitTest tests[] = {
        T(a_record_that_was_lost_is_never_begun_anew),
        T(whoever_only_works_on_a_record_makes_none),
        T(what_can_be_had_again_begins_anew_without_the_old_log),
        T(a_beginning_that_fails_leaves_nothing),
        T(killed_at_any_step_there_is_none_or_a_whole_one),
    };
#undef T

    faults_install();
    return cmocka_run_group_tests_name("begin", tests, NULL, NULL);
}
