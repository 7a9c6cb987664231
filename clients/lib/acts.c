/* Acts: the public struct <-> the act of the rules, and which fields each kind has.
 *
 * One row a field, one row a kind. Checks form only (present, UTF-8, length, one line); whether an
 * act is allowed is decided by the agent and the broker. */
#include "clients/lib/client.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/base/utf8.h"
#include "proto/rules/caseno.h"
#include "proto/wire/codec.h"

/* One-line texts, bodies, numbers. Same names in struct jiaoban_act and struct jb_act. */
#define FIELDS(LINE, BODY, U32, U64, I64, INT)                                                     \
    LINE(title)                                                                                    \
    LINE(class_code)                                                                               \
    LINE(place_code)                                                                               \
    LINE(foreign_system)                                                                           \
    LINE(foreign_number)                                                                           \
    LINE(report_form)                                                                              \
    LINE(how)                                                                                      \
    LINE(organ)                                                                                    \
    LINE(notice_no)                                                                                \
    LINE(opinion_no)                                                                               \
    LINE(close_no)                                                                                 \
    LINE(approved_by)                                                                              \
    LINE(countersigned_by)                                                                         \
    BODY(content)                                                                                  \
    BODY(text)                                                                                     \
    BODY(reason)                                                                                   \
    BODY(basis)                                                                                    \
    BODY(report)                                                                                   \
    U32(node)                                                                                      \
    U32(flags)                                                                                     \
    U32(people)                                                                                    \
    U32(deadline_id)                                                                               \
    U32(days)                                                                                      \
    U64(log_seq)                                                                                   \
    I64(due_ms)                                                                                    \
    I64(received_at_ms)                                                                            \
    I64(told_at_ms)                                                                                \
    I64(done_at_ms)                                                                                \
    INT(authority) INT(matter) INT(channel) INT(exit) INT(opinion) INT(ruling) INT(decline_kind)

enum field_no {
#define F(name) F_##name,
    FIELDS(F, F, F, F, F, F)
#undef F
    F_COUNT
};
enum field_type {
    T_LINE,
    T_BODY,
    T_U32,
    T_U64,
    T_I64,
    T_INT
};

static const struct field {
    const char *name;
    enum field_type type;
    size_t ours, theirs; /* offsets in struct jiaoban_act, struct jb_act */
} fields[F_COUNT] = {
#define ROW(name, type)                                                                            \
    [F_##name] = {#name, type, offsetof(struct jiaoban_act, name), offsetof(struct jb_act, name)},
#define LINE(name) ROW(name, T_LINE)
#define BODY(name) ROW(name, T_BODY)
#define U32(name) ROW(name, T_U32)
#define U64(name) ROW(name, T_U64)
#define I64(name) ROW(name, T_I64)
#define INT(name) ROW(name, T_INT)
    FIELDS(LINE, BODY, U32, U64, I64, INT)
#undef ROW
#undef LINE
#undef BODY
#undef U32
#undef U64
#undef I64
#undef INT
};

#define B(name) (UINT64_C(1) << F_##name)
#define CO_HANDLERS (UINT64_C(1) << F_COUNT)
#define NOTICE (B(notice_no) | B(told_at_ms) | B(how))

/* Reasons and approvals are not required here, so that it is the rule, with its article, that
 * refuses an act without them. */
static const struct kind {
    enum jb_act_kind kind;
    uint64_t required, optional; /* bits of field numbers */
} kinds[] = {
    {JB_ACT_REGISTER, B(title),
     B(matter) | B(channel) | B(content) | B(class_code) | B(place_code) | B(flags) | B(people) |
         B(foreign_system) | B(foreign_number) | B(received_at_ms)},
    {JB_ACT_ASSIGN, B(node),
     CO_HANDLERS | B(authority) | B(due_ms) | B(basis) | B(text) | B(report_form) |
         B(countersigned_by)},
    {JB_ACT_FORWARD, B(node), CO_HANDLERS | B(text)},
    {JB_ACT_HANDOVER, B(node), B(reason)},
    {JB_ACT_REFER, B(organ), B(node) | B(reason)},
    {JB_ACT_SIGN_FOR, 0, B(text)},
    {JB_ACT_ACCEPT, 0, B(exit) | NOTICE},
    {JB_ACT_DECLINE, 0, B(reason) | B(decline_kind) | NOTICE},
    {JB_ACT_NOTIFY, B(told_at_ms), B(notice_no) | B(how)},
    {JB_ACT_OBJECT, 0, B(reason)},
    {JB_ACT_RULE_ON_OBJECTION, B(ruling), B(reason)},
    {JB_ACT_DESIGNATE, B(node), CO_HANDLERS | B(due_ms) | B(basis)},
    {JB_ACT_EXTEND, B(days), B(reason) | B(approved_by) | B(deadline_id) | B(told_at_ms)},
    {JB_ACT_NOTE, B(text), 0},
    {JB_ACT_ANSWER, B(text), B(opinion) | B(opinion_no) | B(report) | B(told_at_ms) | B(how)},
    {JB_ACT_EXECUTE, 0, B(text) | B(done_at_ms)},
    {JB_ACT_CLOSE, 0, B(close_no) | B(text)},
    {JB_ACT_ACKNOWLEDGE, B(deadline_id), B(text)},
    {JB_ACT_OPENED, 0, B(log_seq)},
};
#undef B
#undef NOTICE

/* ---- checks ---------------------------------------------------------------------------------- */

enum jiaoban_status jb_client_text_check(struct jiaoban *j, const char *what, const char *text,
                                         size_t limit)
{
    if (text == NULL)
        return JIAOBAN_OK;
    size_t len = strlen(text);
    if (len > limit)
        return jb_client_fail(j, JIAOBAN_TOO_LARGE, "%s has %zu bytes, %zu are allowed", what, len,
                              limit);
    enum jb_err err =
        limit == JB_LIMIT_LINE ? jb_text_check_line(text, len) : jb_text_check(text, len);
    if (err == JB_MALFORMED)
        return jb_client_fail(j, JIAOBAN_MALFORMED,
                              "%s must be one line without control characters", what);
    if (err != JB_OK)
        return jb_client_fail(j, (enum jiaoban_status)err, "%s: %s", what, jb_err_text(err));
    return JIAOBAN_OK;
}

static const struct kind *kind_find(enum jb_act_kind kind)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i].kind == kind)
            return &kinds[i];
    return NULL;
}

