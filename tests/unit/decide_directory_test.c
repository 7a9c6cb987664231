/* Administrators' acts: each refusal, and that what is accepted can be applied. */
#include "tests/unit/rules_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const uint8_t key_a[JB_KEY_BYTES] = {1}, key_b[JB_KEY_BYTES] = {2},
                     key_c[JB_KEY_BYTES] = {3};

#define KEY(k) ((struct jb_bytes){(k), JB_KEY_BYTES})
#define ENROL(...)                                                                                 \
    ACT(ENROL_NODE, .name = T("新单位"), .level = JB_LEVEL_COUNTY,                                 \
        .node_kind = JB_NODE_DEPARTMENT, __VA_ARGS__)

static enum jb_refusal ask(struct world *w, const struct jb_act *act, bool administrator)
{
    struct jb_question q = {
        .act = act, .node = BROKER, .now_ms = w->now_ms, .administrator = administrator};

    jb_decide_directory(&w->directory, &q, &w->v);
    assert_int_equal(w->v.effects.count, 0);
    return w->v.refusal;
}

static void refused(struct world *w, const struct jb_act *act, enum jb_refusal why)
{
    if (ask(w, act, true) != why)
        fail_msg("%s instead of %s: %s", jb_refusal_name(w->v.refusal), jb_refusal_name(why),
                 w->v.detail);
}

static void accepted(struct world *w, const struct jb_act *act)
{
    struct jb_entry entry = {.act = *act};

    refused(w, act, JB_REFUSE_NONE);
    assert_int_equal(jb_directory_apply(&w->directory, &entry), JB_OK);
}

static void enrolling(void **state)
{
    struct world *w = *state;
    static const char long_code[] = "abcdefghijklmnopqrstuvwxyz0123456";

    refused(w, ENROL(.node = 1, .code = T("a")), JB_REFUSE_VALUE_OUT_OF_RANGE);
    refused(w, ENROL(.node = JB_NODE_MAX + 1, .code = T("a")), JB_REFUSE_VALUE_OUT_OF_RANGE);
    refused(w, ENROL(.node = OFFICE, .code = T("a")), JB_REFUSE_CODE_TAKEN);
    refused(w, ENROL(.node = 50, .code = T("xfj")), JB_REFUSE_CODE_TAKEN);
    refused(w, ENROL(.node = 50, .code = T("Xfj")), JB_REFUSE_VALUE_OUT_OF_RANGE);
    refused(w, ENROL(.node = 50, .code = T("-x")), JB_REFUSE_VALUE_OUT_OF_RANGE);
    refused(w, ENROL(.node = 50, .code = T("局")), JB_REFUSE_VALUE_OUT_OF_RANGE);
    refused(w, ENROL(.node = 50, .code = jb_text_of(long_code)), JB_REFUSE_VALUE_OUT_OF_RANGE);
    refused(w, ENROL(.node = 50), JB_REFUSE_FIELD_REQUIRED);
    refused(w, ENROL(.code = T("a")), JB_REFUSE_FIELD_REQUIRED);
    refused(w, ACT(ENROL_NODE, .node = 50, .code = T("a"), .level = 4, .node_kind = 4),
            JB_REFUSE_FIELD_REQUIRED);
    refused(w,
            ACT(ENROL_NODE, .node = 50, .code = T("a"), .name = T("n"), .level = 4,
                .node_kind = JB_NODE_BROKER),
            JB_REFUSE_VALUE_OUT_OF_RANGE);
    refused(w, ENROL(.node = 50, .code = T("a"), .parent = 4711), JB_REFUSE_UNKNOWN_NODE);
    refused(w, ENROL(.node = 50, .code = T("a"), .parent = 50), JB_REFUSE_PARENT_LOOP);
    refused(w, ENROL(.node = 50, .code = T("a"), .valid_from_ms = 10, .valid_to_ms = 9),
            JB_REFUSE_VALUE_OUT_OF_RANGE);
    refused(w, ENROL(.node = 50, .code = T("a"), .line_key = KEY(key_a)), JB_REFUSE_FIELD_REQUIRED);
    refused(w, ENROL(.node = 50, .code = T("a"), .line_key = {key_a, 31}, .sign_key = KEY(key_a)),
            JB_REFUSE_VALUE_OUT_OF_RANGE);
    accepted(w, ENROL(.node = 50, .code = T("a.b-9"), .parent = COUNTY, .line_key = KEY(key_a),
                      .sign_key = KEY(key_b)));
    refused(w, ENROL(.node = 51, .code = T("b"), .line_key = KEY(key_a), .sign_key = KEY(key_c)),
            JB_REFUSE_KEY_TAKEN);
    refused(w, ENROL(.node = 51, .code = T("b"), .line_key = KEY(key_c), .sign_key = KEY(key_b)),
            JB_REFUSE_KEY_TAKEN);
    accepted(w, ENROL(.node = 51, .code = jb_text_of(long_code + 1)));
}

