/* Is the replica's file damaged? Every page of it is looked at after each start.
 *
 * A small file before anything else. A large one, which takes half a minute and more, while work
 * goes on: by a worker thread on a connection of its own, so that a clerk need not wait for it.
 * What is used meanwhile is checked as it is read, and damage that is found stops the agent in
 * either case.
 */
#include "clients/agent/verify.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "proto/base/log.h"

struct jb_agent_pages {
    uv_work_t work;
    struct jb_agent *agent;
    int64_t began_ms; /* monotonic */
    /* the worker's own while it runs */
    const char *path;
    struct jb_ledger_options options;
    enum jb_err err;
    struct jb_fault fault;
};

bool jb_agent_pages_at_once(const struct jb_agent *a)
{
    struct stat st;
    return stat(a->ledger_path, &st) != 0 || st.st_size <= a->config->check_bytes;
}

static void on_work(uv_work_t *work)
{
    struct jb_agent_pages *k = work->data;
    struct jb_ledger *l = NULL;
    k->err = jb_ledger_open(k->path, &k->options, &l, &k->fault);
    jb_ledger_close(&l);
}

static void on_worked(uv_work_t *work, int status)
{
    struct jb_agent_pages *k = work->data;
    struct jb_agent *a = k->agent;
    enum jb_err err = status != 0 ? JB_CLOSED : k->err;
    a->pages = NULL;
    if (!a->stopping)
        jb_log(err == JB_OK ? JB_LOG_INFO : JB_LOG_ERROR, a->config->code, "replica.checked",
               "error=%s seconds=%lld detail=\"%s\"", jb_err_name(err),
               (long long)(jb_clock_read(&a->mono) - k->began_ms) / 1000, k->fault.text);
    if (!a->stopping && err == JB_CORRUPT)
        jb_agent_damaged(a, k->fault.text);
    free(k);
}

enum jb_err jb_agent_pages_start(struct jb_agent *a)
{
    if (jb_agent_pages_at_once(a))
        return JB_OK;
    struct jb_agent_pages *k = calloc(1, sizeof *k);
    if (k == NULL)
        return JB_NOMEM;
    k->agent = a;
    k->path = a->ledger_path;
    k->began_ms = jb_clock_read(&a->mono);
    k->options = (struct jb_ledger_options){
        .role = JB_LEDGER_REPLICA, .suite = a->keys.suite, .read_only = true, .check = true};
    k->work.data = k;
    if (uv_queue_work(a->loop, &k->work, on_work, on_worked) != 0) {
        free(k);
        return JB_IO;
    }
    a->pages = k;
    return JB_OK;
}
