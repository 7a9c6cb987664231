/* See result.h. */
#include "clients/gateway/result.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

void jb_gw_reply_result(struct jb_gw_request *r, unsigned status, struct jiaoban_result *result)
{
    jb_gw_reply_json(r, status, jiaoban_result_json(result, 0));
    jiaoban_result_free(result);
}

/* `"next":"..."` into an object that ends in a brace. NULL: out of memory. */
static const char *with_next(struct jb_gw_request *r, const char *json, const char *next)
{
    size_t len = strlen(json);
    json_t *text = json_string(next);
    char *quoted = text != NULL ? json_dumps(text, JSON_ENCODE_ANY) : NULL;
    size_t room = len + (quoted != NULL ? strlen(quoted) : 0) + 16;
    char *out = quoted != NULL ? jb_arena_alloc(&r->arena, room) : NULL;
    if (out != NULL)
        (void)snprintf(out, room, "%.*s%s\"next\":%s}", (int)len - 1, json, len > 2 ? "," : "",
                       quoted);
    free(quoted);
    json_decref(text);
    return out;
}

void jb_gw_reply_list(struct jb_gw_request *r, struct jiaoban_result *result, const char *next)
{
    const char *json = jiaoban_result_json(result, 0);
    if (json != NULL && next != NULL)
        json = with_next(r, json, next);
    jb_gw_reply_json(r, 200, json);
    jiaoban_result_free(result);
}

void jb_gw_then_show(struct jb_gw_request *r, enum jiaoban_status status,
                     struct jiaoban_result *result)
{
    if (status == JIAOBAN_OK) {
        jb_gw_reply_result(r, 200, result);
        return;
    }
    jb_gw_refuse_status(r, status);
    jiaoban_result_free(result);
}

void jb_gw_case_etag(const struct jiaoban_case *c, char out[JB_GW_ETAG_TEXT])
{
    (void)snprintf(out, JB_GW_ETAG_TEXT, "\"%" PRIu32 ".%" PRIu64 ".%" PRIu32 "\"", c->custody,
                   c->last_seq, c->pending);
}
