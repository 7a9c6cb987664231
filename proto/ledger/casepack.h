/* Private to the ledger: a case packed into one run of bytes, as a broker keeps it.
 *
 * A broker asks for a case by its number, changes it and writes it again, with every deadline. It
 * lists nothing: what it searches by stands in columns of its own (casebroker.c). A row of columns
 * for each deadline cost it half of its time. Replicas, which list and search, keep columns.
 *
 * Packed are the case's own fields, its participants and its deadlines. What most cases do not have
 * (caseparts.c) keeps its rows; `parts` says which there are. Equal cases give equal bytes. The
 * bytes come from a database file: every number and length is checked, and what does not fit is
 * CORRUPT, never read past the end. */
#ifndef JB_LEDGER_CASEPACK_H
#define JB_LEDGER_CASEPACK_H

#include "proto/rules/case.h"

/* The bytes live in the arena. NOMEM. */
enum jb_err jb_case_pack(const struct jb_case *c, unsigned parts, struct jb_arena *arena,
                         struct jb_bytes *out) JB_MUST;
/* Everything is copied into the arena; nothing is dirty. case_no, marks, directives and dockets are
 * not in it. NOMEM, CORRUPT: *c is as it was. */
enum jb_err jb_case_unpack(struct jb_bytes packed, struct jb_arena *arena, struct jb_case *c,
                           unsigned *parts) JB_MUST;

/* ---- its deadlines alone, one after the other, without memory ---- */

#define JB_PACK_TEXTS 32 /* so many different texts are written once in one case */

struct jb_pack_reading {
    const uint8_t *at;
    size_t left;
    bool wrong; /* it does not fit; what is read from then on is zero */
    size_t text_count;
    struct jb_text texts[JB_PACK_TEXTS];
    size_t deadlines_left;
};
void jb_case_pack_open(struct jb_pack_reading *r, struct jb_bytes packed);
/* The next one, by ascending id; its texts lie in the packed bytes. False: there is no more, or
 * r->wrong. */
bool jb_case_pack_deadline(struct jb_pack_reading *r, struct jb_deadline *d) JB_MUST;

#endif
