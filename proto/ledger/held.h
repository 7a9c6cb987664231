/* Private to the ledger: cases of a replica that stay in memory while one transaction takes many
 * items (jb_replica_hold). Each is read once and written once, however many items are about it:
 * two thirds of what catching up costs is reading and writing cases.
 *
 * Whoever asks for a case gets the held one (jb_ledger_case_load); the tables have it when the
 * transaction ends, or earlier when much is held. A failed transaction drops them. */
#ifndef JB_LEDGER_HELD_H
#define JB_LEDGER_HELD_H

#include "proto/rules/case.h"

struct jb_ledger;

struct jb_held { /* all zero: holds nothing */
    bool on;
    struct jb_case *
        *slots; /* by number, open addressing; owned; the cases are in the ledger's arena */
    size_t count, capacity; /* of slots: a power of two */
};

/* The held case, to be changed in place (then the transaction succeeds or all is dropped); NULL. */
struct jb_case *jb_held_case(const struct jb_ledger *l, int64_t case_no);
/* Hold it, changed. The struct is copied, what it points to must be in the ledger's arena of cases.
 */
enum jb_err jb_held_put(struct jb_ledger *l, const struct jb_case *c) JB_MUST;
/* It is dropped from the tables. */
void jb_held_remove(struct jb_ledger *l, int64_t case_no);
/* Between two items: write them when they have become many. */
enum jb_err jb_held_look(struct jb_ledger *l) JB_MUST;
/* Before the commit: write all, in the order of their numbers. */
enum jb_err jb_held_write(struct jb_ledger *l) JB_MUST;
/* The transaction is over. */
void jb_held_end(struct jb_ledger *l);

#endif
