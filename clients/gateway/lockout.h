/* Wrong passwords: counted by name and address and by name alone; after several in a row a name is
 * locked, longer each time. Names that do not exist are treated the same, so that nobody can tell.
 * An attempt is counted before the password is looked at, so that many at once gain nothing. On
 * disk: a restart does not forget. Loop thread only. */
#ifndef JB_CLIENTS_GATEWAY_LOCKOUT_H
#define JB_CLIENTS_GATEWAY_LOCKOUT_H

#include "clients/gateway/config.h"
#include "clients/gateway/store.h"

/* May this name be tried from this address now? *wait_ms: 0, and the attempt is counted as a wrong
 * one; else for how long not. */
JB_MUST enum jb_err jb_gw_lock_try(struct jb_gw_store *store, const struct jb_gw_config *c,
                                   const char *name, const char *address, int64_t now_ms,
                                   int64_t *wait_ms);
/* It was the right one: what was counted is forgotten. */
JB_MUST enum jb_err jb_gw_lock_clear(struct jb_gw_store *store, const char *name,
                                     const char *address);
/* Until when the name is locked for everybody; 0: it is not. */
JB_MUST enum jb_err jb_gw_lock_until(struct jb_gw_store *store, const char *name, int64_t now_ms,
                                     int64_t *until_ms);
/* Forget what is old. */
JB_MUST enum jb_err jb_gw_lock_sweep(struct jb_gw_store *store, const struct jb_gw_config *c,
                                     int64_t now_ms);

#endif
