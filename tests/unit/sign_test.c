/* Signatures and seals: the documented bytes (checked against OpenSSL's Ed25519), and that every
 * single changed bit is noticed. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <sodium.h>
#include <stdlib.h>

#include "proto/rules/act.h"
#include "proto/wire/seal.h"
#include "proto/wire/sign.h"

struct keys {
    uint8_t public_key[JB_KEY_BYTES];
    uint8_t secret[JB_SIGN_SECRET_BYTES];
};

/* The key pair of the seed 00 01 02 … 1f. */
static struct keys fixed_keys(void)
{
    struct keys k;
    uint8_t seed[crypto_sign_SEEDBYTES];
    for (size_t i = 0; i < sizeof seed; i++)
        seed[i] = (uint8_t)i;
    assert_int_equal(crypto_sign_seed_keypair(k.public_key, k.secret, seed), 0);
    return k;
}

static struct jb_bytes bytes_of(const char *text)
{
    struct jb_bytes b = {(const uint8_t *)text, strlen(text)};
    return b;
}

static struct jb_line_claim fixed_claim(void)
{
    struct jb_line_claim claim = {
        .role = JB_LINE_DOWN_ACK, .node = 0x01020304, .number = 0x1122334455667788};
    size_t got = 0;
    for (size_t i = 0; i < sizeof claim.epoch; i++)
        claim.epoch[i] = (uint8_t)i;
    assert_int_equal(
        sodium_hex2bin(claim.head, sizeof claim.head,
                       "f5ba535016b3e0a20ffb00ce2eb4cdf5ce64386e655a76b6351d01180986eb1f", 64, NULL,
                       &got, NULL),
        0);
    return claim;
}

static void assert_hex(const uint8_t *data, size_t len, const char *hex)
{
    char text[2 * JB_SIGN_BYTES + 1];
    sodium_bin2hex(text, sizeof text, data, len);
    assert_string_equal(text, hex);
}

static void a_statement_has_the_documented_bytes(void **state)
{
    struct jb_line_claim claim = fixed_claim();
    uint8_t out[JB_LINE_STATEMENT_BYTES];
    (void)state;
    jb_line_statement(&claim, out);
    assert_hex(out, sizeof out,
               "4401020304000102030405060708090a0b0c0d0e0f1122334455667788"
               "f5ba535016b3e0a20ffb00ce2eb4cdf5ce64386e655a76b6351d01180986eb1f");
}

static void a_line_signature_is_plain_ed25519(void **state)
{
    struct keys k = fixed_keys();
    struct jb_line_claim claim = fixed_claim();
    uint8_t sig[JB_SIGN_BYTES];
    (void)state;
    assert_hex(k.public_key, JB_KEY_BYTES,
               "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8");
    assert_int_equal(jb_line_sign(JB_SUITE_ED25519, k.secret, &claim, sig), JB_OK);
    assert_hex(sig, sizeof sig,
               "627d37d0e42baed40dd8fe1edaf1e1e69736d6dfe97863c48454bfb8ba3ea9ae"
               "991bdd4340f44929a925369142b0c310c8c9e6822211ebfeff0f06bb7bb9a409");
    assert_int_equal(jb_line_verify(JB_SUITE_ED25519, k.public_key, &claim, sig), JB_OK);
}

static void any_other_claim_does_not_verify(void **state)
{
    struct keys k = fixed_keys();
    struct jb_line_claim good = fixed_claim();
    struct jb_line_claim bad[5] = {good, good, good, good, good};
    uint8_t sig[JB_SIGN_BYTES];
    (void)state;
    bad[0].role = JB_LINE_DOWN_HEAD;
    bad[1].node++;
    bad[2].epoch[0] ^= 0x80;
    bad[3].number--;
    bad[4].head[31] ^= 1;
    assert_int_equal(jb_line_sign(JB_SUITE_ED25519, k.secret, &good, sig), JB_OK);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(jb_line_verify(JB_SUITE_ED25519, k.public_key, &bad[i], sig),
                         JB_BAD_SIGNATURE);
}

