/* See sm.h. The functions of the library stand in one table, filled once. */
#include "proto/wire/sm.h"

#include <dlfcn.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#define LIBRARY "libcrypto.so.3"
#define POINT_BYTES (1 + JB_KEY_BYTES) /* compressed: 02 || x, even y */
#define DER_BYTES 80                   /* two integers of up to 33 bytes and their headers */

static const unsigned char identity[] = "1234567812345678";

#define FUNCTIONS(X)                                                                               \
    X(BN_CTX_new)                                                                                  \
    X(BN_CTX_free)                                                                                 \
    X(BN_new)                                                                                      \
    X(BN_free)                                                                                     \
    X(BN_clear_free)                                                                               \
    X(BN_bin2bn)                                                                                   \
    X(BN_bn2binpad)                                                                                \
    X(BN_bn2nativepad)                                                                             \
    X(BN_is_odd)                                                                                   \
    X(BN_is_zero)                                                                                  \
    X(BN_cmp)                                                                                      \
    X(BN_sub)                                                                                      \
    X(BN_priv_rand_range)                                                                          \
    X(EC_GROUP_new_by_curve_name)                                                                  \
    X(EC_GROUP_free)                                                                               \
    X(EC_GROUP_get0_order)                                                                         \
    X(EC_POINT_new)                                                                                \
    X(EC_POINT_free)                                                                               \
    X(EC_POINT_mul)                                                                                \
    X(EC_POINT_get_affine_coordinates)                                                             \
    X(ECDSA_SIG_new)                                                                               \
    X(ECDSA_SIG_free)                                                                              \
    X(ECDSA_SIG_get0)                                                                              \
    X(ECDSA_SIG_set0)                                                                              \
    X(d2i_ECDSA_SIG)                                                                               \
    X(i2d_ECDSA_SIG)                                                                               \
    X(ERR_clear_error)                                                                             \
    X(EVP_MD_fetch)                                                                                \
    X(EVP_Digest)                                                                                  \
    X(EVP_MD_CTX_new)                                                                              \
    X(EVP_MD_CTX_free)                                                                             \
    X(EVP_PKEY_CTX_new_from_name)                                                                  \
    X(EVP_PKEY_CTX_free)                                                                           \
    X(EVP_PKEY_CTX_set1_id)                                                                        \
    X(EVP_PKEY_fromdata_init)                                                                      \
    X(EVP_PKEY_fromdata)                                                                           \
    X(EVP_PKEY_free)                                                                               \
    X(EVP_DigestSignInit_ex)                                                                       \
    X(EVP_DigestSign)                                                                              \
    X(EVP_DigestVerifyInit_ex)                                                                     \
    X(EVP_DigestVerify)

static struct {
#define X(name) __typeof__(name) *name;
    FUNCTIONS(X)
#undef X
} lib;

static EVP_MD *sm3;            /* fetched once: looking it up costs more than hashing a head */
static struct jb_fault reason; /* why the library cannot be used; empty: it can */

static void load(void)
{
    static const struct {
        const char *name;
        void *slot; /* of `lib` */
    } wanted[] = {
#define X(name) {#name, &lib.name},
        FUNCTIONS(X)
#undef X
    };
    void *handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL); /* stays until the process ends */
    if (handle == NULL) {
        (void)jb_fault_set(&reason, JB_UNSUPPORTED,
                           "suite sm2 needs OpenSSL 3 (install libssl3): %s", dlerror());
        return;
    }
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        void *symbol = dlsym(handle, wanted[i].name);
        memcpy(wanted[i].slot, &symbol, sizeof symbol); /* C has no cast from object to function */
        if (symbol == NULL) {
            (void)jb_fault_set(&reason, JB_UNSUPPORTED, "%s has no %s: OpenSSL 3.0 is needed",
                               LIBRARY, wanted[i].name);
            return;
        }
    }
    sm3 = lib.EVP_MD_fetch(NULL, "SM3", NULL);
    if (sm3 == NULL)
        (void)jb_fault_set(&reason, JB_UNSUPPORTED, "%s was built without SM3", LIBRARY);
}

enum jb_err jb_sm_start(struct jb_fault *fault)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    (void)pthread_once(&once, load);
    if (reason.text[0] != '\0')
        return jb_fault_set(fault, JB_UNSUPPORTED, "%s", reason.text);
    return JB_OK;
}

static bool ready(void)
{
    struct jb_fault fault;

    return jb_sm_start(&fault) == JB_OK;
}

void jb_sm3(const void *data, size_t len, uint8_t out[JB_HASH_BYTES])
{
    if (ready() && lib.EVP_Digest(len > 0 ? data : "", len, out, NULL, sm3, NULL) == 1)
        return;
    (void)fputs("jiaoban: SM3 failed (memory, or OpenSSL cannot be loaded); ending\n", stderr);
    abort();
}

/* ---- keys ---- */

