/* See strain.h. */
#include "proto/ledger/strain.h"

#include <stdio.h>
#include <string.h>

#include "proto/base/clock.h"
#include "proto/base/utf8.h"
#include "proto/ledger/reserve.h"

enum jb_err jb_strain_of(enum jb_err err)
{
    switch (err) {
    case JB_FULL:
    case JB_IO:
    case JB_NOMEM:
    case JB_LOCKED:
        return err;
    case JB_BUSY: /* another process holds the lock of the file */
        return JB_LOCKED;
    default:
        return JB_OK;
    }
}

const char *jb_strain_word(enum jb_err why)
{
    switch (why) {
#define X(name, word)                                                                              \
    case JB_##name:                                                                                \
        return word;
        JB_STRAINS(X)
#undef X
    default:
        return "";
    }
}

static void full_text(struct jb_strain *s, const char *folder)
{
    int64_t free_bytes = jb_disk_free_bytes(folder);
    char room[64] = "";

    if (free_bytes >= 0)
        (void)snprintf(room, sizeof room, "%.1f MB free, ", (double)free_bytes / (1024.0 * 1024.0));
    struct jb_fault said = {""}; /* keeps both ends of a long one */
    (void)jb_fault_set(&said, JB_FULL,
                       "the disk is full: nothing is accepted; %smake room for %s: it goes on by "
                       "itself",
                       room, folder);
    memcpy(s->text, said.text, sizeof s->text);
}

void jb_strain_renew(struct jb_strain *s, const char *folder)
{
    switch (s->why) {
    case JB_FULL:
        full_text(s, folder);
        break;
    case JB_IO:
        (void)snprintf(s->text, sizeof s->text,
                       "the disk fails: nothing is accepted; it is tried again every few seconds "
                       "(%s)",
                       s->detail);
        break;
    case JB_NOMEM:
        (void)snprintf(s->text, sizeof s->text,
                       "out of memory: nothing is accepted for the moment; it goes on by itself");
        break;
    case JB_LOCKED:
        (void)snprintf(s->text, sizeof s->text,
                       "another program holds the database: nothing is accepted; it goes on by "
                       "itself when that has ended");
        break;
    default:
        s->text[0] = '\0';
        break;
    }
}

void jb_strain_begin(struct jb_strain *s, enum jb_err why, const char *detail, const char *folder,
                     int64_t now_ms)
{
    if (s->why == JB_OK) {
        s->since_ms = now_ms;
        s->since_mono_ms = jb_clock_mono_ms();
    }
    s->why = why;
    size_t len = jb_text_cut(detail, strlen(detail), sizeof s->detail - 1);
    memcpy(s->detail, detail, len);
    s->detail[len] = '\0';
    jb_strain_renew(s, folder);
}

void jb_strain_end(struct jb_strain *s)
{
    *s = (struct jb_strain){.why = JB_OK};
}

int64_t jb_strain_seconds(const struct jb_strain *s)
{
    return s->why == JB_OK ? 0 : (jb_clock_mono_ms() - s->since_mono_ms) / 1000;
}
