/* See message.h. JSON walks the descriptors with a stack of its own: messages are never deeper than
 * the schema, and an act inside a view adds two levels. */
#include "proto/wire/message.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>

#include "proto/schema/act.pb-c.h"
#include "proto/wire/codec.h"
#include "proto/wire/descriptor.h"
#include "proto/wire/json.h"
#include "proto/wire/pack.h"

/* A list of one province's agencies or of a year's cases fits; what it costs is the arena's affair.
 */
#define LIST_LIMIT_ITEMS 65536
#define JSON_DEPTH 16

static const struct jb_bounds bounds = {SIZE_MAX, SIZE_MAX, LIST_LIMIT_ITEMS};

enum jb_err jb_message_decode(const ProtobufCMessageDescriptor *type, struct jb_bytes bytes,
                              struct jb_arena *arena, ProtobufCMessage **out,
                              struct jb_fault *fault)
{
    return jb_unpack(type, &bounds, bytes, arena, out, fault);
}

enum jb_err jb_message_encode(const ProtobufCMessage *message, struct jb_arena *arena,
                              struct jb_bytes *bytes)
{
    return jb_pack(message, (struct jb_bytes){0}, SIZE_MAX, arena, bytes);
}

/* ---- JSON --------------------------------------------------------------------------------------
 */

struct level {
    const ProtobufCMessage *message;
    unsigned field; /* the next one to print, by position */
    size_t element; /* of a list: the next one */
    bool merged;    /* its members stand in the object of the level above */
};

struct printer {
    struct jb_json json;
    struct level levels[JSON_DEPTH];
    size_t depth;
    bool too_deep;
};

static const void *place(const ProtobufCMessage *message, size_t offset)
{
    return (const uint8_t *)message + offset;
}

/* How many values the field has: 0 or 1, or the members of a list. */
static size_t value_count(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    const void *quantifier = place(message, field->quantifier_offset);

    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return *(const size_t *)quantifier;
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 &&
        *(const uint32_t *)quantifier != field->id)
        return 0;
    if (field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_MESSAGE)
        return *(void *const *)place(message, field->offset) != NULL;
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0)
        return 1;
    return *(const protobuf_c_boolean *)quantifier != 0;
}

static const void *value_at(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                            size_t element)
{
    const void *at = place(message, field->offset);

    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        at = (const uint8_t *)*(void *const *)at + element * jb_value_bytes(field->type);
    return at;
}

static void print_enum(struct jb_json *json, const ProtobufCEnumDescriptor *type, int value)
{
    const ProtobufCEnumValue *row = protobuf_c_enum_descriptor_get_value(type, value);
    char text[64];
    size_t len = 0;

    if (row == NULL) {
        snprintf(text, sizeof text, "%d", value);
        jb_json_word(json, text);
        return;
    }
    for (const char *c = row->name + jb_enum_prefix(type); *c != '\0' && len < sizeof text; c++)
        text[len++] = (char)tolower((unsigned char)*c);
    jb_json_text(json, (struct jb_text){text, len});
}

static void print_value(struct jb_json *json, const ProtobufCFieldDescriptor *field,
                        const void *value)
{
    const ProtobufCBinaryData *data = value;
    char number[32] = "";

    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        jb_json_text(json, jb_text_of(*(const char *const *)value));
        return;
    case PROTOBUF_C_TYPE_BYTES:
        jb_json_base64(json, (struct jb_bytes){data->data, data->len});
        return;
    case PROTOBUF_C_TYPE_ENUM:
        print_enum(json, field->descriptor, *(const int *)value);
        return;
    case PROTOBUF_C_TYPE_BOOL:
        jb_json_word(json, *(const protobuf_c_boolean *)value != 0 ? "true" : "false");
        return;
    case PROTOBUF_C_TYPE_INT64: /* JavaScript's numbers end at 2^53 */
        snprintf(number, sizeof number, "\"%" PRId64 "\"", *(const int64_t *)value);
        break;
    case PROTOBUF_C_TYPE_UINT64:
        snprintf(number, sizeof number, "\"%" PRIu64 "\"", *(const uint64_t *)value);
        break;
    default: /* uint32; the schema uses no other type */
        snprintf(number, sizeof number, "%" PRIu32, *(const uint32_t *)value);
        break;
    }
    jb_json_word(json, number);
}

