/* See modelworld.h. */
#include "tests/model/modelworld.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/install.h"
#include "proto/rules/caseno.h"

static const int64_t start_ms = INT64_C(1330912800000); /* Monday 2012-03-05 10:00 in China */
static const uint8_t line_epoch[JB_EPOCH_BYTES] = {7};

uint32_t model_below(struct model *m, uint32_t limit)
{
    uint64_t z = m->random += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((z ^ (z >> 31)) % limit);
}

/* ---- the tick ------------------------------------------------------------------------------- */

static void run_tick(struct model *m)
{
    struct jb_batch *t = m->b.fill;

    if (jb_decide_batch(&m->b, t) != JB_OK)
        fail_msg("decide: %s", t->fault.text);
    jb_commit_batch(m->b.ledger, t);
    if (t->result != JB_OK)
        fail_msg("commit: %s", t->fault.text);
    assert_int_equal(jb_ledger_catch_up(m->b.ledger), JB_OK); /* what is looked at are the tables */
}

static void admin(struct model *m, const struct jb_act *act)
{
    struct jb_intake_item *item = jb_batch_item(m->b.fill);
    struct jb_act *copy = jb_arena_memdup(&m->b.fill->arena, act, sizeof *act);

    assert_non_null(item);
    assert_non_null(copy);
    item->source = JB_FROM_ADMIN;
    item->act = copy;
    item->user = jb_text_of("admin:test");
    run_tick(m);
    jb_batch_reset(m->b.fill);
}

/* ---- the agencies --------------------------------------------------------------------------- */

static uint32_t enrol(struct model *m, const char *code, int kind, int level, uint32_t parent)
{
    uint32_t node = ++m->last_node;
    uint8_t *keys = jb_arena_alloc(&m->keep, 2 * JB_KEY_BYTES);
    const char *name = jb_arena_strndup(&m->keep, code, strlen(code));

    assert_true(node < MODEL_NODES_MAX);
    assert_non_null(keys);
    assert_non_null(name);
    memset(keys, (int)node, 2 * JB_KEY_BYTES);
    keys[JB_KEY_BYTES] = 1;
    admin(m, &(struct jb_act){.kind = JB_ACT_ENROL_NODE,
                              .node = node,
                              .code = jb_text_of(name),
                              .name = jb_text_of(name),
                              .level = level,
                              .node_kind = kind,
                              .parent = parent,
                              .line_key = {keys, JB_KEY_BYTES},
                              .sign_key = {keys + JB_KEY_BYTES, JB_KEY_BYTES}});
    if (jb_directory_find(&m->b.directory, node) == NULL)
        fail_msg("%s was not enrolled: %s", code, m->b.verdict.detail);
    return node;
}

static void enrol_below(struct model *m, const char *place, int level, uint32_t government)
{
    static const struct {
        const char *name;
        int kind;
    } organs[] = {
        {"office", JB_NODE_OFFICE},         {"conference", JB_NODE_JOINT_CONFERENCE},
        {"discipline", JB_NODE_DISCIPLINE}, {"court", JB_NODE_POLITICAL_LEGAL},
        {"housing", JB_NODE_DEPARTMENT},    {"labour", JB_NODE_DEPARTMENT},
        {"land", JB_NODE_DEPARTMENT},
    };
    char code[40];

    for (size_t i = 0; i < sizeof organs / sizeof organs[0]; i++) {
        (void)snprintf(code, sizeof code, "%s-%s", place, organs[i].name);
        (void)enrol(m, code, organs[i].kind, level, government);
    }
}

static void enrol_county(struct model *m, const char *place, uint32_t city)
{
    char code[40];
    uint32_t county = enrol(m, place, JB_NODE_GOVERNMENT, JB_LEVEL_COUNTY, city);
    uint32_t town = 0;

    enrol_below(m, place, JB_LEVEL_COUNTY, county);
    for (int i = 1; i <= 2; i++) {
        (void)snprintf(code, sizeof code, "%s-town%d", place, i);
        town = enrol(m, code, JB_NODE_GOVERNMENT, JB_LEVEL_TOWNSHIP, county);
    }
    (void)snprintf(code, sizeof code, "%s-station", place);
    (void)enrol(m, code, JB_NODE_DEPARTMENT, JB_LEVEL_TOWNSHIP, town);
}

