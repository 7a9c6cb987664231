/* What a clerk is shown of a deadline: the days of the count, the moves in their order, and whether
 * counting again agrees. The entries come from the rules themselves. */
#include "proto/rules/explain.h"
#include "tests/unit/rules_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define ENTRIES_MAX 32

/* The log of the case, as an agent would load it. */
static struct jb_entry entries[ENTRIES_MAX];
static size_t entry_count;

static char days[8192], moves[4096]; /* what was told, one line each */

static void start(struct world *w, const char *now)
{
    world_forget_case(w);
    entry_count = 0;
    w->now_ms = local(now);
}

/* Ask, apply and keep the entry. */
static void act(struct world *w, uint32_t node, const struct jb_act *what)
{
    struct jb_entry *entry = &entries[entry_count++];
    struct jb_act whole = *what;

    assert_in_range(entry_count, 1, ENTRIES_MAX);
    if (whole.case_no == 0)
        whole.case_no = w->case_no;
    whole.custody = w->c.custody;
    world_do(w, node, what);
    *entry = (struct jb_entry){.seq = w->seq, .at_ms = w->now_ms, .node = node, .act = whole};
    entry->effect_count = w->v.effects.count;
    entry->effects =
        jb_arena_memdup(&w->arena, w->v.effects.at, w->v.effects.count * sizeof w->v.effects.at[0]);
    assert_non_null(entry->effects);
    for (size_t i = 0; i < entry->effect_count; i++) { /* they point into the verdict */
        struct jb_effect *e = (struct jb_effect *)&entry->effects[i];

        if (e->warn_at_ms.count > 0)
            e->warn_at_ms.at = jb_arena_memdup(&w->arena, e->warn_at_ms.at,
                                               e->warn_at_ms.count * sizeof e->warn_at_ms.at[0]);
    }
}

static void tick(struct world *w, const char *now)
{
    struct jb_act acts[16];
    size_t count;

    w->now_ms = local(now);
    while ((count = jb_clock_acts(&w->c, w->now_ms, acts, COUNT(acts))) > 0) {
        for (size_t i = 0; i < count; i++)
            act(w, BROKER, &acts[i]);
    }
}

static void on_day(void *ctx, const struct jb_explain_day *day)
{
    char date[JB_DATE_TEXT];
    size_t len = strlen(days);

    (void)ctx;
    jb_date_format(day->date, date);
    (void)snprintf(days + len, sizeof days - len, "%s %u %s%s%s%s\n", date + 5,
                   (unsigned)day->count, jb_count_day_name(day->kind),
                   day->occasion[0] != '\0' ? " " : "", day->occasion, day->known ? "" : " ?");
}

static void on_move(void *ctx, const struct jb_explain_move *move)
{
    char at[JB_INSTANT_TEXT], old[JB_INSTANT_TEXT] = "-", due[JB_INSTANT_TEXT];
    size_t len = strlen(moves);

    (void)ctx;
    jb_instant_format_due(move->at_ms, at);
    if (move->old_due_ms != 0)
        jb_instant_format_due(move->old_due_ms, old);
    jb_instant_format_due(move->due_ms, due);
    (void)snprintf(moves + len, sizeof moves - len, "%s %s %s>%s %u%s%.*s\n",
                   jb_deadline_move_name(move->kind), at + 5, old + (old[0] == '-' ? 0 : 5),
                   due + 5, (unsigned)move->node, move->text.len > 0 ? " " : "",
                   (int)move->text.len, move->text.data);
}

static struct jb_explanation explained(struct world *w, const struct jb_deadline *d)
{
    struct jb_explanation e;
    struct jb_explain_question q = {
        .d = d,
        .row = jb_book_row_of(&w->book, d),
        .calendar = jb_book_calendar_of(&w->book, d->node),
        .entries = entries,
        .entry_count = entry_count,
        .day = on_day,
        .move = on_move,
    };

    days[0] = moves[0] = '\0';
    assert_int_equal(jb_explain(&q, &e), JB_OK);
    return e;
}

static const struct jb_deadline *last(struct world *w, const char *key)
{
    for (size_t i = w->c.deadline_count; i > 0; i--) {
        if (strcmp(w->c.deadlines[i - 1].key, key) == 0)
            return &w->c.deadlines[i - 1];
    }
    fail_msg("there never was a deadline \"%s\"", key);
    return NULL;
}

