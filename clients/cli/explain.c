/* How deadlines were counted: the rule and its versions, the days one by one (runs of like days in
 * one line), what moved them, and whether counting again gives the same day. */
#include "clients/cli/cli.h"

#include <string.h>

struct named {
    const char *name, *text; /* text: msgid */
};

static const struct named day_kinds[] = {
    {"start", N_("first day, not counted")},
    {"counted", N_("counted")},
    {"work", N_("working day by notice, counted")},
    {"weekend", N_("weekend, not counted")},
    {"off", N_("holiday, not counted")},
    {"paused", N_("hearing, not counted")},
    {"extension", N_("extension, counted")},
    {"clock", N_("runs by the clock")},
};

static const struct named move_kinds[] = {
    {"set", N_("set")},
    {"extended", N_("extended")},
    {"received", N_("counted from the later receipt")},
    {"paused", N_("stands still: a hearing")},
    {"resumed", N_("goes on: the hearing is over")},
    {"recounted", N_("counted again with the new calendar")},
    {"passed_on", N_("went to another agency")},
    {"passed on", N_("went to another agency")},
    {"missed", N_("missed")},
    {"ended", N_("ended")},
    {"moved", N_("moved")},
};

static const struct named remarks[] = {
    {"no_calendar", N_("the calendar that it was counted with is not here")},
    {"uncountable", N_("it cannot be counted here")},
    {"incomplete", N_("the entry that set it is not here")},
    {"other_calendar", N_("counted again with another calendar than the one stored with it")},
    {"provisional", N_("a day on the way is not covered by the calendar yet")},
};

static const char *text_of(struct cli *c, const struct named *rows, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(rows[i].name, name) == 0)
            return _(rows[i].text);
    return cli_safe(c, name);
}
#define TEXT_OF(c, rows, name) text_of(c, rows, sizeof(rows) / sizeof(rows)[0], name)

/* ---- days ------------------------------------------------------------------------------------ */

static bool is_counted(const struct jiaoban_explain_day *d)
{
    return strcmp(d->kind, "counted") == 0 || strcmp(d->kind, "work") == 0 ||
           strcmp(d->kind, "extension") == 0;
}

/* May two neighbouring days share a line? */
static bool alike(const struct jiaoban_explain_day *a, const struct jiaoban_explain_day *b)
{
    return strcmp(a->kind, b->kind) == 0 && strcmp(a->name, b->name) == 0 && a->known == b->known;
}

static void day_line(struct cli *c, const struct jiaoban_explain_day *first,
                     const struct jiaoban_explain_day *last)
{
    const char *days = cli_day(c, first->day_ms, false);
    const char *text = TEXT_OF(c, day_kinds, first->kind);
    if (last != first)
        days = cli_format(c, _("%s to %s"), days, cli_day(c, last->day_ms, false));
    if (first->name[0] != '\0')
        text = cli_format(c, "%s%s%s", text, _(", "), cli_safe(c, first->name));
    if (is_counted(first) && last != first)
        text = cli_format(c, _("%s: %u to %u"), text, first->count, last->count);
    else if (is_counted(first))
        text = cli_format(c, _("%s: %u"), text, first->count);
    if (!first->known)
        text = cli_format(c, _("%s (no notice yet)"), text);
    printf("    %s  %s\n", days, text);
}

static void day_lines(struct cli *c, const struct jiaoban_explain *e, bool full)
{
    for (size_t i = 0; i < e->day_count;) {
        size_t end = i + 1;
        while (!full && end < e->day_count && alike(e->days[i], e->days[end]))
            end++;
        day_line(c, e->days[i], e->days[end - 1]);
        i = end;
    }
}

/* ---- moves ----------------------------------------------------------------------------------- */

static const char *move_due(struct cli *c, const struct jiaoban_explain_move *m)
{
    if (m->due_ms == 0 || m->old_due_ms == m->due_ms)
        return "";
    if (m->old_due_ms == 0)
        return cli_format(c, _(", due %s"), cli_day(c, m->due_ms, true));
    return cli_format(c, _(", due %s in place of %s"), cli_day(c, m->due_ms, true),
                      cli_day(c, m->old_due_ms, true));
}

