/* What a log line looks like, that peers cannot forge one, and that threads do not mix theirs. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <setjmp.h>
#include <cmocka.h>

#include "proto/base/log.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define THREADS 4
#define LINES 500

static int captured; /* a file in memory that stands in for standard error */
static int real_stderr;

static int capture(void **state)
{
    (void)state;
    captured = memfd_create("log", 0);
    real_stderr = dup(STDERR_FILENO);
    if (captured < 0 || real_stderr < 0 || fcntl(captured, F_SETFL, O_APPEND) < 0 ||
        dup2(captured, STDERR_FILENO) < 0)
        return -1;
    jb_log_init(JB_LOG_JOURNAL);
    jb_log_set_level(JB_LOG_INFO);
    return 0;
}

static int release(void **state)
{
    (void)state;
    (void)dup2(real_stderr, STDERR_FILENO);
    (void)close(real_stderr);
    (void)close(captured);
    unsetenv("JOURNAL_STREAM");
    unsetenv("NOTIFY_SOCKET");
    return 0;
}

/* All that was written since the last call; the caller frees it. */
static char *taken(void)
{
    off_t size = lseek(captured, 0, SEEK_END);
    char *text;

    assert_true(size >= 0);
    text = calloc(1, (size_t)size + 1);
    assert_non_null(text);
    assert_int_equal(pread(captured, text, (size_t)size, 0), size);
    assert_int_equal(ftruncate(captured, 0), 0);
    return text;
}

static void assert_taken(const char *expected)
{
    char *text = taken();

    assert_string_equal(text, expected);
    free(text);
}

static void journal_lines(void **state)
{
    (void)state;
    jb_log(JB_LOG_INFO, "20261123-00007-00042-5", "case.assigned", "to=%d custody=%d", 12, 3);
    assert_taken("<6>case.assigned 20261123-00007-00042-5 to=12 custody=3\n");
    jb_log(JB_LOG_ERROR, "县信访局", "line.lost", NULL);
    assert_taken("<3>line.lost 县信访局\n");
    jb_log(JB_LOG_WARNING, NULL, "disk.full", "free_bytes=%d", 0);
    assert_taken("<4>disk.full - free_bytes=0\n");
    jb_log(JB_LOG_NOTICE, "", "start", NULL);
    assert_taken("<5>start -\n");
}

/* 'd' stands for a digit; returns what follows. */
static const char *after_pattern(const char *text, const char *pattern)
{
    for (; *pattern != '\0'; text++, pattern++) {
        bool fits = *pattern == 'd' ? *text >= '0' && *text <= '9' : *text == *pattern;

        if (!fits)
            fail_msg("no \"%s\" at \"%s\"", pattern, text);
    }
    return text;
}

static void plain_lines(void **state)
{
    char *text;

    (void)state;
    jb_log_init(JB_LOG_PLAIN);
    jb_log(JB_LOG_WARNING, "node 7", "line.slow", "queued=%d", 9);
    text = taken();
    assert_string_equal(after_pattern(text, "20dd-dd-ddTdd:dd:dd.ddd+08:00 "),
                        "warning line.slow node\\x207 queued=9\n");
    free(text);
}

static void style_follows_the_environment(void **state)
{
    static const struct {
        const char *variable;
        bool journal;
    } cases[] = {{NULL, false}, {"JOURNAL_STREAM", true}, {"NOTIFY_SOCKET", true}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *text;

        unsetenv("JOURNAL_STREAM");
        unsetenv("NOTIFY_SOCKET");
        if (cases[i].variable != NULL)
            assert_int_equal(setenv(cases[i].variable, "9:1", 1), 0);
        jb_log_init(JB_LOG_AUTO);
        jb_log(JB_LOG_NOTICE, "x", "y", NULL);
        text = taken();
        assert_int_equal(strncmp(text, "<5>", 3) == 0, cases[i].journal);
        free(text);
    }
}

