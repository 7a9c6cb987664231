/* What the system wants of a daemon (readiness, watchdog, signals), and what is swept now and then.
 */
#include "clients/gateway/gateway.h"

#include <signal.h>
#include <systemd/sd-daemon.h>

#include "clients/gateway/idem.h"
#include "clients/gateway/lockout.h"
#include "clients/gateway/login.h"
#include "clients/gateway/upload.h"
#include "proto/base/log.h"

#define HOUSE_MS 10000
#define SWEEP_MS 600000

/* ---- sweeping ---- */

static void sweep(struct jb_gw *gw)
{
    int64_t now_ms = jb_gw_now(gw);
    enum jb_err err = jb_gw_session_sweep(gw->store, gw->config, now_ms);
    if (err == JB_OK)
        err = jb_gw_idem_sweep(gw->store, now_ms);
    if (err == JB_OK)
        err = jb_gw_lock_sweep(gw->store, gw->config, now_ms);
    if (err == JB_OK)
        err = jb_gw_login_trim(gw->store, gw->config->login_rows);
    if (err != JB_OK)
        jb_log(JB_LOG_WARNING, "gateway", "sweep.failed", "error=%s detail=\"%s\"",
               jb_err_name(err), jb_gw_store_error(gw->store));
}

static void on_house(uv_timer_t *timer)
{
    struct jb_gw *gw = timer->data;
    int64_t mono_ms = jb_clock_mono_ms();
    if (gw->watchdog_ms > 0)
        (void)sd_notify(0, "WATCHDOG=1");
    if (gw->uploads != NULL)
        jb_gw_uploads_sweep(gw->uploads);
    if (mono_ms - gw->swept_ms >= SWEEP_MS) {
        gw->swept_ms = mono_ms;
        sweep(gw);
    }
}

/* ---- signals ---- */

static void on_stop(uv_signal_t *handle, int number)
{
    struct jb_gw *gw = handle->data;
    jb_log(JB_LOG_NOTICE, "gateway", "signal", "number=%d", number);
    jb_gw_stop(gw, 0);
}

static void on_change(void *ctx, const struct jb_config_row *row, bool applied)
{
    (void)ctx;
    jb_log(JB_LOG_NOTICE, "gateway", applied ? "config.changed" : "config.needs_restart",
           "key=%s.%s", row->section, row->key);
}

static void on_reload(uv_signal_t *handle, int number)
{
    struct jb_gw *gw = handle->data;
    struct jb_fault fault = {""};
    enum jb_log_level level;
    (void)number;
    (void)sd_notify(0, "RELOADING=1");
    enum jb_err err = jb_config_reload(&jb_gw_config_table, &gw->source,
                                       (void *)(uintptr_t)gw->config, on_change, NULL, &fault);
    if (err != JB_OK)
        jb_log(JB_LOG_ERROR, "gateway", "reload.failed", "text=\"%s\"", fault.text);
    else if (jb_log_level_parse(gw->config->log_level, &level))
        jb_log_set_level(level);
    (void)sd_notify(0, "READY=1");
}

/* ---- life cycle ---- */

static enum jb_err signal_start(struct jb_gw *gw, uv_signal_t *handle, uv_signal_cb on_signal,
                                int number)
{
    if (uv_signal_init(gw->loop, handle) != 0)
        return JB_IO;
    handle->data = gw;
    uv_unref((uv_handle_t *)handle);
    return uv_signal_start(handle, on_signal, number) == 0 ? JB_OK : JB_IO;
}

enum jb_err jb_gw_house_start(struct jb_gw *gw)
{
    uint64_t us = 0;
    uint64_t every_ms = HOUSE_MS;
    if (sd_watchdog_enabled(0, &us) > 0)
        gw->watchdog_ms = us / 2000 > 0 ? us / 2000 : 1;
    if (gw->watchdog_ms > 0 && gw->watchdog_ms < every_ms)
        every_ms = gw->watchdog_ms;
    if (uv_timer_init(gw->loop, &gw->house_timer) != 0)
        return JB_IO;
    gw->house_timer.data = gw;
    gw->swept_ms = jb_clock_mono_ms();
    sweep(gw);
    if (uv_timer_start(&gw->house_timer, on_house, every_ms, every_ms) != 0)
        return JB_IO;
    enum jb_err err = signal_start(gw, &gw->sigterm, on_stop, SIGTERM);
    if (err == JB_OK)
        err = signal_start(gw, &gw->sigint, on_stop, SIGINT);
    return err == JB_OK ? signal_start(gw, &gw->sighup, on_reload, SIGHUP) : err;
}

void jb_gw_house_ready(const struct jb_gw *gw)
{
    (void)gw;
    (void)sd_notify(0, "READY=1");
}

static void close_handle(uv_handle_t *handle)
{
    if (handle->type != UV_UNKNOWN_HANDLE && !uv_is_closing(handle))
        uv_close(handle, NULL);
}

void jb_gw_house_stop(struct jb_gw *gw)
{
    (void)sd_notify(0, "STOPPING=1");
    close_handle((uv_handle_t *)&gw->house_timer);
    close_handle((uv_handle_t *)&gw->sigterm);
    close_handle((uv_handle_t *)&gw->sigint);
    close_handle((uv_handle_t *)&gw->sighup);
}