/* What multiplying a secret with the base point takes; all NULL before. */
struct arithmetic {
    EC_GROUP *group;
    EC_POINT *point;
    BN_CTX *ctx;
    BIGNUM *secret, *x, *y;
};

static void arithmetic_fini(struct arithmetic *a)
{
    lib.BN_clear_free(a->secret);
    lib.BN_free(a->x);
    lib.BN_free(a->y);
    lib.EC_POINT_free(a->point);
    lib.EC_GROUP_free(a->group);
    lib.BN_CTX_free(a->ctx);
    lib.ERR_clear_error();
}

static bool arithmetic_init(struct arithmetic *a)
{
    *a = (struct arithmetic){.group = lib.EC_GROUP_new_by_curve_name(NID_sm2),
                             .ctx = lib.BN_CTX_new(),
                             .secret = lib.BN_new(),
                             .x = lib.BN_new(),
                             .y = lib.BN_new()};
    a->point = a->group != NULL ? lib.EC_POINT_new(a->group) : NULL;
    return a->point != NULL && a->ctx != NULL && a->secret != NULL && a->x != NULL && a->y != NULL;
}

/* The point of the secret: x and y. */
static bool multiply(struct arithmetic *a)
{
    return lib.EC_POINT_mul(a->group, a->point, a->secret, NULL, NULL, a->ctx) == 1 &&
           lib.EC_POINT_get_affine_coordinates(a->group, a->point, a->x, a->y, a->ctx) == 1;
}

/* 1 <= secret <= order - 2, as the standard asks. */
static bool in_range(const struct arithmetic *a)
{
    const BIGNUM *order = lib.EC_GROUP_get0_order(a->group);
    BIGNUM *one = lib.BN_bin2bn((const unsigned char *)"\1", 1, NULL);
    BIGNUM *last = lib.BN_new();
    bool ok = one != NULL && last != NULL && lib.BN_sub(last, order, one) == 1 &&
              !lib.BN_is_zero(a->secret) && lib.BN_cmp(a->secret, last) < 0;
    lib.BN_free(one);
    lib.BN_free(last);
    return ok;
}

enum jb_err jb_sm2_generate(uint8_t secret[JB_KEY_BYTES], uint8_t public_x[JB_KEY_BYTES])
{
    struct arithmetic a;
    enum jb_err err = JB_IO;

    if (!ready())
        return JB_UNSUPPORTED;
    if (!arithmetic_init(&a)) {
        arithmetic_fini(&a);
        return JB_NOMEM;
    }
    const BIGNUM *order = lib.EC_GROUP_get0_order(a.group);
    bool made = false;
    do
        made = lib.BN_priv_rand_range(a.secret, order) == 1;
    while (made && !in_range(&a));
    made = made && multiply(&a);
    if (made && lib.BN_is_odd(a.y)) /* the negative has the same x and the other y */
        made = lib.BN_sub(a.secret, order, a.secret) == 1 && in_range(&a);
    if (made && lib.BN_bn2binpad(a.secret, secret, JB_KEY_BYTES) == JB_KEY_BYTES &&
        lib.BN_bn2binpad(a.x, public_x, JB_KEY_BYTES) == JB_KEY_BYTES)
        err = JB_OK;
    arithmetic_fini(&a);
    return err;
}

enum jb_err jb_sm2_public(const uint8_t secret[JB_KEY_BYTES], uint8_t public_x[JB_KEY_BYTES])
{
    struct arithmetic a;
    enum jb_err err = JB_NOMEM;

    if (!ready())
        return JB_UNSUPPORTED;
    if (arithmetic_init(&a) && lib.BN_bin2bn(secret, JB_KEY_BYTES, a.secret) != NULL) {
        bool good = in_range(&a) && multiply(&a) && !lib.BN_is_odd(a.y) &&
                    lib.BN_bn2binpad(a.x, public_x, JB_KEY_BYTES) == JB_KEY_BYTES;
        err = good ? JB_OK : JB_CORRUPT;
    }
    arithmetic_fini(&a);
    return err;
}

/* ---- signatures ---- */

/* NULL: no point of the curve has this x, or out of memory. secret: NULL for verifying. */
static EVP_PKEY *key_make(const uint8_t *secret, const uint8_t public_x[JB_KEY_BYTES])
{
    char group[] = "SM2";
    uint8_t point[POINT_BYTES] = {0x02};
    uint8_t native[JB_KEY_BYTES] = {0};
    BIGNUM *number = secret != NULL ? lib.BN_bin2bn(secret, JB_KEY_BYTES, NULL) : NULL;
    EVP_PKEY_CTX *ctx = lib.EVP_PKEY_CTX_new_from_name(NULL, "SM2", NULL);
    EVP_PKEY *key = NULL;

    memcpy(point + 1, public_x, JB_KEY_BYTES);
    bool ok = ctx != NULL && (secret == NULL || number != NULL);
    if (ok && number != NULL)
        ok = lib.BN_bn2nativepad(number, native, JB_KEY_BYTES) == JB_KEY_BYTES;
    OSSL_PARAM params[] = {
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group - 1),
        OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_PRIV_KEY, native, sizeof native),
        OSSL_PARAM_END,
    };
    if (number == NULL) /* the list ends before the secret */
        params[2] = params[3];
    if (ok)
        ok = lib.EVP_PKEY_fromdata_init(ctx) == 1 &&
             lib.EVP_PKEY_fromdata(
                 ctx, &key, number != NULL ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, params) == 1;
    sodium_memzero(native, sizeof native);
    lib.BN_clear_free(number);
    lib.EVP_PKEY_CTX_free(ctx);
    return ok ? key : NULL;
}

