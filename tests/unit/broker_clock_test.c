/* The broker and time: an outage of days, a wall clock that jumps, dates that move with a newer
 * calendar, agencies that are abolished. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "daemon/install.h"
#include "tests/unit/brokerworld.h"

#define HOUR INT64_C(3600000)
#define YEAR (365 * DAY_MS)

/* ---- an outage ---- */

struct fell {
    int64_t at_ms, case_no;
    enum jb_act_kind kind;
    uint32_t deadline, step;
};

static int compare_fell(const void *left, const void *right)
{
    const struct fell *a = left;
    const struct fell *b = right;
    if (a->at_ms != b->at_ms)
        return a->at_ms < b->at_ms ? -1 : 1;
    if (a->case_no != b->case_no)
        return a->case_no < b->case_no ? -1 : 1;
    return (a->deadline > b->deadline) - (a->deadline < b->deadline);
}

/* What the clock has to say about one deadline, found without it. */
static bool expected_of(const struct jb_deadline *d, int64_t now_ms, struct fell *out)
{
    if (d->end != JB_END_OPEN || d->missed_ms != 0)
        return false;
    out->deadline = d->id;
    out->kind = JB_ACT_MISS;
    out->at_ms = d->due_ms;
    out->step = 0;
    if (d->due_ms <= now_ms)
        return true;
    out->kind = JB_ACT_WARN;
    for (uint32_t i = 0; i < JB_WARN_MAX && d->warn_at_ms[i] != 0; i++)
        if (d->warn_at_ms[i] <= now_ms) {
            out->at_ms = d->warn_at_ms[i];
            out->step = i + 1;
        }
    return out->step > d->warned;
}

/* Thirty cases, one each five hours; then the broker is off until far into their clocks. */
static size_t cases_of_a_week(struct world *w, int64_t *numbers)
{
    size_t count = 0;
    for (int i = 0; i < 30; i++) {
        numbers[count++] = register_case(w);
        run_tick(w);
        next_tick(w);
        w->now_ms += 5 * HOUR;
    }
    return count;
}

static void after_an_outage_all_that_fell_fires_once_in_order(void **state)
{
    static const size_t batches[] = {512, 7, 1};
    static const int64_t outages[] = {3 * DAY_MS, 9 * DAY_MS + 7 * HOUR, 13 * DAY_MS};
    struct world *w = *state;
    for (size_t round = 0; round < 3; round++) {
        int64_t numbers[32];
        struct fell expected[64] = {{0}};
        size_t count = 0;
        size_t cases = cases_of_a_week(w, numbers);
        w->now_ms += outages[round];
        for (size_t i = 0; i < cases; i++) {
            struct jb_case c = load_case(w, numbers[i]);
            for (size_t k = 0; k < c.deadline_count; k++) {
                expected[count].case_no = c.case_no;
                if (expected_of(&c.deadlines[k], w->now_ms, &expected[count]))
                    count++;
            }
        }
        qsort(expected, count, sizeof expected[0], compare_fell);
        uint64_t first = jb_log_last_seq(w->b.ledger) + 1;
        size_t fired = run_clock(w, batches[round]);
        size_t at = 0;
        for (uint64_t seq = first; seq < first + fired; seq++) {
            struct jb_entry e = log_entry(w, seq);
            bool known = false; /* cases of earlier rounds go on as well */
            for (size_t i = 0; i < cases; i++)
                known = known || numbers[i] == e.act.case_no;
            if (!known)
                continue;
            assert_true(at < count);
            if (e.act.case_no != expected[at].case_no || e.act.kind != expected[at].kind ||
                e.act.fell_ms != expected[at].at_ms || e.act.step_no != expected[at].step)
                fail_msg("round %zu, %zu: %s of %lld at %lld, not %lld at %lld", round, at,
                         jb_act_kind_name(e.act.kind), (long long)e.act.case_no,
                         (long long)e.act.fell_ms, (long long)expected[at].case_no,
                         (long long)expected[at].at_ms);
            assert_int_equal(e.at_ms, w->now_ms);
            at++;
        }
        assert_int_equal(at, count);
        assert_true(round == 0 || count > 10);
        assert_int_equal(run_clock(w, 512), 0);
    }
}

/* Hand-overs that nobody signs for: reminders, alarms, a dispute; still in the order of instants,
 * and what follows from one act comes after it. */
