/* See cookie.h. */
#include "clients/gateway/cookie.h"

#include <stdio.h>

static const char *name_of(const struct jb_gw_request *r)
{
    return r->gw->config->https ? "__Host-jiaoban" : "jiaoban";
}

/* Is this what a secret looks like? */
static bool is_secret(const char *text, size_t len)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    return len == JB_GW_SECRET_TEXT - 1 && strspn(text, alphabet) >= len;
}

const char *jb_gw_cookie(struct jb_gw_request *r)
{
    const char *name = name_of(r);
    size_t name_len = strlen(name);
    const char *at = jb_gw_request_header(r, "Cookie");
    const char *found = NULL;
    while (at != NULL && *at != '\0') {
        at += strspn(at, " ;");
        size_t len = strcspn(at, ";");
        if (len > name_len && strncmp(at, name, name_len) == 0 && at[name_len] == '=') {
            if (found != NULL)
                return NULL; /* two of them: somebody else planted one */
            found = at;
        }
        at += len;
    }
    if (found == NULL)
        return NULL;
    const char *value = found + name_len + 1;
    size_t len = strcspn(value, "; ");
    return is_secret(value, len) ? jb_arena_strndup(&r->arena, value, len) : NULL;
}

void jb_gw_cookie_set(struct jb_gw_request *r, const char *secret)
{
    char text[256];
    (void)snprintf(text, sizeof text, "%s=%s; Path=/; HttpOnly; SameSite=Strict%s%s", name_of(r),
                   secret != NULL ? secret : "", r->gw->config->https ? "; Secure" : "",
                   secret != NULL ? "" : "; Max-Age=0");
    jb_gw_header(r, "Set-Cookie", text);
    explicit_bzero(text, sizeof text);
}
