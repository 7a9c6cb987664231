/* The hash chain of a line: one head stands for everything that was ever said on it.
 *
 * The chain runs over the *hashes* of items, never over the items: a body may be erased later
 * (personal data whose time is over) while its hash stays, and every head and every signature over
 * a head still verifies. The hash is that of the network's suite; one with which jb_suite_start
 * failed, or that is unknown, ends the process: nothing else must ever pass for a head. Any thread,
 * no state. */
#ifndef JB_WIRE_CHAIN_H
#define JB_WIRE_CHAIN_H

#include "proto/base/bytes.h"
#include "proto/wire/suite.h"

#define JB_EPOCH_BYTES 16 /* random; names one incarnation of one log */

/* The suite's hash: BLAKE2b-256 or SM3. `data` may be NULL when len is 0. */
void jb_hash(uint8_t suite, const void *data, size_t len, uint8_t out[JB_HASH_BYTES]);

/* BLAKE2b-256 in every network, for what is no part of the suite: names of case keys, tokens. */
void jb_digest(const void *data, size_t len, uint8_t out[JB_HASH_BYTES]);

/* head(0) = H("jiaoban-chain-v1" || node, 4 bytes big endian || epoch): two lines or two
 * incarnations never share a head. */
void jb_chain_start(uint8_t suite, uint32_t node, const uint8_t epoch[JB_EPOCH_BYTES],
                    uint8_t head[JB_HASH_BYTES]);

/* head(n) = H(head(n-1) || H(item n)). `out` may be `prev`. */
void jb_chain_next(uint8_t suite, const uint8_t prev[JB_HASH_BYTES],
                   const uint8_t item_hash[JB_HASH_BYTES], uint8_t out[JB_HASH_BYTES]);

#endif
