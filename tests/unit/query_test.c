/* Listings: filters, pages, lights and totals agree with each other and with the cases themselves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/ledger_world.h"

#define DAY INT64_C(86400000)
#define NODE LW_OFFICE /* owes the "sort" deadline */

/* ---- lights ---- */

static void a_deadline_turns_yellow_then_red_then_done(void **state)
{
    static const struct {
        int64_t now_ms, missed_ms;
        enum jb_deadline_end end;
        enum jb_light light;
    } rows[] = {
        {49, 0, JB_END_OPEN, JB_LIGHT_GREEN},     {50, 0, JB_END_OPEN, JB_LIGHT_YELLOW},
        {99, 0, JB_END_OPEN, JB_LIGHT_YELLOW},    {100, 0, JB_END_OPEN, JB_LIGHT_RED},
        {10, 5, JB_END_OPEN, JB_LIGHT_RED},       {200, 0, JB_END_MET, JB_LIGHT_DONE},
        {200, 5, JB_END_MET_LATE, JB_LIGHT_DONE}, {0, 0, JB_END_CANCELLED, JB_LIGHT_DONE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct jb_deadline d = {.due_ms = 100,
                                .warn_at_ms = {50, 70},
                                .missed_ms = rows[i].missed_ms,
                                .end = rows[i].end};
        assert_int_equal(jb_deadline_light(&d, rows[i].now_ms), rows[i].light);
    }
}

static void a_case_shows_its_worst_deadline(void **state)
{
    static const struct {
        enum jb_stage stage;
        int64_t now_ms;
        bool objection;
        enum jb_light light;
    } rows[] = {
        {JB_STAGE_SENT, 0, false, JB_LIGHT_GREEN},      {JB_STAGE_SENT, 0, true, JB_LIGHT_YELLOW},
        {JB_STAGE_SENT, 60, false, JB_LIGHT_YELLOW},    {JB_STAGE_SENT, 150, false, JB_LIGHT_RED},
        {JB_STAGE_SENT, 150, true, JB_LIGHT_RED},       {JB_STAGE_CLOSED, 999, true, JB_LIGHT_DONE},
        {JB_STAGE_REFERRED, 999, false, JB_LIGHT_DONE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct jb_deadline two[] = {{.due_ms = 100, .end = JB_END_MET},
                                    {.due_ms = 150, .warn_at_ms = {50}}};
        struct jb_case c = {.stage = rows[i].stage,
                            .objection_open = rows[i].objection,
                            .deadlines = two,
                            .deadline_count = 2};
        assert_int_equal(jb_case_light(&c, rows[i].now_ms), rows[i].light);
    }
}

/* ---- cases ---- */

/* The replica of a node that was told everything: a broker lists nothing. */
static struct jb_ledger *history_open(struct lw *w, size_t entries)
{
    struct jb_ledger *broker = lw_open(w, "b.db", JB_LEDGER_BROKER);

    assert_int_equal(jb_ledger_begin(broker), JB_OK);
    for (size_t i = 0; i < entries; i++) {
        struct jb_entry entry = lw_random_entry(w, broker);
        (void)lw_log_to(w, broker, &entry, (struct jb_stream_add){.node = NODE});
    }
    assert_int_equal(jb_ledger_commit(broker), JB_OK);
    struct jb_ledger *l = lw_replica(w, "r.db", broker, NODE);
    lw_deliver(w, broker, l);
    lw_close(&broker);
    return l;
}

struct page {
    struct jb_case *cases;
    size_t count;
    bool more;
};

static struct page cases_of(struct lw *w, struct jb_ledger *l, struct jb_case_filter f,
                            int64_t now_ms)
{
    struct page p = {NULL, 0, false};

    if (f.limit == 0)
        f.limit = 1000;
    assert_int_equal(jb_query_cases(l, &f, now_ms, &w->arena, &p.cases, &p.count, &p.more), JB_OK);
    return p;
}

/* What the SQL filters select is what jb_case_light and the fields say, at several instants. */
static void every_filter_selects_what_the_cases_themselves_say(void **state)
{
    struct lw *w = *state;
    struct jb_ledger *l = history_open(w, 500);
    struct jb_ledger *broker = lw_open(w, "b.db", JB_LEDGER_BROKER);
    size_t lights_seen[5] = {0};

    for (int64_t days = 0; days < 20; days += 3) {
        int64_t now_ms = w->now_ms + days * DAY;
        struct page all = cases_of(w, l, (struct jb_case_filter){0}, now_ms);
        struct jb_totals totals;
        struct jb_totals told;
        uint64_t red = 0, yellow = 0, open = 0, objections = 0;
        assert_int_equal(all.count, w->cases);
        for (int light = JB_LIGHT_GREEN; light <= JB_LIGHT_DONE; light++) {
            struct page lit =
                cases_of(w, l, (struct jb_case_filter){.light = (enum jb_light)light}, now_ms);
            size_t expected = 0;
            for (size_t i = 0; i < all.count; i++)
                expected += (int)jb_case_light(&all.cases[i], now_ms) == light;
            assert_int_equal(lit.count, expected);
            lights_seen[light] += expected;
            for (size_t i = 0; i < lit.count; i++)
                assert_int_equal(jb_case_light(&lit.cases[i], now_ms), light);
        }
        for (size_t i = 0; i < all.count; i++) {
            enum jb_light light = jb_case_light(&all.cases[i], now_ms);
            red += light == JB_LIGHT_RED;
            yellow += light == JB_LIGHT_YELLOW;
            open += light != JB_LIGHT_DONE;
            objections += all.cases[i].objection_open;
        }
        assert_int_equal(jb_query_totals(l, now_ms, &totals), JB_OK);
        assert_int_equal(totals.cases, all.count);
        assert_int_equal(totals.open_cases, open);
        assert_int_equal(totals.red, red);
        assert_int_equal(totals.yellow, yellow);
        assert_int_equal(totals.objections, objections);
        assert_int_equal(jb_query_totals(broker, now_ms, &told), JB_OK);
        assert_memory_equal(&told, &totals, sizeof told);
    }
    for (int light = JB_LIGHT_GREEN; light <= JB_LIGHT_DONE; light++)
        assert_true(lights_seen[light] > 0); /* else the test would show nothing */
    lw_close(&broker);
    lw_close(&l);
}

static bool is_host_12(const struct jb_case *c)
{
    return c->host == 12;
}
static bool is_party_13(const struct jb_case *c)
{
    return jb_case_has(c, 13);
}
static bool is_closed(const struct jb_case *c)
{
    return c->stage == JB_STAGE_CLOSED;
}
static bool is_open(const struct jb_case *c)
{
    return c->stage < JB_STAGE_REFERRED;
}
static bool is_objected(const struct jb_case *c)
{
    return c->objection_open;
}
static bool is_office(const struct jb_case *c)
{
    return c->registrar == LW_OFFICE;
}
static bool is_open_host_12(const struct jb_case *c)
{
    return is_open(c) && is_host_12(c);
}
static bool is_early(const struct jb_case *c)
{
    return c->registered_ms >= LW_START_MS + 20000 && c->registered_ms < LW_START_MS + 90000;
}
static bool is_none(const struct jb_case *c)
{
    return c->case_no == 0;
}

static void fields_filter_as_they_say(void **state)
{
    const struct {
        struct jb_case_filter f;
        bool (*fits)(const struct jb_case *c);
    } rows[] = {
        {{.host = 12}, is_host_12},
        {{.party = 13}, is_party_13},
        {{.stage = JB_STAGE_CLOSED}, is_closed},
        {{.open_only = true}, is_open},
        {{.objections = true}, is_objected},
        {{.registrar = LW_OFFICE}, is_office},
        {{.registrar = 99}, is_none},
        {{.open_only = true, .host = 12}, is_open_host_12},
        {{.registered_from_ms = LW_START_MS + 20000, .registered_to_ms = LW_START_MS + 90000},
         is_early},
        {{.class_code = jb_text_of("城乡建设")}, is_office},
        {{.class_code = jb_text_of("城乡")}, is_none},
        {{.matter = JB_MATTER_APPEAL}, is_office},
        {{.matter = JB_MATTER_SUGGESTION}, is_none},
    };
    struct lw *w = *state;
    struct jb_ledger *l = history_open(w, 900);
    struct page all = cases_of(w, l, (struct jb_case_filter){0}, w->now_ms);

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct page p = cases_of(w, l, rows[i].f, w->now_ms);
        size_t expected = 0;
        for (size_t k = 0; k < all.count; k++)
            expected += rows[i].fits(&all.cases[k]);
        if (p.count != expected)
            fail_msg("row %zu: %zu cases, not %zu", i, p.count, expected);
        assert_true(expected > 0 || rows[i].fits == is_none);
        for (size_t k = 0; k < p.count; k++)
            assert_true(rows[i].fits(&p.cases[k]));
    }
    lw_close(&l);
}

static void pages_follow_without_gap_or_repeat(void **state)
{
    static const size_t limits[] = {1, 7, 10, 1000};
    struct lw *w = *state;
    struct jb_ledger *l = history_open(w, 300);
    struct jb_case_filter bad = {.limit = 0};
    struct page p;

    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        struct jb_case_filter f = {.limit = limits[i]};
        int64_t index = w->cases;
        do {
            p = cases_of(w, l, f, w->now_ms);
            assert_true(p.count <= limits[i]);
            for (size_t k = 0; k < p.count; k++)
                assert_int_equal(p.cases[k].case_no, lw_case_no(--index));
            f.after_case_no = p.cases[p.count - 1].case_no;
        } while (p.more);
        assert_int_equal(index, 0);
    }
    assert_int_equal(jb_query_cases(l, &bad, 0, &w->arena, &p.cases, &p.count, &p.more), JB_RANGE);
    bad.limit = 1001;
    assert_int_equal(jb_query_cases(l, &bad, 0, &w->arena, &p.cases, &p.count, &p.more), JB_RANGE);
    lw_close(&l);
}

