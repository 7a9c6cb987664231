/* An act's own fields: for each kind what must be there, for each field how much is too much. */
#include "tests/unit/rules_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static char long_text[JB_LIMIT_BLOB + 2];
static uint32_t long_list[JB_LIMIT_LIST + 1];
static int64_t long_list64[JB_LIMIT_LIST + 1];

#define TEXT_OF(n)                                                                                 \
    {                                                                                              \
        long_text, (n)                                                                             \
    }
#define BYTES_OF(n)                                                                                \
    {                                                                                              \
        (const uint8_t *)long_text, (n)                                                            \
    }

static int prepare(void **state)
{
    (void)state;
    memset(long_text, 'x', sizeof long_text);
    for (uint32_t i = 0; i < COUNT(long_list); i++)
        long_list[i] = 10 + i;
    return 0;
}

static void check(const struct jb_act *act, enum jb_refusal wanted, const char *says)
{
    char detail[JB_DETAIL_BYTES];
    enum jb_refusal got = jb_act_check(act, detail);

    if (got != wanted || strstr(detail, says) == NULL)
        fail_msg("%s: %s instead of %s: \"%s\" without \"%s\"", jb_act_kind_name(act->kind),
                 jb_refusal_name(got), jb_refusal_name(wanted), detail, says);
    if (got == JB_REFUSE_NONE)
        assert_string_equal(detail, "");
}

static void required_fields(void **state)
{
    (void)state;
    check(ACT(REGISTER, .matter = 1, .channel = 1), JB_REFUSE_FIELD_REQUIRED, "title");
    check(ACT(REGISTER, .title = T("x")), JB_REFUSE_NONE, "");
    check(ACT(ASSIGN, .text = T("x")), JB_REFUSE_FIELD_REQUIRED, "assign: node");
    check(ACT(FORWARD, .text = T("x")), JB_REFUSE_FIELD_REQUIRED, "forward: node");
    check(ACT(HANDOVER, .text = T("x")), JB_REFUSE_FIELD_REQUIRED, "handover: node");
    check(ACT(DESIGNATE, .text = T("x")), JB_REFUSE_FIELD_REQUIRED, "designate: node");
    check(ACT(REFER, .text = T("x")), JB_REFUSE_FIELD_REQUIRED, "organ or node");
    check(ACT(REFER, .node = 5), JB_REFUSE_NONE, "");
    check(ACT(DECLINE, .text = T("x")), JB_REFUSE_REASON_REQUIRED, "reason");
    check(ACT(OBJECT, .text = T("x")), JB_REFUSE_REASON_REQUIRED, "reason");
    check(ACT(NOTIFY, .how = T("x")), JB_REFUSE_FIELD_REQUIRED, "told_at_ms");
    check(ACT(RULE_ON_OBJECTION, .ruling = JB_RULING_AGREED), JB_REFUSE_NONE, "");
    check(ACT(RULE_ON_OBJECTION, .ruling = JB_RULING_REFUSED), JB_REFUSE_REASON_REQUIRED, "reason");
    check(ACT(EXTEND, .days = 1, .reason = T("x")), JB_REFUSE_APPROVAL_REQUIRED, "approved_by");
    check(ACT(EXTEND, .days = 1, .approved_by = T("x")), JB_REFUSE_REASON_REQUIRED, "reason");
    check(ACT(NOTE, .reason = T("x")), JB_REFUSE_FIELD_REQUIRED, "text");
    check(ACT(ANSWER, .opinion = 1), JB_REFUSE_FIELD_REQUIRED, "text");
    check(ACT(OPENED, .text = T("x")), JB_REFUSE_FIELD_REQUIRED, "log_seq");
    check(ACT(WARN, .deadline_id = 1), JB_REFUSE_FIELD_REQUIRED, "step_no");
    check(ACT(RECEIVED, .node = 5), JB_REFUSE_FIELD_REQUIRED, "at_ms");
    check(ACT(SIGN_FOR, .custody = 1), JB_REFUSE_NONE, "");
    check(ACT(CLOSE, .custody = 1), JB_REFUSE_NONE, "");
}

