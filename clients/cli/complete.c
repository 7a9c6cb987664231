/* Words for the shell's completion, one a line: verbs, options of a verb, codes of agencies, open
 * cases. Silent when nobody can be asked. */
#include "clients/cli/cli.h"

#include <string.h>

static int verbs(struct cli *c)
{
    (void)c;
    for (size_t i = 0; cli_verb_at(i) != NULL; i++)
        if (cli_verb_at(i)->group != GROUP_HIDDEN)
            puts(cli_verb_at(i)->name);
    return 0;
}

static void print_options(const enum cli_opt *opts, size_t max)
{
    for (size_t i = 0; i < max && opts[i] != OPT_NONE; i++)
        if (cli_options[opts[i]].name != NULL)
            printf("--%s%s\n", cli_options[opts[i]].name,
                   cli_options[opts[i]].arg != NULL ? "=" : "");
}

static int options(struct cli *c)
{
    const char *name = cli_opt(c, OPT_MORE);
    for (size_t i = 0; name != NULL && cli_verb_at(i) != NULL; i++) {
        const struct cli_verb *verb = cli_verb_at(i);
        if (strcmp(verb->name, name) == 0)
            print_options(verb->options, sizeof verb->options / sizeof verb->options[0]);
    }
    print_options(cli_global_options, OPT_TOTAL);
    return 0;
}

static int agencies(struct cli *c)
{
    struct jiaoban_result *r = NULL;
    if (jiaoban_open(cli_opt(c, OPT_SOCKET), &c->j) != JIAOBAN_OK ||
        jiaoban_get_nodes(c->j, NULL, &r) != JIAOBAN_OK)
        return 0;
    for (size_t i = 0; i < jiaoban_result_count(r); i++)
        puts(cli_safe(c, jiaoban_result_node(r, i)->code));
    jiaoban_result_free(r);
    return 0;
}

static int cases(struct cli *c)
{
    struct jiaoban_query q = {.size = sizeof q, .open_only = true, .limit = 200};
    struct jiaoban_result *r = NULL;
    if (jiaoban_open(cli_opt(c, OPT_SOCKET), &c->j) != JIAOBAN_OK ||
        jiaoban_get_cases(c->j, &q, &r) != JIAOBAN_OK)
        return 0;
    for (size_t i = 0; i < jiaoban_result_count(r); i++)
        puts(cli_safe(c, jiaoban_result_case(r, i)->number));
    jiaoban_result_free(r);
    return 0;
}

int cli_run_complete(struct cli *c)
{
    static const struct {
        const char *what;
        int (*run)(struct cli *c);
    } rows[] = {{"verbs", verbs}, {"options", options}, {"agencies", agencies}, {"cases", cases}};
    const char *what = cli_opt(c, OPT_WHAT);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].what, what) == 0)
            return rows[i].run(c);
    return cli_usage(c, _("complete what? verbs, options, agencies or cases"));
}
