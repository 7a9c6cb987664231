/* See codec.h. The pairing of structs and messages is data (plans, built at the first call); code
 * below exists only for the few messages that hold others as bytes or choose between several. */
#include "proto/wire/codec.h"

#include <pthread.h>

#include "proto/base/utf8.h"
#include "proto/schema/act.pb-c.h"
#include "proto/schema/entry.pb-c.h"
#include "proto/wire/convert.h"

#define USER_LIMIT_BYTES 256
/* Four of the longest texts, or a policy file, and room for the rest. */
#define ACT_LIMIT_BYTES ((size_t)2 * 1024 * 1024)
#define ACT_NUMBERS 128   /* field numbers of the kinds in Act */
#define EFFECT_NUMBERS 48 /* and in Effect */

static const struct jb_bounds act_bounds = {JB_LIMIT_TEXT, JB_LIMIT_BLOB, JB_LIMIT_LIST};
static const struct jb_bounds entry_bounds = {JB_LIMIT_TEXT, ACT_LIMIT_BYTES, JB_LIMIT_LIST};
static const struct jb_bounds item_bounds = {JB_LIMIT_TEXT, JB_ITEM_LIMIT_BYTES, JB_LIMIT_LIST};
static const struct jb_bounds persons_bounds = {JB_LIMIT_LINE, 0, JB_LIMIT_LIST};

/* ---- slots ------------------------------------------------------------------------------------- */

#define SLOT(type, f) {.name = #f, .type = (type), .offset = offsetof(FLAT, f)},
#define LIST(slot_type, f)                                                                         \
    {.name = #f,                                                                                   \
     .type = (slot_type),                                                                          \
     .offset = offsetof(FLAT, f.at),                                                               \
     .count_offset = offsetof(FLAT, f.count)},
#define TEXT(f) SLOT(JB_SLOT_TEXT, f)
#define BYTES(f) SLOT(JB_SLOT_BYTES, f)
#define U32(f) SLOT(JB_SLOT_U32, f)
#define U64(f) SLOT(JB_SLOT_U64, f)
#define I64(f) SLOT(JB_SLOT_I64, f)
#define BOOL(f) SLOT(JB_SLOT_BOOL, f)
#define ENUM(f) SLOT(JB_SLOT_ENUM, f)
#define LIST32(f) LIST(JB_SLOT_LIST32, f)
#define LIST64(f) LIST(JB_SLOT_LIST64, f)
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct jb_plan act_plans[ACT_NUMBERS];       /* by act kind; type NULL: no such kind */
static struct jb_plan effect_plans[EFFECT_NUMBERS]; /* by effect kind */
static struct jb_plan stored_plan, refusal_plan, person_plan, persons_plan;

#define FLAT struct jb_stored_item
static const struct jb_slot stored_slots[] = {I64(case_no) U64(log_seq)};
#undef FLAT

#define FLAT struct jb_act
static const struct jb_slot act_slots[] = {
    JB_ACT_FIELDS(TEXT, BYTES, U32, U64, I64, BOOL, ENUM, LIST32, LIST64){
        .name = "items",
        .type = JB_SLOT_PARTS,
        .offset = offsetof(struct jb_act, items.at),
        .size = sizeof(struct jb_stored_item),
        .count_offset = offsetof(struct jb_act, items.count),
        .part = &stored_plan},
};
#undef FLAT

#define FLAT struct jb_effect
static const struct jb_slot effect_slots[] = {
    JB_EFFECT_FIELDS(TEXT, BYTES, U32, U64, I64, BOOL, ENUM, LIST32, LIST64)};
#undef FLAT

#define FLAT struct jb_refused
static const struct jb_slot refusal_slots[] = {
    U32(code) TEXT(name) TEXT(article) TEXT(detail) U32(holder) U32(custody)};
#undef FLAT

#define FLAT struct jb_person
static const struct jb_slot person_slots[] = {
    TEXT(name) TEXT(id_number) TEXT(phone) TEXT(address) BOOL(main_visitor)};
#undef FLAT

static const struct jb_slot persons_slots[] = {
    {.name = "persons",
     .type = JB_SLOT_PARTS,
     .offset = offsetof(struct jb_persons, at),
     .size = sizeof(struct jb_person),
     .count_offset = offsetof(struct jb_persons, count),
     .part = &person_plan},
};

/* A plan for each member of the oneof of `type`, at the member's number. */
static void build_members(struct jb_plan *plans, size_t limit,
                          const ProtobufCMessageDescriptor *type, const struct jb_slot *slots,
                          size_t slot_count)
{
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];

        if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 && field->id < limit)
            jb_plan_build(&plans[field->id], field->descriptor, slots, slot_count);
    }
}

static void build_plans(void)
{
    jb_plan_build(&stored_plan, &jb__stored_item__descriptor, stored_slots, COUNT(stored_slots));
    jb_plan_build(&refusal_plan, &jb__refusal__descriptor, refusal_slots, COUNT(refusal_slots));
    jb_plan_build(&person_plan, &jb__person__descriptor, person_slots, COUNT(person_slots));
    jb_plan_build(&persons_plan, &jb__petitioners__descriptor, persons_slots,
                  COUNT(persons_slots));
    build_members(act_plans, ACT_NUMBERS, &jb__act__descriptor, act_slots, COUNT(act_slots));
    build_members(effect_plans, EFFECT_NUMBERS, &jb__effect__descriptor, effect_slots,
                  COUNT(effect_slots));
}

