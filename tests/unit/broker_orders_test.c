/* The broker and what the whole rulebook adds to a batch: ratings that stay sealed, delegations
 * that everybody gets, files of their own, receipts for whoever issued a directive, keys for those
 * who may read from now on, policies of a region. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "proto/wire/seal.h"
#include "tests/unit/brokerworld.h"

/* ---- ratings ---- */

static const uint8_t code_hash[JB_HASH_BYTES] = {1, 2, 3};

/* A case whose answer was told, under a policy with a window for ratings. */
static int64_t answered_case(struct world *w)
{
    int64_t no = new_case_no(w, OFFICE);
    struct jb_act act = {.kind = JB_ACT_REGISTER,
                         .case_no = no,
                         .matter = JB_MATTER_APPEAL,
                         .channel = JB_CHANNEL_LETTER,
                         .title = jb_text_of("屋面漏水"),
                         .content = jb_text_of("请求维修"),
                         .query_code_hash = {code_hash, sizeof code_hash}};
    submit(w, OFFICE, &act);
    assign(w, no, 1, HOUSING);
    const struct jb_act steps[] = {
        {.kind = JB_ACT_SIGN_FOR},
        {.kind = JB_ACT_ACCEPT,
         .exit = JB_EXIT_RESIDUE,
         .notice_no = jb_text_of("告1"),
         .told_at_ms = w->now_ms,
         .how = jb_text_of("当面")},
        {.kind = JB_ACT_ANSWER,
         .opinion = JB_OPINION_EXPLAINED,
         .text = jb_text_of("已说明"),
         .opinion_no = jb_text_of("意1"),
         .report = jb_text_of("办结报告"),
         .told_at_ms = w->now_ms,
         .how = jb_text_of("当面")},
    };
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        act = steps[i];
        act.case_no = no;
        act.custody = 2;
        submit(w, HOUSING, &act);
    }
    run_tick(w);
    for (size_t i = 0; i < w->b.fill->op_count; i++)
        if (w->b.fill->ops[i].kind == JB_OP_REFUSAL)
            fail_msg("%.*s", (int)w->b.fill->ops[i].refusal.name.len,
                     w->b.fill->ops[i].refusal.name.data);
    next_tick(w);
    return no;
}

static void open_window(struct world *w)
{
    struct jb_text text =
        file_with(w, "deploy/policy/cn-2022.ini", "name = 满意度评价期限\nlimit = 0",
                  "name = 满意度评价期限\nlimit = 30");
    char *version = strstr(text.data, "\nversion = 2");
    assert_non_null(version);
    version[11] = 'r';
    install(w, true, text);
    assert_int_equal(jb_keys_generate(JB_SUITE_ED25519, &w->b.keys, &(struct jb_fault){""}), JB_OK);
}

static enum jb_refusal rate(struct world *w, int64_t no, int party, struct jb_bytes sealed)
{
    struct jb_act act = {.kind = JB_ACT_RATE,
                         .case_no = no,
                         .rated_party = party,
                         .sealed = sealed,
                         .query_code_hash = {code_hash, sizeof code_hash}};
    submit(w, OFFICE, &act);
    run_tick(w);
    next_tick(w);
    return w->b.verdict.refusal;
}

static struct jb_bytes sealed_rating(struct world *w, int64_t no, int party, int satisfaction)
{
    struct jb_bytes out;
    assert_int_equal(
        jb_rating_seal(w->b.keys.line.public_key, no, party, satisfaction, &w->arena, &out), JB_OK);
    return out;
}

