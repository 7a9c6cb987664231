/* The table of deadlines (domain rules, section 3), row by row: what sets the clock, who owes it,
 * when it is due, whether and by whom it can be extended, and what happens when it runs out. Each
 * row is a test named by its article. */
#include "tests/unit/rules_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

enum end { /* what the due instant brings */
    MISSED,
    LAPSES, /* a right: nobody is late */
    ALARM,  /* missed through UNDELIVERED */
    OPENS,  /* the ratings are opened */
    SHORT_TRACK_OVER
};

struct row {
    const char *name; /* article and key */
    const char *key;
    void (*bring)(struct world *w); /* until the clock is set; NULL: it is only counted */
    uint32_t owed_by;
    const char *trigger, *due;
    uint32_t warn_days[JB_WARN_MAX];
    uint32_t extension_days;
    uint32_t extended_by; /* 0: by who owes it */
    enum end end;
};

/* ---- what sets a clock ---------------------------------------------------------------------- */

static void registered(struct world *w)
{
    world_forget_case(w);
    world_do(w, OFFICE, world_register_act());
}

static void urgent(struct world *w)
{
    struct jb_act act = *world_register_act();

    world_forget_case(w);
    act.flags = JB_FLAG_URGENT;
    world_do(w, OFFICE, &act);
}

static void forwarded(struct world *w)
{
    registered(w);
    world_do(w, OFFICE, ACT(FORWARD, .node = HOUSING));
}

static void assigned(struct world *w)
{
    registered(w);
    world_do(w, OFFICE, ACT(ASSIGN, .node = HOUSING));
}

static void assigned_to_two(struct world *w)
{
    static const uint32_t helpers[] = {LABOUR};

    registered(w);
    world_do(w, OFFICE, ACT(ASSIGN, .node = HOUSING, .co_handlers = {helpers, 1}));
}

static void objected(struct world *w)
{
    forwarded(w);
    world_do(w, HOUSING, ACT(OBJECT, .reason = T("不属于本机关职权")));
}

static void returned(struct world *w)
{
    objected(w);
    world_do(w, OFFICE, ACT(RULE_ON_OBJECTION, .ruling = JB_RULING_AGREED));
}

static void accepted(struct world *w)
{
    forwarded(w);
    world_do(w, HOUSING, ACT(SIGN_FOR, .text = T("收到")));
    world_do(w, HOUSING, ACT(ACCEPT, .told_at_ms = w->now_ms));
}

static void answered(struct world *w)
{
    accepted(w);
    world_do(w, HOUSING,
             ACT(ANSWER, .opinion = JB_OPINION_SUPPORTED, .text = T("三日内恢复运行"),
                 .told_at_ms = w->now_ms));
}

static void rating(struct world *w)
{
    struct jb_policy_row *row = (struct jb_policy_row *)jb_policy_row(w->policy, "rate");

    row->limit = 15; /* a mandatory setting: nothing is shipped */
    answered(w);
    row->limit = 0;
}

static void review_asked(struct world *w)
{
    answered(w);
    world_do(w, OFFICE, ACT(REQUEST_REVIEW, .received_at_ms = w->now_ms, .node = COUNTY));
}

static void reviewed(struct world *w)
{
    review_asked(w);
    world_do(w, COUNTY,
             ACT(GIVE_REVIEW, .opinion = JB_OPINION_NOT_SUPPORTED, .text = T("维持"),
                 .told_at_ms = w->now_ms));
}

static void recheck_asked(struct world *w)
{
    reviewed(w);
    world_do(w, OFFICE, ACT(REQUEST_RECHECK, .received_at_ms = w->now_ms, .node = CITY));
}

static void simple(struct world *w)
{
    forwarded(w);
    world_do(w, HOUSING, ACT(SIGN_FOR, .text = T("收到")));
    world_do(w, HOUSING, ACT(START_SIMPLE, .reason = T("事实清楚")));
}

static void simple_accepted(struct world *w)
{
    simple(w);
    world_do(w, HOUSING, ACT(ACCEPT, .told_at_ms = w->now_ms));
}

/* ---- the rows ------------------------------------------------------------------------------- */

