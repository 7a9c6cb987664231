/* Attachments out: what a case has, and the contents of one, passed on piece by piece as the agent
 * reads them and never held whole. A file to be kept, never a page of this site. */
#include "clients/gateway/handlers.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "clients/gateway/disposition.h"
#include "clients/gateway/link.h"
#include "clients/gateway/range.h"
#include "clients/gateway/result.h"

#define BLOCK_BYTES 32768
#define ETAG_TEXT 40
#define HASH_TEXT 65
#define LATER_MS 5000

/* ---- the list ---- */

static void then_list(struct jb_gw_request *r, enum jiaoban_status status,
                      struct jiaoban_result *result)
{
    json_t *whole = NULL;
    char *text = NULL;
    if (status != JIAOBAN_OK) {
        jb_gw_refuse_status(r, status);
        jiaoban_result_free(result);
        return;
    }
    const char *json = jiaoban_result_json(result, 0);
    if (json != NULL)
        whole = json_loads(json, 0, NULL);
    json_t *list = json_pack("{s:O*}", "attachments", json_object_get(whole, "attachments"));
    if (list != NULL)
        text = json_dumps(list, JSON_COMPACT);
    jb_gw_reply_json(r, 200, text);
    free(text);
    json_decref(list);
    json_decref(whole);
    jiaoban_result_free(result);
}

void jb_gw_get_attachments(struct jb_gw_request *r)
{
    struct jiaoban_query q = {.size = sizeof q, .case_number = r->numbers[0]};
    if (!jb_gw_param_bool(r, "persons", &q.persons))
        return;
    if (q.persons && (r->caller.scopes & jb_gw_scope(JB_RIGHT_PERSONS)) == 0) {
        jb_gw_refuse(r, JB_GW_SCOPE, "the token has not the scope persons");
        return;
    }
    jb_gw_ask(r, "case", &q, JB_GW_ANSWER_MS, then_list);
}

/* ---- contents ---- */

struct getting { /* in the request's arena */
    struct jb_gw_request *request;
    struct jiaoban_result *result; /* with the piece that is sent; owned */
    const struct jiaoban_part *part;
    struct jb_gw_range range;
    char hash[HASH_TEXT];
    bool waiting;     /* for the next piece */
    int64_t until_ms; /* of the request, while it waits */
};

static void on_drop(struct jb_gw_request *r)
{
    struct getting *g = r->state;
    jiaoban_result_free(g->result);
    g->result = NULL;
    g->part = NULL;
}

static void then_more(struct jb_gw_request *r, enum jiaoban_status status,
                      struct jiaoban_result *result)
{
    struct getting *g = r->state;
    on_drop(r);
    if (status == JIAOBAN_OK) {
        g->result = result;
        g->part = jiaoban_result_part(result);
        g->waiting = false;
    } else { /* too late for a problem: the connection ends short of what was said */
        jiaoban_result_free(result);
    }
    r->until_ms = g->until_ms;
    jb_gw_resume(r);
}

/* Bytes of the piece at hand from `at` on. */
static size_t have_from(const struct getting *g, uint64_t at)
{
    const struct jiaoban_part *p = g->part;
    bool within = p != NULL && at >= p->offset && at - p->offset < p->bytes;
    return within ? p->bytes - (size_t)(at - p->offset) : 0;
}

static ssize_t on_read(void *cls, uint64_t position, char *out, size_t max)
{
    struct getting *g = cls;
    struct jb_gw_request *r = g->request;
    uint64_t at = g->range.begin + position;
    size_t n = have_from(g, at);
    if (n > 0) {
        n = n < max ? n : max;
        memcpy(out, (const char *)g->part->body + (size_t)(at - g->part->offset), n);
        return (ssize_t)n;
    }
    if (g->waiting || r->gw->stopping) /* it failed, or took too long */
        return MHD_CONTENT_READER_END_WITH_ERROR;
    const struct jiaoban_get_args args = {
        .size = sizeof args, .case_number = r->numbers[0], .hash = g->hash, .offset = at};
    g->waiting = true;
    g->until_ms = r->until_ms;
    if (jb_gw_get_part(r, &args, JB_GW_ANSWER_MS, then_more) != JIAOBAN_OK)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    return 0;
}

