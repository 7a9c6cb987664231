/* One tick of the broker without sockets: items in, decide, commit, what stands in log and streams.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/broker.h"
#include "daemon/install.h"
#include "proto/rules/caseno.h"

enum {
    GOV = 2,
    OFFICE = 3,
    HOUSING = 4,
    LABOUR = 5
};

static const int64_t day_ms = 86400000;
static const int64_t start_ms = INT64_C(1795399200000); /* 2026-11-23 10:00 in China */

struct world {
    struct jb_broker b;
    struct jb_broker_config config;
    char folder[64];
    int64_t now_ms;
    uint64_t made[8];                /* submissions made by node */
    uint8_t heads[8][JB_HASH_BYTES]; /* their chain heads */
    uint32_t seq;                    /* case numbers issued */
    struct jb_arena arena;
};

/* ---- the world ---- */

static struct jb_text file_text(struct jb_arena *arena, const char *path)
{
    FILE *in = fopen(path, "re");
    assert_non_null(in);
    char *data = jb_arena_alloc(arena, 262144);
    assert_non_null(data);
    size_t len = fread(data, 1, 262144, in);
    assert_int_equal(fclose(in), 0);
    return (struct jb_text){data, len};
}

static void run_tick(struct world *w)
{
    struct jb_batch *t = w->b.fill;
    assert_int_equal(jb_decide_batch(&w->b, t), JB_OK);
    jb_commit_batch(w->b.ledger, t);
    if (t->result != JB_OK)
        fail_msg("commit: %s", t->fault.text);
}

static void next_tick(struct world *w)
{
    jb_batch_reset(w->b.fill);
}

static void admin(struct world *w, const struct jb_act *act)
{
    struct jb_intake_item *item = jb_batch_item(w->b.fill);
    struct jb_act *copy = jb_arena_memdup(&w->b.fill->arena, act, sizeof *act);
    assert_non_null(item);
    assert_non_null(copy);
    item->source = JB_FROM_ADMIN;
    item->act = copy;
    item->user = jb_text_of("admin:test");
}

static void enrol(struct world *w, const char *code, int kind, uint32_t parent)
{
    static uint8_t keys[8][JB_KEY_BYTES];
    uint32_t node = (uint32_t)w->b.directory.count + 2;
    memset(keys[node], (int)node, JB_KEY_BYTES);
    struct jb_act act = {.kind = JB_ACT_ENROL_NODE,
                         .code = jb_text_of(code),
                         .name = jb_text_of(code),
                         .level = JB_LEVEL_COUNTY,
                         .node_kind = kind,
                         .parent = parent};
    if (kind != JB_NODE_GOVERNMENT) {
        act.line_key = (struct jb_bytes){keys[node], JB_KEY_BYTES};
        act.sign_key = (struct jb_bytes){keys[node], JB_KEY_BYTES};
    }
    admin(w, &act);
    run_tick(w);
    next_tick(w);
    assert_non_null(jb_directory_find(&w->b.directory, node));
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct jb_fault fault = {""};
    struct jb_ledger_options options = {.role = JB_LEDGER_BROKER};
    char path[128];
    assert_non_null(w);
    (void)snprintf(w->folder, sizeof w->folder, "/tmp/jb-tick.XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    (void)snprintf(path, sizeof path, "%s/broker.db", w->folder);
    w->now_ms = start_ms;
    w->b.clock = jb_clock_fixed(&w->now_ms);
    w->b.config = &w->config;
    jb_arena_init(&w->arena, 64 << 20);
    jb_arena_init(&w->b.book_arena, 1);
    jb_directory_init(&w->b.directory);
    jb_batch_init(&w->b.batches[0]);
    w->b.fill = &w->b.batches[0];
    if (jb_ledger_open(path, &options, &w->b.ledger, &fault) != JB_OK)
        fail_msg("%s", fault.text);
    options.read_only = true;
    assert_int_equal(jb_ledger_open(path, &options, &w->b.reader, &fault), JB_OK);
    struct jb_install policy = {.text = file_text(&w->arena, "deploy/policy/cn-2022.ini")};
    struct jb_install calendar = {.text = file_text(&w->arena, "deploy/calendar/cn.ini")};
    bool queued = false;
    assert_int_equal(jb_install_queue(&w->b, true, &policy, &queued, &fault), JB_OK);
    assert_true(queued);
    assert_int_equal(jb_install_queue(&w->b, false, &calendar, &queued, &fault), JB_OK);
    assert_true(queued);
    run_tick(w);
    next_tick(w);
    assert_int_equal(jb_broker_book_load(&w->b, &fault), JB_OK);
    enrol(w, "gov", JB_NODE_GOVERNMENT, 0);
    enrol(w, "office", JB_NODE_OFFICE, GOV);
    enrol(w, "housing", JB_NODE_DEPARTMENT, GOV);
    enrol(w, "labour", JB_NODE_DEPARTMENT, GOV);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    char path[160];
    jb_ledger_close(&w->b.reader);
    jb_ledger_close(&w->b.ledger);
    jb_batch_fini(&w->b.batches[0]);
    jb_directory_fini(&w->b.directory);
    jb_arena_fini(&w->b.book_arena);
    jb_arena_fini(&w->arena);
    for (size_t i = 0; i < w->b.peer_capacity; i++)
        free(w->b.peers[i]);
    free(w->b.peers);
    const char *names[] = {"broker.db", "broker.db-wal", "broker.db-shm"};
    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", w->folder, names[i]);
        (void)unlink(path);
    }
    assert_int_equal(rmdir(w->folder), 0);
    free(w);
    return 0;
}

