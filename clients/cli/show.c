/* One case: facts, participants, deadlines, timeline, petitioners. */
#include "clients/cli/cli.h"

#include <string.h>

static const char *flags(struct cli *c, uint32_t value)
{
    const char *s = "";
    for (const struct jb_word *w = cli_flags; w->code != NULL; w++)
        if ((value & (uint32_t)w->value) != 0)
            s = cli_format(c, "%s%s%s", s, s[0] != '\0' ? _(", ") : "", _(w->text));
    return s;
}

static const char *holder(struct cli *c, const struct jiaoban_case *k)
{
    const char *s = cli_safe(c, k->host_name);
    if (k->authority != 0)
        s = cli_format(c, _("%s, by %s"), s, cli_word(c, cli_authorities, k->authority));
    if (k->hops > 1)
        s = cli_format(c, ngettext("%s, %u hand-over", "%s, %u hand-overs", k->hops), s, k->hops);
    return s;
}

static void facts(struct cli *c, const struct jiaoban_case *k)
{
    printf("%s  %s\n", cli_safe(c, k->number), cli_safe(c, k->title));
    const char *light = cli_light(c, (int)k->light);
    cli_fact(c, _("stage"),
             cli_format(c, "%s  %s%s", cli_word(c, cli_stages, (int)k->stage), light,
                        k->objection_open ? _("  objection waits for its ruling") : ""));
    cli_fact(c, _("holder"), holder(c, k));
    cli_fact(
        c, _("registered"),
        cli_format(c, "%s %s", cli_time(c, k->registered_at_ms), cli_safe(c, k->registrar_name)));
    cli_fact(c, _("kind"), cli_word(c, jb_matters, k->matter));
    cli_fact(c, _("channel"), cli_word(c, jb_channels, k->channel));
    cli_fact(c, _("class"), cli_safe(c, k->class_code));
    cli_fact(c, _("place"), cli_safe(c, k->place_code));
    if (k->people > 0)
        cli_fact(c, _("people"), cli_format(c, "%u", k->people));
    cli_fact(c, _("marks"), flags(c, k->flags));
    cli_fact(c, _("exit"), cli_word(c, cli_exits, k->exit));
    cli_fact(c, _("opinion"), cli_word(c, cli_opinions, k->opinion));
    if (k->simple)
        cli_fact(c, _("track"), _("simple handling"));
    cli_fact(c, _("leader in charge"), cli_safe(c, k->lead_official));
    if (k->pending > 0)
        cli_fact(c, _("in the outbox"), cli_format(c, "%u", k->pending));
    if (k->left)
        puts(_("This agency takes part in the case no more."));
}

static void petitioners(struct cli *c, const struct jiaoban_case *k)
{
    if (k->erased_at_ms != 0)
        cli_fact(c, _("sealed data"),
                 cli_format(c, _("erased on %s by %s: %s"), cli_time(c, k->erased_at_ms),
                            cli_safe(c, k->erased_by), cli_safe(c, k->erased_reason)));
    if (k->sealed_unreadable)
        cli_fact(c, _("petitioners"), _("this agency has no right to see them"));
    else if (k->sealed && k->petitioner_count == 0)
        cli_fact(c, _("petitioners"),
                 cli_format(c,
                            _("sealed; to read them, which is recorded: jiaoban show %s --persons"),
                            cli_safe(c, k->number)));
    for (size_t i = 0; i < k->petitioner_count; i++) {
        const struct jiaoban_person *p = k->petitioners[i];
        const char *s = cli_safe(c, p->name);
        const char *rest[] = {p->id_number, p->phone, p->address};
        for (size_t n = 0; n < sizeof rest / sizeof rest[0]; n++)
            if (rest[n][0] != '\0')
                s = cli_format(c, "%s%s%s", s, _(", "), cli_safe(c, rest[n]));
        cli_fact(c, p->main_visitor ? _("petitioner (main)") : _("petitioner"), s);
    }
}

static void participants(struct cli *c, const struct jiaoban_case *k)
{
    printf("\n%s\n", _("Participants"));
    for (size_t i = 0; i < k->participant_count; i++) {
        const struct jiaoban_participant *p = k->participants[i];
        printf("  %s%s%s", cli_safe(c, p->node_name), _(": "),
               cli_word(c, cli_roles, (int)p->role));
        if (p->signed_at_ms != 0)
            printf("%s%s %s", _(", "), _("signed for"), cli_time(c, p->signed_at_ms));
        if (p->answered_at_ms != 0)
            printf("%s%s %s", _(", "), _("answered"), cli_time(c, p->answered_at_ms));
        putchar('\n');
    }
}

