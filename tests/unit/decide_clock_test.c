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
    world_do(w, HOUSING, ACT(EXTEND, .days = 30, .reason = T("复杂"), .approved_by = T("李")));
    d = *world_deadline(w, "handle");
    assert_int_equal(d.first_due_ms, local("2026-05-01 24:00"));
    assert_int_equal(d.due_ms, local("2026-05-31 24:00"));
    assert_int_equal(d.extensions, 1);
    assert_int_equal(d.warn_at_ms[0], local("2026-05-16 24:00"));
    world_do(w, OFFICE,
             ACT(EXTEND, .deadline_id = world_deadline(w, "assigned")->id, .days = 5,
                 .reason = T("x"), .approved_by = T("y")));
    assert_int_equal(world_deadline(w, "assigned")->due_ms, local("2026-05-06 24:00"));
}

static void counting_starts_with_receipt(void **state)
{
    struct world *w = *state;

    back_to_monday(w);
    world_bring(w, JB_STAGE_SENT);
    world_refused(w, BROKER, ACT(RECEIVED, .node = HOUSING, .at_ms = w->now_ms),
                  JB_REFUSE_ALREADY_DONE);
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
    assert_int_equal(world_deadline(w, "assigned")->due_ms, local("2026-05-01 24:00"));
    world_refused(w, BROKER, ACT(RECEIVED, .node = HOUSING, .at_ms = w->now_ms),
                  JB_REFUSE_ALREADY_DONE);
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
    assert_int_equal(jb_clock_acts(&w->c, w->now_ms, acts, 8), 3);
    assert_int_equal(acts[0].deadline_id, world_deadline(w, "object")->id);
    assert_int_equal(acts[1].deadline_id, world_deadline(w, "notify")->id);
    assert_int_equal(acts[2].kind, JB_ACT_WARN);
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
    (void)world_ask(w, OFFICE, ACT(NOTE, .text = T("x")));
    entry.effect_count = w->v.effects.count;
    assert_false(jb_entry_is_duty(&entry, HOUSING));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_extension_moves_the_day_once),
        cmocka_unit_test(counting_starts_with_receipt),
        cmocka_unit_test(a_very_late_receipt_gives_the_rights_back),
        cmocka_unit_test(a_clock_handed_on_is_not_restarted_by_receipt),
        cmocka_unit_test(the_clock_warns_in_steps_and_coalesces),
        cmocka_unit_test(the_clock_speaks_in_order_of_instants),
        cmocka_unit_test(duties_are_recognised),
    };
    return cmocka_run_group_tests_name("decide_clock", tests, world_open, world_close);
}
