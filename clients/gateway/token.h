/* API tokens of systems: a secret that speaks for one account, within its scopes. The file holds a
 * hash. A scope is the word of a right (proto/rules/staff.h): a token without it cannot even ask,
 * with it the agent still checks the account's roles. Loop thread only. */
#ifndef JB_CLIENTS_GATEWAY_TOKEN_H
#define JB_CLIENTS_GATEWAY_TOKEN_H

#include "clients/gateway/session.h"
#include "proto/rules/staff.h"

#define JB_GW_TOKEN_TEXT 48 /* "jbt_" and the secret, with NUL */

struct jb_gw_token {
    const char *name, *account;              /* arena */
    uint64_t scopes;                         /* bits of enum jb_right */
    int64_t created_ms, expires_ms, used_ms; /* expires 0: never */
};

/* Bit of a right. */
static inline uint64_t jb_gw_scope(enum jb_right right)
{
    return UINT64_C(1) << right;
}
/* The right of a word; JB_RIGHT_NONE: there is none that a scope could name. */
enum jb_right jb_gw_scope_parse(const char *word);
/* "look,send" <-> bits. JB_RANGE: the fault names the word; nothing at all is refused as well. */
JB_MUST enum jb_err jb_gw_scopes_read(const char *list, uint64_t *out, struct jb_fault *fault);
#define JB_GW_SCOPES_TEXT 512
void jb_gw_scopes_text(uint64_t scopes, char out[JB_GW_SCOPES_TEXT]);

/* Make one; its secret comes back, this once. JB_EXISTS. */
JB_MUST enum jb_err jb_gw_token_new(struct jb_gw_store *store, const struct jb_gw_token *t,
                                    int64_t now_ms, char secret[JB_GW_TOKEN_TEXT]);
/* Whose is it? JB_NOT_FOUND; JB_OLD: it has expired. Marks it as used. */
JB_MUST enum jb_err jb_gw_token_find(struct jb_gw_store *store, const char *secret, int64_t now_ms,
                                     struct jb_arena *arena, struct jb_gw_token *out);
/* By its name. */
bool jb_gw_token_exists(struct jb_gw_store *store, const char *name);
JB_MUST enum jb_err jb_gw_token_list(struct jb_gw_store *store, const char *after,
                                     struct jb_arena *arena, struct jb_gw_token *out,
                                     size_t *count);
/* JB_NOT_FOUND. */
JB_MUST enum jb_err jb_gw_token_drop(struct jb_gw_store *store, const char *name);

#endif
