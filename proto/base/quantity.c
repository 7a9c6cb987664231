#include "proto/base/quantity.h"

#include <inttypes.h>
#include <stdio.h>

struct unit {
    const char *word;
    int64_t factor;
};

/* Largest first: the first that divides a value gives its shortest form. */
static const struct unit durations[] = {
    {"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1},
};
static const struct unit sizes[] = {
    {"G", 1 << 30}, {"M", 1 << 20}, {"k", 1 << 10}, {"", 1},
    {"g", 1 << 30}, {"m", 1 << 20}, {"K", 1 << 10},
};
static const struct unit truths[] = {
    {"yes", 1}, {"no", 0}, {"true", 1}, {"false", 0}, {"on", 1}, {"off", 0}, {"1", 1}, {"0", 0},
};

#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])

static const struct unit *find_unit(const struct unit *units, size_t count, struct jb_text word)
{
    for (size_t i = 0; i < count; i++) {
        if (jb_text_equal(jb_text_of(units[i].word), word))
            return &units[i];
    }
    return NULL;
}

/* Read leading digits and take them off `text`. */
static enum jb_err take_digits(struct jb_text *text, int64_t sign, int64_t *out)
{
    int64_t value = 0;
    size_t at = 0;

    for (; at < text->len && text->data[at] >= '0' && text->data[at] <= '9'; at++) {
        int64_t digit = text->data[at] - '0';

        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, sign * digit, &value))
            return JB_RANGE;
    }
    if (at == 0)
        return JB_MALFORMED;
    text->data += at;
    text->len -= at;
    *out = value;
    return JB_OK;
}

enum jb_err jb_int_parse(struct jb_text text, int64_t *out)
{
    bool negative = text.len > 0 && text.data[0] == '-';
    enum jb_err err;
    int64_t value;

    if (negative) {
        text.data++;
        text.len--;
    }
    err = take_digits(&text, negative ? -1 : 1, &value);
    if (err != JB_OK)
        return err;
    if (text.len != 0)
        return JB_MALFORMED;
    *out = value;
    return JB_OK;
}

enum jb_err jb_bool_parse(struct jb_text text, int64_t *out)
{
    const struct unit *truth = find_unit(truths, COUNT(truths), text);

    if (truth == NULL)
        return JB_MALFORMED;
    *out = truth->factor;
    return JB_OK;
}

static enum jb_err parse_with_unit(struct jb_text text, const struct unit *units, size_t count,
                                   int64_t *out)
{
    const struct unit *unit;
    int64_t value;
    enum jb_err err = take_digits(&text, 1, &value);

    if (err != JB_OK)
        return err;
    unit = find_unit(units, count, text);
    if (unit == NULL && (value != 0 || text.len != 0))
        return JB_MALFORMED;
    if (__builtin_mul_overflow(value, unit != NULL ? unit->factor : 1, &value))
        return JB_RANGE;
    *out = value;
    return JB_OK;
}

enum jb_err jb_duration_parse(struct jb_text text, int64_t *out_ms)
{
    return parse_with_unit(text, durations, COUNT(durations), out_ms);
}

enum jb_err jb_size_parse(struct jb_text text, int64_t *out_bytes)
{
    return parse_with_unit(text, sizes, COUNT(sizes), out_bytes);
}

void jb_int_format(int64_t value, char out[JB_QUANTITY_TEXT])
{
    (void)snprintf(out, JB_QUANTITY_TEXT, "%" PRId64, value);
}

void jb_bool_format(int64_t value, char out[JB_QUANTITY_TEXT])
{
    (void)snprintf(out, JB_QUANTITY_TEXT, "%s", value != 0 ? "yes" : "no");
}

/* The last unit tried is the one with factor 1, so one always fits. */
static void format_with_unit(int64_t value, const struct unit *units, char *out)
{
    if (value == 0) {
        (void)snprintf(out, JB_QUANTITY_TEXT, "0");
        return;
    }
    while (value % units->factor != 0)
        units++;
    (void)snprintf(out, JB_QUANTITY_TEXT, "%" PRId64 "%s", value / units->factor, units->word);
}

void jb_duration_format(int64_t ms, char out[JB_QUANTITY_TEXT])
{
    format_with_unit(ms, durations, out);
}

void jb_size_format(int64_t bytes, char out[JB_QUANTITY_TEXT])
{
    format_with_unit(bytes, sizes, out);
}
