/* The broker's record: numbers, chains, streams and lines, and that they go back together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/ledger_world.h"

#define NODE 12
#define OTHER 13

/* ---- log ---- */

static void the_log_takes_only_the_next_number(void **state)
{
    static const struct {
        int64_t off;
        enum jb_err err;
    } rows[] = {{-2, JB_REPEAT}, {-1, JB_REPEAT}, {1, JB_GAP}, {5, JB_GAP}, {0, JB_OK}};
    struct lw *w = *state;
    struct jb_bytes bytes;
    struct jb_bytes back;
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);

    lw_history(w, l, 20);
    assert_int_equal(jb_ledger_begin(l), JB_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct jb_entry e = lw_entry(w, l, JB_ACT_NOTE, lw_case_no(0));
        e.seq = (uint64_t)((int64_t)e.seq + rows[i].off);
        assert_int_equal(jb_entry_encode(&e, &w->arena, &bytes), JB_OK);
        assert_int_equal(jb_log_append(l, &e, bytes), rows[i].err);
    }
    assert_int_equal(jb_log_last_seq(l), 21);
    assert_int_equal(jb_log_read(l, 21, &w->arena, &back), JB_OK);
    assert_int_equal(back.len, bytes.len);
    assert_memory_equal(back.data, bytes.data, bytes.len);
    assert_int_equal(jb_log_read(l, 22, &w->arena, &back), JB_NOT_FOUND);
    assert_int_equal(jb_ledger_commit(l), JB_OK);
    lw_close(&l);
    l = lw_open(w, "a.db", JB_LEDGER_BROKER);
    assert_int_equal(jb_log_last_seq(l), 21);
    lw_close(&l);
}

struct seen {
    uint64_t seqs[32];
    size_t count, stop_after;
};

static enum jb_err see(void *ctx, uint64_t seq, struct jb_bytes bytes)
{
    struct seen *s = ctx;

    assert_true(bytes.len > 0);
    s->seqs[s->count++] = seq;
    return s->count == s->stop_after ? JB_DENIED : JB_OK;
}

static void entries_of_a_case_come_in_order_until_told_to_stop(void **state)
{
    struct lw *w = *state;
    struct seen all = {.stop_after = 99};
    struct seen some = {.stop_after = 2};
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);

    assert_int_equal(jb_ledger_begin(l), JB_OK);
    for (int64_t i = 0; i < 10; i++) {
        struct jb_entry e = i < 2 ? lw_register(w, l, lw_case_no(i), "x")
                                  : lw_entry(w, l, JB_ACT_NOTE, lw_case_no(i % 2));
        (void)lw_log(w, l, &e);
    }
    assert_int_equal(jb_ledger_commit(l), JB_OK);
    assert_int_equal(jb_log_each_of_case(l, lw_case_no(1), see, &all), JB_OK);
    assert_int_equal(all.count, 5);
    for (size_t i = 0; i < all.count; i++)
        assert_int_equal(all.seqs[i], 2 + 2 * i);
    assert_int_equal(jb_log_each_of_case(l, lw_case_no(1), see, &some), JB_DENIED);
    assert_int_equal(some.count, 2);
    some.count = 0;
    assert_int_equal(jb_log_each_of_case(l, 0, see, &some), JB_OK); /* "no case" is not a case */
    assert_int_equal(some.count, 0);
    lw_close(&l);
}

/* ---- streams ---- */

