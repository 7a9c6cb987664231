/* The configuration table: files, options, reloads, and that each mistake is named. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <setjmp.h>
#include <cmocka.h>

#include "proto/base/config.h"
#include "proto/base/initext.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

struct values {
    char *name;
    char *data;
    char *log;
    int64_t window;
    bool fast;
    int64_t tick_ms;
    int64_t frame_bytes;
    int beside; /* not in the table */
};

static const struct jb_config_row rows[] = {
    {"node", "name", JB_CONFIG_STRING, JB_CONFIG_REQUIRED, 2, 30, NULL,
     offsetof(struct values, name), "Name of the node."},
    {"node", "data", JB_CONFIG_PATH, JB_CONFIG_REQUIRED, 0, 0, "/var/lib/x",
     offsetof(struct values, data), "Folder of the database."},
    {"node", "log", JB_CONFIG_PATH, JB_CONFIG_RELOADABLE, 0, 0, NULL, offsetof(struct values, log),
     "Log file.\nEmpty: none."},
    {"line", "window", JB_CONFIG_INT, JB_CONFIG_RELOADABLE, -5, 1000, "64",
     offsetof(struct values, window), "Unacknowledged entries."},
    {"line", "fast", JB_CONFIG_BOOL, JB_CONFIG_RELOADABLE, 0, 0, NULL,
     offsetof(struct values, fast), "Hurry."},
    {"line", "tick", JB_CONFIG_DURATION_MS, 0, 10, 3600000, "15s", offsetof(struct values, tick_ms),
     "Pause."},
    {"line", "frame", JB_CONFIG_BYTES, JB_CONFIG_RELOADABLE, 1024, 1 << 30, "1M",
     offsetof(struct values, frame_bytes), "Largest frame."},
};

static const struct jb_config_table table = {"A test program.", rows, COUNT(rows),
                                             sizeof(struct values)};

static char folder[] = "/tmp/jb-config-XXXXXX";
static char path[64];

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    (void)snprintf(path, sizeof path, "%s/t.conf", folder);
    return 0;
}

static int drop_folder(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(folder);
}

