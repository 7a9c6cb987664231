/* JSON text -> messages, the mirror of jb_message_json: the same names, enums as words, 64-bit
 * integers as strings or numbers, bytes as base64, null for "not given".
 *
 * Bounded before anything is allocated: depth, number of values, and by the arena what they become.
 * Every text is UTF-8 without NUL. A member that the message does not have is an error, never
 * skipped: a misspelt field of an act must not be lost. The fault names the member. Jansson does
 * the reading of JSON itself. Any thread, one arena per thread. */
#ifndef JB_WIRE_JSONIN_H
#define JB_WIRE_JSONIN_H

#include <protobuf-c/protobuf-c.h>

#include "proto/base/arena.h"
#include "proto/base/err.h"
#include "proto/rules/act.h"

#define JB_JSON_DEPTH 16     /* objects and lists within each other */
#define JB_JSON_VALUES 65536 /* in one text */

/* What can be said of a text without reading it: not too deep, not too many values. TOO_DEEP,
 * OVERFLOW. */
enum jb_err jb_json_bounds(struct jb_text json, struct jb_fault *fault) JB_MUST;

/* Read one object as a message of this type. MALFORMED (not JSON, a key twice, a value of the wrong
 * type), RANGE (no such member or word, a number that does not fit), BAD_UTF8, NUL_IN_TEXT,
 * TOO_DEEP, OVERFLOW, NOMEM. */
enum jb_err jb_message_read_json(const ProtobufCMessageDescriptor *type, struct jb_text json,
                                 struct jb_arena *arena, ProtobufCMessage **out,
                                 struct jb_fault *fault) JB_MUST;

/* An act as clients give it: "kind" says which, the other members are those of the kind (as
 * jb_message_json shows them) and `custody`. Beside the act: `persons` of a registration and
 * `query_code` of a rating, `note` of an attachment. A case number (case_no, other_case_no,
 * other_case_nos) may be in any usual spelling. What is sealed or hashed is the agent's to fill in.
 */
struct jb_act_given {
    enum jb_act_kind kind;
    int64_t case_no;         /* 0: not said */
    struct jb_bytes act;     /* encoded */
    struct jb_bytes persons; /* encoded Petitioners; empty: none */
    const char *query_code;  /* NULL: none; arena */
    const char *note;        /* likewise */
};
/* Errors as above, and MISSING (kind), UNKNOWN_KIND. `kind` NULL: from the member. `case_no` 0:
 * from the member; else the member, when it is there, must be the same. */
enum jb_err jb_act_read_json(struct jb_text json, const char *kind, int64_t case_no,
                             struct jb_arena *arena, struct jb_act_given *out,
                             struct jb_fault *fault) JB_MUST;

#endif
