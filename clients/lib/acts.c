/* Acts: the public struct <-> the act of the rules, by the tables of acttable.c. Checks form only
 * (present, UTF-8, length, one line); whether an act is allowed is decided by the agent and the
 * broker. */
#include "clients/lib/acttable.h"
#include "clients/lib/client.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/base/utf8.h"
#include "proto/rules/caseno.h"
#include "proto/wire/codec.h"

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

static bool among(const unsigned char *list, size_t max, size_t field)
{
    for (size_t i = 0; i < max && list[i] != F_none; i++)
        if (list[i] == field)
            return true;
    return false;
}

static bool has_text(const char *text)
{
    return text != NULL && text[0] != '\0';
}

static size_t list_count(const struct jb_client_field *f, const struct jiaoban_act *act)
{
    size_t count;
    memcpy(&count, (const unsigned char *)act + f->count, sizeof count);
    return count;
}

static bool other_given(size_t field, const struct jiaoban_act *act)
{
    switch (field) {
    case F_other_case_number:
        return has_text(act->other_case_number);
    case F_other_case_numbers:
        return act->other_case_count > 0;
    case F_persons:
        return act->person_count > 0;
    default:
        return has_text(act->query_code);
    }
}

/* The field's value is not zero, NULL or "". */
static bool given(size_t field, const struct jiaoban_act *act)
{
    const struct jb_client_field *f = &jb_client_fields[field];
    const unsigned char *at = (const unsigned char *)act + f->ours;
    static const unsigned char zero[sizeof(int64_t)];
    const char *text = NULL;

    switch (f->type) {
    case T_LINE:
    case T_BODY:
        memcpy(&text, at, sizeof text);
        return has_text(text);
    case T_U64:
    case T_I64:
        return memcmp(at, zero, sizeof(int64_t)) != 0;
    case T_BOOL:
        return memcmp(at, zero, sizeof(bool)) != 0;
    case T_LIST32:
        return list_count(f, act) > 0;
    case T_OTHER:
        return other_given(field, act);
    case T_U32:
    case T_INT:
        break;
    }
    return memcmp(at, zero, sizeof(int32_t)) != 0;
}

static enum jiaoban_status list_check(struct jiaoban *j, const char *what, size_t count)
{
    if (count <= JB_LIMIT_LIST)
        return JIAOBAN_OK;
    return jb_client_fail(j, JIAOBAN_OVERFLOW, "%zu %s, %d are allowed", count, what,
                          JB_LIMIT_LIST);
}

static enum jiaoban_status fields_check(struct jiaoban *j, const struct jb_client_kind *k,
                                        const struct jiaoban_act *act)
{
    const char *name = jb_act_kind_name(k->kind);
    enum jiaoban_status status = JIAOBAN_OK;
    for (size_t i = F_none + 1; i < F_COUNT && status == JIAOBAN_OK; i++) {
        bool required = among(k->required, REQUIRED_MAX, i);
        bool is_given = given(i, act);
        if (is_given && !required && !among(k->optional, OPTIONAL_MAX, i))
            return jb_client_fail(j, JIAOBAN_RANGE, "%s has no field %s", name,
                                  jb_client_fields[i].name);
        if (!is_given && required)
            return jb_client_fail(j, JIAOBAN_MISSING, "%s: %s is missing", name,
                                  jb_client_fields[i].name);
        if (jb_client_fields[i].type == T_LIST32)
            status = list_check(j, jb_client_fields[i].name, list_count(&jb_client_fields[i], act));
    }
    return status;
}

/* ---- out ------------------------------------------------------------------------------------- */

static size_t number_size(enum field_type type)
{
    if (type == T_BOOL)
        return sizeof(bool);
    return type == T_U64 || type == T_I64 ? sizeof(int64_t) : sizeof(int32_t);
}

static void list_out(const struct jb_client_field *f, const struct jiaoban_act *act,
                     struct jb_act *to)
{
    struct jb_list32 list = {NULL, list_count(f, act)};
    memcpy(&list.at, (const unsigned char *)act + f->ours, sizeof list.at);
    memcpy((unsigned char *)to + f->theirs, &list, sizeof list);
}

