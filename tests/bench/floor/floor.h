/* The bare broker's protocol over ROUTER and DEALER: one frame, a letter, then numbers in the
 * machine's byte order. A client's routing id is its name, "s3" or "n17".
 *
 *   client  H                             hello, answered with H
 *           S number(8) node(4) body      submit
 *           A event(8) ...                these are on my disk
 *   broker  C number(8) ...               these are on disk
 *           D event(8) node(4) body       deliver
 *
 * "signed" adds what a proof of both sides costs at least: the broker chains what goes to a node,
 * head = H(head, body), and sends after each group
 *           G head(32) signature(64)
 * which the client checks; its A ends with head(32) signature(64), which the broker checks before
 * it stores it.
 */
#ifndef JB_BENCH_FLOOR_H
#define JB_BENCH_FLOOR_H

#include <sodium.h>
#include <stddef.h>
#include <string.h>

#define FLOOR_HEAD ((size_t)13) /* of S and D, before the body */
/* CURVE keys in Z85, the same for all clients: this broker knows nobody. */
#define FLOOR_SERVER_PUBLIC "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
#define FLOOR_SERVER_SECRET "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6"
#define FLOOR_CLIENT_PUBLIC "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
#define FLOOR_CLIENT_SECRET "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"

#define FLOOR_CHAIN_BYTES ((size_t)32)
#define FLOOR_SIGNED_BYTES (FLOOR_CHAIN_BYTES + (size_t)crypto_sign_BYTES)

struct floor_signer { /* the same pair for everybody: this broker knows nobody */
    unsigned char public[crypto_sign_PUBLICKEYBYTES], secret[crypto_sign_SECRETKEYBYTES];
};

static inline struct floor_signer floor_signer_make(void)
{
    static const unsigned char seed[crypto_sign_SEEDBYTES] = "the same for everybody";
    struct floor_signer s;
    (void)crypto_sign_seed_keypair(s.public, s.secret, seed);
    return s;
}

static inline void floor_chain(unsigned char head[FLOOR_CHAIN_BYTES], const void *body, size_t len)
{
    crypto_generichash_state h;
    (void)crypto_generichash_init(&h, NULL, 0, FLOOR_CHAIN_BYTES);
    (void)crypto_generichash_update(&h, head, FLOOR_CHAIN_BYTES);
    (void)crypto_generichash_update(&h, body, len);
    (void)crypto_generichash_final(&h, head, FLOOR_CHAIN_BYTES);
}

/* A head and the signature over it, FLOOR_SIGNED_BYTES, to `out`. */
static inline void floor_sign(const struct floor_signer *s, const unsigned char *head,
                              unsigned char *out)
{
    memcpy(out, head, FLOOR_CHAIN_BYTES);
    (void)crypto_sign_detached(out + FLOOR_CHAIN_BYTES, NULL, head, FLOOR_CHAIN_BYTES, s->secret);
}

static inline int floor_verify(const struct floor_signer *s, const unsigned char *in)
{
    return crypto_sign_verify_detached(in + FLOOR_CHAIN_BYTES, in, FLOOR_CHAIN_BYTES, s->public);
}

#endif
