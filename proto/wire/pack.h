/* protobuf-c inside an arena: bytes to generated message and back. Private to wire.
 *
 * Never allocates outside the arena, never frees. Any thread, one arena per thread. */
#ifndef JB_WIRE_PACK_H
#define JB_WIRE_PACK_H

#include "proto/base/arena.h"
#include "proto/wire/bounds.h"

/* An empty message of this type; NULL: no memory. */
ProtobufCMessage *jb_message_new(const ProtobufCMessageDescriptor *type, struct jb_arena *arena);

/* A NUL-terminated copy for a generated message; *out NULL when the text is empty. JB_NOMEM,
 * JB_NUL_IN_TEXT. */
JB_MUST enum jb_err jb_text_to_c(struct jb_text text, struct jb_arena *arena, char **out);

/* Check and unpack into the arena. Errors as jb_bounds_check, and JB_NOMEM. Never free the result.
 */
JB_MUST enum jb_err jb_unpack(const ProtobufCMessageDescriptor *type,
                              const struct jb_bounds *bounds, struct jb_bytes bytes,
                              struct jb_arena *arena, ProtobufCMessage **out,
                              struct jb_fault *fault);

/* Pack behind `head` (may be empty) into arena memory. JB_TOO_LARGE: over limit_bytes in all. */
JB_MUST enum jb_err jb_pack(const ProtobufCMessage *message, struct jb_bytes head,
                            size_t limit_bytes, struct jb_arena *arena, struct jb_bytes *out);

#endif
