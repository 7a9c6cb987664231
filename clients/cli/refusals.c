/* What a refusal means and what to do next; what a failed call means. The names are those of the
 * protocol; their texts are translated here and nowhere else. */
#include "clients/cli/cli.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const struct refusal {
    const char *name;
    const char *text; /* msgid */
    const char *next; /* msgid: what to do; NULL: the text says it */
} refusals[] = {
    {"UNKNOWN_CASE", N_("no case with this number is known"),
     N_("check the number: jiaoban list TEXT finds cases by their titles")},
    {"DUPLICATE_CASE", N_("a case with this number is registered already"), NULL},
    {"BAD_CASE_NUMBER", N_("the case number is malformed or was not issued by this node"), NULL},
    {"NOT_IN_AUDIENCE", N_("your agency takes no part in this case"), NULL},
    {"WRONG_STAGE", N_("the case is not in a state that allows this"),
     N_("see its stage: jiaoban show CASE")},
    {"WRONG_PARTY", N_("this is for another party of the case to do"),
     N_("see who takes part: jiaoban show CASE")},
    {"STALE_CUSTODY", N_("the case has been handed on since; see its present holder"),
     N_("turn to the present holder")},
    {"UNKNOWN_NODE", N_("no such agency in the directory"), N_("see the directory: jiaoban nodes")},
    {"NODE_NOT_VALID", N_("the agency is not in force on this day"),
     N_("see its successor: jiaoban nodes")},
    {"NO_AUTHORITY", N_("the first assignment authority does not reach this agency"),
     N_("ask the common superior, or refer the case")},
    {"NOT_A_HOLDER", N_("only a holder of the first assignment authority may do this"), NULL},
    {"SAME_NODE", N_("sender and receiver are the same agency"), NULL},
    {"OUTRANKED", N_("a hand-over of higher rank is in force"),
     N_("turn to the one who assigned it")},
    {"ALREADY_DONE", N_("this has been done already"), NULL},
    {"OBJECTION_TOO_LATE", N_("the five working days for an objection are over"),
     N_("handle the case, or ask the assigner to designate another agency")},
    {"OBJECTION_OPEN", N_("an objection is waiting for its ruling"),
     N_("wait for the ruling; the limits run on")},
    {"NO_OBJECTION", N_("there is no objection to rule on"), NULL},
    {"NO_RETURN", N_("after designation there is no return"), N_("handle the case")},
    {"REASON_REQUIRED", N_("reasons must be given"), N_("give them with --reason")},
    {"FIELD_REQUIRED", N_("a required field is missing"), NULL},
    {"VALUE_OUT_OF_RANGE", N_("a value is outside its allowed range"), NULL},
    {"EXTENDED_ALREADY", N_("the limit has been extended once already"), NULL},
    {"EXTENSION_TOO_LONG", N_("an extension may not exceed the allowed days"),
     N_("ask for fewer days")},
    {"EXTENSION_TOO_LATE", N_("the limit is over and can no longer be extended"), NULL},
    {"NOT_EXTENDABLE", N_("this limit cannot be extended"), NULL},
    {"APPROVAL_REQUIRED", N_("approval by the head of the agency must be named"),
     N_("name the head who approved it with --approved-by")},
    {"EXECUTION_OUTSTANDING", N_("a supported claim must be carried out before closing"),
     N_("record it first: jiaoban execute CASE")},
    {"NO_SUCH_DEADLINE", N_("the case has no open deadline with this number"),
     N_("see the numbers: jiaoban deadlines CASE")},
    {"DEADLINE_OF_ANOTHER", N_("this deadline is owed by another agency"), NULL},
    {"LENGTHENS_STATUTORY", N_("a designated day may not lie after the statutory limit"),
     N_("choose an earlier day, or leave --due out")},
    {"DUE_IN_THE_PAST", N_("the designated day is in the past"), N_("choose a later day")},
    {"NOT_IN_FORCE", N_("this kind of act is not in force in this installation"), NULL},
    {"BROKER_ONLY", N_("only the broker itself makes such entries"), NULL},
    {"ADMIN_ONLY", N_("only an administrator at the broker may do this"), NULL},
    {"CODE_TAKEN", N_("the directory code is in use"), N_("choose another code")},
    {"KEY_TAKEN", N_("the key belongs to another node"),
     N_("make a new key: jiaoban-agent --keygen FILE")},
    {"PARENT_LOOP", N_("an agency cannot stand below itself"), NULL},
    {"TOO_MANY_CO_HANDLERS", N_("too many co-handlers"), NULL},
    {"HOST_IS_CO_HANDLER", N_("the host cannot be a co-handler as well"), NULL},
    {"MALFORMED_ACT", N_("the submission could not be read"), NULL},
    {"REPORT_REQUIRED", N_("an assignment owes a closing report"), N_("give it with --report")},
    {"NOT_TOLD", N_("the petitioner has not been told"),
     N_("record it first: jiaoban notify CASE")},
    {"TOO_MANY_HOPS", N_("too many hand-overs: this goes to the common superior"),
     N_("ask the common superior to designate an agency")},
    {"POLICY_MISSING", N_("no policy is in force"),
     N_("an administrator installs one: jiaoban install policy FILE")},
    {"TEXT_INVALID", N_("a text is not valid UTF-8 or contains a NUL character"), NULL},
    {"CONTENT_TOO_LARGE", N_("a text is longer than the limit"), NULL},
    {"CLOCK_IMPLAUSIBLE", N_("a date lies in the future or is implausible"),
     N_("check the date, and the clock of this machine")},
    {"ACCUSATION_CONFINED", N_("an accusation goes to discipline organs only: refer it"),
     N_("refer it: jiaoban refer CASE ORGAN")},
};

