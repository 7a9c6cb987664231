/* A record that is completed from the nodes' copies after a restore: nothing that was not signed by
 * the broker itself gets in, and what comes back is the same bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/ledger/recovery.h"
#include "proto/wire/codec.h"
#include "proto/wire/sign.h"
#include "tests/unit/ledger_world.h"

#define OTHER 11

static struct jb_node_keys keys;

static int start(void **state)
{
    struct jb_fault fault;

    (void)state;
    return jb_sign_init() == JB_OK && jb_keys_generate(JB_SUITE_ED25519, &keys, &fault) == JB_OK
               ? 0
               : -1;
}

/* Entries of cases of the office. */
static void cases(struct lw *w, struct jb_ledger *l, int64_t from, int64_t to)
{
    assert_int_equal(jb_ledger_begin(l), JB_OK);
    for (int64_t i = from; i < to; i++) {
        struct jb_stream_add add = {.node = LW_OFFICE};
        struct jb_entry e = lw_register(w, l, lw_case_no(i), "题");
        (void)lw_log_to(w, l, &e, add);
    }
    assert_int_equal(jb_ledger_commit(l), JB_OK);
}

struct loss { /* a broker that lost what a node holds */
    struct jb_ledger *whole, *restored;
    struct jb_ledger *office;
};

static void signed_delivery(struct lw *w, struct jb_ledger *broker, struct jb_ledger *replica)
{
    uint8_t signature[JB_SIGN_BYTES];

    lw_deliver(w, broker, replica);
    struct jb_line_point p = jb_replica_down(replica);
    struct jb_line_claim claim =
        jb_line_claim_of(JB_LINE_DOWN_HEAD, jb_replica_node(replica), p.epoch, p.number, p.head);
    assert_int_equal(jb_line_sign(JB_SUITE_ED25519, keys.sign_secret, &claim, signature), JB_OK);
    assert_int_equal(jb_ledger_begin(replica), JB_OK);
    assert_int_equal(jb_replica_proof_add(replica, &p, JB_SUITE_ED25519, signature, LW_START_MS),
                     JB_OK);
    assert_int_equal(jb_ledger_commit(replica), JB_OK);
}

static void lose(struct lw *w, struct loss *x)
{
    x->whole = lw_open(w, "a.db", JB_LEDGER_BROKER);
    cases(w, x->whole, 0, 5);
    lw_close(&x->whole);
    lw_copy_file(w, "a.db", "r.db");
    x->whole = lw_open(w, "a.db", JB_LEDGER_BROKER);
    x->office = lw_replica(w, "office.db", x->whole, LW_OFFICE);
    cases(w, x->whole, 5, 9);
    signed_delivery(w, x->whole, x->office);
    cases(w, x->whole, 9, 12);
    signed_delivery(w, x->whole, x->office);
    x->restored = lw_open(w, "r.db", JB_LEDGER_BROKER);
    assert_int_equal(jb_ledger_begin(x->restored), JB_OK);
    assert_int_equal(jb_recovery_begin(x->restored, w->now_ms, 0), JB_OK);
    assert_int_equal(jb_ledger_commit(x->restored), JB_OK);
}

static void close_all(struct loss *x)
{
    lw_close(&x->whole);
    lw_close(&x->restored);
    lw_close(&x->office);
}

/* The next piece that the office would send. */
static struct jb_recovery_piece piece_of(struct lw *w, struct loss *x, size_t max_bytes)
{
    struct jb_recovery_line line;
    struct jb_replica_piece p;

    assert_int_equal(jb_recovery_line(x->restored, LW_OFFICE, &line), JB_OK);
    assert_int_equal(jb_replica_copies(x->office, line.have.number + 1, max_bytes, &w->arena, &p),
                     JB_OK);
    struct jb_recovery_piece out = {.node = LW_OFFICE,
                                    .first = line.have.number + 1,
                                    .items = p.items,
                                    .count = p.count,
                                    .suite = p.suite};
    memcpy(out.epoch, p.end.epoch, sizeof out.epoch);
    memcpy(out.head, p.end.head, sizeof out.head);
    memcpy(out.signature, p.signature, sizeof out.signature);
    return out;
}

static enum jb_err take(struct lw *w, struct loss *x, const struct jb_recovery_piece *p)
{
    assert_int_equal(jb_ledger_begin(x->restored), JB_OK);
    enum jb_err err = jb_recovery_take(x->restored, p, keys.sign_public, &w->arena, &w->fault);
    if (err == JB_OK)
        assert_int_equal(jb_ledger_commit(x->restored), JB_OK);
    else
        jb_ledger_rollback(x->restored);
    return err;
}

