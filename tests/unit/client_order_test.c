/* libjiaoban: the acts and questions of the whole rulebook: directives, dockets, reviews, ratings,
 * files of their own, explanations, rules, figures. */
#include <stdio.h>
#include <string.h>

#include "tests/unit/clientworld.h"

typedef enum jiaoban_status (*verb_fn)(JIAOBAN_SUBMISSION);

static const uint32_t three[] = {3, 4, 5};
#define NUMBER "20261123-00007-00042-9"
static const char *const others[] = {NUMBER};

static const struct {
    verb_fn verb;
    enum jb_act_kind kind;
    struct jiaoban_act act;
} verbs[] = {
    {jiaoban_escalate_dispute, JB_ACT_ESCALATE_DISPUTE, {.reason = "都说不是自己的"}},
    {jiaoban_classify, JB_ACT_CLASSIFY, {.matter = JIAOBAN_APPEAL, .reason = "求决"}},
    {jiaoban_start_simple, JB_ACT_START_SIMPLE, {.reason = "事实清楚"}},
    {jiaoban_turn_ordinary, JB_ACT_TURN_ORDINARY, {.reason = "需调查"}},
    {jiaoban_link, JB_ACT_LINK, {.other_case_number = NUMBER, .link_kind = JIAOBAN_LINK_REPEAT}},
    {jiaoban_merge, JB_ACT_MERGE, {.other_case_number = NUMBER}},
    {jiaoban_split, JB_ACT_SPLIT, {.other_case_numbers = others, .other_case_count = 1}},
    {jiaoban_reopen, JB_ACT_REOPEN, {.ground = JIAOBAN_GROUND_NEW_FACTS}},
    {jiaoban_recuse, JB_ACT_RECUSE, {.person = "王五", .reason = "近亲属"}},
    {jiaoban_erase, JB_ACT_ERASE_KEY, {.reason = "保存期满", .countersigned_by = "李强"}},
    {jiaoban_record_delivery, JB_ACT_RECORD_DELIVERY, {.how = "邮寄", .told_at_ms = 1795363200000}},
    {jiaoban_report_up, JB_ACT_REPORT_UP, {.node = 2}},
    {jiaoban_request_review, JB_ACT_REQUEST_REVIEW, {.received_at_ms = 1795363200000}},
    {jiaoban_give_review, JB_ACT_GIVE_REVIEW, {.opinion = JIAOBAN_NOT_SUPPORTED, .text = "维持"}},
    {jiaoban_request_recheck, JB_ACT_REQUEST_RECHECK, {.node = 2}},
    {jiaoban_give_recheck, JB_ACT_GIVE_RECHECK, {.opinion = JIAOBAN_SUPPORTED, .text = "撤销"}},
    {jiaoban_start_hearing, JB_ACT_START_HEARING, {.from_ms = 1795363200000}},
    {jiaoban_end_hearing, JB_ACT_END_HEARING, {.until_ms = 1795363200000}},
    {jiaoban_terminate, JB_ACT_TERMINATE, {.text = "三级终结"}},
    {jiaoban_issue_directive,
     JB_ACT_ISSUE_DIRECTIVE,
     {.power = JIAOBAN_POWER_SUPERVISE,
      .demand = JIAOBAN_DEMAND_PROGRESS,
      .audience = three,
      .audience_count = 3}},
    {jiaoban_countersign_directive,
     JB_ACT_COUNTERSIGN_DIRECTIVE,
     {.directive_no = 2, .countersigned_by = "王副县长"}},
    {jiaoban_sign_directive, JB_ACT_SIGN_DIRECTIVE, {.directive_no = 2}},
    {jiaoban_answer_directive,
     JB_ACT_ANSWER_DIRECTIVE,
     {.directive_no = 2, .text = "已采纳", .adopted = true}},
    {jiaoban_clear_directive, JB_ACT_CLEAR_DIRECTIVE, {.directive_no = 2, .node = 4}},
    {jiaoban_object_directive, JB_ACT_OBJECT_DIRECTIVE, {.directive_no = 2}},
    {jiaoban_withdraw_directive, JB_ACT_WITHDRAW_DIRECTIVE, {.directive_no = 2}},
    {jiaoban_open_docket,
     JB_ACT_OPEN_DOCKET,
     {.docket_no = "督2026-7", .step = JIAOBAN_STEP_SUPERVISE}},
    {jiaoban_step_docket, JB_ACT_STEP_DOCKET, {.docket_no = "督2026-7", .step = JIAOBAN_STEP_TALK}},
    {jiaoban_close_docket, JB_ACT_CLOSE_DOCKET, {.docket_no = "督2026-7"}},
    {jiaoban_urge, JB_ACT_URGE, {.text = "请抓紧"}},
    {jiaoban_rate,
     JB_ACT_RATE,
     {.rated_party = JIAOBAN_RATED_OFFICE,
      .satisfaction = JIAOBAN_SATISFIED,
      .query_code = "7K3M-X2QP-9DHT"}},
    {jiaoban_set_plan, JB_ACT_SET_PLAN, {.official = "李局长", .text = "每周一次"}},
    {jiaoban_fulfil, JB_ACT_FULFIL, {.deadline_id = 4}},
};