/* clang-format off */
static const struct row rows[] = {
    {"Art 22: sort, 15 d", "sort", registered, OFFICE,
     "2026-03-02 10:00", "2026-03-17 24:00", {5, 3, 1}, 0, 0, MISSED},
    {"Art 23: notify, 15 d", "notify", forwarded, HOUSING,
     "2026-03-02 10:00", "2026-03-17 24:00", {5, 3, 1}, 0, 0, MISSED},
    {"Art 23(3): object, 5 wd", "object", forwarded, HOUSING,
     "2026-09-24 09:00", "2026-10-09 24:00", {1}, 0, 0, LAPSES},
    {"Art 23(3): rule on an objection, 3 wd (P)", "rule", objected, OFFICE,
     "2026-09-24 09:00", "2026-09-30 24:00", {1}, 0, 0, MISSED},
    {"Art 23(3): send on again, 3 wd (P)", "resort", returned, OFFICE,
     "2026-09-24 09:00", "2026-09-30 24:00", {1}, 0, 0, MISSED},
    {"Art 34: handle, 60 d, once 30 d more", "handle", accepted, HOUSING,
     "2026-03-02 10:00", "2026-05-01 24:00", {15, 7, 3, 1}, 30, 0, MISSED},
    {"Art 22(3): assigned, extended by the assigner", "assigned", assigned, HOUSING,
     "2026-03-02 10:00", "2026-05-01 24:00", {15, 7, 3, 1}, 30, OFFICE, MISSED},
    {"Art 35: ask for a review, 30 d, then lapses", "ask-review", answered, HOUSING,
     "2026-03-02 10:00", "2026-04-01 24:00", {7}, 0, 0, LAPSES},
    {"Art 35: review, 30 d", "review", review_asked, COUNTY,
     "2026-03-02 10:00", "2026-04-01 24:00", {7, 3, 1}, 0, 0, MISSED},
    {"Art 36: ask for a recheck, 30 d, then lapses", "ask-recheck", reviewed, COUNTY,
     "2026-03-02 10:00", "2026-04-01 24:00", {7}, 0, 0, LAPSES},
    {"Art 36: recheck, 30 d", "recheck", recheck_asked, CITY,
     "2026-03-02 10:00", "2026-04-01 24:00", {7, 3, 1}, 0, 0, MISSED},
    {"simple handling: accept, 3 wd", "simple-accept", simple, HOUSING,
     "2026-09-24 09:00", "2026-09-30 24:00", {1}, 0, 0, SHORT_TRACK_OVER},
    {"simple handling: answer, 10 wd", "simple-answer", simple_accepted, HOUSING,
     "2026-09-24 09:00", "2026-10-15 24:00", {3, 1}, 0, 0, SHORT_TRACK_OVER},
    {"Art 40: recommend, 30 d", "recommend", NULL, 0,
     "2026-03-02 10:00", "2026-04-01 24:00", {7, 3, 1}, 0, 0, MISSED},
    {"Art 25: urgent, 4 h", "urgent", urgent, OFFICE,
     "2026-03-02 22:30", "2026-03-03 02:30", {0}, 0, 0, MISSED},
    {"Decree 2022-11: rate, as set", "rate", rating, OFFICE,
     "2026-03-02 10:00", "2026-03-17 24:00", {0}, 0, 0, OPENS},
    /* what the rules leave to the system (P) */
    {"P: sign, 3 wd", "sign", forwarded, HOUSING,
     "2026-09-24 09:00", "2026-09-30 24:00", {2, 1}, 0, 0, MISSED},
    {"P: silence, 5 wd", "silence", forwarded, HOUSING,
     "2026-09-24 09:00", "2026-10-09 24:00", {0}, 0, 0, MISSED},
    {"P8.8: deliver, half of the first limit", "deliver", forwarded, OFFICE,
     "2026-03-02 24:00", "2026-03-11 00:00", {0}, 0, 0, ALARM},
    {"P: co-answer, 30 d", "co-answer", assigned_to_two, LABOUR,
     "2026-03-02 10:00", "2026-04-01 24:00", {7, 3, 1}, 0, 0, MISSED},
    {"Art 32: execute, 60 d (P)", "execute", answered, HOUSING,
     "2026-03-02 10:00", "2026-05-01 24:00", {15, 7, 3, 1}, 0, 0, MISSED},
    {"P4.5: settle, 5 wd", "settle", NULL, 0,
     "2026-09-24 09:00", "2026-10-09 24:00", {2, 1}, 0, 0, MISSED},
    {"SPEECH: investigate, 30 d", "investigate", NULL, 0,
     "2026-03-02 10:00", "2026-04-01 24:00", {7, 3, 1}, 30, 0, MISSED},
    {"SPEECH: coordinate, 10 wd", "coordinate", NULL, 0,
     "2026-09-24 09:00", "2026-10-15 24:00", {3, 1}, 10, 0, MISSED},
    {"Art 39: supervise, 15 d", "supervise", NULL, 0,
     "2026-03-02 10:00", "2026-03-17 24:00", {5, 3, 1}, 15, 0, MISSED},
    {"SPEECH: circulate, 3 wd", "circulate", NULL, 0,
     "2026-09-24 09:00", "2026-09-30 24:00", {1}, 0, 0, MISSED},
    {"P5: summon, 30 minutes", "summon", NULL, 0,
     "2026-03-02 23:45", "2026-03-03 00:15", {0}, 0, 0, MISSED},
    {"Art 39: docket, 30 d", "docket", NULL, 0,
     "2026-03-02 10:00", "2026-04-01 24:00", {7, 3, 1}, 30, 0, MISSED},
};
/* clang-format on */

