/* The derived tables: what was written comes back whole, and what is due is found by index. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/ledger_world.h"

/* ---- cases ---- */

static struct jb_deadline full_deadline(uint32_t id)
{
    struct jb_deadline d = {.id = id,
                            .key = "handle",
                            .node = 12,
                            .trigger_ms = 1000,
                            .limit = 60,
                            .unit = JB_UNIT_CALENDAR_DAYS,
                            .due_ms = 9000,
                            .first_due_ms = 8000,
                            .warn_at_ms = {5000, 6000, 7000, 8500},
                            .warned = 2,
                            .missed_ms = 77,
                            .end = JB_END_MET_LATE,
                            .ended_ms = 9500,
                            .extensions = 1,
                            .set_seq = 4,
                            .provisional = true,
                            .designated_bound = true,
                            .acked_node = 12,
                            .acked_ms = 5500,
                            .acked_by = jb_text_of("李强"),
                            .policy_version = jb_text_of("2022-05-01.1"),
                            .calendar_version = jb_text_of("2026.1"),
                            .article = jb_text_of("《信访工作条例》第三十四条"),
                            .dirty = true};

    return d;
}

static void text_same(struct jb_text a, struct jb_text b)
{
    assert_int_equal(a.len, b.len);
    if (a.len > 0)
        assert_memory_equal(a.data, b.data, a.len);
}

static void deadlines_same(const struct jb_deadline *x, const struct jb_deadline *y)
{
    text_same(x->acked_by, y->acked_by);
    text_same(x->policy_version, y->policy_version);
    text_same(x->calendar_version, y->calendar_version);
    text_same(x->article, y->article);
    assert_string_equal(x->key, y->key);
    assert_memory_equal(x->warn_at_ms, y->warn_at_ms, sizeof x->warn_at_ms);
    int64_t xs[] = {x->id,
                    x->node,
                    x->trigger_ms,
                    x->limit,
                    x->unit,
                    x->due_ms,
                    x->warned,
                    x->missed_ms,
                    x->end,
                    x->ended_ms,
                    x->first_due_ms,
                    x->acked_node,
                    x->acked_ms,
                    x->extensions,
                    x->provisional,
                    x->designated_bound,
                    (int64_t)x->set_seq};
    int64_t ys[] = {y->id,
                    y->node,
                    y->trigger_ms,
                    y->limit,
                    y->unit,
                    y->due_ms,
                    y->warned,
                    y->missed_ms,
                    y->end,
                    y->ended_ms,
                    y->first_due_ms,
                    y->acked_node,
                    y->acked_ms,
                    y->extensions,
                    y->provisional,
                    y->designated_bound,
                    (int64_t)y->set_seq};
    assert_memory_equal(xs, ys, sizeof xs);
}

/* Every number different, so that a swapped column shows. */
static struct jb_case full_case(void)
{
    static struct jb_participant parts[] = {{7, JB_ROLE_REGISTRAR},
                                            {7, JB_ROLE_ASSIGNER},
                                            {12, JB_ROLE_HOST},
                                            {13, JB_ROLE_CO_HANDLER},
                                            {14, JB_ROLE_LEFT}};
    static struct jb_deadline deadlines[3];
    struct jb_case c = {.case_no = lw_case_no(3),
                        .stage = JB_STAGE_SIGNED,
                        .matter = 3,
                        .channel = 2,
                        .flags = 513,
                        .people = 40,
                        .title = jb_text_of("反映供暖不达标"),
                        .class_code = jb_text_of("城乡建设"),
                        .place_code = jb_text_of("611002"),
                        .registrar = 7,
                        .host = 12,
                        .custody = 5,
                        .sender = 8,
                        .authority = 4,
                        .hops = 6,
                        .registered_ms = 100,
                        .updated_ms = 200,
                        .sent_seq = 300,
                        .opinion = 1,
                        .exit = 9,
                        .objection_open = true,
                        .objector = 15,
                        .last_ruling = 10,
                        .participants = parts,
                        .participant_count = 5,
                        .participants_dirty = true,
                        .deadlines = deadlines,
                        .deadline_count = 3,
                        .last_seq = 400};

