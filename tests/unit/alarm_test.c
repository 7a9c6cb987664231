/* Alarms of the agent's own clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/ledger_pair.h"

#define DAY INT64_C(86400000)

/* A look at all from the beginning; how many are to be raised. */
static size_t due(struct lw *w, struct jb_ledger *l, struct jb_alarm_look look,
                  struct jb_alarm **alarms, int64_t *next_ms)
{
    struct jb_alarm_seen seen = {0};
    size_t count = 0;
    bool more = true;

    assert_int_equal(jb_alarm_due(l, &look, &seen, &w->arena, alarms, &count, &more), JB_OK);
    assert_false(more);
    assert_int_equal(jb_alarm_next(l, &look, 0, next_ms), JB_OK);
    return count;
}

static void raise(struct jb_ledger *l, struct jb_alarm *alarms, size_t count)
{
    assert_int_equal(jb_ledger_begin(l), JB_OK);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(jb_alarm_add(l, &alarms[i]), JB_OK);
        assert_int_equal(jb_alarm_add(l, &alarms[i]), JB_EXISTS);
    }
    assert_int_equal(jb_ledger_commit(l), JB_OK);
}

/* ---- alarms ---- */

static void alarms_fall_by_the_own_clock_and_once(void **state)
{
    struct lw *w = *state;
    struct jb_alarm *alarms;
    size_t count;
    int64_t next;
    struct jb_ledger *b = lw_open(w, "b.db", JB_LEDGER_BROKER);
    struct lp p = {b, lw_replica(w, "r.db", b, LP_NODE)};

    lp_told(w, &p, 0, (struct jb_stream_add){0}); /* owed by the office */
    int64_t due_ms = w->now_ms + 15 * DAY;
    lw_deliver(w, b, p.replica);
    const struct {
        int64_t now_ms;
        uint32_t node;
        size_t count;
        uint32_t step;
        bool raise;
        int64_t next_ms;
    } rows[] = {
        {due_ms - 3 * DAY - 1, 0, 0, 0, false, due_ms - 3 * DAY},
        {due_ms - 3 * DAY, LP_NODE, 0, 0, false, due_ms - DAY}, /* another node's */
        {due_ms - 3 * DAY, LW_OFFICE, 1, 1, false, due_ms - DAY},
        {due_ms - 3 * DAY, LW_OFFICE, 1, 1, true, due_ms - DAY},
        {due_ms - 2 * DAY, LW_OFFICE, 0, 0, false, due_ms - DAY}, /* raised before */
        {due_ms - DAY, LW_OFFICE, 1, 2, true, due_ms},
        {due_ms - 1, LW_OFFICE, 0, 0, false, due_ms},
        {due_ms, LW_OFFICE, 1, 0, true, INT64_MAX},
        {due_ms + 9 * DAY, LW_OFFICE, 0, 0, false, INT64_MAX},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct jb_alarm_look look = {.node = rows[i].node, .now_ms = rows[i].now_ms, .max = 9};
        assert_int_equal(due(w, p.replica, look, &alarms, &next), rows[i].count);
        assert_int_equal(next, rows[i].next_ms);
        if (rows[i].count == 0)
            continue;
        assert_int_equal(alarms[0].step, rows[i].step);
        assert_int_equal(alarms[0].due_ms, due_ms);
        assert_int_equal(alarms[0].at_ms, rows[i].now_ms);
        assert_string_equal(alarms[0].key, "sort");
        if (rows[i].raise)
            raise(p.replica, alarms, 1);
    }
    assert_int_equal(jb_alarm_list(p.replica, 2, &w->arena, &alarms, &count), JB_OK);
    assert_int_equal(count, 2);
    assert_int_equal(alarms[0].step, 0); /* newest first */
    assert_int_equal(alarms[1].step, 2);
    /* and oldest first, behind an id */
    assert_int_equal(jb_alarm_after(p.replica, 1, 9, &w->arena, &alarms, &count), JB_OK);
    assert_int_equal(count, 2);
    assert_int_equal(alarms[0].step, 2);
    assert_int_equal(alarms[0].id, 2);
    assert_int_equal(alarms[1].id, 3);
    lp_close(&p);
}

static void steps_missed_while_off_are_one_alarm(void **state)
{
    struct lw *w = *state;
    struct jb_alarm *alarms;
    int64_t next;
    struct lp p = lp_open(w);

    lp_told(w, &p, 0, (struct jb_stream_add){0});
    int64_t due_ms = w->now_ms + 15 * DAY;
    lw_deliver(w, p.broker, p.replica);
    struct jb_alarm_look look = {.now_ms = due_ms - DAY + 5, .max = 9};
    assert_int_equal(due(w, p.replica, look, &alarms, &next), 1);
    assert_int_equal(alarms[0].step, 2);
    raise(p.replica, alarms, 1);
    /* the clock was set back: nothing falls a second time */
    look.now_ms = due_ms - 3 * DAY;
    assert_int_equal(due(w, p.replica, look, &alarms, &next), 0);
    /* a moved deadline is a new one to warn of */
    struct jb_effect moved = {.kind = JB_EFFECT_DEADLINE_MOVED,
                              .deadline_id = 1,
                              .due_ms = due_ms + DAY,
                              .old_due_ms = due_ms,
                              .trigger_ms = 1};
    assert_int_equal(jb_ledger_begin(p.broker), JB_OK);
    struct jb_entry e = lw_entry(w, p.broker, JB_ACT_EXTEND, lw_case_no(0));
    lw_effects(&e, &w->arena, &moved, 1);
    (void)lw_log_to(w, p.broker, &e, (struct jb_stream_add){.node = LP_NODE});
    assert_int_equal(jb_ledger_commit(p.broker), JB_OK);
    lw_deliver(w, p.broker, p.replica);
    look.now_ms = due_ms + DAY;
    assert_int_equal(due(w, p.replica, look, &alarms, &next), 1);
    assert_int_equal(alarms[0].step, 0);
    lp_close(&p);
}