/* What the node computes from the bytes it is sent is what the broker signed. */
static void a_stream_is_sent_with_the_bytes_that_were_chained(void **state)
{
    struct lw *w = *state;
    struct jb_item refusal = {.kind = JB_ITEM_REFUSAL,
                              .refusal = {.code = 106, .name = {"STALE_CUSTODY", 13}}};
    struct jb_frame_item *items;
    struct jb_item item;
    size_t count;
    uint8_t head[JB_HASH_BYTES];
    uint8_t hash[JB_HASH_BYTES];
    uint8_t expected[JB_HASH_BYTES];
    uint64_t number = 0;
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);

    assert_int_equal(jb_ledger_begin(l), JB_OK);
    for (uint64_t i = 0; i < 30; i++) {
        struct jb_entry e = lw_random_entry(w, l);
        struct jb_stream_add to = {.node = NODE, .settles = i % 4, .history = i % 3 == 0};
        assert_int_equal(lw_log_to(w, l, &e, to), i * 2 + 1);
        struct jb_stream_add no = {
            .node = NODE, .at_ms = w->now_ms, .settles = i, .other = &refusal};
        assert_int_equal(jb_stream_append(l, &no, &number), JB_OK);
        assert_int_equal(number, i * 2 + 2);
    }
    assert_int_equal(jb_ledger_commit(l), JB_OK);

    jb_chain_start(JB_SUITE_ED25519, NODE, jb_ledger_epoch(l), expected);
    for (uint64_t from = 1; from <= 60; from += count) {
        struct jb_stream_read want = {
            .node = NODE, .from = from, .max_items = 7, .max_bytes = 2000};
        assert_int_equal(jb_stream_read(l, &want, &w->arena, &items, &count, head), JB_OK);
        assert_true(count >= 1 && count <= 7);
        for (size_t i = 0; i < count; i++) {
            jb_hash(JB_SUITE_ED25519, items[i].body.data, items[i].body.len, hash);
            jb_chain_next(JB_SUITE_ED25519, expected, hash, expected);
            assert_int_equal(jb_item_decode(items[i].body, &w->arena, &item, &w->fault), JB_OK);
            assert_int_equal(item.number, from + i);
            assert_int_equal(item.kind, item.number % 2 ? JB_ITEM_ENTRY : JB_ITEM_REFUSAL);
        }
        assert_memory_equal(head, expected, sizeof head);
        assert_int_equal(jb_stream_head(l, NODE, from + count - 1, hash), JB_OK);
        assert_memory_equal(head, hash, sizeof head);
    }
    assert_memory_equal(jb_line_get(l, NODE)->down.head, expected, sizeof expected);
    assert_int_equal(jb_stream_head(l, NODE, 61, hash), JB_NOT_FOUND);
    lw_close(&l);
}

static void a_read_is_bounded_but_gives_at_least_one_item(void **state)
{
    static const struct {
        uint64_t from;
        size_t max_items, max_bytes;
        enum jb_err err;
        size_t count;
    } rows[] = {
        {1, 10, 1, JB_OK, 1},           {1, 3, SIZE_MAX, JB_OK, 3},
        {9, 10, SIZE_MAX, JB_OK, 2},    {10, 10, 1, JB_OK, 1},
        {11, 10, SIZE_MAX, JB_OK, 0},   {12, 10, 1, JB_NOT_FOUND, 0},
        {0, 10, SIZE_MAX, JB_RANGE, 0}, {1, 1025, SIZE_MAX, JB_RANGE, 0},
    };
    struct lw *w = *state;
    struct jb_frame_item *items;
    uint8_t head[JB_HASH_BYTES];
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);

    assert_int_equal(jb_ledger_begin(l), JB_OK);
    for (int64_t i = 0; i < 10; i++) {
        struct jb_entry e = lw_register(w, l, lw_case_no(i), "x");
        (void)lw_log_to(w, l, &e, (struct jb_stream_add){.node = NODE});
    }
    assert_int_equal(jb_ledger_commit(l), JB_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct jb_stream_read want = {.node = NODE,
                                      .from = rows[i].from,
                                      .max_items = rows[i].max_items,
                                      .max_bytes = rows[i].max_bytes};
        size_t count = 0;
        assert_int_equal(jb_stream_read(l, &want, &w->arena, &items, &count, head), rows[i].err);
        assert_int_equal(count, rows[i].count);
    }
    lw_close(&l);
}

/* Who may open a sealed case's register: registrar, host, co-handler; never a node that has left.
 */
