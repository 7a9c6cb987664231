/* A batch: what one tick decides and commits together. Memory of a batch is one arena, dropped at
 * once; the growing arrays are kept for the next batch. */
#include "daemon/broker.h"

#include <stdlib.h>

#define BATCH_ARENA_BYTES ((size_t)512 * 1024 * 1024) /* intake pauses long before */

void jb_batch_init(struct jb_batch *t)
{
    memset(t, 0, sizeof *t);
    jb_arena_init(&t->arena, BATCH_ARENA_BYTES);
}

void jb_batch_fini(struct jb_batch *t)
{
    jb_tail_block_free(&t->block);
    jb_arena_fini(&t->arena);
    free(t->items);
    free(t->ops);
    free(t->cases);
    free(t->touched);
    memset(t, 0, sizeof *t);
}

void jb_batch_undecide(struct jb_batch *t)
{
    jb_tail_block_free(&t->block);
    t->op_count = 0;
    t->touched_count = 0;
    t->case_count = 0;
    if (t->cases != NULL)
        memset(t->cases, 0, t->case_capacity * sizeof(struct jb_case *));
    t->result = JB_OK;
    t->fault.text[0] = '\0';
    memset(&t->counted, 0, sizeof t->counted);
}

void jb_batch_reset(struct jb_batch *t)
{
    jb_batch_undecide(t);
    jb_arena_reset(&t->arena);
    t->item_count = 0;
    t->tells_clock = false;
}

/* Room for one more element; the array keeps its address in *array. */
static enum jb_err grow(void **array, size_t count, size_t *capacity, size_t element_bytes)
{
    if (count < *capacity)
        return JB_OK;
    size_t wanted = *capacity == 0 ? 64 : *capacity * 2;
    void *bigger = reallocarray(*array, wanted, element_bytes);
    if (bigger == NULL)
        return JB_NOMEM;
    *array = bigger;
    *capacity = wanted;
    return JB_OK;
}

struct jb_intake_item *jb_batch_item(struct jb_batch *t)
{
    void *array = t->items;
    if (grow(&array, t->item_count, &t->item_capacity, sizeof *t->items) != JB_OK)
        return NULL;
    t->items = array;
    struct jb_intake_item *item = &t->items[t->item_count++];
    memset(item, 0, sizeof *item);
    return item;
}

struct jb_op *jb_batch_op(struct jb_batch *t)
{
    void *array = t->ops;
    if (grow(&array, t->op_count, &t->op_capacity, sizeof *t->ops) != JB_OK)
        return NULL;
    t->ops = array;
    struct jb_op *op = &t->ops[t->op_count++];
    memset(op, 0, sizeof *op);
    op->at_ms = t->now_ms;
    return op;
}

struct jb_entry *jb_batch_own_entry(struct jb_batch *t, struct jb_text user)
{
    struct jb_entry *entry = jb_arena_alloc(&t->arena, sizeof *entry);
    if (entry == NULL)
        return NULL;
    entry->node = JB_NODE_BROKER_NUMBER;
    entry->user = user;
    entry->made_at_ms = t->now_ms;
    return entry;
}

enum jb_err jb_batch_touch(struct jb_batch *t, uint32_t node)
{
    void *array = t->touched;
    if (grow(&array, t->touched_count, &t->touched_capacity, sizeof *t->touched) != JB_OK)
        return JB_NOMEM;
    t->touched = array;
    t->touched[t->touched_count++] = node;
    return JB_OK;
}

/* ---- cases of this batch, by number ---- */

static size_t case_slot(const struct jb_batch *t, int64_t case_no)
{
    uint64_t h = (uint64_t)case_no * UINT64_C(0x9E3779B97F4A7C15);
    size_t i = (size_t)(h >> 20) & (t->case_capacity - 1);
    while (t->cases[i] != NULL && t->cases[i]->case_no != case_no)
        i = (i + 1) & (t->case_capacity - 1);
    return i;
}

static enum jb_err cases_grow(struct jb_batch *t)
{
    if (t->case_capacity > 0 && t->case_count * 2 < t->case_capacity)
        return JB_OK;
    struct jb_case **old = t->cases;
    size_t old_capacity = t->case_capacity;
    size_t wanted = old_capacity == 0 ? 256 : old_capacity * 2;
    struct jb_case **cases = calloc(wanted, sizeof(struct jb_case *));
    if (cases == NULL)
        return JB_NOMEM;
    t->cases = cases;
    t->case_capacity = wanted;
    for (size_t i = 0; i < old_capacity; i++)
        if (old[i] != NULL)
            t->cases[case_slot(t, old[i]->case_no)] = old[i];
    free(old);
    return JB_OK;
}

struct jb_case *jb_batch_case(struct jb_broker *b, struct jb_batch *t, int64_t case_no,
                              enum jb_err *err)
{
    *err = cases_grow(t);
    if (*err != JB_OK)
        return NULL;
    size_t slot = case_slot(t, case_no);
    if (t->cases[slot] != NULL)
        return t->cases[slot];
    struct jb_case *c = jb_arena_alloc(&t->arena, sizeof *c);
    if (c == NULL) {
        *err = JB_NOMEM;
        return NULL;
    }
    *err = jb_tail_case(b, case_no, &t->arena, c);
    if (*err != JB_OK)
        return NULL;
    c->case_no = case_no;
    t->cases[slot] = c;
    t->case_count++;
    return c;
}