static void write_file(const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static enum jb_err read_text(const char *text, struct values *v, struct jb_fault *fault)
{
    struct jb_config_source source = {path, NULL, 0};

    write_file(text);
    return jb_config_read(&table, &source, v, fault);
}

static void presets_fill_what_the_file_leaves_out(void **state)
{
    struct values v = {.beside = 7};
    struct jb_fault fault = {{0}};

    (void)state;
    memset(&v, 0x5a, sizeof v); /* a struct that was never filled */
    v.beside = 7;
    assert_int_equal(read_text("[node]\nname = 县信访局\n", &v, &fault), JB_OK);
    assert_string_equal(v.name, "县信访局");
    assert_string_equal(v.data, "/var/lib/x");
    assert_string_equal(v.log, "");
    assert_int_equal(v.window, 64);
    assert_false(v.fast);
    assert_int_equal(v.tick_ms, 15000);
    assert_int_equal(v.frame_bytes, 1 << 20);
    assert_int_equal(v.beside, 7);
    jb_config_free(&table, &v);
    assert_null(v.name);
    assert_null(v.data);
    jb_config_free(&table, &v); /* twice does no harm */
}

static void reads_every_type(void **state)
{
    struct values v = {0};
    struct jb_fault fault = {{0}};
    char expected[128];

    (void)state;
    assert_int_equal(read_text("# all\n[line]\nwindow = -5\nfast = on\ntick = 4m\nframe = 64k\n"
                               "[node]\nname = a ; b\ndata = store/db\nlog = /abs/log\n",
                               &v, &fault),
                     JB_OK);
    (void)snprintf(expected, sizeof expected, "%s/store/db", folder);
    assert_string_equal(v.name, "a ; b");
    assert_string_equal(v.data, expected);
    assert_string_equal(v.log, "/abs/log");
    assert_int_equal(v.window, -5);
    assert_true(v.fast);
    assert_int_equal(v.tick_ms, 240000);
    assert_int_equal(v.frame_bytes, 65536);
    jb_config_free(&table, &v);
}

static void options_outrank_the_file(void **state)
{
    static const char *const options[] = {"node.name=from option", "node.data=rel", "line.window=7",
                                          "line.window=8", "node.log=a=b.c"};
    struct jb_config_source source = {path, options, COUNT(options)};
    struct jb_config_source no_file = {NULL, options, COUNT(options)};
    struct values v = {0};
    struct jb_fault fault = {{0}};

    (void)state;
    write_file("[node]\nname=from file\n[line]\nwindow=6\ntick=1s\n");
    assert_int_equal(jb_config_read(&table, &source, &v, &fault), JB_OK);
    assert_string_equal(v.name, "from option");
    assert_string_equal(v.data, "rel");
    assert_string_equal(v.log, "a=b.c");
    assert_int_equal(v.window, 8);
    assert_int_equal(v.tick_ms, 1000);
    jb_config_free(&table, &v);
    assert_int_equal(jb_config_read(&table, &no_file, &v, &fault), JB_OK);
    assert_int_equal(v.tick_ms, 15000);
    jb_config_free(&table, &v);
}

/* '@' stands for the file's path. */
static void assert_message(const char *actual, const char *expected)
{
    char whole[512];

    if (expected[0] == '@')
        (void)snprintf(whole, sizeof whole, "%s%s", path, expected + 1);
    else
        (void)snprintf(whole, sizeof whole, "%s", expected);
    assert_string_equal(actual, whole);
}

static void mistakes_are_named(void **state)
{
    static const struct {
        const char *text;
        enum jb_err err;
        const char *message;
    } cases[] = {
        {"[nod]\nname=x\n", JB_CONFIG, "@:1: unknown section [nod]"},
        {"name=x\n", JB_CONFIG, "@:1: unknown key name in section []"},
        {"[node]\nnames=x\n", JB_CONFIG, "@:2: unknown key names in section [node]"},
        {"[node]\nwindow=5\n", JB_CONFIG, "@:2: unknown key window in section [node]"},
        {"[node]\nname=xx\nname=xx\n", JB_CONFIG,
         "@:3: [node] name = xx: this key stands here a second time"},
        {"[node]\nname=x\n", JB_CONFIG, "@:2: [node] name = x: allowed are 2 to 30 bytes"},
        {"[node]\nname=1234567890123456789012345678901\n", JB_CONFIG,
         "@:2: [node] name = 1234567890123456789012345678901: allowed are 2 to 30 bytes"},
        {"[node]\nname=xx\u2028\n", JB_CONFIG,
         "@:2: [node] name = xx\\xe2\\x80\\xa8: not valid UTF-8, or a control character in it"},
        {"[node]\nname=xx\n[line]\nwindow=1001\n", JB_CONFIG,
         "@:4: [line] window = 1001: allowed are -5 to 1000"},
        {"[line]\nwindow=-6\n", JB_CONFIG, "@:2: [line] window = -6: allowed are -5 to 1000"},
        {"[line]\nwindow=99999999999999999999\n", JB_CONFIG,
         "@:2: [line] window = 99999999999999999999: allowed are -5 to 1000"},
        {"[line]\nwindow=many\n", JB_CONFIG, "@:2: [line] window = many: expected a whole number"},
        {"[line]\nwindow=\n", JB_CONFIG, "@:2: [line] window = : expected a whole number"},
        {"[line]\nfast=perhaps\n", JB_CONFIG, "@:2: [line] fast = perhaps: expected yes or no"},
        {"[line]\ntick=15\n", JB_CONFIG,
         "@:2: [line] tick = 15: expected a duration such as 500ms, 30s, 15m, 4h or 7d"},
        {"[line]\ntick=2h\n", JB_CONFIG, "@:2: [line] tick = 2h: allowed are 10ms to 1h"},
        {"[line]\nframe=1\n", JB_CONFIG, "@:2: [line] frame = 1: allowed are 1k to 1G"},
        {"[line]\nframe=1X\n", JB_CONFIG,
         "@:2: [line] frame = 1X: expected a size such as 512, 64k, 1M or 2G"},
        {"[line]\n", JB_CONFIG, "@: [node] name is required and not set"},
        {"[node]\nname=\n", JB_CONFIG, "@: [node] name is required and not set"},
        {"[node]\nname=xx\ndata=\n", JB_CONFIG, "@: [node] data is required and not set"},
        {"[node]\nname\n", JB_MALFORMED, "@:2: expected [section], key = value or # comment"},
        {"[node]\nname=\xff\n", JB_BAD_UTF8, "@:2: text is not valid UTF-8"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct values v = {0};
        struct jb_fault fault = {{0}};
        enum jb_err err = read_text(cases[i].text, &v, &fault);

        assert_message(fault.text, cases[i].message);
        assert_int_equal(err, cases[i].err);
        assert_null(v.name); /* nothing to free */
        assert_null(v.data);
    }
}

static void bad_files_are_named(void **state)
{
    struct values v = {0};
    struct jb_fault fault = {{0}};
    struct jb_config_source missing = {"/nonexistent/x.conf", NULL, 0};
    struct jb_config_source is_folder = {folder, NULL, 0};
    struct jb_config_source large = {path, NULL, 0};
    FILE *file;

    (void)state;
    assert_int_equal(jb_config_read(&table, &missing, &v, &fault), JB_NOT_FOUND);
    assert_string_equal(
        fault.text,
        "the configuration /nonexistent/x.conf cannot be read: No such file or directory");
    assert_int_equal(jb_config_read(&table, &is_folder, &v, &fault), JB_IO);
    assert_non_null(strstr(fault.text, "Is a directory"));
    file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i <= JB_INITEXT_MAX_BYTES; i++)
        assert_int_equal(fputc('\n', file), '\n');
    assert_int_equal(fclose(file), 0);
    assert_int_equal(jb_config_read(&table, &large, &v, &fault), JB_TOO_LARGE);
    assert_null(v.name);
}

static void bad_options_are_named(void **state)
{
    static const struct {
        const char *option, *message;
    } cases[] = {
        {"", "\"\": an option reads section.key=value"},
        {"line.window", "\"line.window\": an option reads section.key=value"},
        {"window=5", "\"window=5\": an option reads section.key=value"},
        {"window=5.5", "\"window=5.5\": an option reads section.key=value"},
        {"line.windows=5", "unknown key line.windows"},
        {"lines.window=5", "unknown key lines.window"},
        {".=", "unknown key ."},
        {"line.\x1b=1", "unknown key line.\\x1b"},
        {"line.window=5000", "[line] window = 5000: allowed are -5 to 1000"},
        {"node.name=a\nb", "[node] name = a\\x0ab: not valid UTF-8, or a control character in it"},
    };
    struct values v = {0};
    struct jb_fault fault = {{0}};

    (void)state;
    assert_int_equal(read_text("[node]\nname=xx\n", &v, &fault), JB_OK);
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(jb_config_set(&table, &v, cases[i].option, &fault), JB_CONFIG);
        assert_string_equal(fault.text, cases[i].message);
    }
    assert_string_equal(v.name, "xx");
    assert_int_equal(v.window, 64);
    assert_int_equal(jb_config_set(&table, &v, "line.window=5", &fault), JB_OK);
    assert_int_equal(v.window, 5);
    jb_config_free(&table, &v);
}

