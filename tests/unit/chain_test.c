/* Heads of the chain. The expected values were computed with another BLAKE2b (Python's hashlib). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <sodium.h>

#include "proto/wire/chain.h"

static void assert_hex(const uint8_t hash[JB_HASH_BYTES], const char *hex)
{
    char text[2 * JB_HASH_BYTES + 1];
    sodium_bin2hex(text, sizeof text, hash, JB_HASH_BYTES);
    assert_string_equal(text, hex);
}

static const uint8_t epoch[JB_EPOCH_BYTES] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

static void hash_is_blake2b_256(void **state)
{
    uint8_t out[JB_HASH_BYTES];
    (void)state;
    jb_hash(JB_SUITE_ED25519, "abc", 3, out);
    assert_hex(out, "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
    jb_hash(JB_SUITE_ED25519, NULL, 0, out);
    assert_hex(out, "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
}

static void heads_follow_the_documented_formula(void **state)
{
    uint8_t head[JB_HASH_BYTES];
    uint8_t item[JB_HASH_BYTES];
    (void)state;
    jb_chain_start(JB_SUITE_ED25519, 0x01020304, epoch, head);
    assert_hex(head, "f4673d9edd47c2cbecb3bc3cc4a9dbf9b1ee28bb487253665004874e1c8d4518");
    jb_hash(JB_SUITE_ED25519, "first", 5, item);
    jb_chain_next(JB_SUITE_ED25519, head, item, head);
    assert_hex(head, "8879baf75c98aa6277e4c52c2c53b45a3ef42f69049f45d7dee1cd57a671b081");
    jb_hash(JB_SUITE_ED25519, "second", 6, item);
    jb_chain_next(JB_SUITE_ED25519, head, item, head);
    assert_hex(head, "f5ba535016b3e0a20ffb00ce2eb4cdf5ce64386e655a76b6351d01180986eb1f");
}

static void another_line_or_epoch_has_another_start(void **state)
{
    uint8_t a[JB_HASH_BYTES];
    uint8_t b[JB_HASH_BYTES];
    uint8_t other[JB_EPOCH_BYTES];
    (void)state;
    memcpy(other, epoch, sizeof other);
    other[15] ^= 1;
    jb_chain_start(JB_SUITE_ED25519, 1, epoch, a);
    jb_chain_start(JB_SUITE_ED25519, 2, epoch, b);
    assert_memory_not_equal(a, b, JB_HASH_BYTES);
    jb_chain_start(JB_SUITE_ED25519, 1, other, b);
    assert_memory_not_equal(a, b, JB_HASH_BYTES);
}

static void order_of_items_matters(void **state)
{
    uint8_t x[JB_HASH_BYTES];
    uint8_t y[JB_HASH_BYTES];
    uint8_t xy[JB_HASH_BYTES];
    uint8_t yx[JB_HASH_BYTES];
    (void)state;
    jb_hash(JB_SUITE_ED25519, "x", 1, x);
    jb_hash(JB_SUITE_ED25519, "y", 1, y);
    jb_chain_start(JB_SUITE_ED25519, 1, epoch, xy);
    memcpy(yx, xy, sizeof yx);
    jb_chain_next(JB_SUITE_ED25519, xy, x, xy);
    jb_chain_next(JB_SUITE_ED25519, xy, y, xy);
    jb_chain_next(JB_SUITE_ED25519, yx, y, yx);
    jb_chain_next(JB_SUITE_ED25519, yx, x, yx);
    assert_memory_not_equal(xy, yx, JB_HASH_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hash_is_blake2b_256),
        cmocka_unit_test(heads_follow_the_documented_formula),
        cmocka_unit_test(another_line_or_epoch_has_another_start),
        cmocka_unit_test(order_of_items_matters),
    };
    return cmocka_run_group_tests_name("chain", tests, NULL, NULL);
}
