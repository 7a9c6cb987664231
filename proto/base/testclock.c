#include "proto/base/testclock.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* The number at *at, which moves on behind it; 0 when there is none. */
static int64_t number(const char **at)
{
    char *end;
    long long value = strtoll(*at, &end, 10);

    *at = end;
    return value;
}

static enum jb_err take(struct jb_testclock *t)
{
    FILE *in = fopen(t->path, "re");
    char line[128] = "";
    const char *at = line;
    bool read;

    if (in == NULL)
        return errno == ENOENT ? JB_NOT_FOUND : JB_IO;
    read = fgets(line, sizeof line, in) != NULL;
    (void)fclose(in);
    int64_t passed_ms = number(&at);
    if (!read || at == line)
        return JB_MALFORMED;
    t->passed_ms = passed_ms;
    t->set_ms = number(&at);
    return JB_OK;
}

enum jb_err jb_testclock_open(struct jb_testclock *t, const char *path, struct jb_fault *fault)
{
    enum jb_err err;

    *t = (struct jb_testclock){.path = path, .read_ms = jb_clock_mono_ms()};
    err = take(t);
    if (err != JB_OK)
        return jb_fault_set(fault, err, "test clock %s: %s", path, jb_err_said(err));
    return JB_OK;
}

static void look(struct jb_testclock *t)
{
    int64_t real_ms = jb_clock_mono_ms();

    if (real_ms == t->read_ms)
        return;
    t->read_ms = real_ms;
    /* A test that is just replacing the file: the last values stand. */
    (void)take(t);
}

static int64_t wall_ms(void *ctx)
{
    struct jb_testclock *t = ctx;

    look(t);
    return jb_clock_now_ms() + t->passed_ms + t->set_ms;
}

static int64_t mono_ms(void *ctx)
{
    struct jb_testclock *t = ctx;

    look(t);
    return jb_clock_boot_ms() + t->passed_ms;
}

struct jb_clock jb_testclock_wall(struct jb_testclock *t)
{
    return (struct jb_clock){wall_ms, t};
}

struct jb_clock jb_testclock_mono(struct jb_testclock *t)
{
    return (struct jb_clock){mono_ms, t};
}
