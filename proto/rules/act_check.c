/* Checks an act's own fields, without the case: how long, in which range. Two tables: a list of all
 * fields, and what is special about one. What must be there stands in act_required.c. */
#include "proto/rules/act_field.h"

#include <stdarg.h>
#include <stdio.h>

#include "proto/base/utf8.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define CO_HANDLERS_MAX 64
#define AUDIENCE_MAX 128
#define PEOPLE_MAX 1000000
#define DAYS_MAX 3650
#define LEVEL_MAX JB_LEVEL_VILLAGE

#define ROW(f, type) [FIELD_##f] = {#f, offsetof(struct jb_act, f), type},
#define F_TEXT(f) ROW(f, TYPE_TEXT)
#define F_BYTES(f) ROW(f, TYPE_BYTES)
#define F_U32(f) ROW(f, TYPE_U32)
#define F_U64(f) ROW(f, TYPE_U64)
#define F_I64(f) ROW(f, TYPE_I64)
#define F_BOOL(f) ROW(f, TYPE_BOOL)
#define F_ENUM(f) ROW(f, TYPE_ENUM)
#define F_LIST32(f) ROW(f, TYPE_LIST32)
#define F_LIST64(f) ROW(f, TYPE_LIST64)
const struct jb_act_field jb_act_fields[FIELD_COUNT] = {
    JB_ACT_FIELDS(F_TEXT, F_BYTES, F_U32, F_U64, F_I64, F_BOOL, F_ENUM, F_LIST32, F_LIST64)};
#undef ROW
#undef F_TEXT
#undef F_BYTES
#undef F_U32
#undef F_U64
#undef F_I64
#undef F_BOOL
#undef F_ENUM
#undef F_LIST32
#undef F_LIST64

struct limit {
    uint64_t max; /* value, bytes or members; 0: no limit of its own */
    bool exact;   /* nothing else will do */
};

/* A text that has a limit of its own is a body; others are of one line. */
static const struct limit limits[FIELD_COUNT] = {
    [FIELD_content] = {JB_LIMIT_TEXT, false},
    [FIELD_text] = {JB_LIMIT_TEXT, false},
    [FIELD_reason] = {JB_LIMIT_TEXT, false},
    [FIELD_report] = {JB_LIMIT_TEXT, false},
    [FIELD_basis] = {JB_LIMIT_TEXT, false},
    [FIELD_report_form] = {JB_LIMIT_TEXT, false},
    [FIELD_query_code_hash] = {JB_HASH_BYTES, true},
    [FIELD_content_hash] = {JB_HASH_BYTES, true},
    [FIELD_size_bytes] = {52428800, false},
    [FIELD_head] = {JB_HASH_BYTES, true},
    [FIELD_signature] = {JB_SIGN_BYTES, true},
    [FIELD_line_key] = {JB_KEY_BYTES, true},
    [FIELD_sign_key] = {JB_KEY_BYTES, true},
    [FIELD_epoch] = {64, false},
    [FIELD_key_id] = {64, false},
    [FIELD_co_handlers] = {CO_HANDLERS_MAX, false},
    [FIELD_audience] = {AUDIENCE_MAX, false},
    [FIELD_directive_no] = {UINT32_MAX, false},
    [FIELD_people] = {PEOPLE_MAX, false},
    [FIELD_days] = {DAYS_MAX, false},
    [FIELD_step_no] = {JB_WARN_MAX, false},
    [FIELD_flags] = {2 * JB_FLAG_UNREACHABLE - 1, false},
    [FIELD_parent] = {JB_NODE_MAX, false},
    [FIELD_successor] = {JB_NODE_MAX, false},
    [FIELD_node] = {JB_NODE_MAX, false},
    [FIELD_matter] = {JB_MATTER_APPEAL, false},
    [FIELD_channel] = {JB_CHANNEL_PHONE, false},
    [FIELD_authority] = {JB_AUTHORITY_JOINT_CONFERENCE, false},
    [FIELD_exit] = {JB_EXIT_RESIDUE, false},
    [FIELD_decline_kind] = {2, false},
    [FIELD_ruling] = {JB_RULING_REFUSED, false},
    [FIELD_opinion] = {JB_OPINION_NOT_SUPPORTED, false},
    [FIELD_link_kind] = {JB_LINK_SPLIT_INTO, false},
    [FIELD_demand] = {JB_DEMAND_SUMMONS, false},
    [FIELD_ground] = {2, false},
    [FIELD_power] = {6, false},
    [FIELD_recommendation] = {3, false},
    [FIELD_step] = {7, false},
    [FIELD_rated_party] = {2, false},
    [FIELD_satisfaction] = {3, false},
    [FIELD_level] = {LEVEL_MAX, false},
    [FIELD_node_kind] = {JB_NODE_BROKER, false},
};

