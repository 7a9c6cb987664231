/* Acts: see codec.h. Struct and message are paired by a plan for each kind, built at the first call
 * from the one list of fields; there is no code per kind. */
#include "proto/wire/codec.h"

#include <pthread.h>

#include "proto/schema/act.pb-c.h"
#include "proto/wire/slots.h"

/* Four of the longest texts, or a policy file, and room for the rest. */
#define ACT_LIMIT_BYTES ((size_t)2 * 1024 * 1024)
#define ACT_NUMBERS 128 /* field numbers of the kinds in Act */

static const struct jb_bounds act_bounds = {JB_LIMIT_TEXT, JB_LIMIT_BLOB, JB_LIMIT_LIST};

static struct jb_plan plans[ACT_NUMBERS]; /* by act kind; type NULL: no such kind */
static struct jb_plan stored_plan;

#define FLAT struct jb_stored_item
static const struct jb_slot stored_slots[] = {I64(case_no) U64(log_seq)};
#undef FLAT

#define FLAT struct jb_act
static const struct jb_slot act_slots[] = {
    JB_ACT_FIELDS(TEXT, BYTES, U32, U64, I64, BOOL, ENUM, LIST32, LIST64)
        PARTS(items, items.at, items.count, &stored_plan)};
#undef FLAT

static void build_plans(void)
{
    const ProtobufCMessageDescriptor *type = &jb__act__descriptor;

    jb_plan_build(&stored_plan, &jb__stored_item__descriptor, stored_slots, COUNT(stored_slots));
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];

        if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 && field->id < ACT_NUMBERS)
            jb_plan_build(&plans[field->id], field->descriptor, act_slots, COUNT(act_slots));
    }
}

/* NULL: a kind that is not in the schema. */
static const struct jb_plan *plan_of(unsigned kind)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, build_plans);
    return kind < ACT_NUMBERS && plans[kind].type != NULL ? &plans[kind] : NULL;
}

enum jb_err jb_act_decode(struct jb_bytes bytes, struct jb_arena *arena, struct jb_act *act,
                          struct jb_fault *fault)
{
    const struct jb_plan *plan;
    ProtobufCMessage *message;
    const Jb__Act *m;
    enum jb_err err;

    if (bytes.len > ACT_LIMIT_BYTES)
        return jb_fault_set(fault, JB_TOO_LARGE, "Act: %zu bytes, allowed %zu", bytes.len,
                            ACT_LIMIT_BYTES);
    err = jb_unpack(&jb__act__descriptor, &act_bounds, bytes, arena, &message, fault);
    if (err != JB_OK)
        return err;
    m = (const Jb__Act *)message;
    plan = plan_of(m->body_case);
    if (plan == NULL)
        return jb_fault_set(fault, JB_UNKNOWN_KIND, "body: of no kind that this version knows");
    *act = (struct jb_act){
        .kind = (enum jb_act_kind)m->body_case, .case_no = m->case_no, .custody = m->custody};
    /* Every member of the union is a pointer to a message: any name of it will do. */
    return jb_plan_read(plan, (const ProtobufCMessage *)m->note, act, arena, fault);
}

enum jb_err jb_act_encode(const struct jb_act *act, struct jb_arena *arena, struct jb_bytes *bytes)
{
    const struct jb_plan *plan = plan_of((unsigned)act->kind);
    Jb__Act m = JB__ACT__INIT;
    ProtobufCMessage *body;
    enum jb_err err;

    if (plan == NULL)
        return JB_RANGE;
    err = jb_plan_write(plan, act, arena, &body);
    if (err != JB_OK)
        return err;
    m.has_case_no = act->case_no != 0;
    m.case_no = act->case_no;
    m.has_custody = act->custody != 0;
    m.custody = act->custody;
    m.body_case = (Jb__Act__BodyCase)act->kind;
    m.note = (Jb__Note *)body; /* any member, see above */
    return jb_pack(&m.base, (struct jb_bytes){0}, SIZE_MAX, arena, bytes);
}
