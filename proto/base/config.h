/* Configuration as a table: one row per key gives the parser, the limits, the defaults, what a
 * reload may change, and the commented example file in deploy/config.
 *
 * Start fails on anything unknown, repeated, unreadable or out of range, and the message names
 * file, line, key, value and what is allowed. Decides nothing about what the keys mean; knows no
 * secrets (keys are files with their own checks). Values live in the caller's struct. */
#ifndef JB_BASE_CONFIG_H
#define JB_BASE_CONFIG_H

#include <stdio.h>

#include "proto/base/bytes.h"
#include "proto/base/err.h"

enum jb_config_type {
    JB_CONFIG_STRING, /* char *; min and max are its length in bytes */
    JB_CONFIG_PATH,   /* char *; a relative one is taken from the configuration file's folder */
    JB_CONFIG_INT,    /* int64_t */
    JB_CONFIG_BOOL,   /* bool; yes no true false on off 1 0 */
    JB_CONFIG_DURATION_MS, /* int64_t milliseconds; written 500ms 30s 15m 4h 7d, or 0 */
    JB_CONFIG_BYTES        /* int64_t bytes; written 512, 64k, 1M, 2G (powers of 1024) */
};

enum jb_config_flag {
    JB_CONFIG_RELOADABLE = 1, /* a reload (SIGHUP) may change it; all others need a restart */
    JB_CONFIG_REQUIRED = 2    /* STRING and PATH only: must not be empty */
};

#define JB_CONFIG_ROWS_MAX 128

struct jb_config_row {
    const char *section;      /* group in the file; rows of one section stand together */
    const char *key;          /* unique within its section */
    enum jb_config_type type; /* decides the type of the field at `offset` */
    unsigned flags;           /* jb_config_flag, or-ed */
    int64_t min, max;         /* allowed range, inclusive; both 0: no limit of its own */
    const char *preset; /* default, as it would stand in the file; NULL = "" for text, 0, no */
    size_t offset;      /* offsetof the field in the caller's struct */
    const char *help;   /* for the example file; may contain \n */
};

struct jb_config_table {
    const char *title;                /* first line of the example file */
    const struct jb_config_row *rows; /* static */
    size_t row_count;                 /* at most JB_CONFIG_ROWS_MAX */
    size_t values_bytes;              /* sizeof the caller's struct */
};

/* Where values come from, weakest first: presets, the file, the options. */
struct jb_config_source {
    const char *path;           /* NULL: no file */
    const char *const *options; /* "section.key=value" from the command line (-o) */
    size_t option_count;
};

/* Fill the table's fields of a new `values` from the source. Fields that are not in the table stay
 * as they are. Text is owned by `values`: free it with jb_config_free. After an error nothing needs
 * freeing. JB_CONFIG with the reason in `fault`; JB_NOT_FOUND, JB_IO: the file; JB_TOO_LARGE: over
 * 1 MiB; JB_NOMEM. A relative path in an option is left as it is (from the working directory). */
JB_MUST enum jb_err jb_config_read(const struct jb_config_table *table,
                                   const struct jb_config_source *source, void *values,
                                   struct jb_fault *fault);

/* Told for each row whose value differs after a reload: applied now, or only after a restart. */
typedef void (*jb_config_change_fn)(void *ctx, const struct jb_config_row *row, bool applied);

/* Read the source again and take over the RELOADABLE rows that differ. Text of these rows is
 * replaced: pointers that were taken from `values` before are invalid afterwards. On error nothing
 * has changed. */
JB_MUST enum jb_err jb_config_reload(const struct jb_config_table *table,
                                     const struct jb_config_source *source, void *values,
                                     jb_config_change_fn on_change, void *ctx,
                                     struct jb_fault *fault);

/* Change one value from "section.key=value". JB_CONFIG: `fault` says why, nothing changed. */
JB_MUST enum jb_err jb_config_set(const struct jb_config_table *table, void *values,
                                  const char *option, struct jb_fault *fault);

/* Free the text of all rows and zero their fields. */
void jb_config_free(const struct jb_config_table *table, void *values);

/* Write the file that has just the presets, each key commented out, with help, range and default;
 * required keys stand there to be filled in. JB_IO. */
JB_MUST enum jb_err jb_config_print_example(const struct jb_config_table *table, FILE *out);

/* Write what is in force, one "section.key=value" per line, durations and sizes with units. JB_IO.
 */
JB_MUST enum jb_err jb_config_print(const struct jb_config_table *table, const void *values,
                                    FILE *out);

#endif
