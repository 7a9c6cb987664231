/* Entries, submissions, stream items, and the persons of a sealed register: see codec.h. */
#include <pthread.h>

#include "proto/base/utf8.h"
#include "proto/schema/act.pb-c.h"
#include "proto/schema/entry.pb-c.h"
#include "proto/wire/codec.h"
#include "proto/wire/slots.h"

#define USER_LIMIT_BYTES 256
#define BLOB_LIMIT_BYTES ((size_t)4 * 1024 * 1024) /* what an entry or an item holds as bytes */
#define EFFECT_NUMBERS 48                          /* field numbers of the kinds in Effect */

static const struct jb_bounds bounds = {JB_LIMIT_TEXT, BLOB_LIMIT_BYTES, JB_LIMIT_LIST};
static const struct jb_bounds entry_bounds = {JB_LIMIT_TEXT, BLOB_LIMIT_BYTES, JB_EFFECTS_MAX};
static const struct jb_bounds persons_bounds = {JB_LIMIT_LINE, 0, JB_LIMIT_LIST};

/* ---- slots -------------------------------------------------------------------------------------
 */

static struct jb_plan effect_plans[EFFECT_NUMBERS]; /* by effect kind; type NULL: no such kind */
static struct jb_plan entry_plan, submission_plan, item_plan, refusal_plan, left_plan;
static struct jb_plan person_plan, persons_plan;

#define FLAT struct jb_effect
static const struct jb_slot effect_slots[] = {
    JB_EFFECT_FIELDS(TEXT, BYTES, U32, U64, I64, BOOL, ENUM, LIST32, LIST64)};
#undef FLAT

/* Without the effects: they choose between messages. */
#define FLAT struct jb_entry
static const struct jb_slot entry_slots[] = {U64(seq) I64(at_ms) U32(node) TEXT(user) I64(
    made_at_ms) U64(up_number) NAMED("act", JB_SLOT_BYTES, act_bytes)};
#undef FLAT

#define FLAT struct jb_submission
static const struct jb_slot submission_slots[] = {TEXT(user) I64(made_at_ms)
                                                      NAMED("act", JB_SLOT_BYTES, act_bytes)};
#undef FLAT

#define FLAT struct jb_refused
static const struct jb_slot refusal_slots[] = {U32(code) TEXT(name) TEXT(article) TEXT(detail)
                                                   U32(holder) U32(custody)};
#undef FLAT

/* Without what the oneof holds. */
#define FLAT struct jb_item
static const struct jb_slot item_slots[] = {U64(number) I64(at_ms) U64(settles) BOOL(history)};
static const struct jb_slot left_slots[] = {NAMED("case_no", JB_SLOT_I64, left_case_no)
                                                NAMED("reason", JB_SLOT_TEXT, left_reason)};
#undef FLAT

#define FLAT struct jb_person
static const struct jb_slot person_slots[] = {TEXT(name) TEXT(id_number) TEXT(phone) TEXT(address)
                                                  BOOL(main_visitor)};
#undef FLAT

#define FLAT struct jb_persons
static const struct jb_slot persons_slots[] = {PARTS(persons, at, count, &person_plan)};
#undef FLAT

#define BUILD(plan, type, slots) jb_plan_build(plan, type, slots, COUNT(slots))

static void build_plans(void)
{
    const ProtobufCMessageDescriptor *type = &jb__effect__descriptor;

    for (unsigned i = 0; i < type->n_fields; i++) {
        if (type->fields[i].id < EFFECT_NUMBERS)
            BUILD(&effect_plans[type->fields[i].id], type->fields[i].descriptor, effect_slots);
    }
    BUILD(&entry_plan, &jb__entry__descriptor, entry_slots);
    BUILD(&submission_plan, &jb__submission__descriptor, submission_slots);
    BUILD(&refusal_plan, &jb__refusal__descriptor, refusal_slots);
    BUILD(&item_plan, &jb__stream_item__descriptor, item_slots);
    BUILD(&left_plan, &jb__left__descriptor, left_slots);
    BUILD(&person_plan, &jb__person__descriptor, person_slots);
    BUILD(&persons_plan, &jb__petitioners__descriptor, persons_slots);
}

/* Every public function begins with this. */
static void need_plans(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, build_plans);
}

static const struct jb_plan *effect_plan(unsigned kind)
{
    return kind < EFFECT_NUMBERS && effect_plans[kind].type != NULL ? &effect_plans[kind] : NULL;
}

/* ---- a struct that is one plan -----------------------------------------------------------------
 */

static enum jb_err decode(const struct jb_plan *plan, const struct jb_bounds *limits,
                          struct jb_bytes bytes, struct jb_arena *arena, void *into,
                          struct jb_fault *fault)
{
    ProtobufCMessage *message;
    enum jb_err err = jb_unpack(plan->type, limits, bytes, arena, &message, fault);

    return err != JB_OK ? err : jb_plan_read(plan, message, into, arena, fault);
}