/* Every public function begins with this. */
static void need_plans(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, build_plans);
}

static const struct jb_plan *act_plan(unsigned kind)
{
    return kind < ACT_NUMBERS && act_plans[kind].type != NULL ? &act_plans[kind] : NULL;
}

static const struct jb_plan *effect_plan(unsigned kind)
{
    return kind < EFFECT_NUMBERS && effect_plans[kind].type != NULL ? &effect_plans[kind] : NULL;
}

/* ---- acts -------------------------------------------------------------------------------------- */

/* `where` names the field that holds the act, "" for an act of its own. */
static enum jb_err act_decode(struct jb_bytes bytes, const char *where, struct jb_arena *arena,
                              struct jb_act *act, struct jb_fault *fault)
{
    const struct jb_unpacking how = {&jb__act__descriptor, &act_bounds, where};
    const struct jb_plan *plan;
    ProtobufCMessage *message;
    const Jb__Act *m;
    enum jb_err err;

    if (bytes.len > ACT_LIMIT_BYTES)
        return jb_fault_set(fault, JB_TOO_LARGE, "act: %zu bytes, allowed %zu", bytes.len,
                            ACT_LIMIT_BYTES);
    err = jb_unpack(&how, bytes, arena, &message, fault);
    if (err != JB_OK)
        return err;
    m = (const Jb__Act *)message;
    plan = act_plan(m->body_case);
    if (plan == NULL)
        return jb_fault_set(fault, JB_UNKNOWN_KIND, "act: of no kind that this version knows");
    *act = (struct jb_act){
        .kind = (enum jb_act_kind)m->body_case, .case_no = m->case_no, .custody = m->custody};
    /* Every member of the union is a pointer to a message: any name of it will do. */
    return jb_plan_read(plan, (const ProtobufCMessage *)m->note, act, arena, fault);
}

enum jb_err jb_act_decode(struct jb_bytes bytes, struct jb_arena *arena, struct jb_act *act,
                          struct jb_fault *fault)
{
    need_plans();
    return act_decode(bytes, "", arena, act, fault);
}

enum jb_err jb_act_encode(const struct jb_act *act, struct jb_arena *arena, struct jb_bytes *bytes)
{
    const struct jb_plan *plan;
    ProtobufCMessage *body;
    Jb__Act m = JB__ACT__INIT;
    enum jb_err err;

    need_plans();
    plan = act_plan((unsigned)act->kind);
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

/* ---- submissions ------------------------------------------------------------------------------- */

static enum jb_err check_user(struct jb_text user, struct jb_fault *fault)
{
    enum jb_err err;

    if (user.len > USER_LIMIT_BYTES)
        return jb_fault_set(fault, JB_TOO_LARGE, "user: %zu bytes, allowed %d", user.len,
                            USER_LIMIT_BYTES);
    err = jb_text_check_line(user.data, user.len);
    if (err != JB_OK)
        return jb_fault_set(fault, err, "user: not one line of text");
    return JB_OK;
}

static struct jb_text text_of(const char *text)
{
    return text != NULL && text[0] != '\0' ? jb_text_of(text) : (struct jb_text){NULL, 0};
}

static struct jb_bytes bytes_of(ProtobufCBinaryData data)
{
    return (struct jb_bytes){data.len > 0 ? data.data : NULL, data.len};
}

/* protobuf-c has no const: it only reads what it packs. */
static ProtobufCBinaryData run_of(struct jb_bytes bytes)
{
    return (ProtobufCBinaryData){.len = bytes.len, .data = (uint8_t *)bytes.data};
}

enum jb_err jb_submission_decode(struct jb_bytes bytes, struct jb_arena *arena,
                                 struct jb_submission *out, struct jb_fault *fault)
{
    const struct jb_unpacking how = {&jb__submission__descriptor, &entry_bounds, ""};
    ProtobufCMessage *message;
    const Jb__Submission *m;
    enum jb_err err = jb_unpack(&how, bytes, arena, &message, fault);

    if (err != JB_OK)
        return err;
    m = (const Jb__Submission *)message;
    err = check_user(text_of(m->user), fault);
    if (err != JB_OK)
        return err;
    *out = (struct jb_submission){text_of(m->user), m->made_at_ms, bytes_of(m->act)};
    return JB_OK;
}

enum jb_err jb_submission_encode(const struct jb_submission *s, struct jb_arena *arena,
                                 struct jb_bytes *bytes)
{
    Jb__Submission m = JB__SUBMISSION__INIT;
    enum jb_err err = jb_text_to_c(s->user, arena, &m.user);

