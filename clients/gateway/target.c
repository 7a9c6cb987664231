/* See target.h. */
#include "clients/gateway/target.h"

#include "proto/base/utf8.h"

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Decode percent signs, in a query also '+'. */
static enum jb_err decode(const char *raw, size_t len, bool query, struct jb_arena *arena,
                          const char **out, struct jb_fault *fault)
{
    char *text = jb_arena_alloc(arena, len + 1);
    size_t n = 0;
    if (text == NULL)
        return JB_NOMEM;
    for (size_t i = 0; i < len; i++) {
        char c = raw[i];
        if (c == '%') {
            int high = i + 2 < len ? digit(raw[i + 1]) : -1;
            int low = i + 2 < len ? digit(raw[i + 2]) : -1;
            if (high < 0 || low < 0)
                return jb_fault_set(fault, JB_MALFORMED, "a %% is not followed by two digits");
            c = (char)(high * 16 + low);
            i += 2;
        } else if (c == '+' && query) {
            c = ' ';
        }
        text[n++] = c;
    }
    text[n] = '\0';
    *out = text;
    enum jb_err err = query ? jb_text_check(text, n) : jb_text_check_line(text, n);
    if (err != JB_OK)
        return jb_fault_set(fault, err, "%s: %s", query ? "query" : "path", jb_err_text(err));
    return JB_OK;
}

static enum jb_err segment_add(struct jb_gw_target *t, const char *raw, size_t len,
                               struct jb_arena *arena, struct jb_fault *fault)
{
    const char *text = "";
    if (t->segment_count == JB_GW_SEGMENTS)
        return jb_fault_set(fault, JB_OVERFLOW, "path: more than %d parts", JB_GW_SEGMENTS);
    enum jb_err err = decode(raw, len, false, arena, &text, fault);
    if (err != JB_OK)
        return err;
    if (strcmp(text, "") == 0 || strcmp(text, ".") == 0 || strcmp(text, "..") == 0 ||
        strchr(text, '/') != NULL)
        return jb_fault_set(fault, JB_MALFORMED, "path: an empty part, dots, or a slash in it");
    t->segments[t->segment_count++] = text;
    return JB_OK;
}

static enum jb_err path_read(const char *raw, size_t len, struct jb_arena *arena,
                             struct jb_gw_target *t, struct jb_fault *fault)
{
    enum jb_err err = JB_OK;
    size_t at = 1;
    if (len == 0 || raw[0] != '/')
        return jb_fault_set(fault, JB_MALFORMED, "path: must begin with a slash");
    t->folder = raw[len - 1] == '/';
    if (t->folder)
        len--;
    if (len > 0 && raw[len - 1] == '/')
        return jb_fault_set(fault, JB_MALFORMED, "path: an empty part");
    while (err == JB_OK && at < len) {
        const char *slash = memchr(raw + at, '/', len - at);
        size_t span = slash != NULL ? (size_t)(slash - raw) - at : len - at;
        err = segment_add(t, raw + at, span, arena, fault);
        at += span + 1;
        if (err == JB_OK && slash != NULL && at == len)
            err = jb_fault_set(fault, JB_MALFORMED, "path: an empty part");
    }
    return err;
}

static enum jb_err param_add(struct jb_gw_target *t, const char *raw, size_t len,
                             struct jb_arena *arena, struct jb_fault *fault)
{
    const char *equals = memchr(raw, '=', len);
    size_t name_len = equals != NULL ? (size_t)(equals - raw) : len;
    struct jb_gw_param p = {.name = "", .value = ""};
    if (t->param_count == JB_GW_PARAMS)
        return jb_fault_set(fault, JB_OVERFLOW, "query: more than %d parameters", JB_GW_PARAMS);
    enum jb_err err = decode(raw, name_len, true, arena, &p.name, fault);
    if (err == JB_OK && equals != NULL)
        err = decode(equals + 1, len - name_len - 1, true, arena, &p.value, fault);
    if (err != JB_OK)
        return err;
    for (size_t i = 0; i < t->param_count; i++)
        if (strcmp(t->params[i].name, p.name) == 0)
            return jb_fault_set(fault, JB_MALFORMED, "query: a parameter is given twice");
    t->params[t->param_count++] = p;
    return JB_OK;
}

enum jb_err jb_gw_target_read(const char *raw, struct jb_arena *arena, struct jb_gw_target *out,
                              struct jb_fault *fault)
{
    const char *mark = strchr(raw, '?');
    size_t path_len = mark != NULL ? (size_t)(mark - raw) : strlen(raw);
    *out = (struct jb_gw_target){.segment_count = 0};
    enum jb_err err = path_read(raw, path_len, arena, out, fault);
    for (const char *at = mark; err == JB_OK && at != NULL;) {
        const char *next = strchr(at + 1, '&');
        size_t len = next != NULL ? (size_t)(next - at) - 1 : strlen(at + 1);
        if (len > 0)
            err = param_add(out, at + 1, len, arena, fault);
        at = next;
    }
    return err;
}

const char *jb_gw_param(struct jb_gw_target *t, const char *name)
{
    for (size_t i = 0; i < t->param_count; i++)
        if (strcmp(t->params[i].name, name) == 0) {
            t->params[i].used = true;
            return t->params[i].value;
        }
    return NULL;
}

const char *jb_gw_param_unused(const struct jb_gw_target *t)
{
    for (size_t i = 0; i < t->param_count; i++)
        if (!t->params[i].used)
            return t->params[i].name;
    return NULL;
}
