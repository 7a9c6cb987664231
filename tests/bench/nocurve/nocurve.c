/* Preloaded into both ends of a line: libzmq's CURVE carries its messages as they are. What the
 * encryption of the transport costs is the difference to a run without this; handshake, framing and
 * everything that jiaoban itself encrypts or signs stay. A benchmark's tool: it makes a connection
 * readable by anybody, and nothing that is installed can do this. */
#include <stdint.h>
#include <string.h>

#define MAC 16 /* bytes of an authenticator, here all zero */
#define PAD 32 /* zero bytes before a text in the older calls, MAC of them before a sealed one */

/* Prototypes as in sodium/crypto_box.h, which would declare them with attributes of its own. */
int crypto_box_afternm(unsigned char *sealed, const unsigned char *text, unsigned long long bytes,
                       const unsigned char *nonce, const unsigned char *key);
int crypto_box_open_afternm(unsigned char *text, const unsigned char *sealed,
                            unsigned long long bytes, const unsigned char *nonce,
                            const unsigned char *key);
int crypto_box_easy_afternm(unsigned char *sealed, const unsigned char *text,
                            unsigned long long bytes, const unsigned char *nonce,
                            const unsigned char *key);
int crypto_box_open_easy_afternm(unsigned char *text, const unsigned char *sealed,
                                 unsigned long long bytes, const unsigned char *nonce,
                                 const unsigned char *key);

int crypto_box_afternm(unsigned char *sealed, const unsigned char *text, unsigned long long bytes,
                       const unsigned char *nonce, const unsigned char *key)
{
    (void)nonce;
    (void)key;
    memmove(sealed, text, bytes);
    memset(sealed, 0, PAD);
    return 0;
}

int crypto_box_open_afternm(unsigned char *text, const unsigned char *sealed,
                            unsigned long long bytes, const unsigned char *nonce,
                            const unsigned char *key)
{
    (void)nonce;
    (void)key;
    if (bytes < PAD)
        return -1;
    memmove(text, sealed, bytes);
    memset(text, 0, PAD);
    return 0;
}

int crypto_box_easy_afternm(unsigned char *sealed, const unsigned char *text,
                            unsigned long long bytes, const unsigned char *nonce,
                            const unsigned char *key)
{
    (void)nonce;
    (void)key;
    memmove(sealed + MAC, text, bytes);
    memset(sealed, 0, MAC);
    return 0;
}

int crypto_box_open_easy_afternm(unsigned char *text, const unsigned char *sealed,
                                 unsigned long long bytes, const unsigned char *nonce,
                                 const unsigned char *key)
{
    (void)nonce;
    (void)key;
    if (bytes < MAC)
        return -1;
    memmove(text, sealed + MAC, bytes - MAC);
    return 0;
}
