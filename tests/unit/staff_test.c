/* The table of rights: every kind of act has a right, every right a word and a sensible set of
 * roles; which roles exclude each other; how a set reads. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "proto/rules/staff.h"

static const enum jb_act_kind kinds[] = {
#define X(name, field, number) JB_ACT_##name,
    JB_ACT_KINDS(X)
#undef X
};
#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static void every_act_has_a_right_and_no_other_number_has(void **state)
{
    size_t rows = 0;

    (void)state;
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (jb_right_of_act(kinds[i]) == JB_RIGHT_NONE)
            fail_msg("\"%s\" has no right", jb_act_kind_name(kinds[i]));
    for (unsigned number = 0; number < 1000; number++)
        rows += jb_right_of_act((enum jb_act_kind)number) != JB_RIGHT_NONE;
    assert_int_equal(rows, COUNT(kinds));
}

/* Nobody at an agency makes what programs and the broker make; everything else somebody can. */
static void acts_are_for_persons_or_for_programs(void **state)
{
    static const enum jb_act_kind programs[] = {
        JB_ACT_OPEN_RATING,  JB_ACT_STORED,      JB_ACT_RECEIVED,       JB_ACT_WARN,
        JB_ACT_MISS,         JB_ACT_UNDELIVERED, JB_ACT_UNSIGNED,       JB_ACT_CLOCK_STEP,
        JB_ACT_RECOUNT,      JB_ACT_SUCCEED,     JB_ACT_ENROL_NODE,     JB_ACT_CHANGE_NODE,
        JB_ACT_REPLACE_KEYS, JB_ACT_RETIRE_NODE, JB_ACT_INSTALL_POLICY, JB_ACT_INSTALL_CALENDAR,
        JB_ACT_NEW_EPOCH,    JB_ACT_PURGED,      JB_ACT_QUARANTINE,     JB_ACT_REPLAY,
        JB_ACT_LOST};
    size_t of_nobody = 0;

    (void)state;
    for (size_t i = 0; i < COUNT(programs); i++)
        assert_int_equal(jb_right_of_act(programs[i]), JB_RIGHT_SYSTEM);
    for (size_t i = 0; i < COUNT(kinds); i++)
        of_nobody += jb_right_roles(jb_right_of_act(kinds[i])) == JB_STAFF_NONE;
    assert_int_equal(of_nobody, COUNT(programs));
    assert_int_equal(jb_right_roles(JB_RIGHT_SYSTEM), JB_STAFF_NONE);
}

static void every_right_has_a_word_of_its_own(void **state)
{
    (void)state;
    for (unsigned i = JB_RIGHT_NONE + 1; i < JB_RIGHT_COUNT; i++) {
        assert_string_not_equal(jb_right_word((enum jb_right)i), "");
        assert_int_equal(jb_right_roles((enum jb_right)i) & ~JB_STAFF_ALL, 0);
        for (unsigned k = JB_RIGHT_NONE + 1; k < i; k++)
            assert_string_not_equal(jb_right_word((enum jb_right)i),
                                    jb_right_word((enum jb_right)k));
    }
    assert_string_equal(jb_right_word(JB_RIGHT_COUNT), "");
    assert_int_equal(jb_right_roles(JB_RIGHT_COUNT), JB_STAFF_NONE);
    assert_string_equal(jb_staff_word(JB_STAFF_COUNT), "");
}

static bool has(enum jb_staff role, enum jb_right right)
{
    return (jb_right_roles(right) & 1U << role) != 0;
}

static void duties_are_kept_apart(void **state)
{
    static const enum jb_right of_cases[] = {
        JB_RIGHT_LOOK,   JB_RIGHT_PERSONS, JB_RIGHT_REGISTER, JB_RIGHT_SEND,
        JB_RIGHT_HANDLE, JB_RIGHT_RULE,    JB_RIGHT_DIRECT,   JB_RIGHT_DELEGATE,
        JB_RIGHT_ERASE,  JB_RIGHT_ALARMS,  JB_RIGHT_ATTACH,   JB_RIGHT_COUNTERSIGN};

    (void)state;
    for (size_t i = 0; i < COUNT(of_cases); i++) {
        assert_false(has(JB_STAFF_AUDITOR, of_cases[i]));
        assert_false(has(JB_STAFF_ADMINISTRATOR, of_cases[i]));
        assert_false(has(JB_STAFF_GATEWAY, of_cases[i]));
    }
    assert_int_equal(jb_right_roles(JB_RIGHT_AUDIT), JB_STAFF_BIT(AUDITOR));
    assert_int_equal(jb_right_roles(JB_RIGHT_COUNTERSIGN), JB_STAFF_BIT(LEADER));
    assert_int_equal(jb_right_roles(JB_RIGHT_ACT_FOR), JB_STAFF_BIT(GATEWAY));
    assert_false(has(JB_STAFF_CLERK, JB_RIGHT_DIRECT));
    assert_false(has(JB_STAFF_CLERK, JB_RIGHT_RULE));
}

static void some_roles_exclude_each_other(void **state)
{
    enum jb_staff one, other;

    (void)state;
    for (unsigned set = 0; set <= JB_STAFF_ALL; set++) {
        unsigned alone = set & (JB_STAFF_BIT(AUDITOR) | JB_STAFF_BIT(GATEWAY));
        bool clash = alone != 0 && set != alone;
        clash = clash || alone == (JB_STAFF_BIT(AUDITOR) | JB_STAFF_BIT(GATEWAY));
        assert_int_equal(jb_staff_clash(set, &one, &other), clash);
        if (clash) {
            assert_int_not_equal(one, other);
            assert_true((set & 1U << one) != 0 && (set & 1U << other) != 0);
        }
    }
}

static void sets_are_read_as_words(void **state)
{
    char text[64], small[8];

    (void)state;
    jb_staff_text(JB_STAFF_BIT(CLERK) | JB_STAFF_BIT(LEADER), " or ", text, sizeof text);
    assert_string_equal(text, "clerk or leader");
    jb_staff_text(JB_STAFF_NONE, ", ", text, sizeof text);
    assert_string_equal(text, "nobody");
    jb_staff_text(JB_STAFF_ALL, ", ", small, sizeof small);
    assert_string_equal(small, "clerk, ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_act_has_a_right_and_no_other_number_has),
        cmocka_unit_test(acts_are_for_persons_or_for_programs),
        cmocka_unit_test(every_right_has_a_word_of_its_own),
        cmocka_unit_test(duties_are_kept_apart),
        cmocka_unit_test(some_roles_exclude_each_other),
        cmocka_unit_test(sets_are_read_as_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