/* ---- deadlines ---- */

static void deadlines_come_by_due_and_in_pages(void **state)
{
    struct lw *w = *state;
    struct jb_ledger *l = history_open(w, 300);
    struct jb_deadline_row *rows;
    struct jb_deadline_row last = {0};
    size_t count;
    size_t total = 0;
    int64_t open = 0;
    bool more;
    struct jb_deadline_filter f = {.open_only = true, .limit = 9};

    assert_int_equal(jb_db_number(l, "SELECT count(*) FROM deadline WHERE ended_how = 0", &open),
                     JB_OK);
    do {
        assert_int_equal(jb_query_deadlines(l, &f, &w->arena, &rows, &count, &more), JB_OK);
        for (size_t i = 0; i < count; i++) {
            const struct jb_deadline_row *r = &rows[i];
            assert_true(r->d.due_ms > last.d.due_ms ||
                        (r->d.due_ms == last.d.due_ms &&
                         (r->case_no > last.case_no ||
                          (r->case_no == last.case_no && r->d.id > last.d.id))));
            assert_int_equal(r->d.end, JB_END_OPEN);
            assert_true(r->title.len > 0 && r->set_seq > 0);
            last = *r;
        }
        total += count;
        f.after_due_ms = last.d.due_ms;
        f.after_case_no = last.case_no;
        f.after_id = last.d.id;
    } while (more);
    assert_int_equal(total, open);
    f = (struct jb_deadline_filter){.node = 12, .limit = 1000};
    assert_int_equal(jb_query_deadlines(l, &f, &w->arena, &rows, &count, &more), JB_OK);
    assert_true(count > 0);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(rows[i].d.node, 12);
    f = (struct jb_deadline_filter){.missed_only = true, .limit = 1000};
    assert_int_equal(jb_query_deadlines(l, &f, &w->arena, &rows, &count, &more), JB_OK);
    assert_true(count > 0);
    for (size_t i = 0; i < count; i++)
        assert_int_not_equal(rows[i].d.missed_ms, 0);
    f = (struct jb_deadline_filter){.case_no = lw_case_no(1), .limit = 1000};
    assert_int_equal(jb_query_deadlines(l, &f, &w->arena, &rows, &count, &more), JB_OK);
    assert_true(count > 0 && rows[0].case_no == lw_case_no(1) && !more);
    f = (struct jb_deadline_filter){.due_before_ms = rows[0].d.due_ms, .limit = 1};
    assert_int_equal(jb_query_deadlines(l, &f, &w->arena, &rows, &count, &more), JB_OK);
    assert_true(count == 0 || rows[0].d.due_ms < f.due_before_ms);
    lw_close(&l);
}

