/* Listings of what is ordered: directives with their receivers, supervision dockets, the steps that
 * the system proposes, and through whom powers are exercised. */
#include "clients/cli/cli.h"

/* ---- directives ------------------------------------------------------------------------------ */

/* "supervise: report on progress" */
static const char *order_text(struct cli *c, const struct jiaoban_directive *d)
{
    const char *power = cli_word(c, jb_powers, d->power);
    if (d->demand != 0)
        return cli_format(c, "%s%s%s", power, _(": "), cli_word(c, cli_demands, d->demand));
    if (d->recommendation != 0)
        return cli_format(c, "%s%s%s", power, _(": "),
                          cli_word(c, cli_recommendations, d->recommendation));
    return power;
}

/* Issued, arrived, signed for: the last fact counts. Waiting ones have not gone out. */
static const char *target_text(struct cli *c, const struct jiaoban_directive *d,
                               const struct jiaoban_target *t)
{
    if (d->status == JIAOBAN_DIRECTIVE_WAITING)
        return cli_word(c, cli_directive_statuses, (int)d->status);
    const char *s = cli_word(c, cli_target_states, (int)t->state);
    if (t->state == JIAOBAN_TARGET_ISSUED && t->stored_at_ms != 0)
        s = _("delivered");
    if (t->adopted != 0)
        s = cli_format(c, "%s%s%s", s, _(", "), t->adopted == 1 ? _("adopted") : _("not adopted"));
    return s;
}

static const char *target_since(struct cli *c, const struct jiaoban_target *t)
{
    const int64_t instants[] = {t->ended_at_ms, t->answered_at_ms, t->signed_at_ms,
                                t->stored_at_ms};
    for (size_t i = 0; i < sizeof instants / sizeof instants[0]; i++)
        if (instants[i] != 0)
            return cli_time(c, instants[i]);
    return "";
}

static bool target_open(const struct jiaoban_target *t)
{
    return t->state == JIAOBAN_TARGET_ISSUED || t->state == JIAOBAN_TARGET_SIGNED ||
           t->state == JIAOBAN_TARGET_OBJECTED;
}

static void target_row(struct cli *c, struct cli_grid *g, const struct jiaoban_directive *d,
                       const struct jiaoban_target *t)
{
    const char *color = target_open(t) ? cli_light_color(c, (int)t->light) : NULL;
    cli_grid_cell(g, cli_safe(c, t->node_name), NULL);
    cli_grid_cell(g, target_text(c, d, t), color);
    cli_grid_cell(g, target_since(c, t), NULL);
    cli_grid_cell(g, cli_day(c, t->due_ms, true), color);
    cli_grid_cell(g, target_open(t) ? cli_left(c, t->due_ms) : "", color);
}

/* One line a receiver; what belongs to the directive stands in its first line. */
void cli_directive_rows(struct cli *c, struct cli_grid *g, const struct jiaoban_directive *d,
                        bool with_case)
{
    for (size_t i = 0; i < d->target_count || i == 0; i++) {
        cli_grid_row(g);
        if (with_case) {
            cli_grid_cell(g, i == 0 ? cli_safe(c, d->number) : "", NULL);
            cli_grid_cell(g, i == 0 ? cli_short(c, cli_safe(c, d->title), 20) : "", NULL);
        }
        cli_grid_cell(g, i == 0 ? cli_number(c, d->directive_no) : "", NULL);
        cli_grid_cell(g, i == 0 ? order_text(c, d) : "", NULL);
        cli_grid_cell(g, i == 0 ? cli_safe(c, d->issuer_name) : "", NULL);
        cli_grid_cell(g, i == 0 ? cli_day(c, d->issued_at_ms, false) : "", NULL);
        if (i < d->target_count)
            target_row(c, g, d, d->targets[i]);
    }
}

struct cli_grid *cli_directive_grid(struct cli *c, bool with_case)
{
    const char *const names[] = {_("CASE"),      _("*TITLE"),    _(">NO."),  _("DIRECTIVE"),
                                 _("ISSUED BY"), _("ISSUED ON"), _("*WITH"), _("STATE"),
                                 _("SINCE"),     _("DUE"),       _("LEFT")};
    size_t skip = with_case ? 0 : 2;
    return cli_grid_new(c, names + skip, sizeof names / sizeof names[0] - skip);
}