struct changes {
    char text[256];
    size_t len;
};

static void note_change(void *ctx, const struct jb_config_row *row, bool applied)
{
    struct changes *c = ctx;
    int n = snprintf(c->text + c->len, sizeof c->text - c->len, "%s.%s:%s ", row->section, row->key,
                     applied ? "now" : "restart");

    assert_true(n > 0);
    c->len += (size_t)n;
}

static void reload_takes_over_what_it_may(void **state)
{
    static const char *const options[] = {"line.frame=2M"};
    struct jb_config_source source = {path, options, 1};
    struct changes changes = {{0}, 0};
    struct values v = {0};
    struct jb_fault fault = {{0}};
    const char *name;

    (void)state;
    write_file("[node]\nname=one\nlog=/a\n[line]\nwindow=1\ntick=1s\nframe=4k\n");
    assert_int_equal(jb_config_read(&table, &source, &v, &fault), JB_OK);
    v.beside = 3;
    name = v.name;
    assert_int_equal(jb_config_reload(&table, &source, &v, note_change, &changes, &fault), JB_OK);
    assert_string_equal(changes.text, "");

    write_file("[node]\nname=two\nlog=/b\n[line]\nwindow=2\nfast=yes\ntick=2s\nframe=8k\n");
    assert_int_equal(jb_config_reload(&table, &source, &v, note_change, &changes, &fault), JB_OK);
    assert_string_equal(changes.text, "node.name:restart node.log:now line.window:now "
                                      "line.fast:now line.tick:restart ");
    assert_string_equal(v.name, "one");
    assert_ptr_equal(v.name, name); /* what did not change did not move */
    assert_string_equal(v.log, "/b");
    assert_int_equal(v.window, 2);
    assert_true(v.fast);
    assert_int_equal(v.tick_ms, 1000);
    assert_int_equal(v.frame_bytes, 2 << 20); /* the option still outranks the file */
    assert_int_equal(v.beside, 3);
    jb_config_free(&table, &v);
}

static void a_failed_reload_changes_nothing(void **state)
{
    struct jb_config_source source = {path, NULL, 0};
    struct changes changes = {{0}, 0};
    struct values v = {0};
    struct values before;
    struct jb_fault fault = {{0}};

    (void)state;
    assert_int_equal(read_text("[node]\nname=one\n", &v, &fault), JB_OK);
    before = v;
    write_file("[node]\nname=one\nlog=/b\n[line]\nwindow=2\nframe=1\n");
    assert_int_equal(jb_config_reload(&table, &source, &v, note_change, &changes, &fault),
                     JB_CONFIG);
    assert_message(fault.text, "@:6: [line] frame = 1: allowed are 1k to 1G");
    assert_string_equal(changes.text, "");
    assert_memory_equal(&v, &before, sizeof v);
    jb_config_free(&table, &v);
}

