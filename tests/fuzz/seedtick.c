/* See seeds.h. */
#include "proto/ledger/tick.h"
#include "tests/fuzz/seeds.h"

static void save_tick(const struct jb_tick *t, const char *name)
{
    char whole[64];
    static struct seed in;
    struct jb_bytes row;
    struct jb_arena arena;

    jb_arena_init(&arena, (size_t)1 << 20);
    FUZZ_MUST(jb_tick_pack(t, &arena, &row) == JB_OK);
    in.len = 0;
    seed_byte(&in, 1);
    seed_put(&in, row.data, row.len - JB_HASH_BYTES); /* the target adds the checksum */
    seed_save(&in, "tick", name);
    in.len = 0;
    seed_byte(&in, 0);
    seed_put(&in, row.data, row.len);
    (void)snprintf(whole, sizeof whole, "%s-whole", name);
    seed_save(&in, "tick", whole);
    jb_arena_fini(&arena);
}

/* An item that an entry gives, one with a body of its own, a line, both receipts, a refusal. */
void seed_ticks(void)
{
    static const struct jb_bytes body = {(const uint8_t *)"refused", 7};
    struct jb_tick *t = jb_tick_new();

    FUZZ_MUST(t != NULL);
    t->number = 7;
    save_tick(t, "empty");
    t->first_seq = 300;
    t->seq_count = 2;
    struct jb_tick_item *item = jb_tick_more(t, &t->items, &t->item_count, sizeof *item);
    *item = (struct jb_tick_item){.node = 4, .duty = true, .number = 9, .entry_seq = 300};
    item = jb_tick_more(t, &t->items, &t->item_count, sizeof *item);
    *item = (struct jb_tick_item){.node = 5, .history = true, .number = 130, .settles = 3};
    item->body = body;
    struct jb_line_state *line = jb_tick_more(t, &t->lines, &t->line_count, sizeof *line);
    *line = (struct jb_line_state){.node = 4, .up.number = 3, .down.number = 9};
    struct jb_receipt *r = jb_tick_more(t, &t->receipts, &t->receipt_count, sizeof *r);
    *r = (struct jb_receipt){.node = 4, .suite = 1, .at_ms = INT64_C(1795399200000)};
    r = jb_tick_more(t, &t->up_receipts, &t->up_receipt_count, sizeof *r);
    *r = (struct jb_receipt){.node = 5, .suite = 1, .point.number = 3};
    struct jb_tick_refused *no = jb_tick_more(t, &t->refused, &t->refused_count, sizeof *no);
    *no = (struct jb_tick_refused){.decided = {.node = 5, .number = 3, .refusal = 120}};
    no->decided.raw = body;
    save_tick(t, "one-of-each");
    jb_tick_drop(&t);
}
