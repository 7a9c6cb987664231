/* Key files: what is written is read again, and what is unsafe or damaged is refused with a reason.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/wire/keys.h"
#include "proto/wire/sign.h"

struct place {
    char folder[64];
    char path[128];
    char other[128];
};

static int set_up(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    assert_non_null(p);
    snprintf(p->folder, sizeof p->folder, "/tmp/jiaoban-keys-XXXXXX");
    assert_non_null(mkdtemp(p->folder));
    snprintf(p->path, sizeof p->path, "%s/node.key", p->folder);
    snprintf(p->other, sizeof p->other, "%s/other.key", p->folder);
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    struct place *p = *state;
    (void)unlink(p->path);
    (void)unlink(p->other);
    assert_int_equal(rmdir(p->folder), 0);
    free(p);
    return 0;
}

static struct jb_node_keys saved_keys_of(const struct place *p, uint8_t suite)
{
    struct jb_node_keys keys;
    struct jb_fault fault;
    assert_int_equal(jb_keys_generate(suite, &keys, &fault), JB_OK);
    assert_int_equal(jb_keys_save(&keys, p->path, &fault), JB_OK);
    return keys;
}

static struct jb_node_keys saved_keys(const struct place *p)
{
    return saved_keys_of(p, JB_SUITE_ED25519);
}

static void assert_refused(const char *path, enum jb_err err, const char *reason)
{
    static const struct jb_node_keys zero;
    struct jb_node_keys out;
    struct jb_fault fault;
    memset(&out, 0x55, sizeof out);
    assert_int_equal(jb_keys_load(path, &out, &fault), err);
    assert_non_null(strstr(fault.text, path));
    assert_non_null(strstr(fault.text, reason));
    assert_memory_equal(&out, &zero, sizeof out);
}

/* Replace the file by the bytes given. */
static void rewrite(const char *path, const char *data, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, len), len);
    assert_int_equal(close(fd), 0);
}

static size_t slurp(const char *path, char *out, size_t max)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    ssize_t n = read(fd, out, max - 1);
    assert_true(n > 0);
    out[n] = '\0';
    close(fd);
    return (size_t)n;
}

