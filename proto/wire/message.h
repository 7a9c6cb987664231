/* Local requests, replies and their views (proto/schema/local.proto) as plain C structs are the
 * generated ones: this header hands them out so that nobody else includes generated code by path,
 * and adds bounded decoding and JSON.
 *
 * Careful with enum fields of generated structs: an absent one reads as its first value; has_x
 * tells.
 *
 * JSON is canonical proto JSON as far as it applies: lowerCamelCase is NOT used, field names are as
 * in the schema; int64 and uint64 are strings, bytes base64, enums their names without the common
 * prefix in lower case ("green"); absent fields are left out, lists are always there. Any thread.
 */
#ifndef JB_WIRE_MESSAGE_H
#define JB_WIRE_MESSAGE_H

#include "proto/base/arena.h"
#include "proto/base/err.h"
#include "proto/rules/act.h"
/* IWYU pragma: begin_exports */
#include "proto/schema/local.pb-c.h"
/* IWYU pragma: end_exports */

/* Decode a message of the given type into the arena, bounded: size by the caller's frame limit,
 * memory by the arena, depth by the schema, every string checked for UTF-8 and NUL. The result
 * lives in the arena; never call a generated free function on it. MALFORMED, BAD_UTF8, NUL_IN_TEXT,
 * OVERFLOW (a list over 65536 items, too many unknown fields), NOMEM. */
enum jb_err jb_message_decode(const ProtobufCMessageDescriptor *type, struct jb_bytes bytes,
                              struct jb_arena *arena, ProtobufCMessage **out,
                              struct jb_fault *fault) JB_MUST;
/* Encode into arena memory. */
enum jb_err jb_message_encode(const ProtobufCMessage *message, struct jb_arena *arena,
                              struct jb_bytes *bytes) JB_MUST;

/* Print as JSON text, NUL-terminated, in arena memory. `indent` 0: one line. Act bytes
 * (TimelineItem.act) are shown as the decoded act under "act": {"kind":"assign", ...}. */
enum jb_err jb_message_json(const ProtobufCMessage *message, int indent, struct jb_arena *arena,
                            struct jb_text *json) JB_MUST;
/* The same for one act. */
enum jb_err jb_act_json(const struct jb_act *act, int indent, struct jb_arena *arena,
                        struct jb_text *json) JB_MUST;

#endif
