/* What a delivered entry means to this agency: alarms of their own kinds, once each; the receipt
 * for a purge; office hours. */
#include <stdio.h>

#include "tests/unit/agentdesk.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define OTHER 20
#define DAY_MS INT64_C(86400000)

/* The alarms so far, newest first, as a client sees them. */
static const Jb__AlarmList *alarms(struct desk *d)
{
    Jb__Request request = JB__REQUEST__INIT;
    Jb__GetAlarms q = JB__GET_ALARMS__INIT;

    request.body_case = JB__REQUEST__BODY_ALARMS;
    request.alarms = &q;
    assert_int_equal(desk_ask(d, "张三", &request, jb_agent_get_alarms), JB_OK);
    return d->reply.alarms;
}

static struct jb_effect deadline(uint32_t id, const char *key, uint32_t node, uint32_t directive)
{
    return (struct jb_effect){.kind = JB_EFFECT_DEADLINE_SET,
                              .deadline_id = id,
                              .key = jb_text_of(key),
                              .node = node,
                              .trigger_ms = LW_START_MS,
                              .limit = 3,
                              .unit = JB_UNIT_WORKING_DAYS,
                              .due_ms = LW_START_MS + 400 * DAY_MS,
                              .directive = directive};
}

/* OTHER holds the case, sent by the office or by somebody else; deadlines 2 and 3 are OTHER's. */
static int64_t held_by_other(struct desk *d, uint32_t sender, uint32_t issuer)
{
    int64_t case_no = desk_register(d, 0, "反映供暖问题");
    struct jb_effect effects[] = {
        {.kind = JB_EFFECT_CUSTODY_MOVED,
         .node = OTHER,
         .custody = 2,
         .authority = JB_AUTHORITY_ASSIGN,
         .sender = sender,
         .hops = 1},
        {.kind = JB_EFFECT_DIRECTIVE_SET,
         .directive = 1,
         .power = JB_POWER_INVESTIGATE,
         .node = issuer,
         .status = JB_DIRECTIVE_IN_FORCE},
        {.kind = JB_EFFECT_TARGET_SET, .directive = 1, .node = OTHER, .target = JB_TARGET_ISSUED},
        deadline(2, "sign", OTHER, 0),
        deadline(3, "notify", OTHER, 0),
        deadline(4, "investigate", OTHER, 1),
        deadline(5, "ask-review", OTHER, 0),
    };
    struct jb_entry e = desk_entry(d, JB_ACT_ASSIGN, case_no);

    desk_log(d, &e, effects, COUNT(effects));
    desk_deliver(d);
    return case_no;
}

static void miss(struct desk *d, int64_t case_no, uint32_t id, bool history)
{
    struct jb_effect e = {
        .kind = JB_EFFECT_DEADLINE_MISSED, .deadline_id = id, .at_ms = d->w->now_ms};
    struct jb_entry entry = desk_entry(d, JB_ACT_MISS, case_no);

    entry.node = JB_NODE_BROKER_NUMBER;
    if (history)
        desk_log_history(d, &entry, &e, 1);
    else
        desk_log(d, &entry, &e, 1);
    desk_deliver(d);
}

static void others_misses_by_kind(void **state)
{
    static const struct {
        uint32_t sender, issuer, id;
        const char *kind; /* NULL: no alarm */
    } rows[] = {
        {LW_OFFICE, OTHER, 2, "silent"},
        {LW_OFFICE, OTHER, 3, "missed"},
        {LW_OFFICE, OTHER, 1, NULL}, /* our own: the own clock's */
        {33, LW_OFFICE, 4, "directive_missed"},
        {33, OTHER, 4, "missed"}, /* we registered it */
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        if (i > 0)
            assert_int_equal(desk_setup(state), 0);
        struct desk *d = *state;
        int64_t case_no = held_by_other(d, rows[i].sender, rows[i].issuer);
        miss(d, case_no, rows[i].id, false);
        const Jb__AlarmList *list = alarms(d);
        assert_int_equal(list->n_alarms, rows[i].kind != NULL ? 1 : 0);
        if (rows[i].kind != NULL) {
            assert_string_equal(list->alarms[0]->kind, rows[i].kind);
            assert_int_equal(list->alarms[0]->deadline_id, rows[i].id);
            assert_int_equal(list->alarms[0]->due_ms, LW_START_MS + 400 * DAY_MS);
        }
        if (i + 1 < COUNT(rows))
            assert_int_equal(desk_teardown(state), 0);
    }
}

