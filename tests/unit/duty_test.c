/* Administration in three hands: every request of the admin socket has a row, each act its duty;
 * who is let in with nobody named, with three named, with one for all; which configurations are
 * refused. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <unistd.h>
#include <cmocka.h>

#include "daemon/admin.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static char nobody[] = "", li[] = "li", wang[] = "wang", zhao[] = "zhao", two[] = "zhao, li";
static const struct jb_local_identity is_li = {.uid = 61001, .gid = 61001, .user = "li"};
static const struct jb_local_identity is_wang = {.uid = 61002, .gid = 61002, .user = "wang"};
static const struct jb_local_identity is_other = {.uid = 61009, .gid = 61009, .user = "other"};

static struct jb_broker_config three(void)
{
    return (struct jb_broker_config){.admins = {li, wang, zhao}};
}

/* What only agents answer; every other request has a row at the admin socket. */
static bool agents_only(unsigned body)
{
    return jb_admin_row_of((Jb__Request__BodyCase)body) == NULL;
}

static void every_request_has_a_row_or_belongs_to_agents(void **state)
{
    static const unsigned served[] = {JB__REQUEST__BODY_STATUS,        JB__REQUEST__BODY_NODES,
                                      JB__REQUEST__BODY_RIGHTS,        JB__REQUEST__BODY_ENROL,
                                      JB__REQUEST__BODY_ADMIN,         JB__REQUEST__BODY_INSTALL,
                                      JB__REQUEST__BODY_RELOAD,        JB__REQUEST__BODY_VERIFY,
                                      JB__REQUEST__BODY_CONFIRM_CLOCK, JB__REQUEST__BODY_REPORT};
    size_t rows = 0;

    (void)state;
    for (size_t i = 0; i < COUNT(served); i++)
        assert_false(agents_only(served[i]));
    for (const struct jb_admin_row *row; (row = jb_admin_row(rows)) != NULL; rows++) {
        assert_non_null(row->handle);
        assert_ptr_equal(jb_admin_row_of(row->body), row); /* the first of its kind: the only one */
        assert_int_equal(row->duties & ~JB_DUTY_ALL, 0);
        assert_true(row->duties != JB_DUTY_NOBODY || row->body == JB__REQUEST__BODY_RIGHTS);
    }
    assert_true(rows >= COUNT(served));
}

static void keys_are_for_security_nodes_and_rules_for_system(void **state)
{
    (void)state;
    assert_int_equal(jb_duty_of_act(JB_ACT_REPLACE_KEYS).any, JB_DUTY_BIT(SECURITY));
    assert_int_equal(jb_duty_of_act(JB_ACT_ENROL_NODE).any, JB_DUTY_BIT(SYSTEM));
    assert_int_equal(jb_duty_of_act(JB_ACT_CHANGE_NODE).any, JB_DUTY_BIT(SYSTEM));
    assert_int_equal(jb_duty_of_act(JB_ACT_RETIRE_NODE).any, JB_DUTY_BIT(SYSTEM));
    assert_int_equal(jb_duty_of_act(JB_ACT_REGISTER).any, 0);
    assert_int_equal(jb_duty_of_act(JB_ACT_NONE).any, 0);
}

static unsigned held(const struct jb_broker_config *c, const struct jb_local_identity *id,
                     enum jb_err wanted)
{
    struct jb_fault fault = {""};
    unsigned duties = 0;

    assert_int_equal(jb_duty_held(c, id, &duties, &fault), wanted);
    return duties;
}

static void with_nobody_named_the_own_account_is_all(void **state)
{
    struct jb_broker_config c = {.admins = {nobody, nobody, nobody}};
    struct jb_local_identity own = {.uid = geteuid(), .user = "own"};

    (void)state;
    assert_true(jb_duty_single(&c));
    assert_false(jb_duty_given(&c));
    assert_int_equal(held(&c, &own, JB_OK), JB_DUTY_ALL);
    assert_int_equal(held(&c, &is_other, JB_OK), 0);
}