/* A province, a city with its organs, three counties, and a village works: fifty in all but the
 * broker. */
static void enrol_all(struct model *m)
{
    uint32_t province = enrol(m, "province", JB_NODE_GOVERNMENT, JB_LEVEL_PROVINCE, 0);
    uint32_t city;

    (void)enrol(m, "province-office", JB_NODE_OFFICE, JB_LEVEL_PROVINCE, province);
    (void)enrol(m, "province-conference", JB_NODE_JOINT_CONFERENCE, JB_LEVEL_PROVINCE, province);
    city = enrol(m, "city", JB_NODE_GOVERNMENT, JB_LEVEL_CITY, province);
    enrol_below(m, "city", JB_LEVEL_CITY, city);
    enrol_county(m, "east", city);
    enrol_county(m, "west", city);
    enrol_county(m, "south", city);
    (void)enrol(m, "city-water", JB_NODE_ENTERPRISE, JB_LEVEL_CITY, city);
    (void)enrol(m, "city-gas", JB_NODE_ENTERPRISE, JB_LEVEL_CITY, city);
    (void)enrol(m, "city-bus", JB_NODE_ENTERPRISE, JB_LEVEL_CITY, city);
    (void)enrol(m, "city-heat", JB_NODE_ENTERPRISE, JB_LEVEL_CITY, city);
    (void)enrol(m, "city-parks", JB_NODE_DEPARTMENT, JB_LEVEL_CITY, city);
    (void)enrol(m, "city-schools", JB_NODE_DEPARTMENT, JB_LEVEL_CITY, city);
    assert_int_equal(m->last_node, JB_NODE_BROKER_NUMBER + 50);
}

uint32_t model_node(struct model *m, int kind, uint32_t i)
{
    uint32_t found[MODEL_NODES_MAX] = {0};
    uint32_t count = 0;

    for (size_t k = 0; k < m->b.directory.count; k++) {
        if (m->b.directory.nodes[k].kind == kind)
            found[count++] = m->b.directory.nodes[k].node;
    }
    if (count == 0)
        fail_msg("there is no agency of kind %d", kind);
    return count > 0 ? found[i % count] : 0;
}

/* ---- opening -------------------------------------------------------------------------------- */

static struct jb_text file_text(struct model *m, const char *path)
{
    FILE *in = fopen(path, "re");
    char *data = jb_arena_alloc(&m->keep, 262144);
    size_t len;

    assert_non_null(in);
    assert_non_null(data);
    len = fread(data, 1, 262144, in);
    assert_int_equal(fclose(in), 0);
    return (struct jb_text){data, len};
}

/* The shipped policy leaves the window for ratings to the installation: here it is nine days. And
 * it counts from 2012 on, whose holidays the calendar knows. */
static struct jb_text for_the_walk(struct model *m, struct jb_text policy)
{
    static const char section[] = "[deadline rate]";
    char *text = jb_arena_strndup(&m->keep, policy.data, policy.len);
    char *at, *limit;

    assert_non_null(text);
    at = strstr(text, section);
    assert_non_null(at);
    limit = strstr(at, "limit = 0");
    assert_non_null(limit);
    limit[strlen("limit = ")] = '9';
    at = strstr(text, "effective_from = 2022");
    assert_non_null(at);
    memcpy(at, "effective_from = 2012-01-01", strlen("effective_from = 2012-01-01"));
    return (struct jb_text){text, policy.len};
}

static void install(struct model *m, bool is_policy, struct jb_text text)
{
    struct jb_install in = {.text = text};
    struct jb_fault fault = {""};
    bool queued = false;

    if (jb_install_queue(&m->b, is_policy, &in, &queued, &fault) != JB_OK || !queued)
        fail_msg("install: %s", fault.text);
    run_tick(m);
    jb_batch_reset(m->b.fill);
}