static void history_raises_nothing(void **state)
{
    struct desk *d = *state;
    int64_t case_no = held_by_other(d, LW_OFFICE, OTHER);

    miss(d, case_no, 3, true);
    assert_int_equal(alarms(d)->n_alarms, 0);
}

static void undelivered_once(void **state)
{
    struct desk *d = *state;
    int64_t case_no = held_by_other(d, LW_OFFICE, OTHER);

    for (size_t i = 0; i < 2; i++) {
        struct jb_entry e = desk_entry(d, JB_ACT_UNDELIVERED, case_no);
        e.node = JB_NODE_BROKER_NUMBER;
        e.act.node = OTHER;
        e.at_ms = LW_START_MS + DAY_MS;
        desk_log(d, &e, NULL, 0);
    }
    desk_deliver(d);
    assert_int_equal(alarms(d)->n_alarms, 1);
    assert_string_equal(alarms(d)->alarms[0]->kind, "undelivered");
    assert_int_equal(alarms(d)->alarms[0]->deadline_id, 0);
}

static void what_comes_to_us(void **state)
{
    static const struct {
        uint32_t power, demand, issuer;
        const char *kind; /* NULL: no alarm */
    } rows[] = {
        {JB_POWER_SUPERVISE, JB_DEMAND_SUMMONS, OTHER, "summons"},
        {JB_POWER_RECOMMEND, 0, OTHER, "directive"},
        {JB_POWER_ASSIGN, 0, OTHER, NULL}, /* the hand-over itself */
        {JB_POWER_CIRCULATE, 0, LW_OFFICE, NULL},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        if (i > 0)
            assert_int_equal(desk_setup(state), 0);
        struct desk *d = *state;
        int64_t case_no = desk_register(d, 0, "群体来访");
        struct jb_effect effects[] = {{.kind = JB_EFFECT_DIRECTIVE_SET,
                                       .directive = 1,
                                       .power = rows[i].power,
                                       .demand = rows[i].demand,
                                       .node = rows[i].issuer,
                                       .status = JB_DIRECTIVE_IN_FORCE},
                                      deadline(2, "summon", LW_OFFICE, 1),
                                      {.kind = JB_EFFECT_TARGET_SET,
                                       .directive = 1,
                                       .node = LW_OFFICE,
                                       .target = JB_TARGET_ISSUED,
                                       .deadline_id = 2}};
        struct jb_entry e = desk_entry(d, JB_ACT_ISSUE_DIRECTIVE, case_no);
        desk_log(d, &e, effects, COUNT(effects));
        desk_deliver(d);
        const Jb__AlarmList *list = alarms(d);
        assert_int_equal(list->n_alarms, rows[i].kind != NULL ? 1 : 0);
        if (rows[i].kind != NULL)
            assert_string_equal(list->alarms[0]->kind, rows[i].kind);
        if (i + 1 < COUNT(rows))
            assert_int_equal(desk_teardown(state), 0);
    }
}

static void a_dispute_to_settle(void **state)
{
    struct desk *d = *state;
    int64_t case_no = desk_register(d, 0, "三不管");
    struct jb_effect effects[] = {
        {.kind = JB_EFFECT_DISPUTE_SET, .dispute_level = 1, .node = LW_OFFICE, .open = true},
        {.kind = JB_EFFECT_DISPUTE_SET, .dispute_level = 2, .node = OTHER, .open = true}};

    for (size_t i = 0; i < COUNT(effects); i++) {
        struct jb_entry e = desk_entry(d, JB_ACT_ESCALATE_DISPUTE, case_no);
        desk_log(d, &e, &effects[i], 1);
    }
    desk_deliver(d);
    assert_int_equal(alarms(d)->n_alarms, 1);
    assert_string_equal(alarms(d)->alarms[0]->kind, "dispute");
}

