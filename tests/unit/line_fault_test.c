/* A node's frames at the broker while memory gives out: each allocation of ours and of SQLite's in
 * turn, from the greeting to the verdict. Whatever the node is told is true, and it gets through
 * when it tries again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/brokerloop.h"
#include "tests/unit/faults.h"
#include "tests/unit/rounds.h"

#define CODE "desk"

/* ---- the node's end ---- */

static struct {
    struct jb_node_keys keys;
    uint32_t node;
    struct jb_line_point up;
    struct jb_bytes hello, submit, ack, beat; /* frames of this round */
    unsigned said[16];                        /* frames heard, by kind */
} desk;

enum jb_err __wrap_jb_zsock_send(struct jb_zsock *z, struct jb_bytes routing_id,
                                 const uint8_t *body, size_t len);
enum jb_err __wrap_jb_zsock_send(struct jb_zsock *z, struct jb_bytes routing_id,
                                 const uint8_t *body, size_t len)
{
    (void)z;
    assert_int_equal(routing_id.len, 5);
    assert_true(len >= JB_FRAME_HEADER_BYTES);
    desk.said[body[3] % 16]++;
    return JB_OK;
}

static struct jb_bytes encode(struct world *w, struct jb_frame *f)
{
    struct jb_bytes bytes;
    f->version = JB_PROTOCOL_MAX;
    assert_int_equal(jb_frame_encode(f, &w->arena, &bytes), JB_OK);
    return bytes;
}

static struct jb_line_point stream_point(struct world *w)
{
    struct jb_line_point p;
    memcpy(p.epoch, jb_ledger_epoch(w->b.ledger), sizeof p.epoch);
    assert_int_equal(jb_stream_end(w->b.reader, desk.node, &p.number, p.head), JB_OK);
    return p;
}

static void sign(enum jb_line_role role, const struct jb_line_point *p, uint8_t *signature)
{
    struct jb_line_claim claim = jb_line_claim_of(role, desk.node, p->epoch, p->number, p->head);
    assert_int_equal(jb_line_sign(JB_SUITE_ED25519, desk.keys.sign_secret, &claim, signature),
                     JB_OK);
}

/* One submission, which is refused since it cannot be read: it has its number and its verdict. */
static void make_frames(struct world *w)
{
    static const struct jb_frame_item item = {.body = {(const uint8_t *)"\xff", 1}};
    struct jb_line_point down = stream_point(w);
    struct jb_line_point up = desk.up;
    uint8_t hash[JB_HASH_BYTES];
    struct jb_frame hello = {.kind = JB_FRAME_HELLO,
                             .protocol_min = JB_PROTOCOL_MIN,
                             .protocol_max = JB_PROTOCOL_MAX,
                             .code = jb_text_of(CODE),
                             .software = jb_text_of("test"),
                             .down = down,
                             .window_items = 64,
                             .window_bytes = 1 << 20,
                             .suite = JB_SUITE_ED25519};
    struct jb_frame frame = {.kind = JB_FRAME_SUBMIT,
                             .first = up.number + 1,
                             .items = &item,
                             .item_count = 1,
                             .suite = JB_SUITE_ED25519};
    struct jb_frame ack = {.kind = JB_FRAME_ACK, .number = down.number, .suite = JB_SUITE_ED25519};
    struct jb_frame beat = {.kind = JB_FRAME_BEAT, .up = up, .down = down};
    jb_hash(JB_SUITE_ED25519, item.body.data, item.body.len, hash);
    jb_chain_next(JB_SUITE_ED25519, up.head, hash, up.head);
    up.number++;
    hello.up = up;
    hello.settled = desk.up;
    memcpy(hello.sign_key, desk.keys.sign_public, sizeof hello.sign_key);
    memcpy(frame.epoch, up.epoch, sizeof frame.epoch);
    memcpy(frame.head, up.head, sizeof frame.head);
    sign(JB_LINE_UP, &up, frame.signature);
    memcpy(ack.epoch, down.epoch, sizeof ack.epoch);
    memcpy(ack.head, down.head, sizeof ack.head);
    sign(JB_LINE_DOWN_ACK, &down, ack.signature);
    desk.hello = encode(w, &hello);
    desk.submit = encode(w, &frame);
    desk.ack = encode(w, &ack);
    desk.beat = encode(w, &beat);
}

static void say(struct jb_broker *b, struct jb_bytes frame)
{
    const struct jb_zmsg msg = {.routing_id = {(const uint8_t *)"\0abcd", 5},
                                .body = frame,
                                .node = desk.node,
                                .key_tag = jb_keys_tag(desk.keys.line.public_key)};
    jb_intake_message(b, &msg);
}

static void talk(struct jb_broker *b)
{
    say(b, desk.hello);
    say(b, desk.submit);
    looped_tick(b);
    say(b, desk.ack);
    say(b, desk.beat);
    if (!jb_degraded(b))
        looped_tick(b);
    while (b->behind.first != NULL)
        (void)uv_run(b->loop, UV_RUN_NOWAIT);
}

