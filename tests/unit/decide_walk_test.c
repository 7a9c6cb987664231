/* A long random walk: many cases, all parties, well-formed and ill-formed acts, time going on.
 * After each step the invariants of casework must hold. The seed is fixed. */
#include "tests/unit/rules_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define STEPS 40000
#define ACTS_PER_CASE_MAX 60

static uint64_t random_state = 20261123;

/* splitmix64: the same numbers on every run. */
static uint32_t below(uint32_t limit)
{
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((z ^ (z >> 31)) % limit);
}

static const enum jb_act_kind kinds[] = {
    JB_ACT_ASSIGN,
    JB_ACT_FORWARD,
    JB_ACT_HANDOVER,
    JB_ACT_REFER,
    JB_ACT_SIGN_FOR,
    JB_ACT_ACCEPT,
    JB_ACT_DECLINE,
    JB_ACT_NOTIFY,
    JB_ACT_OBJECT,
    JB_ACT_HANDOVER,
    JB_ACT_EXTEND,
    JB_ACT_DESIGNATE,
    JB_ACT_RULE_ON_OBJECTION,
    JB_ACT_ANSWER,
    JB_ACT_EXECUTE,
    JB_ACT_CLOSE,
    JB_ACT_NOTE,
    JB_ACT_ACKNOWLEDGE,
    JB_ACT_OPENED,
    JB_ACT_RECEIVED,
    JB_ACT_SIGN_FOR,
    JB_ACT_ACCEPT,
    JB_ACT_ANSWER,
    JB_ACT_OBJECT,
    JB_ACT_PURGED,
    JB_ACT_RULE_ON_OBJECTION,
    JB_ACT_RECORD_DELIVERY,
    JB_ACT_START_SIMPLE,
    JB_ACT_TURN_ORDINARY,
    JB_ACT_REPORT_UP,
    JB_ACT_REQUEST_REVIEW,
    JB_ACT_GIVE_REVIEW,
    JB_ACT_REQUEST_RECHECK,
    JB_ACT_GIVE_RECHECK,
    JB_ACT_START_HEARING,
    JB_ACT_END_HEARING,
    JB_ACT_TERMINATE,
    JB_ACT_REOPEN,
};
static const uint32_t senders[] = {OFFICE,      HOUSING,    HOUSING_UNIT, LABOUR,
                                   LAND,        TOWN,       TOWN_STATION, CONFERENCE,
                                   CITY_OFFICE, OTHER_DEPT, COUNTY,       CITY};

/* What usually comes next, so that the walk gets somewhere. */
static const enum jb_act_kind likely[JB_STAGE_COUNT][4] = {
    [JB_STAGE_REGISTERED] = {JB_ACT_FORWARD, JB_ACT_FORWARD, JB_ACT_ASSIGN, JB_ACT_FORWARD},
    [JB_STAGE_SENT] = {JB_ACT_SIGN_FOR, JB_ACT_START_SIMPLE, JB_ACT_OBJECT, JB_ACT_HANDOVER},
    [JB_STAGE_SIGNED] = {JB_ACT_ACCEPT, JB_ACT_ACCEPT, JB_ACT_RULE_ON_OBJECTION, JB_ACT_HANDOVER},
    [JB_STAGE_ACCEPTED] = {JB_ACT_ANSWER, JB_ACT_ANSWER, JB_ACT_EXTEND, JB_ACT_NOTIFY},
    [JB_STAGE_DECLINED] = {JB_ACT_NOTIFY, JB_ACT_CLOSE, JB_ACT_CLOSE, JB_ACT_NOTE},
    [JB_STAGE_ANSWERED] = {JB_ACT_NOTIFY, JB_ACT_EXECUTE, JB_ACT_CLOSE, JB_ACT_REQUEST_REVIEW},
    [JB_STAGE_REFERRED] = {JB_ACT_NOTE, JB_ACT_NOTE, JB_ACT_NOTE, JB_ACT_REOPEN},
    [JB_STAGE_CLOSED] = {JB_ACT_NOTE, JB_ACT_NOTE, JB_ACT_REQUEST_REVIEW, JB_ACT_REOPEN},
    [JB_STAGE_REVIEW] = {JB_ACT_GIVE_REVIEW, JB_ACT_GIVE_REVIEW, JB_ACT_NOTE, JB_ACT_EXECUTE},
    [JB_STAGE_REVIEWED] = {JB_ACT_NOTIFY, JB_ACT_REQUEST_RECHECK, JB_ACT_REQUEST_RECHECK,
                           JB_ACT_CLOSE},
    [JB_STAGE_RECHECK] = {JB_ACT_GIVE_RECHECK, JB_ACT_START_HEARING, JB_ACT_END_HEARING,
                          JB_ACT_GIVE_RECHECK},
    [JB_STAGE_RECHECKED] = {JB_ACT_NOTIFY, JB_ACT_TERMINATE, JB_ACT_EXECUTE, JB_ACT_CLOSE},
    [JB_STAGE_TERMINATED] = {JB_ACT_NOTE, JB_ACT_EXECUTE, JB_ACT_REOPEN, JB_ACT_REOPEN},
};

