/* One line per event on standard error: `event subject key=value ...`.
 *
 * Under systemd each line starts with its level as `<n>`; elsewhere with local time (UTC+8) and a
 * level word. Never rotates, never buffers, never blocks on anything but the write itself.
 *
 * PERSONAL DATA NEVER GOES HERE: no petitioner's name, number, phone, address, nor a word of a
 * case's text. Case numbers, node names, sequence numbers, sizes and error names are enough to find
 * the rest in the ledger, where reading is itself recorded. */
#ifndef JB_BASE_LOG_H
#define JB_BASE_LOG_H

#include <stdbool.h>

/* The numbers are those of syslog and of the `<n>` prefix. */
enum jb_log_level {
    JB_LOG_ERROR = 3,   /* something does not work and a person must act */
    JB_LOG_WARNING = 4, /* it goes on, but a person should look */
    JB_LOG_NOTICE = 5,  /* start, stop, reload, a deadline alarm */
    JB_LOG_INFO = 6,    /* ordinary events; nothing on the hot path */
    JB_LOG_DEBUG = 7    /* for developers; off by default */
};

enum jb_log_style {
    JB_LOG_AUTO,    /* journal if JOURNAL_STREAM or NOTIFY_SOCKET is set, else plain */
    JB_LOG_JOURNAL, /* `<6>event subject ...` */
    JB_LOG_PLAIN    /* `2026-11-23T14:05:09.123+08:00 info event subject ...` */
};

/* Choose the style. Before the first call: JB_LOG_AUTO, evaluated at the first line.
 * Call it from main, before other threads log. */
void jb_log_init(enum jb_log_style style);

/* Drop what is less urgent than `level` (default JB_LOG_INFO). Any thread, any time (SIGHUP). */
void jb_log_set_level(enum jb_log_level level);
/* Would a line of this level be written? For callers whose arguments are costly. */
bool jb_log_wants(enum jb_log_level level);
/* "error", "warning", "notice", "info", "debug" -> level; false: no such word, *out untouched. */
bool jb_log_level_parse(const char *word, enum jb_log_level *out);

/* Write one line. `event` is a constant such as "case.assigned"; `subject` says who or what it is
 * about (a node, a case number; NULL or "" is shown as "-"; blanks in it are escaped); `format`
 * gives the key=value pairs and may be NULL. Control characters, also those that came in by a %s,
 * are escaped, so that a peer cannot forge a second line or drive a terminal; a value that may
 * contain blanks goes through jb_text_escape into `key="..."` first. Over 2 KiB the line is cut
 * between characters and ends in "...". One write(2) per line: lines of different threads never
 * mix. Keeps errno. Never fails: a line that cannot be written is lost. */
void jb_log(enum jb_log_level level, const char *subject, const char *event, const char *format,
            ...) __attribute__((format(printf, 4, 5)));

#endif
