/* Alarms in words: what happened, by which rule, what to do next. What to do follows from the kind
 * of the alarm, and for deadlines of this agency from what is owed. */
#include "clients/cli/cli.h"

#include <string.h>

/* What the alarm is about: `text` has one place, for what is owed. */
static const struct kind {
    const char *name;
    const char *text; /* msgid */
    const char *rule; /* as in refusals, when no deadline says it */
    const char *next; /* msgid; NULL: as the deadline says */
} kinds[] = {
    {"warn", N_("a deadline of this agency comes near: %s"), "P", NULL},
    {"overdue", N_("a deadline of this agency has passed: %s"), "39", NULL},
    {"missed", N_("another agency has missed a deadline: %s"), "39",
     N_("remind it: jiaoban urge CASE AGENCY; the next step of supervision: jiaoban proposals "
        "CASE")},
    {"silent", N_("nobody there has signed for it: %s"), "P",
     N_("call the agency, or remind it: jiaoban urge CASE AGENCY; the next step: jiaoban proposals "
        "CASE")},
    {"undelivered", N_("it has not arrived there, and half of its time is over: %s"), "P",
     N_("it stays your duty: hand it over by other means, or send it to another agency; see where "
        "the line stands: jiaoban show CASE")},
    {"directive_missed", N_("a directive of this agency was not followed in time: %s"), "39",
     N_("see with whom: jiaoban directives CASE; the next step of supervision: jiaoban proposals "
        "CASE")},
    {"directive", N_("a directive has arrived: %s"), "P4",
     N_("read it and sign for it: jiaoban directives CASE, jiaoban directive sign CASE NUMBER")},
    {"summons",
     N_("visitors have come in numbers: the heads are summoned to receive them on the "
        "spot: %s"),
     "P5", N_("confirm at once and set out: jiaoban directive sign CASE NUMBER")},
    {"dispute", N_("a dispute over who handles it is to be settled here: %s"), "P4.5",
     N_("hear both sides and designate: jiaoban designate CASE AGENCY")},
    {"refused", N_("what was stored in the outbox has been refused and did not take effect: %s"),
     "P", N_("see why: jiaoban settled NUMBER; then look at the case: jiaoban show CASE")},
    {"returned",
     N_("the record was restored without an agency, which holds more than the record does: %s"),
     "P", N_("at that agency: jiaoban pending lists what was accepted there and is lacking now")},
    {"lost",
     N_("this agency's copy (%s) was lost and is fetched anew; what was entered here and had not "
        "been handed over is lost with it"),
     "P", N_("see which of the last entries are missing, and enter them again: jiaoban list")},
};

