/* Token buckets: never more than burst and rate allow, nothing lost to rounding, no way to wait for
 * ever. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "proto/base/bucket.h"

static void a_burst_then_the_rate(void **state)
{
    const struct jb_rate rate = {.per_minute = 60, .burst = 10};
    struct jb_bucket b = {0};
    int64_t taken = 0;
    (void)state;
    for (int64_t now = 5000; now < 5000 + 60000; now++)
        while (jb_bucket_wait(&b, &rate, now, 1) == 0) {
            jb_bucket_take(&b, &rate, now, 1);
            taken++;
        }
    assert_int_equal(taken, 10 + 59); /* one each second after the burst; the 60th is due now */
    assert_int_equal(jb_bucket_wait(&b, &rate, 65000, 1), 0);
}

/* Asked every millisecond for 0.7 a minute: rounding eats none of it. */
static void a_slow_rate_is_exact(void **state)
{
    const struct jb_rate rate = {.per_minute = 7, .burst = 1};
    struct jb_bucket b = {0};
    (void)state;
    jb_bucket_take(&b, &rate, 0, 1);
    for (int64_t now = 1; now < 8571; now++)
        assert_true(jb_bucket_wait(&b, &rate, now, 1) > 0);
    assert_int_equal(jb_bucket_wait(&b, &rate, 8571, 1), 1);
    assert_int_equal(jb_bucket_wait(&b, &rate, 8572, 1), 0);
}

static void the_wait_is_long_enough_and_no_longer(void **state)
{
    const struct jb_rate rate = {.per_minute = 600, .burst = 50};
    (void)state;
    for (int64_t debt = 0; debt < 500; debt += 7) {
        struct jb_bucket b = {0};
        jb_bucket_take(&b, &rate, 0, debt);
        int64_t wait = jb_bucket_wait(&b, &rate, 0, 20);
        assert_int_equal(wait, debt <= 30 ? 0 : (debt - 30) * 100);
        assert_int_equal(jb_bucket_wait(&b, &rate, wait, 20), 0);
    }
}

static void more_than_the_burst_goes_through_a_full_bucket(void **state)
{
    const struct jb_rate rate = {.per_minute = 60, .burst = 10};
    struct jb_bucket b = {0};
    (void)state;
    assert_int_equal(jb_bucket_wait(&b, &rate, 0, 1000), 0);
    jb_bucket_take(&b, &rate, 0, 1000);
    assert_int_equal(jb_bucket_wait(&b, &rate, 0, 1), 991 * 1000);
}

static void no_rate_is_no_limit(void **state)
{
    const struct jb_rate none = {0, 0};
    struct jb_bucket b = {0};
    (void)state;
    jb_bucket_take(&b, &none, 0, INT64_MAX);
    assert_int_equal(jb_bucket_wait(&b, &none, 0, INT64_MAX), 0);
}

static void odd_clocks_and_amounts_do_no_harm(void **state)
{
    const struct jb_rate rate = {.per_minute = INT64_C(1000000000), .burst = INT64_MAX};
    struct jb_bucket b = {0};
    (void)state;
    for (int i = 0; i < 10; i++)
        jb_bucket_take(&b, &rate, INT64_C(1) << (4 * i), INT64_MAX);
    assert_true(b.used > 0);
    jb_bucket_take(&b, &rate, -5, -7); /* back in time, a negative amount: nothing */
    assert_true(jb_bucket_wait(&b, &rate, -5, 1) >= 0);
    assert_int_equal(jb_bucket_wait(&b, &rate, INT64_MAX / 2, 1), 0);
    assert_int_equal(b.used, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_then_the_rate),
        cmocka_unit_test(a_slow_rate_is_exact),
        cmocka_unit_test(the_wait_is_long_enough_and_no_longer),
        cmocka_unit_test(more_than_the_burst_goes_through_a_full_bucket),
        cmocka_unit_test(no_rate_is_no_limit),
        cmocka_unit_test(odd_clocks_and_amounts_do_no_harm),
    };
    return cmocka_run_group_tests_name("bucket", tests, NULL, NULL);
}
