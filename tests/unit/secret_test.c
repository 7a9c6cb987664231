/* Files that hold one secret: what is read, and every file that is refused with what to do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/base/secret.h"

#define ROOM 17 /* a secret of 16 characters */

struct place {
    char folder[64];
    char path[128];
    char link[128];
};

static int set_up(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    assert_non_null(p);
    snprintf(p->folder, sizeof p->folder, "/tmp/jiaoban-secret-XXXXXX");
    assert_non_null(mkdtemp(p->folder));
    snprintf(p->path, sizeof p->path, "%s/secret", p->folder);
    snprintf(p->link, sizeof p->link, "%s/link", p->folder);
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    struct place *p = *state;
    (void)unlink(p->path);
    (void)unlink(p->link);
    assert_int_equal(rmdir(p->folder), 0);
    free(p);
    return 0;
}

static void put(const struct place *p, const char *bytes, size_t len, mode_t mode)
{
    (void)unlink(p->path);
    FILE *out = fopen(p->path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, len, out), len);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(chmod(p->path, mode), 0);
}

/* What it says names the file, the key and what to do; nothing of the secret stays. */
static void refused(const char *path, enum jb_err err, const char *says)
{
    struct jb_fault fault = {""};
    char text[ROOM];
    memset(text, 'x', sizeof text);
    assert_int_equal(jb_secret_read(path, "a.key", text, sizeof text, &fault), err);
    assert_int_equal(text[0], '\0');
    if (strstr(fault.text, path) == NULL || strstr(fault.text, "a.key") == NULL ||
        strstr(fault.text, says) == NULL)
        fail_msg("\"%s\" does not name \"%s\"", fault.text, says);
    assert_null(strstr(fault.text, "geheim"));
}

static void reads(const char *path, const char *secret)
{
    struct jb_fault fault = {""};
    char text[ROOM];
    assert_int_equal(jb_secret_read(path, "a.key", text, sizeof text, &fault), JB_OK);
    assert_string_equal(text, secret);
}

static void one_line_is_read(void **state)
{
    static const char *const files[] = {"geheim", "geheim\n", "geheim\r\n", "geheim\n\n\n"};
    const struct place *p = *state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        put(p, files[i], strlen(files[i]), 0600);
        reads(p->path, "geheim");
    }
    put(p, "0123456789abcdef\n", 17, 0400);
    reads(p->path, "0123456789abcdef"); /* just as long as there is room */
}

static void what_is_no_secret_is_refused(void **state)
{
    static char large[8192];
    static const struct {
        const char *bytes;
        size_t len;
        const char *says;
    } files[] = {
        {"", 0, "is empty"},
        {"\n", 1, "is empty"},
        {"\0geheim", 7, "is empty"},
        {"geheim\nzwei\n", 12, "more than one line"},
        {"geheim\n\n x", 10, "more than one line"},
        {"geheim\0x", 8, "more than one line"},
        {"0123456789abcdefg", 17, "at most 16 characters"},
        {large, sizeof large, "at most 16 characters"},
    };
    const struct place *p = *state;
    memset(large, 'x', sizeof large);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        put(p, files[i].bytes, files[i].len, 0600);
        refused(p->path, JB_CONFIG, files[i].says);
    }
}

static void what_others_can_read_is_refused(void **state)
{
    static const mode_t modes[] = {0640, 0604, 0660, 0601, 0777};
    const struct place *p = *state;
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        put(p, "geheim\n", 7, modes[i]);
        refused(p->path, JB_DENIED, "chmod 600");
    }
    if (geteuid() != 0)
        return;
    put(p, "geheim\n", 7, 0600);
    assert_int_equal(chown(p->path, 12345, 12345), 0);
    refused(p->path, JB_DENIED, "run chown on it");
}

static void what_is_no_file_is_refused(void **state)
{
    const struct place *p = *state;
    refused(p->path, JB_NOT_FOUND, "Put it back");
    refused(p->folder, JB_CONFIG, "name a file");
    assert_int_equal(mkfifo(p->path, 0600), 0);
    refused(p->path, JB_CONFIG, "name a file"); /* at once: nobody writes into it */
}

/* A link is followed to a file that is as private; not one that somebody else can turn. */
static void links_are_looked_at(void **state)
{
    const struct place *p = *state;
    assert_int_equal(symlink(p->path, p->link), 0);
    refused(p->link, JB_NOT_FOUND, "mend the link");
    put(p, "geheim\n", 7, 0600);
    reads(p->link, "geheim");
    put(p, "geheim\n", 7, 0644);
    refused(p->link, JB_DENIED, "chmod 600");
    if (geteuid() != 0)
        return;
    put(p, "geheim\n", 7, 0600);
    assert_int_equal(lchown(p->link, 12345, 12345), 0);
    refused(p->link, JB_DENIED, "name the file itself");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_line_is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_secret_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_others_can_read_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_file_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(links_are_looked_at, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("secret", tests, NULL, NULL);
}
