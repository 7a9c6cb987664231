#include "proto/base/arena.h"

#include <stdlib.h>

#define ALIGN_BYTES 16
#define BLOCK_BYTES 4096 /* the first block; each further one doubles, up to MAX_BLOCK_BYTES */
#define MAX_BLOCK_BYTES (256 * 1024)

struct jb_arena_block {
    struct jb_arena_block *next; /* older */
    size_t size_bytes;           /* of data */
    size_t used_bytes;           /* of data */
    _Alignas(ALIGN_BYTES) unsigned char data[];
};

static size_t round_up(size_t size)
{
    return (size + ALIGN_BYTES - 1) & ~(size_t)(ALIGN_BYTES - 1);
}

void jb_arena_init(struct jb_arena *a, size_t limit_bytes)
{
    *a = (struct jb_arena){.limit_bytes = limit_bytes};
}

void jb_arena_fini(struct jb_arena *a)
{
    struct jb_arena_block *block = a->blocks;

    while (block != NULL) {
        struct jb_arena_block *older = block->next;

        free(block);
        block = older;
    }
    *a = (struct jb_arena){.limit_bytes = a->limit_bytes};
}

/* One ordinary block is kept; one that was made for a single large object is not, or an idle daemon
 * would hold on to its largest request ever. */
void jb_arena_reset(struct jb_arena *a)
{
    struct jb_arena_block *kept = NULL;
    struct jb_arena_block *block = a->blocks;

    while (block != NULL) {
        struct jb_arena_block *older = block->next;

        if (kept == NULL && block->size_bytes <= MAX_BLOCK_BYTES)
            kept = block;
        else
            free(block);
        block = older;
    }
    if (kept != NULL) {
        kept->next = NULL;
        kept->used_bytes = 0;
    }
    *a = (struct jb_arena){.blocks = kept, .limit_bytes = a->limit_bytes};
}

/* A new newest block with room for `size`. It is never larger than what the limit leaves, unless
 * one object needs it: a small limit must also mean little memory. */
static struct jb_arena_block *block_add(struct jb_arena *a, size_t size)
{
    size_t room = a->blocks != NULL ? a->blocks->size_bytes * 2 : BLOCK_BYTES;
    struct jb_arena_block *block;

    if (room > MAX_BLOCK_BYTES)
        room = MAX_BLOCK_BYTES;
    if (room > round_up(a->limit_bytes - a->used_bytes))
        room = round_up(a->limit_bytes - a->used_bytes);
    if (room < size)
        room = size;
    block = malloc(sizeof *block + room);
    if (block == NULL)
        return NULL;
    block->next = a->blocks;
    block->size_bytes = room;
    block->used_bytes = 0;
    a->blocks = block;
    return block;
}

void *jb_arena_alloc(struct jb_arena *a, size_t size_bytes)
{
    struct jb_arena_block *block = a->blocks;
    size_t size;
    void *p;

    /* The first test also keeps the rounding from wrapping: used never exceeds the limit. */
    if (size_bytes > a->limit_bytes - a->used_bytes || size_bytes > SIZE_MAX / 2)
        goto refused;
    size = round_up(size_bytes != 0 ? size_bytes : 1);
    if (size > a->limit_bytes - a->used_bytes)
        goto refused;
    if (block == NULL || size > block->size_bytes - block->used_bytes)
        block = block_add(a, size);
    if (block == NULL)
        goto refused;
    p = block->data + block->used_bytes;
    block->used_bytes += size;
    a->used_bytes += size;
    return memset(p, 0, size);
refused:
    a->overflowed = true;
    return NULL;
}

char *jb_arena_strndup(struct jb_arena *a, const char *s, size_t len)
{
    char *copy;

    if (len == SIZE_MAX) {
        a->overflowed = true;
        return NULL;
    }
    copy = jb_arena_alloc(a, len + 1);
    if (copy != NULL && len > 0)
        memcpy(copy, s, len);
    return copy;
}

void *jb_arena_memdup(struct jb_arena *a, const void *data, size_t len)
{
    void *copy = jb_arena_alloc(a, len);

    if (copy != NULL && len > 0)
        memcpy(copy, data, len);
    return copy;
}