    deadlines[0] = full_deadline(1);
    deadlines[1] = full_deadline(2);
    deadlines[2] = (struct jb_deadline){.id = 3, .dirty = true};
    for (int i = 1; i < JB_FACT_COUNT; i++)
        c.facts_ms[i] = 1000 + i;
    return c;
}

struct numbers {
    int64_t at[21];
};

static struct numbers numbers_of(const struct jb_case *c)
{
    return (struct numbers){{c->case_no,
                             c->stage,
                             c->matter,
                             c->channel,
                             c->flags,
                             c->people,
                             c->registrar,
                             c->host,
                             c->custody,
                             c->sender,
                             c->authority,
                             c->hops,
                             c->registered_ms,
                             c->updated_ms,
                             (int64_t)c->sent_seq,
                             (int64_t)c->last_seq,
                             c->opinion,
                             c->exit,
                             c->objection_open,
                             c->objector,
                             c->last_ruling}};
}

static void a_case_comes_back_field_by_field(void **state)
{
    struct lw *w = *state;
    struct jb_case c = full_case();
    struct jb_case back;
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);

    assert_int_equal(jb_ledger_begin(l), JB_OK);
    assert_int_equal(jb_ledger_case_save(l, &c), JB_OK);
    assert_false(c.participants_dirty || c.deadlines[0].dirty);
    assert_int_equal(jb_ledger_case_load(l, c.case_no, &w->arena, &back), JB_OK);
    assert_int_equal(jb_ledger_commit(l), JB_OK);

    text_same(back.title, c.title);
    text_same(back.class_code, c.class_code);
    text_same(back.place_code, c.place_code);
    assert_memory_equal(back.facts_ms, c.facts_ms, sizeof c.facts_ms);
    struct numbers x = numbers_of(&c);
    struct numbers y = numbers_of(&back);
    assert_memory_equal(&x, &y, sizeof x);
    assert_int_equal(back.participant_count, 5);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(jb_case_roles(&back, c.participants[i].node),
                         jb_case_roles(&c, c.participants[i].node));
    assert_int_equal(back.deadline_count, 3);
    for (size_t i = 0; i < 3; i++)
        deadlines_same(&back.deadlines[i], &c.deadlines[i]);
    assert_false(back.participants_dirty || back.deadlines[0].dirty);
    lw_close(&l);
}

static void a_case_that_is_not_there_has_no_stage(void **state)
{
    struct lw *w = *state;
    struct jb_case c;
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);

    assert_int_equal(jb_ledger_case_load(l, 42, &w->arena, &c), JB_OK);
    assert_int_equal(c.stage, JB_STAGE_NONE);
    assert_int_equal(c.case_no, 42);
    lw_close(&l);
}

/* Exhaustion at any point of a load is an error, never a case with a part missing. */
static void a_full_arena_is_an_error_at_every_point(void **state)
{
    struct lw *w = *state;
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);
    struct jb_case c;
    size_t refused = 0;

    lw_history(w, l, 60);
    for (size_t limit = 0;; limit += 16) {
        struct jb_arena small;
        jb_arena_init(&small, limit);
        enum jb_err err = jb_ledger_case_load(l, lw_case_no(0), &small, &c);
        jb_arena_fini(&small);
        if (err == JB_OK)
            break;
        assert_int_equal(err, JB_NOMEM);
        refused++;
    }
    assert_true(refused > 10);
    lw_close(&l);
}

/* ---- the other derived tables ---- */