    if (err != JB_OK)
        return err;
    m.has_made_at_ms = s->made_at_ms != 0;
    m.made_at_ms = s->made_at_ms;
    m.has_act = s->act_bytes.len > 0;
    m.act = run_of(s->act_bytes);
    return jb_pack(&m.base, (struct jb_bytes){0}, SIZE_MAX, arena, bytes);
}

/* ---- entries ----------------------------------------------------------------------------------- */

static enum jb_err read_effects(const Jb__Entry *m, struct jb_arena *arena,
                                struct jb_entry *entry, struct jb_fault *fault)
{
    struct jb_effect *effects;
    enum jb_err err = JB_OK;

    if (m->n_effects > JB_EFFECTS_MAX)
        return jb_fault_set(fault, JB_OVERFLOW, "effects: %zu, allowed %d", m->n_effects,
                            JB_EFFECTS_MAX);
    effects = jb_arena_alloc(arena, m->n_effects * sizeof *effects);
    if (effects == NULL)
        return jb_fault_set(fault, JB_NOMEM, "effects: %s", jb_err_text(JB_NOMEM));
    for (size_t i = 0; i < m->n_effects && err == JB_OK; i++) {
        const Jb__Effect *effect = m->effects[i];
        const struct jb_plan *plan = effect_plan(effect->body_case);

        if (plan == NULL)
            return jb_fault_set(fault, JB_UNKNOWN_KIND,
                                "effects[%zu]: of no kind that this version knows", i);
        effects[i].kind = (enum jb_effect_kind)effect->body_case;
        err = jb_plan_read(plan, (const ProtobufCMessage *)effect->joined, &effects[i], arena,
                           fault);
    }
    entry->effects = m->n_effects > 0 ? effects : NULL;
    entry->effect_count = m->n_effects;
    return err;
}

enum jb_err jb_entry_decode(struct jb_bytes bytes, struct jb_arena *arena, struct jb_entry *entry,
                            struct jb_fault *fault)
{
    const struct jb_unpacking how = {&jb__entry__descriptor, &entry_bounds, ""};
    ProtobufCMessage *message;
    const Jb__Entry *m;
    struct jb_entry e;
    enum jb_err err;

    need_plans();
    err = jb_unpack(&how, bytes, arena, &message, fault);
    if (err != JB_OK)
        return err;
    m = (const Jb__Entry *)message;
    err = act_decode(bytes_of(m->act), "act", arena, &e.act, fault);
    if (err == JB_OK)
        err = read_effects(m, arena, &e, fault);
    if (err == JB_OK)
        err = check_user(text_of(m->user), fault);
    if (err != JB_OK)
        return err;
    e.seq = m->seq;
    e.at_ms = m->at_ms;
    e.node = m->node;
    e.user = text_of(m->user);
    e.made_at_ms = m->made_at_ms;
    e.up_number = m->up_number;
    e.act_bytes = bytes_of(m->act);
    *entry = e;
    return JB_OK;
}

static enum jb_err write_effects(const struct jb_entry *entry, struct jb_arena *arena,
                                 Jb__Entry *m)
{
    size_t count = entry->effect_count;

    if (count > JB_EFFECTS_MAX)
        return JB_RANGE;
    m->effects = jb_arena_alloc(arena, count * sizeof(Jb__Effect *));
    if (m->effects == NULL)
        return JB_NOMEM;
    for (size_t i = 0; i < count; i++) {
        const struct jb_effect *effect = &entry->effects[i];
        const struct jb_plan *plan = effect_plan((unsigned)effect->kind);
        Jb__Effect *out;
        ProtobufCMessage *body;
        enum jb_err err;

        if (plan == NULL)
            return JB_RANGE;
        out = (Jb__Effect *)jb_message_new(&jb__effect__descriptor, arena);
        if (out == NULL)
            return JB_NOMEM;
        err = jb_plan_write(plan, effect, arena, &body);
        if (err != JB_OK)
            return err;
        out->body_case = (Jb__Effect__BodyCase)effect->kind;
        out->joined = (Jb__Joined *)body; /* any member */
        m->effects[i] = out;
    }
    m->n_effects = count;
    return JB_OK;
}

enum jb_err jb_entry_encode(const struct jb_entry *entry, struct jb_arena *arena,
                            struct jb_bytes *bytes)
{
    struct jb_bytes act = entry->act_bytes;
    Jb__Entry m = JB__ENTRY__INIT;
    enum jb_err err;

    need_plans();
    err = jb_text_to_c(entry->user, arena, &m.user);
    if (err == JB_OK && act.len == 0)
        err = jb_act_encode(&entry->act, arena, &act);
    if (err == JB_OK)
        err = write_effects(entry, arena, &m);
    if (err != JB_OK)
        return err;
    m.has_seq = entry->seq != 0;
    m.seq = entry->seq;
    m.has_at_ms = entry->at_ms != 0;
    m.at_ms = entry->at_ms;
    m.has_node = entry->node != 0;
    m.node = entry->node;
    m.has_made_at_ms = entry->made_at_ms != 0;
    m.made_at_ms = entry->made_at_ms;
    m.has_up_number = entry->up_number != 0;
    m.up_number = entry->up_number;
    m.has_act = true;
    m.act = run_of(act);
    return jb_pack(&m.base, (struct jb_bytes){0}, SIZE_MAX, arena, bytes);
}
