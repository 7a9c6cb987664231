/* Reports from the record: the same figures at the broker, in a replica that knows the cases, and
 * after a rebuild; periods, drill-down, counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "proto/ledger/appraisal.h"
#include "tests/unit/ledger_pair.h"

#define DAY_MS INT64_C(86400000)
#define END_MS (LW_START_MS + 400 * DAY_MS)
#define HANDLER 20

struct fixture {
    struct lw *w;
    struct lp p;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    void *w = NULL;

    assert_non_null(f);
    assert_int_equal(lw_setup(&w), 0);
    f->w = w;
    f->p = lp_open(f->w);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    void *w = f->w;

    lp_close(&f->p);
    (void)lw_teardown(&w);
    free(f);
    return 0;
}

/* ---- a small history --------------------------------------------------------------------------
 */

static void tell(struct fixture *f, struct jb_entry *entry, bool told)
{
    struct jb_stream_add to = {.node = LP_NODE};

    if (told)
        (void)lw_log_to(f->w, f->p.broker, entry, to);
    else
        (void)lw_log(f->w, f->p.broker, entry);
}

/* Registered, and sent on in time or not. Told: the replica's node gets it all. */
static void a_case(struct fixture *f, int64_t index, bool in_time, bool told)
{
    int64_t no = lw_case_no(index);
    struct jb_entry entry = lw_register(f->w, f->p.broker, no, "路灯不亮");
    struct jb_effect sent[] = {
        {.kind = JB_EFFECT_STAGE_MOVED, .stage = JB_STAGE_SENT},
        {.kind = JB_EFFECT_CUSTODY_MOVED, .node = HANDLER, .custody = 2, .sender = LW_OFFICE},
        {.kind = JB_EFFECT_DEADLINE_ENDED,
         .deadline_id = 1,
         .end = in_time ? JB_END_MET : JB_END_MET_LATE,
         .at_ms = LW_START_MS + (in_time ? 1 : 30) * DAY_MS},
    };

    entry.act.people = (uint32_t)index + 1;
    entry.act.channel = index % 2 == 0 ? JB_CHANNEL_VISIT : JB_CHANNEL_LETTER;
    entry.act.class_code = jb_text_of(index < 3 ? "城乡建设" : "交通运输");
    tell(f, &entry, told);
    entry = lw_entry(f->w, f->p.broker, JB_ACT_FORWARD, no);
    entry.act.node = HANDLER;
    lw_effects(&entry, &f->w->arena, sent, sizeof sent / sizeof sent[0]);
    tell(f, &entry, told);
}

static void history(struct fixture *f, int64_t cases, bool told)
{
    assert_int_equal(jb_ledger_begin(f->p.broker), JB_OK);
    for (int64_t i = 0; i < cases; i++)
        a_case(f, i, i % 3 != 0, told);
    assert_int_equal(jb_ledger_commit(f->p.broker), JB_OK);
    if (told)
        lw_deliver(f->w, f->p.broker, f->p.replica);
}

/* ---- asking -----------------------------------------------------------------------------------
 */

static struct jb_report ask(struct fixture *f, struct jb_ledger *l, struct jb_report_query q)
{
    struct jb_report r;

    if (q.to_ms == 0)
        q.to_ms = END_MS;
    if (jb_report_make(l, &q, &f->w->arena, &r, &f->w->fault) != JB_OK)
        fail_msg("%s", f->w->fault.text);
    return r;
}
#define ASK(l, ...) ask(f, l, (struct jb_report_query){__VA_ARGS__})

static const struct jb_figure *figure(const struct jb_report *r, enum jb_indicator i, uint32_t node)
{
    for (size_t k = 0; k < r->count; k++)
        if (r->figures[k].indicator == i && r->figures[k].node == node)
            return &r->figures[k];
    fail_msg("no figure %s of node %u", jb_indicator_name(i), node);
    return NULL;
}

static void expect(const struct jb_report *r, enum jb_indicator i, uint32_t node,
                   uint64_t numerator, uint64_t denominator)
{
    const struct jb_figure *f = figure(r, i, node);

    assert_int_equal(f->numerator, numerator);
    assert_int_equal(f->denominator, denominator);
}

