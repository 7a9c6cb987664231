/* See tick.h. The packed row, numbers as varints (packing.h):
 *
 *   version (1 byte: 1), tick number, first entry, number of entries,
 *   five lists, each behind its length: items, lines, receipts, up receipts, refusals,
 *   B(everything before): 32 bytes
 *
 * The fields of an element stand in the order in which put_* writes them. */
#include "proto/ledger/tick.h"

#include <stdlib.h>

#include "proto/ledger/packing.h"

#define VERSION 1
#define ARENA_BYTES ((size_t)512 * 1024 * 1024)

enum {
    HISTORY = 1,
    DUTY = 2
};

/* ---- memory ---- */

struct jb_tick *jb_tick_new(void)
{
    struct jb_tick *t = calloc(1, sizeof *t);

    if (t == NULL)
        return NULL;
    atomic_init(&t->holders, 1);
    atomic_init(&t->applied, false);
    jb_arena_init(&t->arena, ARENA_BYTES);
    return t;
}

void jb_tick_hold(struct jb_tick *t)
{
    (void)atomic_fetch_add(&t->holders, 1);
}

void jb_tick_drop(struct jb_tick **t)
{
    struct jb_tick *old = *t;

    *t = NULL;
    if (old == NULL || atomic_fetch_sub(&old->holders, 1) != 1)
        return;
    jb_arena_fini(&old->arena);
    free(old);
}

/* A list has room up to the next power of two. */
void *jb_tick_more(struct jb_tick *t, void *list, size_t *count, size_t bytes)
{
    void **at = list;

    if ((*count & (*count - 1)) == 0) {
        void *grown = jb_arena_alloc(&t->arena, (*count == 0 ? 1 : *count * 2) * bytes);
        if (grown == NULL)
            return NULL;
        if (*count > 0)
            memcpy(grown, *at, *count * bytes);
        *at = grown;
    }
    return (char *)*at + (*count)++ * bytes;
}

/* ---- packing ---- */

static uint8_t *put_fixed(uint8_t *at, const uint8_t *data, size_t len)
{
    memcpy(at, data, len);
    return at + len;
}

static uint8_t *put_bytes(uint8_t *at, struct jb_bytes bytes)
{
    at = jb_varint_put(at, bytes.len);
    return bytes.len > 0 ? put_fixed(at, bytes.data, bytes.len) : at;
}

/* What an entry gives is made from it again. */
static struct jb_bytes own_body(const struct jb_tick_item *item)
{
    return item->entry_seq == 0 ? item->body : (struct jb_bytes){NULL, 0};
}

static uint8_t *put_item(uint8_t *at, const struct jb_tick_item *item)
{
    at = jb_varint_put(at, item->node);
    at = jb_varint_put(at, item->number);
    at = jb_varint_put(at, (uint64_t)item->at_ms);
    at = jb_varint_put(at, item->entry_seq);
    at = jb_varint_put(at, item->settles);
    at = jb_varint_put(at, (uint64_t)item->case_no);
    at = jb_varint_put(at, (item->history ? HISTORY : 0U) | (item->duty ? DUTY : 0U));
    at = put_fixed(at, item->head, JB_HASH_BYTES);
    return put_bytes(at, own_body(item));
}

static uint8_t *put_line(uint8_t *at, const struct jb_line_state *line)
{
    at = jb_varint_put(at, line->node);
    at = put_fixed(at, line->up.epoch, JB_EPOCH_BYTES);
    at = jb_varint_put(at, line->up.number);
    at = put_fixed(at, line->up.head, JB_HASH_BYTES);
    at = jb_varint_put(at, line->down.number);
    at = put_fixed(at, line->down.head, JB_HASH_BYTES);
    at = jb_varint_put(at, line->acked.number);
    at = put_fixed(at, line->acked.head, JB_HASH_BYTES);
    return jb_varint_put(at, (uint64_t)line->acked_at_ms);
}

static uint8_t *put_receipts(uint8_t *at, const struct jb_receipt *list, size_t count)
{
    at = jb_varint_put(at, count);
    for (size_t i = 0; i < count; i++) {
        const struct jb_receipt *r = &list[i];
        at = jb_varint_put(at, r->node);
        at = put_fixed(at, r->point.epoch, JB_EPOCH_BYTES);
        at = jb_varint_put(at, r->point.number);
        at = put_fixed(at, r->point.head, JB_HASH_BYTES);
        at = jb_varint_put(at, r->suite);
        at = jb_varint_put(at, (uint64_t)r->at_ms);
        at = put_fixed(at, r->signature, JB_SIGN_BYTES);
    }
    return at;
}

static uint8_t *put_refused(uint8_t *at, const struct jb_tick_refused *r)
{
    at = jb_varint_put(at, r->decided.node);
    at = put_fixed(at, r->epoch, JB_EPOCH_BYTES);
    at = jb_varint_put(at, r->decided.number);
    at = jb_varint_put(at, (uint64_t)r->decided.at_ms);
    at = jb_varint_put(at, r->decided.refusal);
    at = put_fixed(at, r->decided.head, JB_HASH_BYTES);
    return put_bytes(at, r->decided.raw);
}

