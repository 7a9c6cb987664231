/* How the slot tables of convert.h are written down. Private to wire; include it last in a .c file.
 *
 *     #define FLAT struct jb_person
 *     static const struct jb_slot person_slots[] = {TEXT(name) BOOL(main_visitor)};
 *     #undef FLAT
 *
 * The column names are those of JB_ACT_FIELDS, so that these lists can be used as they are. */
#ifndef JB_WIRE_SLOTS_H
#define JB_WIRE_SLOTS_H

#include <stddef.h>

#include "proto/wire/convert.h"

#define SLOT(slot_type, f) {.name = #f, .type = (slot_type), .offset = offsetof(FLAT, f)},
/* A field whose member has another name. */
#define NAMED(field, slot_type, member)                                                            \
    {.name = (field), .type = (slot_type), .offset = offsetof(FLAT, member)},
#define LIST(slot_type, f)                                                                         \
    {.name = #f,                                                                                   \
     .type = (slot_type),                                                                          \
     .offset = offsetof(FLAT, f.at),                                                               \
     .count_offset = offsetof(FLAT, f.count)},
#define TEXT(f) SLOT(JB_SLOT_TEXT, f)
#define BYTES(f) SLOT(JB_SLOT_BYTES, f)
#define U32(f) SLOT(JB_SLOT_U32, f)
#define U64(f) SLOT(JB_SLOT_U64, f)
#define I64(f) SLOT(JB_SLOT_I64, f)
#define BOOL(f) SLOT(JB_SLOT_BOOL, f)
#define ENUM(f) SLOT(JB_SLOT_ENUM, f)
#define LIST32(f) LIST(JB_SLOT_LIST32, f)
#define LIST64(f) LIST(JB_SLOT_LIST64, f)
#define FIXED(f)                                                                                   \
    {.name = #f,                                                                                   \
     .type = JB_SLOT_FIXED,                                                                        \
     .offset = offsetof(FLAT, f),                                                                  \
     .size = sizeof(((FLAT *)NULL)->f)},
#define U8(f) SLOT(JB_SLOT_U8, f)
#define PART(f, plan)                                                                              \
    {.name = #f, .type = JB_SLOT_PART, .offset = offsetof(FLAT, f), .part = (plan)},
/* `pointer` and `counter` are the members that make up the list. */
#define PARTS(f, pointer, counter, plan)                                                           \
    {.name = #f,                                                                                   \
     .type = JB_SLOT_PARTS,                                                                        \
     .offset = offsetof(FLAT, pointer),                                                            \
     .size = sizeof(((FLAT *)NULL)->pointer[0]),                                                   \
     .count_offset = offsetof(FLAT, counter),                                                      \
     .part = (plan)},

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#endif
