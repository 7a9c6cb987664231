/* The directory: entries change it, lookups find what they should and say when a name is not
 * enough, the tree is climbed without loops. */
#include "tests/unit/rules_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const uint8_t key_a[JB_KEY_BYTES] = {1}, key_b[JB_KEY_BYTES] = {2},
                     key_c[JB_KEY_BYTES] = {3};

static struct jb_bytes key(const uint8_t *bytes)
{
    return (struct jb_bytes){bytes, JB_KEY_BYTES};
}

static enum jb_err apply(struct world *w, const struct jb_act *act)
{
    struct jb_entry entry = {.seq = 1, .act = *act};

    return jb_directory_apply(&w->directory, &entry);
}

static void entries_change_it(void **state)
{
    struct world *w = *state;
    const struct jb_node *n;

    assert_int_equal(
        apply(w, ACT(ENROL_NODE, .node = 500, .code = T("new"), .name = T("新单位"),
                     .level = JB_LEVEL_COUNTY, .node_kind = JB_NODE_ENTERPRISE, .parent = COUNTY,
                     .line_key = key(key_a), .sign_key = key(key_b))),
        JB_OK);
    n = jb_directory_find(&w->directory, 500);
    assert_string_equal(n->name, "新单位");
    assert_string_equal(n->region, "");
    assert_true(n->has_agent);
    assert_int_equal(n->former_count, 0);
    assert_int_equal(jb_directory_by_line_key(&w->directory, key_a), 500);
    assert_int_equal(
        apply(w, ACT(CHANGE_NODE, .node = 500, .name = T("改名"), .region = T("610101"))), JB_OK);
    assert_string_equal(n->name, "改名");
    assert_string_equal(n->region, "610101");
    assert_string_equal(n->code, "new");
    assert_int_equal(n->parent, COUNTY);
    assert_int_equal(
        apply(w, ACT(REPLACE_KEYS, .node = 500, .line_key = key(key_c), .sign_key = key(key_c))),
        JB_OK);
    assert_int_equal(n->former_count, 1);
    assert_memory_equal(n->former[0].line, key_a, JB_KEY_BYTES);
    assert_memory_equal(n->former[0].sign, key_b, JB_KEY_BYTES);
    assert_int_equal(jb_directory_by_line_key(&w->directory, key_a), 0);
    assert_int_equal(jb_directory_by_line_key(&w->directory, key_c), 500);
    assert_int_equal(
        apply(w, ACT(RETIRE_NODE, .node = 500, .valid_to_ms = 1000, .successor = LAND)), JB_OK);
    assert_int_equal(n->successor, LAND);
    assert_false(jb_node_valid(n, 1000));
    assert_true(jb_node_valid(n, 999)); /* until then it gets in */
    assert_int_equal(jb_directory_by_line_key(&w->directory, key_c), 500);
    assert_true(jb_node_valid(n, 999));
    assert_false(jb_node_valid(n, 1000));
}

static void misfits_change_nothing(void **state)
{
    struct world *w = *state;
    size_t count = w->directory.count;

    assert_int_equal(apply(w, ACT(ENROL_NODE, .node = OFFICE, .code = T("x"))), JB_CORRUPT);
    assert_int_equal(apply(w, ACT(ENROL_NODE, .code = T("x"))), JB_CORRUPT);
    assert_int_equal(apply(w, ACT(CHANGE_NODE, .node = 9999, .name = T("x"))), JB_CORRUPT);
    assert_int_equal(apply(w, ACT(REPLACE_KEYS, .node = 9999)), JB_CORRUPT);
    assert_int_equal(apply(w, ACT(RETIRE_NODE, .node = 9999)), JB_CORRUPT);
    assert_int_equal(apply(w, ACT(NOTE, .node = 9999)), JB_OK); /* not its business */
    assert_int_equal(w->directory.count, count);
}

static void it_stays_in_order_when_it_grows(void **state)
{
    struct world *w = *state;
    uint32_t number = 1000;

    for (size_t i = 0; i < 200; i++) {
        number = 1000 + (number * 37 + 11) % 997;
        if (jb_directory_find(&w->directory, number) == NULL)
            assert_int_equal(apply(w, ACT(ENROL_NODE, .node = number, .code = T("c"))), JB_OK);
    }
    for (size_t i = 1; i < w->directory.count; i++)
        assert_true(w->directory.nodes[i - 1].node < w->directory.nodes[i].node);
    for (size_t i = 0; i < w->directory.count; i++)
        assert_ptr_equal(jb_directory_find(&w->directory, w->directory.nodes[i].node),
                         &w->directory.nodes[i]);
}

struct lookup_row {
    const char *what;
    uint32_t node;
    bool many;
};

static const struct lookup_row lookups[] = {
    {"zjj", HOUSING, false},
    {"8", HOUSING, false},
    {"县住房和城乡建设局", HOUSING, false}, /* also part of another one's name */
    {"房管所", HOUSING_UNIT, false},
    {"住房和城乡建设局", 0, true},
    {"信访", 0, true},
    {"没有", 0, false},
    {"", 0, false},
    {"4711", 0, false},
    {"99999999999999999999", 0, false},
};

static void a_node_is_found_by_what_people_type(void **state)
{
    struct world *w = *state;

    for (size_t i = 0; i < COUNT(lookups); i++) {
        bool many = !lookups[i].many;
        const struct jb_node *n =
            jb_directory_lookup(&w->directory, jb_text_of(lookups[i].what), &many);

        if ((n != NULL ? n->node : 0) != lookups[i].node || many != lookups[i].many)
            fail_msg("\"%s\"", lookups[i].what);
    }
    assert_null(jb_directory_by_code(&w->directory, T("zj")));
}

static void the_tree(void **state)
{
    struct world *w = *state;
    const struct jb_directory *d = &w->directory;

    assert_true(jb_directory_below(d, HOUSING_UNIT, HOUSING));
    assert_true(jb_directory_below(d, HOUSING_UNIT, CITY));
    assert_false(jb_directory_below(d, HOUSING, HOUSING));
    assert_false(jb_directory_below(d, COUNTY, HOUSING));
    assert_false(jb_directory_below(d, HOUSING, 0));
    assert_false(jb_directory_below(d, 4711, CITY));
    assert_int_equal(jb_directory_common_superior(d, HOUSING, LAND), COUNTY);
    assert_int_equal(jb_directory_common_superior(d, TOWN_STATION, HOUSING_UNIT), COUNTY);
    assert_int_equal(jb_directory_common_superior(d, HOUSING, OTHER_DEPT), CITY);
    assert_int_equal(jb_directory_common_superior(d, CITY, HOUSING), 0);
}

static void a_loop_ends(void **state)
{
    struct world *w = *state;

    world_node(w, CITY)->parent = TOWN_STATION;
    assert_false(jb_directory_below(&w->directory, HOUSING, LAND));
    assert_int_equal(jb_directory_common_superior(&w->directory, HOUSING, 4711), 0);
    world_node(w, CITY)->parent = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_node_is_found_by_what_people_type),
        cmocka_unit_test(the_tree),
        cmocka_unit_test(a_loop_ends),
        cmocka_unit_test(entries_change_it),
        cmocka_unit_test(misfits_change_nothing),
        cmocka_unit_test(it_stays_in_order_when_it_grows),
    };
    return cmocka_run_group_tests_name("directory", tests, world_open, world_close);
}
