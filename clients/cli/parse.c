/* Options and arguments, by argp. The tables say what exists, this file only feeds them to argp. */
#include "clients/cli/cli.h"

#include <string.h>

#include "proto/base/usage.h"

#define KEY_BASE 1000 /* argp keys that are not letters */
#define ROWS_MAX 72

const char *cli_opt(const struct cli *c, enum cli_opt opt)
{
    for (size_t i = c->given_count; i-- > 0;)
        if (c->given[i].opt == opt)
            return c->given[i].value;
    return NULL;
}

bool cli_has(const struct cli *c, enum cli_opt opt)
{
    return cli_opt(c, opt) != NULL;
}

/* One parse: the rows that argp sees are made from the verb's list. */
struct parse {
    struct cli *c;
    int arg_no;
    bool help, version, too_many;
    int verb_at; /* of the word that names the verb; 0: none */
    struct argp_option rows[ROWS_MAX];
};

static size_t add_rows(struct parse *p, size_t n, const enum cli_opt *opts, size_t max)
{
    for (size_t i = 0; i < max && opts[i] != OPT_NONE && n + 2 < ROWS_MAX; i++) {
        const struct cli_option *o = &cli_options[opts[i]];
        if (o->name == NULL)
            continue;
        p->rows[n++] =
            (struct argp_option){.name = o->name, .key = KEY_BASE + (int)opts[i], .arg = o->arg};
        if (o->letter != 0)
            p->rows[n++] =
                (struct argp_option){.name = NULL, .key = o->letter, .flags = OPTION_ALIAS};
    }
    return n;
}

static void make_rows(struct parse *p, const struct cli_verb *verb)
{
    size_t n = 0;
    memset(p->rows, 0, sizeof p->rows);
    if (verb != NULL)
        n = add_rows(p, n, verb->options, sizeof verb->options / sizeof verb->options[0]);
    n = add_rows(p, n, cli_act_options(verb), OPT_TOTAL);
    n = add_rows(p, n, cli_global_options, OPT_TOTAL);
    p->rows[n++] = (struct argp_option){.name = "help", .key = 'h'};
    p->rows[n] = (struct argp_option){.name = "version", .key = 'V'};
}

/* A letter is an alias of the row before it; both give the same option. */
static enum cli_opt option_of(const struct parse *p, int key)
{
    int last = 0;
    for (size_t i = 0; i < ROWS_MAX && (p->rows[i].name != NULL || p->rows[i].key != 0); i++) {
        if ((p->rows[i].flags & OPTION_ALIAS) == 0)
            last = p->rows[i].key;
        if (p->rows[i].key == key)
            return last >= KEY_BASE ? (enum cli_opt)(last - KEY_BASE) : OPT_NONE;
    }
    return OPT_NONE;
}

static error_t give(struct parse *p, enum cli_opt opt, const char *value)
{
    struct cli *c = p->c;
    if (c->given_count >= sizeof c->given / sizeof c->given[0]) {
        p->too_many = true;
        return E2BIG;
    }
    c->given[c->given_count++] = (struct cli_given){opt, value != NULL ? value : ""};
    return 0;
}

static error_t on_argument(struct parse *p, const char *value, struct argp_state *state)
{
    const struct cli_verb *verb = p->c->verb;
    if (verb == NULL) { /* the word that names the verb: the rest is for a second parse */
        p->verb_at = state->next - 1;
        state->next = state->argc;
        return 0;
    }
    int max = (int)(sizeof verb->positional / sizeof verb->positional[0]);
    bool past = p->arg_no >= max || verb->positional[p->arg_no] == OPT_NONE;
    if (past && verb->repeats && p->arg_no > 0)
        return give(p, verb->positional[p->arg_no - 1], value);
    if (past) {
        cli_usage(p->c, _("one argument too many: %s"), cli_safe(p->c, value));
        return EINVAL;
    }
    return give(p, verb->positional[p->arg_no++], value);
}

