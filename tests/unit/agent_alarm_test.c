/* The agent's own clock, with a clock that the test moves: each step once, none early, none lost,
 * whatever the wall clock does; and the hook program with its arguments, limits and time-out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "clients/agent/agent.h"
#include "proto/base/log.h"
#include "proto/ledger/schema.h"
#include "tests/unit/ledger_world.h"
#include "tests/unit/rounds.h"
#include "tests/unit/rules_world.h"

#define DAY INT64_C(86400000)
#define NODE LW_OFFICE
#define CHECK_MS 60000
#define SOON_MS 100 /* a look that has more behind it goes on by then, unless it raised many */

struct desk {
    struct lw *w;
    uv_loop_t loop;
    struct jb_agent agent;
    struct jb_agent_config config;
    struct jb_ledger *broker;
    struct jb_deadline sort; /* of the first case: due in 15 days, warned 3 and 1 days before */
    char hook[192];
};

static int setup(void **state)
{
    struct desk *d = calloc(1, sizeof *d);
    void *part = NULL;

    assert_non_null(d);
    assert_int_equal(lw_setup(&part), 0);
    d->w = part;
    assert_int_equal(uv_loop_init(&d->loop), 0);
    d->broker = lw_open(d->w, "b.db", JB_LEDGER_BROKER);
    d->agent.loop = &d->loop;
    d->agent.config = &d->config;
    d->agent.ledger = lw_replica(d->w, "r.db", d->broker, NODE);
    d->agent.clock = jb_clock_fixed(&d->w->now_ms);
    d->agent.mono = jb_clock_fixed(&d->w->now_ms);
    d->agent.lock_fd = -1;
    d->config.code = strdup("xfj");
    d->config.alarm_check_ms = CHECK_MS;
    d->config.hook_timeout_ms = 20000;
    jb_log_set_level(JB_LOG_ERROR);
    struct jb_fault fault = {""};
    assert_int_equal(jb_agent_book_start(&d->agent, &fault), JB_OK);
    assert_int_equal(jb_agent_hook_start(&d->agent), JB_OK);
    assert_int_equal(jb_agent_alarm_start(&d->agent), JB_OK);
    *state = d;
    return 0;
}

static int teardown(void **state)
{
    struct desk *d = *state;
    void *part = d->w;

    d->agent.stopping = true;
    jb_agent_alarm_stop(&d->agent);
    jb_agent_hook_stop(&d->agent);
    assert_int_equal(uv_run(&d->loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&d->loop), 0);
    jb_agent_book_fini(&d->agent);
    lw_close(&d->agent.ledger);
    lw_close(&d->broker);
    free(d->config.code);
    assert_int_equal(lw_teardown(&part), 0);
    free(d);
    return 0;
}

static void tell_replica_from(struct desk *d, int64_t first, int64_t cases)
{
    assert_int_equal(jb_ledger_begin(d->broker), JB_OK);
    for (int64_t i = first; i < first + cases; i++) {
        struct jb_entry e = lw_register(d->w, d->broker, lw_case_no(i), "反映供暖问题");
        (void)lw_log_to(d->w, d->broker, &e, (struct jb_stream_add){.node = NODE});
        if (i % 100 == 99)
            jb_arena_reset(&d->w->arena);
    }
    assert_int_equal(jb_ledger_commit(d->broker), JB_OK);
    lw_deliver(d->w, d->broker, d->agent.ledger);
    jb_arena_reset(&d->w->arena);
}

/* A case whose deadline warns of nothing beforehand. */
static void tell_of_one_due_at(struct desk *d, int64_t index, int64_t due_ms)
{
    assert_int_equal(jb_ledger_begin(d->broker), JB_OK);
    struct jb_entry e = lw_register(d->w, d->broker, lw_case_no(index), "忘了的一件");
    struct jb_effect *sort = (struct jb_effect *)(uintptr_t)&e.effects[e.effect_count - 1];
    sort->due_ms = due_ms;
    sort->warn_at_ms.count = 0;
    (void)lw_log_to(d->w, d->broker, &e, (struct jb_stream_add){.node = NODE});
    assert_int_equal(jb_ledger_commit(d->broker), JB_OK);
    lw_deliver(d->w, d->broker, d->agent.ledger);
}

