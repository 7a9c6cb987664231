/* From the head of a request to its handler: everything that the route's row decides. */
#include "clients/gateway/http.h"
#include "clients/gateway/link.h"
#include "clients/gateway/route.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "proto/base/utf8.h"

#define ATTACHMENT_BYTES ((uint64_t)50 * 1024 * 1024)
#define WINDOW_BYTES ((uint64_t)8 * 1024)
#define RIGHTS_MS 30000

/* ---- checks, in their order; false: refused ---- */

static bool target_sound(struct jb_gw_request *r)
{
    struct jb_fault fault = {""};
    enum jb_err err = jb_gw_target_read(r->raw_target, &r->arena, &r->target, &fault);
    if (err == JB_OK)
        return true;
    if (err == JB_NOMEM)
        jb_gw_refuse_error(r, err, "the target");
    else
        jb_gw_refuse(r, JB_GW_BAD_REQUEST, fault.text);
    return false;
}

static bool route_found(struct jb_gw_request *r, const char *method)
{
    char allow[64];
    unsigned allowed = 0;
    r->route = jb_gw_route_find(r, method, &allowed);
    if (r->route != NULL)
        return true;
    if (allowed == 0) {
        jb_gw_refuse(r, JB_GW_NOT_FOUND, "there is nothing under this path");
        return false;
    }
    jb_gw_route_allow(allowed, allow, sizeof allow);
    jb_gw_header(r, "Allow", allow);
    jb_gw_refuse(r, JB_GW_METHOD, "see the header Allow for what there is");
    return false;
}

static bool params_known(struct jb_gw_request *r)
{
    for (size_t i = 0; i < r->target.param_count && (r->route->flags & JB_GW_FILE) == 0; i++)
        if (!jb_gw_route_takes(r->route, r->target.params[i].name)) {
            jb_gw_refuse_field(r, r->target.params[i].name, "there is no such parameter here");
            return false;
        }
    return true;
}

static bool is_json(const char *type)
{
    size_t len = type != NULL ? strcspn(type, "; ") : 0;
    return len == 16 && strncasecmp(type, "application/json", len) == 0;
}

static bool body_allowed(struct jb_gw_request *r)
{
    const char *length = jb_gw_request_header(r, "Content-Length");
    bool takes = (r->route->flags & (JB_GW_JSON | JB_GW_PIECES)) != 0;
    uint64_t limit = (r->route->flags & JB_GW_PIECES) != 0 ? ATTACHMENT_BYTES
                     : takes && r->window                  ? WINDOW_BYTES
                     : takes                               ? (uint64_t)r->gw->config->body_bytes
                                                           : 0;
    r->length = length != NULL ? strtoull(length, NULL, 10) : 0; /* the gate saw that it is one */
    if (takes && length == NULL)
        jb_gw_refuse(r, JB_GW_LENGTH, "say how long the body is");
    else if (r->length > limit)
        jb_gw_refuse(r, JB_GW_TOO_LARGE,
                     takes ? "the body is larger than is allowed here" : "no body is taken here");
    else if ((r->route->flags & JB_GW_JSON) != 0 &&
             !is_json(jb_gw_request_header(r, "Content-Type")))
        jb_gw_refuse(r, JB_GW_MEDIA, "the body must be application/json");
    return r->response == NULL;
}

/* ---- who asks ---- */

static bool is_safe(const struct jb_gw_request *r)
{
    return r->route->verb == JB_GW_GET;
}

/* A browser says where a request comes from; what was made on another site is none of ours. */
static bool same_site(struct jb_gw_request *r)
{
    const char *site = jb_gw_request_header(r, "Sec-Fetch-Site");
    const char *origin = jb_gw_request_header(r, "Origin");
    const char *host = jb_gw_request_header(r, "Host");
    bool good = site == NULL || strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0;
    if (good && origin != NULL) {
        const char *name = strstr(origin, "://");
        good = name != NULL && host != NULL && strcasecmp(name + 3, host) == 0;
    }
    if (!good)
        jb_gw_refuse(r, JB_GW_CSRF, "the request was made on another site");
    return good;
}

static bool token_good(struct jb_gw_request *r)
{
    if (r->caller.csrf == NULL ||
        jb_gw_csrf_good(jb_gw_request_header(r, "X-CSRF-Token"), r->caller.csrf))
        return true;
    jb_gw_refuse(r, JB_GW_CSRF, "send csrf_token of GET /v1/session as X-CSRF-Token");
    return false;
}

static bool scope_good(struct jb_gw_request *r)
{
    char text[96];
    if ((r->route->flags & JB_GW_BY_ACT) != 0 || r->route->right == JB_RIGHT_ANYONE ||
        (r->caller.scopes & jb_gw_scope(r->route->right)) != 0)
        return true;
    (void)snprintf(text, sizeof text, "the token has not the scope %s",
                   jb_right_word(r->route->right));
    jb_gw_refuse(r, JB_GW_SCOPE, text);
    return false;
}

static bool caller_good(struct jb_gw_request *r)
{
    if ((r->route->flags & JB_GW_FILE) != 0)
        return true;
    if (!jb_gw_identify(r))
        return false;
    if ((r->route->flags & JB_GW_OPEN) != 0)
        return is_safe(r) || same_site(r);
    if (r->caller.user[0] == '\0') {
        jb_gw_refuse(r, JB_GW_SIGN_IN, "sign in with POST /v1/session, or send a token");
        return false;
    }
    if (r->caller.must_change && (r->route->flags & JB_GW_SELF) == 0) {
        jb_gw_refuse(r, JB_GW_MUST_CHANGE, "see PUT /v1/session/password");
        return false;
    }
    if (!is_safe(r) && r->caller.method != JB_GW_BY_TOKEN && (!same_site(r) || !token_good(r)))
        return false;
    return scope_good(r);
}

void jb_gw_dispatch_begin(struct jb_gw_request *r, const char *method)
{
    bool good = target_sound(r) && route_found(r, method) && params_known(r) && body_allowed(r) &&
                caller_good(r);
    if (good && (r->route->flags & JB_GW_PIECES) != 0)
        r->route->handle(r);
}

/* ---- the gateway's own affairs ---- */

static bool has_right(const struct jiaoban_result *rights, enum jb_right right)
{
    for (size_t i = 0; i < jiaoban_result_count(rights); i++) {
        const struct jiaoban_right *row = jiaoban_result_right(rights, i);
        if (row != NULL && row->mine && strcmp(row->right, jb_right_word(right)) == 0)
            return true;
    }
    return false;
}

static void on_rights(struct jb_gw_request *r, enum jiaoban_status status,
                      struct jiaoban_result *result)
{
    char text[96];
    if (status != JIAOBAN_OK) {
        jb_gw_refuse_status(r, status);
    } else if (has_right(result, r->route->right)) {
        r->route->handle(r);
    } else {
        (void)snprintf(text, sizeof text, "this takes the right %s at the agency",
                       jb_right_word(r->route->right));
        jb_gw_reply_problem(
            r, &(struct jb_gw_problem){.kind = JB_GW_FORBIDDEN, .detail = text, .code = "DENIED"});
    }
    jiaoban_result_free(result);
}

void jb_gw_dispatch_end(struct jb_gw_request *r)
{
    if ((r->route->flags & JB_GW_PIECES) != 0)
        r->on_piece(r, NULL, 0);
    else if ((r->route->flags & JB_GW_LOCAL) != 0)
        jb_gw_ask(r, "rights", NULL, RIGHTS_MS, on_rights);
    else
        r->route->handle(r);
}
