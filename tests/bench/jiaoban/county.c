/* See county.h. */
#include "tests/bench/jiaoban/county.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/lib/jiaoban.h"
#include "proto/rules/caseno.h"
#include "proto/wire/sign.h"
#include "tests/bench/load/base.h"

#define MEMBERS_MAX 20000
#define NODES_OF_CONTEXT 200 /* libzmq allows 1,023 sockets, a node needs three */
#define CONTEXTS (MEMBERS_MAX / NODES_OF_CONTEXT)
#define ENROLLING 40 /* at once: then the broker's batches hold many of them */
#define WINDOW_ITEMS 65536
#define WINDOW_BYTES (64U * 1024 * 1024)
#define FIRST_DAY 18262 /* 2020-01-01: of the case numbers, which tell nothing about the clocks */
#define COUNTY "county"

static struct jiaoban *broker;
static struct jb_public_keys broker_public;
static const char *broker_endpoint, *broker_admin, *state_path;
static struct member *members[MEMBERS_MAX];
static size_t member_count, opened;
static struct jb_zctx *contexts[CONTEXTS];
static uint32_t county_number;

/* ---- the file ---- */

static struct member *add(void)
{
    if (member_count == MEMBERS_MAX)
        load_die("too many agencies");
    return members[member_count++] = load_zeroed(1, sizeof(struct member));
}

static void load_state(void)
{
    struct member m;
    FILE *file = state_path != NULL ? fopen(state_path, "re") : NULL;
    if (file == NULL)
        return;
    while (fread(&m, sizeof m, 1, file) == 1) {
        m.node = NULL;
        *add() = m;
    }
    (void)fclose(file);
}

void county_save(void)
{
    FILE *file = state_path != NULL ? fopen(state_path, "we") : NULL;
    if (state_path == NULL)
        return;
    bool fine = file != NULL;
    for (size_t i = 0; i < member_count && fine; i++) {
        struct member *m = members[i];
        if (m->node != NULL)
            lightnode_points(m->node, &m->up, &m->down);
        fine = fwrite(m, sizeof *m, 1, file) == 1;
    }
    if (!fine || fclose(file) != 0)
        load_die("%s: cannot be written", state_path);
}

/* ---- enrolment ---- */

static uint32_t enrol(struct jiaoban *at, const struct member *m, int kind)
{
    char line[JB_KEYS_PUBLIC_TEXT_BYTES];
    struct jb_public_keys public;
    struct jiaoban_node_args args = {.size = sizeof args,
                                     .code = m->code,
                                     .name = m->code,
                                     .level = JB_LEVEL_COUNTY,
                                     .kind = kind,
                                     .parent = county_number};
    struct jiaoban_result *result = NULL;
    if (kind != JB_NODE_GOVERNMENT) {
        jb_keys_public(&m->keys, &public);
        jb_keys_public_text(&public, line);
        args.public_keys = line;
    }
    if (jiaoban_node_enrol(at, &args, &result) != JIAOBAN_OK)
        load_die("enrolling %s: %s", m->code, jiaoban_error_text(at));
    uint32_t node = jiaoban_result_done(result)->node;
    jiaoban_result_free(result);
    return node;
}

static struct member *known(const char *code)
{
    for (size_t i = 0; i < member_count; i++)
        if (strcmp(members[i]->code, code) == 0)
            return members[i];
    return NULL;
}

static struct member *fresh(const char *code)
{
    struct jb_fault fault = {""};
    struct member *m = add();
    (void)snprintf(m->code, sizeof m->code, "%s", code);
    if (jb_keys_generate(JB_SUITE_ED25519, &m->keys, &fault) != JB_OK)
        load_die("%s", fault.text);
    /* Any name will do for this incarnation; the public key is one that nobody else has. */
    memcpy(m->up.epoch, m->keys.sign_public, sizeof m->up.epoch);
    return m;
}

struct member *county_member(const char *code, int kind)
{
    struct member *m = known(code);
    if (m == NULL) {
        m = fresh(code);
        m->number = enrol(broker, m, kind);
    }
    return m;
}

