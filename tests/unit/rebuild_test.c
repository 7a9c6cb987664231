/* Replaying the record gives the same tables; checks find what was tampered with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "proto/ledger/casepack.h"
#include "proto/wire/sign.h"
#include "tests/unit/ledger_world.h"

#define NODE 12

static void digest_of(struct jb_ledger *l, uint8_t out[JB_HASH_BYTES])
{
    assert_int_equal(jb_ledger_digest(l, out), JB_OK);
}

/* ---- rebuild ---- */

static void rebuilding_a_broker_gives_identical_tables(void **state)
{
    struct lw *w = *state;
    uint8_t before[JB_HASH_BYTES];
    uint8_t after[JB_HASH_BYTES];
    struct jb_ledger *l = lw_open(w, "b.db", JB_LEDGER_BROKER);

    lw_history(w, l, 600);
    char *tables = lw_dump(l);
    digest_of(l, before);
    /* what stands in the tables does not matter */
    assert_int_equal(sqlite3_exec(l->db,
                                  "UPDATE case_file SET next_ms = 1, packed = x'01';"
                                  "DELETE FROM participant; DROP INDEX case_next;"
                                  "DELETE FROM node;",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    digest_of(l, after);
    assert_memory_not_equal(before, after, sizeof before);
    assert_int_equal(jb_ledger_rebuild(l, &w->fault), JB_OK);
    digest_of(l, after);
    char *rebuilt = lw_dump(l);
    assert_string_equal(tables, rebuilt);
    assert_memory_equal(before, after, sizeof before);
    free(tables);
    free(rebuilt);
    lw_close(&l);
}

/* The broker keeps cases in memory through a batch and saves each once; replay saves after each
 * entry. */
static void saving_once_per_batch_equals_applying_each_entry(void **state)
{
    struct lw *w = *state;
    struct jb_ledger *one = lw_open(w, "one.db", JB_LEDGER_BROKER);
    struct jb_ledger *batch = lw_open(w, "batch.db", JB_LEDGER_BROKER);
    struct jb_case cases[64] = {{0}};

    assert_int_equal(jb_ledger_begin(one), JB_OK);
    assert_int_equal(jb_ledger_begin(batch), JB_OK);
    for (size_t i = 0; i < 300; i++) {
        struct jb_entry entry = lw_random_entry(w, one);
        struct jb_bytes bytes = lw_log(w, one, &entry);
        assert_int_equal(jb_log_append(batch, &entry, bytes), JB_OK);
        assert_int_equal(jb_ledger_apply_rest(batch, &entry), JB_OK);
        if (entry.act.case_no == 0)
            continue;
        int64_t index = (entry.act.case_no - LW_CASE_BASE) / 10;
        assert_true(index < 64);
        assert_int_equal(jb_case_apply(&cases[index], &entry, &w->arena), JB_OK);
    }
    for (int64_t i = 0; i < w->cases; i++)
        assert_int_equal(jb_ledger_case_save(batch, &cases[i]), JB_OK);
    assert_int_equal(jb_ledger_commit(one), JB_OK);
    assert_int_equal(jb_ledger_commit(batch), JB_OK);
    char *a = lw_dump(one);
    char *b = lw_dump(batch);
    assert_string_equal(a, b);
    free(a);
    free(b);
    lw_close(&one);
    lw_close(&batch);
}

/* A broker and the replica of a node that is told everything; the node leaves one case and comes
 * back to another. */
static void pair_make(struct lw *w, struct jb_ledger **broker, struct jb_ledger **replica)
{
    struct jb_item left = {.kind = JB_ITEM_LEFT, .left_reason = {"recused", 7}};
    struct jb_stream_add to = {.node = NODE};

    *broker = lw_open(w, "b.db", JB_LEDGER_BROKER);
    assert_int_equal(jb_ledger_begin(*broker), JB_OK);
    for (size_t i = 0; i < 200; i++) {
        struct jb_entry entry = lw_random_entry(w, *broker);
        (void)lw_log_to(w, *broker, &entry, to);
    }
    for (int64_t i = 0; i < 3; i++) {
        left.left_case_no = lw_case_no(i);
        to = (struct jb_stream_add){
            .node = NODE, .at_ms = w->now_ms, .case_no = lw_case_no(i), .other = &left};
        assert_int_equal(jb_stream_append(*broker, &to, NULL), JB_OK);
    }
    assert_int_equal(
        jb_stream_backfill(*broker, NODE, lw_case_no(2), jb_log_last_seq(*broker) + 1, w->now_ms),
        JB_OK);
    assert_int_equal(jb_ledger_commit(*broker), JB_OK);
    *replica = lw_replica(w, "r.db", *broker, NODE);
    lw_deliver(w, *broker, *replica);
}

static void rebuilding_a_replica_gives_identical_tables(void **state)
{
    struct lw *w = *state;
    struct jb_ledger *broker;
    struct jb_ledger *replica;
    struct jb_case c;

    pair_make(w, &broker, &replica);
    assert_int_equal(jb_ledger_case_load(replica, lw_case_no(0), &w->arena, &c), JB_OK);
    assert_int_equal(c.stage, JB_STAGE_NONE);
    assert_int_equal(jb_ledger_case_load(replica, lw_case_no(2), &w->arena, &c), JB_OK);
    assert_int_not_equal(c.stage, JB_STAGE_NONE);
    char *before = lw_dump(replica);
    assert_int_equal(jb_ledger_rebuild(replica, &w->fault), JB_OK);
    char *after = lw_dump(replica);
    assert_string_equal(before, after);
    free(before);
    free(after);
    lw_close(&replica);
    lw_close(&broker);
}

static void a_record_that_cannot_be_applied_leaves_the_tables_alone(void **state)
{
    struct lw *w = *state;
    struct jb_ledger *l = lw_open(w, "b.db", JB_LEDGER_BROKER);

    lw_history(w, l, 50);
    char *before = lw_dump(l);
    assert_int_equal(
        sqlite3_exec(l->db, "UPDATE entry SET body = x'ff' WHERE seq = 40", NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_not_equal(jb_ledger_rebuild(l, &w->fault), JB_OK);
    assert_non_null(strstr(w->fault.text, "entry 40"));
    char *after = lw_dump(l);
    assert_string_equal(before, after);
    free(before);
    free(after);
    lw_close(&l);
}

/* ---- check ---- */

struct signer {
    uint8_t public_key[JB_KEY_BYTES];
    uint8_t secret[JB_SIGN_SECRET_BYTES];
};

static void signer_make(struct signer *s)
{
    struct jb_node_keys keys;

    assert_int_equal(jb_sign_init(), JB_OK);
    assert_int_equal(jb_keys_generate(JB_SUITE_ED25519, &keys, &(struct jb_fault){""}), JB_OK);
    memcpy(s->public_key, keys.sign_public, sizeof s->public_key);
    memcpy(s->secret, keys.sign_secret, sizeof s->secret);
}

static void sign_point(const struct signer *s, enum jb_line_role role,
                       const struct jb_line_point *p, uint8_t out[JB_SIGN_BYTES])
{
    struct jb_line_claim claim = {.role = role, .node = NODE, .number = p->number};

    memcpy(claim.epoch, p->epoch, sizeof claim.epoch);
    memcpy(claim.head, p->head, sizeof claim.head);
    assert_int_equal(jb_line_sign(JB_SUITE_ED25519, s->secret, &claim, out), JB_OK);
}

/* NODE is enrolled with the signer's key, has a case, and has acknowledged it. */
static void signed_pair_make(struct lw *w, const struct signer *node,
                             const struct signer *broker_key, struct jb_ledger **broker,
                             struct jb_ledger **replica)
{
    uint8_t signature[JB_SIGN_BYTES];

    *broker = lw_open(w, "b.db", JB_LEDGER_BROKER);
    assert_int_equal(jb_ledger_begin(*broker), JB_OK);
    struct jb_entry enrol = lw_entry(w, *broker, JB_ACT_ENROL_NODE, 0);
    enrol.act.node = NODE;
    enrol.act.code = jb_text_of("zhujian");
    enrol.act.name = jb_text_of("住房和城乡建设局");
    enrol.act.level = JB_LEVEL_COUNTY;
    enrol.act.node_kind = JB_NODE_DEPARTMENT;
    enrol.act.line_key = (struct jb_bytes){node->public_key, JB_KEY_BYTES};
    enrol.act.sign_key = (struct jb_bytes){node->public_key, JB_KEY_BYTES};
    (void)lw_log_to(w, *broker, &enrol, (struct jb_stream_add){.node = NODE});
    for (int64_t i = 0; i < 3; i++) {
        struct jb_entry e = lw_register(w, *broker, lw_case_no(i), "供暖");
        struct jb_effect joined = {
            .kind = JB_EFFECT_JOINED, .node = NODE, .role = JB_ROLE_CO_HANDLER};
        (void)lw_log_to(w, *broker, &e, (struct jb_stream_add){.node = NODE});
        e = lw_entry(w, *broker, JB_ACT_ASSIGN, lw_case_no(i));
        lw_effects(&e, &w->arena, &joined, 1);
        (void)lw_log_to(w, *broker, &e, (struct jb_stream_add){.node = NODE, .duty = true});
    }
    struct jb_receipt r = {.node = NODE, .suite = JB_SUITE_ED25519, .at_ms = w->now_ms};
    r.point = jb_line_get(*broker, NODE)->down;
    sign_point(node, JB_LINE_DOWN_ACK, &r.point, r.signature);
    assert_int_equal(jb_line_down_acked(*broker, &r), JB_OK);
    struct jb_receipt up = {.node = NODE, .suite = JB_SUITE_ED25519, .at_ms = w->now_ms};
    up.point.number = 4;
    sign_point(node, JB_LINE_UP, &up.point, up.signature);
    assert_int_equal(jb_line_up_signed(*broker, &up), JB_OK);
    assert_int_equal(jb_ledger_commit(*broker), JB_OK);

    *replica = lw_replica(w, "r.db", *broker, NODE);
    lw_deliver(w, *broker, *replica);
    assert_int_equal(jb_ledger_begin(*replica), JB_OK);
    struct jb_line_point down = jb_replica_down(*replica);
    assert_int_equal(jb_replica_ack_add(*replica, &down, JB_SUITE_ED25519, r.signature, w->now_ms),
                     JB_OK);
    sign_point(broker_key, JB_LINE_DOWN_HEAD, &down, signature);
    assert_int_equal(jb_replica_proof_add(*replica, &down, JB_SUITE_ED25519, signature, w->now_ms),
                     JB_OK);
    struct jb_outbox_item item = {.kind = JB_ACT_NOTE,
                                  .case_no = lw_case_no(0),
                                  .user = jb_text_of("李强"),
                                  .body = {(const uint8_t *)"submission", 10}};
    assert_int_equal(jb_outbox_add(*replica, &item), JB_OK);
    assert_int_equal(jb_ledger_commit(*replica), JB_OK);
}

struct tampering {
    const char *sql; /* NULL: nothing was done */
    const char *fault;
    bool chain, signatures, tables;
};

static void run_check(struct jb_ledger *l, const struct jb_check_keys *keys,
                      const struct tampering *t)
{
    struct jb_check out;
    struct jb_fault fault;

    if (t->sql != NULL)
        assert_int_equal(sqlite3_exec(l->db, t->sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(jb_ledger_check(l, keys, &out, &fault), JB_OK);
    if (strstr(fault.text, t->fault) == NULL || (t->fault[0] == '\0' && fault.text[0] != '\0'))
        fail_msg("%s: '%s' does not say '%s'", t->sql, fault.text, t->fault);
    assert_int_equal(out.chain_intact, t->chain);
    assert_int_equal(out.signatures_good, t->signatures);
    assert_int_equal(out.tables_equal, t->tables);
}

static void the_check_of_a_broker_finds_what_was_changed(void **state)
{
    static const struct tampering rows[] = {
        {NULL, "", true, true, true},
        {"UPDATE entry SET body = (SELECT body FROM entry WHERE seq = 3) WHERE seq = 5",
         "entry 5: chain head", false, true, false},
        {"DELETE FROM entry WHERE seq = 4", "entry 5 follows 3", false, true, false},
        {"UPDATE entry SET head = zeroblob(32) WHERE seq = 2", "entry 2: chain head", false, true,
         true},
        {"UPDATE case_file SET host = 99", "tables differ", true, true, false},
        {"UPDATE case_file SET packed = CAST(substr(packed, 1, 30) || x'2f' || substr(packed, 32)"
         " AS BLOB)",
         "tables differ", true, true, false},
        {"UPDATE case_file SET next_ms = next_ms + 1", "tables differ", true, true, false},
        {"DELETE FROM participant WHERE node = 12", "tables differ", true, true, false},
        {"UPDATE receipt SET signature = zeroblob(64)", "receipt of node 12 at 7: signature", true,
         false, true},
        {"UPDATE receipt SET number = 6", "receipt of node 12 at 6", true, false, true},
        {"UPDATE up_receipt SET head = zeroblob(32), number = 5", "signature of submissions", true,
         false, true},
        {"UPDATE node SET sign_key = zeroblob(32)", "receipt of node 12", true, false, false},
    };
    struct lw *w = *state;
    struct signer node;
    struct signer key;
    struct jb_ledger *broker;
    struct jb_ledger *replica;

    signer_make(&node);
    signer_make(&key);
    signed_pair_make(w, &node, &key, &broker, &replica);
    lw_close(&replica);
    lw_close(&broker);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lw_copy_file(w, "b.db", "t.db");
        broker = lw_open(w, "t.db", JB_LEDGER_BROKER);
        run_check(broker, NULL, &rows[i]);
        lw_close(&broker);
    }
}

static void packed_write(struct jb_ledger *l, int64_t case_no, struct jb_bytes packed)
{
    sqlite3_stmt *s = NULL;

    assert_int_equal(sqlite3_prepare_v2(l->db, "UPDATE case_file SET packed = ? WHERE case_no = ?",
                                        -1, &s, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_bind_blob64(s, 1, packed.data, packed.len, SQLITE_STATIC), SQLITE_OK);
    assert_int_equal(sqlite3_bind_int64(s, 2, case_no), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_DONE);
    sqlite3_finalize(s);
}

static void the_digest_is_of_every_byte_of_a_packed_case(void **state)
{
    struct lw *w = *state;
    struct jb_case c;
    struct jb_bytes packed;
    uint8_t before[JB_HASH_BYTES];
    uint8_t after[JB_HASH_BYTES];
    struct jb_ledger *l = lw_open(w, "b.db", JB_LEDGER_BROKER);

    lw_history(w, l, 40);
    assert_int_equal(jb_ledger_case_load(l, lw_case_no(0), &w->arena, &c), JB_OK);
    assert_int_equal(jb_case_pack(&c, &w->arena, &packed), JB_OK);
    uint8_t *bytes = jb_arena_memdup(&w->arena, packed.data, packed.len);
    packed.data = bytes;
    digest_of(l, before);
    for (size_t i = 0; i < packed.len; i++) {
        bytes[i] ^= 1;
        packed_write(l, c.case_no, packed);
        digest_of(l, after);
        assert_memory_not_equal(before, after, sizeof before);
        bytes[i] ^= 1;
    }
    packed_write(l, c.case_no, packed); /* as the ledger wrote it */
    digest_of(l, after);
    assert_memory_equal(before, after, sizeof before);
    lw_close(&l);
}

static void the_check_of_a_replica_finds_what_was_changed(void **state)
{
    static const struct tampering rows[] = {
        {NULL, "", true, true, true},
        {"UPDATE item SET body = (SELECT body FROM item WHERE number = 3) WHERE number = 5",
         "item 5: body was changed", false, true, false},
        {"UPDATE item SET hash = zeroblob(32), body = NULL WHERE number = 2", "item 2: chain head",
         false, true, false},
        {"DELETE FROM item WHERE number = 4", "item 5 follows 3", false, true, false},
        {"UPDATE case_file SET title = 'x'", "tables differ", true, true, false},
        {"UPDATE proof SET signature = zeroblob(64)", "signed by the broker", true, false, true},
        {"UPDATE ack SET signature = zeroblob(64)", "own acknowledgement", true, false, true},
        {"UPDATE proof SET number = 3", "signed by the broker", true, false, true},
        {"UPDATE outbox SET body = x'00'", "submission 1: body was changed", false, true, true},
    };
    struct lw *w = *state;
    struct signer node;
    struct signer key;
    struct jb_ledger *broker;
    struct jb_ledger *replica;

    signer_make(&node);
    signer_make(&key);
    struct jb_check_keys keys = {.broker_sign = key.public_key, .own_sign = node.public_key};
    signed_pair_make(w, &node, &key, &broker, &replica);
    lw_close(&broker);
    lw_close(&replica);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lw_copy_file(w, "r.db", "t.db");
        replica = lw_open(w, "t.db", JB_LEDGER_REPLICA);
        run_check(replica, &keys, &rows[i]);
        lw_close(&replica);
    }
}

static void what_was_purged_is_counted_and_still_chains(void **state)
{
    struct lw *w = *state;
    struct jb_check out;
    struct jb_ledger *broker;
    struct jb_ledger *replica;

    pair_make(w, &broker, &replica);
    assert_int_equal(jb_ledger_check(replica, NULL, &out, &w->fault), JB_OK);
    assert_string_equal(w->fault.text, "");
    assert_true(out.chain_intact && out.tables_equal);
    assert_true(out.erased > 3);
    assert_int_equal(out.items, jb_replica_down(replica).number);
    assert_memory_equal(out.head, jb_replica_down(replica).head, JB_HASH_BYTES);
    lw_close(&replica);
    lw_close(&broker);
}

static void the_check_of_a_line_finds_a_missing_entry(void **state)
{
    struct lw *w = *state;
    struct signer node;
    struct signer key;
    struct jb_check out;
    struct jb_ledger *broker;
    struct jb_ledger *replica;

    signer_make(&node);
    signer_make(&key);
    signed_pair_make(w, &node, &key, &broker, &replica);
    lw_close(&replica);
    assert_int_equal(jb_ledger_check_line(broker, NODE, &out, &w->fault), JB_OK);
    assert_string_equal(w->fault.text, "");
    assert_true(out.chain_intact && out.signatures_good && out.tables_equal);
    assert_int_equal(out.items, 7);
    assert_int_equal(out.receipts, 2);
    assert_memory_equal(out.head, jb_line_get(broker, NODE)->down.head, JB_HASH_BYTES);

    assert_int_equal(jb_ledger_begin(broker), JB_OK);
    struct jb_entry note = lw_entry(w, broker, JB_ACT_NOTE, lw_case_no(1));
    (void)lw_log(w, broker, &note); /* not told to NODE */
    assert_int_equal(jb_ledger_commit(broker), JB_OK);
    assert_int_equal(jb_ledger_check_line(broker, NODE, &out, &w->fault), JB_OK);
    assert_non_null(strstr(w->fault.text, "entry 8 is missing"));
    assert_false(out.tables_equal);
    assert_true(out.chain_intact);

    assert_int_equal(
        sqlite3_exec(broker->db, "UPDATE stream SET at_ms = 1 WHERE number = 3", NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_equal(jb_ledger_check_line(broker, NODE, &out, &w->fault), JB_OK);
    assert_non_null(strstr(w->fault.text, "item 3: chain head"));
    assert_false(out.chain_intact);
    lw_close(&broker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rebuilding_a_broker_gives_identical_tables, lw_setup,
                                        lw_teardown),
        cmocka_unit_test_setup_teardown(saving_once_per_batch_equals_applying_each_entry, lw_setup,
                                        lw_teardown),
        cmocka_unit_test_setup_teardown(rebuilding_a_replica_gives_identical_tables, lw_setup,
                                        lw_teardown),
        cmocka_unit_test_setup_teardown(a_record_that_cannot_be_applied_leaves_the_tables_alone,
                                        lw_setup, lw_teardown),
        cmocka_unit_test_setup_teardown(the_check_of_a_broker_finds_what_was_changed, lw_setup,
                                        lw_teardown),
        cmocka_unit_test_setup_teardown(the_digest_is_of_every_byte_of_a_packed_case, lw_setup,
                                        lw_teardown),
        cmocka_unit_test_setup_teardown(the_check_of_a_replica_finds_what_was_changed, lw_setup,
                                        lw_teardown),
        cmocka_unit_test_setup_teardown(what_was_purged_is_counted_and_still_chains, lw_setup,
                                        lw_teardown),
        cmocka_unit_test_setup_teardown(the_check_of_a_line_finds_a_missing_entry, lw_setup,
                                        lw_teardown),
    };

    return cmocka_run_group_tests_name("rebuild", tests, NULL, NULL);
}
