/* Both suites against the vectors in tests/data/vectors, which the independent Python code checks
 * too; and what a process says about a suite that it does not have. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/wire/sign.h"

#define WORDS 8
#define LINE_BYTES 2048

struct blob {
    uint8_t data[512];
    size_t len;
};

/* One line of a file. */
struct fact {
    char text[LINE_BYTES];
    char *word[WORDS];
    size_t count;
};

struct seen { /* so that an empty file proves nothing */
    uint8_t suite;
    uint8_t secret[JB_SIGN_SECRET_BYTES];
    uint8_t public_key[JB_KEY_BYTES];
    unsigned hashes, heads, keys, lines, statements, good, bad;
};

static struct blob bytes_of(const struct fact *f, size_t i)
{
    struct blob b = {.len = 0};
    assert_true(i < f->count);
    if (strcmp(f->word[i], "-") != 0)
        assert_int_equal(sodium_hex2bin(b.data, sizeof b.data, f->word[i], strlen(f->word[i]), NULL,
                                        &b.len, NULL),
                         0);
    return b;
}

static uint64_t number_of(const struct fact *f, size_t i)
{
    char *end = NULL;
    assert_true(i < f->count);
    unsigned long long number = strtoull(f->word[i], &end, 10);
    assert_true(end != f->word[i] && *end == '\0');
    return number;
}

/* Exactly `len` bytes. */
static struct blob fixed_of(const struct fact *f, size_t i, size_t len)
{
    struct blob b = bytes_of(f, i);
    assert_int_equal(b.len, len);
    return b;
}

static bool next_fact(FILE *file, struct fact *f)
{
    char *rest = NULL;
    do
        if (fgets(f->text, sizeof f->text, file) == NULL)
            return false;
    while (f->text[0] == '#' || f->text[0] == '\n');
    f->count = 0;
    for (char *p = strtok_r(f->text, " \n", &rest); p != NULL; p = strtok_r(NULL, " \n", &rest)) {
        assert_true(f->count < WORDS);
        f->word[f->count++] = p;
    }
    return true;
}

static void check_suite(const struct fact *f, struct seen *s)
{
    struct jb_fault fault;
    s->suite = (uint8_t)number_of(f, 1);
    assert_int_equal(jb_suite_start(s->suite, &fault), JB_OK);
}

static void check_hash(const struct fact *f, struct seen *s)
{
    uint8_t out[JB_HASH_BYTES];
    struct blob in = bytes_of(f, 1);
    jb_hash(s->suite, in.len > 0 ? in.data : NULL, in.len, out);
    assert_memory_equal(out, fixed_of(f, 2, sizeof out).data, sizeof out);
    s->hashes++;
}

static void check_start(const struct fact *f, struct seen *s)
{
    uint8_t out[JB_HASH_BYTES];
    jb_chain_start(s->suite, (uint32_t)number_of(f, 1), fixed_of(f, 2, JB_EPOCH_BYTES).data, out);
    assert_memory_equal(out, fixed_of(f, 3, sizeof out).data, sizeof out);
    s->heads++;
}

static void check_next(const struct fact *f, struct seen *s)
{
    uint8_t hash[JB_HASH_BYTES];
    uint8_t out[JB_HASH_BYTES];
    struct blob body = bytes_of(f, 2);
    jb_hash(s->suite, body.data, body.len, hash);
    jb_chain_next(s->suite, fixed_of(f, 1, sizeof out).data, hash, out);
    assert_memory_equal(out, fixed_of(f, 3, sizeof out).data, sizeof out);
    s->heads++;
}

static void check_key(const struct fact *f, struct seen *s)
{
    memcpy(s->secret, fixed_of(f, 1, JB_KEY_BYTES).data, JB_KEY_BYTES);
    memcpy(s->public_key, fixed_of(f, 2, JB_KEY_BYTES).data, JB_KEY_BYTES);
    memcpy(s->secret + JB_KEY_BYTES, s->public_key, JB_KEY_BYTES);
    s->keys++;
}

static void check_line(const struct fact *f, struct seen *s)
{
    struct jb_public_keys keys;
    struct jb_fault fault;
    char text[JB_KEYS_PUBLIC_TEXT_BYTES];
    assert_int_equal(jb_keys_public_parse(f->word[3], &keys, &fault), JB_OK);
    assert_int_equal(keys.suite, s->suite);
    assert_memory_equal(keys.line, fixed_of(f, 1, JB_KEY_BYTES).data, JB_KEY_BYTES);
    assert_memory_equal(keys.sign, fixed_of(f, 2, JB_KEY_BYTES).data, JB_KEY_BYTES);
    jb_keys_public_text(&keys, text);
    assert_string_equal(text, f->word[3]);
    s->lines++;
}

static void check_statement(const struct fact *f, struct seen *s)
{
    uint8_t out[JB_LINE_STATEMENT_BYTES];
    struct jb_line_claim claim =
        jb_line_claim_of((enum jb_line_role)f->word[1][0], (uint32_t)number_of(f, 2),
                         fixed_of(f, 3, JB_EPOCH_BYTES).data, (uint64_t)number_of(f, 4),
                         fixed_of(f, 5, JB_HASH_BYTES).data);
    jb_line_statement(&claim, out);
    assert_memory_equal(out, fixed_of(f, 6, sizeof out).data, sizeof out);
    s->statements++;
}