/* No row is longer. */
static size_t bound(const struct jb_tick *t)
{
    size_t bytes = 1 + 8 * JB_VARINT_BYTES + JB_HASH_BYTES;

    for (size_t i = 0; i < t->item_count; i++)
        bytes += 8 * JB_VARINT_BYTES + JB_HASH_BYTES + own_body(&t->items[i]).len;
    bytes += t->line_count * (5 * JB_VARINT_BYTES + JB_EPOCH_BYTES + 3 * (size_t)JB_HASH_BYTES);
    bytes += (t->receipt_count + t->up_receipt_count) *
             (4 * JB_VARINT_BYTES + JB_EPOCH_BYTES + JB_HASH_BYTES + JB_SIGN_BYTES);
    for (size_t i = 0; i < t->refused_count; i++)
        bytes +=
            5 * JB_VARINT_BYTES + JB_EPOCH_BYTES + JB_HASH_BYTES + t->refused[i].decided.raw.len;
    return bytes;
}

enum jb_err jb_tick_pack(const struct jb_tick *t, struct jb_arena *arena, struct jb_bytes *row)
{
    uint8_t *start = jb_arena_alloc(arena, bound(t));
    uint8_t *at = start;

    if (start == NULL)
        return JB_NOMEM;
    *at++ = VERSION;
    at = jb_varint_put(at, t->number);
    at = jb_varint_put(at, t->first_seq);
    at = jb_varint_put(at, t->seq_count);
    at = jb_varint_put(at, t->item_count);
    for (size_t i = 0; i < t->item_count; i++)
        at = put_item(at, &t->items[i]);
    at = jb_varint_put(at, t->line_count);
    for (size_t i = 0; i < t->line_count; i++)
        at = put_line(at, &t->lines[i]);
    at = put_receipts(at, t->receipts, t->receipt_count);
    at = put_receipts(at, t->up_receipts, t->up_receipt_count);
    at = jb_varint_put(at, t->refused_count);
    for (size_t i = 0; i < t->refused_count; i++)
        at = put_refused(at, &t->refused[i]);
    jb_digest(start, (size_t)(at - start), at);
    *row = (struct jb_bytes){start, (size_t)(at - start) + JB_HASH_BYTES};
    return JB_OK;
}

/* ---- unpacking ---- */

struct reading {
    const uint8_t *at;
    size_t left;
    struct jb_tick *t;
    const char *wrong; /* the first thing that was; what is read from then on is zero */
    bool no_memory;
};

static uint64_t take(struct reading *r)
{
    uint64_t value = 0;

    if (r->wrong != NULL)
        return 0;
    if (jb_varint_take(&r->at, &r->left, &value))
        return value;
    r->wrong = "a number is cut off or too large";
    return 0;
}

static uint32_t take_u32(struct reading *r)
{
    uint64_t value = take(r);

    if (value > UINT32_MAX && r->wrong == NULL)
        r->wrong = "a number is too large";
    return (uint32_t)value;
}

static void take_fixed(struct reading *r, uint8_t *out, size_t len)
{
    if (r->wrong == NULL && r->left < len)
        r->wrong = "it is cut off";
    if (r->wrong != NULL)
        return;
    memcpy(out, r->at, len);
    r->at += len;
    r->left -= len;
}

static struct jb_bytes take_bytes(struct reading *r)
{
    struct jb_bytes out = {NULL, 0};
    uint64_t len = take(r);

    if (r->wrong == NULL && len > r->left)
        r->wrong = "it is cut off";
    if (r->wrong != NULL || len == 0)
        return out;
    out.data = jb_arena_memdup(&r->t->arena, r->at, (size_t)len);
    r->no_memory = r->no_memory || out.data == NULL;
    out.len = out.data != NULL ? (size_t)len : 0;
    r->at += len;
    r->left -= (size_t)len;
    return out;
}

static uint32_t take_node(struct reading *r)
{
    uint32_t node = take_u32(r);

    if (node == 0 && r->wrong == NULL)
        r->wrong = "it names node 0";
    return node;
}

/* Memory for a list; every element is at least `least` bytes long in the row. */
static void *take_list(struct reading *r, size_t *count, size_t least, size_t bytes)
{
    uint64_t length = take(r);

    if (r->wrong == NULL && length > r->left / least)
        r->wrong = "a list is longer than the row";
    if (r->wrong != NULL || length == 0)
        return NULL;
    void *list = jb_arena_alloc(&r->t->arena, (size_t)length * bytes);
    r->no_memory = r->no_memory || list == NULL;
    *count = list != NULL ? (size_t)length : 0;
    return list;
}

