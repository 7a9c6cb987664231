/* See brokerworld.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/install.h"
#include "proto/rules/caseno.h"
#include "tests/unit/brokerworld.h"

static const int64_t start_ms = INT64_C(1795399200000); /* 2026-11-23 10:00 in China */

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

void run_tick(struct world *w)
{
    struct jb_batch *t = w->b.fill;
    assert_int_equal(jb_decide_batch(&w->b, t), JB_OK);
    jb_commit_batch(w->b.ledger, t);
    if (t->result != JB_OK)
        fail_msg("commit: %s", t->fault.text);
    if (t->block != NULL && w->lets_wait) {
        assert_int_equal(jb_tail_room(&w->b.tail, 15), JB_OK);
        jb_tail_publish(&w->b.tail, t->block);
        t->block = NULL;
    } else if (!w->lets_wait) {
        assert_int_equal(jb_ledger_catch_up(w->b.ledger), JB_OK);
    } else {
        jb_tail_clear(&w->b.tail);
    }
}

void next_tick(struct world *w)
{
    jb_batch_reset(w->b.fill);
}

void install(struct world *w, bool is_policy, struct jb_text text)
{
    struct jb_install in = {.text = text, .user = jb_text_of("admin:test")};
    struct jb_fault fault = {""};
    bool queued = false;
    if (jb_install_queue(&w->b, is_policy, &in, &queued, &fault) != JB_OK)
        fail_msg("%s", fault.text);
    assert_true(queued);
    run_tick(w);
    next_tick(w);
    assert_int_equal(jb_broker_book_load(&w->b, &fault), JB_OK);
    assert_string_equal(fault.text, "");
}

struct jb_text file_with(struct world *w, const char *path, const char *from, const char *to)
{
    struct jb_text text = file_text(&w->arena, path);
    char *out = jb_arena_alloc(&w->arena, 2 * text.len + 1);
    size_t len = 0;
    const char *at = text.data; /* NUL follows: the arena gives zeroed memory */
    const char *found;
    assert_non_null(out);
    if (from == NULL)
        return text;
    assert_non_null(strstr(at, from));
    while ((found = strstr(at, from)) != NULL) {
        memcpy(out + len, at, (size_t)(found - at));
        len += (size_t)(found - at);
        memcpy(out + len, to, strlen(to));
        len += strlen(to);
        at = found + strlen(from);
    }
    memcpy(out + len, at, strlen(at));
    return (struct jb_text){out, len + strlen(at)};
}

struct jb_entry log_entry(struct world *w, uint64_t seq)
{
    struct jb_entry entry;
    struct jb_bytes bytes;
    struct jb_fault fault;
    assert_int_equal(jb_log_read(w->b.ledger, seq, &w->arena, &bytes), JB_OK);
    assert_int_equal(jb_entry_decode(bytes, &w->arena, &entry, &fault), JB_OK);
    return entry;
}

struct jb_case load_case(struct world *w, int64_t no)
{
    struct jb_case c;
    assert_int_equal(jb_ledger_case_load(w->b.ledger, no, &w->arena, &c), JB_OK);
    return c;
}

size_t run_clock(struct world *w, size_t max)
{
    uint64_t before = jb_log_last_seq(w->b.ledger);
    int64_t next_ms = 0;
    size_t count = 0;
    do {
        assert_int_equal(jb_clockwork_queue(&w->b, jb_broker_now(&w->b), max, &count, &next_ms),
                         JB_OK);
        run_tick(w);
        next_tick(w);
    } while (count > 0);
    return jb_log_last_seq(w->b.ledger) - before;
}

size_t run_sweep(struct world *w)
{
    uint64_t before = jb_log_last_seq(w->b.ledger);
    while (jb_sweep_running(&w->b) || w->b.fill->item_count > 0) {
        (void)jb_sweep_queue(&w->b, jb_broker_now(&w->b));
        run_tick(w);
        next_tick(w);
    }
    return jb_log_last_seq(w->b.ledger) - before;
}

void admin(struct world *w, const struct jb_act *act)
{
    struct jb_intake_item *item = jb_batch_item(w->b.fill);
    struct jb_act *copy = jb_arena_memdup(&w->b.fill->arena, act, sizeof *act);
    assert_non_null(item);
    assert_non_null(copy);
    item->source = JB_FROM_ADMIN;
    item->act = copy;
    item->user = jb_text_of("admin:test");
}

uint32_t enrol(struct world *w, const char *code, int kind, uint32_t parent)
{
    static uint8_t keys[16][JB_KEY_BYTES];
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
    return node;
}

int world_setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct jb_fault fault = {""};
    struct jb_ledger_options options = {.role = JB_LEDGER_BROKER, .make = JB_LEDGER_ANEW};
    char path[192];
    assert_non_null(w);
    const char *tmp = getenv("TMPDIR");
    int len =
        snprintf(w->folder, sizeof w->folder, "%s/jb-tick.XXXXXX", tmp != NULL ? tmp : "/tmp");
    assert_true(len > 0 && (size_t)len < sizeof w->folder);
    assert_non_null(mkdtemp(w->folder));
    (void)snprintf(path, sizeof path, "%s/broker.db", w->folder);
    w->now_ms = start_ms;
    w->b.clock = jb_clock_fixed(&w->now_ms);
    w->b.config = &w->config;
    jb_arena_init(&w->arena, 64 << 20);
    jb_ledger_book_init(&w->b.shelf);
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
    (void)enrol(w, "gov", JB_NODE_GOVERNMENT, 0);
    (void)enrol(w, "office", JB_NODE_OFFICE, GOV);
    (void)enrol(w, "housing", JB_NODE_DEPARTMENT, GOV);
    (void)enrol(w, "labour", JB_NODE_DEPARTMENT, GOV);
    *state = w;
    return 0;
}

