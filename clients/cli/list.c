/* Listings: cases with their lights, deadlines, the outbox, the directory. */
#include "clients/cli/cli.h"
#include "clients/lib/jiaoban_serve.h"

#include <string.h>

static void say_more(const struct jiaoban_result *r)
{
    if (jiaoban_result_more(r))
        puts(_("There is more: narrow it down, or raise --limit."));
}

/* ---- cases ----------------------------------------------------------------------------------- */

static int case_query(struct cli *c, struct jiaoban_query *q)
{
    char shown[JIAOBAN_TEXT];
    const char *after = cli_opt(c, OPT_AFTER);

    q->open_only = cli_has(c, OPT_OPEN);
    q->mine = cli_has(c, OPT_MINE);
    q->objections = cli_has(c, OPT_OBJECTIONS);
    q->text = cli_opt(c, OPT_FIND);
    q->class_code = cli_opt(c, OPT_CLASS);
    q->limit = CLI_LIMIT;
    if (after != NULL && jiaoban_case_number(after, &q->after_case_no, shown) != JIAOBAN_OK)
        return cli_usage(c, _("%s is no case number"), cli_safe(c, after));
    int code = cli_read_word(c, OPT_LIGHT, cli_lights, &q->light);
    code = code != 0 ? code : cli_read_word(c, OPT_STAGE, cli_stages, &q->stage);
    code = code != 0 ? code : cli_read_word(c, OPT_KIND, jb_matters, &q->matter);
    code = code != 0 ? code : cli_read_instant(c, OPT_FROM, false, &q->from_ms);
    code = code != 0 ? code : cli_read_instant(c, OPT_UNTIL, true, &q->to_ms);
    code = code != 0 ? code : cli_read_u32(c, OPT_LIMIT, &q->limit);
    code = code != 0 ? code : cli_read_node(c, OPT_HOLDER, &q->node);
    code = code != 0 ? code : cli_read_node(c, OPT_REGISTRAR, &q->registrar);
    return code;
}

static const char *next_due(struct cli *c, const struct jiaoban_case *k)
{
    if (k->next_due_ms == 0)
        return "";
    return cli_format(c, _("%s, %s"), cli_day(c, k->next_due_ms, true),
                      cli_left(c, k->next_due_ms));
}

static const char *mark(struct cli *c, const char *so_far, bool is, const char *text)
{
    if (!is)
        return so_far;
    return cli_format(c, "%s%s%s", so_far, so_far[0] != '\0' ? _(", ") : "", text);
}

/* What a clerk should see of a case without opening it. */
static const char *marks(struct cli *c, const struct jiaoban_case *k)
{
    const char *s = mark(c, "", k->objection_open, _("objection"));
    s = mark(c, s, k->dispute_level > 0, _("dispute"));
    s = mark(c, s, k->simple, _("simple"));
    s = mark(c, s, (k->flags & JIAOBAN_FLAG_URGENT) != 0, _("urgent"));
    s = mark(c, s, (k->flags & JIAOBAN_FLAG_CROSS_BOUNDARY) != 0, _("cross-boundary"));
    s = mark(c, s, k->lead_official[0] != '\0',
             cli_format(c, _("led by %s"), cli_safe(c, k->lead_official)));
    if (k->pending > 0)
        s = mark(c, s, true,
                 cli_format(c, ngettext("%u in the outbox", "%u in the outbox", k->pending),
                            k->pending));
    return s;
}

int cli_run_list(struct cli *c)
{
    struct jiaoban_query q = cli_query(c);
    struct jiaoban_result *r = NULL;

    int code = case_query(c, &q);
    if (code == 0)
        code = cli_ask(c, jiaoban_get_cases, &q, &r);
    if (code != 0)
        return code;
    if (c->json) {
        code = cli_json(c, r, 2);
        jiaoban_result_free(r);
        return code;
    }
    const char *const names[] = {_("NUMBER"),  _("LIGHT"),  _("*TITLE"),       _("STAGE"),
                                 _("*HOLDER"), _("REMARK"), _("NEXT DEADLINE")};
    struct cli_grid *g = cli_grid_new(c, names, sizeof names / sizeof names[0]);
    for (size_t i = 0; i < jiaoban_result_count(r); i++) {
        const struct jiaoban_case *k = jiaoban_result_case(r, i);
        cli_grid_row(g);
        cli_grid_cell(g, cli_safe(c, k->number), NULL);
        cli_grid_cell(g, cli_light(c, (int)k->light), cli_light_color(c, (int)k->light));
        cli_grid_cell(g, cli_short(c, cli_safe(c, k->title), 30), NULL);
        cli_grid_cell(g, cli_word(c, cli_stages, (int)k->stage), NULL);
        cli_grid_cell(g, cli_safe(c, k->host_name), NULL);
        cli_grid_cell(g, marks(c, k), k->objection_open && c->color ? "yellow" : NULL);
        cli_grid_cell(g, next_due(c, k), NULL);
    }
    code = cli_grid_end(g, _("No cases."));
    say_more(r);
    jiaoban_result_free(r);
    return code;
}