struct tally {
    size_t accepted, refused;
    size_t told_before; /* refused for their kind already */
    bool stages[JB_STAGE_COUNT];
    bool kinds[256];
};

static struct jb_text maybe(const char *text)
{
    return jb_text_of(below(8) == 0 ? "" : text);
}

static struct jb_act random_act(const struct world *w, const uint32_t helpers[3])
{
    struct jb_act act = {
        .kind = below(4) != 0 ? likely[w->c.stage][below(4)] : kinds[below(COUNT(kinds))],
        .node = senders[below(COUNT(senders))],
        .text = maybe("内容"),
        .reason = maybe("理由"),
        .report = maybe("报告"),
        .approved_by = maybe("局长"),
        .basis = maybe("依据"),
        .days = below(40),
        .deadline_id = below(3) == 0 ? below(8) : 0,
        .log_seq = below(2) == 0 ? w->c.sent_seq : 1,
        .at_ms = w->now_ms,
    };

    if (act.kind == JB_ACT_RECEIVED)
        act.node = w->c.host;
    if (below(2) == 0)
        act.told_at_ms = w->now_ms - below(3600) * 1000;
    if (below(4) == 0)
        act.due_ms = w->now_ms + (int64_t)below(80) * JB_DAY_MS;
    act.co_handlers = (struct jb_list32){helpers, below(3) == 0 ? below(3) : 0};
    act.ruling = (int)below(3);
    act.opinion = (int)below(4);
    act.exit = below(4) == 0 ? (int)below(7) : 0;
    act.ground = (int)below(3);
    act.how = maybe("邮寄");
    act.received_at_ms = act.from_ms = act.until_ms = w->now_ms;
    if (act.kind == JB_ACT_REQUEST_REVIEW || act.kind == JB_ACT_REQUEST_RECHECK ||
        act.kind == JB_ACT_REPORT_UP)
        act.node = 0;
    act.authority = below(3) == 0 ? (int)below(6) : 0;
    if (below(20) == 0)
        act.custody = below(9) + 1;
    return act;
}

static uint32_t some_leaver(const struct jb_case *c)
{
    for (size_t i = 0; i < c->participant_count; i++) {
        if (c->participants[i].role == JB_ROLE_LEFT)
            return c->participants[i].node;
    }
    return HOUSING;
}

/* Half of the time somebody who can be expected to act. */
static uint32_t random_sender(const struct world *w, enum jb_act_kind kind)
{
    uint32_t dice = below(8);

    if (kind == JB_ACT_DESIGNATE && dice < 4)
        return CONFERENCE;
    if (kind == JB_ACT_RECEIVED && dice < 4)
        return BROKER;
    if (kind == JB_ACT_PURGED && dice < 4)
        return some_leaver(&w->c);
    if (w->c.stage >= JB_STAGE_REVIEW && w->c.stage <= JB_STAGE_RECHECKED && dice < 4)
        return w->c.rechecker != 0 ? w->c.rechecker : w->c.reviewer;
    if (dice < 4)
        return w->c.host;
    if (dice < 6)
        return w->c.sender != 0 ? w->c.sender : OFFICE;
    return dice == 6 ? BROKER : senders[below(COUNT(senders))];
}

/* What runs on when a case has come to its end. */
static bool outlives(const char *key)
{
    return strcmp(key, "ask-review") == 0 || strcmp(key, "ask-recheck") == 0 ||
           strcmp(key, "rate") == 0 || strcmp(key, "execute") == 0;
}

static void hold_deadlines(const struct jb_case *c)
{
    size_t handle = 0, notify = 0, object = 0, rule = 0;

    for (size_t i = 0; i < c->deadline_count; i++) {
        const struct jb_deadline *d = &c->deadlines[i];

        assert_int_equal(d->id, i + 1);
        assert_true(d->due_ms > d->trigger_ms);
        if (d->end != JB_END_OPEN)
            continue;
        assert_true(jb_case_has(c, d->node));
        assert_true(!jb_stage_is_final(c->stage) || outlives(d->key));
        handle += strcmp(d->key, "handle") == 0;
        notify += strcmp(d->key, "notify") == 0;
        object += strcmp(d->key, "object") == 0;
        rule += strcmp(d->key, "rule") == 0;
        if (strcmp(d->key, "handle") == 0 || strcmp(d->key, "notify") == 0)
            assert_int_equal(d->node, c->host);
    }
    assert_true(handle <= 1 && notify <= 1 && object <= 1);
    assert_int_equal(rule, c->objection_open);
}

static void hold_audience(const struct jb_case *c)
{
    size_t hosts = 0;

    for (size_t i = 0; i < c->participant_count; i++) {
        const struct jb_participant *p = &c->participants[i];

        if (p->role == JB_ROLE_HOST) {
            hosts++;
            assert_int_equal(p->node, c->host);
        }
        if (p->role == JB_ROLE_LEFT)
            assert_int_equal(jb_case_roles(c, p->node), 1U << JB_ROLE_LEFT);
        for (size_t j = 0; j < i; j++)
            assert_false(c->participants[j].node == p->node && c->participants[j].role == p->role);
    }
    assert_int_equal(hosts, 1);
    assert_true(jb_case_has(c, c->registrar));
    if (c->sender != 0)
        assert_true(jb_case_has(c, c->sender));
}

