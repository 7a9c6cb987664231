/* One line of a case's history in words: who did what when, to whom, by which rule. */
#include "clients/cli/cli.h"

#include <stdlib.h>
#include <string.h>

#define SHORT_CHARACTERS 120

/* "name: value" for each part that the act has, separated. */
static const char *joined(struct cli *c, const char *so_far, const char *name, const char *value)
{
    if (value[0] == '\0')
        return so_far;
    return cli_format(c, "%s%s%s%s%s", so_far, so_far[0] != '\0' ? _("; ") : "", name,
                      name[0] != '\0' ? _(": ") : "", value);
}

static const char *agencies(struct cli *c, const uint32_t *nodes, size_t count)
{
    const char *names = "";
    for (size_t i = 0; i < count; i++)
        names = cli_format(c, "%s%s%s", names, i > 0 ? _(", ") : "", cli_node_name(c, nodes[i]));
    return names;
}

static const char *other_cases(struct cli *c, const struct jiaoban_act *a)
{
    const char *numbers = cli_safe(c, a->other_case_number);
    for (size_t i = 0; i < a->other_case_count; i++)
        numbers = cli_format(c, "%s%s%s", numbers, numbers[0] != '\0' ? _(", ") : "",
                             cli_safe(c, a->other_case_numbers[i]));
    return numbers;
}

static const char *document(const struct jiaoban_act *a)
{
    if (a->notice_no[0] != '\0')
        return a->notice_no;
    return a->opinion_no[0] != '\0' ? a->opinion_no : a->close_no;
}

/* Whom it concerns. */
static const char *concerned(struct cli *c, const struct jiaoban_act *a)
{
    const char *s = "";
    if (a->node != 0)
        s = joined(c, s, "", cli_format(c, "→ %s", cli_node_name(c, a->node)));
    if (a->audience_count > 0)
        s = joined(c, s, "", cli_format(c, "→ %s", agencies(c, a->audience, a->audience_count)));
    s = joined(c, s, _("organ"), cli_safe(c, a->organ));
    s = joined(c, s, _("co-handlers"), agencies(c, a->co_handlers, a->co_handler_count));
    s = joined(c, s, _("accused"), agencies(c, a->accused, a->accused_count));
    s = joined(c, s, _("person"), cli_safe(c, a->person));
    s = joined(c, s, _("leader"), cli_safe(c, a->official));
    return joined(c, s, _("successor"), a->successor != 0 ? cli_node_name(c, a->successor) : "");
}

/* What an order, a docket, a link or a rating says. */
static const char *ordered(struct cli *c, const struct jiaoban_act *a, const char *s)
{
    s = joined(c, s, "", cli_word(c, jb_powers, a->power));
    s = joined(c, s, "", cli_word(c, cli_demands, a->demand));
    s = joined(c, s, "", cli_word(c, cli_recommendations, a->recommendation));
    s = joined(c, s, _("directive"), cli_number(c, a->directive_no));
    if (a->adopted)
        s = joined(c, s, "", _("adopted"));
    s = joined(c, s, _("docket"), cli_safe(c, a->docket_no));
    s = joined(c, s, _("step"), cli_word(c, cli_steps, a->step));
    s = joined(c, s, cli_word(c, cli_link_kinds, a->link_kind), other_cases(c, a));
    s = joined(c, s, "", cli_word(c, cli_grounds, a->ground));
    s = joined(c, s, "", cli_word(c, cli_parties, a->rated_party));
    s = joined(c, s, "", cli_word(c, cli_satisfactions, a->satisfaction));
    s = joined(c, s, _("from"), cli_day(c, a->from_ms, false));
    s = joined(c, s, _("until"), cli_day(c, a->until_ms, false));
    s = joined(c, s, _("from"), cli_day(c, a->valid_from_ms, false));
    s = joined(c, s, _("until"), cli_day(c, a->valid_to_ms, true));
    return joined(c, s, _("version"), cli_safe(c, a->version));
}

