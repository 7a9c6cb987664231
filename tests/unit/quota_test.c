/* Quotas: what is over is read later, an administrator hears once, only who goes on is turned away.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "daemon/config.h"
#include "daemon/quota.h"

static struct jb_broker_config config(char *nodes)
{
    return (struct jb_broker_config){.quota_submissions = 60,
                                     .quota_bytes = 60000,
                                     .quota_frames = 600,
                                     .quota_nodes = nodes,
                                     .quota_patience_ms = 60000,
                                     .quota_penalty_ms = 10000};
}

static void a_node_within_its_quota_never_waits(void **state)
{
    char none[] = "";
    struct jb_broker_config c = config(none);
    struct jb_quota_limits limits;
    struct jb_quota q = {0};
    enum jb_quota_change change;
    (void)state;
    jb_quota_limits(&c, "zjj", &limits);
    for (int64_t now = 1; now < 600000; now += 1000) {
        jb_quota_take(&q, &limits, now, JB_QUOTA_SUBMISSIONS, 1);
        jb_quota_take(&q, &limits, now, JB_QUOTA_FRAMES, 10);
        assert_int_equal(jb_quota_wait(&q, &limits, now, &change), 0);
        assert_int_equal(change, JB_QUOTA_SAME);
    }
}

static void who_is_over_waits_and_is_told_of_once(void **state)
{
    char none[] = "";
    struct jb_broker_config c = config(none);
    struct jb_quota_limits limits;
    struct jb_quota q = {0};
    enum jb_quota_change change;
    (void)state;
    jb_quota_limits(&c, "zjj", &limits);
    jb_quota_take(&q, &limits, 1000, JB_QUOTA_SUBMISSIONS, 60);
    assert_int_equal(jb_quota_wait(&q, &limits, 1000, &change), 1000);
    assert_int_equal(change, JB_QUOTA_EXCEEDED);
    assert_int_equal(q.worst, JB_QUOTA_SUBMISSIONS);
    jb_quota_take(&q, &limits, 1500, JB_QUOTA_SUBMISSIONS, 10);
    assert_int_equal(jb_quota_wait(&q, &limits, 1500, &change), 2000); /* never more than this */
    assert_int_equal(change, JB_QUOTA_SAME);
    assert_int_equal(jb_quota_wait(&q, &limits, 12000, &change), 0);
    assert_int_equal(change, JB_QUOTA_KEPT);
    assert_false(jb_quota_turned_away(&q, 12000));
}

static void who_goes_on_is_turned_away_for_a_while(void **state)
{
    char none[] = "";
    struct jb_broker_config c = config(none);
    struct jb_quota_limits limits;
    struct jb_quota q = {0};
    enum jb_quota_change change = JB_QUOTA_SAME;
    int64_t now = 1000;
    (void)state;
    jb_quota_limits(&c, "zjj", &limits);
    for (; change != JB_QUOTA_TURNED_AWAY; now += 1000) {
        assert_true(now <= 62000);
        jb_quota_take(&q, &limits, now, JB_QUOTA_BYTES, 65000);
        assert_true(jb_quota_wait(&q, &limits, now, &change) > 0);
    }
    now -= 1000;
    assert_int_equal(now, 61000); /* a minute of patience */
    assert_true(jb_quota_turned_away(&q, now + 9999));
    assert_false(jb_quota_turned_away(&q, now + 10000));
}

static void a_node_may_have_another_quota(void **state)
{
    char nodes[] = "xfj=10, dbj=0 ,z=2";
    struct jb_broker_config c = config(nodes);
    static const struct {
        const char *code;
        int64_t submissions;
    } rows[] = {{"xfj", 600}, {"dbj", 0}, {"z", 120}, {"zjj", 60}, {"x", 60}, {"xfjj", 60}};
    struct jb_quota_limits limits;
    struct jb_fault fault = {""};
    (void)state;
    assert_int_equal(jb_quota_check(nodes, &fault), JB_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        jb_quota_limits(&c, rows[i].code, &limits);
        assert_int_equal(limits.rates[JB_QUOTA_SUBMISSIONS].per_minute, rows[i].submissions);
        assert_int_equal(limits.rates[JB_QUOTA_SUBMISSIONS].burst, rows[i].submissions);
    }
}

static void a_wrong_list_is_named(void **state)
{
    static const char *const wrong[] = {"xfj",   "xfj=",    "=3",        "xfj=-1",
                                        "xfj=x", "a=1 b=2", "a=1000001", "a=1,,b"};
    struct jb_fault fault = {""};
    (void)state;
    assert_int_equal(jb_quota_check("", &fault), JB_OK);
    assert_int_equal(jb_quota_check(" a=1 , b=2, ", &fault), JB_OK);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(jb_quota_check(wrong[i], &fault), JB_CONFIG);
        assert_non_null(strstr(fault.text, "line.quota_nodes"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_node_within_its_quota_never_waits),
        cmocka_unit_test(who_is_over_waits_and_is_told_of_once),
        cmocka_unit_test(who_goes_on_is_turned_away_for_a_while),
        cmocka_unit_test(a_node_may_have_another_quota),
        cmocka_unit_test(a_wrong_list_is_named),
    };
    return cmocka_run_group_tests_name("quota", tests, NULL, NULL);
}
