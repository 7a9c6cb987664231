/* The overlay: what waits in the outbox, laid over the replica, gives what the broker will make of
 * it. The same acts are done in the rules' own test world and both cases are compared. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "clients/agent/overlay.h"
#include "tests/unit/ledger_world.h"
#include "tests/unit/rules_world.h"

struct both {
    struct lw *files;
    struct world *rules;
    struct jb_ledger *broker, *replica; /* replica of OFFICE */
    struct jb_verdict verdict;
    struct jb_agent_overlay_maker maker;
    struct jb_agent_overlay o;
};

static int setup(void **state)
{
    struct both *b = calloc(1, sizeof *b);
    void *part = NULL;

    assert_non_null(b);
    assert_int_equal(lw_setup(&part), 0);
    b->files = part;
    assert_int_equal(world_open(&part), 0);
    b->rules = part;
    b->broker = lw_open(b->files, "b.db", JB_LEDGER_BROKER);
    b->replica = lw_replica(b->files, "r.db", b->broker, OFFICE);
    b->maker = (struct jb_agent_overlay_maker){
        .ledger = b->replica, .book = &b->rules->book, .verdict = &b->verdict, .node = OFFICE};
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    struct both *b = *state;
    void *part = b->rules;

    lw_close(&b->replica);
    lw_close(&b->broker);
    assert_int_equal(world_close(&part), 0);
    part = b->files;
    assert_int_equal(lw_teardown(&part), 0);
    free(b);
    return 0;
}

/* Into the outbox, as an agent does it. */
static void submit(struct both *b, struct jb_act act)
{
    struct jb_arena *arena = &b->files->arena;
    struct jb_submission s = {.user = jb_text_of("张"), .made_at_ms = b->rules->now_ms};
    struct jb_outbox_item item = {.made_at_ms = s.made_at_ms, .kind = act.kind, .user = s.user};

    act.case_no = b->rules->case_no;
    item.case_no = act.case_no;
    assert_int_equal(jb_act_encode(&act, arena, &s.act_bytes), JB_OK);
    assert_int_equal(jb_submission_encode(&s, arena, &item.body), JB_OK);
    assert_int_equal(jb_ledger_begin(b->replica), JB_OK);
    assert_int_equal(jb_outbox_add(b->replica, &item), JB_OK);
    assert_int_equal(jb_ledger_commit(b->replica), JB_OK);
}

/* The broker accepts the act that was done last in the rules' world, and the replica is told. */
static void settle(struct both *b, struct jb_act act, uint64_t number)
{
    struct lw *w = b->files;

    assert_int_equal(jb_ledger_begin(b->broker), JB_OK);
    struct jb_entry e = lw_entry(w, b->broker, act.kind, b->rules->case_no);
    act.case_no = b->rules->case_no;
    e.act = act;
    e.node = OFFICE;
    e.at_ms = b->rules->now_ms;
    e.up_number = number;
    lw_effects(&e, &w->arena, b->rules->v.effects.at, b->rules->v.effects.count);
    (void)lw_log_to(w, b->broker, &e, (struct jb_stream_add){.node = OFFICE, .settles = number});
    assert_int_equal(jb_ledger_commit(b->broker), JB_OK);
    lw_deliver(w, b->broker, b->replica);
}

static void load(struct both *b)
{
    assert_int_equal(
        jb_agent_overlay_load(&b->maker, b->rules->case_no, true, &b->files->arena, &b->o), JB_OK);
}

static void assert_same_case(const struct jb_case *got, const struct jb_case *want)
{
    assert_int_equal(got->case_no, want->case_no);
    assert_int_equal(got->stage, want->stage);
    assert_int_equal(got->host, want->host);
    assert_int_equal(got->custody, want->custody);
    assert_int_equal(got->authority, want->authority);
    assert_int_equal(got->participant_count, want->participant_count);
    assert_true(jb_text_equal(got->title, want->title));
    assert_int_equal(got->deadline_count, want->deadline_count);
    for (size_t i = 0; i < want->deadline_count; i++) {
        assert_string_equal(got->deadlines[i].key, want->deadlines[i].key);
        assert_int_equal(got->deadlines[i].due_ms, want->deadlines[i].due_ms);
        assert_int_equal(got->deadlines[i].end, want->deadlines[i].end);
    }
}

static const struct jb_act assign_first = {
    .kind = JB_ACT_ASSIGN, .node = HOUSING, .custody = 1, .text = {"办", 3}};
static const struct jb_act note = {.kind = JB_ACT_NOTE, .text = {"记", 3}};

static void nothing_there(void **state)
{
    struct both *b = *state;

    load(b);
    assert_int_equal(b->o.c.stage, JB_STAGE_NONE);
    assert_int_equal(b->o.pending, 0);
    assert_false(b->o.stored);
    assert_null(b->o.registered);
}

static void a_case_of_the_outbox_alone(void **state)
{
    struct both *b = *state;

    submit(b, *world_register_act());
    submit(b, assign_first);
    submit(b, note);
    world_do(b->rules, OFFICE, world_register_act());
    world_do(b->rules, OFFICE, &assign_first);
    load(b);
    assert_int_equal(b->o.pending, 3);
    assert_int_equal(b->o.unlikely, 0);
    assert_false(b->o.stored);
    assert_non_null(b->o.registered);
    assert_true(jb_text_equal(b->o.registered->title, world_register_act()->title));
    assert_int_equal(b->o.c.host, HOUSING);
    assert_same_case(&b->o.c, &b->rules->c);
    /* and nothing of it is in the tables */
    struct jb_case stored;
    assert_int_equal(jb_ledger_case_load(b->replica, b->rules->case_no, &b->files->arena, &stored),
                     JB_OK);
    assert_int_equal(stored.stage, JB_STAGE_NONE);
}