/* Everything of the act that fits one line. */
static const char *particulars(struct cli *c, const struct jiaoban_act *a)
{
    const char *s = ordered(c, a, concerned(c, a));
    if (a->authority != 0)
        s = joined(c, s, _("authority"), cli_word(c, cli_authorities, a->authority));
    s = joined(c, s, _("by"), cli_day(c, a->due_ms, true));
    if (a->fell_ms != 0)
        s = joined(c, s, _("fell"), cli_day(c, a->fell_ms, true));
    s = joined(c, s, _("exit"), cli_word(c, cli_exits, a->exit));
    s = joined(c, s, "", cli_word(c, cli_declines, a->decline_kind));
    s = joined(c, s, "", cli_word(c, cli_rulings, a->ruling));
    s = joined(c, s, _("opinion"), cli_word(c, cli_opinions, a->opinion));
    if (a->days != 0)
        s = joined(c, s, "",
                   cli_format(c, ngettext("%u day more", "%u days more", a->days), a->days));
    s = joined(c, s, _("document"), cli_safe(c, document(a)));
    s = joined(c, s, _("petitioner told"), cli_day(c, a->told_at_ms, false));
    s = joined(c, s, _("how"), cli_safe(c, a->how));
    s = joined(c, s, _("carried out"), cli_day(c, a->done_at_ms, false));
    s = joined(c, s, _("approved by"), cli_safe(c, a->approved_by));
    return joined(c, s, _("countersigned by"), cli_safe(c, a->countersigned_by));
}

/* A long text, indented; shortened unless `full`. */
static void body(struct cli *c, const char *name, const char *text, bool full)
{
    if (text[0] == '\0')
        return;
    const char *safe = full ? cli_safe_body(c, text) : cli_safe(c, text);
    if (!full)
        safe = cli_short(c, safe, SHORT_CHARACTERS);
    printf("      %s%s", name, _(": "));
    for (; *safe != '\0'; safe++) {
        putchar(*safe);
        if (*safe == '\n')
            printf("      ");
    }
    putchar('\n');
}

static const struct jiaoban_deadline *deadline_find(const struct jiaoban_case *k, uint32_t id)
{
    for (size_t i = 0; k != NULL && i < k->deadline_count; i++)
        if (k->deadlines[i]->deadline_id == id)
            return k->deadlines[i];
    return NULL;
}

/* "deadline_set 3 handle 2026-11-30": the number finds the deadline and its article. */
static void deadline_effects(struct cli *c, const struct jiaoban_event *e,
                             const struct jiaoban_case *k)
{
    for (size_t i = 0; i < e->effect_count; i++) {
        static const char set[] = "deadline_set ";
        if (strncmp(e->effects[i], set, sizeof set - 1) != 0)
            continue;
        uint32_t id = (uint32_t)strtoul(e->effects[i] + sizeof set - 1, NULL, 10);
        const struct jiaoban_deadline *d = deadline_find(k, id);
        if (d == NULL)
            continue;
        const char *due = cli_format(
            c, _("%s owes: %s by %s"), cli_safe(c, d->node_name), cli_deadline_name(c, d),
            cli_day(c, d->original_due_ms != 0 ? d->original_due_ms : d->due_ms, true));
        printf("      ⏱ %s%s%s%s\n", due, d->article[0] != '\0' ? _(" (") : "",
               cli_article(c, d->article), d->article[0] != '\0' ? _(")") : "");
    }
}

/* What ran out, and with whom: the clock's act has only the number. */
static const char *missed(struct cli *c, const struct jiaoban_event *e,
                          const struct jiaoban_case *k)
{
    const struct jiaoban_deadline *d =
        e->act != NULL && e->act->fell_ms != 0 ? deadline_find(k, e->act->deadline_id) : NULL;
    if (d == NULL)
        return "";
    return cli_format(c, "%s%s%s", cli_deadline_name(c, d), _(", "), cli_safe(c, d->node_name));
}

void cli_event(struct cli *c, const struct jiaoban_event *e, const struct jiaoban_case *k,
               bool full)
{
    int64_t at_ms = e->made_at_ms != 0 ? e->made_at_ms : e->at_ms;
    const char *who = e->node_name[0] != '\0' ? cli_safe(c, e->node_name) : _("the system");
    if (e->user[0] != '\0' && e->node_name[0] != '\0')
        who = cli_format(c, "%s %s", who, cli_safe(c, e->user));
    printf("  %s  %s%s%s", cli_time(c, at_ms), who, _(": "), cli_act_text(cli_safe(c, e->kind)));
    const char *more = e->act != NULL ? particulars(c, e->act) : "";
    more = joined(c, missed(c, e, k), "", more);
    printf("%s%s%s\n", more[0] != '\0' ? _(", ") : "", more,
           e->pending ? _(" [in the outbox]") : "");
    if (e->act != NULL) {
        body(c, _("reasons"), e->act->reason, full);
        body(c, _("basis"), e->act->basis, full);
        body(c, _("text"), e->act->text, full);
        body(c, _("report"), e->act->report, full);
    }
    deadline_effects(c, e, k);
}
