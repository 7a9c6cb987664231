/* Passwords: argon2id (libsodium), on worker threads, a bounded number at once, since each takes
 * tens of milliseconds and 64 MiB. The texts are wiped when they have been used. Loop thread only.
 */
#ifndef JB_CLIENTS_GATEWAY_PASSWORD_H
#define JB_CLIENTS_GATEWAY_PASSWORD_H

#include <sodium.h>
#include <stdbool.h>
#include <uv.h>

#include "proto/base/err.h"

#define JB_GW_HASHES_AT_ONCE 32

/* From the loop. verify: `good` tells, hash is "". make: hash is the new one, or "" when there was
 * no memory. */
typedef void (*jb_gw_hashed_fn)(void *data, bool good, const char *hash);

/* Is this the password that the hash was made from? hash NULL: no, after as long a time. Copies
 * both. BUSY: too many at once; NOMEM: fn is not called then. */
JB_MUST enum jb_err jb_gw_password_verify(uv_loop_t *loop, const char *password, const char *hash,
                                          jb_gw_hashed_fn fn, void *data);
/* Make a hash. */
JB_MUST enum jb_err jb_gw_password_make(uv_loop_t *loop, const char *password, jb_gw_hashed_fn fn,
                                        void *data);
/* The same at once, for the command line. false: no memory. */
JB_MUST bool jb_gw_password_make_now(const char *password, char hash[crypto_pwhash_STRBYTES]);

#endif
