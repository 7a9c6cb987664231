/* Sealing by libsodium's XChaCha20-Poly1305 (IETF variant). The 24-byte nonce is long enough to be
 * drawn at random for ever; keeps no state. */
#include "proto/wire/seal.h"

#include <sodium.h>

#include "proto/wire/chain.h"

_Static_assert(JB_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key size");
_Static_assert(JB_SEAL_NONCE_BYTES == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce size");
_Static_assert(JB_SEAL_TAG_BYTES == crypto_aead_xchacha20poly1305_ietf_ABYTES, "tag size");

void jb_seal_key_new(uint8_t key[JB_KEY_BYTES])
{
    randombytes_buf(key, JB_KEY_BYTES);
}

void jb_seal_key_id(const uint8_t key[JB_KEY_BYTES], uint8_t id[JB_SEAL_KEY_ID_BYTES])
{
    uint8_t hash[JB_HASH_BYTES];
    jb_hash(key, JB_KEY_BYTES, hash);
    memcpy(id, hash, JB_SEAL_KEY_ID_BYTES);
}

void jb_seal(const uint8_t key[JB_KEY_BYTES], struct jb_bytes plain, struct jb_bytes aad,
             uint8_t *sealed)
{
    uint8_t *text = sealed + JB_SEAL_NONCE_BYTES;
    unsigned long long written = 0;

    randombytes_buf(sealed, JB_SEAL_NONCE_BYTES);
    /* The only documented result is 0. */
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(text, &written, plain.data, plain.len,
                                                     aad.data, aad.len, NULL, sealed, key);
}

enum jb_err jb_unseal(const uint8_t key[JB_KEY_BYTES], struct jb_bytes sealed, struct jb_bytes aad,
                      uint8_t *plain)
{
    if (sealed.len < JB_SEAL_EXTRA_BYTES)
        return JB_MALFORMED;
    const uint8_t *nonce = sealed.data;
    const uint8_t *text = sealed.data + JB_SEAL_NONCE_BYTES;
    size_t text_len = sealed.len - JB_SEAL_NONCE_BYTES;
    uint8_t nothing = 0;

    int rc =
        crypto_aead_xchacha20poly1305_ietf_decrypt(plain != NULL ? plain : &nothing, NULL, NULL,
                                                   text, text_len, aad.data, aad.len, nonce, key);
    return rc == 0 ? JB_OK : JB_BAD_SIGNATURE;
}
