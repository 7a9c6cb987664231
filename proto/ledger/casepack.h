/* Private to the ledger: a case packed into one run of bytes, as a broker keeps it.
 *
 * A broker asks for a case by its number, changes it and writes it again, with every deadline. It
 * lists nothing: what it searches by stands in columns of its own (casebroker.h). A row of columns
 * for each deadline cost it half of its time. Replicas, which list and search, keep columns.
 *
 * Equal cases give equal bytes, in whatever order their participants and receivers stand. The bytes
 * come from a database file: what does not fit is CORRUPT, and never read past the end. */
#ifndef JB_LEDGER_CASEPACK_H
#define JB_LEDGER_CASEPACK_H

#include "proto/ledger/packing.h"
#include "proto/rules/case.h"

/* The bytes live in the arena. NOMEM. */
enum jb_err jb_case_pack(const struct jb_case *c, struct jb_arena *arena,
                         struct jb_bytes *out) JB_MUST;
/* All but case_no, which stays. Everything is copied into the arena; nothing is dirty; participants
 * stand in the order of node and role, receivers of directive and node. NOMEM, CORRUPT: *c is as it
 * was. */
enum jb_err jb_case_unpack(struct jb_bytes packed, struct jb_arena *arena,
                           struct jb_case *c) JB_MUST;

/* ---- its deadlines alone, one after the other, without memory ---- */

struct jb_case_reading {
    struct jb_pack_reading from; /* from.wrong: it does not fit */
    size_t deadlines_left;
};
struct jb_case_reading jb_case_reading_of(struct jb_bytes packed);
/* The next one, by ascending id; its texts lie in the packed bytes. False: there is no more, or it
 * does not fit. */
bool jb_case_next_deadline(struct jb_case_reading *r, struct jb_deadline *d) JB_MUST;

#endif
