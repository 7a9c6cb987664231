/* Hashes and heads. Every input to a hash has a fixed length or stands alone, so that no two
 * different histories are fed to the hash as the same bytes. */
#include "proto/wire/chain.h"

#include <sodium.h>
#include <stdlib.h>

#include "proto/wire/sm.h"

_Static_assert(JB_HASH_BYTES == crypto_generichash_BYTES, "BLAKE2b-256");

static const char start_label[16] = {'j', 'i', 'a', 'o', 'b', 'a', 'n', '-',
                                     'c', 'h', 'a', 'i', 'n', '-', 'v', '1'};

void jb_digest(const void *data, size_t len, uint8_t out[JB_HASH_BYTES])
{
    /* Fails only for key and digest sizes outside its range, which are constants here. */
    (void)crypto_generichash(out, JB_HASH_BYTES, data, len, NULL, 0);
}

void jb_hash(uint8_t suite, const void *data, size_t len, uint8_t out[JB_HASH_BYTES])
{
    if (suite == JB_SUITE_ED25519)
        jb_digest(data, len, out);
    else if (suite == JB_SUITE_SM2_SM3)
        jb_sm3(data, len, out);
    else
        abort(); /* every file and key is checked for its suite before anything is hashed */
}

void jb_chain_start(uint8_t suite, uint32_t node, const uint8_t epoch[JB_EPOCH_BYTES],
                    uint8_t head[JB_HASH_BYTES])
{
    uint8_t buf[sizeof start_label + 4 + JB_EPOCH_BYTES];
    uint8_t *p = buf + sizeof start_label;

    memcpy(buf, start_label, sizeof start_label);
    for (int shift = 24; shift >= 0; shift -= 8)
        *p++ = (uint8_t)(node >> shift);
    memcpy(p, epoch, JB_EPOCH_BYTES);
    jb_hash(suite, buf, sizeof buf, head);
}

void jb_chain_next(uint8_t suite, const uint8_t prev[JB_HASH_BYTES],
                   const uint8_t item_hash[JB_HASH_BYTES], uint8_t out[JB_HASH_BYTES])
{
    uint8_t buf[2 * JB_HASH_BYTES];

    memcpy(buf, prev, JB_HASH_BYTES);
    memcpy(buf + JB_HASH_BYTES, item_hash, JB_HASH_BYTES);
    jb_hash(suite, buf, sizeof buf, out);
}
