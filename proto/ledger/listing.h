/* Private to the ledger: a SELECT whose WHERE grows by the filters that are set.
 *
 * Clauses are constants of this program; every value is bound, never pasted. */
#ifndef JB_LEDGER_LISTING_H
#define JB_LEDGER_LISTING_H

#include "proto/ledger/db.h"

#define JB_LISTING_BINDS_MAX 32

struct jb_listing {
    char sql[4096];
    size_t len;
    struct jb_bind binds[JB_LISTING_BINDS_MAX];
    size_t bind_count;
};

/* `base` ends inside a WHERE, for example "... WHERE 1". */
void jb_listing_start(struct jb_listing *q, const char *base);
/* Add " AND clause" with its values. */
void jb_listing_and(struct jb_listing *q, const char *clause, struct jb_row row);
/* Add what comes last (ORDER BY ... LIMIT ?). */
void jb_listing_end(struct jb_listing *q, const char *tail, struct jb_row row);
/* Prepare and bind; the caller finalises *out. */
enum jb_err jb_listing_open(struct jb_ledger *l, const struct jb_listing *q,
                            sqlite3_stmt **out) JB_MUST;

#endif
