/* The gateway's own file: accounts, sessions, API tokens, locks, log-ins; each with a clock that
 * the test moves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "clients/gateway/account.h"
#include "clients/gateway/lockout.h"
#include "clients/gateway/login.h"
#include "clients/gateway/password.h"
#include "clients/gateway/session.h"
#include "clients/gateway/token.h"

#define NOW INT64_C(1800000000000)
#define MINUTE INT64_C(60000)

static char folder[] = "/tmp/jbgw.XXXXXX";
static struct jb_gw_store *store;
static struct jb_arena arena;
static struct jb_fault fault;
static const struct jb_gw_config config = {.session_idle_ms = 30 * MINUTE,
                                           .session_longest_ms = 12 * 60 * MINUTE,
                                           .lock_after = 3,
                                           .lock_first_ms = 30000,
                                           .lock_longest_ms = 15 * MINUTE};

static void reopen(void)
{
    jb_gw_store_close(&store);
    assert_int_equal(jb_gw_store_open(folder, true, &store, &fault), JB_OK);
}

static int setup(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/jbgw.XXXXXX");
    if (sodium_init() < 0 || mkdtemp(folder) == NULL)
        return -1;
    jb_arena_init(&arena, 4 * 1024 * 1024);
    fault.text[0] = '\0';
    return jb_gw_store_open(folder, true, &store, &fault) == JB_OK ? 0 : -1;
}

static int teardown(void **state)
{
    static const char *const names[] = {"gateway.db", "gateway.db-wal", "gateway.db-shm", "lock"};
    char path[64];

    (void)state;
    jb_gw_store_close(&store);
    jb_arena_fini(&arena);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        (void)unlink(path);
    }
    return rmdir(folder);
}

static void one_gateway_holds_the_folder(void **state)
{
    struct jb_gw_store *other = NULL;

    (void)state;
    assert_int_equal(jb_gw_store_open(folder, true, &other, &fault), JB_LOCKED);
    assert_null(other);
    assert_int_equal(jb_gw_store_open(folder, false, &other, &fault), JB_OK);
    jb_gw_store_close(&other);
    assert_int_equal(jb_gw_store_open("/nonexistent", false, &other, &fault), JB_IO);
}

/* ---- accounts ---- */

static void names_fit_into_the_agents_roles(void **state)
{
    static const char *const good[] = {"li", "王芳", "a b", "a.b-c_d@e", "uid", "x:y"};
    static const char *const bad[] = {
        "",
        "a,b",
        "a/b",
        " a",
        "a ",
        "@jb",
        "uid:1",
        "a\nb",
        "a\xe2\x80\xa8",
        "\xff",
        "12345678901234567890123456789012345678901234567890123456789012345"};

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_int_equal(jb_gw_name_check(good[i], &fault), JB_OK);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (jb_gw_name_check(bad[i], &fault) == JB_OK)
            fail_msg("\"%s\" was taken", bad[i]);
}

static void short_passwords_are_refused(void **state)
{
    (void)state;
    assert_int_equal(jb_gw_password_check("twelve chars", "li", &fault), JB_OK);
    assert_int_equal(jb_gw_password_check("十二个汉字才算一个密码哦", "li", &fault), JB_OK);
    assert_int_equal(jb_gw_password_check("eleven char", "li", &fault), JB_RANGE);
    assert_int_equal(jb_gw_password_check("十一个汉字还不够一个码", "li", &fault), JB_RANGE);
    assert_int_equal(jb_gw_password_check("same as the name", "same as the name", &fault),
                     JB_RANGE);
    assert_int_equal(jb_gw_password_check("twelve \xff chars", "li", &fault), JB_BAD_UTF8);
}

static void an_account_changes_by_its_version(void **state)
{
    struct jb_gw_account a = {.name = "li", .display_name = "李", .hash = "hash"};
    struct jb_gw_account found;

    (void)state;
    assert_int_equal(jb_gw_account_get(store, "li", &arena, &found), JB_NOT_FOUND);
    assert_int_equal(jb_gw_account_add(store, &a, NOW), JB_OK);
    assert_int_equal(jb_gw_account_add(store, &a, NOW), JB_EXISTS);
    reopen();
    assert_int_equal(jb_gw_account_get(store, "li", &arena, &found), JB_OK);
    assert_true(found.version == 1 && found.created_ms == NOW && !found.disabled);
    assert_string_equal(found.hash, "hash");
    found.disabled = true;
    found.hash = NULL;
    assert_int_equal(jb_gw_account_set(store, &found, false, NULL, NOW + 1), JB_OK);
    assert_int_equal(jb_gw_account_set(store, &found, false, NULL, NOW + 2), JB_OLD);
    assert_int_equal(jb_gw_account_get(store, "li", &arena, &found), JB_OK);
    assert_true(found.version == 2 && found.disabled && found.hash == NULL);
    assert_int_equal(jb_gw_account_drop(store, "li", 1), JB_OLD);
    assert_int_equal(jb_gw_account_drop(store, "li", 2), JB_OK);
    assert_int_equal(jb_gw_account_get(store, "li", &arena, &found), JB_NOT_FOUND);
}