static void open_replicas(struct model *m, const char *folder)
{
    char path[256] = ":memory:";
    struct jb_ledger_options options = {.role = JB_LEDGER_REPLICA, .make = JB_LEDGER_ANEW};
    struct jb_fault fault = {""};

    for (uint32_t node = 2; node <= m->last_node; node++) {
        struct jb_ledger **l = &m->replicas[node];

        if (folder != NULL)
            (void)snprintf(path, sizeof path, "%s/%u.db", folder, (unsigned)node);
        if (jb_ledger_open(path, &options, l, &fault) != JB_OK)
            fail_msg("%s", fault.text);
        assert_int_equal(jb_ledger_begin(*l), JB_OK);
        assert_int_equal(jb_replica_node_set(*l, node), JB_OK);
        assert_int_equal(jb_replica_down_epoch(*l, jb_ledger_epoch(m->b.ledger)), JB_OK);
        /* what this model submits does not pass through the replica's outbox */
        assert_int_equal(jb_replica_settles_after(*l, JB_SETTLES_NOTHING), JB_OK);
        assert_int_equal(jb_ledger_commit(*l), JB_OK);
        jb_chain_start(JB_SUITE_ED25519, node, line_epoch, m->heads[node]);
    }
}

static void delegate(struct model *m)
{
    for (uint32_t node = 2; node <= m->last_node; node++) {
        const struct jb_node *n = jb_directory_find(&m->b.directory, node);

        if (n->kind == JB_NODE_OFFICE || n->kind == JB_NODE_JOINT_CONFERENCE)
            assert_int_equal(model_submit(m, node, "clerk",
                                          &(struct jb_act){.kind = JB_ACT_DELEGATE,
                                                           .official = jb_text_of("leader"),
                                                           .valid_from_ms = m->now_ms}),
                             JB_REFUSE_NONE);
    }
}

struct model *model_open(uint64_t seed)
{
    return model_open_in(seed, NULL);
}

struct model *model_open_in(uint64_t seed, const char *folder)
{
    struct model *m = calloc(1, sizeof *m);
    struct jb_fault fault = {""};
    struct jb_ledger_options options = {.role = JB_LEDGER_BROKER};

    assert_non_null(m);
    m->random = seed;
    m->now_ms = start_ms;
    m->last_node = JB_NODE_BROKER_NUMBER;
    m->b.clock = jb_clock_fixed(&m->now_ms);
    m->b.config = &m->config;
    jb_arena_init(&m->step, (size_t)256 << 20);
    jb_arena_init(&m->keep, (size_t)16 << 20);
    jb_ledger_book_init(&m->b.shelf);
    jb_directory_init(&m->b.directory);
    jb_batch_init(&m->b.batches[0]);
    m->b.fill = &m->b.batches[0];
    if (jb_ledger_open(":memory:", &options, &m->b.ledger, &fault) != JB_OK)
        fail_msg("%s", fault.text);
    m->b.reader = m->b.ledger;
    install(m, true, for_the_walk(m, file_text(m, "deploy/policy/cn-2022.ini")));
    install(m, false, file_text(m, "deploy/calendar/cn.ini"));
    if (jb_broker_book_load(&m->b, &fault) != JB_OK)
        fail_msg("%s", fault.text);
    enrol_all(m);
    open_replicas(m, folder);
    delegate(m);
    model_deliver(m);
    return m;
}

void model_close(struct model *m)
{
    for (uint32_t node = 2; node <= m->last_node; node++)
        jb_ledger_close(&m->replicas[node]);
    jb_ledger_close(&m->b.ledger);
    jb_batch_fini(&m->b.batches[0]);
    jb_due_clear(&m->b.due);
    jb_directory_fini(&m->b.directory);
    jb_ledger_book_fini(&m->b.shelf);
    jb_arena_fini(&m->keep);
    jb_arena_fini(&m->step);
    for (size_t i = 0; i < m->b.peer_capacity; i++)
        free(m->b.peers[i]);
    free(m->b.peers);
    free(m);
}

/* What the gate says of a connection: the key that opened it. */
static uint64_t key_tag_of(const struct model *m, uint32_t node)
{
    const struct jb_node *n = jb_directory_find(&m->b.directory, node);

    assert_non_null(n);
    return jb_keys_tag(n->line_key);
}

/* ---- steps ---------------------------------------------------------------------------------- */

