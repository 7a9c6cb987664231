/* What keeps a ledger from taking anything in for a while, and how that is told: the same causes
 * and words in broker and agent. Decides which failures pass by themselves. Changes no ledger. */
#ifndef JB_LEDGER_STRAIN_H
#define JB_LEDGER_STRAIN_H

#include <stdint.h>

#include "proto/base/err.h"

#define JB_STRAIN_PROBE_MS 2000 /* the ledger is tried again so often */

struct jb_strain {
    enum jb_err why;                 /* JB_OK: none; else FULL, IO, NOMEM or LOCKED */
    int64_t since_ms;                /* wall clock, for showing */
    int64_t since_mono_ms;           /* for how long */
    char detail[JB_FAULT_BYTES / 2]; /* what failed, for status and log */
    char text[JB_FAULT_BYTES];       /* for people; "" when there is none */
};

/* The causes, in the order in which they are shown. */
#define JB_STRAINS(X)                                                                              \
    /* error   word */                                                                             \
    X(FULL, "disk_full")                                                                           \
    X(IO, "io_error")                                                                              \
    X(NOMEM, "no_memory")                                                                          \
    X(LOCKED, "locked")

/* The cause behind an error that may pass without a person: FULL, IO, NOMEM, LOCKED (also for
 * BUSY). JB_OK: none of them; the process has to end. */
enum jb_err jb_strain_of(enum jb_err err);
/* "disk_full" ...; "" for JB_OK. Static. */
const char *jb_strain_word(enum jb_err why);

/* Begin, or go on for another cause: `since` stays. `why` as from jb_strain_of. `folder`: whose
 * free room is told. */
void jb_strain_begin(struct jb_strain *s, enum jb_err why, const char *detail, const char *folder,
                     int64_t now_ms);
/* Make the text anew: the free room may have changed. */
void jb_strain_renew(struct jb_strain *s, const char *folder);
void jb_strain_end(struct jb_strain *s);
/* Since it began, in seconds; 0: there is none. */
int64_t jb_strain_seconds(const struct jb_strain *s);

#endif
