/* What each kind of act requires: which fields must be there, of which ones one is enough, and
 * which do not go together. */
#include "proto/rules/act_field.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

struct required {
    enum jb_act_kind kind;
    int field;
    enum jb_refusal refusal; /* when it is not given */
};

static const struct required required[] = {
    {JB_ACT_REGISTER, FIELD_title, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_ASSIGN, FIELD_node, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_FORWARD, FIELD_node, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_HANDOVER, FIELD_node, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_DESIGNATE, FIELD_node, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_DECLINE, FIELD_reason, JB_REFUSE_REASON_REQUIRED},
    {JB_ACT_NOTIFY, FIELD_told_at_ms, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_OBJECT, FIELD_reason, JB_REFUSE_REASON_REQUIRED},
    {JB_ACT_RULE_ON_OBJECTION, FIELD_ruling, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_EXTEND, FIELD_days, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_EXTEND, FIELD_reason, JB_REFUSE_REASON_REQUIRED},
    {JB_ACT_EXTEND, FIELD_approved_by, JB_REFUSE_APPROVAL_REQUIRED},
    {JB_ACT_NOTE, FIELD_text, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_ANSWER, FIELD_text, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_RECORD_DELIVERY, FIELD_told_at_ms, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_RECORD_DELIVERY, FIELD_how, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_REQUEST_REVIEW, FIELD_received_at_ms, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_GIVE_REVIEW, FIELD_opinion, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_GIVE_REVIEW, FIELD_text, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_REQUEST_RECHECK, FIELD_received_at_ms, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_GIVE_RECHECK, FIELD_opinion, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_GIVE_RECHECK, FIELD_text, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_REOPEN, FIELD_ground, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_REOPEN, FIELD_reason, JB_REFUSE_REASON_REQUIRED},
    {JB_ACT_START_HEARING, FIELD_from_ms, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_END_HEARING, FIELD_until_ms, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_LINK, FIELD_other_case_no, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_LINK, FIELD_link_kind, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_MERGE, FIELD_other_case_no, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_SPLIT, FIELD_other_case_nos, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_ISSUE_DIRECTIVE, FIELD_power, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_COUNTERSIGN_DIRECTIVE, FIELD_directive_no, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_COUNTERSIGN_DIRECTIVE, FIELD_countersigned_by, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_SIGN_DIRECTIVE, FIELD_directive_no, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_ANSWER_DIRECTIVE, FIELD_directive_no, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_ANSWER_DIRECTIVE, FIELD_text, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_CLEAR_DIRECTIVE, FIELD_directive_no, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_OBJECT_DIRECTIVE, FIELD_directive_no, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_OBJECT_DIRECTIVE, FIELD_reason, JB_REFUSE_REASON_REQUIRED},
    {JB_ACT_WITHDRAW_DIRECTIVE, FIELD_directive_no, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_WITHDRAW_DIRECTIVE, FIELD_reason, JB_REFUSE_REASON_REQUIRED},
    {JB_ACT_DELEGATE, FIELD_official, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_END_DELEGATION, FIELD_official, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_OPEN_DOCKET, FIELD_docket_no, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_STEP_DOCKET, FIELD_docket_no, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_STEP_DOCKET, FIELD_step, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_CLOSE_DOCKET, FIELD_docket_no, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_FULFIL, FIELD_deadline_id, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_ATTACH, FIELD_content_hash, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_ATTACH, FIELD_size_bytes, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_ATTACH, FIELD_sealed, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_ERASE_KEY, FIELD_reason, JB_REFUSE_REASON_REQUIRED},
    {JB_ACT_RATE, FIELD_rated_party, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_RATE, FIELD_sealed, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_RATE, FIELD_query_code_hash, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_OPEN_RATING, FIELD_rated_party, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_OPENED, FIELD_log_seq, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_ACKNOWLEDGE, FIELD_deadline_id, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_STORED, FIELD_node, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_RECEIVED, FIELD_node, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_RECEIVED, FIELD_at_ms, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_WARN, FIELD_deadline_id, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_WARN, FIELD_step_no, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_MISS, FIELD_deadline_id, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_UNDELIVERED, FIELD_node, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_RECOUNT, FIELD_deadline_id, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_SUCCEED, FIELD_node, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_SUCCEED, FIELD_successor, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_ENROL_NODE, FIELD_node, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_ENROL_NODE, FIELD_code, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_ENROL_NODE, FIELD_name, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_ENROL_NODE, FIELD_level, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_ENROL_NODE, FIELD_node_kind, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_CHANGE_NODE, FIELD_node, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_REPLACE_KEYS, FIELD_node, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_REPLACE_KEYS, FIELD_line_key, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_REPLACE_KEYS, FIELD_sign_key, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_RETIRE_NODE, FIELD_node, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_RETIRE_NODE, FIELD_valid_to_ms, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_INSTALL_POLICY, FIELD_version, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_INSTALL_POLICY, FIELD_effective_from_ms, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_INSTALL_POLICY, FIELD_body, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_INSTALL_CALENDAR, FIELD_version, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_INSTALL_CALENDAR, FIELD_body, JB_REFUSE_FIELD_REQUIRED},
};

