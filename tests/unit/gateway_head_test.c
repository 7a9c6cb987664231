/* The head of a request before the HTTP library sees it, and its target after that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "clients/gateway/scan.h"
#include "clients/gateway/target.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define HOSTS "localhost, 127.0.0.1, [::1]"
#define GET "GET / HTTP/1.1\r\n"
#define HOST "Host: localhost\r\n"

static struct jb_gw_verdict scan(const char *head)
{
    return jb_gw_scan(head, strlen(head), HOSTS);
}

static void sound_heads_pass(void **state)
{
    static const char *const heads[] = {
        GET HOST "\r\n",
        GET "Host: LOCALHOST:8480\r\n\r\n",
        GET "Host: [::1]:8480\r\n\r\n",
        GET "host:\t127.0.0.1 \t\r\n\r\n",
        "POST /v1/cases?a=b&c=%20 HTTP/1.0\r\n" HOST "Content-Length: 12\r\n\r\nbody follows",
        "DELETE /v1/x HTTP/1.1\r\n" HOST "X-Empty:\r\nX-Utf8: \xe7\x8e\x8b\r\n\r\n",
        "PROPFIND / HTTP/1.1\r\n" HOST "\r\n",
        GET HOST "Accept: a\r\nAccept: b\r\n\r\n", /* lists may come in several lines */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(heads); i++) {
        struct jb_gw_verdict verdict = scan(heads[i]);
        if (verdict.status != 0 || !verdict.complete)
            fail_msg("%s: %u %s", heads[i], verdict.status, verdict.detail);
    }
}

/* Every beginning of a sound head is neither refused nor complete. */
static void what_is_incomplete_is_waited_for(void **state)
{
    static const char head[] = "POST /v1/cases HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\n";

    (void)state;
    for (size_t len = 0; len < sizeof head - 1; len++) {
        struct jb_gw_verdict verdict = jb_gw_scan(head, len, HOSTS);
        if (verdict.status != 0 || verdict.complete)
            fail_msg("%zu bytes: %u, complete %d", len, verdict.status, verdict.complete);
    }
}

static void what_is_odd_is_refused(void **state)
{
    static const struct {
        const char *head;
        unsigned status;
    } cases[] = {
        {"\r\n", 400},
        {" / HTTP/1.1\r\n", 400},
        {"GET  / HTTP/1.1\r\n", 400},
        {"GET /\r\n", 400},
        {"GET / HTTP/1.1 \r\n", 400},
        {"GET / a HTTP/1.1\r\n", 400},
        {"GET / http/1.1\r\n", 400},
        {"GET / HTTP/2.0\r\n", 505},
        {"GET / HTTP/1.10\r\n", 400},
        {"GET http://localhost/ HTTP/1.1\r\n", 400},
        {"GET * HTTP/1.1\r\n", 400},
        {"GET /a\\b HTTP/1.1\r\n", 400},
        {"GET /a#b HTTP/1.1\r\n", 400},
        {"GET /\xe7\x8e\x8b HTTP/1.1\r\n", 400},
        {"ABCDEFGHIJKLMNOPQRSTUVWXYZ / HTTP/1.1\r\n", 501},
        {"G(T / HTTP/1.1\r\n", 400},
        {"\x16\x03\x01\x02\n", 400}, /* somebody speaks TLS */
        {"GET / HTTP/1.1\n" HOST "\n", 400},
        {GET "Host: localhost\n\r\n", 400},
        {GET "\rHost: localhost\r\n\r\n", 400},
        {GET HOST " folded\r\n\r\n", 400},
        {GET HOST "no colon\r\n\r\n", 400},
        {GET HOST "space : x\r\n\r\n", 400},
        {GET HOST ": x\r\n\r\n", 400},
        {GET HOST "X: a\rb\r\n\r\n", 400},
        {GET HOST "X: a\x01\r\n\r\n", 400},
        {GET HOST "X: a\x7f\r\n\r\n", 400},
        {GET "\r\n", 400},
        {GET HOST HOST "\r\n", 400},
        {GET "Host: evil.example\r\n\r\n", 421},
        {GET "Host: localhost.evil.example\r\n\r\n", 421},
        {GET "Host: localhost:80:80\r\n\r\n", 421},
        {GET "Host: \r\n\r\n", 421},
        {GET HOST "Transfer-Encoding: chunked\r\n\r\n", 411},
        {GET HOST "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", 400},
        {GET HOST "Content-Length: -1\r\n\r\n", 400},
        {GET HOST "Content-Length: 1, 1\r\n\r\n", 400},
        {GET HOST "Content-Length: +1\r\n\r\n", 400},
        {GET HOST "Content-Length:\r\n\r\n", 400},
        {GET HOST "Content-Length: 1234567890123\r\n\r\n", 400},
        {GET HOST "Cookie: a=b\r\ncookie: a=c\r\n\r\n", 400},
        {GET HOST "Authorization: a\r\nAuthorization: b\r\n\r\n", 400},
        {GET HOST "X-CSRF-Token: a\r\nX-Csrf-Token: b\r\n\r\n", 400},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct jb_gw_verdict verdict = scan(cases[i].head);
        if (verdict.status != cases[i].status)
            fail_msg("%s: %u %s", cases[i].head, verdict.status,
                     verdict.detail != NULL ? verdict.detail : "");
    }
}

