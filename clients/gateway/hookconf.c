/* The configured receivers of webhooks: their addresses and secrets. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "clients/gateway/account.h"
#include "clients/gateway/hookconf.h"
#include "proto/base/secret.h"

#define MEMBER_BYTES 1024

/* ---- the list ---- */

static bool take_word(const char **at, char *out, size_t size)
{
    *at += strspn(*at, " \t");
    size_t len = strcspn(*at, " \t");
    bool fits = len > 0 && len < size;
    (void)snprintf(out, size, "%.*s", fits ? (int)len : 0, *at);
    *at += len;
    return fits;
}

bool jb_gw_hook_next(const char **list, struct jb_gw_hook_target *out)
{
    char member[MEMBER_BYTES];
    const char *at = member;
    if (!jb_gw_list_next(list, member, sizeof member))
        return false;
    bool whole = take_word(&at, out->name, sizeof out->name) &&
                 take_word(&at, out->account, sizeof out->account) &&
                 take_word(&at, out->url, sizeof out->url) && at[strspn(at, " \t")] == '\0';
    if (!whole)
        out->name[0] = '\0';
    return true;
}

static bool name_good(const char *name)
{
    size_t len = strlen(name);
    return len > 0 && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* In plain only to this machine; no name and password in it. */
static bool url_good(const char *url)
{
    const char *host = strstr(url, "://");
    if (host == NULL)
        return false;
    host += 3;
    size_t len = strcspn(host, "/?#");
    for (const char *c = url; *c != '\0'; c++)
        if (*c <= ' ' || *c > '~' || *c == '\\')
            return false;
    if (len == 0 || memchr(host, '@', len) != NULL)
        return false;
    bool here = begins(host, "127.0.0.1:") || begins(host, "127.0.0.1/") ||
                begins(host, "[::1]:") || begins(host, "[::1]/") || begins(host, "localhost:") ||
                begins(host, "localhost/");
    return begins(url, "https://") || (begins(url, "http://") && here);
}

enum jb_err jb_gw_hooks_check(const char *list, struct jb_fault *fault)
{
    struct jb_gw_hook_target seen[JB_GW_HOOKS];
    struct jb_fault why = {""};
    size_t count = 0;
    for (; count < JB_GW_HOOKS && jb_gw_hook_next(&list, &seen[count]); count++) {
        const struct jb_gw_hook_target *t = &seen[count];
        if (!name_good(t->name))
            return jb_fault_set(fault, JB_CONFIG,
                                "[webhooks] targets: each is a name (a-z, 0-9, -), an account and "
                                "an address, with blanks between");
        if (jb_gw_name_check(t->account, &why) != JB_OK)
            return jb_fault_set(fault, JB_CONFIG, "[webhooks] targets: %s: account: %s", t->name,
                                why.text);
        if (!url_good(t->url))
            return jb_fault_set(fault, JB_CONFIG,
                                "[webhooks] targets: %s: must be https://..., or http:// to this "
                                "machine",
                                t->name);
        for (size_t i = 0; i < count; i++)
            if (strcmp(seen[i].name, t->name) == 0)
                return jb_fault_set(fault, JB_CONFIG, "[webhooks] targets: %s is there twice",
                                    t->name);
    }
    if (list[strspn(list, " \t,")] != '\0')
        return jb_fault_set(fault, JB_CONFIG, "[webhooks] targets: more than %d", JB_GW_HOOKS);
    return JB_OK;
}

/* ---- secrets ---- */

enum jb_err jb_gw_hook_secret_load(const char *folder, const char *name,
                                   struct jb_gw_hook_secret *out, struct jb_fault *fault)
{
    char path[4096], text[256];
    int wide = snprintf(path, sizeof path, "%s/%s", folder, name);
    if (wide < 0 || (size_t)wide >= sizeof path)
        return jb_fault_set(fault, JB_CONFIG, "[webhooks] secrets: the path is too long");
    enum jb_err err = jb_secret_read(path, "[webhooks] secrets", text, sizeof text, fault);
    if (err != JB_OK)
        return err;
    bool good = jb_gw_hook_secret_read(text, out);
    sodium_memzero(text, sizeof text);
    if (!good)
        return jb_fault_set(fault, JB_CONFIG,
                            "%s: must be whsec_ and 24 to 64 random bytes in base64: put the "
                            "receiver's secret into it",
                            path);
    return JB_OK;
}