/* ---- sessions ---- */

static void a_session_ends_idle_or_old(void **state)
{
    char secret[JB_GW_SECRET_TEXT];
    struct jb_gw_session s;
    int64_t now = NOW;

    (void)state;
    assert_int_equal(jb_gw_session_new(store, "li", now, secret), JB_OK);
    assert_int_equal(strlen(secret), JB_GW_SECRET_TEXT - 1);
    assert_int_equal(jb_gw_session_find(store, &config, secret, now, &arena, &s), JB_OK);
    assert_string_equal(s.user, "li");
    secret[0] ^= 1;
    assert_int_equal(jb_gw_session_find(store, &config, secret, now, &arena, &s), JB_NOT_FOUND);
    secret[0] ^= 1;
    reopen();
    for (int i = 0; i < 24; i++) { /* in use it goes on, for twelve hours */
        now += 29 * MINUTE;
        assert_int_equal(jb_gw_session_find(store, &config, secret, now, &arena, &s), JB_OK);
        assert_int_equal(jb_gw_session_used(store, &config, &s, now), JB_OK);
    }
    assert_int_equal(jb_gw_session_find(store, &config, secret, NOW + 720 * MINUTE, &arena, &s),
                     JB_NOT_FOUND);
    assert_int_equal(jb_gw_session_new(store, "li", NOW, secret), JB_OK);
    assert_int_equal(jb_gw_session_find(store, &config, secret, NOW + 29 * MINUTE, &arena, &s),
                     JB_OK); /* found is not used */
    assert_int_equal(jb_gw_session_find(store, &config, secret, NOW + 30 * MINUTE, &arena, &s),
                     JB_NOT_FOUND);
    assert_int_equal(jb_gw_session_find(store, &config, secret, NOW, &arena, &s), JB_NOT_FOUND);
}

static void another_password_ends_the_other_sessions(void **state)
{
    char mine[JB_GW_SECRET_TEXT], other[JB_GW_SECRET_TEXT], hers[JB_GW_SECRET_TEXT];
    struct jb_gw_account a = {.name = "li", .display_name = "", .version = 1};
    struct jb_gw_session s;

    (void)state;
    assert_int_equal(jb_gw_account_add(store, &a, NOW), JB_OK);
    assert_int_equal(jb_gw_session_new(store, "li", NOW, mine), JB_OK);
    assert_int_equal(jb_gw_session_new(store, "li", NOW, other), JB_OK);
    assert_int_equal(jb_gw_session_new(store, "wang", NOW, hers), JB_OK);
    assert_int_equal(jb_gw_session_find(store, &config, mine, NOW, &arena, &s), JB_OK);
    assert_int_equal(jb_gw_account_set(store, &a, true, s.hash, NOW), JB_OK);
    assert_int_equal(jb_gw_session_find(store, &config, mine, NOW, &arena, &s), JB_OK);
    assert_int_equal(jb_gw_session_find(store, &config, other, NOW, &arena, &s), JB_NOT_FOUND);
    assert_int_equal(jb_gw_session_find(store, &config, hers, NOW, &arena, &s), JB_OK);
    assert_int_equal(jb_gw_account_drop(store, "li", 2), JB_OK);
    assert_int_equal(jb_gw_session_find(store, &config, mine, NOW, &arena, &s), JB_NOT_FOUND);
}

static void csrf_tokens_follow_from_the_secret_and_the_user(void **state)
{
    char one[JB_GW_SECRET_TEXT], again[JB_GW_SECRET_TEXT], other[JB_GW_SECRET_TEXT];

    (void)state;
    jb_gw_csrf_of("secret", "li", one);
    jb_gw_csrf_of("secret", "li", again);
    assert_string_equal(one, again);
    assert_true(jb_gw_csrf_good(again, one));
    jb_gw_csrf_of("secret", "wang", other);
    assert_false(jb_gw_csrf_good(other, one));
    jb_gw_csrf_of("secres", "li", other);
    assert_false(jb_gw_csrf_good(other, one));
    assert_false(jb_gw_csrf_good(NULL, one));
    assert_false(jb_gw_csrf_good("", one));
    one[5] = '\0';
    assert_false(jb_gw_csrf_good(one, again));
}

