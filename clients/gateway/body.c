/* See body.h. */
#include "clients/gateway/body.h"

#include <stdio.h>

#include "clients/gateway/params.h"
#include "proto/base/utf8.h"
#include "proto/wire/jsonin.h"

json_t *jb_gw_body(struct jb_gw_request *r)
{
    struct jb_fault fault = {""};
    json_error_t error;
    char text[256];
    struct jb_text body = {r->body != NULL ? r->body : "", r->body_len};
    if (jb_json_bounds(body, &fault) != JB_OK) {
        jb_gw_refuse(r, JB_GW_BAD_REQUEST, fault.text);
        return NULL;
    }
    json_t *root = json_loadb(body.data, body.len, JSON_REJECT_DUPLICATES, &error);
    if (json_is_object(root))
        return root;
    if (root == NULL) {
        char shown[160];
        (void)jb_text_escape(error.text, strlen(error.text), shown, sizeof shown);
        (void)snprintf(text, sizeof text, "JSON, line %d column %d: %s", error.line, error.column,
                       shown);
    } else {
        (void)snprintf(text, sizeof text, "JSON: must be one object");
    }
    json_decref(root);
    jb_gw_refuse(r, JB_GW_BAD_REQUEST, text);
    return NULL;
}

bool jb_gw_member_text(struct jb_gw_request *r, const json_t *object, const char *name, size_t max,
                       bool required, const char **out)
{
    const json_t *member = json_object_get(object, name);
    if (member == NULL || json_is_null(member)) {
        if (required)
            jb_gw_refuse_field(r, name, "is missing");
        return !required;
    }
    if (!json_is_string(member) || json_string_length(member) > max) {
        jb_gw_refuse_field(r, name, json_is_string(member) ? "is too long" : "must be a string");
        return false;
    }
    *out = jb_arena_strndup(&r->arena, json_string_value(member), json_string_length(member));
    if (*out == NULL)
        jb_gw_refuse_error(r, JB_NOMEM, name);
    return *out != NULL;
}

bool jb_gw_member_bool(struct jb_gw_request *r, const json_t *object, const char *name, bool *out)
{
    const json_t *member = json_object_get(object, name);
    if (member == NULL || json_is_null(member))
        return true;
    if (!json_is_boolean(member)) {
        jb_gw_refuse_field(r, name, "must be true or false");
        return false;
    }
    *out = json_is_true(member);
    return true;
}

bool jb_gw_member_i64(struct jb_gw_request *r, const json_t *object, const char *name, int64_t *out)
{
    const json_t *member = json_object_get(object, name);
    uint64_t number = 0;
    if (member == NULL || json_is_null(member))
        return true;
    if (json_is_integer(member) && json_integer_value(member) >= 0) {
        *out = json_integer_value(member);
        return true;
    }
    if (json_is_string(member) && jb_gw_u64_read(json_string_value(member), &number)) {
        *out = (int64_t)number;
        return true;
    }
    jb_gw_refuse_field(r, name, "must be a number that is not negative");
    return false;
}

static bool listed(const char *names, const char *name)
{
    size_t len = strlen(name);
    while (*names != '\0') {
        size_t span = strcspn(names, " ");
        if (span == len && memcmp(names, name, len) == 0)
            return true;
        names += span + (names[span] == ' ');
    }
    return false;
}

bool jb_gw_members_known(struct jb_gw_request *r, const json_t *object, const char *names)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        if (listed(names, key))
            continue;
        char shown[96];
        (void)jb_text_escape(key, strlen(key), shown, sizeof shown);
        jb_gw_refuse_field(r, shown, "there is no such member here");
        return false;
    }
    return true;
}
