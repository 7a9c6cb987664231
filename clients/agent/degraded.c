/* Degraded: nothing is taken in, because it would not get onto the disk.
 *
 * The line is given up, so that nothing is acknowledged: the broker keeps what is for this node.
 * Clients that only read are served; a submission is refused in words. Every few seconds a small
 * transaction tries the disk; when it succeeds what memory holds is read from the disk again, those
 * who wait for a verdict that came meanwhile get it, and the line is made anew. */
#include "clients/agent/agent.h"

#include "proto/base/log.h"

static void on_probe(uv_timer_t *timer);

bool jb_agent_degraded(const struct jb_agent *a)
{
    return a->strain.why != JB_OK;
}

/* What does not pass by itself. */
static void give_up(struct jb_agent *a, enum jb_err err, const char *detail)
{
    const char *advice =
        err == JB_CORRUPT ? "; see jiaoban-agent --verify, and restore a good copy" : "";
    (void)jb_fault_set(&a->trouble, err, "%s%s: %s", jb_err_text(err), advice, detail);
    jb_log(JB_LOG_ERROR, NULL, "agent.failed", "error=%s text=\"%s\"", jb_err_name(err),
           a->trouble.text);
    jb_agent_house_status(a, a->trouble.text);
    jb_agent_stop(a, jb_err_exit(err));
}

void jb_agent_damaged(struct jb_agent *a, const char *detail)
{
    give_up(a, JB_CORRUPT, detail);
}

static void begin_strain(struct jb_agent *a, enum jb_err why, const char *detail)
{
    bool told = a->strain.why == why;
    jb_strain_begin(&a->strain, why, detail, a->config->data, jb_agent_now(a));
    if (!told)
        jb_log(JB_LOG_ERROR, a->config->code, "degraded", "reason=%s text=\"%s\" detail=\"%s\"",
               jb_strain_word(why), a->strain.text, a->strain.detail);
    jb_agent_house_status(a, a->strain.text);
    (void)uv_timer_start(&a->probe_timer, on_probe, JB_STRAIN_PROBE_MS, JB_STRAIN_PROBE_MS);
}

void jb_agent_fail(struct jb_agent *a, enum jb_err err, const char *what)
{
    enum jb_err why = jb_strain_of(err);
    struct jb_fault detail;
    if (a->stopping)
        return;
    (void)jb_fault_set(&detail, err, "%s: %s", what,
                       a->ledger != NULL ? jb_ledger_error(a->ledger) : "");
    if (why == JB_OK) {
        give_up(a, err, detail.text);
        return;
    }
    begin_strain(a, why, detail.text);
    jb_agent_line_bye(a, jb_strain_word(why));
    jb_agent_line_break(a, JB_AGENT_OFFLINE, JB_STRAIN_PROBE_MS, a->strain.text);
}

enum jb_err jb_agent_try_disk(struct jb_agent *a, const char *what)
{
    enum jb_err err = jb_agent_degraded(a) ? a->strain.why : jb_ledger_probe(a->ledger);
    if (err != JB_OK && !jb_agent_degraded(a))
        jb_agent_fail(a, err, what);
    return err;
}

/* As after a start, from the same tables. */
static enum jb_err read_again(struct jb_agent *a)
{
    enum jb_err err = jb_agent_pending_load(a);
    if (err == JB_OK)
        err = jb_ledger_directory_load(a->ledger, &a->directory);
    return err == JB_OK ? jb_agent_book_load(a) : err;
}

static void leave(struct jb_agent *a)
{
    jb_log(JB_LOG_NOTICE, a->config->code, "recovered", "reason=%s seconds=%lld",
           jb_strain_word(a->strain.why), (long long)jb_strain_seconds(&a->strain));
    jb_strain_end(&a->strain);
    (void)uv_timer_stop(&a->probe_timer);
    jb_agent_line_set(a, JB_AGENT_OFFLINE, "the disk is good again; connecting");
    jb_agent_wait_settled(a, jb_outbox_settled(a->ledger).number);
    jb_agent_alarm_kick(a);
    jb_agent_line_again(a);
}

/* Where the reserve finds no room, there is none for what comes next. */
static enum jb_err probe(struct jb_agent *a)
{
    enum jb_err err = jb_reserve_fill(&a->reserve);
    if (err != JB_FULL)
        err = jb_ledger_probe(a->ledger);
    return err == JB_OK ? read_again(a) : err;
}

static void on_probe(uv_timer_t *timer)
{
    struct jb_agent *a = timer->data;
    enum jb_err err = probe(a);
    if (err == JB_OK)
        leave(a);
    else if (jb_strain_of(err) != JB_OK)
        begin_strain(a, jb_strain_of(err), jb_ledger_error(a->ledger));
    else
        give_up(a, err, jb_ledger_error(a->ledger));
}

enum jb_err jb_agent_degraded_start(struct jb_agent *a)
{
    a->probe_timer.data = a;
    if (uv_timer_init(a->loop, &a->probe_timer) != 0)
        return JB_NOMEM;
    enum jb_err err = jb_reserve_fill(&a->reserve);
    if (err == JB_FULL)
        begin_strain(a, JB_FULL, "no room for the reserve");
    else if (err != JB_OK)
        jb_log(JB_LOG_WARNING, a->reserve.path, "reserve.missing", "error=%s", jb_err_name(err));
    return JB_OK;
}

void jb_agent_degraded_stop(struct jb_agent *a)
{
    uv_handle_t *handle = (uv_handle_t *)&a->probe_timer;
    if (handle->type != UV_UNKNOWN_HANDLE && !uv_is_closing(handle))
        uv_close(handle, NULL);
}
