/* Clocks that run: extension, receipt, warn steps, misses; and which entries are duties. */
#include "tests/unit/rules_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct jb_deadline *last_deadline(struct world *w, const char *key)
{
    for (size_t i = w->c.deadline_count; i > 0; i--) {
        if (strcmp(w->c.deadlines[i - 1].key, key) == 0)
            return &w->c.deadlines[i - 1];
    }
    fail_msg("there never was a deadline \"%s\"", key);
    return NULL;
}

static bool is_open(struct world *w, const char *key)
{
    return jb_case_open_deadline(&w->c, key) != NULL;
}

static void forward(struct world *w)
{
    world_bring(w, JB_STAGE_REGISTERED);
    world_do(w, OFFICE, ACT(FORWARD, .node = HOUSING));
}

static void back_to_monday(struct world *w)
{
    w->now_ms = local("2026-03-02 10:00");
}

/* ---- extension, receipt, clock -------------------------------------------------------------- */

static void an_extension_moves_the_day_once(void **state)
{
    struct world *w = *state;
    struct jb_deadline d;

    back_to_monday(w);
    world_bring(w, JB_STAGE_ACCEPTED);
    world_do(w, HOUSING,
             ACT(EXTEND, .days = 30, .reason = T("复杂"), .approved_by = T("李"),
                 .told_at_ms = w->now_ms));
    d = *world_deadline(w, "handle");
    assert_int_equal(d.first_due_ms, local("2026-05-01 24:00"));
    assert_int_equal(d.due_ms, local("2026-05-31 24:00"));
    assert_int_equal(d.extensions, 1);
    assert_int_equal(d.extended_days, 30);
    assert_int_equal(d.warn_at_ms[0], local("2026-05-16 24:00"));
    world_do(w, OFFICE,
             ACT(EXTEND, .deadline_id = world_deadline(w, "assigned")->id, .days = 5,
                 .reason = T("x"), .approved_by = T("y")));
    assert_int_equal(world_deadline(w, "assigned")->due_ms, local("2026-05-06 24:00"));
}

static void the_reasons_of_an_extension_are_told(void **state)
{
    struct world *w = *state;
    struct jb_act act = *ACT(EXTEND, .days = 5, .reason = T("复杂"), .approved_by = T("李"));

    back_to_monday(w);
    world_bring(w, JB_STAGE_ACCEPTED);
    world_refused(w, HOUSING, &act, JB_REFUSE_NOT_TOLD);
    act.told_at_ms = w->now_ms + JB_DAY_MS;
    world_refused(w, HOUSING, &act, JB_REFUSE_CLOCK_IMPLAUSIBLE);
    act.told_at_ms = 0;
    w->c.flags |= JB_FLAG_UNREACHABLE; /* nobody could be told */
    world_do(w, HOUSING, &act);
}

/* Whatever policy is in force by now, the one of the trigger says what may be extended. */
static void an_extension_is_that_of_the_stored_version(void **state)
{
    struct world *w = *state;
    struct jb_policy stricter = *w->policy;
    const struct jb_policy *list[] = {w->policy, &stricter};
    struct jb_act act = *ACT(EXTEND, .days = 30, .reason = T("复杂"), .approved_by = T("李"));

    back_to_monday(w);
    world_bring(w, JB_STAGE_ACCEPTED);
    stricter.version = T("2026-03-03.1");
    stricter.effective_from_ms = local("2026-03-03 00:00");
    ((struct jb_policy_row *)jb_policy_row(&stricter, "handle"))->extension_days = 10;
    w->book.policies = list;
    w->book.policy_count = 2;
    w->now_ms = local("2026-03-04 10:00");
    act.told_at_ms = w->now_ms;
    world_do(w, HOUSING, &act);
    world_bring(w, JB_STAGE_ACCEPTED); /* triggered under the new one */
    world_refused(w, HOUSING, &act, JB_REFUSE_EXTENSION_TOO_LONG);
    act.days = 10;
    world_do(w, HOUSING, &act);
    w->book.policies = NULL;
    w->book.policy_count = 0;
    back_to_monday(w);
}