static enum jb_err encode(const struct jb_plan *plan, const void *from, struct jb_arena *arena,
                          struct jb_bytes *bytes)
{
    ProtobufCMessage *message;
    enum jb_err err = jb_plan_write(plan, from, arena, &message);

    if (err != JB_OK)
        return err;
    return jb_pack(message, (struct jb_bytes){0}, SIZE_MAX, arena, bytes);
}

static enum jb_err check_user(struct jb_text user, struct jb_fault *fault)
{
    enum jb_err err;

    if (user.len > USER_LIMIT_BYTES)
        return jb_fault_set(fault, JB_TOO_LARGE, "user: text of %zu bytes, allowed %d", user.len,
                            USER_LIMIT_BYTES);
    err = jb_text_check_line(user.data, user.len);
    if (err != JB_OK)
        return jb_fault_set(fault, err, "user: not a text of one line");
    return JB_OK;
}

enum jb_err jb_submission_decode(struct jb_bytes bytes, struct jb_arena *arena,
                                 struct jb_submission *out, struct jb_fault *fault)
{
    struct jb_submission s = {0};
    enum jb_err err;

    need_plans();
    err = decode(&submission_plan, &bounds, bytes, arena, &s, fault);
    if (err == JB_OK)
        err = check_user(s.user, fault);
    if (err == JB_OK)
        *out = s;
    return err;
}

enum jb_err jb_submission_encode(const struct jb_submission *s, struct jb_arena *arena,
                                 struct jb_bytes *bytes)
{
    need_plans();
    return encode(&submission_plan, s, arena, bytes);
}

enum jb_err jb_persons_decode(struct jb_bytes bytes, struct jb_arena *arena, struct jb_persons *out,
                              struct jb_fault *fault)
{
    struct jb_persons persons = {0};
    enum jb_err err;

    need_plans();
    err = decode(&persons_plan, &persons_bounds, bytes, arena, &persons, fault);
    if (err == JB_OK)
        *out = persons;
    return err;
}

enum jb_err jb_persons_encode(const struct jb_persons *p, struct jb_arena *arena,
                              struct jb_bytes *bytes)
{
    need_plans();
    return encode(&persons_plan, p, arena, bytes);
}

/* ---- entries -----------------------------------------------------------------------------------
 */

static enum jb_err read_effect(const Jb__Effect *m, struct jb_arena *arena,
                               struct jb_effect *effect, struct jb_fault *fault)
{
    const struct jb_plan *plan = effect_plan(m->body_case);

    if (plan == NULL)
        return jb_fault_set(fault, JB_UNKNOWN_KIND,
                            "effects: one is of no kind that this version knows");
    effect->kind = (enum jb_effect_kind)m->body_case;
    /* Every member of the union is a pointer to a message: any name of it will do. */
    return jb_plan_read(plan, (const ProtobufCMessage *)m->joined, effect, arena, fault);
}

static enum jb_err read_effects(const Jb__Entry *m, struct jb_arena *arena, struct jb_entry *entry,
                                struct jb_fault *fault)
{
    enum jb_err err = JB_OK;
    struct jb_effect *effects;

    if (m->n_effects == 0)
        return JB_OK;
    if (m->n_effects > JB_EFFECTS_MAX)
        return jb_fault_set(fault, JB_OVERFLOW, "effects: %zu, allowed %d", m->n_effects,
                            JB_EFFECTS_MAX);
    effects = jb_arena_alloc(arena, m->n_effects * sizeof *effects);
    if (effects == NULL)
        return jb_fault_set(fault, JB_NOMEM, "effects: %s", jb_err_text(JB_NOMEM));
    for (size_t i = 0; i < m->n_effects && err == JB_OK; i++)
        err = read_effect(m->effects[i], arena, &effects[i], fault);
    entry->effects = effects;
    entry->effect_count = m->n_effects;
    return err;
}

static enum jb_err read_act(struct jb_bytes bytes, struct jb_arena *arena, struct jb_act *act,
                            struct jb_fault *fault)
{
    struct jb_fault inner;
    enum jb_err err = jb_act_decode(bytes, arena, act, &inner);

    return err == JB_OK ? JB_OK : jb_fault_set(fault, err, "act: %s", inner.text);
}

enum jb_err jb_entry_decode(struct jb_bytes bytes, struct jb_arena *arena, struct jb_entry *entry,
                            struct jb_fault *fault)
{
    struct jb_entry e = {0};
    ProtobufCMessage *message;
    enum jb_err err;

    need_plans();
    err = jb_unpack(&jb__entry__descriptor, &entry_bounds, bytes, arena, &message, fault);
    if (err == JB_OK)
        err = jb_plan_read(&entry_plan, message, &e, arena, fault);
    if (err == JB_OK)
        err = check_user(e.user, fault);
    if (err == JB_OK)
        err = read_act(e.act_bytes, arena, &e.act, fault);
    if (err == JB_OK)
        err = read_effects((const Jb__Entry *)message, arena, &e, fault);
    if (err == JB_OK)
        *entry = e;
    return err;
}

