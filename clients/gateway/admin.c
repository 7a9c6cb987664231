/* Administration on the gateway's machine: accounts and tokens, beside a running gateway or without
 * one. Passwords come from standard input, never from the command line. */
#include "clients/gateway/gateway.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "clients/gateway/account.h"
#include "clients/gateway/password.h"
#include "clients/gateway/token.h"

#define DAY_MS (INT64_C(24) * 3600 * 1000)
#define LIST_MAX 1000

struct admin {
    const struct jb_gw_command *command;
    struct jb_gw_store *store;
    struct jb_arena arena;
    struct jb_fault fault;
    int64_t now_ms;
};

/* ---- passwords ---- */

/* One line of standard input, without its end; on a terminal without showing it. */
static enum jb_err password_read(struct admin *a, char *out, size_t size)
{
    struct termios shown, hidden;
    bool terminal = isatty(STDIN_FILENO) == 1 && tcgetattr(STDIN_FILENO, &shown) == 0;
    if (terminal) {
        (void)fprintf(stderr, "Password for %s: ", a->command->name);
        hidden = shown;
        hidden.c_lflag &= ~(tcflag_t)ECHO;
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
    }
    bool got = fgets(out, (int)size, stdin) != NULL;
    if (terminal) {
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
        (void)fputc('\n', stderr);
    }
    if (!got)
        return jb_fault_set(&a->fault, JB_MISSING,
                            "the password comes from standard input, on one line");
    size_t len = strcspn(out, "\r\n");
    if (len == size - 1)
        return jb_fault_set(&a->fault, JB_TOO_LARGE, "the password is too long");
    out[len] = '\0';
    return jb_gw_password_check(out, a->command->name, &a->fault);
}

static enum jb_err hash_read(struct admin *a, char hash[crypto_pwhash_STRBYTES])
{
    char password[JB_GW_PASSWORD_BYTES + 2];
    enum jb_err err = password_read(a, password, sizeof password);
    if (err == JB_OK && !jb_gw_password_make_now(password, hash))
        err = JB_NOMEM;
    sodium_memzero(password, sizeof password);
    return err;
}

/* ---- the commands ---- */

static enum jb_err add_account(struct admin *a)
{
    char hash[crypto_pwhash_STRBYTES];
    const char *display = a->command->display_name;
    struct jb_gw_account account = {
        .name = a->command->name, .display_name = display != NULL ? display : "", .hash = hash};
    enum jb_err err = jb_gw_name_check(account.name, &a->fault);
    if (err == JB_OK && strlen(account.display_name) > JB_GW_DISPLAY_BYTES)
        err = jb_fault_set(&a->fault, JB_TOO_LARGE, "--display-name: at most %d bytes",
                           JB_GW_DISPLAY_BYTES);
    if (err == JB_OK)
        err = hash_read(a, hash);
    if (err == JB_OK)
        err = jb_gw_account_add(a->store, &account, a->now_ms);
    return err == JB_EXISTS ? jb_fault_set(&a->fault, err, "there is an account %s", account.name)
                            : err;
}

/* For systems: known by tokens only. */
static enum jb_err add_system(struct admin *a)
{
    const char *display = a->command->display_name;
    struct jb_gw_account account = {.name = a->command->name,
                                    .display_name = display != NULL ? display : ""};
    enum jb_err err = jb_gw_name_check(account.name, &a->fault);
    if (err == JB_OK)
        err = jb_gw_account_add(a->store, &account, a->now_ms);
    return err == JB_EXISTS ? jb_fault_set(&a->fault, err, "there is an account %s", account.name)
                            : err;
}

static enum jb_err account_find(struct admin *a, struct jb_gw_account *account)
{
    enum jb_err err = jb_gw_account_get(a->store, a->command->name, &a->arena, account);
    return err == JB_NOT_FOUND
               ? jb_fault_set(&a->fault, err, "there is no account %s", a->command->name)
               : err;
}

static enum jb_err set_password(struct admin *a)
{
    char hash[crypto_pwhash_STRBYTES];
    struct jb_gw_account account;
    enum jb_err err = account_find(a, &account);
    if (err == JB_OK)
        err = hash_read(a, hash);
    if (err != JB_OK)
        return err;
    account.hash = hash;
    account.must_change = false;
    return jb_gw_account_set(a->store, &account, true, NULL, a->now_ms);
}

static enum jb_err set_disabled(struct admin *a, bool disabled)
{
    struct jb_gw_account account;
    enum jb_err err = account_find(a, &account);
    if (err != JB_OK)
        return err;
    account.disabled = disabled;
    return jb_gw_account_set(a->store, &account, disabled, NULL, a->now_ms);
}

