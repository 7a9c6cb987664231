/* How the last backup went, as the broker finds it: good, failed, killed, under way, not to be
 * read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <unistd.h>

#include "daemon/outcome.h"

static char folder[32];
static char path[64], record[64];

static int setup(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/outcomeXXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    (void)snprintf(path, sizeof path, "%s/backup.outcome", folder);
    (void)snprintf(record, sizeof record, "%s/broker.db", folder);
    FILE *file = fopen(record, "we");
    return file != NULL && fclose(file) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    (void)unlink(path);
    (void)unlink(record);
    return rmdir(folder);
}

static void expect(int64_t at_ms, const char *failed)
{
    struct jb_outcome last;
    jb_outcome_read(folder, &last);
    assert_int_equal(last.at_ms, at_ms);
    assert_string_equal(last.failed, failed);
}

static void run(int64_t began_ms, int64_t ended_ms, const char *failed)
{
    struct jb_outcome_run r;
    jb_outcome_begin(&r, folder, began_ms);
    jb_outcome_end(&r, ended_ms, failed);
}

static void without_a_record_nothing_is_noted(void **state)
{
    (void)state;
    assert_int_equal(unlink(record), 0);
    run(100, 200, "there is no record");
    assert_int_equal(access(path, F_OK), -1);
    expect(0, "");
}

static void the_last_run_is_known(void **state)
{
    (void)state;
    expect(0, "");
    run(100, 200, "磁盘已满: /backup");
    expect(200, "磁盘已满: /backup");
    run(300, 400, "");
    expect(400, "");
    run(500, 600, "two\nlines");
    expect(600, "two\\x0alines");
}

/* A run that works says nothing yet; one whose process is gone has failed. */
static void one_that_was_killed_is_told_from_one_that_works(void **state)
{
    struct jb_outcome_run r;
    struct jb_outcome_run other;

    (void)state;
    run(100, 200, "before");
    jb_outcome_begin(&r, folder, 300);
    expect(200, "before");
    jb_outcome_begin(&other, folder, 310); /* at the same time: goes unnoted */
    jb_outcome_end(&other, 320, "other");
    expect(200, "before");
    assert_int_equal(close(r.fd), 0); /* as a kill does it */
    expect(300, JB_OUTCOME_CUT);
    run(400, 500, NULL);
    expect(500, "");
}

static void what_cannot_be_read_is_unknown(void **state)
{
    static const char *const odd[] = {"",          "x",         "12",
                                      "-5\n3 -\n", "12\nx -\n", "99999999999999999999"};
    char letters[3000];

    (void)state;
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        FILE *f = fopen(path, "w");
        assert_non_null(f);
        assert_true(fputs(odd[i], f) >= 0);
        assert_int_equal(fclose(f), 0);
        struct jb_outcome last;
        jb_outcome_read(folder, &last);
        if (last.failed[0] != '\0' && strcmp(last.failed, JB_OUTCOME_CUT) != 0)
            fail_msg("\"%s\": %s", odd[i], last.failed);
    }
    memset(letters, 'a', sizeof letters - 1);
    letters[sizeof letters - 1] = '\0';
    run(100, 200, letters);
    struct jb_outcome last;
    jb_outcome_read(folder, &last);
    assert_int_equal(last.at_ms, 200);
    assert_true(strlen(last.failed) > 900);
    struct jb_outcome_run r; /* nowhere to note it */
    jb_outcome_begin(&r, "/nowhere/at/all", 1);
    assert_true(r.fd < 0);
    jb_outcome_end(&r, 2, "x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_last_run_is_known, setup, teardown),
        cmocka_unit_test_setup_teardown(one_that_was_killed_is_told_from_one_that_works, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_read_is_unknown, setup, teardown),
        cmocka_unit_test_setup_teardown(without_a_record_nothing_is_noted, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
