/* Suites: which signature and which hash a network uses, from its first entry to its last.
 *
 * Chosen when the broker's keys are made; every key file, public line, ledger and signature carries
 * the tag. A suite covers line statements, chains and the hashes of what stands in them. Not part
 * of it, and the same in every network: the transport (CURVE), the sealing of persons and ratings,
 * names of case keys, query codes. Any thread. */
#ifndef JB_WIRE_SUITE_H
#define JB_WIRE_SUITE_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/err.h"

/* Tags travel on the wire and lie on disk for decades: never reuse one. 0: not given. */
#define JB_SUITE_ED25519 1 /* Ed25519 with BLAKE2b-256 (libsodium) */
#define JB_SUITE_SM2_SM3 2 /* SM2 with SM3, GB/T 32918 and 32905 (OpenSSL 3) */

/* "ed25519", "sm2"; "unknown". Static storage. */
const char *jb_suite_name(uint8_t suite);
/* The tag of such a name; 0: none. */
uint8_t jb_suite_parse(const char *name);
bool jb_suite_known(uint8_t suite);

/* Make the suite's library ready; idempotent. OpenSSL is loaded only here, since a network of suite
 * 1 has no use for its memory. JB_UNSUPPORTED: an unknown suite, or the library is not installed;
 * the fault says what to do. */
JB_MUST enum jb_err jb_suite_start(uint8_t suite, struct jb_fault *fault);

#endif