/* ---- what nodes do ---- */

static void submit_bytes(struct world *w, uint32_t node, struct jb_bytes raw)
{
    static const uint8_t epoch[JB_EPOCH_BYTES] = {7};
    uint8_t hash[JB_HASH_BYTES];
    if (w->made[node] == 0)
        jb_chain_start(node, epoch, w->heads[node]);
    jb_hash(raw.data, raw.len, hash);
    jb_chain_next(w->heads[node], hash, w->heads[node]);
    struct jb_intake_item *item = jb_batch_item(w->b.fill);
    assert_non_null(item);
    item->source = JB_FROM_LINE;
    item->node = node;
    item->number = ++w->made[node];
    item->raw = raw;
    memcpy(item->head, w->heads[node], sizeof item->head);
}

static void submit(struct world *w, uint32_t node, const struct jb_act *act)
{
    struct jb_submission s = {.user = jb_text_of("clerk"), .made_at_ms = w->now_ms};
    struct jb_bytes raw;
    assert_int_equal(jb_act_encode(act, &w->arena, &s.act_bytes), JB_OK);
    assert_int_equal(jb_submission_encode(&s, &w->arena, &raw), JB_OK);
    submit_bytes(w, node, raw);
}

static int64_t new_case_no(struct world *w, uint32_t node)
{
    int64_t no = 0;
    assert_int_equal(jb_caseno_make(jb_date_of_instant(w->now_ms), node, ++w->seq, &no), JB_OK);
    return no;
}

static int64_t register_case(struct world *w)
{
    int64_t no = new_case_no(w, OFFICE);
    struct jb_act act = {.kind = JB_ACT_REGISTER,
                         .case_no = no,
                         .matter = JB_MATTER_APPEAL,
                         .channel = JB_CHANNEL_LETTER,
                         .title = jb_text_of("屋面漏水"),
                         .content = jb_text_of("请求维修")};
    submit(w, OFFICE, &act);
    return no;
}

static void assign(struct world *w, int64_t no, uint32_t custody, uint32_t to)
{
    struct jb_act act = {.kind = JB_ACT_ASSIGN,
                         .case_no = no,
                         .custody = custody,
                         .node = to,
                         .authority = JB_AUTHORITY_FIRST_ASSIGNMENT,
                         .text = jb_text_of("请办理")};
    submit(w, OFFICE, &act);
}

/* ---- what stands in a stream ---- */

struct seen {
    struct jb_item items[64];
    struct jb_entry entries[64];
    size_t count;
};

static void read_stream(struct world *w, uint32_t node, uint64_t from, struct seen *out)
{
    struct jb_stream_read want = {
        .node = node, .from = from, .max_items = 64, .max_bytes = 1 << 20};
    struct jb_frame_item *items = NULL;
    uint8_t head[JB_HASH_BYTES];
    struct jb_fault fault = {""};
    assert_int_equal(jb_stream_read(w->b.reader, &want, &w->arena, &items, &out->count, head),
                     JB_OK);
    for (size_t i = 0; i < out->count; i++) {
        assert_int_equal(jb_item_decode(items[i].body, &w->arena, &out->items[i], &fault), JB_OK);
        if (out->items[i].kind == JB_ITEM_ENTRY)
            assert_int_equal(
                jb_entry_decode(out->items[i].entry, &w->arena, &out->entries[i], &fault), JB_OK);
    }
}

