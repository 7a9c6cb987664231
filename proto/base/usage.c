/* See usage.h. What getopt would complain about in English is looked for before it is asked. */
#include "proto/base/usage.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "proto/base/err.h"
#include "proto/base/lang.h"

#define EXIT_USAGE 2

/* ---- mistakes ---- */

static bool is_end(const struct argp_option *row)
{
    return row->name == NULL && row->key == 0;
}

/* The row that says what its value is: of an alias the one before. *count: how many begin so, 1 if
 * one is exactly so. */
static const struct argp_option *long_row(const struct argp_option *const *tables, const char *name,
                                          size_t len, unsigned *count)
{
    const struct argp_option *found = NULL;
    const struct argp_option *real = NULL;
    *count = 0;
    for (; *tables != NULL; tables++)
        for (const struct argp_option *row = *tables; !is_end(row); row++) {
            if ((row->flags & OPTION_ALIAS) == 0)
                real = row;
            if (row->name == NULL || strncmp(row->name, name, len) != 0)
                continue;
            found = real;
            ++*count;
            if (row->name[len] == '\0') {
                *count = 1;
                return found;
            }
        }
    return found;
}

static const struct argp_option *short_row(const struct argp_option *const *tables, char letter)
{
    const struct argp_option *real = NULL;
    for (; *tables != NULL; tables++)
        for (const struct argp_option *row = *tables; !is_end(row); row++) {
            if ((row->flags & OPTION_ALIAS) == 0)
                real = row;
            if (row->key == letter)
                return real;
        }
    return NULL;
}

/* `next`: the argument after it is its value. */
static enum jb_usage_mistake find_long(const struct argp_option *const *tables, const char *name,
                                       bool *next)
{
    size_t len = strcspn(name, "=");
    unsigned count = 0;
    const struct argp_option *row = long_row(tables, name, len, &count);
    if (row == NULL)
        return JB_USAGE_UNKNOWN;
    if (count > 1)
        return JB_USAGE_AMBIGUOUS;
    if (row->arg == NULL)
        return name[len] == '=' ? JB_USAGE_VALUE : JB_USAGE_NONE;
    *next = name[len] != '=' && (row->flags & OPTION_ARG_OPTIONAL) == 0;
    return JB_USAGE_NONE;
}

static enum jb_usage_mistake find_short(const struct argp_option *const *tables,
                                        const char *letters, bool *next)
{
    for (; *letters != '\0'; letters++) {
        const struct argp_option *row = short_row(tables, *letters);
        if (row == NULL)
            return JB_USAGE_UNKNOWN;
        if (row->arg != NULL) {
            *next = letters[1] == '\0' && (row->flags & OPTION_ARG_OPTIONAL) == 0;
            return JB_USAGE_NONE;
        }
    }
    return JB_USAGE_NONE;
}

enum jb_usage_mistake jb_usage_find(const struct argp_option *const *tables, int argc,
                                    char *const *argv, const char **word)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        enum jb_usage_mistake mistake = JB_USAGE_NONE;
        bool next = false;
        *word = argv[i];
        if (strncmp(argv[i], "--", 2) == 0)
            mistake = find_long(tables, argv[i] + 2, &next);
        else if (argv[i][0] == '-')
            mistake = find_short(tables, argv[i] + 1, &next);
        if (mistake != JB_USAGE_NONE)
            return mistake;
        if (next && ++i == argc)
            return JB_USAGE_NO_VALUE;
    }
    return JB_USAGE_NONE;
}

void jb_usage_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)fprintf(stderr, "%s: ", program_invocation_short_name);
    (void)vfprintf(stderr, jb_said(format), args);
    (void)fprintf(stderr, jb_said(N_("; see %s --help")), program_invocation_short_name);
    (void)fputc('\n', stderr);
    va_end(args);
    exit(EXIT_USAGE);
}

