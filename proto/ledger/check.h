/* Private to the ledger: what the checks of both roles share. */
#ifndef JB_LEDGER_CHECK_H
#define JB_LEDGER_CHECK_H

#include "proto/ledger/query.h"
#include "proto/ledger/replay.h"
#include "proto/wire/sign.h"

struct jb_checking {
    struct jb_ledger *l;
    const struct jb_check_keys *keys; /* never NULL */
    struct jb_check *out;
    struct jb_fault *fault;  /* the first finding */
    struct jb_replay replay; /* into the shadow; `to` NULL: no replay any more */
    uint64_t number;         /* rows of the sequence seen so far */
    uint8_t head[JB_HASH_BYTES];
};

/* Note a finding: clears the flag, keeps the text if it is the first. */
void jb_check_complain(struct jb_checking *k, bool *flag, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The next row of a chained sequence: number and head must be what follows. `what`: "entry",
 * "item". */
void jb_check_chain(struct jb_checking *k, const char *what, uint64_t number,
                    const uint8_t hash[JB_HASH_BYTES], struct jb_bytes head);
/* Give the row to the shadow; a row that cannot be applied is a finding. */
void jb_check_replay(struct jb_checking *k, uint64_t number, struct jb_bytes body);
/* One stored signature; `what` names it in the finding. It must verify with `key` (NULL: none) or
 * with a key that `node` (NULL: none) has or once had. */
struct jb_check_signature {
    const char *what;
    uint8_t suite;
    uint8_t bytes[JB_SIGN_BYTES];
    struct jb_line_claim claim;
    const uint8_t *key;
    const struct jb_node *node;
    const uint8_t *also; /* further keys that count, one behind the other */
    size_t also_count;
};
/* BAD_SIGNATURE: with none of these; OK: *key is the one. Else as jb_line_verify. */
enum jb_err jb_check_verify(const struct jb_check_signature *s, const uint8_t **key) JB_MUST;
/* True: it verifies, and is of the ledger's suite. */
bool jb_check_signed(struct jb_checking *k, const struct jb_check_signature *s);

/* The roles' own parts. An error: the record could not even be read. */
enum jb_err jb_check_broker(struct jb_checking *k) JB_MUST;
enum jb_err jb_check_replica(struct jb_checking *k) JB_MUST;
/* audit.c: of both */
enum jb_err jb_check_audit(struct jb_checking *k) JB_MUST;

#endif
