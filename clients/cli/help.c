/* Help texts, from the same tables as the parser. Aligned by what a terminal shows, not by bytes:
 * a Chinese character is two columns wide. */
#include "clients/cli/cli.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define OPTION_COLUMNS 32
#define VERB_COLUMNS 26

/* Columns that a text takes on a terminal. */
static int columns(const char *text)
{
    int n = 0;
    wchar_t wide = 0;
    mbstate_t state;
    memset(&state, 0, sizeof state);
    while (*text != '\0') {
        size_t len = mbrtowc(&wide, text, MB_CUR_MAX, &state);
        if (len == 0 || len > MB_CUR_MAX)
            return n + (int)strlen(text);
        int width = wcwidth(wide);
        n += width > 0 ? width : 0;
        text += len;
    }
    return n;
}

static void pair(const char *left, const char *right, int width)
{
    int used = columns(left);
    if (used + 2 > width)
        printf("  %s\n  %*s%s\n", left, width, "", right);
    else
        printf("  %s%*s%s\n", left, width - used, "", right);
}

static void option_line(struct cli *c, const struct cli_option *o)
{
    const char *left = o->letter != 0 ? cli_format(c, "-%c, --%s", o->letter, o->name)
                                      : cli_format(c, "    --%s", o->name);
    if (o->arg != NULL)
        left = cli_format(c, "%s=%s", left, _(o->arg));
    pair(left, _(o->doc), OPTION_COLUMNS);
}

static void option_lines(struct cli *c, const enum cli_opt *opts, size_t max)
{
    for (size_t i = 0; i < max && opts[i] != OPT_NONE; i++)
        if (cli_options[opts[i]].name != NULL)
            option_line(c, &cli_options[opts[i]]);
}

static const char *exit_codes(void)
{
    return _("Exit codes: 0 done, or safe in the outbox; 2 usage; 3 refused by a rule;\n"
             "4 not found; 5 bad input; 6 not permitted; 7 the other end cannot be reached;\n"
             "8 local resources; 9 integrity.");
}

void cli_help(const struct cli_verb *verb)
{
    struct cli c = {.verb = verb};
    printf(_("Usage: jiaoban %s [OPTION...] %s\n"), verb->name,
           verb->args != NULL ? _(verb->args) : "");
    printf("%s\n\n", _(verb->doc));
    option_lines(&c, verb->options, sizeof verb->options / sizeof verb->options[0]);
    option_lines(&c, cli_act_options(verb), OPT_TOTAL);
    putchar('\n');
    option_lines(&c, cli_global_options, OPT_TOTAL);
    pair("-h, --help", _("show this help"), OPTION_COLUMNS);
    printf("\n%s\n", exit_codes());
    cli_free_owned(&c);
}

static void help_group(enum cli_group group, const char *title)
{
    printf("\n%s\n", title);
    for (size_t i = 0; cli_verb_at(i) != NULL; i++) {
        const struct cli_verb *verb = cli_verb_at(i);
        if (verb->group == group)
            pair(verb->name, _(verb->doc), VERB_COLUMNS);
    }
}

void cli_help_prefix(const char *word)
{
    size_t len = strlen(word);
    for (size_t i = 0; cli_verb_at(i) != NULL; i++) {
        const struct cli_verb *verb = cli_verb_at(i);
        if (strncmp(verb->name, word, len) == 0 && verb->name[len] == ' ')
            pair(verb->name, _(verb->doc), VERB_COLUMNS);
    }
}

void cli_help_all(void)
{
    printf("%s\n", _("Usage: jiaoban [OPTION...] VERB [ARGUMENT...]"));
    help_group(GROUP_CASE, _("Cases:"));
    help_group(GROUP_ORDER, _("Orders:"));
    help_group(GROUP_SUPERVISION, _("Supervision:"));
    help_group(GROUP_REVIEW, _("Review and rating:"));
    help_group(GROUP_LOOK, _("Looking:"));
    help_group(GROUP_ADMIN, _("Administration at the broker:"));
    help_group(GROUP_OTHER, _("Else:"));
    printf("\n%s\n%s\n", _("jiaoban help VERB shows the options of a verb."), exit_codes());
}