static void what_came_back_is_the_same_bytes(void **state)
{
    struct lw *w = *state;
    struct loss x;
    struct jb_recovery_report r;
    struct jb_bytes was;
    struct jb_bytes is;

    lose(w, &x);
    for (size_t i = 0; i < 2; i++) { /* as often as the broker had signed */
        struct jb_recovery_piece p = piece_of(w, &x, 1);
        assert_int_equal(take(w, &x, &p), JB_OK);
    }
    assert_int_equal(jb_recovery_complete(x.restored, w->now_ms, &r, &w->fault), JB_OK);
    assert_true(r.entries == 7 && r.lost == 0 && r.items == 7 && r.blank == 0 && r.differ == 0);
    for (uint64_t seq = 1; seq <= 12; seq++) {
        assert_int_equal(jb_log_read(x.whole, seq, &w->arena, &was), JB_OK);
        assert_int_equal(jb_log_read(x.restored, seq, &w->arena, &is), JB_OK);
        assert_int_equal(was.len, is.len);
        assert_memory_equal(was.data, is.data, is.len);
    }
    uint8_t head[JB_HASH_BYTES];
    assert_int_equal(jb_stream_head(x.restored, LW_OFFICE, 12, head), JB_OK);
    assert_memory_equal(head, jb_replica_down(x.office).head, sizeof head);
    struct jb_check check;
    assert_int_equal(jb_ledger_check(x.restored, NULL, &check, &w->fault), JB_OK);
    assert_true(check.chain_intact && check.tables_equal && check.signatures_good);
    struct jb_line_point end;
    assert_int_equal(jb_recovery_former(x.restored, jb_ledger_epoch(x.whole), LW_OFFICE, &end),
                     JB_OK);
    assert_int_equal(end.number, 12);
    assert_true(memcmp(jb_ledger_epoch(x.restored), jb_ledger_epoch(x.whole), JB_EPOCH_BYTES) != 0);
    close_all(&x);
}

static void nobody_can_make_up_an_item(void **state)
{
    struct lw *w = *state;
    struct loss x;
    struct jb_node_keys others;

    lose(w, &x);
    assert_int_equal(jb_keys_generate(JB_SUITE_ED25519, &others, &w->fault), JB_OK);
    struct jb_recovery_piece good = piece_of(w, &x, 1);
    struct jb_recovery_piece p = good;
    struct jb_frame_item changed[8];
    memcpy(changed, good.items, good.count * sizeof *changed);
    uint8_t *body = jb_arena_memdup(&w->arena, changed[2].body.data, changed[2].body.len);
    body[changed[2].body.len - 1] ^= 1;
    changed[2].body.data = body;
    p.items = changed;
    assert_int_equal(take(w, &x, &p), JB_DIVERGED); /* other bytes */

    uint8_t hash[JB_HASH_BYTES];
    struct jb_recovery_line line;
    assert_int_equal(jb_recovery_line(x.restored, LW_OFFICE, &line), JB_OK);
    memcpy(p.head, line.have.head, sizeof p.head);
    for (size_t i = 0; i < p.count; i++) {
        jb_hash(JB_SUITE_ED25519, changed[i].body.data, changed[i].body.len, hash);
        jb_chain_next(JB_SUITE_ED25519, p.head, hash, p.head);
    }
    assert_int_equal(take(w, &x, &p), JB_BAD_SIGNATURE); /* with a chain that fits them */
    struct jb_line_claim claim =
        jb_line_claim_of(JB_LINE_DOWN_HEAD, LW_OFFICE, p.epoch, p.first + p.count - 1, p.head);
    assert_int_equal(jb_line_sign(p.suite, others.sign_secret, &claim, p.signature), JB_OK);
    assert_int_equal(take(w, &x, &p), JB_BAD_SIGNATURE); /* and a signature of one's own */

    p = good;
    p.node = OTHER;
    assert_int_equal(take(w, &x, &p), JB_GAP); /* another's items */
    p = good;
    p.epoch[0] ^= 1;
    assert_int_equal(take(w, &x, &p), JB_DIVERGED); /* of another record */
    p = good;
    p.first++;
    assert_int_equal(take(w, &x, &p), JB_GAP);
    p.first = 1;
    assert_int_equal(take(w, &x, &p), JB_REPEAT);
    p = good;
    p.count--;
    assert_int_equal(take(w, &x, &p), JB_DIVERGED); /* fewer than were signed */
    p.count = 0;
    assert_int_equal(take(w, &x, &p), JB_MALFORMED);
    assert_int_equal(take(w, &x, &good), JB_OK); /* nothing of all that has left a trace */
    close_all(&x);
}

