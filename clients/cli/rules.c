/* The tables of the running policy: limits, switches and precedence, thresholds, powers, ladder,
 * each row with its article. */
#include "clients/cli/cli.h"

#include <stdlib.h>
#include <string.h>

/* The rows that the policy file does not name itself. */
static const struct {
    const char *key;  /* as in the file */
    const char *text; /* msgid */
} settings[] = {
    {"first_assignment_outranks",
     N_("the first assignment authority goes before a forward or a hand-over between peers")},
    {"level_outranks", N_("a higher level goes before a lower one")},
    {"receive_first",
     N_("receive first, object after: an objection stops no clock and releases nobody")},
    {"no_return_after_designation",
     N_("after designation by the joint conference or a superior there is no return")},
    {"object_before_acceptance_only", N_("an accepted case can no longer be objected to")},
    {"never_lengthen", N_("a designated day may shorten a statutory limit, never lengthen it")},
    {"dispute_to_superior",
     N_("a dispute goes to the common superior before the joint conference")},
    {"hops_max", N_("after so many hand-overs a case goes to the common superior")},
    {"countersign_skip", N_("a leader countersigns what skips levels")},
    {"countersign_mass", N_("a leader countersigns what concerns a mass matter")},
    {"sub_assign_within_tree",
     N_("under a first assignment a handler passes a case on only down its own tree")},
    {"limits_of_authority",
     N_("it changes no opinion and orders no discipline or political-legal organ on the merits")},
    {"host_collects", N_("the host answers after its co-handlers, or their time")},
    {"conference_leads_cross", N_("the joint conference places cross-boundary cases")},
    {"deliver_percent",
     N_("percent of its limit after which an undelivered hand-over raises an alarm")},
    {"simple_flags_excluded", N_("flags that keep a matter off the short track")},
    {"county", N_("visitors at the county from which the heads are summoned")},
    {"city", N_("visitors at the city from which the heads are summoned")},
    {"province", N_("visitors at the province from which the heads are summoned")},
    {"1", N_("it goes before an ordinary forward and a hand-over between peers")},
    {"2",
     N_("the higher level first; then joint conference, first assignment, assignment, forward, "
        "hand-over between peers")},
    {"3", N_("receive first, object after; what was designated is not returned")},
    {"4", N_("it may shorten a limit, never lengthen a statutory one")},
    {"5", N_("one host at any time; a dispute goes to the common superior, then to the joint "
             "conference")},
    {"6", N_("a named leader countersigns; passed on downward only")},
    {"7", N_("it changes no opinion, orders no discipline organ on the merits, overrides no "
             "recusal")},
    {"hold_to_account", N_("recommend to hold to account")},
    {"office-accept", N_("timely acceptance by the office")},
    {"handler-accept", N_("timely acceptance by the handling agency")},
    {"on-time-answer", N_("answers on time")},
    {"participation", N_("share of matters that were rated")},
    {"satisfaction", N_("share of ratings that are satisfied or basically satisfied")},
    {"repeat", N_("share of repeat petitions")},
    {"last", N_("what happens when nobody has signed for a case by the last step")},
};

static const struct {
    const char *name, *title; /* title: msgid */
    const struct jb_word *words;
} sections[] = {
    {"deadline", N_("Limits"), NULL},
    {"precedence", N_("Precedence of the first assignment authority"), NULL},
    {"switch", N_("Switches"), NULL},
    {"power", N_("Powers of the first assignment authority"), jb_powers},
    {"ladder", N_("Supervision ladder"), cli_steps},
    {"mass-visit", N_("Mass visits"), NULL},
    {"mass", N_("Mass visits"), NULL},
    {"silence", N_("Silence"), NULL},
    {"indicator", N_("Appraisal indicators"), NULL},
};

static const struct {
    const char *value, *text; /* text: msgid */
} values[] = {
    {"yes", N_("yes")},
    {"no", N_("no")},
    {"none", N_("none")},
    {"nothing", N_("only recorded")},
    {"dispute", N_("to the common superior, as a dispute")},
};

static const char *setting_text(const struct jiaoban_rule *r)
{
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
        if (strcmp(settings[i].key, r->key) == 0)
            return _(settings[i].text);
    return NULL;
}

static const struct jb_word *section_words(const char *section)
{
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++)
        if (strcmp(sections[i].name, section) == 0)
            return sections[i].words;
    return NULL;
}

static bool is_deadline(const struct jiaoban_rule *r)
{
    return strcmp(r->section, "deadline") == 0;
}

/* In the reader's language where it is known here; else as the policy says. */
static const char *rule_name(struct cli *c, const struct jiaoban_rule *r)
{
    const struct jb_word *words = section_words(r->section);
    const char *text = setting_text(r);
    int value = 0;

    if (is_deadline(r))
        return cli_english() || r->name[0] == '\0' ? cli_key_text(cli_safe(c, r->key))
                                                   : cli_safe(c, r->name);
    if (text != NULL)
        return text;
    if (words != NULL && cli_word_read(words, r->key, &value))
        return cli_word(c, words, value);
    return cli_safe(c, r->name[0] != '\0' ? r->name : r->key);
}

