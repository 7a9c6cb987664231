/* How much a node may attach: a day at a time and in all, what is in the same batch included. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/broker.h"
#include "proto/rules/civil.h"

#define NODE 7
#define NOON INT64_C(1795838400000) /* 2026-11-28 12:00 in China */
#define HOUR INT64_C(3600000)

struct desk {
    struct jb_broker b;
    struct jb_broker_config config;
    struct jb_batch t;
};

static struct desk desk; /* large */

static int setup(void **state)
{
    static char none[] = "";

    memset(&desk, 0, sizeof desk);
    desk.b.config = &desk.config;
    desk.config.quota_nodes = none;
    desk.t.now_ms = NOON;
    jb_directory_init(&desk.b.directory);
    *state = &desk;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    jb_attached_fini(&desk.b.attached);
    jb_directory_fini(&desk.b.directory);
    return 0;
}

static struct jb_entry attach(int64_t at_ms, uint64_t bytes)
{
    return (struct jb_entry){
        .node = NODE, .at_ms = at_ms, .act = {.kind = JB_ACT_ATTACH, .size_bytes = bytes}};
}

static void attached(int64_t at_ms, uint64_t bytes)
{
    struct jb_entry e = attach(at_ms, bytes);

    jb_attached_committed(&desk.b, &e);
}

static enum jb_refusal judged(uint64_t bytes, const char *detail)
{
    static struct jb_verdict v; /* large */
    struct jb_entry e = attach(desk.t.now_ms, bytes);

    memset(&v, 0, sizeof v);
    jb_attached_judge(&desk.b, &desk.t, &e, &v);
    if (detail != NULL)
        assert_string_equal(v.detail, detail);
    return v.refusal;
}

static void without_a_limit_anything_goes(void **state)
{
    (void)state;
    attached(NOON, UINT64_C(1) << 50);
    assert_int_equal(judged(52428800, ""), JB_REFUSE_NONE);
}

static void a_day_is_full_and_the_next_one_is_not(void **state)
{
    (void)state;
    desk.config.attached_per_day = 1000;
    attached(NOON, 400);
    assert_int_equal(judged(600, ""), JB_REFUSE_NONE);
    assert_int_equal(judged(601, "today 400 of 1000 bytes are used, the file has 601"),
                     JB_REFUSE_ATTACHED_TOO_MUCH);
    attached(NOON + HOUR, 600);
    assert_int_equal(judged(1, NULL), JB_REFUSE_ATTACHED_TOO_MUCH);
    desk.t.now_ms = jb_date_end_ms(jb_date_of_instant(NOON)) - 1;
    assert_int_equal(judged(1, NULL), JB_REFUSE_ATTACHED_TOO_MUCH);
    desk.t.now_ms++;
    assert_int_equal(judged(1000, ""), JB_REFUSE_NONE);
    assert_int_equal(judged(1001, "today 0 of 1000 bytes are used, the file has 1001"),
                     JB_REFUSE_ATTACHED_TOO_MUCH);
}

static void what_the_batch_has_accepted_counts(void **state)
{
    struct jb_entry mine = attach(NOON, 700);
    struct jb_entry others = attach(NOON, 900);
    struct jb_op ops[2] = {{.kind = JB_OP_ENTRY, .entry = &mine},
                           {.kind = JB_OP_ENTRY, .entry = &others}};

    (void)state;
    others.node = NODE + 1;
    desk.config.attached_per_day = 1000;
    desk.t.ops = ops;
    desk.t.op_count = 2;
    assert_int_equal(judged(300, ""), JB_REFUSE_NONE);
    assert_int_equal(judged(301, NULL), JB_REFUSE_ATTACHED_TOO_MUCH);
    desk.t.ops = NULL;
    desk.t.op_count = 0;
}

static void in_all_does_not_end_with_the_day(void **state)
{
    (void)state;
    desk.config.attached_in_all = 1000;
    attached(NOON, 900);
    desk.t.now_ms = NOON + 48 * HOUR;
    assert_int_equal(judged(100, ""), JB_REFUSE_NONE);
    assert_int_equal(judged(101, "in all 900 of 1000 bytes are used, the file has 101"),
                     JB_REFUSE_ATTACHED_TOO_MUCH);
}

static void a_limit_that_was_lowered_below_what_is_used_refuses(void **state)
{
    (void)state;
    desk.config.attached_in_all = 10;
    attached(NOON, 900);
    assert_int_equal(judged(0, NULL), JB_REFUSE_ATTACHED_TOO_MUCH);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(without_a_limit_anything_goes),
        T(a_day_is_full_and_the_next_one_is_not),
        T(what_the_batch_has_accepted_counts),
        T(in_all_does_not_end_with_the_day),
        T(a_limit_that_was_lowered_below_what_is_used_refuses),
    };
#undef T
    return cmocka_run_group_tests_name("attached", tests, NULL, NULL);
}
