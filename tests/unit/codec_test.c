/* Every kind of act survives the way to bytes and back with every field filled; schema
 * and structs agree; the same struct always gives the same bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/schema/act.pb-c.h"
#include "proto/schema/entry.pb-c.h"
#include "proto/wire/codec.h"
#include "tests/unit/wire_gen.h"

static struct jb_arena arena;
static struct jb_fault fault;

static int setup(void **state)
{
    (void)state;
    jb_arena_init(&arena, 4 * 1024 * 1024);
    fault.text[0] = '\0';
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    jb_arena_fini(&arena);
    return 0;
}

struct kind {
    const char *name;
    unsigned number;
};

static const struct kind act_kinds[] = {
#define X(name, field, number) {#field, number},
    JB_ACT_KINDS(X)
#undef X
};
static const struct kind effect_kinds[] = {
#define X(name, field, number) {#field, number},
    JB_EFFECT_KINDS(X)
#undef X
};
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void check_kinds(const ProtobufCMessageDescriptor *type, const struct kind *kinds,
                        size_t count)
{
    size_t members = 0;

    for (size_t i = 0; i < count; i++) {
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field(type, kinds[i].number);

        assert_non_null(field);
        assert_string_equal(field->name, kinds[i].name);
    }
    for (unsigned i = 0; i < type->n_fields; i++)
        members += (type->fields[i].flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
    assert_int_equal(members, count);
}

static void kinds_are_those_of_the_schema(void **state)
{
    (void)state;
    check_kinds(&jb__act__descriptor, act_kinds, COUNT(act_kinds));
    check_kinds(&jb__effect__descriptor, effect_kinds, COUNT(effect_kinds));
}

struct constant {
    const ProtobufCEnumDescriptor *type;
    const char *name;
    int value;
};

#define C(type, name)                                                                              \
    {                                                                                              \
        &jb__##type##__descriptor, #name, JB_##name                                                \
    }
static const struct constant constants[] = {
    C(channel, CHANNEL_LETTER),
    C(channel, CHANNEL_VISIT),
    C(channel, CHANNEL_ONLINE),
    C(channel, CHANNEL_PHONE),
    C(matter, MATTER_SUGGESTION),
    C(matter, MATTER_ACCUSATION),
    C(matter, MATTER_APPEAL),
    C(exit, EXIT_LITIGATION),
    C(exit, EXIT_ARBITRATION),
    C(exit, EXIT_PARTY_APPEAL),
    C(exit, EXIT_ADMIN_REVIEW),
    C(exit, EXIT_PROTECTIVE_DUTY),
    C(exit, EXIT_RESIDUE),
    C(authority, AUTHORITY_PEER),
    C(authority, AUTHORITY_FORWARD),
    C(authority, AUTHORITY_ASSIGN),
    C(authority, AUTHORITY_FIRST_ASSIGNMENT),
    C(authority, AUTHORITY_JOINT_CONFERENCE),
    C(opinion, OPINION_SUPPORTED),
    C(opinion, OPINION_EXPLAINED),
    C(opinion, OPINION_NOT_SUPPORTED),
    C(ruling, RULING_AGREED),
    C(ruling, RULING_REFUSED),
    C(satisfaction, SATISFIED),
    C(satisfaction, BASICALLY_SATISFIED),
    C(satisfaction, NOT_SATISFIED),
    C(rated_party, RATED_OFFICE),
    C(rated_party, RATED_HANDLER),
    C(power, POWER_ASSIGN),
    C(power, POWER_INVESTIGATE),
    C(power, POWER_COORDINATE),
    C(power, POWER_SUPERVISE),
    C(power, POWER_CIRCULATE),
    C(power, POWER_RECOMMEND),
    C(ladder_step, STEP_URGE),
    C(ladder_step, STEP_SUPERVISE),
    C(ladder_step, STEP_TALK),
    C(ladder_step, STEP_CIRCULAR),
    C(ladder_step, STEP_LISTED),
    C(ladder_step, STEP_RECTIFY),
    C(ladder_step, STEP_HOLD_TO_ACCOUNT),
    C(level, LEVEL_CENTRAL),
    C(level, LEVEL_PROVINCE),
    C(level, LEVEL_CITY),
    C(level, LEVEL_COUNTY),
    C(level, LEVEL_TOWNSHIP),
    C(level, LEVEL_VILLAGE),
    C(node_kind, NODE_OFFICE),
    C(node_kind, NODE_JOINT_CONFERENCE),
    C(node_kind, NODE_GOVERNMENT),
    C(node_kind, NODE_DEPARTMENT),
    C(node_kind, NODE_DISCIPLINE),
    C(node_kind, NODE_POLITICAL_LEGAL),
    C(node_kind, NODE_ENTERPRISE),
    C(node_kind, NODE_BROKER),
    C(recommendation, RECOMMEND_WORK),
    C(recommendation, RECOMMEND_POLICY),
    C(recommendation, RECOMMEND_ACCOUNT),
    C(demand, DEMAND_EXPLANATION),
    C(demand, DEMAND_PROGRESS),
    C(demand, DEMAND_ON_SITE),
    C(demand, DEMAND_CORRECTION),
    C(demand, DEMAND_SUMMONS),
    C(link_kind, LINK_REPEAT),
    C(link_kind, LINK_RELATED),
    C(link_kind, LINK_REVIEW_OF),
    C(link_kind, LINK_CROSS_BOUNDARY),
    C(link_kind, LINK_MERGED_INTO),
    C(link_kind, LINK_MERGED_FROM),
    C(link_kind, LINK_SPLIT_OF),
    C(link_kind, LINK_SPLIT_INTO),
    C(stage, STAGE_REGISTERED),
    C(stage, STAGE_SENT),
    C(stage, STAGE_SIGNED),
    C(stage, STAGE_ACCEPTED),
    C(stage, STAGE_DECLINED),
    C(stage, STAGE_ANSWERED),
    C(stage, STAGE_REFERRED),
    C(stage, STAGE_CLOSED),
    C(stage, STAGE_MERGED),
    C(stage, STAGE_REVIEW),
    C(stage, STAGE_REVIEWED),
    C(stage, STAGE_RECHECK),
    C(stage, STAGE_RECHECKED),
    C(stage, STAGE_TERMINATED),
    C(stage, STAGE_FILE),
    C(role, ROLE_REGISTRAR),
    C(role, ROLE_HOST),
    C(role, ROLE_CO_HANDLER),
    C(role, ROLE_ASSIGNER),
    C(role, ROLE_INFORMED),
    C(role, ROLE_LEFT),
    C(role, ROLE_REVIEWER),
    C(role, ROLE_ARBITER),
    C(role, ROLE_ORDERED),
    C(fact, FACT_SIGNED),
    C(fact, FACT_ACCEPTED),
    C(fact, FACT_DECLINED),
    C(fact, FACT_TOLD),
    C(fact, FACT_ANSWERED),
    C(fact, FACT_ANSWER_TOLD),
    C(fact, FACT_EXECUTED),
    C(fact, FACT_CLOSED),
    C(fact, FACT_REFERRED),
    C(fact, FACT_SENT),
    C(fact, FACT_REVIEW_ASKED),
    C(fact, FACT_REVIEWED),
    C(fact, FACT_REVIEW_TOLD),
    C(fact, FACT_RECHECK_ASKED),
    C(fact, FACT_RECHECKED),
    C(fact, FACT_RECHECK_TOLD),
    C(fact, FACT_TERMINATED),
    C(deadline_end, END_MET),
    C(deadline_end, END_MET_LATE),
    C(deadline_end, END_CANCELLED),
    C(deadline_end, END_SUPERSEDED),
    C(unit, UNIT_CALENDAR_DAYS),
    C(unit, UNIT_WORKING_DAYS),
    C(unit, UNIT_HOURS),
    C(unit, UNIT_DESIGNATED),
    C(unit, UNIT_MINUTES),
    C(mark_kind, MARK_LINK),
    C(mark_kind, MARK_ACCUSED),
    C(mark_kind, MARK_RECUSED),
    C(mark_kind, MARK_ERASED),
    C(directive_status, DIRECTIVE_WAITING),
    C(directive_status, DIRECTIVE_IN_FORCE),
    C(directive_status, DIRECTIVE_ENDED),
    C(target_state, TARGET_ISSUED),
    C(target_state, TARGET_SIGNED),
    C(target_state, TARGET_ANSWERED),
    C(target_state, TARGET_CLEARED),
    C(target_state, TARGET_OBJECTED),
    C(target_state, TARGET_WITHDRAWN),
    C(target_state, TARGET_SUPERSEDED),
    C(rating_state, RATING_WAITING),
    C(rating_state, RATING_CAST),
    C(rating_state, RATING_OPENED),
    C(rating_state, RATING_UNRATED),
};
#undef C

static void constants_are_those_of_the_schema(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(constants); i++) {
        const struct constant *c = &constants[i];
        const ProtobufCEnumValue *row =
            protobuf_c_enum_descriptor_get_value_by_name(c->type, c->name);
        unsigned of_this_type = 0;

        if (row == NULL || row->value != c->value)
            fail_msg("%s is not %d in the schema", c->name, c->value);
        for (size_t j = 0; j < COUNT(constants); j++)
            of_this_type += constants[j].type == c->type;
        assert_int_equal(of_this_type, c->type->n_values); /* nor has the schema one more */
    }
}