static const char *rule_value(struct cli *c, const struct jiaoban_rule *r)
{
    int unit = 0;
    if (is_deadline(r) && (r->value[0] == '\0' || strcmp(r->value, "0") == 0))
        return _("a day that is named");
    if (r->unit[0] != '\0' && cli_word_read(cli_units, r->unit, &unit))
        return cli_quantity(c, (uint32_t)strtoul(r->value, NULL, 10), unit);
    if (strcmp(r->key, "simple_flags_excluded") == 0 && cli_word_read(cli_flags, r->value, &unit))
        return cli_word(c, cli_flags, unit);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        if (strcmp(values[i].value, r->value) == 0)
            return _(values[i].text);
    return cli_safe(c, r->value);
}

static const char *remarks(struct cli *c, const struct jiaoban_rule *r)
{
    const char *s = r->right ? _("a right, lapses unused") : "";
    if (r->proposal)
        s = cli_format(c, "%s%s%s", s, s[0] != '\0' ? _(", ") : "", _("set by this system"));
    if (r->extension_days != 0)
        s = cli_format(c, "%s%s%s", s, s[0] != '\0' ? _(", ") : "",
                       cli_format(c,
                                  ngettext("once longer by %u day", "once longer by %u days",
                                           r->extension_days),
                                  r->extension_days));
    return s;
}

static const char *warnings(struct cli *c, const struct jiaoban_rule *r)
{
    const char *s = "";
    for (size_t i = 0; i < r->warn_count; i++)
        s = cli_format(c, "%s%s%u", s, i > 0 ? "," : "", r->warn_days[i]);
    return s;
}

static const char *section_title(struct cli *c, const char *name)
{
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++)
        if (strcmp(sections[i].name, name) == 0)
            return _(sections[i].title);
    return cli_safe(c, name);
}

static int print_section(struct cli *c, const struct jiaoban_result *r, const char *section)
{
    const char *const limits[] = {_("KEY"),  _("NAME"),   _("LIMIT"),
                                  _("WARN"), _("REMARK"), _("ARTICLE")};
    const char *const others[] = {_("KEY"), _("NAME"), _("VALUE"), _("REMARK"), _("ARTICLE")};
    bool wide = strcmp(section, "deadline") == 0;
    struct cli_grid *g = wide ? cli_grid_new(c, limits, sizeof limits / sizeof limits[0])
                              : cli_grid_new(c, others, sizeof others / sizeof others[0]);

    printf("\n%s\n", section_title(c, section));
    for (size_t i = 0; i < jiaoban_result_count(r); i++) {
        const struct jiaoban_rule *rule = jiaoban_result_rule(r, i);
        if (rule == NULL || strcmp(rule->section, section) != 0)
            continue;
        cli_grid_row(g);
        cli_grid_cell(g, cli_safe(c, rule->key), NULL);
        cli_grid_cell(g, rule_name(c, rule), NULL);
        cli_grid_cell(g, rule_value(c, rule), NULL);
        if (wide)
            cli_grid_cell(g, warnings(c, rule), NULL);
        cli_grid_cell(g, remarks(c, rule), NULL);
        cli_grid_cell(g, cli_article(c, rule->article), NULL);
    }
    return cli_grid_end(g, "");
}

/* Is it the first row of its section? */
static bool begins(const struct jiaoban_result *r, size_t i)
{
    const char *section = jiaoban_result_rule(r, i)->section;
    for (size_t before = 0; before < i; before++)
        if (strcmp(jiaoban_result_rule(r, before)->section, section) == 0)
            return false;
    return true;
}

static int print_rules(struct cli *c, struct jiaoban_result *r)
{
    const struct jiaoban_rulebook *book = jiaoban_result_rulebook(r);
    const char *wanted = cli_opt(c, OPT_SECTION);
    bool found = false;
    int code = 0;

    if (book != NULL) {
        cli_fact(c, _("policy"), cli_safe(c, book->version));
        cli_fact(c, _("in force since"), cli_day(c, book->effective_from_ms, false));
        cli_fact(c, _("source"), cli_safe(c, book->source));
        cli_fact(c, _("calendar"), cli_safe(c, book->calendar_version));
    }
    for (size_t i = 0; i < jiaoban_result_count(r) && code == 0; i++) {
        const char *section = jiaoban_result_rule(r, i)->section;
        if (!begins(r, i) || (wanted != NULL && strcmp(wanted, section) != 0))
            continue;
        found = true;
        code = print_section(c, r, section);
    }
    if (code == 0 && wanted != NULL && !found)
        return cli_malformed(c, _("no such section: %s"), cli_safe(c, wanted));
    return code;
}

int cli_run_rules(struct cli *c)
{
    struct jiaoban_query q = cli_query(c);
    return cli_answer(c, jiaoban_get_rules, &q, print_rules);
}
