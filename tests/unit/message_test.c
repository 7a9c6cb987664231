/* Views as JSON, to the byte; and bounded decoding of local messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "proto/schema/act.pb-c.h"
#include "proto/wire/codec.h"
#include "proto/wire/json.h"
#include "proto/wire/message.h"
#include "tests/unit/wire_gen.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

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

static void assert_json(const void *message, int indent, const char *want)
{
    struct jb_text json;

    assert_int_equal(jb_message_json(message, indent, &arena, &json), JB_OK);
    assert_string_equal(json.data, want);
    assert_int_equal(json.len, strlen(want));
}

static void each_type_has_its_form(void **state)
{
    Jb__DeadlineView view = JB__DEADLINE_VIEW__INIT;
    Jb__Attach attach = JB__ATTACH__INIT;
    Jb__Split split = JB__SPLIT__INIT;
    int64_t numbers[] = {1, INT64_MIN};
    uint8_t bytes[] = {0, 0xff, 16, 1};

    (void)state;
    view.has_case_no = 1;
    view.case_no = INT64_MAX;
    view.has_deadline_id = 1;
    view.deadline_id = UINT32_MAX;
    view.key = "handle";
    view.has_light = 1;
    view.light = JB__LIGHT__LIGHT_YELLOW;
    view.has_provisional = 1;
    view.has_extensions = 1; /* given, and 0 */
    view.node_name = "";
    assert_json(&view, 0,
                "{\"case_no\":\"9223372036854775807\",\"deadline_id\":4294967295,"
                "\"key\":\"handle\",\"node_name\":\"\",\"light\":\"yellow\","
                "\"provisional\":false,\"extensions\":0}");
    attach.has_size_bytes = 1;
    attach.size_bytes = UINT64_MAX;
    attach.has_content_hash = 1;
    attach.content_hash.data = bytes;
    attach.content_hash.len = 4;
    assert_json(&attach, 0,
                "{\"size_bytes\":\"18446744073709551615\",\"content_hash\":\"AP8QAQ==\"}");
    attach.content_hash.len = 3;
    attach.has_size_bytes = 0;
    assert_json(&attach, 0, "{\"content_hash\":\"AP8Q\"}");
    attach.content_hash.len = 2;
    assert_json(&attach, 0, "{\"content_hash\":\"AP8=\"}");
    attach.content_hash.len = 0;
    assert_json(&attach, 0, "{\"content_hash\":\"\"}");
    split.other_case_nos = numbers;
    split.n_other_case_nos = 2;
    assert_json(&split, 0, "{\"other_case_nos\":[\"1\",\"-9223372036854775808\"]}");
}

static void enums_lose_their_common_prefix(void **state)
{
    Jb__Rate rate = JB__RATE__INIT;
    Jb__Decline decline = JB__DECLINE__INIT;
    Jb__StatusView status = JB__STATUS_VIEW__INIT;

    (void)state;
    rate.has_rated_party = 1;
    rate.rated_party = JB__RATED_PARTY__RATED_OFFICE;
    rate.has_satisfaction = 1;
    rate.satisfaction = JB__SATISFACTION__BASICALLY_SATISFIED;
    assert_json(&rate, 0, "{\"rated_party\":\"office\",\"satisfaction\":\"basically_satisfied\"}");
    decline.has_decline_kind = 1;
    decline.decline_kind = JB__DECLINE_KIND__DECLINE_NO_LONGER;
    assert_json(&decline, 0, "{\"decline_kind\":\"no_longer\"}");
    decline.decline_kind = (Jb__DeclineKind)77; /* of a later version */
    assert_json(&decline, 0, "{\"decline_kind\":77}");
    status.has_line = 1;
    status.line = JB__LINE_STATE__LINE_CATCHING_UP;
    assert_json(&status, 0, "{\"line\":\"catching_up\"}");
}

