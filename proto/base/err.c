/* The three views of the error table, and the one place that formats a fault.
 *
 * Decides nothing; never logs, never allocates. */
#include "proto/base/err.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
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

/* ---- faults ---- */

#define WHOLE_BYTES 16384 /* more than two of the longest paths */
#define GAP_BYTES (sizeof JB_FAULT_GAP - 1)

static _Atomic(jb_fault_translator *) translator;

void jb_fault_language(jb_fault_translator *translate)
{
    atomic_store(&translator, translate);
}

__attribute__((format_arg(1))) static const char *in_language(const char *format)
{
    jb_fault_translator *translate = atomic_load(&translator);
    return translate != NULL && format[0] != '\0' ? translate(format) : format;
}

const char *jb_err_said(enum jb_err err)
{
    return in_language(jb_err_text(err));
}

/* Within a character of UTF-8: neither a beginning nor an end. */
static bool continues(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

/* The beginning and the end of what does not fit. */
static void keep_ends(struct jb_fault *fault, const char *whole, size_t len)
{
    size_t room = sizeof fault->text - 1 - GAP_BYTES;
    size_t head = room / 2;
    const char *tail = whole + len - (room - head);

    while (head > 0 && continues(whole[head]))
        head--;
    while (continues(*tail))
        tail++;
    memcpy(fault->text, whole, head);
    memcpy(fault->text + head, JB_FAULT_GAP, GAP_BYTES);
    memcpy(fault->text + head + GAP_BYTES, tail, (size_t)(whole + len - tail) + 1);
}

enum jb_err jb_fault_set(struct jb_fault *fault, enum jb_err err, const char *format, ...)
{
    va_list args;
    const char *said = in_language(format);
    va_start(args, format);
    int len = vsnprintf(fault->text, sizeof fault->text, said, args);
    va_end(args);
    if (len < 0)
        snprintf(fault->text, sizeof fault->text, "%s", jb_err_text(err));
    if (len < (int)sizeof fault->text)
        return err;
    char whole[WHOLE_BYTES];
    va_start(args, format);
    len = vsnprintf(whole, sizeof whole, said, args);
    va_end(args);
    keep_ends(fault, whole, (size_t)len < sizeof whole ? (size_t)len : sizeof whole - 1);
    return err;
}