static void forward(struct world *w)
{
    act(w, OFFICE, world_register_act());
    act(w, OFFICE, ACT(FORWARD, .node = HOUSING));
}

/* ---- the count ------------------------------------------------------------------------------ */

static void working_days_across_a_holiday(void **state)
{
    struct world *w = *state;
    struct jb_explanation e;

    start(w, "2026-09-24 09:00");
    forward(w);
    e = explained(w, last(w, "object"));
    assert_string_equal(days, "09-24 0 start\n"
                              "09-25 0 off 中秋\n"
                              "09-26 0 off 中秋\n"
                              "09-27 0 off 中秋\n"
                              "09-28 1 counted\n"
                              "09-29 2 counted\n"
                              "09-30 3 counted\n"
                              "10-01 3 off 国庆节\n"
                              "10-02 3 off 国庆节\n"
                              "10-03 3 off 国庆节\n"
                              "10-04 3 off 国庆节\n"
                              "10-05 3 off 国庆节\n"
                              "10-06 3 off 国庆节\n"
                              "10-07 3 off 国庆节\n"
                              "10-08 4 counted\n"
                              "10-09 5 counted\n");
    assert_string_equal(moves, "set 09-24 09:00 ->10-09 24:00 8\n");
    assert_true(e.agrees && e.complete && e.same_rule && e.same_calendar);
    assert_false(e.provisional);
    assert_int_equal(e.counted_due_ms, local("2026-10-09 24:00"));
}

static void a_weekend_that_is_worked(void **state)
{
    struct world *w = *state;

    start(w, "2026-02-12 17:00");
    forward(w);
    (void)explained(w, last(w, "sign"));
    assert_non_null(strstr(days, "02-13 1 counted\n02-14 2 work 春节\n02-15 2 off 春节\n"));
    start(w, "2026-03-06 17:00");
    forward(w);
    (void)explained(w, last(w, "sign"));
    assert_string_equal(days, "03-06 0 start\n03-07 0 weekend\n03-08 0 weekend\n03-09 1 counted\n"
                              "03-10 2 counted\n03-11 3 counted\n");
}

static void days_that_nobody_knows_yet(void **state)
{
    struct world *w = *state;
    struct jb_explanation e;

    start(w, "2026-12-29 09:00");
    forward(w);
    e = explained(w, last(w, "sign"));
    assert_string_equal(days, "12-29 0 start\n12-30 1 counted\n12-31 2 counted\n"
                              "01-01 3 counted ?\n");
    assert_true(e.provisional && e.agrees);
    e = explained(w, last(w, "notify")); /* calendar days need no notice */
    assert_null(strstr(days, "?"));
    assert_false(e.provisional);
}

static void hours_run_by_the_clock(void **state)
{
    struct world *w = *state;
    struct jb_act urgent = *world_register_act();

    start(w, "2026-03-02 22:30");
    urgent.flags = JB_FLAG_URGENT;
    act(w, OFFICE, &urgent);
    assert_true(explained(w, last(w, "urgent")).agrees);
    assert_string_equal(days, "03-02 1 clock\n03-03 4 clock\n");
    assert_string_equal(moves, "set 03-02 22:30 ->03-03 02:30 6\n");
}

static void a_designated_day(void **state)
{
    struct world *w = *state;
    int64_t due_ms = local("2026-03-05 12:00");

    start(w, "2026-03-02 10:00");
    act(w, OFFICE, world_register_act());
    act(w, OFFICE, ACT(ASSIGN, .node = HOUSING, .due_ms = due_ms));
    assert_true(explained(w, last(w, "assigned")).agrees);
    assert_string_equal(days, "03-02 0 start\n03-03 1 counted\n03-04 2 counted\n03-05 3 counted\n");
    act(w, OFFICE,
        ACT(EXTEND, .deadline_id = last(w, "assigned")->id, .days = 2, .reason = T("补充材料"),
            .approved_by = T("局长")));
    assert_true(explained(w, last(w, "assigned")).agrees);
    assert_non_null(strstr(days, "03-05 3 counted\n03-06 4 extension\n03-07 5 extension\n"));
    assert_string_equal(moves, "set 03-02 10:00 ->03-05 12:00 8\n"
                               "extended 03-02 10:00 03-05 12:00>03-07 12:00 6 补充材料\n");
}

/* ---- the moves ------------------------------------------------------------------------------ */

