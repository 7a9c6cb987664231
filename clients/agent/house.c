/* What the system wants of a daemon: readiness, watchdog, signals. */
#include "clients/agent/agent.h"

#include <signal.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>

#include "proto/base/log.h"

#define IDLE_CHECK_MS 60000 /* without a watchdog: how often the WAL is looked at */
#define WAL_BYTES_MAX (INT64_C(1024) * 1024)

static void on_house(uv_timer_t *timer)
{
    struct jb_agent *a = timer->data;
    if (a->watchdog_ms > 0)
        (void)sd_notify(0, "WATCHDOG=1");
    if (jb_ledger_wal_bytes(a->ledger) > WAL_BYTES_MAX)
        jb_ledger_checkpoint(a->ledger, a->gather.count == 0);
}

static void on_end(uv_signal_t *handle, int number)
{
    struct jb_agent *a = handle->data;
    jb_log(JB_LOG_NOTICE, NULL, "agent.stopping", "signal=%d", number);
    jb_agent_stop(a, 0);
}

static void on_reload(uv_signal_t *handle, int number)
{
    (void)number;
    jb_agent_reload(handle->data);
}

static enum jb_err catch_signal(struct jb_agent *a, uv_signal_t *handle, uv_signal_cb cb,
                                int number)
{
    handle->data = a;
    return uv_signal_init(a->loop, handle) == 0 && uv_signal_start(handle, cb, number) == 0 ? JB_OK
                                                                                            : JB_IO;
}

enum jb_err jb_agent_house_start(struct jb_agent *a)
{
    uint64_t us = 0;
    if (sd_watchdog_enabled(0, &us) > 0)
        a->watchdog_ms = us / 2000 > 0 ? us / 2000 : 1;
    a->house_timer.data = a;
    uint64_t every = a->watchdog_ms > 0 ? a->watchdog_ms : IDLE_CHECK_MS;
    enum jb_err err = uv_timer_init(a->loop, &a->house_timer) == 0 &&
                              uv_timer_start(&a->house_timer, on_house, every, every) == 0
                          ? JB_OK
                          : JB_IO;
    if (err == JB_OK)
        err = catch_signal(a, &a->sigterm, on_end, SIGTERM);
    if (err == JB_OK)
        err = catch_signal(a, &a->sigint, on_end, SIGINT);
    if (err == JB_OK)
        err = catch_signal(a, &a->sighup, on_reload, SIGHUP);
    return err;
}

void jb_agent_house_ready(struct jb_agent *a)
{
    (void)a;
    (void)sd_notify(0, "READY=1");
}

void jb_agent_house_status(struct jb_agent *a, const char *status)
{
    (void)a;
    (void)sd_notifyf(0, "STATUS=%s", status);
}

static void close_handle(uv_handle_t *handle)
{
    if (handle->type != UV_UNKNOWN_HANDLE && !uv_is_closing(handle))
        uv_close(handle, NULL);
}

void jb_agent_house_stop(struct jb_agent *a)
{
    (void)sd_notify(0, "STOPPING=1");
    close_handle((uv_handle_t *)&a->house_timer);
    close_handle((uv_handle_t *)&a->sigterm);
    close_handle((uv_handle_t *)&a->sigint);
    close_handle((uv_handle_t *)&a->sighup);
}
