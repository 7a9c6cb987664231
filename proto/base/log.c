#include "proto/base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "proto/base/clock.h"
#include "proto/base/utf8.h"

#define LINE_BYTES 2048   /* well below PIPE_BUF: such a write to a pipe is never torn */
#define SUBJECT_BYTES 256 /* node names and case numbers are far shorter */
#define EVENT_BYTES 64
#define LOCAL_OFFSET_S (8 * 3600) /* Asia/Shanghai, as everywhere in this system */

static const char *const level_words[] = {
    [JB_LOG_ERROR] = "error", [JB_LOG_WARNING] = "warning", [JB_LOG_NOTICE] = "notice",
    [JB_LOG_INFO] = "info",   [JB_LOG_DEBUG] = "debug",
};

static atomic_int threshold = JB_LOG_INFO;
static atomic_int chosen_style = JB_LOG_AUTO;

void jb_log_init(enum jb_log_style style)
{
    atomic_store(&chosen_style, (int)style);
}

void jb_log_set_level(enum jb_log_level level)
{
    atomic_store(&threshold, (int)level);
}

bool jb_log_wants(enum jb_log_level level)
{
    return (int)level <= atomic_load(&threshold);
}

bool jb_log_level_parse(const char *word, enum jb_log_level *out)
{
    for (int level = JB_LOG_ERROR; level <= JB_LOG_DEBUG; level++) {
        if (strcmp(level_words[level], word) == 0) {
            *out = (enum jb_log_level)level;
            return true;
        }
    }
    return false;
}

static enum jb_log_style style_now(void)
{
    int style = atomic_load(&chosen_style);

    if (style == JB_LOG_AUTO) {
        bool systemd = getenv("JOURNAL_STREAM") != NULL || getenv("NOTIFY_SOCKET") != NULL;

        style = systemd ? JB_LOG_JOURNAL : JB_LOG_PLAIN;
        atomic_store(&chosen_style, style);
    }
    return (enum jb_log_style)style;
}

static size_t put_prefix(enum jb_log_level level, char *out, size_t cap)
{
    int64_t now_ms = jb_clock_now_ms();
    time_t local_s = (time_t)(now_ms / 1000 + LOCAL_OFFSET_S);
    char stamp[32];
    struct tm tm;
    int n;

    if (style_now() == JB_LOG_JOURNAL) {
        n = snprintf(out, cap, "<%d>", (int)level);
    } else {
        if (gmtime_r(&local_s, &tm) == NULL ||
            strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &tm) == 0)
            stamp[0] = '\0';
        n = snprintf(out, cap, "%s.%03d+08:00 %s ", stamp, (int)(now_ms % 1000),
                     level_words[level]);
    }
    return n > 0 ? (size_t)n : 0;
}

/* A word of the line: no blanks, so that the columns before the key=value pairs can be relied on.
 */
static size_t put_word(const char *word, char *out, size_t cap)
{
    char visible[SUBJECT_BYTES];
    size_t len;
    size_t at = 0;

    if (word == NULL || word[0] == '\0')
        word = "-";
    len = jb_text_escape(word, strlen(word), visible, sizeof visible);
    for (size_t i = 0; i < len && at + 4 < cap; i++) {
        if (visible[i] == ' ') {
            memcpy(out + at, "\\x20", 4);
            at += 4;
        } else {
            out[at++] = visible[i];
        }
    }
    return at;
}

__attribute__((format(printf, 3, 0))) static size_t put_details(char *out, size_t cap,
                                                                const char *format, va_list args)
{
    char raw[LINE_BYTES];
    int n = vsnprintf(raw, sizeof raw, format, args);
    size_t len;

    if (n <= 0)
        return 0;
    len = (size_t)n;
    if (len >= sizeof raw) {
        len = jb_text_cut(raw, sizeof raw - 1, sizeof raw - 4);
        memcpy(raw + len, "...", 3);
        len += 3;
    }
    return jb_text_printable(raw, len, out, cap);
}

static void write_line(const char *line, size_t len)
{
    ssize_t n;

    do
        n = write(STDERR_FILENO, line, len);
    while (n < 0 && errno == EINTR);
}

void jb_log(enum jb_log_level level, const char *subject, const char *event, const char *format,
            ...)
{
    int saved_errno = errno;
    char line[LINE_BYTES];
    size_t cap = sizeof line - 1; /* the last byte is for the newline */
    size_t at;
    va_list args;

    if (level < JB_LOG_ERROR || level > JB_LOG_DEBUG || !jb_log_wants(level))
        return;
    at = put_prefix(level, line, cap);
    at += put_word(event, line + at, EVENT_BYTES);
    line[at++] = ' ';
    at += put_word(subject, line + at, 4 * SUBJECT_BYTES);
    if (format != NULL && format[0] != '\0') {
        line[at++] = ' ';
        va_start(args, format);
        at += put_details(line + at, cap - at, format, args);
        va_end(args);
    }
    line[at++] = '\n';
    write_line(line, at);
    errno = saved_errno;
}