static struct {
    atomic_size_t next; /* of members */
    int kind;
} enrolling;

static void *enrol_some(void *data)
{
    struct jiaoban *own = NULL;
    (void)data;
    if (jiaoban_open_admin(broker_admin, &own) != JIAOBAN_OK)
        load_die("%s", jiaoban_error_text(own));
    for (size_t i = atomic_fetch_add(&enrolling.next, 1); i < member_count;
         i = atomic_fetch_add(&enrolling.next, 1))
        members[i]->number = enrol(own, members[i], enrolling.kind);
    jiaoban_close(own);
    return NULL;
}

void county_members(size_t count, void (*name)(size_t i, char code[40]), int kind)
{
    pthread_t threads[ENROLLING];
    char code[40];
    enrolling.kind = kind;
    atomic_store(&enrolling.next, member_count);
    for (size_t i = 0; i < count; i++) {
        name(i, code);
        if (known(code) == NULL)
            (void)fresh(code);
    }
    for (size_t i = 0; i < ENROLLING; i++)
        if (pthread_create(&threads[i], NULL, enrol_some, NULL) != 0)
            load_die("no thread");
    for (size_t i = 0; i < ENROLLING; i++)
        (void)pthread_join(threads[i], NULL);
}

void county_open(const char *endpoint, const char *admin, const char *broker_keys,
                 const char *state)
{
    struct jb_fault fault = {""};
    if (endpoint == NULL || admin == NULL || broker_keys == NULL)
        load_die("the broker's endpoint, admin socket and public keys are needed");
    if (jb_sign_init() != JB_OK)
        load_die("no cryptography");
    if (jb_keys_public_parse(broker_keys, &broker_public, &fault) != JB_OK)
        load_die("%s", fault.text);
    if (jiaoban_open_admin(admin, &broker) != JIAOBAN_OK)
        load_die("%s", jiaoban_error_text(broker));
    broker_endpoint = endpoint;
    broker_admin = admin;
    state_path = state;
    load_state();
    county_number = county_member(COUNTY, JB_NODE_GOVERNMENT)->number;
}

size_t county_size(void)
{
    return member_count;
}

struct member *county_at(size_t i)
{
    return members[i];
}

/* ---- connections ---- */

static struct jb_zctx *context(void)
{
    size_t i = opened++ / NODES_OF_CONTEXT;
    if (i >= CONTEXTS)
        load_die("too many nodes");
    if (contexts[i] == NULL && jb_zctx_new(&contexts[i]) != JB_OK)
        load_die("no ZeroMQ context");
    return contexts[i];
}

void county_connect(struct member *m, uv_loop_t *loop, lightnode_item_fn on_item, void *data)
{
    struct lightnode_setup setup = {.endpoint = broker_endpoint,
                                    .broker = broker_public,
                                    .keys = &m->keys,
                                    .number = m->number,
                                    .up = m->up,
                                    .down = m->down,
                                    .window_items = WINDOW_ITEMS,
                                    .window_bytes = WINDOW_BYTES,
                                    .on_item = on_item,
                                    .data = data};
    (void)snprintf(setup.code, sizeof setup.code, "%s", m->code);
    m->node = lightnode_open(&setup, context(), loop);
}

void county_wait(struct member *m)
{
    while (!lightnode_ready(m->node) || lightnode_received(m->node) < lightnode_target(m->node))
        lightnode_turn(m->node, 10000);
    lightnode_acknowledge(m->node);
}

int64_t county_case(struct member *m)
{
    int64_t no = 0;
    uint64_t index = m->cases++;
    struct jb_date date = {.days = FIRST_DAY + (int32_t)(index / JB_CASENO_SEQ_MAX)};
    if (jb_caseno_make(date, m->number, (uint32_t)(index % JB_CASENO_SEQ_MAX) + 1, &no) != JB_OK)
        load_die("no number for case %llu", (unsigned long long)index);
    return no;
}