static const ProtobufCMessageDescriptor *member(const ProtobufCMessageDescriptor *type,
                                                unsigned number)
{
    return protobuf_c_message_descriptor_get_field(type, number)->descriptor;
}

static void every_act_survives_with_every_field(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(act_kinds); i++) {
        struct jb_act act = {.kind = (enum jb_act_kind)act_kinds[i].number,
                             .case_no = INT64_MAX - (int64_t)i,
                             .custody = UINT32_MAX};
        struct jb_act back;
        struct jb_bytes bytes;
        struct jb_bytes again;
        Jb__Act *message;
        uint8_t *packed;

        gen_fill(&gen_act, member(&jb__act__descriptor, act_kinds[i].number), &act);
        assert_int_equal(jb_act_encode(&act, &arena, &bytes), JB_OK);
        assert_int_equal(jb_act_decode(bytes, &arena, &back, &fault), JB_OK);
        assert_int_equal(back.kind, act.kind);
        assert_int_equal(back.case_no, act.case_no);
        assert_int_equal(back.custody, act.custody);
        gen_assert_equal(&gen_act, &act, &back);
        assert_int_equal(jb_act_encode(&back, &arena, &again), JB_OK);
        assert_int_equal(bytes.len, again.len);
        assert_memory_equal(bytes.data, again.data, bytes.len);
        /* What protobuf itself makes of it is the same. */
        message = jb__act__unpack(NULL, bytes.len, bytes.data);
        assert_non_null(message);
        packed = jb_arena_alloc(&arena, bytes.len);
        assert_int_equal(jb__act__pack(message, packed), bytes.len);
        assert_memory_equal(packed, bytes.data, bytes.len);
        jb__act__free_unpacked(message, NULL);
        jb_arena_reset(&arena);
    }
}