static void received_later_missed_and_ended(void **state)
{
    struct world *w = *state;
    struct jb_explanation e;

    start(w, "2026-03-02 10:00");
    forward(w);
    w->now_ms = local("2026-03-05 08:00");
    act(w, BROKER, ACT(RECEIVED, .node = HOUSING, .at_ms = w->now_ms));
    tick(w, "2026-03-25 09:00");
    act(w, HOUSING, ACT(SIGN_FOR, .text = T("收到")));
    act(w, HOUSING, ACT(ACCEPT, .told_at_ms = w->now_ms));
    e = explained(w, last(w, "notify"));
    assert_true(e.agrees && e.complete);
    assert_memory_equal(days, "03-05 0 start\n03-06 1 ", 22);
    assert_string_equal(moves, "set 03-02 10:00 ->03-17 24:00 8\n"
                               "received 03-05 08:00 03-17 24:00>03-20 24:00 1 receipt\n"
                               "missed 03-20 24:00 03-20 24:00>03-20 24:00 1\n"
                               "ended 03-25 09:00 03-20 24:00>03-20 24:00 8 met_late\n");
}

static void passed_on_with_its_extension(void **state)
{
    struct world *w = *state;
    struct jb_explanation e;

    start(w, "2026-03-02 10:00");
    forward(w);
    act(w, HOUSING, ACT(SIGN_FOR, .text = T("收到")));
    act(w, HOUSING, ACT(ACCEPT, .told_at_ms = w->now_ms));
    w->now_ms = local("2026-03-04 10:00");
    act(w, HOUSING,
        ACT(EXTEND, .days = 10, .reason = T("复杂"), .approved_by = T("局长"),
            .told_at_ms = w->now_ms));
    w->now_ms = local("2026-03-06 10:00");
    act(w, HOUSING, ACT(HANDOVER, .node = LAND));
    w->now_ms = local("2026-03-07 10:00");
    act(w, LAND, ACT(HANDOVER, .node = LABOUR));
    e = explained(w, last(w, "handle"));
    assert_true(e.agrees && e.complete);
    assert_int_equal(e.extended_days, 10);
    assert_string_equal(moves, "set 03-02 10:00 ->05-01 24:00 8\n"
                               "extended 03-04 10:00 05-01 24:00>05-11 24:00 8 复杂\n"
                               "passed_on 03-06 10:00 05-11 24:00>05-11 24:00 11\n"
                               "passed_on 03-07 10:00 05-11 24:00>05-11 24:00 10\n");
    assert_non_null(strstr(days, "05-01 60 counted\n05-02 61 extension\n"));
    assert_non_null(strstr(days, "05-11 70 extension\n"));
    /* The first holder's own ends there. */
    e = explained(w, jb_case_deadline(&w->c, last(w, "handle")->id));
    assert_true(e.agrees);
}

static void counted_again_with_a_newer_calendar(void **state)
{
    static struct jb_calendar_day new_year = {.kind = JB_DAY_OFF, .shift = -1, .name = "元旦"};
    struct world *w = *state;
    struct jb_calendar cal = w->calendar;
    struct jb_explanation e;

    start(w, "2026-12-29 09:00");
    forward(w);
    new_year.date = jb_date_of_instant(local("2027-01-01 00:00"));
    cal.version = "cn-2027.1";
    cal.days = &new_year;
    cal.day_count = 1;
    cal.covers_to = jb_date_of_instant(local("2027-12-31 00:00"));
    w->book.calendar = &cal;
    e = explained(w, last(w, "sign"));
    assert_false(e.agrees || e.same_calendar); /* not yet: this is what the dry run shows */
    w->now_ms = local("2026-12-30 09:00");
    act(w, BROKER, ACT(RECOUNT, .deadline_id = last(w, "sign")->id, .version = T("cn-2027.1")));
    e = explained(w, last(w, "sign"));
    assert_true(e.agrees && e.same_calendar);
    assert_false(e.provisional);
    assert_string_equal(moves, "set 12-29 09:00 ->01-01 24:00 8\n"
                               "recounted 12-30 09:00 01-01 24:00>01-04 24:00 1 cn-2027.1\n");
    assert_non_null(strstr(days, "01-01 2 off 元旦\n01-02 2 weekend\n01-03 2 weekend\n01-04 3 "));
    w->book.calendar = &w->calendar;
}