static uint64_t stream_end(struct world *w, uint32_t node)
{
    uint8_t head[JB_HASH_BYTES];
    uint64_t number = 0;
    assert_int_equal(jb_stream_end(w->b.reader, node, &number, head), JB_OK);
    return number;
}

static void acknowledge(struct world *w, uint32_t node)
{
    struct jb_receipt *r = jb_arena_alloc(&w->b.fill->arena, sizeof *r);
    struct jb_intake_item *item = jb_batch_item(w->b.fill);
    assert_non_null(r);
    assert_non_null(item);
    assert_non_null(jb_broker_peer(&w->b, node));
    r->node = node;
    r->suite = JB_SUITE_ED25519;
    r->at_ms = w->now_ms;
    r->point.number = stream_end(w, node);
    memcpy(r->point.epoch, jb_ledger_epoch(w->b.reader), JB_EPOCH_BYTES);
    assert_int_equal(jb_stream_head(w->b.reader, node, r->point.number, r->point.head), JB_OK);
    item->source = JB_FROM_ACK;
    item->node = node;
    item->signature = r;
}

/* ---- tests ---- */

static void a_new_node_gets_directory_policy_and_calendar(void **state)
{
    struct world *w = *state;
    struct seen s;
    read_stream(w, LABOUR, 1, &s);
    assert_int_equal(s.count, 6);
    assert_int_equal(s.entries[0].act.kind, JB_ACT_INSTALL_POLICY);
    assert_int_equal(s.entries[1].act.kind, JB_ACT_INSTALL_CALENDAR);
    assert_true(s.items[0].history);
    assert_int_equal(s.entries[5].act.kind, JB_ACT_ENROL_NODE);
    assert_int_equal(s.entries[5].act.node, LABOUR);
    assert_false(s.items[5].history);
}

static void a_joining_node_gets_the_history_first(void **state)
{
    struct world *w = *state;
    struct seen s;
    uint64_t before = stream_end(w, HOUSING);
    int64_t no = register_case(w);
    run_tick(w);
    next_tick(w);
    assert_int_equal(stream_end(w, HOUSING), before); /* not its business yet */
    assign(w, no, 1, HOUSING);
    run_tick(w);
    next_tick(w);
    read_stream(w, HOUSING, before + 1, &s);
    assert_int_equal(s.count, 2);
    assert_int_equal(s.entries[0].act.kind, JB_ACT_REGISTER);
    assert_true(s.items[0].history);
    assert_int_equal(s.entries[1].act.kind, JB_ACT_ASSIGN);
    assert_false(s.items[1].history);
    assert_int_equal(s.items[1].settles, 0);
}

static void register_and_assign_in_one_batch_travel_together(void **state)
{
    struct world *w = *state;
    struct seen s;
    uint64_t before = stream_end(w, HOUSING);
    int64_t no = register_case(w);
    assign(w, no, 1, HOUSING);
    run_tick(w);
    next_tick(w);
    read_stream(w, HOUSING, before + 1, &s);
    assert_int_equal(s.count, 2);
    assert_int_equal(s.entries[0].act.kind, JB_ACT_REGISTER);
    assert_int_equal(s.entries[1].act.kind, JB_ACT_ASSIGN);
}

