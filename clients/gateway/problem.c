/* See problem.h. */
#include "clients/gateway/problem.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *word;
    unsigned status;
    const char *title;
} kinds[] = {
#define X(name, word, status, title) [JB_GW_##name] = {word, status, title},
    JB_GW_PROBLEMS(X)
#undef X
};

static const struct {
    enum jiaoban_status status;
    enum jb_gw_problem_kind kind;
} statuses[] = {
    {JIAOBAN_NOMEM, JB_GW_OVERLOADED},
    {JIAOBAN_FULL, JB_GW_FULL},
    {JIAOBAN_TOO_LARGE, JB_GW_TOO_LARGE},
    {JIAOBAN_TOO_DEEP, JB_GW_BAD_REQUEST},
    {JIAOBAN_MALFORMED, JB_GW_BAD_REQUEST},
    {JIAOBAN_BAD_UTF8, JB_GW_BAD_REQUEST},
    {JIAOBAN_NUL_IN_TEXT, JB_GW_BAD_REQUEST},
    {JIAOBAN_UNKNOWN_KIND, JB_GW_BAD_REQUEST},
    {JIAOBAN_MISSING, JB_GW_BAD_REQUEST},
    {JIAOBAN_RANGE, JB_GW_BAD_REQUEST},
    {JIAOBAN_OVERFLOW, JB_GW_BAD_REQUEST},
    {JIAOBAN_NOT_FOUND, JB_GW_NOT_FOUND},
    {JIAOBAN_EXISTS, JB_GW_TAKEN},
    {JIAOBAN_DENIED, JB_GW_FORBIDDEN},
    {JIAOBAN_OFFLINE, JB_GW_AWAY},
    {JIAOBAN_CLOSED, JB_GW_AWAY},
    {JIAOBAN_BUSY, JB_GW_BUSY},
    {JIAOBAN_REFUSED, JB_GW_REFUSED},
    {JIAOBAN_VERSION, JB_GW_AGENT},
    {JIAOBAN_UNSUPPORTED, JB_GW_AGENT},
    {JIAOBAN_KEY_UNFIT, JB_GW_KEY_UNFIT},
};

static const struct {
    unsigned status;
    const char *text;
} texts[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
};

const char *jb_gw_status_text(unsigned status)
{
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (texts[i].status == status)
            return texts[i].text;
    return "Error";
}

unsigned jb_gw_problem_status(enum jb_gw_problem_kind kind)
{
    return kinds[kind].status;
}

enum jb_gw_problem_kind jb_gw_problem_of(enum jiaoban_status status)
{
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
        if (statuses[i].status == status)
            return statuses[i].kind;
    return JB_GW_INTERNAL;
}

/* ---- JSON ---- */

static int put_text(json_t *object, const char *name, const char *text)
{
    return text != NULL ? json_object_set_new(object, name, json_string(text)) : 0;
}

static int put_refusal(json_t *object, const char *refusal)
{
    json_t *settled = refusal != NULL ? json_loads(refusal, 0, NULL) : NULL;
    if (refusal == NULL)
        return 0;
    return json_object_set_new(object, "refusal", settled); /* takes NULL as a failure */
}

static json_t *object_of(const struct jb_gw_problem *p)
{
    char type[64];
    (void)snprintf(type, sizeof type, "urn:jiaoban:problem:%s", kinds[p->kind].word);
    json_t *object = json_pack("{s:s, s:s, s:i}", "type", type, "title", kinds[p->kind].title,
                               "status", (int)kinds[p->kind].status);
    if (object == NULL)
        return NULL;
    int rc = put_text(object, "detail", p->detail);
    rc |= put_text(object, "code", p->code);
    rc |= put_text(object, "field", p->field);
    rc |= put_refusal(object, p->refusal);
    if (p->retry_after_ms > 0)
        rc |= json_object_set_new(object, "retry_after_s",
                                  json_integer((p->retry_after_ms + 999) / 1000));
    if (rc == 0)
        return object;
    json_decref(object);
    return NULL;
}

const char *jb_gw_problem_json(const struct jb_gw_problem *p, struct jb_arena *arena)
{
    json_t *object = object_of(p);
    char *text = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
    const char *copy = text != NULL ? jb_arena_strndup(arena, text, strlen(text)) : NULL;
    free(text);
    json_decref(object);
    return copy;
}

size_t jb_gw_problem_raw(unsigned status, const char *detail, char *out, size_t size)
{
    char body[512];
    const char *title = jb_gw_status_text(status);
    int len =
        snprintf(body, sizeof body,
                 "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%u,\"detail\":\"%s\"}",
                 title, status, detail);
    int n = snprintf(out, size,
                     "HTTP/1.1 %u %s\r\n"
                     "Content-Type: application/problem+json\r\n"
                     "Content-Length: %d\r\n"
                     "Cache-Control: no-store\r\n"
                     "X-Content-Type-Options: nosniff\r\n"
                     "Connection: close\r\n\r\n%s",
                     status, title, len, body);
    return n > 0 && (size_t)n < size ? (size_t)n : 0;
}
