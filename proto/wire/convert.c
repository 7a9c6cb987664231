/* See convert.h. One row per slot type says which field it fits and how to move a value both ways.
 */
#include "proto/wire/convert.h"

/* What is copied is the pointer itself, from one struct to the other. */
static const size_t POINTER_BYTES = sizeof(uintptr_t);

struct read_to {
    const struct jb_slot *slot;
    const ProtobufCFieldDescriptor *field;
    const uint8_t *message;
    uint8_t *into;
    struct jb_fault *fault;
};

struct write_to {
    const struct jb_slot *slot;
    const ProtobufCFieldDescriptor *field;
    uint8_t *message;
    const uint8_t *from;
    struct jb_arena *arena;
    bool set; /* the field was given a value */
};

/* ---- values that are copied as they are --------------------------------------------------------
 */

static size_t width_of(enum jb_slot_type type)
{
    return type == JB_SLOT_U64 || type == JB_SLOT_I64 ? 8 : 4;
}

/* An absent enum reads as its first value in the generated struct: only has_x tells. */
static bool is_present(const struct read_to *r)
{
    protobuf_c_boolean has;

    memcpy(&has, r->message + r->field->quantifier_offset, sizeof has);
    return has != 0;
}

static enum jb_err read_number(const struct read_to *r)
{
    if (!is_present(r))
        return JB_OK;
    memcpy(r->into + r->slot->offset, r->message + r->field->offset, width_of(r->slot->type));
    return JB_OK;
}

static void set_present(struct write_to *w)
{
    const protobuf_c_boolean yes = 1;

    memcpy(w->message + w->field->quantifier_offset, &yes, sizeof yes);
    w->set = true;
}

static enum jb_err write_number(struct write_to *w)
{
    static const uint8_t zero[8];
    size_t width = width_of(w->slot->type);

    if (memcmp(w->from + w->slot->offset, zero, width) == 0)
        return JB_OK;
    memcpy(w->message + w->field->offset, w->from + w->slot->offset, width);
    set_present(w);
    return JB_OK;
}

/* ---- small values ------------------------------------------------------------------------------
 */

static enum jb_err read_bool(const struct read_to *r)
{
    protobuf_c_boolean value;

    memcpy(&value, r->message + r->field->offset, sizeof value);
    *(bool *)(r->into + r->slot->offset) = is_present(r) && value != 0;
    return JB_OK;
}

static enum jb_err write_bool(struct write_to *w)
{
    const protobuf_c_boolean yes = 1;

    if (!*(const bool *)(w->from + w->slot->offset))
        return JB_OK;
    memcpy(w->message + w->field->offset, &yes, sizeof yes);
    set_present(w);
    return JB_OK;
}

static enum jb_err read_u8(const struct read_to *r)
{
    uint32_t value;

    memcpy(&value, r->message + r->field->offset, sizeof value);
    if (value > UINT8_MAX)
        return jb_fault_set(r->fault, JB_MALFORMED, "%s: %u is over 255", r->field->name, value);
    r->into[r->slot->offset] = (uint8_t)value;
    return JB_OK;
}

static enum jb_err write_u8(struct write_to *w)
{
    uint32_t value = w->from[w->slot->offset];

    if (value == 0)
        return JB_OK;
    memcpy(w->message + w->field->offset, &value, sizeof value);
    set_present(w);
    return JB_OK;
}

/* ---- runs of bytes -----------------------------------------------------------------------------
 */

static enum jb_err read_text(const struct read_to *r)
{
    const char *text;

    memcpy(&text, r->message + r->field->offset, sizeof text);
    if (text != NULL && text[0] != '\0')
        *(struct jb_text *)(r->into + r->slot->offset) = jb_text_of(text);
    return JB_OK;
}

static enum jb_err write_text(struct write_to *w)
{
    const struct jb_text *text = (const struct jb_text *)(w->from + w->slot->offset);
    char *copy;
    enum jb_err err = jb_text_to_c(*text, w->arena, &copy);

