/* Who asks: by an API token, by the header of a trusted proxy, by the cookie of a session, or
 * nobody. In this order; a token that is of no use is refused, never overlooked. */
#include "clients/gateway/http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/socket.h>

#include "clients/gateway/account.h"
#include "clients/gateway/cookie.h"
#include "clients/gateway/login.h"
#include "clients/gateway/route.h"

#define PEER_BYTES 256

/* ---- where it comes from ---- */

static const struct sockaddr *peer_address(const struct jb_gw_request *r)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    return info != NULL ? info->client_addr : NULL;
}

/* The account at the other end of a Unix socket; false: it is none. */
static bool peer_uid(const struct jb_gw_request *r, uid_t *uid)
{
    struct ucred who;
    socklen_t len = sizeof who;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    const struct sockaddr *peer = peer_address(r);
    if (peer != NULL && peer->sa_family != AF_UNIX)
        return false;
    if (info == NULL || getsockopt(info->connect_fd, SOL_SOCKET, SO_PEERCRED, &who, &len) != 0 ||
        who.pid <= 0)
        return false;
    *uid = who.uid;
    return true;
}

static void address_text(struct jb_gw_request *r, char out[JB_GW_ADDRESS_TEXT])
{
    const struct sockaddr *peer = peer_address(r);
    uid_t uid = 0;
    out[0] = '\0';
    if (peer != NULL && peer->sa_family == AF_INET)
        (void)inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)peer)->sin_addr, out,
                        JB_GW_ADDRESS_TEXT);
    else if (peer != NULL && peer->sa_family == AF_INET6)
        (void)inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr,
                        out, JB_GW_ADDRESS_TEXT);
    else if (peer_uid(r, &uid))
        (void)snprintf(out, JB_GW_ADDRESS_TEXT, "unix:%u", (unsigned)uid);
}

/* ---- the proxy ---- */

static bool uid_named(const char *account, uid_t uid)
{
    const struct passwd *p = getpwnam(account);
    return p != NULL && p->pw_uid == uid;
}

static bool is_proxy(const struct jb_gw_request *r)
{
    char peer[PEER_BYTES];
    uid_t uid = 0;
    const char *list = r->gw->config->proxy_peers;
    bool local = peer_uid(r, &uid);
    const char *secret = jb_gw_request_header(r, "X-Proxy-Secret");
    bool knows = r->gw->proxy_secret[0] != '\0' && jb_gw_csrf_good(secret, r->gw->proxy_secret);
    while (jb_gw_list_next(&list, peer, sizeof peer)) {
        if (local ? strncmp(peer, "unix:", 5) == 0 && uid_named(peer + 5, uid)
                  : knows && strcmp(peer, r->caller.address) == 0)
            return true;
    }
    return false;
}

/* A proxy says for whom it speaks: the last address that it added. */
static void forwarded_address(struct jb_gw_request *r)
{
    unsigned char binary[sizeof(struct in6_addr)];
    char word[JB_GW_ADDRESS_TEXT];
    const char *list = jb_gw_request_header(r, "X-Forwarded-For");
    const char *comma = list != NULL ? strrchr(list, ',') : NULL;
    const char *last = comma != NULL ? comma + 1 : list;
    if (last == NULL || !jb_gw_list_next(&last, word, sizeof word))
        return;
    if (inet_pton(AF_INET, word, binary) == 1 || inet_pton(AF_INET6, word, binary) == 1)
        (void)snprintf(r->caller.address, sizeof r->caller.address, "%s", word);
}

static bool is_near(const struct jb_gw_request *r)
{
    return strncmp(r->caller.address, "unix:", 5) == 0 ||
           strncmp(r->caller.address, "127.", 4) == 0 || strcmp(r->caller.address, "::1") == 0;
}

struct named {
    const char *name;
    size_t count;
};

