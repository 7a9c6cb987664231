/* What the gate reads of the transport, and its account of what a node has sent. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "proto/wire/gateframes.h"

static void only_a_curve_clients_first_bytes_fit(void **state)
{
    uint8_t early[JB_EARLY_BYTES] = {0};
    static const uint8_t hello[] = {4, 200, 5, 'H', 'E', 'L', 'L', 'O', 1, 0};
    static const size_t fixed[] = {0, 9, 10, 12, 16, 17, 31, 32, 64, 65, 66, 71, 72};
    (void)state;
    memcpy(early, jb_gate_greeting, JB_GREETING_BYTES);
    memcpy(early + JB_GREETING_BYTES, hello, sizeof hello);
    for (size_t len = 0; len <= sizeof early; len++)
        assert_true(jb_gate_early_fits(early, len));
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
        uint8_t was = early[fixed[i]];
        early[fixed[i]] = fixed[i] == 10 ? 1 : (uint8_t)(was ^ 1);
        assert_true(jb_gate_early_fits(early, fixed[i]));
        assert_false(jb_gate_early_fits(early, fixed[i] + 1));
        early[fixed[i]] = was;
    }
    assert_false(jb_gate_early_fits(early, sizeof early + 1));
}

static void frames_are_counted_however_they_are_cut(void **state)
{
    static const uint8_t stream[] = {0,   3,   'a', 'b', 'c', 2,    0, 0, 0, 0, 0, 0, 0, 2,
                                     'd', 'e', 4,   0,   6,   0xff, 0, 0, 0, 0, 0, 0, 0, 0};
    static const int64_t sizes[] = {3, 2, 0, INT64_MAX};
    (void)state;
    for (size_t piece = 1; piece <= sizeof stream; piece++) {
        struct jb_frame_scan scan = {0};
        size_t frame = 0;
        for (size_t at = 0; at < sizeof stream - 1;) {
            int64_t size;
            uint8_t flags;
            size_t left = sizeof stream - 1 - at;
            size_t used =
                jb_frame_scan(&scan, stream + at, left < piece ? left : piece, &size, &flags);
            assert_true(used > 0 && used <= piece);
            at += used;
            if (size >= 0)
                assert_int_equal(size, sizes[frame++]);
        }
        assert_int_equal(frame, 4);
    }
}

static void a_message_accounts_for_all_before_it(void **state)
{
    struct jb_unread u = {.count = 0};
    (void)state;
    for (uint32_t i = 0; i < 10; i++) { /* it grows with its front in the middle of the ring */
        assert_true(jb_unread_add(&u, 60));
        jb_unread_take(&u, 60 - JB_CURVE_OVERHEAD_BYTES);
    }
    for (uint32_t i = 0; i < JB_UNREAD_FRAMES; i++)
        assert_true(jb_unread_add(&u, i % 2 == 0 ? 100 : 50));
    assert_false(jb_unread_add(&u, 1));
    assert_int_equal(u.bytes, JB_UNREAD_FRAMES / 2 * 150);
    jb_unread_take(&u, 1000); /* none of this size: nothing */
    assert_int_equal(u.count, JB_UNREAD_FRAMES);
    jb_unread_take(&u, 50 - JB_CURVE_OVERHEAD_BYTES);
    assert_int_equal(u.count, JB_UNREAD_FRAMES - 2);
    assert_true(jb_unread_add(&u, 7777));
    jb_unread_take(&u, 7777 - JB_CURVE_OVERHEAD_BYTES);
    assert_int_equal(u.count, 0);
    assert_int_equal(u.bytes, 0);
    jb_unread_fini(&u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_a_curve_clients_first_bytes_fit),
        cmocka_unit_test(frames_are_counted_however_they_are_cut),
        cmocka_unit_test(a_message_accounts_for_all_before_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
