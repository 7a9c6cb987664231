/* Delegations to named leaders: who gives them, from when to when they hold, how they end. */
#include "tests/unit/rules_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define LEADER T("李县长")

static enum jb_refusal ask(struct world *w, uint32_t node, const struct jb_act *act)
{
    struct jb_question q = {.act = act, .node = node, .now_ms = w->now_ms};

    jb_decide_directory(&w->directory, &q, &w->v);
    return w->v.refusal;
}

static void refused(struct world *w, uint32_t node, const struct jb_act *act, enum jb_refusal why)
{
    if (ask(w, node, act) != why)
        fail_msg("%s instead of %s: %s", jb_refusal_name(w->v.refusal), jb_refusal_name(why),
                 w->v.detail);
}

static void give(struct world *w, uint32_t node, const struct jb_act *act)
{
    struct jb_entry entry = {.act = *act, .node = node, .at_ms = w->now_ms, .seq = ++w->seq};

    refused(w, node, act, JB_REFUSE_NONE);
    assert_int_equal(jb_directory_apply(&w->directory, &entry), JB_OK);
}

static bool holds(struct world *w, int power, int64_t at_ms)
{
    return jb_directory_delegated(&w->directory, OFFICE, LEADER, power, at_ms);
}

static void who_delegates(void **state)
{
    struct world *w = *state;
    const struct jb_act *act = ACT(DELEGATE, .official = LEADER);

    refused(w, OFFICE, act, JB_REFUSE_NONE);
    refused(w, CONFERENCE, act, JB_REFUSE_NONE);
    refused(w, HOUSING, act, JB_REFUSE_NOT_A_HOLDER);
    refused(w, COUNTY, act, JB_REFUSE_NOT_A_HOLDER);
    refused(w, 4711, act, JB_REFUSE_UNKNOWN_NODE);
    refused(w, OFFICE, ACT(DELEGATE, .power = JB_POWER_ASSIGN), JB_REFUSE_FIELD_REQUIRED);
    refused(w, OFFICE, ACT(DELEGATE, .official = LEADER, .power = 7), JB_REFUSE_VALUE_OUT_OF_RANGE);
    refused(w, OFFICE, ACT(END_DELEGATION, .official = LEADER), JB_REFUSE_NOT_DELEGATED);
    world_node(w, OFFICE)->valid_to_ms = w->now_ms;
    refused(w, OFFICE, act, JB_REFUSE_NODE_NOT_VALID);
    world_node(w, OFFICE)->valid_to_ms = 0;
}

static void from_when_to_when(void **state)
{
    struct world *w = *state;
    const struct {
        const char *from, *to; /* NULL: not given */
        enum jb_refusal wanted;
    } rows[] = {
        {NULL, NULL, JB_REFUSE_NONE},
        {"2026-03-02 00:00", NULL, JB_REFUSE_NONE}, /* today, from the morning on */
        {"2026-03-01 23:59", NULL, JB_REFUSE_VALUE_OUT_OF_RANGE},
        {"2027-01-01 00:00", NULL, JB_REFUSE_NONE},
        {NULL, "2026-03-02 10:00", JB_REFUSE_VALUE_OUT_OF_RANGE}, /* now */
        {NULL, "2026-03-02 10:01", JB_REFUSE_NONE},
        {"2026-04-01 00:00", "2026-04-01 00:00", JB_REFUSE_VALUE_OUT_OF_RANGE},
        {"2026-04-01 00:00", "2026-03-31 00:00", JB_REFUSE_VALUE_OUT_OF_RANGE},
        {"2026-04-01 00:00", "2026-04-01 00:01", JB_REFUSE_NONE},
    };

    for (size_t i = 0; i < COUNT(rows); i++)
        refused(w, OFFICE,
                ACT(DELEGATE, .official = LEADER,
                    .valid_from_ms = rows[i].from != NULL ? local(rows[i].from) : 0,
                    .valid_to_ms = rows[i].to != NULL ? local(rows[i].to) : 0),
                rows[i].wanted);
}

/* The first instant counts, the last one no more; power 0 is all of them. */
static void the_edges_of_validity(void **state)
{
    struct world *w = *state;
    int64_t from_ms = local("2026-04-01 00:00"), to_ms = local("2026-05-01 00:00");

    give(w, OFFICE,
         ACT(DELEGATE, .official = LEADER, .power = JB_POWER_SUPERVISE, .valid_from_ms = from_ms,
             .valid_to_ms = to_ms));
    assert_false(holds(w, JB_POWER_SUPERVISE, from_ms - 1));
    assert_true(holds(w, JB_POWER_SUPERVISE, from_ms));
    assert_true(holds(w, JB_POWER_SUPERVISE, to_ms - 1));
    assert_false(holds(w, JB_POWER_SUPERVISE, to_ms));
    assert_false(holds(w, JB_POWER_ASSIGN, from_ms));
    give(w, OFFICE, ACT(DELEGATE, .official = LEADER));
    assert_false(holds(w, JB_POWER_ASSIGN, w->now_ms - 1));
    for (int power = JB_POWER_ASSIGN; power <= JB_POWER_RECOMMEND; power++)
        assert_true(holds(w, power, w->now_ms));
    assert_false(
        jb_directory_delegated(&w->directory, CONFERENCE, LEADER, JB_POWER_ASSIGN, w->now_ms));
    w->now_ms += JB_DAY_MS;
    give(w, OFFICE, ACT(END_DELEGATION, .official = LEADER, .reason = T("岗位调整")));
    assert_true(holds(w, JB_POWER_ASSIGN, w->now_ms - 1)); /* what was in force stays on record */
    assert_false(holds(w, JB_POWER_ASSIGN, w->now_ms));
    assert_false(holds(w, JB_POWER_SUPERVISE, from_ms)); /* the one still to come as well */
    refused(w, OFFICE, ACT(END_DELEGATION, .official = LEADER), JB_REFUSE_NOT_DELEGATED);
    w->now_ms -= JB_DAY_MS;
}

static void at_most_sixty_four_at_a_time(void **state)
{
    struct world *w = *state;

    for (int i = 0; i < 64; i++)
        give(w, CONFERENCE,
             ACT(DELEGATE, .official = LEADER, .power = JB_POWER_COORDINATE,
                 .valid_to_ms = w->now_ms + JB_DAY_MS));
    refused(w, CONFERENCE, ACT(DELEGATE, .official = LEADER), JB_REFUSE_VALUE_OUT_OF_RANGE);
    refused(w, OFFICE, ACT(DELEGATE, .official = LEADER), JB_REFUSE_NONE);
    w->now_ms += JB_DAY_MS; /* those are over */
    refused(w, CONFERENCE, ACT(DELEGATE, .official = LEADER), JB_REFUSE_NONE);
    w->now_ms -= JB_DAY_MS;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_delegates),
        cmocka_unit_test(from_when_to_when),
        cmocka_unit_test(the_edges_of_validity),
        cmocka_unit_test(at_most_sixty_four_at_a_time),
    };

    return cmocka_run_group_tests_name("decide_delegation", tests, world_open, world_close);
}