static void changing(void **state)
{
    struct world *w = *state;

    refused(w, ACT(CHANGE_NODE, .name = T("x")), JB_REFUSE_FIELD_REQUIRED);
    refused(w, ACT(CHANGE_NODE, .node = 4711, .name = T("x")), JB_REFUSE_UNKNOWN_NODE);
    refused(w, ACT(CHANGE_NODE, .node = COUNTY, .parent = COUNTY), JB_REFUSE_PARENT_LOOP);
    refused(w, ACT(CHANGE_NODE, .node = COUNTY, .parent = TOWN_STATION), JB_REFUSE_PARENT_LOOP);
    refused(w, ACT(CHANGE_NODE, .node = COUNTY, .parent = 4711), JB_REFUSE_UNKNOWN_NODE);
    refused(w, ACT(CHANGE_NODE, .node = COUNTY, .level = 7), JB_REFUSE_VALUE_OUT_OF_RANGE);
    refused(w, ACT(CHANGE_NODE, .node = COUNTY, .name = T("a\tb")), JB_REFUSE_TEXT_INVALID);
    accepted(w, ACT(CHANGE_NODE, .node = TOWN_STATION, .parent = COUNTY));
}

static void keys(void **state)
{
    struct world *w = *state;

    refused(w, ACT(REPLACE_KEYS, .node = LAND, .line_key = KEY(key_c)), JB_REFUSE_FIELD_REQUIRED);
    refused(w, ACT(REPLACE_KEYS, .node = 4711, .line_key = KEY(key_c), .sign_key = KEY(key_c)),
            JB_REFUSE_UNKNOWN_NODE);
    refused(w, ACT(REPLACE_KEYS, .node = LAND, .line_key = KEY(key_a), .sign_key = KEY(key_c)),
            JB_REFUSE_KEY_TAKEN);
    accepted(w, ACT(REPLACE_KEYS, .node = 50, .line_key = KEY(key_a), .sign_key = KEY(key_c)));
    /* The key that signed before stays its own: old signatures are still checked with it. */
    refused(w, ACT(REPLACE_KEYS, .node = LAND, .line_key = KEY(key_c), .sign_key = KEY(key_b)),
            JB_REFUSE_KEY_TAKEN);
}

static void retiring(void **state)
{
    struct world *w = *state;

    refused(w, ACT(RETIRE_NODE, .node = LAND), JB_REFUSE_FIELD_REQUIRED);
    refused(w, ACT(RETIRE_NODE, .node = 4711, .valid_to_ms = w->now_ms), JB_REFUSE_UNKNOWN_NODE);
    refused(w, ACT(RETIRE_NODE, .node = LAND, .valid_to_ms = 1), JB_REFUSE_VALUE_OUT_OF_RANGE);
    refused(w, ACT(RETIRE_NODE, .node = LAND, .valid_to_ms = w->now_ms, .successor = LAND),
            JB_REFUSE_SAME_NODE);
    refused(w, ACT(RETIRE_NODE, .node = LAND, .valid_to_ms = w->now_ms, .successor = 4711),
            JB_REFUSE_UNKNOWN_NODE);
    accepted(w, ACT(RETIRE_NODE, .node = LAND, .valid_to_ms = w->now_ms, .successor = HOUSING));
}

static enum jb_refusal retire(struct world *w, uint64_t open_duties, const struct jb_act *act)
{
    struct jb_question q = {.act = act,
                            .node = BROKER,
                            .now_ms = w->now_ms,
                            .administrator = true,
                            .open_duties = open_duties};

    jb_decide_directory(&w->directory, &q, &w->v);
    return w->v.refusal;
}

