/* What the command line client and the gateway both say to people: texts in the reader's language,
 * and memory that is kept until everything is said. A tongue belongs to one thread. */
#ifndef JB_CLIENTS_REPORT_TONGUE_H
#define JB_CLIENTS_REPORT_TONGUE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#define N_(text) text

struct jb_tongue { /* all zero: Chinese, nothing kept */
    bool english;
    struct jb_kept *kept; /* freed by jb_tongue_free */
};

/* For a program whose own locale is not that of its readers: the catalogue in this folder is used,
 * whatever the environment says; without it everything is said in English. A program that has set
 * its locale and bound the catalogue does not call this. Main thread, before there is another. */
void jb_tongue_open(const char *folder);
void jb_tongue_close(void);

/* The text in the reader's language; static, or `msgid` itself. */
const char *jb_tongue_say(const struct jb_tongue *t, const char *msgid)
    __attribute__((format_arg(2)));

/* Take over memory from malloc. Returns it; NULL: out of memory, or it was NULL. */
char *jb_tongue_keep(struct jb_tongue *t, char *memory);
void jb_tongue_free(struct jb_tongue *t);

/* A text made now; kept. "?": out of memory. */
const char *jb_tongue_vformat(struct jb_tongue *t, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
const char *jb_tongue_format(struct jb_tongue *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Printable copies of what somebody else wrote, kept: control characters and changes of direction
 * become \xNN. In one line; or line breaks stay (`lines`). "?": out of memory. */
const char *jb_tongue_safe(struct jb_tongue *t, const char *text, bool lines);

#endif