/* All that a print function writes; the caller frees it. */
static char *printed(const struct values *v)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    assert_non_null(out);
    assert_int_equal(
        v != NULL ? jb_config_print(&table, v, out) : jb_config_print_example(&table, out), JB_OK);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void prints_an_example_that_it_reads(void **state)
{
    struct values v = {0};
    struct jb_fault fault = {{0}};
    char *text = printed(NULL);

    (void)state;
    assert_string_equal(text,
                        "# A test program.\n"
                        "# A key with # in front has the value shown, its default.\n"
                        "\n[node]\n"
                        "\n# Name of the node.\n# (2 to 30 bytes; required; takes effect on "
                        "restart)\nname =\n"
                        "\n# Folder of the database.\n# (required; takes effect on restart)\n"
                        "#data = /var/lib/x\n"
                        "\n# Log file.\n# Empty: none.\n# (takes effect on reload)\n#log =\n"
                        "\n[line]\n"
                        "\n# Unacknowledged entries.\n# (-5 to 1000; takes effect on reload)\n"
                        "#window = 64\n"
                        "\n# Hurry.\n# (yes or no; takes effect on reload)\n#fast = no\n"
                        "\n# Pause.\n# (10ms to 1h; takes effect on restart)\n#tick = 15s\n"
                        "\n# Largest frame.\n# (1k to 1G; takes effect on reload)\n#frame = 1M\n");
    assert_int_equal(read_text(text, &v, &fault), JB_CONFIG);
    assert_message(fault.text, "@: [node] name is required and not set");
    for (char *at = strchr(text, '#'); at != NULL; at = strchr(at + 1, '#')) {
        if (at[1] != ' ')
            *at = ' '; /* every default, spelt out */
    }
    {
        static const char *const options[] = {"node.name=xx"};
        struct jb_config_source source = {path, options, 1};

        write_file(text);
        assert_int_equal(jb_config_read(&table, &source, &v, &fault), JB_OK);
        assert_int_equal(v.tick_ms, 15000);
        jb_config_free(&table, &v);
    }
    free(text);
}

static void prints_what_is_in_force(void **state)
{
    struct values v = {0};
    struct jb_fault fault = {{0}};
    char *text;
    FILE *full = fopen("/dev/full", "w");

    (void)state;
    assert_int_equal(
        read_text("[node]\nname=局\n[line]\nfast=1\ntick=60s\nframe=2048k\n", &v, &fault), JB_OK);
    text = printed(&v);
    assert_string_equal(text, "node.name=局\nnode.data=/var/lib/x\nnode.log=\nline.window=64\n"
                              "line.fast=yes\nline.tick=1m\nline.frame=2M\n");
    free(text);
    assert_non_null(full);
    assert_int_equal(jb_config_print(&table, &v, full), JB_IO);
    (void)fclose(full);
    jb_config_free(&table, &v);
}

/* A mistake in the program's own table must not pass either. */
static void bad_tables_are_refused(void **state)
{
    static const struct jb_config_row bad[] = {
        {"line", "window", JB_CONFIG_INT, 0, 0, 10, "11", offsetof(struct values, window), "?"}};
    const struct jb_config_table bad_preset = {"?", bad, 1, sizeof(struct values)};
    const struct jb_config_table too_long = {"?", rows, JB_CONFIG_ROWS_MAX + 1,
                                             sizeof(struct values)};
    struct jb_config_source source = {NULL, NULL, 0};
    struct values v = {0};
    struct jb_fault fault = {{0}};

    (void)state;
    assert_int_equal(jb_config_read(&bad_preset, &source, &v, &fault), JB_CONFIG);
    assert_string_equal(fault.text, "[line] window = 11: allowed are 0 to 10");
    assert_int_equal(jb_config_read(&too_long, &source, &v, &fault), JB_OVERFLOW);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(presets_fill_what_the_file_leaves_out),
        cmocka_unit_test(reads_every_type),
        cmocka_unit_test(options_outrank_the_file),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(bad_files_are_named),
        cmocka_unit_test(bad_options_are_named),
        cmocka_unit_test(reload_takes_over_what_it_may),
        cmocka_unit_test(a_failed_reload_changes_nothing),
        cmocka_unit_test(prints_an_example_that_it_reads),
        cmocka_unit_test(prints_what_is_in_force),
        cmocka_unit_test(bad_tables_are_refused),
    };

    return cmocka_run_group_tests_name("config", tests, make_folder, drop_folder);
}
