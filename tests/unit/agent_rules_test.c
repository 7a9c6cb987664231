/* What can be looked up at the agent: the running policy with its articles, and how a deadline was
 * counted, with the calendar of the version that stands in it. */
#include <stdio.h>

#include "tests/unit/agentdesk.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static struct jb_bytes file_of(struct desk *d, const char *path)
{
    size_t cap = (size_t)256 * 1024;
    uint8_t *bytes = jb_arena_alloc(&d->w->arena, cap);
    FILE *file = fopen(path, "r");

    assert_non_null(bytes);
    assert_non_null(file);
    size_t len = fread(bytes, 1, cap, file);
    (void)fclose(file);
    assert_in_range(len, 1, cap - 1);
    return (struct jb_bytes){bytes, len};
}

static void install(struct desk *d, struct jb_act act)
{
    struct jb_entry e = desk_entry(d, act.kind, 0);

    e.act = act;
    e.node = JB_NODE_BROKER_NUMBER;
    desk_log(d, &e, NULL, 0);
}

static void install_shipped(struct desk *d)
{
    install(d, (struct jb_act){.kind = JB_ACT_INSTALL_POLICY,
                               .version = jb_text_of("2022-05-01.2"),
                               .effective_from_ms = INT64_C(1651334400000),
                               .body = file_of(d, "deploy/policy/cn-2022.ini")});
    struct jb_bytes body = file_of(d, "deploy/calendar/cn.ini");
    struct jb_calendar cal;
    struct jb_fault fault = {""};
    assert_int_equal(jb_calendar_parse((struct jb_text){(const char *)body.data, body.len}, "cn",
                                       &d->w->arena, &cal, &fault),
                     JB_OK);
    install(d, (struct jb_act){.kind = JB_ACT_INSTALL_CALENDAR,
                               .version = jb_text_of(cal.version),
                               .region = jb_text_of("CN"),
                               .body = body});
    desk_deliver(d);
}

/* ---- rules ---- */

static enum jb_err get_rules(struct desk *d)
{
    Jb__Request request = JB__REQUEST__INIT;
    Jb__GetRules q = JB__GET_RULES__INIT;

    request.body_case = JB__REQUEST__BODY_RULES;
    request.rules = &q;
    return desk_ask(d, "张三", &request, jb_agent_get_rules);
}

static const Jb__RuleView *find_rule(struct desk *d, const char *section, const char *key)
{
    const Jb__RuleList *list = d->reply.rules;
    const Jb__RuleView *found = NULL;

    for (size_t i = 0; i < list->n_rules; i++)
        if (strcmp(list->rules[i]->section, section) == 0 &&
            strcmp(list->rules[i]->key, key) == 0) {
            assert_null(found); /* none stands there twice */
            found = list->rules[i];
        }
    return found;
}

static void every_rule_with_its_article(void **state)
{
    static const char *const sections[] = {"deadline",   "switch", "power",
                                           "precedence", "ladder", "indicator"};
    struct desk *d = *state;
    size_t counts[COUNT(sections)] = {0};

    assert_int_equal(get_rules(d), JB_NOT_FOUND);
    install_shipped(d);
    assert_int_equal(get_rules(d), JB_OK);
    const Jb__RuleList *list = d->reply.rules;
    assert_string_equal(list->version, "2022-05-01.2");
    assert_non_null(list->source);
    assert_non_null(list->calendar_version);
    for (size_t i = 0; i < list->n_rules; i++) {
        const Jb__RuleView *r = list->rules[i];
        assert_non_null(r->name);
        assert_true(r->article != NULL || r->proposal);
        assert_ptr_equal(find_rule(d, r->section, r->key), r);
        for (size_t k = 0; k < COUNT(sections); k++)
            counts[k] += strcmp(r->section, sections[k]) == 0;
    }
    assert_true(counts[0] >= 20);
    assert_true(counts[1] >= 7);
    assert_int_equal(counts[2], 6);
    assert_int_equal(counts[3], 7);
    assert_int_equal(counts[4], 7);
    assert_int_equal(counts[5], 6);
    const Jb__RuleView *handle = find_rule(d, "deadline", "handle");
    assert_string_equal(handle->value, "60");
    assert_string_equal(handle->unit, "d");
    assert_int_equal(handle->extension_days, 30);
    assert_true(find_rule(d, "deadline", "ask-review")->right);
    assert_string_equal(find_rule(d, "deadline", "object")->unit, "wd");
    assert_string_equal(find_rule(d, "switch", "never_lengthen")->value, "yes");
}

/* ---- explain ---- */

static enum jb_err explain(struct desk *d, int64_t case_no, uint32_t id)
{
    Jb__Request request = JB__REQUEST__INIT;
    Jb__GetExplain q = JB__GET_EXPLAIN__INIT;

    JB_PUT(&q, case_no, case_no);
    JB_PUT(&q, deadline_id, id);
    request.body_case = JB__REQUEST__BODY_EXPLAIN;
    request.explain = &q;
    return desk_ask(d, "张三", &request, jb_agent_get_explain);
}

