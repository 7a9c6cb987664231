/* A petitioner's own question: name and query code give days and documents, and nothing else;
 * whatever does not fit gives one and the same answer; and the rules that can be looked up. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/agentdesk.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define CODE "7K3M-X2QP-9DHT"

/* The case of the petitioners 张三 and 李四 with that code, sealed as an agent seals it. */
static int64_t sealed_case(struct desk *d)
{
    struct jb_person persons[] = {{.name = jb_text_of("张三"),
                                   .id_number = jb_text_of("513022198001011234"),
                                   .phone = jb_text_of("13900001111"),
                                   .main_visitor = true},
                                  {.name = jb_text_of(" 李四 ")}};
    struct jb_persons all = {persons, COUNT(persons)};
    struct jb_bytes plain;
    uint8_t key[JB_KEY_BYTES];
    uint8_t hash[JB_HASH_BYTES];
    char digits[24];
    int64_t case_no = lw_case_no(0);

    assert_int_equal(jb_persons_encode(&all, &d->w->arena, &plain), JB_OK);
    size_t len = JB_SEAL_KEY_ID_BYTES + JB_SEAL_EXTRA_BYTES + plain.len;
    uint8_t *box = jb_arena_alloc(&d->w->arena, len);
    assert_non_null(box);
    jb_seal_key_new(key);
    jb_seal_key_id(key, box);
    jb_seal(key, plain, jb_agent_seal_place(case_no, digits), box + JB_SEAL_KEY_ID_BYTES);
    assert_int_equal(jb_query_code_hash(jb_text_of(CODE), hash), JB_OK);
    struct jb_entry e = lw_register(d->w, d->broker, case_no, "反映王五家的违建");
    e.act.sealed = (struct jb_bytes){box, len};
    e.act.query_code_hash = (struct jb_bytes){hash, sizeof hash};
    desk_log(d, &e, NULL, 0);
    assert_int_equal(jb_ledger_begin(d->agent.ledger), JB_OK);
    assert_int_equal(jb_ledger_case_key_put(d->agent.ledger, case_no, key), JB_OK);
    assert_int_equal(jb_ledger_commit(d->agent.ledger), JB_OK);
    return case_no;
}

/* One entry with one effect, `days` later. */
static void happen(struct desk *d, int days, struct jb_act act, struct jb_effect effect)
{
    d->w->now_ms += days * INT64_C(86400000);
    struct jb_entry e = desk_entry(d, act.kind, lw_case_no(0));
    act.case_no = lw_case_no(0);
    e.act = act;
    e.node = 20;
    e.user = jb_text_of("经办人赵六");
    desk_log(d, &e, &effect, effect.kind != 0 ? 1 : 0);
}

#define FACT(f) ((struct jb_effect){.kind = JB_EFFECT_FACT_SET, .fact = (f), .at_ms = d->w->now_ms})
#define PART(f)                                                                                    \
    ((struct jb_effect){.kind = JB_EFFECT_PARTICIPANT_FACT_SET,                                    \
                        .node = LW_OFFICE,                                                         \
                        .fact = (f),                                                               \
                        .at_ms = d->w->now_ms})
#define HOP(n)                                                                                     \
    ((struct jb_effect){.kind = JB_EFFECT_CUSTODY_MOVED, .node = (n), .custody = 2, .hops = 1})
#define NO_EFFECT ((struct jb_effect){.kind = 0})
#define ACT(k, ...) ((struct jb_act){.kind = JB_ACT_##k, __VA_ARGS__})
#define T(z) ((struct jb_text){(z), sizeof(z) - 1})

/* A whole course of handling with much that is nobody's business. */
static void whole_story(struct desk *d)
{
    struct jb_effect co = {.kind = JB_EFFECT_JOINED, .node = LW_OFFICE, .role = JB_ROLE_CO_HANDLER};

    (void)sealed_case(d);
    happen(d, 0, ACT(NOTE, .text = T("内部意见:慎重")), co);
    happen(d, 2, ACT(ASSIGN, .node = 20, .text = T("请住建局办理")), HOP(20));
    happen(d, 1, ACT(SIGN_FOR, .text = T("收到")), FACT(JB_FACT_SIGNED));
    happen(d, 1, ACT(SIGN_FOR, .text = T("协办收到")), PART(JB_FACT_SIGNED)); /* a co-handler's */
    happen(d, 1, ACT(ACCEPT, .notice_no = T("受〔2025〕3号")), FACT(JB_FACT_ACCEPTED));
    happen(d, 1, ACT(EXTEND, .days = 30, .reason = T("案情复杂")), NO_EFFECT);
    happen(d, 1,
           ACT(EXTEND, .days = 30, .reason = T("已告知"), .told_at_ms = d->w->now_ms + 86400000),
           NO_EFFECT);
    happen(d, 1, ACT(ANSWER, .text = T("协办意见"), .opinion_no = T("协〔2025〕1号")),
           PART(JB_FACT_ANSWERED));
    happen(d, 1, ACT(ANSWER, .text = T("不予支持"), .opinion_no = T("意见〔2025〕7号")),
           FACT(JB_FACT_ANSWERED));
    happen(d, 1, ACT(URGE, .text = T("催办")), NO_EFFECT);
    happen(d, 1,
           ACT(RECORD_DELIVERY, .notice_no = T("意见〔2025〕7号"), .how = T("邮寄"),
               .person = T("邻居钱七代收"), .told_at_ms = d->w->now_ms),
           NO_EFFECT);
    happen(d, 1, ACT(REQUEST_REVIEW, .text = T("不服")), FACT(JB_FACT_REVIEW_ASKED));
    happen(d, 1, ACT(GIVE_REVIEW, .text = T("维持"), .opinion_no = T("复查〔2025〕1号")),
           FACT(JB_FACT_REVIEWED));
    desk_deliver(d);
}