static enum jb_err verify(const struct fact *f, const struct seen *s)
{
    struct blob key = fixed_of(f, 1, JB_KEY_BYTES);
    struct blob statement = fixed_of(f, 2, JB_LINE_STATEMENT_BYTES);
    struct blob signature = fixed_of(f, 3, JB_SIGN_BYTES);
    return jb_sign_verify(s->suite, key.data, JB_SIGN_PURPOSE_LINE,
                          (struct jb_bytes){statement.data, statement.len}, signature.data);
}

static void check_good(const struct fact *f, struct seen *s)
{
    uint8_t own[JB_SIGN_BYTES];
    struct blob statement = bytes_of(f, 2);
    struct jb_bytes msg = {statement.data, statement.len};
    assert_int_equal(verify(f, s), JB_OK);
    assert_int_equal(jb_sign(s->suite, s->secret, JB_SIGN_PURPOSE_LINE, msg, own), JB_OK);
    assert_int_equal(jb_sign_verify(s->suite, s->public_key, JB_SIGN_PURPOSE_LINE, msg, own),
                     JB_OK);
    if (s->suite == JB_SUITE_ED25519)
        assert_memory_equal(own, bytes_of(f, 3).data, sizeof own);
    s->good++;
}

static void check_bad(const struct fact *f, struct seen *s)
{
    assert_int_equal(verify(f, s), JB_BAD_SIGNATURE);
    s->bad++;
}

static const struct kind {
    const char *name;
    size_t words;
    void (*check)(const struct fact *, struct seen *);
} kinds[] = {
    {"suite", 2, check_suite},         {"hash", 3, check_hash}, {"start", 4, check_start},
    {"next", 4, check_next},           {"key", 3, check_key},   {"line", 4, check_line},
    {"statement", 7, check_statement}, {"good", 4, check_good}, {"bad", 4, check_bad},
};

static const struct kind *kind_of(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}

static void check_file(const char *path, uint8_t suite)
{
    struct fact f;
    struct seen s = {.suite = 0};
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (next_fact(file, &f)) {
        const struct kind *k = kind_of(f.word[0]);
        assert_non_null(k);
        assert_int_equal(f.count, k->words);
        k->check(&f, &s);
    }
    (void)fclose(file);
    assert_int_equal(s.suite, suite);
    assert_true(s.hashes >= 7 && s.heads >= 4 && s.keys == 1 && s.lines == 1);
    assert_true(s.statements == 3 && s.good == 3 && s.bad >= 13);
}

static void suite_1_agrees_with_the_vectors(void **state)
{
    (void)state;
    check_file("tests/data/vectors/ed25519.txt", JB_SUITE_ED25519);
}

static void suite_2_agrees_with_the_vectors(void **state)
{
    (void)state;
    check_file("tests/data/vectors/sm2.txt", JB_SUITE_SM2_SM3);
}

static void every_bit_of_an_sm2_signature_counts(void **state)
{
    struct jb_node_keys keys;
    struct jb_fault fault;
    struct jb_bytes msg = {(const uint8_t *)"the message", 11};
    uint8_t sig[JB_SIGN_BYTES];
    (void)state;
    assert_int_equal(jb_keys_generate(JB_SUITE_SM2_SM3, &keys, &fault), JB_OK);
    assert_int_equal(jb_sign(keys.suite, keys.sign_secret, "test", msg, sig), JB_OK);
    for (size_t bit = 0; bit < 8 * sizeof sig; bit += 7) {
        sig[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_int_equal(jb_sign_verify(keys.suite, keys.sign_public, "test", msg, sig),
                         JB_BAD_SIGNATURE);
        sig[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    assert_int_equal(jb_sign_verify(keys.suite, keys.sign_public, "test", msg, sig), JB_OK);
    assert_int_equal(jb_sign_verify(keys.suite, keys.sign_public, "tests", msg, sig),
                     JB_BAD_SIGNATURE);
    assert_int_equal(jb_sign_verify(JB_SUITE_ED25519, keys.sign_public, "test", msg, sig),
                     JB_BAD_SIGNATURE);
    jb_keys_wipe(&keys);
}

static void suites_have_names(void **state)
{
    struct jb_fault fault;
    (void)state;
    assert_int_equal(jb_suite_parse("ed25519"), JB_SUITE_ED25519);
    assert_int_equal(jb_suite_parse("sm2"), JB_SUITE_SM2_SM3);
    assert_int_equal(jb_suite_parse("unknown"), 0);
    assert_int_equal(jb_suite_parse(""), 0);
    assert_string_equal(jb_suite_name(JB_SUITE_SM2_SM3), "sm2");
    for (unsigned i = 0; i < 256; i++) {
        bool known = i == JB_SUITE_ED25519 || i == JB_SUITE_SM2_SM3;
        assert_int_equal(jb_suite_known((uint8_t)i), known);
        assert_int_equal(jb_suite_start((uint8_t)i, &fault), known ? JB_OK : JB_UNSUPPORTED);
    }
}

static int set_up(void **state)
{
    (void)state;
    return jb_sign_init() == JB_OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(suites_have_names),
        cmocka_unit_test(suite_1_agrees_with_the_vectors),
        cmocka_unit_test(suite_2_agrees_with_the_vectors),
        cmocka_unit_test(every_bit_of_an_sm2_signature_counts),
    };
    return cmocka_run_group_tests_name("suite", tests, set_up, NULL);
}
