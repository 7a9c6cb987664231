/* See desk.h: opening, admission. */
#include "clients/gateway/adapters/desk.h"

#include <signal.h>
#include <sodium.h>
#include <stdio.h>

#include "clients/gateway/account.h"
#include "proto/base/secret.h"

#define ADMIT_MEMORY 65536

void jb_ex_point(struct jb_ex_desk *d)
{
    if (d->kill_at > 0 && ++d->steps == d->kill_at)
        (void)raise(SIGKILL);
}

int64_t jb_ex_desk_now(const struct jb_ex_desk *d)
{
    return jb_clock_read(&d->clock);
}

enum jb_err jb_ex_desk_admit(struct jb_ex_desk *d, struct jb_fault *fault)
{
    struct jb_gw_token token;
    struct jb_gw_account account;
    struct jb_arena arena;
    jb_arena_init(&arena, ADMIT_MEMORY);
    enum jb_err err = jb_gw_token_find(d->gateway, d->secret, jb_ex_desk_now(d), &arena, &token);
    if (err == JB_OK)
        err = jb_gw_account_get(d->gateway, token.account, &arena, &account);
    if (err == JB_NOT_FOUND || err == JB_OLD)
        err = jb_fault_set(fault, JB_DENIED, "%s: the API token is unknown or has expired",
                           d->config->token);
    else if (err == JB_OK && account.disabled)
        err = jb_fault_set(fault, JB_DENIED, "the account %s is disabled", account.name);
    else if (err != JB_OK)
        err = jb_fault_set(fault, err, "%s: %s", d->config->gateway, jb_gw_store_error(d->gateway));
    if (err == JB_OK) {
        d->scopes = token.scopes;
        (void)snprintf(d->account, sizeof d->account, "%s", token.account);
    }
    jb_arena_fini(&arena);
    return err;
}

enum jb_err jb_ex_desk_open(struct jb_ex_desk *d, const struct jb_ex_config *c,
                            struct jb_fault *fault)
{
    d->config = c;
    enum jb_err err = jb_ex_map_open(&d->map, c->map, fault);
    if (err == JB_OK)
        err = jb_secret_read(c->token, "exchange.token", d->secret, sizeof d->secret, fault);
    if (err == JB_OK)
        err = jb_gw_store_open(c->gateway, false, &d->gateway, fault);
    if (err == JB_OK)
        err = jb_ex_store_open(c->data, &d->store, fault);
    if (err != JB_OK)
        return err;
    enum jiaoban_status status = jiaoban_open(c->agent, &d->j);
    return status == JIAOBAN_OK || status == JIAOBAN_OFFLINE ? JB_OK
                                                             : jb_ex_answered(d, status, fault);
}

void jb_ex_desk_fini(struct jb_ex_desk *d)
{
    jiaoban_close(d->j);
    d->j = NULL;
    jb_ex_store_close(&d->store);
    if (d->gateway != NULL)
        jb_gw_store_close(&d->gateway);
    jb_ex_map_fini(&d->map);
    sodium_memzero(d->secret, sizeof d->secret);
}

enum jb_err jb_ex_answered(struct jb_ex_desk *d, enum jiaoban_status status, struct jb_fault *fault)
{
    if (status == JIAOBAN_OK)
        return JB_OK;
    /* The library's numbers are those of the table of errors. */
    return jb_fault_set(fault, (enum jb_err)status, "%s", jiaoban_error_text(d->j));
}