static enum jb_err disable_account(struct admin *a)
{
    return set_disabled(a, true);
}

static enum jb_err enable_account(struct admin *a)
{
    return set_disabled(a, false);
}

static enum jb_err remove_account(struct admin *a)
{
    struct jb_gw_account account;
    enum jb_err err = account_find(a, &account);
    return err == JB_OK ? jb_gw_account_drop(a->store, account.name, account.version) : err;
}

static enum jb_err list_accounts(struct admin *a)
{
    size_t count = LIST_MAX;
    struct jb_gw_account *rows = jb_arena_alloc(&a->arena, count * sizeof *rows);
    enum jb_err err =
        rows == NULL ? JB_NOMEM : jb_gw_account_list(a->store, "", &a->arena, rows, &count);
    for (size_t i = 0; err == JB_OK && i < count; i++)
        (void)printf("%s\t%s\t%s%s\n", rows[i].name, rows[i].display_name,
                     rows[i].hash != NULL ? "password" : "no password",
                     rows[i].disabled ? ", disabled" : "");
    return err;
}

static enum jb_err add_token(struct admin *a)
{
    char secret[JB_GW_TOKEN_TEXT];
    struct jb_gw_account account;
    struct jb_gw_token t = {.name = a->command->name, .account = a->command->account};
    const char *days = a->command->days;
    if (t.account == NULL || a->command->scopes == NULL)
        return jb_fault_set(&a->fault, JB_MISSING, "--account and --scopes are needed");
    enum jb_err err = jb_gw_name_check(t.name, &a->fault);
    if (err == JB_OK)
        err = jb_gw_scopes_read(a->command->scopes, &t.scopes, &a->fault);
    if (err == JB_OK && days != NULL) {
        long n = strtol(days, NULL, 10);
        if (n < 1 || n > 36500)
            return jb_fault_set(&a->fault, JB_RANGE, "--days: 1 to 36500");
        t.expires_ms = a->now_ms + n * DAY_MS;
    }
    if (err == JB_OK)
        err = jb_gw_account_get(a->store, t.account, &a->arena, &account);
    if (err == JB_NOT_FOUND)
        return jb_fault_set(&a->fault, err, "there is no account %s", t.account);
    if (err == JB_OK)
        err = jb_gw_token_new(a->store, &t, a->now_ms, secret);
    if (err == JB_OK)
        (void)puts(secret);
    sodium_memzero(secret, sizeof secret);
    return err == JB_EXISTS ? jb_fault_set(&a->fault, err, "there is a token %s", t.name) : err;
}

static enum jb_err remove_token(struct admin *a)
{
    enum jb_err err = jb_gw_token_drop(a->store, a->command->name);
    return err == JB_NOT_FOUND
               ? jb_fault_set(&a->fault, err, "there is no token %s", a->command->name)
               : err;
}

static enum jb_err list_tokens(struct admin *a)
{
    size_t count = LIST_MAX;
    char scopes[JB_GW_SCOPES_TEXT];
    struct jb_gw_token *rows = jb_arena_alloc(&a->arena, count * sizeof *rows);
    enum jb_err err =
        rows == NULL ? JB_NOMEM : jb_gw_token_list(a->store, "", &a->arena, rows, &count);
    for (size_t i = 0; err == JB_OK && i < count; i++) {
        jb_gw_scopes_text(rows[i].scopes, scopes);
        (void)printf("%s\t%s\t%s\n", rows[i].name, rows[i].account, scopes);
    }
    return err;
}

static const struct {
    const char *what;
    enum jb_err (*run)(struct admin *a);
} commands[] = {
    {"add-account", add_account},       {"add-system", add_system},
    {"set-password", set_password},     {"disable-account", disable_account},
    {"enable-account", enable_account}, {"remove-account", remove_account},
    {"list-accounts", list_accounts},   {"add-token", add_token},
    {"remove-token", remove_token},     {"list-tokens", list_tokens},
};

int jb_gw_admin(const struct jb_gw_config *c, const struct jb_gw_command *command)
{
    struct admin a = {.command = command, .now_ms = jb_clock_now_ms()};
    enum jb_err err = jb_gw_store_open(c->data, false, &a.store, &a.fault);
    jb_arena_init(&a.arena, (size_t)16 * 1024 * 1024);
    for (size_t i = 0; err == JB_OK && i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(commands[i].what, command->what) == 0) {
            err = commands[i].run(&a);
            break;
        }
    if (err != JB_OK)
        (void)fprintf(stderr, "jiaoban-gateway: %s\n",
                      a.fault.text[0] != '\0' ? a.fault.text : jb_err_text(err));
    jb_gw_store_close(&a.store);
    jb_arena_fini(&a.arena);
    return jb_err_exit(err);
}