static void acts_that_draw_clocks_keep_the_order(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 12; i++) {
        int64_t no = register_case(w);
        assign(w, no, 1, i % 2 ? HOUSING : LABOUR);
        run_tick(w);
        next_tick(w);
        w->now_ms += 7 * HOUR;
    }
    w->now_ms += 20 * DAY_MS;
    uint64_t first = jb_log_last_seq(w->b.ledger) + 1;
    size_t fired = run_clock(w, 5);
    int64_t last_ms = 0;
    size_t undelivered = 0;
    assert_true(fired > 40);
    for (uint64_t seq = first; seq < first + fired; seq++) {
        struct jb_entry e = log_entry(w, seq);
        if (e.act.fell_ms == 0)
            continue;
        assert_true(e.act.fell_ms >= last_ms && e.act.fell_ms <= w->now_ms);
        last_ms = e.act.fell_ms;
        undelivered += e.act.kind == JB_ACT_UNDELIVERED;
    }
    assert_int_equal(undelivered, 12);
    assert_int_equal(w->b.count.undelivered, 12);
    assert_int_equal(run_clock(w, 5), 0);
}

/* The receipt was on record when the alarm was due: no alarm, the receipt is told. */
static void a_delivered_hand_over_raises_no_alarm(void **state)
{
    struct world *w = *state;
    int64_t no = register_case(w);
    assign(w, no, 1, HOUSING);
    run_tick(w);
    next_tick(w);
    w->now_ms += HOUR;
    acknowledge(w, HOUSING);
    run_tick(w);
    next_tick(w);
    int64_t stored = w->now_ms;
    w->now_ms += 40 * DAY_MS;
    uint64_t first = jb_log_last_seq(w->b.ledger) + 1;
    size_t fired = run_clock(w, 512);
    size_t received = 0;
    for (uint64_t seq = first; seq < first + fired; seq++) {
        struct jb_entry e = log_entry(w, seq);
        assert_int_not_equal(e.act.kind, JB_ACT_UNDELIVERED);
        if (e.act.kind != JB_ACT_RECEIVED)
            continue;
        received++;
        assert_int_equal(e.act.at_ms, stored);
    }
    assert_int_equal(received, 1);
    struct jb_case c = load_case(w, no);
    assert_null(jb_case_open_deadline(&c, "deliver"));
}

/* ---- a wall clock that jumps ---- */

static int64_t mono_ms;
static const struct jb_clock_witness clock_witness = {.user = {"clock", 5}};

static void start_keeper(struct world *w)
{
    int64_t last_ms = 0;
    assert_int_equal(jb_log_last_at(w->b.ledger, &last_ms), JB_OK);
    mono_ms = 1;
    w->b.keeper = (struct jb_keeper){.wall = jb_clock_fixed(&w->now_ms),
                                     .mono = jb_clock_fixed(&mono_ms),
                                     .step_max_ms = 600000};
    jb_keeper_start(&w->b.keeper, last_ms, 30 * DAY_MS);
}

static void pass(struct world *w, int64_t ms)
{
    w->now_ms += ms;
    mono_ms += ms;
}

static void a_jump_of_a_year_fires_nothing_early_and_skips_nothing(void **state)
{
    static const int64_t jumps[] = {YEAR, -YEAR};
    struct world *w = *state;
    start_keeper(w);
    for (size_t i = 0; i < 2; i++) {
        int64_t no = register_case(w);
        run_tick(w);
        next_tick(w);
        struct jb_case c = load_case(w, no);
        int64_t due = jb_case_open_deadline(&c, "sort")->due_ms;
        w->now_ms += jumps[i];
        size_t fired = run_clock(w, 512);
        assert_int_equal(fired, 0);
        assert_true(jb_clockwork_record(&w->b, &clock_witness));
        run_tick(w);
        next_tick(w);
        struct jb_entry e = log_entry(w, jb_log_last_seq(w->b.ledger));
        assert_int_equal(e.act.kind, JB_ACT_CLOCK_STEP);
        assert_int_equal(e.act.after_ms - e.act.before_ms, jumps[i]);
        assert_int_equal(e.at_ms, e.act.before_ms); /* decided with trusted time */
        /* sixteen days later, in doubt all the while: everything fell at its own time */
        uint64_t first = jb_log_last_seq(w->b.ledger) + 1;
        for (int64_t hours = 0; hours < 16 * 24; hours++) {
            pass(w, HOUR);
            (void)run_clock(w, 512);
        }
        size_t missed = 0;
        int64_t last_ms = 0;
        for (uint64_t seq = first; seq <= jb_log_last_seq(w->b.ledger); seq++) {
            e = log_entry(w, seq);
            assert_true(e.at_ms >= last_ms);
            last_ms = e.at_ms;
            assert_in_range(e.at_ms - e.act.fell_ms, 0, HOUR);
            missed += e.act.case_no == no && e.act.kind == JB_ACT_MISS;
            if (e.act.case_no == no && e.act.kind == JB_ACT_MISS)
                assert_int_equal(e.act.fell_ms, due);
        }
        assert_int_equal(missed, 1);
        assert_int_not_equal(w->b.keeper.doubt, JB_DOUBT_NONE);
        w->now_ms -= jumps[i];
        assert_int_equal(jb_broker_now(&w->b), w->now_ms);
        assert_int_equal(w->b.keeper.doubt, JB_DOUBT_NONE);
        (void)jb_clockwork_record(&w->b, &clock_witness);
        run_tick(w);
        next_tick(w);
    }
}