static void named_people_have_their_own_duty_alone(void **state)
{
    struct jb_broker_config c = three();
    struct jb_local_identity own = {.uid = geteuid(), .gid = getegid(), .user = "own"};

    (void)state;
    assert_false(jb_duty_single(&c));
    assert_int_equal(held(&c, &is_li, JB_OK), JB_DUTY_BIT(SYSTEM));
    assert_int_equal(held(&c, &is_wang, JB_OK), JB_DUTY_BIT(SECURITY));
    assert_int_equal(held(&c, &is_other, JB_OK), 0);
    assert_int_equal(held(&c, &own, JB_OK), 0);
}

/* A group that changed later: nothing at all, rather than two. */
static void two_duties_are_none(void **state)
{
    struct jb_broker_config c = three();

    (void)state;
    c.admins[JB_DUTY_AUDIT] = two;
    assert_int_equal(held(&c, &is_li, JB_DENIED), 0);
    c.single_admin = true;
    assert_int_equal(held(&c, &is_li, JB_OK), JB_DUTY_BIT(SYSTEM) | JB_DUTY_BIT(AUDIT));
}

static void a_refusal_says_who_may(void **state)
{
    struct jb_broker_config c = three();
    struct jb_duty_need keys = {JB_DUTY_BIT(SECURITY), 0};
    struct jb_duty_need both = {JB_DUTY_BIT(SYSTEM), JB_DUTY_BIT(SECURITY)};
    struct jb_fault fault = {""};

    (void)state;
    assert_int_equal(jb_duty_check(&c, JB_DUTY_BIT(SECURITY), keys, "replace_keys", &fault), JB_OK);
    assert_int_equal(jb_duty_check(&c, JB_DUTY_BIT(SYSTEM), keys, "replace_keys", &fault),
                     JB_DENIED);
    assert_string_equal(fault.text, "replace_keys is a duty of administration: security (wang)");
    assert_int_equal(jb_duty_check(&c, JB_DUTY_BIT(SYSTEM), both, "enrol", &fault), JB_DENIED);
    assert_non_null(strstr(fault.text, "security (wang)"));
    assert_int_equal(jb_duty_check(&c, JB_DUTY_ALL, both, "enrol", &fault), JB_OK);
    assert_int_equal(jb_duty_check(&c, JB_DUTY_ALL, jb_duty_of_act(JB_ACT_NOTE), "note", &fault),
                     JB_DENIED);
}

static void configurations_are_refused(void **state)
{
    struct jb_broker_config c = three();
    struct jb_fault fault = {""};
    static char bad[] = "uid:x";

    (void)state;
    assert_int_equal(jb_duty_config_check(&c, &fault), JB_OK);
    c.admins[JB_DUTY_AUDIT] = two;
    assert_int_equal(jb_duty_config_check(&c, &fault), JB_CONFIG);
    assert_non_null(strstr(fault.text, "li cannot hold both"));
    c.single_admin = true;
    assert_int_equal(jb_duty_config_check(&c, &fault), JB_OK);
    c.admins[JB_DUTY_AUDIT] = nobody;
    assert_int_equal(jb_duty_config_check(&c, &fault), JB_CONFIG);
    assert_non_null(strstr(fault.text, "audit is not set"));
    c.admins[JB_DUTY_AUDIT] = bad;
    assert_int_equal(jb_duty_config_check(&c, &fault), JB_CONFIG);
    assert_non_null(strstr(fault.text, "[admins] audit"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_request_has_a_row_or_belongs_to_agents),
        cmocka_unit_test(keys_are_for_security_nodes_and_rules_for_system),
        cmocka_unit_test(with_nobody_named_the_own_account_is_all),
        cmocka_unit_test(named_people_have_their_own_duty_alone),
        cmocka_unit_test(two_duties_are_none),
        cmocka_unit_test(a_refusal_says_who_may),
        cmocka_unit_test(configurations_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