static void bad_submissions_spoil_only_themselves(void **state)
{
    struct world *w = *state;
    struct seen s;
    uint64_t before = stream_end(w, OFFICE);
    int64_t good = register_case(w);
    submit_bytes(w, OFFICE, (struct jb_bytes){(const uint8_t *)"\xff\xff\xff", 3});
    struct jb_act nul = {.kind = JB_ACT_NOTE, .case_no = good, .text = {"a\0b", 3}};
    struct jb_submission raw = {.user = jb_text_of("clerk"), .made_at_ms = w->now_ms};
    struct jb_bytes act_bytes = {NULL, 0};
    struct jb_bytes bytes = {NULL, 0};
    nul.text = jb_text_of("aXb");
    assert_int_equal(jb_act_encode(&nul, &w->arena, &act_bytes), JB_OK);
    uint8_t *patched = jb_arena_memdup(&w->arena, act_bytes.data, act_bytes.len);
    *(uint8_t *)memchr(patched, 'X', act_bytes.len) = 0;
    raw.act_bytes = (struct jb_bytes){patched, act_bytes.len};
    assert_int_equal(jb_submission_encode(&raw, &w->arena, &bytes), JB_OK);
    submit_bytes(w, OFFICE, bytes);
    assign(w, good, 1, HOUSING);
    run_tick(w);
    next_tick(w);
    read_stream(w, OFFICE, before + 1, &s);
    assert_int_equal(s.count, 4);
    for (uint64_t i = 0; i < 4; i++)
        assert_int_equal(s.items[i].settles, i + 1);
    assert_int_equal(s.items[0].kind, JB_ITEM_ENTRY);
    assert_int_equal(s.items[1].kind, JB_ITEM_REFUSAL);
    assert_int_equal(s.items[1].refusal.code, JB_MALFORMED);
    assert_int_equal(s.items[2].kind, JB_ITEM_REFUSAL);
    assert_int_equal(s.items[2].refusal.code, JB_NUL_IN_TEXT);
    assert_int_equal(s.items[3].kind, JB_ITEM_ENTRY);
}

static void an_outsider_learns_nothing(void **state)
{
    struct world *w = *state;
    struct seen s;
    int64_t no = register_case(w);
    assign(w, no, 1, HOUSING);
    run_tick(w);
    next_tick(w);
    uint64_t before = stream_end(w, LABOUR);
    struct jb_act note = {.kind = JB_ACT_NOTE, .case_no = no, .text = jb_text_of("?")};
    submit(w, LABOUR, &note);
    note.case_no = new_case_no(w, OFFICE); /* does not exist */
    submit(w, LABOUR, &note);
    run_tick(w);
    next_tick(w);
    read_stream(w, LABOUR, before + 1, &s);
    assert_int_equal(s.count, 2);
    assert_int_equal(s.items[0].refusal.code, JB_REFUSE_UNKNOWN_CASE);
    assert_int_equal(s.items[1].refusal.code, JB_REFUSE_UNKNOWN_CASE);
    assert_true(jb_text_equal(s.items[0].refusal.name, s.items[1].refusal.name));
    assert_int_equal(s.items[0].refusal.holder, 0);
}

static void an_agreed_objection_makes_the_agency_leave(void **state)
{
    struct world *w = *state;
    struct seen s;
    int64_t no = register_case(w);
    assign(w, no, 1, HOUSING);
    struct jb_act object = {.kind = JB_ACT_OBJECT,
                            .case_no = no,
                            .custody = 2,
                            .reason = jb_text_of("不属于本单位职权")};
    submit(w, HOUSING, &object);
    struct jb_act rule = {
        .kind = JB_ACT_RULE_ON_OBJECTION, .case_no = no, .custody = 2, .ruling = JB_RULING_AGREED};
    submit(w, OFFICE, &rule);
    run_tick(w);
    next_tick(w);
    uint64_t end = stream_end(w, HOUSING);
    read_stream(w, HOUSING, end, &s);
    assert_int_equal(s.count, 1);
    assert_int_equal(s.items[0].kind, JB_ITEM_LEFT);
    assert_int_equal(s.items[0].left_case_no, no);
    struct jb_case c;
    assert_int_equal(jb_ledger_case_load(w->b.ledger, no, &w->arena, &c), JB_OK);
    assert_int_equal(c.host, OFFICE);
    assert_int_equal(c.custody, 3);
    assert_false(jb_case_has(&c, HOUSING));
}

static void the_sender_learns_of_the_signed_receipt(void **state)
{
    struct world *w = *state;
    struct seen s;
    int64_t no = register_case(w);
    assign(w, no, 1, HOUSING);
    run_tick(w);
    uint64_t assign_seq = w->b.fill->next_seq - 1;
    next_tick(w);
    uint64_t before = stream_end(w, OFFICE);
    acknowledge(w, HOUSING);
    acknowledge(w, HOUSING); /* twice in one batch: told once */
    run_tick(w);
    next_tick(w);
    read_stream(w, OFFICE, before + 1, &s);
    assert_int_equal(s.count, 1);
    assert_int_equal(s.entries[0].act.kind, JB_ACT_STORED);
    assert_int_equal(s.entries[0].act.node, HOUSING);
    assert_int_equal(s.entries[0].act.items.count, 1);
    assert_int_equal(s.entries[0].act.items.at[0].case_no, no);
    assert_int_equal(s.entries[0].act.items.at[0].log_seq, assign_seq);
    acknowledge(w, HOUSING); /* a repeat tells nobody anything */
    run_tick(w);
    assert_int_equal(w->b.fill->op_count, 0);
    next_tick(w);
}