static void tell_replica(struct desk *d, size_t cases)
{
    tell_replica_from(d, 0, (int64_t)cases);
    struct jb_case c;
    assert_int_equal(jb_ledger_case_load(d->agent.ledger, lw_case_no(0), &d->w->arena, &c), JB_OK);
    assert_int_equal(c.deadline_count, 1);
    d->sort = c.deadlines[0];
}

static size_t alarm_count(struct desk *d, struct jb_alarm *newest)
{
    struct jb_alarm *alarms = NULL;
    size_t count = 0;
    int64_t all = 0;

    assert_int_equal(jb_alarm_list(d->agent.ledger, 1, &d->w->arena, &alarms, &count), JB_OK);
    if (newest != NULL && count > 0)
        *newest = alarms[0];
    assert_int_equal(jb_db_number(d->agent.ledger, "SELECT count(*) FROM alarm", &all), JB_OK);
    return (size_t)all;
}

/* One look at this instant, with what follows at once; how many alarms there are afterwards. */
static size_t look_at(struct desk *d, int64_t now_ms, struct jb_alarm *newest)
{
    uv_handle_t *timer = (uv_handle_t *)&d->agent.alarm_timer;

    d->w->now_ms = now_ms;
    jb_agent_alarm_kick(&d->agent);
    do
        (void)uv_run(&d->loop, UV_RUN_NOWAIT);
    while (d->agent.alarm_next_ms == 0 && uv_is_active(timer) &&
           uv_timer_get_due_in(&d->agent.alarm_timer) < SOON_MS);
    return alarm_count(d, newest);
}

/* Looks until one raises nothing more. */
static size_t look_until_done(struct desk *d, int64_t now_ms)
{
    size_t before = 0;
    size_t count = 0;

    while ((count = look_at(d, now_ms, NULL)) != before)
        before = count;
    return count;
}

