/* Sessions of people who signed in. The cookie holds a secret of 32 random bytes; the file holds
 * only its hash. The CSRF token follows from the secret, so nothing but the cookie's owner can know
 * it. Loop thread only. */
#ifndef JB_CLIENTS_GATEWAY_SESSION_H
#define JB_CLIENTS_GATEWAY_SESSION_H

#include "clients/gateway/config.h"
#include "clients/gateway/store.h"

#define JB_GW_SECRET_BYTES 32
#define JB_GW_SESSION_HASH 32
#define JB_GW_SECRET_TEXT 44 /* base64url of a secret or hash, with NUL */

enum jb_gw_method { /* how somebody was recognised; stored, numbers stay */
    JB_GW_BY_NOTHING = 0,
    JB_GW_BY_PASSWORD = 1,
    JB_GW_BY_TOKEN = 2,
    JB_GW_BY_PROXY = 3
};
/* "password", "token", "proxy"; "" for none. */
const char *jb_gw_method_word(enum jb_gw_method method);

struct jb_gw_session {
    uint8_t hash[JB_GW_SESSION_HASH];
    const char *user; /* arena */
    enum jb_gw_method method;
    int64_t created_ms, seen_ms;
    int64_t expires_ms; /* at the latest */
};

/* Begin one: the cookie's value comes back. Older ones of the user beyond 50 end. */
JB_MUST enum jb_err jb_gw_session_new(struct jb_gw_store *store, const char *user, int64_t now_ms,
                                      char secret[JB_GW_SECRET_TEXT]);
/* Whose is it? Marks nothing. JB_NOT_FOUND: none, or over. */
JB_MUST enum jb_err jb_gw_session_find(struct jb_gw_store *store, const struct jb_gw_config *c,
                                       const char *secret, int64_t now_ms, struct jb_arena *arena,
                                       struct jb_gw_session *out);
/* A person has used it: its idle time begins anew. */
JB_MUST enum jb_err jb_gw_session_used(struct jb_gw_store *store, const struct jb_gw_config *c,
                                       const struct jb_gw_session *s, int64_t now_ms);
/* Is it in force? Marks nothing. */
bool jb_gw_session_exists(struct jb_gw_store *store, const struct jb_gw_config *c,
                          const uint8_t hash[JB_GW_SESSION_HASH], int64_t now_ms);
JB_MUST enum jb_err jb_gw_session_end(struct jb_gw_store *store,
                                      const uint8_t hash[JB_GW_SESSION_HASH]);
/* Drop those that are over. */
JB_MUST enum jb_err jb_gw_session_sweep(struct jb_gw_store *store, const struct jb_gw_config *c,
                                        int64_t now_ms);

/* The CSRF token that goes with a secret (of a session, or of the process with a user's name). */
void jb_gw_csrf_of(const char *secret, const char *about, char out[JB_GW_SECRET_TEXT]);
/* Is it the right one? In constant time; NULL is not. */
bool jb_gw_csrf_good(const char *given, const char *right);

/* A new secret as text. */
void jb_gw_secret_new(char out[JB_GW_SECRET_TEXT]);
/* The hash under which a secret (of any length) is kept. */
void jb_gw_secret_hash(const char *secret, uint8_t out[JB_GW_SESSION_HASH]);

#endif