static void levels(void **state)
{
    static const char *const words[] = {"error", "warning", "notice", "info", "debug"};

    (void)state;
    for (int limit = JB_LOG_ERROR; limit <= JB_LOG_DEBUG; limit++) {
        enum jb_log_level parsed = JB_LOG_ERROR;

        assert_true(jb_log_level_parse(words[limit - JB_LOG_ERROR], &parsed));
        assert_int_equal(parsed, limit);
        jb_log_set_level(parsed);
        for (int level = JB_LOG_ERROR; level <= JB_LOG_DEBUG; level++) {
            char *text;

            assert_int_equal(jb_log_wants((enum jb_log_level)level), level <= limit);
            jb_log((enum jb_log_level)level, "s", "e", NULL);
            text = taken();
            assert_int_equal(text[0] != '\0', level <= limit);
            free(text);
        }
    }
    {
        enum jb_log_level untouched = JB_LOG_NOTICE;

        assert_false(jb_log_level_parse("loud", &untouched));
        assert_false(jb_log_level_parse("", &untouched));
        assert_int_equal(untouched, JB_LOG_NOTICE);
    }
}

static void peers_cannot_forge_lines(void **state)
{
    (void)state;
    jb_log(JB_LOG_INFO, "a\n<2>b c", "e", "name=%s", "x\n<0>y\x1b[2J\xff");
    assert_taken("<6>e a\\x0a<2>b\\x20c name=x\\x0a<0>y\\x1b[2J\\xff\n");
    jb_log(JB_LOG_INFO, "s", "e", "name=\"%s\"", "quotes stay, they were escaped by the caller");
    assert_taken("<6>e s name=\"quotes stay, they were escaped by the caller\"\n");
}

static void long_lines_are_cut(void **state)
{
    enum {
        LONG_BYTES = 9000
    };
    char *subject = calloc(1, LONG_BYTES + 1);
    char *text;
    size_t len;

    (void)state;
    assert_non_null(subject);
    for (size_t i = 0; i + 3 <= LONG_BYTES; i += 3)
        memcpy(subject + i, "长", 3);
    jb_log(JB_LOG_INFO, "s", "e", "value=%s", subject);
    text = taken();
    len = strlen(text);
    assert_true(len > 1900 && len <= 2048);
    assert_string_equal(text + len - 7, "长...\n");
    free(text);
    jb_log(JB_LOG_INFO, subject, subject, "tail=%d", 1);
    text = taken();
    len = strlen(text);
    assert_true(len <= 2048);
    assert_string_equal(text + len - 8, " tail=1\n");
    assert_ptr_equal(strchr(text, '\n'), text + len - 1);
    free(text);
    memset(subject, '\n', LONG_BYTES);
    jb_log(JB_LOG_INFO, subject, "e", "v=%s", subject);
    text = taken();
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
    free(text);
    free(subject);
}

static void keeps_errno(void **state)
{
    (void)state;
    (void)close(STDERR_FILENO); /* the write fails; the next test gets a new one */
    errno = EXDEV;
    jb_log(JB_LOG_INFO, "s", "e", NULL);
    assert_int_equal(errno, EXDEV);
}

static void *chatter(void *arg)
{
    for (int i = 0; i < LINES; i++)
        jb_log(JB_LOG_INFO, arg, "thr.line", "i=%03d filler=%0200d", i, 0);
    return NULL;
}

static void threads_do_not_mix_lines(void **state)
{
    static char names[THREADS][2] = {"A", "B", "C", "D"};
    pthread_t threads[THREADS];
    int seen[THREADS] = {0};
    char *text;
    char *save = NULL;

    (void)state;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, chatter, names[i]), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    text = taken();
    for (char *line = strtok_r(text, "\n", &save); line != NULL;
         line = strtok_r(NULL, "\n", &save)) {
        const char *rest = after_pattern(line, "<6>thr.line ");
        char who = rest[0];

        assert_int_equal(strlen(line), strlen("<6>thr.line A i=000 filler=") + 200);
        assert_in_range(who, 'A', 'A' + THREADS - 1);
        assert_int_equal(strtol(after_pattern(rest + 1, " i="), NULL, 10), seen[who - 'A']++);
    }
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(seen[i], LINES);
    free(text);
}

int main(void)
{
#define CAPTURED(f) cmocka_unit_test_setup_teardown(f, capture, release)
    const struct CMUnitTest tests[] = {
        CAPTURED(journal_lines),
        CAPTURED(plain_lines),
        CAPTURED(style_follows_the_environment),
        CAPTURED(levels),
        CAPTURED(peers_cannot_forge_lines),
        CAPTURED(long_lines_are_cut),
        CAPTURED(keeps_errno),
        CAPTURED(threads_do_not_mix_lines),
    };
#undef CAPTURED

    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
