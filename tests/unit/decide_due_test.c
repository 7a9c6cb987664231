/* What the clock leads to: silence, pauses, ratings, newer calendars, an outage. */
#include "tests/unit/rules_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void forward(struct world *w)
{
    world_bring(w, JB_STAGE_REGISTERED);
    world_do(w, OFFICE, ACT(FORWARD, .node = HOUSING));
}

static void back_to_monday(struct world *w)
{
    w->now_ms = local("2026-03-02 10:00");
}

/* ---- silence is a state --------------------------------------------------------------------- */

static void send_to_housing(struct world *w)
{
    back_to_monday(w);
    forward(w);
}

static void silence_tells_the_superior_then_opens_a_dispute(void **state)
{
    struct world *w = *state;

    send_to_housing(w);
    assert_false(jb_case_has(&w->c, COUNTY));
    w->now_ms = local("2026-03-04 10:00");
    world_tick(w); /* T1 reminds */
    assert_int_equal(world_deadline(w, "sign")->warned, 1);
    w->now_ms = local("2026-03-05 24:00");
    world_tick(w); /* T2 */
    assert_int_equal(world_deadline(w, "sign")->missed_ms, w->now_ms);
    assert_int_equal(jb_case_roles(&w->c, COUNTY), 1U << JB_ROLE_INFORMED);
    assert_int_equal(w->c.dispute_level, 0);
    w->now_ms = local("2026-03-09 24:00");
    world_tick(w); /* T3 */
    assert_int_equal(world_deadline(w, "silence")->missed_ms, w->now_ms);
    assert_int_equal(w->c.dispute_level, 1);
    assert_int_equal(w->c.arbiter, COUNTY);
    assert_int_equal(world_deadline(w, "settle")->node, COUNTY);
    assert_int_equal(w->c.host, HOUSING); /* who goes on being answerable */
    back_to_monday(w);
}

static void silence_may_be_left_alone(void **state)
{
    struct world *w = *state;

    w->policy->silence = JB_SILENCE_NOTHING;
    send_to_housing(w);
    w->now_ms = local("2026-03-09 24:00");
    world_tick(w);
    assert_int_not_equal(world_deadline(w, "silence")->missed_ms, 0);
    assert_int_equal(w->c.dispute_level, 0);
    w->policy->silence = JB_SILENCE_DISPUTE;
    back_to_monday(w);
}

/* An accusation stays confined even when nobody signs for it: the miss is only recorded. */
static void silence_does_not_spread_an_accusation(void **state)
{
    struct world *w = *state;

    send_to_housing(w);
    w->c.matter = JB_MATTER_ACCUSATION;
    w->now_ms = local("2026-03-20 00:00");
    world_tick(w);
    assert_int_not_equal(world_deadline(w, "sign")->missed_ms, 0);
    assert_int_not_equal(world_deadline(w, "silence")->missed_ms, 0);
    assert_false(jb_case_has(&w->c, COUNTY));
    assert_int_equal(w->c.dispute_level, 0);
    back_to_monday(w);
}

/* ---- pauses, ratings, newer calendars ------------------------------------------------------- */

static void a_clock_that_stands_still_says_nothing(void **state)
{
    struct world *w = *state;
    struct jb_act acts[8];
    struct jb_deadline *d;

    send_to_housing(w);
    d = jb_case_open_deadline(&w->c, "sign");
    d->paused_from_ms = w->now_ms;
    w->now_ms = local("2026-03-06 10:00");
    assert_true(d->due_ms < w->now_ms);
    assert_int_equal(jb_clock_acts(&w->c, w->now_ms, acts, 8), 0);
    assert_int_equal(jb_deadline_next_ms(d), INT64_MAX);
    world_refused(w, BROKER, ACT(MISS, .deadline_id = d->id), JB_REFUSE_VALUE_OUT_OF_RANGE);
    /* It was not late when it stopped, so ending it is no miss. */
    world_do(w, OFFICE, ACT(ASSIGN, .node = LAND));
    assert_int_equal(jb_case_deadline(&w->c, d->id)->missed_ms, 0);
    assert_int_equal(jb_case_deadline(&w->c, d->id)->end, JB_END_SUPERSEDED);
    back_to_monday(w);
}

