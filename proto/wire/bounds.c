/* See bounds.h. A loop with a stack of its own instead of recursion: the depth is bounded by its
 * size, and the path of a fault can be read off it. */
#include "proto/wire/bounds.h"

#include <stdarg.h>
#include <stdio.h>

#include "proto/base/utf8.h"

enum wire_type {
    WIRE_VARINT = 0,
    WIRE_64 = 1,
    WIRE_RUN = 2, /* length, then that many bytes */
    WIRE_32 = 5
};

#define SHORT_VARINT_BYTES 5 /* tags and lengths */
#define LONG_VARINT_BYTES 10

struct level {
    const ProtobufCMessageDescriptor *type;
    const uint8_t *end;
    const ProtobufCFieldDescriptor *via;   /* field of the level above that holds this message */
    const ProtobufCFieldDescriptor *oneof; /* member of the oneof that was seen; NULL: none */
    uint32_t counts[JB_BOUNDS_FIELDS];     /* how often each field was given; by its position */
};

struct walk {
    const uint8_t *at;
    size_t depth;   /* levels in use */
    size_t unknown; /* unknown fields so far */
    const struct jb_bounds *bounds;
    struct jb_fault *fault;
    struct level levels[JB_BOUNDS_DEPTH]; /* left uninitialised until used */
};

/* How often the field stands there already, itself included. */
static uint32_t *count_of(struct level *level, const ProtobufCFieldDescriptor *field)
{
    return &level->counts[field - level->type->fields];
}

static void path_add(char *path, size_t cap, const char *name, size_t index, bool listed)
{
    size_t len = strlen(path);

    snprintf(path + len, cap - len, listed ? "%s%s[%zu]" : "%s%s", len > 0 ? "." : "", name, index);
}

static void path_add_field(struct walk *w, size_t level, const ProtobufCFieldDescriptor *field,
                           char path[160])
{
    uint32_t count = *count_of(&w->levels[level], field);
    bool listed = field->label == PROTOBUF_C_LABEL_REPEATED && count > 0;

    path_add(path, 160, field->name, (size_t)count - 1, listed);
}

/* Name the place and say what is wrong with it. `field` NULL: the innermost message itself. */
static enum jb_err fail(struct walk *w, enum jb_err err, const ProtobufCFieldDescriptor *field,
                        const char *format, ...) __attribute__((format(printf, 4, 5)));
static enum jb_err fail(struct walk *w, enum jb_err err, const ProtobufCFieldDescriptor *field,
                        const char *format, ...)
{
    char path[160] = "";
    char what[96];
    va_list args;

    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    for (size_t i = 1; i < w->depth; i++)
        path_add_field(w, i - 1, w->levels[i].via, path);
    if (field != NULL)
        path_add_field(w, w->depth - 1, field, path);
    return jb_fault_set(w->fault, err, "%s: %s",
                        path[0] != '\0' ? path : w->levels[0].type->short_name, what);
}

/* Read a varint of at most max_bytes that ends before `end`. False: truncated or too long. */
static bool varint(const uint8_t **at, const uint8_t *end, size_t max_bytes, uint64_t *value)
{
    const uint8_t *p = *at;
    uint64_t sum = 0;

    for (size_t i = 0; i < max_bytes && p < end; i++) {
        uint8_t byte = *p++;

        if (i == LONG_VARINT_BYTES - 1 && byte > 1)
            return false;
        sum |= (uint64_t)(byte & 0x7f) << (7 * i);
        if ((byte & 0x80) == 0) {
            *at = p;
            *value = sum;
            return true;
        }
    }
    return false;
}

/* Read a length and move behind it; the run itself begins at w->at. */
static bool run_length(struct walk *w, const uint8_t *end, size_t *len)
{
    uint64_t value;

    if (!varint(&w->at, end, SHORT_VARINT_BYTES, &value) || value > (uint64_t)(end - w->at))
        return false;
    *len = (size_t)value;
    return true;
}

/* Where the first wrong character of a text begins. Only for the diagnosis. */
static size_t bad_byte(const char *s, size_t len)
{
    size_t at = 0;

    while (at < len) {
        size_t n = 1;

        while (n <= 4 && n <= len - at && jb_text_check(s + at, n) != JB_OK)
            n++;
        if (n > 4 || n > len - at)
            break;
        at += n;
    }
    return at;
}

static enum jb_err check_text(struct walk *w, const ProtobufCFieldDescriptor *field, size_t len)
{
    const char *text = (const char *)w->at;
    enum jb_err err;