    if (err != JB_OK || copy == NULL)
        return err;
    memcpy(w->message + w->field->offset, &copy, sizeof copy);
    w->set = true;
    return JB_OK;
}

static enum jb_err read_bytes(const struct read_to *r)
{
    ProtobufCBinaryData data;

    memcpy(&data, r->message + r->field->offset, sizeof data);
    if (data.len > 0)
        *(struct jb_bytes *)(r->into + r->slot->offset) = (struct jb_bytes){data.data, data.len};
    return JB_OK;
}

static void put_bytes(struct write_to *w, const uint8_t *data, size_t len)
{
    /* protobuf-c has no const: it only reads what it packs. */
    ProtobufCBinaryData run = {.len = len, .data = (uint8_t *)data};

    memcpy(w->message + w->field->offset, &run, sizeof run);
    set_present(w);
}

static enum jb_err write_bytes(struct write_to *w)
{
    const struct jb_bytes *bytes = (const struct jb_bytes *)(w->from + w->slot->offset);

    if (bytes->len > 0)
        put_bytes(w, bytes->data, bytes->len);
    return JB_OK;
}

static enum jb_err read_fixed(const struct read_to *r)
{
    ProtobufCBinaryData data;

    memcpy(&data, r->message + r->field->offset, sizeof data);
    if (data.len == 0)
        return JB_OK;
    if (data.len != r->slot->size)
        return jb_fault_set(r->fault, JB_MALFORMED, "%s: %zu bytes, must be %zu", r->field->name,
                            data.len, r->slot->size);
    memcpy(r->into + r->slot->offset, data.data, data.len);
    return JB_OK;
}

static enum jb_err write_fixed(struct write_to *w)
{
    const uint8_t *data = w->from + w->slot->offset;
    uint8_t any = 0;

    for (size_t i = 0; i < w->slot->size; i++)
        any |= data[i];
    if (any != 0)
        put_bytes(w, data, w->slot->size);
    return JB_OK;
}

/* ---- lists of numbers --------------------------------------------------------------------------
 */

/* A list is a pointer and a count on both sides, and the elements look the same. */
static enum jb_err read_list(const struct read_to *r)
{
    memcpy(r->into + r->slot->offset, r->message + r->field->offset, POINTER_BYTES);
    memcpy(r->into + r->slot->count_offset, r->message + r->field->quantifier_offset,
           sizeof(size_t));
    return JB_OK;
}

static enum jb_err write_list(struct write_to *w)
{
    size_t count = *(const size_t *)(w->from + w->slot->count_offset);

    if (count == 0)
        return JB_OK;
    memcpy(w->message + w->field->offset, w->from + w->slot->offset, POINTER_BYTES);
    memcpy(w->message + w->field->quantifier_offset, &count, sizeof count);
    w->set = true;
    return JB_OK;
}

/* ---- the table ---------------------------------------------------------------------------------
 */

struct row {
    ProtobufCType type;
    bool listed;
    enum jb_err (*read)(const struct read_to *r);
    enum jb_err (*write)(struct write_to *w);
};

/* Parts have no functions: jb_plan_read and jb_plan_write go one step down themselves. */
static const struct row rows[JB_SLOT_COUNT] = {
    [JB_SLOT_TEXT] = {PROTOBUF_C_TYPE_STRING, false, read_text, write_text},
    [JB_SLOT_BYTES] = {PROTOBUF_C_TYPE_BYTES, false, read_bytes, write_bytes},
    [JB_SLOT_U32] = {PROTOBUF_C_TYPE_UINT32, false, read_number, write_number},
    [JB_SLOT_U64] = {PROTOBUF_C_TYPE_UINT64, false, read_number, write_number},
    [JB_SLOT_I64] = {PROTOBUF_C_TYPE_INT64, false, read_number, write_number},
    [JB_SLOT_BOOL] = {PROTOBUF_C_TYPE_BOOL, false, read_bool, write_bool},
    [JB_SLOT_ENUM] = {PROTOBUF_C_TYPE_ENUM, false, read_number, write_number},
    [JB_SLOT_LIST32] = {PROTOBUF_C_TYPE_UINT32, true, read_list, write_list},
    [JB_SLOT_LIST64] = {PROTOBUF_C_TYPE_INT64, true, read_list, write_list},
    [JB_SLOT_U8] = {PROTOBUF_C_TYPE_UINT32, false, read_u8, write_u8},
    [JB_SLOT_FIXED] = {PROTOBUF_C_TYPE_BYTES, false, read_fixed, write_fixed},
    [JB_SLOT_PART] = {PROTOBUF_C_TYPE_MESSAGE, false, NULL, NULL},
    [JB_SLOT_PARTS] = {PROTOBUF_C_TYPE_MESSAGE, true, NULL, NULL},
};

