/* Words for the shell's completion, one a line: verbs, options of a verb, values of an option or of
 * a positional argument. All from the tables; silent when nobody can be asked. */
#include "clients/cli/cli.h"

#include <stdlib.h>
#include <string.h>

static int verbs(struct cli *c)
{
    (void)c;
    for (size_t i = 0; cli_verb_at(i) != NULL; i++)
        if (cli_verb_at(i)->group != GROUP_HIDDEN)
            puts(cli_verb_at(i)->name);
    return 0;
}

static const struct cli_verb *named(const char *name)
{
    for (size_t i = 0; name != NULL && cli_verb_at(i) != NULL; i++)
        if (strcmp(cli_verb_at(i)->name, name) == 0)
            return cli_verb_at(i);
    return NULL;
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
    const struct cli_verb *verb = named(cli_opt(c, OPT_MORE));
    if (verb != NULL)
        print_options(verb->options, sizeof verb->options / sizeof verb->options[0]);
    print_options(cli_act_options(verb), OPT_TOTAL);
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
    struct jiaoban_query q = cli_query(c);
    struct jiaoban_result *r = NULL;
    q.open_only = true;
    q.limit = 200;
    if (jiaoban_open(cli_opt(c, OPT_SOCKET), &c->j) != JIAOBAN_OK ||
        jiaoban_get_cases(c->j, &q, &r) != JIAOBAN_OK)
        return 0;
    for (size_t i = 0; i < jiaoban_result_count(r); i++)
        puts(cli_safe(c, jiaoban_result_case(r, i)->number));
    jiaoban_result_free(r);
    return 0;
}

/* ---- values ---------------------------------------------------------------------------------- */

static int files(struct cli *c)
{
    (void)c;
    puts("@file"); /* for the shell: complete names of files */
    return 0;
}

/* What else can be asked for; the rest is free text. */
static const struct {
    enum cli_opt opt;
    int (*run)(struct cli *c);
} sources[] = {
    {OPT_CASE, cases},      {OPT_OTHER, cases},        {OPT_ABOUT, cases},
    {OPT_AFTER, cases},     {OPT_HOLDER, agencies},    {OPT_REGISTRAR, agencies},
    {OPT_PARENT, agencies}, {OPT_SUCCESSOR, agencies}, {OPT_NODE, agencies},
    {OPT_FILE, files},      {OPT_OUTPUT, files},       {OPT_SOCKET, files},
    {OPT_ADMIN, files},
};

static int values_of(struct cli *c, enum cli_opt opt)
{
    const struct cli_option *o = &cli_options[opt];
    for (const struct jb_word *w = o->words; w != NULL && w->code != NULL; w++)
        puts(w->code);
    if (o->type == TYPE_NODE || o->type == TYPE_NODES)
        return agencies(c);
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++)
        if (sources[i].opt == opt)
            return sources[i].run(c);
    return 0;
}

static enum cli_opt option_named(const enum cli_opt *opts, size_t max, const char *name)
{
    for (size_t i = 0; i < max && opts[i] != OPT_NONE; i++)
        if (cli_options[opts[i]].name != NULL && strcmp(cli_options[opts[i]].name, name) == 0)
            return opts[i];
    return OPT_NONE;
}

/* "value NAME VERB": of the option with this name. */
static int value(struct cli *c)
{
    const char *name = cli_opt(c, OPT_MORE);
    const struct cli_verb *verb = named(cli_opt(c, OPT_FIND));
    enum cli_opt opt = OPT_NONE;
    if (name == NULL)
        return 0;
    if (verb != NULL)
        opt = option_named(verb->options, sizeof verb->options / sizeof verb->options[0], name);
    if (opt == OPT_NONE)
        opt = option_named(cli_global_options, OPT_TOTAL, name);
    return opt != OPT_NONE ? values_of(c, opt) : 0;
}

/* "argument N VERB": of its positional argument number N, from 0. */
static int argument(struct cli *c)
{
    const char *number = cli_opt(c, OPT_MORE);
    const struct cli_verb *verb = named(cli_opt(c, OPT_FIND));
    size_t max = verb != NULL ? sizeof verb->positional / sizeof verb->positional[0] : 0;
    size_t i = number != NULL ? strtoul(number, NULL, 10) : 0;
    if (i >= max)
        return 0;
    /* the directory in place of a free text that finds agencies in it */
    if (verb->positional[i] == OPT_FIND && verb->run == cli_run_nodes)
        return agencies(c);
    return verb->positional[i] != OPT_NONE ? values_of(c, verb->positional[i]) : 0;
}

int cli_run_complete(struct cli *c)
{
    static const struct {
        const char *what;
        int (*run)(struct cli *c);
    } rows[] = {{"verbs", verbs}, {"options", options}, {"agencies", agencies},
                {"cases", cases}, {"value", value},     {"argument", argument}};
    const char *what = cli_opt(c, OPT_WHAT);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].what, what) == 0)
            return rows[i].run(c);
    return cli_usage(c, _("complete what? verbs, options, agencies, cases, value or argument"));
}
