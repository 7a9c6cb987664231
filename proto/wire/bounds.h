/* The pass over raw protobuf bytes that comes before any unpacking. Private to wire.
 *
 * Guided by the descriptors it checks everything that protobuf-c does not: lengths and truncation,
 * wire types, range of 32-bit values, UTF-8 and NUL of every string, size of strings and bytes,
 * members of lists, number of unknown fields, depth; and that nothing singular is given twice, so
 * that two readers can never see two different meanings. What has passed can fail to unpack only
 * for want of memory. Stricter than protobuf in this: no repeated singular field, no group, no
 * value that would be cut to 32 bits. Allocates nothing; any thread. */
#ifndef JB_WIRE_BOUNDS_H
#define JB_WIRE_BOUNDS_H

#include <protobuf-c/protobuf-c.h>

#include "proto/base/bytes.h"
#include "proto/base/err.h"

#define JB_BOUNDS_DEPTH 8    /* messages within messages */
#define JB_BOUNDS_FIELDS 128 /* fields of one message type */
#define JB_BOUNDS_UNKNOWN 64 /* unknown fields in one decoded message, sub-messages included */

/* Limits that differ by purpose. */
struct jb_bounds {
    size_t text_bytes; /* of one string */
    size_t blob_bytes; /* of one bytes field */
    size_t list_items; /* of one repeated field */
};

/* Check `bytes` as a message of this type. The fault begins with the path of the field:
 * "assign.text: text contains a NUL character at byte 3" (bytes and list items count from 0).
 * JB_MALFORMED, JB_TOO_LARGE (a text or bytes), JB_OVERFLOW (a list, or unknown fields),
 * JB_TOO_DEEP, JB_BAD_UTF8, JB_NUL_IN_TEXT; JB_UNSUPPORTED: a field type that our schema does not
 * use. */
JB_MUST enum jb_err jb_bounds_check(const ProtobufCMessageDescriptor *type, struct jb_bytes bytes,
                                    const struct jb_bounds *bounds, struct jb_fault *fault);

#endif