/* ---- tokens ---- */

static void a_token_is_known_by_its_secret_alone(void **state)
{
    char secret[JB_GW_TOKEN_TEXT];
    struct jb_gw_token found, t = {.name = "oa", .account = "oa-system", .expires_ms = NOW + 1000};

    (void)state;
    assert_int_equal(jb_gw_scopes_read("look, send", &t.scopes, &fault), JB_OK);
    assert_int_equal(jb_gw_token_new(store, &t, NOW, secret), JB_OK);
    assert_int_equal(jb_gw_token_new(store, &t, NOW, secret), JB_EXISTS);
    assert_int_equal(jb_gw_token_drop(store, "oa"), JB_OK);
    assert_int_equal(jb_gw_token_new(store, &t, NOW, secret), JB_OK);
    reopen();
    assert_int_equal(jb_gw_token_find(store, secret, NOW, &arena, &found), JB_OK);
    assert_string_equal(found.account, "oa-system");
    assert_true(found.scopes == (jb_gw_scope(JB_RIGHT_LOOK) | jb_gw_scope(JB_RIGHT_SEND)));
    assert_int_equal(jb_gw_token_find(store, "oa", NOW, &arena, &found), JB_NOT_FOUND);
    assert_int_equal(jb_gw_token_find(store, "", NOW, &arena, &found), JB_NOT_FOUND);
    assert_int_equal(jb_gw_token_find(store, secret, NOW + 1000, &arena, &found), JB_OLD);
    assert_int_equal(jb_gw_token_drop(store, "oa"), JB_OK);
    assert_int_equal(jb_gw_token_drop(store, "oa"), JB_NOT_FOUND);
    assert_int_equal(jb_gw_token_find(store, secret, NOW, &arena, &found), JB_NOT_FOUND);
}

static void scopes_are_words_of_rights(void **state)
{
    uint64_t scopes;
    char text[JB_GW_SCOPES_TEXT];

    (void)state;
    assert_int_equal(jb_gw_scopes_read("", &scopes, &fault), JB_RANGE);
    assert_int_equal(jb_gw_scopes_read("look,fly", &scopes, &fault), JB_RANGE);
    assert_non_null(strstr(fault.text, "fly"));
    assert_int_equal(jb_gw_scopes_read("act_for", &scopes, &fault), JB_RANGE);
    assert_int_equal(jb_gw_scopes_read("system", &scopes, &fault), JB_RANGE);
    assert_int_equal(jb_gw_scopes_read("persons,look", &scopes, &fault), JB_OK);
    jb_gw_scopes_text(scopes, text);
    assert_string_equal(text, "look,persons");
    jb_gw_scopes_text(UINT64_MAX, text); /* all fit */
}

/* ---- locks ---- */

static int64_t try_at(const char *name, const char *address, int64_t now)
{
    int64_t wait_ms = -1;

    assert_int_equal(jb_gw_lock_try(store, &config, name, address, now, &wait_ms), JB_OK);
    return wait_ms;
}

static void a_name_is_locked_longer_each_time(void **state)
{
    int64_t now = NOW;

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(try_at("li", "10.0.0.1", now), 0);
    assert_int_equal(try_at("li", "10.0.0.1", now), 30000);
    assert_int_equal(try_at("li", "10.0.0.1", now + 10000), 20000);
    assert_int_equal(try_at("li", "10.0.0.2", now), 0); /* from elsewhere it goes on */
    assert_int_equal(try_at("wang", "10.0.0.1", now), 0);
    reopen(); /* a restart forgets nothing */
    assert_int_equal(try_at("li", "10.0.0.1", now), 30000);
    now += 30000;
    assert_int_equal(try_at("li", "10.0.0.1", now), 0);
    assert_int_equal(try_at("li", "10.0.0.1", now), 60000);
    now += 60000;
    assert_int_equal(try_at("li", "10.0.0.1", now), 0);
    assert_int_equal(try_at("li", "10.0.0.1", now), 120000);
    for (int i = 0; i < 8; i++) {
        now += 15 * MINUTE;
        assert_int_equal(try_at("li", "10.0.0.1", now), 0);
    }
    assert_int_equal(try_at("li", "10.0.0.1", now), 15 * MINUTE); /* no longer than that */
}

static void many_addresses_lock_a_name_for_everybody(void **state)
{
    char address[32];
    int64_t until = 0;

    (void)state;
    for (int i = 0; i < 12; i++) {
        (void)snprintf(address, sizeof address, "10.0.0.%d", i);
        assert_int_equal(try_at("li", address, NOW), 0);
    }
    assert_int_equal(try_at("li", "10.0.1.1", NOW), 30000);
    assert_int_equal(jb_gw_lock_until(store, "li", NOW, &until), JB_OK);
    assert_true(until == NOW + 30000);
    assert_int_equal(jb_gw_lock_until(store, "li", NOW + 30000, &until), JB_OK);
    assert_true(until == 0);
}

