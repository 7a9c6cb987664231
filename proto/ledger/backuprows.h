/* Private to the ledger: which tables make up the record, and copying what is new of them. */
#ifndef JB_LEDGER_BACKUPROWS_H
#define JB_LEDGER_BACKUPROWS_H

#include "proto/ledger/db.h"

enum jb_backup_kind {
    JB_BACKUP_GROWS,    /* rows are only ever added, in the order of their key */
    JB_BACKUP_WHOLE,    /* small and changed in place: copied anew each time */
    JB_BACKUP_ERASABLE, /* keys of cases: added with their entries, and go with others */
    JB_BACKUP_OWN       /* of the backup itself */
};

struct jb_backup_table {
    const char *name;
    enum jb_backup_kind kind;
    int prefix;      /* GROWS: leading columns of its key that name a sequence: node; node, epoch */
    const char *key; /* GROWS: the column that counts within it */
};
/* Every table of a broker's file that is not derived; ends with a NULL name. */
extern const struct jb_backup_table jb_backup_tables[];

struct jb_backup_copying {
    struct jb_ledger *from, *to;
    uint64_t rows; /* copied so far */
    uint64_t keys_erased;
    bool staged;         /* commit after each piece: nothing that counts is there yet */
    uint64_t keys_after; /* the entry up to which the keys of cases are here */
};

/* Copy what is new, piece by piece, each read in a short transaction, until nothing is left but
 * what came meanwhile. Inside a transaction of `to` (with `staged`: the last of several). Rests
 * between pieces as the ledger `to` says (breath.h). */
enum jb_err jb_backup_catch_up(struct jb_backup_copying *c) JB_MUST;
/* The rest, and what is changed in place: in one view of the source, held by the caller. Without a
 * rest: as long as it is held the source's write-ahead log grows. */
enum jb_err jb_backup_settle(struct jb_backup_copying *c) JB_MUST;
/* Then, in the same view: what the source has as ticks comes into the tables of the backup, which
 * has none. The fault says which one is damaged, or "". */
enum jb_err jb_backup_ticks(struct jb_backup_copying *c, struct jb_fault *fault) JB_MUST;

#endif