static void a_number_that_nobody_holds_is_a_visible_gap(void **state)
{
    struct lw *w = *state;
    struct loss x;
    struct jb_recovery_report r;
    struct jb_bytes bytes;
    struct jb_entry entry;

    x.whole = lw_open(w, "a.db", JB_LEDGER_BROKER);
    cases(w, x.whole, 0, 5);
    lw_close(&x.whole);
    lw_copy_file(w, "a.db", "r.db");
    x.whole = lw_open(w, "a.db", JB_LEDGER_BROKER);
    x.office = lw_replica(w, "office.db", x.whole, LW_OFFICE);
    assert_int_equal(jb_ledger_begin(x.whole), JB_OK);
    struct jb_entry alone = lw_entry(w, x.whole, JB_ACT_CLOCK_STEP, 0); /* for the log alone */
    (void)lw_log(w, x.whole, &alone);
    assert_int_equal(jb_ledger_commit(x.whole), JB_OK);
    cases(w, x.whole, 5, 7);
    signed_delivery(w, x.whole, x.office);
    x.restored = lw_open(w, "r.db", JB_LEDGER_BROKER);
    assert_int_equal(jb_ledger_begin(x.restored), JB_OK);
    assert_int_equal(jb_recovery_begin(x.restored, w->now_ms, 0), JB_OK);
    assert_int_equal(jb_ledger_commit(x.restored), JB_OK);
    struct jb_recovery_piece p = piece_of(w, &x, 1);
    assert_int_equal(take(w, &x, &p), JB_OK);
    assert_int_equal(jb_recovery_complete(x.restored, w->now_ms, &r, &w->fault), JB_OK);
    assert_true(r.entries == 2 && r.lost == 1);
    assert_int_equal(jb_log_read(x.restored, 6, &w->arena, &bytes), JB_OK);
    assert_int_equal(jb_entry_decode(bytes, &w->arena, &entry, &w->fault), JB_OK);
    assert_int_equal(entry.act.kind, JB_ACT_LOST);
    assert_int_equal(entry.act.log_seq, 6);
    assert_int_equal(jb_log_read(x.restored, 9, &w->arena, &bytes), JB_OK);
    assert_int_equal(jb_entry_decode(bytes, &w->arena, &entry, &w->fault), JB_OK);
    assert_int_equal(entry.act.kind, JB_ACT_NEW_EPOCH); /* the record itself tells of it */
    assert_int_equal(entry.act.number, 5);
    close_all(&x);
}

/* The office left the cases since: it holds their hashes, and what it knew of them. */
static void an_erased_item_is_known_by_its_hash(void **state)
{
    struct lw *w = *state;
    struct loss x;
    struct jb_recovery_report r;

    lose(w, &x);
    assert_int_equal(jb_ledger_begin(x.office), JB_OK);
    assert_int_equal(jb_ledger_case_purge(x.office, lw_case_no(6)), JB_OK);
    assert_int_equal(jb_ledger_commit(x.office), JB_OK);
    struct jb_recovery_piece p = piece_of(w, &x, SIZE_MAX);
    assert_int_equal(p.count, 7);
    assert_int_equal(p.items[1].body.len, 0);
    assert_int_equal(take(w, &x, &p), JB_OK);
    assert_int_equal(jb_recovery_complete(x.restored, w->now_ms, &r, &w->fault), JB_OK);
    assert_true(r.entries == 6 && r.lost == 1 && r.blank == 1 && r.items == 7);
    uint8_t head[JB_HASH_BYTES];
    assert_int_equal(jb_stream_head(x.restored, LW_OFFICE, 12, head), JB_OK);
    assert_memory_equal(head, jb_replica_down(x.office).head, sizeof head);
    close_all(&x);
}

/* How many of the items are confirmations. */
static uint64_t settling(const struct jb_recovery_piece *p, struct jb_arena *arena)
{
    uint64_t found = 0;

    for (size_t i = 0; i < p->count; i++) {
        struct jb_item item;
        struct jb_fault fault;
        assert_int_equal(jb_item_decode(p->items[i].body, arena, &item, &fault), JB_OK);
        found += item.kind == JB_ITEM_ENTRY && item.settles != 0;
    }
    return found;
}