static void waits(void **state)
{
    static const struct {
        int64_t now, next, check, wait;
    } cases[] = {
        {1000, INT64_MAX, 60000, -1}, /* nothing runs: no timer */
        {1000, 1500, 60000, 500},     /* exactly at the instant */
        {1000, 61000, 60000, 60000},  /* absolute instants are looked at again in time */
        {1000, 900000, 60000, 60000}, {1000, 1000, 60000, 1000},
        {1000, 500, 60000, 1000},     {1000, 500, 300, 300},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(jb_agent_alarm_wait(cases[i].now, cases[i].next, cases[i].check),
                         cases[i].wait);
}

static void each_step_once_and_on_time(void **state)
{
    struct desk *d = *state;
    struct jb_alarm a = {0};

    tell_replica(d, 1);
    const int64_t *warn = d->sort.warn_at_ms;
    assert_true(warn[0] > LW_START_MS && warn[1] > warn[0] && d->sort.due_ms > warn[1]);
    assert_int_equal(look_at(d, warn[0] - 1, &a), 0);
    assert_int_equal(look_at(d, warn[0], &a), 1);
    assert_int_equal(a.step, 1);
    assert_int_equal(a.at_ms, warn[0]);
    assert_string_equal(a.key, "sort");
    assert_int_equal(look_at(d, warn[1] - 1, &a), 1);
    assert_int_equal(look_at(d, warn[1], &a), 2);
    assert_int_equal(a.step, 2);
    assert_int_equal(look_at(d, d->sort.due_ms - 1, &a), 2);
    assert_int_equal(look_at(d, d->sort.due_ms, &a), 3);
    assert_int_equal(a.step, 0);
    assert_int_equal(a.due_ms, d->sort.due_ms);
    assert_int_equal(look_at(d, d->sort.due_ms + 1, &a), 3);
}

/* What a delivery may have changed is looked at alone: the time that takes does not grow with what
 * lies there. */
static void one_case_is_looked_at_alone(void **state)
{
    struct desk *d = *state;
    struct jb_alarm a = {0};

    tell_replica(d, 3);
    assert_int_equal(look_at(d, LW_START_MS, &a), 0);
    d->w->now_ms = d->sort.due_ms + DAY;
    jb_agent_alarm_case(&d->agent, lw_case_no(1));
    jb_agent_alarm_case(&d->agent, lw_case_no(1));
    jb_agent_alarm_case(&d->agent, 0);
    assert_int_equal(alarm_count(d, &a), 1);
    assert_true(a.case_no == lw_case_no(1));
    assert_int_equal(a.step, 0);
    assert_int_equal(d->agent.alarm_next_ms, d->sort.warn_at_ms[0]); /* the others are to come */
    assert_int_equal(look_at(d, d->sort.due_ms + DAY, &a), 3);
}

static void timer_is_set_for_the_next_instant(void **state)
{
    struct desk *d = *state;

    tell_replica(d, 1);
    (void)look_at(d, d->sort.warn_at_ms[0] - 700, NULL);
    assert_true(uv_timer_get_due_in(&d->agent.alarm_timer) <= 700);
    assert_true(uv_timer_get_due_in(&d->agent.alarm_timer) > 0);
    (void)look_at(d, d->sort.warn_at_ms[0] - 10 * CHECK_MS, NULL);
    assert_true(uv_timer_get_due_in(&d->agent.alarm_timer) > CHECK_MS - 1000);
    assert_true(uv_timer_get_due_in(&d->agent.alarm_timer) <= CHECK_MS);
}

static void no_deadline_no_timer(void **state)
{
    struct desk *d = *state;

    assert_int_equal(look_at(d, LW_START_MS, NULL), 0);
    assert_false(uv_is_active((uv_handle_t *)&d->agent.alarm_timer));
}

static void after_a_long_sleep_only_the_highest(void **state)
{
    struct desk *d = *state;
    struct jb_alarm a = {0};

    tell_replica(d, 1);
    assert_int_equal(look_at(d, d->sort.due_ms + INT64_C(86400000), &a), 1);
    assert_int_equal(a.step, 0);
}

static void a_clock_set_back_repeats_nothing(void **state)
{
    struct desk *d = *state;

    tell_replica(d, 1);
    assert_int_equal(look_at(d, d->sort.warn_at_ms[0], NULL), 1);
    assert_int_equal(look_at(d, LW_START_MS, NULL), 1);
    assert_int_equal(look_at(d, d->sort.warn_at_ms[0], NULL), 1);
    assert_int_equal(look_at(d, d->sort.warn_at_ms[1], NULL), 2);
}

static void more_than_one_look_can_take(void **state)
{
    struct desk *d = *state;
    size_t count = 0;

    tell_replica(d, 600);
    for (int looks = 0; looks < 4 && count < 600; looks++)
        count = look_at(d, d->sort.due_ms, NULL);
    assert_int_equal(count, 600);
    assert_int_equal(look_at(d, d->sort.due_ms, NULL), 600);
}

/* Into the outbox: the matter is sent on, so its "sort" will have been met. */
static void send_on(struct desk *d, int64_t case_no)
{
    struct jb_act act = {.kind = JB_ACT_ASSIGN,
                         .case_no = case_no,
                         .custody = 1,
                         .node = HOUSING,
                         .text = {"办", 3}};
    struct jb_submission s = {.user = jb_text_of("张"), .made_at_ms = d->w->now_ms};
    struct jb_outbox_item item = {
        .made_at_ms = s.made_at_ms, .kind = act.kind, .case_no = case_no, .user = s.user};

    assert_int_equal(jb_act_encode(&act, &d->w->arena, &s.act_bytes), JB_OK);
    assert_int_equal(jb_submission_encode(&s, &d->w->arena, &item.body), JB_OK);
    assert_int_equal(jb_outbox_add(d->agent.ledger, &item), JB_OK);
    assert_int_equal(jb_agent_pendings_reserve(&d->agent.pending, 1), JB_OK);
    jb_agent_pendings_add(&d->agent.pending,
                          (struct jb_agent_pending){item.number, case_no, act.kind});
}

/* A long time cut off: the outbox holds the end of more deadlines than one look can take. */
static void what_waits_in_the_outbox_hides_no_alarm(void **state)
{
    enum {
        SENT_ON = 300
    };
    struct desk *d = *state;
    struct jb_alarm a = {0};
    void *part = NULL;

    assert_int_equal(world_open(&part), 0);
    struct world *rules = part;
    tell_replica(d, SENT_ON);
    assert_int_equal(jb_ledger_begin(d->agent.ledger), JB_OK);
    for (int64_t i = 0; i < SENT_ON; i++)
        send_on(d, lw_case_no(i));
    assert_int_equal(jb_ledger_commit(d->agent.ledger), JB_OK);
    tell_replica_from(d, SENT_ON, 1); /* one that was forgotten */
    d->agent.book.book = rules->book;
    int64_t later_ms = d->sort.due_ms + INT64_C(86400000);
    d->agent.book.day = jb_date_of_instant(later_ms).days;
    assert_int_equal(look_at(d, later_ms, &a), 1);
    assert_int_equal(a.case_no, lw_case_no(SENT_ON));
    assert_false(uv_is_active((uv_handle_t *)&d->agent.alarm_timer)); /* verdicts are awaited */
    /* one of them was refused */
    jb_agent_pendings_settle(&d->agent.pending, 1);
    jb_agent_alarm_case(&d->agent, lw_case_no(0));
    assert_int_equal(alarm_count(d, &a), 2);
    assert_int_equal(a.case_no, lw_case_no(0));
    jb_agent_pendings_fini(&d->agent.pending);
    assert_int_equal(world_close(&part), 0);
}

/* Reminders wait for office hours; what is due does not, however many reminders stand before it. */
static void many_reminders_that_wait_hide_no_deadline(void **state)
{
    struct desk *d = *state;
    struct jb_alarm a = {0};
    char never[] = "23:00-23:01";
    int64_t first_ms = d->w->now_ms;

    const int64_t at_once = 850;
    const int64_t waiting = (int64_t)rounds_of(12, 1) * at_once;
    for (int64_t i = 0; i < waiting / at_once; i++)
        tell_replica_from(d, i * at_once, at_once);
    int64_t midnight_ms = jb_date_start_ms(jb_date_of_instant(first_ms + 14 * DAY));
    tell_of_one_due_at(d, waiting, midnight_ms - 1000);
    d->config.office_hours = never;
    assert_int_equal(look_at(d, midnight_ms, &a), 1);
    assert_int_equal(a.case_no, lw_case_no(waiting));
    assert_int_equal(a.step, 0);
    /* as soon as people are there they hear of the others, once each */
    d->config.office_hours = NULL;
    assert_int_equal(look_until_done(d, midnight_ms + 60000), (size_t)waiting + 1);
    assert_int_equal(look_until_done(d, midnight_ms + 120000), (size_t)waiting + 1);
}

/* At night deliveries keep coming, each with a look at its case: what is due all the same is not
 * put off by them, and reminders are there in the morning, also those that had begun before. */
static void deliveries_put_off_no_look(void **state)
{
    struct desk *d = *state;
    struct jb_alarm a = {0};
    char never[] = "23:00-23:01";

    tell_replica(d, 1);
    int64_t night_ms = jb_date_start_ms(jb_date_of_instant(d->sort.warn_at_ms[1] + DAY)) - DAY / 4;
    assert_true(night_ms > d->sort.warn_at_ms[0] && night_ms < d->sort.due_ms);
    assert_int_equal(look_at(d, night_ms, NULL), 1);
    d->config.office_hours = never;
    tell_of_one_due_at(d, 1, night_ms + 500);
    d->w->now_ms = night_ms;
    jb_agent_alarm_case(&d->agent, lw_case_no(1));
    assert_in_range(uv_timer_get_due_in(&d->agent.alarm_timer), 1, 500);
    for (int i = 0; i < 3; i++) {
        jb_agent_alarm_case(&d->agent, lw_case_no(0));
        assert_in_range(uv_timer_get_due_in(&d->agent.alarm_timer), 1, 500);
    }
    d->w->now_ms = LW_START_MS; /* history: its reminder should have come before */
    tell_replica_from(d, 2, 1);
    d->w->now_ms = night_ms;
    jb_agent_alarm_case(&d->agent, lw_case_no(2));
    assert_int_equal(alarm_count(d, NULL), 1);
    d->w->now_ms = night_ms + 500;
    (void)uv_run(&d->loop, UV_RUN_ONCE);
    assert_int_equal(alarm_count(d, &a), 2);
    assert_true(a.case_no == lw_case_no(1));
    d->config.office_hours = NULL;
    d->w->now_ms = night_ms + 1000;
    (void)uv_timer_start(&d->agent.alarm_timer, d->agent.alarm_timer.timer_cb, 0, 0);
    (void)uv_run(&d->loop, UV_RUN_NOWAIT);
    assert_int_equal(alarm_count(d, &a), 3);
    assert_true(a.case_no == lw_case_no(2));
    assert_int_not_equal(a.step, 0);
}

/* ---- the hook ---- */

static void write_hook(struct desk *d, const char *body)
{
    (void)snprintf(d->hook, sizeof d->hook, "%s/hook", d->w->dir);
    FILE *f = fopen(d->hook, "w");
    assert_non_null(f);
    (void)fprintf(f, "#!/bin/sh\n%s\n", body);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(d->hook, 0700), 0);
    d->config.hook = d->hook;
}