static void keys_survive_the_file(void **state)
{
    const struct place *p = *state;
    struct jb_node_keys keys = saved_keys(p);
    struct jb_node_keys again;
    struct jb_fault fault;
    struct stat st;
    assert_int_equal(stat(p->path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(jb_keys_load(p->path, &again, &fault), JB_OK);
    assert_memory_equal(&keys, &again, sizeof keys);

    /* They are a working pair. */
    uint8_t sig[JB_SIGN_BYTES];
    struct jb_bytes msg = {(const uint8_t *)"x", 1};
    assert_int_equal(jb_sign(JB_SUITE_ED25519, again.sign_secret, "t", msg, sig), JB_OK);
    assert_int_equal(jb_sign_verify(JB_SUITE_ED25519, keys.sign_public, "t", msg, sig), JB_OK);
}

static void sm2_keys_survive_the_file(void **state)
{
    const struct place *p = *state;
    struct jb_node_keys keys = saved_keys_of(p, JB_SUITE_SM2_SM3);
    struct jb_node_keys again;
    struct jb_fault fault;
    uint8_t sig[JB_SIGN_BYTES];
    struct jb_bytes msg = {(const uint8_t *)"x", 1};
    assert_int_equal(jb_keys_load(p->path, &again, &fault), JB_OK);
    assert_int_equal(again.suite, JB_SUITE_SM2_SM3);
    assert_memory_equal(&keys, &again, sizeof keys);
    assert_int_equal(jb_sign(again.suite, again.sign_secret, "t", msg, sig), JB_OK);
    assert_int_equal(jb_sign_verify(again.suite, keys.sign_public, "t", msg, sig), JB_OK);
}

static void two_nodes_never_have_the_same_keys(void **state)
{
    struct jb_node_keys a;
    struct jb_node_keys b;
    (void)state;
    assert_int_equal(jb_keys_generate(JB_SUITE_ED25519, &a, &(struct jb_fault){""}), JB_OK);
    assert_int_equal(jb_keys_generate(JB_SUITE_ED25519, &b, &(struct jb_fault){""}), JB_OK);
    assert_memory_not_equal(a.line.public_key, b.line.public_key, JB_KEY_BYTES);
    assert_memory_not_equal(a.sign_secret, b.sign_secret, JB_SIGN_SECRET_BYTES);
}

static void a_key_file_is_never_overwritten(void **state)
{
    const struct place *p = *state;
    struct jb_node_keys keys = saved_keys(p);
    struct jb_node_keys other;
    struct jb_node_keys again;
    struct jb_fault fault;
    assert_int_equal(jb_keys_generate(JB_SUITE_ED25519, &other, &(struct jb_fault){""}), JB_OK);
    assert_int_equal(jb_keys_save(&other, p->path, &fault), JB_EXISTS);
    assert_int_equal(jb_keys_load(p->path, &again, &fault), JB_OK);
    assert_memory_equal(&keys, &again, sizeof keys);
    /* Not through a symbolic link either, even one that points nowhere. */
    assert_int_equal(symlink("/nonexistent/target", p->other), 0);
    assert_int_equal(jb_keys_save(&other, p->other, &fault), JB_EXISTS);
    assert_int_equal(jb_keys_save(&other, "/nonexistent/node.key", &fault), JB_NOT_FOUND);
    assert_non_null(strstr(fault.text, "/nonexistent/node.key"));
}

static void a_umask_changes_nothing(void **state)
{
    const struct place *p = *state;
    struct jb_node_keys again;
    struct jb_fault fault;
    mode_t before = umask(0777);
    (void)saved_keys(p);
    (void)umask(before);
    assert_int_equal(jb_keys_load(p->path, &again, &fault), JB_OK);
}

static void files_that_others_can_open_are_refused(void **state)
{
    static const mode_t modes[] = {0640, 0604, 0620, 0602, 0601, 0610, 0666};
    const struct place *p = *state;
    struct jb_node_keys keys = saved_keys(p);
    struct jb_fault fault;
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        assert_int_equal(chmod(p->path, modes[i]), 0);
        assert_refused(p->path, JB_DENIED, "chmod 600");
    }
    assert_int_equal(chmod(p->path, 0400), 0);
    assert_int_equal(jb_keys_load(p->path, &keys, &fault), JB_OK);
}

static void files_of_another_user_are_refused(void **state)
{
    const struct place *p = *state;
    if (geteuid() != 0)
        skip(); /* only root can give files away */
    (void)saved_keys(p);
    assert_int_equal(chown(p->path, 12345, (gid_t)-1), 0);
    assert_refused(p->path, JB_DENIED, "12345");
}

static void what_is_no_key_file_is_refused(void **state)
{
    const struct place *p = *state;
    char large[5000];
    assert_refused(p->path, JB_NOT_FOUND, "no such file");
    assert_int_equal(symlink("/nonexistent/node.key", p->path), 0);
    assert_refused(p->path, JB_NOT_FOUND, "link");
    assert_int_equal(unlink(p->path), 0);
    rewrite(p->path, "", 0);
    assert_refused(p->path, JB_CORRUPT, "is empty");
    rewrite(p->path, "# only comments", 15);
    assert_refused(p->path, JB_CORRUPT, "not a key file");
    rewrite(p->path, "version = 3\nsomething new\n", 26);
    assert_refused(p->path, JB_VERSION, "version (3)");
    memset(large, '#', sizeof large);
    rewrite(p->path, large, sizeof large);
    assert_refused(p->path, JB_CORRUPT, "too large");
    assert_int_equal(unlink(p->path), 0);
    assert_int_equal(mkfifo(p->path, 0600), 0);
    assert_refused(p->path, JB_CORRUPT, "regular file");
    assert_refused(p->folder, JB_CORRUPT, "is a folder");
}

/* Cut at every length, and with every single character changed, a file never loads as something
 * else. The comment may change. */
static void check_every_character(const struct place *p, uint8_t suite)
{
    struct jb_node_keys keys = saved_keys_of(p, suite);
    struct jb_node_keys out;
    struct jb_fault fault;
    char text[4096];
    size_t len = slurp(p->path, text, sizeof text);
    size_t head = (size_t)(strchr(text, '\n') - text) + 1;

    for (size_t n = 0; n < len; n++) {
        rewrite(p->path, text, n);
        assert_int_not_equal(jb_keys_load(p->path, &out, &fault), JB_OK);
    }
    for (size_t i = head; i < len; i++) {
        char was = text[i];
        text[i] = was == '0' ? '1' : '0';
        rewrite(p->path, text, len);
        assert_int_not_equal(jb_keys_load(p->path, &out, &fault), JB_OK);
        text[i] = was;
    }
    text[len] = '\n';
    rewrite(p->path, text, len + 1);
    assert_refused(p->path, JB_CORRUPT, "follows");
    rewrite(p->path, text, len);
    assert_int_equal(jb_keys_load(p->path, &out, &fault), JB_OK);
    assert_memory_equal(&keys, &out, sizeof keys);
}

static void every_character_of_a_file_counts(void **state)
{
    check_every_character(*state, JB_SUITE_ED25519);
}

static void every_character_of_an_sm2_file_counts(void **state)
{
    check_every_character(*state, JB_SUITE_SM2_SM3);
}

/* ---- enrolment text ---------------------------------------------------------------------------
 */

#define ELEVEN "1111111111111111111111111111111111111111111111111111111111111111"
#define TWENTY2 "2222222222222222222222222222222222222222222222222222222222222222"
#define ENROL "jbk1:" ELEVEN ":" TWENTY2 ":428d37d6"

static void public_keys_are_one_line_of_text(void **state)
{
    struct jb_public_keys keys;
    struct jb_public_keys again;
    struct jb_fault fault;
    char text[JB_KEYS_PUBLIC_TEXT_BYTES];
    (void)state;
    keys.suite = JB_SUITE_ED25519;
    memset(keys.line, 0x11, JB_KEY_BYTES);
    memset(keys.sign, 0x22, JB_KEY_BYTES);
    jb_keys_public_text(&keys, text);
    assert_string_equal(text, ENROL);
    assert_int_equal(strlen(text), JB_KEYS_PUBLIC_TEXT_BYTES - 1);
    assert_int_equal(jb_keys_public_parse(text, &again, &fault), JB_OK);
    assert_memory_equal(&keys, &again, sizeof keys);
    keys.suite = JB_SUITE_SM2_SM3;
    jb_keys_public_text(&keys, text);
    assert_memory_equal(text, "jbk2:" ELEVEN, 5 + 64);
    assert_int_equal(jb_keys_public_parse(text, &again, &fault), JB_OK);
    assert_memory_equal(&keys, &again, sizeof keys);
    assert_int_equal(
        jb_keys_public_parse("  jbk1:" ELEVEN ":" TWENTY2 ":428D37D6 \r\n", &again, &fault), JB_OK);
    assert_true(jb_keys_tag(keys.line) == UINT64_C(0x1111111111111111));
}

static void public_halves_are_taken_from_the_pair(void **state)
{
    struct jb_node_keys keys;
    struct jb_public_keys halves;
    (void)state;
    assert_int_equal(jb_keys_generate(JB_SUITE_ED25519, &keys, &(struct jb_fault){""}), JB_OK);
    jb_keys_public(&keys, &halves);
    assert_memory_equal(halves.line, keys.line.public_key, JB_KEY_BYTES);
    assert_memory_equal(halves.sign, keys.sign_public, JB_KEY_BYTES);
    jb_keys_wipe(&keys);
    for (size_t i = 0; i < sizeof keys; i++)
        assert_int_equal(((const uint8_t *)&keys)[i], 0);
}

static void slips_of_copying_are_noticed(void **state)
{
    static const struct {
        const char *text;
        enum jb_err err;
    } cases[] = {
        {"", JB_MALFORMED},
        {"jbk1:", JB_MALFORMED},
        {"hello", JB_MALFORMED},
        {"jbk2:" ELEVEN ":" TWENTY2 ":428d37d6", JB_MALFORMED},
        {"jbk3:" ELEVEN ":" TWENTY2 ":428d37d6", JB_VERSION},
        {"jbk0:" ELEVEN ":" TWENTY2 ":428d37d6", JB_VERSION},
        {"jbx1:" ELEVEN ":" TWENTY2 ":428d37d6", JB_MALFORMED},
        {"jbk1:" ELEVEN ":" TWENTY2 ":428d37d", JB_MALFORMED},
        {"jbk1:" ELEVEN ":" TWENTY2 ":428d37d7", JB_MALFORMED},
        {"jbk1:" TWENTY2 ":" ELEVEN ":428d37d6", JB_MALFORMED},
        {"jbk1:" ELEVEN " " TWENTY2 ":428d37d6", JB_MALFORMED},
        {"jbk1:" ELEVEN ";" TWENTY2 ":428d37d6", JB_MALFORMED},
        {ENROL "0", JB_MALFORMED},
        {ENROL " and more", JB_MALFORMED},
    };
    struct jb_public_keys out;
    struct jb_fault fault;
    char text[] = ENROL;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fault.text[0] = '\0';
        assert_int_equal(jb_keys_public_parse(cases[i].text, &out, &fault), cases[i].err);
        assert_int_not_equal(strlen(fault.text), 0);
    }
    for (size_t i = 5; i < sizeof text - 1; i++) {
        char was = text[i];
        text[i] = was == '3' ? '4' : '3';
        assert_int_equal(jb_keys_public_parse(text, &out, &fault), JB_MALFORMED);
        text[i] = was;
    }
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(keys_survive_the_file),
        T(sm2_keys_survive_the_file),
        T(two_nodes_never_have_the_same_keys),
        T(a_key_file_is_never_overwritten),
        T(a_umask_changes_nothing),
        T(files_that_others_can_open_are_refused),
        T(files_of_another_user_are_refused),
        T(what_is_no_key_file_is_refused),
        T(every_character_of_a_file_counts),
        T(every_character_of_an_sm2_file_counts),
        T(public_keys_are_one_line_of_text),
        T(public_halves_are_taken_from_the_pair),
        T(slips_of_copying_are_noticed),
    };
#undef T
    return cmocka_run_group_tests_name("keys", tests, NULL, NULL);
}
