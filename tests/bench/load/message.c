/* Messages and batches of them; see load.h. */
#include "tests/bench/load/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void load_body_make(char *body, size_t len)
{
    static const char text[] = "申请人反映小区外墙渗水、物业多次推诿,经初步审查,"
                               "现将本案移交贵机关办理,请于规定期限内签收、"
                               "受理并书面答复申请人,办理结果连同办结报告一并报送。";
    const char *from = text;
    size_t used = LOAD_MARK_BYTES;
    for (;;) {
        size_t wide = (*from & 0x80) == 0 ? 1 : 3; /* nothing but ASCII and Chinese */
        if (used + wide > len)
            break;
        memcpy(body + used, from, wide);
        used += wide;
        from += wide;
        if (*from == '\0')
            from = text;
    }
    memset(body + used, '.', len - used);
}

void load_mark_write(char *body, int sender, long number)
{
    char mark[LOAD_MARK_BYTES + 1];
    (void)snprintf(mark, sizeof mark, LOAD_MARK "%04x%010lx", (unsigned)sender & 0xffffU,
                   (unsigned long)number & 0xffffffffffUL);
    memcpy(body, mark, LOAD_MARK_BYTES);
}

bool load_mark_find(const uint8_t *body, size_t len, int *sender, long *number)
{
    const uint8_t *mark = memmem(body, len, LOAD_MARK, strlen(LOAD_MARK));
    char digits[LOAD_MARK_BYTES - 2];
    if (mark == NULL || (size_t)(body + len - mark) < LOAD_MARK_BYTES)
        return false;
    memcpy(digits, mark + 3, 14);
    digits[14] = '\0';
    char *end = NULL;
    uint64_t value = strtoull(digits, &end, 16);
    if (end != digits + 14)
        return false;
    *sender = (int)(value >> 40);
    *number = (long)(value & 0xffffffffffULL);
    return true;
}

int64_t load_key(int sender, long number)
{
    return ((int64_t)sender << 40) | number;
}

static void *grown(void *old, size_t *capacity, size_t needed, size_t each)
{
    if (needed <= *capacity)
        return old;
    *capacity = needed < *capacity * 2 ? *capacity * 2 : needed + 16;
    void *new = realloc(old, *capacity * each);
    return new;
}

struct load_item *load_batch_add(struct load_batch *b, const void *body, size_t len)
{
    b->items = grown(b->items, &b->items_capacity, b->count + 1, sizeof *b->items);
    b->memory = grown(b->memory, &b->capacity, b->used + len, 1);
    memcpy(b->memory + b->used, body, len);
    struct load_item *item = &b->items[b->count++];
    *item = (struct load_item){.at = b->used, .len = len};
    b->used += len;
    return item;
}