/* Name of the chosen member of an Act's oneof. */
static const char *act_kind(const ProtobufCMessage *message)
{
    const Jb__Act *act = (const Jb__Act *)message;
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(message->descriptor, act->body_case);

    return field != NULL ? field->name : "unknown";
}

static void enter(struct printer *p, const ProtobufCMessage *message, bool merged)
{
    if (p->depth == JSON_DEPTH) {
        p->too_deep = true;
        return;
    }
    p->levels[p->depth++] = (struct level){.message = message, .merged = merged};
    if (merged)
        return;
    jb_json_open(&p->json, '{');
    if (message->descriptor == &jb__act__descriptor) {
        jb_json_name(&p->json, "kind");
        jb_json_text(&p->json, jb_text_of(act_kind(message)));
    }
}

/* The act that a bytes field holds; NULL: none, or one that cannot be read. */
static ProtobufCMessage *act_within(struct printer *p, const ProtobufCFieldDescriptor *field,
                                    const void *value)
{
    const ProtobufCBinaryData *data = value;
    ProtobufCMessage *act = NULL;
    struct jb_fault fault;

    if (field->type != PROTOBUF_C_TYPE_BYTES || strcmp(field->name, "act") != 0)
        return NULL;
    if (jb_unpack(&jb__act__descriptor, &bounds, (struct jb_bytes){data->data, data->len},
                  p->json.arena, &act, &fault) != JB_OK)
        return NULL;
    return act;
}

static void print_element(struct printer *p, const struct level *level,
                          const ProtobufCFieldDescriptor *field)
{
    const void *value = value_at(level->message, field, level->element);
    const ProtobufCMessage *inner = act_within(p, field, value);

    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        inner = *(ProtobufCMessage *const *)value;
    if (inner != NULL)
        enter(p, inner, false);
    else
        print_value(&p->json, field, value);
}

static void leave(struct printer *p)
{
    if (!p->levels[--p->depth].merged)
        jb_json_close(&p->json, '}');
}

/* The members of the chosen body stand beside case_no and custody, as in struct jb_act. */
static bool is_act_body(const struct level *level, const ProtobufCFieldDescriptor *field)
{
    return level->message->descriptor == &jb__act__descriptor &&
           (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
}

/* One step: the next value of the innermost message, or its end. */
static void step(struct printer *p)
{
    struct level *level = &p->levels[p->depth - 1];
    const ProtobufCMessageDescriptor *type = level->message->descriptor;
    const ProtobufCFieldDescriptor *field;
    bool listed;
    size_t count;

    if (level->field == type->n_fields) {
        leave(p);
        return;
    }
    field = &type->fields[level->field];
    listed = field->label == PROTOBUF_C_LABEL_REPEATED;
    count = value_count(level->message, field);
    if (level->element == count) {
        if (listed && count == 0) { /* scripts find every list, also an empty one */
            jb_json_name(&p->json, field->name);
            jb_json_open(&p->json, '[');
        }
        if (listed)
            jb_json_close(&p->json, ']');
        level->field++;
        level->element = 0;
        return;
    }
    if (is_act_body(level, field)) {
        level->element++;
        enter(p, *(ProtobufCMessage *const *)place(level->message, field->offset), true);
        return;
    }
    if (level->element == 0)
        jb_json_name(&p->json, field->name);
    if (listed && level->element == 0)
        jb_json_open(&p->json, '[');
    if (listed)
        jb_json_next(&p->json);
    print_element(p, level, field);
    level->element++;
}

enum jb_err jb_message_json(const ProtobufCMessage *message, int indent, struct jb_arena *arena,
                            struct jb_text *json)
{
    struct printer p;

    p.depth = 0;
    p.too_deep = false;
    jb_json_start(&p.json, arena, indent);
    enter(&p, message, false);
    while (p.depth > 0 && !p.too_deep && !p.json.failed)
        step(&p);
    if (p.too_deep)
        return JB_TOO_DEEP;
    return jb_json_finish(&p.json, json);
}

enum jb_err jb_act_json(const struct jb_act *act, int indent, struct jb_arena *arena,
                        struct jb_text *json)
{
    ProtobufCMessage *message;
    struct jb_bytes bytes;
    struct jb_fault fault;
    enum jb_err err = jb_act_encode(act, arena, &bytes);

    if (err == JB_OK)
        err = jb_unpack(&jb__act__descriptor, &bounds, bytes, arena, &message, &fault);
    return err != JB_OK ? err : jb_message_json(message, indent, arena, json);
}
