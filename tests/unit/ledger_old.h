/* Ledger files of earlier schema versions, as the programs of that time left them: made from the
 * dumps in tests/data/ledger-vN. */
#ifndef JB_TESTS_LEDGER_OLD_H
#define JB_TESTS_LEDGER_OLD_H

#include "tests/unit/ledger_world.h"

/* The file `name` in the test's folder, made anew from `dump`. */
void lo_make(struct lw *w, const char *name, const char *dump, int version);
/* Over all cases of the file, as they are loaded. */
int64_t lo_sum(struct lw *w, struct jb_ledger *l, int64_t (*of)(const struct jb_case *c));

#endif