/* An alarm of such a kind does not silence the own clock about the same deadline. */
static void the_own_clock_still_speaks(void **state)
{
    struct desk *d = *state;
    int64_t case_no = desk_register(d, 0, "反映供暖问题");
    struct jb_case c;
    struct jb_alarm *due = NULL;
    struct jb_alarm apart = {.case_no = case_no, .step = JB_AGENT_ALARM_MISSED, .key = "sort"};
    size_t count = 0;

    desk_deliver(d);
    assert_int_equal(jb_ledger_case_load(d->agent.ledger, case_no, &d->w->arena, &c), JB_OK);
    apart.deadline_id = c.deadlines[0].id | (UINT32_C(1) << 30); /* as concern.c keeps it */
    apart.due_ms = c.deadlines[0].due_ms;
    assert_int_equal(jb_agent_alarm_deadline(&apart), c.deadlines[0].id);
    assert_int_equal(jb_ledger_begin(d->agent.ledger), JB_OK);
    assert_int_equal(jb_alarm_add(d->agent.ledger, &apart), JB_OK);
    assert_int_equal(jb_ledger_commit(d->agent.ledger), JB_OK);
    const struct jb_alarm_look look = {.node = LW_OFFICE, .now_ms = apart.due_ms};
    assert_int_equal(jb_alarm_of_case(d->agent.ledger, &look, case_no, &d->w->arena, &due, &count),
                     JB_OK);
    assert_int_equal(count, 1);
}

/* ---- far behind ---- */

/* What is to come may end what is due: nothing is raised until the agent is nearly there, and then
 * all that still is. If it never gets there: within alarm_check. */
static void alarms_wait_until_the_agent_has_caught_up(void **state)
{
    struct desk *d = *state;
    struct jb_case c;

    int64_t case_no = desk_register(d, 0, "反映供暖问题");
    d->agent.line.welcomed = true;
    d->agent.line.state = JB_AGENT_CATCHING_UP;
    d->agent.line.target = 100000;
    d->w->now_ms += 60 * DAY_MS;
    desk_deliver(d);
    assert_int_equal(jb_ledger_case_load(d->agent.ledger, case_no, &d->w->arena, &c), JB_OK);
    assert_true(c.deadlines[0].due_ms < d->w->now_ms);
    assert_int_equal(alarms(d)->n_alarms, 0);
    assert_in_range(uv_timer_get_due_in(&d->agent.alarm_timer), 0, 60000);
    d->agent.line.target = jb_replica_down(d->agent.ledger).number + 10;
    jb_agent_line_advance(&d->agent);
    (void)uv_run(&d->loop, UV_RUN_NOWAIT);
    assert_int_equal(alarms(d)->n_alarms, 1);
}

/* ---- a case that was left ---- */

static void a_purge_is_receipted_once(void **state)
{
    struct desk *d = *state;
    int64_t case_no = desk_register(d, 0, "反映供暖问题");

    desk_deliver(d);
    assert_int_equal(jb_outbox_made(d->agent.ledger).number, 0);
    desk_left(d, case_no);
    uint64_t number = jb_replica_down(d->agent.ledger).number + 1;
    desk_deliver(d);
    assert_int_equal(desk_get_case(d, "张三", case_no), JB_NOT_FOUND);
    assert_int_equal(jb_outbox_made(d->agent.ledger).number, 1);
    struct jb_act act = desk_outbox_act(d);
    assert_int_equal(act.kind, JB_ACT_PURGED);
    assert_int_equal(act.case_no, case_no);
    assert_int_equal(act.number, number);
    assert_int_equal(d->agent.pending.count, 1);
    assert_true(d->agent.pump_wanted);
    (void)desk_register(d, 1, "另一件");
    desk_deliver(d);
    assert_int_equal(jb_outbox_made(d->agent.ledger).number, 1);
}

