/* Signatures with an algorithm tag, and the exact bytes that a receipt of a line signs.
 *
 * Every signature is bound to a purpose, so that one made for an acknowledgement can never be shown
 * as one made for something else. Pure functions, any thread, after jb_sign_init. */
#ifndef JB_WIRE_SIGN_H
#define JB_WIRE_SIGN_H

#include "proto/base/bytes.h"
#include "proto/base/err.h"
#include "proto/wire/chain.h"
#include "proto/wire/keys.h"

/* Purposes in use. */
#define JB_SIGN_PURPOSE_LINE "line"         /* over a line statement, see below */
#define JB_SIGN_PURPOSE_EVIDENCE "evidence" /* over the lines of an exported file */

/* Prepare the library; idempotent, once at start before any other function of sign, seal and keys.
 * JB_IO: no source of randomness. */
JB_MUST enum jb_err jb_sign_init(void);

/* Sign "jiaoban-v1" NUL purpose NUL msg. `purpose`: non-empty ASCII. JB_UNSUPPORTED: the suite is
 * unknown, or jb_suite_start failed for it; JB_NOMEM. */
JB_MUST enum jb_err jb_sign(uint8_t suite, const uint8_t secret[JB_SIGN_SECRET_BYTES],
                            const char *purpose, struct jb_bytes msg, uint8_t sig[JB_SIGN_BYTES]);

/* JB_BAD_SIGNATURE: wrong key, purpose, message or signature; else as jb_sign. */
JB_MUST enum jb_err jb_sign_verify(uint8_t suite, const uint8_t public_key[JB_KEY_BYTES],
                                   const char *purpose, struct jb_bytes msg,
                                   const uint8_t sig[JB_SIGN_BYTES]);

/* Who claims what about a line. */
enum jb_line_role {
    JB_LINE_DOWN_ACK = 'D',  /* the node: everything up to `number` of its stream is on my disk */
    JB_LINE_DOWN_HEAD = 'B', /* the broker: this is the head of your stream at `number` */
    JB_LINE_UP = 'U',        /* the node: these are my submissions up to `number` */
};

struct jb_line_claim {
    enum jb_line_role role;
    uint32_t node;                 /* the node at the far end of the broker's line */
    uint8_t epoch[JB_EPOCH_BYTES]; /* incarnation of the log that numbers the entries */
    uint64_t number;               /* of the last entry covered */
    uint8_t head[JB_HASH_BYTES];   /* chain head at that number */
};

/* A claim from its parts; epoch and head are copied. */
struct jb_line_claim jb_line_claim_of(enum jb_line_role role, uint32_t node,
                                      const uint8_t epoch[JB_EPOCH_BYTES], uint64_t number,
                                      const uint8_t head[JB_HASH_BYTES]);

/* The statement of a claim, the message that is signed with JB_SIGN_PURPOSE_LINE:
 *
 *     offset  bytes  content
 *          0      1  role: 'D', 'B' or 'U'
 *          1      4  node, big endian
 *          5     16  epoch
 *         21      8  number, big endian
 *         29     32  head
 */
#define JB_LINE_STATEMENT_BYTES 61
void jb_line_statement(const struct jb_line_claim *claim, uint8_t out[JB_LINE_STATEMENT_BYTES]);

/* Statement and signature in one step. Errors as above. */
JB_MUST enum jb_err jb_line_sign(uint8_t suite, const uint8_t secret[JB_SIGN_SECRET_BYTES],
                                 const struct jb_line_claim *claim, uint8_t sig[JB_SIGN_BYTES]);
JB_MUST enum jb_err jb_line_verify(uint8_t suite, const uint8_t public_key[JB_KEY_BYTES],
                                   const struct jb_line_claim *claim,
                                   const uint8_t sig[JB_SIGN_BYTES]);

#endif
