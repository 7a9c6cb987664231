/* Lists of people: which are refused and why, whom they name, who stands in two. The users and
 * groups of the system are root and group root, which every machine has. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <setjmp.h>
#include <cmocka.h>

#include "proto/wire/people.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static struct jb_account li = {.name = "li", .uid = 61234, .groups = {0}, .group_count = 1};

static void lists_are_checked(void **state)
{
    static const struct {
        const char *list, *named; /* NULL: a good list */
    } cases[] = {
        {"", NULL},
        {"  ,, ", NULL},
        {"li", NULL},
        {" li ,  wang,@root", NULL},
        {"uid:0, uid:4294967294", NULL},
        {"gateway/张 三, 王五", NULL},
        {"@no-such-group-here", "no-such-group-here"},
        {"@", "no group"},
        {"uid:", "uid:"},
        {"uid:x", "uid:x"},
        {"uid:1 2", "uid:1 2"},
        {"uid:-1", "uid:-1"},
        {"uid:4294967295", "4294967295"},
        {"li\x01", "not a name"},
        {"0123456789012345678901234567890123456789012345678901234567890123456789"
         "0123456789012345678901234567890",
         "longer"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct jb_fault fault = {""};
        enum jb_err err = jb_people_check(cases[i].list, &fault);
        assert_int_equal(err, cases[i].named == NULL ? JB_OK : JB_CONFIG);
        if (cases[i].named != NULL && strstr(fault.text, cases[i].named) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", fault.text, cases[i].named);
    }
}

static void a_list_has_a_limit(void **state)
{
    static char list[JB_PEOPLE_BYTES + 2];
    struct jb_fault fault = {""};

    (void)state;
    memset(list, ',', JB_PEOPLE_BYTES);
    assert_int_equal(jb_people_check(list, &fault), JB_OK);
    list[JB_PEOPLE_BYTES] = ',';
    assert_int_equal(jb_people_check(list, &fault), JB_CONFIG);
}

static void accounts_are_named_by_login_number_and_group(void **state)
{
    static const struct {
        const char *list;
        bool named;
    } cases[] = {
        {"li", true},
        {"wang, li", true},
        {" li\t", true},
        {"lin", false},
        {"l", false},
        {"", false},
        {"uid:61234", true},
        {"uid:6123", false},
        {"@root", true},
        {"root", false},
        {"gateway/li", false},
        {"@li", false},
        {"wang,, uid:61234", true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(jb_people_names(cases[i].list, &li), cases[i].named);
    li.group_count = 0;
    assert_false(jb_people_names("@root", &li));
    li.group_count = 1;
}

static void persons_are_named_with_or_without_the_account(void **state)
{
    (void)state;
    assert_true(jb_people_names_person("wang, 张 三", "gateway", "张 三"));
    assert_true(jb_people_names_person("gateway/张 三", "gateway", "张 三"));
    assert_false(jb_people_names_person("other/张 三", "gateway", "张 三"));
    assert_false(jb_people_names_person("张", "gateway", "张 三"));
    assert_false(jb_people_names_person("", "gateway", "张 三"));
}

static void who_stands_in_two_lists_is_found(void **state)
{
    static const struct {
        const char *one, *other, *name; /* NULL: nobody */
    } cases[] = {
        {"li, wang", "zhao, li", "li"},
        {"li", "wang", NULL},
        {"", "li", NULL},
        {"root", "uid:0", "root"},
        {"root", "@root", "root"},
        {"@root", "root", "root"},
        {"@root", "@root", "@root"},
        {"张三", "gateway/张三", "张三"},
    };
    char name[JB_PEOPLE_NAME_BYTES];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        bool shared = jb_people_shared(cases[i].one, cases[i].other, name);
        assert_int_equal(shared, cases[i].name != NULL);
        if (shared)
            assert_string_equal(name, cases[i].name);
    }
}

static void the_system_knows_its_accounts(void **state)
{
    struct jb_local_identity id = {.uid = 0, .user = "root"};
    struct jb_account account;

    (void)state;
    jb_account_of(&id, &account);
    assert_true(jb_people_names("@root", &account));
    id = (struct jb_local_identity){
        .uid = 4123456789U, .gid = 4123456789U, .user = "uid:4123456789"};
    jb_account_of(&id, &account);
    assert_true(jb_people_names("uid:4123456789", &account));
    assert_false(jb_people_names("@root", &account));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_are_checked),
        cmocka_unit_test(a_list_has_a_limit),
        cmocka_unit_test(accounts_are_named_by_login_number_and_group),
        cmocka_unit_test(persons_are_named_with_or_without_the_account),
        cmocka_unit_test(who_stands_in_two_lists_is_found),
        cmocka_unit_test(the_system_knows_its_accounts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
