/* See tail.h. */
#include "daemon/tail.h"

#include <stdlib.h>

#include "daemon/broker.h"

#define KEEP_BYTES ((size_t)8 * 1024 * 1024) /* of ticks that the tables have */

/* ---- filling ---- */

enum jb_err jb_tail_room(struct jb_tail *t, uint32_t node)
{
    if (node < t->node_capacity)
        return JB_OK;
    size_t wanted = ((size_t)node / 1024 + 1) * 1024;
    struct jb_tail_node *nodes = reallocarray(t->nodes, wanted, sizeof *nodes);
    if (nodes == NULL)
        return JB_NOMEM;
    memset(nodes + t->node_capacity, 0, (wanted - t->node_capacity) * sizeof *nodes);
    t->nodes = nodes;
    t->node_capacity = wanted;
    return JB_OK;
}

struct jb_tail_block *jb_tail_block_new(struct jb_tick *tick)
{
    size_t links = tick->item_count * sizeof(struct jb_tail_link);
    struct jb_tail_block *block =
        calloc(1, sizeof *block + links + tick->case_count * sizeof *block->cases);
    if (block == NULL)
        return NULL;
    block->tick = tick;
    block->cases = (struct jb_tail_case *)(void *)&block->links[tick->item_count];
    jb_tick_hold(tick);
    return block;
}

void jb_tail_block_free(struct jb_tail_block **block)
{
    if (*block != NULL)
        jb_tick_drop(&(*block)->tick);
    free(*block);
    *block = NULL;
}

static bool has_key(const struct jb_tick_item *item)
{
    return jb_act_may_open((enum jb_act_kind)item->act_kind) || item->act_kind == JB_ACT_ATTACH;
}

/* Who may read a case may have changed with this tick: also for what was not sent yet. The tables
 * follow in order: before `waiting` they have everything. */
static void see_rights(struct jb_tail *t, const struct jb_tick *tick)
{
    while (t->waiting != NULL && atomic_load(&t->waiting->tick->applied))
        t->waiting = t->waiting->next;
    for (struct jb_tail_block *k = t->waiting; k != NULL; k = k->next) {
        if (!k->has_keys)
            continue;
        for (size_t i = 0; i < k->tick->item_count; i++) {
            struct jb_tick_item *item = &k->tick->items[i];
            if (!has_key(item))
                continue;
            for (size_t c = 0; c < tick->case_count; c++)
                if (tick->cases[c].case_no == item->case_no)
                    item->may_read = jb_audience_reads(tick->cases[c].c, item->node);
        }
    }
}

static struct jb_tail_case **bucket_of(struct jb_tail *t, int64_t case_no)
{
    uint64_t h = (uint64_t)case_no * UINT64_C(0x9E3779B97F4A7C15);
    return &t->cases[(h >> 32) & (JB_TAIL_BUCKETS - 1)];
}

static void cases_add(struct jb_tail *t, struct jb_tail_block *block)
{
    for (size_t i = 0; i < block->tick->case_count; i++) {
        struct jb_tail_case **bucket = bucket_of(t, block->tick->cases[i].case_no);
        block->cases[i] = (struct jb_tail_case){block->tick, block->tick->cases[i].c, *bucket};
        *bucket = &block->cases[i];
    }
}

/* Of the oldest block: whatever is behind them in their buckets is of it as well. */
static void cases_drop(struct jb_tail *t, const struct jb_tail_block *block)
{
    for (size_t i = 0; i < block->tick->case_count; i++) {
        struct jb_tail_case **at = bucket_of(t, block->tick->cases[i].case_no);
        while (*at != NULL && (*at)->tick != block->tick)
            at = &(*at)->older;
        *at = NULL;
    }
}

void jb_tail_publish(struct jb_tail *t, struct jb_tail_block *block)
{
    struct jb_tick *tick = block->tick;
    for (size_t i = 0; i < tick->item_count; i++) {
        struct jb_tail_link *link = &block->links[i];
        struct jb_tail_node *n = &t->nodes[tick->items[i].node];
        *link = (struct jb_tail_link){.tick = tick, .item = &tick->items[i]};
        if (n->first == NULL)
            n->first = link;
        else
            n->last->next = link;
        n->last = link;
        block->has_keys = block->has_keys || has_key(&tick->items[i]);
    }
    for (size_t i = 0; i < tick->line_count; i++) {
        t->nodes[tick->lines[i].node].line = tick->lines[i];
        t->nodes[tick->lines[i].node].known = true;
    }
    if (t->first == NULL)
        t->first = block;
    else
        t->last->next = block;
    t->last = block;
    if (t->waiting == NULL)
        t->waiting = block;
    t->bytes += tick->arena.used_bytes;
    cases_add(t, block);
    see_rights(t, tick);
    jb_tail_trim(t);
}

