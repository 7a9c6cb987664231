/* Applying effects by themselves: what fits changes the case, what does not fit changes nothing,
 * and a failed allocation is reported. */
#include "tests/unit/rules_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define EFFECT(k, ...) ((struct jb_effect){.kind = JB_EFFECT_##k, __VA_ARGS__})

static enum jb_err apply(struct world *w, const struct jb_effect *effects, size_t count)
{
    struct jb_entry entry = {
        .seq = 77, .at_ms = w->now_ms, .node = OFFICE, .effects = effects, .effect_count = count};

    entry.act = (struct jb_act){.kind = JB_ACT_NOTE, .case_no = w->case_no};
    return jb_case_apply(&w->c, &entry, &w->arena);
}

/* Each is wrong by itself for a case that is with HOUSING: custody 2, deadlines 1 to 4, of which 1
 * ended. */
static void what_does_not_fit_changes_nothing(void **state)
{
    struct world *w = *state;
    const struct jb_effect wrong[] = {
        EFFECT(STAGE_MOVED, .stage = 0),
        EFFECT(STAGE_MOVED, .stage = JB_STAGE_COUNT),
        EFFECT(CUSTODY_MOVED, .node = LAND, .custody = 2),
        EFFECT(CUSTODY_MOVED, .node = LAND, .custody = 4),
        EFFECT(CUSTODY_MOVED, .node = 0, .custody = 3),
        EFFECT(JOINED, .node = 0, .role = JB_ROLE_HOST),
        EFFECT(JOINED, .node = LAND, .role = 0),
        EFFECT(JOINED, .node = LAND, .role = JB_ROLE_END),
        EFFECT(FACT_SET, .fact = 0),
        EFFECT(FACT_SET, .fact = JB_FACT_COUNT),
        EFFECT(DEADLINE_SET, .deadline_id = 8, .key = T("x"), .node = LAND, .due_ms = 1),
        EFFECT(DEADLINE_SET, .deadline_id = 10, .key = T("x"), .node = LAND, .due_ms = 1),
        EFFECT(DEADLINE_SET, .deadline_id = 9, .key = T("x"), .node = 0, .due_ms = 1),
        EFFECT(DEADLINE_SET, .deadline_id = 9, .key = T(""), .node = LAND, .due_ms = 1),
        EFFECT(DEADLINE_SET, .deadline_id = 9, .key = T("a-key-of-twenty-four-byt"), .node = LAND,
               .due_ms = 1),
        EFFECT(DEADLINE_SET, .deadline_id = 9, .key = T("x"), .node = LAND, .due_ms = 1,
               .warn_at_ms = {(const int64_t[]){1, 2, 3, 4, 5}, 5}),
        EFFECT(DEADLINE_SET, .deadline_id = 9, .key = T("x"), .node = LAND),
        EFFECT(DEADLINE_SET, .deadline_id = 9, .key = T("x"), .node = LAND, .due_ms = -1),
        EFFECT(DEADLINE_SET, .deadline_id = 9, .key = T("x"), .node = LAND,
               .due_ms = JB_INSTANT_MAX_MS),
        EFFECT(DEADLINE_ENDED, .deadline_id = 99, .end = JB_END_MET),
        EFFECT(DEADLINE_ENDED, .deadline_id = 1, .end = JB_END_MET),
        EFFECT(DEADLINE_ENDED, .deadline_id = 2, .end = JB_END_OPEN),
        EFFECT(DEADLINE_ENDED, .deadline_id = 2, .end = JB_END_SUPERSEDED + 1),
        EFFECT(DEADLINE_MOVED, .deadline_id = 1, .due_ms = 1),
        EFFECT(DEADLINE_MOVED, .deadline_id = 2),
        EFFECT(DEADLINE_MOVED, .deadline_id = 2, .due_ms = 1, .extension = true),
        EFFECT(CLOCK_RESUMED, .deadline_id = 2),
        EFFECT(DEADLINE_WARNED, .deadline_id = 2, .step_no = 0),
        EFFECT(DEADLINE_WARNED, .deadline_id = 2, .step_no = JB_WARN_MAX + 1),
        EFFECT(DEADLINE_MISSED, .deadline_id = 1, .at_ms = 1),
        EFFECT(DEADLINE_MISSED, .deadline_id = 2),
        EFFECT(DEADLINE_ACKNOWLEDGED, .deadline_id = 0, .node = LAND),
        EFFECT(OBJECTION_SET, .node = 0, .open = true),
        EFFECT(OBJECTION_SET, .node = LAND, .ruling = 3),
        EFFECT(OPINION_SET, .opinion = 4),
        {.kind = (enum jb_effect_kind)0, .node = LAND},
        {.kind = (enum jb_effect_kind)(JB_EFFECT_REVIEW_SET + 1), .node = LAND},
        {.kind = (enum jb_effect_kind) - 1, .node = LAND},
    };

    world_bring(w, JB_STAGE_SENT);
    assert_int_equal(w->c.deadline_count, 8);
    for (size_t i = 0; i < COUNT(wrong); i++) {
        /* A good one goes first: it must not stay behind. */
        const struct jb_effect both[] = {EFFECT(FACT_SET, .fact = JB_FACT_CLOSED, .at_ms = 5),
                                         wrong[i]};
        struct jb_case before = w->c;

        if (apply(w, both, 2) != JB_CORRUPT)
            fail_msg("row %zu fits", i);
        assert_memory_equal(&before, &w->c, sizeof before);
    }
}