static void directory_policies_and_calendars_come_back(void **state)
{
    struct lw *w = *state;
    struct jb_directory d;
    struct jb_directory replayed;
    struct jb_text text;
    static const char *const bodies[] = {"first", "second", "third", "later"};
    static const int64_t from[] = {100, 200, 200, 900};
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);

    jb_directory_init(&d);
    jb_directory_init(&replayed);
    assert_int_equal(jb_ledger_begin(l), JB_OK);
    for (size_t i = 0; i < 200; i++) {
        struct jb_entry e = lw_random_entry(w, l);
        if (e.act.kind == JB_ACT_INSTALL_POLICY || e.act.kind == JB_ACT_INSTALL_CALENDAR)
            continue;
        (void)lw_log(w, l, &e);
        assert_int_equal(jb_directory_apply(&replayed, &e), JB_OK);
    }
    for (size_t i = 0; i < 4; i++) {
        struct jb_entry e = lw_entry(w, l, JB_ACT_INSTALL_POLICY, 0);
        e.act.effective_from_ms = from[i];
        e.act.body = (struct jb_bytes){(const uint8_t *)bodies[i], strlen(bodies[i])};
        (void)lw_log(w, l, &e);
        e = lw_entry(w, l, JB_ACT_INSTALL_CALENDAR, 0);
        e.act.region = jb_text_of(i % 2 ? "CN" : "CN-61");
        e.act.body = (struct jb_bytes){(const uint8_t *)bodies[i], strlen(bodies[i])};
        (void)lw_log(w, l, &e);
    }
    assert_int_equal(jb_ledger_commit(l), JB_OK);

    assert_int_equal(jb_ledger_directory_load(l, &d), JB_OK);
    assert_int_equal(d.count, replayed.count);
    assert_true(d.count > 3);
    for (size_t i = 0; i < d.count; i++) {
        assert_int_equal(d.nodes[i].node, replayed.nodes[i].node);
        assert_string_equal(d.nodes[i].code, replayed.nodes[i].code);
        assert_string_equal(d.nodes[i].name, replayed.nodes[i].name);
        assert_memory_equal(d.nodes[i].sign_key, replayed.nodes[i].sign_key, JB_KEY_BYTES);
        assert_int_equal(d.nodes[i].former_count, replayed.nodes[i].former_count);
        if (d.nodes[i].former_count > 0)
            assert_memory_equal(d.nodes[i].former, replayed.nodes[i].former,
                                d.nodes[i].former_count * sizeof *d.nodes[i].former);
    }
    static const struct {
        int64_t at_ms;
        const char *body; /* NULL: none in force */
    } times[] = {{99, NULL},     {100, "first"}, {199, "first"},
                 {200, "third"}, {899, "third"}, {900, "later"}};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        enum jb_err err = jb_ledger_policy_at(l, times[i].at_ms, &w->arena, &text);
        assert_int_equal(err, times[i].body != NULL ? JB_OK : JB_NOT_FOUND);
        if (times[i].body != NULL)
            text_same(text, jb_text_of(times[i].body));
    }
    assert_int_equal(jb_ledger_calendar_last(l, jb_text_of("CN"), &w->arena, &text), JB_OK);
    text_same(text, jb_text_of("later"));
    assert_int_equal(jb_ledger_calendar_last(l, jb_text_of("CN-61"), &w->arena, &text), JB_OK);
    text_same(text, jb_text_of("third"));
    assert_int_equal(jb_ledger_calendar_last(l, jb_text_of("XX"), &w->arena, &text), JB_NOT_FOUND);
    jb_directory_fini(&d);
    jb_directory_fini(&replayed);
    lw_close(&l);
}

static void due_cases_come_in_order_and_once(void **state)
{
    struct lw *w = *state;
    int64_t found[8];
    size_t count = 9;
    int64_t next = 0;
    const int64_t day = INT64_C(86400000);
    int64_t due[3];
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);

    assert_int_equal(jb_ledger_due_cases(l, INT64_MAX - 1, found, 8, &count, &next), JB_OK);
    assert_int_equal(count, 0);
    assert_int_equal(next, INT64_MAX);
    assert_int_equal(jb_ledger_begin(l), JB_OK);
    for (int64_t i = 2; i >= 0; i--) { /* the highest number is due first */
        struct jb_entry e = lw_register(w, l, lw_case_no(i), "x");
        (void)lw_log(w, l, &e);
        due[i] = w->now_ms + 15 * day;
        w->now_ms += day;
    }
    assert_int_equal(jb_ledger_commit(l), JB_OK);
    assert_int_equal(jb_ledger_due_cases(l, due[2] - 3 * day - 1, found, 8, &count, &next), JB_OK);
    assert_int_equal(count, 0);
    assert_int_equal(next, due[2] - 3 * day);
    assert_int_equal(jb_ledger_due_cases(l, due[1] - 3 * day, found, 8, &count, &next), JB_OK);
    assert_int_equal(count, 2);
    assert_int_equal(found[0], lw_case_no(2));
    assert_int_equal(found[1], lw_case_no(1));
    assert_int_equal(next, due[0] - 3 * day);
    assert_int_equal(jb_ledger_due_cases(l, due[0], found, 2, &count, &next), JB_OK);
    assert_int_equal(count, 2);
    lw_close(&l);
}