static void lengths(void **state)
{
    (void)state;
    check(ACT(NOTE, .text = TEXT_OF(JB_LIMIT_TEXT)), JB_REFUSE_NONE, "");
    check(ACT(NOTE, .text = TEXT_OF(JB_LIMIT_TEXT + 1)), JB_REFUSE_CONTENT_TOO_LARGE,
          "text: 262145");
    check(ACT(SIGN_FOR, .how = TEXT_OF(JB_LIMIT_LINE)), JB_REFUSE_NONE, "");
    check(ACT(SIGN_FOR, .how = TEXT_OF(JB_LIMIT_LINE + 1)), JB_REFUSE_CONTENT_TOO_LARGE,
          "how: 1025");
    check(ACT(SIGN_FOR, .sealed = BYTES_OF(JB_LIMIT_BLOB)), JB_REFUSE_NONE, "");
    check(ACT(SIGN_FOR, .sealed = BYTES_OF(JB_LIMIT_BLOB + 1)), JB_REFUSE_CONTENT_TOO_LARGE,
          "sealed");
    check(ACT(SIGN_FOR, .head = BYTES_OF(31)), JB_REFUSE_VALUE_OUT_OF_RANGE, "head: 31");
    check(ACT(SIGN_FOR, .head = BYTES_OF(33)), JB_REFUSE_VALUE_OUT_OF_RANGE, "head: 33");
    check(ACT(SIGN_FOR, .head = BYTES_OF(32), .signature = BYTES_OF(64)), JB_REFUSE_NONE, "");
    check(ACT(SIGN_FOR, .key_id = BYTES_OF(65)), JB_REFUSE_CONTENT_TOO_LARGE, "key_id");
    check(ACT(SIGN_FOR, .audience = {long_list, 128}), JB_REFUSE_NONE, "");
    check(ACT(SIGN_FOR, .audience = {long_list, 129}), JB_REFUSE_VALUE_OUT_OF_RANGE,
          "audience: 129");
    check(ACT(SIGN_FOR, .other_case_nos = {long_list64, JB_LIMIT_LIST + 1}),
          JB_REFUSE_VALUE_OUT_OF_RANGE, "other_case_nos");
    check(ACT(ASSIGN, .node = 5, .co_handlers = {long_list, 64}), JB_REFUSE_NONE, "");
    check(ACT(ASSIGN, .node = 5, .co_handlers = {long_list, 65}), JB_REFUSE_TOO_MANY_CO_HANDLERS,
          "co_handlers: 65");
    check(ACT(ASSIGN, .node = 20, .co_handlers = {long_list, 64}), JB_REFUSE_HOST_IS_CO_HANDLER,
          "node 20");
}

static void texts(void **state)
{
    (void)state;
    check(ACT(NOTE, .text = T("两行\n\t都行")), JB_REFUSE_NONE, "");
    check(ACT(NOTE, .text = {"a\0b", 3}), JB_REFUSE_TEXT_INVALID, "NUL");
    check(ACT(NOTE, .text = T("\xe5\xb1")), JB_REFUSE_TEXT_INVALID, "UTF-8");
    check(ACT(SIGN_FOR, .person = T("张\x1b[31m三")), JB_REFUSE_TEXT_INVALID, "person");
    check(ACT(SIGN_FOR, .notice_no = T("两\n行")), JB_REFUSE_TEXT_INVALID, "one-line");
}

static void numbers(void **state)
{
    (void)state;
    check(ACT(SIGN_FOR, .matter = -1), JB_REFUSE_VALUE_OUT_OF_RANGE, "matter");
    check(ACT(SIGN_FOR, .matter = 4), JB_REFUSE_VALUE_OUT_OF_RANGE, "matter");
    check(ACT(SIGN_FOR, .channel = 5), JB_REFUSE_VALUE_OUT_OF_RANGE, "channel");
    check(ACT(SIGN_FOR, .authority = 6), JB_REFUSE_VALUE_OUT_OF_RANGE, "authority");
    check(ACT(SIGN_FOR, .exit = 7), JB_REFUSE_VALUE_OUT_OF_RANGE, "exit");
    check(ACT(SIGN_FOR, .decline_kind = 3), JB_REFUSE_VALUE_OUT_OF_RANGE, "decline_kind");
    check(ACT(SIGN_FOR, .opinion = 4), JB_REFUSE_VALUE_OUT_OF_RANGE, "opinion");
    check(ACT(SIGN_FOR, .ruling = 3), JB_REFUSE_VALUE_OUT_OF_RANGE, "ruling");
    check(ACT(SIGN_FOR, .level = 7), JB_REFUSE_VALUE_OUT_OF_RANGE, "level");
    check(ACT(SIGN_FOR, .node_kind = 9), JB_REFUSE_VALUE_OUT_OF_RANGE, "node_kind");
    check(ACT(SIGN_FOR, .flags = 1024), JB_REFUSE_VALUE_OUT_OF_RANGE, "flags");
    check(ACT(SIGN_FOR, .flags = 1023), JB_REFUSE_NONE, "");
    check(ACT(SIGN_FOR, .node = JB_NODE_MAX + 1), JB_REFUSE_VALUE_OUT_OF_RANGE, "node");
    check(ACT(SIGN_FOR, .people = 1000001), JB_REFUSE_VALUE_OUT_OF_RANGE, "people");
    check(ACT(SIGN_FOR, .due_ms = -1), JB_REFUSE_CLOCK_IMPLAUSIBLE, "due_ms");
    check(ACT(SIGN_FOR, .told_at_ms = INT64_MAX), JB_REFUSE_CLOCK_IMPLAUSIBLE, "told_at_ms");
    check(ACT(SIGN_FOR, .log_seq = UINT64_MAX, .number = UINT64_MAX), JB_REFUSE_NONE, "");
    check(ACT(SIGN_FOR, .size_bytes = 52428801), JB_REFUSE_VALUE_OUT_OF_RANGE, "size_bytes");
}

