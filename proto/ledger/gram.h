/* Private to the ledger: the pairs of characters in the titles of a replica's cases, so that a
 * piece of a title is found without reading all of them. Holds what the list shows, and goes with
 * the case. Latin letters count as small ones, as LIKE has it. */
#ifndef JB_LEDGER_GRAM_H
#define JB_LEDGER_GRAM_H

#include "proto/ledger/db.h"

/* Every character with the one behind it, the last one with none. Inside a transaction. */
enum jb_err jb_gram_put(struct jb_ledger *l, int64_t case_no, struct jb_text title) JB_MUST;
enum jb_err jb_gram_drop(struct jb_ledger *l, int64_t case_no, struct jb_text title) JB_MUST;
/* Those of a case that is about to go from the tables. */
enum jb_err jb_gram_drop_case(struct jb_ledger *l, int64_t case_no) JB_MUST;
/* How far an older file still lacks them: cases below this number; 0: nothing is lacking. */
enum jb_err jb_gram_load(struct jb_ledger *l) JB_MUST;

#define JB_GRAM_ALSO 6
struct jb_gram_pick {
    bool found;        /* else the index does not help: read the titles, newest first */
    int64_t low, high; /* the pairs that lead to every title with the text; one when equal */
    int64_t also[JB_GRAM_ALSO]; /* where that is one of many titles: other pairs of the text */
    size_t also_count;
};
/* By the pair of the text that is rarest. */
enum jb_err jb_gram_pick(struct jb_ledger *l, struct jb_text text,
                         struct jb_gram_pick *out) JB_MUST;

#endif
