/* A borrowed run of bytes; says nothing about who owns the memory (the comment of the field does).
 */
#ifndef JB_BASE_BYTES_H
#define JB_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct jb_bytes {
    const uint8_t *data; /* NULL when len is 0 */
    size_t len;          /* bytes */
};

/* UTF-8 text, not NUL-terminated, checked on entry: valid UTF-8 without NUL. */
struct jb_text {
    const char *data; /* NULL when len is 0 */
    size_t len;       /* bytes */
};

static inline struct jb_text jb_text_of(const char *z)
{
    struct jb_text t = {z, z != NULL ? strlen(z) : 0};
    return t;
}

static inline bool jb_text_equal(struct jb_text a, struct jb_text b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

#define JB_HASH_BYTES 32 /* BLAKE2b-256 */
#define JB_KEY_BYTES 32  /* Curve25519, Ed25519 public key, secretbox key */
#define JB_SIGN_BYTES 64 /* Ed25519 signature */

#endif
