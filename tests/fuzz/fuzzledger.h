/* Files of ledgers that something has changed, for targets: as this program makes them, and as an
 * earlier version left them; the changes that an input describes; and what must hold of them. */
#ifndef JB_TESTS_FUZZLEDGER_H
#define JB_TESTS_FUZZLEDGER_H

#include "proto/ledger/query.h"
#include "tests/fuzz/fuzz.h"

/* Changes, as many as there are, at most 16:
 *   BYTES: three bytes of offset in the file, one of length, the bytes
 *   CELLS: two bytes: which row of a table or an index; two of offset in it, one of length, the
 *          bytes. What SQLite needs to find its way stays as it was.
 *   VALUES: table, row, column (one byte each), two bytes of length, the value */
enum fuzz_change {
    FUZZ_BYTES,
    FUZZ_CELLS,
    FUZZ_VALUES
};

struct fuzz_ledger_plan {
    bool replica; /* else the broker's */
    bool old;     /* as an earlier version left it */
    enum fuzz_change change;
    bool spare_schema; /* BYTES fall on pages that are not of the schema */
    bool pages;        /* SQLite looks at all pages first, as agents and maintenance have it do */
    bool rebuild;      /* the tables, and list again */
    bool swift;        /* with connections and statements of earlier inputs (sqlpool.h); not old */
};

/* What came of opening and using it. */
struct fuzz_outcome {
    enum jb_err opened, checked;
    struct jb_check check; /* if it was opened and checked */
};

/* By the bits of a first byte that the targets share. */
struct fuzz_ledger_plan fuzz_ledger_plan(uint8_t how);
/* The file with its changes, opened, listed, checked, rebuilt, written to: it works, or is refused
 * with a reason; a check that finds nothing wrong has seen the record as it was. False, and nothing
 * was done: a change of the schema, which cannot be looked at swiftly. */
bool fuzz_ledger(const struct fuzz_ledger_plan *plan, struct fuzz_in in, struct fuzz_outcome *out);

#endif
