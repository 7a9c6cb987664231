/* The console's files: which are read, which are found, and who gets them compressed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "clients/gateway/site.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static char folder[] = "/tmp/jbsite.XXXXXX";
static const char *const names[] = {"index.html",        "index.html.gz", "assets/a-1.js",
                                    "assets/.hidden.js", "notes.exe",     "assets/b c.js"};

static const char *path_of(const char *name)
{
    static char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name)
{
    FILE *f = fopen(path_of(name), "w");
    assert_non_null(f);
    assert_true(fputs(name, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static int setup(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/jbsite.XXXXXX");
    if (mkdtemp(folder) == NULL || mkdir(path_of("assets"), 0700) != 0 ||
        mkdir(path_of("assets/deep.js"), 0700) != 0)
        return -1;
    for (size_t i = 0; i < COUNT(names); i++)
        write_file(names[i]);
    return symlink("/etc/hostname", path_of("link.txt"));
}

static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(names); i++)
        (void)unlink(path_of(names[i]));
    (void)unlink(path_of("link.txt"));
    (void)rmdir(path_of("assets/deep.js"));
    (void)rmdir(path_of("assets"));
    return rmdir(folder);
}

static void only_plain_files_of_known_types_are_read(void **state)
{
    struct jb_fault fault = {""};
    struct jb_gw_site *site = NULL;

    (void)state;
    assert_int_equal(jb_gw_site_open(folder, &site, &fault), JB_OK);
    assert_int_equal(jb_gw_site_count(site), 3);
    const struct jb_gw_file *f = jb_gw_site_find(site, "", "index.html", false);
    assert_non_null(f);
    assert_string_equal(f->type, "text/html; charset=utf-8");
    assert_int_equal(f->bytes, strlen("index.html"));
    assert_memory_equal(f->data, "index.html", f->bytes);
    const struct jb_gw_file *small = jb_gw_site_find(site, "", "index.html", true);
    assert_non_null(small);
    assert_string_not_equal(f->tag, small->tag);
    assert_non_null(jb_gw_site_find(site, "assets", "a-1.js", false));
    assert_null(jb_gw_site_find(site, "assets", "a-1.js", true));
    jb_gw_site_close(&site);
}

static void what_is_not_of_the_site_is_not_found(void **state)
{
    static const char *const odd[] = {
        "",           "../index.html", "link.txt", "notes.exe", "index.html/", "/etc/passwd",
        ".hidden.js", "assets/a-1.js", "deep.js",  "index.htm",
    };
    struct jb_fault fault = {""};
    struct jb_gw_site *site = NULL;
    char longest[4 * JB_GW_SITE_NAME];

    (void)state;
    assert_int_equal(jb_gw_site_open(folder, &site, &fault), JB_OK);
    for (size_t i = 0; i < COUNT(odd); i++)
        assert_null(jb_gw_site_find(site, "assets", odd[i], false));
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_null(jb_gw_site_find(site, "assets", longest, false));
    jb_gw_site_close(&site);
    assert_int_equal(jb_gw_site_open(path_of("nothing"), &site, &fault), JB_OK);
    assert_null(jb_gw_site_find(site, "", "index.html", false));
    jb_gw_site_close(&site);
    assert_int_equal(jb_gw_site_open("", &site, &fault), JB_OK);
    assert_int_equal(jb_gw_site_count(site), 0);
    jb_gw_site_close(&site);
}

static void gzip_is_sent_to_who_takes_it(void **state)
{
    static const struct {
        const char *accept;
        bool takes;
    } cases[] = {
        {NULL, false},
        {"", false},
        {"gzip", true},
        {"deflate, gzip;q=1.0, *;q=0.5", true},
        {"GZIP", true},
        {"gzip;q=0", false},
        {"gzip; q=0.000", false},
        {"gzip;q=0.1", true},
        {"br, zstd", false},
        {"xgzip, gzipx", false},
        {"identity,gzip", true},
        {"gzip;q=0, br;q=1", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (jb_gw_takes_gzip(cases[i].accept) != cases[i].takes)
            fail_msg("%s", cases[i].accept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(only_plain_files_of_known_types_are_read, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_not_of_the_site_is_not_found, setup, teardown),
        cmocka_unit_test(gzip_is_sent_to_who_takes_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
