/* See jsoncheck.h. */
#include "tests/fuzz/jsoncheck.h"

#define DEPTH_MAX 64

struct cursor {
    const unsigned char *at, *end;
};

static void blanks(struct cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\n' || *c->at == '\t' || *c->at == '\r'))
        c->at++;
}

static bool one(struct cursor *c, unsigned char wanted)
{
    if (c->at == c->end || *c->at != wanted)
        return false;
    c->at++;
    return true;
}

static size_t digits(struct cursor *c)
{
    const unsigned char *from = c->at;
    while (c->at < c->end && *c->at >= '0' && *c->at <= '9')
        c->at++;
    return (size_t)(c->at - from);
}

static bool number(struct cursor *c)
{
    (void)one(c, '-');
    bool zero = c->at < c->end && *c->at == '0';
    size_t count = digits(c);
    if (count == 0 || (zero && count > 1))
        return false;
    if (one(c, '.') && digits(c) == 0)
        return false;
    if (one(c, 'e') || one(c, 'E')) {
        if (!one(c, '+'))
            (void)one(c, '-');
        return digits(c) > 0;
    }
    return true;
}

static bool escaped(struct cursor *c)
{
    if (c->at == c->end)
        return false;
    if (*c->at != 'u') {
        bool known = strchr("\"\\/bfnrt", *c->at) != NULL && *c->at != '\0';
        c->at++;
        return known;
    }
    c->at++;
    for (int i = 0; i < 4; i++, c->at++)
        if (c->at == c->end || strchr("0123456789abcdefABCDEF", *c->at) == NULL || *c->at == '\0')
            return false;
    return true;
}

/* One character of several bytes: no surrogate, no longer than need be, none beyond U+10FFFF. */
static bool wide(struct cursor *c)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char first = *c->at;
    int len = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    uint32_t code = first & (0x7Fu >> len);

    if (first < 0xC0 || first > 0xF7 || c->end - c->at < len)
        return false;
    for (int i = 1; i < len; i++) {
        if ((c->at[i] & 0xC0) != 0x80)
            return false;
        code = code << 6 | (c->at[i] & 0x3F);
    }
    c->at += len;
    return code >= least[len] && code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
}

static bool string(struct cursor *c)
{
    if (!one(c, '"'))
        return false;
    while (c->at < c->end && *c->at != '"') {
        if (*c->at < 0x20)
            return false;
        if (*c->at >= 0x80) {
            if (!wide(c))
                return false;
        } else if (*c->at++ == '\\' && !escaped(c)) {
            return false;
        }
    }
    return one(c, '"');
}

static bool word(struct cursor *c)
{
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < 3; i++) {
        size_t len = strlen(words[i]);
        if ((size_t)(c->end - c->at) >= len && memcmp(c->at, words[i], len) == 0) {
            c->at += len;
            return true;
        }
    }
    return number(c);
}

static bool name(struct cursor *c)
{
    blanks(c);
    if (!string(c))
        return false;
    blanks(c);
    return one(c, ':');
}

struct nest {
    char open[DEPTH_MAX]; /* '{' or '[' */
    size_t depth;
};

/* Behind a value: closes what ends there. False: something is wrong. *more: a value follows. */
static bool after_value(struct cursor *c, struct nest *n, bool *more)
{
    *more = false;
    while (n->depth > 0) {
        bool object = n->open[n->depth - 1] == '{';
        blanks(c);
        if (one(c, ',')) {
            *more = true;
            return !object || name(c);
        }
        if (!one(c, object ? '}' : ']'))
            return false;
        n->depth--;
    }
    return true;
}

/* A value, or the beginning of one: then *more. */
static bool value(struct cursor *c, struct nest *n, bool *more)
{
    blanks(c);
    *more = false;
    if (c->at == c->end)
        return false;
    char first = (char)*c->at;
    if (first == '"')
        return string(c);
    if (first != '{' && first != '[')
        return word(c);
    c->at++;
    blanks(c);
    if (one(c, first == '{' ? '}' : ']'))
        return true;
    if (n->depth == DEPTH_MAX)
        return false;
    n->open[n->depth++] = first;
    *more = true;
    return first != '{' || name(c);
}

bool json_valid(const char *text, size_t len)
{
    struct cursor c = {(const unsigned char *)text, (const unsigned char *)text + len};
    struct nest n = {.depth = 0};
    bool more = true;

    while (more) {
        if (!value(&c, &n, &more))
            return false;
        if (!more && !after_value(&c, &n, &more))
            return false;
    }
    blanks(&c);
    return c.at == c.end;
}

/* The next byte that counts: blanks between tokens are passed over. */
static int next(struct cursor *c, bool *inside)
{
    if (!*inside)
        blanks(c);
    if (c->at == c->end)
        return -1;
    int byte = *c->at++;
    if (byte == '"')
        *inside = !*inside;
    else if (byte == '\\' && *inside && c->at < c->end)
        byte = byte << 8 | *c->at++;
    return byte;
}

bool json_same(struct jb_text a, struct jb_text b)
{
    struct cursor x = {(const unsigned char *)a.data, (const unsigned char *)a.data + a.len};
    struct cursor y = {(const unsigned char *)b.data, (const unsigned char *)b.data + b.len};
    bool in_x = false;
    bool in_y = false;

    for (;;) {
        int p = next(&x, &in_x);
        if (p != next(&y, &in_y))
            return false;
        if (p < 0)
            return true;
    }
}
