/* What the system proposes to a person, with the command that would do it; and the leaders through
 * whom powers are exercised. */
#include "clients/cli/cli.h"

#include <string.h>

/* ---- proposals ------------------------------------------------------------------------------- */

static const struct {
    const char *name, *text; /* text: msgid */
} reasons[] = {
    {"missed", N_("a deadline was missed")},
    {"overdue", N_("a deadline was missed")},
    {"not_fed_back", N_("the result was not fed back")},
    {"not_executed", N_("the opinion was not carried out")},
    {"not_satisfied", N_("the petitioner is not satisfied")},
    {"repeat", N_("the petitioner came again")},
    {"silent", N_("nobody has signed for it")},
};

static const char *reason_text(struct cli *c, const struct jiaoban_proposal *p)
{
    const char *s = cli_safe(c, p->reason);
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (strcmp(reasons[i].name, p->reason) == 0)
            s = _(reasons[i].text);
    if (p->key[0] != '\0')
        s = cli_format(c, "%s%s%s", s, _(": "), cli_key_text(cli_safe(c, p->key)));
    if (p->since_ms != 0)
        s = cli_format(c, _("%s, since %s"), s, cli_day(c, p->since_ms, true));
    return s;
}

static const char *step_code(int step)
{
    for (const struct jb_word *w = cli_steps; w->code != NULL; w++)
        if (w->value == step)
            return w->code;
    return "?";
}

/* The command that takes the step; the reader fills in what it cannot know. */
static const char *command(struct cli *c, const struct jiaoban_proposal *p)
{
    const char *number = cli_safe(c, p->number);
    if (p->docket_no[0] != '\0')
        return cli_format(c, "jiaoban docket step %s %s %s", number, cli_safe(c, p->docket_no),
                          step_code((int)p->step));
    if (p->step == JIAOBAN_STEP_URGE)
        return cli_format(c, "jiaoban urge %s %s", number, cli_node_code(c, p->node));
    return cli_format(c, "jiaoban docket open %s %s %s %s", number, _("NUMBER"),
                      step_code((int)p->step), cli_node_code(c, p->node));
}

static int print_proposals(struct cli *c, struct jiaoban_result *r)
{
    if (jiaoban_result_count(r) == 0)
        puts(_("Nothing is proposed."));
    for (size_t i = 0; i < jiaoban_result_count(r); i++) {
        const struct jiaoban_proposal *p = jiaoban_result_proposal(r, i);
        printf("%s  %s\n", cli_safe(c, p->number), cli_short(c, cli_safe(c, p->title), 40));
        printf("    %s%s%s%s%s\n", _("proposed: "), cli_word(c, cli_steps, (int)p->step), _(", "),
               _("about "), cli_safe(c, p->node_name));
        printf("    %s%s\n", _("because: "), reason_text(c, p));
        printf("    %s%s\n", _("according to: "), cli_article(c, p->article));
        printf("    %s%s\n", _("what to do: "), command(c, p));
    }
    return 0;
}

int cli_run_proposals(struct cli *c)
{
    struct jiaoban_query q = cli_query(c);
    char shown[JIAOBAN_TEXT];
    const char *after = cli_opt(c, OPT_AFTER);
    q.case_number = cli_opt(c, OPT_CASE);
    q.limit = CLI_LIMIT;
    if (after != NULL && jiaoban_case_number(after, &q.after_case_no, shown) != JIAOBAN_OK)
        return cli_usage(c, _("%s is no case number"), cli_safe(c, after));
    int code = cli_read_u32(c, OPT_LIMIT, &q.limit);
    return code != 0 ? code : cli_answer(c, jiaoban_get_proposals, &q, print_proposals);
}

/* ---- delegations ----------------------------------------------------------------------------- */

static int print_delegations(struct cli *c, struct jiaoban_result *r)
{
    const char *const names[] = {_("LEADER"), _("AGENCY"), _("POWER"),
                                 _("FROM"),   _("UNTIL"),  _("STATE")};
    struct cli_grid *g = cli_grid_new(c, names, sizeof names / sizeof names[0]);
    for (size_t i = 0; i < jiaoban_result_count(r); i++) {
        const struct jiaoban_delegation *d = jiaoban_result_delegation(r, i);
        cli_grid_row(g);
        cli_grid_cell(g, cli_safe(c, d->official), NULL);
        cli_grid_cell(g, cli_safe(c, d->node_name), NULL);
        cli_grid_cell(g, d->power != 0 ? cli_word(c, jb_powers, d->power) : _("all powers"), NULL);
        cli_grid_cell(g, cli_day(c, d->valid_from_ms, false), NULL);
        cli_grid_cell(g, cli_day(c, d->valid_to_ms, true), NULL);
        cli_grid_cell(g, d->in_force ? _("in force") : _("not in force"), NULL);
    }
    return cli_grid_end(g, _("No delegations."));
}

int cli_run_delegations(struct cli *c)
{
    struct jiaoban_query q = cli_query(c);
    return cli_answer(c, jiaoban_get_delegations, &q, print_delegations);
}
