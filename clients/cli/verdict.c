/* What became of a request, in words: done, refused by a rule, or failed, with the exit code. */
#include "clients/cli/cli.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* ---- failed calls ---------------------------------------------------------------------------- */

static const struct {
    enum jiaoban_status status;
    const char *text; /* msgid */
} failures[] = {
    {JIAOBAN_NOMEM, N_("out of memory")},
    {JIAOBAN_IO, N_("input/output error")},
    {JIAOBAN_FULL, N_("the disk or a quota is full")},
    {JIAOBAN_CORRUPT, N_("stored data is damaged")},
    {JIAOBAN_KEY_UNFIT, N_("the key held here does not open it")},
    {JIAOBAN_TOO_LARGE, N_("too large")},
    {JIAOBAN_TOO_DEEP, N_("nested too deeply")},
    {JIAOBAN_MALFORMED, N_("not of the right form")},
    {JIAOBAN_BAD_UTF8, N_("a text is not valid UTF-8")},
    {JIAOBAN_NUL_IN_TEXT, N_("a text contains a NUL character")},
    {JIAOBAN_UNKNOWN_KIND, N_("of a kind that is not known there")},
    {JIAOBAN_MISSING, N_("something required is missing")},
    {JIAOBAN_RANGE, N_("a value is outside its allowed range, or not unique")},
    {JIAOBAN_VERSION, N_("both ends are of versions that do not understand each other")},
    {JIAOBAN_NOT_FOUND, N_("not found")},
    {JIAOBAN_EXISTS, N_("exists already")},
    {JIAOBAN_DENIED, N_("not permitted")},
    {JIAOBAN_WRONG_NODE, N_("it belongs to another agency")},
    {JIAOBAN_BAD_SIGNATURE, N_("a signature does not verify")},
    {JIAOBAN_GAP, N_("something before it is missing")},
    {JIAOBAN_REPEAT, N_("it has come before")},
    {JIAOBAN_OLD, N_("its number is too old")},
    {JIAOBAN_DIVERGED, N_("both ends hold different histories")},
    {JIAOBAN_OFFLINE, N_("the other end cannot be reached")},
    {JIAOBAN_BUSY, N_("no answer in time")},
    {JIAOBAN_CONFIG, N_("wrong configuration")},
    {JIAOBAN_LOCKED, N_("in use by another program")},
    {JIAOBAN_CLOSED, N_("the connection ended")},
    {JIAOBAN_UNSUPPORTED, N_("not supported by this version")},
    {JIAOBAN_REFUSED, N_("refused by a rule")},
    {JIAOBAN_OVERFLOW, N_("a count is too large")},
};

static const char *failure_text(enum jiaoban_status status)
{
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++)
        if (failures[i].status == status)
            return _(failures[i].text);
    return jiaoban_status_text(status);
}

/* A submission may also fail at the far end without a rule: "TOO_LARGE". */
static const char *failure_by_name(const char *name)
{
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++)
        if (strcmp(jiaoban_status_name(failures[i].status), name) == 0)
            return _(failures[i].text);
    return NULL;
}

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
    const char *text = failure_text(status);
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
        fprintf(stderr, "jiaoban: %s（%s）\n", text, cli_detail(c, detail));
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

/* ---- verdicts -------------------------------------------------------------------------------- */

/* A hint names the case as "CASE": say its number, so that the line can be copied. */
const char *cli_hint(struct cli *c, const char *hint, const char *case_number)
{
    const char *word = _("CASE");
    const char *text = "";
    const char *at = NULL;
    if (case_number[0] == '\0')
        return hint;
    while ((at = strstr(hint, word)) != NULL) {
        text = cli_format(c, "%s%.*s%s", text, (int)(at - hint), hint, cli_safe(c, case_number));
        hint = at + strlen(word);
    }
    return cli_format(c, "%s%s", text, hint);
}

/* What a refusal of this name says; a name that this version does not know gets general texts. */
struct cli_refusal cli_refusal_text(const struct jiaoban_settled *s)
{
    const struct cli_refusal *known = cli_refusal_find(s->name);
    if (known != NULL)
        return (struct cli_refusal){known->name, _(known->text),
                                    known->rule != NULL ? _(known->rule) : "", _(known->next)};
    const char *failure = failure_by_name(s->name);
    return (struct cli_refusal){s->name, failure != NULL ? failure : _("refused by a rule"),
                                _("a rule that is newer than this program"),
                                _("see what the running rulebook says: jiaoban rules; compare the "
                                  "versions: jiaoban version, jiaoban status")};
}