/* ---- timelines and receipts ---- */

static void receipts_show_at_both_ends(void **state)
{
    struct lw *w = *state;
    struct jb_deadline_row *rows;
    struct jb_timeline_row *line;
    struct jb_entry entry;
    size_t count;
    bool more;
    int64_t stored_ms = 0;
    uint8_t signature[JB_SIGN_BYTES] = {1};
    struct jb_deadline_filter f = {.limit = 10};
    struct jb_ledger *b = lw_open(w, "b.db", JB_LEDGER_BROKER);
    struct jb_ledger *r = lw_replica(w, "r.db", b, NODE);

    assert_int_equal(jb_ledger_begin(b), JB_OK);
    struct jb_entry e = lw_register(w, b, lw_case_no(0), "供暖");
    (void)lw_log_to(w, b, &e, (struct jb_stream_add){.node = NODE, .duty = true});
    e = lw_entry(w, b, JB_ACT_NOTE, lw_case_no(0));
    e.act.text = jb_text_of("第二条");
    (void)lw_log_to(w, b, &e, (struct jb_stream_add){.node = NODE});
    assert_int_equal(jb_ledger_commit(b), JB_OK);
    lw_deliver(w, b, r);

    assert_int_equal(jb_query_deadlines(r, &f, &w->arena, &rows, &count, &more), JB_OK);
    assert_int_equal(count, 1);
    assert_int_equal(rows[0].stored_ms, 0);
    assert_int_equal(rows[0].set_seq, 1);
    struct jb_line_point down = jb_replica_down(r);
    assert_int_equal(jb_ledger_begin(r), JB_OK);
    assert_int_equal(jb_replica_ack_add(r, &down, 1, signature, 777), JB_OK);
    assert_int_equal(jb_ledger_commit(r), JB_OK);
    assert_int_equal(jb_query_deadlines(r, &f, &w->arena, &rows, &count, &more), JB_OK);
    assert_int_equal(rows[0].stored_ms, 777);

    /* the broker says so to itself by a STORED entry */
    struct jb_stored_item stored[] = {{lw_case_no(0), 1}};
    assert_int_equal(jb_ledger_begin(b), JB_OK);
    e = lw_entry(w, b, JB_ACT_STORED, 0);
    e.act.node = NODE;
    e.act.items = (struct jb_stored_items){stored, 1};
    (void)lw_log(w, b, &e);
    assert_int_equal(jb_ledger_commit(b), JB_OK);
    assert_int_equal(jb_ledger_stored_at(b, lw_case_no(0), 1, NODE, &stored_ms), JB_OK);
    assert_int_equal(stored_ms, e.at_ms);

    for (int end = 0; end < 2; end++) {
        struct jb_ledger *l = end == 0 ? b : r;
        assert_int_equal(jb_query_timeline(l, lw_case_no(0), &w->arena, &line, &count), JB_OK);
        assert_int_equal(count, 2);
        assert_int_equal(line[0].entry.act.kind, JB_ACT_REGISTER);
        assert_int_equal(line[1].entry.act.kind, JB_ACT_NOTE);
        assert_true(jb_text_equal(line[1].entry.act.text, jb_text_of("第二条")));
        assert_int_equal(line[1].number, end == 0 ? 0 : 2);
        assert_int_equal(line[0].stored_by.count, 1);
        assert_int_equal(line[0].stored_by.at[0], NODE);
        assert_int_equal(line[0].stored_at.at[0], end == 0 ? e.at_ms : 777);
        assert_int_equal(jb_query_register(l, lw_case_no(0), &w->arena, &entry), JB_OK);
        assert_true(jb_text_equal(entry.act.title, jb_text_of("供暖")));
        assert_true(entry.act.content.len > 0);
        assert_int_equal(jb_query_register(l, 4711, &w->arena, &entry), JB_NOT_FOUND);
        assert_int_equal(jb_query_timeline(l, 4711, &w->arena, &line, &count), JB_OK);
        assert_int_equal(count, 0);
    }
    lw_close(&r);
    lw_close(&b);
}

