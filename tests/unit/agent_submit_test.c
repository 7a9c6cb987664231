/* What the agent puts into a submission: the query code and its hash, a sealed rating, the number
 * of a file; and that a token makes a submission once. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/agentdesk.h"

static const struct jb_act register_act = {.kind = JB_ACT_REGISTER,
                                           .matter = JB_MATTER_APPEAL,
                                           .channel = JB_CHANNEL_LETTER,
                                           .title = {"反映供暖问题", 18}};

static uint64_t made(struct desk *d)
{
    return jb_outbox_made(d->agent.ledger).number;
}

/* ---- query codes ---- */

static void a_registration_tells_its_code_once(void **state)
{
    struct desk *d = *state;
    uint8_t hash[JB_HASH_BYTES];
    char code[JB_QUERY_CODE_TEXT];
    Jb__Request again = JB__REQUEST__INIT;
    Jb__GetSettled q = JB__GET_SETTLED__INIT;

    assert_int_equal(desk_submit(d, "张三", &register_act, NULL), JB_OK);
    const Jb__SettledView *s = d->reply.settled;
    assert_true(s->pending);
    assert_non_null(s->query_code);
    assert_int_equal(strlen(s->query_code), sizeof code - 1);
    (void)snprintf(code, sizeof code, "%s", s->query_code);
    q.number = s->number;
    struct jb_act act = desk_outbox_act(d);
    assert_int_equal(jb_query_code_hash(jb_text_of(code), hash), JB_OK);
    assert_int_equal(act.query_code_hash.len, sizeof hash);
    assert_memory_equal(act.query_code_hash.data, hash, sizeof hash);
    again.settled = &q;
    assert_int_equal(desk_ask(d, "张三", &again, jb_agent_get_settled), JB_OK);
    assert_null(d->reply.settled->query_code);
    char *dump = lw_dump(d->agent.ledger);
    assert_null(strstr(dump, code));
    free(dump);
    assert_false(lw_file_contains(d->w, "r.db", code));
    assert_false(lw_file_contains(d->w, "r.db-wal", code));
}

static void every_code_is_another(void **state)
{
    struct desk *d = *state;
    char first[JB_QUERY_CODE_TEXT];

    assert_int_equal(desk_submit(d, "张三", &register_act, NULL), JB_OK);
    (void)snprintf(first, sizeof first, "%s", d->reply.settled->query_code);
    assert_int_equal(desk_submit(d, "张三", &register_act, NULL), JB_OK);
    assert_string_not_equal(d->reply.settled->query_code, first);
    struct jb_act own = register_act;
    uint8_t hash[JB_HASH_BYTES] = {1};
    own.query_code_hash = (struct jb_bytes){hash, sizeof hash};
    assert_int_equal(desk_submit(d, "张三", &own, NULL), JB_MALFORMED);
    assert_int_equal(made(d), 2);
}

/* ---- ratings ---- */

static void a_rating_is_sealed(void **state)
{
    struct desk *d = *state;
    int64_t case_no = desk_register(d, 0, "反映供暖问题");
    char code[] = "7k3m x2qp-9dht"; /* as people write it */
    Jb__DoSubmit more = JB__DO_SUBMIT__INIT;
    struct jb_act rate = {.kind = JB_ACT_RATE,
                          .case_no = case_no,
                          .rated_party = JB_RATED_HANDLER,
                          .satisfaction = JB_NOT_SATISFIED};
    uint8_t hash[JB_HASH_BYTES];
    int satisfaction = 0;

    desk_deliver(d);
    assert_int_equal(desk_submit(d, "张三", &rate, NULL), JB_MISSING);
    more.query_code = code;
    assert_int_equal(desk_submit(d, "张三", &rate, &more), JB_OK);
    struct jb_act act = desk_outbox_act(d);
    assert_int_equal(act.satisfaction, 0);
    assert_int_equal(act.rated_party, JB_RATED_HANDLER);
    assert_int_equal(jb_query_code_hash(jb_text_of("7K3M-X2QP-9DHT"), hash), JB_OK);
    assert_memory_equal(act.query_code_hash.data, hash, sizeof hash);
    assert_int_equal(
        jb_rating_open(&d->broker_keys, case_no, JB_RATED_HANDLER, act.sealed, &satisfaction),
        JB_OK);
    assert_int_equal(satisfaction, JB_NOT_SATISFIED);
    assert_int_not_equal(
        jb_rating_open(&d->agent.keys, case_no, JB_RATED_HANDLER, act.sealed, &satisfaction),
        JB_OK); /* not even by who sent it */
}

