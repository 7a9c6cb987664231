/* Checks on users' text, and two helpers for diagnoses.
 *
 * Decides what counts as text: valid UTF-8 (no overlong form, no surrogate, nothing above U+10FFFF)
 * without NUL. Never changes, normalises or shortens text that belongs to a user: jb_text_cut and
 * jb_text_escape are for log lines and error messages only. No state, any thread. */
#ifndef JB_BASE_UTF8_H
#define JB_BASE_UTF8_H

#include "proto/base/bytes.h"
#include "proto/base/err.h"

/* Is this text of a body (many lines, any control character except NUL)?
 * JB_BAD_UTF8, JB_NUL_IN_TEXT: the one that occurs first. `s` may be NULL when len is 0. */
JB_MUST enum jb_err jb_text_check(const char *s, size_t len);

/* Is this text of one line, such as a name or a title? As above, and JB_MALFORMED for a control
 * character (U+0000-001F, U+007F-009F) or a line or paragraph separator (U+2028, U+2029). */
JB_MUST enum jb_err jb_text_check_line(const char *s, size_t len);

/* The number of bytes, at most `limit`, after which a text of `len` bytes can be cut without
 * splitting a character. Bytes that are not UTF-8 count as one character each. */
size_t jb_text_cut(const char *s, size_t len, size_t limit);

/* Write a printable one-line copy for logs and error messages: control characters (ESC, newline
 * ...), quotes, backslash, direction overrides and bytes that are not UTF-8 become \xNN, each byte
 * on its own; all other characters stay. What does not fit is cut between characters and "..." put
 * at the end. Always NUL-terminated when cap > 0. Returns the bytes written, without the NUL. */
size_t jb_text_escape(const char *s, size_t len, char *out, size_t cap);

/* The same, but quotes and backslashes stay: for a whole line whose parts were escaped before. */
size_t jb_text_printable(const char *s, size_t len, char *out, size_t cap);

#endif
