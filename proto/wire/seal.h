/* Sealing of personal data: XChaCha20-Poly1305 under a random key per case. Of ratings: to the
 * broker's line key. And the hash of a query code.
 *
 * Erasing the key erases the person from every replica and every backup. The associated data ties a
 * sealed field to its place (case and field name), so that it cannot be moved to another case.
 * Pure functions, any thread, after jb_sign_init. */
#ifndef JB_WIRE_SEAL_H
#define JB_WIRE_SEAL_H

#include "proto/base/arena.h"
#include "proto/wire/keys.h"

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

/* ---- ratings: sealed from everybody but the broker while the window is open -------------------
 */

/* A sealed rating: crypto_box_seal of "jbr1", case number (8 bytes, big endian), party, value. */
#define JB_RATING_PLAIN_BYTES 14
#define JB_RATING_SEALED_BYTES (JB_RATING_PLAIN_BYTES + 48)

/* Seal one rating to the broker's line key (Curve25519). Bound to case and party, so that it cannot
 * be shown as that of another. JB_RANGE: a party or value that is none (JB_RATED_*, JB_SATISFIED
 * ...); JB_NOMEM; JB_BAD_SIGNATURE: not a usable key. */
JB_MUST enum jb_err jb_rating_seal(const uint8_t broker_line_key[JB_KEY_BYTES], int64_t case_no,
                                   int party, int satisfaction, struct jb_arena *arena,
                                   struct jb_bytes *out);

/* Open it with the broker's own keys. JB_MALFORMED: not as long as a rating; JB_BAD_SIGNATURE: not
 * sealed to this key, or changed; JB_RANGE: sealed for another case or party, or no such value. */
JB_MUST enum jb_err jb_rating_open(const struct jb_node_keys *keys, int64_t case_no, int party,
                                   struct jb_bytes sealed, int *satisfaction);

/* ---- query codes ------------------------------------------------------------------------------
 */

#define JB_QUERY_CODE_CHARS 12 /* 0-9 A-Z without I L O U */
#define JB_QUERY_CODE_TEXT 15  /* as told, "7K3M-X2QP-9DHT", with NUL */

/* A new random code as it is told to the petitioner. */
void jb_query_code_new(char out[JB_QUERY_CODE_TEXT]);

/* The hash that is kept in the code's stead: BLAKE2b-256 of the twelve characters, keyed with
 * "jiaoban query code". Takes a code as people write it: any case, with dashes and spaces or
 * without, I and L for 1, O for 0. JB_MALFORMED: not twelve characters of the alphabet. */
JB_MUST enum jb_err jb_query_code_hash(struct jb_text code, uint8_t hash[JB_HASH_BYTES]);

#endif
