/* See packing.h. */
#include "proto/ledger/packing.h"

_Static_assert(sizeof(enum jb_pack_kind) == 4 && sizeof(int) == 4, "an enum is 32 bits");

/* ---- numbers ---- */

uint8_t *jb_varint_put(uint8_t *at, uint64_t value)
{
    while (value >= 0x80) {
        *at++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *at++ = (uint8_t)value;
    return at;
}

bool jb_varint_take(const uint8_t **at, size_t *left, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; shift < 64 && *left > 0; shift += 7) {
        uint8_t byte = *(*at)++;
        --*left;
        if (shift == 63 && byte > 1)
            break;
        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return true;
    }
    return false;
}

/* ---- writing ---- */

void jb_pack_number(struct jb_pack_writing *w, uint64_t value)
{
    w->at = jb_varint_put(w->at, value);
}

static uint64_t field_get(const void *of, const struct jb_pack_field *f)
{
    const char *at = (const char *)of + f->offset;
    uint64_t wide = 0;
    uint32_t word = 0;
    bool yes = false;

    switch (f->kind) {
    case JB_PACK_I64:
        memcpy(&wide, at, sizeof wide);
        return wide;
    case JB_PACK_U32:
    case JB_PACK_INT:
        memcpy(&word, at, sizeof word);
        return word;
    case JB_PACK_BOOL:
        memcpy(&yes, at, sizeof yes);
        return yes;
    }
    return 0;
}

static struct jb_text text_get(const void *of, size_t offset)
{
    struct jb_text text;

    memcpy(&text, (const char *)of + offset, sizeof text);
    return text;
}

void jb_pack_text(struct jb_pack_writing *w, struct jb_text text)
{
    if (text.len == 0) {
        jb_pack_number(w, 0);
        return;
    }
    for (size_t i = 0; i < w->text_count; i++) {
        if (jb_text_equal(w->texts[i], text)) {
            jb_pack_number(w, i + 1);
            return;
        }
    }
    jb_pack_number(w, w->text_count + 1);
    jb_pack_number(w, text.len);
    memcpy(w->at, text.data, text.len);
    w->at += text.len;
    if (w->text_count < JB_PACK_TEXTS)
        w->texts[w->text_count++] = text;
}

size_t jb_pack_bound(const void *of, const struct jb_pack_shape *shape)
{
    size_t bytes = (1 + shape->field_count + 2 * shape->text_count) * JB_VARINT_BYTES;

    for (size_t i = 0; i < shape->text_count; i++)
        bytes += text_get(of, shape->texts[i]).len;
    return bytes;
}

void jb_pack_struct(struct jb_pack_writing *w, const void *of, const struct jb_pack_shape *shape)
{
    uint64_t mask = 0;

    for (size_t i = 0; i < shape->field_count; i++)
        mask |= field_get(of, &shape->fields[i]) != 0 ? UINT64_C(1) << i : 0;
    jb_pack_number(w, mask);
    for (size_t i = 0; i < shape->field_count; i++)
        if ((mask >> i & 1) != 0)
            jb_pack_number(w, field_get(of, &shape->fields[i]));
    for (size_t i = 0; i < shape->text_count; i++)
        jb_pack_text(w, text_get(of, shape->texts[i]));
}

/* ---- reading ---- */

struct jb_pack_reading jb_pack_reading_of(struct jb_bytes packed)
{
    return (struct jb_pack_reading){.at = packed.data, .left = packed.len};
}

uint64_t jb_unpack_number(struct jb_pack_reading *r)
{
    uint64_t value = 0;

    if (!r->wrong && jb_varint_take(&r->at, &r->left, &value))
        return value;
    r->wrong = true;
    return 0;
}

size_t jb_unpack_count(struct jb_pack_reading *r)
{
    uint64_t count = jb_unpack_number(r);

    if (count > r->left) {
        r->wrong = true;
        return 0;
    }
    return (size_t)count;
}

static void field_set(void *of, const struct jb_pack_field *f, uint64_t value)
{
    char *at = (char *)of + f->offset;
    uint32_t word = (uint32_t)value;
    bool yes = value != 0;

    switch (f->kind) {
    case JB_PACK_I64:
        memcpy(at, &value, sizeof value);
        break;
    case JB_PACK_U32:
    case JB_PACK_INT:
        memcpy(at, &word, sizeof word);
        break;
    case JB_PACK_BOOL:
        memcpy(at, &yes, sizeof yes);
        break;
    }
}

static void fields_set(struct jb_pack_reading *r, void *of, const struct jb_pack_shape *shape)
{
    static const uint64_t most[] = {[JB_PACK_I64] = UINT64_MAX,
                                    [JB_PACK_U32] = UINT32_MAX,
                                    [JB_PACK_INT] = INT32_MAX,
                                    [JB_PACK_BOOL] = 1};
    uint64_t mask = jb_unpack_number(r);

    r->wrong = r->wrong || (shape->field_count < 64 && mask >> shape->field_count != 0);
    for (size_t i = 0; i < shape->field_count && !r->wrong; i++) {
        if ((mask >> i & 1) == 0)
            continue;
        uint64_t value = jb_unpack_number(r);
        if (value <= most[shape->fields[i].kind])
            field_set(of, &shape->fields[i], value);
        else
            r->wrong = true;
    }
}

struct jb_text jb_unpack_text(struct jb_pack_reading *r)
{
    struct jb_text text = {NULL, 0};
    uint64_t place = jb_unpack_number(r);

    if (r->wrong || place == 0)
        return text;
    if (place <= r->text_count)
        return r->texts[place - 1];
    uint64_t len = jb_unpack_number(r);
    if (place != r->text_count + 1 || len == 0 || len > r->left)
        r->wrong = true;
    if (r->wrong)
        return text;
    text = (struct jb_text){(const char *)r->at, (size_t)len};
    r->at += len;
    r->left -= (size_t)len;
    if (r->text_count < JB_PACK_TEXTS)
        r->texts[r->text_count++] = text;
    return text;
}

void jb_unpack_struct(struct jb_pack_reading *r, void *of, const struct jb_pack_shape *shape)
{
    fields_set(r, of, shape);
    for (size_t i = 0; i < shape->text_count; i++) {
        struct jb_text text = jb_unpack_text(r);
        memcpy((char *)of + shape->texts[i], &text, sizeof text);
    }
}
