/* A growing JSON text in arena memory: punctuation, indentation, escaping. Private to wire.
 *
 * Knows nothing of messages. The caller opens and closes; commas and line ends come by themselves.
 * Errors are remembered and reported once, by jb_json_finish. */
#ifndef JB_WIRE_JSON_H
#define JB_WIRE_JSON_H

#include "proto/base/arena.h"
#include "proto/base/err.h"

struct jb_json {
    struct jb_arena *arena;
    char *at;     /* the text so far, in the arena */
    size_t len;   /* bytes of it */
    size_t room;  /* bytes that fit */
    int indent;   /* blanks for each level; 0: all on one line */
    size_t depth; /* open objects and arrays */
    bool fresh;   /* nothing stands in the innermost one yet */
    bool failed;  /* out of memory */
};

void jb_json_start(struct jb_json *j, struct jb_arena *arena, int indent);
/* JB_NOMEM if anything before has failed. The text is NUL-terminated behind its length. */
JB_MUST enum jb_err jb_json_finish(struct jb_json *j, struct jb_text *out);

void jb_json_open(struct jb_json *j, char bracket);     /* '{' or '[' */
void jb_json_close(struct jb_json *j, char bracket);    /* '}' or ']' */
void jb_json_next(struct jb_json *j);                   /* before each member or element */
void jb_json_name(struct jb_json *j, const char *name); /* of a member: next, then the name */

/* Values. Text that is not UTF-8 keeps its good parts, the rest becomes U+FFFD. */
void jb_json_text(struct jb_json *j, struct jb_text text);
void jb_json_base64(struct jb_json *j, struct jb_bytes bytes);
void jb_json_word(struct jb_json *j, const char *word); /* as it stands: true, 12 */

#endif
