/* See due.h. */
#include "daemon/due.h"

#include <stdlib.h>

#define FEW 256     /* what one look usually finds */
#define MANY 131072 /* 2 MiB; beyond, another look */

static bool before(const struct jb_due *a, const struct jb_due *b)
{
    return a->fell_ms < b->fell_ms || (a->fell_ms == b->fell_ms && a->case_no < b->case_no);
}

static void swap(struct jb_due *a, struct jb_due *b)
{
    struct jb_due c = *a;
    *a = *b;
    *b = c;
}

static void sink(struct jb_due_list *d)
{
    size_t at = 0;
    for (;;) {
        size_t least = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < d->count; child++)
            if (before(&d->heap[child], &d->heap[least]))
                least = child;
        if (least == at)
            return;
        swap(&d->heap[at], &d->heap[least]);
        at = least;
    }
}

static void rise(struct jb_due_list *d, size_t at)
{
    while (at > 0 && before(&d->heap[at], &d->heap[(at - 1) / 2])) {
        swap(&d->heap[at], &d->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
}

static bool room(struct jb_due_list *d, size_t wanted)
{
    if (wanted <= d->capacity)
        return true;
    struct jb_due *bigger = reallocarray(d->heap, wanted, sizeof *bigger);
    if (bigger == NULL)
        return false;
    d->heap = bigger;
    d->capacity = wanted;
    return true;
}

void jb_due_clear(struct jb_due_list *d)
{
    free(d->heap);
    *d = (struct jb_due_list){0};
}

/* Sorted as the ledger gives them, they are a heap already. */
static void leave_out(struct jb_due_list *d, jb_due_skip *skip, const void *ctx)
{
    size_t kept = 0;
    for (size_t i = 0; i < d->count; i++)
        if (!skip(ctx, &d->heap[i]))
            d->heap[kept++] = d->heap[i];
    d->count = kept;
}

enum jb_err jb_due_look(struct jb_due_list *d, struct jb_ledger *l, int64_t now_ms,
                        uint64_t first_seq, jb_due_skip *skip, const void *ctx)
{
    size_t sizes[] = {FEW, MANY};
    enum jb_err err = JB_NOMEM;
    jb_due_clear(d);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0] && d->count == d->capacity; i++) {
        if (!room(d, sizes[i]))
            break; /* some of them are better than none */
        err = jb_ledger_due(l, now_ms, d->heap, d->capacity, &d->count, &d->next_ms);
        if (err != JB_OK)
            break;
    }
    if (err != JB_OK) {
        jb_due_clear(d);
        return err;
    }
    d->until_ms = d->count == d->capacity ? d->heap[d->count - 1].fell_ms : now_ms;
    d->first_seq = first_seq;
    leave_out(d, skip, ctx);
    return JB_OK;
}

static bool has(const struct jb_due *list, size_t count, int64_t case_no)
{
    for (size_t i = 0; i < count; i++)
        if (list[i].case_no == case_no)
            return true;
    return false;
}

size_t jb_due_take(struct jb_due_list *d, struct jb_due *out, size_t max, int64_t *horizon_ms)
{
    size_t taken = 0;
    while (taken < max && d->count > 0) {
        if (!has(out, taken, d->heap[0].case_no))
            out[taken++] = d->heap[0];
        d->heap[0] = d->heap[--d->count];
        sink(d);
    }
    *horizon_ms = d->count > 0 ? d->heap[0].fell_ms : d->until_ms;
    return taken;
}

void jb_due_again(struct jb_due_list *d, int64_t case_no, int64_t fell_ms)
{
    if (d->count == 0 || fell_ms > d->until_ms)
        return;
    if (!room(d, d->count < d->capacity ? d->capacity : d->capacity * 2)) {
        d->count = 0;
        return;
    }
    d->heap[d->count] = (struct jb_due){case_no, fell_ms};
    rise(d, d->count++);
}
