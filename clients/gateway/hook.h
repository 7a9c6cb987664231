/* Webhooks: what happens at the agency is posted to the configured receivers, each event until it
 * is taken, over restarts and failures of all involved.
 *
 * For each target: follow the agency's stream from where it was (take), and deliver what was taken,
 * one at a time, by time. Alarms are followed beside it, by their ids. A target speaks for an
 * account of this gateway and is told what that account may see. Loop thread only. */
#ifndef JB_CLIENTS_GATEWAY_HOOK_H
#define JB_CLIENTS_GATEWAY_HOOK_H

#include "clients/gateway/gateway.h"
#include "clients/gateway/hookconf.h"

struct jb_gw_hook_state { /* for administrators */
    const struct jb_gw_hook_target *target;
    bool allowed; /* the account may look at cases */
    uint64_t number;
    int64_t delivered_ms; /* last, since the start; 0: none */
    const char *error;    /* of the last attempt; "" none */
};

/* Read the secrets and begin. *out stays NULL when nothing is configured. JB_CONFIG, JB_DENIED,
 * JB_NOT_FOUND (a secret), JB_NOMEM, JB_IO. */
JB_MUST enum jb_err jb_gw_hooks_open(struct jb_gw *gw, struct jb_gw_hooks **out,
                                     struct jb_fault *fault);
void jb_gw_hooks_close(struct jb_gw_hooks **hooks);
/* Look again: something waits that did not before. */
void jb_gw_hooks_kick(struct jb_gw_hooks *hooks);
/* How many targets (NULL: none); the state of one, i below that. */
size_t jb_gw_hooks_count(const struct jb_gw_hooks *hooks);
struct jb_gw_hook_state jb_gw_hooks_at(const struct jb_gw_hooks *hooks, size_t i);

#endif
