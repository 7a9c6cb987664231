/* See params.h. */
#include "clients/gateway/params.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "clients/lib/jiaoban.h"
#include "proto/base/quantity.h"

/* As in the contract: x-words. */
const struct jb_gw_word jb_gw_stages[] = {
    {"registered", JIAOBAN_STAGE_REGISTERED},
    {"sent", JIAOBAN_STAGE_SENT},
    {"signed", JIAOBAN_STAGE_SIGNED},
    {"accepted", JIAOBAN_STAGE_ACCEPTED},
    {"declined", JIAOBAN_STAGE_DECLINED},
    {"answered", JIAOBAN_STAGE_ANSWERED},
    {"referred", JIAOBAN_STAGE_REFERRED},
    {"closed", JIAOBAN_STAGE_CLOSED},
    {"merged", JIAOBAN_STAGE_MERGED},
    {"review", JIAOBAN_STAGE_REVIEW},
    {"reviewed", JIAOBAN_STAGE_REVIEWED},
    {"recheck", JIAOBAN_STAGE_RECHECK},
    {"rechecked", JIAOBAN_STAGE_RECHECKED},
    {"terminated", JIAOBAN_STAGE_TERMINATED},
    {"file", JIAOBAN_STAGE_FILE},
    {NULL, 0},
};
const struct jb_gw_word jb_gw_matters[] = {
    {"suggestion", JIAOBAN_SUGGESTION},
    {"accusation", JIAOBAN_ACCUSATION},
    {"appeal", JIAOBAN_APPEAL},
    {NULL, 0},
};
const struct jb_gw_word jb_gw_powers[] = {
    {"assign", JIAOBAN_POWER_ASSIGN},
    {"investigate", JIAOBAN_POWER_INVESTIGATE},
    {"coordinate", JIAOBAN_POWER_COORDINATE},
    {"supervise", JIAOBAN_POWER_SUPERVISE},
    {"circulate", JIAOBAN_POWER_CIRCULATE},
    {"recommend", JIAOBAN_POWER_RECOMMEND},
    {NULL, 0},
};
const struct jb_gw_word jb_gw_demands[] = {
    {"explanation", JIAOBAN_DEMAND_EXPLANATION}, {"progress", JIAOBAN_DEMAND_PROGRESS},
    {"on_site", JIAOBAN_DEMAND_ON_SITE},         {"correction", JIAOBAN_DEMAND_CORRECTION},
    {"summons", JIAOBAN_DEMAND_SUMMONS},         {NULL, 0},
};
const struct jb_gw_word jb_gw_lights[] = {
    {"green", JIAOBAN_GREEN},
    {"yellow", JIAOBAN_YELLOW},
    {"red", JIAOBAN_RED},
    {"done", JIAOBAN_DONE},
    {NULL, 0},
};

bool jb_gw_param_bool(struct jb_gw_request *r, const char *name, bool *out)
{
    const char *value = jb_gw_param(&r->target, name);
    if (value == NULL)
        return true;
    if (strcmp(value, "true") == 0 || strcmp(value, "false") == 0) {
        *out = value[0] == 't';
        return true;
    }
    jb_gw_refuse_field(r, name, "must be true or false");
    return false;
}

bool jb_gw_u64_read(const char *text, uint64_t *out)
{
    char *end = NULL;
    size_t len = strlen(text);
    if (len == 0 || len > 19 || strspn(text, "0123456789") != len) /* below 2^63, as all here */
        return false;
    *out = strtoull(text, &end, 10);
    return *out <= INT64_MAX;
}

bool jb_gw_param_i64(struct jb_gw_request *r, const char *name, int64_t *out)
{
    const char *value = jb_gw_param(&r->target, name);
    uint64_t number = 0;
    if (value == NULL)
        return true;
    if (!jb_gw_u64_read(value, &number)) {
        jb_gw_refuse_field(r, name, "must be a number");
        return false;
    }
    *out = (int64_t)number;
    return true;
}

bool jb_gw_param_u32(struct jb_gw_request *r, const char *name, uint32_t *out)
{
    int64_t wide = *out;
    if (!jb_gw_param_i64(r, name, &wide))
        return false;
    if (wide > (int64_t)UINT32_MAX) {
        jb_gw_refuse_field(r, name, "does not fit into 32 bits");
        return false;
    }
    *out = (uint32_t)wide;
    return true;
}

bool jb_gw_param_text(struct jb_gw_request *r, const char *name, size_t max, const char **out)
{
    const char *value = jb_gw_param(&r->target, name);
    if (value == NULL)
        return true;
    if (strlen(value) > max) {
        jb_gw_refuse_field(r, name, "is too long");
        return false;
    }
    *out = value;
    return true;
}

bool jb_gw_param_word(struct jb_gw_request *r, const char *name, const struct jb_gw_word *words,
                      int *out)
{
    const char *value = jb_gw_param(&r->target, name);
    uint64_t number = 0;
    if (value == NULL)
        return true;
    bool is_number = jb_gw_u64_read(value, &number);
    for (; words->word != NULL; words++)
        if (is_number ? number == (uint64_t)words->number : strcmp(value, words->word) == 0) {
            *out = words->number;
            return true;
        }
    jb_gw_refuse_field(r, name, "is no word of the vocabulary");
    return false;
}

/* ---- cursors ---- */

bool jb_gw_param_cursor(struct jb_gw_request *r, size_t numbers, bool text,
                        struct jb_gw_cursor *out)
{
    const char *value = jb_gw_param(&r->target, "cursor");
    int64_t *const into[] = {&out->first, &out->second};
    *out = (struct jb_gw_cursor){.rest = ""};
    if (value == NULL)
        return true;
    const char *at = value;
    bool good = strlen(value) < JB_GW_CURSOR_TEXT;
    for (size_t i = 0; good && i < numbers && i < sizeof into / sizeof into[0]; i++) {
        bool last = i + 1 == numbers && !text;
        size_t digits = strspn(at, "0123456789");
        good = digits > 0 && digits <= 19 && at[digits] == (last ? '\0' : '.');
        if (!good)
            break;
        *into[i] = strtoll(at, NULL, 10);
        at += digits + !last;
    }
    if (good && text)
        out->rest = at;
    if (!good)
        jb_gw_refuse_field(r, "cursor", "is none that this listing gave");
    return good;
}

void jb_gw_cursor_text(const struct jb_gw_cursor *c, size_t numbers, char out[JB_GW_CURSOR_TEXT])
{
    bool rest = c->rest != NULL && c->rest[0] != '\0';
    if (numbers == 1)
        (void)snprintf(out, JB_GW_CURSOR_TEXT, "%" PRId64 "%s%s", c->first, rest ? "." : "",
                       rest ? c->rest : "");
    else
        (void)snprintf(out, JB_GW_CURSOR_TEXT, "%" PRId64 ".%" PRId64 "%s%s", c->first, c->second,
                       rest ? "." : "", rest ? c->rest : "");
}