/* Two numbers of 32 bytes out of the library's DER. */
static bool unpack(const unsigned char *der, size_t len, uint8_t sig[JB_SIGN_BYTES])
{
    const BIGNUM *r = NULL;
    const BIGNUM *s = NULL;
    ECDSA_SIG *pair = lib.d2i_ECDSA_SIG(NULL, &der, (long)len);
    if (pair == NULL)
        return false;
    lib.ECDSA_SIG_get0(pair, &r, &s);
    bool ok = lib.BN_bn2binpad(r, sig, JB_SIGN_BYTES / 2) == JB_SIGN_BYTES / 2 &&
              lib.BN_bn2binpad(s, sig + JB_SIGN_BYTES / 2, JB_SIGN_BYTES / 2) == JB_SIGN_BYTES / 2;
    lib.ECDSA_SIG_free(pair);
    return ok;
}

/* Returns the length of the DER; 0: out of memory. */
static size_t pack(const uint8_t sig[JB_SIGN_BYTES], unsigned char der[DER_BYTES])
{
    BIGNUM *r = lib.BN_bin2bn(sig, JB_SIGN_BYTES / 2, NULL);
    BIGNUM *s = lib.BN_bin2bn(sig + JB_SIGN_BYTES / 2, JB_SIGN_BYTES / 2, NULL);
    ECDSA_SIG *pair = lib.ECDSA_SIG_new();
    int len = 0;
    if (r != NULL && s != NULL && pair != NULL && lib.ECDSA_SIG_set0(pair, r, s) == 1) {
        r = s = NULL; /* the pair owns them */
        len = lib.i2d_ECDSA_SIG(pair, &der);
    }
    lib.BN_free(r);
    lib.BN_free(s);
    lib.ECDSA_SIG_free(pair);
    return len > 0 ? (size_t)len : 0;
}

enum jb_err jb_sm2_sign(const uint8_t secret[JB_KEY_BYTES], const uint8_t public_x[JB_KEY_BYTES],
                        struct jb_bytes msg, uint8_t sig[JB_SIGN_BYTES])
{
    unsigned char der[DER_BYTES];
    size_t len = sizeof der;
    EVP_PKEY_CTX *key_ctx = NULL; /* the digest's own */

    if (!ready())
        return JB_UNSUPPORTED;
    EVP_PKEY *key = key_make(secret, public_x);
    EVP_MD_CTX *ctx = lib.EVP_MD_CTX_new();
    bool ok = key != NULL && ctx != NULL &&
              lib.EVP_DigestSignInit_ex(ctx, &key_ctx, "SM3", NULL, NULL, key, NULL) == 1 &&
              lib.EVP_PKEY_CTX_set1_id(key_ctx, identity, sizeof identity - 1) == 1 &&
              lib.EVP_DigestSign(ctx, der, &len, msg.data, msg.len) == 1 && unpack(der, len, sig);
    lib.EVP_MD_CTX_free(ctx);
    lib.EVP_PKEY_free(key);
    lib.ERR_clear_error();
    return ok ? JB_OK : JB_NOMEM;
}

enum jb_err jb_sm2_verify(const uint8_t public_x[JB_KEY_BYTES], struct jb_bytes msg,
                          const uint8_t sig[JB_SIGN_BYTES])
{
    unsigned char der[DER_BYTES];
    EVP_PKEY_CTX *key_ctx = NULL;
    enum jb_err err = JB_NOMEM;

    if (!ready())
        return JB_UNSUPPORTED;
    size_t len = pack(sig, der);
    EVP_PKEY *key = key_make(NULL, public_x);
    EVP_MD_CTX *ctx = lib.EVP_MD_CTX_new();
    if (len > 0 && ctx != NULL)
        err =
            key != NULL &&
                    lib.EVP_DigestVerifyInit_ex(ctx, &key_ctx, "SM3", NULL, NULL, key, NULL) == 1 &&
                    lib.EVP_PKEY_CTX_set1_id(key_ctx, identity, sizeof identity - 1) == 1 &&
                    lib.EVP_DigestVerify(ctx, der, len, msg.data, msg.len) == 1
                ? JB_OK
                : JB_BAD_SIGNATURE;
    lib.EVP_MD_CTX_free(ctx);
    lib.EVP_PKEY_free(key);
    lib.ERR_clear_error();
    return err;
}
