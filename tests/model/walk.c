/* A random walk: a hundred thousand legal and illegal acts of fifty agencies, with the clock going
 * on, through the broker's own decide and commit, the streams and the replicas. After every step
 * the case that it touched is held against the rules that must always hold, and against what every
 * agency sees.
 *
 * JB_MODEL_STEPS sets the number of steps, JB_SEED the seed. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/model/invariants.h"
#include "tests/model/randomact.h"
#include "tests/model/twin.h"

#define STEPS 100000
#define STEPS_PER_CASE 120 /* then the place is taken by a new case */

struct tally {
    size_t accepted, refused;
    size_t stages[JB_STAGE_COUNT];
    size_t kinds[128];
    size_t refusals[256];
    size_t missed, disputes, merged, accusations;
};

static uint64_t number_from(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text != NULL && text[0] != '\0' ? strtoull(text, NULL, 10) : otherwise;
}

static void register_at(struct model *m, size_t place)
{
    struct model_act a = model_random_register(m);
    enum jb_refusal refusal = model_submit(m, a.node, a.user, &a.act);

    if (refusal != JB_REFUSE_NONE) /* Art 43: never refused */
        fail_msg("a registration was refused: %s %s", jb_refusal_name(refusal),
                 m->b.verdict.detail);
    m->cases[place] = a.act.case_no;
}

static void go_on(struct model *m)
{
    uint32_t dice = model_below(m, 100);

    /* mostly minutes, sometimes hours, seldom days: fourteen years in all */
    if (dice < 80)
        m->now_ms += (int64_t)model_below(m, 600) * 1000;
    else if (dice < 99)
        m->now_ms += (int64_t)model_below(m, 6) * 3600000;
    else
        m->now_ms += (int64_t)model_below(m, 6) * JB_DAY_MS;
    if (dice < 30)
        model_acknowledge(m, 2 + model_below(m, m->last_node - 1));
}

static void count(struct tally *t, const struct jb_case *now, const struct model_act *a,
                  enum jb_refusal refusal)
{
    if (refusal == JB_REFUSE_NONE) {
        t->accepted++;
        t->kinds[a->act.kind]++;
    } else {
        t->refused++;
        t->refusals[refusal & 255]++;
    }
    t->stages[now->stage]++;
    t->disputes += now->dispute_level != 0;
    t->accusations += now->matter == JB_MATTER_ACCUSATION;
    for (size_t i = 0; i < now->deadline_count; i++)
        t->missed += now->deadlines[i].missed_ms != 0;
}

static void step(struct model *m, struct tally *t, size_t n)
{
    size_t place = model_below(m, MODEL_CASES);
    struct jb_case before, now;
    struct model_act a;
    enum jb_refusal refusal;

    jb_arena_reset(&m->step);
    if (n % STEPS_PER_CASE == 0)
        register_at(m, place);
    go_on(m);
    model_tick(m);
    before = model_case(m, m->b.ledger, m->cases[place]);
    a = model_random_act(m, &before);
    refusal = model_submit(m, a.node, a.user, &a.act);
    model_tick(m);
    model_deliver(m);
    if (refusal == JB_REFUSE_NONE && a.act.case_no != before.case_no) {
        m->cases[place] = a.act.case_no; /* it opened a file of its own */
        before = model_case(m, m->b.ledger, a.act.case_no);
    }
    now = model_case(m, m->b.ledger, before.case_no);
    model_hold_case(m, &before, &now);
    model_hold_dates(m, &now);
    model_hold_replicas(m, &now);
    count(t, &now, &a, refusal);
}

static void print(const struct tally *t, uint64_t steps)
{
    printf("# %llu steps: %zu accepted, %zu refused\n", (unsigned long long)steps, t->accepted,
           t->refused);
    for (size_t i = 0; i < 128; i++) {
        if (t->kinds[i] > 0)
            printf("#   %-24s %zu\n", jb_act_kind_name((enum jb_act_kind)i), t->kinds[i]);
    }
    for (size_t i = 0; i < JB_STAGE_COUNT; i++)
        printf("#   stage %-18s %zu\n", jb_stage_name((enum jb_stage)i), t->stages[i]);
    for (size_t i = 0; i < 256; i++) {
        if (t->refusals[i] > 0)
            printf("#   refused %-24s %zu\n", jb_refusal_name((enum jb_refusal)i), t->refusals[i]);
    }
}

static void hundred_thousand_steps(void **state)
{
    struct model *m = *state;
    struct tally tally = {0};
    uint64_t steps = number_from("JB_MODEL_STEPS", STEPS);

    for (size_t place = 0; place < MODEL_CASES; place++) {
        jb_arena_reset(&m->step);
        register_at(m, place);
    }
    for (size_t n = 1; n <= steps; n++) {
        m->at = n;
        step(m, &tally, n);
        if (n % (STEPS / 4) == 0)
            model_hold_ledgers(m);
    }
    model_hold_ledgers(m);
    print(&tally, steps);
    assert_true(tally.accepted > steps / 20);
    assert_true(tally.refused > steps / 10);
    if (steps < STEPS)
        return; /* a short walk does not come everywhere */
    for (int stage = JB_STAGE_REGISTERED; stage < JB_STAGE_COUNT; stage++) {
        if (tally.stages[stage] == 0)
            fail_msg("stage %s was never reached", jb_stage_name((enum jb_stage)stage));
    }
    assert_true(tally.disputes > 0 && tally.accusations > 0 && tally.missed > 0);
}

static int open_world(void **state)
{
    *state = model_open(number_from("JB_SEED", 20261123));
    return 0;
}

static int close_world(void **state)
{
    model_close(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(hundred_thousand_steps, open_world, close_world),
        cmocka_unit_test(model_accused_sees_nothing),
    };
    return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