static void clocks_that_start_at_receipt_are_counted_again(void **state)
{
    struct world *w = *state;
    struct jb_case c;
    int64_t no = register_case(w);
    assign(w, no, 1, HOUSING);
    run_tick(w);
    next_tick(w);
    assert_int_equal(jb_ledger_case_load(w->b.ledger, no, &w->arena, &c), JB_OK);
    int64_t notify = jb_case_open_deadline(&c, "notify")->due_ms;
    int64_t assigned = jb_case_open_deadline(&c, "assigned")->due_ms;
    w->now_ms += 2 * day_ms; /* the agency was cut off for two days */
    acknowledge(w, HOUSING);
    run_tick(w);
    next_tick(w);
    assert_int_equal(jb_ledger_case_load(w->b.ledger, no, &w->arena, &c), JB_OK);
    assert_int_equal(jb_case_open_deadline(&c, "notify")->due_ms, notify + 2 * day_ms);
    assert_int_equal(jb_case_open_deadline(&c, "assigned")->due_ms, assigned);
}

static void the_clock_fires_once_with_the_true_instant(void **state)
{
    struct world *w = *state;
    struct jb_case c;
    int64_t no = register_case(w);
    run_tick(w);
    next_tick(w);
    assert_int_equal(jb_ledger_case_load(w->b.ledger, no, &w->arena, &c), JB_OK);
    int64_t due = jb_case_open_deadline(&c, "sort")->due_ms;
    w->now_ms =
        due + 3 * day_ms; /* the broker was off: warnings and the due instant have gone by */
    for (int round = 0; round < 2; round++) {
        int64_t found[4];
        size_t count = 0;
        int64_t next = 0;
        assert_int_equal(jb_ledger_due_cases(w->b.reader, w->now_ms, found, 4, &count, &next),
                         JB_OK);
        assert_int_equal(count, round == 0 ? 1 : 0);
        struct jb_intake_item *item = jb_batch_item(w->b.fill);
        item->source = JB_FROM_CLOCK;
        item->case_no = no;
        run_tick(w);
        next_tick(w);
    }
    assert_int_equal(w->b.count.missed, 1);
    assert_int_equal(jb_ledger_case_load(w->b.ledger, no, &w->arena, &c), JB_OK);
    assert_int_equal(jb_case_open_deadline(&c, "sort")->missed_ms, due);
}

static void a_rebuild_gives_the_same_tables(void **state)
{
    struct world *w = *state;
    uint8_t before[JB_HASH_BYTES];
    uint8_t after[JB_HASH_BYTES];
    struct jb_fault fault = {""};
    for (int i = 0; i < 5; i++) {
        int64_t no = register_case(w);
        assign(w, no, 1, i % 2 == 0 ? HOUSING : LABOUR);
    }
    run_tick(w);
    next_tick(w);
    acknowledge(w, HOUSING);
    run_tick(w);
    next_tick(w);
    assert_int_equal(jb_ledger_digest(w->b.ledger, before), JB_OK);
    assert_int_equal(jb_ledger_rebuild(w->b.ledger, &fault), JB_OK);
    assert_int_equal(jb_ledger_digest(w->b.ledger, after), JB_OK);
    assert_memory_equal(before, after, sizeof before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_new_node_gets_directory_policy_and_calendar, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_joining_node_gets_the_history_first, setup, teardown),
        cmocka_unit_test_setup_teardown(register_and_assign_in_one_batch_travel_together, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(bad_submissions_spoil_only_themselves, setup, teardown),
        cmocka_unit_test_setup_teardown(an_outsider_learns_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(an_agreed_objection_makes_the_agency_leave, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_sender_learns_of_the_signed_receipt, setup, teardown),
        cmocka_unit_test_setup_teardown(clocks_that_start_at_receipt_are_counted_again, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_clock_fires_once_with_the_true_instant, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_rebuild_gives_the_same_tables, setup, teardown),
    };
    return cmocka_run_group_tests_name("broker_tick", tests, NULL, NULL);
}
