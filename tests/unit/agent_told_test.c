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

    jb_told_again(t, now, say, &l);
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
    jb_told_doubt(&t, 1);
    assert_int_equal(again(&t, 1, JB_OK), 0); /* nothing was sent */
    sent(&t, 1, 1000);
    assert_int_equal(again(&t, 1000, JB_OK), 0);
    jb_told_doubt(&t, 1000 + JB_TOLD_DOUBT_MS); /* that one has arrived */
    assert_int_equal(again(&t, 1000 + JB_TOLD_DOUBT_MS, JB_OK), 0);
    sent(&t, 2, 200000);
    jb_told_doubt(&t, 200001);
    assert_int_equal(again(&t, 200002, JB_OK), 1);
    assert_int_equal(again(&t, 200003, JB_OK), 0);
}

/* However long the broker's disk hangs. */
static void one_that_is_rejected_again_and_again_is_not_forgotten(void **state)
{
    struct jb_told t = {.next = 0};
    int64_t now = 5;

    (void)state;
    sent(&t, 1, now);
    for (int i = 0; i < 1000; i++) {
        jb_told_doubt(&t, now);
        now += 5000;
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
    jb_told_doubt(&t, 10);
    assert_int_equal(again(&t, 20, JB_CLOSED), 1);
    assert_int_equal(again(&t, 3600000, JB_BUSY), 1);
    assert_int_equal(again(&t, 3600001, JB_NOT_FOUND), 1);
    jb_told_doubt(&t, 20);
    assert_int_equal(again(&t, 3600002, JB_OK), 0);
}

static void the_newest_ones_are_remembered(void **state)
{
    struct jb_told t = {.next = 0};
    struct line l = {.answer = JB_OK};

    (void)state;
    for (uint8_t i = 0; i < JB_TOLD_MAX + 3; i++)
        sent(&t, i, i);
    jb_told_doubt(&t, 100);
    jb_told_again(&t, 100, say, &l);
    assert_int_equal(l.count, JB_TOLD_MAX);
    assert_int_equal(l.last[0], JB_TOLD_MAX - 1); /* places 0 to 2 have the last three */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_in_doubt_is_said_again),
        cmocka_unit_test(one_that_is_rejected_again_and_again_is_not_forgotten),
        cmocka_unit_test(it_waits_for_the_line_unless_it_is_void),
        cmocka_unit_test(the_newest_ones_are_remembered),
    };

    return cmocka_run_group_tests_name("agent_told", tests, NULL, NULL);
}
