/* See broker.h. */
#include "clients/gateway/broker.h"

#include <stdlib.h>

#include "clients/gateway/result.h"
#include "clients/lib/jiaoban_uv.h"
#include "proto/base/log.h"

struct jb_gw_broker {
    struct jiaoban *j;
    struct jiaoban_uv *glue;
};

enum jb_err jb_gw_broker_open(struct jb_gw *gw, struct jb_gw_broker **out)
{
    if (gw->config->admin_broker[0] == '\0')
        return JB_OK;
    struct jb_gw_broker *b = calloc(1, sizeof *b);
    if (b == NULL)
        return JB_NOMEM;
    *out = b;
    enum jiaoban_status status = jiaoban_open_admin(gw->config->admin_broker, &b->j);
    if (status != JIAOBAN_OK)
        jb_log(JB_LOG_WARNING, "gateway", "broker.away", "text=\"%s\"", jiaoban_error_text(b->j));
    return b->j != NULL && jiaoban_uv_attach(gw->loop, b->j, &b->glue) == JIAOBAN_OK ? JB_OK
                                                                                     : JB_NOMEM;
}

void jb_gw_broker_close(struct jb_gw_broker **broker)
{
    struct jb_gw_broker *b = *broker;
    if (b == NULL)
        return;
    *broker = NULL;
    jiaoban_uv_detach(b->glue);
    jiaoban_close(b->j);
    free(b);
}

static void refuse(struct jb_gw_request *r, enum jiaoban_status status)
{
    const struct jb_gw_problem p = {.kind = jb_gw_problem_of(status),
                                    .detail = jiaoban_error_text(r->gw->broker->j),
                                    .code = jiaoban_status_name(status)};
    jb_gw_reply_problem(r, &p);
}

static void on_answer(struct jiaoban *j, uint64_t id, enum jiaoban_status status,
                      struct jiaoban_result *result, void *data)
{
    struct jb_gw_request *r = data;
    (void)j;
    (void)id;
    r->ask = 0;
    if (status == JIAOBAN_OK) {
        jb_gw_reply_result(r, 200, result);
        return;
    }
    refuse(r, status);
    jiaoban_result_free(result);
}

static bool is_there(struct jb_gw_request *r)
{
    if (r->gw->broker == NULL) {
        jb_gw_refuse(r, JB_GW_NOT_FOUND, "this gateway has no broker to administer: see [admin]");
        return false;
    }
    r->asked = r->gw->broker->j;
    return true;
}

static void wait_for(struct jb_gw_request *r, enum jiaoban_status status, int64_t ms)
{
    if (status == JIAOBAN_OK)
        jb_gw_suspend(r, ms);
    else
        refuse(r, status);
}

void jb_gw_broker_ask(struct jb_gw_request *r, const char *what)
{
    struct jiaoban_query q = {.size = sizeof q};
    if (is_there(r))
        wait_for(r, jiaoban_request_async(r->asked, what, &q, on_answer, r, &r->ask),
                 JB_GW_ANSWER_MS);
}

void jb_gw_broker_install(struct jb_gw_request *r, const struct jiaoban_install_args *args)
{
    if (is_there(r))
        wait_for(r, jiaoban_install_async(r->asked, args, on_answer, r, &r->ask), JB_GW_LONG_MS);
}