static void duties_need_a_successor(void **state)
{
    struct world *w = *state;
    int64_t end_ms = w->now_ms + JB_DAY_MS;
    const struct {
        uint32_t node, successor;
        uint64_t duties;
        enum jb_refusal wanted;
    } rows[] = {
        {TOWN_STATION, 0, 0, JB_REFUSE_NONE},
        {TOWN_STATION, 0, 1, JB_REFUSE_SUCCESSOR_REQUIRED},
        {TOWN_STATION, TOWN, 1, JB_REFUSE_NONE},
        {TOWN_STATION, TOWN_STATION, 1, JB_REFUSE_SAME_NODE},
        {TOWN_STATION, 4711, 1, JB_REFUSE_UNKNOWN_NODE},
        {TOWN_STATION, RETIRED, 1, JB_REFUSE_NODE_NOT_VALID},
        {TOWN_STATION, OFFICE, 1, JB_REFUSE_VALUE_OUT_OF_RANGE}, /* no handler */
        {TOWN_STATION, DISCIPLINE, 0, JB_REFUSE_VALUE_OUT_OF_RANGE},
        {CONFERENCE, CITY_DEPT, 3, JB_REFUSE_VALUE_OUT_OF_RANGE}, /* no holder */
        {CONFERENCE, OFFICE, 3, JB_REFUSE_NONE},
        {COURT, DISCIPLINE, 0, JB_REFUSE_NONE},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        if (retire(w, rows[i].duties,
                   ACT(RETIRE_NODE, .node = rows[i].node, .valid_to_ms = end_ms,
                       .successor = rows[i].successor)) != rows[i].wanted)
            fail_msg("row %zu: %s: %s", i, jb_refusal_name(w->v.refusal), w->v.detail);
    }
    /* There today, but no more when the duties pass on. */
    world_node(w, TOWN)->valid_to_ms = end_ms;
    assert_int_equal(
        retire(w, 1,
               ACT(RETIRE_NODE, .node = TOWN_STATION, .valid_to_ms = end_ms, .successor = TOWN)),
        JB_REFUSE_NODE_NOT_VALID);
    world_node(w, TOWN)->valid_to_ms = 0;
}

static void installing_for_a_region(void **state)
{
    struct world *w = *state;
    const struct jb_bytes body = {(const uint8_t *)"x", 1};
    const struct {
        const char *region;
        enum jb_refusal wanted;
    } rows[] = {
        {"", JB_REFUSE_NONE},
        {"CN", JB_REFUSE_NONE},
        {"511000", JB_REFUSE_NONE},
        {"511002100000", JB_REFUSE_NONE},
        {"51", JB_REFUSE_VALUE_OUT_OF_RANGE},
        {"51100A", JB_REFUSE_VALUE_OUT_OF_RANGE},
        {"四川", JB_REFUSE_VALUE_OUT_OF_RANGE},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct jb_text region = jb_text_of(rows[i].region);

        refused(w,
                ACT(INSTALL_POLICY, .version = T("1"), .effective_from_ms = 1, .body = body,
                    .region = region),
                rows[i].wanted);
        refused(w, ACT(INSTALL_CALENDAR, .version = T("1"), .body = body, .region = region),
                rows[i].wanted);
    }
}

static void installing(void **state)
{
    struct world *w = *state;
    const struct jb_bytes body = {(const uint8_t *)"x", 1};

    refused(w, ACT(INSTALL_POLICY, .version = T("1"), .body = body), JB_REFUSE_FIELD_REQUIRED);
    refused(w, ACT(INSTALL_POLICY, .version = T("1"), .effective_from_ms = 1),
            JB_REFUSE_FIELD_REQUIRED);
    refused(w, ACT(INSTALL_CALENDAR, .version = T("1")), JB_REFUSE_FIELD_REQUIRED);
    refused(w, ACT(INSTALL_CALENDAR, .version = T("1"), .body = {body.data, JB_LIMIT_BLOB + 1}),
            JB_REFUSE_CONTENT_TOO_LARGE);
    accepted(w, ACT(INSTALL_POLICY, .version = T("1"), .effective_from_ms = 1, .body = body));
    accepted(w, ACT(INSTALL_CALENDAR, .version = T("1"), .body = body));
}

static void only_administrators(void **state)
{
    struct world *w = *state;
    const struct jb_act *acts[] = {
        ACT(ENROL_NODE, .node = 60),     ACT(CHANGE_NODE, .node = LAND),
        ACT(REPLACE_KEYS, .node = LAND), ACT(RETIRE_NODE, .node = LAND),
        ACT(INSTALL_POLICY, .node = 1),  ACT(INSTALL_CALENDAR, .node = 1),
    };

    for (size_t i = 0; i < COUNT(acts); i++)
        assert_int_equal(ask(w, acts[i], false), JB_REFUSE_ADMIN_ONLY);
    refused(w, ACT(ASSIGN, .node = LAND), JB_REFUSE_NOT_IN_FORCE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(enrolling),
        cmocka_unit_test(changing),
        cmocka_unit_test(keys),
        cmocka_unit_test(retiring),
        cmocka_unit_test(installing),
        cmocka_unit_test(only_administrators),
        cmocka_unit_test(duties_need_a_successor),
        cmocka_unit_test(installing_for_a_region),
    };
    return cmocka_run_group_tests_name("decide_directory", tests, world_open, world_close);
}