static bool fits(const struct jb_slot *slot, const ProtobufCFieldDescriptor *field)
{
    const struct row *row = &rows[slot->type];
    bool listed = field->label == PROTOBUF_C_LABEL_REPEATED;

    return strcmp(slot->name, field->name) == 0 && row->type == field->type &&
           row->listed == listed && (slot->part == NULL || slot->part->type == field->descriptor);
}

void jb_plan_build(struct jb_plan *plan, const ProtobufCMessageDescriptor *type,
                   const struct jb_slot *slots, size_t slot_count)
{
    plan->type = type;
    plan->slots = slots;
    memset(plan->slot_of, JB_PLAN_NO_SLOT, sizeof plan->slot_of);
    for (size_t f = 0; f < type->n_fields && f < JB_PLAN_FIELDS; f++) {
        for (size_t s = 0; s < slot_count && s < JB_PLAN_NO_SLOT; s++) {
            if (fits(&slots[s], &type->fields[f]))
                plan->slot_of[f] = (uint8_t)s;
        }
    }
}

static const struct jb_slot *slot_at(const struct jb_plan *plan, size_t field)
{
    if (field >= JB_PLAN_FIELDS || plan->slot_of[field] == JB_PLAN_NO_SLOT)
        return NULL;
    return &plan->slots[plan->slot_of[field]];
}

/* ---- reading -----------------------------------------------------------------------------------
 */

static enum jb_err read_plain(const struct jb_plan *plan, const ProtobufCMessage *message,
                              void *into, struct jb_fault *fault)
{
    struct read_to r = {.message = (const uint8_t *)message, .into = into, .fault = fault};
    enum jb_err err = JB_OK;

    for (unsigned i = 0; i < plan->type->n_fields && err == JB_OK; i++) {
        r.slot = slot_at(plan, i);
        r.field = &plan->type->fields[i];
        if (r.slot != NULL && rows[r.slot->type].read != NULL)
            err = rows[r.slot->type].read(&r);
    }
    return err;
}

static enum jb_err read_parts(const struct read_to *r, struct jb_arena *arena)
{
    const struct jb_slot *slot = r->slot;
    size_t count = *(const size_t *)(r->message + r->field->quantifier_offset);
    ProtobufCMessage *const *messages;
    enum jb_err err = JB_OK;
    uint8_t *parts;

    if (count == 0)
        return JB_OK;
    memcpy(&messages, r->message + r->field->offset, sizeof messages);
    parts = jb_arena_alloc(arena, count * slot->size);
    if (parts == NULL)
        return jb_fault_set(r->fault, JB_NOMEM, "%s: %s", r->field->name, jb_err_text(JB_NOMEM));
    for (size_t i = 0; i < count && err == JB_OK; i++)
        err = read_plain(slot->part, messages[i], parts + i * slot->size, r->fault);
    memcpy(r->into + slot->offset, &parts, sizeof parts);
    memcpy(r->into + slot->count_offset, &count, sizeof count);
    return err;
}

static enum jb_err read_part(const struct read_to *r)
{
    const ProtobufCMessage *part;

    memcpy(&part, r->message + r->field->offset, POINTER_BYTES);
    if (part == NULL)
        return JB_OK;
    return read_plain(r->slot->part, part, r->into + r->slot->offset, r->fault);
}