static enum MHD_Result count_named(void *cls, enum MHD_ValueKind kind, const char *key,
                                   const char *value)
{
    struct named *n = cls;
    (void)kind;
    (void)value;
    n->count += strcasecmp(key, n->name) == 0;
    return MHD_YES;
}

/* ---- the three ways ---- */

static void refuse_caller(struct jb_gw_request *r, enum jb_gw_outcome outcome, const char *user,
                          const char *detail)
{
    const struct jb_gw_login row = {.at_ms = jb_gw_now(r->gw),
                                    .user = user,
                                    .address = r->caller.address,
                                    .method = r->caller.method,
                                    .outcome = outcome};
    enum jb_err err = jb_gw_login_add(r->gw->store, &row);
    r->gw->counts.logins_denied++;
    if (err != JB_OK)
        jb_gw_refuse_error(r, err, "the record of log-ins");
    else
        jb_gw_refuse(r, JB_GW_SIGN_IN, detail);
}

/* The account behind a name: its display name, and that it is not disabled. A name without an
 * account is fine where `known` is not asked for. */
static bool account_good(struct jb_gw_request *r, const char *user, bool known)
{
    struct jb_gw_account a;
    enum jb_err err = jb_gw_account_get(r->gw->store, user, &r->arena, &a);
    if (err == JB_NOT_FOUND && !known)
        return true;
    if (err == JB_OK && !a.disabled) {
        r->caller.display_name = a.display_name;
        r->caller.must_change = a.must_change && r->caller.method == JB_GW_BY_PASSWORD;
        return true;
    }
    if (err == JB_OK || err == JB_NOT_FOUND)
        refuse_caller(r, err == JB_OK ? JB_GW_LOGIN_DISABLED : JB_GW_LOGIN_UNKNOWN, user,
                      "this account is not in use");
    else
        jb_gw_refuse_error(r, err, "accounts");
    return false;
}

static bool by_token(struct jb_gw_request *r, const char *authorization)
{
    struct jb_gw_token token;
    r->caller.method = JB_GW_BY_TOKEN;
    if (strncasecmp(authorization, "Bearer ", 7) != 0) {
        jb_gw_refuse(r, JB_GW_SIGN_IN, "Authorization: only Bearer and an API token");
        return false;
    }
    enum jb_err err =
        jb_gw_token_find(r->gw->store, authorization + 7, jb_gw_now(r->gw), &r->arena, &token);
    if (err == JB_NOT_FOUND) {
        refuse_caller(r, JB_GW_LOGIN_UNKNOWN, "", "the API token is not known");
        return false;
    }
    if (err == JB_OLD) {
        refuse_caller(r, JB_GW_LOGIN_EXPIRED, token.account, "the API token has expired");
        return false;
    }
    if (err != JB_OK) {
        jb_gw_refuse_error(r, err, "API tokens");
        return false;
    }
    r->caller.user = token.account;
    r->caller.token = token.name;
    r->caller.scopes = token.scopes;
    r->caller.expires_ms = token.expires_ms;
    return account_good(r, token.account, true);
}

static bool by_proxy(struct jb_gw_request *r, const char *user)
{
    struct jb_fault fault = {""};
    struct named header = {r->gw->config->proxy_header, 0};
    char csrf[JB_GW_SECRET_TEXT];
    r->caller.method = JB_GW_BY_PROXY;
    (void)MHD_get_connection_values(r->connection, MHD_HEADER_KIND, count_named, &header);
    if (header.count != 1 || jb_gw_name_check(user, &fault) != JB_OK) {
        jb_gw_refuse(r, JB_GW_BAD_REQUEST, "the proxy's header does not hold one name");
        return false;
    }
    r->caller.user = jb_arena_strndup(&r->arena, user, strlen(user));
    jb_gw_csrf_of(r->gw->csrf_secret, user, csrf);
    r->caller.csrf = jb_arena_strndup(&r->arena, csrf, strlen(csrf));
    if (r->caller.user == NULL || r->caller.csrf == NULL) {
        r->caller.user = "";
        jb_gw_refuse_error(r, JB_NOMEM, "the caller");
        return false;
    }
    return account_good(r, user, false);
}

