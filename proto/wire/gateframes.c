#include "proto/wire/gateframes.h"

#include <stdlib.h>
#include <string.h>

#define UNREAD_LEAST 16
#define MECHANISM_AT 12
#define MECHANISM_BYTES 20
#define AS_SERVER_AT 32

const uint8_t jb_gate_greeting[JB_GREETING_BYTES] = {0xff, 0, 0, 0,   0,   0,   0,   0,  1,
                                                     0x7f, 3, 1, 'C', 'U', 'R', 'V', 'E'};

/* A byte of a client's greeting and HELLO, as far as it is fixed. The padding of the signature may
 * be anything; so may the minor version and the filler. */
static bool early_byte_fits(size_t at, uint8_t byte)
{
    static const uint8_t hello[] = {4, 200, 5, 'H', 'E', 'L', 'L', 'O', 1, 0};
    if (at == 0)
        return byte == 0xff;
    if (at == 9)
        return (byte & 1) == 1;
    if (at == 10)
        return byte >= 3;
    if (at >= MECHANISM_AT && at < MECHANISM_AT + MECHANISM_BYTES)
        return byte == jb_gate_greeting[at];
    if (at == AS_SERVER_AT)
        return byte == 0;
    if (at >= JB_GREETING_BYTES && at < JB_GREETING_BYTES + sizeof hello)
        return byte == hello[at - JB_GREETING_BYTES];
    return true;
}

bool jb_gate_early_fits(const uint8_t *bytes, size_t len)
{
    if (len > JB_EARLY_BYTES)
        return false; /* nobody speaks on before the answer */
    for (size_t i = 0; i < len; i++)
        if (!early_byte_fits(i, bytes[i]))
            return false;
    return true;
}

#define FLAG_LONG 2

static uint64_t long_size(const uint8_t bytes[8])
{
    uint64_t size = 0;
    for (int i = 0; i < 8; i++)
        size = size << 8 | bytes[i];
    return size;
}

size_t jb_frame_scan(struct jb_frame_scan *s, const uint8_t *bytes, size_t len, int64_t *size,
                     uint8_t *flags)
{
    *size = -1;
    *flags = 0;
    if (s->body_left > 0) {
        size_t part = s->body_left < len ? (size_t)s->body_left : len;
        s->body_left -= part;
        return part;
    }
    size_t used = 0;
    while (used < len) {
        s->head[s->head_len++] = bytes[used++];
        size_t whole = (s->head[0] & FLAG_LONG) != 0 ? 9 : 2;
        if (s->head_len < whole)
            continue;
        s->body_left = whole == 9 ? long_size(s->head + 1) : s->head[1];
        s->head_len = 0;
        *flags = s->head[0];
        *size = s->body_left > INT64_MAX ? INT64_MAX : (int64_t)s->body_left;
        break;
    }
    return used;
}

/* Twice the room, what is in it at the front. */
static bool grow(struct jb_unread *u)
{
    unsigned capacity = u->capacity == 0 ? UNREAD_LEAST : u->capacity * 2;
    uint32_t *sizes = malloc(capacity * sizeof *sizes);
    if (sizes == NULL)
        return false;
    for (unsigned i = 0; i < u->count; i++)
        sizes[i] = u->sizes[(u->first + i) % u->capacity];
    free(u->sizes);
    u->sizes = sizes;
    u->capacity = capacity;
    u->first = 0;
    return true;
}

bool jb_unread_add(struct jb_unread *u, uint32_t size)
{
    if (u->count == JB_UNREAD_FRAMES || (u->count == u->capacity && !grow(u)))
        return false;
    u->sizes[(u->first + u->count) % u->capacity] = size;
    u->count++;
    u->bytes += size;
    return true;
}

static unsigned find(const struct jb_unread *u, size_t size)
{
    unsigned i = 0;
    while (i < u->count && u->sizes[(u->first + i) % u->capacity] != size)
        i++;
    return i;
}

void jb_unread_take(struct jb_unread *u, size_t body_len)
{
    unsigned at = find(u, body_len + JB_CURVE_OVERHEAD_BYTES);
    if (at == u->count)
        return;
    for (unsigned i = 0; i <= at; i++) {
        u->bytes -= u->sizes[u->first];
        u->first = (u->first + 1) % u->capacity;
    }
    u->count -= at + 1;
}

void jb_unread_fini(struct jb_unread *u)
{
    free(u->sizes);
    *u = (struct jb_unread){.sizes = NULL};
}
