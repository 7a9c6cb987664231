/* A node's receipt for an attachment at a broker whose disk is full: it is neither on record nor
 * confirmed, and once the broker goes on the same one, said again, is kept, once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/blob.h"
#include "proto/ledger/blobrows.h"
#include "proto/wire/blob.h"
#include "proto/wire/seal.h"
#include "tests/unit/brokerloop.h"
#include "tests/unit/faults.h"

static const uint8_t contents[JB_HASH_BYTES] = {7}; /* of the attachment, by its hash */

struct desk {
    struct looped *l;
    struct jb_node_keys keys; /* of the agency that signs receipts */
    uint32_t node;
};

static struct desk desk;

/* An agency whose keys we have, and a case of its with an attachment. */
static void make_case(struct world *w, struct desk *d)
{
    static const uint8_t key[JB_KEY_BYTES] = {2};
    static uint8_t box[80];
    struct jb_act enrol_act = {.kind = JB_ACT_ENROL_NODE,
                               .code = jb_text_of("signs"),
                               .name = jb_text_of("signs"),
                               .level = JB_LEVEL_COUNTY,
                               .node_kind = JB_NODE_DEPARTMENT,
                               .parent = GOV,
                               .line_key = {d->keys.line.public_key, JB_KEY_BYTES},
                               .sign_key = {d->keys.sign_public, JB_KEY_BYTES}};
    struct jb_act attach = {.kind = JB_ACT_ATTACH,
                            .content_hash = {contents, sizeof contents},
                            .size_bytes = 9,
                            .sealed = {box, sizeof box}};
    d->node = (uint32_t)w->b.directory.count + 2;
    admin(w, &enrol_act);
    looped_tick(&w->b);
    int64_t no = register_case(w);
    assign(w, no, 1, d->node);
    attach.case_no = no;
    jb_seal_key_id(key, box);
    submit(w, OFFICE, &attach);
    w->b.fill->items[w->b.fill->item_count - 1].case_key = (struct jb_bytes){key, sizeof key};
    looped_tick(&w->b);
    int64_t case_no = 0;
    assert_int_equal(jb_blob_case(w->b.reader, contents, d->node, &case_no), JB_OK);
    assert_int_equal(case_no, no);
}

static int setup(void **state)
{
    static char none[] = "";
    void *part = NULL;
    struct jb_fault fault = {""};
    assert_int_equal(looped_setup(&part), 0);
    desk = (struct desk){.l = part};
    struct world *w = desk.l->w;
    struct jb_broker *b = &w->b;
    assert_int_equal(jb_sign_init(), JB_OK);
    assert_int_equal(jb_keys_generate(JB_SUITE_ED25519, &b->keys, &fault), JB_OK);
    assert_int_equal(jb_keys_generate(JB_SUITE_ED25519, &desk.keys, &fault), JB_OK);
    w->config.quota_nodes = none;
    w->config.attached_per_day = w->config.attached_in_all = w->config.blob_bytes = 1 << 20;
    make_case(w, &desk);
    assert_int_equal(jb_blob_start(b, &fault), JB_OK);
    struct jb_peer *p = jb_broker_peer(b, desk.node);
    assert_non_null(p);
    p->protocol = JB_PROTOCOL_BLOBS;
    jb_blob_greeted(b, p);
    looped_forget(b);
    *state = &desk;
    return 0;
}

static int teardown(void **state)
{
    struct desk *d = *state;
    void *part = d->l;
    struct jb_broker *b = &d->l->w->b;
    jb_blob_stop(b);
    while (uv_run(b->loop, UV_RUN_NOWAIT) != 0 && uv_is_active((uv_handle_t *)&b->probe_timer))
        ;
    jb_blob_fini(b);
    char blobs[160];
    (void)snprintf(blobs, sizeof blobs, "%s/blobs", d->l->w->folder);
    assert_int_equal(rmdir(blobs), 0);
    return looped_teardown(&part);
}

static void say_have(struct desk *d)
{
    struct jb_broker *b = &d->l->w->b;
    struct jb_frame have = {.kind = JB_FRAME_BLOB_HAVE, .suite = JB_SUITE_ED25519};
    struct jb_zmsg msg = {.node = d->node};
    memcpy(have.blob_hash, contents, sizeof contents);
    assert_int_equal(
        jb_blob_sign(have.suite, d->keys.sign_secret, d->node, contents, have.signature), JB_OK);
    jb_blob_frame(b, &msg, jb_broker_peer(b, d->node), &have);
}

static bool on_record(const struct desk *d)
{
    int64_t at_ms = 0;
    enum jb_err err = jb_blob_receipt_at(d->l->w->b.reader, contents, d->node, &at_ms);
    assert_true(err == JB_OK || err == JB_NOT_FOUND);
    return err == JB_OK;
}

/* Said again after the greeting with which the spell ends. */
static void said_again_it_is_kept(struct desk *d)
{
    struct jb_broker *b = &d->l->w->b;
    looped_recover(b);
    say_have(d);
    assert_int_equal(b->fill->item_count, 1);
    looped_tick(b);
    assert_true(on_record(d));
    say_have(d); /* as others are that are on record long since */
    assert_int_equal(b->fill->item_count, 0);
}

static void one_that_comes_while_nothing_is_taken_in(void **state)
{
    struct desk *d = *state;
    struct world *w = d->l->w;
    jb_degraded_enter(&w->b, JB_FULL, "no room");
    say_have(d);
    jb_degraded_drop(&w->b); /* as the next turn of the loop does */
    assert_int_equal(w->b.fill->item_count, 0);
    assert_false(on_record(d));
    assert_true(jb_degraded(&w->b));
    said_again_it_is_kept(d);
}

static void one_whose_batch_is_lost(void **state)
{
    struct desk *d = *state;
    struct jb_broker *b = &d->l->w->b;
    say_have(d);
    assert_int_equal(b->fill->item_count, 1);
    fault_arm(FAULT_WRITE, 1);
    looped_tick(b);
    assert_true(fault_disarm());
    assert_true(jb_degraded(b));
    assert_false(on_record(d));
    said_again_it_is_kept(d);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(one_that_comes_while_nothing_is_taken_in),
        CASE(one_whose_batch_is_lost),
    };
    faults_install();
    return cmocka_run_group_tests_name("broker_blob", tests, NULL, NULL);
}