enum jb_refusal jb_detail_set(char detail[JB_DETAIL_BYTES], enum jb_refusal refusal,
                              const char *format, ...)
{
    char whole[4 * JB_DETAIL_BYTES];
    size_t len;
    va_list args;

    va_start(args, format);
    vsnprintf(whole, sizeof whole, format, args);
    va_end(args);
    len = jb_text_cut(whole, strlen(whole), JB_DETAIL_BYTES - 1);
    memcpy(detail, whole, len);
    detail[len] = '\0';
    return refusal;
}

/* ---- one field ------------------------------------------------------------------------------ */

/* Size of a field's value: length of texts and bytes, members of a list, the number itself. */
uint64_t jb_act_field_size(const struct jb_act *act, const struct jb_act_field *f)
{
    const char *at = (const char *)act + f->offset;

    switch (f->type) {
    case TYPE_TEXT:
        return ((const struct jb_text *)(const void *)at)->len;
    case TYPE_BYTES:
        return ((const struct jb_bytes *)(const void *)at)->len;
    case TYPE_U32:
        return *(const uint32_t *)(const void *)at;
    case TYPE_U64:
        return *(const uint64_t *)(const void *)at;
    case TYPE_I64:
        return (uint64_t) * (const int64_t *)(const void *)at;
    case TYPE_BOOL:
        return *(const bool *)(const void *)at;
    case TYPE_ENUM:
        return (uint64_t) * (const int *)(const void *)at;
    case TYPE_LIST32:
        return ((const struct jb_list32 *)(const void *)at)->count;
    case TYPE_LIST64:
        return ((const struct jb_list64 *)(const void *)at)->count;
    }
    return 0;
}

static enum jb_refusal check_text(const struct jb_act *act, const struct jb_act_field *f,
                                  const struct limit *limit, char *detail)
{
    const struct jb_text *t = (const void *)((const char *)act + f->offset);
    size_t max = limit != NULL ? limit->max : JB_LIMIT_LINE;
    enum jb_err err;

    if (t->len > max)
        return jb_detail_set(detail, JB_REFUSE_CONTENT_TOO_LARGE, "%s: %zu bytes, at most %zu",
                             f->name, t->len, max);
    err = limit != NULL ? jb_text_check(t->data, t->len) : jb_text_check_line(t->data, t->len);
    if (err == JB_MALFORMED)
        return jb_detail_set(detail, JB_REFUSE_TEXT_INVALID,
                             "%s: a control character or line break in a one-line text", f->name);
    if (err != JB_OK)
        return jb_detail_set(detail, JB_REFUSE_TEXT_INVALID, "%s: %s", f->name, jb_err_text(err));
    return JB_REFUSE_NONE;
}

static enum jb_refusal check_bytes(const struct jb_act_field *f, const struct limit *limit,
                                   uint64_t len, char *detail)
{
    uint64_t max = limit != NULL ? limit->max : JB_LIMIT_BLOB;

    if (limit != NULL && limit->exact && len != max)
        return jb_detail_set(detail, JB_REFUSE_VALUE_OUT_OF_RANGE, "%s: %llu bytes, must be %llu",
                             f->name, (unsigned long long)len, (unsigned long long)max);
    if (len > max)
        return jb_detail_set(detail, JB_REFUSE_CONTENT_TOO_LARGE, "%s: %llu bytes, at most %llu",
                             f->name, (unsigned long long)len, (unsigned long long)max);
    return JB_REFUSE_NONE;
}

static enum jb_refusal check_list(const struct jb_act_field *f, const struct limit *limit,
                                  uint64_t count, char *detail)
{
    uint64_t max = limit != NULL ? limit->max : JB_LIMIT_LIST;
    bool co_handlers = f == &jb_act_fields[FIELD_co_handlers];

    if (count > max)
        return jb_detail_set(
            detail, co_handlers ? JB_REFUSE_TOO_MANY_CO_HANDLERS : JB_REFUSE_VALUE_OUT_OF_RANGE,
            "%s: %llu members, at most %llu", f->name, (unsigned long long)count,
            (unsigned long long)max);
    return JB_REFUSE_NONE;
}