/* Two hearings, the second one beginning on the day on which the first one ended: each day once. */
static void hearings_are_not_counted(void **state)
{
    struct world *w = *state;
    struct jb_explanation e;

    start(w, "2026-03-02 10:00");
    forward(w);
    act(w, HOUSING, ACT(SIGN_FOR, .text = T("收到")));
    act(w, HOUSING, ACT(ACCEPT, .told_at_ms = w->now_ms));
    act(w, HOUSING,
        ACT(ANSWER, .opinion = JB_OPINION_EXPLAINED, .text = T("x"), .told_at_ms = w->now_ms));
    act(w, OFFICE, ACT(REQUEST_REVIEW, .received_at_ms = w->now_ms, .node = COUNTY));
    act(w, COUNTY,
        ACT(GIVE_REVIEW, .opinion = JB_OPINION_EXPLAINED, .text = T("x"), .told_at_ms = w->now_ms));
    act(w, OFFICE, ACT(REQUEST_RECHECK, .received_at_ms = w->now_ms, .node = CITY));
    w->now_ms = local("2026-03-10 09:00");
    act(w, CITY, ACT(START_HEARING, .from_ms = w->now_ms));
    w->now_ms = local("2026-03-12 10:00");
    act(w, CITY, ACT(END_HEARING, .until_ms = w->now_ms));
    assert_int_equal(last(w, "recheck")->due_ms, local("2026-04-04 24:00"));
    w->now_ms = local("2026-03-12 15:00");
    act(w, CITY, ACT(START_HEARING, .from_ms = w->now_ms));
    w->now_ms = local("2026-03-13 10:00");
    e = explained(w, last(w, "recheck")); /* one is going on: it has moved nothing yet */
    assert_true(e.agrees);
    act(w, CITY, ACT(END_HEARING, .until_ms = w->now_ms));
    e = explained(w, last(w, "recheck"));
    assert_true(e.agrees);
    assert_int_equal(e.paused_days, 4);
    assert_int_equal(last(w, "recheck")->due_ms, local("2026-04-05 24:00"));
    assert_string_equal(moves, "set 03-02 10:00 ->04-01 24:00 2\n"
                               "paused 03-10 09:00 04-01 24:00>04-01 24:00 2\n"
                               "resumed 03-12 10:00 04-01 24:00>04-04 24:00 2\n"
                               "paused 03-12 15:00 04-04 24:00>04-04 24:00 2\n"
                               "resumed 03-13 10:00 04-04 24:00>04-05 24:00 2\n");
    assert_non_null(strstr(days, "03-09 7 counted\n03-10 7 paused\n03-11 7 paused\n"
                                 "03-12 7 paused\n03-13 7 paused\n03-14 8 counted\n"));
}

/* ---- what is missing or wrong --------------------------------------------------------------- */

static void a_changed_date_does_not_agree(void **state)
{
    struct world *w = *state;
    struct jb_policy_row other = {.key = "object", .limit = 6, .unit = JB_UNIT_WORKING_DAYS};
    struct jb_deadline never = {.unit = JB_UNIT_WORKING_DAYS, .trigger_ms = INT64_MAX};
    struct jb_deadline too_late = {
        .unit = JB_UNIT_WORKING_DAYS, .limit = 5, .trigger_ms = local("9999-12-30 00:00")};
    struct jb_explanation e;
    struct jb_deadline d;
    struct jb_explain_question q = {.d = &d, .row = &other, .calendar = &w->calendar};

    start(w, "2026-03-02 10:00");
    forward(w);
    d = *last(w, "object");
    d.due_ms += JB_DAY_MS;
    q.entries = entries;
    q.entry_count = entry_count;
    assert_int_equal(jb_explain(&q, &e), JB_OK); /* and nobody need listen */
    assert_false(e.agrees || e.same_rule);
    assert_int_equal(e.counted_due_ms, d.due_ms - JB_DAY_MS);
    q.calendar = NULL;
    assert_int_equal(jb_explain(&q, &e), JB_MISSING);
    q.calendar = &w->calendar;
    q.d = &never;
    assert_int_equal(jb_explain(&q, &e), JB_RANGE);
    q.d = &too_late;
    assert_int_equal(jb_explain(&q, &e), JB_RANGE);
}

static void without_entries_the_deadline_itself_tells(void **state)
{
    struct world *w = *state;
    struct jb_deadline d;
    struct jb_explanation e;

    start(w, "2026-03-02 10:00");
    forward(w);
    d = *last(w, "notify");
    d.due_ms += 5 * JB_DAY_MS;
    d.extended_days = 3;
    d.paused_ms = 2 * JB_DAY_MS;
    entry_count = 0;
    e = explained(w, &d);
    assert_true(e.agrees);
    assert_false(e.complete);
    assert_int_equal(e.paused_days, 2);
    assert_string_equal(moves, "");
}