static void case_keys_go_only_to_those_who_may_read(void **state)
{
    static const struct {
        uint32_t node;
        enum jb_role role; /* 0: takes no part */
        bool gets;
    } rows[] = {
        {LW_OFFICE, JB_ROLE_REGISTRAR, true},
        {20, JB_ROLE_HOST, true},
        {21, JB_ROLE_CO_HANDLER, true},
        {22, JB_ROLE_INFORMED, false},
        {23, JB_ROLE_ASSIGNER, false},
        {24, JB_ROLE_LEFT, false},
        {25, 0, false},
    };
    struct lw *w = *state;
    uint8_t key[JB_KEY_BYTES] = {9, 8, 7};
    struct jb_case c;
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);
    struct jb_participant parts[8];

    assert_int_equal(jb_ledger_begin(l), JB_OK);
    for (int64_t sealed = 0; sealed < 2; sealed++) {
        struct jb_entry e = lw_register(w, l, lw_case_no(sealed), "x");
        struct jb_stream_add to = {.at_ms = w->now_ms, .case_no = lw_case_no(sealed)};
        to.entry = lw_log(w, l, &e);
        to.entry_seq = e.seq;
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            to.node = rows[i].node;
            assert_int_equal(jb_stream_append(l, &to, NULL), JB_OK);
        }
    }
    assert_int_equal(jb_ledger_case_load(l, lw_case_no(1), &w->arena, &c), JB_OK);
    c.participants = parts;
    c.participant_count = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].role != 0)
            parts[c.participant_count++] =
                (struct jb_participant){.node = rows[i].node, .role = rows[i].role};
    c.participants_dirty = true;
    c.host = 20;
    assert_int_equal(jb_ledger_case_save(l, &c), JB_OK);
    assert_int_equal(jb_ledger_case_key_put(l, lw_case_no(1), key), JB_OK);
    assert_int_equal(jb_ledger_commit(l), JB_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct jb_stream_read want = {
            .node = rows[i].node, .from = 1, .max_items = 9, .max_bytes = SIZE_MAX};
        struct jb_frame_item *items;
        size_t count;
        uint8_t head[JB_HASH_BYTES];
        assert_int_equal(jb_stream_read(l, &want, &w->arena, &items, &count, head), JB_OK);
        assert_int_equal(count, 2);
        assert_int_equal(items[0].case_key.len, 0);
        assert_int_equal(items[1].case_key.len, rows[i].gets ? JB_KEY_BYTES : 0);
        if (rows[i].gets)
            assert_memory_equal(items[1].case_key.data, key, sizeof key);
    }
    lw_close(&l);
}

static void one_who_joins_gets_the_history_and_the_directory(void **state)
{
    struct lw *w = *state;
    struct jb_frame_item *items;
    struct jb_item item;
    struct jb_entry entry;
    size_t count;
    size_t common = 0;
    uint8_t head[JB_HASH_BYTES];
    struct jb_stream_read want = {
        .node = NODE, .from = 1, .max_items = 1000, .max_bytes = SIZE_MAX};
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);

    lw_history(w, l, 120);
    assert_int_equal(jb_ledger_begin(l), JB_OK);
    assert_int_equal(jb_stream_backfill_common(l, NODE, 100, w->now_ms), JB_OK);
    assert_int_equal(jb_stream_read(l, &want, &w->arena, &items, &common, head), JB_OK);
    assert_int_equal(jb_stream_backfill(l, NODE, lw_case_no(0), 100, w->now_ms), JB_OK);
    assert_int_equal(jb_ledger_commit(l), JB_OK);
    assert_int_equal(jb_stream_read(l, &want, &w->arena, &items, &count, head), JB_OK);
    assert_true(common > 3 && count > common + 2);
    uint64_t last = 0;
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(jb_item_decode(items[i].body, &w->arena, &item, &w->fault), JB_OK);
        assert_int_equal(jb_entry_decode(item.entry, &w->arena, &entry, &w->fault), JB_OK);
        assert_true(item.history);
        last = i == common ? 0 : last;
        assert_true(entry.seq > last && entry.seq < 100);
        last = entry.seq;
        if (i < common)
            assert_true(jb_act_is_common(entry.act.kind));
        else
            assert_int_equal(entry.act.case_no, lw_case_no(0));
    }
    lw_close(&l);
}

