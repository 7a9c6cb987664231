/* The English particulars of a refusal ("assign: node is missing") in the reader's language. The
 * rules make them by a format; the same formats are listed here as texts for translation. A
 * particular is taken apart by the format that fits it most closely, its values are translated
 * where they are words of the vocabulary, and the translated format is filled in again. */
#include "clients/cli/cli.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define VALUES_MAX 8

struct value { /* of one directive of a format; borrowed from the particular */
    const char *at;
    size_t len;
};

/* ---- formats --------------------------------------------------------------------------------- */

/* The directive that begins at a '%': its length, and whether it prints a number. */
static size_t directive(const char *at, bool *number)
{
    size_t len = 1 + strspn(at + 1, "0123456789$-+ #.*lzh");
    *number = at[len] != 's';
    return len + 1;
}

static size_t digits_at(const char *text)
{
    size_t sign = text[0] == '-';
    size_t len = sign;
    while (isdigit((unsigned char)text[len]))
        len++;
    return len > sign ? len : 0;
}

/* Where a value of free text began: it may still become longer. */
struct choice {
    const char *rest; /* of the format, behind the directive */
    size_t value;
};

/* A comparison of one text with one format. */
struct fitting {
    const char *format, *text;
    struct value *values;
    size_t used;
    struct choice choices[VALUES_MAX];
    size_t choice_count;
};

/* Over one character or directive; false: it does not fit here. */
static bool step(struct fitting *f)
{
    bool number = false;

    if (*f->format != '%')
        return *f->format++ == *f->text++;
    if (f->used == VALUES_MAX)
        return false;
    struct value *v = &f->values[f->used];
    f->format += directive(f->format, &number);
    *v = (struct value){f->text, number ? digits_at(f->text) : 0};
    f->text += v->len;
    if (number && v->len == 0)
        return false;
    if (!number) /* as short as the rest allows */
        f->choices[f->choice_count++] = (struct choice){f->format, f->used};
    f->used++;
    return true;
}

/* Go back to the last free text and make it longer by one byte; false: there is none left. */
static bool back(struct fitting *f)
{
    while (f->choice_count > 0) {
        struct choice *c = &f->choices[f->choice_count - 1];
        struct value *v = &f->values[c->value];
        if (v->at[v->len] != '\0') {
            v->len++;
            f->text = v->at + v->len;
            f->format = c->rest;
            f->used = c->value + 1;
            return true;
        }
        f->choice_count--;
    }
    return false;
}

/* Does the text fit the format? The values are filled in. */
static bool fits(const char *format, const char *text, struct value values[VALUES_MAX])
{
    struct fitting f = {.format = format, .text = text, .values = values};
    for (;;) {
        bool end = *f.format == '\0';
        if (end && *f.text == '\0')
            return true;
        if ((end || !step(&f)) && !back(&f))
            return false;
    }
}

/* How much of a format is said by itself: of two that fit, the one that says more is meant. */
static size_t said(const char *format)
{
    size_t n = 0;
    bool number = false;
    while (*format != '\0') {
        if (*format == '%') {
            format += directive(format, &number);
        } else {
            format++;
            n++;
        }
    }
    return n;
}

/* ---- values ---------------------------------------------------------------------------------- */

/* Does the format say right before directive number i that it is this? */
static bool follows(const char *format, size_t i, const char *word)
{
    const char *begin = format;
    size_t len = strlen(word);
    bool number = false;
    while (*format != '\0') {
        if (*format != '%') {
            format++;
        } else if (i-- == 0) {
            return (size_t)(format - begin) >= len && strncmp(format - len, word, len) == 0;
        } else {
            format += directive(format, &number);
        }
    }
    return false;
}

static bool is_number(const char *text)
{
    return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
}

static bool is_of_file(const char *format)
{
    for (size_t i = 0; cli_file_format(i) != NULL; i++)
        if (strcmp(cli_file_format(i), format) == 0)
            return true;
    return false;
}