/* ---- what is checked of each ---------------------------------------------------------------- */

static void check_warn_steps(const struct row *row, const struct jb_deadline *d)
{
    for (size_t i = 0; i < JB_WARN_MAX; i++) {
        int64_t at_ms = row->warn_days[i] != 0 ? d->due_ms - row->warn_days[i] * JB_DAY_MS : 0;

        assert_int_equal(d->warn_at_ms[i], at_ms);
    }
}

/* Counted from the policy alone. */
static void check_count(struct world *w, const struct row *row)
{
    const struct jb_policy_row *rule = jb_policy_row(w->policy, row->key);
    struct jb_deadline d;

    assert_non_null(rule);
    assert_int_equal(rule->extension_days, row->extension_days);
    assert_int_equal(rule->right, row->end == LAPSES || row->end == OPENS);
    if (rule->limit == 0) /* set by whoever sets the clock */
        return;
    assert_int_equal(
        jb_deadline_compute(w->policy, &w->calendar, row->key, local(row->trigger), 0, &d), JB_OK);
    assert_int_equal(d.due_ms, local(row->due));
    assert_false(d.provisional);
    assert_true(jb_text_equal(d.article, rule->article));
    check_warn_steps(row, &d);
}

static void check_extension(struct world *w, const struct row *row)
{
    uint32_t extender = row->extended_by != 0 ? row->extended_by : row->owed_by;
    struct jb_act act = *ACT(EXTEND, .days = 1, .reason = T("情况复杂"), .approved_by = T("局长"));
    struct jb_deadline d;

    row->bring(w);
    d = *world_deadline(w, row->key);
    act.deadline_id = d.id;
    act.told_at_ms = w->now_ms;
    if (row->extension_days == 0) {
        assert_int_not_equal(world_ask(w, extender, &act), JB_REFUSE_NONE);
        assert_int_not_equal(world_ask(w, row->owed_by, &act), JB_REFUSE_NONE);
        return;
    }
    act.days = row->extension_days + 1;
    world_refused(w, extender, &act, JB_REFUSE_EXTENSION_TOO_LONG);
    act.days = row->extension_days;
    if (extender != row->owed_by)
        world_refused(w, row->owed_by, &act, JB_REFUSE_WRONG_PARTY);
    world_do(w, extender, &act);
    assert_int_equal(world_deadline(w, row->key)->due_ms,
                     d.due_ms + row->extension_days * JB_DAY_MS);
    act.days = 1;
    world_refused(w, extender, &act, JB_REFUSE_EXTENDED_ALREADY);
}

static bool said(struct world *w, const struct row *row, const struct jb_deadline *d)
{
    static const enum jb_act_kind kinds[] = {
        [MISSED] = JB_ACT_MISS,           [LAPSES] = JB_ACT_MISS,
        [ALARM] = JB_ACT_UNDELIVERED,     [OPENS] = JB_ACT_OPEN_RATING,
        [SHORT_TRACK_OVER] = JB_ACT_MISS,
    };
    struct jb_act acts[32];
    size_t count = jb_clock_acts(&w->c, w->now_ms, acts, COUNT(acts));

    for (size_t i = 0; i < count; i++) {
        if (acts[i].kind == kinds[row->end] && acts[i].fell_ms == d->due_ms &&
            (acts[i].kind != JB_ACT_MISS || acts[i].deadline_id == d->id))
            return true;
    }
    return false;
}