static void put_headers(struct jb_gw_request *r, const struct getting *g, const char *etag)
{
    char otherwise[48], range[96];
    (void)snprintf(otherwise, sizeof otherwise, "attachment-%s", r->numbers[1]);
    const char *kept = jb_gw_disposition(g->part->name, otherwise, &r->arena);
    jb_gw_header(r, "Content-Disposition", kept != NULL ? kept : "attachment");
    jb_gw_header(r, "Content-Type", "application/octet-stream");
    jb_gw_header(r, "Content-Security-Policy",
                 "default-src 'none'; sandbox; frame-ancestors 'none'");
    jb_gw_header(r, "Accept-Ranges", "bytes");
    jb_gw_header(r, "ETag", etag);
    if (!g->range.given)
        return;
    (void)snprintf(range, sizeof range, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, g->range.begin,
                   g->range.end - 1, g->range.total);
    jb_gw_header(r, "Content-Range", range);
}

static void send_it(struct jb_gw_request *r, struct getting *g, const char *etag)
{
    char range[48];
    const char *if_range = jb_gw_request_header(r, "If-Range");
    bool same = if_range == NULL || strcmp(if_range, etag) == 0;
    if (!jb_gw_range_read(same ? jb_gw_request_header(r, "Range") : NULL, g->part->size_bytes,
                          &g->range)) {
        (void)snprintf(range, sizeof range, "bytes */%" PRIu64, g->part->size_bytes);
        jb_gw_header(r, "Content-Range", range);
        jb_gw_refuse(r, JB_GW_RANGE, "the file ends before this");
        return;
    }
    struct MHD_Response *response = MHD_create_response_from_callback(
        g->range.end - g->range.begin, BLOCK_BYTES, on_read, g, NULL);
    if (response == NULL) {
        jb_gw_refuse_error(r, JB_NOMEM, "the contents");
        return;
    }
    put_headers(r, g, etag);
    jb_gw_reply_response(r, g->range.given ? 206 : 200, response);
}

static void then_first(struct jb_gw_request *r, enum jiaoban_status status,
                       struct jiaoban_result *result)
{
    char etag[ETAG_TEXT];
    struct getting *g = r->state;
    const char *known = jb_gw_request_header(r, "If-None-Match");
    g->result = result;
    g->part = jiaoban_result_part(result);
    if (status == JIAOBAN_BUSY) { /* how much of it is here */
        jb_gw_reply_problem(r, &(struct jb_gw_problem){.kind = JB_GW_NOT_HERE_YET,
                                                       .detail = jb_gw_link_error(r->gw->link),
                                                       .code = jiaoban_status_name(status),
                                                       .retry_after_ms = LATER_MS});
        return;
    }
    if (status != JIAOBAN_OK || g->part == NULL) {
        jb_gw_refuse_status(r, status != JIAOBAN_OK ? status : JIAOBAN_MALFORMED);
        return;
    }
    (void)snprintf(g->hash, sizeof g->hash, "%s", g->part->hash);
    (void)snprintf(etag, sizeof etag, "\"%.32s\"", g->hash);
    if (known != NULL && strstr(known, etag) != NULL) {
        jb_gw_header(r, "ETag", etag);
        jb_gw_reply_empty(r, 304);
        return;
    }
    send_it(r, g, etag);
}

void jb_gw_get_attachment(struct jb_gw_request *r)
{
    struct getting *g = jb_arena_alloc(&r->arena, sizeof *g);
    uint64_t number = 0;
    if (g == NULL) {
        jb_gw_refuse_error(r, JB_NOMEM, "the contents");
        return;
    }
    if (!jb_gw_u64_read(r->numbers[1], &number) || number == 0 || number > UINT32_MAX) {
        jb_gw_refuse_field(r, "attachment", "must be its number in the case");
        return;
    }
    *g = (struct getting){.request = r};
    r->state = g;
    r->drop = on_drop;
    const struct jiaoban_get_args args = {
        .size = sizeof args, .case_number = r->numbers[0], .number = (uint32_t)number};
    enum jiaoban_status status = jb_gw_get_part(r, &args, JB_GW_ANSWER_MS, then_first);
    if (status != JIAOBAN_OK)
        jb_gw_refuse_status(r, status);
}
