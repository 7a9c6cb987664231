/* The hash chain of a line: one head stands for everything that was ever said on it.
 *
 * The chain runs over the *hashes* of items, never over the items: a body may be erased later
 * (personal data whose time is over) while its hash stays, and every head and every signature over
 * a head still verifies. Hash is BLAKE2b with a 32-byte digest and no key. Any thread, no state. */
#ifndef JB_WIRE_CHAIN_H
#define JB_WIRE_CHAIN_H

#include "proto/base/bytes.h"

#define JB_EPOCH_BYTES 16 /* random; names one incarnation of one log */

/* BLAKE2b-256. `data` may be NULL when len is 0. */
void jb_hash(const void *data, size_t len, uint8_t out[JB_HASH_BYTES]);

/* head(0) = H("jiaoban-chain-v1" || node, 4 bytes big endian || epoch): two lines or two
 * incarnations never share a head. */
void jb_chain_start(uint32_t node, const uint8_t epoch[JB_EPOCH_BYTES],
                    uint8_t head[JB_HASH_BYTES]);

/* head(n) = H(head(n-1) || H(item n)). `out` may be `prev`. */
void jb_chain_next(const uint8_t prev[JB_HASH_BYTES], const uint8_t item_hash[JB_HASH_BYTES],
                   uint8_t out[JB_HASH_BYTES]);

#endif
