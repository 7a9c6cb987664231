/* Ledger files of earlier schema versions, as the programs of that time left them: made from the
 * dumps in tests/data/ledger-vN. */
#ifndef JB_TESTS_LEDGER_OLD_H
#define JB_TESTS_LEDGER_OLD_H

#include "tests/unit/ledger_world.h"

struct lo_dump {
    const char *path;
    int version;
    enum jb_ledger_role role;
    int64_t cases; /* that stand in the derived tables */
    int64_t files; /* of these: directives or dockets with a file of their own */
    int64_t left;  /* that were left */
    int64_t directives;
    int64_t nodes;
};

/* Of every version what a broker and two agencies had, stopped in order; ends with a NULL path. */
extern const struct lo_dump lo_dumps[];

/* The file `name` in the test's folder, made anew from `dump`. */
void lo_make(struct lw *w, const char *name, const char *dump, int version);
/* The version that its header says. */
int64_t lo_version(struct lw *w, const char *name);
/* The newest one. */
int lo_newest(void);
int64_t lo_number(struct jb_ledger *l, const char *sql);
/* The copies that migrations of the file left. */
void lo_copies_remove(struct lw *w, const char *name);

/* Over all cases of the file, as they are loaded. */
int64_t lo_sum(struct lw *w, struct jb_ledger *l, int64_t (*of)(const struct jb_case *c));
/* Asserts what holds of every file that was migrated. */
void lo_check(struct lw *w, struct jb_ledger *l, const struct lo_dump *d);

#endif
