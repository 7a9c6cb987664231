/* What the broker lacks: each once, in order, as many as there are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/lacking.h"

#define MANY 10000
#define STEP 7919 /* prime to MANY: all of them, in no order */

static void name(uint32_t i, uint8_t hash[JB_HASH_BYTES])
{
    memset(hash, 0, JB_HASH_BYTES);
    for (int k = 0; k < 4; k++)
        hash[k] = (uint8_t)((i + 1) >> (24 - 8 * k));
}

static void many_are_kept_in_order_each_once(void **state)
{
    struct jb_lacking l = {NULL, 0, 0};
    uint8_t hash[JB_HASH_BYTES];
    uint8_t at[JB_HASH_BYTES] = {0};
    uint32_t seen = 0;

    (void)state;
    for (int twice = 0; twice < 2; twice++)
        for (uint32_t i = 0; i < MANY; i++) {
            name(i * STEP % MANY, hash);
            assert_int_equal(jb_lacking_add(&l, hash), JB_OK);
        }
    assert_int_equal(l.count, MANY);
    for (const uint8_t *next; (next = jb_lacking_after(&l, at)) != NULL; seen++) {
        name(seen, hash);
        assert_memory_equal(next, hash, sizeof hash);
        memcpy(at, next, sizeof at);
    }
    assert_int_equal(seen, MANY);
    jb_lacking_fini(&l);
}

static void what_has_come_goes_and_the_place_in_the_list_stays(void **state)
{
    struct jb_lacking l = {NULL, 0, 0};
    uint8_t hash[JB_HASH_BYTES];
    uint8_t five[JB_HASH_BYTES];

    (void)state;
    for (uint32_t i = 0; i < 10; i++) {
        name(i, hash);
        assert_int_equal(jb_lacking_add(&l, hash), JB_OK);
    }
    name(5, five);
    jb_lacking_drop(&l, five);
    jb_lacking_drop(&l, five); /* twice is fine */
    assert_int_equal(l.count, 9);
    name(6, hash);
    assert_memory_equal(jb_lacking_after(&l, five), hash, sizeof hash);
    name(9, hash);
    assert_null(jb_lacking_after(&l, hash));
    jb_lacking_fini(&l);
    assert_null(jb_lacking_after(&l, five));
    jb_lacking_drop(&l, five);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_are_kept_in_order_each_once),
        cmocka_unit_test(what_has_come_goes_and_the_place_in_the_list_stays),
    };
    return cmocka_run_group_tests_name("lacking", tests, NULL, NULL);
}