/* What somebody laid on an agency is his to extend, not the agency's. */
static void a_period_is_extended_by_whoever_set_it(void **state)
{
    struct world *w = *state;
    struct jb_act act = *ACT(EXTEND, .days = 15, .reason = T("复杂"), .approved_by = T("李"));

    back_to_monday(w);
    world_bring(w, JB_STAGE_ACCEPTED);
    world_do(w, OFFICE,
             ACT(ISSUE_DIRECTIVE, .power = JB_POWER_SUPERVISE, .demand = JB_DEMAND_PROGRESS,
                 .node = HOUSING, .text = T("报告进度")));
    act.deadline_id = world_deadline(w, "supervise")->id;
    assert_int_equal(world_deadline(w, "supervise")->node, HOUSING);
    world_refused(w, HOUSING, &act, JB_REFUSE_WRONG_PARTY);
    world_do(w, OFFICE, &act);
    assert_int_equal(world_deadline(w, "supervise")->due_ms, local("2026-04-01 24:00"));
    world_do(w, OFFICE,
             ACT(OPEN_DOCKET, .docket_no = T("督〔2026〕1号"), .step = JB_STEP_SUPERVISE,
                 .node = HOUSING, .text = T("督办")));
    act.deadline_id = world_deadline(w, "docket")->id;
    world_refused(w, HOUSING, &act, JB_REFUSE_WRONG_PARTY);
    world_do(w, OFFICE, &act);
}

static void counting_starts_with_receipt(void **state)
{
    struct world *w = *state;

    back_to_monday(w);
    world_bring(w, JB_STAGE_SENT);
    w->now_ms = local("2026-03-05 08:00");
    world_refused(w, BROKER, ACT(RECEIVED, .node = LAND, .at_ms = w->now_ms),
                  JB_REFUSE_ALREADY_DONE);
    world_refused(w, BROKER, ACT(RECEIVED, .node = HOUSING, .at_ms = w->now_ms + 1),
                  JB_REFUSE_VALUE_OUT_OF_RANGE);
    world_refused(w, BROKER, ACT(RECEIVED, .node = HOUSING, .at_ms = w->now_ms, .log_seq = 1),
                  JB_REFUSE_ALREADY_DONE);
    world_do(w, BROKER,
             ACT(RECEIVED, .node = HOUSING, .at_ms = w->now_ms, .log_seq = w->c.sent_seq));
    assert_int_equal(world_deadline(w, "notify")->due_ms, local("2026-03-20 24:00"));
    assert_int_equal(world_deadline(w, "notify")->first_due_ms, local("2026-03-17 24:00"));
    assert_int_equal(world_deadline(w, "object")->due_ms, local("2026-03-12 24:00"));
    assert_int_equal(world_deadline(w, "sign")->due_ms, local("2026-03-10 24:00"));
    assert_int_equal(world_deadline(w, "silence")->due_ms, local("2026-03-12 24:00"));
    assert_int_equal(world_deadline(w, "assigned")->due_ms, local("2026-05-01 24:00"));
    assert_false(is_open(w, "deliver"));
    assert_int_equal(last_deadline(w, "deliver")->end, JB_END_MET);
    world_refused(w, BROKER, ACT(RECEIVED, .node = HOUSING, .at_ms = w->now_ms),
                  JB_REFUSE_ALREADY_DONE);
    back_to_monday(w);
}

/* On the day of sending nothing is counted anew, but the hand-over is delivered. */
static void a_receipt_on_the_same_day_delivers(void **state)
{
    struct world *w = *state;
    int64_t due_ms;

    back_to_monday(w);
    world_bring(w, JB_STAGE_SENT);
    due_ms = world_deadline(w, "notify")->due_ms;
    w->now_ms += 1000;
    world_do(w, BROKER, ACT(RECEIVED, .node = HOUSING, .at_ms = w->now_ms));
    assert_int_equal(last_deadline(w, "deliver")->end, JB_END_MET);
    assert_int_equal(last_deadline(w, "deliver")->ended_ms, w->now_ms);
    assert_int_equal(world_deadline(w, "notify")->due_ms, due_ms);
    back_to_monday(w);
}

/* Rule 8.8: it remains the sender's duty and raises an alarm at half of its limit. */
static void an_undelivered_hand_over_raises_an_alarm(void **state)
{
    struct world *w = *state;
    struct jb_act act = *ACT(UNDELIVERED, .node = HOUSING);
    const struct jb_deadline *d;

    back_to_monday(w);
    world_bring(w, JB_STAGE_SENT);
    d = world_deadline(w, "deliver");
    assert_int_equal(d->node, OFFICE);
    world_refused(w, BROKER, &act, JB_REFUSE_VALUE_OUT_OF_RANGE);
    w->now_ms = d->due_ms;
    act.node = LAND;
    world_refused(w, BROKER, &act, JB_REFUSE_ALREADY_DONE);
    act.node = HOUSING;
    world_do(w, BROKER, &act);
    assert_int_equal(world_deadline(w, "deliver")->missed_ms, d->due_ms);
    world_refused(w, BROKER, &act, JB_REFUSE_ALREADY_DONE);
    w->now_ms += JB_DAY_MS; /* it arrives after all */
    world_do(w, BROKER, ACT(RECEIVED, .node = HOUSING, .at_ms = w->now_ms));
    assert_int_equal(last_deadline(w, "deliver")->end, JB_END_MET_LATE);
    back_to_monday(w);
}