static void a_pause_goes_with_the_clock(void **state)
{
    struct world *w = *state;
    struct jb_deadline *d;
    int64_t from_ms;

    send_to_housing(w);
    d = jb_case_open_deadline(&w->c, "notify");
    d->paused_from_ms = from_ms = w->now_ms;
    world_do(w, HOUSING, ACT(HANDOVER, .node = LAND));
    assert_int_equal(world_deadline(w, "notify")->node, LAND);
    assert_int_equal(world_deadline(w, "notify")->paused_from_ms, from_ms);
}

static void ratings_are_opened_when_their_window_is_over(void **state)
{
    struct world *w = *state;
    struct jb_act acts[8];

    back_to_monday(w);
    world_forget_case(w);
    w->c = (struct jb_case){.case_no = w->case_no, .stage = JB_STAGE_ANSWERED, .host = HOUSING};
    w->c.deadlines = &(struct jb_deadline){.id = 4, .key = "rate", .node = OFFICE, .due_ms = 100};
    w->c.deadline_count = 1;
    w->c.ratings[0].state = JB_RATING_CAST;
    w->c.ratings[1].state = JB_RATING_WAITING;
    assert_int_equal(jb_clock_acts(&w->c, 99, acts, 8), 0);
    assert_int_equal(jb_clock_acts(&w->c, 100, acts, 8), 2);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(acts[i].kind, JB_ACT_OPEN_RATING);
        assert_int_equal(acts[i].rated_party, i + 1);
        assert_int_equal(acts[i].satisfaction, 0);
        assert_int_equal(acts[i].case_no, w->case_no);
    }
    assert_int_equal(jb_clock_acts(&w->c, 100, acts, 1), 1);
    w->c.ratings[0].state = JB_RATING_OPENED;
    assert_int_equal(jb_clock_acts(&w->c, 100, acts, 8), 1);
    assert_int_equal(acts[0].rated_party, JB_RATED_HANDLER);
    w->c.ratings[1].state = JB_RATING_UNRATED; /* nothing is left to open: the right lapses */
    assert_int_equal(jb_clock_acts(&w->c, 100, acts, 8), 1);
    assert_int_equal(acts[0].kind, JB_ACT_MISS);
    world_forget_case(w);
}

/* The shipped calendar and one that knows 2027. */
static struct jb_calendar next_year(struct world *w, const char *version, bool off)
{
    static struct jb_calendar_day days[2];
    struct jb_calendar cal = w->calendar;

    days[0].date = jb_date_of_instant(local("2027-01-01 00:00"));
    days[0].kind = JB_DAY_OFF;
    days[0].name = "元旦";
    days[0].shift = -1;
    cal.version = version;
    cal.days = days;
    cal.day_count = off ? 1 : 0;
    cal.covers_to = jb_date_of_instant(local("2027-12-31 00:00"));
    return cal;
}