/* argp says nothing itself: it knows neither our languages nor our help. */
static void say_mistake(struct parse *p, int argc, char *const *argv)
{
    const struct argp_option *const tables[] = {p->rows, NULL};
    struct cli *c = p->c;
    const char *help =
        c->verb != NULL ? cli_format(c, "jiaoban help %s", c->verb->name) : "jiaoban help";
    const char *word = "";
    enum jb_usage_mistake mistake = jb_usage_find(tables, argc, argv, &word);
    word = cli_safe(c, word);
    if (p->too_many)
        cli_usage(c, _("too many options"));
    else if (c->said)
        return;
    else if (mistake == JB_USAGE_UNKNOWN)
        cli_usage(c, _("no such option: %s; see %s"), word, help);
    else if (mistake == JB_USAGE_AMBIGUOUS)
        cli_usage(c, _("%s may stand for several options; see %s"), word, help);
    else if (mistake == JB_USAGE_NO_VALUE)
        cli_usage(c, _("%s needs a value; see %s"), word, help);
    else if (mistake == JB_USAGE_VALUE)
        cli_usage(c, _("%s takes no value; see %s"), word, help);
    else
        cli_usage(c, _("the command line is not understood; see jiaoban help"));
}

static error_t on_key(int key, char *arg, struct argp_state *state)
{
    struct parse *p = state->input;
    if (key == ARGP_KEY_ARG)
        return on_argument(p, arg, state);
    if (key == 'h' || key == 'V') {
        p->help = p->help || key == 'h';
        p->version = p->version || key == 'V';
        return 0;
    }
    enum cli_opt opt = option_of(p, key);
    return opt != OPT_NONE ? give(p, opt, arg) : ARGP_ERR_UNKNOWN;
}

static struct argp argp_for(const struct parse *p)
{
    return (struct argp){.options = p->rows, .parser = on_key};
}

/* "--lang" decides about the texts of all that follows, so it is looked for first. */
static const char *find_lang(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strncmp(argv[i], "--lang=", 7) == 0)
            return argv[i] + 7;
        if (strcmp(argv[i], "--lang") == 0 && i + 1 < argc)
            return argv[i + 1];
    }
    return NULL;
}

/* "--json" decides about the form of every message, also of one about the command line. */
static bool find_json(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--json") == 0 || strcmp(argv[i], "-j") == 0)
            return true;
    return false;
}

static int unknown_verb(struct cli *c, int argc, char **argv)
{
    if (cli_verb_prefix(argv[0]))
        return cli_usage(c, _("no such verb: %s; see jiaoban help %s"),
                         cli_safe(c, cli_format(c, "%s %s", argv[0], argc > 1 ? argv[1] : "")),
                         argv[0]);
    return cli_usage(c, _("no such verb: %s; see jiaoban help"), cli_safe(c, argv[0]));
}

/* What the usage calls argument number i. */
static const char *word_at(struct cli *c, const char *args, int i)
{
    for (; i > 0; i--) {
        args += strcspn(args, " ");
        args += strspn(args, " ");
    }
    return cli_format(c, "%.*s", (int)strcspn(args, " "), args);
}

static int missing_argument(struct cli *c)
{
    const struct cli_verb *verb = c->verb;
    for (int i = 0; i < verb->required; i++)
        if (!cli_has(c, verb->positional[i]))
            return cli_usage(c, _("%s is missing; usage: jiaoban %s %s"),
                             word_at(c, _(verb->args), i), verb->name, _(verb->args));
    return 0;
}

bool cli_parse(struct cli *c, int argc, char **argv, int *exit_code)
{
    unsigned flags = ARGP_NO_HELP | ARGP_NO_EXIT | ARGP_NO_ERRS;
    struct parse p = {.c = c};
    int words = 0;

    cli_lang(find_lang(argc, argv));
    c->json = find_json(argc, argv);
    make_rows(&p, NULL);
    struct argp argp = argp_for(&p);
    *exit_code = CLI_USAGE;
    if (argp_parse(&argp, argc, argv, flags | ARGP_IN_ORDER, NULL, &p) != 0) {
        say_mistake(&p, argc, argv);
        return false;
    }
    if (p.version) {
        *exit_code = cli_run_version(c);
        return false;
    }
    if (p.verb_at == 0) {
        cli_help_all();
        *exit_code = p.help ? 0 : CLI_USAGE;
        return false;
    }
    c->verb = cli_verb_find(argc - p.verb_at, argv + p.verb_at, &words);
    if (c->verb == NULL) {
        *exit_code = unknown_verb(c, argc - p.verb_at, argv + p.verb_at);
        return false;
    }
    int rest = p.verb_at + words - 1; /* argp skips one word, the program's name */
    make_rows(&p, c->verb);
    argv[rest] = argv[0];
    if (argp_parse(&argp, argc - rest, argv + rest, flags, NULL, &p) != 0) {
        say_mistake(&p, argc - rest, argv + rest);
        return false;
    }
    if (p.help) {
        cli_help(c->verb);
        *exit_code = 0;
        return false;
    }
    *exit_code = missing_argument(c);
    return *exit_code == 0;
}
