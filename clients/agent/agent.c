/* Life cycle: start in order, stop in one sweep. */
#include "clients/agent/blob.h"
#include "clients/agent/former.h"
#include "clients/agent/requests.h"
#include "clients/agent/verify.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/base/log.h"

#define PENDING_PAGE 64
#define WAL_BYTES_MAX (INT64_C(4) * 1024 * 1024) /* written back beyond this */

int64_t jb_agent_now(const struct jb_agent *a)
{
    return jb_clock_read(&a->clock);
}

/* The outbox in short, page by page. */
static enum jb_err read_pending(struct jb_agent *a, struct jb_agent_pendings *out)
{
    uint64_t next = jb_outbox_settled(a->ledger).number + 1;
    uint64_t last = jb_outbox_made(a->ledger).number;
    struct jb_arena arena;
    jb_arena_init(&arena, (size_t)64 * 1024 * 1024);
    enum jb_err err = JB_OK;
    while (err == JB_OK && next <= last) {
        struct jb_outbox_item *items = NULL;
        size_t count = 0;
        jb_arena_reset(&arena);
        err = jb_outbox_read(a->ledger, next, PENDING_PAGE, JB_FRAME_LIMIT_BYTES, &arena, &items,
                             &count);
        if (err == JB_OK && count == 0)
            err = JB_CORRUPT;
        if (err == JB_OK)
            err = jb_agent_pendings_reserve(out, count);
        for (size_t i = 0; i < count && err == JB_OK; i++) {
            jb_agent_pendings_add(out, (struct jb_agent_pending){.number = items[i].number,
                                                                 .case_no = items[i].case_no,
                                                                 .kind = items[i].kind});
            next = items[i].number + 1;
        }
    }
    jb_arena_fini(&arena);
    return err;
}

enum jb_err jb_agent_pending_load(struct jb_agent *a)
{
    struct jb_agent_pendings loaded = {0};
    enum jb_err err = read_pending(a, &loaded);
    if (err == JB_OK) {
        jb_agent_pendings_fini(&a->pending);
        a->pending = loaded;
    } else {
        jb_agent_pendings_fini(&loaded);
    }
    return err;
}

/* After everything that this turn brought, before the loop sleeps. */
static void on_tick(uv_prepare_t *tick)
{
    struct jb_agent *a = tick->data;
    if (a->gather.count > 0)
        jb_agent_apply(a);
    jb_agent_group_take(a); /* decided with what has just come */
    if (a->pump_wanted && !a->stopping) {
        a->pump_wanted = false;
        jb_agent_pump(a);
    }
    if (jb_ledger_wal_bytes(a->ledger) > WAL_BYTES_MAX && !jb_agent_degraded(a))
        jb_ledger_checkpoint(a->ledger, false);
}

static enum jb_err start_tick(struct jb_agent *a)
{
    a->tick.data = a;
    if (uv_prepare_init(a->loop, &a->tick) != 0 || uv_prepare_start(&a->tick, on_tick) != 0)
        return JB_IO;
    return JB_OK;
}

/* A file that does not tell how many cases there are is counted before there is a line, whose beats
 * would wait. What cannot be counted now is when somebody asks. */
static void count_cases(struct jb_agent *a)
{
    struct jb_totals totals = {0};
    (void)!jb_query_lights(a->ledger, a->started_ms, &totals);
}