static const struct refusal *refusal_find(const char *name)
{
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
        if (strcmp(refusals[i].name, name) == 0)
            return &refusals[i];
    return NULL;
}

/* 1..99 as laws are cited: 二十三 in Chinese. */
static const char *numeral(struct cli *c, long n)
{
    static const char *const digits[] = {"", "一", "二", "三", "四", "五", "六", "七", "八", "九"};
    if (cli_english())
        return cli_format(c, "%ld", n);
    return cli_format(c, "%s%s%s", n >= 20 ? digits[n / 10] : "", n >= 10 ? "十" : "",
                      digits[n % 10]);
}

/* Some articles list items (项) under one paragraph; the others have paragraphs (款). */
static bool is_item(const char *article)
{
    return strncmp(article, "22(", 3) == 0 || strncmp(article, "31(", 3) == 0;
}

/* "23(3)": article and paragraph of the Regulations. "P4.1": a rule of this system. "SPEECH": the
 * first assignment authority. Anything else stands as it is. */
const char *cli_article(struct cli *c, const char *article)
{
    char *rest = NULL;

    if (article[0] == '\0')
        return "";
    if (strcmp(article, "SPEECH") == 0)
        return _("first assignment authority");
    if (article[0] == 'P' && (article[1] == '\0' || isdigit((unsigned char)article[1])))
        return cli_format(c, _("rule %s of this system"), cli_safe(c, article));
    long number = strtol(article, &rest, 10);
    if (rest == article || number < 1 || number > 99)
        return cli_safe(c, article);
    if (*rest == '\0')
        return cli_format(c, _("Regulations, Art. %s"), numeral(c, number));
    long part = *rest == '(' ? strtol(rest + 1, &rest, 10) : 0;
    if (part < 1 || part > 99 || strcmp(rest, ")") != 0)
        return cli_safe(c, article);
    return cli_format(c,
                      is_item(article) ? _("Regulations, Art. %s, item %s")
                                       : _("Regulations, Art. %s, paragraph %s"),
                      numeral(c, number), numeral(c, part));
}

static int refused(struct cli *c, const struct jiaoban_settled *s)
{
    const struct refusal *r = refusal_find(s->name);
    const char *text = r != NULL ? _(r->text) : cli_safe(c, s->detail);
    fprintf(stderr, _("Refused: %s [%s]\n"), text, cli_safe(c, s->name));
    if (s->holder != 0)
        fprintf(stderr, "  %s%s\n", _("present holder: "), cli_safe(c, s->holder_name));
    if (s->article[0] != '\0')
        fprintf(stderr, "  %s%s\n", _("according to: "), cli_article(c, s->article));
    if (r != NULL && s->detail[0] != '\0' && strcmp(s->detail, r->text) != 0)
        fprintf(stderr, "  %s%s\n", _("detail: "), cli_safe(c, s->detail));
    if (r != NULL && r->next != NULL)
        fprintf(stderr, "  %s%s\n", _("what to do: "), _(r->next));
    return jiaoban_status_exit(JIAOBAN_REFUSED);
}

int cli_verdict(struct cli *c, const struct jiaoban_settled *s)
{
    if (s == NULL)
        return cli_failed(c, JIAOBAN_MALFORMED);
    if (s->pending) {
        printf(_("Stored in the outbox as number %llu; it is sent when the line is up.\n"),
               (unsigned long long)s->number);
        if (s->case_number[0] != '\0')
            printf("%s %s\n", _("case"), cli_safe(c, s->case_number));
        return 0;
    }
    if (!s->accepted)
        return refused(c, s);
    printf("%s%s%s\n", _("Done"), _(": "), cli_act_text(cli_safe(c, s->kind)));
    if (s->case_number[0] != '\0')
        printf("%s %s\n", _("case"), cli_safe(c, s->case_number));
    return 0;
}