static void nul_bytes_are_refused(void **state)
{
    static const char in_target[] = "GET /a\0b HTTP/1.1\r\n" HOST "\r\n";
    static const char in_header[] = GET HOST "X: a\0b\r\n\r\n";

    (void)state;
    assert_int_equal(jb_gw_scan(in_target, sizeof in_target - 1, HOSTS).status, 400);
    assert_int_equal(jb_gw_scan(in_header, sizeof in_header - 1, HOSTS).status, 400);
}

static void what_is_too_long_is_refused(void **state)
{
    static char head[JB_GW_HEAD_BYTES + 1];
    size_t used;

    (void)state;
    memset(head, 'a', JB_GW_HEAD_BYTES);
    memcpy(head, "GET /", 5);
    assert_int_equal(jb_gw_scan(head, JB_GW_HEAD_BYTES, HOSTS).status, 414);
    memcpy(head + JB_GW_TARGET_BYTES + 5, " HTTP/1.1\r\n", 11);
    assert_int_equal(jb_gw_scan(head, JB_GW_HEAD_BYTES, HOSTS).status, 414);
    memset(head, 'a', JB_GW_HEAD_BYTES);
    memcpy(head, GET HOST "X: ", strlen(GET HOST "X: "));
    assert_int_equal(jb_gw_scan(head, JB_GW_HEAD_BYTES, HOSTS).status, 431);
    used = (size_t)snprintf(head, sizeof head, "%s", GET HOST);
    for (size_t i = 0; i < JB_GW_HEADERS; i++)
        used += (size_t)snprintf(head + used, sizeof head - used, "X%zu: y\r\n", i);
    assert_int_equal(jb_gw_scan(head, used, HOSTS).status, 431);
}

/* ---- targets ---- */

static struct jb_arena arena;
static struct jb_fault fault;

static enum jb_err target(const char *raw, struct jb_gw_target *out)
{
    return jb_gw_target_read(raw, &arena, out, &fault);
}

static void targets_are_decoded_once(void **state)
{
    struct jb_gw_target t;

    (void)state;
    jb_arena_init(&arena, 65536);
    assert_int_equal(target("/v1/cases/2026%2D1?text=%E8%B7%AF+%2B%26&open=true&x", &t), JB_OK);
    assert_int_equal(t.segment_count, 3);
    assert_string_equal(t.segments[2], "2026-1");
    assert_false(t.folder);
    assert_string_equal(jb_gw_param(&t, "text"), "路 +&");
    assert_string_equal(jb_gw_param(&t, "open"), "true");
    assert_null(jb_gw_param(&t, "close"));
    assert_string_equal(jb_gw_param_unused(&t), "x");
    assert_string_equal(jb_gw_param(&t, "x"), "");
    assert_null(jb_gw_param_unused(&t));
    assert_int_equal(target("/", &t), JB_OK);
    assert_true(t.segment_count == 0 && t.folder);
    assert_int_equal(target("/a/?", &t), JB_OK);
    assert_true(t.segment_count == 1 && t.folder);
    assert_int_equal(target("/%25%32%65", &t), JB_OK);
    assert_string_equal(t.segments[0], "%2e"); /* once, not twice */
    jb_arena_fini(&arena);
}

static void odd_targets_are_refused(void **state)
{
    static const char *const raws[] = {
        "",          "a",           "//",       "/a//b",       "/a//",
        "/./a",      "/../a",       "/a/..",    "/%2e%2e/a",   "/%2e",
        "/a%2fb",    "/a%00b",      "/a%0ab",   "/a%",         "/a%2",
        "/a%zz",     "/a%c3",       "/a%ff",    "/?a=%00",     "/?a=%ff",
        "/?a=1&a=2", "/?%41=1&A=2", "/a%c2%85", "/a/%2E%2E/b", "/?a=%ed%a0%80",
    };
    char many[512] = "/";
    struct jb_gw_target t;

    (void)state;
    jb_arena_init(&arena, 65536);
    for (size_t i = 0; i < COUNT(raws); i++)
        if (target(raws[i], &t) == JB_OK)
            fail_msg("%s was taken", raws[i]);
    for (size_t i = 0; i <= JB_GW_SEGMENTS; i++)
        memcpy(many + 1 + 2 * i, "a/", 3);
    assert_int_equal(target(many, &t), JB_OVERFLOW);
    (void)snprintf(many, sizeof many, "/?");
    for (size_t i = 0; i <= JB_GW_PARAMS; i++)
        (void)snprintf(many + strlen(many), sizeof many - strlen(many), "p%zu=1&", i);
    assert_int_equal(target(many, &t), JB_OVERFLOW);
    jb_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_heads_pass),
        cmocka_unit_test(what_is_incomplete_is_waited_for),
        cmocka_unit_test(what_is_odd_is_refused),
        cmocka_unit_test(nul_bytes_are_refused),
        cmocka_unit_test(what_is_too_long_is_refused),
        cmocka_unit_test(targets_are_decoded_once),
        cmocka_unit_test(odd_targets_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