static void every_bit_of_a_signature_counts(void **state)
{
    struct keys k = fixed_keys();
    uint8_t sig[JB_SIGN_BYTES];
    struct jb_bytes msg = bytes_of("the message");
    (void)state;
    assert_int_equal(jb_sign(JB_SUITE_ED25519, k.secret, "test", msg, sig), JB_OK);
    for (size_t bit = 0; bit < 8 * sizeof sig; bit++) {
        sig[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_int_equal(jb_sign_verify(JB_SUITE_ED25519, k.public_key, "test", msg, sig),
                         JB_BAD_SIGNATURE);
        sig[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    assert_int_equal(jb_sign_verify(JB_SUITE_ED25519, k.public_key, "test", msg, sig), JB_OK);
}

static void a_signature_serves_one_purpose_only(void **state)
{
    struct keys k = fixed_keys();
    uint8_t sig[JB_SIGN_BYTES];
    (void)state;
    assert_int_equal(jb_sign(JB_SUITE_ED25519, k.secret, "a", bytes_of("bc"), sig), JB_OK);
    assert_int_equal(jb_sign_verify(JB_SUITE_ED25519, k.public_key, "b", bytes_of("bc"), sig),
                     JB_BAD_SIGNATURE);
    /* The border between purpose and message is part of what is signed. */
    assert_int_equal(jb_sign_verify(JB_SUITE_ED25519, k.public_key, "ab", bytes_of("c"), sig),
                     JB_BAD_SIGNATURE);
}

static void other_suites_are_refused(void **state)
{
    static const uint8_t suites[] = {0, 3, 255};
    struct keys k = fixed_keys();
    uint8_t sig[JB_SIGN_BYTES] = {0};
    (void)state;
    for (size_t i = 0; i < sizeof suites; i++) {
        assert_int_equal(jb_sign(suites[i], k.secret, "a", bytes_of("b"), sig), JB_UNSUPPORTED);
        assert_int_equal(jb_sign_verify(suites[i], k.public_key, "a", bytes_of("b"), sig),
                         JB_UNSUPPORTED);
    }
}

/* Around the size where the message moves from the stack to the heap, and well beyond. */
static void messages_of_all_sizes(void **state)
{
    struct keys k = fixed_keys();
    uint8_t sig[JB_SIGN_BYTES];
    uint8_t *data = calloc(1, 100001);
    (void)state;
    assert_non_null(data);
    for (size_t len = 0; len <= 100000; len = len < 520 ? len + 1 : 2 * len) {
        struct jb_bytes msg = {len > 0 ? data : NULL, len};
        struct jb_bytes longer = {data, len + 1};
        assert_int_equal(jb_sign(JB_SUITE_ED25519, k.secret, "size", msg, sig), JB_OK);
        assert_int_equal(jb_sign_verify(JB_SUITE_ED25519, k.public_key, "size", msg, sig), JB_OK);
        assert_int_equal(jb_sign_verify(JB_SUITE_ED25519, k.public_key, "size", longer, sig),
                         JB_BAD_SIGNATURE);
    }
    free(data);
}

/* ---- seals ------------------------------------------------------------------------------------
 */

#define PLAIN "张三，身份证号"

static void a_seal_opens_with_its_key_only(void **state)
{
    uint8_t key[JB_KEY_BYTES];
    uint8_t other[JB_KEY_BYTES];
    uint8_t sealed[sizeof PLAIN + JB_SEAL_EXTRA_BYTES];
    uint8_t again[sizeof sealed];
    uint8_t plain[sizeof PLAIN];
    struct jb_bytes text = {(const uint8_t *)PLAIN, sizeof PLAIN};
    struct jb_bytes box = {sealed, sizeof sealed};
    (void)state;
    jb_seal_key_new(key);
    jb_seal_key_new(other);
    jb_seal(key, text, bytes_of("case 7, name"), sealed);
    jb_seal(key, text, bytes_of("case 7, name"), again);
    assert_memory_not_equal(sealed, again, sizeof sealed); /* another nonce each time */
    assert_int_equal(jb_unseal(key, box, bytes_of("case 7, name"), plain), JB_OK);
    assert_memory_equal(plain, PLAIN, sizeof PLAIN);
    memset(plain, 0, sizeof plain);
    assert_int_equal(jb_unseal(other, box, bytes_of("case 7, name"), plain), JB_BAD_SIGNATURE);
    assert_int_equal(jb_unseal(key, box, bytes_of("case 8, name"), plain), JB_BAD_SIGNATURE);
    assert_null(memmem(plain, sizeof plain, PLAIN, 6));
}

static void every_bit_of_a_seal_counts(void **state)
{
    uint8_t key[JB_KEY_BYTES];
    uint8_t sealed[sizeof PLAIN + JB_SEAL_EXTRA_BYTES];
    uint8_t plain[sizeof PLAIN];
    struct jb_bytes text = {(const uint8_t *)PLAIN, sizeof PLAIN};
    struct jb_bytes box = {sealed, sizeof sealed};
    struct jb_bytes none = {NULL, 0};
    (void)state;
    jb_seal_key_new(key);
    jb_seal(key, text, none, sealed);
    for (size_t bit = 0; bit < 8 * sizeof sealed; bit++) {
        sealed[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_int_equal(jb_unseal(key, box, none, plain), JB_BAD_SIGNATURE);
        sealed[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    for (box.len = 0; box.len < sizeof sealed; box.len++)
        assert_int_equal(jb_unseal(key, box, none, plain),
                         box.len < JB_SEAL_EXTRA_BYTES ? JB_MALFORMED : JB_BAD_SIGNATURE);
    assert_int_equal(jb_unseal(key, box, none, plain), JB_OK);
}

static void nothing_can_be_sealed(void **state)
{
    uint8_t key[JB_KEY_BYTES];
    uint8_t sealed[JB_SEAL_EXTRA_BYTES];
    struct jb_bytes none = {NULL, 0};
    struct jb_bytes box = {sealed, sizeof sealed};
    (void)state;
    jb_seal_key_new(key);
    jb_seal(key, none, none, sealed);
    assert_int_equal(jb_unseal(key, box, none, NULL), JB_OK);
    sealed[30] ^= 1;
    assert_int_equal(jb_unseal(key, box, none, NULL), JB_BAD_SIGNATURE);
}

static void a_key_has_a_name(void **state)
{
    uint8_t key[JB_KEY_BYTES];
    uint8_t id[JB_SEAL_KEY_ID_BYTES];
    (void)state;
    for (size_t i = 0; i < sizeof key; i++)
        key[i] = (uint8_t)i;
    jb_seal_key_id(key, id);
    assert_hex(id, sizeof id, "cb2f5160fc1f7e05a55ef49d340b48da");
}

/* ---- ratings ---- */

static void a_rating_opens_for_the_broker_alone(void **state)
{
    struct jb_node_keys broker;
    struct jb_node_keys other;
    struct jb_arena arena;
    struct jb_bytes sealed;
    struct jb_bytes again;
    int value = 0;
    (void)state;
    jb_arena_init(&arena, 65536);
    assert_int_equal(jb_keys_generate(JB_SUITE_ED25519, &broker, &(struct jb_fault){""}), JB_OK);
    assert_int_equal(jb_keys_generate(JB_SUITE_ED25519, &other, &(struct jb_fault){""}), JB_OK);
    for (int party = 0; party <= JB_RATED_PARTIES + 1; party++)
        for (int given = 0; given <= JB_NOT_SATISFIED + 1; given++) {
            bool fits =
                party >= 1 && party <= JB_RATED_PARTIES && given >= 1 && given <= JB_NOT_SATISFIED;
            enum jb_err err =
                jb_rating_seal(broker.line.public_key, 77, party, given, &arena, &sealed);
            assert_int_equal(err, fits ? JB_OK : JB_RANGE);
            if (!fits)
                continue;
            assert_int_equal(sealed.len, JB_RATING_SEALED_BYTES);
            assert_int_equal(jb_rating_open(&broker, 77, party, sealed, &value), JB_OK);
            assert_int_equal(value, given);
            assert_int_equal(jb_rating_open(&other, 77, party, sealed, &value), JB_BAD_SIGNATURE);
            assert_int_equal(jb_rating_open(&broker, 78, party, sealed, &value), JB_RANGE);
            assert_int_equal(jb_rating_open(&broker, 77, 3 - party, sealed, &value), JB_RANGE);
            sealed.len--;
            assert_int_equal(jb_rating_open(&broker, 77, party, sealed, &value), JB_MALFORMED);
        }
    /* the same rating never looks the same */
    assert_int_equal(jb_rating_seal(broker.line.public_key, 77, 1, 1, &arena, &sealed), JB_OK);
    assert_int_equal(jb_rating_seal(broker.line.public_key, 77, 1, 1, &arena, &again), JB_OK);
    assert_memory_not_equal(sealed.data, again.data, sealed.len);
    jb_arena_fini(&arena);
}

/* ---- query codes ---- */

static void a_query_code_is_read_as_people_write_it(void **state)
{
    static const char *const same[] = {"7K3M-X2QP-9DHT", "7k3mx2qp9dht", " 7K3M X2QP 9DHT "};
    static const char *const bad[] = {"",
                                      "7K3M-X2QP-9DH",
                                      "7K3M-X2QP-9DHTT",
                                      "7K3M-X2QP-9DHU",
                                      "7K3M_X2QP_9DHT",
                                      "7K3M-X2QP-9DH\xc3"};
    uint8_t hash[JB_HASH_BYTES];
    uint8_t other[JB_HASH_BYTES];
    (void)state;
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        assert_int_equal(jb_query_code_hash(jb_text_of(same[i]), hash), JB_OK);
        assert_hex(hash, sizeof hash,
                   "95310958fd3e11c46f6ddb7a911c02d8942830f4c16db46f0e959b81e660e553");
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(jb_query_code_hash(jb_text_of(bad[i]), hash), JB_MALFORMED);
    assert_int_equal(jb_query_code_hash(jb_text_of("1110-0000-0000"), hash), JB_OK);
    assert_int_equal(jb_query_code_hash(jb_text_of("iLuO-0o00-0000"), other), JB_MALFORMED);
    assert_int_equal(jb_query_code_hash(jb_text_of("iL1O-0o00-0000"), other), JB_OK);
    assert_memory_equal(hash, other, sizeof hash);
}

static void new_query_codes_are_of_the_alphabet_and_differ(void **state)
{
    char code[JB_QUERY_CODE_TEXT];
    char last[JB_QUERY_CODE_TEXT] = "";
    uint8_t hash[JB_HASH_BYTES];
    (void)state;
    for (int i = 0; i < 200; i++) {
        jb_query_code_new(code);
        assert_int_equal(strlen(code), JB_QUERY_CODE_TEXT - 1);
        assert_true(code[4] == '-' && code[9] == '-');
        assert_null(strpbrk(code, "ILOU"));
        assert_int_equal(jb_query_code_hash(jb_text_of(code), hash), JB_OK);
        assert_string_not_equal(code, last);
        memcpy(last, code, sizeof last);
    }
}

static int set_up(void **state)
{
    (void)state;
    enum jb_err first = jb_sign_init();
    enum jb_err again = jb_sign_init();
    return first == JB_OK && again == JB_OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_statement_has_the_documented_bytes),
        cmocka_unit_test(a_line_signature_is_plain_ed25519),
        cmocka_unit_test(any_other_claim_does_not_verify),
        cmocka_unit_test(every_bit_of_a_signature_counts),
        cmocka_unit_test(a_signature_serves_one_purpose_only),
        cmocka_unit_test(other_suites_are_refused),
        cmocka_unit_test(messages_of_all_sizes),
        cmocka_unit_test(a_seal_opens_with_its_key_only),
        cmocka_unit_test(every_bit_of_a_seal_counts),
        cmocka_unit_test(nothing_can_be_sealed),
        cmocka_unit_test(a_key_has_a_name),
        cmocka_unit_test(a_rating_opens_for_the_broker_alone),
        cmocka_unit_test(a_query_code_is_read_as_people_write_it),
        cmocka_unit_test(new_query_codes_are_of_the_alphabet_and_differ),
    };
    return cmocka_run_group_tests_name("sign", tests, set_up, NULL);
}
