/* Reads INI text strictly: configuration, calendars, policies.
 *
 *     [section]          alone on its line
 *     key = value        one line, blanks around key and value dropped, nothing quoted
 *     # comment          ; too. Only on a line of its own: a value may contain both characters
 *
 * Where inih is lenient, this is not: what is too long, not UTF-8, has a control character (tab
 * excepted), or is neither of the three is an error with its line, never skipped, joined to its
 * neighbour or cut. Opens no files. Duplicate keys are reported to the caller like others: only the
 * caller knows its keys. */
#ifndef JB_BASE_INITEXT_H
#define JB_BASE_INITEXT_H

#include "proto/base/bytes.h"
#include "proto/base/err.h"

#define JB_INITEXT_MAX_BYTES (1024 * 1024) /* a whole text */
#define JB_INITEXT_LINE_BYTES 4000         /* one line without its end */
#define JB_INITEXT_NAME_BYTES 49           /* a section or key */

/* One line, valid during the call. */
struct jb_initext_row {
    const char *section; /* "" before the first [section] */
    const char *key;     /* NULL: this line opens the section */
    const char *value;   /* "" when nothing stands behind the = ; NULL with key */
    unsigned line;       /* from 1 */
};

/* Called for each row in order. An error ends the reading; the message that it leaves in `fault` is
 * completed with name and line by the reader, so it should say only what is wrong. */
typedef enum jb_err (*jb_initext_fn)(void *ctx, const struct jb_initext_row *row,
                                     struct jb_fault *fault);

/* Read the whole text. `name` stands in messages ("/etc/jiaoban/jiaoband.conf").
 * JB_TOO_LARGE, JB_BAD_UTF8, JB_NUL_IN_TEXT, JB_MALFORMED, or what the callback returned; `fault`
 * then says "name:line: what". Any thread, but not while another part of the process uses inih with
 * its own settings: the first call sets inih's process-wide switches. */
JB_MUST enum jb_err jb_initext_read(struct jb_text text, const char *name, jb_initext_fn on_row,
                                    void *ctx, struct jb_fault *fault);

#endif