static void ratings_stay_sealed_until_the_window_is_over(void **state)
{
    struct world *w = *state;
    open_window(w);
    int64_t no = answered_case(w);
    struct jb_case c = load_case(w, no);
    assert_int_equal(c.ratings[0].state, JB_RATING_WAITING);

    /* nonsense: not sealed to this broker; of another case; of the other party; nothing */
    struct jb_node_keys foreign;
    struct jb_bytes bad;
    assert_int_equal(jb_keys_generate(JB_SUITE_ED25519, &foreign, &(struct jb_fault){""}), JB_OK);
    assert_int_equal(
        jb_rating_seal(foreign.line.public_key, no, JB_RATED_OFFICE, JB_SATISFIED, &w->arena, &bad),
        JB_OK);
    assert_int_equal(rate(w, no, JB_RATED_OFFICE, bad), JB_REFUSE_VALUE_OUT_OF_RANGE);
    bad = sealed_rating(w, no + 1, JB_RATED_OFFICE, JB_SATISFIED);
    assert_int_equal(rate(w, no, JB_RATED_OFFICE, bad), JB_REFUSE_VALUE_OUT_OF_RANGE);
    bad = sealed_rating(w, no, JB_RATED_HANDLER, JB_SATISFIED);
    assert_int_equal(rate(w, no, JB_RATED_OFFICE, bad), JB_REFUSE_VALUE_OUT_OF_RANGE);

    struct jb_bytes good = sealed_rating(w, no, JB_RATED_OFFICE, JB_NOT_SATISFIED);
    assert_int_equal(rate(w, no, JB_RATED_OFFICE, good), JB_REFUSE_NONE);
    struct jb_entry e = log_entry(w, jb_log_last_seq(w->b.ledger));
    assert_int_equal(e.act.kind, JB_ACT_RATE);
    assert_int_equal(e.act.satisfaction, 0);
    for (size_t i = 0; i < e.effect_count; i++)
        assert_int_equal(e.effects[i].satisfaction, 0);
    c = load_case(w, no);
    assert_int_equal(c.ratings[0].state, JB_RATING_CAST);
    assert_int_equal(c.ratings[0].satisfaction, 0);

    w->now_ms += 29 * DAY_MS;
    (void)run_clock(w, 512);
    c = load_case(w, no);
    assert_int_equal(c.ratings[0].state, JB_RATING_CAST);
    w->now_ms += 3 * DAY_MS;
    (void)run_clock(w, 512);
    c = load_case(w, no);
    assert_int_equal(c.ratings[0].state, JB_RATING_OPENED);
    assert_int_equal(c.ratings[0].satisfaction, JB_NOT_SATISFIED);
    assert_int_equal(c.ratings[1].state, JB_RATING_UNRATED);
    assert_int_equal(w->b.count.ratings_opened, 2);
    assert_int_equal(run_clock(w, 512), 0);
}

/* The same case once more: nobody rates the second answer, and the rating of the first one, which
 * stands in the log for ever, is not taken for it. */
static void a_rating_of_an_earlier_round_does_not_come_back(void **state)
{
    struct world *w = *state;
    open_window(w);
    int64_t no = answered_case(w);
    struct jb_bytes good = sealed_rating(w, no, JB_RATED_OFFICE, JB_SATISFIED);
    assert_int_equal(rate(w, no, JB_RATED_OFFICE, good), JB_REFUSE_NONE);
    w->now_ms += 60 * DAY_MS;
    (void)run_clock(w, 512);
    struct jb_case c = load_case(w, no);
    assert_int_equal(c.ratings[0].state, JB_RATING_OPENED);

    const struct jb_effect again[] = {
        {.kind = JB_EFFECT_DEADLINE_SET,
         .deadline_id = c.deadlines[c.deadline_count - 1].id + 1,
         .key = jb_text_of("rate"),
         .node = OFFICE,
         .trigger_ms = w->now_ms,
         .limit = 30,
         .due_ms = w->now_ms + 30 * DAY_MS},
        {.kind = JB_EFFECT_RATING_SET, .party = JB_RATED_OFFICE, .rating = JB_RATING_WAITING},
        {.kind = JB_EFFECT_RATING_SET, .party = JB_RATED_HANDLER, .rating = JB_RATING_WAITING}};
    accept_effects(w, no, again, 3);
    c = load_case(w, no);
    assert_int_equal(c.ratings[0].state, JB_RATING_WAITING);
    w->now_ms += 31 * DAY_MS;
    (void)run_clock(w, 512);
    c = load_case(w, no);
    assert_int_equal(c.ratings[0].state, JB_RATING_UNRATED);
    assert_int_equal(c.ratings[1].state, JB_RATING_UNRATED);
    assert_null(jb_case_open_deadline(&c, "rate"));
}

/* ---- delegations ---- */

