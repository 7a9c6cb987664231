/* See descriptor.h. */
#include "proto/wire/descriptor.h"

#include <stdint.h>
#include <string.h>

size_t jb_enum_prefix(const ProtobufCEnumDescriptor *type)
{
    const char *first = type->values[0].name;
    size_t len = strlen(first);

    for (unsigned i = 1; i < type->n_values; i++) {
        size_t n = 0;

        while (n < len && type->values[i].name[n] == first[n])
            n++;
        len = n;
    }
    while (len > 0 && first[len - 1] != '_')
        len--;
    return len;
}

size_t jb_value_bytes(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
        return sizeof(uint64_t);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    default:
        return sizeof(uint32_t);
    }
}
