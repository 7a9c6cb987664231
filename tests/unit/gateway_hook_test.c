/* What receivers of webhooks get: signature, envelope, waiting; which addresses may be told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "clients/gateway/hookconf.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* The example that the specification's libraries are tested with. */
static void a_signature_is_that_of_standard_webhooks(void **state)
{
    struct jb_gw_hook_secret secret;
    char signature[JB_GW_SIGNATURE];

    (void)state;
    assert_true(jb_gw_hook_secret_read("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n", &secret));
    assert_int_equal(secret.len, 24);
    jb_gw_hook_sign(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, "{\"test\": 2432232314}",
                    signature);
    assert_string_equal(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

static void weak_or_odd_secrets_are_refused(void **state)
{
    static const char *const odd[] = {
        "",
        "whsec_",
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_MfKQ9r8G",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS!",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw more",
    };
    struct jb_gw_hook_secret secret;

    (void)state;
    for (size_t i = 0; i < COUNT(odd); i++)
        if (jb_gw_hook_secret_read(odd[i], &secret))
            fail_msg("%s", odd[i]);
}

static void an_event_is_wrapped(void **state)
{
    const struct jb_gw_delivery d = {.event_id = "abcd-17", .number = 17, .made_ms = 1};
    char *body = jb_gw_hook_body(
        "xfj", &d,
        "{\"item\":{\"kind\":\"assign\",\"at_ms\":\"1795881600123\"},\"number\":\"2026-1\"}");

    (void)state;
    assert_string_equal(
        body, "{\"specversion\":\"1.0\",\"id\":\"abcd-17\",\"source\":\"urn:jiaoban:agency:xfj\","
              "\"type\":\"jiaoban.item.assign\",\"time\":\"2026-11-28T16:00:00.123Z\","
              "\"sequence\":\"00000000000000000017\",\"datacontenttype\":\"application/json\","
              "\"subject\":\"2026-1\",\"data\":{\"item\":{\"kind\":\"assign\","
              "\"at_ms\":\"1795881600123\"},\"number\":\"2026-1\"}}");
    free(body);
    assert_null(jb_gw_hook_body("xfj", &d, "[1"));
    const struct jb_gw_delivery reset = {.event_id = "abcd-reset", .made_ms = 1795881600000};
    body = jb_gw_hook_body("xfj", &reset, "");
    assert_non_null(strstr(body, "\"type\":\"jiaoban.reset\""));
    free(body);
}

/* Of no place in the stream, and perhaps about no case. */
static void an_alarm_is_wrapped(void **state)
{
    const struct jb_gw_delivery d = {.event_id = "abcd-alarm-3", .alarm = 3, .made_ms = 1};
    char *body = jb_gw_hook_body("xfj", &d,
                                 "{\"number\":\"\",\"alarm\":{\"at_ms\":\"1795881600123\","
                                 "\"kind\":\"lost\",\"id\":\"3\"}}");

    (void)state;
    assert_string_equal(
        body, "{\"specversion\":\"1.0\",\"id\":\"abcd-alarm-3\","
              "\"source\":\"urn:jiaoban:agency:xfj\",\"type\":\"jiaoban.alarm.lost\","
              "\"time\":\"2026-11-28T16:00:00.123Z\",\"datacontenttype\":\"application/json\","
              "\"data\":{\"number\":\"\",\"alarm\":{\"at_ms\":\"1795881600123\","
              "\"kind\":\"lost\",\"id\":\"3\"}}}");
    free(body);
}

static void waiting_grows_and_has_an_end(void **state)
{
    (void)state;
    assert_int_equal(jb_gw_hook_backoff_ms(1, 1000, 100000, 0), 750);
    assert_int_equal(jb_gw_hook_backoff_ms(1, 1000, 100000, 0xffff), 1250);
    assert_int_equal(jb_gw_hook_backoff_ms(3, 1000, 100000, 0), 6750);
    assert_int_equal(jb_gw_hook_backoff_ms(1000, 1000, 100000, 0), 75000);
    assert_int_equal(jb_gw_hook_backoff_ms(1000, 1000, 100000, 0xffff), 125000);
}

static void only_configured_and_safe_addresses_are_told(void **state)
{
    static const struct {
        const char *list;
        bool good;
    } cases[] = {
        {"", true},
        {"a b https://x.example/", true},
        {"a b https://x.example/, c d http://127.0.0.1:8/", true},
        {"a b https://x.example/, a d https://y.example/", false},
        {"a b http://x.example/", false},
        {"a b http://localhost.example/", false},
        {"a b https://u@x.example/", false},
        {"a b ftp://127.0.0.1/", false},
        {"A b https://x.example/", false},
        {"../a b https://x.example/", false},
        {"a https://x.example/", false},
        {"a b https://x.example/ more", false},
        {"a @b https://x.example/", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct jb_fault fault = {""};
        if ((jb_gw_hooks_check(cases[i].list, &fault) == JB_OK) != cases[i].good)
            fail_msg("%s: %s", cases[i].list, fault.text);
    }
}

static int setup(void **state)
{
    (void)state;
    return sodium_init() < 0 ? -1 : 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signature_is_that_of_standard_webhooks),
        cmocka_unit_test(weak_or_odd_secrets_are_refused),
        cmocka_unit_test(an_event_is_wrapped),
        cmocka_unit_test(an_alarm_is_wrapped),
        cmocka_unit_test(waiting_grows_and_has_an_end),
        cmocka_unit_test(only_configured_and_safe_addresses_are_told),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
