/* Cases in the tables: what was written comes back whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
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
                            .directive = 21,
                            .docket = 22,
                            .paused_from_ms = 23,
                            .paused_ms = 24,
                            .paused_to_ms = 25,
                            .extended_days = 26,
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
                    (int64_t)x->set_seq,
                    x->directive,
                    x->docket,
                    x->paused_from_ms,
                    x->paused_ms,
                    x->paused_to_ms,
                    x->extended_days};
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
                    (int64_t)y->set_seq,
                    y->directive,
                    y->docket,
                    y->paused_from_ms,
                    y->paused_ms,
                    y->paused_to_ms,
                    y->extended_days};
    assert_memory_equal(xs, ys, sizeof xs);
}

static void fill_parts(struct jb_case *c)
{
    static struct jb_mark marks[2];
    static struct jb_directive directives[2];
    static struct jb_target targets[2];
    static struct jb_docket dockets[1];

    marks[0] = (struct jb_mark){JB_MARK_RECUSED, 41, 42, 43, jb_text_of("赵敏"), 44};
    marks[1] = (struct jb_mark){JB_MARK_LINK, 0, 45, 46, {NULL, 0}, 47};
    directives[0] = (struct jb_directive){.id = 1,
                                          .power = 51,
                                          .demand = 52,
                                          .recommendation = 53,
                                          .issuer = 54,
                                          .authority = 55,
                                          .level = 56,
                                          .flags = 57,
                                          .people = 58,
                                          .status = JB_DIRECTIVE_IN_FORCE,
                                          .due_ms = 59,
                                          .issued_ms = 60,
                                          .seq = 61,
                                          .official = jb_text_of("书记"),
                                          .countersigned_by = jb_text_of("县长"),
                                          .issued_by = jb_text_of("王芳"),
                                          .dirty = true};
    directives[1] = (struct jb_directive){.id = 2, .status = JB_DIRECTIVE_WAITING, .dirty = true};
    targets[0] = (struct jb_target){1, 71, JB_TARGET_ANSWERED, 72, 73, 74, 75, 76, true};
    targets[1] = (struct jb_target){2, 77, JB_TARGET_ISSUED, 0, 0, 0, 0, 0, true};
    dockets[0] = (struct jb_docket){1, jb_text_of("督7"), 81, 82, 83, 84, 85, 86, 87, true};
    c->marks = marks;
    c->mark_count = 2;
    c->marks_dirty = true;
    c->directives = directives;
    c->directive_count = 2;
    c->targets = targets;
    c->target_count = 2;
    c->dockets = dockets;
    c->docket_count = 1;
}

/* Every number different, so that a swapped column shows. */
static struct jb_case full_case(void)
{
    static struct jb_participant parts[] = {
        {.node = 7, .role = JB_ROLE_REGISTRAR},
        {.node = 7, .role = JB_ROLE_ASSIGNER},
        {.node = 12, .role = JB_ROLE_HOST},
        {.node = 13, .role = JB_ROLE_CO_HANDLER, .signed_ms = 61, .answered_ms = 62},
        {.node = 14, .role = JB_ROLE_LEFT}};
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
                        .simple = true,
                        .lead_official = jb_text_of("副县长"),
                        .query_hash = jb_text_of("00ff"),
                        .reviewer = 31,
                        .rechecker = 32,
                        .review_opinion = 33,
                        .recheck_opinion = 34,
                        .ratings = {{JB_RATING_OPENED, 3, 35}, {JB_RATING_CAST, 0, 36}},
                        .dispute_level = 2,
                        .arbiter = 37,
                        .last_seq = 400};

    fill_parts(&c);
    deadlines[0] = full_deadline(1);
    deadlines[1] = full_deadline(2);
    deadlines[2] = (struct jb_deadline){.id = 3, .dirty = true};
    for (int i = 1; i < JB_FACT_COUNT; i++)
        c.facts_ms[i] = 1000 + i;
    return c;
}

struct numbers {
    int64_t at[36];
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
                             c->last_ruling,
                             c->simple,
                             c->reviewer,
                             c->rechecker,
                             c->review_opinion,
                             c->recheck_opinion,
                             c->ratings[0].state,
                             c->ratings[0].satisfaction,
                             c->ratings[0].at_ms,
                             c->ratings[1].state,
                             c->ratings[1].satisfaction,
                             c->ratings[1].at_ms,
                             c->dispute_level,
                             c->arbiter,
                             (int64_t)c->mark_count,
                             (int64_t)c->docket_count}};
}