/* History twice: the registration comes again with the right to read what is sealed. */
static void an_entry_that_came_twice_stands_once(void **state)
{
    struct lw *w = *state;
    struct jb_timeline_row *line;
    size_t count;
    struct jb_ledger *b = lw_open(w, "b.db", JB_LEDGER_BROKER);
    struct jb_ledger *r = lw_replica(w, "r.db", b, NODE);

    assert_int_equal(jb_ledger_begin(b), JB_OK);
    struct jb_entry e = lw_register(w, b, lw_case_no(0), "供暖");
    struct jb_bytes first = lw_log(w, b, &e);
    struct jb_stream_add add = {.node = NODE,
                                .at_ms = e.at_ms,
                                .case_no = lw_case_no(0),
                                .entry_seq = e.seq,
                                .entry = first};
    assert_int_equal(jb_stream_append(b, &add, NULL), JB_OK);
    e = lw_entry(w, b, JB_ACT_NOTE, lw_case_no(0));
    e.act.text = jb_text_of("第二条");
    (void)lw_log_to(w, b, &e, (struct jb_stream_add){.node = NODE});
    add.history = true;
    assert_int_equal(jb_stream_append(b, &add, NULL), JB_OK);
    assert_int_equal(jb_ledger_commit(b), JB_OK);
    lw_deliver(w, b, r);
    assert_int_equal(jb_query_timeline(r, lw_case_no(0), &w->arena, &line, &count), JB_OK);
    assert_int_equal(count, 2);
    assert_int_equal(line[0].entry.act.kind, JB_ACT_REGISTER);
    assert_int_equal(line[0].number, 1);
    assert_int_equal(line[1].entry.act.kind, JB_ACT_NOTE);
    lw_close(&r);
    lw_close(&b);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, lw_setup, lw_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_deadline_turns_yellow_then_red_then_done),
        cmocka_unit_test(a_case_shows_its_worst_deadline),
        T(every_filter_selects_what_the_cases_themselves_say),
        T(fields_filter_as_they_say),
        T(pages_follow_without_gap_or_repeat),
        T(deadlines_come_by_due_and_in_pages),
        T(receipts_show_at_both_ends),
        T(an_entry_that_came_twice_stands_once),
    };
#undef T

    return cmocka_run_group_tests_name("query", tests, NULL, NULL);
}