static void duties_in_a_range_are_found(void **state)
{
    struct lw *w = *state;
    struct jb_stored_items duties;
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);

    assert_int_equal(jb_ledger_begin(l), JB_OK);
    for (int64_t i = 0; i < 40; i++) {
        struct jb_entry e = lw_register(w, l, lw_case_no(i), "x");
        (void)lw_log_to(w, l, &e, (struct jb_stream_add){.node = NODE, .duty = i % 2 == 0});
    }
    assert_int_equal(jb_ledger_commit(l), JB_OK);
    assert_int_equal(jb_stream_duties(l, NODE, 1, 39, &w->arena, &duties), JB_OK);
    assert_int_equal(duties.count, 19); /* numbers 3, 5 ... 39 */
    for (size_t i = 0; i < duties.count; i++) {
        assert_int_equal(duties.at[i].log_seq, 3 + 2 * i);
        assert_int_equal(duties.at[i].case_no, lw_case_no(2 + 2 * (int64_t)i));
    }
    assert_int_equal(jb_stream_duties(l, NODE, 39, 40, &w->arena, &duties), JB_OK);
    assert_int_equal(duties.count, 0);
    assert_int_equal(jb_stream_duties(l, OTHER, 0, 99, &w->arena, &duties), JB_OK);
    assert_int_equal(duties.count, 0);
    lw_close(&l);
}

/* ---- lines ---- */

static struct jb_line_decided decided(uint64_t number, uint32_t refusal)
{
    return (struct jb_line_decided){.node = NODE,
                                    .number = number,
                                    .head = {(uint8_t)number},
                                    .at_ms = 5,
                                    .refusal = refusal,
                                    .raw = {(const uint8_t *)"raw", refusal != 0 ? 3 : 0}};
}

static void submissions_are_decided_in_order_and_refused_ones_kept(void **state)
{
    static const struct {
        uint64_t number;
        uint32_t refusal;
        enum jb_err err;
    } rows[] = {{2, 0, JB_GAP},      {1, 0, JB_OK},  {1, 0, JB_REPEAT}, {2, 106, JB_OK},
                {2, 106, JB_REPEAT}, {4, 0, JB_GAP}, {3, 0, JB_OK}};
    struct lw *w = *state;
    int64_t kept = 0;
    uint8_t epoch[JB_EPOCH_BYTES] = {3};
    uint8_t start[JB_HASH_BYTES];
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);

    assert_int_equal(jb_ledger_begin(l), JB_OK);
    assert_int_equal(jb_line_up_epoch(l, NODE, epoch), JB_OK);
    jb_chain_start(JB_SUITE_ED25519, NODE, epoch, start);
    assert_memory_equal(jb_line_get(l, NODE)->up.head, start, sizeof start);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct jb_line_decided d = decided(rows[i].number, rows[i].refusal);
        assert_int_equal(jb_line_up_decided(l, &d), rows[i].err);
    }
    assert_int_equal(jb_ledger_commit(l), JB_OK);
    lw_close(&l);
    l = lw_open(w, "a.db", JB_LEDGER_BROKER);
    const struct jb_line_state *s = jb_line_get(l, NODE);
    assert_int_equal(s->up.number, 3);
    assert_int_equal(s->up.head[0], 3);
    assert_memory_equal(s->up.epoch, epoch, sizeof epoch);
    assert_int_equal(jb_db_number(l,
                                  "SELECT count(*) FROM refused WHERE body = CAST('raw' AS BLOB)"
                                  " AND number = 2 AND refusal = 106",
                                  &kept),
                     JB_OK);
    assert_int_equal(kept, 1);
    /* a new incarnation begins at 0 and may use the same numbers */
    epoch[0] = 4;
    assert_int_equal(jb_ledger_begin(l), JB_OK);
    assert_int_equal(jb_line_up_epoch(l, NODE, epoch), JB_OK);
    struct jb_line_decided first = decided(1, 106);
    struct jb_line_decided second = decided(2, 106);
    assert_int_equal(jb_line_up_decided(l, &first), JB_OK);
    assert_int_equal(jb_line_up_decided(l, &second), JB_OK);
    assert_int_equal(jb_ledger_commit(l), JB_OK);
    lw_close(&l);
}

