/* The tables behind acttable.h: one row a field, one row a kind. */
#include "clients/lib/acttable.h"

#include "clients/lib/jiaoban.h"

const struct jb_client_field jb_client_fields[F_COUNT] = {
    [F_other_case_number] = {.name = "other_case_number", .type = T_OTHER},
    [F_other_case_numbers] = {.name = "other_case_numbers", .type = T_OTHER},
    [F_persons] = {.name = "persons", .type = T_OTHER},
    [F_query_code] = {.name = "query_code", .type = T_OTHER},
#define ROW(name, type)                                                                            \
    [F_##name] = {#name, type, offsetof(struct jiaoban_act, name), offsetof(struct jb_act, name),  \
                  0},
#define LINE(name) ROW(name, T_LINE)
#define BODY(name) ROW(name, T_BODY)
#define U32(name) ROW(name, T_U32)
#define U64(name) ROW(name, T_U64)
#define I64(name) ROW(name, T_I64)
#define INT(name) ROW(name, T_INT)
#define BOOL(name) ROW(name, T_BOOL)
    FIELDS(LINE, BODY, U32, U64, I64, INT, BOOL)
#undef ROW
#undef LINE
#undef BODY
#undef U32
#undef U64
#undef I64
#undef INT
#undef BOOL
#define LIST(name, count)                                                                          \
    [F_##name] = {#name, T_LIST32, offsetof(struct jiaoban_act, name),                             \
                  offsetof(struct jb_act, name), offsetof(struct jiaoban_act, count)},
        LISTS(LIST)
#undef LIST
};

#define NOTICE F_notice_no, F_told_at_ms, F_how

/* Reasons and approvals are not required here, so that it is the rule, with its article, that
 * refuses an act without them. */
