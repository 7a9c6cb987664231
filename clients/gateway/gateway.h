/* jiaoban-gateway: the parts that everything hangs on, and its life cycle. Loop thread only.
 *
 * One way: gate (accept, judge the head) -> http (one request) -> route (which handler) -> caller
 * (who asks) -> handler -> link (the agent) -> reply. The gateway holds no casework and decides no
 * right: the agent does, for the person whom the gateway names. */
#ifndef JB_CLIENTS_GATEWAY_GATEWAY_H
#define JB_CLIENTS_GATEWAY_GATEWAY_H

#include <uv.h>

#include "clients/gateway/config.h"
#include "clients/gateway/session.h"
#include "clients/gateway/store.h"
#include "proto/base/clock.h"
#include "proto/base/testclock.h"

#define JB_GW_SOFTWARE "jiaoban-gateway " JB_VERSION_TEXT

struct jb_gw_gate;
struct jb_gw_http;
struct jb_gw_link;
struct jb_gw_feed;
struct jb_gw_streams;
struct jb_gw_site;
struct jb_gw_window;
struct jb_gw_broker;
struct jb_gw_hooks;
struct jb_gw_uploads;
struct jb_gw_keys; /* idempotency keys of requests that are under way */

struct jb_gw_counts {               /* since the start, for metrics */
    uint64_t requests, answered[6]; /* by the first digit of the status */
    uint64_t logins, logins_denied, replayed, cut;
};

struct jb_gw {
    uv_loop_t *loop;
    const struct jb_gw_config *config;
    struct jb_config_source source;
    struct jb_clock clock;
    struct jb_testclock testclock;
    struct jb_gw_store *store;
    struct jb_gw_link *link;
    struct jb_gw_feed *feed;
    struct jb_gw_streams *streams; /* readers of events */
    struct jb_gw_http *http;
    struct jb_gw_site *site; /* the console's files */
    struct jb_gw_window *window;
    struct jb_gw_hooks *hooks;   /* webhooks; NULL: none are configured */
    struct jb_gw_broker *broker; /* NULL: none is configured */
    struct jb_gw_keys *keys;
    struct jb_gw_uploads *uploads;
    char csrf_secret[JB_GW_SECRET_TEXT]; /* of proxy mode; of this process */
    char proxy_secret[257];              /* from the file; "" none */
    uv_timer_t house_timer;              /* sweeps, watchdog */
    uv_signal_t sigterm, sigint, sighup;
    int64_t swept_ms;
    uint64_t watchdog_ms;
    struct jb_gw_counts counts;
    bool stopping;
    int exit_status;
};

/* gateway.c */
/* Open the file, reach for the agent, listen. After a failed start: stop, run the loop, fini. */
JB_MUST enum jb_err jb_gw_start(struct jb_gw *gw, struct jb_fault *fault);
/* Close everything; the loop then ends by itself. Idempotent. */
void jb_gw_stop(struct jb_gw *gw, int exit_status);
void jb_gw_fini(struct jb_gw *gw);
int64_t jb_gw_now(const struct jb_gw *gw);

/* house.c: sd_notify, watchdog, signals, sweeping */
JB_MUST enum jb_err jb_gw_house_start(struct jb_gw *gw);
void jb_gw_house_ready(const struct jb_gw *gw);
void jb_gw_house_stop(struct jb_gw *gw);

/* admin.c: commands of administration, without a loop. Exit status. */
struct jb_gw_command {
    const char *what; /* "add-account" ... */
    const char *name, *display_name, *account, *scopes, *days;
};
int jb_gw_admin(const struct jb_gw_config *c, const struct jb_gw_command *command);

#endif