static void take_items(struct reading *r)
{
    struct jb_tick *t = r->t;

    t->items = take_list(r, &t->item_count, 8 + JB_HASH_BYTES, sizeof *t->items);
    for (size_t i = 0; i < t->item_count; i++) {
        struct jb_tick_item *item = &t->items[i];
        item->node = take_node(r);
        item->number = take(r);
        item->at_ms = (int64_t)take(r);
        item->entry_seq = take(r);
        item->settles = take(r);
        item->case_no = (int64_t)take(r);
        uint64_t flags = take(r);
        item->history = (flags & HISTORY) != 0;
        item->duty = (flags & DUTY) != 0;
        take_fixed(r, item->head, JB_HASH_BYTES);
        item->body = take_bytes(r);
        if (r->wrong == NULL && (item->entry_seq == 0) != (item->body.len > 0))
            r->wrong = "an item has no body, or one too many";
    }
}

static void take_lines(struct reading *r)
{
    struct jb_tick *t = r->t;

    t->lines = take_list(r, &t->line_count, 5 + JB_EPOCH_BYTES + 3 * (size_t)JB_HASH_BYTES,
                         sizeof *t->lines);
    for (size_t i = 0; i < t->line_count; i++) {
        struct jb_line_state *line = &t->lines[i];
        line->node = take_node(r);
        take_fixed(r, line->up.epoch, JB_EPOCH_BYTES);
        line->up.number = take(r);
        take_fixed(r, line->up.head, JB_HASH_BYTES);
        line->down.number = take(r);
        take_fixed(r, line->down.head, JB_HASH_BYTES);
        line->acked.number = take(r);
        take_fixed(r, line->acked.head, JB_HASH_BYTES);
        line->acked_at_ms = (int64_t)take(r);
    }
}

static struct jb_receipt *take_receipts(struct reading *r, size_t *count)
{
    struct jb_receipt *list =
        take_list(r, count, 4 + JB_EPOCH_BYTES + JB_HASH_BYTES + JB_SIGN_BYTES, sizeof *list);

    for (size_t i = 0; i < *count; i++) {
        list[i].node = take_node(r);
        take_fixed(r, list[i].point.epoch, JB_EPOCH_BYTES);
        list[i].point.number = take(r);
        take_fixed(r, list[i].point.head, JB_HASH_BYTES);
        list[i].suite = (uint8_t)take(r);
        list[i].at_ms = (int64_t)take(r);
        take_fixed(r, list[i].signature, JB_SIGN_BYTES);
    }
    return list;
}

static void take_refused(struct reading *r)
{
    struct jb_tick *t = r->t;

    t->refused =
        take_list(r, &t->refused_count, 5 + JB_EPOCH_BYTES + JB_HASH_BYTES, sizeof *t->refused);
    for (size_t i = 0; i < t->refused_count; i++) {
        struct jb_tick_refused *refused = &t->refused[i];
        refused->decided.node = take_node(r);
        take_fixed(r, refused->epoch, JB_EPOCH_BYTES);
        refused->decided.number = take(r);
        refused->decided.at_ms = (int64_t)take(r);
        refused->decided.refusal = take_u32(r);
        take_fixed(r, refused->decided.head, JB_HASH_BYTES);
        refused->decided.raw = take_bytes(r);
    }
}

static void take_all(struct reading *r)
{
    struct jb_tick *t = r->t;

    t->number = take(r);
    t->first_seq = take(r);
    t->seq_count = take(r);
    take_items(r);
    take_lines(r);
    t->receipts = take_receipts(r, &t->receipt_count);
    t->up_receipts = take_receipts(r, &t->up_receipt_count);
    take_refused(r);
    if (r->wrong == NULL && r->left > 0)
        r->wrong = "there is more than it says";
}

enum jb_err jb_tick_unpack(struct jb_bytes row, struct jb_tick *t, struct jb_fault *fault)
{
    uint8_t sum[JB_HASH_BYTES];
    struct reading r = {.t = t};

    if (row.len < 1 + sizeof sum || row.data[0] != VERSION)
        return jb_fault_set(fault, JB_CORRUPT, "the packed row of a batch cannot be read: %s",
                            row.len < 1 + sizeof sum ? "it is cut off" : "unknown version");
    r.at = row.data + 1;
    r.left = row.len - 1 - sizeof sum;
    jb_digest(row.data, row.len - sizeof sum, sum);
    if (memcmp(sum, row.data + row.len - sizeof sum, sizeof sum) != 0)
        return jb_fault_set(fault, JB_CORRUPT,
                            "the packed row of a batch is damaged: its checksum does not fit");
    t->unpacked = true;
    take_all(&r);
    if (r.no_memory)
        return jb_fault_set(fault, JB_NOMEM, "out of memory");
    if (r.wrong != NULL)
        return jb_fault_set(fault, JB_CORRUPT, "the packed row of batch %llu cannot be read: %s",
                            (unsigned long long)t->number, r.wrong);
    return JB_OK;
}