static void effects_are_checked_against_those_before_them(void **state)
{
    struct world *w = *state;
    const struct jb_effect good[] = {
        EFFECT(DEADLINE_SET, .deadline_id = 9, .key = T("new"), .node = LAND, .due_ms = 100,
               .warn_at_ms = {(const int64_t[]){10, 20}, 2}),
        EFFECT(DEADLINE_ENDED, .deadline_id = 9, .end = JB_END_MET, .at_ms = 50),
        EFFECT(DEADLINE_SET, .deadline_id = 10, .key = T("new"), .node = LAND, .due_ms = 100),
    };
    const struct jb_effect twice[] = {
        EFFECT(DEADLINE_ENDED, .deadline_id = 2, .end = JB_END_MET),
        EFFECT(DEADLINE_ENDED, .deadline_id = 2, .end = JB_END_MET),
    };
    const struct jb_effect moved_twice[] = {
        EFFECT(CUSTODY_MOVED, .node = LAND, .custody = 3),
        EFFECT(CUSTODY_MOVED, .node = LABOUR, .custody = 3),
    };

    world_bring(w, JB_STAGE_SENT);
    assert_int_equal(apply(w, twice, 2), JB_CORRUPT);
    assert_int_equal(apply(w, moved_twice, 2), JB_CORRUPT);
    assert_int_equal(apply(w, good, 3), JB_OK);
    assert_int_equal(jb_case_deadline(&w->c, 9)->end, JB_END_MET);
    assert_int_equal(jb_case_deadline(&w->c, 9)->first_due_ms, 100);
    assert_int_equal(jb_case_deadline(&w->c, 9)->warned, 2); /* both lie behind us */
    assert_int_equal(jb_case_open_deadline(&w->c, "new")->id, 10);
    assert_int_equal(w->c.last_seq, 77);
    assert_null(jb_case_deadline(&w->c, 11));
    assert_null(jb_case_open_deadline(&w->c, "nothing"));
}

static void a_case_is_registered_once_and_before_anything_else(void **state)
{
    struct world *w = *state;
    struct jb_entry entry = {.seq = 1, .at_ms = w->now_ms, .node = OFFICE};
    const struct jb_effect stage[] = {EFFECT(STAGE_MOVED, .stage = JB_STAGE_REGISTERED)};
    const struct jb_effect fact[] = {EFFECT(FACT_SET, .fact = JB_FACT_CLOSED, .at_ms = 5)};

    world_bring(w, JB_STAGE_REGISTERED);
    entry.act = *world_register_act();
    entry.act.case_no = w->case_no;
    assert_int_equal(jb_case_apply(&w->c, &entry, &w->arena), JB_CORRUPT);
    entry.act = (struct jb_act){.kind = JB_ACT_NOTE, .case_no = w->case_no + 10};
    assert_int_equal(jb_case_apply(&w->c, &entry, &w->arena), JB_CORRUPT);
    world_forget_case(w);
    assert_int_equal(jb_case_apply(&w->c, &entry, &w->arena), JB_OK); /* nothing to do */
    assert_int_equal(w->c.last_seq, 0);
    entry.effects = stage;
    entry.effect_count = 1;
    assert_int_equal(jb_case_apply(&w->c, &entry, &w->arena), JB_CORRUPT);
    /* a case that begins at no stage */
    entry.act = *world_register_act();
    entry.act.case_no = w->case_no;
    entry.effects = fact;
    assert_int_equal(jb_case_apply(&w->c, &entry, &w->arena), JB_CORRUPT);
    assert_int_equal(w->c.last_seq, 0);
    entry.effects = stage;
    assert_int_equal(jb_case_apply(&w->c, &entry, &w->arena), JB_OK);
}

static void the_case_keeps_its_own_texts(void **state)
{
    struct world *w = *state;
    char title[] = "题目";
    struct jb_act act = *world_register_act();

    world_forget_case(w);
    act.title = jb_text_of(title);
    world_do(w, OFFICE, &act);
    memset(title, 'x', sizeof title - 1);
    assert_true(jb_text_equal(w->c.title, T("题目")));
    assert_int_equal(w->c.registered_ms, w->now_ms);
    assert_int_equal(w->c.people, 1);
}