/* ---- the test ---- */

static int setup(void **state)
{
    assert_int_equal(looped_setup(state), 0);
    struct world *w = ((struct looped *)*state)->w;
    struct jb_broker *b = &w->b;
    struct jb_act act = {.kind = JB_ACT_ENROL_NODE,
                         .code = jb_text_of(CODE),
                         .name = jb_text_of(CODE),
                         .level = JB_LEVEL_COUNTY,
                         .node_kind = JB_NODE_DEPARTMENT,
                         .parent = GOV};
    assert_int_equal(jb_sign_init(), JB_OK);
    assert_int_equal(jb_keys_generate(JB_SUITE_ED25519, &desk.keys, &(struct jb_fault){""}), JB_OK);
    assert_int_equal(jb_keys_generate(JB_SUITE_ED25519, &b->keys, &(struct jb_fault){""}), JB_OK);
    act.line_key = (struct jb_bytes){desk.keys.line.public_key, JB_KEY_BYTES};
    act.sign_key = (struct jb_bytes){desk.keys.sign_public, JB_KEY_BYTES};
    admin(w, &act);
    looped_tick(b);
    desk.node = b->directory.nodes[b->directory.count - 1].node;
    memset(desk.up.epoch, 9, sizeof desk.up.epoch);
    desk.up.number = 0;
    jb_chain_start(JB_SUITE_ED25519, desk.node, desk.up.epoch, desk.up.head);
    static char nobody[] = "";
    w->config.quota_nodes = nobody;
    w->config.protocol_max = JB_PROTOCOL_MAX;
    w->config.window_items = 512;
    w->config.window_bytes = 1 << 20;
    w->config.batch_items = 4096;
    w->config.batch_bytes = 1 << 24;
    static char somewhere; /* nobody looks into it: what is sent comes to us */
    b->router = (struct jb_zsock *)(void *)&somewhere;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = ((struct looped *)*state)->w;
    w->b.router = NULL;
    for (size_t i = 0; i < w->b.peer_capacity; i++)
        if (w->b.peers[i] != NULL) {
            free(w->b.peers[i]->software);
            w->b.peers[i]->software = NULL;
        }
    return looped_teardown(state);
}

static uint64_t taken(struct world *w)
{
    struct jb_line_state line;
    enum jb_err err = jb_line_read(w->b.reader, desk.node, &line);
    assert_true(err == JB_OK || err == JB_NOT_FOUND);
    return err == JB_OK && memcmp(line.up.epoch, desk.up.epoch, sizeof line.up.epoch) == 0
               ? line.up.number
               : 0;
}

static bool talk_with(struct world *w, enum fault kind, long n)
{
    struct jb_broker *b = &w->b;
    looped_forget(b);
    memset(desk.said, 0, sizeof desk.said);
    make_frames(w);
    uint64_t before = stream_point(w).number;
    fault_arm(kind, n);
    talk(b);
    bool fired = fault_disarm();
    assert_false(b->stopping);
    uint64_t number = desk.up.number + 1;
    assert_true(taken(w) == number || taken(w) == number - 1);
    if (jb_degraded(b))
        looped_recover(b);
    looped_forget(b);
    make_frames(w); /* the node tries again, the same submission */
    talk(b);
    assert_false(jb_degraded(b));
    assert_int_equal(taken(w), number);
    /* one verdict, however often it came; in the first round the new incarnation stands before it
     */
    assert_int_equal(stream_point(w).number, before + 1 + (number == 1));
    assert_true(desk.said[JB_FRAME_WELCOME] > 0 && desk.said[JB_FRAME_DELIVER] > 0);
    const struct jb_peer *p = jb_broker_peer(b, desk.node);
    assert_non_null(p);
    desk.up = p->up_taken;
    jb_arena_reset(&w->arena);
    return fired;
}

static void all_of(struct world *w, enum fault kind)
{
    struct jb_check check;
    struct jb_fault fault = {""};
    long n = 1;
    while (talk_with(w, kind, n))
        n = rounds_next(n, 1);
    print_message("# up to the %ldth %s\n", n - 1, fault_names[kind]);
    assert_true(n > 1);
    assert_int_equal(jb_ledger_check(w->b.ledger, NULL, &check, &fault), JB_OK);
    assert_string_equal(fault.text, "");
}

static void our_memory(void **state)
{
    all_of(((struct looped *)*state)->w, FAULT_OUR_MEMORY);
}

static void sqlites_memory(void **state)
{
    all_of(((struct looped *)*state)->w, FAULT_SQLITE_MEMORY);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {CASE(our_memory), CASE(sqlites_memory)};
    faults_install();
    return cmocka_run_group_tests_name("line_fault", tests, NULL, NULL);
}