/* What is left, or how it ended; a clock that stands still says so. */
static const char *left(struct cli *c, const struct jiaoban_deadline *d)
{
    if (d->end != JIAOBAN_RUNNING)
        return cli_word(c, cli_ends, (int)d->end);
    if (d->paused_from_ms != 0)
        return cli_format(c, _("stands still since %s"), cli_day(c, d->paused_from_ms, false));
    return cli_left(c, d->due_ms);
}

/* The petitioner may, nobody owes: the agency only keeps the record of it. */
static const char *owed_by(struct cli *c, const struct jiaoban_deadline *d)
{
    static const char *const rights[] = {"ask-review", "ask-recheck", "rate"};
    for (size_t i = 0; i < sizeof rights / sizeof rights[0]; i++)
        if (strcmp(rights[i], d->key) == 0)
            return _("the petitioner's right");
    return cli_safe(c, d->node_name);
}

/* Whose receipt is missing is worth a word only while it is waited for. */
static const char *receipt(struct cli *c, const struct jiaoban_deadline *d)
{
    if (d->stored_at_ms != 0)
        return cli_time(c, d->stored_at_ms);
    return d->end == JIAOBAN_RUNNING ? _("not yet") : "";
}

/* Those that run or have ended. */
static void deadlines(struct cli *c, const struct jiaoban_case *k, bool running)
{
    const char *const names[] = {_(">NO."), _("DEADLINE"), _("OWED BY"),      _("DUE"),
                                 _("LEFT"), _("RECEIPT"),  _("ACKNOWLEDGED"), _("ARTICLE")};
    size_t count = 0;
    for (size_t i = 0; i < k->deadline_count; i++)
        count += (k->deadlines[i]->end == JIAOBAN_RUNNING) == running;
    if (count == 0)
        return;
    printf("\n%s\n", running ? _("Deadlines") : _("Deadlines that have ended"));
    struct cli_grid *g = cli_grid_new(c, names, sizeof names / sizeof names[0]);
    for (size_t i = 0; i < k->deadline_count; i++) {
        const struct jiaoban_deadline *d = k->deadlines[i];
        bool open = d->end == JIAOBAN_RUNNING;
        if (open != running)
            continue;
        const char *color = open ? cli_light_color(c, (int)d->light) : NULL;
        cli_grid_row(g);
        cli_grid_cell(g, cli_format(c, "%u", d->deadline_id), NULL);
        cli_grid_cell(g, cli_deadline_name(c, d), color);
        cli_grid_cell(g, owed_by(c, d), NULL);
        cli_grid_cell(g, cli_day(c, d->due_ms, true), NULL);
        cli_grid_cell(g, left(c, d), color);
        cli_grid_cell(g, receipt(c, d), NULL);
        cli_grid_cell(g,
                      d->acknowledged_at_ms != 0
                          ? cli_format(c, "%s %s", cli_safe(c, d->acknowledged_by),
                                       cli_time(c, d->acknowledged_at_ms))
                          : "",
                      NULL);
        cli_grid_cell(g, cli_article(c, d->article), NULL);
    }
    (void)cli_grid_end(g, "");
}

static void timeline(struct cli *c, const struct jiaoban_case *k, bool full)
{
    printf("\n%s\n", _("Timeline"));
    for (size_t i = 0; i < k->timeline_count; i++)
        cli_event(c, k->timeline[i], k, full);
}

int cli_run_show(struct cli *c)
{
    bool with_timeline = !cli_has(c, OPT_NO_TIMELINE);
    bool full = cli_has(c, OPT_FULL);
    struct jiaoban_query q = cli_query(c);
    struct jiaoban_result *r = NULL;

    q.case_number = cli_opt(c, OPT_CASE);
    q.timeline = with_timeline;
    q.persons = cli_has(c, OPT_PERSONS);
    int code = cli_ask(c, jiaoban_get_case, &q, &r);
    if (code != 0)
        return code;
    const struct jiaoban_case *k = jiaoban_result_case(r, 0);
    if (k == NULL) {
        code = cli_failed(c, JIAOBAN_MALFORMED);
    } else if (c->json) {
        code = cli_json(c, r, 2);
    } else {
        facts(c, k);
        petitioners(c, k);
        if (k->content[0] != '\0')
            printf("\n%s\n", full ? cli_safe_body(c, k->content)
                                  : cli_short(c, cli_safe_body(c, k->content), 400));
        participants(c, k);
        deadlines(c, k, true);
        deadlines(c, k, false);
        cli_show_more(c, k);
        cli_show_attachments(c, k);
        if (with_timeline)
            timeline(c, k, full);
    }
    jiaoban_result_free(r);
    return code;
}
