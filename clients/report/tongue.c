/* See tongue.h. */
#include "clients/report/tongue.h"

#include <libintl.h>
#include <locale.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DOMAIN "jiaoban"

static locale_t spoken; /* 0: that of the program */

void jb_tongue_open(const char *folder)
{
    if (spoken != (locale_t)0)
        return;
    /* gettext translates nothing in the plain C locale */
    spoken = newlocale(LC_MESSAGES_MASK | LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    (void)setenv("LANGUAGE", "zh_CN", 1);
    (void)bindtextdomain(DOMAIN, folder);
    (void)bind_textdomain_codeset(DOMAIN, "UTF-8");
}

void jb_tongue_close(void)
{
    if (spoken != (locale_t)0)
        freelocale(spoken);
    spoken = (locale_t)0;
}

const char *jb_tongue_say(const struct jb_tongue *t, const char *msgid)
{
    if (t->english)
        return msgid;
    if (spoken == (locale_t)0)
        return dgettext(DOMAIN, msgid);
    locale_t before = uselocale(spoken);
    const char *text = dgettext(DOMAIN, msgid);
    (void)uselocale(before);
    return text;
}

/* ---- memory ---------------------------------------------------------------------------------- */

struct jb_kept {
    struct jb_kept *next;
    char *memory;
};

char *jb_tongue_keep(struct jb_tongue *t, char *memory)
{
    struct jb_kept *k = memory != NULL ? malloc(sizeof *k) : NULL;
    if (k == NULL) {
        free(memory);
        return NULL;
    }
    *k = (struct jb_kept){t->kept, memory};
    t->kept = k;
    return memory;
}

void jb_tongue_free(struct jb_tongue *t)
{
    while (t->kept != NULL) {
        struct jb_kept *k = t->kept;
        t->kept = k->next;
        free(k->memory);
        free(k);
    }
}

const char *jb_tongue_vformat(struct jb_tongue *t, const char *format, va_list args)
{
    char *text = NULL;
    int len = vasprintf(&text, format, args);
    text = len >= 0 ? jb_tongue_keep(t, text) : NULL;
    return text != NULL ? text : "?";
}

const char *jb_tongue_format(struct jb_tongue *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = jb_tongue_vformat(t, format, args);
    va_end(args);
    return text;
}

/* ---- safety ---------------------------------------------------------------------------------- */

/* The bytes of a character that must not reach a terminal raw, 0 if it may: C0, DEL, C1, line and
 * paragraph separators, changes of direction. */
static size_t unsafe_bytes(const unsigned char *s)
{
    if (s[0] < 0x20 || s[0] == 0x7F)
        return 1;
    if (s[0] == 0xC2 && s[1] >= 0x80 && s[1] <= 0x9F)
        return 2;
    if (s[0] == 0xE2 && s[1] == 0x80 && s[2] >= 0xA8 && s[2] <= 0xAE)
        return 3;
    if (s[0] == 0xE2 && s[1] == 0x81 && s[2] >= 0xA6 && s[2] <= 0xA9)
        return 3;
    return 0;
}

const char *jb_tongue_safe(struct jb_tongue *t, const char *text, bool lines)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t len = strlen(text);
    char *out = len < SIZE_MAX / 4 ? malloc(4 * len + 1) : NULL;
    size_t n = 0;

    if (out == NULL)
        return "?";
    while (*s != '\0') {
        size_t bytes = unsafe_bytes(s);
        if (bytes == 0 || (lines && *s == '\n')) {
            out[n++] = (char)*s++;
            continue;
        }
        if (*s == '\t' || (lines && *s == '\r')) {
            out[n++] = ' ';
            s++;
            continue;
        }
        for (; bytes > 0; bytes--)
            n += (size_t)sprintf(out + n, "\\x%02X", *s++);
    }
    out[n] = '\0';
    const char *copy = jb_tongue_keep(t, out);
    return copy != NULL ? copy : "?";
}