static int print_directives(struct cli *c, struct jiaoban_result *r)
{
    struct cli_grid *g = cli_directive_grid(c, true);
    for (size_t i = 0; i < jiaoban_result_count(r); i++)
        cli_directive_rows(c, g, jiaoban_result_directive(r, i), true);
    return cli_grid_end(g, _("No directives."));
}

/* --after CASE: the next page. */
static int read_after(struct cli *c, struct jiaoban_query *q)
{
    char shown[JIAOBAN_TEXT];
    const char *after = cli_opt(c, OPT_AFTER);
    if (after != NULL && jiaoban_case_number(after, &q->after_case_no, shown) != JIAOBAN_OK)
        return cli_usage(c, _("%s is no case number"), cli_safe(c, after));
    return cli_read_u32(c, OPT_LIMIT, &q->limit);
}

int cli_run_directives(struct cli *c)
{
    struct jiaoban_query q = cli_query(c);
    q.case_number = cli_opt(c, OPT_CASE);
    q.mine = cli_has(c, OPT_MINE);
    q.issued = cli_has(c, OPT_ISSUED);
    q.open_only = !cli_has(c, OPT_ALL);
    q.limit = CLI_LIMIT;
    int code = read_after(c, &q);
    code = code != 0 ? code : cli_read_word(c, OPT_BY_POWER, jb_powers, &q.power);
    code = code != 0 ? code : cli_read_u64(c, OPT_AFTER_NO, &q.after_directive_no);
    return code != 0 ? code : cli_answer(c, jiaoban_get_directives, &q, print_directives);
}

/* ---- dockets --------------------------------------------------------------------------------- */

void cli_docket_row(struct cli *c, struct cli_grid *g, const struct jiaoban_docket *d,
                    bool with_case)
{
    const char *color = d->closed_at_ms == 0 ? cli_light_color(c, (int)d->light) : NULL;
    cli_grid_row(g);
    if (with_case) {
        cli_grid_cell(g, cli_safe(c, d->number), NULL);
        cli_grid_cell(g, cli_short(c, cli_safe(c, d->title), 20), NULL);
    }
    cli_grid_cell(g, cli_safe(c, d->docket_no), NULL);
    cli_grid_cell(g, cli_word(c, cli_steps, (int)d->step), color);
    cli_grid_cell(g, cli_safe(c, d->node_name), NULL);
    cli_grid_cell(g, cli_safe(c, d->opener_name), NULL);
    cli_grid_cell(g, cli_day(c, d->opened_at_ms, false), NULL);
    cli_grid_cell(g, cli_day(c, d->stepped_at_ms, false), NULL);
    cli_grid_cell(g, cli_day(c, d->due_ms, true), color);
    cli_grid_cell(g,
                  d->closed_at_ms != 0
                      ? cli_format(c, _("closed %s"), cli_day(c, d->closed_at_ms, false))
                      : cli_left(c, d->due_ms),
                  color);
}

struct cli_grid *cli_docket_grid(struct cli *c, bool with_case)
{
    const char *const names[] = {_("CASE"),      _("*TITLE"), _("DOCKET"),  _("STEP"), _("*ABOUT"),
                                 _("OPENED BY"), _("OPENED"), _("STEPPED"), _("DUE"),  _("LEFT")};
    size_t skip = with_case ? 0 : 2;
    return cli_grid_new(c, names + skip, sizeof names / sizeof names[0] - skip);
}

static int print_dockets(struct cli *c, struct jiaoban_result *r)
{
    struct cli_grid *g = cli_docket_grid(c, true);
    for (size_t i = 0; i < jiaoban_result_count(r); i++)
        cli_docket_row(c, g, jiaoban_result_docket(r, i), true);
    return cli_grid_end(g, _("No dockets."));
}

int cli_run_dockets(struct cli *c)
{
    struct jiaoban_query q = cli_query(c);
    q.case_number = cli_opt(c, OPT_CASE);
    q.open_only = !cli_has(c, OPT_ALL);
    q.after_docket_no = cli_opt(c, OPT_AFTER_NO);
    q.limit = CLI_LIMIT;
    int code = read_after(c, &q);
    return code != 0 ? code : cli_answer(c, jiaoban_get_dockets, &q, print_dockets);
}