/* The verdict names the case, or the clerk did. */
static const char *case_meant(struct cli *c, const struct jiaoban_settled *s)
{
    char shown[JIAOBAN_TEXT];
    int64_t number = 0;
    const char *given = cli_opt(c, OPT_CASE);
    if (s->case_number[0] != '\0' || given == NULL ||
        jiaoban_case_number(given, &number, shown) != JIAOBAN_OK)
        return s->case_number;
    return cli_format(c, "%s", shown);
}

/* Some particulars say better than their refusal what is to be done. */
static const char *next_step(const struct jiaoban_settled *s, const struct cli_refusal *r)
{
    static const struct {
        const char *name, *detail, *next; /* detail: a part of it; next: msgid */
    } rows[] = {
        {"ALREADY_DONE", "escalate the dispute",
         N_("bring the dispute before the superior: jiaoban escalate CASE REASON")},
        {"NOT_TOLD", "told_at_ms", N_("tell the petitioner and say when: --told DATE")},
        {"ATTACHED_TOO_MUCH", "in all",
         N_("ask the broker's administrator to allow more: line.attachments_in_all, "
            "line.quota_nodes; what is erased frees room")},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].name, s->name) == 0 && strstr(s->detail, rows[i].detail) != NULL)
            return _(rows[i].next);
    return r->next;
}

static int refused(struct cli *c, const struct jiaoban_settled *s)
{
    struct cli_refusal r = cli_refusal_text(s);
    const char *rule = s->article[0] != '\0' ? cli_article(c, s->article) : r.rule;
    /* the particulars are worth a line unless they only repeat what was said */
    const struct cli_refusal *known = cli_refusal_find(s->name);
    bool more = s->detail[0] != '\0' && (known == NULL || strcmp(s->detail, known->text) != 0);

    fprintf(stderr, _("Refused: %s [%s]\n"), r.text, cli_safe(c, s->name));
    if (s->holder != 0)
        fprintf(stderr, "  %s%s\n", _("present holder: "), cli_safe(c, s->holder_name));
    if (more)
        fprintf(stderr, "  %s%s\n", _("detail: "), cli_detail(c, s->detail));
    fprintf(stderr, "  %s%s\n", _("according to: "), rule);
    fprintf(stderr, "  %s%s\n", _("what to do: "), cli_hint(c, next_step(s, &r), case_meant(c, s)));
    return jiaoban_status_exit(JIAOBAN_REFUSED);
}

/* A directive or docket without a case opens a file of its own, which is no case. */
static bool opens_file(const struct cli *c)
{
    const char *act = c->verb != NULL && c->verb->act != NULL ? c->verb->act : "";
    bool may = strcmp(act, "issue_directive") == 0 || strcmp(act, "open_docket") == 0;
    return may && !cli_has(c, OPT_CASE);
}

int cli_verdict(struct cli *c, const struct jiaoban_settled *s)
{
    if (s == NULL)
        return cli_failed(c, JIAOBAN_MALFORMED);
    if (!s->pending && !s->accepted)
        return refused(c, s);
    if (s->pending)
        printf(_("Stored in the outbox as number %llu; it is sent when the line is up.\n"),
               (unsigned long long)s->number);
    else
        printf("%s%s%s\n", _("Done"), _(": "), cli_act_text(cli_safe(c, s->kind)));
    if (s->case_number[0] != '\0')
        printf("%s %s\n", opens_file(c) ? _("file") : _("case"), cli_safe(c, s->case_number));
    if (s->query_code[0] != '\0') {
        printf("%s %s\n", _("query code"), cli_safe(c, s->query_code));
        puts(_("Give this code to the petitioner now: it is shown only once. With it and the name "
               "one can ask how the matter stands, and rate it."));
    }
    return 0;
}

int cli_write_failed(const char *path, const char *why)
{
    fprintf(stderr, "jiaoban: %s: %s\n", path != NULL ? path : _("standard output"), why);
    return jiaoban_status_exit(JIAOBAN_IO);
}