/* ---- failed calls ---------------------------------------------------------------------------- */

static const struct {
    enum jiaoban_status status;
    const char *text; /* msgid */
} failures[] = {
    {JIAOBAN_NOMEM, N_("out of memory")},
    {JIAOBAN_IO, N_("input/output error")},
    {JIAOBAN_FULL, N_("the disk or a quota is full")},
    {JIAOBAN_CORRUPT, N_("stored data is damaged")},
    {JIAOBAN_TOO_LARGE, N_("too large")},
    {JIAOBAN_MALFORMED, N_("not of the right form")},
    {JIAOBAN_BAD_UTF8, N_("a text is not valid UTF-8")},
    {JIAOBAN_NUL_IN_TEXT, N_("a text contains a NUL character")},
    {JIAOBAN_MISSING, N_("something required is missing")},
    {JIAOBAN_RANGE, N_("a value is outside its allowed range, or not unique")},
    {JIAOBAN_VERSION, N_("both ends are of versions that do not understand each other")},
    {JIAOBAN_NOT_FOUND, N_("not found")},
    {JIAOBAN_EXISTS, N_("exists already")},
    {JIAOBAN_DENIED, N_("not permitted")},
    {JIAOBAN_BAD_SIGNATURE, N_("a signature does not verify")},
    {JIAOBAN_DIVERGED, N_("both ends hold different histories")},
    {JIAOBAN_OFFLINE, N_("the other end cannot be reached")},
    {JIAOBAN_BUSY, N_("no answer in time")},
    {JIAOBAN_CONFIG, N_("wrong configuration")},
    {JIAOBAN_CLOSED, N_("the connection ended")},
    {JIAOBAN_UNSUPPORTED, N_("not supported by this version")},
    {JIAOBAN_REFUSED, N_("refused by a rule")},
};

static void json_string(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text != '\0'; text++) {
        unsigned char ch = (unsigned char)*text;
        if (ch == '"' || ch == '\\')
            fprintf(out, "\\%c", ch);
        else if (ch < 0x20)
            fprintf(out, "\\u%04x", ch);
        else
            fputc(ch, out);
    }
    fputc('"', out);
}

int cli_failed(struct cli *c, enum jiaoban_status status)
{
    const char *text = jiaoban_status_text(status);
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++)
        if (failures[i].status == status)
            text = _(failures[i].text);
    int code = jiaoban_status_exit(status);
    if (code == 0)
        code = jiaoban_status_exit(JIAOBAN_MALFORMED);
    const char *detail = c->j != NULL ? jiaoban_error_text(c->j) : "";
    if (c->json) {
        printf("{\"error\":{\"name\":\"%s\",\"exit\":%d,\"text\":", jiaoban_status_name(status),
               code);
        json_string(stdout, detail);
        printf("}}\n");
        return code;
    }
    if (status == JIAOBAN_OFFLINE && c->j != NULL && jiaoban_fd(c->j) < 0)
        fprintf(stderr, _("jiaoban: nothing listens at %s; is %s running?\n"), jiaoban_path(c->j),
                c->admin ? "jiaoband" : "jiaoban-agent");
    else if (cli_english() || detail[0] == '\0')
        fprintf(stderr, "jiaoban: %s\n", detail[0] != '\0' ? cli_safe(c, detail) : text);
    else
        fprintf(stderr, "jiaoban: %s (%s)\n", text, cli_safe(c, detail));
    return code;
}

/* As a sentence, or as a document for those who asked for one. */
static int say_wrong(struct cli *c, const char *name, int code, const char *format, va_list args)
{
    char *text = NULL;
    int len = vasprintf(&text, format, args);

    c->said = true;
    if (c->json) {
        printf("{\"error\":{\"name\":\"%s\",\"exit\":%d,\"text\":", name, code);
        json_string(stdout, len >= 0 ? text : "");
        printf("}}\n");
    } else {
        fprintf(stderr, "jiaoban: %s\n", len >= 0 ? text : name);
    }
    if (len >= 0)
        free(text);
    return code;
}

int cli_usage(struct cli *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int code = say_wrong(c, "USAGE", CLI_USAGE, format, args);
    va_end(args);
    return code;
}

int cli_malformed(struct cli *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int code = say_wrong(c, jiaoban_status_name(JIAOBAN_MALFORMED),
                         jiaoban_status_exit(JIAOBAN_MALFORMED), format, args);
    va_end(args);
    return code;
}
