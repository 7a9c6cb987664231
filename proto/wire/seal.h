/* Sealing of personal data: XChaCha20-Poly1305 under a random key per case.
 *
 * Erasing the key erases the person from every replica and every backup. The associated data ties a
 * sealed field to its place (case and field name), so that it cannot be moved to another case.
 * Pure functions, any thread, after jb_sign_init. */
#ifndef JB_WIRE_SEAL_H
#define JB_WIRE_SEAL_H

#include "proto/base/bytes.h"
#include "proto/base/err.h"

/* A sealed field: nonce (24 bytes, random) || ciphertext (as long as the text) || tag (16 bytes).
 */
#define JB_SEAL_NONCE_BYTES 24
#define JB_SEAL_TAG_BYTES 16
#define JB_SEAL_EXTRA_BYTES (JB_SEAL_NONCE_BYTES + JB_SEAL_TAG_BYTES)
#define JB_SEAL_KEY_ID_BYTES 16

/* A new random key. */
void jb_seal_key_new(uint8_t key[JB_KEY_BYTES]);

/* The first 16 bytes of BLAKE2b-256 over the key: names a key without telling it. */
void jb_seal_key_id(const uint8_t key[JB_KEY_BYTES], uint8_t id[JB_SEAL_KEY_ID_BYTES]);

/* Encrypt: writes plain.len + JB_SEAL_EXTRA_BYTES bytes to `sealed`, which must not overlap
 * `plain`. A fresh random nonce each time. Cannot fail. */
void jb_seal(const uint8_t key[JB_KEY_BYTES], struct jb_bytes plain, struct jb_bytes aad,
             uint8_t *sealed);

/* Decrypt: writes sealed.len - JB_SEAL_EXTRA_BYTES bytes to `plain` (may be NULL when that is 0),
 * which must not overlap `sealed`. JB_MALFORMED: too short; JB_BAD_SIGNATURE: wrong key or
 * associated data, or changed: then `plain` holds nothing of the text. */
JB_MUST enum jb_err jb_unseal(const uint8_t key[JB_KEY_BYTES], struct jb_bytes sealed,
                              struct jb_bytes aad, uint8_t *plain);

#endif