/* ---- dates that move ---- */

static struct jb_text next_year(struct world *w)
{
    struct jb_text text =
        file_with(w, "deploy/calendar/cn.ini", "covers_to = 2026-12-31", "covers_to = 2027-12-31");
    char *copy = jb_arena_alloc(&w->arena, text.len + 256);
    char *version;
    assert_non_null(copy);
    memcpy(copy, text.data, text.len);
    version = strstr(copy, "\nversion = ");
    assert_non_null(version);
    memcpy(version + 11, "n", 1); /* another name */
    char *off = strstr(copy, "\n[off]\n");
    assert_non_null(off);
    static const char days[] = "2027-01-01 = 元旦\n2027-01-04 = 元旦\n2027-01-05 = 元旦\n";
    memmove(off + 7 + sizeof days - 1, off + 7, strlen(off + 7) + 1);
    memcpy(off + 7, days, sizeof days - 1);
    return jb_text_of(copy);
}

static void provisional_dates_are_counted_again_once(void **state)
{
    struct world *w = *state;
    int64_t numbers[5];
    w->now_ms += 36 * DAY_MS; /* 29 December: five working days reach into a year without notice */
    for (size_t i = 0; i < 5; i++) {
        numbers[i] = register_case(w);
        assign(w, numbers[i], 1, HOUSING);
    }
    run_tick(w);
    next_tick(w);
    struct jb_case before = load_case(w, numbers[0]);
    struct jb_deadline old = *jb_case_open_deadline(&before, "object");
    assert_true(old.provisional);

    struct jb_text calendar = next_year(w);
    struct jb_forecast forecast;
    struct jb_fault fault = {""};
    if (jb_forecast_calendar(w->b.reader, calendar, w->now_ms, &forecast, &fault) != JB_OK)
        fail_msg("%s", fault.text);
    uint64_t seq = jb_log_last_seq(w->b.ledger);
    install(w, false, calendar);
    assert_int_equal(jb_log_last_seq(w->b.ledger), seq + 1);

    jb_sweep_recount(&w->b);
    size_t recounted = run_sweep(w);
    assert_int_equal(recounted, w->b.count.recounted);
    size_t moved = 0;
    for (uint64_t at = seq + 2; at <= jb_log_last_seq(w->b.ledger); at++) {
        struct jb_entry e = log_entry(w, at);
        assert_int_equal(e.act.kind, JB_ACT_RECOUNT);
        assert_int_equal(e.effect_count, 1);
        assert_int_equal(e.effects[0].kind, JB_EFFECT_DEADLINE_MOVED);
        moved += e.effects[0].due_ms != e.effects[0].old_due_ms;
    }
    assert_int_equal(forecast.moved, moved);
    assert_true(moved >= 5);
    struct jb_case c = load_case(w, numbers[0]);
    const struct jb_deadline *now = jb_case_deadline(&c, old.id);
    assert_int_equal(now->due_ms, old.due_ms + 3 * DAY_MS); /* the holidays and nothing else */
    assert_false(now->provisional);
    assert_int_equal(now->first_due_ms, old.first_due_ms);
    /* again, as after a crash: nothing is left to say */
    jb_sweep_recount(&w->b);
    assert_int_equal(run_sweep(w), 0);
}

/* ---- abolished agencies ---- */