enum jb_err jb_plan_read(const struct jb_plan *plan, const ProtobufCMessage *message, void *into,
                         struct jb_arena *arena, struct jb_fault *fault)
{
    struct read_to r = {.message = (const uint8_t *)message, .into = into, .fault = fault};
    enum jb_err err = read_plain(plan, message, into, fault);

    for (unsigned i = 0; i < plan->type->n_fields && err == JB_OK; i++) {
        r.slot = slot_at(plan, i);
        r.field = &plan->type->fields[i];
        if (r.slot != NULL && r.slot->type == JB_SLOT_PART)
            err = read_part(&r);
        else if (r.slot != NULL && r.slot->type == JB_SLOT_PARTS)
            err = read_parts(&r, arena);
    }
    return err;
}

/* ---- writing -----------------------------------------------------------------------------------
 */

/* *set: at least one field has a value. */
static enum jb_err write_plain(const struct jb_plan *plan, const void *from, struct jb_arena *arena,
                               ProtobufCMessage **out, bool *set)
{
    struct write_to w = {.from = from, .arena = arena};
    ProtobufCMessage *message = jb_message_new(plan->type, arena);
    enum jb_err err = message != NULL ? JB_OK : JB_NOMEM;

    w.message = (uint8_t *)message;
    for (unsigned i = 0; i < plan->type->n_fields && err == JB_OK; i++) {
        w.slot = slot_at(plan, i);
        w.field = &plan->type->fields[i];
        if (w.slot != NULL && rows[w.slot->type].write != NULL)
            err = rows[w.slot->type].write(&w);
    }
    *out = message;
    *set = w.set;
    return err;
}

static enum jb_err write_part(const struct write_to *w)
{
    const struct jb_slot *slot = w->slot;
    ProtobufCMessage *part;
    bool set;
    enum jb_err err = write_plain(slot->part, w->from + slot->offset, w->arena, &part, &set);

    if (err == JB_OK && set)
        memcpy(w->message + w->field->offset, &part, POINTER_BYTES);
    return err;
}

static enum jb_err write_parts(const struct write_to *w)
{
    const struct jb_slot *slot = w->slot;
    size_t count = *(const size_t *)(w->from + slot->count_offset);
    enum jb_err err = JB_OK;
    ProtobufCMessage **messages;
    const uint8_t *parts;

    if (count == 0)
        return JB_OK;
    memcpy(&parts, w->from + slot->offset, sizeof parts);
    if (count > SIZE_MAX / sizeof(ProtobufCMessage *))
        return JB_NOMEM;
    messages = jb_arena_alloc(w->arena, count * sizeof(ProtobufCMessage *));
    if (messages == NULL)
        return JB_NOMEM;
    for (size_t i = 0; i < count && err == JB_OK; i++) {
        bool set;

        err = write_plain(slot->part, parts + i * slot->size, w->arena, &messages[i], &set);
    }
    memcpy(w->message + w->field->offset, &messages, sizeof messages);
    memcpy(w->message + w->field->quantifier_offset, &count, sizeof count);
    return err;
}

enum jb_err jb_plan_write(const struct jb_plan *plan, const void *from, struct jb_arena *arena,
                          ProtobufCMessage **out)
{
    struct write_to w = {.from = from, .arena = arena};
    ProtobufCMessage *message;
    bool set;
    enum jb_err err = write_plain(plan, from, arena, &message, &set);

    w.message = (uint8_t *)message;
    for (unsigned i = 0; i < plan->type->n_fields && err == JB_OK; i++) {
        w.slot = slot_at(plan, i);
        w.field = &plan->type->fields[i];
        if (w.slot != NULL && w.slot->type == JB_SLOT_PART)
            err = write_part(&w);
        else if (w.slot != NULL && w.slot->type == JB_SLOT_PARTS)
            err = write_parts(&w);
    }
    if (err == JB_OK)
        *out = message;
    return err;
}