static void run_until_idle(struct desk *d)
{
    (void)uv_timer_stop(&d->agent.alarm_timer);
    assert_int_equal(uv_run(&d->loop, UV_RUN_DEFAULT), 0);
}

static size_t lines_of(struct desk *d, const char *name, char first[256])
{
    char line[256];
    size_t count = 0;
    FILE *f = fopen(lw_path(d->w, name), "r");

    if (f == NULL)
        return 0;
    while (fgets(line, sizeof line, f) != NULL)
        if (count++ == 0 && first != NULL)
            memcpy(first, line, sizeof line);
    (void)fclose(f);
    return count;
}

static void hook_gets_its_arguments(void **state)
{
    struct desk *d = *state;
    struct jb_alarm alarm = {.case_no = INT64_C(2026112300007000429),
                             .deadline_id = 3,
                             .step = 2,
                             .due_ms = INT64_C(1764000000000), /* 2025-11-25 00:00 in Shanghai */
                             .key = "handle"};
    char line[256] = "";

    write_hook(d, "echo \"$#|$1|$2|$3|$4|$5|$HOME\" >> \"${0%/*}/out\"");
    jb_agent_hook_run(&d->agent, &alarm);
    run_until_idle(d);
    assert_int_equal(lines_of(d, "out", line), 1);
    assert_string_equal(line, "5|warn|20261123-00007-00042-9|3|handle|2025-11-24 24:00|\n");
}