static void text_is_escaped(void **state)
{
    static const struct {
        const char *text;
        const char *want;
    } texts[] = {
        {"漏水\"严重\"\\", "{\"text\":\"漏水\\\"严重\\\"\\\\\"}"},
        {"a\b\t\n\f\r\x01\x1f\x7fz", "{\"text\":\"a\\b\\t\\n\\f\\r\\u0001\\u001f\\u007fz\"}"},
        /* escaped, since a terminal would obey them; that is what is tested */
        /* NOLINTBEGIN(misc-misleading-bidirectional) */
        {"\xc2\x9b"
         "2J\xc2\xa0\xe2\x80\xa8\xe2\x80\xae\xe2\x80\x94\xe2\x81\xa9",
         "{\"text\":\"\\u009b2J\xc2\xa0\\u2028\\u202e\xe2\x80\x94\\u2069\"}"},
        /* NOLINTEND(misc-misleading-bidirectional) */
        {"/<>&'", "{\"text\":\"/<>&'\"}"},
        {"\xf0\xa0\xae\xb7", "{\"text\":\"\xf0\xa0\xae\xb7\"}"},
        {"查\xe6\x9f!\xff\"", "{\"text\":\"查\\ufffd\\ufffd!\\ufffd\\\"\"}"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        Jb__Done done = JB__DONE__INIT;

        done.text = (char *)texts[i].text;
        assert_json(&done, 0, texts[i].want);
    }
}

static void a_nul_inside_a_text_is_shown(void **state)
{
    struct jb_json json;
    struct jb_text text;

    (void)state;
    jb_json_start(&json, &arena, 0);
    jb_json_text(&json, (struct jb_text){"a\0b", 3});
    assert_int_equal(jb_json_finish(&json, &text), JB_OK);
    assert_string_equal(text.data, "\"a\\u0000b\"");
}

/* Lists are always there, also empty ones. */
#define NO_MORE_LISTS                                                                              \
    ",\"deadlines\":[],\"petitioners\":[],\"timeline\":[],\"links\":[],\"ratings\":[],"            \
    "\"directives\":[],\"dockets\":[],\"accused\":[],\"recused\":[],\"attachments\":[]"

static void lists_and_levels_are_indented(void **state)
{
    Jb__Reply reply = JB__REPLY__INIT;
    Jb__CaseList list = JB__CASE_LIST__INIT;
    Jb__CaseView one = JB__CASE_VIEW__INIT;
    Jb__CaseView two = JB__CASE_VIEW__INIT;
    Jb__CaseView *cases[] = {&one, &two};
    Jb__ParticipantView participant = JB__PARTICIPANT_VIEW__INIT;
    Jb__ParticipantView *participants[] = {&participant, &participant};

    (void)state;
    reply.has_id = 1;
    reply.id = 3;
    reply.body_case = JB__REPLY__BODY_CASES;
    reply.cases = &list;
    assert_json(&reply, 0, "{\"id\":\"3\",\"cases\":{\"cases\":[]}}");
    assert_json(&reply, 2, "{\n  \"id\": \"3\",\n  \"cases\": {\n    \"cases\": []\n  }\n}");
    list.cases = cases;
    list.n_cases = 2;
    list.has_more = 1;
    participant.has_node = 1;
    participant.node = 5;
    one.participants = participants;
    one.n_participants = 2;
    one.title = "t";
    assert_json(&reply, 0,
                "{\"id\":\"3\",\"cases\":{\"cases\":[{\"title\":\"t\",\"participants\":"
                "[{\"node\":5},{\"node\":5}]" NO_MORE_LISTS "},{\"participants\":[]" NO_MORE_LISTS
                "}],\"more\":false}}");
    list.n_cases = 1;
    one.n_participants = 1;
    assert_json(&reply, 2,
                "{\n  \"id\": \"3\",\n  \"cases\": {\n    \"cases\": [\n      {\n"
                "        \"title\": \"t\",\n        \"participants\": [\n          {\n"
                "            \"node\": 5\n          }\n        ],\n"
                "        \"deadlines\": [],\n        \"petitioners\": [],\n"
                "        \"timeline\": [],\n        \"links\": [],\n        \"ratings\": [],\n"
                "        \"directives\": [],\n        \"dockets\": [],\n"
                "        \"accused\": [],\n        \"recused\": [],\n        \"attachments\": []\n "
                "     }\n    ],\n    \"more\": "
                "false\n  }\n}");
    reply.body_case = JB__REPLY__BODY__NOT_SET;
    assert_json(&reply, 0, "{\"id\":\"3\"}");
}

static const uint32_t co_handlers[] = {8, 9};
static const struct jb_act assign = {.kind = JB_ACT_ASSIGN,
                                     .case_no = 42,
                                     .custody = 3,
                                     .node = 7,
                                     .co_handlers = {co_handlers, 2},
                                     .authority = JB_AUTHORITY_FIRST_ASSIGNMENT,
                                     .text = {"查", 3}};
#define ASSIGN_JSON                                                                                \
    "{\"kind\":\"assign\",\"case_no\":\"42\",\"custody\":3,\"node\":7,"                            \
    "\"co_handlers\":[8,9],\"authority\":\"first_assignment\",\"text\":\"查\"}"

static void an_act_is_one_flat_object(void **state)
{
    const struct jb_act bare = {.kind = JB_ACT_REGISTER};
    const struct jb_act none = {.kind = JB_ACT_NONE};
    struct jb_stored_item item = {5, 6};
    const struct jb_act stored = {.kind = JB_ACT_STORED, .items = {&item, 1}};
    struct jb_text json;

    (void)state;
    assert_int_equal(jb_act_json(&assign, 0, &arena, &json), JB_OK);
    assert_string_equal(json.data, ASSIGN_JSON);
    assert_int_equal(jb_act_json(&bare, 2, &arena, &json), JB_OK);
    assert_string_equal(json.data, "{\n  \"kind\": \"register\",\n  \"accused\": []\n}");
    assert_int_equal(jb_act_json(&stored, 0, &arena, &json), JB_OK);
    assert_string_equal(json.data, "{\"kind\":\"stored\",\"items\":[{\"case_no\":\"5\","
                                   "\"log_seq\":\"6\"}]}");
    assert_int_equal(jb_act_json(&none, 0, &arena, &json), JB_RANGE);
}

static void acts_within_views_are_shown_decoded(void **state)
{
    Jb__TimelineItem item = JB__TIMELINE_ITEM__INIT;
    char *effects[] = {"custody_moved 7", "joined 8"};
    struct jb_bytes bytes;

    (void)state;
    assert_int_equal(jb_act_encode(&assign, &arena, &bytes), JB_OK);
    item.has_seq = 1;
    item.seq = 12;
    item.has_act = 1;
    item.act = (ProtobufCBinaryData){bytes.len, (uint8_t *)bytes.data};
    item.effects = effects;
    item.n_effects = 2;
    assert_json(&item, 0,
                "{\"seq\":\"12\",\"act\":" ASSIGN_JSON
                ",\"effects\":[\"custody_moved 7\",\"joined 8\"],\"stored_by\":[]}");
    item.n_effects = 0;
    item.act.len = 2; /* cut behind the case number */
    assert_json(&item, 0,
                "{\"seq\":\"12\",\"act\":{\"kind\":\"unknown\",\"case_no\":\"42\"},"
                "\"effects\":[],\"stored_by\":[]}");
    item.act.len = 1; /* not an act: shown as bytes */
    assert_json(&item, 0, "{\"seq\":\"12\",\"act\":\"CA==\",\"effects\":[],\"stored_by\":[]}");
}

static void every_act_kind_has_json(void **state)
{
    static const struct {
        const char *name;
        unsigned number;
    } kinds[] = {
#define X(name, field, number) {#field, number},
        JB_ACT_KINDS(X)
#undef X
    };

    (void)state;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct jb_act act = {.kind = (enum jb_act_kind)kinds[i].number};
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field(&jb__act__descriptor, kinds[i].number);
        struct jb_text json;

        gen_fill(&gen_act, field->descriptor, &act);
        assert_int_equal(jb_act_json(&act, 0, &arena, &json), JB_OK);
        assert_memory_equal(json.data, "{\"kind\":\"", 9);
        assert_memory_equal(json.data + 9, kinds[i].name, strlen(kinds[i].name));
        assert_int_equal(json.data[json.len - 1], '}');
    }
}

