/* A million random deadlines against a count that walks one civil day at a time.
 *
 * The oracle shares nothing with the rules but the definition: it reads the calendar's text with a
 * parser of its own into one mark for each day, knows weekdays by remainder, and steps from day to
 * day. It is asked about new deadlines, designated days, later receipts, extensions, hearings and
 * newer calendars, in any chronological mixture. Every second one is also explained from its
 * entries. */
#include "proto/rules/explain.h"
#include "tests/unit/rounds.h"
#include "tests/unit/twincal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define INPUTS 1000000
#define EXPLAIN_EVERY 2
#define DAY_MS INT64_C(86400000)
#define ZONE_MS INT64_C(28800000)
#define OPS_MAX 6

static struct twin *twins;
static struct jb_arena arena;

static int make_calendars(void **state)
{
    (void)state;
    jb_arena_init(&arena, (size_t)64 * 1024 * 1024);
    twins = twins_make(&arena);
    return 0;
}

static int free_calendars(void **state)
{
    (void)state;
    jb_arena_fini(&arena);
    twins_free(twins);
    return 0;
}

/* ---- the oracle ----------------------------------------------------------------------------- */

struct facts { /* all that a deadline is counted from */
    const struct plain *plain;
    enum jb_unit unit;
    int32_t limit, extended;
    int64_t trigger_ms, designated_ms; /* designated 0: none that counts */
    char paused[TWIN_DAYS_END];
};

struct verdict {
    int64_t due_ms;
    bool provisional;
};

static int32_t day_of(int64_t ms)
{
    return (int32_t)((ms + ZONE_MS) / DAY_MS);
}

static bool is_worked(const struct plain *p, int32_t day)
{
    if (p->marks[day] != 0)
        return p->marks[day] == 'w';
    return (day + 3) % 7 < 5; /* 1970-01-01 was a Thursday; 0: Monday */
}

static int64_t walk(const struct facts *f, int32_t limit, struct verdict *v)
{
    bool working = f->unit == JB_UNIT_WORKING_DAYS && f->designated_ms == 0;
    int32_t day = day_of(f->trigger_ms), skipped = 0;

    for (int32_t n = 0; n < limit;) {
        day++;
        if (f->paused[day])
            skipped++;
        if (working && (day < f->plain->from || day > f->plain->to))
            v->provisional = true;
        if (!f->paused[day] && (!working || is_worked(f->plain, day)))
            n++;
    }
    for (int32_t n = 0; n < f->extended;) {
        day++;
        if (f->paused[day])
            skipped++;
        else
            n++;
    }
    v->due_ms = (day + 1) * DAY_MS - ZONE_MS;
    return skipped;
}

static struct verdict ask_oracle(const struct facts *f)
{
    struct verdict v = {0, false};
    int64_t skipped;

    if (f->designated_ms != 0) {
        skipped = walk(f, day_of(f->designated_ms - 1) - day_of(f->trigger_ms), &v);
        v.due_ms = f->designated_ms + (skipped + f->extended) * DAY_MS;
    } else if (f->unit == JB_UNIT_HOURS || f->unit == JB_UNIT_MINUTES) {
        v.due_ms = f->trigger_ms + f->limit * (f->unit == JB_UNIT_HOURS ? 3600000 : 60000) +
                   f->extended * DAY_MS;
    } else {
        (void)walk(f, f->limit, &v);
    }
    return v;
}

/* ---- one random deadline -------------------------------------------------------------------- */

struct run {
    struct jb_policy policy;
    struct facts facts;
    const struct twin *twin; /* of the calendar that was used last */
    struct jb_deadline d;
    struct jb_effect effects[2 * OPS_MAX + 1];
    struct jb_entry entries[2 * OPS_MAX + 1];
    size_t count;
    int64_t now_ms;
    long input;
};

static long changes[JB_ACT_LOST + 1]; /* due dates that each kind of act changed */

static void note(struct run *r, enum jb_act_kind act, const struct jb_effect *e)
{
    r->effects[r->count] = *e;
    r->effects[r->count].deadline_id = r->d.id;
    r->entries[r->count] = (struct jb_entry){.seq = r->count + 1,
                                             .at_ms = r->now_ms,
                                             .act = {.kind = act},
                                             .effects = &r->effects[r->count],
                                             .effect_count = 1};
    r->count++;
}

static void check(const struct run *r, const char *after)
{
    struct verdict v = ask_oracle(&r->facts);

    if (r->d.due_ms != v.due_ms || r->d.provisional != v.provisional)
        fail_msg("input %ld, after %s: unit %d limit %d from day %d: due %lld, by walking %lld",
                 r->input, after, (int)r->facts.unit, (int)r->facts.limit,
                 (int)day_of(r->facts.trigger_ms), (long long)r->d.due_ms, (long long)v.due_ms);
}