static void cases_of_an_abolished_agency_go_to_its_successor(void **state)
{
    struct world *w = *state;
    int64_t numbers[3];
    for (size_t i = 0; i < 3; i++) {
        numbers[i] = register_case(w);
        assign(w, numbers[i], 1, HOUSING);
    }
    run_tick(w);
    next_tick(w);
    struct jb_act retire = {
        .kind = JB_ACT_RETIRE_NODE, .node = HOUSING, .valid_to_ms = w->now_ms + DAY_MS};
    uint64_t seq = jb_log_last_seq(w->b.ledger);
    admin(w, &retire); /* it still answers for three cases */
    run_tick(w);
    next_tick(w);
    assert_int_equal(jb_log_last_seq(w->b.ledger), seq);
    retire.successor = LABOUR;
    admin(w, &retire);
    run_tick(w);
    next_tick(w);
    assert_int_equal(jb_log_last_seq(w->b.ledger), seq + 1);
    jb_sweep_succeed(&w->b);
    assert_int_equal(run_sweep(w), 0); /* it is in force until tomorrow */
    w->now_ms += DAY_MS;
    (void)jb_sweep_queue(&w->b, w->now_ms); /* its last instant has gone by: noticed */
    run_tick(w);
    next_tick(w);
    (void)run_sweep(w);
    assert_int_equal(w->b.count.succeeded, 3);
    for (size_t i = 0; i < 3; i++) {
        struct jb_case c = load_case(w, numbers[i]);
        assert_int_equal(c.host, LABOUR);
        for (size_t k = 0; k < c.deadline_count; k++)
            if (c.deadlines[k].end == JB_END_OPEN)
                assert_int_not_equal(c.deadlines[k].node, HOUSING);
    }
    jb_sweep_succeed(&w->b);
    assert_int_equal(run_sweep(w), 0);
}

/* An agency that gets a case in the very batch in which it is to retire. */
static void duties_of_the_same_batch_count(void **state)
{
    struct world *w = *state;
    int64_t no = register_case(w);
    assign(w, no, 1, HOUSING);
    struct jb_act retire = {
        .kind = JB_ACT_RETIRE_NODE, .node = HOUSING, .valid_to_ms = w->now_ms + DAY_MS};
    admin(w, &retire);
    run_tick(w);
    assert_int_equal(w->b.fill->ops[w->b.fill->op_count - 1].kind, JB_OP_REFUSAL);
    assert_int_equal(w->b.verdict.refusal, JB_REFUSE_SUCCESSOR_REQUIRED);
    next_tick(w);
}

/* A case that came after the end was set, without a successor: who goes on is named later. */
static void a_successor_can_be_named_after_the_end(void **state)
{
    struct world *w = *state;
    struct jb_act retire = {
        .kind = JB_ACT_RETIRE_NODE, .node = LABOUR, .valid_to_ms = w->now_ms + DAY_MS};
    admin(w, &retire);
    run_tick(w);
    next_tick(w);
    int64_t no = register_case(w);
    assign(w, no, 1, LABOUR);
    run_tick(w);
    next_tick(w);
    w->now_ms += 2 * DAY_MS;
    (void)jb_sweep_queue(&w->b, w->now_ms);
    (void)run_sweep(w);
    struct jb_case c = load_case(w, no);
    if (c.host != LABOUR)
        return; /* the rules refused it: nobody hands over to an agency that ends */
    retire.successor = HOUSING;
    admin(w, &retire);
    run_tick(w);
    assert_int_equal(w->b.verdict.refusal, JB_REFUSE_NONE);
    next_tick(w);
    jb_sweep_succeed(&w->b);
    (void)run_sweep(w);
    c = load_case(w, no);
    assert_int_equal(c.host, HOUSING);
}

/* A directive that waits for an agency without a clock of its own. */
static void a_directive_without_a_clock_is_a_duty_as_well(void **state)
{
    struct world *w = *state;
    int64_t no = register_case(w);
    assign(w, no, 1, HOUSING);
    run_tick(w);
    next_tick(w);
    struct jb_case c = load_case(w, no);
    assert_true(c.directive_count > 0);
    const struct jb_effect more = {.kind = JB_EFFECT_TARGET_SET,
                                   .directive = c.directives[0].id,
                                   .node = LABOUR,
                                   .target = JB_TARGET_ISSUED};
    struct jb_act retire = {
        .kind = JB_ACT_RETIRE_NODE, .node = LABOUR, .valid_to_ms = w->now_ms + DAY_MS};
    accept_effects(w, no, &more, 1);
    admin(w, &retire);
    run_tick(w);
    assert_int_equal(w->b.verdict.refusal, JB_REFUSE_SUCCESSOR_REQUIRED);
    next_tick(w);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        T(after_an_outage_all_that_fell_fires_once_in_order),
        T(acts_that_draw_clocks_keep_the_order),
        T(a_delivered_hand_over_raises_no_alarm),
        T(a_jump_of_a_year_fires_nothing_early_and_skips_nothing),
        T(provisional_dates_are_counted_again_once),
        T(cases_of_an_abolished_agency_go_to_its_successor),
        T(duties_of_the_same_batch_count),
        T(a_successor_can_be_named_after_the_end),
        T(a_directive_without_a_clock_is_a_duty_as_well),
    };
#undef T
    return cmocka_run_group_tests_name("broker_clock", tests, NULL, NULL);
}