/* ---- deadlines ------------------------------------------------------------------------------- */

static const char *receipt(struct cli *c, const struct jiaoban_deadline *d)
{
    return d->stored_at_ms != 0 ? cli_time(c, d->stored_at_ms) : _("not yet");
}

static const char *acknowledged(struct cli *c, const struct jiaoban_deadline *d)
{
    if (d->acknowledged_at_ms == 0)
        return "";
    return cli_format(c, "%s %s", cli_safe(c, d->acknowledged_by),
                      cli_time(c, d->acknowledged_at_ms));
}

static const char *left_or_end(struct cli *c, const struct jiaoban_deadline *d)
{
    if (d->end == JIAOBAN_RUNNING && d->paused_from_ms != 0)
        return cli_format(c, _("stands still since %s"), cli_day(c, d->paused_from_ms, false));
    return d->end == JIAOBAN_RUNNING ? cli_left(c, d->due_ms) : cli_word(c, cli_ends, (int)d->end);
}

static void deadline_row(struct cli *c, struct cli_grid *g, const struct jiaoban_deadline *d)
{
    cli_grid_row(g);
    cli_grid_cell(g, cli_format(c, "● %s", cli_deadline_name(c, d)),
                  cli_light_color(c, (int)d->light));
    cli_grid_cell(g, cli_case_text(c, d->case_no), NULL);
    cli_grid_cell(g, cli_format(c, "%u", d->deadline_id), NULL);
    cli_grid_cell(g, cli_short(c, cli_safe(c, d->title), 16), NULL);
    cli_grid_cell(g, cli_safe(c, d->node_name), NULL);
    cli_grid_cell(
        g,
        cli_format(c, d->provisional ? _("%s (provisional)") : "%s", cli_day(c, d->due_ms, true)),
        NULL);
    cli_grid_cell(g, left_or_end(c, d), cli_light_color(c, (int)d->light));
    cli_grid_cell(g, receipt(c, d), NULL);
    cli_grid_cell(g, acknowledged(c, d), NULL);
}

int cli_run_deadlines(struct cli *c)
{
    struct jiaoban_query q = cli_query(c);
    struct jiaoban_result *r = NULL;

    q.case_number = cli_opt(c, OPT_CASE);
    q.mine = cli_has(c, OPT_MINE);
    q.open_only = !cli_has(c, OPT_ALL);
    q.missed_only = cli_has(c, OPT_MISSED);
    q.limit = CLI_LIMIT;
    int code = cli_read_u32(c, OPT_LIMIT, &q.limit);
    code = code != 0 ? code : cli_read_instant(c, OPT_BEFORE, true, &q.due_before_ms);
    code = code != 0 ? code : cli_read_node(c, OPT_HOLDER, &q.node);
    code = code != 0 ? code : cli_ask(c, jiaoban_get_deadlines, &q, &r);
    if (code != 0)
        return code;
    if (c->json) {
        code = cli_json(c, r, 2);
        jiaoban_result_free(r);
        return code;
    }
    const char *const names[] = {_("DEADLINE"), _("CASE"),     _(">NO."),
                                 _("*TITLE"),   _("*OWED BY"), _("DUE"),
                                 _("LEFT"),     _("RECEIPT"),  _("ACKNOWLEDGED")};
    struct cli_grid *g = cli_grid_new(c, names, sizeof names / sizeof names[0]);
    for (size_t i = 0; i < jiaoban_result_count(r); i++)
        deadline_row(c, g, jiaoban_result_deadline(r, i));
    code = cli_grid_end(g, _("No deadlines."));
    say_more(r);
    jiaoban_result_free(r);
    return code;
}

/* ---- outbox -------------------------------------------------------------------------- */

