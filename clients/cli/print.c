/* Texts for a terminal: made safe, shortened, dates and lights as people there write them. */
#include "clients/cli/cli.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)
#define CHINA_MS INT64_C(28800000) /* UTC+8 */

/* ---- memory ---------------------------------------------------------------------------------- */

struct cli_owned {
    struct cli_owned *next;
    char *memory;
};

char *cli_own(struct cli *c, char *memory)
{
    struct cli_owned *o = memory != NULL ? malloc(sizeof *o) : NULL;
    if (o == NULL) {
        free(memory);
        return NULL;
    }
    *o = (struct cli_owned){c->owned, memory};
    c->owned = o;
    return memory;
}

void cli_free_owned(struct cli *c)
{
    while (c->owned != NULL) {
        struct cli_owned *o = c->owned;
        c->owned = o->next;
        free(o->memory);
        free(o);
    }
}

const char *cli_format(struct cli *c, const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int len = vasprintf(&text, format, args);
    va_end(args);
    text = len >= 0 ? cli_own(c, text) : NULL;
    return text != NULL ? text : "?";
}

/* ---- safety ---------------------------------------------------------------------------------- */

/* The bytes of a character that must not reach a terminal raw, 0 if it may: C0, DEL, C1, line and
 * paragraph separators, changes of direction. */
static size_t unsafe_bytes(const unsigned char *s)
{
    if (s[0] < 0x20 || s[0] == 0x7F)
        return 1;
    if (s[0] == 0xC2 && s[1] >= 0x80 && s[1] <= 0x9F)
        return 2;
    if (s[0] == 0xE2 && s[1] == 0x80 && s[2] >= 0xA8 && s[2] <= 0xAE)
        return 3;
    if (s[0] == 0xE2 && s[1] == 0x81 && s[2] >= 0xA6 && s[2] <= 0xA9)
        return 3;
    return 0;
}

static const char *safe_copy(struct cli *c, const char *text, bool lines)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t len = strlen(text);
    char *out = len < SIZE_MAX / 4 ? malloc(4 * len + 1) : NULL;
    size_t n = 0;

    if (out == NULL)
        return "?";
    while (*s != '\0') {
        size_t bytes = unsafe_bytes(s);
        if (bytes == 0 || (lines && *s == '\n')) {
            out[n++] = (char)*s++;
            continue;
        }
        if (*s == '\t' || (lines && *s == '\r')) {
            out[n++] = ' ';
            s++;
            continue;
        }
        for (; bytes > 0; bytes--)
            n += (size_t)sprintf(out + n, "\\x%02X", *s++);
    }
    out[n] = '\0';
    const char *copy = cli_own(c, out);
    return copy != NULL ? copy : "?";
}

const char *cli_safe(struct cli *c, const char *text)
{
    return safe_copy(c, text, false);
}

const char *cli_safe_body(struct cli *c, const char *text)
{
    return safe_copy(c, text, true);
}

const char *cli_short(struct cli *c, const char *text, size_t characters)
{
    size_t n = 0;
    const char *s = text;
    for (; *s != '\0'; s++)
        if (((unsigned char)*s & 0xC0) != 0x80 && n++ == characters)
            return cli_format(c, "%.*s…", (int)(s - text), text);
    return text;
}

/* ---- dates ----------------------------------------------------------------------------------- */

static int64_t day_number(int64_t instant_ms)
{
    return (instant_ms + CHINA_MS) / DAY_MS;
}

struct moment {
    int year, month, day, hour, minute;
};

static struct moment moment_of(int64_t instant_ms, bool due)
{
    char text[JIAOBAN_TEXT];
    int parts[5] = {0};
    const char *s = text;

    jiaoban_instant_text(instant_ms, due, text); /* "2026-11-30 24:00" */
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        for (; *s >= '0' && *s <= '9'; s++)
            parts[i] = 10 * parts[i] + (*s - '0');
        s += *s != '\0';
    }
    return (struct moment){parts[0], parts[1], parts[2], parts[3], parts[4]};
}

const char *cli_day(struct cli *c, int64_t instant_ms, bool due)
{
    if (instant_ms == 0)
        return "";
    struct moment m = moment_of(instant_ms, due);
    bool this_year = m.year == moment_of(c->now_ms, false).year;
    if (cli_english())
        return cli_format(c, "%04d-%02d-%02d", m.year, m.month, m.day);
    return this_year ? cli_format(c, "%d月%d日", m.month, m.day)
                     : cli_format(c, "%d年%d月%d日", m.year, m.month, m.day);
}

const char *cli_time(struct cli *c, int64_t instant_ms)
{
    if (instant_ms == 0)
        return "";
    struct moment m = moment_of(instant_ms, false);
    return cli_format(c, "%s %02d:%02d", cli_day(c, instant_ms, false), m.hour, m.minute);
}

const char *cli_left(struct cli *c, int64_t due_ms)
{
    if (due_ms == 0)
        return "";
    long days = (long)(day_number(due_ms - 1) - day_number(c->now_ms));
    if (due_ms <= c->now_ms && days < 0)
        return cli_format(c, ngettext("%ld day overdue", "%ld days overdue", (unsigned long)-days),
                          -days);
    if (due_ms <= c->now_ms)
        return _("overdue");
    if (days == 0)
        return _("due today");
    return cli_format(c, ngettext("%ld day left", "%ld days left", (unsigned long)days), days);
}

/* ---- the rest -------------------------------------------------------------------------------- */

const char *cli_light_color(const struct cli *c, int light)
{
    static const char *const colors[] = {NULL, "green", "yellow", "red", "darkgray"};
    if (!c->color || light < JIAOBAN_GREEN || light > JIAOBAN_DONE)
        return NULL;
    return colors[light];
}

const char *cli_light(struct cli *c, int light)
{
    return cli_format(c, "● %s", cli_word(c, cli_lights, light));
}

void cli_fact(struct cli *c, const char *name, const char *value)
{
    (void)c;
    if (value[0] != '\0')
        printf("%s%s%s\n", name, cli_english() ? ": " : ":", value);
}

const char *cli_deadline_name(struct cli *c, const struct jiaoban_deadline *d)
{
    if (d->key_text[0] != '\0' && !cli_english())
        return cli_safe(c, d->key_text);
    return cli_key_text(cli_safe(c, d->key));
}

int cli_json(struct cli *c, struct jiaoban_result *r, int indent)
{
    const char *json = jiaoban_result_json(r, indent);
    if (json == NULL)
        return cli_failed(c, JIAOBAN_NOMEM);
    puts(json);
    return 0;
}

const char *cli_node_name(struct cli *c, uint32_t node)
{
    if (c->nodes == NULL && jiaoban_get_nodes(c->j, NULL, &c->nodes) != JIAOBAN_OK)
        return cli_format(c, "#%u", node);
    for (size_t i = 0; i < jiaoban_result_count(c->nodes); i++) {
        const struct jiaoban_node *n = jiaoban_result_node(c->nodes, i);
        if (n != NULL && n->node == node)
            return cli_safe(c, n->name);
    }
    return cli_format(c, "#%u", node);
}