int world_teardown(void **state)
{
    struct world *w = *state;
    char path[192];
    jb_ledger_close(&w->b.reader);
    jb_ledger_close(&w->b.ledger);
    jb_batch_fini(&w->b.batches[0]);
    jb_tail_fini(&w->b.tail);
    jb_due_clear(&w->b.due);
    jb_directory_fini(&w->b.directory);
    jb_ledger_book_fini(&w->b.shelf);
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

/* As if it came over a connection with the node's present key. */
uint64_t key_tag_of(const struct world *w, uint32_t node)
{
    const struct jb_node *n = jb_directory_find(&w->b.directory, node);
    return n != NULL ? jb_keys_tag(n->line_key) : 0;
}

void submit_bytes(struct world *w, uint32_t node, struct jb_bytes raw)
{
    static const uint8_t epoch[JB_EPOCH_BYTES] = {7};
    uint8_t hash[JB_HASH_BYTES];
    if (w->made[node] == 0)
        jb_chain_start(JB_SUITE_ED25519, node, epoch, w->heads[node]);
    jb_hash(JB_SUITE_ED25519, raw.data, raw.len, hash);
    jb_chain_next(JB_SUITE_ED25519, w->heads[node], hash, w->heads[node]);
    struct jb_intake_item *item = jb_batch_item(w->b.fill);
    assert_non_null(item);
    item->source = JB_FROM_LINE;
    item->node = node;
    item->key_tag = key_tag_of(w, node);
    item->number = ++w->made[node];
    item->raw = raw;
    memcpy(item->head, w->heads[node], sizeof item->head);
}

void submit(struct world *w, uint32_t node, const struct jb_act *act)
{
    struct jb_submission s = {.user = jb_text_of("clerk"), .made_at_ms = w->now_ms};
    struct jb_bytes raw;
    assert_int_equal(jb_act_encode(act, &w->arena, &s.act_bytes), JB_OK);
    assert_int_equal(jb_submission_encode(&s, &w->arena, &raw), JB_OK);
    submit_bytes(w, node, raw);
}

int64_t new_case_no(struct world *w, uint32_t node)
{
    int64_t no = 0;
    assert_int_equal(jb_caseno_make(jb_date_of_instant(w->now_ms), node, ++w->seq, &no), JB_OK);
    return no;
}

int64_t register_case(struct world *w)
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

void assign(struct world *w, int64_t no, uint32_t custody, uint32_t to)
{
    struct jb_act act = {.kind = JB_ACT_ASSIGN,
                         .case_no = no,
                         .custody = custody,
                         .node = to,
                         .authority = JB_AUTHORITY_FIRST_ASSIGNMENT,
                         .text = jb_text_of("请办理")};
    submit(w, OFFICE, &act);
}

void accept_effects(struct world *w, int64_t no, const struct jb_effect *effects, size_t count)
{
    enum jb_err err;
    struct jb_batch *t = w->b.fill;
    struct jb_entry *entry = jb_batch_own_entry(t, jb_text_of("test"));
    assert_int_equal(jb_decide_batch(&w->b, t), JB_OK); /* numbers of the batch */
    entry->act = (struct jb_act){.kind = JB_ACT_NOTE, .case_no = no, .text = jb_text_of("x")};
    entry->effects = effects;
    entry->effect_count = count;
    struct jb_accepted a = {.entry = entry, .c = jb_batch_case(&w->b, t, no, &err)};
    assert_non_null(a.c);
    assert_int_equal(jb_decide_accept(&w->b, t, &a), JB_OK);
    jb_commit_batch(w->b.ledger, t);
    assert_int_equal(t->result, JB_OK);
    assert_int_equal(jb_ledger_catch_up(w->b.ledger), JB_OK);
    next_tick(w);
}

/* ---- what stands in a stream ---- */

void read_stream(struct world *w, uint32_t node, uint64_t from, struct seen *out)
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

uint64_t stream_end(struct world *w, uint32_t node)
{
    uint8_t head[JB_HASH_BYTES];
    uint64_t number = 0;
    assert_int_equal(jb_stream_end(w->b.reader, node, &number, head), JB_OK);
    return number;
}

void acknowledge(struct world *w, uint32_t node)
{
    struct jb_receipt *r = jb_arena_alloc(&w->b.fill->arena, sizeof *r);
    struct jb_intake_item *item = jb_batch_item(w->b.fill);
    assert_non_null(r);
    assert_non_null(item);
    assert_non_null(jb_broker_peer(&w->b, node));
    r->node = node;
    r->suite = JB_SUITE_ED25519;
    r->at_ms = w->now_ms;
    struct jb_line_state line;
    assert_int_equal(jb_tail_line(&w->b, node, &line), JB_OK);
    r->point.number = line.down.number;
    memcpy(r->point.epoch, jb_ledger_epoch(w->b.reader), JB_EPOCH_BYTES);
    assert_int_equal(jb_tail_head(&w->b, node, r->point.number, r->point.head), JB_OK);
    item->source = JB_FROM_ACK;
    item->node = node;
    item->key_tag = key_tag_of(w, node);
    item->signature = r;
}
