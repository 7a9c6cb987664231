/* Signatures over "jiaoban-v1" NUL purpose NUL message. Plain Ed25519 (not the pre-hashed variant)
 * and SM2 as the standard has it, so that any library can check a receipt; never logs and never
 * keeps a key. */
#include "proto/wire/sign.h"

#include <sodium.h>
#include <stdlib.h>

#include "proto/wire/sm.h"

_Static_assert(JB_SIGN_BYTES == crypto_sign_BYTES, "signature size");
_Static_assert(JB_SIGN_SECRET_BYTES == crypto_sign_SECRETKEYBYTES, "secret key size");
_Static_assert(JB_KEY_BYTES == crypto_sign_PUBLICKEYBYTES, "public key size");

#define DOMAIN "jiaoban-v1"
#define SMALL_BYTES 512 /* what is signed on the line fits; larger messages are allocated */

/* The bytes that are signed. All zero before framed_make. */
struct framed {
    uint8_t small[SMALL_BYTES];
    uint8_t *large; /* owned; NULL when `small` is enough */
    size_t len;
};

static enum jb_err framed_make(struct framed *f, const char *purpose, struct jb_bytes msg)
{
    size_t purpose_len = strlen(purpose) + 1; /* the NULs are part of it */
    size_t head_len = sizeof DOMAIN + purpose_len;

    f->large = NULL;
    f->len = head_len + msg.len;
    if (f->len < msg.len)
        return JB_TOO_LARGE;
    if (f->len > sizeof f->small) {
        f->large = malloc(f->len);
        if (f->large == NULL)
            return JB_NOMEM;
    }
    uint8_t *out = f->large != NULL ? f->large : f->small;
    memcpy(out, DOMAIN, sizeof DOMAIN);
    memcpy(out + sizeof DOMAIN, purpose, purpose_len);
    if (msg.len > 0)
        memcpy(out + head_len, msg.data, msg.len);
    return JB_OK;
}

static const uint8_t *framed_data(const struct framed *f)
{
    return f->large != NULL ? f->large : f->small;
}

enum jb_err jb_sign_init(void)
{
    return sodium_init() < 0 ? JB_IO : JB_OK;
}

/* ---- the algorithms ---- */

struct algorithm {
    enum jb_err (*sign)(const uint8_t secret[JB_SIGN_SECRET_BYTES], struct jb_bytes msg,
                        uint8_t sig[JB_SIGN_BYTES]);
    enum jb_err (*verify)(const uint8_t public_key[JB_KEY_BYTES], struct jb_bytes msg,
                          const uint8_t sig[JB_SIGN_BYTES]);
};

static enum jb_err ed25519_sign(const uint8_t secret[JB_SIGN_SECRET_BYTES], struct jb_bytes msg,
                                uint8_t sig[JB_SIGN_BYTES])
{
    (void)crypto_sign_detached(sig, NULL, msg.data, msg.len, secret); /* always 0 */
    return JB_OK;
}

static enum jb_err ed25519_verify(const uint8_t public_key[JB_KEY_BYTES], struct jb_bytes msg,
                                  const uint8_t sig[JB_SIGN_BYTES])
{
    return crypto_sign_verify_detached(sig, msg.data, msg.len, public_key) == 0 ? JB_OK
                                                                                : JB_BAD_SIGNATURE;
}

/* The secret is followed by its public key, as with Ed25519. */
static enum jb_err sm2_sign(const uint8_t secret[JB_SIGN_SECRET_BYTES], struct jb_bytes msg,
                            uint8_t sig[JB_SIGN_BYTES])
{
    return jb_sm2_sign(secret, secret + JB_KEY_BYTES, msg, sig);
}

static const struct algorithm algorithms[] = {
    [JB_SUITE_ED25519] = {ed25519_sign, ed25519_verify},
    [JB_SUITE_SM2_SM3] = {sm2_sign, jb_sm2_verify},
};

enum jb_err jb_sign(uint8_t suite, const uint8_t secret[JB_SIGN_SECRET_BYTES], const char *purpose,
                    struct jb_bytes msg, uint8_t sig[JB_SIGN_BYTES])
{
    struct framed f;
    if (!jb_suite_known(suite))
        return JB_UNSUPPORTED;
    enum jb_err err = framed_make(&f, purpose, msg);
    if (err != JB_OK)
        return err;
    err = algorithms[suite].sign(secret, (struct jb_bytes){framed_data(&f), f.len}, sig);
    free(f.large);
    return err;
}

enum jb_err jb_sign_verify(uint8_t suite, const uint8_t public_key[JB_KEY_BYTES],
                           const char *purpose, struct jb_bytes msg,
                           const uint8_t sig[JB_SIGN_BYTES])
{
    struct framed f;
    if (!jb_suite_known(suite))
        return JB_UNSUPPORTED;
    enum jb_err err = framed_make(&f, purpose, msg);
    if (err != JB_OK)
        return err;
    err = algorithms[suite].verify(public_key, (struct jb_bytes){framed_data(&f), f.len}, sig);
    free(f.large);
    return err;
}

/* Big endian, `bytes` of them. Returns where the next field starts. */
static uint8_t *put_number(uint8_t *p, uint64_t value, int bytes)
{
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
        *p++ = (uint8_t)(value >> shift);
    return p;
}

struct jb_line_claim jb_line_claim_of(enum jb_line_role role, uint32_t node,
                                      const uint8_t epoch[JB_EPOCH_BYTES], uint64_t number,
                                      const uint8_t head[JB_HASH_BYTES])
{
    struct jb_line_claim claim = {.role = role, .node = node, .number = number};
    memcpy(claim.epoch, epoch, sizeof claim.epoch);
    memcpy(claim.head, head, sizeof claim.head);
    return claim;
}

void jb_line_statement(const struct jb_line_claim *claim, uint8_t out[JB_LINE_STATEMENT_BYTES])
{
    uint8_t *p = out;
    p = put_number(p, (uint64_t)claim->role, 1);
    p = put_number(p, claim->node, 4);
    memcpy(p, claim->epoch, JB_EPOCH_BYTES);
    p = put_number(p + JB_EPOCH_BYTES, claim->number, 8);
    memcpy(p, claim->head, JB_HASH_BYTES);
}

enum jb_err jb_line_sign(uint8_t suite, const uint8_t secret[JB_SIGN_SECRET_BYTES],
                         const struct jb_line_claim *claim, uint8_t sig[JB_SIGN_BYTES])
{
    uint8_t statement[JB_LINE_STATEMENT_BYTES];
    jb_line_statement(claim, statement);
    struct jb_bytes msg = {statement, sizeof statement};
    return jb_sign(suite, secret, JB_SIGN_PURPOSE_LINE, msg, sig);
}

enum jb_err jb_line_verify(uint8_t suite, const uint8_t public_key[JB_KEY_BYTES],
                           const struct jb_line_claim *claim, const uint8_t sig[JB_SIGN_BYTES])
{
    uint8_t statement[JB_LINE_STATEMENT_BYTES];
    jb_line_statement(claim, statement);
    struct jb_bytes msg = {statement, sizeof statement};
    return jb_sign_verify(suite, public_key, JB_SIGN_PURPOSE_LINE, msg, sig);
}
