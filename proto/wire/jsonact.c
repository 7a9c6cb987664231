/* Reading JSON: acts as clients give them, see struct jb_act_given. */
#include "proto/wire/jsonread.h"

#include "proto/rules/caseno.h"
#include "proto/schema/act.pb-c.h"
#include "proto/wire/message.h"

static const char *const beside_act[] = {"kind",       "custody", "case_no", "persons",
                                         "query_code", "note",    NULL};

/* Which member of the Act's oneof the kind is; NULL: none that can be made. */
static const ProtobufCFieldDescriptor *body_of(const char *kind)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(&jb__act__descriptor, kind);
    bool is_body = field != NULL && field->type == PROTOBUF_C_TYPE_MESSAGE;
    return is_body ? field : NULL;
}

/* NULL: *err says why. */
static const ProtobufCFieldDescriptor *kind_read(struct jb_json_reader *r, const json_t *root,
                                                 const char *kind, enum jb_err *err)
{
    const json_t *member = json_object_get(root, "kind");
    const char *said = json_is_string(member) ? json_string_value(member) : kind;
    const ProtobufCFieldDescriptor *body = said != NULL ? body_of(said) : NULL;
    r->member = "kind";
    if (member != NULL && !json_is_string(member))
        *err = jb_json_wrong(r, JB_MALFORMED, "must be a string");
    else if (said == NULL)
        *err = jb_json_wrong(r, JB_MISSING, "is missing: which act?");
    else if (kind != NULL && strcmp(kind, said) != 0)
        *err = jb_json_wrong(r, JB_RANGE, "is another one than is asked for");
    else if (body == NULL)
        *err = jb_json_wrong(r, JB_UNKNOWN_KIND, "there is no such act");
    else
        return body;
    return NULL;
}

static enum jb_err case_read(struct jb_json_reader *r, const json_t *root, int64_t case_no,
                             Jb__Act *act)
{
    const json_t *member = json_object_get(root, "case_no");
    int64_t said = case_no;
    r->member = "case_no";
    enum jb_err err =
        member != NULL && !json_is_null(member) ? jb_json_i64(r, member, &said) : JB_OK;
    if (err == JB_OK && case_no != 0 && said != case_no)
        err = jb_json_wrong(r, JB_RANGE, "is another one than is asked for");
    act->has_case_no = said != 0;
    act->case_no = said;
    return err;
}

static enum jb_err custody_read(struct jb_json_reader *r, const json_t *root, Jb__Act *act)
{
    const json_t *member = json_object_get(root, "custody");
    r->member = "custody";
    if (member == NULL || json_is_null(member))
        return JB_OK;
    act->has_custody = true;
    return jb_json_u32(r, member, &act->custody);
}

static enum jb_err persons_read(struct jb_json_reader *r, const json_t *root, enum jb_act_kind kind,
                                struct jb_bytes *out)
{
    json_t *list = json_object_get(root, "persons");
    Jb__Petitioners *persons = NULL;
    r->member = "persons";
    if (list == NULL || json_is_null(list))
        return JB_OK;
    if (kind != JB_ACT_REGISTER)
        return jb_json_wrong(r, JB_RANGE, "there is no such member here");
    json_t *holder = json_pack("{s:O}", "persons", list);
    if (holder == NULL)
        return JB_NOMEM;
    enum jb_err err = jb_json_message(r, &jb__petitioners__descriptor, holder, NULL,
                                      (ProtobufCMessage **)&persons);
    if (err == JB_OK && persons->n_persons > 0)
        err = jb_message_encode(&persons->base, r->arena, out);
    json_decref(holder);
    return err;
}

/* A text beside the act, of one kind only. */
static enum jb_err beside_read(struct jb_json_reader *r, const json_t *root, const char *name,
                               bool has_it, const char **out)
{
    const json_t *member = json_object_get(root, name);
    char *copy = NULL;
    r->member = name;
    if (member == NULL || json_is_null(member))
        return JB_OK;
    if (!has_it)
        return jb_json_wrong(r, JB_RANGE, "there is no such member here");
    enum jb_err err = jb_json_string(r, member, &copy);
    *out = copy;
    return err;
}

static enum jb_err act_read(struct jb_json_reader *r, const json_t *root, const char *kind,
                            int64_t case_no, struct jb_act_given *out)
{
    Jb__Act act = JB__ACT__INIT;
    ProtobufCMessage *body = NULL;
    enum jb_err err = JB_OK;
    const ProtobufCFieldDescriptor *field = kind_read(r, root, kind, &err);
    if (field == NULL)
        return err;
    err = case_read(r, root, case_no, &act);
    if (err == JB_OK)
        err = custody_read(r, root, &act);
    if (err != JB_OK)
        return err;
    out->kind = jb_act_kind_parse(field->name);
    out->case_no = act.case_no;
    err = jb_json_message(r, field->descriptor, root, beside_act, &body);
    if (err == JB_OK)
        err = persons_read(r, root, out->kind, &out->persons);
    if (err == JB_OK)
        err = beside_read(r, root, "query_code", out->kind == JB_ACT_RATE, &out->query_code);
    if (err == JB_OK)
        err = beside_read(r, root, "note", out->kind == JB_ACT_ATTACH, &out->note);
    if (err != JB_OK)
        return err;
    act.body_case = (Jb__Act__BodyCase)field->id;
    void **place = (void **)(void *)((uint8_t *)&act + field->offset);
    *place = body; /* every member of the oneof is a pointer to its message */
    return jb_message_encode(&act.base, r->arena, &out->act);
}

enum jb_err jb_act_read_json(struct jb_text json, const char *kind, int64_t case_no,
                             struct jb_arena *arena, struct jb_act_given *out,
                             struct jb_fault *fault)
{
    struct jb_json_reader r = {.arena = arena, .fault = fault, .act = true};
    json_t *root = NULL;
    *out = (struct jb_act_given){.kind = JB_ACT_NONE};
    enum jb_err err = jb_json_load(json, &root, fault);
    if (err == JB_OK)
        err = act_read(&r, root, kind, case_no, out);
    json_decref(root);
    return err;
}