/* A value in the reader's language: names for numbers of agencies and cases, an article, a word of
 * the rules; otherwise as it is. */
static const char *value_text(struct cli *c, const char *format, size_t i, struct value v)
{
    const char *word = cli_safe(c, cli_format(c, "%.*s", (int)v.len, v.at));
    bool act = i == 0 && strcmp(format, "%s: %s is missing") == 0;

    if (follows(format, i, "node ") || follows(format, i, "co-handler ") ||
        follows(format, i, "agency "))
        return cli_node_name(c, (uint32_t)strtoul(word, NULL, 10));
    if (follows(format, i, "case "))
        return cli_case_text(c, strtoll(word, NULL, 10));
    if (strncmp(format, "%s: it is for", 13) == 0 || strncmp(format, "%s: nobody", 10) == 0)
        if (i == 0 && is_number(word))
            return cli_article(c, word);
    if (is_of_file(format)) /* as it stands there */
        return word;
    if (act)
        return cli_english() ? word : cli_act_text(word);
    const char *text = cli_term(word);
    if (text != NULL)
        return text;
    return cli_english() ? word : cli_key_text(word);
}

/* The number that "%2$s" begins with; otherwise the next one in order. */
static size_t which(const char *format, size_t next)
{
    size_t number = 0;
    size_t i = 1;
    for (; isdigit((unsigned char)format[i]); i++)
        number = number * 10 + (size_t)(format[i] - '0');
    return format[i] == '$' && number >= 1 && number <= VALUES_MAX ? number - 1 : next;
}

/* Fill a format in, translated. */
static const char *filled(struct cli *c, const char *source, const struct value *values)
{
    const char *format = _(source);
    const char *text = "";
    size_t next = 0;
    bool number = false;

    while (*format != '\0') {
        size_t plain = strcspn(format, "%");
        text = cli_format(c, "%s%.*s", text, (int)plain, format);
        format += plain;
        if (*format == '\0')
            break;
        size_t i = which(format, next++);
        format += directive(format, &number);
        if (i < VALUES_MAX && values[i].at != NULL)
            text = cli_format(c, "%s%s", text, value_text(c, source, i, values[i]));
    }
    return text;
}

static const char *particular(struct cli *c, const char *detail)
{
    struct value best[VALUES_MAX] = {{NULL, 0}};
    const char *format = NULL;

    for (size_t i = 0; cli_detail_format(i) != NULL; i++) {
        struct value values[VALUES_MAX] = {{NULL, 0}};
        const char *candidate = cli_detail_format(i);
        if ((format != NULL && said(candidate) <= said(format)) || !fits(candidate, detail, values))
            continue;
        format = candidate;
        memcpy(best, values, sizeof best);
    }
    if (format != NULL)
        return filled(c, format, best);
    const char *text = cli_term(detail);
    if (text == NULL && !cli_english())
        text = cli_act_text(detail) != detail ? cli_act_text(detail) : cli_key_text(detail);
    if (text != NULL && text != detail)
        return text;
    return cli_english() ? cli_safe(c, detail) : cli_format(c, "〔%s〕", cli_safe(c, detail));
}

const char *cli_detail(struct cli *c, const char *detail)
{
    struct value v[VALUES_MAX] = {{NULL, 0}};

    /* of a file: where in it, and what is wrong there */
    if (fits("policy: %s", detail, v))
        return cli_format(c, _("policy: %s"), particular(c, v[0].at));
    if (fits("policy:%u: %s", detail, v))
        return cli_format(c, _("policy:%u: %s"), (unsigned)strtoul(v[0].at, NULL, 10),
                          particular(c, v[1].at));
    if (fits("calendar:%u: %s", detail, v))
        return cli_format(c, _("calendar:%u: %s"), (unsigned)strtoul(v[0].at, NULL, 10),
                          particular(c, v[1].at));
    return particular(c, detail);
}