/* What a page asks by itself does not mean that somebody sits before it. */
static bool in_background(const struct jb_gw_request *r)
{
    const char *said = jb_gw_request_header(r, "X-Background");
    return (said != NULL && strcmp(said, "1") == 0) ||
           (r->route != NULL && (r->route->flags & JB_GW_STREAM) != 0);
}

static bool by_session(struct jb_gw_request *r, const char *secret)
{
    struct jb_gw_session session;
    char csrf[JB_GW_SECRET_TEXT];
    enum jb_err err = jb_gw_session_find(r->gw->store, r->gw->config, secret, jb_gw_now(r->gw),
                                         &r->arena, &session);
    if (err == JB_NOT_FOUND)
        return true; /* over, or never was: nobody */
    if (err == JB_OK && !in_background(r))
        err = jb_gw_session_used(r->gw->store, r->gw->config, &session, jb_gw_now(r->gw));
    if (err != JB_OK) {
        jb_gw_refuse_error(r, err, "sessions");
        return false;
    }
    jb_gw_csrf_of(secret, session.user, csrf);
    r->caller.csrf = jb_arena_strndup(&r->arena, csrf, strlen(csrf));
    if (r->caller.csrf == NULL) {
        jb_gw_refuse_error(r, JB_NOMEM, "the caller");
        return false;
    }
    r->caller.method = session.method;
    r->caller.user = session.user;
    r->caller.expires_ms = session.expires_ms;
    memcpy(r->caller.session, session.hash, sizeof r->caller.session);
    return account_good(r, session.user, true);
}

bool jb_gw_identify(struct jb_gw_request *r)
{
    const char *header = r->gw->config->proxy_header;
    const char *authorization = jb_gw_request_header(r, "Authorization");
    r->caller = (struct jb_gw_caller){.user = "", .display_name = "", .scopes = UINT64_MAX};
    address_text(r, r->caller.address);
    if (r->window) { /* nobody signs in there */
        if (r->gw->config->window_forwarded && is_near(r))
            forwarded_address(r);
        return true;
    }
    bool proxy = r->gw->config->proxy_peers[0] != '\0' && is_proxy(r);
    const char *person = header[0] != '\0' ? jb_gw_request_header(r, header) : NULL;
    if (proxy)
        forwarded_address(r);
    if (authorization != NULL)
        return by_token(r, authorization);
    if (person != NULL && proxy)
        return by_proxy(r, person);
    if (person != NULL) {
        jb_gw_refuse(r, JB_GW_FORBIDDEN, "only the configured proxy may name a person");
        return false;
    }
    const char *secret = jb_gw_cookie(r);
    return secret == NULL || by_session(r, secret);
}

bool jb_gw_caller_still(const struct jb_gw_request *r)
{
    struct jb_gw_store *store = r->gw->store;
    struct jb_gw_account account;
    struct jb_arena arena;
    jb_arena_init(&arena, 65536);
    int64_t now_ms = jb_gw_now(r->gw);
    bool good = r->caller.expires_ms == 0 || now_ms < r->caller.expires_ms;
    if (good && r->caller.method == JB_GW_BY_PASSWORD)
        good = jb_gw_session_exists(store, r->gw->config, r->caller.session, now_ms);
    if (good && r->caller.method == JB_GW_BY_TOKEN)
        good = jb_gw_token_exists(store, r->caller.token);
    enum jb_err err = jb_gw_account_get(store, r->caller.user, &arena, &account);
    if (err == JB_OK)
        good = good && !account.disabled;
    else
        good = good && err == JB_NOT_FOUND && r->caller.method == JB_GW_BY_PROXY;
    jb_arena_fini(&arena);
    return good;
}
