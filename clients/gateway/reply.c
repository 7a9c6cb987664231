/* Answers: what every one of them carries, and the forms that handlers use. */
#include "clients/gateway/request.h"

#include <stdio.h>
#include <stdlib.h>

#include "clients/gateway/http.h"
#include "clients/gateway/route.h"
#include "proto/base/log.h"
#include "proto/base/utf8.h"

#define WAIT_SECONDS_MAX 30

/* On everything; a handler's own header of the same name wins. */
static const struct jb_gw_header always[] = {
    {"X-Content-Type-Options", "nosniff"},
    {"Cache-Control", "no-store"},
    {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
    {"Referrer-Policy", "no-referrer"},
    {"X-Frame-Options", "DENY"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
};

void jb_gw_header(struct jb_gw_request *r, const char *name, const char *value)
{
    char *copy = jb_arena_strndup(&r->arena, value, strlen(value));
    if (copy != NULL && r->header_count < JB_GW_HEADERS_OUT)
        r->headers[r->header_count++] = (struct jb_gw_header){name, copy};
}

static bool has_own(const struct jb_gw_request *r, const char *name)
{
    for (size_t i = 0; i < r->header_count; i++)
        if (strcmp(r->headers[i].name, name) == 0)
            return true;
    return false;
}

static void put_headers(struct jb_gw_request *r, struct MHD_Response *response)
{
    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++)
        if (!has_own(r, always[i].name))
            (void)MHD_add_response_header(response, always[i].name, always[i].value);
    for (size_t i = 0; i < r->header_count; i++)
        if (MHD_add_response_header(response, r->headers[i].name, r->headers[i].value) != MHD_YES)
            jb_log(JB_LOG_WARNING, "gateway", "header.refused", "name=%s", r->headers[i].name);
    (void)MHD_add_response_header(response, "Connection", "close");
}

void jb_gw_reply_response(struct jb_gw_request *r, unsigned status, struct MHD_Response *response)
{
    if (r->response != NULL || r->phase == JB_GW_SENDING) { /* an answer stands already */
        MHD_destroy_response(response);
        return;
    }
    put_headers(r, response);
    r->response = response;
    r->status = status;
    if (r->suspended)
        jb_gw_resume(r);
}

void jb_gw_reply_bytes(struct jb_gw_request *r, unsigned status, const char *type, const void *data,
                       size_t len)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(len, (void *)(uintptr_t)data, MHD_RESPMEM_MUST_COPY);
    if (response == NULL) { /* not even a problem fits: the connection ends */
        jb_log(JB_LOG_ERROR, "gateway", "reply.no_memory", NULL);
        response =
            MHD_create_response_from_buffer(0, (void *)(uintptr_t) "", MHD_RESPMEM_PERSISTENT);
        status = 503;
    }
    if (response == NULL)
        return;
    if (type != NULL)
        jb_gw_header(r, "Content-Type", type);
    jb_gw_reply_response(r, status, response);
}

void jb_gw_reply_json(struct jb_gw_request *r, unsigned status, const char *json)
{
    if (json == NULL)
        jb_gw_refuse_error(r, JB_NOMEM, "the answer");
    else
        jb_gw_reply_bytes(r, status, "application/json", json, strlen(json));
}

void jb_gw_reply_empty(struct jb_gw_request *r, unsigned status)
{
    jb_gw_reply_bytes(r, status, NULL, "", 0);
}

/* ---- problems ---- */

void jb_gw_reply_problem(struct jb_gw_request *r, const struct jb_gw_problem *p)
{
    static const char poor[] = "{\"type\":\"about:blank\",\"title\":\"Service Unavailable\","
                               "\"status\":503,\"detail\":\"out of memory\"}";
    char seconds[32];
    const char *json = jb_gw_problem_json(p, &r->arena);
    if (p->retry_after_ms > 0) {
        (void)snprintf(seconds, sizeof seconds, "%lld",
                       (long long)((p->retry_after_ms + 999) / 1000));
        jb_gw_header(r, "Retry-After", seconds);
    }
    if (p->kind == JB_GW_SIGN_IN || p->kind == JB_GW_WRONG_PASSWORD)
        jb_gw_header(r, "WWW-Authenticate", "Bearer realm=\"jiaoban\"");
    jb_gw_reply_bytes(r, json != NULL ? jb_gw_problem_status(p->kind) : 503,
                      "application/problem+json", json != NULL ? json : poor,
                      json != NULL ? strlen(json) : sizeof poor - 1);
}

void jb_gw_refuse(struct jb_gw_request *r, enum jb_gw_problem_kind kind, const char *detail)
{
    jb_gw_reply_problem(r, &(struct jb_gw_problem){.kind = kind, .detail = detail});
}

void jb_gw_refuse_field(struct jb_gw_request *r, const char *field, const char *detail)
{
    jb_gw_reply_problem(
        r, &(struct jb_gw_problem){.kind = JB_GW_BAD_REQUEST, .detail = detail, .field = field});
}

void jb_gw_refuse_error(struct jb_gw_request *r, enum jb_err err, const char *what)
{
    char text[160];
    enum jb_gw_problem_kind kind = jb_gw_problem_of((enum jiaoban_status)err);
    if (err == JB_IO || err == JB_CORRUPT || err == JB_DENIED)
        kind = JB_GW_INTERNAL;
    jb_log(JB_LOG_ERROR, "gateway", "request.failed", "what=\"%s\" error=%s detail=\"%s\"", what,
           jb_err_name(err),
           err != JB_NOMEM && r->gw->store != NULL ? jb_gw_store_error(r->gw->store) : "");
    (void)snprintf(text, sizeof text, "%s: %s", what, jb_err_text(err));
    jb_gw_reply_problem(
        r, &(struct jb_gw_problem){.kind = kind, .detail = text, .code = jb_err_name(err)});
}

/* ---- reading the request ---- */

const char *jb_gw_request_header(const struct jb_gw_request *r, const char *name)
{
    return MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
}

int64_t jb_gw_prefer_wait_ms(const struct jb_gw_request *r, int64_t preset_ms)
{
    const char *prefer = jb_gw_request_header(r, "Prefer");
    const char *at = prefer != NULL ? strcasestr(prefer, "wait=") : NULL;
    if (prefer != NULL && strcasestr(prefer, "respond-async") != NULL && at == NULL)
        return 0;
    if (at == NULL || at[5] < '0' || at[5] > '9')
        return preset_ms;
    long seconds = strtol(at + 5, NULL, 10);
    return (seconds < WAIT_SECONDS_MAX ? seconds : WAIT_SECONDS_MAX) * 1000;
}
