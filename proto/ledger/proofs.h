/* Who had what when: the receipts for the entries of one case as far as they are known in a
 * replica, each of them checked again.
 *
 * A replica knows of three kinds: the broker's signed heads over the own stream (the broker sent
 * this), the own acknowledgements (this node had it on its disk), and the acknowledgements of
 * others that the broker reported by STORED entries to those who must know (PROTOCOL.md,
 * "Receipts"). The first two are proven by the signature and by the chain from the entry to the
 * signed head; the third by the other node's signature, and by the broker's over the notice that
 * says which entries it covers: the other node's stream is not here. Threading as in ledger.h. */
#ifndef JB_LEDGER_PROOFS_H
#define JB_LEDGER_PROOFS_H

#include "proto/ledger/query.h"
#include "proto/wire/frame.h"

enum jb_proof {
    JB_PROOF_PROVEN = 1, /* the signature verifies, and the chain leads to it */
    JB_PROOF_BROKEN,     /* there is one, and it does not verify or the chain to it is broken */
    JB_PROOF_UNPROVEN,   /* the tables say so; no signature for it is here */
    JB_PROOF_WAITING,    /* nothing has come; this node will be told */
    JB_PROOF_UNTOLD      /* this node is not told of it */
};

struct jb_proof_row {
    uint32_t node; /* who signed, or should; the broker's number for a head */
    enum jb_proof state;
    int64_t at_ms;   /* own and broker's: when signed, or taken; others: when the broker had it */
    uint64_t number; /* of the signer's stream: what the signature covers up to; 0: none */
    struct jb_line_point point; /* what was signed */
    uint8_t suite;
    uint8_t signature[JB_SIGN_BYTES];
    const uint8_t *key; /* 32 bytes with which it verifies; NULL: with none that is known here */
};

struct jb_had_row { /* one entry of the case */
    struct jb_entry entry;
    uint64_t number;          /* in the own stream */
    int64_t put_ms;           /* when the broker put it there */
    struct jb_proof_row sent; /* the broker's signed head that covers it */
    struct jb_proof_row *had; /* by node: this one, those it lays a duty on, and who else signed */
    size_t had_count;
};

struct jb_had_question {
    int64_t case_no;
    uint64_t after;                   /* entries that came after this number of the own stream */
    size_t limit;                     /* 1..JB_HAD_MOST */
    const struct jb_check_keys *keys; /* the broker's keys and the own one; never NULL */
    const struct jb_directory *directory;
    const struct jb_case *c; /* decides who is told */
};
#define JB_HAD_MOST 100

/* In the order of the stream; memory of the arena, keys of the question. A case that is not here
 * gives no rows. Bounded: a chain longer than 4,096 items is not followed, its receipt is UNPROVEN.
 * IO, NOMEM, CORRUPT. */
enum jb_err jb_query_had(struct jb_ledger *l, const struct jb_had_question *q,
                         struct jb_arena *arena, struct jb_had_row **rows, size_t *count,
                         bool *more) JB_MUST;

#endif