static void what_a_rating_must_not_be(void **state)
{
    struct desk *d = *state;
    int64_t case_no = desk_register(d, 0, "反映供暖问题");
    char good[] = "7K3M-X2QP-9DHT";
    char bad[] = "7K3M-X2QP";
    uint8_t box[JB_RATING_SEALED_BYTES] = {1};
    Jb__DoSubmit more = JB__DO_SUBMIT__INIT;
    struct jb_act rate = {
        .kind = JB_ACT_RATE, .case_no = case_no, .rated_party = 1, .satisfaction = 1};
    struct jb_act note = {.kind = JB_ACT_NOTE, .case_no = case_no, .text = jb_text_of("记")};

    desk_deliver(d);
    more.query_code = bad;
    assert_int_equal(desk_submit(d, "张三", &rate, &more), JB_MALFORMED);
    more.query_code = good;
    assert_int_equal(desk_submit(d, "张三", &note, &more), JB_MALFORMED);
    rate.satisfaction = 9;
    assert_int_equal(desk_submit(d, "张三", &rate, &more), JB_RANGE);
    rate.satisfaction = 1;
    rate.sealed = (struct jb_bytes){box, sizeof box};
    assert_int_equal(desk_submit(d, "张三", &rate, &more), JB_MALFORMED);
    assert_int_equal(made(d), 0);
}

/* ---- files of their own ---- */

static void a_directive_opens_a_file(void **state)
{
    struct desk *d = *state;
    const uint32_t audience[] = {10, 11};
    struct jb_act act = {.kind = JB_ACT_ISSUE_DIRECTIVE,
                         .power = JB_POWER_CIRCULATE,
                         .text = jb_text_of("通报欠薪问题"),
                         .audience = {audience, 2}};

    assert_int_equal(desk_submit(d, "张三", &act, NULL), JB_MISSING);
    act.title = jb_text_of("关于欠薪问题的通报");
    assert_int_equal(desk_submit(d, "张三", &act, NULL), JB_OK);
    int64_t case_no = d->reply.settled->case_no;
    assert_int_equal(jb_caseno_check(case_no), JB_OK);
    assert_int_equal(jb_caseno_node(case_no), DESK_NODE);
    assert_null(d->reply.settled->query_code); /* nobody asks about a file */
    assert_int_equal(desk_outbox_act(d).case_no, case_no);
    assert_int_equal(desk_submit(d, "张三", &register_act, NULL), JB_OK);
    assert_int_not_equal(d->reply.settled->case_no, case_no);
}

/* The part of a split names a case that is not in this replica: that is the broker's to judge. */
static void what_is_not_here_is_not_judged(void **state)
{
    struct desk *d = *state;
    struct jb_act part = register_act;
    struct jb_date day = jb_date_of_instant(d->w->now_ms);

    assert_int_equal(jb_caseno_make(day, 33, 5, &part.other_case_no), JB_OK);
    assert_int_equal(desk_submit(d, "张三", &part, NULL), JB_OK);
    assert_true(d->reply.settled->pending);
    assert_int_equal(desk_outbox_act(d).other_case_no, part.other_case_no);
}

/* ---- tokens ---- */

static void submit_with(struct desk *d, const char *user, const char *token)
{
    Jb__DoSubmit more = JB__DO_SUBMIT__INIT;
    char copy[80];

    (void)snprintf(copy, sizeof copy, "%s", token);
    more.token = copy;
    assert_int_equal(desk_submit(d, user, &register_act, &more), JB_OK);
}