static void set_new(struct run *r)
{
    static const enum jb_unit units[] = {
        JB_UNIT_CALENDAR_DAYS, JB_UNIT_CALENDAR_DAYS, JB_UNIT_WORKING_DAYS, JB_UNIT_WORKING_DAYS,
        JB_UNIT_WORKING_DAYS,  JB_UNIT_HOURS,         JB_UNIT_MINUTES};
    struct jb_policy_row *row = &r->policy.rows[0];
    struct facts *f = &r->facts;

    f->unit = units[twin_between(0, COUNT(units) - 1)];
    f->limit = twin_one_in(20) ? twin_between(1, 200) : twin_between(1, 60);
    f->trigger_ms = (int64_t)twin_between(TWIN_FIRST_DAY, TWIN_LAST_DAY) * DAY_MS - ZONE_MS +
                    (twin_one_in(10) ? 0 : twin_between(0, (int32_t)DAY_MS - 1));
    f->extended = 0;
    f->plain = &r->twin->plain;
    memset(f->paused + TWIN_FIRST_DAY, 0, sizeof f->paused - TWIN_FIRST_DAY);
    *row = (struct jb_policy_row){
        .key = "any", .limit = (uint32_t)f->limit, .unit = f->unit, .warn_days = {3, 1}};
    r->policy.row_count = 1;
    r->policy.never_lengthen = twin_one_in(2);
    f->designated_ms = twin_one_in(4) ? f->trigger_ms + twin_between(1, 100) * (DAY_MS / 2) : 0;
    r->now_ms = f->trigger_ms;
    r->count = 0;
}

/* Which of two days counts is for the oracle to say as well. */
static void choose_designated(struct run *r)
{
    struct facts without = r->facts;

    without.designated_ms = 0;
    if (r->facts.designated_ms != 0 && r->policy.never_lengthen &&
        r->facts.designated_ms >= ask_oracle(&without).due_ms)
        r->facts.designated_ms = 0;
}

static void compute(struct run *r)
{
    int64_t designated_ms = r->facts.designated_ms;

    assert_int_equal(jb_deadline_compute(&r->policy, &r->twin->calendar, "any", r->facts.trigger_ms,
                                         designated_ms, &r->d),
                     JB_OK);
    r->d.id = 1;
    if (designated_ms != 0)
        choose_designated(r);
    assert_int_equal(r->d.designated_bound, r->facts.designated_ms != 0);
    changes[JB_ACT_ASSIGN] += r->d.designated_bound;
    check(r, "setting");
    note(r, JB_ACT_ASSIGN,
         &(struct jb_effect){.kind = JB_EFFECT_DEADLINE_SET,
                             .key = {"any", 3},
                             .trigger_ms = r->d.trigger_ms,
                             .due_ms = r->d.due_ms});
}

static void moved(struct run *r, enum jb_act_kind act, const struct jb_deadline *now)
{
    changes[act] += now->due_ms != r->d.due_ms;
    note(r, act,
         &(struct jb_effect){.kind = JB_EFFECT_DEADLINE_MOVED,
                             .old_due_ms = r->d.due_ms,
                             .due_ms = now->due_ms,
                             .trigger_ms = now->trigger_ms,
                             .extension = act == JB_ACT_EXTEND});
    r->d = *now;
}

/* ---- what happens to it --------------------------------------------------------------------- */

static void receive(struct run *r)
{
    struct jb_deadline now;

    if (r->facts.designated_ms != 0 || r->count > 1)
        return;
    r->now_ms += twin_between(0, 20) * (DAY_MS / 4);
    r->facts.trigger_ms = r->now_ms;
    assert_int_equal(jb_deadline_compute(&r->policy, &r->twin->calendar, "any", r->now_ms, 0, &now),
                     JB_OK);
    now.id = 1;
    moved(r, JB_ACT_RECEIVED, &now);
    check(r, "receipt");
}

static void extend(struct run *r)
{
    struct jb_deadline now = r->d;
    int32_t days = twin_between(1, 30);

    if (r->now_ms >= r->d.due_ms)
        return;
    r->facts.extended += days;
    now.due_ms += days * DAY_MS;
    now.extended_days += (uint32_t)days;
    moved(r, JB_ACT_EXTEND, &now);
    check(r, "an extension");
}

