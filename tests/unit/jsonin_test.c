/* JSON -> messages: what was printed is read back, what clients write is read or refused in words.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "proto/rules/caseno.h"
#include "proto/schema/act.pb-c.h"
#include "proto/wire/codec.h"
#include "proto/wire/jsonin.h"
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

static void assert_fault(enum jb_err got, enum jb_err want, const char *text)
{
    if (strstr(fault.text, text) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", text, fault.text);
    assert_int_equal(got, want);
}

static void assert_good(enum jb_err err)
{
    if (err != JB_OK)
        fail_msg("%s: %s", jb_err_name(err), fault.text);
}

static enum jb_err read_as(const ProtobufCMessageDescriptor *type, const char *json, void **out)
{
    ProtobufCMessage *message = NULL;
    enum jb_err err = jb_message_read_json(type, jb_text_of(json), &arena, &message, &fault);

    *out = message;
    return err;
}

/* ---- messages ---- */

static void what_was_printed_is_read(void **state)
{
    static const char json[] =
        "{\"case_no\":\"9223372036854775807\",\"deadline_id\":4294967295,\"key\":\"h\\u0001\\n\","
        "\"node_name\":\"\",\"light\":\"yellow\",\"provisional\":false,\"extensions\":0}";
    Jb__DeadlineView *view = NULL;
    struct jb_text again;

    (void)state;
    assert_good(read_as(&jb__deadline_view__descriptor, json, (void **)&view));
    assert_true(view->has_case_no && view->case_no == INT64_MAX);
    assert_int_equal(view->deadline_id, UINT32_MAX);
    assert_string_equal(view->key, "h\1\n");
    assert_true(view->has_light && view->light == JB__LIGHT__LIGHT_YELLOW);
    assert_true(view->has_provisional && !view->provisional);
    assert_false(view->has_node);
    assert_int_equal(jb_message_json(&view->base, 0, &arena, &again), JB_OK);
    assert_string_equal(again.data, json);
}

static void messages_within_and_lists_are_read(void **state)
{
    static const char json[] =
        "{\"cases\":[{\"number\":\"1\",\"recused\":[\"a\",\"b\"],\"accused\":[1,2,3],"
        "\"deadlines\":[{\"deadline_id\":7},{\"deadline_id\":8}]},{}],\"more\":true}";
    Jb__CaseList *list = NULL;

    (void)state;
    assert_good(read_as(&jb__case_list__descriptor, json, (void **)&list));
    assert_int_equal(list->n_cases, 2);
    assert_int_equal(list->cases[0]->n_deadlines, 2);
    assert_int_equal(list->cases[0]->deadlines[1]->deadline_id, 8);
    assert_int_equal(list->cases[0]->accused[2], 3);
    assert_string_equal(list->cases[0]->recused[1], "b");
    assert_int_equal(list->cases[1]->n_deadlines, 0);
    assert_true(list->more);
}

static void the_chosen_member_of_a_oneof_is_known(void **state)
{
    Jb__Request *request = NULL;

    (void)state;
    assert_good(read_as(&jb__request__descriptor, "{\"id\":3,\"nodes\":{\"find\":\"局\"}}",
                        (void **)&request));
    assert_int_equal(request->body_case, JB__REQUEST__BODY_NODES);
    assert_string_equal(request->nodes->find, "局");
    assert_fault(
        read_as(&jb__request__descriptor, "{\"nodes\":{},\"rules\":{}}", (void **)&request),
        JB_MALFORMED, "rules: only one of these");
}

static void bytes_are_base64(void **state)
{
    Jb__AttachmentView *view = NULL;

    (void)state;
    assert_good(
        read_as(&jb__attachment_view__descriptor, "{\"blob_hash\":\"AP8QAQ==\"}", (void **)&view));
    assert_int_equal(view->blob_hash.len, 4);
    assert_memory_equal(view->blob_hash.data, "\0\xff\x10\1", 4);
    assert_good(read_as(&jb__attachment_view__descriptor, "{\"blob_hash\":\"\"}", (void **)&view));
    assert_true(view->has_blob_hash && view->blob_hash.len == 0);
    assert_fault(read_as(&jb__attachment_view__descriptor, "{\"blob_hash\":\"A\"}", (void **)&view),
                 JB_MALFORMED, "blob_hash: must be base64");
}

