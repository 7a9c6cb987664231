/* Reading JSON: one value by the type of its field. */
#include "proto/wire/jsonread.h"

#include <ctype.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/base/quantity.h"
#include "proto/base/utf8.h"
#include "proto/rules/caseno.h"
#include "proto/wire/descriptor.h"
#include "proto/wire/pack.h"

#define SHOWN_BYTES 64 /* of a member's name in an error */

enum jb_err jb_json_wrong(struct jb_json_reader *r, enum jb_err err, const char *why)
{
    char shown[SHOWN_BYTES];
    (void)jb_text_escape(r->member, strlen(r->member), shown, sizeof shown);
    return jb_fault_set(r->fault, err, "%s: %s", shown, why);
}

static bool digits_only(const char *text)
{
    size_t len = strlen(text);
    return len > 0 && strspn(text, "0123456789") == len;
}

static enum jb_err case_number(struct jb_json_reader *r, const json_t *value, int64_t *out)
{
    struct jb_fault why = {""};
    struct jb_text text = {json_string_value(value), json_string_length(value)};
    enum jb_err err = jb_caseno_parse(text, out, &why);
    return err == JB_OK ? JB_OK : jb_json_wrong(r, err, why.text);
}

/* An integer between min and max, from a number or a string of digits. */
static enum jb_err integer(struct jb_json_reader *r, const json_t *value, int64_t min, int64_t *out)
{
    if (json_is_integer(value)) {
        *out = json_integer_value(value);
    } else if (json_is_string(value)) {
        struct jb_text text = {json_string_value(value), json_string_length(value)};
        if (jb_int_parse(text, out) != JB_OK)
            return jb_json_wrong(r, JB_MALFORMED, "must be an integer");
    } else {
        return jb_json_wrong(r, JB_MALFORMED, "must be an integer, or its digits in a string");
    }
    return *out >= min ? JB_OK : jb_json_wrong(r, JB_RANGE, "must not be negative");
}

static enum jb_err unsigned_64(struct jb_json_reader *r, const json_t *value, uint64_t *out)
{
    int64_t small = 0;
    char *end = NULL;
    if (!json_is_string(value) || !digits_only(json_string_value(value)) ||
        json_string_length(value) < 19) {
        enum jb_err err = integer(r, value, 0, &small);
        *out = (uint64_t)small;
        return err;
    }
    if (json_string_length(value) > 20)
        return jb_json_wrong(r, JB_RANGE, "does not fit into 64 bits");
    const char *text = json_string_value(value);
    *out = strtoull(text, &end, 10);
    /* 20 digits: all but the largest 18446744073709551615 would have saturated */
    if (*out == UINT64_MAX && strcmp(text, "18446744073709551615") != 0)
        return jb_json_wrong(r, JB_RANGE, "does not fit into 64 bits");
    return JB_OK;
}

enum jb_err jb_json_u32(struct jb_json_reader *r, const json_t *value, uint32_t *out)
{
    int64_t wide = 0;
    enum jb_err err = integer(r, value, 0, &wide);
    if (err == JB_OK && wide > (int64_t)UINT32_MAX)
        err = jb_json_wrong(r, JB_RANGE, "does not fit into 32 bits");
    if (err == JB_OK)
        *out = (uint32_t)wide;
    return err;
}

static bool word_is(const char *name, size_t prefix, const char *word)
{
    const char *rest = name + prefix;
    size_t i = 0;
    while (rest[i] != '\0' && word[i] == (char)tolower((unsigned char)rest[i]))
        i++;
    return rest[i] == '\0' && word[i] == '\0';
}

/* "must be one of peer, forward, assign" */
static enum jb_err no_such_word(struct jb_json_reader *r, const ProtobufCEnumDescriptor *type,
                                size_t prefix)
{
    char list[200] = "must be one of";
    size_t used = strlen(list);
    for (unsigned i = 0; i < type->n_values && used < sizeof list - 1; i++) {
        const char *link = i == 0 ? " " : ", ";
        int n =
            snprintf(list + used, sizeof list - used, "%s%s", link, type->values[i].name + prefix);
        used += n > 0 ? (size_t)n : 0;
    }
    for (size_t i = 0; list[i] != '\0'; i++)
        list[i] = (char)tolower((unsigned char)list[i]);
    return jb_json_wrong(r, JB_RANGE, list);
}