static void json_needs_no_more_memory_than_it_may_have(void **state)
{
    struct jb_text json;

    (void)state;
    for (size_t limit = 0;; limit += 16) {
        struct jb_arena small;
        enum jb_err err;

        jb_arena_init(&small, limit);
        err = jb_act_json(&assign, 2, &small, &json);
        jb_arena_fini(&small);
        assert_true(limit < 16384);
        if (err == JB_OK)
            break;
        assert_int_equal(err, JB_NOMEM);
    }
}

static void long_texts_grow_the_buffer(void **state)
{
    const size_t len = 300000;
    Jb__Done done = JB__DONE__INIT;
    struct jb_text json;

    (void)state;
    done.text = calloc(1, len + 1);
    assert_non_null(done.text);
    memset(done.text, 'j', len);
    assert_int_equal(jb_message_json(&done.base, 0, &arena, &json), JB_OK);
    assert_int_equal(json.len, len + strlen("{\"text\":\"\"}"));
    assert_memory_equal(json.data + 9, done.text, len);
    assert_string_equal(json.data + 9 + len, "\"}");
    free(done.text);
}

static void local_messages_survive(void **state)
{
    Jb__Request request = JB__REQUEST__INIT;
    Jb__GetCases cases = JB__GET_CASES__INIT;
    const Jb__Request *back;
    ProtobufCMessage *message;
    struct jb_bytes bytes;

    (void)state;
    request.has_id = 1;
    request.id = 99;
    request.body_case = JB__REQUEST__BODY_CASES;
    request.cases = &cases;
    cases.text = "供水";
    cases.has_light = 1;
    cases.light = JB__LIGHT__LIGHT_RED;
    assert_int_equal(jb_message_encode(&request.base, &arena, &bytes), JB_OK);
    assert_int_equal(jb_message_decode(&jb__request__descriptor, bytes, &arena, &message, &fault),
                     JB_OK);
    back = (const Jb__Request *)message;
    assert_int_equal(back->id, 99);
    assert_int_equal(back->body_case, JB__REQUEST__BODY_CASES);
    assert_string_equal(back->cases->text, "供水");
    assert_int_equal(back->cases->light, JB__LIGHT__LIGHT_RED);
    assert_int_equal(back->cases->has_matter, 0);
}