static void numbers_come_in_two_forms(void **state)
{
    Jb__AttachmentView *view = NULL;
    static const struct {
        const char *json;
        uint64_t want;
    } good[] = {{"{\"size_bytes\":\"18446744073709551615\"}", UINT64_MAX},
                {"{\"size_bytes\":\"18446744073709551614\"}", UINT64_MAX - 1},
                {"{\"size_bytes\":\"9223372036854775808\"}", UINT64_C(9223372036854775808)},
                {"{\"size_bytes\":9223372036854775807}", INT64_MAX},
                {"{\"size_bytes\":\"0\"}", 0}};
    static const char *const bad[] = {"{\"size_bytes\":\"18446744073709551616\"}",
                                      "{\"size_bytes\":\"99999999999999999999\"}",
                                      "{\"size_bytes\":\"-1\"}",
                                      "{\"size_bytes\":-1}",
                                      "{\"size_bytes\":\"\"}",
                                      "{\"size_bytes\":\" 1\"}",
                                      "{\"size_bytes\":1.5}",
                                      "{\"size_bytes\":1e3}",
                                      "{\"size_bytes\":true}",
                                      "{\"size_bytes\":[1]}",
                                      "{\"number\":4294967296}",
                                      "{\"number\":-1}",
                                      "{\"at_ms\":\"0x10\"}",
                                      "{\"at_ms\":\"9223372036854775808\"}",
                                      "{\"size_bytes\":18446744073709551616}"};

    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_good(read_as(&jb__attachment_view__descriptor, good[i].json, (void **)&view));
        assert_true(view->size_bytes == good[i].want);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        enum jb_err err = read_as(&jb__attachment_view__descriptor, bad[i], (void **)&view);
        if (err != JB_MALFORMED && err != JB_RANGE)
            fail_msg("%s: %s", bad[i], jb_err_name(err));
    }
}

static void what_is_wrong_is_named(void **state)
{
    static const struct {
        const char *json;
        enum jb_err err;
        const char *text;
    } cases[] = {
        {"", JB_MALFORMED, "JSON, line"},
        {"[]", JB_MALFORMED, "must be one object"},
        {"{\"key\":\"a\",\"key\":\"b\"}", JB_MALFORMED, "duplicate"},
        {"{} {}", JB_MALFORMED, "JSON, line 1"},
        {"{\"keys\":1}", JB_RANGE, "keys: there is no such member"},
        {"{\"key\":1}", JB_MALFORMED, "key: must be a string"},
        {"{\"key\":\"\xff\"}", JB_BAD_UTF8, "JSON"},
        {"{\"key\":\"a\\u0000b\"}", JB_NUL_IN_TEXT, "JSON"},
        {"{\"key\":\"\\ud800\"}", JB_MALFORMED, "JSON"},
        {"{\"light\":\"blue\"}", JB_RANGE, "light: must be one of green, yellow, red, done"},
        {"{\"light\":9}", JB_RANGE, "light: must be one of"},
        {"{\"light\":\"redd\"}", JB_RANGE, "light"},
        {"{\"light\":\"re\"}", JB_RANGE, "light"},
        {"{\"provisional\":1}", JB_MALFORMED, "provisional: must be true or false"},
        {"{\"a\\nb\":1}", JB_RANGE, "a\\x0ab: there is no such member"},
    };
    Jb__DeadlineView *view = NULL;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_fault(read_as(&jb__deadline_view__descriptor, cases[i].json, (void **)&view),
                     cases[i].err, cases[i].text);
    assert_good(
        read_as(&jb__deadline_view__descriptor, "{\"key\":null,\"light\":2}", (void **)&view));
    assert_null(view->key);
    assert_int_equal(view->light, JB__LIGHT__LIGHT_YELLOW);
}

static void depth_and_count_are_bounded(void **state)
{
    static char deep[2 * 100 + 1];
    size_t many_bytes = 3 * (JB_JSON_VALUES + 2);
    char *many = jb_arena_alloc(&arena, many_bytes);

    (void)state;
    memset(deep, '[', 100);
    memset(deep + 100, ']', 100);
    assert_fault(jb_json_bounds(jb_text_of(deep), &fault), JB_TOO_DEEP,
                 "deeper than 16 at byte 16");
    memset(many, ',', many_bytes - 1);
    assert_fault(jb_json_bounds(jb_text_of(many), &fault), JB_OVERFLOW, "more than 65536");
    /* brackets inside of texts are none */
    assert_int_equal(jb_json_bounds(jb_text_of("{\"a\":\"[[[[[[[[[[[[[[[[[[[\\\"[[[[\"}"), &fault),
                     JB_OK);
    assert_int_equal(jb_json_bounds(jb_text_of("\"[[\\"), &fault), JB_OK);
}

static void memory_is_bounded(void **state)
{
    struct jb_arena small;
    ProtobufCMessage *message = NULL;
    char json[4000];

    (void)state;
    memset(json, ' ', sizeof json);
    memcpy(json, "{\"key\":\"", 8);
    memset(json + 8, 'a', 3000);
    memcpy(json + 3008, "\"}", 2);
    jb_arena_init(&small, 2048);
    assert_int_equal(jb_message_read_json(&jb__deadline_view__descriptor,
                                          (struct jb_text){json, 3010}, &small, &message, &fault),
                     JB_NOMEM);
    jb_arena_fini(&small);
}