static const char *move_text(struct cli *c, const struct jiaoban_explain_move *m)
{
    int end = 0;
    if (strcmp(m->kind, "ended") == 0 && cli_word_read(cli_ends, m->text, &end))
        return cli_word(c, cli_ends, end);
    return cli_safe(c, m->text);
}

static void move_lines(struct cli *c, const struct jiaoban_explain *e)
{
    for (size_t i = 0; i < e->move_count; i++) {
        const struct jiaoban_explain_move *m = e->moves[i];
        const char *text = move_text(c, m);
        printf("    %s  %s%s", cli_day_or_time(c, m->at_ms), TEXT_OF(c, move_kinds, m->kind),
               move_due(c, m));
        if (m->node_name[0] != '\0')
            printf("%s%s", _(", "), cli_safe(c, m->node_name));
        if (text[0] != '\0')
            printf("%s%s", _(": "), text);
        if (m->seq != 0)
            printf(_(" (entry %llu)"), (unsigned long long)m->seq);
        putchar('\n');
    }
}

/* ---- one deadline ---------------------------------------------------------------------------- */

static void rule_facts(struct cli *c, const struct jiaoban_explain *e)
{
    const struct jiaoban_deadline *d = e->deadline;
    const char *limit = d->limit != 0 ? cli_quantity(c, d->limit, (int)d->unit)
                                      : cli_word(c, cli_units, (int)d->unit);
    cli_fact(c, _("  rule"), cli_format(c, "%s%s%s", limit, _(", "), cli_article(c, d->article)));
    cli_fact(c, _("  policy"), cli_safe(c, d->policy_version));
    if (d->calendar_version[0] != '\0')
        cli_fact(c, _("  calendar"),
                 e->calendar_until[0] != '\0'
                     ? cli_format(c, _("%s, until %s"), cli_safe(c, d->calendar_version),
                                  cli_safe(c, e->calendar_until))
                     : cli_safe(c, d->calendar_version));
}

static void print_one(struct cli *c, const struct jiaoban_explain *e)
{
    const struct jiaoban_deadline *d = e->deadline;
    const char *due = cli_day(c, d->due_ms, true);
    printf("%u  %s  %s  %s%s%s\n", d->deadline_id, cli_deadline_name(c, d),
           cli_safe(c, d->node_name),
           cli_format(c, d->provisional ? _("due %s (provisional)") : _("due %s"), due), _(", "),
           d->end == JIAOBAN_RUNNING ? cli_left(c, d->due_ms) : cli_word(c, cli_ends, (int)d->end));
    rule_facts(c, e);
    cli_fact(c, _("  trigger"), cli_time(c, d->trigger_ms));
    printf("  %s\n", _("what moved it:"));
    move_lines(c, e);
    printf("  %s\n", _("day by day:"));
    day_lines(c, e, cli_has(c, OPT_FULL));
    cli_fact(c, _("  check"),
             e->agrees ? _("counted again from what is stored, the same day comes out")
                       : _("counted again from what is stored, ANOTHER day comes out"));
    if (e->text[0] != '\0')
        cli_fact(c, _("  remark"), TEXT_OF(c, remarks, e->text));
    putchar('\n');
}

static int print_explain(struct cli *c, struct jiaoban_result *r)
{
    if (jiaoban_result_count(r) == 0)
        puts(_("No deadlines."));
    for (size_t i = 0; i < jiaoban_result_count(r); i++) {
        const struct jiaoban_explain *e = jiaoban_result_explain(r, i);
        if (e != NULL && e->deadline != NULL)
            print_one(c, e);
    }
    return 0;
}

int cli_run_explain(struct cli *c)
{
    struct jiaoban_query q = cli_query(c);
    q.case_number = cli_opt(c, OPT_CASE);
    int code = cli_read_u32(c, OPT_DEADLINE, &q.deadline_id);
    return code != 0 ? code : cli_answer(c, jiaoban_get_explain, &q, print_explain);
}