static void too_many_holders_are_refused(void **state)
{
    static struct jb_effect effects[2 * (JB_EXPLAIN_MAX + 2)];
    struct jb_deadline d = {
        .id = JB_EXPLAIN_MAX + 1, .trigger_ms = 1, .limit = 1, .unit = JB_UNIT_CALENDAR_DAYS};
    struct jb_entry entry = {.seq = 1, .effects = effects};
    struct jb_explain_question q = {.d = &d, .entries = &entry, .entry_count = 1};
    struct jb_explanation e;

    (void)state;
    for (uint32_t id = 1; id <= d.id; id++) {
        if (id > 1)
            effects[entry.effect_count++] = (struct jb_effect){
                .kind = JB_EFFECT_DEADLINE_ENDED, .deadline_id = id - 1, .end = JB_END_SUPERSEDED};
        effects[entry.effect_count++] = (struct jb_effect){
            .kind = JB_EFFECT_DEADLINE_SET, .deadline_id = id, .key = T("notify"), .trigger_ms = 1};
    }
    assert_int_equal(jb_explain(&q, &e), JB_TOO_LARGE);
    d.id--;
    assert_int_equal(jb_explain(&q, &e), JB_OK);
}

static void too_many_pauses_are_refused(void **state)
{
    static struct jb_effect effects[2 * (JB_EXPLAIN_MAX + 1)];
    struct jb_deadline d = {.id = 1, .trigger_ms = 1, .limit = 1, .unit = JB_UNIT_CALENDAR_DAYS};
    struct jb_entry entry = {.seq = 1, .effects = effects, .effect_count = COUNT(effects)};
    struct jb_explain_question q = {.d = &d, .entries = &entry, .entry_count = 1};
    struct jb_explanation e;

    (void)state;
    for (size_t i = 0; i < COUNT(effects); i++)
        effects[i] = (struct jb_effect){.kind = i % 2 == 0 ? JB_EFFECT_CLOCK_PAUSED
                                                           : JB_EFFECT_CLOCK_RESUMED,
                                        .deadline_id = 1,
                                        .at_ms = 1};
    assert_int_equal(jb_explain(&q, &e), JB_TOO_LARGE);
    entry.effect_count -= 2;
    assert_int_equal(jb_explain(&q, &e), JB_OK);
}

static void every_kind_has_a_name(void **state)
{
    (void)state;
    for (int i = JB_COUNT_START; i <= JB_COUNT_CLOCK; i++)
        assert_string_not_equal(jb_count_day_name((enum jb_count_day)i), "unknown");
    for (int i = JB_MOVE_SET; i <= JB_MOVE_MOVED; i++)
        assert_string_not_equal(jb_deadline_move_name((enum jb_deadline_move)i), "unknown");
    for (int i = JB_END_OPEN; i <= JB_END_SUPERSEDED; i++)
        assert_string_not_equal(jb_deadline_end_name((enum jb_deadline_end)i), "unknown");
    assert_string_equal(jb_count_day_name((enum jb_count_day)0), "unknown");
    assert_string_equal(jb_deadline_move_name((enum jb_deadline_move)99), "unknown");
    assert_string_equal(jb_deadline_end_name((enum jb_deadline_end) - 1), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(working_days_across_a_holiday),
        cmocka_unit_test(a_weekend_that_is_worked),
        cmocka_unit_test(days_that_nobody_knows_yet),
        cmocka_unit_test(hours_run_by_the_clock),
        cmocka_unit_test(a_designated_day),
        cmocka_unit_test(received_later_missed_and_ended),
        cmocka_unit_test(passed_on_with_its_extension),
        cmocka_unit_test(counted_again_with_a_newer_calendar),
        cmocka_unit_test(hearings_are_not_counted),
        cmocka_unit_test(a_changed_date_does_not_agree),
        cmocka_unit_test(without_entries_the_deadline_itself_tells),
        cmocka_unit_test(too_many_holders_are_refused),
        cmocka_unit_test(too_many_pauses_are_refused),
        cmocka_unit_test(every_kind_has_a_name),
    };

    return cmocka_run_group_tests_name("explain", tests, world_open, world_close);
}