static const char *former_state(const char *word)
{
    static const struct {
        const char *word, *text; /* msgid */
    } rows[] = {
        {"comparing", N_("being compared with the record")},
        {"lacking", N_("LACKING in the record")},
        {"again", N_("submitted again, waits")},
        {"refused", N_("submitted again, REFUSED")},
        {"held", N_("the record has it")},
        {"dismissed", N_("struck off")},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].word, word) == 0)
            return _(rows[i].text);
    return word;
}

/* Number, case, act, person, time. */
static void submission_cells(struct cli *c, struct cli_grid *g, const struct jiaoban_pending *p)
{
    cli_grid_row(g);
    cli_grid_cell(g, cli_format(c, "%llu", (unsigned long long)p->number), NULL);
    cli_grid_cell(g, cli_case_text(c, p->case_no), NULL);
    cli_grid_cell(g, cli_act_text(cli_safe(c, p->kind)), NULL);
    cli_grid_cell(g, cli_safe(c, p->user), NULL);
    cli_grid_cell(g, cli_time(c, p->made_at_ms), NULL);
}

/* What was accepted before a restore, and is not in the record that came of it. */
static void former_rows(struct cli *c, struct cli_grid *g, const struct jiaoban_result *r)
{
    for (size_t i = 0; i < jiaoban_result_count(r); i++) {
        const struct jiaoban_pending *p = jiaoban_result_pending(r, i);
        submission_cells(c, g, p);
        cli_grid_cell(g, cli_time(c, p->accepted_at_ms), NULL);
        cli_grid_cell(g, former_state(cli_safe(c, p->state)), NULL);
        cli_grid_cell(g, cli_safe(c, p->reason), NULL);
    }
}

static int print_former(struct cli *c)
{
    const char *const names[] = {_(">NO."), _("CASE"),     _("WHAT"),  _("BY"),
                                 _("AT"),   _("ACCEPTED"), _("STATE"), _("REASON")};
    struct jiaoban_query q = cli_query(c);
    struct jiaoban_result *r = NULL;
    q.former = true;
    q.all = cli_has(c, OPT_ALL);
    int code = cli_read_u32(c, OPT_LIMIT, &q.limit);
    code = code != 0 ? code : cli_ask(c, jiaoban_get_pending, &q, &r);
    if (code == 0 && c->json) {
        code = cli_json(c, r, 2);
    } else if (code == 0 && jiaoban_result_count(r) > 0) {
        puts(_("Accepted before the record was restored without this agency:"));
        struct cli_grid *g = cli_grid_new(c, names, sizeof names / sizeof names[0]);
        former_rows(c, g, r);
        code = cli_grid_end(g, "");
        say_more(r);
        if (!q.all)
            puts(_("Again, as it was: jiaoban resubmit NUMBER; not any more: jiaoban dismiss "
                   "NUMBER --reason TEXT"));
    }
    jiaoban_result_free(r);
    return code;
}

int cli_run_resubmit(struct cli *c)
{
    struct jiaoban_options o = {.size = sizeof o, .wait_ms = JIAOBAN_WAIT_MS};
    struct jiaoban_result *r = NULL;
    uint64_t number = 0;
    int code = cli_read_u64(c, OPT_NUMBER, &number);
    if (code != 0)
        return code;
    enum jiaoban_status status = jiaoban_resubmit(c->j, number, &o, &r);
    if (r == NULL)
        return cli_failed(c, status);
    if (!c->json)
        code = cli_verdict(c, jiaoban_result_settled(r));
    else if ((code = cli_json(c, r, 2)) == 0)
        code = jiaoban_status_exit(status);
    jiaoban_result_free(r);
    return code;
}

int cli_run_dismiss(struct cli *c)
{
    struct jiaoban_result *r = NULL;
    uint64_t number = 0;
    int code = cli_read_u64(c, OPT_NUMBER, &number);
    if (code != 0)
        return code;
    enum jiaoban_status status = jiaoban_dismiss(c->j, number, cli_opt(c, OPT_REASON), &r);
    if (status != JIAOBAN_OK)
        code = cli_failed(c, status);
    else if (c->json)
        code = cli_json(c, r, 2);
    else
        puts(_("struck off; jiaoban pending --all shows by whom and why"));
    jiaoban_result_free(r);
    return code;
}

