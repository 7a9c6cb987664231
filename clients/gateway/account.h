/* Local accounts. An account says who somebody is; what he may do is said in the agent's [roles].
 * Loop thread only. */
#ifndef JB_CLIENTS_GATEWAY_ACCOUNT_H
#define JB_CLIENTS_GATEWAY_ACCOUNT_H

#include "clients/gateway/store.h"

#define JB_GW_NAME_BYTES 64
#define JB_GW_DISPLAY_BYTES 200
#define JB_GW_PASSWORD_CHARS 12 /* at least */
#define JB_GW_PASSWORD_BYTES 1024

struct jb_gw_account {
    const char *name, *display_name;
    const char *hash; /* of the password; NULL: none, known by tokens or by the proxy only */
    bool disabled, must_change;
    int64_t created_ms, changed_ms, login_ms;
    int64_t version; /* rises with each change */
};

/* A name that can stand behind the gateway's own in the record and in the agent's [roles]: one line
 * of 1 to 64 bytes, no comma, slash or blank at an end, not beginning with @ or uid:. JB_RANGE,
 * JB_BAD_UTF8 ... */
JB_MUST enum jb_err jb_gw_name_check(const char *name, struct jb_fault *fault);
/* Long enough, not too long, not the name. JB_RANGE, JB_TOO_LARGE, JB_BAD_UTF8. */
JB_MUST enum jb_err jb_gw_password_check(const char *password, const char *name,
                                         struct jb_fault *fault);

/* JB_NOT_FOUND. Texts in the arena. */
JB_MUST enum jb_err jb_gw_account_get(struct jb_gw_store *store, const char *name,
                                      struct jb_arena *arena, struct jb_gw_account *out);
/* The next ones by name, at most *count of them. */
JB_MUST enum jb_err jb_gw_account_list(struct jb_gw_store *store, const char *after,
                                       struct jb_arena *arena, struct jb_gw_account *out,
                                       size_t *count);
/* JB_EXISTS. */
JB_MUST enum jb_err jb_gw_account_add(struct jb_gw_store *store, const struct jb_gw_account *a,
                                      int64_t now_ms);
/* Everything but the name, if the version is still a->version (JB_OLD). With another password, or
 * when it is disabled, its sessions end but the one with the hash `keep` (NULL: none is kept). */
JB_MUST enum jb_err jb_gw_account_set(struct jb_gw_store *store, const struct jb_gw_account *a,
                                      bool end_sessions, const uint8_t *keep, int64_t now_ms);
/* With its sessions and tokens. JB_OLD. */
JB_MUST enum jb_err jb_gw_account_drop(struct jb_gw_store *store, const char *name,
                                       int64_t version);

#endif
