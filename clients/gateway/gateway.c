/* Life cycle: start in order, stop in one sweep. */
#include "clients/gateway/gateway.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clients/gateway/broker.h"
#include "clients/gateway/feed.h"
#include "clients/gateway/hook.h"
#include "clients/gateway/http.h"
#include "clients/gateway/idem.h"
#include "clients/gateway/link.h"
#include "proto/base/secret.h"
#include "clients/gateway/site.h"
#include "clients/gateway/sse.h"
#include "clients/gateway/upload.h"
#include "clients/gateway/window.h"
#include "proto/base/log.h"

#define SECRET_CHARS 16 /* of the proxy's secret, at least */

int64_t jb_gw_now(const struct jb_gw *gw)
{
    return jb_clock_read(&gw->clock);
}

/* The proxy's secret: one line of a file that nobody else can read. */
static enum jb_err secret_read(struct jb_gw *gw, struct jb_fault *fault)
{
    const char *path = gw->config->proxy_secret;
    if (path[0] == '\0')
        return JB_OK;
    enum jb_err err =
        jb_secret_read(path, "[proxy] secret", gw->proxy_secret, sizeof gw->proxy_secret, fault);
    if (err == JB_OK && strlen(gw->proxy_secret) < SECRET_CHARS)
        err = jb_fault_set(fault, JB_CONFIG,
                           "%s: a secret has at least %d characters: write a longer one", path,
                           SECRET_CHARS);
    return err;
}

enum jb_err jb_gw_start(struct jb_gw *gw, struct jb_fault *fault)
{
    jb_gw_secret_new(gw->csrf_secret);
    enum jb_err err = secret_read(gw, fault);
    if (err == JB_OK)
        err = jb_gw_store_open(gw->config->data, true, &gw->store, fault);
    if (err == JB_OK)
        err = jb_gw_site_open(gw->config->console, &gw->site, fault);
    if (err == JB_OK && (gw->keys = calloc(1, sizeof *gw->keys)) == NULL)
        err = JB_NOMEM;
    if (err == JB_OK)
        err = jb_gw_house_start(gw);
    if (err == JB_OK)
        err = jb_gw_feed_open(gw, &gw->feed);
    if (err == JB_OK)
        err = jb_gw_streams_open(gw, &gw->streams);
    if (err == JB_OK)
        err = jb_gw_window_open(gw, &gw->window);
    if (err == JB_OK)
        err = jb_gw_link_open(gw, &gw->link);
    if (err == JB_OK)
        err = jb_gw_uploads_open(gw, &gw->uploads);
    if (err == JB_OK)
        err = jb_gw_broker_open(gw, &gw->broker);
    if (err == JB_OK)
        err = jb_gw_hooks_open(gw, &gw->hooks, fault);
    if (err == JB_OK)
        err = jb_gw_http_open(gw, &gw->http, fault);
    if (err != JB_OK && fault->text[0] == '\0')
        (void)jb_fault_set(fault, err, "%s", jb_err_text(err));
    return err;
}

void jb_gw_stop(struct jb_gw *gw, int exit_status)
{
    if (gw->stopping)
        return;
    gw->stopping = true;
    gw->exit_status = exit_status;
    jb_gw_house_stop(gw);
    jb_gw_http_close(&gw->http);
    jb_gw_streams_close(&gw->streams);
    jb_gw_window_close(&gw->window);
    jb_gw_hooks_close(&gw->hooks);
    jb_gw_feed_close(&gw->feed);
    jb_gw_broker_close(&gw->broker);
    jb_gw_uploads_close(&gw->uploads);
    jb_gw_link_close(&gw->link);
}

void jb_gw_fini(struct jb_gw *gw)
{
    jb_gw_store_close(&gw->store);
    jb_gw_site_close(&gw->site);
    free(gw->keys);
    sodium_memzero(gw->csrf_secret, sizeof gw->csrf_secret);
    sodium_memzero(gw->proxy_secret, sizeof gw->proxy_secret);
}
