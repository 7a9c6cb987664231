/* The clocks that can be put in place of the machine's. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <setjmp.h>
#include <cmocka.h>

#include "proto/base/testclock.h"

static void the_wall_clock_is_the_machines(void **state)
{
    int64_t before_s = time(NULL);
    struct jb_clock wall = jb_clock_wall();
    int64_t now_ms = jb_clock_read(&wall);
    int64_t after_s = time(NULL);

    (void)state;
    /* time(2) may run on a coarser clock: allow a second on either side. */
    assert_in_range(now_ms / 1000, before_s - 1, after_s + 1);
}

static void the_monotonic_clock_does_not_go_back(void **state)
{
    int64_t last_ms = jb_clock_mono_ms();

    (void)state;
    assert_true(last_ms > 0);
    for (int i = 0; i < 10000; i++) {
        int64_t now_ms = jb_clock_mono_ms();

        assert_true(now_ms >= last_ms);
        last_ms = now_ms;
    }
}

static void an_offset_moves_the_wall_clock(void **state)
{
    int64_t offset_ms = INT64_C(86400000) * 365;
    struct jb_clock ahead = jb_clock_offset(&offset_ms);
    struct jb_clock wall = jb_clock_wall();
    int64_t low = jb_clock_read(&wall) + offset_ms;
    int64_t now = jb_clock_read(&ahead);
    int64_t high = jb_clock_read(&wall) + offset_ms;

    (void)state;
    assert_true(low <= now && now <= high);
}

static void an_offset_saturates(void **state)
{
    int64_t far_ms = INT64_MAX;
    int64_t back_ms = INT64_MIN;
    struct jb_clock ahead = jb_clock_offset(&far_ms);
    struct jb_clock behind = jb_clock_offset(&back_ms);

    (void)state;
    assert_true(jb_clock_read(&ahead) == INT64_MAX);
    assert_true(jb_clock_read(&behind) < 0);
}

static void a_fixed_clock_stands_until_moved(void **state)
{
    int64_t now_ms = 1795413900000;
    struct jb_clock fixed = jb_clock_fixed(&now_ms);

    (void)state;
    assert_true(jb_clock_read(&fixed) == 1795413900000);
    assert_true(jb_clock_read(&fixed) == 1795413900000);
    now_ms += 60000;
    assert_true(jb_clock_read(&fixed) == 1795413960000);
}

/* ---- the clock of a test ---- */

static void write_file(const char *path, const char *text)
{
    char part[96];
    FILE *out;

    (void)snprintf(part, sizeof part, "%s.part", path);
    out = fopen(part, "w");
    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(rename(part, path), 0);
}

/* How far a clock is from the machine's, to the second. */
static int64_t ahead_s(struct jb_clock clock, int64_t (*real_ms)(void))
{
    return (jb_clock_read(&clock) - real_ms() + 1000500) / 1000 - 1000;
}

/* It reads again at most once in a millisecond. */
static void next_ms(void)
{
    int64_t now_ms = jb_clock_mono_ms();

    while (jb_clock_mono_ms() == now_ms) {
    }
}

static void a_test_says_what_time_it_is(void **state)
{
    static const struct {
        const char *text;
        int64_t wall_s, mono_s;
    } rows[] = {
        {"0\n", 0, 0},
        {"86400000", 86400, 86400},
        {"86400000 -3600000\n", 82800, 86400},
        {"not a number", 82800, 86400}, /* the last values stand */
        {"-5000 0\n", -5, -5},
    };
    char folder[] = "/tmp/jb-clock-XXXXXX";
    char path[64];
    struct jb_testclock t;
    struct jb_fault fault = {""};

    (void)state;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/time", folder);
    assert_int_equal(jb_testclock_open(&t, path, &fault), JB_NOT_FOUND);
    assert_non_null(strstr(fault.text, path));
    write_file(path, "");
    assert_int_equal(jb_testclock_open(&t, path, &fault), JB_MALFORMED);
    write_file(path, rows[0].text);
    assert_int_equal(jb_testclock_open(&t, path, &fault), JB_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        write_file(path, rows[i].text);
        next_ms();
        assert_int_equal(ahead_s(jb_testclock_wall(&t), jb_clock_now_ms), rows[i].wall_s);
        assert_int_equal(ahead_s(jb_testclock_mono(&t), jb_clock_mono_ms), rows[i].mono_s);
    }
    assert_int_equal(unlink(path), 0);
    next_ms();
    assert_int_equal(ahead_s(jb_testclock_wall(&t), jb_clock_now_ms), -5);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_wall_clock_is_the_machines),
        cmocka_unit_test(the_monotonic_clock_does_not_go_back),
        cmocka_unit_test(an_offset_moves_the_wall_clock),
        cmocka_unit_test(an_offset_saturates),
        cmocka_unit_test(a_fixed_clock_stands_until_moved),
        cmocka_unit_test(a_test_says_what_time_it_is),
    };

    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
