/* Private to the ledger: how a new record's file comes to be, and gets its name. */
#ifndef JB_LEDGER_BEGIN_H
#define JB_LEDGER_BEGIN_H

#include "proto/ledger/db.h"

/* See that there is a file at `path`, or make one as options->make allows: under the name
 * PATH.begin, which becomes PATH when everything in it is on the disk. OK: the file is there and
 * not empty. NOT_FOUND, CORRUPT as jb_ledger_look; those of making one: FULL, IO, DENIED, NOMEM,
 * UNSUPPORTED. Whatever fails, and whenever the process is killed, there is no file at `path` or a
 * whole one. */
enum jb_err jb_begin(const char *path, const struct jb_ledger_options *options,
                     struct jb_fault *fault) JB_MUST;

/* Open a file that is there (`fresh` false), or one that does not exist yet and gets its tables
 * (true; also ":memory:"). A fresh file is there to be closed and opened again under its own name:
 * only what is in memory can be worked with at once. Errors as jb_ledger_open. */
enum jb_err jb_ledger_file_open(const char *path, const struct jb_ledger_options *options,
                                bool fresh, struct jb_ledger **out, struct jb_fault *fault) JB_MUST;

/* Give a file its final name, and that durably. IO. */
enum jb_err jb_begin_publish(const char *part, const char *path, struct jb_fault *fault) JB_MUST;
/* EXISTS: beside `path`, where a file is to appear, lie a WAL or the like of one that is gone: they
 * would be read as those of the new one. The fault says what to do. */
enum jb_err jb_begin_alone(const char *path, struct jb_fault *fault) JB_MUST;
/* Remove an unfinished file with what SQLite puts beside it, as far as there is something. */
void jb_begin_drop(const char *part);

/* CORRUPT: the file is there and nothing is in it; and what to do about it. */
enum jb_err jb_begin_empty(const char *path, struct jb_fault *fault) JB_MUST;

#endif