static void receipts_are_kept_and_never_move_a_line_back(void **state)
{
    static const struct {
        uint64_t number, acked, count;
    } rows[] = {{2, 2, 1}, {5, 5, 2}, {3, 5, 3}, {5, 5, 3}, {0, 5, 4}};
    struct lw *w = *state;
    uint64_t count = 99;
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);

    assert_int_equal(jb_line_receipt_count(l, NODE, &count), JB_OK);
    assert_int_equal(count, 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct jb_receipt r = {.node = NODE, .suite = 1, .at_ms = (int64_t)i + 1};
        memcpy(r.point.epoch, jb_ledger_epoch(l), JB_EPOCH_BYTES);
        r.point.number = rows[i].number;
        assert_int_equal(jb_ledger_begin(l), JB_OK);
        assert_int_equal(jb_line_down_acked(l, &r), JB_OK);
        assert_int_equal(jb_ledger_commit(l), JB_OK);
        assert_int_equal(jb_line_get(l, NODE)->acked.number, rows[i].acked);
        assert_int_equal(jb_line_receipt_count(l, NODE, &count), JB_OK);
        assert_int_equal(count, rows[i].count);
    }
    lw_close(&l);
}

static void a_rollback_takes_numbers_heads_and_lines_back(void **state)
{
    struct lw *w = *state;
    uint8_t epoch[JB_EPOCH_BYTES] = {3};
    uint8_t before[JB_HASH_BYTES];
    uint8_t after[JB_HASH_BYTES];
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);

    assert_int_equal(jb_ledger_begin(l), JB_OK);
    struct jb_entry e = lw_register(w, l, lw_case_no(w->cases++), "x");
    (void)lw_log_to(w, l, &e, (struct jb_stream_add){.node = NODE});
    assert_int_equal(jb_ledger_commit(l), JB_OK);
    struct jb_line_state line = *jb_line_get(l, NODE);
    struct jb_line_state other = *jb_line_get(l, OTHER);
    assert_int_equal(jb_ledger_digest(l, before), JB_OK);
    for (int round = 0; round < 3; round++) {
        assert_int_equal(jb_ledger_begin(l), JB_OK);
        for (int i = 0; i < 5; i++) {
            e = lw_random_entry(w, l);
            (void)lw_log_to(w, l, &e, (struct jb_stream_add){.node = i % 2 ? NODE : OTHER});
        }
        assert_int_equal(jb_line_up_epoch(l, NODE, epoch), JB_OK);
        struct jb_line_decided d = decided(1, 106);
        assert_int_equal(jb_line_up_decided(l, &d), JB_OK);
        assert_int_not_equal(jb_line_get(l, OTHER)->down.number, 0);
        jb_ledger_rollback(l);
        assert_int_equal(jb_log_last_seq(l), 1);
        assert_memory_equal(jb_line_get(l, NODE), &line, sizeof line);
        assert_memory_equal(jb_line_get(l, OTHER), &other, sizeof other);
        assert_int_equal(jb_ledger_digest(l, after), JB_OK);
        assert_memory_equal(before, after, sizeof before);
        w->cases = 1;
        w->nodes = 0;
    }
    /* the same numbers are used again, and the chain holds */
    struct jb_check out;
    lw_history(w, l, 20);
    assert_int_equal(jb_ledger_check(l, NULL, &out, &w->fault), JB_OK);
    assert_string_equal(w->fault.text, "");
    assert_int_equal(out.items, 21);
    lw_close(&l);
}