int cli_run_pending(struct cli *c)
{
    struct jiaoban_query q = cli_query(c);
    struct jiaoban_result *r = NULL;
    const char *const names[] = {_(">NO."), _("CASE"), _("WHAT"), _("BY"), _("AT")};
    if (c->json && cli_has(c, OPT_ALL)) /* one answer, one document */
        return print_former(c);

    int code = cli_read_u32(c, OPT_LIMIT, &q.limit);
    code = code != 0 ? code : cli_ask(c, jiaoban_get_pending, &q, &r);
    if (code == 0 && c->json)
        code = cli_json(c, r, 2);
    else if (code == 0) {
        struct cli_grid *g = cli_grid_new(c, names, sizeof names / sizeof names[0]);
        for (size_t i = 0; i < jiaoban_result_count(r); i++)
            submission_cells(c, g, jiaoban_result_pending(r, i));
        code = cli_grid_end(g, _("The outbox is empty."));
        say_more(r);
    }
    jiaoban_result_free(r);
    return code == 0 && !c->json ? print_former(c) : code;
}

int cli_run_settled(struct cli *c)
{
    struct jiaoban_query q = cli_query(c);
    struct jiaoban_result *r = NULL;
    uint32_t wait_s = 0;

    int code = cli_read_u64(c, OPT_NUMBER, &q.number);
    code = code != 0 ? code : cli_read_u32(c, OPT_WAIT, &wait_s);
    if (code != 0)
        return code;
    q.wait_ms = wait_s > 86400 ? 86400000 : wait_s * 1000;
    enum jiaoban_status status = jiaoban_get_settled(c->j, &q, &r);
    if (r == NULL)
        return cli_failed(c, status);
    if (!c->json)
        code = cli_verdict(c, jiaoban_result_settled(r));
    else if ((code = cli_json(c, r, 2)) == 0)
        code = jiaoban_status_exit(status);
    jiaoban_result_free(r);
    return code;
}

/* ---- directory ------------------------------------------------------------------------------- */

static const char *line_of(struct cli *c, const struct jiaoban_node *n)
{
    if (!n->has_agent)
        return _("no agent");
    if (!c->admin)
        return "";
    if (n->broker_head_hex[0] != '\0')
        return _("histories differ");
    if (!n->connected)
        return n->last_seen_ms != 0
                   ? cli_format(c, _("away since %s"), cli_time(c, n->last_seen_ms))
                   : _("never seen");
    return cli_format(c, "%llu/%llu", (unsigned long long)n->acked_number,
                      (unsigned long long)n->stream_number);
}

/* Of those whose copy is another one: both heads in full. */
static void differences(struct cli *c, const struct jiaoban_result *r)
{
    for (size_t i = 0; i < jiaoban_result_count(r); i++) {
        const struct jiaoban_node *n = jiaoban_result_node(r, i);
        if (n->broker_head_hex[0] != '\0')
            printf(_("%s: the broker's head is %s at number %llu, the agency's %s at number "
                     "%llu\n"),
                   cli_safe(c, n->code), cli_safe(c, n->broker_head_hex),
                   (unsigned long long)n->broker_number, cli_safe(c, n->own_head_hex),
                   (unsigned long long)n->own_number);
    }
}

int cli_run_nodes(struct cli *c)
{
    struct jiaoban_query q = cli_query(c);
    struct jiaoban_result *r = NULL;
    const char *const names[] = {_(">NO."), _("CODE"),  _("NAME"),  _("LEVEL"),
                                 _("KIND"), _("ABOVE"), _("UNTIL"), _("LINE")};

    q.text = cli_opt(c, OPT_FIND);
    int code = cli_ask(c, jiaoban_get_nodes, &q, &r);
    if (code == 0 && c->json)
        code = cli_json(c, r, 2);
    else if (code == 0) {
        struct cli_grid *g = cli_grid_new(c, names, sizeof names / sizeof names[0]);
        for (size_t i = 0; i < jiaoban_result_count(r); i++) {
            const struct jiaoban_node *n = jiaoban_result_node(r, i);
            cli_grid_row(g);
            cli_grid_cell(g, cli_format(c, "%u", n->node), NULL);
            cli_grid_cell(g, cli_safe(c, n->code), NULL);
            cli_grid_cell(g, cli_safe(c, n->name), NULL);
            cli_grid_cell(g, cli_word(c, cli_levels, n->level), NULL);
            cli_grid_cell(g, cli_word(c, cli_node_kinds, n->kind), NULL);
            cli_grid_cell(g, n->parent != 0 ? cli_node_name(c, n->parent) : "", NULL);
            cli_grid_cell(g, cli_day(c, n->valid_to_ms, true), NULL);
            cli_grid_cell(g, line_of(c, n), NULL);
        }
        code = cli_grid_end(g, _("No agencies."));
        differences(c, r);
    }
    jiaoban_result_free(r);
    return code;
}