static enum jb_refusal check_number(const struct jb_act_field *f, const struct limit *limit,
                                    uint64_t n, char *detail)
{
    if (limit != NULL && n > limit->max)
        return jb_detail_set(detail, JB_REFUSE_VALUE_OUT_OF_RANGE, "%s: must be 1 to %llu", f->name,
                             (unsigned long long)limit->max);
    return JB_REFUSE_NONE;
}

static bool is_instant(const struct jb_act_field *f)
{
    size_t len = strlen(f->name);

    return f->type == TYPE_I64 && len > 3 && strcmp(f->name + len - 3, "_ms") == 0;
}

/* A field that is given, that is: not zero or empty. */
static enum jb_refusal check_field(const struct jb_act *act, const struct jb_act_field *f,
                                   uint64_t size, char *detail)
{
    const struct limit *own = &limits[f - jb_act_fields];
    const struct limit *limit = own->max != 0 ? own : NULL;

    switch (f->type) {
    case TYPE_TEXT:
        return check_text(act, f, limit, detail);
    case TYPE_BYTES:
        return check_bytes(f, limit, size, detail);
    case TYPE_LIST32:
    case TYPE_LIST64:
        return check_list(f, limit, size, detail);
    case TYPE_I64:
        if (is_instant(f) && ((int64_t)size < 0 || !jb_instant_valid((int64_t)size)))
            return jb_detail_set(detail, JB_REFUSE_CLOCK_IMPLAUSIBLE, "%s: no such date", f->name);
        return JB_REFUSE_NONE;
    case TYPE_U32:
    case TYPE_U64:
    case TYPE_ENUM:
        return check_number(f, limit, size, detail);
    case TYPE_BOOL:
        break;
    }
    return JB_REFUSE_NONE;
}

/* ---- the whole act -------------------------------------------------------------------------- */

/* The members of a list of agencies: none of them 0, none twice. */
static enum jb_refusal check_members(const char *name, struct jb_list32 list, char *detail)
{
    for (size_t i = 0; i < list.count; i++) {
        if (list.at[i] == 0 || list.at[i] > JB_NODE_MAX)
            return jb_detail_set(detail, JB_REFUSE_VALUE_OUT_OF_RANGE, "%s: node %u", name,
                                 (unsigned)list.at[i]);
        for (size_t j = 0; j < i; j++) {
            if (list.at[j] == list.at[i])
                return jb_detail_set(detail, JB_REFUSE_VALUE_OUT_OF_RANGE,
                                     "%s: node %u is named twice", name, (unsigned)list.at[i]);
        }
    }
    return JB_REFUSE_NONE;
}

static enum jb_refusal check_lists(const struct jb_act *act, char *detail)
{
    const struct {
        const char *name;
        struct jb_list32 list;
    } lists[] = {
        {"co_handlers", act->co_handlers},
        {"audience", act->audience},
        {"accused", act->accused},
    };

    for (size_t i = 0; i < act->co_handlers.count; i++) {
        if (act->co_handlers.at[i] != 0 && act->co_handlers.at[i] == act->node)
            return jb_detail_set(detail, JB_REFUSE_HOST_IS_CO_HANDLER, "co_handlers: node %u",
                                 (unsigned)act->node);
    }
    for (size_t i = 0; i < COUNT(lists); i++) {
        enum jb_refusal refusal = check_members(lists[i].name, lists[i].list, detail);

        if (refusal != JB_REFUSE_NONE)
            return refusal;
    }
    return JB_REFUSE_NONE;
}

enum jb_refusal jb_act_check(const struct jb_act *act, char detail[JB_DETAIL_BYTES])
{
    enum jb_refusal refusal = JB_REFUSE_NONE;

    detail[0] = '\0';
    for (size_t i = 0; i < COUNT(jb_act_fields) && refusal == JB_REFUSE_NONE; i++) {
        uint64_t size = jb_act_field_size(act, &jb_act_fields[i]);

        if (size != 0)
            refusal = check_field(act, &jb_act_fields[i], size, detail);
    }
    if (refusal == JB_REFUSE_NONE)
        refusal = jb_act_check_required(act, detail);
    return refusal != JB_REFUSE_NONE ? refusal : check_lists(act, detail);
}