static enum jb_err word(struct jb_json_reader *r, const ProtobufCEnumDescriptor *type,
                        const json_t *value, int *out)
{
    size_t prefix = jb_enum_prefix(type);
    int64_t number = 0;
    if (json_is_string(value) && !digits_only(json_string_value(value))) {
        for (unsigned i = 0; i < type->n_values; i++)
            if (word_is(type->values[i].name, prefix, json_string_value(value))) {
                *out = type->values[i].value;
                return JB_OK;
            }
        return no_such_word(r, type, prefix);
    }
    enum jb_err err = integer(r, value, 0, &number);
    if (err != JB_OK)
        return err;
    if (number > INT32_MAX || protobuf_c_enum_descriptor_get_value(type, (int)number) == NULL)
        return no_such_word(r, type, prefix);
    *out = (int)number;
    return JB_OK;
}

enum jb_err jb_json_string(struct jb_json_reader *r, const json_t *value, char **out)
{
    if (!json_is_string(value))
        return jb_json_wrong(r, JB_MALFORMED, "must be a string");
    size_t len = json_string_length(value);
    enum jb_err err = jb_text_check(json_string_value(value), len);
    if (err != JB_OK)
        return jb_json_wrong(r, err, jb_err_text(err));
    *out = jb_arena_strndup(r->arena, json_string_value(value), len);
    return *out != NULL ? JB_OK : JB_NOMEM;
}

static enum jb_err base64(struct jb_json_reader *r, const json_t *value, ProtobufCBinaryData *out)
{
    /* which contents an attachment has, the agent has told; keys, seals and heads are its own */
    if (r->act && strcmp(r->member, "content_hash") != 0)
        return jb_json_wrong(r, JB_RANGE, "is the agent's to fill in");
    if (!json_is_string(value))
        return jb_json_wrong(r, JB_MALFORMED, "must be base64 in a string");
    size_t len = json_string_length(value);
    size_t room = len / 4 * 3 + 3;
    out->data = jb_arena_alloc(r->arena, room);
    if (out->data == NULL)
        return JB_NOMEM;
    if (sodium_base642bin(out->data, room, json_string_value(value), len, NULL, &out->len, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0)
        return jb_json_wrong(r, JB_MALFORMED, "must be base64 in a string");
    return JB_OK;
}

enum jb_err jb_json_object(struct jb_json_reader *r, const ProtobufCMessageDescriptor *type,
                           const json_t *value, ProtobufCMessage **out)
{
    struct jb_json_task *task = jb_arena_alloc(r->arena, sizeof *task);
    if (!json_is_object(value))
        return jb_json_wrong(r, JB_MALFORMED, "must be an object");
    *out = jb_message_new(type, r->arena);
    if (task == NULL || *out == NULL)
        return JB_NOMEM;
    *task = (struct jb_json_task){*out, value, r->todo};
    r->todo = task;
    return JB_OK;
}

enum jb_err jb_json_i64(struct jb_json_reader *r, const json_t *value, int64_t *out)
{
    size_t len = strlen(r->member);
    bool names_case = len >= 7 && (strcmp(r->member + len - 7, "case_no") == 0 ||
                                   (len >= 8 && strcmp(r->member + len - 8, "case_nos") == 0));
    if (r->act && names_case && json_is_string(value))
        return case_number(r, value, out);
    return integer(r, value, INT64_MIN, out);
}

/* One value into its place. */
enum jb_err jb_json_value(struct jb_json_reader *r, const ProtobufCFieldDescriptor *field,
                          const json_t *value, void *out)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        return jb_json_string(r, value, out);
    case PROTOBUF_C_TYPE_BYTES:
        return base64(r, value, out);
    case PROTOBUF_C_TYPE_BOOL:
        if (!json_is_boolean(value))
            return jb_json_wrong(r, JB_MALFORMED, "must be true or false");
        *(protobuf_c_boolean *)out = json_is_true(value);
        return JB_OK;
    case PROTOBUF_C_TYPE_ENUM:
        return word(r, field->descriptor, value, out);
    case PROTOBUF_C_TYPE_INT64:
        return jb_json_i64(r, value, out);
    case PROTOBUF_C_TYPE_UINT64:
        return unsigned_64(r, value, out);
    case PROTOBUF_C_TYPE_UINT32:
        return jb_json_u32(r, value, out);
    case PROTOBUF_C_TYPE_MESSAGE:
        return jb_json_object(r, field->descriptor, value, out);
    default: /* the schema uses no other type */
        return jb_json_wrong(r, JB_UNSUPPORTED, "is of a type that cannot be read");
    }
}
