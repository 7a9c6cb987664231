/* See jsonin.h. A list of objects that are still to be read takes the place of recursion. */
#include "proto/wire/jsonread.h"

#include "proto/base/utf8.h"
#include "proto/wire/descriptor.h"

/* ---- bounds ---- */

/* Bytes of a string, with its quotes; what is wrong with it, jansson will say. */
static size_t string_span(const char *at, size_t len)
{
    size_t i = 1;
    while (i < len && at[i] != '"')
        i += at[i] == '\\' ? 2 : 1;
    return i + 1;
}

enum jb_err jb_json_bounds(struct jb_text json, struct jb_fault *fault)
{
    size_t depth = 0;
    size_t values = 0;
    for (size_t i = 0; i < json.len;) {
        char c = json.data[i];
        if (c == '"') {
            i += string_span(json.data + i, json.len - i);
            continue;
        }
        if (c == '[' || c == '{')
            depth++;
        else if ((c == ']' || c == '}') && depth > 0)
            depth--;
        values += c == '[' || c == '{' || c == ',';
        if (depth > JB_JSON_DEPTH)
            return jb_fault_set(fault, JB_TOO_DEEP, "JSON: nested deeper than %d at byte %zu",
                                JB_JSON_DEPTH, i);
        if (values > JB_JSON_VALUES)
            return jb_fault_set(fault, JB_OVERFLOW, "JSON: more than %d values", JB_JSON_VALUES);
        i++;
    }
    return JB_OK;
}

enum jb_err jb_json_load(struct jb_text json, json_t **out, struct jb_fault *fault)
{
    json_error_t error;
    enum jb_err err = jb_json_bounds(json, fault);
    if (err != JB_OK)
        return err;
    *out = json_loadb(json.data != NULL ? json.data : "", json.len, JSON_REJECT_DUPLICATES, &error);
    if (*out == NULL) {
        char shown[160];
        (void)jb_text_escape(error.text, strlen(error.text), shown, sizeof shown);
        enum json_error_code code = json_error_code(&error);
        err = code == json_error_out_of_memory    ? JB_NOMEM
              : code == json_error_invalid_utf8   ? JB_BAD_UTF8
              : code == json_error_null_character ? JB_NUL_IN_TEXT
                                                  : JB_MALFORMED;
        return jb_fault_set(fault, err, "JSON, line %d column %d: %s", error.line, error.column,
                            shown);
    }
    if (json_is_object(*out))
        return JB_OK;
    json_decref(*out);
    *out = NULL;
    return jb_fault_set(fault, JB_MALFORMED, "JSON: must be one object");
}

/* ---- members ---- */

static void *place(ProtobufCMessage *message, size_t offset)
{
    return (uint8_t *)message + offset;
}

static enum jb_err list_read(struct jb_json_reader *r, const ProtobufCFieldDescriptor *field,
                             const json_t *list, ProtobufCMessage *message)
{
    size_t bytes = jb_value_bytes(field->type);
    if (!json_is_array(list))
        return jb_json_wrong(r, JB_MALFORMED, "must be a list");
    size_t count = json_array_size(list);
    uint8_t *at = jb_arena_alloc(r->arena, count * bytes);
    if (at == NULL)
        return JB_NOMEM;
    for (size_t i = 0; i < count; i++) {
        enum jb_err err = jb_json_value(r, field, json_array_get(list, i), at + i * bytes);
        if (err != JB_OK)
            return err;
    }
    *(void **)place(message, field->offset) = at;
    *(size_t *)place(message, field->quantifier_offset) = count;
    return JB_OK;
}

static enum jb_err member_read(struct jb_json_reader *r, const ProtobufCFieldDescriptor *field,
                               const json_t *value, ProtobufCMessage *message)
{
    if (json_is_null(value))
        return JB_OK;
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return list_read(r, field, value, message);
    enum jb_err err = jb_json_value(r, field, value, place(message, field->offset));
    if (err != JB_OK)
        return err;
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
        uint32_t *chosen = place(message, field->quantifier_offset);
        if (*chosen != 0)
            return jb_json_wrong(r, JB_MALFORMED, "only one of these can be given");
        *chosen = field->id;
    } else if (field->type != PROTOBUF_C_TYPE_STRING && field->type != PROTOBUF_C_TYPE_MESSAGE) {
        *(protobuf_c_boolean *)place(message, field->quantifier_offset) = true;
    }
    return JB_OK;
}

/* The members of one object; those named in `beside` are somebody else's. */
static enum jb_err object_read(struct jb_json_reader *r, const struct jb_json_task *task,
                               const char *const *beside)
{
    const ProtobufCMessageDescriptor *type = task->message->descriptor;
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)task->object, key, value)
    {
        size_t i = 0;
        r->member = key;
        while (beside != NULL && beside[i] != NULL && strcmp(beside[i], key) != 0)
            i++;
        if (beside != NULL && beside[i] != NULL)
            continue;
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field_by_name(type, key);
        if (field == NULL)
            return jb_json_wrong(r, JB_RANGE, "there is no such member here");
        enum jb_err err = member_read(r, field, value, task->message);
        if (err != JB_OK)
            return err;
    }
    return JB_OK;
}

enum jb_err jb_json_message(struct jb_json_reader *r, const ProtobufCMessageDescriptor *type,
                            const json_t *json, const char *const *beside, ProtobufCMessage **out)
{
    r->member = "JSON";
    enum jb_err err = jb_json_object(r, type, json, out);
    while (err == JB_OK && r->todo != NULL) {
        const struct jb_json_task *task = r->todo;
        r->todo = task->next;
        err = object_read(r, task, task->object == json ? beside : NULL);
    }
    return err;
}

enum jb_err jb_message_read_json(const ProtobufCMessageDescriptor *type, struct jb_text json,
                                 struct jb_arena *arena, ProtobufCMessage **out,
                                 struct jb_fault *fault)
{
    struct jb_json_reader r = {.arena = arena, .fault = fault};
    json_t *root = NULL;
    enum jb_err err = jb_json_load(json, &root, fault);
    if (err == JB_OK)
        err = jb_json_message(&r, type, root, NULL, out);
    json_decref(root);
    return err;
}