static void delegations_go_to_everybody(void **state)
{
    struct world *w = *state;
    struct seen s;
    struct jb_act act = {
        .kind = JB_ACT_DELEGATE, .official = jb_text_of("王县长"), .power = JB_POWER_COORDINATE};
    uint64_t before = stream_end(w, LABOUR);
    uint64_t own = stream_end(w, OFFICE);
    submit(w, OFFICE, &act);
    run_tick(w);
    assert_int_equal(w->b.verdict.refusal, JB_REFUSE_NONE);
    next_tick(w);
    read_stream(w, LABOUR, before + 1, &s);
    assert_int_equal(s.count, 1);
    assert_int_equal(s.entries[0].act.kind, JB_ACT_DELEGATE);
    assert_int_equal(s.items[0].settles, 0);
    read_stream(w, OFFICE, own + 1, &s);
    assert_int_equal(s.items[0].settles, 1);
    assert_true(jb_directory_delegated(&w->b.directory, OFFICE, jb_text_of("王县长"),
                                       JB_POWER_COORDINATE, w->now_ms));
    /* one who is enrolled later gets it with the rest, and a restart finds it */
    uint32_t late = enrol(w, "late", JB_NODE_DEPARTMENT, GOV);
    read_stream(w, late, 1, &s);
    size_t found = 0;
    for (size_t i = 0; i < s.count; i++)
        found += s.entries[i].act.kind == JB_ACT_DELEGATE;
    assert_int_equal(found, 1);
    struct jb_directory again;
    jb_directory_init(&again);
    assert_int_equal(jb_ledger_directory_load(w->b.reader, &again), JB_OK);
    assert_int_equal(again.delegation_count, 1);
    jb_directory_fini(&again);
}

/* ---- files of their own, receipts ---- */

static void a_directive_opens_a_file_and_its_issuer_hears_of_the_receipt(void **state)
{
    struct world *w = *state;
    struct seen s;
    int64_t no = new_case_no(w, OFFICE);
    uint32_t receivers[] = {HOUSING};
    struct jb_act act = {.kind = JB_ACT_ISSUE_DIRECTIVE,
                         .case_no = no,
                         .power = JB_POWER_SUPERVISE,
                         .demand = JB_DEMAND_PROGRESS,
                         .audience = {receivers, 1},
                         .node = HOUSING,
                         .authority = JB_AUTHORITY_FIRST_ASSIGNMENT,
                         .level = JB_LEVEL_COUNTY,
                         .basis = jb_text_of("县委办发1号"),
                         .title = jb_text_of("督办供暖"),
                         .text = jb_text_of("报告进度")};
    uint64_t before = stream_end(w, HOUSING);
    submit(w, OFFICE, &act);
    run_tick(w);
    if (w->b.verdict.refusal != JB_REFUSE_NONE)
        fail_msg("%s %s", jb_refusal_name(w->b.verdict.refusal), w->b.verdict.detail);
    next_tick(w);
    struct jb_case c = load_case(w, no);
    assert_int_equal(c.stage, JB_STAGE_FILE);
    assert_int_equal(c.directive_count, 1);
    read_stream(w, HOUSING, before + 1, &s);
    assert_int_equal(s.count, 1); /* no history: this is its beginning */
    assert_false(s.items[0].history);
    before = stream_end(w, OFFICE);
    acknowledge(w, HOUSING);
    run_tick(w);
    next_tick(w);
    read_stream(w, OFFICE, before + 1, &s);
    assert_int_equal(s.count, 1);
    assert_int_equal(s.entries[0].act.kind, JB_ACT_STORED);
    assert_int_equal(s.entries[0].act.items.at[0].log_seq, c.directives[0].seq);
    int64_t stored_ms = 0;
    assert_int_equal(jb_ledger_stored_at(w->b.reader, no, c.directives[0].seq, HOUSING, &stored_ms),
                     JB_OK);
    assert_int_equal(stored_ms, w->now_ms);
}

/* ---- who may read what is sealed ---- */

static bool has_key(struct world *w, uint32_t node, uint64_t from, size_t *registers)
{
    struct jb_stream_read want = {
        .node = node, .from = from, .max_items = 64, .max_bytes = 1 << 20};
    struct jb_frame_item *items = NULL;
    uint8_t head[JB_HASH_BYTES];
    size_t count = 0;
    bool key = false;
    struct seen s;
    assert_int_equal(jb_stream_read(w->b.reader, &want, &w->arena, &items, &count, head), JB_OK);
    read_stream(w, node, from, &s);
    *registers = 0;
    for (size_t i = 0; i < count; i++) {
        *registers += s.entries[i].act.kind == JB_ACT_REGISTER;
        key = key || items[i].case_key.len == JB_KEY_BYTES;
    }
    return key;
}