enum jb_refusal model_submit(struct model *m, uint32_t node, const char *user,
                             const struct jb_act *act)
{
    struct jb_submission s = {.user = jb_text_of(user), .made_at_ms = m->now_ms};
    struct jb_intake_item *item = jb_batch_item(m->b.fill);
    enum jb_refusal refusal = JB_REFUSE_NONE;
    uint8_t hash[JB_HASH_BYTES];

    assert_non_null(item);
    assert_int_equal(jb_act_encode(act, &m->b.fill->arena, &s.act_bytes), JB_OK);
    item->source = JB_FROM_LINE;
    item->node = node;
    item->key_tag = key_tag_of(m, node);
    item->number = ++m->made[node];
    assert_int_equal(jb_submission_encode(&s, &m->b.fill->arena, &item->raw), JB_OK);
    jb_hash(JB_SUITE_ED25519, item->raw.data, item->raw.len, hash);
    jb_chain_next(JB_SUITE_ED25519, m->heads[node], hash, m->heads[node]);
    memcpy(item->head, m->heads[node], sizeof item->head);
    run_tick(m);
    for (size_t i = 0; i < m->b.fill->op_count; i++) {
        if (m->b.fill->ops[i].kind == JB_OP_REFUSAL)
            refusal = (enum jb_refusal)m->b.fill->ops[i].refusal.code;
    }
    jb_batch_reset(m->b.fill);
    return refusal;
}

void model_tick(struct model *m)
{
    int64_t next_ms = 0;
    size_t count;

    do {
        assert_int_equal(jb_clockwork_queue(&m->b, m->now_ms, 64, &count, &next_ms), JB_OK);
        if (count > 0) {
            run_tick(m);
            jb_batch_reset(m->b.fill);
        }
    } while (count > 0);
}

void model_acknowledge(struct model *m, uint32_t node)
{
    struct jb_intake_item *item;
    struct jb_receipt *r;
    uint64_t end = jb_replica_down(m->replicas[node]).number;

    if (end <= m->acked[node])
        return;
    m->acked[node] = end;
    item = jb_batch_item(m->b.fill);
    r = jb_arena_alloc(&m->b.fill->arena, sizeof *r);
    assert_non_null(item);
    assert_non_null(r);
    assert_non_null(jb_broker_peer(&m->b, node));
    r->node = node;
    r->suite = JB_SUITE_ED25519;
    r->at_ms = m->now_ms;
    r->point = jb_replica_down(m->replicas[node]);
    item->source = JB_FROM_ACK;
    item->node = node;
    item->key_tag = key_tag_of(m, node);
    item->signature = r;
    run_tick(m);
    jb_batch_reset(m->b.fill);
}

static bool take_some(struct model *m, uint32_t node)
{
    struct jb_ledger *l = m->replicas[node];
    struct jb_stream_read want = {.node = node,
                                  .from = jb_replica_down(l).number + 1,
                                  .max_items = 64,
                                  .max_bytes = (size_t)4 << 20};
    struct jb_frame_item *items = NULL;
    struct jb_fault fault = {""};
    uint8_t head[JB_HASH_BYTES];
    size_t count = 0;

    assert_int_equal(jb_stream_read(m->b.ledger, &want, &m->step, &items, &count, head), JB_OK);
    if (count == 0)
        return false;
    assert_int_equal(jb_ledger_begin(l), JB_OK);
    if (node % 2 == 0) /* half of them as an agent does, half one by one */
        jb_replica_hold(l);
    for (size_t i = 0; i < count; i++) {
        struct jb_applied applied;

        if (jb_replica_take(l, &items[i], &m->step, &applied, &fault) != JB_OK)
            fail_msg("node %u, item %llu: %s", (unsigned)node, (unsigned long long)(want.from + i),
                     fault.text);
    }
    assert_int_equal(jb_ledger_commit(l), JB_OK);
    assert_memory_equal(jb_replica_down(l).head, head, JB_HASH_BYTES);
    return true;
}

void model_deliver(struct model *m)
{
    for (uint32_t node = 2; node <= m->last_node; node++) {
        const struct jb_line_state *line = jb_line_get(m->b.ledger, node);

        assert_non_null(line);
        while (line->down.number > jb_replica_down(m->replicas[node]).number)
            assert_true(take_some(m, node));
    }
}

int64_t model_new_number(struct model *m, uint32_t node)
{
    int64_t no = 0;

    assert_int_equal(
        jb_caseno_make(jb_date_of_instant(m->now_ms), node, 1 + m->issued++ % 99999, &no), JB_OK);
    return no;
}

struct jb_case model_case(struct model *m, struct jb_ledger *l, int64_t case_no)
{
    struct jb_case c;

    assert_int_equal(jb_ledger_case_load(l, case_no, &m->step, &c), JB_OK);
    return c;
}
