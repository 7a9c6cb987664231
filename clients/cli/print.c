/* Texts for a terminal: made safe, shortened, dates and lights as people there write them. */
#include "clients/cli/cli.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)
#define CHINA_MS INT64_C(28800000) /* UTC+8 */

/* ---- memory ---------------------------------------------------------------------------------- */

char *cli_own(struct cli *c, char *memory)
{
    return jb_tongue_keep(&c->tongue, memory);
}

void cli_free_owned(struct cli *c)
{
    jb_tongue_free(&c->tongue);
}

const char *cli_article(struct cli *c, const char *article)
{
    c->tongue.english = cli_english();
    return jb_article(&c->tongue, article);
}

const char *cli_format(struct cli *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = jb_tongue_vformat(&c->tongue, format, args);
    va_end(args);
    return text;
}

/* ---- safety ---------------------------------------------------------------------------------- */

const char *cli_safe(struct cli *c, const char *text)
{
    return jb_tongue_safe(&c->tongue, text, false);
}

const char *cli_safe_body(struct cli *c, const char *text)
{
    return jb_tongue_safe(&c->tongue, text, true);
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

static const char *day_text(struct cli *c, struct moment m)
{
    bool this_year = m.year == moment_of(c->now_ms, false).year;
    if (cli_english())
        return cli_format(c, "%04d-%02d-%02d", m.year, m.month, m.day);
    return this_year ? cli_format(c, "%d月%d日", m.month, m.day)
                     : cli_format(c, "%d年%d月%d日", m.year, m.month, m.day);
}

static bool is_midnight(int64_t instant_ms)
{
    return (instant_ms + CHINA_MS) % DAY_MS == 0;
}

/* A period of hours or minutes ends within a day: then the hour belongs to it. */
const char *cli_day(struct cli *c, int64_t instant_ms, bool due)
{
    if (instant_ms == 0)
        return "";
    struct moment m = moment_of(instant_ms, due);
    if (due && !is_midnight(instant_ms))
        return cli_format(c, "%s %02d:%02d", day_text(c, m), m.hour, m.minute);
    return day_text(c, m);
}

const char *cli_day_or_time(struct cli *c, int64_t instant_ms)
{
    return is_midnight(instant_ms) ? cli_day(c, instant_ms, false) : cli_time(c, instant_ms);
}

const char *cli_time(struct cli *c, int64_t instant_ms)
{
    if (instant_ms == 0)
        return "";
    struct moment m = moment_of(instant_ms, false);
    return cli_format(c, "%s %02d:%02d", cli_day(c, instant_ms, false), m.hour, m.minute);
}

/* Less than a day: in minutes, from two hours on in hours. */
static const char *soon(struct cli *c, int64_t left_ms)
{
    long minutes = (long)((left_ms + 59999) / 60000);
    if (minutes < 120)
        return cli_format(
            c, ngettext("%ld minute left", "%ld minutes left", (unsigned long)minutes), minutes);
    long hours = minutes / 60;
    return cli_format(c, ngettext("%ld hour left", "%ld hours left", (unsigned long)hours), hours);
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
    if (!is_midnight(due_ms) && due_ms - c->now_ms < DAY_MS)
        return soon(c, due_ms - c->now_ms);
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
        printf("%s%s%s\n", name, _(": "), value);
}

const char *cli_deadline_name(struct cli *c, const struct jiaoban_deadline *d)
{
    if (d->key_text[0] != '\0' && !cli_english())
        return cli_safe(c, d->key_text);
    return cli_key_text(cli_safe(c, d->key));
}

const char *cli_number(struct cli *c, uint64_t number)
{
    return number != 0 ? cli_format(c, "%llu", (unsigned long long)number) : "";
}

const char *cli_case_text(struct cli *c, int64_t case_no)
{
    char shown[JIAOBAN_TEXT] = "";
    if (case_no == 0 ||
        jiaoban_case_number(cli_format(c, "%lld", (long long)case_no), NULL, shown) != JIAOBAN_OK)
        return "";
    return cli_format(c, "%s", shown);
}

const char *cli_quantity(struct cli *c, uint32_t amount, int unit)
{
    switch (unit) {
    case JIAOBAN_CALENDAR_DAYS:
        return cli_format(c, ngettext("%u day", "%u days", amount), amount);
    case JIAOBAN_WORKING_DAYS:
        return cli_format(c, ngettext("%u working day", "%u working days", amount), amount);
    case JIAOBAN_HOURS:
        return cli_format(c, ngettext("%u hour", "%u hours", amount), amount);
    case JIAOBAN_MINUTES:
        return cli_format(c, ngettext("%u minute", "%u minutes", amount), amount);
    default:
        return cli_word(c, cli_units, unit);
    }
}

int cli_json(struct cli *c, struct jiaoban_result *r, int indent)
{
    const char *json = jiaoban_result_json(r, indent);
    if (json == NULL)
        return cli_failed(c, JIAOBAN_NOMEM);
    puts(json);
    return 0;
}

static const struct jiaoban_node *node_find(struct cli *c, uint32_t node)
{
    if (c->nodes == NULL &&
        (c->j == NULL || jiaoban_get_nodes(c->j, NULL, &c->nodes) != JIAOBAN_OK))
        return NULL;
    for (size_t i = 0; i < jiaoban_result_count(c->nodes); i++) {
        const struct jiaoban_node *n = jiaoban_result_node(c->nodes, i);
        if (n != NULL && n->node == node)
            return n;
    }
    return NULL;
}

const char *cli_node_name(struct cli *c, uint32_t node)
{
    const struct jiaoban_node *n = node_find(c, node);
    return n != NULL ? cli_safe(c, n->name) : cli_format(c, "#%u", node);
}

uint32_t cli_organ_called(struct cli *c, const char *name)
{
    (void)node_find(c, 0);
    for (size_t i = 0; i < jiaoban_result_count(c->nodes); i++) {
        const struct jiaoban_node *n = jiaoban_result_node(c->nodes, i);
        bool organ =
            n != NULL && (n->kind == JIAOBAN_DISCIPLINE || n->kind == JIAOBAN_POLITICAL_LEGAL);
        if (organ && strcmp(n->name, name) == 0)
            return n->node;
    }
    return 0;
}

const char *cli_node_code(struct cli *c, uint32_t node)
{
    const struct jiaoban_node *n = node_find(c, node);
    return n != NULL ? cli_safe(c, n->code) : cli_format(c, "%u", node);
}