static void many_lines_are_found_and_come_back_after_a_restart(void **state)
{
    struct lw *w = *state;
    uint8_t epoch[JB_EPOCH_BYTES] = {0};
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);
    const struct jb_line_state *first = jb_line_get(l, 500);

    assert_int_equal(jb_ledger_begin(l), JB_OK);
    for (uint32_t i = 0; i < 1000; i++) {
        uint32_t node = (i * 7919) % 1000 + 1; /* every one once, in no order */
        epoch[0] = (uint8_t)node;
        epoch[1] = (uint8_t)(node >> 8);
        assert_int_equal(jb_line_up_epoch(l, node, epoch), JB_OK);
    }
    assert_int_equal(jb_ledger_commit(l), JB_OK);
    assert_ptr_equal(first, jb_line_get(l, 500)); /* pointers stay valid */
    lw_close(&l);
    struct jb_ledger_options options = {.role = JB_LEDGER_BROKER, .read_only = true};
    assert_int_equal(jb_ledger_open(lw_path(w, "a.db"), &options, &l, &w->fault), JB_OK);
    for (uint32_t node = 1; node <= 1000; node++) {
        const struct jb_line_state *s = jb_line_get(l, node);
        assert_int_equal(s->node, node);
        assert_int_equal(s->up.epoch[0] + 256 * s->up.epoch[1], node);
        assert_int_equal(s->down.number, 0);
    }
    lw_close(&l);
}

static void a_read_only_ledger_follows_the_writers_lines(void **state)
{
    struct lw *w = *state;
    struct jb_ledger *reader = NULL;
    struct jb_line_state state_read;
    uint64_t end = 9;
    uint8_t head[JB_HASH_BYTES];
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);
    struct jb_ledger_options options = {.role = JB_LEDGER_BROKER, .read_only = true};

    assert_int_equal(jb_ledger_open(lw_path(w, "a.db"), &options, &reader, &w->fault), JB_OK);
    assert_int_equal(jb_stream_end(reader, NODE, &end, head), JB_OK);
    assert_int_equal(end, 0);
    assert_memory_equal(head, jb_line_get(l, NODE)->down.head, sizeof head);
    assert_int_equal(jb_ledger_begin(l), JB_OK);
    struct jb_entry e = lw_register(w, l, lw_case_no(0), "x");
    (void)lw_log_to(w, l, &e, (struct jb_stream_add){.node = NODE});
    assert_int_equal(jb_line_get(reader, NODE)->down.number, 0);
    assert_int_equal(jb_ledger_commit(l), JB_OK);
    assert_int_equal(jb_line_get(reader, NODE)->down.number, 1);
    assert_int_equal(jb_line_read(reader, NODE, &state_read), JB_OK);
    assert_memory_equal(&state_read.down, &jb_line_get(l, NODE)->down, sizeof state_read.down);
    assert_int_equal(jb_stream_end(reader, NODE, &end, head), JB_OK);
    assert_int_equal(end, 1);
    lw_close(&reader);
    lw_close(&l);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, lw_setup, lw_teardown)
    const struct CMUnitTest tests[] = {
        T(the_log_takes_only_the_next_number),
        T(entries_of_a_case_come_in_order_until_told_to_stop),
        T(a_stream_is_sent_with_the_bytes_that_were_chained),
        T(a_read_is_bounded_but_gives_at_least_one_item),
        T(case_keys_go_only_to_those_who_may_read),
        T(one_who_joins_gets_the_history_and_the_directory),
        T(duties_in_a_range_are_found),
        T(submissions_are_decided_in_order_and_refused_ones_kept),
        T(receipts_are_kept_and_never_move_a_line_back),
        T(a_rollback_takes_numbers_heads_and_lines_back),
        T(many_lines_are_found_and_come_back_after_a_restart),
        T(a_read_only_ledger_follows_the_writers_lines),
    };
#undef T

    return cmocka_run_group_tests_name("brokerlog", tests, NULL, NULL);
}