static void same(const struct jb_report *a, const struct jb_report *b)
{
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        const struct jb_figure *x = &a->figures[i], *y = &b->figures[i];

        assert_int_equal(x->indicator, y->indicator);
        assert_int_equal(x->node, y->node);
        assert_int_equal(x->numerator, y->numerator);
        assert_int_equal(x->denominator, y->denominator);
        assert_int_equal(x->people, y->people);
        assert_true(jb_text_equal(x->key, y->key));
        assert_int_equal(x->case_count, y->case_count);
        for (size_t k = 0; k < x->case_count; k++) {
            assert_int_equal(x->case_nos[k], y->case_nos[k]);
            assert_int_equal(x->counted[k], y->counted[k]);
        }
    }
}

/* ---- the tests --------------------------------------------------------------------------------
 */

static void figures_by_agency_with_their_sum(void **state)
{
    struct fixture *f = *state;
    struct jb_report r;

    history(f, 7, false);
    r = ASK(f->p.broker, .from_ms = 0);
    expect(&r, JB_INDICATOR_OFFICE_ACCEPT, LW_OFFICE, 4, 7);
    expect(&r, JB_INDICATOR_OFFICE_ACCEPT, 0, 4, 7);
    expect(&r, JB_INDICATOR_REPEAT, HANDLER, 0, 7);
    expect(&r, JB_INDICATOR_REPEAT, LW_OFFICE, 0, 7);
    expect(&r, JB_INDICATOR_REPEAT, 0, 0, 7); /* each case once */
    /* Nothing fell due: no data, and said so. */
    expect(&r, JB_INDICATOR_ON_TIME_ANSWER, HANDLER, 0, 0);
    assert_int_equal(r.count, 3 * 6);
    assert_int_equal(r.cases, 7);
    assert_int_equal(r.seq, jb_log_last_seq(f->p.broker));
}

static void one_agency_one_indicator(void **state)
{
    struct fixture *f = *state;
    struct jb_report r;

    history(f, 7, false);
    r = ASK(f->p.broker, .node = LW_OFFICE, .indicator = JB_INDICATOR_OFFICE_ACCEPT);
    assert_int_equal(r.count, 1);
    expect(&r, JB_INDICATOR_OFFICE_ACCEPT, LW_OFFICE, 4, 7);
    r = ASK(f->p.broker, .node = 99, .indicator = JB_INDICATOR_REPEAT);
    expect(&r, JB_INDICATOR_REPEAT, 99, 0, 0);
}

/* The sort clock is due 15 days after registration: outside a week, inside a month. */
static void the_due_day_must_lie_in_the_period(void **state)
{
    struct fixture *f = *state;
    struct jb_report r;
    struct jb_case c;
    int64_t due_ms;

    history(f, 3, false);
    assert_int_equal(jb_ledger_case_load(f->p.broker, lw_case_no(0), &f->w->arena, &c), JB_OK);
    due_ms = c.deadlines[0].due_ms;
    r = ASK(f->p.broker, .to_ms = due_ms - 1);
    expect(&r, JB_INDICATOR_OFFICE_ACCEPT, 0, 0, 0);
    r = ASK(f->p.broker, .to_ms = due_ms);
    assert_int_not_equal(figure(&r, JB_INDICATOR_OFFICE_ACCEPT, 0)->denominator, 0);
    r = ASK(f->p.broker, .from_ms = due_ms + 365 * DAY_MS);
    expect(&r, JB_INDICATOR_OFFICE_ACCEPT, 0, 0, 0);
}

static void an_empty_period_is_refused(void **state)
{
    struct fixture *f = *state;
    struct jb_report_query q = {.from_ms = END_MS, .to_ms = END_MS};
    struct jb_report r;

    assert_int_equal(jb_report_make(f->p.broker, &q, &f->w->arena, &r, &f->w->fault), JB_RANGE);
    assert_string_not_equal(f->w->fault.text, "");
}