/* Of these one is enough. */
static const struct {
    enum jb_act_kind kind;
    int of[3]; /* unused places: the first one again */
    const char *missing;
} one_of[] = {
    {JB_ACT_REFER, {FIELD_organ, FIELD_node, FIELD_organ}, "organ or node"},
    {JB_ACT_CLASSIFY,
     {FIELD_matter, FIELD_class_code, FIELD_accused},
     "matter, class_code or accused"},
    {JB_ACT_RECUSE, {FIELD_node, FIELD_person, FIELD_node}, "node or person"},
    {JB_ACT_SET_PLAN, {FIELD_official, FIELD_text, FIELD_due_ms}, "official, text or due_ms"},
    {JB_ACT_ISSUE_DIRECTIVE, {FIELD_audience, FIELD_node, FIELD_audience}, "audience or node"},
};

/* Fields that a value of another one makes necessary. */
static const struct {
    enum jb_act_kind kind;
    int field, value; /* an ENUM field, and its value */
    int needs;
    enum jb_refusal refusal;
} needed[] = {
    {JB_ACT_RULE_ON_OBJECTION, FIELD_ruling, JB_RULING_REFUSED, FIELD_reason,
     JB_REFUSE_REASON_REQUIRED},
    {JB_ACT_ISSUE_DIRECTIVE, FIELD_power, JB_POWER_SUPERVISE, FIELD_demand,
     JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_ISSUE_DIRECTIVE, FIELD_power, JB_POWER_RECOMMEND, FIELD_recommendation,
     JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_ISSUE_DIRECTIVE, FIELD_power, JB_POWER_RECOMMEND, FIELD_text, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_ISSUE_DIRECTIVE, FIELD_power, JB_POWER_CIRCULATE, FIELD_text, JB_REFUSE_FIELD_REQUIRED},
    {JB_ACT_ISSUE_DIRECTIVE, FIELD_demand, JB_DEMAND_SUMMONS, FIELD_people,
     JB_REFUSE_FIELD_REQUIRED},
};

/* Fields that belong to one power only. */
static enum jb_refusal check_power(const struct jb_act *act, char *detail)
{
    const struct {
        int field, power;
    } of_power[] = {
        {FIELD_demand, JB_POWER_SUPERVISE},
        {FIELD_recommendation, JB_POWER_RECOMMEND},
        {FIELD_co_handlers, JB_POWER_COORDINATE},
    };

    for (size_t i = 0; i < COUNT(of_power) && act->kind == JB_ACT_ISSUE_DIRECTIVE; i++) {
        if (act->power != of_power[i].power &&
            jb_act_field_size(act, &jb_act_fields[of_power[i].field]) != 0)
            return jb_detail_set(detail, JB_REFUSE_VALUE_OUT_OF_RANGE, "%s: not with this power",
                                 jb_act_fields[of_power[i].field].name);
    }
    return JB_REFUSE_NONE;
}

static enum jb_refusal check_one_of(const struct jb_act *act, char *detail)
{
    for (size_t i = 0; i < COUNT(one_of); i++) {
        uint64_t given = 0;

        for (size_t j = 0; j < COUNT(one_of[i].of); j++)
            given |= jb_act_field_size(act, &jb_act_fields[one_of[i].of[j]]);
        if (one_of[i].kind == act->kind && given == 0)
            return jb_detail_set(detail, JB_REFUSE_FIELD_REQUIRED, "%s: %s is missing",
                                 jb_act_kind_name(act->kind), one_of[i].missing);
    }
    return JB_REFUSE_NONE;
}

static enum jb_refusal missing(const struct jb_act *act, int field, enum jb_refusal refusal,
                               char *detail)
{
    return jb_detail_set(detail, refusal, "%s: %s is missing", jb_act_kind_name(act->kind),
                         jb_act_fields[field].name);
}

enum jb_refusal jb_act_check_required(const struct jb_act *act, char detail[JB_DETAIL_BYTES])
{
    for (size_t i = 0; i < COUNT(required); i++) {
        if (required[i].kind == act->kind &&
            jb_act_field_size(act, &jb_act_fields[required[i].field]) == 0)
            return missing(act, required[i].field, required[i].refusal, detail);
    }
    for (size_t i = 0; i < COUNT(needed); i++) {
        if (needed[i].kind == act->kind &&
            jb_act_field_size(act, &jb_act_fields[needed[i].field]) == (uint64_t)needed[i].value &&
            jb_act_field_size(act, &jb_act_fields[needed[i].needs]) == 0)
            return missing(act, needed[i].needs, needed[i].refusal, detail);
    }
    if (check_one_of(act, detail) != JB_REFUSE_NONE)
        return JB_REFUSE_FIELD_REQUIRED;
    return check_power(act, detail);
}