static void hold_invariants(const struct jb_case *c, const struct jb_case *before,
                            const struct jb_verdict *v)
{
    bool moved = false;

    for (size_t i = 0; i < v->effects.count; i++)
        moved = moved || v->effects.at[i].kind == JB_EFFECT_CUSTODY_MOVED;
    assert_int_equal(c->custody, before->custody + moved);
    if (!moved)
        assert_int_equal(c->host, before->host);
    if (jb_stage_is_final(before->stage) && c->stage == JB_STAGE_REGISTERED)
        assert_int_equal(c->host, c->registrar);
    else if (jb_stage_is_final(before->stage) && c->stage != before->stage)
        assert_true(c->stage == JB_STAGE_REVIEW || c->stage == JB_STAGE_RECHECK);
    if (c->stage == JB_STAGE_ACCEPTED)
        assert_true(c->facts_ms[JB_FACT_SIGNED] != 0 && c->facts_ms[JB_FACT_ACCEPTED] != 0);
    if (c->stage == JB_STAGE_CLOSED && c->opinion == JB_OPINION_SUPPORTED &&
        c->facts_ms[JB_FACT_DECLINED] == 0)
        assert_int_not_equal(c->facts_ms[JB_FACT_EXECUTED], 0);
    hold_audience(c);
    hold_deadlines(c);
}

/* Of every kind beforehand: is it refused whatever it will say? */
static enum jb_refusal refused_as_kind(struct world *w, uint32_t node, enum jb_act_kind kind)
{
    static struct jb_verdict verdict;
    const struct jb_act blank = {.kind = kind, .case_no = w->c.case_no, .custody = w->c.custody};
    const struct jb_question q = {.act = &blank, .node = node, .now_ms = w->now_ms};

    jb_decide_kind(&w->book, &w->c, &q, &verdict);
    assert_int_equal(verdict.effects.count, 0);
    return verdict.refusal;
}

static void step(struct world *w, struct tally *tally)
{
    static const uint32_t helpers[] = {CONFERENCE, LABOUR, LAND};
    struct jb_act act = random_act(w, helpers);
    struct jb_case before = w->c;
    uint32_t sender = random_sender(w, act.kind);
    enum jb_refusal as_kind = refused_as_kind(w, sender, act.kind);

    (void)refused_as_kind(w, sender, kinds[below(COUNT(kinds))]);
    assert_memory_equal(&before, &w->c, sizeof before);
    tally->told_before += as_kind != JB_REFUSE_NONE;
    if (world_try(w, sender, &act) != JB_REFUSE_NONE) {
        assert_memory_equal(&before, &w->c, sizeof before);
        tally->refused++;
        return;
    }
    if (as_kind != JB_REFUSE_NONE)
        fail_msg("%s was refused beforehand (%s) and accepted all the same",
                 jb_act_kind_name(act.kind), jb_refusal_name(as_kind));
    hold_invariants(&w->c, &before, &w->v);
    tally->accepted++;
    tally->stages[w->c.stage] = true;
    tally->kinds[act.kind] = true;
}

static void new_case(struct world *w, struct tally *tally)
{
    struct jb_act act = *world_register_act();

    jb_arena_reset(&w->arena);
    act.matter = below(3) != 0 ? JB_MATTER_APPEAL : (int)below(3) + 1;
    act.flags = below(4) == 0 ? JB_FLAG_UNREACHABLE : 0;
    world_forget_case(w);
    world_do(w, OFFICE, &act);
    tally->stages[w->c.stage] = true;
}

static void forty_thousand_steps(void **state)
{
    struct world *w = *state;
    struct jb_arena cases, world = w->arena;
    struct tally tally = {0};

    /* The cases' own memory, so that it can be dropped with each case. */
    jb_arena_init(&cases, (size_t)64 * 1024 * 1024);
    w->arena = cases;
    for (size_t i = 0; i < STEPS; i++) {
        if (i % ACTS_PER_CASE_MAX == 0)
            new_case(w, &tally);
        w->now_ms += (int64_t)below(12) * 3600 * 1000;
        world_tick(w);
        hold_deadlines(&w->c);
        step(w, &tally);
    }
    jb_arena_fini(&w->arena);
    w->arena = world;
    assert_true(tally.accepted > STEPS / 8);
    assert_true(tally.refused > STEPS / 10);
    assert_true(tally.told_before > tally.refused / 2);
    for (int stage = JB_STAGE_REGISTERED; stage < JB_STAGE_COUNT; stage++) {
        if (!tally.stages[stage] && stage != JB_STAGE_MERGED && stage != JB_STAGE_FILE)
            fail_msg("stage %s was never reached", jb_stage_name((enum jb_stage)stage));
    }
    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (!tally.kinds[kinds[i]])
            fail_msg("%s was never accepted", jb_act_kind_name(kinds[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forty_thousand_steps),
    };
    return cmocka_run_group_tests_name("decide_walk", tests, world_open, world_close);
}