    if (len > w->bounds->text_bytes)
        return fail(w, JB_TOO_LARGE, field, "text of %zu bytes, allowed %zu", len,
                    w->bounds->text_bytes);
    err = jb_text_check(text, len);
    if (err != JB_OK)
        return fail(w, err, field, "%s at byte %zu", jb_err_text(err), bad_byte(text, len));
    return JB_OK;
}

/* Does a varint fit the field? protobuf-c would cut it to 32 bits without a word. */
static bool in_range(const ProtobufCFieldDescriptor *field, uint64_t value)
{
    int64_t as_signed = (int64_t)value;

    if (field->type == PROTOBUF_C_TYPE_UINT32)
        return value <= UINT32_MAX;
    if (field->type == PROTOBUF_C_TYPE_ENUM)
        return as_signed >= INT32_MIN && as_signed <= INT32_MAX;
    return true;
}

static enum jb_err check_varint(struct walk *w, const ProtobufCFieldDescriptor *field,
                                const uint8_t *end)
{
    uint64_t value;

    if (!varint(&w->at, end, LONG_VARINT_BYTES, &value))
        return fail(w, JB_MALFORMED, field, "number is truncated or too long");
    if (!in_range(field, value))
        return fail(w, JB_MALFORMED, field, "number does not fit into 32 bits");
    return JB_OK;
}

/* One more member of a list. */
static enum jb_err count_member(struct walk *w, struct level *level,
                                const ProtobufCFieldDescriptor *field)
{
    if (++*count_of(level, field) > w->bounds->list_items)
        return fail(w, JB_OVERFLOW, field, "more than %zu items", w->bounds->list_items);
    return JB_OK;
}

/* A list of numbers in one run. */
static enum jb_err check_packed(struct walk *w, struct level *level,
                                const ProtobufCFieldDescriptor *field)
{
    enum jb_err err = JB_OK;
    const uint8_t *end;
    size_t len;

    if (!run_length(w, level->end, &len))
        return fail(w, JB_MALFORMED, field, "longer than the message that holds it");
    end = w->at + len;
    while (err == JB_OK && w->at < end) {
        err = count_member(w, level, field);
        if (err == JB_OK)
            err = check_varint(w, field, end);
    }
    return err;
}

static enum jb_err enter(struct walk *w, const ProtobufCFieldDescriptor *field, size_t len)
{
    const ProtobufCMessageDescriptor *type = field->descriptor;
    struct level *level;

    if (w->depth == JB_BOUNDS_DEPTH)
        return fail(w, JB_TOO_DEEP, field, "more than %d messages deep", JB_BOUNDS_DEPTH);
    if (type->n_fields > JB_BOUNDS_FIELDS)
        return fail(w, JB_UNSUPPORTED, field, "message type with too many fields");
    level = &w->levels[w->depth++];
    level->type = type;
    level->end = w->at + len;
    level->via = field;
    level->oneof = NULL;
    memset(level->counts, 0, type->n_fields * sizeof level->counts[0]);
    return JB_OK;
}

static enum jb_err check_run(struct walk *w, struct level *level,
                             const ProtobufCFieldDescriptor *field)
{
    enum jb_err err = JB_OK;
    size_t len;

    if (!run_length(w, level->end, &len))
        return fail(w, JB_MALFORMED, field, "longer than the message that holds it");
    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        return enter(w, field, len);
    if (field->type == PROTOBUF_C_TYPE_STRING)
        err = check_text(w, field, len);
    else if (len > w->bounds->blob_bytes)
        err = fail(w, JB_TOO_LARGE, field, "%zu bytes, allowed %zu", len, w->bounds->blob_bytes);
    w->at += len;
    return err;
}

/* Nothing that may stand once may stand twice, and of a oneof only one member. */
static enum jb_err check_single(struct walk *w, struct level *level,
                                const ProtobufCFieldDescriptor *field)
{
    if (++*count_of(level, field) > 1)
        return fail(w, JB_MALFORMED, field, "given more than once");
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0)
        return JB_OK;
    if (level->oneof != NULL)
        return fail(w, JB_MALFORMED, field, "given beside %s, only one is allowed",
                    level->oneof->name);
    level->oneof = field;
    return JB_OK;
}