static void hold_hearing(struct run *r)
{
    int64_t from_ms = r->now_ms + (twin_one_in(3) ? 0 : twin_between(0, 60) * (DAY_MS / 4));
    int64_t until_ms = from_ms + (twin_one_in(4) ? 0 : twin_between(0, 40) * (DAY_MS / 3));
    struct jb_deadline now;

    if (r->facts.unit == JB_UNIT_HOURS || r->facts.unit == JB_UNIT_MINUTES)
        return;
    r->d.paused_from_ms = from_ms;
    note(r, JB_ACT_START_HEARING,
         &(struct jb_effect){.kind = JB_EFFECT_CLOCK_PAUSED, .at_ms = from_ms});
    assert_int_equal(
        jb_deadline_resumed(&r->policy.rows[0], &r->twin->calendar, &r->d, until_ms, &now), JB_OK);
    for (int32_t day = day_of(from_ms); day <= day_of(until_ms); day++)
        r->facts.paused[day] = 1;
    r->now_ms = until_ms;
    note(r, JB_ACT_END_HEARING,
         &(struct jb_effect){
             .kind = JB_EFFECT_CLOCK_RESUMED, .at_ms = until_ms, .due_ms = now.due_ms});
    assert_int_equal(now.paused_from_ms, 0);
    changes[JB_ACT_END_HEARING] += now.due_ms != r->d.due_ms;
    r->d = now;
    check(r, "a hearing");
}

static void install_newer(struct run *r)
{
    const struct twin *newer = r->twin + 1;
    struct jb_deadline now;
    enum jb_err err;

    if ((r->twin - twins) % 2 != 0)
        return;
    err = jb_deadline_recounted(&r->policy.rows[0], &newer->calendar, &r->d, &now);
    if (!r->d.provisional) {
        assert_int_equal(err, JB_NOT_FOUND);
    } else if (r->d.paused_to_ms != 0) {
        assert_int_equal(err, JB_RANGE);
    } else {
        assert_int_equal(err, JB_OK);
        r->twin = newer;
        r->facts.plain = &newer->plain;
        moved(r, JB_ACT_RECOUNT, &now);
        check(r, "a newer calendar");
    }
}

/* ---- explained ------------------------------------------------------------------------------ */

struct tally {
    const struct facts *facts;
    int32_t next_day;
    uint32_t days, paused;
    bool wrong;
};

/* Every day once, in order, and never one that the oracle calls something else. */
static void on_day(void *ctx, const struct jb_explain_day *day)
{
    struct tally *t = ctx;
    bool counted = day->kind == JB_COUNT_DAY || day->kind == JB_COUNT_WORK;

    if (t->days++ == 0) {
        t->next_day = day->date.days + 1;
        return;
    }
    t->wrong |= day->date.days != t->next_day++;
    t->wrong |= (day->kind == JB_COUNT_PAUSED) != (t->facts->paused[day->date.days] != 0);
    t->paused += day->kind == JB_COUNT_PAUSED;
    if (t->facts->unit == JB_UNIT_WORKING_DAYS && t->facts->designated_ms == 0 &&
        day->kind != JB_COUNT_PAUSED && day->kind != JB_COUNT_EXTENSION)
        t->wrong |= counted != is_worked(t->facts->plain, day->date.days);
}

static void explain(const struct run *r)
{
    struct tally t = {.facts = &r->facts};
    struct jb_explain_question q = {
        .d = &r->d,
        .row = &r->policy.rows[0],
        .calendar = &r->twin->calendar,
        .entries = r->entries,
        .entry_count = r->count,
        .day = on_day,
        .ctx = &t,
    };
    struct jb_explanation e;

    assert_int_equal(jb_explain(&q, &e), JB_OK);
    if (!e.agrees || !e.complete || t.wrong)
        fail_msg("input %ld: stored %lld, explained %lld, wrong %d", r->input,
                 (long long)r->d.due_ms, (long long)e.counted_due_ms, (int)t.wrong);
    assert_true(e.same_calendar && e.same_rule);
    assert_int_equal(e.provisional, r->d.provisional);
    assert_int_equal(e.extended_days, r->facts.extended);
    assert_int_equal(e.paused_days, t.paused);
    assert_int_equal(t.paused * DAY_MS, r->d.paused_ms);
}

/* ---- a million ------------------------------------------------------------------------------ */

static void a_million_random_deadlines(void **state)
{
    static void (*const ops[])(struct run * r) = {receive, extend, hold_hearing, install_newer};
    static const enum jb_act_kind kinds[] = {JB_ACT_ASSIGN, JB_ACT_RECEIVED, JB_ACT_EXTEND,
                                             JB_ACT_END_HEARING, JB_ACT_RECOUNT};
    static struct run r;

    (void)state;
    for (r.input = 0; r.input < (long)rounds_of(INPUTS, 1); r.input++) {
        r.twin = twin_one_in(3) ? twins : &twins[2 * twin_between(0, TWIN_COUNT / 2 - 1)];
        set_new(&r);
        compute(&r);
        for (int32_t i = twin_between(0, OPS_MAX); i > 0; i--)
            ops[twin_between(0, COUNT(ops) - 1)](&r);
        if (r.input % EXPLAIN_EVERY == 0)
            explain(&r);
    }
    for (size_t i = 0; i < COUNT(kinds); i++)
        assert_true(changes[kinds[i]] > (long)rounds_of(1000, 1)); /* chance reached them all */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_million_random_deadlines),
    };

    return cmocka_run_group_tests_name("deadline_oracle", tests, make_calendars, free_calendars);
}
