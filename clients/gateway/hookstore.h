/* Webhooks in the gateway's own file: how far each target has been served, and what is still to be
 * delivered to it. Nothing of a case is kept: a delivery is a number of the agency's stream, or the
 * id of an alarm; its contents are asked of the agent when it is sent. Loop thread only. */
#ifndef JB_CLIENTS_GATEWAY_HOOKSTORE_H
#define JB_CLIENTS_GATEWAY_HOOKSTORE_H

#include "clients/gateway/store.h"

#define JB_GW_EPOCH_TEXT 64
#define JB_GW_EVENT_ID 96
#define JB_GW_HOOK_ERROR 160

struct jb_gw_cursor_row {         /* of a target */
    char epoch[JB_GW_EPOCH_TEXT]; /* "" it was never served */
    uint64_t number;              /* everything up to it is delivered, or a row of its own */
    int64_t alarm;                /* likewise; negative: it begins with the next one */
};

struct jb_gw_delivery {
    int64_t id;                    /* of the row */
    char event_id[JB_GW_EVENT_ID]; /* "EPOCH-NUMBER", "EPOCH-alarm-ID"; stable, for receivers to
                                    * drop repeats by */
    uint64_t number, alarm;        /* one of them; both 0: that numbers begin anew */
    int64_t made_ms, next_ms;
    int64_t attempts;
    bool dead;                    /* given up; waits to be replayed */
    int64_t status;               /* HTTP status of the last attempt; 0: no answer */
    char error[JB_GW_HOOK_ERROR]; /* "" none */
};

JB_MUST enum jb_err jb_gw_hook_cursor_get(struct jb_gw_store *store, const char *target,
                                          struct jb_gw_cursor_row *out);
JB_MUST enum jb_err jb_gw_hook_cursor_set(struct jb_gw_store *store, const char *target,
                                          const struct jb_gw_cursor_row *row);
/* One more; one that is there already stays as it is. */
JB_MUST enum jb_err jb_gw_delivery_add(struct jb_gw_store *store, const char *target,
                                       const struct jb_gw_delivery *d);
/* The next one that is not dead, by time; JB_NOT_FOUND. */
JB_MUST enum jb_err jb_gw_delivery_next(struct jb_gw_store *store, const char *target,
                                        struct jb_gw_delivery *out);
/* It failed: attempts, next_ms, dead, status, error are written. */
JB_MUST enum jb_err jb_gw_delivery_set(struct jb_gw_store *store, const struct jb_gw_delivery *d);
JB_MUST enum jb_err jb_gw_delivery_drop(struct jb_gw_store *store, int64_t id);
/* Rows after `after`, oldest first; `dead`: only given-up ones. *count: room, then how many. */
JB_MUST enum jb_err jb_gw_delivery_list(struct jb_gw_store *store, const char *target, bool dead,
                                        int64_t after, struct jb_gw_delivery *out, size_t *count);
/* Given-up ones wait again from now on: the one with this id, or all (0). *count: how many. */
JB_MUST enum jb_err jb_gw_delivery_replay(struct jb_gw_store *store, const char *target, int64_t id,
                                          int64_t now_ms, int *count);
JB_MUST enum jb_err jb_gw_delivery_count(struct jb_gw_store *store, const char *target,
                                         int64_t *waiting, int64_t *dead);
/* What belongs to no target of the list (names with blanks around each) goes. */
JB_MUST enum jb_err jb_gw_hook_sweep(struct jb_gw_store *store, const char *targets);

#endif