static void drop_first(struct jb_tail *t)
{
    struct jb_tail_block *block = t->first;
    for (size_t i = 0; i < block->tick->item_count; i++) {
        struct jb_tail_link *link = &block->links[i];
        struct jb_tail_node *n = &t->nodes[link->item->node];
        n->first = link->next;
        n->last = n->first != NULL ? n->last : NULL;
        n->sent = n->sent == link ? NULL : n->sent;
        n->acked = n->acked == link ? NULL : n->acked;
        n->told = n->told == link ? NULL : n->told;
    }
    if (t->waiting == block)
        t->waiting = block->next;
    cases_drop(t, block);
    t->bytes -= block->tick->arena.used_bytes;
    t->first = block->next;
    if (t->first == NULL)
        t->last = NULL;
    jb_tail_block_free(&block);
}

void jb_tail_trim(struct jb_tail *t)
{
    while (t->first != NULL && t->bytes > KEEP_BYTES && atomic_load(&t->first->tick->applied))
        drop_first(t);
}

void jb_tail_clear(struct jb_tail *t)
{
    while (t->first != NULL)
        drop_first(t);
    for (size_t i = 0; i < t->node_capacity; i++)
        t->nodes[i].known = false;
}

void jb_tail_fini(struct jb_tail *t)
{
    jb_tail_clear(t);
    free(t->nodes);
    *t = (struct jb_tail){.first = NULL};
}

/* The last one is applied last. */
bool jb_tail_waits(const struct jb_tail *t)
{
    return t->last != NULL && !atomic_load(&t->last->tick->applied);
}

/* ---- reading ---- */

static struct jb_tail_node *node_of(struct jb_broker *b, uint32_t node)
{
    static struct jb_tail_node nobody;
    return node < b->tail.node_capacity ? &b->tail.nodes[node] : &nobody;
}

/* NULL: it is not here. `cursor`: looks at one node go upwards. */
static struct jb_tail_link *find(struct jb_tail_node *n, uint64_t number,
                                 struct jb_tail_link **cursor)
{
    struct jb_tail_link *link = *cursor;
    if (link == NULL || link->item->number > number)
        link = n->first;
    if (link == NULL || link->item->number > number || n->last->item->number < number)
        return NULL;
    while (link->item->number < number)
        link = link->next;
    *cursor = link;
    return link;
}

enum jb_err jb_tail_line(struct jb_broker *b, uint32_t node, struct jb_line_state *out)
{
    const struct jb_tail_node *n = node_of(b, node);
    if (n->known) {
        *out = n->line;
        return JB_OK;
    }
    const struct jb_line_state *line = jb_line_get(b->reader, node);
    if (line == NULL)
        return JB_NOMEM;
    *out = *line;
    return JB_OK;
}

enum jb_err jb_tail_head(struct jb_broker *b, uint32_t node, uint64_t number,
                         uint8_t head[JB_HASH_BYTES])
{
    struct jb_tail_node *n = node_of(b, node);
    const struct jb_tail_link *link = find(n, number, &n->acked);
    if (link == NULL)
        return jb_stream_head(b->reader, node, number, head);
    memcpy(head, link->item->head, JB_HASH_BYTES);
    return JB_OK;
}

/* The key of a case travels beside the act that opened it, to those who may read it now. */
static enum jb_err key_of(struct jb_broker *b, const struct jb_tail_link *link,
                          struct jb_arena *arena, struct jb_bytes *key)
{
    const struct jb_tick_item *item = link->item;
    uint8_t raw[JB_KEY_BYTES];
    if (!has_key(item))
        return JB_OK;
    if (atomic_load(&link->tick->applied))
        return jb_stream_key(b->reader, item->node, item->case_no, arena, key);
    enum jb_err err =
        item->may_read ? jb_ledger_case_key_get(b->reader, item->case_no, raw) : JB_NOT_FOUND;
    if (err == JB_NOT_FOUND)
        return JB_OK;
    if (err == JB_OK)
        *key = (struct jb_bytes){jb_arena_memdup(arena, raw, sizeof raw), sizeof raw};
    explicit_bzero(raw, sizeof raw);
    return err != JB_OK || key->data != NULL ? err : JB_NOMEM;
}