/* ---- acts ---- */

static enum jb_err act_of(const char *json, const char *kind, int64_t case_no,
                          struct jb_act_given *given, struct jb_act *act)
{
    enum jb_err err = jb_act_read_json(jb_text_of(json), kind, case_no, &arena, given, &fault);

    return err == JB_OK ? jb_act_decode(given->act, &arena, act, &fault) : err;
}

static void an_act_is_read_by_its_kind(void **state)
{
    struct jb_act_given given;
    struct jb_act act = {.kind = JB_ACT_NONE};
    int64_t other = 0;

    (void)state;
    assert_int_equal(jb_caseno_parse(jb_text_of("20261123-00003-00049-5"), &other, &fault), JB_OK);
    assert_int_equal(act_of("{\"kind\":\"assign\",\"case_no\":\"12\",\"custody\":3,\"node\":5,"
                            "\"co_handlers\":[6,7],\"authority\":\"first_assignment\","
                            "\"due_ms\":\"1700000000000\",\"text\":\"请核实\\n并答复\"}",
                            NULL, 0, &given, &act),
                     JB_MALFORMED); /* 12 is no case number */
    assert_good(act_of("{\"kind\":\"assign\",\"custody\":3,\"node\":5,"
                       "\"co_handlers\":[6,7],\"authority\":\"first_assignment\","
                       "\"due_ms\":\"1700000000000\",\"text\":\"请核实\\n并答复\"}",
                       NULL, other, &given, &act));
    assert_int_equal(given.kind, JB_ACT_ASSIGN);
    assert_int_equal(act.kind, JB_ACT_ASSIGN);
    assert_true(act.case_no == other && given.case_no == other);
    assert_int_equal(act.custody, 3);
    assert_int_equal(act.node, 5);
    assert_int_equal(act.co_handlers.count, 2);
    assert_int_equal(act.authority, 4);
    assert_true(act.due_ms == INT64_C(1700000000000));
    assert_true(jb_text_equal(act.text, jb_text_of("请核实\n并答复")));
    assert_good(act_of("{\"kind\":\"link\",\"other_case_no\":\"20261123 00003 00049 5\","
                       "\"link_kind\":\"related\"}",
                       NULL, other, &given, &act));
    assert_true(act.other_case_no == other);
}

static void a_registration_brings_persons(void **state)
{
    struct jb_act_given given;
    struct jb_act act = {.kind = JB_ACT_NONE};
    struct jb_persons persons;

    (void)state;
    assert_good(act_of("{\"title\":\"路灯\",\"matter\":\"appeal\",\"persons\":["
                       "{\"name\":\"王 小明\",\"phone\":\"13800000000\",\"main_visitor\":true},"
                       "{\"name\":\"李四\"}]}",
                       "register", 0, &given, &act));
    assert_int_equal(act.matter, 3);
    assert_int_equal(jb_persons_decode(given.persons, &arena, &persons, &fault), JB_OK);
    assert_int_equal(persons.count, 2);
    assert_true(jb_text_equal(persons.at[0].name, jb_text_of("王 小明")));
    assert_true(persons.at[0].main_visitor && !persons.at[1].main_visitor);
    assert_good(act_of("{\"kind\":\"rate\",\"query_code\":\"7K3M\",\"satisfaction\":"
                       "\"not_satisfied\",\"rated_party\":\"office\"}",
                       NULL, 0, &given, &act));
    assert_string_equal(given.query_code, "7K3M");
    assert_null(given.note);
    assert_good(act_of("{\"kind\":\"attach\",\"name\":\"a.jpg\",\"note\":\"现场\",\"content_hash\":"
                       "\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\"}",
                       NULL, 0, &given, &act));
    assert_string_equal(given.note, "现场");
    uint8_t digest[32];
    for (size_t i = 0; i < sizeof digest; i++)
        digest[i] = (uint8_t)i;
    assert_int_equal(act.content_hash.len, sizeof digest);
    assert_memory_equal(act.content_hash.data, digest, sizeof digest);
}