static void the_cases_behind_a_figure(void **state)
{
    struct fixture *f = *state;
    const struct jb_figure *k;
    struct jb_report r;

    history(f, 7, false);
    r = ASK(f->p.broker, .indicator = JB_INDICATOR_OFFICE_ACCEPT, .node = LW_OFFICE, .cases = 100);
    k = figure(&r, JB_INDICATOR_OFFICE_ACCEPT, LW_OFFICE);
    assert_int_equal(k->case_count, 7);
    assert_false(k->more);
    for (size_t i = 0; i < 7; i++) {
        assert_int_equal(k->case_nos[i], lw_case_no((int64_t)i));
        assert_int_equal(k->counted[i], i % 3 != 0);
    }
    r = ASK(f->p.broker, .indicator = JB_INDICATOR_OFFICE_ACCEPT, .cases = 5);
    k = figure(&r, JB_INDICATOR_OFFICE_ACCEPT, 0);
    assert_int_equal(k->case_count, 5);
    assert_true(k->more);
    assert_int_equal(k->denominator, 7);
}

/* He is recused: counted, but not named to him. */
static void a_recused_reader_is_told_no_number(void **state)
{
    struct fixture *f = *state;
    struct jb_effect recused = {.kind = JB_EFFECT_MARKED,
                                .mark = JB_MARK_RECUSED,
                                .node = LW_OFFICE,
                                .text = jb_text_of("wang"),
                                .open = true};
    struct jb_entry entry;
    const struct jb_figure *k;
    struct jb_report r;

    history(f, 3, false);
    assert_int_equal(jb_ledger_begin(f->p.broker), JB_OK);
    entry = lw_entry(f->w, f->p.broker, JB_ACT_RECUSE, lw_case_no(1));
    lw_effects(&entry, &f->w->arena, &recused, 1);
    tell(f, &entry, false);
    assert_int_equal(jb_ledger_commit(f->p.broker), JB_OK);
    r = ASK(f->p.broker, .node = LW_OFFICE, .indicator = JB_INDICATOR_REPEAT, .cases = 10,
            .reader = LW_OFFICE, .user = jb_text_of("wang"));
    k = figure(&r, JB_INDICATOR_REPEAT, LW_OFFICE);
    assert_int_equal(k->denominator, 3);
    assert_int_equal(k->case_count, 2);
    assert_int_equal(k->case_nos[1], lw_case_no(2));
    r = ASK(f->p.broker, .node = LW_OFFICE, .indicator = JB_INDICATOR_REPEAT, .cases = 10,
            .reader = LW_OFFICE, .user = jb_text_of("li"));
    assert_int_equal(figure(&r, JB_INDICATOR_REPEAT, LW_OFFICE)->case_count, 3);
}

static void counts_in_cases_and_people(void **state)
{
    struct fixture *f = *state;
    struct jb_report r;

    history(f, 7, false);
    r = ASK(f->p.broker, .counts = JB_COUNT_CLASS);
    assert_int_equal(r.count, 2);
    assert_true(jb_text_equal(r.figures[0].key, jb_text_of("交通运输")));
    assert_int_equal(r.figures[0].numerator, 4);
    assert_int_equal(r.figures[0].people, 4 + 5 + 6 + 7);
    assert_int_equal(r.figures[0].denominator, 7);
    assert_int_equal(r.figures[1].people, 1 + 2 + 3);
    r = ASK(f->p.broker, .counts = JB_COUNT_CHANNEL, .node = HANDLER);
    assert_int_equal(r.count, 2);
    assert_true(jb_text_equal(r.figures[0].key, jb_text_of("visit")));
    r = ASK(f->p.broker, .counts = JB_COUNT_CHANNEL, .node = 99);
    assert_int_equal(r.count, 0);
}

