/* How often something may be tried: bursts, steps, refunds, notes, and a table that stays its size.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "clients/gateway/limiter.h"

#define NOW INT64_C(1000000)

static struct jb_gw_limiter *limiter;
static const struct jb_gw_rate rate = {.burst = 3, .each_ms = 1000};

static int setup(void **state)
{
    (void)state;
    return sodium_init() < 0 || jb_gw_limiter_new(&limiter) != JB_OK ? -1 : 0;
}

static int teardown(void **state)
{
    (void)state;
    jb_gw_limiter_free(&limiter);
    return 0;
}

static int64_t wait_of(const char *kind, const char *key, int64_t now_ms)
{
    int64_t wait_ms = -1;
    jb_gw_limit_try(limiter, kind, jb_text_of(key), &rate, now_ms, &wait_ms);
    return wait_ms;
}

static void a_burst_and_then_one_each_step(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(wait_of("a", "x", NOW), 0);
    assert_int_equal(wait_of("a", "x", NOW), 1000);
    assert_int_equal(wait_of("a", "x", NOW + 400), 600); /* asking in vain costs nothing */
    assert_int_equal(wait_of("a", "x", NOW + 1000), 0);
    assert_int_equal(wait_of("a", "x", NOW + 1000), 1000);
    assert_int_equal(wait_of("a", "y", NOW), 0);
    assert_int_equal(wait_of("b", "x", NOW), 0);
    for (int i = 0; i < 3; i++) /* all of it comes back, and no more */
        assert_int_equal(wait_of("a", "x", NOW + 100000), 0);
    assert_int_equal(wait_of("a", "x", NOW + 100000), 1000);
}

static void what_is_charged_never_locks_for_longer_than_the_burst(void **state)
{
    (void)state;
    for (int i = 0; i < 1000; i++)
        jb_gw_limit_charge(limiter, "a", jb_text_of("x"), &rate, NOW);
    assert_int_equal(wait_of("a", "x", NOW), 1000);
    for (int i = 0; i < 1000; i++)
        jb_gw_limit_refund(limiter, "a", jb_text_of("x"), &rate, NOW);
    for (int i = 0; i < 3; i++)
        assert_int_equal(wait_of("a", "x", NOW), 0);
    assert_int_equal(wait_of("a", "x", NOW), 1000);
}

static void a_note_ends_by_itself(void **state)
{
    (void)state;
    assert_false(jb_gw_limit_noted(limiter, "n", jb_text_of("x"), NOW));
    jb_gw_limit_note(limiter, "n", jb_text_of("x"), NOW, NOW + 10);
    assert_true(jb_gw_limit_noted(limiter, "n", jb_text_of("x"), NOW + 9));
    assert_false(jb_gw_limit_noted(limiter, "n", jb_text_of("x"), NOW + 10));
    assert_false(jb_gw_limit_noted(limiter, "n", jb_text_of("y"), NOW));
}

/* More keys than there is room for: the one that is counted most stays. */
static void many_keys_push_out_the_idle_ones(void **state)
{
    char key[32];

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(wait_of("a", "guesser", NOW), 0);
    for (int i = 0; i < 50000; i++) {
        (void)snprintf(key, sizeof key, "key %d", i);
        assert_int_equal(wait_of("a", key, NOW), 0);
    }
    assert_int_equal(wait_of("a", "guesser", NOW), 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_burst_and_then_one_each_step, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_charged_never_locks_for_longer_than_the_burst,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_note_ends_by_itself, setup, teardown),
        cmocka_unit_test_setup_teardown(many_keys_push_out_the_idle_ones, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