static void check_end(struct world *w, const struct row *row)
{
    const struct jb_deadline *d;
    uint32_t id;

    row->bring(w);
    d = world_deadline(w, row->key);
    id = d->id;
    w->now_ms = d->due_ms - 1;
    assert_false(said(w, row, d));
    w->now_ms++;
    assert_true(said(w, row, d));
    world_tick(w);
    d = jb_case_deadline(&w->c, id);
    assert_int_equal(d->missed_ms, row->end == LAPSES || row->end == OPENS ? 0 : d->due_ms);
    assert_int_equal(d->end == JB_END_OPEN, row->end == MISSED || row->end == ALARM);
    if (row->end == LAPSES || row->end == SHORT_TRACK_OVER)
        assert_int_equal(d->end, JB_END_CANCELLED);
    if (row->end == SHORT_TRACK_OVER)
        assert_false(w->c.simple);
}

struct test {
    struct world *w;
    const struct row *row;
};

static void one_row(void **state)
{
    struct test *t = *state;
    struct world *w = t->w;
    const struct row *row = t->row;
    const struct jb_deadline *d;

    check_count(w, row);
    if (row->bring == NULL)
        return;
    w->now_ms = local(row->trigger);
    row->bring(w);
    d = world_deadline(w, row->key);
    assert_int_equal(d->node, row->owed_by);
    assert_int_equal(d->trigger_ms, w->now_ms);
    assert_int_equal(d->due_ms, local(row->due));
    check_warn_steps(row, d);
    check_extension(w, row);
    check_end(w, row);
}

/* ---- beside the table ----------------------------------------------------------------------- */

/* Art 23: not owed if name or address is unclear. */
static void no_notice_is_owed_to_nobody(void **state)
{
    struct world *w = ((struct test *)*state)->w;
    struct jb_act act = *world_register_act();

    w->now_ms = local("2026-03-02 10:00");
    world_forget_case(w);
    act.flags = JB_FLAG_UNREACHABLE;
    world_do(w, OFFICE, &act);
    world_do(w, OFFICE, ACT(FORWARD, .node = HOUSING));
    assert_null(jb_case_open_deadline(&w->c, "notify"));
}

/* Art 31: only the residue takes the petition procedure and has the sixty days. */
static void only_the_residue_has_sixty_days(void **state)
{
    struct world *w = ((struct test *)*state)->w;

    w->now_ms = local("2026-03-02 10:00");
    for (int way = JB_EXIT_LITIGATION; way <= JB_EXIT_RESIDUE; way++) {
        forwarded(w);
        world_do(w, HOUSING, ACT(SIGN_FOR, .text = T("收到")));
        world_do(w, HOUSING, ACT(ACCEPT, .exit = way, .told_at_ms = w->now_ms));
        assert_int_equal(jb_case_open_deadline(&w->c, "handle") != NULL, way == JB_EXIT_RESIDUE);
    }
}

/* Art 22(3): as designated, never later than the statutory limit; the earlier of the two counts. */
static void the_designated_day_counts_when_it_is_earlier(void **state)
{
    struct world *w = ((struct test *)*state)->w;
    struct jb_act act = *ACT(ASSIGN, .node = HOUSING, .due_ms = local("2026-03-31 24:00"));

    w->now_ms = local("2026-03-02 10:00");
    registered(w);
    world_do(w, OFFICE, &act);
    assert_int_equal(world_deadline(w, "assigned")->due_ms, act.due_ms);
    assert_int_equal(world_deadline(w, "assigned")->unit, JB_UNIT_DESIGNATED);
    assert_true(world_deadline(w, "assigned")->designated_bound);
    registered(w);
    act.due_ms = local("2026-05-02 00:01");
    world_refused(w, OFFICE, &act, JB_REFUSE_LENGTHENS_STATUTORY);
}

static int open_test(void **state)
{
    struct test *t = *state;

    return world_open((void **)&t->w);
}

static int close_test(void **state)
{
    struct test *t = *state;

    return world_close((void **)&t->w);
}

#define BESIDE 3

int main(void)
{
    static struct test states[COUNT(rows) + BESIDE];
    struct CMUnitTest tests[COUNT(rows) + BESIDE] = {
        cmocka_unit_test(no_notice_is_owed_to_nobody),
        cmocka_unit_test(only_the_residue_has_sixty_days),
        cmocka_unit_test(the_designated_day_counts_when_it_is_earlier),
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        states[BESIDE + i].row = &rows[i];
        tests[BESIDE + i] = (struct CMUnitTest){.name = rows[i].name, .test_func = one_row};
    }
    for (size_t i = 0; i < COUNT(tests); i++) {
        tests[i].setup_func = open_test;
        tests[i].teardown_func = close_test;
        tests[i].initial_state = &states[i];
    }
    return cmocka_run_group_tests_name("deadline_rows", tests, NULL, NULL);
}