static void a_token_submits_once(void **state)
{
    struct desk *d = *state;

    submit_with(d, "网关", "a-1");
    int64_t case_no = d->reply.settled->case_no;
    assert_non_null(d->reply.settled->query_code);
    submit_with(d, "网关", "a-1");
    assert_int_equal(made(d), 1);
    assert_int_equal(d->reply.settled->number, 1);
    assert_int_equal(d->reply.settled->case_no, case_no);
    assert_null(d->reply.settled->query_code); /* told once */
    submit_with(d, "网关", "a-2");
    assert_int_equal(made(d), 2);
    submit_with(d, "张三", "a-1"); /* another user's token is another token */
    assert_int_equal(made(d), 3);
    submit_with(d, "网关/张三", "a-1");
    assert_int_equal(made(d), 4);
    submit_with(d, "网关", "");
    submit_with(d, "网关", "");
    assert_int_equal(made(d), 6);
}

static void a_token_lasts_a_day_and_a_restart(void **state)
{
    struct desk *d = *state;
    const int64_t day_ms = INT64_C(86400000);
    int64_t start_ms = d->w->now_ms;

    submit_with(d, "网关", "a-1");
    lw_close(&d->agent.ledger);
    d->agent.ledger = lw_open(d->w, "r.db", JB_LEDGER_REPLICA);
    d->w->now_ms = start_ms + day_ms - 1;
    submit_with(d, "网关", "a-1");
    assert_int_equal(made(d), 1);
    d->w->now_ms = start_ms + day_ms;
    submit_with(d, "网关", "a-1");
    assert_int_equal(made(d), 2);
    submit_with(d, "网关", "a-1"); /* and the new one is known */
    assert_int_equal(made(d), 2);
}

/* A refused submission leaves no token behind: it can be put right and sent again. */
static void a_refusal_uses_up_no_token(void **state)
{
    struct desk *d = *state;
    char token[] = "a-1";
    Jb__DoSubmit more = JB__DO_SUBMIT__INIT;
    struct jb_act wrong = register_act;

    more.token = token;
    wrong.matter = 99;
    assert_int_equal(desk_submit(d, "网关", &wrong, &more), JB_OK);
    assert_false(d->reply.settled->accepted);
    assert_false(d->reply.settled->pending);
    assert_null(d->reply.settled->query_code);
    assert_int_equal(d->reply.settled->case_no, 0);
    assert_int_equal(made(d), 0);
    submit_with(d, "网关", "a-1");
    assert_int_equal(made(d), 1);
}

static void a_token_has_limits(void **state)
{
    struct desk *d = *state;
    char token[80];
    Jb__DoSubmit more = JB__DO_SUBMIT__INIT;

    memset(token, 't', sizeof token);
    token[JB_AGENT_TOKEN_BYTES + 1] = '\0';
    more.token = token;
    assert_int_equal(desk_submit(d, "网关", &register_act, &more), JB_TOO_LARGE);
    token[JB_AGENT_TOKEN_BYTES] = '\0';
    assert_int_equal(desk_submit(d, "网关", &register_act, &more), JB_OK);
    token[3] = '\n';
    assert_int_equal(desk_submit(d, "网关", &register_act, &more), JB_MALFORMED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_setup, desk_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_registration_tells_its_code_once),
        TEST(every_code_is_another),
        TEST(a_rating_is_sealed),
        TEST(what_a_rating_must_not_be),
        TEST(a_directive_opens_a_file),
        TEST(what_is_not_here_is_not_judged),
        TEST(a_token_submits_once),
        TEST(a_token_lasts_a_day_and_a_restart),
        TEST(a_refusal_uses_up_no_token),
        TEST(a_token_has_limits),
    };
    return cmocka_run_group_tests_name("agent_submit", tests, NULL, NULL);
}