static void an_empty_act_of_every_kind_is_its_tag_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(act_kinds); i++) {
        struct jb_act act = {.kind = (enum jb_act_kind)act_kinds[i].number};
        struct jb_act back;
        struct jb_bytes bytes;
        struct gen_raw raw = {.len = 0};

        gen_run(&raw, act_kinds[i].number, "", 0);
        assert_int_equal(jb_act_encode(&act, &arena, &bytes), JB_OK);
        assert_int_equal(bytes.len, raw.len);
        assert_memory_equal(bytes.data, raw.data, raw.len);
        assert_int_equal(jb_act_decode(bytes, &arena, &back, &fault), JB_OK);
        assert_int_equal(back.kind, act.kind);
        gen_assert_equal(&gen_act, &act, &back);
    }
}

/* The bytes themselves, for whoever writes a node in another language. */
static void an_assign_has_these_bytes(void **state)
{
    static const uint8_t want[] = {0x08, 0x2a, 0x10, 0x03, 0x5a, 0x0d, 0x08, 0x07, 0x10, 0x08,
                                   0x10, 0x09, 0x18, 0x04, 0x32, 0x03, 0xe6, 0x9f, 0xa5};
    static const uint32_t co_handlers[] = {8, 9};
    const struct jb_act act = {.kind = JB_ACT_ASSIGN,
                               .case_no = 42,
                               .custody = 3,
                               .node = 7,
                               .co_handlers = {co_handlers, 2},
                               .authority = JB_AUTHORITY_FIRST_ASSIGNMENT,
                               .text = {"查", 3}};
    struct jb_bytes bytes;

    (void)state;
    assert_int_equal(jb_act_encode(&act, &arena, &bytes), JB_OK);
    assert_int_equal(bytes.len, sizeof want);
    assert_memory_equal(bytes.data, want, sizeof want);
}

static void encoding_refuses_what_cannot_be_said(void **state)
{
    struct jb_act act = {.kind = (enum jb_act_kind)9};
    struct jb_bytes bytes = {NULL, 77};
    struct jb_arena small;

    (void)state;
    assert_int_equal(jb_act_encode(&act, &arena, &bytes), JB_RANGE);
    act.kind = (enum jb_act_kind)UINT32_MAX;
    assert_int_equal(jb_act_encode(&act, &arena, &bytes), JB_RANGE);
    act.kind = JB_ACT_NONE;
    assert_int_equal(jb_act_encode(&act, &arena, &bytes), JB_RANGE);
    act = (struct jb_act){.kind = JB_ACT_NOTE, .text = {"a\0b", 3}};
    assert_int_equal(jb_act_encode(&act, &arena, &bytes), JB_NUL_IN_TEXT);
    assert_int_equal(bytes.len, 77);
    /* Memory runs out at every possible place. */
    act.text = jb_text_of("0123456789abcdef0123456789abcdef");
    for (size_t limit = 0;; limit += 16) {
        enum jb_err err;

        jb_arena_init(&small, limit);
        err = jb_act_encode(&act, &small, &bytes);
        jb_arena_fini(&small);
        assert_true(limit < 4096);
        if (err == JB_OK)
            break;
        assert_int_equal(err, JB_NOMEM);
    }
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(kinds_are_those_of_the_schema),       T(constants_are_those_of_the_schema),
        T(every_act_survives_with_every_field), T(an_empty_act_of_every_kind_is_its_tag_alone),
        T(an_assign_has_these_bytes),           T(encoding_refuses_what_cannot_be_said),
    };
    return cmocka_run_group_tests_name("codec", tests, NULL, NULL);
}
