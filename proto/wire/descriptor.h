/* Two facts about descriptors that protobuf-c does not tell. Private to wire. Any thread. */
#ifndef JB_WIRE_DESCRIPTOR_H
#define JB_WIRE_DESCRIPTOR_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

/* Bytes that all names of the enum begin with, up to and with an underscore: LIGHT_ of LIGHT_RED.
 */
size_t jb_enum_prefix(const ProtobufCEnumDescriptor *type);
/* Bytes of one value of this type in a generated struct. */
size_t jb_value_bytes(ProtobufCType type);

#endif