/* The field's value is not zero, NULL or "". */
static bool given(const struct jiaoban_act *act, const struct field *f)
{
    const unsigned char *at = (const unsigned char *)act + f->ours;
    static const unsigned char zero[sizeof(int64_t)];
    const char *text = NULL;

    switch (f->type) {
    case T_LINE:
    case T_BODY:
        memcpy(&text, at, sizeof text);
        return text != NULL && text[0] != '\0';
    case T_U64:
    case T_I64:
        return memcmp(at, zero, sizeof(int64_t)) != 0;
    case T_U32:
    case T_INT:
        break;
    }
    return memcmp(at, zero, sizeof(int32_t)) != 0;
}

static enum jiaoban_status fields_check(struct jiaoban *j, const struct kind *k,
                                        const struct jiaoban_act *act)
{
    const char *name = jb_act_kind_name(k->kind);
    for (size_t i = 0; i < F_COUNT; i++) {
        bool is_given = given(act, &fields[i]);
        if (is_given && ((k->required | k->optional) >> i & 1) == 0)
            return jb_client_fail(j, JIAOBAN_RANGE, "%s has no field %s", name, fields[i].name);
        if (!is_given && (k->required >> i & 1) != 0)
            return jb_client_fail(j, JIAOBAN_MISSING, "%s: %s is missing", name, fields[i].name);
    }
    if (act->co_handler_count > 0 && (k->optional & CO_HANDLERS) == 0)
        return jb_client_fail(j, JIAOBAN_RANGE, "%s has no field co_handlers", name);
    if (act->co_handler_count > JB_LIMIT_LIST)
        return jb_client_fail(j, JIAOBAN_OVERFLOW, "%zu co_handlers, %d are allowed",
                              act->co_handler_count, JB_LIMIT_LIST);
    if (act->person_count > 0 && k->kind != JB_ACT_REGISTER)
        return jb_client_fail(j, JIAOBAN_RANGE, "%s has no field persons", name);
    return JIAOBAN_OK;
}

/* ---- out ------------------------------------------------------------------------------------- */

static size_t number_size(enum field_type type)
{
    return type == T_U64 || type == T_I64 ? sizeof(int64_t) : sizeof(int32_t);
}

static enum jiaoban_status field_out(struct jiaoban *j, const struct field *f,
                                     const struct jiaoban_act *act, struct jb_act *to)
{
    const unsigned char *at = (const unsigned char *)act + f->ours;
    unsigned char *out = (unsigned char *)to + f->theirs;
    const char *text = NULL;

    if (f->type != T_LINE && f->type != T_BODY) {
        memcpy(out, at, number_size(f->type));
        return JIAOBAN_OK;
    }
    memcpy(&text, at, sizeof text);
    struct jb_text t = jb_text_of(text);
    memcpy(out, &t, sizeof t);
    return jb_client_text_check(j, f->name, text,
                                f->type == T_LINE ? JB_LIMIT_LINE : JB_LIMIT_TEXT);
}

static enum jiaoban_status case_number_out(struct jiaoban *j, const struct jiaoban_act *act,
                                           struct jb_act *to)
{
    struct jb_fault fault = {""};
    if (to->kind == JB_ACT_REGISTER) {
        if (act->case_number != NULL && act->case_number[0] != '\0')
            return jb_client_fail(j, JIAOBAN_RANGE, "a registration takes no case number");
        return JIAOBAN_OK;
    }
    if (act->case_number == NULL || act->case_number[0] == '\0')
        return jb_client_fail(j, JIAOBAN_MISSING, "%s: the case number is missing",
                              jb_act_kind_name(to->kind));
    enum jb_err err = jb_caseno_parse(jb_text_of(act->case_number), &to->case_no, &fault);
    if (err != JB_OK)
        return jb_client_fail(j, (enum jiaoban_status)err, "%s", fault.text);
    return JIAOBAN_OK;
}