/* What ends a deadline: the command for the one who owes it. */
static const struct {
    const char *key;
    const char *next; /* msgid */
} duties[] = {
    {"sort", N_("send it on: jiaoban assign CASE AGENCY; or forward, or refer")},
    {"resort", N_("send it on again: jiaoban assign CASE AGENCY; or forward, or refer")},
    {"notify", N_("accept or decline it and tell the petitioner: jiaoban accept CASE --told now")},
    {"object", N_("object now if it is not within your powers: jiaoban object CASE REASON; "
                  "otherwise handle it")},
    {"rule", N_("rule on the objection: jiaoban rule CASE agree, or jiaoban rule CASE refuse "
                "--reason TEXT")},
    {"handle", N_("give the written opinion: jiaoban answer CASE; if it cannot be done in time: "
                  "jiaoban extend CASE DAYS")},
    {"assigned", N_("give result and closing report: jiaoban answer CASE --report @FILE")},
    {"review", N_("give the opinion of the review: jiaoban review CASE")},
    {"recheck", N_("give the opinion of the recheck: jiaoban recheck CASE")},
    {"urgent", N_("report the matter up at once: jiaoban report-up CASE")},
    {"recommend", N_("reply whether it is adopted: jiaoban directive answer CASE NUMBER")},
    {"ask-review",
     N_("the petitioner's right: take a request in with jiaoban request-review CASE")},
    {"ask-recheck",
     N_("the petitioner's right: take a request in with jiaoban request-recheck CASE")},
    {"simple-accept", N_("accept it: jiaoban accept CASE; or take the ordinary way: jiaoban "
                         "ordinary CASE")},
    {"simple-answer", N_("answer it: jiaoban answer CASE; or take the ordinary way: jiaoban "
                         "ordinary CASE")},
    {"rate", N_("the petitioner's right: take the rating in with jiaoban rate CASE")},
    {"sign", N_("sign for it: jiaoban sign CASE")},
    {"silence", N_("sign for it: jiaoban sign CASE")},
    {"deliver", N_("see whether it has arrived: jiaoban show CASE; hand it over by other means")},
    {"co-answer", N_("give your answer to the host: jiaoban answer CASE")},
    {"settle", N_("settle the dispute: jiaoban designate CASE AGENCY")},
    {"execute", N_("carry the opinion out and record it: jiaoban execute CASE")},
    {"investigate", N_("report the result: jiaoban directive answer CASE NUMBER")},
    {"coordinate", N_("report the result: jiaoban directive answer CASE NUMBER")},
    {"supervise", N_("reply to the demand: jiaoban directive answer CASE NUMBER")},
    {"circulate", N_("confirm that it was read: jiaoban directive sign CASE NUMBER")},
    {"summon", N_("confirm at once and set out: jiaoban directive sign CASE NUMBER")},
    {"docket", N_("take the next step or close the docket: jiaoban dockets CASE")},
    {"plan", N_("record that the commitment was kept: jiaoban fulfil CASE NUMBER")},
};

static const struct kind *kind_find(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}

static const char *duty_next(const struct jiaoban_deadline *d)
{
    for (size_t i = 0; d != NULL && i < sizeof duties / sizeof duties[0]; i++)
        if (strcmp(duties[i].key, d->key) == 0)
            return _(duties[i].next);
    return _("see what is owed: jiaoban deadlines CASE");
}

/* "handling, county labour office, by 30 November, 5 days left" */
static const char *subject(struct cli *c, const struct jiaoban_alarm *a,
                           const struct jiaoban_deadline *d)
{
    if (a->node_name[0] != '\0')
        return cli_safe(c, a->node_name);
    const char *s = d != NULL ? cli_deadline_name(c, d) : "";
    if (d != NULL && d->node_name[0] != '\0')
        s = cli_format(c, "%s%s%s", s, _(", "), cli_safe(c, d->node_name));
    /* of other kinds it is when it happened */
    bool has_due = a->deadline_id != 0 || strcmp(a->kind, "summons") == 0;
    if (a->due_ms != 0 && has_due)
        s = cli_format(c, _("%s%sby %s (%s)"), s, s[0] != '\0' ? _(", ") : "",
                       cli_day(c, a->due_ms, true), cli_left(c, a->due_ms));
    return s[0] != '\0' ? s : cli_safe(c, a->number);
}

/* The hints say "... CASE NUMBER": what stands for the second word, too, so that the line can be
 * copied. */
static const char *with_word(struct cli *c, const char *hint, const char *usage, const char *text)
{
    const char *word = strchr(usage, ' ');
    const char *at = word != NULL ? strstr(hint, word) : NULL;
    if (at == NULL)
        return hint;
    return cli_format(c, "%.*s %s%s", (int)(at - hint), hint, text, at + strlen(word));
}

/* Number of this agency; 0: it cannot be asked for. */
static uint32_t own_node(struct cli *c)
{
    struct jiaoban_result *r = NULL;
    if (c->own_node == 0 && c->j != NULL && jiaoban_get_state(c->j, NULL, &r) == JIAOBAN_OK) {
        const struct jiaoban_state *state = jiaoban_result_state(r);
        c->own_node = state != NULL ? state->node : 0;
    }
    jiaoban_result_free(r);
    return c->own_node;
}