static void what_the_new_kinds_require(void **state)
{
    const struct {
        const struct jb_act *act;
        enum jb_refusal wanted;
        const char *says;
    } rows[] = {
        {ACT(START_HEARING, .text = T("x")), JB_REFUSE_FIELD_REQUIRED, "from_ms"},
        {ACT(END_HEARING, .text = T("x")), JB_REFUSE_FIELD_REQUIRED, "until_ms"},
        {ACT(LINK, .link_kind = JB_LINK_REPEAT), JB_REFUSE_FIELD_REQUIRED, "other_case_no"},
        {ACT(LINK, .other_case_no = 1), JB_REFUSE_FIELD_REQUIRED, "link_kind"},
        {ACT(MERGE, .reason = T("x")), JB_REFUSE_FIELD_REQUIRED, "other_case_no"},
        {ACT(SPLIT, .reason = T("x")), JB_REFUSE_FIELD_REQUIRED, "other_case_nos"},
        {ACT(RECUSE, .reason = T("x")), JB_REFUSE_FIELD_REQUIRED, "node or person"},
        {ACT(RECUSE, .person = T("x")), JB_REFUSE_NONE, ""},
        {ACT(CLASSIFY, .reason = T("x")), JB_REFUSE_FIELD_REQUIRED, "matter, class_code"},
        {ACT(CLASSIFY, .accused = {long_list, 1}), JB_REFUSE_NONE, ""},
        {ACT(ISSUE_DIRECTIVE, .node = 5), JB_REFUSE_FIELD_REQUIRED, "power"},
        {ACT(ISSUE_DIRECTIVE, .power = JB_POWER_INVESTIGATE), JB_REFUSE_FIELD_REQUIRED,
         "audience or node"},
        {ACT(ISSUE_DIRECTIVE, .power = JB_POWER_INVESTIGATE, .audience = {long_list, 2}),
         JB_REFUSE_NONE, ""},
        {ACT(ISSUE_DIRECTIVE, .power = JB_POWER_SUPERVISE, .node = 5), JB_REFUSE_FIELD_REQUIRED,
         "demand"},
        {ACT(ISSUE_DIRECTIVE, .power = JB_POWER_SUPERVISE, .demand = JB_DEMAND_SUMMONS, .node = 5),
         JB_REFUSE_FIELD_REQUIRED, "people"},
        {ACT(ISSUE_DIRECTIVE, .power = JB_POWER_INVESTIGATE, .demand = JB_DEMAND_PROGRESS,
             .node = 5),
         JB_REFUSE_VALUE_OUT_OF_RANGE, "demand"},
        {ACT(ISSUE_DIRECTIVE, .power = JB_POWER_RECOMMEND, .text = T("x"), .node = 5),
         JB_REFUSE_FIELD_REQUIRED, "recommendation"},
        {ACT(ISSUE_DIRECTIVE, .power = JB_POWER_RECOMMEND, .recommendation = 1, .node = 5),
         JB_REFUSE_FIELD_REQUIRED, "text"},
        {ACT(ISSUE_DIRECTIVE, .power = JB_POWER_INVESTIGATE, .recommendation = 1, .node = 5),
         JB_REFUSE_VALUE_OUT_OF_RANGE, "recommendation"},
        {ACT(ISSUE_DIRECTIVE, .power = JB_POWER_CIRCULATE, .node = 5), JB_REFUSE_FIELD_REQUIRED,
         "text"},
        {ACT(ISSUE_DIRECTIVE, .power = JB_POWER_INVESTIGATE, .node = 5,
             .co_handlers = {long_list, 1}),
         JB_REFUSE_VALUE_OUT_OF_RANGE, "co_handlers"},
        {ACT(COUNTERSIGN_DIRECTIVE, .directive_no = 1), JB_REFUSE_FIELD_REQUIRED,
         "countersigned_by"},
        {ACT(SIGN_DIRECTIVE, .text = T("x")), JB_REFUSE_FIELD_REQUIRED, "directive_no"},
        {ACT(SIGN_DIRECTIVE, .directive_no = UINT64_C(1) << 32), JB_REFUSE_VALUE_OUT_OF_RANGE,
         "directive_no"},
        {ACT(ANSWER_DIRECTIVE, .directive_no = 1), JB_REFUSE_FIELD_REQUIRED, "text"},
        {ACT(CLEAR_DIRECTIVE, .text = T("x")), JB_REFUSE_FIELD_REQUIRED, "directive_no"},
        {ACT(OBJECT_DIRECTIVE, .directive_no = 1), JB_REFUSE_REASON_REQUIRED, "reason"},
        {ACT(WITHDRAW_DIRECTIVE, .directive_no = 1), JB_REFUSE_REASON_REQUIRED, "reason"},
        {ACT(DELEGATE, .power = 1), JB_REFUSE_FIELD_REQUIRED, "official"},
        {ACT(END_DELEGATION, .reason = T("x")), JB_REFUSE_FIELD_REQUIRED, "official"},
        {ACT(OPEN_DOCKET, .step = 1), JB_REFUSE_FIELD_REQUIRED, "docket_no"},
        {ACT(STEP_DOCKET, .docket_no = T("x")), JB_REFUSE_FIELD_REQUIRED, "step"},
        {ACT(STEP_DOCKET, .docket_no = T("x"), .step = 8), JB_REFUSE_VALUE_OUT_OF_RANGE, "step"},
        {ACT(CLOSE_DOCKET, .text = T("x")), JB_REFUSE_FIELD_REQUIRED, "docket_no"},
        {ACT(SET_PLAN, .reason = T("x")), JB_REFUSE_FIELD_REQUIRED, "official, text"},
        {ACT(FULFIL, .text = T("x")), JB_REFUSE_FIELD_REQUIRED, "deadline_id"},
        {ACT(ATTACH, .size_bytes = 1), JB_REFUSE_FIELD_REQUIRED, "content_hash"},
        {ACT(RECOUNT, .version = T("x")), JB_REFUSE_FIELD_REQUIRED, "deadline_id"},
        {ACT(SUCCEED, .node = 5), JB_REFUSE_FIELD_REQUIRED, "successor"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        check(rows[i].act, rows[i].wanted, rows[i].says);
}

static void lists_of_agencies(void **state)
{
    static const uint32_t zero[] = {7, 0}, twice[] = {7, 8, 7}, beyond[] = {JB_NODE_MAX + 1};

    (void)state;
    check(ACT(SIGN_FOR, .audience = {zero, 2}), JB_REFUSE_VALUE_OUT_OF_RANGE, "audience: node 0");
    check(ACT(SIGN_FOR, .audience = {twice, 3}), JB_REFUSE_VALUE_OUT_OF_RANGE, "node 7 is named");
    check(ACT(SIGN_FOR, .audience = {beyond, 1}), JB_REFUSE_VALUE_OUT_OF_RANGE, "node 100000");
    check(ACT(SIGN_FOR, .co_handlers = {zero, 2}), JB_REFUSE_VALUE_OUT_OF_RANGE, "co_handlers");
    check(ACT(SIGN_FOR, .co_handlers = {twice, 3}), JB_REFUSE_VALUE_OUT_OF_RANGE, "twice");
    check(ACT(SIGN_FOR, .accused = {zero, 2}), JB_REFUSE_VALUE_OUT_OF_RANGE, "accused: node 0");
    check(ACT(SIGN_FOR, .audience = {twice, 2}), JB_REFUSE_NONE, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(required_fields),
        cmocka_unit_test(lengths),
        cmocka_unit_test(texts),
        cmocka_unit_test(numbers),
        cmocka_unit_test(what_the_new_kinds_require),
        cmocka_unit_test(lists_of_agencies),
    };
    return cmocka_run_group_tests_name("act_check", tests, prepare, NULL);
}
