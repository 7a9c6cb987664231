/* The three views of the error table, and the one place that formats a fault.
 *
 * Decides nothing; never logs, never allocates. */
#include "proto/base/err.h"

#include <errno.h>
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

const char *jb_said(const char *text)
{
    jb_fault_translator *translate = atomic_load(&translator);
    return translate != NULL && text[0] != '\0' ? translate(text) : text;
}

const char *jb_err_said(enum jb_err err)
{
    return jb_said(jb_err_text(err));
}

/* Those that a start meets, for the catalogue; the others are in English. */
const char *jb_errno_said(int number)
{
#define N_(text) text
    static const struct {
        int number;
        const char *text;
    } met[] = {
        {EPERM, N_("Operation not permitted")},
        {ENOENT, N_("No such file or directory")},
        {EIO, N_("Input/output error")},
        {EAGAIN, N_("Resource temporarily unavailable")},
        {ENOMEM, N_("Cannot allocate memory")},
        {EACCES, N_("Permission denied")},
        {EEXIST, N_("File exists")},
        {ENOTDIR, N_("Not a directory")},
        {EISDIR, N_("Is a directory")},
        {ENFILE, N_("Too many open files in system")},
        {EMFILE, N_("Too many open files")},
        {EFBIG, N_("File too large")},
        {ENOSPC, N_("No space left on device")},
        {EROFS, N_("Read-only file system")},
        {ENAMETOOLONG, N_("File name too long")},
        {ELOOP, N_("Too many levels of symbolic links")},
        {EDQUOT, N_("Disk quota exceeded")},
        {EADDRINUSE, N_("Address already in use")},
        {ECONNREFUSED, N_("Connection refused")},
    };
#undef N_
    for (size_t i = 0; i < sizeof met / sizeof met[0]; i++)
        if (met[i].number == number)
            return jb_said(met[i].text);
    const char *text = strerrordesc_np(number);
    return text != NULL ? text : "unknown error";
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
    const char *said = jb_said(format);
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