static void hooks_queue_and_none_is_lost(void **state)
{
    struct desk *d = *state;
    struct jb_alarm alarm = {.case_no = 1, .key = "sort"};

    write_hook(d, "echo x >> \"${0%/*}/out\"");
    for (int i = 0; i < 20; i++)
        jb_agent_hook_run(&d->agent, &alarm);
    run_until_idle(d);
    assert_int_equal(lines_of(d, "out", NULL), 20);
}

static void a_hook_that_hangs_is_killed(void **state)
{
    struct desk *d = *state;
    struct jb_alarm alarm = {.case_no = 1, .key = "sort"};

    d->config.hook_timeout_ms = 50;
    write_hook(d, "sleep 600; echo x >> \"${0%/*}/out\"");
    jb_agent_hook_run(&d->agent, &alarm);
    run_until_idle(d); /* would take ten minutes */
    assert_int_equal(lines_of(d, "out", NULL), 0);
}

static void a_missing_hook_stops_nothing(void **state)
{
    struct desk *d = *state;
    char path[] = "/nonexistent/hook";
    struct jb_alarm alarm = {.case_no = 1, .key = "sort"};

    jb_log_set_level(JB_LOG_ERROR - 1);
    d->config.hook = path;
    for (int i = 0; i < 6; i++)
        jb_agent_hook_run(&d->agent, &alarm);
    run_until_idle(d);
    write_hook(d, "echo x >> \"${0%/*}/out\"");
    jb_agent_hook_run(&d->agent, &alarm);
    run_until_idle(d);
    assert_int_equal(lines_of(d, "out", NULL), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits),
        TEST(each_step_once_and_on_time),
        TEST(one_case_is_looked_at_alone),
        TEST(timer_is_set_for_the_next_instant),
        TEST(no_deadline_no_timer),
        TEST(after_a_long_sleep_only_the_highest),
        TEST(a_clock_set_back_repeats_nothing),
        TEST(more_than_one_look_can_take),
        TEST(what_waits_in_the_outbox_hides_no_alarm),
        TEST(many_reminders_that_wait_hide_no_deadline),
        TEST(deliveries_put_off_no_look),
        TEST(hook_gets_its_arguments),
        TEST(hooks_queue_and_none_is_lost),
        TEST(a_hook_that_hangs_is_killed),
        TEST(a_missing_hook_stops_nothing),
    };
#undef TEST
    return cmocka_run_group_tests_name("agent_alarm", tests, NULL, NULL);
}