static enum jb_err ask(struct desk *d, const char *name, const char *code)
{
    Jb__Request request = JB__REQUEST__INIT;
    Jb__GetPublic q = JB__GET_PUBLIC__INIT;

    q.name = (char *)(uintptr_t)name;
    q.query_code = (char *)(uintptr_t)code;
    request.body_case = JB__REQUEST__BODY_PUBLIC_QUERY;
    request.public_query = &q;
    return desk_ask(d, "网关", &request, jb_agent_get_public);
}

static void only_days_and_documents(void **state)
{
    static const struct {
        const char *what, *document;
    } want[] = {{"registered", ""},
                {"sent", ""},
                {"signed", ""},
                {"accepted", "受〔2025〕3号"},
                {"extended", ""},
                {"answered", "意见〔2025〕7号"},
                {"delivered", "意见〔2025〕7号"},
                {"review_asked", ""},
                {"reviewed", "复查〔2025〕1号"}};
    static const char *const secrets[] = {"违建",     "供暖", "住建",   "信访",    "王五",  "张三",
                                          "李四",     "赵六", "钱七",   "1390000", "51302", "慎重",
                                          "收到",     "不予", "协",     "维持",    "不服",  "催办",
                                          "案情复杂", "邮寄", "611002", "城乡"};
    struct desk *d = *state;
    struct jb_text json;

    whole_story(d);
    assert_int_equal(ask(d, "张三", CODE), JB_OK);
    const Jb__PublicView *v = d->reply.public_view;
    assert_int_equal(v->n_rows, COUNT(want));
    for (size_t i = 0; i < COUNT(want); i++) {
        assert_string_equal(v->rows[i]->what, want[i].what);
        assert_string_equal(v->rows[i]->document != NULL ? v->rows[i]->document : "",
                            want[i].document);
        assert_int_equal(v->rows[i]->day_ms,
                         jb_date_start_ms(jb_date_of_instant(v->rows[i]->day_ms)));
        assert_true(i == 0 || v->rows[i - 1]->day_ms <= v->rows[i]->day_ms);
    }
    assert_int_equal(jb_message_json(&d->reply.base, 0, &d->arena, &json), JB_OK);
    for (size_t i = 0; i < COUNT(secrets); i++)
        if (strstr(json.data, secrets[i]) != NULL)
            fail_msg("the public answer tells \"%s\": %s", secrets[i], json.data);
}

static void names_and_codes_as_people_write_them(void **state)
{
    struct desk *d = *state;

    whole_story(d);
    assert_int_equal(ask(d, " 张三\t", "7k3m x2qp 9dht"), JB_OK);
    assert_int_equal(ask(d, "李四", CODE), JB_OK); /* each of the petitioners */
}

/* Wrong name, wrong code, no such code, nonsense: nobody can tell which it was. */
static void one_answer_for_everything_else(void **state)
{
    static const struct {
        const char *name, *code;
    } wrong[] = {{"张", CODE}, {"张三丰", CODE}, {"王五", CODE}, {"张三", "7K3M-X2QP-9DHV"}};
    static const struct {
        const char *name, *code;
    } nonsense[] = {{"", CODE}, {NULL, CODE}, {"张三", ""}, {"张三", NULL}};
    struct desk *d = *state;
    char said[sizeof d->r.fault.text] = "";

    whole_story(d);
    for (size_t round = 0; round < 2; round++) {
        for (size_t i = 0; i < 4; i++) {
            const char *name = round == 0 ? wrong[i].name : nonsense[i].name;
            const char *code = round == 0 ? wrong[i].code : nonsense[i].code;
            assert_int_equal(ask(d, name, code), JB_NOT_FOUND);
            if (said[0] == '\0')
                memcpy(said, d->r.fault.text, sizeof said);
            assert_string_equal(d->r.fault.text, said);
        }
        d->w->now_ms += 60000;
    }
}

static void guessing_is_slowed_down(void **state)
{
    struct desk *d = *state;

    whole_story(d);
    for (size_t i = 0; i < JB_AGENT_WRONG_MAX; i++) {
        assert_int_equal(ask(d, "王五", CODE), JB_NOT_FOUND);
        assert_int_equal(ask(d, "张三", CODE), i + 1 < JB_AGENT_WRONG_MAX ? JB_OK : JB_BUSY);
        d->w->now_ms += 1000;
    }
    assert_int_equal(ask(d, "王五", CODE), JB_BUSY);
    d->w->now_ms += 60000 - 5000 - 1; /* the first wrong one is not a minute old yet */
    assert_int_equal(ask(d, "张三", CODE), JB_BUSY);
    d->w->now_ms += 1;
    assert_int_equal(ask(d, "张三", CODE), JB_OK);
}

/* A node without the key, or after it was erased, knows nobody. */
static void without_the_key_nobody(void **state)
{
    struct desk *d = *state;

    whole_story(d);
    lw_sql(d->w, "r.db", "DELETE FROM case_key");
    assert_int_equal(ask(d, "张三", CODE), JB_NOT_FOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_setup, desk_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(only_days_and_documents),        TEST(names_and_codes_as_people_write_them),
        TEST(one_answer_for_everything_else), TEST(guessing_is_slowed_down),
        TEST(without_the_key_nobody),
    };
    return cmocka_run_group_tests_name("agent_public", tests, NULL, NULL);
}