static void an_accusation_is_in_no_figure_and_no_count(void **state)
{
    struct fixture *f = *state;
    struct jb_report before, after, counts;
    struct jb_entry entry;

    history(f, 3, false);
    before = ASK(f->p.broker, .cases = 10);
    assert_int_equal(jb_ledger_begin(f->p.broker), JB_OK);
    entry = lw_register(f->w, f->p.broker, lw_case_no(3), "举报");
    entry.act.matter = JB_MATTER_ACCUSATION;
    tell(f, &entry, false);
    assert_int_equal(jb_ledger_commit(f->p.broker), JB_OK);
    after = ASK(f->p.broker, .cases = 10);
    same(&before, &after);
    counts = ASK(f->p.broker, .counts = JB_COUNT_MATTER);
    for (size_t i = 0; i < counts.count; i++)
        assert_false(jb_text_equal(counts.figures[i].key, jb_text_of("accusation")));
}

static void the_replica_says_what_the_broker_says(void **state)
{
    struct fixture *f = *state;
    struct jb_report broker, replica;

    history(f, 9, true);
    broker = ASK(f->p.broker, .cases = 100);
    replica = ASK(f->p.replica, .cases = 100);
    same(&broker, &replica);
    expect(&replica, JB_INDICATOR_OFFICE_ACCEPT, LW_OFFICE, 6, 9);
    broker = ASK(f->p.broker, .counts = JB_COUNT_CLASS);
    replica = ASK(f->p.replica, .counts = JB_COUNT_CLASS);
    same(&broker, &replica);
}

/* Of a case that it was not told a replica knows nothing; of one that it left, no more. */
static void a_replica_reports_on_what_it_has(void **state)
{
    struct fixture *f = *state;
    struct jb_report r;

    history(f, 4, true);
    assert_int_equal(jb_ledger_begin(f->p.broker), JB_OK);
    a_case(f, 4, true, false);
    assert_int_equal(jb_ledger_commit(f->p.broker), JB_OK);
    r = ASK(f->p.broker, .node = LW_OFFICE);
    expect(&r, JB_INDICATOR_REPEAT, LW_OFFICE, 0, 5);
    r = ASK(f->p.replica, .node = LW_OFFICE);
    expect(&r, JB_INDICATOR_REPEAT, LW_OFFICE, 0, 4);
    lp_told_left(f->w, &f->p, 2, 0);
    lw_deliver(f->w, f->p.broker, f->p.replica);
    r = ASK(f->p.replica, .node = LW_OFFICE);
    expect(&r, JB_INDICATOR_REPEAT, LW_OFFICE, 0, 3);
}

static void a_rebuild_changes_no_figure(void **state)
{
    struct fixture *f = *state;
    struct jb_report before, after;

    history(f, 9, true);
    f->w->cases = 9;
    lw_history(f->w, f->p.broker, 300);
    before = ASK(f->p.broker, .cases = 1000);
    assert_int_equal(jb_ledger_rebuild(f->p.broker, &f->w->fault), JB_OK);
    after = ASK(f->p.broker, .cases = 1000);
    same(&before, &after);
    before = ASK(f->p.replica, .cases = 1000);
    assert_int_equal(jb_ledger_rebuild(f->p.replica, &f->w->fault), JB_OK);
    after = ASK(f->p.replica, .cases = 1000);
    same(&before, &after);
}

/* What the tables say is not asked: with all of them gone the figures are the same. */
static void the_record_alone_is_read(void **state)
{
    struct fixture *f = *state;
    struct jb_report before, after;

    history(f, 5, false);
    before = ASK(f->p.broker, .cases = 10);
    lw_sql(f->w, "b.db", "DELETE FROM case_file; DELETE FROM participant; DELETE FROM mark;");
    after = ASK(f->p.broker, .cases = 10);
    same(&before, &after);
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(figures_by_agency_with_their_sum),
        TEST(one_agency_one_indicator),
        TEST(the_due_day_must_lie_in_the_period),
        TEST(an_empty_period_is_refused),
        TEST(the_cases_behind_a_figure),
        TEST(a_recused_reader_is_told_no_number),
        TEST(counts_in_cases_and_people),
        TEST(an_accusation_is_in_no_figure_and_no_count),
        TEST(the_replica_says_what_the_broker_says),
        TEST(a_replica_reports_on_what_it_has),
        TEST(a_rebuild_changes_no_figure),
        TEST(the_record_alone_is_read),
    };
#undef TEST

    return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