static void the_key_comes_with_the_right_to_read(void **state)
{
    struct world *w = *state;
    static const uint8_t key[JB_KEY_BYTES] = {9};
    size_t registers;
    int64_t no = register_case(w);
    w->b.fill->items[w->b.fill->item_count - 1].case_key = (struct jb_bytes){key, sizeof key};
    run_tick(w);
    next_tick(w);
    uint64_t at = stream_end(w, LABOUR);
    const struct jb_effect informed = {
        .kind = JB_EFFECT_JOINED, .node = LABOUR, .role = JB_ROLE_INFORMED};
    accept_effects(w, no, &informed, 1);
    assert_false(has_key(w, LABOUR, at + 1, &registers));
    assert_int_equal(registers, 1);
    at = stream_end(w, LABOUR);
    const struct jb_effect reviewer = {
        .kind = JB_EFFECT_JOINED, .node = LABOUR, .role = JB_ROLE_REVIEWER};
    accept_effects(w, no, &reviewer, 1);
    assert_true(has_key(w, LABOUR, at + 1, &registers));
    assert_int_equal(registers, 1); /* it has the rest already */
    at = stream_end(w, LABOUR);
    const struct jb_effect co = {
        .kind = JB_EFFECT_JOINED, .node = LABOUR, .role = JB_ROLE_CO_HANDLER};
    accept_effects(w, no, &co, 1);
    (void)has_key(w, LABOUR, at + 1, &registers);
    assert_int_equal(registers, 0); /* it could read before */
}

/* ---- cases that others name ---- */

static void cases_that_were_only_looked_at_are_not_written(void **state)
{
    struct world *w = *state;
    int64_t first = register_case(w);
    int64_t second = register_case(w);
    run_tick(w);
    next_tick(w);
    struct jb_case before = load_case(w, first);
    w->now_ms += 1000;
    struct jb_act act = {.kind = JB_ACT_LINK,
                         .case_no = second,
                         .other_case_no = first,
                         .link_kind = JB_LINK_RELATED,
                         .reason = jb_text_of("同一小区")};
    submit(w, OFFICE, &act);
    run_tick(w);
    if (w->b.verdict.refusal != JB_REFUSE_NONE)
        fail_msg("%s %s", jb_refusal_name(w->b.verdict.refusal), w->b.verdict.detail);
    size_t entries = 0;
    for (size_t i = 0; i < w->b.fill->op_count; i++)
        entries += w->b.fill->ops[i].kind == JB_OP_ENTRY;
    next_tick(w);
    struct jb_case c = load_case(w, second);
    assert_non_null(jb_case_mark(&c, JB_MARK_LINK, 0, first));
    struct jb_case other = load_case(w, first);
    if (entries == 1) /* nothing followed for the other one */
        assert_int_equal(other.last_seq, before.last_seq);
    else
        assert_true(other.last_seq > before.last_seq);
    /* the record and the tables agree, whatever followed */
    uint8_t digest[JB_HASH_BYTES];
    uint8_t again[JB_HASH_BYTES];
    struct jb_fault fault = {""};
    assert_int_equal(jb_ledger_digest(w->b.ledger, digest), JB_OK);
    assert_int_equal(jb_ledger_rebuild(w->b.ledger, &fault), JB_OK);
    assert_int_equal(jb_ledger_digest(w->b.ledger, again), JB_OK);
    assert_memory_equal(digest, again, sizeof digest);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        T(ratings_stay_sealed_until_the_window_is_over),
        T(a_rating_of_an_earlier_round_does_not_come_back),
        T(delegations_go_to_everybody),
        T(a_directive_opens_a_file_and_its_issuer_hears_of_the_receipt),
        T(the_key_comes_with_the_right_to_read),
        T(cases_that_were_only_looked_at_are_not_written),
    };
#undef T
    return cmocka_run_group_tests_name("broker_orders", tests, NULL, NULL);
}