static void only_what_still_waits(void **state)
{
    struct both *b = *state;

    submit(b, *world_register_act());
    submit(b, assign_first);
    world_do(b->rules, OFFICE, world_register_act());
    settle(b, *world_register_act(), 1);
    load(b);
    assert_int_equal(b->o.pending, 1);
    assert_true(b->o.stored);
    assert_null(b->o.registered);
    world_do(b->rules, OFFICE, &assign_first);
    assert_same_case(&b->o.c, &b->rules->c);
    settle(b, assign_first, 2);
    load(b);
    assert_int_equal(b->o.pending, 0);
    assert_same_case(&b->o.c, &b->rules->c);
}

static void what_will_be_refused_changes_nothing(void **state)
{
    struct both *b = *state;
    struct jb_act stale = assign_first;

    submit(b, *world_register_act());
    submit(b, assign_first);
    submit(b, stale); /* based on a custody that the first one ended */
    submit(b, note);
    world_do(b->rules, OFFICE, world_register_act());
    world_do(b->rules, OFFICE, &assign_first);
    load(b);
    assert_int_equal(b->o.pending, 4);
    assert_int_equal(b->o.unlikely, 1);
    assert_same_case(&b->o.c, &b->rules->c);
}

static void the_next_act_is_judged_on_top(void **state)
{
    struct both *b = *state;
    struct jb_act sign = {.kind = JB_ACT_SIGN_FOR, .case_no = b->rules->case_no, .custody = 2};
    struct jb_act urge = note;
    struct jb_agent_overlay_act what = {.act = &sign, .now_ms = b->rules->now_ms};

    submit(b, *world_register_act());
    submit(b, assign_first);
    load(b);
    assert_int_equal(jb_agent_overlay_act(&b->maker, &b->o, &what, &b->files->arena), JB_OK);
    assert_int_equal(b->verdict.refusal, JB_REFUSE_WRONG_PARTY);
    assert_int_equal(b->o.c.stage, JB_STAGE_SENT);
    urge.case_no = b->rules->case_no;
    what.act = &urge;
    assert_int_equal(jb_agent_overlay_act(&b->maker, &b->o, &what, &b->files->arena), JB_OK);
    assert_int_equal(b->verdict.refusal, JB_REFUSE_NONE);
}

static void memory_is_bounded(void **state)
{
    struct both *b = *state;
    struct jb_arena small;

    submit(b, *world_register_act());
    jb_arena_init(&small, 512);
    assert_int_equal(jb_agent_overlay_load(&b->maker, b->rules->case_no, true, &small, &b->o),
                     JB_NOMEM);
    jb_arena_fini(&small);
}

/* A number that this office could issue beside the case's own. */
static int64_t number(struct both *b, uint32_t seq)
{
    int64_t no = 0;

    assert_int_equal(jb_caseno_make(jb_date_of_instant(b->rules->now_ms), OFFICE, seq, &no), JB_OK);
    return no;
}

static void submit_register(struct both *b, int64_t case_no, int64_t split_of)
{
    int64_t own = b->rules->case_no;
    struct jb_act act = *world_register_act();

    act.other_case_no = split_of;
    b->rules->case_no = case_no;
    submit(b, act);
    b->rules->case_no = own;
}

/* Other cases are taken from the tables or from the outbox; what is in neither is known to be
 * missing, and then only the broker can refuse because of it. */
static void other_cases(void **state)
{
    struct both *b = *state;
    const int64_t numbers[] = {number(b, 901), number(b, 902)};
    struct jb_act split = {
        .kind = JB_ACT_SPLIT, .case_no = b->rules->case_no, .other_case_nos = {numbers, 2}};
    struct jb_agent_others others;
    const struct jb_case none = {.case_no = b->rules->case_no};

    submit_register(b, numbers[0], 0);
    assert_int_equal(jb_agent_others_load(&b->maker, &split, &none, &b->files->arena, &others),
                     JB_OK);
    assert_int_equal(others.count, 1);
    assert_int_equal(others.at[0]->case_no, numbers[0]);
    assert_true(others.missing);
    assert_true(jb_agent_others_excuse(&others, JB_REFUSE_OTHER_CASE_UNKNOWN));
    assert_false(jb_agent_others_excuse(&others, JB_REFUSE_WRONG_STAGE));
    submit_register(b, numbers[1], 0);
    assert_int_equal(jb_agent_others_load(&b->maker, &split, &none, &b->files->arena, &others),
                     JB_OK);
    assert_int_equal(others.count, 2);
    assert_false(others.missing);
    assert_false(jb_agent_others_excuse(&others, JB_REFUSE_OTHER_CASE_UNKNOWN));
}

/* Two that wait and name each other: looking at one ends. */
static void other_cases_in_a_ring(void **state)
{
    struct both *b = *state;
    int64_t first = number(b, 901);
    int64_t second = number(b, 902);

    submit_register(b, first, second);
    submit_register(b, second, first);
    assert_int_equal(jb_agent_overlay_load(&b->maker, first, true, &b->files->arena, &b->o), JB_OK);
    assert_int_equal(b->o.pending, 1);
    assert_non_null(b->o.registered);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_there, setup, teardown),
        cmocka_unit_test_setup_teardown(a_case_of_the_outbox_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(only_what_still_waits, setup, teardown),
        cmocka_unit_test_setup_teardown(what_will_be_refused_changes_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(the_next_act_is_judged_on_top, setup, teardown),
        cmocka_unit_test_setup_teardown(memory_is_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(other_cases, setup, teardown),
        cmocka_unit_test_setup_teardown(other_cases_in_a_ring, setup, teardown),
    };

    return cmocka_run_group_tests_name("agent_overlay", tests, NULL, NULL);
}
