/* Reading JSON, inside: one reader that goes through an object's members. Private to the files
 * json*.c of this folder; everybody else uses jsonin.h. */
#ifndef JB_WIRE_JSONREAD_H
#define JB_WIRE_JSONREAD_H

#include <jansson.h>

#include "proto/wire/jsonin.h"

struct jb_json_task { /* an object that becomes a message */
    ProtobufCMessage *message;
    const json_t *object;
    struct jb_json_task *next;
};

struct jb_json_reader {
    struct jb_arena *arena;
    struct jb_fault *fault;
    struct jb_json_task *todo; /* in place of recursion */
    const char *member;        /* being read, for errors */
    bool act;                  /* as clients give one: see struct jb_act_given */
};

/* Fill the fault with "member: why"; returns err. */
enum jb_err jb_json_wrong(struct jb_json_reader *r, enum jb_err err, const char *why);
/* Parse a text that is one object; json_decref it. */
enum jb_err jb_json_load(struct jb_text json, json_t **out, struct jb_fault *fault) JB_MUST;
/* One value into its place in a generated struct; objects are queued in r->todo. */
enum jb_err jb_json_value(struct jb_json_reader *r, const ProtobufCFieldDescriptor *field,
                          const json_t *value, void *out) JB_MUST;
enum jb_err jb_json_string(struct jb_json_reader *r, const json_t *value, char **out) JB_MUST;
enum jb_err jb_json_u32(struct jb_json_reader *r, const json_t *value, uint32_t *out) JB_MUST;
/* Of an act, a member that names a case may be in any spelling. */
enum jb_err jb_json_i64(struct jb_json_reader *r, const json_t *value, int64_t *out) JB_MUST;
enum jb_err jb_json_object(struct jb_json_reader *r, const ProtobufCMessageDescriptor *type,
                           const json_t *value, ProtobufCMessage **out) JB_MUST;
/* The whole of an object, with all in it. Members named in `beside` (NULL: none; ends in NULL) are
 * somebody else's. */
enum jb_err jb_json_message(struct jb_json_reader *r, const ProtobufCMessageDescriptor *type,
                            const json_t *json, const char *const *beside,
                            ProtobufCMessage **out) JB_MUST;

#endif