/* ---- office hours ---- */

static int64_t at(const char *text)
{
    int64_t ms = 0;
    assert_int_equal(jb_instant_parse(jb_text_of(text), &ms), JB_OK);
    return ms;
}

static void hours(void **state)
{
    static const struct {
        const char *text;
        enum jb_err err;
    } texts[] = {{"", JB_OK},
                 {NULL, JB_OK},
                 {"08:30-18:00", JB_OK},
                 {"00:00-24:00", JB_OK},
                 {"18:00-08:30", JB_MALFORMED},
                 {"08:30-25:00", JB_MALFORMED},
                 {"08:30-24:01", JB_MALFORMED},
                 {"8:30-18:00", JB_MALFORMED},
                 {"08:60-18:00", JB_MALFORMED},
                 {"08:30-18:00x", JB_MALFORMED},
                 {"always", JB_MALFORMED}};
    struct jb_agent_hours h;

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++)
        assert_int_equal(jb_agent_hours_parse(texts[i].text, &h), texts[i].err);
    assert_int_equal(jb_agent_hours_parse("08:30-18:00", &h), JB_OK);
    assert_false(jb_agent_hours_open(&h, NULL, at("2026-03-02 08:29")));
    assert_true(jb_agent_hours_open(&h, NULL, at("2026-03-02 08:30")));
    assert_true(jb_agent_hours_open(&h, NULL, at("2026-03-02 17:59")));
    assert_false(jb_agent_hours_open(&h, NULL, at("2026-03-02 18:00")));
    assert_int_equal(jb_agent_hours_parse("", &h), JB_OK);
    assert_true(jb_agent_hours_open(&h, NULL, at("2026-03-02 03:00")));
}

static void look(struct desk *d, int64_t now_ms)
{
    d->w->now_ms = now_ms;
    jb_agent_alarm_kick(&d->agent);
    (void)uv_run(&d->loop, UV_RUN_NOWAIT);
}

/* The reminder waits for the morning; what is overdue does not. */
static void reminders_wait_for_people(void **state)
{
    struct desk *d = *state;
    char text[] = "08:30-18:00";
    int64_t case_no = desk_register(d, 0, "反映供暖问题");
    struct jb_case c;

    d->config.office_hours = text;
    desk_deliver(d);
    assert_int_equal(jb_ledger_case_load(d->agent.ledger, case_no, &d->w->arena, &c), JB_OK);
    const struct jb_deadline *s = &c.deadlines[0];
    int64_t day_ms = jb_date_start_ms(jb_date_of_instant(s->warn_at_ms[0]));
    int64_t evening_ms = day_ms + 20 * INT64_C(3600000);
    assert_true(evening_ms > s->warn_at_ms[0]);
    look(d, evening_ms);
    assert_int_equal(alarms(d)->n_alarms, 0);
    look(d, day_ms + DAY_MS + 9 * INT64_C(3600000));
    assert_int_equal(alarms(d)->n_alarms, 1);
    assert_string_equal(alarms(d)->alarms[0]->kind, "warn");
    int64_t night_ms = jb_date_start_ms(jb_date_of_instant(s->due_ms)) + DAY_MS;
    look(d, night_ms);
    assert_int_equal(alarms(d)->n_alarms, 2);
    assert_string_equal(alarms(d)->alarms[0]->kind, "overdue");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_setup, desk_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(others_misses_by_kind),
        TEST(history_raises_nothing),
        TEST(undelivered_once),
        TEST(what_comes_to_us),
        TEST(a_dispute_to_settle),
        TEST(the_own_clock_still_speaks),
        TEST(alarms_wait_until_the_agent_has_caught_up),
        cmocka_unit_test(hours),
        TEST(a_purge_is_receipted_once),
        cmocka_unit_test(hours),
        TEST(reminders_wait_for_people),
    };
    return cmocka_run_group_tests_name("agent_concern", tests, NULL, NULL);
}