static void test_every_verb(void **state)
{
    struct world *w = *state;
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        struct jiaoban_act act = verbs[i].act;
        act.size = sizeof act;
        act.case_number = w->number;
        assert_int_equal(verbs[i].verb(w->j, &act, NULL, NULL), JIAOBAN_OK);
        assert_int_equal(w->kind, verbs[i].kind);
        assert_int_equal(w->act_case_no, w->case_no);
        assert_int_equal(w->act_node, act.node);
        assert_int_equal(w->act_audience, act.audience_count);
        assert_int_equal(w->act_others, act.other_case_count);
        assert_int_equal(w->act_directive_no, act.directive_no);
        assert_int_equal(w->act_other_case_no, act.other_case_number != NULL ? w->case_no : 0);
        assert_string_equal(w->query_code, act.query_code != NULL ? act.query_code : "");
    }
    struct jiaoban_act d = {.size = sizeof d, .official = "王副县长", .power = 1};
    assert_int_equal(jiaoban_delegate(w->j, &d, NULL, NULL), JIAOBAN_OK);
    assert_int_equal(w->kind, JB_ACT_DELEGATE);
    assert_int_equal(w->act_case_no, 0);
    struct jiaoban_act e = {.size = sizeof e, .official = "王副县长"};
    assert_int_equal(jiaoban_end_delegation(w->j, &e, NULL, NULL), JIAOBAN_OK);
    assert_int_equal(w->kind, JB_ACT_END_DELEGATION);
}

static void test_files_of_their_own(void **state)
{
    struct world *w = *state;
    struct jiaoban_act act = {.size = sizeof act,
                              .power = JIAOBAN_POWER_CIRCULATE,
                              .title = "关于欠薪问题的通报",
                              .audience = three,
                              .audience_count = 3};
    assert_int_equal(jiaoban_issue_directive(w->j, &act, NULL, NULL), JIAOBAN_OK);
    assert_int_equal(w->act_case_no, 0);
    act.case_number = w->number; /* one or the other */
    assert_int_equal(jiaoban_issue_directive(w->j, &act, NULL, NULL), JIAOBAN_RANGE);
    act.case_number = NULL;
    act.title = NULL;
    assert_int_equal(jiaoban_issue_directive(w->j, &act, NULL, NULL), JIAOBAN_MISSING);
    struct jiaoban_act docket = {
        .size = sizeof docket, .docket_no = "督1", .step = 2, .title = "欠薪专项督办"};
    assert_int_equal(jiaoban_open_docket(w->j, &docket, NULL, NULL), JIAOBAN_OK);
    assert_int_equal(w->act_case_no, 0);
}

