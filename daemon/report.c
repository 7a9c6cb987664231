/* Reports for administrators: the appraisal over the whole log, on the worker pool with a
 * connection of its own. Unlike an agency's report it covers all cases; it names them by number
 * alone. */
#include <stdio.h>
#include <stdlib.h>

#include "daemon/admin.h"
#include "proto/ledger/appraisal.h"
#include "proto/wire/report.h"

#define REPORT_ARENA_BYTES ((size_t)64 * 1024 * 1024)

struct report_job {
    uv_work_t work;
    struct jb_admin *a;
    uint64_t waiter;
    char path[4096];
    struct jb_report_query query;
    struct jb_report report;
    struct jb_arena arena;
    enum jb_err err;
    struct jb_fault fault;
};

static void run_report(uv_work_t *work)
{
    struct report_job *job = work->data;
    struct jb_ledger *l = NULL;
    struct jb_ledger_options options = {
        .role = JB_LEDGER_BROKER, .read_only = true, .cancel = &job->a->stopping};
    job->err = jb_ledger_open(job->path, &options, &l, &job->fault);
    if (job->err == JB_OK)
        job->err = jb_report_make(l, &job->query, &job->arena, &job->report, &job->fault);
    jb_ledger_close(&l);
}

static void send_report(struct jb_local_peer *peer, uint64_t request, struct report_job *job)
{
    Jb__Reply reply = JB__REPLY__INIT;
    struct jb_bytes bytes;
    reply.has_id = 1;
    reply.id = request;
    reply.body_case = JB__REPLY__BODY_REPORT;
    reply.report = jb_report_view(&job->report, &job->query, &job->a->b->directory, &job->arena);
    enum jb_err err =
        reply.report != NULL ? jb_message_encode(&reply.base, &job->arena, &bytes) : JB_TOO_LARGE;
    if (err == JB_OK)
        err = jb_local_send(peer, bytes);
    if (err != JB_OK)
        jb_admin_error(peer, request, JB_TOO_LARGE,
                       "the answer is too large: name an agency or an indicator");
}

static void on_reported(uv_work_t *work, int status)
{
    struct report_job *job = work->data;
    struct jb_admin *a = job->a;
    if (status != 0)
        job->err = JB_CLOSED;
    a->reporting = false;
    struct jb_admin_waiter w;
    bool waits = jb_admin_wait_over(a, job->waiter, &w);
    if (waits && job->err != JB_OK)
        jb_admin_error(w.peer, w.request, job->err,
                       job->fault.text[0] != '\0' ? job->fault.text : jb_err_text(job->err));
    else if (waits)
        send_report(w.peer, w.request, job);
    jb_arena_fini(&job->arena);
    free(job);
}

void jb_admin_report(struct jb_admin *a, struct jb_local_peer *peer, const Jb__Request *r)
{
    struct jb_report_query query;
    struct jb_fault fault = {""};
    enum jb_err err = jb_report_query_read(r->report, jb_broker_now(a->b), &query, &fault);
    if (err == JB_OK && a->reporting)
        err = jb_fault_set(&fault, JB_BUSY, "another report is being made; try again");
    if (err != JB_OK) {
        jb_admin_error(peer, r->id, err, fault.text);
        return;
    }
    struct report_job *job = calloc(1, sizeof *job);
    struct jb_admin_waiter *w = job != NULL ? jb_admin_wait(a, peer, r->id) : NULL;
    if (w == NULL) {
        free(job);
        return;
    }
    job->work.data = job;
    job->a = a;
    job->waiter = w->id;
    job->query = query;
    jb_arena_init(&job->arena, REPORT_ARENA_BYTES);
    (void)snprintf(job->path, sizeof job->path, "%s/broker.db", a->b->config->data);
    if (uv_queue_work(a->b->loop, &job->work, run_report, on_reported) != 0) {
        w->id = 0;
        free(job);
        jb_admin_error(peer, r->id, JB_NOMEM, "the report could not be started");
        return;
    }
    a->reporting = true;
}
