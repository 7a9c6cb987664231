/* libjiaoban: every verb and every question, bad arguments, verdicts, rows. */
#include <stdio.h>
#include <string.h>

#include "tests/unit/clientworld.h"

/* ---- verbs ----------------------------------------------------------------------------------- */

typedef enum jiaoban_status (*verb_fn)(JIAOBAN_SUBMISSION);

static void test_every_verb(void **state)
{
    struct world *w = *state;
    const struct {
        verb_fn verb;
        enum jb_act_kind kind;
        struct jiaoban_act act;
    } rows[] = {
        {jiaoban_register, JB_ACT_REGISTER, {.title = "拖欠工资"}},
        {jiaoban_assign, JB_ACT_ASSIGN, {.node = 11, .due_ms = 1795968000000, .text = "办"}},
        {jiaoban_forward, JB_ACT_FORWARD, {.node = 11}},
        {jiaoban_handover, JB_ACT_HANDOVER, {.node = 11, .reason = "职责"}},
        {jiaoban_refer, JB_ACT_REFER, {.organ = "县纪委"}},
        {jiaoban_sign_for, JB_ACT_SIGN_FOR, {.size = 0}},
        {jiaoban_accept, JB_ACT_ACCEPT, {.exit = JIAOBAN_EXIT_RESIDUE}},
        {jiaoban_decline, JB_ACT_DECLINE, {.reason = "已有判决"}},
        {jiaoban_notify, JB_ACT_NOTIFY, {.told_at_ms = 1795363200000}},
        {jiaoban_object, JB_ACT_OBJECT, {.reason = "不属职权"}},
        {jiaoban_rule, JB_ACT_RULE_ON_OBJECTION, {.ruling = JIAOBAN_AGREED}},
        {jiaoban_designate, JB_ACT_DESIGNATE, {.node = 11}},
        {jiaoban_extend, JB_ACT_EXTEND, {.days = 30, .reason = "复杂", .approved_by = "王局长"}},
        {jiaoban_note, JB_ACT_NOTE, {.text = "已电话联系"}},
        {jiaoban_answer, JB_ACT_ANSWER, {.opinion = JIAOBAN_SUPPORTED, .text = "支持"}},
        {jiaoban_execute, JB_ACT_EXECUTE, {.text = "已发放"}},
        {jiaoban_close_case, JB_ACT_CLOSE, {.close_no = "销2026-7"}},
        {jiaoban_acknowledge, JB_ACT_ACKNOWLEDGE, {.deadline_id = 2}},
        {jiaoban_opened, JB_ACT_OPENED, {.log_seq = 9}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct jiaoban_act act = rows[i].act;
        struct jiaoban_result *r = NULL;
        act.size = sizeof act;
        act.case_number = rows[i].kind == JB_ACT_REGISTER ? NULL : w->number;
        assert_int_equal(rows[i].verb(w->j, &act, NULL, &r), JIAOBAN_OK);
        assert_int_equal(w->kind, rows[i].kind);
        assert_int_equal(w->act_node, act.node);
        if (act.text != NULL)
            assert_string_equal(w->act_text, act.text);
        assert_int_equal(w->wait_ms, JIAOBAN_WAIT_MS);
        assert_non_null(jiaoban_result_settled(r));
        assert_int_equal(jiaoban_result_settled(r)->number, 17);
        jiaoban_result_free(r);
        assert_int_equal(rows[i].verb(w->j, &act, NULL, NULL), JIAOBAN_OK);
    }
}

static void test_register_with_persons(void **state)
{
    struct world *w = *state;
    const struct jiaoban_person persons[] = {{.name = "张三", .phone = "139", .main_visitor = true},
                                             {.name = "李四"}};
    const uint32_t co[] = {3, 4, 5};
    struct jiaoban_options options = {.size = sizeof options, .wait_ms = 7, .on_behalf_of = "小王"};
    struct jiaoban_act act = {
        .size = sizeof act, .title = "修路", .persons = persons, .person_count = 2};
    assert_int_equal(jiaoban_register(w->j, &act, &options, NULL), JIAOBAN_OK);
    assert_int_equal(w->persons, 2);
    assert_int_equal(w->wait_ms, 7);
    assert_string_equal(w->behalf, "小王");
    struct jiaoban_act assign = {.size = sizeof assign,
                                 .case_number = "20261123 00007 00042 9",
                                 .node = 11,
                                 .co_handlers = co,
                                 .co_handler_count = 3};
    assert_int_equal(jiaoban_assign(w->j, &assign, &options, NULL), JIAOBAN_OK);
    assign.case_number = w->number;
    assert_int_equal(jiaoban_assign(w->j, &assign, &options, NULL), JIAOBAN_OK);
    assert_int_equal(w->co_handlers, 3);
}

static void test_bad_arguments(void **state)
{
    struct world *w = *state;
    static char long_title[2000];
    memset(long_title, 'x', sizeof long_title - 1);
    const char *no = w->number;
    const struct {
        const char *kind;
        struct jiaoban_act act;
        enum jiaoban_status status;
        const char *said;
    } rows[] = {
        {"register", {.size = sizeof rows[0].act}, JIAOBAN_MISSING, "title"},
        {"register", {.size = sizeof rows[0].act, .title = "a\nb"}, JIAOBAN_MALFORMED, "title"},
        {"register", {.size = sizeof rows[0].act, .title = "\xff"}, JIAOBAN_BAD_UTF8, "title"},
        {"register", {.size = sizeof rows[0].act, .title = long_title}, JIAOBAN_TOO_LARGE, "1999"},
        {"register",
         {.size = sizeof rows[0].act, .title = "a", .case_number = no},
         JIAOBAN_RANGE,
         "case number"},
        {"assign", {.size = sizeof rows[0].act, .node = 3}, JIAOBAN_MISSING, "case number"},
        {"assign", {.size = sizeof rows[0].act, .case_number = no}, JIAOBAN_MISSING, "node"},
        {"assign",
         {.size = sizeof rows[0].act, .case_number = no, .node = 3, .days = 4},
         JIAOBAN_RANGE,
         "days"},
        {"note",
         {.size = sizeof rows[0].act, .case_number = "12", .text = "x"},
         JIAOBAN_MALFORMED,
         ""},
        {"note", {.size = 0, .case_number = no, .text = "x"}, JIAOBAN_RANGE, "size"},
        {"dance", {.size = sizeof rows[0].act, .case_number = no}, JIAOBAN_UNSUPPORTED, "dance"},
        {"warn", {.size = sizeof rows[0].act, .case_number = no}, JIAOBAN_UNSUPPORTED, "warn"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct jiaoban_result *r = (struct jiaoban_result *)w;
        enum jiaoban_status status = jiaoban_submit(w->j, rows[i].kind, &rows[i].act, NULL, &r);
        assert_int_equal(status, rows[i].status);
        assert_null(r);
        assert_non_null(strstr(jiaoban_error_text(w->j), rows[i].said));
    }
    assert_int_equal(jiaoban_note(w->j, NULL, NULL, NULL), JIAOBAN_MISSING);
    assert_int_equal(w->requests, 0);
}

/* A caller built with a newer header: zeroes behind what we know are fine, anything else is not. */
static void test_newer_caller(void **state)
{
    struct world *w = *state;
    struct {
        struct jiaoban_act act;
        uint64_t later;
    } newer = {.act = {.size = sizeof newer, .case_number = w->number, .text = "x"}};
    assert_int_equal(jiaoban_note(w->j, &newer.act, NULL, NULL), JIAOBAN_OK);
    newer.later = 1;
    assert_int_equal(jiaoban_note(w->j, &newer.act, NULL, NULL), JIAOBAN_UNSUPPORTED);
}

static void test_verdicts(void **state)
{
    struct world *w = *state;
    struct jiaoban_act act = {.size = sizeof act, .case_number = w->number, .text = "x"};
    struct jiaoban_result *r = NULL;
    w->mode = REFUSE;
    assert_int_equal(jiaoban_note(w->j, &act, NULL, &r), JIAOBAN_REFUSED);
    assert_string_equal(jiaoban_result_settled(r)->name, "STALE_CUSTODY");
    assert_int_equal(jiaoban_result_settled(r)->holder, 12);
    assert_non_null(strstr(jiaoban_error_text(w->j), "县人社局"));
    assert_int_equal(jiaoban_status_exit(JIAOBAN_REFUSED), 3);
    assert_non_null(strstr(jiaoban_result_json(r, 0), "STALE_CUSTODY"));
    jiaoban_result_free(r);
    w->mode = PENDING;
    assert_int_equal(jiaoban_note(w->j, &act, NULL, &r), JIAOBAN_OK);
    assert_true(jiaoban_result_settled(r)->pending);
    assert_false(jiaoban_result_settled(r)->accepted);
    jiaoban_result_free(r);
}

/* ---- questions ------------------------------------------------------------------------------- */

static void test_every_question(void **state)
{
    struct world *w = *state;
    struct jiaoban_query q = {.size = sizeof q,
                              .case_number = w->number,
                              .timeline = true,
                              .number = 3,
                              .ask_broker = true};
    const struct {
        enum jiaoban_status (*ask)(JIAOBAN_QUESTION);
        Jb__Request__BodyCase body;
    } rows[] = {{jiaoban_get_cases, JB__REQUEST__BODY_CASES},
                {jiaoban_get_case, JB__REQUEST__BODY_CASE_FILE},
                {jiaoban_get_deadlines, JB__REQUEST__BODY_DEADLINES},
                {jiaoban_get_nodes, JB__REQUEST__BODY_NODES},
                {jiaoban_get_pending, JB__REQUEST__BODY_PENDING},
                {jiaoban_get_settled, JB__REQUEST__BODY_SETTLED},
                {jiaoban_get_state, JB__REQUEST__BODY_STATUS},
                {jiaoban_get_alarms, JB__REQUEST__BODY_ALARMS},
                {jiaoban_verify, JB__REQUEST__BODY_VERIFY}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct jiaoban_result *r = NULL;
        assert_int_equal(rows[i].ask(w->j, &q, &r), JIAOBAN_OK);
        assert_int_equal(w->body, rows[i].body);
        assert_non_null(r);
        assert_non_null(jiaoban_result_json(r, 2));
        jiaoban_result_free(r);
    }
    assert_true(w->ask_broker);
    struct jiaoban_result *r = NULL;
    assert_int_equal(jiaoban_get_cases(w->j, NULL, &r), JIAOBAN_OK);
    assert_int_equal(jiaoban_result_count(r), 0);
    assert_true(jiaoban_result_more(r));
    jiaoban_result_free(r);
    assert_int_equal(jiaoban_get_case(w->j, NULL, &r), JIAOBAN_MISSING);
    assert_int_equal(jiaoban_get_settled(w->j, NULL, &r), JIAOBAN_MISSING);
    assert_null(r);
}

static void test_case_rows(void **state)
{
    struct world *w = *state;
    struct jiaoban_query q = {.size = sizeof q, .case_number = w->number};
    struct jiaoban_result *r = NULL;
    assert_int_equal(jiaoban_get_case(w->j, &q, &r), JIAOBAN_OK);
    const struct jiaoban_case *c = jiaoban_result_case(r, 0);
    assert_non_null(c);
    assert_string_equal(c->title, "拖欠工资");
    assert_string_equal(c->host_name, ""); /* absent texts are empty, never NULL */
    assert_int_equal(c->light, 0);
    assert_int_equal(c->timeline_count, 1);
    assert_non_null(c->timeline[0]->act);
    assert_int_equal(c->timeline[0]->act->node, 11);
    assert_string_equal(c->timeline[0]->act->text, "请于期限内办结");
    assert_string_equal(c->timeline[0]->act->case_number, w->number);
    assert_int_equal(c->deadline_count, 1);
    assert_int_equal(c->deadlines[0]->due_ms, 1795968000000);
    assert_null(jiaoban_result_case(r, 1));
    assert_null(jiaoban_result_deadline(r, 0));
    assert_null(jiaoban_result_settled(r));
    jiaoban_result_free(r);
}

static void test_find_node(void **state)
{
    struct world *w = *state;
    uint32_t node = 0;
    assert_int_equal(jiaoban_find_node(w->j, "自然", &node), JIAOBAN_OK);
    assert_int_equal(node, 12);
    assert_int_equal(jiaoban_find_node(w->j, "cgz", &node), JIAOBAN_OK);
    assert_int_equal(node, 10);
    assert_int_equal(jiaoban_find_node(w->j, "城关镇", &node), JIAOBAN_OK);
    assert_int_equal(node, 10);
    assert_int_equal(jiaoban_find_node(w->j, "城关", &node), JIAOBAN_RANGE);
    assert_non_null(strstr(jiaoban_error_text(w->j), "城关派出所"));
    assert_int_equal(jiaoban_find_node(w->j, "水利局", &node), JIAOBAN_NOT_FOUND);
    assert_int_equal(jiaoban_find_node(w->j, "", &node), JIAOBAN_MISSING);
}

static void test_admin(void **state)
{
    struct world *w = *state;
    struct jiaoban_node_args a = {.size = sizeof a, .code = "zjj", .name = "住建局", .node = 4};
    struct jiaoban_result *r = NULL;
    assert_int_equal(jiaoban_node_enrol(w->j, &a, &r), JIAOBAN_OK);
    assert_int_equal(w->body, JB__REQUEST__BODY_ENROL);
    assert_int_equal(jiaoban_result_done(r)->node, 42);
    jiaoban_result_free(r);
    assert_int_equal(jiaoban_node_retire(w->j, &a, NULL), JIAOBAN_OK);
    assert_int_equal(w->body, JB__REQUEST__BODY_ADMIN);
    assert_int_equal(jiaoban_install(w->j, "policy", "x", 1, true, NULL), JIAOBAN_OK);
    assert_true(w->dry_run);
    assert_int_equal(jiaoban_reload(w->j, NULL), JIAOBAN_OK);
    w->mode = REFUSE;
    assert_int_equal(jiaoban_node_enrol(w->j, &a, &r), JIAOBAN_REFUSED);
    assert_string_equal(jiaoban_result_settled(r)->name, "STALE_CUSTODY");
    jiaoban_result_free(r);
    w->mode = ERROR_REFUSED;
    assert_int_equal(jiaoban_node_enrol(w->j, &a, &r), JIAOBAN_REFUSED);
    assert_null(r); /* a refusal without a verdict has no rows */
    assert_non_null(strstr(jiaoban_error_text(w->j), "CODE_TAKEN"));
    a.node = 0;
    assert_int_equal(jiaoban_node_change(w->j, &a, NULL), JIAOBAN_MISSING);
    a.name = "a\tb";
    assert_int_equal(jiaoban_node_enrol(w->j, &a, NULL), JIAOBAN_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_every_verb),    WORLD_TEST(test_register_with_persons),
        WORLD_TEST(test_bad_arguments), WORLD_TEST(test_newer_caller),
        WORLD_TEST(test_verdicts),      WORLD_TEST(test_every_question),
        WORLD_TEST(test_case_rows),     WORLD_TEST(test_find_node),
        WORLD_TEST(test_admin),
    };
    return cmocka_run_group_tests_name("client", tests, NULL, NULL);
}
