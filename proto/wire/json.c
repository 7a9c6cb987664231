/* See json.h. */
#include "proto/wire/json.h"

#include <stdio.h>

#include "proto/base/utf8.h"

#define FIRST_BYTES 512

/* Room for `more` bytes, or failed. The old copy stays in the arena: growing by doubling, all
 * copies together are at most twice the text. */
static bool reserve(struct jb_json *j, size_t more)
{
    size_t room = j->room > 0 ? j->room : FIRST_BYTES;
    char *at;

    if (j->failed || j->room - j->len > more)
        return !j->failed;
    while (room - j->len <= more && room < SIZE_MAX / 2)
        room *= 2;
    at = jb_arena_alloc(j->arena, room);
    j->failed = at == NULL || room - j->len <= more;
    if (j->failed)
        return false;
    if (j->len > 0)
        memcpy(at, j->at, j->len);
    j->at = at;
    j->room = room;
    return true;
}

static void put(struct jb_json *j, const char *text, size_t len)
{
    if (len > 0 && reserve(j, len)) {
        memcpy(j->at + j->len, text, len);
        j->len += len;
    }
}

static void put_char(struct jb_json *j, char c)
{
    put(j, &c, 1);
}

static void new_line(struct jb_json *j)
{
    if (j->indent <= 0)
        return;
    put_char(j, '\n');
    for (size_t i = 0; i < j->depth * (size_t)j->indent; i++)
        put_char(j, ' ');
}

void jb_json_start(struct jb_json *j, struct jb_arena *arena, int indent)
{
    *j = (struct jb_json){.arena = arena, .indent = indent, .fresh = true};
}

enum jb_err jb_json_finish(struct jb_json *j, struct jb_text *out)
{
    if (!reserve(j, 1))
        return JB_NOMEM;
    j->at[j->len] = '\0';
    *out = (struct jb_text){j->at, j->len};
    return JB_OK;
}

void jb_json_open(struct jb_json *j, char bracket)
{
    put_char(j, bracket);
    j->depth++;
    j->fresh = true;
}

void jb_json_close(struct jb_json *j, char bracket)
{
    j->depth--;
    if (!j->fresh)
        new_line(j);
    put_char(j, bracket);
    j->fresh = false;
}

void jb_json_next(struct jb_json *j)
{
    if (!j->fresh)
        put_char(j, ',');
    j->fresh = false;
    new_line(j);
}

void jb_json_name(struct jb_json *j, const char *name)
{
    jb_json_next(j);
    jb_json_text(j, jb_text_of(name));
    put_char(j, ':');
    if (j->indent > 0)
        put_char(j, ' ');
}

void jb_json_word(struct jb_json *j, const char *word)
{
    put(j, word, strlen(word));
}

/* What stands for an ASCII character inside a string; NULL: itself. */
static const char *escape_of(uint8_t c, char buffer[8])
{
    static const char *const short_forms[] = {
        ['\b'] = "\\b", ['\t'] = "\\t", ['\n'] = "\\n",  ['\f'] = "\\f",
        ['\r'] = "\\r", ['"'] = "\\\"", ['\\'] = "\\\\",
    };

    if (c < sizeof short_forms / sizeof short_forms[0] && short_forms[c] != NULL)
        return short_forms[c];
    if (c >= 0x20 && c != 0x7f)
        return NULL;
    snprintf(buffer, 8, "\\u%04x", c);
    return buffer;
}

/* Bytes of a character beyond ASCII that a terminal would obey (C1 controls, line and paragraph
 * separators, changes of direction), 0: it is plain; *code: which it is. */
static size_t obeyed(const char *text, size_t len, unsigned *code)
{
    const uint8_t *s = (const uint8_t *)text;

    if (len >= 2 && s[0] == 0xc2 && s[1] <= 0x9f) {
        *code = s[1];
        return 2;
    }
    if (len < 3 || s[0] != 0xe2 || (s[1] != 0x80 && s[1] != 0x81))
        return 0;
    *code = 0x2000u + ((s[1] & 0x3fu) << 6) + (s[2] & 0x3fu);
    bool is = (*code >= 0x2028 && *code <= 0x202e) || (*code >= 0x2066 && *code <= 0x2069);
    return is ? 3 : 0;
}

/* Put text that is known to be UTF-8. The outcome can be shown on a terminal as it is. */
static void put_escaped(struct jb_json *j, const char *text, size_t len)
{
    size_t start = 0; /* first byte that is not yet put */

    for (size_t i = 0; i < len; i++) {
        char buffer[8];
        unsigned code = 0;
        const char *escape = escape_of((uint8_t)text[i], buffer);
        size_t bytes = escape != NULL ? 1 : obeyed(text + i, len - i, &code);

        if (bytes == 0)
            continue;
        if (escape == NULL) {
            snprintf(buffer, sizeof buffer, "\\u%04x", code & 0xffffu);
            escape = buffer;
        }
        put(j, text + start, i - start);
        put(j, escape, strlen(escape));
        start = i + bytes;
        i = start - 1;
    }
    put(j, text + start, len - start);
}

/* Length of the character at the start, 0 if there is none. A NUL is one: it can be escaped. */
static size_t character(const char *text, size_t len)
{
    if (text[0] == '\0')
        return 1;
    for (size_t n = 1; n <= 4 && n <= len; n++) {
        if (jb_text_check(text, n) == JB_OK)
            return n;
    }
    return 0;
}

void jb_json_text(struct jb_json *j, struct jb_text text)
{
    put_char(j, '"');
    if (jb_text_check(text.data, text.len) == JB_OK) {
        put_escaped(j, text.data, text.len);
    } else {
        for (size_t at = 0; at < text.len;) {
            size_t n = character(text.data + at, text.len - at);

            if (n > 0)
                put_escaped(j, text.data + at, n);
            else
                jb_json_word(j, "\\ufffd");
            at += n > 0 ? n : 1;
        }
    }
    put_char(j, '"');
}

void jb_json_base64(struct jb_json *j, struct jb_bytes bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    put_char(j, '"');
    for (size_t at = 0; at < bytes.len; at += 3) {
        size_t left = bytes.len - at;
        uint32_t group = (uint32_t)bytes.data[at] << 16;
        char out[4];

        if (left > 1)
            group |= (uint32_t)bytes.data[at + 1] << 8;
        if (left > 2)
            group |= bytes.data[at + 2];
        for (size_t i = 0; i < 4; i++)
            out[i] = digits[group >> (18 - 6 * i) & 63];
        if (left < 3)
            out[3] = '=';
        if (left < 2)
            out[2] = '=';
        put(j, out, sizeof out);
    }
    put_char(j, '"');
}