struct cli_alarm cli_alarm_text(struct cli *c, const struct jiaoban_alarm *a,
                                const struct jiaoban_deadline *d)
{
    /* the own clock also watches what others owe */
    bool others =
        strcmp(a->kind, "overdue") == 0 && d != NULL && own_node(c) != 0 && d->node != own_node(c);
    const struct kind *k = kind_find(others ? "missed" : a->kind);
    const char *rule = k != NULL ? k->rule : "P";
    if (d != NULL && d->article[0] != '\0')
        rule = d->article;
    struct cli_alarm said = {.rule = cli_article(c, rule)};
    if (k == NULL) /* of a newer agent: as it says it */
        said.text = cli_format(c, "%s%s%s", cli_safe(c, a->kind), _(": "), cli_safe(c, a->text));
    else
        said.text = cli_format(c, _(k->text), subject(c, a, d));
    said.next = cli_hint(c, k != NULL && k->next != NULL ? _(k->next) : duty_next(d), a->number);
    uint64_t order = a->directive_no != 0 ? a->directive_no : d != NULL ? d->directive : 0;
    if (a->submission != 0)
        order = a->submission;
    else if (d != NULL && strcmp(d->key, "plan") == 0)
        order = d->deadline_id;
    if (order != 0)
        said.next = with_word(c, said.next, _("CASE NUMBER"), cli_number(c, order));
    if (d != NULL && k != NULL &&
        (strcmp(k->name, "missed") == 0 || strcmp(k->name, "silent") == 0))
        said.next = with_word(c, said.next, _("CASE AGENCY"), cli_node_code(c, d->node));
    return said;
}

/* ---- the deadline behind an alarm ------------------------------------------------------------ */

static const struct jiaoban_deadline *deadline_in(const struct jiaoban_result *r, uint32_t id)
{
    for (size_t i = 0; i < jiaoban_result_count(r); i++) {
        const struct jiaoban_deadline *d = jiaoban_result_deadline(r, i);
        if (d != NULL && d->deadline_id == id)
            return d;
    }
    return NULL;
}

/* The deadlines of the case, NULL if it cannot be asked for: the alarm is told without. */
static struct jiaoban_result *deadlines_of(struct cli *c, const struct jiaoban_alarm *a)
{
    struct jiaoban_query q = cli_query(c);
    struct jiaoban_result *r = NULL;
    q.case_number = a->number;
    if (a->deadline_id == 0 || a->number[0] == '\0' ||
        jiaoban_get_deadlines(c->j, &q, &r) != JIAOBAN_OK)
        return NULL;
    return r;
}

struct cli_alarm cli_alarm_asked(struct cli *c, const struct jiaoban_alarm *a)
{
    struct jiaoban_result *r = deadlines_of(c, a);
    struct cli_alarm said = cli_alarm_text(c, a, deadline_in(r, a->deadline_id));
    jiaoban_result_free(r); /* the texts belong to c */
    return said;
}

static int print_alarms(struct cli *c, struct jiaoban_result *r)
{
    if (jiaoban_result_count(r) == 0)
        puts(_("No alarms."));
    for (size_t i = 0; i < jiaoban_result_count(r); i++) {
        const struct jiaoban_alarm *a = jiaoban_result_alarm(r, i);
        struct cli_alarm said = cli_alarm_asked(c, a);
        printf("%s  %s  %s\n", cli_time(c, a->at_ms), cli_safe(c, a->number), said.text);
        printf("    %s%s\n", _("according to: "), said.rule);
        printf("    %s%s\n", _("what to do: "), said.next);
    }
    return 0;
}

int cli_run_alarms(struct cli *c)
{
    struct jiaoban_query q = cli_query(c);
    q.limit = CLI_LIMIT;
    int code = cli_read_u32(c, OPT_LIMIT, &q.limit);
    return code != 0 ? code : cli_answer(c, jiaoban_get_alarms, &q, print_alarms);
}
