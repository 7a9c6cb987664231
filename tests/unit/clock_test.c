/* The clocks that can be put in place of the machine's. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <setjmp.h>
#include <cmocka.h>

#include "proto/base/clock.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_wall_clock_is_the_machines),
        cmocka_unit_test(the_monotonic_clock_does_not_go_back),
        cmocka_unit_test(an_offset_moves_the_wall_clock),
        cmocka_unit_test(an_offset_saturates),
        cmocka_unit_test(a_fixed_clock_stands_until_moved),
    };

    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
