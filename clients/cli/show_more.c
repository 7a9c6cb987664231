/* The parts of a case beside its facts: who settles a dispute, the review chain, cases beside it,
 * ratings, who keeps out, directives and dockets. */
#include "clients/cli/cli.h"

static void dispute(struct cli *c, const struct jiaoban_case *k)
{
    if (k->dispute_level == 0)
        return;
    const char *with =
        k->dispute_level == 1 ? _("with the common superior") : _("with the joint conference");
    cli_fact(c, _("dispute over who handles"),
             k->arbiter_name[0] != '\0'
                 ? cli_format(c, "%s%s%s", with, _(", "), cli_safe(c, k->arbiter_name))
                 : with);
}

/* "county government, supported" */
static const char *organ(struct cli *c, const char *name, int opinion)
{
    const char *s = cli_safe(c, name);
    if (opinion == 0)
        return s;
    return cli_format(c, "%s%s%s", s, s[0] != '\0' ? _(", ") : "",
                      cli_word(c, cli_opinions, opinion));
}

static void reviews(struct cli *c, const struct jiaoban_case *k)
{
    cli_fact(c, _("review by"), organ(c, k->reviewer_name, k->review_opinion));
    cli_fact(c, _("recheck by"), organ(c, k->rechecker_name, k->recheck_opinion));
}

static void links(struct cli *c, const struct jiaoban_case *k)
{
    for (size_t i = 0; i < k->link_count; i++)
        cli_fact(c, cli_word(c, cli_link_kinds, (int)k->links[i]->kind),
                 cli_safe(c, k->links[i]->number));
}

static const char *rating(struct cli *c, const struct jiaoban_rating *r)
{
    const char *s = r->state == JIAOBAN_RATING_OPENED && r->satisfaction != 0
                        ? cli_word(c, cli_satisfactions, r->satisfaction)
                        : cli_word(c, cli_rating_states, (int)r->state);
    return r->at_ms != 0 ? cli_format(c, "%s%s%s", s, _(", "), cli_time(c, r->at_ms)) : s;
}

static void ratings(struct cli *c, const struct jiaoban_case *k)
{
    for (size_t i = 0; i < k->rating_count; i++)
        cli_fact(c,
                 cli_format(c, _("rating of the %s"),
                            cli_word(c, cli_parties, (int)k->ratings[i]->party)),
                 rating(c, k->ratings[i]));
}

static void kept_out(struct cli *c, const struct jiaoban_case *k)
{
    const char *names = "";
    for (size_t i = 0; i < k->recused_count; i++)
        names = cli_format(c, "%s%s%s", names, i > 0 ? _(", ") : "", cli_safe(c, k->recused[i]));
    cli_fact(c, _("recused"), names);
    names = "";
    for (size_t i = 0; i < k->accused_count; i++)
        names =
            cli_format(c, "%s%s%s", names, i > 0 ? _(", ") : "", cli_node_name(c, k->accused[i]));
    cli_fact(c, _("accused"), names);
}

static void orders(struct cli *c, const struct jiaoban_case *k)
{
    if (k->directive_count > 0) {
        printf("\n%s\n", _("Directives"));
        struct cli_grid *g = cli_directive_grid(c, false);
        for (size_t i = 0; i < k->directive_count; i++)
            cli_directive_rows(c, g, k->directives[i], false);
        (void)cli_grid_end(g, "");
    }
    if (k->docket_count > 0) {
        printf("\n%s\n", _("Supervision dockets"));
        struct cli_grid *g = cli_docket_grid(c, false);
        for (size_t i = 0; i < k->docket_count; i++)
            cli_docket_row(c, g, k->dockets[i], false);
        (void)cli_grid_end(g, "");
    }
}

void cli_show_more(struct cli *c, const struct jiaoban_case *k)
{
    if (k->dispute_level != 0 || k->reviewer != 0 || k->rechecker != 0 || k->link_count > 0 ||
        k->rating_count > 0 || k->recused_count > 0 || k->accused_count > 0)
        putchar('\n');
    dispute(c, k);
    reviews(c, k);
    links(c, k);
    ratings(c, k);
    kept_out(c, k);
    orders(c, k);
}