static enum jb_err write_effect(const struct jb_effect *effect, struct jb_arena *arena,
                                Jb__Effect **out)
{
    const struct jb_plan *plan = effect_plan((unsigned)effect->kind);
    ProtobufCMessage *body;
    Jb__Effect *m;
    enum jb_err err;

    if (plan == NULL)
        return JB_RANGE;
    err = jb_plan_write(plan, effect, arena, &body);
    if (err != JB_OK)
        return err;
    m = (Jb__Effect *)jb_message_new(&jb__effect__descriptor, arena);
    if (m == NULL)
        return JB_NOMEM;
    m->body_case = (Jb__Effect__BodyCase)effect->kind;
    m->joined = (Jb__Joined *)body; /* any member, see above */
    *out = m;
    return JB_OK;
}

static enum jb_err write_effects(const struct jb_entry *entry, struct jb_arena *arena, Jb__Entry *m)
{
    enum jb_err err = JB_OK;

    if (entry->effect_count > JB_EFFECTS_MAX)
        return JB_OVERFLOW;
    m->effects = jb_arena_alloc(arena, entry->effect_count * sizeof(Jb__Effect *));
    if (m->effects == NULL)
        return JB_NOMEM;
    for (size_t i = 0; i < entry->effect_count && err == JB_OK; i++)
        err = write_effect(&entry->effects[i], arena, &m->effects[i]);
    m->n_effects = entry->effect_count;
    return err;
}

enum jb_err jb_entry_encode(const struct jb_entry *entry, struct jb_arena *arena,
                            struct jb_bytes *bytes)
{
    struct jb_bytes act = entry->act_bytes;
    ProtobufCMessage *message;
    Jb__Entry *m;
    enum jb_err err;

    need_plans();
    err = jb_plan_write(&entry_plan, entry, arena, &message);
    if (err == JB_OK && act.len == 0)
        err = jb_act_encode(&entry->act, arena, &act);
    if (err != JB_OK)
        return err;
    m = (Jb__Entry *)message;
    m->has_act = true;
    /* protobuf-c has no const: it only reads what it packs. */
    m->act = (ProtobufCBinaryData){.len = act.len, .data = (uint8_t *)act.data};
    err = write_effects(entry, arena, m);
    if (err != JB_OK)
        return err;
    return jb_pack(message, (struct jb_bytes){0}, SIZE_MAX, arena, bytes);
}

/* ---- stream items ------------------------------------------------------------------------------
 */

enum jb_err jb_item_decode(struct jb_bytes bytes, struct jb_arena *arena, struct jb_item *item,
                           struct jb_fault *fault)
{
    struct jb_item it = {0};
    ProtobufCMessage *message;
    const Jb__StreamItem *m;
    enum jb_err err;

    need_plans();
    err = jb_unpack(&jb__stream_item__descriptor, &bounds, bytes, arena, &message, fault);
    if (err == JB_OK)
        err = jb_plan_read(&item_plan, message, &it, arena, fault);
    if (err != JB_OK)
        return err;
    m = (const Jb__StreamItem *)message;
    it.kind = (enum jb_item_kind)m->body_case;
    if (it.kind == JB_ITEM_ENTRY)
        it.entry = (struct jb_bytes){m->entry.len > 0 ? m->entry.data : NULL, m->entry.len};
    else if (it.kind == JB_ITEM_REFUSAL)
        err = jb_plan_read(&refusal_plan, &m->refusal->base, &it.refusal, arena, fault);
    else if (it.kind == JB_ITEM_LEFT)
        err = jb_plan_read(&left_plan, &m->left->base, &it, arena, fault);
    else
        err = jb_fault_set(fault, JB_UNKNOWN_KIND, "body: of no kind that this version knows");
    if (err == JB_OK)
        *item = it;
    return err;
}

enum jb_err jb_item_encode(const struct jb_item *item, struct jb_arena *arena,
                           struct jb_bytes *bytes)
{
    ProtobufCMessage *message;
    ProtobufCMessage *body = NULL;
    Jb__StreamItem *m;
    enum jb_err err;

    need_plans();
    err = jb_plan_write(&item_plan, item, arena, &message);
    if (err == JB_OK && item->kind == JB_ITEM_REFUSAL)
        err = jb_plan_write(&refusal_plan, &item->refusal, arena, &body);
    else if (err == JB_OK && item->kind == JB_ITEM_LEFT)
        err = jb_plan_write(&left_plan, item, arena, &body);
    else if (err == JB_OK && item->kind != JB_ITEM_ENTRY)
        err = JB_RANGE;
    if (err != JB_OK)
        return err;
    m = (Jb__StreamItem *)message;
    m->body_case = (Jb__StreamItem__BodyCase)item->kind;
    if (item->kind == JB_ITEM_ENTRY)
        m->entry = (ProtobufCBinaryData){item->entry.len, (uint8_t *)item->entry.data};
    else
        m->refusal = (Jb__Refusal *)body; /* or left: both are pointers to messages */
    return jb_pack(message, (struct jb_bytes){0}, SIZE_MAX, arena, bytes);
}
