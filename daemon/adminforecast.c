/* An administrator's dry run of a calendar, on the worker pool with a connection of its own: at a
 * year's end it looks at every case that runs. */
#include <stdio.h>
#include <stdlib.h>

#include "daemon/admin.h"
#include "daemon/install.h"
#include "proto/rules/caseno.h"

struct forecast_job {
    uv_work_t work;
    struct jb_admin *a;
    uint64_t waiter;
    char path[4096];
    char *text; /* owned */
    size_t len;
    int64_t now_ms;
    struct jb_forecast forecast;
    enum jb_err err;
    struct jb_fault fault;
};

/* "the file is good; 2 deadlines move: 20261225-... handle 2027-01-04 -> 2027-01-05; ..." */
static void tell_forecast(struct jb_local_peer *peer, uint64_t request, const struct jb_forecast *f)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (out == NULL) {
        jb_admin_error(peer, request, JB_NOMEM, jb_err_text(JB_NOMEM));
        return;
    }
    (void)fprintf(out, "the file is good; %llu deadlines move", (unsigned long long)f->moved);
    for (uint64_t i = 0; i < f->moved && i < JB_FORECAST_ROWS; i++) {
        char number[JB_CASENO_TEXT];
        char from[JB_DATE_TEXT];
        char to[JB_DATE_TEXT];
        jb_caseno_format(f->rows[i].case_no, number);
        /* due at 24:00: the last day is the one before */
        jb_date_format(jb_date_of_instant(f->rows[i].old_due_ms - 1), from);
        jb_date_format(jb_date_of_instant(f->rows[i].due_ms - 1), to);
        (void)fprintf(out, "%s %s %s %s -> %s", i == 0 ? ":" : ";", number, f->rows[i].key, from,
                      to);
    }
    if (f->moved > JB_FORECAST_ROWS)
        (void)fprintf(out, "; ...");
    if (fclose(out) == 0)
        jb_admin_done(peer, request, text, 0, 0);
    free(text);
}

static void run_forecast(uv_work_t *work)
{
    struct forecast_job *job = work->data;
    struct jb_ledger *l = NULL;
    struct jb_ledger_options options = {
        .role = JB_LEDGER_BROKER, .read_only = true, .cancel = &job->a->stopping};
    job->err = jb_ledger_open(job->path, &options, &l, &job->fault);
    if (job->err == JB_OK)
        job->err = jb_forecast_calendar(l, (struct jb_text){job->text, job->len}, job->now_ms,
                                        &job->forecast, &job->fault);
    jb_ledger_close(&l);
}

static void job_free(struct forecast_job *job)
{
    if (job != NULL)
        free(job->text);
    free(job);
}

static void on_forecast(uv_work_t *work, int status)
{
    struct forecast_job *job = work->data;
    struct jb_admin *a = job->a;
    if (status != 0)
        job->err = JB_CLOSED;
    a->forecasting = false;
    struct jb_admin_waiter w;
    bool waits = jb_admin_wait_over(a, job->waiter, &w);
    if (waits && job->err != JB_OK)
        jb_admin_error(w.peer, w.request, job->err,
                       job->fault.text[0] != '\0' ? job->fault.text : jb_err_text(job->err));
    else if (waits)
        tell_forecast(w.peer, w.request, &job->forecast);
    job_free(job);
}

enum jb_err jb_admin_forecast(struct jb_admin *a, const struct jb_admin_waiter *w,
                              struct jb_text text, bool *started, struct jb_fault *fault)
{
    if (a->forecasting)
        return jb_fault_set(fault, JB_BUSY, "another calendar is being tried; try again");
    struct forecast_job *job = calloc(1, sizeof *job);
    char *copy = malloc(text.len + 1);
    if (job == NULL || copy == NULL) {
        free(copy);
        free(job);
        return JB_NOMEM;
    }
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    job->work.data = job;
    job->a = a;
    job->waiter = w->id;
    job->text = copy;
    job->len = text.len;
    job->now_ms = jb_broker_now(a->b);
    (void)snprintf(job->path, sizeof job->path, "%s/broker.db", a->b->config->data);
    if (uv_queue_work(a->b->loop, &job->work, run_forecast, on_forecast) != 0) {
        job_free(job);
        return jb_fault_set(fault, JB_NOMEM, "the dry run could not be started");
    }
    a->forecasting = true;
    *started = true;
    return JB_OK;
}
