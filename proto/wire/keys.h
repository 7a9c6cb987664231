/* A node's keys, and the file that holds them.
 *
 * A node has two key pairs: the line key (Curve25519) opens its connection and *is* its identity on
 * the network; the signing key (Ed25519 or SM2, by the network's suite) makes its receipts provable
 * to third parties. Both live in one file which is never overwritten and never read when others can
 * read it. The two public halves travel as one line of text, by which an administrator enrols the
 * node. */
#ifndef JB_WIRE_KEYS_H
#define JB_WIRE_KEYS_H

#include "proto/base/bytes.h"
#include "proto/base/err.h"

#define JB_SIGN_SECRET_BYTES 64 /* seed or secret number, then the public key */

/* A line key pair; wipe with jb_keys_wipe of the owner. */
struct jb_keypair {
    uint8_t public_key[JB_KEY_BYTES];
    uint8_t secret_key[JB_KEY_BYTES];
};

struct jb_node_keys {
    uint8_t suite;                             /* of the signing key */
    struct jb_keypair line;                    /* Curve25519 in every suite, for the connection */
    uint8_t sign_public[JB_KEY_BYTES];         /* Ed25519; SM2: x, of the point with even y */
    uint8_t sign_secret[JB_SIGN_SECRET_BYTES]; /* wiped with the struct */
};

struct jb_public_keys {
    uint8_t suite;
    uint8_t line[JB_KEY_BYTES]; /* Curve25519 */
    uint8_t sign[JB_KEY_BYTES]; /* as above */
};

/* New random keys. JB_IO: no source of randomness; JB_UNSUPPORTED: the suite is unknown or its
 * library missing; JB_NOMEM. The fault says what to do. */
JB_MUST enum jb_err jb_keys_generate(uint8_t suite, struct jb_node_keys *out,
                                     struct jb_fault *fault);

/* Write the file with mode 0600; file and folder are on disk when this returns JB_OK. Never
 * overwrites: JB_EXISTS. JB_IO, JB_FULL, JB_DENIED, JB_NOT_FOUND (folder): nothing is left behind.
 */
JB_MUST enum jb_err jb_keys_save(const struct jb_node_keys *keys, const char *path,
                                 struct jb_fault *fault);

/* Read a file written by jb_keys_save. JB_NOT_FOUND; JB_DENIED: not readable by us, readable or
 * writable by group or others, or owned by somebody who is neither us nor root; JB_CORRUPT: not a
 * key file, damaged, or the public halves do not belong to the secret ones; JB_VERSION: made by a
 * later version; JB_UNSUPPORTED: its suite needs a library that is not installed; JB_IO. The fault
 * says what to do. *out is wiped on failure. */
JB_MUST enum jb_err jb_keys_load(const char *path, struct jb_node_keys *out,
                                 struct jb_fault *fault);

/* Overwrite the secrets so that the compiler cannot leave it out. */
void jb_keys_wipe(struct jb_node_keys *keys);

void jb_keys_public(const struct jb_node_keys *keys, struct jb_public_keys *out);

/* "jbk1:" line key ":" signing key ":" checksum, all in lower-case hexadecimal; the digit is the
 * suite. The checksum is the first 4 bytes of the suite's hash over line key || signing key: it
 * catches slips of copying. */
#define JB_KEYS_PUBLIC_TEXT_BYTES (5 + 64 + 1 + 64 + 1 + 8 + 1) /* with the final NUL */
void jb_keys_public_text(const struct jb_public_keys *keys, char out[JB_KEYS_PUBLIC_TEXT_BYTES]);

/* Reads what jb_keys_public_text wrote; space around it and capital hex digits are allowed.
 * JB_VERSION: another prefix of the family ("jbk3:"); JB_UNSUPPORTED: its suite needs a library
 * that is not installed; JB_MALFORMED: anything else. */
JB_MUST enum jb_err jb_keys_public_parse(const char *text, struct jb_public_keys *out,
                                         struct jb_fault *fault);

/* The first 8 bytes of a line key as a big-endian number: says which key opened a connection. */
uint64_t jb_keys_tag(const uint8_t line_key[JB_KEY_BYTES]);

#endif