static void bad_local_messages_are_refused_by_name(void **state)
{
    struct gen_raw cases = {.len = 0};
    struct gen_raw raw = {.len = 0};
    ProtobufCMessage *message = NULL;

    (void)state;
    gen_run(&cases, 3, "a\0", 2);
    gen_nest(&raw, 11, &cases);
    assert_int_equal(
        jb_message_decode(&jb__request__descriptor, gen_bytes(&raw), &arena, &message, &fault),
        JB_NUL_IN_TEXT);
    assert_string_equal(fault.text, "cases.text: text contains a NUL character at byte 1");
    raw.data[raw.len - 1] = 0xc0;
    assert_int_equal(
        jb_message_decode(&jb__request__descriptor, gen_bytes(&raw), &arena, &message, &fault),
        JB_BAD_UTF8);
    raw.len--;
    assert_int_equal(
        jb_message_decode(&jb__request__descriptor, gen_bytes(&raw), &arena, &message, &fault),
        JB_MALFORMED);
    assert_null(message);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(each_type_has_its_form),
        T(enums_lose_their_common_prefix),
        T(text_is_escaped),
        T(a_nul_inside_a_text_is_shown),
        T(lists_and_levels_are_indented),
        T(an_act_is_one_flat_object),
        T(acts_within_views_are_shown_decoded),
        T(every_act_kind_has_json),
        T(json_needs_no_more_memory_than_it_may_have),
        T(long_texts_grow_the_buffer),
        T(local_messages_survive),
        T(bad_local_messages_are_refused_by_name),
    };
    return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