static void a_newer_calendar_moves_provisional_dates(void **state)
{
    struct world *w = *state;
    struct jb_calendar cal = next_year(w, "cn-2027.1", true);
    struct jb_act act = *ACT(RECOUNT, .version = T("cn-2027.1"));
    struct jb_deadline before, after;

    w->now_ms = local("2026-12-28 09:00");
    forward(w);
    before = *world_deadline(w, "object");
    assert_true(before.provisional);
    assert_int_equal(before.due_ms, local("2027-01-04 24:00"));
    act.deadline_id = before.id;
    world_refused(w, BROKER, &act, JB_REFUSE_VALUE_OUT_OF_RANGE); /* not installed */
    act.version = T("");
    world_refused(w, BROKER, &act, JB_REFUSE_ALREADY_DONE); /* nothing new */
    w->book.calendar = &cal;
    world_refused(w, HOUSING, &act, JB_REFUSE_BROKER_ONLY);
    world_do(w, BROKER, &act);
    after = *world_deadline(w, "object");
    assert_int_equal(after.due_ms, local("2027-01-05 24:00"));
    assert_int_equal(after.trigger_ms, before.trigger_ms);
    assert_int_equal(after.first_due_ms, before.due_ms);
    assert_false(after.provisional);
    assert_true(jb_text_equal(after.calendar_version, T("cn-2027.1")));
    assert_int_equal(after.warn_at_ms[0], local("2027-01-04 24:00"));
    world_refused(w, BROKER, &act, JB_REFUSE_ALREADY_DONE);
    act.deadline_id = world_deadline(w, "notify")->id; /* calendar days know no notice */
    world_refused(w, BROKER, &act, JB_REFUSE_ALREADY_DONE);
    act.deadline_id = 99;
    world_refused(w, BROKER, &act, JB_REFUSE_NO_SUCH_DEADLINE);
    w->book.calendar = &w->calendar;
    back_to_monday(w);
}

/* The same date, but now for certain: on record as well, old and new. */
static void a_recount_confirms_a_date(void **state)
{
    struct world *w = *state;
    struct jb_calendar cal = next_year(w, "cn-2027.1+511000.3", false);
    struct jb_act act = *ACT(RECOUNT, .version = T("511000.3"));
    const struct jb_effect *e;

    w->now_ms = local("2026-12-28 09:00");
    forward(w);
    act.deadline_id = world_deadline(w, "object")->id;
    w->book.calendar = &cal;
    assert_int_equal(world_ask(w, BROKER, &act), JB_REFUSE_NONE);
    assert_int_equal(w->v.effects.count, 1);
    e = &w->v.effects.at[0];
    assert_int_equal(e->kind, JB_EFFECT_DEADLINE_MOVED);
    assert_int_equal(e->old_due_ms, e->due_ms);
    assert_false(e->provisional);
    assert_false(e->extension);
    w->book.calendar = &w->calendar;
    back_to_monday(w);
}

static void three_days_outage_fires_everything_once_in_order(void **state)
{
    struct world *w = *state;
    struct jb_act acts[32];
    int64_t last_ms = 0;
    size_t count;

    send_to_housing(w);
    w->now_ms = local("2026-03-11 03:00");
    count = jb_clock_acts(&w->c, w->now_ms, acts, 32);
    assert_true(count >= 4);
    for (size_t i = 0; i < count; i++) {
        assert_true(acts[i].fell_ms >= last_ms && acts[i].fell_ms <= w->now_ms);
        last_ms = acts[i].fell_ms;
        for (size_t k = 0; k < i; k++)
            assert_true(acts[k].deadline_id != acts[i].deadline_id);
    }
    world_tick(w);
    assert_int_equal(jb_clock_acts(&w->c, w->now_ms, acts, 32), 0);
    w->now_ms -= 365 * JB_DAY_MS; /* a wall clock that jumps back fires nothing */
    assert_int_equal(jb_clock_acts(&w->c, w->now_ms, acts, 32), 0);
    back_to_monday(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silence_tells_the_superior_then_opens_a_dispute),
        cmocka_unit_test(silence_may_be_left_alone),
        cmocka_unit_test(silence_does_not_spread_an_accusation),
        cmocka_unit_test(a_clock_that_stands_still_says_nothing),
        cmocka_unit_test(a_pause_goes_with_the_clock),
        cmocka_unit_test(ratings_are_opened_when_their_window_is_over),
        cmocka_unit_test(a_newer_calendar_moves_provisional_dates),
        cmocka_unit_test(a_recount_confirms_a_date),
        cmocka_unit_test(three_days_outage_fires_everything_once_in_order),
    };
    return cmocka_run_group_tests_name("decide_due", tests, world_open, world_close);
}