static enum jiaoban_status field_out(struct jiaoban *j, const struct jb_client_field *f,
                                     const struct jiaoban_act *act, struct jb_act *to)
{
    const unsigned char *at = (const unsigned char *)act + f->ours;
    unsigned char *out = (unsigned char *)to + f->theirs;
    const char *text = NULL;

    if (f->type == T_OTHER)
        return JIAOBAN_OK;
    if (f->type == T_LIST32) {
        list_out(f, act, to);
        return JIAOBAN_OK;
    }
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

static enum jiaoban_status number_read(struct jiaoban *j, const char *text, int64_t *case_no)
{
    struct jb_fault fault = {""};
    enum jb_err err = jb_caseno_parse(jb_text_of(text), case_no, &fault);
    if (err != JB_OK)
        return jb_client_fail(j, (enum jiaoban_status)err, "%s", fault.text);
    return JIAOBAN_OK;
}

static enum jiaoban_status case_number_out(struct jiaoban *j, const struct jb_client_kind *k,
                                           const struct jiaoban_act *act, struct jb_act *to)
{
    const char *name = jb_act_kind_name(k->kind);
    if (has_text(act->case_number)) {
        if (k->number == CASE_NEW)
            return jb_client_fail(j, JIAOBAN_RANGE, "a registration takes no case number");
        if (k->number == CASE_NONE)
            return jb_client_fail(j, JIAOBAN_RANGE, "%s takes no case number", name);
        if (k->number == CASE_FILE && has_text(act->title))
            return jb_client_fail(j, JIAOBAN_RANGE,
                                  "%s: a title opens a file of its own, without a case number",
                                  name);
        return number_read(j, act->case_number, &to->case_no);
    }
    if (k->number == CASE_NAMED)
        return jb_client_fail(j, JIAOBAN_MISSING, "%s: the case number is missing", name);
    if (k->number == CASE_FILE && !has_text(act->title))
        return jb_client_fail(j, JIAOBAN_MISSING,
                              "%s: the case number is missing, or a title for a file of its own",
                              name);
    return JIAOBAN_OK;
}

/* Case numbers beside the act's own. */
static enum jiaoban_status other_numbers_out(struct jiaoban *j, const struct jiaoban_act *act,
                                             struct jb_act *to)
{
    enum jiaoban_status status = JIAOBAN_OK;
    if (has_text(act->other_case_number))
        status = number_read(j, act->other_case_number, &to->other_case_no);
    if (status == JIAOBAN_OK)
        status = list_check(j, "other_case_numbers", act->other_case_count);
    if (status != JIAOBAN_OK || act->other_case_count == 0)
        return status;
    int64_t *at = jb_arena_alloc(&j->scratch, act->other_case_count * sizeof *at);
    if (at == NULL)
        return jb_client_fail(j, JIAOBAN_NOMEM, "out of memory");
    for (size_t i = 0; i < act->other_case_count && status == JIAOBAN_OK; i++)
        status = number_read(j, act->other_case_numbers[i], &at[i]);
    to->other_case_nos = (struct jb_list64){at, act->other_case_count};
    return status;
}

static enum jiaoban_status persons_out(struct jiaoban *j, const struct jiaoban_act *act,
                                       struct jb_bytes *bytes)
{
    if (act->person_count == 0)
        return JIAOBAN_OK;
    enum jiaoban_status counted = list_check(j, "persons", act->person_count);
    if (counted != JIAOBAN_OK)
        return counted;
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
    const struct jb_client_kind *k = jb_client_kind_find(to.kind);

    if (k == NULL)
        return jb_client_fail(j, JIAOBAN_UNSUPPORTED, "libjiaoban %s cannot submit \"%s\"",
                              jiaoban_version(), kind);
    enum jiaoban_status status = case_number_out(j, k, act, &to);
    if (status == JIAOBAN_OK)
        status = fields_check(j, k, act);
    for (size_t i = F_none + 1; status == JIAOBAN_OK && i < F_COUNT; i++)
        status = field_out(j, &jb_client_fields[i], act, &to);
    if (status == JIAOBAN_OK)
        status = other_numbers_out(j, act, &to);
    if (status == JIAOBAN_OK)
        status = jb_client_text_check(j, "query_code", act->query_code, JB_LIMIT_LINE);
    if (status == JIAOBAN_OK)
        status = persons_out(j, act, persons);
    if (status != JIAOBAN_OK)
        return status;
    if (to.kind == JB_ACT_DECLINE && to.decline_kind == 0)
        to.decline_kind = JIAOBAN_NOT_ACCEPTED;
    enum jb_err err = jb_act_encode(&to, &j->scratch, bytes);
    if (err != JB_OK)
        return jb_client_fail(j, (enum jiaoban_status)err, "cannot encode the act: %s",
                              jb_err_text(err));
    return JIAOBAN_OK;
}

/* ---- in -------------------------------------------------------------------------------------- */

static void list_in(const struct jb_client_field *f, const struct jb_act *from,
                    struct jiaoban_act *act)
{
    struct jb_list32 list;
    memcpy(&list, (const unsigned char *)from + f->theirs, sizeof list);
    memcpy((unsigned char *)act + f->ours, &list.at, sizeof list.at);
    memcpy((unsigned char *)act + f->count, &list.count, sizeof list.count);
}

static bool field_in(struct jb_arena *a, const struct jb_client_field *f, const struct jb_act *from,
                     struct jiaoban_act *act)
{
    const unsigned char *at = (const unsigned char *)from + f->theirs;
    unsigned char *out = (unsigned char *)act + f->ours;
    struct jb_text text;

    if (f->type == T_OTHER)
        return true;
    if (f->type == T_LIST32) {
        list_in(f, from, act);
        return true;
    }
    if (f->type != T_LINE && f->type != T_BODY) {
        memcpy(out, at, number_size(f->type));
        return true;
    }
    memcpy(&text, at, sizeof text);
    const char *copy = text.len > 0 ? jb_arena_strndup(a, text.data, text.len) : "";
    memcpy(out, &copy, sizeof copy);
    return copy != NULL;
}

/* As shown to people; "" for 0. NULL: out of memory. */
static const char *number_in(struct jb_arena *a, int64_t case_no)
{
    char shown[JB_CASENO_TEXT] = "";
    if (jb_caseno_check(case_no) == JB_OK)
        jb_caseno_format(case_no, shown);
    return jb_arena_strndup(a, shown, strlen(shown));
}

static bool numbers_in(struct jb_arena *a, const struct jb_act *from, struct jiaoban_act *act)
{
    const char **others = jb_arena_alloc(a, (from->other_case_nos.count + 1) * sizeof *others);
    act->case_number = number_in(a, from->case_no);
    act->other_case_number = number_in(a, from->other_case_no);
    if (others == NULL || act->case_number == NULL || act->other_case_number == NULL)
        return false;
    for (size_t i = 0; i < from->other_case_nos.count; i++)
        if ((others[i] = number_in(a, from->other_case_nos.at[i])) == NULL)
            return false;
    act->other_case_numbers = others;
    act->other_case_count = from->other_case_nos.count;
    return true;
}

const struct jiaoban_act *jb_client_act_row(struct jb_arena *a, struct jb_bytes bytes)
{
    struct jb_fault fault = {""};
    struct jb_act from;
    struct jiaoban_act *act = jb_arena_alloc(a, sizeof *act);

    if (act == NULL || bytes.len == 0 || jb_act_decode(bytes, a, &from, &fault) != JB_OK)
        return NULL;
    for (size_t i = F_none + 1; i < F_COUNT; i++)
        if (!field_in(a, &jb_client_fields[i], &from, act))
            return NULL;
    if (!numbers_in(a, &from, act))
        return NULL;
    act->size = sizeof *act;
    act->custody = from.custody;
    act->query_code = "";
    return act;
}
