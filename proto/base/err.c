/* The three views of the error table, and the one place that formats a fault.
 *
 * Decides nothing; never logs, never allocates. */
#include "proto/base/err.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct row {
    const char *name;
    const char *text;
    int exit_code;
};

/* Indexed by the wire number. Numbers are never reused, so a hole is a retired row: name NULL. */
static const struct row rows[] = {
#define X(name, wire, exit_code, text) [wire] = {#name, text, exit_code},
    JB_ERRORS(X)
#undef X
};

/* A peer of a newer version may send a number that we do not have: treated as "unsupported". */
static const struct row unknown = {"UNKNOWN", "unknown error", 5};

static const struct row *row_of(enum jb_err err)
{
    size_t i = (size_t)err;
    if (i >= sizeof rows / sizeof rows[0] || rows[i].name == NULL)
        return &unknown;
    return &rows[i];
}

const char *jb_err_name(enum jb_err err)
{
    return row_of(err)->name;
}

const char *jb_err_text(enum jb_err err)
{
    return row_of(err)->text;
}

int jb_err_exit(enum jb_err err)
{
    return row_of(err)->exit_code;
}

/* Bytes that the sequence starting with `lead` should have; 1 for what is not UTF-8. */
static size_t sequence_len(unsigned char lead)
{
    if (lead >= 0xF0)
        return 4;
    if (lead >= 0xE0)
        return 3;
    return lead >= 0xC0 ? 2 : 1;
}

/* Drop a character that the end of the buffer has cut in two. */
static void drop_cut_character(char *text)
{
    size_t len = strlen(text);
    size_t start = len;
    while (start > 0 && len - start < 3 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
        start--;
    if (start > 0 && (unsigned char)text[start - 1] >= 0xC0)
        start--;
    if (start < len && start + sequence_len((unsigned char)text[start]) > len)
        text[start] = '\0';
}

enum jb_err jb_fault_set(struct jb_fault *fault, enum jb_err err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(fault->text, sizeof fault->text, format, args);
    va_end(args);
    if (len < 0)
        snprintf(fault->text, sizeof fault->text, "%s", jb_err_text(err));
    else if ((size_t)len >= sizeof fault->text)
        drop_cut_character(fault->text);
    return err;
}
