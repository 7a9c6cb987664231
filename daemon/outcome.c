/* See outcome.h. The file: when the last run began, then of the last one that ended when that was
 * and why it failed ("-": it did not). */
#include "daemon/outcome.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "proto/base/utf8.h"

#define NAME "backup.outcome"
#define RECORD "broker.db"
#define FILE_BYTES (JB_OUTCOME_TEXT + 128)
#define GOOD "-"

static int file_open(const char *data, const char *name, int flags)
{
    char path[4096];
    int len = snprintf(path, sizeof path, "%s/%s", data, name);
    if (len < 0 || (size_t)len >= sizeof path)
        return -1;
    return open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
}

static bool has_record(const char *data)
{
    int fd = file_open(data, RECORD, O_RDONLY);
    if (fd >= 0)
        (void)close(fd);
    return fd >= 0;
}

/* The text of the file; "" when there is none. */
static void file_read(int fd, char text[FILE_BYTES])
{
    ssize_t got = pread(fd, text, FILE_BYTES - 1, 0);
    text[got > 0 ? got : 0] = '\0';
}

/* Short, and in one write over what was there: what a full disk cuts off reads as unknown. */
static void file_write(int fd, const char *text)
{
    size_t len = strlen(text);
    if (pwrite(fd, text, len, 0) == (ssize_t)len && ftruncate(fd, (off_t)len) == 0)
        (void)fsync(fd);
}

void jb_outcome_begin(struct jb_outcome_run *run, const char *data, int64_t now_ms)
{
    char text[FILE_BYTES];
    char next[FILE_BYTES + 32];
    run->fd = has_record(data) ? file_open(data, NAME, O_RDWR | O_CREAT) : -1;
    if (run->fd < 0)
        return;
    if (flock(run->fd, LOCK_EX | LOCK_NB) != 0) {
        (void)close(run->fd);
        run->fd = -1;
        return;
    }
    file_read(run->fd, text);
    const char *line = strchr(text, '\n'); /* of the last one that ended: stays */
    (void)snprintf(next, sizeof next, "%" PRId64 "\n%s", now_ms, line != NULL ? line + 1 : "");
    file_write(run->fd, next);
}

void jb_outcome_end(struct jb_outcome_run *run, int64_t now_ms, const char *failed)
{
    char said[JB_OUTCOME_TEXT];
    char text[FILE_BYTES];
    bool good = failed == NULL || failed[0] == '\0';
    if (run->fd < 0)
        return;
    (void)jb_text_printable(good ? GOOD : failed, strlen(good ? GOOD : failed), said, sizeof said);
    (void)snprintf(text, sizeof text, "%" PRId64 "\n%" PRId64 " %s\n", now_ms, now_ms, said);
    file_write(run->fd, text);
    (void)close(run->fd);
    run->fd = -1;
}

/* false: no number stands there. */
static bool number_read(char **at, int64_t *out)
{
    char *end = *at;
    *out = strtoll(*at, &end, 10);
    if (end == *at || *out <= 0)
        return false;
    *at = end;
    return true;
}

static void ended_read(char *at, struct jb_outcome *out)
{
    if (!number_read(&at, &out->at_ms) || *at != ' ')
        return;
    at[strcspn(at, "\n")] = '\0';
    if (strcmp(at + 1, GOOD) != 0)
        (void)jb_text_printable(at + 1, strlen(at + 1), out->failed, sizeof out->failed);
}

void jb_outcome_read(const char *data, struct jb_outcome *out)
{
    char text[FILE_BYTES];
    char *at = text;
    int64_t began_ms = 0;
    *out = (struct jb_outcome){.at_ms = 0};
    int fd = file_open(data, NAME, O_RDONLY);
    if (fd < 0)
        return;
    bool working = flock(fd, LOCK_SH | LOCK_NB) != 0;
    file_read(fd, text);
    (void)close(fd);
    if (!number_read(&at, &began_ms) || *at != '\n')
        return;
    ended_read(at + 1, out);
    if (began_ms > out->at_ms && !working)
        *out = (struct jb_outcome){.at_ms = began_ms, .failed = JB_OUTCOME_CUT};
}
