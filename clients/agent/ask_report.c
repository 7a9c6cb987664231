/* `report`: the appraisal, computed from the whole record in a worker thread on a connection of its
 * own, so that nobody waits for it. A few at a time. */
#include "clients/agent/requests.h"

#include <malloc.h>
#include <stdlib.h>

#include "proto/ledger/appraisal.h"
#include "proto/wire/report.h"

#define REPORTS_MAX 2

struct jb_agent_report {
    struct jb_agent_report *next;
    uv_work_t work;
    struct jb_agent *agent;
    struct jb_agent_client *client; /* NULL: has gone */
    uint64_t request_id;
    /* the worker's own while it runs */
    const char *path;
    char user[JB_AGENT_USER_BYTES];
    struct jb_report_query query;
    struct jb_report report;
    struct jb_arena arena;
    atomic_bool stop;
    enum jb_err err;
    struct jb_fault fault;
};

static void on_work(uv_work_t *work)
{
    struct jb_agent_report *k = work->data;
    struct jb_ledger *l = NULL;
    struct jb_ledger_options options = {
        .role = JB_LEDGER_REPLICA, .read_only = true, .cancel = &k->stop};
    k->err = jb_ledger_open(k->path, &options, &l, &k->fault);
    if (k->err == JB_OK)
        k->err = jb_report_make(l, &k->query, &k->arena, &k->report, &k->fault);
    jb_ledger_close(&l);
}

static void answer(struct jb_agent_report *k)
{
    Jb__Reply reply = JB__REPLY__INIT;
    if (k->client == NULL)
        return;
    reply.has_id = true;
    reply.id = k->request_id;
    reply.body_case = JB__REPLY__BODY_REPORT;
    if (k->err == JB_OK) {
        reply.report = jb_report_view(&k->report, &k->query, &k->agent->directory, &k->arena);
        if (reply.report == NULL)
            k->err = jb_fault_set(&k->fault, JB_TOO_LARGE,
                                  "the answer is too large: name an agency or an indicator");
    }
    if (k->err == JB_OK)
        jb_agent_reply(k->client, &reply, &k->arena);
    else
        jb_agent_reply_error(k->client, k->request_id, k->err,
                             k->fault.text[0] != '\0' ? k->fault.text : jb_err_text(k->err));
}

static void on_worked(uv_work_t *work, int status)
{
    struct jb_agent_report *k = work->data;
    struct jb_agent *a = k->agent;
    struct jb_agent_report **at = &a->reports;
    if (status != 0)
        k->err = JB_CLOSED;
    if (!a->stopping)
        answer(k);
    while (*at != k)
        at = &(*at)->next;
    *at = k->next;
    jb_arena_fini(&k->arena);
    free(k);
    (void)malloc_trim(0); /* one large case takes much more than this process usually has */
}

static size_t running(const struct jb_agent *a)
{
    size_t count = 0;
    for (const struct jb_agent_report *k = a->reports; k != NULL; k = k->next)
        count++;
    return count;
}

/* Who asks, as his acts name him: a recused person gets no case named that he may not see. */
static void set_reader(struct jb_agent_report *k, const struct jb_agent_request *r)
{
    size_t len = r->user.len < sizeof k->user ? r->user.len : sizeof k->user;
    if (len > 0)
        memcpy(k->user, r->user.data, len);
    k->query.reader = jb_replica_node(r->agent->ledger);
    k->query.user = (struct jb_text){k->user, len};
}

enum jb_err jb_agent_get_report(struct jb_agent_request *r, Jb__Reply *reply)
{
    struct jb_agent *a = r->agent;
    struct jb_report_query query;
    (void)reply;
    enum jb_err err = jb_report_query_read(r->request->report, r->now_ms, &query, &r->fault);
    if (err != JB_OK)
        return err;
    if (running(a) >= REPORTS_MAX)
        return jb_fault_set(&r->fault, JB_BUSY, "other reports are being made; try again");
    struct jb_agent_report *k = calloc(1, sizeof *k);
    if (k == NULL)
        return JB_NOMEM;
    k->work.data = k;
    k->agent = a;
    k->client = r->client;
    k->request_id = r->request->id;
    k->path = a->ledger_path;
    k->query = query;
    set_reader(k, r);
    jb_arena_init(&k->arena, JB_AGENT_REQUEST_BYTES);
    if (uv_queue_work(a->loop, &k->work, on_work, on_worked) != 0) {
        free(k);
        return JB_IO;
    }
    k->next = a->reports;
    a->reports = k;
    r->later = true;
    return JB_OK;
}

void jb_agent_report_forget(struct jb_agent *a, const struct jb_agent_client *client)
{
    for (struct jb_agent_report *k = a->reports; k != NULL; k = k->next) {
        if (k->client != client)
            continue;
        k->client = NULL;
        atomic_store(&k->stop, true); /* nobody waits for it any more */
    }
}

void jb_agent_report_stop(struct jb_agent *a)
{
    for (struct jb_agent_report *k = a->reports; k != NULL; k = k->next) {
        k->client = NULL;
        atomic_store(&k->stop, true);
    }
}
