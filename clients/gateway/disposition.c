/* See disposition.h. */
#include "clients/gateway/disposition.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* One character of UTF-8; what is none is one byte that nobody wants. */
struct letter {
    uint32_t code;
    size_t bytes;
};

static struct letter letter_at(const char *text)
{
    const unsigned char *t = (const unsigned char *)text;
    size_t more = t[0] < 0x80 ? 0 : t[0] >= 0xf0 ? 3 : t[0] >= 0xe0 ? 2 : 1;
    uint32_t code = more == 0 ? t[0] : t[0] & (0x3fU >> more);
    for (size_t i = 1; i <= more; i++) {
        if ((t[i] & 0xc0) != 0x80)
            return (struct letter){0, 1};
        code = code << 6 | (t[i] & 0x3fU);
    }
    return (struct letter){code, more + 1};
}

/* Control characters, and those that turn the direction of writing or are not seen. */
static bool is_odd(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x200b && code <= 0x200f) ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) ||
           code == 0x61c || code == 0xfeff;
}

static bool is_plain(uint32_t code) /* in quotes, for readers that know nothing else */
{
    return code >= ' ' && code <= '~' && code != '"' && code != '\\' && code != '%';
}

static bool is_attr(unsigned char byte) /* attr-char of RFC 8187 */
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z') || (byte != '\0' && strchr("!#$&+-.^_`|~", byte) != NULL);
}

static const char *last_part(const char *name)
{
    const char *part = name;
    for (const char *at = name; *at != '\0'; at++)
        if (*at == '/' || *at == '\\')
            part = at + 1;
    return part;
}

static char *put_encoded(char *to, const char *from, size_t bytes)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < bytes; i++) {
        unsigned char byte = (unsigned char)from[i];
        if (is_attr(byte)) {
            *to++ = (char)byte;
            continue;
        }
        *to++ = '%';
        *to++ = digits[byte >> 4];
        *to++ = digits[byte & 15];
    }
    return to;
}

const char *jb_gw_disposition(const char *name, const char *otherwise, struct jb_arena *arena)
{
    const char *part = last_part(name);
    if (part[strspn(part, ". ")] == '\0')
        part = otherwise;
    size_t len = strlen(part);
    char *plain = jb_arena_alloc(arena, len + 1);
    char *encoded = jb_arena_alloc(arena, 3 * len + 1);
    char *out = jb_arena_alloc(arena, 4 * len + 64);
    if (plain == NULL || encoded == NULL || out == NULL)
        return NULL;
    char *p = plain;
    char *e = encoded;
    for (const char *at = part; *at != '\0';) {
        struct letter letter = letter_at(at);
        bool odd = is_odd(letter.code);
        *p++ = (char)(!odd && is_plain(letter.code) ? letter.code : '_');
        e = odd ? put_encoded(e, "_", 1) : put_encoded(e, at, letter.bytes);
        at += letter.bytes;
    }
    *p = *e = '\0';
    (void)snprintf(out, 4 * len + 64, "attachment; filename=\"%s\"; filename*=UTF-8''%s", plain,
                   encoded);
    return out;
}
