#include "proto/base/utf8.h"

/* One row per class of lead byte: how long, and which second byte keeps the form short, out of the
 * surrogates and below U+110000. Further bytes are always 80..BF. */
struct lead {
    uint8_t first, last; /* lead bytes of this row */
    uint8_t length;      /* bytes of the character */
    uint8_t second_min, second_max;
};

static const struct lead leads[] = {
    {0x00, 0x7f, 1, 0x00, 0x00}, {0xc2, 0xdf, 2, 0x80, 0xbf}, {0xe0, 0xe0, 3, 0xa0, 0xbf},
    {0xe1, 0xec, 3, 0x80, 0xbf}, {0xed, 0xed, 3, 0x80, 0x9f}, {0xee, 0xef, 3, 0x80, 0xbf},
    {0xf0, 0xf0, 4, 0x90, 0xbf}, {0xf1, 0xf3, 4, 0x80, 0xbf}, {0xf4, 0xf4, 4, 0x80, 0x8f},
};

struct range {
    uint32_t first, last;
};

/* What a one-line name must not contain ... */
static const struct range line_breakers[] = {{0x00, 0x1f}, {0x7f, 0x9f}, {0x2028, 0x2029}};
/* What a diagnosis must not show as it is either: direction overrides, invisible characters ... */
static const struct range deceivers[] = {
    {0x200b, 0x200f}, {0x202a, 0x202e}, {0x2060, 0x2069}, {0xfeff, 0xfeff}};
/* ... and, inside a quoted value, what would end or imitate the quoting. */
static const struct range quoters[] = {{'"', '"'}, {'\'', '\''}, {'\\', '\\'}};

#define IN(code, ranges) in_ranges(code, ranges, sizeof(ranges) / sizeof(ranges)[0])

static bool in_ranges(uint32_t code, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (code >= ranges[i].first && code <= ranges[i].last)
            return true;
    }
    return false;
}

static const struct lead *lead_of(uint8_t byte)
{
    for (size_t i = 0; i < sizeof leads / sizeof leads[0]; i++) {
        if (byte >= leads[i].first && byte <= leads[i].last)
            return &leads[i];
    }
    return NULL;
}

/* Decode one character of s[0..len), len > 0. Returns its length in bytes, 0 if it is not UTF-8. */
static size_t decode(const char *s, size_t len, uint32_t *code)
{
    const uint8_t *p = (const uint8_t *)s;
    const struct lead *lead = lead_of(p[0]);

    if (lead == NULL || lead->length > len)
        return 0;
    if (lead->length == 1) {
        *code = p[0];
        return 1;
    }
    if (p[1] < lead->second_min || p[1] > lead->second_max)
        return 0;
    *code = p[0] & (0x7fU >> lead->length);
    for (size_t i = 1; i < lead->length; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        *code = *code << 6 | (p[i] & 0x3f);
    }
    return lead->length;
}

static bool is_continuation(char byte)
{
    return ((uint8_t)byte & 0xc0) == 0x80;
}

/* Bytes at the start that need no closer look: ASCII other than NUL, eight at a time, and
 * characters of three bytes, which is most of Chinese. Bodies of 256 KiB are checked on the way in.
 */
static size_t plain_run(const char *s, size_t len)
{
    const uint64_t high = 0x8080808080808080U;
    const uint64_t ones = 0x0101010101010101U;
    size_t at = 0;

    while (len - at >= 8) {
        uint8_t lead = (uint8_t)s[at];
        uint64_t word;

        if (lead > 0xe0 && lead < 0xf0 && lead != 0xed && is_continuation(s[at + 1]) &&
            is_continuation(s[at + 2])) {
            at += 3;
            continue;
        }
        memcpy(&word, s + at, sizeof word);
        /* Subtracting 1 sets the upper bit of a byte that is 0. */
        if (((word | (word - ones)) & high) != 0)
            break;
        at += 8;
    }
    return at;
}

static enum jb_err check(const char *s, size_t len, bool one_line)
{
    for (size_t at = one_line ? 0 : plain_run(s, len); at < len;) {
        uint32_t code = 0;
        size_t n = decode(s + at, len - at, &code);

        if (n == 0)
            return JB_BAD_UTF8;
        if (code == 0)
            return JB_NUL_IN_TEXT;
        if (one_line && IN(code, line_breakers))
            return JB_MALFORMED;
        at += n;
        if (!one_line)
            at += plain_run(s + at, len - at);
    }
    return JB_OK;
}

enum jb_err jb_text_check(const char *s, size_t len)
{
    return check(s, len, false);
}

enum jb_err jb_text_check_line(const char *s, size_t len)
{
    return check(s, len, true);
}

size_t jb_text_cut(const char *s, size_t len, size_t limit)
{
    size_t at = 0;

    if (len <= limit)
        return len;
    /* A character has at most three bytes behind its lead: start a little before the limit, at a
     * byte that is not a continuation, instead of walking the whole text. */
    if (limit > 4) {
        at = limit - 4;
        for (int i = 0; i < 3 && ((uint8_t)s[at] & 0xc0) == 0x80; i++)
            at++;
    }
    while (at < limit) {
        uint32_t code = 0;
        size_t n = decode(s + at, len - at, &code);

        if (n == 0)
            n = 1;
        if (at + n > limit)
            break;
        at += n;
    }
    return at;
}

/* Write one character's bytes as they are, or each as \xNN. Returns the bytes written. */
static size_t put_character(const char *s, size_t n, bool hidden, char *out)
{
    static const char digits[] = "0123456789abcdef";
    size_t at = 0;

    if (!hidden) {
        memcpy(out, s, n);
        return n;
    }
    for (size_t i = 0; i < n; i++) {
        out[at++] = '\\';
        out[at++] = 'x';
        out[at++] = digits[(uint8_t)s[i] >> 4];
        out[at++] = digits[(uint8_t)s[i] & 15];
    }
    return at;
}

static size_t copy_visible(struct jb_text text, bool quoted, char *out, size_t cap)
{
    size_t at = 0;  /* written */
    size_t fit = 0; /* the longest prefix of it that still leaves room for "..." */

    if (cap == 0)
        return 0;
    for (size_t in = 0; in < text.len;) {
        uint32_t code = 0;
        size_t n = decode(text.data + in, text.len - in, &code);
        bool hidden = n == 0 || IN(code, line_breakers) || IN(code, deceivers) ||
                      (quoted && IN(code, quoters));

        if (n == 0)
            n = 1;
        if (at + (hidden ? 4 * n : n) >= cap) {
            size_t dots = cap - 1 - fit < 3 ? cap - 1 - fit : 3;

            memcpy(out + fit, "...", dots);
            at = fit + dots;
            break;
        }
        at += put_character(text.data + in, n, hidden, out + at);
        if (at + 3 < cap)
            fit = at;
        in += n;
    }
    out[at] = '\0';
    return at;
}

size_t jb_text_escape(const char *s, size_t len, char *out, size_t cap)
{
    return copy_visible((struct jb_text){s, len}, true, out, cap);
}

size_t jb_text_printable(const char *s, size_t len, char *out, size_t cap)
{
    return copy_visible((struct jb_text){s, len}, false, out, cap);
}