/* Deadline 2 of the case: `key`, counted with this calendar from `trigger`. */
static void set_deadline(struct desk *d, int64_t case_no, const char *key, const char *trigger,
                         const struct jb_calendar *cal)
{
    struct jb_deadline c;
    struct jb_entry e = desk_entry(d, JB_ACT_NOTE, case_no);

    assert_int_equal(jb_instant_parse(jb_text_of(trigger), &e.at_ms), JB_OK);
    e.act.text = jb_text_of("收到");
    assert_int_equal(
        jb_deadline_compute(jb_agent_book(&d->agent)->policy, cal, key, e.at_ms, 0, &c), JB_OK);
    struct jb_effect set = {.kind = JB_EFFECT_DEADLINE_SET,
                            .deadline_id = 2,
                            .key = jb_text_of(c.key),
                            .node = LW_OFFICE,
                            .trigger_ms = c.trigger_ms,
                            .limit = c.limit,
                            .unit = (int)c.unit,
                            .due_ms = c.due_ms,
                            .policy_version = c.policy_version,
                            .calendar_version = c.calendar_version,
                            .article = c.article,
                            .provisional = c.provisional};
    desk_log(d, &e, &set, 1);
    desk_deliver(d);
}

static void the_count_of_a_deadline(void **state)
{
    struct desk *d = *state;

    install_shipped(d);
    int64_t case_no = desk_register(d, 0, "反映供暖问题");
    desk_deliver(d);
    set_deadline(d, case_no, "object", "2026-09-24 10:00", jb_agent_book(&d->agent)->calendar);
    assert_int_equal(explain(d, case_no, 2), JB_OK);
    assert_int_equal(d->reply.explain->n_deadlines, 1);
    const Jb__ExplainView *x = d->reply.explain->deadlines[0];
    assert_true(x->agrees);
    assert_null(x->text);
    assert_non_null(x->policy_name);
    assert_true(x->n_days > 5);
    assert_string_equal(x->days[0]->kind, "start");
    assert_string_equal(x->days[x->n_days - 1]->kind, "counted");
    assert_int_equal(x->days[x->n_days - 1]->count, 5);
    assert_int_equal(x->n_moves, 1);
    assert_string_equal(x->moves[0]->kind, "set");
    assert_int_equal(x->moves[0]->node, LW_OFFICE);
    assert_int_equal(explain(d, case_no, 9), JB_NOT_FOUND);
    assert_int_equal(explain(d, case_no, 0), JB_OK);
    assert_int_equal(d->reply.explain->n_deadlines, 2);
    assert_int_equal(explain(d, lw_case_no(9), 0), JB_NOT_FOUND);
}

/* A region's own holiday is counted as it was, also after the region's calendar was replaced. */
static void a_regional_calendar_of_its_version(void **state)
{
    static const char first[] = "[calendar]\nversion = sc.1\nregion = 511000\n"
                                "covers_from = 2026-01-01\ncovers_to = 2026-12-31\n"
                                "[off]\n2026-03-04 = 地方节日\n";
    static const char second[] = "[calendar]\nversion = sc.2\nregion = 511000\n"
                                 "covers_from = 2026-01-01\ncovers_to = 2026-12-31\n"
                                 "[off]\n2026-03-05 = 地方节日\n";
    struct desk *d = *state;
    struct jb_calendar region;
    struct jb_calendar both;
    struct jb_fault fault = {""};
    bool seen = false;

    install_shipped(d);
    install(d, (struct jb_act){.kind = JB_ACT_INSTALL_CALENDAR,
                               .version = jb_text_of("sc.1"),
                               .region = jb_text_of("511000"),
                               .body = {(const uint8_t *)first, sizeof first - 1}});
    int64_t case_no = desk_register(d, 0, "反映供暖问题");
    desk_deliver(d);
    assert_int_equal(jb_calendar_parse(jb_text_of(first), "sc", &d->w->arena, &region, &fault),
                     JB_OK);
    assert_int_equal(
        jb_calendar_overlay(jb_agent_book(&d->agent)->calendar, &region, &d->w->arena, &both),
        JB_OK);
    set_deadline(d, case_no, "object", "2026-03-02 10:00", &both);
    install(d, (struct jb_act){.kind = JB_ACT_INSTALL_CALENDAR,
                               .version = jb_text_of("sc.2"),
                               .region = jb_text_of("511000"),
                               .body = {(const uint8_t *)second, sizeof second - 1}});
    desk_deliver(d);
    assert_int_equal(explain(d, case_no, 2), JB_OK);
    const Jb__ExplainView *x = d->reply.explain->deadlines[0];
    assert_true(x->agrees);
    assert_null(x->text);
    for (size_t i = 0; i < x->n_days; i++)
        seen = seen || (x->days[i]->name != NULL && strcmp(x->days[i]->name, "地方节日") == 0);
    assert_true(seen);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_setup, desk_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_rule_with_its_article),
        TEST(the_count_of_a_deadline),
        TEST(a_regional_calendar_of_its_version),
    };
    return cmocka_run_group_tests_name("agent_rules", tests, NULL, NULL);
}