static enum jb_err keep_late(struct lw *w, struct loss *x, const struct jb_recovery_piece *p,
                             const struct jb_line_point *former)
{
    enum jb_err err = jb_recovery_late_check(x->restored, p, former, keys.sign_public, &w->fault);

    if (err != JB_OK)
        return err;
    struct jb_bytes frame;
    const struct jb_frame copy = {.kind = JB_FRAME_COPY,
                                  .version = JB_PROTOCOL_COPY,
                                  .first = p->first,
                                  .items = p->items,
                                  .item_count = p->count,
                                  .suite = p->suite};
    assert_int_equal(jb_frame_encode(&copy, &w->arena, &frame), JB_OK);
    assert_int_equal(jb_ledger_begin(x->restored), JB_OK);
    for (int twice = 0; twice < 2; twice++) /* a repeat is not kept a second time */
        assert_int_equal(jb_recovery_late_keep(x->restored, p, former, frame, w->now_ms), JB_OK);
    assert_int_equal(jb_ledger_commit(x->restored), JB_OK);
    return JB_OK;
}

static void what_returns_late_is_evidence_only_under_the_own_signature(void **state)
{
    struct lw *w = *state;
    struct loss x;
    struct jb_line_point former;
    struct jb_recovery_line line;
    struct jb_recovery_returned *list = NULL;
    size_t count = 0;

    lose(w, &x);
    struct jb_recovery_piece good = piece_of(w, &x, 1);
    struct jb_recovery_piece p = good;
    assert_int_equal(jb_recovery_former(x.restored, good.epoch, LW_OFFICE, &former), JB_OK);
    uint64_t seq = jb_log_last_seq(x.restored);
    p.signature[0] ^= 1;
    assert_int_equal(keep_late(w, &x, &p, &former), JB_BAD_SIGNATURE);
    p = good;
    p.head[0] ^= 1;
    assert_int_equal(keep_late(w, &x, &p, &former), JB_DIVERGED);
    p = good;
    p.epoch[0] ^= 1;
    assert_int_equal(keep_late(w, &x, &p, &former), JB_DIVERGED);
    p = good;
    p.first++;
    assert_int_equal(keep_late(w, &x, &p, &former), JB_GAP);
    p.count = 0;
    assert_int_equal(keep_late(w, &x, &p, &former), JB_MALFORMED);
    assert_int_equal(jb_recovery_returned(x.restored, &w->arena, &list, &count), JB_OK);
    assert_int_equal(count, 0);

    assert_int_equal(keep_late(w, &x, &good, &former), JB_OK);
    assert_int_equal(keep_late(w, &x, &good, &former), JB_REPEAT);
    assert_int_equal(jb_recovery_late(x.restored, LW_OFFICE, &former, &line), JB_OK);
    assert_true(!line.done && line.have.number == good.first + good.count - 1);
    assert_memory_equal(line.have.head, good.head, sizeof good.head);
    assert_int_equal(jb_ledger_begin(x.restored), JB_OK);
    assert_int_equal(jb_recovery_late_done(x.restored, LW_OFFICE, &former), JB_OK);
    assert_int_equal(jb_ledger_commit(x.restored), JB_OK);
    assert_int_equal(jb_recovery_late(x.restored, LW_OFFICE, &former, &line), JB_OK);
    assert_true(line.done);
    assert_int_equal(jb_recovery_returned(x.restored, &w->arena, &list, &count), JB_OK);
    assert_true(count == 1 && list[0].node == LW_OFFICE && list[0].pieces == 1 &&
                list[0].first == good.first && list[0].items == good.count);
    assert_int_equal(list[0].confirmed, settling(&good, &w->arena));
    assert_int_equal(jb_log_last_seq(x.restored), seq); /* the record is as it was */
    close_all(&x);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, lw_setup, lw_teardown)
    const struct CMUnitTest tests[] = {
        T(what_came_back_is_the_same_bytes),
        T(nobody_can_make_up_an_item),
        T(a_number_that_nobody_holds_is_a_visible_gap),
        T(an_erased_item_is_known_by_its_hash),
        T(what_returns_late_is_evidence_only_under_the_own_signature),
    };
#undef T

    return cmocka_run_group_tests_name("recovery", tests, start, NULL);
}
