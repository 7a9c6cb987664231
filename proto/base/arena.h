/* A bump arena with a hard limit: the memory of one request or one batch, dropped at once.
 *
 * It bounds what untrusted input can make us allocate (protobuf-c keeps and copies unknown fields,
 * so 1 MiB on the wire can cost 50 MiB). Never frees single objects. One thread at a time. */
#ifndef JB_BASE_ARENA_H
#define JB_BASE_ARENA_H

#include "proto/base/bytes.h"

struct jb_arena {
    struct jb_arena_block *blocks; /* newest first; owned */
    size_t used_bytes;             /* handed out since the last reset */
    size_t limit_bytes;            /* over this jb_arena_alloc answers NULL */
    bool overflowed;               /* set by the first refusal, cleared by reset */
};

/* Prepare an empty arena; allocates nothing yet. */
void jb_arena_init(struct jb_arena *a, size_t limit_bytes);
/* Free everything; the arena can be used again after init. */
void jb_arena_fini(struct jb_arena *a);
/* Forget all objects, keep one block for reuse. */
void jb_arena_reset(struct jb_arena *a);

/* 16-byte aligned, zeroed memory that lives until reset/fini. NULL: over the limit or out of memory
 * (`overflowed` is then set). size 0 gives a valid pointer. */
void *jb_arena_alloc(struct jb_arena *a, size_t size_bytes);
/* A NUL-terminated copy; NULL as above. */
char *jb_arena_strndup(struct jb_arena *a, const char *s, size_t len);
void *jb_arena_memdup(struct jb_arena *a, const void *data, size_t len);

#endif
