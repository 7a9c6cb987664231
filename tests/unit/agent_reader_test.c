/* Recusal, Art 28(3): a person who keeps out of a case finds nothing of it at his agency's agent,
 * in no list, text or error; the others find everything. */
#include <stdio.h>

#include "tests/unit/agentdesk.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* Case 0 from which 王五 is recused, with an alarm, a directive and a docket; case 1 beside it. */
static int64_t two_cases(struct desk *d)
{
    int64_t case_no = desk_register(d, 0, "反映王五家的违建");
    (void)desk_register(d, 1, "反映供暖问题");
    struct jb_effect effects[] = {
        {.kind = JB_EFFECT_MARKED,
         .mark = JB_MARK_RECUSED,
         .node = DESK_NODE,
         .text = jb_text_of("王五"),
         .open = true},
        {.kind = JB_EFFECT_DIRECTIVE_SET,
         .directive = 1,
         .power = JB_POWER_SUPERVISE,
         .demand = JB_DEMAND_SUMMONS,
         .node = 20,
         .status = JB_DIRECTIVE_IN_FORCE},
        {.kind = JB_EFFECT_TARGET_SET,
         .directive = 1,
         .node = DESK_NODE,
         .target = JB_TARGET_ISSUED},
        {.kind = JB_EFFECT_DOCKET_SET,
         .docket = 1,
         .docket_no = jb_text_of("督2026-7"),
         .step = JB_STEP_SUPERVISE,
         .node = DESK_NODE,
         .sender = 20,
         .open = true},
    };
    struct jb_entry e = desk_entry(d, JB_ACT_ISSUE_DIRECTIVE, case_no);
    e.node = 20;
    desk_log(d, &e, effects, COUNT(effects));
    desk_deliver(d);
    return case_no;
}

/* Is the case anywhere in the answer, whatever its form? */
static bool tells(struct desk *d, int64_t case_no)
{
    struct jb_text json;
    char digits[24];
    char shown[JB_CASENO_TEXT] = "?";

    (void)snprintf(digits, sizeof digits, "%lld", (long long)case_no);
    if (jb_caseno_check(case_no) == JB_OK)
        jb_caseno_format(case_no, shown);
    assert_int_equal(jb_message_json(&d->reply.base, 0, &d->arena, &json), JB_OK);
    return strstr(json.data, digits) != NULL || strstr(json.data, shown) != NULL ||
           strstr(json.data, "违建") != NULL || strstr(json.data, "督2026-7") != NULL;
}

static enum jb_err list(struct desk *d, const char *user, size_t which)
{
    Jb__Request q = JB__REQUEST__INIT;
    Jb__GetCases cases = JB__GET_CASES__INIT;
    Jb__GetDeadlines deadlines = JB__GET_DEADLINES__INIT;
    Jb__GetAlarms alarms = JB__GET_ALARMS__INIT;
    Jb__GetDirectives directives = JB__GET_DIRECTIVES__INIT;
    Jb__GetDockets dockets = JB__GET_DOCKETS__INIT;
    Jb__GetPending pending = JB__GET_PENDING__INIT;
    Jb__GetProposals proposals = JB__GET_PROPOSALS__INIT;
    static const jb_agent_handler handlers[] = {jb_agent_get_cases,    jb_agent_get_deadlines,
                                                jb_agent_get_alarms,   jb_agent_get_directives,
                                                jb_agent_get_dockets,  jb_agent_get_pending,
                                                jb_agent_get_proposals};

    void *const bodies[] = {&cases,   &deadlines, &alarms,   &directives,
                            &dockets, &pending,   &proposals};
    q.cases = bodies[which]; /* the members of the union are all one pointer */
    return desk_ask(d, user, &q, handlers[which]);
}
#define LISTS 7

static void nothing_in_any_list(void **state)
{
    struct desk *d = *state;
    int64_t case_no = two_cases(d);
    static const struct {
        const char *user;
        bool sees;
    } users[] = {{"张三", true},       {"王五", false},     {"网关/王五", false},
                 {"王五/张三", false}, {"网关/张三", true}, {"王五六", true}};
    struct jb_act note = {.kind = JB_ACT_NOTE, .case_no = case_no, .text = jb_text_of("记")};

    assert_int_equal(desk_submit(d, "张三", &note, NULL), JB_OK);
    for (size_t u = 0; u < COUNT(users); u++) {
        for (size_t i = 0; i < LISTS; i++) {
            assert_int_equal(list(d, users[u].user, i), JB_OK);
            if (i < LISTS - 1) /* whether a step is proposed is the rules' business */
                assert_int_equal(tells(d, case_no), users[u].sees);
            else
                assert_true(users[u].sees || !tells(d, case_no));
        }
        assert_int_equal(desk_get_case(d, users[u].user, case_no),
                         users[u].sees ? JB_OK : JB_NOT_FOUND);
        assert_int_equal(desk_get_case(d, users[u].user, lw_case_no(1)), JB_OK);
    }
}

