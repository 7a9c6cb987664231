/* The agent's configuration: what is refused and what the message names; the socket's mode. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "clients/agent/config.h"
#include "proto/wire/sign.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static char broker_key[sizeof "agent.broker_key=" + JB_KEYS_PUBLIC_TEXT_BYTES];

static int setup(void **state)
{
    struct jb_node_keys keys;
    struct jb_public_keys public_keys;
    char text[JB_KEYS_PUBLIC_TEXT_BYTES];

    (void)state;
    assert_int_equal(jb_sign_init(), JB_OK);
    assert_int_equal(jb_keys_generate(JB_SUITE_ED25519, &keys, &(struct jb_fault){""}), JB_OK);
    jb_keys_public(&keys, &public_keys);
    jb_keys_public_text(&public_keys, text);
    (void)snprintf(broker_key, sizeof broker_key, "agent.broker_key=%s", text);
    jb_keys_wipe(&keys);
    return 0;
}

/* Read and check with one option more than the necessary ones. */
static enum jb_err with(const char *option, struct jb_fault *fault)
{
    const char *options[] = {"agent.code=xfj", "agent.broker=tcp://127.0.0.1:7700", broker_key,
                             option};
    struct jb_config_source source = {.options = options, .option_count = option != NULL ? 4 : 3};
    struct jb_agent_config c = {0};
    struct jb_public_keys broker;
    enum jb_err err = jb_config_read(&jb_agent_config_table, &source, &c, fault);

    if (err != JB_OK)
        return err;
    err = jb_agent_config_check(&c, &broker, fault);
    jb_config_free(&jb_agent_config_table, &c);
    return err;
}

static void presets_are_in_range(void **state)
{
    struct jb_fault fault = {""};

    (void)state;
    assert_int_equal(with(NULL, &fault), JB_OK);
    assert_int_equal(with("agent.socket_mode=600", &fault), JB_OK);
    assert_int_equal(with("agent.code=a", &fault), JB_OK);
    assert_int_equal(with("agent.code=0.a-z", &fault), JB_OK);
}

static void faults_name_the_key(void **state)
{
    static const struct {
        const char *option, *named;
    } cases[] = {
        {"agent.code=", "code"},
        {"agent.code=XFJ", "code"},
        {"agent.code=-xfj", "code"},
        {"agent.code=x fj", "code"},
        {"agent.code=abcdefghijklmnopqrstuvwxyz0123456", "code"},
        {"agent.broker=", "broker"},
        {"agent.broker=127.0.0.1:7700", "broker"},
        {"agent.broker=tcp://127.0.0.1:99999", "broker"},
        {"agent.broker=tcp://127.0.0.1:*", "broker"},
        {"agent.broker_key=jbk1:00", "broker_key"},
        {"agent.broker_key=", "broker_key"},
        {"agent.log_level=loud", "log_level"},
        {"roles.clerk=@no-such-group-here", "clerk"},
        {"roles.auditor=uid:x", "auditor"},
        {"agent.socket_mode=680", "socket_mode"},
        {"agent.socket_mode=66", "socket_mode"},
        {"agent.alarm_check=1ms", "alarm_check"},
        {"agent.hook_timeout=0", "hook_timeout"},
        {"agent.window_items=0", "window_items"},
        {"agent.nothing=1", "nothing"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct jb_fault fault = {""};
        if (with(cases[i].option, &fault) != JB_CONFIG)
            fail_msg("%s was accepted", cases[i].option);
        if (strstr(fault.text, cases[i].named) == NULL)
            fail_msg("%s: \"%s\" does not name the key", cases[i].option, fault.text);
    }
}

static void modes_are_octal(void **state)
{
    static const struct {
        int64_t digits;
        bool good;
        mode_t mode;
    } cases[] = {{660, true, 0660}, {600, true, 0600}, {777, true, 0777}, {7, true, 07},
                 {680, false, 0},   {666, true, 0666}, {609, false, 0},   {1660, false, 0}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        mode_t mode = 0;
        assert_int_equal(jb_agent_config_mode(cases[i].digits, &mode), cases[i].good);
        if (cases[i].good)
            assert_int_equal(mode, cases[i].mode);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(presets_are_in_range),
        cmocka_unit_test(faults_name_the_key),
        cmocka_unit_test(modes_are_octal),
    };

    return cmocka_run_group_tests_name("agent_config", tests, setup, NULL);
}