enum jb_err jb_agent_start(struct jb_agent *a, struct jb_fault *fault)
{
    a->started_ms = jb_agent_now(a);
    enum jb_err err = jb_agent_store_open(a, false, fault);
    if (err == JB_OK)
        err = jb_agent_book_start(a, fault);
    if (err == JB_OK)
        count_cases(a);
    if (err == JB_OK)
        err = jb_agent_pending_load(a);
    if (err == JB_OK)
        err = jb_agent_former_load(a);
    if (err == JB_OK)
        err = jb_agent_key_check(a, fault);
    if (err == JB_OK)
        err = jb_agent_blobs_start(a, fault);
    if (err == JB_OK)
        err = start_tick(a);
    if (err == JB_OK)
        err = jb_agent_house_start(a);
    if (err == JB_OK)
        err = jb_agent_degraded_start(a);
    if (err == JB_OK)
        err = jb_agent_hook_start(a);
    if (err == JB_OK)
        err = jb_agent_alarm_start(a);
    if (err == JB_OK)
        err = jb_agent_proposals_start(a);
    if (err == JB_OK)
        err = jb_zctx_new(&a->zctx);
    if (err == JB_OK)
        err = jb_agent_line_start(a, fault);
    if (err == JB_OK)
        err = jb_agent_local_start(a, fault);
    if (err == JB_OK)
        err = jb_agent_pages_start(a);
    if (err == JB_OK)
        jb_agent_roles_tell(a);
    if (err != JB_OK && fault->text[0] == '\0')
        (void)jb_fault_set(fault, err, "%s", jb_err_said(err));
    return err;
}

static void close_handle(uv_handle_t *handle)
{
    if (handle->type != UV_UNKNOWN_HANDLE && !uv_is_closing(handle))
        uv_close(handle, NULL);
}

void jb_agent_stop(struct jb_agent *a, int exit_status)
{
    if (a->stopping)
        return;
    a->stopping = true;
    a->exit_status = exit_status;
    jb_agent_house_stop(a);
    jb_agent_degraded_stop(a);
    jb_agent_wait_stop(a);
    jb_agent_verify_stop(a);
    jb_agent_report_stop(a);
    jb_agent_proposals_stop(a);
    jb_agent_evidence_forget(a, NULL);
    jb_agent_group_drop(a);
    jb_agent_local_stop(a);
    jb_agent_line_stop(a);
    jb_agent_alarm_stop(a);
    jb_agent_hook_stop(a);
    jb_agent_blobs_stop(a);
    close_handle((uv_handle_t *)&a->tick);
    if (jb_agent_verify_running(a))
        uv_stop(a->loop);
}

void jb_agent_fini(struct jb_agent *a)
{
    jb_zctx_free(&a->zctx);
    jb_arena_fini(&a->line.in);
    jb_arena_fini(&a->line.out);
    jb_arena_fini(&a->gather.arena);
    jb_agent_pendings_fini(&a->pending);
    jb_agent_former_fini(a);
    jb_agent_book_fini(a);
    jb_agent_blobs_fini(a);
    jb_agent_store_close(a);
}

/* ---- reload ---- */

static void on_change(void *ctx, const struct jb_config_row *row, bool applied)
{
    (void)ctx;
    jb_log(JB_LOG_NOTICE, NULL, applied ? "config.changed" : "config.needs_restart", "key=%s.%s",
           row->section, row->key);
}

/* Nothing of a file that is wrong anywhere comes into force. */
static enum jb_err check_source(const struct jb_agent *a, struct jb_fault *fault)
{
    struct jb_agent_config wanted = {0};
    struct jb_public_keys broker;
    enum jb_err err = jb_config_read(&jb_agent_config_table, &a->source, &wanted, fault);
    if (err != JB_OK)
        return err;
    err = jb_agent_config_check(&wanted, &broker, fault);
    jb_config_free(&jb_agent_config_table, &wanted);
    return err;
}

enum jb_err jb_agent_reload(struct jb_agent *a, struct jb_fault *fault)
{
    enum jb_log_level level = JB_LOG_INFO;
    enum jb_err err = check_source(a, fault);
    if (err == JB_OK)
        err =
            jb_config_reload(&jb_agent_config_table, &a->source, a->config, on_change, NULL, fault);
    if (err != JB_OK) {
        jb_log(JB_LOG_ERROR, NULL, "config.refused", "%s", fault->text);
        return err;
    }
    if (jb_log_level_parse(a->config->log_level, &level))
        jb_log_set_level(level);
    jb_agent_alarm_kick(a);
    jb_agent_roles_tell(a);
    jb_log(JB_LOG_NOTICE, NULL, "config.reloaded", NULL);
    return JB_OK;
}