static void check(const struct argp_option *const *tables, int argc, char *const *argv)
{
    const char *word = "";
    switch (jb_usage_find(tables, argc, argv, &word)) {
    case JB_USAGE_UNKNOWN:
        jb_usage_error(N_("no such option: %s"), word);
    case JB_USAGE_AMBIGUOUS:
        jb_usage_error(N_("%s may stand for several options"), word);
    case JB_USAGE_NO_VALUE:
        jb_usage_error(N_("%s needs a value"), word);
    case JB_USAGE_VALUE:
        jb_usage_error(N_("%s takes no value"), word);
    case JB_USAGE_NONE:
        break;
    }
}

/* ---- help ---- */

#define OPTION_COLUMNS 34

/* In place of argp's: these are in our catalogue. */
static const struct argp_option help_rows[] = {
    {"help", 'h', NULL, 0, N_("show this help"), 0},
    {"version", 'V', NULL, 0, N_("print the version"), 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

/* That a terminal shows: a Chinese character takes two. */
static int columns(const char *text)
{
    int n = 0;
    wchar_t wide = 0;
    mbstate_t state = {0};
    size_t len = 0;
    for (; (len = mbrtowc(&wide, text, MB_LEN_MAX, &state)) > 0 && len <= MB_LEN_MAX; text += len)
        n += wcwidth(wide) > 0 ? wcwidth(wide) : 0;
    return n;
}

static void print_row(const struct argp_option *row)
{
    bool optional = (row->flags & OPTION_ARG_OPTIONAL) != 0;
    const char *arg = row->arg != NULL ? jb_said(row->arg) : "";
    char left[128];
    (void)snprintf(left, sizeof left, "  %c%c%c --%s%s%s%s%s", row->key < 256 ? '-' : ' ',
                   row->key < 256 ? row->key : ' ', row->key < 256 ? ',' : ' ', row->name,
                   optional ? "[" : "", row->arg != NULL ? "=" : "", arg, optional ? "]" : "");
    int used = columns(left);
    if (used + 2 > OPTION_COLUMNS)
        printf("%s\n%*s%s\n", left, OPTION_COLUMNS, "", jb_said(row->doc));
    else
        printf("%s%*s%s\n", left, OPTION_COLUMNS - used, "", jb_said(row->doc));
}

static void print_help(const struct jb_usage *u)
{
    printf(jb_said(N_("Usage: %s [OPTION...]")), program_invocation_short_name);
    printf("%s%s\n%s\n", u->args != NULL ? " " : "", u->args != NULL ? jb_said(u->args) : "",
           jb_said(u->what));
    for (const struct argp_option *row = u->options; !is_end(row); row++) {
        if (row == u->options || row->group != row[-1].group)
            putchar('\n');
        print_row(row);
    }
    putchar('\n');
    for (const struct argp_option *row = help_rows; !is_end(row); row++)
        print_row(row);
    printf("\n%s\n", jb_said(u->notes));
}

/* ---- parsing ---- */

struct parse {
    const struct jb_usage *usage;
    void *input;
};

/* NOLINTNEXTLINE(readability-non-const-parameter): the type is argp's */
static error_t on_key(int key, char *arg, struct argp_state *state)
{
    const struct parse *p = state->input;
    (void)arg;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = p->input;
        return 0;
    case 'h':
        print_help(p->usage);
        exit(EXIT_SUCCESS);
    case 'V':
        (void)puts(p->usage->version);
        exit(EXIT_SUCCESS);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

void jb_usage_parse(const struct jb_usage *u, int argc, char **argv, void *input)
{
    const struct argp_option *const tables[] = {help_rows, u->options, NULL};
    const struct argp own = {.options = u->options, .parser = u->parser};
    const struct argp_child children[] = {{&own, 0, NULL, 0}, {NULL, 0, NULL, 0}};
    const struct argp all = {.options = help_rows, .parser = on_key, .children = children};
    struct parse p = {u, input};
    jb_lang_begin();
    check(tables, argc, argv);
    error_t err = argp_parse(&all, argc, argv, ARGP_NO_HELP, NULL, &p);
    if (err != 0)
        jb_usage_error("%s", jb_errno_said(err));
}