enum jb_err jb_tail_read(struct jb_broker *b, const struct jb_stream_read *want,
                         struct jb_arena *arena, struct jb_frame_item **items, size_t *count,
                         uint8_t head[JB_HASH_BYTES])
{
    struct jb_tail_node *n = node_of(b, want->node);
    enum jb_err err = JB_OK;
    size_t bytes = 0;
    *count = 0;
    if (n->known && want->from == n->line.down.number + 1) { /* it has everything */
        memcpy(head, n->line.down.head, JB_HASH_BYTES);
        return JB_OK;
    }
    const struct jb_tail_link *link = find(n, want->from, &n->sent);
    if (link == NULL)
        return jb_stream_read(b->reader, want, arena, items, count, head);
    *items = jb_arena_alloc(arena, want->max_items * sizeof **items);
    if (*items == NULL)
        return JB_NOMEM;
    for (; link != NULL && *count < want->max_items && err == JB_OK; link = link->next) {
        struct jb_frame_item *out = &(*items)[*count];
        if (*count > 0 && bytes + link->item->body.len > want->max_bytes)
            break;
        out->body = link->item->body;
        err = key_of(b, link, arena, &out->case_key);
        bytes += link->item->body.len;
        memcpy(head, link->item->head, JB_HASH_BYTES);
        ++*count;
    }
    return err;
}

enum jb_err jb_tail_case(struct jb_broker *b, int64_t case_no, struct jb_arena *arena,
                         struct jb_case *c)
{
    const struct jb_tail_case *at = *bucket_of(&b->tail, case_no);
    while (at != NULL && at->c->case_no != case_no)
        at = at->older;
    if (at == NULL)
        return jb_ledger_case_load(b->reader, case_no, arena, c);
    bool clean = atomic_load(&at->tick->applied); /* then the tables have what is marked in it */
    enum jb_err err = jb_case_copy(at->c, arena, c);
    if (err == JB_OK && clean)
        jb_case_clean(c);
    return err;
}

static enum jb_err add_duty(struct jb_arena *arena, const struct jb_tick_item *item,
                            struct jb_stored_items *out)
{
    if (out->count == 0 || (out->count & (out->count - 1)) == 0) { /* room up to a power of two */
        struct jb_stored_item *grown =
            jb_arena_alloc(arena, (out->count == 0 ? 1 : out->count * 2) * sizeof *grown);
        if (grown == NULL)
            return JB_NOMEM;
        if (out->count > 0)
            memcpy(grown, out->at, out->count * sizeof *grown);
        out->at = grown;
    }
    struct jb_stored_item *at = (struct jb_stored_item *)(uintptr_t)out->at;
    at[out->count].case_no = item->case_no;
    at[out->count++].log_seq = item->entry_seq;
    return JB_OK;
}

enum jb_err jb_tail_duties(struct jb_broker *b, uint32_t node, uint64_t after, uint64_t upto,
                           struct jb_arena *arena, struct jb_stored_items *out)
{
    struct jb_tail_node *n = node_of(b, node);
    struct jb_stored_items older = {NULL, 0};
    enum jb_err err = JB_OK;
    uint64_t from = n->first != NULL ? n->first->item->number : UINT64_MAX; /* what is here */
    *out = (struct jb_stored_items){NULL, 0};
    if (after + 1 < from)
        err =
            jb_stream_duties(b->reader, node, after, upto < from ? upto : from - 1, arena, &older);
    if (upto < from || err != JB_OK) {
        *out = older;
        return err;
    }
    for (size_t i = 0; i < older.count && err == JB_OK; i++)
        err = add_duty(arena,
                       &(struct jb_tick_item){.case_no = older.at[i].case_no,
                                              .entry_seq = older.at[i].log_seq},
                       out);
    const struct jb_tail_link *link = find(n, after + 1 < from ? from : after + 1, &n->told);
    for (; link != NULL && link->item->number <= upto && err == JB_OK; link = link->next)
        if (link->item->duty)
            err = add_duty(arena, link->item, out);
    return err;
}
