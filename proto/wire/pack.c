/* See pack.h. */
#include "proto/wire/pack.h"

ProtobufCMessage *jb_message_new(const ProtobufCMessageDescriptor *type, struct jb_arena *arena)
{
    ProtobufCMessage *message = jb_arena_alloc(arena, type->sizeof_message);

    if (message != NULL)
        protobuf_c_message_init(type, message);
    return message;
}

enum jb_err jb_text_to_c(struct jb_text text, struct jb_arena *arena, char **out)
{
    *out = NULL;
    if (text.len == 0)
        return JB_OK;
    if (memchr(text.data, '\0', text.len) != NULL)
        return JB_NUL_IN_TEXT;
    *out = jb_arena_strndup(arena, text.data, text.len);
    return *out != NULL ? JB_OK : JB_NOMEM;
}

static void *arena_alloc(void *data, size_t size)
{
    return jb_arena_alloc(data, size);
}

static void arena_free(void *data, void *pointer)
{
    (void)data;
    (void)pointer; /* goes with the arena */
}

enum jb_err jb_unpack(const ProtobufCMessageDescriptor *type, const struct jb_bounds *bounds,
                      struct jb_bytes bytes, struct jb_arena *arena, ProtobufCMessage **out,
                      struct jb_fault *fault)
{
    ProtobufCAllocator allocator = {arena_alloc, arena_free, arena};
    enum jb_err err = jb_bounds_check(type, bytes, bounds, fault);
    ProtobufCMessage *message;

    if (err != JB_OK)
        return err;
    message = protobuf_c_message_unpack(type, &allocator, bytes.len, bytes.data);
    if (message == NULL) {
        err = arena->overflowed ? JB_NOMEM : JB_MALFORMED;
        return jb_fault_set(fault, err, "%s: %s", type->short_name, jb_err_text(err));
    }
    *out = message;
    return JB_OK;
}

enum jb_err jb_pack(const ProtobufCMessage *message, struct jb_bytes head, size_t limit_bytes,
                    struct jb_arena *arena, struct jb_bytes *out)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes;

    if (size > limit_bytes || head.len > limit_bytes - size)
        return JB_TOO_LARGE;
    bytes = jb_arena_alloc(arena, head.len + size);
    if (bytes == NULL)
        return JB_NOMEM;
    if (head.len > 0)
        memcpy(bytes, head.data, head.len);
    protobuf_c_message_pack(message, bytes + head.len);
    *out = (struct jb_bytes){bytes, head.len + size};
    return JB_OK;
}