static void a_case_that_was_left_leaves_no_alarm(void **state)
{
    struct lw *w = *state;
    struct jb_alarm *alarms;
    size_t count;
    int64_t next;
    struct lp p = lp_open(w);

    for (int64_t i = 0; i < 2; i++)
        lp_told(w, &p, i, (struct jb_stream_add){0});
    lw_deliver(w, p.broker, p.replica);
    struct jb_alarm_look look = {.now_ms = w->now_ms + 30 * DAY, .max = 9};
    assert_int_equal(due(w, p.replica, look, &alarms, &next), 2);
    raise(p.replica, alarms, 2);
    lp_told_left(w, &p, 0, 0);
    lw_deliver(w, p.broker, p.replica);
    assert_int_equal(jb_alarm_list(p.replica, 9, &w->arena, &alarms, &count), JB_OK);
    assert_int_equal(count, 1);
    assert_int_equal(alarms[0].case_no, lw_case_no(1));
    lp_close(&p);
}

/* A reader that has seen the last one must not take the next one for it. */
static void numbers_of_alarms_do_not_come_again(void **state)
{
    struct lw *w = *state;
    struct jb_alarm *alarms;
    uint64_t last = 0;
    int64_t next;
    struct lp p = lp_open(w);

    for (int64_t i = 0; i < 2; i++)
        lp_told(w, &p, i, (struct jb_stream_add){0});
    lw_deliver(w, p.broker, p.replica);
    struct jb_alarm_look look = {.now_ms = w->now_ms + 30 * DAY, .max = 9};
    assert_int_equal(due(w, p.replica, look, &alarms, &next), 2);
    raise(p.replica, alarms, 2);
    assert_int_equal(alarms[1].id, 2);
    assert_int_equal(alarms[1].case_no, lw_case_no(1));
    for (int64_t i = 0; i < 2; i++)
        lp_told_left(w, &p, 1 - i, 0);
    lw_deliver(w, p.broker, p.replica);
    assert_int_equal(jb_alarm_last(p.replica, &last), JB_OK);
    assert_int_equal(last, 2);
    lp_told(w, &p, 2, (struct jb_stream_add){0});
    lw_deliver(w, p.broker, p.replica);
    assert_int_equal(due(w, p.replica, look, &alarms, &next), 1);
    raise(p.replica, alarms, 1);
    assert_int_equal(alarms[0].id, 3);
    lp_close(&p);
}

/* Behind a place there is everything once, page by page, whatever was raised of it. */
static void pages_go_on_where_the_last_one_ended(void **state)
{
    struct lw *w = *state;
    struct lp p = lp_open(w);
    struct jb_alarm_seen seen = {0};
    struct jb_alarm *alarms;
    size_t count = 0;
    size_t all = 0;
    size_t pages = 0;
    bool more = true;

    for (int64_t i = 0; i < 10; i++)
        lp_told(w, &p, i, (struct jb_stream_add){0});
    lw_deliver(w, p.broker, p.replica);
    int64_t end_ms = w->now_ms + 15 * DAY;
    struct jb_alarm_look look = {.now_ms = end_ms, .max = 3};
    for (; more; pages++) { /* due: 10; begun: 10; second step: 10 */
        assert_int_equal(jb_alarm_due(p.replica, &look, &seen, &w->arena, &alarms, &count, &more),
                         JB_OK);
        all += count;
        raise(p.replica, alarms, count / 2);
    }
    assert_int_equal(all, 10);
    assert_int_equal(pages, 11);
    /* one that falls later, and nothing of what was looked at */
    lp_told(w, &p, 10, (struct jb_stream_add){0});
    lw_deliver(w, p.broker, p.replica);
    look.now_ms = w->now_ms + 15 * DAY;
    look.max = 9;
    assert_int_equal(jb_alarm_due(p.replica, &look, &seen, &w->arena, &alarms, &count, &more),
                     JB_OK);
    assert_false(more);
    assert_int_equal(count, 1);
    assert_true(alarms[0].case_no == lw_case_no(10));
    /* the clock goes back over what was looked at: what was not raised comes again */
    jb_alarm_seen_limit(&seen, LW_START_MS);
    look.max = 99;
    assert_int_equal(jb_alarm_due(p.replica, &look, &seen, &w->arena, &alarms, &count, &more),
                     JB_OK);
    assert_int_equal(count, 11 - 3);
    lp_close(&p);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, lw_setup, lw_teardown)
    const struct CMUnitTest tests[] = {
        T(alarms_fall_by_the_own_clock_and_once), T(steps_missed_while_off_are_one_alarm),
        T(a_case_that_was_left_leaves_no_alarm),  T(numbers_of_alarms_do_not_come_again),
        T(pages_go_on_where_the_last_one_ended),
    };
#undef T

    return cmocka_run_group_tests_name("alarm", tests, NULL, NULL);
}