static void the_right_password_forgets_the_wrong_ones(void **state)
{
    (void)state;
    assert_int_equal(try_at("li", "a", NOW), 0);
    assert_int_equal(try_at("li", "a", NOW), 0);
    assert_int_equal(jb_gw_lock_clear(store, "li", "a"), JB_OK);
    for (int i = 0; i < 3; i++)
        assert_int_equal(try_at("li", "a", NOW), 0);
    assert_int_equal(try_at("li", "a", NOW), 30000);
    assert_int_equal(try_at("li", "a", NOW - 600 * MINUTE),
                     15 * MINUTE); /* the clock was set back */
    assert_int_equal(jb_gw_lock_sweep(store, &config, NOW + 25 * 60 * MINUTE), JB_OK);
    assert_int_equal(try_at("li", "a", NOW), 0);
}

/* ---- log-ins ---- */

static void log_ins_are_listed_newest_first(void **state)
{
    struct jb_gw_login rows[4], row = {.user = "li",
                                       .address = "127.0.0.1",
                                       .method = JB_GW_BY_PASSWORD,
                                       .outcome = JB_GW_LOGIN_SIGNED_IN};
    size_t count = 4;

    (void)state;
    for (row.at_ms = NOW; row.at_ms < NOW + 10; row.at_ms++)
        assert_int_equal(jb_gw_login_add(store, &row), JB_OK);
    assert_int_equal(jb_gw_login_list(store, INT64_MAX, &arena, rows, &count), JB_OK);
    assert_int_equal(count, 4);
    assert_true(rows[0].number == 10 && rows[0].at_ms == NOW + 9);
    assert_int_equal(jb_gw_login_list(store, rows[3].number, &arena, rows, &count), JB_OK);
    assert_true(rows[0].number == 6);
    assert_int_equal(jb_gw_login_trim(store, 3), JB_OK);
    assert_int_equal(jb_gw_login_list(store, INT64_MAX, &arena, rows, &count), JB_OK);
    assert_int_equal(count, 3);
    assert_string_equal(jb_gw_outcome_word(rows[0].outcome), "signed_in");
    assert_string_equal(jb_gw_outcome_word((enum jb_gw_outcome)99), "");
}

/* ---- passwords ---- */

struct outcome {
    int calls;
    bool good;
    char hash[crypto_pwhash_STRBYTES];
};

static void on_hashed(void *data, bool good, const char *hash)
{
    struct outcome *o = data;

    o->calls++;
    o->good = good;
    (void)snprintf(o->hash, sizeof o->hash, "%s", hash);
}

static void passwords_are_hashed_beside_the_loop(void **state)
{
    struct outcome made = {.calls = 0}, right = {.calls = 0}, wrong = {.calls = 0},
                   nobody = {.calls = 0};
    uv_loop_t loop;

    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(jb_gw_password_make(&loop, "a good password", on_hashed, &made), JB_OK);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    assert_true(made.good && strncmp(made.hash, "$argon2id$", 10) == 0);
    assert_int_equal(jb_gw_password_verify(&loop, "a good password", made.hash, on_hashed, &right),
                     JB_OK);
    assert_int_equal(jb_gw_password_verify(&loop, "a bad password", made.hash, on_hashed, &wrong),
                     JB_OK);
    assert_int_equal(jb_gw_password_verify(&loop, "whatever", NULL, on_hashed, &nobody), JB_OK);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    assert_true(right.calls == 1 && right.good && right.hash[0] == '\0');
    assert_true(wrong.calls == 1 && !wrong.good);
    assert_true(nobody.calls == 1 && !nobody.good);
    assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(one_gateway_holds_the_folder),
        TEST(names_fit_into_the_agents_roles),
        TEST(short_passwords_are_refused),
        TEST(an_account_changes_by_its_version),
        TEST(a_session_ends_idle_or_old),
        TEST(another_password_ends_the_other_sessions),
        TEST(csrf_tokens_follow_from_the_secret_and_the_user),
        TEST(a_token_is_known_by_its_secret_alone),
        TEST(scopes_are_words_of_rights),
        TEST(a_name_is_locked_longer_each_time),
        TEST(many_addresses_lock_a_name_for_everybody),
        TEST(the_right_password_forgets_the_wrong_ones),
        TEST(log_ins_are_listed_newest_first),
        TEST(passwords_are_hashed_beside_the_loop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
