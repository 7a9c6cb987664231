/* Sealing by libsodium's XChaCha20-Poly1305 (IETF variant). The 24-byte nonce is long enough to be
 * drawn at random for ever; keeps no state. */
#include "proto/wire/seal.h"

#include <sodium.h>

#include "proto/rules/act.h"
#include "proto/wire/chain.h"

_Static_assert(JB_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key size");
_Static_assert(JB_SEAL_NONCE_BYTES == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce size");
_Static_assert(JB_SEAL_TAG_BYTES == crypto_aead_xchacha20poly1305_ietf_ABYTES, "tag size");
_Static_assert(JB_RATING_SEALED_BYTES == JB_RATING_PLAIN_BYTES + crypto_box_SEALBYTES, "box size");

void jb_seal_key_new(uint8_t key[JB_KEY_BYTES])
{
    randombytes_buf(key, JB_KEY_BYTES);
}

void jb_seal_key_id(const uint8_t key[JB_KEY_BYTES], uint8_t id[JB_SEAL_KEY_ID_BYTES])
{
    uint8_t hash[JB_HASH_BYTES];
    jb_digest(key, JB_KEY_BYTES, hash);
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

/* ---- ratings --------------------------------------------------------------------------------- */

#define RATING_TAG "jbr1"
#define RATING_TAG_BYTES 4

static void rating_place(int64_t case_no, int party, uint8_t plain[JB_RATING_PLAIN_BYTES])
{
    uint64_t no = (uint64_t)case_no;

    memcpy(plain, RATING_TAG, RATING_TAG_BYTES);
    for (int i = 0; i < 8; i++)
        plain[RATING_TAG_BYTES + i] = (uint8_t)(no >> (56 - 8 * i));
    plain[JB_RATING_PLAIN_BYTES - 2] = (uint8_t)party;
    plain[JB_RATING_PLAIN_BYTES - 1] = 0;
}

static bool is_rating(int party, int satisfaction)
{
    return party >= JB_RATED_OFFICE && party <= JB_RATED_PARTIES && satisfaction >= JB_SATISFIED &&
           satisfaction <= JB_NOT_SATISFIED;
}

enum jb_err jb_rating_seal(const uint8_t broker_line_key[JB_KEY_BYTES], int64_t case_no, int party,
                           int satisfaction, struct jb_arena *arena, struct jb_bytes *out)
{
    uint8_t plain[JB_RATING_PLAIN_BYTES];
    uint8_t *sealed;
    int rc;

    if (!is_rating(party, satisfaction))
        return JB_RANGE;
    sealed = jb_arena_alloc(arena, JB_RATING_SEALED_BYTES);
    if (sealed == NULL)
        return JB_NOMEM;
    rating_place(case_no, party, plain);
    plain[JB_RATING_PLAIN_BYTES - 1] = (uint8_t)satisfaction;
    rc = crypto_box_seal(sealed, plain, sizeof plain, broker_line_key);
    sodium_memzero(plain, sizeof plain);
    if (rc != 0)
        return JB_BAD_SIGNATURE;
    *out = (struct jb_bytes){sealed, JB_RATING_SEALED_BYTES};
    return JB_OK;
}

enum jb_err jb_rating_open(const struct jb_node_keys *keys, int64_t case_no, int party,
                           struct jb_bytes sealed, int *satisfaction)
{
    uint8_t plain[JB_RATING_PLAIN_BYTES];
    uint8_t place[JB_RATING_PLAIN_BYTES];
    enum jb_err err = JB_OK;
    int value;

    if (sealed.len != JB_RATING_SEALED_BYTES)
        return JB_MALFORMED;
    if (crypto_box_seal_open(plain, sealed.data, sealed.len, keys->line.public_key,
                             keys->line.secret_key) != 0)
        return JB_BAD_SIGNATURE;
    rating_place(case_no, party, place);
    value = plain[JB_RATING_PLAIN_BYTES - 1];
    if (memcmp(plain, place, JB_RATING_PLAIN_BYTES - 1) != 0 || !is_rating(party, value))
        err = JB_RANGE;
    else
        *satisfaction = value;
    sodium_memzero(plain, sizeof plain);
    return err;
}

/* ---- query codes ------------------------------------------------------------------------------
 */

static const char code_alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

#define CODE_GROUP 4

void jb_query_code_new(char out[JB_QUERY_CODE_TEXT])
{
    size_t at = 0;

    for (int i = 0; i < JB_QUERY_CODE_CHARS; i++) {
        if (i > 0 && i % CODE_GROUP == 0)
            out[at++] = '-';
        out[at++] = code_alphabet[randombytes_uniform(sizeof code_alphabet - 1)];
    }
    out[at] = '\0';
}

/* The character of the alphabet that a written one stands for; NUL: none. */
static char code_char(char ch)
{
    if (ch >= 'a' && ch <= 'z')
        ch = (char)(ch - 'a' + 'A');
    if (ch == 'I' || ch == 'L')
        return '1';
    if (ch == 'O')
        return '0';
    return ch != '\0' && strchr(code_alphabet, ch) != NULL ? ch : '\0';
}

enum jb_err jb_query_code_hash(struct jb_text code, uint8_t hash[JB_HASH_BYTES])
{
    static const char key[] = "jiaoban query code";
    uint8_t plain[JB_QUERY_CODE_CHARS];
    size_t count = 0;

    for (size_t i = 0; i < code.len; i++) {
        char ch = code.data[i];

        if (ch == '-' || ch == ' ')
            continue;
        ch = code_char(ch);
        if (ch == '\0' || count == sizeof plain)
            return JB_MALFORMED;
        plain[count++] = (uint8_t)ch;
    }
    if (count != sizeof plain)
        return JB_MALFORMED;
    /* The only documented result is 0. */
    (void)crypto_generichash(hash, JB_HASH_BYTES, plain, sizeof plain, (const uint8_t *)key,
                             sizeof key - 1);
    sodium_memzero(plain, sizeof plain);
    return JB_OK;
}
