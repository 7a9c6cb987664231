/* The configured receivers of webhooks. Any thread. */
#ifndef JB_CLIENTS_GATEWAY_HOOKCONF_H
#define JB_CLIENTS_GATEWAY_HOOKCONF_H

#include "clients/gateway/account.h"
#include "clients/gateway/config.h"
#include "clients/gateway/hookevent.h"

#define JB_GW_HOOKS 16
#define JB_GW_HOOK_NAME 40
#define JB_GW_HOOK_URL 512

struct jb_gw_hook_target { /* as configured */
    char name[JB_GW_HOOK_NAME + 1], account[JB_GW_NAME_BYTES + 1], url[JB_GW_HOOK_URL + 1];
};

/* The next member of a list; false: none is left. A member that is wrong has an empty name; the
 * check has refused it. */
bool jb_gw_hook_next(const char **list, struct jb_gw_hook_target *out);
/* Names, accounts, addresses: https, or http to this machine. JB_CONFIG. */
JB_MUST enum jb_err jb_gw_hooks_check(const char *list, struct jb_fault *fault);
/* The secret of a target: a file of its name that nobody else can read. JB_NOT_FOUND, JB_DENIED,
 * JB_CONFIG. */
JB_MUST enum jb_err jb_gw_hook_secret_load(const char *folder, const char *name,
                                           struct jb_gw_hook_secret *out, struct jb_fault *fault);

#endif