/* The wire type that a field must have, -1 for types that our schema does not use. */
static int wire_type_of(const ProtobufCFieldDescriptor *field)
{
    static const int8_t wire_types[] = {
        [PROTOBUF_C_TYPE_INT32] = -1,           [PROTOBUF_C_TYPE_SINT32] = -1,
        [PROTOBUF_C_TYPE_SFIXED32] = -1,        [PROTOBUF_C_TYPE_INT64] = WIRE_VARINT,
        [PROTOBUF_C_TYPE_SINT64] = -1,          [PROTOBUF_C_TYPE_SFIXED64] = -1,
        [PROTOBUF_C_TYPE_UINT32] = WIRE_VARINT, [PROTOBUF_C_TYPE_FIXED32] = -1,
        [PROTOBUF_C_TYPE_UINT64] = WIRE_VARINT, [PROTOBUF_C_TYPE_FIXED64] = -1,
        [PROTOBUF_C_TYPE_FLOAT] = -1,           [PROTOBUF_C_TYPE_DOUBLE] = -1,
        [PROTOBUF_C_TYPE_BOOL] = WIRE_VARINT,   [PROTOBUF_C_TYPE_ENUM] = WIRE_VARINT,
        [PROTOBUF_C_TYPE_STRING] = WIRE_RUN,    [PROTOBUF_C_TYPE_BYTES] = WIRE_RUN,
        [PROTOBUF_C_TYPE_MESSAGE] = WIRE_RUN,
    };

    return wire_types[field->type];
}

static enum jb_err check_known(struct walk *w, struct level *level,
                               const ProtobufCFieldDescriptor *field, int wire_type)
{
    bool listed = field->label == PROTOBUF_C_LABEL_REPEATED;
    int wanted = wire_type_of(field);
    enum jb_err err;

    if (listed && wanted == WIRE_VARINT && wire_type == WIRE_RUN)
        return check_packed(w, level, field);
    err = listed ? count_member(w, level, field) : check_single(w, level, field);
    if (err != JB_OK)
        return err;
    if (wanted < 0)
        return fail(w, JB_UNSUPPORTED, field, "a type of field that is not supported");
    if (wire_type != wanted)
        return fail(w, JB_MALFORMED, field, "wire type %d, expected %d", wire_type, wanted);
    return wanted == WIRE_RUN ? check_run(w, level, field) : check_varint(w, field, level->end);
}

/* Skip a field of a newer version. Its content is not looked at, only its extent. */
static enum jb_err check_unknown(struct walk *w, const struct level *level, uint32_t number,
                                 int wire_type)
{
    size_t room = (size_t)(level->end - w->at);
    uint64_t value;
    size_t len = 0;
    bool good = true;

    if (++w->unknown > JB_BOUNDS_UNKNOWN)
        return fail(w, JB_OVERFLOW, NULL, "more than %d unknown fields", JB_BOUNDS_UNKNOWN);
    if (wire_type == WIRE_VARINT)
        good = varint(&w->at, level->end, LONG_VARINT_BYTES, &value);
    else if (wire_type == WIRE_RUN)
        good = run_length(w, level->end, &len);
    else
        len = wire_type == WIRE_64 ? 8 : 4;
    if (!good || (wire_type != WIRE_RUN && len > room))
        return fail(w, JB_MALFORMED, NULL, "unknown field %u is truncated", number);
    w->at += len;
    return JB_OK;
}

static enum jb_err check_field(struct walk *w, struct level *level)
{
    const ProtobufCFieldDescriptor *field;
    uint64_t tag;
    int wire_type;

    if (!varint(&w->at, level->end, SHORT_VARINT_BYTES, &tag))
        return fail(w, JB_MALFORMED, NULL, "ends in the middle of a field");
    wire_type = (int)(tag & 7);
    if (tag > UINT32_MAX || tag >> 3 == 0 || wire_type == 3 || wire_type == 4 || wire_type > 5)
        return fail(w, JB_MALFORMED, NULL, "not a field tag: %llu", (unsigned long long)tag);
    field = protobuf_c_message_descriptor_get_field(level->type, (unsigned)(tag >> 3));
    if (field == NULL)
        return check_unknown(w, level, (uint32_t)(tag >> 3), wire_type);
    return check_known(w, level, field, wire_type);
}

enum jb_err jb_bounds_check(const ProtobufCMessageDescriptor *type, struct jb_bytes bytes,
                            const struct jb_bounds *bounds, struct jb_fault *fault)
{
    static const uint8_t nothing[1];
    ProtobufCFieldDescriptor root = {.name = type->short_name, .descriptor = type};
    enum jb_err err;
    struct walk w;

    /* Not an initialiser: that would clear the whole stack of levels for each small message. */
    w.at = bytes.len > 0 ? bytes.data : nothing;
    w.depth = 0;
    w.unknown = 0;
    w.bounds = bounds;
    w.fault = fault;
    err = enter(&w, &root, bytes.len);
    while (err == JB_OK && w.depth > 0) {
        struct level *level = &w.levels[w.depth - 1];

        if (w.at == level->end)
            w.depth--;
        else
            err = check_field(&w, level);
    }
    return err;
}