static void roles_are_sets(void **state)
{
    struct world *w = *state;
    const struct jb_effect joins[] = {
        EFFECT(JOINED, .node = LAND, .role = JB_ROLE_CO_HANDLER),
        EFFECT(JOINED, .node = LAND, .role = JB_ROLE_CO_HANDLER),
        EFFECT(JOINED, .node = LAND, .role = JB_ROLE_INFORMED),
    };
    const struct jb_effect leave[] = {EFFECT(JOINED, .node = LAND, .role = JB_ROLE_LEFT)};
    size_t before;

    world_bring(w, JB_STAGE_SENT);
    before = w->c.participant_count;
    assert_int_equal(apply(w, joins, 3), JB_OK);
    assert_int_equal(w->c.participant_count, before + 2);
    assert_int_equal(jb_case_roles(&w->c, LAND), 1U << JB_ROLE_CO_HANDLER | 1U << JB_ROLE_INFORMED);
    assert_int_equal(apply(w, leave, 1), JB_OK);
    assert_int_equal(w->c.participant_count, before + 1);
    assert_false(jb_case_has(&w->c, LAND));
    assert_int_equal(apply(w, joins, 1), JB_OK);
    assert_int_equal(jb_case_roles(&w->c, LAND), 1U << JB_ROLE_CO_HANDLER);
    assert_int_equal(jb_case_roles(&w->c, 0), 0);
}

static void every_failed_allocation_is_reported(void **state)
{
    struct world *w = *state;
    const struct jb_effect e[] = {
        EFFECT(JOINED, .node = LAND, .role = JB_ROLE_INFORMED),
        EFFECT(DEADLINE_SET, .deadline_id = 9, .key = T("new"), .node = LAND, .due_ms = 100,
               .policy_version = T("1"), .calendar_version = T("2"), .article = T("3")),
    };
    size_t failures = 0;

    world_bring(w, JB_STAGE_SENT);
    for (size_t limit = 0;; limit += 16) {
        struct jb_entry entry = {.at_ms = 1, .effects = e, .effect_count = COUNT(e)};
        struct jb_case c = w->c;
        struct jb_arena arena;
        enum jb_err err;

        entry.act = (struct jb_act){.kind = JB_ACT_NOTE, .case_no = w->case_no};
        jb_arena_init(&arena, limit);
        err = jb_case_apply(&c, &entry, &arena);
        jb_arena_fini(&arena);
        if (err == JB_OK)
            break;
        assert_int_equal(err, JB_NOMEM);
        failures++;
    }
    assert_in_range(failures, 4, 10000);
}

static void names(void **state)
{
    (void)state;
    assert_string_equal(jb_stage_name(JB_STAGE_REFERRED), "referred");
    assert_string_equal(jb_stage_name((enum jb_stage)99), "unknown");
    assert_string_equal(jb_role_name(JB_ROLE_CO_HANDLER), "co_handler");
    assert_string_equal(jb_role_name((enum jb_role)0), "unknown");
    assert_string_equal(jb_effect_name(JB_EFFECT_CUSTODY_MOVED), "custody_moved");
    assert_string_equal(jb_effect_name((enum jb_effect_kind)77), "unknown");
    assert_string_equal(jb_act_kind_name(JB_ACT_SIGN_FOR), "sign_for");
    assert_string_equal(jb_act_kind_name(JB_ACT_UNSIGNED), "unsigned_step");
    assert_string_equal(jb_act_kind_name((enum jb_act_kind)9999), "unknown");
    assert_int_equal(jb_act_kind_parse("erase_key"), JB_ACT_ERASE_KEY);
    assert_int_equal(jb_act_kind_parse("unknown"), JB_ACT_NONE);
    assert_string_equal(jb_refusal_name(JB_REFUSE_STALE_CUSTODY), "STALE_CUSTODY");
    assert_string_equal(jb_refusal_article(JB_REFUSE_NOT_EXTENDABLE), "34");
    assert_string_equal(jb_refusal_name((enum jb_refusal)5), "UNKNOWN");
    assert_true(strlen(jb_refusal_text((enum jb_refusal)5)) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_does_not_fit_changes_nothing),
        cmocka_unit_test(effects_are_checked_against_those_before_them),
        cmocka_unit_test(a_case_is_registered_once_and_before_anything_else),
        cmocka_unit_test(the_case_keeps_its_own_texts),
        cmocka_unit_test(roles_are_sets),
        cmocka_unit_test(every_failed_allocation_is_reported),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests_name("case", tests, world_open, world_close);
}