static const struct jb_client_kind kinds[] = {
    {JB_ACT_REGISTER,
     CASE_NEW,
     {F_title},
     {F_matter, F_channel, F_content, F_class_code, F_place_code, F_flags, F_people,
      F_foreign_system, F_foreign_number, F_received_at_ms, F_accused, F_other_case_number,
      F_persons}},
    {JB_ACT_ASSIGN,
     CASE_NAMED,
     {F_node},
     {F_co_handlers, F_authority, F_due_ms, F_basis, F_text, F_report_form, F_countersigned_by}},
    {JB_ACT_FORWARD, CASE_NAMED, {F_node}, {F_co_handlers, F_text}},
    {JB_ACT_HANDOVER, CASE_NAMED, {F_node}, {F_reason}},
    {JB_ACT_REFER, CASE_NAMED, {F_organ}, {F_node, F_reason}},
    {JB_ACT_SIGN_FOR, CASE_NAMED, {F_none}, {F_text}},
    {JB_ACT_ACCEPT, CASE_NAMED, {F_none}, {F_exit, NOTICE}},
    {JB_ACT_DECLINE, CASE_NAMED, {F_none}, {F_reason, F_decline_kind, NOTICE}},
    {JB_ACT_NOTIFY, CASE_NAMED, {F_told_at_ms}, {F_notice_no, F_how}},
    {JB_ACT_OBJECT, CASE_NAMED, {F_none}, {F_reason}},
    {JB_ACT_RULE_ON_OBJECTION, CASE_NAMED, {F_ruling}, {F_reason}},
    {JB_ACT_ESCALATE_DISPUTE, CASE_NAMED, {F_none}, {F_node, F_reason}},
    {JB_ACT_DESIGNATE, CASE_NAMED, {F_node}, {F_co_handlers, F_due_ms, F_basis}},
    {JB_ACT_EXTEND, CASE_NAMED, {F_days}, {F_reason, F_approved_by, F_deadline_id, F_told_at_ms}},
    {JB_ACT_NOTE, CASE_NAMED, {F_text}, {F_none}},
    {JB_ACT_ANSWER, CASE_NAMED, {F_text}, {F_opinion, F_opinion_no, F_report, F_told_at_ms, F_how}},
    {JB_ACT_EXECUTE, CASE_NAMED, {F_none}, {F_text, F_done_at_ms}},
    {JB_ACT_CLOSE, CASE_NAMED, {F_none}, {F_close_no, F_text}},
    {JB_ACT_ACKNOWLEDGE, CASE_NAMED, {F_deadline_id}, {F_text}},
    {JB_ACT_OPENED, CASE_NAMED, {F_none}, {F_log_seq}},
    {JB_ACT_CLASSIFY,
     CASE_NAMED,
     {F_none},
     {F_matter, F_class_code, F_reason, F_countersigned_by, F_accused}},
    {JB_ACT_START_SIMPLE, CASE_NAMED, {F_none}, {F_reason}},
    {JB_ACT_TURN_ORDINARY, CASE_NAMED, {F_none}, {F_reason}},
    {JB_ACT_LINK, CASE_NAMED, {F_other_case_number, F_link_kind}, {F_reason}},
    {JB_ACT_MERGE, CASE_NAMED, {F_other_case_number}, {F_reason}},
    {JB_ACT_SPLIT, CASE_NAMED, {F_other_case_numbers}, {F_reason}},
    {JB_ACT_REOPEN, CASE_NAMED, {F_ground}, {F_reason}},
    {JB_ACT_RECUSE, CASE_NAMED, {F_none}, {F_node, F_person, F_reason}},
    {JB_ACT_ERASE_KEY, CASE_NAMED, {F_none}, {F_reason, F_countersigned_by}},
    {JB_ACT_RECORD_DELIVERY, CASE_NAMED, {F_how, F_told_at_ms}, {F_notice_no, F_person}},
    {JB_ACT_REPORT_UP, CASE_NAMED, {F_none}, {F_node, F_text}},
    {JB_ACT_REQUEST_REVIEW, CASE_NAMED, {F_none}, {F_node, F_received_at_ms, F_text}},
    {JB_ACT_REQUEST_RECHECK, CASE_NAMED, {F_none}, {F_node, F_received_at_ms, F_text}},
    {JB_ACT_GIVE_REVIEW, CASE_NAMED, {F_opinion, F_text}, {F_opinion_no, F_told_at_ms, F_how}},
    {JB_ACT_GIVE_RECHECK, CASE_NAMED, {F_opinion, F_text}, {F_opinion_no, F_told_at_ms, F_how}},
    {JB_ACT_START_HEARING, CASE_NAMED, {F_none}, {F_from_ms, F_text}},
    {JB_ACT_END_HEARING, CASE_NAMED, {F_none}, {F_until_ms, F_text}},
    {JB_ACT_TERMINATE, CASE_NAMED, {F_none}, {F_text}},
    {JB_ACT_ISSUE_DIRECTIVE,
     CASE_FILE,
     {F_power},
     {F_title, F_audience, F_node, F_co_handlers, F_authority, F_level, F_official,
      F_countersigned_by, F_due_ms, F_basis, F_text, F_report_form, F_people, F_flags,
      F_recommendation, F_demand, F_other_case_number}},
    {JB_ACT_COUNTERSIGN_DIRECTIVE, CASE_NAMED, {F_directive_no, F_countersigned_by}, {F_none}},
    {JB_ACT_SIGN_DIRECTIVE, CASE_NAMED, {F_directive_no}, {F_none}},
    {JB_ACT_ANSWER_DIRECTIVE, CASE_NAMED, {F_directive_no}, {F_text, F_adopted}},
    {JB_ACT_CLEAR_DIRECTIVE, CASE_NAMED, {F_directive_no}, {F_node, F_text}},
    {JB_ACT_OBJECT_DIRECTIVE, CASE_NAMED, {F_directive_no}, {F_reason}},
    {JB_ACT_WITHDRAW_DIRECTIVE, CASE_NAMED, {F_directive_no}, {F_reason}},
    {JB_ACT_DELEGATE, CASE_NONE, {F_official}, {F_power, F_valid_from_ms, F_valid_to_ms}},
    {JB_ACT_END_DELEGATION, CASE_NONE, {F_official}, {F_reason}},
    {JB_ACT_OPEN_DOCKET,
     CASE_FILE,
     {F_docket_no, F_step},
     {F_title, F_node, F_due_ms, F_text, F_basis}},
    {JB_ACT_STEP_DOCKET, CASE_NAMED, {F_docket_no, F_step}, {F_due_ms, F_text, F_basis}},
    {JB_ACT_CLOSE_DOCKET, CASE_NAMED, {F_docket_no}, {F_text}},
    {JB_ACT_URGE, CASE_NAMED, {F_none}, {F_node, F_text}},
    {JB_ACT_RATE, CASE_NAMED, {F_rated_party, F_satisfaction, F_query_code}, {F_none}},
    {JB_ACT_SET_PLAN, CASE_NAMED, {F_none}, {F_official, F_text, F_due_ms}},
    {JB_ACT_FULFIL, CASE_NAMED, {F_deadline_id}, {F_text, F_done_at_ms}},
};
#undef NOTICE

const struct jb_client_kind *jb_client_kind_find(enum jb_act_kind kind)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i].kind == kind)
            return &kinds[i];
    return NULL;
}
