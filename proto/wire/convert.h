/* Between generated messages and our flat structs, by tables. Private to wire.
 *
 * A struct is described by slots (name, type, offset). A plan pairs them by name with the fields of
 * one message type, once; after that reading and writing a message is a loop over its fields. Zero,
 * false and empty are "not given": left out when writing, and what a struct has when a field is
 * absent. All memory comes from the arena that is passed in. Plans are built once and then only
 * read. */
#ifndef JB_WIRE_CONVERT_H
#define JB_WIRE_CONVERT_H

#include "proto/wire/pack.h"

enum jb_slot_type {
    JB_SLOT_TEXT,   /* struct jb_text; string */
    JB_SLOT_BYTES,  /* struct jb_bytes; bytes */
    JB_SLOT_U32,    /* uint32_t; uint32 */
    JB_SLOT_U64,    /* uint64_t; uint64 */
    JB_SLOT_I64,    /* int64_t; int64 */
    JB_SLOT_BOOL,   /* bool; bool */
    JB_SLOT_ENUM,   /* int; any enum */
    JB_SLOT_LIST32, /* const uint32_t * and count; repeated uint32 */
    JB_SLOT_LIST64, /* const int64_t * and count; repeated int64 */
    JB_SLOT_U8,     /* uint8_t; uint32 up to 255 */
    JB_SLOT_FIXED,  /* uint8_t[size]; bytes of exactly this length, or absent: all zero */
    JB_SLOT_PART,   /* an embedded struct; message. Absent: all zero */
    JB_SLOT_PARTS,  /* pointer to structs of `size` bytes and count; repeated message */
    JB_SLOT_COUNT
};

struct jb_plan;

struct jb_slot {
    const char *name; /* of the field in the schema */
    enum jb_slot_type type;
    size_t offset;              /* in the struct; lists: of the pointer */
    size_t size;                /* FIXED: of the array; PARTS: of one struct */
    size_t count_offset;        /* lists: of the size_t */
    const struct jb_plan *part; /* PART, PARTS: its plan, without parts of its own */
};

#define JB_PLAN_FIELDS 24   /* fields of one message type that has a plan */
#define JB_PLAN_NO_SLOT 255 /* the struct has no place for this field: ignored */

struct jb_plan {
    const ProtobufCMessageDescriptor *type;
    const struct jb_slot *slots;
    uint8_t slot_of[JB_PLAN_FIELDS]; /* by the field's position in type->fields */
};

/* Pair the slots with the fields of `type`. A field with the same name but of another type has no
 * slot (a unit test walks all plans and allows no such field). Slots are static. */
void jb_plan_build(struct jb_plan *plan, const ProtobufCMessageDescriptor *type,
                   const struct jb_slot *slots, size_t slot_count);

/* Copy what the message has into the struct, whose slots are all zero before. Texts, bytes and
 * lists point into the message. JB_MALFORMED: a FIXED of another length, a U8 over 255; JB_NOMEM.
 */
JB_MUST enum jb_err jb_plan_read(const struct jb_plan *plan, const ProtobufCMessage *message,
                                 void *into, struct jb_arena *arena, struct jb_fault *fault);

/* Make a message from the struct; it borrows bytes and lists from it. JB_NOMEM; JB_NUL_IN_TEXT: a
 * text that protobuf-c would cut off. */
JB_MUST enum jb_err jb_plan_write(const struct jb_plan *plan, const void *from,
                                  struct jb_arena *arena, ProtobufCMessage **out);

#endif