static void the_clock_and_the_listings_use_their_indexes(void **state)
{
    static const struct {
        enum jb_ledger_role role;
        enum jb_sql id;
        const char *index;
    } rows[] = {
        {JB_LEDGER_BROKER, JB_SQL_DUE_CASES, "USING COVERING INDEX deadline_next (next_ms<?)"},
        {JB_LEDGER_BROKER, JB_SQL_DUE_NEXT, "USING COVERING INDEX deadline_next (next_ms>?)"},
        {JB_LEDGER_BROKER, JB_SQL_ENTRY_OF_CASE, "INDEX entry_case (case_no=? AND seq<?)"},
        {JB_LEDGER_BROKER, JB_SQL_ENTRY_COMMON, "INDEX entry_common"},
        {JB_LEDGER_BROKER, JB_SQL_STREAM_READ, "SEARCH s USING PRIMARY KEY (node=? AND number>?)"},
        {JB_LEDGER_BROKER, JB_SQL_STREAM_DUTIES, "PRIMARY KEY (node=? AND number>? AND number<?)"},
        {JB_LEDGER_BROKER, JB_SQL_TOTAL_CASES, "COVERING INDEX"},
        {JB_LEDGER_BROKER, JB_SQL_TOTAL_OPEN, "COVERING INDEX case_stage (stage<?)"},
        {JB_LEDGER_BROKER, JB_SQL_TOTAL_OBJECTIONS, "COVERING INDEX case_objection"},
        {JB_LEDGER_BROKER, JB_SQL_TOTAL_RED, "COVERING INDEX deadline_due"},
        {JB_LEDGER_BROKER, JB_SQL_TOTAL_WARNED, "COVERING INDEX deadline_due"},
        {JB_LEDGER_REPLICA, JB_SQL_ITEM_OF_CASE, "INDEX item_case (case_no=?)"},
        {JB_LEDGER_REPLICA, JB_SQL_ITEM_SETTLES, "INDEX item_settles (settles=?)"},
        {JB_LEDGER_REPLICA, JB_SQL_STORED_AT, "COVERING INDEX item_entry (entry_seq=?)"},
        {JB_LEDGER_REPLICA, JB_SQL_ALARM_DUE, "INDEX deadline_first (first_ms<?)"},
        {JB_LEDGER_REPLICA, JB_SQL_ALARM_NEXT_FIRST, "INDEX deadline_first (first_ms>?)"},
        {JB_LEDGER_REPLICA, JB_SQL_OUTBOX_OF_CASE, "INDEX outbox_case (case_no=? AND number>?)"},
    };
    struct lw *w = *state;
    struct jb_ledger *broker = lw_open(w, "b.db", JB_LEDGER_BROKER);
    struct jb_ledger *replica = lw_open(w, "r.db", JB_LEDGER_REPLICA);

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *plan = lw_plan(rows[i].role == JB_LEDGER_BROKER ? broker : replica, rows[i].id);
        if (strstr(plan, rows[i].index) == NULL)
            fail_msg("row %zu: %s", i, plan);
        free(plan);
    }
    lw_close(&broker);
    lw_close(&replica);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, lw_setup, lw_teardown)
    const struct CMUnitTest tests[] = {
        T(a_case_comes_back_field_by_field),        T(a_case_that_is_not_there_has_no_stage),
        T(a_full_arena_is_an_error_at_every_point), T(directory_policies_and_calendars_come_back),
        T(due_cases_come_in_order_and_once),        T(the_clock_and_the_listings_use_their_indexes),
    };
#undef T

    return cmocka_run_group_tests_name("casefile", tests, NULL, NULL);
}
