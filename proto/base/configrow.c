#include "proto/base/configrow.h"

#include <stdlib.h>

#include "proto/base/quantity.h"
#include "proto/base/utf8.h"

#define VALUE_SHOWN_BYTES 512 /* of a value in a message */
#define N_(text) text
#define WHY_BYTES 256

/* How a type that is a number reads and writes; both NULL: the type is text. */
struct type {
    const char *expected;
    enum jb_err (*parse)(struct jb_text text, int64_t *out);
    void (*format)(int64_t value, char out[JB_QUANTITY_TEXT]);
};

static const struct type types[] = {
    [JB_CONFIG_STRING] = {"text", NULL, NULL},
    [JB_CONFIG_PATH] = {"a path", NULL, NULL},
    [JB_CONFIG_INT] = {N_("a whole number"), jb_int_parse, jb_int_format},
    [JB_CONFIG_BOOL] = {N_("yes or no"), jb_bool_parse, jb_bool_format},
    [JB_CONFIG_DURATION_MS] = {N_("a duration such as 500ms, 30s, 15m, 4h or 7d"),
                               jb_duration_parse, jb_duration_format},
    [JB_CONFIG_BYTES] = {N_("a size such as 512, 64k, 1M or 2G"), jb_size_parse, jb_size_format},
};

static void *field_of(void *values, const struct jb_config_row *row)
{
    return (char *)values + row->offset;
}

static size_t field_bytes(const struct jb_config_row *row)
{
    if (jb_config_row_is_text(row))
        return sizeof(char *);
    return row->type == JB_CONFIG_BOOL ? sizeof(bool) : sizeof(int64_t);
}

bool jb_config_row_is_text(const struct jb_config_row *row)
{
    return types[row->type].parse == NULL;
}

bool jb_config_row_is_limited(const struct jb_config_row *row)
{
    return row->min != 0 || row->max != 0;
}

const char *jb_config_row_text(const struct jb_config_row *row, const void *values)
{
    const char *text;

    memcpy(&text, (const char *)values + row->offset, sizeof text);
    return text != NULL ? text : "";
}

int64_t jb_config_row_number(const struct jb_config_row *row, const void *values)
{
    const char *at = (const char *)values + row->offset;
    int64_t number;
    bool truth;

    if (row->type == JB_CONFIG_BOOL) {
        memcpy(&truth, at, sizeof truth);
        return truth;
    }
    memcpy(&number, at, sizeof number);
    return number;
}

void jb_config_row_format(const struct jb_config_row *row, int64_t number, char *out)
{
    if (jb_config_row_is_text(row))
        jb_int_format(number, out);
    else
        types[row->type].format(number, out);
}

void jb_config_row_clear(const struct jb_config_row *row, void *values)
{
    memset(field_of(values, row), 0, field_bytes(row));
}

void jb_config_row_free(const struct jb_config_row *row, void *values)
{
    char **field;

    if (!jb_config_row_is_text(row))
        return;
    field = field_of(values, row);
    free(*field);
    *field = NULL;
}

bool jb_config_row_equal(const struct jb_config_row *row, const void *a, const void *b)
{
    if (jb_config_row_is_text(row))
        return strcmp(jb_config_row_text(row, a), jb_config_row_text(row, b)) == 0;
    return jb_config_row_number(row, a) == jb_config_row_number(row, b);
}

void jb_config_row_swap(const struct jb_config_row *row, void *a, void *b)
{
    union {
        char *text;
        int64_t number;
        bool truth;
    } kept;
    size_t size = field_bytes(row);

    memcpy(&kept, field_of(a, row), size);
    memcpy(field_of(a, row), field_of(b, row), size);
    memcpy(field_of(b, row), &kept, size);
}

enum jb_err jb_config_row_refuse(const struct jb_config_row *row, const char *value,
                                 const char *why, struct jb_fault *fault)
{
    char shown[VALUE_SHOWN_BYTES];

    (void)jb_text_escape(value, strlen(value), shown, sizeof shown);
    return jb_fault_set(fault, JB_CONFIG, "[%s] %s = %s: %s", row->section, row->key, shown, why);
}

static enum jb_err refuse_range(const struct jb_config_row *row, const char *value,
                                struct jb_fault *fault)
{
    char why[WHY_BYTES];
    char min[JB_QUANTITY_TEXT];
    char max[JB_QUANTITY_TEXT];

    jb_config_row_format(row, row->min, min);
    jb_config_row_format(row, row->max, max);
    (void)snprintf(why, sizeof why,
                   jb_config_row_is_text(row) ? jb_said("allowed are %s to %s bytes")
                                              : jb_said("allowed are %s to %s"),
                   min, max);
    return jb_config_row_refuse(row, value, why, fault);
}

static enum jb_err set_number(const struct jb_config_row *row, void *values, const char *value,
                              struct jb_fault *fault)
{
    bool limited = jb_config_row_is_limited(row);
    int64_t number = 0;
    enum jb_err err = types[row->type].parse(jb_text_of(value), &number);
    char why[WHY_BYTES];

    if (err == JB_MALFORMED) {
        (void)snprintf(why, sizeof why, jb_said("expected %s"), jb_said(types[row->type].expected));
        return jb_config_row_refuse(row, value, why, fault);
    }
    if (err != JB_OK && !limited)
        return jb_config_row_refuse(row, value, jb_said("too large a number"), fault);
    if (err != JB_OK || (limited && (number < row->min || number > row->max)))
        return refuse_range(row, value, fault);
    if (row->type == JB_CONFIG_BOOL)
        *(bool *)field_of(values, row) = number != 0;
    else
        *(int64_t *)field_of(values, row) = number;
    return JB_OK;
}

static enum jb_err set_text(const struct jb_config_row *row, void *values, struct jb_text folder,
                            const char *value, struct jb_fault *fault)
{
    size_t len = strlen(value);
    size_t prefix = row->type == JB_CONFIG_PATH && len > 0 && value[0] != '/' ? folder.len : 0;
    char **field = field_of(values, row);
    char *copy;

    if (jb_text_check_line(value, len) != JB_OK)
        return jb_config_row_refuse(
            row, value, jb_said("not valid UTF-8, or a control character in it"), fault);
    if (len > 0 && jb_config_row_is_limited(row) &&
        ((int64_t)len < row->min || (int64_t)len > row->max))
        return refuse_range(row, value, fault);
    copy = malloc(prefix + len + 1);
    if (copy == NULL)
        return jb_fault_set(fault, JB_NOMEM, "out of memory");
    if (prefix > 0)
        memcpy(copy, folder.data, prefix);
    memcpy(copy + prefix, value, len + 1);
    free(*field);
    *field = copy;
    return JB_OK;
}

enum jb_err jb_config_row_set(const struct jb_config_row *row, void *values, struct jb_text folder,
                              const char *value, struct jb_fault *fault)
{
    return jb_config_row_is_text(row) ? set_text(row, values, folder, value, fault)
                                      : set_number(row, values, value, fault);
}