static void an_act_says_what_it_may(void **state)
{
    static const struct {
        const char *json, *kind;
        enum jb_err err;
        const char *text;
    } cases[] = {
        {"{}", NULL, JB_MISSING, "kind: is missing"},
        {"{\"kind\":1}", NULL, JB_MALFORMED, "kind: must be a string"},
        {"{\"kind\":\"fly\"}", NULL, JB_UNKNOWN_KIND, "kind: there is no such act"},
        {"{\"kind\":\"case_no\"}", NULL, JB_UNKNOWN_KIND, "kind: there is no such act"},
        {"{\"kind\":\"note\"}", "register", JB_RANGE, "kind: is another one"},
        {"{\"kind\":\"note\",\"node\":1}", NULL, JB_RANGE, "node: there is no such member"},
        {"{\"kind\":\"note\",\"persons\":[]}", NULL, JB_RANGE, "persons: there is no such"},
        {"{\"kind\":\"note\",\"query_code\":\"x\"}", NULL, JB_RANGE, "query_code: there is no"},
        {"{\"kind\":\"register\",\"sealed\":\"AAAA\"}", NULL, JB_RANGE, "sealed: is the agent's"},
        {"{\"kind\":\"attach\",\"sealed\":\"AAAA\"}", NULL, JB_RANGE, "sealed: is the agent's"},
        {"{\"kind\":\"attach\",\"content_hash\":\"?\"}", NULL, JB_MALFORMED, "content_hash"},
        {"{\"kind\":\"attach\",\"note\":1}", NULL, JB_MALFORMED, "note: must be a string"},
        {"{\"kind\":\"note\",\"note\":\"x\"}", NULL, JB_RANGE, "note: there is no such"},
        {"{\"kind\":\"note\",\"case_no\":\"20261123-00003-00049-4\"}", NULL, JB_MALFORMED,
         "case_no"},
        {"{\"kind\":\"register\",\"persons\":[{\"nam\":\"x\"}]}", NULL, JB_RANGE,
         "nam: there is no"},
        {"{\"kind\":\"register\",\"persons\":{}}", NULL, JB_MALFORMED, "persons: must be a list"},
        {"{\"kind\":\"note\",\"custody\":-1}", NULL, JB_RANGE, "custody: must not be negative"},
    };
    struct jb_act_given given;
    struct jb_act act = {.kind = JB_ACT_NONE};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_fault(act_of(cases[i].json, cases[i].kind, 0, &given, &act), cases[i].err,
                     cases[i].text);
    assert_fault(act_of("{\"kind\":\"note\",\"case_no\":\"20261123-00003-00049-5\"}", NULL,
                        INT64_C(2026112300003000496), &given, &act),
                 JB_RANGE, "case_no: is another one");
}

/* Every kind: an act with all its fields, printed, read, printed again. */
static void every_kind_comes_back(void **state)
{
    const ProtobufCMessageDescriptor *type = &jb__act__descriptor;

    (void)state;
    for (unsigned i = 0; i < type->n_fields; i++) {
        struct jb_act act = {.case_no = 0};
        struct jb_text json, again;
        struct jb_act_given given;

        if (type->fields[i].type != PROTOBUF_C_TYPE_MESSAGE)
            continue;
        act.kind = (enum jb_act_kind)type->fields[i].id;
        gen_fill(&gen_act, type->fields[i].descriptor, &act);
        for (size_t k = 0; k < gen_act.count; k++) /* the first word of each list */
            if (gen_act.rows[k].kind == 'e')
                memcpy((char *)&act + gen_act.rows[k].offset, &(int){1}, sizeof(int));
        act.other_case_no = 0;
        act.other_case_nos.count = 0;
        act.sealed = act.query_code_hash = act.content_hash = (struct jb_bytes){NULL, 0};
        jb_arena_reset(&arena);
        assert_int_equal(jb_act_json(&act, 0, &arena, &json), JB_OK);
        enum jb_err err = jb_act_read_json(json, NULL, 0, &arena, &given, &fault);
        if (err == JB_RANGE && strstr(fault.text, "is the agent's") != NULL)
            continue; /* the broker's own: keys, epochs, heads */
        assert_good(err);
        assert_int_equal(given.kind, act.kind);
        assert_int_equal(jb_act_decode(given.act, &arena, &act, &fault), JB_OK);
        assert_int_equal(jb_act_json(&act, 0, &arena, &again), JB_OK);
        assert_string_equal(json.data, again.data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_printed_is_read, setup, teardown),
        cmocka_unit_test_setup_teardown(messages_within_and_lists_are_read, setup, teardown),
        cmocka_unit_test_setup_teardown(the_chosen_member_of_a_oneof_is_known, setup, teardown),
        cmocka_unit_test_setup_teardown(bytes_are_base64, setup, teardown),
        cmocka_unit_test_setup_teardown(numbers_come_in_two_forms, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_wrong_is_named, setup, teardown),
        cmocka_unit_test_setup_teardown(depth_and_count_are_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(memory_is_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(an_act_is_read_by_its_kind, setup, teardown),
        cmocka_unit_test_setup_teardown(a_registration_brings_persons, setup, teardown),
        cmocka_unit_test_setup_teardown(an_act_says_what_it_may, setup, teardown),
        cmocka_unit_test_setup_teardown(every_kind_comes_back, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
