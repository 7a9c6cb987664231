/* See held.h. */
#include "proto/ledger/held.h"

#include <assert.h>
#include <stdlib.h>

#include "proto/ledger/db.h"
#include "proto/ledger/replica.h"

#define SLOTS_FIRST 64
#define HELD_BYTES ((size_t)6 * 1024 * 1024) /* an agent of a small machine has ten in all */

static size_t slot_of(const struct jb_held *h, int64_t case_no)
{
    uint64_t mixed = (uint64_t)case_no * UINT64_C(0x9E3779B97F4A7C15);
    size_t i = (size_t)(mixed >> 20) & (h->capacity - 1);

    while (h->slots[i] != NULL && h->slots[i]->case_no != case_no)
        i = (i + 1) & (h->capacity - 1);
    return i;
}

struct jb_case *jb_held_case(const struct jb_ledger *l, int64_t case_no)
{
    const struct jb_held *h = &l->held;

    return h->count > 0 ? h->slots[slot_of(h, case_no)] : NULL;
}

static enum jb_err grow(struct jb_held *h)
{
    struct jb_held bigger = {.on = true, .count = h->count, .capacity = SLOTS_FIRST};

    if ((h->count + 1) * 2 <= h->capacity)
        return JB_OK;
    if (h->capacity > 0)
        bigger.capacity = h->capacity * 2;
    bigger.slots = calloc(bigger.capacity, sizeof(struct jb_case *));
    if (bigger.slots == NULL)
        return JB_NOMEM;
    for (size_t i = 0; i < h->capacity; i++)
        if (h->slots[i] != NULL)
            bigger.slots[slot_of(&bigger, h->slots[i]->case_no)] = h->slots[i];
    free(h->slots);
    *h = bigger;
    return JB_OK;
}

enum jb_err jb_held_put(struct jb_ledger *l, const struct jb_case *c)
{
    struct jb_case *held = jb_held_case(l, c->case_no);

    if (held == c)
        return JB_OK;
    if (held != NULL) {
        *held = *c;
        return JB_OK;
    }
    enum jb_err err = grow(&l->held);
    held = err == JB_OK ? jb_arena_memdup(&l->cases, c, sizeof *c) : NULL;
    if (held == NULL)
        return JB_NOMEM;
    l->held.slots[slot_of(&l->held, c->case_no)] = held;
    l->held.count++;
    return JB_OK;
}

/* What stands behind it in its run must still be found. */
void jb_held_remove(struct jb_ledger *l, int64_t case_no)
{
    struct jb_held *h = &l->held;

    if (jb_held_case(l, case_no) == NULL)
        return;
    size_t i = slot_of(h, case_no);
    h->slots[i] = NULL;
    h->count--;
    for (i = (i + 1) & (h->capacity - 1); h->slots[i] != NULL; i = (i + 1) & (h->capacity - 1)) {
        struct jb_case *moved = h->slots[i];
        h->slots[i] = NULL;
        h->slots[slot_of(h, moved->case_no)] = moved;
    }
}

static int compare(const void *left, const void *right)
{
    const struct jb_case *const *a = left;
    const struct jb_case *const *b = right;

    return ((*a)->case_no > (*b)->case_no) - ((*a)->case_no < (*b)->case_no);
}

static void forget(struct jb_ledger *l)
{
    if (l->held.capacity > 0)
        memset(l->held.slots, 0, l->held.capacity * sizeof(struct jb_case *));
    l->held.count = 0;
    jb_arena_reset(&l->cases);
}

enum jb_err jb_held_write(struct jb_ledger *l)
{
    struct jb_held *h = &l->held;
    enum jb_err err = JB_OK;
    size_t count = 0;

    if (h->count == 0)
        return JB_OK;
    for (size_t i = 0; i < h->capacity; i++) /* to the front; the table is empty afterwards */
        if (h->slots[i] != NULL)
            h->slots[count++] = h->slots[i];
    qsort(h->slots, count, sizeof(struct jb_case *), compare);
    for (size_t i = 0; i < count && err == JB_OK; i++)
        err = jb_case_write(l, h->slots[i]);
    forget(l);
    return err;
}

enum jb_err jb_held_look(struct jb_ledger *l)
{
    return l->cases.used_bytes > HELD_BYTES ? jb_held_write(l) : JB_OK;
}

void jb_held_end(struct jb_ledger *l)
{
    if (!l->held.on)
        return;
    free(l->held.slots);
    l->held = (struct jb_held){0};
    jb_arena_reset(&l->cases);
}

void jb_replica_hold(struct jb_ledger *l)
{
    assert(l->writing && l->role == JB_LEDGER_REPLICA);
    l->held.on = true;
}