/* For him it is a case that never was: the same error and the same words. */
static void not_found_like_any_other(void **state)
{
    struct desk *d = *state;
    int64_t case_no = two_cases(d);
    static const jb_agent_handler handlers[] = {jb_agent_get_explain, jb_agent_get_proposals};

    for (size_t i = 0; i < COUNT(handlers); i++) {
        struct jb_fault said[2];
        for (size_t k = 0; k < 2; k++) {
            Jb__Request q = JB__REQUEST__INIT;
            Jb__GetExplain explain = JB__GET_EXPLAIN__INIT;
            Jb__GetProposals proposals = JB__GET_PROPOSALS__INIT;
            explain.case_no = proposals.case_no = k == 0 ? case_no : lw_case_no(77);
            if (i == 0)
                q.explain = &explain;
            else
                q.proposals = &proposals;
            assert_int_equal(desk_ask(d, "王五", &q, handlers[i]), JB_NOT_FOUND);
            said[k] = d->r.fault;
        }
        assert_string_equal(said[0].text, said[1].text);
    }
    struct jb_act note = {.kind = JB_ACT_NOTE, .case_no = case_no, .text = jb_text_of("记")};
    assert_int_equal(desk_submit(d, "张三", &note, NULL), JB_OK);
    Jb__Request q = JB__REQUEST__INIT;
    Jb__GetSettled settled = JB__GET_SETTLED__INIT;
    settled.number = d->reply.settled->number;
    q.settled = &settled;
    assert_int_equal(desk_ask(d, "王五", &q, jb_agent_get_settled), JB_NOT_FOUND);
    assert_int_equal(desk_ask(d, "张三", &q, jb_agent_get_settled), JB_OK);
}

/* The mark of the whole agency bars everybody in it, and taking it away lets them in again. */
static void a_whole_agency(void **state)
{
    struct desk *d = *state;
    int64_t case_no = desk_register(d, 0, "反映信访局");
    struct jb_effect mark = {
        .kind = JB_EFFECT_MARKED, .mark = JB_MARK_RECUSED, .node = DESK_NODE, .open = true};
    struct jb_entry e = desk_entry(d, JB_ACT_RECUSE, case_no);

    desk_log(d, &e, &mark, 1);
    desk_deliver(d);
    assert_int_equal(desk_get_case(d, "张三", case_no), JB_NOT_FOUND);
    mark.open = false;
    e = desk_entry(d, JB_ACT_RECUSE, case_no);
    desk_log(d, &e, &mark, 1);
    desk_deliver(d);
    assert_int_equal(desk_get_case(d, "张三", case_no), JB_OK);
}

/* Somebody else's agency being recused bars nobody here. */
static void others_marks(void **state)
{
    struct desk *d = *state;
    int64_t case_no = desk_register(d, 0, "反映住建局");
    struct jb_effect mark = {
        .kind = JB_EFFECT_MARKED, .mark = JB_MARK_RECUSED, .node = 20, .open = true};
    struct jb_entry e = desk_entry(d, JB_ACT_RECUSE, case_no);

    desk_log(d, &e, &mark, 1);
    desk_deliver(d);
    assert_int_equal(desk_get_case(d, "张三", case_no), JB_OK);
    assert_int_equal(d->reply.case_file->n_recused, 0); /* not in this directory: no name */
}

/* Every effect says something beside its name. */
static void effects_in_words(void **state)
{
    struct desk *d = *state;
    struct jb_agent_views v = {.agent = &d->agent, .arena = &d->arena, .now_ms = d->w->now_ms};
#define X(name, field, number) JB_EFFECT_##name,
    static const enum jb_effect_kind kinds[] = {JB_EFFECT_KINDS(X)};
#undef X

    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct jb_effect e = {
            .kind = kinds[i], .class_code = jb_text_of("民政"), .official = jb_text_of("王")};
        char *text = jb_agent_view_effect(&v, &e);
        const char *name = jb_effect_name(kinds[i]);
        assert_non_null(text);
        assert_memory_equal(text, name, strlen(name));
        assert_true(strlen(text) > strlen(name) + 1);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_setup, desk_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_in_any_list), TEST(not_found_like_any_other), TEST(a_whole_agency),
        TEST(others_marks),        TEST(effects_in_words),
    };
    return cmocka_run_group_tests_name("agent_reader", tests, NULL, NULL);
}