/* The broker was down when the alarm would have fallen, but the receipt is from before. */
static void a_receipt_in_time_counts_as_in_time(void **state)
{
    struct world *w = *state;
    const struct jb_deadline *d;
    int64_t at_ms;

    back_to_monday(w);
    world_bring(w, JB_STAGE_SENT);
    at_ms = w->now_ms + JB_DAY_MS;
    w->now_ms = world_deadline(w, "deliver")->due_ms + JB_DAY_MS;
    world_do(w, BROKER, ACT(RECEIVED, .node = HOUSING, .at_ms = at_ms));
    d = last_deadline(w, "deliver");
    assert_int_equal(d->end, JB_END_MET);
    assert_int_equal(d->missed_ms, 0);
    assert_int_equal(d->ended_ms, at_ms);
    back_to_monday(w);
}

static void a_very_late_receipt_gives_the_rights_back(void **state)
{
    struct world *w = *state;

    back_to_monday(w);
    world_bring(w, JB_STAGE_SENT);
    w->now_ms = local("2026-03-25 08:00");
    world_tick(w);
    assert_int_not_equal(world_deadline(w, "notify")->missed_ms, 0);
    assert_false(is_open(w, "object"));
    world_do(w, BROKER, ACT(RECEIVED, .node = HOUSING, .at_ms = w->now_ms));
    assert_int_equal(world_deadline(w, "notify")->missed_ms, 0);
    assert_int_equal(world_deadline(w, "notify")->due_ms, local("2026-04-09 24:00"));
    assert_int_equal(world_deadline(w, "object")->due_ms, local("2026-04-01 24:00"));
    world_refused(w, BROKER, ACT(RECEIVED, .node = HOUSING, .at_ms = w->now_ms),
                  JB_REFUSE_ALREADY_DONE);
    world_do(w, HOUSING, ACT(OBJECT, .reason = T("x")));
    back_to_monday(w);
}

static void a_clock_handed_on_is_not_restarted_by_receipt(void **state)
{
    struct world *w = *state;
    int64_t due_ms;

    back_to_monday(w);
    forward(w);
    due_ms = world_deadline(w, "notify")->due_ms;
    w->now_ms += JB_DAY_MS;
    world_do(w, HOUSING, ACT(HANDOVER, .node = LAND));
    w->now_ms += JB_DAY_MS;
    world_do(w, BROKER, ACT(RECEIVED, .node = LAND, .at_ms = w->now_ms));
    assert_int_equal(world_deadline(w, "notify")->due_ms, due_ms);
    assert_int_equal(world_deadline(w, "object")->trigger_ms, w->now_ms);
    back_to_monday(w);
}

static void the_clock_warns_in_steps_and_coalesces(void **state)
{
    struct world *w = *state;
    struct jb_act acts[8];

    back_to_monday(w);
    world_bring(w, JB_STAGE_REGISTERED);
    assert_int_equal(jb_clock_acts(&w->c, w->now_ms, acts, 8), 0);
    assert_int_equal(jb_deadline_next_ms(&w->c.deadlines[0]), local("2026-03-12 24:00"));
    w->now_ms = local("2026-03-12 23:59");
    assert_int_equal(jb_clock_acts(&w->c, w->now_ms, acts, 8), 0);
    w->now_ms = local("2026-03-15 12:00"); /* two steps have fallen */
    assert_int_equal(jb_clock_acts(&w->c, w->now_ms, acts, 8), 1);
    assert_int_equal(acts[0].kind, JB_ACT_WARN);
    assert_int_equal(acts[0].step_no, 2);
    assert_int_equal(acts[0].fell_ms, local("2026-03-14 24:00"));
    world_do(w, BROKER, &acts[0]);
    world_refused(w, BROKER, &acts[0], JB_REFUSE_ALREADY_DONE);
    world_refused(w, BROKER, ACT(WARN, .deadline_id = 1, .step_no = 3),
                  JB_REFUSE_VALUE_OUT_OF_RANGE);
    w->now_ms = local("2026-03-20 00:00"); /* the third step and the due instant: only the miss */
    assert_int_equal(jb_clock_acts(&w->c, w->now_ms, acts, 8), 1);
    assert_int_equal(acts[0].kind, JB_ACT_MISS);
    assert_int_equal(acts[0].fell_ms, local("2026-03-17 24:00"));
    world_do(w, BROKER, &acts[0]);
    assert_int_equal(w->c.deadlines[0].missed_ms, local("2026-03-17 24:00"));
    assert_int_equal(jb_deadline_next_ms(&w->c.deadlines[0]), INT64_MAX);
    assert_int_equal(jb_clock_acts(&w->c, w->now_ms, acts, 8), 0);
    world_refused(w, BROKER, &acts[0], JB_REFUSE_ALREADY_DONE);
    back_to_monday(w);
}