static void test_bad_arguments(void **state)
{
    struct world *w = *state;
    static uint32_t many[JB_LIMIT_LIST + 1];
    const char *const wrong[] = {"20261123-00007-00042-8"};
    const char *no = w->number;
    const struct {
        const char *kind;
        struct jiaoban_act act;
        enum jiaoban_status status;
        const char *said;
    } rows[] = {
        {"rate", {.rated_party = 1, .satisfaction = 1}, JIAOBAN_MISSING, "query_code"},
        {"rate",
         {.rated_party = 1, .query_code = "7K3M-X2QP-9DHT"},
         JIAOBAN_MISSING,
         "satisfaction"},
        {"note", {.text = "x", .query_code = "7K3M-X2QP-9DHT"}, JIAOBAN_RANGE, "query_code"},
        {"note", {.text = "x", .adopted = true}, JIAOBAN_RANGE, "adopted"},
        {"note", {.text = "x", .audience = three, .audience_count = 3}, JIAOBAN_RANGE, "audience"},
        {"link", {.link_kind = 1}, JIAOBAN_MISSING, "other_case_number"},
        {"link", {.other_case_number = wrong[0], .link_kind = 1}, JIAOBAN_MALFORMED, "check digit"},
        {"split",
         {.other_case_numbers = wrong, .other_case_count = 1},
         JIAOBAN_MALFORMED,
         "check digit"},
        {"issue_directive",
         {.power = 5, .audience = many, .audience_count = JB_LIMIT_LIST + 1},
         JIAOBAN_OVERFLOW,
         "audience"},
        {"sign_directive", {.docket_no = "督1"}, JIAOBAN_RANGE, "docket_no"},
        {"sign_directive", {.text = ""}, JIAOBAN_MISSING, "directive_no"},
        {"delegate", {.official = "王"}, JIAOBAN_RANGE, "no case number"},
        {"open_rating", {.rated_party = 1}, JIAOBAN_UNSUPPORTED, "open_rating"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct jiaoban_act act = rows[i].act;
        act.size = sizeof act;
        act.case_number = no;
        assert_int_equal(jiaoban_submit(w->j, rows[i].kind, &act, NULL, NULL), rows[i].status);
        assert_non_null(strstr(jiaoban_error_text(w->j), rows[i].said));
    }
    assert_int_equal(w->requests, 0);
}

static void test_token(void **state)
{
    struct world *w = *state;
    char long_token[80] = "";
    struct jiaoban_options options = {.size = sizeof options, .token = "web-1"};
    struct jiaoban_act act = {.size = sizeof act, .case_number = w->number, .text = "x"};
    assert_int_equal(jiaoban_note(w->j, &act, &options, NULL), JIAOBAN_OK);
    assert_string_equal(w->token, "web-1");
    assert_int_equal(jiaoban_note(w->j, &act, NULL, NULL), JIAOBAN_OK);
    assert_string_equal(w->token, "");
    memset(long_token, 't', 65);
    options.token = long_token;
    assert_int_equal(jiaoban_note(w->j, &act, &options, NULL), JIAOBAN_TOO_LARGE);
    options.token = "a\nb";
    assert_int_equal(jiaoban_note(w->j, &act, &options, NULL), JIAOBAN_MALFORMED);
}

/* ---- questions ------------------------------------------------------------------------------- */

static void test_needs(void **state)
{
    struct world *w = *state;
    struct jiaoban_query q = {.size = sizeof q};
    struct jiaoban_result *r = NULL;
    assert_int_equal(jiaoban_get_explain(w->j, &q, &r), JIAOBAN_MISSING);
    q.name = "张三";
    assert_int_equal(jiaoban_get_public(w->j, &q, &r), JIAOBAN_MISSING);
    q.query_code = "7K3M-X2QP-9DHT";
    assert_int_equal(jiaoban_get_public(w->j, &q, NULL), JIAOBAN_OK);
    assert_int_equal(jiaoban_get_report(w->j, &q, &r), JIAOBAN_MISSING);
    q.from_ms = 2;
    q.to_ms = 1;
    assert_int_equal(jiaoban_get_report(w->j, &q, &r), JIAOBAN_MISSING);
    q.on_behalf_of = "小王\n";
    assert_int_equal(jiaoban_get_rules(w->j, &q, &r), JIAOBAN_MALFORMED);
    q.on_behalf_of = "小王";
    assert_int_equal(jiaoban_get_rules(w->j, &q, NULL), JIAOBAN_OK);
    assert_string_equal(w->behalf, "小王");
    assert_null(r);
}

static void test_directive_rows(void **state)
{
    struct world *w = *state;
    struct jiaoban_result *r = NULL;
    assert_int_equal(jiaoban_get_directives(w->j, NULL, &r), JIAOBAN_OK);
    assert_int_equal(w->body, JB__REQUEST__BODY_DIRECTIVES);
    assert_int_equal(jiaoban_result_count(r), 1);
    assert_true(jiaoban_result_more(r));
    const struct jiaoban_directive *d = jiaoban_result_directive(r, 0);
    assert_int_equal(d->directive_no, 3);
    assert_int_equal(d->demand, JIAOBAN_DEMAND_SUMMONS);
    assert_string_equal(d->official, "王副县长");
    assert_string_equal(d->countersigned_by, "");
    assert_int_equal(d->target_count, 1);
    assert_int_equal(d->targets[0]->node, 8);
    assert_int_equal(d->targets[0]->state, JIAOBAN_TARGET_SIGNED);
    assert_null(jiaoban_result_docket(r, 0));
    jiaoban_result_free(r);
    assert_int_equal(jiaoban_get_dockets(w->j, NULL, &r), JIAOBAN_OK);
    assert_string_equal(jiaoban_result_docket(r, 0)->docket_no, "督2026-7");
    assert_int_equal(jiaoban_result_docket(r, 0)->step, JIAOBAN_STEP_TALK);
    jiaoban_result_free(r);
    assert_int_equal(jiaoban_get_proposals(w->j, NULL, &r), JIAOBAN_OK);
    assert_string_equal(jiaoban_result_proposal(r, 0)->reason, "overdue");
    assert_string_equal(jiaoban_result_proposal(r, 0)->docket_no, "");
    jiaoban_result_free(r);
    assert_int_equal(jiaoban_get_delegations(w->j, NULL, &r), JIAOBAN_OK);
    assert_true(jiaoban_result_delegation(r, 0)->in_force);
    jiaoban_result_free(r);
}

static void test_explain_rows(void **state)
{
    struct world *w = *state;
    struct jiaoban_query q = {.size = sizeof q, .case_number = w->number};
    struct jiaoban_result *r = NULL;
    assert_int_equal(jiaoban_get_explain(w->j, &q, &r), JIAOBAN_OK);
    const struct jiaoban_explain *x = jiaoban_result_explain(r, 0);
    assert_true(x->agrees);
    assert_int_equal(x->deadline->directive, 3);
    assert_int_equal(x->deadline->paused_from_ms, 5);
    assert_int_equal(x->day_count, 2);
    assert_string_equal(x->days[1]->name, "春节");
    assert_int_equal(x->move_count, 1);
    assert_string_equal(x->moves[0]->kind, "set");
    assert_string_equal(x->text, "");
    jiaoban_result_free(r);
}

static void test_rule_rows(void **state)
{
    struct world *w = *state;
    struct jiaoban_result *r = NULL;
    assert_int_equal(jiaoban_get_rules(w->j, NULL, &r), JIAOBAN_OK);
    assert_string_equal(jiaoban_result_rulebook(r)->version, "2022-05-01.1");
    assert_string_equal(jiaoban_result_rulebook(r)->source, "");
    assert_int_equal(jiaoban_result_rule(r, 0)->warn_count, 3);
    assert_int_equal(jiaoban_result_rule(r, 0)->warn_days[2], 1);
    assert_null(jiaoban_result_report(r));
    jiaoban_result_free(r);
}

static void test_public_rows(void **state)
{
    struct world *w = *state;
    struct jiaoban_query q = {.size = sizeof q, .name = "张三", .query_code = "7K3M-X2QP-9DHT"};
    struct jiaoban_result *r = NULL;
    assert_int_equal(jiaoban_get_public(w->j, &q, &r), JIAOBAN_OK);
    assert_int_equal(jiaoban_result_public(r)->fact_count, 1);
    assert_string_equal(jiaoban_result_public(r)->facts[0]->what, "answered");
    assert_string_equal(jiaoban_result_public(r)->facts[0]->document, "意见〔2026〕7号");
    jiaoban_result_free(r);
}

static void test_figure_rows(void **state)
{
    struct world *w = *state;
    struct jiaoban_query q = {.size = sizeof q, .from_ms = 1, .to_ms = 9, .cases = true};
    struct jiaoban_result *r = NULL;
    assert_int_equal(jiaoban_get_report(w->j, &q, &r), JIAOBAN_OK);
    const struct jiaoban_figure *f = jiaoban_result_figure(r, 0);
    assert_int_equal(f->numerator, 1);
    assert_int_equal(f->denominator, 2);
    assert_false(f->no_data);
    assert_int_equal(f->case_count, 1); /* three lists of equal length */
    assert_true(f->counted[0]);
    assert_string_equal(f->numbers[0], "20261123-00007-00042-9");
    assert_int_equal(jiaoban_result_report(r)->to_ms, 9);
    assert_null(jiaoban_result_rulebook(r));
    jiaoban_result_free(r);
    assert_int_equal(jiaoban_confirm_clock(w->j, "已核对", NULL), JIAOBAN_OK);
    assert_int_equal(w->body, JB__REQUEST__BODY_CONFIRM_CLOCK);
    assert_int_equal(jiaoban_confirm_clock(w->j, "a\nb", NULL), JIAOBAN_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_every_verb),    WORLD_TEST(test_files_of_their_own),
        WORLD_TEST(test_bad_arguments), WORLD_TEST(test_token),
        WORLD_TEST(test_needs),         WORLD_TEST(test_directive_rows),
        WORLD_TEST(test_explain_rows),  WORLD_TEST(test_rule_rows),
        WORLD_TEST(test_public_rows),   WORLD_TEST(test_figure_rows),
    };
    return cmocka_run_group_tests_name("client_order", tests, NULL, NULL);
}
