/* Receipts that may not have got onto the broker's disk are said again, the others are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "clients/agent/told.h"

struct line {
    enum jb_err answer;
    size_t count;
    uint8_t last[JB_HASH_BYTES];
};

static enum jb_err say(void *ctx, const uint8_t hash[JB_HASH_BYTES])
{
    struct line *l = ctx;

    l->count++;
    memcpy(l->last, hash, sizeof l->last);
    return l->answer;
}

static size_t again(struct jb_told *t, int64_t now, enum jb_err answer)
{
    struct line l = {.answer = answer};

    (void)jb_told_again(t, now, say, &l);
    return l.count;
}

static void sent(struct jb_told *t, uint8_t which, int64_t now)
{
    const uint8_t hash[JB_HASH_BYTES] = {which};

    jb_told_sent(t, hash, now);
}

static void only_what_is_in_doubt_is_said_again(void **state)
{
    struct jb_told t = {.next = 0};

    (void)state;
    jb_told_doubt(&t);
    assert_int_equal(again(&t, 1, JB_OK), 0); /* nothing was sent */
    sent(&t, 1, 1000);
    assert_int_equal(again(&t, 1000, JB_OK), 0);
    jb_told_doubt(&t);
    assert_int_equal(again(&t, 2000, JB_OK), 1);
    assert_int_equal(again(&t, 2001, JB_OK), 0);
}

/* An hour without trouble: it has arrived. */
static void what_has_arrived_is_not_said_again(void **state)
{
    struct jb_told t = {.next = 0};

    (void)state;
    sent(&t, 1, 1000);
    jb_told_tick(&t, 999 + JB_TOLD_KEEP_MS, true);
    jb_told_doubt(&t);
    assert_int_equal(again(&t, 1000, JB_OK), 1);
    jb_told_tick(&t, 1000 + JB_TOLD_KEEP_MS, true);
    jb_told_doubt(&t);
    assert_int_equal(again(&t, 1000 + JB_TOLD_KEEP_MS, JB_OK), 0);
}

/* The broker's disk is full from before it was sent, for a day: said again when the broker goes on
 * and the line is greeted anew, however long that took. */
static void trouble_may_last_as_long_as_it_likes(void **state)
{
    struct jb_told t = {.next = 0};
    int64_t now = 1000;

    (void)state;
    sent(&t, 1, now);
    for (int minute = 0; minute < 24 * 60; minute++)
        jb_told_tick(&t, now += 60000, false);
    jb_told_tick(&t, now += 60000, true);
    jb_told_doubt(&t);
    assert_int_equal(again(&t, now, JB_OK), 1);
}

/* However long the broker's disk hangs. */
static void one_that_is_rejected_again_and_again_is_not_forgotten(void **state)
{
    struct jb_told t = {.next = 0};
    int64_t now = 5;

    (void)state;
    sent(&t, 1, now);
    for (int i = 0; i < 1000; i++) {
        jb_told_doubt(&t);
        now += 5000;
        jb_told_tick(&t, now, true);
        assert_int_equal(again(&t, now, JB_OK), 1);
    }
    assert_int_equal(again(&t, now, JB_OK), 0);
}

/* No line for an hour: it waits; contents that were dropped need no receipt. */
static void it_waits_for_the_line_unless_it_is_void(void **state)
{
    struct jb_told t = {.next = 0};

    (void)state;
    sent(&t, 1, 0);
    jb_told_doubt(&t);
    assert_int_equal(again(&t, 20, JB_CLOSED), 1);
    assert_int_equal(again(&t, 3600000, JB_BUSY), 1);
    assert_int_equal(again(&t, 3600001, JB_NOT_FOUND), 1);
    jb_told_doubt(&t);
    assert_int_equal(again(&t, 3600002, JB_OK), 0);
}

/* A few at a time: a broker that comes back has many nodes. */
static void the_newest_ones_are_remembered(void **state)
{
    struct jb_told t = {.next = 0};
    struct line l = {.answer = JB_OK};
    size_t times = 1;

    (void)state;
    for (unsigned i = 0; i < JB_TOLD_MAX + 3; i++)
        sent(&t, (uint8_t)i, i);
    jb_told_doubt(&t);
    while (jb_told_again(&t, 100, say, &l)) {
        assert_int_equal(l.count, times * JB_TOLD_ONCE);
        times++;
    }
    assert_int_equal(times, JB_TOLD_MAX / JB_TOLD_ONCE);
    assert_int_equal(l.count, JB_TOLD_MAX);
    assert_int_equal(l.last[0], (JB_TOLD_MAX - 1) % 256); /* places 0 to 2 have the last three */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_in_doubt_is_said_again),
        cmocka_unit_test(what_has_arrived_is_not_said_again),
        cmocka_unit_test(trouble_may_last_as_long_as_it_likes),
        cmocka_unit_test(one_that_is_rejected_again_and_again_is_not_forgotten),
        cmocka_unit_test(it_waits_for_the_line_unless_it_is_void),
        cmocka_unit_test(the_newest_ones_are_remembered),
    };

    return cmocka_run_group_tests_name("agent_told", tests, NULL, NULL);
}