static void parts_same(const struct jb_case *x, const struct jb_case *y)
{
    assert_int_equal(x->mark_count, y->mark_count);
    for (size_t i = 0; i < x->mark_count; i++) {
        const struct jb_mark *a = &x->marks[i];
        const struct jb_mark *b = &y->marks[i];
        int64_t as[] = {a->kind, a->node, a->other_case_no, a->value, a->at_ms};
        int64_t bs[] = {b->kind, b->node, b->other_case_no, b->value, b->at_ms};
        assert_memory_equal(as, bs, sizeof as);
        text_same(a->text, b->text);
    }
    assert_int_equal(x->directive_count, y->directive_count);
    for (size_t i = 0; i < x->directive_count; i++) {
        const struct jb_directive *a = &x->directives[i];
        const struct jb_directive *b = &y->directives[i];
        int64_t as[] = {a->id,        a->power,     a->demand,      a->recommendation, a->issuer,
                        a->authority, a->level,     a->flags,       a->people,         a->status,
                        a->due_ms,    a->issued_ms, (int64_t)a->seq};
        int64_t bs[] = {b->id,        b->power,     b->demand,      b->recommendation, b->issuer,
                        b->authority, b->level,     b->flags,       b->people,         b->status,
                        b->due_ms,    b->issued_ms, (int64_t)b->seq};
        assert_memory_equal(as, bs, sizeof as);
        text_same(a->official, b->official);
        text_same(a->countersigned_by, b->countersigned_by);
        text_same(a->issued_by, b->issued_by);
    }
    assert_int_equal(x->target_count, y->target_count);
    for (size_t i = 0; i < x->target_count; i++) {
        const struct jb_target *a = &x->targets[i];
        const struct jb_target *b = &y->targets[i];
        int64_t as[] = {a->directive, a->node,      a->state,       a->deadline_id,
                        a->adopted,   a->signed_ms, a->answered_ms, a->ended_ms};
        int64_t bs[] = {b->directive, b->node,      b->state,       b->deadline_id,
                        b->adopted,   b->signed_ms, b->answered_ms, b->ended_ms};
        assert_memory_equal(as, bs, sizeof as);
    }
    for (size_t i = 0; i < x->docket_count; i++) {
        const struct jb_docket *a = &x->dockets[i];
        const struct jb_docket *b = &y->dockets[i];
        int64_t as[] = {a->id,          a->step,      a->node,       a->opener,
                        a->deadline_id, a->opened_ms, a->stepped_ms, a->closed_ms};
        int64_t bs[] = {b->id,          b->step,      b->node,       b->opener,
                        b->deadline_id, b->opened_ms, b->stepped_ms, b->closed_ms};
        assert_memory_equal(as, bs, sizeof as);
        text_same(a->docket_no, b->docket_no);
    }
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
    text_same(back.lead_official, c.lead_official);
    text_same(back.query_hash, c.query_hash);
    parts_same(&back, &c);
    assert_false(c.marks_dirty || c.directives[0].dirty || c.targets[0].dirty ||
                 c.dockets[0].dirty);
    assert_int_equal(back.participants[3].signed_ms, 61);
    assert_int_equal(back.participants[3].answered_ms, 62);
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

/* A mark that goes goes from the table; rows that are not dirty are not written. */
static void what_changed_is_written(void **state)
{
    struct lw *w = *state;
    struct jb_case c = full_case();
    struct jb_case back;
    struct jb_ledger *l = lw_open(w, "a.db", JB_LEDGER_BROKER);

    assert_int_equal(jb_ledger_begin(l), JB_OK);
    assert_int_equal(jb_ledger_case_save(l, &c), JB_OK);
    c.mark_count = 0;
    c.marks_dirty = true;
    c.dockets[0].step = 99; /* not marked: not written */
    c.targets[1].state = JB_TARGET_SIGNED;
    c.targets[1].dirty = true;
    assert_int_equal(jb_ledger_case_save(l, &c), JB_OK);
    assert_int_equal(jb_ledger_case_load(l, c.case_no, &w->arena, &back), JB_OK);
    assert_int_equal(back.mark_count, 0);
    assert_int_equal(back.dockets[0].step, 81);
    assert_int_equal(back.targets[1].state, JB_TARGET_SIGNED);
    assert_int_equal(jb_case_rows_drop(l, c.case_no), JB_OK);
    static const char *const tables[] = {"case_file", "participant", "deadline", "mark",
                                         "directive", "target",      "docket"};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        char sql[64];
        int64_t rows = 1;
        snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", tables[i]);
        assert_int_equal(jb_db_number(l, sql, &rows), JB_OK);
        assert_int_equal(rows, 0);
    }
    assert_int_equal(jb_ledger_commit(l), JB_OK);
    lw_close(&l);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, lw_setup, lw_teardown)
    const struct CMUnitTest tests[] = {
        T(a_case_comes_back_field_by_field),
        T(a_case_that_is_not_there_has_no_stage),
        T(a_full_arena_is_an_error_at_every_point),
        T(what_changed_is_written),
    };
#undef T

    return cmocka_run_group_tests_name("casefile", tests, NULL, NULL);
}
