/* See lacking.h. */
#include "daemon/lacking.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 64

/* How many are less than this one, or equal to it as well. */
static size_t place_of(const struct jb_lacking *l, const uint8_t hash[JB_HASH_BYTES], bool behind)
{
    size_t low = 0;
    size_t high = l->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(l->at[middle], hash, JB_HASH_BYTES) < (behind ? 1 : 0))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

enum jb_err jb_lacking_add(struct jb_lacking *l, const uint8_t hash[JB_HASH_BYTES])
{
    size_t i = place_of(l, hash, false);

    if (i < l->count && memcmp(l->at[i], hash, JB_HASH_BYTES) == 0)
        return JB_OK;
    if (l->count == l->capacity) {
        size_t wanted = l->capacity == 0 ? FIRST_CAPACITY : 2 * l->capacity;
        uint8_t(*bigger)[JB_HASH_BYTES] = reallocarray(l->at, wanted, sizeof *bigger);
        if (bigger == NULL)
            return JB_NOMEM;
        l->at = bigger;
        l->capacity = wanted;
    }
    memmove(l->at + i + 1, l->at + i, (l->count - i) * JB_HASH_BYTES);
    memcpy(l->at[i], hash, JB_HASH_BYTES);
    l->count++;
    return JB_OK;
}

void jb_lacking_drop(struct jb_lacking *l, const uint8_t hash[JB_HASH_BYTES])
{
    size_t i = place_of(l, hash, false);

    if (i == l->count || memcmp(l->at[i], hash, JB_HASH_BYTES) != 0)
        return;
    memmove(l->at + i, l->at + i + 1, (l->count - i - 1) * JB_HASH_BYTES);
    l->count--;
}

const uint8_t *jb_lacking_after(const struct jb_lacking *l, const uint8_t hash[JB_HASH_BYTES])
{
    size_t i = place_of(l, hash, true);

    return i < l->count ? l->at[i] : NULL;
}

void jb_lacking_fini(struct jb_lacking *l)
{
    free(l->at);
    *l = (struct jb_lacking){NULL, 0, 0};
}
