/* One table of technical errors: everything that can go wrong outside the casework rules.
 *
 * A row gives the C name, the number that travels on the wire and in JSON (never reuse or change
 * one), the exit code of the command line client, and an English text. Casework refusals ("the
 * wrong party", "too late") are not errors of this table: see proto/rules/refusal.h. */
#ifndef JB_BASE_ERR_H
#define JB_BASE_ERR_H

#define JB_MUST __attribute__((warn_unused_result))

#define JB_ERRORS(X)                                                                               \
    /* name        wire exit text */                                                               \
    X(OK, 0, 0, "ok")                                                                              \
    X(NOMEM, 1, 8, "out of memory, or over the memory limit of one request")                       \
    X(IO, 2, 8, "input/output error")                                                              \
    X(FULL, 3, 8, "the disk or a quota is full")                                                   \
    X(CORRUPT, 4, 9, "stored data is damaged")                                                     \
    X(TOO_LARGE, 5, 5, "larger than the limit")                                                    \
    X(TOO_DEEP, 6, 5, "nested deeper than the limit")                                              \
    X(MALFORMED, 7, 5, "malformed or truncated")                                                   \
    X(BAD_UTF8, 8, 5, "text is not valid UTF-8")                                                   \
    X(NUL_IN_TEXT, 9, 5, "text contains a NUL character")                                          \
    X(UNKNOWN_KIND, 10, 5, "unknown kind of message")                                              \
    X(MISSING, 11, 5, "a required field is missing")                                               \
    X(RANGE, 12, 5, "a value is outside its allowed range")                                        \
    X(VERSION, 13, 7, "no protocol version in common")                                             \
    X(NOT_FOUND, 14, 4, "not found")                                                               \
    X(EXISTS, 15, 4, "exists already")                                                             \
    X(DENIED, 16, 6, "not permitted")                                                              \
    X(WRONG_NODE, 17, 6, "the key belongs to another node than the one claimed")                   \
    X(BAD_SIGNATURE, 18, 9, "signature does not verify")                                           \
    X(GAP, 19, 7, "a number was skipped; resume from the last one on disk")                        \
    X(REPEAT, 20, 0, "already received")                                                           \
    X(OLD, 21, 7, "belongs to an older epoch")                                                     \
    X(DIVERGED, 22, 9, "both ends hold different histories")                                       \
    X(OFFLINE, 23, 7, "the other end cannot be reached")                                           \
    X(BUSY, 24, 7, "busy, try again")                                                              \
    X(CONFIG, 25, 2, "configuration error")                                                        \
    X(LOCKED, 26, 8, "in use by another process")                                                  \
    X(CLOSED, 27, 7, "connection closed")                                                          \
    X(UNSUPPORTED, 28, 5, "not supported by this version")                                         \
    X(REFUSED, 29, 3, "refused by a rule")                                                         \
    X(OVERFLOW, 30, 5, "too many items")                                                           \
    X(KEY_UNFIT, 31, 9, "the key held here does not open it")

enum jb_err {
#define X(name, wire, exit_code, text) JB_##name = (wire),
    JB_ERRORS(X)
#undef X
};

/* The name without prefix ("NOT_FOUND"), its English text, the exit code. Static storage, any
 * thread; a number that is not in the table gives "UNKNOWN" and a generic text. */
const char *jb_err_name(enum jb_err err);
const char *jb_err_text(enum jb_err err);
int jb_err_exit(enum jb_err err);

/* Names what and where: a message owned by the caller's struct, filled by the function that fails.
 * Always NUL-terminated. What happened stands at the beginning, what to do at the end: a text that
 * is too long (a path of thousands of bytes) loses its middle, at character boundaries, and
 * shows it by JB_FAULT_GAP. */
#define JB_FAULT_BYTES 1024
#define JB_FAULT_GAP " ... "
struct jb_fault {
    char text[JB_FAULT_BYTES];
};

/* The language of faults: `translate` gets every format and gives that of the reader, or the same
 * one. NULL (the beginning): English, as on the line and in logs. A program sets it while its only
 * reader is the person who started it. Any thread. */
typedef const char *jb_fault_translator(const char *format);
void jb_fault_language(jb_fault_translator *translate);
/* A text in that language; jb_err_text and the system's error likewise. Static storage, or the
 * translation's. */
const char *jb_said(const char *text) __attribute__((format_arg(1)));
const char *jb_err_said(enum jb_err err);
const char *jb_errno_said(int number);

/* Format the message, in that language. Returns `err` so that a failing line can be `return
 * jb_fault_set(...)`. */
enum jb_err jb_fault_set(struct jb_fault *fault, enum jb_err err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
