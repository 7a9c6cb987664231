/* The rulebook as the record holds it: every installed policy and the last calendar of each region,
 * parsed, and which national policy is in force. The same code serves broker and agent. Changes
 * nothing. One thread at a time. */
#ifndef JB_LEDGER_BOOK_H
#define JB_LEDGER_BOOK_H

#include "proto/ledger/ledger.h"
#include "proto/rules/book.h"

struct jb_ledger_book {
    struct jb_rulebook book; /* borrows from `arena` and from the directory it was loaded with */
    int64_t day;             /* local day for which book.policy was chosen */
    const struct jb_calendar *const *own; /* calendars as installed, not laid over one another */
    size_t own_count;
    struct jb_arena arena;
};

void jb_ledger_book_init(struct jb_ledger_book *k);
void jb_ledger_book_fini(struct jb_ledger_book *k);

/* Load all of it and choose what is in force at now_ms. `d` (borrowed) outlives the book. A policy
 * or calendar that cannot be read, or a region's calendar without a national one, is left out and
 * named in `fault`, whose text is "" when all is well. NOMEM, IO, CORRUPT: the old book stays. */
enum jb_err jb_ledger_book_load(struct jb_ledger_book *k, struct jb_ledger *l,
                                const struct jb_directory *d, int64_t now_ms,
                                struct jb_fault *fault) JB_MUST;
/* Another local day than the one that it was loaded for: a policy may have come into force. */
bool jb_ledger_book_stale(const struct jb_ledger_book *k, int64_t now_ms);

/* The book as it would be with one more calendar in force: for a dry run. *out borrows from `k`,
 * `more` and `arena`. `fault` as in load. NOMEM. */
enum jb_err jb_ledger_book_with_calendar(const struct jb_ledger_book *k,
                                         const struct jb_calendar *more, struct jb_arena *arena,
                                         struct jb_rulebook *out, struct jb_fault *fault) JB_MUST;

#endif
