/* SM2 (GB/T 32918.2, curve sm2p256v1) and SM3 (GB/T 32905) through OpenSSL 3. Private to wire.
 *
 * libcrypto is loaded when it is first needed, not linked: it costs every process 1.5 MB, and only
 * networks of suite 2 use it. A public key is the x coordinate alone; its point is the one with
 * even y, and keys are made so. Any thread. */
#ifndef JB_WIRE_SM_H
#define JB_WIRE_SM_H

#include <stdbool.h>

#include "proto/base/bytes.h"
#include "proto/base/err.h"

/* Load the library; idempotent. JB_UNSUPPORTED: it is missing or too old. */
JB_MUST enum jb_err jb_sm_start(struct jb_fault *fault);

/* SM3. Ends the process if the library cannot be loaded or memory is out: a hash that is not one
 * must never get into a chain. */
void jb_sm3(const void *data, size_t len, uint8_t out[JB_HASH_BYTES]);

/* A new secret and its public key. JB_UNSUPPORTED, JB_IO (no randomness), JB_NOMEM. */
JB_MUST enum jb_err jb_sm2_generate(uint8_t secret[JB_KEY_BYTES], uint8_t public_x[JB_KEY_BYTES]);
/* The public key of a secret. JB_CORRUPT: not a secret, or its point has an odd y. */
JB_MUST enum jb_err jb_sm2_public(const uint8_t secret[JB_KEY_BYTES],
                                  uint8_t public_x[JB_KEY_BYTES]);

/* r || s over SM3(Z || msg), with the usual identity "1234567812345678" in Z. JB_UNSUPPORTED,
 * JB_NOMEM (whatever the library refuses: the keys have been checked before). */
JB_MUST enum jb_err jb_sm2_sign(const uint8_t secret[JB_KEY_BYTES],
                                const uint8_t public_x[JB_KEY_BYTES], struct jb_bytes msg,
                                uint8_t sig[JB_SIGN_BYTES]);
/* JB_BAD_SIGNATURE: also for a key that is no point of the curve. JB_UNSUPPORTED, JB_NOMEM. */
JB_MUST enum jb_err jb_sm2_verify(const uint8_t public_x[JB_KEY_BYTES], struct jb_bytes msg,
                                  const uint8_t sig[JB_SIGN_BYTES]);

#endif