static enum jiaoban_status persons_out(struct jiaoban *j, const struct jiaoban_act *act,
                                       struct jb_bytes *bytes)
{
    if (act->person_count == 0)
        return JIAOBAN_OK;
    if (act->person_count > JB_LIMIT_LIST)
        return jb_client_fail(j, JIAOBAN_OVERFLOW, "%zu persons, %d are allowed", act->person_count,
                              JB_LIMIT_LIST);
    struct jb_person *at = jb_arena_alloc(&j->scratch, act->person_count * sizeof *at);
    if (at == NULL)
        return jb_client_fail(j, JIAOBAN_NOMEM, "out of memory");
    for (size_t i = 0; i < act->person_count; i++) {
        const struct jiaoban_person *p = &act->persons[i];
        const char *texts[] = {p->name, p->id_number, p->phone, p->address};
        static const char *const names[] = {"name of a petitioner", "ID number of a petitioner",
                                            "phone of a petitioner", "address of a petitioner"};
        for (size_t t = 0; t < sizeof texts / sizeof texts[0]; t++) {
            enum jiaoban_status status = jb_client_text_check(j, names[t], texts[t], JB_LIMIT_LINE);
            if (status != JIAOBAN_OK)
                return status;
        }
        at[i] = (struct jb_person){jb_text_of(p->name), jb_text_of(p->id_number),
                                   jb_text_of(p->phone), jb_text_of(p->address), p->main_visitor};
    }
    struct jb_persons persons = {at, act->person_count};
    if (jb_persons_encode(&persons, &j->scratch, bytes) != JB_OK)
        return jb_client_fail(j, JIAOBAN_NOMEM, "out of memory");
    return JIAOBAN_OK;
}

enum jiaoban_status jb_client_act_encode(struct jiaoban *j, const char *kind,
                                         const struct jiaoban_act *act, struct jb_bytes *bytes,
                                         struct jb_bytes *persons)
{
    struct jb_act to = {.kind = jb_act_kind_parse(kind), .custody = act->custody};
    const struct kind *k = kind_find(to.kind);

    if (k == NULL)
        return jb_client_fail(j, JIAOBAN_UNSUPPORTED, "libjiaoban %s cannot submit \"%s\"",
                              jiaoban_version(), kind);
    enum jiaoban_status status = case_number_out(j, act, &to);
    if (status == JIAOBAN_OK)
        status = fields_check(j, k, act);
    for (size_t i = 0; status == JIAOBAN_OK && i < F_COUNT; i++)
        status = field_out(j, &fields[i], act, &to);
    if (status == JIAOBAN_OK)
        status = persons_out(j, act, persons);
    if (status != JIAOBAN_OK)
        return status;
    if (to.kind == JB_ACT_DECLINE && to.decline_kind == 0)
        to.decline_kind = JIAOBAN_NOT_ACCEPTED;
    to.co_handlers = (struct jb_list32){act->co_handlers, act->co_handler_count};
    enum jb_err err = jb_act_encode(&to, &j->scratch, bytes);
    if (err != JB_OK)
        return jb_client_fail(j, (enum jiaoban_status)err, "cannot encode the act: %s",
                              jb_err_text(err));
    return JIAOBAN_OK;
}

/* ---- in -------------------------------------------------------------------------------------- */

static bool field_in(struct jb_arena *a, const struct field *f, const struct jb_act *from,
                     struct jiaoban_act *act)
{
    const unsigned char *at = (const unsigned char *)from + f->theirs;
    unsigned char *out = (unsigned char *)act + f->ours;
    struct jb_text text;

    if (f->type != T_LINE && f->type != T_BODY) {
        memcpy(out, at, number_size(f->type));
        return true;
    }
    memcpy(&text, at, sizeof text);
    const char *copy = text.len > 0 ? jb_arena_strndup(a, text.data, text.len) : "";
    memcpy(out, &copy, sizeof copy);
    return copy != NULL;
}

const struct jiaoban_act *jb_client_act_row(struct jb_arena *a, struct jb_bytes bytes)
{
    struct jb_fault fault = {""};
    struct jb_act from;
    struct jiaoban_act *act = jb_arena_alloc(a, sizeof *act);
    char *number = jb_arena_alloc(a, JB_CASENO_TEXT);

    if (act == NULL || number == NULL || bytes.len == 0)
        return NULL;
    if (jb_act_decode(bytes, a, &from, &fault) != JB_OK)
        return NULL;
    for (size_t i = 0; i < F_COUNT; i++)
        if (!field_in(a, &fields[i], &from, act))
            return NULL;
    if (jb_caseno_check(from.case_no) == JB_OK)
        jb_caseno_format(from.case_no, number);
    act->size = sizeof *act;
    act->case_number = number;
    act->custody = from.custody;
    act->co_handlers = from.co_handlers.at;
    act->co_handler_count = from.co_handlers.count;
    return act;
}