static void the_clock_speaks_in_order_of_instants(void **state)
{
    struct world *w = *state;
    struct jb_act acts[8], first[2];

    back_to_monday(w);
    world_bring(w, JB_STAGE_SENT);
    w->now_ms = local("2026-04-20 00:00"); /* object, notify due; assigned warned */
    assert_int_equal(jb_clock_acts(&w->c, w->now_ms, acts, 8), 7);
    assert_int_equal(acts[0].deadline_id, world_deadline(w, "sign")->id);
    assert_int_equal(acts[1].deadline_id, world_deadline(w, "object")->id);
    assert_int_equal(acts[2].deadline_id, world_deadline(w, "silence")->id);
    assert_int_equal(acts[3].kind, JB_ACT_UNDELIVERED);
    assert_int_equal(acts[4].deadline_id, world_deadline(w, "notify")->id);
    assert_int_equal(acts[5].deadline_id, world_deadline(w, "co-answer")->id);
    assert_int_equal(acts[6].kind, JB_ACT_WARN);
    assert_int_equal(acts[6].deadline_id, world_deadline(w, "assigned")->id);
    for (size_t i = 1; i < 7; i++)
        assert_true(acts[i].fell_ms >= acts[i - 1].fell_ms);
    assert_int_equal(jb_clock_acts(&w->c, w->now_ms, first, 2), 2);
    assert_int_equal(first[0].deadline_id, acts[0].deadline_id);
    assert_int_equal(first[1].deadline_id, acts[1].deadline_id);
    assert_int_equal(jb_clock_acts(&w->c, w->now_ms, first, 1), 1);
    assert_int_equal(first[0].deadline_id, acts[0].deadline_id);
    assert_int_equal(jb_clock_acts(&w->c, w->now_ms, first, 0), 0);
    world_tick(w);
    /* A right lapses, a duty is missed. */
    assert_int_equal(last_deadline(w, "object")->end, JB_END_CANCELLED);
    assert_int_equal(last_deadline(w, "object")->missed_ms, 0);
    assert_int_not_equal(world_deadline(w, "notify")->missed_ms, 0);
    back_to_monday(w);
}

static void duties_are_recognised(void **state)
{
    struct world *w = *state;
    struct jb_entry entry = {0};

    back_to_monday(w);
    world_bring(w, JB_STAGE_REGISTERED);
    (void)world_ask(w, OFFICE, ACT(ASSIGN, .node = HOUSING));
    entry.effects = w->v.effects.at;
    entry.effect_count = w->v.effects.count;
    assert_true(jb_entry_is_duty(&entry, HOUSING));
    assert_false(jb_entry_is_duty(&entry, OFFICE));
    assert_false(jb_entry_is_duty(&entry, LAND));
    entry.effects =
        &(struct jb_effect){.kind = JB_EFFECT_TARGET_SET, .node = LAND, .target = JB_TARGET_ISSUED};
    entry.effect_count = 1;
    assert_true(jb_entry_is_duty(&entry, LAND));
    assert_false(jb_entry_is_duty(&entry, HOUSING));
    entry.effects = &(struct jb_effect){
        .kind = JB_EFFECT_TARGET_SET, .node = LAND, .target = JB_TARGET_CLEARED};
    assert_false(jb_entry_is_duty(&entry, LAND));
    entry.effects = w->v.effects.at;
    (void)world_ask(w, OFFICE, ACT(NOTE, .text = T("x")));
    entry.effect_count = w->v.effects.count;
    assert_false(jb_entry_is_duty(&entry, HOUSING));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_extension_moves_the_day_once),
        cmocka_unit_test(the_reasons_of_an_extension_are_told),
        cmocka_unit_test(an_extension_is_that_of_the_stored_version),
        cmocka_unit_test(a_period_is_extended_by_whoever_set_it),
        cmocka_unit_test(counting_starts_with_receipt),
        cmocka_unit_test(a_receipt_on_the_same_day_delivers),
        cmocka_unit_test(an_undelivered_hand_over_raises_an_alarm),
        cmocka_unit_test(a_receipt_in_time_counts_as_in_time),
        cmocka_unit_test(a_very_late_receipt_gives_the_rights_back),
        cmocka_unit_test(a_clock_handed_on_is_not_restarted_by_receipt),
        cmocka_unit_test(the_clock_warns_in_steps_and_coalesces),
        cmocka_unit_test(the_clock_speaks_in_order_of_instants),
        cmocka_unit_test(duties_are_recognised),
    };
    return cmocka_run_group_tests_name("decide_clock", tests, world_open, world_close);
}
